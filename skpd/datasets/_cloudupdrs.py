"""The CloudUPDRS phone recordings, with the clinician's scores beside them."""

from __future__ import annotations

import os
import re
import warnings
from collections.abc import Sequence
from numbers import Real
from pathlib import Path

import numpy as np
import pandas as pd
from sklearn.utils import Bunch
from sklearn.utils._param_validation import Interval, StrOptions, validate_params

from ..exceptions import DataFileError, DataFileWarning
from ._base import make_bunch, resolve_folder
from ._parse import Skipped, check_time, numeric_columns, read_csv_columns, to_numbers
from ._timestamps import UniformSignal, elapsed_seconds, to_uniform

__all__ = ["load_cloudupdrs"]

_CLINICAL = "classification_clinical.csv"

#: Task in the file names -> our name, MDS-UPDRS part III item, its column in the clinical table.
_TASKS = {
    "REST_TREMOR_AMPLITUDE": ("rest", "3.17", "RTA"),
    "POSTURAL_TREMOR_OF_THE_HANDS": ("postural", "3.15", "PTOTH"),
    "KINETIC_TREMOR_OF_HANDS": ("kinetic", "3.16", "KTOH"),
    "PRONATION_SUPINATION": ("pronation_supination", "3.6", "PS"),
    "LEG_AGILITY": ("leg_agility", "3.8", "LA"),
}
_LIMBS = {"RIGHT_HAND": "RH", "LEFT_HAND": "LH", "RIGHT_LEG": "RL", "LEFT_LEG": "LL"}

#: Columns of the clinical table: item -> the limbs that it is scored for.
_SCORED_LIMBS: dict[str, tuple[str, ...]] = {
    "RTA": ("RH", "LH", "RL", "LL"),
    "PTOTH": ("RH", "LH"),
    "KTOH": ("RH", "LH"),
    "PS": ("RH", "LH"),
    "LA": ("RL", "LL"),
}

_NAME = re.compile(
    rf"T_-_(?P<task>{'|'.join(_TASKS)})_-_(?P<limb>{'|'.join(_LIMBS)})"
    r"_-_(?P<date>\d{4}-\d\d-\d\d)_(?P<time>\d\d-\d\d-\d\d)_-_\w+_-_(?P<patient>\w+)\.csv"
)

#: Beginning of the names of files that hold something else than acceleration.
_OTHER_KINDS = {"FT_": "finger tapping", "MEDICATION_ENTRY_": "medication entry", "WELLBEING_ENTRY_": "wellbeing entry"}

_CARD = """\
CloudUPDRS: tremor tasks on a smartphone, with clinical scores
==============================================================
Who         one folder an assessment; the usual copy holds one, 2458, of one person OFF medication. The clinical
            table lists 20 assessments, most in pairs ON and OFF; it does not say which belong to one person, so that
            an id is the best group there is
Device      smartphone accelerometer held in the hand or put on the leg, about 32 s a task
Sampling    the phone's clock ticks in ns (the ticks between two files agree with the clock times in their names); a
            median step of 10.00 ms with single steps of 3 to 19 ms, interpolated linearly on a uniform grid
Units       m/s^2, gravity included
Tasks       rest, postural and kinetic tremor, pronation-supination, leg agility, by limb
Target      the clinician's MDS-UPDRS part III score of the same task and limb, 0-4
Limits      far too few people to learn from: for checks of a method against a clinician's eye. A single score covers
            what was seen in the whole examination, not the 32 s recorded. Tapping, medication and wellbeing files
            are listed in `other_files` and not read; the fifth column of the files (a constant 3) is not returned
Licence     MIT, as distributed with pdkit
Reference   Stamate C. et al., Pervasive and Mobile Computing 43 (2018) 146
"""


@validate_params(
    {
        "folder": [str, os.PathLike, None],
        "patient": [str, None],
        "tasks": ["array-like", None],
        "sampling_rate": [Interval(Real, 0, None, closed="neither")],
        "max_gap": [Interval(Real, 0, None, closed="neither")],
        "errors": [StrOptions({"raise", "warn"})],
        "return_X_y": ["boolean"],
    },
    prefer_skip_nested_validation=True,
)
def load_cloudupdrs(
    folder: str | os.PathLike | None = None,
    *,
    patient: str | None = None,
    tasks: Sequence[str] | None = None,
    sampling_rate: float = 100.0,
    max_gap: float = 0.1,
    errors: str = "raise",
    return_X_y: bool = False,
) -> Bunch | tuple[np.ndarray, np.ndarray]:
    """Load smartphone accelerations of tremor tasks and the clinician's scores.

    Parameters
    ----------
    folder : str, path-like or None, default=None
        The folder with ``classification_clinical.csv`` and one folder a patient. None takes ``cloudupdrs`` inside the
        folder that the environment variable ``SKPD_DATA`` names.
    patient : str or None, default=None
        Read one patient's folder, such as "2458"; None reads all.
    tasks : array-like of str or None, default=None
        Of "rest", "postural", "kinetic", "pronation_supination" and "leg_agility"; None takes all. Recordings of
        other tasks are listed in ``other_files``.
    sampling_rate : float, default=100.0
        Hz of the uniform grid on which the jittered samples are interpolated. The phones sampled at 100 Hz.
    max_gap : float, default=0.1
        Longest time between two samples, s, that is interpolated. In a longer one the timesteps are NaN.
    errors : {"raise", "warn"}, default="raise"
        What to do with a recording that is damaged. "warn" leaves it out and lists it in ``skipped``.
    return_X_y : bool, default=False
        Return ``(data, target)`` instead of a Bunch.

    Returns
    -------
    data : :class:`~sklearn.utils.Bunch`
        With the entries

        data : object ndarray of shape (n,)
            Arrays of shape (n_timesteps_i, 3), m/s^2, gravity included.
        target : ndarray of shape (n,)
            The clinician's score, 0 to 4, of the recording's task and limb: int, or float with NaN where a score is
            missing.
        target_names : list of int
            ``[0, 1, 2, 3, 4]``.
        groups : ndarray of shape (n,), str
            Patient.
        sampling_rate : float
            Hz.
        units : str
            "m/s^2".
        channel_names : list of str
            ``["x", "y", "z"]``.
        frame : DataFrame
            One row a recording: recording, subject, session (start, by the phone's clock), task, limb, item
            (MDS-UPDRS), score, medication ("ON" or "OFF"), file, duration_s, n_timesteps, measured_rate_hz,
            largest_gap_s, n_missing.
        other_files : DataFrame
            Files that were not read: file, kind.
        skipped : DataFrame
            Recordings left out: file, reason. Empty with ``errors="raise"``.
        DESCR : str
            The data card.

        With ``return_X_y=True`` the tuple ``(data, target)``.

    Raises
    ------
    DataFileError
        If the folder, its clinical table or a recording is not what it should be.

    Warns
    -----
    DataFileWarning
        If there are files of unknown kind, if the clinical table lacks a patient, and for each recording left out.

    See Also
    --------
    load_unm_rest : More people, no scores.
    make_tremor_recordings : Simulated recordings with severities.

    References
    ----------
    .. [1] Stamate C. et al., "The cloudUPDRS app: A medical device for the clinical assessment of Parkinson's
       Disease", Pervasive and Mobile Computing 43 (2018) 146-166.

    Examples
    --------
    >>> from skpd.datasets import load_cloudupdrs
    >>> phone = load_cloudupdrs(patient="2458", tasks=["rest"])  # doctest: +SKIP
    >>> phone.frame[["task", "limb", "score"]]  # doctest: +SKIP
    """
    known = [name for name, *_ in _TASKS.values()]
    wanted = known if tasks is None else list(tasks)
    if not wanted or not set(wanted) <= set(known):
        raise ValueError(f"tasks: expected some of {known}, got {tasks!r}.")
    root = resolve_folder(folder, "cloudupdrs", holds=_CLINICAL)
    clinical = _read_clinical(root / _CLINICAL)
    skipped = Skipped(errors)
    recordings, rows, other = [], [], []
    for path in _patient_files(root, patient):
        name = _NAME.fullmatch(path.name)
        if name is None or _TASKS[name["task"]][0] not in wanted:
            other.append(
                {
                    "file": f"{path.parent.name}/{path.name}",
                    "kind": "task not asked for" if name else _kind(path.name),
                }
            )
            continue
        try:
            signal = _read_recording(path, sampling_rate, max_gap)
        except DataFileError as error:
            skipped.add(error)
            continue
        recordings.append(signal.values)
        rows.append(_describe(path, name, signal, clinical))
    if not rows:
        raise DataFileError(root, found="not one intact recording", expected=f"files of the tasks {wanted}")
    frame = pd.DataFrame(rows)
    _warn_of(root, [row["file"] for row in other if row["kind"] == "unknown"], "file(s) of unknown kind were not read")
    _warn_of(
        root, sorted(set(frame["subject"]) - set(clinical.index)), f"patient(s) without a row in {_CLINICAL}: no scores"
    )
    score = frame["score"]
    return make_bunch(
        recordings,
        target=score.to_numpy() if score.isna().any() else score.to_numpy(dtype=np.int64),
        target_names=range(5),
        groups=frame["subject"].to_numpy(dtype=str),
        sampling_rate=sampling_rate,
        units="m/s^2",
        channel_names=("x", "y", "z"),
        frame=frame,
        descr=_CARD,
        ragged=True,
        return_X_y=return_X_y,
        other_files=pd.DataFrame(other, columns=["file", "kind"]),
        skipped=skipped.frame,
    )


def _patient_files(root: Path, patient: str | None) -> list[Path]:
    folders = sorted(p for p in root.iterdir() if p.is_dir())
    if patient is not None:
        found = [p.name for p in folders]
        folders = [p for p in folders if p.name == patient]
        if not folders:
            raise DataFileError(root, found=f"the patients {found}", expected=f"a folder {patient!r}")
    return sorted(path for p in folders for path in p.iterdir() if path.is_file())


def _kind(file_name: str) -> str:
    return next((kind for start, kind in _OTHER_KINDS.items() if file_name.startswith(start)), "unknown")


def _read_clinical(path: Path) -> pd.DataFrame:
    """Read the clinical table: one row a patient, scores as floats, NaN where the clinician put an x or nothing."""
    columns = [f"{item}-{limb}" for item, limbs in _SCORED_LIMBS.items() for limb in limbs]
    wanted = ["id", "MDS_UPDRSIII", *columns]
    table, place = read_csv_columns(path, wanted, text=wanted)
    table = table.apply(lambda column: column.str.strip())
    text = table[columns]
    scores = text.apply(to_numbers).astype("Float64")
    bad = text.notna() & (text != "x") & ~scores.isin(range(5))
    for i, j in np.argwhere(bad.fillna(False).to_numpy(dtype=bool)):
        raise DataFileError(
            path,
            where=f"{place(text.index[i])}, column {columns[j]!r}",
            found=repr(text.iloc[i, j]),
            expected="a score 0 to 4, or x where there is none",
        )
    scores = scores.astype(float)
    scores["medication"] = table["MDS_UPDRSIII"]
    scores.index = pd.Index(table["id"], name="id")
    for patient in scores.index[scores.index.duplicated()]:
        raise DataFileError(path, found=f"two rows of id {patient}", expected="one row a patient")
    return scores


def _read_recording(path: Path, sampling_rate: float, max_gap: float) -> UniformSignal:
    names = ["timestamp", "x", "y", "z", "marker"]
    table, place = read_csv_columns(path, names, names=names)
    values = numeric_columns(path, table, names[1:], place)[:, :3]
    seconds = elapsed_seconds(check_time(path, table["timestamp"], "ns", place), "ns")
    return to_uniform(seconds, values, path=path, resample_to=sampling_rate, max_gap=max_gap)


def _describe(path: Path, name: re.Match, signal: UniformSignal, clinical: pd.DataFrame) -> dict:
    task, item, code = _TASKS[name["task"]]
    column, patient = f"{code}-{_LIMBS[name['limb']]}", name["patient"]
    scored = patient in clinical.index and column in clinical.columns
    n_timesteps = len(signal.values)
    return {
        "recording": f"{patient}_{task}_{name['limb'].lower()}_{name['date']}_{name['time']}",
        "subject": patient,
        "session": pd.Timestamp(f"{name['date']} {name['time'].replace('-', ':')}"),
        "task": task,
        "limb": name["limb"].lower(),
        "item": item,
        "score": float(clinical.loc[patient, column]) if scored else np.nan,
        "medication": clinical.loc[patient, "medication"] if patient in clinical.index else None,
        "file": f"{path.parent.name}/{path.name}",
        "duration_s": n_timesteps / signal.sampling_rate,
        "n_timesteps": n_timesteps,
        "measured_rate_hz": signal.measured_rate,
        "largest_gap_s": signal.largest_gap,
        "n_missing": signal.n_missing,
    }


def _warn_of(root: Path, names: list[str], what: str) -> None:
    if names:
        shown = ", ".join(names[:5]) + (", ..." if len(names) > 5 else "")
        warnings.warn(f"{root}: {len(names)} {what}: {shown}", DataFileWarning, stacklevel=3)
