"""`skpd train`."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.markup import escape
from rich.table import Table

from ._app import app, console, exit_codes, split_names
from ._pen import PenColumns, PressureLevels, Resolution, pen_options

_METRICS = ("balanced_accuracy", "f1_macro", "gmean", "quadratic_kappa", "auc")


@app.command("train")
def train(
    recipe: Annotated[
        str,
        typer.Argument(
            help="**tremor** (recordings), **hwa1**, **hwa2** or **hwa3** (drawings), **pen-svm**, **pen-adaboost**, "
            "**pen-knn**, **pen-forest** or **naseer** (pen files)."
        ),
    ],
    data: Annotated[
        str,
        typer.Option(
            help="**simulated**; **unm_rest** (recordings), **real** (drawings), **uci** or **pahaw** (pen files), "
            "looked for in the folder that SKPD_DATA names; or a .csv table with the columns file, label and subject, "
            "with its files beside it."
        ),
    ],
    out: Annotated[Path, typer.Option(help="Folder of the model.")],
    set_: Annotated[
        list[str] | None,
        typer.Option(
            "--set", help="A parameter of the recipe, such as `resampler=SMOTE` or `weights=None`; may be repeated."
        ),
    ] = None,
    calibrate: Annotated[
        str,
        typer.Option(help="On held-out subjects, by **sigmoid**, **isotonic** or **temperature**; or **none**."),
    ] = "none",
    protocols: Annotated[
        str,
        typer.Option(help="Of the scores on the card: **subject-wise**, **leave-one-subject-out**, or both."),
    ] = "subject-wise",
    folds: Annotated[int, typer.Option(min=2, help="Number of folds.")] = 5,
    units: Annotated[str | None, typer.Option(help="What your own arrays and tables hold: **m/s^2** or **g**.")] = None,
    sampling_rate: Annotated[
        float | None,
        typer.Option(
            help="Hz, of your own .npy files; tables with uneven times are interpolated at it.", show_default="measured"
        ),
    ] = None,
    channels: Annotated[str, typer.Option(help="Columns of your own tables.")] = "x,y,z",
    time: Annotated[str, typer.Option(help="Column of times of your own tables.")] = "timestamp",
    time_unit: Annotated[
        str | None,
        typer.Option(help="**s**, **ms**, **us**, **ns**, or **iso**.", show_default="s; ms of .svc and .txt"),
    ] = None,
    pen_columns: PenColumns = None,
    resolution: Resolution = None,
    pressure_levels: PressureLevels = None,
    task: Annotated[
        str | None,
        typer.Option(
            help="What was drawn, of datasets and UCI files with several tasks: **wave**, **dynamic**, ... With pen "
            "recipes of features add `--set spiral=false` if it is no spiral.",
            show_default="the spiral",
        ),
    ] = None,
    image_size: Annotated[int, typer.Option(min=32, help="Height and width of drawings, in pixels.")] = 100,
    overwrite: Annotated[bool, typer.Option("--overwrite", help="Replace a model that is there.")] = False,
    seed: Annotated[int, typer.Option(min=0, help="Seed of everything random.")] = 0,
    jobs: Annotated[int, typer.Option(help="Processes; -1 for one a core. Results do not depend on it.")] = 1,
) -> None:
    """Train a recipe on all people and write a model folder with its card.

    The scores on the card are those of a cross-validation that keeps subjects whole, with 95 % intervals over subjects;
    then the model is fitted on everybody. `skpd predict` uses it.

    Exit codes: 0 done, 2 wrong usage or data.

    **Examples**

    `skpd train tremor --data simulated --out tremor-model --set resampler=SMOTE --calibrate sigmoid`

    `skpd train tremor --data labels.csv --units g --sampling-rate 100 --out my-model`

    `skpd train pen-svm --data uci --out pen-model`
    """
    from ..models import train_model

    with exit_codes("train"), console.status("training: folds first, then everybody"):
        report = train_model(
            recipe,
            data,
            out,
            parameters=_parameters(set_ or []),
            protocols=split_names(protocols),
            n_splits=folds,
            calibrate=calibrate,
            image_size=image_size,
            task=task,
            overwrite=overwrite,
            seed=seed,
            n_jobs=jobs,
            units=units,
            sampling_rate=sampling_rate,
            channels=tuple(split_names(channels)),
            time=time,
            time_unit=time_unit or "s",
            pen=pen_options(pen_columns, None, resolution, pressure_levels, time_unit, None),
        )
    for note in report.notes:
        console.print(f"[yellow]note:[/] {escape(note)}", soft_wrap=True)
    table = Table("protocol", "unit", "metric", "score", "95 % interval", "n", "subjects", box=None, pad_edge=False)
    for row in report.scores[report.scores["metric"].isin(_METRICS)].itertuples():
        interval = f"{row.low:.2f} to {row.high:.2f}"
        table.add_row(row.protocol, row.unit, row.metric, f"{row.value:.2f}", interval, str(row.n), str(row.n_subjects))
    console.print("On people that the model had not seen:")
    console.print(table)
    console.print(f"Model and card in {escape(str(report.folder))}; this is not a medical device.", soft_wrap=True)


def _parameters(settings: list[str]) -> dict[str, Any]:
    """Read NAME=VALUE pairs; a value that JSON understands is that, None is Python's, anything else is text."""
    parameters: dict[str, Any] = {}
    for setting in settings:
        name, equals, text = setting.partition("=")
        if not equals or not name.isidentifier():
            raise ValueError(f"--set: expected NAME=VALUE, such as resampler=SMOTE, got {setting!r}.")
        try:
            parameters[name] = None if text == "None" else json.loads(text)
        except json.JSONDecodeError:
            parameters[name] = text
    return parameters
