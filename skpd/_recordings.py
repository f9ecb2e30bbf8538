"""What a batch of recordings is, and how every estimator of signals checks one.

Three forms are accepted, always as a batch with one row a recording:

- 2-D ``(n_recordings, n_timesteps)``: one channel;
- 3-D ``(n_recordings, n_timesteps, n_channels)``;
- ragged: a list, an object array or a series of ``(n_timesteps_i, n_channels)`` or ``(n_timesteps_i,)`` arrays.

Recordings of one channel may come in any of them, whatever came to `fit`: which form a fold has can depend on its
lengths.
"""

from __future__ import annotations

import warnings
from collections.abc import Iterable, Sequence
from typing import Any

import numpy as np
from sklearn.base import BaseEstimator, TransformerMixin
from sklearn.utils import check_array
from sklearn.utils.validation import validate_data

__all__ = [
    "RecordingTransformer",
    "as_object_array",
    "check_column_names",
    "check_columns",
    "check_recordings",
    "frame_columns",
    "is_ragged",
    "is_table",
    "name_channels",
]

#: A 2-D array of at least so many rows and at most so many columns looks like one recording passed bare.
_MANY_ROWS, _FEW_COLUMNS = 500, 6

#: A checked batch: one 3-D array, or for ragged input a list of 2-D arrays.
Recordings = np.ndarray | list[np.ndarray]


class RecordingTransformer(TransformerMixin, BaseEstimator):
    """Base of transformers whose output is n-dimensional.

    An array of more than two dimensions has no data-frame form, so `set_output` is accepted and has no effect: a
    pipeline can be asked for pandas output and the steps that do have it honour it.
    """

    def __init_subclass__(cls, **kwargs: Any) -> None:
        # Asked of every subclass: as a keyword of this class alone it would not be inherited, and a global
        # `transform_output="pandas"` would try to make frames of three dimensions.
        super().__init_subclass__(auto_wrap_output_keys=None, **kwargs)

    def set_output(self, *, transform: str | None = None) -> RecordingTransformer:
        """Accept an output container and keep NumPy arrays.

        Parameters
        ----------
        transform : {"default", "pandas", "polars"} or None, default=None
            Ignored: recordings stay NumPy arrays.

        Returns
        -------
        self : object
            The transformer itself.
        """
        return self


def name_channels(estimator: Any, input_features: Sequence[str] | None) -> list[str]:
    """Return the names of the channels that a fitted estimator takes: those given, or ch0, ch1 and so on.

    Parameters
    ----------
    estimator : estimator
        Fitted by means of `check_recordings`.
    input_features : sequence of str or None
        What a pipeline passes to ``get_feature_names_out``.

    Returns
    -------
    names : list of str
        One a channel.

    Raises
    ------
    ValueError
        If their number is not that of the channels, or a name stands twice.
    """
    if input_features is None:
        return [f"ch{i}" for i in range(estimator._n_channels_in)]
    names = list(input_features)
    if len(names) != estimator._n_channels_in or len(set(names)) < len(names):
        raise ValueError(
            f"expected input_features to name the {estimator._n_channels_in} channel(s) of the recordings, each by a "
            f"name of its own, got {len(names)} name(s): {names[:8]}."
        )
    return names


def as_object_array(recordings: Iterable[np.ndarray]) -> np.ndarray:
    """Pack arrays into a 1-D object array, whatever their lengths."""
    items = list(recordings)
    packed = np.empty(len(items), dtype=object)
    # Assigned one by one: np.array(items, dtype=object) would make one n-D array of equal lengths.
    for i, item in enumerate(items):
        packed[i] = item
    return packed


def is_ragged(X: Any) -> bool:
    """Whether `X` holds one array per recording instead of being one array.

    An object array or series of arrays is ragged even when its lengths happen to agree, so that the form of the output
    does not depend on which recordings fell into a fold. A list is ragged where its elements differ in shape.
    """
    if hasattr(X, "to_numpy") and getattr(X, "ndim", 0) == 1:
        X = X.to_numpy()
    if isinstance(X, np.ndarray):
        return X.dtype == object and X.ndim == 1 and X.size > 0 and all(np.ndim(x) > 0 for x in X)
    if isinstance(X, (list, tuple)) and X and all(np.ndim(x) > 0 for x in map(_as_array, X)):
        return len({np.shape(x) for x in map(_as_array, X)}) > 1
    return False


def is_table(X: Any) -> bool:
    """Whether `X` is 2-D, one channel in a row each; a list of 1-D arrays is a batch of recordings, not a table."""
    if isinstance(X, (list, tuple)) and len(X) and all(hasattr(x, "shape") for x in X):
        return False
    return _ndim(X) == 2


def _ndim(X: Any) -> int:
    return X.ndim if hasattr(X, "ndim") else np.asarray(X).ndim


def frame_columns(X: Any, name: str) -> tuple | None:
    """Return the columns that all recordings have as data frames, or None where they are arrays.

    Parameters
    ----------
    X : array-like
        A batch of recordings.
    name : str
        Of the estimator, for the error.

    Returns
    -------
    columns : tuple or None
        Their names, in their order.

    Raises
    ------
    ValueError
        If the frames differ in their columns, or some recordings are frames and others are not.
    """
    # A frame, or an array of numbers, is one table and no list of recordings.
    if not isinstance(X, (list, tuple)) and getattr(getattr(X, "dtype", None), "kind", "") != "O":
        return None
    found = {tuple(x.columns) if hasattr(x, "columns") else None for x in X}
    if found <= {None}:
        return None
    if len(found) > 1:
        raise ValueError(
            f"{name} expected frames with the same columns in the same order, or arrays alone, found "
            f"{sorted(map(str, found))[:3]}: reorder the columns, or one channel would be taken for another."
        )
    return found.pop()


def check_column_names(columns: tuple | None, channel_names: Sequence[str], name: str) -> None:
    """Raise where frames have columns of these names in another order; columns of other names go by position.

    Parameters
    ----------
    columns : tuple or None
        Of the frames, as `frame_columns` returns them.
    channel_names : sequence of str
        What the columns are said to be.
    name : str
        Of the estimator, for the error.
    """
    if columns is not None and set(columns) & set(channel_names) and columns != tuple(channel_names):
        raise ValueError(
            f"{name} expected frames with the columns channel_names={list(channel_names)}, got {list(columns)}: "
            "reorder them, or name them in their order."
        )


def check_recordings(
    estimator: BaseEstimator,
    X: Any,
    *,
    reset: bool,
    allow_nan: bool = False,
    min_timesteps: int = 1,
) -> Recordings:
    """Check a batch of recordings and record or compare its number of features.

    Parameters
    ----------
    estimator : estimator
        Named in the errors. `n_features_in_` is set on it when `reset`, compared otherwise: the number of timesteps
        for 2-D input, the number of channels for 3-D and ragged input. So are the columns of data frames.
    X : array-like of shape (n, n_timesteps) or (n, n_timesteps, n_channels), or ragged
        The recordings.
    reset : bool
        True in `fit`, False afterwards.
    allow_nan : bool, default=False
        Whether NaN, which marks a gap, is accepted. Infinity never is.
    min_timesteps : int, default=1
        The shortest recording accepted.

    Returns
    -------
    recordings : ndarray of shape (n, n_timesteps, n_channels), or list of ndarray of shape (n_timesteps_i, n_channels)
        float64; a list exactly when the input was ragged. An array may share memory with the input: never write
        into it.

    Raises
    ------
    ValueError
        If `X` is not a batch, is empty, is not finite, or does not match what the estimator was fitted on.

    Warns
    -----
    UserWarning
        If a 2-D `X` looks like one recording passed bare: 500 rows or more of 6 columns or fewer.
    """
    finite: bool | str = "allow-nan" if allow_nan else True
    name = type(estimator).__name__
    check_columns(estimator, X, reset=reset)
    if is_ragged(X):
        recordings = [_check_one(x, i, name, finite, min_timesteps) for i, x in enumerate(X)]
        channels = {r.shape[1] for r in recordings}
        if len(channels) > 1:
            raise ValueError(
                f"{name} expected recordings with one number of channels, found {sorted(channels)}: "
                "select the same channels of every recording."
            )
        _check_n_channels(estimator, channels.pop(), reset)
        return recordings
    if not is_table(X) and isinstance(X, (list, tuple)) and len(X) and np.ndim(X[0]):
        X = np.stack([np.asarray(x) for x in X])
        # Of a list of one-channel recordings it depends on the fold whether the lengths agree.
        if X.ndim == 2:
            X = X[:, :, None]
    elif not reset and is_table(X) and not getattr(estimator, "_fitted_on_table", True):
        X = np.asarray(X)[:, :, None]
    ndim = _ndim(X)
    if ndim == 3:
        X = check_array(
            X, dtype=np.float64, allow_nd=True, ensure_all_finite=finite, estimator=estimator, input_name="X"
        )
        if X.shape[1] < min_timesteps or X.shape[2] < 1:
            raise ValueError(
                f"{name} expected recordings of at least {min_timesteps} timestep(s) and 1 channel, "
                f"got an array of shape {X.shape} (recordings, timesteps, channels)."
            )
        _check_n_channels(estimator, X.shape[2], reset)
        return X
    if ndim == 1 or ndim > 3:
        hint = "Reshape your data: a single recording is passed as X[None]." if ndim == 1 else ""
        raise ValueError(
            f"{name} expected a batch of recordings, 2-D (n, n_timesteps), 3-D (n, n_timesteps, n_channels) or a "
            f"ragged list; got a {ndim}-D array. {hint}".rstrip()
        )
    X = validate_data(
        estimator,
        X,
        reset=reset,
        dtype=np.float64,
        ensure_all_finite=finite,
        ensure_min_features=min_timesteps,
    )
    if reset:
        estimator._fitted_on_table, estimator._n_channels_in = True, 1
    if reset and len(X) >= _MANY_ROWS and X.shape[1] <= _FEW_COLUMNS:
        warnings.warn(
            f"{name} got X of shape {X.shape} and takes it as {len(X)} recordings of {X.shape[1]} timestep(s). "
            "If it is one recording with its channels as columns, pass X[None].",
            UserWarning,
            stacklevel=3,
        )
    return X[:, :, None]


def _as_array(x: Any) -> np.ndarray | Sequence:
    return x if hasattr(x, "shape") or isinstance(x, (list, tuple)) else np.asarray(x)


def _check_one(x: Any, i: int, name: str, finite: bool | str, min_timesteps: int) -> np.ndarray:
    """Check recording number `i` of a ragged batch and return it as (n_timesteps, n_channels) float64."""
    x = np.asarray(x)
    if x.ndim not in (1, 2):
        raise ValueError(
            f"{name} expected every recording as (n_timesteps,) or (n_timesteps, n_channels), "
            f"got an array of shape {x.shape} for recording {i}."
        )
    if x.ndim == 1:
        x = x[:, None]
    if len(x) < min_timesteps or x.shape[1] < 1:
        raise ValueError(
            f"{name} expected recordings of at least {min_timesteps} timestep(s) and 1 channel, "
            f"got an array of shape {x.shape} (timesteps, channels) for recording {i}."
        )
    return check_array(x, dtype=np.float64, ensure_all_finite=finite, estimator=name, input_name=f"recording {i} of X")


def _check_n_channels(estimator: Any, n_channels: int, reset: bool) -> None:
    known = getattr(estimator, "_n_channels_in", n_channels)
    if reset:
        estimator._fitted_on_table, estimator._n_channels_in = False, n_channels
        estimator.n_features_in_ = n_channels
        # Names belong to the columns of a 2-D frame; a refit on an array must not keep them.
        if hasattr(estimator, "feature_names_in_"):
            del estimator.feature_names_in_
    elif n_channels != known:
        raise ValueError(
            f"X has {n_channels} channel(s), but {type(estimator).__name__} is expecting {known} features as input: "
            "pass the channels of fit; a single recording is passed as X[None]."
        )


def check_columns(estimator: Any, X: Any, *, reset: bool) -> None:
    """Remember the columns of recordings that are data frames, or compare them with those of `fit`.

    Parameters
    ----------
    estimator : estimator
        Where they are kept.
    X : array-like
        A batch of recordings; arrays have no columns to compare.
    reset : bool
        True in `fit`, False afterwards.
    """
    columns = frame_columns(X, type(estimator).__name__)
    known = getattr(estimator, "_columns_in", None)
    if reset:
        estimator._columns_in = columns
    elif columns is not None and known is not None and columns != known:
        raise ValueError(
            f"{type(estimator).__name__} was fitted on frames with the columns {list(known)}, got {list(columns)}: "
            "reorder them, or one channel would be taken for another."
        )
