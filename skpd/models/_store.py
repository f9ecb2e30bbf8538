"""A fitted model as a folder that can be checked, read by people and loaded without running anything of it."""

from __future__ import annotations

import hashlib
import json
import os
import shutil
import tempfile
import uuid
from collections.abc import Collection, Mapping, Sequence
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import skops.io
from sklearn.base import BaseEstimator
from sklearn.utils.validation import check_is_fitted

from ._card import render_card
from ._distance import TrainingDistance
from ._manifest import (
    CARD,
    FILE,
    FORMAT,
    MANIFEST,
    PIPELINE,
    ModelFolderError,
    attempt,
    digest_of,
    read_files,
    read_manifest,
)
from ._networks import attach, detach, save_network
from ._trust import known_types, untrusted_layers, untrusted_types

__all__ = ["check_target", "load_manifest", "load_model", "open_model", "save_model"]

_LIBRARIES = ("skpd", "scikit-learn", "imbalanced-learn", "numpy", "scipy", "skops")
_NETWORK_LIBRARIES = ("keras", "tensorflow")


def save_model(
    model: Any,
    folder: str | os.PathLike,
    *,
    recipe: str = "",
    parameters: Mapping[str, Any] | None = None,
    sampling_rate: float | None = None,
    units: str | Mapping[str, str] | None = None,
    magnitude: float | None = None,
    channels: Sequence[str] | None = None,
    image_size: tuple[int, int] | None = None,
    task: str | None = None,
    card: Mapping[str, str] | None = None,
    scores: pd.DataFrame | None = None,
    limitations: Sequence[str] = (),
    distance: TrainingDistance | None = None,
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
    units : str, mapping or None, default=None
        Of these recordings: "m/s^2". A mapping of channels to their units, as the readers of pen files return it, makes
        the model one of pen files.
    magnitude : float or None, default=None
        Median length of their acceleration vectors, in `units`: that of gravity, where it was not taken out. Recordings
        of which it is less than half or more than twice as much are refused by `predict_files`.
    channels : sequence of str or None, default=None
        Names of their channels.
    image_size : (height, width) or None, default=None
        Given, the model is one of drawings of this size in pixels.
    task : str or None, default=None
        What was drawn or written, such as "spiral".
    card : mapping of str to str or None, default=None
        Sections of the model card by heading, such as "Intended use" and "Data".
    scores : DataFrame or None, default=None
        Scores of held-out people: protocol, unit, metric, value, low, high, n, n_subjects, as
        `skpd.studies.StudyResults.scores` returns them.
    limitations : sequence of str, default=()
        What the model must not be used for, and where it is known to be weak; a sentence each.
    distance : TrainingDistance or None, default=None
        From the training data, to recognise input that is unlike them.
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
        If `folder` exists or cannot be made, or if a part of the model cannot be stored: a function of your own, an
        open file, an optimiser given as an object instead of its name.
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
    check_target(target, overwrite)
    pens = isinstance(units, Mapping)
    if sum(map(bool, (sampling_rate, image_size, pens))) > 1:
        raise ValueError(
            "sampling_rate, image_size, units by channel: expected one of them, the kind of input, got more."
        )
    if sampling_rate and units not in (None, "m/s^2"):
        raise ValueError(
            f"units: expected 'm/s^2', to which the readers convert what is predicted, got {units!r}: fit the model on "
            "recordings in m/s^2."
        )
    wrong = [name for name in figures or {} if not (FILE.fullmatch(name) and name.endswith(".png"))]
    if wrong:
        raise ValueError(f"figures: expected names such as 'reliability.png', got {wrong[0]!r}.")
    stored, networks = detach(model)
    try:
        pipeline = skops.io.dumps(stored)
    except Exception as error:
        # Whatever it is, it is something in the model that has no place in a file.
        raise ValueError(
            f"model: a part of it cannot be stored ({type(error).__name__}: {error}). Store estimators that are made "
            "of numbers, names and other estimators: optimizer='adam' instead of an object, no callbacks, no lambda."
        ) from error
    kind = "recordings" if sampling_rate else "drawings" if image_size else "pens" if pens else "table"
    names = _LIBRARIES + (_NETWORK_LIBRARIES if networks else ())
    manifest: dict[str, Any] = {
        "format": FORMAT,
        "created": datetime.now(UTC).isoformat(timespec="seconds"),
        "versions": {name: version(name) for name in names},
        "recipe": {"name": recipe, "parameters": dict(parameters or {})},
        "input": {
            "kind": kind,
            "sampling_rate_hz": sampling_rate,
            "units": dict(units) if isinstance(units, Mapping) else units,
            "magnitude": magnitude,
            "channels": None if channels is None else list(channels),
            "image_size": None if image_size is None else list(image_size),
            "task": task,
        },
        "classes": np.asarray(model.classes_).tolist(),
        "card": dict(card or {}),
        "scores": [] if scores is None else json.loads(scores.to_json(orient="records", double_precision=6)),
        "limitations": list(limitations),
        "distance": None if distance is None else distance.as_json(),
    }
    with _whole(target) as scratch:
        (scratch / PIPELINE).write_bytes(pipeline)
        foreign = []
        for name, network in networks.items():
            save_network(network, scratch / name)
            foreign += untrusted_layers((scratch / name).read_bytes())
        manifest["needs_trust"] = sorted({*untrusted_types(pipeline), *foreign})
        for name, image in (figures or {}).items():
            (scratch / name).write_bytes(image)
        (scratch / CARD).write_text(render_card(manifest), encoding="utf-8")
        manifest["files"] = {
            name: hashlib.sha256((scratch / name).read_bytes()).hexdigest() for name in sorted(os.listdir(scratch))
        }
        # What JSON makes of it is what will be read, and what the digest is of.
        manifest = json.loads(json.dumps(manifest, default=_plain))
        manifest["digest"] = digest_of(manifest)
        (scratch / MANIFEST).write_text(json.dumps(manifest, indent=1), encoding="utf-8")
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
    of skpd and scikit-learn, the scorers and splitters of skpd, the samplers of imbalanced-learn, arrays. A search with
    other scorers asks for trust in the functions that they call; its ``best_estimator_`` stored alone does not.
    Networks may hold layers of plain arithmetic only, no lambda and no class of the file's own. Nodes of decision trees
    are checked to point inside their tree.

    The digests recognise damage and careless edits. They do not tell who made a file: whoever can change the model can
    change its digests.

    Examples
    --------
    >>> from skpd import load_model
    >>> load_model("no such folder")
    Traceback (most recent call last):
        ...
    skpd.models._manifest.ModelFolderError: no such folder: expected the folder of a model, got no such folder: ...
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
    manifest = read_manifest(path)
    read_files(path, manifest["files"])
    return manifest


def open_model(folder: str | os.PathLike, *, trusted: Collection[str] = ()) -> tuple[Any, dict[str, Any]]:
    """Load a model together with its manifest."""
    if isinstance(trusted, str) or not all(isinstance(name, str) for name in trusted):
        raise TypeError(f'trusted: expected names of types, such as ["package.module.Class"], got {trusted!r}.')
    path = Path(folder)
    manifest = read_manifest(path)
    # What is checked is what is loaded: files are read once.
    files = read_files(path, manifest["files"])
    pipeline = files[PIPELINE]
    networks = {name: content for name, content in files.items() if name.endswith(".keras")}
    unknown = attempt(path / PIPELINE, untrusted_types, pipeline, trusted)
    for name, content in networks.items():
        unknown += attempt(path / name, untrusted_layers, content, trusted)
    if unknown:
        listed = ", ".join(sorted(set(unknown)))
        raise ModelFolderError(
            f"{path}: expected types that skpd knows, found {listed}. Loading them may run code of their packages: if "
            f"you know where this model comes from, pass trusted={sorted(set(unknown))!r}."
        )
    model = attempt(path / PIPELINE, skops.io.loads, pipeline, known_types(trusted))
    if not isinstance(model, BaseEstimator):
        raise ModelFolderError(f"{path / PIPELINE}: expected an estimator, found {type(model).__name__}.")
    attach(path, model, networks, trusted)
    return model, manifest


def check_target(target: Path, overwrite: bool) -> None:
    """Refuse a folder that must not be written over, or that cannot be made; folders above it are made."""
    if target.exists():
        if not overwrite:
            raise ValueError(
                f"folder: {target} exists; name another folder, or pass overwrite=True to replace a model."
            )
        if not (target / MANIFEST).is_file():
            raise ValueError(f"folder: {target} exists and is no model (it has no {MANIFEST}): name another folder.")
    try:
        _make_scratch(target).rmdir()
    except OSError as error:
        raise ValueError(
            f"folder: expected a place where a folder can be made, {target} cannot be made "
            f"({error.strerror or error}): name another folder, or ask for the right to write there."
        ) from error


def _make_scratch(target: Path) -> Path:
    """Make an empty folder beside `target`, and the folders above."""
    target.parent.mkdir(parents=True, exist_ok=True)
    return Path(tempfile.mkdtemp(prefix=f".{target.name}.", dir=target.parent))


class _whole:
    """A scratch folder beside `target` that takes its place when all is written."""

    def __init__(self, target: Path) -> None:
        self.target = target

    def __enter__(self) -> Path:
        self.scratch = _make_scratch(self.target)
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


def _plain(value: Any) -> Any:
    """Write a parameter that JSON has no form for: numbers of NumPy as numbers, estimators as they print."""
    if isinstance(value, np.generic):
        return value.item()
    if isinstance(value, np.ndarray):
        return value.tolist()
    return str(value)
