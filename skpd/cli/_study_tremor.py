"""`skpd study tremor`."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from ._app import console, exit_codes, split_names, study


@study.command("tremor")
def study_tremor(
    data: Annotated[
        str,
        typer.Option(
            help="**simulated** (labelled 0-4, needs no files) or **unm_rest** (real, Parkinson's against control, the "
            "first visit of each person; looked for in the folder that SKPD_DATA names)."
        ),
    ] = "simulated",
    out: Annotated[Path, typer.Option(help="Results folder. A study that was interrupted continues there.")] = Path(
        "skpd-tremor"
    ),
    road: Annotated[
        str,
        typer.Option(help="**magnitude** (published), **principal-axis** or **per-axis**: how axes become signals."),
    ] = "magnitude",
    resamplers: Annotated[
        str, typer.Option(help="**all**, or names separated by commas, such as `none,SMOTE,SMOTEENN`.")
    ] = "all",
    classifiers: Annotated[
        str,
        typer.Option(
            help="Names separated by commas: **random-forest** and **mlp** (published; mlp loads TensorFlow and takes "
            "longer), **logistic-regression**, **gradient-boosting**."
        ),
    ] = "random-forest",
    protocols: Annotated[
        str,
        typer.Option(
            help="Names separated by commas: **subject-wise** and **leave-one-subject-out** are sound, **as-written** "
            "and **as-published** leak."
        ),
    ] = "subject-wise",
    leaky: Annotated[
        str,
        typer.Option(
            help="Those of the resamplers that are also run under the protocols that leak, to show the gap; '' for "
            "none of them."
        ),
    ] = "none,SMOTE",
    folds: Annotated[int, typer.Option(min=2, help="Number of folds.")] = 5,
    seed: Annotated[int, typer.Option(min=0, help="Seed of everything random.")] = 0,
    jobs: Annotated[int, typer.Option(help="Processes; -1 for one a core. Results do not depend on it.")] = -1,
    learning_curve: Annotated[
        bool,
        typer.Option(
            "--learning-curve",
            help="Also train one pipeline on fewer people, to see whether more would help; takes some minutes more.",
        ),
    ] = False,
    progress: Annotated[bool, typer.Option("--progress/--no-progress", help="Show how far the study is.")] = True,
) -> None:
    """Tremor from a wrist accelerometer: resamplers x classifiers, on people the model has never seen.

    The published road (vector magnitude, 3-6, 6-9 and 9-12 Hz, 4 s windows, 102 features) with ten resamplers.
    Prints a table with 95 % intervals over subjects beside what the paper reports, and writes tables and figures to
    the results folder.

    Exit codes: 0 done, 1 some cells failed (they are listed and tried again by the next run), 2 wrong usage or data.

    **Examples**

    `skpd study tremor`

    `skpd study tremor --data unm_rest --road principal-axis --out unm`

    `skpd study tremor --classifiers random-forest,mlp --out both`

    `skpd study tremor --resamplers none,SMOTE,SMOTEENN --protocols leave-one-subject-out`
    """
    from ..studies import run_tremor_study

    with exit_codes("study tremor", out):
        results = run_tremor_study(
            data,
            out=out,
            road=road,
            resamplers=split_names(resamplers),
            classifiers=split_names(classifiers),
            protocols=split_names(protocols),
            leaky=split_names(leaky),
            n_splits=folds,
            seed=seed,
            n_jobs=jobs,
            learning_curve=learning_curve,
            console=console,
            progress=progress,
        )
    raise typer.Exit(1 if len(results.failures) else 0)
