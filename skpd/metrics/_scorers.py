"""Scorers for cross-validation: picklable, the same in every fold, and finite wherever a fold has two classes."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
from sklearn.metrics import make_scorer
from sklearn.metrics._scorer import _BaseScorer
from sklearn.utils.multiclass import unique_labels

from ._auc import one_vs_rest_auc_score
from ._report import classification_summary
from ._scores import geometric_mean_score, index_balanced_accuracy_score

__all__ = ["OneVsRestAUCScorer", "gmean_scorer", "iba_scorer", "make_scorers"]

#: Scores with `geometric_mean_score`, classes averaged by their number of samples.
gmean_scorer = make_scorer(geometric_mean_score)

#: Scores with `index_balanced_accuracy_score`, classes averaged by their number of samples.
iba_scorer = make_scorer(index_balanced_accuracy_score)

#: Entries of the summary that are scores as they are.
_SUMMARY_SCORES = (
    "accuracy",
    "balanced_accuracy",
    "precision",
    "sensitivity",
    "specificity",
    "f1",
    "f1_macro",
    "gmean",
    "gmean_macro",
    "gmean_product",
    "iba",
    "iba_macro",
)


def make_scorers(labels: Any = None, *, ordinal: bool | None = None) -> dict[str, Callable[..., float]]:
    """Make the scorers of every metric, for ``GridSearchCV(scoring=make_scorers(), refit="gmean")``.

    Parameters
    ----------
    labels : array-like of shape (n_labels,), default=None
        The labels of the whole problem. No score depends on whether they are given: averages run over the classes that
        occur in the test fold. If given, a label outside them is an error.
    ordinal : bool, default=None
        Whether the labels are numbers on a scale, as severities are, and so have a quadratic-weighted kappa and a mean
        absolute error. None decides by `labels`, and without `labels` includes both: labels that are text then
        score nan, and ``ordinal=False`` leaves the two out.

    Returns
    -------
    scorers : dict of str to callable
        accuracy, balanced_accuracy, precision, sensitivity, specificity, f1, f1_macro, gmean, gmean_macro,
        gmean_product, iba, iba_macro, auc, quadratic_kappa, neg_mae and n_classes_scored (not a score: how many classes
        the fold had, so that an average over fewer is seen). The names mean what they mean in
        `classification_summary`; neg_mae is the negative of mae, so that higher is better.

    Raises
    ------
    ValueError
        If `ordinal` is True and `labels` are not numbers.

    See Also
    --------
    classification_summary : The metrics.
    gmean_scorer : Only the G-mean.
    OneVsRestAUCScorer : How the AUC treats classes that a fold lacks.

    Notes
    -----
    A test fold with two classes or more has finite scores, whichever classes it lacks and whichever the training fold
    lacked. In a fold with one class there are no specificity and no ROC curve, and the metrics that need them are nan;
    score the pooled predictions of all folds where every fold holds one subject with one label.

    Examples
    --------
    >>> from sklearn.datasets import make_classification
    >>> from sklearn.linear_model import LogisticRegression
    >>> from sklearn.model_selection import cross_validate
    >>> from skpd.metrics import make_scorers
    >>> X, y = make_classification(n_classes=3, n_informative=4, weights=[0.7, 0.2], random_state=0)
    >>> scores = cross_validate(LogisticRegression(), X, y, scoring=make_scorers(labels=[0, 1, 2]))
    >>> bool(scores["test_gmean"].mean() > 0.5)
    True
    """
    numeric = labels is None or np.asarray(labels).dtype.kind in "biuf"
    if ordinal and not numeric:
        raise ValueError(f"expected labels to be numbers with ordinal=True, got labels={list(labels)}: code them.")
    scorers: dict[str, Callable[..., float]] = {
        name: make_scorer(_summary_score, metric=name, labels=labels) for name in _SUMMARY_SCORES
    }
    scorers["auc"] = OneVsRestAUCScorer(labels=labels)
    if numeric if ordinal is None else ordinal:
        scorers["quadratic_kappa"] = make_scorer(_summary_score, metric="quadratic_kappa", labels=labels)
        scorers["neg_mae"] = make_scorer(_summary_score, greater_is_better=False, metric="mae", labels=labels)
    scorers["n_classes_scored"] = make_scorer(_summary_score, metric="n_classes_scored", labels=labels)
    return scorers


def _summary_score(y_true: Any, y_pred: Any, *, metric: str, labels: Any = None, sample_weight: Any = None) -> float:
    summary = classification_summary(y_true, y_pred, labels=labels, sample_weight=sample_weight)
    # Only the ordinal metrics can be missing: labels that are text have no distances.
    return summary.get(metric, np.nan)


class OneVsRestAUCScorer(_BaseScorer):
    """Score with `one_vs_rest_auc_score`, whichever classes the training or the test fold lacks.

    Parameters
    ----------
    labels : array-like of shape (n_labels,), default=None
        The labels of the whole problem; by default those the estimator knows and those of the test fold.
    average : {"macro", "support"}, default="macro"
        How the classes of the test fold are averaged.

    See Also
    --------
    make_scorers : This and all others.

    Notes
    -----
    Columns of `predict_proba`, or else of `decision_function`, are matched to labels by `classes_`. A class that the
    estimator has never seen gets a constant column: its area is 0.5, which is what the estimator knows about it.

    Examples
    --------
    >>> from sklearn.linear_model import LogisticRegression
    >>> from skpd.metrics import OneVsRestAUCScorer
    >>> model = LogisticRegression().fit([[0.0], [1.0], [2.0], [3.0]], [0, 0, 1, 1])
    >>> OneVsRestAUCScorer()(model, [[0.5], [2.5], [3.5]], [0, 1, 2])
    0.6666666666666666
    """

    def __init__(self, *, labels: Any = None, average: str = "macro") -> None:
        # The base class routes sample_weight: in a weighted search this scorer is asked like all others. A dict of
        # scorers asks for the method named here before any of them is called; "predict" is there in every classifier,
        # and what there is of probabilities or decision values is found out when scoring.
        super().__init__(one_vs_rest_auc_score, 1, {}, "predict")
        self.labels = labels
        self.average = average

    def __repr__(self) -> str:
        return f"OneVsRestAUCScorer(labels={self.labels!r}, average={self.average!r})"

    def _score(self, _: Any, estimator: Any, X: Any, y_true: Any, sample_weight: Any = None) -> float:
        # Not through the caller given, which keeps one column only where there are two classes.
        classes = np.asarray(estimator.classes_)
        labels = unique_labels(classes, y_true) if self.labels is None else np.asarray(self.labels)
        if hasattr(estimator, "predict_proba"):
            known = estimator.predict_proba(X)
        elif hasattr(estimator, "decision_function"):
            if any(k.endswith("decision_function_shape") and v == "ovo" for k, v in estimator.get_params().items()):
                raise ValueError(
                    "expected one decision value a class, got those of pairs of classes: set "
                    'decision_function_shape="ovr".'
                )
            known = estimator.decision_function(X)
            known = np.column_stack([-known, known]) if known.ndim == 1 else known
        else:
            raise ValueError(
                "auc: expected a classifier with predict_proba or decision_function, got "
                f"{type(estimator).__name__}: leave the scorer 'auc' out, or take a classifier with probabilities."
            )
        scores = np.zeros((known.shape[0], len(labels)))
        for k, label in enumerate(labels):
            column = np.flatnonzero(classes == label)
            if len(column):
                scores[:, k] = known[:, column[0]]
        return float(
            one_vs_rest_auc_score(y_true, scores, average=self.average, labels=labels, sample_weight=sample_weight)
        )
