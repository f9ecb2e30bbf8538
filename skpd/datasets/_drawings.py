"""Scanned spirals and waves by people with Parkinson's disease and by healthy people."""

from __future__ import annotations

import os
import re
import warnings
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from sklearn.utils import Bunch
from sklearn.utils._param_validation import StrOptions, validate_params

from .._recordings import as_object_array
from ..exceptions import DataFileError, DataFileWarning
from ._base import resolve_folder
from ._images import check_image_size, read_image, to_array
from ._parse import Skipped

__all__ = ["CARD", "find_drawings", "load_spiral_drawings", "read_name"]

_CLASSES = ("healthy", "parkinson")
_SPLITS = ("training", "testing")

#: V, drawer, class, what is drawn, number of the drawing. Names with one digit of the number occur.
_NAME = re.compile(r"V(?P<drawer>\d{2})(?P<class>[HP])(?P<kind>[EO])(?P<number>\d{1,2})\.png", re.IGNORECASE)

CARD = """\
Spiral and wave drawings
========================
Who         28 drawers, 13 healthy and 15 with Parkinson's disease; 102 spirals and 102 waves, 51 of each class
Device      pen on paper, scanned and cut out; spirals about 256 x 256 pixels, waves 512 wide and 138 to 516 high
Units       uint8, 0 to 255, RGB
Target      "healthy" or "parkinson": the folder's name
Groups      drawer = class and number, since V01 of the healthy and V01 of the people with Parkinson's disease are two
            people. The letters H or P and E (spiral) or O (wave) in the names agree with the folders
Limits      THE SHIPPED TRAINING AND TESTING FOLDERS SHARE DRAWERS: split by `groups`, not by folder. The folders also
            differ in their images: training is grey, with raised contrast and grainy paper (median 127 to 148),
            testing plain colour scans on bright paper (231 to 243), in equal shares of both classes. The drawer
            "healthy V55" made 15 of the 51 healthy spirals and 15 of the waves, "parkinson V03" 9 of 51. Three
            healthy spirals have irregular names (V03HE1 to V03HE3)
Licence     not stated by its source
Reference   Zham P. et al., "Distinguishing different stages of Parkinson's disease using composite index of speed and
            pen-pressure of sketching a spiral", Frontiers in Neurology 8 (2017) 435, doi 10.3389/fneur.2017.00435
"""


@validate_params(
    {
        "folder": [str, os.PathLike, None],
        "kind": [StrOptions({"spiral", "wave"})],
        "image_size": [tuple, list, None],
        "fit": [StrOptions({"stretch", "pad"})],
        "errors": [StrOptions({"raise", "warn"})],
        "return_X_y": ["boolean"],
    },
    prefer_skip_nested_validation=True,
)
def load_spiral_drawings(
    folder: str | os.PathLike | None = None,
    *,
    kind: str = "spiral",
    image_size: tuple[int, int] | None = (100, 100),
    fit: str = "stretch",
    errors: str = "raise",
    return_X_y: bool = False,
) -> Bunch | tuple[np.ndarray, np.ndarray]:
    """Load scanned spirals or waves by people with Parkinson's disease and by healthy people.

    Parameters
    ----------
    folder : str, path-like or None, default=None
        The folder with ``spiral`` and ``wave``, and in each ``training`` and ``testing``, ``healthy`` and
        ``parkinson``. None takes ``spiral_wave_drawings`` inside the folder that the environment variable
        ``SKPD_DATA`` names.
    kind : {"spiral", "wave"}, default="spiral"
        Which drawings.
    image_size : (height, width) or None, default=(100, 100)
        Size of the images in pixels. None keeps the sizes they have.
    fit : {"stretch", "pad"}, default="stretch"
        How an image of another shape gets this size: each side on its own, as published systems do, or with its
        shape kept and paper, of the median colour of its edge, added on two sides. Either way Pillow's bilinear
        filter is used, which averages over all pixels when it makes an image smaller.
    errors : {"raise", "warn"}, default="raise"
        What to do with an image that cannot be read. "warn" leaves it out and lists it in ``skipped``.
    return_X_y : bool, default=False
        Return ``(data, target)`` instead of a Bunch.

    Returns
    -------
    data : :class:`~sklearn.utils.Bunch`
        With the entries

        data : ndarray of shape (n, height, width, 3), uint8, or object ndarray of shape (n,)
            RGB; grey repeated three times, transparency laid on white. An object array of (height_i, width_i, 3)
            arrays where ``image_size=None``.
        target : ndarray of shape (n,), str
            "healthy" or "parkinson".
        target_names : list of str
            ``["healthy", "parkinson"]``.
        groups : ndarray of shape (n,), str
            Drawer, such as "healthy V01".
        units : str
            "uint8".
        frame : DataFrame
            One row a drawing: drawing (its name), drawer, number, target, split ("training" or "testing", as
            shipped), kind, file, width, height, mode (as scanned), irregular_name.
        skipped : DataFrame
            Images left out: file, reason. Empty with ``errors="raise"``.
        DESCR : str
            The data card.

        With ``return_X_y=True`` the tuple ``(data, target)``.

    Raises
    ------
    DataFileError
        If the folder or an image is not what it should be: no PNG, cut, larger than 36 million pixels, or with a
        name that contradicts its folder.

    Warns
    -----
    DataFileWarning
        If the folder holds other files, and for each image left out.

    See Also
    --------
    load_drawings : Drawings of your own.
    load_uci_spirals : Spirals as trajectories of a pen.

    References
    ----------
    .. [1] Zham P., Kumar D. K., Dabnichki P., Poosapadi Arjunan S., Raghav S., "Distinguishing different stages of
       Parkinson's disease using composite index of speed and pen-pressure of sketching a spiral", Frontiers in
       Neurology 8 (2017) 435.

    Examples
    --------
    >>> from skpd.datasets import load_spiral_drawings
    >>> spirals = load_spiral_drawings(image_size=(100, 100))  # doctest: +SKIP
    >>> spirals.data.shape, len(set(spirals.groups))  # doctest: +SKIP
    ((102, 100, 100, 3), 28)
    """
    size = check_image_size(image_size)
    root = resolve_folder(folder, "spiral_wave_drawings", holds=f"{kind}/*/*", words=f"{kind} and its images")
    skipped = Skipped(errors)
    images, rows, other = [], [], []
    for path, split, target in find_drawings(root / kind):
        if path.suffix.lower() != ".png":
            other.append(path.relative_to(root).as_posix())
            continue
        try:
            facts = read_name(path, kind, target)
            image = read_image(path)
        except DataFileError as error:
            skipped.add(error)
            continue
        images.append(to_array(image, size, fit))
        place = {"target": target, "split": split, "kind": kind, "file": path.relative_to(root).as_posix()}
        rows.append({**facts, **place, "width": image.width, "height": image.height, "mode": image.mode})
    if not rows:
        raise DataFileError(root / kind, found="not one intact drawing", expected="PNG files")
    if other:
        shown = ", ".join(other[:5]) + (", ..." if len(other) > 5 else "")
        warnings.warn(f"{root}: {len(other)} file(s) that are no PNG: {shown}", DataFileWarning, stacklevel=2)
    frame = pd.DataFrame(rows)
    frame["irregular_name"] = frame["drawing"].str.len() != len("V01HE01")
    data = as_object_array(images) if size is None else np.stack(images)
    target = frame["target"].to_numpy(dtype=str)
    if return_X_y:
        return data, target
    return Bunch(
        data=data,
        target=target,
        target_names=list(_CLASSES),
        groups=frame["drawer"].to_numpy(dtype=str),
        units="uint8",
        frame=frame,
        skipped=skipped.frame,
        DESCR=CARD,
    )


def find_drawings(folder: Path) -> Iterator[tuple[Path, str, str]]:
    """Yield (file, split, class): training before testing, healthy before parkinson, in the order of names."""
    for split in _SPLITS:
        for target in _CLASSES:
            for path in sorted((folder / split / target).glob("*")):
                if path.is_file() and not path.name.startswith("."):
                    yield path, split, target


def read_name(path: Path, kind: str, target: str) -> dict[str, Any]:
    """Return drawing, drawer and number by the file's name."""
    name = _NAME.fullmatch(path.name)
    letters = target[0].upper() + ("E" if kind == "spiral" else "O")
    if name is None or (name["class"] + name["kind"]).upper() != letters:
        raise DataFileError(
            path,
            found=f"the name {path.name!r}",
            expected=f"a name such as V01{letters}02.png in {path.parent.name}",
            advice="The drawer is known by the name; a drawing in the wrong folder would have the wrong label.",
        )
    return {"drawing": path.stem, "drawer": f"{target} V{name['drawer']}", "number": int(name["number"])}
