"""The figures of the drawing study."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from sklearn.utils import Bunch

from ..model_selection import PROTOCOLS
from ..plotting import (
    ConfusionPanelDisplay,
    ContactSheetDisplay,
    ProtocolGapDisplay,
    TrainingCurvesDisplay,
    figure_style,
)
from ..recipes import make_hwa_recipe
from ._results import StudyResults
from ._spiral_print import SpiralFacts, _name, _roman

__all__ = ["write_spiral_figures"]

#: Images in a row of the contact sheet.
_N_COLUMNS = 8


def write_spiral_figures(
    results: StudyResults,
    scores: pd.DataFrame,
    curves: pd.DataFrame,
    table: Bunch,
    facts: SpiralFacts,
    *,
    seed: int,
    folder: Path,
) -> list[Path]:
    """Draw what the study used and found.

    Parameters
    ----------
    results : StudyResults
        Predictions.
    scores : DataFrame
        As the study writes them to scores.csv.
    curves : DataFrame
        Training curves: protocol, classifier, epoch, loss, accuracy, val_loss, val_accuracy.
    table : Bunch
        The drawings: X, y, groups, index.
    facts : SpiralFacts
        What was studied.
    seed : int
        Of the images on the contact sheet.
    folder : Path
        Where the PNG files go; made if it is absent.

    Returns
    -------
    files : list of Path
        What was written.
    """
    import matplotlib.pyplot as plt

    folder.mkdir(parents=True, exist_ok=True)
    scores = scores[(scores["unit"] == "drawing") & scores["architecture"].notna()]
    drawn = list(dict.fromkeys(curves["classifier"]))
    displays: dict[str, Any] = {}
    with figure_style():
        displays["augmented"] = _contact_sheet(table, facts, seed)
        for protocol, of_protocol in curves.groupby("protocol", sort=False):
            histories = {
                _roman(str(name).partition("-")[0]): history.to_dict("list")
                for name, history in of_protocol.groupby("classifier", sort=False)
            }
            displays[f"curves-{protocol}"] = TrainingCurvesDisplay.from_histories(
                histories, watched=f"test set, {protocol} (the paper calls it validation)"
            )
        soundest = [name for name in PROTOCOLS if name in set(scores["protocol"])][-1]
        frames = results.predictions[results.predictions["protocol"] == soundest].groupby("classifier", sort=False)
        predicted = {
            _roman(str(name).partition("-")[0]): (frame["y_true"], frame["y_pred"])
            for name, frame in frames
            if name in drawn
        }
        if predicted:
            displays[f"confusion-{soundest}"] = ConfusionPanelDisplay.from_predictions(
                predicted, labels=results.classes.tolist(), label_name="group"
            )
        if scores["protocol"].nunique() > 1:
            # The paper's values stand in the row of its own order, and in no other.
            ours = scores[scores["classifier"].isin(drawn)].copy()
            ours["published"] = ours["published"].where(ours["protocol"] == "as-published")
            ours["recipe"] = [_name(row) for _, row in ours.iterrows()]
            displays["protocols"] = ProtocolGapDisplay.from_table(
                ours, metrics=("accuracy", "balanced_accuracy"), interval="95% interval over drawers"
            )
        files = []
        for name, display in displays.items():
            files.append(folder / f"{name}.png")
            display.figure_.savefig(files[-1], dpi=150)
            plt.close(display.figure_)
    return files


def _contact_sheet(table: Bunch, facts: SpiralFacts, seed: int) -> Any:
    """Show one drawing of each class, and what the two published sets of parameters make of it."""
    recipe = make_hwa_recipe("hwa3", n_per_image=_N_COLUMNS - 1, random_state=seed)
    online, rng = recipe["classifier"].augmenter, np.random.default_rng(seed)
    chosen = [np.flatnonzero(table.y == label)[0] for label in np.unique(table.y)]
    made, _ = recipe["resampler"].fit_resample(table.X[chosen], table.y[chosen])
    images, titles = [], []
    for k, row in enumerate(chosen):
        offline = made[recipe["resampler"].sample_indices_ == k]
        drawing, copies = offline[:1], offline[1:]
        views = online.random_batch(np.repeat(drawing, _N_COLUMNS - 1, axis=0), rng)
        images += [offline, drawing, views, drawing, online.random_batch(copies, rng)]
        for how in ("HWA-II: offline", "HWA-I: online", "HWA-III: both"):
            titles += [table.index["recording"][row], *[how] * (_N_COLUMNS - 1)]
    return ContactSheetDisplay.from_images(np.concatenate(images), titles, n_columns=_N_COLUMNS)
