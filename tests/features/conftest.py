"""Drawings whose speed, tremor and shape are known."""

import numpy as np
import pytest


def draw_spiral(
    *,
    turns=3.0,
    width=0.01,
    duration=12.0,
    rate=200.0,
    tremor_frequency=0.0,
    tremor_amplitude=0.0,
    centre=(0.1, 0.07),
    inwards=False,
    clockwise=False,
    uniform_speed=False,
):
    """Return x, y (m) and t (s) of an Archimedean spiral with a radial tremor, and the length of the path without."""
    t = np.arange(round(duration * rate) + 1) / rate
    share = np.arange(len(t)) / (len(t) - 1)
    fine = np.linspace(0, 2 * np.pi * turns, 200_001)
    b = width / (2 * np.pi)
    length = np.concatenate([[0], np.cumsum(np.hypot(*np.diff(b * fine * [np.cos(fine), np.sin(fine)], axis=1)))])
    angle = np.interp(share * length[-1], length, fine) if uniform_speed else share * fine[-1]
    radius = b * angle + tremor_amplitude * np.sin(2 * np.pi * tremor_frequency * t)
    if clockwise:
        angle = -angle
    x, y = centre[0] + radius * np.cos(angle), centre[1] + radius * np.sin(angle)
    if inwards:
        x, y = x[::-1], y[::-1]
    return np.column_stack([x, y, t]), length[-1]


def write_loops(seed=0, rate=133.0, duration=8.0):
    """Return all seven channels of loops with lifts, varying pressure and tilt."""
    rng = np.random.default_rng(seed)
    t = np.arange(round(duration * rate)) / rate
    phase = rng.uniform(0, 2 * np.pi, 4)
    x = 0.01 * t + 0.004 * np.sin(2 * np.pi * 1.3 * t + phase[0]) + 2e-5 * rng.normal(size=len(t)).cumsum()
    y = 0.006 * np.sin(2 * np.pi * 1.7 * t + phase[1]) + 2e-5 * rng.normal(size=len(t)).cumsum()
    down = (t % 2.0) < 1.5
    pressure = np.where(down, 0.5 + 0.2 * np.sin(2 * np.pi * 0.9 * t + phase[2]) + 0.01 * rng.normal(size=len(t)), 0)
    azimuth = 1.2 + 0.1 * np.sin(2 * np.pi * 0.4 * t + phase[3])
    altitude = 0.9 + 0.05 * np.cos(2 * np.pi * 0.3 * t)
    return np.column_stack([x, y, t, pressure, azimuth, altitude, down])


@pytest.fixture(scope="session")
def spiral():
    """The function that draws spirals."""
    return draw_spiral


@pytest.fixture(scope="session")
def handwriting():
    """The function that writes."""
    return write_loops
