"""Features of images on disk, one file an image, so that every fold and every clone finds them."""

from __future__ import annotations

import hashlib
import os
import tempfile
from pathlib import Path
from typing import Any

import numpy as np

__all__ = ["FeatureStore", "image_key"]


def image_key(image: np.ndarray) -> str:
    """A digest of the pixels; the same for equal values of another dtype."""
    pixels = np.ascontiguousarray(image, dtype=np.float32)
    return hashlib.blake2b(pixels.tobytes(), digest_size=16).hexdigest()


class FeatureStore:
    """Rows of features by key.

    Parameters
    ----------
    memory : str, Path, joblib.Memory or None
        The folder; of a Memory, its location. None stores nothing.
    fingerprint : str
        Of the network that makes the features: each has a folder of its own.
    """

    def __init__(self, memory: Any, fingerprint: str) -> None:
        location = getattr(memory, "location", memory)
        self.folder = None if location is None else Path(location) / "skpd-backbone" / fingerprint[:32]

    def get(self, key: str) -> np.ndarray | None:
        """Return a row, or None where there is none or its file is damaged."""
        if self.folder is None:
            return None
        try:
            row = np.load(self._path(key), allow_pickle=False)
        except (OSError, ValueError, EOFError):
            return None
        return row if row.ndim == 1 and row.dtype == np.float32 else None

    def put(self, key: str, row: np.ndarray) -> None:
        """Store a row; readers in other processes see all of it or nothing."""
        if self.folder is None:
            return
        path = self._path(key)
        path.parent.mkdir(parents=True, exist_ok=True)
        handle, unfinished = tempfile.mkstemp(dir=path.parent, suffix=".part")
        try:
            with os.fdopen(handle, "wb") as file:
                np.save(file, np.asarray(row, dtype=np.float32), allow_pickle=False)
            os.replace(unfinished, path)
        except BaseException:
            os.unlink(unfinished)
            raise

    def _path(self, key: str) -> Path:
        if self.folder is None:
            raise ValueError("a store without a folder has no files.")
        return self.folder / key[:2] / f"{key}.npy"
