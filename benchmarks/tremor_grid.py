"""Time the published tremor grid: resamplers x classifiers x folds on simulated windows, and say what dominates.

    python benchmarks/tremor_grid.py --windows 3241 --out grid
    python benchmarks/tremor_grid.py --windows 32414 --classifiers random-forest --out grid-full

A run that is stopped goes on in the same folder, with the same arguments. Afterwards the folder holds the study itself
(`skpd.studies.load_results`), the published tables under tables/, and times.json and times.md: seconds by resampler and
classifier, as measured in each cell while the others ran beside it.
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import time
from dataclasses import replace
from itertools import product
from pathlib import Path

import numpy as np
import pandas as pd
from rich.console import Console

from skpd.datasets import make_tremor_recordings
from skpd.recipes import TREMOR_CLASSIFIERS, WindowTable, make_window_classifier, make_window_table
from skpd.resampling import tremor_resamplers
from skpd.studies import run_study
from skpd.studies._print import progress_bar
from skpd.studies._published_tables import published_tables, write_tables

#: The paper gives 30 subjects; its class shares are not known but for a majority of about 80 %.
N_SUBJECTS, WEIGHTS = 30, (0.78, 0.12, 0.06, 0.025, 0.015)
_WINDOWS_A_RECORDING = 14


def simulate_windows(n_windows: int, *, seed: int = 0, n_jobs: int | None = None) -> WindowTable:
    """Simulate people at the wrist until there are `n_windows` windows of 102 features."""
    recordings = make_tremor_recordings(
        N_SUBJECTS,
        recordings_per_subject=-(-n_windows // (N_SUBJECTS * _WINDOWS_A_RECORDING)),
        weights=WEIGHTS,
        random_state=seed,
    )
    table = make_window_table(
        recordings.data,
        recordings.target,
        recordings.groups,
        sampling_rate=recordings.sampling_rate,
        n_jobs=n_jobs,
    )
    # What is too much goes from the last recordings of everybody, not from the last people.
    occasion = table.index.groupby(table.groups).cumcount().to_numpy()
    keep = np.sort(np.argsort(occasion, kind="stable")[:n_windows])
    return replace(
        table,
        X=table.X.iloc[keep].reset_index(drop=True),
        y=table.y[keep],
        groups=table.groups[keep],
        index=table.index.iloc[keep].reset_index(drop=True),
    )


def tabulate_times(cells: pd.DataFrame) -> pd.DataFrame:
    """Sum the seconds of the cells by classifier and resampler, resampling apart; the slowest first."""
    resampling = cells["resample_seconds"] if "resample_seconds" in cells else pd.Series(np.nan, cells.index)
    cells = cells.assign(resample_seconds=resampling.fillna(0.0))
    times = cells.groupby(["classifier", "resampler"], sort=False).agg(
        folds=("fold", "size"), fit=("fit_seconds", "sum"), resample=("resample_seconds", "sum"),
        score=("score_seconds", "sum"), slowest_fold=("fit_seconds", "max"),
    )  # fmt: skip
    times["train"] = times["fit"] - times["resample"]
    times["share"] = (times["fit"] + times["score"]) / (times["fit"] + times["score"]).sum()
    columns = ["folds", "resample", "train", "score", "slowest_fold", "share"]
    return times[columns].sort_values("share", ascending=False).reset_index()


def describe_times(times: pd.DataFrame, counts: dict[int, int], run: dict) -> str:
    """Write the times as Markdown."""
    total = times[["resample", "train", "score"]].to_numpy().sum()
    first = times.iloc[0]
    part = "resampling" if first["resample"] > first["train"] else "training"
    by_classifier = times.groupby("classifier")[["resample", "train", "score"]].sum().round(1)
    shown = times.assign(share=(100 * times["share"]).map("{:.1f} %".format))
    shown = shown.rename(columns={"slowest_fold": "slowest fold"})
    return "\n\n".join(
        [
            "# Time of the tremor grid",
            f"{sum(counts.values()):,} simulated windows of {N_SUBJECTS} people (by severity "
            f"{', '.join(f'{k}: {n:,}' for k, n in counts.items())}), 102 features, {run['protocol']}, {run['folds']} "
            f"folds, {run['jobs']} process(es) on {run['cores']} cores ({run['machine']}, Python {run['python']}).",
            f"All cells together {total:,.0f} s; this run took {run['wall_seconds']:,.0f} s for {run['new_cells']} new "
            f"cells of {run['cells']}, and {run['windows_seconds']:.0f} s before that for the windows. The most, "
            f"{100 * first['share']:.0f} %, goes to {first['classifier']} with {first['resampler']}, mainly {part}.",
            "Seconds, all folds together; other cells run beside each.",
            to_markdown(shown),
            to_markdown(by_classifier.reset_index()),
        ]
    ) + "\n"  # fmt: skip


def to_markdown(frame: pd.DataFrame) -> str:
    """Lay a table out as Markdown."""
    head = ["| " + " | ".join(frame.columns) + " |", "|---" * len(frame.columns) + "|"]
    cells = frame.map(lambda value: f"{value:.1f}" if isinstance(value, float) else str(value))
    return "\n".join([*head, *("| " + " | ".join(row) + " |" for row in cells.to_numpy())])


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--windows", type=int, default=3241, help="the paper has 32414 (default: a tenth)")
    parser.add_argument("--classifiers", default="random-forest,mlp", help=f"among {', '.join(TREMOR_CLASSIFIERS)}")
    parser.add_argument("--resamplers", default="all", help="names separated by commas, or all eleven")
    parser.add_argument("--protocol", default="subject-wise")
    parser.add_argument("--folds", type=int, default=5)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--jobs", type=int, default=2, help="processes")
    parser.add_argument("--out", type=Path, required=True, help="folder; a run that was stopped goes on there")
    options = parser.parse_args()

    console = Console()
    names = list(tremor_resamplers()) if options.resamplers == "all" else options.resamplers.split(",")
    started = time.perf_counter()
    table = simulate_windows(options.windows, seed=options.seed, n_jobs=options.jobs)
    made = time.perf_counter()
    done: list[int] = []
    with progress_bar(console, console.is_terminal) as report:

        def watch(n_done: int, n_all: int) -> None:
            done.append(n_done)
            if report:
                report(n_done, n_all)

        results = run_study(
            table,
            make_window_classifier,
            configurations=list(product([options.protocol], names, options.classifiers.split(","))),
            seeds=[options.seed],
            n_splits=options.folds,
            dataset="simulated",
            recipe="tremor, magnitude",
            out=options.out,
            n_jobs=options.jobs,
            on_progress=watch,
        )
    run = {
        "protocol": options.protocol,
        "folds": options.folds,
        "jobs": options.jobs,
        "cores": len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count(),
        "machine": platform.machine(),
        "python": platform.python_version(),
        "windows_seconds": made - started,
        "wall_seconds": time.perf_counter() - made,
        "cells": done[-1],
        "new_cells": done[-1] - done[0],
        "failed_cells": len(results.failures),
    }
    times = tabulate_times(results.cells)
    labels, n = np.unique(table.y, return_counts=True)
    counts = dict(zip(labels.tolist(), n.tolist(), strict=True))
    document = {"run": run, "windows": counts, "times": times.to_dict("records")}
    (options.out / "times.json").write_text(json.dumps(document, indent=1), encoding="utf-8")
    text = describe_times(times, counts, run)
    (options.out / "times.md").write_text(text, encoding="utf-8")
    write_tables(published_tables(results, results.scores(n_resamples=0)), options.out / "tables")
    console.print(text, markup=False, soft_wrap=True)


if __name__ == "__main__":
    main()
