"""The one seam to scikeras, and what classifiers on top of it share.

Our classes own the scikit-learn contract: validation, `classes_`, tags, seeds, the held-out rows, pickling. A
scikeras KerasClassifier drives the Keras model inside `fit`, for one call, and is not kept: inheriting from it fails
scikit-learn's checks, and an integer seed given to it changes settings of the whole process.
"""

from __future__ import annotations

import functools
import weakref
from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
from sklearn.base import BaseEstimator, ClassifierMixin
from sklearn.preprocessing import FunctionTransformer
from sklearn.utils import assert_all_finite, check_consistent_length, check_random_state, column_or_1d
from sklearn.utils.class_weight import compute_class_weight
from sklearn.utils.multiclass import check_classification_targets
from sklearn.utils.validation import _check_sample_weight, check_is_fitted

from ._runtime import load_keras, quiet, seeded

__all__ = ["Network", "NetworkClassifier", "compile_model", "train"]

Take = Callable[[np.ndarray], np.ndarray]


class Network:
    """A Keras model that can be pickled, copied and sent to another process.

    Parameters
    ----------
    build : callable
        A function of a module, called as ``build(**settings)``, that returns a compiled model.
    seed : int
        Of the initial weights.
    **settings : dict
        Arguments of `build`; they are pickled with the weights and the state of the optimiser.

    Notes
    -----
    TensorFlow never frees the graphs of a model that was trained, and takes a second to trace them. A model that nobody
    needs any more is therefore kept, traced, for the next network of the same settings: thousands of fits in a grid
    search use as much memory as one of each kind, and each is traced once.
    """

    def __init__(self, build: Callable[..., Any], seed: int, **settings: Any) -> None:
        self.build, self.seed, self.settings = build, seed, settings
        self._model: Any = None
        self._weights: dict[str, list[np.ndarray]] | None = None
        #: The file of a stored model that holds the weights, until they are attached.
        self.stored_in: str | None = None

    @property
    def model(self) -> Any:
        """The Keras model, built on first use: unpickling alone does not load TensorFlow."""
        if self._model is None:
            with seeded(self.seed):
                fresh = self.build(**self.settings)
            state = self._weights or _get_state(fresh)
            key = _settings_key(self.build, self.settings)
            idle = None if key is None else _idle.pop(key, None)
            self._model = fresh if idle is None else idle
            _set_state(self._model, state)
            self._weights = None
            self._return = weakref.finalize(self, _put_aside, key, self._model)
            self._return.atexit = False
        return self._model

    def expose(self) -> Any:
        """Return the model for others to hold: no later network will use it."""
        model = self.model
        self._return.detach()
        return model

    def detach_network(self, file: str) -> Network:
        """Return a network like this one whose weights lie in `file`."""
        detached = Network(self.build, self.seed, **self.settings)
        detached.stored_in = file
        return detached

    def attach_network(self, model: Any) -> None:
        """Take a Keras model as it was stored, which is not compiled; the state of its optimiser is lost."""
        compiling = {name: self.settings[name] for name in ("optimizer", "learning_rate", "loss")}
        self._model, self._weights, self.stored_in = compile_model(model, **compiling), None, None
        # Of a file's layers nothing is certain but that they fit here: no other network gets this model.
        self._return = weakref.finalize(self, _put_aside, None, self._model)
        self._return.atexit = False

    def __getstate__(self) -> dict[str, Any]:
        weights = self._weights if self._model is None else _get_state(self._model)
        kept = {"build": self.build, "seed": self.seed, "settings": self.settings, "stored_in": self.stored_in}
        return kept | {"_model": None, "_weights": weights}


#: Trained models that wait for the next network of the same settings, the one put aside last at the end.
_idle: dict[tuple, Any] = {}
_MOST_IDLE = 8


def _settings_key(build: Callable, settings: dict[str, Any]) -> tuple | None:
    """Identify what `build` returns, or None where settings are objects, which may differ inside."""
    plain = (str, int, float, tuple, type(None))
    return (build, *sorted(settings.items())) if all(isinstance(v, plain) for v in settings.values()) else None


def _put_aside(key: tuple | None, model: Any) -> None:
    if key is not None:
        _idle.pop(key, None)
        _idle[key] = model
        while len(_idle) > _MOST_IDLE:
            _idle.pop(next(iter(_idle)))


def _get_state(model: Any) -> dict[str, list[np.ndarray]]:
    model.optimizer.build(model.trainable_variables)
    return {"model": model.get_weights(), "optimizer": [np.array(v.numpy()) for v in model.optimizer.variables]}


def _set_state(model: Any, state: dict[str, list[np.ndarray]]) -> None:
    model.set_weights(state["model"])
    model.optimizer.build(model.trainable_variables)
    for variable, value in zip(model.optimizer.variables, state["optimizer"], strict=True):
        variable.assign(value)


def compile_model(model: Any, *, optimizer: Any, learning_rate: float | None, loss: Any) -> Any:
    """Compile `model` with an optimiser of its own: one that is shared by clones would mix their states."""
    keras = load_keras()
    given = keras.optimizers.get(optimizer)
    own = keras.optimizers.deserialize(keras.optimizers.serialize(given))
    if learning_rate is not None:
        own.learning_rate = learning_rate
    model.compile(optimizer=own, loss="sparse_categorical_crossentropy" if loss is None else loss, metrics=["accuracy"])
    return model


def batches(
    take: Take, targets: np.ndarray, weights: np.ndarray | None, batch_size: int, rng: np.random.Generator
) -> Iterator[tuple]:
    """Yield shuffled batches, epoch after epoch without end; `take` fetches, or makes, the input of some rows."""
    while True:
        order = rng.permutation(len(targets))
        for start in range(0, len(targets), batch_size):
            rows = order[start : start + batch_size]
            batch = (take(rows), targets[rows])
            yield batch if weights is None else (*batch, weights[rows])


@functools.cache
def _driver_class() -> type:
    load_keras()
    from scikeras.wrappers import KerasClassifier

    class Driver(KerasClassifier):
        """Trains on batches of our making. scikeras sees row numbers and codes, and what it does to them is undone."""

        @property
        def target_encoder(self) -> Any:
            # The labels are coded already, over all classes: those of the training part may be fewer.
            return FunctionTransformer()

        def _fit_keras_model(self, X: Any, y: Any, sample_weight: Any, **kwargs: Any) -> None:
            super()._fit_keras_model(self.feed_, None, None, **kwargs)

    return Driver


def train(
    model: Any,
    feed: Iterator[tuple],
    n_rows: int,
    *,
    batch_size: int,
    epochs: int,
    initial_epoch: int = 0,
    validation: tuple | None = None,
    validation_batch_size: int | None = None,
    callbacks: list | None = None,
    verbose: int | str = 0,
) -> dict[str, list[float]]:
    """Train a compiled model through scikeras and return the history of these epochs."""
    driver = _driver_class()(model=model, shuffle=False, verbose=verbose, callbacks=callbacks or None)
    driver.feed_ = feed
    rows = np.arange(n_rows)
    try:
        with quiet():
            driver.fit(
                rows[:, None],
                rows,
                epochs=epochs,
                initial_epoch=initial_epoch,
                steps_per_epoch=-(-n_rows // batch_size),
                validation_data=validation,
                validation_batch_size=validation_batch_size,
            )
    finally:
        for callback in callbacks or ():
            callback.set_model(None)
        # Keras keeps the watched rows for a fit on the same ones.
        model._eval_epoch_iterator = None
    return {name: list(map(float, values)) for name, values in driver.history_.items()}


class NetworkClassifier(ClassifierMixin, BaseEstimator):
    """What classifiers that train a network share. Subclasses have `_check_X` and `_compute_proba`."""

    batch_size: int
    callbacks: list | None
    early_stopping: bool
    loss: Any
    patience: int
    random_state: Any
    verbose: int
    classes_: np.ndarray
    history_: dict[str, list[float]]

    def predict(self, X: Any) -> np.ndarray:
        """Predict the class of each row.

        Parameters
        ----------
        X : array-like
            As in `fit`.

        Returns
        -------
        labels : ndarray of shape (n_samples,)
            The class of largest probability.
        """
        # Probabilities first: they tell an estimator that is not fitted from one without classes.
        proba = self.predict_proba(X)
        return self.classes_[proba.argmax(axis=1)]

    def predict_proba(self, X: Any) -> np.ndarray:
        """Predict the probability of each class.

        Parameters
        ----------
        X : array-like
            As in `fit`.

        Returns
        -------
        proba : ndarray of shape (n_samples, n_classes)
            Columns in the order of `classes_`; rows sum to 1.
        """
        check_is_fitted(self)
        proba = self._compute_proba(self._check_X(X, reset=False)).astype(np.float64)[:, : len(self.classes_)]
        # A float32 softmax sums to 1 within 1e-7 only.
        return proba / proba.sum(axis=1, keepdims=True)

    def _check_X(self, X: Any, *, reset: bool) -> np.ndarray:
        raise NotImplementedError

    def _compute_proba(self, X: np.ndarray) -> np.ndarray:
        raise NotImplementedError

    def _check_rows(self, X: Any, y: Any, sample_weight: Any, groups: Any, *, reset: bool) -> tuple:
        """Check what `fit` was given; return it without rows of weight zero, and the positions of the rows kept."""
        if y is None:
            raise ValueError(f"{type(self).__name__} requires y to be passed, but the target y is None.")
        X = self._check_X(X, reset=reset)
        y = column_or_1d(y, warn=True)
        assert_all_finite(y, input_name="y", estimator_name=type(self).__name__)
        check_consistent_length(X, y)
        check_classification_targets(y)
        if groups is not None:
            groups = column_or_1d(groups)
            if len(groups) != len(X):
                raise ValueError(
                    f"expected groups with one entry for each of {len(X)} samples, got {len(groups)}: a resampling "
                    "step before the classifier makes rows that belong to no group; put it inside (sampler=...)."
                )
        kept = np.arange(len(X))
        if sample_weight is not None:
            sample_weight = _check_sample_weight(sample_weight, X, dtype=np.float32, ensure_non_negative=True)
            kept = np.flatnonzero(sample_weight)
            X, y, sample_weight = X[kept], y[kept], sample_weight[kept]
            groups = None if groups is None else groups[kept]
        return X, y, sample_weight, groups, kept

    def _draw_seed(self) -> int:
        return int(check_random_state(self.random_state).randint(2**31 - 1))

    def _encode(self, y: np.ndarray) -> np.ndarray:
        """Code labels by their position in `classes_`."""
        unknown = np.setdiff1d(y, self.classes_)
        if len(unknown):
            raise ValueError(f"expected labels among classes {self.classes_.tolist()}, got {unknown.tolist()}.")
        return np.searchsorted(self.classes_, y)

    def _weigh(self, codes: np.ndarray, like: np.ndarray, class_weight: Any) -> np.ndarray | None:
        """Return the weight that `class_weight` gives to rows of `codes`, as computed from rows of `like`."""
        if class_weight is None:
            return None
        present = np.unique(like)
        by_class = np.ones(len(self.classes_), dtype=np.float32)
        if class_weight == "balanced":
            by_class[present] = compute_class_weight("balanced", classes=present, y=like)
        else:
            known = {label: weight for label, weight in class_weight.items() if label in self.classes_.tolist()}
            # A fold may lack a class that has a weight; where none is known, the labels are mistaken.
            if not known:
                raise ValueError(
                    f"expected class_weight for classes among {self.classes_.tolist()}, "
                    f"got {sorted(class_weight, key=str)}."
                )
            for label, weight in known.items():
                by_class[np.searchsorted(self.classes_, label)] = weight
        return by_class[codes]

    @property
    def _n_outputs(self) -> int:
        # A softmax over one unit learns nothing, and Keras says so: a single class has a silent second unit.
        return max(2, len(self.classes_))

    def _make_targets(self, codes: np.ndarray) -> np.ndarray:
        loss = "sparse" if self.loss is None else self.loss
        name = str(getattr(loss, "name", None) or getattr(loss, "__name__", loss))
        return codes if "sparse" in name.lower() else np.eye(self._n_outputs, dtype=np.float32)[codes]

    def _make_batch(self, X: np.ndarray, codes: np.ndarray, weight: np.ndarray | None) -> tuple:
        batch = (X, self._make_targets(codes))
        return batch if weight is None else (*batch, weight)

    def _train(
        self,
        network: Network,
        take: Take,
        codes: np.ndarray,
        weight: np.ndarray | None,
        rng: np.random.Generator,
        *,
        epochs: int,
        reset: bool,
        validation: tuple | None = None,
        validation_batch_size: int | None = None,
    ) -> None:
        """Train `network` on rows that `take` fetches; `validation` is watched, and on request decides when to stop."""
        callbacks = list(self.callbacks or ())
        if validation is not None and self.early_stopping:
            stopping = load_keras().callbacks.EarlyStopping
            callbacks.append(stopping(monitor="val_loss", patience=self.patience, restore_best_weights=True))
        history = train(
            # A callback of the user's may hold on to the model.
            network.expose() if self.callbacks else network.model,
            batches(take, self._make_targets(codes), weight, self.batch_size, rng),
            len(codes),
            batch_size=self.batch_size,
            epochs=epochs,
            initial_epoch=0 if reset else self.n_epochs_,
            validation=validation,
            validation_batch_size=validation_batch_size,
            callbacks=callbacks,
            verbose=self.verbose,
        )
        self._record(history, reset=reset)

    def _record(self, history: dict[str, list[float]], *, reset: bool) -> None:
        """Append to `history_`, or start it."""
        if reset:
            self.history_ = {}
        for name, values in history.items():
            self.history_.setdefault(name, []).extend(values)
        self.n_epochs_ = len(self.history_["loss"])


def multiply(*weights: np.ndarray | None) -> np.ndarray | None:
    """Multiply the weights that are there."""
    given = [w for w in weights if w is not None]
    return np.prod(given, axis=0, dtype=np.float32) if given else None
