"""What resampling does to each class."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from ..metrics import classification_table
from ._style import (
    GRID,
    INK,
    LINK,
    OKABE_ITO,
    WASH,
    figure_style,
    format_change,
    format_label,
    join_words,
    legend_below,
    mark_row,
    metric_title,
    panels,
)

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

_METRICS = ("sensitivity", "specificity", "gmean")
_HIGHER, _LOWER = OKABE_ITO[0], OKABE_ITO[1]


class ClassEffectDisplay:
    """Scores of each class with and without resampling, one row a resampler below the heading of its class.

    Make it with `from_predictions`. An open mark is the score without resampling, a filled one that with it: blue where
    it is higher, orange where it is lower or the same.

    Parameters
    ----------
    table : DataFrame
        Columns class, name, metric, value, reference and n, the number of samples of the class; nan values where a
        class does not occur.
    metrics : sequence of str
        The panels, from left to right.
    reference : str
        The prediction that the others are compared with.
    label_name : str, default="severity"
        What the classes are.

    Attributes
    ----------
    table : DataFrame
        As given.
    axes_ : ndarray of Axes
        One a metric.
    figure_ : Figure
        The figure.
    alt_text_ : str
        What the figure shows, in words.

    See Also
    --------
    ResamplerComparisonDisplay : The same, averaged over the classes.

    Examples
    --------
    >>> from skpd.plotting import ClassEffectDisplay
    >>> y = [0, 0, 0, 1, 1]
    >>> display = ClassEffectDisplay.from_predictions({"none": (y, [0, 0, 0, 0, 0]), "SMOTE": (y, [0, 0, 1, 1, 0])})
    >>> display.table.query("metric == 'sensitivity'")[["class", "name", "reference", "value"]].round(2).values.tolist()
    [[0, 'SMOTE', 1.0, 0.67], [1, 'SMOTE', 0.0, 0.5]]
    """

    axes_: np.ndarray
    figure_: Figure

    def __init__(
        self, table: pd.DataFrame, *, metrics: Sequence[str], reference: str, label_name: str = "severity"
    ) -> None:
        self.table = table
        self.metrics = metrics
        self.reference = reference
        self.label_name = label_name

    @classmethod
    def from_predictions(
        cls,
        predictions: Mapping[str, tuple[Any, Any]],
        labels: Sequence[Any] | None = None,
        *,
        reference: str = "none",
        metrics: Sequence[str] = _METRICS,
        label_name: str = "severity",
        ax: Any = None,
    ) -> ClassEffectDisplay:
        """Score each class against the rest and draw.

        Parameters
        ----------
        predictions : dict of str to (y_true, y_pred)
            Named predictions, the reference among them.
        labels : sequence, default=None
            All classes of the problem, in order; None takes those that occur in any of the predictions.
        reference : str, default="none"
            The prediction that the others are compared with.
        metrics : sequence of str, default=("sensitivity", "specificity", "gmean")
            Columns of `skpd.metrics.classification_table`.
        label_name : str, default="severity"
            What the classes are.
        ax : array-like of Axes, default=None
            One a metric; None makes a figure.

        Returns
        -------
        display : ClassEffectDisplay
            The display, drawn.

        Raises
        ------
        ValueError
            If the reference or what to compare with it is missing, or a metric is unknown.
        """
        if reference not in predictions or len(predictions) < 2:
            raise ValueError(
                f"`predictions` expected {reference!r} and at least one more to compare with it, got "
                f"{list(predictions)}: add it, or name another `reference`."
            )
        if labels is None:
            labels = np.unique(np.concatenate([np.ravel(y) for pair in predictions.values() for y in pair])).tolist()
        tables = {
            name: classification_table(*pair, labels=list(labels)).drop(index=["support", "macro"])
            for name, pair in predictions.items()
        }
        unknown = [metric for metric in metrics if metric not in tables[reference]]
        if unknown:
            raise ValueError(f"`metrics` expected among {list(tables[reference].columns)}, got {unknown[0]!r}.")
        rows = [
            (label, name, metric, table.loc[label, metric], tables[reference].loc[label, metric], int(n))
            for label, n in zip(labels, tables[reference]["support"], strict=True)
            for name, table in tables.items()
            if name != reference
            for metric in metrics
        ]
        frame = pd.DataFrame(rows, columns=["class", "name", "metric", "value", "reference", "n"])
        return cls(frame, metrics=list(metrics), reference=reference, label_name=label_name).plot(ax=ax)

    @property
    def alt_text_(self) -> str:
        """What the figure shows, in words."""
        parts = []
        for label, of_class in self.table[self.table["metric"] == self.metrics[0]].groupby("class", sort=False):
            change = (of_class["value"] - of_class["reference"]).dropna()
            if len(change):
                best, worst = of_class.loc[change.idxmax(), "name"], of_class.loc[change.idxmin(), "name"]
                parts.append(
                    f"{format_label(label)} from {format_change(change.min())} ({worst}) to "
                    f"{format_change(change.max())} ({best})"
                )
            else:
                parts.append(f"{format_label(label)} absent")
        return (
            f"Change of {metric_title(self.metrics[0])} by {self.label_name} against {self.reference}: "
            f"{join_words(parts)}."
        )

    def plot(self, ax: Any = None) -> ClassEffectDisplay:
        """Draw the scores.

        Parameters
        ----------
        ax : array-like of Axes, default=None
            One a metric; None makes a figure.

        Returns
        -------
        self : ClassEffectDisplay
            The display itself.
        """
        names, labels = list(dict.fromkeys(self.table["name"])), list(dict.fromkeys(self.table["class"]))
        step = len(names) + 1.6
        start = {label: i * step for i, label in enumerate(labels)}
        height = step * len(labels) - 1.2
        with figure_style():
            axes = panels(
                ax,
                len(self.metrics),
                lambda figure: figure.subplots(1, len(self.metrics), sharey=True),
                (6.4, 1.1 + 0.19 * height),
            )
            for panel, metric in zip(axes, self.metrics, strict=True):
                self._draw_metric(panel, metric, start, names)
            first = axes[0]
            ticks = [start[label] + 1 + i for label in labels for i in range(len(names))]
            first.set_yticks(ticks, names * len(labels), fontsize=8)
            counts = self.table.groupby("class", sort=False)["n"].first()
            for label in labels:
                mark_row(first, start[label], f"{self.label_name} {format_label(label)} (n = {counts[label]:,})")
            first.set_ylim(height, -0.8)
            self._draw_legend(first.figure)
        self.axes_ = axes
        self.figure_ = first.figure
        return self

    def _draw_metric(self, ax: Axes, metric: str, start: Mapping[Any, float], names: list[str]) -> None:
        for label, top in start.items():
            ax.axhspan(top + 0.5, top + len(names) + 0.5, color=WASH, zorder=0, linewidth=0)
            rows = self.table[(self.table["metric"] == metric) & (self.table["class"] == label)]
            y = top + 1 + rows["name"].map({name: i for i, name in enumerate(names)}).to_numpy(dtype=float)
            if rows["reference"].isna().all():
                ax.text(0.5, top + (len(names) + 1) / 2, "absent", ha="center", va="center", style="italic", color=INK)
                continue
            colors = np.where(rows["value"] > rows["reference"], _HIGHER, _LOWER)
            ax.hlines(y, rows["reference"], rows["value"], color=LINK, linewidth=1.6, zorder=2)
            ax.scatter(rows["reference"], y, s=14, facecolor="white", edgecolor=INK, linewidth=0.8, zorder=3)
            ax.scatter(rows["value"], y, s=18, color=colors, zorder=4, edgecolor="white", linewidth=0.4)
        ax.set_xlim(-0.04, 1.04)
        ax.set_xticks([0, 0.5, 1], ["0", "0.5", "1"])
        ax.grid(axis="x", color=GRID, linewidth=0.8, zorder=0)
        ax.set_axisbelow(True)
        ax.spines["left"].set_visible(False)
        ax.tick_params(axis="y", length=0)
        ax.set_title(metric_title(metric), loc="left")

    def _draw_legend(self, figure: Any) -> None:
        from matplotlib.lines import Line2D

        marks = (
            ("no resampling" if self.reference == "none" else self.reference, "white", INK),
            ("resampled, higher", _HIGHER, _HIGHER),
            ("resampled, not higher", _LOWER, _LOWER),
        )
        handles = [
            Line2D([], [], marker="o", linestyle="none", markersize=5, label=text, markerfacecolor=face,
                   markeredgecolor=edge)
            for text, face, edge in marks
        ]  # fmt: skip
        legend_below(figure, handles, ncols=3, columnspacing=1.2)
