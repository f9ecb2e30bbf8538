"""How many samples, and how many subjects, each class has."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from ._style import FAINT, INK, MUTED, class_colors, figure_style, format_label, join_words, panels

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

#: The most common class may be this many times the rarest before bars would hide the rare one.
_MAX_RATIO = 50


class ClassDistributionDisplay:
    """The number and share of samples of each class, and of subjects who have any.

    Make it with `from_labels`. Numbers stand beside the chart, so that a class with three samples of one person is seen
    for what it is.

    Parameters
    ----------
    table : DataFrame
        Indexed by class in order; columns ``n``, ``share`` and, where groups are known, ``n_subjects``.
    n_subjects : int or None
        The number of all subjects.
    label_name : str, default="severity"
        What the classes are.
    unit : str, default="windows"
        What is counted.

    Attributes
    ----------
    ax_ : Axes
        The axes.
    figure_ : Figure
        The figure.
    alt_text_ : str
        What the figure shows, in words.

    See Also
    --------
    ConfusionPanelDisplay : What a classifier makes of these classes.

    Examples
    --------
    >>> from skpd.plotting import ClassDistributionDisplay
    >>> y, people = [0, 0, 0, 1], ["ann", "ann", "bo", "bo"]
    >>> display = ClassDistributionDisplay.from_labels(y, people, labels=[0, 1, 2])
    >>> display.table
              n  share  n_subjects
    severity
    0         3   0.75           2
    1         1   0.25           1
    2         0   0.00           0
    """

    ax_: Axes
    figure_: Figure

    def __init__(
        self,
        table: pd.DataFrame,
        *,
        n_subjects: int | None = None,
        label_name: str = "severity",
        unit: str = "windows",
    ) -> None:
        self.table = table
        self.n_subjects = n_subjects
        self.label_name = label_name
        self.unit = unit

    @classmethod
    def from_labels(
        cls,
        y: Any,
        groups: Any = None,
        *,
        labels: Sequence[Any] | None = None,
        label_name: str = "severity",
        unit: str = "windows",
        scale: str = "auto",
        ax: Any = None,
    ) -> ClassDistributionDisplay:
        """Count and draw.

        Parameters
        ----------
        y : array-like of shape (n_samples,)
            Classes.
        groups : array-like of shape (n_samples,), default=None
            The subject of each sample.
        labels : sequence, default=None
            All classes of the problem, in order; None takes those that occur.
        label_name : str, default="severity"
            What the classes are.
        unit : str, default="windows"
            What is counted.
        scale : {"auto", "linear", "log"}, default="auto"
            See `plot`.
        ax : Axes, default=None
            None makes a figure.

        Returns
        -------
        display : ClassDistributionDisplay
            The display, drawn.

        Raises
        ------
        ValueError
            If `y` is empty, the lengths differ, or a class that occurs is not among the labels.
        """
        y = pd.Series(np.asarray(y))
        if y.empty:
            raise ValueError("`y` expected at least one sample, got none.")
        classes = sorted(y.unique().tolist()) if labels is None else list(labels)
        unknown = [label for label in y.unique().tolist() if label not in classes]
        if unknown:
            raise ValueError(f"`labels` expected every class that occurs, got {classes} without {unknown}: add them.")
        counts = y.value_counts().reindex(classes, fill_value=0)
        table = pd.DataFrame({"n": counts, "share": counts / len(y)})
        table.index.name = label_name
        n_subjects = None
        if groups is not None:
            groups = pd.Series(np.asarray(groups))
            if len(groups) != len(y):
                raise ValueError(f"`groups` expected {len(y)} subjects, one a sample, got {len(groups)}.")
            table["n_subjects"] = groups.groupby(y.to_numpy()).nunique().reindex(classes, fill_value=0)
            n_subjects = int(groups.nunique())
        return cls(table, n_subjects=n_subjects, label_name=label_name, unit=unit).plot(ax=ax, scale=scale)

    @property
    def alt_text_(self) -> str:
        """What the figure shows, in words."""
        parts = []
        for label, row in self.table.iterrows():
            part = f"{format_label(label)}: {row['n']:,.0f} ({_format_exact_share(row['share'])})"
            if self.n_subjects is not None:
                part += f" from {row['n_subjects']:.0f} subject{'' if row['n_subjects'] == 1 else 's'}"
            parts.append(part)
        people = "" if self.n_subjects is None else f" from {self.n_subjects} subjects"
        total = f"Class distribution of {self.table['n'].sum():,} {self.unit}{people}."
        return f"{total} By {self.label_name}, {join_words(parts)}."

    def plot(self, ax: Any = None, *, scale: str = "auto") -> ClassDistributionDisplay:
        """Draw the distribution.

        Parameters
        ----------
        ax : Axes, default=None
            None makes a figure.
        scale : {"auto", "linear", "log"}, default="auto"
            "linear" draws bars. "log" draws dots, since a bar has no foot on a logarithmic axis; a class without
            samples is a hollow dot at the edge. "auto" takes dots when the most common class has over 50 times as
            many samples as the rarest one.

        Returns
        -------
        self : ClassDistributionDisplay
            The display itself.
        """
        if scale not in ("auto", "linear", "log"):
            raise ValueError(f'`scale` expected "auto", "linear" or "log", got {scale!r}.')
        counts = self.table["n"].to_numpy()
        if scale == "auto":
            scale = "log" if counts.max() > _MAX_RATIO * counts[counts > 0].min() else "linear"
        colors = list(class_colors(self.table.index.tolist()).values())
        rows = np.arange(len(counts))
        with figure_style():
            (panel,) = panels(ax, 1, lambda figure: figure.subplots(), (6.4, 1.2 + 0.36 * len(counts)))
            if scale == "linear":
                panel.barh(rows, counts, 0.62, color=colors)
                panel.set_xlim(0, counts.max() * 1.03)
            else:
                panel.set_xscale("log")
                panel.set_xlim(0.7, counts.max() * 1.6)
                panel.hlines(rows, 0.7, counts.max() * 1.6, color=FAINT, linewidth=0.8, zorder=1)
                some = counts > 0
                panel.scatter(counts[some], rows[some], s=55, c=np.asarray(colors)[some], zorder=3)
                panel.scatter(
                    np.full((~some).sum(), 0.7),
                    rows[~some],
                    s=45,
                    facecolor="white",
                    edgecolor=MUTED,
                    clip_on=False,
                    zorder=3,
                )
            panel.set_yticks(rows, [format_label(label) for label in self.table.index])
            panel.set_ylim(len(counts) - 0.4, -0.6)
            panel.tick_params(axis="y", length=0, pad=8)
            panel.xaxis.set_major_formatter(lambda x, _: f"{x:,.0f}")
            panel.set_xlabel(f"{self.unit} (log scale)" if scale == "log" else self.unit)
            panel.set_ylabel(self.label_name)
            self._write_numbers(panel, rows)
        self.ax_ = panel
        self.figure_ = panel.figure
        return self

    def _write_numbers(self, ax: Axes, rows: np.ndarray) -> None:
        columns = [
            (self.unit, [f"{n:,}" for n in self.table["n"]]),
            ("share", [_format_exact_share(share) for share in self.table["share"]]),
        ]
        if self.n_subjects is not None:
            columns.append(("subjects", [f"{n} of {self.n_subjects}" for n in self.table["n_subjects"]]))
        # Right edges in points from the axes, so that the layout knows how much room the columns take.
        right = 0.0
        for title, texts in columns:
            right += 16 + 5.6 * max(map(len, [title, *texts]))
            ax.annotate(
                title, (1, 1), xytext=(right, 4), xycoords="axes fraction", textcoords="offset points",
                ha="right", va="bottom", color=MUTED, fontsize=9, annotation_clip=False,
            )  # fmt: skip
            for row, text in zip(rows, texts, strict=True):
                ax.annotate(
                    text, (1, row), xytext=(right, 0), xycoords=("axes fraction", "data"),
                    textcoords="offset points", ha="right", va="center", color=INK, annotation_clip=False,
                )  # fmt: skip


def _format_exact_share(share: float) -> str:
    return "<0.1%" if 0 < share < 0.0005 else f"{share:.1%}"
