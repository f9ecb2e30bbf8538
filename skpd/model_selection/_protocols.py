"""The evaluation protocols: the two orders found in publications, and the one that can be trusted."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np
from imblearn.pipeline import Pipeline
from sklearn.base import clone
from sklearn.utils import _safe_indexing

from ._splitters import check_groups, check_subjects_disjoint, make_splitter

__all__ = ["PROTOCOLS", "Fold", "Protocol"]


class Fold(NamedTuple):
    """One training and test set, ready to be fitted and scored."""

    estimator: Any
    """What is still to be fitted on the training rows, unfitted."""
    X_train: Any
    y_train: np.ndarray
    train_rows: np.ndarray
    """Row of the original table that each training row is; -1 for a row that a resampler made."""
    X_test: Any
    y_test: np.ndarray
    test_rows: np.ndarray
    """Likewise for the test rows."""


@dataclass(frozen=True, kw_only=True)
class Protocol:
    """A named order of resampling and splitting.

    Protocols are compared on the same table and the same estimator: an imbalanced-learn Pipeline whose sampler, if it
    has one, is applied where the protocol says. The sampler is a step, or the parameter `sampler` of the last step.

    Parameters
    ----------
    name : str
        How it is called in tables and on the command line.
    summary : str
        What it does, in one sentence.
    scheme : str
        The splitter, as `make_splitter` names it.
    resample_first : bool
        Whether the steps up to and including the sampler see the whole table before it is split.
    leaks : tuple of str
        What of the test set is known in training; empty for a sound protocol.

    See Also
    --------
    skpd.model_selection.make_splitter : The splitters alone.

    Examples
    --------
    >>> from skpd.model_selection import PROTOCOLS
    >>> PROTOCOLS["subject-wise"].leaks
    ()
    >>> [name for name, protocol in PROTOCOLS.items() if protocol.leaks]
    ['as-published', 'as-written']
    """

    name: str
    summary: str
    scheme: str
    resample_first: bool = False
    leaks: tuple[str, ...] = ()

    def check_subjects(self, groups: Any, n_splits: int) -> None:
        """Refuse subject-wise folds of too few subjects.

        Parameters
        ----------
        groups : array-like of shape (n,)
            The subject of each row.
        n_splits : int
            Number of folds.

        Raises
        ------
        ValueError
            If the scheme is subject-wise and there are fewer subjects than it needs.
        """
        if self.scheme == "random":
            return
        needed = n_splits if self.scheme == "subject-wise" else 2
        found = len(np.unique(check_groups(groups)))
        if found < needed:
            raise ValueError(
                f"expected at least {needed} subjects for {self.scheme} folds, found {found}: nothing can be said "
                "about unseen people with fewer. Add subjects or lower the number of folds (2 at least)."
            )

    def folds(
        self,
        estimator: Any,
        X: Any,
        y: Any,
        groups: Any,
        *,
        n_splits: int = 5,
        random_state: int | None = None,
    ) -> Iterator[Fold]:
        """Yield training and test sets in this protocol's order.

        Parameters
        ----------
        estimator : estimator
            Usually an imbalanced-learn Pipeline. It is cloned, never fitted.
        X : array-like or data frame of shape (n, ...)
            The rows: windows, recordings or drawings.
        y : array-like of shape (n,)
            Their labels.
        groups : array-like of shape (n,)
            Their subjects. Subject-wise schemes need at least `n_splits` of them.
        n_splits : int, default=5
            Number of folds.
        random_state : int or None, default=None
            Seed of the split.

        Yields
        ------
        fold : Fold
            Training and test rows with the estimator that is left to fit.

        Raises
        ------
        ValueError
            If there are too few subjects, or if a subject-wise fold is not disjoint.
        """
        y, groups = np.asarray(y), check_groups(groups)
        if not len(y) == len(groups) == len(X):
            raise ValueError(f"expected X, y and groups of one length, got {len(X)}, {len(y)} and {len(groups)} rows.")
        rows = np.arange(len(y))
        if self.resample_first:
            estimator, X, y, rows = _resample_everything(estimator, X, y)
        self.check_subjects(groups, n_splits)
        by_subject = self.scheme != "random"
        splitter = make_splitter(self.scheme, n_splits=n_splits, random_state=random_state)
        splits = splitter.split(np.empty((len(y), 1)), y, groups if by_subject else None)
        if by_subject:
            splits = check_subjects_disjoint(splits, groups)
        for train, test in splits:
            yield Fold(
                clone(estimator),
                _safe_indexing(X, train),
                y[train],
                rows[train],
                _safe_indexing(X, test),
                y[test],
                rows[test],
            )


def _resample_everything(estimator: Any, X: Any, y: np.ndarray) -> tuple[Any, Any, np.ndarray, np.ndarray]:
    """Apply the steps up to and including the sampler to the whole table; return what is left of the estimator."""
    estimator = _take_sampler_out(estimator)
    steps = estimator.steps if isinstance(estimator, Pipeline) else []
    position = next((i for i, (_, step) in enumerate(steps) if hasattr(step, "fit_resample")), None)
    if position is None:
        _refuse_sampler_inside(estimator)
        return estimator, X, y, np.arange(len(y))
    head = clone(Pipeline(steps[: position + 1]))
    X_new, y_new = head.fit_resample(X, y)
    rows = getattr(head.steps[-1][1], "sample_indices_", None)
    rows = np.full(len(y_new), -1) if rows is None else np.asarray(rows)
    return Pipeline(steps[position + 1 :]), X_new, np.asarray(y_new), rows


def _refuse_sampler_inside(estimator: Any) -> None:
    """Raise where a sampler is out of reach: the rows would be split first, under the name of another order."""
    # What a network draws afresh in each epoch is made of training images in any order, the published one too.
    samplers = [name for name, value in estimator.get_params().items() if hasattr(value, "fit_resample")]
    inside = [name for name in samplers if not name.endswith("augmenter")]
    if inside:
        raise ValueError(
            f"expected the sampler among the steps of an imbalanced-learn Pipeline, got it in {inside[0]!r}: "
            "resampling before the split needs a table of windows (make_window_table) and make_window_classifier."
        )


def _take_sampler_out(estimator: Any) -> Any:
    """Turn the sampler that the last step of a pipeline holds, as a network's does, into a step before it."""
    if not isinstance(estimator, Pipeline):
        return estimator
    *head, (name, last) = clone(estimator).steps
    sampler = getattr(last, "sampler", None)
    if not hasattr(sampler, "fit_resample"):
        return estimator
    return Pipeline([*head, ("sampler", clone(sampler)), (name, last.set_params(sampler=None))])


#: The protocols by name, from the most to the least optimistic.
PROTOCOLS: dict[str, Protocol] = {
    p.name: p
    for p in (
        Protocol(
            name="as-published",
            summary="Resample or augment the whole table, then split its rows at random.",
            scheme="random",
            resample_first=True,
            leaks=(
                "test rows are resampled, and rows made from test rows are trained on",
                "scaling and imputation are fitted on test rows where there is a resampler",
                "windows that overlap test windows are trained on",
                "the people tested are trained on",
            ),
        ),
        Protocol(
            name="as-written",
            summary="Split the rows at random, resample or augment the training part.",
            scheme="random",
            leaks=("windows that overlap test windows are trained on", "the people tested are trained on"),
        ),
        Protocol(
            name="subject-wise",
            summary="Split by subject, stratified by class; resample or augment the training part.",
            scheme="subject-wise",
        ),
        Protocol(
            name="leave-one-subject-out",
            summary="Test each subject on a model of all the others; resample or augment the training part.",
            scheme="leave-one-subject-out",
        ),
    )
}
