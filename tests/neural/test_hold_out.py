"""Which rows early stopping watches: shares, people, rare classes."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from skpd.neural._holdout import hold_out


@given(
    codes=st.lists(st.integers(0, 3), min_size=2, max_size=60).map(lambda c: np.unique(c, return_inverse=True)[1]),
    fraction=st.floats(0.05, 0.6),
    seed=st.integers(0, 50),
)
@settings(deadline=None, max_examples=150)
def test_rows_are_split_by_class_and_every_class_stays_in_training(codes, fraction, seed):
    if np.bincount(codes).max() < 2:
        with pytest.raises(ValueError, match="two samples"):
            hold_out(codes, None, fraction, np.random.default_rng(seed))
        return
    training, watched = hold_out(codes, None, fraction, np.random.default_rng(seed))
    assert sorted([*training, *watched]) == list(range(len(codes)))
    assert set(codes[training]) == set(codes)
    counts = np.bincount(codes)
    share = np.bincount(codes[watched], minlength=len(counts))
    assert len(watched) >= 1
    # No class is more than one row off its share, but for a single row that had to come from somewhere.
    assert np.all(np.abs(share - fraction * counts) < 1 + 1e-9) or len(watched) == 1 or np.any(counts == 1)


def test_shares_are_those_asked_for():
    codes = np.repeat([0, 1, 2], [100, 50, 10])
    _, watched = hold_out(codes, None, 0.2, np.random.default_rng(0))
    assert np.bincount(codes[watched]).tolist() == [20, 10, 2]


@given(
    people=st.lists(st.tuples(st.integers(0, 7), st.integers(0, 2)), min_size=4, max_size=60),
    fraction=st.floats(0.1, 0.5),
    seed=st.integers(0, 50),
)
@settings(deadline=None, max_examples=150)
def test_no_person_is_on_both_sides(people, fraction, seed):
    groups, labels = np.array(people).T
    codes = np.unique(labels, return_inverse=True)[1]
    possible = any(set(codes[groups != g]) == set(codes) for g in set(groups))
    if not possible:
        with pytest.raises(ValueError, match="fit on more people"):
            hold_out(codes, groups, fraction, np.random.default_rng(seed))
        return
    training, watched = hold_out(codes, groups, fraction, np.random.default_rng(seed))
    assert sorted([*training, *watched]) == list(range(len(codes)))
    assert len(watched)
    assert not set(groups[training]) & set(groups[watched])
    assert set(codes[training]) == set(codes)


def test_groups_come_close_to_the_share_of_every_class():
    rng = np.random.default_rng(0)
    groups = np.repeat(np.arange(30), 20)
    codes = np.where(groups < 20, 0, 1)  # healthy people and patients, unequal in number
    _, watched = hold_out(codes, groups, 0.2, rng)
    assert np.bincount(codes[watched]) / np.bincount(codes) == pytest.approx([0.2, 0.2])


def test_a_class_of_one_person_is_not_watched():
    groups = np.repeat(["a", "b", "c", "d"], 5)
    codes = np.repeat([0, 0, 0, 1], 5)
    for seed in range(10):
        training, _ = hold_out(codes, groups, 0.3, np.random.default_rng(seed))
        assert "d" in groups[training]
