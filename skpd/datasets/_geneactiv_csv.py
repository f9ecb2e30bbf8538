"""GENEActiv's raw `.csv` export: about 100 lines of header, then one line a sample without column names."""

from __future__ import annotations

import re
import warnings
from dataclasses import dataclass
from io import StringIO
from pathlib import Path
from typing import BinaryIO

import numpy as np
import pandas as pd

from ..exceptions import DataFileError
from ._base import refuse_special, to_si, unreadable
from ._geneactiv_header import decode_header
from ._parse import Losses, to_numbers

__all__ = ["GENEActivTable", "read_csv_export"]

_HEADER_LIMIT = 1 << 16
_TIME = r"\d{4}-\d\d-\d\d \d\d:\d\d:\d\d:\d{3}"
_CHUNK_ROWS = 250_000
#: Squares of larger numbers overflow in single precision.
_LARGEST = 1e18


@dataclass(frozen=True)
class GENEActivTable:
    """What a `.csv` export holds.

    Attributes
    ----------
    fields : dict of str to str
        The ``key,value`` lines of the header.
    milliseconds : ndarray of shape (n,), int64
        Time of each sample by the device's clock, since 1970 in its own zone.
    values : ndarray of shape (n, 6), float32
        x, y, z (m/s^2), light (lux), button (0 or 1), temperature (degrees Celsius).
    """

    fields: dict[str, str]
    milliseconds: np.ndarray
    values: np.ndarray


def read_csv_export(path: Path, losses: Losses) -> GENEActivTable:
    """Read and check a raw export, some rows at a time; damaged lines go to `losses`."""
    refuse_special(path)
    try:
        with path.open("rb") as file:
            head = file.read(_HEADER_LIMIT)
            begin = re.search(rb"^" + _TIME.encode() + rb",", head, re.MULTILINE)
            if begin is None:
                raise _no_samples(path, head)
            fields = _read_fields(head[: begin.start()])
            n_columns = head[begin.start() :].split(b"\n", 1)[0].count(b",") + 1
            if n_columns != 7:
                raise DataFileError(
                    path,
                    where="the first sample",
                    found=f"{n_columns} columns",
                    expected="7: time, x, y, z, light, button, temperature",
                    advice="Export raw data; an epoch compressed file has no samples.",
                )
            first_line = head[: begin.start()].count(b"\n") + 1
            file.seek(begin.start())
            stamps, values = _read_rows(path, file, first_line, losses)
    except OSError as error:
        raise unreadable(path, error) from error
    if (units := fields.get("Units", "g")) != "g":
        raise DataFileError(path, where="header, 'Units'", found=repr(units[:40]), expected="'g'")
    values[:, :3] = to_si(values[:, :3], "g")
    return GENEActivTable(fields, stamps, values)


def _read_rows(path: Path, file: BinaryIO, first_line: int, losses: Losses) -> tuple[np.ndarray, np.ndarray]:
    stamps, values, line = [], [], first_line
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("error", pd.errors.ParserWarning)
            with pd.read_csv(
                file,
                header=None,
                names=["time", *range(6)],
                dtype={"time": str},
                index_col=False,
                chunksize=_CHUNK_ROWS,
                skip_blank_lines=False,
                encoding="ascii",
            ) as chunks:
                for chunk in chunks:
                    times, numbers = _check_rows(chunk, line, losses)
                    stamps.append(times)
                    values.append(numbers)
                    line += len(chunk)
    except (ValueError, OverflowError, pd.errors.ParserWarning) as error:
        if isinstance(error, DataFileError):
            raise
        raise DataFileError(
            path,
            where=f"line {line} or later",
            found=f"lines that do not form a table ({str(error).strip()[:120]})",
            expected="a time and six numbers a line",
            advice="The file may be cut: export it again.",
        ) from error
    if not sum(map(len, values)):
        raise DataFileError(path, found="not one intact sample", expected="a time and six numbers a line")
    return np.concatenate(stamps), np.concatenate(values)


def _check_rows(chunk: pd.DataFrame, line: int, losses: Losses) -> tuple[np.ndarray, np.ndarray]:
    """Return milliseconds and values of the rows that read; the first stands on `line`."""
    numbers = chunk.iloc[:, 1:].apply(to_numbers).to_numpy(dtype=np.float64)
    # In "2013-05-30 10:12:54:500" the last colon stands for a point.
    text = chunk["time"].str.slice_replace(19, 20, ".").where(chunk["time"].str.fullmatch(_TIME))
    times = pd.to_datetime(text, format="%Y-%m-%d %H:%M:%S.%f", errors="coerce")
    good = times.notna().to_numpy() & (np.abs(numbers) <= _LARGEST).all(axis=1)
    # A blank line holds nothing that could be lost.
    for row in np.flatnonzero(~good & chunk.notna().any(axis=1).to_numpy()):
        losses.add(
            where=f"line {line + row}",
            found=repr(",".join(map(str, chunk.iloc[row])))[:100],
            expected="a time like 2013-05-30 10:12:54:500 and six finite numbers up to 1e18; the line is left out",
            advice="The file may be cut: export it again.",
        )
    return times[good].to_numpy(dtype="datetime64[ms]").astype(np.int64), numbers[good].astype(np.float32)


def _read_fields(head: bytes) -> dict[str, str]:
    fields: dict[str, str] = {}
    for line in StringIO(decode_header(head)):
        key, comma, value = line.partition(",")
        if comma:
            # The six blocks of sensors use the same keys; the accelerometer's comes first.
            fields.setdefault(key.strip(), value.strip().strip(","))
    return fields


def _no_samples(path: Path, head: bytes) -> DataFileError:
    found = f"a file that begins with {head[:20]!r}" if head else "an empty file"
    return DataFileError(
        path,
        found=found,
        expected=f"a line that begins with a time such as '2013-05-30 10:12:54:500,' within {_HEADER_LIMIT:,} bytes",
        advice="Is it GENEActiv's raw export?",
    )
