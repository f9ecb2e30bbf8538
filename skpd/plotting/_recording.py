"""A recording, its frequency bands and its windows on one time axis."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from ._signals import as_columns, check_names, check_windows, decimate, rms
from ._style import (
    FAINT,
    INK,
    MUTED,
    OKABE_ITO,
    band_title,
    class_colors,
    figure_style,
    format_label,
    format_unit,
    legend_below,
    panels,
)

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

#: More windows than this, or more rows of them, are drawn as shares of time instead of one by one.
_MAX_WINDOWS, _MAX_ROWS = 120, 6
_STRIP_BINS = 240


class RecordingDisplay:
    """A recording from the raw axes down to the windows that are classified.

    Make it with `from_signals`. From top to bottom on one time axis: the raw channels, the signals that the bands were
    filtered from, one panel a band, and, where windows are given, a strip of them in staggered rows so that overlapping
    windows can be told apart. Windows with predictions are coloured by class.

    Parameters
    ----------
    recording : ndarray of shape (n_timesteps, n_channels)
        The raw channels.
    signals : ndarray of shape (n_timesteps, n_signals) or None
        What the bands were filtered from; None leaves the panel out.
    bands : ndarray of shape (n_timesteps, n_bands)
        The filtered signals.
    sampling_rate : float
        In Hz.
    channel_names, signal_names, band_names : sequence of str
        One name a column of `recording`, `signals` and `bands`.
    units : str
        Of all signals.
    windows : DataFrame or None
        Columns ``start`` and ``stop`` in samples, stop exclusive, and optionally ``prediction``.
    labels : sequence or None
        All classes that a prediction can be, in order.
    label_name : str
        What is predicted.

    Attributes
    ----------
    axes_ : ndarray of Axes
        From top to bottom.
    figure_ : Figure
        The figure.
    alt_text_ : str
        What the figure shows, in words.

    See Also
    --------
    ClassDistributionDisplay : How many windows of each class there are.

    Notes
    -----
    A long recording is drawn as the minimum and maximum of each of 1,500 stretches of time, so that no peak is lost
    and four days draw as quickly as a minute; a gap (nan) shorter than a stretch does not show. Pass `time_range` to
    see more of less. The name of a band (rest, postural, kinetic) is a label of its frequencies, not a diagnosis.

    Examples
    --------
    >>> import numpy as np
    >>> from skpd.plotting import RecordingDisplay
    >>> t = np.arange(500) / 50
    >>> axes = np.column_stack([np.sin(2 * np.pi * 5 * t), np.cos(2 * np.pi * 5 * t), np.full(500, 9.81)])
    >>> display = RecordingDisplay.from_signals(axes, axes[:, :1], sampling_rate=50, band_names=["rest_3_6hz"])
    >>> [ax.get_title(loc="left") for ax in display.axes_]
    ['raw axes', 'magnitude', 'rest band, 3–6 Hz']
    """

    axes_: np.ndarray
    figure_: Figure

    def __init__(
        self,
        recording: np.ndarray,
        signals: np.ndarray | None,
        bands: np.ndarray,
        *,
        sampling_rate: float,
        channel_names: Sequence[str],
        signal_names: Sequence[str],
        band_names: Sequence[str],
        units: str = "m/s²",
        windows: pd.DataFrame | None = None,
        labels: Sequence[Any] | None = None,
        label_name: str = "prediction",
    ) -> None:
        self.recording = recording
        self.signals = signals
        self.bands = bands
        self.sampling_rate = sampling_rate
        self.channel_names = channel_names
        self.signal_names = signal_names
        self.band_names = band_names
        self.units = units
        self.windows = windows
        self.labels = labels
        self.label_name = label_name

    @classmethod
    def from_signals(
        cls,
        recording: Any,
        bands: Any,
        *,
        sampling_rate: float,
        signals: Any = None,
        channel_names: Sequence[str] | None = None,
        signal_names: Sequence[str] | None = None,
        band_names: Sequence[str] | None = None,
        units: str = "m/s²",
        windows: pd.DataFrame | None = None,
        labels: Sequence[Any] | None = None,
        label_name: str = "prediction",
        ax: Any = None,
        time_range: tuple[float, float] | None = None,
    ) -> RecordingDisplay:
        """Check the signals, compute the magnitude, and draw.

        Parameters
        ----------
        recording : array-like of shape (n_timesteps,) or (n_timesteps, n_channels)
            The raw channels, in `units`.
        bands : array-like of shape (n_timesteps,) or (n_timesteps, n_bands)
            The filtered signals, in `units`.
        sampling_rate : float
            In Hz.
        signals : array-like of shape (n_timesteps,) or (n_timesteps, n_signals), default=None
            What the bands were filtered from. None takes the Euclidean magnitude of the channels, or nothing where
            there is one channel.
        channel_names, signal_names, band_names : sequence of str, default=None
            One name a column. A band named as by `TremorBandFilter`, ``rest_3_6hz``, is titled "rest band, 3–6 Hz".
        units : str, default="m/s²"
            Of all signals.
        windows : DataFrame, default=None
            Columns ``start`` and ``stop`` in samples, stop exclusive, and optionally ``prediction``.
        labels : sequence, default=None
            All classes that a prediction can be, in order; None takes those that occur.
        label_name : str, default="prediction"
            What is predicted, with its unit if it has one.
        ax : array-like of Axes, default=None
            One a panel; None makes a figure.
        time_range : tuple of float, default=None
            First and last second to draw.

        Returns
        -------
        display : RecordingDisplay
            The display, drawn.

        Raises
        ------
        ValueError
            If lengths or names do not match, or windows lie outside the recording.
        """
        if not sampling_rate > 0:
            raise ValueError(f"`sampling_rate` expected a positive number of Hz, got {sampling_rate}.")
        raw = as_columns(recording, "recording", None)
        source: np.ndarray | None
        filtered = as_columns(bands, "bands", len(raw))
        if signals is not None:
            source = as_columns(signals, "signals", len(raw))
            default_signals = [f"signal {i}" for i in range(source.shape[1])]
        else:
            source = np.sqrt(np.einsum("ij,ij->i", raw, raw))[:, None] if raw.shape[1] > 1 else None
            default_signals = ["magnitude"]
        if windows is not None:
            check_windows(windows, len(raw))
        default_channels = "xyz" if raw.shape[1] == 3 else [f"channel {i}" for i in range(raw.shape[1])]
        display = cls(
            raw,
            source,
            filtered,
            sampling_rate=float(sampling_rate),
            channel_names=check_names(channel_names, default_channels, raw.shape[1], "channel_names"),
            signal_names=check_names(
                signal_names, default_signals, 0 if source is None else source.shape[1], "signal_names"
            ),
            band_names=check_names(
                band_names, [f"band {i}" for i in range(filtered.shape[1])], filtered.shape[1], "band_names"
            ),
            units=units,
            windows=windows,
            labels=labels,
            label_name=label_name,
        )
        return display.plot(ax=ax, time_range=time_range)

    def plot(self, ax: Any = None, *, time_range: tuple[float, float] | None = None) -> RecordingDisplay:
        """Draw the recording.

        Parameters
        ----------
        ax : array-like of Axes, default=None
            One a panel: raw axes, signals where there are any, one a band, windows where there are any. None makes a
            figure.
        time_range : tuple of float, default=None
            First and last second to draw; None draws all.

        Returns
        -------
        self : RecordingDisplay
            The display itself.
        """
        first, last = self._sample_range(time_range)
        divisor, time_unit = _time_unit((last - first) / self.sampling_rate)
        traces = [("raw axes", self.recording, self.channel_names)]
        if self.signals is not None:
            title = self.signal_names[0] if len(self.signal_names) == 1 else "signals"
            traces.append((title, self.signals, self.signal_names))
        traces += [(band_title(name), self.bands[:, [i]], [name]) for i, name in enumerate(self.band_names)]
        heights = [1.5] + [1.0] * (len(traces) - 1) + ([0.45] if self.windows is not None else [])

        with figure_style():
            axes = panels(
                ax,
                len(heights),
                lambda figure: figure.subplots(len(heights), 1, sharex=True, height_ratios=heights),
                (6.4, 1.2 + 0.95 * sum(heights)),
            )
            for panel, (title, columns, names) in zip(axes, traces, strict=False):
                self._draw_trace(panel, title, columns[first:last], names, first, divisor)
            band_axes = axes[len(traces) - len(self.band_names) : len(traces)]
            # One scale for all bands: which of them carries the tremor is what the reader looks for.
            reach = max((np.abs(panel.get_ylim()).max() for panel in band_axes), default=1.0)
            for i, panel in enumerate(band_axes):
                panel.set_ylim(-reach, reach)
                strength = f"RMS {rms(self.bands[first:last, i]):.2g} {format_unit(self.units)}"
                panel.set_title(strength, loc="right", fontsize=9.5, fontweight="normal", color=MUTED)
            if self.windows is not None:
                self._draw_windows(axes[-1], first, last, divisor)
            for panel in axes:
                panel.set_xlim(first / self.sampling_rate / divisor, last / self.sampling_rate / divisor)
                panel.tick_params(axis="x", labelbottom=panel is axes[-1])
            axes[-1].set_xlabel(f"time ({time_unit})")
            axes[0].figure.align_ylabels(list(axes))
        self.axes_ = axes
        self.figure_ = axes[0].figure
        return self

    @property
    def alt_text_(self) -> str:
        """What the figure shows, in words."""
        divisor, time_unit = _time_unit(len(self.recording) / self.sampling_rate)
        strengths = ", ".join(
            f"{band_title(name)}: {rms(self.bands[:, i]):.2g}" for i, name in enumerate(self.band_names)
        )
        text = (
            f"A recording of {len(self.recording) / self.sampling_rate / divisor:.3g} {time_unit} with "
            f"{self.recording.shape[1]} channel(s) at {self.sampling_rate:g} Hz. Root mean square of each band in "
            f"{format_unit(self.units)}: {strengths}."
        )
        if self.windows is not None:
            text += f" {_describe_windows(self.windows, self.sampling_rate).capitalize()}."
            if "prediction" in self.windows:
                counts = self.windows["prediction"].value_counts().sort_index()
                text += (
                    f" Windows by {self.label_name}: {', '.join(f'{format_label(k)}: {n}' for k, n in counts.items())}."
                )
        return text

    def _sample_range(self, time_range: tuple[float, float] | None) -> tuple[int, int]:
        if time_range is None:
            return 0, len(self.recording)
        first = max(0, int(np.floor(time_range[0] * self.sampling_rate)))
        last = min(len(self.recording), int(np.ceil(time_range[1] * self.sampling_rate)))
        if first >= last:
            raise ValueError(
                f"`time_range` expected (first, last) within the {len(self.recording) / self.sampling_rate:g} s of the "
                f"recording, got {time_range}."
            )
        return first, last

    def _draw_trace(
        self, ax: Axes, title: str, columns: np.ndarray, names: Sequence[str], first: int, divisor: float
    ) -> None:
        colors = OKABE_ITO if len(names) > 1 else (INK,)
        positions, values = decimate(columns)
        time = (positions + first) / self.sampling_rate / divisor
        for i, name in enumerate(names):
            ax.plot(time, values[:, i], color=colors[i % len(colors)], label=name, linewidth=0.9)
        ax.set_title(title, loc="left")
        ax.set_ylabel(format_unit(self.units))
        if len(names) > 1:
            ax.legend(loc="lower right", bbox_to_anchor=(1.0, 1.0), ncols=len(names), borderaxespad=0.1, borderpad=0.1)

    def _draw_windows(self, ax: Axes, first: int, last: int, divisor: float) -> None:
        assert self.windows is not None
        shown = self.windows[(self.windows["stop"] > first) & (self.windows["start"] < last)].sort_values("start")
        predicted = "prediction" in shown
        labels = (
            self.labels if self.labels is not None else sorted(self.windows["prediction"].unique()) if predicted else []
        )
        colors = class_colors(labels) if predicted else {}
        rows = _stagger(shown) if len(shown) <= _MAX_WINDOWS else None
        scale = 1 / self.sampling_rate / divisor
        if rows is not None and max(rows, default=0) < _MAX_ROWS:
            self._draw_each_window(ax, shown, rows, colors, scale)
            what = ""
        else:
            self._draw_window_shares(ax, shown, colors, first, last, scale)
            what = ", as shares of time"
        ax.set_title(_describe_windows(shown, self.sampling_rate) + what, loc="left")
        ax.set_yticks([])
        ax.spines["left"].set_visible(False)
        if predicted:
            from matplotlib.patches import Patch

            patches = [Patch(color=color, label=format_label(label)) for label, color in colors.items()]
            legend_below(ax.figure, patches, title=self.label_name, ncols=len(patches), handlelength=1.0)

    @staticmethod
    def _draw_each_window(ax: Axes, shown: pd.DataFrame, rows: list[int], colors: dict, scale: float) -> None:
        from matplotlib.collections import LineCollection

        start, stop = shown["start"].to_numpy() * scale, shown["stop"].to_numpy() * scale
        # Neighbours in a row would touch: each is drawn a little shorter than it is.
        inset = 0.03 * (stop - start)
        height = -np.asarray(rows, dtype=float)
        left, right = start + inset, stop - inset
        if colors:
            ax.barh(height, right - left, 0.7, left=left, color=[colors[p] for p in shown["prediction"]])
        else:
            brackets = [
                [(a, y - 0.3), (a, y + 0.3), (b, y + 0.3), (b, y - 0.3)]
                for a, b, y in zip(left, right, height, strict=True)
            ]
            ax.add_collection(LineCollection(brackets, colors=MUTED, linewidths=1.1))
        ax.set_ylim(-max(rows, default=0) - 0.6, 0.6)

    @staticmethod
    def _draw_window_shares(ax: Axes, shown: pd.DataFrame, colors: dict, first: int, last: int, scale: float) -> None:
        edges = np.linspace(first, last, _STRIP_BINS + 1)
        middle = (shown["start"].to_numpy() + shown["stop"].to_numpy()) / 2
        counts = [np.histogram(middle[(shown["prediction"] == label).to_numpy()], edges)[0] for label in colors] or [
            np.histogram(middle, edges)[0] > 0
        ]
        total = np.maximum(np.sum(counts, axis=0), 1)
        base = np.zeros(_STRIP_BINS)
        for count, color in zip(counts, list(colors.values()) or [MUTED], strict=True):
            ax.stairs(base + count / total, edges * scale, baseline=base, fill=True, color=color)
            base = base + count / total
        ax.set_ylim(0, 1)
        ax.set_facecolor(FAINT)


def _time_unit(seconds: float) -> tuple[float, str]:
    if seconds <= 600:
        return 1.0, "s"
    return (60.0, "min") if seconds <= 3 * 3600 else (3600.0, "h")


def _stagger(windows: pd.DataFrame) -> list[int]:
    """Give each window, in order of start, the first row in which it does not overlap the one before."""
    ends: list[int] = []
    rows = []
    for start, stop in zip(windows["start"], windows["stop"], strict=True):
        row = next((i for i, end in enumerate(ends) if end <= start), len(ends))
        ends[row : row + 1] = [stop]
        rows.append(row)
    return rows


def _describe_windows(windows: pd.DataFrame, sampling_rate: float) -> str:
    if windows.empty:
        return "no windows"
    durations = (windows["stop"] - windows["start"]).to_numpy() / sampling_rate
    text = f"{len(windows):,} window{'s' if len(windows) > 1 else ''} of "
    if np.ptp(durations) > 1e-9:
        return text + f"{durations.min():.3g} to {durations.max():.3g} s"
    text += f"{durations[0]:.3g} s"
    if len(windows) > 1:
        step = np.median(np.diff(np.sort(windows["start"].to_numpy()))) / sampling_rate
        text += f", {max(0.0, 1 - step / durations[0]):.0%} overlap"
    return text
