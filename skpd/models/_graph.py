"""The objects that an estimator is made of."""

from __future__ import annotations

import types
from collections.abc import Iterator
from typing import Any

import numpy as np

from ..neural._backbones import Backbone
from ..neural._base import Network

__all__ = ["walk"]

_LEAVES = (str, bytes, int, float, complex, bool, type(None), type, types.FunctionType, types.ModuleType, np.generic)


def walk(root: Any) -> Iterator[Any]:
    """Yield every object of a fitted estimator once, those of a Keras model excepted."""
    seen: dict[int, Any] = {}
    waiting = [root]
    while waiting:
        part = waiting.pop()
        if isinstance(part, _LEAVES) or id(part) in seen:
            continue
        # Kept alive, so that no other object gets its id.
        seen[id(part)] = part
        if isinstance(part, dict):
            inner = list(part.values())
        elif isinstance(part, (list, tuple, set)):
            inner = list(part)
        elif isinstance(part, np.ndarray):
            inner = part.ravel().tolist() if part.dtype == object else []
        else:
            yield part
            if isinstance(part, Network):
                inner = [part.settings]
            elif isinstance(part, Backbone):
                inner = []
            else:
                inner = list(getattr(part, "__dict__", {}).values())
        # The first is taken first.
        waiting += reversed(inner)
