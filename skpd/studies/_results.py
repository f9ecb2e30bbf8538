"""The results of a study: predictions of rows held out, and every table derived from them."""

from __future__ import annotations

import copy
import warnings
from functools import cached_property
from pathlib import Path

import numpy as np
import pandas as pd

from ..metrics import agreement_table, classification_summary, subject_bootstrap
from ..model_selection import PROTOCOLS
from ._baselines import subject_baseline
from ._comparison import compare_recipes
from ._identity import of_one_setting
from ._store import ResultsFolder

__all__ = ["StudyResults", "count_units", "load_results"]

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
    DataFileError
        If the file of the study or that of its rows cannot be read. A damaged cell is named in a warning and left out.
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
        The cells to read, in this order; None for all of them. Of a pipeline that was run with several settings, those
        are taken under which most folds are finished, and of as many the latest: settings are never mixed.

    Warns
    -----
    UserWarning
        If the latest settings of a pipeline are not finished, and earlier ones are shown.

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
    rows : DataFrame
        One row a row of the table that was studied: label `y`, subject, recording.
    """

    def __init__(self, folder: ResultsFolder, *, names: list[str] | None = None) -> None:
        self.manifest = folder.manifest()
        stored = {name: (record, frame) for name, record, frame in folder.cells()}
        if names is None:
            names = of_one_setting({name: record for name, (record, _) in stored.items()}, [*_CONFIGURATION, "seed"])
        records, frames = [], []
        for record, frame in (stored[name] for name in names if name in stored):
            records.append(record)
            if "error" not in record:
                frames.append(frame.assign(**{k: record[k] for k in (*_CONFIGURATION, "seed", "fold")}))
        everything = pd.DataFrame(records)
        failed = everything["error"].notna() if "error" in everything else np.zeros(len(everything), dtype=bool)
        self.cells = everything[~failed].drop(columns="error", errors="ignore").reset_index(drop=True)
        self.failures = everything[failed].reset_index(drop=True)
        self.rows = folder.rows()
        self.predictions = _with_people(frames, self.rows)

    @cached_property
    def classes(self) -> np.ndarray:
        """The classes of the whole problem, whatever a fold held."""
        return np.asarray(self.manifest["classes"])

    @cached_property
    def units(self) -> list[str]:
        """The units that can be scored: the row of the table, and larger ones of which each has one label."""
        units = [self.manifest["unit"]]
        for unit in ("recording", "subject"):
            members = self.rows.groupby(_keys(unit))["y"]
            if (members.nunique() == 1).all():
                # One recording a subject: the same scores twice, so the larger unit takes the place of the smaller.
                same = len(units) > 1 and members.ngroups == count_units(self.rows, units[-1])
                units = [*(units[:-1] if same else units), unit]
        return list(dict.fromkeys(units))

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
        pooled = frame.groupby([*_CONFIGURATION, "seed", "fold", *_keys(unit)], sort=False, observed=True)
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
        if n_resamples and _has_people(frame):
            scored = subject_bootstrap(
                frame["y_true"].to_numpy(),
                frame["y_pred"].to_numpy(),
                frame["subject"].to_numpy(),
                y_score=self._probabilities(frame),
                labels=self.classes,
                folds=frame["fold"].to_numpy(),
                n_resamples=n_resamples,
                confidence_level=level,
                random_state=seed,
            ).rename(columns={"estimate": "value"})[["value", "low", "high"]]
        else:
            scored = pd.DataFrame({"value": self._summary(frame)}).assign(low=np.nan, high=np.nan)
        return scored.assign(n=len(frame), n_subjects=frame["subject"].nunique())

    def _summary(self, frame: pd.DataFrame) -> dict[str, float]:
        return classification_summary(
            frame["y_true"].to_numpy(),
            frame["y_pred"].to_numpy(),
            y_score=self._probabilities(frame),
            labels=self.classes,
            folds=frame["fold"].to_numpy(),
        )

    def _probabilities(self, frame: pd.DataFrame) -> np.ndarray | None:
        """Return one column a class, or None where a row has no probabilities."""
        columns = [f"proba_{label}" for label in self.classes.tolist()]
        if not set(columns) <= set(frame.columns):
            return None
        scores = frame[columns].to_numpy(dtype=float)
        return None if np.isnan(scores).any() else scores

    def with_subject_baseline(self, name: str = "subject-mode") -> StudyResults:
        """Add the baseline that knows the person and nothing else.

        Each tested row gets the label of its own subject's training rows. Under a protocol that tests people it has
        trained on, this is what recognising the person is worth without any signal: a score says something about the
        signal only by what it has above this one. Under subject-wise protocols there are no such rows, and everybody
        gets the label of all training rows. It needs no fit: the stored folds and labels are enough.

        Parameters
        ----------
        name : {"subject-mode", "subject-mean"}, default="subject-mode"
            "subject-mode" takes the most frequent label (of equally frequent ones the smallest), with the shares of
            the labels as probabilities; "subject-mean" the mean of numeric labels, rounded to the nearest class, which
            is the harder baseline for ordinal measures; it has no probabilities.

        Returns
        -------
        results : StudyResults
            A copy whose predictions hold the baseline as a classifier of that name, for every protocol, seed and fold.
            Where a protocol resamples before it splits, the folds are those of a recipe that does not resample.

        Raises
        ------
        ValueError
            If the name is unknown, or labels without a mean are to be averaged.

        Warns
        -----
        UserWarning
            If every recipe of a protocol resamples before it splits: who is trained on is not known then, and the
            protocol has no such baseline.

        Notes
        -----
        Holding out one of a person's rows makes its label rarer among the others, so for people who have all labels
        equally often the baseline is below chance.

        References
        ----------
        .. [1] Sieberts et al., "Developing better digital health measures of Parkinson's disease using free living data
           and a crowdsourced data analysis challenge", PLOS Digital Health 2(3), 2023 (the per-subject mean as
           baseline).
        """
        added = subject_baseline(self.predictions, self.rows, self.classes, name)
        missing = [p for p in dict.fromkeys(self.predictions["protocol"]) if p not in set(added["protocol"])]
        if missing:
            warnings.warn(
                f"{', '.join(missing)}: no {name} baseline, since every recipe resamples before the split and "
                "nobody knows whose rows are trained on. Add a recipe without resampling.",
                stacklevel=2,
            )
        results = copy.copy(self)
        others = self.predictions[self.predictions["classifier"] != name]
        results.predictions = pd.concat([others, added], ignore_index=True)
        return results

    def compare(
        self,
        metric: str = "balanced_accuracy",
        *,
        unit: str | None = None,
        protocol: str | None = None,
        baseline: str | None = None,
        method: str = "t-test",
        correction: str | None = "holm",
        n_permutations: int = 9999,
        confidence_level: float = 0.95,
        random_state: int = 0,
    ) -> pd.DataFrame:
        """Test which recipes differ, in pairs and corrected for the number of pairs.

        Parameters
        ----------
        metric : str, default="balanced_accuracy"
            A metric of `scores`; "auc" and "auc_support" with the t-test only.
        unit : str or None, default=None
            One of `units`.
        protocol : str or None, default=None
            The protocol under which recipes are compared; None for the sound one, if there is just one.
        baseline : str or None, default=None
            Compare all others with this recipe, named ``"resampler, classifier"``, such as ``"none, random-forest"``.
            None compares all pairs. Fewer pairs cost less in the correction: name a baseline if there is one.
        method : {"t-test", "permutation"}, default="t-test"
            "t-test" is the corrected resampled t-test of fold scores (`skpd.metrics.corrected_t_test`). It allows for
            the choice of training people, assumes normal differences and leaves out folds that do not test every class.
            "permutation" swaps the predictions of people (`skpd.metrics.paired_permutation_test`); it needs no complete
            folds and holds for the models that were fitted, not for recipes that will be trained again.
        correction : {"holm", "benjamini-hochberg"} or None, default="holm"
            As in `skpd.metrics.adjust_p_values`, over all pairs of the table.
        n_permutations : int, default=9999
            Swaps that are drawn for "permutation".
        confidence_level : float, default=0.95
            Of the intervals: of the mean over folds for "t-test", percentiles over subjects for "permutation". Each is
            for its own pair; they are not corrected.
        random_state : int, default=0
            Seed of swaps and intervals.

        Returns
        -------
        comparisons : DataFrame
            One row a pair: dataset, recipe, unit, protocol, metric, first, second, value_first, value_second,
            difference (first minus second), low, high, p_value, p_adjusted, n_subjects, n_folds.

        Raises
        ------
        ValueError
            If a name is unknown, there is not one sound protocol to choose, two recipes were tested on different rows,
            or rows have no subject, as where a protocol resamples before it splits.

        Warns
        -----
        FailedFoldsWarning
            If one of two recipes lacks folds that the other has; they are left out.

        Examples
        --------
        >>> from skpd.datasets import make_tremor_recordings
        >>> from skpd.recipes import make_window_classifier, make_window_table
        >>> from skpd.studies import run_study
        >>> recordings = make_tremor_recordings(n_subjects=8, random_state=0)
        >>> table = make_window_table(
        ...     recordings.data, recordings.target, recordings.groups, sampling_rate=recordings.sampling_rate
        ... )
        >>> grid = [("as-written", "none", "majority"), ("as-written", "none", "chance")]
        >>> results = run_study(table, make_window_classifier, configurations=grid, n_splits=3)
        >>> comparisons = results.with_subject_baseline().compare(
        ...     "accuracy", protocol="as-written", baseline="none, majority"
        ... )
        >>> comparisons.set_index("first")["difference"].round(2).to_dict()
        {'none, chance': -0.17, 'none, subject-mode': 0.07}
        """
        unit = unit or self.manifest["unit"]
        frame = self.predicted(unit)
        protocol = protocol or self._sound_protocol()
        present = list(dict.fromkeys(frame["protocol"]))
        if protocol not in present:
            raise ValueError(
                f"protocol: expected one that has predictions of unit {unit!r}, {', '.join(map(repr, present))}, got "
                f"{protocol!r}."
            )
        one_out = PROTOCOLS[protocol].scheme == "leave-one-subject-out"
        compared = compare_recipes(
            frame[frame["protocol"] == protocol],
            keys=["row"] if unit == self.manifest["unit"] else _keys(unit),
            metric=metric,
            method=method,
            baseline=baseline,
            correction=correction,
            labels=self.classes,
            summarise=self._summary,
            test_share=1 / (self.rows["subject"].nunique() if one_out else self.manifest["n_splits"]),
            n_permutations=n_permutations,
            confidence_level=confidence_level,
            random_state=random_state,
        )
        place = {"unit": unit, "protocol": protocol, "metric": metric}
        for position, (name, value) in enumerate(
            ({k: self.manifest[k] for k in ("dataset", "recipe")} | place).items()
        ):
            compared.insert(position, name, value)
        return compared

    def _sound_protocol(self) -> str:
        present = list(dict.fromkeys(self.predictions["protocol"]))
        sound = [name for name in present if not PROTOCOLS[name].leaks]
        if len(sound) != 1:
            raise ValueError(f"protocol: expected one of {', '.join(map(repr, sound or present))} to be named.")
        return sound[0]

    def agreement(
        self,
        unit: str | None = None,
        *,
        n_resamples: int = 500,
        confidence_level: float = 0.95,
        random_state: int = 0,
    ) -> pd.DataFrame:
        """Agreement of predicted and true severity, for labels that are numbers.

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
        agreement : DataFrame
            Tidy: dataset, recipe, unit, protocol, resampler, classifier, measure, value, low, high; the measures are
            those of `skpd.metrics.agreement_table`. With several seeds, value and bounds are means over them.
        """
        unit = unit or self.manifest["unit"]
        tables = []
        for key, frame in self.predicted(unit).groupby(_CONFIGURATION, sort=False):
            per_seed = [
                agreement_table(
                    one["y_true"].to_numpy(),
                    one["y_pred"].to_numpy(),
                    y_score=self._probabilities(one),
                    labels=self.classes,
                    groups=one["subject"].to_numpy() if n_resamples and _has_people(one) else None,
                    n_resamples=n_resamples,
                    confidence_level=confidence_level,
                    random_state=random_state,
                )
                for _, one in frame.groupby("seed")
            ]
            mean = pd.concat(per_seed).groupby(level=0, sort=False).mean().rename(columns={"estimate": "value"})
            place = {"dataset": self.manifest["dataset"], "recipe": self.manifest["recipe"], "unit": unit}
            place |= dict(zip(_CONFIGURATION, key, strict=True))
            tables.append(mean.reset_index().assign(**place))
        columns = ["dataset", "recipe", "unit", *_CONFIGURATION, "measure", "value", "low", "high"]
        return pd.concat(tables, ignore_index=True)[columns] if tables else pd.DataFrame(columns=columns)


def count_units(rows: pd.DataFrame, unit: str) -> int:
    """Count the recordings or subjects of the rows of a study; of any other unit each row is one."""
    return rows.groupby(_keys(unit)).ngroups if unit in ("recording", "subject") else len(rows)


def _keys(unit: str) -> list[str]:
    # Many data sets number the recordings of each person from 1.
    return ["subject", "recording"] if unit == "recording" else [unit]


def _has_people(frame: pd.DataFrame) -> bool:
    """Whether people can be drawn: all are known, and in the folds finished there are several."""
    return bool(frame["subject"].notna().all() and frame["subject"].nunique() > 1)


def _with_people(frames: list[pd.DataFrame], rows: pd.DataFrame) -> pd.DataFrame:
    """Put all cells into one frame and look up the subject and recording of each row; a made row has neither."""
    if not frames:
        return pd.DataFrame(
            columns=[*_CONFIGURATION, "seed", "fold", "row", "subject", "recording", "y_true", "y_pred"]
        )
    frame = pd.concat(frames, ignore_index=True)
    people = rows[["subject", "recording"]].reindex(frame["row"].to_numpy())
    return frame.assign(subject=people["subject"].to_numpy(), recording=people["recording"].to_numpy())
