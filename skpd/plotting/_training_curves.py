"""Training curves of networks."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from ._style import GRID, OKABE_ITO, figure_style, format_label, legend_below, panels

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

_TRAINED, _WATCHED = OKABE_ITO[:2]
_CURVES = ("accuracy", "loss")


class TrainingCurvesDisplay:
    """Accuracy and loss by epoch, on what a network was trained on and on what was watched; a column a network.

    Make it with `from_histories` or `from_estimator`.

    Parameters
    ----------
    histories : dict of str to dict of str to list of float
        Named networks: accuracy, loss and, where something was watched, val_accuracy and val_loss, one entry an epoch.
    watched : str, default="held-out images"
        What was watched. "Validation" is a word that papers use for test sets too: say which it is.

    Attributes
    ----------
    axes_ : ndarray of Axes
        First those of the accuracy, one a network, then those of the loss.
    figure_ : Figure
        The figure.
    alt_text_ : str
        What the figure shows, in words.

    See Also
    --------
    skpd.neural.KerasTransferClassifier : Its `fit` takes images to watch.

    Examples
    --------
    >>> from skpd.plotting import TrainingCurvesDisplay
    >>> history = {
    ...     "accuracy": [0.6, 0.8, 1.0], "loss": [0.7, 0.4, 0.2],
    ...     "val_accuracy": [0.6, 0.7, 0.7], "val_loss": [0.7, 0.6, 0.8],
    ... }
    >>> display = TrainingCurvesDisplay.from_histories({"network": history}, watched="test set")
    >>> display.alt_text_
    'Training curves. network after 3 epochs: accuracy 1.00 in training, 0.70 on the test set.'
    """

    axes_: np.ndarray
    figure_: Figure

    def __init__(
        self, histories: Mapping[str, Mapping[str, Sequence[float]]], *, watched: str = "held-out images"
    ) -> None:
        self.histories = histories
        self.watched = watched

    @classmethod
    def from_histories(
        cls,
        histories: Mapping[str, Mapping[str, Sequence[float]]],
        *,
        watched: str = "held-out images",
        ax: Any = None,
    ) -> TrainingCurvesDisplay:
        """Check the curves and draw.

        Parameters
        ----------
        histories : dict of str to dict of str to list of float
            Named networks, such as the `history_` of fitted classifiers.
        watched : str, default="held-out images"
            What was watched.
        ax : array-like of Axes, default=None
            Two a network; None makes a figure.

        Returns
        -------
        display : TrainingCurvesDisplay
            The display, drawn.

        Raises
        ------
        ValueError
            If there is no network, or one without accuracy and loss of one length.
        """
        if not histories:
            raise ValueError('`histories` expected at least one {"name": history}, got none.')
        for name, history in histories.items():
            if not isinstance(history, Mapping) or not set(_CURVES) <= set(history):
                found = sorted(history) if isinstance(history, Mapping) else type(history).__name__
                raise ValueError(
                    f"`histories` expected accuracy and loss of {name!r}, got {found}: pass a dict of names to "
                    "`history_` of fitted networks."
                )
            lengths = {len(values) for key, values in history.items() if key.removeprefix("val_") in _CURVES}
            if len(lengths) > 1 or 0 in lengths:
                raise ValueError(f"`histories` expected curves of one length for {name!r}, got {sorted(lengths)}.")
        return cls(histories, watched=watched).plot(ax=ax)

    @classmethod
    def from_estimator(
        cls, estimator: Any, *, name: str | None = None, watched: str = "held-out images", ax: Any = None
    ) -> TrainingCurvesDisplay:
        """Draw the curves of a fitted network.

        Parameters
        ----------
        estimator : estimator with `history_`
            Such as a fitted `KerasTransferClassifier` or `KerasMLPClassifier`.
        name : str, default=None
            The column's title; None for the class.
        watched : str, default="held-out images"
            What was watched.
        ax : array-like of two Axes, default=None
            None makes a figure.

        Returns
        -------
        display : TrainingCurvesDisplay
            The display, drawn.

        Raises
        ------
        ValueError
            If the estimator has no `history_`.
        """
        if not hasattr(estimator, "history_"):
            raise ValueError(
                f"`estimator` expected a fitted network with history_, got {type(estimator).__name__}: fit it, or pass "
                "the network itself if it is a step of a pipeline."
            )
        return cls.from_histories({name or type(estimator).__name__: estimator.history_}, watched=watched, ax=ax)

    @property
    def alt_text_(self) -> str:
        """What the figure shows, in words."""
        parts = []
        for name, history in self.histories.items():
            ends = [f"{history['accuracy'][-1]:.2f} in training"]
            if "val_accuracy" in history:
                ends.append(f"{history['val_accuracy'][-1]:.2f} on the {self.watched}")
            n = len(history["loss"])
            parts.append(f"{name} after {n} epoch{'' if n == 1 else 's'}: accuracy {', '.join(ends)}")
        return f"Training curves. {'; '.join(parts)}."

    def plot(self, ax: Any = None) -> TrainingCurvesDisplay:
        """Draw the curves.

        Parameters
        ----------
        ax : array-like of Axes, default=None
            Two a network; None makes a figure.

        Returns
        -------
        self : TrainingCurvesDisplay
            The display itself.
        """
        from matplotlib.lines import Line2D

        n = len(self.histories)
        extremes = {curve: self._extremes(curve) for curve in _CURVES}
        limits = {"accuracy": (min(0.4, extremes["accuracy"][0] - 0.05), 1.02), "loss": (0, 1.05 * extremes["loss"][1])}
        with figure_style():
            axes = panels(
                ax,
                2 * n,
                lambda figure: figure.subplots(2, n, sharex="col", sharey="row", squeeze=False),
                (max(3.6, 1.0 + 2.4 * n), 4.6),
            )
            for k, (name, history) in enumerate(self.histories.items()):
                for row, curve in enumerate(_CURVES):
                    self._draw(axes[row * n + k], history, curve)
                    axes[row * n + k].set_ylim(*limits[curve])
                    if k == 0:
                        axes[row * n].set_ylabel(curve if curve == "accuracy" else "loss (cross-entropy)")
                axes[k].set_title(format_label(name))
                axes[n + k].set_xlabel("epoch")
            lines = [Line2D([], [], color=_TRAINED, label="training images")]
            if any("val_loss" in history for history in self.histories.values()):
                lines.append(Line2D([], [], color=_WATCHED, linestyle="--", label=self.watched))
            legend_below(axes[0].figure, lines, ncols=len(lines) if len(self.watched) < 25 or n > 1 else 1)
        self.axes_ = axes
        self.figure_ = axes[0].figure
        return self

    def _extremes(self, curve: str) -> tuple[float, float]:
        """Return the least and the greatest value of a curve over all networks, so that their panels compare."""
        names = (curve, f"val_{curve}")
        values = [value for history in self.histories.values() for name in names for value in history.get(name, ())]
        return float(np.nanmin(values)), float(np.nanmax(values))

    @staticmethod
    def _draw(ax: Axes, history: Mapping[str, Sequence[float]], curve: str) -> None:
        from matplotlib.ticker import MaxNLocator

        epochs = np.arange(1, len(history[curve]) + 1)
        marker = "." if len(epochs) == 1 else None
        ax.plot(epochs, history[curve], color=_TRAINED, marker=marker)
        if f"val_{curve}" in history:
            ax.plot(epochs, history[f"val_{curve}"], color=_WATCHED, linestyle="--", marker=marker)
        ax.xaxis.set_major_locator(MaxNLocator(integer=True))
        ax.grid(axis="y", color=GRID, linewidth=0.8)
        ax.set_axisbelow(True)
