"""Where the features of training data lie, to tell input that is unlike them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from ..model_selection import make_splitter

__all__ = ["FeatureRanges"]

#: Share of the rows of people outside of the training data that may be called unlike it.
_FALSE_ALARMS = 0.01


@dataclass(frozen=True, eq=False)
class FeatureRanges:
    """The range of every feature in the training data, and how many may lie outside.

    Attributes
    ----------
    names : list of str
        The features.
    low, high : ndarray of shape (n_features,)
        Smallest and largest defined value; NaN where a feature is nowhere defined.
    limit : int
        A row with more features outside of their range than this is unlike the training data.

    Examples
    --------
    >>> import numpy as np
    >>> import pandas as pd
    >>> from skpd.models import FeatureRanges
    >>> rng = np.random.default_rng(0)
    >>> table = pd.DataFrame(rng.normal(size=(400, 3)), columns=["a", "b", "c"])
    >>> ranges = FeatureRanges.from_table(table, groups=np.repeat(np.arange(20), 20))
    >>> ranges.count_outside([[0.0, 0.0, np.nan], [9.0, 9.0, 0.0]])
    array([0, 2])
    """

    names: Sequence[str]
    low: np.ndarray
    high: np.ndarray
    limit: int

    @classmethod
    def from_table(cls, X: Any, groups: Any, *, random_state: int = 0) -> FeatureRanges:
        """Take the ranges of a table, and find from held-out people how many features to allow outside.

        Parameters
        ----------
        X : array-like or DataFrame of shape (n, n_features)
            Features of the training data, one row a window or drawing; NaN where one is undefined.
        groups : array-like of shape (n,)
            The person of each row.
        random_state : int, default=0
            Seed of the folds.

        Returns
        -------
        ranges : FeatureRanges
            With the limit that one in a hundred rows of people not among the training data is above.
        """
        values, groups = np.asarray(X, dtype=np.float64), np.asarray(groups)
        names = list(X.columns) if isinstance(X, pd.DataFrame) else [f"x{i}" for i in range(values.shape[1])]
        counts = np.zeros(len(values), dtype=int)
        n_people = len(np.unique(groups))
        if n_people > 1:
            splitter = make_splitter("subject-wise", n_splits=min(5, n_people), random_state=random_state)
            for train, test in splitter.split(values, np.zeros(len(values)), groups):
                counts[test] = cls(names, *_extent(values[train]), 0).count_outside(values[test])
        return cls(names, *_extent(values), int(np.quantile(counts, 1 - _FALSE_ALARMS)))

    def count_outside(self, X: Any) -> np.ndarray:
        """Count the features of each row that lie outside of their range; undefined ones do not count.

        Parameters
        ----------
        X : array-like of shape (n, n_features)
            Features.

        Returns
        -------
        counts : ndarray of shape (n,), int
            For each row.
        """
        values = np.asarray(X, dtype=np.float64)
        return ((values < self.low) | (values > self.high)).sum(axis=1)

    def as_json(self) -> dict[str, Any]:
        """Return what `from_json` takes.

        Returns
        -------
        content : dict
            Lists, numbers and None in place of NaN.
        """
        low, high = ([None if np.isnan(v) else float(v) for v in values] for values in (self.low, self.high))
        return {"names": list(self.names), "low": low, "high": high, "limit": self.limit}

    @classmethod
    def from_json(cls, content: dict[str, Any]) -> FeatureRanges:
        """Make it from what `as_json` returned.

        Parameters
        ----------
        content : dict
            Names, bounds and limit.

        Returns
        -------
        ranges : FeatureRanges
            The same ranges.
        """
        low, high = (np.array(content[name], dtype=np.float64) for name in ("low", "high"))
        return cls(content["names"], low, high, content["limit"])


def _extent(values: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    return np.fmin.reduce(values, axis=0), np.fmax.reduce(values, axis=0)
