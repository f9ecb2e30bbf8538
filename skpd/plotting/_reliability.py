"""Whether probabilities mean what they say."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from ._style import FAINT, MUTED, OKABE_ITO, figure_style, format_label, join_words, panels

if TYPE_CHECKING:
    from matplotlib.figure import Figure


class Reliability(NamedTuple):
    """Predictions binned by their probability; bins without predictions are left out."""

    predicted: np.ndarray
    """Mean probability of each bin."""
    observed: np.ndarray
    """Share of each bin that came true."""
    counts: np.ndarray
    """Predictions in each bin."""
    error: float
    """Mean distance of the two, weighted by the counts: the expected calibration error."""


class ReliabilityDisplay:
    """How often predictions came true, against the probability they were made with.

    Make it with `from_predictions`, from predictions of people held out. On the diagonal probabilities mean what they
    say; below it the classifier is too sure of itself. Of two classes the probability is that of the second one; of
    more it is that of the class predicted.

    Parameters
    ----------
    reliabilities : dict of str to Reliability
        For each named prediction, its bins.
    edges : ndarray of shape (n_bins + 1,)
        Edges of the bins.
    event : str
        What the probability is of.

    Attributes
    ----------
    errors : dict of str to float
        Expected calibration error of each named prediction: the mean distance from the diagonal.
    axes_ : ndarray of Axes
        The curves, and below them the share of predictions in each bin.
    figure_ : Figure
        The figure.
    alt_text_ : str
        What the figure shows, in words.

    See Also
    --------
    sklearn.calibration.CalibrationDisplay : The same for two classes and one prediction.
    OneVsRestRocDisplay : Whether the order of the probabilities is right, which calibration does not change.

    References
    ----------
    .. [1] Guo C. et al., "On calibration of modern neural networks", ICML 2017: the top-label curve and the error.

    Examples
    --------
    >>> from skpd.plotting import ReliabilityDisplay
    >>> proba = [[0.9, 0.1], [0.9, 0.1], [0.2, 0.8], [0.2, 0.8]]
    >>> display = ReliabilityDisplay.from_predictions({"forest": ([0, 0, 1, 0], proba)}, labels=[0, 1], n_bins=2)
    >>> round(display.errors["forest"], 2)
    0.2
    """

    axes_: np.ndarray
    figure_: Figure

    def __init__(self, reliabilities: Mapping[str, Reliability], edges: np.ndarray, *, event: str) -> None:
        self.reliabilities = reliabilities
        self.edges = edges
        self.event = event

    @classmethod
    def from_predictions(
        cls,
        predictions: Mapping[str, tuple[Any, Any]],
        labels: Sequence[Any],
        *,
        n_bins: int = 10,
        ax: Any = None,
    ) -> ReliabilityDisplay:
        """Bin the predictions and draw.

        Parameters
        ----------
        predictions : dict of str to (y_true, y_proba)
            Named predictions. `y_proba` has one column a class of `labels`, and rows that sum to 1.
        labels : sequence
            All classes of the problem in the order of the columns.
        n_bins : int, default=10
            Bins of equal width, from 0 to 1 for two classes and from 1 / n_classes to 1 for more.
        ax : array-like of two Axes, default=None
            For the curves and for the counts; None makes a figure.

        Returns
        -------
        display : ReliabilityDisplay
            The display, drawn.

        Raises
        ------
        ValueError
            If there is nothing to draw, probabilities are none, or they do not fit the labels.
        """
        labels = list(labels)
        if not predictions:
            raise ValueError('`predictions` expected at least one {"name": (y_true, y_proba)}, got none.')
        if len(labels) < 2 or n_bins < 1:
            raise ValueError(f"expected at least 2 `labels` and 1 of `n_bins`, got {len(labels)} and {n_bins}.")
        edges = np.linspace(0 if len(labels) == 2 else 1 / len(labels), 1, n_bins + 1)
        reliabilities = {name: _bin(name, *pair, labels, edges) for name, pair in predictions.items()}
        event = f"class {format_label(labels[1])}" if len(labels) == 2 else "the class predicted"
        return cls(reliabilities, edges, event=event).plot(ax=ax)

    @property
    def errors(self) -> dict[str, float]:
        """Expected calibration error of each named prediction."""
        return {name: reliability.error for name, reliability in self.reliabilities.items()}

    @property
    def alt_text_(self) -> str:
        """What the figure shows, in words."""
        parts = [f"{name} {error:.3f}" for name, error in self.errors.items()]
        return (
            f"How often predictions came true against the predicted probability of {self.event}. "
            f"Mean distance from the diagonal: {join_words(parts)}."
        )

    def plot(self, ax: Any = None) -> ReliabilityDisplay:
        """Draw the curves and the counts.

        Parameters
        ----------
        ax : array-like of two Axes, default=None
            For the curves and for the counts; None makes a figure.

        Returns
        -------
        self : ReliabilityDisplay
            The display itself.
        """
        with figure_style():
            axes = panels(ax, 2, lambda figure: figure.subplots(2, 1, sharex=True, height_ratios=(4, 1)), (4.6, 5.6))
            curves, counts = axes
            dashes = {"linewidth": 1, "linestyle": (0, (4, 3)), "zorder": 1}
            curves.plot([0, 1], [0, 1], color=MUTED, label="as often as predicted", **dashes)
            for i, (name, reliability) in enumerate(self.reliabilities.items()):
                color = OKABE_ITO[i % len(OKABE_ITO)]
                curves.plot(
                    reliability.predicted, reliability.observed, color=color, marker="os^Dv"[i % 5], markersize=5,
                    label=f"{name}: {reliability.error:.3f}", clip_on=False,
                )  # fmt: skip
                shares = np.zeros(len(self.edges) - 1)
                at = np.clip(np.digitize(reliability.predicted, self.edges) - 1, 0, len(shares) - 1)
                shares[at] = reliability.counts / reliability.counts.sum()
                counts.stairs(shares, self.edges, color=color, linewidth=1.4)
            legend = {"title": "mean distance from the diagonal", "alignment": "left", "title_fontsize": 9}
            if ax is None:
                # Outside of the axes: bins of few predictions may lie anywhere.
                handles, names = curves.get_legend_handles_labels()
                curves.figure.legend(handles, names, loc="outside upper left", **legend)
            else:
                curves.legend(loc="upper left", **legend)
            curves.set(xlim=(self.edges[0], 1), ylim=(0, 1), ylabel="share that came true")
            counts.set(ylabel="share of\npredictions", xlabel=f"probability of {self.event}")
            counts.set_ylim(bottom=0)
            for panel in axes:
                panel.grid(color=FAINT, linewidth=0.5)
                panel.set_axisbelow(True)
        self.axes_ = axes
        self.figure_ = axes[0].figure
        return self


def _bin(name: str, y_true: Any, y_proba: Any, labels: list, edges: np.ndarray) -> Reliability:
    y_true, y_proba = np.asarray(y_true), np.asarray(y_proba, dtype=np.float64)
    if y_proba.shape != (len(y_true), len(labels)) or not len(y_true):
        raise ValueError(
            f"`predictions[{name!r}]` expected probabilities of shape {(len(y_true), len(labels))}, one column a label "
            f"and at least one row, got {y_proba.shape}."
        )
    if not np.isfinite(y_proba).all() or y_proba.min() < 0 or not np.allclose(y_proba.sum(axis=1), 1, atol=1e-3):
        raise ValueError(f"`predictions[{name!r}]` expected rows of probabilities that sum to 1, got others.")
    unknown = sorted(set(y_true.tolist()) - set(labels), key=str)
    if unknown:
        raise ValueError(f"`labels` expected every class that occurs, got {labels} without {unknown}: add them.")
    column = np.full(len(y_true), 1) if len(labels) == 2 else y_proba.argmax(axis=1)
    probability = y_proba[np.arange(len(y_true)), column]
    came_true = np.asarray(labels)[column] == y_true
    at = np.clip(np.digitize(probability, edges) - 1, 0, len(edges) - 2)
    counts = np.bincount(at, minlength=len(edges) - 1)
    filled = counts > 0
    predicted = np.bincount(at, probability, len(counts))[filled] / counts[filled]
    observed = np.bincount(at, came_true, len(counts))[filled] / counts[filled]
    error = float((np.abs(predicted - observed) * counts[filled]).sum() / counts.sum())
    return Reliability(predicted, observed, counts[filled], error)
