"""Agreement of predicted with true severity, in the terms of a clinical rating scale."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
from scipy.stats import norm
from sklearn.utils import check_consistent_length

from ._auc import check_scores
from ._bootstrap import subject_bootstrap
from ._confusion import check_labels, encode, overall_metrics
from ._reliability import icc_agreement, mean_squares

__all__ = ["agreement_table"]


def agreement_table(
    y_true: Any,
    y_pred: Any,
    *,
    y_score: Any = None,
    labels: Any = None,
    groups: Any = None,
    n_resamples: int = 1000,
    confidence_level: float = 0.95,
    random_state: Any = None,
) -> pd.DataFrame:
    r"""Agreement of predicted and true severity, as two raters of one scale would be compared.

    Parameters
    ----------
    y_true : array-like of shape (n_samples,)
        The true severities, numbers. The unit of a row (window, recording, subject) is the unit of the result: pass one
        row a subject for agreement on subjects.
    y_pred : array-like of shape (n_samples,)
        The predicted severities.
    y_score : array-like of shape (n_samples, n_labels) or (n_samples,), default=None
        Probabilities, one column for each of `labels`, or of two labels that of the second; adds the agreement of the
        expected severity, the mean of the labels weighted by them.
    labels : array-like of shape (n_labels,), default=None
        The severities of the scale. By default those that occur, sorted.
    groups : array-like of shape (n_samples,), default=None
        The subject of each row. Without it there are no intervals.
    n_resamples : int, default=1000
        Resamples of subjects.
    confidence_level : float, default=0.95
        Of the intervals.
    random_state : int, RandomState instance or None, default=None
        Draws the subjects.

    Returns
    -------
    table : DataFrame
        Columns estimate, low, high (as in `subject_bootstrap`); rows

        - exact, within_one: share of rows that are right, or at most 1 off;
        - mae: mean absolute error;
        - linear_kappa, quadratic_kappa: Cohen's kappa, weighted by distance or its square [1]_;
        - kendall_tau_b, spearman: do higher predictions go with higher severities?
        - icc_2_1: absolute agreement of prediction and truth as two raters [2]_;
        - with `y_score`: expected_mae, and expected_bias, expected_loa_low, expected_loa_high, the mean and 95 %
          limits of expected minus true severity [3]_.

        A measure that is undefined, such as a correlation with a constant, is nan.

    Raises
    ------
    ValueError
        If labels are not numbers, rows of `y_score` are not probabilities, or lengths differ.

    See Also
    --------
    classification_summary : The metrics of classes.
    intraclass_correlation : Agreement between sessions.

    Notes
    -----
    With :math:`w_{ij} = |i - j|` or :math:`(i - j)^2` of the values of the labels, kappa is
    :math:`1 - \sum w p^{\text{observed}} / \sum w p^{\text{chance}}`. All but the last four rows are computed from the
    confusion matrix, ties with midranks, and equal those of scikit-learn and SciPy.

    An expected severity is drawn to the middle of the scale: low severities are estimated too high and high ones too
    low even by a good model, so limits of agreement hold for a mixture of people like this one. With several rows a
    subject the limits describe a row of a random person; their interval, over subjects, allows for the repetition.

    References
    ----------
    .. [1] Cohen, "Weighted kappa", Psychological Bulletin 70, 213-220, 1968.
    .. [2] Shrout & Fleiss, "Intraclass correlations: uses in assessing rater reliability", Psychological Bulletin 86,
       420-428, 1979.
    .. [3] Bland & Altman, "Statistical methods for assessing agreement between two methods of clinical measurement",
       Lancet 327, 307-310, 1986.

    Examples
    --------
    >>> from skpd.metrics import agreement_table
    >>> y_true, y_pred = [0, 0, 1, 1, 2, 3, 4, 4], [0, 1, 1, 1, 1, 3, 3, 4]
    >>> agreement_table(y_true, y_pred, labels=[0, 1, 2, 3, 4])["estimate"].round(2)
    measure
    exact              0.62
    within_one         1.00
    mae                0.38
    linear_kappa       0.76
    quadratic_kappa    0.91
    kendall_tau_b      0.83
    spearman           0.90
    icc_2_1            0.92
    Name: estimate, dtype: float64
    """
    check_consistent_length(y_true, y_pred, y_score, groups)
    labels = check_labels(labels, y_true, y_pred)
    scale = np.asarray(labels.tolist())
    if scale.dtype.kind not in "biuf":
        raise ValueError(
            f"labels: expected severities that are numbers, got {labels.tolist()[:5]}: map them to numbers."
        )
    order = np.argsort(scale)
    scale = scale[order].astype(np.float64)
    true, predicted = (encode(y, labels[order], name) for y, name in ((y_true, "y_true"), (y_pred, "y_pred")))
    if not len(true):
        raise ValueError("expected at least one sample, got an empty y_true.")
    expected = None if y_score is None else _check_probabilities(y_score, labels)[:, order] @ scale

    def statistic(true: np.ndarray, predicted: np.ndarray, y_score: np.ndarray | None = None) -> dict[str, float]:
        cells = np.bincount(true * len(scale) + predicted, minlength=len(scale) ** 2)
        measures = _from_counts(cells.reshape(len(scale), -1).astype(np.float64), scale)
        return measures if y_score is None else measures | _of_expected(y_score - scale[true])

    if groups is None:
        estimates = pd.Series(statistic(true, predicted, expected), dtype=np.float64)
        table = pd.DataFrame({"estimate": estimates, "low": np.nan, "high": np.nan})
    else:
        table = subject_bootstrap(
            true,
            predicted,
            groups,
            y_score=expected,
            statistic=statistic,
            n_resamples=n_resamples,
            confidence_level=confidence_level,
            random_state=random_state,
        )[["estimate", "low", "high"]]
    return table.rename_axis("measure")


def _check_probabilities(y_score: Any, labels: np.ndarray) -> np.ndarray:
    if len(labels) == 2 and np.ndim(y_score) == 1:
        y_score = np.column_stack([1 - np.asarray(y_score), y_score])
    scores = check_scores(y_score, labels)
    off = np.flatnonzero((scores < -1e-9).any(axis=1) | (np.abs(scores.sum(axis=1) - 1) > 1e-3))
    if len(off):
        raise ValueError(
            f"y_score: expected probabilities, one column a label and rows that sum to 1, got row {off[0]}: "
            f"{scores[off[0]].tolist()}. Decision values have no expected severity: leave y_score out."
        )
    return scores


def _from_counts(counts: np.ndarray, scale: np.ndarray) -> dict[str, float]:
    """Compute what depends on (true, predicted) pairs only."""
    distance = np.abs(scale[:, None] - scale)
    n = counts.sum()
    overall = overall_metrics(counts, scale)
    by_chance = np.outer(counts.sum(axis=1), counts.sum(axis=0))
    true, predicted = np.nonzero(counts)
    return {
        "exact": float(np.trace(counts) / n),
        "within_one": float(counts[distance <= 1].sum() / n),
        "mae": float(overall["mae"]),
        "linear_kappa": 1.0 - _divide((distance * counts).sum() * n, (distance * by_chance).sum()),
        "quadratic_kappa": float(overall["quadratic_kappa"]),
        "kendall_tau_b": _kendall_tau_b(counts),
        "spearman": _correlation(counts, _midranks(counts.sum(axis=1)), _midranks(counts.sum(axis=0))),
        "icc_2_1": icc_agreement(
            mean_squares(np.column_stack([scale[true], scale[predicted]]), counts[true, predicted])
        ),
    }


def _kendall_tau_b(counts: np.ndarray) -> float:
    n_pairs = counts.sum() * (counts.sum() - 1) / 2
    # Pairs with both values higher, or one higher and the other lower.
    after = np.zeros((counts.shape[0] + 1, counts.shape[1] + 1))
    after[:-1, :-1] = counts[::-1, ::-1].cumsum(axis=0).cumsum(axis=1)[::-1, ::-1]
    concordant = (counts * after[1:, 1:]).sum()
    below = after[1:, :1] - after[1:, :-1]
    discordant = (counts * below).sum()
    tied = [(m * (m - 1) / 2).sum() for m in (counts.sum(axis=1), counts.sum(axis=0))]
    return _divide(concordant - discordant, np.sqrt((n_pairs - tied[0]) * (n_pairs - tied[1])))


def _midranks(marginal: np.ndarray) -> np.ndarray:
    return np.cumsum(marginal) - (marginal - 1) / 2


def _correlation(counts: np.ndarray, rows: np.ndarray, columns: np.ndarray) -> float:
    n = counts.sum()
    rows = rows - counts.sum(axis=1) @ rows / n
    columns = columns - counts.sum(axis=0) @ columns / n
    spread = (counts.sum(axis=1) @ rows**2) * (counts.sum(axis=0) @ columns**2)
    return _divide(rows @ counts @ columns, np.sqrt(spread))


def _of_expected(errors: np.ndarray) -> dict[str, float]:
    bias = float(errors.mean())
    reach = float(norm.ppf(0.975) * errors.std(ddof=1)) if len(errors) > 1 else np.nan
    return {
        "expected_mae": float(np.abs(errors).mean()),
        "expected_bias": bias,
        "expected_loa_low": bias - reach,
        "expected_loa_high": bias + reach,
    }


def _divide(a: float, b: float) -> float:
    return float(a / b) if b > 0 else float("nan")
