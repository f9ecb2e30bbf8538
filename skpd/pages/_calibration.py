"""Whether the probabilities of a study mean what they say."""

from __future__ import annotations

from typing import Any

import numpy as np

from ..metrics import subject_bootstrap
from ..plotting import ReliabilityDisplay
from ..plotting._style import as_printed
from ._blocks import Block, Paragraph
from ._figures import display_figure
from ._study import StudyView, configuration_name
from ._tables import heading, number, signed

__all__ = ["calibration_blocks"]


def calibration_blocks(study: StudyView) -> list[Block]:
    """Draw how often predictions for unseen people came true, against the probability they were made with.

    Parameters
    ----------
    study : StudyView
        The study.

    Returns
    -------
    blocks : list of block
        Empty without a sound protocol or without probabilities.
    """
    pair, protocol = study.headline, study.main_protocol
    if pair is None or protocol not in study.sound:
        return []
    predictions = {}
    order = study.patients_last if len(study.labels) == 2 else np.arange(len(study.labels))
    columns = [f"proba_{study.labels[position]}" for position in order]
    # Beside no resampling: whoever changes the shares of the classes changes what probabilities mean.
    for candidate in dict.fromkeys([pair, ("none", pair[1])]):
        frame = study.predicted(protocol, candidate)
        if study.has_probabilities(frame):
            predictions[candidate] = (frame["y_true"].to_numpy(), frame[columns].to_numpy(dtype=float))
    if pair not in predictions:
        return []
    labels = [study.labels[position] for position in order]
    display = ReliabilityDisplay.from_predictions(
        {configuration_name(name): predicted for name, predicted in predictions.items()}, labels=labels
    )
    caption = (
        f"{protocol.capitalize()}, {study.unit} by {study.unit}. On the diagonal probabilities mean what they say. "
        "Above: how often predictions came true against their probability. Below: how many have which probability."
    )
    return [Paragraph(_words(study, pair, *predictions[pair], labels)), display_figure(display, "reliability", caption)]


def _words(study: StudyView, pair: tuple[str, str], y_true: Any, y_proba: np.ndarray, labels: list) -> str:
    """Compare the mean probability with how often it came true, by the interval of the difference."""
    column = np.full(len(y_true), 1) if len(labels) == 2 else y_proba.argmax(axis=1)
    probability = y_proba[np.arange(len(y_true)), column]
    came_true = (np.asarray(labels)[column] == y_true).astype(float)
    mean, share, name = probability.mean(), came_true.mean(), configuration_name(pair)
    if len(labels) == 2:
        what = f"{study.label_name} {labels[1]}"
        text = (
            f"The probabilities that {name} gives to {what} have a mean of {mean:.2f}; "
            f"{100 * share:.0f}\u00a0% of the {study.unit}s are of it"
        )
    else:
        text = (
            f"{heading(name)} gives the {study.label_name} that it predicts a probability of {mean:.2f} on average; "
            f"{100 * share:.0f}\u00a0% of its predictions come true"
        )
    subjects = study.predicted(study.main_protocol, pair)["subject"]
    if not study.n_resamples or subjects.nunique() < 2:
        return f"{text}."
    interval = subject_bootstrap(
        came_true,
        came_true,
        subjects.to_numpy(),
        y_score=probability,
        statistic=_excess,
        n_resamples=study.n_resamples,
        random_state=study.seeds[0],
    ).iloc[0]
    low, high = number(interval["low"]), number(interval["high"])
    text += f" (difference {signed(mean - share)}, 95 % interval over subjects {low} to {high})."
    # Of two classes a mean above the share is no overconfidence: the other class has as much below it.
    if len(labels) == 2:
        return text
    if as_printed(interval["low"]) > 0:
        return f"{text} Its probabilities promise more than they keep."
    if as_printed(interval["high"]) < 0:
        return f"{text} Its probabilities promise less than they keep."
    return f"{text} On average its probabilities mean what they say, as far as these people show."


def _excess(came_true: np.ndarray, _: np.ndarray, *, y_score: np.ndarray) -> float:
    return float(y_score.mean() - came_true.mean())
