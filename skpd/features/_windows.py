"""What all transformers of windows share: the forms of X, names of columns, pooling, what becomes of bad samples."""

from __future__ import annotations

import re
import warnings
from abc import ABCMeta, abstractmethod
from collections.abc import Callable, Sequence
from functools import partial
from numbers import Integral, Real
from typing import Any, ClassVar, NoReturn

import numpy as np
from joblib import Parallel, delayed
from sklearn.base import BaseEstimator, TransformerMixin, _fit_context
from sklearn.utils import check_array
from sklearn.utils._param_validation import Interval, StrOptions
from sklearn.utils.validation import _check_feature_names_in, check_is_fitted, validate_data

from .._recordings import check_columns, is_ragged

_POOLS: dict[str, Callable[..., np.ndarray]] = {
    "mean": np.nanmean,
    "std": np.nanstd,
    "min": np.nanmin,
    "max": np.nanmax,
    "median": np.nanmedian,
}


class WindowFeatures(TransformerMixin, BaseEstimator, metaclass=ABCMeta):
    """Base of the transformers that make one row of numbers of each window.

    A subclass names the features of a channel and computes them for the windows of one channel; everything else is
    here. The parameters are documented in the subclasses.
    """

    _parameter_constraints: ClassVar[dict] = {
        "channel_names": ["array-like", None],
        "undefined": [StrOptions({"nan"}), Interval(Real, None, None, closed="neither"), np.nan],
        "pool": ["array-like", None],
        "non_finite": [StrOptions({"raise", "nan"})],
        "n_jobs": [Integral, None],
    }

    #: Passed to joblib: threads where the computation releases the interpreter's lock, processes where it does not.
    _prefer = "threads"
    #: How many windows of one channel make one task of joblib.
    _task_windows = 1024

    undefined: str | float
    channel_names: Sequence[str] | None
    pool: Sequence[str] | None
    non_finite: str
    n_jobs: int | None

    @abstractmethod
    def _prepare(self, windows: np.ndarray) -> Sequence[str]:
        """Check the subclass's own parameters against the windows and return the names of a channel's features."""

    @abstractmethod
    def _compute(self, windows: np.ndarray, channel: int) -> np.ndarray:
        """Return the features of the finite windows (n, n_timesteps) of one channel; nan where undefined."""

    @_fit_context(prefer_skip_nested_validation=True)
    def fit(self, X: Any, y: Any = None) -> WindowFeatures:
        """Check the parameters and remember the form of the windows; nothing is learned from their values.

        Parameters
        ----------
        X : array-like of shape (n, n_timesteps) or (n, n_timesteps, n_channels)
            The windows. With `pool`, recordings cut into windows: (n, n_windows, n_timesteps, n_channels), or a list of
            (n_windows_i, n_timesteps, n_channels) arrays.
        y : object, default=None
            Ignored.

        Returns
        -------
        self : object
            The fitted transformer.

        Raises
        ------
        ValueError
            If a parameter does not fit the windows, or the windows are not what the class accepts.
        """
        windows, _ = self._check_windows(X, reset=True)
        self.channel_names_ = self._check_channel_names()
        self._pools = {} if self.pool is None else _parse_pool(self.pool)
        self.feature_names_ = tuple(self._prepare(windows))
        return self

    def transform(self, X: Any) -> np.ndarray:
        """Compute the features.

        Parameters
        ----------
        X : array-like of shape (n, n_timesteps) or (n, n_timesteps, n_channels)
            The windows, of the length and number of channels seen in `fit`. With `pool`, recordings cut into windows,
            as for `fit`.

        Returns
        -------
        features : ndarray of shape (n, n_features_out)
            float64; a data frame under ``set_output(transform="pandas")``.

        Raises
        ------
        ValueError
            If the windows differ in form from those of `fit`, or hold a sample that is not finite.
        """
        check_is_fitted(self)
        windows, lengths = self._check_windows(X, reset=False)
        computed = np.isfinite(windows).all(axis=(1, 2)) if self.non_finite == "nan" else np.ones(len(windows), bool)
        table = self._compute_table(windows, computed)
        if self._pools:
            stops = np.cumsum(lengths)
            blocks = [slice(stop - length, stop) for stop, length in zip(stops, lengths, strict=True)]
            table = np.stack([self._pool_windows(table[block]) for block in blocks])
            computed = np.array([computed[block].any() for block in blocks])
        if not isinstance(self.undefined, str):
            # Rows without a single finite window are missing, not undefined: they stay nan.
            table[np.isnan(table) & computed[:, None]] = self.undefined
        return table

    def get_feature_names_out(self, input_features: Any = None) -> np.ndarray:
        """Name the columns, channel by channel.

        Parameters
        ----------
        input_features : array-like of str or None, default=None
            Only checked, and only for 2-D windows, for consistency with the names or number of timesteps seen in
            `fit`.

        Returns
        -------
        names : ndarray of str objects, shape (n_features_out,)
            "<channel>__<feature>", and "<channel>__<feature>__<statistic>" with `pool`.
        """
        check_is_fitted(self)
        if self._fitted_ndim == 2:
            _check_feature_names_in(self, input_features)
        names = [f"{channel}__{feature}" for channel in self.channel_names_ for feature in self.feature_names_]
        if self._pools:
            names = [f"{name}__{statistic}" for name in names for statistic in self._pools]
        return np.asarray(names, dtype=object)

    def __sklearn_tags__(self):
        tags = super().__sklearn_tags__()
        tags.input_tags.three_d_array = True
        tags.input_tags.allow_nan = self.non_finite == "nan"
        return tags

    def _check_windows(self, X: Any, *, reset: bool) -> tuple[np.ndarray, list[int]]:
        """Return all windows as (n, n_timesteps, n_channels) and, for `pool`, how many each recording has."""
        name = type(self).__name__
        check_columns(self, X, reset=reset)
        X = self._as_array(X)
        ndim = 4 if isinstance(X, list) else np.ndim(X)
        if ndim not in (2, 3, 4):
            raise ValueError(
                f"{name} expected windows as (n, n_timesteps) or (n, n_timesteps, n_channels), got a {ndim}-D array. "
                "Reshape your data: a single window is passed as X[None]."
            )
        if (self.pool is not None) != (ndim == 4):
            raise ValueError(
                f"{name} expected recordings cut into windows, 4-D (n, n_windows, n_timesteps, n_channels), exactly "
                f"when `pool` is given; got {ndim}-D input and pool={self.pool!r}. To make one row of the windows of a "
                'recording, set pool, e.g. pool=("mean", "p90"); for one row a window leave pool=None and pass a table '
                "of windows, such as Windowizer.segment(X).X."
            )
        finite = self.non_finite == "raise"
        lengths: list[int] = []
        if ndim == 2:
            windows = validate_data(self, X, reset=reset, dtype=np.float64, ensure_all_finite=finite)[:, :, None]
        else:
            if isinstance(X, list):
                lengths, X = [len(x) for x in X], np.concatenate(X)
            windows = check_array(
                X, dtype=np.float64, allow_nd=True, ensure_all_finite=finite, estimator=self, input_name="X"
            )
            if windows.ndim == 4:
                lengths = [windows.shape[1]] * len(windows)
                windows = windows.reshape(-1, *windows.shape[2:])
            if 0 in windows.shape:
                raise ValueError(
                    f"{name} expected at least one window, timestep and channel, got an array of shape {np.shape(X)}."
                )
            self._check_n_timesteps(windows.shape[1], reset)
        n_channels = windows.shape[2]
        if reset:
            self._fitted_ndim, self.n_channels_ = ndim, n_channels
        elif n_channels != self.n_channels_:
            raise ValueError(
                f"X has {n_channels} channel(s), but {name} was fitted with {self.n_channels_}: pass the same channels."
            )
        return windows, lengths

    def _as_array(self, X: Any) -> Any:
        """Make one array of lists and array-likes; windowed recordings of several lengths become a list of them."""
        if isinstance(X, (list, tuple)) or (isinstance(X, np.ndarray) and X.dtype == object and X.ndim == 1):
            shapes = {np.shape(x) for x in X} if is_ragged(X) else set()
            if len(shapes) == 1:
                return np.stack([np.asarray(x) for x in X])
            if shapes and all(len(shape) == 3 for shape in shapes) and len({shape[1:] for shape in shapes}) == 1:
                return [np.asarray(x) for x in X]
            if shapes:
                self._refuse_lengths(shapes)
            return np.asarray(X)
        # What only knows how to become an array has no dimensions to ask for.
        return X if hasattr(X, "ndim") else np.asarray(X)

    def _refuse_lengths(self, shapes: set[tuple[int, ...]]) -> NoReturn:
        raise ValueError(
            f"{type(self).__name__} expected windows of equal length and number of channels, got the shapes "
            f"{sorted(shapes)[:5]}: cut the recordings into windows first, with skpd.signal.Windowizer or by putting "
            "this transformer inside skpd.signal.WindowedClassifier."
        )

    def _check_n_timesteps(self, n_timesteps: int, reset: bool) -> None:
        if reset:
            self.n_features_in_ = n_timesteps
            # Names belong to the columns of a 2-D frame; a refit on an array must not keep them.
            if hasattr(self, "feature_names_in_"):
                del self.feature_names_in_
        elif n_timesteps != self.n_features_in_:
            raise ValueError(
                f"X has {n_timesteps} timestep(s), but {type(self).__name__} is expecting {self.n_features_in_} "
                "features as input: cut windows of one length."
            )

    def _check_channel_names(self) -> tuple[str, ...]:
        if self.channel_names is None:
            return tuple(f"ch{channel}" for channel in range(self.n_channels_))
        names = tuple(self.channel_names)
        if isinstance(self.channel_names, str) or len(names) != self.n_channels_ or len(set(names)) != len(names):
            raise ValueError(
                f"channel_names: expected {self.n_channels_} different name(s), one a channel of X, "
                f"got {self.channel_names!r}."
            )
        return names

    def _compute_table(self, windows: np.ndarray, finite: np.ndarray) -> np.ndarray:
        """Return the features of all channels, one row a window; a row of nan for a window that is not finite."""
        n_features = len(self.feature_names_)
        table = np.full((len(windows), self.n_channels_ * n_features), np.nan)
        good = windows if finite.all() else windows[finite]
        tasks = [
            (slice(start, start + self._task_windows), channel)
            for start in range(0, len(good), self._task_windows)
            for channel in range(self.n_channels_)
        ]
        # A generator, so that the results are not all held a second time.
        results = Parallel(n_jobs=self.n_jobs, prefer=self._prefer, return_as="generator")(
            delayed(self._compute)(good[rows, :, channel], channel) for rows, channel in tasks
        )
        indices = np.flatnonzero(finite)
        for (rows, channel), features in zip(tasks, results, strict=True):
            table[indices[rows], channel * n_features : (channel + 1) * n_features] = features
        return table

    def _pool_windows(self, table: np.ndarray) -> np.ndarray:
        """Reduce the rows of one recording to one, feature by feature and within it statistic by statistic."""
        if not len(table):
            return np.full(table.shape[1] * len(self._pools), np.nan)
        with warnings.catch_warnings():
            # A feature that is undefined in every window is undefined for the recording: nan, as it should be.
            warnings.filterwarnings("ignore", category=RuntimeWarning)
            return np.stack([pool(table, axis=0) for pool in self._pools.values()], axis=1).ravel()


def _parse_pool(names: Sequence[str]) -> dict[str, Callable[..., np.ndarray]]:
    """Return the statistics that names like "mean" and "p90" stand for, by name."""
    statistics: dict[str, Callable[..., np.ndarray]] = {}
    for name in names:
        match = re.fullmatch(r"p(\d+(?:\.\d+)?)", str(name))
        if name in _POOLS:
            statistics[name] = _POOLS[name]
        elif match and float(match[1]) <= 100:
            statistics[name] = partial(np.nanpercentile, q=float(match[1]))
    if not len(names) == len(statistics) > 0:
        raise ValueError(
            f"pool: expected different names out of {', '.join(_POOLS)} and percentiles such as 'p90', got {names!r}."
        )
    return statistics
