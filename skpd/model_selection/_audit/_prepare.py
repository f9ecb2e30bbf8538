"""Work done before the split: run it, and look which of its rows depend on rows of other people."""

from __future__ import annotations

from collections import Counter
from typing import Any, NamedTuple

import numpy as np
import pandas as pd
from sklearn.base import clone
from sklearn.utils import _safe_indexing

from ._report import AuditCheck, count
from ._table import fingerprint_rows, numbers_of

__all__ = ["Prepared", "check_preparation", "run_preparation"]

#: Times that the rows of one side are changed.
_DRAWS = 2
#: Share of the people whose rows are changed.
_CHANGED = 0.3


class Prepared(NamedTuple):
    """The rows that a preparation returns."""

    X: Any
    y: np.ndarray
    groups: Any
    source: np.ndarray
    """The row that each was made of, -1 where that is not known."""


def run_preparation(prepare: Any, X: Any, y: np.ndarray) -> Prepared:
    """Run a function, transformer or sampler on all rows."""
    groups, source = None, None
    if hasattr(prepare, "fit_resample"):
        sampler = clone(prepare)
        X_new, y_new = sampler.fit_resample(X, y)
        source = getattr(sampler, "sample_indices_", None)
    elif hasattr(prepare, "fit_transform"):
        X_new, y_new = clone(prepare).fit_transform(X, y), y
    elif callable(prepare):
        result = prepare(X, y)
        parts = result if isinstance(result, tuple) else (result, y)
        if len(parts) not in (2, 3):
            raise ValueError(
                f"prepare: expected X, (X, y) or (X, y, groups) to be returned, got a tuple of {len(parts)}."
            )
        X_new, y_new, groups = (*parts, None)[:3]
    else:
        raise ValueError(
            f"prepare: expected a function prepare(X, y), a transformer or a sampler, got {type(prepare).__name__}."
        )
    y_new = np.asarray(y_new)
    if len(y_new) != _n_rows(X_new) or (groups is not None and len(groups) != len(y_new)):
        raise ValueError(
            f"prepare: expected as many labels as rows, got {_n_rows(X_new)} rows and {len(y_new)} labels"
            + (f" and {len(groups)} groups" if groups is not None else "")
            + ": return (X, y), or (X, y, groups), where the number of rows changes."
        )
    if source is None and len(y_new) == len(y):
        source = np.arange(len(y))
    elif source is None:
        source = _find_sources(X, X_new)
    return Prepared(X_new, y_new, groups, np.asarray(source))


def _n_rows(X: Any) -> int:
    return X.shape[0] if hasattr(X, "shape") else len(X)


def _find_sources(X: Any, X_new: Any) -> np.ndarray:
    """Return the row of X that each row of X_new equals, -1 for rows that are new."""
    old = fingerprint_rows(X)
    order = np.argsort(old, kind="stable")
    new = fingerprint_rows(X_new)
    place = np.minimum(np.searchsorted(old[order], new), len(old) - 1)
    return np.where(old[order][place] == new, order[place], -1)


def check_preparation(prepare: Any, X: Any, y: np.ndarray, units: np.ndarray) -> AuditCheck:
    """Prepared rows that change both with one part of the people and with the others: the two are mixed.

    Parameters
    ----------
    prepare : callable, transformer, sampler or None
        The preparation.
    X, y : array-like
        What it is given.
    units : ndarray of shape (n,)
        What may be mixed within itself: the subject of each row, else its recording or source, else the row.
    """
    if prepare is None:
        words = (
            "Selection of columns, scaling or resampling before the split may leave no trace in the table. Pass that "
            "work as prepare, with the rows as they were before it."
        )
        return AuditCheck("preparation", "cannot be seen", words, {})
    names = np.unique(units)
    if len(names) < 2:
        words = "One subject only: there is nobody to mix with."
        return AuditCheck("preparation", "cannot be seen", words, {})
    base = run_preparation(prepare, X, y)
    if len(_lost(base, run_preparation(prepare, X, y))):
        words = "Run twice, the preparation gave different rows: fix its seed, so that it can be judged."
        return AuditCheck("preparation", "cannot be seen", words, {"rows": len(base.y)})
    rng = np.random.default_rng(0)
    n_changed = int(np.clip(round(_CHANGED * len(names)), 1, len(names) - 1))
    changed = np.isin(units, rng.choice(names, n_changed, replace=False))
    lost: list[np.ndarray] = []
    failures: list[str] = []
    for side in (changed, ~changed):
        rows: np.ndarray = np.array([], dtype=int)
        for _ in range(_DRAWS):
            try:
                other = run_preparation(prepare, *_change(X, y, np.flatnonzero(side), rng))
            except (ValueError, ArithmeticError, np.linalg.LinAlgError) as error:
                failures.append(f"{type(error).__name__}: {error}")
                continue
            rows = np.union1d(rows, _lost(base, other))
        lost.append(rows)
    mixed = np.intersect1d(lost[0], lost[1])
    evidence = {
        "rows_given": len(y),
        "rows_prepared": len(base.y),
        "rows_that_depend_on_both_sides": len(mixed),
        "subjects_changed": n_changed,
        "failures": failures[:3],
    }
    if len(mixed):
        share = len(mixed) / len(base.y)
        words = (
            f"{len(mixed)} of {count(len(base.y), 'prepared row')} ({share:.0%}) depend on rows of people on either "
            "side of a split: the preparation learns from all rows. Make it a step of the pipeline."
        )
        return AuditCheck("preparation", "found", words, evidence)
    if failures:
        words = f"The preparation failed on changed rows ({failures[0]}): what depends on what is not known."
        return AuditCheck("preparation", "cannot be seen", words, evidence)
    words = "Every prepared row depends on rows of one side only: the preparation treats people one by one."
    return AuditCheck("preparation", "not found", words, evidence)


def _lost(base: Prepared, other: Prepared) -> np.ndarray:
    """Return the rows of one preparation that another one lacks."""
    first, second = _contents(base), _contents(other)
    if len(first) == len(second):
        same = first == second
        if not same.all():
            # Sums in another order differ in the last bits.
            same |= _close(base.X, other.X) & (base.y == other.y)
        if same.all():
            return np.array([], dtype=int)
    else:
        same = np.zeros(len(first), dtype=bool)
    available, needed = Counter(second.tolist()), Counter(first.tolist())
    fewer = [content for content, n in needed.items() if available[content] < n]
    return np.flatnonzero(np.isin(first, np.array(fewer, dtype=first.dtype)) & ~same)


def _contents(prepared: Prepared) -> np.ndarray:
    labels = pd.util.hash_array(prepared.y if prepared.y.dtype.kind != "U" else prepared.y.astype(object))
    return fingerprint_rows(prepared.X) * np.uint64(0x9E3779B97F4A7C15) + labels


def _close(X: Any, other: Any) -> np.ndarray:
    first, second = numbers_of(X), numbers_of(other)
    if first is None or second is None or first.shape != second.shape:
        return np.zeros(_n_rows(X), dtype=bool)
    if isinstance(X, pd.DataFrame) and list(X.columns) != list(other.columns):
        return np.zeros(len(X), dtype=bool)
    return np.isclose(first.astype(float), second.astype(float), rtol=1e-9, atol=1e-12, equal_nan=True).all(axis=1)


def _change(X: Any, y: np.ndarray, rows: np.ndarray, rng: np.random.Generator) -> tuple[Any, np.ndarray]:
    """Return a copy of X and y in which the values of some rows are others and their labels are dealt out anew."""
    y_new = y.copy()
    y_new[rows] = y[rng.permutation(rows)]
    if isinstance(X, pd.DataFrame):
        columns = {}
        for i in range(X.shape[1]):
            column = X.iloc[:, i].copy()
            if pd.api.types.is_numeric_dtype(column) and isinstance(column.dtype, np.dtype):
                column = pd.Series(_change_values(column.to_numpy(copy=True), rows, rng), index=X.index)
            else:
                column.iloc[rows] = column.iloc[rng.permutation(rows)].to_numpy()
            columns[i] = column
        changed = pd.DataFrame(columns)
        changed.columns = X.columns
        return changed, y_new
    if isinstance(X, np.ndarray) and X.dtype != object:
        return _change_values(X.copy(), rows, rng), y_new
    # Recordings of different lengths: one by one.
    chosen = set(rows.tolist())
    changed = [
        _change_values(np.array(row, copy=True), np.arange(len(row)), rng) if i in chosen else row
        for i, row in enumerate(_safe_indexing(X, np.arange(_n_rows(X))))
    ]
    if isinstance(X, np.ndarray):
        packed = np.empty(len(changed), dtype=object)
        for i, row in enumerate(changed):
            packed[i] = row
        return packed, y_new
    return changed, y_new


def _change_values(values: np.ndarray, rows: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    if values.dtype.kind == "f":
        spread = np.nanstd(values, axis=0)
        noise = rng.normal(1.0, 1.0, size=values[rows].shape)
        values[rows] = 1.5 * values[rows] + noise * np.where(spread > 0, spread, 1.0)
    elif values.dtype.kind == "b":
        values[rows] = ~values[rows]
    elif values.dtype.kind in "iu":
        # Mirrored in their range, and other rows' values, so that they stay valid counts and grey levels.
        values[rows] = (values.min() + (values.max() - values))[rng.permutation(rows)]
    else:
        values[rows] = values[rng.permutation(rows)]
    return values
