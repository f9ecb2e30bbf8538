"""From labelled data to a model folder whose card says what was measured."""

import warnings

import numpy as np
import pandas as pd
import pytest
from imblearn.over_sampling import SMOTE
from imblearn.pipeline import make_pipeline as make_sampling_pipeline
from sklearn.base import clone
from sklearn.ensemble import RandomForestClassifier
from sklearn.linear_model import LogisticRegression
from sklearn.naive_bayes import GaussianNB
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import FunctionTransformer, StandardScaler
from typer.testing import CliRunner

from skpd import load_model, save_model
from skpd.cli import app
from skpd.metrics import classification_summary
from skpd.models import SubjectCalibratedClassifier, add_calibration, export_onnx, load_manifest, train_model
from skpd.models._evaluate import hold_out_predictions
from skpd.models._training_data import _read_labels
from skpd.plotting import ReliabilityDisplay
from skpd.recipes import make_recipe
from skpd.studies._people import fit_parameters

SMALL = {"classifier": RandomForestClassifier(n_estimators=3, random_state=0)}


@pytest.fixture(scope="module")
def own_files(wrist, tmp_path_factory):
    folder = tmp_path_factory.mktemp("own")
    labels = pd.DataFrame({"label": (wrist.target > 0).astype(int), "subject": wrist.groups})
    labels.insert(0, "file", [f"{i}.npy" for i in range(len(labels))])
    for name, recording in zip(labels["file"], wrist.data, strict=True):
        np.save(folder / name, recording / 9.80665)
    labels.to_csv(folder / "labels.csv", index=False)
    return folder


@pytest.fixture(scope="module")
def trained(own_files, tmp_path_factory):
    return train_model(
        "tremor",
        own_files / "labels.csv",
        tmp_path_factory.mktemp("trained") / "model",
        parameters=SMALL,
        protocols=["subject-wise", "leave-one-subject-out"],
        n_splits=3,
        calibrate="sigmoid",
        units="g",
        sampling_rate=50.0,
    )


def test_the_card_holds_the_scores_of_people_held_out(trained):
    manifest = load_manifest(trained.folder)
    assert {row["protocol"] for row in manifest["scores"]} == {"subject-wise", "leave-one-subject-out"}
    held_out = trained.predictions[
        (trained.predictions["protocol"] == "subject-wise") & (trained.predictions["unit"] == "recording")
    ]
    again = classification_summary(held_out["y_true"], held_out["y_pred"], labels=[0, 1])
    stored = {
        row["metric"]: row["value"]
        for row in manifest["scores"]
        if (row["protocol"], row["unit"]) == ("subject-wise", "recording")
    }
    assert stored["balanced_accuracy"] == pytest.approx(again["balanced_accuracy"], abs=1e-6)
    assert len(held_out) == 36
    assert not held_out["row"].duplicated().any()
    card = (trained.folder / "README.md").read_text()
    for text in ("Intended use", "6 people, 36 recordings", "95 % interval", "not a medical device", "sigmoid"):
        assert text in card
    assert "Trained on 6 people" in card
    assert (trained.folder / "reliability.png").read_bytes().startswith(b"\x89PNG")


def test_nobody_is_predicted_by_a_model_that_has_seen_them(wrist):
    seen = []

    class Spy(GaussianNB):
        def fit(self, X, y, groups=None):
            seen.append(set(groups))
            return super().fit(X, y)

    X = wrist.data.std(axis=1)
    predictions = hold_out_predictions(
        Spy(), X, wrist.target > 0, np.asarray(wrist.groups), protocol="subject-wise", n_splits=3, seed=0
    )
    assert len(seen) == 3
    for fold, frame in predictions.groupby("fold"):
        assert not set(frame["subject"]) & seen[fold]
    assert sorted(predictions["row"]) == list(range(len(X)))


def test_scores_do_not_depend_on_processes(own_files, tmp_path):
    options = {"parameters": SMALL, "n_splits": 2, "units": "g", "sampling_rate": 50.0}
    one, two = (train_model("tremor", own_files / "labels.csv", tmp_path / str(n), n_jobs=n, **options) for n in (1, 2))
    pd.testing.assert_frame_equal(one.predictions, two.predictions)
    pd.testing.assert_frame_equal(one.scores, two.scores)


def test_the_trained_model_is_loaded_without_trust_and_is_calibrated(trained, wrist):
    assert load_manifest(trained.folder)["needs_trust"] == []
    model = load_model(trained.folder)
    assert isinstance(model[-1].estimator_["calibrated"], SubjectCalibratedClassifier)
    np.testing.assert_allclose(model.predict_proba(wrist.data[:5]).sum(axis=1), 1)
    manifest = load_manifest(trained.folder)
    assert manifest["recipe"]["parameters"]["calibrate"] == "sigmoid"
    assert len(manifest["distance"]["names"]) == 102


def test_subjects_reach_the_step_that_asks_for_them():
    groups = np.array(["a", "b"])
    recipe = make_recipe("tremor", sampling_rate=50.0)
    assert fit_parameters(recipe, groups) == {}
    calibrated = add_calibration(recipe)
    assert list(fit_parameters(calibrated, groups)) == ["windowedclassifier__calibrated__groups"]
    drawings = add_calibration(make_sampling_pipeline(LogisticRegression()))
    assert list(fit_parameters(drawings, groups)) == ["groups"]
    behind_a_sampler = make_sampling_pipeline(SMOTE(), SubjectCalibratedClassifier(LogisticRegression()))
    assert fit_parameters(behind_a_sampler, groups) == {}


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"recipe": "tremr"}, "expected one of 'tremor'"),
        ({"data": "nothing"}, r"or a \.csv table"),
        ({"data": "nothing.csv"}, "no such file"),
        ({"protocols": ["as-published"]}, "those of people that it had not seen"),
        ({"protocols": []}, "at least one"),
        ({"calibrate": "yes"}, "expected one of 'none'"),
        ({"n_splits": 99}, "expected at least 99 subjects"),
        ({"parameters": {"sampling_rate": 1.0}}, "comes from the data"),
        ({"sampling": 1}, "got 'sampling'"),
    ],
)
def test_wrong_calls_say_what_is_wrong(own_files, tmp_path, arguments, message):
    given = {"recipe": "tremor", "data": own_files / "labels.csv", "out": tmp_path / "m"}
    with pytest.raises(ValueError, match=message):
        train_model(**given | {"units": "g", "sampling_rate": 50.0} | arguments)
    assert not (tmp_path / "m").exists()


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "no table"),
        ("file,label\na.npy,1\n", "expected the columns file, label, subject"),
        ("file,label,subject\na.npy,,x\n", "nothing in line 2"),
        ("file,label,subject\n", "no rows"),
        ("file,label,subject\na.npy,1,x\na.npy,1,x\n", "a.npy twice"),
        (
            "file,label,subject\na.npy,0,x\nb.npy,0.5,x\nc.npy,1,y\n",
            r"labels.csv, line 3: found the label 0\.5, expected classes: texts or whole numbers\. Number the grades",
        ),
        ("file,label,subject\na.npy,0,x\nb.npy,inf,x\n", "line 3: found the label inf"),
    ],
)
def test_a_table_of_labels_that_is_wrong(tmp_path, text, message):
    (tmp_path / "labels.csv").write_text(text)
    with pytest.raises(ValueError, match=message):
        train_model("tremor", tmp_path / "labels.csv", tmp_path / "m", units="g", sampling_rate=50.0)


@pytest.mark.parametrize("out", ["file/model", "file/deep/model"])
def test_a_place_that_cannot_be_written_is_noticed_before_the_training(tmp_path, monkeypatch, out):
    def load(*given, **options):
        raise AssertionError("data were read")

    monkeypatch.setattr("skpd.models._train.load_training_data", load)
    (tmp_path / "file").write_text("")
    with pytest.raises(ValueError, match=r"folder: expected a place where a folder can be made, .* cannot be made"):
        train_model("tremor", "simulated", tmp_path / out)
    (tmp_path / "full").mkdir()

    def refuse(*given, **options):
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr("skpd.models._store.tempfile.mkdtemp", refuse)
    with pytest.raises(ValueError, match=r"full/model cannot be made \(Permission denied\): name another folder"):
        train_model("tremor", "simulated", tmp_path / "full" / "model")


def test_only_an_empty_field_of_a_table_of_labels_is_missing(tmp_path):
    lines = ["file,label,subject", "NA,Tremor,NA", "null,None,anna ", "a.npy, None,anna", 'b.npy,"Tremor ",007']
    (tmp_path / "labels.csv").write_text("\n".join(lines))
    labels = _read_labels(tmp_path / "labels.csv")
    assert labels["file"].tolist() == ["NA", "null", "a.npy", "b.npy"]
    assert labels["label"].tolist() == ["Tremor", "None", "None", "Tremor"]
    assert labels["subject"].tolist() == ["NA", "anna", "anna", "007"]
    (tmp_path / "labels.csv").write_text("file,label,subject\na.npy, 1,x\nb.npy,0 ,y\n")
    assert _read_labels(tmp_path / "labels.csv")["label"].tolist() == [1, 0]
    (tmp_path / "labels.csv").write_text("file,label,subject\na.npy,1.0,x\nb.npy,0.0,y\n")
    assert _read_labels(tmp_path / "labels.csv")["label"].tolist() == [1.0, 0.0]
    (tmp_path / "labels.csv").write_text('file,label,subject\na.npy,1,x\nb.npy,0," "\n')
    with pytest.raises(ValueError, match="nothing in line 3"):
        _read_labels(tmp_path / "labels.csv")


def test_train_and_predict_from_the_command_line(own_files, tmp_path):
    train = ["train", "tremor", "--data", own_files / "labels.csv", "--out", tmp_path / "m", "--folds", "2"]
    options = ["--units", "g", "--sampling-rate", "50"]
    result = CliRunner().invoke(app, list(map(str, [*train, *options, "--set", "classifier=majority"])))
    assert result.exit_code == 0, result.output
    result = CliRunner().invoke(
        app, list(map(str, ["predict", tmp_path / "m", own_files / "0.npy", "--out", tmp_path / "o", *options]))
    )
    assert result.exit_code == 0, result.output
    result = CliRunner().invoke(app, list(map(str, [*train, *options, "--set", "classifier"])))
    assert result.exit_code == 2


def test_types_that_loading_asks_to_trust_are_named(own_files, tmp_path, monkeypatch):
    monkeypatch.setattr("skpd.models._train.load_manifest", lambda folder: {"needs_trust": ["package.module.Class"]})
    report = train_model(
        "tremor", own_files / "labels.csv", tmp_path / "m", parameters=SMALL, n_splits=2, units="g", sampling_rate=50.0
    )
    assert "trusted by name: package.module.Class" in report.notes[-1]


# --- calibration -----------------------------------------------------------------------------------------------------


def overconfident(seed=0, n_people=60):
    """Six copies of one feature: naive Bayes counts its evidence six times."""
    rng = np.random.default_rng(seed)
    groups = np.repeat(np.arange(n_people), 10)
    y = groups % 2
    signal = rng.normal(size=len(y)) + y
    return np.repeat(signal[:, None], 6, axis=1), y, groups


def test_calibration_brings_probabilities_to_what_comes_true():
    X, y, groups = overconfident()
    X_new, y_new, _ = overconfident(1)
    calibrated = SubjectCalibratedClassifier(GaussianNB(), random_state=0).fit(X, y, groups=groups)
    display = ReliabilityDisplay.from_predictions(
        {
            "as it is": (y_new, GaussianNB().fit(X, y).predict_proba(X_new)),
            "calibrated": (y_new, calibrated.predict_proba(X_new)),
        },
        [0, 1],
    )
    assert display.errors["calibrated"] < 0.5 * display.errors["as it is"]


def test_the_calibrator_sees_people_that_its_classifier_has_not(monkeypatch):
    X, y, groups = overconfident(n_people=10)
    X = np.column_stack([X, groups])
    fitted = []

    class Spy(GaussianNB):
        def fit(self, X, y):
            fitted.append(set(X[:, -1]))
            return super().fit(X, y)

        def predict_proba(self, X):
            if len(fitted) and len(fitted[-1]) < 10:
                assert not set(X[:, -1]) & fitted[-1]
            return super().predict_proba(X)

    SubjectCalibratedClassifier(Spy(), n_splits=5, random_state=0).fit(X, y, groups=groups)
    assert [len(people) for people in fitted] == [8] * 5 + [10]


def test_calibration_without_people_warns():
    X = np.random.default_rng(0).normal(size=(40, 2))
    with pytest.warns(UserWarning, match="every row is taken as a person of its own"):
        SubjectCalibratedClassifier(GaussianNB()).fit(X, np.arange(40) % 2)
    SubjectCalibratedClassifier(GaussianNB()).fit(X, np.arange(40) % 2, groups=np.arange(40))


def test_a_class_of_one_person_cannot_be_calibrated():
    X, y, groups = overconfident(n_people=6)
    y = np.where(groups == 0, 7, y)
    with pytest.raises(ValueError, match="found class 7 in 1"):
        SubjectCalibratedClassifier(GaussianNB()).fit(X, y, groups=groups)


# --- ONNX ------------------------------------------------------------------------------------------------------------


def test_a_recipe_as_onnx_predicts_the_same(tremor_model, wrist, tmp_path):
    onnxruntime = pytest.importorskip("onnxruntime")
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)
        file = export_onnx(tremor_model, tmp_path / "model.onnx")
    session = onnxruntime.InferenceSession(file)
    windowed = tremor_model[-1]
    windows = windowed.windowizer_.segment(tremor_model[:-1].transform(wrist.data))
    features = windowed.estimator_[0].transform(windows.X).astype(np.float32)
    label, proba = session.run(["label", "probabilities"], {"features": features})
    np.testing.assert_allclose(proba, windowed.estimator_[1:].predict_proba(features), atol=1e-5)
    np.testing.assert_array_equal(label, windowed.estimator_[1:].predict(features))


def test_what_has_no_onnx_form_is_refused_and_leaves_no_file(tmp_path):
    pytest.importorskip("onnxruntime")
    X, y, groups = overconfident(n_people=10)
    own = make_pipeline(FunctionTransformer(np.cbrt), LogisticRegression()).fit(X, y)
    calibrated = SubjectCalibratedClassifier(GaussianNB()).fit(X, y, groups=groups)
    for model in (own, calibrated):
        with pytest.raises(ValueError, match="no ONNX form"):
            export_onnx(model, tmp_path / "m.onnx")
    assert not list(tmp_path.iterdir())


def test_an_export_that_predicts_otherwise_is_refused(tmp_path, monkeypatch):
    pytest.importorskip("onnxruntime")
    X, y, _ = overconfident(n_people=10)
    model = make_pipeline(StandardScaler(), LogisticRegression()).fit(X, y)
    other = clone(model).fit(X, 1 - y)
    monkeypatch.setattr("skpd.models._onnx._plain", lambda classifier: other)
    export_onnx(model, tmp_path / "fine.onnx")
    monkeypatch.setattr(LogisticRegression, "predict_proba", lambda self, X: np.full((len(X), 2), 0.5))
    with pytest.raises(ValueError, match="predicts otherwise"):
        export_onnx(model, tmp_path / "m.onnx")
    assert not (tmp_path / "m.onnx").exists()


def test_a_calibrated_model_comes_back(tmp_path):
    X, y, groups = overconfident(n_people=10)
    for method in ("sigmoid", "isotonic", "temperature"):
        model = SubjectCalibratedClassifier(GaussianNB(), method=method, random_state=0).fit(X, y, groups=groups)
        again = load_model(save_model(model, tmp_path / method))
        np.testing.assert_array_equal(again.predict_proba(X), model.predict_proba(X))
