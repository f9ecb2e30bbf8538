"""Parkinson's disease from pen trajectories: features of the movement, and images of the trace.

The first road is that of the kinematic literature: features, selection, a small classifier. The second draws the
trajectory as an image and transfers a network to it, after Naseer et al. A third recipe looks at neither movement nor
trace but at the recording's setup, to show what a dataset gives away.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from imblearn.over_sampling import RandomOverSampler
from imblearn.pipeline import Pipeline
from scipy.special import expit
from scipy.stats import rankdata
from sklearn.ensemble import AdaBoostClassifier, RandomForestClassifier
from sklearn.feature_selection import SelectKBest, VarianceThreshold, f_classif
from sklearn.impute import SimpleImputer
from sklearn.linear_model import LogisticRegression
from sklearn.neighbors import KNeighborsClassifier
from sklearn.preprocessing import FunctionTransformer, StandardScaler
from sklearn.svm import SVC

from ..datasets import load_mnist
from ..features import PenFeatures
from ..images import ImageAugmenter, StrokeRenderer
from ..neural import KerasTransferClassifier, SourceNetwork, alexnet, train_source_network
from ._spiral import FolderAugmenter

__all__ = [
    "PEN_CLASSIFIERS",
    "TRANSFER_MODES",
    "TRANSFER_SOURCES",
    "make_naseer",
    "make_pen_adaboost",
    "make_pen_confound",
    "make_pen_forest",
    "make_pen_knn",
    "make_pen_recipe",
    "make_pen_svm",
    "train_digit_network",
]

#: The groups of `PenFeatures` that mean something of any handwriting; the group "spiral" is added for spirals.
WRITING_GROUPS = ("kinematic", "pressure", "air", "nonlinear", "tremor")

TRANSFER_SOURCES = ("imagenet", "mnist", "none")
TRANSFER_MODES = ("freeze", "finetune")

#: Side of the images in pixels, by source: what the small network was made for, and a compromise between the 224 of
#: ImageNet and the time of fine-tuning without a graphics card.
_IMAGE_SIZE = {"imagenet": 96, "mnist": 64, "none": 64}

#: Layers that fine-tuning trains, and its learning rate: of a deep network the last, and carefully, of the small one
#: all.
_UNFREEZE = {"imagenet": 6, "mnist": 1000, "none": 1000}
_LEARNING_RATE = {"imagenet": 1e-5, "mnist": 1e-4, "none": 1e-4}


class MarginSVC(SVC):
    """A support vector machine whose probabilities are the logistic function of its margins.

    They rank people as the margins do and are not calibrated: calibration needs folds of its own, for which a training
    fold with a dozen controls has no room.
    """

    def predict_proba(self, X: Any) -> np.ndarray:
        """Return (n, 2), the columns in the order of `classes_`."""
        margin = self.decision_function(X)
        if margin.ndim > 1:
            raise ValueError(f"MarginSVC expected two classes, was fitted on {len(self.classes_)}.")
        return np.column_stack([expit(-margin), expit(margin)])


def score_ranks(X: np.ndarray, y: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """F statistics of ranks: of two classes they sort features as the Mann-Whitney test does, whatever outliers do."""
    return f_classif(rankdata(X, axis=0), y)


def build_blank_network(input_shape: tuple[int, int, int]) -> Any:
    """Build the network of AlexNet's form with random weights."""
    # A plain function: a study knows a callable by its code, in which the functions inside `alexnet` have addresses.
    return alexnet(input_shape)


PEN_CLASSIFIERS: dict[str, Callable[[int | None], Any]] = {
    "svm": lambda seed: MarginSVC(),
    "adaboost": lambda seed: AdaBoostClassifier(n_estimators=50, random_state=seed),
    # The table is small, and a tree of it could not be stored without code.
    "knn": lambda seed: KNeighborsClassifier(n_neighbors=5, algorithm="brute"),
    "forest": lambda seed: RandomForestClassifier(n_estimators=200, random_state=seed),
}


def make_pen_recipe(
    classifier: str = "svm",
    *,
    spiral: bool = True,
    n_features: int = 20,
    resample_rate: float | None = 100.0,
    channel_names: Sequence[str] | None = None,
    memory: Any = None,
    random_state: int | None = 0,
) -> Pipeline:
    """Parkinson's disease from a pen trajectory by features of the movement and a small classifier.

    Parameters
    ----------
    classifier : {"svm", "adaboost", "knn", "forest"}, default="svm"
        RBF support vector machine, AdaBoost of stumps, 5 nearest neighbours or random forest, with the settings of
        scikit-learn (200 trees): a few dozen people are too few to choose settings on.
    spiral : bool, default=True
        Whether the drawings are spirals, whose geometry is then measured too.
    n_features : int, default=20
        Features that are kept: those that tell the classes of the training people apart best, by ranks.
    resample_rate : float or None, default=100.0
        As in `skpd.features.PenFeatures`: one even clock for all recordings, below the rates of the tablets.
    channel_names : sequence of str or None, default=None
        As in `skpd.features.PenFeatures`.
    memory : str, joblib.Memory or None, default=None
        As in imbalanced-learn's Pipeline.
    random_state : int or None, default=0
        Seed of over-sampling and classifier.

    Returns
    -------
    pipeline : imblearn.pipeline.Pipeline
        Unfitted; steps "features", "imputer" (median), "varied" (drops constant features), "scaler", "selector",
        "resampler" and "classifier". Trajectories in, one prediction each out.

    Raises
    ------
    ValueError
        If the classifier is unknown.

    Notes
    -----
    Everything that is learned, the choice of features included, is learned of the training rows: features chosen on all
    people before the split are known to score far above chance on noise.

    Rows of the smaller classes are repeated until all classes are equally frequent (`RandomOverSampler`), in training
    only, because the datasets of the field have up to four patients a control.

    References
    ----------
    .. [1] Drotar P. et al., "Evaluation of handwriting kinematics and pressure for differential diagnosis of
       Parkinson's disease", Artificial Intelligence in Medicine 67 (2016) 39-46: the support vector machine, AdaBoost
       and nearest neighbours on such features.

    Examples
    --------
    >>> from skpd.datasets import make_pen_trajectories
    >>> from skpd.recipes import make_recipe
    >>> pens = make_pen_trajectories(n_subjects=12, random_state=0)
    >>> recipe = make_recipe("pen-forest", random_state=0).fit(pens.data, pens.target)
    >>> recipe.predict(pens.data).shape
    (12,)
    >>> recipe[:5].get_feature_names_out().shape
    (20,)
    """
    if classifier not in PEN_CLASSIFIERS:
        raise ValueError(f"classifier: expected one of {', '.join(map(repr, PEN_CLASSIFIERS))}, got {classifier!r}.")
    features = PenFeatures(
        [*WRITING_GROUPS, *(["spiral"] if spiral else [])], channel_names=channel_names, resample_rate=resample_rate
    )
    return Pipeline(
        [
            ("features", features),
            # A channel that no device recorded is kept as a constant, and dropped by the next step.
            ("imputer", SimpleImputer(strategy="median", keep_empty_features=True)),
            ("varied", VarianceThreshold()),
            ("scaler", StandardScaler()),
            ("selector", SelectKBest(score_ranks, k=n_features)),
            ("resampler", RandomOverSampler(random_state=random_state)),
            ("classifier", PEN_CLASSIFIERS[classifier](random_state)),
        ],
        memory=memory,
    )


def make_pen_svm(**parameters: Any) -> Pipeline:
    """Parkinson's disease from a pen trajectory by features and a support vector machine."""
    return make_pen_recipe("svm", **parameters)


def make_pen_adaboost(**parameters: Any) -> Pipeline:
    """Parkinson's disease from a pen trajectory by features and AdaBoost."""
    return make_pen_recipe("adaboost", **parameters)


def make_pen_knn(**parameters: Any) -> Pipeline:
    """Parkinson's disease from a pen trajectory by features and nearest neighbours."""
    return make_pen_recipe("knn", **parameters)


def make_pen_forest(**parameters: Any) -> Pipeline:
    """Parkinson's disease from a pen trajectory by features and a random forest."""
    return make_pen_recipe("forest", **parameters)


def describe_setup(X: Any) -> np.ndarray:
    """Describe recordings by what no disease decides: points a second (Hz), and the logarithm of width to height.

    Parameters
    ----------
    X : sequence of ndarray of shape (n_points_i, n_channels)
        Trajectories whose first three columns are x, y and t (s).

    Returns
    -------
    setup : ndarray of shape (n, 2)
        The rate is rounded to whole Hz, so that it says which device it was and not how its clock trembles. NaN where
        there are no two points in time, or no width or height.
    """
    table = np.full((len(X), 2), np.nan)
    for i, points in enumerate(X):
        known = np.asarray(points)[~np.isnan(np.asarray(points)[:, :3]).any(axis=1)]
        steps = np.diff(known[:, 2])
        if not (steps > 0).any():
            continue
        table[i, 0] = np.rint(1 / np.median(steps[steps > 0]))
        width, height = np.ptp(known[:, :2], axis=0)
        if width > 0 and height > 0:
            table[i, 1] = np.log(width / height)
    return table


def make_pen_confound(*, random_state: int | None = 0) -> Pipeline:
    """Parkinson's disease from the recording rate and the width to height of a drawing alone: a check, not a system.

    What it scores above chance is what a dataset gives away without a look at the movement. A score says something
    about the disease only by what it has above this one.

    Parameters
    ----------
    random_state : int or None, default=0
        Seed of over-sampling.

    Returns
    -------
    pipeline : imblearn.pipeline.Pipeline
        Unfitted; trajectories with the columns x, y, t in, one prediction each out.

    Examples
    --------
    Of simulated people, whose tablets are all alike, the setup tells nothing:

    >>> from skpd.datasets import make_pen_trajectories
    >>> from skpd.recipes import make_recipe
    >>> pens = make_pen_trajectories(n_subjects=12, random_state=0)
    >>> setup = make_recipe("pen-confound")["features"].fit_transform(pens.data)
    >>> set(setup[:, 0].tolist())
    {133.0}
    """
    return Pipeline(
        [
            ("features", FunctionTransformer(describe_setup)),
            ("imputer", SimpleImputer(strategy="median", keep_empty_features=True)),
            ("scaler", StandardScaler()),
            ("resampler", RandomOverSampler(random_state=random_state)),
            ("classifier", LogisticRegression()),
        ]
    )


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
