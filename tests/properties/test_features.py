"""What each of the 34 features must not notice, and how it scales: one table, every feature in it."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from skpd.features import PenFeatures, TremorFeatures, pen_feature_catalogue, tremor_feature_catalogue

RATE, N = 50.0, 128
NAMES = tremor_feature_catalogue()["name"].tolist()

#: Statistics of values whatever their order.
ORDER_FREE = {
    *("above_mean", "below_mean", "kurtosis", "skewness", "standard_deviation", "maximum", "mean", "median", "energy")
}
#: The power of the unit that each statistic has, and what adding a constant does.
DEGREE = {
    **dict.fromkeys(["complexity_invariant_distance", "standard_deviation", "maximum", "mean", "median"], 1),
    **dict.fromkeys(["above_mean", "below_mean", "autocorrelation", "sample_entropy", "kurtosis", "skewness"], 0),
    "sum_of_absolute_differences": 1,
    "energy": 2,
}
OF_PSD = {
    "psd_peak": 2,
    "median_frequency": 0,
    "frequency_dispersion": 0,
    "fundamental_frequency": 0,
    "frequency_difference": 0,
    "spectral_centroid_amplitude": 2,
    "max_weighted_psd": 2,
}
SCALES = {**DEGREE, **{f"spectrum_{name}": degree for name, degree in DEGREE.items()}, "peaks": 0, **OF_PSD}
#: What a constant added to the window moves by that constant; the rest of the time domain but energy does not move.
MOVED = {"maximum", "mean", "median"}
UNMOVED = {*DEGREE, "peaks"} - MOVED - {"energy"}
#: What turning the signal upside down leaves as it is; all of the spectrum and the PSD too.
EVEN = {
    *("autocorrelation", "complexity_invariant_distance", "sample_entropy", "kurtosis", "standard_deviation"),
    *("sum_of_absolute_differences", "energy"),
}
ODD = {"skewness", "mean", "median"}

seeds = st.integers(0, 2**32 - 1)


@pytest.fixture(scope="module")
def features():
    return TremorFeatures(RATE).fit(np.zeros((1, N)))


def window(seed, n=1):
    """Noise with a tone: a window of which every feature is defined."""
    rng = np.random.default_rng(seed)
    t = np.arange(N) / RATE
    tone = np.sin(2 * np.pi * rng.uniform(3, 12, (n, 1)) * t + rng.uniform(0, 6, (n, 1)))
    return rng.normal(scale=0.5, size=(n, N)) + tone


def compute(features, X):
    return dict(zip(NAMES, features.transform(X)[0], strict=True))


def close(one, other, scale=1.0):
    return np.isclose(one, other, rtol=1e-7, atol=1e-7 * scale)


def test_every_feature_is_in_the_table():
    assert set(SCALES) == set(NAMES)
    assert UNMOVED | MOVED | {"energy"} | {n for n in NAMES if n.startswith("spectrum_")} | set(OF_PSD) == set(NAMES)


@given(seeds, st.integers(-6, 6))
def test_units(features, seed, exponent):
    """A change of the unit by a factor changes each feature by a power of it. Powers of two: no rounding."""
    X, factor = window(seed), 2.0**exponent
    one, other = compute(features, X), compute(features, factor * X)
    wrong = {n for n in NAMES if not close(one[n] * factor ** SCALES[n], other[n], factor ** SCALES[n])}
    # An autocorrelation is undefined below a variance of 1e-8, which is stated.
    assert not wrong


@given(seeds)
def test_upside_down(features, seed):
    X = window(seed)
    one, other = compute(features, X), compute(features, -X)
    unchanged = EVEN | {n for n in NAMES if n.startswith("spectrum_")} | set(OF_PSD)
    assert not {n for n in unchanged if not close(one[n], other[n])}
    assert not {n for n in ODD if not close(one[n], -other[n])}
    assert (one["above_mean"], one["below_mean"]) == (other["below_mean"], other["above_mean"])
    assert other["maximum"] == -X.min()


@given(seeds)
def test_order(features, seed):
    """Statistics of the values do not know their order; statistics of the order do."""
    X = window(seed)
    shuffled = np.random.default_rng(seed).permuted(X, axis=1)
    one, other = compute(features, X), compute(features, shuffled)
    assert not {n for n in ORDER_FREE if not close(one[n], other[n])}
    assert not close(one["sum_of_absolute_differences"], other["sum_of_absolute_differences"])


@given(seeds)
def test_backwards(features, seed):
    X = window(seed)
    one, other = compute(features, X), compute(features, X[:, ::-1])
    # The density is of overlapping segments, which fit the window from its start, so it may notice.
    same = {n for n in NAMES if n not in OF_PSD}
    assert not {n for n in same if not close(one[n], other[n])}


@given(seeds, st.sampled_from([-64.0, -2.0, 0.5, 8.0, 100.0]))
def test_gravity(features, seed, level):
    X = window(seed)
    one, other = compute(features, X), compute(features, X + level)
    assert not {n for n in UNMOVED if not np.isclose(one[n], other[n], rtol=1e-6, atol=1e-6)}
    assert not {n for n in MOVED if not np.isclose(one[n] + level, other[n], rtol=1e-9)}


@given(seeds, st.integers(1, N - 1))
def test_a_circular_shift_leaves_the_amplitude_spectrum(features, seed, shift):
    X = window(seed)
    one, other = compute(features, X), compute(features, np.roll(X, shift, axis=1))
    spectral = {n for n in NAMES if n.startswith("spectrum_")} | ORDER_FREE
    assert not {n for n in spectral if not np.isclose(one[n], other[n], rtol=1e-6, atol=1e-6)}


@given(seeds)
def test_bounds(features, seed):
    f = compute(features, window(seed))
    assert f["above_mean"] + f["below_mean"] <= N
    assert 0 <= f["peaks"] <= N / 2
    assert -1.5 < f["autocorrelation"] < 1.5
    assert f["maximum"] >= f["median"]
    assert f["energy"] >= N * f["mean"] ** 2 - 1e-9
    assert np.isclose(f["energy"], N * (f["standard_deviation"] ** 2 + f["mean"] ** 2))
    assert 0 <= f["median_frequency"] <= RATE / 2
    assert 0 <= f["fundamental_frequency"] <= RATE / 2
    assert 0 <= f["frequency_dispersion"] <= RATE
    assert np.isclose(f["frequency_difference"], f["median_frequency"] - f["fundamental_frequency"])
    assert f["max_weighted_psd"] >= f["fundamental_frequency"] * f["psd_peak"] * (1 - 1e-12)


@given(st.floats(2.0, 20.0), st.floats(0, 6))
def test_a_tone_is_where_it_is(features, frequency, phase):
    f = compute(features, np.sin(2 * np.pi * frequency * np.arange(N) / RATE + phase)[None])
    resolution = RATE / N
    assert abs(f["fundamental_frequency"] - frequency) <= resolution
    assert abs(f["median_frequency"] - frequency) <= 2 * resolution


@given(seeds, st.integers(1, 6), st.integers(1, 3))
def test_a_row_does_not_depend_on_its_batch(seed, n, channels):
    X = np.stack([window(seed + c, n) for c in range(channels)], axis=2)
    table = TremorFeatures(RATE).fit_transform(X)
    assert table.shape == (n, 34 * channels)
    for i in range(n):
        np.testing.assert_array_equal(TremorFeatures(RATE).fit_transform(X[i : i + 1])[0], table[i])


def spiral(seed):
    rng = np.random.default_rng(seed)
    t = np.arange(0, 8, 1 / 100)
    radius = 0.004 * t + 0.0005 * np.sin(2 * np.pi * rng.uniform(4, 8) * t) + 0.002
    angle = 2 * np.pi * t / rng.uniform(2, 3)
    pressure = 0.5 + 0.2 * np.sin(t)
    return np.column_stack([radius * np.cos(angle), radius * np.sin(angle), t, pressure])


@given(seeds, st.floats(-10, 10), st.floats(-1, 1), st.floats(-1, 1))
def test_place_and_start_of_a_drawing(seed, later, right, up):
    """No feature of a pen depends on where on the tablet, or when, the drawing began."""
    x = spiral(seed)
    pen = PenFeatures(channel_names=["x", "y", "t", "pressure"]).fit([x])
    one, other = pen.transform([x, x + [right, up, later, 0]])
    np.testing.assert_allclose(one, other, rtol=1e-4, atol=1e-6)


@given(seeds, st.sampled_from([-3, -1, 2, 5]))
def test_the_unit_of_a_drawing(seed, exponent):
    """Features whose unit is free of lengths do not know the tablet's; the others scale by its power."""
    x, factor = spiral(seed), 2.0**exponent
    pen = PenFeatures(channel_names=["x", "y", "t", "pressure"]).fit([x])
    one, other = pen.transform([x, x * [factor, factor, 1, 1]])
    catalogue = pen_feature_catalogue().set_index("name")
    for name, a, b in zip(pen.get_feature_names_out(), one, other, strict=True):
        if "u" not in str(catalogue.loc[name, "unit"]).replace("count", ""):
            assert np.isclose(a, b, rtol=1e-5, atol=1e-8, equal_nan=True), name
        elif np.isfinite(a) and abs(a) > 1e-12:
            power = np.log2(b / a) / exponent
            assert np.isclose(power, round(power), atol=1e-4), name
