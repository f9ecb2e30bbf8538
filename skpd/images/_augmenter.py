"""More images out of few: the transformations of Keras' ImageDataGenerator, offline and online."""

from __future__ import annotations

import os
from collections.abc import Mapping
from numbers import Integral, Real
from pathlib import Path
from typing import Any, ClassVar

import numpy as np
import pandas as pd
from imblearn.utils import check_target_type
from sklearn.utils import check_consistent_length, check_random_state
from sklearn.utils._param_validation import Interval, StrOptions

from ._checks import check_images
from ._jpeg import check_jpeg_channels, write_jpegs
from ._sampler import ImageSampler
from ._transforms import IDENTITY, apply_transforms, draw_transforms, white_level

__all__ = ["ImageAugmenter"]

#: The parameters that say what is drawn.
_RANGES = (
    "rotation_range",
    "shear_range",
    "zoom_range",
    "width_shift_range",
    "height_shift_range",
    "horizontal_flip",
    "vertical_flip",
    "brightness_range",
)


class ImageAugmenter(ImageSampler):
    """Make more images by random turns, shifts, shears, zooms, reflections and brightness.

    Offline it is an imbalanced-learn sampler: as a step of its Pipeline it expands the training folds, and only them.
    Online it draws every image anew for every epoch and is handed to a network: ``KerasTransferClassifier(
    augmenter=ImageAugmenter(mode="online", ...))``. The parameters mean what they mean to Keras' ImageDataGenerator.

    Parameters
    ----------
    mode : {"offline", "online"}, default="offline"
        Whether `fit_resample` expands a training set once, or `random_batch` draws afresh each time.
    n_per_image : int, default=51
        Offline: images made of each image. 51 is what published code makes that stops when a count exceeds 50.
    keep_originals : bool, default=True
        Offline: whether the images themselves are returned too, before those made of them.
    sampling_strategy : "auto", dict or None, default=None
        Offline: None makes `n_per_image` of every image. "auto" balances the classes: `n_per_image` of the images of
        the most common class, and of the others as many as give each class the same number of rows. A dict gives the
        rows of a class after resampling, originals included; classes that it lacks get `n_per_image` an image.
    save_dir : str, path-like or None, default=None
        Offline: a folder, made if absent, that all rows are written to as JPEG, so that a person can look at them:
        ``00012_original.jpeg``, ``00012_007.jpeg``, by the row of the source. It must not hold JPEG files yet, so
        that those of two fits, such as two folds, are never mixed.
    rotation_range : float, default=0
        Largest angle, in degrees, either way.
    shear_range : float, default=0
        Largest angle of shear, in DEGREES, either way: the 0.1 of many published settings is next to nothing.
    zoom_range : float or (low, high), default=0
        Zoom between low and high, or within ``1 - zoom_range`` and ``1 + zoom_range``, drawn separately for the
        horizontal and the vertical. Below 1 magnifies.
    width_shift_range, height_shift_range : float, int or 1-D array-like, default=0
        Horizontal and vertical shift, either way. A float below 1 is the largest shift as a share of the width or
        height, from 1 on in pixels. An int n draws whole pixels below n. An array lists the shifts to draw from, in
        pixels, or as shares if all are below 1.
    horizontal_flip, vertical_flip : bool, default=False
        Whether every other image, at random, is mirrored left to right, or upside down.
    brightness_range : (low, high) or None, default=None
        Factor on all values, from a uniform distribution. What exceeds white becomes white.
    fill_mode : {"constant", "nearest", "reflect", "wrap"}, default="nearest"
        What is seen outside the image: black, its edge, its mirror image, or itself again.
    random_state : int, RandomState instance or None, default=None
        Offline: seed of the draw. `random_batch` is given its own.

    Attributes
    ----------
    sample_indices_ : ndarray of shape (n_rows,)
        The row of `X` that each row was made of: ``groups[sample_indices_]`` are the drawers of the rows.
    transforms_ : DataFrame of n_rows rows
        What was done to each, see `draw_transforms`; nothing, to originals.
    sampling_strategy_ : dict
        Rows of each class after resampling.

    Raises
    ------
    ValueError
        If `X` is not a batch of images, uint8 or finite floating point; if a range is not one; if `save_dir` holds
        JPEG files; if an online augmenter is used as a sampler or an offline one for random batches.

    See Also
    --------
    jpeg_round_trip : What reading the images from the folder would change.
    skpd.plotting.ContactSheetDisplay : Look at the images.

    Notes
    -----
    An image is rotated, shifted, sheared and zoomed about its centre in one affine map with bilinear interpolation,
    then mirrored, then brightened, in the order of [1]_. On square uint8 images the result is that of
    ``ImageDataGenerator.apply_transform`` for the same row of `draw_transforms`. (Its ``flow`` converts to float
    first, and so keeps fractions of a grey level.) On purpose it is not that of Keras where Keras departs from its own
    documentation [2]_: there `width_shift_range` moves images up and down and `height_shift_range` left and right, and
    images that are not square turn about a point that is not their centre.

    Keras brightens in 8-bit integers, which turns images from 0 to 1 into black and white. Here floating-point images
    are multiplied and cut off at white: 1 where nothing in the batch exceeds 1, and 255 otherwise. A fourth channel is
    opacity and keeps its values, as in Keras.

    Look at what comes out. A pen's line on bright paper vanishes where both become white: of the real spirals that are
    plain scans, the published ``brightness_range=(0.5, 1.5)`` leaves 7 % of the images blank, from factors of 1.23 on.

    Rows made of one image are all but the same image. A split by rows after augmentation, as in [3]_, tests on copies
    of what was trained on; in a Pipeline this cannot happen. Metadata that a Pipeline routes, such as groups, is not
    expanded.

    References
    ----------
    .. [1] Keras 3, ``keras.src.legacy.preprocessing.image``.
    .. [2] https://github.com/keras-team/keras/issues/17398
    .. [3] Hybrid workflow architectures HWA-I to III, Journal of Intelligent & Fuzzy Systems, doi:10.3233/JIFS-231202.

    Examples
    --------
    >>> from skpd.datasets import make_spiral_drawings
    >>> from skpd.images import ImageAugmenter
    >>> X, y = make_spiral_drawings(n_drawers=4, drawings_per_drawer=1, random_state=0, return_X_y=True)
    >>> augmenter = ImageAugmenter(n_per_image=3, rotation_range=40, brightness_range=(0.5, 1.5), random_state=0)
    >>> X_more, y_more = augmenter.fit_resample(X, y)
    >>> X_more.shape, X_more.dtype
    ((16, 100, 100, 3), dtype('uint8'))
    >>> augmenter.sample_indices_
    array([0, 1, 2, 3, 0, 0, 0, 1, 1, 1, 2, 2, 2, 3, 3, 3])

    For a network, a fresh draw of each image:

    >>> online = ImageAugmenter(mode="online", horizontal_flip=True, width_shift_range=0.2)
    >>> online.random_batch(X, rng=0).shape
    (4, 100, 100, 3)
    """

    _parameter_constraints: ClassVar[dict] = {
        "mode": [StrOptions({"offline", "online"})],
        "n_per_image": [Interval(Integral, 1, None, closed="left")],
        "keep_originals": ["boolean"],
        "sampling_strategy": [StrOptions({"auto"}), Mapping, None],
        "save_dir": [str, os.PathLike, None],
        "rotation_range": [Interval(Real, 0, None, closed="left")],
        "shear_range": [Interval(Real, 0, 90, closed="left")],
        "zoom_range": [Interval(Real, 0, 1, closed="left"), "array-like"],
        "width_shift_range": [Interval(Real, 0, None, closed="left"), "array-like"],
        "height_shift_range": [Interval(Real, 0, None, closed="left"), "array-like"],
        "horizontal_flip": ["boolean"],
        "vertical_flip": ["boolean"],
        "brightness_range": ["array-like", None],
        "fill_mode": [StrOptions({"constant", "nearest", "reflect", "wrap"})],
        "random_state": ["random_state"],
    }

    def __init__(
        self,
        mode: str = "offline",
        n_per_image: int = 51,
        keep_originals: bool = True,
        sampling_strategy: str | Mapping[Any, int] | None = None,
        save_dir: str | os.PathLike | None = None,
        rotation_range: float = 0,
        shear_range: float = 0,
        zoom_range: Any = 0,
        width_shift_range: Any = 0,
        height_shift_range: Any = 0,
        horizontal_flip: bool = False,
        vertical_flip: bool = False,
        brightness_range: Any = None,
        fill_mode: str = "nearest",
        random_state: int | np.random.RandomState | None = None,
    ) -> None:
        self.mode = mode
        self.n_per_image = n_per_image
        self.keep_originals = keep_originals
        self.sampling_strategy = sampling_strategy
        self.save_dir = save_dir
        self.rotation_range = rotation_range
        self.shear_range = shear_range
        self.zoom_range = zoom_range
        self.width_shift_range = width_shift_range
        self.height_shift_range = height_shift_range
        self.horizontal_flip = horizontal_flip
        self.vertical_flip = vertical_flip
        self.brightness_range = brightness_range
        self.fill_mode = fill_mode
        self.random_state = random_state

    def random_batch(self, X: Any, rng: int | np.random.RandomState | np.random.Generator) -> np.ndarray:
        """Draw each image anew. For ``mode="online"``.

        Parameters
        ----------
        X : array-like of shape (n, height, width, n_channels) or (n, height, width)
            The images.
        rng : int, RandomState or Generator
            Where the draw comes from. One generator passed again and again gives a fresh draw each time.

        Returns
        -------
        batch : ndarray of the shape and dtype of X
            One image for each.
        """
        if self.mode != "online":
            raise ValueError(
                f'random_batch expected ImageAugmenter(mode="online"), got mode={self.mode!r}, which expands a '
                "training set once, as a step of an imbalanced-learn Pipeline."
            )
        images = self._check_images(X)
        transforms = self.draw_transforms(len(images), images.shape[1:3], rng)
        return self._transform(images, np.arange(len(images)), transforms)

    def draw_transforms(
        self, n_images: int, image_size: tuple[int, ...], rng: int | np.random.RandomState | np.random.Generator
    ) -> pd.DataFrame:
        """Draw what shall be done to images, in either mode.

        Parameters
        ----------
        n_images : int
            How many.
        image_size : (height, width)
            In pixels.
        rng : int, RandomState or Generator
            Where the draw comes from.

        Returns
        -------
        transforms : DataFrame of n_images rows
            Named as in ImageDataGenerator: theta (degrees), tx, ty (pixels; positive moves the image left, up), shear
            (degrees), zx, zy, flip_horizontal, flip_vertical and, where it is on, brightness.
        """
        self._check_ranges()
        rng = rng if isinstance(rng, np.random.Generator) else check_random_state(rng)
        return draw_transforms(n_images, image_size, rng, **{name: getattr(self, name) for name in _RANGES})

    def apply_transforms(self, X: Any, transforms: pd.DataFrame) -> np.ndarray:
        """Transform images by a table, in either mode.

        Parameters
        ----------
        X : array-like of shape (n, height, width, n_channels) or (n, height, width)
            The images.
        transforms : DataFrame of n rows
            Columns as from `draw_transforms`; one that is missing changes nothing.

        Returns
        -------
        images : ndarray of the shape and dtype of X
            The images transformed.
        """
        self._validate_params()
        images = self._check_images(X)
        unknown = sorted(set(transforms.columns) - set(IDENTITY))
        if unknown or len(transforms) != len(images):
            raise ValueError(
                f"transforms: expected {len(images)} rows, one an image, and no column beside {list(IDENTITY)}, "
                f"got {len(transforms)} rows{f' and the columns {unknown}' if unknown else ''}."
            )
        return self._transform(images, np.arange(len(images)), transforms)

    def _check_X_y(self, X: Any, y: Any, accept_sparse: Any = None) -> tuple:
        if self.mode != "offline":
            raise ValueError(
                'ImageAugmenter(mode="online") is no step of a pipeline: it draws images anew for each epoch. Pass it '
                'as KerasTransferClassifier(augmenter=...), or use mode="offline", which expands a training set once.'
            )
        y, binarize_y = check_target_type(y, indicate_one_vs_all=True)
        images = self._check_images(X)
        check_consistent_length(images, y)
        return images, y, binarize_y

    def _fit_resample(self, X: np.ndarray, y: np.ndarray) -> tuple:
        folder = self._make_folder(X)
        rng = check_random_state(self.random_state)
        n_kept = len(X) if self.keep_originals else 0
        made_of = np.repeat(np.arange(len(X)), self._count_new(y, rng))
        self.sample_indices_ = np.concatenate([np.arange(n_kept), made_of])
        drawn = self.draw_transforms(len(made_of), X.shape[1:3], rng)
        drawn.index += n_kept
        originals = pd.DataFrame({name: IDENTITY[name] for name in drawn}, index=range(n_kept))
        self.transforms_ = pd.concat([originals, drawn]) if n_kept else drawn
        X_new, y_new = self._transform(X, self.sample_indices_, self.transforms_), y[self.sample_indices_]
        classes, counts = np.unique(y_new, return_counts=True)
        self.sampling_strategy_ = dict(zip(classes.tolist(), counts.tolist(), strict=True))
        if folder is not None:
            copies = pd.Series(made_of).groupby(made_of).cumcount() + 1
            names = [f"{i:05d}_original.jpeg" for i in range(n_kept)]
            names += [f"{i:05d}_{copy:03d}.jpeg" for i, copy in zip(made_of, copies, strict=True)]
            write_jpegs(X_new if X_new.ndim == 4 else X_new[..., None], folder, names)
        return X_new, y_new

    def _transform(self, images: np.ndarray, sources: np.ndarray, transforms: pd.DataFrame) -> np.ndarray:
        white = white_level(images) if "brightness" in transforms else 255.0
        if images.ndim == 4:
            return apply_transforms(images, sources, transforms, self.fill_mode, white)
        return apply_transforms(images[..., None], sources, transforms, self.fill_mode, white)[..., 0]

    def _count_new(self, y: np.ndarray, rng: np.random.RandomState) -> np.ndarray:
        """Return how many images to make of each."""
        counts = np.full(len(y), self.n_per_image)
        if self.sampling_strategy is None:
            return counts
        classes, sizes = np.unique(y, return_counts=True)
        per_original = self.n_per_image + int(self.keep_originals)
        if isinstance(self.sampling_strategy, str):
            wanted = dict.fromkeys(classes.tolist(), int(sizes.max()) * per_original)
        else:
            wanted = dict(self.sampling_strategy)
            unknown = [label for label in wanted if label not in classes.tolist()]
            if unknown:
                raise ValueError(f"sampling_strategy: expected classes of y, {classes.tolist()}, got {unknown}.")
        for label, n_rows in wanted.items():
            if not isinstance(n_rows, Integral):
                raise ValueError(
                    f"sampling_strategy: expected a whole number of rows of class {label!r}, got {n_rows!r}."
                )
            members = np.flatnonzero(y == label)
            n_new = n_rows - len(members) * int(self.keep_originals)
            if n_new < 0:
                raise ValueError(
                    f"sampling_strategy: expected at least the {len(members)} originals of class {label!r}, got "
                    f"{n_rows}: ask for more, or set keep_originals=False."
                )
            counts[members], remainder = divmod(n_new, len(members))
            counts[rng.permutation(members)[:remainder]] += 1
        return counts

    def _check_images(self, X: Any) -> np.ndarray:
        images = check_images(X)
        if images.dtype.kind == "f" and self.brightness_range is not None:
            darkest, brightest = images.min(), images.max()
            if darkest < 0 or brightest > 255:
                raise ValueError(
                    "ImageAugmenter expected images from 0 to 1 or from 0 to 255 for brightness_range, got "
                    f"{darkest:g} to {brightest:g}: augment before preprocessing."
                )
        return images

    def _check_ranges(self) -> None:
        self._validate_params()
        for name, least in (("zoom_range", "above 0"), ("brightness_range", "0 or more")):
            value = getattr(self, name)
            if value is None or np.ndim(value) == 0:
                continue
            pair = np.asarray(value, dtype=float)
            good = pair.shape == (2,) and np.isfinite(pair).all() and 0 <= pair[0] <= pair[1]
            if not good or (name == "zoom_range" and pair[0] == 0):
                raise ValueError(f"{name}: expected (low, high), low {least} and not above high, got {value!r}.")
        for name in ("width_shift_range", "height_shift_range"):
            value = np.asarray(getattr(self, name), dtype=float)
            if value.ndim > 1 or value.size == 0 or not np.isfinite(value).all():
                raise ValueError(f"{name}: expected a number or a list of shifts, got {getattr(self, name)!r}.")

    def _make_folder(self, images: np.ndarray) -> Path | None:
        if self.save_dir is None:
            return None
        check_jpeg_channels(images if images.ndim == 4 else images[..., None])
        folder = Path(self.save_dir)
        folder.mkdir(parents=True, exist_ok=True)
        if next(folder.glob("*.jpeg"), None) is not None:
            raise ValueError(
                f"save_dir: expected a folder without JPEG files, got {folder}: name another or empty it. In "
                "cross-validation the folds would write over each other: leave save_dir None there."
            )
        return folder

    def __sklearn_tags__(self) -> Any:
        tags = super().__sklearn_tags__()
        tags.input_tags.dataframe = False
        return tags
