"""The features of pen trajectories: what each is, in which unit, of which channels, and where it comes from."""

from __future__ import annotations

from dataclasses import asdict, dataclass

import pandas as pd

from ._pen_tremor import BANDS

__all__ = ["PEN_CATALOGUE", "PEN_GROUPS", "PenFeature", "pen_feature_catalogue"]

PEN_GROUPS = ("kinematic", "pressure", "air", "nonlinear", "tremor", "spiral")

_HERE = "this project"
_DROTAR = "Drotar et al. (2016)"
_NVV = "Kotsavasiloglou et al. (2017), as we read it"
_SPIRAL = "San Luciano et al. (2016), our reading"
_SMOOTH = "Balasubramanian et al. (2012)"
_ENTROPY = "tsfresh: sample_entropy, by TremorFeatures' engine"
_ENGINE = "TremorFeatures' engine"
_TKE = "Kaiser (1990)"


@dataclass(frozen=True)
class PenFeature:
    """One row of the catalogue."""

    name: str
    group: str
    formula: str
    #: u is the unit of x and y, w that of pressure.
    unit: str
    #: The channel without which it is nan, besides x, y and t.
    channels: str
    source: str


#: Ending, formula, in terms of q.
_STATISTICS = {
    "mean": "mean(q)",
    "median": "median(q)",
    "sd": "sqrt(mean((q - mean(q))^2))",
    "p10": "10th percentile of q",
    "p90": "90th percentile of q",
    "max": "max(q)",
}

#: Name, formula of q, unit.
_MOTION = (
    ("speed", "q = |v|, v = dp/dt", "u/s"),
    ("acceleration", "q = |dv/dt|", "u/s^2"),
    ("tangential_acceleration", "q = |d|v|/dt|", "u/s^2"),
    ("normal_acceleration", "q = sqrt(|dv/dt|^2 - (d|v|/dt)^2)", "u/s^2"),
    ("jerk", "q = |d^2v/dt^2|", "u/s^3"),
)

#: Name, formula, unit, source.
_KINEMATIC = (
    ("speed_x_mean", "mean(|v_x|)", "u/s", _DROTAR),
    ("speed_x_sd", "standard deviation of |v_x|", "u/s", _DROTAR),
    ("speed_y_mean", "mean(|v_y|)", "u/s", _DROTAR),
    ("speed_y_sd", "standard deviation of |v_y|", "u/s", _DROTAR),
    ("speed_variation_coefficient", "speed_sd / speed_mean", "1", _HERE),
    ("path_length", "sum |p_{i+1} - p_i|", "u", _HERE),
    ("ncv", "number of changes of velocity: local extrema of |v|", "count", _DROTAR),
    ("ncv_per_second", "ncv / T", "1/s", _DROTAR),
    ("nca", "number of changes of acceleration: local extrema of |dv/dt|", "count", _DROTAR),
    ("nca_per_second", "nca / T", "1/s", _DROTAR),
    ("nvv", "normalised velocity variability: sum | |v_{i+1}| - |v_i| | / (T mean|v|)", "1/s", _NVV),
    ("log_dimensionless_jerk", "-ln(T^3 / max|v|^2 * integral |d^2v/dt^2|^2 dt)", "1", _SMOOTH),
)

#: Name, formula, unit, channel, source.
_PRESSURE = (
    ("pressure_change_mean", "mean(|dw/dt|)", "w/s", "pressure", _DROTAR),
    ("pressure_change_sd", "standard deviation of |dw/dt|", "w/s", "pressure", _DROTAR),
    ("pressure_change_max", "max(|dw/dt|)", "w/s", "pressure", _DROTAR),
    ("ncp", "number of changes of pressure: local extrema of w", "count", "pressure", _DROTAR),
    ("ncp_per_second", "ncp / T on the surface", "1/s", "pressure", _DROTAR),
    ("pressure_speed_correlation", "Pearson's correlation of w and |v|", "1", "pressure", _DROTAR),
    ("azimuth_mean", "mean of the azimuth without jumps of a turn, from 0 to 2 pi", "rad", "azimuth", _HERE),
    ("azimuth_sd", "standard deviation of the azimuth", "rad", "azimuth", _HERE),
    ("azimuth_range", "max - min of the azimuth", "rad", "azimuth", _HERE),
    ("azimuth_change_mean", "mean(|d azimuth / dt|)", "rad/s", "azimuth", _HERE),
    ("altitude_mean", "mean of the altitude", "rad", "altitude", _HERE),
    ("altitude_sd", "standard deviation of the altitude", "rad", "altitude", _HERE),
    ("altitude_range", "max - min of the altitude", "rad", "altitude", _HERE),
    ("altitude_change_mean", "mean(|d altitude / dt|)", "rad/s", "altitude", _HERE),
)

_DOWN = "pen_down"
_AIR = (
    ("duration", "last time - first time", "s", "", _HERE),
    ("n_gaps", "number of steps of time longer than max_gap", "count", "", _HERE),
    ("gap_time", "sum of those steps: the tablet saw no pen", "s", "", _HERE),
    ("surface_time", "sum of the other steps that start on the surface", "s", _DOWN, _DROTAR),
    ("air_time", "sum of the other steps that start in the air", "s", _DOWN, _DROTAR),
    ("air_surface_ratio", "air_time / surface_time", "1", _DOWN, _DROTAR),
    ("air_share", "air_time / (air_time + surface_time)", "1", _DOWN, _HERE),
    ("n_strokes", "runs of points on the surface without a gap", "count", _DOWN, _DROTAR),
    ("strokes_per_second", "n_strokes / duration", "1/s", _DOWN, _HERE),
    ("stroke_duration_mean", "mean of last time - first time of a stroke", "s", _DOWN, _DROTAR),
    ("stroke_duration_sd", "standard deviation of the same", "s", _DOWN, _HERE),
    ("stroke_length_mean", "mean of sum |p_{i+1} - p_i| of a stroke", "u", _DOWN, _DROTAR),
    ("stroke_length_sd", "standard deviation of the same", "u", _DOWN, _HERE),
)

_SHANNON = "-sum p log2 p, p the shares of 32 equal bins from the least to the largest {q}"
_SAMPLE = "sample entropy, m = 2, r = 0.2 standard deviations, of {q} at 2 cutoff samples a second"
_NONLINEAR = (
    ("speed_shannon_entropy", _SHANNON.format(q="|v|"), "bit", "", _DROTAR),
    ("speed_sample_entropy", _SAMPLE.format(q="|v|"), "1", "", _ENTROPY),
    ("acceleration_shannon_entropy", _SHANNON.format(q="|dv/dt|"), "bit", "", _DROTAR),
    ("acceleration_sample_entropy", _SAMPLE.format(q="|dv/dt|"), "1", "", _ENTROPY),
    ("pressure_shannon_entropy", _SHANNON.format(q="w"), "bit", "pressure", _DROTAR),
    ("pressure_sample_entropy", _SAMPLE.format(q="w"), "1", "pressure", _ENTROPY),
    ("teager_kaiser_mean", "mean of (v_i . v_i - v_{i-1} . v_{i+1}) / dt^2", "u^2/s^4", "", _TKE),
    ("teager_kaiser_sd", "standard deviation of the same", "u^2/s^4", "", _TKE),
)

#: Ending, formula, unit, source, of the PSD P of v_x plus that of v_y.
_BAND = (
    ("power", "sum of P_k df within the band", "u^2/s^2", _HERE),
    ("power_share", "power / power from 0 to 12 Hz", "1", _HERE),
    ("psd_peak", "max_k P_k within the band", "u^2/s^2/Hz", _ENGINE),
    ("median_frequency", "f50 with S(f50) = S_total / 2 within the band", "Hz", _ENGINE),
    ("frequency_dispersion", "width about f50 that holds 0.68 of the band's power", "Hz", _ENGINE),
    ("fundamental_frequency", "f_k with k = argmax_k P_k within the band", "Hz", _ENGINE),
    ("frequency_difference", "f50 - f_k of that k", "Hz", _ENGINE),
    ("spectral_centroid_amplitude", "sum_k f_k P_k / sum_k f_k within the band", "u^2/s^2/Hz", _ENGINE),
    ("max_weighted_psd", "max_k f_k P_k within the band", "u^2/s^2", _ENGINE),
)
_TREMOR = (
    ("tremor_frequency", "f0: largest local maximum of P from 3 to 12 Hz", "Hz", _HERE),
    ("tremor_amplitude", "sqrt(2 sum P_k / (2 pi f_k)^2 df) about f0: of a steady vibration at f0", "u", _HERE),
    ("tremor_spectral_entropy", "-sum p log2 p / log2 K, p = P_k / sum P of the K bins from 3 to 12 Hz", "1", _HERE),
)

_SPIRALS = (
    ("loop_count", "range of theta / 2 pi, + (least r fitted - least r) / loop_width, from 0 to 1", "1", _HERE),
    ("loop_width", "2 pi |b|", "u", _HERE),
    ("tightness", "1 / loop_width: turns in a unit of radius", "1/u", _SPIRAL),
    ("radial_residual_rms", "sqrt(weighted mean of e^2)", "u", _HERE),
    ("radial_residual_relative", "radial_residual_rms / loop_width", "1", _HERE),
    ("radial_residual_max", "max |e|", "u", _HERE),
    ("first_order_smoothness", "ln(mean((dr/dtheta - b)^2) / b^2); larger is rougher", "1", _SPIRAL),
    ("second_order_smoothness", "ln(mean((d^2r/dtheta^2)^2) / b^2); larger is rougher", "1", _SPIRAL),
    ("first_order_zero_crossings", "changes of sign of dr/dtheta - b, a turn", "1", _SPIRAL),
    ("second_order_zero_crossings", "changes of sign of d^2r/dtheta^2, a turn", "1", _SPIRAL),
    ("width_variability", "standard deviation / mean of r(theta + 2 pi) - r(theta) over theta", "1", _SPIRAL),
    ("radial_speed_mean", "mean(|dr/dt|)", "u/s", _HERE),
    ("angular_speed_mean", "mean(d theta / dt)", "rad/s", _HERE),
    ("angular_speed_sd", "standard deviation of d theta / dt", "rad/s", _HERE),
    ("spiral_tremor_frequency", "f0: largest local maximum of the PSD of e over time, 3 to 12 Hz", "Hz", _HERE),
    ("spiral_tremor_amplitude", "sqrt(2 sum PSD df) about f0: of a steady radial vibration", "u", _HERE),
)


def _build() -> tuple[PenFeature, ...]:
    rows: list[tuple[str, str, str, str, str, str]] = []
    for name, quantity, unit in _MOTION:
        for ending, formula in _STATISTICS.items():
            rows.append((f"{name}_{ending}", "kinematic", f"{formula}, {quantity}", unit, "", _DROTAR))
    rows += [(name, "kinematic", formula, unit, "", source) for name, formula, unit, source in _KINEMATIC]
    for ending, formula in _STATISTICS.items():
        rows.append((f"pressure_{ending}", "pressure", f"{formula}, q = w", "w", "pressure", _DROTAR))
    for group, listed in (("pressure", _PRESSURE), ("air", _AIR), ("nonlinear", _NONLINEAR)):
        rows += [(name, group, formula, unit, channel, source) for name, formula, unit, channel, source in listed]
    for band, low, high in BANDS:
        for ending, formula, unit, source in _BAND:
            stated = f"{formula}, {low:g} to {high:g} Hz"
            rows.append((f"tremor_{band}_{ending}", "tremor", stated, unit, "", source))
    for group, plain in (("tremor", _TREMOR), ("spiral", _SPIRALS)):
        rows += [(name, group, formula, unit, "", source) for name, formula, unit, source in plain]
    return tuple(PenFeature(*row) for row in rows)


#: All, in the order of the columns.
PEN_CATALOGUE = _build()


def pen_feature_catalogue() -> pd.DataFrame:
    """Describe the features that `PenFeatures` computes of a trajectory.

    Returns
    -------
    catalogue : DataFrame of shape (n_features, 6)
        One row a feature, in the order of the columns of `PenFeatures`: ``name``, ``group``, ``formula``, ``unit`` (u
        is the unit of x and y, w that of pressure), ``channels`` without which it is nan besides x, y and t, and
        ``source`` of the definition.

    See Also
    --------
    PenFeatures : Computes them.

    Notes
    -----
    In the formulas p = (x, y) is the position and w the pressure, sampled evenly; in the groups kinematic and
    nonlinear both are low-passed, in tremor and in the amplitudes of the spiral's tremor they are not. v is the
    velocity, T the time that the runs of the trajectory take together, P_k the power spectral density at the frequency
    f_k, df the width of its bins and S the power below a frequency.

    For spirals r and theta are the radius and the angle in the direction of drawing about the fitted centre,
    ``r = a + b theta`` the fit, e = r - (a + b theta). Means over e are weighted by the length of the path; dr/dtheta
    and d^2r/dtheta^2 are differences of the mean radius in cells of 5 degrees. The indices of [2]_ are known to us by
    name and by descriptions of the laboratory's manual, not as formulas of the paper: ours are divided by b, so that
    they do not depend on the size of the drawing, and crossings are counted a turn, so that they do not depend on the
    sampling rate. The paper's degree of severity is a regression whose coefficients are not published.

    References
    ----------
    .. [1] Drotar, P. et al. (2016). Evaluation of handwriting kinematics and pressure for differential diagnosis of
       Parkinson's disease. Artificial Intelligence in Medicine 67, 39-46, doi:10.1016/j.artmed.2016.01.004.
    .. [2] San Luciano, M. et al. (2016). Digitized spiral drawing: a possible biomarker for early Parkinson's disease.
       PLoS ONE 11(10), e0162799, doi:10.1371/journal.pone.0162799.
    .. [3] Kotsavasiloglou, C. et al. (2017). Machine learning-based classification of simple drawing movements in
       Parkinson's disease. Biomedical Signal Processing and Control 31, 174-180, doi:10.1016/j.bspc.2016.08.003.
    .. [4] Balasubramanian, S., Melendez-Calderon, A. and Burdet, E. (2012). A robust and sensitive metric for
       quantifying movement smoothness. IEEE Transactions on Biomedical Engineering 59(8), 2126-2136.
    .. [5] Kaiser, J. F. (1990). On a simple algorithm to calculate the 'energy' of a signal. ICASSP, 381-384.

    Examples
    --------
    >>> from skpd.features import pen_feature_catalogue
    >>> catalogue = pen_feature_catalogue()
    >>> catalogue["group"].value_counts(sort=False).to_dict()
    {'kinematic': 42, 'pressure': 20, 'air': 13, 'nonlinear': 8, 'tremor': 30, 'spiral': 16}
    >>> catalogue.loc[catalogue["name"].isin(["nvv", "tightness"]), ["name", "group", "unit"]]
              name      group unit
    40         nvv  kinematic  1/s
    115  tightness     spiral  1/u
    """
    return pd.DataFrame([asdict(feature) for feature in PEN_CATALOGUE])
