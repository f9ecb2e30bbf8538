"""Recipes for handwriting: what learns in folds only, what the setup gives away, and networks from every source."""

import numpy as np
import pytest
from sklearn.base import clone
from sklearn.feature_selection import f_classif
from sklearn.model_selection import StratifiedGroupKFold, cross_val_predict
from sklearn.utils import shuffle

from skpd.datasets import make_pen_trajectories
from skpd.neural import alexnet, train_source_network
from skpd.recipes import (
    PEN_CLASSIFIERS,
    list_recipes,
    make_naseer,
    make_pen_recipe,
    make_recipe,
    published_handwriting_scores,
)
from skpd.recipes import _naseer as module
from skpd.recipes._pen import describe_setup, score_ranks

MODES = ("freeze", "finetune")


@pytest.fixture(scope="module")
def pens():
    return make_pen_trajectories(24, random_state=0)


@pytest.fixture(scope="module")
def digits(tmp_path_factory):
    """A source network for small images, trained on bars for a moment."""
    y = np.arange(40) % 2
    X = np.full((40, 32, 32, 3), 255, dtype=np.uint8)
    X[y == 1, 8:20] = 0
    return train_source_network(X, y, folder=tmp_path_factory.mktemp("source"), epochs=1).path


def tiny(source, mode, digits=None, **options):
    small = {"image_size": 32, "n_per_image": 2, "epochs": 2, "finetune_epochs": 1, "weights": None}
    return make_naseer(source, mode, source_network=digits, **small | options)


def test_all_are_registered():
    names = set(list_recipes()["name"])
    assert {f"pen-{name}" for name in (*PEN_CLASSIFIERS, "confound")} | {"naseer"} <= names


@pytest.mark.slow
@pytest.mark.parametrize("name", list(PEN_CLASSIFIERS))
def test_features_find_the_simulated_patients(pens, name):
    folds = StratifiedGroupKFold(3, shuffle=True, random_state=0)
    recipe = make_recipe(f"pen-{name}")
    proba = cross_val_predict(recipe, pens.data, pens.target, groups=pens.groups, cv=folds, method="predict_proba")
    assert (proba.argmax(axis=1) == (pens.target == "parkinson")).mean() > 0.65
    np.testing.assert_allclose(proba.sum(axis=1), 1)


def test_nothing_is_found_where_labels_are_shuffled(pens):
    # Features chosen among 129 before the split would find something in any labels.
    folds = StratifiedGroupKFold(4, shuffle=True, random_state=0)
    right = []
    for seed in range(4):
        y = shuffle(pens.target, random_state=seed)
        right.append(
            (cross_val_predict(make_recipe("pen-svm"), pens.data, y, groups=pens.groups, cv=folds) == y).mean()
        )
    assert 0.25 < np.mean(right) < 0.68


def test_selection_is_of_the_training_rows(pens):
    recipe = make_recipe("pen-knn", n_features=5)
    chosen = [
        set(clone(recipe).fit(pens.data[rows], pens.target[rows])[:5].get_feature_names_out())
        for rows in (slice(0, 12), slice(12, 24))
    ]
    assert chosen[0] != chosen[1]
    assert all(len(names) == 5 for names in chosen)


def test_probabilities_of_the_svm_rank_as_its_margins(pens):
    recipe = make_recipe("pen-svm").fit(pens.data, pens.target)
    proba, margin = recipe.predict_proba(pens.data)[:, 1], recipe.decision_function(pens.data)
    np.testing.assert_array_equal(np.argsort(proba), np.argsort(margin))
    np.testing.assert_array_equal(recipe.classes_[(proba > 0.5).astype(int)], recipe.predict(pens.data))


def test_an_outlier_does_not_rule_the_choice_of_features():
    rng = np.random.default_rng(0)
    y = np.arange(40) % 2
    X = np.column_stack([y + 0.5 * rng.normal(size=40), rng.normal(size=40)])
    before = score_ranks(X, y)[0]
    X[0, 0] = 1e9
    after = score_ranks(X, y)[0]
    assert after[0] > before[0] / 2 > 5 * after[1]
    assert f_classif(X, y)[0][0] < 2


def test_geometry_is_for_spirals():
    named = [make_recipe("pen-svm", spiral=spiral)["features"].features for spiral in (True, False)]
    assert set(named[0]) - set(named[1]) == {"spiral"}


def test_channels_that_no_device_has_do_no_harm(pens):
    bare = [points[:, :3] for points in pens.data]
    recipe = make_recipe("pen-forest").fit(bare, pens.target)
    assert recipe.predict(bare[:2]).shape == (2,)


def test_setup_is_rate_and_shape():
    t = np.arange(200) / 111
    other = np.column_stack([np.cos(t), np.sin(t), t * 111 / 143])
    full = 2 * np.pi / t[-1]
    wide = np.column_stack([2 * np.cos(full * t), np.sin(full * t), t])
    setup = describe_setup([wide, other, np.zeros((5, 3)) + np.arange(5)[:, None] * [0, 0, 0.01]])
    assert setup[:, 0].tolist() == [111, 143, 100]
    assert setup[0, 1] == pytest.approx(np.log(2), abs=1e-3)
    assert np.isnan(setup[2, 1])
    assert np.isnan(describe_setup([np.full((5, 3), np.nan)])).all()


def test_a_clock_that_goes_back_has_no_rate():
    back = np.column_stack([[0, 4, 0, 4], [0, 0, 2, 2], [3.0, 2.0, 1.0, 0.0]])
    assert np.isnan(describe_setup([back])).all()
    once = np.column_stack([[0, 4, 0, 4], [0, 0, 2, 2], [0, 0.01, 0.005, 0.015]])
    np.testing.assert_allclose(describe_setup([once]), [[100, np.log(2)]])


def test_setup_alone_tells_devices_apart_and_nothing_else(pens):
    blind = make_recipe("pen-confound").fit(pens.data, pens.target)
    assert np.unique(blind["features"].transform(pens.data)[:, 0]).tolist() == [133]
    # Patients recorded by another device: told apart without a look at the movement.
    slow = [p[:: 1 + (label == "parkinson")] for p, label in zip(pens.data, pens.target, strict=True)]
    assert make_recipe("pen-confound").fit(slow, pens.target).score(slow, pens.target) == 1


@pytest.mark.slow
@pytest.mark.parametrize("mode", MODES)
@pytest.mark.parametrize("source", ["imagenet", "mnist", "none"])
def test_networks_of_every_source(pens, digits, source, mode):
    recipe = tiny(source, mode, digits).fit(pens.data[:8], pens.target[:8])
    proba = recipe.predict_proba(pens.data[8:11])
    assert proba.shape == (3, 2)
    assert recipe["classifier"].n_epochs_ == (2 if mode == "freeze" else 3)
    # Only training images are augmented: two and itself.
    assert len(recipe["resampler"].sample_indices_) == 24
    np.testing.assert_array_equal(proba, recipe.predict_proba(pens.data[8:11]))


def test_sources_start_from_their_weights(digits):
    import keras

    trained = keras.saving.load_model(digits, compile=False)
    known = tiny("mnist", "freeze", digits)["classifier"]
    assert known.backbone == str(digits)
    assert known.weights is None
    blank = tiny("none", "freeze")["classifier"]
    assert blank.backbone is module.build_blank_network
    assert blank.weights is None
    assert trained.count_params() == alexnet((32, 32, 3)).count_params()


def test_what_the_abstract_states():
    recipe = make_naseer()
    network = recipe["classifier"]
    assert (network.mode, network.weights, network.head) == ("finetune", "imagenet", ())
    assert not network.early_stopping
    for mode in MODES:
        assert make_naseer("none", mode)["classifier"].mode == mode
    scores = published_handwriting_scores()
    best = scores[scores["system"] == "Naseer 2020"].iloc[0]
    assert (best["value"], best["source"], best["mode"], best["data"]) == (0.9828, "imagenet", "finetune", "PaHaW")


def test_wrong_names_say_what_there_is():
    with pytest.raises(ValueError, match="source: expected one of 'imagenet', 'mnist', 'none', got 'cifar'"):
        make_recipe("naseer", source="cifar")
    with pytest.raises(ValueError, match="mode: expected one of 'freeze', 'finetune'"):
        make_recipe("naseer", mode="thaw")
    with pytest.raises(ValueError, match="classifier: expected one of 'svm'"):
        make_pen_recipe("tree")


@pytest.mark.slow
def test_mnist_source_is_trained_once(data_dir, tmp_path, monkeypatch):
    calls = []
    load = module.load_mnist

    def few(*args, **options):
        digits = load(*args, **options)
        digits.data, digits.target = digits.data[::100], digits.target[::100]
        calls.append(len(digits.target))
        return digits

    monkeypatch.setattr(module, "load_mnist", few)
    first = module.train_digit_network(tmp_path, data=data_dir / "mnist", image_size=32)
    written = first.path.stat().st_mtime_ns
    again = module.train_digit_network(tmp_path, data=data_dir / "mnist", image_size=32)
    assert again == first
    assert first.path.stat().st_mtime_ns == written
    assert first.card["data"]["name"].startswith("MNIST, 100 digits at 32 x 32")
    assert calls == [100, 100]
