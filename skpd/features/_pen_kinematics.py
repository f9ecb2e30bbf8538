"""How the pen moves, presses, tilts and lifts."""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np

from ._pen_trajectory import Run, Trajectory

__all__ = ["air", "count_extrema", "kinematic", "motion", "pressure", "rate_of_change", "statistics"]

#: The statistics that are taken of speed, acceleration and so on.
STATISTICS = ("mean", "median", "sd", "p10", "p90", "max")
#: Changes below this share of the largest value are rounding errors.
_NEGLIGIBLE = 1e-9


def statistics(name: str, values: np.ndarray) -> dict[str, float]:
    """Return the mean, median, standard deviation, 10th and 90th percentile and maximum; NaN of nothing."""
    if not len(values) or np.isnan(values).any():
        return {f"{name}_{statistic}": np.nan for statistic in STATISTICS}
    p10, median, p90 = np.percentile(values, (10, 50, 90))
    found = (values.mean(), median, values.std(), p10, p90, values.max())
    return {f"{name}_{statistic}": float(value) for statistic, value in zip(STATISTICS, found, strict=True)}


def count_extrema(values: np.ndarray) -> int:
    """Count the turns from rising to falling and back; a plateau is one turn or none."""
    if len(values) < 3:
        return 0
    changes = np.diff(values)
    signs = np.sign(changes[np.abs(changes) > _NEGLIGIBLE * np.abs(values).max()])
    return int((signs[1:] != signs[:-1]).sum())


def rate_of_change(runs: Iterable[Run], values: str) -> np.ndarray:
    """Return the absolute changes a second of a channel within the runs."""
    return _join([np.abs(np.diff(getattr(run, values))) * run.rate for run in runs])


def motion(run: Run) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
    """Return velocity (n - 1, 2), speed (n - 1,), acceleration (n - 2, 2) and jerk (n - 3, 2) of a run."""
    # Differences, not central ones: their sum is the length of the path, and a short run keeps what it has.
    velocity = np.diff(run.smooth, axis=0) * run.rate
    acceleration = np.diff(velocity, axis=0) * run.rate
    return velocity, np.hypot(*velocity.T), acceleration, np.diff(acceleration, axis=0) * run.rate


def kinematic(trajectory: Trajectory) -> dict[str, float]:
    """Compute the features of the movement."""
    runs = trajectory.drawing
    velocities, speeds, tangentials, magnitudes, normals, jerks = ([] for _ in range(6))
    n_speed_changes = n_acceleration_changes = 0
    variation = 0.0
    for run in runs:
        velocity, speed, acceleration, jerk = motion(run)
        tangential = np.diff(speed) * run.rate
        magnitude = np.hypot(*acceleration.T)
        velocities.append(np.abs(velocity))
        speeds.append(speed)
        tangentials.append(np.abs(tangential))
        magnitudes.append(magnitude)
        normals.append(np.sqrt(np.maximum(magnitude**2 - tangential**2, 0)))
        jerks.append(np.hypot(*jerk.T))
        n_speed_changes += count_extrema(speed)
        n_acceleration_changes += count_extrema(magnitude)
        variation += float(np.abs(np.diff(speed)).sum())
    speed, jerk = _join(speeds), _join(jerks)
    duration = sum(run.duration for run in runs)
    features = {
        **statistics("speed", speed),
        **statistics("acceleration", _join(magnitudes)),
        **statistics("tangential_acceleration", _join(tangentials)),
        **statistics("normal_acceleration", _join(normals)),
        **statistics("jerk", jerk),
    }
    components = np.concatenate(velocities) if velocities else np.empty((0, 2))
    for j, axis in enumerate("xy"):
        features[f"speed_{axis}_mean"] = float(components[:, j].mean()) if len(components) else np.nan
        features[f"speed_{axis}_sd"] = float(components[:, j].std()) if len(components) else np.nan
    mean, peak = features["speed_mean"], features["speed_max"]
    squared_jerk = float((jerk**2).sum()) / trajectory.rate if len(jerk) else np.nan
    with np.errstate(divide="ignore", invalid="ignore"):
        return {
            **features,
            "speed_variation_coefficient": _ratio(features["speed_sd"], mean),
            "path_length": mean * duration,
            "ncv": float(n_speed_changes) if runs else np.nan,
            "ncv_per_second": _ratio(n_speed_changes, duration),
            "nca": float(n_acceleration_changes) if runs else np.nan,
            "nca_per_second": _ratio(n_acceleration_changes, duration),
            "nvv": _ratio(variation, duration * mean),
            "log_dimensionless_jerk": float(-np.log(_ratio(duration**3 * squared_jerk, peak**2))),
        }


def pressure(trajectory: Trajectory) -> dict[str, float]:
    """Compute the features of pressure, on the surface, and of the pen's tilt."""
    surface, runs = trajectory.surface, trajectory.drawing
    values = _join([run.pressure for run in surface])
    known = len(values) > 0 and not np.isnan(values).any()
    duration = sum(run.duration for run in surface)
    n_changes = sum(count_extrema(run.smooth_pressure) for run in surface) if known else np.nan
    features = {
        **statistics("pressure", values),
        **_some(statistics("pressure_change", rate_of_change(surface, "smooth_pressure")), "mean", "sd", "max"),
        "ncp": float(n_changes),
        "ncp_per_second": _ratio(n_changes, duration),
        "pressure_speed_correlation": _correlation(surface) if known else np.nan,
    }
    for angle in ("azimuth", "altitude"):
        values = _join([getattr(run, angle) for run in runs])
        features |= _some(statistics(angle, values), "mean", "sd")
        features[f"{angle}_range"] = float(np.ptp(values)) if len(values) else np.nan
        features[f"{angle}_change_mean"] = statistics("", rate_of_change(runs, f"smooth_{angle}"))["_mean"]
    # Unwrapped, its mean may have left the circle.
    features["azimuth_mean"] = float(np.mod(features["azimuth_mean"], 2 * np.pi))
    return features


def air(trajectory: Trajectory) -> dict[str, float]:
    """Compute the features of time: on the surface, in the air, without points, and of the strokes."""
    t, is_gap, down = trajectory.points[:, 2], trajectory.is_gap, trajectory.down
    steps = np.diff(t)
    duration = float(t[-1] - t[0]) if len(t) else np.nan
    features = {
        "duration": duration,
        "n_gaps": float(is_gap.sum()) if len(t) else np.nan,
        "gap_time": float(steps[is_gap].sum()) if len(t) else np.nan,
    }
    if down is None or not len(t):
        names = ("surface_time", "air_time", "air_surface_ratio", "air_share", "n_strokes", "strokes_per_second")
        strokes = (f"stroke_{name}_{s}" for name in ("duration", "length") for s in ("mean", "sd"))
        return {**features, **dict.fromkeys((*names, *strokes), np.nan)}
    # A step belongs to the state of the point that it starts from.
    surface_time = float(steps[down[:-1] & ~is_gap].sum())
    air_time = float(steps[~down[:-1] & ~is_gap].sum())
    strokes_found = trajectory.strokes()
    lengths = np.array([run.duration * statistics("", motion(run)[1])["_mean"] for run in trajectory.surface])
    durations = np.array([t[s.stop - 1] - t[s.start] for s in strokes_found])
    return {
        **features,
        "surface_time": surface_time,
        "air_time": air_time,
        "air_surface_ratio": _ratio(air_time, surface_time),
        "air_share": _ratio(air_time, air_time + surface_time),
        "n_strokes": float(len(strokes_found)),
        "strokes_per_second": _ratio(len(strokes_found), duration),
        **_some(statistics("stroke_duration", durations), "mean", "sd"),
        **_some(statistics("stroke_length", lengths), "mean", "sd"),
    }


def _join(parts: list[np.ndarray]) -> np.ndarray:
    return np.concatenate(parts) if parts else np.empty(0)


def _some(features: dict[str, float], *endings: str) -> dict[str, float]:
    return {name: value for name, value in features.items() if name.rsplit("_", 1)[1] in endings}


def _ratio(part: float, whole: float) -> float:
    return float(part / whole) if whole > 0 else np.nan


def _correlation(runs: list[Run]) -> float:
    """Return Pearson's correlation of pressure with speed, each speed with the mean pressure of its two samples."""
    speed = _join([motion(run)[1] for run in runs])
    press = _join([(run.smooth_pressure[1:] + run.smooth_pressure[:-1]) / 2 for run in runs])
    if len(speed) < 3 or min(np.ptp(speed), np.ptp(press)) <= _NEGLIGIBLE * max(speed.max(), press.max()):
        return np.nan
    return float(np.corrcoef(speed, press)[0, 1])
