"""The table of windows of one recording that does not fit into memory."""

from __future__ import annotations

import warnings
from collections.abc import Iterator
from dataclasses import dataclass
from functools import partial
from typing import Any

import numpy as np
import pandas as pd
from numpy.lib.stride_tricks import sliding_window_view

from ..exceptions import SkippedDataWarning
from ..features import TremorFeatures
from ..signal import Windowizer, band_channel_names, iter_filtered
from ._tremor import make_signal_road

__all__ = ["WindowBlock", "stream_window_features"]


@dataclass(frozen=True, eq=False)
class WindowBlock:
    """Consecutive windows of one recording.

    Attributes
    ----------
    X : DataFrame of shape (n_windows, n_features)
        Features, not yet imputed or scaled.
    index : DataFrame of shape (n_windows, 2)
        `start` and `stop` of each window in samples of the recording.
    skipped : DataFrame
        `start` and `stop` of the windows that were left out because they touch a gap.
    """

    X: pd.DataFrame
    index: pd.DataFrame
    skipped: pd.DataFrame


def stream_window_features(
    recording: Any,
    *,
    sampling_rate: float,
    road: str = "magnitude",
    bands: dict | None = None,
    duration: float = 4.0,
    overlap: float = 0.5,
    chunk_duration: float = 1800.0,
    gaps: str = "warn",
    n_jobs: int | None = None,
) -> Iterator[WindowBlock]:
    """Turn one recording of any length into the features of its windows, block by block.

    The blocks put together are the table that `make_window_table` makes of the recording, but for rounding; the memory
    needed does not depend on its length.

    Parameters
    ----------
    recording : array of shape (n_timesteps,) or (n_timesteps, n_channels), or iterable of such arrays
        One recording, in m/s^2: a memory map such as ``numpy.load(file, mmap_mode="r")``, anything else with a `shape`
        that slices to arrays, or its consecutive pieces. NaN marks a gap.
    sampling_rate : float
        Samples a second, in Hz.
    road, bands : str, dict or None
        As in `make_signal_road`. "principal-axis" reads the recording twice.
    duration : float, default=4.0
        Length of a window in seconds.
    overlap : float, default=0.5
        Share of a window that the next one repeats.
    chunk_duration : float, default=1800.0
        Seconds of the recording that make one block: more is slightly faster and needs more memory.
    gaps : {"warn", "ignore"}, default="warn"
        Whether to warn of the windows that touch a gap. They are left out and listed in `skipped` either way.
    n_jobs : int or None, default=None
        Threads, each of which filters and describes its own block. Results do not depend on it.

    Yields
    ------
    block : WindowBlock
        Windows that start within one `chunk_duration`, in order.

    Raises
    ------
    ValueError
        If a parameter is out of range, the recording is transposed or shorter than a window, or it holds an infinite
        value.
    TypeError
        If the recording is a path, or neither an array nor an iterable.

    Warns
    -----
    SkippedDataWarning
        Behind the last block, with their number, if windows touched a gap and ``gaps="warn"``.

    See Also
    --------
    make_window_table : The same for a batch of labelled recordings in memory.
    skpd.signal.iter_filtered : The band-passed signal itself.

    Examples
    --------
    >>> import numpy as np
    >>> from skpd.recipes import stream_window_features
    >>> recording = np.random.default_rng(0).normal(9.81, 0.1, size=(50_000, 3))
    >>> blocks = stream_window_features(recording, sampling_rate=100.0, chunk_duration=200)
    >>> [block.X.shape for block in blocks]
    [(100, 102), (100, 102), (49, 102)]
    """
    if gaps not in ("warn", "ignore"):
        raise ValueError(f"gaps: expected 'warn' or 'ignore', got {gaps!r}.")
    if not chunk_duration > 0:
        raise ValueError(f"chunk_duration: expected seconds above 0, got {chunk_duration!r}.")
    # A single sample is enough to check the parameters, which alone decide all lengths and names.
    windowizer = Windowizer(sampling_rate, duration, overlap).fit(np.zeros((1, 1)))
    signal_road = make_signal_road(sampling_rate, road=road, bands=bands).fit(np.zeros((1, 1, 1)))
    n_samples, step = windowizer.n_samples_, windowizer.step_
    per_block = max(1, round(chunk_duration * sampling_rate / step))
    blocks = iter_filtered(
        recording,
        signal_road,
        chunk_size=(per_block - 1) * step + n_samples,
        overlap=n_samples - step,
        apply=partial(_describe, windowizer, signal_road[-1].bands_),
        n_jobs=n_jobs,
    )
    blocks = (block for block in blocks if block is not None)
    return blocks if gaps == "ignore" else _warn_of_gaps(blocks)


def _describe(windowizer: Windowizer, bands: dict, start: int, signals: np.ndarray) -> WindowBlock | None:
    """Cut the signals from timestep `start` on into windows and compute their features; None if there is no window."""
    n_samples, step = windowizer.n_samples_, windowizer.step_
    if len(signals) < n_samples:
        if start:
            return None
        raise ValueError(
            f"recording: expected at least one window, {n_samples} samples (duration={windowizer.duration:g} s at "
            f"{windowizer.sampling_rate:g} Hz), got {len(signals)} sample(s): use a shorter duration."
        )
    windows = sliding_window_view(signals, n_samples, axis=0)[::step].swapaxes(1, 2)
    starts = start + step * np.arange(len(windows))
    index = pd.DataFrame({"start": starts, "stop": starts + n_samples})
    n_missing = np.concatenate([[0], np.isnan(signals.T).any(axis=0).cumsum()])
    whole = (n_missing[n_samples:] == n_missing[:-n_samples])[::step]
    names = band_channel_names(bands, signals.shape[1] // len(bands))
    features = TremorFeatures(windowizer.sampling_rate, channel_names=names, n_jobs=1)
    columns = features.fit(np.zeros_like(windows[:1])).get_feature_names_out()
    if whole.all():
        values = features.transform(windows)
    elif whole.any():
        values = features.transform(windows[whole])
    else:
        values = np.empty((0, len(columns)))
    return WindowBlock(
        pd.DataFrame(values, columns=columns),
        index[whole].reset_index(drop=True),
        index[~whole].reset_index(drop=True),
    )


def _warn_of_gaps(blocks: Iterator[WindowBlock]) -> Iterator[WindowBlock]:
    n_skipped = n_windows = 0
    for block in blocks:
        n_skipped += len(block.skipped)
        n_windows += len(block.skipped) + len(block.index)
        yield block
    if n_skipped:
        warnings.warn(
            f"{n_skipped} of {n_windows} windows left out (gap): see WindowBlock.skipped.",
            SkippedDataWarning,
            stacklevel=2,
        )
