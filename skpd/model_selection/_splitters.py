"""Splitters by name, and the check that no person stands on both sides of a split."""

from __future__ import annotations

import datetime
import os
from collections.abc import Iterable, Iterator
from numbers import Real
from typing import Any

import numpy as np
import pandas as pd
from sklearn.model_selection import BaseCrossValidator, LeaveOneGroupOut, StratifiedGroupKFold, StratifiedKFold

__all__ = ["check_subjects_disjoint", "make_splitter"]


#: What may name a subject or a recording.
_NAMES: dict[str, Any] = {
    "text": str,
    "numbers": (Real, np.bool_),
    "dates": (datetime.date, np.datetime64),
    "bytes": bytes,
    "paths": os.PathLike,
}


def _need_groups(groups: Any) -> np.ndarray:
    if groups is None:
        raise ValueError(
            "groups: expected one subject a row, got None: pass groups=, to split, to cross_validate or to the fit of "
            "a search, so that nobody is trained on and tested."
        )
    return check_groups(groups)


class SubjectWiseFolds(StratifiedGroupKFold):
    """Asks for subjects, where its base takes all rows for those of one."""

    def split(self, X: Any, y: Any = None, groups: Any = None) -> Iterator[tuple[np.ndarray, np.ndarray]]:
        """Split into training and test rows."""
        return super().split(X, y, _need_groups(groups))


class LeaveOneSubjectOut(LeaveOneGroupOut):
    """Says what to do where subjects are missing."""

    def split(self, X: Any, y: Any = None, groups: Any = None) -> Iterator[tuple[np.ndarray, np.ndarray]]:
        """Split into training and test rows."""
        return super().split(X, y, _need_groups(groups))

    def get_n_splits(self, X: Any = None, y: Any = None, groups: Any = None) -> int:
        """Count the subjects."""
        return super().get_n_splits(X, y, _need_groups(groups))


def make_splitter(
    scheme: str = "subject-wise", *, n_splits: int = 5, random_state: int | np.random.RandomState | None = None
) -> BaseCrossValidator:
    """Make a scikit-learn splitter by the name of its scheme.

    Parameters
    ----------
    scheme : {"subject-wise", "leave-one-subject-out", "random"}, default="subject-wise"
        - "subject-wise": shuffled folds of whole subjects, class shares as equal as subjects allow;
        - "leave-one-subject-out": one fold a subject;
        - "random": shuffled folds of rows, stratified by class. It ignores subjects and exists to reproduce published
          scores; `check_subjects_disjoint` refuses it wherever a subject has more than one row.
    n_splits : int, default=5
        Number of folds; not used by "leave-one-subject-out".
    random_state : int, RandomState instance or None, default=None
        Seed of the shuffle.

    Returns
    -------
    splitter : cross-validator
        To be used as ``cv=`` with ``groups`` holding one subject a row.

    Raises
    ------
    ValueError
        If the scheme is unknown. The splitters of subjects raise it where `groups` is missing.

    References
    ----------
    .. [1] Saeb, Lonini, Jayaraman, Mohr & Kording, "The need to approximate the use-case in clinical machine
       learning", GigaScience 6(5), 2017.

    Examples
    --------
    >>> from skpd.model_selection import make_splitter
    >>> splitter = make_splitter(n_splits=2, random_state=0)
    >>> X, y, groups = [[0]] * 8, [0, 0, 1, 1, 0, 0, 1, 1], list("aabbccdd")
    >>> for train, test in splitter.split(X, y, groups):
    ...     print(sorted({groups[i] for i in train}), sorted({groups[i] for i in test}))
    ['a', 'd'] ['b', 'c']
    ['b', 'c'] ['a', 'd']
    """
    if scheme == "subject-wise":
        return SubjectWiseFolds(n_splits=n_splits, shuffle=True, random_state=random_state)
    if scheme == "leave-one-subject-out":
        return LeaveOneSubjectOut()
    if scheme == "random":
        return StratifiedKFold(n_splits=n_splits, shuffle=True, random_state=random_state)
    raise ValueError(f'scheme: expected "subject-wise", "leave-one-subject-out" or "random", got {scheme!r}.')


def check_groups(groups: Any) -> np.ndarray:
    """Return one subject a row, or say which row has none: nobody can keep an unknown person apart."""
    return check_names("groups", groups, "a subject")


def check_names(name: str, values: Any, what: str, *, gaps: bool = False) -> np.ndarray:
    """Return one name a row, all of one type, so that they can be sorted and stored.

    Text, numbers and dates stay as they are. Paths become text, and so does a mixture, if no two names have one text.
    With `gaps`, rows may lack a name.
    """
    # As an array, numbers and gaps among text would be text, and tuples a second axis.
    column = pd.Series(values, dtype=object).to_numpy() if isinstance(values, (list, tuple)) else np.asarray(values)
    if column.ndim == 2 and column.shape[1] == 1:
        column = column.ravel()
    if column.ndim != 1:
        raise ValueError(
            f"{name}: expected {what} for every row, as text or a number, got {type(values).__name__} of shape "
            f"{column.shape}: join what belongs together into one text."
        )
    known = ~pd.isna(column)
    if not gaps and not known.all():
        raise ValueError(
            f"{name}: expected {what} for every row, found none for {(~known).sum()}, first row {known.argmin()}: add "
            "it, or leave such rows out."
        )
    if column.dtype != object:
        return column
    kinds: set[str | None] = set()
    for kind in set(map(type, column[known])):
        kinds.add(next((words for words, types in _NAMES.items() if issubclass(kind, types)), None))
        if None in kinds:
            row = next(row for row in np.flatnonzero(known) if type(column[row]) is kind)
            raise ValueError(
                f"{name}: expected {what} for every row, as text or a number, got {kind.__name__} in row {row}: make "
                "one text of it."
            )
    if len(kinds) > 1 or "paths" in kinds:
        texts = column.copy()
        texts[known] = [str(value) for value in column[known]]
        if len(pd.unique(texts[known])) != len(pd.unique(column[known])):
            found = " and ".join(sorted(map(str, kinds)))
            raise ValueError(
                f"{name}: expected {what} for every row, all of one type, got {found}, of which some are one text, as "
                "1 and '1' are: give every name as text."
            )
        return texts
    return np.asarray(values) if isinstance(values, (list, tuple)) and known.all() else column


def check_subjects_disjoint(
    splits: Iterable[tuple[np.ndarray, np.ndarray]], groups: Any
) -> Iterator[tuple[np.ndarray, np.ndarray]]:
    """Yield the splits, refusing the first that has a subject on both sides.

    A splitter that ignores groups cannot pass: what counts is where the people ended up, not what the splitter calls
    itself.

    Parameters
    ----------
    splits : iterable of (train, test)
        Row numbers, as a splitter yields them.
    groups : array-like of shape (n,)
        The subject of each row.

    Yields
    ------
    train, test : ndarray of int
        The same splits, checked.

    Raises
    ------
    ValueError
        Naming subjects found in both the training and the test rows of a fold.

    Examples
    --------
    >>> from sklearn.model_selection import KFold
    >>> from skpd.model_selection import check_subjects_disjoint
    >>> list(check_subjects_disjoint(KFold(2).split([[0]] * 4), ["a", "b", "a", "b"]))
    Traceback (most recent call last):
        ...
    ValueError: fold 0 has 2 subject(s) in both training and test rows, among them 'a', 'b': split by subject, ...
    """
    groups = check_groups(groups)
    for fold, (train, test) in enumerate(splits):
        shared = np.intersect1d(groups[train], groups[test])
        if len(shared):
            some = ", ".join(repr(s) for s in shared[:5].tolist())
            raise ValueError(
                f"fold {fold} has {len(shared)} subject(s) in both training and test rows, among them {some}: split "
                'by subject, for example with make_splitter("subject-wise") and groups= one subject a row.'
            )
        yield train, test
