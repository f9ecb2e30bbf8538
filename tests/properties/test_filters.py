"""What the filters are whatever goes in: linear, without lag, tight, and the same chunk by chunk."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.signal import hilbert

from skpd.signal import TremorBandFilter, VectorMagnitude, iter_filtered

RATES = st.sampled_from([30.0, 50.0, 85.7, 100.0, 128.0])
seeds = st.integers(0, 2**32 - 1)


def noise(seed, *shape):
    return np.random.default_rng(seed).normal(size=shape)


@given(RATES, seeds, st.booleans(), st.floats(-50, 50), st.floats(-50, 50))
def test_linear(rate, seed, zero_phase, a, b):
    x, y = noise(seed, 2, 1, 400, 2)
    bands = TremorBandFilter(rate, zero_phase=zero_phase).fit(x)
    both = bands.transform(a * x + b * y)
    np.testing.assert_allclose(both, a * bands.transform(x) + b * bands.transform(y), atol=1e-9 * (abs(a) + abs(b) + 1))


@given(RATES, seeds, st.floats(-100, 100))
def test_gravity_and_units(rate, seed, level):
    x = noise(seed, 1, 600, 1)
    bands = TremorBandFilter(rate).fit(x)
    inner = slice(200, 400)
    np.testing.assert_allclose(
        bands.transform(x + level)[:, inner], bands.transform(x)[:, inner], atol=1e-3 * (abs(level) + 1)
    )
    np.testing.assert_allclose(bands.transform(9.80665 * x), 9.80665 * bands.transform(x), atol=1e-9)


@given(RATES, st.floats(0.3, 0.7), st.floats(0.1, 0.9), st.integers(0, 2))
def test_zero_phase_keeps_the_place_of_a_burst(rate, centre, inside, band):
    """The peak of a burst inside a band stays where it is; a causal filter moves it later."""
    low, high = [(3, 6), (6, 9), (9, 12)][band]
    frequency = low + 0.5 + inside * (high - low - 1)
    t = np.arange(round(20 * rate)) / rate
    burst = np.exp(-(((t - 20 * centre) / 1.0) ** 2)) * np.cos(2 * np.pi * frequency * (t - 20 * centre))
    peak = {}
    for zero_phase in (True, False):
        filtered = TremorBandFilter(rate, zero_phase=zero_phase).fit_transform(burst[None])[0, :, band]
        peak[zero_phase] = t[np.abs(hilbert(filtered)).argmax()] - 20 * centre
    assert abs(peak[True]) < 1.5 / rate + 0.02
    assert peak[False] > 0.05


@given(RATES, st.integers(0, 2), st.floats(0.15, 0.85), st.booleans())
def test_leakage(rate, band, inside, zero_phase):
    """A tone within a band passes there, and one octave away no more than a thousandth of its power is left."""
    edges = [(3, 6), (6, 9), (9, 12)]
    low, high = edges[band]
    t = np.arange(round(30 * rate)) / rate
    inner = slice(len(t) // 4, -len(t) // 4)

    def power(frequency):
        x = np.sin(2 * np.pi * frequency * t)
        out = TremorBandFilter(rate, zero_phase=zero_phase).fit_transform(x[None])[0, inner]
        return (out**2).mean(axis=0) / 0.5

    assert power(low + inside * (high - low))[band] > 0.4
    assert power(low / 2)[band] < 1e-3
    if 2 * high < rate / 2:
        assert power(2 * high)[band] < 1e-3
    assert (power(0.2) < 1e-3).all()


@given(seeds, st.booleans(), st.integers(1, 400), st.integers(0, 900), st.lists(st.integers(0, 2999), max_size=4))
def test_chunks_do_not_matter(seed, zero_phase, extra, overlap, gaps):
    X = noise(seed, 3000, 2).cumsum(axis=0)
    for gap in gaps:
        X[gap : gap + 20] = np.nan
    bands = TremorBandFilter(50.0, zero_phase=zero_phase)
    whole = bands.fit_transform(X[None])[0]
    for start, chunk in iter_filtered(X, bands, chunk_size=overlap + extra, overlap=overlap):
        np.testing.assert_allclose(chunk, whole[start : start + len(chunk)], rtol=0, atol=1e-9)


@given(seeds, st.lists(st.integers(1, 700), min_size=1, max_size=6))
def test_pieces_do_not_matter(seed, lengths):
    X = noise(seed, sum(lengths), 3)
    pieces = np.split(X, np.cumsum(lengths)[:-1])
    road = TremorBandFilter(100.0)
    got = np.concatenate([chunk for _, chunk in iter_filtered(pieces, road, chunk_size=500)])
    np.testing.assert_allclose(got, road.fit_transform(X[None])[0], rtol=0, atol=1e-12)


@given(seeds, st.integers(0, 300), st.integers(1, 80))
def test_a_gap_stays_a_gap_and_nothing_else_does(seed, start, length):
    X = noise(seed, 1, 400, 2)
    X[0, start : start + length, 1] = np.nan
    out = TremorBandFilter(50.0).fit_transform(X)
    gap = np.isnan(X[0, :, 1])
    assert not np.isnan(out[0, :, :3]).any()
    for column in (3, 4, 5):
        np.testing.assert_array_equal(np.isnan(out[0, :, column]), gap)


@given(seeds)
def test_magnitude_does_not_know_how_the_device_was_worn(seed):
    """Turning the device turns nothing: the road of magnitude, filter and windows gives the same."""
    rng = np.random.default_rng(seed)
    X = rng.normal(size=(2, 300, 3)) + [0, 0, 9.8]
    turn, _ = np.linalg.qr(rng.normal(size=(3, 3)))
    magnitude = VectorMagnitude()
    one, other = magnitude.fit_transform(X), magnitude.fit_transform(X @ turn)
    np.testing.assert_allclose(one, other, rtol=1e-12)
    np.testing.assert_allclose(one[:, :, 0], np.linalg.norm(X, axis=2))
    bands = TremorBandFilter(50.0)
    np.testing.assert_allclose(bands.fit_transform(one), bands.fit_transform(other), atol=1e-10)


@given(seeds)
def test_the_principal_axis_does_not_either(seed):
    """But for its sign, which no axis has."""
    rng = np.random.default_rng(seed)
    X = rng.normal(size=(1, 400, 3)) * [3, 1, 0.3]
    turn, _ = np.linalg.qr(rng.normal(size=(3, 3)))
    bands = TremorBandFilter(50.0, combine="principal_axis")
    one, other = bands.fit_transform(X), bands.fit_transform(X @ turn)
    np.testing.assert_allclose(np.abs(one), np.abs(other), atol=1e-9)


@pytest.mark.parametrize("n", [1, 2, 3, 10, 30])
def test_short_recordings_keep_their_length(n):
    assert np.isfinite(TremorBandFilter(100.0).fit_transform(np.ones((2, n, 1)))).all()
