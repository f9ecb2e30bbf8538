"""How signals are checked and thinned out before they are drawn."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import pandas as pd

__all__ = ["as_columns", "check_names", "check_windows", "decimate", "rms"]

#: Bins that a signal is reduced to: two points each, more than a page has pixels.
_MAX_BINS = 1500


def decimate(columns: np.ndarray, max_bins: int = _MAX_BINS) -> tuple[np.ndarray, np.ndarray]:
    """Reduce signals to the minimum and maximum of each bin, leaving short ones alone.

    Parameters
    ----------
    columns : ndarray of shape (n_timesteps, n_columns)
        The signals.
    max_bins : int
        The number of bins.

    Returns
    -------
    positions : ndarray of shape (n_points,)
        In samples.
    values : ndarray of shape (n_points, n_columns)
        The minima and maxima in turn; nan where a bin holds nothing else.
    """
    n = len(columns)
    if n <= 2 * max_bins:
        return np.arange(n), columns
    edges = np.linspace(0, n, max_bins, endpoint=False).astype(int)
    positions = np.column_stack([edges, edges + n / max_bins / 2]).ravel()
    values = np.empty((2 * max_bins, columns.shape[1]))
    for i in range(columns.shape[1]):
        column = np.ascontiguousarray(columns[:, i])
        values[::2, i] = np.fmin.reduceat(column, edges)
        values[1::2, i] = np.fmax.reduceat(column, edges)
    return positions, values


def as_columns(signals: Any, name: str, length: int | None) -> np.ndarray:
    """Return one recording as (n_timesteps, n_columns) float64, checked."""
    columns = np.asarray(signals, dtype=np.float64)
    if columns.ndim not in (1, 2) or columns.size == 0:
        raise ValueError(
            f"`{name}` expected one recording, (n_timesteps,) or (n_timesteps, n_columns), got shape {columns.shape}: "
            "of a batch pass one row, X[0]."
        )
    if length is not None and len(columns) != length:
        raise ValueError(f"`{name}` expected {length} timesteps, as many as the recording, got {len(columns)}.")
    return columns.reshape(len(columns), -1)


def check_names(names: Sequence[str] | None, default: Sequence[str], n: int, parameter: str) -> list[str]:
    """Return one name a column, or the default."""
    if names is None:
        return list(default)
    if len(names) != n:
        raise ValueError(f"`{parameter}` expected {n} name(s), one a column, got {len(names)}: {list(names)}.")
    return list(names)


def check_windows(windows: pd.DataFrame, length: int) -> None:
    """Raise where windows are not those of a recording of this length."""
    missing = [column for column in ("start", "stop") if column not in windows]
    if missing:
        raise ValueError(f"`windows` expected the columns start and stop, got {list(windows.columns)}.")
    wrong = (windows["start"] < 0) | (windows["stop"] > length) | (windows["stop"] <= windows["start"])
    if wrong.any():
        row = windows.loc[wrong, ["start", "stop"]].iloc[0]
        raise ValueError(
            f"`windows` expected 0 <= start < stop <= {length} in samples, got start {row['start']} and stop "
            f"{row['stop']}: pass the windows of this recording only."
        )


def rms(signal: np.ndarray) -> float:
    """Return the root mean square of what is known of a signal; nan where nothing is."""
    known = signal[~np.isnan(signal)]
    return float(np.sqrt(known @ known / len(known))) if len(known) else float("nan")
