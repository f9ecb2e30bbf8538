"""A study as its report needs it: scores in a fixed order, and the configuration that the reading follows."""

from __future__ import annotations

import copy
import re
import warnings
from collections.abc import Sequence
from functools import cached_property
from typing import NamedTuple

import numpy as np
import pandas as pd

from ..metrics import classification_table
from ..model_selection import PROTOCOLS
from ..resampling import RESAMPLER_FAMILIES
from ..studies import ALL_BASELINES, StudyResults
from ..studies._learning import headline_pipeline
from ..studies._results import count_units

__all__ = ["Score", "StudyView", "configuration_name", "plural", "recipe_title"]

_ARCHITECTURES = {"hwa1": "HWA-I", "hwa2": "HWA-II", "hwa3": "HWA-III"}
_HEALTHY = {"control", "healthy", "hc", "0"}


class Score(NamedTuple):
    """A score with its interval; the bounds are nan where there is none."""

    value: float
    low: float
    high: float
    n: int
    n_subjects: int

    @property
    def has_interval(self) -> bool:
        """Whether there are bounds."""
        return bool(np.isfinite(self.low) and np.isfinite(self.high))

    def __str__(self) -> str:
        if np.isnan(self.value):
            return "undefined"
        interval = f" (95 % interval {self.low:.2f}–{self.high:.2f})" if self.has_interval else ""
        return f"{self.value:.2f}{interval}"


class StudyView:
    """What a report says of a study, computed once.

    Parameters
    ----------
    results : StudyResults
        The study; at least one fold must be finished.
    n_resamples : int, default=500
        Resamples of the bootstrap behind the intervals.

    Attributes
    ----------
    scores : DataFrame
        As `StudyResults.scores`, all units stacked, in an order that does not depend on which cell was finished first.
    notes : list of str
        What the study could not be given.
    """

    def __init__(self, results: StudyResults, *, n_resamples: int = 500) -> None:
        if not len(results.cells):
            raise ValueError(
                "results: expected a study with finished folds, found none: run the study to the end, then report it."
            )
        # The baseline that knows the person alone: what a protocol that leaks is worth without any signal.
        with warnings.catch_warnings(record=True) as caught:
            warnings.simplefilter("always")
            self.results = results = results.with_subject_baseline()
        self.notes = [str(warning.message) for warning in caught]
        self.seeds = sorted(results.cells["seed"].unique().tolist())
        self.n_resamples = n_resamples
        # The seed of the study, so that the intervals are those that its command printed.
        scores = [results.scores(u, n_resamples=n_resamples, random_state=self.seeds[0]) for u in self.units]
        self.scores = _sorted(pd.concat(scores, ignore_index=True))

    @property
    def unit(self) -> str:
        """What a row of the study's table is."""
        return self.results.manifest["unit"]

    @cached_property
    def units(self) -> list[str]:
        """The units that are scored: the row of the table, and larger ones that hold several rows."""
        larger = [unit for unit in self.results.units if unit != self.unit]
        return [self.unit, *(unit for unit in larger if count_units(self.rows, unit) < len(self.rows))]

    @cached_property
    def labels(self) -> list:
        """The classes."""
        return self.results.classes.tolist()

    @cached_property
    def label_name(self) -> str:
        """What the classes are: grades, or kinds."""
        numbers = all(isinstance(label, (int, float)) for label in self.labels)
        return "severity" if numbers and len(self.labels) > 2 else "class"

    @cached_property
    def patients_last(self) -> np.ndarray:
        """Order of the classes with the healthy first, so that the curve of two classes is that of the patients."""
        return np.argsort([str(label).lower() not in _HEALTHY for label in self.labels], kind="stable")

    @cached_property
    def rows(self) -> pd.DataFrame:
        """Label, subject and recording of each row of the study's table."""
        return self.results.rows

    @cached_property
    def protocols(self) -> list[str]:
        """The protocols that were run, the leakiest first."""
        return list(dict.fromkeys(self.scores["protocol"]))

    @property
    def sound(self) -> list[str]:
        """Those that test on people the model has never seen."""
        return [name for name in self.protocols if not PROTOCOLS[name].leaks]

    @property
    def leaky(self) -> list[str]:
        """Those that do not."""
        return [name for name in self.protocols if PROTOCOLS[name].leaks]

    @property
    def main_protocol(self) -> str:
        """The protocol that the report speaks of if it names none: a sound one, where there is one."""
        return (self.sound or self.protocols[::-1])[0]

    @cached_property
    def pairs(self) -> list[tuple[str, str]]:
        """Resampler and classifier of all that learns."""
        learns = _sorted(self.scores[~self.scores["classifier"].isin(ALL_BASELINES)], by=("classifier", "resampler"))
        return list(dict.fromkeys(zip(learns["resampler"], learns["classifier"], strict=True)))

    @cached_property
    def compares_resamplers(self) -> bool:
        """Whether some classifier was run with several resamplers; otherwise each pipeline stands for itself."""
        classifiers = [classifier for _, classifier in self.pairs]
        return len(set(classifiers)) < len(classifiers)

    @cached_property
    def headline(self) -> tuple[str, str] | None:
        """The pair that the reading follows, chosen without regard to its scores."""
        return headline_pipeline(
            self.scores[["protocol", "resampler", "classifier"]].drop_duplicates().itertuples(index=False, name=None)
        )

    def score(self, protocol: str, pair: tuple[str, str], metric: str, unit: str | None = None) -> Score | None:
        """Look up one score; None if it was not run or the unit does not exist under this protocol."""
        s = self.scores
        found = s[
            (s["protocol"] == protocol)
            & (s["resampler"] == pair[0])
            & (s["classifier"] == pair[1])
            & (s["metric"] == metric)
            & (s["unit"] == (unit or self.unit))
        ]
        if found.empty:
            return None
        row = found.iloc[0]
        return Score(row["value"], row["low"], row["high"], int(row["n"]), int(row["n_subjects"]))

    def chance(self, protocol: str, pair: tuple[str, str], unit: str | None = None) -> float:
        """Balanced accuracy of whoever answers without looking: one over the number of classes that occur."""
        scored = self.score(protocol, pair, "n_classes_scored", unit)
        return 1 / (scored.value if scored else len(self.labels))

    def pairs_of(self, protocol: str) -> list[tuple[str, str]]:
        """Those of the pairs that were run under a protocol."""
        return [pair for pair in self.pairs if self.score(protocol, pair, "accuracy") is not None]

    def predicted(self, protocol: str, pair: tuple[str, str], unit: str | None = None) -> pd.DataFrame:
        """Return the predictions of one configuration."""
        frame = self.results.predicted(unit)
        return frame[
            (frame["protocol"] == protocol) & (frame["resampler"] == pair[0]) & (frame["classifier"] == pair[1])
        ]

    def by_class(self, protocol: str, pair: tuple[str, str], unit: str | None = None) -> pd.DataFrame:
        """Metrics of each class, all folds and seeds together."""
        frame = self.predicted(protocol, pair, unit)
        return classification_table(frame["y_true"], frame["y_pred"], labels=self.results.classes)

    def agreement(self, protocol: str, pair: tuple[str, str], unit: str) -> pd.DataFrame:
        """Agreement of one configuration with the labels: value, low and high of each measure."""
        alone = copy.copy(self.results)
        alone.predictions = self.predicted(protocol, pair)
        table = alone.agreement(unit, n_resamples=self.n_resamples, random_state=self.seeds[0])
        return table.set_index("measure")[["value", "low", "high"]]

    def has_probabilities(self, frame: pd.DataFrame) -> bool:
        """Whether every one of these predictions has a probability of each class."""
        columns = [f"proba_{label}" for label in self.labels]
        return len(frame) > 0 and set(columns) <= set(frame) and not frame[columns].isna().to_numpy().any()

    @cached_property
    def comparisons(self) -> pd.DataFrame | None:
        """Tests of the pipelines against one of them on unseen people; None where they were not tested alike.

        With several resamplers all are compared with no resampling, otherwise every pair.
        """
        complete = not any(line.startswith(f"{self.main_protocol}, ") for line in self.missing_folds())
        if not self.sound or len(self.pairs) < 2 or self.headline is None or not complete:
            return None
        # Of what learns only: every comparison more makes the correction for their number harder.
        learners = copy.copy(self.results)
        learners.predictions = learners.predictions[~learners.predictions["classifier"].isin(ALL_BASELINES)]
        ran = learners.predictions[learners.predictions["protocol"] == self.main_protocol]
        if ran.groupby(["resampler", "classifier"]).ngroups < 2:
            return None
        plain = ("none", self.headline[1])
        has_plain = self.compares_resamplers and len(self.predicted(self.main_protocol, plain)) > 0
        return learners.compare(
            "balanced_accuracy",
            protocol=self.main_protocol,
            baseline=", ".join(plain) if has_plain else None,
            # On the predictions that the scores come from; the t-test of fold scores compares other numbers.
            method="permutation",
            random_state=self.seeds[0],
        )

    def leaks(self, protocol: str) -> list[str]:
        """What of the test set is known in training; windows are spoken of where there are windows."""
        return [leak for leak in PROTOCOLS[protocol].leaks if self.unit == "window" or "window" not in leak]

    def people(self) -> pd.Series:
        """Count the subjects of each class."""
        return self.rows.groupby("y")["subject"].nunique().reindex(self.labels, fill_value=0)

    def missing_folds(self) -> list[str]:
        """Say which configurations have fewer finished folds than they should."""
        cells, n_subjects = self.results.cells, self.rows["subject"].nunique()
        lines = []
        for (protocol, resampler, classifier, seed), n in (
            cells.groupby(["protocol", "resampler", "classifier", "seed"]).size().items()
        ):
            whole = PROTOCOLS[protocol].scheme == "leave-one-subject-out"
            expected = n_subjects if whole else self.results.manifest["n_splits"]
            if n < expected:
                name = configuration_name((resampler, classifier))
                lines.append(f"{protocol}, {name}, seed {seed}: {n} of {expected} folds")
        return lines


def configuration_name(pair: tuple[str, str]) -> str:
    """Write a resampler and a classifier in words."""
    resampler, classifier = pair
    if classifier in ALL_BASELINES:
        return classifier
    experiment = re.fullmatch(r"(hwa[123])-(\d+)", classifier)
    if experiment:
        # The architecture says what is augmented.
        return f"{_ARCHITECTURES[experiment[1]]}, experiment {experiment[2]}"
    return f"{classifier.replace('-', ' ')} " + ("without resampling" if resampler == "none" else f"with {resampler}")


def recipe_title(recipe: str) -> str:
    """Write the name of a recipe as a heading."""
    return re.sub(r"^hwa\b", "HWA", recipe[:1].upper() + recipe[1:], flags=re.IGNORECASE)


def plural(n: int, noun: str) -> str:
    """Write a number with its noun: "1 window", "2,520 windows"."""
    return f"{n:,} {noun}" + ("" if n == 1 else "es" if noun.endswith("s") else "s")


def _sorted(
    scores: pd.DataFrame, by: Sequence[str] = ("protocol", "baseline", "classifier", "resampler")
) -> pd.DataFrame:
    """Order protocols from leaky to sound, resamplers by family, baselines last."""

    def rank(names: pd.Series, order: Sequence[str]) -> pd.Series:
        known = {name: position for position, name in enumerate(order)}
        others = {name: len(known) + i for i, name in enumerate(sorted(set(names) - set(known)))}
        return names.map(known | others)

    ranks = pd.DataFrame(
        {
            "protocol": rank(scores["protocol"], list(PROTOCOLS)),
            "baseline": scores["classifier"].isin(ALL_BASELINES),
            "classifier": rank(scores["classifier"], []),
            "resampler": rank(scores["resampler"], list(RESAMPLER_FAMILIES)),
        }
    )
    order = ranks.sort_values(list(by), kind="stable").index
    return scores.loc[order].reset_index(drop=True)
