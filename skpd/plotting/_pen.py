"""A pen trajectory: the drawing, and how fast and how smoothly it was made."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from ._pen_motion import Motion, Spiral, find_motion, fit_spiral
from ._style import FAINT, GRID, INK, MUTED, OKABE_ITO, SEVERITY_COLORS, figure_style, format_unit, panels

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

#: A drawing is taken for a spiral where the fit explains this much of its radius over so many turns.
_EXPLAINED, _TURNS = 0.65, 1.5

#: Width of the figure, and the least and greatest height of the drawing, in inches.
_WIDTH, _LEAST, _MOST = 6.4, 1.8, 4.8

#: Positions in metres are written in millimetres: people draw centimetres.
_SCALES = {"m": (1000.0, "mm")}


class PenDisplay:
    """A drawing in the colours of its speed or pressure, over the ideal spiral, with speed and jerk over time.

    Make it with `from_trajectory`. Strokes in the air are thin and dotted, and grey spans in the lower panels.

    Parameters
    ----------
    points : ndarray of shape (n_points, 2)
        Positions, in `unit`.
    times : ndarray of shape (n_points,)
        In seconds from the first point.
    down : ndarray of shape (n_points,), bool
        Whether the pen is on the surface.
    values : ndarray of shape (n_points,)
        What the drawing is coloured by.
    value_name : str
        Its name, with its unit.
    motion : Motion
        Speed and jerk over time.
    spiral : Spiral or None
        The ideal spiral, where there is one.
    unit : str
        Of the positions.
    max_gap : float
        Points further apart in time, in seconds, are not joined.
    y_up : bool
        Whether y grows upwards.
    title : str
        Of the drawing.

    Attributes
    ----------
    axes_ : ndarray of Axes
        Drawing, speed, jerk.
    figure_ : Figure
        The figure.
    alt_text_ : str
        What the figure shows, in words.

    See Also
    --------
    skpd.images.StrokeRenderer : Draws trajectories as images for networks.

    Notes
    -----
    Speed and jerk are those of `skpd.features.PenFeatures`: positions at one rate, low-passed without delay, and
    differences of them. Jerk, the third derivative, is nothing but the tablet's noise without the low-pass, and its
    height depends on `cutoff`: compare drawings by one cutoff.

    The ideal spiral is the Archimedean one, ``r = a + b angle``, that fits the drawing best by the radius, evenly along
    its path; its centre is fitted too. It is not the template that the person traced.

    Examples
    --------
    >>> import numpy as np
    >>> from skpd.plotting import PenDisplay
    >>> t = np.arange(0, 10, 0.01)
    >>> angle, radius = 2 * t, 0.002 * 2 * t + 0.001 * np.sin(2 * np.pi * 5 * t)
    >>> spiral = np.column_stack([radius * np.cos(angle), radius * np.sin(angle), t])
    >>> display = PenDisplay.from_trajectory(spiral, channel_names=["x", "y", "t"], units={"x": "m"})
    >>> [ax.get_title(loc="left") for ax in display.axes_]
    ['drawing', 'speed (mm/s)', 'jerk (10³ mm/s³)']
    """

    axes_: np.ndarray
    figure_: Figure

    def __init__(
        self,
        points: np.ndarray,
        times: np.ndarray,
        down: np.ndarray,
        values: np.ndarray,
        *,
        value_name: str,
        motion: Motion,
        spiral: Spiral | None,
        unit: str,
        max_gap: float = 0.1,
        y_up: bool = True,
        title: str = "drawing",
    ) -> None:
        self.points = points
        self.times = times
        self.down = down
        self.values = values
        self.value_name = value_name
        self.motion = motion
        self.spiral = spiral
        self.unit = unit
        self.max_gap = max_gap
        self.y_up = y_up
        self.title = title

    @classmethod
    def from_trajectory(
        cls,
        trajectory: Any,
        *,
        color: str = "speed",
        spiral: bool | str = "auto",
        channel_names: Sequence[str] = ("x", "y", "t", "pressure", "azimuth", "altitude", "pen_down"),
        units: Mapping[str, str] | None = None,
        cutoff: float = 15.0,
        max_gap: float = 0.1,
        y_up: bool = True,
        title: str = "drawing",
        ax: Any = None,
    ) -> PenDisplay:
        """Compute speed, jerk and the ideal spiral, and draw.

        Parameters
        ----------
        trajectory : array-like of shape (n_points, n_channels)
            One recording: of a batch pass one row, ``bunch.data[0]``. Points without a position or a time are left out.
        color : {"speed", "pressure"}, default="speed"
            What the drawing is coloured by.
        spiral : bool or "auto", default="auto"
            Whether the ideal spiral is drawn. "auto" does where the drawing is one: 1.5 turns or more, of which the fit
            explains 65 % of the variance of the radius.
        channel_names : sequence of str, \
default=("x", "y", "t", "pressure", "azimuth", "altitude", "pen_down")
            What the columns are. "x", "y" and "t" (s) are needed, "pressure" and "pen_down" used.
        units : mapping of str to str, default=None
            Unit of each channel, ``bunch.units`` of a reader. Metres are drawn as millimetres.
        cutoff : float, default=15.0
            Of the low-pass before differentiation, in Hz.
        max_gap : float, default=0.1
            Points further apart in time are not joined, in seconds: the pen was out of reach of the tablet.
        y_up : bool, default=True
            Whether y grows upwards, as it does on most tablets.
        title : str, default="drawing"
            Of the drawing, such as the person and the task.
        ax : array-like of Axes, default=None
            Three: drawing, speed, jerk. None makes a figure.

        Returns
        -------
        display : PenDisplay
            The display, drawn.

        Raises
        ------
        ValueError
            If the columns are not those of `channel_names`, one that is needed is missing, the time goes back or stands
            still, or ``spiral=True`` and there is none.
        """
        if color not in ("speed", "pressure"):
            raise ValueError(f'`color` expected "speed" or "pressure", got {color!r}.')
        if spiral not in (True, False, "auto"):
            raise ValueError(f'`spiral` expected True, False or "auto", got {spiral!r}.')
        if not (cutoff > 0 and max_gap > 0):
            raise ValueError(f"`cutoff` (Hz) and `max_gap` (s) expected positive numbers, got {cutoff} and {max_gap}.")
        columns = _check_columns(trajectory, channel_names, color)
        scale, unit = _SCALES.get((units or {}).get("x", "units"), (1.0, (units or {}).get("x", "units")))
        xy, t = scale * np.column_stack([columns["x"], columns["y"]]), columns["t"] - columns["t"][0]
        motion = find_motion(xy, t, cutoff=cutoff, max_gap=max_gap)
        down = _find_down(columns)
        ideal = None
        if spiral and down.any():
            ideal = fit_spiral(xy[down])
            if spiral == "auto" and ideal and (ideal.explained < _EXPLAINED or ideal.turns < _TURNS):
                ideal = None
        if spiral is True and ideal is None:
            raise ValueError(
                "spiral=True expected a drawing of a turn or more on the surface, got none: pass spiral=False or "
                '"auto" for other drawings.'
            )
        if color == "pressure":
            values = columns["pressure"]
            pressure_unit = (units or {}).get("pressure", "")
            name = f"pressure ({pressure_unit})" if pressure_unit else "pressure"
        else:
            known = ~np.isnan(motion.speed)
            if not known.any():
                raise ValueError("`trajectory` expected two points or more without a gap, got none: raise max_gap.")
            values = np.interp(t, motion.speed_times[known], motion.speed[known])
            name = f"speed ({unit}/s)"
        display = cls(
            xy,
            t,
            down,
            values,
            value_name=name,
            motion=motion,
            spiral=ideal,
            unit=unit,
            max_gap=float(max_gap),
            y_up=y_up,
            title=title,
        )
        return display.plot(ax=ax)

    def plot(self, ax: Any = None) -> PenDisplay:
        """Draw the trajectory.

        Parameters
        ----------
        ax : array-like of Axes, default=None
            Three: drawing, speed, jerk. None makes a figure.

        Returns
        -------
        self : PenDisplay
            The display itself.
        """
        shown = self.points if self.spiral is None else np.vstack([self.points, self.spiral.path])
        extent = np.maximum(np.ptp(shown, axis=0), 1e-12)
        height = float(np.clip(0.8 * _WIDTH * extent[1] / extent[0], _LEAST, _MOST))
        with figure_style():
            axes = panels(
                ax,
                3,
                lambda figure: figure.subplots(3, 1, height_ratios=[height, 1.1, 1.1]),
                (_WIDTH, height + 3.4),
            )
            self._draw_trajectory(axes[0])
            for panel, name, times, values, unit in (
                (axes[1], "speed", self.motion.speed_times, self.motion.speed, f"{self.unit}/s"),
                (axes[2], "jerk", self.motion.jerk_times, self.motion.jerk, f"{self.unit}/s^3"),
            ):
                for start, stop in self._air_spans():
                    panel.axvspan(start, stop, color=FAINT, linewidth=0)
                exponent = _exponent(values)
                panel.plot(times, values / 10.0**exponent, color=INK, linewidth=0.8)
                # A title, since the unit may be longer than the panel is high.
                factor = f"10^{exponent} " if exponent else ""
                panel.set_title(f"{name} ({format_unit(factor + unit)})", loc="left", fontweight="normal")
                panel.set_ylim(bottom=0)
                panel.set_xlim(0, self.times[-1])
                panel.grid(axis="y", color=GRID, linewidth=0.6)
            axes[1].tick_params(axis="x", labelbottom=False)
            axes[2].set_xlabel("time (s)")
        self.axes_ = axes
        self.figure_ = axes[0].figure
        return self

    @property
    def alt_text_(self) -> str:
        """What the figure shows, in words."""
        speed = self.motion.speed[~np.isnan(self.motion.speed)]
        what = self.value_name.partition(" (")[0]
        text = (
            f"Pen drawing of {self.times[-1]:.3g} s and {len(self.points):,} points, coloured by {what}; "
            f"{self.down.mean():.0%} of the points on the surface."
        )
        if len(speed):
            text += f" Median speed {np.median(speed):.3g} {self.unit}/s, highest {speed.max():.3g}."
        if self.spiral is not None:
            text += (
                f" The ideal spiral has {self.spiral.turns:.1f} turns {self.spiral.loop_width:.3g} {self.unit} apart; "
                f"the drawing departs from it by {self.spiral.residual:.2g} {self.unit} (root mean square)."
            )
        return text

    def _air_spans(self) -> list[tuple[float, float]]:
        """Return when the pen is in the air: from the last point on the surface to the next."""
        spans = []
        for rows in np.split(np.arange(len(self.down)), np.flatnonzero(np.diff(self.down)) + 1):
            if not self.down[rows[0]]:
                last = min(rows[-1] + 1, len(self.down) - 1)
                spans.append((float(self.times[max(rows[0] - 1, 0)]), float(self.times[last])))
        return spans

    def _draw_trajectory(self, ax: Axes) -> None:
        from matplotlib.collections import LineCollection
        from matplotlib.colors import LinearSegmentedColormap, Normalize

        lines = np.stack([self.points[:-1], self.points[1:]], axis=1)
        joined = np.diff(self.times) <= self.max_gap
        surface = self.down[1:] & self.down[:-1]
        if self.spiral is not None:
            ax.plot(*self.spiral.path.T, color=MUTED, linewidth=1.0, linestyle=(0, (4, 3)), label="ideal spiral")
        if (joined & ~surface).any():
            air = LineCollection(
                lines[joined & ~surface], colors=OKABE_ITO[0], linewidths=1.1, linestyles=(0, (1, 1.2)), label="in air"
            )
            ax.add_collection(air)
        values = (self.values[1:] + self.values[:-1]) / 2
        chosen = joined & surface & ~np.isnan(values)
        if chosen.any():
            # A few jumps of the pen would leave one colour for all the rest.
            top = float(np.percentile(values[chosen], 98))
            bottom = float(values[chosen].min()) if self.value_name.startswith("pressure") else 0.0
            over = bool(values[chosen].max() > top)
            drawn = LineCollection(
                lines[chosen],
                array=values[chosen],
                cmap=LinearSegmentedColormap.from_list("skpd", SEVERITY_COLORS),
                norm=Normalize(min(bottom, top), top if top > bottom else bottom + 1),
                linewidths=1.6,
                capstyle="round",
            )
            ax.add_collection(drawn)
            bar = ax.figure.colorbar(drawn, ax=ax, extend="max" if over else "neither", pad=0.02, shrink=0.9, aspect=26)
            bar.set_label(self.value_name)
            bar.outline.set_visible(False)
        ax.autoscale_view()
        ax.set_aspect("equal")
        if not self.y_up:
            ax.yaxis.set_inverted(True)
        ax.set_title(self.title, loc="left")
        ax.set_xlabel(f"x ({self.unit})")
        ax.set_ylabel(f"y ({self.unit})")
        handles, _ = ax.get_legend_handles_labels()
        if handles:
            ax.legend(
                loc="lower right", bbox_to_anchor=(1.0, 1.0), ncols=len(handles), borderaxespad=0.1, borderpad=0.1
            )


def _exponent(values: np.ndarray) -> int:
    """Return the power of ten, in steps of three, by which large values are divided to be read."""
    highest = np.nanmax(values, initial=0.0)
    return 3 * int(np.log10(highest) // 3) if highest >= 1e4 else 0


def _check_columns(trajectory: Any, channel_names: Sequence[str], color: str) -> dict[str, np.ndarray]:
    """Return the channels of the points that have a place and a time, each time once."""
    names = list(channel_names)
    points = np.asarray(trajectory)
    if points.dtype == object or points.ndim != 2 or points.shape[1] != len(names):
        raise ValueError(
            f"`trajectory` expected one recording of shape (n_points, {len(names)}), the columns of "
            f"channel_names={names}, got an array of shape {points.shape}: of a batch pass one row, data[0]."
        )
    needed = {"x", "y", "t"} | ({"pressure"} if color == "pressure" else set())
    if not needed <= set(names) or len(set(names)) < len(names):
        raise ValueError(f"`channel_names` expected {sorted(needed)} and others, each once, got {names}.")
    columns = dict(zip(names, points.astype(np.float64).T, strict=True))
    known = np.isfinite(columns["x"]) & np.isfinite(columns["y"]) & np.isfinite(columns["t"])
    t = columns["t"][known]
    if (np.diff(t) < 0).any():
        first = int(np.argmax(np.diff(t) < 0))
        raise ValueError(
            f"`trajectory` expected times that never go back, got {t[first + 1]:g} s after {t[first]:g} s: sort the "
            'points, or read them with disorder="fix" or "shift".'
        )
    known[known] = np.concatenate([[True], np.diff(t) > 0]) if len(t) else False
    if known.sum() < 2:
        raise ValueError(f"`trajectory` expected two points or more with a place and a time, got {int(known.sum())}.")
    columns = {name: values[known] for name, values in columns.items()}
    if color == "pressure" and np.isnan(columns["pressure"]).all():
        raise ValueError(
            'color="pressure" expected a pressure at some point, got NaN throughout: its device records none. Pass '
            'color="speed".'
        )
    return columns


def _find_down(columns: dict[str, np.ndarray]) -> np.ndarray:
    """Return where the pen is on the surface: by pen_down, else by pressure, else everywhere."""
    for name in ("pen_down", "pressure"):
        if name in columns and not np.isnan(columns[name]).all():
            return columns[name] > 0
    return np.ones(len(columns["t"]), dtype=bool)
