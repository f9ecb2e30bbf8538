"""Area under the ROC curve of each class against the rest."""

from __future__ import annotations

from typing import Any

import numpy as np
from sklearn.metrics import roc_auc_score
from sklearn.utils import check_array, check_consistent_length, column_or_1d

from ._confusion import average_classes, check_labels, encode

__all__ = ["check_scores", "fold_rows", "one_vs_rest_areas", "one_vs_rest_auc_score"]


def one_vs_rest_auc_score(
    y_true: Any,
    y_score: Any,
    *,
    average: str | None = "macro",
    labels: Any = None,
    sample_weight: Any = None,
) -> float | np.ndarray:
    """Area under the ROC curve of each class against the rest, also where `y_true` lacks a class.

    Parameters
    ----------
    y_true : array-like of shape (n_samples,)
        The true classes.
    y_score : array-like of shape (n_samples, n_labels) or (n_samples,)
        Probabilities or decision values, one column a label. With two labels one dimension is enough: the score of
        the second.
    average : {"macro", "support"} or None, default="macro"
        Plain mean over classes, mean weighted by their number of samples, or one value a class.
    labels : array-like of shape (n_labels,), default=None
        The labels of the whole problem, in the order of the columns of `y_score`. By default those of `y_true`,
        sorted.
    sample_weight : array-like of shape (n_samples,), default=None
        Weights of the samples.

    Returns
    -------
    score : float, or ndarray of shape (n_labels,) with ``average=None``
        A class that does not occur in `y_true`, or is the only one there, is nan with ``average=None`` and left out of
        averages; the average is nan only where `y_true` holds a single class.

    Raises
    ------
    ValueError
        If `average` is unknown, `y_score` does not have one column a label or is not finite, or a value of `y_true`
        is not among `labels`.

    See Also
    --------
    sklearn.metrics.roc_auc_score : The same numbers for ``multi_class="ovr"`` where every class occurs.

    Notes
    -----
    Each class is ranked by its own column, so rows need not sum to 1. The averaging of published tremor results is
    not stated; "macro" is the usual one.

    Examples
    --------
    >>> import numpy as np
    >>> from skpd.metrics import one_vs_rest_auc_score
    >>> y_score = np.array([[0.8, 0.1, 0.1], [0.5, 0.3, 0.2], [0.6, 0.2, 0.2], [0.2, 0.5, 0.3]])
    >>> one_vs_rest_auc_score([0, 0, 1, 1], y_score, labels=[0, 1, 2], average=None)
    array([0.75, 0.75,  nan])
    """
    if average not in ("macro", "support", None):
        raise ValueError(f"expected average to be one of ('macro', 'support', None), got average={average!r}.")
    areas, support = one_vs_rest_areas(y_true, y_score, check_labels(labels, y_true), sample_weight)
    return areas if average is None else float(average_classes(areas, support, average))


def one_vs_rest_areas(
    y_true: Any, y_score: Any, labels: np.ndarray, sample_weight: Any = None, folds: Any = None
) -> tuple[np.ndarray, np.ndarray]:
    """Return the area of each of `labels`, nan where it is undefined, and the supports.

    With `folds` only pairs of rows of one fold are compared: an area is the mean of those of the folds, weighted by
    their pairs of a positive and a negative.
    """
    check_consistent_length(y_true, y_score, sample_weight, folds)
    scores = check_scores(y_score, labels)
    codes = encode(y_true, labels, "y_true")
    weights = np.ones(len(codes)) if sample_weight is None else column_or_1d(sample_weight)
    support = np.bincount(codes, weights=weights, minlength=len(labels))
    wins, pairs = np.zeros(len(labels)), np.zeros(len(labels))
    for rows in fold_rows(folds, len(codes)):
        in_fold = np.bincount(codes[rows], weights=weights[rows], minlength=len(labels))
        n_pairs = in_fold * (in_fold.sum() - in_fold)
        for k in np.flatnonzero(n_pairs > 0):
            area = roc_auc_score(codes[rows] == k, scores[rows, k], sample_weight=weights[rows])
            wins[k], pairs[k] = wins[k] + n_pairs[k] * area, pairs[k] + n_pairs[k]
    return np.divide(wins, pairs, out=np.full(len(labels), np.nan), where=pairs > 0), support


def fold_rows(folds: Any, n: int) -> list[np.ndarray]:
    """Return the rows of each fold; all rows are one where `folds` is None."""
    if folds is None:
        return [np.arange(n)]
    folds = column_or_1d(folds)
    return [np.flatnonzero(folds == fold) for fold in np.unique(folds)]


def check_scores(y_score: Any, labels: np.ndarray) -> np.ndarray:
    """Return `y_score` as (n_samples, n_labels) float64."""
    scores = check_array(y_score, ensure_2d=False, dtype=np.float64, input_name="y_score")
    if scores.ndim == 1 and len(labels) == 2:
        return np.column_stack([-scores, scores])
    if scores.ndim != 2 or scores.shape[1] != len(labels):
        raise ValueError(
            f"expected y_score of shape (n_samples, {len(labels)}), one column for each of labels={labels.tolist()}, "
            f"got shape {scores.shape}: pass the labels of the whole problem in the order of the columns."
        )
    return scores
