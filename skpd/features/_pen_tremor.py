"""Tremor of the pen: power spectra, by the engine of the wrist's features."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from scipy import fft, signal

from ._compute import TremorParams, band_bins
from ._pen_nonlinear import entropy_bits
from ._pen_trajectory import Trajectory

__all__ = ["BANDS", "BAND_FEATURES", "TREMOR_RANGE", "Spectrum", "dominant", "power_spectrum", "tremor"]

#: Name of a band in the features, lowest and highest frequency in Hz.
BANDS = (("3_6hz", 3.0, 6.0), ("6_9hz", 6.0, 9.0), ("9_12hz", 9.0, 12.0))
#: Where the largest peak is sought, Hz.
TREMOR_RANGE = (3.0, 12.0)
#: What the engine says of the power in a band, in the order of its last seven columns.
BAND_FEATURES = (
    "psd_peak",
    "median_frequency",
    "frequency_dispersion",
    "fundamental_frequency",
    "frequency_difference",
    "spectral_centroid_amplitude",
    "max_weighted_psd",
)
#: Longest and shortest window of the spectrum, in seconds.
_WINDOW, _SHORTEST = 4.0, 1.0
#: Zeros are added up to so many windows: bins of 1/16 Hz, fine enough to read a peak off.
_PADDING = 4


class Spectrum:
    """One-sided power spectral density, by Welch's method with the engine's periodogram.

    Attributes
    ----------
    power : ndarray of shape (1, n_bins)
        Density, in squared units of the signal a Hz; the sum over its components.
    resolution : float
        Hz between two bins.
    n_fft, rate : int, float
        Length of the transform in samples, and samples a second.
    peak_width : float
        Half the width of the peak of a steady vibration, in Hz: two bins of the window without its zeros.
    """

    def __init__(self, power: np.ndarray, n_fft: int, rate: float, duration: float) -> None:
        self.power = power
        self.n_fft, self.rate = n_fft, rate
        self.resolution = rate / n_fft
        self.peak_width = 2 / duration

    def frequencies(self) -> np.ndarray:
        """Return the frequency of each bin in Hz."""
        return np.arange(self.power.shape[1]) * self.resolution

    def integral(self, low: float, high: float, weights: np.ndarray | None = None) -> float:
        """Return the power between two frequencies, both included, each bin times its weight."""
        bins = band_bins(self.n_fft, self.rate, (low, high))
        power = self.power[0, bins]
        return float((power if weights is None else power * weights[bins]).sum() * self.resolution)

    def describe(self, low: float, high: float) -> np.ndarray:
        """Return what the engine says of the power in a band: `BAND_FEATURES`, NaN beyond half the rate."""
        from ._kernels import describe_power

        bins = band_bins(self.n_fft, self.rate, (low, high))
        out = np.empty((1, 34))
        cumulated = np.empty(self.power.shape[1] + 1)
        fraction = TremorParams.dispersion_fraction
        describe_power(self.power, bins.start, bins.stop, self.resolution, fraction, True, cumulated, out)
        return out[0, 27:]

    def peak(self, low: float, high: float) -> float:
        """Return the frequency of the largest local maximum in a band, or NaN if the power only falls or rises."""
        bins = band_bins(self.n_fft, self.rate, (low, high))
        power = self.power[0]
        k = np.arange(max(bins.start, 1), min(bins.stop, len(power) - 1))
        k = k[(power[k] > power[k - 1]) & (power[k] >= power[k + 1])]
        return float(k[power[k].argmax()] * self.resolution) if len(k) else np.nan


def power_spectrum(signals: Sequence[np.ndarray], rate: float) -> Spectrum | None:
    """Estimate the spectrum of a signal recorded in stretches.

    Parameters
    ----------
    signals : sequence of ndarray of shape (n_i, n_components)
        The stretches. Those shorter than a second are left out.
    rate : float
        Samples a second.

    Returns
    -------
    spectrum : Spectrum or None
        None where no stretch lasts a second.
    """
    from ._kernels import periodogram

    stretches = [x for x in signals if len(x) >= max(8, round(_SHORTEST * rate))]
    if not stretches:
        return None
    full = max(8, round(_WINDOW * rate))
    n_window = min(full, max(map(len, stretches)))
    n_fft = _PADDING * full
    total = np.zeros((1, n_fft // 2 + 1))
    n_used = 0
    for x in stretches:
        n = min(n_window, len(x))
        taper = signal.windows.hann(n, sym=False)
        for start in range(0, len(x) - n + 1, max(1, n_window // 2)):
            window = signal.detrend(x[start : start + n], axis=0).T * taper
            amplitude = np.abs(fft.rfft(window, n_fft, axis=1))
            power = np.empty_like(amplitude)
            periodogram(amplitude, rate * float((taper**2).sum()), (n_fft - 1) // 2, power)
            # A short stretch counts by its length.
            total[0] += n * power.sum(axis=0)
            n_used += n
    return Spectrum(total / n_used, n_fft, rate, n_window / rate)


def tremor(trajectory: Trajectory) -> dict[str, float]:
    """Compute the spectral features of the velocity, on the surface and in the air."""
    names = [f"tremor_{band}_{name}" for band, *_ in BANDS for name in ("power", "power_share", *BAND_FEATURES)]
    names += ["tremor_frequency", "tremor_amplitude", "tremor_spectral_entropy"]
    runs = trajectory.whole
    spectrum = power_spectrum([np.diff(run.xy, axis=0) * run.rate for run in runs], trajectory.rate)
    if spectrum is None:
        return dict.fromkeys(names, np.nan)
    values: list[float] = []
    all_power = spectrum.integral(0, TREMOR_RANGE[1])
    for _, low, high in BANDS:
        within = trajectory.rate >= 2 * high
        power = spectrum.integral(low, high) if within else np.nan
        values += [power, power / all_power if all_power > 0 else np.nan]
        values += list(spectrum.describe(low, high)) if within else [np.nan] * len(BAND_FEATURES)
    # From velocity to displacement: a vibration at f moves 2 pi f times its amplitude a second.
    frequencies = spectrum.frequencies()
    with np.errstate(divide="ignore"):
        displacement = (2 * np.pi * frequencies) ** -2.0
    values += [*dominant(spectrum, displacement), _spectral_entropy(spectrum)]
    return dict(zip(names, values, strict=True))


def dominant(spectrum: Spectrum, weights: np.ndarray | None = None) -> tuple[float, float]:
    """Return the frequency of the largest peak in the tremor range and the amplitude of a vibration of its power."""
    frequency = spectrum.peak(*TREMOR_RANGE) if spectrum.rate >= 2 * TREMOR_RANGE[1] else np.nan
    if np.isnan(frequency):
        return np.nan, np.nan
    lowest = max(frequency - spectrum.peak_width, spectrum.resolution)
    power = spectrum.integral(lowest, frequency + spectrum.peak_width, weights)
    return frequency, float(np.sqrt(2 * power))


def _spectral_entropy(spectrum: Spectrum) -> float:
    power = spectrum.power[0, band_bins(spectrum.n_fft, spectrum.rate, TREMOR_RANGE)]
    if spectrum.rate < 2 * TREMOR_RANGE[1] or power.sum() <= 0:
        return np.nan
    return entropy_bits(power / power.sum()) / float(np.log2(len(power)))
