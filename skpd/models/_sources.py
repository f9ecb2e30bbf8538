"""Files of recordings as something that slices to samples in m/s^2 at the model's rate, whatever their length."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from fractions import Fraction
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
from scipy.signal import resample_poly

from ..datasets import load_csv_recordings, load_parquet_recordings
from ..datasets._base import ACCELERATION_UNITS, STANDARD_GRAVITY
from ..exceptions import DataFileError
from ..studies._parts import _NpyFile
from ._geneactiv import is_geneactiv_export, open_geneactiv, open_geneactiv_export
from ._recording import BELOW_RANGE, Recording

__all__ = ["RECORDING_SUFFIXES", "ReadOptions", "open_recording"]

RECORDING_SUFFIXES = (".bin", ".npy", ".csv", ".parquet")

#: Rates that differ by less, relative to each other, are those of one clock.
_SAME_RATE = 1e-3


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


@contextmanager
def open_recording(
    file: Path, options: ReadOptions, rate: float | None = None, highest: float = 0.0
) -> Iterator[Recording]:
    """Open a recording at the rate of a model.

    Parameters
    ----------
    file : Path
        ``.bin`` or raw ``.csv`` of a GENEActiv device, ``.npy``, ``.csv`` or ``.parquet``.
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
    exported = is_geneactiv_export(file)
    if suffix != ".bin" and not exported and options.units not in ACCELERATION_UNITS:
        raise ValueError(
            f"units: expected one of {', '.join(ACCELERATION_UNITS)} for {file}, which does not state it, got "
            f"{options.units!r}."
        )
    with tempfile.TemporaryFile() as spool:
        if suffix == ".bin":
            recording = open_geneactiv(file, spool)
        elif exported:
            recording = open_geneactiv_export(file)
        elif suffix == ".npy":
            recording = _open_array(file, options)
        else:
            recording = _open_table(file, options, rate)
        if options.device_range is not None:
            limit = (options.device_range - BELOW_RANGE) * STANDARD_GRAVITY
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
        if not error.found.startswith("uneven"):
            raise
        if rate is None:
            raise DataFileError(
                error.path,
                found=error.found,
                expected=error.expected,
                where=error.where,
                advice="State a sampling rate to interpolate at it (--sampling-rate on the command line).",
            ) from None
        loaded = load(resample_to=rate)
        notes = (f"interpolated at {rate:g} Hz, since its times are uneven",)
    n_dropped = int(loaded.frame["n_duplicates"].iloc[0])
    if n_dropped:
        notes += (f"{n_dropped} sample(s) dropped, whose times repeat earlier ones",)
    subject = None if loaded.groups is None else str(loaded.groups[0])
    return Recording(file, loaded.data[0], loaded.sampling_rate, subject=subject, notes=notes)
