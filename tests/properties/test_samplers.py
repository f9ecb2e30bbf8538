"""Samplers: what a training fold holds after them, and that nothing else is touched."""

import warnings
from collections import Counter

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from imblearn.over_sampling import SMOTE, RandomOverSampler
from imblearn.pipeline import make_pipeline
from imblearn.under_sampling import CondensedNearestNeighbour as Slow
from imblearn.under_sampling import RandomUnderSampler
from sklearn.base import BaseEstimator, ClassifierMixin

from skpd.exceptions import SkippedDataWarning
from skpd.model_selection import PROTOCOLS, make_splitter
from skpd.resampling import CondensedNearestNeighbour, RareClassSampler

counts = st.lists(st.integers(1, 25), min_size=2, max_size=4)
seeds = st.integers(0, 2**32 - 1)


def table(counts, seed):
    y = np.repeat(np.arange(len(counts)), counts)
    return np.random.default_rng(seed).normal(size=(len(y), 3)) + y[:, None], y


@given(counts, seeds)
def test_smote_survives_any_class(counts, seed):
    """With classes of one row and more, every class that can be raised is as large as the largest."""
    X, y = table(counts, seed)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", SkippedDataWarning)
        X_new, y_new = RareClassSampler(SMOTE(random_state=0)).fit_resample(X, y)
    after = Counter(y_new.tolist())
    assert set(after) == set(y.tolist())
    for label, n in Counter(y.tolist()).items():
        assert after[label] in (n, max(counts))
        assert after[label] == max(counts) or n < 2
    assert set(zip(map(tuple, X), y, strict=True)) <= set(zip(map(tuple, X_new), y_new, strict=True))


@given(counts, seeds, st.sampled_from([RandomOverSampler, RandomUnderSampler]))
def test_selected_rows_are_rows_of_the_fold(counts, seed, kind):
    X, y = table(counts, seed)
    sampler = RareClassSampler(kind(random_state=0))
    X_new, y_new = sampler.fit_resample(X, y)
    size = max(counts) if kind is RandomOverSampler else min(counts)
    assert set(Counter(y_new.tolist()).values()) == {size}
    rows = {(*x, label) for x, label in zip(X.tolist(), y.tolist(), strict=True)}
    assert {(*x, label) for x, label in zip(X_new.tolist(), y_new.tolist(), strict=True)} <= rows


@given(st.lists(st.integers(2, 25), min_size=2, max_size=4), seeds)
def test_condensed_selects_what_the_original_does(counts, seed):
    X, y = table(counts, seed)
    fast, slow = CondensedNearestNeighbour(random_state=0), Slow(random_state=0)
    X_fast, y_fast = fast.fit_resample(X, y)
    X_slow, y_slow = slow.fit_resample(X, y)
    np.testing.assert_array_equal(X_fast, X_slow)
    np.testing.assert_array_equal(y_fast, y_slow)
    np.testing.assert_array_equal(fast.sample_indices_, slow.sample_indices_)


class Remembers(ClassifierMixin, BaseEstimator):
    """Keeps the rows that it was fitted on."""

    def fit(self, X, y):
        self.seen_, self.classes_ = X, np.unique(y)
        return self

    def predict(self, X):
        return np.full(len(X), self.classes_[0])


@given(counts, seeds)
def test_a_pipeline_resamples_training_rows_only(counts, seed):
    X, y = table([n + 1 for n in counts], seed)
    pipeline = make_pipeline(RareClassSampler(RandomOverSampler(random_state=0)), Remembers())
    train = np.arange(0, len(y))
    train = np.random.default_rng(seed).permutation(len(y))[: max(len(y) - 2, 2)]
    if len(set(y[train])) < 2:
        return
    pipeline.fit(X[train], y[train])
    test = np.setdiff1d(np.arange(len(y)), train)
    seen = set(map(tuple, pipeline[-1].seen_))
    assert seen == set(map(tuple, X[train]))
    assert not seen & set(map(tuple, X[test]))
    assert len(pipeline.predict(X[test])) == len(test)


@given(st.integers(4, 12), st.integers(1, 5), st.integers(2, 4), seeds, st.sampled_from(["subject-wise"]))
def test_no_subject_is_on_both_sides(n_subjects, rows_each, n_splits, seed, protocol):
    assert protocol in PROTOCOLS
    groups = np.repeat(np.arange(n_subjects), rows_each)
    y = groups % 2
    order = np.random.default_rng(seed).permutation(len(y))
    groups, y = groups[order], y[order]
    n_splits = min(n_splits, n_subjects // 2)
    tested = np.zeros(len(y), dtype=int)
    for train, test in make_splitter(protocol, n_splits=n_splits, random_state=seed).split(y[:, None], y, groups):
        assert not set(groups[train]) & set(groups[test])
        assert sorted([*train, *test]) == list(range(len(y)))
        tested[test] += 1
    assert (tested == 1).all()


@pytest.mark.parametrize("n", [1, 2, 3, 4, 5, 6, 7])
def test_neighbours_are_those_that_the_class_has(n):
    X, y = table([20, n], 0)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", SkippedDataWarning)
        sampler = RareClassSampler(SMOTE(random_state=0, k_neighbors=5))
        _, y_new = sampler.fit_resample(X, y)
    assert Counter(y_new.tolist())[1] == (20 if n > 1 else 1)
