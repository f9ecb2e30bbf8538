"""Counts that every metric here is computed from, and the metrics of one class against the rest.

All functions work on the last axes, so a stack of confusion matrices (one a bootstrap resample) costs one call.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
from sklearn.utils import check_consistent_length, column_or_1d
from sklearn.utils.multiclass import check_classification_targets, unique_labels

__all__ = [
    "average_classes",
    "check_complete",
    "check_labels",
    "class_metrics",
    "confusion_counts",
    "encode",
    "encode_subjects",
    "overall_metrics",
]

#: Metrics that have one value a class, in the order of the tables.
CLASS_METRICS = ("precision", "sensitivity", "specificity", "f1", "gmean", "iba")


def check_labels(labels: Any, *ys: Any) -> np.ndarray:
    """Return the labels of the problem: those given, or the sorted ones that occur in `ys`."""
    for y in ys:
        check_classification_targets(y)
    if labels is None:
        return unique_labels(*ys)
    labels = column_or_1d(labels)
    if len(labels) == 0 or len(np.unique(labels)) < len(labels):
        raise ValueError(f"expected labels to be distinct and at least one, got labels={labels.tolist()}.")
    return labels


def encode(y: Any, labels: np.ndarray, name: str) -> np.ndarray:
    """Return the position of every value of `y` in `labels`."""
    y = column_or_1d(y)
    codes = pd.Index(labels).get_indexer(pd.Index(y))
    if np.any(codes < 0):
        strangers = pd.unique(pd.Series(y[codes < 0])).tolist()
        raise ValueError(
            f"expected every value of {name} among labels={labels.tolist()}, got {strangers[:5]}: "
            "pass the labels of the whole problem."
        )
    return codes


def check_complete(name: str, values: Any, what: str = "a label") -> np.ndarray:
    """Return one value a row, or say which row has none."""
    # As an array, a gap in a list of text would be text.
    column = column_or_1d(values if hasattr(values, "dtype") else np.asarray(values, dtype=object))
    missing = np.flatnonzero(pd.isna(column))
    if len(missing):
        raise ValueError(
            f"{name}: expected {what} for every row, got none for {len(missing)}, first row {missing[0]}: leave such "
            "rows out."
        )
    return column


def encode_subjects(groups: Any) -> tuple[np.ndarray, int]:
    """Return the position of every row's subject among all subjects, sorted, and how many there are, at least two."""
    codes, subjects = pd.factorize(check_complete("groups", groups, "a subject"), sort=True)
    if len(subjects) < 2:
        raise ValueError(
            f"expected groups to name at least 2 subjects, got {subjects.tolist()}: one person tells nothing of people."
        )
    return codes, len(subjects)


def confusion_counts(y_true: Any, y_pred: Any, labels: Any = None, sample_weight: Any = None) -> tuple:
    """Count (true, predicted) pairs.

    Returns
    -------
    counts : ndarray of shape (n_labels, n_labels), float64
        Rows are true classes, columns predicted ones.
    labels : ndarray of shape (n_labels,)
        The labels of rows and columns.
    """
    check_consistent_length(y_true, y_pred, sample_weight)
    if len(y_true) == 0:
        raise ValueError("expected at least one sample, got an empty y_true.")
    labels = check_labels(labels, y_true, y_pred)
    n_labels = len(labels)
    cells = encode(y_true, labels, "y_true") * n_labels + encode(y_pred, labels, "y_pred")
    weights = None if sample_weight is None else column_or_1d(sample_weight)
    counts = np.bincount(cells, weights=weights, minlength=n_labels**2).astype(np.float64)
    return counts.reshape(n_labels, n_labels), labels


def class_metrics(counts: np.ndarray, *, alpha: float = 0.1) -> dict[str, np.ndarray]:
    """Compute the metrics of each class against the rest.

    Parameters
    ----------
    counts : ndarray of shape (..., n_labels, n_labels)
        Confusion matrices, true classes in rows.
    alpha : float, default=0.1
        Weight of the dominance in the index of balanced accuracy.

    Returns
    -------
    metrics : dict of ndarray of shape (..., n_labels)
        `CLASS_METRICS` and support. A class without a true sample is nan in all but its support. A class that is
        the only one has no negatives: its specificity, G-mean and index of balanced accuracy are nan.
    """
    total = counts.sum(axis=(-2, -1))[..., None]
    support, predicted = counts.sum(axis=-1), counts.sum(axis=-2)
    hits = np.diagonal(counts, axis1=-2, axis2=-1)
    with np.errstate(invalid="ignore", divide="ignore"):
        sensitivity = hits / support
        # A class that is there and never predicted has no true positive: its precision is 0 by convention.
        precision = np.where(predicted > 0, hits / predicted, 0.0)
        specificity = 1.0 - (predicted - hits) / (total - support)
        f1 = 2 * hits / (support + predicted)
    gmean2 = sensitivity * specificity
    metrics = {
        "precision": precision,
        "sensitivity": sensitivity,
        "specificity": specificity,
        "f1": f1,
        "gmean": np.sqrt(np.maximum(gmean2, 0.0)),
        "iba": (1.0 + alpha * (sensitivity - specificity)) * gmean2,
    }
    metrics = {name: np.where(support > 0, values, np.nan) for name, values in metrics.items()}
    return metrics | {"support": support}


def average_classes(values: np.ndarray, support: np.ndarray, average: str) -> np.ndarray:
    """Average over the last axis, over the classes that have support.

    `average` is "support" (weights are the supports), "macro" (equal weights) or "product" (geometric mean). A nan of
    a class that has support makes the average nan.
    """
    present = support > 0
    values = np.where(present, values, 1.0 if average == "product" else 0.0)
    weights = support if average == "support" else present.astype(np.float64)
    with np.errstate(invalid="ignore", divide="ignore"):
        if average == "product":
            return np.prod(values, axis=-1) ** (1.0 / weights.sum(axis=-1))
        return (values * weights).sum(axis=-1) / weights.sum(axis=-1)


def overall_metrics(counts: np.ndarray, labels: np.ndarray, *, alpha: float = 0.1) -> dict[str, np.ndarray]:
    """Compute every number that describes a whole confusion matrix; see `classification_summary`."""
    classes = class_metrics(counts, alpha=alpha)
    support = classes["support"]

    def averaged(name: str, average: str) -> np.ndarray:
        return average_classes(classes[name], support, average)

    n_samples = support.sum(axis=-1)
    with np.errstate(invalid="ignore", divide="ignore"):
        accuracy = np.trace(counts, axis1=-2, axis2=-1) / n_samples
    return (
        {"accuracy": accuracy, "balanced_accuracy": averaged("sensitivity", "macro")}
        | {name: averaged(name, "support") for name in CLASS_METRICS}
        | {f"{name}_macro": averaged(name, "macro") for name in CLASS_METRICS if name != "sensitivity"}
        | {"gmean_product": averaged("sensitivity", "product")}
        | _ordinal_metrics(counts, labels)
        | {"n_classes_scored": (support > 0).sum(axis=-1), "n_samples": n_samples}
    )


def _ordinal_metrics(counts: np.ndarray, labels: np.ndarray) -> dict[str, np.ndarray]:
    """Quadratic-weighted kappa and mean absolute error; nothing where labels are not numbers."""
    values = np.asarray(labels.tolist())
    if values.dtype.kind not in "biuf":
        return {}
    distance = np.abs(values[:, None].astype(np.float64) - values)
    n_samples = counts.sum(axis=(-2, -1))
    by_chance = counts.sum(axis=-1)[..., :, None] * counts.sum(axis=-2)[..., None, :]
    with np.errstate(invalid="ignore", divide="ignore"):
        observed = (distance**2 * counts).sum(axis=(-2, -1)) * n_samples
        kappa = 1.0 - observed / (distance**2 * by_chance).sum(axis=(-2, -1))
        return {"quadratic_kappa": kappa, "mae": (distance * counts).sum(axis=(-2, -1)) / n_samples}
