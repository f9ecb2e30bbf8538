"""The tremor study from one command: recordings in; a printed table, CSV files and figures out."""

from __future__ import annotations

import warnings
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, nullcontext
from itertools import product
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from rich.console import Console
from sklearn.dummy import DummyClassifier
from sklearn.utils import Bunch

from ..datasets import load_unm_rest, make_tremor_recordings
from ..exceptions import FailedFoldsWarning, SkippedDataWarning
from ..model_selection import PROTOCOLS
from ..recipes import (
    BASELINES,
    TREMOR_CLASSIFIERS,
    make_window_classifier,
    make_window_table,
    published_tremor_scores,
)
from ..resampling import tremor_resamplers
from ._baselines import ALL_BASELINES, SUBJECT_BASELINES
from ._figures import write_tremor_figures
from ._gap import print_gap
from ._learning import LEARNING_CURVE, headline_pipeline, run_learning_curve
from ._names import check_names
from ._print import print_notes, print_scores, progress_bar
from ._published_tables import published_tables, write_tables
from ._results import StudyResults
from ._run import run_study

__all__ = ["TREMOR_DATASETS", "run_tremor_study"]

#: Recordings by name; each is called with the seed.
TREMOR_DATASETS: dict[str, Callable[[int], Bunch]] = {
    "simulated": lambda seed: make_tremor_recordings(random_state=seed),
    # One visit a person, so that people with two do not outvote the others; the command's help says so.
    "unm_rest": lambda seed: load_unm_rest(sessions=(1,)),
}


def run_tremor_study(
    data: str = "simulated",
    *,
    out: str | Path,
    road: str = "magnitude",
    resamplers: Sequence[str] = ("all",),
    classifiers: Sequence[str] = ("random-forest",),
    protocols: Sequence[str] = ("subject-wise",),
    leaky: Sequence[str] = (),
    n_splits: int = 5,
    seed: int = 0,
    n_jobs: int | None = None,
    learning_curve: bool = False,
    console: Console | None = None,
    progress: bool = True,
) -> StudyResults:
    """Run resamplers x classifiers on a tremor dataset, print the scores and write tables and figures.

    Parameters
    ----------
    data : str, default="simulated"
        A name of `TREMOR_DATASETS`.
    out : path
        Results folder; an interrupted study continues there.
    road : str, default="magnitude"
        As in `skpd.recipes.make_signal_road`.
    resamplers : sequence of str, default=("all",)
        Names of `skpd.resampling.tremor_resamplers`, or "all".
    classifiers : sequence of str, default=("random-forest",)
        Names of `skpd.recipes.TREMOR_CLASSIFIERS`; the paper's are "random-forest" and "mlp". The baselines are always
        added.
    protocols : sequence of str, default=("subject-wise",)
        Names of `skpd.model_selection.PROTOCOLS`.
    leaky : sequence of str, default=()
        Resamplers that are run under every protocol that leaks as well, to show what the leaks are worth.
    n_splits : int, default=5
        Folds.
    seed : int, default=0
        Seed of simulation, split, resamplers, classifiers and bootstrap.
    n_jobs : int or None, default=None
        Processes.
    learning_curve : bool, default=False
        Whether one pipeline, the one that reports of the study follow, is also trained on fewer people; the curve is
        stored as ``learning_curve.csv``.
    console : rich.console.Console or None, default=None
        Where to print.
    progress : bool, default=True
        Whether to show a progress bar.

    Returns
    -------
    results : StudyResults
        Also stored in `out`; its `failures` are printed.

    Raises
    ------
    ValueError
        If a name is unknown or `out` holds another study.
    """
    console = console or Console()
    known = tremor_resamplers(seed)
    resamplers = list(known) if list(resamplers) == ["all"] else list(resamplers)
    check_names("data", [data], TREMOR_DATASETS)
    check_names("resamplers", resamplers, known)
    check_names("classifiers", classifiers, TREMOR_CLASSIFIERS)
    check_names("protocols", protocols, PROTOCOLS)
    # A gap needs its sound end, so what the sound protocols do not run is not run leakily either.
    leaky = [name for name in leaky if name in resamplers or name not in known]
    if leaky:
        check_names("leaky", leaky, known)
    out = Path(out)
    if out.exists() and not out.is_dir():
        raise ValueError(f"out: expected a folder, {out} is a file.")
    recordings = TREMOR_DATASETS[data](seed)
    with _skipped_as_notes(console):
        table = make_window_table(
            recordings.data,
            recordings.target,
            recordings.groups,
            sampling_rate=recordings.sampling_rate,
            road=road,
            n_jobs=n_jobs,
        )
    console.print(
        f"{data}: {len(recordings.target)} recordings of {len(set(recordings.groups))} subjects, "
        f"{len(table.y)} windows of 4 s, {table.X.shape[1]} features ({road})"
    )
    # A baseline learns nothing from rows, so it stands once, without a resampler.
    learners = [name for name in classifiers if name not in BASELINES]
    grid = [*product(resamplers, learners), *product(["none"], BASELINES)]
    gap = [*product(leaky, learners), *product(["none"], BASELINES)] if leaky else []
    leaks = [name for name, protocol in PROTOCOLS.items() if protocol.leaks]
    configurations = [(protocol, *pair) for protocol in leaks for pair in gap]
    configurations += [(protocol, *pair) for protocol in protocols for pair in grid]
    # Of the whole problem, or folds with different majorities would add up to a classifier that nobody fitted.
    majority = DummyClassifier(strategy="constant", constant=pd.Series(table.y).mode()[0])

    def build(resampler: str, classifier: str, *, random_state: int) -> Any:
        learner = majority if classifier == "majority" else classifier
        return make_window_classifier(resampler, learner, random_state=random_state)

    with progress_bar(console, progress) as report, warnings.catch_warnings():
        # They are printed below.
        warnings.simplefilter("ignore", FailedFoldsWarning)
        results = run_study(
            table,
            build,
            configurations=list(dict.fromkeys(configurations)),
            seeds=[seed],
            n_splits=n_splits,
            dataset=data,
            recipe=f"tremor, {road}",
            out=out,
            n_jobs=n_jobs,
            on_progress=report,
        )
    if not len(results.cells):
        print_notes(console, results)
        return results
    beside = results
    for name in SUBJECT_BASELINES if np.issubdtype(table.y.dtype, np.number) else SUBJECT_BASELINES[:1]:
        beside = beside.with_subject_baseline(name)
    scores = pd.concat([beside.scores(unit, random_state=seed) for unit in results.units], ignore_index=True)
    _write_tables(results, scores, out)
    write_tables(published_tables(results, scores), out / "tables")
    # Chance guesses window by window; put together, its guesses vote for the majority.
    shown = scores[(scores["unit"] == results.manifest["unit"]) | (scores["classifier"] != "chance")]
    simulated = data == "simulated"
    print_scores(
        console,
        shown,
        baselines=ALL_BASELINES,
        published=published_tremor_scores() if simulated else None,
        remark="The recordings are simulated: compare the rows, not their height." if simulated else "",
    )
    print_gap(
        console,
        shown,
        unit=results.manifest["unit"],
        name=lambda resampler, classifier: classifier if classifier in ALL_BASELINES else f"{classifier}, {resampler}",
        baselines=ALL_BASELINES,
    )
    print_notes(console, results)
    figures = write_tremor_figures(results, scores, recordings, table, road=road, folder=out / "figures")
    if any(file.stem.startswith("confusion") for file in figures):
        console.print(
            "\nThe confusion and roc figures show the best resampler of each family by these same scores: what was "
            "chosen among several looks better than it is."
        )
    console.print(
        f"\n{len(figures)} figures in {out / 'figures'}, tables in {out} and {out / 'tables'}", soft_wrap=True
    )
    if learning_curve:
        with console.status("learning curve: one pipeline trained on fewer people") if progress else nullcontext():
            _learning_curve(console, table, build, configurations, out, seed=seed, n_splits=n_splits, n_jobs=n_jobs)
    return results


def _learning_curve(
    console: Console,
    table: Any,
    build: Callable[..., Any],
    configurations: Sequence[tuple[str, str, str]],
    out: Path,
    *,
    seed: int,
    n_splits: int,
    n_jobs: int | None,
) -> None:
    """Train the pipeline that the study is told by on fewer people, and print what more of them bring."""
    pair = headline_pipeline(configurations)
    if pair is None:
        console.print("\n[yellow]note:[/] no learning curve: only baselines were run.")
        return
    curve = run_learning_curve(
        table, build, pair, file=out / LEARNING_CURVE, seed=seed, n_splits=n_splits, n_jobs=n_jobs
    )
    means = curve[curve["metric"] == "balanced_accuracy"].groupby("n_subjects")["score"].mean()
    sizes = ", ".join(f"{size} people {mean:.2f}" for size, mean in means.items())
    console.print(
        f"\n[bold]Learning curve[/] of {pair[1]} ({pair[0]}), balanced accuracy on unseen people, mean of folds: "
        f"{sizes}."
    )


def _write_tables(results: StudyResults, scores: pd.DataFrame, out: Path) -> None:
    scores.to_csv(out / "scores.csv", index=False)
    results.cells.drop(columns="feature_importances", errors="ignore").to_csv(out / "cells.csv", index=False)
    if "feature_importances" in results.cells:
        forests = results.cells.dropna(subset="feature_importances")
        importances = pd.DataFrame(forests["feature_importances"].tolist(), columns=results.manifest["feature_names"])
        keys = ["protocol", "resampler", "classifier"]
        importances[keys] = forests[keys].to_numpy()
        mean = importances.groupby(keys, sort=False).mean().reset_index()
        mean.melt(keys, var_name="feature", value_name="importance").to_csv(out / "importances.csv", index=False)


@contextmanager
def _skipped_as_notes(console: Console) -> Iterator[None]:
    """Print what was left out instead of warning, since a command's user reads the screen."""
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always", SkippedDataWarning)
        yield
    for warning in caught:
        console.print(f"[yellow]note:[/] {warning.message}")
