"""The tremor study from one command: recordings in; a printed table, CSV files and figures out."""

from __future__ import annotations

import warnings
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

import pandas as pd
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn, TimeRemainingColumn
from rich.table import Table
from sklearn.utils import Bunch

from ..datasets import load_unm_rest, make_tremor_recordings
from ..exceptions import SkippedDataWarning
from ..model_selection import PROTOCOLS
from ..recipes import (
    TREMOR_CLASSIFIERS,
    make_window_classifier,
    make_window_table,
    published_tremor_scores,
)
from ..resampling import tremor_resamplers
from ._figures import write_tremor_figures
from ._results import StudyResults
from ._run import run_study

__all__ = ["TREMOR_DATASETS", "run_tremor_study"]

#: Recordings by name; each is called with the seed.
TREMOR_DATASETS: dict[str, Callable[[int], Bunch]] = {
    "simulated": lambda seed: make_tremor_recordings(random_state=seed),
    "unm_rest": lambda seed: load_unm_rest(),
}

_BASELINES = ("majority", "chance")

#: Columns of the printed table: metric and heading.
_PRINTED = {
    "accuracy": "accuracy",
    "balanced_accuracy": "balanced accuracy",
    "gmean": "G-mean",
    "iba": "IBA",
    "auc": "AUC",
}


def run_tremor_study(
    data: str = "simulated",
    *,
    out: str | Path,
    road: str = "magnitude",
    resamplers: Sequence[str] = ("all",),
    classifiers: Sequence[str] = ("random-forest",),
    protocols: Sequence[str] = ("subject-wise",),
    n_splits: int = 5,
    seed: int = 0,
    n_jobs: int | None = None,
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
        Names of `skpd.recipes.TREMOR_CLASSIFIERS`; the baselines are always added.
    protocols : sequence of str, default=("subject-wise",)
        Names of `skpd.model_selection.PROTOCOLS`.
    n_splits : int, default=5
        Folds.
    seed : int, default=0
        Seed of simulation, split, resamplers, classifiers and bootstrap.
    n_jobs : int or None, default=None
        Processes.
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
    _check_names("data", [data], TREMOR_DATASETS)
    _check_names("resamplers", resamplers, known)
    _check_names("classifiers", classifiers, TREMOR_CLASSIFIERS)
    _check_names("protocols", protocols, PROTOCOLS)
    out = Path(out)
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
    candidates = [("none", name) for name in _BASELINES]
    candidates += [(r, c) for c in classifiers if c not in _BASELINES for r in resamplers]
    with _progress_bar(console, progress) as report:
        results = run_study(
            table,
            make_window_classifier,
            candidates=candidates,
            protocols=protocols,
            seeds=[seed],
            n_splits=n_splits,
            dataset=data,
            recipe=f"tremor, {road}",
            out=out,
            n_jobs=n_jobs,
            on_progress=report,
        )
    scores = pd.concat([results.scores(unit, random_state=seed) for unit in results.units], ignore_index=True)
    _write_tables(results, scores, out)
    for unit in results.units:
        _print_scores(console, scores[scores["unit"] == unit], data)
    _print_failures(console, results.failures)
    figures = write_tremor_figures(results, scores, recordings, table, road=road, folder=out / "figures")
    console.print(f"\n{len(figures)} figures in {out / 'figures'}, tables in {out}", soft_wrap=True)
    return results


def _write_tables(results: StudyResults, scores: pd.DataFrame, out: Path) -> None:
    scores.to_csv(out / "scores.csv", index=False)
    results.cells.drop(columns="feature_importances", errors="ignore").to_csv(out / "cells.csv", index=False)
    if "feature_importances" in results.cells:
        forests = results.cells.dropna(subset="feature_importances")
        importances = pd.DataFrame(forests["feature_importances"].tolist(), columns=results.manifest["feature_names"])
        keys = forests[["protocol", "resampler", "classifier"]].reset_index(drop=True)
        mean = importances.groupby([keys[k] for k in keys]).mean()
        mean.T.rename_axis("feature").to_csv(out / "importances.csv")


def _print_scores(console: Console, scores: pd.DataFrame, data: str) -> None:
    published = published_tremor_scores().pivot_table(
        index=["classifier", "resampler"], columns="metric", values="value"
    )
    unit = scores["unit"].iloc[0]
    if unit != "window":
        # Chance guesses by window; put together they vote for the majority.
        scores = scores[scores["classifier"] != "chance"]
    for protocol, block in scores.groupby("protocol", sort=False):
        n, n_subjects = block[["n", "n_subjects"]].max()
        table = Table(
            title=f"{protocol}, scored by {unit} ({n:.0f} of {n_subjects:.0f} subjects)",
            caption=_caption(protocol, unit, data),
            caption_justify="left",
        )
        table.add_column("resampler", no_wrap=True)
        table.add_column("classifier", no_wrap=True)
        for heading in _PRINTED.values():
            table.add_column(heading, justify="right")
        compare = data == "simulated" and unit == "window"
        if compare:
            table.add_column("paper: G-mean, IBA", justify="right", style="dim")
        lines = block.pivot_table(index=["resampler", "classifier"], columns="metric", values="value", sort=False)
        bounds = block.set_index(["resampler", "classifier", "metric"])[["low", "high"]]
        for resampler, classifier in lines.index:
            cells = [
                _cell(lines.loc[(resampler, classifier), m], *bounds.loc[(resampler, classifier, m)]) for m in _PRINTED
            ]
            if compare:
                key = (classifier, resampler)
                cells.append(
                    "{gmean:.2f}, {iba:.2f}".format(**published.loc[key]) if key in published.index else "not given"
                )
            style = "dim" if classifier in _BASELINES else None
            table.add_row("" if classifier in _BASELINES else resampler, classifier, *cells, style=style)
        console.print()
        console.print(table)


def _caption(protocol: str, unit: str, data: str) -> str:
    leaks = PROTOCOLS[protocol].leaks
    text = PROTOCOLS[protocol].summary + " "
    if leaks:
        text += f"LEAKS: {'; '.join(leaks)}. "
    text += "Brackets: 95 % interval over subjects. G-mean and IBA are averaged by support, the averaging that the "
    text += "published numbers fit."
    if data == "simulated":
        text += " The recordings are simulated: the order of the scores teaches, their height does not."
    if data == "simulated" and unit == "window" and not leaks:
        text += " The paper's numbers are from other data and consistent with resampling before a random split."
    return text


def _cell(value: float, low: float, high: float) -> str:
    if pd.isna(value):
        return "-"
    return f"{value:.2f}" if pd.isna(low) else f"{value:.2f} [{low:.2f}, {high:.2f}]"


def _print_failures(console: Console, failures: pd.DataFrame) -> None:
    if not len(failures):
        return
    console.print(f"\n[bold red]{len(failures)} cells failed[/] and are tried again by the next run:")
    for _, cell in failures.iterrows():
        last = cell["error"].strip().splitlines()[-1]
        console.print(f"  {cell['protocol']}, {cell['resampler']}, {cell['classifier']}, fold {cell['fold']}: {last}")


@contextmanager
def _skipped_as_notes(console: Console) -> Iterator[None]:
    """Print what was left out instead of warning, since a command's user reads the screen."""
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always", SkippedDataWarning)
        yield
    for warning in caught:
        console.print(f"[yellow]note:[/] {warning.message}")


@contextmanager
def _progress_bar(console: Console, wanted: bool) -> Iterator[Callable[[int, int], None] | None]:
    if not wanted:
        yield None
        return
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn())
    with Progress(*columns, TextColumn("left"), TimeRemainingColumn(), console=console, transient=True) as bar:
        task = bar.add_task("folds", total=None)
        yield lambda done, total: bar.update(task, completed=done, total=total)


def _check_names(parameter: str, names: Sequence[str], known: dict) -> None:
    if not names:
        raise ValueError(f"{parameter}: expected at least one of {', '.join(known)}; got none.")
    for name in names:
        if name not in known:
            raise ValueError(f"{parameter}: expected among {', '.join(known)}; got {name!r}.")
