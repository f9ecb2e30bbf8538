"""Learning curve over subjects: who is drawn, who is tested, and what comes out."""

import numpy as np
import pandas as pd
import pytest
from sklearn.base import BaseEstimator, ClassifierMixin
from sklearn.naive_bayes import GaussianNB

from skpd.model_selection import subject_learning_curve
from skpd.model_selection._learning import _draw_order


def cohort(n_subjects=20, n_windows=6, n_classes=2, seed=0):
    rng = np.random.default_rng(seed)
    groups = np.repeat(np.arange(n_subjects), n_windows)
    y = groups % n_classes
    X = y[:, None] + rng.normal(0, 1.5, (n_subjects, 3))[groups] + rng.normal(0, 0.5, (len(groups), 3))
    # The last column names the person, so that a spy can see who is there.
    return np.column_stack([X, groups]), y, np.array([f"S{g:02d}" for g in groups])


class Spy(ClassifierMixin, BaseEstimator):
    """Predicts the majority and notes who was trained on and tested."""

    seen = None

    def fit(self, X, y):
        self.classes_ = np.unique(y)
        self.people_ = frozenset(X[:, -1])
        return self

    def predict(self, X):
        self.seen.append((self.people_, frozenset(X[:, -1])))
        return np.full(len(X), self.classes_[0])


def test_training_people_grow_and_are_never_tested():
    X, y, groups = cohort()
    Spy.seen = []
    curve = subject_learning_curve(
        Spy(), X, y, groups, n_subjects=[2, 5, 12], n_repeats=2, n_splits=4, random_state=0, scoring="accuracy"
    )
    assert len(Spy.seen) == len(curve) == 2 * 4 * 3
    for i, (trained, tested) in enumerate(Spy.seen):
        assert not trained & tested
        assert len(trained) == curve.loc[i, "n_subjects"]
        if i % 3:
            assert Spy.seen[i - 1][0] < trained
            assert Spy.seen[i - 1][1] == tested
    assert (curve["n_rows"] == 6 * curve["n_subjects"]).all()
    assert (curve["n_classes"] == 2).all()


@pytest.mark.parametrize("size", [3, 6, 10, 20])
def test_draws_keep_the_proportions_of_classes(size):
    groups = np.arange(40)
    y = np.repeat([0, 1, 2], [24, 12, 4])
    for seed in range(20):
        order = _draw_order(y, groups, np.random.RandomState(seed))
        assert sorted(order) == sorted(groups)
        drawn = np.bincount(y[order[:size]], minlength=3)
        assert drawn.min() >= 1
        assert (np.abs(drawn - size * np.array([0.6, 0.3, 0.1])) <= 1.2).all()


def test_all_people_of_a_class_are_drawn_equally_often():
    y, groups = np.array([0] * 4 + [1] * 4), np.arange(8)
    rng = np.random.RandomState(0)
    counts = np.bincount(np.concatenate([_draw_order(y, groups, rng)[:2] for _ in range(400)]), minlength=8)
    assert (np.abs(counts - 100) < 45).all()


def test_people_with_several_labels_and_text_labels():
    X, y, groups = cohort()
    y = np.where(np.arange(len(y)) % 6 == 0, 1 - y, y)
    curve = subject_learning_curve(
        GaussianNB(), X, np.array(["control", "PD"])[y], groups, n_repeats=1, n_splits=3, random_state=0
    )
    assert curve["score"].notna().all()


def test_default_sizes_reach_from_the_classes_to_everybody():
    X, y, groups = cohort(n_classes=3)
    curve = subject_learning_curve(GaussianNB(), X, y, groups, n_repeats=1, n_splits=4, random_state=0)
    sizes = sorted(set(curve["n_subjects"]))
    assert sizes[0] == 3
    assert sizes[-1] >= 14
    assert len(sizes) == 5


def test_more_people_help_where_people_differ():
    X, y, groups = cohort(n_subjects=60)
    curve = subject_learning_curve(
        GaussianNB(), X[:, :3], y, groups, n_subjects=(2, 40), n_repeats=3, n_splits=3, random_state=0
    )
    means = curve.groupby("n_subjects")["score"].mean()
    assert means[40] > means[2] + 0.05


def test_several_metrics_stand_in_rows():
    X, y, groups = cohort()
    curve = subject_learning_curve(
        GaussianNB(), X, y, groups, n_subjects=[4], n_repeats=1, n_splits=2, scoring=["accuracy", "roc_auc"]
    )
    assert curve["metric"].tolist() == ["accuracy", "roc_auc"] * 2


def test_curve_does_not_depend_on_n_jobs_or_order_of_sizes():
    X, y, groups = cohort()
    options = {"n_repeats": 1, "n_splits": 2, "random_state": 3}
    one = subject_learning_curve(GaussianNB(), X, y, groups, n_subjects=[2, 6], **options)
    two = subject_learning_curve(GaussianNB(), X, y, groups, n_subjects=[6, 2, 6], n_jobs=2, **options)
    pd.testing.assert_frame_equal(one, two)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"n_subjects": [1, 4]}, r"whole numbers from 2 to 15, .* got \[1, 4\]"),
        ({"n_subjects": [4, 90]}, "from 2 to 15"),
        ({"n_subjects": [0.5]}, "whole numbers"),
        ({"n_subjects": []}, "whole numbers"),
        ({"n_subjects": "all"}, r"whole numbers from 2 to 15, .* got \['all'\]"),
        ({"n_splits": 30}, "at least n_splits=30 subjects, found 20"),
        ({"n_repeats": 0}, "n_repeats"),
    ],
)
def test_sizes_and_folds_are_checked(options, message):
    X, y, groups = cohort()
    with pytest.raises(ValueError, match=message):
        subject_learning_curve(GaussianNB(), X, y, groups, **{"n_splits": 4, "random_state": 0, **options})


def test_rows_need_a_subject_and_classes():
    X, y, groups = cohort()
    with pytest.raises(ValueError, match="found only"):
        subject_learning_curve(GaussianNB(), X, np.zeros(len(y)), groups)
    with pytest.raises(ValueError, match="expected a subject for every row"):
        subject_learning_curve(GaussianNB(), X, y, np.where(groups == "S00", None, groups))
    with pytest.raises(ValueError, match=r"from 2 to 1, .* add people"):
        subject_learning_curve(GaussianNB(), X, y, y, n_splits=2)
    with pytest.raises(ValueError, match="inconsistent numbers of samples"):
        subject_learning_curve(GaussianNB(), X, y, groups[:-1])


class Holding(Spy):
    """Asks for the people of the rows that it is given."""

    def fit(self, X, y, groups):
        assert [f"S{int(g):02d}" for g in X[:, -1]] == list(groups)
        return super().fit(X, y)


def test_parameters_of_fit_are_cut_to_the_training_rows():
    X, y, groups = cohort()
    Spy.seen = []
    subject_learning_curve(
        Holding(), X, y, groups, n_subjects=[4], n_repeats=1, n_splits=4, params={"groups": groups}, random_state=0
    )
    assert len(Spy.seen) == 4
