"""What is drawn of a pen trajectory besides its points: speed, jerk and the ideal spiral."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy import optimize, signal

__all__ = ["Motion", "Spiral", "find_motion", "fit_spiral"]

_FILTER_ORDER = 4

#: Points nearer to the centre than this share of the radius have no angle worth fitting.
_INNER = 0.1

#: Places along the path at which a spiral is fitted.
_N_MARKS = 500


@dataclass(frozen=True)
class Motion:
    """Speed and jerk over time, in the units of the positions; NaN parts stretches that a gap separates."""

    speed_times: np.ndarray
    speed: np.ndarray
    jerk_times: np.ndarray
    jerk: np.ndarray


@dataclass(frozen=True)
class Spiral:
    """The fit of ``radius + growth * angle`` about a centre.

    Attributes
    ----------
    path : ndarray of shape (n, 2)
        The spiral, from the angle of the first point to that of the last.
    turns : float
        How often it goes round.
    loop_width : float
        Distance between two turns.
    residual : float
        Root mean square distance of the drawing from it, along the radius.
    explained : float
        Share of the variance of the radius that it explains.
    """

    path: np.ndarray
    turns: float
    loop_width: float
    residual: float
    explained: float


def find_motion(xy: np.ndarray, t: np.ndarray, *, cutoff: float, max_gap: float) -> Motion:
    """Compute speed and jerk as `skpd.features.PenFeatures` defines them.

    Within each stretch without a gap the positions are brought to one rate, low-passed without delay and
    differentiated by differences.

    Parameters
    ----------
    xy : ndarray of shape (n, 2)
        Positions, none missing.
    t : ndarray of shape (n,)
        Increasing, in seconds.
    cutoff : float
        In Hz.
    max_gap : float
        Steps of time longer than this are gaps, in seconds.

    Returns
    -------
    motion : Motion
        Empty where no stretch has enough points.
    """
    steps = np.diff(t)
    rate = float(1 / steps[steps < 1.9 * np.median(steps)].mean())
    speeds: list[np.ndarray] = []
    jerks: list[np.ndarray] = []
    for rows in np.split(np.arange(len(t)), np.flatnonzero(steps > max_gap) + 1):
        n_samples = int((t[rows[-1]] - t[rows[0]]) * rate + 1e-6) + 1
        if n_samples < 2:
            continue
        grid = t[rows[0]] + np.arange(n_samples) / rate
        even = _low_pass(np.column_stack([np.interp(grid, t[rows], xy[rows, j]) for j in range(2)]), rate, cutoff)
        for order, found in ((1, speeds), (3, jerks)):
            change = np.diff(even, n=order, axis=0) * rate**order
            if len(change):
                # A difference is that of the middle of its samples; a NaN at the end breaks the line there.
                times = grid[: len(change)] + order / 2 / rate
                found.append(np.vstack([np.column_stack([times, np.hypot(*change.T)]), [times[-1], np.nan]]))
    speed, jerk = (np.concatenate(found) if found else np.empty((0, 2)) for found in (speeds, jerks))
    return Motion(speed[:, 0], speed[:, 1], jerk[:, 0], jerk[:, 1])


def _low_pass(xy: np.ndarray, rate: float, cutoff: float) -> np.ndarray:
    if cutoff >= 0.45 * rate or len(xy) < 4:
        return xy
    sections = signal.butter(_FILTER_ORDER, cutoff, fs=rate, output="sos")
    return signal.sosfiltfilt(sections, xy, axis=0, padlen=min(len(xy) - 1, int(3 * rate / cutoff)))


def fit_spiral(xy: np.ndarray) -> Spiral | None:
    """Fit an Archimedean spiral, its centre included, by least squares of the radius along the path.

    Parameters
    ----------
    xy : ndarray of shape (n, 2)
        Positions in the order of drawing.

    Returns
    -------
    spiral : Spiral or None
        None where less than one turn is drawn.
    """
    # Evenly along the path: where the pen rests, it draws nothing.
    length = np.concatenate([[0.0], np.cumsum(np.hypot(*np.diff(xy, axis=0).T))])
    if length[-1] == 0:
        return None
    marks = np.linspace(0, length[-1], _N_MARKS)
    even = np.column_stack([np.interp(marks, length, xy[:, j]) for j in range(2)])
    middle, size = (even.max(axis=0) + even.min(axis=0)) / 2, float(np.ptp(even, axis=0).max()) / 2
    points = (even - middle) / size

    def line(centre: np.ndarray) -> tuple[np.ndarray, np.ndarray, float, float]:
        """Return angle and radius of the points around a centre, and start and growth of the best line."""
        radius = np.hypot(*(points - centre).T)
        used = radius >= _INNER * np.percentile(radius, 95)
        angle = np.unwrap(np.arctan2(*(points[used] - centre).T[::-1]))
        growth, start = np.polyfit(angle, radius[used], 1) if np.ptp(angle) > 0 else (0.0, radius[used].mean())
        return angle, radius[used], float(start), float(growth)

    def cost(centre: np.ndarray) -> float:
        angle, radius, start, growth = line(centre)
        return float(((radius - start - growth * angle) ** 2).mean())

    # Which points are used, and how often they wind, jumps with the centre: a method without derivatives.
    starts = sorted((points[0], points[-1], points.mean(axis=0), np.zeros(2)), key=cost)[:2]
    found = [optimize.minimize(cost, start, method="Nelder-Mead", options={"xatol": 1e-4}) for start in starts]
    centre = min(found, key=lambda fit: fit.fun).x
    angle, radius, start, growth = line(centre)
    if np.ptp(angle) < 2 * np.pi or growth == 0:
        return None
    ends = angle[[0, -1]]
    inner = int(np.argmin(start + growth * ends))
    nearest = np.hypot(*(points - centre).T).min()
    if nearest < start + growth * ends[inner]:
        # As far inwards as the drawing goes, where its points have no angle of their own.
        ends[inner] = (nearest - start) / growth
    angles = np.linspace(ends[0], ends[1], _N_MARKS)
    path = centre + (start + growth * angles)[:, None] * np.column_stack([np.cos(angles), np.sin(angles)])
    return Spiral(
        path=middle + size * path,
        turns=float(np.ptp(ends)) / (2 * np.pi),
        loop_width=2 * np.pi * abs(growth) * size,
        residual=size * cost(centre) ** 0.5,
        explained=1 - cost(centre) / float(radius.var()),
    )
