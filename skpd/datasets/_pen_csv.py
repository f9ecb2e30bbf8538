"""Pen recordings in CSV files of any layout, by column mapping."""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping, Sequence
from numbers import Integral, Real
from pathlib import Path
from typing import Any

import numpy as np
from sklearn.utils import Bunch
from sklearn.utils._param_validation import Interval, StrOptions, validate_params

from ._layout import Paths, find_files
from ._parse import check_time, numeric_columns, read_csv_columns
from ._pens import ANGLE_UNITS, PEN_CHANNELS, PenRecording, PenScale, load_files, to_pen
from ._timestamps import TIME_UNITS

__all__ = ["load_pen_csv"]

_CARD = """\
Pen recordings from CSV files
=============================
Who         {who}
Signals     x, y, t, pressure, azimuth, altitude, pen_down, NaN where the files have none; points as the files hold
            them, not resampled
Device      as the call states: {scale}
Target      {target}
Limits      this card knows only what the files and the call said; licence and reference are those of your data
"""


@validate_params(
    {
        "paths": [str, os.PathLike, "array-like"],
        "columns": [Mapping],
        "resolution": [Interval(Real, 0, None, closed="neither"), None],
        "pressure_levels": [Interval(Integral, 2, None, closed="left"), None],
        "time_unit": [StrOptions(set(TIME_UNITS))],
        "angle_unit": [StrOptions(set(ANGLE_UNITS))],
        "subject": [callable, None],
        "target": [callable, None],
        "disorder": [StrOptions({"raise", "fix", "shift"})],
        "separator": [str],
        "decimal": [str],
        "encoding": [str],
        "names": ["array-like", None],
        "errors": [StrOptions({"raise", "warn"})],
        "return_X_y": ["boolean"],
    },
    prefer_skip_nested_validation=True,
)
def load_pen_csv(
    paths: Paths,
    *,
    columns: Mapping[str, str],
    resolution: float | None,
    pressure_levels: int | None,
    time_unit: str = "s",
    angle_unit: str = "deg",
    subject: Callable[[Path], Any] | None = None,
    target: Callable[[Path], Any] | None = None,
    disorder: str = "raise",
    separator: str = ",",
    decimal: str = ".",
    encoding: str = "utf-8",
    names: Sequence[str] | None = None,
    errors: str = "raise",
    return_X_y: bool = False,
) -> Bunch | tuple[np.ndarray, np.ndarray | None]:
    r"""Load pen recordings from CSV files, one recording a file.

    Parameters
    ----------
    paths : str, path-like or sequence of them
        Files, each once, or a folder of which all ``*.csv`` files are read in the order of their names, without those
        that begin with a dot.
    columns : mapping of str to str
        Which column of the files each channel is: "x", "y" and "t", and what there is of "pressure", "azimuth",
        "altitude" and "pen_down". Without pen_down the pen is down where pressure is above 0.
    resolution : float or None
        Metres in one unit of x and y; for example 1e-3 for millimetres, 5e-6 for most Wacom tablets. None keeps
        device units. To be stated: it is never guessed.
    pressure_levels : int or None
        Number of values that pressure can take, 2048 for example; it is divided by the highest. 2 leaves a pressure
        that is a share already. None keeps device units.
    time_unit : {"s", "ms", "us", "ns"}, default="s"
        Unit of t.
    angle_unit : {"deg", "0.1deg", "rad"}, default="deg"
        Unit of azimuth and altitude.
    subject, target : callable or None, default=None
        A function that gets the file's path and returns the person or the label; None for not known.
    disorder : {"raise", "fix", "shift"}, default="raise"
        What to do with timestamps that repeat or go back, as in :func:`load_svc`.
    separator, decimal, encoding : str, default=",", ".", "utf-8"
        How the files are written.
    names : sequence of str or None, default=None
        Columns of files without a header line.
    errors : {"raise", "warn"}, default="raise"
        What to do with a file that cannot be read. "warn" leaves it out and lists it in ``skipped``.
    return_X_y : bool, default=False
        Return ``(data, target)`` instead of a Bunch.

    Returns
    -------
    data : :class:`~sklearn.utils.Bunch`
        With the entries of :func:`load_svc`, of `frame` without n_claimed and problem. Channels that are not in
        `columns`, and empty cells, are NaN; of all but x, y and t a file may have no value at all.

    Raises
    ------
    DataFileError
        If a file is missing, empty, not text of the stated encoding or not a table; lacks a column; holds text where
        numbers belong or values outside what their unit allows; or has timestamps that are out of order.
    ValueError
        If `paths` names a file twice, or `subject` or `target` returns something that is not one text or number.

    Warns
    -----
    DataFileWarning
        For each file left out.

    See Also
    --------
    load_svc : Files of pen tablets without a header.
    load_csv_recordings : Acceleration.

    Examples
    --------
    >>> import pathlib, tempfile
    >>> from skpd.datasets import load_pen_csv
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     path = pathlib.Path(folder, "anna.csv")
    ...     _ = path.write_text("ms,x_mm,y_mm,force\n0,10,20,0\n8,11,20,1023\n")
    ...     pens = load_pen_csv(
    ...         path, columns={"x": "x_mm", "y": "y_mm", "t": "ms", "pressure": "force"},
    ...         resolution=1e-3, pressure_levels=1024, time_unit="ms",
    ...     )
    >>> pens.data[0]
    array([[0.01 , 0.02 , 0.   , 0.   ,   nan,   nan, 0.   ],
           [0.011, 0.02 , 0.008, 1.   ,   nan,   nan, 1.   ]])
    """
    if not {"x", "y", "t"} <= set(columns) <= set(PEN_CHANNELS):
        raise ValueError(f"columns: expected x, y and t, and others of {PEN_CHANNELS}, got {dict(columns)}.")
    scale = PenScale(resolution, pressure_levels, time_unit, angle_unit)

    def read(path: Path) -> tuple[PenRecording, dict[str, Any]]:
        table, place = read_csv_columns(
            path, list(columns.values()), separator=separator, decimal=decimal, encoding=encoding, names=names
        )
        others = [channel for channel in columns if channel != "t"]
        optional = [columns[channel] for channel in others if channel not in ("x", "y")]
        numbers = numeric_columns(path, table, [columns[c] for c in others], place, may_be_empty=optional)
        values = dict(zip(others, numbers.T, strict=True))
        values["t"] = check_time(path, table[columns["t"]], time_unit, place).to_numpy(dtype=np.float64)
        return to_pen(values, scale, path=path, place=place, disorder=disorder), {}

    return load_files(
        find_files(paths, ".csv"),
        read,
        scale=scale,
        subject=subject,
        target=target,
        card=_CARD,
        errors=errors,
        return_X_y=return_X_y,
    )
