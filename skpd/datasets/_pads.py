"""PADS: two smartwatches in eleven movement tasks, with diagnoses."""

from __future__ import annotations

import json
import os
from collections.abc import Sequence
from numbers import Real
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from sklearn.utils import Bunch
from sklearn.utils._param_validation import Interval, StrOptions, validate_params

from ..exceptions import DataFileError
from ._base import make_bunch, refuse_special, resolve_folder, to_si, unreadable
from ._parse import Skipped, check_time, numeric_columns, read_csv_columns
from ._timestamps import UniformSignal, elapsed_seconds, to_uniform

__all__ = ["load_pads"]

_JSON_LIMIT = 1 << 24
_SENSORS = {"acceleration": ("Accelerometer", "m/s^2"), "rotation": ("Gyroscope", "rad/s")}
_LOCATIONS = ("LeftWrist", "RightWrist")

_CARD = """\
PADS: smartwatches in movement tasks
====================================
Who         469 people: Parkinson's disease, other movement disorders, and healthy controls
Device      an Apple Watch on each wrist, 100 Hz; accelerometer and gyroscope
Units       {units}
Tasks       11 tasks of about 10 or 20 s, designed by neurologists: at rest, holding, drinking, touching the nose, ...
Target      the condition: "Healthy", "Parkinson's", or the name of another disorder; no severity scores
Groups      the person; both wrists and all tasks of a person share one group
Limits      a diagnosis is not a tremor score: many people with Parkinson's disease show no tremor in most tasks. One
            hospital and one kind of watch
Licence     as PhysioNet states it with the data
Reference   Varghese J. et al., npj Parkinson's Disease 10 (2024) 9; PhysioNet, doi 10.13026/m0w9-zx22
"""


@validate_params(
    {
        "folder": [str, os.PathLike, None],
        "signal": [StrOptions(set(_SENSORS))],
        "tasks": ["array-like", None],
        "wrists": ["array-like"],
        "sampling_rate": [Interval(Real, 0, None, closed="neither")],
        "max_gap": [Interval(Real, 0, None, closed="neither")],
        "errors": [StrOptions({"raise", "warn"})],
        "return_X_y": ["boolean"],
    },
    prefer_skip_nested_validation=True,
)
def load_pads(
    folder: str | os.PathLike | None = None,
    *,
    signal: str = "acceleration",
    tasks: Sequence[str] | None = None,
    wrists: Sequence[str] = _LOCATIONS,
    sampling_rate: float = 100.0,
    max_gap: float = 0.1,
    errors: str = "raise",
    return_X_y: bool = False,
) -> Bunch | tuple[np.ndarray, np.ndarray]:
    """Load smartwatch recordings of movement tasks with the diagnoses.

    No real file of this dataset was at hand: the reader was written and checked against the published description of
    its layout.

    Parameters
    ----------
    folder : str, path-like or None, default=None
        The folder with ``movement`` and ``patients``. None takes ``pads`` inside the folder that the environment
        variable ``SKPD_DATA`` names.
    signal : {"acceleration", "rotation"}, default="acceleration"
        Which sensor: m/s^2 or rad/s.
    tasks : sequence of str or None, default=None
        Names of tasks as the files have them, such as "Relaxed" or "StretchHold"; None reads all.
    wrists : sequence of {"LeftWrist", "RightWrist"}, default=("LeftWrist", "RightWrist")
        Which watches.
    sampling_rate : float, default=100.0
        Hz of the uniform grid on which samples are interpolated by their times.
    max_gap : float, default=0.1
        Longest time between two samples, s, that is interpolated. In a longer one the timesteps are NaN.
    errors : {"raise", "warn"}, default="raise"
        What to do with files that are missing or damaged. "warn" leaves out what they concern and lists them in
        ``skipped``.
    return_X_y : bool, default=False
        Return ``(data, target)`` instead of a Bunch.

    Returns
    -------
    data : :class:`~sklearn.utils.Bunch`
        With the entries

        data : object ndarray of shape (n,)
            Arrays of shape (n_timesteps_i, 3).
        target : ndarray of shape (n,), str
            The person's condition.
        target_names : list of str
            The conditions, sorted.
        groups : ndarray of shape (n,), str
            Person.
        sampling_rate : float
            Hz.
        units : str
            "m/s^2" or "rad/s".
        channel_names : list of str
            ``["x", "y", "z"]``.
        frame : DataFrame
            One row a recording: recording, subject, condition, task, wrist, device, age, gender, handedness, file,
            duration_s, n_timesteps, measured_rate_hz, largest_gap_s, n_gaps, n_missing.
        skipped : DataFrame
            Files left out: file, reason.
        DESCR : str
            The data card.

        With ``return_X_y=True`` the tuple ``(data, target)``.

    Raises
    ------
    DataFileError
        If the folder, the description of a session or a recording is not what it should be: cut, with other columns
        or units, fewer rows than described, or without a condition.

    Warns
    -----
    DataFileWarning
        For each file left out.

    See Also
    --------
    load_levodopa : Wrist recordings with severity scores.

    References
    ----------
    .. [1] Varghese J. et al., "Machine Learning in the Parkinson's disease smartwatch (PADS) dataset", npj
       Parkinson's Disease 10 (2024) 9.

    Examples
    --------
    >>> from skpd.datasets import load_pads
    >>> rest = load_pads(tasks=["Relaxed"], wrists=["LeftWrist"])  # doctest: +SKIP
    """
    if not len(wrists) or not set(wrists) <= set(_LOCATIONS):
        raise ValueError(f"wrists: expected some of {list(_LOCATIONS)}, got {list(wrists)}.")
    root = resolve_folder(
        folder, "pads", holds="movement/observation_*.json", words="movement/observation_ID.json files"
    )
    skipped = Skipped(errors)
    recordings: list[UniformSignal] = []
    rows: list[dict[str, Any]] = []
    seen: set[str] = set()
    for path in sorted((root / "movement").glob("observation_*.json")):
        try:
            observation = _read_json(path)
            subject = _entry(path, observation, "subject_id", str)
            patient = _read_patient(path, subject)
            sessions = [_parse_record(path, s, r) for s, r in _records(path, observation)]
        except DataFileError as error:
            skipped.add(error)
            continue
        seen |= {record["task"] for record in sessions}
        for record in sessions:
            if (tasks is not None and record["task"] not in tasks) or record["wrist"] not in wrists:
                continue
            try:
                uniform = _read_recording(path.parent, record, signal, sampling_rate, max_gap)
            except DataFileError as error:
                skipped.add(error)
                continue
            recordings.append(uniform)
            rows.append(
                {
                    "recording": f"{subject}_{record['task']}_{record['wrist']}",
                    "subject": subject,
                    "condition": patient["condition"],
                    "task": record["task"],
                    "wrist": record["wrist"],
                    "device": observation.get("device_id"),
                    "age": patient.get("age"),
                    "gender": patient.get("gender"),
                    "handedness": patient.get("handedness"),
                    "file": record["file"],
                    "duration_s": len(uniform.values) / sampling_rate,
                    "n_timesteps": len(uniform.values),
                    "measured_rate_hz": uniform.measured_rate,
                    "largest_gap_s": uniform.largest_gap,
                    "n_gaps": uniform.n_gaps,
                    "n_missing": uniform.n_missing,
                }
            )
    if tasks is not None and not set(tasks) <= seen:
        raise ValueError(f"tasks: expected some of those in the files, {sorted(seen)}, got {list(tasks)}.")
    if not rows:
        raise DataFileError(root, found="not one intact recording", expected="the files that movement/*.json describe")
    frame = pd.DataFrame(rows)
    units = _SENSORS[signal][1]
    return make_bunch(
        [uniform.values for uniform in recordings],
        target=frame["condition"].to_numpy(dtype=str),
        groups=frame["subject"].to_numpy(dtype=str),
        sampling_rate=sampling_rate,
        units=units,
        channel_names=("x", "y", "z"),
        frame=frame,
        descr=_CARD.format(units=units),
        ragged=True,
        return_X_y=return_X_y,
        skipped=skipped.frame,
    )


def _read_json(path: Path) -> dict[str, Any]:
    refuse_special(path)
    try:
        with path.open("rb") as file:
            text = file.read(_JSON_LIMIT)
        content = json.loads(text, parse_int=_parse_whole)
    except OSError as error:
        raise unreadable(path, error) from error
    except (ValueError, RecursionError) as error:
        raise DataFileError(
            path, found=f"no JSON ({str(error)[:80]})", expected="a JSON object", advice="The file may be cut."
        ) from error
    if not isinstance(content, dict):
        raise DataFileError(path, found=f"a JSON {type(content).__name__}", expected="a JSON object")
    return content


def _parse_whole(digits: str) -> float:
    # pandas' second version makes no column of whole numbers of hundreds of digits.
    return int(digits) if len(digits) < 19 else float(digits)


def _entry(path: Path, content: Any, key: str, kind: type, where: str = "") -> Any:
    """Return an entry of a JSON object, checked to be there and of its kind."""
    value = content.get(key) if isinstance(content, dict) else None
    if not isinstance(value, kind) or isinstance(value, bool) or value in ("", []):
        raise DataFileError(
            path,
            where=f"{where}entry {key!r}",
            found="none" if value is None else repr(value)[:60],
            expected=f"a JSON entry of type {kind.__name__} that is not empty",
        )
    return value


def _read_patient(observation: Path, subject: str) -> dict[str, Any]:
    if not subject.isalnum():
        found = repr(subject[:60])
        raise DataFileError(observation, where="entry 'subject_id'", found=found, expected="letters and digits")
    path = observation.parents[1] / "patients" / f"patient_{subject}.json"
    patient = _read_json(path)
    _entry(path, patient, "condition", str)
    return patient


def _records(path: Path, observation: dict[str, Any]) -> list[tuple[dict[str, Any], dict[str, Any]]]:
    sessions = _entry(path, observation, "session", list)
    return [(session, record) for session in sessions for record in _entry(path, session, "records", list)]


def _parse_record(path: Path, session: dict[str, Any], record: dict[str, Any]) -> dict[str, Any]:
    task = _entry(path, session, "record_name", str)
    where = f"session {task}, "
    wrist = _entry(path, record, "device_location", str, where)
    channels = _entry(path, record, "channels", list, where)
    units = _entry(path, record, "units", list, where)
    file = _entry(path, record, "file_name", str, where)
    if wrist not in _LOCATIONS:
        raise DataFileError(path, where=where + "device_location", found=repr(wrist[:60]), expected=f"{_LOCATIONS}")
    if len(channels) != len(units) or not all(isinstance(c, str) for c in [*channels, *units]):
        found = f"{len(channels)} channels and {len(units)} units"
        raise DataFileError(path, where=where + wrist, found=found, expected="a name and a unit for each channel")
    if not _is_inside(path.parent, file):
        raise DataFileError(path, where=where + wrist, found=repr(file[:60]), expected="a file inside the folder")
    return {
        "task": task,
        "wrist": wrist,
        "rows": _entry(path, session, "rows", int, where),
        "units": dict(zip(channels, units, strict=True)),
        "file": file,
    }


def _is_inside(folder: Path, file: str) -> bool:
    """Whether a name leads to a place inside the folder; one that leads nowhere, or is none, does not."""
    try:
        return (folder / file).resolve().is_relative_to(folder.resolve())
    except (OSError, RuntimeError, ValueError):
        return False


def _read_recording(
    folder: Path, record: dict[str, Any], signal: str, sampling_rate: float, max_gap: float
) -> UniformSignal:
    path = folder / record["file"]
    sensor = _SENSORS[signal][0]
    columns = ["Time", *(f"{sensor}_{axis}" for axis in "XYZ")]
    units = record["units"]
    if missing := [column for column in columns if column not in units]:
        raise DataFileError(path, found=f"the channels {list(units)}", expected=f"the channels {missing} too")
    table, place = read_csv_columns(path, columns, names=list(units))
    if len(table) != record["rows"]:
        raise DataFileError(
            path,
            found=f"{len(table)} rows",
            expected=f"the {record['rows']} of its description",
            advice="The file may be cut: copy it again.",
        )
    stated, allowed = [units[column] for column in columns], ("g", "m/s^2") if signal == "acceleration" else ("rad/s",)
    if stated[0] != "s" or len(set(stated[1:])) != 1 or stated[1] not in allowed:
        raise DataFileError(
            path, found=f"the units {stated} of {columns}", expected=f"'s', and three times one of {list(allowed)}"
        )
    values = numeric_columns(path, table, columns[1:], place)
    if signal == "acceleration":
        values = to_si(values, stated[1])
    seconds = elapsed_seconds(check_time(path, table["Time"], "s", place), "s")
    return to_uniform(seconds, values, path=path, resample_to=sampling_rate, max_gap=max_gap)
