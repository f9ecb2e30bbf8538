"""Drawings for a model of images: read, brought to its size, and described by a few numbers."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from ..datasets._drawings import _read_image, _resize, _to_rgb
from ..exceptions import DataFileError

__all__ = ["describe_drawings", "read_drawing"]

#: How much darker than the paper ink is, of 255.
_INK = 40


def read_drawing(file: Path, image_size: tuple[int, int]) -> np.ndarray:
    """Read a PNG file as RGB of `image_size` (height, width), scaled as the drawings that models are trained on."""
    if file.suffix.lower() != ".png":
        raise DataFileError(file, found=f"the suffix {file.suffix!r}", expected="a drawing, .png")
    return np.asarray(_resize(_to_rgb(_read_image(file)), image_size, "stretch"))


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
