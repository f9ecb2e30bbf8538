"""The manifest of a model folder: what it must hold, and the check that the folder is what it says."""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Callable
from importlib.metadata import version
from pathlib import Path
from typing import Any

__all__ = [
    "CARD",
    "FILE",
    "FORMAT",
    "MANIFEST",
    "PIPELINE",
    "ModelFolderError",
    "attempt",
    "digest_of",
    "read_files",
    "read_manifest",
]

FORMAT = 2
MANIFEST, PIPELINE, CARD = "manifest.json", "pipeline.skops", "README.md"
FILE = re.compile(r"pipeline\.skops|README\.md|network-\d{1,3}\.keras|[a-z-]{1,40}\.png")
_LIMIT = 1 << 26
#: All that a manifest holds, with the type of each. Format 1 had ranges of the features instead of a distance.
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
    "distance": (dict, type(None)),
    "needs_trust": list,
    "files": dict,
    "digest": str,
}
_FIELDS_1 = {"ranges" if name == "distance" else name: kind for name, kind in _FIELDS.items()}
_INPUT = {"kind", "sampling_rate_hz", "units", "magnitude", "channels", "image_size", "task"}
_INPUT_1 = _INPUT - {"task"}


class ModelFolderError(ValueError):
    """A folder is not a model that can be loaded: damaged, edited, of another format, or made of unknown types."""


def attempt(file: Path, function: Callable[..., Any], *arguments: Any) -> Any:
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


def read_manifest(path: Path) -> dict[str, Any]:
    """Read and check the manifest of a folder, in the form of today's format."""
    if not path.is_dir():
        found = "a file" if path.exists() else "no such folder"
        raise ModelFolderError(f"{path}: expected the folder of a model, got {found}: check the path.")
    file = path / MANIFEST
    if not file.is_file():
        raise ModelFolderError(f"{path}: expected the folder of a model, found no {MANIFEST} in it: check the path.")
    if file.stat().st_size > _LIMIT:
        raise ModelFolderError(f"{file}: expected at most {_LIMIT:,} bytes, found {file.stat().st_size:,}.")
    manifest = attempt(file, lambda: json.loads(file.read_text(encoding="utf-8")))
    form = manifest.get("format") if isinstance(manifest, dict) else None
    if not isinstance(form, int) or isinstance(form, bool) or form < 1:
        raise ModelFolderError(f"{file}: expected a format number from 1 to {FORMAT}, found {form!r}: it is damaged.")
    if form > FORMAT:
        raise ModelFolderError(
            f"{file}: found format {form}, and this version of skpd ({version('skpd')}) reads up to format {FORMAT}: "
            f"install a newer skpd, or have the model saved by this one."
        )
    fields, entries = (_FIELDS_1, _INPUT_1) if form == 1 else (_FIELDS, _INPUT)
    wrong = [name for name, kind in fields.items() if not isinstance(manifest.get(name, ...), kind)]
    if "input" not in wrong and not (
        set(manifest["input"]) == entries
        and (manifest["input"]["kind"] != "pens" or isinstance(manifest["input"]["units"], dict))
    ):
        wrong.append("input")
    if wrong:
        raise ModelFolderError(f"{file}: expected the entries of format {form}, {', '.join(wrong)} missing or damaged.")
    if digest_of(manifest) != manifest["digest"]:
        raise ModelFolderError(f"{file}: its digest does not fit: it was edited or damaged since the model was saved.")
    if form == 1:
        # Ranges called almost nothing unlike the training data; without a distance nothing is said of it.
        del manifest["ranges"]
        manifest |= {"distance": None, "input": manifest["input"] | {"task": None}}
    return manifest


def read_files(path: Path, digests: dict[str, Any]) -> dict[str, bytes]:
    """Read the files that a manifest lists, and check that they are those, and all."""
    for name in digests:
        if not FILE.fullmatch(name):
            raise ModelFolderError(
                f"{path / MANIFEST}: expected files {PIPELINE}, {CARD} and network-N.keras, found {name!r}: such a "
                "manifest is not written by skpd, and nothing of it is loaded."
            )
    if PIPELINE not in digests:
        raise ModelFolderError(f"{path / MANIFEST}: expected a file {PIPELINE}, found none in its list: it is damaged.")
    planted = {file.name for file in path.iterdir() if not file.name.startswith(".")} - {*digests, MANIFEST}
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


def digest_of(manifest: dict[str, Any]) -> str:
    """Return the digest of all entries but itself."""
    entries = {name: value for name, value in manifest.items() if name != "digest"}
    return hashlib.sha256(json.dumps(entries, sort_keys=True).encode()).hexdigest()
