"""Tremor severity from a wrist accelerometer, after AlMahadin et al. (2022).

The published order is: vector magnitude, three Butterworth bands, 4 s windows with half overlap, 34 features a band, a
resampler, a classifier. The paper leaves the filter's order, the scaler and the treatment of undefined features open;
the choices here are ours: order 4 and zero phase, standardisation, the median of the training windows.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from os import PathLike
from typing import Any

import numpy as np
import pandas as pd
from imblearn.pipeline import Pipeline as SamplerPipeline
from sklearn.base import clone
from sklearn.dummy import DummyClassifier
from sklearn.ensemble import HistGradientBoostingClassifier, RandomForestClassifier
from sklearn.impute import SimpleImputer
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import Pipeline, make_pipeline
from sklearn.preprocessing import StandardScaler

from ..features import TremorFeatures
from ..neural import KerasMLPClassifier
from ..resampling import tremor_resamplers
from ..signal import TremorBandFilter, VectorMagnitude, WindowedClassifier, Windowizer
from ..signal._windows import name_some

__all__ = [
    "BASELINES",
    "ROADS",
    "TREMOR_CLASSIFIERS",
    "WindowTable",
    "make_signal_road",
    "make_tremor_recipe",
    "make_window_classifier",
    "make_window_table",
]

#: How three axes become tremor signals.
ROADS = ("magnitude", "principal-axis", "per-axis")

#: Those of `TREMOR_CLASSIFIERS` that learn nothing but the class shares.
BASELINES = ("majority", "chance")

#: Classifiers of the window table by name: the two of the paper; of the more that it leaves to future work a linear
#: one, which shows what the features say by themselves, and boosted trees, the usual best on tables; two baselines.
#: Nearest neighbours and kernels are left out: with balanced classes of a hundred thousand windows they take hours.
TREMOR_CLASSIFIERS: dict[str, Callable[[int | None], Any]] = {
    "random-forest": lambda seed: RandomForestClassifier(
        n_estimators=100, criterion="gini", bootstrap=True, oob_score=True, random_state=seed
    ),
    "mlp": lambda seed: KerasMLPClassifier(random_state=seed),
    "logistic-regression": lambda seed: LogisticRegression(max_iter=2000),
    # Stopping early would watch windows that overlap those it learns from, or were made from them.
    "gradient-boosting": lambda seed: HistGradientBoostingClassifier(early_stopping=False, random_state=seed),
    "majority": lambda seed: DummyClassifier(strategy="most_frequent"),
    "chance": lambda seed: DummyClassifier(strategy="stratified", random_state=seed),
}


@dataclass(frozen=True)
class WindowTable:
    """Windows as rows: the table that window-level cross-validation works on.

    Attributes
    ----------
    X : DataFrame of shape (n_windows, n_features)
        Features, not yet imputed or scaled.
    y : ndarray of shape (n_windows,)
        Labels.
    groups : ndarray of shape (n_windows,)
        Subjects.
    index : DataFrame
        `recording`, `start`, `stop` (samples) of each window.
    skipped : DataFrame
        Windows and recordings that were left out, with the reason.
    """

    X: pd.DataFrame
    y: np.ndarray
    groups: np.ndarray
    index: pd.DataFrame
    skipped: pd.DataFrame


def make_signal_road(
    sampling_rate: float, *, road: str = "magnitude", bands: dict | None = None, zero_phase: bool = True
) -> Pipeline:
    """Make the transformer from raw axes to band-passed tremor signals.

    Parameters
    ----------
    sampling_rate : float
        Samples a second, in Hz.
    road : {"magnitude", "principal-axis", "per-axis"}, default="magnitude"
        - "magnitude": the published one, orientation-free but nonlinear: tremor at right angles to gravity shows at
          twice its frequency;
        - "principal-axis": band-pass every axis, then keep the direction in which each band moves most;
        - "per-axis": band-pass every axis and keep them all.
    bands : dict of str to (float, float) or None, default=None
        Edges in Hz by name; None for the published 3-6, 6-9 and 9-12 Hz.
    zero_phase : bool, default=True
        Forward-backward filtering, which needs the whole recording, instead of causal filtering.

    Returns
    -------
    road : Pipeline
        ``(n, n_timesteps, 3)`` in, ``(n, n_timesteps, n_signals)`` out.

    Raises
    ------
    ValueError
        If `road` is unknown.

    Examples
    --------
    >>> from skpd.datasets import make_tremor_recordings
    >>> from skpd.recipes import make_signal_road
    >>> recordings = make_tremor_recordings(n_subjects=5, random_state=0)
    >>> make_signal_road(recordings.sampling_rate).fit_transform(recordings.data).shape[2]
    3
    """
    if road not in ROADS:
        raise ValueError(f"road: expected one of {', '.join(map(repr, ROADS))}, got {road!r}.")
    combine = "principal_axis" if road == "principal-axis" else None
    bandpass = TremorBandFilter(sampling_rate, bands, zero_phase=zero_phase, combine=combine)
    return make_pipeline(VectorMagnitude(), bandpass) if road == "magnitude" else make_pipeline(bandpass)


def make_window_classifier(
    resampler: str | Any = "none",
    classifier: str | Any = "random-forest",
    *,
    random_state: int | None = None,
) -> SamplerPipeline:
    """Make the pipeline from window features to classes: imputer, scaler, resampler, classifier.

    Parameters
    ----------
    resampler : str or sampler, default="none"
        A name of `skpd.resampling.tremor_resamplers`, or any imbalanced-learn sampler.
    classifier : str or classifier, default="random-forest"
        A name of `TREMOR_CLASSIFIERS`, or any classifier. The published ones are "random-forest" (100 trees, Gini,
        out-of-bag score) and "mlp" (`skpd.neural.KerasMLPClassifier` with its defaults; loads TensorFlow when it is
        fitted).
    random_state : int or None, default=None
        Seed of the resampler and of a classifier given by name.

    Returns
    -------
    pipeline : imblearn.pipeline.Pipeline
        Steps "imputer", "scaler", "resampler", "classifier"; everything is fitted on training rows only. A classifier
        that has a parameter `sampler`, as "mlp" has, takes the resampler in there, and there is no step "resampler".

    Raises
    ------
    ValueError
        If a name is unknown, or the classifier has a sampler already.

    Notes
    -----
    A network that stops early must set the rows that it watches aside before any are made up: made rows belong to
    nobody, and may be made from the rows watched. Give the people to `fit` as ``classifier__groups``, or it watches
    windows of the people that it is trained on.

    Examples
    --------
    >>> from skpd.recipes import make_window_classifier
    >>> list(make_window_classifier("SMOTE", random_state=0).named_steps)
    ['imputer', 'scaler', 'resampler', 'classifier']
    """
    if isinstance(resampler, str):
        resampler = _by_name("resampler", resampler, tremor_resamplers(random_state))
    if isinstance(classifier, str):
        classifier = _by_name("classifier", classifier, TREMOR_CLASSIFIERS)(random_state)
    resampler = resampler if isinstance(resampler, str) else clone(resampler)
    classifier = clone(classifier)
    steps: list[tuple[str, Any]] = [
        # A feature that is undefined in every training window stays a column, so that folds keep one width.
        ("imputer", SimpleImputer(strategy="median", keep_empty_features=True)),
        ("scaler", StandardScaler()),
    ]
    inside = classifier.get_params(deep=False)
    if "sampler" not in inside:
        steps.append(("resampler", resampler))
    elif inside["sampler"] is None:
        classifier.set_params(sampler=None if isinstance(resampler, str) else resampler)
    elif not isinstance(resampler, str):
        raise ValueError(
            f"resampler: expected 'none' for a classifier with a sampler of its own, got {resampler!r} and "
            f"{inside['sampler']!r}: give one of them."
        )
    return SamplerPipeline([*steps, ("classifier", classifier)])


def make_tremor_recipe(
    *,
    sampling_rate: float,
    resampler: str | Any = "none",
    classifier: str | Any = "random-forest",
    road: str = "magnitude",
    bands: dict | None = None,
    duration: float = 4.0,
    overlap: float = 0.5,
    vote: str = "soft",
    random_state: int | None = None,
) -> Pipeline:
    """Tremor severity from a wrist accelerometer (AlMahadin et al., 2022).

    Parameters
    ----------
    sampling_rate : float
        Samples a second, in Hz.
    resampler, classifier : str or estimator
        As in `make_window_classifier`.
    road, bands : str, dict or None
        As in `make_signal_road`.
    duration : float, default=4.0
        Length of a window in seconds.
    overlap : float, default=0.5
        Share of a window that the next one repeats.
    vote : {"soft", "hard"}, default="soft"
        How the windows of a recording are put together.
    random_state : int or None, default=None
        Seed of the resampler and of a classifier given by name.

    Returns
    -------
    pipeline : Pipeline
        Recordings in, one severity a recording out.

    References
    ----------
    .. [1] AlMahadin, Lotfi, McCarthy & Breedon, "Enhanced Parkinson's disease tremor severity classification
       by combining signal processing with resampling techniques", SN Computer Science 3, 2022.
       doi:10.1007/s42979-021-00953-6.

    Examples
    --------
    >>> from skpd.datasets import make_tremor_recordings
    >>> from skpd.recipes import make_recipe
    >>> recordings = make_tremor_recordings(n_subjects=6, random_state=0)
    >>> recipe = make_recipe("tremor", sampling_rate=recordings.sampling_rate, resampler="SMOTE", random_state=0)
    >>> recipe.fit(recordings.data, recordings.target).predict(recordings.data).shape == recordings.target.shape
    True
    """
    signal_road = make_signal_road(sampling_rate, road=road, bands=bands)
    on_windows = SamplerPipeline(
        [
            ("features", TremorFeatures(sampling_rate)),
            *make_window_classifier(resampler, classifier, random_state=random_state).steps,
        ]
    )
    windowed = WindowedClassifier(on_windows, Windowizer(sampling_rate, duration, overlap), vote=vote)
    return make_pipeline(*(step for _, step in signal_road.steps), windowed)


def make_window_table(
    X: Any,
    y: Any,
    groups: Any,
    *,
    sampling_rate: float,
    road: str = "magnitude",
    bands: dict | None = None,
    duration: float = 4.0,
    overlap: float = 0.5,
    n_jobs: int | None = None,
) -> WindowTable:
    """Turn recordings into the table of windows and features that a study cross-validates.

    Nothing in it is fitted: every row depends on its own recording alone, so the table can be made once, before any
    split, without leaking.

    Parameters
    ----------
    X : array-like of shape (n, n_timesteps, 3) or ragged list
        Recordings.
    y : array-like of shape (n,)
        One label a recording.
    groups : array-like of shape (n,)
        One subject a recording.
    sampling_rate : float
        Samples a second, in Hz.
    road, bands : str, dict or None
        As in `make_signal_road`.
    duration : float, default=4.0
        Length of a window in seconds.
    overlap : float, default=0.5
        Share of a window that the next one repeats.
    n_jobs : int or None, default=None
        Threads of the feature engine.

    Returns
    -------
    table : WindowTable
        Features by name with labels, subjects and the place of each window.

    Raises
    ------
    ValueError
        If no recording has a window: each is shorter than one, or all of its windows touch a gap.
    TypeError
        If `X` is the path of a file.

    Examples
    --------
    >>> from skpd.datasets import make_tremor_recordings
    >>> from skpd.recipes import make_window_table
    >>> recordings = make_tremor_recordings(n_subjects=5, random_state=0)
    >>> table = make_window_table(
    ...     recordings.data, recordings.target, recordings.groups, sampling_rate=recordings.sampling_rate
    ... )
    >>> table.X.shape[1]
    102
    >>> table.X.columns[0]
    'rest_3_6hz__above_mean'
    """
    _refuse_paths(X)
    signal_road = make_signal_road(sampling_rate, road=road, bands=bands)
    signals = signal_road.fit_transform(X)
    names = list(signal_road[-1].get_feature_names_out())
    windows = Windowizer(sampling_rate, duration, overlap, short="drop").segment(signals, y, groups)
    if not len(windows.X):
        raise ValueError(
            f"X: expected at least one whole window, got none in recording(s) {name_some(range(len(signals)))} "
            f"({windows.describe_skipped()}): use a shorter duration, or recordings with fewer gaps."
        )
    features = TremorFeatures(sampling_rate, channel_names=names, n_jobs=n_jobs).set_output(transform="pandas")
    return WindowTable(
        features.fit_transform(windows.X),
        np.asarray(windows.y),
        np.asarray(windows.groups),
        windows.index,
        windows.skipped,
    )


def _refuse_paths(X: Any) -> None:
    """Refuse the names of files, which are not the recordings in them."""
    first = X[0] if isinstance(X, (list, tuple)) and X else X
    if isinstance(first, (str, PathLike)):
        raise TypeError(
            f"X: expected recordings, got the path {str(first)!r}: read it first, a table for example by "
            "skpd.datasets.load_csv_recordings, and pass the data that it returns."
        )


def _by_name(parameter: str, name: str, known: dict[str, Any]) -> Any:
    if name not in known:
        raise ValueError(f"{parameter}: expected one of {', '.join(map(repr, known))}, got {name!r}.")
    return known[name]
