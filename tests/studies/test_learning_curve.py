"""The learning curve of a study, and the table of protocols that studies print."""

import io

import numpy as np
import pandas as pd
import pytest
from rich.console import Console
from sklearn.naive_bayes import GaussianNB
from sklearn.utils import Bunch
from typer.testing import CliRunner

from skpd.cli import app
from skpd.datasets import make_tremor_recordings
from skpd.studies import TREMOR_DATASETS, _learning
from skpd.studies._gap import print_gap
from skpd.studies._learning import LEARNING_CURVE, headline_pipeline, run_learning_curve
from skpd.studies._spiral_print import SpiralFacts, print_spiral_scores


def table(n_people=12, n_rows=6):
    rng = np.random.default_rng(0)
    people = np.repeat(np.arange(n_people), n_rows)
    y = people % 2
    X = y[:, None] + rng.normal(0, 1, (n_people, 3))[people] + rng.normal(size=(len(people), 3))
    return Bunch(X=X, y=y, groups=people)


def build(resampler, classifier, *, random_state):
    return GaussianNB()


@pytest.mark.parametrize(
    ("configurations", "expected"),
    [
        ([("subject-wise", "none", "mlp"), ("subject-wise", "SMOTE", "mlp")], ("SMOTE", "mlp")),
        # What was run under more protocols shows the gap, with a resampler or without.
        ([("as-written", "none", "mlp"), ("subject-wise", "none", "mlp"), ("subject-wise", "SMOTE", "mlp")],
         ("none", "mlp")),
        # Of equals the first by name, then by family, in whatever order they were run.
        ([("subject-wise", "SMOTEENN", "b"), ("subject-wise", "SMOTE", "b"), ("subject-wise", "SMOTEENN", "a")],
         ("SMOTEENN", "a")),
        ([("subject-wise", "SMOTEENN", "b"), ("subject-wise", "SMOTE", "b")], ("SMOTE", "b")),
        ([("subject-wise", "none", "majority"), ("subject-wise", "none", "subject-mode")], None),
        ([], None),
    ],
    ids=range(6),
)  # fmt: skip
def test_the_headline_is_chosen_without_scores(configurations, expected):
    assert headline_pipeline(configurations) == expected
    assert headline_pipeline(configurations[::-1] * 2) == expected


def test_a_stored_curve_is_read_back_and_another_setting_is_run(tmp_path, monkeypatch):
    file = tmp_path / LEARNING_CURVE
    first = run_learning_curve(table(), build, ("none", "naive-bayes"), file=file, n_splits=3)
    assert set(first["metric"]) == {"balanced_accuracy", "gmean", "iba", "quadratic_kappa", "n_classes_scored"}
    assert first[["resampler", "classifier"]].drop_duplicates().to_numpy().tolist() == [["none", "naive-bayes"]]
    assert (first.loc[first["metric"] == "n_classes_scored", "score"] == 2).all()

    with monkeypatch.context() as patched:
        patched.setattr(_learning, "subject_learning_curve", None)
        again = run_learning_curve(table(), build, ("none", "naive-bayes"), file=file, n_splits=3)
    pd.testing.assert_frame_equal(first, again)
    other = run_learning_curve(table(), build, ("none", "naive-bayes"), file=file, n_splits=3, seed=1)
    assert not other["score"].equals(first["score"])
    assert pd.read_csv(file)["fit"].unique().tolist() == other["fit"].unique().tolist()
    assert [f.name for f in tmp_path.iterdir()] == [LEARNING_CURVE]


def test_a_damaged_curve_is_run_again(tmp_path):
    file = tmp_path / LEARNING_CURVE
    first = run_learning_curve(table(), build, ("none", "naive-bayes"), file=file, n_splits=3)
    for damage in (b"", b"\xff\x00,", b"metric,score\n"):
        file.write_bytes(damage)
        again = run_learning_curve(table(), build, ("none", "naive-bayes"), file=file, n_splits=3)
        pd.testing.assert_frame_equal(first, again)
        assert len(pd.read_csv(file)) == len(first)


def test_the_command_stores_and_prints_it(tmp_path, monkeypatch):
    few = make_tremor_recordings(
        n_subjects=8, recordings_per_subject=2, duration=8.0, weights=(0.5, 0.5, 0, 0, 0), random_state=0
    )
    monkeypatch.setitem(TREMOR_DATASETS, "simulated", lambda seed: few)
    command = ["study", "tremor", "--out", str(tmp_path), "--folds", "2", "--no-progress", "--jobs", "1"]
    command += ["--resamplers", "none", "--leaky", "none", "--classifiers", "logistic-regression"]
    done = CliRunner().invoke(app, [*command, "--learning-curve"])
    assert done.exit_code == 0, done.output
    curve = pd.read_csv(tmp_path / LEARNING_CURVE, keep_default_na=False)
    means = curve[curve["metric"] == "balanced_accuracy"].groupby("n_subjects")["score"].mean()
    text = " ".join(done.output.split())
    assert "Learning curve of logistic-regression (none)" in text
    assert f"{means.index[-1]} people {means.iloc[-1]:.2f}." in text
    assert "Protocols compared: balanced accuracy, window by window" in text


def scores(rows):
    frame = pd.DataFrame(rows, columns=["protocol", "resampler", "classifier", "value", "low", "high"])
    return frame.assign(unit="window", metric="balanced_accuracy")


def printed(frame, width=100):
    text = io.StringIO()
    print_gap(
        Console(file=text, width=width),
        frame,
        unit="window",
        name=lambda resampler, classifier: f"{classifier}, {resampler}",
        baselines=("majority",),
    )
    return text.getvalue()


def test_the_gap_is_of_the_numbers_as_printed():
    rows = [("subject-wise", "none", "forest", 1.0, 1.0, 1.0), ("as-written", "none", "forest", 0.975, 0.9, 1.0)]
    line = next(line for line in printed(scores(rows)).splitlines() if "forest" in line)
    assert line.split()[-3:] == ["0.97", "1.00", "-0.03"]


def test_the_gap_is_from_the_leakiest_to_the_sound_end():
    nan = float("nan")
    text = printed(
        scores(
            [
                ("subject-wise", "none", "majority", 0.2, 0.2, 0.2),
                ("as-published", "none", "majority", 0.2, nan, nan),
                ("subject-wise", "SMOTE", "forest", 0.42, 0.3, 0.5),
                ("as-written", "SMOTE", "forest", 0.74, 0.7, 0.8),
                ("as-published", "SMOTE", "forest", 0.95, nan, nan),
                ("subject-wise", "TomekLinks", "forest", 0.4, 0.3, 0.5),
            ]
        )
    )
    lines = [line.split() for line in text.splitlines()]
    assert ["as-published", "as-written", "subject-wise"] in lines
    assert ["leaks", "leaks", "people", "never", "seen", "gap"] in lines
    assert ["forest,", "SMOTE", "0.95", "0.74", "0.42", "+0.53"] in lines
    assert ["0.70-0.80", "0.30-0.50"] in lines
    # Baselines close the table; what was run under one end only has no gap.
    assert lines.index(["majority,", "none", "0.20", "0.20", "+0.00"]) > lines.index(["0.70-0.80", "0.30-0.50"])
    assert "TomekLinks" not in text
    assert "minus subject-wise" in text


def test_the_drawing_study_puts_three_protocols_side_by_side():
    value = {"as-published": 0.95, "as-written": 0.8, "subject-wise": 0.74}
    rows = [(protocol, "none", "hwa1-2", v, v - 0.1, v + 0.1) for protocol, v in value.items()]
    frame = scores(rows).assign(
        unit="drawing", architecture="hwa1", experiment=2, epochs=50, batch_size=64, n=102, published=np.nan
    )
    text = io.StringIO()
    facts = SpiralFacts("real", "spiral", "all", 102, 55, "DenseNet201", "imagenet", 100, 128)
    print_spiral_scores(Console(file=text, width=100), frame, facts)
    lines = [line.split() for line in text.getvalue().splitlines()]
    assert ["HWA-I,", "experiment", "2", "0.95", "0.80", "0.74", "+0.21"] in lines


def test_without_both_ends_nothing_is_printed():
    one = [("subject-wise", "none", "forest", 0.4, 0.3, 0.5)]
    assert printed(scores(one)) == ""
    assert printed(scores([*one, ("as-written", "none", "majority", 0.2, 0.2, 0.2)])) == ""
    assert printed(scores([(p, "none", "majority", 0.2, 0.2, 0.2) for p in ("as-written", "subject-wise")])) == ""
