"""`skpd predict`."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer
from rich.markup import escape
from rich.table import Table

from ._app import app, console, err, exit_codes, split_names
from ._pen import PenColumns, PressureLevels, Resolution, pen_options

if TYPE_CHECKING:
    from ..models import PredictReport

#: Rows of the summary that are printed; the table has them all.
_SHOWN = 20


@app.command("predict")
def predict(
    model: Annotated[Path, typer.Argument(help="Folder of a model that `skpd train` wrote.", metavar="MODEL")],
    files: Annotated[
        list[Path],
        typer.Argument(
            help="Recordings of any length (GENEActiv **.bin**, **.npy**, **.csv**, **.parquet**), drawings "
            "(**.png**, **.jpg**) or pen files (**.svc**, UCI **.txt**, **.csv** with --pen-columns), as the model "
            "takes.",
            metavar="FILES...",
        ),
    ],
    out: Annotated[Path, typer.Option(help="Folder of the tables.")] = Path("skpd-predictions"),
    format: Annotated[str, typer.Option(help="Of the tables: **csv** or **parquet**.")] = "csv",
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
    subject: Annotated[str | None, typer.Option(help="Column of tables that names the person.")] = None,
    disorder: Annotated[
        str | None,
        typer.Option(
            help="Times that repeat or go back: **raise** calls the file failed, **fix** sorts them, **shift** sets "
            "the clock of a pen forward.",
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
    jobs: Annotated[int, typer.Option(help="Threads; -1 for one a core. Results do not depend on it.")] = -1,
) -> None:
    """Predict recordings, drawings or pen files with a trained model.

    For recordings: a table of windows each (class, probabilities, tremor frequency and amplitude in each band, flags
    for gaps, non-wear, clipping and input unlike the training data) and a summary a recording and day. Another sampling
    rate is resampled, other units are converted. Memory does not grow with the length of .bin and .npy files. For
    drawings and pen files: a table with a row a drawing.

    Exit codes: 0 done, 1 some files failed (they are listed), 2 wrong usage or a model that cannot be loaded.

    **Examples**

    `skpd predict tremor-model wrist.bin`

    `skpd predict tremor-model wrist/*.npy --units g --sampling-rate 100 --device-range 8 --format parquet`

    `skpd predict pen-model spirals/*.txt`
    """
    from ..models import predict_files

    with exit_codes("predict"), console.status("") as status:
        report = predict_files(
            model,
            list(files),
            out,
            format=format,
            trusted=split_names(trust),
            n_jobs=jobs,
            on_progress=lambda done, total: status.update(f"{done} of {total} files"),
            pen=pen_options(
                pen_columns,
                columns,
                resolution,
                pressure_levels,
                time_unit,
                disorder,
                separator=separator,
                decimal=decimal,
                encoding=encoding,
            ),
            units=units,
            sampling_rate=sampling_rate,
            channels=tuple(split_names(channels)),
            names=None if columns is None else split_names(columns),
            time=time,
            time_unit=time_unit or "s",
            subject=subject,
            disorder=disorder or "raise",
            separator=separator,
            decimal=decimal,
            encoding=encoding,
            device_range=device_range,
        )
    _print(report)
    raise typer.Exit(1 if len(report.failures) else 0)


#: Heading of each column of the summary that is printed.
_HEADINGS = {
    "day": "day",
    "test": "test",
    "prediction": "class",
    "n_windows": "windows",
    "n_used": "used",
    "n_gap": "gap",
    "n_nonwear": "not worn",
    "n_clipping": "clipped",
    "n_unlike_training": "unlike",
    "share_tremor": "tremor",
    "mean_severity": "severity",
    "unlike_training": "unlike",
}


def _print(report: PredictReport) -> None:
    summary = report.summary
    if len(summary):
        columns = [name for name in _HEADINGS if name in summary and summary[name].notna().any()]
        if "mean_severity" not in columns:
            # Without degrees there may still be a class called tremor.
            shares = [name for name in summary if name.startswith(("share_", "proba_"))]
            columns = [name for name in columns if name not in shares]
            columns += [name for name in shares if name != "share_unlike_training"]
        table = Table(box=None, pad_edge=False)
        table.add_column(summary.columns[0], overflow="fold", min_width=12)
        for name in columns:
            table.add_column(_HEADINGS.get(name, name.partition("_")[2]), no_wrap=True, justify="right")
        for _, row in summary.head(_SHOWN).iterrows():
            table.add_row(escape(str(row.iloc[0])), *(_text(row[name]) for name in columns))
        console.print(table)
        if len(summary) > _SHOWN:
            console.print(f"... and {len(summary) - _SHOWN} more rows")
        if "n_windows" in columns and "n_clipping" not in columns:
            console.print("Clipping was not looked for: state the device's range with --device-range.")
    for row in report.files[report.files["notes"] != ""].itertuples():
        console.print(f"[yellow]note:[/] {escape(row.file)}: {escape(row.notes)}", soft_wrap=True)
    for row in report.failures.itertuples():
        err.print(f"[red]failed:[/] {escape(row.reason)}", soft_wrap=True)
    if len(summary):
        console.print(f"Tables in {escape(str(report.out))}", soft_wrap=True)
    console.print("A class is an estimate for research, not a finding: this is not a medical device.", soft_wrap=True)


def _text(value: Any) -> str:
    import pandas as pd

    if pd.isna(value):
        return ""
    return f"{value:.2f}" if isinstance(value, float) else str(value)
