"""Parkinson's disease from the image of a pen's trace, by a network transferred to it, after Naseer et al."""

from __future__ import annotations

import os
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from imblearn.pipeline import Pipeline

from ..datasets import load_mnist
from ..images import ImageAugmenter, StrokeRenderer
from ..neural import KerasTransferClassifier, SourceNetwork, alexnet, train_source_network
from ._spiral import FolderAugmenter

__all__ = ["TRANSFER_MODES", "TRANSFER_SOURCES", "make_naseer", "train_digit_network"]

TRANSFER_SOURCES = ("imagenet", "mnist", "none")
TRANSFER_MODES = ("freeze", "finetune")

#: Side of the images in pixels, by source: what the small network was made for, and a compromise between the 224 of
#: ImageNet and the time of fine-tuning without a graphics card.
_IMAGE_SIZE = {"imagenet": 96, "mnist": 64, "none": 64}

#: Layers that fine-tuning trains, and its learning rate: of a deep network the last, and carefully, of the small one
#: all.
_UNFREEZE = {"imagenet": 6, "mnist": 1000, "none": 1000}
_LEARNING_RATE = {"imagenet": 1e-5, "mnist": 1e-4, "none": 1e-4}


def build_blank_network(input_shape: tuple[int, int, int]) -> Any:
    """Build the network of AlexNet's form with random weights."""
    # A plain function: a study knows a callable by its code, in which the functions inside `alexnet` have addresses.
    return alexnet(input_shape)


def train_digit_network(
    folder: str | os.PathLike | None = None, *, data: str | os.PathLike | None = None, image_size: int = 64
) -> SourceNetwork:
    """Train the AlexNet-style network on MNIST, or find it where it was kept: the MNIST source of `make_naseer`.

    Parameters
    ----------
    folder : str, path-like or None, default=None
        Where it is kept, as in `skpd.neural.train_source_network`: None needs the environment variable ``SKPD_CACHE``.
    data : str, path-like or None, default=None
        The folder with the digits, as in `skpd.datasets.load_mnist`.
    image_size : int, default=64
        Side of the images in pixels; the network takes images of this size only.

    Returns
    -------
    source : SourceNetwork
        Its `path` goes to ``make_naseer(source_network=...)``; `accuracy` is that on digits held out.

    Raises
    ------
    DataFileError
        If the digits are not there.
    ValueError
        If there is nowhere to keep the network.

    Examples
    --------
    >>> from skpd.recipes import train_digit_network
    >>> source = train_digit_network("networks")  # doctest: +SKIP
    >>> round(source.accuracy, 2)  # doctest: +SKIP
    0.98
    """
    digits = load_mnist(data, image_size=(image_size, image_size))
    return train_source_network(
        digits.data,
        digits.target,
        folder=folder,
        epochs=4,
        data_name=f"MNIST, {len(digits.target):,} digits at {image_size} x {image_size} pixels",
    )


def make_naseer(
    source: str = "imagenet",
    mode: str = "finetune",
    *,
    backbone: Any = "MobileNet",
    weights: Any = "imagenet",
    source_network: str | os.PathLike | None = None,
    image_size: int | None = None,
    width: float = 1.5,
    n_per_image: int = 5,
    epochs: int = 30,
    finetune_epochs: int = 8,
    finetune_learning_rate: float | None = None,
    unfreeze: int | str | None = None,
    batch_size: int = 32,
    channel_names: Sequence[str] = ("x", "y", "t", "pressure", "azimuth", "altitude", "pen_down"),
    memory: Any = None,
    random_state: int | None = 0,
) -> Pipeline:
    """Parkinson's disease from handwriting drawn as an image, by a network transferred from ImageNet or from MNIST.

    Parameters
    ----------
    source : {"imagenet", "mnist", "none"}, default="imagenet"
        What the network knows before it sees handwriting: photographs, digits, or nothing (random weights). "mnist" and
        "none" are one network of AlexNet's form (`skpd.neural.alexnet`); "imagenet" is `backbone`.
    mode : {"freeze", "finetune"}, default="finetune"
        Train the new last layer alone, or then the network too.
    backbone, weights : default="MobileNet" and "imagenet"
        The ImageNet network, as in `skpd.neural.BackboneFeatures`.
    source_network : path or None, default=None
        The network trained on digits, a ``.keras`` file for images of `image_size`. None calls `train_digit_network`,
        which takes minutes the first time.
    image_size : int or None, default=None
        Side of the images in pixels. None takes 64 for AlexNet's form and 96 for ImageNet.
    width : float, default=1.5
        Of the line, in pixels of an image of 64.
    n_per_image : int, default=5
        Augmented images of each training image, beside it.
    epochs, finetune_epochs : int, default=30 and 8
        Of the last layer, and of fine-tuning.
    finetune_learning_rate : float or None, default=None
        Of fine-tuning. None takes 1e-5 for the ImageNet network and 1e-4 for AlexNet's form.
    unfreeze : int, str or None, default=None
        Layers that fine-tuning trains, as in `skpd.neural.KerasTransferClassifier`. None trains the last 6 of the
        ImageNet network, which knows more than a few dozen people can teach it, and all of AlexNet's form.
    batch_size : int, default=32
        Images a gradient step.
    channel_names : sequence of str
        As in `skpd.images.StrokeRenderer`.
    memory : path or None, default=None
        Folder in which features of frozen networks are kept; folds share them.
    random_state : int or None, default=0
        Seed of augmentation and networks.

    Returns
    -------
    pipeline : imblearn.pipeline.Pipeline
        Unfitted; steps "renderer", "resampler" (augmentation, in training only) and "classifier". Trajectories in, one
        prediction each out.

    Raises
    ------
    ValueError
        If source or mode are unknown.

    See Also
    --------
    published_handwriting_scores : What the paper reports.

    Notes
    -----
    The abstract states transfer from ImageNet and from MNIST, each frozen and fine-tuned, augmentation, images of
    PaHaW, and 98.28 % accuracy for fine-tuning from ImageNet. The rest is read here so:

    - the network is AlexNet, whose ImageNet weights Keras does not have: another network stands for it, so the rows
      "imagenet" and "mnist" differ in more than their source, and only "mnist" and "none" differ in nothing else;
    - the last layer is a softmax of as many units as classes;
    - augmentation turns by up to 15 degrees, shifts by up to 5 % and zooms by up to 10 %, which leave a trace what it
      is; mirrored writing is none;
    - the classes are weighted by their rarity, which changes nothing where they are equally frequent, as in PaHaW;
    - nothing is held out to stop early.

    References
    ----------
    .. [1] Naseer A. et al., "Refining Parkinson's neurological disorder identification through deep transfer learning",
       Neural Computing and Applications 32 (2020) 839-854.

    Examples
    --------
    >>> from skpd.recipes import make_recipe
    >>> recipe = make_recipe("naseer", source="imagenet", mode="freeze")
    >>> list(recipe.named_steps)
    ['renderer', 'resampler', 'classifier']
    >>> recipe["classifier"].input_shape, recipe["classifier"].head
    ((96, 96, 3), ())
    """
    if source not in TRANSFER_SOURCES:
        raise ValueError(f"source: expected one of {', '.join(map(repr, TRANSFER_SOURCES))}, got {source!r}.")
    if mode not in TRANSFER_MODES:
        raise ValueError(f"mode: expected one of {', '.join(map(repr, TRANSFER_MODES))}, got {mode!r}.")
    size = _IMAGE_SIZE[source] if image_size is None else image_size
    if source == "mnist":
        path = train_digit_network(image_size=size).path if source_network is None else Path(source_network)
        backbone, weights = str(path), None
    elif source == "none":
        backbone, weights = build_blank_network, None
    augmenter = ImageAugmenter(
        n_per_image=n_per_image,
        rotation_range=15,
        width_shift_range=0.05,
        height_shift_range=0.05,
        zoom_range=0.1,
        # Beyond the edge there is paper: the pixels of the edge are.
        fill_mode="nearest",
    )
    classifier = KerasTransferClassifier(
        backbone,
        weights=weights,
        mode=mode,
        input_shape=(size, size, 3),
        head=(),
        unfreeze=_UNFREEZE[source] if unfreeze is None else unfreeze,
        epochs=epochs,
        finetune_epochs=finetune_epochs,
        finetune_learning_rate=_LEARNING_RATE[source] if finetune_learning_rate is None else finetune_learning_rate,
        batch_size=batch_size,
        class_weight="balanced",
        early_stopping=False,
        memory=memory,
        random_state=random_state,
    )
    return Pipeline(
        [
            ("renderer", StrokeRenderer((size, size), width=width * size / 64, channel_names=channel_names)),
            ("resampler", FolderAugmenter(augmenter, jpeg=False, random_state=random_state)),
            ("classifier", classifier),
        ]
    )
