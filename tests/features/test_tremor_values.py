"""The values of the 34 features: tsfresh's calculators and scipy's PSD estimators are the reference."""

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from numpy.testing import assert_allclose, assert_array_equal
from scipy import optimize, signal

from skpd.features import TremorFeatures, tremor_feature_catalogue
from skpd.features._compute import TremorParams, compute_tremor34

RATE = 100.0
CATALOGUE = tremor_feature_catalogue()
NAMES = CATALOGUE["name"].tolist()
#: Features whose reference is one tsfresh calculator: the name of ours and of tsfresh's.
TSFRESH = {
    row.name: row.source.removeprefix("tsfresh: ")
    for row in CATALOGUE.itertuples(index=False)
    if row.source.startswith("tsfresh: ")
}


def make_window(kind, n, seed=0):
    rng = np.random.default_rng(seed)
    t = np.arange(n) / RATE
    noise = rng.normal(size=n)
    sine = np.sin(2 * np.pi * 5.3 * t) + 0.05 * noise
    if kind == "impulse":
        noise *= 1e-3
        noise[n // 3] += 10
        return noise
    return {
        "random": noise,
        "tied": rng.integers(-2, 3, size=n).astype(float),
        "near-constant": 9.81 + 1e-5 * noise,
        "clipped": np.clip(3 * sine, -2, 2),
        "sine": sine,
        "tremor in gravity": 9.81 + 0.3 * sine,
        "microscopic": 1e-5 * noise,
    }[kind]


KINDS = ["random", "tied", "near-constant", "impulse", "clipped", "sine", "tremor in gravity", "microscopic"]


def tsfresh_values(window, spectrum, *, lag=1, support=1, normalize=False):
    """Return the 27 features that tsfresh has, as it computes them of one window and of its amplitude spectrum."""
    from tsfresh.feature_extraction import feature_calculators

    parameters = {"autocorrelation": {"lag": lag}, "cid_ce": {"normalize": normalize}, "number_peaks": {"n": support}}
    values = {}
    with np.errstate(all="ignore"):
        for name, calculator in TSFRESH.items():
            x = spectrum if name.startswith("spectrum_") else window
            value = getattr(feature_calculators, calculator)(x, **parameters.get(calculator, {}))
            # tsfresh's infinite sample entropy is nan here.
            values[name] = value if np.isfinite(value) else np.nan
    if int(pd.__version__.split(".")[0]) < 3:
        # tsfresh asks pandas, whose second version calls small differences none, and their skewness and kurtosis 0.
        small = {"": np.var(window) < 1e-9, "spectrum_": np.var(spectrum) < 1e-9}
        values = {k: v for k, v in values.items() if not (k.endswith(("skewness", "kurtosis")) and small[k[:-8]])}
    return values


def psd_values(frequencies, psd, resolution, *, fraction=0.68):
    """Return the 7 PSD features of one window by other means: scipy's root finder on the interpolated power."""
    edges = np.append(frequencies - resolution / 2, frequencies[-1] + resolution / 2)
    cumulated = np.append(0, np.cumsum(psd))
    total = cumulated[-1]

    def power(low, high):
        return np.diff(np.interp([low, high], edges, cumulated))[0]

    median = optimize.brentq(lambda f: power(edges[0], f) - total / 2, edges[0], edges[-1], xtol=1e-13)
    half = optimize.brentq(
        lambda h: power(median - h, median + h) - fraction * total, 0, edges[-1] - edges[0], xtol=1e-13
    )
    fundamental = frequencies[np.argmax(psd)]
    return {
        "psd_peak": psd.max(),
        "median_frequency": median,
        "frequency_dispersion": 2 * half,
        "fundamental_frequency": fundamental,
        "frequency_difference": median - fundamental,
        "spectral_centroid_amplitude": np.dot(frequencies, psd) / frequencies.sum(),
        "max_weighted_psd": np.max(frequencies * psd),
    }


def ours(window, **parameters):
    return dict(zip(NAMES, TremorFeatures(RATE, **parameters).fit_transform(window[None])[0], strict=True))


def assert_same(actual, expected, **tolerances):
    for name, value in expected.items():
        assert_allclose(actual[name], value, err_msg=name, **tolerances)


@pytest.mark.filterwarnings("ignore::RuntimeWarning")
@pytest.mark.parametrize("n", [1, 2, 3, 4, 5, 50, 51, 400])
@pytest.mark.parametrize("kind", KINDS)
def test_equal_to_tsfresh(kind, n):
    window = make_window(kind, n)
    expected = tsfresh_values(window, np.abs(np.fft.rfft(window)))
    # Differences of 1e-5 around 9.81 keep 9 digits.
    assert_same(ours(window), expected, rtol=1e-7 if kind == "near-constant" else 1e-10, atol=1e-12)


@pytest.mark.filterwarnings("ignore::RuntimeWarning")
@pytest.mark.parametrize("level", [0.0, 5.0, 0.1, -9.81])
def test_constant_windows_equal_tsfresh(level):
    window = np.full(400, level)
    actual, expected = ours(window), tsfresh_values(window, np.abs(np.fft.rfft(window)))
    # The spectrum of a constant is 0 but for rounding; its count below the mean is of the zeros in any case.
    assert_same(actual, expected, rtol=1e-10, atol=1e-9)
    assert np.isnan([actual[name] for name in ("autocorrelation", "kurtosis", "skewness")]).all()
    assert actual["sample_entropy"] == pytest.approx(np.log((399 * 398) / (398 * 397)))


@pytest.mark.filterwarnings("ignore::RuntimeWarning")
@pytest.mark.parametrize(("lag", "support", "normalize"), [(0, 2, True), (7, 3, True), (49, 30, False), (50, 1, True)])
def test_parameters_equal_tsfresh(lag, support, normalize):
    for kind in KINDS:
        window = make_window(kind, 50)
        expected = tsfresh_values(window, np.abs(np.fft.rfft(window)), lag=lag, support=support, normalize=normalize)
        actual = ours(window, autocorrelation_lag=lag, peak_support=support, cid_normalize=normalize)
        assert_same(actual, expected, rtol=1e-7 if kind == "near-constant" else 1e-10, atol=1e-11)


def test_normalised_distance_of_a_constant_window_is_zero():
    assert ours(np.full(50, 5.0), cid_normalize=True)["complexity_invariant_distance"] == 0


@pytest.mark.parametrize("n", [50, 51])
def test_two_sided_spectrum(n):
    window = make_window("sine", n)
    actual = ours(window, spectrum="two-sided")
    assert_same(actual, tsfresh_values(window, np.abs(np.fft.fft(window))), rtol=1e-10, atol=1e-12)
    frequencies, psd = signal.periodogram(window, RATE, detrend=False, return_onesided=False)
    positive = slice(0, n // 2 + 1)
    assert_same(actual, psd_values(np.abs(frequencies[positive]), psd[positive], RATE / n), rtol=1e-9)


@pytest.mark.parametrize("n", [3, 5, 50, 51, 400])
@pytest.mark.parametrize("kind", KINDS)
def test_psd_features_equal_scipy_periodogram(kind, n):
    window = make_window(kind, n)
    frequencies, psd = signal.periodogram(window, RATE, window="boxcar", detrend=False, scaling="density")
    assert_same(ours(window), psd_values(frequencies, psd, RATE / n), rtol=1e-8, atol=1e-12)


def test_psd_features_of_welch():
    window = make_window("tremor in gravity", 400)
    frequencies, psd = signal.welch(window, RATE, nperseg=200, detrend=False)
    assert_same(ours(window, psd="welch"), psd_values(frequencies, psd, 0.5), rtol=1e-9)
    frequencies, psd = signal.welch(window, RATE, nperseg=128, detrend=False)
    assert_same(ours(window, psd="welch", welch_duration=1.28), psd_values(frequencies, psd, RATE / 128), rtol=1e-9)
    # A segment cannot be longer than the window.
    frequencies, psd = signal.welch(window, RATE, nperseg=400, detrend=False)
    assert_same(ours(window, psd="welch", welch_duration=100), psd_values(frequencies, psd, 0.25), rtol=1e-9)


@pytest.mark.parametrize("limits", [(3, 6), (2.9, 6.1), (0, 1000), (0.1, 0.3)])
def test_frequency_limits(limits):
    window = make_window("random", 400)
    frequencies, psd = signal.periodogram(window, RATE, detrend=False)
    # Bins on the limits belong to the band.
    kept = (frequencies >= limits[0] - 1e-9) & (frequencies <= limits[1] + 1e-9)
    actual = ours(window, frequency_limits=limits)
    assert_same(actual, psd_values(frequencies[kept], psd[kept], 0.25), rtol=1e-9)
    assert_same(actual, {name: ours(window)[name] for name in TSFRESH}, rtol=0)


def test_limits_between_two_bins_leave_nothing():
    actual = ours(make_window("random", 400), frequency_limits=(3.01, 3.02))
    assert [name for name, value in actual.items() if np.isnan(value)] == NAMES[27:]


def test_dispersion_centroid_and_difference_options():
    window = make_window("random", 400)
    frequencies, psd = signal.periodogram(window, RATE, detrend=False)
    default = ours(window)
    half = ours(window, dispersion_fraction=0.5)
    assert half["frequency_dispersion"] == pytest.approx(
        psd_values(frequencies, psd, 0.25, fraction=0.5)["frequency_dispersion"], rel=1e-9
    )
    mean_frequency = ours(window, centroid="frequency")["spectral_centroid_amplitude"]
    assert mean_frequency == pytest.approx(np.average(frequencies, weights=psd), rel=1e-12)
    opposite = ours(window, difference="fundamental-minus-median")["frequency_difference"]
    assert opposite == -default["frequency_difference"]
    assert ours(window, difference="absolute")["frequency_difference"] == abs(opposite)


def test_one_line_of_power():
    actual = ours(np.sin(2 * np.pi * 5 * np.arange(400) / RATE))
    assert actual["fundamental_frequency"] == 5
    assert actual["median_frequency"] == pytest.approx(5)
    assert actual["frequency_dispersion"] == pytest.approx(0.68 * 0.25)
    # A sine of amplitude 1 has the power 1/2, all of it in one bin of 0.25 Hz.
    assert actual["psd_peak"] == pytest.approx(0.5 / 0.25)
    assert actual["energy"] == pytest.approx(200)


def test_spectrum_without_power():
    actual = ours(np.zeros(50))
    undefined = [name for name in NAMES[27:] if np.isnan(actual[name])]
    assert undefined == ["median_frequency", "frequency_dispersion", "fundamental_frequency", "frequency_difference"]
    assert actual["psd_peak"] == actual["spectral_centroid_amplitude"] == actual["max_weighted_psd"] == 0
    assert np.isnan(ours(np.zeros(50), centroid="frequency")["spectral_centroid_amplitude"])


@pytest.mark.parametrize(("m", "r"), [(1, 0.2), (2, 0.5), (3, 0.2), (4, 1.0), (60, 0.2)])
def test_sample_entropy_of_any_m_and_r(m, r):
    x = make_window("random", 50)

    def count_matches(length):
        templates = [x[i : i + length] for i in range(len(x) - length + 1)]
        return sum(np.max(np.abs(a - b)) <= r * np.std(x) for i, a in enumerate(templates) for b in templates[i + 1 :])

    b, a = count_matches(m), count_matches(m + 1)
    expected = np.log(b / a) if a else np.nan
    assert_allclose(ours(x, entropy_m=m, entropy_r=r)["sample_entropy"], expected, rtol=1e-12)


def test_sample_entropy_compares_with_less_or_equal():
    # Zeros and twos in equal number have a standard deviation of exactly 1: at r = 2 all of them match.
    x = np.random.default_rng(0).permutation(np.repeat([0.0, 2.0], 20))
    assert ours(x, entropy_r=2.0)["sample_entropy"] == pytest.approx(np.log(39 / 37), rel=1e-14)
    assert ours(x, entropy_r=1.999)["sample_entropy"] > 0.3


def test_entropy_without_longer_matches_is_nan():
    from tsfresh.feature_extraction.feature_calculators import sample_entropy

    x = np.array([0.0, 0.1, 10, 0, 0.1, -10, 30, 77])
    with np.errstate(divide="ignore"):
        assert np.isinf(sample_entropy(x))
    assert np.isnan(ours(x)["sample_entropy"])


def test_scaling():
    x = make_window("clipped", 400)
    one, three = ours(x), ours(3 * x)
    for row in CATALOGUE.itertuples(index=False):
        power = {"u": 1, "u^2": 2, "u^2/Hz": 2}.get(row.unit, 0)
        assert three[row.name] == pytest.approx(3**power * one[row.name], rel=1e-9), row.name


def test_sampling_rate_scales_frequencies_only():
    x = make_window("random", 400)
    slow, fast = ours(x), dict(zip(NAMES, TremorFeatures(2 * RATE).fit_transform(x[None])[0], strict=True))
    for row in CATALOGUE.itertuples(index=False):
        factor = {"Hz": 2, "u^2/Hz": 0.5}.get(row.unit, 1)
        assert fast[row.name] == pytest.approx(factor * slow[row.name], rel=1e-9), row.name


def test_strided_windows_equal_copies_to_the_bit():
    signals = np.random.default_rng(0).normal(size=(3000, 2))
    view = np.lib.stride_tricks.sliding_window_view(signals, 400, axis=0)[::200, 0]
    parameters = TremorParams()
    of_view = compute_tremor34(view, sampling_rate=RATE, params=parameters)
    of_copy = compute_tremor34(view.copy(), sampling_rate=RATE, params=parameters)
    one_by_one = [compute_tremor34(window[None], sampling_rate=RATE, params=parameters)[0] for window in view]
    assert_array_equal(of_view, of_copy)
    assert_array_equal(of_view, one_by_one)


@settings(deadline=None, max_examples=60)
@given(st.integers(1, 40).flatmap(lambda n: arrays(np.float64, n, elements=st.floats(-1e6, 1e6))))
def test_any_window(window):
    actual = ours(window)
    assert not np.isinf(list(actual.values())).any()
    assert actual["above_mean"] + actual["below_mean"] <= len(window)
    assert actual["peaks"] <= len(window) / 2
    assert window.min() <= actual["median"] <= actual["maximum"] == window.max()
    assert not actual["sample_entropy"] < 0
    if np.isfinite(actual["median_frequency"]):
        assert 0 <= actual["median_frequency"] <= RATE / 2 + 1e-9
        assert actual["psd_peak"] > 0


@pytest.mark.filterwarnings("ignore::RuntimeWarning")
def test_real_windows(data_dir):
    path = data_dir / "unm_rest" / "801_1.npy"
    if not path.is_file():
        pytest.skip(f"the recording is absent: {path}")
    recording = np.load(path).astype(float)
    for start in range(0, len(recording) - 400, 1900):
        for window in recording[start : start + 400].T:
            actual = ours(window)
            assert_same(actual, tsfresh_values(window, np.abs(np.fft.rfft(window))), rtol=1e-8, atol=1e-12)
            frequencies, psd = signal.periodogram(window, RATE, detrend=False)
            assert_same(actual, psd_values(frequencies, psd, 0.25), rtol=1e-8)
