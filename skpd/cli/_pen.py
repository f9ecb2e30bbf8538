"""Options of pen files, which several commands have."""

from __future__ import annotations

from typing import Annotated, Any

import typer

from ._app import split_names

__all__ = ["PenColumns", "PressureLevels", "Resolution", "pen_options"]

PenColumns = Annotated[
    str | None,
    typer.Option(help="For a pen .csv: the column of each channel, such as **x=x_mm,y=y_mm,t=ms,pressure=force**."),
]
Resolution = Annotated[
    float | None,
    typer.Option(help="Metres in one unit of x and y of a pen file.", show_default="5e-6 of .svc, else unknown"),
]
PressureLevels = Annotated[
    int | None,
    typer.Option(help="Levels of pressure of a pen.", show_default="32768 of .svc, 1024 of .txt, else unknown"),
]


def pen_options(
    pen_columns: str | None,
    columns: str | None,
    resolution: float | None,
    pressure_levels: int | None,
    time_unit: str | None,
    disorder: str | None,
    **text: str,
) -> dict[str, Any]:
    """Gather how pen files are read: `columns` are all of a .csv without a header, or those of an .svc, in their order.

    `text` is how .csv files are written: separator, decimal, encoding.
    """
    names = None if columns is None else split_names(columns)
    return {
        **text,
        "columns": names if pen_columns is None else _mapping(pen_columns),
        "names": names,
        "resolution": resolution,
        "pressure_levels": pressure_levels,
        "time_unit": time_unit,
        "disorder": disorder,
    }


def _mapping(text: str) -> dict[str, str]:
    """Read channel=column pairs."""
    pairs = [pair.split("=", 1) for pair in split_names(text)]
    if not pairs or not all(len(pair) == 2 and all(pair) for pair in pairs):
        raise ValueError(f"pen-columns: expected pairs such as x=x_mm,y=y_mm,t=ms, got {text!r}.")
    return {channel.strip(): column.strip() for channel, column in pairs}
