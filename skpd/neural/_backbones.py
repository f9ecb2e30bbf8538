"""Pretrained networks without their top: by name, from a callable, or from a model file."""

from __future__ import annotations

import copy
import functools
import hashlib
import json
import os
import re
import shutil
import sys
import tempfile
import warnings
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from importlib.metadata import version
from pathlib import Path
from typing import Any

import numpy as np
from sklearn.base import BaseEstimator
from sklearn.utils import check_array

from ._runtime import load_keras, seeded

__all__ = ["Backbone", "check_images"]

#: Frozen networks that are kept for the next estimator; DenseNet201 takes seconds to build and 75 MB.
_KEPT = 2


def check_images(estimator: BaseEstimator, X: Any, input_shape: tuple[int, ...], *, reset: bool) -> np.ndarray:
    """Check a batch of images and return it as an array, values untouched.

    Raises
    ------
    ValueError
        If `X` is no batch of images of `input_shape` with values from 0 to 255.
    """
    name = type(estimator).__name__
    height, width, channels = input_shape
    advice = (
        f"{name} expected images of shape (n, {height}, {width}, {channels}), got %s: "
        "load the images at this size, or set input_shape to theirs"
    )
    if isinstance(X, (list, tuple)) and len(shapes := {np.shape(x) for x in X}) > 1:
        raise ValueError(advice % f"images of {len(shapes)} shapes, {sorted(shapes)[:3]}" + ".")
    X = check_array(X, dtype="numeric", ensure_2d=False, allow_nd=True, estimator=estimator, input_name="X")
    if X.shape[1:] != (height, width, channels):
        extra = ""
        if X.shape == (height, width, channels):
            extra = "; a single image is X[None]"
        elif X.shape[1:] in {(height, width), (height, width, 1)} and channels == 3:
            extra = "; grey images become three channels with numpy.repeat"
        raise ValueError(advice % f"{X.shape}" + f"{extra}.")
    low, high = X.min(), X.max()
    if low < 0 or high > 255:
        raise ValueError(f"{name} expected pixel values from 0 to 255, got {low:g} to {high:g}.")
    if X.dtype.kind == "f" and 0 < high <= 1:
        raise ValueError(f"{name} expected pixel values from 0 to 255, got floats up to {high:g}: multiply by 255.")
    if reset:
        estimator.n_features_in_ = channels
    elif channels != estimator.n_features_in_:
        raise ValueError(f"{name} was fitted on {estimator.n_features_in_} channel(s), got {channels}.")
    return X


class Backbone:
    """What makes a backbone, and the network itself once it is needed.

    Parameters
    ----------
    source : str, Path or callable
        A name in `keras.applications`, a ``.keras`` file, or a callable that takes input_shape and returns a model.
    weights : "imagenet", str, Path or None
        See `BackboneFeatures`.
    input_shape : tuple of int
        Height, width, channels.
    pooling : {"avg", "max"} or None
        How maps become a row of features; None flattens them.
    seed : int
        Of random weights.
    """

    def __init__(self, source: Any, weights: Any, input_shape: Any, pooling: str | None, seed: int) -> None:
        self.source = os.fspath(source) if isinstance(source, os.PathLike) else source
        self.weights = os.fspath(weights) if isinstance(weights, os.PathLike) else weights
        self.input_shape = tuple(int(n) for n in input_shape)
        self.pooling = pooling
        self.seed = seed
        self._own: Any
        #: The file of a stored model that holds the network, until it is attached.
        self.stored_in: str | None = None
        is_file = isinstance(self.source, str) and self.source.endswith(".keras")
        self.is_named = isinstance(self.source, str) and not is_file
        if self.weights == "imagenet" and not self.is_named:
            raise ValueError(
                f'weights="imagenet" belongs to the backbones that Keras names, got backbone={self.source!r}: use '
                "weights=None for the weights that it comes with, or the path of a file."
            )
        if is_file and not Path(self.source).is_file():
            raise FileNotFoundError(f"backbone={self.source!r}: there is no such file.")
        if self.weights not in (None, "imagenet") and not Path(self.weights).is_file():
            raise FileNotFoundError(
                f'weights={self.weights!r}: there is no such file. Expected "imagenet", None, or the path of a file of '
                "weights without top (.weights.h5, .h5 or .keras)."
            )

    @functools.cached_property
    def origin(self) -> list[str | None]:
        """What the network and its weights are, files by their content; pickled, to notice a file that changed."""
        return self._find_origin()

    @functools.cached_property
    def fingerprint(self) -> str:
        """A digest of all that decides the features of an image; of named backbones and files without building them."""
        versions = {package: version(package) for package in ("keras", "tensorflow")}
        made_of = [self.origin, self.input_shape, self.pooling, "0-255, preprocess_input", versions]
        return _digest(json.dumps(made_of).encode())

    @property
    def model(self) -> Any:
        """The frozen network, images in and rows of features out; not for training: others may hold it too."""
        if "_own" in self.__dict__:
            return self._own
        if isinstance(self.source, str):
            return _kept(self.fingerprint, self)
        self._own = self.build()
        return self._own

    def detach_network(self, file: str) -> Backbone:
        """Return a backbone like this one whose network lies in `file`."""
        # What is pickled of a callable's network is where it comes from, which is not known before it is built.
        _ = self.origin
        detached = copy.copy(self)
        detached.stored_in = file
        return detached

    def attach_network(self, model: Any) -> None:
        """Take a network as it was stored, and look for no other."""
        model.trainable = False
        self._own, self.stored_in = model, None

    def without_weights(self) -> Backbone:
        """Return the architecture alone, to be given other weights."""
        return Backbone(self.source, None, self.input_shape, self.pooling, self.seed)

    def build(self) -> Any:
        """Make a network that nobody else holds, frozen, with its weights."""
        if isinstance(self.source, str) and self._find_origin() != self.origin:
            raise ValueError(
                f"backbone={self.source!r}, weights={self.weights!r}: the file is not the one that was there at fit. "
                "Put that one back, or fit again."
            )
        keras = load_keras()
        with seeded(self.seed):
            if self.is_named:
                model = self._build_named(keras)
            elif isinstance(self.source, str):
                model = keras.saving.load_model(self.source, compile=False, safe_mode=True)
            else:
                model = self.source(self.input_shape)
        if not isinstance(model, keras.Model):
            raise TypeError(f"expected backbone to return a keras.Model, got {type(model).__name__}.")
        if model.input_shape[1:] != self.input_shape:
            raise ValueError(
                f"expected a backbone for images of {self.input_shape}, {self.source!r} takes {model.input_shape[1:]}: "
                "set input_shape to it."
            )
        if self.weights not in (None, "imagenet"):
            self._load_weights(model)
        if len(model.output_shape) > 2:
            pool = {"avg": "GlobalAveragePooling2D", "max": "GlobalMaxPooling2D", None: "Flatten"}[self.pooling]
            model = keras.Model(model.inputs, getattr(keras.layers, pool)()(model.outputs[0]))
        model.trainable = False
        return model

    def preprocess(self, images: np.ndarray) -> np.ndarray:
        """Return a float32 copy as the named backbone was trained on; other backbones get 0 to 255."""
        images = np.array(images, dtype=np.float32)
        if not self.is_named:
            return images
        return sys.modules[self._builder(load_keras()).__module__].preprocess_input(images)

    def __getstate__(self) -> dict[str, Any]:
        # The fingerprint names versions of libraries, which may differ where this is unpickled.
        return {name: value for name, value in self.__dict__.items() if name not in ("_own", "fingerprint")}

    def _find_origin(self) -> list[str | None]:
        if not isinstance(self.source, str):
            model = self.model
            config = model.to_json()
            # Keras numbers layers through the whole process; by position the same network reads the same.
            # As the form lists them: `layers` of a Sequential lacks its input.
            listed = json.loads(config)["config"].get("layers", [])
            for i, name in enumerate([model.name, *(layer["config"]["name"] for layer in listed)]):
                config = config.replace(f'"{name}"', f'"{i}"')
            return [_digest(config.encode(), *(w.tobytes() for w in model.get_weights())), None]
        source = self.source if self.is_named else _digest_file(self.source)
        if self.weights is None:
            return [source, f"random {self.seed}" if self.is_named else None]
        return [source, self.weights if self.weights == "imagenet" else _digest_file(self.weights)]

    def _load_weights(self, model: Any) -> None:
        # Of a file that fits in part Keras loads that part, warns, and leaves the rest random. NaN tells what is left.
        model.set_weights([np.full(w.shape, np.nan, dtype=w.dtype) for w in model.get_weights()])
        cause: Exception | None = None
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            try:
                model.load_weights(self.weights)
            except (ValueError, OSError, KeyError) as error:
                cause = error
        lost = sum(bool(np.isnan(w).any()) for w in model.get_weights())
        if cause is not None or lost:
            raise ValueError(
                f"weights={self.weights!r} does not fit backbone={self.source!r} without its top: "
                f"{lost} of its {len(model.weights)} arrays are not in the file. "
                "Expected a file that Keras saved from this backbone with include_top=False."
            ) from cause

    def _builder(self, keras: Any) -> Callable:
        builder = getattr(keras.applications, self.source, None)
        if not callable(builder):
            names = sorted(n for n, thing in vars(keras.applications).items() if n[:1].isupper() and callable(thing))
            raise ValueError(f"backbone={self.source!r}: expected a .keras file, a callable, or one of {names}.")
        return builder

    def _build_named(self, keras: Any) -> Any:
        build = functools.partial(self._builder(keras), include_top=False, input_shape=self.input_shape)
        if self.weights != "imagenet":
            return build(weights=None)
        folder = Path(os.environ.get("KERAS_HOME", Path.home() / ".keras")) / "models"
        with warnings.catch_warnings(), _safeguard(folder, self.source):
            # MobileNet says that it loads the weights of 224 px for other sizes, which is what is asked for.
            warnings.filterwarnings("ignore", "`input_shape` is undefined or non-square")
            try:
                return build(weights="imagenet")
            except Exception as error:
                if "URL fetch failure" not in str(error):
                    raise
                url = re.search(r"https?://\S+?(?=[:,]?\s|$)", str(error))
                address = url.group() if url else "the address in the error above"
                raise FileNotFoundError(
                    f'weights="imagenet": Keras has no {self.source} weights in {folder} and cannot download them. '
                    f"Fetch {address} on a machine with a network, save it anywhere, and pass its path as weights=..."
                ) from error


def _digest(*parts: bytes) -> str:
    digest = hashlib.sha256()
    for part in parts:
        digest.update(part)
    return digest.hexdigest()


def _digest_file(path: str) -> str:
    with open(path, "rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


_shelf: dict[str, Any] = {}


def _kept(fingerprint: str, backbone: Backbone) -> Any:
    """Return the network of this fingerprint, from the last few if it is among them."""
    model = _shelf.pop(fingerprint, None) or backbone.build()
    _shelf[fingerprint] = model
    while len(_shelf) > _KEPT:
        _shelf.pop(next(iter(_shelf)))
    return model


@contextmanager
def _safeguard(folder: Path, name: str) -> Iterator[None]:
    """Keep the user's files in Keras' folder safe: one of another checksum it overwrites or deletes."""
    wanted = re.sub(r"\W|_", "", name.lower())
    files = [f for f in folder.glob("*") if f.is_file() and wanted in re.sub(r"\W|_", "", f.name.lower())]
    with tempfile.TemporaryDirectory() as shelter:
        copies = {file: (Path(shutil.copy2(file, shelter)), _digest_file(str(file))) for file in files}
        try:
            yield
        finally:
            for file, (copy, digest) in copies.items():
                if not file.is_file():
                    shutil.copy2(copy, file)
                elif _digest_file(str(file)) != digest:
                    aside = file.with_name(file.name + ".yours")
                    shutil.copy2(copy, aside)
                    warnings.warn(
                        f"Keras replaced {file}, whose checksum is not the published one; your file is {aside}: "
                        "pass it as weights=... if you mean it.",
                        stacklevel=2,
                    )
