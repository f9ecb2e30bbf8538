"""Cutting recordings into windows."""

from __future__ import annotations

import warnings
from collections.abc import Sequence
from dataclasses import dataclass
from numbers import Real
from typing import Any, ClassVar

import numpy as np
import pandas as pd
from sklearn.base import _fit_context, clone
from sklearn.utils._param_validation import Interval, StrOptions
from sklearn.utils.validation import check_is_fitted

from .._recordings import Recordings, RecordingTransformer, as_object_array, check_recordings, is_ragged, name_channels
from ..exceptions import SkippedDataWarning

__all__ = ["Windowizer", "Windows"]

_KEPT, _SHORT, _GAP, _UNLABELLED, _MIXED = range(5)
_NO_LABEL, _SEVERAL_LABELS = -1, -2
_REASONS = np.array(["", "short", "gap", "unlabelled", "mixed labels"], dtype=object)


@dataclass(frozen=True, eq=False)
class Windows:
    """The table of windows that `Windowizer.segment` makes, one row a window.

    Attributes
    ----------
    X : ndarray of shape (n_windows, n_samples, n_channels)
        The windows, in the unit of the recordings.
    y : ndarray of shape (n_windows,) or None
        Label of each window.
    groups : ndarray of shape (n_windows,) or None
        Group (subject) of each window.
    index : DataFrame
        Columns recording (position in the batch), start and stop (samples, half open).
    skipped : DataFrame
        What was left out: columns recording, start, stop and reason. Windows have the reason "gap", "unlabelled" or
        "mixed labels", whole recordings "short". Samples behind the last whole window of a recording are not listed.
    """

    X: np.ndarray
    y: np.ndarray | None
    groups: np.ndarray | None
    index: pd.DataFrame
    skipped: pd.DataFrame

    def describe_skipped(self) -> str:
        """Say how many windows and which recordings were left out.

        Returns
        -------
        text : str
            Empty where nothing was.
        """
        short = self.skipped["reason"] == _REASONS[_SHORT]
        counts = self.skipped.loc[~short, "reason"].value_counts(sort=False)
        parts = []
        if len(counts):
            reasons = ", ".join(f"{reason}: {count}" for reason, count in counts.items())
            parts.append(f"{counts.sum()} of {counts.sum() + len(self.index)} windows left out ({reasons})")
        if short.any():
            positions = self.skipped.loc[short, "recording"].tolist()
            parts.append(f"{len(positions)} recording(s) shorter than a window: {name_some(positions)}")
        return "; ".join(parts)


class Windowizer(RecordingTransformer):
    """Cut recordings into windows of equal length.

    `transform` keeps one row a recording and makes the windows a new axis, so it can stand in a pipeline. `segment`
    makes a table with one row a window, with labels and groups, for cross-validation over windows.

    Parameters
    ----------
    sampling_rate : float
        Samples per second (Hz) of the recordings.
    duration : float, default=4.0
        Length of a window in seconds.
    overlap : float, default=0.5
        Share of a window that its successor repeats, in [0, 1).
    label : {"majority", "center", "all"}, default="majority"
        How one label is made of the labels of the samples of a window. "majority": the most frequent, of equally
        frequent ones the smallest. "center": that of sample ``n_samples_ // 2``. "all": only windows with a single
        label are kept.
    short : {"raise", "drop"}, default="raise"
        What to do with a recording that is shorter than one window: an error, or no windows of it.

    Attributes
    ----------
    n_samples_ : int
        Samples in a window, ``round(duration * sampling_rate)``.
    step_ : int
        Samples from one start to the next, ``round(n_samples_ * (1 - overlap))``, at least 1.
    n_features_in_ : int
        Number of channels seen in `fit`; the number of timesteps for a 2-D `X`.
    feature_names_in_ : ndarray of shape (n_features,)
        Column names seen in `fit`, for a data frame with string columns only.

    See Also
    --------
    WindowedClassifier : Windows inside `fit` and `predict`, one prediction a recording.

    Notes
    -----
    A recording of `T` samples has ``(T - n_samples_) // step_ + 1`` windows; window `k` starts at ``k * step_``.
    Samples behind the last whole window belong to no window.

    NaN marks a gap. `segment` makes no window that touches one; `transform` never changes a shape and keeps such
    windows, with their NaN.

    Filter before cutting: the ends of a filtered recording carry the transient of the filter, and those of every
    window would if windows were filtered.

    Examples
    --------
    >>> import numpy as np
    >>> from skpd.signal import Windowizer
    >>> X = np.arange(24.0).reshape(2, 12)
    >>> windowizer = Windowizer(sampling_rate=2, duration=3, overlap=0.5)
    >>> windowizer.fit_transform(X).shape
    (2, 3, 6, 1)
    >>> windows = windowizer.segment(X, y=["no", "yes"], groups=["Ann", "Bea"])
    >>> windows.X.shape
    (6, 6, 1)
    >>> windows.index.assign(y=windows.y, group=windows.groups).tail(3)
       recording  start  stop    y group
    3          1      0     6  yes   Bea
    4          1      3     9  yes   Bea
    5          1      6    12  yes   Bea
    """

    _parameter_constraints: ClassVar[dict] = {
        "sampling_rate": [Interval(Real, 0, None, closed="neither")],
        "duration": [Interval(Real, 0, None, closed="neither")],
        "overlap": [Interval(Real, 0, 1, closed="left")],
        "label": [StrOptions({"majority", "center", "all"})],
        "short": [StrOptions({"raise", "drop"})],
    }

    def __init__(
        self,
        sampling_rate: float,
        duration: float = 4.0,
        overlap: float = 0.5,
        *,
        label: str = "majority",
        short: str = "raise",
    ) -> None:
        self.sampling_rate = sampling_rate
        self.duration = duration
        self.overlap = overlap
        self.label = label
        self.short = short

    @_fit_context(prefer_skip_nested_validation=True)
    def fit(self, X: Any, y: Any = None) -> Windowizer:
        """Check the recordings and compute the window and the step in samples.

        Parameters
        ----------
        X : array-like of shape (n, n_timesteps) or (n, n_timesteps, n_channels), or ragged list
            The recordings, in any unit.
        y : None
            Ignored.

        Returns
        -------
        self : Windowizer
            The transformer itself.

        Raises
        ------
        ValueError
            If the window is shorter than one sample.
        """
        check_recordings(self, X, reset=True, allow_nan=True)
        self.n_samples_, self.step_ = self._lengths()
        return self

    def transform(self, X: Any) -> np.ndarray:
        """Make the windows a new axis.

        Parameters
        ----------
        X : array-like of shape (n, n_timesteps) or (n, n_timesteps, n_channels), or ragged list
            The recordings.

        Returns
        -------
        windows : ndarray of shape (n, n_windows, n_samples, n_channels)
            A read-only view of `X` where `X` is a float64 array: no samples are copied. Ragged recordings give an
            object array of (n_windows_i, n_samples, n_channels) arrays.

        Raises
        ------
        ValueError
            If a recording is shorter than a window and ``short="raise"``.
        """
        check_is_fitted(self)
        recordings = check_recordings(self, X, reset=False, allow_nan=True)
        short = self._find_short(recordings, self.n_samples_)
        if short:
            warnings.warn(
                f"{len(short)} of {len(recordings)} recording(s) are shorter than a window and have none: "
                f"{name_some(short)}.",
                SkippedDataWarning,
                stacklevel=2,
            )
        if isinstance(recordings, list):
            return as_object_array(_view(r[None], self.n_samples_, self.step_)[0] for r in recordings)
        return _view(recordings, self.n_samples_, self.step_)

    def get_feature_names_out(self, input_features: Any = None) -> np.ndarray:
        """Name the channels, which stay as they are.

        Parameters
        ----------
        input_features : sequence of str or None, default=None
            Names of the channels; None numbers them ch0, ch1, ...

        Returns
        -------
        names : ndarray of str objects, shape (n_channels,)
            The same names.
        """
        check_is_fitted(self)
        return np.asarray(name_channels(self, input_features), dtype=object)

    def segment(self, X: Any, y: Any = None, groups: Any = None) -> Windows:
        """Make a table of windows, one row a window.

        It depends on the parameters alone: `fit` is not needed, and the windowizer is not changed.

        Parameters
        ----------
        X : array-like of shape (n, n_timesteps) or (n, n_timesteps, n_channels), or ragged list
            The recordings.
        y : array-like of shape (n,) or (n, n_timesteps), ragged list, or None, default=None
            One label a recording, or one label a sample. None and NaN mean unlabelled: a window with that label is
            left out.
        groups : array-like of shape (n,) or None, default=None
            The group, usually the subject, of each recording.

        Returns
        -------
        windows : Windows
            The windows with `y`, `groups`, `index` and what was `skipped`.

        Raises
        ------
        ValueError
            If lengths do not match, or if a recording is shorter than a window and ``short="raise"``.

        Warns
        -----
        SkippedDataWarning
            Once, with counts, if anything was left out.
        """
        windows = self._segment(check_recordings(clone(self), X, reset=True, allow_nan=True), y, groups)
        if len(windows.skipped):
            warnings.warn(
                f"{windows.describe_skipped()}; the attribute skipped of the result lists them.",
                SkippedDataWarning,
                stacklevel=2,
            )
        return windows

    def _segment(self, recordings: Recordings, y: Any = None, groups: Any = None) -> Windows:
        """Segment checked recordings without a warning."""
        self._validate_params()
        labels, classes = _encode(y, recordings)
        groups = None if groups is None else _check_length("groups", np.asarray(groups), len(recordings))
        n_samples, step = self._lengths()
        short = set(self._find_short(recordings, n_samples))

        kept: list[np.ndarray] = []
        codes: list[np.ndarray] = []
        rows: list[tuple[np.ndarray, ...]] = []
        for i, recording in enumerate(recordings):
            if i in short:
                rows.append(tuple(np.array([value]) for value in (i, 0, len(recording), _SHORT)))
                continue
            starts = np.arange(0, len(recording) - n_samples + 1, step)
            reasons = np.full(len(starts), _KEPT)
            if labels is not None:
                code = self._reduce(labels[i], starts, n_samples, len(classes))
                reasons[code == _NO_LABEL] = _UNLABELLED
                reasons[code == _SEVERAL_LABELS] = _MIXED
            reasons[_counts(np.isnan(recording).any(axis=1), starts, n_samples) > 0] = _GAP
            rows.append((np.full(len(starts), i), starts, starts + n_samples, reasons))
            keep = reasons == _KEPT
            windows = _view(recording[None], n_samples, step)[0]
            kept.append(windows if keep.all() else windows[keep])
            if labels is not None:
                codes.append(code[keep])

        columns = map(np.concatenate, zip(*rows, strict=True))
        table = pd.DataFrame(dict(zip(["recording", "start", "stop", "reason"], columns, strict=True)))
        is_kept = table["reason"] == _KEPT
        index = table.loc[is_kept, ["recording", "start", "stop"]].reset_index(drop=True)
        skipped = table.loc[~is_kept].reset_index(drop=True)
        skipped["reason"] = _REASONS[skipped["reason"]]
        return Windows(
            X=np.concatenate([np.empty((0, n_samples, recordings[0].shape[1])), *kept]),
            y=None if labels is None else classes[np.concatenate([np.empty(0, dtype=np.intp), *codes])],
            groups=None if groups is None else groups[index["recording"].to_numpy()],
            index=index,
            skipped=skipped,
        )

    def _lengths(self) -> tuple[int, int]:
        n_samples = round(self.duration * self.sampling_rate)
        if n_samples < 1:
            raise ValueError(
                f"expected a window of at least one sample, got duration={self.duration:g} s at "
                f"sampling_rate={self.sampling_rate:g} Hz: use a duration of {1 / self.sampling_rate:g} s or more."
            )
        return n_samples, max(1, round(n_samples * (1 - self.overlap)))

    def _find_short(self, recordings: Recordings, n_samples: int) -> list[int]:
        """Positions of the recordings shorter than a window; an error where those are not accepted."""
        short = [i for i, recording in enumerate(recordings) if len(recording) < n_samples]
        if short and self.short == "raise":
            first = recordings[short[0]].shape
            raise ValueError(
                f"expected recordings of at least one window, {n_samples} samples (duration={self.duration:g} s at "
                f"{self.sampling_rate:g} Hz); recording {short[0]} has {first[0]} timestep(s) of {first[1]} feature(s)"
                f"{f', and {len(short) - 1} more are short' if len(short) > 1 else ''}. "
                'Use a shorter duration, or short="drop" to leave them out.'
            )
        return short

    def _reduce(self, codes: np.ndarray, starts: np.ndarray, n_samples: int, n_classes: int) -> np.ndarray:
        """Make one label code a window of the code of its recording or those of its samples."""
        if codes.ndim == 0:
            return np.full(len(starts), codes)
        if self.label == "center":
            return codes[starts + n_samples // 2]
        # The unlabelled come last, so that they lose a tie.
        candidates = np.array([*range(n_classes), _NO_LABEL])
        counts = np.stack([_counts(codes == code, starts, n_samples) for code in candidates], axis=1)
        majority = candidates[counts.argmax(axis=1)]
        if self.label == "all":
            return np.where(counts.max(axis=1) == n_samples, majority, _SEVERAL_LABELS)
        return majority

    def __sklearn_tags__(self):
        tags = super().__sklearn_tags__()
        tags.input_tags.three_d_array = True
        tags.input_tags.allow_nan = True
        return tags


def _view(X: np.ndarray, n_samples: int, step: int) -> np.ndarray:
    """See (n, n_timesteps, n_channels) as (n, n_windows, n_samples, n_channels), read-only."""
    n, n_timesteps, n_channels = X.shape
    if n_timesteps < n_samples:
        return np.empty((n, 0, n_samples, n_channels))
    return np.lib.stride_tricks.sliding_window_view(X, n_samples, axis=1)[:, ::step].swapaxes(2, 3)


def _counts(mask: np.ndarray, starts: np.ndarray, n_samples: int) -> np.ndarray:
    """How many samples of each window the mask marks."""
    total = np.concatenate([[0], np.cumsum(mask)])
    return total[starts + n_samples] - total[starts]


def _label_array(labels: Any) -> np.ndarray:
    """Make an array of labels in which NaN stays NaN, which NumPy would make the text "nan" among texts."""
    return np.asarray(labels) if hasattr(labels, "dtype") else np.array(labels, dtype=object)


def _check_length(what: str, values: np.ndarray, n: int) -> np.ndarray:
    if values.ndim != 1 or len(values) != n:
        raise ValueError(f"expected {what} with one entry for each of {n} recording(s), got shape {values.shape}.")
    return values


def _encode(y: Any, recordings: Recordings) -> tuple[list[np.ndarray] | None, np.ndarray]:
    """Turn labels into codes: for every recording one, or one a sample.

    Returns
    -------
    codes : list of ndarray of shape () or (n_timesteps_i,), or None without labels
    classes : ndarray
        The labels the codes stand for, sorted.
    """
    if y is None:
        return None, np.empty(0)
    per_sample = is_ragged(y) or np.ndim(y) == 2
    if per_sample:
        parts = [_label_array(labels) for labels in (y.to_numpy() if hasattr(y, "to_numpy") else y)]
        lengths, expected = [p.shape for p in parts], [(len(r),) for r in recordings]
        if len(lengths) != len(expected):
            raise ValueError(f"expected y for {len(expected)} recording(s), got {len(lengths)}.")
        for i, (got, want) in enumerate(zip(lengths, expected, strict=True)):
            if got != want:
                raise ValueError(f"expected y of recording {i} with {want[0]} labels, one a sample, got shape {got}.")
        flat = np.concatenate(parts)
    else:
        flat = _check_length("y", _label_array(y), len(recordings))
    missing = pd.isna(flat)
    codes = np.full(len(flat), _NO_LABEL)
    classes, codes[~missing] = np.unique(flat[~missing], return_inverse=True)
    if classes.dtype == object:
        classes = np.array(classes.tolist())
    if not per_sample:
        return list(map(np.asarray, codes)), classes
    return np.split(codes, np.cumsum([len(r) for r in recordings])[:-1]), classes


def name_some(positions: Sequence[int]) -> str:
    """Name the first ten positions in a message."""
    return ", ".join(map(str, positions[:10])) + (", ..." if len(positions) > 10 else "")
