"""What a model says of one recording: a table of windows, block by block, and a summary of each day."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from functools import partial
from typing import Any

import numpy as np
import pandas as pd
from numpy.lib.stride_tricks import sliding_window_view
from sklearn.pipeline import Pipeline

from ..exceptions import DataFileError
from ..signal import TremorBandFilter, WindowedClassifier, find_nonwear, iter_filtered
from ._distance import TrainingDistance
from ._measure import measure_tremor
from ._recording import Recording

__all__ = [
    "DaySummary",
    "check_magnitude",
    "check_recording_model",
    "find_unworn",
    "flag_windows",
    "is_severity",
    "predict_recording",
    "split_features",
]

#: s of a recording that make one block.
_BLOCK = 1800.0
#: s: non-wear is looked for in pieces, with so much beside them as its rule looks at; multiples of its steps.
_PIECE, _HALO = 3600.0, 1800.0
_DAY = 86_400.0
#: s, and number, of the stretches by which the size of the acceleration is judged.
_LOOK, _N_LOOKS = 10.0, 50

_FLAGS = ("gap", "nonwear", "clipping", "unlike_training")


def check_recording_model(model: Any) -> tuple[Pipeline, WindowedClassifier]:
    """Return the signal road and the classifier of windows of a model of recordings."""
    *road, last = [step for _, step in model.steps] if isinstance(model, Pipeline) else [None, model]
    if not isinstance(last, WindowedClassifier) or not road or not isinstance(road[-1], TremorBandFilter):
        raise ValueError(
            f"model: expected filters and a WindowedClassifier, as the recipe 'tremor' makes them, got {model!r}."
        )
    return Pipeline(model.steps[:-1]), last


def split_features(estimator: Any) -> tuple[Any, Any]:
    """Divide a fitted classifier of windows into what makes its features and what classifies them."""
    if isinstance(estimator, Pipeline) and len(estimator.steps) > 1:
        return estimator[0], estimator[1:]
    return None, estimator


def predict_recording(
    model: Any, recording: Recording, *, distance: TrainingDistance | None = None, n_jobs: int | None = None
) -> Iterator[pd.DataFrame]:
    """Predict every window of a recording, in memory that does not grow with its length.

    Parameters
    ----------
    model : Pipeline
        A fitted model of recordings.
    recording : Recording
        At the model's rate.
    distance : TrainingDistance or None, default=None
        From the training data.
    n_jobs : int or None, default=None
        Threads, a block each. Results do not depend on it.

    Yields
    ------
    block : DataFrame
        One row a window: start_s, end_s, start_time where it is known, prediction, proba_<class>, frequency and
        amplitude in each band, the flags gap, nonwear, clipping and unlike_training, and training_distance, in
        units of its limit. Of a window that touches a gap nothing is predicted or measured. A flag that could not be
        checked is missing.
    """
    road, windowed = check_recording_model(model)
    n_samples, step = windowed.windowizer_.n_samples_, windowed.windowizer_.step_
    rate = recording.sampling_rate
    if recording.samples.shape[0] < n_samples:
        raise ValueError(
            f"{recording.file}: expected at least one window, {n_samples} samples at {rate:g} Hz, got "
            f"{recording.samples.shape[0]}."
        )
    expected = road.n_features_in_
    if recording.samples.shape[1] != expected:
        raise ValueError(
            f"{recording.file}: expected {expected} channels, as the model was trained on, got "
            f"{recording.samples.shape[1]}."
        )
    per_block = max(1, round(_BLOCK * rate / step))
    blocks = iter_filtered(
        recording.samples,
        road,
        chunk_size=(per_block - 1) * step + n_samples,
        overlap=n_samples - step,
        apply=partial(_predict_block, road[-1].bands_, windowed, recording, distance, find_unworn(recording)),
        n_jobs=n_jobs,
    )
    yield from (block for block in blocks if block is not None)


def _predict_block(
    bands: dict,
    windowed: WindowedClassifier,
    recording: Recording,
    distance: TrainingDistance | None,
    unworn: np.ndarray | None,
    start: int,
    signals: np.ndarray,
) -> pd.DataFrame | None:
    n_samples, step = windowed.windowizer_.n_samples_, windowed.windowizer_.step_
    if len(signals) < n_samples:
        return None
    raw = np.asarray(recording.samples[start : start + len(signals)], dtype=np.float64)
    cut = partial(_cut, n_samples=n_samples, step=step)
    windows, raw_windows = cut(signals), cut(raw)
    whole = ~(np.isnan(windows).any(axis=(1, 2)) | np.isnan(raw_windows).any(axis=(1, 2)))
    begin = start + step * np.arange(len(windows))
    frame = pd.DataFrame(
        {"start_s": begin / recording.sampling_rate, "end_s": (begin + n_samples) / recording.sampling_rate}
    )
    if recording.start_time is not None:
        frame["start_time"] = recording.start_time + pd.to_timedelta(frame["start_s"], unit="s").dt.round("ms")
    described = _describe(windowed, windows[whole], raw_windows[whole], recording.sampling_rate, bands, distance)
    described.index = np.flatnonzero(whole)
    frame = pd.concat([frame, described.reindex(frame.index)], axis=1)
    return pd.concat([frame, flag_windows(recording, raw_windows, begin, whole, unworn)], axis=1)


def flag_windows(
    recording: Recording, windows: np.ndarray, begin: np.ndarray, whole: np.ndarray, unworn: np.ndarray | None
) -> pd.DataFrame:
    """Flag windows of a recording.

    Parameters
    ----------
    recording : Recording
        The recording.
    windows : ndarray of shape (n_windows, n_samples, n_channels)
        Its samples.
    begin : ndarray of shape (n_windows,)
        Where each begins.
    whole : ndarray of shape (n_windows,), bool
        Which touch no gap.
    unworn : ndarray of shape (n, 2) or None
        As `find_unworn` returns it.

    Returns
    -------
    flags : DataFrame
        gap, nonwear and clipping; missing where it could not be checked.
    """
    flags = pd.DataFrame({"gap": ~whole})
    for name in ("nonwear", "clipping"):
        flags[name] = pd.array([pd.NA] * len(flags), dtype="boolean")
    if unworn is not None:
        flags["nonwear"] = pd.array(_overlaps(begin, begin + windows.shape[1], unworn), dtype="boolean")
    if recording.clips_at is not None:
        # A comparison with NaN is false.
        flags["clipping"] = pd.array((np.abs(windows) >= recording.clips_at).any(axis=(1, 2)), dtype="boolean")
    return flags


def _cut(signals: np.ndarray, n_samples: int, step: int) -> np.ndarray:
    return sliding_window_view(signals, n_samples, axis=0)[::step].swapaxes(1, 2)


def _describe(
    windowed: WindowedClassifier,
    windows: np.ndarray,
    raw: np.ndarray,
    rate: float,
    bands: dict,
    distance: TrainingDistance | None,
) -> pd.DataFrame:
    """Predict and measure windows without gaps, of which there may be none."""
    make_features, classify = split_features(windowed.estimator_)
    classes = windowed.classes_
    prediction, proba = classes[:0], np.zeros((0, len(classes)))
    far = np.full(len(windows), np.nan)
    if len(windows):
        features = windows if make_features is None else make_features.transform(windows)
        if hasattr(classify, "predict_proba"):
            found = classify.predict_proba(features)
            proba = np.zeros((len(windows), len(classes)))
            proba[:, np.searchsorted(classes, classify.classes_)] = found
            # Of the same probabilities, since some classifiers draw or compute them anew.
            prediction = classes[proba.argmax(axis=1)]
        else:
            prediction = classify.predict(features)
            proba = np.full((len(windows), len(classes)), np.nan)
        if distance is not None and make_features is not None:
            far = distance.measure(features)
    frame = pd.DataFrame({"prediction": prediction})
    frame[[f"proba_{label}" for label in classes.tolist()]] = proba
    if len(windows):
        frame = pd.concat([frame, measure_tremor(raw, rate, bands)], axis=1)
    else:
        empty = measure_tremor(np.zeros((1, windowed.windowizer_.n_samples_, 1)), rate, bands)
        frame = pd.concat([frame, empty.iloc[:0]], axis=1)
    # Missing in gaps, and of one type in every block.
    frame["prediction"] = frame["prediction"].astype(_missing_type(classes))
    known = distance is not None and make_features is not None
    frame["unlike_training"] = pd.array(far > 1 if known else [pd.NA] * len(frame), dtype="boolean")
    frame["training_distance"] = far
    return frame


def _missing_type(classes: np.ndarray) -> str:
    return {"i": "Int64", "u": "Int64", "b": "boolean", "f": "float64"}.get(classes.dtype.kind, "string")


def check_magnitude(recording: Recording, expected: float) -> None:
    """Refuse a recording whose acceleration is of another size than gravity, or its lack, in the training data.

    Parameters
    ----------
    recording : Recording
        Of which stretches over its whole length are read.
    expected : float
        Median length of the acceleration vectors of the training data, m/s^2.

    Raises
    ------
    DataFileError
        If that of the recording is less than half or more than twice as much.
    """
    n_timesteps = recording.samples.shape[0]
    length = round(_LOOK * recording.sampling_rate)
    starts = np.unique(np.linspace(0, max(0, n_timesteps - length), _N_LOOKS).astype(int))
    looks = np.concatenate([np.asarray(recording.samples[k : k + length]) for k in starts])
    lengths = np.linalg.norm(looks[~np.isnan(looks).any(axis=1)], axis=1)
    found = float(np.median(lengths)) if len(lengths) else expected
    if not expected / 2 <= found <= 2 * expected:
        raise DataFileError(
            recording.file,
            found=f"a median acceleration of {found:.3g} m/s^2",
            expected=f"about {expected:.3g} m/s^2, as in the training data",
            advice="Check units (g or m/s^2), and whether gravity was taken out.",
        )


def find_unworn(recording: Recording) -> np.ndarray | None:
    """Return the (start, stop) of the stretches that were not worn, found piece by piece; None if it is too short."""
    samples, rate = recording.samples, recording.sampling_rate
    n_timesteps, n_channels = samples.shape
    if n_timesteps < _PIECE * rate or n_channels != 3:
        return None
    found = []
    n_pieces = max(1, int(n_timesteps / rate // _PIECE))
    for k in range(n_pieces):
        begin, end = k * _PIECE, (k + 1) * _PIECE if k < n_pieces - 1 else n_timesteps / rate
        low = max(0, round((begin - _HALO) * rate))
        high = min(n_timesteps, round((end + _HALO) * rate))
        intervals = find_nonwear(samples[low:high], rate)
        inside = intervals[["start", "stop"]].to_numpy() + low
        inside = inside.clip(round(begin * rate), min(n_timesteps, round(end * rate)))
        found.append(inside[inside[:, 0] < inside[:, 1]])
    return np.concatenate(found)


def _overlaps(begin: np.ndarray, end: np.ndarray, intervals: np.ndarray) -> np.ndarray:
    """Tell which stretches overlap one of `intervals`, which are in order and do not overlap each other."""
    if not len(intervals):
        return np.zeros(len(begin), dtype=bool)
    # The first interval that ends behind the beginning is the only one that has to be looked at.
    k = np.searchsorted(intervals[:, 1], begin, side="right")
    return (k < len(intervals)) & (intervals[np.minimum(k, len(intervals) - 1), 0] < end)


def is_severity(classes: Sequence[Any]) -> bool:
    """Whether classes are degrees of tremor, of which 0 is none; truth values are names, not degrees."""
    numbers = all(isinstance(label, (int, float)) and not isinstance(label, bool) for label in classes)
    return numbers and min(classes) == 0


class DaySummary:
    """Adds up the windows of one recording, a day at a time.

    Parameters
    ----------
    labels : dict
        What stands in front of every row: recording, file, subject.
    classes : sequence
        The classes. If they are numbers from 0 on, 0 is no tremor.
    """

    def __init__(self, labels: dict[str, Any], classes: list) -> None:
        self.labels, self.classes = labels, classes
        # By position: a class may be called "used" or "gap".
        self._counted = [f"class {position}" for position in range(len(classes))]
        self._days: dict[Any, pd.Series] = {}
        self._known: set[str] = set()

    def add(self, block: pd.DataFrame) -> None:
        """Count the windows of a block."""
        if "start_time" in block:
            days = block["start_time"].dt.strftime("%Y-%m-%d")
        else:
            days = "day " + (block["start_s"] // _DAY + 1).astype(int).astype(str)
        flags = {name: block[name].fillna(False).astype(bool) for name in _FLAGS}
        used = ~flags["gap"] & ~flags["nonwear"]
        counts = pd.DataFrame({"n_windows": 1, **{f"n_{name}": flag for name, flag in flags.items()}}, block.index)
        counts["n_used"] = used
        counts["n_used_unlike"] = used & flags["unlike_training"]
        for name, label in zip(self._counted, self.classes, strict=True):
            counts[name] = (used & (block["prediction"] == label)).fillna(False)
        counts["end_s"] = block["end_s"]
        # What no window says was not checked.
        self._known |= {name for name in _FLAGS if block[name].notna().any()}
        for day, rows in counts.groupby(days, sort=False):
            total = rows.drop(columns="end_s").astype(int).sum()
            self._days[day] = self._days.get(day, 0) + total

    def rows(self) -> pd.DataFrame:
        """Return one row a day, and one of all days where there are several.

        Returns
        -------
        summary : DataFrame
            The labels, day, numbers of windows (all, with each flag, and used: neither in a gap nor not worn), and of
            the windows used share_unlike_training, share_<class>, and for severities share_tremor (above 0) and
            mean_severity.
        """
        counts = pd.DataFrame(self._days).T
        counts.index.name = "day"
        if len(counts) > 1:
            counts.loc["all"] = counts.sum()
        counts = counts.astype("Int64")
        used = counts["n_used"].astype(float).replace(0.0, np.nan)
        shares = counts[self._counted].astype(float).div(used, axis=0)
        table = counts.drop(columns=[*self._counted, "n_used_unlike"])
        table["share_unlike_training"] = counts["n_used_unlike"].astype(float) / used
        names = [f"share_{label}" for label in self.classes]
        shares.columns = [f"{name}_class" if name in table else name for name in names]
        for name in set(_FLAGS) - self._known:
            table[f"n_{name}"] = pd.NA
        if "unlike_training" not in self._known:
            table["share_unlike_training"] = np.nan
        if is_severity(self.classes):
            table["share_tremor"] = 1 - shares.iloc[:, self.classes.index(0)]
            table["mean_severity"] = shares.to_numpy() @ np.array(self.classes, dtype=float)
        table = pd.concat([table, shares], axis=1).reset_index()
        for position, (name, value) in enumerate(self.labels.items()):
            table.insert(position, name, value)
        return table
