"""A classifier of images on a pretrained backbone."""

from __future__ import annotations

import os
from collections.abc import Sequence
from numbers import Integral, Real
from typing import Any, ClassVar

import numpy as np
from sklearn.base import _fit_context
from sklearn.utils import check_consistent_length, column_or_1d
from sklearn.utils._param_validation import HasMethods, Interval, StrOptions

from ._backbones import Backbone, check_images
from ._base import Network, NetworkClassifier, compile_model, multiply
from ._features import BackboneFeatures
from ._holdout import hold_out
from ._runtime import load_keras, quiet
from ._store import image_key

__all__ = ["KerasTransferClassifier"]

#: Augmented images that are in memory at a time while a bank of views is made.
_VIEWS_AT_ONCE = 1024


def make_head(n_features: int, n_outputs: int, head: tuple[int, ...]) -> Any:
    """Build the layers on top of the backbone."""
    keras = load_keras()
    layers = [keras.layers.Input((n_features,))]
    layers += [keras.layers.Dense(size, activation="relu") for size in head]
    return keras.Sequential([*layers, keras.layers.Dense(n_outputs, activation="softmax")], name="head")


def build_head(n_features: int, n_outputs: int, head: tuple[int, ...], **compiling: Any) -> Any:
    """Build and compile the head alone, on features."""
    return compile_model(make_head(n_features, n_outputs, head), **compiling)


def build_whole(
    backbone: Backbone, n_outputs: int, head: tuple[int, ...], unfreeze: int | str, **compiling: Any
) -> Any:
    """Build and compile backbone and head as one network."""
    keras = load_keras()
    body = backbone.build()
    images = keras.Input(backbone.input_shape)
    # Batch statistics of a few drawings would wreck those of a million photographs, so batch normalisation is frozen
    # below, which is inference mode; dropout of the backbone's own works as it did when the backbone was trained.
    features = body(images)
    model = keras.Model(images, make_head(body.output_shape[-1], n_outputs, head)(features))
    body.trainable = True
    chosen = set(map(id, choose_layers(body, unfreeze)))
    for layer in body.layers:
        layer.trainable = id(layer) in chosen
    return compile_model(model, **compiling)


def choose_layers(body: Any, unfreeze: int | str) -> list:
    """Return the layers to train: the last n with weights, or all from the first whose name starts so.

    Batch normalisation is never among them.
    """
    normalisation = load_keras().layers.BatchNormalization
    layers = body.layers
    if isinstance(unfreeze, str):
        starts = [i for i, layer in enumerate(layers) if layer.name.startswith(unfreeze)]
        if not starts:
            names = ", ".join(layer.name for layer in layers[-12:])
            raise ValueError(f"unfreeze={unfreeze!r}: no layer's name starts so. The last ones are {names}.")
        layers = layers[starts[0] :]
    layers = [layer for layer in layers if layer.weights and not isinstance(layer, normalisation)]
    if isinstance(unfreeze, str):
        return layers
    return layers[len(layers) - min(unfreeze, len(layers)) :]


class KerasTransferClassifier(NetworkClassifier):
    """Classify drawings with a pretrained network: a new head on it, and on request its last layers trained too.

    With ``mode="freeze"`` each image passes the backbone once, and the head is trained on the features, which is many
    times faster than training the head with the backbone in the loop and gives the same predictions.

    Parameters
    ----------
    backbone : str, path or callable, default="DenseNet201"
        As in `BackboneFeatures`.
    weights : "imagenet", path or None, default="imagenet"
        As in `BackboneFeatures`.
    mode : {"freeze", "finetune"}, default="freeze"
        "freeze" trains the head alone. "finetune" trains the head, then head and last layers together.
    input_shape : tuple of int, default=(100, 100, 3)
        Height, width and channels of the images, in pixels. Other sizes are an error.
    pooling : {"avg", "max"} or None, default="avg"
        How the last maps become one row; None flattens them.
    head : sequence of int, default=(128,)
        Units of the ReLU layers between features and softmax.
    augmenter : object or None, default=None
        Online augmentation: an object with ``random_batch(X, rng)`` that returns as many images of the same shape, such
        as ``ImageAugmenter(mode="online")``. Training images only; watched images stay as they are.
    n_views : int or None, default=8
        With an augmenter and a frozen backbone: how many augmented views of each image are made, before training;
        every epoch draws one of them. None draws afresh every epoch, with the backbone in the loop. A view depends on
        the image and `random_state` alone, so views are found in `memory` too.
    unfreeze : int or str, default=4
        The layers that "finetune" trains: so many of the last layers with weights, or all from the first layer whose
        name starts so ("conv5_block32" is the last block of DenseNet201). Batch normalisation is not counted: it stays
        frozen, in inference mode.
    epochs : int, default=50
        Epochs of the head at most.
    finetune_epochs : int, default=10
        Epochs of fine-tuning at most.
    batch_size : int, default=64
        Images a gradient step.
    optimizer : str or keras.optimizers.Optimizer, default="adam"
        A name, or an instance of which every fit makes copies.
    learning_rate : float or None, default=None
        Of the head. None keeps that of the optimiser: 0.001 for "adam".
    finetune_learning_rate : float, default=1e-5
        Of fine-tuning.
    loss : str, callable, keras.losses.Loss or None, default=None
        As in `KerasMLPClassifier`.
    validation_fraction : float, default=0.2
        Share of the images that is watched and not trained on; unused without early stopping, and where `fit` is given
        images to watch.
    early_stopping : bool, default=True
        Stop when the loss on the watched images has not improved for `patience` epochs, and keep the best weights.
    patience : int, default=10
        Epochs without improvement to wait for.
    class_weight : "balanced", dict or None, default=None
        Weight of each label in the loss; labels left out have weight 1.
    callbacks : list of keras.callbacks.Callback or None, default=None
        Used as they are given, in both stages.
    memory : str, path, joblib.Memory or None, default=None
        Folder in which features are kept, as in `BackboneFeatures`: give one wherever an image is seen by more than one
        fit.
    verbose : int, default=0
        As in ``keras.Model.fit``.
    random_state : int, RandomState instance or None, default=None
        Seeds the images held out, random weights, the head, the views and the order of the images.

    Attributes
    ----------
    classes_ : ndarray of shape (n_classes,)
        All labels seen in `fit`.
    features_ : BackboneFeatures
        The frozen backbone; where the backbone was fine-tuned, as it was before.
    history_ : dict of str to list of float
        Training curves, one entry an epoch: loss, accuracy, and of watched images val_loss and val_accuracy. Those of
        fine-tuning follow those of the head.
    n_epochs_, n_head_epochs_ : int
        Number of epochs in `history_`, and of them those of the head.
    watched_indices_ : ndarray of int
        The rows of `X` that were held out.
    n_features_in_ : int
        Number of channels of the images.

    See Also
    --------
    BackboneFeatures : The features, for any other classifier.
    KerasMLPClassifier : A network for tables.

    Notes
    -----
    Images of one person must not be watched while others of that person are trained on: pass `groups` to `fit`. Images
    made by an offline augmenter belong to the person of their source.

    A pickle of a frozen classifier holds the head and where the backbone comes from (see `BackboneFeatures`). A pickle
    of a fine-tuned one holds all weights.

    References
    ----------
    The three hybrid workflow architectures, Journal of Intelligent & Fuzzy Systems, doi 10.3233/JIFS-231202:
    DenseNet201 at 100 x 100 pixels, frozen, average pooling, Dense(128), Adam; epochs 50 and batch size 64 are its
    experiment 2. It has no held-out images besides its test set: ``early_stopping=False``.

    Examples
    --------
    >>> import numpy as np
    >>> from skpd.neural import KerasTransferClassifier
    >>> rng = np.random.default_rng(0)
    >>> y = np.repeat(["healthy", "parkinson"], 12)
    >>> drawings = rng.integers(0, 90, size=(24, 32, 32, 3)) + 160 * (y == "parkinson")[:, None, None, None]
    >>> model = KerasTransferClassifier(
    ...     "MobileNet", weights=None, input_shape=(32, 32, 3), pooling=None, head=(8,), epochs=3, random_state=0
    ... )
    >>> model.fit(drawings, y, groups=np.arange(24) // 2).predict_proba(drawings).shape
    (24, 2)
    >>> sorted(model.history_)
    ['accuracy', 'loss', 'val_accuracy', 'val_loss']
    """

    _parameter_constraints: ClassVar[dict] = {
        "backbone": [str, os.PathLike, callable],
        "weights": [str, os.PathLike, None],
        "mode": [StrOptions({"freeze", "finetune"})],
        "input_shape": ["array-like"],
        "pooling": [StrOptions({"avg", "max"}), None],
        "head": ["array-like"],
        "augmenter": [HasMethods("random_batch"), None],
        "n_views": [Interval(Integral, 1, None, closed="left"), None],
        "unfreeze": [Interval(Integral, 1, None, closed="left"), str],
        "epochs": [Interval(Integral, 1, None, closed="left")],
        "finetune_epochs": [Interval(Integral, 1, None, closed="left")],
        "batch_size": [Interval(Integral, 1, None, closed="left")],
        "optimizer": [str, HasMethods("apply_gradients")],
        "learning_rate": [Interval(Real, 0, None, closed="neither"), None],
        "finetune_learning_rate": [Interval(Real, 0, None, closed="neither")],
        "loss": [str, callable, None],
        "validation_fraction": [Interval(Real, 0, 1, closed="neither")],
        "early_stopping": ["boolean"],
        "patience": [Interval(Integral, 0, None, closed="left")],
        "class_weight": [StrOptions({"balanced"}), dict, None],
        "callbacks": [list, None],
        "memory": [str, os.PathLike, HasMethods(["cache"]), None],
        "verbose": ["verbose"],
        "random_state": ["random_state"],
    }

    def __init__(
        self,
        backbone: Any = "DenseNet201",
        *,
        weights: Any = "imagenet",
        mode: str = "freeze",
        input_shape: tuple[int, int, int] = (100, 100, 3),
        pooling: str | None = "avg",
        head: Sequence[int] = (128,),
        augmenter: Any = None,
        n_views: int | None = 8,
        unfreeze: int | str = 4,
        epochs: int = 50,
        finetune_epochs: int = 10,
        batch_size: int = 64,
        optimizer: Any = "adam",
        learning_rate: float | None = None,
        finetune_learning_rate: float = 1e-5,
        loss: Any = None,
        validation_fraction: float = 0.2,
        early_stopping: bool = True,
        patience: int = 10,
        class_weight: Any = None,
        callbacks: list | None = None,
        memory: Any = None,
        verbose: int = 0,
        random_state: Any = None,
    ) -> None:
        self.backbone = backbone
        self.weights = weights
        self.mode = mode
        self.input_shape = input_shape
        self.pooling = pooling
        self.head = head
        self.augmenter = augmenter
        self.n_views = n_views
        self.unfreeze = unfreeze
        self.epochs = epochs
        self.finetune_epochs = finetune_epochs
        self.batch_size = batch_size
        self.optimizer = optimizer
        self.learning_rate = learning_rate
        self.finetune_learning_rate = finetune_learning_rate
        self.loss = loss
        self.validation_fraction = validation_fraction
        self.early_stopping = early_stopping
        self.patience = patience
        self.class_weight = class_weight
        self.callbacks = callbacks
        self.memory = memory
        self.verbose = verbose
        self.random_state = random_state

    @_fit_context(prefer_skip_nested_validation=True)
    def fit(
        self, X: Any, y: Any, sample_weight: Any = None, groups: Any = None, *, X_val: Any = None, y_val: Any = None
    ) -> KerasTransferClassifier:
        """Train the head, and in mode "finetune" the last layers of the backbone.

        Parameters
        ----------
        X : array-like of shape (n, height, width, channels)
            Images, values 0 to 255.
        y : array-like of shape (n,)
            The labels.
        sample_weight : array-like of shape (n,) or None, default=None
            Not negative; images of weight 0 are left out.
        groups : array-like of shape (n,) or None, default=None
            The person of each image, so that early stopping watches people that are not trained on.
        X_val : array-like of shape (n_val, height, width, channels) or None, default=None
            Images to watch instead of some of `X`, for the training curves and, with early stopping, to decide when to
            stop. Without early stopping they change nothing but `history_`.
        y_val : array-like of shape (n_val,) or None, default=None
            Their labels.

        Returns
        -------
        self : KerasTransferClassifier
            The fitted classifier.

        Raises
        ------
        FileNotFoundError
            If weights are missing; the message says which file and where it goes.
        ValueError
            If the images have another shape, nothing can be held out, or lengths do not match.
        """
        X, y, sample_weight, groups, kept = self._check_rows(X, y, sample_weight, groups, reset=True)
        self.classes_, codes = np.unique(y, return_inverse=True)
        seed = self._draw_seed()
        rng = np.random.default_rng(seed)
        training, watched = np.arange(len(X)), np.arange(0)
        given = self._check_watched(X_val, y_val)
        if self.early_stopping and given is None:
            training, watched = hold_out(codes, groups, self.validation_fraction, rng)
        self.watched_indices_ = kept[watched]
        weight = multiply(sample_weight, self._weigh(codes, codes[training], self.class_weight))
        self.features_ = BackboneFeatures(
            self.backbone,
            weights=self.weights,
            input_shape=self.input_shape,
            pooling=self.pooling,
            memory=self.memory,
            random_state=self.random_state if isinstance(self.random_state, Integral) else seed,
        ).fit(X)
        self._whole: Network | None = None

        def train(network: Network, take: Any, X_watched: Any, **options: Any) -> None:
            validation = None
            if given is not None:
                weight_given = self._weigh(given[1], codes[training], self.class_weight)
                validation = self._make_batch(X_watched(given[0]), given[1], weight_given)
            elif len(watched):
                weight_watched = None if weight is None else weight[watched]
                validation = self._make_batch(X_watched(X[watched]), codes[watched], weight_watched)
            weight_training = None if weight is None else weight[training]
            self._train(network, take, codes[training], weight_training, rng, validation=validation, **options)

        preprocess = self.features_._backbone.preprocess

        def take_images(rows: np.ndarray) -> np.ndarray:
            images = X[training[rows]]
            return preprocess(images if self.augmenter is None else self.augmenter.random_batch(images, rng))

        in_loop = {"take": take_images, "X_watched": preprocess, "validation_batch_size": self.batch_size}
        if self.augmenter is not None and self.n_views is None:
            self._head = self._make_head(self.features_._n_features_out, seed)
            whole = self._make_whole(seed, unfreeze=0, learning_rate=self.learning_rate)
            train(whole, **in_loop, epochs=self.epochs, reset=True)
            self._head.model.set_weights(whole.model.layers[-1].get_weights())
        else:
            bank = self._make_bank(X[training], seed)
            self._head = self._make_head(bank.shape[-1], seed)

            def take_features(rows: np.ndarray) -> np.ndarray:
                return bank[rows, 0 if self.augmenter is None else rng.integers(bank.shape[1], size=len(rows))]

            train(self._head, take_features, self.features_.transform, epochs=self.epochs, reset=True)
        self.n_head_epochs_ = self.n_epochs_
        if self.mode == "finetune":
            self._whole = self._make_whole(seed, unfreeze=self.unfreeze, learning_rate=self.finetune_learning_rate)
            train(self._whole, **in_loop, epochs=self.finetune_epochs, reset=False)
        return self

    @property
    def model_(self) -> Any:
        """The trained network: of a frozen backbone the head, on features; of a fine-tuned one all of it, on images."""
        return (self._whole or self._head).expose()

    def _make_head(self, n_features: int, seed: int) -> Network:
        return Network(
            build_head, seed, n_features=n_features, learning_rate=self.learning_rate, **self._shared_settings()
        )

    def _make_whole(self, seed: int, **settings: Any) -> Network:
        """Make a network of backbone and head, with the weights of the frozen backbone and of the head as it is."""
        frozen = self.features_._backbone
        # Its weights travel with it: whoever unpickles a fine-tuned network needs no file.
        whole = Network(build_whole, seed, backbone=frozen.without_weights(), **settings, **self._shared_settings())
        whole.model.layers[1].set_weights(frozen.model.get_weights())
        whole.model.layers[-1].set_weights(self._head.model.get_weights())
        return whole

    def _shared_settings(self) -> dict[str, Any]:
        head = tuple(self.head)
        return {"n_outputs": self._n_outputs, "head": head, "optimizer": self.optimizer, "loss": self.loss}

    def _make_bank(self, X: np.ndarray, seed: int) -> np.ndarray:
        """Return the features of every view of every image, (n, n_views, n_features)."""
        if self.augmenter is None:
            return self.features_.transform(X)[:, None]
        n_views = self.n_views or 0
        # Some images at a time, since their views together may not fit in memory.
        step = max(1, _VIEWS_AT_ONCE // n_views)
        blocks = []
        for start in range(0, len(X), step):
            views = []
            for image in X[start : start + step]:
                # A stream for each image: the views, and with them the cached features, are the same in every fold.
                rng = np.random.default_rng([seed, int(image_key(image)[:15], 16)])
                views.append(self.augmenter.random_batch(np.repeat(image[None], n_views, axis=0), rng))
            features = self.features_.transform(np.concatenate(views))
            blocks.append(features.reshape(len(views), n_views, -1))
        return np.concatenate(blocks)

    def _check_watched(self, X_val: Any, y_val: Any) -> tuple[np.ndarray, np.ndarray] | None:
        """Return the images to watch and the codes of their labels, or None where none are given."""
        if (X_val is None) != (y_val is None):
            raise ValueError("expected X_val and y_val together, images to watch and their labels, got one of them.")
        if X_val is None:
            return None
        X_val, y_val = self._check_X(X_val, reset=False), column_or_1d(y_val, warn=True)
        check_consistent_length(X_val, y_val)
        return X_val, self._encode(y_val)

    def _check_X(self, X: Any, *, reset: bool) -> np.ndarray:
        return check_images(self, X, tuple(self.input_shape), reset=reset)

    def _compute_proba(self, X: np.ndarray) -> np.ndarray:
        if self._whole is None:
            return np.asarray(self._head.model(self.features_.transform(X), training=False))
        pixels = self.features_._backbone.preprocess(X)
        with quiet():
            return self._whole.model.predict(pixels, batch_size=self.batch_size, verbose=0)

    def __sklearn_tags__(self) -> Any:
        tags = super().__sklearn_tags__()
        tags.input_tags.two_d_array = False
        return tags
