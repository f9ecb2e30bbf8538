"""The kernel of the spiral's fit. It compiles on the first import of this module; import it where it is used."""

from __future__ import annotations

import numpy as np

from .._compile import compiled

__all__ = ["fit_about"]


@compiled(
    "Tuple((float64, float64, float64))(float64[:, ::1], float64[::1], float64, float64, float64[::1], float64[::1],"
    " float64[:, ::1], float64[::1])"
)
def fit_about(xy, weights, centre_x, centre_y, radius, angle, normal, gradient):
    """Fit radius = a + growth * angle about a centre, and prepare the Gauss-Newton step of all four parameters.

    Writes radius and angle (without jumps) of each point, the normal matrix (4, 4) and the gradient (4,) of
    (centre_x, centre_y, a, growth). Returns a, growth and the sum of the weighted squared residuals. The weights sum to
    1.
    """
    previous = np.arctan2(xy[0, 1] - centre_y, xy[0, 0] - centre_x)
    unrolled = previous
    sum_angle = sum_radius = 0.0
    for i in range(len(xy)):
        dx, dy = xy[i, 0] - centre_x, xy[i, 1] - centre_y
        # A point on the centre has no angle and no direction; it may only not divide by zero.
        radius[i] = max(np.sqrt(dx * dx + dy * dy), 1e-12)
        direction = np.arctan2(dy, dx)
        turn = direction - previous
        if turn > np.pi:
            turn -= 2 * np.pi
        elif turn < -np.pi:
            turn += 2 * np.pi
        unrolled += turn
        previous = direction
        angle[i] = unrolled
        sum_angle += weights[i] * unrolled
        sum_radius += weights[i] * radius[i]
    covariance = variance = 0.0
    for i in range(len(xy)):
        covariance += weights[i] * (angle[i] - sum_angle) * (radius[i] - sum_radius)
        variance += weights[i] * (angle[i] - sum_angle) ** 2
    growth = covariance / variance if variance > 0 else 0.0
    a = sum_radius - growth * sum_angle

    normal[:] = 0.0
    gradient[:] = 0.0
    cost = 0.0
    row = np.empty(4)
    for i in range(len(xy)):
        dx, dy, r = xy[i, 0] - centre_x, xy[i, 1] - centre_y, radius[i]
        residual = r - a - growth * angle[i]
        row[0] = -dx / r - growth * dy / (r * r)
        row[1] = -dy / r + growth * dx / (r * r)
        row[2] = -1.0
        row[3] = -angle[i]
        cost += weights[i] * residual * residual
        for j in range(4):
            gradient[j] += weights[i] * row[j] * residual
            for k in range(4):
                normal[j, k] += weights[i] * row[j] * row[k]
    return a, growth, cost
