"""Pen points to what features are computed of: increasing times, runs without a gap, one rate, less noise."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property, lru_cache

import numpy as np
from scipy import signal
from scipy.interpolate import Akima1DInterpolator

__all__ = ["PEN_CHANNELS", "Run", "Trajectory", "prepare"]

#: The channels a trajectory can have, in the order of the readers of `skpd.datasets`.
PEN_CHANNELS = ("x", "y", "t", "pressure", "azimuth", "altitude", "pen_down")
_X, _Y, _T, _PRESSURE, _AZIMUTH, _ALTITUDE, _PEN_DOWN = range(len(PEN_CHANNELS))
_FILTER_ORDER = 4
#: Radians that the angles of a pen can have, either way; an azimuth without its jumps goes beyond a turn.
_LARGEST_ANGLES = {"azimuth": 4 * np.pi, "altitude": np.pi / 2}


@dataclass(frozen=True)
class Run:
    """A stretch of the trajectory without a gap, sampled evenly.

    Attributes
    ----------
    rate : float
        Samples a second.
    xy : ndarray of shape (n, 2)
        Positions.
    smooth : ndarray of shape (n, 2)
        Positions, low-passed.
    pressure, azimuth, altitude : ndarray of shape (n,)
        NaN throughout where not recorded; azimuth without jumps of a turn.
    smooth_pressure, smooth_azimuth, smooth_altitude : ndarray of shape (n,)
        The same, low-passed.
    """

    rate: float
    xy: np.ndarray
    smooth: np.ndarray
    pressure: np.ndarray
    azimuth: np.ndarray
    altitude: np.ndarray
    smooth_pressure: np.ndarray
    smooth_azimuth: np.ndarray
    smooth_altitude: np.ndarray

    @property
    def duration(self) -> float:
        """Seconds from the first sample to the last."""
        return (len(self.xy) - 1) / self.rate


@dataclass(frozen=True)
class Trajectory:
    """One recording, with its points in order of time and each time once.

    Attributes
    ----------
    points : ndarray of shape (n_points, 7)
        The columns of `PEN_CHANNELS`, NaN where not recorded.
    down : ndarray of bool of shape (n_points,) or None
        Whether the pen is on the surface; None where nothing tells.
    is_gap : ndarray of bool of shape (n_points - 1,)
        Whether a step of time is too long to be interpolated.
    rate : float
        Samples a second of the runs; NaN without two points.
    pen, cutoff : str, float
        Parameters of `PenFeatures`.
    """

    points: np.ndarray
    down: np.ndarray | None
    is_gap: np.ndarray
    rate: float
    pen: str
    cutoff: float

    @cached_property
    def whole(self) -> list[Run]:
        """The runs between gaps, on the surface and in the air alike."""
        return self._runs(np.ones(len(self.points), dtype=bool))

    @cached_property
    def surface(self) -> list[Run]:
        """The runs on the surface; all where nothing tells."""
        return self.whole if self.down is None or self.down.all() else self._runs(self.down)

    @property
    def drawing(self) -> list[Run]:
        """The runs that movement is measured on."""
        return self.surface if self.pen == "down" else self.whole

    def strokes(self) -> list[slice]:
        """Return the stretches of points on the surface, without a gap; one point can make a stroke."""
        assert self.down is not None
        return self._stretches(self.down)

    def _stretches(self, included: np.ndarray) -> list[slice]:
        new = np.concatenate([[True], self.is_gap | (np.diff(included.astype(np.int8)) != 0)])
        starts = np.flatnonzero(new)
        stops = np.append(starts[1:], len(included))
        return [slice(a, b) for a, b in zip(starts, stops, strict=True) if included[a]]

    def _runs(self, included: np.ndarray) -> list[Run]:
        if len(self.points) < 2:
            return []
        runs = (self._resample(self.points[stretch]) for stretch in self._stretches(included))
        return [run for run in runs if run is not None]

    def _resample(self, points: np.ndarray) -> Run | None:
        t = points[:, _T]
        # The tolerance keeps the last point of a clock that ticks evenly but for rounding: 1e-7 s, counted from 1970.
        n_samples = int((t[-1] - t[0]) * self.rate + 1e-4) + 1
        if n_samples < 2:
            return None
        # The last even sample may lie beyond the last point by a rounding error.
        grid = np.minimum(t[0] + np.arange(n_samples) / self.rate, t[-1])
        # Akima's is local and does not overshoot at a jump, as splines do where two times nearly coincide.
        xy = Akima1DInterpolator(t, points[:, :2], method="makima")(grid)
        channels = [_interpolate(grid, t, points[:, j]) for j in (_PRESSURE, _AZIMUTH, _ALTITUDE)]
        smooth, *smooth_channels = (_low_pass(values, self.rate, self.cutoff) for values in (xy, *channels))
        return Run(self.rate, xy, smooth, *channels, *smooth_channels)


def prepare(
    recording: np.ndarray,
    columns: Mapping[str, int],
    *,
    name: str,
    pen: str,
    resample_rate: float | None,
    cutoff: float,
    max_gap: float,
) -> Trajectory:
    """Order a recording's points by the rules that `PenFeatures` states.

    Parameters
    ----------
    recording : ndarray of shape (n_points, n_channels)
        float64; NaN is a missing value.
    columns : mapping of str to int
        The column of each channel that there is.
    name : str
        What errors call the recording.
    pen, resample_rate, cutoff, max_gap
        Parameters of `PenFeatures`.

    Returns
    -------
    trajectory : Trajectory
        Without runs where fewer than two points have a time and a place.

    Raises
    ------
    ValueError
        If the time goes back or stands still, pen_down is neither 0 nor 1, angles are not in radians, or most steps are
        longer than `max_gap`.
    """
    points = np.full((len(recording), len(PEN_CHANNELS)), np.nan)
    for channel, column in columns.items():
        points[:, PEN_CHANNELS.index(channel)] = recording[:, column]
    state = points[:, _PEN_DOWN]
    if not (np.isnan(state) | (state == 0) | (state == 1)).all():
        found = state[~(np.isnan(state) | (state == 0) | (state == 1))][0]
        raise ValueError(
            f"{name}: expected pen_down to be 0 (in the air) or 1 (on the surface), got {found:g}: check "
            f"channel_names, the columns are taken as {sorted(columns, key=columns.__getitem__)}."
        )
    for channel, largest in _LARGEST_ANGLES.items():
        angles = points[:, PEN_CHANNELS.index(channel)]
        if (highest := np.abs(angles[np.isfinite(angles)]).max(initial=0)) > 1.01 * largest:
            raise ValueError(
                f"{name}: expected {channel} in radians, at most {largest:.2f} either way, got {highest:g}: convert "
                "degrees with numpy.radians."
            )
    points = points[np.isfinite(points[:, :3]).all(axis=1)]
    _check_order(points[:, _T], name)
    angle_known = np.isfinite(points[:, _AZIMUTH])
    points[angle_known, _AZIMUTH] = np.unwrap(points[angle_known, _AZIMUTH])
    n_before = len(points)
    points = _merge_equal_times(points)
    if len(points) == 1 and n_before > 2:
        raise ValueError(
            f"{name}: expected increasing times, got {n_before} points of the same time, {points[0, _T]:g} s: check "
            "that channel_names says which column is t."
        )
    steps = np.diff(points[:, _T])
    rate = np.nan
    if len(steps):
        middle = float(np.median(steps))
        if len(steps) > 1 and middle > max_gap:
            raise ValueError(
                f"{name}: expected points closer in time than max_gap={max_gap:g} s, got a median step of "
                f"{middle:g}: t is in seconds (divide milliseconds by 1000); for a slower tablet raise max_gap."
            )
        rate = float(1 / steps[steps < 1.9 * middle].mean()) if resample_rate is None else float(resample_rate)
    return Trajectory(points, _find_down(points), steps > max_gap, rate, pen, cutoff)


def _check_order(t: np.ndarray, name: str) -> None:
    back = np.flatnonzero(np.diff(t) < 0)
    if len(back):
        first = int(back[0])
        raise ValueError(
            f"{name}: expected times that never go back, got {t[first + 1]:g} s after {t[first]:g} s, the first of "
            f"{len(back)} such: check that channel_names says which column is t; sort the points if they are out of "
            'order, or mend the clock if it was set back, as the readers do with disorder="fix" or "shift".'
        )


def _merge_equal_times(points: np.ndarray) -> np.ndarray:
    """Replace points of the same time by their mean; the pen is down where it was down at any of them."""
    if len(points) < 2:
        return points
    starts = np.flatnonzero(np.concatenate([[True], np.diff(points[:, _T]) > 0]))
    if len(starts) == len(points):
        return points
    known = np.isfinite(points)
    with np.errstate(invalid="ignore"):
        # What is missing at one of them is that of the others.
        merged = np.add.reduceat(np.where(known, points, 0), starts, axis=0) / np.add.reduceat(known, starts, axis=0)
    merged[:, _T] = points[starts, _T]
    merged[:, _PEN_DOWN] = np.fmax.reduceat(points[:, _PEN_DOWN], starts)
    return merged


def _find_down(points: np.ndarray) -> np.ndarray | None:
    state, pressure = points[:, _PEN_DOWN], points[:, _PRESSURE]
    known = np.isfinite(state)
    if not known.any():
        state, known = pressure > 0, np.isfinite(pressure)
        if not known.any():
            return None
    # A point whose state is missing has that of the last known one, and before the first that of the first.
    last = np.maximum.accumulate(np.where(known, np.arange(len(state)), -1))
    return state[np.where(last < 0, np.argmax(known), last)] > 0


def _interpolate(grid: np.ndarray, t: np.ndarray, values: np.ndarray) -> np.ndarray:
    known = np.isfinite(values)
    return np.interp(grid, t[known], values[known]) if known.any() else np.full(len(grid), np.nan)


@lru_cache(maxsize=256)
def _filter_sections(rate: float, cutoff: float) -> np.ndarray:
    return signal.butter(_FILTER_ORDER, cutoff, fs=rate, output="sos")


def _low_pass(values: np.ndarray, rate: float, cutoff: float) -> np.ndarray:
    """Remove what is faster than `cutoff` without delay; nothing where the rate cannot hold it or the run is short."""
    if cutoff >= 0.45 * rate or len(values) < 4 or np.isnan(values).any():
        return values
    # Ten periods of the cutoff at each end, in which the filter's start dies down to 1e-10, or all there is.
    n_padded = min(len(values) - 1, int(10 * rate / cutoff))
    return signal.sosfiltfilt(_filter_sections(rate, cutoff), values, axis=0, padlen=n_padded)
