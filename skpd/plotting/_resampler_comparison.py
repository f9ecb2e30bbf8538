"""Resamplers compared by score and interval."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import cycle
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from ._style import (
    GRID,
    INK,
    MUTED,
    OKABE_ITO,
    WASH,
    figure_style,
    join_words,
    legend_below,
    mark_row,
    metric_title,
    panels,
)
from ._tables import check_table

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

_FAMILIES = {"none": "no resampling", "over": "over-sampling", "under": "under-sampling", "hybrid": "hybrid"}
_MARKERS = ("o", "s", "D", "^", "v", "P")
#: Colours of classifiers; grey dashes and dots are left to the baselines.
_COLORS = OKABE_ITO[:6]
_BASELINE_DASHES = ((0, (5, 3)), (0, (1, 2)), (0, (5, 2, 1, 2)))


class ResamplerComparisonDisplay:
    """Scores of resamplers as dots with intervals, grouped by family, one panel a metric.

    Make it with `from_table`. Within a family the rows are sorted by the first metric, best first. Vertical lines are
    baselines that need no signal; hollow markers are published values, which were often reached under another protocol.

    Parameters
    ----------
    table : DataFrame
        One score a row; columns ``resampler``, ``family``, ``classifier``, ``metric``, ``value``, ``low``, ``high``
        and optionally ``published``.
    metrics : sequence of str
        The panels.
    baseline : dict of str to dict of float
        Name of a baseline to metric to value.
    published_protocol : str or None
        The protocol that the published values were reached under.
    interval : str
        What the lines are.

    Attributes
    ----------
    rows_ : list of str
        Resamplers from top to bottom.
    axes_ : ndarray of Axes
        One a metric.
    figure_ : Figure
        The figure.
    alt_text_ : str
        What the figure shows, in words.

    See Also
    --------
    ProtocolGapDisplay : The same recipe under several protocols.

    Examples
    --------
    >>> import pandas as pd
    >>> from skpd.plotting import ResamplerComparisonDisplay
    >>> table = pd.DataFrame(
    ...     [("none", "none", "RandomForest", "gmean", 0.40, 0.32, 0.47),
    ...      ("SMOTE", "over", "RandomForest", "gmean", 0.52, 0.45, 0.60),
    ...      ("ADASYN", "over", "RandomForest", "gmean", 0.55, 0.46, 0.62)],
    ...     columns=["resampler", "family", "classifier", "metric", "value", "low", "high"],
    ... )
    >>> display = ResamplerComparisonDisplay.from_table(
    ...     table, metrics=["gmean"], baseline={"majority": {"gmean": 0.0}}
    ... )
    >>> display.rows_
    ['none', 'ADASYN', 'SMOTE']
    """

    rows_: list[str]
    axes_: np.ndarray
    figure_: Figure

    def __init__(
        self,
        table: pd.DataFrame,
        *,
        metrics: Sequence[str],
        baseline: Mapping[str, Mapping[str, float]],
        published_protocol: str | None = None,
        interval: str = "95% interval over subjects",
    ) -> None:
        self.table = table
        self.metrics = metrics
        self.baseline = baseline
        self.published_protocol = published_protocol
        self.interval = interval

    @classmethod
    def from_table(
        cls,
        table: pd.DataFrame,
        *,
        metrics: Sequence[str] = ("gmean", "iba", "balanced_accuracy"),
        baseline: Mapping[str, Mapping[str, float]] | None = None,
        published_protocol: str | None = None,
        interval: str = "95% interval over subjects",
        ax: Any = None,
    ) -> ResamplerComparisonDisplay:
        """Check the table, set baselines apart, and draw.

        Parameters
        ----------
        table : DataFrame
            One score a row; columns ``resampler``, ``family`` ("none", "over", "under", "hybrid", or any other name),
            ``classifier``, ``metric``, ``value``, and optionally ``low``, ``high`` (the interval) and ``published``.
            Rows whose family is "baseline" are drawn as reference lines.
        metrics : sequence of str, default=("gmean", "iba", "balanced_accuracy")
            The panels, from left to right.
        baseline : dict of str to dict of float, default=None
            More reference lines: name to metric to value, ``{"majority": {"gmean": 0.0}}``.
        published_protocol : str, default=None
            The protocol that the published values were reached under; written in the legend.
        interval : str, default="95% interval over subjects"
            What ``low`` and ``high`` are; written below the figure.
        ax : array-like of Axes, default=None
            One a metric; None makes a figure.

        Returns
        -------
        display : ResamplerComparisonDisplay
            The display, drawn.

        Raises
        ------
        ValueError
            If the table lacks a column or a metric, or holds a score twice.
        """
        kept = check_table(table, ["resampler", "family", "classifier"], metrics)
        is_baseline = kept["family"] == "baseline"
        lines: dict[str, dict[str, float]] = {name: dict(values) for name, values in (baseline or {}).items()}
        for row in kept[is_baseline].itertuples():
            lines.setdefault(str(row.resampler), {})[str(row.metric)] = float(row.value)
        scores = kept[~is_baseline]
        if scores.empty:
            raise ValueError("`table` expected rows of at least one resampler, got only baselines.")
        display = cls(
            scores, metrics=list(metrics), baseline=lines, published_protocol=published_protocol, interval=interval
        )
        return display.plot(ax=ax)

    @property
    def alt_text_(self) -> str:
        """What the figure shows, in words."""
        parts = []
        for metric in self.metrics:
            scores = self.table[self.table["metric"] == metric].dropna(subset="value").sort_values("value")
            if scores.empty:
                continue
            worst, best = scores.iloc[0], scores.iloc[-1]
            part = (
                f"{metric_title(metric)} runs from {worst['value']:.2f} ({worst['resampler']}, {worst['classifier']}) "
                f"to {best['value']:.2f} ({best['resampler']}, {best['classifier']}"
            )
            if np.isfinite(best["low"]) and np.isfinite(best["high"]):
                part += f"; {self.interval} {best['low']:.2f} to {best['high']:.2f}"
            part += ")"
            lines = [f"{name} {values[metric]:.2f}" for name, values in self.baseline.items() if metric in values]
            parts.append(part + (f", against {join_words(lines)}" if lines else ""))
        return f"Scores of {self.table['resampler'].nunique()} resamplers. " + ". ".join(parts) + "."

    def plot(self, ax: Any = None) -> ResamplerComparisonDisplay:
        """Draw the comparison.

        Parameters
        ----------
        ax : array-like of Axes, default=None
            One a metric; None makes a figure.

        Returns
        -------
        self : ResamplerComparisonDisplay
            The display itself.
        """
        headings, positions = self._rows()
        height = max([*headings.values(), *positions.values()])
        with figure_style():
            axes = panels(
                ax,
                len(self.metrics),
                lambda figure: figure.subplots(1, len(self.metrics), sharey=True),
                (6.4, 1.45 + 0.255 * (height + 1)),
            )
            for panel, metric in zip(axes, self.metrics, strict=True):
                self._draw_metric(panel, metric, positions)
            first = axes[0]
            first.set_yticks(list(positions.values()), list(positions))
            for heading, row in headings.items():
                mark_row(first, row, heading)
            first.set_ylim(height + 0.6, -0.7)
            self._draw_legend(axes)
        self.rows_ = list(positions)
        self.axes_ = axes
        self.figure_ = first.figure
        return self

    def _rows(self) -> tuple[dict[str, float], dict[str, float]]:
        """Lay out the headings of families and, below each, its resamplers with the best first."""
        first = self.table[self.table["metric"] == self.metrics[0]].groupby("resampler")["value"].mean()
        known = list(_FAMILIES)
        order = sorted(self.table["family"].unique(), key=lambda f: known.index(f) if f in known else len(known))
        headings: dict[str, float] = {}
        positions: dict[str, float] = {}
        row = 0.0
        for family in order:
            members = list(dict.fromkeys(self.table.loc[self.table["family"] == family, "resampler"]))
            # A heading over the single row "none" would say the same thing twice.
            if members != ["none"]:
                headings[_FAMILIES.get(family, family)] = row
                row += 1
            for name in sorted(members, key=lambda m: -np.nan_to_num(first.get(m, np.nan), nan=-np.inf)):
                positions[name] = row
                row += 1
            row += 0.35
        return headings, positions

    def _draw_metric(self, ax: Axes, metric: str, positions: Mapping[str, float]) -> None:
        scores = self.table[self.table["metric"] == metric]
        classifiers = list(dict.fromkeys(self.table["classifier"]))
        spread = np.linspace(-0.2, 0.2, len(classifiers)) if len(classifiers) > 1 else [0.0]
        for row in list(positions.values())[::2]:
            ax.axhspan(row - 0.5, row + 0.5, color=WASH, zorder=0, linewidth=0)
        for dashes, values in zip(cycle(_BASELINE_DASHES), self.baseline.values(), strict=False):
            if metric in values:
                ax.axvline(values[metric], color=MUTED, linewidth=1.2, linestyle=dashes, zorder=1)
        for i, classifier in enumerate(classifiers):
            rows = scores[scores["classifier"] == classifier]
            y = rows["resampler"].map(positions).to_numpy(dtype=float) + spread[i]
            color, marker = _COLORS[i % len(_COLORS)], _MARKERS[i % len(_MARKERS)]
            ax.hlines(y, rows["low"], rows["high"], color=color, linewidth=1.8, zorder=2)
            ax.plot(
                rows["value"],
                y,
                marker,
                color=color,
                markersize=6,
                markeredgecolor="white",
                markeredgewidth=0.6,
                zorder=3,
            )
            for missing in y[rows["value"].isna()]:
                ax.text(0.02, missing, "n/a", color=MUTED, fontsize=8, va="center")
            if "published" in rows:
                ax.plot(rows["published"], y, marker, markerfacecolor="white", color=color, markersize=5.5, zorder=4)
        lowest = float(np.nanmin(scores[["value", "low"]].to_numpy(), initial=0.0))
        ax.set_xlim(min(0.0, lowest) - 0.03, 1.03)
        ax.set_xticks([0, 0.5, 1], ["0", "0.5", "1"])
        ax.grid(axis="x", color=GRID, linewidth=0.8, zorder=0)
        ax.set_axisbelow(True)
        ax.spines["left"].set_visible(False)
        ax.tick_params(axis="y", length=0)
        ax.set_title(metric_title(metric).replace(" ", "\n", 1), loc="left", fontsize=10)

    def _draw_legend(self, axes: np.ndarray) -> None:
        from matplotlib.lines import Line2D

        classifiers = list(dict.fromkeys(self.table["classifier"]))
        handles = [
            Line2D([], [], color=_COLORS[i % len(_COLORS)], marker=_MARKERS[i % len(_MARKERS)], label=classifier)
            for i, classifier in enumerate(classifiers)
        ]
        if "published" in self.table and self.table["published"].notna().any():
            protocol = self.published_protocol or "protocol not stated"
            marker = Line2D([], [], color=INK, marker="o", markerfacecolor="white", linestyle="none")
            marker.set_label(f"published ({protocol})")
            handles.append(marker)
        handles += [
            Line2D([], [], color=MUTED, linewidth=1.2, linestyle=dashes, label=f"{name} baseline")
            for dashes, name in zip(cycle(_BASELINE_DASHES), self.baseline, strict=False)
        ]
        legend_below(
            axes[0].figure,
            handles,
            ncols=2,
            title=f"score (lines: {self.interval})" if self.table["low"].notna().any() else "score",
            title_fontsize=9.5,
            columnspacing=1.6,
            handlelength=2.0,
        )
