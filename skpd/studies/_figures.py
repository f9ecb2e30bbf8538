"""The figures of the tremor study."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from sklearn.utils import Bunch

from ..plotting import (
    ClassDistributionDisplay,
    ClassEffectDisplay,
    ConfusionPanelDisplay,
    OneVsRestRocDisplay,
    ProtocolGapDisplay,
    RecordingDisplay,
    ResamplerComparisonDisplay,
    figure_style,
)
from ..recipes import WindowTable, make_signal_road, published_tremor_scores
from ..resampling import RESAMPLER_FAMILIES
from ._baselines import ALL_BASELINES, SUBJECT_BASELINES
from ._results import StudyResults

__all__ = ["write_tremor_figures"]

_METRICS = ("gmean", "iba", "balanced_accuracy")


def write_tremor_figures(
    results: StudyResults,
    scores: pd.DataFrame,
    recordings: Bunch,
    table: WindowTable,
    *,
    road: str,
    folder: Path,
) -> list[Path]:
    """Draw what the study used and found.

    Parameters
    ----------
    results : StudyResults
        Predictions.
    scores : DataFrame
        As `StudyResults.scores` returns, with a column `unit`.
    recordings : Bunch
        The recordings that were studied.
    table : WindowTable
        Their windows.
    road : str
        How axes became signals.
    folder : Path
        Where the PNG files go; made if it is absent.

    Returns
    -------
    files : list of Path
        What was written.
    """
    import matplotlib.pyplot as plt

    folder.mkdir(parents=True, exist_ok=True)
    label = "severity" if np.issubdtype(table.y.dtype, np.number) else "group"
    displays: dict[str, Any] = {}
    with figure_style():
        displays["recording"] = _recording(recordings, table, road)
        displays["classes"] = ClassDistributionDisplay.from_labels(
            table.y, table.groups, label_name=label, unit="windows"
        )
        # Of unseen people the baselines that know the person know nothing, and would draw the majority twice more.
        scores = scores[(scores["unit"] == results.manifest["unit"]) & ~scores["classifier"].isin(SUBJECT_BASELINES)]
        protocol = _soundest(scores)
        frame = results.predictions[results.predictions["protocol"] == protocol]
        scores_here = scores[scores["protocol"] == protocol]
        is_baseline = scores_here["classifier"].isin(ALL_BASELINES)
        scores_here = scores_here.assign(
            family=scores_here["resampler"].map(RESAMPLER_FAMILIES).mask(is_baseline, "baseline"),
            resampler=scores_here["resampler"].mask(is_baseline, scores_here["classifier"]),
        )
        learners = list(dict.fromkeys(scores_here.loc[~is_baseline, "classifier"]))
        for classifier in learners:
            # One classifier needs no name; the figures of several are told apart by it.
            suffix = f"_{classifier}" if len(learners) > 1 else ""
            of_classifier = frame[frame["classifier"] == classifier]
            displays |= {
                f"{name}{suffix}": display
                for name, display in _predictions(
                    of_classifier, scores_here[scores_here["classifier"] == classifier], results.classes, label
                ).items()
            }
        if learners:
            displays["resamplers"] = ResamplerComparisonDisplay.from_table(
                scores_here[scores_here["metric"].isin(_METRICS)], metrics=_METRICS
            )
        if len(learners) > 1:
            chosen = [_best_of_each_family(scores_here[scores_here["classifier"] == name]) for name in learners]
            kept = pd.concat([*chosen, scores_here[is_baseline]])[["resampler", "classifier"]].drop_duplicates()
            best = scores_here.merge(kept, on=["resampler", "classifier"])
            displays["best"] = ResamplerComparisonDisplay.from_table(
                best[best["metric"].isin(_METRICS)], metrics=_METRICS
            )
        compared = scores[~scores["classifier"].isin(ALL_BASELINES)]
        if (compared.groupby(["resampler", "classifier"])["protocol"].nunique() > 1).any():
            displays["protocols"] = _gap(scores, with_paper=label == "severity")
        files = []
        for name, display in displays.items():
            files.append(folder / f"{name}.png")
            display.figure_.savefig(files[-1], dpi=150)
            plt.close(display.figure_)
    return files


def _recording(recordings: Bunch, table: WindowTable, road: str) -> Any:
    """Show the recording in which the bands carry most power for its size, so that there is something to see."""
    make_road = make_signal_road(recordings.sampling_rate, road=road)
    energy = [c for c in table.X.columns if c.endswith("standard_deviation") and "spectrum" not in c]
    mean = table.X[energy].mean(axis=1).groupby(table.index["recording"].to_numpy()).mean()
    chosen = int(mean.index[mean.to_numpy().argmax()])
    recording = np.asarray(recordings.data[chosen])
    bands = np.asarray(make_road.fit_transform(recording[None]))[0]
    windows = table.index[table.index["recording"] == chosen]
    return RecordingDisplay.from_signals(
        recording,
        bands,
        sampling_rate=recordings.sampling_rate,
        channel_names=list(recordings.channel_names),
        band_names=list(make_road[-1].get_feature_names_out()),
        units=recordings.units,
        windows=windows,
    )


def _soundest(scores: pd.DataFrame) -> str:
    present = set(scores["protocol"])
    order = ("leave-one-subject-out", "subject-wise", "as-written", "as-published")
    return next(name for name in order if name in present)


def _best_of_each_family(scores: pd.DataFrame) -> pd.DataFrame:
    """No resampling and the resampler with the highest G-mean of each family, families in the paper's order."""
    gmean = scores[(scores["metric"] == "gmean") & (scores["family"] != "baseline")]
    best = gmean.sort_values("value", ascending=False, kind="stable").drop_duplicates("family")
    order = {name: i for i, name in enumerate(dict.fromkeys(RESAMPLER_FAMILIES.values()))}
    return best.sort_values("family", key=lambda column: column.map(order), kind="stable")


def _predictions(frame: pd.DataFrame, scores: pd.DataFrame, classes: np.ndarray, label: str) -> dict[str, Any]:
    """Confusion and ROC panels without resampling and with the best of each family, and the effect on each class."""
    by_resampler = dict(iter(frame.groupby("resampler", sort=False)))
    displays: dict[str, Any] = {}
    compared = {
        "no resampling" if name == "none" else name: by_resampler[name]
        for name in _best_of_each_family(scores)["resampler"]
    }
    displays["confusion"] = ConfusionPanelDisplay.from_predictions(
        {name: (f["y_true"].to_numpy(), f["y_pred"].to_numpy()) for name, f in compared.items()},
        labels=classes.tolist(),
        label_name=label,
    )
    columns = [f"proba_{c}" for c in classes.tolist()]
    if set(columns) <= set(frame.columns) and frame[columns].notna().all(axis=None):
        # Of two classes the curve is that of the second: the patients, not the controls.
        order = np.argsort(classes == "PD", kind="stable")
        displays["roc"] = OneVsRestRocDisplay.from_predictions(
            {name: (f["y_true"].to_numpy(), f[columns].to_numpy()[:, order]) for name, f in compared.items()},
            labels=classes[order].tolist(),
            # Several seeds have several folds of one number.
            folds={name: f.groupby(["seed", "fold"]).ngroup().to_numpy() for name, f in compared.items()},
            label_name=label,
        )
    if "none" in by_resampler and len(by_resampler) > 1:
        displays["class_effect"] = ClassEffectDisplay.from_predictions(
            {name: (f["y_true"].to_numpy(), f["y_pred"].to_numpy()) for name, f in by_resampler.items()},
            labels=classes.tolist(),
            label_name=label,
        )
    return displays


def _gap(scores: pd.DataFrame, *, with_paper: bool) -> Any:
    """The leakage gap of every configuration that was run under several protocols, beside what the paper reports."""
    table = scores[~scores["classifier"].isin(ALL_BASELINES) & scores["metric"].isin(["gmean", "iba"])]
    compared = table.groupby(["resampler", "classifier"])["protocol"].transform("nunique") > 1
    table = table[compared]
    if with_paper:
        # The paper's numbers are consistent with this protocol, so they stand in its row and in no other.
        published = published_tremor_scores().rename(columns={"value": "published"}).assign(protocol="as-published")
        table = table.merge(published, on=["protocol", "classifier", "resampler", "metric"], how="left")
    recipe = table["resampler"].replace("none", "no resampling")
    if len(set(table["classifier"])) > 1:
        recipe = recipe + ", " + table["classifier"]
    return ProtocolGapDisplay.from_table(table.assign(recipe=recipe), metrics=("gmean", "iba"))
