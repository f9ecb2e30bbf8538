"""Random transformations of images in two halves: drawing their parameters, and applying them.

The table of parameters between the halves has one row an image and the columns of Keras' ImageDataGenerator:

- theta: rotation in degrees;
- tx, ty: shift in pixels; positive moves the drawing left, up;
- shear: degrees;
- zx, zy: horizontal and vertical zoom; below 1 magnifies;
- flip_horizontal, flip_vertical: mirrored left to right, upside down;
- brightness: factor; the column is there only where brightness is drawn.
"""

from __future__ import annotations

from numbers import Integral
from typing import Any

import numpy as np
import pandas as pd

__all__ = ["IDENTITY", "apply_transforms", "draw_transforms", "white_level"]

#: The values that change nothing.
IDENTITY: dict[str, Any] = {
    "theta": 0.0,
    "tx": 0.0,
    "ty": 0.0,
    "shear": 0.0,
    "zx": 1.0,
    "zy": 1.0,
    "flip_horizontal": False,
    "flip_vertical": False,
    "brightness": 1.0,
}


def draw_transforms(
    n_images: int,
    image_size: tuple[int, ...],
    rng: np.random.RandomState | np.random.Generator,
    *,
    rotation_range: float,
    shear_range: float,
    zoom_range: Any,
    width_shift_range: Any,
    height_shift_range: Any,
    horizontal_flip: bool,
    vertical_flip: bool,
    brightness_range: Any,
) -> pd.DataFrame:
    """Draw one transformation an image.

    Each image takes the same eleven numbers from `rng` whatever is switched on, so that with one seed the rotation of
    an image does not change when flips are added, nor that of the first images when there are more.

    Parameters
    ----------
    n_images : int
        Rows of the table.
    image_size : (height, width)
        Pixels, which shifts by a fraction refer to.
    rng : RandomState or Generator
        Where the numbers come from.
    rotation_range, shear_range, zoom_range, width_shift_range, height_shift_range, horizontal_flip, vertical_flip, \
brightness_range
        See `ImageAugmenter`.

    Returns
    -------
    transforms : DataFrame of n_images rows
        See this module.
    """
    u = rng.uniform(size=(n_images, 11)).T
    low, high = (1 - zoom_range, 1 + zoom_range) if np.ndim(zoom_range) == 0 else zoom_range
    columns = {
        "theta": (2 * u[0] - 1) * rotation_range,
        "tx": _draw_shifts(width_shift_range, image_size[1], u[1], u[2]),
        "ty": _draw_shifts(height_shift_range, image_size[0], u[3], u[4]),
        "shear": (2 * u[5] - 1) * shear_range,
        "zx": low + (high - low) * u[6],
        "zy": low + (high - low) * u[7],
        "flip_horizontal": (u[8] < 0.5) & bool(horizontal_flip),
        "flip_vertical": (u[9] < 0.5) & bool(vertical_flip),
    }
    if brightness_range is not None:
        dark, bright = brightness_range
        columns["brightness"] = dark + (bright - dark) * u[10]
    return pd.DataFrame(columns)


def _draw_shifts(amount: Any, size: int, u: np.ndarray, sign: np.ndarray) -> np.ndarray:
    """Return shifts in pixels: uniform within a float, whole below an integer, or one of several, up to sign."""
    if np.ndim(amount) == 0 and not isinstance(amount, Integral):
        shifts = (2 * u - 1) * amount
    else:
        values = np.arange(max(amount, 1)) if np.ndim(amount) == 0 else np.asarray(amount)
        shifts = values[(u * len(values)).astype(int)] * np.where(sign < 0.5, -1.0, 1.0)
    return shifts * size if np.max(amount) < 1 else shifts


def apply_transforms(
    images: np.ndarray, sources: np.ndarray, transforms: pd.DataFrame, fill_mode: str, white: float
) -> np.ndarray:
    """Make one image a row of the table.

    Parameters
    ----------
    images : ndarray of shape (n_images, height, width, n_channels)
        uint8 or floating point.
    sources : ndarray of shape (n_rows,), int
        The image that each row of the table transforms.
    transforms : DataFrame of n_rows rows
        See this module; a column that is missing changes nothing.
    fill_mode : {"constant", "nearest", "reflect", "wrap"}
        What is seen outside the source.
    white : float
        The largest value that brightness leaves.

    Returns
    -------
    transformed : ndarray of shape (n_rows, height, width, n_channels)
        Of the dtype of `images`.
    """
    from ._warp import look_up, warp

    if images.dtype == np.float16:
        return apply_transforms(images.astype(np.float32), sources, transforms, fill_mode, white).astype(np.float16)
    table = {name: transforms[name].to_numpy() if name in transforms else None for name in IDENTITY}
    out = np.empty((len(transforms), *images.shape[1:]), dtype=images.dtype)
    flips = np.zeros((len(transforms), 2), dtype=bool)
    for k, name in enumerate(("flip_horizontal", "flip_vertical")):
        if table[name] is not None:
            flips[:, k] = table[name]
    warp(images, sources, _affine_maps(transforms, images.shape[1:3]), flips, fill_mode, out)
    gains = table["brightness"]
    if gains is not None:
        # A fourth channel is opacity.
        n_bright = 3 if images.shape[3] == 4 else images.shape[3]
        if out.dtype == np.uint8:
            look_up(out, _brightness_tables(gains), n_bright)
        else:
            bright = out[..., :n_bright]
            bright *= gains.astype(out.dtype)[:, None, None, None]
            np.minimum(bright, white, out=bright)
    return out


def _affine_maps(transforms: pd.DataFrame, image_size: tuple[int, ...]) -> np.ndarray:
    """Return for each row the map from (row, column, 1) of the result to a place (row, column) in the source."""
    n = len(transforms)
    get = {name: transforms[name].to_numpy(float) if name in transforms else IDENTITY[name] for name in IDENTITY}
    theta, shear = np.deg2rad(get["theta"]), np.deg2rad(get["shear"])

    def stack(*entries: Any) -> np.ndarray:
        m = np.zeros((n, 3, 3))
        for k, entry in enumerate(entries):
            m[:, k // 3, k % 3] = entry
        m[:, 2, 2] = 1
        return m

    rotate = stack(np.cos(theta), -np.sin(theta), 0, np.sin(theta), np.cos(theta), 0)
    shift = stack(1, 0, get["tx"], 0, 1, get["ty"])
    slant = stack(1, -np.sin(shear), 0, 0, np.cos(shear), 0)
    zoom = stack(get["zx"], 0, 0, 0, get["zy"], 0)
    x, y = image_size[1] / 2 - 0.5, image_size[0] / 2 - 0.5
    maps = stack(1, 0, x, 0, 1, y) @ rotate @ shift @ slant @ zoom @ stack(1, 0, -x, 0, 1, -y)
    # So far in (x, y) = (column, row).
    return maps[:, [1, 0]][:, :, [1, 0, 2]]


def _brightness_tables(gains: np.ndarray) -> np.ndarray:
    """Return what Pillow makes of each of the 256 values: the product in single precision, cut off, not rounded."""
    products = gains.astype(np.float32)[:, None] * np.arange(256, dtype=np.float32)
    return np.minimum(products, 255).astype(np.uint8)


def white_level(images: np.ndarray) -> float:
    """Return the value of white: 255, or 1 for floating-point images in which nothing exceeds 1."""
    return 1.0 if images.dtype.kind == "f" and images.size and images.max() <= 1 else 255.0
