"""Simulated pen trajectories of healthy people and of people with tremor, drawer by drawer."""

from __future__ import annotations

from collections.abc import Sequence
from numbers import Integral, Real
from typing import Any

import numpy as np
import pandas as pd
from scipy.interpolate import CubicSpline
from sklearn.utils import Bunch, check_random_state
from sklearn.utils._param_validation import Interval, validate_params

from ._drawing_model import draw_path, draw_style, draw_tremor_course
from ._pens import PEN_CHANNELS, PenRecording, PenScale, pen_bunch

__all__ = ["make_pen_trajectories"]

_TASKS = ("spiral", "wave")
_CLASSES = {"control": "healthy", "parkinson": "parkinson"}

#: Step of the sequence that spreads the people of a class evenly over its amplitudes of tremor.
_GOLDEN = (np.sqrt(5) - 1) / 2

#: Steps of the simulated tablet: positions in metres, levels of pressure.
_POINT, _LEVELS = 5e-6, 1024

_CARD = """\
Simulated pen trajectories
==========================
THESE TRAJECTORIES ARE SIMULATED. No person drew them; scores reached on them say nothing about patients.

Who         {n_subjects} simulated people, {n_patients} of them with Parkinson's disease; {n} recordings
Device      a tablet of {rate:g} points/s, 200 points a millimetre and 1024 levels of pressure; the same for everybody
Tasks       {tasks}
Units       m, s, pressure as a share of full scale; no tilt
Target      "control" or "parkinson"
Groups      person; one recording of each task
Model       that of `make_spiral_drawings`: a steady hand's path and tremor along it, here in time. People with
            Parkinson's disease have more and slower tremor, are slower and press less, on average; the classes overlap
Limits      invented distributions; no hesitation, no pen lifts, no age
Licence     none needed: the numbers are made by skpd (BSD-3-Clause)
"""


@validate_params(
    {
        "n_subjects": [Interval(Integral, 2, None, closed="left")],
        "tasks": ["array-like"],
        "patients": [Interval(Real, 0, 1, closed="neither")],
        "sampling_rate": [Interval(Real, 50, 1000, closed="both")],
        "random_state": ["random_state"],
        "return_X_y": ["boolean"],
    },
    prefer_skip_nested_validation=True,
)
def make_pen_trajectories(
    n_subjects: int = 40,
    *,
    tasks: Sequence[str] = ("spiral",),
    patients: float = 0.5,
    sampling_rate: float = 133.0,
    random_state: int | np.random.RandomState | None = None,
    return_X_y: bool = False,
) -> Bunch | tuple[np.ndarray, np.ndarray | None]:
    """Simulate what a tablet records of spirals and waves by people with and without Parkinson's disease.

    Parameters
    ----------
    n_subjects : int, default=40
        Number of people.
    tasks : sequence of {"spiral", "wave"}, default=("spiral",)
        What each of them draws, once each.
    patients : float, default=0.5
        Share of them who have Parkinson's disease; at least one is patient and one control.
    sampling_rate : float, default=133.0
        Points a second, in Hz, from 50 to 1000.
    random_state : int, RandomState instance or None, default=None
        Seed. Recordings of one task do not depend on the others.
    return_X_y : bool, default=False
        Return ``(data, target)`` instead of a Bunch.

    Returns
    -------
    data : :class:`~sklearn.utils.Bunch`
        As `load_pahaw` and `load_uci_spirals` return it: `data` (arrays of shape (n_points_i, 7): x, y (m), t (s),
        pressure (0 to 1), azimuth and altitude (NaN), pen_down (1)), `target` ("control" or "parkinson"),
        `target_names`, `groups` (person), `sampling_rate` (Hz), `units`, `channel_names`, `DESCR`, and `frame`: one row
        a recording with recording, subject, target, task, the truth behind it, tremor_amplitude_m (peak) and
        tremor_frequency_hz, and duration_s, n_points, measured_rate_hz, largest_gap_s, n_duplicates, n_out_of_order.

        With ``return_X_y=True`` the tuple ``(data, target)``.

    Raises
    ------
    ValueError
        If a task is unknown or named twice.

    See Also
    --------
    load_uci_spirals, load_pahaw : Real ones.
    make_spiral_drawings : Drawings of the same model, scanned.

    Examples
    --------
    >>> from skpd.datasets import make_pen_trajectories
    >>> pens = make_pen_trajectories(n_subjects=4, random_state=0)
    >>> pens.frame[["recording", "target"]].values.tolist()[:2]
    [['S01_spiral', 'control'], ['S02_spiral', 'parkinson']]
    >>> pens.data[0].shape[1], pens.channel_names[:4]
    (7, ['x', 'y', 't', 'pressure'])
    """
    names = [tasks] if isinstance(tasks, str) else list(tasks)
    if not names or not set(names) <= set(_TASKS) or len(set(names)) < len(names):
        raise ValueError(f"tasks: expected each of {', '.join(map(repr, _TASKS))} once at most, got {names}.")
    seed = int(check_random_state(random_state).randint(np.iinfo(np.int32).max))
    start = np.random.default_rng(seed).uniform()
    is_patient = _spread(n_subjects, patients)
    rank = np.where(is_patient, np.cumsum(is_patient), np.cumsum(~is_patient))
    pens, rows = [], []
    for k in range(n_subjects):
        target = "parkinson" if is_patient[k] else "control"
        rng = _generator(seed, k)
        style = draw_style(rng, _CLASSES[target], (start + int(rank[k]) * _GOLDEN) % 1.0)
        style |= {"size_m": rng.uniform(0.08, 0.12), "force": rng.normal(0.45 if is_patient[k] else 0.52, 0.1)}
        for task in names:
            pen = _record(_generator(seed, k, _TASKS.index(task)), style, task, sampling_rate)
            pens.append(pen)
            rows.append(
                {
                    "recording": f"S{k + 1:02d}_{task}",
                    "subject": f"S{k + 1:02d}",
                    "target": target,
                    "task": task,
                    "tremor_amplitude_m": style["tremor_percent"] / 100 * style["size_m"],
                    "tremor_frequency_hz": style["frequency_hz"],
                    **pen.facts,
                }
            )
    frame = pd.DataFrame(rows)
    return pen_bunch(
        pens,
        target=frame["target"].to_numpy(dtype=str),
        target_names=list(_CLASSES),
        groups=frame["subject"].to_numpy(dtype=str),
        scale=PenScale(_POINT, _LEVELS, "s", "rad"),
        frame=frame,
        descr=_CARD.format(
            n_subjects=n_subjects,
            n_patients=int(is_patient.sum()),
            n=len(frame),
            rate=sampling_rate,
            tasks=", ".join(names),
        ),
        return_X_y=return_X_y,
    )


def _spread(n: int, share: float) -> np.ndarray:
    """Return who of `n` people is a patient, evenly spread and beginning with a control."""
    steps = np.floor(np.arange(n + 1) * share)
    is_patient = np.diff(steps) > 0
    if not is_patient.any():
        is_patient[-1] = True
    if is_patient.all():
        is_patient[0] = False
    return is_patient


def _record(rng: np.random.Generator, style: dict[str, Any], task: str, rate: float) -> PenRecording:
    """Let a person draw once, and sample the pen evenly."""
    duration = style["duration_s"] * np.exp(rng.normal(0, 0.1))
    path = np.column_stack(draw_path(rng, style, task))
    path += np.column_stack(draw_tremor_course(rng, style, duration))
    # The model's y grows downwards, as in an image; a tablet's upwards.
    path = (path - path.min(axis=0)) * [1, -1] * style["size_m"] + [0.02, 0.02 + style["size_m"]]
    t = np.arange(int(duration * rate) + 1) / rate
    xy = CubicSpline(np.linspace(0, duration, len(path)), path)(t)
    swings = CubicSpline(np.linspace(0, duration, 12), rng.normal(0, 0.06, 12))(t)
    pressure = np.clip(style["force"] + swings, 0.05, 1.0)
    points = np.full((len(t), len(PEN_CHANNELS)), np.nan)
    points[:, :2] = np.rint(xy / _POINT) * _POINT
    points[:, 2] = t
    points[:, 3] = np.rint(pressure * (_LEVELS - 1)) / (_LEVELS - 1)
    points[:, 6] = 1.0
    return PenRecording(points, np.arange(len(t)), 0, 0)


def _generator(seed: int, *key: int) -> np.random.Generator:
    return np.random.default_rng(np.random.SeedSequence(seed, spawn_key=key))
