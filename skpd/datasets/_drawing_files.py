"""Drawings of the user's own: scans or photographs, one a file."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from sklearn.utils import Bunch
from sklearn.utils._param_validation import StrOptions, validate_params

from .._recordings import as_object_array
from ..exceptions import DataFileError
from ._base import ask, people_and_labels
from ._images import IMAGE_SUFFIXES, check_image_size, read_image, to_array
from ._layout import Paths, find_files
from ._parse import Skipped

__all__ = ["load_drawings"]

_CARD = """\
Drawings from image files
=========================
Who         {who}, {n} drawing(s)
Units       uint8, 0 to 255, RGB; {size}
Target      {target}
Limits      this card knows only what the files and the call said; licence and reference are those of your data
"""


@validate_params(
    {
        "paths": [str, os.PathLike, "array-like"],
        "subject": [callable, None],
        "target": [callable, None],
        "image_size": [tuple, list, None],
        "fit": [StrOptions({"stretch", "pad"})],
        "errors": [StrOptions({"raise", "warn"})],
        "return_X_y": ["boolean"],
    },
    prefer_skip_nested_validation=True,
)
def load_drawings(
    paths: Paths,
    *,
    subject: Callable[[Path], Any] | None = None,
    target: Callable[[Path], Any] | None = None,
    image_size: tuple[int, int] | None = (100, 100),
    fit: str = "stretch",
    errors: str = "raise",
    return_X_y: bool = False,
) -> Bunch | tuple[np.ndarray, np.ndarray | None]:
    """Load drawings of your own from PNG or JPEG files.

    Parameters
    ----------
    paths : str, path-like or sequence of them
        Files, each once, or a folder of which all PNG and JPEG files are read in the order of their names, without
        those that begin with a dot. Folders in it are not looked into: pass ``sorted(folder.glob("*/*.png"))``.
    subject, target : callable or None, default=None
        A function that gets the file's path and returns the person or the label; None for not known.
    image_size : (height, width) or None, default=(100, 100)
        Size of the images in pixels. None keeps the sizes they have.
    fit : {"stretch", "pad"}, default="stretch"
        How an image of another shape gets this size: each side on its own, as published systems do, or with its
        shape kept and paper, of the median colour of its edge, added on two sides.
    errors : {"raise", "warn"}, default="raise"
        What to do with an image that cannot be read. "warn" leaves it out and lists it in ``skipped``.
    return_X_y : bool, default=False
        Return ``(data, target)`` instead of a Bunch.

    Returns
    -------
    data : :class:`~sklearn.utils.Bunch`
        With the entries

        data : ndarray of shape (n, height, width, 3), uint8, or object ndarray of shape (n,)
            RGB; grey repeated three times, transparency laid on white, photographs upright as their camera says. An
            object array of (height_i, width_i, 3) arrays where ``image_size=None``.
        target, groups : ndarray of shape (n,) or None
            Label and person. Persons are strings.
        target_names : list or None
            The distinct labels, sorted.
        units : str
            "uint8".
        frame : DataFrame
            One row a drawing: drawing (the file's name; its path where names repeat), subject, target, file,
            width, height, mode (as scanned).
        skipped : DataFrame
            Images left out: file, reason. Empty with ``errors="raise"``.
        DESCR : str
            What is known of the data.

        With ``return_X_y=True`` the tuple ``(data, target)``.

    Raises
    ------
    DataFileError
        If there is no such file; if one is no PNG or JPEG, cut, or larger than 36 million pixels; or if `subject` or
        `target` knows nothing of it.
    ValueError
        If `paths` names a file twice, or `subject` or `target` returns something that is not one text or number.

    Warns
    -----
    DataFileWarning
        For each image left out.

    See Also
    --------
    load_spiral_drawings : A published set of drawings.
    skpd.images.StrokeRenderer : Drawings from the points of a pen.

    Notes
    -----
    Scanner, paper and crop are learnt as readily as tremor: patients and controls should be drawn and scanned alike.

    Examples
    --------
    >>> import pathlib, tempfile
    >>> from PIL import Image
    >>> from skpd.datasets import load_drawings
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     for name in ("control/anna_1.png", "control/anna_2.jpg", "patient/ben_1.png"):
    ...         path = pathlib.Path(folder, name)
    ...         path.parent.mkdir(exist_ok=True)
    ...         Image.new("L", (300, 200), "white").save(path)
    ...     drawings = load_drawings(
    ...         sorted(pathlib.Path(folder).glob("*/*")),
    ...         subject=lambda path: path.stem.split("_")[0],
    ...         target=lambda path: path.parent.name,
    ...     )
    >>> drawings.data.shape, drawings.groups.tolist(), drawings.target.tolist()
    ((3, 100, 100, 3), ['anna', 'anna', 'ben'], ['control', 'control', 'patient'])
    """
    size = check_image_size(image_size)
    files = find_files(paths, *IMAGE_SUFFIXES)
    skipped = Skipped(errors)
    images, rows = [], []
    for path in files:
        try:
            labels = {"subject": ask(path, subject, "subject"), "target": ask(path, target, "target")}
            image = read_image(path)
        except DataFileError as error:
            skipped.add(error)
            continue
        images.append(to_array(image, size, fit))
        facts = {"file": str(path), "width": image.width, "height": image.height, "mode": image.mode}
        rows.append({"drawing": path.stem, **labels, **facts})
    if not rows:
        raise DataFileError(
            files[0], found="not one intact drawing", expected="at least one", advice="See the warnings."
        )
    frame = pd.DataFrame(rows)
    if not frame["drawing"].is_unique:
        frame["drawing"] = frame["file"]
    data = as_object_array(images) if size is None else np.stack(images)
    groups, y = people_and_labels(frame, subject=subject is not None, target=target is not None)
    if return_X_y:
        return data, y
    names = None if y is None else np.unique(y).tolist()
    return Bunch(
        data=data,
        target=y,
        target_names=names,
        groups=groups,
        units="uint8",
        frame=frame,
        skipped=skipped.frame,
        DESCR=_CARD.format(
            who="people not stated" if groups is None else f"{len(set(groups))} people",
            n=len(frame),
            size="sizes as in the files" if size is None else f"{size[0]} x {size[1]} pixels (height x width)",
            target="none" if names is None else ", ".join(map(str, names[:20])),
        ),
    )
