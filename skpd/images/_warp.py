"""The compiled kernels that transform many images: SciPy's values first, then speed.

This module compiles on first use; import it where it is used.
"""

from __future__ import annotations

import numpy as np

from .._compile import compiled

__all__ = ["look_up", "warp"]

#: How a place outside the image is answered, coded for the kernel.
_FILL_CODES = {"constant": 0, "nearest": 1, "reflect": 2, "wrap": 3}


def warp(
    images: np.ndarray,
    sources: np.ndarray,
    affine: np.ndarray,
    flips: np.ndarray,
    fill_mode: str,
    out: np.ndarray,
) -> None:
    """Write transformed images into `out`, by bilinear interpolation.

    Parameters
    ----------
    images : ndarray of shape (n_images, height, width, n_channels)
        uint8, float32 or float64. Never written to.
    sources : ndarray of shape (n_rows,), int
        The image that each row of `out` is made of.
    affine : ndarray of shape (n_rows, 2, 3)
        For each row the map from a pixel (row, column, 1) of the result to the place in the source that it shows.
    flips : ndarray of shape (n_rows, 2), bool
        Whether the result is mirrored afterwards: left to right, upside down.
    fill_mode : {"constant", "nearest", "reflect", "wrap"}
        What is seen outside the source, as by :func:`scipy.ndimage.affine_transform`; the constant is 0.
    out : C-contiguous ndarray of shape (n_rows, height, width, n_channels)
        Of the dtype of `images`. uint8 is rounded half up.
    """
    if images[0].size > np.iinfo(np.int32).max:
        raise ValueError(f"expected images of at most 2^31 - 1 values, got {images[0].shape}: make them smaller.")
    images = np.ascontiguousarray(images).view(np.ndarray)
    # A read-only view, whatever came in: the kernel is compiled once a dtype.
    images.flags.writeable = False
    half = 0.5 if out.dtype == np.uint8 else 0.0
    _warp(images, sources, affine, flips, _FILL_CODES[fill_mode], half, out)


@compiled()
def _inside(x: float, n: int, fill: int) -> float:
    """Bring a coordinate into [0, n - 1], for reflect into [-0.5, n - 0.5]; nan where there is nothing to see."""
    last = n - 1.0
    if 0.0 <= x <= last:
        return x
    if fill == 0:
        return np.nan
    if fill == 1:
        return min(max(x, 0.0), last)
    if n == 1:
        return 0.0
    if fill == 2:
        # The image, its mirror image, the image, ...: mirrored at the outer edges of the pixels, period 2 n.
        x = (x + 0.5) % (2.0 * n)
        return (x if x < n else 2.0 * n - x) - 0.5
    # SciPy's "wrap" lays the last pixel on the first: period n - 1.
    return x % last


@compiled()
def _warp(images, sources, affine, flips, fill, half, out):
    n_rows, height, width, n_channels = out.shape
    # One source at a time as float64, which is what the sums are made in: uint8 is converted once, not four times.
    image = np.empty(height * width * n_channels)
    places, corners, weights = np.empty((2, width)), np.empty((4, width), np.int32), np.empty((4, width))
    for i in range(n_rows):
        if i == 0 or sources[i] != sources[i - 1]:
            source = images[sources[i]].reshape(-1)
            for p in range(source.size):
                image[p] = source[p]
        for r in range(height):
            _look_where(r, affine[i], height, n_channels, fill, places, corners, weights)
            line = out[i, height - 1 - r if flips[i, 1] else r].reshape(-1)
            if n_channels == 3:
                _blend_colour(image, corners, weights, flips[i, 0], half, line)
            else:
                _blend(image, corners, weights, flips[i, 0], n_channels, half, line)


@compiled()
def _look_where(r, affine, height, n_channels, fill, places, corners, weights):
    """Find, for each pixel of row `r`, the four pixels that it lies between, and the weight of each: nan for none.

    Apart from the loop of rarer fill modes, these loops run on vectors of pixels.
    """
    width = corners.shape[1]
    y, x = places[0], places[1]
    (m00, m01, m02), (m10, m11, m12) = affine[0], affine[1]
    for c in range(width):
        y[c] = r * m00 + c * m01 + m02
        x[c] = r * m10 + c * m11 + m12
    if fill == 1:
        for c in range(width):
            y[c] = min(max(y[c], 0.0), height - 1.0)
            x[c] = min(max(x[c], 0.0), width - 1.0)
    else:
        for c in range(width):
            y[c], x[c] = _inside(y[c], height, fill), _inside(x[c], width, fill)
    zero, one, last_row, last_column = np.int32(0), np.int32(1), np.int32(height - 1), np.int32(width - 1)
    line, pixel = np.int32(width * n_channels), np.int32(n_channels)
    for c in range(width):
        y0, x0 = np.floor(y[c]), np.floor(x[c])
        dy, dx = y[c] - y0, x[c] - x0
        weights[0, c], weights[1, c] = (1.0 - dy) * (1.0 - dx), (1.0 - dy) * dx
        weights[2, c], weights[3, c] = dy * (1.0 - dx), dy * dx
        row, column = np.int32(y0), np.int32(x0)
        top, bottom = max(row, zero) * line, min(row + one, last_row) * line
        left, right = max(column, zero) * pixel, min(column + one, last_column) * pixel
        corners[0, c], corners[1, c] = top + left, top + right
        corners[2, c], corners[3, c] = bottom + left, bottom + right


@compiled()
def _blend_colour(image, corners, weights, mirrored, half, line):
    """Write one row of pixels of three channels."""
    width = corners.shape[1]
    one, two = np.uint64(1), np.uint64(2)
    for c in range(width):
        to = np.uint64(3 * (width - 1 - c if mirrored else c))
        w0, w1, w2, w3 = weights[0, c], weights[1, c], weights[2, c], weights[3, c]
        if np.isnan(w0):
            line[to] = line[to + one] = line[to + two] = 0
            continue
        # Unsigned, or numba looks for negative positions. All sums before the first is stored, or the compiler, to
        # which `line` may be part of `image`, makes them one after the other.
        p, q, s, t = (
            np.uint64(corners[0, c]),
            np.uint64(corners[1, c]),
            np.uint64(corners[2, c]),
            np.uint64(corners[3, c]),
        )
        red = image[p] * w0 + image[q] * w1 + image[s] * w2 + image[t] * w3
        green = image[p + one] * w0 + image[q + one] * w1 + image[s + one] * w2 + image[t + one] * w3
        blue = image[p + two] * w0 + image[q + two] * w1 + image[s + two] * w2 + image[t + two] * w3
        line[to], line[to + one], line[to + two] = red + half, green + half, blue + half


@compiled()
def _blend(image, corners, weights, mirrored, n_channels, half, line):
    """Write one row of pixels of any number of channels."""
    width = corners.shape[1]
    for c in range(width):
        to = np.uint64(n_channels * (width - 1 - c if mirrored else c))
        w0, w1, w2, w3 = weights[0, c], weights[1, c], weights[2, c], weights[3, c]
        p, q, s, t = (
            np.uint64(corners[0, c]),
            np.uint64(corners[1, c]),
            np.uint64(corners[2, c]),
            np.uint64(corners[3, c]),
        )
        for k in range(np.uint64(n_channels)):
            if np.isnan(w0):
                line[to + k] = 0
            else:
                line[to + k] = image[p + k] * w0 + image[q + k] * w1 + image[s + k] * w2 + image[t + k] * w3 + half


@compiled()
def look_up(images: np.ndarray, tables: np.ndarray, n_channels: int) -> None:
    """Replace each value of the first `n_channels` channels by what the table of its image holds, in place.

    Parameters
    ----------
    images : C-contiguous ndarray of shape (n_images, height, width, all channels), uint8
        Written to.
    tables : ndarray of shape (n_images, 256), uint8
        One table an image.
    n_channels : int
        How many channels take part.
    """
    pixel, taking_part = np.uint64(images.shape[3]), np.uint64(n_channels)
    for i in range(images.shape[0]):
        image, table = images[i].reshape(-1), tables[i]
        for p in range(np.uint64(0), np.uint64(image.size), pixel):
            for k in range(taking_part):
                image[p + k] = table[image[p + k]]
