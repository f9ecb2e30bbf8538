"""The 34 published features of a channel: what each is, where its definition comes from, which parameter governs it."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Literal

import pandas as pd

__all__ = ["CATALOGUE", "FEATURE_NAMES", "TremorFeature", "tremor_feature_catalogue"]

_REFERENCE = "AlMahadin et al. (2022), Table 8"
_PSD_PARAMETERS = "psd, welch_duration, spectrum, frequency_limits"
_PERIODOGRAM = "this project: PSD of one window"


@dataclass(frozen=True)
class TremorFeature:
    """One row of the catalogue."""

    #: Place in the published list, from 1.
    number: int
    name: str
    domain: Literal["time", "frequency"]
    formula: str
    #: In the unit u of the signal.
    unit: str
    source: str
    #: The parameters of `TremorFeatures` that govern it.
    parameters: str = ""
    reference: str = _REFERENCE


#: name, formula, unit, tsfresh calculator and parameters of the features taken of the window and of its spectrum.
_STATISTICS = (
    ("above_mean", "#{t : x_t > mean(x)}", "count", "count_above_mean", ""),
    ("below_mean", "#{t : x_t < mean(x)}", "count", "count_below_mean", ""),
    (
        "autocorrelation",
        "sum_{t=1}^{N-l} (x_t - mean(x)) (x_{t+l} - mean(x)) / ((N - l) s^2); nan where s^2 <= 1e-8 u^2",
        "1",
        "autocorrelation",
        "autocorrelation_lag",
    ),
    (
        "complexity_invariant_distance",
        "sqrt(sum_t (x_{t+1} - x_t)^2), of (x - mean(x)) / s if normalised",
        "u",
        "cid_ce",
        "cid_normalize",
    ),
    (
        "sample_entropy",
        "-ln(A / B): B pairs of m, A pairs of m + 1 consecutive points within r s of each other (Chebyshev, <=)",
        "1",
        "sample_entropy",
        "entropy_m, entropy_r",
    ),
    ("kurtosis", "bias-corrected excess kurtosis G2; N >= 4", "1", "kurtosis", ""),
    ("skewness", "bias-corrected skewness G1; N >= 3", "1", "skewness", ""),
    ("standard_deviation", "s = sqrt(sum_t (x_t - mean(x))^2 / N)", "u", "standard_deviation", ""),
    ("maximum", "max_t x_t", "u", "maximum", ""),
    ("mean", "sum_t x_t / N", "u", "mean", ""),
    ("median", "middle value of the sorted x, mean of the middle two for even N", "u", "median", ""),
    ("sum_of_absolute_differences", "sum_t |x_{t+1} - x_t|", "u", "absolute_sum_of_changes", ""),
    ("energy", "sum_t x_t^2", "u^2", "abs_energy", ""),
)

#: The features of the PSD: name, formula, unit, parameters besides those of the PSD itself.
_PSD = (
    ("psd_peak", "max_k P_k", "u^2/Hz", ""),
    (
        "median_frequency",
        "f50 with S(f50) = S_total / 2, S the power below a frequency, linear within each bin",
        "Hz",
        "",
    ),
    (
        "frequency_dispersion",
        "2 h with h the smallest for which S(f50 + h) - S(f50 - h) = 0.68 S_total",
        "Hz",
        "dispersion_fraction",
    ),
    ("fundamental_frequency", "f0 = f_k with k = argmax_k P_k", "Hz", ""),
    ("frequency_difference", "f50 - f0", "Hz", "difference"),
    (
        "spectral_centroid_amplitude",
        "sum_k f_k P_k / sum_k f_k (divided by sum_k P_k, in Hz, if centroid='frequency')",
        "u^2/Hz",
        "centroid",
    ),
    ("max_weighted_psd", "max_k f_k P_k", "u^2", ""),
)


def _build() -> tuple[TremorFeature, ...]:
    rows: list[tuple] = []
    for name, formula, unit, calculator, parameters in _STATISTICS:
        source = f"tsfresh: {calculator}"
        spectral = ", ".join(filter(None, (parameters, "spectrum")))
        rows.append((name, "time", formula, unit, source, parameters))
        rows.append((f"spectrum_{name}", "frequency", f"{formula}; with x = |F|", unit, source, spectral))
    peaks = "#{t : x_t > each of its n neighbours on both sides}"
    rows.append(("peaks", "time", peaks, "count", "tsfresh: number_peaks", "peak_support"))
    for name, formula, unit, parameters in _PSD:
        own = ", ".join(filter(None, (_PSD_PARAMETERS, parameters)))
        rows.append((name, "frequency", formula, unit, _PERIODOGRAM, own))
    return tuple(TremorFeature(number, *row) for number, row in enumerate(rows, start=1))


#: All 34, in the order of the columns.
CATALOGUE = _build()

FEATURE_NAMES = tuple(feature.name for feature in CATALOGUE)


def tremor_feature_catalogue() -> pd.DataFrame:
    """Describe the 34 features that `TremorFeatures` computes of each channel.

    Returns
    -------
    catalogue : DataFrame of shape (34, 8)
        One row a feature, in the order of the columns of `TremorFeatures`: ``number`` in the published list, ``name``,
        ``domain`` ("time" or "frequency"), ``formula``, ``unit`` (in the unit u of the signal), ``source`` of the
        definition, ``parameters`` of `TremorFeatures` that govern it and ``reference``.

    See Also
    --------
    TremorFeatures : Computes them.

    Notes
    -----
    In the formulas x is the window of N samples, F its discrete Fourier transform (not normalised, so that `|F|` has
    the unit of the signal), P_k the power spectral density at the frequency f_k, s the standard deviation and S(f) the
    power at frequencies below f.

    The list is Table 8 of [1]_ as it could be recovered from Table 2 of the authors' paper of 2021 [2]_, which names
    the same features and their domains. It does not name tsfresh, but 27 of its features are tsfresh's calculators one
    for one; where tsfresh has a definition it rules here, odd cases included.

    References
    ----------
    .. [1] AlMahadin, G., Lotfi, A., McCarthy, M. and Breedon, P. (2022). SN Computer Science 3,
       doi:10.1007/s42979-021-00953-6.
    .. [2] AlMahadin, G. et al. (2021). Journal of Healthcare Engineering, 9624386. Retracted by its publisher.

    Examples
    --------
    >>> from skpd.features import tremor_feature_catalogue
    >>> catalogue = tremor_feature_catalogue()
    >>> catalogue.loc[[0, 1, 26], ["number", "name", "domain", "unit"]]
        number                 name     domain   unit
    0        1           above_mean       time  count
    1        2  spectrum_above_mean  frequency  count
    26      27                peaks       time  count
    """
    return pd.DataFrame([asdict(feature) for feature in CATALOGUE])
