"""The published multilayer perceptron, as a scikit-learn classifier."""

from __future__ import annotations

from collections.abc import Sequence
from numbers import Integral, Real
from typing import Any, ClassVar

import numpy as np
from sklearn.base import _fit_context, clone
from sklearn.utils import column_or_1d
from sklearn.utils._param_validation import HasMethods, Interval, StrOptions
from sklearn.utils.validation import validate_data

from ._base import Network, NetworkClassifier, compile_model, multiply
from ._holdout import hold_out
from ._runtime import load_keras

__all__ = ["KerasMLPClassifier"]

#: Rows that are predicted or watched at a time.
_CHUNK = 4096


def build_mlp(
    n_features: int, n_outputs: int, hidden_layer_sizes: tuple[int, ...], activation: str, **compiling: Any
) -> Any:
    """Build and compile the network."""
    layers = load_keras().layers
    model = load_keras().Sequential([layers.Input((n_features,))])
    for size in hidden_layer_sizes:
        model.add(layers.Dense(size, activation=activation))
    model.add(layers.Dense(n_outputs, activation="softmax"))
    return compile_model(model, **compiling)


class KerasMLPClassifier(NetworkClassifier):
    """Multilayer perceptron with early stopping on held-out people.

    The published network for tremor severity by default: four hidden layers, ReLU, a softmax over the classes, a fifth
    of the training data watched to stop early. The watched part is split off first, by group where `fit` is given
    `groups`, and `sampler` resamples only the rest: synthetic rows never decide when to stop.

    Parameters
    ----------
    hidden_layer_sizes : sequence of int, default=(200, 180, 180, 100)
        Units of each hidden layer; may be empty.
    activation : str, default="relu"
        Activation of the hidden layers, as Keras names it.
    optimizer : str or keras.optimizers.Optimizer, default="adam"
        A name, or an instance of which every fit makes a copy.
    learning_rate : float or None, default=None
        None keeps that of the optimiser: 0.001 for "adam".
    loss : str, callable, keras.losses.Loss or None, default=None
        None is sparse categorical cross-entropy. A loss with "sparse" in its name is given codes 0, 1, ...; any other
        ("mse", "categorical_crossentropy", a function) one column a class, 0 or 1.
    epochs : int, default=200
        Epochs at most.
    batch_size : int, default=32
        Rows a gradient step.
    validation_fraction : float, default=0.2
        Share of the rows that is watched and not trained on; unused without early stopping.
    early_stopping : bool, default=True
        Stop when the loss on the watched rows has not improved for `patience` epochs, and keep the best weights.
        False trains on all rows for `epochs` epochs.
    patience : int, default=10
        Epochs without improvement to wait for.
    sampler : sampler or None, default=None
        Any imbalanced-learn sampler; it resamples the rows that are trained on. A clone is fitted, and where its
        random_state is None it is seeded by ours.
    class_weight : "balanced", dict or None, default=None
        Weight of each label in the loss, in training and on the watched rows; labels left out have weight 1.
        "balanced" is computed from the rows that are trained on, after `sampler`.
    warm_start : bool, default=False
        Whether another `fit` goes on from the weights of the last.
    callbacks : list of keras.callbacks.Callback or None, default=None
        Used as they are given; a clone of the classifier has copies.
    verbose : int, default=0
        As in ``keras.Model.fit``.
    random_state : int, RandomState instance or None, default=None
        Seeds the initial weights, the rows held out, the sampler and the order of the rows.

    Attributes
    ----------
    classes_ : ndarray of shape (n_classes,)
        All labels seen in `fit`.
    model_ : keras.Model
        The trained network.
    history_ : dict of str to list of float
        One entry an epoch: loss and accuracy, and with early stopping val_loss and val_accuracy of the watched rows.
        A warm start and `partial_fit` append.
    n_epochs_ : int
        Number of epochs in `history_`.
    watched_indices_ : ndarray of int
        The rows of `X` that the last `fit` held out; rows of weight 0 are never among them.
    sampler_ : sampler or None
        The sampler as it was fitted.
    n_features_in_ : int
        Number of features seen in `fit`.
    feature_names_in_ : ndarray of shape (n_features,)
        Names of features, where `X` has names that are all strings.

    See Also
    --------
    skpd.neural.KerasTransferClassifier : A network for drawings.
    skpd.resampling.RareClassSampler : Makes a sampler survive a fold in which a class is rare.

    Notes
    -----
    Scale the features: the published pipeline names no scaler, and on raw energies this network does not train.

    Without groups the watched rows are stratified. With groups, whole groups are added while that brings each class
    closer to its share. In both, every class keeps rows to train on, so a class that one person alone has is not
    watched.

    Where `sample_weight` is given, `sampler` must be one that selects rows (it has `sample_indices_`): rows that it
    makes up have no weight. Training with weights is weighted mini-batch descent: not the same as repeating rows.

    The same `random_state` gives the same bits on one machine, with the same settings of TensorFlow (oneDNN is switched
    off unless TensorFlow was imported before, or the user says otherwise in TF_ENABLE_ONEDNN_OPTS). The generators of
    Python, NumPy and TensorFlow are left as they were. A pickle holds the weights and the state of the optimiser.

    References
    ----------
    G. AlMahadin, A. Lotfi, M. Mc Carthy, P. Breedon, "Enhanced Parkinson's Disease Tremor Severity Classification by
    Combining Signal Processing with Resampling Techniques", SN Computer Science 3:63, 2022. The layers, ReLU, softmax
    and the 20 % for early stopping are theirs; optimiser, epochs, batch size and patience are not given there. Its
    prose speaks of the mean squared error: ``loss="mse"``.

    Examples
    --------
    >>> import numpy as np
    >>> from imblearn.over_sampling import RandomOverSampler
    >>> from skpd.neural import KerasMLPClassifier
    >>> rng = np.random.default_rng(0)
    >>> y = np.repeat([0, 1], [90, 30])
    >>> X = rng.normal(size=(120, 2)) + 3 * y[:, None]
    >>> people = np.tile(np.arange(10), 12)
    >>> model = KerasMLPClassifier((16,), learning_rate=0.02, epochs=20, sampler=RandomOverSampler(), random_state=0)
    >>> model.fit(X, y, groups=people).score(X, y) > 0.9
    True
    >>> sorted(set(people[model.watched_indices_].tolist())), len(model.history_["val_loss"])
    ([0, 1], 20)
    """

    _parameter_constraints: ClassVar[dict] = {
        "hidden_layer_sizes": ["array-like"],
        "activation": [str],
        "optimizer": [str, HasMethods("apply_gradients")],
        "learning_rate": [Interval(Real, 0, None, closed="neither"), None],
        "loss": [str, callable, None],
        "epochs": [Interval(Integral, 1, None, closed="left")],
        "batch_size": [Interval(Integral, 1, None, closed="left")],
        "validation_fraction": [Interval(Real, 0, 1, closed="neither")],
        "early_stopping": ["boolean"],
        "patience": [Interval(Integral, 0, None, closed="left")],
        "sampler": [HasMethods("fit_resample"), None],
        "class_weight": [StrOptions({"balanced"}), dict, None],
        "warm_start": ["boolean"],
        "callbacks": [list, None],
        "verbose": ["verbose"],
        "random_state": ["random_state"],
    }

    def __init__(
        self,
        hidden_layer_sizes: Sequence[int] = (200, 180, 180, 100),
        *,
        activation: str = "relu",
        optimizer: Any = "adam",
        learning_rate: float | None = None,
        loss: Any = None,
        epochs: int = 200,
        batch_size: int = 32,
        validation_fraction: float = 0.2,
        early_stopping: bool = True,
        patience: int = 10,
        sampler: Any = None,
        class_weight: Any = None,
        warm_start: bool = False,
        callbacks: list | None = None,
        verbose: int = 0,
        random_state: Any = None,
    ) -> None:
        self.hidden_layer_sizes = hidden_layer_sizes
        self.activation = activation
        self.optimizer = optimizer
        self.learning_rate = learning_rate
        self.loss = loss
        self.epochs = epochs
        self.batch_size = batch_size
        self.validation_fraction = validation_fraction
        self.early_stopping = early_stopping
        self.patience = patience
        self.sampler = sampler
        self.class_weight = class_weight
        self.warm_start = warm_start
        self.callbacks = callbacks
        self.verbose = verbose
        self.random_state = random_state

    @property
    def model_(self) -> Any:
        """The trained network."""
        return self._network.expose()

    @_fit_context(prefer_skip_nested_validation=True)
    def fit(self, X: Any, y: Any, sample_weight: Any = None, groups: Any = None) -> KerasMLPClassifier:
        """Train the network.

        Parameters
        ----------
        X : array-like of shape (n_samples, n_features)
            Finite numbers, scaled.
        y : array-like of shape (n_samples,)
            The labels.
        sample_weight : array-like of shape (n_samples,) or None, default=None
            Not negative; rows of weight 0 are left out.
        groups : array-like of shape (n_samples,) or None, default=None
            The person of each row, so that early stopping watches people that are not trained on.

        Returns
        -------
        self : KerasMLPClassifier
            The fitted classifier.

        Raises
        ------
        ValueError
            If nothing can be held out, if lengths do not match, or if `sampler` makes rows that have no weight.
        """
        warm = self.warm_start and hasattr(self, "_network")
        X, y, sample_weight, groups, kept = self._check_rows(X, y, sample_weight, groups, reset=not warm)
        if not warm:
            self.classes_ = np.unique(y)
        codes = self._encode(y)
        seed = self._draw_seed()
        rng = np.random.default_rng(seed)

        training, watched = np.arange(len(codes)), np.arange(0)
        if self.early_stopping:
            training, watched = hold_out(codes, groups, self.validation_fraction, rng)
        X_watched, codes_watched = X[watched], codes[watched]
        weight_watched = None if sample_weight is None else sample_weight[watched]
        X, codes = X[training], codes[training]
        sample_weight = None if sample_weight is None else sample_weight[training]
        X, codes, sample_weight = self._resample(X, codes, sample_weight, rng)
        weight_watched = multiply(weight_watched, self._weigh(codes_watched, codes, self.class_weight))
        sample_weight = multiply(sample_weight, self._weigh(codes, codes, self.class_weight))

        if not warm:
            self._network = self._make_network(X.shape[1], seed)
        self.watched_indices_ = kept[watched]
        validation = self._make_batch(X_watched, codes_watched, weight_watched) if len(watched) else None
        self._train(
            self._network,
            X.__getitem__,
            codes,
            sample_weight,
            rng,
            validation=validation,
            validation_batch_size=_CHUNK,
            epochs=self.epochs,
            reset=not warm,
        )
        return self

    @_fit_context(prefer_skip_nested_validation=True)
    def partial_fit(self, X: Any, y: Any, classes: Any = None, sample_weight: Any = None) -> KerasMLPClassifier:
        """Train for one epoch on all the rows given: none is held out and none resampled.

        Parameters
        ----------
        X : array-like of shape (n_samples, n_features)
            Finite numbers, scaled.
        y : array-like of shape (n_samples,)
            The labels.
        classes : array-like of shape (n_classes,) or None, default=None
            All labels there will be. None in the first call means those of `y`; unused in later calls.
        sample_weight : array-like of shape (n_samples,) or None, default=None
            Not negative; rows of weight 0 are left out.

        Returns
        -------
        self : KerasMLPClassifier
            The classifier, one epoch further.

        Raises
        ------
        ValueError
            If a label is not among the classes.
        """
        first = not hasattr(self, "_network")
        X, y, sample_weight, _, _ = self._check_rows(X, y, sample_weight, None, reset=first)
        if first:
            self.classes_ = np.unique(y if classes is None else column_or_1d(classes))
        codes = self._encode(y)
        if first:
            self._network = self._make_network(X.shape[1], self._draw_seed())
        weight = multiply(sample_weight, self._weigh(codes, codes, self.class_weight))
        # A stream of its own for every epoch: the order does not depend on whether the model was pickled in between.
        rng = np.random.default_rng([self._network.seed, 0 if first else self.n_epochs_])
        self._train(self._network, X.__getitem__, codes, weight, rng, epochs=1, reset=first)
        return self

    def _check_X(self, X: Any, *, reset: bool) -> np.ndarray:
        return validate_data(self, X, dtype=np.float32, reset=reset)

    def _make_network(self, n_features: int, seed: int) -> Network:
        return Network(
            build_mlp,
            seed,
            n_features=n_features,
            n_outputs=self._n_outputs,
            hidden_layer_sizes=tuple(self.hidden_layer_sizes),
            activation=self.activation,
            optimizer=self.optimizer,
            learning_rate=self.learning_rate,
            loss=self.loss,
        )

    def _resample(self, X: np.ndarray, codes: np.ndarray, weight: np.ndarray | None, rng: Any) -> tuple:
        self.sampler_ = None
        if self.sampler is None:
            return X, codes, weight
        sampler = clone(self.sampler)
        unseeded = [
            name
            for name, value in sorted(sampler.get_params(deep=True).items())
            if name.rpartition("__")[2] == "random_state" and value is None
        ]
        sampler.set_params(**{name: int(rng.integers(2**31 - 1)) for name in unseeded})
        X_new, labels = sampler.fit_resample(X, self.classes_[codes])
        self.sampler_ = sampler
        if weight is not None:
            if not hasattr(sampler, "sample_indices_"):
                raise ValueError(
                    f"sample_weight with {sampler!r}: it makes rows that have no weight. "
                    "Use class_weight, or a sampler that selects rows."
                )
            weight = weight[sampler.sample_indices_]
        return X_new, self._encode(labels), weight

    def _compute_proba(self, X: np.ndarray) -> np.ndarray:
        # Called, not `Model.predict`: that would trace a graph for every model of a grid search.
        chunks = (self._network.model(X[i : i + _CHUNK], training=False) for i in range(0, len(X), _CHUNK))
        return np.concatenate([np.asarray(chunk) for chunk in chunks])
