"""One recording of any length, as models and pages see it."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pandas as pd

__all__ = ["BELOW_RANGE", "Recording"]

#: g below the end of a device's range, from which on a sample counts as clipped.
BELOW_RANGE = 0.5


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
