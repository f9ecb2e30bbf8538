"""Band-pass filters for tremor."""

from __future__ import annotations

import warnings
from collections.abc import Iterator, Mapping, Sequence
from numbers import Integral, Real
from typing import Any, ClassVar

import numpy as np
from scipy.signal import butter, sosfilt, sosfiltfilt
from sklearn.base import _fit_context
from sklearn.utils._param_validation import Interval, StrOptions
from sklearn.utils.validation import check_is_fitted

from .._recordings import RecordingTransformer, as_object_array, check_recordings, name_channels

__all__ = ["PUBLISHED_BANDS", "TremorBandFilter", "band_channel_names"]

#: The published tremor bands in Hz. The names label frequencies: a band does not diagnose a type of tremor.
PUBLISHED_BANDS: dict[str, tuple[float, float]] = {"rest": (3.0, 6.0), "postural": (6.0, 9.0), "kinetic": (9.0, 12.0)}

#: Samples filtered in one call: enough to hide the cost of the call, few enough to stay in the cache.
_BLOCK = 2**17

Bands = Mapping[str, tuple[float, float]] | Sequence[tuple[float, float]]


class TremorBandFilter(RecordingTransformer):
    """Split every channel into frequency bands with Butterworth filters.

    Parameters
    ----------
    sampling_rate : float
        Samples per second (Hz) of the recordings.
    bands : dict of str to (low, high), sequence of (low, high) or None, default=None
        Band edges in Hz, ``0 < low < high``. None stands for `PUBLISHED_BANDS`: rest 3-6, postural 6-9 and kinetic
        9-12 Hz. The bands of a sequence are called band0, band1, ...
    order : int, default=4
        Order of the low-pass prototype, `N` of :func:`scipy.signal.butter`: a band-pass has ``2 * order`` poles.
    zero_phase : bool, default=True
        True filters forwards and backwards: no lag, but the attenuation is squared (6 dB instead of 3 dB at the
        edges), the effective order is doubled, and a sample depends on the future. False filters forwards only, as a
        live system must: it lags, and starts from the steady state of the first sample, so that gravity does not ring.
    combine : {None, "principal_axis"}, default=None
        None keeps every channel. "principal_axis" projects the channels of each band, after filtering, on the axis of
        the recording along which that band has most power, and returns one channel a band.

    Attributes
    ----------
    bands_ : dict of str to (float, float)
        The bands in Hz, after clamping to the Nyquist frequency.
    sos_ : list of ndarray of shape (n_sections, 6)
        Second-order sections of each band, in the order of `bands_`.
    channel_names_ : list of str
        Names of the output channels.
    n_features_in_ : int
        Number of channels seen in `fit`; the number of timesteps for a 2-D `X`.
    feature_names_in_ : ndarray of shape (n_features,)
        Column names seen in `fit`, for a data frame with string columns only.

    See Also
    --------
    VectorMagnitude : Joins the axes before filtering, as published.
    Windowizer : Cuts the filtered recordings into windows.

    Notes
    -----
    The names rest, postural and kinetic label frequency bands; energy in a band does not diagnose that type of tremor.

    Output channels are ordered by input channel first: all bands of channel 0, all bands of channel 1, ...

    A band whose high edge is at or above the Nyquist frequency becomes a high-pass at its low edge, with a warning:
    there is nothing above Nyquist to remove. `bands_` and the channel names then show Nyquist as the high edge.

    NaN marks a gap. Every finite run of a channel is filtered on its own and the gap stays NaN. A run shorter than the
    usual padding of a zero-phase filter is padded by what there is, so any length gives a result; below a second or
    so that result is mostly the transient of the filter.

    The principal axis is linear, so a tremor orthogonal to gravity keeps its frequency, whereas `VectorMagnitude` shows
    it at twice its frequency. Its sign is fixed by making the largest loading positive. One axis serves the whole
    recording: cut a long recording in which the wrist turns into shorter ones first. A sample that is a gap in one
    channel is a gap of the projection.

    The result is stored with time as the fastest axis: every channel of every window of it is contiguous in memory.

    References
    ----------
    The bands and the road (magnitude, three Butterworth band-passes, 4 s windows) are those of AlMahadin, Lotfi,
    McCarthy and Breedon, SN Computer Science, 2022, doi:10.1007/s42979-021-00953-6, which states neither the order of
    the filters nor their phase.

    Examples
    --------
    >>> import numpy as np
    >>> from skpd.signal import TremorBandFilter
    >>> t = np.arange(500) / 50
    >>> X = 9.81 + np.sin(2 * np.pi * 4.5 * t)[None, :, None]
    >>> bands = TremorBandFilter(sampling_rate=50)
    >>> bands.fit_transform(X).std(axis=1).round(2)
    array([[0.7 , 0.01, 0.  ]])
    >>> bands.channel_names_
    ['rest_3_6hz', 'postural_6_9hz', 'kinetic_9_12hz']
    """

    _parameter_constraints: ClassVar[dict] = {
        "sampling_rate": [Interval(Real, 0, None, closed="neither")],
        "bands": [Mapping, "array-like", None],
        "order": [Interval(Integral, 1, None, closed="left")],
        "zero_phase": ["boolean"],
        "combine": [StrOptions({"principal_axis"}), None],
    }

    def __init__(
        self,
        sampling_rate: float,
        bands: Bands | None = None,
        *,
        order: int = 4,
        zero_phase: bool = True,
        combine: str | None = None,
    ) -> None:
        self.sampling_rate = sampling_rate
        self.bands = bands
        self.order = order
        self.zero_phase = zero_phase
        self.combine = combine

    @_fit_context(prefer_skip_nested_validation=True)
    def fit(self, X: Any, y: Any = None) -> TremorBandFilter:
        """Design the filters.

        Parameters
        ----------
        X : array-like of shape (n, n_timesteps) or (n, n_timesteps, n_channels), or ragged list
            The recordings, in any unit.
        y : None
            Ignored.

        Returns
        -------
        self : TremorBandFilter
            The fitted filter.

        Raises
        ------
        ValueError
            If a band is not ``0 < low < high``, or starts at or above the Nyquist frequency.
        """
        check_recordings(self, X, reset=True, allow_nan=True)
        self.bands_ = _clamp_bands(_named_bands(self.bands), self.sampling_rate)
        self.sos_ = [_design(band, self.sampling_rate, self.order) for band in self.bands_.values()]
        self.channel_names_ = self._name_outputs(self._n_channels_in)
        return self

    def transform(self, X: Any) -> np.ndarray:
        """Filter recordings.

        Parameters
        ----------
        X : array-like of shape (n, n_timesteps) or (n, n_timesteps, n_channels), or ragged list
            The recordings, finite or NaN in gaps.

        Returns
        -------
        filtered : ndarray of shape (n, n_timesteps, n_outputs)
            In the unit of `X`. `n_outputs` is ``n_channels * n_bands``, or `n_bands` where channels are combined.
            Ragged recordings give an object array of (n_timesteps_i, n_outputs) arrays.
        """
        check_is_fitted(self)
        recordings = check_recordings(self, X, reset=False, allow_nan=True)
        if isinstance(recordings, list):
            return as_object_array(self._filter(recording[None])[0] for recording in recordings)
        return self._filter(recordings)

    def get_feature_names_out(self, input_features: Any = None) -> np.ndarray:
        """Name the output channels.

        Parameters
        ----------
        input_features : sequence of str or None, default=None
            Names of the input channels; None numbers them ch0, ch1, ...

        Returns
        -------
        names : ndarray of str
            One name an output channel, see `band_channel_names`.
        """
        check_is_fitted(self)
        return np.asarray(self._name_outputs(name_channels(self, input_features)), dtype=object)

    def _name_outputs(self, channels: int | Sequence[str]) -> list[str]:
        return band_channel_names(self.bands_, 1 if self.combine else channels)

    def _filter(self, X: np.ndarray) -> np.ndarray:
        """Filter (n, n_timesteps, n_channels) into (n, n_timesteps, n_outputs)."""
        n, n_timesteps, n_channels = X.shape
        series = np.ascontiguousarray(X.transpose(0, 2, 1)).reshape(-1, n_timesteps)
        filtered = np.empty((len(series), len(self.sos_), n_timesteps))
        has_gap = np.isnan(series).any(axis=1)
        whole = np.flatnonzero(~has_gap)
        rows_per_block = max(1, _BLOCK // n_timesteps)
        for first in range(0, len(whole), rows_per_block):
            rows = whole[first : first + rows_per_block]
            for band, sos in enumerate(self.sos_):
                filtered[rows, band] = _filter_run(sos, series[rows], self.zero_phase)
        for row in np.flatnonzero(has_gap):
            filtered[row] = np.nan
            for run in _finite_runs(series[row]):
                for band, sos in enumerate(self.sos_):
                    filtered[row, band, run] = _filter_run(sos, series[row, run], self.zero_phase)
        if self.combine:
            outputs = _project(filtered.reshape(n, n_channels, len(self.sos_), n_timesteps))
        else:
            outputs = filtered.reshape(n, -1, n_timesteps)
        return outputs.transpose(0, 2, 1)

    def __sklearn_tags__(self):
        tags = super().__sklearn_tags__()
        tags.input_tags.three_d_array = True
        tags.input_tags.allow_nan = True
        return tags


def band_channel_names(bands: Bands | None = None, channels: int | Sequence[str] = 1) -> list[str]:
    """Name the channels that a `TremorBandFilter` makes.

    Parameters
    ----------
    bands : dict of str to (low, high), sequence of (low, high) or None, default=None
        Band edges in Hz, as for `TremorBandFilter`.
    channels : int or sequence of str, default=1
        The input channels: how many, or their names. The name of an only channel is left out.

    Returns
    -------
    names : list of str
        ``n_channels * n_bands`` names: all bands of the first channel, then of the second, ...

    Raises
    ------
    ValueError
        If a band is not ``0 < low < high``.

    Examples
    --------
    >>> from skpd.signal import band_channel_names
    >>> band_channel_names()
    ['rest_3_6hz', 'postural_6_9hz', 'kinetic_9_12hz']
    >>> band_channel_names([(3, 7.5)], channels=2)
    ['ch0_band0_3_7.5hz', 'ch1_band0_3_7.5hz']
    """
    names = [f"{name}_{low:g}_{high:g}hz" for name, (low, high) in _named_bands(bands).items()]
    prefixes = [f"ch{i}" for i in range(channels)] if isinstance(channels, (int, np.integer)) else list(channels)
    return names if len(prefixes) == 1 else [f"{prefix}_{name}" for prefix in prefixes for name in names]


def _named_bands(bands: Bands | None) -> dict[str, tuple[float, float]]:
    """Give every band a name and check its edges."""
    if bands is None:
        return dict(PUBLISHED_BANDS)
    items = bands.items() if isinstance(bands, Mapping) else ((f"band{i}", edges) for i, edges in enumerate(bands))
    named: dict[str, tuple[float, float]] = {}
    for name, edges in items:
        try:
            low, high = (float(edge) for edge in edges)
        except (TypeError, ValueError):
            raise ValueError(f"expected band {name!r} as a pair (low, high) in Hz, got {edges!r}.") from None
        if not 0 < low < high:
            raise ValueError(f"expected 0 < low < high (Hz) for band {name!r}, got ({low:g}, {high:g}).")
        if str(name) in named:
            raise ValueError(f"expected bands with different names, got {str(name)!r} twice.")
        named[str(name)] = (low, high)
    if not named:
        raise ValueError("expected at least one band, got none: bands=None stands for the published three.")
    return named


def _clamp_bands(bands: dict[str, tuple[float, float]], sampling_rate: float) -> dict[str, tuple[float, float]]:
    nyquist = sampling_rate / 2
    clamped = {}
    for name, (low, high) in bands.items():
        if low >= nyquist:
            raise ValueError(
                f"band {name!r} starts at {low:g} Hz, expected below the Nyquist frequency {nyquist:g} Hz of "
                f"sampling_rate={sampling_rate:g}: leave the band out, or use recordings sampled above {2 * low:g} Hz."
            )
        clamped[name] = (low, min(high, nyquist))
    touched = [name for name, (_, high) in bands.items() if high >= nyquist]
    if touched:
        warnings.warn(
            f"band(s) {', '.join(map(repr, touched))} reach the Nyquist frequency {nyquist:g} Hz of "
            f"sampling_rate={sampling_rate:g} and become high-pass filters at their low edge.",
            UserWarning,
            stacklevel=4,
        )
    return clamped


def _design(band: tuple[float, float], sampling_rate: float, order: int) -> np.ndarray:
    low, high = band
    if high >= sampling_rate / 2:
        return butter(order, low, btype="highpass", fs=sampling_rate, output="sos")
    return butter(order, band, btype="bandpass", fs=sampling_rate, output="sos")


def _filter_run(sos: np.ndarray, x: np.ndarray, zero_phase: bool) -> np.ndarray:
    """Filter finite series, time on the last axis."""
    # Every band blocks the constant part, so removing the first sample equals starting from its steady state, and
    # leaves no rounding error of gravity behind: a flat series becomes exactly zero.
    x = x - x[..., :1]
    # scipy asks for writable coefficients; joblib hands memory-mapped, read-only ones to its workers.
    sos = sos.copy()
    if not zero_phase:
        return sosfilt(sos, x)
    n_taps = 2 * len(sos) + 1 - min((sos[:, 2] == 0).sum(), (sos[:, 5] == 0).sum())
    return sosfiltfilt(sos, x, padlen=min(3 * n_taps, x.shape[-1] - 1))


def _finite_runs(x: np.ndarray) -> Iterator[slice]:
    edges = np.flatnonzero(np.diff(~np.isnan(x), prepend=False, append=False))
    for start, stop in zip(edges[::2], edges[1::2], strict=True):
        yield slice(start, stop)


def _project(bands: np.ndarray) -> np.ndarray:
    """Project (n, n_channels, n_bands, n_timesteps) on the axis of most power of each recording and band."""
    return project_on(bands, principal_axes(channel_products(bands)))


def channel_products(bands: np.ndarray) -> np.ndarray:
    """Sum the products of all pairs of channels over the timesteps that no channel lacks.

    (n, n_channels, n_bands, n_timesteps) gives (n, n_bands, n_channels, n_channels); the sums of the pieces of a
    recording add up to those of the whole.
    """
    by_band = bands.transpose(0, 2, 1, 3)
    known = np.where(np.isnan(by_band).any(axis=2, keepdims=True), 0.0, by_band)
    return known @ known.swapaxes(-1, -2)


def principal_axes(products: np.ndarray) -> np.ndarray:
    """Return the unit vector of most power of each recording and band, largest loading positive."""
    axes = np.linalg.eigh(products)[1][..., -1]
    size = np.abs(axes)
    # Loadings that are equal but for rounding must not decide the sign by that rounding: the first of them does.
    decisive = np.argmax(size >= size.max(axis=-1, keepdims=True) * (1 - 1e-6), axis=-1)[..., None]
    return axes * np.sign(np.take_along_axis(axes, decisive, axis=-1))


def project_on(bands: np.ndarray, axes: np.ndarray) -> np.ndarray:
    """Project (n, n_channels, n_bands, n_timesteps) on the axes (n, n_bands, n_channels) of its bands."""
    return (axes[..., None, :] @ bands.transpose(0, 2, 1, 3))[..., 0, :]
