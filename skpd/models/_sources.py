"""Files of recordings as something that slices to samples in m/s^2 at the model's rate, whatever their length."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from fractions import Fraction
from functools import partial
from pathlib import Path
from threading import Lock
from typing import Any

import numpy as np
import pandas as pd
from scipy.signal import resample_poly

from ..datasets import load_csv_recordings, load_parquet_recordings
from ..datasets._base import ACCELERATION_UNITS, STANDARD_GRAVITY
from ..datasets._geneactiv import _moment
from ..datasets._geneactiv_files import _page_breaks
from ..datasets._geneactiv_pages import SAMPLES_PER_PAGE, read_pages
from ..datasets._parse import Losses
from ..exceptions import DataFileError
from ..studies._parts import _NpyFile

__all__ = ["RECORDING_SUFFIXES", "ReadOptions", "Recording", "open_recording"]

RECORDING_SUFFIXES = (".bin", ".npy", ".csv", ".parquet")

#: Rates that differ by less, relative to each other, are those of one clock.
_SAME_RATE = 1e-3

#: A GENEActiv device measures from -8 to 8 g; calibration moves the ends by some percent.
_GENEACTIV_RANGE = 8.0
_BELOW_RANGE = 0.5

#: Three float32 values of a sample.
_SAMPLE_BYTES = 12


@dataclass(frozen=True)
class ReadOptions:
    """What the files do not say of themselves.

    Attributes
    ----------
    units : {"m/s^2", "g"} or None
        Of arrays and tables. GENEActiv files state theirs.
    sampling_rate : float or None
        Hz, of arrays and of tables without times.
    channels, time, time_unit, subject, disorder, separator, decimal, encoding, names
        As in `skpd.datasets.load_csv_recordings`.
    device_range : float or None
        Largest acceleration that the device can measure, in g.
    """

    units: str | None = None
    sampling_rate: float | None = None
    channels: Sequence[str] = ("x", "y", "z")
    time: str | None = "timestamp"
    time_unit: str | None = "s"
    subject: str | None = None
    disorder: str = "raise"
    separator: str = ","
    decimal: str = "."
    encoding: str = "utf-8"
    names: Sequence[str] | None = None
    device_range: float | None = None


@dataclass(frozen=True)
class Recording:
    """One recording of any length.

    Attributes
    ----------
    file : Path
        Where it comes from.
    samples : object with `shape` that slices to arrays
        m/s^2, one row a timestep, NaN in gaps.
    sampling_rate : float
        Hz, of `samples`.
    start_time : Timestamp or None
        When it began, by the device's clock, where the file says so.
    subject : str or None
        The person, where the file says so.
    clips_at : float or None
        m/s^2 from which on a sample met the end of the device's range; None where that is not known.
    notes : tuple of str
        What was done to bring it to this form.
    """

    file: Path
    samples: Any
    sampling_rate: float
    start_time: pd.Timestamp | None = None
    subject: str | None = None
    clips_at: float | None = None
    notes: tuple[str, ...] = ()


@contextmanager
def open_recording(
    file: Path, options: ReadOptions, rate: float | None = None, highest: float = 0.0
) -> Iterator[Recording]:
    """Open a recording at the rate of a model.

    Parameters
    ----------
    file : Path
        ``.bin`` (GENEActiv), ``.npy``, ``.csv`` or ``.parquet``.
    options : ReadOptions
        How it is to be read.
    rate : float or None, default=None
        Hz, of the model. A recording of another rate is resampled. None keeps its own.
    highest : float, default=0.0
        Hz, the highest frequency that the model looks at.

    Yields
    ------
    recording : Recording
        At `rate`, or a rate so close to it that the difference is nothing to a filter.

    Raises
    ------
    DataFileError
        If the file cannot be read or holds no signal up to `highest`.
    ValueError
        If an option that this kind of file needs is missing.
    """
    suffix = file.suffix.lower()
    if suffix not in RECORDING_SUFFIXES:
        raise DataFileError(
            file, found=f"the suffix {file.suffix!r}", expected=f"one of {', '.join(RECORDING_SUFFIXES)}"
        )
    if suffix != ".bin" and options.units not in ACCELERATION_UNITS:
        raise ValueError(
            f"units: expected one of {', '.join(ACCELERATION_UNITS)} for {file}, which does not state it, got "
            f"{options.units!r}."
        )
    with tempfile.TemporaryFile() as spool:
        if suffix == ".bin":
            recording = _open_geneactiv(file, spool)
        elif suffix == ".npy":
            recording = _open_array(file, options)
        else:
            recording = _open_table(file, options, rate)
        if options.device_range is not None:
            limit = (options.device_range - _BELOW_RANGE) * STANDARD_GRAVITY
            recording = replace(recording, clips_at=limit)
        if recording.sampling_rate / 2 <= highest:
            raise DataFileError(
                file,
                found=f"a sampling rate of {recording.sampling_rate:g} Hz",
                expected=f"more than {2 * highest:g} Hz, since the model looks at frequencies up to {highest:g} Hz",
                advice="What was not sampled cannot be interpolated.",
            )
        yield recording if rate is None else _at_rate(recording, rate)


def _at_rate(recording: Recording, rate: float) -> Recording:
    if abs(recording.sampling_rate / rate - 1) < _SAME_RATE:
        return recording
    ratio = Fraction(rate / recording.sampling_rate).limit_denominator(1000)
    resampled = _Resampled(recording.samples, ratio)
    # Exact for the times of the windows, where the ratio is not quite that of the rates.
    exact = recording.sampling_rate * ratio.numerator / ratio.denominator
    note = f"resampled from {recording.sampling_rate:.6g} to {exact:.6g} Hz"
    return replace(recording, samples=resampled, sampling_rate=exact, notes=(*recording.notes, note))


class _Resampled:
    """A recording at another rate; a slice needs its own stretch of samples and a few beside it."""

    def __init__(self, samples: Any, ratio: Fraction) -> None:
        self._samples, self._up, self._down = samples, ratio.numerator, ratio.denominator
        n, *channels = samples.shape
        self.shape = ((n - 1) * self._up // self._down + 1, *channels)

    def __getitem__(self, rows: slice) -> np.ndarray:
        start, stop, _ = rows.indices(self.shape[0])
        n = self._samples.shape[0]
        # Whole periods of the ratio, on both sides more than the filter of resample_poly reaches (10 samples).
        halo = 10 * max(1, -(-self._down // self._up)) // self._down + 2
        first = start // self._up - halo
        last = -(-stop // self._up) + halo
        low, high = first * self._down, last * self._down
        inside = self._samples[max(0, low) : min(n, high)]
        inside = inside[:, None] if inside.ndim == 1 else inside
        # Held at both ends of the recording: outside of it there is gravity too.
        padded = np.pad(inside, ((max(0, -low), max(0, high - n)), (0, 0)), mode="edge")
        values = resample_poly(padded, self._up, self._down, axis=0)
        begin = start - first * self._up
        return values[begin : begin + max(0, stop - start)]


def _open_array(file: Path, options: ReadOptions) -> Recording:
    if options.sampling_rate is None:
        raise ValueError(f"sampling_rate: expected a rate in Hz, which {file} does not state, got None.")
    array = _NpyFile(file, str(options.units))
    if len(array.shape) != 2 or array.shape[0] < array.shape[1]:
        raise DataFileError(
            file,
            found=f"an array of shape {array.shape}",
            expected="shape (n_timesteps, n_channels)",
            advice="Is it transposed? Then save array.T." if len(array.shape) == 2 else "",
        )
    return Recording(file, array, options.sampling_rate)


def _open_table(file: Path, options: ReadOptions, rate: float | None) -> Recording:
    load: Any = load_parquet_recordings
    if file.suffix.lower() == ".csv":
        form = {name: getattr(options, name) for name in ("separator", "decimal", "encoding", "names")}
        load = partial(load_csv_recordings, **form)
    load = partial(
        load,
        [file],
        channels=options.channels,
        units=options.units,
        time=options.time,
        time_unit=options.time_unit,
        sampling_rate=options.sampling_rate,
        disorder=options.disorder,
        subject=options.subject,
    )
    notes: tuple[str, ...] = ()
    try:
        loaded = load()
    except DataFileError as error:
        if rate is None or not error.found.startswith("uneven"):
            raise
        loaded = load(resample_to=rate)
        notes = (f"interpolated at {rate:g} Hz, since its times are uneven",)
    n_dropped = int(loaded.frame["n_duplicates"].iloc[0])
    if n_dropped:
        notes += (f"{n_dropped} sample(s) dropped, whose times repeat earlier ones",)
    subject = None if loaded.groups is None else str(loaded.groups[0])
    return Recording(file, loaded.data[0], loaded.sampling_rate, subject=subject, notes=notes)


def _open_geneactiv(file: Path, spool: Any) -> Recording:
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
    notes = tuple(f"{e.where}: {e.found}, expected {e.expected}" for e in losses.found[:5])
    if len(losses.found) > 5:
        notes += (f"{len(losses.found) - 5} more such places",)
    return Recording(
        file,
        _Spooled(spool, table["row"].to_numpy(), counts, first),
        rate,
        start_time=_moment(int(ms[0]), header.fields),
        subject=header.fields.get("Subject Code") or None,
        clips_at=(_GENEACTIV_RANGE - _BELOW_RANGE) * STANDARD_GRAVITY,
        notes=notes,
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
