"""The command `skpd`."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated

import typer
from rich import box
from rich.console import Console
from rich.markup import escape
from rich.padding import Padding
from rich.table import Table
from rich.text import Text

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
data = typer.Typer(
    no_args_is_help=True,
    rich_markup_mode="markdown",
    help="Published datasets: what each is, how to get it, and whether a folder holds it completely.",
)
app.add_typer(data, name="data")

#: Entries of a list that are printed one by one.
_SHOWN = 20

_out = Console(highlight=False)
_err = Console(stderr=True, highlight=False)


@contextmanager
def _exit_codes(command: str, out: Path | None = None) -> Iterator[None]:
    """Turn wrong usage and data into a message and exit code 2, an interrupt into 130."""
    try:
        yield
    except (ValueError, OSError) as error:
        _err.print(f"[bold red]skpd {command}:[/] {escape(str(error))}", soft_wrap=True)
        raise typer.Exit(2) from None
    except KeyboardInterrupt:
        kept = f" What is finished is kept: the same command continues in {escape(str(out))}." if out else ""
        _err.print(f"Interrupted.{kept}", soft_wrap=True)
        raise typer.Exit(130) from None


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
    classifiers: Annotated[str, typer.Option(help="Names separated by commas.")] = "random-forest",
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

    `skpd study tremor --resamplers none,SMOTE,SMOTEENN --protocols leave-one-subject-out`
    """
    from .studies import run_tremor_study

    with _exit_codes("study tremor", out):
        results = run_tremor_study(
            data,
            out=out,
            road=road,
            resamplers=_names(resamplers),
            classifiers=_names(classifiers),
            protocols=_names(protocols),
            leaky=_names(leaky),
            n_splits=folds,
            seed=seed,
            n_jobs=jobs,
            console=_out,
            progress=progress,
        )
    raise typer.Exit(1 if len(results.failures) else 0)


@app.command("extract")
def extract(
    files: Annotated[
        list[Path],
        typer.Argument(
            help="**.npy** arrays (timesteps, axes) of any length, **.csv** or **.parquet** tables.", metavar="FILES..."
        ),
    ],
    out: Annotated[
        Path, typer.Option(help="Folder of the results. An extraction that was interrupted continues there.")
    ],
    units: Annotated[str, typer.Option(help="What the files hold: **m/s^2** or **g**.")],
    sampling_rate: Annotated[
        float | None,
        typer.Option(help="Hz. Needed for .npy files; compared with the times of tables.", show_default="measured"),
    ] = None,
    channels: Annotated[str, typer.Option(help="Columns of tables, separated by commas.")] = "x,y,z",
    time: Annotated[str, typer.Option(help="Column of times of tables.")] = "timestamp",
    time_unit: Annotated[
        str, typer.Option(help="**s**, **ms**, **us**, **ns**, or **iso** for dates and times.")
    ] = "s",
    subject: Annotated[str | None, typer.Option(help="Column of tables that names the person.")] = None,
    resample_to: Annotated[
        float | None,
        typer.Option(help="Hz, to interpolate tables with uneven times on.", show_default="even times only"),
    ] = None,
    disorder: Annotated[
        str, typer.Option(help="Times that repeat or go back: **raise** calls the file failed, **fix** sorts them.")
    ] = "raise",
    separator: Annotated[str, typer.Option(help="What separates fields of .csv files, such as ';'.")] = ",",
    decimal: Annotated[str, typer.Option(help="Decimal point of .csv files.")] = ".",
    encoding: Annotated[str, typer.Option(help="Encoding of .csv files.")] = "utf-8",
    road: Annotated[
        str,
        typer.Option(help="**magnitude** (published), **principal-axis** or **per-axis**: how axes become signals."),
    ] = "magnitude",
    duration: Annotated[float, typer.Option(help="Length of a window in seconds.")] = 4.0,
    overlap: Annotated[float, typer.Option(help="Share of a window that the next one repeats.")] = 0.5,
    jobs: Annotated[
        int,
        typer.Option(
            help="Files at a time, or threads of a single file; -1 for one a core. Results do not depend on it."
        ),
    ] = -1,
    backend: Annotated[
        str, typer.Option(help="**loky** (processes), **threading** or **dask** (a cluster; needs `skpd[dask]`).")
    ] = "loky",
    scheduler: Annotated[
        str | None,
        typer.Option(
            help="Address of a dask scheduler, such as tcp://node:8786.", show_default="a cluster on this machine"
        ),
    ] = None,
    progress: Annotated[bool, typer.Option("--progress/--no-progress", help="Show how far it is.")] = True,
) -> None:
    """Tremor features of recordings of any length and number: one Parquet file a recording.

    102 features of every window (vector magnitude, 3-6, 6-9 and 9-12 Hz, 4 s with half overlap) into `OUT/parts`, and a
    manifest with parameters and versions. Finished parts are not computed again, other parameters need another folder;
    files that cannot be used are listed at the end.

    Exit codes: 0 done, 1 some files failed (the next run tries them again), 2 wrong usage.

    **Examples**

    `skpd extract wrist/*.npy --out features --units g --sampling-rate 100`

    `skpd extract phone/*.csv --out features --units m/s^2 --time t --time-unit ms --subject person`
    """
    from .studies import run_extract

    with _exit_codes("extract", out):
        report = run_extract(
            files,
            out,
            units=units,
            sampling_rate=sampling_rate,
            channels=_names(channels),
            time=time,
            time_unit=None if time_unit == "iso" else time_unit,
            subject=subject,
            resample_to=resample_to,
            disorder=disorder,
            separator=separator,
            decimal=decimal,
            encoding=encoding,
            road=road,
            duration=duration,
            overlap=overlap,
            n_jobs=jobs,
            backend=backend,
            scheduler=scheduler,
            console=_out,
            progress=progress,
        )
    raise typer.Exit(1 if len(report.failures) else 0)


@data.command("list")
def data_list() -> None:
    """List the published datasets that skpd reads, and which of them are in the folder that SKPD_DATA names."""
    from .datasets import list_datasets

    root = os.environ.get("SKPD_DATA")
    table = Table(
        "dataset", "labels", "people", "licence", "here", box=box.SIMPLE, pad_edge=False, padding=(0, 2, 0, 0)
    )
    for row in list_datasets().itertuples():
        here = "yes" if row.folder is not None else ""
        table.add_row(f"[bold]{row.name}[/]\n{row.what}", row.labels, row.subjects, row.licence, here, end_section=True)
    _out.print(table)
    _out.print(
        f"here: in {escape(root)}." if root else "here: set SKPD_DATA to the folder that holds the datasets' folders."
    )
    _out.print("More of one: skpd data info NAME. Your own files: load_csv_recordings and others, in skpd.datasets.")


@data.command("info")
def data_info(name: Annotated[str, typer.Argument(help="A name that `skpd data list` shows.")]) -> None:
    """Print a dataset's card: who, device, units, labels, limits, licence, reference, and how to get it.

    Exit codes: 0 done, 2 no dataset of this name.
    """
    from .datasets import dataset_info

    with _exit_codes("data info"):
        info = dataset_info(name)
    card = Table.grid(padding=(0, 2, 0, 0))
    card.add_column(style="bold", no_wrap=True)
    card.add_column()
    for heading, text in info.sections.items():
        card.add_row(heading, Text(text))
    _out.print(f"[bold]{info.name}[/]: {info.what}\n")
    _out.print(card)


@data.command("check")
def data_check(
    folder: Annotated[
        Path | None,
        typer.Argument(help="A dataset's folder, or one that holds several. By default the one SKPD_DATA names."),
    ] = None,
) -> None:
    """Check whether a folder holds its datasets completely, by reading all of it.

    Exit codes: 0 complete, 1 something is missing or broken, 2 no dataset recognised.
    """
    from .datasets import check_dataset

    if folder is None:
        if not os.environ.get("SKPD_DATA"):
            _err.print("[bold red]skpd data check:[/] name a folder, or set SKPD_DATA.", soft_wrap=True)
            raise typer.Exit(2)
        folder = Path(os.environ["SKPD_DATA"])
    checks = check_dataset(folder)
    if not checks:
        found = "no dataset that skpd knows" if folder.is_dir() else "no such folder"
        advice = "`skpd data info NAME` says what a dataset's folder holds."
        _err.print(f"[bold red]skpd data check:[/] {escape(str(folder))}: {found}. {advice}", soft_wrap=True)
        raise typer.Exit(2)
    for check in checks:
        verdict = "[green]complete[/]" if check.complete else "[red]incomplete[/]"
        _out.print(f"[bold]{check.name}[/]: {verdict}, {escape(str(check.folder))}", soft_wrap=True)
        counts = Table.grid(padding=(0, 2, 0, 0))
        counts.add_column(width=30)
        counts.add_column(justify="right")
        for count in check.counts:
            style = "" if count.found >= count.expected else "red"
            counts.add_row(f"  {count.what}", f"{count.found} of {count.expected}", style=style)
        _out.print(counts)
        if check.missing:
            more = f" and {len(check.missing) - _SHOWN} more" if len(check.missing) > _SHOWN else ""
            _out.print(Padding(Text(f"missing: {', '.join(check.missing[:_SHOWN])}{more}"), (0, 0, 0, 2)))
        for heading, entries in (("broken", check.broken), ("also", check.notes)):
            for entry in entries[:_SHOWN]:
                _out.print(Text(f"  {heading}: {entry}"), soft_wrap=True)
            if len(entries) > _SHOWN:
                _out.print(f"  {heading}: {len(entries) - _SHOWN} more")
    raise typer.Exit(0 if all(check.complete for check in checks) else 1)


def _names(text: str) -> list[str]:
    return [name.strip() for name in text.split(",") if name.strip()]


def main() -> None:
    """Run the command line; the entry point of the `skpd` script."""
    app()
