"""Predictions of people held out, fold by fold, and the scores that go on a model's card."""

from __future__ import annotations

import warnings
from typing import Any

import numpy as np
import pandas as pd
from sklearn.base import clone
from sklearn.pipeline import Pipeline
from sklearn.utils.parallel import Parallel, delayed

from .._recordings import is_ragged
from ..metrics import subject_bootstrap
from ..model_selection import PROTOCOLS
from ..signal import WindowedClassifier
from ..studies._people import fit_parameters

__all__ = ["hold_out_predictions", "score_predictions"]


def hold_out_predictions(
    estimator: Any,
    X: Any,
    y: np.ndarray,
    groups: np.ndarray,
    *,
    protocol: str,
    n_splits: int,
    seed: int,
    n_jobs: int | None = None,
) -> pd.DataFrame:
    """Predict everybody by models that were fitted without them.

    Parameters
    ----------
    estimator : estimator
        Cloned for every fold.
    X, y, groups
        Recordings, drawings or pen trajectories, their labels and subjects.
    protocol : str
        One of `PROTOCOLS` that does not leak.
    n_splits : int
        Folds.
    seed : int
        Of the folds.
    n_jobs : int or None, default=None
        Processes, a fold each.

    Returns
    -------
    predictions : DataFrame
        One row a row of `X`, and for classifiers of windows one a window: unit, fold, row, subject, y_true, y_pred and
        one column proba_<class> a class.
    """
    folds = PROTOCOLS[protocol].folds(estimator, X, y, groups, n_splits=n_splits, random_state=seed)
    classes = np.unique(y)
    frames = Parallel(n_jobs=n_jobs)(
        delayed(_predict_fold)(number, fold, groups, classes, _unit(X, estimator)) for number, fold in enumerate(folds)
    )
    return pd.concat(frames, ignore_index=True)


def _unit(X: Any, estimator: Any) -> str:
    if _windowed(estimator) is not None or is_ragged(X):
        return "recording"
    return "drawing" if np.ndim(X) == 4 else "row"


def _windowed(estimator: Any) -> WindowedClassifier | None:
    last = estimator.steps[-1][1] if isinstance(estimator, Pipeline) else estimator
    return last if isinstance(last, WindowedClassifier) else None


def _predict_fold(number: int, fold: Any, groups: np.ndarray, classes: np.ndarray, unit: str) -> pd.DataFrame:
    model = clone(fold.estimator)
    model.fit(fold.X_train, fold.y_train, **fit_parameters(model, groups[fold.train_rows]))
    proba = np.zeros((len(fold.test_rows), len(classes)))
    # A class that the training fold lacked has probability zero.
    proba[:, np.searchsorted(classes, model.classes_)] = model.predict_proba(fold.X_test)
    frames = [_frame(unit, number, fold.test_rows, fold.y_test, groups, classes, proba)]
    windowed = _windowed(model)
    if windowed is not None:
        with warnings.catch_warnings():
            # What the prediction of recordings has said already.
            warnings.simplefilter("ignore")
            timeline = windowed.predict_windows(model[:-1].transform(fold.X_test))
        at = timeline["recording"].to_numpy()
        columns = [f"proba_{label}" for label in model.classes_]
        proba = np.zeros((len(timeline), len(classes)))
        proba[:, np.searchsorted(classes, model.classes_)] = timeline[columns].to_numpy()
        frames.append(_frame("window", number, fold.test_rows[at], fold.y_test[at], groups, classes, proba))
    return pd.concat(frames, ignore_index=True)


def _frame(
    unit: str, fold: int, rows: np.ndarray, y: np.ndarray, groups: np.ndarray, classes: np.ndarray, proba: np.ndarray
) -> pd.DataFrame:
    frame = pd.DataFrame({"unit": unit, "fold": fold, "row": rows, "subject": groups[rows], "y_true": y})
    frame["y_pred"] = classes[proba.argmax(axis=1)]
    frame[[f"proba_{label}" for label in classes.tolist()]] = proba
    return frame


def score_predictions(predictions: pd.DataFrame, classes: np.ndarray, *, seed: int) -> pd.DataFrame:
    """Score every unit, and subjects where each has one label, with 95 % intervals over subjects.

    Parameters
    ----------
    predictions : DataFrame
        As `hold_out_predictions` returns it.
    classes : ndarray
        All classes.
    seed : int
        Of the bootstrap.

    Returns
    -------
    scores : DataFrame
        unit, metric, value, low, high, n, n_subjects.
    """
    columns = [f"proba_{label}" for label in classes.tolist()]
    units = dict(iter(predictions.groupby("unit", sort=False)))
    first = next(iter(units.values()))
    by_subject = first.groupby("subject", sort=False)
    if (by_subject["y_true"].nunique() == 1).all() and by_subject.ngroups < len(first):
        merged = by_subject[[*columns, "fold"]].mean().assign(y_true=by_subject["y_true"].first()).reset_index()
        merged["y_pred"] = classes[merged[columns].to_numpy().argmax(axis=1)]
        units["subject"] = merged
    tables = []
    for unit, frame in units.items():
        scored = subject_bootstrap(
            frame["y_true"],
            frame["y_pred"],
            frame["subject"],
            y_score=frame[columns].to_numpy(),
            labels=classes,
            folds=frame["fold"].to_numpy(),
            n_resamples=500,
            random_state=seed,
        )
        table = scored.rename(columns={"estimate": "value"})[["value", "low", "high"]].reset_index()
        table.insert(0, "unit", unit)
        tables.append(table.assign(n=len(frame), n_subjects=frame["subject"].nunique()))
    return pd.concat(tables, ignore_index=True)
