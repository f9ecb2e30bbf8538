"""One file to a checked table: CSV and Parquet, with errors that name the file and the line."""

from __future__ import annotations

import re
import warnings
from collections import Counter
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq

from ..exceptions import DataFileError, DataFileWarning
from ._base import as_text, refuse_special, unreadable
from ._rows import NUMBER

__all__ = [
    "Losses",
    "Skipped",
    "check_time",
    "numeric_columns",
    "parse_label",
    "read_csv_columns",
    "read_parquet_columns",
    "to_numbers",
    "to_text",
]


#: What stands between two fields in CSV files.
_SEPARATORS = (",", ";", "\t", "|")
#: Characters that a line of column names may have, and how many of the names may be repeated ones.
_HEADER_LIMIT, _MAX_REPEATED = 1 << 20, 1000
#: Squares of larger numbers overflow.
_LARGEST = 1e150
#: What pandas takes for a missing value unless it is told. In a column of labels these are words.
_MISSING = [
    *("", "NA", "<NA>", "N/A", "n/a", "NULL", "null", "None", "NaN", "-NaN", "nan", "-nan", "#N/A", "#N/A N/A", "#NA"),
    *("1.#IND", "-1.#IND", "1.#QNAN", "-1.#QNAN"),
]
_DECIMAL_COMMA = re.compile(r"[+-]?\d+,\d+")


class Skipped:
    """Decide what happens to a file that cannot be read, and keep the list of those left out.

    Parameters
    ----------
    errors : {"raise", "warn"}
        "raise" lets the first error through; "warn" warns, leaves the file out and lists it.
    """

    def __init__(self, errors: str) -> None:
        self.errors = errors
        self._rows: list[dict[str, str]] = []

    def add(self, error: DataFileError) -> None:
        """Raise `error`, or warn of it and remember the file."""
        if self.errors == "raise":
            raise error
        warnings.warn(f"left out: {error}", DataFileWarning, stacklevel=3)
        self._rows.append({"file": error.path.name, "reason": str(error)})

    @property
    def frame(self) -> pd.DataFrame:
        """One row a file that was left out: file, reason."""
        return pd.DataFrame(self._rows, columns=["file", "reason"])


class Losses:
    """Decide what happens to damage inside a file of which the rest can be read, and keep the list of it.

    Parameters
    ----------
    path : Path
        The file.
    errors : {"raise", "warn"}
        "raise" raises at the first damage; "warn" lists it for one warning a file.
    """

    #: More damage than this is no file to read what is left of.
    _LIMIT = 1000

    def __init__(self, path: Path, errors: str) -> None:
        self.path, self.errors = path, errors
        self.found: list[DataFileError] = []

    def add(self, *, where: str, found: str, expected: str, advice: str = "") -> None:
        """Raise, or remember, that `found` is at `where` instead of `expected`."""
        error = DataFileError(self.path, where=where, found=found, expected=expected, advice=advice)
        if self.errors == "raise":
            advice = f'{advice} errors="warn" returns what is intact.'.strip()
            raise DataFileError(self.path, where=where, found=found, expected=expected, advice=advice)
        self.found.append(error)
        if len(self.found) > self._LIMIT:
            raise DataFileError(
                self.path,
                found=f"more than {self._LIMIT} damaged places, the first at {self.found[0].where}",
                expected="a file that is mostly intact",
            ) from self.found[0]

    def warn(self, *, stacklevel: int = 2) -> None:
        """Give the one warning, if there is anything to warn of."""
        if self.found:
            shown = "; ".join(f"{e.where}: found {e.found}, expected {e.expected}" for e in self.found[:5])
            more = f"; and {len(self.found) - 5} more" if len(self.found) > 5 else ""
            warnings.warn(f"{self.path} is not whole: {shown}{more}.", DataFileWarning, stacklevel=stacklevel + 1)


def read_csv_columns(
    path: Path,
    columns: Sequence[str],
    *,
    text: Sequence[str] = (),
    labels: Sequence[str] = (),
    separator: str = ",",
    decimal: str = ".",
    encoding: str = "utf-8",
    names: Sequence[str] | None = None,
) -> tuple[pd.DataFrame, Callable[[int], str]]:
    """Read `columns` of a CSV file.

    Parameters
    ----------
    path : Path
        The file.
    columns : sequence of str
        The columns that must be there. Others are not returned.
    text : sequence of str, default=()
        Those of `columns` that stay text, such as ids with leading zeros.
    labels : sequence of str, default=()
        Those of `columns` that stay text and where "NA" or "None" is a word; "" is a cell without one.
    separator, decimal, encoding : str
        How the file is written.
    names : sequence of str or None, default=None
        The columns of a file without a header line.

    Returns
    -------
    table : DataFrame
        Indexed by row of the file; blank lines at its end are left out.
    place : callable
        Gives the place in the file, for an error, of an entry of the index.
    """
    expected = "text with one row a line"
    refuse_special(path)
    try:
        if names is None:
            _check_header(path, columns, separator, encoding)
        form: dict[str, Any] = {
            "sep": separator,
            "decimal": decimal,
            "encoding": encoding,
            "header": None if names is not None else 0,
            "names": None if names is None else list(names),
            "index_col": False,
            "skip_blank_lines": False,
            "skipinitialspace": True,
        }
        # pandas wants the names as the file has them, with the spaces behind.
        found = pd.read_csv(path, nrows=0, **form).columns if names is None else form["names"]
        with warnings.catch_warnings():
            warnings.simplefilter("error", pd.errors.ParserWarning)
            table = pd.read_csv(
                path,
                dtype={name: "string" for name in found if str(name).strip() in {*text, *labels}},
                na_values={name: [""] if str(name).strip() in labels else _MISSING for name in found},
                keep_default_na=False,
                low_memory=False,
                **form,
            )
    except OSError as error:
        raise unreadable(path, error) from error
    except pd.errors.EmptyDataError as error:
        raise DataFileError(path, found="an empty file", expected=expected) from error
    except UnicodeError as error:
        raise DataFileError(
            path,
            found=f"bytes that are not {encoding} ({error})",
            expected=expected,
            advice="Pass the file's encoding=..., or check that it is a CSV file.",
        ) from error
    except (pd.errors.ParserError, pd.errors.ParserWarning) as error:
        raise DataFileError(
            path,
            found=f"lines that do not form a table ({str(error).strip()})",
            expected="as many fields in each line as there are columns",
            advice=_form_advice(path, encoding, separator) or "The file may be cut or have another separator=...",
        ) from error
    table.columns = table.columns.map(lambda name: str(name).strip())
    advice = "names=[...] gives the columns of a file without a header line."
    if len(table.columns) == 1:
        advice = _form_advice(path, encoding, separator) or advice
    _check_columns(path, table.columns, columns, advice)
    first_line = 1 if names is not None else 2
    table = table[list(columns)]
    filled = np.flatnonzero(table.notna().any(axis=1))
    if not len(filled):
        raise DataFileError(path, found="no rows", expected="at least one row of values")
    return table.iloc[: filled[-1] + 1], lambda row: f"line {row + first_line}"


def read_parquet_columns(path: Path, columns: Sequence[str]) -> tuple[pd.DataFrame, Callable[[int], str]]:
    """Read `columns` of a Parquet file; arguments and result as for `read_csv_columns`."""
    refuse_special(path)
    try:
        with pq.ParquetFile(path) as file:
            _check_columns(path, file.schema_arrow.names, columns)
            # The metadata that pandas left in the file says nothing about these columns, and may be damaged.
            table = file.read(columns=list(columns)).replace_schema_metadata(None).to_pandas()
    except OSError as error:
        # A damaged page is an OSError without errno; a missing or unreadable file has one.
        if error.errno is not None:
            raise unreadable(path, error) from error
        raise _not_parquet(path, error) from error
    except (pa.ArrowException, UnicodeError) as error:
        raise _not_parquet(path, error) from error
    if table.empty:
        raise DataFileError(path, found="no rows", expected="at least one row of values")
    return table[list(columns)], lambda row: f"row {row}"


def to_text(path: Path, column: pd.Series) -> pd.Series:
    """Return a column of ids or labels as text without spaces around it; None where there is none."""
    try:
        codes, values = pd.factorize(column)
    except TypeError as error:
        raise DataFileError(
            path, where=f"column {column.name!r}", found="lists or tables in its cells", expected="one value in each"
        ) from error
    # The code of a missing value is -1: the last.
    texts = np.array([*(as_text(value).strip() or None for value in values), None], dtype=object)
    return pd.Series(texts[codes], index=column.index, name=column.name, dtype=object)


def parse_label(text: str, decimal: str = ".") -> bool | int | float | str:
    """Return the truth value or the finite number that a text is, else the text."""
    if text in ("True", "TRUE", "true", "False", "FALSE", "false"):
        return text.lower() == "true"
    point = text.replace(decimal, ".")
    if not NUMBER.fullmatch(point):
        return text
    if text.lstrip("+-").isdecimal():
        # Longer ones are no 64-bit number, and as floats would be equal to their neighbours.
        return int(text) if len(text) <= 18 else text
    return float(point) if np.isfinite(float(point)) else text


def to_numbers(column: pd.Series) -> pd.Series:
    """Return the numbers of a column; NaN for what is none, infinity for what is too large."""
    if _is_clock(column):
        # pandas would call their nanoseconds numbers.
        return pd.Series(np.nan, index=column.index, name=column.name)
    try:
        numbers = pd.to_numeric(column, errors="coerce")
    except OverflowError:
        numbers = None
    # Of whole numbers of hundreds of digits pandas makes an error, or leaves them as they are.
    if numbers is None or numbers.dtype == object:
        return column.map(_to_float).astype(np.float64)
    return numbers


def _to_float(value: Any) -> float:
    try:
        return float(value)
    except OverflowError:
        return np.inf
    except (TypeError, ValueError):
        return np.nan


def numeric_columns(
    path: Path,
    table: pd.DataFrame,
    columns: Sequence[str],
    place: Callable[[int], str],
    *,
    may_be_empty: Sequence[str] = (),
) -> np.ndarray:
    """Return `columns` as float64 of shape (n, len(columns)); empty cells are NaN, text and infinity errors.

    So is a column without any value, unless it is one of `may_be_empty`.
    """
    values = np.empty((len(table), len(columns)))
    for i, column in enumerate(columns):
        numbers = to_numbers(table[column])
        _refuse(path, table[column], (numbers.isna() & table[column].notna()).to_numpy(), place, "a number")
        values[:, i] = numbers.to_numpy(dtype=np.float64, na_value=np.nan)
        if np.isnan(values[:, i]).all() and column not in may_be_empty:
            raise DataFileError(
                path,
                where=f"column {column!r}",
                found="no value at all",
                expected="numbers",
                advice="The file may have fewer columns than expected.",
            )
        _refuse(path, table[column], np.abs(values[:, i]) > _LARGEST, place, "a finite number up to 1e150")
    return values


def check_time(path: Path, time: pd.Series, time_unit: str | None, place: Callable[[int], str]) -> pd.Series:
    """Return a column of times as numbers, or as datetimes or durations, which need no unit; none may be missing."""
    if _is_clock(time):
        _refuse(path, time, time.isna().to_numpy(), place, "a time")
        return time
    if time_unit in (None, "iso"):
        parsed = pd.to_datetime(time.astype("string"), format="ISO8601", errors="coerce", utc=True)
        expected = "an ISO 8601 date and time (time_unit='iso'), or numbers with time_unit='s', 'ms', 'us' or 'ns'"
        _refuse(path, time, parsed.isna().to_numpy(), place, expected)
        return parsed
    numbers = to_numbers(time)
    bad = ~np.isfinite(numbers.to_numpy(dtype=np.float64, na_value=np.nan))
    _refuse(path, time, bad, place, f"a number of {time_unit} (time_unit='iso' reads ISO 8601 dates)")
    return numbers


def _is_clock(column: pd.Series) -> bool:
    return pd.api.types.is_datetime64_any_dtype(column) or pd.api.types.is_timedelta64_dtype(column)


def _check_header(path: Path, columns: Sequence[str], separator: str, encoding: str) -> None:
    """Refuse a line of names of which one that is asked for is there twice, or that no table would have.

    pandas takes the first of two columns of one name, and to tell thousands of them apart takes it minutes.
    """
    with path.open(encoding=encoding, errors="replace") as file:
        line = file.readline(_HEADER_LIMIT)
    counts = Counter(name.strip(' "\n\ufeff') for name in line.split(separator))
    del counts[""]
    repeated = [name for name in columns if counts[name] > 1]
    if len(line) == _HEADER_LIMIT or repeated or counts.total() - len(counts) > _MAX_REPEATED:
        found = f"the column {repeated[0]!r} {counts[repeated[0]]} times" if repeated else f"{len(line):,} characters"
        raise DataFileError(
            path,
            where="line 1",
            found=found,
            expected="the name of each column, once",
            advice="Is it a table of columns with a line of names, and is this its separator=...?",
        )


def _form_advice(path: Path, encoding: str, separator: str) -> str:
    """Say what the file looks separated by, from its first two lines; "" if by `separator` or nothing known."""
    with path.open(encoding=encoding, errors="replace") as file:
        header, row = file.readline(4096), file.readline(4096)
    likely = max(_SEPARATORS, key=header.count)
    if likely == separator or not header.count(likely):
        return ""
    comma = ", decimal=','" if likely != "," and _DECIMAL_COMMA.search(row) else ""
    return f"It looks separated by {likely!r}: pass separator={likely!r}{comma}."


def _refuse(path: Path, column: pd.Series, bad: np.ndarray, place: Callable[[int], str], expected: str) -> None:
    """Raise for the first entry of `column` where `bad`."""
    if bad.any():
        first = int(np.argmax(bad))
        count = int(bad.sum())
        raise DataFileError(
            path,
            where=f"{place(column.index[first])}, column {column.name!r}",
            found=f"{str(column.iloc[first])[:40]!r}{f' (and {count - 1} more such)' if count > 1 else ''}",
            expected=expected,
            advice="Pass decimal=','." if _DECIMAL_COMMA.fullmatch(str(column.iloc[first]).strip()) else "",
        )


def _check_columns(path: Path, found: Sequence[str], wanted: Sequence[str], advice: str = "") -> None:
    missing = [column for column in wanted if column not in list(found)]
    if missing:
        shown = [str(name)[:30] for name in list(found)[:12]]
        more = f" and {len(found) - 12} more" if len(found) > 12 else ""
        raise DataFileError(
            path, found=f"the columns {shown}{more}", expected=f"the column(s) {missing} too", advice=advice
        )


def _not_parquet(path: Path, error: Exception) -> DataFileError:
    return DataFileError(
        path,
        found=f"no intact Parquet data ({str(error).splitlines()[0][:120]})",
        expected="a whole Parquet file",
        advice="It may be cut or of another format.",
    )
