"""The 34 tremor features of one channel, in plain NumPy: readable, correct, and the yardstick of the fast kernels.

Three groups, in the order of the published list: 13 statistics, each of the window and of its amplitude spectrum
(interleaved), the number of peaks, and 7 features of the power spectral density (PSD).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np
from scipy import signal

__all__ = ["N_FEATURES", "TremorParams", "band_bins", "compute_tremor34"]

N_FEATURES = 34

#: Windows are worked on in blocks of about this many samples, which bounds the memory of the intermediate arrays.
_BLOCK_SAMPLES = 2**17


@dataclass(frozen=True)
class TremorParams:
    """What the paper leaves open, fixed for one channel."""

    lag: int = 1
    peak_support: int = 1
    cid_normalize: bool = False
    entropy_m: int = 2
    entropy_r: float = 0.2
    #: Whether the spectrum copies are taken of all bins of |fft| instead of |rfft|, and the PSD is not doubled.
    two_sided: bool = False
    psd: Literal["periodogram", "welch"] = "periodogram"
    #: Length of a Welch segment in samples; None for half the window.
    welch_length: int | None = None
    #: The frequencies (low, high) in Hz whose bins count, both included; None for 0 to the Nyquist frequency.
    limits: tuple[float, float] | None = None
    dispersion_fraction: float = 0.68
    centroid: Literal["amplitude", "frequency"] = "amplitude"
    difference: Literal["median-minus-fundamental", "fundamental-minus-median", "absolute"] = "median-minus-fundamental"


def band_bins(n_samples: int, sampling_rate: float, limits: tuple[float, float] | None) -> slice:
    """Return the slice of the ``n_samples // 2 + 1`` spectrum bins that lie within `limits`."""
    n_bins = n_samples // 2 + 1
    if limits is None:
        return slice(0, n_bins)
    # Bin k lies at k / duration. The tolerance keeps a bin whose frequency is a limit but for rounding, of the sampling
    # rate too: one that was measured by a clock in seconds since 1970 is off by 1e-9 of it and more.
    duration, tolerance = n_samples / sampling_rate, 1e-3
    start = max(0, int(np.ceil(limits[0] * duration - tolerance)))
    stop = min(n_bins, int(np.floor(limits[1] * duration + tolerance)) + 1)
    return slice(start, max(start, stop))


def compute_tremor34(windows: np.ndarray, *, sampling_rate: float, params: TremorParams) -> np.ndarray:
    """Compute the 34 features, in the catalogue's order, of the windows of one channel.

    Parameters
    ----------
    windows : ndarray of shape (n_windows, n_timesteps)
        float64 and finite; may be a strided view, is never written to.
    sampling_rate : float
        Hz.
    params : TremorParams
        Lag, entropy, spectrum and so on.

    Returns
    -------
    features : ndarray of shape (n_windows, 34)
        float64; what is undefined is nan, never infinite.
    """
    features = np.empty((len(windows), N_FEATURES))
    block = max(1, _BLOCK_SAMPLES // windows.shape[1])
    for start in range(0, len(windows), block):
        rows = slice(start, start + block)
        # Contiguous rows make NumPy sum each of them pairwise, as tsfresh's one-window calculators do.
        x = np.ascontiguousarray(windows[rows])
        with np.errstate(divide="ignore", invalid="ignore"):
            features[rows] = _block_features(x, sampling_rate, params)
    return features


def _block_features(x: np.ndarray, sampling_rate: float, params: TremorParams) -> np.ndarray:
    n_samples = x.shape[1]
    transform = np.fft.rfft(x, axis=1)
    amplitude = np.abs(transform)
    if params.two_sided:
        # A real window's spectrum is symmetric: bins 1, 2, ... come again, in reverse order, as negative frequencies.
        mirrored = amplitude[:, 1 : (n_samples + 1) // 2][:, ::-1]
        spectrum = np.ascontiguousarray(np.concatenate([amplitude, mirrored], axis=1))
    else:
        spectrum = amplitude

    features = np.empty((len(x), N_FEATURES))
    features[:, 0:26:2] = _statistics(x, params)
    features[:, 1:26:2] = _statistics(spectrum, params)
    features[:, 26] = _number_of_peaks(x, params.peak_support)

    if params.psd == "welch":
        n_fft = min(params.welch_length or max(1, n_samples // 2), n_samples)
        psd = signal.welch(
            x, sampling_rate, nperseg=n_fft, detrend=False, return_onesided=not params.two_sided, axis=1
        )[1][:, : n_fft // 2 + 1]
    else:
        n_fft = n_samples
        psd = amplitude**2 / (sampling_rate * n_samples)
        if not params.two_sided:
            psd[:, 1 : (n_samples + 1) // 2] *= 2
    features[:, 27:] = _psd_features(psd, n_fft, sampling_rate, params)
    return features


def _statistics(x: np.ndarray, params: TremorParams) -> np.ndarray:
    """Return the 13 features that are taken of a window and of its spectrum alike, with tsfresh's definitions."""
    mean, variance, std = x.mean(axis=1), x.var(axis=1), x.std(axis=1)
    centred = x - mean[:, None]
    steps = np.diff(x, axis=1)
    skewness, kurtosis = _skewness_and_kurtosis(x, centred)
    return np.column_stack(
        [
            (x > mean[:, None]).sum(axis=1),
            (x < mean[:, None]).sum(axis=1),
            _autocorrelation(centred, variance, params.lag),
            _complexity(steps, std if params.cid_normalize else None),
            _sample_entropy(x, params.entropy_m, params.entropy_r * std),
            kurtosis,
            skewness,
            std,
            x.max(axis=1),
            mean,
            np.median(x, axis=1),
            np.abs(steps).sum(axis=1),
            np.einsum("ij,ij->i", x, x),
        ]
    )


def _autocorrelation(centred: np.ndarray, variance: np.ndarray, lag: int) -> np.ndarray:
    n_pairs = centred.shape[1] - lag
    if n_pairs <= 0:
        return np.full(len(centred), np.nan)
    products = (centred[:, :n_pairs] * centred[:, lag:]).sum(axis=1)
    return np.where(np.isclose(variance, 0), np.nan, products / (n_pairs * variance))


def _complexity(steps: np.ndarray, std: np.ndarray | None) -> np.ndarray:
    length = np.sqrt(np.einsum("ij,ij->i", steps, steps))
    return length if std is None else np.where(std == 0, 0.0, length / std)


def _sample_entropy(x: np.ndarray, m: int, tolerance: np.ndarray) -> np.ndarray:
    """Count the pairs of m (b) and of m + 1 (a) consecutive points that match within `tolerance`, lag by lag."""
    n = x.shape[1]
    a, b = np.zeros(len(x), dtype=np.int64), np.zeros(len(x), dtype=np.int64)
    for lag in range(1, n - m + 1):
        close = np.abs(x[:, lag:] - x[:, :-lag]) <= tolerance[:, None]
        n_templates = n - lag - m + 1
        match = close[:, :n_templates]
        for shift in range(1, m):
            match = match & close[:, shift : shift + n_templates]
        b += match.sum(axis=1)
        a += (match[:, :-1] & close[:, m:]).sum(axis=1)
    # Without any longer match the logarithm is infinite, which no later step can use: undefined.
    return np.where(a > 0, np.log(b / a), np.nan)


def _skewness_and_kurtosis(x: np.ndarray, centred: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return the bias-corrected G1 and (excess) G2, nan for constant windows and fewer than 3 or 4 points."""
    n = x.shape[1]
    skewness, kurtosis = np.full(len(x), np.nan), np.full(len(x), np.nan)
    squares = centred**2
    m2 = squares.sum(axis=1)
    # Judged on the samples: the mean of equal numbers can be off by rounding, which leaves a tiny m2.
    varies = x.max(axis=1) > x.min(axis=1)
    if n >= 3:
        ratio = (squares * centred).sum(axis=1) / m2**1.5
        skewness = np.where(varies & np.isfinite(ratio), n * np.sqrt(n - 1) / (n - 2) * ratio, np.nan)
    if n >= 4:
        ratio = (squares * squares).sum(axis=1) / m2**2
        unbiased = (n - 1) / ((n - 2) * (n - 3)) * (n * (n + 1) * ratio - 3 * (n - 1))
        kurtosis = np.where(varies & np.isfinite(ratio), unbiased, np.nan)
    return skewness, kurtosis


def _number_of_peaks(x: np.ndarray, support: int) -> np.ndarray:
    n = x.shape[1]
    if n <= 2 * support:
        return np.zeros(len(x))
    centre = x[:, support : n - support]
    is_peak = np.ones(centre.shape, dtype=bool)
    for shift in range(1, support + 1):
        is_peak &= centre > x[:, support - shift : n - support - shift]
        is_peak &= centre > x[:, support + shift : n - support + shift]
    return is_peak.sum(axis=1)


def _psd_features(psd: np.ndarray, n_fft: int, sampling_rate: float, params: TremorParams) -> np.ndarray:
    """Return the 7 features of the PSD (n_windows, n_fft // 2 + 1), restricted to the frequency limits."""
    bins = band_bins(n_fft, sampling_rate, params.limits)
    psd = psd[:, bins]
    if psd.shape[1] == 0:
        return np.full((len(psd), 7), np.nan)
    resolution = sampling_rate / n_fft
    frequencies = np.arange(bins.start, bins.stop) * resolution
    weighted = psd * frequencies
    has_power = psd.sum(axis=1) > 0

    fundamental = np.where(has_power, frequencies[psd.argmax(axis=1)], np.nan)
    median, dispersion = _median_and_dispersion(psd, params.dispersion_fraction)
    # From widths of a bin, counted from the lower edge of the first bin, to Hz.
    median = frequencies[0] + (median - 0.5) * resolution
    dispersion = dispersion * resolution
    difference = median - fundamental
    if params.difference == "fundamental-minus-median":
        difference = -difference
    elif params.difference == "absolute":
        difference = np.abs(difference)
    norm = frequencies.sum() if params.centroid == "amplitude" else psd.sum(axis=1)
    return np.column_stack(
        [
            psd.max(axis=1),
            median,
            dispersion,
            fundamental,
            difference,
            weighted.sum(axis=1) / norm,
            weighted.max(axis=1),
        ]
    )


def _median_and_dispersion(psd: np.ndarray, fraction: float) -> tuple[np.ndarray, np.ndarray]:
    """Return the frequency that halves the power and the width about it that holds `fraction` of the power.

    The power of a bin is spread evenly over its width, so that the cumulated power is linear between the edges
    0, 1, ..., n_bins of the bins; both results are in widths of a bin. nan where there is no power.
    """
    n_bins = psd.shape[1]
    cumulated = np.concatenate([np.zeros((len(psd), 1)), np.cumsum(psd, axis=1)], axis=1)
    total = cumulated[:, -1:]
    edges = np.broadcast_to(np.arange(n_bins + 1.0), cumulated.shape)
    median = _first_crossing(edges, cumulated, total / 2)

    def power_below(position: np.ndarray) -> np.ndarray:
        position = np.clip(position, 0, n_bins)
        whole = np.minimum(position.astype(np.intp), n_bins - 1)
        return np.take_along_axis(cumulated, whole, axis=1) + (position - whole) * np.take_along_axis(
            psd, whole, axis=1
        )

    # The power within +-reach of the median is linear between the reaches that touch an edge.
    centre = np.where(np.isnan(median), 0.0, median)
    reach = np.concatenate([np.zeros_like(centre), np.sort(np.abs(edges - centre), axis=1)], axis=1)
    within = power_below(centre + reach) - power_below(centre - reach)
    half_width = _first_crossing(reach, within, fraction * total)
    return median[:, 0], 2 * half_width[:, 0]


def _first_crossing(x: np.ndarray, y: np.ndarray, level: np.ndarray) -> np.ndarray:
    """Return, row by row, the smallest x at which the piecewise linear, increasing y reaches a positive level."""
    after = np.clip((y < level).sum(axis=1, keepdims=True), 1, y.shape[1] - 1)
    x0, x1 = (np.take_along_axis(x, i, axis=1) for i in (after - 1, after))
    y0, y1 = (np.take_along_axis(y, i, axis=1) for i in (after - 1, after))
    return np.where(level > 0, x0 + (level - y0) / (y1 - y0) * (x1 - x0), np.nan)
