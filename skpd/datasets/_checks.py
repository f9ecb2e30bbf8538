"""Whether a folder holds a published dataset completely: each is read and counted against what was published."""

from __future__ import annotations

import warnings
from collections.abc import Callable, Iterable
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from sklearn.utils import Bunch

from ..exceptions import DataFileError, DataFileWarning
from ._cloudupdrs import load_cloudupdrs
from ._drawings import find_drawings, load_spiral_drawings, read_name
from ._levodopa import load_levodopa
from ._mnist import load_mnist
from ._pads import load_pads
from ._pahaw import load_pahaw
from ._uci_spirals import load_uci_spirals
from ._unm import load_unm_rest

__all__ = [
    "Count",
    "DatasetCheck",
    "Inspection",
    "inspect_cloudupdrs",
    "inspect_drawings",
    "inspect_levodopa",
    "inspect_mnist",
    "inspect_pads",
    "inspect_pahaw",
    "inspect_uci_spirals",
    "inspect_unm_rest",
]


@dataclass(frozen=True)
class Count:
    """How many of something were found and expected."""

    what: str
    found: int
    expected: int


@dataclass(frozen=True)
class DatasetCheck:
    """What a folder holds of a dataset.

    Attributes
    ----------
    name : str
        The dataset.
    folder : Path
        The folder.
    counts : list of Count
        What was found and expected.
    missing : list of str
        What is known by name and not there.
    broken : list of str
        Files that cannot be read, or only in part, each with the reason.
    notes : list of str
        What else the reader warned of.
    """

    name: str
    folder: Path
    counts: list[Count]
    missing: list[str]
    broken: list[str]
    notes: list[str]

    @property
    def complete(self) -> bool:
        """Whether everything is there and intact."""
        return not self.missing and not self.broken and all(c.found >= c.expected for c in self.counts)


class Inspection:
    """Collects what is found in a folder."""

    def __init__(self) -> None:
        self.counts: list[Count] = []
        self.missing: list[str] = []
        self.broken: list[str] = []
        self.notes: list[str] = []

    def load(self, reader: Callable[..., Bunch], folder: Path, **kwargs: Any) -> Bunch | None:
        """Read what is intact; what is not is noted as broken."""
        with warnings.catch_warnings(record=True) as caught:
            warnings.simplefilter("always", DataFileWarning)
            try:
                bunch = reader(folder, errors="warn", **kwargs)
            except DataFileError as error:
                bunch = None
                self.broken.append(str(error))
        left_out = [] if bunch is None else bunch.skipped["reason"].tolist()
        in_part = [] if bunch is None else [p for p in bunch.frame.get("problem", ()) if p]
        self.broken += [*left_out, *in_part]
        known = {*in_part, *(f"left out: {reason}" for reason in left_out)}
        for warning in caught:
            text = str(warning.message)
            if text in known or not issubclass(warning.category, DataFileWarning):
                continue
            # Where nothing is left the warnings say why.
            (self.broken if bunch is None else self.notes).append(text.removeprefix("left out: "))
        return bunch

    def count(self, what: str, found: Iterable[bool] | int, expected: int) -> None:
        """Add a count: a number, or the number of entries that are true."""
        self.counts.append(Count(what, int(found) if isinstance(found, int) else int(sum(found)), expected))

    def result(self, name: str, folder: Path) -> DatasetCheck:
        """Return what was collected."""
        return DatasetCheck(name, folder, self.counts, self.missing, self.broken, self.notes)


def inspect_drawings(folder: Path, inspection: Inspection) -> None:
    """Count drawings by kind, split and class, and name those that are missing."""
    # Drawings of each drawer, numbered from 1; the split takes some of each.
    published = {f"healthy V{n:02d}": 3 for n in (*range(1, 13), 55)} | {f"parkinson V{n:02d}": 3 for n in range(1, 16)}
    published |= {"healthy V55": 15, "parkinson V03": 9}
    for kind in ("spiral", "wave"):
        bunch = inspection.load(load_spiral_drawings, folder, kind=kind)
        rows = [] if bunch is None else list(bunch.frame.itertuples())
        for split, expected in (("training", 36), ("testing", 15)):
            for target in ("healthy", "parkinson"):
                found = [row.split == split and row.target == target for row in rows]
                inspection.count(f"{kind}s, {split}, {target}", found, expected)
        present = _named_drawings(folder / kind, kind)
        inspection.missing += [
            f"{kind} {number} of {drawer}"
            for drawer, most in published.items()
            for number in range(1, most + 1)
            if (drawer, number) not in present
        ]


def _named_drawings(folder: Path, kind: str) -> set[tuple[str, int]]:
    """Return drawer and number of each drawing in a folder by its name, whether it can be read or not."""
    present = set()
    for path, _, target in find_drawings(folder):
        with suppress(DataFileError):
            facts = read_name(path, kind, target)
            present.add((facts["drawer"], facts["number"]))
    return present


def inspect_uci_spirals(folder: Path, inspection: Inspection) -> None:
    """Count people by class, and recordings by test."""
    bunch = inspection.load(load_uci_spirals, folder)
    people = [] if bunch is None else bunch.frame.drop_duplicates("subject")["target"].tolist()
    tests = [] if bunch is None else bunch.frame["test"].tolist()
    for target, expected in (("control", 15), ("parkinson", 62)):
        inspection.count(f"people, {target}", [t == target for t in people], expected)
    for test, expected in (("static", 76), ("dynamic", 72), ("circular", 54)):
        inspection.count(f"recordings, {test}", [t == test for t in tests], expected)


def inspect_mnist(folder: Path, inspection: Inspection) -> None:
    """Count digits."""
    digits: list[int] = []
    try:
        digits = load_mnist(folder).target.tolist()
    except DataFileError as error:
        inspection.broken.append(str(error))
    for digit, expected in enumerate((1001, 1127, 991, 1032, 980, 863, 1014, 1070, 944, 978)):
        inspection.count(f"digits {digit}", digits.count(digit), expected)


def inspect_pahaw(folder: Path, inspection: Inspection) -> None:
    """Count people and recordings, and name the missing ones."""
    bunch = inspection.load(load_pahaw, folder)
    people = [] if bunch is None else bunch.people["target"].tolist()
    for target, expected in (("control", 38), ("parkinson", 37)):
        inspection.count(f"people, {target}", [t == target for t in people], expected)
    found = 0 if bunch is None else len(bunch.data)
    # 75 people and 8 tasks; three spirals were never drawn.
    inspection.count("recordings", found, 597)
    if bunch is not None and len(bunch.missing) > 3:
        inspection.missing += [f"{row.task} of {row.subject}" for row in bunch.missing.itertuples()]


def inspect_unm_rest(folder: Path, inspection: Inspection) -> None:
    """Count people by group, and recordings."""
    bunch = inspection.load(load_unm_rest, folder)
    people = [] if bunch is None else bunch.frame.drop_duplicates("subject")["group"].tolist()
    for group in ("PD", "control"):
        inspection.count(f"people, {group}", [g == group for g in people], 28)
    inspection.count("recordings", 0 if bunch is None else len(bunch.data), 84)


def inspect_cloudupdrs(folder: Path, inspection: Inspection) -> None:
    """Count patients and their recordings: twelve each."""
    bunch = inspection.load(load_cloudupdrs, folder)
    patients = sorted(p.name for p in folder.iterdir() if p.is_dir())
    inspection.count("patients", len(patients), 1)
    groups = [] if bunch is None else bunch.groups.tolist()
    for patient in patients:
        inspection.count(f"recordings of {patient}", groups.count(patient), 12)


def inspect_levodopa(folder: Path, inspection: Inspection) -> None:
    """Count people with scored recordings of the GENEActiv."""
    bunch = inspection.load(load_levodopa, folder)
    inspection.count("people", 0 if bunch is None else len(set(bunch.groups)), 28)


def inspect_pads(folder: Path, inspection: Inspection) -> None:
    """Count people."""
    bunch = inspection.load(load_pads, folder)
    inspection.count("people", 0 if bunch is None else len(set(bunch.groups)), 469)
