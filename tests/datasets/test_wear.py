"""Non-wear by van Hees' rule, against a plain reading of it, and clipping."""

import time

import numpy as np
import pytest

from skpd.signal import find_clipping, find_nonwear

G = 9.80665


def wear(hours, rate=10.0, seed=0):
    """A wrist that moves: noise of 0.1 g around a slowly turning gravity."""
    rng = np.random.default_rng(seed)
    n = int(hours * 3600 * rate)
    angle = np.arange(n) / n * 2 * np.pi
    gravity = np.column_stack([np.sin(angle), np.cos(angle), np.zeros(n)])
    return gravity + rng.normal(scale=0.1, size=(n, 3))


def table(n, noise=0.002, seed=1):
    """A device on a table: gravity and sensor noise, g."""
    return [0.0, 0.0, 1.0] + np.random.default_rng(seed).normal(scale=noise, size=(n, 3))


def plain(x, rate):
    """The rule block by block, as the paper states it; which blocks of 15 min are not worn."""
    n_blocks = int(len(x) / (900 * rate))
    marks = []
    for i in range(n_blocks):
        centre = (i + 0.5) * 900
        first, last = max(0, centre - 1800), centre + 1800
        part = x[int(first * rate) : int(last * rate)] if last < n_blocks * 900 else x[int(first * rate) :]
        still = (np.nanstd(part, axis=0) < 0.013) & (np.nanmax(part, axis=0) - np.nanmin(part, axis=0) < 0.05)
        marks.append(still.sum() >= 2)
    return np.array(marks)


class TestNonwear:
    @pytest.mark.parametrize("rate", [10.0, 8.57])
    def test_equals_the_plain_rule(self, rate):
        x = wear(9, rate)
        for begin, end in [(0.2, 2.3), (4.0, 4.7), (6.1, 7.6)]:
            rows = slice(int(begin * 3600 * rate), int(end * 3600 * rate))
            x[rows] = table(len(x[rows]))
        x[1000:1400] = np.nan
        marks = plain(x, rate)
        found = find_nonwear(x, rate, units="g")
        got = np.zeros(len(marks), dtype=bool)
        for row in found.itertuples():
            got[round(row.start_s / 900) : round(row.stop_s / 900)] = True
        np.testing.assert_array_equal(got, marks)
        assert 4 < marks.sum() < 20
        assert len(found) == 2

    def test_units(self):
        x = wear(6)
        x[70_000:150_000] = table(80_000)
        found = find_nonwear(x, 10.0, units="g")
        assert len(found) == 1
        assert found.equals(find_nonwear(x * G, 10.0))
        # Noise of 20 mg is too much, of 20 mm/s^2 it is not.
        assert find_nonwear(table(36_000, 0.02), 10.0, units="g").empty
        assert len(find_nonwear(table(36_000, 0.02), 10.0, units="m/s^2")) == 1

    def test_two_axes_are_enough(self):
        x = table(2 * 36_000)
        x[:, 0] += np.random.default_rng(2).normal(scale=0.2, size=len(x))
        assert find_nonwear(x, 10.0, units="g")[["start", "stop"]].to_numpy().tolist() == [[0, 72_000]]
        assert find_nonwear(x, 10.0, units="g", min_axes=3).empty
        x[:, 1] += np.random.default_rng(3).normal(scale=0.2, size=len(x))
        assert find_nonwear(x, 10.0, units="g").empty

    def test_both_conditions_count(self):
        # One knock on the table leaves the standard deviation small and the range large.
        x = table(2 * 36_000)
        x[36_000] = [0.0, 0.5, 0.5]
        blocks = find_nonwear(x, 10.0, units="g")
        assert blocks["start_s"].tolist() == [0.0, 5400.0]

    def test_gap_is_not_nonwear(self):
        x = wear(6)
        x[70_000:180_000] = np.nan
        assert find_nonwear(x, 10.0, units="g").empty
        assert find_nonwear(np.full((72_000, 3), np.nan), 10.0).empty

    def test_last_block_takes_the_rest(self):
        found = find_nonwear(table(36_000 + 5_000), 10.0, units="g")
        assert found["stop"].tolist() == [41_000]

    def test_days_take_seconds(self):
        x = np.tile(wear(2, rate=50.0).astype(np.float32), (24, 1))
        begin = time.perf_counter()
        assert find_nonwear(x, 50.0, units="g").empty
        assert time.perf_counter() - begin < 10

    @pytest.mark.parametrize(
        ("kwargs", "message"),
        [
            ({"recording": np.zeros((36_000, 2))}, r"expected shape \(n_timesteps, 3\), got \(36000, 2\)"),
            ({"recording": np.zeros((35_999, 3))}, "at least window=3600 s, got 3599.9 s"),
            ({"recording": np.full((36_000, 3), np.inf)}, "infinity"),
            ({"window": 1000.0}, "whole multiple of step=900"),
            ({"units": "mg"}, "'units' parameter"),
            ({"sampling_rate": 0}, "'sampling_rate' parameter"),
        ],
    )
    def test_bad_input(self, kwargs, message):
        with pytest.raises(ValueError, match=message):
            find_nonwear(**({"recording": np.zeros((36_000, 3)), "sampling_rate": 10.0} | kwargs))


class TestClipping:
    def test_runs(self):
        x = np.zeros((10, 2))
        x[[0, 1, 5, 9], 0] = [8, 9, -8, 8]
        x[3:6, 1] = [-8, np.nan, -8]
        found = find_clipping(x, 8.0)
        assert found.to_numpy().tolist() == [[0, 0, 2], [1, 3, 4], [0, 5, 6], [1, 5, 6], [0, 9, 10]]
        assert find_clipping(x, 8.0, min_samples=2).to_numpy().tolist() == [[0, 0, 2]]
        assert find_clipping(x, [100.0, 8.0])["channel"].unique().tolist() == [1]
        assert find_clipping(x, 100.0).empty

    @pytest.mark.parametrize("limit", [-1.0, [1.0], [1.0, 0.0], [[1.0, 2.0]], [1.0, np.nan]])
    def test_bad_limit(self, limit):
        with pytest.raises(ValueError, match="limit"):
            find_clipping(np.zeros((5, 2)), limit)
