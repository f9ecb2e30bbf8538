"""What more people to train on would bring, where the study holds a learning curve."""

from __future__ import annotations

import pandas as pd

from ..plotting import LearningCurveDisplay
from ..plotting._style import as_printed
from ._blocks import Block, Paragraph
from ._figures import display_figure
from ._study import StudyView, configuration_name, plural
from ._tables import heading, signed

__all__ = ["learning_blocks"]


def learning_blocks(study: StudyView, curve: pd.DataFrame | None) -> list[Block]:
    """Draw the curve and say what its last step brings.

    Parameters
    ----------
    study : StudyView
        The study.
    curve : DataFrame or None
        As `skpd.studies._learning.read_learning_curve` returns.

    Returns
    -------
    blocks : list of block
        Empty without a curve.
    """
    if curve is None:
        return []
    pair = (str(curve["resampler"].iloc[0]), str(curve["classifier"].iloc[0]))
    metrics = ["balanced_accuracy", "quadratic_kappa" if study.label_name == "severity" else "gmean"]
    metrics = [metric for metric in metrics if curve.loc[curve["metric"] == metric, "score"].notna().any()]
    if not metrics:
        return []
    scored = curve.loc[curve["metric"] == "n_classes_scored", "score"]
    chance = {"chance": {"balanced_accuracy": float((1 / scored).mean())}} if len(scored) else None
    display = LearningCurveDisplay.from_curve(curve, metrics=metrics, baseline=chance)
    repeats = curve["repeat"].nunique()
    caption = (
        f"{heading(configuration_name(pair))}, {study.unit} by {study.unit}, tested on the "
        f"same unseen people at every size, {curve['fold'].nunique()} folds, repeated {plural(repeats, 'time')}. "
        "The points share people, and none of the scores above comes from these fits."
    )
    return [Paragraph(_words(curve, metrics[0], pair)), display_figure(display, "learning-curve", caption)]


def _words(curve: pd.DataFrame, metric: str, pair: tuple[str, str]) -> str:
    means = curve[curve["metric"] == metric].groupby("n_subjects")["score"].mean().dropna()
    name = metric.replace("_", " ")
    sizes = means.index.tolist()
    if len(means) < 2:
        return (
            f"Trained on {plural(sizes[0], 'person').replace('persons', 'people')}, the {name} is {means.iloc[0]:.2f}."
        )
    last = signed(as_printed(means.iloc[-1]) - as_printed(means.iloc[-2]))
    return (
        f"Trained on {sizes[0]} people, {configuration_name(pair)} reaches a {name} of {means.iloc[0]:.2f} on people "
        f"it has not seen; on {sizes[-1]} people {means.iloc[-1]:.2f}. The last step, from {sizes[-2]} to {sizes[-1]} "
        f"people, brings {last}. A curve that still rises says that more people would help, not how much."
    )
