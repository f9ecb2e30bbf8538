"""KerasTransferClassifier: frozen equals in the loop, fine-tuning touches what it should, nothing leaks."""

import pickle

import numpy as np
import pytest
from sklearn.base import clone, is_classifier
from sklearn.exceptions import NotFittedError
from sklearn.model_selection import GridSearchCV, GroupKFold

from skpd.neural import BackboneFeatures, KerasTransferClassifier
from skpd.neural._transfer import build_whole

SHAPE = (32, 32, 3)
LABELS = np.repeat(["healthy", "parkinson"], 12)
DRAWERS = np.repeat(np.arange(8), 3)

#: TensorFlow's variables do not know NumPy 2's copy keyword, which Keras finds out when it saves.
KERAS_SAVES = pytest.mark.filterwarnings("ignore:__array__ implementation doesn't accept a copy:DeprecationWarning")


class Flip:
    """An online augmenter that turns images over at random, and counts what it is asked for."""

    def __init__(self):
        self.n_images = 0

    def random_batch(self, X, rng):
        self.n_images += len(X)
        return np.where(rng.random(len(X))[:, None, None, None] < 0.5, X, X[:, ::-1])


def make_drawings(shape=SHAPE, n=24):
    X = np.random.default_rng(0).integers(0, 120, size=(n, *shape), dtype=np.uint8)
    X[n // 2 :] += 130
    return X


@pytest.fixture(scope="module")
def drawings():
    return make_drawings()


@pytest.fixture(scope="module")
def cache(tmp_path_factory):
    return tmp_path_factory.mktemp("features")


def build_toy(input_shape):
    import keras

    layers = keras.layers
    return keras.Sequential(
        [
            layers.Input(input_shape),
            layers.Rescaling(1 / 255),
            layers.Conv2D(6, 3, strides=2, name="conv1"),
            layers.BatchNormalization(name="bn1"),
            layers.ReLU(),
            layers.Conv2D(8, 3, strides=2, name="conv2"),
            layers.BatchNormalization(name="bn2"),
            layers.ReLU(),
        ]
    )


@pytest.fixture
def small(cache):
    def make(**options):
        defaults = {"weights": None, "input_shape": SHAPE, "head": (8,), "epochs": 6, "batch_size": 8}
        return KerasTransferClassifier(build_toy, **defaults | {"random_state": 0, "memory": cache} | options)

    return make


def predict_naively(model, X):
    """Predict by backbone and head as one Keras network."""
    backbone = model.features_._backbone
    whole = build_whole(
        backbone, len(model.classes_), tuple(model.head), 0, optimizer="adam", learning_rate=None, loss=None
    )
    whole.layers[1].set_weights(backbone.model.get_weights())
    whole.layers[-1].set_weights(model.model_.get_weights())
    return whole.predict(backbone.preprocess(X), verbose=0)


def changed_layers(before, after):
    def differ(old, new):
        return any(not np.array_equal(a, b) for a, b in zip(old.get_weights(), new.get_weights(), strict=True))

    return {old.name for old, new in zip(before.layers, after.layers, strict=True) if differ(old, new)}


def save_as_a_user_would(model, path):
    """Save weights from the network of keras.applications, which has no pooling."""
    import keras

    body = keras.applications.DenseNet201(weights=None, include_top=False, input_shape=(100, 100, 3))
    body.set_weights(model.get_weights())
    body.save_weights(path)


def test_defaults_are_the_published_architecture():
    model = KerasTransferClassifier()
    assert (model.backbone, model.input_shape, model.pooling) == ("DenseNet201", (100, 100, 3), "avg")
    assert (model.head, model.epochs, model.batch_size) == ((128,), 50, 64)
    assert is_classifier(model)


def test_it_learns_and_reports_its_training(drawings):
    model = KerasTransferClassifier(
        build_toy,
        weights=None,
        input_shape=SHAPE,
        head=(8,),
        epochs=30,
        batch_size=8,
        learning_rate=0.02,
        random_state=0,
    )
    model.fit(drawings, LABELS, groups=DRAWERS)
    assert model.score(drawings, LABELS) == 1
    assert set(model.history_) == {"loss", "accuracy", "val_loss", "val_accuracy"}
    assert model.n_head_epochs_ == model.n_epochs_ == len(model.history_["loss"])
    watched = model.watched_indices_
    assert len(watched)
    assert not set(DRAWERS[watched]) & set(np.delete(DRAWERS, watched))
    np.testing.assert_allclose(model.predict_proba(drawings).sum(axis=1), 1)


@pytest.mark.parametrize("side", [96, 100])
def test_frozen_predictions_equal_the_network_in_the_loop(side):
    X = make_drawings((side, side, 3), 8)
    model = KerasTransferClassifier(
        "MobileNet", weights=None, input_shape=(side, side, 3), pooling="max", epochs=3, random_state=0
    ).fit(X, np.repeat([0, 1], 4))
    np.testing.assert_allclose(model.predict_proba(X), predict_naively(model, X), rtol=1e-5, atol=1e-6)


def test_frozen_predictions_equal_the_network_in_the_loop_with_imagenet_weights(data_dir):
    path = data_dir / "weights" / "mobilenet_1_0_224_tf_no_top.weights.h5"
    if not path.is_file():
        pytest.skip(f"the MobileNet weights are absent: no file {path}")
    X = make_drawings((100, 100, 3), 12)
    y = np.repeat([0, 1], 6)
    model = KerasTransferClassifier("MobileNet", weights=path, epochs=20, random_state=0).fit(X, y)
    np.testing.assert_allclose(model.predict_proba(X), predict_naively(model, X), rtol=1e-4, atol=1e-6)
    assert model.score(X, y) == 1


def test_training_in_the_loop_and_on_features_is_the_same_training(drawings):
    class Nothing:
        def random_batch(self, X, rng):
            return X

    model = KerasTransferClassifier(build_toy, weights=None, input_shape=SHAPE, head=(8,), epochs=8, batch_size=8)
    model.set_params(learning_rate=0.01, random_state=0)
    on_features = clone(model).fit(drawings, LABELS)
    in_loop = clone(model).set_params(augmenter=Nothing(), n_views=None).fit(drawings, LABELS)
    for name, curve in on_features.history_.items():
        np.testing.assert_allclose(in_loop.history_[name], curve, rtol=1e-4, err_msg=name)
    np.testing.assert_allclose(in_loop.predict_proba(drawings), on_features.predict_proba(drawings), rtol=1e-4)


def test_same_seed_same_bits(drawings, small):
    options = {"augmenter": Flip(), "n_views": 2}
    first, again, other = (
        small(**options, random_state=s).fit(drawings, LABELS).predict_proba(drawings) for s in (0, 0, 1)
    )
    np.testing.assert_array_equal(first, again)
    assert np.abs(first - other).max() > 1e-4


def test_bank_of_views_is_made_once_and_the_same_in_every_fold(drawings, small, tmp_path):
    flip = Flip()
    model = small(augmenter=flip, n_views=3, memory=tmp_path, early_stopping=False)
    model.fit(drawings, LABELS)
    assert flip.n_images == 24 * 3
    n_files = len(list(tmp_path.rglob("*.npy")))
    assert 24 < n_files <= 48  # an image and its flip
    subset = np.r_[0:6, 15:24]
    clone(model).fit(drawings[subset], LABELS[subset])
    assert len(list(tmp_path.rglob("*.npy"))) == n_files


def test_without_views_every_epoch_draws_afresh(drawings, small):
    flip = Flip()
    model = small(augmenter=flip, n_views=None, epochs=3, early_stopping=False).fit(drawings, LABELS)
    # Keras may look a batch ahead.
    assert 24 * 3 <= flip.n_images <= 24 * 3 + 16
    assert model.n_epochs_ == 3
    assert model.score(drawings, LABELS) >= 0.5


@pytest.mark.parametrize(("unfreeze", "moving"), [("conv2", {"conv2"}), (1, {"conv2"}), (5, {"conv1", "conv2"})])
def test_finetune_changes_the_chosen_layers_and_never_normalisation(drawings, unfreeze, moving):
    model = KerasTransferClassifier(
        build_toy, weights=None, input_shape=SHAPE, mode="finetune", unfreeze=unfreeze, epochs=3, finetune_epochs=2
    ).set_params(finetune_learning_rate=0.01, random_state=0, early_stopping=False)
    model.fit(drawings, LABELS)
    assert (model.n_head_epochs_, model.n_epochs_) == (3, 5)
    before, after = model.features_._backbone.model, model.model_.layers[1]
    assert changed_layers(before, after) == moving
    # Batch normalisation in inference mode: an image is predicted alike alone and among others.
    np.testing.assert_allclose(model.predict_proba(drawings[:1])[0], model.predict_proba(drawings)[0], rtol=1e-5)


def test_unknown_layer_is_named(drawings, small):
    with pytest.raises(ValueError, match=r"conv9.*conv2"):
        small(mode="finetune", unfreeze="conv9", epochs=1).fit(drawings, LABELS)


def test_pickle_of_a_frozen_classifier(drawings, small):
    model = small(epochs=1, memory=None).fit(drawings, LABELS)
    twin = pickle.loads(pickle.dumps(model))
    np.testing.assert_allclose(twin.predict_proba(drawings), model.predict_proba(drawings), rtol=1e-6)


@KERAS_SAVES
def test_finetuned_pickle_needs_no_weights_file(drawings, tmp_path):
    path = tmp_path / "toy.weights.h5"
    build_toy(SHAPE).save_weights(path)
    model = KerasTransferClassifier(
        build_toy, weights=path, input_shape=SHAPE, mode="finetune", epochs=1, finetune_epochs=1, random_state=0
    ).fit(drawings, LABELS)
    proba = model.predict_proba(drawings)
    twin = pickle.loads(pickle.dumps(model))
    path.unlink()
    np.testing.assert_allclose(twin.predict_proba(drawings), proba, rtol=1e-6)


def test_grid_search(drawings, small):
    search = GridSearchCV(small(epochs=2), {"head": [(), (4,)], "pooling": ["max", None]}, cv=GroupKFold(2))
    search.fit(drawings, LABELS, groups=DRAWERS)
    assert np.isfinite(search.cv_results_["mean_test_score"]).all()


def test_predicting_changes_nothing(drawings, small):
    model = small(epochs=1).fit(drawings, LABELS)
    before = {name: repr(value) for name, value in vars(model).items()}
    model.predict(drawings)
    assert {name: repr(value) for name, value in vars(model).items()} == before
    assert model.n_features_in_ == 3


def test_weights_and_class_weights(drawings, small):
    wrong = np.where(np.arange(24) < 4, "parkinson", LABELS)
    weight = np.where(np.arange(24) < 4, 0.0, 1.0)
    model = small(class_weight="balanced").fit(drawings, wrong, sample_weight=weight)
    assert not set(model.watched_indices_) & set(range(4))
    with pytest.raises(ValueError, match=r"non-zero|n_samples=0"):
        small().fit(drawings, LABELS, sample_weight=np.zeros(24))


def test_bad_input(drawings, small):
    with pytest.raises(NotFittedError):
        small().predict(drawings)
    with pytest.raises(ValueError, match="expected images of shape"):
        small().fit(drawings[:, :20], LABELS)
    with pytest.raises(ValueError, match="inconsistent"):
        small().fit(drawings, LABELS[:-1])
    with pytest.raises(ValueError, match="groups"):
        small().fit(drawings, LABELS, groups=DRAWERS[:-1])
    with pytest.raises(ValueError, match="requires y"):
        small().fit(drawings, None)


@pytest.mark.slow
@KERAS_SAVES
def test_densenet201_frozen_saved_and_finetuned(tmp_path):
    X = make_drawings((100, 100, 3), 8)
    y = np.repeat([0, 1], 4)
    features = BackboneFeatures(weights=None, random_state=0, memory=tmp_path).fit(X)
    assert features.transform(X).shape == (8, 1920)

    options = {"random_state": 0, "memory": tmp_path, "epochs": 1, "finetune_epochs": 1, "early_stopping": False}
    frozen = KerasTransferClassifier(weights=None, **options).fit(X, y)
    assert frozen.predict_proba(X).shape == (8, 2)

    path = tmp_path / "densenet201.weights.h5"
    save_as_a_user_would(features._backbone.model, path)
    saved = KerasTransferClassifier(weights=path, mode="finetune", unfreeze="conv5_block32", **options).fit(X, y)
    np.testing.assert_allclose(saved.features_.transform(X), features.transform(X), rtol=1e-4, atol=1e-6)
    moved = changed_layers(saved.features_._backbone.model, saved.model_.layers[1])
    assert moved == {"conv5_block32_1_conv", "conv5_block32_2_conv"}
    assert saved.predict_proba(X).shape == (8, 2)
