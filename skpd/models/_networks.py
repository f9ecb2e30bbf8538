"""Networks taken out of a model, each into a file of its own, and put back."""

from __future__ import annotations

import tempfile
import warnings
from collections.abc import Collection, Iterator
from contextlib import contextmanager
from copy import deepcopy
from pathlib import Path
from typing import Any

from sklearn.base import BaseEstimator, clone

from ..neural._backbones import Backbone
from ..neural._base import Network
from ..neural._runtime import load_keras
from ._graph import walk
from ._manifest import PIPELINE, ModelFolderError, attempt
from ._trust import check_scorer, check_trees

__all__ = ["attach", "detach", "save_network"]


def detach(model: Any) -> tuple[Any, dict[str, Any]]:
    """Return a copy of a model without networks, fitted samplers and folders; and the networks by their file."""
    stand_ins: dict[int, Any] = {}
    networks: dict[str, Any] = {}
    for part in _networks(model):
        file = f"network-{len(networks)}.keras"
        networks[file] = part.model
        stand_ins[id(part)] = part.detach_network(file)
    for part in walk(model):
        if hasattr(part, "fit_resample") and not hasattr(part, "steps") and isinstance(part, BaseEstimator):
            stand_ins[id(part)] = clone(part)
    copy = deepcopy(model, stand_ins)
    _forget_folders(copy)
    return copy, networks


def _networks(model: Any) -> list[Any]:
    """Return what holds Keras models. A backbone that a network is built from stands for layers alone."""
    parts = [part for part in walk(model) if isinstance(part, (Network, Backbone))]
    inner = {id(value) for part in parts if isinstance(part, Network) for value in part.settings.values()}
    return [part for part in parts if id(part) not in inner]


def _forget_folders(model: Any) -> None:
    for part in walk(model):
        for name in ("memory", "save_dir"):
            if isinstance(part, BaseEstimator) and getattr(part, name, None) is not None:
                setattr(part, name, None)


def save_network(network: Any, file: Path) -> None:
    """Write the layers of a network as a ``.keras`` file."""
    keras = load_keras()
    with _own_warnings():
        # The layers without what they were compiled with: a loss or metric of the user's is not needed to predict.
        keras.Model(network.inputs[0], network.outputs[0]).save(file)


@contextmanager
def _own_warnings() -> Iterator[None]:
    """Hold back what Keras has to say of its own use of NumPy and HDF5."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)
        yield


def attach(path: Path, model: Any, networks: dict[str, bytes], trusted: Collection[str] = ()) -> None:
    """Check what skops made and give networks their layers."""
    missing = set(networks)
    _forget_folders(model)
    for part in walk(model):
        attempt(path / PIPELINE, check_trees, part)
        attempt(path / PIPELINE, check_scorer, part, trusted)
    for part in _networks(model):
        if part.stored_in not in networks:
            raise ModelFolderError(f"{path}: expected the file of a network, found {part.stored_in!r}: it is damaged.")
        missing.discard(part.stored_in)
        part.attach_network(attempt(path / part.stored_in, _load_network, networks[part.stored_in]))
    if missing:
        raise ModelFolderError(f"{path}: {', '.join(sorted(missing))} belongs to no part of the model: it is damaged.")


def _load_network(content: bytes) -> Any:
    with tempfile.TemporaryDirectory(prefix="skpd-model-") as scratch, _own_warnings():
        file = Path(scratch, "network.keras")
        file.write_bytes(content)
        return load_keras().saving.load_model(file, compile=False, safe_mode=True)
