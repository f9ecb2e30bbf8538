"""The hybrid workflow architectures: the paper's parameters, the images they make, and who may see which."""

import numpy as np
import pytest
from sklearn.base import clone
from sklearn.utils import get_tags

from skpd.datasets import make_spiral_drawings
from skpd.images import ImageAugmenter, jpeg_round_trip
from skpd.recipes import (
    list_recipes,
    make_hwa_recipe,
    make_recipe,
    published_spiral_scores,
    spiral_experiments,
)

ARCHITECTURES = ("hwa1", "hwa2", "hwa3")
OFFLINE = {
    "mode": "offline",
    "rotation_range": 40,
    "shear_range": 0.1,
    "zoom_range": 0.1,
    "horizontal_flip": True,
    "brightness_range": (0.5, 1.5),
    "vertical_flip": False,
    "width_shift_range": 0,
    "height_shift_range": 0,
    "n_per_image": 51,
}
ONLINE = {
    "mode": "online",
    "rotation_range": 20,
    "shear_range": 0.1,
    "zoom_range": 0,
    "width_shift_range": 0.2,
    "height_shift_range": 0.3,
    "horizontal_flip": True,
    "vertical_flip": True,
    "fill_mode": "nearest",
    "brightness_range": None,
}


def few_drawings(n_drawers=6, size=32):
    return make_spiral_drawings(n_drawers, drawings_per_drawer=2, image_size=(size, size), random_state=0)


def tiny(name, **options):
    defaults = {"backbone": "MobileNet", "weights": None, "input_shape": (32, 32, 3), "n_per_image": 3, "epochs": 2}
    return make_recipe(name, **defaults | options)


def made_by(recipe, drawings):
    return clone(recipe["resampler"]).fit_resample(drawings.data, drawings.target)


@pytest.mark.parametrize("name", ARCHITECTURES)
def test_parameters_are_those_of_the_paper(name):
    recipe = make_recipe(name)
    network = recipe["classifier"]
    published = {
        "backbone": "DenseNet201",
        "weights": "imagenet",
        "input_shape": (100, 100, 3),
        "pooling": "avg",
        "mode": "freeze",
        "head": (128,),
        "epochs": 50,
        "batch_size": 64,
        "optimizer": "adam",
        "learning_rate": None,
        "early_stopping": False,
    }
    parameters = network.get_params(deep=False)
    assert {key: parameters[key] for key in published} == published
    assert (network.augmenter is not None) == (name in ("hwa1", "hwa3"))
    if network.augmenter is not None:
        found = network.augmenter.get_params()
        assert {key: found[key] for key in ONLINE} == ONLINE
    assert ("resampler" in recipe.named_steps) == (name in ("hwa2", "hwa3"))
    if "resampler" in recipe.named_steps:
        found = recipe["resampler"].augmenter.get_params()
        assert {key: found[key] for key in OFFLINE} == OFFLINE
        assert recipe["resampler"].jpeg


def test_both_heads_and_both_readings_of_n_views():
    assert make_recipe("hwa1", head=(124,))["classifier"].head == (124,)
    views = {name: make_recipe(name)["classifier"].n_views for name in ("hwa1", "hwa3")}
    assert views == {"hwa1": 50, "hwa3": 2}
    assert make_recipe("hwa3", n_views=None)["classifier"].n_views is None


@pytest.mark.parametrize(("keep_originals", "n_images"), [(True, 5304), (False, 5202)])
def test_102_drawings_become_as_many_images_as_the_paper_has(keep_originals, n_images):
    drawings = make_spiral_drawings(34, drawings_per_drawer=3, image_size=(16, 16), random_state=0)
    assert len(drawings.data) == 102
    sampler = make_recipe("hwa2", keep_originals=keep_originals)["resampler"]
    X, y = sampler.fit_resample(drawings.data, drawings.target)
    assert len(X) == len(y) == n_images
    assert np.bincount(sampler.sample_indices_).tolist() == [51 + keep_originals] * 102
    np.testing.assert_array_equal(y, drawings.target[sampler.sample_indices_])


def test_random_state_false_is_zero():
    for name in ARCHITECTURES:
        false, zero = make_recipe(name, random_state=False), make_recipe(name, random_state=0)
        assert repr(false) == repr(zero)
        assert type(false["classifier"].random_state) is int
    drawings = few_drawings()
    X, _ = made_by(tiny("hwa2", random_state=False), drawings)
    np.testing.assert_array_equal(X, made_by(tiny("hwa2"), drawings)[0])
    assert (made_by(tiny("hwa2", random_state=1), drawings)[0] != X).any()


def test_made_images_pass_a_jpeg_file_and_originals_do_not():
    drawings = few_drawings()
    plain, _ = made_by(tiny("hwa2", jpeg=False), drawings)
    saved, _ = made_by(tiny("hwa2"), drawings)
    n = len(drawings.data)
    np.testing.assert_array_equal(saved[:n], drawings.data)
    np.testing.assert_array_equal(saved[n:], jpeg_round_trip(plain[n:], stretch=True))
    # Stretched to all grey levels, whatever the brightness was.
    spread = np.ptp(saved[n:].reshape(len(saved) - n, -1), axis=1)
    assert np.median(spread) > 240
    assert saved.dtype == np.uint8


def test_a_drawing_becomes_the_same_images_whatever_stands_beside_it(tmp_path):
    drawings = few_drawings()
    sampler = tiny("hwa2")["resampler"]
    everything, _ = sampler.fit_resample(drawings.data, drawings.target)
    of_last = everything[sampler.sample_indices_ == 11]
    alone = clone(sampler)
    rows = [11, 0, 5]
    some, _ = alone.fit_resample(drawings.data[rows], drawings.target[rows])
    np.testing.assert_array_equal(some[alone.sample_indices_ == 0], of_last)
    # In shared memory, as jobs of their own get it, a drawing is the same drawing.
    np.save(tmp_path / "drawings.npy", drawings.data)
    shared = np.load(tmp_path / "drawings.npy", mmap_mode="r")
    again, _ = clone(sampler).fit_resample(shared, drawings.target)
    np.testing.assert_array_equal(again, everything)
    assert len(np.unique(of_last.reshape(4, -1), axis=0)) == 4
    first = everything[sampler.sample_indices_ == 0]
    assert (first[1:] != of_last[1:]).any()


def test_the_offline_images_are_those_of_the_augmenter():
    drawings = few_drawings()
    recipe = tiny("hwa3", jpeg=False)
    X, _ = made_by(recipe, drawings)
    augmenter = recipe["resampler"].augmenter
    assert isinstance(augmenter, ImageAugmenter)
    # Without any range nothing is done.
    still = recipe["resampler"].set_params(
        augmenter__rotation_range=0,
        augmenter__shear_range=0,
        augmenter__zoom_range=0,
        augmenter__horizontal_flip=False,
        augmenter__brightness_range=None,
    )
    same, _ = still.fit_resample(drawings.data, drawings.target)
    np.testing.assert_array_equal(same, drawings.data[still.sample_indices_])
    assert (same != X).any()
    wanted = get_tags(still).input_tags
    assert (wanted.two_d_array, wanted.three_d_array, wanted.sparse) == (False, True, False)


def test_features_are_found_by_other_folds(tmp_path):
    drawings = few_drawings()
    recipe = tiny("hwa3", n_views=2, epochs=1, memory=tmp_path)
    recipe.fit(drawings.data, drawings.target)
    n_files = len(list(tmp_path.rglob("*.npy")))
    # Two of the views may be alike by chance, never more than that.
    assert 12 * 4 * 2 - 2 <= n_files <= 12 * 4 * 2
    rows = np.r_[0:4, 8:12]
    clone(recipe).fit(drawings.data[rows], drawings.target[rows])
    assert len(list(tmp_path.rglob("*.npy"))) == n_files


def test_recipes_are_listed_and_unknown_ones_refused():
    recipes = list_recipes().set_index("name")["summary"]
    assert {"hwa1", "hwa2", "hwa3"} <= set(recipes.index)
    assert recipes[["hwa1", "hwa2", "hwa3"]].is_unique
    with pytest.raises(ValueError, match="architecture: expected one of 'hwa1', 'hwa2', 'hwa3', got 'hwa4'"):
        make_hwa_recipe("hwa4")


def test_the_grid_has_the_settings_that_the_paper_gives():
    grid = spiral_experiments()
    assert grid.groupby("architecture").size().to_dict() == dict.fromkeys(ARCHITECTURES, 6)
    second = grid[grid["experiment"] == 2]
    assert set(second["epochs"]) == {50}
    assert set(second["batch_size"]) == {64}
    assert not grid.duplicated(["architecture", "epochs", "batch_size"]).any()
    assert grid[grid["source"] == "stated"][["architecture", "experiment"]].values.tolist() == [["hwa1", 2]]
    assert set(grid["source"]) == {"stated", "our reading"}


def test_published_scores_are_those_of_the_text():
    scores = published_spiral_scores()
    accuracy = scores[scores["metric"] == "accuracy"].set_index(["architecture", "experiment"])["value"]
    assert accuracy.to_dict() == {("hwa1", 2): 0.93, **{("hwa2", n): 0.98 for n in range(1, 7)}, ("hwa3", 6): 0.97}
    first = scores[scores["architecture"] == "hwa1"].set_index("metric")["value"]
    assert first.loc[["precision_macro", "balanced_accuracy", "f1_macro"]].tolist() == [0.93, 0.94, 0.93]
    assert first.loc[["precision", "sensitivity", "f1"]].tolist() == [0.94, 0.93, 0.93]
    experiments = spiral_experiments()
    assert len(scores.merge(experiments, on=["architecture", "experiment"])) == len(scores)


def test_fourteen_of_fifteen_gives_the_published_numbers_of_hwa1():
    from skpd.metrics import classification_summary

    y_true = np.repeat([0, 1], [6, 9])
    y_pred = y_true.copy()
    y_pred[6] = 0
    summary = classification_summary(y_true, y_pred)
    published = published_spiral_scores().query("architecture == 'hwa1'").set_index("metric")["value"]
    for metric, value in published.items():
        assert round(summary[metric], 2) == value, metric
