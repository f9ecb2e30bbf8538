"""Pen files for a model of pen trajectories: read in any format that has a reader, and described by a few numbers."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from ..datasets import load_pen_csv, load_svc
from ..datasets._pens import PenRecording, PenScale
from ..datasets._uci_spirals import _read_file as _read_uci
from ..exceptions import DataFileError

__all__ = ["PEN_SUFFIXES", "PenOptions", "PenTrace", "describe_pens", "read_pens"]

PEN_SUFFIXES = (".svc", ".txt", ".csv")


@dataclass(frozen=True)
class PenOptions:
    """How a pen file is read; None takes what the reader of its format takes.

    Attributes
    ----------
    columns : sequence or mapping, or None
        Of ``.svc`` files the names of the seven numbers in their order, of ``.csv`` files the column of each channel.
    resolution : float or None
        Metres in one unit of x and y.
    pressure_levels : int or None
        Number of values that pressure can take.
    time_unit, angle_unit : str or None
        Units of times and angles.
    disorder : str or None
        What to do with times that repeat or go back.
    names : sequence of str or None
        All columns of ``.csv`` files without a header line.
    separator, decimal, encoding : str or None
        How text is written.
    """

    columns: Sequence[str] | Mapping[str, str] | None = None
    resolution: float | None = None
    pressure_levels: int | None = None
    time_unit: str | None = None
    angle_unit: str | None = None
    disorder: str | None = None
    names: Sequence[str] | None = None
    separator: str | None = None
    decimal: str | None = None
    encoding: str | None = None

    @property
    def given(self) -> dict[str, Any]:
        """Those that are not None."""
        return {name: value for name, value in vars(self).items() if value is not None}


@dataclass(frozen=True, eq=False)
class PenTrace:
    """One drawing or text of a pen file.

    Attributes
    ----------
    test : str
        Which of the tests of its file it is, "" where the format knows no tests.
    points : ndarray of shape (n_points, 7)
        The columns of `skpd.datasets.load_svc`.
    units : dict of str to str
        Of each column.
    """

    test: str
    points: np.ndarray
    units: dict[str, str]


def read_pens(file: Path, options: PenOptions) -> list[PenTrace]:
    """Read a pen file.

    Parameters
    ----------
    file : Path
        ``.svc``, a ``.txt`` file of the UCI spirals, or ``.csv``, which needs ``options.columns``.
    options : PenOptions
        How.

    Returns
    -------
    traces : list of PenTrace
        One, or of a UCI file one a test.

    Raises
    ------
    DataFileError
        If the file is no pen file or cannot be read.
    ValueError
        If the columns of a ``.csv`` file are not stated.
    """
    suffix, given = file.suffix.lower(), options.given
    if suffix not in PEN_SUFFIXES:
        expected = f"a pen file, one of {', '.join(PEN_SUFFIXES)}"
        raise DataFileError(file, found=f"the suffix {file.suffix!r}", expected=expected)
    if not file.is_file():
        raise DataFileError(file, found="no such file", expected="a pen file", advice="Check the path.")
    if suffix == ".txt":
        return _read_uci_tests(file, given)
    if suffix == ".svc":
        # Columns by channel are those of the .csv files beside it.
        theirs = {"names", "separator", "decimal"} | ({"columns"} if isinstance(options.columns, Mapping) else set())
        bunch = load_svc(file, **{name: value for name, value in given.items() if name not in theirs})
    else:
        if not isinstance(given.get("columns"), Mapping):
            raise ValueError(f"pen: expected the columns x, y and t of {file}, got {given.get('columns')!r}.")
        bunch = load_pen_csv(file, **{"resolution": None, "pressure_levels": None, **given})
    return [PenTrace("", bunch.data[0], bunch.units)]


def _read_uci_tests(file: Path, given: dict[str, Any]) -> list[PenTrace]:
    scale = PenScale(
        given.get("resolution"), given.get("pressure_levels", 1024), given.get("time_unit", "ms"), "0.1deg"
    )
    traces = []
    for test, pen, _, _ in _read_uci(file, scale, given.get("disorder", "shift"), partial=False):
        if not isinstance(pen, PenRecording):
            raise pen
        traces.append(PenTrace(test, pen.points, scale.units))
    return traces


def describe_pens(X: Any) -> pd.DataFrame:
    """Describe pen trajectories by what tells devices, sizes and tasks apart.

    Parameters
    ----------
    X : sequence of ndarray of shape (n_points_i, 7)
        Trajectories as `read_pens` returns them.

    Returns
    -------
    table : DataFrame
        One row a trajectory: duration (s), rate (points a second), width and height, path (length on the surface and in
        the air), speed (mean), pressure (median on the surface), air (share of the points) and altitude (median). NaN
        where the device recorded none of it.
    """
    return pd.DataFrame([_describe(np.asarray(points, dtype=np.float64)) for points in X])


def _describe(points: np.ndarray) -> dict[str, float]:
    x, y, t, pressure, _, altitude, down = points.T
    steps, lengths = np.diff(t), np.hypot(np.diff(x), np.diff(y))
    steps = steps[steps > 0]
    duration, path = t[-1] - t[0], np.nansum(lengths)
    return {
        "duration": duration,
        "rate": 1 / np.median(steps) if len(steps) else np.nan,
        "width": np.nanmax(x) - np.nanmin(x),
        "height": np.nanmax(y) - np.nanmin(y),
        "path": path,
        "speed": path / duration if duration > 0 else np.nan,
        "pressure": _median(pressure[down > 0]),
        "air": float(np.mean(down[~np.isnan(down)] == 0)) if not np.isnan(down).all() else np.nan,
        "altitude": _median(altitude),
    }


def _median(values: np.ndarray) -> float:
    return float(np.nanmedian(values)) if not np.isnan(values).all() else np.nan
