"""PaHaW: handwriting of people with Parkinson's disease and of controls."""

from __future__ import annotations

import importlib.util
import os
import re
import warnings
from collections.abc import Iterator, Sequence
from numbers import Integral, Real
from pathlib import Path
from typing import Any

import pandas as pd
from sklearn.utils import Bunch
from sklearn.utils._param_validation import Interval, StrOptions, validate_params

from ..exceptions import DataFileError, DataFileWarning
from ._base import resolve_folder
from ._parse import Skipped, read_csv_columns
from ._pens import WACOM_POINT, PenRecording, PenScale, collect, pen_bunch, warn_of_faint_pressure
from ._svc import read_svc

__all__ = ["CARD", "TASKS", "load_pahaw"]

#: Number of a task in the file names -> our name. 2 to 4 are repeated letters, 5 to 7 Czech words, 8 a sentence.
TASKS = {1: "spiral", 2: "l", 3: "le", 4: "les", 5: "lektorka", 6: "porovnat", 7: "nepopadnout", 8: "sentence"}

#: PaHaW stores y before x.
_COLUMNS = ("y", "x", "time", "pen_down", "azimuth", "altitude", "pressure")
_CLASSES = {"H": "control", "PD": "parkinson"}
_NAME = re.compile(r"(?P<subject>\d{5})__(?P<task>[1-8])_(?P<trial>\d+)\.svc", re.IGNORECASE)
_CORPUS = "PaHaW_files/corpus_PaHaW"

CARD = """\
PaHaW: Parkinson's disease handwriting database
===============================================
Who         75 people, 37 with Parkinson's disease (ON medication) and 38 controls of the same age; 597 recordings,
            since three people did not draw the spiral
Device      Wacom Intuos4 M under paper, with an inking pen; 5e-6 m a unit, 2048 pressure levels by its driver
Sampling    133 Hz says the dataset's page, 150 Hz some papers: take the timestamps
Tasks       1 spiral, 2 l, 3 le, 4 les, 5 lektorka, 6 porovnat, 7 nepopadnout, 8 a sentence
Units       m, s, rad, pressure as a share of full scale
Target      "control" or "parkinson"
Groups      one person, one five-digit ID, up to eight recordings
Limits      one site, one language. NO REAL FILE WAS READ when this reader was written: it follows the format's
            description and the code of others, y before x included
Licence     on request from its authors, for research
Reference   Drotar P. et al., "Evaluation of handwriting kinematics and pressure for differential diagnosis of
            Parkinson's disease", Artificial Intelligence in Medicine 67 (2016) 39-46,
            doi 10.1016/j.artmed.2016.01.004
"""


@validate_params(
    {
        "folder": [str, os.PathLike, None],
        "tasks": ["array-like", None],
        "resolution": [Interval(Real, 0, None, closed="neither"), None],
        "pressure_levels": [Interval(Integral, 2, None, closed="left"), None],
        "disorder": [StrOptions({"raise", "fix", "shift"})],
        "errors": [StrOptions({"raise", "warn"})],
        "return_X_y": ["boolean"],
    },
    prefer_skip_nested_validation=True,
)
def load_pahaw(
    folder: str | os.PathLike | None = None,
    *,
    tasks: Sequence[str] | None = None,
    resolution: float | None = WACOM_POINT,
    pressure_levels: int | None = 2048,
    disorder: str = "raise",
    errors: str = "raise",
    return_X_y: bool = False,
) -> Bunch | tuple[Any, Any]:
    """Load the PaHaW handwriting of people with Parkinson's disease and of controls, in SI units.

    No real file was read when this was written: the dataset is given out on request, and its tests use files made
    from the format's description.

    Parameters
    ----------
    folder : str, path-like or None, default=None
        The folder with ``PaHaW_public/00001/00001__1_1.svc`` and so on, and ``PaHaW_files/corpus_PaHaW.xlsx`` or
        ``.csv``. None takes ``pahaw`` inside the folder that the environment variable ``SKPD_DATA`` names.
    tasks : array-like of str or None, default=None
        Of "spiral", "l", "le", "les", "lektorka", "porovnat", "nepopadnout" and "sentence"; None takes all.
    resolution : float or None, default=5e-6
        Metres in one unit of x and y: 200 points a millimetre for the Intuos4 M. None keeps device units.
    pressure_levels : int or None, default=2048
        Number of values that pressure can take, by the Linux driver's table for the Intuos4 M. None keeps device
        units.
    disorder : {"raise", "fix", "shift"}, default="raise"
        What to do with timestamps that repeat or go back, as in :func:`load_svc`.
    errors : {"raise", "warn"}, default="raise"
        What to do with a damaged file. "warn" keeps the rows before the damage, says in ``frame["problem"]`` what is
        missing, and lists in ``skipped`` files of which nothing can be read.
    return_X_y : bool, default=False
        Return ``(data, target)`` instead of a Bunch.

    Returns
    -------
    data : :class:`~sklearn.utils.Bunch`
        With the entries

        data : object ndarray of shape (n,)
            Arrays of shape (n_points_i, 7): x, y (m), t (s), pressure (0 to 1), azimuth, altitude (rad), pen_down.
        target : ndarray of shape (n,), str
            "control" or "parkinson".
        target_names : list of str
            ``["control", "parkinson"]``.
        groups : ndarray of shape (n,), str
            Person: the five-digit ID.
        sampling_rate : float
            Hz, the median of the measured rates; NaN where a recording is more than 1 % off it.
        units : dict
            Unit of each channel.
        channel_names : list of str
            ``["x", "y", "t", "pressure", "azimuth", "altitude", "pen_down"]``.
        frame : DataFrame
            One row a recording: recording, subject, target, task, trial, file, n_claimed, problem, duration_s,
            n_points, measured_rate_hz, largest_gap_s, n_duplicates, n_out_of_order.
        people : DataFrame
            The corpus table, all its columns, indexed by ID.
        missing : DataFrame
            Tasks of people in the table of which there is no file: subject, task.
        skipped : DataFrame
            Files left out: file, reason. Empty with ``errors="raise"``.
        DESCR : str
            The data card.

        With ``return_X_y=True`` the tuple ``(data, target)``.

    Raises
    ------
    DataFileError
        If the folder, its table or a file is not what it should be, or if a person is not in the table.

    Warns
    -----
    DataFileWarning
        If there are files of unknown names, for each damaged file with ``errors="warn"``, and if no pressure reaches
        half of the full scale, which says that the driver reported fewer levels.

    See Also
    --------
    load_svc : Files of the same format.
    load_uci_spirals : Spirals that can be had without a request.

    References
    ----------
    .. [1] Drotar P. et al., "Evaluation of handwriting kinematics and pressure for differential diagnosis of
       Parkinson's disease", Artificial Intelligence in Medicine 67 (2016) 39-46.

    Examples
    --------
    >>> from skpd.datasets import load_pahaw
    >>> pahaw = load_pahaw(tasks=["spiral"])  # doctest: +SKIP
    >>> pahaw.frame[["subject", "target", "duration_s"]]  # doctest: +SKIP
    """
    wanted = list(TASKS.values()) if tasks is None else list(tasks)
    if not wanted or not set(wanted) <= set(TASKS.values()):
        raise ValueError(f"tasks: expected some of {list(TASKS.values())}, got {tasks!r}.")
    root = resolve_folder(folder, "pahaw", holds="PaHaW_public")
    people = _read_corpus(root)
    files, unknown = _find_recordings(root / "PaHaW_public", set(wanted))
    scale = PenScale(resolution, pressure_levels, "ms", "0.1deg")
    skipped = Skipped(errors)

    def read(path: Path) -> Iterator[tuple[dict[str, Any], PenRecording]]:
        subject, task, trial = files[path]
        if subject not in people.index:
            raise DataFileError(
                path, found=f"a person {subject} that the corpus table lacks", expected="one of its IDs"
            )
        pen, facts = read_svc(path, _COLUMNS, scale, disorder=disorder, encoding="utf-8", partial=errors == "warn")
        row = {
            "recording": f"{subject}_{task}_{trial}",
            "subject": subject,
            "target": people.loc[subject, "target"],
            "task": task,
            "trial": trial,
            "file": path.relative_to(root).as_posix(),
        }
        yield {**row, **facts}, pen

    pens, rows = collect(files, read, skipped)
    if not pens:
        raise DataFileError(root, found="not one intact recording", expected=f"files of the tasks {wanted}")
    if unknown:
        shown = ", ".join(unknown[:5]) + (", ..." if len(unknown) > 5 else "")
        warnings.warn(f"{root}: {len(unknown)} file(s) of unknown name: {shown}", DataFileWarning, stacklevel=2)
    warn_of_faint_pressure(root, [pen.points for pen in pens], scale, share=0.5)
    present = {(subject, task) for subject, task, _ in files.values()}
    missing = [(subject, task) for subject in people.index for task in wanted if (subject, task) not in present]
    frame = pd.DataFrame(rows)
    return pen_bunch(
        pens,
        target=frame["target"].to_numpy(dtype=str),
        target_names=list(_CLASSES.values()),
        groups=frame["subject"].to_numpy(dtype=str),
        scale=scale,
        frame=frame,
        descr=CARD,
        return_X_y=return_X_y,
        people=people,
        missing=pd.DataFrame(missing, columns=["subject", "task"]),
        skipped=skipped.frame,
    )


def _find_recordings(folder: Path, wanted: set[str]) -> tuple[dict[Path, tuple[str, str, int]], list[str]]:
    """Return the files of the wanted tasks with subject, task and trial, and the names of other files."""
    files, unknown = {}, []
    for path in sorted(p for p in folder.rglob("*") if p.is_file() and not p.name.startswith(".")):
        name = _NAME.fullmatch(path.name)
        if name is None:
            unknown.append(path.relative_to(folder).as_posix())
        elif TASKS[int(name["task"])] in wanted:
            files[path] = (name["subject"], TASKS[int(name["task"])], int(name["trial"]))
    return files, unknown


def _read_corpus(root: Path) -> pd.DataFrame:
    """Read and check the table of people, indexed by five-digit ID, with a column target."""
    path = next((p for ext in (".csv", ".xlsx") if (p := root / f"{_CORPUS}{ext}").is_file()), None)
    if path is None:
        raise DataFileError(root, found="no table of people", expected=f"{_CORPUS}.xlsx or .csv")
    table = _read_xlsx(path) if path.suffix == ".xlsx" else _read_csv(path)
    table.columns = table.columns.map(lambda name: str(name).strip())
    for column in ("ID", "Disease"):
        if column not in table.columns:
            raise DataFileError(
                path, found=f"the columns {list(table.columns)[:12]}", expected=f"a column {column!r} too"
            )
    table = table[table["ID"].notna()]
    ids = table["ID"].astype(str).str.strip().str.removesuffix(".0").str.zfill(5)
    disease = table["Disease"].astype(str).str.strip()
    for column, values, good, expected in (
        ("ID", ids, ids.str.fullmatch(r"\d{5}") & ~ids.duplicated(), "a number of five digits or fewer, once"),
        ("Disease", disease, disease.isin(_CLASSES), "'PD' or 'H'"),
    ):
        for i in values.index[~good]:
            where = f"row {i + 2}, column {column!r}"
            raise DataFileError(path, where=where, found=repr(values[i]), expected=expected)
    table.index = pd.Index(ids, name="ID")
    return table.assign(target=disease.map(_CLASSES).to_numpy())


def _read_csv(path: Path) -> pd.DataFrame:
    first = path.read_bytes().split(b"\n", 1)[0]
    separator = max(",", ";", "\t", key=lambda mark: first.count(mark.encode()))
    # Read twice: the reader that checks the file returns only the columns that it is asked for.
    read_csv_columns(path, ["ID", "Disease"], text=["ID", "Disease"], separator=separator)
    return pd.read_csv(path, sep=separator, dtype="string", skipinitialspace=True, encoding="utf-8", index_col=False)


def _read_xlsx(path: Path) -> pd.DataFrame:
    if importlib.util.find_spec("openpyxl") is None:
        raise DataFileError(
            path,
            found="an Excel file, and no openpyxl to read it with",
            expected="the package openpyxl, or a CSV file",
            advice=f"Install openpyxl, or save the table as {path.stem}.csv in the same folder.",
        )
    try:
        return pd.read_excel(path, dtype="string", engine="openpyxl")
    except Exception as error:
        # openpyxl raises whatever its XML and ZIP readers raise; the file is at fault in every case.
        raise DataFileError(
            path, found=f"no intact Excel file ({error})", expected="the corpus table", advice="Copy it again."
        ) from error
