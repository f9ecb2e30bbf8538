"""Opens a recording and gathers what its page shows of it."""

from __future__ import annotations

from pathlib import Path

import pandas as pd

from ..exceptions import DataFileError
from ..models._loaded import LoadedModel
from ..models._predict import DaySummary
from ..models._recording import Recording
from ..models._sources import ReadOptions, open_recording
from ..signal import PUBLISHED_BANDS
from ._view_layers import SEGMENT
from ._view_recording import RecordingView
from ._view_windows import measure_windows

__all__ = ["read_recording"]

#: A picture of more is none.
_MOST_CHANNELS = 6


def read_recording(file: Path, model: LoadedModel | None, options: ReadOptions, *, n_jobs: int | None) -> RecordingView:
    """Open a recording, predict or measure its windows, and gather what its page says."""
    if model is None:
        # Times that are uneven are brought to the rate that is stated, if there is one.
        highest = max(high for _, high in PUBLISHED_BANDS.values())
        with open_recording(file, options, options.sampling_rate, highest) as recording:
            _check(recording)
            windows = pd.concat(measure_windows(recording, PUBLISHED_BANDS), ignore_index=True)
            return RecordingView(recording, windows, dict(PUBLISHED_BANDS), [], None, None)
    model.check_kind("recordings", file)
    with model.open_recording(file, options) as recording:
        _check(recording)
        summary = DaySummary({}, model.classes)
        blocks = []
        for block in model.predict_windows(recording, n_jobs=n_jobs):
            summary.add(block)
            blocks.append(block.drop(columns=["start_time", "training_distance"], errors="ignore"))
        windows = pd.concat(blocks, ignore_index=True)
        return RecordingView(recording, windows, model.bands, model.classes, summary.rows(), model.manifest)


def _check(recording: Recording) -> None:
    n_timesteps, n_channels = recording.samples.shape
    if n_channels > _MOST_CHANNELS:
        found, expected = f"{n_channels} channels", f"at most {_MOST_CHANNELS}"
        raise DataFileError(recording.file, found=found, expected=expected, advice="Name some of them.")
    if n_timesteps < SEGMENT * recording.sampling_rate:
        found = f"{n_timesteps / recording.sampling_rate:.3g} s"
        raise DataFileError(recording.file, found=found, expected=f"at least one window, {SEGMENT:g} s")
