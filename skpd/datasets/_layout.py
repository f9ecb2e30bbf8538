"""From checked tables to recordings: the part that CSV and Parquet files have in common."""

from __future__ import annotations

import os
import warnings
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from sklearn.utils import Bunch

from ..exceptions import DataFileError, DataFileWarning
from ._base import STANDARD_GRAVITY, ask, make_bunch, people_and_labels, to_si
from ._parse import Skipped, check_time, numeric_columns, parse_label, to_text
from ._timestamps import UniformSignal, clock_resolution, elapsed_seconds, split_at_gaps, to_uniform

__all__ = ["Layout", "Paths", "Place", "Source", "check_channels", "common_rate", "find_files", "load_tables"]

Paths = str | os.PathLike | Sequence[str | os.PathLike]
Source = str | Callable[[Path], Any] | None
Place = Callable[[int], str]

_CARD = """\
Recordings from {kind} files
==============================
Who         {n_subjects}, {n_recordings} recording(s) of {n_files} file(s)
Signals     channels {channels} in m/s^2 (the files hold {units}, as stated), {sampling_rate:g} Hz{resampled}
Target      {target}
Limits      this card knows only what the files and the call said; licence and reference are those of your data
"""


@dataclass(frozen=True)
class Layout:
    """What the columns of a file mean; the fields are the parameters of `load_csv_recordings`."""

    channels: Sequence[str]
    units: str
    time: str | None
    time_unit: str | None
    sampling_rate: float | None
    resample_to: float | None
    max_gap: float
    split_gaps: bool
    disorder: str
    recording: str | None
    subject: Source
    target: Source
    decimal: str = "."

    def __post_init__(self) -> None:
        if self.time is None and self.sampling_rate is None:
            raise ValueError("sampling_rate: expected a rate in Hz where time=None, got None.")
        check_channels(self.channels)

    @property
    def keys(self) -> list[str]:
        """The columns of names and labels."""
        named = (self.recording, self.subject, self.target)
        return list(dict.fromkeys(column for column in named if isinstance(column, str)))

    @property
    def columns(self) -> list[str]:
        """All columns that a file must have."""
        return list(dict.fromkeys([*([self.time] if self.time else []), *self.channels, *self.keys]))


def check_channels(channels: Sequence[str]) -> None:
    """Raise a ValueError unless the names are one or more different ones."""
    if not len(channels) or len(set(channels)) < len(channels):
        raise ValueError(f"channels: expected one or more different columns, got {list(channels)}.")


def load_tables(
    paths: Paths,
    *,
    suffix: str,
    read: Callable[[Path], tuple[pd.DataFrame, Place]],
    layout: Layout,
    errors: str,
    return_X_y: bool,
) -> Bunch | tuple[np.ndarray, np.ndarray | None]:
    """Read files with `read` and cut them into recordings; the result of the public loaders."""
    skipped = Skipped(errors)
    files = find_files(paths, suffix)
    signals, rows, origins = [], [], []
    for path in files:
        try:
            pieces = list(_pieces(path, *read(path), layout))
        except DataFileError as error:
            skipped.add(error)
            continue
        for name, where, seconds, resolution, values, labels in pieces:
            try:
                signal = to_uniform(
                    seconds,
                    values,
                    path=path,
                    where=where,
                    sampling_rate=layout.sampling_rate,
                    resample_to=layout.resample_to,
                    max_gap=layout.max_gap,
                    disorder=layout.disorder,
                    resolution=resolution,
                )
            except DataFileError as error:
                skipped.add(error)
                continue
            signals.append(signal)
            origins.append((path, where))
            start = float(seconds.min())
            rows.append({"recording": name, **labels, "file": str(path), "start_s": start, **_describe(signal)})
    if not signals:
        raise DataFileError(
            files[0], found="not one intact recording", expected="at least one", advice="See the warnings."
        )
    _warn_of_units([signal.values for signal in signals], layout.units)
    frame = pd.DataFrame(rows)
    if not frame["recording"].is_unique:
        frame["recording"] = frame["file"] + ":" + frame["recording"]
    rates = [signal.sampling_rate for signal in signals]
    rate = common_rate(rates, origins, layout.resample_to or layout.sampling_rate)
    frame.insert(5, "duration_s", frame["n_timesteps"] / rate)
    groups, target = people_and_labels(frame, subject=layout.subject is not None, target=layout.target is not None)
    return make_bunch(
        [signal.values for signal in signals],
        target=target,
        groups=groups,
        sampling_rate=rate,
        units="m/s^2",
        channel_names=layout.channels,
        frame=frame,
        descr=_CARD.format(
            kind=suffix[1:].upper(),
            n_subjects="subjects not stated" if groups is None else f"{len(set(groups))} subject(s)",
            n_recordings=len(frame),
            n_files=frame["file"].nunique(),
            channels=", ".join(layout.channels),
            units=layout.units,
            sampling_rate=rate,
            resampled=" (interpolated)" if layout.resample_to else "",
            target="none" if target is None else ", ".join(map(str, np.unique(target)[:20])),
        ),
        return_X_y=return_X_y,
        skipped=skipped.frame,
    )


#: How near a length must be to gravity in another unit to be taken for it.
_NEAR = 0.05


def _warn_of_units(recordings: list[np.ndarray], units: str) -> None:
    """Warn where three axes have the length of gravity in another unit than the one that was stated."""
    if recordings[0].shape[1] != 3:
        return
    length = np.nanmedian(np.concatenate([np.linalg.norm(recording, axis=1) for recording in recordings]))
    likely = {"m/s^2": ("g", 1.0), "g": ("m/s^2", STANDARD_GRAVITY**2)}[units]
    if abs(length / likely[1] - 1) < _NEAR:
        warnings.warn(
            f"The acceleration has a median length of {length:.3g} m/s^2 where gravity is {STANDARD_GRAVITY:.3g}: the "
            f"files look as if they held {likely[0]}. Pass units={likely[0]!r}, unless gravity was taken out of them.",
            DataFileWarning,
            stacklevel=3,
        )


def find_files(paths: Paths, *suffixes: str) -> list[Path]:
    """Return the files that `paths` names, each once: themselves, or those of a folder that end in one of `suffixes`.

    Of a folder, names that begin with a dot are left aside: those with "._" are macOS's notes on the files themselves.
    """
    if not isinstance(paths, (str, os.PathLike)):
        files = [_expand(path) for path in paths]
        if not files:
            raise ValueError("paths: expected at least one file, got none.")
        _refuse_repeated(files)
        return files
    path = _expand(paths)
    if not path.is_dir():
        return [path]
    files = sorted(p for p in path.iterdir() if p.suffix.lower() in suffixes and not p.name.startswith("."))
    if not files:
        kinds = " or ".join(suffixes)
        raise DataFileError(path, found=f"a folder without {kinds} files", expected=f"at least one {kinds} file")
    _refuse_repeated(files)
    return files


def _refuse_repeated(files: Sequence[Path]) -> None:
    """Refuse two names of one file, which would be two recordings, perhaps on both sides of a split."""
    seen: dict[str, Path] = {}
    for file in files:
        if (first := seen.setdefault(os.path.realpath(file), file)) is not file:
            also = "" if first == file else f", also as {first}"
            raise ValueError(f"paths: expected each file once, got {file} twice{also}. Leave one of them out.")


def _expand(path: str | os.PathLike) -> Path:
    # By os.path, which leaves a "~" that is no one's home as it is; pathlib raises.
    return Path(os.path.expanduser(path))


def _pieces(
    path: Path, table: pd.DataFrame, place: Place, layout: Layout
) -> Iterator[tuple[str, str, np.ndarray, float, np.ndarray, dict[str, Any]]]:
    """Yield (name, place, seconds, their resolution, values in m/s^2, subject and target) of a file's recordings."""
    values = to_si(numeric_columns(path, table, layout.channels, place), layout.units)
    time = None if layout.time is None else check_time(path, table[layout.time], layout.time_unit, place)
    table = table.assign(**{column: to_text(path, table[column]) for column in layout.keys})
    for column in layout.keys:
        for row in table.index[table[column].isna()]:
            raise DataFileError(
                path, where=f"{place(row)}, column {column!r}", found="an empty cell", expected="a value in every row"
            )
    if layout.recording is None:
        parts = {path.stem: np.arange(len(table))}
    else:
        parts = table.groupby(layout.recording, sort=False).indices
    for name, rows in parts.items():
        part = table.iloc[rows]
        where = f"recording {name}" if layout.recording else ""
        if time is None:
            assert layout.sampling_rate is not None
            seconds, resolution = np.arange(len(rows)) / layout.sampling_rate, 0.0
        else:
            seconds = elapsed_seconds(time.iloc[rows], layout.time_unit)
            resolution = clock_resolution(time.iloc[rows], layout.time_unit)
        labels = {
            "subject": _label(path, part, layout.subject, "subject", place, str),
            # What is a number in one file is one in all of them, whatever pandas takes a column for.
            "target": _label(path, part, layout.target, "target", place, partial(parse_label, decimal=layout.decimal)),
        }
        if not layout.split_gaps:
            yield str(name), where, seconds, resolution, values[rows], labels
            continue
        for i, stretch in enumerate(split_at_gaps(seconds, values[rows], layout.max_gap)):
            place_of = f"{where + ', ' if where else ''}from {seconds[stretch].min():.3f} s"
            yield f"{name}_{i}", place_of, seconds[stretch], resolution, values[rows][stretch], labels


def _label(path: Path, part: pd.DataFrame, source: Source, name: str, place: Place, parse: Callable[[str], Any]) -> Any:
    """Return the one value of a recording: from the text in its column, from the path, or None."""
    if not isinstance(source, str):
        return ask(path, source, name)
    column = part[source]
    value = parse(column.iloc[0])
    changed = column.isin([text for text in column.unique() if parse(text) != value]).to_numpy()
    if changed.any():
        row = int(np.argmax(changed))
        raise DataFileError(
            path,
            where=f"{place(part.index[row])}, column {source!r}",
            found=f"{column.iloc[row]!r} after {column.iloc[0]!r}",
            expected="one value in all rows of a recording",
            advice="Name the column that tells recordings apart with recording=...",
        )
    return value


def _describe(signal: UniformSignal) -> dict[str, Any]:
    return {
        "n_timesteps": len(signal.values),
        "measured_rate_hz": signal.measured_rate,
        "largest_gap_s": signal.largest_gap,
        "n_gaps": signal.n_gaps,
        "n_missing": signal.n_missing,
        "n_duplicates": signal.n_duplicates,
        "n_out_of_order": signal.n_out_of_order,
    }


def common_rate(rates: Sequence[float], origins: Sequence[tuple[Path, str]], stated: float | None = None) -> float:
    """Return the sampling rate of all recordings, Hz: `stated`, else their median.

    Parameters
    ----------
    rates : sequence of float
        Of the recordings, Hz.
    origins : sequence of (Path, str)
        File and place of each, for the error.
    stated : float or None, default=None
        What the user says it is.

    Returns
    -------
    rate : float
        Hz.

    Raises
    ------
    DataFileError
        If one is more than 1 % off.
    """
    rate = float(stated or np.median(rates))
    off = np.abs(np.asarray(rates) / rate - 1)
    if off.max() > 0.01:
        path, where = origins[int(off.argmax())]
        raise DataFileError(
            path,
            where=where,
            found=f"{rates[int(off.argmax())]:.5g} Hz",
            expected=f"the {rate:.5g} Hz of the other recordings to 1 %",
            advice="Pass resample_to=... to bring all to one rate.",
        )
    return rate
