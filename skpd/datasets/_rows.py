"""Rows of numbers from text without a header: what is damaged is named, what is intact can be kept."""

from __future__ import annotations

import re
import warnings
from collections.abc import Sequence
from pathlib import Path

import numpy as np

from ..exceptions import DataFileError, DataFileWarning
from ._base import refuse_special, unreadable

__all__ = ["NUMBER", "parse_rows", "read_lines"]

#: A number as files hold it; Python would also take "nan" and "1_000".
NUMBER = re.compile(r"[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d+)?", re.ASCII)


def read_lines(path: Path, encoding: str = "utf-8") -> list[str]:
    """Return the lines of a text file, without the empty ones at its end.

    Raises
    ------
    DataFileError
        If the file cannot be read, is not text of this encoding, or is empty.
    """
    refuse_special(path)
    try:
        text = path.read_bytes().decode(encoding)
    except OSError as error:
        raise unreadable(path, error) from error
    except UnicodeError as error:
        raise DataFileError(
            path,
            found=f"bytes that are not {encoding} ({error})",
            expected="text with one point a line",
            advice="Pass the file's encoding=..., or check that it is a pen recording.",
        ) from error
    text = text.replace("\r\n", "\n").rstrip()
    if not text:
        raise DataFileError(path, found="an empty file", expected="text with one point a line")
    return text.split("\n")


def parse_rows(
    path: Path, lines: Sequence[str], n_columns: int, *, separator: str | None, first_line: int, partial: bool
) -> tuple[np.ndarray, str]:
    """Read lines of numbers.

    Parameters
    ----------
    path : Path
        The file, for errors.
    lines : sequence of str
        Its lines from number `first_line` on.
    n_columns : int
        Numbers in each line.
    separator : str or None
        What stands between two numbers; None is white space.
    first_line : int
        Number of the first of `lines` in the file.
    partial : bool
        Whether to return the rows before a damaged line, with a warning, instead of raising.

    Returns
    -------
    values : ndarray of shape (n, n_columns)
        The numbers, all finite.
    problem : str
        What was wrong and is missing; "" where the lines are intact.
    """
    try:
        values = np.loadtxt(lines, delimiter=separator, ndmin=2, comments=None)
        if values.shape == (len(lines), n_columns) and np.isfinite(values).all():
            return values, ""
    except ValueError:
        pass
    bad = next((i for i, line in enumerate(lines) if _fault(line, n_columns, separator)), len(lines))
    if bad == len(lines):
        raise DataFileError(path, found="lines that do not form a table", expected=f"{n_columns} numbers a line")
    error = DataFileError(
        path,
        where=f"line {first_line + bad}",
        found=_fault(lines[bad], n_columns, separator),
        expected=f"{n_columns} numbers separated by {'white space' if separator is None else repr(separator)}",
        advice="The file may be cut or damaged from there on.",
    )
    if not partial or not bad:
        raise error
    problem = f"{error} The {bad} row(s) before it are kept, {len(lines) - bad} line(s) from it on are not."
    warnings.warn(problem, DataFileWarning, stacklevel=2)
    # Not by loadtxt, which refuses some of the white space that stands around these numbers.
    return np.array([[float(field) for field in line.split(separator)] for line in lines[:bad]]), problem


def _fault(line: str, n_columns: int, separator: str | None) -> str:
    """Say what is wrong with a line; "" if nothing is."""
    fields = [field.strip() for field in line.split(separator)]
    if len(fields) != n_columns:
        return f"{len(fields)} field(s), {line[:40]!r}"
    return next((repr(f[:40]) for f in fields if not NUMBER.fullmatch(f) or np.isinf(float(f))), "")
