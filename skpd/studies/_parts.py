"""One file with a recording in, one Parquet part with the features of its windows out, whole or not at all."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Iterator, Sequence
from dataclasses import asdict, dataclass
from functools import partial
from importlib.metadata import version
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
from numpy.lib.format import open_memmap

from ..datasets import load_csv_recordings, load_parquet_recordings
from ..datasets._base import to_si, unreadable
from ..datasets._timestamps import PLAUSIBLE_RATES
from ..exceptions import DataFileError
from ..recipes import WindowBlock, stream_window_features
from ..signal import Windowizer
from ._store import _write_atomically

__all__ = ["SUFFIXES", "ExtractSettings", "Job", "read_part", "versions", "write_part"]

SUFFIXES = (".npy", ".csv", ".parquet")

_FORMAT = 2
_RECORD = b"skpd.part"
_LABELS = ["recording", "file", "subject"]
#: Rows that are collected before they are written: row groups of a few rows read slowly.
_ROW_GROUP = 8192


@dataclass(frozen=True)
class ExtractSettings:
    """What is computed and how the files are read; the fields are parameters of `extract_features`."""

    units: str
    sampling_rate: float | None
    channels: Sequence[str]
    time: str | None
    time_unit: str | None
    subject: str | None
    road: str
    bands: dict | None
    duration: float
    overlap: float
    resample_to: float | None = None
    disorder: str = "raise"
    separator: str = ","
    decimal: str = "."
    encoding: str = "utf-8"

    def as_json(self) -> dict[str, Any]:
        """Return the fields as they come back from a file: lists for tuples, plain numbers for those of NumPy."""
        return json.loads(json.dumps(asdict(self), default=float))


@dataclass(frozen=True)
class Job:
    """A file, the part that is made of it, and the settings."""

    file: Path
    folder: Path
    settings: ExtractSettings

    @property
    def name(self) -> str:
        """Name of the recording: that of the file and a digest of where it lies, since names of files repeat."""
        return f"{self.file.stem}-{hashlib.sha256(bytes(self.file.resolve())).hexdigest()[:8]}"

    @property
    def part(self) -> Path:
        """The Parquet file."""
        return self.folder / f"{self.name}.parquet"

    def key(self) -> dict[str, Any]:
        """Return what a part must agree in to be up to date; an OSError if the file cannot be looked up."""
        stat = self.file.stat()
        return {
            "format": _FORMAT,
            "skpd": version("skpd"),
            "parameters": self.settings.as_json(),
            "size": stat.st_size,
            "mtime_ns": stat.st_mtime_ns,
        }

    def is_finished(self) -> bool:
        """Whether the part is whole and was made of this file with these settings."""
        record = read_part(self.part)
        return record is not None and record["key"] == self.key()


def versions() -> dict[str, str]:
    """Return the versions of what computes features."""
    return {name: version(name) for name in ("skpd", "numpy", "scipy", "pyarrow")}


def read_part(part: Path) -> dict[str, Any] | None:
    """Read what a part says of itself, with its columns and the number of its rows; None where it is not whole."""
    try:
        footer = pq.read_metadata(part)
        record = json.loads(footer.metadata[_RECORD])
        n_rows, skipped = footer.num_rows, record["n_windows"] - footer.num_rows
    except (OSError, pa.ArrowException, KeyError, TypeError, ValueError):
        return None
    return {**record, "columns": tuple(footer.schema.names), "rows": n_rows, "skipped": skipped}


def write_part(job: Job, *, n_threads: int = 1, on_progress: Callable[[float], None] = lambda share: None) -> None:
    """Compute the features of a file and write its part.

    Parameters
    ----------
    job : Job
        What to do.
    n_threads : int, default=1
        Threads that share the blocks of the recording.
    on_progress : callable
        Called with the share of the recording that is done.

    Raises
    ------
    ValueError, OSError
        If the file cannot be read or is no recording of at least one window.
    """
    key, settings = job.key(), job.settings
    source = _open(job.file, settings)
    n_timesteps = source.recording.shape[0]
    labels = {"recording": job.name, "file": job.file.name, "subject": source.subject}
    windowizer = Windowizer(source.sampling_rate, settings.duration, settings.overlap).fit(np.zeros((1, 1)))
    record = {
        "key": key,
        "versions": versions(),
        **labels,
        "sampling_rate": source.sampling_rate,
        "n_timesteps": n_timesteps,
        "n_windows": (n_timesteps - windowizer.n_samples_) // windowizer.step_ + 1,
    }
    recording = _Watched(source.recording)
    blocks = stream_window_features(
        recording,
        sampling_rate=source.sampling_rate,
        road=settings.road,
        bands=settings.bands,
        duration=settings.duration,
        overlap=settings.overlap,
        gaps="ignore",
        n_jobs=n_threads,
    )

    def describe() -> dict[str, Any]:
        return {**record, "note": "; ".join(filter(None, (source.note, recording.note())))}

    def frames() -> Iterator[pd.DataFrame]:
        for block in blocks:
            yield pd.concat([_label(block, labels), block.index, block.X], axis=1)
            stops = [*block.index["stop"].tail(1), *block.skipped["stop"].tail(1)]
            on_progress(max(stops) / n_timesteps)

    _write_atomically(job.part, lambda temporary: _write(temporary, _in_row_groups(frames()), describe))


class _Source(NamedTuple):
    recording: Any
    sampling_rate: float
    subject: str | None
    note: str = ""


class _Watched:
    """A recording that keeps the range of each slice that is read of it, to say of what use it is."""

    def __init__(self, recording: Any) -> None:
        self._recording, self.shape = recording, recording.shape
        self._lows: list[np.ndarray] = []
        self._highs: list[np.ndarray] = []

    def __getitem__(self, rows: slice) -> np.ndarray:
        values = self._recording[rows]
        if len(values):
            # Those that are not NaN, if there are any.
            self._lows.append(np.fmin.reduce(values, axis=0))
            self._highs.append(np.fmax.reduce(values, axis=0))
        return values

    def note(self) -> str:
        """Say what is wrong with the values that were read; "" if nothing is."""
        low, high = np.fmin.reduce(self._lows, axis=0), np.fmax.reduce(self._highs, axis=0)
        if np.isnan(low).all():
            return "no sample at all: every value is NaN"
        return "no signal: the values never change" if not (high > low).any() else ""


class _NpyFile:
    """The array in a .npy file, in m/s^2; only the slices that are asked for are read."""

    def __init__(self, file: Path, units: str) -> None:
        self._file, self._units = file, units
        samples = self._map()
        if samples.dtype.kind not in "fiu":
            raise DataFileError(file, found=f"an array of {samples.dtype}", expected="an array of real numbers")
        self.shape = samples.shape

    def __getitem__(self, rows: slice) -> np.ndarray:
        # Mapped anew each time: pages of a map that stays open count as memory in use.
        return to_si(np.array(self._map()[rows], dtype=np.float64), self._units)

    def _map(self) -> np.ndarray:
        try:
            return open_memmap(self._file, mode="r")
        except OSError as error:
            raise unreadable(self._file, error, "a .npy file") from error
        except ValueError as error:
            raise DataFileError(
                self._file, found=f"something else ({error})", expected="a whole .npy array of numbers"
            ) from error


def _open(file: Path, settings: ExtractSettings) -> _Source:
    suffix = file.suffix.lower()
    if suffix == ".npy":
        assert settings.sampling_rate is not None
        array = _NpyFile(file, settings.units)
        if len(array.shape) == 2 and array.shape[0] < array.shape[1]:
            raise DataFileError(
                file,
                found=f"an array of shape {array.shape}, more channels than timesteps",
                expected="shape (n_timesteps, n_channels)",
                advice="Is it transposed? Then save array.T.",
            )
        return _Source(array, settings.sampling_rate, None)
    if suffix not in SUFFIXES:
        raise DataFileError(file, found=f"the suffix {file.suffix!r}", expected=f"one of {', '.join(SUFFIXES)}")
    form = {name: getattr(settings, name) for name in ("separator", "decimal", "encoding")}
    load = partial(load_csv_recordings, **form) if suffix == ".csv" else load_parquet_recordings
    loaded = load(
        # Not a folder: of that, the reader would take all files.
        [file],
        channels=settings.channels,
        units=settings.units,
        time=settings.time,
        time_unit=settings.time_unit,
        sampling_rate=settings.sampling_rate,
        resample_to=settings.resample_to,
        disorder=settings.disorder,
        subject=settings.subject,
    )
    measured = float(loaded.frame["measured_rate_hz"].iloc[0])
    if settings.sampling_rate is None and not PLAUSIBLE_RATES[0] <= measured <= PLAUSIBLE_RATES[1]:
        raise DataFileError(
            file,
            found=f"a measured rate of {measured:.4g} Hz",
            expected="that of an accelerometer, between {:g} and {:g} Hz".format(*PLAUSIBLE_RATES),
            advice="Correct time_unit, or state sampling_rate=... if it is right.",
        )
    subject = None if loaded.groups is None else str(loaded.groups[0])
    n_dropped = int(loaded.frame["n_duplicates"].iloc[0])
    note = f"{n_dropped} sample(s) dropped, whose times repeat earlier ones" if n_dropped else ""
    return _Source(loaded.data[0], loaded.sampling_rate, subject, note)


def _label(block: WindowBlock, labels: dict[str, str | None]) -> pd.DataFrame:
    # Of one type in all parts, whether or not anything is known: what reads them together goes by the first.
    return pd.DataFrame(labels, index=block.index.index, dtype="string[pyarrow]")


def _in_row_groups(frames: Iterator[pd.DataFrame]) -> Iterator[pd.DataFrame]:
    """Join frames until they are worth a row group."""
    waiting: list[pd.DataFrame] = []
    for frame in frames:
        waiting.append(frame)
        if sum(map(len, waiting)) >= _ROW_GROUP:
            yield pd.concat(waiting, ignore_index=True)
            waiting = []
    if waiting:
        yield pd.concat(waiting, ignore_index=True)


def _write(file: Path, frames: Iterator[pd.DataFrame], describe: Callable[[], dict[str, Any]]) -> None:
    """Write the frames and, when all of them are read, what is to be said of them."""
    writer = None
    try:
        for frame in frames:
            table = pa.Table.from_pandas(frame, preserve_index=False)
            if writer is None:
                schema = table.schema
                # Features do not repeat: a dictionary of them costs time and saves nothing.
                writer = pq.ParquetWriter(file, schema, use_dictionary=_LABELS)
            writer.write_table(table.cast(schema))
        if writer is not None:
            writer.add_key_value_metadata({_RECORD: json.dumps(describe())})
    finally:
        if writer is not None:
            writer.close()
