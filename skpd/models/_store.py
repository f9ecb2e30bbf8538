"""A fitted model as a folder that can be checked, read by people and loaded without running anything of it."""

from __future__ import annotations

import hashlib
import json
import os
import re
import shutil
import tempfile
import uuid
import warnings
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from contextlib import contextmanager
from copy import deepcopy
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import skops.io
from sklearn.base import BaseEstimator, clone
from sklearn.utils.validation import check_is_fitted

from ..neural._backbones import Backbone
from ..neural._base import Network
from ..neural._runtime import load_keras
from ._card import render_card
from ._graph import walk
from ._ranges import FeatureRanges
from ._trust import check_trees, known_types, untrusted_layers, untrusted_types

__all__ = ["ModelFolderError", "load_manifest", "load_model", "open_model", "save_model"]

FORMAT = 1
_MANIFEST, _PIPELINE, _CARD = "manifest.json", "pipeline.skops", "README.md"
_FILE = re.compile(r"pipeline\.skops|README\.md|network-\d{1,3}\.keras|[a-z-]{1,40}\.png")
_LIBRARIES = ("skpd", "scikit-learn", "imbalanced-learn", "numpy", "scipy", "skops")
_NETWORK_LIBRARIES = ("keras", "tensorflow")
_MANIFEST_LIMIT = 1 << 26
#: All that a manifest of this format holds, with the type of each.
_FIELDS: dict[str, Any] = {
    "format": int,
    "created": str,
    "versions": dict,
    "recipe": dict,
    "input": dict,
    "classes": list,
    "card": dict,
    "scores": list,
    "limitations": list,
    "ranges": (dict, type(None)),
    "needs_trust": list,
    "files": dict,
    "digest": str,
}
_INPUT = {"kind", "sampling_rate_hz", "units", "magnitude", "channels", "image_size"}


class ModelFolderError(ValueError):
    """A folder is not a model that can be loaded: damaged, edited, of another format, or made of unknown types."""


def save_model(
    model: Any,
    folder: str | os.PathLike,
    *,
    recipe: str = "",
    parameters: Mapping[str, Any] | None = None,
    sampling_rate: float | None = None,
    units: str | None = None,
    magnitude: float | None = None,
    channels: Sequence[str] | None = None,
    image_size: tuple[int, int] | None = None,
    card: Mapping[str, str] | None = None,
    scores: pd.DataFrame | None = None,
    limitations: Sequence[str] = (),
    ranges: FeatureRanges | None = None,
    figures: Mapping[str, bytes] | None = None,
    overwrite: bool = False,
) -> Path:
    """Write a fitted model and what must be known to use it into a folder.

    Parameters
    ----------
    model : estimator
        A fitted classifier: a recipe, a pipeline, a network.
    folder : path
        Where to. It must not exist, unless `overwrite`.
    recipe : str, default=""
        Name of the recipe, as `skpd.recipes.make_recipe` knows it.
    parameters : mapping or None, default=None
        What the recipe was made with.
    sampling_rate : float or None, default=None
        Hz, of the recordings that the model was fitted on. Given, the model is one of recordings.
    units : str or None, default=None
        Of these recordings: "m/s^2".
    magnitude : float or None, default=None
        Median length of their acceleration vectors, in `units`: that of gravity, where it was not taken out. Recordings
        of which it is less than half or more than twice as much are refused by `predict_files`.
    channels : sequence of str or None, default=None
        Names of their channels.
    image_size : (height, width) or None, default=None
        Given, the model is one of drawings of this size in pixels.
    card : mapping of str to str or None, default=None
        Sections of the model card by heading, such as "Intended use" and "Data".
    scores : DataFrame or None, default=None
        Scores of held-out people: protocol, unit, metric, value, low, high, n, n_subjects, as
        `skpd.studies.StudyResults.scores` returns them.
    limitations : sequence of str, default=()
        What the model must not be used for, and where it is known to be weak; a sentence each.
    ranges : FeatureRanges or None, default=None
        Where the features of the training data lie, to recognise input that is unlike them.
    figures : mapping of str to bytes or None, default=None
        PNG images for people to look at, by the names of their files, such as "reliability.png".
    overwrite : bool, default=False
        Replace a model that is there. A folder that holds no model is never replaced.

    Returns
    -------
    folder : Path
        With ``manifest.json``, ``pipeline.skops``, one ``network-N.keras`` a network, and the model card ``README.md``.

    Raises
    ------
    ValueError
        If `folder` exists, or if a part of the model cannot be stored: a function of your own, an open file, an
        optimiser given as an object instead of its name.
    sklearn.exceptions.NotFittedError
        If the model is not fitted.

    See Also
    --------
    load_model : Its inverse.
    export_onnx : A model of feature tables for programs without Python.

    Notes
    -----
    Samplers are stored as they were before fitting: they act in training only, and once fitted they hold rows of the
    training data. Folders of caches are not stored. The state of optimisers is not stored either: training goes on from
    the weights, with a new optimiser.

    The folder appears whole or not at all.

    Examples
    --------
    >>> import pathlib, tempfile
    >>> from skpd import load_model, save_model
    >>> from skpd.datasets import make_tremor_recordings
    >>> from skpd.recipes import make_recipe
    >>> wrist = make_tremor_recordings(n_subjects=6, random_state=0)
    >>> model = make_recipe("tremor", sampling_rate=wrist.sampling_rate, random_state=0).fit(wrist.data, wrist.target)
    >>> with tempfile.TemporaryDirectory() as scratch:
    ...     folder = save_model(
    ...         model, pathlib.Path(scratch, "m"), recipe="tremor", sampling_rate=wrist.sampling_rate, units="m/s^2"
    ...     )
    ...     again = load_model(folder)
    >>> bool((again.predict_proba(wrist.data) == model.predict_proba(wrist.data)).all())
    True
    """
    check_is_fitted(model)
    target = Path(folder)
    _check_target(target, overwrite)
    wrong = [name for name in figures or {} if not (_FILE.fullmatch(name) and name.endswith(".png"))]
    if wrong:
        raise ValueError(f"figures: expected names such as 'reliability.png', got {wrong[0]!r}.")
    stored, networks = _detach(model)
    try:
        pipeline = skops.io.dumps(stored)
    except Exception as error:
        # Whatever it is, it is something in the model that has no place in a file.
        raise ValueError(
            f"model: a part of it cannot be stored ({type(error).__name__}: {error}). Store estimators that are made "
            "of numbers, names and other estimators: optimizer='adam' instead of an object, no callbacks, no lambda."
        ) from error
    names = _LIBRARIES + (_NETWORK_LIBRARIES if networks else ())
    manifest: dict[str, Any] = {
        "format": FORMAT,
        "created": datetime.now(UTC).isoformat(timespec="seconds"),
        "versions": {name: version(name) for name in names},
        "recipe": {"name": recipe, "parameters": dict(parameters or {})},
        "input": {
            "kind": "recordings" if sampling_rate else "drawings" if image_size else "table",
            "sampling_rate_hz": sampling_rate,
            "units": units,
            "magnitude": magnitude,
            "channels": None if channels is None else list(channels),
            "image_size": None if image_size is None else list(image_size),
        },
        "classes": np.asarray(model.classes_).tolist(),
        "card": dict(card or {}),
        "scores": [] if scores is None else json.loads(scores.to_json(orient="records", double_precision=6)),
        "limitations": list(limitations),
        "ranges": None if ranges is None else ranges.as_json(),
    }
    with _whole(target) as scratch:
        (scratch / _PIPELINE).write_bytes(pipeline)
        foreign = []
        for name, network in networks.items():
            _save_network(network, scratch / name)
            foreign += untrusted_layers((scratch / name).read_bytes())
        manifest["needs_trust"] = sorted({*untrusted_types(pipeline), *foreign})
        for name, image in (figures or {}).items():
            (scratch / name).write_bytes(image)
        (scratch / _CARD).write_text(render_card(manifest), encoding="utf-8")
        manifest["files"] = {
            name: hashlib.sha256((scratch / name).read_bytes()).hexdigest() for name in sorted(os.listdir(scratch))
        }
        # What JSON makes of it is what will be read, and what the digest is of.
        manifest = json.loads(json.dumps(manifest, default=_plain))
        manifest["digest"] = _digest(manifest)
        (scratch / _MANIFEST).write_text(json.dumps(manifest, indent=1), encoding="utf-8")
    return target


def load_model(folder: str | os.PathLike, *, trusted: Collection[str] = ()) -> Any:
    """Load a model that `save_model` or ``skpd train`` wrote.

    Parameters
    ----------
    folder : path
        The folder.
    trusted : collection of str, default=()
        Full names of further types that may be made, such as ``"package.module.Class"``. To trust a type is to run its
        code: name only those whose package you know.

    Returns
    -------
    model : estimator
        The fitted estimator.

    Raises
    ------
    ModelFolderError
        If the folder is no whole model, was changed since it was written, has a format that this version does not read,
        or holds types or layers that are neither known nor trusted; the message names them.

    See Also
    --------
    load_manifest : What is known of the model, without loading it.

    Notes
    -----
    No pickle is read. Types are compared, by name and before anything is imported, with a fixed list: the estimators
    of skpd and scikit-learn, the samplers of imbalanced-learn, arrays. Networks may hold layers of plain arithmetic
    only, no lambda and no class of the file's own. Nodes of decision trees are checked to point inside their tree.

    The digests recognise damage and careless edits. They do not tell who made a file: whoever can change the model can
    change its digests.

    Examples
    --------
    >>> from skpd import load_model
    >>> load_model("no such folder")
    Traceback (most recent call last):
        ...
    skpd.models._store.ModelFolderError: no such folder: expected the folder of a model, got no such folder: ...
    """
    return open_model(folder, trusted=trusted)[0]


def load_manifest(folder: str | os.PathLike) -> dict[str, Any]:
    """Read what is known of a stored model: recipe, classes, sampling rate, units, scores, limitations, versions.

    Parameters
    ----------
    folder : path
        The folder of the model.

    Returns
    -------
    manifest : dict
        The content of ``manifest.json``.

    Raises
    ------
    ModelFolderError
        If the folder is no whole model or was changed since it was written.
    """
    path = Path(folder)
    manifest = _read_manifest(path)
    _read_files(path, manifest["files"])
    return manifest


def open_model(folder: str | os.PathLike, *, trusted: Collection[str] = ()) -> tuple[Any, dict[str, Any]]:
    """Load a model together with its manifest."""
    if isinstance(trusted, str) or not all(isinstance(name, str) for name in trusted):
        raise TypeError(f'trusted: expected names of types, such as ["package.module.Class"], got {trusted!r}.')
    path = Path(folder)
    manifest = _read_manifest(path)
    # What is checked is what is loaded: files are read once.
    files = _read_files(path, manifest["files"])
    pipeline = files[_PIPELINE]
    networks = {name: content for name, content in files.items() if name.endswith(".keras")}
    unknown = _attempt(path / _PIPELINE, untrusted_types, pipeline, trusted)
    for name, content in networks.items():
        unknown += _attempt(path / name, untrusted_layers, content, trusted)
    if unknown:
        listed = ", ".join(sorted(set(unknown)))
        raise ModelFolderError(
            f"{path}: expected types that skpd knows, found {listed}. Loading them may run code of their packages: if "
            f"you know where this model comes from, pass trusted={sorted(set(unknown))!r}."
        )
    model = _attempt(path / _PIPELINE, skops.io.loads, pipeline, known_types(trusted))
    if not isinstance(model, BaseEstimator):
        raise ModelFolderError(f"{path / _PIPELINE}: expected an estimator, found {type(model).__name__}.")
    _attach(path, model, networks)
    return model, manifest


def _check_target(target: Path, overwrite: bool) -> None:
    if not target.exists():
        return
    if not overwrite:
        raise ValueError(f"folder: {target} exists; name another folder, or pass overwrite=True to replace a model.")
    if not (target / _MANIFEST).is_file():
        raise ValueError(f"folder: {target} exists and is no model (it has no {_MANIFEST}): name another folder.")


class _whole:
    """A scratch folder beside `target` that takes its place when all is written."""

    def __init__(self, target: Path) -> None:
        self.target = target

    def __enter__(self) -> Path:
        self.target.parent.mkdir(parents=True, exist_ok=True)
        self.scratch = Path(tempfile.mkdtemp(prefix=f".{self.target.name}.", dir=self.target.parent))
        self.scratch.chmod(0o777 & ~_umask())
        return self.scratch

    def __exit__(self, kind: Any, error: Any, trace: Any) -> None:
        try:
            if kind is None:
                old = self.target.with_name(f".{self.target.name}.{uuid.uuid4().hex}")
                if self.target.exists():
                    os.replace(self.target, old)
                os.replace(self.scratch, self.target)
                shutil.rmtree(old, ignore_errors=True)
        finally:
            shutil.rmtree(self.scratch, ignore_errors=True)


def _umask() -> int:
    current = os.umask(0)
    os.umask(current)
    return current


def _detach(model: Any) -> tuple[Any, dict[str, Any]]:
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


def _save_network(network: Any, file: Path) -> None:
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


def _attach(path: Path, model: Any, networks: dict[str, bytes]) -> None:
    """Check what skops made and give networks their layers."""
    missing = set(networks)
    _forget_folders(model)
    for part in walk(model):
        _attempt(path / _PIPELINE, check_trees, part)
    for part in _networks(model):
        if part.stored_in not in networks:
            raise ModelFolderError(f"{path}: expected the file of a network, found {part.stored_in!r}: it is damaged.")
        missing.discard(part.stored_in)
        part.attach_network(_attempt(path / part.stored_in, _load_network, networks[part.stored_in]))
    if missing:
        raise ModelFolderError(f"{path}: {', '.join(sorted(missing))} belongs to no part of the model: it is damaged.")


def _load_network(content: bytes) -> Any:
    with tempfile.TemporaryDirectory(prefix="skpd-model-") as scratch, _own_warnings():
        file = Path(scratch, "network.keras")
        file.write_bytes(content)
        return load_keras().saving.load_model(file, compile=False, safe_mode=True)


def _attempt(file: Path, function: Callable[..., Any], *arguments: Any) -> Any:
    """Call a function; whatever it stumbles over in a file is damage of that file."""
    try:
        return function(*arguments)
    except ModelFolderError:
        raise
    except Exception as error:
        raise ModelFolderError(
            f"{file}: expected a part of a model that can be read, found damage ({type(error).__name__}: "
            f"{str(error)[:300]}). Copy or train the model again."
        ) from error


def _read_manifest(path: Path) -> dict[str, Any]:
    if not path.is_dir():
        found = "a file" if path.exists() else "no such folder"
        raise ModelFolderError(f"{path}: expected the folder of a model, got {found}: check the path.")
    file = path / _MANIFEST
    if not file.is_file():
        raise ModelFolderError(f"{path}: expected the folder of a model, found no {_MANIFEST} in it: check the path.")
    if file.stat().st_size > _MANIFEST_LIMIT:
        raise ModelFolderError(f"{file}: expected at most {_MANIFEST_LIMIT:,} bytes, found {file.stat().st_size:,}.")
    manifest = _attempt(file, lambda: json.loads(file.read_text(encoding="utf-8")))
    form = manifest.get("format") if isinstance(manifest, dict) else None
    if not isinstance(form, int) or isinstance(form, bool) or form < 1:
        raise ModelFolderError(f"{file}: expected a format number from 1 to {FORMAT}, found {form!r}: it is damaged.")
    if form > FORMAT:
        raise ModelFolderError(
            f"{file}: found format {form}, and this version of skpd ({version('skpd')}) reads up to format {FORMAT}: "
            f"install a newer skpd, or have the model saved by this one."
        )
    wrong = [name for name, kind in _FIELDS.items() if not isinstance(manifest.get(name, ...), kind)]
    if "input" not in wrong and set(manifest["input"]) != _INPUT:
        wrong.append("input")
    if wrong:
        raise ModelFolderError(f"{file}: expected the entries of format {form}, {', '.join(wrong)} missing or damaged.")
    if _digest(manifest) != manifest["digest"]:
        raise ModelFolderError(f"{file}: its digest does not fit: it was edited or damaged since the model was saved.")
    return manifest


def _read_files(path: Path, digests: dict[str, Any]) -> dict[str, bytes]:
    """Read the files that a manifest lists, and check that they are those, and all."""
    for name in digests:
        if not _FILE.fullmatch(name):
            raise ModelFolderError(
                f"{path / _MANIFEST}: expected files {_PIPELINE}, {_CARD} and network-N.keras, found {name!r}: such a "
                "manifest is not written by skpd, and nothing of it is loaded."
            )
    if _PIPELINE not in digests:
        raise ModelFolderError(
            f"{path / _MANIFEST}: expected a file {_PIPELINE}, found none in its list: it is damaged."
        )
    planted = {file.name for file in path.iterdir() if not file.name.startswith(".")} - {*digests, _MANIFEST}
    if planted:
        raise ModelFolderError(
            f"{path}: found {', '.join(sorted(planted))}, which the manifest does not list: the folder was changed. "
            "Remove what does not belong to the model."
        )
    contents = {}
    for name, digest in digests.items():
        file = path / name
        if file.is_symlink() or not file.is_file():
            raise ModelFolderError(
                f"{path}: expected a file {name}, found none: the folder is incomplete, copy it again."
            )
        contents[name] = file.read_bytes()
        if hashlib.sha256(contents[name]).hexdigest() != digest:
            raise ModelFolderError(
                f"{file}: its content is not what the manifest says: it was edited or damaged since it was saved."
            )
    return contents


def _digest(manifest: dict[str, Any]) -> str:
    """Return the digest of all entries but itself."""
    entries = {name: value for name, value in manifest.items() if name != "digest"}
    return hashlib.sha256(json.dumps(entries, sort_keys=True).encode()).hexdigest()


def _plain(value: Any) -> Any:
    """Write a parameter that JSON has no form for: numbers of NumPy as numbers, estimators as they print."""
    if isinstance(value, np.generic):
        return value.item()
    if isinstance(value, np.ndarray):
        return value.tolist()
    return str(value)
