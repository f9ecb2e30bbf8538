"""One-vs-rest ROC curves of several predictions."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
from sklearn.metrics import auc, roc_curve

from ._style import MUTED, class_colors, figure_style, format_label, join_words, panels

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

#: A curve: false positive rates and true positive rates.
Curve = tuple[np.ndarray, np.ndarray]


class OneVsRestRocDisplay:
    """One ROC curve a class against all others, one panel a prediction.

    Make it with `from_predictions`. A class keeps its colour in every panel; the legend of each panel lists the area
    under each curve and names the classes that cannot have one.

    Parameters
    ----------
    curves : dict of str to dict
        For each named prediction, class to (false positive rates, true positive rates), or to None where the class
        does not occur.
    labels : sequence
        All classes, in order.
    label_name : str, default="severity"
        What the classes are.

    Attributes
    ----------
    auc : dict of str to dict of float
        For each named prediction, class to area under its curve; nan where there is no curve.
    axes_ : ndarray of Axes
        One a prediction.
    figure_ : Figure
        The figure.
    alt_text_ : str
        What the figure shows, in words.

    See Also
    --------
    sklearn.metrics.roc_curve : The curves.
    ConfusionPanelDisplay : The same comparison for decisions instead of scores.

    Examples
    --------
    >>> from skpd.plotting import OneVsRestRocDisplay
    >>> scores = [[0.8, 0.2, 0.0], [0.6, 0.4, 0.0], [0.3, 0.7, 0.0], [0.7, 0.3, 0.0]]
    >>> display = OneVsRestRocDisplay.from_predictions({"none": ([0, 0, 1, 1], scores)}, labels=[0, 1, 2])
    >>> {label: float(area) for label, area in display.auc["none"].items()}
    {0: 0.75, 1: 0.75, 2: nan}
    """

    axes_: np.ndarray
    figure_: Figure

    def __init__(
        self,
        curves: Mapping[str, Mapping[Any, Curve | None]],
        labels: Sequence[Any],
        *,
        label_name: str = "severity",
    ) -> None:
        self.curves = curves
        self.labels = labels
        self.label_name = label_name

    @classmethod
    def from_predictions(
        cls,
        predictions: Mapping[str, tuple[Any, Any]],
        labels: Sequence[Any],
        *,
        folds: Mapping[str, Any] | None = None,
        label_name: str = "severity",
        ax: Any = None,
    ) -> OneVsRestRocDisplay:
        """Compute the curves and draw.

        Parameters
        ----------
        predictions : dict of str to (y_true, y_score)
            Named predictions. `y_score` has one column a class of `labels`; for two classes it may be 1-D, the score
            of the second.
        labels : sequence
            All classes of the problem in the order of the columns, including those that do not occur here.
        folds : dict of str to array-like of shape (n_samples,), default=None
            The fold that each row of a named prediction was tested in. Scores of models of different folds are not
            comparable, so a curve is then the mean of those of the folds, weighted by their pairs of a positive and a
            negative: its area is the AUC of `skpd.metrics.classification_summary` with the same folds. None compares
            all rows.
        label_name : str, default="severity"
            What the classes are.
        ax : array-like of Axes, default=None
            One a prediction; None makes a figure.

        Returns
        -------
        display : OneVsRestRocDisplay
            The display, drawn.

        Raises
        ------
        ValueError
            If there is nothing to draw, the scores do not fit the labels, a class that occurs is not among them, only
            one class occurs, or a prediction has no folds or not one a row.
        """
        if not predictions:
            raise ValueError('`predictions` expected at least one {"name": (y_true, y_score)}, got none.')
        labels = list(labels)
        if folds is not None and (missing := [name for name in predictions if name not in folds]):
            raise ValueError(f"`folds` expected an entry for every prediction, got none for {missing[0]!r}: add it.")
        curves = {
            name: _one_vs_rest(name, *pair, labels, None if folds is None else folds[name])
            for name, pair in predictions.items()
        }
        return cls(curves, labels, label_name=label_name).plot(ax=ax)

    @property
    def auc(self) -> dict[str, dict[Any, float]]:
        """For each named prediction, class to area under its curve; nan where there is no curve."""
        return {
            name: {label: float("nan") if curve is None else float(auc(*curve)) for label, curve in curves.items()}
            for name, curves in self.curves.items()
        }

    @property
    def alt_text_(self) -> str:
        """What the figure shows, in words."""
        parts = [
            f"{name}: " + join_words([f"{format_label(label)} {_format_area(area)}" for label, area in areas.items()])
            for name, areas in self.auc.items()
        ]
        return f"One-vs-rest ROC curves. Area under the curve by {self.label_name}: {'; '.join(parts)}. Chance is 0.5."

    def plot(self, ax: Any = None) -> OneVsRestRocDisplay:
        """Draw the curves.

        Parameters
        ----------
        ax : array-like of Axes, default=None
            One a prediction; None makes a figure with two panels a row, so that it can be read on a phone.

        Returns
        -------
        self : OneVsRestRocDisplay
            The display itself.
        """
        n_columns = min(2, len(self.curves))
        n_rows = -(-len(self.curves) // n_columns)
        with figure_style():
            axes = panels(
                ax,
                len(self.curves),
                lambda figure: figure.subplots(n_rows, n_columns, sharex=True, sharey=True),
                (6.4 if n_columns == 2 else 4.4, 0.1 + (3.4 if n_columns == 2 else 4.4) * n_rows),
            )
            for i, (panel, name) in enumerate(zip(axes, self.curves, strict=True)):
                self._draw_curves(panel, name)
                # The last panel of each column carries the label, also where the last row is not full.
                if i + n_columns >= len(self.curves):
                    panel.set_xlabel("1 − specificity")
                    panel.tick_params(labelbottom=True)
                if i % n_columns == 0:
                    panel.set_ylabel("sensitivity")
        self.axes_ = axes
        self.figure_ = axes[0].figure
        return self

    def _draw_curves(self, ax: Axes, name: str) -> None:
        colors = class_colors(self.labels)
        areas = self.auc[name]
        ax.plot([0, 1], [0, 1], color=MUTED, linewidth=1, linestyle=(0, (4, 3)), zorder=1)
        ax.annotate(
            "chance", (0.27, 0.27), xytext=(5, -5), textcoords="offset points", rotation=45, ha="center", va="center",
            color=MUTED, fontsize=8.5,
        )  # fmt: skip
        for label, curve in self.curves[name].items():
            text = f"{format_label(label)}: {_format_area(areas[label])}"
            ax.plot(*(curve or ([], [])), color=colors[label], label=text, linewidth=1.8, clip_on=False)
        defined = [area for area in areas.values() if not np.isnan(area)]
        ax.set_title(name, loc="left")
        if len(areas) > 1 and defined:
            ax.set_title(f"mean AUC {np.mean(defined):.2f}", loc="right", fontsize=9, fontweight="normal", color=MUTED)
        legend = ax.legend(
            title=f"{self.label_name}, AUC",
            loc="lower right",
            bbox_to_anchor=(1.02, 0.0),
            labelspacing=0.2,
            borderaxespad=0.1,
            fontsize=9,
            title_fontsize=9,
            alignment="left",
        )
        legend.set_zorder(0)
        ax.set_xlim(0, 1)
        ax.set_ylim(0, 1)
        ax.set_aspect("equal")
        ax.set_xticks([0, 0.5, 1], ["0", "0.5", "1"])
        ax.set_yticks([0, 0.5, 1], ["0", "0.5", "1"])


def _format_area(area: float) -> str:
    return "absent" if np.isnan(area) else f"{area:.2f}"


def _one_vs_rest(name: str, y_true: Any, y_score: Any, labels: list, folds: Any) -> dict[Any, Curve | None]:
    y_true, y_score = np.asarray(y_true), np.asarray(y_score, dtype=np.float64)
    if y_score.ndim == 1 and len(labels) == 2:
        y_score = np.column_stack([-y_score, y_score])
    if y_score.shape != (len(y_true), len(labels)):
        raise ValueError(
            f"`predictions[{name!r}]` expected scores of shape {(len(y_true), len(labels))}, one column a label, got "
            f"{y_score.shape}: align the columns of predict_proba to `labels`."
        )
    unknown = sorted(set(y_true.tolist()) - set(labels))
    if unknown:
        raise ValueError(f"`labels` expected every class that occurs, got {labels} without {unknown}: add them.")
    if len(set(y_true.tolist())) < 2:
        raise ValueError(
            f"`predictions[{name!r}]` expected at least two classes in y_true, got {sorted(set(y_true.tolist()))}: "
            "no ROC curve is defined; pool the predictions of several folds."
        )
    folds = np.zeros(len(y_true)) if folds is None else np.asarray(folds)
    if folds.shape != y_true.shape:
        raise ValueError(f"`folds[{name!r}]` expected one fold a row, {len(y_true)} of them, got shape {folds.shape}.")
    # The two curves of a binary problem mirror each other: one says all.
    drawn = labels[1:] if len(labels) == 2 else labels
    curves: dict[Any, Curve | None] = {}
    for label in drawn:
        curves[label] = _mean_curve(y_true == label, y_score[:, labels.index(label)], folds)
    return curves


def _mean_curve(positive: np.ndarray, score: np.ndarray, folds: np.ndarray) -> Curve | None:
    """Average the curves of the folds at every rate at which one of them bends, so that no area is lost."""
    curves, n_pairs = [], []
    for fold in np.unique(folds):
        here = positive[folds == fold]
        if 0 < here.sum() < len(here):
            curves.append(roc_curve(here, score[folds == fold])[:2])
            n_pairs.append(here.sum() * (len(here) - here.sum()))
    if len(curves) < 2:
        return curves[0] if curves else None
    rates = np.unique(np.concatenate([rate for rate, _ in curves]))
    # A curve may rise vertically at a rate, so each has two values there.
    below, above = (
        np.average([_value(rate, value, rates, side) for rate, value in curves], axis=0, weights=n_pairs)
        for side in ("left", "right")
    )
    return np.repeat(rates, 2), np.column_stack([below, above]).ravel()


def _value(rate: np.ndarray, value: np.ndarray, at: np.ndarray, side: str) -> np.ndarray:
    """Return a curve's first ("left") or last ("right") value at each of some rates, a straight line between points."""
    first, last = np.searchsorted(rate, at, side="left"), np.searchsorted(rate, at, side="right") - 1
    on_point = rate[first] == at
    run = np.where(on_point, 1.0, rate[first] - rate[last])
    between = value[last] + (value[first] - value[last]) * (at - rate[last]) / run
    return np.where(on_point, value[first if side == "left" else last], between)
