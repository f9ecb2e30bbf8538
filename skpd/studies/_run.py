"""Run every candidate under every protocol, fold by fold."""

from __future__ import annotations

import contextlib
import hashlib
import itertools
import json
import tempfile
import time
import traceback
import warnings
from collections.abc import Callable, Sequence
from numbers import Integral
from pathlib import Path
from typing import Any, NamedTuple
from urllib.parse import quote

import joblib
import numpy as np
import pandas as pd
import pyarrow as pa
from sklearn.base import clone
from sklearn.pipeline import Pipeline
from sklearn.utils import check_scalar, column_or_1d
from sklearn.utils.multiclass import check_classification_targets
from sklearn.utils.parallel import Parallel, delayed

from ..exceptions import FailedFoldsWarning
from ..model_selection import PROTOCOLS
from ..model_selection._protocols import Fold, Protocol
from ..model_selection._splitters import check_groups, check_names
from ._identity import describe_parameters, digest, library_versions
from ._people import fit_parameters
from ._results import StudyResults
from ._store import LONGEST_NAME, ResultsFolder

__all__ = ["run_study"]


class _Cell(NamedTuple):
    """What is computed and stored as one piece."""

    protocol: str
    resampler: str
    classifier: str
    seed: int
    fold: int

    def name(self, estimator: Any) -> str:
        place = (self.protocol, self.resampler, self.classifier, f"seed{self.seed}", f"fold{self.fold}")
        # Quoted, so that any name is the name of a file.
        quoted = "~".join(quote(part, safe="").replace("~", "%7E") for part in place)
        settings = f"~{digest(estimator)}"
        if len(quoted + settings) > LONGEST_NAME:
            place_digest = f"~{hashlib.sha256(quoted.encode()).hexdigest()[:16]}"
            quoted = quoted[: LONGEST_NAME - len(place_digest + settings)] + place_digest
        return quoted + settings


def run_study(
    table: Any,
    build: Callable[..., Any],
    *,
    configurations: Sequence[tuple[str, str, str]],
    seeds: Sequence[int] = (0,),
    n_splits: int = 5,
    unit: str = "window",
    dataset: str = "unnamed",
    recipe: str = "unnamed",
    out: str | Path | None = None,
    n_jobs: int | None = None,
    on_progress: Callable[[int, int], None] | None = None,
) -> StudyResults:
    """Cross-validate configurations x seeds, one stored cell a fold.

    Parameters
    ----------
    table : object with `X`, `y`, `groups` and `index`
        The rows; for example a `skpd.recipes.WindowTable`. `index` has a column `recording`.
    build : callable
        ``build(resampler, classifier, random_state=seed)`` returns an unfitted estimator of the rows.
    configurations : sequence of (str, str, str)
        Protocol (a name of `skpd.model_selection.PROTOCOLS`), resampler and classifier (names that `build`
        understands); ``itertools.product`` makes a full grid.
    seeds : sequence of int, default=(0,)
        Each seeds a split and the estimators fitted on it.
    n_splits : int, default=5
        Folds.
    unit : str, default="window"
        What a row of the table is; stands in every result.
    dataset, recipe : str
        Names that stand in every result.
    out : path or None, default=None
        Results folder. A study that was interrupted continues there; None keeps nothing on disk.
    n_jobs : int or None, default=None
        Processes, one cell each; results do not depend on it.
    on_progress : callable or None, default=None
        Called with the number of cells done and the number of all cells.

    Returns
    -------
    results : StudyResults
        Predictions for rows held out, with their records and scores.

    Raises
    ------
    ValueError
        If a protocol is unknown, rows lack a label or a subject, the subjects are too few for the folds, or `out` holds
        another study.
    TypeError
        If the table or `build` is something else, or a configuration holds an estimator where a name belongs.

    Warns
    -----
    FailedFoldsWarning
        If folds failed; the others are not touched.

    Examples
    --------
    >>> from skpd.datasets import make_tremor_recordings
    >>> from skpd.recipes import make_window_classifier, make_window_table
    >>> from skpd.studies import run_study
    >>> recordings = make_tremor_recordings(n_subjects=8, random_state=0)
    >>> table = make_window_table(
    ...     recordings.data, recordings.target, recordings.groups, sampling_rate=recordings.sampling_rate
    ... )
    >>> results = run_study(
    ...     table, make_window_classifier, configurations=[("subject-wise", "none", "majority")], n_splits=2
    ... )
    >>> results.cells[["protocol", "classifier", "fold"]].values.tolist()
    [['subject-wise', 'majority', 0], ['subject-wise', 'majority', 1]]
    """
    y, groups, recordings = _check(table, build, configurations, n_splits)
    n_splits, seeds = int(n_splits), _check_seeds(seeds)
    classes = np.unique(y)
    if out is None:
        # Results hold everything in memory, so the folder may go as soon as they are read.
        with tempfile.TemporaryDirectory(prefix="skpd-study-") as scratch:
            return run_study(
                table,
                build,
                configurations=configurations,
                seeds=seeds,
                n_splits=n_splits,
                unit=unit,
                dataset=dataset,
                recipe=recipe,
                out=scratch,
                n_jobs=n_jobs,
                on_progress=on_progress,
            )
    cells = {}
    for (protocol, resampler, classifier), seed in itertools.product(configurations, seeds):
        estimator = _check_built(build(resampler, classifier, random_state=seed), resampler, classifier)
        for fold in range(_n_folds(protocol, n_splits, groups)):
            cell = _Cell(protocol, resampler, classifier, seed, fold)
            cells[cell.name(estimator)] = (cell, estimator)
    folder = ResultsFolder(out)
    rows = pd.DataFrame({"y": y, "subject": groups, "recording": recordings})
    manifest = {
        "dataset": dataset,
        "recipe": recipe,
        "unit": unit,
        "n_splits": n_splits,
        "classes": classes.tolist(),
        "feature_names": [str(c) for c in getattr(table.X, "columns", [])],
        "fingerprint": joblib.hash((np.asarray(table.X), rows.to_dict("list"))),
    }
    folder.open(manifest, rows)
    done = folder.finished()
    todo = [(name, *cell) for name, cell in cells.items() if name not in done]
    report = on_progress or (lambda done, total: None)
    report(len(cells) - len(todo), len(cells))
    # Cells are handed out one by one, so that a slow resampler does not hold others back.
    run = Parallel(n_jobs=n_jobs, return_as="generator_unordered", batch_size=1)
    with warnings.catch_warnings():
        # A process whose memory grew, as it does when TensorFlow is first used, is replaced: nothing is lost.
        warnings.filterwarnings("ignore", "A worker stopped while some jobs")
        jobs = (delayed(_run_cell)(folder, *cell, table.X, y, groups, classes, n_splits) for cell in todo)
        for n, _ in enumerate(run(jobs), start=len(cells) - len(todo) + 1):
            report(n, len(cells))
    results = StudyResults(folder, names=list(cells))
    if len(results.failures):
        first = results.failures["error"].iloc[0].strip().splitlines()[-1]
        warnings.warn(
            f"{len(results.failures)} of {len(cells)} folds failed, the first with {first} The "
            "attribute failures of the results has them all.",
            FailedFoldsWarning,
            stacklevel=2,
        )
    return results


def _check(
    table: Any, build: Callable[..., Any], configurations: Sequence[tuple[str, str, str]], n_splits: int
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Refuse at once what would fail in every fold; return the labels, subjects and recordings of the rows."""
    _check_table(table)
    if not callable(build):
        raise TypeError(
            "build: expected a function, called as build(resampler, classifier, random_state=seed), got "
            f"{type(build).__name__}: pass make_window_classifier itself, not what it returns."
        )
    if not configurations or not all(_is_triple(c) for c in configurations):
        raise ValueError(
            f"configurations: expected (protocol, resampler, classifier) triples, got {list(configurations)!r}."
        )
    strangers = [part for c in configurations for part in c if not isinstance(part, str)]
    if strangers:
        raise TypeError(
            f"configurations: expected names, got {type(strangers[0]).__name__}: name it, and let build make the "
            "estimator of that name."
        )
    protocols = {protocol for protocol, _, _ in configurations}
    unknown = sorted(protocols - set(PROTOCOLS))
    if unknown:
        raise ValueError(f"protocols: expected among {', '.join(map(repr, PROTOCOLS))}, got {unknown[0]!r}.")
    check_scalar(n_splits, "n_splits", Integral, min_val=2)
    if "recording" not in table.index:
        raise ValueError(f"index: expected a column recording, found {list(map(str, table.index.columns))}.")
    y, groups = check_names("y", table.y, "a label"), check_groups(table.groups)
    recordings = check_names("recording", table.index["recording"], "a recording")
    lengths = [len(table.X), len(y), len(groups), len(recordings)]
    if len(set(lengths)) > 1:
        raise ValueError(f"table: expected X, y, groups and index of one length, got {lengths}.")
    check_classification_targets(y)
    for protocol in protocols:
        PROTOCOLS[protocol].check_subjects(groups, n_splits)
    classes = np.unique(y)
    if len(classes) < 2:
        raise ValueError(f"y: expected at least 2 classes to tell apart, found only {classes.tolist()}.")
    return y, groups, recordings


def _check_built(estimator: Any, resampler: str, classifier: str) -> Any:
    if isinstance(estimator, type) or not all(hasattr(estimator, name) for name in ("fit", "get_params")):
        found = f"the class {estimator.__name__}" if isinstance(estimator, type) else type(estimator).__name__
        raise TypeError(
            f"build: expected an unfitted estimator with fit and get_params to be returned, got {found} for resampler "
            f"{resampler!r} and classifier {classifier!r}."
        )
    return estimator


def _is_triple(configuration: Any) -> bool:
    return isinstance(configuration, Sequence) and not isinstance(configuration, str) and len(configuration) == 3


def _check_table(table: Any) -> None:
    """Refuse what is no table of rows with the place of each."""
    missing = [name for name in ("X", "y", "groups", "index") if not hasattr(table, name)]
    if missing:
        raise TypeError(
            f"table: expected an object with X, y, groups and index, got {type(table).__name__} without "
            f"{', '.join(missing)}: make one by make_window_table, or put yours into WindowTable, both of skpd.recipes."
        )
    if not isinstance(table.index, pd.DataFrame):
        raise TypeError(
            f"index: expected a DataFrame with a column recording, got {type(table.index).__name__}: say of which "
            "recording each row is; rows that stand alone are numbered."
        )


def _check_seeds(seeds: Sequence[int]) -> list[int]:
    if not len(seeds) or not all(isinstance(seed, Integral) for seed in seeds):
        raise ValueError(f"seeds: expected whole numbers, at least one, got {list(seeds)!r}.")
    return [int(seed) for seed in seeds]


def _n_folds(protocol: str, n_splits: int, groups: np.ndarray) -> int:
    return len(np.unique(groups)) if PROTOCOLS[protocol].scheme == "leave-one-subject-out" else n_splits


def _run_cell(
    folder: ResultsFolder,
    name: str,
    cell: _Cell,
    estimator: Any,
    X: Any,
    y: np.ndarray,
    groups: np.ndarray,
    classes: np.ndarray,
    n_splits: int,
) -> None:
    """Fit and test one fold and store it; a failure is stored with its traceback instead of stopping the study."""
    record: dict[str, Any] = cell._asdict()
    record["parameters"] = describe_parameters(estimator)
    record["versions"] = library_versions()
    predictions = pd.DataFrame()
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        try:
            folds = PROTOCOLS[cell.protocol].folds(estimator, X, y, groups, n_splits=n_splits, random_state=cell.seed)
            fold = next(itertools.islice(folds, cell.fold, None))
            started = time.perf_counter()
            model = clone(fold.estimator)
            model.fit(fold.X_train, fold.y_train, **_people(model, fold, groups, PROTOCOLS[cell.protocol]))
            fitted = time.perf_counter()
            predictions = _predict(model, fold, classes)
            record["fit_seconds"], record["score_seconds"] = fitted - started, time.perf_counter() - fitted
            record |= _describe(model, fold, groups, classes)
        except Exception:
            # Deliberately broad: whatever one cell does, the others go on; the traceback is kept and shown.
            record["error"] = traceback.format_exc()
    record["warnings"] = sorted({f"{w.category.__name__}: {w.message}" for w in caught})
    try:
        folder.write(name, record, predictions)
    except (pa.ArrowException, TypeError, ValueError):
        # What is predicted may be anything; a full disk still ends the study.
        record["error"] = traceback.format_exc()
        folder.write(name, record, pd.DataFrame())


def _people(model: Any, fold: Fold, groups: np.ndarray, protocol: Protocol) -> dict[str, np.ndarray]:
    """Return who the training rows are of, for a classifier that holds people out to stop early.

    A protocol that splits rows at random holds rows out at random too: it has no people.
    """
    return {} if protocol.scheme == "random" else fit_parameters(model, groups[fold.train_rows])


def _predict(model: Any, fold: Any, classes: np.ndarray) -> pd.DataFrame:
    frame = pd.DataFrame({"row": fold.test_rows, "y_true": fold.y_test, "y_pred": model.predict(fold.X_test)})
    if hasattr(model, "predict_proba"):
        # A class that the training fold lacked has probability zero, so that every cell has the same columns.
        probabilities = np.zeros((len(frame), len(classes)))
        probabilities[:, np.searchsorted(classes, model.classes_)] = model.predict_proba(fold.X_test)
        for label, column in zip(classes.tolist(), probabilities.T, strict=True):
            frame[f"proba_{label}"] = column
    return frame


def _describe(model: Any, fold: Any, groups: np.ndarray, classes: np.ndarray) -> dict[str, Any]:
    """Counts of classes and subjects, and what the fitted steps tell about themselves."""
    train, test = (rows[rows >= 0] for rows in (fold.train_rows, fold.test_rows))
    described: dict[str, Any] = {
        "n_train": [int((fold.y_train == c).sum()) for c in classes],
        "n_test": [int((fold.y_test == c).sum()) for c in classes],
        # Nobody is known behind rows that a resampler made.
        "n_subjects_train": len(np.unique(groups[train])) if len(train) == len(fold.train_rows) else None,
        "n_subjects_test": len(np.unique(groups[test])) if len(test) == len(fold.test_rows) else None,
    }
    steps = model.named_steps if isinstance(model, Pipeline) else {}
    classifier = steps.get("classifier", model)

    def resampler() -> Any:
        return steps.get("resampler") or classifier.sampler_

    told: dict[str, Callable[[], Any]] = {
        "n_resampled": lambda: [int(n) for n in resampler().class_counts_["after"].reindex(classes).fillna(0)],
        "resample_seconds": lambda: float(resampler().resample_time_),
        "adapted": lambda: dict(resampler().adapted_),
        "kept_classes": lambda: {str(label): reason for label, reason in resampler().kept_classes_.items()},
        "oob_score": lambda: float(classifier.oob_score_),
        "feature_importances": lambda: [
            round(v, 6) for v in column_or_1d(classifier.feature_importances_, dtype=np.float64).tolist()
        ],
        "n_epochs": lambda: int(classifier.n_epochs_),
        "n_watched": lambda: len(classifier.watched_indices_),
    }
    for name, read in told.items():
        # Deliberately broad: a step that is not ours may lack it, or mean something else by the name. The fold is done.
        with contextlib.suppress(Exception):
            value = read()
            json.dumps(value)
            described[name] = value
    return described
