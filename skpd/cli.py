"""The command `skpd`."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console

from ._version import __version__

__all__ = ["app", "main"]

app = typer.Typer(
    name="skpd",
    no_args_is_help=True,
    rich_markup_mode="markdown",
    pretty_exceptions_enable=False,
    help="""Parkinson's disease from wrist signals, drawings and handwriting, scored on people the model has never seen.

    Start with `skpd study tremor`: it needs no data and takes a few minutes.""",
)
study = typer.Typer(
    no_args_is_help=True,
    rich_markup_mode="markdown",
    help="Run a published system on a dataset and write scores and figures.",
)
app.add_typer(study, name="study")

_out = Console(highlight=False)
_err = Console(stderr=True, highlight=False)


def _print_version(wanted: bool) -> None:
    if wanted:
        _out.print(f"skpd {__version__}")
        raise typer.Exit


@app.callback()
def _skpd(
    version: Annotated[
        bool, typer.Option("--version", callback=_print_version, is_eager=True, help="Print the version and exit.")
    ] = False,
) -> None:
    pass


@study.command("tremor")
def study_tremor(
    data: Annotated[
        str,
        typer.Option(
            help="**simulated** (labelled 0-4, needs no files) or **unm_rest** (real, Parkinson's against control; "
            "looked for in the folder that SKPD_DATA names)."
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
    classifiers: Annotated[str, typer.Option(help="Names separated by commas.")] = "random-forest",
    protocols: Annotated[
        str,
        typer.Option(
            help="Names separated by commas: **subject-wise** (sound), **leave-one-subject-out** (sound), "
            "**as-written** and **as-published** (they leak; for comparison with published numbers)."
        ),
    ] = "subject-wise",
    folds: Annotated[int, typer.Option(min=2, help="Number of folds.")] = 5,
    seed: Annotated[int, typer.Option(min=0, help="Seed of everything random.")] = 0,
    jobs: Annotated[int, typer.Option(help="Processes; -1 for one a core. Results do not depend on it.")] = -1,
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

    `skpd study tremor --resamplers none,SMOTE --protocols as-published,as-written,subject-wise`
    """
    from .studies import run_tremor_study

    try:
        results = run_tremor_study(
            data,
            out=out,
            road=road,
            resamplers=_names(resamplers),
            classifiers=_names(classifiers),
            protocols=_names(protocols),
            n_splits=folds,
            seed=seed,
            n_jobs=jobs,
            console=_out,
            progress=progress,
        )
    except (ValueError, OSError) as error:
        _err.print(f"[bold red]skpd study tremor:[/] {error}", soft_wrap=True)
        raise typer.Exit(2) from None
    except KeyboardInterrupt:
        _err.print(f"Interrupted. What is finished is kept: the same command continues in {out}.", soft_wrap=True)
        raise typer.Exit(130) from None
    raise typer.Exit(1 if len(results.failures) else 0)


def _names(text: str) -> list[str]:
    return [name.strip() for name in text.split(",") if name.strip()]


def main() -> None:
    """Run the command line; the entry point of the `skpd` script."""
    app()
