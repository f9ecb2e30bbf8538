"""The figures of the handwriting study."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from sklearn.utils import Bunch

from ..model_selection import PROTOCOLS
from ..plotting import (
    ContactSheetDisplay,
    OneVsRestRocDisplay,
    PenDisplay,
    ProtocolGapDisplay,
    ResamplerComparisonDisplay,
    figure_style,
)
from ..recipes import make_naseer
from ..recipes._pen import describe_setup
from ._handwriting_data import PATIENT, STRETCHED
from ._handwriting_print import HandwritingFacts, name_recipe
from ._results import StudyResults

__all__ = ["write_handwriting_figures"]

_METRICS = ("balanced_accuracy", "auc")

#: Curves that are shown, the first four that were run: one of each kind, chosen before any score.
_CURVES = ("pen-svm", "imagenet-finetune", "mnist-finetune", "pen-confound", "pen-forest", "mnist-freeze")

#: Images in a row of the contact sheet: a rendered recording and what augmentation makes of it.
_N_COLUMNS = 6


def write_handwriting_figures(
    results: StudyResults,
    scores: pd.DataFrame,
    pens: Bunch,
    facts: HandwritingFacts,
    *,
    baselines: Sequence[str],
    folder: Path,
) -> list[Path]:
    """Draw what the study used and found.

    Parameters
    ----------
    results : StudyResults
        Predictions.
    scores : DataFrame
        As `StudyResults.scores`, with a column `unit`.
    pens : Bunch
        The recordings: X, y, groups, index, units.
    facts : HandwritingFacts
        What was studied.
    baselines : sequence of str
        Classifiers that learn nothing of the movement.
    folder : Path
        Where the PNG files go; made if it is absent.

    Returns
    -------
    files : list of Path
        What was written.
    """
    import matplotlib.pyplot as plt

    folder.mkdir(parents=True, exist_ok=True)
    scores = scores[scores["unit"] == "recording"].assign(recipe=scores["classifier"].map(name_recipe))
    soundest = [name for name in PROTOCOLS if name in set(scores["protocol"])][-1]
    displays: dict[str, Any] = {}
    with figure_style():
        for label in np.unique(pens.y):
            row = _typical(pens, label)
            displays[f"pen-{label}"] = PenDisplay.from_trajectory(
                pens.X[row],
                units=pens.units,
                channel_names=pens.channel_names,
                title=f"{label} {pens.groups[row]}, {pens.index['task'][row]}",
            )
        displays["images"] = _contact_sheet(pens)
        displays["recipes"] = _comparison(scores[scores["protocol"] == soundest], baselines)
        displays[f"roc-{soundest}"] = _roc(results, soundest)
        learned = scores[~scores["classifier"].isin(["majority"])]
        if learned["protocol"].nunique() > 1:
            displays["protocols"] = ProtocolGapDisplay.from_table(
                learned, metrics=_METRICS, interval="95% interval over people"
            )
        files = []
        for name, display in displays.items():
            files.append(folder / f"{name}.png")
            display.figure_.savefig(files[-1], dpi=150)
            plt.close(display.figure_)
    return files


def _typical(pens: Bunch, label: Any) -> int:
    """Return the recording of a class whose duration is the median of the class, among those that are not stretched."""
    rows = np.flatnonzero(np.asarray(pens.y) == label)
    whole = np.abs(np.nan_to_num(describe_setup(pens.X[rows])[:, 1])) < np.log(STRETCHED)
    rows = rows[whole] if whole.any() else rows
    duration = pens.index["duration_s"].to_numpy()[rows]
    return int(rows[np.argsort(duration, kind="stable")[len(rows) // 2]])


def _contact_sheet(pens: Bunch) -> Any:
    """Show what the networks see: recordings of both classes as rendered, and as augmented for training."""
    recipe = make_naseer("none", n_per_image=_N_COLUMNS - 1)
    rows = np.concatenate([np.flatnonzero(pens.y == label)[:2] for label in np.unique(pens.y)])
    images = recipe["renderer"].fit_transform(pens.X[rows])
    made, _ = recipe["resampler"].fit_resample(images, pens.y[rows])
    shown, titles = [], []
    for k, row in enumerate(rows):
        shown.append(made[recipe["resampler"].sample_indices_ == k])
        titles += [f"{pens.y[row]} {pens.groups[row]}", *["augmented"] * (_N_COLUMNS - 1)]
    return ContactSheetDisplay.from_images(np.concatenate(shown), titles, n_columns=_N_COLUMNS)


def _comparison(scores: pd.DataFrame, baselines: Sequence[str]) -> Any:
    # The setup is a row with its interval, since it may be as good as any; the other baselines are lines.
    is_setup = scores["classifier"] == "pen-confound"
    is_line = scores["classifier"].isin(baselines) & ~is_setup
    family = np.where(scores["classifier"].str.startswith("pen-"), "movement", "images")
    family = np.where(is_setup, "setup alone", np.where(is_line, "baseline", family))
    names = scores["recipe"].mask(is_setup, "rate, width/height").mask(is_line, scores["classifier"])
    table = scores.assign(resampler=names, family=family, classifier="recipe")
    return ResamplerComparisonDisplay.from_table(table, metrics=_METRICS, interval="95% interval over people")


def _roc(results: StudyResults, protocol: str) -> Any:
    frame = results.predictions[results.predictions["protocol"] == protocol]
    ran = set(frame["classifier"])
    by_name = dict(iter(frame.groupby("classifier", sort=False)))
    shown = [name for name in _CURVES if name in ran][:4] or [next(iter(by_name))]
    # Of two classes the curve is that of the second: the patients.
    classes = sorted(results.classes.tolist(), key=lambda label: label == PATIENT)
    columns = [f"proba_{label}" for label in classes]
    return OneVsRestRocDisplay.from_predictions(
        {name_recipe(name): (by_name[name]["y_true"].to_numpy(), by_name[name][columns].to_numpy()) for name in shown},
        labels=classes,
        folds={name_recipe(name): by_name[name]["fold"].to_numpy() for name in shown},
        label_name="group",
    )
