"""`skpd view`."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from ._app import app, console, exit_codes, split_names
from ._pen import PenColumns, PressureLevels, Resolution, pen_options


@app.command("view")
def view(
    file: Annotated[
        Path,
        typer.Argument(
            help="A recording (GENEActiv **.bin**, **.npy**, **.csv**, **.parquet**), a drawing (**.png**, **.jpg**), "
            "or a pen file (**.svc**, UCI **.txt**, **.csv** with --pen-columns).",
            metavar="FILE",
        ),
    ],
    model: Annotated[
        Path | None, typer.Option(help="Folder of a model that `skpd train` wrote: the page shows what it predicts.")
    ] = None,
    out: Annotated[
        Path | None, typer.Option(help="The page.", show_default="the name of FILE with .html, in this folder")
    ] = None,
    units: Annotated[
        str | None, typer.Option(help="What arrays and tables hold: **m/s^2** or **g**. GENEActiv files state it.")
    ] = None,
    sampling_rate: Annotated[
        float | None,
        typer.Option(help="Hz. Needed for .npy files; compared with the times of tables.", show_default="measured"),
    ] = None,
    channels: Annotated[str, typer.Option(help="Columns of tables, separated by commas.")] = "x,y,z",
    columns: Annotated[
        str | None,
        typer.Option(
            help="All columns of .csv files without a header line, or of .svc files, in their order.",
            show_default="a header",
        ),
    ] = None,
    time: Annotated[str, typer.Option(help="Column of times of tables.")] = "timestamp",
    time_unit: Annotated[
        str | None,
        typer.Option(
            help="**s**, **ms**, **us**, **ns**, or **iso** for dates and times.", show_default="s; ms of .svc and .txt"
        ),
    ] = None,
    disorder: Annotated[
        str | None,
        typer.Option(
            help="Times that repeat or go back: **raise** refuses, **fix** sorts, **shift** sets the clock of a pen "
            "forward.",
            show_default="raise; shift of .txt",
        ),
    ] = None,
    separator: Annotated[str, typer.Option(help="What separates fields of .csv files, such as ';'.")] = ",",
    decimal: Annotated[str, typer.Option(help="Decimal point of .csv files.")] = ".",
    encoding: Annotated[str, typer.Option(help="Encoding of .csv files.")] = "utf-8",
    device_range: Annotated[
        float | None,
        typer.Option(help="Largest acceleration that the device can measure, in g, to flag clipping."),
    ] = None,
    pen_columns: PenColumns = None,
    resolution: Resolution = None,
    pressure_levels: PressureLevels = None,
    trust: Annotated[
        str, typer.Option(help="Full names of further types that the model may hold, separated by commas.")
    ] = "",
    jobs: Annotated[int, typer.Option(help="Threads; -1 for one a core. The page does not depend on it.")] = -1,
) -> None:
    """One HTML file that shows a recording, a drawing or a pen file, with or without a model.

    Of a recording: signal and spectrogram that can be zoomed, what the model says of each window and its probability,
    bouts of tremor, days, and flags for gaps, non-wear, clipping and input unlike the training data. Of a pen file:
    speed, pressure and jerk over the ideal spiral. The page needs no network.

    Exit codes: 0 done, 2 wrong usage, or a file or model that cannot be read.

    **Examples**

    `skpd view wrist.bin --model tremor-model`

    `skpd view wrist.npy --units g --sampling-rate 100`

    `skpd view spiral.svc --out spiral.html`

    `skpd view spiral.txt --model pen-model`
    """
    from ..pages import write_view

    is_pen = pen_columns is not None or file.suffix.lower() in (".svc", ".txt")
    with exit_codes("view"), console.status(f"reading {file.name}"):
        pen = pen_options(
            pen_columns,
            columns,
            resolution,
            pressure_levels,
            time_unit,
            disorder,
            separator=separator,
            decimal=decimal,
            encoding=encoding,
        )
        page = write_view(
            file,
            out or Path(f"{file.stem}.html"),
            model=model,
            trusted=split_names(trust),
            n_jobs=jobs,
            pen=pen if is_pen else None,
            units=units,
            sampling_rate=sampling_rate,
            channels=tuple(split_names(channels)),
            names=None if columns is None else split_names(columns),
            time=time,
            time_unit=time_unit or "s",
            disorder=disorder or "raise",
            separator=separator,
            decimal=decimal,
            encoding=encoding,
            device_range=device_range,
        )
    console.print(f"{page} ({page.stat().st_size / 1e3:,.0f} kB): open it in any browser", soft_wrap=True)
