"""Scores by the number of subjects trained on."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from ._style import (
    GRID,
    MUTED,
    OKABE_ITO,
    figure_style,
    format_difference,
    join_words,
    legend_below,
    metric_title,
    panels,
)

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

_MARKERS = ("o", "s", "D", "^", "v", "P")
_COLUMNS = ["n_subjects", "metric", "score"]


class LearningCurveDisplay:
    """Scores on unseen people by the number of people trained on, one panel a metric, one line a recipe.

    Make it with `from_curve`. Lines join means; bars hold the middle 80 % of test folds over all repetitions.

    Parameters
    ----------
    table : DataFrame
        One row a recipe, metric and number of subjects; columns recipe, metric, n_subjects, mean, low, high, n_folds.
    metrics : sequence of str
        The panels.
    baseline : dict of str to dict of float
        Name of a baseline to metric to value.

    Attributes
    ----------
    axes_ : ndarray of Axes
        One a metric.
    figure_ : Figure
        The figure.
    alt_text_ : str
        What the figure shows, in words.

    See Also
    --------
    skpd.model_selection.subject_learning_curve : Computes the curve.

    Examples
    --------
    >>> import pandas as pd
    >>> from skpd.plotting import LearningCurveDisplay
    >>> curve = pd.DataFrame(
    ...     [(4, "gmean", 0.50), (4, "gmean", 0.60), (16, "gmean", 0.70), (16, "gmean", 0.72)],
    ...     columns=["n_subjects", "metric", "score"],
    ... )
    >>> print(LearningCurveDisplay.from_curve(curve).alt_text_)
    Score on unseen people by the number of people trained on. G-mean goes from 0.55 with 4 to 0.71 with 16, a change
    of +0.16.
    """

    axes_: np.ndarray
    figure_: Figure

    def __init__(
        self, table: pd.DataFrame, *, metrics: Sequence[str], baseline: Mapping[str, Mapping[str, float]]
    ) -> None:
        self.table = table
        self.metrics = metrics
        self.baseline = baseline

    @classmethod
    def from_curve(
        cls,
        curve: pd.DataFrame,
        *,
        metrics: Sequence[str] | None = None,
        baseline: Mapping[str, Mapping[str, float]] | None = None,
        ax: Any = None,
    ) -> LearningCurveDisplay:
        """Average the folds and draw.

        Parameters
        ----------
        curve : DataFrame
            What `skpd.model_selection.subject_learning_curve` returns: columns ``n_subjects``, ``metric`` and
            ``score``, one row a fit. To compare several recipes put their curves together with a column ``recipe``.
        metrics : sequence of str, default=None
            The panels, from left to right; None takes all metrics of the curve.
        baseline : dict, default=None
            Reference lines: name to metric to value, ``{"majority": {"balanced_accuracy": 0.5}}``.
        ax : array-like of Axes, default=None
            One a metric; None makes a figure.

        Returns
        -------
        display : LearningCurveDisplay
            The display, drawn.

        Raises
        ------
        ValueError
            If the curve lacks a column or a metric, or has no score.
        """
        missing = [name for name in _COLUMNS if name not in curve.columns]
        if missing:
            raise ValueError(
                f"`curve` expected the columns {', '.join(_COLUMNS)}; got {list(curve.columns)}, without "
                f"{', '.join(missing)}: pass what subject_learning_curve returned."
            )
        known = list(dict.fromkeys(curve["metric"]))
        names = known if metrics is None else list(metrics)
        if not names or set(names) - set(known):
            raise ValueError(f"`metrics` expected some of {known}, which the curve holds; got {names}.")
        kept = curve if "recipe" in curve else curve.assign(recipe="")
        kept = kept[kept["metric"].isin(names)].dropna(subset="score")
        if kept.empty:
            raise ValueError(f"`curve` expected at least one score of {names}, got none that is a number.")
        scores = kept.groupby(["recipe", "metric", "n_subjects"], sort=False)["score"]
        table = scores.agg(
            mean="mean", low=lambda s: s.quantile(0.1), high=lambda s: s.quantile(0.9), n_folds="size"
        ).reset_index()
        return cls(table, metrics=names, baseline=dict(baseline or {})).plot(ax=ax)

    @property
    def alt_text_(self) -> str:
        """What the figure shows, in words."""
        parts = []
        for metric in self.metrics:
            for recipe in self._recipes():
                line = self._line(recipe, metric)
                if len(line) < 2:
                    continue
                first, last = line.iloc[0], line.iloc[-1]
                parts.append(
                    f"{metric_title(metric)}{f' of {recipe}' if recipe else ''} goes from {first['mean']:.2f} with "
                    f"{first['n_subjects']:.0f} to {last['mean']:.2f} with {last['n_subjects']:.0f}, a change of "
                    f"{format_difference(first['mean'], last['mean'])}"
                )
        lines = [
            f"{metric_title(metric)} of {name} is {values[metric]:.2f}"
            for name, values in self.baseline.items()
            for metric in self.metrics
            if metric in values
        ]
        if lines:
            parts.append(f"For reference, {join_words(lines)}")
        return ". ".join(["Score on unseen people by the number of people trained on", *parts]) + "."

    def plot(self, ax: Any = None) -> LearningCurveDisplay:
        """Draw the curves.

        Parameters
        ----------
        ax : array-like of Axes, default=None
            One a metric; None makes a figure.

        Returns
        -------
        self : LearningCurveDisplay
            The display itself.
        """
        n_panels = len(self.metrics)
        with figure_style():
            axes = panels(
                ax, n_panels, lambda figure: figure.subplots(1, n_panels), (max(4.8, 3.4 * n_panels + 0.4), 3.9)
            )
            for panel, metric in zip(axes, self.metrics, strict=True):
                self._draw_metric(panel, metric)
            self._draw_legend(axes[0].figure)
        self.axes_ = axes
        self.figure_ = axes[0].figure
        return self

    def _recipes(self) -> list[str]:
        return list(dict.fromkeys(self.table["recipe"]))

    def _line(self, recipe: str, metric: str) -> pd.DataFrame:
        chosen = (self.table["recipe"] == recipe) & (self.table["metric"] == metric)
        return self.table[chosen].sort_values("n_subjects")

    def _draw_metric(self, ax: Axes, metric: str) -> None:
        recipes = self._recipes()
        for position, recipe in enumerate(recipes):
            line, color = self._line(recipe, metric), OKABE_ITO[position % len(OKABE_ITO)]
            # On a logarithmic axis a factor moves every point by the same width, so that intervals stand side by side.
            x = line["n_subjects"].to_numpy(dtype=float) * 1.035 ** (position - (len(recipes) - 1) / 2)
            ax.vlines(x, line["low"], line["high"], color=color, alpha=0.45, linewidth=2)
            ax.plot(x, line["mean"], color=color, marker=_MARKERS[position % len(_MARKERS)], markersize=5, zorder=3)
        for name, values in self.baseline.items():
            if metric in values:
                ax.axhline(values[metric], color=MUTED, linewidth=1, linestyle=(0, (5, 3)), zorder=1)
                ax.annotate(
                    name, (1, values[metric]), xycoords=("axes fraction", "data"), xytext=(0, 3),
                    textcoords="offset points", ha="right", color=MUTED, fontsize=9,
                )  # fmt: skip
        sizes = np.unique(self.table["n_subjects"])
        ax.set_xscale("log")
        ax.set_xticks(sizes, [f"{size:,.0f}" for size in sizes])
        ax.minorticks_off()
        ax.grid(axis="y", color=GRID, linewidth=0.8)
        ax.set_axisbelow(True)
        ax.set_xlabel("people trained on (log scale)")
        ax.set_title(metric_title(metric))

    def _draw_legend(self, figure: Any) -> None:
        from matplotlib.lines import Line2D

        recipes = self._recipes()
        handles: list[Any] = [
            Line2D(
                [], [], color=OKABE_ITO[i % len(OKABE_ITO)], marker=_MARKERS[i % len(_MARKERS)], label=recipe or "mean"
            )
            for i, recipe in enumerate(recipes)
        ]
        handles.append(Line2D([], [], color=MUTED, alpha=0.45, linewidth=2, label="middle 80% of test folds"))
        legend_below(figure, handles, ncols=min(len(handles), 3), columnspacing=1.6)
