"""Is one recipe better than another? Tests of paired predictions and fold scores, corrected for many comparisons."""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
from scipy.stats import false_discovery_control
from scipy.stats import t as student_t
from sklearn.utils import check_consistent_length, check_random_state, column_or_1d

from ._bootstrap import _OF_ROWS
from ._confusion import check_labels, encode, encode_subjects, overall_metrics

__all__ = ["FoldComparison", "PairedComparison", "adjust_p_values", "corrected_t_test", "paired_permutation_test"]


class PairedComparison(NamedTuple):
    """Two sets of predictions for the same rows, compared by a metric."""

    first: float
    """The metric of the first set."""
    second: float
    """The metric of the second set."""
    difference: float
    """First minus second."""
    low: float
    """Lower end of the interval of the difference when subjects are drawn with replacement."""
    high: float
    """Upper end."""
    p_value: float
    """Two-sided."""
    n_subjects: int
    """The people compared."""
    n_permutations: int
    """Ways of swapping that were tried, without the one observed."""


class FoldComparison(NamedTuple):
    """Fold scores of two recipes, compared."""

    difference: float
    """Mean difference."""
    low: float
    """Lower end of its interval."""
    high: float
    """Upper end."""
    statistic: float
    """The corrected t."""
    p_value: float
    """Two-sided."""
    n_folds: int
    """Differences that entered."""


def paired_permutation_test(
    y_true: Any,
    first: Any,
    second: Any,
    groups: Any,
    *,
    metric: str = "balanced_accuracy",
    labels: Any = None,
    repeats: Any = None,
    n_permutations: int = 9999,
    n_resamples: int = 1000,
    confidence_level: float = 0.95,
    random_state: Any = None,
) -> PairedComparison:
    r"""Test whether two sets of predictions differ, by swapping them subject by subject.

    Windows of one person are not independent, so a test that treats them so (McNemar's on windows, a t-test on rows)
    finds differences that are not there. Here a person's predictions are swapped as a whole or not at all.

    Parameters
    ----------
    y_true : array-like of shape (n_samples,)
        The true classes.
    first, second : array-like of shape (n_samples,)
        The classes predicted by either recipe for the same rows, by models that have not seen the subject.
    groups : array-like of shape (n_samples,)
        The subject of each row.
    metric : str, default="balanced_accuracy"
        A metric of `classification_summary`, except the AUC: swapping would rank the scores of one recipe among those
        of the other, which have another scale.
    labels : array-like of shape (n_labels,), default=None
        The labels of the whole problem. By default those that occur, sorted.
    repeats : array-like of shape (n_samples,), default=None
        The repetition (seed) that each row belongs to, where rows were predicted several times. The metric is computed
        within each and averaged; a person is swapped in all of them together.
    n_permutations : int, default=9999
        Ways of swapping that are drawn. Where people who differ are so few that there are no more ways than this, each
        is taken once and the p-value is exact.
    n_resamples : int, default=1000
        Resamples of subjects for the interval; 0 for none.
    confidence_level : float, default=0.95
        Of the interval.
    random_state : int, RandomState instance or None, default=None
        Draws the swaps and the resamples.

    Returns
    -------
    comparison : PairedComparison
        first, second, difference, low, high, p_value, n_subjects, n_permutations.

    Raises
    ------
    ValueError
        If lengths differ, a row lacks a subject, there are fewer than two subjects, or the metric is unknown or cannot
        be swapped.

    See Also
    --------
    corrected_t_test : Takes the choice of training people into account.
    adjust_p_values : For more than one comparison.
    subject_bootstrap : The interval of one set of predictions.

    Notes
    -----
    The statistic is the difference of the metric of all predictions pooled. With :math:`b` of :math:`m` swaps at least
    as far from zero as what was observed, :math:`p = (b + 1) / (m + 1)` [1]_, which is never 0: with few subjects who
    differ no p-value can be small, :math:`d` of them reach :math:`2^{1-d}` at best.

    It assumes that, if the recipes are equally good, a person's predictions could as well have come from the other
    one, and that people are independent. This makes it a test of two given models. In cross-validation people of one
    fold share a fitted model, and what its training people happened to favour counts as evidence: take
    `corrected_t_test` for a statement about recipes that will be trained again.

    Rates of p < 0.05 where nothing differs, measured: 4.7 % for given models (2,000 simulated cohorts of 30 people with
    20 windows each, whose errors depend on the person), where McNemar's test of the windows finds 20.5 %. For models
    fitted in 5 subject-wise folds (logistic regression on one or the other half of equally informative features) 9.3 %
    with 40 people (1,000 cohorts) and 6.2 % with 100 (600 cohorts), where the corrected t-test finds 3.4 and 2.3 %.

    The interval is the percentile interval over subjects and comes from another argument than the p-value; near the
    border they can disagree.

    References
    ----------
    .. [1] Phipson & Smyth, "Permutation p-values should never be zero", Stat. Appl. Genet. Mol. Biol. 9, article 39,
       2010, equation 2.
    .. [2] Good, "Permutation, Parametric and Bootstrap Tests of Hypotheses", 3rd ed., Springer, 2005.

    Examples
    --------
    >>> import numpy as np
    >>> from skpd.metrics import paired_permutation_test
    >>> rng = np.random.default_rng(0)
    >>> groups = np.repeat(np.arange(20), 10)
    >>> y_true = np.repeat(np.arange(20) % 2, 10)
    >>> good, poor = (np.where(rng.random(200) < p, y_true, 1 - y_true) for p in (0.9, 0.7))
    >>> comparison = paired_permutation_test(y_true, good, poor, groups, random_state=0)
    >>> round(comparison.difference, 2), comparison.p_value < 0.01
    (0.2, True)
    >>> paired_permutation_test(y_true, good, good, groups).p_value
    1.0
    """
    check_consistent_length(y_true, first, second, groups, repeats)
    if n_permutations < 1 or n_resamples < 0:
        raise ValueError(
            "expected n_permutations to be at least 1 and n_resamples at least 0, got "
            f"n_permutations={n_permutations!r} and n_resamples={n_resamples!r}."
        )
    if not 0 < confidence_level < 1:
        raise ValueError(f"expected confidence_level between 0 and 1, got confidence_level={confidence_level!r}.")
    labels = check_labels(labels, y_true, first, second)
    subject_of, n_subjects = encode_subjects(groups)
    counts = [_subject_counts(y_true, y_pred, subject_of, repeats, labels) for y_pred in (first, second)]
    scores = [_score(c.sum(axis=1), labels, metric) for c in counts]
    rng = check_random_state(random_state)
    p_value, n_swaps = _permute(*counts, labels=labels, metric=metric, n_permutations=n_permutations, rng=rng)
    low, high = np.nan, np.nan
    if n_resamples:
        draws = rng.multinomial(n_subjects, np.full(n_subjects, 1 / n_subjects), n_resamples)
        resampled = _score(draws @ counts[0], labels, metric) - _score(draws @ counts[1], labels, metric)
        if metric not in _OF_ROWS:
            # A mean over fewer classes is another number.
            support = (draws @ counts[0]).reshape(len(counts[0]), n_resamples, len(labels), -1).sum(axis=-1) > 0
            everyone = counts[0].sum(axis=1).reshape(len(counts[0]), 1, len(labels), -1).sum(axis=-1) > 0
            resampled = resampled[(support == everyone).all(axis=(0, -1))]
        resampled = resampled[np.isfinite(resampled)]
        if len(resampled):
            tail = (1 - confidence_level) / 2
            low, high = np.quantile(resampled, [tail, 1 - tail])
    return PairedComparison(
        first=float(scores[0]),
        second=float(scores[1]),
        difference=float(scores[0] - scores[1]),
        low=float(low),
        high=float(high),
        p_value=p_value,
        n_subjects=n_subjects,
        n_permutations=n_swaps,
    )


def _subject_counts(y_true: Any, y_pred: Any, subject_of: np.ndarray, repeats: Any, labels: np.ndarray) -> np.ndarray:
    """Count (true, predicted) pairs of every subject in every repeat: (n_repeats, n_subjects, n_labels ** 2)."""
    repeat_of = np.zeros(len(subject_of), dtype=int)
    if repeats is not None:
        repeat_of = np.unique(column_or_1d(repeats), return_inverse=True)[1]
    shape = (repeat_of.max() + 1, subject_of.max() + 1, len(labels), len(labels))
    cells = (repeat_of, subject_of, encode(y_true, labels, "y_true"), encode(y_pred, labels, "the predictions"))
    counts = np.bincount(np.ravel_multi_index(cells, shape), minlength=int(np.prod(shape)))
    return counts.reshape(*shape[:2], -1).astype(np.float64)


def _score(counts: np.ndarray, labels: np.ndarray, metric: str) -> np.ndarray:
    """Compute the metric of confusion matrices (n_repeats, ..., n_labels ** 2) and average it over the repeats."""
    values = overall_metrics(counts.reshape(*counts.shape[:-1], len(labels), len(labels)), labels)
    if metric not in values:
        advice = (
            ": swapped scores have two scales; compare the AUC of folds instead" if metric.startswith("auc") else ""
        )
        raise ValueError(f"metric: expected one of {', '.join(values)}, got {metric!r}{advice}.")
    return values[metric].mean(axis=0)


def _permute(
    first: np.ndarray,
    second: np.ndarray,
    *,
    labels: np.ndarray,
    metric: str,
    n_permutations: int,
    rng: np.random.RandomState,
) -> tuple[float, int]:
    """Swap subjects; return the p-value and the number of swaps."""
    change = second - first
    differ = np.flatnonzero((change != 0).any(axis=(0, 2)))
    if len(differ) < 63 and 2 ** len(differ) - 1 <= n_permutations:
        swaps = np.arange(1, 2 ** len(differ))[:, None] >> np.arange(len(differ)) & 1
    else:
        swaps = rng.randint(0, 2, (n_permutations, len(differ)))
    moved = swaps @ change[:, differ]
    totals = first.sum(axis=1), second.sum(axis=1)
    observed = abs(_score(totals[0], labels, metric) - _score(totals[1], labels, metric))
    if np.isnan(observed):
        return np.nan, len(swaps)
    swapped = _score(totals[0][:, None] + moved, labels, metric) - _score(totals[1][:, None] - moved, labels, metric)
    # Equal up to rounding counts as equal, and what is undefined after a swap counts against a difference.
    extreme = ~(np.abs(swapped) < observed - 1e-12)
    return float((extreme.sum() + 1) / (len(swaps) + 1)), len(swaps)


def corrected_t_test(differences: Any, *, test_share: float, confidence_level: float = 0.95) -> FoldComparison:
    r"""Corrected resampled t-test of fold scores.

    Parameters
    ----------
    differences : array-like of shape (n_folds,)
        Score of one recipe minus that of another, fold by fold, all repetitions of the cross-validation together.
    test_share : float
        Share of the people (rows, where folds are of rows) tested in a fold: 1 / k with k folds.
    confidence_level : float, default=0.95
        Of the interval of the mean difference.

    Returns
    -------
    comparison : FoldComparison
        difference, low, high, statistic, p_value, n_folds.

    Raises
    ------
    ValueError
        If there are fewer than two differences, one is not finite, or `test_share` is not between 0 and 1.

    See Also
    --------
    paired_permutation_test : Compares predictions of given models; needs no scores of folds.

    Notes
    -----
    Training sets of folds overlap, so fold scores are correlated and the plain t-test finds too much. Nadeau & Bengio
    replace the variance of the mean, :math:`s^2 / J`, by

    .. math:: \left(\frac{1}{J} + \frac{n_2}{n_1}\right) s^2

    with :math:`J` folds, :math:`n_1` training and :math:`n_2` test units (equation 9 and section 3.2 of [1]_; for
    repeated cross-validation [2]_), here :math:`n_2 / n_1` = `test_share` / (1 - `test_share`). It is a heuristic that
    assumes a correlation of :math:`n_2 / (n_1 + n_2)` and normal differences. Its measured rate of p < 0.05 where two
    recipes do not differ is 3.4 % with 5 subject-wise folds (1,000 simulated cohorts of 40 people), 2.3 % with 100
    people (600 cohorts) and 5.3 % with 5 repetitions of the folds (40 people, 300 cohorts); the plain t-test of 5 folds
    has 9.1 %.

    References
    ----------
    .. [1] Nadeau & Bengio, "Inference for the generalization error", Machine Learning 52, 239-281, 2003.
    .. [2] Bouckaert & Frank, "Evaluating the replicability of significance tests for comparing learning algorithms",
       PAKDD 2004, LNCS 3056, 3-12.

    Examples
    --------
    >>> from skpd.metrics import corrected_t_test
    >>> comparison = corrected_t_test([0.02, 0.05, 0.01, 0.04, 0.03], test_share=1 / 5)
    >>> round(comparison.statistic, 3), round(comparison.p_value, 3)
    (2.828, 0.047)
    """
    values = column_or_1d(differences).astype(np.float64)
    if len(values) < 2 or not np.isfinite(values).all():
        raise ValueError(
            f"differences: expected at least 2 finite values, one a fold, got {values.tolist()[:10]}: "
            "leave out folds in which the metric is undefined."
        )
    if not 0 < test_share < 1:
        raise ValueError(f"expected test_share between 0 and 1 (1 / n_splits), got test_share={test_share!r}.")
    if not 0 < confidence_level < 1:
        raise ValueError(f"expected confidence_level between 0 and 1, got confidence_level={confidence_level!r}.")
    mean, n_folds = float(values.mean()), len(values)
    error = float(np.sqrt((1 / n_folds + test_share / (1 - test_share)) * values.var(ddof=1)))
    if error <= 1e-12 * abs(mean) or error == 0:
        # All folds agree to the last digit: two recipes that are one, or a difference without any spread.
        return FoldComparison(
            mean, mean, mean, np.nan if mean == 0 else np.inf * np.sign(mean), float(mean == 0), n_folds
        )
    half = float(student_t.ppf((1 + confidence_level) / 2, n_folds - 1)) * error
    p_value = float(2 * student_t.sf(abs(mean) / error, n_folds - 1))
    return FoldComparison(mean, mean - half, mean + half, mean / error, p_value, n_folds)


def adjust_p_values(p_values: Any, correction: str | None = "holm") -> np.ndarray:
    """Adjust p-values for the number of comparisons.

    Parameters
    ----------
    p_values : array-like of shape (n,)
        Of one family of comparisons. A nan is no comparison: it stays and does not count.
    correction : {"holm", "benjamini-hochberg"} or None, default="holm"
        "holm" keeps the chance of any false finding at the level, "benjamini-hochberg" the expected share of false ones
        among the findings (for independent or positively dependent tests); None adjusts nothing.

    Returns
    -------
    adjusted : ndarray of shape (n,)
        To be compared with the level itself.

    Raises
    ------
    ValueError
        If a p-value is not in [0, 1] or the correction is unknown.

    References
    ----------
    .. [1] Holm, "A simple sequentially rejective multiple test procedure", Scand. J. Statist. 6, 65-70, 1979.
    .. [2] Benjamini & Hochberg, "Controlling the false discovery rate", J. R. Stat. Soc. B 57, 289-300, 1995.

    Examples
    --------
    >>> from skpd.metrics import adjust_p_values
    >>> adjust_p_values([0.01, 0.04, 0.03, 0.005])
    array([0.03, 0.06, 0.06, 0.02])
    """
    if correction not in ("holm", "benjamini-hochberg", None):
        raise ValueError(f'correction: expected "holm", "benjamini-hochberg" or None, got {correction!r}.')
    adjusted = column_or_1d(p_values).astype(np.float64)
    tested = np.flatnonzero(~np.isnan(adjusted))
    p = adjusted[tested]
    if ((p < 0) | (p > 1)).any():
        raise ValueError(f"p_values: expected values in [0, 1], got {p[(p < 0) | (p > 1)][:3].tolist()}.")
    if not len(p) or correction is None:
        return adjusted
    if correction == "benjamini-hochberg":
        adjusted[tested] = false_discovery_control(p)
    else:
        order = np.argsort(p, kind="stable")
        adjusted[tested[order]] = np.minimum(np.maximum.accumulate(p[order] * np.arange(len(p), 0, -1)), 1.0)
    return adjusted
