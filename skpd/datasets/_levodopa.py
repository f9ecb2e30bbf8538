"""MJFF Levodopa Response Study: wrist acceleration in scored motor tasks."""

from __future__ import annotations

import os
import re
from collections.abc import Sequence
from numbers import Real
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from sklearn.utils import Bunch
from sklearn.utils._param_validation import Interval, StrOptions, validate_params

from ..exceptions import DataFileError
from ._base import make_bunch, refuse_special, resolve_folder, unreadable
from ._parse import Skipped, numeric_columns, read_csv_columns, to_numbers
from ._timestamps import UniformSignal, to_uniform

__all__ = ["load_levodopa"]

#: Device -> the limb that it is worn on; None where the table of sensors tells it for each person.
_DEVICES: dict[str, str | None] = {
    "GENEActiv": None,
    "Pebble": None,
    "Shimmer_LeftWrist": "LeftUpperLimb",
    "Shimmer_RightWrist": "RightUpperLimb",
    "Shimmer_LeftAnkle": "LeftLowerLimb",
    "Shimmer_RightAnkle": "RightLowerLimb",
}

#: What the table of sensors has wrong: this person wore the device on the left.
_CORRECTIONS = {("4_BOS", "GENEActiv"): "LeftUpperLimb"}

#: Visit of the score table -> day of the recordings, and the medication.
_VISITS = {1: (1, "ON"), 2: (4, "OFF")}

_SCORES = {"tremor": ("0", "1", "2", "3", "4"), "bradykinesia": ("No", "Yes"), "dyskinesia": ("No", "Yes")}
_SCORE_COLUMNS = [
    "subject_id", "visit", "task_code", "timestamp_start", "timestamp_end", "phenotype", "body_segment", "score",
]  # fmt: skip
_SENSOR_COLUMNS = ["subject_id", "device", "device_position"]

#: At rest the median magnitude is that of gravity; far outside of these bounds, m/s^2, the unit is another one.
_GRAVITY = (4.0, 25.0)

_CARD = """\
MJFF Levodopa Response Study: scored motor tasks
================================================
Who         28 people with Parkinson's disease and motor fluctuations, at two sites (BOS, NYC)
Device      {device}, 50 Hz nominal; interpolated on a uniform grid of {sampling_rate:g} Hz
Units       m/s^2, gravity included
Tasks       motor tasks in the laboratory: visit 1 (day 1) ON medication, visit 2 (day 4) 12 h OFF
Target      the clinician's score of {phenotype} in the task, of the limb that wears the device
Groups      the person
Limits      scores of one task a clinician saw, 0 to 4 (tremor) or Yes and No; most are 0. 4_BOS wore the GENEActiv on
            the left, other than the table of sensors says (discussion thread 9167 of the dataset); some leave 4_BOS out
Licence     Synapse syn20681023: certified users, under its conditions of use
Reference   Daneault J.-F. et al., Scientific Data 8 (2021) 48; Vergara-Diaz G. et al., Scientific Data 8 (2021) 47
"""


@validate_params(
    {
        "folder": [str, os.PathLike, None],
        "device": [StrOptions(set(_DEVICES))],
        "phenotype": [StrOptions(set(_SCORES))],
        "visits": ["array-like"],
        "tasks": ["array-like", None],
        "sampling_rate": [Interval(Real, 0, None, closed="neither")],
        "max_gap": [Interval(Real, 0, None, closed="neither")],
        "errors": [StrOptions({"raise", "warn"})],
        "return_X_y": ["boolean"],
    },
    prefer_skip_nested_validation=True,
)
def load_levodopa(
    folder: str | os.PathLike | None = None,
    *,
    device: str = "GENEActiv",
    phenotype: str = "tremor",
    visits: Sequence[int] = (1, 2),
    tasks: Sequence[str] | None = None,
    sampling_rate: float = 50.0,
    max_gap: float = 0.1,
    errors: str = "raise",
    return_X_y: bool = False,
) -> Bunch | tuple[np.ndarray, np.ndarray]:
    """Load the scored tasks of the MJFF Levodopa Response Study, one recording a task.

    No real file of this study was at hand: the reader was written and checked against descriptions of its layout.

    Parameters
    ----------
    folder : str, path-like or None, default=None
        The folder with ``LDOPA_DATA`` and the study's tables, saved as ``.csv``: one with "TaskScoresPartI" in its
        name and one with "SensorDataPartI", or "TaskScoresPartII" for Shimmer devices. None takes ``levodopa``
        inside the folder that the environment variable ``SKPD_DATA`` names. Case does not matter in file names.
    device : str, default="GENEActiv"
        "GENEActiv", "Pebble", or ``"Shimmer_"`` and "LeftWrist", "RightWrist", "LeftAnkle" or "RightAnkle".
    phenotype : {"tremor", "bradykinesia", "dyskinesia"}, default="tremor"
        Which score is the target: 0 to 4 for tremor, "No" or "Yes" for the others.
    visits : sequence of int, default=(1, 2)
        1 is day 1, ON medication; 2 is day 4, OFF.
    tasks : sequence of str or None, default=None
        Task codes to read, such as "sittg" or "drnkg"; None reads all.
    sampling_rate : float, default=50.0
        Hz of the uniform grid on which samples are interpolated.
    max_gap : float, default=0.1
        Longest time between two samples, s, that is interpolated. In a longer one the timesteps are NaN.
    errors : {"raise", "warn"}, default="raise"
        What to do with recordings that are missing or damaged. "warn" leaves them out and lists them in ``skipped``.
    return_X_y : bool, default=False
        Return ``(data, target)`` instead of a Bunch.

    Returns
    -------
    data : :class:`~sklearn.utils.Bunch`
        With the entries

        data : object ndarray of shape (n,)
            Arrays of shape (n_timesteps_i, 3), m/s^2.
        target : ndarray of shape (n,)
            Scores: int for tremor, str for the others.
        target_names : list
            ``[0, 1, 2, 3, 4]`` or ``["No", "Yes"]``.
        groups : ndarray of shape (n,), str
            Person, such as "10_BOS".
        sampling_rate : float
            Hz.
        units : str
            "m/s^2".
        channel_names : list of str
            ``["x", "y", "z"]``.
        frame : DataFrame
            One row a recording: recording, subject, visit, medication, task, limb, score, start_time (UTC), file,
            duration_s, coverage (share of the task for which there is a signal), n_timesteps, measured_rate_hz,
            largest_gap_s, n_gaps, n_missing, n_duplicates, n_out_of_order.
        unscored : DataFrame
            Tasks left out because the clinician gave no score: subject, visit, task, score.
        skipped : DataFrame
            Files and tasks left out: file, reason.
        DESCR : str
            The data card.

        With ``return_X_y=True`` the tuple ``(data, target)``.

    Raises
    ------
    DataFileError
        If a table or recording is missing, cut, or has other columns, scores, times or units.

    Warns
    -----
    DataFileWarning
        For each file or task left out.

    See Also
    --------
    load_pads : Diagnoses instead of severities, of more people.
    make_tremor_recordings : Simulated recordings with severities.

    Notes
    -----
    The label rule: of the scores of a task, the one of `phenotype` whose body_segment is the device's position on
    that person. Repeated timestamps are dropped but for the first, and counted.

    References
    ----------
    .. [1] Daneault J.-F. et al., "Accelerometer data collected with a minimum set of wearable sensors from subjects
       with Parkinson's disease", Scientific Data 8 (2021) 48.
    .. [2] Vergara-Diaz G. et al., "Limb and trunk accelerometer data collected with wearable sensors from subjects
       with Parkinson's disease", Scientific Data 8 (2021) 47.

    Examples
    --------
    >>> from skpd.datasets import load_levodopa
    >>> wrist = load_levodopa(visits=[2], tasks=["drnkg"])  # doctest: +SKIP
    """
    if not len(visits) or not set(visits) <= set(_VISITS):
        raise ValueError(f"visits: expected some of {sorted(_VISITS)}, got {list(visits)}.")
    root = resolve_folder(folder, "levodopa", holds="*", words="its files")
    scores = _read_scores(root, device, phenotype)
    scores = scores[scores["visit"].isin(list(visits))]
    if tasks is not None:
        if not set(tasks) <= set(scores["task_code"]):
            known = sorted(set(scores["task_code"]))
            raise ValueError(f"tasks: expected some of those in the table, {known}, got {list(tasks)}.")
        scores = scores[scores["task_code"].isin(list(tasks))]
    scored = scores["score"].isin(_SCORES[phenotype])
    skipped = Skipped(errors)
    signals: list[UniformSignal] = []
    rows: list[dict[str, Any]] = []
    for (subject, visit), tasks_of_day in scores[scored].groupby(["subject_id", "visit"], sort=False):
        try:
            path, seconds, values = _read_day(root, device, subject, _VISITS[visit][0])
        except DataFileError as error:
            skipped.add(error)
            continue
        for task in tasks_of_day.itertuples(index=False):
            inside = np.flatnonzero((seconds >= task.timestamp_start) & (seconds <= task.timestamp_end))
            where = f"task {task.task_code} from {task.timestamp_start:.3f} to {task.timestamp_end:.3f}"
            try:
                signal = _cut_task(path, where, seconds[inside], values[inside], sampling_rate, max_gap)
            except DataFileError as error:
                skipped.add(error)
                continue
            signals.append(signal)
            rows.append(_describe(root, path, task, signal, float(seconds[inside].min())))
    if not rows:
        raise DataFileError(root, found="not one intact scored task", expected="recordings of the tasks in the table")
    frame = pd.DataFrame(rows)
    names = [int(score) if phenotype == "tremor" else score for score in _SCORES[phenotype]]
    left_out = scores.loc[~scored, ["subject_id", "visit", "task_code", "score"]]
    return make_bunch(
        [signal.values for signal in signals],
        target=frame["score"].to_numpy(dtype=np.int64 if phenotype == "tremor" else str),
        target_names=names,
        groups=frame["subject"].to_numpy(dtype=str),
        sampling_rate=sampling_rate,
        units="m/s^2",
        channel_names=("x", "y", "z"),
        frame=frame,
        descr=_CARD.format(device=device, sampling_rate=sampling_rate, phenotype=phenotype),
        ragged=True,
        return_X_y=return_X_y,
        unscored=left_out.rename(columns={"subject_id": "subject", "task_code": "task"}).reset_index(drop=True),
        skipped=skipped.frame,
    )


def _read_scores(root: Path, device: str, phenotype: str) -> pd.DataFrame:
    """Return the rows of the score table that the label rule picks: one a task, with its limb."""
    shimmer = device.startswith("Shimmer")
    path = _find_table(root, "TaskScoresPartII" if shimmer else "TaskScoresPartI")
    text = [column for column in _SCORE_COLUMNS if not column.startswith("timestamp")]
    table, place = read_csv_columns(path, _SCORE_COLUMNS, text=text)
    for column in text:
        for row in table.index[table[column].isna()]:
            _refuse(path, place(row), column, "an empty cell", "a value")
    times = numeric_columns(path, table, ["timestamp_start", "timestamp_end"], place)
    visit = to_numbers(table["visit"])
    allowed = [*_SCORES[phenotype], "NotApplicable"]
    checks = {
        "visit": (visit.isin(_VISITS), f"one of {list(_VISITS)}"),
        "subject_id": (table["subject_id"].str.fullmatch(r"\d+_(BOS|NYC)"), "an id such as 10_BOS"),
        "score": ((table["phenotype"] != phenotype) | table["score"].isin(allowed), f"one of {allowed}"),
    }
    for column, (good, expected) in checks.items():
        for row in table.index[~good.to_numpy(dtype=bool)]:
            _refuse(path, place(row), column, repr(table.loc[row, column])[:60], expected)
    for row in table.index[~(times[:, 1] > times[:, 0])]:
        _refuse(path, place(row), "timestamp_end", str(table.loc[row, "timestamp_end"]), "a time after timestamp_start")
    table = table.astype(object).assign(visit=visit, timestamp_start=times[:, 0], timestamp_end=times[:, 1])
    table = table[table["phenotype"] == phenotype]
    position = _DEVICES[device] or table["subject_id"].map(_read_positions(root, device))
    table = table[table["body_segment"] == position]
    if table.empty:
        raise DataFileError(
            path, found=f"no score of {phenotype} at the limb of {device}", expected="at least one a person"
        )
    for row in table.index[table.duplicated(["subject_id", "visit", "timestamp_start"])]:
        _refuse(path, place(row), "timestamp_start", "a second score of the same task", "one")
    return table


def _read_positions(root: Path, device: str) -> dict[str, str]:
    """Return the limb on which each person wears the device."""
    path = _find_table(root, "SensorDataPartI")
    table, place = read_csv_columns(path, _SENSOR_COLUMNS, text=_SENSOR_COLUMNS)
    table = table[table["device"] == device].drop_duplicates(_SENSOR_COLUMNS)
    for row in table.index[table["device_position"].isna() | table["subject_id"].duplicated()]:
        _refuse(path, place(row), "device_position", repr(table.loc[row, "device_position"]), "one position a person")
    positions = dict(zip(table["subject_id"], table["device_position"], strict=True))
    return positions | {who: limb for (who, what), limb in _CORRECTIONS.items() if what == device}


def _refuse(path: Path, line: str, column: str, found: str, expected: str) -> None:
    raise DataFileError(path, where=f"{line}, column {column!r}", found=found, expected=expected)


def _find_table(root: Path, name: str) -> Path:
    # "PartI" must not find "PartII".
    wanted = re.compile(rf".*{name}(?!I).*\.csv", re.IGNORECASE)
    found = sorted(path for path in root.iterdir() if wanted.fullmatch(path.name))
    if len(found) != 1:
        raise DataFileError(
            root,
            found=f"{[path.name for path in found]}" if found else f"no table {name}",
            expected=f"one .csv file with {name!r} in its name",
            advice="Save the table of the study there.",
        )
    return found[0]


def _child(folder: Path, name: str) -> Path:
    """Return the entry of a folder that has `name`, whatever its case."""
    entries = sorted(folder.iterdir()) if folder.is_dir() else []
    for path in entries:
        if path.name.lower() == name.lower():
            return path
    raise DataFileError(folder, found=f"no entry {name!r}", expected="the layout of the study's LDOPA_DATA")


def _read_day(root: Path, device: str, subject: str, day: int) -> tuple[Path, np.ndarray, np.ndarray]:
    """Return file, Unix times in s and accelerations in m/s^2 of a day of a person."""
    number, site = subject.split("_")
    path = root
    for name in ("LDOPA_DATA", device, f"patient{number}{'_NY' if site == 'NYC' else ''}", f"rawdata_day{day}.txt"):
        path = _child(path, name)
    columns = _find_columns(path)
    table, place = read_csv_columns(path, columns, separator="\t")
    values = numeric_columns(path, table, columns, place)
    seconds, values = values[:, 0], values[:, 1:]
    # Rows without a time belong nowhere; without a value they count as missing later.
    timed = ~np.isnan(seconds)
    magnitude = float(np.nanmedian(np.linalg.norm(values, axis=1)))
    if not _GRAVITY[0] < magnitude < _GRAVITY[1]:
        raise DataFileError(
            path,
            where="the three axes",
            found=f"a median magnitude of {magnitude:.3g}",
            expected="about 9.8, as gravity has in m/s^2",
            advice="Are these g or counts? The study's files are in m/s^2.",
        )
    return path, seconds[timed], values[timed]


def _find_columns(path: Path) -> list[str]:
    """Return the names of the columns of time, x, y and z; their beginnings differ between devices."""
    refuse_special(path)
    try:
        with path.open("rb") as file:
            names = [name.strip() for name in file.readline(4096).decode("utf-8", errors="replace").split("\t")]
    except OSError as error:
        raise unreadable(path, error) from error
    axes = [[name for name in names if name.lower().endswith(f"_{axis}")] for axis in "xyz"]
    if "timestamp" not in names or any(len(axis) != 1 for axis in axes):
        raise DataFileError(
            path,
            where="line 1",
            found=f"the columns {[name[:30] for name in names[:8]]}",
            expected="tab-separated columns timestamp, ..._X, ..._Y, ..._Z",
        )
    return ["timestamp", *(axis[0] for axis in axes)]


def _cut_task(
    path: Path, where: str, seconds: np.ndarray, values: np.ndarray, sampling_rate: float, max_gap: float
) -> UniformSignal:
    if len(seconds) < 2:
        raise DataFileError(
            path,
            where=where,
            found=f"{len(seconds)} samples",
            expected="a signal during the task",
            advice="Did the device record, and do its clock and that of the scores agree?",
        )
    return to_uniform(
        seconds, values, path=path, where=where, resample_to=sampling_rate, max_gap=max_gap, disorder="fix"
    )


def _describe(root: Path, path: Path, task: Any, signal: UniformSignal, start: float) -> dict[str, Any]:
    n_timesteps = len(signal.values)
    return {
        "recording": f"{task.subject_id}_{task.visit}_{task.task_code}_{task.timestamp_start:.3f}",
        "subject": task.subject_id,
        "visit": task.visit,
        "medication": _VISITS[task.visit][1],
        "task": task.task_code,
        "limb": task.body_segment,
        "score": task.score,
        "start_time": pd.Timestamp(start, unit="s", tz="UTC"),
        "file": str(path.relative_to(root)),
        "duration_s": n_timesteps / signal.sampling_rate,
        "coverage": (n_timesteps - signal.n_missing)
        / signal.sampling_rate
        / (task.timestamp_end - task.timestamp_start),
        "n_timesteps": n_timesteps,
        "measured_rate_hz": signal.measured_rate,
        "largest_gap_s": signal.largest_gap,
        "n_gaps": signal.n_gaps,
        "n_missing": signal.n_missing,
        "n_duplicates": signal.n_duplicates,
        "n_out_of_order": signal.n_out_of_order,
    }
