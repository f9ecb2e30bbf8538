"""The 34 tremor features of many windows, fast: the values of `_compute` by compiled kernels.

A chunk of windows of one channel is copied to scratch memory that stays in the second-level cache, and passes through
one FFT, two sorts and a handful of kernels that release the interpreter lock, so that plain threads share the chunks.
What a window yields depends on its samples alone, to the bit: not on the chunk it came in, nor on the thread.

This module compiles on its first import; import it where it is used.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor

import numpy as np
from numba import njit
from scipy import fft

from .._compile import compiled
from ._compute import N_FEATURES, TremorParams, band_bins
from ._entropy import entropy_workspace, sample_entropy, sort_keys

__all__ = ["tremor34", "tremor34_channels"]

#: Chunks keep the FFT's batches whole, because its SIMD and its scalar code may round differently.
_FFT_BATCH = 8
_MAX_ROWS, _MAX_CHUNK_SAMPLES = 64, 1 << 15


def tremor34(
    windows: np.ndarray,
    *,
    sampling_rate: float,
    params: TremorParams,
    n_threads: int = 1,
    out: np.ndarray | None = None,
) -> np.ndarray:
    """Compute the 34 features, in the catalogue's order, of the windows of one channel.

    Parameters
    ----------
    windows : ndarray of shape (n_windows, n_timesteps)
        May be a strided view, of which never more than a chunk is copied.
    sampling_rate : float
        Hz.
    params : TremorParams
        Lag, entropy, spectrum and so on.
    n_threads : int, default=1
        Threads, which change no bit of the result.
    out : ndarray of shape (n_windows, 34), default=None
        Where to write the float64 features.

    Returns
    -------
    features : ndarray of shape (n_windows, 34)
        float64; nan where undefined, and in the whole row of a window with a sample that is not finite.
    """
    return tremor34_channels(
        windows[:, :, None], sampling_rate=sampling_rate, params=[params], n_threads=n_threads, out=out
    )


def tremor34_channels(
    windows: np.ndarray,
    *,
    sampling_rate: float,
    params: Sequence[TremorParams],
    n_threads: int = 1,
    out: np.ndarray | None = None,
) -> np.ndarray:
    """Compute the 34 features of every channel, channel after channel.

    Parameters
    ----------
    windows : ndarray of shape (n_windows, n_timesteps, n_channels)
        May be a strided view, of which never more than a chunk is copied.
    sampling_rate : float
        Hz.
    params : sequence of TremorParams
        One a channel.
    n_threads : int, default=1
        Threads, which change no bit of the result.
    out : ndarray of shape (n_windows, 34 * n_channels), default=None
        Where to write the float64 features.

    Returns
    -------
    features : ndarray of shape (n_windows, 34 * n_channels)
        float64; nan where undefined, and in the channel's 34 columns where one of its samples is not finite.
    """
    n_windows, n_samples, n_channels = windows.shape
    if out is None:
        out = np.empty((n_windows, N_FEATURES * n_channels))
    n_rows = min(_MAX_ROWS, max(1, _MAX_CHUNK_SAMPLES // n_samples), max(1, n_windows))
    chunks = [
        (windows[rows, :, channel], params[channel], out[rows, channel * N_FEATURES : (channel + 1) * N_FEATURES])
        for start in range(0, n_windows, n_rows)
        for rows in [slice(start, start + n_rows)]
        for channel in range(n_channels)
    ]
    # All threads draw from one iterator, so that none waits while there is work.
    queue = iter(chunks)
    n_threads = max(1, min(n_threads, len(chunks)))
    if n_threads == 1:
        _work(queue, n_rows, n_samples, sampling_rate)
    else:
        with ThreadPoolExecutor(n_threads) as pool:
            futures = [pool.submit(_work, queue, n_rows, n_samples, sampling_rate) for _ in range(n_threads)]
            for future in futures:
                future.result()
    return out


_Chunk = tuple[np.ndarray, TremorParams, np.ndarray]


def _work(queue: Iterator[_Chunk], n_rows: int, n_samples: int, sampling_rate: float) -> None:
    scratch = _Scratch(n_rows, n_samples, sampling_rate)
    # Overflow and invalid operations belong to windows whose features come out as inf or nan.
    with np.errstate(all="ignore"):
        for windows, params, out in queue:
            scratch.compute(windows, params, out)


class _Scratch:
    """Memory of one thread, and the steps of the computation."""

    def __init__(self, n_rows: int, n_samples: int, sampling_rate: float) -> None:
        self.sampling_rate = sampling_rate
        n_padded = -(-n_rows // _FFT_BATCH) * _FFT_BATCH
        self.x = np.zeros((n_padded, n_samples))
        self.amplitude = np.empty((n_padded, n_samples // 2 + 1))
        self.power = np.empty_like(self.amplitude)
        self.features = np.empty((n_padded, N_FEATURES))
        self.low, self.high, self.mean, self.second = np.empty((4, n_padded))
        self.keys = np.empty(n_padded * n_samples, dtype=np.uint32)
        self.centred, self.squares = np.empty((2, n_padded * n_samples))
        self.is_peak = np.empty(n_samples, dtype=np.uint8)
        self.cumulated = np.empty(n_samples // 2 + 2)
        self.entropy = entropy_workspace(n_samples)

    def compute(self, windows: np.ndarray, params: TremorParams, out: np.ndarray) -> None:
        n, n_samples = windows.shape
        x, features = self.x[:n], self.features[:n]
        x[...] = windows
        self._describe(x, 0, params)
        count_peaks(x, params.peak_support, self.is_peak, features)
        undefined = ~(np.isfinite(self.low[:n]) & np.isfinite(self.high[:n]))

        batch = self.x[: -(-n // _FFT_BATCH) * _FFT_BATCH]
        amplitude = np.abs(fft.rfft(batch, axis=1, workers=1)[:n], out=self.amplitude[:n])
        spectrum = amplitude
        if params.two_sided:
            # The negative frequencies, in reverse order.
            spectrum = np.hstack([amplitude, amplitude[:, (n_samples - 1) // 2 : 0 : -1]])
        self._describe(spectrum, 1, params)

        if params.psd == "welch":
            power, n_fft = self._welch(batch, params)
            power = power[:n]
        else:
            power, n_fft = self.power[:n], n_samples
            n_doubled = 0 if params.two_sided else (n_samples - 1) // 2
            periodogram(amplitude, self.sampling_rate * n_samples, n_doubled, power)
        bins = band_bins(n_fft, self.sampling_rate, params.limits)
        describe_power(
            power,
            bins.start,
            bins.stop,
            self.sampling_rate / n_fft,
            params.dispersion_fraction,
            params.centroid == "amplitude",
            self.cumulated,
            features,
        )
        if params.difference == "fundamental-minus-median":
            np.negative(features[:, 31], out=features[:, 31])
        elif params.difference == "absolute":
            np.abs(features[:, 31], out=features[:, 31])
        features[undefined] = np.nan
        out[...] = features

    def _describe(self, x: np.ndarray, column: int, params: TremorParams) -> None:
        """Fill every other of the first 26 columns with the statistics that window and spectrum share."""
        n, n_samples = x.shape
        features = self.features[:n]
        low, high = x.min(axis=1, out=self.low[:n]), x.max(axis=1, out=self.high[:n])
        keys = self.keys[: n * n_samples].reshape(n, n_samples)
        sort_keys(x, low, high, keys)
        keys.sort(axis=1)
        # Sums by NumPy: a sample or a difference that ties with the mean or the tolerance falls as it does there.
        mean, second = np.sum(x, axis=1, out=self.mean[:n]), self.second[:n]
        centred, squares = (rows[: x.size].reshape(x.shape) for rows in (self.centred, self.squares))
        centre(x, mean, centred, squares)
        np.sum(squares, axis=1, out=second)
        describe(x, low, high, mean, centred, squares, second, params.lag, params.cid_normalize, column, features)
        sample_entropy(x, low, high, keys, params.entropy_r, params.entropy_m, *self.entropy, column, features)

    def _welch(self, batch: np.ndarray, params: TremorParams) -> tuple[np.ndarray, int]:
        from scipy import signal

        n_samples = batch.shape[1]
        n_fft = min(params.welch_length or max(1, n_samples // 2), n_samples)
        power = signal.welch(
            batch, self.sampling_rate, nperseg=n_fft, detrend=False, return_onesided=not params.two_sided, axis=1
        )[1]
        return np.ascontiguousarray(power[:, : n_fft // 2 + 1]), n_fft


# --- kernels ----------------------------------------------------------------------------------------------------------


@compiled("void(float64[:, ::1], float64[::1], float64[:, ::1], float64[:, ::1])")
def centre(x, mean, centred, squares):
    """Divide the sums in `mean` and write the differences of each row's samples from their mean, and their squares."""
    for row in range(len(x)):
        mean[row] /= x.shape[1]
        samples, differences, products, level = x[row], centred[row], squares[row], mean[row]
        for i in range(x.shape[1]):
            difference = samples[i] - level
            differences[i] = difference
            products[i] = difference * difference


# Reassociation lets these sums run in SIMD lanes, in an order that the length alone decides.
@njit(fastmath={"reassoc"})
def _moments_and_counts(x, mean, centred, squares):
    third = fourth = energy = 0.0
    n_above = n_below = 0
    for i in range(len(x)):
        difference, square = centred[i], squares[i]
        third += square * difference
        fourth += square * square
        energy += x[i] * x[i]
        n_above += x[i] > mean
        n_below += x[i] < mean
    return third, fourth, energy, n_above, n_below


@njit(fastmath={"reassoc"})
def _steps(x, following):
    length = squared = 0.0
    for i in range(len(following)):
        step = following[i] - x[i]
        length += abs(step)
        squared += step * step
    return length, squared


@njit(fastmath={"reassoc"})
def _dot(x, y):
    total = 0.0
    for i in range(len(y)):
        total += x[i] * y[i]
    return total


@compiled(
    "void(float64[:, ::1], float64[::1], float64[::1], float64[::1], float64[:, ::1], float64[:, ::1], float64[::1],"
    " int64, boolean, int64, float64[:, ::1])"
)
def describe(x, low, high, mean, centred, squares, second, lag, cid_normalize, column, out):
    """Write the statistics of each row but median and sample entropy to columns ``column``, ``column + 2``, ..."""
    n = x.shape[1]
    for row in range(len(x)):
        samples, features, sum_of_squares = x[row], out[row, column:], second[row]
        variance = sum_of_squares / n
        std = np.sqrt(variance)
        third, fourth, energy, n_above, n_below = _moments_and_counts(samples, mean[row], centred[row], squares[row])
        change, squared_steps = _steps(samples, samples[1:])
        complexity = np.sqrt(squared_steps)

        autocorrelation = skewness = kurtosis = np.nan
        # 1e-8 is numpy.isclose's idea of zero, and so tsfresh's.
        if lag < n and variance > 1e-8:
            autocorrelation = _dot(centred[row], centred[row, lag:]) / ((n - lag) * variance)
        varies = high[row] > low[row]
        if n >= 3 and varies:
            ratio = third / sum_of_squares**1.5
            if np.isfinite(ratio):
                skewness = n * np.sqrt(n - 1) / (n - 2) * ratio
        if n >= 4 and varies:
            ratio = fourth / (sum_of_squares * sum_of_squares)
            if np.isfinite(ratio):
                kurtosis = (n - 1) / ((n - 2) * (n - 3)) * (n * (n + 1) * ratio - 3 * (n - 1))
        if cid_normalize:
            complexity = 0.0 if std == 0 else complexity / std

        features[0] = n_above
        features[2] = n_below
        features[4] = autocorrelation
        features[6] = complexity
        features[10] = kurtosis
        features[12] = skewness
        features[14] = std
        features[16] = high[row]
        features[18] = mean[row]
        features[22] = change
        features[24] = energy


@compiled("void(float64[:, ::1], int64, uint8[::1], float64[:, ::1])")
def count_peaks(x, support, is_peak, out):
    """Count the samples that are larger than their `support` neighbours on each side."""
    n = x.shape[1]
    n_inner = max(0, n - 2 * support)
    for row in range(len(x)):
        centre = x[row, support : support + n_inner]
        is_peak[:n_inner] = 1
        for shift in range(1, support + 1):
            before, after = x[row, support - shift :], x[row, support + shift :]
            for i in range(n_inner):
                is_peak[i] &= (centre[i] > before[i]) & (centre[i] > after[i])
        count = 0
        for i in range(n_inner):
            count += is_peak[i]
        out[row, 26] = count


@compiled("void(float64[:, ::1], float64, int64, float64[:, ::1])")
def periodogram(amplitude, norm, n_doubled, out):
    """Write the PSD, in which the `n_doubled` bins after frequency 0 stand for their negative twins too."""
    for row in range(len(amplitude)):
        for k in range(amplitude.shape[1]):
            out[row, k] = amplitude[row, k] * amplitude[row, k] / norm
        for k in range(1, n_doubled + 1):
            out[row, k] *= 2


@njit
def _first_at_least(level, values, n):
    """Find by bisection the first of n increasing values that reaches a level; within 1 ... n - 1."""
    first, last = 1, n - 1
    while first < last:
        middle = (first + last) >> 1
        if values[middle] < level:
            first = middle + 1
        else:
            last = middle
    return first


@njit
def _power_below(position, cumulated, n_bins):
    position = min(max(position, 0.0), np.float64(n_bins))
    whole = min(np.int64(position), n_bins - 1)
    return cumulated[whole] + (position - whole) * (cumulated[whole + 1] - cumulated[whole])


@njit
def _half_width(centre, level, cumulated, n_bins):
    """Find the reach on both sides of the centre within which the power is `level`."""
    left = np.int64(centre)
    right = left + 1
    inner = inner_power = outer = outer_power = 0.0
    while outer_power < level and (left >= 0 or right <= n_bins):
        inner, inner_power = outer, outer_power
        # The power within is linear in the reach up to the next edge of a bin, on whichever side that comes first.
        if right > n_bins or (left >= 0 and centre - left <= right - centre):
            outer = centre - left
            left -= 1
        else:
            outer = right - centre
            right += 1
        outer_power = _power_below(centre + outer, cumulated, n_bins) - _power_below(centre - outer, cumulated, n_bins)
    return inner + (level - inner_power) / (outer_power - inner_power) * (outer - inner)


@compiled("void(float64[:, ::1], int64, int64, float64, float64, boolean, float64[::1], float64[:, ::1])")
def describe_power(power, start, stop, resolution, fraction, is_amplitude, cumulated, out):
    """Write the features of the PSD's bins `start` to `stop`, `resolution` Hz apart, to the last seven columns."""
    n_bins = stop - start
    for row in range(len(power)):
        out[row, 27:] = np.nan
        if n_bins == 0:
            continue
        total = largest = largest_weighted = weighted_sum = frequency_sum = 0.0
        fundamental = start
        cumulated[0] = 0.0
        for k in range(n_bins):
            value, frequency = power[row, start + k], (start + k) * resolution
            if value > largest:
                largest, fundamental = value, start + k
            largest_weighted = max(largest_weighted, value * frequency)
            weighted_sum += value * frequency
            frequency_sum += frequency
            total += value
            cumulated[k + 1] = total
        out[row, 27] = largest
        out[row, 32] = weighted_sum / (frequency_sum if is_amplitude else total)
        out[row, 33] = largest_weighted
        if 0 < total < np.inf:
            after = _first_at_least(total / 2, cumulated, n_bins + 1)
            median = after - 1 + (total / 2 - cumulated[after - 1]) / (cumulated[after] - cumulated[after - 1])
            width = 2 * _half_width(median, fraction * total, cumulated, n_bins)
            out[row, 28] = start * resolution + (median - 0.5) * resolution
            out[row, 29] = width * resolution
            out[row, 30] = fundamental * resolution
            out[row, 31] = out[row, 28] - out[row, 30]
