"""From pen files to a model and to predictions, in every format that has a reader."""

import json

import numpy as np
import pandas as pd
import pytest
from sklearn.ensemble import RandomForestClassifier
from typer.testing import CliRunner

from skpd import load_model
from skpd.cli import app
from skpd.datasets import load_svc, load_uci_spirals, make_pen_trajectories
from skpd.exceptions import DataFileError
from skpd.models import load_manifest, predict_files, save_model, train_model
from skpd.models._pens import PenOptions, describe_pens, read_pens
from skpd.models._training_data import recipe_kind
from skpd.pages import write_view
from skpd.recipes import list_recipes, make_recipe


@pytest.fixture(scope="module")
def pens():
    return make_pen_trajectories(n_subjects=10, tasks=("spiral",), random_state=0)


def write_svc(file, points):
    """As a Wacom tablet with 32768 levels of pressure writes it."""
    x, y = np.rint(points[:, :2].T / 5e-6).astype(int)
    t = np.rint(1000 * points[:, 2]).astype(int)
    angles = np.rint(np.rad2deg(np.nan_to_num(points[:, 4:6], nan=0.5)) * 10).astype(int)
    pressure = np.rint(points[:, 3] * 32767).astype(int)
    rows = np.column_stack([x, y, t, points[:, 6].astype(int), angles, pressure])
    file.write_text(f"{len(rows)}\n" + "\n".join(" ".join(map(str, row)) for row in rows) + "\n")


def write_csv(file, points):
    columns = {"ms": 1000 * points[:, 2], "x_mm": 1000 * points[:, 0], "y_mm": 1000 * points[:, 1]}
    pd.DataFrame(columns | {"force": points[:, 3], "down": points[:, 6]}).to_csv(file, index=False)


CSV = {
    "columns": {"t": "ms", "x": "x_mm", "y": "y_mm", "pressure": "force", "pen_down": "down"},
    "resolution": 1e-3,
    "pressure_levels": 2,
    "time_unit": "ms",
}


@pytest.fixture(scope="module")
def own_files(pens, tmp_path_factory):
    folder = tmp_path_factory.mktemp("own")
    labels = pd.DataFrame({"label": pens.target, "subject": pens.groups})
    labels.insert(0, "file", [f"{i}.svc" for i in range(len(labels))])
    for name, points in zip(labels["file"], pens.data, strict=True):
        write_svc(folder / name, points)
    labels.to_csv(folder / "labels.csv", index=False)
    return folder


SMALL = {"n_features": 8}


@pytest.fixture(scope="module")
def trained(own_files, tmp_path_factory):
    folder = tmp_path_factory.mktemp("trained") / "model"
    return train_model("pen-svm", own_files / "labels.csv", folder, parameters=SMALL, n_splits=3)


def test_every_recipe_has_a_kind_that_its_estimator_takes():
    kinds = {name: recipe_kind(name) for name in list_recipes()["name"]}
    assert kinds["tremor"] == "recordings"
    assert {name for name, kind in kinds.items() if kind == "drawings"} == {"hwa1", "hwa2", "hwa3"}
    assert {"pen-svm", "pen-confound", "naseer"} <= {name for name, kind in kinds.items() if kind == "pens"}


def test_a_model_of_own_files_predicts_what_it_predicts_in_memory(trained, own_files, tmp_path):
    files = sorted(own_files.glob("*.svc"))
    report = predict_files(trained.folder, files, tmp_path / "out")
    assert not len(report.failures), report.failures["reason"].tolist()
    expected = load_model(trained.folder).predict_proba(load_svc(files).data)
    table = pd.read_csv(tmp_path / "out" / "predictions.csv")
    np.testing.assert_allclose(table[["proba_control", "proba_parkinson"]], expected, atol=1e-12)
    assert table["recording"].astype(str).tolist() == [file.stem for file in files]
    assert table["prediction"].tolist() == [["control", "parkinson"][k] for k in expected.argmax(axis=1)]
    assert table["unlike_training"].mean() <= 0.2


def test_the_card_says_what_the_model_takes_and_who_was_held_out(trained):
    entry = load_manifest(trained.folder)["input"]
    assert entry["kind"] == "pens"
    assert entry["units"]["x"] == "m"
    assert set(trained.scores["unit"]) == {"recording"}
    assert (trained.scores["n_subjects"] == 10).all()
    card = (trained.folder / "README.md").read_text()
    assert "Pen trajectories with x and y in m, time in s, pressure in share of full scale" in card
    assert "10 people, 10 pen recordings" in card


def test_formats_of_one_recording_are_predicted_alike(trained, pens, tmp_path):
    write_svc(tmp_path / "a.svc", pens.data[0])
    write_csv(tmp_path / "b.csv", pens.data[0])
    svc = predict_files(trained.folder, [tmp_path / "a.svc"], tmp_path / "out").summary
    csv = predict_files(trained.folder, [tmp_path / "b.csv"], tmp_path / "out2", pen=CSV).summary
    # An .svc file holds whole numbers.
    np.testing.assert_allclose(svc["proba_parkinson"], csv["proba_parkinson"], atol=0.05)


def test_units_that_differ_or_are_not_known_are_refused(trained, pens, tmp_path):
    write_csv(tmp_path / "b.csv", pens.data[0])
    for missing, channel in (("resolution", "x"), ("pressure_levels", "pressure")):
        known = {name: value for name, value in CSV.items() if name != missing}
        reason = predict_files(trained.folder, [tmp_path / "b.csv"], tmp_path / "o", pen=known).failures["reason"]
        assert f"expected {channel} in" in reason.iloc[0]
        assert f"state the {missing} of the device" in reason.iloc[0]
    reason = predict_files(trained.folder, [tmp_path / "b.csv"], tmp_path / "o").failures["reason"]
    assert "expected the columns x, y and t" in reason.iloc[0]


def test_a_model_in_device_units_refuses_metres(pens, own_files, tmp_path):
    units = pens.units | {"x": "device units", "y": "device units"}
    model = make_recipe("pen-knn", **SMALL).fit(pens.data, pens.target)
    folder = save_model(model, tmp_path / "m", units=units)
    reason = predict_files(folder, [own_files / "0.svc"], tmp_path / "o").failures["reason"].iloc[0]
    assert "expected x in device units, as in the training data, got it in m" in reason
    assert "train the model on files whose resolution is stated" in reason


def test_another_device_is_said_to_be_unlike(trained, pens, tmp_path):
    # A tenth of the rate, ten times the size.
    points = pens.data[0][::10] * [10, 10, 1, 1, 1, 1, 1]
    write_csv(tmp_path / "b.csv", points)
    report = predict_files(trained.folder, [tmp_path / "b.csv"], tmp_path / "o", pen=CSV)
    assert report.summary["unlike_training"].tolist() == [True]
    assert "the recording is unlike the training data" in report.files["notes"].iloc[0]


def test_files_of_another_kind_fail_with_the_reason(trained, tmp_path):
    np.save(tmp_path / "a.npy", np.zeros((10, 3)))
    (tmp_path / "a.svc").write_text("3\n1 2 3\n")
    files = [tmp_path / "a.npy", tmp_path / "a.svc", tmp_path / "none.txt"]
    reasons = predict_files(trained.folder, files, tmp_path / "o").failures["reason"].tolist()
    for reason, expected in zip(reasons, ["expected a pen file", "line 2", "no such file"], strict=True):
        assert expected in reason


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"data": "unm_rest"}, "expected one of 'uci', 'pahaw', 'simulated'"),
        ({"data": "simulated", "task": "sentence"}, "expected one of 'spiral', 'wave'"),
        ({"pen": {"resolutions": 1}}, "got 'resolutions'"),
        ({"recipe": "tremor", "data": "simulated", "task": "spiral"}, "these data have no tasks"),
    ],
)
def test_wrong_calls_say_what_is_wrong(own_files, tmp_path, arguments, message):
    with pytest.raises(ValueError, match=message):
        train_model(**{"recipe": "pen-svm", "data": own_files / "labels.csv", "out": tmp_path / "m"} | arguments)
    assert not (tmp_path / "m").exists()


def test_files_in_several_units_are_not_mixed(own_files, pens, tmp_path):
    write_svc(tmp_path / "a.svc", pens.data[0])
    write_csv(tmp_path / "b.csv", pens.data[1])
    (tmp_path / "labels.csv").write_text("file,label,subject\na.svc,0,a\nb.csv,1,b\n")
    with pytest.raises(ValueError, match="expected all files in the units of"):
        train_model(
            "pen-svm", tmp_path / "labels.csv", tmp_path / "m", pen={"columns": CSV["columns"], "time_unit": "ms"}
        )


def test_a_page_shows_what_the_model_says_of_a_pen_file(trained, own_files, tmp_path):
    proba = load_model(trained.folder).predict_proba(load_svc(own_files / "0.svc").data)[0]
    text = write_view(own_files / "0.svc", tmp_path / "a.html", model=trained.folder).read_text(encoding="utf-8")
    assert f"with a probability of {proba.max():.2f}" in text
    assert f"Probability of each class: control {proba[0]:.2f}, parkinson {proba[1]:.2f}" in text
    assert "model: pen-svm" in text


def test_train_and_predict_from_the_command_line(own_files, tmp_path):
    train = ["train", "pen-forest", "--data", own_files / "labels.csv", "--out", tmp_path / "m", "--folds", "2"]
    result = CliRunner().invoke(app, list(map(str, [*train, "--set", "n_features=4"])))
    assert result.exit_code == 0, result.output
    result = CliRunner().invoke(
        app, list(map(str, ["predict", tmp_path / "m", own_files / "0.svc", "--out", tmp_path / "o"]))
    )
    assert result.exit_code == 0, result.output
    assert "parkinson" in result.output
    write_csv(tmp_path / "b.csv", load_svc(own_files / "0.svc").data[0])
    options = ["--pen-columns", ",".join(f"{k}={v}" for k, v in CSV["columns"].items()), "--resolution", "1e-3"]
    options += ["--time-unit", "ms", "--pressure-levels", "2"]
    result = CliRunner().invoke(
        app, list(map(str, ["predict", tmp_path / "m", tmp_path / "b.csv", "--out", tmp_path / "o", *options]))
    )
    assert result.exit_code == 0, result.output


def test_uci_files_hold_several_tests(data_dir, tmp_path):
    loaded = load_uci_spirals(data_dir / "uci_spiral", test="static", copies="drop")
    model = make_recipe("pen-forest", n_features=8).set_params(classifier=RandomForestClassifier(5, random_state=0))
    model.fit(loaded.data, loaded.target)
    folder = save_model(model, tmp_path / "m", units=loaded.units, task="static")
    file = data_dir / "uci_spiral" / "control" / "C_0001.txt"
    report = predict_files(folder, [file], tmp_path / "o")
    assert report.summary["test"].tolist() == ["static", "dynamic"]
    first = loaded.frame.index[loaded.frame["subject"].str.endswith("C_0001")][0]
    expected = model.predict_proba(loaded.data[[first]])[0, 1]
    assert report.summary["proba_parkinson"].iloc[0] == pytest.approx(expected)
    assert "trained on the task static, not on dynamic" in report.files["notes"].iloc[0]


def test_a_damaged_uci_file_is_refused(tmp_path):
    t = np.arange(120)
    rows = np.column_stack([200 + t % 9, 200 + t // 9, 0 * t, 500 + 0 * t, 900 + 0 * t, 7 * t, 0 * t])
    lines = [";".join(map(str, row)) for row in rows]
    file = tmp_path / "C_0001.txt"
    file.write_text("\n".join(lines))
    options = PenOptions(resolution=5e-6)
    assert [trace.test for trace in read_pens(file, options)] == ["static"]
    lines[40] = lines[40].replace(";", "")
    file.write_text("\n".join(lines))
    with pytest.raises(DataFileError, match="line 41"):
        read_pens(file, options)


def test_a_table_of_uci_files_learns_the_test_that_is_named(data_dir, tmp_path):
    folder = data_dir / "uci_spiral"
    files = [*sorted(folder.glob("control/*.txt"))[:4], *sorted(folder.glob("parkinson/*.txt"))[:4]]
    rows = [f"{file},{file.parent.name},{file.stem}" for file in files]
    (tmp_path / "labels.csv").write_text("\n".join(["file,label,subject", *rows]) + "\n")
    report = train_model("pen-svm", tmp_path / "labels.csv", tmp_path / "m", task="dynamic", n_splits=2)
    assert load_manifest(report.folder)["input"]["task"] == "dynamic"
    with pytest.raises(DataFileError, match="expected the test 'spiral'"):
        train_model("pen-svm", tmp_path / "labels.csv", tmp_path / "m2", task="spiral", n_splits=2)


def test_the_card_of_a_real_dataset_says_what_its_setup_gives_away(data_dir, tmp_path, monkeypatch):
    monkeypatch.setenv("SKPD_DATA", str(data_dir))
    report = train_model("pen-confound", "uci", tmp_path / "m", n_splits=2)
    limits = json.dumps(load_manifest(report.folder)["limitations"])
    assert "the rate alone has an AUC of" in limits
    assert "circular" not in limits


def test_descriptions_of_what_a_device_did_not_record():
    points = np.full((50, 7), np.nan)
    points[:, 0], points[:, 1], points[:, 2] = np.arange(50), 0.0, np.arange(50) / 100
    row = describe_pens([points]).iloc[0]
    assert row[["duration", "rate", "width", "height"]].tolist() == pytest.approx([0.49, 100, 49, 0])
    assert row[["pressure", "air", "altitude"]].isna().all()


def test_the_real_svc_file(data_dir):
    (trace,) = read_pens(next((data_dir / "svc").glob("*.svc")), PenOptions())
    assert trace.test == ""
    assert len(trace.points) == 607


def test_points_at_one_time_have_no_rate_and_no_speed():
    points = np.array([[0.0, 0.0, 2.0, 1.0, 1.0, 1.0, 1.0], [1.0, 1.0, 2.0, 1.0, 1.0, 1.0, 1.0]])
    for pen in (points, points[:1]):
        described = describe_pens([pen]).iloc[0]
        assert described[["rate", "speed"]].isna().all()
        assert described["duration"] == 0
