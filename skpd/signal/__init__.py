"""From recordings of a wrist to windows, and from windows back to one answer a recording.

The tremor road in one line: `VectorMagnitude` joins the axes of an accelerometer, `TremorBandFilter` splits the result
into frequency bands, `Windowizer` cuts it into windows, and `WindowedClassifier` classifies the windows and lets them
vote. All of them take a batch, one row a recording: ``(n, n_timesteps)``, ``(n, n_timesteps, n_channels)``, or a list
of recordings of different lengths. NaN marks a gap: it passes through the filters and no window is made across it.
`iter_filtered` takes the same road through a recording that is larger than memory. `find_nonwear` and `find_clipping`
tell the parts of a recording that are not to be trusted.
"""

from __future__ import annotations

from ._bands import PUBLISHED_BANDS, TremorBandFilter, band_channel_names
from ._magnitude import VectorMagnitude
from ._quality import find_clipping, find_nonwear
from ._streaming import iter_filtered
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
    "find_clipping",
    "find_nonwear",
    "iter_filtered",
]
