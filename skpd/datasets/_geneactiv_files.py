"""A GENEActiv file of either kind to stretches of signal, in order and divided at gaps."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from itertools import chain
from pathlib import Path

import numpy as np
import pandas as pd

from ..exceptions import DataFileError
from ._geneactiv_csv import read_csv_export
from ._geneactiv_pages import SAMPLES_PER_PAGE, read_pages
from ._parse import Losses
from ._timestamps import split_at_gaps, to_uniform

__all__ = ["CHANNELS", "DeviceFile", "Stretch", "leading_number", "read_device_file"]

CHANNELS = ("x", "y", "z", "light", "button", "temperature")
_CHUNK_PAGES = 1024

#: Bytes of one sample in a `.bin` file; a file cannot hold more samples than its size allows.
_BYTES_PER_SAMPLE = 12


@dataclass(frozen=True)
class Stretch:
    """Samples without a gap between them.

    Attributes
    ----------
    values : ndarray of shape (n, n_channels), float32
        The samples.
    seconds : callable
        Gives their times, s after the first sample of the file.
    start : float
        The first of these times.
    rate : float
        Hz, measured.
    """

    values: np.ndarray
    seconds: Callable[[], np.ndarray]
    start: float
    rate: float


@dataclass(frozen=True)
class DeviceFile:
    """The intact content of a file.

    Attributes
    ----------
    fields : dict of str to str
        The header.
    start_ms : int
        When the first sample was taken, by the device's clock: ms since 1970 in its own zone.
    stretches : list of Stretch
        The signal.
    pages : DataFrame
        One row a page: sequence, time, n_samples, temperature_c, battery_v, and in `stretch` where it belongs.
    """

    fields: dict[str, str]
    start_ms: int
    stretches: list[Stretch]
    pages: pd.DataFrame


def read_device_file(path: Path, channels: list[str], max_gap: float, losses: Losses) -> DeviceFile:
    """Read a `.bin` or `.csv` file, put it in order and divide it at gaps; damage goes to `losses`."""
    if path.suffix.lower() == ".csv":
        return _read_csv(path, channels, max_gap, losses)
    return _read_bin(path, channels, max_gap, losses)


def _read_bin(path: Path, channels: list[str], max_gap: float, losses: Losses) -> DeviceFile:
    """Read all pages, put them in order, and divide them at gaps."""
    chunks = read_pages(path, _CHUNK_PAGES, losses)
    first = next(chunks)
    values = np.empty((path.stat().st_size // _BYTES_PER_SAMPLE + 1, len(channels)), dtype=np.float32)
    n, tables = 0, []
    for chunk in chain([first], chunks):
        part = values[n : n + len(chunk.light)]
        columns = dict(zip("xyz", chunk.acceleration.T, strict=True)) | {
            "light": chunk.light,
            "button": chunk.button,
            "temperature": np.repeat(chunk.temperature, chunk.n_samples),
        }
        for i, channel in enumerate(channels):
            part[:, i] = columns[channel]
        tables.append(
            pd.DataFrame(
                {
                    "sequence": chunk.sequence,
                    "time": chunk.time,
                    "n_samples": chunk.n_samples,
                    "temperature_c": chunk.temperature,
                    "battery_v": chunk.battery,
                }
            )
        )
        n += len(part)
    pages = pd.concat(tables, ignore_index=True)
    pages, values = _in_order(pages, values[:n])
    ms = pages["time"].to_numpy().astype("datetime64[ms]").astype(np.int64)
    seconds = (ms - ms[0]) / 1000
    step, breaks = _page_breaks(path, pages, seconds, first.header.sampling_rate, max_gap, losses)
    pages["stretch"] = np.searchsorted(breaks, np.arange(len(pages)), side="right")
    stop = np.cumsum(pages["n_samples"].to_numpy())
    stretches = []
    for rows in np.split(np.arange(len(pages)), breaks):
        k, last = rows[0], rows[-1]
        begin = stop[k] - pages["n_samples"].iloc[k]
        edges = np.append(seconds[rows], seconds[last] + step)
        counts = pages["n_samples"].to_numpy()[rows]
        stretches.append(
            Stretch(
                values[begin : stop[last]], partial(_page_clock, edges, counts), seconds[k], SAMPLES_PER_PAGE / step
            )
        )
    return DeviceFile(first.header.fields, int(ms[0]), stretches, pages)


def _page_clock(edges: np.ndarray, counts: np.ndarray) -> np.ndarray:
    """Return the times of the samples of neighbouring pages, evenly from each page's time to that of the next."""
    step = np.repeat(np.diff(edges) / SAMPLES_PER_PAGE, counts)
    within = np.arange(counts.sum()) - np.repeat(np.cumsum(counts) - counts, counts)
    return np.repeat(edges[:-1], counts) + within * step


def _uniform_clock(begin: float, n: int, rate: float) -> np.ndarray:
    return begin + np.arange(n) / rate


def _in_order(pages: pd.DataFrame, values: np.ndarray) -> tuple[pd.DataFrame, np.ndarray]:
    """Sort pages by their numbers and keep the first of equal ones; that they were not is already reported."""
    sequence = pages["sequence"].to_numpy()
    if (np.diff(sequence) > 0).all():
        return pages, values
    _, order = np.unique(sequence, return_index=True)
    counts = pages["n_samples"].to_numpy()
    begin = np.cumsum(counts) - counts
    samples = np.concatenate([np.arange(begin[k], begin[k] + counts[k]) for k in order])
    return pages.iloc[order].reset_index(drop=True), values[samples]


def _page_breaks(
    path: Path, pages: pd.DataFrame, seconds: np.ndarray, nominal: float, max_gap: float, losses: Losses
) -> tuple[float, np.ndarray]:
    """Return how long a page lasts, s, and the pages before which there is a gap."""
    steps = np.diff(seconds)
    sequence = pages["sequence"].to_numpy()
    follows = (np.diff(sequence) == 1) & (pages["n_samples"].to_numpy()[:-1] == SAMPLES_PER_PAGE)
    usual = follows & (np.abs(steps * nominal / SAMPLES_PER_PAGE - 1) < 0.01)
    if follows.sum() > 2 and not usual.any():
        raise DataFileError(
            path,
            where="page times",
            found=f"a page every {np.median(steps[follows]):.4g} s",
            expected=f"one every {SAMPLES_PER_PAGE / nominal:.4g} s, by the measurement frequency of {nominal:g} Hz",
        )
    step = float(steps[usual].mean()) if usual.any() else SAMPLES_PER_PAGE / nominal
    for k in np.flatnonzero(steps < 0):
        losses.add(
            where=f"page {sequence[k + 1]}",
            found=f"a clock {-steps[k]:.3f} s before that of page {sequence[k]}",
            expected="a later time",
        )
    return step, np.flatnonzero(~follows | (np.abs(steps - step) > max_gap)) + 1


def _read_csv(path: Path, channels: list[str], max_gap: float, losses: Losses) -> DeviceFile:
    table = read_csv_export(path, losses)
    seconds = (table.milliseconds - table.milliseconds[0]) / 1000
    steps = np.diff(seconds)
    n_back, n_equal = int((steps < 0).sum()), int((steps == 0).sum())
    if n_back or n_equal:
        found = f"{n_back} time(s) that go back and {n_equal} that repeat"
        losses.add(
            where="times", found=found, expected="increasing times; they are sorted, the first of equal ones kept"
        )
    values = table.values[:, [CHANNELS.index(channel) for channel in channels]]
    nominal = leading_number(table.fields.get("Measurement Frequency", ""))
    stretches = []
    for rows in split_at_gaps(seconds, values, max_gap + 1 / nominal if nominal > 0 else max_gap):
        if len(rows) < 2:
            losses.add(where=f"{seconds[rows[0]]:.3f} s", found="a single sample between gaps", expected="two or more")
            continue
        signal = to_uniform(
            seconds[rows],
            values[rows],
            path=path,
            where=f"from {seconds[rows].min():.3f} s",
            sampling_rate=nominal if nominal > 0 else None,
            disorder="fix",
        )
        begin, rate = float(seconds[rows].min()), signal.sampling_rate
        clock = partial(_uniform_clock, begin, len(signal.values), rate)
        stretches.append(Stretch(signal.values.astype(np.float32), clock, begin, rate))
    if not stretches:
        raise DataFileError(path, found="no two neighbouring samples", expected="a signal")
    pages = pd.DataFrame(columns=["sequence", "time", "n_samples", "temperature_c", "battery_v", "stretch"])
    return DeviceFile(table.fields, int(table.milliseconds[0]), stretches, pages.astype({"stretch": int}))


def leading_number(text: str) -> float:
    """Return the number that a text begins with, such as "85.7 Hz", or NaN."""
    match = re.match(r"\d{1,9}(\.\d{1,9})?", text.strip(), re.ASCII)
    return float(match[0]) if match else np.nan
