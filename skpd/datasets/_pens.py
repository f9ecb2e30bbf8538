"""What pen recordings have in common: seven channels in SI units, a clock, and the Bunch they come in."""

from __future__ import annotations

import warnings
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from sklearn.utils import Bunch

from .._recordings import as_object_array
from ..exceptions import DataFileError, DataFileWarning
from ._base import ask, people_and_labels
from ._parse import Skipped
from ._timestamps import TIME_UNITS, clock_resolution, round_rate

__all__ = [
    "ANGLE_UNITS",
    "PEN_CHANNELS",
    "WACOM_POINT",
    "PenRecording",
    "PenScale",
    "collect",
    "load_files",
    "pen_bunch",
    "to_pen",
    "warn_of_faint_pressure",
]

#: The columns of every pen recording. A channel that a device does not record is NaN throughout.
PEN_CHANNELS = ("x", "y", "t", "pressure", "azimuth", "altitude", "pen_down")

#: Metres between two points of a Wacom Intuos3 or later, and of the Cintiq displays: 5080 lines an inch, 200 a
#: millimetre (WACOM_INTUOS3_RES of the Linux driver `wacom_wac.c`; it lists the Intuos4 M and the Cintiq 12WX with it).
WACOM_POINT = 5e-6

#: Radians in each accepted unit of angles. Wacom's drivers count tenths of a degree.
ANGLE_UNITS = {"0.1deg": np.pi / 1800, "deg": np.pi / 180, "rad": 1.0}


@dataclass(frozen=True)
class PenScale:
    """What the numbers of a tablet mean; None keeps positions or pressures as they are."""

    resolution: float | None
    pressure_levels: int | None
    time_unit: str
    angle_unit: str

    @property
    def units(self) -> dict[str, str]:
        """Unit of each channel after conversion."""
        position = "m" if self.resolution is not None else "device units"
        pressure = "share of full scale" if self.pressure_levels is not None else "device units"
        return dict(zip(PEN_CHANNELS, (position, position, "s", pressure, "rad", "rad", "0 or 1"), strict=True))


@dataclass(frozen=True)
class PenRecording:
    """A pen recording in SI units and what was found on the way to it.

    Attributes
    ----------
    points : ndarray of shape (n_points, 7)
        The columns of `PEN_CHANNELS`.
    rows : ndarray of shape (n_points,)
        Where each point stood among the rows that were read.
    n_duplicates, n_out_of_order : int
        Timestamps that repeat the one before, and that are earlier than it.
    resolution : float
        Of the clock, s: times closer than this are not told apart.
    """

    points: np.ndarray
    rows: np.ndarray
    n_duplicates: int
    n_out_of_order: int
    resolution: float = 0.0

    @property
    def facts(self) -> dict[str, Any]:
        """The columns of `frame` that describe a recording."""
        steps = np.diff(self.points[:, 2])
        usual = steps < 1.9 * np.median(steps)
        return {
            "duration_s": float(self.points[-1, 2]),
            "n_points": len(self.points),
            "measured_rate_hz": round_rate(
                1 / steps[usual].mean(), steps[usual], self.resolution * (1 + (~usual).sum())
            ),
            "largest_gap_s": float(steps.max()),
            "n_duplicates": self.n_duplicates,
            "n_out_of_order": self.n_out_of_order,
        }


def to_pen(
    columns: Mapping[str, np.ndarray],
    scale: PenScale,
    *,
    path: Path,
    place: Callable[[int], str],
    disorder: str,
) -> PenRecording:
    """Convert the columns of a tablet to a recording in SI units.

    Parameters
    ----------
    columns : mapping of str to ndarray of shape (n,)
        x, y and t, and what else the device has of `PEN_CHANNELS`. Without pen_down the pen is down where pressure
        is above 0.
    scale : PenScale
        What the numbers mean.
    path, place : Path, callable
        The file, and the function that names the place of a row in it, for errors.
    disorder : {"raise", "fix", "shift"}
        What to do with timestamps that repeat or go back: refuse, sort and keep the first of equal ones, or keep the
        order of the file and set the clock forward by a median step.

    Returns
    -------
    recording : PenRecording
        The recording.

    Raises
    ------
    DataFileError
        If values are outside what their unit allows, the clock is out of order, or fewer than two points are left.
    """
    points = np.full((len(columns["t"]), len(PEN_CHANNELS)), np.nan)
    for channel, values in columns.items():
        points[:, PEN_CHANNELS.index(channel)] = values
    resolution = clock_resolution(points[:, 2], scale.time_unit)
    # Subtracted first: the tablet's clock may stand at years.
    with np.errstate(over="ignore"):
        points[:, 2] = (points[:, 2] - points[0, 2]) * TIME_UNITS[scale.time_unit]
    if not np.isfinite(points[:, 2]).all():
        raise _too_long(path, np.inf)
    if scale.resolution is not None:
        points[:, :2] *= scale.resolution
    if "pressure" in columns and "pen_down" not in columns:
        points[:, 6] = np.where(np.isnan(points[:, 3]), np.nan, points[:, 3] > 0)
    _check_range(points[:, 6], columns, "pen_down", (0, 1), "0 (in the air) or 1 (on the surface)", path, place)
    highest = np.inf if scale.pressure_levels is None else scale.pressure_levels - 1
    expected = f"0 to {highest:g} (pressure_levels={scale.pressure_levels})"
    _check_range(points[:, 3], columns, "pressure", (0, highest), expected, path, place)
    if scale.pressure_levels is not None:
        points[:, 3] /= highest
    points[:, 4:6] *= ANGLE_UNITS[scale.angle_unit]
    for j, channel, least, most in ((4, "azimuth", 0, 360), (5, "altitude", -90, 90)):
        expected = f"{least} to {most} degrees (angle_unit={scale.angle_unit!r})"
        limits = (np.deg2rad(least) - 1e-9, np.deg2rad(most) + 1e-9)
        _check_range(points[:, j], columns, channel, limits, expected, path, place)
    return _order(points, disorder, path, place, resolution)


def _check_range(
    values: np.ndarray,
    columns: Mapping[str, np.ndarray],
    channel: str,
    limits: tuple[float, float],
    expected: str,
    path: Path,
    place: Callable[[int], str],
) -> None:
    bad = (values < limits[0]) | (values > limits[1])
    if channel == "pen_down":
        bad |= (values != np.rint(values)) & ~np.isnan(values)
    if bad.any():
        row = int(np.argmax(bad))
        more = f" (and {int(bad.sum()) - 1} more such)" if bad.sum() > 1 else ""
        raise DataFileError(
            path,
            where=f"{place(row)}, column {channel!r}",
            found=f"{columns[channel][row]:g}{more}",
            expected=expected,
            advice="Check the order of the columns and the units.",
        )


def _order(
    points: np.ndarray, disorder: str, path: Path, place: Callable[[int], str], resolution: float
) -> PenRecording:
    """Bring the points of a recording to increasing times that begin at 0."""
    t = points[:, 2]
    steps = np.diff(t)
    back, repeated = steps < 0, steps == 0
    n_back, n_repeated = int(back.sum()), int(repeated.sum())
    rows = np.arange(len(points))
    if (n_back or n_repeated) and disorder == "raise":
        first = int(np.argmax(back | repeated)) + 1
        raise DataFileError(
            path,
            where=place(first),
            found=f"a timestamp {-steps[first - 1]:g} s before the last, the first of {n_back} that go back and "
            f"{n_repeated} that repeat",
            expected="increasing timestamps",
            advice='Pass disorder="fix" to sort them and keep the first of equal ones, or disorder="shift" if the '
            "clock was set back and the points are in order.",
        )
    if (n_back or n_repeated) and disorder == "fix":
        rows = np.argsort(t, kind="stable")
        rows = rows[np.concatenate([[True], np.diff(t[rows]) > 0])]
    if len(rows) < 2 or not (steps > 0).any():
        raise DataFileError(path, found=f"{len(rows)} point(s) in time", expected="at least two, one after the other")
    points = points[rows]
    if (n_back or n_repeated) and disorder == "shift":
        steps = np.where(steps > 0, steps, np.median(steps[steps > 0]))
        points[1:, 2] = np.cumsum(steps)
    points[:, 2] -= points[0, 2]
    if not (np.diff(points[:, 2]) > 0).all():
        raise _too_long(path, points[-1, 2])
    return PenRecording(points, rows, n_repeated, n_back, resolution)


def _too_long(path: Path, seconds: float) -> DataFileError:
    return DataFileError(
        path,
        found=f"times {seconds:g} s apart, beside which the steps between points vanish",
        expected="the times of one recording",
        advice="Check the column of time and its unit.",
    )


def collect(
    paths: Iterable[Path],
    read: Callable[[Path], Iterator[tuple[dict[str, Any], PenRecording | DataFileError]]],
    skipped: Skipped,
) -> tuple[list[PenRecording], list[dict[str, Any]]]:
    """Read files into recordings and the rows of their frame; what cannot be read goes to `skipped`."""
    pens, rows = [], []
    for path in paths:
        try:
            for row, pen in read(path):
                if isinstance(pen, DataFileError):
                    skipped.add(pen)
                    continue
                pens.append(pen)
                rows.append({**row, **pen.facts})
        except DataFileError as error:
            skipped.add(error)
    return pens, rows


def warn_of_faint_pressure(path: Path, data: Sequence[np.ndarray], scale: PenScale, *, share: float) -> None:
    """Warn if no pressure reaches `share` of the full scale: the tablet probably has fewer levels than stated."""
    if scale.pressure_levels is None:
        return
    # fmax passes over the NaN of points, and of whole files, without a pressure.
    highest = np.fmax.reduce(np.concatenate([points[:, 3] for points in data]))
    if 0 < highest < share:
        full = scale.pressure_levels - 1
        warnings.warn(
            f"{path}: the highest pressure is {highest * full:.0f} of {full}. If the tablet has fewer levels than "
            f"pressure_levels={scale.pressure_levels}, all pressures are too low: state its own.",
            DataFileWarning,
            stacklevel=3,
        )


#: Positions a second below which the unit of time is doubted.
_SLOWEST = 10


def _warn_of_slow_time(path: Path, data: Sequence[np.ndarray], scale: PenScale) -> None:
    """Warn if positions come more slowly than any tablet sends them: time has probably another unit."""
    steps = np.concatenate([np.diff(points[:, 2]) for points in data])
    if len(steps) and (step := np.median(steps)) > 1 / _SLOWEST:
        warnings.warn(
            f"{path}: positions are {step:.3g} s apart, where tablets send 50 to 300 a second. If the times are not in "
            f"time_unit={scale.time_unit!r}, all speeds are too low: state their own.",
            DataFileWarning,
            stacklevel=4,
        )


def load_files(
    files: Sequence[Path],
    read: Callable[[Path], tuple[PenRecording, dict[str, Any]]],
    *,
    scale: PenScale,
    subject: Callable[[Path], Any] | None,
    target: Callable[[Path], Any] | None,
    card: str,
    errors: str,
    return_X_y: bool,
) -> Bunch | tuple[np.ndarray, np.ndarray | None]:
    """Load the user's own files with `read`, one recording a file; the result of the public loaders of formats.

    `subject` and `target` get a file's path. `card` has the fields who, scale and target.
    """
    skipped = Skipped(errors)

    def labelled(path: Path) -> Iterator[tuple[dict[str, Any], PenRecording]]:
        pen, facts = read(path)
        labels = {"subject": ask(path, subject, "subject"), "target": ask(path, target, "target")}
        yield {"recording": path.stem, **labels, "file": str(path), **facts}, pen

    pens, rows = collect(files, labelled, skipped)
    if not pens:
        raise DataFileError(
            files[0], found="not one intact recording", expected="at least one", advice="See the warnings."
        )
    points = [pen.points for pen in pens]
    warn_of_faint_pressure(files[0].parent, points, scale, share=1 / 16)
    _warn_of_slow_time(files[0].parent, points, scale)
    frame = pd.DataFrame(rows)
    if not frame["recording"].is_unique:
        frame["recording"] = frame["file"]
    groups, labels = people_and_labels(frame, subject=subject is not None, target=target is not None)
    return pen_bunch(
        pens,
        target=labels,
        groups=groups,
        scale=scale,
        frame=frame,
        descr=card.format(
            who=f"{'people not stated' if groups is None else f'{len(set(groups))} people'}, {len(frame)} recording(s)",
            scale=f"{scale.resolution} m a unit, {scale.pressure_levels} pressure levels, time in {scale.time_unit}, "
            f"angles in {scale.angle_unit}",
            target="none" if labels is None else ", ".join(map(str, np.unique(labels)[:20])),
        ),
        return_X_y=return_X_y,
        skipped=skipped.frame,
    )


def pen_bunch(
    pens: Sequence[PenRecording],
    *,
    target: np.ndarray | None,
    groups: np.ndarray | None,
    scale: PenScale,
    frame: pd.DataFrame,
    descr: str,
    target_names: Sequence[Any] | None = None,
    return_X_y: bool = False,
    **extra: Any,
) -> Bunch | tuple[np.ndarray, np.ndarray | None]:
    """Assemble what a reader of pen recordings returns; the parameters are its entries."""
    data = as_object_array(pen.points for pen in pens)
    if return_X_y:
        return data, target
    if target_names is None and target is not None:
        target_names = pd.unique(pd.Series(target).dropna().sort_values()).tolist()
    rates = frame["measured_rate_hz"].to_numpy()
    rate = float(np.median(rates))
    return Bunch(
        data=data,
        target=target,
        target_names=None if target_names is None else list(target_names),
        groups=groups,
        sampling_rate=rate if np.abs(rates / rate - 1).max() <= 0.01 else np.nan,
        units=scale.units,
        channel_names=list(PEN_CHANNELS),
        frame=frame,
        DESCR=descr,
        **extra,
    )
