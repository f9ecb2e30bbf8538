"""Condensed nearest neighbours selects what imbalanced-learn selects."""

import numpy as np
import pytest
from imblearn.under_sampling import CondensedNearestNeighbour as Reference
from numpy.testing import assert_array_equal
from scipy import sparse
from sklearn.neighbors import KNeighborsClassifier

from skpd.resampling import CondensedNearestNeighbour, tremor_resamplers


def rows(seed, n_features):
    rng = np.random.default_rng(seed)
    y = np.concatenate([np.arange(4), rng.choice(4, 100, p=[0.7, 0.15, 0.1, 0.05])])
    return rng.normal(size=(len(y), n_features)) + 0.5 * y[:, None], y


@pytest.mark.parametrize(("seed", "n_features", "n_seeds"), [(0, 3, 1), (1, 20, 3), (2, 102, 1), (3, 102, 3)])
def test_the_same_rows_in_the_same_order(seed, n_features, n_seeds):
    X, y = rows(seed, n_features)
    expected, found = (kind(random_state=seed, n_seeds_S=n_seeds) for kind in (Reference, CondensedNearestNeighbour))
    X_expected, y_expected = expected.fit_resample(X, y)
    X_found, y_found = found.fit_resample(X, y)
    assert_array_equal(found.sample_indices_, expected.sample_indices_)
    assert_array_equal(X_found, X_expected)
    assert_array_equal(y_found, y_expected)
    assert found.sampling_strategy_ == expected.sampling_strategy_
    for one, other in zip(found.estimators_, expected.estimators_, strict=True):
        assert_array_equal(one.predict(X), other.predict(X))


@pytest.mark.parametrize(("seed", "n_features"), [(0, 2), (1, 2), (2, 20)])
def test_ties_go_to_the_rarest_class_as_in_an_exhaustive_search(seed, n_features):
    X, y = rows(seed, n_features)
    X = np.round(X / 2)
    # A tree, which scikit-learn takes for few features, meets equal distances in an order of its own.
    expected = Reference(random_state=seed, n_neighbors=KNeighborsClassifier(1, algorithm="brute"))
    found = CondensedNearestNeighbour(random_state=seed)
    expected.fit_resample(X, y)
    found.fit_resample(X, y)
    assert_array_equal(found.sample_indices_, expected.sample_indices_)


def test_classes_that_are_equally_rare_and_asked_for():
    X, y = rows(0, 5)
    y = np.where(y == 3, 2, y)
    keep = np.concatenate([np.flatnonzero(y == k)[:15] for k in (1, 2)] + [np.flatnonzero(y == 0)])
    expected, found = (kind(sampling_strategy="all", random_state=1) for kind in (Reference, CondensedNearestNeighbour))
    expected.fit_resample(X[keep], y[keep])
    found.fit_resample(X[keep], y[keep])
    assert_array_equal(found.sample_indices_, expected.sample_indices_)


@pytest.mark.parametrize("options", [{"n_neighbors": 3}, {"n_neighbors": 1}], ids=["three", "one"])
def test_other_numbers_of_neighbours_and_sparse_rows_are_served(options):
    X, y = rows(2, 20)
    for data in (X, sparse.csr_array(X), sparse.csr_matrix(X)):
        expected = Reference(random_state=0, **options)
        found = CondensedNearestNeighbour(random_state=0, **options)
        expected.fit_resample(X, y)
        found.fit_resample(data, y)
        assert_array_equal(found.sample_indices_, expected.sample_indices_)


def test_it_is_the_published_resampler_and_takes_thousands_of_rows():
    sampler = tremor_resamplers(0)["CondensedNearestNeighbour"]
    assert type(sampler.sampler) is CondensedNearestNeighbour
    rng = np.random.default_rng(0)
    y = np.repeat([0, 1, 2], [9000, 900, 100])
    # Labels without meaning are the worst case: nearly every row is far from its like.
    sampler.fit_resample(rng.normal(size=(10_000, 30)), y)
    assert sampler.resample_time_ < 60
    assert sampler.class_counts_["after"][2] == 100
