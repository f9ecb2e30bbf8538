"""`skpd extract`."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from ._app import app, console, exit_codes, split_names


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
    from ..studies import run_extract

    with exit_codes("extract", out):
        report = run_extract(
            files,
            out,
            units=units,
            sampling_rate=sampling_rate,
            channels=split_names(channels),
            time=time,
            time_unit=time_unit,
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
            console=console,
            progress=progress,
        )
    raise typer.Exit(1 if len(report.failures) else 0)
