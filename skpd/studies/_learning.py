"""The learning curve of a study: its headline pipeline, trained on more and more people."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from ..metrics import make_scorers
from ..model_selection import subject_learning_curve
from ..resampling import RESAMPLER_FAMILIES
from ._baselines import ALL_BASELINES
from ._identity import digest
from ._people import fit_parameters
from ._store import _write_atomically

__all__ = ["LEARNING_CURVE", "headline_pipeline", "read_learning_curve", "run_learning_curve"]

#: The file of a results folder that holds the curve.
LEARNING_CURVE = "learning_curve.csv"
#: The last one is no score: how many classes a test fold had, which is what chance depends on.
_METRICS = ("balanced_accuracy", "gmean", "iba", "quadratic_kappa", "n_classes_scored")
_REPEATS = 3
_COLUMNS = ["resampler", "classifier", "repeat", "fold", "n_subjects", "metric", "score"]
_REMEDY = "remove the file, or run the study with --learning-curve again."


def headline_pipeline(configurations: Iterable[tuple[str, str, str]]) -> tuple[str, str] | None:
    """Choose the pipeline that a study is told by: run under most protocols, with a resampler where there is a choice.

    Scores have no say in it, since what is chosen by its score looks better than it is.

    Parameters
    ----------
    configurations : iterable of (protocol, resampler, classifier)
        What was run; repetitions do not matter.

    Returns
    -------
    pair : (resampler, classifier) or None
        None where only baselines were run.
    """
    families = {name: position for position, name in enumerate(RESAMPLER_FAMILIES)}
    protocols: dict[tuple[str, str], set[str]] = {}
    for protocol, resampler, classifier in configurations:
        if classifier not in ALL_BASELINES:
            protocols.setdefault((resampler, classifier), set()).add(protocol)
    ordered = sorted(protocols, key=lambda pair: (pair[1], families.get(pair[0], len(families)), pair[0]))
    return max(ordered, key=lambda pair: (len(protocols[pair]), pair[0] != "none"), default=None)


def run_learning_curve(
    table: Any,
    build: Callable[..., Any],
    pair: tuple[str, str],
    *,
    file: Path,
    seed: int = 0,
    n_splits: int = 5,
    n_jobs: int | None = None,
) -> pd.DataFrame:
    """Score one pipeline by the number of people trained on and store the curve; one that is stored is not run again.

    Parameters
    ----------
    table : object with `X`, `y` and `groups`
        The rows of the study.
    build : callable
        As in `run_study`.
    pair : (resampler, classifier)
        The pipeline.
    file : Path
        Where the curve goes. It is written whole or not at all, and computed anew where the pipeline, the seed, the
        folds or a library changed.
    seed : int, default=0
        Seed of folds, draws of people and the pipeline.
    n_splits : int, default=5
        Folds of whole subjects.
    n_jobs : int or None, default=None
        Processes.

    Returns
    -------
    curve : DataFrame
        As `skpd.model_selection.subject_learning_curve`, with columns resampler, classifier and fit before its own.
    """
    resampler, classifier = pair
    estimator = build(resampler, classifier, random_state=seed)
    fit = f"{seed} {n_splits} {_REPEATS} {digest(estimator)}"
    known = _stored(file, fit)
    if known is not None:
        return known
    scorers = make_scorers(np.unique(table.y))
    curve = subject_learning_curve(
        estimator,
        table.X,
        table.y,
        table.groups,
        n_repeats=_REPEATS,
        n_splits=n_splits,
        scoring={name: scorers[name] for name in _METRICS if name in scorers},
        params=fit_parameters(estimator, np.asarray(table.groups)),
        random_state=seed,
        n_jobs=n_jobs,
    )
    for name, value in (("fit", fit), ("classifier", classifier), ("resampler", resampler)):
        curve.insert(0, name, value)
    _write_atomically(file, lambda f: curve.to_csv(f, index=False))
    return curve


def read_learning_curve(file: Path) -> pd.DataFrame | None:
    """Read a stored curve.

    Parameters
    ----------
    file : Path
        As `run_learning_curve` wrote it.

    Returns
    -------
    curve : DataFrame or None
        None where there is no file.

    Raises
    ------
    ValueError
        If the file is no learning curve.
    """
    if not file.is_file():
        return None
    try:
        curve = pd.read_csv(file, keep_default_na=False, na_values={"score": [""]})
    except (pd.errors.EmptyDataError, pd.errors.ParserError, UnicodeDecodeError) as error:
        raise ValueError(f"{file}: expected a learning curve, got {error}: {_REMEDY}") from error
    missing = [name for name in _COLUMNS if name not in curve]
    lacking = f"no {', '.join(missing)}" if missing else ""
    if not missing and (curve.empty or any(curve[name].dtype.kind not in "if" for name in ("n_subjects", "score"))):
        lacking = "no numbers in n_subjects or score"
    elif not missing and curve["score"].isna().all():
        lacking = "no score"
    if lacking:
        raise ValueError(
            f"{file}: expected a learning curve with columns {', '.join(_COLUMNS)}, got {lacking}: {_REMEDY}"
        )
    return curve


def _stored(file: Path, fit: str) -> pd.DataFrame | None:
    """Return the stored curve of this fit; None where there is another, a damaged one or none."""
    try:
        known = read_learning_curve(file)
    except ValueError:
        return None
    same = known is not None and "fit" in known and (known["fit"] == fit).all()
    return known if same else None
