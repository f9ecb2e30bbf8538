"""How far input lies from the training data, to tell what is unlike it."""

from __future__ import annotations

import base64
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
from sklearn.covariance import LedoitWolf

from ..model_selection import make_splitter

__all__ = ["TrainingDistance"]

#: Share of the rows of people outside of the training data that may be called unlike it.
_FALSE_ALARMS = 0.01

#: Of a normal distribution, the range between its quartiles in standard deviations.
_QUARTILES = 1.349

#: Larger values are this large; smaller variances this small.
_LARGEST, _LEAST_VARIANCE = 1e100, 1e-12


@dataclass(frozen=True, eq=False)
class TrainingDistance:
    """The distance of rows of features from the training data: Mahalanobis, of features with shortened tails.

    Attributes
    ----------
    names : list of str
        The features.
    center, scale : ndarray of shape (n_features,)
        Median and spread of each feature; NaN where it is nowhere defined.
    mean : ndarray of shape (n_features,)
        Of the features after scaling.
    precision : ndarray of shape (n_features, n_features)
        Inverse of their covariance.
    limit : float
        The Mahalanobis distance that one in a hundred rows of people held out is beyond.

    Notes
    -----
    A feature becomes arcsinh((x - median) / spread), the spread being the range between the quartiles in units of the
    normal distribution: linear in the middle, logarithmic in the tails, so that a few very strong tremors do not widen
    everything. A value that is undefined counts as the median. The covariance is shrunk after Ledoit and Wolf [1]_,
    which keeps it invertible where features are many or say the same.

    Ranges, feature by feature, find little: movement of another kind has amplitudes and frequencies that tremors have
    too, and is unusual in their combination.

    References
    ----------
    .. [1] Ledoit O. & Wolf M., "A well-conditioned estimator for large-dimensional covariance matrices", Journal of
       Multivariate Analysis 88 (2004) 365-411.

    Examples
    --------
    Each feature alone is in its range, but the two never differed:

    >>> import numpy as np
    >>> import pandas as pd
    >>> from skpd.models import TrainingDistance
    >>> rng = np.random.default_rng(0)
    >>> size = rng.normal(size=400)
    >>> table = pd.DataFrame({"a": size, "b": size + 0.1 * rng.normal(size=400)})
    >>> distance = TrainingDistance.from_table(table, groups=np.repeat(np.arange(20), 20))
    >>> distance.measure([[1.0, 1.0], [1.0, -1.0]]) > 1
    array([False,  True])
    """

    names: Sequence[str]
    center: np.ndarray
    scale: np.ndarray
    mean: np.ndarray
    precision: np.ndarray
    limit: float

    @classmethod
    def from_table(cls, X: Any, groups: Any, *, random_state: int = 0) -> TrainingDistance:
        """Learn the distance from a table, and its limit from people held out.

        Parameters
        ----------
        X : array-like or DataFrame of shape (n, n_features)
            Features of the training data, one row a window, drawing or pen recording; NaN where one is undefined.
        groups : array-like of shape (n,)
            The person of each row.
        random_state : int, default=0
            Seed of the folds.

        Returns
        -------
        distance : TrainingDistance
            Of which one in a hundred rows of people not among the training data has more than 1.
        """
        values, groups = np.asarray(X, dtype=np.float64), np.asarray(groups)
        names = list(X.columns) if isinstance(X, pd.DataFrame) else [f"x{i}" for i in range(values.shape[1])]
        n_people = len(np.unique(groups))
        if n_people > 1:
            distances = np.zeros(len(values))
            splitter = make_splitter("subject-wise", n_splits=min(5, n_people), random_state=random_state)
            for train, test in splitter.split(values, np.zeros(len(values)), groups):
                distances[test] = cls(names, *_learn(values[train]), 1.0).measure(values[test])
        else:
            distances = cls(names, *_learn(values), 1.0).measure(values)
        limit = float(np.quantile(distances, 1 - _FALSE_ALARMS))
        # Rows that are all the same have none; every other row is far from them.
        return cls(names, *_learn(values), limit or 1.0)

    def measure(self, X: Any) -> np.ndarray:
        """Measure how far rows are from the training data.

        Parameters
        ----------
        X : array-like of shape (n, n_features)
            Features.

        Returns
        -------
        distances : ndarray of shape (n,)
            In units of the limit: above 1 a row is unlike the training data.
        """
        offset = _shorten(np.asarray(X, dtype=np.float64), self.center, self.scale) - self.mean
        # Not below zero by rounding.
        square = np.maximum(np.einsum("ij,ij->i", offset @ self.precision, offset), 0.0)
        return np.sqrt(square) / self.limit

    def as_json(self) -> dict[str, Any]:
        """Return what `from_json` takes.

        Returns
        -------
        content : dict
            Names, the limit, and arrays as base64 of little-endian doubles.
        """
        arrays = {name: _encode(getattr(self, name)) for name in ("center", "scale", "mean", "precision")}
        return {"names": list(self.names), **arrays, "limit": self.limit}

    @classmethod
    def from_json(cls, content: dict[str, Any]) -> TrainingDistance:
        """Make it from what `as_json` returned.

        Parameters
        ----------
        content : dict
            Names, arrays and limit.

        Returns
        -------
        distance : TrainingDistance
            The same distance.

        Raises
        ------
        ValueError
            If the arrays do not fit the names.
        """
        n = len(content["names"])
        center, scale, mean = (_decode(content[name]).reshape(n) for name in ("center", "scale", "mean"))
        return cls(content["names"], center, scale, mean, _decode(content["precision"]).reshape(n, n), content["limit"])


def _learn(values: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
    """Return center, scale, mean and precision."""
    center, scale = (np.full(values.shape[1], np.nan) for _ in range(2))
    known = ~np.isnan(values).all(axis=0)
    low, center[known], high = np.nanquantile(values[:, known], [0.25, 0.5, 0.75], axis=0)
    spread = (high - low) / _QUARTILES
    # Of a feature that is mostly one value the quartiles are equal, of a constant one nothing is left.
    spread = np.where(spread > 0, spread, np.nanstd(values[:, known], axis=0))
    scale[known] = np.where(spread > 0, spread, 1.0)
    fitted = LedoitWolf(store_precision=False).fit(_shorten(values, center, scale))
    # What never varied has a variance all the same, so that other values of it are far away.
    precision = np.linalg.inv(fitted.covariance_ + _LEAST_VARIANCE * np.eye(len(center)))
    return center, scale, fitted.location_, precision


def _shorten(values: np.ndarray, center: np.ndarray, scale: np.ndarray) -> np.ndarray:
    return np.nan_to_num(np.arcsinh((values.clip(-_LARGEST, _LARGEST) - center) / scale))


def _encode(values: np.ndarray) -> str:
    return base64.b64encode(np.asarray(values, dtype="<f8").tobytes()).decode("ascii")


def _decode(text: str) -> np.ndarray:
    return np.frombuffer(base64.b64decode(text, validate=True), dtype="<f8").astype(np.float64)
