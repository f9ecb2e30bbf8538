"""Recordings in CSV and Parquet files of any layout, by column mapping."""

from __future__ import annotations

import os
from collections.abc import Sequence
from numbers import Real
from pathlib import Path

import numpy as np
import pandas as pd
from sklearn.utils import Bunch
from sklearn.utils._param_validation import Interval, StrOptions, validate_params

from ._base import ACCELERATION_UNITS
from ._layout import Layout, Paths, Place, Source, load_tables
from ._parse import read_csv_columns, read_parquet_columns
from ._timestamps import TIME_UNITS

__all__ = ["load_csv_recordings", "load_parquet_recordings"]

_CONSTRAINTS: dict[str, list] = {
    "paths": [str, os.PathLike, "array-like"],
    "channels": ["array-like"],
    "units": [StrOptions(set(ACCELERATION_UNITS))],
    "time": [str, None],
    "time_unit": [StrOptions({*TIME_UNITS, "iso"}), None],
    "sampling_rate": [Interval(Real, 0, None, closed="neither"), None],
    "resample_to": [Interval(Real, 0, None, closed="neither"), None],
    "max_gap": [Interval(Real, 0, None, closed="neither")],
    "split_gaps": ["boolean"],
    "disorder": [StrOptions({"raise", "fix"})],
    "recording": [str, None],
    "subject": [str, callable, None],
    "target": [str, callable, None],
    "errors": [StrOptions({"raise", "warn"})],
    "return_X_y": ["boolean"],
}


@validate_params(
    _CONSTRAINTS | {"separator": [str], "decimal": [str], "encoding": [str], "names": ["array-like", None]},
    prefer_skip_nested_validation=True,
)
def load_csv_recordings(
    paths: Paths,
    *,
    channels: Sequence[str] = ("x", "y", "z"),
    units: str = "m/s^2",
    time: str | None = "timestamp",
    time_unit: str | None = "s",
    sampling_rate: float | None = None,
    resample_to: float | None = None,
    max_gap: float = 0.1,
    split_gaps: bool = False,
    disorder: str = "raise",
    recording: str | None = None,
    subject: Source = None,
    target: Source = None,
    separator: str = ",",
    decimal: str = ".",
    encoding: str = "utf-8",
    names: Sequence[str] | None = None,
    errors: str = "raise",
    return_X_y: bool = False,
) -> Bunch | tuple[np.ndarray, np.ndarray | None]:
    r"""Load acceleration recordings from CSV files.

    Parameters
    ----------
    paths : str, path-like or sequence of them
        Files, each once, or a folder of which all ``*.csv`` files are read in the order of their names, without those
        that begin with a dot.
    channels : sequence of str, default=("x", "y", "z")
        Columns of the signal.
    units : {"m/s^2", "g"}, default="m/s^2"
        What the files hold. The result is in m/s^2 (1 g = 9.80665 m/s^2). Never guessed.
    time : str or None, default="timestamp"
        Column of times. None says that there is none: the samples are uniform at `sampling_rate`.
    time_unit : {"s", "ms", "us", "ns", "iso"} or None, default="s"
        Unit of numeric times; "iso" or None reads ISO 8601 dates and times, taken as UTC where they name no zone.
    sampling_rate : float or None, default=None
        Hz. Needed where `time` is None; otherwise measured, and compared (1 %) when given.
    resample_to : float or None, default=None
        Interpolate on a uniform grid of this rate in Hz. None asks for uniform timestamps; missing samples become
        NaN rows.
    max_gap : float, default=0.1
        Longest time between two samples, s, that resampling bridges. In a longer one the timesteps are NaN, which
        marks a gap everywhere in skpd.
    split_gaps : bool, default=False
        Make a recording of its own, with "_0", "_1", ... behind its name, of each stretch between times longer than
        `max_gap` without a complete sample: one with a channel missing is none.
    disorder : {"raise", "fix"}, default="raise"
        What to do with timestamps that repeat or go back. "fix" sorts them, keeps the first of equal ones, and
        counts both in `frame`.
    recording : str or None, default=None
        Column that tells recordings apart where a file holds several. None: one file, one recording.
    subject, target : str, callable or None, default=None
        Column that holds the person or the label, the same in all rows of a recording; or a function that gets the
        file's path and returns it; or None for not known. Only an empty cell is missing: "NA" and "None" are words.
        Spaces around a word do not count. Recordings and persons are text ("007" is not "7").
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
        With the entries

        data : ndarray of shape (n, n_timesteps, n_channels), or object ndarray of shape (n,)
            m/s^2. An object array of (n_timesteps_i, n_channels) arrays where lengths differ.
        target, groups : ndarray of shape (n,) or None
            Label and person. Labels of a column are numbers where those of all files are (or truth values, "true" or
            "false"); otherwise all are text, in which 1 and 1.0 are both "1".
        target_names : list or None
            The distinct labels, sorted.
        sampling_rate : float
            Hz; `resample_to`, else `sampling_rate`, else the median of the measured rates. A rate is measured as far as
            the clock tells: one of six digits within what seconds since 1970 resolve as floats is that.
        units : str
            "m/s^2".
        channel_names : list of str
            `channels`.
        frame : DataFrame
            One row a recording: recording, subject, target, file, start_s (after the first time stated), duration_s,
            n_timesteps, measured_rate_hz, largest_gap_s (between two complete samples), n_gaps (times longer than
            `max_gap` without a complete sample, as with `split_gaps`), n_missing (rows with NaN), n_duplicates,
            n_out_of_order. Where two files use one name, names of recordings begin with the file.
        skipped : DataFrame
            Files left out: file, reason. Empty with ``errors="raise"``.
        DESCR : str
            What is known of the data.

        With ``return_X_y=True`` the tuple ``(data, target)``.

    Raises
    ------
    DataFileError
        If a file is missing, empty, not text of the stated encoding or not a table; lacks a column; holds text where
        numbers belong (the line is named); has timestamps that are out of order or not uniform; or if the rates of
        the recordings differ by more than 1 %.
    ValueError
        If `paths` names a file twice, or `subject` or `target` returns something that is not one text or number.

    Warns
    -----
    DataFileWarning
        For each file left out; where more than 5 % of the samples are dropped with ``disorder="fix"``; and where the
        measured rate is that of no accelerometer (below 1 Hz or above 10 kHz), which tells of a wrong `time_unit`.

    See Also
    --------
    load_parquet_recordings : The same for Parquet files.

    Examples
    --------
    >>> import tempfile, pathlib
    >>> from skpd.datasets import load_csv_recordings
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     path = pathlib.Path(folder, "anna_rest.csv")
    ...     _ = path.write_text("t,ax,ay,az\n0,0,0,1\n20,0,0,1\n40,0,0,1\n80,0,1,0\n")
    ...     wrist = load_csv_recordings(
    ...         path, channels=["ax", "ay", "az"], units="g", time="t", time_unit="ms",
    ...         subject=lambda path: path.stem.split("_")[0],
    ...     )
    >>> wrist.data[0]
    array([[0.     , 0.     , 9.80665],
           [0.     , 0.     , 9.80665],
           [0.     , 0.     , 9.80665],
           [    nan,     nan,     nan],
           [0.     , 9.80665, 0.     ]])
    >>> wrist.sampling_rate, wrist.groups
    (50.0, array(['anna'], dtype='<U4'))
    """
    layout = Layout(
        list(channels),
        units,
        time,
        time_unit,
        sampling_rate,
        resample_to,
        max_gap,
        split_gaps,
        disorder,
        recording,
        subject,
        target,
        decimal,
    )

    def read(path: Path) -> tuple[pd.DataFrame, Place]:
        return read_csv_columns(
            path,
            layout.columns,
            labels=layout.keys,
            separator=separator,
            decimal=decimal,
            encoding=encoding,
            names=names,
        )

    return load_tables(paths, suffix=".csv", read=read, layout=layout, errors=errors, return_X_y=return_X_y)


@validate_params(_CONSTRAINTS, prefer_skip_nested_validation=True)
def load_parquet_recordings(
    paths: Paths,
    *,
    channels: Sequence[str] = ("x", "y", "z"),
    units: str = "m/s^2",
    time: str | None = "timestamp",
    time_unit: str | None = "s",
    sampling_rate: float | None = None,
    resample_to: float | None = None,
    max_gap: float = 0.1,
    split_gaps: bool = False,
    disorder: str = "raise",
    recording: str | None = None,
    subject: Source = None,
    target: Source = None,
    errors: str = "raise",
    return_X_y: bool = False,
) -> Bunch | tuple[np.ndarray, np.ndarray | None]:
    """Load acceleration recordings from Parquet files.

    Only the columns that are asked for are read. A column of Parquet's timestamp or duration type needs no
    `time_unit`. Persons and labels are taken as :func:`load_csv_recordings` takes them, whatever their type: 7, 7.0 and
    "7" are one person.

    Parameters
    ----------
    paths : str, path-like or sequence of them
        Files, each once, or a folder of which all ``*.parquet`` files are read in the order of their names, without
        those that begin with a dot.
    channels, units, time, time_unit, sampling_rate, resample_to, max_gap, split_gaps, disorder
        As in :func:`load_csv_recordings`.
    recording, subject, target, errors, return_X_y
        As in :func:`load_csv_recordings`.

    Returns
    -------
    data : :class:`~sklearn.utils.Bunch` or tuple
        As :func:`load_csv_recordings` returns it.

    Raises
    ------
    DataFileError
        If a file is missing or not a whole Parquet file, or for any reason of :func:`load_csv_recordings`; the place
        is a row, counted from 0.
    ValueError
        If `paths` names a file twice, or `subject` or `target` returns something that is not one text or number.

    Warns
    -----
    DataFileWarning
        For each file left out; where more than 5 % of the samples are dropped with ``disorder="fix"``; and where the
        measured rate is that of no accelerometer (below 1 Hz or above 10 kHz), which tells of a wrong `time_unit`.

    See Also
    --------
    load_csv_recordings : The same for CSV files.

    Examples
    --------
    >>> import tempfile, pathlib
    >>> import numpy as np, pandas as pd
    >>> from skpd.datasets import load_parquet_recordings
    >>> table = pd.DataFrame({"who": ["a"] * 100 + ["b"] * 100, "x": np.zeros(200), "score": [0] * 100 + [2] * 100})
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     path = pathlib.Path(folder, "all.parquet")
    ...     table.to_parquet(path)
    ...     wrist = load_parquet_recordings(
    ...         path, channels=["x"], time=None, sampling_rate=50, recording="who", subject="who", target="score"
    ...     )
    >>> wrist.data.shape, wrist.target, wrist.frame["duration_s"].tolist()
    ((2, 100, 1), array([0, 2]), [2.0, 2.0])
    """
    layout = Layout(
        list(channels),
        units,
        time,
        time_unit,
        sampling_rate,
        resample_to,
        max_gap,
        split_gaps,
        disorder,
        recording,
        subject,
        target,
    )

    def read(path: Path) -> tuple[pd.DataFrame, Place]:
        return read_parquet_columns(path, layout.columns)

    return load_tables(paths, suffix=".parquet", read=read, layout=layout, errors=errors, return_X_y=return_X_y)
