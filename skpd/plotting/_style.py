"""What all figures share: colours, type sizes, how units and numbers are written, and where panels come from."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

#: Okabe and Ito's colours for unordered classes, those that hold on white first and yellow last.
OKABE_ITO = ("#0072B2", "#D55E00", "#009E73", "#CC79A7", "#E69F00", "#56B4E9", "#000000", "#F0E442")

#: Severities 0 to 4. CIE lightness falls by 14 a step (76 to 20), so the order survives greyscale and colour-blindness.
SEVERITY_COLORS = ("#FCAA0F", "#F1711F", "#CA404A", "#8F2469", "#4D0D6C")

INK = "#1F2328"
MUTED = "#626A73"
FAINT = "#D5D9DE"
WASH = "#F3F5F7"
GRID = "#E4E7EB"
LINK = "#B9C0C8"

_RC = {
    "axes.edgecolor": MUTED,
    "axes.labelcolor": INK,
    "axes.labelsize": 10,
    "axes.linewidth": 0.8,
    "axes.spines.right": False,
    "axes.spines.top": False,
    "axes.titlelocation": "left",
    "axes.titlesize": 10.5,
    "axes.titleweight": "bold",
    "figure.constrained_layout.h_pad": 0.08,
    "figure.constrained_layout.use": True,
    "figure.constrained_layout.w_pad": 0.08,
    "figure.dpi": 100,
    "figure.facecolor": "white",
    "font.family": ["DejaVu Sans"],
    "font.size": 10,
    "legend.fontsize": 9.5,
    "legend.frameon": False,
    "legend.handlelength": 1.4,
    "lines.linewidth": 1.4,
    "lines.solid_capstyle": "round",
    "pdf.fonttype": 42,
    "savefig.dpi": 200,
    "text.color": INK,
    "xtick.color": MUTED,
    "xtick.labelcolor": INK,
    "xtick.labelsize": 9.5,
    "ytick.color": MUTED,
    "ytick.labelcolor": INK,
    "ytick.labelsize": 9.5,
}

_SUPERSCRIPTS = str.maketrans("-0123456789", "⁻⁰¹²³⁴⁵⁶⁷⁸⁹")

_METRIC_TITLES = {
    "accuracy": "accuracy",
    "auc": "AUC",
    "balanced_accuracy": "balanced accuracy",
    "f1": "F1",
    "f1_macro": "macro F1",
    "gmean": "G-mean",
    "iba": "IBA",
    "mae": "mean absolute error",
    "quadratic_kappa": "quadratic kappa",
    "roc_auc": "AUC",
}


@contextmanager
def figure_style(rc: Mapping[str, Any] | None = None) -> Iterator[None]:
    """Draw in skpd's style inside a ``with`` block and leave matplotlib's settings as they were.

    Every Display uses it; wrap your own drawing in it to match.

    Parameters
    ----------
    rc : dict, default=None
        Matplotlib settings that shall differ from the style.

    Examples
    --------
    >>> import matplotlib as mpl
    >>> from skpd.plotting import figure_style
    >>> before = mpl.rcParams["axes.spines.top"]
    >>> with figure_style({"font.size": 12}):
    ...     print(mpl.rcParams["axes.spines.top"], mpl.rcParams["font.size"])
    False 12.0
    >>> mpl.rcParams["axes.spines.top"] == before
    True
    """
    import matplotlib as mpl

    settings: dict[Any, Any] = {**_RC, **(rc or {})}
    with mpl.rc_context(settings):
        yield


def class_colors(labels: Sequence[Any]) -> dict[Any, str]:
    """Return one colour a class: the severity ramp for three or more of 0 to 4, Okabe-Ito otherwise.

    Parameters
    ----------
    labels : sequence
        All classes of the problem, in order, including those that do not occur here: a class keeps its colour from
        one figure to the next.

    Returns
    -------
    colors : dict
        Label to hexadecimal colour. Beyond eight unordered classes the colours repeat.
    """
    labels = list(labels)
    if len(labels) >= 3 and all(isinstance(v, (int, float, np.number)) and v in range(5) for v in labels):
        return {v: SEVERITY_COLORS[int(v)] for v in labels}
    return {v: OKABE_ITO[i % len(OKABE_ITO)] for i, v in enumerate(labels)}


def text_color_on(rgba: Sequence[float]) -> str:
    """Return ink or white, whichever reads better on a background."""
    red, green, blue = (c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in rgba[:3])
    return INK if 0.2126 * red + 0.7152 * green + 0.0722 * blue > 0.22 else "white"


def format_label(label: Any) -> str:
    """Write a class: whole numbers without a decimal point."""
    return f"{label:g}" if isinstance(label, (float, np.floating)) else str(label)


def format_unit(unit: str) -> str:
    """Write a unit with real exponents: ``m/s^2`` becomes m/s²."""
    return re.sub(r"(?:\^|\*\*)(-?\d+)", lambda match: match[1].translate(_SUPERSCRIPTS), unit)


def format_share(share: float) -> str:
    """Write a share of one in percent; what is there but rounds to nothing is <1%."""
    if np.isnan(share):
        return "n/a"
    if 0 < share < 0.005:
        return "<1%"
    return f"{100 * share:.0f}%"


def as_printed(score: float) -> float:
    """Round as a table prints it, so that differences add up; NumPy rounds 0.975 the other way."""
    return float(f"{score:.2f}")


def format_change(change: float) -> str:
    """Write a signed difference of two scores, with a true minus sign."""
    return f"{change:+.2f}".replace("-", "−")


def format_difference(before: float, after: float) -> str:
    """Write the change between two scores that stand beside it: of the numbers as printed, so that it adds up."""
    return format_change(as_printed(after) - as_printed(before))


def band_title(name: str) -> str:
    """Turn the name of a band into words: ``rest_3_6hz`` becomes "rest band, 3–6 Hz"; other names stay."""
    match = re.fullmatch(r"(.+?)_(\d+(?:[.p]\d+)?)_(\d+(?:[.p]\d+)?)_?hz", name, flags=re.IGNORECASE)
    if match is None:
        return name
    low, high = (edge.replace("p", ".") for edge in match.group(2, 3))
    return f"{match[1].replace('_', ' ')} band, {low}–{high} Hz"


def metric_title(name: str) -> str:
    """Name a metric as readers know it: ``gmean`` becomes G-mean."""
    return _METRIC_TITLES.get(name, name.replace("_", " "))


def join_words(words: Sequence[str]) -> str:
    """Join words for a sentence: "a", "a and b", "a, b and c"."""
    return words[0] if len(words) == 1 else f"{', '.join(words[:-1])} and {words[-1]}"


def panels(ax: Any, n_panels: int, make: Callable[[Figure], Any], figsize: tuple[float, float]) -> np.ndarray:
    """Return the axes to draw on: those given, checked, or those that `make` puts on a new figure.

    Parameters
    ----------
    ax : Axes, array-like of Axes, or None
        What the caller of `plot` passed.
    n_panels : int
        How many axes are needed.
    make : callable
        Takes the new figure, returns its axes.
    figsize : tuple of float
        Size of the new figure in inches.

    Returns
    -------
    axes : ndarray of shape (n_panels,), dtype=object
        The axes in drawing order.
    """
    if ax is None:
        import matplotlib.pyplot as plt

        made = np.ravel(np.asarray(make(plt.figure(figsize=figsize)), dtype=object))
        for spare in made[n_panels:]:
            spare.remove()
        return made[:n_panels]
    given = np.ravel(np.asarray(ax, dtype=object))
    if len(given) != n_panels:
        raise ValueError(
            f"`ax` expected {n_panels} axes, one a panel, got {len(given)}: make them with "
            f"plt.subplots({n_panels}), or pass ax=None."
        )
    return given


def legend_below(figure: Any, handles: Sequence[Any], **options: Any) -> None:
    """Put a legend under all axes; on a figure of the caller's without constrained layout, over its lower edge."""
    from matplotlib.layout_engine import ConstrainedLayoutEngine

    constrained = isinstance(figure.get_layout_engine(), ConstrainedLayoutEngine)
    figure.legend(handles=handles, loc="outside lower center" if constrained else "lower center", **options)


def mark_row(ax: Axes, y: float, text: str) -> None:
    """Write a group's heading at the left of the plotting area, in data row `y`."""
    ax.annotate(
        text,
        xy=(0, y),
        xycoords=("axes fraction", "data"),
        xytext=(-5, 0),
        textcoords="offset points",
        ha="right",
        va="center",
        fontweight="bold",
        annotation_clip=False,
    )
