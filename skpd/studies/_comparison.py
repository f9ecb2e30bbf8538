"""Recipes of a study compared pair by pair, on the rows that both were tested on."""

from __future__ import annotations

import itertools
import warnings
from collections.abc import Callable
from typing import Any

import numpy as np
import pandas as pd

from ..exceptions import FailedFoldsWarning
from ..metrics import adjust_p_values, corrected_t_test, paired_permutation_test

__all__ = ["compare_recipes"]

_METHODS = ("permutation", "t-test")
#: Metrics that a fold without some class does not change the meaning of.
_OF_ROWS = ("accuracy", "sensitivity", "quadratic_kappa", "mae")


def compare_recipes(
    predictions: pd.DataFrame,
    *,
    keys: list[str],
    metric: str,
    method: str,
    baseline: str | None,
    correction: str | None,
    labels: np.ndarray,
    summarise: Callable[[pd.DataFrame], dict[str, float]],
    test_share: float,
    n_permutations: int,
    confidence_level: float,
    random_state: int,
) -> pd.DataFrame:
    """Compare recipes in pairs; see `StudyResults.compare`.

    Parameters
    ----------
    predictions : DataFrame
        Of one protocol and unit.
    keys : list of str
        The columns that tell the units of a fold apart.
    metric, method, baseline, correction, n_permutations, confidence_level, random_state
        As in `StudyResults.compare`.
    labels : ndarray
        The classes of the problem.
    summarise : callable
        Scores the predictions of one fold.
    test_share : float
        Share of the people tested in a fold.

    Returns
    -------
    comparisons : DataFrame
        One row a pair.
    """
    if method not in _METHODS:
        raise ValueError(f"method: expected one of {', '.join(map(repr, _METHODS))}, got {method!r}.")
    recipes = {}
    for name, frame in predictions.groupby(["resampler", "classifier"], sort=False):
        if frame["subject"].isna().any():
            raise ValueError(
                f"{', '.join(name)}: expected a subject for every tested row, {frame['subject'].isna().sum()} were "
                "made by a resampler and have none: compare recipes under a subject-wise protocol."
            )
        recipes[", ".join(name)] = frame.sort_values(["seed", "fold", *keys], kind="stable")
    folds = {}
    if method == "t-test":
        folds = {name: _fold_scores(frame, metric, summarise) for name, frame in recipes.items()}
    compared = []
    for first, second in _pairs(list(recipes), baseline):
        a, b = _same_rows(recipes, first, second, keys)
        if method == "permutation":
            result: Any = paired_permutation_test(
                a["y_true"].to_numpy(),
                a["y_pred"].to_numpy(),
                b["y_pred"].to_numpy(),
                a["subject"].to_numpy(),
                repeats=a["seed"].to_numpy(),
                labels=labels,
                metric=metric,
                n_permutations=n_permutations,
                confidence_level=confidence_level,
                random_state=random_state,
            )
            values = result.first, result.second
        else:
            scores = pd.concat([folds[first], folds[second]], axis=1, join="inner").dropna().to_numpy()
            if len(scores) < 2:
                raise ValueError(
                    f"{first} against {second}: expected at least 2 folds that test every class, found {len(scores)}: "
                    'use method="permutation", which pools the folds, or fewer folds.'
                )
            result = corrected_t_test(
                scores[:, 0] - scores[:, 1], test_share=test_share, confidence_level=confidence_level
            )
            values = tuple(scores.mean(axis=0).tolist())
        compared.append(
            {
                "first": first,
                "second": second,
                "value_first": values[0],
                "value_second": values[1],
                "difference": result.difference,
                "low": result.low,
                "high": result.high,
                "p_value": result.p_value,
                "n_subjects": a["subject"].nunique(),
                "n_folds": getattr(result, "n_folds", len(a[["seed", "fold"]].drop_duplicates())),
            }
        )
    table = pd.DataFrame(compared)
    table.insert(8, "p_adjusted", adjust_p_values(table["p_value"], correction))
    return table


def _pairs(names: list[str], baseline: str | None) -> list[tuple[str, str]]:
    if len(names) < 2:
        raise ValueError(f"expected at least 2 recipes to compare, the results have {names}.")
    if baseline is None:
        return list(itertools.combinations(names, 2))
    if baseline not in names:
        raise ValueError(f"baseline: expected one of {', '.join(map(repr, names))}, got {baseline!r}.")
    return [(name, baseline) for name in names if name != baseline]


def _same_rows(
    recipes: dict[str, pd.DataFrame], first: str, second: str, keys: list[str]
) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Return the predictions of both for the folds that both have, row by row the same."""
    a, b = recipes[first], recipes[second]
    cells = [pd.MultiIndex.from_frame(frame[["seed", "fold"]]) for frame in (a, b)]
    if set(cells[0]) != set(cells[1]):
        missing = sorted(set(cells[0]) ^ set(cells[1]))
        warnings.warn(
            f"{first} against {second}: {len(missing)} fold(s) that only one of them finished are left out, the first "
            f"with (seed, fold) {missing[0]}. The attribute failures of the results has the reasons.",
            FailedFoldsWarning,
            stacklevel=4,
        )
        a, b = a[cells[0].isin(set(cells[1]))], b[cells[1].isin(set(cells[0]))]
    columns = ["seed", "fold", *keys]
    if len(a) != len(b) or not len(a) or not np.array_equal(a[columns].to_numpy(), b[columns].to_numpy()):
        raise ValueError(
            f"{first} and {second} were not tested on the same rows: a comparison in pairs needs a protocol that "
            "resamples training rows only."
        )
    return a, b


def _fold_scores(frame: pd.DataFrame, metric: str, summarise: Callable[[pd.DataFrame], dict[str, float]]) -> pd.Series:
    """Score every fold; nan where it lacks a class, since a mean over fewer classes is another number."""
    n_classes = frame["y_true"].nunique()
    scores = {}
    for cell, fold in frame.groupby(["seed", "fold"]):
        summary = summarise(fold)
        if metric not in summary:
            raise ValueError(f"metric: expected one that both recipes have, {', '.join(summary)}, got {metric!r}.")
        complete = metric in _OF_ROWS or summary["n_classes_scored"] == n_classes
        scores[cell] = summary[metric] if complete else np.nan
    return pd.Series(scores)
