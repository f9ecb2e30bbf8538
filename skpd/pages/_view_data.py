"""What the script of a recording's page draws, as JSON."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import pandas as pd

from ..models._predict import is_severity
from ..models._recording import Recording
from ..plotting import OKABE_ITO
from ..plotting._style import FAINT, class_colors
from ..signal import band_channel_names
from ._view_layers import SEGMENT, decibel_range, make_layer
from ._view_windows import strongest_windows, timeline_json

__all__ = ["DETAIL", "page_data"]

#: s, length of the stretches of which a page of a long recording holds every sample, and how much comes before a bout.
DETAIL, _LEAD = 60.0, 5.0
#: How many such stretches there are at most, and values of all channels in them.
_STRETCHES, _VALUES = 40, 1_000_000


def page_data(
    recording: Recording,
    windows: pd.DataFrame,
    bands: Mapping[str, tuple[float, float]],
    classes: Sequence[Any],
    bouts: Sequence[float],
    channels: Sequence[str] | None,
) -> dict[str, Any]:
    """Gather what the script draws.

    Parameters
    ----------
    recording : Recording
        The recording, still open.
    windows : DataFrame
        Predicted or measured.
    bands : mapping of str to (float, float)
        Edges in Hz.
    classes : sequence
        Of the model; empty without one.
    bouts : sequence of float
        When the bouts begin of which every sample is wanted, s, the most wanted first. If there are none, every sample
        is kept of the strongest movement.
    channels : sequence of str or None
        Names of the channels, if they are known.

    Returns
    -------
    data : dict
        Ready for JSON.
    """
    names = band_channel_names(bands)
    whole = make_layer(recording)
    decibels = decibel_range(whole)
    layers = [whole]
    # What is short is there sample by sample anyway.
    if whole.values.ndim == 3:
        stretches = _stretches(recording, windows, names, bouts)
        layers += [make_layer(recording, begin, end) for begin, end in stretches]
    start = recording.start_time
    n_channels = recording.samples.shape[1]
    if channels is None or len(channels) != n_channels:
        channels = list("xyz") if n_channels == 3 else [f"channel {j}" for j in range(n_channels)]
    graded = bool(classes) and is_severity(classes)
    return {
        "duration": recording.samples.shape[0] / recording.sampling_rate,
        # By the clock on the device's wall, whatever zone the reader is in.
        "clock": None if start is None else start.tz_localize(None).timestamp() * 1000,
        "channels": [{"title": name, "color": color} for name, color in zip(channels, OKABE_ITO, strict=False)],
        "bands": [
            {"low": low, "high": high, "title": f"{low:g}–{high:g} Hz", "color": OKABE_ITO[j % len(OKABE_ITO)]}
            for j, (low, high) in enumerate(bands.values())
        ],
        "classes": [
            # No tremor is the ground on which tremor stands out.
            {"title": str(label), "color": FAINT if graded and label == 0 else color}
            for label, color in class_colors(classes).items()
        ],
        "graded": graded,
        "decibels": decibels,
        "scale": _color_scale(),
        "layers": [layer.as_json(decibels) for layer in layers],
        "timeline": timeline_json(windows, names, classes),
    }


def _stretches(
    recording: Recording, windows: pd.DataFrame, bands: Sequence[str], bouts: Sequence[float]
) -> list[tuple[int, int]]:
    """Return, in timesteps, where the page holds every sample."""
    rate, (n_timesteps, n_channels) = recording.sampling_rate, recording.samples.shape
    most = min(_STRETCHES, max(1, int(_VALUES / (DETAIL * rate * n_channels))))
    starts = sorted(bouts[:most]) if len(bouts) else strongest_windows(windows, bands, most, DETAIL)
    found: list[tuple[int, int]] = []
    for start in starts:
        begin = max(0, round((start - _LEAD) * rate))
        end = min(n_timesteps, begin + round(DETAIL * rate))
        begin = max(begin, found[-1][1]) if found else begin
        if end - begin >= SEGMENT * rate:
            found.append((begin, end))
    return found


def _color_scale(n: int = 64) -> list[list[int]]:
    """Return the colours of the spectrogram from low to high; light is low, as on paper."""
    from matplotlib import colormaps

    return (255 * colormaps["BuPu"](np.linspace(0, 1, n))[:, :3]).round().astype(int).tolist()
