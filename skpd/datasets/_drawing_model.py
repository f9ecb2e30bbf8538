"""How a simulated person draws spirals and waves, and what a scanner makes of them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
from PIL import Image, ImageDraw
from scipy.interpolate import CubicSpline
from scipy.ndimage import gaussian_filter, zoom
from scipy.stats import norm

__all__ = ["draw_path", "draw_style", "draw_tremor_course", "scan_drawing"]

#: Points along a drawing.
_N_POINTS = 900

#: Supersampling of the pen's line.
_FINE = 4

#: Tremor of the drawing hand, peak, in percent of the drawing's width: median, and standard deviation of its logarithm.
_TREMOR = {"healthy": (0.35, 0.4), "parkinson": (1.2, 0.7)}

#: The strongest tremor that still leaves a drawing, in the same percent.
_MOST_TREMOR = 2.5

#: What a scan looks like: level of paper and its spread between drawings, grain and its correlation length in pixels
#: of an image of 100, cloudiness, and the range of ink at the same resolution. Measured on the scans of Zham et al.
_SCANS: dict[str, dict[str, Any]] = {
    "grainy": {"paper": (138, 3), "grain": (22, 0.6), "clouds": 9, "ink": (5, 35)},
    "plain": {"paper": (236, 2), "grain": (2.6, 0.8), "clouds": 1.0, "ink": (105, 170)},
}


def draw_style(rng: np.random.Generator, target: str, quantile: float) -> dict[str, Any]:
    """Draw what is the same in all drawings of a person.

    Parameters
    ----------
    rng : Generator
        The person's own.
    target : {"healthy", "parkinson"}
        Their class.
    quantile : float
        Where their tremor stands in that of the class, in (0, 1).

    Returns
    -------
    style : dict
        Amplitude (percent of the width), frequency (Hz), direction and burstiness of the tremor, seconds that a
        drawing takes, and the geometry of hand and pen.
    """
    median, spread = _TREMOR[target]
    parkinson = target == "parkinson"
    return {
        "tremor_percent": min(median * np.exp(spread * norm.ppf(quantile)), _MOST_TREMOR),
        # Physiological tremor is faster than that of Parkinson's disease.
        "frequency_hz": rng.uniform(3.5, 6) if parkinson else rng.uniform(6, 10),
        "direction": rng.uniform(0, np.pi),
        "burstiness": rng.uniform(0.2, 0.6),
        "duration_s": rng.uniform(8, 16) if parkinson else rng.uniform(6, 12),
        "turns": rng.normal(3.0, 0.3),
        "tightness": rng.uniform(0.75, 1.2),
        "clockwise": rng.uniform() < 0.2,
        "tilt": rng.uniform(0, np.pi),
        "flatness": rng.uniform(0.75, 1.0),
        "lobes": rng.normal(0, (0.05, 0.03, 0.03), (2, 3)).T,
        "wander": rng.uniform(0.006, 0.018) * (1.4 if parkinson else 1.0),
        "cycles": rng.uniform(3.3, 4.8),
        "pointedness": rng.uniform(0, 1),
        "lean": rng.normal(0, 0.04),
        "sinking": rng.normal(0, 0.12),
        "pen": rng.uniform(0.9, 1.9),
        "ink": rng.uniform(),
    }


def draw_tremor_course(
    rng: np.random.Generator, style: Mapping[str, Any], duration: float
) -> tuple[np.ndarray, np.ndarray]:
    """Return how far tremor moves the pen along a drawing, right and down, as shares of the drawing's width."""
    t = np.linspace(0, duration, _N_POINTS)
    frequency = style["frequency_hz"] * (1 + 0.12 * _smooth_noise(rng, duration))
    phase = 2 * np.pi * np.cumsum(frequency) * (t[1] - t[0])
    bursts = np.exp(style["burstiness"] * _smooth_noise(rng, duration / 2))
    course = []
    for lag in rng.uniform(0, 2 * np.pi, 2):
        swing = np.sin(phase + lag) + 0.3 * np.sin(2 * phase + lag)
        # The hand corrects itself: jerks at about the rate of the tremor, without its regularity.
        course.append(bursts * (0.35 * swing + 0.65 * _jerks(rng, style["frequency_hz"] * duration)))
    along, across = course[0], 0.45 * course[1]
    c, s = np.cos(style["direction"]), np.sin(style["direction"])
    amplitude = style["tremor_percent"] / 100
    return amplitude * (c * along - s * across), amplitude * (s * along + c * across)


def draw_path(rng: np.random.Generator, style: Mapping[str, Any], kind: str) -> tuple[np.ndarray, np.ndarray]:
    """Return where a steady hand of this style leads the pen: x and y (down) in a square of about side 1."""
    u = np.linspace(0, 1, _N_POINTS)
    if kind == "wave":
        # Cycles of uneven length, between broad and pointed (a triangle).
        phase = 2 * np.pi * style["cycles"] * (u + 0.02 * _smooth_noise(rng, 4)) - rng.uniform(0, 0.6)
        broad, pointed = np.tanh(1.4 * np.sin(phase)), 2 / np.pi * np.arcsin(0.99 * np.sin(phase))
        height = (1 - style["pointedness"]) * broad + style["pointedness"] * pointed
        height = height * (1 + 0.07 * _smooth_noise(rng, 4))
        y = 0.5 - 0.45 * height / np.abs(height).max() + style["sinking"] * (u - 0.5)
        x = u + (style["lean"] + rng.normal(0, 0.01)) * (0.5 - y)
    else:
        turns = style["turns"] + rng.normal(0, 0.12)
        # Turned by the square root, the pen moves at nearly one speed.
        angle = 2 * np.pi * turns * np.sqrt(0.004 + 0.996 * u)
        radius = 0.5 * (angle / angle[-1]) ** (style["tightness"] * np.exp(rng.normal(0, 0.06)))
        for m, (cosine, sine) in enumerate(style["lobes"] + rng.normal(0, 0.012, (3, 2)), start=2):
            radius = radius * (1 + cosine * np.cos(m * angle) + sine * np.sin(m * angle))
        # It ends at the right, where the printed spiral ended.
        direction = angle - angle[-1] + rng.normal(0, 0.25)
        x, y = radius * np.cos(direction), radius * np.sin(direction) * (1 if style["clockwise"] else -1)
        c, s = np.cos(style["tilt"]), np.sin(style["tilt"])
        major, minor = c * x + s * y, style["flatness"] * (c * y - s * x)
        x, y = 0.5 + c * major - s * minor, 0.5 + s * major + c * minor
    slow = style["wander"] * (0.5 if kind == "wave" else 1.0)
    return x + slow * _smooth_noise(rng, 14), y + slow * _smooth_noise(rng, 14)


def scan_drawing(
    rng: np.random.Generator,
    x: np.ndarray,
    y: np.ndarray,
    style: Mapping[str, Any],
    scan: str,
    image_size: tuple[int, int],
) -> np.ndarray:
    """Return the scanned sheet, cut out around the drawing.

    Parameters
    ----------
    rng : Generator
        The drawing's own.
    x, y : ndarray of shape (n_points,)
        The pen's path, on any scale.
    style : dict
        The person's.
    scan : {"grainy", "plain"}
        Grey with raised contrast, or the colours of white paper.
    image_size : (height, width)
        In pixels.

    Returns
    -------
    image : ndarray of shape (height, width, 3), uint8
        RGB.
    """
    look = _SCANS[scan]
    height, width = image_size
    unit = np.sqrt(height * width) / 100
    left, right, top, bottom = rng.uniform(0.01, 0.03, 4)
    x = (left + (1 - left - right) * (x - x.min()) / np.ptp(x)) * width
    y = (top + (1 - top - bottom) * (y - y.min()) / np.ptp(y)) * height
    pressure = np.exp(0.22 * _smooth_noise(rng, 10))
    coverage = _ink(x, y, style["pen"] * unit * pressure, image_size)
    level, spread = look["paper"]
    paper = rng.normal(level, spread) + look["clouds"] * _clouds(rng, image_size)
    strength, length = look["grain"]
    grain = gaussian_filter(rng.normal(size=image_size), length * unit)
    paper += strength * grain / (grain.std() or 1)
    dark, light = look["ink"]
    ink = dark + (light - dark) * (0.8 * style["ink"] + 0.2 * rng.uniform())
    # Where the grain stands out the pen leaves less.
    grey = paper + (ink + 0.25 * (paper - paper.mean()) - paper) * coverage
    tint = np.array([-0.12, -0.12, 0.24]) * (1 + 25 * coverage[..., None]) if scan == "plain" else 0.0
    return np.clip(np.rint(grey[..., None] + tint * np.ones(3)), 0, 255).astype(np.uint8)


def _ink(x: np.ndarray, y: np.ndarray, width: np.ndarray, image_size: tuple[int, int]) -> np.ndarray:
    """Return the share of each pixel that the pen covers."""
    height, columns = image_size
    sheet = Image.new("L", (columns * _FINE, height * _FINE), 0)
    pen = ImageDraw.Draw(sheet)
    points = [(float(a), float(b)) for a, b in zip(x * _FINE, y * _FINE, strict=True)]
    step = 9
    for start in range(0, len(points) - 1, step):
        piece = points[start : start + step + 1]
        thickness = max(1, round(float(width[start : start + step].mean()) * _FINE))
        pen.line(piece, fill=255, width=thickness, joint="curve")
        # A round tip closes the gaps between pieces.
        a, b = piece[-1]
        pen.ellipse((a - thickness / 2, b - thickness / 2, a + thickness / 2, b + thickness / 2), fill=255)
    return np.asarray(sheet.reduce(_FINE), dtype=float) / 255


def _smooth_noise(rng: np.random.Generator, n_swings: float) -> np.ndarray:
    """Return smooth noise of about unit variance along the path, with about so many swings."""
    knots = rng.normal(size=max(4, round(2 * n_swings)))
    return CubicSpline(np.linspace(0, 1, len(knots)), knots)(np.linspace(0, 1, _N_POINTS))


def _jerks(rng: np.random.Generator, n_swings: float) -> np.ndarray:
    """Return noise as `_smooth_noise` does, with corners where it turns."""
    knots = 1.2 * rng.normal(size=max(4, round(2 * n_swings)))
    return np.interp(np.linspace(0, 1, _N_POINTS), np.linspace(0, 1, len(knots)), knots)


def _clouds(rng: np.random.Generator, image_size: tuple[int, int]) -> np.ndarray:
    """Return light and shadow of uneven paper, of about unit variance."""
    coarse = rng.normal(size=(4, 4))
    return zoom(coarse, (image_size[0] / 4, image_size[1] / 4), order=1, grid_mode=True, mode="nearest")
