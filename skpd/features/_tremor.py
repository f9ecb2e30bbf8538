"""The published 34 tremor features of every channel."""

from __future__ import annotations

from collections.abc import Sequence
from numbers import Integral, Real
from typing import Any, ClassVar

import numpy as np
from sklearn.utils._param_validation import Interval, StrOptions

from ._catalogue import FEATURE_NAMES
from ._compute import TremorParams
from ._windows import WindowFeatures

__all__ = ["TremorFeatures"]


class TremorFeatures(WindowFeatures):
    """Describe each window by the 34 published tremor features of each of its channels.

    Thirteen statistics of the window and the same of its amplitude spectrum, the number of peaks, and seven features of
    the power spectral density (PSD). `tremor_feature_catalogue` lists them with formulas and units. Three band-passed
    channels give the 102 features of the paper [1]_.

    Parameters
    ----------
    sampling_rate : float
        Samples a second, in Hz.
    features : "tremor34" or sequence of str, default="tremor34"
        All 34, or the names of those wanted, in the order wanted.
    channel_names : sequence of str, default=None
        One name a channel, for the names of the columns. By default "ch0", "ch1", ...
    undefined : "nan" or float, default="nan"
        What stands for a feature that is undefined, such as the skewness of a flat window. With "nan" an imputer
        belongs behind this step.
    pool : sequence of str, default=None
        Only for recordings cut into windows, 4-D input: the statistics over the windows of a recording that make one
        row of it, ignoring undefined values. "mean", "std", "min", "max", "median" and percentiles such as "p90".
    n_jobs : int, default=None
        Threads, by joblib.
    autocorrelation_lag : int, default=1
        Lag of the autocorrelation, in samples.
    peak_support : int, default=1
        A peak is larger than so many neighbours on both sides.
    cid_normalize : bool, default=False
        Whether the complexity-invariant distance is taken of the standardised window. By default it grows with the
        amplitude, as the paper's text says.
    entropy_m : int, default=2
        Length of the templates of sample entropy.
    entropy_r : float, default=0.2
        Tolerance of sample entropy, in standard deviations of the window.
    spectrum : {"one-sided", "two-sided"}, default="one-sided"
        Whether the statistics of the amplitude spectrum use the bins of 0 to half the sampling rate or, as the paper
        seems to, as many bins as samples. One-sided PSD values are doubled but for frequency 0 and half the sampling
        rate, as in `scipy.signal.periodogram`; two-sided ones are not, and the frequencies are the positive ones.
    psd : {"periodogram", "welch"}, default="periodogram"
        The estimator: of the whole window without taper or detrending, or Welch's with half-overlapping Hann segments.
    welch_duration : float, default=None
        Length of a Welch segment in seconds. By default half a window.
    frequency_limits : (float, float) or sequence of such pairs, default=None
        Lowest and highest frequency, in Hz, of the PSD features; one pair, or one a channel. By default 0 and half the
        sampling rate.
    dispersion_fraction : float, default=0.68
        Fraction of the power that the frequency dispersion holds.
    centroid : {"amplitude", "frequency"}, default="amplitude"
        Whether `spectral_centroid_amplitude` is the sum of f P over the sum of f, an amplitude, or over the sum of P,
        a frequency.
    difference : {"median-minus-fundamental", "fundamental-minus-median", "absolute"}, \
default="median-minus-fundamental"
        Sign of the frequency difference.
    non_finite : {"raise", "nan"}, default="raise"
        Whether nan or infinite samples are an error or make a row of nan of their window.

    Attributes
    ----------
    n_features_in_ : int
        Number of timesteps of a window.
    n_channels_ : int
        Number of channels.
    channel_names_ : tuple of str
        The names of the channels.
    feature_names_ : tuple of str
        The names of the features of one channel.
    feature_names_in_ : ndarray of str
        The columns, where the windows were a data frame.

    See Also
    --------
    tremor_feature_catalogue : Formulas, units and sources of the features.
    TsfreshFeatures : Any of tsfresh's features.
    skpd.signal.Windowizer : Cuts recordings into windows.

    Notes
    -----
    Where tsfresh has a feature, its definition is ours, with its odd cases: sample entropy compares with ``<=`` and the
    population standard deviation, and autocorrelation is undefined where the variance is below 1e-8 (a resting band in
    units of g can be there: use m/s^2). Undefined are also: the autocorrelation at a lag not shorter than the window,
    skewness and kurtosis of a constant window or of less than 3 or 4 samples, sample entropy where no templates of
    ``entropy_m + 1`` samples match (tsfresh: infinite), frequencies of a spectrum without power, what exceeds the
    range of float64, and all PSD features where no bin lies within `frequency_limits`.

    The amplitude spectrum is ``|F|`` with F the discrete Fourier transform of the window, not normalised, and the
    periodogram is ``|F|^2 / (sampling_rate * n_timesteps)``. For the median frequency f50 and the dispersion, the power
    of a bin is spread evenly over its width, so that the cumulated power is linear within each bin: half of the power
    lies below f50, and the dispersion is the width of the smallest interval centred on f50 that holds
    `dispersion_fraction` of the power. One line of power therefore has its own frequency as f50 and 0.68 widths of a
    bin as dispersion.

    The window's mean is not removed first: for signals that are not band-passed, set `frequency_limits`, or frequency 0
    dominates the PSD features.

    References
    ----------
    .. [1] AlMahadin, G., Lotfi, A., McCarthy, M. and Breedon, P. (2022). SN Computer Science 3, Table 8,
       doi:10.1007/s42979-021-00953-6.

    Examples
    --------
    A tremor of 5 Hz in one of two channels:

    >>> import numpy as np
    >>> from skpd.features import TremorFeatures
    >>> t = np.arange(400) / 100
    >>> noise = np.random.default_rng(0).normal(scale=0.1, size=(3, 400, 2))
    >>> X = noise + np.stack([np.sin(2 * np.pi * 5 * t), np.zeros(400)], axis=1)
    >>> tremor = TremorFeatures(100.0, channel_names=["rest", "other"]).set_output(transform="pandas")
    >>> table = tremor.fit_transform(X)
    >>> table.shape
    (3, 68)
    >>> table["rest__fundamental_frequency"].tolist()
    [5.0, 5.0, 5.0]
    >>> table[["rest__sample_entropy", "other__sample_entropy"]].mean().round(1).tolist()
    [0.7, 2.2]
    """

    _parameter_constraints: ClassVar[dict] = {
        **WindowFeatures._parameter_constraints,
        "sampling_rate": [Interval(Real, 0, None, closed="neither")],
        "features": [StrOptions({"tremor34"}), "array-like"],
        "autocorrelation_lag": [Interval(Integral, 0, None, closed="left")],
        "peak_support": [Interval(Integral, 1, None, closed="left")],
        "cid_normalize": ["boolean"],
        "entropy_m": [Interval(Integral, 1, None, closed="left")],
        "entropy_r": [Interval(Real, 0, None, closed="left")],
        "spectrum": [StrOptions({"one-sided", "two-sided"})],
        "psd": [StrOptions({"periodogram", "welch"})],
        "welch_duration": [Interval(Real, 0, None, closed="neither"), None],
        "frequency_limits": ["array-like", None],
        "dispersion_fraction": [Interval(Real, 0, 1, closed="neither")],
        "centroid": [StrOptions({"amplitude", "frequency"})],
        "difference": [StrOptions({"median-minus-fundamental", "fundamental-minus-median", "absolute"})],
    }

    def __init__(
        self,
        sampling_rate: float,
        *,
        features: str | Sequence[str] = "tremor34",
        channel_names: Sequence[str] | None = None,
        undefined: str | float = "nan",
        pool: Sequence[str] | None = None,
        n_jobs: int | None = None,
        autocorrelation_lag: int = 1,
        peak_support: int = 1,
        cid_normalize: bool = False,
        entropy_m: int = 2,
        entropy_r: float = 0.2,
        spectrum: str = "one-sided",
        psd: str = "periodogram",
        welch_duration: float | None = None,
        frequency_limits: Sequence[float] | Sequence[Sequence[float]] | None = None,
        dispersion_fraction: float = 0.68,
        centroid: str = "amplitude",
        difference: str = "median-minus-fundamental",
        non_finite: str = "raise",
    ) -> None:
        self.sampling_rate = sampling_rate
        self.features = features
        self.channel_names = channel_names
        self.undefined = undefined
        self.pool = pool
        self.n_jobs = n_jobs
        self.autocorrelation_lag = autocorrelation_lag
        self.peak_support = peak_support
        self.cid_normalize = cid_normalize
        self.entropy_m = entropy_m
        self.entropy_r = entropy_r
        self.spectrum = spectrum
        self.psd = psd
        self.welch_duration = welch_duration
        self.frequency_limits = frequency_limits
        self.dispersion_fraction = dispersion_fraction
        self.centroid = centroid
        self.difference = difference
        self.non_finite = non_finite

    def _prepare(self, windows: np.ndarray) -> Sequence[str]:
        names = FEATURE_NAMES if isinstance(self.features, str) else tuple(self.features)
        unknown = [name for name in names if name not in FEATURE_NAMES]
        if unknown or not names or len(set(names)) != len(names):
            raise ValueError(
                f"features: expected 'tremor34' or different names out of the catalogue, got {self.features!r}"
                + (f", of which {unknown} are unknown" if unknown else "")
                + ". skpd.features.tremor_feature_catalogue() lists the names."
            )
        self._columns = [FEATURE_NAMES.index(name) for name in names]
        self._params = [self._make_params(limits) for limits in self._check_limits()]
        return names

    def _compute(self, windows: np.ndarray, channel: int) -> np.ndarray:
        # The kernels compile on their first import: neither `import skpd` nor `fit` waits for that.
        from ._kernels import tremor34

        features = tremor34(windows, sampling_rate=self.sampling_rate, params=self._params[channel])
        # Finite samples whose squares are not: undefined, since nothing downstream takes infinity.
        features[np.isinf(features)] = np.nan
        return features if self._columns == list(range(features.shape[1])) else features[:, self._columns]

    def _check_limits(self) -> list[tuple[float, float] | None]:
        """Return the limits of each channel."""
        if self.frequency_limits is None:
            return [None] * self.n_channels_
        try:
            limits = np.broadcast_to(np.asarray(self.frequency_limits, dtype=float), (self.n_channels_, 2))
        except (TypeError, ValueError):
            limits = np.full((1, 2), np.nan)
        # Written so that nan fails.
        if not np.all((limits[:, 0] >= 0) & (limits[:, 0] < limits[:, 1]) & (limits[:, 0] < self.sampling_rate / 2)):
            raise ValueError(
                f"frequency_limits: expected (low, high), or one such pair for each of the {self.n_channels_} "
                f"channel(s), with 0 <= low < high and low < {self.sampling_rate / 2:g} Hz (half the sampling rate), "
                f"got {self.frequency_limits!r}."
            )
        return [(float(low), float(high)) for low, high in limits]

    def _make_params(self, limits: tuple[float, float] | None) -> TremorParams:
        # Any: the constraints have checked the options, which the dataclass spells as literals.
        options: dict[str, Any] = {"psd": self.psd, "centroid": self.centroid, "difference": self.difference}
        segment = None if self.welch_duration is None else max(1, round(self.welch_duration * self.sampling_rate))
        return TremorParams(
            lag=self.autocorrelation_lag,
            peak_support=self.peak_support,
            cid_normalize=self.cid_normalize,
            entropy_m=self.entropy_m,
            entropy_r=self.entropy_r,
            two_sided=self.spectrum == "two-sided",
            welch_length=segment,
            limits=limits,
            dispersion_fraction=self.dispersion_fraction,
            **options,
        )
