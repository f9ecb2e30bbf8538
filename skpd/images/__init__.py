"""Drawings as images: pen trajectories drawn, and more images by the transformations that published systems use.

Images are batches ``(n, height, width, channels)`` or ``(n, height, width)``, uint8 or floating point.

`StrokeRenderer` draws the trajectories of a pen, so that they can go where scanned drawings go.
`ImageAugmenter` turns, shifts, shears, zooms, mirrors and brightens images, as Keras' ImageDataGenerator does with the
same parameters: offline as an imbalanced-learn sampler that expands a training set, or online, afresh for each epoch.
`jpeg_round_trip` does to images what saving them as JPEG and reading them again does.
"""

from ._augmenter import ImageAugmenter
from ._jpeg import jpeg_round_trip
from ._strokes import StrokeRenderer

__all__ = ["ImageAugmenter", "StrokeRenderer", "jpeg_round_trip"]
