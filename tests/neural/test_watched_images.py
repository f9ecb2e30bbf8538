"""Images given to KerasTransferClassifier.fit to be watched: curves of them, and nothing else unless it may stop."""

import numpy as np
import pytest
from sklearn.base import clone

from skpd.neural import KerasTransferClassifier

SHAPE = (16, 16, 3)
LABELS = np.repeat(["healthy", "parkinson"], 12)


def build_toy(input_shape):
    import keras

    layers = keras.layers
    return keras.Sequential([layers.Input(input_shape), layers.Rescaling(1 / 255), layers.Conv2D(6, 3, strides=2)])


class Flip:
    def random_batch(self, X, rng):
        return np.where(rng.random(len(X))[:, None, None, None] < 0.5, X, X[:, ::-1])


def make_images(seed, n=24):
    X = np.random.default_rng(seed).integers(0, 200, size=(n, *SHAPE), dtype=np.uint8)
    X[n // 2 :] += 50
    return X


@pytest.fixture
def model():
    return KerasTransferClassifier(
        build_toy, weights=None, input_shape=SHAPE, head=(8,), epochs=6, batch_size=8, early_stopping=False
    ).set_params(random_state=0)


@pytest.mark.parametrize(
    "options",
    [{}, {"augmenter": Flip(), "n_views": 2}, {"augmenter": Flip(), "n_views": None}, {"class_weight": "balanced"}],
    ids=["plain", "bank", "in-the-loop", "weighted"],
)
def test_what_is_only_watched_changes_no_prediction(model, options):
    model.set_params(**options)
    X, X_val = make_images(0), make_images(1)
    alone = clone(model).fit(X, LABELS)
    watching = clone(model).fit(X, LABELS, X_val=X_val, y_val=LABELS)
    np.testing.assert_array_equal(alone.predict_proba(X_val), watching.predict_proba(X_val))
    assert set(alone.history_) == {"loss", "accuracy"}
    assert set(watching.history_) == {"loss", "accuracy", "val_loss", "val_accuracy"}
    for name, curve in alone.history_.items():
        assert watching.history_[name] == curve
    assert not len(watching.watched_indices_)


def test_the_curve_is_the_score_of_the_watched_images(model):
    X, X_val = make_images(0), make_images(1)
    model.fit(X, LABELS, X_val=X_val, y_val=LABELS)
    assert len(model.history_["val_accuracy"]) == 6
    assert model.history_["val_accuracy"][-1] == pytest.approx(model.score(X_val, LABELS), abs=1e-6)
    proba = model.predict_proba(X_val)[np.arange(24), (LABELS == "parkinson").astype(int)]
    assert model.history_["val_loss"][-1] == pytest.approx(-np.log(proba).mean(), rel=1e-4)


def test_finetuning_watches_too(model):
    X = make_images(0)
    model.set_params(mode="finetune", unfreeze=1, finetune_epochs=2).fit(X, LABELS, X_val=X[::2], y_val=LABELS[::2])
    assert len(model.history_["val_loss"]) == 8


def test_with_early_stopping_they_are_watched_instead_of_training_images(model):
    X, X_val = make_images(0), make_images(1)
    model.set_params(early_stopping=True, patience=1, epochs=40, learning_rate=0.05)
    # Labels that contradict those trained on: the loss on them rises at once.
    model.fit(X, LABELS, X_val=X_val, y_val=LABELS[::-1])
    assert not len(model.watched_indices_)
    assert model.n_epochs_ < 40
    best = int(np.argmin(model.history_["val_loss"]))
    assert model.n_epochs_ - 1 - best == 1


def test_labels_that_training_lacks_and_halves_are_refused(model):
    X = make_images(0)
    with pytest.raises(ValueError, match="X_val and y_val together"):
        model.fit(X, LABELS, X_val=X)
    with pytest.raises(ValueError, match="X_val and y_val together"):
        model.fit(X, LABELS, y_val=LABELS)
    with pytest.raises(ValueError, match="expected labels among classes"):
        model.fit(X, LABELS, X_val=X, y_val=np.full(24, "essential tremor"))
    with pytest.raises(ValueError, match="inconsistent"):
        model.fit(X, LABELS, X_val=X, y_val=LABELS[:-1])
    with pytest.raises(ValueError, match="expected images of shape"):
        model.fit(X, LABELS, X_val=X[:, :8], y_val=LABELS)
