"""Opens a recording and gathers what its page shows of it."""

from __future__ import annotations

import warnings
from collections.abc import Collection, Iterator
from contextlib import contextmanager
from pathlib import Path

import pandas as pd

from ..datasets import load_geneactiv
from ..datasets._base import STANDARD_GRAVITY
from ..exceptions import DataFileError, DataFileWarning
from ..models import FeatureRanges
from ..models._predict import (
    DaySummary,
    check_magnitude,
    check_recording_model,
    highest_frequency,
    predict_recording,
)
from ..models._sources import ReadOptions, Recording, open_recording
from ..models._store import open_model
from ..signal import PUBLISHED_BANDS
from ._view_layers import SEGMENT
from ._view_recording import RecordingView
from ._view_windows import measure_windows

__all__ = ["read_recording"]

#: A picture of more is none.
_MOST_CHANNELS = 6
#: g, from which on a GENEActiv device clips, as for its .bin files.
_GENEACTIV_LIMIT = 7.5


def read_recording(
    file: Path, model: Path | None, options: ReadOptions, *, trusted: Collection[str], n_jobs: int | None
) -> RecordingView:
    """Open a recording, predict or measure its windows, and gather what its page says."""
    estimator, manifest, ranges = None, None, None
    # Without a model times that are uneven are brought to the rate that is stated, if there is one.
    rate, highest = options.sampling_rate, max(high for _, high in PUBLISHED_BANDS.values())
    if model is not None:
        estimator, manifest = open_model(model, trusted=trusted)
        kind = manifest["input"]["kind"]
        if kind != "recordings":
            raise ValueError(f"model: expected one of recordings for {file}, got one of {kind} ({model}).")
        rate, highest = float(manifest["input"]["sampling_rate_hz"]), highest_frequency(estimator)
        ranges = None if manifest["ranges"] is None else FeatureRanges.from_json(manifest["ranges"])
    with _open(file, options, rate, highest) as recording:
        n_channels = recording.samples.shape[1]
        if n_channels > _MOST_CHANNELS:
            raise DataFileError(
                file, found=f"{n_channels} channels", expected=f"at most {_MOST_CHANNELS}", advice="Name some of them."
            )
        if recording.samples.shape[0] < SEGMENT * recording.sampling_rate:
            raise DataFileError(
                file,
                found=f"{recording.samples.shape[0] / recording.sampling_rate:.3g} s",
                expected=f"at least one window, {SEGMENT:g} s",
            )
        if estimator is None or manifest is None:
            windows = pd.concat(measure_windows(recording, PUBLISHED_BANDS), ignore_index=True)
            return RecordingView(recording, windows, dict(PUBLISHED_BANDS), [], None, None)
        if manifest["input"]["magnitude"] is not None:
            check_magnitude(recording, manifest["input"]["magnitude"])
        summary = DaySummary({}, manifest["classes"])
        blocks = []
        for block in predict_recording(estimator, recording, ranges=ranges, n_jobs=n_jobs):
            summary.add(block)
            blocks.append(block.drop(columns=["start_time", "n_features_outside"], errors="ignore"))
        windows = pd.concat(blocks, ignore_index=True)
        bands = dict(check_recording_model(estimator)[0][-1].bands_)
        return RecordingView(recording, windows, bands, manifest["classes"], summary.rows(), manifest)


@contextmanager
def _open(file: Path, options: ReadOptions, rate: float | None, highest: float) -> Iterator[Recording]:
    if not (file.suffix.lower() == ".csv" and _is_geneactiv(file)):
        try:
            with open_recording(file, options, rate, highest) as recording:
                yield recording
        except DataFileError as error:
            if rate is not None or not error.found.startswith("uneven"):
                raise
            raise DataFileError(
                error.path,
                found=error.found,
                expected=error.expected,
                where=error.where,
                advice="State a sampling rate to interpolate at it.",
            ) from None
        return
    with warnings.catch_warnings():
        # The page says what is missing.
        warnings.simplefilter("ignore", DataFileWarning)
        loaded = load_geneactiv(file, split_gaps=False, errors="warn", resample_to=rate)
    if not len(loaded.data):
        raise DataFileError(
            file, found="no samples", expected="a recording", advice=str(loaded.skipped["reason"].iloc[0])
        )
    notes = [f"{row.where}: {row.found}, expected {row.expected}" for row in loaded.problems.head(5).itertuples()]
    if len(loaded.problems) > 5:
        notes.append(f"{len(loaded.problems) - 5} more such places")
    if rate is not None:
        notes.append(f"interpolated at {rate:g} Hz")
    yield Recording(
        file,
        loaded.data[0],
        loaded.sampling_rate,
        start_time=loaded.frame["start_time"].iloc[0],
        subject=None if loaded.groups is None else str(loaded.groups[0]),
        clips_at=_GENEACTIV_LIMIT * STANDARD_GRAVITY,
        notes=tuple(notes),
    )


def _is_geneactiv(file: Path) -> bool:
    """Whether a table is the raw export of a GENEActiv device, whose header says so in its first lines."""
    if not file.is_file():
        return False
    with file.open("rb") as table:
        return b"GENEActiv" in table.read(1024)
