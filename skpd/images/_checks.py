"""What a batch of images is."""

from __future__ import annotations

from typing import Any

import numpy as np

__all__ = ["check_images"]


def check_images(X: Any) -> np.ndarray:
    """Return a batch of images as the array that it is; a memory map stays one.

    Parameters
    ----------
    X : array-like of shape (n, height, width, n_channels) or (n, height, width)
        uint8 or floating point.

    Returns
    -------
    images : ndarray of the shape of X
        Never a copy of an array of numbers.

    Raises
    ------
    ValueError
        If `X` is no such batch, is empty, or is not finite.
    """
    shapes = {np.shape(image) for image in X} if getattr(getattr(X, "dtype", None), "kind", "") == "O" else set()
    if len(shapes) > 1:
        raise ValueError(
            f"expected images of one size, got {len(shapes)} sizes, such as {sorted(shapes)[0]} and "
            f"{sorted(shapes)[1]}: bring them to one, as the readers do with image_size=(height, width)."
        )
    # Images of one size, one by one: an object array, as readers return it with image_size=None.
    images = np.stack(list(X)) if shapes else X if hasattr(X, "dtype") and hasattr(X, "ndim") else np.asarray(X)
    # Three axes of which the last is that short are one image in colour.
    bare = images.ndim == 3 and images.shape[2] in (1, 3, 4)
    if images.ndim not in (3, 4) or bare or 0 in images.shape:
        advice = "" if bare else "Put this step before the one that turns images into features; "
        raise ValueError(
            "expected a batch of images, (n, height, width, n_channels) or (n, height, width), got an array of shape "
            f"{images.shape}. {advice}{'A' if bare else 'a'} single image is passed as X[None]."
        )
    if images.dtype not in (np.uint8, np.float16, np.float32, np.float64):
        raise ValueError(
            f"expected images of uint8 or floating point, got {images.dtype}: convert them, X.astype(np.uint8) for "
            "values from 0 to 255."
        )
    if images.dtype.kind == "f" and not np.isfinite(images).all():
        raise ValueError("expected finite images, got NaN or infinity: remove or repair those images.")
    return images
