"""The `.svc` files of pen tablets: a count of rows, then seven numbers a line."""

from __future__ import annotations

import os
import warnings
from collections.abc import Callable, Sequence
from numbers import Integral, Real
from pathlib import Path
from typing import Any

import numpy as np
from sklearn.utils import Bunch
from sklearn.utils._param_validation import Interval, StrOptions, validate_params

from ..exceptions import DataFileError, DataFileWarning
from ._layout import Paths, find_files
from ._pens import (
    ANGLE_UNITS,
    WACOM_POINT,
    PenRecording,
    PenScale,
    load_files,
    to_pen,
)
from ._rows import parse_rows, read_lines
from ._timestamps import TIME_UNITS

__all__ = ["load_svc", "read_svc"]

#: Names that `columns` may hold, and the channel of each.
_CHANNELS = {
    "x": "x",
    "y": "y",
    "time": "t",
    "pen_down": "pen_down",
    "azimuth": "azimuth",
    "altitude": "altitude",
    "pressure": "pressure",
}

_CARD = """\
Pen recordings from .svc files
==============================
Who         {who}
Signals     x, y, t, pressure, azimuth, altitude, pen_down; points as the tablet sent them, not resampled
Device      as the call states: {scale}
Target      {target}
Limits      this card knows only what the files and the call said; licence and reference are those of your data
"""


@validate_params(
    {
        "paths": [str, os.PathLike, "array-like"],
        "columns": ["array-like"],
        "subject": [callable, None],
        "target": [callable, None],
        "resolution": [Interval(Real, 0, None, closed="neither"), None],
        "pressure_levels": [Interval(Integral, 2, None, closed="left"), None],
        "time_unit": [StrOptions(set(TIME_UNITS))],
        "angle_unit": [StrOptions(set(ANGLE_UNITS))],
        "disorder": [StrOptions({"raise", "fix", "shift"})],
        "encoding": [str],
        "errors": [StrOptions({"raise", "warn"})],
        "return_X_y": ["boolean"],
    },
    prefer_skip_nested_validation=True,
)
def load_svc(
    paths: Paths,
    *,
    columns: Sequence[str] = ("x", "y", "time", "pen_down", "azimuth", "altitude", "pressure"),
    subject: Callable[[Path], Any] | None = None,
    target: Callable[[Path], Any] | None = None,
    resolution: float | None = WACOM_POINT,
    pressure_levels: int | None = 32768,
    time_unit: str = "ms",
    angle_unit: str = "0.1deg",
    disorder: str = "raise",
    encoding: str = "utf-8",
    errors: str = "raise",
    return_X_y: bool = False,
) -> Bunch | tuple[np.ndarray, np.ndarray | None]:
    r"""Load pen recordings from ``.svc`` files, in SI units.

    The first line of a file is its number of rows; each other line holds seven numbers separated by white space.
    Points stay as the tablet sent them: a gap in `t` is where the pen was out of its reach.

    Parameters
    ----------
    paths : str, path-like or sequence of them
        Files, each once, or a folder of which all ``*.svc`` files are read in the order of their names, without those
        that begin with a dot.
    columns : sequence of str
        What the seven numbers are, in their order: "x", "y", "time", "pen_down", "azimuth", "altitude" and
        "pressure". Nothing in a file tells: PaHaW, for one, stores y before x.
    subject, target : callable or None, default=None
        A function that gets the file's path and returns the person or the label; None for not known.
    resolution : float or None, default=5e-6
        Metres in one unit of x and y. The default is that of a Wacom Intuos3 or later and of its Cintiq displays,
        200 points a millimetre [1]_. None keeps device units.
    pressure_levels : int or None, default=32768
        Number of values that pressure can take; it is divided by the highest, ``pressure_levels - 1``. The default
        is the range of the drivers that BDALab's tools write `.svc` files with [2]_; older ones report the 1024 or
        2048 levels of the tablet itself. None keeps device units.
    time_unit : {"s", "ms", "us", "ns"}, default="ms"
        Unit of time.
    angle_unit : {"0.1deg", "deg", "rad"}, default="0.1deg"
        Unit of azimuth and altitude.
    disorder : {"raise", "fix", "shift"}, default="raise"
        What to do with timestamps that repeat or go back. "fix" sorts them and keeps the first of equal ones; "shift"
        keeps the order of the file and sets the clock forward by a median step. Both count them in `frame`.
    encoding : str, default="utf-8"
        How the files are written.
    errors : {"raise", "warn"}, default="raise"
        What to do with a damaged file. "warn" keeps the rows before the damage, says in ``frame["problem"]`` what is
        missing, and lists in ``skipped`` files of which nothing can be read.
    return_X_y : bool, default=False
        Return ``(data, target)`` instead of a Bunch.

    Returns
    -------
    data : :class:`~sklearn.utils.Bunch`
        With the entries

        data : object ndarray of shape (n,)
            Arrays of shape (n_points_i, 7): x and y (m, along the tablet's axes), t (s from the first point),
            pressure (0 to 1), azimuth and altitude (rad), pen_down (0 in the air, 1 on the surface).
        target, groups : ndarray of shape (n,) or None
            Label and person.
        target_names : list or None
            The distinct labels, sorted.
        sampling_rate : float
            Hz, the median of the measured rates; NaN where a recording is more than 1 % off it.
        units : dict
            Unit of each channel.
        channel_names : list of str
            ``["x", "y", "t", "pressure", "azimuth", "altitude", "pen_down"]``.
        frame : DataFrame
            One row a recording: recording, subject, target, file, n_claimed (the count in the first line), problem
            ("" where the file is whole), duration_s, n_points, measured_rate_hz, largest_gap_s, n_duplicates,
            n_out_of_order.
        skipped : DataFrame
            Files left out: file, reason. Empty with ``errors="raise"``.
        DESCR : str
            What is known of the data.

        With ``return_X_y=True`` the tuple ``(data, target)``.

    Raises
    ------
    DataFileError
        If a file is missing, empty, not text, or has fewer rows than it claims; if a line does not hold seven
        numbers; if values are outside what their unit allows, as they are where columns or units are wrong; or if
        timestamps are out of order.
    ValueError
        If `paths` names a file twice, or `subject` or `target` returns something that is not one text or number.

    Warns
    -----
    DataFileWarning
        For each damaged file with ``errors="warn"``, and if no pressure reaches 1/16 of the full scale, which says
        that the tablet has fewer levels.

    See Also
    --------
    load_pahaw : The PaHaW folder, with its table of people.
    load_pen_csv : Pen recordings with named columns.

    Notes
    -----
    A file with more rows than it claims is read whole: the count is compared, never trusted.

    References
    ----------
    .. [1] Linux kernel, ``drivers/hid/wacom_wac.c``, constant ``WACOM_INTUOS3_RES``.
    .. [2] BDALab, "handwriting-sample": defaults of its transformer (5080 lines an inch, pressure to 32767, azimuth
       0-3600 and altitude 0-900 in tenths of a degree).

    Examples
    --------
    >>> import pathlib, tempfile
    >>> from skpd.datasets import load_svc
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     path = pathlib.Path(folder, "anna.svc")
    ...     _ = path.write_text("2\n4000 7500 354642400 1 900 450 16000\n4200 7500 354642408 0 900 450 0\n")
    ...     pens = load_svc(path, subject=lambda path: path.stem)
    >>> pens.data[0][:, :4].round(4)
    array([[0.02  , 0.0375, 0.    , 0.4883],
           [0.021 , 0.0375, 0.008 , 0.    ]])
    >>> pens.groups, pens.units["x"]
    (array(['anna'], dtype='<U4'), 'm')
    """
    if sorted(columns) != sorted(_CHANNELS):
        raise ValueError(f"columns: expected {sorted(_CHANNELS)}, each once, in their order, got {list(columns)}.")
    scale = PenScale(resolution, pressure_levels, time_unit, angle_unit)

    def read(path: Path) -> tuple[PenRecording, dict[str, Any]]:
        return read_svc(path, columns, scale, disorder=disorder, encoding=encoding, partial=errors == "warn")

    return load_files(
        find_files(paths, ".svc"),
        read,
        scale=scale,
        subject=subject,
        target=target,
        card=_CARD,
        errors=errors,
        return_X_y=return_X_y,
    )


def read_svc(
    path: Path, columns: Sequence[str], scale: PenScale, *, disorder: str, encoding: str, partial: bool
) -> tuple[PenRecording, dict[str, Any]]:
    """Read one `.svc` file.

    Returns
    -------
    pen : PenRecording
        The recording.
    facts : dict
        n_claimed and problem, for the frame.
    """
    first, *lines = read_lines(path, encoding)
    if not (first.strip().isascii() and first.strip().isdigit()):
        raise DataFileError(
            path, where="line 1", found=repr(first[:40]), expected="the number of rows", advice="Is it an .svc file?"
        )
    claimed = int(first[:18])
    if not lines:
        raise DataFileError(path, found="no rows", expected=f"the {claimed} that line 1 claims")
    values, problem = parse_rows(path, lines, len(columns), separator=None, first_line=2, partial=partial)
    if not problem and len(values) < claimed:
        error = DataFileError(
            path,
            found=f"{len(values)} rows",
            expected=f"the {claimed} that line 1 claims",
            advice='The file may be cut: copy it again, or pass errors="warn" to have the rows that are there.',
        )
        if not partial:
            raise error
        problem = str(error)
        warnings.warn(problem, DataFileWarning, stacklevel=2)
    pen = to_pen(
        {_CHANNELS[name]: values[:, j] for j, name in enumerate(columns)},
        scale,
        path=path,
        place=lambda row: f"line {row + 2}",
        disorder=disorder,
    )
    return pen, {"n_claimed": claimed, "problem": problem}
