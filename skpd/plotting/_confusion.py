"""Confusion matrices of several predictions side by side."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
from sklearn.metrics import confusion_matrix
from sklearn.utils.multiclass import unique_labels

from ._style import FAINT, INK, MUTED, WASH, figure_style, format_label, format_share, join_words, panels, text_color_on

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

#: One hue, lightness falling with the share: safe in greyscale and for every kind of colour vision.
_COLORMAP = "Blues"


class ConfusionPanelDisplay:
    """Row-normalised confusion matrices, one panel a prediction, on one colour scale.

    Make it with `from_predictions`. Each row sums to 100%, so the outlined diagonal reads as the recall of each class;
    the number of samples stands in brackets, because 100% of three windows is not 100% of three thousand.

    Parameters
    ----------
    matrices : dict of str to ndarray of shape (n_classes, n_classes)
        Counts for each named prediction: true classes in rows, predicted classes in columns.
    labels : sequence
        The classes, in the order of the rows.
    label_name : str, default="severity"
        What the classes are.

    Attributes
    ----------
    shares : dict of str to ndarray of shape (n_classes, n_classes)
        The rows as shares of one; nan for a class without samples.
    axes_ : ndarray of Axes
        One a prediction.
    figure_ : Figure
        The figure.
    alt_text_ : str
        What the figure shows, in words.

    See Also
    --------
    sklearn.metrics.confusion_matrix : The counts.
    OneVsRestRocDisplay : The same comparison for scores instead of decisions.

    Examples
    --------
    >>> from skpd.plotting import ConfusionPanelDisplay
    >>> y_true = [0, 0, 0, 0, 1, 1]
    >>> display = ConfusionPanelDisplay.from_predictions(
    ...     {"none": (y_true, [0, 0, 0, 0, 0, 1]), "SMOTE": (y_true, [0, 0, 0, 1, 1, 1])}
    ... )
    >>> display.shares["SMOTE"]
    array([[0.75, 0.25],
           [0.  , 1.  ]])
    """

    axes_: np.ndarray
    figure_: Figure

    def __init__(
        self, matrices: Mapping[str, np.ndarray], labels: Sequence[Any], *, label_name: str = "severity"
    ) -> None:
        self.matrices = matrices
        self.labels = labels
        self.label_name = label_name

    @classmethod
    def from_predictions(
        cls,
        predictions: Mapping[str, tuple[Any, Any]],
        labels: Sequence[Any] | None = None,
        *,
        label_name: str = "severity",
        ax: Any = None,
    ) -> ConfusionPanelDisplay:
        """Count, normalise and draw.

        Parameters
        ----------
        predictions : dict of str to (y_true, y_pred)
            Named predictions, in drawing order.
        labels : sequence, default=None
            All classes of the problem, in order; None takes those that occur in any of the predictions.
        label_name : str, default="severity"
            What the classes are.
        ax : array-like of Axes, default=None
            One a prediction; None makes a figure.

        Returns
        -------
        display : ConfusionPanelDisplay
            The display, drawn.

        Raises
        ------
        ValueError
            If there is nothing to draw, or a class that occurs is not among the labels.
        """
        if not predictions:
            raise ValueError('`predictions` expected at least one {"name": (y_true, y_pred)}, got none.')
        occurring = unique_labels(*(y for pair in predictions.values() for y in pair))
        labels = occurring.tolist() if labels is None else list(labels)
        unknown = [label for label in occurring.tolist() if label not in labels]
        if unknown:
            raise ValueError(f"`labels` expected every class that occurs, got {labels} without {unknown}: add them.")
        matrices = {
            name: confusion_matrix(y_true, y_pred, labels=labels) for name, (y_true, y_pred) in predictions.items()
        }
        return cls(matrices, labels, label_name=label_name).plot(ax=ax)

    @property
    def shares(self) -> dict[str, np.ndarray]:
        """The rows as shares of one; nan for a class without samples."""
        shares = {}
        for name, counts in self.matrices.items():
            totals = counts.sum(axis=1, keepdims=True)
            shares[name] = np.divide(counts, totals, where=totals > 0, out=np.full(counts.shape, np.nan))
        return shares

    @property
    def alt_text_(self) -> str:
        """What the figure shows, in words."""
        parts = []
        for name, shares in self.shares.items():
            recalls = join_words(
                [
                    f"{format_label(label)} " + ("absent" if np.isnan(recall) else format_share(recall))
                    for label, recall in zip(self.labels, np.diag(shares), strict=True)
                ]
            )
            parts.append(f"{name} ({self.matrices[name].sum():,} samples): {recalls}")
        return f"Row-normalised confusion matrices. Recall by {self.label_name}: {'; '.join(parts)}."

    def plot(self, ax: Any = None) -> ConfusionPanelDisplay:
        """Draw the matrices.

        Parameters
        ----------
        ax : array-like of Axes, default=None
            One a prediction; None makes a figure with two panels a row, so that it can be read on a phone.

        Returns
        -------
        self : ConfusionPanelDisplay
            The display itself.
        """
        from matplotlib.cm import ScalarMappable
        from matplotlib.colors import Normalize

        n_columns = min(2, len(self.matrices))
        n_rows = -(-len(self.matrices) // n_columns)
        scale = ScalarMappable(Normalize(0, 100), _COLORMAP)
        with figure_style():
            axes = panels(
                ax,
                len(self.matrices),
                lambda figure: figure.subplots(n_rows, n_columns),
                ((6.4 if n_columns == 2 else 4.4), 1.0 + (3.35 if n_columns == 2 else 4.2) * n_rows),
            )
            for i, (panel, (name, shares)) in enumerate(zip(axes, self.shares.items(), strict=True)):
                self._draw_matrix(panel, name, shares, scale, show_rows=i % n_columns == 0)
            figure = axes[0].figure
            bar = figure.colorbar(
                scale,
                ax=list(axes),
                orientation="horizontal",
                shrink=0.6,
                aspect=35,
                pad=0.02,
                ticks=[0, 25, 50, 75, 100],
            )
            bar.set_label(f"share of the true {self.label_name} (%); outlined: recall")
            bar.outline.set_visible(False)
        self.axes_ = axes
        self.figure_ = figure
        return self

    def _draw_matrix(self, ax: Axes, name: str, shares: np.ndarray, scale: Any, *, show_rows: bool) -> None:
        from matplotlib.patches import Rectangle

        counts = self.matrices[name]
        n = len(self.labels)
        size = {2: 11, 3: 10, 4: 9}.get(n, 8 if n <= 5 else 6.5)
        ax.imshow(100 * shares, cmap=scale.cmap, norm=scale.norm)
        for row, column in np.ndindex(n, n):
            if np.isnan(shares[row, column]):
                continue
            diagonal = row == column
            color = text_color_on(scale.to_rgba(100 * shares[row, column]))
            if counts[row, column] == 0 and not diagonal:
                ax.text(column, row, "0", ha="center", va="center", fontsize=size, color=MUTED)
                continue
            for text, offset, va, points, weight in (
                (format_share(float(shares[row, column])), 0, "bottom", size, "bold" if diagonal else "normal"),
                (f"({counts[row, column]:,})", -2, "top", size - 1.5, "normal"),
            ):
                ax.annotate(
                    text, (column, row), xytext=(0, offset), textcoords="offset points", ha="center", va=va,
                    fontsize=points, fontweight=weight, color=color,
                )  # fmt: skip
        # The same distance from the cell's edge on paper, however many cells share the panel.
        inset = 0.006 * n
        for i in range(n):
            if np.isnan(shares[i, i]):
                ax.add_patch(Rectangle((-0.5, i - 0.5), n, 1, facecolor=WASH, edgecolor="none"))
                ax.text((n - 1) / 2, i, "absent", ha="center", va="center", color=MUTED, fontsize=size, style="italic")
            else:
                corner, side = i - 0.5 + inset, 1 - 2 * inset
                ax.add_patch(Rectangle((corner, corner), side, side, fill=False, edgecolor=INK, linewidth=1.2))
        names = [format_label(label) for label in self.labels]
        ax.set_xticks(range(n), names)
        ax.set_yticks(range(n), names)
        ax.set_xticks(np.arange(n + 1) - 0.5, minor=True)
        ax.set_yticks(np.arange(n + 1) - 0.5, minor=True)
        ax.grid(which="minor", color=FAINT, linewidth=0.6)
        ax.tick_params(which="both", length=0)
        ax.spines[:].set_visible(False)
        present = ~np.isnan(np.diag(shares))
        ax.set_title(name, loc="left")
        ax.set_title(
            f"mean recall {format_share(float(np.diag(shares)[present].mean()))}",
            loc="right",
            fontsize=9,
            fontweight="normal",
            color=MUTED,
        )
        ax.set_xlabel(f"predicted {self.label_name}")
        if show_rows:
            ax.set_ylabel(f"true {self.label_name}")
