"""Errors and warnings of skpd's own."""

from __future__ import annotations

from pathlib import Path

__all__ = ["DataFileError", "DataFileWarning", "FailedFoldsWarning", "SkippedDataWarning"]


class DataFileError(ValueError):
    """A file is not what its reader expects.

    The message names the file and the place in it, what was found, what was expected and what to do about it.

    Parameters
    ----------
    path : str or Path
        The file.
    found : str
        What is there.
    expected : str
        What the format asks for.
    advice : str, default=""
        What the user can do.
    where : str, default=""
        The place in the file: a line, a page, a field.
    """

    def __init__(self, path: str | Path, *, found: str, expected: str, advice: str = "", where: str = "") -> None:
        self.path = Path(path)
        self.found, self.expected, self.advice, self.where = found, expected, advice, where
        place = f"{self.path}, {where}" if where else f"{self.path}"
        super().__init__(f"{place}: found {found}, expected {expected}.{' ' + advice if advice else ''}")

    def __reduce__(self) -> tuple:
        # Exceptions rebuild from self.args by default; joblib workers need ours to survive the trip.
        return (_rebuild, (self.path, self.found, self.expected, self.advice, self.where))


def _rebuild(path: Path, found: str, expected: str, advice: str, where: str) -> DataFileError:
    return DataFileError(path, found=found, expected=expected, advice=advice, where=where)


class DataFileWarning(UserWarning):
    """Part of a file could not be read; the message says exactly what is missing."""


class SkippedDataWarning(UserWarning):
    """Recordings or windows were left out of a computation; the message says which and why."""


class FailedFoldsWarning(UserWarning):
    """Folds of a study raised an error; their tracebacks are in the results."""
