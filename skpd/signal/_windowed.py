"""A classifier of recordings that votes over their windows."""

from __future__ import annotations

import warnings
from typing import Any, ClassVar

import numpy as np
import pandas as pd
import sklearn
from sklearn.base import BaseEstimator, ClassifierMixin, MetaEstimatorMixin, _fit_context, clone
from sklearn.utils import assert_all_finite, column_or_1d, get_tags
from sklearn.utils._param_validation import HasMethods, StrOptions
from sklearn.utils.metadata_routing import MetadataRouter, MethodMapping, process_routing
from sklearn.utils.metaestimators import available_if
from sklearn.utils.multiclass import check_classification_targets
from sklearn.utils.validation import check_is_fitted

from .._recordings import check_recordings
from ..exceptions import SkippedDataWarning
from ._windows import Windowizer, Windows, name_some

__all__ = ["WindowedClassifier"]


def _has_probabilities(self: WindowedClassifier) -> bool:
    return self.vote == "hard" or hasattr(getattr(self, "estimator_", self.estimator), "predict_proba")


class WindowedClassifier(ClassifierMixin, MetaEstimatorMixin, BaseEstimator):
    """Classify recordings by a vote over their windows.

    Recordings go in and one prediction a recording comes out, so cross-validation, scorers and grid searches work on
    recordings unmodified, the length of the window included (``windowizer__duration``), and no window of a test
    recording is ever seen in training.

    Parameters
    ----------
    estimator : classifier
        Fitted on windows of shape (n_windows, n_samples, n_channels) with the label of their recording. Usually an
        imbalanced-learn pipeline that starts with features; its resamplers then see windows of training recordings
        only.
    windowizer : Windowizer
        Cuts the recordings.
    vote : {"soft", "hard"}, default="soft"
        "soft" averages the probabilities of the windows of a recording; "hard" counts the share of its windows that
        were predicted as each class.

    Attributes
    ----------
    classes_ : ndarray of shape (n_classes,)
        All labels seen in `fit`. A class that lost all its windows has probability 0.
    class_prior_ : ndarray of shape (n_classes,)
        Share of each class among the training windows: the answer for a recording without windows.
    estimator_ : classifier
        The fitted classifier of windows.
    windowizer_ : Windowizer
        The fitted windowizer.
    n_windows_ : int
        Number of windows that the classifier was fitted on.
    n_features_in_ : int
        Number of channels seen in `fit`; the number of timesteps for a 2-D `X`.
    feature_names_in_ : ndarray of shape (n_features,)
        Column names seen in `fit`, for a data frame with string columns only.

    See Also
    --------
    Windowizer : Its `segment` makes the table of windows, to score windows instead of recordings.

    Notes
    -----
    A window that touches a gap (NaN) is neither learned from nor predicted. A recording without windows, because all
    of them touch gaps or because it is shorter than one and the windowizer has ``short="drop"``, is left out of `fit`
    and predicted as `class_prior_`; a `SkippedDataWarning` names it both times.

    `predict` is the class of largest probability, of equal ones the first in `classes_`, whatever the vote.

    Metadata given to `fit` with one entry a recording (sample_weight, groups) is repeated for the windows of the
    recording. With metadata routing enabled it goes where `estimator` requests it; otherwise all of it is passed to
    ``estimator.fit``.

    Examples
    --------
    >>> from sklearn.linear_model import LogisticRegression
    >>> from sklearn.pipeline import make_pipeline
    >>> from sklearn.preprocessing import FunctionTransformer
    >>> import numpy as np
    >>> from skpd.signal import WindowedClassifier, Windowizer
    >>> rng = np.random.default_rng(0)
    >>> X = rng.normal(size=(20, 300)) * np.repeat([1, 3], 10)[:, None]
    >>> y = np.repeat(["still", "tremor"], 10)
    >>> spread = FunctionTransformer(lambda windows: windows.std(axis=1))
    >>> model = WindowedClassifier(make_pipeline(spread, LogisticRegression()), Windowizer(sampling_rate=50))
    >>> model.fit(X[::2], y[::2]).score(X[1::2], y[1::2])
    1.0
    >>> model.predict_windows(X[:1]).round(2)
       recording  start  stop prediction  proba_still  proba_tremor
    0          0      0   200      still         0.90          0.10
    1          0    100   300      still         0.88          0.12
    """

    _parameter_constraints: ClassVar[dict] = {
        "estimator": [HasMethods(["fit", "predict"])],
        "windowizer": [Windowizer],
        "vote": [StrOptions({"soft", "hard"})],
    }

    def __init__(self, estimator: Any, windowizer: Windowizer, *, vote: str = "soft") -> None:
        self.estimator = estimator
        self.windowizer = windowizer
        self.vote = vote

    # The parameters of the estimator inside are checked by its own fit.
    @_fit_context(prefer_skip_nested_validation=False)
    def fit(self, X: Any, y: Any, **params: Any) -> WindowedClassifier:
        """Fit the classifier on the windows of recordings.

        Parameters
        ----------
        X : array-like of shape (n, n_timesteps) or (n, n_timesteps, n_channels), or ragged list
            The recordings.
        y : array-like of shape (n,)
            One label a recording. For labels that change within a recording, fit the classifier on the windows of
            `Windowizer.segment`.
        **params : dict
            Metadata for the estimator; what has one entry a recording is repeated for its windows.

        Returns
        -------
        self : WindowedClassifier
            The fitted classifier.

        Raises
        ------
        ValueError
            If lengths do not match, if no recording has a window, or if the vote is soft and the estimator has no
            probabilities.
        """
        recordings = check_recordings(self, X, reset=True, allow_nan=True)
        y = self._check_labels(y, len(recordings))
        if not hasattr(self.estimator, "predict_proba") and self.vote == "soft":
            raise ValueError(
                f'expected an estimator with predict_proba for vote="soft", {type(self.estimator).__name__} has none: '
                'use vote="hard".'
            )
        self.windowizer_ = clone(self.windowizer).fit(recordings)
        windows = self.windowizer_._segment(recordings, y)
        if not len(windows.X):
            raise ValueError(
                f"expected at least one window to fit on, none of the {len(recordings)} recording(s) has one: "
                "use a shorter windowizer duration, or recordings with fewer gaps."
            )
        _report(windows, len(recordings), "left out of fit")
        if sklearn.get_config()["enable_metadata_routing"]:
            params = process_routing(self, "fit", **params).estimator.fit
        recording = windows.index["recording"].to_numpy()
        expanded = {name: _expand(name, value, len(recordings), recording) for name, value in params.items()}

        self.classes_ = np.unique(y)
        self.class_prior_ = np.bincount(self._encode(windows.y), minlength=len(self.classes_)) / len(windows.X)
        self.n_windows_ = len(windows.X)
        self.estimator_ = clone(self.estimator).fit(windows.X, windows.y, **expanded)
        return self

    def predict(self, X: Any) -> np.ndarray:
        """Predict the class of each recording.

        Parameters
        ----------
        X : array-like of shape (n, n_timesteps) or (n, n_timesteps, n_channels), or ragged list
            The recordings.

        Returns
        -------
        labels : ndarray of shape (n,)
            The class of largest probability.
        """
        proba = self._vote(X)
        return self.classes_[proba.argmax(axis=1)]

    @available_if(_has_probabilities)
    def predict_proba(self, X: Any) -> np.ndarray:
        """Average the probabilities, or count the votes, of the windows of each recording.

        Parameters
        ----------
        X : array-like of shape (n, n_timesteps) or (n, n_timesteps, n_channels), or ragged list
            The recordings.

        Returns
        -------
        proba : ndarray of shape (n, n_classes)
            Columns in the order of `classes_`.
        """
        return self._vote(X)

    def predict_windows(self, X: Any) -> pd.DataFrame:
        """Predict every window: the timeline of each recording.

        Parameters
        ----------
        X : array-like of shape (n, n_timesteps) or (n, n_timesteps, n_channels), or ragged list
            The recordings.

        Returns
        -------
        timeline : DataFrame
            One row a window: recording (position in `X`), start and stop (samples, half open), prediction, and one
            column proba_<class> for every class where the estimator has probabilities.
        """
        windows, n = self._segment(X)
        _report(windows, n, "absent from the timeline")
        timeline = windows.index.copy()
        timeline["prediction"] = self._predict_each(windows.X)
        if hasattr(self.estimator_, "predict_proba"):
            timeline[[f"proba_{label}" for label in self.classes_]] = self._predict_proba_each(windows.X)
        return timeline

    def get_metadata_routing(self) -> MetadataRouter:
        """Tell where metadata goes.

        Returns
        -------
        routing : MetadataRouter
            Routes the metadata of `fit` to ``estimator.fit``.
        """
        return (
            MetadataRouter(owner=self)
            .add_self_request(self)
            .add(estimator=self.estimator, method_mapping=MethodMapping().add(caller="fit", callee="fit"))
        )

    def _check_labels(self, y: Any, n: int) -> np.ndarray:
        name = type(self).__name__
        if y is None:
            raise ValueError(f"{name} requires y to be passed, but the target y is None.")
        y = column_or_1d(y, warn=True)
        assert_all_finite(y, input_name="y", estimator_name=name)
        check_classification_targets(y)
        if len(y) != n:
            raise ValueError(f"{name} expected y with one label for each of {n} recording(s), got {len(y)}.")
        return y

    def _encode(self, labels: np.ndarray) -> np.ndarray:
        return np.searchsorted(self.classes_, labels)

    def _segment(self, X: Any) -> tuple[Windows, int]:
        check_is_fitted(self)
        recordings = check_recordings(self, X, reset=False, allow_nan=True)
        return self.windowizer_._segment(recordings), len(recordings)

    def _predict_each(self, X: np.ndarray) -> np.ndarray:
        """Predict windows, of which there may be none."""
        return self.estimator_.predict(X) if len(X) else self.classes_[:0]

    def _predict_proba_each(self, X: np.ndarray) -> np.ndarray:
        """Predict the probabilities of windows, with a column for each of `classes_`."""
        proba = np.zeros((len(X), len(self.classes_)))
        if len(X):
            proba[:, self._encode(self.estimator_.classes_)] = self.estimator_.predict_proba(X)
        return proba

    def _vote(self, X: Any) -> np.ndarray:
        windows, n = self._segment(X)
        _report(windows, n, "predicted as the class shares of training")
        recording = windows.index["recording"].to_numpy()
        if self.vote == "soft":
            ballots = self._predict_proba_each(windows.X)
        else:
            ballots = np.eye(len(self.classes_))[self._encode(self._predict_each(windows.X))]
        counts = np.bincount(recording, minlength=n)[:, None]
        sums = np.zeros((n, len(self.classes_)))
        np.add.at(sums, recording, ballots)
        return np.where(counts > 0, sums / np.maximum(counts, 1), self.class_prior_)

    def __sklearn_tags__(self):
        tags = super().__sklearn_tags__()
        inner = get_tags(self.estimator)
        if inner.classifier_tags is not None:
            tags.classifier_tags = inner.classifier_tags
        tags.input_tags.three_d_array = True
        tags.input_tags.allow_nan = True
        return tags


def _report(windows: Windows, n: int, fate: str) -> None:
    """Warn once about windows that were left out and what becomes of recordings that have none."""
    if not len(windows.skipped):
        return
    message = windows.describe_skipped()
    without = np.setdiff1d(np.arange(n), windows.index["recording"])
    if len(without):
        message += f"; {len(without)} of {n} recording(s) without a window are {fate}: {name_some(without.tolist())}"
    warnings.warn(f"{message}.", SkippedDataWarning, stacklevel=4)


def _expand(name: str, value: Any, n: int, recording: np.ndarray) -> Any:
    """Repeat what has one entry a recording for the windows of the recording."""
    is_array = isinstance(value, (list, tuple)) or (hasattr(value, "__array__") and np.ndim(value) > 0)
    if is_array and len(value) == n:
        return value.iloc[recording] if hasattr(value, "iloc") else np.asarray(value)[recording]
    if is_array and name.rpartition("__")[2] in {"sample_weight", "groups"}:
        raise ValueError(f"expected {name} with one entry for each of {n} recording(s), got {len(value)}.")
    return value
