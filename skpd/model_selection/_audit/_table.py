"""The rows under audit, in the forms that the checks need."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
import pandas as pd

__all__ = ["Table", "fingerprint_rows", "numbers_of"]

#: Values that are cast or hashed at a time, to bound memory for images.
_CHUNK = 4_000_000
_MIX = np.uint64(0xBF58476D1CE4E5B9)


def numbers_of(X: Any) -> np.ndarray | None:
    """Return the numeric values as (n, d) without a copy where possible, None where rows have no common form."""
    if isinstance(X, pd.DataFrame):
        numeric = X.select_dtypes(["number", "bool"])
        return numeric.to_numpy(dtype=float) if numeric.shape[1] else None
    if hasattr(X, "toarray"):
        X = X.toarray()
    if not hasattr(X, "dtype"):
        try:
            X = np.asarray(X)
        except ValueError:
            return None
    X = np.asarray(X)
    if X.dtype.kind not in "fiub" or X.ndim == 0:
        return None
    return X.reshape(len(X), -1) if X.size else None


def fingerprint_rows(X: Any, *, single: bool = False) -> np.ndarray:
    """Return one 64-bit number a row; rows of equal values have the same, whatever their type.

    With `single`, values are compared at single precision, since steps of a pipeline may cast to it.
    """
    numbers = numbers_of(X)
    if numbers is None or (isinstance(X, pd.DataFrame) and numbers.shape[1] < X.shape[1]):
        if isinstance(X, pd.DataFrame):
            return pd.util.hash_pandas_object(X, index=False).to_numpy()
        return np.array([_hash_bytes(row) for row in X], dtype=np.uint64)
    weights = np.random.default_rng(0).integers(0, 2**63, numbers.shape[1], dtype=np.uint64) * np.uint64(2) + np.uint64(
        1
    )
    hashes = np.empty(len(numbers), dtype=np.uint64)
    step = max(1, _CHUNK // numbers.shape[1])
    for start in range(0, len(numbers), step):
        # Zero is added to make -0.0 into 0.0; every NaN gets the same bits.
        values = numbers[start : start + step].astype(np.float32 if single else np.float64).astype(np.float64) + 0.0
        values[np.isnan(values)] = np.nan
        bits = np.ascontiguousarray(values).view(np.uint64)
        # Low bits of round numbers are all zero: they are mixed before they are weighted.
        bits = (bits ^ (bits >> np.uint64(31))) * _MIX
        bits ^= bits >> np.uint64(29)
        hashes[start : start + step] = (bits * weights).sum(axis=1, dtype=np.uint64)
    return hashes


def _hash_bytes(row: Any) -> int:
    row = np.asarray(row)
    content = repr(row.tolist()).encode() if row.dtype.kind == "O" else np.ascontiguousarray(row).tobytes()
    return int.from_bytes(hashlib.blake2b(content, digest_size=8).digest(), "little")


@dataclass(frozen=True, eq=False)
class Table:
    """Rows, their labels and subjects, and the splits.

    Attributes
    ----------
    X : array-like of n rows
        As the estimator gets it.
    y : ndarray of shape (n,)
        Labels.
    groups : ndarray of shape (n,) or None
        Subject of each row as an integer code, -1 for a row of nobody.
    subjects : ndarray
        The subject of each code.
    index : DataFrame or None
        With `recording`, `start` and `stop`, or `source`, or all.
    splits : list of (train, test)
        Row numbers.
    """

    X: Any
    y: np.ndarray
    groups: np.ndarray | None
    subjects: np.ndarray
    index: pd.DataFrame | None
    splits: list[tuple[np.ndarray, np.ndarray]]

    def __len__(self) -> int:
        return len(self.y)

    @cached_property
    def ndim(self) -> int:
        """Dimensions of X: 2 for tables, 3 for recordings, 4 for images, 1 for ragged recordings."""
        return np.ndim(self.X) if hasattr(self.X, "ndim") else (2 if self.numbers is not None else 1)

    @cached_property
    def numbers(self) -> np.ndarray | None:
        """The numeric values, (n, d)."""
        return numbers_of(self.X)

    @cached_property
    def contents(self) -> np.ndarray:
        """A code a row; rows of equal content have the same."""
        return np.unique(fingerprint_rows(self.X), return_inverse=True)[1]

    def column_sample(self, limit: int = 512) -> np.ndarray | None:
        """At most `limit` columns, evenly spaced, as float64."""
        if self.numbers is None:
            return None
        step = -(-self.numbers.shape[1] // limit)
        return self.numbers[:, ::step].astype(np.float64)
