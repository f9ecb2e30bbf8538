"""All metrics of one set of predictions: class by class, or as one line of a results table."""

from __future__ import annotations

from typing import Any

import pandas as pd

from ._auc import one_vs_rest_areas
from ._confusion import average_classes, class_metrics, confusion_counts, overall_metrics

__all__ = ["classification_summary", "classification_table"]


def classification_table(
    y_true: Any,
    y_pred: Any,
    *,
    y_score: Any = None,
    labels: Any = None,
    alpha: float = 0.1,
    sample_weight: Any = None,
) -> pd.DataFrame:
    """Metrics of each class against the rest, and their averages.

    Parameters
    ----------
    y_true : array-like of shape (n_samples,)
        The true classes.
    y_pred : array-like of shape (n_samples,)
        The predicted classes.
    y_score : array-like of shape (n_samples, n_labels) or (n_samples,), default=None
        Probabilities or decision values, one column for each of `labels`; adds the column auc.
    labels : array-like of shape (n_labels,), default=None
        The labels of the whole problem. By default those that occur in `y_true` or `y_pred`, sorted.
    alpha : float, default=0.1
        Weight of the dominance in the index of balanced accuracy.
    sample_weight : array-like of shape (n_samples,), default=None
        Weights of the samples.

    Returns
    -------
    table : DataFrame
        One row a label, then "support" (classes averaged by their number of samples, the averaging that published
        results fit) and "macro" (plain average). Columns precision, sensitivity, specificity, f1, gmean, iba, auc if
        `y_score` is given, and support, the number of samples. A class that does not occur in `y_true` is nan and
        left out of both averages. A class that is never predicted has the precision 0.

    See Also
    --------
    classification_summary : One line that holds the averages and the metrics that have no class.
    geometric_mean_score : The definitions.

    Examples
    --------
    >>> from skpd.metrics import classification_table
    >>> y_true = [0, 0, 0, 0, 0, 0, 1, 1, 1, 2]
    >>> y_pred = [0, 0, 0, 0, 0, 1, 1, 1, 0, 0]
    >>> classification_table(y_true, y_pred)[["sensitivity", "specificity", "gmean", "iba", "support"]].round(2)
             sensitivity  specificity  gmean   iba  support
    class
    0               0.83         0.50   0.65  0.43     6.0
    1               0.67         0.86   0.76  0.56     3.0
    2               0.00         1.00   0.00  0.00     1.0
    support         0.70         0.66   0.61  0.43    10.0
    macro           0.50         0.79   0.47  0.33    10.0
    """
    counts, labels = confusion_counts(y_true, y_pred, labels, sample_weight)
    columns = class_metrics(counts, alpha=alpha)
    support = columns.pop("support")
    if y_score is not None:
        columns["auc"], _ = one_vs_rest_areas(y_true, y_score, labels, sample_weight)
    table = pd.DataFrame(columns | {"support": support}, index=pd.Index(labels.tolist(), dtype=object))
    averages = {
        average: {name: average_classes(values, support, average) for name, values in columns.items()}
        | {"support": support.sum()}
        for average in ("support", "macro")
    }
    return pd.concat([table, pd.DataFrame.from_dict(averages, orient="index")]).rename_axis("class")


def classification_summary(
    y_true: Any,
    y_pred: Any,
    *,
    y_score: Any = None,
    labels: Any = None,
    alpha: float = 0.1,
    sample_weight: Any = None,
    folds: Any = None,
) -> dict[str, float]:
    """All averaged metrics of one set of predictions, as one line of a results table.

    Parameters
    ----------
    y_true : array-like of shape (n_samples,)
        The true classes.
    y_pred : array-like of shape (n_samples,)
        The predicted classes.
    y_score : array-like of shape (n_samples, n_labels) or (n_samples,), default=None
        Probabilities or decision values, one column for each of `labels`.
    labels : array-like of shape (n_labels,), default=None
        The labels of the whole problem. By default those that occur in `y_true` or `y_pred`, sorted.
    alpha : float, default=0.1
        Weight of the dominance in the index of balanced accuracy.
    sample_weight : array-like of shape (n_samples,), default=None
        Weights of the samples.
    folds : array-like of shape (n_samples,), default=None
        The fold that each prediction comes from. The AUC then compares scores of one model only: models of different
        folds give different scores to the same window, and pooled they rank worse than any of them.

    Returns
    -------
    summary : dict of str to float
        - accuracy, balanced_accuracy;
        - precision, sensitivity, specificity, f1, gmean, iba: classes averaged by their number of samples;
        - the same, but for sensitivity, with the suffix _macro: plain averages (that of the sensitivity is the
          balanced accuracy);
        - gmean_product: the K-th root of the product of the K sensitivities;
        - quadratic_kappa and mae, if the labels are numbers;
        - auc (plain average) and auc_support (weighted), if `y_score` is given;
        - n_classes_scored, the number of classes that occur in `y_true` and so in the averages, and n_samples.

    See Also
    --------
    classification_table : The same, class by class.
    subject_bootstrap : Confidence intervals of these numbers.

    Notes
    -----
    The quadratic-weighted kappa and the mean absolute error take distances between labels from their values, so a
    severity that happens not to occur leaves a gap instead of moving its neighbours together. Text has no distances:
    both are left out.

    Pooled predictions of many small folds have a bias of their own: a fold whose test part has more of a class has less
    of it in training, so that without any signal the accuracy is below chance, most of all with one subject a fold.

    Only where `y_true` holds a single class is an average nan: there is no specificity and no ROC curve.

    References
    ----------
    .. [1] Cohen, "Weighted kappa", Psychological Bulletin 70, 213-220, 1968.

    Examples
    --------
    >>> from skpd.metrics import classification_summary
    >>> summary = classification_summary([0, 0, 0, 1, 1, 2], [0, 0, 1, 1, 2, 2])
    >>> {name: round(summary[name], 2) for name in ("accuracy", "gmean", "quadratic_kappa", "mae")}
    {'accuracy': 0.67, 'gmean': 0.76, 'quadratic_kappa': 0.75, 'mae': 0.33}
    """
    counts, labels = confusion_counts(y_true, y_pred, labels, sample_weight)
    summary = {name: value.item() for name, value in overall_metrics(counts, labels, alpha=alpha).items()}
    if y_score is not None:
        areas, support = one_vs_rest_areas(y_true, y_score, labels, sample_weight, folds)
        summary["auc"] = float(average_classes(areas, support, "macro"))
        summary["auc_support"] = float(average_classes(areas, support, "support"))
    return summary
