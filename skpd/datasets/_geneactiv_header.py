"""The header of a GENEActiv `.bin` file: ``key:value`` lines up to the first page."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from datetime import timedelta, timezone
from pathlib import Path
from typing import BinaryIO

import numpy as np

from ..exceptions import DataFileError
from ._parse import Losses

__all__ = ["PAGE_MARK", "GENEActivHeader", "decode_header", "parse_zone", "read_header"]

#: The line with which each page begins.
PAGE_MARK = b"Recorded Data"

_HEADER_LIMIT = 1 << 16

#: Rates in Hz that a wrist accelerometer may state; GENEActiv offers 10 to 100.
_RATES = (1.0, 1000.0)


@dataclass(frozen=True)
class GENEActivHeader:
    """What the header of a `.bin` file says.

    Attributes
    ----------
    fields : dict of str to str
        All ``key:value`` lines, as they are.
    sampling_rate : float
        Nominal rate, Hz.
    gain, offset : ndarray of shape (3,)
        Calibration of x, y and z: g = (100 * reading - offset) / gain.
    lux_per_count : float
        Lux of one step of the light meter.
    n_pages : int or None
        Pages that the file claims to have; None where it does not say.
    zone : timezone or None
        Zone of the device's clock; None where it does not say.
    size : int
        Bytes of the header.
    """

    fields: dict[str, str] = field(repr=False)
    sampling_rate: float
    gain: np.ndarray
    offset: np.ndarray
    lux_per_count: float
    n_pages: int | None
    zone: timezone | None
    size: int


def read_header(path: Path, file: BinaryIO, losses: Losses) -> GENEActivHeader:
    """Read and check the header; `file` is at its beginning."""
    head = file.read(_HEADER_LIMIT)
    mark = re.search(rb"^" + PAGE_MARK, head, re.MULTILINE)
    if mark is None:
        found = f"{'an empty file' if not head else f'a file that begins with {head[:20]!r}'}"
        raise DataFileError(
            path,
            found=found,
            expected=f'a header and the line "Recorded Data" within {_HEADER_LIMIT:,} bytes',
            advice="Is it a GENEActiv .bin file, extracted as it is?",
        )
    fields: dict[str, str] = {}
    for line in decode_header(head[: mark.start()]).splitlines():
        key, colon, value = line.partition(":")
        if colon:
            # Empty fields are filled with spaces or NUL.
            fields.setdefault(key.strip(), value.strip(" \t\r\0"))
    if (unit := fields.get("Accelerometer Units", "g")) != "g":
        raise DataFileError(path, where="header, 'Accelerometer Units'", found=repr(unit), expected="'g'")
    gain = [_number(path, fields, f"{axis} gain", 1.0, 1e7) for axis in "xyz"]
    offset = [_number(path, fields, f"{axis} offset", -1e7, 1e7) for axis in "xyz"]
    claim = fields.get("Number of Pages", "")
    if not re.fullmatch(r"\d{1,15}", claim, re.ASCII):
        losses.add(where="header, 'Number of Pages'", found=repr(claim[:40]), expected="how many pages there are")
    zone = parse_zone(fields.get("Time Zone", ""))
    if zone is None:
        found = repr(fields.get("Time Zone", "")[:40])
        losses.add(where="header, 'Time Zone'", found=found, expected="a zone such as 'GMT +01:00'")
    return GENEActivHeader(
        fields=fields,
        sampling_rate=_number(path, fields, "Measurement Frequency", *_RATES),
        gain=np.array(gain),
        offset=np.array(offset),
        lux_per_count=_number(path, fields, "Lux", 0.0, 1e7) / _number(path, fields, "Volts", 1.0, 1e7),
        n_pages=int(claim) if re.fullmatch(r"\d{1,15}", claim, re.ASCII) else None,
        zone=zone,
        size=mark.start(),
    )


def decode_header(head: bytes) -> str:
    """Return the text of a header, which the maker's programs write as UTF-8 or in Windows' code page."""
    try:
        return head.decode("utf-8")
    except UnicodeDecodeError:
        return head.decode("cp1252", errors="replace")


def parse_zone(text: str) -> timezone | None:
    """Return the zone of a text such as "GMT -05:00", or None."""
    match = re.fullmatch(r"(?:GMT|UTC)?\s*(?:([+-])(\d\d?):(\d\d))?", text.strip(), re.ASCII)
    if match is None or not text.strip():
        return None
    sign, hours, minutes = match.groups(default="0")
    offset = timedelta(hours=int(hours), minutes=int(minutes))
    return timezone(-offset if sign == "-" else offset) if offset < timedelta(hours=24) else None


def _number(path: Path, fields: dict[str, str], key: str, low: float, high: float) -> float:
    """Return the number that the text of a key begins with: "85.7 Hz" is 85.7."""
    text = fields.get(key, "")
    match = re.match(r"[-+]?\d+(\.\d+)?", text, re.ASCII)
    if match is None or not low <= float(match[0]) <= high:
        raise DataFileError(
            path,
            where=f"header, {key!r}",
            found=repr(text[:40]) if key in fields else "no such line",
            expected=f"a number from {low:g} to {high:g}",
            advice="Without it the samples mean nothing.",
        )
    return float(match[0])
