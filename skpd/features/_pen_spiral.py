"""The geometry of a drawn spiral: the Archimedean spiral that fits it best, and how the drawing departs from it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from ._pen_trajectory import Trajectory
from ._pen_tremor import dominant, power_spectrum

__all__ = ["SPIRAL_FEATURES", "Spiral", "fit_spiral", "spiral"]

SPIRAL_FEATURES = (
    "loop_count",
    "loop_width",
    "tightness",
    "radial_residual_rms",
    "radial_residual_relative",
    "radial_residual_max",
    "first_order_smoothness",
    "second_order_smoothness",
    "first_order_zero_crossings",
    "second_order_zero_crossings",
    "width_variability",
    "radial_speed_mean",
    "angular_speed_mean",
    "angular_speed_sd",
    "spiral_tremor_frequency",
    "spiral_tremor_amplitude",
)
#: Points nearer to the centre than this share of the radius have no angle worth fitting.
_INNER = 0.1
#: Cells of a turn on which the radius is followed: 5 degrees each.
_CELLS = 72
#: A loop narrower than this share of the radius is none.
_NO_GROWTH = 1e-6
#: A derivative of the radius below this, of the spiral's own growth, has no sign.
_FLAT = 1e-6
#: Fewest points that are fitted, and most steps of the fit.
_LEAST, _MAX_STEPS = 8, 60


@dataclass(frozen=True)
class Spiral:
    """The fit ``r = a + b theta`` about a centre.

    Attributes
    ----------
    centre : ndarray of shape (2,)
        Where the radius is measured from.
    a, b : float
        Radius at angle 0, and its growth by the radian; b is negative for a spiral drawn from the outside in.
    used : ndarray of bool of shape (n,)
        The points far enough from the centre to have an angle.
    angle, residual : ndarray of shape (n_used,)
        Angle in the direction of drawing, in radians and without jumps, and ``r - (a + b theta)``.
    """

    centre: np.ndarray
    a: float
    b: float
    used: np.ndarray
    angle: np.ndarray
    residual: np.ndarray


def fit_spiral(xy: np.ndarray, weights: np.ndarray) -> Spiral | None:
    """Fit an Archimedean spiral, its centre included, by weighted least squares of the radius.

    Parameters
    ----------
    xy : ndarray of shape (n, 2)
        Points in the order of drawing.
    weights : ndarray of shape (n,)
        How much each counts, such as the length of its piece of the path.

    Returns
    -------
    spiral : Spiral or None
        None where there is nothing to fit: less than one turn, or all points at one place.
    """
    size = float(np.ptp(xy, axis=0).max()) / 2 if len(xy) else 0.0
    if len(xy) < _LEAST or not weights.sum() > 0 or size <= 1e-9 * np.abs(xy).max():
        return None
    middle = (xy.max(axis=0) + xy.min(axis=0)) / 2
    # In units of its own size the fit is as well conditioned for metres as for pixels.
    points = (xy - middle) / size
    starts = (points[0], points[-1], np.average(points, axis=0, weights=weights))
    best = min((_fit_from(points, weights, start) for start in starts), key=lambda fit: fit[1])[0]
    # Again, because the first centre decided which points were too close to it.
    centre, cost = _fit_from(points, weights, best)
    if not cost < np.inf:
        return None
    used = _far_enough(points, centre)
    a, b, _, radius, angle, *_ = _fit_about(points[used], weights[used], centre)
    if np.ptp(angle) < 2 * np.pi:
        return None
    if angle[-1] < angle[0]:
        angle, b = -angle, -b
    return Spiral(middle + size * centre, size * a, size * b, used, angle, size * (radius - a - b * angle))


def _far_enough(points: np.ndarray, centre: np.ndarray) -> np.ndarray:
    radius = np.hypot(*(points - centre).T)
    return radius >= _INNER * np.percentile(radius, 95)


def _fit_about(points: np.ndarray, weights: np.ndarray, centre: np.ndarray) -> tuple[Any, ...]:
    """Return a, b, cost, radius, angle, normal matrix and gradient of the best line of radius by angle."""
    from ._pen_kernels import fit_about

    radius, angle = np.empty((2, len(points)))
    normal, gradient = np.empty((4, 4)), np.empty(4)
    line = fit_about(points, weights / weights.sum(), *centre, radius, angle, normal, gradient)
    return (*line, radius, angle, normal, gradient)


def _fit_from(points: np.ndarray, weights: np.ndarray, centre: np.ndarray) -> tuple[np.ndarray, float]:
    """Improve a centre by the method of Levenberg and Marquardt; return it and the mean squared residual.

    At each step the line is that of the centre: only the centre moves along the step of all four parameters.
    """
    used = _far_enough(points, centre)
    if used.sum() < _LEAST or not weights[used].sum() > 0:
        return centre, np.inf
    points, weights = points[used], weights[used]
    *_, cost, _, _, normal, gradient = _fit_about(points, weights, centre)
    damping = 1e-3
    for _ in range(_MAX_STEPS):
        damped = normal + damping * np.diag(np.diag(normal)) + 1e-15 * np.eye(4)
        new = centre - np.linalg.solve(damped, gradient)[:2]
        *_, new_cost, _, _, new_normal, new_gradient = _fit_about(points, weights, new)
        if not new_cost < cost:
            damping *= 10
            if damping > 1e6:
                break
            continue
        gained, step = cost - new_cost, np.abs(new - centre).max()
        centre, cost, normal, gradient = new, new_cost, new_normal, new_gradient
        damping = max(damping / 10, 1e-9)
        if gained <= 1e-9 * cost or step <= 1e-9:
            break
    return centre, cost


def spiral(trajectory: Trajectory) -> dict[str, float]:
    """Compute the features of a spiral."""
    features = dict.fromkeys(SPIRAL_FEATURES, np.nan)
    runs = trajectory.drawing
    if not runs:
        return features
    xy = np.concatenate([run.smooth for run in runs])
    # Each point stands for its half of the steps on both sides: where the pen rests, it does not draw.
    steps = [np.hypot(*np.diff(run.smooth, axis=0).T) for run in runs]
    weights = np.concatenate([(np.append(s, 0) + np.insert(s, 0, 0)) / 2 for s in steps])
    fit = fit_spiral(xy, weights)
    if fit is None:
        return features
    used_weights = weights[fit.used] / weights[fit.used].sum()
    width = 2 * np.pi * abs(fit.b)
    features["radial_residual_rms"] = float(np.sqrt((used_weights * fit.residual**2).sum()))
    features["radial_residual_max"] = float(np.abs(fit.residual).max())
    features["loop_width"] = width
    radius = np.hypot(*(xy - fit.centre).T)
    loops = float(np.ptp(fit.angle)) / (2 * np.pi)
    # A circle does not grow: what is measured in widths of a loop is undefined.
    if width > _NO_GROWTH * radius.max():
        features["tightness"] = 1 / width
        features["radial_residual_relative"] = features["radial_residual_rms"] / width
        # The part too close to the centre, by the fitted width; a drawing that has no centre may not invent loops.
        loops += min(max(float((fit.a + fit.b * fit.angle).min() - radius.min()) / width, 0.0), 1.0)
        features |= _shape(fit, used_weights)
    features["loop_count"] = loops
    features |= _speeds_and_tremor(trajectory, fit)
    return features


def _shape(fit: Spiral, weights: np.ndarray) -> dict[str, float]:
    """Compute what follows from the radius as a function of the angle, in cells of 5 degrees."""
    cell = 2 * np.pi / _CELLS
    place = ((fit.angle - fit.angle.min()) / cell).astype(np.intp)
    # Points of weight 0, where the pen rests, may be all that a cell has.
    weights = weights + 1e-12
    total = np.bincount(place, weights)
    known = np.flatnonzero(total)
    mean = np.bincount(place, weights * fit.residual)[known] / total[known]
    residual = np.interp(np.arange(len(total)), known, mean)
    first = np.diff(residual) / cell
    second = np.diff(first) / cell
    turns = len(residual) / _CELLS
    with np.errstate(divide="ignore", invalid="ignore"):
        features = {
            "first_order_smoothness": float(np.log((first**2).mean() / fit.b**2)),
            "second_order_smoothness": float(np.log((second**2).mean() / fit.b**2)),
        }
        features["first_order_zero_crossings"] = _crossings(first / fit.b) / turns
        features["second_order_zero_crossings"] = _crossings(second / fit.b) / turns
        widths = np.sign(fit.b) * (2 * np.pi * fit.b + residual[_CELLS:] - residual[:-_CELLS])
        # From half a turn of widths on there is something to compare.
        if len(widths) >= _CELLS // 2 and widths.mean() > 0:
            features["width_variability"] = float(widths.std() / widths.mean())
    return features


def _crossings(values: np.ndarray) -> int:
    # Between cells without points the radius is a line, whose second difference is rounding of either sign.
    signs = np.sign(values[np.abs(values) > _FLAT])
    return int((signs[1:] != signs[:-1]).sum())


def _speeds_and_tremor(trajectory: Trajectory, fit: Spiral) -> dict[str, float]:
    """Compute what the radius and the angle do in time."""
    radial, angular, residuals = [], [], []
    angle = np.full(len(fit.used), np.nan)
    angle[fit.used] = fit.angle
    start = 0
    for run in trajectory.drawing:
        own = angle[start : start + len(run.xy)]
        start += len(run.xy)
        radius = np.hypot(*(run.xy - fit.centre).T)
        smooth_radius = np.hypot(*(run.smooth - fit.centre).T)
        # Not low-passed: the radius of the points themselves over the angle of the smooth path.
        residual = radius - fit.a - fit.b * own
        radial.append(np.abs(np.diff(smooth_radius)) * run.rate)
        change = np.diff(own) * run.rate
        angular.append(change[np.isfinite(change)])
        pieces = np.split(residual, np.flatnonzero(np.diff(np.isfinite(residual).astype(np.int8))) + 1)
        residuals += [piece[:, None] for piece in pieces if np.isfinite(piece[0])]
    speed = np.concatenate(angular)
    features = {"radial_speed_mean": float(np.concatenate(radial).mean())}
    if len(speed):
        features |= {"angular_speed_mean": float(speed.mean()), "angular_speed_sd": float(speed.std())}
    spectrum = power_spectrum(residuals, trajectory.rate)
    if spectrum is not None:
        frequency, amplitude = dominant(spectrum)
        features |= {"spiral_tremor_frequency": frequency, "spiral_tremor_amplitude": amplitude}
    return features
