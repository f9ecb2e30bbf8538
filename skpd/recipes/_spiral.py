"""Parkinson's disease from drawings: the three hybrid workflow architectures (HWA-I, II, III).

A frozen DenseNet201 and a small dense head. HWA-I augments online, HWA-II offline into a folder of JPEG files, HWA-III
both ways. Sizes of the head, the number of images, the place of resizing and most settings of the 18 experiments are
ambiguous in the paper; `make_hwa_recipe` and `spiral_experiments` say how they are read here.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from itertools import product
from typing import Any, ClassVar

import numpy as np
import pandas as pd
from imblearn.pipeline import Pipeline
from imblearn.utils import check_target_type
from sklearn.utils import check_consistent_length, check_random_state

from ..images import ImageAugmenter, jpeg_round_trip
from ..images._sampler import ImageSampler
from ..neural import KerasTransferClassifier

__all__ = ["make_hwa1", "make_hwa2", "make_hwa3", "make_hwa_recipe", "spiral_experiments"]

#: Of the published ImageDataGenerators. The two differ, and HWA-III uses both.
_OFFLINE: dict[str, Any] = {
    "rotation_range": 40,
    "shear_range": 0.1,
    "zoom_range": 0.1,
    "horizontal_flip": True,
    "brightness_range": (0.5, 1.5),
}
_ONLINE: dict[str, Any] = {
    "rotation_range": 20,
    "shear_range": 0.1,
    "zoom_range": 0,
    "width_shift_range": 0.2,
    "height_shift_range": 0.3,
    "horizontal_flip": True,
    "vertical_flip": True,
    "fill_mode": "nearest",
}

#: Views of an image in the bank that online augmentation draws from; None for an architecture without.
_N_VIEWS = {"hwa1": 50, "hwa2": None, "hwa3": 2}


class FolderAugmenter(ImageSampler):
    """An offline augmenter whose images went through a folder of JPEG files.

    What is made of an image depends on the image and the seed alone, not on the images beside it: every fold makes the
    same images of a drawing, and finds their features where another fold left them.

    Parameters
    ----------
    augmenter : ImageAugmenter
        Offline; `n_per_image`, `keep_originals` and the ranges are its own. Its seed is not used.
    jpeg : bool, default=True
        Whether the images that are made, but not the originals, are stretched to the full range of grey levels and
        pass JPEG compression, as Keras does with ``save_to_dir``.
    random_state : int, RandomState instance or None, default=None
        Seed of the draw.

    Attributes
    ----------
    sample_indices_ : ndarray of shape (n_rows,)
        The row of `X` that each row was made of.
    """

    sampling_strategy = None

    _parameter_constraints: ClassVar[dict] = {
        "augmenter": [ImageAugmenter],
        "jpeg": ["boolean"],
        "random_state": ["random_state"],
    }

    def __init__(self, augmenter: ImageAugmenter, *, jpeg: bool = True, random_state: Any = None) -> None:
        self.augmenter = augmenter
        self.jpeg = jpeg
        self.random_state = random_state

    def _check_X_y(self, X: Any, y: Any, accept_sparse: Any = None) -> tuple:
        y, binarize_y = check_target_type(y, indicate_one_vs_all=True)
        check_consistent_length(X, y)
        return np.asarray(X), y, binarize_y

    def _fit_resample(self, X: np.ndarray, y: np.ndarray) -> tuple:
        augmenter, n = self.augmenter, self.augmenter.n_per_image
        seed = int(check_random_state(self.random_state).randint(2**31 - 1))
        # By their bytes: an array in shared memory, as parallel jobs get it, is the same image.
        keys = [int(hashlib.sha256(image.tobytes()).hexdigest(), 16) for image in X]
        drawn = [augmenter.draw_transforms(n, X.shape[1:3], np.random.default_rng([seed, key])) for key in keys]
        rows = np.arange(len(X))
        made = augmenter.apply_transforms(np.repeat(X, n, axis=0), pd.concat(drawn, ignore_index=True))
        if self.jpeg:
            made = jpeg_round_trip(made, stretch=True).astype(X.dtype, copy=False)
        self.sample_indices_ = np.repeat(rows, n)
        if augmenter.keep_originals:
            made = np.concatenate([X, made])
            self.sample_indices_ = np.concatenate([rows, self.sample_indices_])
        return made, y[self.sample_indices_]


def make_hwa_recipe(
    architecture: str,
    *,
    head: Sequence[int] = (128,),
    epochs: int = 50,
    batch_size: int = 64,
    backbone: Any = "DenseNet201",
    weights: Any = "imagenet",
    input_shape: tuple[int, int, int] = (100, 100, 3),
    n_per_image: int = 51,
    keep_originals: bool = True,
    jpeg: bool = True,
    n_views: Any = "auto",
    memory: Any = None,
    random_state: int | None = 0,
) -> Pipeline:
    """Parkinson's disease from drawings by a hybrid workflow architecture.

    Parameters
    ----------
    architecture : {"hwa1", "hwa2", "hwa3"}
        Online augmentation, offline augmentation, or offline and then online, with other parameters.
    head : sequence of int, default=(128,)
        Dense units between features and softmax: 128 in the algorithms of the paper, 124 in its prose.
    epochs, batch_size : int, default=50 and 64
        Those of experiment 2, the only settings that the paper states.
    backbone, weights : default="DenseNet201" and "imagenet"
        As in `skpd.neural.BackboneFeatures`; frozen, average pooling.
    input_shape : tuple of int, default=(100, 100, 3)
        Height, width and channels of the drawings. They are resized before they are augmented, which is a reading: the
        paper does not say where.
    n_per_image : int, default=51
        Offline: images made of each drawing. The published loop stops when its count exceeds 50.
    keep_originals : bool, default=True
        Offline: whether the drawings stay beside the images made of them. Of 102 drawings there are then 5,304 images,
        else 5,202; the paper fits both.
    jpeg : bool, default=True
        Offline: whether the images that are made pass a JPEG file, stretched to the full range of grey levels, as
        Keras' ``save_to_dir`` does. It undoes most of the published brightness.
    n_views : int, None or "auto", default="auto"
        Online: views of each image in the bank that epochs draw from, see `skpd.neural.KerasTransferClassifier`. None
        draws afresh every epoch as the paper does, with the backbone in the loop, at many times the cost. "auto" is 50
        for HWA-I, as many as 50 epochs would draw of a drawing, and 2 for HWA-III, whose 52 images a drawing make 104.
    memory : str, path, joblib.Memory or None, default=None
        Folder in which features are kept. What is made of a drawing depends on it and on `random_state` alone, so folds
        share them.
    random_state : int, RandomState instance or None, default=0
        Seed of offline images, views, head and order. The paper passes ``random_state=False`` to its split, which
        scikit-learn reads as 0; so does this.

    Returns
    -------
    pipeline : imblearn.pipeline.Pipeline
        Unfitted; steps "resampler" (offline augmentation, not in HWA-I) and "classifier". Drawings in, values 0 to
        255, one prediction each out. Drawings to be predicted are never augmented.

    Raises
    ------
    ValueError
        If the architecture is unknown.

    See Also
    --------
    spiral_experiments : The 18 experiments.
    published_spiral_scores : What the paper reports.

    Notes
    -----
    There is no early stopping: the paper holds nothing out besides its test set. Its order augments before it splits;
    as a pipeline the recipe augments training drawings only. `skpd.model_selection.PROTOCOLS` does it in either order.

    References
    ----------
    .. [1] "HWA-I, II and III", Journal of Intelligent & Fuzzy Systems, doi:10.3233/JIFS-231202.

    Examples
    --------
    >>> from skpd.recipes import make_recipe
    >>> recipe = make_recipe("hwa3", backbone="MobileNet")
    >>> list(recipe.named_steps)
    ['resampler', 'classifier']
    >>> recipe["resampler"].augmenter.rotation_range, recipe["classifier"].augmenter.rotation_range
    (40, 20)
    """
    if architecture not in _N_VIEWS:
        raise ValueError(f"architecture: expected one of {', '.join(map(repr, _N_VIEWS))}, got {architecture!r}.")
    if isinstance(random_state, bool):
        random_state = int(random_state)
    classifier = KerasTransferClassifier(
        backbone,
        weights=weights,
        input_shape=input_shape,
        head=tuple(head),
        augmenter=None if architecture == "hwa2" else ImageAugmenter(mode="online", **_ONLINE),
        n_views=_N_VIEWS[architecture] if n_views == "auto" else n_views,
        epochs=epochs,
        batch_size=batch_size,
        early_stopping=False,
        memory=memory,
        random_state=random_state,
    )
    steps: list[tuple[str, Any]] = [("classifier", classifier)]
    if architecture != "hwa1":
        offline = ImageAugmenter(n_per_image=n_per_image, keep_originals=keep_originals, **_OFFLINE)
        steps.insert(0, ("resampler", FolderAugmenter(offline, jpeg=jpeg, random_state=random_state)))
    return Pipeline(steps)


def make_hwa1(**parameters: Any) -> Pipeline:
    """Parkinson's disease from drawings by a frozen network with online augmentation (HWA-I)."""
    return make_hwa_recipe("hwa1", **parameters)


def make_hwa2(**parameters: Any) -> Pipeline:
    """Parkinson's disease from drawings by a frozen network with offline augmentation (HWA-II)."""
    return make_hwa_recipe("hwa2", **parameters)


def make_hwa3(**parameters: Any) -> Pipeline:
    """Parkinson's disease from drawings by a frozen network with offline, then online augmentation (HWA-III)."""
    return make_hwa_recipe("hwa3", **parameters)


def spiral_experiments() -> pd.DataFrame:
    """The 18 experiments of the paper: six settings of each architecture.

    Returns
    -------
    experiments : DataFrame of 18 rows
        architecture, experiment (1 to 6), epochs, batch_size, and source: "stated" for experiment 2 of HWA-I, the only
        one whose settings the paper gives, "our reading" for the others. The reading is the smallest full grid with
        experiment 2 in its place: 50 and 100 epochs with batches of 32, 64 and 128, the batch varying first.

    See Also
    --------
    published_spiral_scores : What the paper reports of them.

    Examples
    --------
    >>> from skpd.recipes import spiral_experiments
    >>> spiral_experiments().head(3)
      architecture  experiment  epochs  batch_size       source
    0         hwa1           1      50          32  our reading
    1         hwa1           2      50          64       stated
    2         hwa1           3      50         128  our reading
    """
    settings = list(enumerate(product((50, 100), (32, 64, 128)), start=1))
    rows = [
        (name, number, epochs, batch_size, "stated" if (name, number) == ("hwa1", 2) else "our reading")
        for name in _N_VIEWS
        for number, (epochs, batch_size) in settings
    ]
    return pd.DataFrame(rows, columns=["architecture", "experiment", "epochs", "batch_size", "source"])
