import pickle
from functools import partial

import numpy as np
import pandas as pd
import pytest
from imblearn.over_sampling import SMOTE, RandomOverSampler
from imblearn.pipeline import make_pipeline
from sklearn.base import BaseEstimator, ClassifierMixin
from sklearn.ensemble import BaggingClassifier
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import GridSearchCV, KFold, cross_val_score
from sklearn.preprocessing import StandardScaler

from skpd.model_selection import PROTOCOLS, check_subjects_disjoint, make_splitter
from skpd.model_selection._splitters import check_groups

SOUND = [name for name, protocol in PROTOCOLS.items() if not protocol.leaks]


class Witness(ClassifierMixin, BaseEstimator):
    """A classifier that remembers the rows it was fitted on."""

    def fit(self, X, y):
        self.rows_ = np.asarray(X)[:, 0]
        self.classes_ = np.unique(y)
        return self


@pytest.fixture
def table():
    rng = np.random.default_rng(0)
    groups = np.repeat([f"S{i:02d}" for i in range(12)], 10)
    y = (rng.uniform(size=120) < 0.25).astype(int)
    X = np.column_stack([np.arange(120.0), rng.normal(size=(120, 3))])
    return X, y, groups


@pytest.mark.parametrize("name", SOUND)
def test_sound_protocols_keep_people_and_rows_apart(table, name):
    X, y, groups = table
    tested = []
    for fold in PROTOCOLS[name].folds(make_pipeline(RandomOverSampler(), Witness()), X, y, groups, random_state=0):
        fitted = fold.estimator.fit(fold.X_train, fold.y_train)
        seen = fitted.steps[-1][1].rows_.astype(int)
        assert not set(groups[seen]) & set(groups[fold.test_rows])
        # The sampler repeated training rows only, and test rows are as they were.
        assert set(seen) <= set(fold.train_rows)
        np.testing.assert_array_equal(fold.X_test, X[fold.test_rows])
        tested.extend(fold.test_rows)
    assert sorted(tested) == list(range(120))


def test_as_written_tests_people_that_were_trained_on(table):
    X, y, groups = table
    fold = next(PROTOCOLS["as-written"].folds(LogisticRegression(), X, y, groups, random_state=0))
    assert set(groups[fold.train_rows]) & set(groups[fold.test_rows])
    assert not set(fold.train_rows) & set(fold.test_rows)


def test_as_published_resamples_the_test_rows_too(table):
    X, y, groups = table
    estimator = make_pipeline(StandardScaler(), SMOTE(random_state=0), LogisticRegression())
    folds = list(PROTOCOLS["as-published"].folds(estimator, X, y, groups, random_state=0))
    counts = np.bincount(np.concatenate([fold.y_test for fold in folds]))
    assert counts[0] == counts[1] == np.bincount(y)[0]
    assert all([name for name, _ in fold.estimator.steps] == ["logisticregression"] for fold in folds)
    assert all((fold.test_rows == -1).all() for fold in folds)
    # A sampler that tells where its rows came from shows the same row on both sides.
    repeated = next(
        PROTOCOLS["as-published"].folds(
            make_pipeline(RandomOverSampler(random_state=0), LogisticRegression()), X, y, groups, random_state=0
        )
    )
    assert set(repeated.train_rows) & set(repeated.test_rows)


def test_protocols_without_a_sampler_differ_in_the_split_only(table):
    X, y, groups = table
    written = next(PROTOCOLS["as-written"].folds(LogisticRegression(), X, y, groups, random_state=0))
    published = next(PROTOCOLS["as-published"].folds(LogisticRegression(), X, y, groups, random_state=0))
    np.testing.assert_array_equal(written.test_rows, published.test_rows)


def test_a_splitter_that_ignores_groups_is_refused(table):
    X, _, groups = table
    with pytest.raises(ValueError, match=r"fold 0 has 1 subject\(s\) in both .* among them 'S02'"):
        list(check_subjects_disjoint(KFold(5).split(X), groups[:120]))


def test_one_subject_is_an_error_that_says_so(table):
    X, y, _ = table
    with pytest.raises(ValueError, match="at least 5 subjects for subject-wise folds, found 1"):
        next(PROTOCOLS["subject-wise"].folds(LogisticRegression(), X, y, np.repeat("S01", 120)))


def test_lengths_that_differ_are_an_error(table):
    X, y, groups = table
    with pytest.raises(ValueError, match="one length, got 120, 119 and 120"):
        next(PROTOCOLS["subject-wise"].folds(LogisticRegression(), X, y[1:], groups))


def test_unknown_scheme_is_an_error():
    with pytest.raises(ValueError, match="got 'by-window'"):
        make_splitter("by-window")


@pytest.mark.parametrize("scheme", ["subject-wise", "leave-one-subject-out"])
def test_splitters_of_subjects_ask_for_groups(table, scheme):
    X, y, groups = table
    splitter = make_splitter(scheme)
    for call in (splitter.split, partial(cross_val_score, LogisticRegression(), cv=splitter)):
        with pytest.raises(ValueError, match="groups: expected one subject a row, got None: pass groups="):
            call(X, y)
    search = GridSearchCV(LogisticRegression(), {}, cv=pickle.loads(pickle.dumps(splitter)))
    with pytest.raises(ValueError, match="pass groups="):
        search.fit(X, y)
    assert search.fit(X, y, groups=groups).n_splits_ == splitter.get_n_splits(X, y, groups)


def test_the_same_seed_makes_the_same_folds(table):
    X, y, groups = table
    for protocol in PROTOCOLS.values():
        one, two = (
            [f.test_rows.tolist() for f in protocol.folds(LogisticRegression(), X, y, groups, random_state=3)]
            for _ in range(2)
        )
        assert one == two


def test_rows_without_a_subject_are_refused():
    with pytest.raises(ValueError, match="groups: expected a subject for every row, found none for 2, first row 0"):
        list(check_subjects_disjoint([([0], [1])], [np.nan, np.nan]))


@pytest.mark.parametrize("scheme", ["subject-wise", "leave-one-subject-out"])
def test_splitters_refuse_what_names_nobody_and_take_mixed_names_as_text(table, scheme):
    X, y, groups = table
    splitter = make_splitter(scheme, n_splits=3, random_state=0)
    for bad in (
        [(g, 1) for g in groups],
        np.column_stack([groups, groups]),
        [None, *groups[1:]],
        np.array(["1", 1] * 60, dtype=object),
    ):
        with pytest.raises(ValueError, match="groups: expected a subject for every row"):
            next(splitter.split(X, y, bad))
    person = np.arange(120) // 10
    mixed = np.array([f"S{p}" if p % 2 else int(p) for p in person], dtype=object)
    for one, two in zip(splitter.split(X, y, mixed), splitter.split(X, y, mixed.astype(str)), strict=True):
        np.testing.assert_array_equal(one[1], two[1])
    assert splitter.get_n_splits(X, y, mixed) == (12 if scheme == "leave-one-subject-out" else 3)


@pytest.mark.parametrize(
    "names",
    [
        np.arange(4) // 2,
        ["a", "a", "b", "b"],
        np.array([0, 0, 1.5, 1.5], dtype=object),
        pd.Series(["a", "a", "b", "b"], dtype="category"),
        pd.date_range("2020-01-01", periods=4, tz="UTC"),
        np.array(["a", "a", "b", "b"])[:, None],
    ],
)
def test_names_of_one_type_stay_as_they_are(names):
    np.testing.assert_array_equal(check_groups(names), np.asarray(names).ravel())
    assert check_groups(names).dtype == np.asarray(names).dtype


def test_a_sampler_out_of_reach_is_refused_in_the_published_order(table):
    X, y, groups = table
    hidden = BaggingClassifier(make_pipeline(SMOTE(), LogisticRegression()))
    with pytest.raises(ValueError, match=r"expected the sampler among the steps .* got it in 'estimator__smote'"):
        next(PROTOCOLS["as-published"].folds(hidden, X, y, groups))
    assert next(PROTOCOLS["as-written"].folds(hidden, X, y, groups))
