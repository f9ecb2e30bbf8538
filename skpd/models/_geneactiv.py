"""GENEActiv files as recordings: the device's own ``.bin``, page by page, and its raw ``.csv`` export."""

from __future__ import annotations

import warnings
from pathlib import Path
from threading import Lock
from typing import Any

import numpy as np
import pandas as pd

from ..datasets import load_geneactiv
from ..datasets._base import STANDARD_GRAVITY
from ..datasets._geneactiv import _moment
from ..datasets._geneactiv_files import _page_breaks
from ..datasets._geneactiv_pages import SAMPLES_PER_PAGE, read_pages
from ..datasets._parse import Losses
from ..exceptions import DataFileError, DataFileWarning
from ._recording import BELOW_RANGE, Recording

__all__ = ["is_geneactiv_export", "open_geneactiv", "open_geneactiv_export"]

#: A GENEActiv device measures from -8 to 8 g; calibration moves the ends by some percent.
_CLIPS_AT = (8.0 - BELOW_RANGE) * STANDARD_GRAVITY

#: Three float32 values of a sample.
_SAMPLE_BYTES = 12


def is_geneactiv_export(file: Path) -> bool:
    """Whether a table is the raw export of a GENEActiv device, whose header says so in its first lines."""
    if file.suffix.lower() != ".csv" or not file.is_file():
        return False
    with file.open("rb") as table:
        return b"GENEActiv" in table.read(1024)


def open_geneactiv_export(file: Path) -> Recording:
    """Read a raw ``.csv`` export whole; gaps are NaN, and the notes say what is missing."""
    with warnings.catch_warnings():
        # The notes say it.
        warnings.simplefilter("ignore", DataFileWarning)
        loaded = load_geneactiv(file, split_gaps=False, errors="warn")
    found = [f"{row.where}: {row.found}, expected {row.expected}" for row in loaded.problems.itertuples()]
    return Recording(
        file,
        loaded.data[0],
        loaded.sampling_rate,
        start_time=loaded.frame["start_time"].iloc[0],
        subject=None if loaded.groups is None else str(loaded.groups[0]),
        clips_at=_CLIPS_AT,
        notes=_shortened(found),
    )


def _shortened(notes: list[str]) -> tuple[str, ...]:
    return (*notes[:5], *([f"{len(notes) - 5} more such places"] if len(notes) > 5 else []))


def open_geneactiv(file: Path, spool: Any) -> Recording:
    """Copy the samples of all pages to `spool` and find where each belongs."""
    losses = Losses(file, "warn")
    tables, header = [], None
    for pages in read_pages(file, 1024, losses):
        header = pages.header
        spool.write(pages.acceleration.tobytes())
        tables.append(pd.DataFrame({"sequence": pages.sequence, "time": pages.time, "n_samples": pages.n_samples}))
    assert header is not None
    table = pd.concat(tables, ignore_index=True)
    table["row"] = table["n_samples"].cumsum() - table["n_samples"]
    table = table.drop_duplicates("sequence").sort_values("sequence", ignore_index=True)
    ms = table["time"].to_numpy().astype("datetime64[ms]").astype(np.int64)
    seconds = (ms - ms[0]) / 1000
    step, breaks = _page_breaks(file, table, seconds, header.sampling_rate, 0.1, losses)
    rate = SAMPLES_PER_PAGE / step
    counts = table["n_samples"].to_numpy()
    # Inside a stretch pages follow each other; a stretch begins where its first page's time says.
    first = np.zeros(len(table), dtype=np.int64)
    for pages_of_stretch in np.split(np.arange(len(table)), breaks):
        k = pages_of_stretch[0]
        begin = round(seconds[k] * rate)
        if k and begin < first[k - 1] + counts[k - 1] - 1:
            raise DataFileError(
                file,
                found=f"a clock that goes back at page {table['sequence'].iloc[k]}",
                expected="pages one after the other",
                advice="load_geneactiv(split_gaps=True) reads the parts.",
            )
        begin = max(begin, first[k - 1] + counts[k - 1]) if k else begin
        first[pages_of_stretch] = begin + np.cumsum(counts[pages_of_stretch]) - counts[pages_of_stretch]
    return Recording(
        file,
        _Spooled(spool, table["row"].to_numpy(), counts, first),
        rate,
        start_time=_moment(int(ms[0]), header.fields),
        subject=header.fields.get("Subject Code") or None,
        clips_at=_CLIPS_AT,
        notes=_shortened([f"{e.where}: {e.found}, expected {e.expected}" for e in losses.found]),
    )


class _Spooled:
    """Pages in a file, each laid in its place; NaN between them."""

    def __init__(self, spool: Any, rows: np.ndarray, counts: np.ndarray, first: np.ndarray) -> None:
        self._spool, self._rows, self._counts, self._first = spool, rows, counts, first
        # Blocks are read by several threads.
        self._lock = Lock()
        self.shape = (int(first[-1] + counts[-1]), 3)

    def __getitem__(self, rows: slice) -> np.ndarray:
        start, stop, _ = rows.indices(self.shape[0])
        values = np.full((max(0, stop - start), 3), np.nan)
        # Read, not mapped: pages of a map count as memory in use.
        k = max(0, int(np.searchsorted(self._first, start, side="right")) - 1)
        while k < len(self._first) and self._first[k] < stop:
            begin, end = max(start, self._first[k]), min(stop, self._first[k] + self._counts[k])
            if end > begin:
                with self._lock:
                    self._spool.seek(int(self._rows[k] + begin - self._first[k]) * _SAMPLE_BYTES)
                    page = self._spool.read(int(end - begin) * _SAMPLE_BYTES)
                values[begin - start : end - start] = np.frombuffer(page, dtype=np.float32).reshape(-1, 3)
            k += 1
        return values
