"""Models come back as they were, and nothing in a folder is run, believed or overlooked."""

import hashlib
import importlib
import inspect
import io
import json
import os
import pickle
import pkgutil
import shutil
import subprocess
import sys
import zipfile
from copy import deepcopy
from pathlib import Path

import numpy as np
import pytest
import skops.io
from imblearn.over_sampling import SMOTE
from imblearn.pipeline import make_pipeline as make_sampling_pipeline
from sklearn.base import BaseEstimator, ClassifierMixin
from sklearn.dummy import DummyClassifier
from sklearn.ensemble import RandomForestClassifier
from sklearn.exceptions import NotFittedError
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import GridSearchCV
from sklearn.preprocessing import FunctionTransformer
from sklearn.tree import DecisionTreeClassifier

import skpd
from skpd import load_model, save_model
from skpd.metrics import gmean_scorer, iba_scorer, make_scorers
from skpd.model_selection import make_splitter
from skpd.models import ModelFolderError, load_manifest
from skpd.models._manifest import FORMAT, digest_of
from skpd.models._trust import _TYPES, check_trees
from skpd.neural import KerasMLPClassifier, KerasTransferClassifier
from skpd.neural._mlp import build_mlp

#: In a new process: load a model, predict the rows of a file, and say which heavy packages that needed.
PREDICT = """
import sys, numpy as np
from skpd import load_model
np.save(sys.argv[3], load_model(sys.argv[1]).predict_proba(np.load(sys.argv[2])))
print("tensorflow" in sys.modules)
"""


def predict_elsewhere(folder, X, scratch):
    np.save(scratch / "X.npy", X)
    command = [sys.executable, "-W", "error", "-c", PREDICT, folder, scratch / "X.npy", scratch / "proba.npy"]
    done = subprocess.run(command, capture_output=True, text=True, timeout=300)
    assert done.returncode == 0, done.stderr[-2000:]
    return np.load(scratch / "proba.npy"), done.stdout.strip() == "True"


def test_a_recipe_predicts_the_same_in_a_new_process_without_loading_networks(tremor_model, stored, wrist, tmp_path):
    proba, loaded_tensorflow = predict_elsewhere(stored, wrist.data, tmp_path)
    np.testing.assert_array_equal(proba, tremor_model.predict_proba(wrist.data))
    assert not loaded_tensorflow


@pytest.mark.slow
def test_a_network_on_features_predicts_the_same_in_a_new_process(tmp_path):
    rng = np.random.default_rng(0)
    X, y = rng.normal(size=(60, 4)), np.repeat([0, 3], 30)
    model = make_sampling_pipeline(
        SMOTE(random_state=0), KerasMLPClassifier((5,), epochs=2, sampler=SMOTE(), random_state=0)
    ).fit(X, y)
    folder = save_model(model, tmp_path / "mlp")
    proba, _ = predict_elsewhere(folder, X, tmp_path)
    np.testing.assert_array_equal(proba, model.predict_proba(X))
    assert load_manifest(folder)["needs_trust"] == []
    # What was loaded can be trained on and pickled as any other.
    again = load_model(folder)
    again[-1].partial_fit(X, y)
    np.testing.assert_array_equal(pickle.loads(pickle.dumps(again)).predict_proba(X), again.predict_proba(X))


@pytest.mark.slow
@pytest.mark.parametrize("mode", ["freeze", "finetune"])
def test_a_transfer_classifier_predicts_the_same_in_a_new_process(mode, tmp_path):
    rng = np.random.default_rng(0)
    y = np.repeat(["healthy", "parkinson"], 6)
    X = rng.integers(0, 90, size=(12, 32, 32, 3)) + 160 * (y == "parkinson")[:, None, None, None]
    model = KerasTransferClassifier(
        "MobileNet", weights=None, input_shape=(32, 32, 3), head=(4,), epochs=1, finetune_epochs=1, mode=mode,
        early_stopping=False, memory=tmp_path / "cache", random_state=0,
    ).fit(X, y)  # fmt: skip
    folder = save_model(model, tmp_path / "transfer", image_size=(32, 32))
    expected = model.predict_proba(X)
    shutil.rmtree(tmp_path / "cache")
    proba, _ = predict_elsewhere(folder, X, tmp_path)
    np.testing.assert_array_equal(proba, expected)
    assert load_model(folder).memory is None
    assert not (tmp_path / "cache").exists()


def test_samplers_keep_no_rows_of_the_training_data(stored, tremor_model):
    assert hasattr(tremor_model[-1].estimator_["resampler"], "class_counts_")
    resampler = load_model(stored)[-1].estimator_["resampler"]
    assert not [name for name in vars(resampler) if name.endswith("_")]


def test_the_manifest_and_the_card_say_what_the_model_is(stored):
    manifest = load_manifest(stored)
    assert manifest["format"] == FORMAT
    assert manifest["classes"] == [0, 1, 2, 3, 4]
    assert manifest["input"] == {
        "kind": "recordings", "sampling_rate_hz": 50.0, "units": "m/s^2", "magnitude": None,
        "channels": ["x", "y", "z"], "image_size": None, "task": None,
    }  # fmt: skip
    assert manifest["recipe"] == {"name": "tremor", "parameters": {"resampler": "SMOTE"}}
    assert {"skpd", "scikit-learn", "numpy"} <= set(manifest["versions"])
    card = (stored / "README.md").read_text()
    assert "not a medical device" in card
    assert "Made for tests." in card


def test_saving_refuses_what_is_there_and_what_cannot_be_stored(stored, tremor_model, tmp_path):
    with pytest.raises(ValueError, match="exists; name another folder, or pass overwrite=True"):
        save_model(tremor_model, stored)
    (tmp_path / "notes").mkdir()
    with pytest.raises(ValueError, match="exists and is no model"):
        save_model(tremor_model, tmp_path / "notes", overwrite=True)
    with pytest.raises(ValueError, match="expected one of them, the kind of input"):
        save_model(tremor_model, tmp_path / "new", sampling_rate=50.0, units={"x": "m"})
    with pytest.raises(ValueError, match="units: expected 'm/s\\^2', to which the readers convert"):
        save_model(tremor_model, tmp_path / "new", sampling_rate=50.0, units="g")
    with pytest.raises(NotFittedError):
        save_model(LogisticRegression(), tmp_path / "new")
    broken = DummyClassifier().fit([[0], [1]], [0, 1])
    broken.file_ = io.StringIO()
    with pytest.raises(ValueError, match="a part of it cannot be stored"):
        save_model(broken, tmp_path / "new")
    # Nothing half-written stays behind.
    assert sorted(path.name for path in tmp_path.iterdir()) == ["notes"]


def test_overwriting_replaces_a_model(tmp_path):
    first = DummyClassifier(strategy="constant", constant=0).fit([[0], [1]], [0, 1])
    second = DummyClassifier(strategy="constant", constant=1).fit([[0], [1]], [0, 1])
    save_model(first, tmp_path / "m")
    save_model(second, tmp_path / "m", overwrite=True)
    assert load_model(tmp_path / "m").predict([[0]]).tolist() == [1]
    assert [path.name for path in tmp_path.iterdir()] == ["m"]


# --- folders that are not what they should be -----------------------------------------------------------------------


@pytest.fixture
def copy(stored, tmp_path):
    return Path(shutil.copytree(stored, tmp_path / "copy"))


def seal(folder, **changes):
    """Write a manifest as one who knows the format could: with all digests right."""
    manifest = json.loads((folder / "manifest.json").read_text())
    manifest["files"] = {
        name: hashlib.sha256((folder / name).read_bytes()).hexdigest()
        for name in sorted(os.listdir(folder))
        if name != "manifest.json"
    }
    manifest |= changes
    manifest["digest"] = digest_of(manifest)
    (folder / "manifest.json").write_text(json.dumps(manifest))


def test_a_missing_folder_a_file_and_a_folder_of_something_else(tmp_path):
    with pytest.raises(ModelFolderError, match="no such folder"):
        load_model(tmp_path / "none")
    (tmp_path / "file").write_text("")
    with pytest.raises(ModelFolderError, match="got a file"):
        load_model(tmp_path / "file")
    with pytest.raises(ModelFolderError, match=r"no manifest\.json"):
        load_model(tmp_path)


@pytest.mark.parametrize("name", ["pipeline.skops", "README.md"])
def test_a_changed_byte_is_noticed(copy, name):
    content = bytearray((copy / name).read_bytes())
    content[len(content) // 2] ^= 1
    (copy / name).write_bytes(content)
    with pytest.raises(ModelFolderError, match=f"{name}: its content is not what the manifest says"):
        load_model(copy)


def test_an_edited_manifest_is_noticed(copy):
    manifest = json.loads((copy / "manifest.json").read_text())
    manifest["input"]["sampling_rate_hz"] = 100.0
    (copy / "manifest.json").write_text(json.dumps(manifest))
    with pytest.raises(ModelFolderError, match="edited or damaged"):
        load_manifest(copy)


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ("", "damage"),
        ("{", "damage"),
        ("[1]", "expected a format number"),
        ('{"format": "1"}', "expected a format number"),
        ('{"format": true}', "expected a format number"),
        ('{"format": 0}', "expected a format number from 1"),
        ('{"format": 99}', "found format 99.*install a newer skpd"),
        ('{"format": 1}', "missing or damaged"),
    ],
)
def test_a_broken_manifest_says_what_is_wrong(copy, content, message):
    (copy / "manifest.json").write_text(content)
    with pytest.raises(ModelFolderError, match=message):
        load_model(copy)


def test_a_model_of_pens_without_units_is_refused(copy):
    seal(copy, input=json.loads((copy / "manifest.json").read_text())["input"] | {"kind": "pens", "units": None})
    with pytest.raises(ModelFolderError, match="input missing or damaged"):
        load_model(copy)


def test_a_folder_of_format_1_loads_without_its_ranges(copy, tremor_model, wrist):
    manifest = json.loads((copy / "manifest.json").read_text())
    del manifest["distance"], manifest["input"]["task"]
    manifest["ranges"] = {"names": ["a"], "low": [0.0], "high": [1.0], "limit": 3}
    (copy / "manifest.json").write_text(json.dumps(manifest))
    seal(copy, format=1)
    np.testing.assert_array_equal(load_model(copy).predict(wrist.data), tremor_model.predict(wrist.data))
    known = load_manifest(copy)
    assert known["distance"] is None
    assert "ranges" not in known
    # Entries of another format are as good as missing.
    seal(copy, format=2)
    with pytest.raises(ModelFolderError, match="distance, input missing or damaged"):
        load_model(copy)


def test_a_missing_file_is_named(copy):
    (copy / "pipeline.skops").unlink()
    with pytest.raises(ModelFolderError, match=r"expected a file pipeline\.skops, found none"):
        load_model(copy)


def test_a_planted_pickle_is_not_opened(copy, tmp_path):
    class Bomb:
        def __reduce__(self):
            return os.system, (f"touch {tmp_path / 'boom'}",)

    (copy / "model.pkl").write_bytes(pickle.dumps(Bomb()))
    with pytest.raises(ModelFolderError, match=r"found model\.pkl, which the manifest does not list"):
        load_model(copy)
    seal(copy)
    with pytest.raises(ModelFolderError, match=r"found 'model\.pkl'"):
        load_model(copy)
    # In the place of the pipeline it is no archive of skops.
    (copy / "model.pkl").replace(copy / "pipeline.skops")
    seal(copy)
    with pytest.raises(ModelFolderError, match="damage"):
        load_model(copy)
    assert not (tmp_path / "boom").exists()


@pytest.mark.parametrize("name", ["../pipeline.skops", "/etc/passwd", "a/b.keras", "network-0.keras\n", "..", ""])
def test_paths_out_of_the_folder_are_refused(copy, name):
    manifest = json.loads((copy / "manifest.json").read_text())
    seal(copy, files=manifest["files"] | {name: "0" * 64})
    with pytest.raises(ModelFolderError, match="such a manifest is not written by skpd"):
        load_model(copy)


def test_a_link_out_of_the_folder_is_refused(copy, tmp_path):
    (copy / "pipeline.skops").replace(tmp_path / "elsewhere.skops")
    (copy / "pipeline.skops").symlink_to(tmp_path / "elsewhere.skops")
    with pytest.raises(ModelFolderError, match=r"expected a file pipeline\.skops, found none"):
        load_model(copy)


class Stranger(ClassifierMixin, BaseEstimator):
    """A type that skpd does not know."""

    made = 0

    def __new__(cls):
        cls.made += 1
        return super().__new__(cls)

    def fit(self, X, y):
        self.classes_ = np.unique(y)
        return self

    def predict(self, X):
        return np.full(len(X), self.classes_[0])


def test_unknown_types_are_named_and_not_made_until_they_are_trusted(tmp_path):
    folder = save_model(Stranger().fit([[0]], [7]), tmp_path / "m")
    name = f"{Stranger.__module__}.Stranger"
    assert load_manifest(folder)["needs_trust"] == [name]
    before = Stranger.made
    with pytest.raises(ModelFolderError, match="pass trusted=") as caught:
        load_model(folder)
    assert name in str(caught.value)
    assert Stranger.made == before
    with pytest.raises(TypeError, match="expected names of types"):
        load_model(folder, trusted=name)


@pytest.mark.parametrize(
    ("step", "name"),
    [
        (FunctionTransformer(os.system), "posix.system"),
        (FunctionTransformer(eval), "builtins.eval"),
        (FunctionTransformer(skpd.datasets.load_unm_rest), "load_unm_rest"),
    ],
    ids=["os.system", "eval", "function of skpd"],
)
def test_functions_are_refused_even_those_of_skpd(copy, step, name):
    (copy / "pipeline.skops").write_bytes(skops.io.dumps(step))
    seal(copy)
    with pytest.raises(ModelFolderError, match="found .*" + name):
        load_model(copy)


def test_a_known_function_cannot_be_called_with_arguments_of_the_file(copy):
    # skops makes a partial only of a type that is trusted by name, and that one is not.
    from functools import partial

    (copy / "pipeline.skops").write_bytes(skops.io.dumps(FunctionTransformer(partial(np.sum, axis=0))))
    seal(copy)
    with pytest.raises(ModelFolderError, match=r"functools\.partial"):
        load_model(copy)


def test_something_that_is_no_estimator_is_refused(copy):
    (copy / "pipeline.skops").write_bytes(skops.io.dumps({"a": 1}))
    seal(copy)
    with pytest.raises(ModelFolderError, match="expected an estimator, found dict"):
        load_model(copy)


def test_a_truncated_pipeline_with_right_digests_is_damage(copy):
    content = (copy / "pipeline.skops").read_bytes()
    (copy / "pipeline.skops").write_bytes(content[: len(content) // 2])
    seal(copy)
    with pytest.raises(ModelFolderError, match="found damage"):
        load_model(copy)


SEARCH_X, SEARCH_Y, SEARCH_GROUPS = np.arange(48.0).reshape(24, 2) % 7, np.arange(24) % 2, np.arange(24) // 4


def search(scoring, refit=True, scheme="subject-wise"):
    cv = make_splitter(scheme, n_splits=2, random_state=0)
    found = GridSearchCV(LogisticRegression(), {"C": [0.1, 1.0]}, cv=cv, scoring=scoring, refit=refit)
    return found.fit(SEARCH_X, SEARCH_Y, groups=SEARCH_GROUPS)


@pytest.mark.parametrize(
    ("scoring", "refit", "scheme"),
    [
        (make_scorers(), "gmean", "subject-wise"),
        (make_scorers(labels=[0, 1]), "auc", "leave-one-subject-out"),
        (gmean_scorer, True, "random"),
        (iba_scorer, True, "subject-wise"),
        (None, True, "subject-wise"),
    ],
    ids=["all", "auc", "gmean", "iba", "none"],
)
@pytest.mark.filterwarnings("ignore:The groups parameter is ignored")
def test_a_search_with_our_scorers_and_splitters_comes_back(scoring, refit, scheme, tmp_path):
    model = search(scoring, refit, scheme)
    folder = save_model(model, tmp_path / "m")
    assert load_manifest(folder)["needs_trust"] == []
    again = load_model(folder)
    assert again.score(SEARCH_X, SEARCH_Y) == model.score(SEARCH_X, SEARCH_Y)
    assert repr(again.cv) == repr(model.cv)


def test_a_search_with_another_score_asks_for_trust_in_it(tmp_path):
    model = search("balanced_accuracy")
    folder = save_model(model, tmp_path / "m")
    needed = ["sklearn.metrics._classification.balanced_accuracy_score"]
    assert load_manifest(folder)["needs_trust"] == needed
    with pytest.raises(ModelFolderError, match=r"found sklearn\.metrics\._classification\.balanced_accuracy_score"):
        load_model(folder)
    assert load_model(folder, trusted=needed).score(SEARCH_X, SEARCH_Y) == model.score(SEARCH_X, SEARCH_Y)


def disguised():
    """A known type that can be called, under the name of a score."""
    scorer = make_scorers()["auc"]
    scorer.__module__, scorer.__name__ = gmean_scorer._score_func.__module__, gmean_scorer._score_func.__name__
    return scorer


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"_score_func": build_mlp}, "expected a scorer that computes .*build_mlp"),
        ({"_score_func": KerasMLPClassifier}, "expected a scorer that computes .*a type"),
        ({"_score_func": np.exp}, "expected a scorer that computes .*a ufunc"),
        ({"_score_func": disguised()}, "expected a scorer that computes .*a OneVsRestAUCScorer"),
        ({"_response_method": "fit"}, "expected a scorer that asks for .*fit"),
        ({"_response_method": ["predict", "set_params"]}, "expected a scorer that asks for .*set_params"),
    ],
)
@pytest.mark.parametrize("wrap", [lambda scorer: scorer, lambda scorer: {"a": [scorer]}], ids=["bare", "nested"])
def test_scorers_that_call_something_else_are_refused(copy, change, message, wrap):
    model = search(gmean_scorer)
    scorer = deepcopy(gmean_scorer)
    vars(scorer).update(change)
    model.scorer_ = wrap(scorer)
    (copy / "pipeline.skops").write_bytes(skops.io.dumps(model))
    seal(copy)
    with pytest.raises(ModelFolderError, match=message):
        load_model(copy)


def test_trees_whose_nodes_point_elsewhere_are_refused():
    X = np.random.default_rng(0).normal(size=(60, 3))
    model = DecisionTreeClassifier(random_state=0).fit(X, X[:, 0] > 0.1 * X[:, 1])
    check_trees(model)
    tree = model.tree_
    for field, value in [("left_child", 10**6), ("left_child", 0), ("right_child", -5), ("feature", 99)]:
        state = tree.__getstate__()
        state["nodes"] = state["nodes"].copy()
        state["nodes"][field][0] = value
        model.tree_ = type(tree)(*tree.__reduce__()[1])
        model.tree_.__setstate__(state)
        with pytest.raises(ValueError, match="expected nodes"):
            check_trees(model)
    model.tree_, model.n_features_in_ = tree, 1
    with pytest.raises(ValueError, match="expected a tree of nodes on 1 features"):
        check_trees(model)
    forest = RandomForestClassifier(2, random_state=0).fit(X, X[:, 0] > 0)
    forest.n_features_in_ = 1
    with pytest.raises(ValueError, match="expected trees on 1 features"):
        check_trees(forest)


# --- networks --------------------------------------------------------------------------------------------------------


@pytest.fixture(scope="session")
def stored_network(tmp_path_factory):
    X = np.random.default_rng(0).normal(size=(20, 3))
    model = KerasMLPClassifier((2,), epochs=1, early_stopping=False, random_state=0).fit(X, X[:, 0] > 0)
    return save_model(model, tmp_path_factory.mktemp("networks") / "mlp")


def rewrite(file, change):
    """Replace the configuration inside a .keras file."""
    with zipfile.ZipFile(file) as archive:
        members = {name: archive.read(name) for name in archive.namelist()}
    members["config.json"] = json.dumps(change(json.loads(members["config.json"]))).encode()
    with zipfile.ZipFile(file, "w") as archive:
        for name, content in members.items():
            archive.writestr(name, content)


def add_layer(layer):
    def change(config):
        config["config"]["layers"].append(layer)
        return config

    return change


LAMBDA = {
    "module": "keras.layers",
    "class_name": "Lambda",
    "config": {"name": "l", "function": {"class_name": "__lambda__", "config": {"value": ["gA==", None, None]}}},
    "registered_name": None,
}


@pytest.mark.parametrize(
    ("layer", "named"),
    [
        (LAMBDA, r"__lambda__, keras\.layers\.Lambda"),
        ({"module": "keras.layers", "class_name": "TFSMLayer", "config": {}}, r"keras\.layers\.TFSMLayer"),
        ({"module": "keras.layers", "class_name": "StringLookup", "config": {}}, r"keras\.layers\.StringLookup"),
        ({"module": "os", "class_name": "function", "config": "system"}, r"os\.function"),
        ({"module": "builtins", "class_name": "function", "config": "eval"}, r"builtins\.function"),
        ({"module": None, "class_name": "Mine", "config": {}, "registered_name": "pkg>Mine"}, r"Mine \(pkg>Mine\)"),
        (
            {"module": "keras.layers", "class_name": "Dense", "config": {}, "registered_name": "pkg>Dense"},
            r"keras\.layers\.Dense \(pkg>Dense\)",
        ),
    ],
    ids=["lambda", "saved model", "file reader", "os.system", "eval", "custom", "custom in the name of a known one"],
)
def test_layers_with_code_are_refused_before_keras_sees_them(stored_network, tmp_path, layer, named):
    folder = Path(shutil.copytree(stored_network, tmp_path / "m"))
    rewrite(folder / "network-0.keras", add_layer(layer))
    seal(folder)
    with pytest.raises(ModelFolderError, match=named):
        load_model(folder)


def test_a_lambda_that_is_trusted_by_name_is_still_stopped_by_keras(stored_network, tmp_path):
    folder = Path(shutil.copytree(stored_network, tmp_path / "m"))
    rewrite(folder / "network-0.keras", add_layer(LAMBDA))
    seal(folder)
    with pytest.raises(ModelFolderError, match="damage"):
        load_model(folder, trusted=["keras.layers.Lambda", "__lambda__"])


def test_a_truncated_network_is_damage(stored_network, tmp_path):
    folder = Path(shutil.copytree(stored_network, tmp_path / "m"))
    content = (folder / "network-0.keras").read_bytes()
    (folder / "network-0.keras").write_bytes(content[: len(content) // 2])
    with pytest.raises(ModelFolderError, match="its content is not what the manifest says"):
        load_model(folder)
    seal(folder)
    with pytest.raises(ModelFolderError, match="found damage"):
        load_model(folder)


def test_networks_and_pipeline_must_belong_together(stored_network, stored, tmp_path):
    folder = Path(shutil.copytree(stored_network, tmp_path / "without"))
    (folder / "network-0.keras").unlink()
    seal(folder)
    with pytest.raises(ModelFolderError, match="expected the file of a network"):
        load_model(folder)
    folder = Path(shutil.copytree(stored, tmp_path / "with"))
    shutil.copy(stored_network / "network-0.keras", folder)
    seal(folder)
    with pytest.raises(ModelFolderError, match="belongs to no part of the model"):
        load_model(folder)


# --- the fixed list ---------------------------------------------------------------------------------------------------


def test_every_estimator_of_skpd_can_be_loaded():
    missing = []
    for module in pkgutil.walk_packages(skpd.__path__, "skpd."):
        if module.name.startswith("skpd.cli"):
            continue
        for _, thing in inspect.getmembers(importlib.import_module(module.name), inspect.isclass):
            own = thing.__module__.startswith("skpd.") and issubclass(thing, BaseEstimator)
            # Abstract bases have no public name and are never stored.
            if own and not thing.__name__.startswith("_") and f"{thing.__module__}.{thing.__name__}" not in _TYPES:
                missing.append(f"{thing.__module__}.{thing.__name__}")
    bases = {
        "skpd.features._windows.WindowFeatures",
        "skpd.images._sampler.ImageSampler",
        "skpd._recordings.RecordingTransformer",
        "skpd.neural._base.NetworkClassifier",
    }
    assert set(missing) <= bases


def test_every_name_on_the_list_exists():
    for name in _TYPES:
        module, _, thing = name.rpartition(".")
        assert hasattr(importlib.import_module(module), thing), name
