"""Two sessions of the same people, and how far apart they are."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from sklearn.utils import Bunch

from ..metrics import retest_reliability
from ._style import GRID, INK, MUTED, OKABE_ITO, figure_style, format_unit, panels

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure


class RetestDisplay:
    """Bland-Altman plot of two sessions: their difference against their mean, one point a person.

    Make it with `from_values`. Lines are the mean difference and the limits that hold 95 % of the differences, with the
    bands of their intervals.

    Parameters
    ----------
    reliability : Bunch
        What `skpd.metrics.retest_reliability` returns for two sessions.
    measure : str, default="measure"
        What was measured.
    units : str, default=""
        Its unit.

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
    skpd.metrics.retest_reliability : The numbers.

    References
    ----------
    .. [1] Bland & Altman, "Statistical methods for assessing agreement between two methods of clinical measurement",
       Lancet 327, 307-310, 1986.

    Examples
    --------
    >>> from skpd.plotting import RetestDisplay
    >>> values, people = [1.0, 1.2, 2.1, 2.0, 3.3, 3.0, 4.0, 4.4], list("aabbccdd")
    >>> display = RetestDisplay.from_values(values, people, [1, 2] * 4, measure="tremor power", units="dB")
    >>> print(display.alt_text_)
    Two sessions of 4 people, tremor power in dB. Session 2 is 0.05 higher on average; 95% of the differences lie from
    −0.56 to 0.66. ICC(2,1) 0.98 (0.74 to 1.00). Minimal detectable change 0.61.
    """

    ax_: Axes
    figure_: Figure

    def __init__(self, reliability: Bunch, *, measure: str = "measure", units: str = "") -> None:
        self.reliability = reliability
        self.measure = measure
        self.units = units

    @classmethod
    def from_values(
        cls,
        values: Any,
        subjects: Any,
        sessions: Any,
        *,
        measure: str = "measure",
        units: str = "",
        ax: Any = None,
    ) -> RetestDisplay:
        """Compute the reliability and draw.

        Parameters
        ----------
        values : array-like of shape (n_samples,)
            The measure; several values of a subject in a session are averaged.
        subjects : array-like of shape (n_samples,)
            The person of each value.
        sessions : array-like of shape (n_samples,)
            The session of each value, two of them.
        measure : str, default="measure"
            What was measured.
        units : str, default=""
            Its unit.
        ax : Axes, default=None
            None makes a figure.

        Returns
        -------
        display : RetestDisplay
            The display, drawn.

        Raises
        ------
        ValueError
            If there are not two sessions, or fewer than two people have both.
        """
        reliability = retest_reliability(values, subjects, sessions)
        if reliability.by_session.shape[1] != 2:
            raise ValueError(
                f"`sessions` expected two, got {reliability.by_session.columns.tolist()}: draw them two by two."
            )
        return cls(reliability, measure=measure, units=units).plot(ax=ax)

    @property
    def alt_text_(self) -> str:
        """What the figure shows, in words."""
        numbers, sessions = self.reliability.table["estimate"], self.reliability.by_session.columns
        icc = self.reliability.table.loc["icc_2_1"]
        direction = "higher" if numbers["bias"] >= 0 else "lower"
        unit = f" in {self.units}" if self.units else ""
        low, high = _number(numbers["loa_low"]), _number(numbers["loa_high"])
        return (
            f"Two sessions of {len(self.reliability.by_session)} people, {self.measure}{unit}. Session {sessions[1]} "
            f"is {_number(abs(numbers['bias']))} {direction} on average; 95% of the differences lie from {low} to "
            f"{high}. ICC(2,1) {_icc(icc)}. Minimal detectable change {_number(numbers['mdc'])}."
        )

    def plot(self, ax: Any = None) -> RetestDisplay:
        """Draw the differences.

        Parameters
        ----------
        ax : Axes, default=None
            None makes a figure.

        Returns
        -------
        self : RetestDisplay
            The display itself.
        """
        table, values = self.reliability.table, self.reliability.by_session
        first, second = values.to_numpy().T
        unit = f" ({format_unit(self.units)})" if self.units else ""
        with figure_style():
            (panel,) = panels(ax, 1, lambda figure: figure.subplots(), (6.4, 4.0))
            panel.axhline(0, color=GRID, linewidth=1.2, zorder=0)
            for name, title in (("bias", "mean"), ("loa_high", "+1.96 SD"), ("loa_low", "−1.96 SD")):
                estimate, low, high = table.loc[name, ["estimate", "low", "high"]]
                color = OKABE_ITO[0] if name == "bias" else OKABE_ITO[1]
                panel.axhspan(low, high, color=color, alpha=0.1, linewidth=0)
                panel.axhline(estimate, color=color, linestyle="-" if name == "bias" else (0, (5, 3)), zorder=1)
                panel.annotate(
                    f"{title}  {_number(estimate)}", (1, estimate), xycoords=("axes fraction", "data"), xytext=(6, 0),
                    textcoords="offset points", va="center", color=color, fontsize=9, annotation_clip=False,
                )  # fmt: skip
            panel.scatter((first + second) / 2, second - first, s=30, color=INK, alpha=0.75, linewidth=0, zorder=3)
            panel.set_xlabel(f"mean of both sessions{unit}")
            panel.set_ylabel(f"session {values.columns[1]} − session {values.columns[0]}{unit}")
            panel.set_title(f"{self.measure}, {len(values)} people", pad=20)
            mdc = _number(table.loc["mdc", "estimate"])
            panel.annotate(
                f"ICC(2,1) {_icc(table.loc['icc_2_1'])}, minimal detectable change {mdc}",
                (0, 1), xytext=(0, 6), xycoords="axes fraction", textcoords="offset points", color=MUTED, fontsize=9,
            )  # fmt: skip
        self.ax_ = panel
        self.figure_ = panel.figure
        return self


def _icc(row: Any) -> str:
    return f"{row['estimate']:.2f} ({row['low']:.2f} to {row['high']:.2f})".replace("-", "−")


def _number(value: float) -> str:
    """Write a value of the measure, whatever its unit, with a true minus sign."""
    text = f"{value:.2f}" if 0.01 <= abs(value) < 1000 or value == 0 else f"{value:.2g}"
    return text.replace("-", "−")
