"""The handwriting study and the command that runs it, on few people and small networks."""

import io

import numpy as np
import pandas as pd
import pytest
from rich.console import Console
from sklearn.utils import Bunch
from typer.testing import CliRunner

from skpd.cli import app
from skpd.datasets import load_uci_spirals, make_pen_trajectories
from skpd.neural import train_source_network
from skpd.studies import HANDWRITING_DATASETS, load_results, run_handwriting_study
from skpd.studies._handwriting_data import PenDataset, find_confounds, load_pens
from skpd.studies._handwriting_print import name_recipe

FIGURES = {"pen-control", "pen-parkinson", "images", "recipes", "roc-subject-wise"}


@pytest.fixture
def few(monkeypatch):
    """Twelve people, two thirds of them patients, who draw a spiral and a wave."""

    def load(seed):
        return make_pen_trajectories(12, tasks=("spiral", "wave"), patients=0.67, random_state=seed)

    monkeypatch.setitem(HANDWRITING_DATASETS, "simulated", PenDataset(load, ("spiral",), ("wave",)))


@pytest.fixture(scope="module")
def digits(tmp_path_factory):
    y = np.arange(40) % 2
    X = np.full((40, 32, 32, 3), 255, dtype=np.uint8)
    X[y == 1, 8:20] = 0
    return train_source_network(X, y, folder=tmp_path_factory.mktemp("source"), epochs=1, data_name="bars").path


def run(out, **options):
    text = io.StringIO()
    console = Console(file=text, width=options.pop("width", 140))
    small = {"weights": None, "image_size": 32, "n_per_image": 2, "epochs": 2, "finetune_epochs": 1}
    options = small | {"n_splits": 2, "progress": False} | options
    return run_handwriting_study("simulated", out=out, console=console, **options), text.getvalue()


@pytest.mark.slow
@pytest.mark.usefixtures("few")
def test_both_roads_from_pens_to_figures_and_once_more(tmp_path, digits):
    results, text = run(tmp_path, source_network=digits)
    assert not len(results.failures)
    networks = {f"{source}-{mode}" for source in ("imagenet", "mnist", "none") for mode in ("freeze", "finetune")}
    features = {"pen-svm", "pen-adaboost", "pen-knn", "pen-forest"}
    assert set(results.cells["classifier"]) == networks | features | {"pen-confound", "majority"}
    assert {f.stem for f in (tmp_path / "figures").iterdir()} == FIGURES
    flat = " ".join(text.split())
    for phrase in (
        "simulated, spiral: 12 recordings of 12 people, 8 of them patients",
        "accuracy misleads here",
        "right 0.67 of the time",
        "MNIST source: alexnet, without its last layer, bars; right on",
        "these rows say nothing about transfer",
        "The recordings are simulated",
        "paper: 0.9828, PaHaW",
        "random split of augmented images",
        "What the source brings",
        "MNIST - random weights, fine-tuned",
    ):
        assert phrase in flat, phrase
    # One device in the simulation: there is nothing to warn of.
    assert "the setup tells the classes apart" not in text

    scores = pd.read_csv(tmp_path / "scores.csv")
    assert set(scores["unit"]) == {"recording"}
    majority = scores[scores["classifier"] == "majority"].set_index("metric")["value"]
    assert majority["balanced_accuracy"] == 0.5
    assert majority["accuracy"] == pytest.approx(8 / 12)
    learned = scores[scores["metric"].isin(["balanced_accuracy", "auc"])]
    assert (learned["low"] <= learned["value"]).all()
    assert (learned["value"] <= learned["high"]).all()

    # Nobody is tested by a recipe that was trained on them, and all recipes have the same folds.
    predictions = results.predictions
    assert (predictions.groupby(["classifier", "subject"])["fold"].nunique() == 1).all()
    assert (predictions.groupby("row")["fold"].nunique() == 1).all()

    transfer = pd.read_csv(tmp_path / "transfer.csv")
    assert len(transfer) == 6
    assert (transfer["p_adjusted"] >= transfer["p_value"]).all()
    modes = [transfer[column].str.partition("-")[2].tolist() for column in ("first", "second")]
    assert modes[0] == modes[1]
    ours = scores[scores["metric"] == "balanced_accuracy"].set_index("classifier")["value"]
    for row in transfer.itertuples():
        assert row.difference == pytest.approx(ours[row.first] - ours[row.second])

    times = {f: f.stat().st_mtime_ns for f in (tmp_path / "cells").iterdir()}
    again, text_again = run(tmp_path, source_network=digits)
    assert text_again == text
    assert times == {f: f.stat().st_mtime_ns for f in (tmp_path / "cells").iterdir()}
    pd.testing.assert_frame_equal(load_results(tmp_path).predictions, again.predictions, check_like=True)


@pytest.mark.usefixtures("few")
def test_all_tasks_score_people_too_and_leave_the_geometry_out(tmp_path):
    options = {"roads": ["features"], "classifiers": ["svm"], "task": "all"}
    results, text = run(tmp_path, protocols=["as-written", "subject-wise"], width=80, **options)
    assert not len(results.failures)
    scores = pd.read_csv(tmp_path / "scores.csv")
    n = scores.groupby(["protocol", "unit"])["n"].first().to_dict()
    assert n["subject-wise", "recording"] == 24
    assert n["subject-wise", "subject"] == 12
    assert ("as-written", "subject") not in n
    assert (tmp_path / "figures" / "protocols.png").is_file()
    assert "LEAKS: the people tested are trained on" in " ".join(text.split())
    printed = next(line for line in text.split("Protocols compared")[1].splitlines() if "support vector" in line)
    svm = scores[(scores["classifier"] == "pen-svm") & (scores["metric"] == "balanced_accuracy")]
    svm = svm[svm["unit"] == "recording"].set_index("protocol")["value"].map("{:.2f}".format)
    assert f"{float(svm['as-written']) - float(svm['subject-wise']):+.2f}" in printed
    svm = results.cells[results.cells["classifier"] == "pen-svm"].iloc[0]
    assert "spiral" not in svm["parameters"]["features__features"]
    long = [line for line in text.splitlines() if len(line) > 80 and str(tmp_path) not in line]
    assert not long


def test_uci_confounds_are_counted_from_the_data(data_dir, monkeypatch):
    loaded = load_uci_spirals(data_dir / "uci_spiral")
    uci = HANDWRITING_DATASETS["uci"]
    monkeypatch.setitem(HANDWRITING_DATASETS, "uci", PenDataset(lambda seed: loaded, uci.spirals, uci.others))
    pens, left_out, copies = load_pens("uci", "static", 0)
    assert (len(pens.y), (pens.y == "parkinson").sum(), len(left_out)) == (76, 61, 0)
    text = " ".join(find_confounds(pens, copies))
    assert "of 26 recordings at 111 points/s 25 are patients'" in text
    assert "the rate alone has an AUC of 0.67" in text
    assert "14 drawings are more than 1.3 times as wide as high, 14 of them patients'" in text
    assert "width/height alone has an AUC of 0.80" in text
    assert "one circular recording stands under 7 names (7 control)" in text
    circular, left_out, _ = load_pens("uci", "circular", 0)
    assert len(left_out) == 9
    assert len(circular.y) == (loaded.frame["test"] == "circular").sum() - 9
    assert not set(left_out["recording"]) & set(circular.index["recording"])


def pen(rate, width, height):
    k = np.arange(400)
    return np.column_stack([width * (k % 2), height * (k // 2 % 2), k / rate])


def test_confounds_of_recordings_that_are_made_so():
    sick = np.arange(20) < 10
    pens = Bunch(
        X=[pen(100 if k < 12 else 200, 4 if k < 8 else 2, 2) for k in range(20)],
        y=np.where(sick, "parkinson", "control"),
        heights=[np.full(5, float(k > 2)) for k in range(20)],
    )
    copies = pd.DataFrame({"recording": ["a", "b", "c"], "same_as": ["", "a", "a"], "task": "spiral"})
    lines = find_confounds(pens, copies.assign(target=["control", "parkinson", "control"]))
    assert lines == [
        "of 12 recordings at 100 points/s 10 are patients', of 8 at 200 0: the rate alone has an AUC of 0.90",
        "8 drawings are more than 1.3 times as wide as high, 8 of them patients': width/height alone has an AUC of "
        "0.90. Images and lengths along x show it",
        "the pen's height is 0 throughout in 3 recordings, 3 of them patients', and never in the others; no recipe "
        "sees it",
        "one spiral recording stands under 3 names (2 control, 1 parkinson), and is left out",
    ]
    same = Bunch(X=[pen(100, 2, 2)] * 20, y=pens.y, heights=None)
    assert find_confounds(same, copies[:0]) == []


def test_names_of_recipes():
    assert name_recipe("mnist-freeze") == "MNIST, frozen"
    assert name_recipe("pen-confound") == "setup alone: rate, shape"
    assert name_recipe("pen-svm") == "support vector machine"
    assert name_recipe("other") == "other"


@pytest.mark.usefixtures("few")
@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"task": "meander"}, "task: expected among spiral, wave, all; got 'meander'"),
        ({"roads": ["sound"]}, "roads: expected among features, images"),
        ({"classifiers": ["tree"]}, "classifiers: expected among svm"),
        ({"sources": ["cifar"]}, "sources: expected among imagenet"),
        ({"modes": []}, "modes: expected at least one of freeze"),
        ({"protocols": ["random"]}, "protocols: expected among as-published"),
        ({"n_splits": 6}, "at least 6 recordings of each class"),
        ({"source_network": "nowhere.keras"}, "source_network: no file"),
    ],
)
def test_wrong_usage_says_what_is_expected(tmp_path, options, message):
    with pytest.raises(ValueError, match=message):
        run(tmp_path / "out", **options)
    assert not (tmp_path / "out" / "cells").exists()


@pytest.mark.usefixtures("few")
def test_out_that_is_a_file(tmp_path):
    (tmp_path / "out").write_text("")
    with pytest.raises(ValueError, match="expected a folder"):
        run(tmp_path / "out")


def test_missing_data_and_digits_are_one_message(tmp_path, monkeypatch):
    monkeypatch.setenv("SKPD_DATA", str(tmp_path))
    result = CliRunner().invoke(app, ["study", "handwriting", "--out", str(tmp_path / "out")])
    assert result.exit_code == 2
    assert "data 'simulated'" in result.output
    options = ["--data", "simulated", "--sources", "mnist", "--no-progress", "--out", str(tmp_path / "out")]
    result = CliRunner().invoke(app, ["study", "handwriting", *options])
    assert result.exit_code == 2
    assert "leave 'mnist' out of sources" in " ".join(result.output.split())


@pytest.mark.usefixtures("few")
def test_the_command(tmp_path):
    options = ["--data", "simulated", "--roads", "features", "--classifiers", "knn", "--folds", "2", "--no-progress"]
    result = CliRunner().invoke(app, ["study", "handwriting", *options, "--out", str(tmp_path / "out")])
    assert result.exit_code == 0, result.output
    assert "nearest neighbours" in result.output
    assert (tmp_path / "out" / "figures" / "recipes.png").is_file()
