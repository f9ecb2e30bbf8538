"""Drawings as images: more of them, by the transformations that published systems use.

Images are batches ``(n, height, width, channels)`` or ``(n, height, width)``, uint8 or floating point.

`ImageAugmenter` turns, shifts, shears, zooms, mirrors and brightens them, as Keras' ImageDataGenerator does with the
same parameters: offline as an imbalanced-learn sampler that expands a training set, or online, afresh for each epoch.
`jpeg_round_trip` does to images what saving them as JPEG and reading them again does.
"""

from ._augmenter import ImageAugmenter
from ._jpeg import jpeg_round_trip

__all__ = ["ImageAugmenter", "jpeg_round_trip"]
