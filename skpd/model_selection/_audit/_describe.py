"""Points in which near copies of rows are close: scaled columns, projections, or descriptors of drawings."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from scipy.ndimage import map_coordinates

from ._table import Table

__all__ = ["Described", "describe"]

#: Columns beyond which rows are projected at random; distances keep their order.
_MAX_COLUMNS, _PROJECTIONS = 128, 64
_RADII, _ANGLES, _HARMONICS = 16, 48, 6


class Described(NamedTuple):
    """Rows as points."""

    points: np.ndarray
    what: str
    """How the rows are compared."""
    blind_spot: str
    """What cannot be seen this way."""


def describe(table: Table) -> Described | None:
    """Return one point a row, None where rows have no common form."""
    if table.numbers is None:
        return None
    if table.ndim == 4:
        images = np.asarray(table.X)
        points = np.stack([_describe_image(image) for image in images])
        return Described(points, "shape of the drawing", " Copies that are strongly changed would not be seen.")
    values = table.numbers.astype(np.float64)
    with np.errstate(invalid="ignore"):
        finite = np.where(np.isfinite(values), values, np.nan)
    usable = np.isfinite(finite).any(axis=0)
    finite = finite[:, usable]
    if not finite.shape[1]:
        return None
    low, centre, high = np.nanpercentile(finite, [25, 50, 75], axis=0)
    spread = (high - low) / 1.349
    spread = np.where(spread > 0, spread, np.nanstd(finite, axis=0))
    scaled = (finite - centre) / np.where(spread > 0, spread, 1.0)
    # Far tails would outweigh everything else.
    scaled = np.clip(np.nan_to_num(scaled), -10, 10)
    if scaled.shape[1] > _MAX_COLUMNS:
        projection = np.random.default_rng(0).normal(size=(scaled.shape[1], _PROJECTIONS)) / np.sqrt(_PROJECTIONS)
        return Described(scaled @ projection, f"{_PROJECTIONS} random projections", "")
    return Described(scaled, "scaled columns", "")


def _describe_image(image: np.ndarray) -> np.ndarray:
    """Describe the ink of an image so that turning, mirroring, shifting, zooming and brightness change little.

    The ink is sampled in polar coordinates about its centre, in units of its mean radius; what is kept are the
    magnitudes of the lowest angular harmonics of each ring, scaled to unit length.
    """
    grey = image[..., :3].mean(axis=-1, dtype=np.float64)
    ink = np.maximum(np.abs(grey - np.median(grey)) - 0.1 * np.ptp(grey), 0.0)
    total = ink.sum()
    if total == 0:
        return np.zeros(_RADII * (_HARMONICS + 1))
    y, x = np.indices(ink.shape)
    y0, x0 = (ink * y).sum() / total, (ink * x).sum() / total
    scale = np.sqrt((ink * ((y - y0) ** 2 + (x - x0) ** 2)).sum() / total)
    radius, angle = np.meshgrid(
        np.linspace(0.1, 2.0, _RADII) * scale, np.linspace(0, 2 * np.pi, _ANGLES, endpoint=False), indexing="ij"
    )
    polar = map_coordinates(ink, [y0 + radius * np.sin(angle), x0 + radius * np.cos(angle)], order=1)
    harmonics = np.abs(np.fft.rfft(polar, axis=1))[:, : _HARMONICS + 1].ravel()
    return harmonics / max(float(np.linalg.norm(harmonics)), 1e-12)
