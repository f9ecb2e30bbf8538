"""Networks trained on one kind of image to be transferred to another, kept in a folder with a card each."""

from __future__ import annotations

import hashlib
import json
import os
import tempfile
import warnings
from collections.abc import Callable
from dataclasses import dataclass
from importlib.metadata import version
from numbers import Integral, Real
from pathlib import Path
from typing import Any

import numpy as np
from sklearn.model_selection import train_test_split
from sklearn.utils import check_consistent_length, column_or_1d
from sklearn.utils._param_validation import Interval, validate_params

from .._version import __version__
from ._alexnet import alexnet
from ._backbones import Backbone
from ._base import batches, compile_model, train
from ._runtime import load_keras, quiet, seeded

__all__ = ["SourceNetwork", "train_source_network"]

#: Of the card and of what decides a file's name.
_FORMAT = 1

#: Images that are held out, a pass through the network.
_CHUNK = 256


@dataclass(frozen=True)
class SourceNetwork:
    """A trained network without its last layer, and what it was trained on.

    Attributes
    ----------
    path : Path
        The ``.keras`` file, for ``KerasTransferClassifier(backbone=path, weights=None)`` or ``weights=path``. The card
        is beside it, with the ending ``.json``.
    card : dict
        network, input_shape, n_features, n_parameters, data, training, held_out, random_state, versions, and sha256 of
        the file.
    """

    path: Path
    card: dict[str, Any]

    @property
    def accuracy(self) -> float:
        """Share of the held-out images that the whole network, last layer included, told rightly."""
        return float(self.card["held_out"]["accuracy"])


@validate_params(
    {
        "X": ["array-like"],
        "y": ["array-like"],
        "folder": [str, os.PathLike, None],
        "network": [callable],
        "data_name": [str],
        "epochs": [Interval(Integral, 1, None, closed="left")],
        "batch_size": [Interval(Integral, 1, None, closed="left")],
        "learning_rate": [Interval(Real, 0, None, closed="neither")],
        "held_out_fraction": [Interval(Real, 0, 1, closed="neither")],
        "random_state": [Interval(Integral, 0, 2**31 - 2, closed="both")],
        "verbose": ["verbose"],
    },
    prefer_skip_nested_validation=True,
)
def train_source_network(
    X: Any,
    y: Any,
    *,
    folder: str | os.PathLike | None = None,
    network: Callable[[tuple[int, int, int]], Any] = alexnet,
    data_name: str = "not named",
    epochs: int = 6,
    batch_size: int = 64,
    learning_rate: float = 1e-3,
    held_out_fraction: float = 0.2,
    random_state: int = 0,
    verbose: int = 0,
) -> SourceNetwork:
    """Train a network on images, to be transferred to drawings, and keep it; or find it where it is kept.

    Parameters
    ----------
    X : array-like of shape (n, height, width, channels)
        Images, values 0 to 255, of the size and kind that the drawings will have: dark ink on white paper.
    y : array-like of shape (n,)
        Their classes.
    folder : str, path-like or None, default=None
        Where networks are kept. None takes ``source_networks`` inside the folder that the environment variable
        ``SKPD_CACHE`` names.
    network : callable, default=alexnet
        Takes the shape of an image and returns a `keras.Model` with random weights that ends before the softmax.
        It is given 0 to 255.
    data_name : str, default="not named"
        What the images are, for the card.
    epochs : int, default=6
        How often the network sees each image.
    batch_size : int, default=64
        Images a gradient step.
    learning_rate : float, default=1e-3
        Of Adam at the start; it falls to 0 along half a cosine.
    held_out_fraction : float, default=0.2
        Share of the images, the same of each class, that is drawn at random, not trained on, and scored once at the
        end. Nothing is chosen by it.
    random_state : int, default=0
        Draws the held-out images, the initial weights, dropout and the order of the images.
    verbose : int, default=0
        As in ``keras.Model.fit``.

    Returns
    -------
    source : SourceNetwork
        The file, its card and the held-out accuracy.

    Raises
    ------
    ValueError
        If the images are no batch of 0 to 255, there is nowhere to keep the network, or a file that is kept was
        changed.

    See Also
    --------
    alexnet : The network.
    KerasTransferClassifier : Transfers it, frozen or fine-tuned.
    skpd.datasets.load_mnist : Digits to train it on.

    Notes
    -----
    The name of the file is made of the images, their classes, the network and all settings, so that a change of any
    trains a new one beside the old. A network that is there is not trained again, whatever the versions of the
    libraries; the card says those it was trained with.

    The last layer is used for the held-out score and then dropped.

    Examples
    --------
    >>> import tempfile
    >>> import numpy as np
    >>> from skpd.neural import train_source_network
    >>> y = np.arange(40) % 2
    >>> X = np.full((40, 16, 16, 3), 255, dtype=np.uint8)
    >>> X[y == 1, 4:12] = 0
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     source = train_source_network(X, y, folder=folder, epochs=2, data_name="bars")
    ...     again = train_source_network(X, y, folder=folder, epochs=2, data_name="bars")
    >>> again == source, source.card["held_out"]["n_images"]
    (True, 8)
    """
    X, y = _check(X, y)
    classes, codes = np.unique(y, return_inverse=True)
    input_shape = X.shape[1:]
    backbone = Backbone(network, None, input_shape, "avg", random_state)
    settings = {
        "epochs": int(epochs),
        "batch_size": int(batch_size),
        "learning_rate": float(learning_rate),
        "held_out_fraction": float(held_out_fraction),
    }
    data = {
        "name": data_name,
        "n_images": len(X),
        "classes": classes.tolist(),
        "digest": _digest(X, codes),
    }
    # The origin of a backbone is a digest of its layers and of its initial weights, and so of the seed.
    made_of = [_FORMAT, backbone.origin, settings, data, int(random_state)]
    name = getattr(getattr(network, "func", network), "__name__", type(network).__name__)
    key = hashlib.sha256(json.dumps(made_of).encode()).hexdigest()[:12]
    path = _find_folder(folder) / f"{name}-{key}.keras"
    kept = _find(path)
    if kept is not None:
        return kept

    training, held_out = train_test_split(
        np.arange(len(X)), test_size=held_out_fraction, stratify=codes, random_state=random_state
    )
    body = backbone.build()
    model = _add_softmax(body, len(classes), random_state, learning_rate, epochs * -(-len(training) // batch_size))
    history = train(
        model,
        batches(
            lambda rows: X[training[rows]].astype(np.float32),
            codes[training],
            None,
            batch_size,
            np.random.default_rng(random_state),
        ),
        len(training),
        batch_size=batch_size,
        epochs=epochs,
        verbose=verbose,
    )
    n_right = 0
    with quiet():
        for rows in np.split(held_out, range(_CHUNK, len(held_out), _CHUNK)):
            proba = model.predict(X[rows].astype(np.float32), batch_size=_CHUNK, verbose=0)
            n_right += int((proba.argmax(axis=1) == codes[rows]).sum())
    body.trainable = False
    card = {
        "format": _FORMAT,
        "network": f"{name}, without its last layer",
        "input_shape": list(input_shape),
        "pixels": "0 to 255",
        "n_features": int(body.output_shape[-1]),
        "n_parameters": int(body.count_params()),
        "data": data,
        "training": {**settings, "n_images": len(training), "loss": [round(loss, 6) for loss in history["loss"]]},
        "held_out": {
            "n_images": len(held_out),
            "accuracy": n_right / len(held_out),
            "how": "drawn at random within classes, scored once after the last epoch",
        },
        "random_state": int(random_state),
        "versions": {"skpd": __version__} | {name: version(name) for name in ("keras", "tensorflow", "numpy")},
    }
    return _keep(body, card, path)


def _check(X: Any, y: Any) -> tuple[np.ndarray, np.ndarray]:
    X, y = np.asarray(X), column_or_1d(y)
    if X.ndim != 4 or 0 in X.shape:
        raise ValueError(f"X: expected images of shape (n, height, width, channels), got an array of shape {X.shape}.")
    if X.dtype.kind not in "uif" or not (X.min() >= 0 and X.max() <= 255) or (X.dtype.kind == "f" and X.max() <= 1):
        raise ValueError(
            f"X: expected pixel values from 0 to 255, got {X.dtype} from {X.min()} to {X.max()}: pass images as they "
            "are before a network's preprocessing."
        )
    check_consistent_length(X, y)
    if len(np.unique(y)) < 2:
        raise ValueError(f"y: expected two classes or more, got {np.unique(y).tolist()}.")
    return X, y


def _digest(X: np.ndarray, codes: np.ndarray) -> str:
    digest = hashlib.blake2b(digest_size=16)
    for part in (X, codes):
        digest.update(f"{part.shape}{part.dtype}".encode())
        digest.update(np.ascontiguousarray(part).data)
    return digest.hexdigest()


def _find_folder(folder: str | os.PathLike | None) -> Path:
    if folder is None:
        root = os.environ.get("SKPD_CACHE")
        if not root:
            raise ValueError(
                "train_source_network found neither `folder` nor the environment variable SKPD_CACHE: pass folder=..., "
                "or set SKPD_CACHE to a folder that outlasts the session, so that the network is trained once."
            )
        folder = Path(root) / "source_networks"
    path = Path(folder).expanduser()
    if path.exists() and not path.is_dir():
        raise ValueError(f"folder: expected a folder, got the file {path}.")
    return path


def _find(path: Path) -> SourceNetwork | None:
    """Return the network that is kept at `path`; the card is written last, so where there is one all is there."""
    card_path = path.with_suffix(".json")
    if not card_path.is_file():
        return None
    try:
        card = json.loads(card_path.read_text(encoding="utf-8"))
        intact = card["sha256"] == _digest_file(path)
    except (OSError, ValueError, KeyError, TypeError):
        intact = False
    if not intact:
        raise ValueError(
            f"{path} is not the network that its card describes: one of them was changed, cut or removed. Delete "
            f"{card_path.name} to train it again."
        )
    return SourceNetwork(path, card)


def _digest_file(path: Path) -> str:
    with open(path, "rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _add_softmax(body: Any, n_classes: int, seed: int, learning_rate: float, n_steps: int) -> Any:
    keras = load_keras()
    body.trainable = True
    with seeded(seed):
        model = keras.Sequential([body, keras.layers.Dense(n_classes, activation="softmax")])
    falling = keras.optimizers.schedules.CosineDecay(learning_rate, n_steps)
    return compile_model(model, optimizer=keras.optimizers.Adam(falling), learning_rate=None, loss=None)


def _keep(body: Any, card: dict[str, Any], path: Path) -> SourceNetwork:
    """Write network and card, each whole or not at all."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=path.parent) as workshop:
        draft = Path(workshop, path.name)
        with warnings.catch_warnings():
            # TensorFlow's variables do not know NumPy 2's copy keyword, which Keras finds out when it saves.
            warnings.filterwarnings("ignore", "__array__ implementation doesn't accept a copy", DeprecationWarning)
            body.save(draft)
        card = card | {"sha256": _digest_file(draft)}
        draft_card = draft.with_suffix(".json")
        draft_card.write_text(json.dumps(card, indent=2) + "\n", encoding="utf-8")
        os.replace(draft, path)
        os.replace(draft_card, path.with_suffix(".json"))
    return SourceNetwork(path, card)
