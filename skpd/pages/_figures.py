"""The figures of a report: the Displays of `skpd.plotting`, as parts of the page."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pandas as pd

from ..model_selection import PROTOCOLS
from ..plotting import (
    ClassDistributionDisplay,
    ConfusionPanelDisplay,
    OneVsRestRocDisplay,
    ProtocolGapDisplay,
    ResamplerComparisonDisplay,
)
from ..resampling import RESAMPLER_FAMILIES
from ..studies import ALL_BASELINES
from ._blocks import Figure
from ._study import StudyView, configuration_name
from ._svg import figure_svg

__all__ = [
    "class_distribution_figure",
    "confusion_by_protocol",
    "confusion_by_resampler",
    "display_figure",
    "gap_figure",
    "resampler_figures",
    "roc_by_resampler",
]

_MOST_PANELS = 6
_METRICS = ("balanced_accuracy", "gmean", "iba")


def class_distribution_figure(study: StudyView) -> Figure:
    """Rows and people of each class."""
    rows = study.rows
    return display_figure(
        ClassDistributionDisplay.from_labels(
            rows["y"], rows["subject"], labels=study.labels, label_name=study.label_name, unit=f"{study.unit}s"
        ),
        "classes",
        f"Number of {study.unit}s and of people in each class, before any resampling.",
    )


def confusion_by_protocol(study: StudyView) -> Figure | None:
    """One pipeline, tested in several ways; None if it was tested in one."""
    pair = study.headline
    if pair is None:
        return None
    frames = {protocol: study.predicted(protocol, pair) for protocol in study.protocols}
    frames = {protocol: frame for protocol, frame in frames.items() if len(frame)}
    if len(frames) < 2:
        return None
    return display_figure(
        _confusion(study, frames),
        "confusion-protocols",
        f"The same pipeline, {configuration_name(pair)}, under each protocol, {study.unit} by {study.unit}. "
        + _leaks_in_words(list(frames)),
    )


def confusion_by_resampler(study: StudyView) -> Figure | None:
    """No resampling beside the best of each family; None if there is nothing to compare."""
    frames = _best_of_each_family(study)
    if not frames:
        return None
    return display_figure(_confusion(study, frames), "confusion-resamplers", _selection_in_words(study, frames))


def roc_by_resampler(study: StudyView) -> Figure | None:
    """The same pipelines as `confusion_by_resampler`, by their probabilities; None where there are none."""
    columns = [f"proba_{label}" for label in study.labels]
    scored = {}
    for name, frame in _best_of_each_family(study).items():
        if not study.has_probabilities(frame) or frame["y_true"].nunique() < 2:
            return None
        scored[name] = (frame["y_true"].to_numpy(), frame[columns].to_numpy()[:, study.patients_last])
    if not scored:
        return None
    labels = [study.labels[position] for position in study.patients_last]
    return display_figure(
        OneVsRestRocDisplay.from_predictions(scored, labels=labels, label_name=study.label_name),
        "roc",
        _selection_in_words(study, scored)
        + " These curves pool the folds; the AUC of the tables compares within folds.",
    )


def gap_figure(study: StudyView, published: pd.DataFrame | None) -> Figure | None:
    """Every pipeline that was run under several protocols; None if there is none."""
    table = study.scores[
        ~study.scores["classifier"].isin(ALL_BASELINES)
        & study.scores["metric"].isin(_METRICS)
        & (study.scores["unit"] == study.unit)
    ]
    table = table[table.groupby(["resampler", "classifier"])["protocol"].transform("nunique") > 1]
    if table.empty:
        return None
    caption = (
        f"Each pipeline under each protocol, {study.unit} by {study.unit}; the arrow is the difference between ends."
    )
    if published is not None:
        # The paper's numbers are consistent with this protocol, so they stand in its row and in no other.
        given = published.rename(columns={"value": "published"}).assign(protocol="as-published")
        table = table.merge(given, on=["protocol", "classifier", "resampler", "metric"], how="left")
        if table["published"].notna().any():
            caption += " Published values are consistent with as-published."
    several = table["classifier"].nunique() > 1 or not study.compares_resamplers
    recipe = [
        configuration_name(pair) if several else ("no resampling" if pair[0] == "none" else pair[0])
        for pair in zip(table["resampler"], table["classifier"], strict=True)
    ]
    return display_figure(ProtocolGapDisplay.from_table(table.assign(recipe=recipe), metrics=_METRICS), "gap", caption)


def resampler_figures(study: StudyView) -> list[Figure]:
    """All resamplers under each sound protocol; none where only one pipeline was run."""
    figures: list[Figure] = []
    for protocol in study.sound if study.compares_resamplers else []:
        table = _with_families(study, protocol)
        # Of people who are not in training the baseline that knows the person knows nothing.
        table = table[table["metric"].isin(_METRICS) & (table["classifier"] != "subject-mode")]
        if table.loc[table["family"] != "baseline", "resampler"].nunique() > 1:
            figures.append(
                display_figure(
                    ResamplerComparisonDisplay.from_table(table, metrics=_METRICS),
                    f"resamplers-{protocol}",
                    f"Resamplers under {protocol}, {study.unit} by {study.unit}. Within a family the best stands "
                    "first, by the same scores: what is chosen so looks better than it is.",
                )
            )
    return figures


def _with_families(study: StudyView, protocol: str) -> pd.DataFrame:
    scores = study.scores[(study.scores["protocol"] == protocol) & (study.scores["unit"] == study.unit)]
    baseline = scores["classifier"].isin(ALL_BASELINES)
    family = scores["resampler"].map(RESAMPLER_FAMILIES).fillna("other").mask(baseline, "baseline")
    return scores.assign(family=family, resampler=scores["resampler"].mask(baseline, scores["classifier"]))


def _best_of_each_family(study: StudyView) -> dict[str, pd.DataFrame]:
    """Held-out predictions without resampling and with the best of each family, by balanced accuracy.

    Where each pipeline stands for itself, those of all of them, as far as they fit.
    """
    if not study.compares_resamplers:
        # Titles of panels have little room.
        every = {
            configuration_name(pair).replace("experiment", "exp."): study.predicted(study.main_protocol, pair)
            for pair in study.pairs
        }
        return dict([(name, frame) for name, frame in every.items() if len(frame)][:_MOST_PANELS])
    table = _with_families(study, study.main_protocol)
    table = table[(table["metric"] == "balanced_accuracy") & (table["family"] != "baseline")].dropna(subset="value")
    best = table.sort_values("value", ascending=False, kind="stable").drop_duplicates("family")
    order = {name: position for position, name in enumerate(("none", "over", "under", "hybrid", "other"))}
    best = best.sort_values("family", key=lambda column: column.map(order))
    pairs = list(zip(best["resampler"], best["classifier"], strict=True))
    several = len({classifier for _, classifier in study.pairs}) > 1
    return {
        (f"{pair[0]}, {pair[1]}" if several else "no resampling" if pair[0] == "none" else pair[0]): study.predicted(
            study.main_protocol, pair
        )
        for pair in pairs
    }


def _selection_in_words(study: StudyView, frames: dict[str, Any]) -> str:
    start = f"{study.main_protocol.capitalize()}, {study.unit} by {study.unit}"
    if len(frames) == 1 or not study.compares_resamplers:
        return f"{start}."
    return (
        f"{start}: the best of each family by balanced accuracy. Chosen by these same scores, they look better than "
        "they are."
    )


def _leaks_in_words(protocols: list[str]) -> str:
    leaky = [name for name in protocols if PROTOCOLS[name].leaks]
    return f"Under {' and '.join(leaky)} the people tested are known from training." if leaky else ""


def _confusion(study: StudyView, frames: dict[str, pd.DataFrame]) -> ConfusionPanelDisplay:
    predicted = {name: (frame["y_true"].to_numpy(), frame["y_pred"].to_numpy()) for name, frame in frames.items()}
    return ConfusionPanelDisplay.from_predictions(predicted, labels=study.labels, label_name=study.label_name)


def display_figure(display: Any, name: str, caption: str) -> Figure:
    """Make a drawn Display part of the page.

    Parameters
    ----------
    display : Display of `skpd.plotting`
        Drawn; its figure is closed.
    name : str
        Unique in the page.
    caption : str
        Stands below.

    Returns
    -------
    figure : Figure
        The block.
    """
    with _closing(display.figure_):
        alt = display.alt_text_
        return Figure(figure_svg(display.figure_, name=name, alt=alt), alt, caption.strip())


@contextmanager
def _closing(figure: Any) -> Iterator[None]:
    """Let pyplot forget a figure, which otherwise stays in memory."""
    import matplotlib.pyplot as plt

    try:
        yield
    finally:
        plt.close(figure)
