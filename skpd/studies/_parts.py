"""One file with a recording in, one Parquet part with the features of its windows out, whole or not at all."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Iterator, Sequence
from dataclasses import asdict, dataclass
from importlib.metadata import version
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
from numpy.lib.format import open_memmap

from ..datasets import load_csv_recordings, load_parquet_recordings
from ..datasets._base import to_si
from ..exceptions import DataFileError
from ..recipes import WindowBlock, stream_window_features
from ..signal import Windowizer
from ._store import _write_atomically

__all__ = ["SUFFIXES", "ExtractSettings", "Job", "read_part", "versions", "write_part"]

SUFFIXES = (".npy", ".csv", ".parquet")

_FORMAT = 1
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
        key = {
            "format": _FORMAT,
            "skpd": version("skpd"),
            "parameters": asdict(self.settings),
            "size": stat.st_size,
            "mtime_ns": stat.st_mtime_ns,
        }
        # As it comes back from a file: tuples become lists.
        return json.loads(json.dumps(key))

    def is_finished(self) -> bool:
        """Whether the part is whole and was made of this file with these settings."""
        record = read_part(self.part)
        return record is not None and record["key"] == self.key()


def versions() -> dict[str, str]:
    """Return the versions of what computes features."""
    return {name: version(name) for name in ("skpd", "numpy", "scipy", "pyarrow")}


def read_part(part: Path) -> dict[str, Any] | None:
    """Read what a part says of itself, with the number of its rows; None where there is no whole part."""
    try:
        footer = pq.read_metadata(part)
        record = json.loads(footer.metadata[_RECORD])
    except (OSError, pa.ArrowException, TypeError, KeyError):
        return None
    return {**record, "rows": footer.num_rows, "skipped": record["n_windows"] - footer.num_rows}


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
    labels = {"recording": job.name, "file": job.file.name}
    if source.subject is not None:
        labels["subject"] = source.subject
    windowizer = Windowizer(source.sampling_rate, settings.duration, settings.overlap).fit(np.zeros((1, 1)))
    record = {
        "key": key,
        "versions": versions(),
        **labels,
        "sampling_rate": source.sampling_rate,
        "n_timesteps": n_timesteps,
        "n_windows": (n_timesteps - windowizer.n_samples_) // windowizer.step_ + 1,
    }
    blocks = stream_window_features(
        source.recording,
        sampling_rate=source.sampling_rate,
        road=settings.road,
        bands=settings.bands,
        duration=settings.duration,
        overlap=settings.overlap,
        gaps="ignore",
        n_jobs=n_threads,
    )

    def frames() -> Iterator[pd.DataFrame]:
        for block in blocks:
            yield pd.concat([_label(block, labels), block.index, block.X], axis=1)
            stops = [*block.index["stop"].tail(1), *block.skipped["stop"].tail(1)]
            on_progress(max(stops) / n_timesteps)

    _write_atomically(job.part, lambda temporary: _write(temporary, _in_row_groups(frames()), record))


class _Source(NamedTuple):
    recording: Any
    sampling_rate: float
    subject: str | None


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
        except ValueError as error:
            raise DataFileError(
                self._file, found=f"something else ({error})", expected="a whole .npy array of numbers"
            ) from error


def _open(file: Path, settings: ExtractSettings) -> _Source:
    suffix = file.suffix.lower()
    if suffix == ".npy":
        assert settings.sampling_rate is not None
        return _Source(_NpyFile(file, settings.units), settings.sampling_rate, None)
    if suffix not in SUFFIXES:
        raise DataFileError(file, found=f"the suffix {file.suffix!r}", expected=f"one of {', '.join(SUFFIXES)}")
    load = load_csv_recordings if suffix == ".csv" else load_parquet_recordings
    loaded = load(
        file,
        channels=settings.channels,
        units=settings.units,
        time=settings.time,
        time_unit=settings.time_unit,
        sampling_rate=settings.sampling_rate,
        subject=settings.subject,
    )
    subject = None if loaded.groups is None else str(loaded.groups[0])
    return _Source(loaded.data[0], loaded.sampling_rate, subject)


def _label(block: WindowBlock, labels: dict[str, str]) -> pd.DataFrame:
    return pd.DataFrame(labels, index=block.index.index, dtype="str")


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


def _write(file: Path, frames: Iterator[pd.DataFrame], record: dict[str, Any]) -> None:
    writer = None
    try:
        for frame in frames:
            table = pa.Table.from_pandas(frame, preserve_index=False)
            if writer is None:
                schema = table.schema.with_metadata({**(table.schema.metadata or {}), _RECORD: json.dumps(record)})
                # Features do not repeat: a dictionary of them costs time and saves nothing.
                writer = pq.ParquetWriter(file, schema, use_dictionary=[c for c in _LABELS if c in frame])
            writer.write_table(table.cast(schema))
    finally:
        if writer is not None:
            writer.close()
