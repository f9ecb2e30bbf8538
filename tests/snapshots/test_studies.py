"""What studies ask for, print and draw, from results that are made up."""

import io

import numpy as np
import pandas as pd
import pytest
from rich.console import Console
from sklearn.base import BaseEstimator

from skpd.datasets import make_pen_trajectories, make_spiral_drawings, make_tremor_recordings
from skpd.studies import (
    HANDWRITING_DATASETS,
    SPIRAL_DATASETS,
    TREMOR_DATASETS,
    run_handwriting_study,
    run_spiral_study,
    run_tremor_study,
)
from skpd.studies._handwriting_data import PenDataset
from skpd.studies._print import print_notes

from .conftest import settings
from .made_up import made_up_drawings, made_up_study


def pretend(monkeypatch, module, right, seen, **facts):
    """Let a study find results that are made up, and note what it asks for."""

    def run_study(table, build, *, configurations, out, **options):
        seen.append(f"{len(table.y)} rows, { ({k: v for k, v in options.items() if k != 'on_progress'}) }")
        for resampler, classifier in dict.fromkeys((pair[1:]) for pair in configurations):
            protocols = [protocol for protocol, *pair in configurations if tuple(pair) == (resampler, classifier)]
            made = settings(build(resampler, classifier, random_state=options["seeds"][0]))
            seen.append(f"{resampler}, {classifier} under {', '.join(protocols)}: {made}")
        chosen = {c: right.get(c, right.get(c[2], 60)) for c in configurations}
        return made_up_study(out, right=chosen, unit=options.get("unit", "window"), **facts)

    monkeypatch.setattr(f"{module}.run_study", run_study)


def describe_axes(ax):
    """What is written at the axes and how much is drawn in it, in a line."""
    heights = [
        float(np.nanmean(np.asarray(line.get_ydata(), dtype=float))) for line in ax.lines if len(line.get_ydata())
    ]
    heights += [float(np.mean(image.get_array())) for image in ax.images]
    written = [text.get_text() for text in [*ax.texts, *(ax.get_legend().get_texts() if ax.get_legend() else [])]]
    counts = f"{len(ax.lines)} lines {len(ax.patches)} patches {len(ax.collections)} collections"
    title = ax.get_title("left") or ax.get_title()
    return (
        f"  {title}; {ax.get_xlabel()}; {ax.get_ylabel()}; {counts}; mean {np.mean(heights or [0]):.3f}; {written[:12]}"
    )


def note_figures(monkeypatch, seen):
    """Describe figures instead of writing them."""

    def savefig(figure, file, dpi):
        width, height = figure.get_size_inches()
        seen.append(f"{file.name}, {width:.3g} x {height:.3g} inches, {dpi} dpi")
        seen.extend(describe_axes(ax) for ax in figure.axes if ax.get_label() != "<colorbar>")
        seen.extend(f"  legend {[text.get_text() for text in legend.get_texts()]}" for legend in figure.legends)

    monkeypatch.setattr("matplotlib.figure.Figure.savefig", savefig)


def printed(run, folder, width=140, **options):
    text = io.StringIO()
    run(out=folder, console=Console(file=text, width=width), progress=False, **options)
    return text.getvalue().replace(str(folder), "OUT")


@pytest.mark.parametrize("width", [140, 80])
def test_tremor_study(monkeypatch, tmp_path, snapshot, width):
    seen = []
    few = make_tremor_recordings(n_subjects=4, recordings_per_subject=1, duration=8.0, random_state=0)
    monkeypatch.setitem(TREMOR_DATASETS, "simulated", lambda seed: few)
    pretend(monkeypatch, "skpd.studies._tremor", {"majority": 0, "chance": 30, "mlp": 66}, seen)
    note_figures(monkeypatch, seen)
    curve = pd.DataFrame({"n_subjects": [4, 8, 4, 8], "metric": "balanced_accuracy", "score": [0.3, 0.5, 0.4, 0.7]})
    monkeypatch.setattr(
        "skpd.studies._tremor.run_learning_curve", lambda table, build, pair, **options: seen.append(pair) or curve
    )
    text = printed(
        lambda **options: run_tremor_study("simulated", **options),
        tmp_path,
        width,
        resamplers=["none", "SMOTE", "AllKNN"],
        classifiers=["random-forest", "logistic-regression"] if width == 140 else ["random-forest"],
        protocols=["subject-wise"],
        leaky=["SMOTE", "ADASYN"] if width == 140 else [],
        learning_curve=True,
    )
    written = [tmp_path / "tables" / "tables.txt", tmp_path / "importances.csv"] if width == 80 else []
    seen = [*map(str, seen), text, *(file.read_text(encoding="utf-8") for file in written)]
    snapshot("\n".join(seen).replace(str(tmp_path), "OUT"), rtol=1e-3)


@pytest.mark.parametrize(("width", "protocols"), [(140, ["as-published", "subject-wise"]), (80, ["as-written"])])
def test_spiral_study(monkeypatch, tmp_path, snapshot, width, protocols):
    seen = []
    few = make_spiral_drawings(12, image_size=(32, 32), random_state=0)
    monkeypatch.setitem(SPIRAL_DATASETS, "simulated", lambda kind, size, seed: few)
    right = {"majority": 0, "chance": 55, "hwa1-2": 92, "hwa2-1": 80}
    rows = made_up_drawings()
    pretend(monkeypatch, "skpd.studies._spiral", right, seen, rows=rows, trouble=False)
    monkeypatch.setattr("skpd.studies._spiral._training_curves", lambda *given, **options: training_curves(given[2]))
    note_figures(monkeypatch, seen)
    monkeypatch.setattr("skpd.studies._spiral.BackboneFeatures", Features)
    options = {"protocols": protocols, "backbone": "MobileNet", "weights": None, "image_size": 32, "n_splits": 3}
    text = printed(lambda **given: run_spiral_study("simulated", **given), tmp_path, width, **options)
    snapshot("\n".join([*seen, text]).replace(str(tmp_path), "OUT"), rtol=1e-3)


def training_curves(configurations):
    rows = [
        (protocol, classifier, epoch, 1.0 / epoch, 0.5 + epoch / 10, 1.2 / epoch, 0.4 + epoch / 10)
        for protocol, _, classifier in configurations
        for epoch in (1, 2, 3)
    ]
    columns = ["protocol", "classifier", "epoch", "loss", "accuracy", "val_loss", "val_accuracy"]
    return pd.DataFrame(rows, columns=columns)


class Features(BaseEstimator):
    """Stands in for a network that is asked for one image."""

    def __init__(self, backbone, weights=None, input_shape=None, memory=None, random_state=None):
        pass

    def fit(self, X):
        return self

    def transform(self, X):
        return X


@pytest.mark.parametrize(("width", "task"), [(140, "spiral"), (80, "all")])
def test_handwriting_study(monkeypatch, tmp_path, snapshot, width, task):
    seen = []
    few = make_pen_trajectories(12, tasks=("spiral", "wave"), patients=0.75, random_state=0)
    monkeypatch.setitem(HANDWRITING_DATASETS, "simulated", PenDataset(lambda seed: few, ("spiral",), ("wave",)))
    right = {"majority": 0, "pen-confound": 57, "imagenet-finetune": 90, "mnist-freeze": 45, "pen-svm": 80}
    rows = made_up_drawings()
    pretend(monkeypatch, "skpd.studies._handwriting", right, seen, rows=rows, trouble=False)
    note_figures(monkeypatch, seen)
    monkeypatch.setattr("skpd.studies._handwriting.BackboneFeatures", Features)
    monkeypatch.setattr("skpd.studies._handwriting._find_source", lambda *given: "digits.keras")
    text = printed(
        lambda **given: run_handwriting_study("simulated", **given),
        tmp_path,
        width,
        task=task,
        protocols=["subject-wise", "as-written"] if task == "all" else ["subject-wise"],
        weights=None if task == "all" else "imagenet",
        n_splits=3,
    )
    snapshot("\n".join([*seen, text]).replace(str(tmp_path), "OUT"), rtol=1e-3)


def test_notes(tmp_path, snapshot):
    kinds = [f"UserWarning: kind {letter}" for letter in "abcdefg"]
    right = {("subject-wise", resampler, "random-forest"): 60 for resampler in ("none", "SMOTE")}
    study = made_up_study(tmp_path, right=right, trouble=False, warnings=kinds, feature_importances=[0.1, 0.7, 0.2])
    study.cells.loc[4, "oob_score"] = 0.5
    text = io.StringIO()
    print_notes(Console(file=text, width=100), study)
    snapshot(text.getvalue())
