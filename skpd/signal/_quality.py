"""Parts of a recording that are not to be trusted: the device was not worn, or the signal met the end of its range."""

from __future__ import annotations

from itertools import pairwise
from numbers import Integral, Real

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike
from sklearn.utils import check_array
from sklearn.utils._param_validation import Interval, StrOptions, validate_params

__all__ = ["find_clipping", "find_nonwear"]

#: m/s^2 in one g, and one g in g.
_GRAVITY = {"m/s^2": 9.80665, "g": 1.0}


@validate_params(
    {
        "recording": ["array-like"],
        "sampling_rate": [Interval(Real, 0, None, closed="neither")],
        "units": [StrOptions(set(_GRAVITY))],
        "window": [Interval(Real, 0, None, closed="neither")],
        "step": [Interval(Real, 0, None, closed="neither")],
        "max_std": [Interval(Real, 0, None, closed="neither")],
        "max_range": [Interval(Real, 0, None, closed="neither")],
        "min_axes": [Interval(Integral, 1, 3, closed="both")],
    },
    prefer_skip_nested_validation=True,
)
def find_nonwear(
    recording: ArrayLike,
    sampling_rate: float,
    *,
    units: str = "m/s^2",
    window: float = 3600.0,
    step: float = 900.0,
    max_std: float = 0.013,
    max_range: float = 0.050,
    min_axes: int = 2,
) -> pd.DataFrame:
    """Find the times at which an accelerometer was not worn.

    The recording is divided into blocks of 15 minutes. A block counts as not worn if in the hour around it, on at
    least two of the three axes, the standard deviation is below 13 mg and the range of values below 50 mg.

    Parameters
    ----------
    recording : array-like of shape (n_timesteps, 3)
        Acceleration, one recording. NaN marks a gap.
    sampling_rate : float
        Hz.
    units : {"m/s^2", "g"}, default="m/s^2"
        Of `recording`.
    window : float, default=3600.0
        Length of the window around a block, s; a whole multiple of `step`.
    step : float, default=900.0
        Length of a block, s.
    max_std, max_range : float, default=0.013, 0.050
        Limits of the standard deviation and of the range in g, whatever `units` is.
    min_axes : int, default=2
        On how many axes both must be below.

    Returns
    -------
    intervals : DataFrame
        One row a stretch of blocks not worn: start, stop (timesteps, stop excluded), start_s, stop_s.

    Raises
    ------
    ValueError
        If the recording has not three channels or is shorter than `window`.

    See Also
    --------
    find_clipping : Where the signal met the end of its range.

    Notes
    -----
    The rule of [1]_, with both conditions required as in the authors' program GGIR [2]_. At the beginning and the end
    of a recording the window is cut. The last block holds what remains up to two blocks' length. A block is never
    called not worn where less than half of its window was recorded. People who lie very still in sleep, and tremor-free
    rest on a table, can meet the rule.

    References
    ----------
    .. [1] van Hees V. T. et al., "Separating movement and gravity components in an acceleration signal and
       implications for the assessment of human daily physical activity", PLoS ONE 8 (2013) e61691.
    .. [2] Migueles J. H. et al., "GGIR: a research community-driven open source R package for generating physical
       activity and sleep outcomes from multi-day raw accelerometer data", J. Meas. Phys. Behav. 2 (2019) 188-196.

    Examples
    --------
    >>> import numpy as np
    >>> from skpd.signal import find_nonwear
    >>> rng = np.random.default_rng(0)
    >>> three_hours = rng.normal([0, 0, 9.8], 1.0, size=(3 * 3600 * 10, 3))
    >>> three_hours[20000:80000] = [0, 0, 9.8]
    >>> find_nonwear(three_hours, 10.0)
       start   stop  start_s  stop_s
    0  36000  63000   3600.0  6300.0
    """
    X = check_array(recording, dtype=[np.float64, np.float32], ensure_all_finite="allow-nan")
    if X.shape[1] != 3:
        raise ValueError(f"recording: expected shape (n_timesteps, 3), got {X.shape}. Pass the three axes.")
    n_steps = window / step
    if n_steps < 1 or abs(n_steps - round(n_steps)) > 1e-9:
        raise ValueError(f"window: expected a whole multiple of step={step:g} s, got {window:g} s.")
    if len(X) < window * sampling_rate:
        raise ValueError(
            f"recording: expected at least window={window:g} s, got {len(X) / sampling_rate:g} s. "
            "Non-wear shows only over long times."
        )
    n_blocks = int(len(X) / (step * sampling_rate))
    # Halves of blocks: a window centred on a block is made of whole ones.
    edges = np.rint(np.arange(2 * n_blocks + 1) * step / 2 * sampling_rate).astype(np.int64)
    edges[-1] = len(X)
    halves = _Moments.of([X[begin:end] for begin, end in pairwise(edges)])
    reach = round(n_steps)
    worn = np.ones(n_blocks, dtype=bool)
    for i in range(n_blocks):
        first, last = max(0, 2 * i + 1 - reach), min(2 * n_blocks, 2 * i + 1 + reach)
        count, std, extent = halves.combine(slice(first, last))
        still = (std < max_std * _GRAVITY[units]) & (extent < max_range * _GRAVITY[units])
        still &= count >= (edges[last] - edges[first]) / 2
        worn[i] = still.sum() < min_axes
    begin, end = _runs(~worn)
    starts, stops = edges[2 * begin], edges[2 * end]
    return pd.DataFrame(
        {"start": starts, "stop": stops, "start_s": starts / sampling_rate, "stop_s": stops / sampling_rate}
    )


@validate_params(
    {
        "recording": ["array-like"],
        "limit": [Interval(Real, 0, None, closed="neither"), "array-like"],
        "min_samples": [Interval(Integral, 1, None, closed="left")],
    },
    prefer_skip_nested_validation=True,
)
def find_clipping(recording: ArrayLike, limit: float | ArrayLike, *, min_samples: int = 1) -> pd.DataFrame:
    """Find where a signal met the end of its sensor's range.

    Parameters
    ----------
    recording : array-like of shape (n_timesteps, n_channels)
        One recording. NaN marks a gap and never clips.
    limit : float or array-like of shape (n_channels,)
        Magnitude from which on a value counts as clipped, in the recording's units; one for all or one a channel.
    min_samples : int, default=1
        Shortest run of such values that is reported.

    Returns
    -------
    intervals : DataFrame
        One row a run, in the order of time: channel, start, stop (timesteps, stop excluded).

    Raises
    ------
    ValueError
        If `limit` is not positive or has not one value a channel.

    See Also
    --------
    find_nonwear : Where the device was not worn.

    Notes
    -----
    A sensor of -8 to 8 g does not clip at 8 g exactly: calibration moves the end of each axis by some percent; by the
    calibration of the real GENEActiv file that skpd was checked on, x ends at 7.9 g. ``limit=7.5 * 9.80665``, half a g
    below the nominal range, is the usual choice.

    Examples
    --------
    >>> from skpd.signal import find_clipping
    >>> find_clipping([[0.0, 1.0], [8.0, -8.0], [8.0, 0.0], [0.0, 0.0]], limit=7.9)
       channel  start  stop
    0        0      1     3
    1        1      1     2
    """
    X = check_array(recording, dtype=[np.float64, np.float32], ensure_all_finite="allow-nan")
    limits = np.asarray(limit, dtype=np.float64)
    if limits.ndim > 1 or limits.shape not in ((), (X.shape[1],)) or not (limits > 0).all():
        raise ValueError(f"limit: expected a positive number, or one for each of {X.shape[1]} channels, got {limit!r}.")
    rows = []
    for channel, end_of_range in enumerate(np.broadcast_to(limits, X.shape[1])):
        start, stop = _runs(np.abs(X[:, channel]) >= end_of_range)
        long = stop - start >= min_samples
        rows.append(pd.DataFrame({"channel": channel, "start": start[long], "stop": stop[long]}))
    return pd.concat(rows).sort_values(["start", "channel"], ignore_index=True)


def _runs(mask: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return where runs of True begin, and where they have ended."""
    edges = np.flatnonzero(np.diff(mask, prepend=False, append=False))
    return edges[::2], edges[1::2]


class _Moments:
    """Count, mean, sum of squared deviations, minimum and maximum a piece and axis, NaN left aside."""

    def __init__(self, stats: np.ndarray) -> None:
        self.count, self.mean, self.squares, self.low, self.high = stats

    @classmethod
    def of(cls, pieces: list[np.ndarray]) -> _Moments:
        stats = np.empty((5, len(pieces), 3))
        for i, piece in enumerate(pieces):
            stats[:, i] = np.column_stack([_axis_moments(axis) for axis in piece.T])
        return cls(stats)

    def combine(self, pieces: slice) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """Return count, standard deviation and range of neighbouring pieces together."""
        count, mean = self.count[pieces], self.mean[pieces]
        total = count.sum(axis=0)
        # An axis of which nothing is there is refused by its count, whatever its moments are.
        divisor = np.maximum(total, 1)
        centre = (count * mean).sum(axis=0) / divisor
        squares = self.squares[pieces].sum(axis=0) + (count * (mean - centre) ** 2).sum(axis=0)
        return total, np.sqrt(squares / divisor), self.high[pieces].max(axis=0) - self.low[pieces].min(axis=0)


def _axis_moments(x: np.ndarray) -> tuple[float, float, float, float, float]:
    x = x[~np.isnan(x)].astype(np.float64)
    if not len(x):
        return 0, 0.0, 0.0, np.inf, -np.inf
    mean = x.mean()
    return len(x), mean, ((x - mean) ** 2).sum(), x.min(), x.max()
