"""Which rows every fit inside an estimator is given, seen by watching one fold being fitted and predicted."""

from __future__ import annotations

import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from types import CodeType, FrameType
from typing import Any

import joblib
import numpy as np
import pandas as pd
from joblib import parallel_config
from sklearn.base import clone
from sklearn.utils import _safe_indexing
from sklearn.utils.validation import _check_method_params, _num_samples

from ._report import AuditCheck, count
from ._table import Table, fingerprint_rows, numbers_of

__all__ = ["MIN_WIDTH", "check_fits", "tested_only"]

_FITS = {"fit", "fit_transform", "fit_resample", "fit_predict", "partial_fit"}
_APPLIES = {"transform", "predict", "predict_proba", "decision_function"}
#: Equal rows of fewer columns than this may be coincidence; of these, half of the test rows must be met.
MIN_WIDTH = 4
_NEVER_ROWS = (str, bytes, int, float, bool, type(None), np.random.RandomState, np.random.Generator)


class _Spy:
    """Fingerprints of the rows that methods of the names given are called with; on request, whose methods they are."""

    def __init__(self, methods: set[str], *, keep_owners: bool = False) -> None:
        self.methods = methods
        self.keep_owners = keep_owners
        self.seen: dict[str, np.ndarray] = {}
        self.owners: dict[str, list[Any]] = {}
        # The array itself is kept, or another could take its id.
        self._recent: dict[int, tuple[Any, np.ndarray | None]] = {}

    def __call__(self, frame: FrameType, event: str, _: Any) -> None:
        if event != "call" or frame.f_code.co_name not in self.methods:
            return
        arguments = _arguments(frame)
        owner = arguments.pop("self", None)
        if owner is None or isinstance(owner, type):
            return
        for value in _flatten(arguments):
            rows = self._fingerprints(value)
            if rows is not None:
                place = f"{type(owner).__name__}.{frame.f_code.co_name}"
                if self.keep_owners:
                    self.owners.setdefault(place, []).append(owner)
                known = self.seen.get(place)
                self.seen[place] = rows if known is None else np.union1d(known, rows)

    def _fingerprints(self, value: Any) -> np.ndarray | None:
        if id(value) in self._recent:
            return self._recent[id(value)][1]
        rows = np.unique(fingerprint_rows(value, single=True)) if _are_rows(value) else None
        if len(self._recent) >= 16:
            self._recent.pop(next(iter(self._recent)))
        self._recent[id(value)] = (value, rows)
        return rows

    def rows(self, methods: set[str]) -> dict[str, np.ndarray]:
        """Return what some of the methods were called with."""
        return {place: rows for place, rows in self.seen.items() if place.rpartition(".")[2] in methods}

    @contextmanager
    def watching(self) -> Iterator[None]:
        """See the calls of this thread and of threads started meanwhile; other processes are not seen."""
        before, before_threads = sys.getprofile(), threading.getprofile()
        threading.setprofile(self)
        sys.setprofile(self)
        try:
            # A process pool would be out of sight.
            with parallel_config(backend="threading"):
                yield
        finally:
            sys.setprofile(before)
            threading.setprofile(before_threads)


def _arguments(frame: FrameType) -> dict[str, Any]:
    code: CodeType = frame.f_code
    n = code.co_argcount + code.co_kwonlyargcount + bool(code.co_flags & 0x04) + bool(code.co_flags & 0x08)
    values = frame.f_locals
    return {name: values[name] for name in code.co_varnames[:n] if name in values}


def _flatten(arguments: dict[Any, Any], depth: int = 0) -> Iterator[Any]:
    """Yield arguments, also those inside dicts and short tuples, such as ``eval_set=[(X, y)]``."""
    for value in arguments.values():
        if isinstance(value, _NEVER_ROWS):
            continue
        if isinstance(value, dict) and depth < 3:
            yield from _flatten(value, depth + 1)
        elif isinstance(value, (tuple, list)) and len(value) <= 8 and depth < 3:
            yield from _flatten(dict(enumerate(value)), depth + 1)
            yield value
        else:
            yield value


def _are_rows(value: Any) -> bool:
    """Whether a value is a batch of rows of two columns or more, or of arrays of any length."""
    if isinstance(value, (pd.Series, pd.Index)) or hasattr(value, "get_params"):
        return False
    if isinstance(value, pd.DataFrame):
        return value.size > 0
    if isinstance(value, np.ndarray) and value.dtype == object:
        return value.ndim == 1 and value.size > 0 and all(np.ndim(x) > 0 for x in value)
    if isinstance(value, (list, tuple)):
        return len(value) > 0 and all(isinstance(x, (np.ndarray, list)) and np.ndim(x) > 0 for x in value)
    return getattr(value, "ndim", 0) >= 2 and numbers_of(value) is not None


def tested_only(table: Table, test: np.ndarray, train: np.ndarray) -> np.ndarray:
    """Return fingerprints of the test rows that are not also those of training rows."""
    rows = fingerprint_rows(table.X, single=True)
    return np.setdiff1d(rows[test], rows[train])


def check_fits(table: Table, estimator: Any, params: dict[str, Any]) -> AuditCheck:
    """Fits inside the estimator that are given test rows, as they are or as the steps before made them."""
    if estimator is None:
        return AuditCheck("fits", "cannot be seen", "No estimator was given.", {})
    train, test = table.splits[0]
    both = np.intersect1d(train, test)
    train, test = np.setdiff1d(train, both), np.setdiff1d(test, both)
    if not len(train) or not len(test):
        words = "The first fold has no rows of its own to train on and to test: see the check of rows."
        return AuditCheck("fits", "cannot be seen", words, {})
    X_train, X_test = _safe_indexing(table.X, train), _safe_indexing(table.X, test)
    fitting = _Spy(_FITS)
    with fitting.watching():
        model = clone(estimator).fit(X_train, table.y[train], **_check_method_params(table.X, params, train))
    on_test, on_train = _Spy(_APPLIES | _FITS), _Spy(_APPLIES)
    for spy, X in ((on_test, X_test), (on_train, X_train)):
        if hasattr(model, "predict"):
            with spy.watching():
                model.predict(X)
    # Test rows as given, and as each step made them: those that no training row becomes.
    raw = tested_only(table, test, train)
    staged = np.unique(np.concatenate([raw, *on_test.rows(_APPLIES).values()]))
    staged = np.setdiff1d(staged, np.concatenate([fingerprint_rows(X_train, single=True), *on_train.seen.values()]))
    width = table.numbers.shape[1] if table.numbers is not None else MIN_WIDTH
    enough = 1 if width >= MIN_WIDTH else max(1, len(raw) // 2)
    met, again = (
        {place: n for place, rows in seen.items() if (n := int(np.isin(staged, rows).sum())) >= enough}
        for seen in (fitting.seen, on_test.rows(_FITS))
    )
    again = {place: again[place] for place in _learning(model, X_test, X_train, list(again))}
    evidence = {
        "fits_watched": sorted(fitting.seen),
        "fold": 0,
        "test_rows": len(test),
        "test_rows_met": met | {f"{place} in predict": n for place, n in again.items()},
    }
    if met:
        place, most = max(met.items(), key=lambda item: item[1])
        words = (
            f"{place} is given {count(most, 'test row')} of {len(test)} while the training rows of fold 0 are fitted "
            f"(of {count(len(fitting.seen), 'method')} watched): no fit may see rows that are tested."
        )
        return AuditCheck("fits", "found", words, evidence)
    if again:
        place, most = max(again.items(), key=lambda item: item[1])
        words = (
            f"{place} is given {count(most, 'test row')} of {len(test)} and learns from them while the model of fold 0 "
            "predicts: what is said of a row depends on those tested with it. Fit in fit, and only apply in predict."
        )
        return AuditCheck("fits", "found", words, evidence)
    if not len(raw):
        words = "Every test row of fold 0 has a copy among its training rows: the two cannot be told apart."
        return AuditCheck("fits", "cannot be seen", words, evidence)
    if not fitting.seen:
        words = "No fit was given rows that could be recognised."
        return AuditCheck("fits", "cannot be seen", words, evidence)
    words = f"None of the {count(len(fitting.seen), 'fitting method')} that ran in fold 0 was given a test row."
    return AuditCheck("fits", "not found", words, evidence)


def _learning(model: Any, X_test: Any, X_train: Any, places: list[str]) -> list[str]:
    """Return those fits in predict that learn something else from test rows than from as many training rows.

    Steps without a state are often fitted in passing: ``PolynomialFeatures().fit_transform(X)`` learns nothing.
    """
    if not places:
        return []
    few = np.arange(min(_num_samples(X_test), _num_samples(X_train)))
    learnt = []
    for X in (X_test, X_train):
        spy = _Spy(_FITS, keep_owners=True)
        with spy.watching():
            model.predict(_safe_indexing(X, few))
        learnt.append({place: sorted(map(_state, spy.owners.get(place, []))) for place in places})
    return [place for place in places if learnt[0][place] != learnt[1][place]]


def _state(owner: Any) -> str:
    """Return a digest of what an object holds besides its parameters."""
    parameters = owner.get_params(deep=False) if hasattr(owner, "get_params") else {}
    state = {}
    for name, value in getattr(owner, "__dict__", {}).items():
        # Deliberately broad: what cannot be stored, such as a lock, cannot be compared either.
        with suppress(Exception):
            state[name] = None if name in parameters else joblib.hash(value)
    return str(joblib.hash(state))
