"""scikit-learn estimators for Parkinson's disease: wrist tremor, drawings and handwriting.

The estimators live in the subpackages (`skpd.signal`, `skpd.features`, ...) and the best known of them can be
imported from here. Everything is loaded on first use, so that ``import skpd`` stays quick.
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

from ._version import __version__

if TYPE_CHECKING:
    from .features import PenFeatures, TremorFeatures
    from .images import ImageAugmenter, StrokeRenderer
    from .models import load_model, save_model
    from .neural import BackboneFeatures, KerasMLPClassifier, KerasTransferClassifier
    from .resampling import RareClassSampler
    from .signal import TremorBandFilter, VectorMagnitude, WindowedClassifier, Windowizer

#: Where each name that is offered here is defined.
_HOMES = {
    "BackboneFeatures": "neural",
    "ImageAugmenter": "images",
    "KerasMLPClassifier": "neural",
    "KerasTransferClassifier": "neural",
    "PenFeatures": "features",
    "RareClassSampler": "resampling",
    "StrokeRenderer": "images",
    "TremorBandFilter": "signal",
    "TremorFeatures": "features",
    "VectorMagnitude": "signal",
    "WindowedClassifier": "signal",
    "Windowizer": "signal",
    "load_model": "models",
    "save_model": "models",
}

__all__ = [
    "BackboneFeatures",
    "ImageAugmenter",
    "KerasMLPClassifier",
    "KerasTransferClassifier",
    "PenFeatures",
    "RareClassSampler",
    "StrokeRenderer",
    "TremorBandFilter",
    "TremorFeatures",
    "VectorMagnitude",
    "WindowedClassifier",
    "Windowizer",
    "__version__",
    "load_model",
    "save_model",
]


def __getattr__(name: str) -> Any:
    if name in _HOMES:
        return getattr(importlib.import_module(f".{_HOMES[name]}", __name__), name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")


def __dir__() -> list[str]:
    return sorted(__all__)
