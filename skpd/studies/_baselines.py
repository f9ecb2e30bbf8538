"""What it is worth to know the person alone."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np
import pandas as pd

from ..model_selection import PROTOCOLS
from ..recipes import BASELINES

__all__ = ["ALL_BASELINES", "SUBJECT_BASELINES", "subject_baseline"]

#: Baselines that know the person and no signal.
SUBJECT_BASELINES = ("subject-mode", "subject-mean")

#: Every classifier that stands in a table for comparison only.
ALL_BASELINES = (*BASELINES, *SUBJECT_BASELINES)


def subject_baseline(predictions: pd.DataFrame, rows: pd.DataFrame, classes: np.ndarray, name: str) -> pd.DataFrame:
    """Predict each held-out row from the labels of its subject's training rows.

    Parameters
    ----------
    predictions : DataFrame
        Predictions of a study; who is in which fold is read from them.
    rows : DataFrame
        One row a row of the table: y, subject, recording.
    classes : ndarray of shape (n_classes,)
        The classes of the problem, sorted.
    name : {"subject-mode", "subject-mean"}
        The baseline.

    Returns
    -------
    baseline : DataFrame
        Rows like those of `predictions`, with the resampler "none" and the baseline as classifier.
    """
    if name not in SUBJECT_BASELINES:
        raise ValueError(f"name: expected one of {', '.join(map(repr, SUBJECT_BASELINES))}, got {name!r}.")
    if name == "subject-mean" and classes.dtype.kind not in "biuf":
        raise ValueError(f'name: labels {classes.tolist()[:5]} have no mean: use "subject-mode".')
    y, (subject, people) = rows["y"].to_numpy(), pd.factorize(rows["subject"])
    codes = pd.Index(classes).get_indexer(y)
    frames = []
    for (protocol, seed, fold), tested in _folds(predictions, len(rows)):
        training = np.ones(len(rows), dtype=bool)
        training[tested] = False
        # Labels of the training rows: of each person, and of all for those who have none there.
        counts = np.zeros((len(people), len(classes)))
        np.add.at(counts, (subject[training], codes[training]), 1)
        counts[counts.sum(axis=1) == 0] = counts.sum(axis=0)
        shares = (counts / counts.sum(axis=1, keepdims=True))[subject[tested]]
        frame = pd.DataFrame({"row": tested, "y_true": y[tested]})
        if name == "subject-mean":
            means = shares @ classes.astype(np.float64)
            # A mean has no probabilities of classes, so it has no AUC; larger units take the vote of its rows.
            frame["y_pred"] = classes[np.abs(means[:, None] - classes).argmin(axis=1)]
            shares = np.full_like(shares, np.nan)
        else:
            frame["y_pred"] = classes[shares.argmax(axis=1)]
        frame[[f"proba_{label}" for label in classes.tolist()]] = shares
        place = {"protocol": protocol, "resampler": "none", "classifier": name, "seed": seed, "fold": fold}
        frames.append(frame.assign(**place, subject=rows["subject"].to_numpy()[tested]))
        frames[-1]["recording"] = rows["recording"].to_numpy()[tested]
    return pd.concat(frames, ignore_index=True) if frames else predictions.iloc[:0]


def _folds(predictions: pd.DataFrame, n_rows: int) -> Iterator[tuple[Any, np.ndarray]]:
    """Yield (protocol, seed, fold) and the rows of the table that were tested in it."""
    real = predictions[predictions["row"] >= 0]
    for protocol, frame in real.groupby("protocol", sort=False):
        if PROTOCOLS[protocol].resample_first:
            # Only where the resampler left the table as it was are all other rows the training rows.
            made = predictions[predictions["protocol"] == protocol]
            candidate = made.groupby(["resampler", "classifier", "seed"])["row"].transform
            whole = (candidate("nunique") == n_rows) & (candidate("min") >= 0) & (candidate("size") == n_rows)
            frame = made[whole]
        for key, one in frame.groupby(["seed", "fold"], sort=True):
            # Every configuration of a protocol has the same folds.
            yield (protocol, *key), np.unique(one["row"].to_numpy(dtype=int))
