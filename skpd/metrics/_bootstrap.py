"""Confidence intervals over people: whole subjects are drawn, never single windows."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import numpy as np
import pandas as pd
from sklearn.utils import check_consistent_length, check_random_state

from ._auc import check_scores, fold_rows
from ._confusion import average_classes, check_complete, check_labels, encode, encode_subjects, overall_metrics
from ._report import classification_summary

__all__ = ["subject_bootstrap"]

#: Metrics of rows, which a resample without some class does not change the meaning of; the others are means over
#: classes, and over fewer classes they are another number.
_OF_ROWS = {"accuracy", "sensitivity", "quadratic_kappa", "mae", "n_classes_scored", "n_samples"}


def subject_bootstrap(
    y_true: Any,
    y_pred: Any,
    groups: Any,
    *,
    y_score: Any = None,
    labels: Any = None,
    folds: Any = None,
    statistic: Callable[..., float | Mapping[str, float]] | None = None,
    n_resamples: int = 1000,
    confidence_level: float = 0.95,
    random_state: Any = None,
) -> pd.DataFrame:
    """Percentile intervals of metrics when subjects are drawn with replacement.

    Windows of one person resemble each other, so an interval from single windows is too narrow. Here a resample holds
    as many subjects as there are, each with all of its rows, as often as it was drawn.

    Parameters
    ----------
    y_true : array-like of shape (n_samples,)
        The true classes.
    y_pred : array-like of shape (n_samples,)
        The predicted classes, for honest intervals those of models that have not seen the subject.
    groups : array-like of shape (n_samples,)
        The subject of each row.
    y_score : array-like of shape (n_samples, n_labels) or (n_samples,), default=None
        Probabilities or decision values, one column for each of `labels`.
    labels : array-like of shape (n_labels,), default=None
        The labels of the whole problem. By default those that occur in `y_true` or `y_pred`, sorted.
    folds : array-like of shape (n_samples,), default=None
        As in `classification_summary`: the AUC compares rows of one fold only. Not passed to `statistic`.
    statistic : callable, default=None
        ``statistic(y_true, y_pred)``, or ``statistic(y_true, y_pred, y_score=...)`` where `y_score` is given: returns a
        number or a mapping of names to numbers. None is `classification_summary`, for all resamples at once.
    n_resamples : int, default=1000
        Number of resamples, shared by all metrics.
    confidence_level : float, default=0.95
        Share of the resamples between the ends of the interval.
    random_state : int, RandomState instance or None, default=None
        Draws the subjects.

    Returns
    -------
    intervals : DataFrame
        One row a metric; columns estimate (of the rows as given), low, high, and n_defined, the number of resamples in
        which the metric is defined and which the interval comes from. A metric of a single number has the name of the
        callable.

    Raises
    ------
    ValueError
        If there are fewer than two subjects, a row lacks a label or a subject, lengths differ, or a parameter is out of
        its range.

    See Also
    --------
    classification_summary : The metrics.

    Notes
    -----
    A resample that lost a class, because none of its subjects was drawn, says nothing about means over all classes and
    is left out of their intervals; n_defined tells how many were left.

    The interval covers the choice of test subjects, not that of training subjects or seeds. With few subjects, or few
    of one class, percentile intervals are too narrow.

    The confusion matrix of a resample is a weighted sum of one matrix a subject. So is the number of pairs that a score
    ranks rightly, of pairs of subjects, which makes the AUC of a resample a quadratic form of the number of times that
    each subject was drawn: a thousand resamples cost little more than one. Memory grows with the square of the number
    of subjects.

    References
    ----------
    .. [1] Efron & Tibshirani, "An Introduction to the Bootstrap", 1993, chapter 13.
    .. [2] Field & Welsh, "Bootstrapping clustered data", J. R. Stat. Soc. B 69, 369-390, 2007.

    Examples
    --------
    >>> import numpy as np
    >>> from skpd.metrics import subject_bootstrap
    >>> rng = np.random.default_rng(0)
    >>> groups = np.repeat(np.arange(20), 10)
    >>> y_true = np.repeat(rng.integers(0, 2, 20), 10)
    >>> y_pred = np.where(rng.random(200) < 0.8, y_true, 1 - y_true)
    >>> intervals = subject_bootstrap(y_true, y_pred, groups, random_state=0)
    >>> list(intervals.columns)
    ['estimate', 'low', 'high', 'n_defined']
    >>> estimate, low, high = intervals.loc["accuracy", ["estimate", "low", "high"]]
    >>> bool(low < estimate < high)
    True
    """
    check_consistent_length(y_true, y_pred, groups, y_score, folds)
    if statistic is None:
        # What the labels are is for a statistic of one's own to say.
        check_complete("y_true", y_true)
        check_complete("y_pred", y_pred)
    subject_of, n_subjects = encode_subjects(groups)
    if n_resamples < 1:
        raise ValueError(f"expected n_resamples to be at least 1, got n_resamples={n_resamples!r}.")
    if not 0 < confidence_level < 1:
        raise ValueError(f"expected confidence_level between 0 and 1, got confidence_level={confidence_level!r}.")
    # Drawing n subjects of n with replacement draws the number of times that each occurs from a multinomial.
    draws = check_random_state(random_state).multinomial(n_subjects, np.full(n_subjects, 1 / n_subjects), n_resamples)
    if statistic is None:
        estimate = classification_summary(y_true, y_pred, y_score=y_score, labels=labels, folds=folds)
        resampled = _resampled_summary(draws, subject_of, y_true, y_pred, y_score, labels, folds)
        incomplete = resampled["n_classes_scored"] < estimate["n_classes_scored"]
        for name in resampled.keys() - _OF_ROWS:
            resampled[name] = np.where(incomplete, np.nan, resampled[name])
    else:
        estimate, resampled = _resampled_statistic(statistic, draws, subject_of, y_true, y_pred, y_score)
    return _percentiles(estimate, resampled, confidence_level)


def _percentiles(
    estimate: Mapping[str, float], resampled: Mapping[str, np.ndarray], confidence_level: float
) -> pd.DataFrame:
    tail = (1.0 - confidence_level) / 2
    rows = {}
    for name, value in estimate.items():
        values = np.asarray(resampled[name], dtype=np.float64)
        defined = values[np.isfinite(values)]
        low, high = np.quantile(defined, [tail, 1.0 - tail]) if len(defined) else (np.nan, np.nan)
        rows[name] = {"estimate": value, "low": low, "high": high, "n_defined": len(defined)}
    # A name may be a tuple, which would otherwise become two levels.
    return pd.DataFrame(list(rows.values()), index=pd.Index(list(rows), tupleize_cols=False, name="metric"))


def _resampled_statistic(
    statistic: Callable, draws: np.ndarray, subject_of: np.ndarray, y_true: Any, y_pred: Any, y_score: Any
) -> tuple[dict[str, float], dict[str, np.ndarray]]:
    """Call `statistic` on the rows of each resample."""
    arrays = [np.asarray(y_true), np.asarray(y_pred)] + ([] if y_score is None else [np.asarray(y_score)])
    name = getattr(statistic, "__name__", "statistic")

    def value(rows: np.ndarray) -> dict[str, float]:
        true, predicted, *score = (array[rows] for array in arrays)
        result = statistic(true, predicted, **({"y_score": score[0]} if score else {}))
        return dict(result) if isinstance(result, Mapping) else {name: result}

    n_rows = np.arange(len(subject_of))
    estimate = value(n_rows)
    results = [value(np.repeat(n_rows, draw[subject_of])) for draw in draws]
    return estimate, {key: np.array([result.get(key, np.nan) for result in results]) for key in estimate}


def _resampled_summary(
    draws: np.ndarray, subject_of: np.ndarray, y_true: Any, y_pred: Any, y_score: Any, labels: Any, folds: Any
) -> dict[str, np.ndarray]:
    """Compute `classification_summary` of every resample from one confusion matrix a subject."""
    labels = check_labels(labels, y_true, y_pred)
    n_subjects, n_labels = draws.shape[1], len(labels)
    true, predicted = encode(y_true, labels, "y_true"), encode(y_pred, labels, "y_pred")
    cells = (subject_of * n_labels + true) * n_labels + predicted
    counts = np.bincount(cells, minlength=n_subjects * n_labels**2).reshape(n_subjects, n_labels**2)
    drawn = (draws @ counts).reshape(-1, n_labels, n_labels).astype(np.float64)
    summary = overall_metrics(drawn, labels)
    if y_score is not None:
        scores = check_scores(y_score, labels)
        rows = fold_rows(folds, len(true))
        areas = np.column_stack(
            [_resampled_area(draws, subject_of, true == k, scores[:, k], rows) for k in range(n_labels)]
        )
        support = drawn.sum(axis=-1)
        summary["auc"] = average_classes(areas, support, "macro")
        summary["auc_support"] = average_classes(areas, support, "support")
    return summary


def _resampled_area(
    draws: np.ndarray, subject_of: np.ndarray, positive: np.ndarray, score: np.ndarray, folds: list[np.ndarray]
) -> np.ndarray:
    """Area under the ROC curve of every resample; nan where no fold of it has positives and negatives."""
    n_subjects = draws.shape[1]
    # wins[s, t]: pairs of a positive of subject s and a negative of subject t that are ranked rightly, ties half.
    wins = np.zeros((n_subjects, n_subjects))
    n_pairs = np.zeros(len(draws))
    for rows in folds:
        rows = rows[np.argsort(score[rows], kind="stable")]
        positives, negatives = rows[positive[rows]], rows[~positive[rows]]
        for t in np.unique(subject_of[negatives]):
            below = score[negatives[subject_of[negatives] == t]]
            ranks = np.searchsorted(below, score[positives], "left") + np.searchsorted(below, score[positives], "right")
            wins[:, t] += np.bincount(subject_of[positives], weights=ranks / 2, minlength=n_subjects)
        n_positive = draws @ np.bincount(subject_of[positives], minlength=n_subjects)
        n_negative = draws @ np.bincount(subject_of[negatives], minlength=n_subjects)
        n_pairs += n_positive * n_negative
    n_pairs[n_pairs == 0] = np.nan
    return ((draws @ wins) * draws).sum(axis=1) / n_pairs
