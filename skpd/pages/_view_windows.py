"""The windows of a recording: what a model says of them, or what is measured without one; bouts and days."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import numpy as np
import pandas as pd
from numpy.lib.stride_tricks import sliding_window_view

from ..models import measure_tremor
from ..models._predict import find_unworn, flag_windows
from ..models._recording import Recording
from ._view_layers import encode_numbers

__all__ = [
    "FLAGS",
    "find_bouts",
    "measure_days",
    "measure_windows",
    "strongest_windows",
    "timeline_json",
]

#: Columns of flags and what they are called.
FLAGS = {"gap": "gap", "nonwear": "not worn", "clipping": "clipped", "unlike_training": "unlike training data"}
#: s: length of the windows, from one to the next, and of what is in memory at once.
_LENGTH, _STEP, _BLOCK = 4.0, 2.0, 1800.0
#: Bins of the timeline.
_BINS = 4000


def measure_windows(recording: Recording, bands: Mapping[str, tuple[float, float]]) -> Iterator[pd.DataFrame]:
    """Measure the movement in windows of 4 s, 2 s apart, as `predict_recording` does for those of a model.

    Parameters
    ----------
    recording : Recording
        The recording.
    bands : mapping of str to (float, float)
        Edges in Hz.

    Yields
    ------
    block : DataFrame
        start_s, end_s, frequency and amplitude in each band, gap, nonwear, clipping.
    """
    rate, n_timesteps = recording.sampling_rate, recording.samples.shape[0]
    length, step = round(_LENGTH * rate), round(_STEP * rate)
    per_block = round(_BLOCK / _STEP)
    unworn = find_unworn(recording)
    n_windows = max(0, (n_timesteps - length) // step + 1)
    for first in range(0, n_windows, per_block):
        begin = step * np.arange(first, min(first + per_block, n_windows))
        raw = np.asarray(recording.samples[begin[0] : begin[-1] + length], dtype=np.float64)
        windows = sliding_window_view(raw, length, axis=0)[::step].swapaxes(1, 2)
        whole = np.logical_not(np.isnan(windows).any(axis=(1, 2)))
        frame = pd.DataFrame({"start_s": begin / rate, "end_s": (begin + length) / rate})
        # Of an empty table of windows there is a row to take the columns from.
        measures = measure_tremor(windows[whole] if whole.any() else np.zeros((1, length, 1)), rate, bands)
        measures.index = np.flatnonzero(whole) if whole.any() else pd.Index([-1])
        flags = flag_windows(recording, windows, begin, whole, unworn)
        yield pd.concat([frame, measures.reindex(frame.index), flags], axis=1)


def find_bouts(windows: pd.DataFrame, bands: Sequence[str]) -> pd.DataFrame:
    """Join neighbouring windows with tremor.

    Parameters
    ----------
    windows : DataFrame
        Predictions, of which 0 is no tremor; those in gaps or not worn do not count.
    bands : sequence of str
        Names of the bands.

    Returns
    -------
    bouts : DataFrame
        One row a bout: start_s, end_s, duration_s, mean and highest severity, the band that moves most, its frequency
        (median), acceleration and displacement (means), n_windows, and whether any of them is flagged.
    """
    tremor = (windows["prediction"].fillna(0) > 0) & ~_flag(windows, "gap") & ~_flag(windows, "nonwear")
    rows = []
    for _, run in windows[tremor].groupby((~tremor).cumsum()[tremor]):
        sizes = [run[f"{name}_acceleration_m_s2"].mean() for name in bands]
        band = bands[int(np.argmax(sizes))]
        start, end = float(run["start_s"].iloc[0]), float(run["end_s"].iloc[-1])
        rows.append(
            {
                "start_s": start,
                "end_s": end,
                "duration_s": end - start,
                "severity": float(run["prediction"].mean()),
                "highest": run["prediction"].max(),
                "band": band,
                "frequency_hz": float(run[f"{band}_frequency_hz"].median()),
                "acceleration_m_s2": float(run[f"{band}_acceleration_m_s2"].mean()),
                "displacement_cm": float(run[f"{band}_displacement_cm"].mean()),
                "n_windows": len(run),
                "flags": ", ".join(text for name, text in FLAGS.items() if _flag(run, name).any()),
            }
        )
    columns = ["start_s", "end_s", "duration_s", "severity", "highest", "band", "frequency_hz", "acceleration_m_s2"]
    return pd.DataFrame(rows, columns=[*columns, "displacement_cm", "n_windows", "flags"])


def strongest_windows(windows: pd.DataFrame, bands: Sequence[str], n: int, apart: float) -> list[float]:
    """Return when the windows of the largest movement in the bands begin, each `apart` (s) from the others."""
    size = _amplitudes(windows, bands).max(axis=1)
    found: list[float] = []
    for row in np.argsort(-np.where(np.isnan(size), -1, size), kind="stable")[: 50 * n]:
        start = float(windows["start_s"].iloc[row])
        if size[row] > 0 and all(abs(start - other) >= apart for other in found):
            found.append(start)
        if len(found) == n:
            break
    return sorted(found)


def measure_days(windows: pd.DataFrame, bands: Sequence[str], start_time: pd.Timestamp | None) -> pd.DataFrame:
    """Summarise the windows of each day: how many, how many flagged, and median and 95th percentile of the movement."""
    if start_time is None:
        days = "day " + (windows["start_s"] // 86_400 + 1).astype(int).astype(str)
    else:
        days = (start_time + pd.to_timedelta(windows["start_s"], unit="s")).dt.strftime("%Y-%m-%d")
    rows = []
    for day, run in windows.groupby(days, sort=False):
        row: dict[str, Any] = {"day": day, "n_windows": len(run)}
        for name in ("gap", "nonwear", "clipping"):
            row[f"n_{name}"] = int(_flag(run, name).sum()) if run[name].notna().any() else pd.NA
        used = run[~_flag(run, "gap") & ~_flag(run, "nonwear")]
        row["n_used"] = len(used)
        for name in bands:
            size = used[f"{name}_acceleration_m_s2"]
            row[f"{name}_median"], row[f"{name}_p95"] = size.median(), size.quantile(0.95)
        rows.append(row)
    return pd.DataFrame(rows)


def timeline_json(windows: pd.DataFrame, bands: Sequence[str], classes: Sequence[Any]) -> dict[str, Any]:
    """Join windows to bins that a page can hold.

    Parameters
    ----------
    windows : DataFrame
        Evenly spaced, as `predict_recording` and `measure_windows` return them.
    bands : sequence of str
        Names of the bands.
    classes : sequence
        Of the model; empty without one.

    Returns
    -------
    timeline : dict
        Share of the windows of each class and mean probability, mean amplitude in each band, frequency of the
        strongest window, and share of flagged windows, by bin; numbers in base64.
    """
    n = len(windows)
    joined = max(1, -(-n // _BINS))
    step = float(windows["start_s"].iloc[1] - windows["start_s"].iloc[0]) if n > 1 else _STEP
    middle = float(windows["start_s"].iloc[0] + windows["end_s"].iloc[0]) / 2
    columns: dict[str, np.ndarray] = {}
    amplitude = _amplitudes(windows, bands)
    frequency = np.stack([windows[f"{name}_frequency_hz"].to_numpy(dtype=float) for name in bands], axis=1)
    known = ~np.isnan(amplitude).any(axis=1)
    strongest = np.where(known, np.where(np.isnan(amplitude), -1, amplitude).argmax(axis=1), 0)
    columns["amplitude"] = _bins(amplitude, joined)
    of_strongest = np.where(known, frequency[np.arange(n), strongest], np.nan)
    weight = np.where(known, amplitude.max(axis=1), -1)
    columns["frequency"] = _at_largest(of_strongest, weight, joined)[:, None]
    if len(classes):
        hit = np.stack([(windows["prediction"] == label).fillna(False).to_numpy(dtype=float) for label in classes], 1)
        columns["shares"] = _bins(hit, joined)
        proba = np.stack([windows[f"proba_{label}"].to_numpy(dtype=float) for label in classes], axis=1)
        columns["probabilities"] = _bins(proba, joined)
    flags = {}
    for name, text in FLAGS.items():
        if name in windows and _flag(windows, name).any():
            flags[text] = _flag(windows, name).to_numpy(dtype=float)
    if flags:
        columns["flags"] = _bins(np.stack(list(flags.values()), axis=1), joined)
    return {
        "start": middle - step / 2,
        "step": joined * step,
        "n": -(-n // joined),
        "joined": joined,
        "flag_names": list(flags),
        **{name: encode_numbers(values.T.astype("<f4")) for name, values in columns.items()},
    }


def _flag(windows: pd.DataFrame, name: str) -> pd.Series:
    if name not in windows:
        return pd.Series(False, index=windows.index)
    return windows[name].fillna(False).astype(bool)


def _amplitudes(windows: pd.DataFrame, bands: Sequence[str]) -> np.ndarray:
    return np.stack([windows[f"{name}_acceleration_m_s2"].to_numpy(dtype=float) for name in bands], axis=1)


def _bins(values: np.ndarray, joined: int) -> np.ndarray:
    padded = np.pad(values, ((0, -len(values) % joined), (0, 0)), constant_values=np.nan)
    groups = padded.reshape(-1, joined, values.shape[1])
    count = (~np.isnan(groups)).sum(axis=1)
    return np.where(np.isnan(groups), 0, groups).sum(axis=1) / np.where(count > 0, count, np.nan)


def _at_largest(values: np.ndarray, weight: np.ndarray, joined: int) -> np.ndarray:
    """Return of each bin the value where the weight is largest."""
    short = -len(values) % joined
    values = np.pad(values, (0, short), constant_values=np.nan).reshape(-1, joined)
    weight = np.pad(weight, (0, short), constant_values=-2).reshape(-1, joined)
    return values[np.arange(len(values)), weight.argmax(axis=1)]
