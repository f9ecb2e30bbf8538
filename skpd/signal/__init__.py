"""From recordings of a wrist to windows, and from windows back to one answer a recording.

The tremor road in one line: `VectorMagnitude` joins the axes of an accelerometer, `TremorBandFilter` splits the result
into frequency bands, `Windowizer` cuts it into windows, and `WindowedClassifier` classifies the windows and lets them
vote. All of them take a batch, one row a recording: ``(n, n_timesteps)``, ``(n, n_timesteps, n_channels)``, or a list
of recordings of different lengths. NaN marks a gap: it passes through the filters and no window is made across it.
"""

from __future__ import annotations

from ._bands import PUBLISHED_BANDS, TremorBandFilter, band_channel_names
from ._magnitude import VectorMagnitude
from ._windowed import WindowedClassifier
from ._windows import Windowizer, Windows

__all__ = [
    "PUBLISHED_BANDS",
    "TremorBandFilter",
    "VectorMagnitude",
    "WindowedClassifier",
    "Windowizer",
    "Windows",
    "band_channel_names",
]
