"""The drawing study and the command that runs it, on few and small drawings and a network of random weights."""

import io
import re

import numpy as np
import pandas as pd
import pytest
from rich.console import Console
from typer.testing import CliRunner

from skpd.cli import app
from skpd.datasets import load_spiral_drawings, make_spiral_drawings
from skpd.model_selection import PROTOCOLS
from skpd.studies import SPIRAL_DATASETS, load_results, run_spiral_study
from skpd.studies import _spiral as module
from skpd.studies._spiral_print import SpiralFacts, _comparisons

FIGURES = {"augmented", "confusion-subject-wise", "protocols", "curves-as-published", "curves-subject-wise"}


def few_drawings(kind, size, seed):
    return make_spiral_drawings(8, drawings_per_drawer=2, kind=kind, image_size=(size, size), random_state=seed)


@pytest.fixture
def small(monkeypatch):
    """Few drawings, three images of each, two epochs."""
    make = module.make_hwa_recipe

    def make_small(architecture, **options):
        return make(architecture, **options | {"epochs": 2, "n_per_image": 2, "n_views": 2})

    monkeypatch.setitem(SPIRAL_DATASETS, "simulated", few_drawings)
    monkeypatch.setattr(module, "make_hwa_recipe", make_small)


def run(out, **options):
    text = io.StringIO()
    console = Console(file=text, width=options.pop("width", 140))
    options = {"backbone": "MobileNet", "weights": None, "image_size": 32, "n_splits": 2, "progress": False} | options
    return run_spiral_study("simulated", out=out, console=console, **options), text.getvalue()


@pytest.mark.slow
@pytest.mark.usefixtures("small")
def test_both_orders_from_drawings_to_figures_and_once_more(tmp_path):
    results, text = run(tmp_path)
    assert not len(results.failures)
    assert len(results.cells) == 2 * 2 * 5  # protocols, folds, three architectures and two baselines
    assert {f.stem for f in (tmp_path / "figures").iterdir()} == FIGURES
    words = " ".join(text.split())
    assert "nothing here says anything about the published system" in words
    assert "LEAKS: images made of the test drawings are trained on" in words
    for name in ("HWA-I, experiment 2", "HWA-II, experiment 2", "HWA-III, experiment 6"):
        assert name in words
    assert "MobileNet instead of DenseNet201; random weights" in words

    scores = pd.read_csv(tmp_path / "scores.csv")
    drawings = scores[(scores["unit"] == "drawing") & (scores["metric"] == "accuracy")].set_index(
        ["protocol", "classifier"]
    )
    # Augmented before the split, the images made of drawings are tested; otherwise drawings alone.
    n = drawings["n"].to_dict()
    assert n["as-published", "hwa1-2"] == n["subject-wise", "hwa2-2"] == n["subject-wise", "hwa3-6"] == 16
    assert n["as-published", "hwa2-2"] == n["as-published", "hwa3-6"] == 16 * 3
    assert (drawings["n_subjects"] == 8).all()
    assert drawings["published"].dropna().groupby("classifier").first().to_dict() == {
        "hwa1-2": 0.93,
        "hwa2-2": 0.98,
        "hwa3-6": 0.97,
    }
    row = drawings.loc["subject-wise", "hwa2-2"]
    assert (row["epochs"], row["batch_size"]) == (50, 64)

    # No drawer is tested by a network that was trained on them.
    predictions = results.predictions
    sound = predictions[predictions["protocol"] == "subject-wise"]
    assert (sound.groupby(["classifier", "subject"])["fold"].nunique() == 1).all()

    # What the curves end at is what the study measured: watching the test set changed nothing.
    curves = pd.read_csv(tmp_path / "curves.csv")
    ends = curves.groupby(["protocol", "classifier"]).last()["val_accuracy"]
    first = predictions[predictions["fold"] == 0].assign(right=lambda f: f["y_true"] == f["y_pred"])
    measured = first.groupby(["protocol", "classifier"])["right"].mean()
    np.testing.assert_allclose(ends, measured[ends.index], atol=1e-6)

    times = {f: f.stat().st_mtime_ns for f in (tmp_path / "cells").iterdir()}
    _, text_again = run(tmp_path)
    assert text_again == text
    assert times == {f: f.stat().st_mtime_ns for f in (tmp_path / "cells").iterdir()}
    pd.testing.assert_frame_equal(pd.read_csv(tmp_path / "curves.csv"), curves)
    assert len(load_results(tmp_path).predictions) == len(predictions)


@pytest.mark.slow
@pytest.mark.usefixtures("small")
def test_narrow_terminals_and_waves(tmp_path):
    results, text = run(tmp_path, width=80, kind="wave", protocols=["subject-wise"])
    assert not len(results.failures)
    long = [line for line in text.splitlines() if len(line) > 80 and str(tmp_path) not in line]
    assert not long
    assert "…" not in text
    assert "waves instead of spirals" in " ".join(text.split())
    assert re.search(r"paper 0\.98", text)


@pytest.mark.slow
@pytest.mark.usefixtures("small")
def test_all_eighteen_experiments(tmp_path, monkeypatch):
    seen = []
    make = module.make_hwa_recipe

    def record(architecture, **options):
        seen.append((architecture, options["epochs"], options["batch_size"], options["head"]))
        return make(architecture, **options)

    monkeypatch.setattr(module, "make_hwa_recipe", record)
    results, _ = run(tmp_path, experiments="all", protocols=["subject-wise"], head=124)
    learners = results.cells[results.cells["classifier"].str.startswith("hwa")]
    assert learners["classifier"].nunique() == 18
    assert len(set(seen)) == 18
    assert {head for *_, head in seen} == {(124,)}


def test_the_training_folder_is_the_reading_that_fits_the_published_numbers(data_dir, monkeypatch):
    monkeypatch.setenv("SKPD_DATA", str(data_dir))
    table = module._make_table("real", "spiral", "training", 32, 0)
    assert table.X.shape == (72, 32, 32, 3)
    assert len(table.y) == len(table.groups) == len(table.index) == 72
    folds = PROTOCOLS["as-published"].folds(
        module.make_hwa_recipe("hwa1"), table.X, table.y, table.groups, n_splits=5, random_state=0
    )
    assert sorted(len(fold.y_test) for fold in folds) == [14, 14, 14, 15, 15]
    everything = module._make_table("real", "wave", "all", 32, 0)
    assert len(everything.y) == 102
    np.testing.assert_array_equal(
        everything.X, load_spiral_drawings(data_dir / "spiral_wave_drawings", kind="wave", image_size=(32, 32)).data
    )


def facts(**changes):
    given = {"data": "real", "kind": "spiral", "subset": "all", "n_drawings": 102, "n_drawers": 28}
    given |= {"backbone": "DenseNet201", "weights": "imagenet", "image_size": 100, "head": 128}
    return SpiralFacts(**given | changes)


def scored(protocol, architecture, value, published):
    row = {"protocol": protocol, "architecture": architecture, "experiment": 2, "unit": "drawing"}
    return pd.DataFrame([row | {"metric": "accuracy", "value": value, "published": published}])


@pytest.mark.parametrize(
    ("value", "words"), [(0.96, "(-0.02), close to it"), (0.90, "(-0.08). What differs: nothing that is known")]
)
def test_a_difference_above_three_hundredths_is_explained(value, words):
    assert words in "\n".join(_comparisons(scored("as-published", "hwa2", value, 0.98), facts()))


def test_explanations_name_what_differs():
    said = "\n".join(
        _comparisons(scored("subject-wise", "hwa3", 0.7, 0.97), facts(backbone="MobileNet", image_size=64))
    )
    for words in ("drawers tested are unseen", "no image made of a test drawing", "MobileNet", "64 instead of 100"):
        assert words in said
    said = "\n".join(_comparisons(scored("as-published", "hwa1", 0.7, 0.93), facts()))
    assert "14 of 15" in said
    assert "unseen" not in said


def test_the_interval_of_fourteen_of_fifteen():
    from scipy.stats import binomtest

    low, high = binomtest(14, 15).proportion_ci(method="wilson")
    assert (round(low, 2), round(high, 2)) == (0.70, 0.99)


class TestCommand:
    runner = CliRunner()
    SMALL = ("--data", "simulated", "--backbone", "MobileNet", "--weights", "none", "--size", "32", "--no-progress")

    def test_help_teaches(self):
        text = self.runner.invoke(app, ["study", "spiral", "--help"]).output
        for word in ("subject-wise", "as-published", "imagenet", "wave", "all 18", "Exit codes"):
            assert word in " ".join(text.replace("│", " ").split())

    @pytest.mark.parametrize(
        ("options", "message"),
        [
            (["--data", "kaggle"], "data: expected among real, simulated; got 'kaggle'"),
            (["--kind", "meander"], "kind: expected among spiral, wave; got 'meander'"),
            (["--subset", "testing"], "subset: expected among all, training"),
            (["--experiments", "2"], "experiments: expected among one, all"),
            (["--protocols", "paper"], "protocols: expected among as-published"),
            (["--protocols", ""], "protocols: expected at least one"),
            (["--head", "64"], "head: expected 128"),
            (["--size", "16"], "should be greater than or equal to 32 / 16 is not in the range x>=32"),
            (["--folds", "1"], "should be greater than or equal to 2 / 1 is not in the range x>=2"),
            (["--folds", "29"], "expected at least 29 subjects"),
            (["--backbone", "MobileNett"], "backbone='MobileNett'"),
            (["--weights", "nowhere.weights.h5"], "nowhere.weights.h5'"),
        ],
    )
    def test_wrong_usage_exits_with_2_and_says_why(self, tmp_path, options, message):
        result = self.runner.invoke(app, ["study", "spiral", *self.SMALL, "--out", str(tmp_path), *options])
        assert result.exit_code == 2, result.output
        text = " ".join(result.output.replace("│", " ").split())
        assert any(form in text for form in message.split(" / "))

    def test_a_file_as_results_folder(self, tmp_path):
        (tmp_path / "file").write_text("")
        result = self.runner.invoke(app, ["study", "spiral", *self.SMALL, "--out", str(tmp_path / "file")])
        assert result.exit_code == 2
        assert "is a file" in " ".join(result.output.split())

    def test_missing_data_says_what_to_do(self, tmp_path, monkeypatch):
        monkeypatch.setenv("SKPD_DATA", str(tmp_path / "nothing"))
        result = self.runner.invoke(app, ["study", "spiral", "--out", str(tmp_path / "out")])
        assert result.exit_code == 2
        assert "SKPD_DATA" in result.output
        assert "simulated" in result.output
