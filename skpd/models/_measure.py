"""Frequency and amplitude of the movement in each band, window by window."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import pandas as pd
from scipy.signal import detrend
from scipy.signal.windows import hann

from ..signal import band_channel_names

__all__ = ["measure_tremor"]


def measure_tremor(
    windows: np.ndarray, sampling_rate: float, bands: Mapping[str, tuple[float, float]] | None = None
) -> pd.DataFrame:
    """Measure frequency, acceleration and displacement of the movement in frequency bands.

    Parameters
    ----------
    windows : ndarray of shape (n_windows, n_samples, n_channels)
        Raw acceleration in m/s^2, gravity included, without gaps.
    sampling_rate : float
        Hz.
    bands : mapping of str to (float, float) or None, default=None
        Edges in Hz by name; None for 3-6, 6-9 and 9-12 Hz.

    Returns
    -------
    measures : DataFrame
        One row a window, and for each band, such as ``rest_3_6hz``: ``_frequency_hz`` where its spectrum is largest,
        ``_acceleration_m_s2`` and ``_displacement_cm``, the amplitudes of a sine wave of this frequency with the power
        that the band has over all axes. Frequency and displacement are NaN where nothing moves.

    Notes
    -----
    The spectrum is that of the raw axes (trend removed, Hann window) summed over them, not that of their magnitude,
    which shows tremor at right angles to gravity at twice its frequency. The peak is interpolated between frequencies
    by a parabola through logarithms. Displacement is a / (2 pi f)^2, which holds for tremor of one frequency along a
    line. There is a value for every window, with tremor or without: what is no tremor is movement in the same band.

    References
    ----------
    .. [1] Elble R. J. & McNames J., "Using portable transducers to measure tremor severity", Tremor and Other
       Hyperkinetic Movements 6 (2016) 375.

    Examples
    --------
    >>> import numpy as np
    >>> from skpd.models import measure_tremor
    >>> t = np.arange(400) / 100
    >>> window = np.stack([2 * np.sin(2 * np.pi * 5 * t), 0 * t, 0 * t + 9.81], axis=1)
    >>> measure_tremor(window[None], 100.0).iloc[0, :3].round(2).tolist()
    [5.0, 2.0, 0.2]
    """
    bands = {"rest": (3, 6), "postural": (6, 9), "kinetic": (9, 12)} if bands is None else dict(bands)
    n_samples = windows.shape[1]
    taper = hann(n_samples, sym=False)
    spectrum = np.fft.rfft(detrend(windows, axis=1) * taper[:, None], axis=1)
    # By Parseval's theorem the sum over a band is the mean square of what moves in it.
    power = (2 / (n_samples * (taper**2).sum())) * (spectrum.real**2 + spectrum.imag**2).sum(axis=2)
    frequency = np.fft.rfftfreq(n_samples, 1 / sampling_rate)
    columns = {}
    for name, (low, high) in zip(band_channel_names(bands), bands.values(), strict=True):
        inside = np.flatnonzero((frequency >= low) & (frequency <= high))
        peak = _peak(power, inside, frequency[1]).clip(low, high)
        amplitude = np.sqrt(2 * power[:, inside].sum(axis=1))
        # What is left of rounding is no movement.
        still = amplitude < 1e-9
        peak[still] = np.nan
        columns[f"{name}_frequency_hz"] = peak
        columns[f"{name}_acceleration_m_s2"] = amplitude
        columns[f"{name}_displacement_cm"] = 100 * amplitude / (2 * np.pi * peak) ** 2
    return pd.DataFrame(columns)


def _peak(power: np.ndarray, inside: np.ndarray, step: float) -> np.ndarray:
    """Return the frequency of the largest power among the bins `inside`, between bins where it lies between them."""
    rows = np.arange(len(power))
    at = inside[power[:, inside].argmax(axis=1)]
    before, here, after = (
        np.log(np.maximum(power[rows, np.clip(at + k, 0, power.shape[1] - 1)], 1e-300)) for k in (-1, 0, 1)
    )
    curvature = before - 2 * here + after
    is_peak = (here >= before) & (here >= after) & (curvature < 0)
    offset = np.where(is_peak, 0.5 * (before - after) / np.where(is_peak, curvature, 1.0), 0.0)
    return (at + offset) * step
