"""The pages of a GENEActiv `.bin` file, in bounded memory: the header, the split into pages, the decoding of samples.

The file is text. A header of ``key:value`` lines ends at the first line "Recorded Data"; then come pages, each begun by
that line, of more ``key:value`` lines and one line of hexadecimal digits, 12 a sample: 12 bits each for x, y and z in
two's complement, 10 for light, 1 for the button, 1 reserved. Nothing here counts lines or believes a count.
"""

from __future__ import annotations

import binascii
import os
import re
from collections.abc import Iterator
from dataclasses import dataclass
from numbers import Integral
from pathlib import Path
from typing import BinaryIO

import numpy as np
from sklearn.utils._param_validation import Interval, StrOptions, validate_params

from ..exceptions import DataFileError
from ._base import STANDARD_GRAVITY, refuse_special, unreadable
from ._geneactiv_header import PAGE_MARK, GENEActivHeader, read_header
from ._parse import Losses

__all__ = ["SAMPLES_PER_PAGE", "GENEActivPages", "iter_geneactiv", "read_pages"]

#: Samples of a whole page, and the bytes and hexadecimal digits of one.
SAMPLES_PER_PAGE = 300
_SAMPLE_BYTES, _SAMPLE_DIGITS = 6, 12

#: A page has about 3,800 bytes.
_PAGE_LIMIT = 1 << 14
_TIME = re.compile(r"\d{4}-\d\d-\d\d \d\d:\d\d:\d\d:\d{3}", re.ASCII)
_BLOCK = 1 << 21


@dataclass(frozen=True)
class GENEActivPages:
    """Some pages of a `.bin` file, in the order of the file.

    Attributes
    ----------
    header : GENEActivHeader
        Of the file.
    acceleration : ndarray of shape (n_samples, 3), float32
        m/s^2.
    light : ndarray of shape (n_samples,), float32
        Lux.
    button : ndarray of shape (n_samples,), bool
        Whether the button was pressed.
    sequence : ndarray of shape (n_pages,), int64
        Number of each page.
    time : ndarray of shape (n_pages,), datetime64[ms]
        When the first sample of each page was taken, by the device's clock, in the header's zone.
    n_samples : ndarray of shape (n_pages,), int64
        Samples of each page: 300, or fewer in the last one of a file.
    temperature, battery : ndarray of shape (n_pages,), float32
        Degrees Celsius and volts, once a page.
    """

    header: GENEActivHeader
    acceleration: np.ndarray
    light: np.ndarray
    button: np.ndarray
    sequence: np.ndarray
    time: np.ndarray
    n_samples: np.ndarray
    temperature: np.ndarray
    battery: np.ndarray


@validate_params(
    {
        "path": [str, os.PathLike],
        "chunk_pages": [Interval(Integral, 1, None, closed="left")],
        "errors": [StrOptions({"raise", "warn"})],
    },
    prefer_skip_nested_validation=True,
)
def iter_geneactiv(
    path: str | os.PathLike, *, chunk_pages: int = 1024, errors: str = "raise"
) -> Iterator[GENEActivPages]:
    """Read a GENEActiv `.bin` file some pages at a time.

    Memory is bounded by `chunk_pages`, whatever the file holds or claims: about 20 kB a page.

    Parameters
    ----------
    path : str or path-like
        The file.
    chunk_pages : int, default=1024
        Pages in each piece; about an hour at 85.7 Hz.
    errors : {"raise", "warn"}, default="raise"
        What to do about damage. "warn" leaves out pages that are not intact, keeps the rest, and warns at the end.

    Yields
    ------
    pages : GENEActivPages
        With the entries header, acceleration (m/s^2), light (lux), button, and per page sequence, time, n_samples,
        temperature (degrees Celsius) and battery (V).

    Raises
    ------
    DataFileError
        If the file has no header with calibration or not one intact page; with ``errors="raise"`` also where the
        first page is damaged, missing or out of order, and at the end where pages that the header claims are missing.

    Warns
    -----
    DataFileWarning
        At the end, with what is missing, with ``errors="warn"``.

    See Also
    --------
    load_geneactiv : Whole recordings, in order, divided at gaps.

    Notes
    -----
    Pages come in the order of the file. Pages out of order are reported and not sorted. A page is left out whole if
    its header does not read or its digits are not those of 300 samples, since digits lost inside it would shift all
    that follow; of the last page of a file, which may be short, all whole samples are kept.

    References
    ----------
    .. [1] Activinsights, "GENEActiv Instructions", section "Understanding .bin files".

    Examples
    --------
    Write a file too large for memory as one float32 array, and map it:

    >>> from skpd.datasets import iter_geneactiv
    >>> with open("week.f4", "wb") as out:  # doctest: +SKIP
    ...     for pages in iter_geneactiv("week.bin"):
    ...         pages.acceleration.tofile(out)
    >>> week = np.memmap("week.f4", dtype="float32").reshape(-1, 3)  # doctest: +SKIP
    """
    path = Path(path)
    losses = Losses(path, errors)
    yield from read_pages(path, chunk_pages, losses)
    losses.warn(stacklevel=2)


def read_pages(path: Path, chunk_pages: int, losses: Losses) -> Iterator[GENEActivPages]:
    """Yield the pages of a file; damage goes to `losses`."""
    refuse_special(path)
    try:
        with path.open("rb") as file:
            header = read_header(path, file, losses)
            file.seek(header.size)
            yield from _read_chunks(file, header, chunk_pages, losses)
    except OSError as error:
        raise unreadable(path, error) from error


def _read_chunks(file: BinaryIO, header: GENEActivHeader, chunk_pages: int, losses: Losses) -> Iterator[GENEActivPages]:
    pages: list[_Page] = []
    n_pages, expected = 0, 0
    digits_left = 0
    for at, text, is_last in _split_pages(file, header.size):
        page = _parse_page(text, header)
        if isinstance(page, _Page) and is_last:
            digits_left = page.n_digits % _SAMPLE_DIGITS
        elif isinstance(page, _Page) and page.n_digits != SAMPLES_PER_PAGE * _SAMPLE_DIGITS:
            page = (f"{page.n_digits:,} hexadecimal digits", f"{SAMPLES_PER_PAGE * _SAMPLE_DIGITS:,}")
        if not isinstance(page, _Page):
            losses.add(where=f"page at byte {at:,}", found=page[0], expected=f"{page[1]}; the page is left out")
            continue
        if page.sequence != expected:
            after = f" after page {expected - 1}" if expected else " first"
            losses.add(where=f"page at byte {at:,}", found=f"page {page.sequence}{after}", expected=f"page {expected}")
        expected = page.sequence + 1
        pages.append(page)
        n_pages += 1
        if len(pages) == chunk_pages:
            yield _decode(pages, header)
            pages = []
    _check_end(header, n_pages, pages[-1] if pages else None, digits_left, losses)
    if pages:
        yield _decode(pages, header)
    if not n_pages:
        raise DataFileError(losses.path, found="not one intact page", expected="pages of recorded data")


def _check_end(header: GENEActivHeader, n_pages: int, last: _Page | None, digits_left: int, losses: Losses) -> None:
    """Compare what was found with what the header claims, and look whether the file ends inside a page."""
    n_last = SAMPLES_PER_PAGE if last is None else last.n_digits // _SAMPLE_DIGITS
    partly = n_last < SAMPLES_PER_PAGE
    if header.n_pages in (n_pages, None) and not digits_left:
        return
    found = f"{n_pages - partly:,} whole page(s)" + (f" and {n_last} samples of another" if partly else "")
    expected = "an end after a whole sample"
    if header.n_pages is not None:
        missing = [f"{header.n_pages - n_pages:,} page(s)"] if header.n_pages > n_pages else []
        missing += [f"{SAMPLES_PER_PAGE - n_last} samples of the last page"] if partly and digits_left else []
        lacks = f": {' and '.join(missing)} are missing" if missing else ""
        expected = f"the {header.n_pages:,} pages that the header claims{lacks}"
    losses.add(where="end of file", found=found, expected=expected, advice="The file may be cut: extract it again.")


def _split_pages(file: BinaryIO, start: int) -> Iterator[tuple[int, bytes, bool]]:
    """Yield (place, text, whether it is the file's last) of what follows each mark.

    A text that is longer than a page can be comes cut to a little more than that length, so that it is refused and
    memory stays bounded.
    """
    rest, at, skipped, first = b"", start, 0, True
    while block := file.read(_BLOCK):
        *texts, rest = (rest + block).split(PAGE_MARK)
        for text in texts:
            # Before the first mark there is nothing: the header ends where it begins.
            if not first:
                yield at, text, False
            at += len(text) + skipped + (0 if first else len(PAGE_MARK))
            skipped, first = 0, False
        if len(rest) > _PAGE_LIMIT + len(PAGE_MARK):
            skipped += len(rest) - _PAGE_LIMIT - len(PAGE_MARK)
            # The last bytes may be the beginning of a mark.
            rest = rest[:_PAGE_LIMIT] + rest[-len(PAGE_MARK) :]
    yield at, rest, True


@dataclass(frozen=True)
class _Page:
    sequence: int
    time: np.datetime64
    temperature: float
    battery: float
    n_digits: int
    samples: bytes


def _parse_page(text: bytes, header: GENEActivHeader) -> _Page | tuple[str, str]:
    """Return the page, or (found, expected) of what is wrong with it."""
    if len(text) > _PAGE_LIMIT:
        return "a page without an end", f"at most {_PAGE_LIMIT:,} bytes"
    fields: dict[bytes, bytes] = {}
    digits = b""
    for line in text.split(b"\n"):
        key, colon, value = line.partition(b":")
        if not colon:
            digits += line.strip()
        elif key.replace(b" ", b"").isalpha():
            fields[key.strip()] = value.strip()
        else:
            return f"a line that begins with {key[:20]!r}", "keys and hexadecimal digits"
    try:
        sequence = int(fields[b"Sequence Number"])
        stamp = fields[b"Page Time"].decode("ascii")
        if not _TIME.fullmatch(stamp):
            raise ValueError(stamp)
        # NumPy wants a point in place of the last colon.
        time = np.datetime64(f"{stamp[:19]}.{stamp[20:]}", "ms")
        rate = float(fields[b"Measurement Frequency"])
        temperature, battery = float(fields[b"Temperature"]), float(fields[b"Battery voltage"])
    except KeyError as error:
        return f"no line {error.args[0].decode()!r}", "one in each page"
    except (ValueError, OverflowError) as error:
        return f"a line that does not read ({str(error)[:80]})", "numbers and a page time"
    if not (0 <= sequence < 10**12 and abs(temperature) < 1000 and abs(battery) < 1000):
        return f"page {sequence}, {time}, {temperature:g} degrees, {battery:g} V", "possible values"
    if rate != header.sampling_rate:
        return f"a measurement frequency of {rate:g} Hz", f"the header's {header.sampling_rate:g} Hz"
    if len(digits) < _SAMPLE_DIGITS:
        return "no samples", f"{SAMPLES_PER_PAGE} of them"
    if len(digits) > SAMPLES_PER_PAGE * _SAMPLE_DIGITS:
        return f"{len(digits):,} hexadecimal digits", f"at most {SAMPLES_PER_PAGE * _SAMPLE_DIGITS:,}"
    try:
        samples = binascii.unhexlify(digits[: len(digits) // _SAMPLE_DIGITS * _SAMPLE_DIGITS])
    except binascii.Error:
        return "characters that are not hexadecimal digits", "digits 0-9 and A-F"
    return _Page(sequence, time, temperature, battery, len(digits), samples)


def _decode(pages: list[_Page], header: GENEActivHeader) -> GENEActivPages:
    """Turn the samples of pages to physical units, all at once."""
    samples = b"".join(page.samples for page in pages)
    n_samples = len(samples) // _SAMPLE_BYTES
    # Two neighbouring bytes as one big-endian number hold each 12-bit reading; shifts keep its sign.
    pairs = [
        np.ndarray(n_samples, ">i2", samples, offset, (_SAMPLE_BYTES,)).astype(np.int16) for offset in (0, 1, 3, 4)
    ]
    acceleration = np.empty((n_samples, 3), dtype=np.float32)
    scale, zero = 100 * STANDARD_GRAVITY / header.gain, header.offset * STANDARD_GRAVITY / header.gain
    for axis, reading in enumerate((pairs[0] >> 4, (pairs[1] << 4) >> 4, pairs[2] >> 4)):
        acceleration[:, axis] = reading * scale[axis] - zero[axis]
    rest = pairs[3] & 0xFFF
    return GENEActivPages(
        header=header,
        acceleration=acceleration,
        light=((rest >> 2) * header.lux_per_count).astype(np.float32),
        button=(rest & 2).astype(bool),
        sequence=np.array([page.sequence for page in pages], dtype=np.int64),
        time=np.array([page.time for page in pages], dtype="datetime64[ms]"),
        n_samples=np.array([len(page.samples) // _SAMPLE_BYTES for page in pages], dtype=np.int64),
        temperature=np.array([page.temperature for page in pages], dtype=np.float32),
        battery=np.array([page.battery for page in pages], dtype=np.float32),
    )
