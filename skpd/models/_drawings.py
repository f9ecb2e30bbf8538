"""Drawings described by a few numbers."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd

__all__ = ["describe_drawings"]

#: How much darker than the paper ink is, of 255.
_INK = 40


def describe_drawings(X: Any) -> pd.DataFrame:
    """Describe images by what tells scans from photographs and full sheets from empty ones.

    Parameters
    ----------
    X : array-like of shape (n, height, width, 3)
        Images, 0 to 255.

    Returns
    -------
    table : DataFrame
        One row an image: paper (median grey level), contrast (standard deviation), ink (share of pixels clearly darker
        than the paper) and colour (mean distance between the channels).
    """
    pixels = np.asarray(X, dtype=np.float64).reshape(len(X), -1, np.shape(X)[-1])
    grey = pixels.mean(axis=2)
    paper = np.median(grey, axis=1)
    return pd.DataFrame(
        {
            "paper": paper,
            "contrast": grey.std(axis=1),
            "ink": (grey < paper[:, None] - _INK).mean(axis=1),
            "colour": (pixels.max(axis=2) - pixels.min(axis=2)).mean(axis=1),
        }
    )
