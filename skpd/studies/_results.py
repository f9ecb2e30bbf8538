"""The results of a study: predictions of rows held out, and every table derived from them."""

from __future__ import annotations

from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from ..metrics import classification_summary, subject_bootstrap
from ..model_selection import PROTOCOLS
from ._store import ResultsFolder

__all__ = ["StudyResults", "load_results"]

_CONFIGURATION = ["protocol", "resampler", "classifier"]


def load_results(folder: str | Path) -> StudyResults:
    """Open a results folder.

    Parameters
    ----------
    folder : str or Path
        What `run_study` or ``skpd study ... --out`` wrote. The study may be unfinished.

    Returns
    -------
    results : StudyResults
        What is finished.

    Raises
    ------
    FileNotFoundError
        If there is no study in the folder.
    """
    opened = ResultsFolder(folder)
    opened.manifest()
    return StudyResults(opened)


class StudyResults:
    """What a study found.

    Only predictions are stored; scores are computed from them, so that a new metric, another unit or another interval
    needs no new fit.

    Parameters
    ----------
    folder : ResultsFolder
        Where the cells are. Use `load_results` or `run_study` instead of the constructor.
    names : list of str or None, default=None
        The cells to read, in this order; None for all of them, and of a cell that was run with several settings the
        latest.

    Attributes
    ----------
    manifest : dict
        What was studied: dataset, recipe, unit of the rows, folds, classes.
    cells : DataFrame
        One row a finished fold: configuration, parameters, counts, times, versions, warnings.
    failures : DataFrame
        The cells that raised, with their traceback in `error`.
    predictions : DataFrame
        One row a tested row: configuration, seed, fold, row (-1: made by a resampler), subject, recording, y_true,
        y_pred and one column `proba_<class>` a class.
    """

    def __init__(self, folder: ResultsFolder, *, names: list[str] | None = None) -> None:
        self.manifest = folder.manifest()
        stored = {name: (record, frame) for name, record, frame in folder.cells()}
        if names is None:
            # A cell's name ends in a digest of its settings.
            names = list({name.rpartition("~")[0]: name for name in stored}.values())
        records, frames = [], []
        for record, frame in (stored[name] for name in names if name in stored):
            records.append(record)
            if "error" not in record and frame is not None:
                frames.append(frame.assign(**{k: record[k] for k in (*_CONFIGURATION, "seed", "fold")}))
        everything = pd.DataFrame(records)
        failed = everything["error"].notna() if "error" in everything else np.zeros(len(everything), dtype=bool)
        self.cells = everything[~failed].drop(columns="error", errors="ignore").reset_index(drop=True)
        self.failures = everything[failed].reset_index(drop=True)
        self._rows = folder.rows()
        self.predictions = _with_people(frames, self._rows)

    @cached_property
    def classes(self) -> np.ndarray:
        """The classes of the whole problem, whatever a fold held."""
        return np.asarray(self.manifest["classes"])

    @cached_property
    def units(self) -> list[str]:
        """The units that can be scored: the row of the table, and larger ones of which each has one label."""
        units = [self.manifest["unit"]]
        for unit in ("recording", "subject"):
            members = self._rows.groupby(unit)["y"]
            if (members.nunique() == 1).all():
                # One recording a subject: the same scores twice, so the larger unit takes the place of the smaller.
                same = len(units) > 1 and members.ngroups == self._n_units(units[-1])
                units = [*(units[:-1] if same else units), unit]
        return list(dict.fromkeys(units))

    def _n_units(self, unit: str) -> int:
        return len(self._rows) if unit == self.manifest["unit"] else self._rows[unit].nunique()

    def predicted(self, unit: str | None = None) -> pd.DataFrame:
        """Predictions of one unit.

        Parameters
        ----------
        unit : str or None, default=None
            One of `units`; None for the row of the table. A larger unit takes the mean of the probabilities of its
            rows (of the votes, where a classifier has no probabilities) and exists for subject-wise protocols only:
            elsewhere its rows are on both sides of the split.

        Returns
        -------
        predictions : DataFrame
            As the attribute `predictions`, one row a unit.

        Raises
        ------
        ValueError
            If the unit is unknown or does not fit the data.
        """
        unit = unit or self.manifest["unit"]
        if unit not in self.units:
            raise ValueError(f"unit: expected one of {', '.join(map(repr, self.units))}, got {unit!r}.")
        if unit == self.manifest["unit"]:
            return self.predictions
        sound = [name for name, protocol in PROTOCOLS.items() if not protocol.leaks]
        frame = self.predictions[self.predictions["protocol"].isin(sound)]
        columns = [f"proba_{label}" for label in self.classes.tolist()]
        votes = (frame["y_pred"].to_numpy()[:, None] == self.classes).astype(float)
        scores = frame.reindex(columns=columns).to_numpy(dtype=float)
        frame = frame.assign(**dict(zip(columns, np.where(np.isnan(scores), votes, scores).T, strict=True)))
        keys = [*_CONFIGURATION, "seed", "fold", "subject"] + (["recording"] if unit == "recording" else [])
        pooled = frame.groupby(keys, sort=False, observed=True)
        merged = pooled[columns].mean().assign(y_true=pooled["y_true"].first()).reset_index()
        merged["y_pred"] = self.classes[merged[columns].to_numpy().argmax(axis=1)]
        return merged

    def scores(
        self, unit: str | None = None, *, n_resamples: int = 500, confidence_level: float = 0.95, random_state: int = 0
    ) -> pd.DataFrame:
        """Score every configuration on its held-out predictions, all folds together (the AUC within folds).

        Parameters
        ----------
        unit : str or None, default=None
            One of `units`.
        n_resamples : int, default=500
            Resamples of the bootstrap over subjects; 0 for no intervals.
        confidence_level : float, default=0.95
            Of the intervals.
        random_state : int, default=0
            Seed of the bootstrap.

        Returns
        -------
        scores : DataFrame
            Tidy: dataset, recipe, unit, protocol, resampler, classifier, metric, value, low, high, n, n_subjects. With
            several seeds, value and bounds are means over them. Where a resampler made test rows the bounds are nan:
            nobody stands behind such a row.
        """
        unit = unit or self.manifest["unit"]
        rows = []
        for key, frame in self.predicted(unit).groupby(_CONFIGURATION, sort=False):
            per_seed = [
                self._score(one, n_resamples, confidence_level, random_state) for _, one in frame.groupby("seed")
            ]
            mean = pd.concat(per_seed).groupby(level=0, sort=False).mean()
            for metric, line in mean.iterrows():
                rows.append((*key, metric, *line))
        frame = pd.DataFrame(rows, columns=[*_CONFIGURATION, "metric", "value", "low", "high", "n", "n_subjects"])
        for position, name in enumerate(("dataset", "recipe")):
            frame.insert(position, name, self.manifest[name])
        frame.insert(2, "unit", unit)
        return frame

    def _score(self, frame: pd.DataFrame, n_resamples: int, level: float, seed: int) -> pd.DataFrame:
        y_true, y_pred = frame["y_true"].to_numpy(), frame["y_pred"].to_numpy()
        columns = [f"proba_{label}" for label in self.classes.tolist()]
        y_score = frame[columns].to_numpy(dtype=float) if set(columns) <= set(frame.columns) else None
        if y_score is not None and np.isnan(y_score).any():
            y_score = None
        options: dict[str, Any] = {"y_score": y_score, "labels": self.classes, "folds": frame["fold"].to_numpy()}
        if n_resamples and frame["subject"].notna().all():
            scored = subject_bootstrap(
                y_true,
                y_pred,
                frame["subject"].to_numpy(),
                **options,
                n_resamples=n_resamples,
                confidence_level=level,
                random_state=seed,
            ).rename(columns={"estimate": "value"})[["value", "low", "high"]]
        else:
            values = classification_summary(y_true, y_pred, **options)
            scored = pd.DataFrame({"value": values}).assign(low=np.nan, high=np.nan)
        return scored.assign(n=len(frame), n_subjects=frame["subject"].nunique())


def _with_people(frames: list[pd.DataFrame], rows: pd.DataFrame) -> pd.DataFrame:
    """Put all cells into one frame and look up the subject and recording of each row; a made row has neither."""
    if not frames:
        return pd.DataFrame(
            columns=[*_CONFIGURATION, "seed", "fold", "row", "subject", "recording", "y_true", "y_pred"]
        )
    frame = pd.concat(frames, ignore_index=True)
    people = rows[["subject", "recording"]].reindex(frame["row"].to_numpy())
    return frame.assign(subject=people["subject"].to_numpy(), recording=people["recording"].to_numpy())
