"""The tremor study and the command that runs it, on few and short recordings."""

import io
import re

import numpy as np
import pandas as pd
import pytest
from rich.console import Console
from typer.testing import CliRunner

from skpd import __version__
from skpd.cli import app
from skpd.datasets import make_tremor_recordings
from skpd.studies import TREMOR_DATASETS, load_results, run_tremor_study

FIGURES = {"recording", "classes", "confusion", "roc", "resamplers", "class_effect"}


def few_recordings(seed):
    return make_tremor_recordings(
        n_subjects=10, recordings_per_subject=2, duration=10.0, weights=(0.5, 0.3, 0.2, 0, 0), random_state=seed
    )


@pytest.fixture(autouse=True)
def small(monkeypatch):
    monkeypatch.setitem(TREMOR_DATASETS, "simulated", few_recordings)


def run(out, **options):
    text = io.StringIO()
    console = Console(file=text, width=options.pop("width", 140))
    options = {"n_splits": 2, "resamplers": ["none", "SMOTE"], "progress": False} | options
    return run_tremor_study("simulated", out=out, console=console, **options), text.getvalue()


def test_the_study_prints_tables_and_writes_files(tmp_path):
    results, text = run(tmp_path)
    assert len(results.cells) == 8  # two resamplers and two baselines, two folds each
    assert not len(results.failures)
    assert re.search(r"random-forest, subject-wise: 80 windows of 10 subjects", text)
    assert re.search(r"random-forest, subject-wise: 20 recordings of 10 subjects", text)
    for name in ("none", "SMOTE", "majority", "chance", "0.32, 0.11", "Out of bag the forest", "simulated"):
        assert name in text, name
    assert {f.stem for f in (tmp_path / "figures").iterdir()} == FIGURES
    assert all(f.stat().st_size > 5000 for f in (tmp_path / "figures").iterdir())
    scores = pd.read_csv(tmp_path / "scores.csv")
    assert set(scores["unit"]) == {"window", "recording"}
    line = scores.query("unit == 'window' and resampler == 'SMOTE' and metric == 'gmean'").iloc[0]
    row = re.search(r"^SMOTE( +-?\d\.\d\d){8} *\n( +-?\d\.\d\d--?\d\.\d\d){8} *$", text, flags=re.MULTILINE)[0]
    assert row.split()[3] == f"{line['value']:.2f}"
    assert row.split()[11] == f"{line['low']:.2f}-{line['high']:.2f}"
    importances = pd.read_csv(tmp_path / "importances.csv")
    assert importances.groupby("resampler").size().to_dict() == {"SMOTE": 102, "none": 102}
    np.testing.assert_allclose(importances.groupby("resampler")["importance"].sum(), 1, atol=1e-3)
    pd.testing.assert_frame_equal(load_results(tmp_path).scores(n_resamples=0), results.scores(n_resamples=0))


def test_leaky_protocols_say_so_and_the_gap_is_drawn(tmp_path):
    results, text = run(tmp_path, leaky=["SMOTE"])
    assert "LEAKS: test rows are resampled" in text
    protocols = results.cells.groupby("resampler")["protocol"].unique().map(set).to_dict()
    assert protocols["SMOTE"] == {"as-published", "as-written", "subject-wise"}
    forests = results.cells[results.cells["classifier"] == "random-forest"]
    assert set(forests[forests["resampler"] == "none"]["protocol"]) == {"subject-wise"}
    assert (tmp_path / "figures" / "protocols.png").is_file()


def test_narrow_terminals_put_the_interval_below(tmp_path):
    _, text = run(tmp_path, width=80, resamplers=["none", "InstanceHardnessThreshold"])
    assert max(len(line) for line in text.splitlines() if str(tmp_path) not in line) <= 80
    assert re.search(r"^ *paper: 0\.32, 0\.11( +\d\.\d\d-\d\.\d\d){5} *$", text, flags=re.MULTILINE)
    assert "…" not in text


def test_roads_give_their_own_numbers_of_features(tmp_path):
    for road, n_features in {"principal-axis": 102, "per-axis": 306}.items():
        results, _ = run(tmp_path / road, road=road, resamplers=["none"])
        assert len(results.manifest["feature_names"]) == n_features


def test_the_real_rest_recordings_are_scored_by_person(data_dir, monkeypatch, tmp_path):
    from skpd.datasets import load_unm_rest

    def some(seed):
        bunch = load_unm_rest(data_dir / "unm_rest")
        people = pd.unique(bunch.groups)
        labels = np.array([bunch.target[bunch.groups == p][0] for p in people])
        chosen = np.concatenate([people[labels == label][:6] for label in np.unique(labels)])
        keep = np.isin(bunch.groups, chosen)
        bunch.update(data=bunch.data[keep], target=bunch.target[keep], groups=bunch.groups[keep])
        return bunch

    monkeypatch.setitem(TREMOR_DATASETS, "unm_rest", some)
    text = io.StringIO()
    results = run_tremor_study(
        "unm_rest",
        out=tmp_path,
        resamplers=["none"],
        n_splits=3,
        console=Console(file=text, width=140),
        progress=False,
    )
    assert results.units == ["window", "recording", "subject"]
    assert "random-forest, subject-wise: 12 subjects" in text.getvalue()
    scores = results.scores("subject", n_resamples=50)
    forest = scores[scores["classifier"] == "random-forest"].set_index("metric")
    for metric in ("accuracy", "balanced_accuracy", "gmean", "iba", "auc"):
        line = forest.loc[metric]
        assert line["low"] <= line["value"] <= line["high"]


class TestCommand:
    runner = CliRunner()
    SHORT = ("--resamplers", "none", "--leaky", "", "--folds", "2", "--no-progress")

    def test_help_teaches(self):
        text = self.runner.invoke(app, ["study", "tremor", "--help"]).output
        for word in ("subject-wise", "as-published", "unm_rest", "principal-axis", "Exit codes"):
            assert word in text

    def test_version(self):
        assert self.runner.invoke(app, ["--version"]).output.strip() == f"skpd {__version__}"

    def test_a_run_and_its_continuation(self, tmp_path):
        command = ["study", "tremor", "--out", str(tmp_path), *self.SHORT]
        first = self.runner.invoke(app, command)
        assert first.exit_code == 0, first.output
        times = {f.name: f.stat().st_mtime_ns for f in (tmp_path / "cells").iterdir()}
        again = self.runner.invoke(app, command)
        assert again.output == first.output
        assert times == {f.name: f.stat().st_mtime_ns for f in (tmp_path / "cells").iterdir()}

    @pytest.mark.parametrize(
        ("options", "message"),
        [
            (["--data", "mjff"], "data: expected among simulated, unm_rest; got 'mjff'"),
            (["--resamplers", "smote"], "resamplers: expected among none, SMOTE"),
            (["--classifiers", "svm"], "classifiers: expected among random-forest"),
            (["--protocols", ""], "protocols: expected at least one of as-published"),
            (["--leaky", "TOMEK"], "leaky: expected among none, SMOTE"),
            (["--road", "axes"], "road: expected one of 'magnitude'"),
            (["--folds", "50"], "expected at least 50 subjects for subject-wise folds, found 10"),
            (["--folds", "1"], "should be greater than or equal to 2 / 1 is not in the range x>=2"),
        ],
    )
    def test_wrong_usage_exits_with_2_and_says_why(self, tmp_path, options, message):
        result = self.runner.invoke(app, ["study", "tremor", "--out", str(tmp_path), "--no-progress", *options])
        assert result.exit_code == 2
        text = " ".join(result.output.replace("│", " ").split())
        assert any(form in text for form in message.split(" / "))

    def test_missing_data_says_where_it_was_looked_for(self, tmp_path, monkeypatch):
        monkeypatch.setenv("SKPD_DATA", str(tmp_path / "nothing"))
        result = self.runner.invoke(app, ["study", "tremor", "--data", "unm_rest", "--out", str(tmp_path)])
        assert result.exit_code == 2
        assert "SKPD_DATA" in result.output

    def test_failed_folds_exit_with_1(self, tmp_path, monkeypatch):
        from sklearn.linear_model import LogisticRegression

        from skpd.recipes import TREMOR_CLASSIFIERS

        monkeypatch.setitem(TREMOR_CLASSIFIERS, "broken", lambda seed: LogisticRegression(C=-1.0))
        command = ["study", "tremor", "--out", str(tmp_path), *self.SHORT]
        result = self.runner.invoke(app, [*command, "--classifiers", "broken,random-forest"])
        assert result.exit_code == 1
        assert "2 folds failed" in result.output
        assert "InvalidParameterError" in result.output
