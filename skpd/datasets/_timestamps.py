"""Timestamps to a uniform grid: every estimator of skpd takes uniformly sampled signals, and few clocks give them."""

from __future__ import annotations

import warnings
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd
from scipy.signal import butter, sosfiltfilt

from ..exceptions import DataFileError, DataFileWarning

__all__ = [
    "PLAUSIBLE_RATES",
    "TIME_UNITS",
    "UniformSignal",
    "check_succession",
    "clock_resolution",
    "elapsed_seconds",
    "join_stretches",
    "round_rate",
    "split_at_gaps",
    "to_uniform",
]

#: Seconds in one tick of each accepted time unit.
TIME_UNITS = {"s": 1.0, "ms": 1e-3, "us": 1e-6, "ns": 1e-9}

#: A clock is uniform when every timestamp is within this share of a sampling period of a uniform grid. It admits
#: timestamps that were rounded to 1 ms at 100 Hz or less, and no real jitter.
_TOLERANCE = 0.1

#: Hz. Outside of these no accelerometer samples: the unit of time is another one.
PLAUSIBLE_RATES = (1.0, 10_000.0)

#: s. Steps of 0.1 s differ by 2e-7 s in seconds since 1970 that are held as floats.
_CLOCK_ROUNDING = 1e-6

#: Share of a rate by which sums of thousands of steps are off.
_ARITHMETIC = 1e-13

#: Share of the samples that may be dropped as duplicates without a warning.
_FEW_DUPLICATES = 0.05


@dataclass(frozen=True)
class UniformSignal:
    """A uniformly sampled signal and what was found on the way to it.

    Attributes
    ----------
    values : ndarray of shape (n_timesteps, n_channels)
        NaN marks timesteps for which there is no sample.
    sampling_rate : float
        Hz, of `values`.
    measured_rate : float
        Hz, of the timestamps, gaps left aside.
    largest_gap : float
        Longest time between two complete samples, s: a sample with any channel missing is none.
    n_gaps : int
        Times between two complete samples that are longer than `max_gap`: lost samples, or a clock that jumped ahead.
    n_missing : int
        Timesteps at which a channel is NaN.
    n_duplicates, n_out_of_order : int
        Timestamps that repeat an earlier one, and that are earlier than the one before.
    """

    values: np.ndarray
    sampling_rate: float
    measured_rate: float
    largest_gap: float
    n_gaps: int
    n_missing: int
    n_duplicates: int = 0
    n_out_of_order: int = 0


def elapsed_seconds(time: pd.Series, time_unit: str | None) -> np.ndarray:
    """Convert a column of ticks, or of datetimes or durations, which need no unit, to seconds since its first entry.

    Ticks are subtracted before they become floats: nanosecond clocks need all 64 bits.
    """
    if time_unit is None or not pd.api.types.is_numeric_dtype(time):
        return (time - time.iloc[0]).dt.total_seconds().to_numpy()
    ticks = time.to_numpy()
    if ticks.dtype.kind == "u":
        # Unsigned ticks that go back would wrap around.
        ticks = ticks.astype(np.int64)
    return (ticks - ticks[0]).astype(np.float64) * TIME_UNITS[time_unit]


def clock_resolution(time: pd.Series | np.ndarray, time_unit: str | None) -> float:
    """Return the seconds by which neighbours of the largest of a column of times differ, 0 where they are no floats.

    Seconds since 1970 that are held as floats are 2.4e-7 apart.
    """
    if time_unit is None or not pd.api.types.is_float_dtype(time):
        return 0.0
    return float(np.spacing(np.abs(np.asarray(time, dtype=np.float64)).max()) * TIME_UNITS[time_unit])


def round_rate(rate: float, steps: np.ndarray, resolution: float) -> float:
    """Return the round rate, or that of a round period, from which the clock cannot tell a measured rate.

    Parameters
    ----------
    rate : float
        As measured, Hz.
    steps : ndarray of shape (n,)
        The times between samples, s, by which it was measured.
    resolution : float
        Of the clock, s, as `clock_resolution` returns it; as often as there are stretches of steps.

    Returns
    -------
    rate : float
        Hz: of six digits, or of a period of six digits, if that is within the resolution; else `rate`.
    """
    rate = float(rate)
    if not 0 < rate < np.inf:
        return rate
    # Both ends are rounded, and by pandas before version 3 not always to the nearest.
    tolerance = 2 * resolution / float(steps.sum()) + _ARITHMETIC
    candidates = (float(f"{rate:.6g}"), 1 / float(f"{1 / rate:.6g}"))
    return next((rounded for rounded in candidates if abs(rounded / rate - 1) <= tolerance), rate)


def split_at_gaps(seconds: np.ndarray, values: np.ndarray, max_gap: float) -> list[np.ndarray]:
    """Divide samples at gaps, the times longer than `max_gap` s without a complete one, as `to_uniform` counts them.

    Parameters
    ----------
    seconds : ndarray of shape (n,)
        Finite times, s, in any order.
    values : ndarray of shape (n, n_channels)
        The samples. A row with NaN is no complete one.
    max_gap : float
        Longest time between two complete samples of a stretch, s.

    Returns
    -------
    stretches : list of ndarray
        The rows from the first to the last complete sample of each stretch, in the order in which they came, so that
        `to_uniform` still sees their disorder.
    """
    complete = np.sort(seconds[~np.isnan(values).any(axis=1)])
    if not len(complete):
        return [np.arange(len(seconds))]
    is_gap = _is_gap(complete, max_gap)
    starts, stops = complete[np.r_[True, is_gap]], complete[np.r_[is_gap, True]]
    stretch = np.searchsorted(starts, seconds, side="right") - 1
    rows = np.flatnonzero((stretch >= 0) & (seconds <= stops[stretch]))
    rows = rows[np.argsort(stretch[rows], kind="stable")]
    return np.split(rows, np.flatnonzero(np.diff(stretch[rows])) + 1)


def _is_gap(seconds: np.ndarray, max_gap: float) -> np.ndarray:
    """Tell for each time between two samples whether it is longer than `max_gap`; equal up to rounding is not."""
    return np.diff(seconds) > max_gap + _CLOCK_ROUNDING


def check_succession(starts: np.ndarray, stops: np.ndarray, *, path: Path) -> None:
    """Refuse to make one recording of stretches that do not come one after the other; stops are last samples."""
    if (starts[1:] < stops[:-1]).any():
        raise DataFileError(
            path,
            found="a clock that goes back",
            expected="stretches of signal one after the other",
            advice="Pass split_gaps=True to have each as a recording.",
        )


def join_stretches(starts: np.ndarray, stretches: list[np.ndarray], sampling_rate: float, *, path: Path) -> np.ndarray:
    """Lay uniform stretches on one grid, each moved by at most one sample, with NaN between them.

    Parameters
    ----------
    starts : ndarray of shape (n,)
        Time of the first sample of each stretch, s, increasing.
    stretches : list of ndarray of shape (n_timesteps_i, n_channels)
        The signals.
    sampling_rate : float
        Hz, of all.
    path : Path
        The file that errors name.

    Returns
    -------
    joined : ndarray of shape (n_timesteps, n_channels)
        The one signal.

    Raises
    ------
    DataFileError
        If stretches overlap, or if less than 1 % of the signal would be there.
    """
    first = np.rint((starts - starts[0]) * sampling_rate).astype(np.int64)
    lengths = np.array([len(stretch) for stretch in stretches])
    check_succession(first, first + lengths - 1, path=path)
    for i in range(1, len(first)):
        first[i] = max(first[i], first[i - 1] + lengths[i - 1])
    stop = first + lengths
    if stop[-1] > 100 * lengths.sum():
        raise DataFileError(
            path,
            found=f"{lengths.sum()} samples within {stop[-1] / sampling_rate:.4g} s",
            expected="a recording of which at least 1 % is there",
            advice="Pass split_gaps=True to have each stretch as a recording.",
        )
    joined = np.full((stop[-1], stretches[0].shape[1]), np.nan, dtype=stretches[0].dtype)
    for begin, end, stretch in zip(first, stop, stretches, strict=True):
        joined[begin:end] = stretch
    return joined


def to_uniform(
    seconds: np.ndarray,
    values: np.ndarray,
    *,
    path: Path,
    where: str = "",
    sampling_rate: float | None = None,
    resample_to: float | None = None,
    max_gap: float = 0.1,
    disorder: str = "raise",
    resolution: float = 0.0,
) -> UniformSignal:
    """Bring samples at `seconds` to a uniform grid.

    Without `resample_to` nothing is interpolated: the timestamps must be uniform already, up to missing samples,
    which become NaN. With it the signal is interpolated linearly on a grid from the first timestamp on; where that
    lowers the rate, a zero-phase Butterworth filter (order 8, at 0.4 of the new rate) first takes out what would
    alias. At worst, half way between two samples, linear interpolation leaves the share cos(pi f / f_s) of an
    oscillation at f: 0.93 at 12 Hz and 100 Hz.

    Parameters
    ----------
    seconds : ndarray of shape (n,)
        Finite times, s.
    values : ndarray of shape (n, n_channels)
        The samples. Rows with NaN count as missing.
    path, where : Path, str
        The file and the place in it that errors name.
    sampling_rate : float or None, default=None
        What the user says the rate is, Hz; must agree with the timestamps to 1 %.
    resample_to : float or None, default=None
        Rate of the grid, Hz.
    max_gap : float, default=0.1
        Longest time between two samples, s, that resampling bridges. In a longer one the timesteps are NaN.
    disorder : {"raise", "fix"}, default="raise"
        What to do with timestamps that repeat or go back. "fix" sorts them and keeps the first of equal ones.
    resolution : float, default=0.0
        Of the clock from which `seconds` were made, s: rates that are round within it are taken as round.

    Returns
    -------
    signal : UniformSignal
        The signal and what was found.

    Raises
    ------
    DataFileError
        If the timestamps are not what they should be, or fewer than two samples are left.

    Warns
    -----
    DataFileWarning
        If more than 5 % of the samples are dropped because their timestamps repeat, or if the rate that was measured,
        and not stated, is that of no accelerometer (below 1 Hz or above 10 kHz).
    """
    steps = np.diff(seconds)
    n_back = int((steps < 0).sum())
    order = np.argsort(seconds, kind="stable") if n_back else slice(None)
    seconds, values = seconds[order], values[order]
    first = np.concatenate([[True], np.diff(seconds) > 0])[: len(seconds)]
    n_duplicates = int((~first).sum())
    if disorder == "raise" and (n_back or n_duplicates):
        raise DataFileError(
            path,
            where=where,
            found=f"{n_back} timestamp(s) that go back and {n_duplicates} that repeat",
            expected="increasing timestamps",
            advice='Pass disorder="fix" to sort them and keep the first of equal ones.',
        )
    if n_duplicates > _FEW_DUPLICATES * len(seconds):
        warnings.warn(
            f"{path}{f', {where}' if where else ''}: {n_duplicates} of {len(seconds)} samples dropped, since their "
            "timestamps repeat earlier ones. If the clock only ticks too slowly, pass time=None and sampling_rate=... "
            "to keep them all.",
            DataFileWarning,
            stacklevel=2,
        )
    seconds, values = seconds[first], values[first]
    intact = ~np.isnan(values).any(axis=1)
    if intact.sum() < 2:
        raise DataFileError(
            path,
            where=where,
            found=f"{intact.sum()} complete sample(s)",
            expected="at least two samples with a time",
            advice="Check time_unit, and max_gap where gaps divide recordings." if len(seconds) == 1 else "",
        )
    measured_rate = _measure_rate(seconds, resolution)
    _check_rate(seconds, measured_rate, sampling_rate, resample_to, path, where)
    if resample_to is None:
        uniform, rate = _place(seconds, values, measured_rate, resolution, path, where)
    else:
        rate = float(resample_to)
        uniform = _interpolate(seconds - seconds[0], values, intact, measured_rate, rate, max_gap)
    return UniformSignal(
        values=uniform,
        sampling_rate=rate,
        measured_rate=measured_rate,
        largest_gap=float(np.diff(seconds[intact]).max()),
        n_gaps=int(_is_gap(seconds[intact], max_gap).sum()),
        n_missing=int(np.isnan(uniform).any(axis=1).sum()),
        n_duplicates=n_duplicates,
        n_out_of_order=n_back,
    )


def _measure_rate(seconds: np.ndarray, resolution: float) -> float:
    """Return the rate in Hz at which samples come where none is missing."""
    steps = np.diff(seconds)
    # The median step alone is off where the clock rounds (11, 12, 12 ms at 85.7 Hz), so all ordinary steps are
    # averaged. Longer ones count where they are a few whole periods, because samples are missing, and not otherwise.
    ratio = steps / np.median(steps)
    periods = np.where(ratio < 1.9, 1.0, np.rint(ratio))
    counted = (ratio < 1.9) | ((periods <= 5) & (np.abs(ratio - periods) < 0.1))
    return round_rate(
        periods[counted].sum() / steps[counted].sum(), steps[counted], resolution * (1 + (~counted).sum())
    )


def _check_rate(
    seconds: np.ndarray,
    measured: float,
    stated: float | None,
    resample_to: float | None,
    path: Path,
    where: str,
) -> None:
    """Refuse a rate that contradicts what the user said, and clocks that would make a grid of mostly nothing."""
    span = float(seconds[-1] - seconds[0])
    if stated is not None and abs(measured / stated - 1) > 0.01:
        expected, advice = f"the stated sampling_rate of {stated:g} Hz to 1 %", "Correct sampling_rate or time_unit."
    elif span * measured > 100 * len(seconds):
        expected = "a recording of which at least 1 % is there"
        advice = (
            "The clock jumped, or these are several recordings: divide them, with split_gaps=True if the reader has it."
        )
    elif resample_to is not None and resample_to > 10 * measured:
        expected, advice = f"at least a tenth of resample_to={resample_to:g} Hz", "Correct time_unit or resample_to."
    else:
        if stated is None and not PLAUSIBLE_RATES[0] <= measured <= PLAUSIBLE_RATES[1]:
            place = f"{path}{f', {where}' if where else ''}"
            warnings.warn(
                f"{place}: the measured rate is {measured:.4g} Hz, which no accelerometer has: check time_unit, or "
                "state sampling_rate if it is right.",
                DataFileWarning,
                stacklevel=3,
            )
        return
    found = f"{len(seconds)} samples at {measured:.4g} Hz within {span:.4g} s"
    raise DataFileError(path, where=where, found=found, expected=expected, advice=advice)


def _place(
    seconds: np.ndarray, values: np.ndarray, rate: float, resolution: float, path: Path, where: str
) -> tuple[np.ndarray, float]:
    """Put samples of a uniform clock in their places, and NaN in the places of missing ones."""
    steps = np.diff(seconds)
    # Counted step by step, so that a small error of the rate does not add up over a long recording.
    index = np.concatenate([[0], np.cumsum(np.rint(steps * rate))]).astype(np.int64)
    exact = index[-1] / (seconds[-1] - seconds[0])
    offset = (seconds - seconds[0]) * exact - index
    if np.ptp(offset) / 2 > _TOLERANCE or (np.diff(index) < 1).any():
        raise DataFileError(
            path,
            where=where,
            found=f"uneven timestamps, with steps of {steps.min():.4g} to {steps.max():.4g} s at about {rate:.4g} Hz",
            expected=f"a uniform grid (at most {_TOLERANCE} of a sampling period off)",
            advice=f"Pass resample_to={rate:.3g} or another rate in Hz to interpolate on one.",
        )
    uniform = np.full((index[-1] + 1, values.shape[1]), np.nan)
    uniform[index] = values
    return uniform, round_rate(exact, steps, resolution)


def _interpolate(
    seconds: np.ndarray, values: np.ndarray, intact: np.ndarray, measured_rate: float, rate: float, max_gap: float
) -> np.ndarray:
    """Interpolate each stretch of intact samples without a gap on a grid of `rate` Hz that begins at 0."""
    # Times on the grid count as inside their stretch although they are rounded.
    slack = 1e-6
    uniform = np.full((int(np.floor(seconds[-1] * rate + slack)) + 1, values.shape[1]), np.nan)
    # Lowering the rate goes through a grid k times finer, on which the filter works.
    k = max(1, int(np.ceil(measured_rate / rate - 0.01)))
    lowpass = butter(8, 0.4 / k, output="sos", fs=1.0) if k > 1 else None
    seconds, values = seconds[intact], values[intact]
    breaks = np.flatnonzero(_is_gap(seconds, max_gap)) + 1
    for stretch in np.split(np.arange(len(seconds)), breaks):
        start = int(np.ceil(seconds[stretch[0]] * rate - slack))
        stop = int(np.floor(seconds[stretch[-1]] * rate + slack)) + 1
        if stop <= start:
            continue
        grid = np.arange(start * k, (stop - 1) * k + 1) / (k * rate)
        # A channel at a time: the finer grid of days of signal is large.
        for channel in range(values.shape[1]):
            fine = np.interp(grid, seconds[stretch], values[stretch, channel])
            if lowpass is not None:
                fine = sosfiltfilt(lowpass, fine, padlen=min(len(fine) - 1, 30 * k))
            uniform[start:stop, channel] = fine[::k]
    return uniform
