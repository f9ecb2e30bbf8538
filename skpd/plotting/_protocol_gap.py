"""How much of a score is left when the test people are unknown to the model."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from ._style import (
    GRID,
    INK,
    LINK,
    MUTED,
    figure_style,
    format_difference,
    legend_below,
    mark_row,
    metric_title,
    panels,
)
from ._tables import check_table

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

#: From the leakiest protocol to the honest one; others keep their order in the table, in between.
_PROTOCOLS = {"as-published": 0, "as-written": 1, "subject-wise": 3, "leave-one-subject-out": 3}
_OTHER_PROTOCOL = 2
_LEAKY, _HONEST, _OTHER = "#D55E00", "#0072B2", "#6B4FA0"
_MEANINGS = {_LEAKY: "test people also in training", _HONEST: "test people never seen", _OTHER: "other protocol"}


class ProtocolGapDisplay:
    """Scores of recipes by protocol, leakiest first, with the drop drawn and written.

    Make it with `from_table`. For each recipe the dots of its protocols are joined from top to bottom, so that a score
    that lives on leakage is a line that runs to the left; an arrow measures from the first protocol to the last.

    Parameters
    ----------
    table : DataFrame
        One score a row; columns ``recipe``, ``protocol``, ``metric``, ``value``, ``low``, ``high`` and optionally
        ``published``.
    metrics : sequence of str
        The panels.
    interval : str
        What the lines are.

    Attributes
    ----------
    drops : DataFrame
        Columns ``recipe``, ``metric``, ``first`` and ``last`` (protocols) and ``change`` (last minus first).
    axes_ : ndarray of Axes
        One a metric.
    figure_ : Figure
        The figure.
    alt_text_ : str
        What the figure shows, in words.

    See Also
    --------
    ResamplerComparisonDisplay : Many resamplers under one protocol.

    Examples
    --------
    >>> import pandas as pd
    >>> from skpd.plotting import ProtocolGapDisplay
    >>> table = pd.DataFrame(
    ...     [("tremor", "subject-wise", "gmean", 0.50, 0.42, 0.58),
    ...      ("tremor", "as-published", "gmean", 0.94, 0.93, 0.95)],
    ...     columns=["recipe", "protocol", "metric", "value", "low", "high"],
    ... )
    >>> display = ProtocolGapDisplay.from_table(table)
    >>> display.alt_text_
    'Scores by protocol. G-mean of tremor goes from 0.94 (as-published) to 0.50 (subject-wise), a change of −0.44.'
    """

    axes_: np.ndarray
    figure_: Figure

    def __init__(
        self, table: pd.DataFrame, *, metrics: Sequence[str], interval: str = "95% interval over subjects"
    ) -> None:
        self.table = table
        self.metrics = metrics
        self.interval = interval

    @classmethod
    def from_table(
        cls,
        table: pd.DataFrame,
        *,
        metrics: Sequence[str] | None = None,
        interval: str = "95% interval over subjects",
        ax: Any = None,
    ) -> ProtocolGapDisplay:
        """Check the table, order the protocols, and draw.

        Parameters
        ----------
        table : DataFrame
            One score a row; columns ``recipe``, ``protocol``, ``metric``, ``value``, and optionally ``low``, ``high``
            (the interval) and ``published`` (drawn hollow, on the row it stands in).
        metrics : sequence of str, default=None
            The panels, from left to right; None takes all metrics of the table.
        interval : str, default="95% interval over subjects"
            What ``low`` and ``high`` are.
        ax : array-like of Axes, default=None
            One a metric; None makes a figure.

        Returns
        -------
        display : ProtocolGapDisplay
            The display, drawn.

        Raises
        ------
        ValueError
            If the table lacks a column or a metric, or holds a score twice.
        """
        kept = check_table(table, ["recipe", "protocol"], metrics)
        ranks = kept["protocol"].map(lambda p: _PROTOCOLS.get(p, _OTHER_PROTOCOL))
        kept = kept.assign(_rank=ranks).sort_values("_rank", kind="stable").drop(columns="_rank")
        names = list(dict.fromkeys(table["metric"])) if metrics is None else list(metrics)
        return cls(kept, metrics=names, interval=interval).plot(ax=ax)

    @property
    def drops(self) -> pd.DataFrame:
        """The change of each score from its first protocol to its last; scores under one protocol have none."""
        rows = []
        for metric in self.metrics:
            for recipe in dict.fromkeys(self.table["recipe"]):
                scores = self._scores(recipe, metric).dropna(subset="value")
                if len(scores) > 1:
                    first, last = scores.iloc[0], scores.iloc[-1]
                    rows.append((recipe, metric, first["protocol"], last["protocol"], last["value"] - first["value"]))
        return pd.DataFrame(rows, columns=["recipe", "metric", "first", "last", "change"])

    @property
    def alt_text_(self) -> str:
        """What the figure shows, in words."""
        parts = []
        for drop in self.drops.itertuples():
            scores = self._scores(drop.recipe, drop.metric).set_index("protocol")["value"]
            before, after = scores[drop.first], scores[drop.last]
            parts.append(
                f"{metric_title(str(drop.metric))} of {drop.recipe} goes from {before:.2f} ({drop.first}) to "
                f"{after:.2f} ({drop.last}), a change of {format_difference(before, after)}"
            )
        return ". ".join(["Scores by protocol", *parts]) + "."

    def plot(self, ax: Any = None) -> ProtocolGapDisplay:
        """Draw the scores and the drop.

        Parameters
        ----------
        ax : array-like of Axes, default=None
            One a metric; None makes a figure.

        Returns
        -------
        self : ProtocolGapDisplay
            The display itself.
        """
        headings, positions = self._rows()
        height = max(positions.values()) + 1.15
        with figure_style():
            axes = panels(
                ax,
                len(self.metrics),
                lambda figure: figure.subplots(1, len(self.metrics), sharey=True),
                (6.4, 1.35 + 0.4 * height),
            )
            for panel, metric in zip(axes, self.metrics, strict=True):
                self._draw_metric(panel, metric, positions)
            first = axes[0]
            first.set_yticks(list(positions.values()), [protocol for _, protocol in positions])
            for recipe, row in headings.items():
                mark_row(first, row, recipe)
            first.set_ylim(height, -0.5)
            self._draw_legend(first.figure)
        self.axes_ = axes
        self.figure_ = first.figure
        return self

    def _scores(self, recipe: Any, metric: Any) -> pd.DataFrame:
        return self.table[(self.table["recipe"] == recipe) & (self.table["metric"] == metric)]

    def _rows(self) -> tuple[dict[str, float], dict[tuple[str, str], float]]:
        """Lay out a heading for each recipe, its protocols below, and room for the arrow that measures the drop."""
        headings: dict[str, float] = {}
        positions: dict[tuple[str, str], float] = {}
        row = 0.0
        for recipe in dict.fromkeys(self.table["recipe"]):
            headings[recipe] = row
            for protocol in dict.fromkeys(self.table.loc[self.table["recipe"] == recipe, "protocol"]):
                row += 1
                positions[recipe, protocol] = row
            row += 1.7
        return headings, positions

    def _draw_metric(self, ax: Axes, metric: str, positions: dict[tuple[str, str], float]) -> None:
        from matplotlib.patheffects import Normal, Stroke

        scores = self.table[self.table["metric"] == metric]
        for recipe in dict.fromkeys(scores["recipe"]):
            rows = self._scores(recipe, metric)
            y = np.array([positions[recipe, protocol] for protocol in rows["protocol"]])
            value = rows["value"].to_numpy(dtype=float)
            known = ~np.isnan(value)
            colors = [_color(protocol) for protocol in rows["protocol"]]
            ax.plot(value[known], y[known], color=LINK, linewidth=1.6, zorder=1)
            ax.hlines(y, rows["low"], rows["high"], color=colors, linewidth=2, zorder=2)
            ax.scatter(value, y, s=48, c=colors, edgecolor="white", linewidth=0.8, zorder=3)
            for x, row, color in zip(value, y, colors, strict=True):
                if np.isnan(x):
                    ax.text(0.02, row, "n/a", color=MUTED, fontsize=8.5, va="center")
                else:
                    ax.annotate(
                        f"{x:.2f}", (x, row), xytext=(0, 6), textcoords="offset points", ha="center", color=color,
                        fontsize=9, fontweight="bold", path_effects=[Stroke(linewidth=3, foreground="white"), Normal()],
                        zorder=5,
                    )  # fmt: skip
            if "published" in rows:
                ax.plot(rows["published"], y, "D", markerfacecolor="none", color=INK, markersize=8, zorder=4)
            if known.sum() > 1:
                self._measure_drop(ax, value[known], y[known])
        ax.set_xlim(min(0.0, float(np.nanmin(scores[["value", "low"]].to_numpy(), initial=0.0))), 1.04)
        ax.set_xticks([0, 0.5, 1], ["0", "0.5", "1"])
        ax.grid(axis="x", color=GRID, linewidth=0.8)
        ax.set_axisbelow(True)
        ax.spines["left"].set_visible(False)
        ax.tick_params(axis="y", length=0)
        ax.set_title(metric_title(metric), loc="left", fontsize=10)

    @staticmethod
    def _measure_drop(ax: Axes, value: np.ndarray, y: np.ndarray) -> None:
        below = y[-1] + 0.5
        ax.plot([value[0], value[0]], [y[0], below], color=MUTED, linewidth=0.9, linestyle=(0, (1, 2)), zorder=0)
        arrow = {"arrowstyle": "-|>", "color": INK, "linewidth": 1.1, "shrinkA": 0, "shrinkB": 0, "mutation_scale": 9}
        ax.annotate("", (value[-1], below), (value[0], below), arrowprops=arrow)
        ax.annotate(
            format_difference(value[0], value[-1]), ((value[0] + value[-1]) / 2, below), xytext=(0, -3),
            textcoords="offset points", ha="center", va="top", fontsize=9.5, fontweight="bold",
        )  # fmt: skip

    def _draw_legend(self, figure: Any) -> None:
        from matplotlib.lines import Line2D

        occurring = {_color(protocol) for protocol in self.table["protocol"]}
        handles = [
            Line2D([], [], color=color, marker="o", label=meaning)
            for color, meaning in _MEANINGS.items()
            if color in occurring
        ]
        if "published" in self.table and self.table["published"].notna().any():
            handles.append(
                Line2D([], [], color=INK, marker="D", markerfacecolor="none", linestyle="none", label="published value")
            )
        legend_below(
            figure,
            handles,
            ncols=2,
            title=f"score (lines: {self.interval})" if self.table["low"].notna().any() else "score",
            title_fontsize=9.5,
            columnspacing=1.6,
        )


def _color(protocol: str) -> str:
    rank = _PROTOCOLS.get(protocol, _OTHER_PROTOCOL)
    return {_OTHER_PROTOCOL: _OTHER, 3: _HONEST}.get(rank, _LEAKY)
