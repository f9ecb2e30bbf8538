"""The metrics against imbalanced-learn's report, scikit-learn, and arithmetic by hand."""

import numpy as np
import pandas as pd
import pytest
from imblearn.metrics import classification_report_imbalanced
from imblearn.metrics import geometric_mean_score as imblearn_gmean
from numpy.testing import assert_allclose
from sklearn.metrics import (
    accuracy_score,
    balanced_accuracy_score,
    cohen_kappa_score,
    mean_absolute_error,
    precision_recall_fscore_support,
    roc_auc_score,
)

from skpd.metrics import (
    classification_summary,
    classification_table,
    geometric_mean_score,
    index_balanced_accuracy_score,
    one_vs_rest_auc_score,
    sensitivity_score,
    specificity_score,
)


def predictions(seed, n_classes=5, n=400, names=None):
    """Imbalanced classes that all occur, and predictions that are right half of the time."""
    rng = np.random.default_rng(seed)
    shares = 0.5 ** np.arange(n_classes)
    y_true = np.r_[np.arange(n_classes), rng.choice(n_classes, n, p=shares / shares.sum())]
    y_pred = np.where(rng.random(len(y_true)) < 0.5, y_true, rng.integers(0, n_classes, len(y_true)))
    y_pred[:n_classes] = np.arange(n_classes)
    return (y_true, y_pred) if names is None else (names[y_true], names[y_pred])


@pytest.mark.parametrize("n_classes", [2, 3, 5])
@pytest.mark.parametrize("alpha", [0.0, 0.1, 1.0])
@pytest.mark.parametrize("seed", range(3))
def test_support_average_equals_the_report_of_imbalanced_learn(n_classes, alpha, seed):
    y_true, y_pred = predictions(seed, n_classes)
    report = classification_report_imbalanced(y_true, y_pred, alpha=alpha, output_dict=True)
    assert_allclose(geometric_mean_score(y_true, y_pred), report["avg_geo"])
    assert_allclose(index_balanced_accuracy_score(y_true, y_pred, alpha=alpha), report["avg_iba"])
    assert_allclose(specificity_score(y_true, y_pred), report["avg_spe"])
    assert_allclose(sensitivity_score(y_true, y_pred), report["avg_rec"])
    table = classification_table(y_true, y_pred, alpha=alpha)
    names = {"precision": "pre", "sensitivity": "rec", "specificity": "spe", "f1": "f1", "gmean": "geo", "iba": "iba"}
    for ours, theirs in names.items():
        assert_allclose(table[ours][:n_classes], [report[str(k)][theirs] for k in range(n_classes)])
        assert_allclose(table.loc["support", ours], report[f"avg_{theirs}"])


@pytest.mark.parametrize("seed", range(3))
def test_product_average_equals_the_default_of_imbalanced_learn(seed):
    y_true, y_pred = predictions(seed)
    assert_allclose(geometric_mean_score(y_true, y_pred, average="product"), imblearn_gmean(y_true, y_pred))


def test_summary_equals_scikit_learn():
    y_true, y_pred = predictions(0)
    summary = classification_summary(y_true, y_pred)
    assert_allclose(summary["accuracy"], accuracy_score(y_true, y_pred))
    assert_allclose(summary["sensitivity"], accuracy_score(y_true, y_pred))
    assert_allclose(summary["balanced_accuracy"], balanced_accuracy_score(y_true, y_pred))
    for average, suffix in (("weighted", ""), ("macro", "_macro")):
        precision, _, f1, _ = precision_recall_fscore_support(y_true, y_pred, average=average)
        assert_allclose([summary[f"precision{suffix}"], summary[f"f1{suffix}"]], [precision, f1])
    assert_allclose(summary["quadratic_kappa"], cohen_kappa_score(y_true, y_pred, weights="quadratic"))
    assert_allclose(summary["mae"], mean_absolute_error(y_true, y_pred))
    assert summary["n_classes_scored"] == 5
    assert summary["n_samples"] == 405


def test_the_four_g_means_of_one_set_of_predictions():
    # Nearly everything is called class 0: high accuracy, and four G-means from 0 to 0.44.
    y_true = np.repeat([0, 1, 2, 3, 4], [850, 100, 30, 15, 5])
    y_pred = np.zeros(1000, dtype=int)
    y_pred[850:855], y_pred[950], y_pred[980:982] = 1, 2, 3
    summary = classification_summary(y_true, y_pred)
    assert round(summary["gmean"], 2) == 0.23
    assert round(summary["iba"], 2) == 0.06
    assert round(summary["accuracy"], 2) == 0.86
    assert summary["gmean_product"] == 0.0
    assert round(imblearn_gmean(y_true, y_pred, average="macro"), 2) == 0.44
    assert round(imblearn_gmean(y_true, y_pred, average="weighted"), 2) == 0.41
    # The second of the four is the mean of the factors, which is not the macro mean of the classes.
    table = classification_table(y_true, y_pred).loc["macro"]
    assert_allclose(
        np.sqrt(table["sensitivity"] * table["specificity"]), imblearn_gmean(y_true, y_pred, average="macro")
    )
    assert round(summary["gmean_macro"], 2) == 0.20


def test_a_class_absent_from_the_fold_is_nan_and_leaves_averages_alone():
    y_true, y_pred = predictions(1)
    y_true, y_pred = y_true[y_true != 4], y_pred[y_true != 4]
    labels = [0, 1, 2, 3, 4]
    for score in (geometric_mean_score, index_balanced_accuracy_score, specificity_score, sensitivity_score):
        by_class = score(y_true, y_pred, average=None, labels=labels)
        assert np.isnan(by_class[4])
        assert np.isfinite(by_class[:4]).all()
        for average in ("support", "macro"):
            expected = np.average(by_class[:4], weights=np.bincount(y_true) if average == "support" else None)
            assert_allclose(score(y_true, y_pred, average=average, labels=labels), expected)
    expected = np.prod(sensitivity_score(y_true, y_pred, average=None, labels=labels)[:4]) ** 0.25
    assert_allclose(geometric_mean_score(y_true, y_pred, average="product", labels=labels), expected)
    table = classification_table(y_true, y_pred, labels=labels)
    assert table.loc[4].drop("support").isna().all()
    assert table.loc[4, "support"] == 0
    assert classification_summary(y_true, y_pred, labels=labels)["n_classes_scored"] == 4


def test_a_class_never_predicted_has_precision_zero():
    table = classification_table([0, 0, 1], [0, 0, 0])
    assert table.loc[1, "precision"] == 0.0
    assert table.loc[1, "f1"] == 0.0


def test_a_single_class_has_no_specificity_but_an_accuracy():
    summary = classification_summary([1, 1, 1, 1], [1, 1, 0, 1], labels=[0, 1, 2])
    assert summary["accuracy"] == summary["balanced_accuracy"] == summary["gmean_product"] == 0.75
    assert np.isnan([summary[name] for name in ("specificity", "gmean", "gmean_macro", "iba")]).all()


def test_perfect_predictions_score_one():
    y_true = np.array([0, 0, 0, 1, 1, 2])
    summary = classification_summary(y_true, y_true, y_score=np.eye(3)[y_true])
    counted = ("mae", "n_classes_scored", "n_samples")
    assert_allclose([value for name, value in summary.items() if name not in counted], 1.0)
    assert summary["mae"] == 0.0


def test_names_of_classes_do_not_matter():
    names = np.array(["none", "mild", "moderate"])
    y_true, y_pred = predictions(2, 3)
    text = classification_summary(names[y_true], names[y_pred])
    as_objects = classification_summary(names.astype(object)[y_true], pd.Series(names[y_pred]), labels=list(names))
    numbers = classification_summary(y_true, y_pred)
    assert set(numbers) - set(text) == {"quadratic_kappa", "mae"}
    for name, value in text.items():
        assert_allclose([value, as_objects[name]], numbers[name])


def test_a_class_may_be_called_support():
    table = classification_table(["support", "other"], ["support", "other"])
    assert list(table.index) == ["other", "support", "support", "macro"]
    assert list(table["support"]) == [1, 1, 2, 2]


def test_kappa_measures_distances_of_values_not_of_positions():
    # Without a severity 2 or 3 in the fold, 4 stays three steps from 1.
    y_true, y_pred = [0, 0, 0, 1, 1, 1, 4, 4], [0, 1, 1, 1, 0, 1, 4, 4]
    expected = cohen_kappa_score(y_true, y_pred, weights="quadratic", labels=[0, 1, 2, 3, 4])
    assert_allclose(classification_summary(y_true, y_pred)["quadratic_kappa"], expected)
    assert not np.isclose(cohen_kappa_score(y_true, y_pred, weights="quadratic"), expected)


def test_auc_equals_scikit_learn_where_all_classes_occur():
    y_true, y_pred = predictions(3)
    rng = np.random.default_rng(0)
    y_score = rng.dirichlet(np.ones(5), len(y_true)) + 0.3 * np.eye(5)[y_true]
    y_score /= y_score.sum(axis=1, keepdims=True)
    for ours, theirs in (("macro", "macro"), ("support", "weighted")):
        expected = roc_auc_score(y_true, y_score, multi_class="ovr", average=theirs)
        assert_allclose(one_vs_rest_auc_score(y_true, y_score, average=ours), expected)
        assert_allclose(classification_table(y_true, y_pred, y_score=y_score).loc[ours, "auc"], expected)
    summary = classification_summary(y_true, y_pred, y_score=y_score)
    assert_allclose(summary["auc_support"], one_vs_rest_auc_score(y_true, y_score, average="support"))


def test_auc_leaves_out_classes_that_do_not_occur():
    y_true = np.array([0, 0, 2, 2, 2])
    y_score = np.array([[0.6, 0.1, 0.3], [0.2, 0.5, 0.3], [0.1, 0.1, 0.8], [0.3, 0.4, 0.3], [0.1, 0.2, 0.7]])
    areas = one_vs_rest_auc_score(y_true, y_score, average=None, labels=[0, 1, 2])
    expected = [roc_auc_score(y_true == 0, y_score[:, 0]), roc_auc_score(y_true == 2, y_score[:, 2])]
    assert_allclose(areas, [expected[0], np.nan, expected[1]])
    assert_allclose(one_vs_rest_auc_score(y_true, y_score, labels=[0, 1, 2]), np.mean(expected))
    assert np.isnan(one_vs_rest_auc_score([1, 1], y_score[:2], labels=[0, 1, 2]))


def test_auc_of_two_classes_takes_one_or_two_columns():
    y_true, score = np.array([0, 1, 0, 1, 1]), np.array([0.1, 0.4, 0.5, 0.8, 0.9])
    expected = roc_auc_score(y_true, score)
    assert_allclose(one_vs_rest_auc_score(y_true, score), expected)
    assert_allclose(one_vs_rest_auc_score(y_true, np.column_stack([1 - score, score])), expected)
    assert_allclose(one_vs_rest_auc_score(y_true, score, average=None), [expected, expected])


def test_sample_weight_counts_like_repetition():
    # Not compared with imbalanced-learn 0.14, whose specificity counts true negatives without the weights.
    y_true, y_pred = predictions(4, 3, n=60)
    y_score = np.random.default_rng(4).random((len(y_true), 3))
    weight = np.random.default_rng(5).integers(1, 4, len(y_true))
    weighted = classification_summary(y_true, y_pred, y_score=y_score, sample_weight=weight)
    rows = np.repeat(np.arange(len(y_true)), weight)
    repeated = classification_summary(y_true[rows], y_pred[rows], y_score=y_score[rows])
    for name, value in repeated.items():
        assert_allclose(weighted[name], value, err_msg=name)


@pytest.mark.parametrize("score", [geometric_mean_score, index_balanced_accuracy_score, specificity_score])
def test_errors_say_what_is_wrong(score):
    with pytest.raises(ValueError, match=r"expected average to be one of .* got average='weighted'"):
        score([0, 1], [0, 1], average="weighted")
    with pytest.raises(ValueError, match=r"every value of y_pred among labels=\[0, 1\], got \[2\]"):
        score([0, 1], [0, 2], labels=[0, 1])
    with pytest.raises(ValueError, match="inconsistent numbers of samples"):
        score([0, 1], [0, 1, 1])
    with pytest.raises(ValueError, match="at least one sample"):
        score([], [])
    with pytest.raises(ValueError, match="labels to be distinct"):
        score([0, 1], [0, 1], labels=[0, 1, 1])


def test_errors_of_alpha_and_scores():
    with pytest.raises(ValueError, match="alpha in"):
        index_balanced_accuracy_score([0, 1], [0, 1], alpha=2)
    with pytest.raises(ValueError, match="one column for each of labels"):
        one_vs_rest_auc_score([0, 1, 2], np.ones((3, 2)))
    with pytest.raises(ValueError, match="average='weighted'"):
        one_vs_rest_auc_score([0, 1], [0.1, 0.2], average="weighted")
