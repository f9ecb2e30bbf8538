"""Stretches of a recording as a browser can draw them: an envelope and a spectrogram of bounded size each."""

from __future__ import annotations

import base64
from dataclasses import dataclass
from typing import Any

import numpy as np
from scipy.signal import spectrogram

from ..models._recording import Recording

__all__ = ["HIGHEST", "Layer", "decibel_range", "encode_numbers", "make_layer"]

#: Hz, the highest frequency that is shown; s, the length of the segments, as long as the windows.
HIGHEST, SEGMENT = 15.0, 4.0
#: Of a whole recording: values of a channel and columns of the spectrogram. What is shorter is kept sample by sample.
_VALUES, _COLUMNS = 100_000, 6000
#: The colour scale: at most and at least so many dB wide, its upper end that of the movement from so many Hz on.
_WIDEST, _NARROWEST, _SLOW = 45.0, 20.0, 2.0
#: Timesteps, and values of overlapping segments, that are in memory at once.
_CHUNK = 2**18
#: s between two segments: of short recordings a share of their length, of long ones half a segment.
_FINEST, _COARSEST, _SHARE = 0.05, SEGMENT / 2, 1 / 600


@dataclass(frozen=True)
class Layer:
    """One stretch of a recording.

    Attributes
    ----------
    start, step : float
        s, of the first value and from one to the next.
    values : ndarray of shape (n, n_channels) or (n, n_channels, 2), float32
        Samples, or minimum and maximum of each bin, in m/s^2; NaN in gaps.
    spectrum : ndarray of shape (n_columns, n_frequencies), float32
        Power spectral density summed over the channels, dB re 1 (m/s^2)^2/Hz; NaN in gaps.
    spectrum_start, spectrum_step : float
        s, of the middle of the first column and from one to the next.
    hertz : float
        From one frequency to the next; the first is 0.
    """

    start: float
    step: float
    values: np.ndarray
    spectrum: np.ndarray
    spectrum_start: float
    spectrum_step: float
    hertz: float

    def as_json(self, decibels: tuple[float, float]) -> dict[str, Any]:
        """Return what the page's script draws: values as int16 and one byte a decibel value, both in base64.

        Parameters
        ----------
        decibels : tuple of float
            Ends of the colour scale.
        """
        channels = range(self.values.shape[1])
        extent = [_extent(self.values[:, j]) for j in channels]
        whole = np.stack([_quantise(self.values[:, j], *extent[j], np.iinfo(np.int16).max) for j in channels])
        low, high = decibels
        share = np.clip((self.spectrum - low) / (high - low), 0, 1)
        return {
            "start": self.start,
            "step": self.step,
            "n": len(self.values),
            "raw": self.values.ndim == 2,
            "extent": extent,
            "values": encode_numbers(whole.astype("<i2")),
            "spectrum": {
                "start": self.spectrum_start,
                "step": self.spectrum_step,
                "n": len(self.spectrum),
                "rows": self.spectrum.shape[1],
                "hertz": self.hertz,
                "values": encode_numbers(np.where(np.isnan(share), 0, 1 + np.rint(254 * share)).astype(np.uint8)),
            },
        }


def encode_numbers(values: np.ndarray) -> str:
    """Write numbers as the base64 of their bytes, the last axis first."""
    return base64.b64encode(np.ascontiguousarray(values).tobytes()).decode("ascii")


def decibel_range(layer: Layer) -> tuple[float, float]:
    """Return the ends of a colour scale that shows what moves above what rests."""
    rows = layer.spectrum[np.isfinite(layer.spectrum).all(axis=1)]
    if not len(rows):
        return -60.0, 0.0
    # The lowest frequencies are gravity's, and would leave no colours for the others.
    high = float(np.percentile(rows[:, round(_SLOW / layer.hertz) :].max(axis=1), 98))
    low = max(float(np.percentile(rows, 20)), high - _WIDEST)
    return low, max(high, low + _NARROWEST)


def make_layer(recording: Recording, begin: int = 0, end: int | None = None) -> Layer:
    """Reduce a stretch of a recording to what a page can hold, in memory that does not grow with its length.

    Parameters
    ----------
    recording : Recording
        The recording.
    begin, end : int or None
        Timesteps; None for its end.

    Returns
    -------
    layer : Layer
        The stretch.
    """
    end = recording.samples.shape[0] if end is None else end
    n_samples, rate = end - begin, recording.sampling_rate
    per_bin = 1 if n_samples <= _VALUES else -(-2 * n_samples // _VALUES)
    spectrum, first, step = _spectrum(recording, begin, end)
    return Layer(
        start=begin / rate,
        step=per_bin / rate,
        values=_envelope(recording, begin, end, per_bin),
        spectrum=spectrum,
        spectrum_start=first,
        spectrum_step=step,
        hertz=rate / round(SEGMENT * rate),
    )


def _read(recording: Recording, begin: int, end: int) -> np.ndarray:
    return np.asarray(recording.samples[begin:end], dtype=np.float64)


def _envelope(recording: Recording, begin: int, end: int, per_bin: int) -> np.ndarray:
    if per_bin == 1:
        return _read(recording, begin, end).astype(np.float32)
    pieces = []
    size = max(1, _CHUNK // per_bin) * per_bin
    for k in range(begin, end, size):
        samples = _read(recording, k, min(k + size, end))
        samples = np.pad(samples, ((0, -len(samples) % per_bin), (0, 0)), constant_values=np.nan)
        bins = samples.reshape(-1, per_bin, samples.shape[1])
        pieces.append(np.stack([np.fmin.reduce(bins, axis=1), np.fmax.reduce(bins, axis=1)], axis=2, dtype=np.float32))
    return np.concatenate(pieces)


def _spectrum(recording: Recording, begin: int, end: int) -> tuple[np.ndarray, float, float]:
    """Return power by column and frequency in dB, and where the columns are."""
    rate = recording.sampling_rate
    length = round(SEGMENT * rate)
    hop = max(1, round(rate * float(np.clip((end - begin) / rate * _SHARE, _FINEST, _COARSEST))))
    n_segments = max(0, (end - begin - length) // hop + 1)
    n_rows = min(int(HIGHEST * length / rate), length // 2) + 1
    joined = max(1, -(-n_segments // _COLUMNS))
    per_block = max(1, _CHUNK // length // joined) * joined
    columns = [np.empty((0, n_rows), dtype=np.float32)]
    for first in range(0, n_segments, per_block):
        n = min(per_block, n_segments - first)
        at = begin + first * hop
        power = spectrogram(
            _read(recording, at, at + (n - 1) * hop + length),
            fs=rate,
            window="hann",
            nperseg=length,
            noverlap=length - hop,
            detrend="constant",
            axis=0,
        )[2]
        # (frequencies, channels, segments): the sum over the axes does not depend on how the device is turned.
        power = np.pad(power.sum(axis=1)[:n_rows].T, ((0, -n % joined), (0, 0)), constant_values=np.nan)
        groups = power.reshape(-1, joined, n_rows)
        known = np.isfinite(groups)
        # The mean of a column is that of what was recorded of it.
        mean = np.where(known, groups, 0).sum(axis=1) / np.where(known.any(axis=1), known.sum(axis=1), np.nan)
        columns.append((10 * np.log10(np.maximum(mean, 1e-12))).astype(np.float32))
    middle = begin + length / 2 + (joined - 1) * hop / 2
    return np.concatenate(columns), middle / rate, joined * hop / rate


def _extent(values: np.ndarray) -> tuple[float, float]:
    known = values[np.isfinite(values)]
    return (float(known.min()), float(known.max())) if len(known) else (0.0, 0.0)


def _quantise(values: np.ndarray, low: float, high: float, top: int) -> np.ndarray:
    """Write values as whole numbers from -top to top; -top - 1 where there is none."""
    scaled = 2 * top * (values - low) / max(high - low, 1e-30) - top
    return np.where(np.isnan(values), -top - 1, np.rint(scaled))
