"""What tells one estimator from another: a finished cell is valid for the same estimator and libraries only."""

from __future__ import annotations

import functools
import hashlib
import os
import types
import warnings
from collections.abc import Mapping, Sequence
from importlib.metadata import version
from typing import Any

import joblib

__all__ = ["describe_parameters", "digest", "library_versions", "of_one_setting"]

_LIBRARIES = ("skpd", "scikit-learn", "imbalanced-learn", "numpy", "scipy", "keras", "tensorflow")

#: Parameters of which the result does not depend, so that a moved folder or another number of cores refits nothing.
_WITHOUT_EFFECT = {"memory", "n_jobs", "verbose"}


def library_versions() -> dict[str, str]:
    """Return the versions of the libraries that scores depend on."""
    return {name: version(name) for name in _LIBRARIES}


def digest(estimator: Any) -> str:
    """Return ten characters that change with the class, any parameter at any depth, and the libraries."""
    return joblib.hash([_identity(estimator), library_versions()])[:10]


def describe_parameters(estimator: Any) -> dict[str, str]:
    """Return the parameters as text, for people; a nested estimator is its class, since its own parameters follow."""
    texts = {k: type(v).__name__ if hasattr(v, "get_params") else repr(v) for k, v in estimator.get_params().items()}
    return {k: v for k, v in sorted(texts.items()) if k not in ("steps", "memory", "verbose", "transform_input")}


def of_one_setting(records: Mapping[str, dict], keys: Sequence[str]) -> list[str]:
    """Choose the cells of one setting for each place of a study: those with most folds finished, else the latest.

    Parameters
    ----------
    records : mapping of str to dict
        What is stored of each cell, by its name, from the oldest to the latest.
    keys : sequence of str
        The entries of a record that say its place: configuration and seed.

    Returns
    -------
    names : list of str
        Cells whose names end in one digest a place.

    Warns
    -----
    UserWarning
        If the latest setting is not chosen.
    """
    runs: dict[tuple, dict[str, list[str]]] = {}
    for name, record in records.items():
        of_place = runs.setdefault(tuple(record[key] for key in keys), {})
        # A cell's name ends in a digest of its settings. Put in again, so that the latest stand last.
        settings = name.rpartition("~")[2]
        of_place[settings] = [*of_place.pop(settings, []), name]
    chosen = []
    for place, by_settings in runs.items():
        finished = {key: sum("error" not in records[name] for name in names) for key, names in by_settings.items()}
        latest = list(by_settings)[-1]
        best = max(reversed(list(by_settings)), key=finished.__getitem__)
        if best != latest:
            warnings.warn(
                f"{', '.join(map(str, place[:3]))}, seed {place[3]}: {finished[latest]} folds with the latest settings "
                f"are left out, and {finished[best]} with earlier ones are shown: run the study again to finish it.",
                stacklevel=5,
            )
        chosen += by_settings[best]
    return chosen


def _identity(value: Any) -> Any:
    if hasattr(value, "get_params") and not isinstance(value, type):
        parameters = value.get_params(deep=False)
        telling = {k: _identity(v) for k, v in parameters.items() if k not in _WITHOUT_EFFECT}
        return [type(value).__module__, type(value).__qualname__, telling]
    if isinstance(value, (list, tuple)):
        return [_identity(part) for part in value]
    if isinstance(value, dict):
        return {k: _identity(v) for k, v in value.items()}
    if isinstance(value, types.FunctionType):
        # By what it does: its name may be shared (lambda) and its address changes from run to run.
        captured = [_identity(cell.cell_contents) for cell in value.__closure__ or ()]
        by_name = [_identity(value.__kwdefaults__)] if value.__kwdefaults__ else []
        return [value.__qualname__, _identity(value.__code__), captured, value.__defaults__, *by_name]
    if isinstance(value, functools.partial):
        return [_identity(value.func), _identity(value.args), _identity(value.keywords)]
    if hasattr(value, "get_config") and not isinstance(value, type):
        # Of Keras, which numbers the names of its objects.
        config = {k: v for k, v in value.get_config().items() if k != "name"}
        return [type(value).__module__, type(value).__qualname__, _identity(config)]
    if isinstance(value, (str, os.PathLike)) and os.path.isfile(value):
        # Weights of a network: other ones in the same place are another estimator.
        status = os.stat(value)
        return _file_digest(os.path.abspath(value), status.st_mtime_ns, status.st_size)
    if isinstance(value, types.CodeType):
        # Functions inside are constants, whose text holds an address.
        constants = [_identity(c) if isinstance(c, types.CodeType) else repr(c) for c in value.co_consts]
        return [value.co_code, constants, value.co_names]
    try:
        joblib.hash(value)
    except Exception:
        # Scorers and the like, around a function that cannot be pickled.
        if not hasattr(value, "__dict__"):
            raise
        return [type(value).__module__, type(value).__qualname__, _identity(vars(value))]
    return value


@functools.lru_cache
def _file_digest(path: str, modified: int, size: int) -> str:
    """Digest the content of a file; it is read again when its time or size has changed."""
    with open(path, "rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
