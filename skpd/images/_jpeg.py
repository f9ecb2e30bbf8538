"""Images as JPEG files."""

from __future__ import annotations

from collections.abc import Iterable
from io import BytesIO
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image

from ._checks import check_images
from ._transforms import white_level

__all__ = ["check_jpeg_channels", "jpeg_round_trip", "write_jpegs"]


def jpeg_round_trip(X: Any, *, stretch: bool = False, quality: int = 75) -> np.ndarray:
    """Return what is left of images after they were saved as JPEG and read again.

    Published systems augment offline into a folder of JPEG files and train on what they read from it. This gives the
    same pixels without a folder.

    Parameters
    ----------
    X : array-like of shape (n, height, width), (n, height, width, 1) or (n, height, width, 3)
        uint8, or floating point from 0 to 255, or from 0 to 1 if nothing exceeds 1.
    stretch : bool, default=False
        First map the least value of each image to 0 and the greatest to 255. Keras' ImageDataGenerator does so to all
        that it saves by ``save_to_dir``: the files lose most of what `brightness_range` did.
    quality : int, default=75
        Of the JPEG compression, 1 to 95. The default is Pillow's, and so that of Keras.

    Returns
    -------
    images : ndarray of the shape of X, uint8
        The images as read.

    Raises
    ------
    ValueError
        If `X` is not a batch of images of one or three channels.

    See Also
    --------
    ImageAugmenter : Writes its images to a folder, if asked to.

    Examples
    --------
    >>> import numpy as np
    >>> from skpd.images import jpeg_round_trip
    >>> grey = np.full((1, 8, 16), 100, dtype=np.uint8)
    >>> grey[:, :, 8:] = 150
    >>> np.unique(jpeg_round_trip(grey))
    array([100, 150], dtype=uint8)
    >>> np.unique(jpeg_round_trip(grey, stretch=True))
    array([  0, 255], dtype=uint8)
    """
    images = check_images(X)
    images = images if images.ndim == 4 else images[..., None]
    check_jpeg_channels(images)
    out = np.empty(images.shape, dtype=np.uint8)
    white = white_level(images)
    for i, image in enumerate(images):
        with BytesIO() as file:
            _to_pillow(_stretched(image) if stretch else image * (255 / white)).save(file, "JPEG", quality=quality)
            out[i] = np.asarray(Image.open(file)).reshape(out[i].shape)
    return out.reshape(np.shape(X))


def write_jpegs(images: np.ndarray, folder: Path, names: Iterable[str]) -> None:
    """Write one file an image, of shape (n, height, width, n_channels), into `folder`."""
    white = white_level(images)
    for image, name in zip(images, names, strict=True):
        _to_pillow(image * (255 / white)).save(folder / name, "JPEG")


def check_jpeg_channels(images: np.ndarray) -> None:
    """Refuse images that JPEG has no mode for."""
    if images.shape[-1] not in (1, 3):
        raise ValueError(
            f"JPEG expected images of 1 (grey) or 3 (colour) channels, got {images.shape[-1]}: drop the others."
        )


def _stretched(image: np.ndarray) -> np.ndarray:
    image = image.astype(np.float32)
    image -= image.min()
    return image / (image.max() or 1) * 255


def _to_pillow(image: np.ndarray) -> Image.Image:
    levels = np.clip(image, 0, 255).astype(np.uint8)
    return Image.fromarray(levels[..., 0] if levels.shape[-1] == 1 else levels)
