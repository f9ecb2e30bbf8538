"""The network of AlexNet's form, and networks that are trained once and kept."""

import functools
import json

import numpy as np
import pytest

from skpd.datasets import load_mnist
from skpd.neural import BackboneFeatures, KerasTransferClassifier, SourceNetwork, alexnet, train_source_network

SHAPE = (32, 32, 3)
small = functools.partial(alexnet, filters=4, units=16)


def bars(n=300, seed=0):
    """Dark bars on white paper, upright or lying: what a network learns in an epoch or two."""
    rng = np.random.default_rng(seed)
    y = rng.permutation(np.arange(n) % 3)
    X = np.full((n, *SHAPE), 255, dtype=np.uint8)
    for image, label, at in zip(X, y, rng.integers(4, 24, n), strict=True):
        if label == 0:
            image[at : at + 4] = 0
        elif label == 1:
            image[:, at : at + 4] = 0
    return X, np.array(["lying", "upright", "blank"])[y]


def train(folder, **options):
    X, y = bars()
    options = {"network": small, "epochs": 2, "batch_size": 16, "learning_rate": 5e-3, "data_name": "bars"} | options
    return train_source_network(X, y, folder=folder, **options)


@pytest.fixture(scope="module")
def source(tmp_path_factory):
    return train(tmp_path_factory.mktemp("sources"))


def test_layers_are_those_of_alexnet():
    network = alexnet((64, 64, 3))
    kinds = [(layer.name[:4], type(layer).__name__) for layer in network.layers if layer.weights]
    assert kinds == [("conv", "Conv2D")] * 5 + [("fc6", "Dense"), ("fc7", "Dense")]
    assert [layer.output.shape[1:] for layer in network.layers if layer.name.startswith("pool")] == [
        (16, 16, 32),
        (8, 8, 64),
        (4, 4, 64),
    ]
    assert network.output_shape == (None, 256)
    assert alexnet((100, 60, 1), filters=8, units=10).output_shape == (None, 10)
    # White paper is nothing.
    paper = np.full((1, 64, 64, 3), 255.0, dtype=np.float32)
    np.testing.assert_array_equal(network.layers[0](paper), 0)
    with pytest.raises(ValueError, match=r"sides of 16 or more, got \(8, 64, 3\)"):
        alexnet((8, 64, 3))


def test_as_backbone_with_random_weights():
    X, _ = bars(24)
    features = BackboneFeatures(alexnet, weights=None, input_shape=SHAPE, random_state=0)
    rows = features.fit_transform(X)
    assert rows.shape == (24, 256)
    again = BackboneFeatures(alexnet, weights=None, input_shape=SHAPE, random_state=0).fit(X)
    assert again.fingerprint_ == features.fingerprint_
    np.testing.assert_array_equal(again.transform(X), rows)


def test_what_is_kept(source):
    assert source.path.is_file()
    card = json.loads(source.path.with_suffix(".json").read_text())
    assert card == source.card
    assert card["data"]["name"] == "bars"
    assert card["data"]["classes"] == ["blank", "lying", "upright"]
    assert card["held_out"]["n_images"] == 60
    assert card["training"]["n_images"] == 240
    assert len(card["training"]["loss"]) == 2
    assert card["input_shape"] == list(SHAPE)
    assert card["n_features"] == 16
    assert {"skpd", "keras", "tensorflow"} <= set(card["versions"])
    assert source.accuracy == card["held_out"]["accuracy"] > 0.6
    assert sorted(f.suffix for f in source.path.parent.iterdir()) == [".json", ".keras"]


def test_a_network_that_is_there_is_not_trained_again(source, monkeypatch):
    def refuse(*args, **kwargs):
        raise AssertionError("trained again")

    monkeypatch.setattr("skpd.neural._source.train", refuse)
    assert train(source.path.parent) == source
    monkeypatch.setenv("SKPD_CACHE", str(source.path.parents[1]))
    source.path.parent.rename(source.path.parents[1] / "source_networks")
    try:
        found = train(None)
        assert found.card == source.card
        assert found.path.parent.name == "source_networks"
    finally:
        (source.path.parents[1] / "source_networks").rename(source.path.parent)
    for change in ({"random_state": 1}, {"epochs": 3}, {"data_name": "rods"}, {"network": alexnet}):
        with pytest.raises(AssertionError, match="trained again"):
            train(source.path.parent, **change)


def test_the_same_seed_trains_the_same_network(source, tmp_path):
    again = train(tmp_path)
    assert again.path.name == source.path.name
    assert again.accuracy == source.accuracy
    X, _ = bars(8)
    rows = [features_of(s.path).fit_transform(X) for s in (source, again)]
    np.testing.assert_allclose(*rows, rtol=1e-4, atol=1e-5)


def features_of(path, **options):
    return BackboneFeatures(path, **{"weights": None, "input_shape": SHAPE} | options)


def test_it_loads_as_network_and_as_weights(source):
    X, y = bars(40, seed=1)
    rows = features_of(source.path).fit_transform(X)
    assert rows.shape == (40, 16)
    np.testing.assert_allclose(features_of(small, weights=source.path).fit_transform(X), rows, rtol=1e-5, atol=1e-6)
    random = features_of(small, random_state=0).fit_transform(X)
    assert np.abs(random - rows).max() > 0.1
    # What it learned tells the classes apart in images that it has not seen.
    centres = np.stack([rows[:20][y[:20] == label].mean(axis=0) for label in np.unique(y)])
    nearest = np.linalg.norm(rows[20:, None] - centres, axis=2).argmin(axis=1)
    assert (np.unique(y)[nearest] == y[20:]).mean() > 0.8
    with pytest.raises(ValueError, match=r"images of \(48, 48, 3\).*takes \(32, 32, 3\)"):
        features_of(source.path, input_shape=(48, 48, 3)).fit_transform(np.zeros((1, 48, 48, 3), dtype=np.uint8))


@pytest.mark.parametrize("mode", ["freeze", "finetune"])
@pytest.mark.parametrize("backbone", ["file", "callable"])
def test_transfer(source, mode, backbone):
    X, y = bars(40, seed=2)
    y = np.where(y == "lying", "parkinson", "healthy")
    model = KerasTransferClassifier(
        source.path if backbone == "file" else small,
        weights=None if backbone == "file" else source.path,
        mode=mode,
        input_shape=SHAPE,
        head=(),
        unfreeze="fc6",
        epochs=30,
        finetune_epochs=2,
        finetune_learning_rate=1e-3,
        learning_rate=0.02,
        early_stopping=False,
        random_state=0,
    ).fit(X, y)
    assert model.n_epochs_ == (30 if mode == "freeze" else 32)
    assert model.score(X, y) > 0.8
    before = features_of(source.path).fit_transform(X)
    np.testing.assert_allclose(model.features_.transform(X), before, rtol=1e-5, atol=1e-6)


@pytest.mark.parametrize("what", ["network", "card", "cut card"])
def test_a_changed_file_is_not_used(tmp_path, what):
    source = train(tmp_path, epochs=1)
    if what == "network":
        source.path.write_bytes(source.path.read_bytes()[:-100])
    elif what == "card":
        source.path.unlink()
    else:
        source.path.with_suffix(".json").write_text("{")
    with pytest.raises(ValueError, match=r"is not the network that its card describes.*Delete .*json to train"):
        train(tmp_path, epochs=1)
    source.path.with_suffix(".json").unlink()
    assert isinstance(train(tmp_path, epochs=1), SourceNetwork)


def test_what_cannot_be_trained_is_refused(tmp_path, monkeypatch):
    X, y = bars(12)
    cases = [
        (X[0], y[:1], {}, r"X: expected images of shape"),
        (X / 255, y, {}, r"X: expected pixel values from 0 to 255, got float64"),
        (X - 300.0, y, {}, r"X: expected pixel values"),
        (X, y[:5], {}, r"inconsistent numbers of samples"),
        (X, np.zeros(12), {}, r"y: expected two classes or more, got \[0.0\]"),
        (X, y, {"epochs": 0}, r"'epochs' parameter"),
        (X, y, {"network": "AlexNet"}, r"'network' parameter"),
        (X, y, {"folder": __file__}, r"folder: expected a folder, got the file"),
    ]
    for images, labels, options, message in cases:
        with pytest.raises(ValueError, match=message):
            train_source_network(images, labels, **{"folder": tmp_path} | options)
    monkeypatch.delenv("SKPD_CACHE", raising=False)
    with pytest.raises(ValueError, match=r"neither `folder` nor the environment variable SKPD_CACHE"):
        train_source_network(X, y)
    assert list(tmp_path.iterdir()) == []


def test_a_few_hundred_digits(data_dir, tmp_path):
    digits = load_mnist(data_dir / "mnist", image_size=(32, 32))
    rows = np.random.default_rng(0).permutation(len(digits.data))[:600]
    source = train_source_network(
        digits.data[rows], digits.target[rows], folder=tmp_path, epochs=3, batch_size=16, data_name="MNIST"
    )
    # 90 steps with half of the units dropped tell no digits apart yet, but they lead there.
    assert source.card["training"]["loss"][-1] < source.card["training"]["loss"][0]
    assert BackboneFeatures(source.path, weights=None, input_shape=SHAPE).fit_transform(digits.data[:2]).shape == (
        2,
        256,
    )


@pytest.mark.slow
def test_ten_thousand_digits(data_dir, tmp_path):
    digits = load_mnist(data_dir / "mnist", image_size=(32, 32))
    source = train_source_network(digits.data, digits.target, folder=tmp_path, data_name="MNIST")
    assert source.card["held_out"]["n_images"] == 2000
    assert source.accuracy > 0.97
