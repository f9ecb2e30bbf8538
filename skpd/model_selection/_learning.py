"""What more people would bring: scores by the number of subjects trained on."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from numbers import Integral
from typing import Any

import numpy as np
import pandas as pd
from sklearn.base import clone
from sklearn.metrics import check_scoring
from sklearn.utils import _safe_indexing, check_consistent_length, check_random_state, check_scalar, column_or_1d
from sklearn.utils.parallel import Parallel, delayed
from sklearn.utils.validation import _check_method_params

from ._splitters import check_groups, check_subjects_disjoint, make_splitter

__all__ = ["subject_learning_curve"]


def subject_learning_curve(
    estimator: Any,
    X: Any,
    y: Any,
    groups: Any,
    *,
    n_subjects: Sequence[int] | None = None,
    n_repeats: int = 5,
    n_splits: int = 5,
    scoring: str | Callable | Iterable[str] | dict[str, Callable] = "balanced_accuracy",
    params: dict[str, Any] | None = None,
    random_state: int | np.random.RandomState | None = None,
    n_jobs: int | None = None,
) -> pd.DataFrame:
    """Score a classifier by the number of people it is trained on, always on people it has not seen.

    scikit-learn's ``learning_curve`` counts rows. A curve over windows is flat long before one over people is, because
    the next window of a known person says little: what a study has to recruit is read from this one.

    Parameters
    ----------
    estimator : classifier
        Anything with `fit` and `predict`; a Pipeline keeps its steps inside the fold. It is cloned, never fitted.
    X : array-like, data frame or list of shape (n, ...)
        The rows: windows, recordings or drawings.
    y : array-like of shape (n,)
        Their classes.
    groups : array-like of shape (n,)
        Their subjects.
    n_subjects : sequence of int or None, default=None
        Training people, at least 2. None takes up to five sizes, evenly spaced in ratio, from the number of classes
        to the people that are there for training in every fold.
    n_repeats : int, default=5
        Repetitions, each with folds and draws of its own.
    n_splits : int, default=5
        Folds of whole subjects; each is the test set once a repetition.
    scoring : str, callable, list or dict, default="balanced_accuracy"
        As in scikit-learn's ``cross_validate``; for example ``skpd.metrics.make_scorers(...)``, whose averages hold
        where a test fold lacks a class.
    params : dict or None, default=None
        Further arguments of `fit`, such as ``{"classifier__groups": groups}`` for a network that holds people out to
        stop early; those with an entry a row are cut to the training rows.
    random_state : int, RandomState instance or None, default=None
        Seed of folds and draws.
    n_jobs : int or None, default=None
        Processes; results do not depend on it.

    Returns
    -------
    curve : DataFrame
        One row a fit and metric: repeat, fold, n_subjects, n_rows, n_classes (of the training part), metric, score.

    Raises
    ------
    ValueError
        If a size is below 2 or more than the people in the training part of some fold, there are fewer people than
        folds, or a row has no subject.

    See Also
    --------
    skpd.plotting.LearningCurveDisplay : The curve as a figure.
    make_splitter : The folds.

    Notes
    -----
    People are drawn class by class of their most frequent label, in the proportions of the training part of the fold
    but at least one a class as far as the number goes. Within a fold and repetition smaller draws are parts of larger
    ones, so that steps of a curve are not steps between different people.

    The points of one curve share people; a curve that still rises at its end says that more people would help, not
    how much.

    References
    ----------
    .. [1] Saeb, Lonini, Jayaraman, Mohr & Kording, "The need to approximate the use-case in clinical machine
       learning", GigaScience 6(5), 2017 (figure 3: subject-wise error by the number of subjects).

    Examples
    --------
    >>> import numpy as np
    >>> from sklearn.linear_model import LogisticRegression
    >>> from skpd.model_selection import subject_learning_curve
    >>> rng = np.random.default_rng(0)
    >>> groups = np.repeat(np.arange(24), 10)
    >>> y = groups % 2
    >>> X = y[:, None] + rng.normal(0, 1, (24, 6))[groups] + rng.normal(0, 1, (240, 6))
    >>> curve = subject_learning_curve(
    ...     LogisticRegression(), X, y, groups, n_subjects=(2, 6, 18), n_repeats=2, n_splits=4, random_state=0
    ... )
    >>> curve.groupby("n_subjects")["score"].mean().round(2).to_dict()
    {2: 0.71, 6: 0.75, 18: 0.79}
    """
    check_consistent_length(X, y, groups)
    y, groups = column_or_1d(y), check_groups(groups)
    check_scalar(n_repeats, "n_repeats", Integral, min_val=1)
    check_scalar(n_splits, "n_splits", Integral, min_val=2)
    people = len(np.unique(groups))
    if people < n_splits:
        raise ValueError(f"groups: expected at least n_splits={n_splits} subjects, found {people}: lower n_splits.")
    classes = np.unique(y)
    if len(classes) < 2:
        raise ValueError(f"y: expected at least 2 classes to tell apart, found only {classes.tolist()}.")
    scorer = check_scoring(estimator, scoring if isinstance(scoring, str) or callable(scoring) else _several(scoring))
    name = scoring if isinstance(scoring, str) else getattr(scoring, "__name__", "score")
    rng = check_random_state(random_state)
    folds = []
    for repeat in range(n_repeats):
        splitter = make_splitter("subject-wise", n_splits=n_splits, random_state=rng.randint(2**31 - 1))
        splits = check_subjects_disjoint(splitter.split(np.empty((len(y), 1)), y, groups), groups)
        for fold, (train, test) in enumerate(splits):
            folds.append((repeat, fold, _draw_order(y[train], groups[train], rng), test))
    sizes = _check_sizes(n_subjects, min(len(order) for _, _, order, _ in folds), len(classes))
    fits = Parallel(n_jobs=n_jobs)(
        delayed(_fit_and_score)(estimator, X, y, np.flatnonzero(np.isin(groups, order[:size])), test, scorer, params)
        for _, _, order, test in folds
        for size in sizes
    )
    places = [(repeat, fold, size) for repeat, fold, _, _ in folds for size in sizes]
    return pd.DataFrame(
        [
            (*place, *counts, metric, score)
            for place, (counts, scores) in zip(places, fits, strict=True)
            for metric, score in (scores if isinstance(scores, dict) else {name: scores}).items()
        ],
        columns=["repeat", "fold", "n_subjects", "n_rows", "n_classes", "metric", "score"],
    )


def _several(scoring: Any) -> Any:
    return scoring if isinstance(scoring, dict) else list(scoring)


def _check_sizes(n_subjects: Sequence[int] | None, most: int, n_classes: int) -> list[int]:
    """Return the sizes, sorted; `most` people are there in every fold."""
    if n_subjects is None:
        sizes = np.unique(np.geomspace(min(max(2, n_classes), most), most, 5).round().astype(int)).tolist()
    else:
        sizes = sorted(set(np.ravel(np.asarray(n_subjects)).tolist()))
    if not sizes or any(not isinstance(size, int) for size in sizes) or sizes[0] < 2 or sizes[-1] > most:
        raise ValueError(
            f"n_subjects: expected whole numbers from 2 to {most}, the people to train on in every fold, got {sizes}: "
            "change them, take more folds (n_splits) or add people."
        )
    return sizes


def _draw_order(y: np.ndarray, groups: np.ndarray, rng: np.random.RandomState) -> np.ndarray:
    """Shuffle the people so that the first of any number have the proportions of all, and every class early."""
    frame = pd.DataFrame({"y": y, "subject": groups})
    label = frame.groupby("subject", sort=True)["y"].agg(lambda labels: labels.mode().iloc[0])
    waiting = {}
    for value in np.unique(label.to_numpy()):
        waiting[value] = rng.permutation(label.index[label == value].to_numpy()).tolist()
    # A class is due when its share of those drawn falls behind; the first of each comes before the second of any.
    shares = {value: len(members) / len(label) for value, members in waiting.items()}
    drawn = dict.fromkeys(waiting, 0)
    order: list[Any] = []
    for value in rng.permutation(list(waiting)):
        order.append(waiting[value].pop())
        drawn[value] += 1
    while len(order) < len(label):
        left = [value for value, members in waiting.items() if members]
        behind = max(left, key=lambda value: shares[value] * (len(order) + 1) - drawn[value])
        order.append(waiting[behind].pop())
        drawn[behind] += 1
    return np.asarray(order)


def _fit_and_score(
    estimator: Any, X: Any, y: np.ndarray, train: np.ndarray, test: np.ndarray, scorer: Any, params: dict | None
) -> tuple[tuple[int, int], Any]:
    given = _check_method_params(X, params or {}, indices=train)
    model = clone(estimator).fit(_safe_indexing(X, train), y[train], **given)
    scores = scorer(model, _safe_indexing(X, test), y[test])
    return (len(train), len(np.unique(y[train]))), scores
