"""How irregular the pen's movement is: entropies and the Teager-Kaiser energy."""

from __future__ import annotations

import numpy as np

from ._compute import TremorParams
from ._pen_kinematics import motion
from ._pen_trajectory import Trajectory

__all__ = ["entropy_bits", "nonlinear"]

#: Bins of the histogram of Shannon's entropy.
_N_BINS = 32


def nonlinear(trajectory: Trajectory) -> dict[str, float]:
    """Compute the entropies and the Teager-Kaiser energy."""
    runs = trajectory.drawing
    series: dict[str, list[np.ndarray]] = {"speed": [], "acceleration": [], "pressure": []}
    energies = []
    for run in runs:
        velocity, speed, acceleration, _ = motion(run)
        series["speed"].append(_at_rate(speed, run.rate, trajectory.cutoff))
        series["acceleration"].append(_at_rate(np.hypot(*acceleration.T), run.rate, trajectory.cutoff))
        if len(velocity) > 2:
            products = (velocity[1:-1] ** 2 - velocity[:-2] * velocity[2:]).sum(axis=1)
            energies.append(products * run.rate**2)
    series["pressure"] = [_at_rate(run.smooth_pressure, run.rate, trajectory.cutoff) for run in trajectory.surface]
    energy = np.concatenate(energies) if energies else np.full(1, np.nan)
    features = {}
    for name, parts in series.items():
        values = np.concatenate(parts) if parts else np.empty(0)
        features[f"{name}_shannon_entropy"] = _shannon_entropy(values)
        features[f"{name}_sample_entropy"] = _sample_entropy(values)
    features["teager_kaiser_mean"] = float(energy.mean())
    features["teager_kaiser_sd"] = float(energy.std())
    return features


def _at_rate(values: np.ndarray, rate: float, cutoff: float) -> np.ndarray:
    """Sample at twice the cutoff what has been low-passed: entropies count points, and these hold all there is."""
    if len(values) < 2 or rate <= 2 * cutoff:
        return values
    duration = (len(values) - 1) / rate
    grid = np.arange(int(duration * 2 * cutoff + 1e-6) + 1) / (2 * cutoff)
    return np.interp(grid, np.arange(len(values)) / rate, values)


def _shannon_entropy(values: np.ndarray) -> float:
    if len(values) < 2 or np.isnan(values).any():
        return np.nan
    low, high = values.min(), values.max()
    # What differs by rounding alone is one value.
    if high - low <= 1e-9 * max(abs(low), abs(high)):
        return 0.0
    counts = np.histogram(values, bins=_N_BINS, range=(low, high))[0]
    return entropy_bits(counts / len(values))


def entropy_bits(shares: np.ndarray) -> float:
    """Return Shannon's entropy of shares that sum to 1, in bits."""
    shares = shares[shares > 0]
    # Adding 0 makes a plain zero of the entropy of one bin.
    return float(-(shares * np.log2(shares)).sum() + 0.0)


def _sample_entropy(values: np.ndarray) -> float:
    from ._kernels import tremor34

    params = TremorParams()
    if len(values) < params.entropy_m + 2 or np.isnan(values).any():
        return np.nan
    return float(tremor34(values[None], sampling_rate=1.0, params=params)[0, 8])
