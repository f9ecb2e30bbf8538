"""Every recipe predicts the same, to the last bit, when it was stored and loaded in a new process."""

import json
import subprocess
import sys

import numpy as np
import pytest

from skpd.datasets import make_pen_trajectories, make_tremor_recordings
from skpd.models import load_manifest, save_model
from skpd.models._training_data import recipe_kind
from skpd.recipes import list_recipes, make_recipe

#: A network of two layers' worth of work: what is tested is whether it comes back, not what it learns.
NETWORK = {"backbone": "MobileNet", "weights": None, "epochs": 1, "n_per_image": 1, "batch_size": 8}
DRAWINGS = NETWORK | {"input_shape": (32, 32, 3), "head": (4,)}

#: Parameters that make a recipe small, where it is not already. A recipe that is not named here is tried as it comes.
SMALL = {
    "hwa1": DRAWINGS | {"n_views": 2},
    "hwa2": DRAWINGS,
    "hwa3": DRAWINGS | {"n_views": 2},
    "naseer": NETWORK | {"image_size": 32, "finetune_epochs": 1},
    "naseer, frozen": NETWORK | {"image_size": 32, "mode": "freeze"},
    "naseer, from nothing": {"source": "none", "image_size": 32, "epochs": 1, "finetune_epochs": 1, "n_per_image": 1},
}
CASES = [*list_recipes()["name"], "naseer, frozen", "naseer, from nothing"]
NETWORKS = [name for name in CASES if "epochs" in SMALL.get(name, {})]

#: In a new process: predict with each model that is named, and say what has been trusted.
PREDICT = """
import json, sys
import numpy as np
from skpd import load_model
for folder, inputs, out, ragged in json.load(open(sys.argv[1])):
    with np.load(inputs) as arrays:
        X = [arrays[name] for name in arrays.files]
    np.save(out, load_model(folder).predict_proba(X if ragged else np.stack(X)))
"""


def data_of(kind):
    if kind == "recordings":
        wrist = make_tremor_recordings(n_subjects=6, duration=12.0, random_state=0)
        return wrist.data, wrist.target, {"sampling_rate": wrist.sampling_rate, "units": "m/s^2"}
    if kind == "pens":
        pens = make_pen_trajectories(n_subjects=8, tasks=("spiral",), random_state=0)
        return pens.data, pens.target, {"units": pens.units}
    rng = np.random.default_rng(0)
    y = np.repeat(["healthy", "parkinson"], 6)
    X = rng.integers(0, 90, size=(12, 32, 32, 3)) + 160 * (y == "parkinson")[:, None, None, None]
    return X.astype(np.uint8), y, {"image_size": (32, 32)}


def predict_twice(names, scratch):
    """Fit and store each model, and predict with it here and, all in one new process, elsewhere."""
    jobs, here = [], {}
    for name in names:
        recipe = name.partition(",")[0]
        kind = recipe_kind(recipe)
        X, y, said = data_of(kind)
        rate = {"sampling_rate": said["sampling_rate"]} if kind == "recordings" else {}
        model = make_recipe(recipe, random_state=0, **rate, **SMALL.get(name, {})).fit(X, y)
        here[name] = model.predict_proba(X)
        folder = save_model(model, scratch / name, recipe=recipe, **said)
        assert load_manifest(folder)["input"]["kind"] == kind
        assert load_manifest(folder)["needs_trust"] == []
        np.savez(scratch / f"{name}.npz", *X)
        paths = [folder, scratch / f"{name}.npz", scratch / f"{name}.npy"]
        jobs.append([*map(str, paths), kind == "pens"])
    (scratch / "jobs.json").write_text(json.dumps(jobs))
    command = [sys.executable, "-W", "error", "-c", PREDICT, scratch / "jobs.json"]
    done = subprocess.run(command, capture_output=True, text=True, timeout=600)
    assert done.returncode == 0, done.stderr[-2000:]
    return {name: (here[name], np.load(scratch / f"{name}.npy")) for name in names}


@pytest.fixture(scope="module")
def networks(tmp_path_factory):
    return predict_twice(NETWORKS, tmp_path_factory.mktemp("networks"))


@pytest.fixture(scope="module")
def others(tmp_path_factory):
    return predict_twice([name for name in CASES if name not in NETWORKS], tmp_path_factory.mktemp("others"))


@pytest.mark.parametrize("name", [name for name in CASES if name not in NETWORKS])
def test_a_recipe_predicts_the_same_in_a_new_process(others, name):
    here, elsewhere = others[name]
    assert len(np.unique(here)) > 1
    np.testing.assert_array_equal(elsewhere, here)


@pytest.mark.slow
@pytest.mark.parametrize("name", NETWORKS)
def test_a_recipe_of_networks_predicts_the_same_in_a_new_process(networks, name):
    here, elsewhere = networks[name]
    np.testing.assert_array_equal(elsewhere, here)
