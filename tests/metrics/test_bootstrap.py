"""Intervals over subjects: equal to the plain loop, and wide where rows of a subject agree."""

import numpy as np
import pytest
from numpy.testing import assert_allclose

from skpd.metrics import classification_summary, subject_bootstrap


def cohort(seed=0, n_subjects=25, n_windows=20, n_classes=3):
    """Subjects with one severity each, predicted right or wrong as a whole."""
    rng = np.random.default_rng(seed)
    groups = np.repeat(np.arange(n_subjects), n_windows)
    severity = rng.integers(0, n_classes, n_subjects)
    severity[:n_classes] = np.arange(n_classes)
    called = np.where(rng.random(n_subjects) < 0.7, severity, rng.integers(0, n_classes, n_subjects))
    y_true, y_pred = severity[groups], called[groups]
    # One decimal, so that scores tie.
    y_score = np.round(rng.random((len(groups), n_classes)) + 0.5 * np.eye(n_classes)[y_pred], 1)
    return y_true, y_pred, y_score, groups


def test_fast_intervals_equal_the_loop_over_resamples():
    y_true, y_pred, y_score, groups = cohort()
    options = {"y_score": y_score, "n_resamples": 60, "random_state": 3}

    def summary(y_true, y_pred, y_score):
        return classification_summary(y_true, y_pred, y_score=y_score, labels=[0, 1, 2])

    fast = subject_bootstrap(y_true, y_pred, groups, **options)
    slow = subject_bootstrap(y_true, y_pred, groups, statistic=summary, **options)
    assert list(fast.index) == list(slow.index)
    assert "auc" in fast.index
    assert_allclose(fast.to_numpy(), slow.to_numpy(), atol=1e-12)
    assert (fast["low"] <= fast["high"]).all()


def test_order_of_rows_and_names_of_subjects_do_not_matter():
    y_true, y_pred, y_score, groups = cohort()
    rows = np.random.default_rng(1).permutation(len(groups))
    names = np.char.add("s", np.char.zfill(groups.astype(str), 2))
    plain = subject_bootstrap(y_true, y_pred, groups, y_score=y_score, n_resamples=50, random_state=0)
    mixed = subject_bootstrap(
        y_true[rows], y_pred[rows], names[rows], y_score=y_score[rows], n_resamples=50, random_state=0
    )
    assert_allclose(plain.to_numpy(), mixed.to_numpy(), atol=1e-12)


def test_whole_subjects_are_drawn():
    y_true, y_pred, _, groups = cohort()
    by_subject = subject_bootstrap(y_true, y_pred, groups, random_state=0).loc["accuracy"]
    by_row = subject_bootstrap(y_true, y_pred, np.arange(len(groups)), random_state=0).loc["accuracy"]
    # Windows that agree within a subject carry one subject's worth of evidence: sqrt(20) times wider.
    ratio = (by_subject["high"] - by_subject["low"]) / (by_row["high"] - by_row["low"])
    assert 3.5 < ratio < 5.5


def test_accuracy_interval_matches_the_normal_one():
    rng = np.random.default_rng(0)
    groups = np.arange(400)
    y_true = rng.integers(0, 2, 400)
    y_pred = np.where(rng.random(400) < 0.8, y_true, 1 - y_true)
    interval = subject_bootstrap(y_true, y_pred, groups, n_resamples=4000, random_state=0).loc["accuracy"]
    p = interval["estimate"]
    half = 1.96 * np.sqrt(p * (1 - p) / 400)
    assert_allclose(interval[["low", "high"]], [p - half, p + half], atol=0.006)


def test_same_seed_same_interval_and_other_level_narrower():
    y_true, y_pred, _, groups = cohort()
    first, again = (subject_bootstrap(y_true, y_pred, groups, random_state=5) for _ in range(2))
    assert first.equals(again)
    narrow = subject_bootstrap(y_true, y_pred, groups, random_state=5, confidence_level=0.5).loc["gmean"]
    assert first.loc["gmean", "low"] < narrow["low"] < narrow["high"] < first.loc["gmean", "high"]


def test_resamples_without_a_class_are_counted():
    # One subject carries class 1: about (1 - 1/4)**4 of the resamples lack it and have no G-mean.
    groups = np.repeat([0, 1, 2, 3], 5)
    y_true = np.repeat([0, 0, 0, 1], 5)
    intervals = subject_bootstrap(y_true, y_true, groups, random_state=0)
    assert intervals.loc["accuracy", "n_defined"] == 1000
    assert 550 < intervals.loc["gmean", "n_defined"] < 720


def test_scalar_statistic_has_the_name_of_its_function():
    y_true, y_pred, _, groups = cohort()

    def hits(y_true, y_pred):
        return np.mean(y_true == y_pred)

    interval = subject_bootstrap(y_true, y_pred, groups, statistic=hits, n_resamples=50, random_state=0)
    expected = subject_bootstrap(y_true, y_pred, groups, n_resamples=50, random_state=0)
    assert list(interval.index) == ["hits"]
    assert_allclose(interval.loc["hits"], expected.loc["accuracy"])


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"groups": np.zeros(500)}, "at least 2 subjects"),
        ({"n_resamples": 0}, "n_resamples"),
        ({"confidence_level": 95}, "confidence_level"),
        ({"groups": np.arange(3)}, "inconsistent"),
        ({"labels": [0, 1]}, "among labels"),
        (
            {"y_true": np.r_[np.nan, np.zeros(499)]},
            "y_true: expected a label for every row, got none for 1, first row 0",
        ),
        ({"y_pred": [0] * 499 + [None]}, "y_pred: expected a label for every row, got none for 1, first row 499"),
        ({"groups": np.r_[np.nan, np.arange(499)]}, "groups: expected a subject for every row, got none for 1"),
    ],
)
def test_errors(change, message):
    y_true, y_pred, _, groups = cohort()
    with pytest.raises(ValueError, match=message):
        subject_bootstrap(**({"y_true": y_true, "y_pred": y_pred, "groups": groups} | change))


def test_a_statistic_may_name_its_numbers_by_tuples():
    y = np.array([0, 1] * 6)
    table = subject_bootstrap(
        y, y, np.repeat(list("abcd"), 3), statistic=lambda t, p: {("recall", 1): np.mean(p[t == 1])}, n_resamples=20
    )
    assert table.index.tolist() == [("recall", 1)]
    assert table["estimate"].tolist() == [1.0]


def test_the_auc_of_folds_compares_rows_of_one_fold_only():
    rng = np.random.default_rng(0)
    folds = np.repeat([0, 1, 2], 40)
    groups = np.repeat(np.arange(24), 5)
    y = rng.integers(0, 2, 120)
    # Models of different folds: the same ranking within each, on scales of their own.
    score = (y + rng.normal(size=120)) * [0.01, 1.0, 100.0][0] ** folds
    scores = np.column_stack([-score, score])
    by_hand, pairs = [], []
    for fold in range(3):
        positive, negative = score[(folds == fold) & (y == 1)], score[(folds == fold) & (y == 0)]
        by_hand.append((positive[:, None] > negative).mean())
        pairs.append(len(positive) * len(negative))
    summary = classification_summary(y, y, y_score=scores, folds=folds)
    assert summary["auc"] == pytest.approx(np.average(by_hand, weights=pairs))
    assert summary["auc"] > classification_summary(y, y, y_score=scores)["auc"]
    table = subject_bootstrap(y, y, groups, y_score=scores, folds=folds, n_resamples=300, random_state=0)
    assert table.loc["auc", "estimate"] == summary["auc"]
    assert table.loc["auc", "low"] < summary["auc"] < table.loc["auc", "high"]


def test_a_resample_without_a_class_leaves_means_over_classes_alone():
    """A constant classifier has a balanced accuracy of one third whoever is drawn."""
    groups = np.repeat(np.arange(10), 4)
    y = np.repeat([0, 0, 0, 0, 1, 1, 1, 1, 1, 2], 4)
    table = subject_bootstrap(y, np.zeros_like(y), groups, n_resamples=400, random_state=0)
    assert table.loc["balanced_accuracy", ["low", "high"]].tolist() == pytest.approx([1 / 3, 1 / 3])
    assert table.loc["balanced_accuracy", "n_defined"] < 400
    assert table.loc["accuracy", "n_defined"] == 400
