"""The compiled kernel that draws strokes. This module loads numba: import it where it is used."""

from __future__ import annotations

import numpy as np

from .._compile import compiled

__all__ = ["draw_strokes"]


def draw_strokes(
    segments: np.ndarray, inks: np.ndarray, image_size: tuple[int, ...], width: float, overlay: bool
) -> np.ndarray:
    """Draw straight strokes with round ends, anti-aliased.

    Parameters
    ----------
    segments : ndarray of shape (n, 4)
        Column and row of both ends in pixels; the centre of the first pixel is (0.5, 0.5). A dot has equal ends.
    inks : ndarray of shape (n, 2)
        Ink at both ends, 0 to 1; it changes linearly between them.
    image_size : (height, width)
        Pixels.
    width : float
        Of the strokes, in pixels. Below 1 the stroke is drawn one pixel wide and as much fainter.
    overlay : bool
        Whether ink on ink darkens, so that density shows. Otherwise a pixel has the most that any stroke leaves there.

    Returns
    -------
    ink : ndarray of shape image_size, float32
        0 (paper) to 1.
    """
    canvas = np.zeros(image_size, dtype=np.float32)
    segments, inks = (np.ascontiguousarray(part, dtype=np.float64) for part in (segments, inks))
    _draw(canvas, segments, inks, float(width), bool(overlay))
    return canvas


@compiled()
def _draw(canvas: np.ndarray, segments: np.ndarray, inks: np.ndarray, width: float, overlay: bool) -> None:
    height, columns = canvas.shape
    reach = 0.5 * max(width, 1.0) + 0.5
    thin = min(width, 1.0)
    for i in range(len(segments)):
        x0, y0, x1, y1 = segments[i]
        dx, dy = x1 - x0, y1 - y0
        squared = dx * dx + dy * dy
        # A dot narrower than a pixel is so in both directions.
        strength = thin if squared > 0 else thin * thin
        left = max(0, int(np.floor(min(x0, x1) - reach)))
        right = min(columns, int(np.ceil(max(x0, x1) + reach)) + 1)
        top = max(0, int(np.floor(min(y0, y1) - reach)))
        bottom = min(height, int(np.ceil(max(y0, y1) + reach)) + 1)
        for row in range(top, bottom):
            for column in range(left, right):
                px, py = column + 0.5 - x0, row + 0.5 - y0
                t = 0.0
                if squared > 0:
                    t = min(1.0, max(0.0, (px * dx + py * dy) / squared))
                distance = np.sqrt((px - t * dx) ** 2 + (py - t * dy) ** 2)
                coverage = min(1.0, reach - distance)
                if coverage > 0:
                    ink = coverage * strength * (inks[i, 0] + t * (inks[i, 1] - inks[i, 0]))
                    before = canvas[row, column]
                    canvas[row, column] = before + ink * (1 - before) if overlay else max(before, ink)
