"""The model behind the simulated recordings: the person, the tremor of one recording, and what a wrist sensor sees.

Lengths are in s, frequencies in Hz, accelerations in m/s^2, angles in rad, and displacements of the hand in cm, peak
to peak, because the rating scale states them so.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from scipy.spatial.transform import Rotation
from scipy.special import expit, ndtr, ndtri

from ._base import STANDARD_GRAVITY

__all__ = ["SIDES", "TASKS", "draw_person", "draw_tremor", "simulate_recording"]

TASKS = ("rest", "postural", "kinetic")
SIDES = ("left", "right")

# Shares of the variance of the latent severity: the person, the more affected side, the task, the occasion.
_SHARE = {"subject": 0.62, "side": 0.12, "task": 0.16, "recording": 0.10}

# Peak-to-peak displacement of the hand in cm where the latent severity passes 0, 1, ..., 5. Scores 2, 3 and 4 begin
# at the 1, 3 and 10 cm of MDS-UPDRS 3.15 to 3.17; a tremor is seen at all (score 1) from about 1 mm.
_DISPLACEMENT_CM = (0.01, 0.1, 1.0, 3.0, 10.0, 16.0)

# The sensor: 12 bits over +-8 g.
_RANGE = 8 * STANDARD_GRAVITY
_STEP = 2 * _RANGE / 2**12
_NOISE = 0.03

# Rotation vectors of the forearm: at rest in the lap, held out, and turned towards the face.
_POSTURE = {"rest": (0.0, 0.0, 0.0), "postural": (0.5, 0.0, 0.0), "kinetic": (0.3, 0.6, 0.0)}

_BURSTS_PER_S = {"rest": 0.06, "postural": 0.10, "kinetic": 0.20}


def draw_person(rng: np.random.Generator, quantile: float) -> dict[str, Any]:
    """Draw what stays the same in all recordings of one person and of the sensor they wear."""
    worse = rng.choice(SIDES)
    rest = np.clip(rng.normal(5.0, 0.7), 3.5, 7.0)
    return {
        "subject": ndtri(np.clip(quantile, 1e-6, 1 - 1e-6)),
        "side": {side: 1.0 if side == worse else -1.0 for side in SIDES},
        "task": dict(zip(TASKS, rng.normal(size=3), strict=True)),
        # Half of the people keep their rest frequency when the arm is held out or moves; the others add an action
        # tremor of its own, faster frequency.
        "frequency": {
            "rest": rest,
            "postural": rng.uniform(6.0, 9.0) if rng.uniform() < 0.5 else rest + rng.uniform(0.0, 1.0),
            "kinetic": rng.uniform(6.0, 12.0) if rng.uniform() < 0.5 else rest + rng.uniform(0.0, 1.5),
        },
        "attenuation": np.clip(0.15 * np.exp(rng.normal(0.0, 0.5)), 0.03, 0.6),
        "constancy": rng.uniform(0.3, 0.95),
        "harmonic": rng.uniform(0.05, 0.4),
        "axis": rng.normal(size=3),
        "fit": Rotation.from_rotvec(rng.normal(0.0, 0.4, size=3)),
        "vigour": np.exp(rng.normal(0.0, 0.5)),
        "pace": rng.uniform(0.3, 1.0),
        "physiological": (rng.uniform(8.0, 12.0), 0.05 * np.exp(rng.normal(0.0, 0.4))),
        "gain": 1.0 + rng.normal(0.0, 0.02, size=3),
        "offset": rng.normal(0.0, 0.2, size=3),
    }


def draw_tremor(
    rng: np.random.Generator, person: dict[str, Any], task: str, side: str, edges: np.ndarray, reliability: float
) -> dict[str, Any]:
    """Draw the severity of one recording, the tremor that goes with it and the score that the rater gives."""
    z = (
        np.sqrt(_SHARE["subject"]) * person["subject"]
        + np.sqrt(_SHARE["side"]) * person["side"][side]
        + np.sqrt(_SHARE["task"]) * person["task"][task]
        + np.sqrt(_SHARE["recording"]) * rng.normal()
    )
    perceived = reliability * z + np.sqrt(1.0 - reliability**2) * rng.normal()
    severity = int(_on_scale(ndtr(perceived), edges))
    latent = float(_on_scale(ndtr(z), edges))
    displacement = float(np.exp(np.interp(latent, range(6), np.log(_DISPLACEMENT_CM))))
    # Large tremors are slower.
    frequency = max(person["frequency"][task] * max(displacement, 1.0) ** -0.1 + rng.normal(0.0, 0.15), 3.5)
    peak = displacement / 200 * (2 * np.pi * frequency) ** 2
    return {
        "severity": severity,
        "latent_severity": latent,
        "displacement_cm": displacement,
        "tremor_frequency_hz": float(frequency),
        "wrist_acceleration": float(peak * person["attenuation"]),
        "constancy": float(np.clip(person["constancy"] + rng.normal(0.0, 0.1), 0.1, 1.0)),
    }


def simulate_recording(
    rng: np.random.Generator,
    t: np.ndarray,
    sampling_rate: float,
    person: dict[str, Any],
    task: str,
    tremor: dict[str, Any],
) -> np.ndarray:
    """Simulate what the sensor reports: array of shape (len(t), 3), m/s^2."""
    movement, turning = _voluntary_movement(rng, t, person, task)
    posture = Rotation.from_rotvec(_POSTURE[task] + rng.normal(0.0, 0.15, size=3)) * person["fit"]
    drift = 0.08 * np.column_stack([_slow_noise(rng, t, 0.1) for _ in range(3)])
    gravity = (posture * Rotation.from_rotvec(drift + turning)).inv().apply([0.0, 0.0, STANDARD_GRAVITY])
    frequency, amplitude = person["physiological"]
    acceleration = (
        gravity
        + movement
        + _pathological_tremor(rng, t, sampling_rate, person, tremor)
        + amplitude * _oscillation(rng, t, sampling_rate, frequency, wander=1.0)[:, None] * _direction(rng)
    )
    reported = person["gain"] * acceleration + person["offset"] + rng.normal(0.0, _NOISE, size=acceleration.shape)
    return np.round(np.clip(reported, -_RANGE, _RANGE - _STEP) / _STEP) * _STEP


def _on_scale(quantile: float, edges: np.ndarray) -> float:
    """Map a quantile to the severity scale [0, 5), on which each score fills the share that `edges` give it."""
    # A score of weight 0 lies between two equal edges, and searchsorted passes over it.
    score = np.clip(np.searchsorted(edges, quantile, side="right") - 1, 0, np.flatnonzero(np.diff(edges))[-1])
    within = (quantile - edges[score]) / (edges[score + 1] - edges[score])
    return score + min(within, 1.0 - 1e-9)


def _slow_noise(rng: np.random.Generator, t: np.ndarray, cutoff: float) -> np.ndarray:
    """Gaussian-like noise of unit variance below `cutoff` Hz: a sum of twelve sinusoids, for any length of `t`."""
    frequencies = rng.uniform(0.0, cutoff, size=12)
    phases = rng.uniform(0.0, 2 * np.pi, size=12)
    return np.sqrt(2 / 12) * np.sin(2 * np.pi * np.outer(t, frequencies) + phases).sum(axis=1)


def _direction(rng: np.random.Generator, around: np.ndarray | None = None) -> np.ndarray:
    """Draw a unit vector, anywhere or in the neighbourhood of the vector `around`."""
    vector = rng.normal(size=3) if around is None else around + rng.normal(0.0, 0.4, size=3)
    return vector / np.linalg.norm(vector)


def _oscillation(
    rng: np.random.Generator,
    t: np.ndarray,
    sampling_rate: float,
    frequency: float,
    *,
    wander: float,
    harmonic: float = 0.0,
) -> np.ndarray:
    """Oscillate at a slowly wandering frequency; what would alias is left out."""
    phase = 2 * np.pi * np.cumsum(frequency + wander * _slow_noise(rng, t, 0.3)) / sampling_rate
    start, lag = rng.uniform(0.0, 2 * np.pi, size=2)
    wave = np.zeros_like(t)
    if frequency < sampling_rate / 2:
        wave += np.sin(phase + start)
    if 2 * frequency < sampling_rate / 2:
        wave += harmonic * np.sin(2 * phase + lag)
    return wave


def _pathological_tremor(
    rng: np.random.Generator, t: np.ndarray, sampling_rate: float, person: dict[str, Any], tremor: dict[str, Any]
) -> np.ndarray:
    """Tremor that waxes, wanes and pauses; its strongest moment has the acceleration in `tremor`."""
    # The tremor is present where a slow unit-variance process is below the quantile of its constancy.
    gate = expit(6.0 * (ndtri(np.clip(tremor["constancy"], 0.01, 0.99)) - _slow_noise(rng, t, 0.15)))
    envelope = gate * np.clip(1.0 + 0.3 * _slow_noise(rng, t, 0.5), 0.1, None)
    envelope *= tremor["wrist_acceleration"] / envelope.max()
    along = _direction(rng, around=person["axis"])
    across = np.cross(along, _direction(rng))
    frequency, harmonic = tremor["tremor_frequency_hz"], person["harmonic"]
    return envelope[:, None] * (
        _oscillation(rng, t, sampling_rate, frequency, wander=0.2, harmonic=harmonic)[:, None] * along
        + 0.3 * _oscillation(rng, t, sampling_rate, frequency, wander=0.2)[:, None] * across
    )


def _voluntary_movement(
    rng: np.random.Generator, t: np.ndarray, person: dict[str, Any], task: str
) -> tuple[np.ndarray, np.ndarray]:
    """Simulate movement on purpose: linear acceleration and turning (rotation vectors), each (len(t), 3)."""
    movement, turning = np.zeros((len(t), 3)), np.zeros((len(t), 3))
    duration = t[-1] if len(t) > 1 else 0.0
    for _ in range(rng.poisson(_BURSTS_PER_S[task] * duration)):
        centre, width = rng.uniform(0.0, duration), rng.uniform(0.3, 1.0)
        swing = np.sin(2 * np.pi * rng.uniform(0.4, 1.8) * (t - centre) + rng.uniform(0.0, 2 * np.pi))
        burst = (np.exp(-0.5 * ((t - centre) / width) ** 2) * swing)[:, None]
        movement += person["vigour"] * rng.gamma(2.0, 0.5) * burst * _direction(rng)
        turning += 0.15 * person["vigour"] * burst * _direction(rng)
    if task == "kinetic":
        # Reaching to and fro: the pace and its harmonic stay below 2 Hz.
        phase = 2 * np.pi * person["pace"] * t + 0.8 * _slow_noise(rng, t, 0.1) + rng.uniform(0.0, 2 * np.pi)
        reach = (np.sin(phase) + 0.4 * np.sin(2 * phase + 1.0))[:, None]
        movement += 1.5 * person["vigour"] * reach * _direction(rng)
        turning += 0.4 * np.sin(phase)[:, None] * _direction(rng)
    return movement, turning
