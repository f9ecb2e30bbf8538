"""Metrics against counting by hand and imbalanced-learn's report, and their bounds."""

import warnings

import numpy as np
from hypothesis import given
from hypothesis import strategies as st
from imblearn.metrics import classification_report_imbalanced

from skpd.metrics import (
    classification_table,
    geometric_mean_score,
    index_balanced_accuracy_score,
    sensitivity_score,
    specificity_score,
)

#: Pairs of true and predicted class.
pairs = st.lists(st.tuples(st.integers(0, 3), st.integers(0, 3)), min_size=1, max_size=60)


def by_hand(y_true, y_pred, label):
    """Count the four cells of one class against the rest."""
    tp = sum(t == label and p == label for t, p in zip(y_true, y_pred, strict=True))
    fn = sum(t == label and p != label for t, p in zip(y_true, y_pred, strict=True))
    fp = sum(t != label and p == label for t, p in zip(y_true, y_pred, strict=True))
    tn = len(y_true) - tp - fn - fp
    return tp, fn, fp, tn


@given(pairs)
def test_each_class_by_hand(cells):
    y_true, y_pred = map(list, zip(*cells, strict=True))
    labels = sorted({*y_true, *y_pred})
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        got = [
            score(y_true, y_pred, average=None, labels=labels)
            for score in (sensitivity_score, specificity_score, geometric_mean_score, index_balanced_accuracy_score)
        ]
    for i, label in enumerate(labels):
        tp, fn, fp, tn = by_hand(y_true, y_pred, label)
        sensitivity = tp / (tp + fn) if tp + fn else np.nan
        specificity = tn / (tn + fp) if tn + fp else np.nan
        product = sensitivity * specificity
        iba = (1 + 0.1 * (sensitivity - specificity)) * product
        # A class that occurs in the predictions alone has no score.
        expected = [sensitivity, specificity, np.sqrt(product), iba] if tp + fn else [np.nan] * 4
        np.testing.assert_allclose([part[i] for part in got], expected, rtol=1e-12, equal_nan=True)


@given(pairs)
def test_support_is_that_of_the_imbalanced_report(cells):
    y_true, y_pred = map(list, zip(*cells, strict=True))
    if len(set(y_true)) < 2:
        return
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        report = classification_report_imbalanced(y_true, y_pred, output_dict=True)
        assert np.isclose(geometric_mean_score(y_true, y_pred, average="support"), report["avg_geo"])
        assert np.isclose(index_balanced_accuracy_score(y_true, y_pred, average="support"), report["avg_iba"])
        assert np.isclose(specificity_score(y_true, y_pred, average="support"), report["avg_spe"])


@given(pairs, st.sampled_from(["support", "macro"]))
def test_bounds_and_perfection(cells, average):
    y_true, y_pred = map(list, zip(*cells, strict=True))
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        for score in (sensitivity_score, geometric_mean_score, index_balanced_accuracy_score):
            value = score(y_true, y_pred, average=average)
            assert np.isnan(value) or -1e-12 <= value <= 1.1 + 1e-12
            if len(set(y_true)) > 1:
                assert np.isclose(score(y_true, y_true, average=average), 1.0)


@given(pairs, st.permutations(range(4)), st.randoms())
def test_names_and_order_do_not_matter(cells, names, random):
    """Renaming the classes or shuffling the rows changes no average."""
    shuffled = list(cells)
    random.shuffle(shuffled)
    y_true, y_pred = map(list, zip(*cells, strict=True))
    renamed = [[names[value] for value in column] for column in zip(*shuffled, strict=True)]
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        for average in ("support", "macro"):
            one = geometric_mean_score(y_true, y_pred, average=average)
            assert np.isclose(one, geometric_mean_score(*renamed, average=average), equal_nan=True)


@given(pairs)
def test_table(cells):
    y_true, y_pred = map(list, zip(*cells, strict=True))
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        table = classification_table(y_true, y_pred)
    assert len(table)
    for label in set(y_true):
        assert table.loc[label, "support"] == y_true.count(label)
