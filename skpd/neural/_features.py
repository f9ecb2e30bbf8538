"""A frozen backbone as a transformer with a cache."""

from __future__ import annotations

import os
from numbers import Integral
from typing import Any, ClassVar

import numpy as np
from sklearn.base import BaseEstimator, ClassNamePrefixFeaturesOutMixin, TransformerMixin, _fit_context
from sklearn.utils import check_random_state
from sklearn.utils._param_validation import HasMethods, Interval, StrOptions
from sklearn.utils.validation import check_is_fitted

from ._backbones import Backbone, check_images
from ._runtime import quiet
from ._store import FeatureStore, image_key

__all__ = ["BackboneFeatures"]

#: Images that are preprocessed and stored at a time: what an interrupted run can lose.
_CHUNK = 256


class BackboneFeatures(ClassNamePrefixFeaturesOutMixin, TransformerMixin, BaseEstimator):
    """Turn images into features by a pretrained network that is not trained further.

    Parameters
    ----------
    backbone : str, path or callable, default="DenseNet201"
        The network without its top: a name in `keras.applications` (DenseNet121, DenseNet201, MobileNet, ResNet50 and
        EfficientNetB0 are tested), the path of a ``.keras`` model, or a callable that takes `input_shape` and returns
        a `keras.Model`.
    weights : "imagenet", path or None, default="imagenet"
        "imagenet" downloads on first use. A path is that of a file without top: ``.weights.h5``, ``.h5`` or ``.keras``.
        None is random weights drawn by `random_state`; for a model file or a callable, the weights that it comes with.
    input_shape : tuple of int, default=(100, 100, 3)
        Height, width and channels of the images, in pixels.
    pooling : {"avg", "max"} or None, default="avg"
        How the last maps become one row; None flattens them.
    batch_size : int, default=32
        Images that pass the network together.
    memory : str, path, joblib.Memory or None, default=None
        Folder in which the features of each image are kept. The key is made of weights, preprocessing, pixels and the
        versions of Keras and TensorFlow, so every clone of a grid search and every fold reuses them.
    random_state : int, RandomState instance or None, default=None
        Draws the weights where there are none. Features of an unseeded network are never found again.

    Attributes
    ----------
    fingerprint_ : str
        Digest of what decides the features: network, weights, preprocessing, library versions.
    n_features_in_ : int
        Number of channels of the images.

    Raises
    ------
    FileNotFoundError
        If a file is missing, or "imagenet" cannot be downloaded: the message says which file and where it goes.
    ValueError
        If images have another shape than `input_shape`: they are not resized here, since that would hide how; or if
        their values are not 0 to 255.

    See Also
    --------
    KerasTransferClassifier : A classifier on these features, or on a backbone that is trained too.

    Notes
    -----
    The preprocessing of a named backbone (its ``preprocess_input``) is applied here: pass pixels from 0 to 255. A model
    file or callable is given 0 to 255 as they are.

    A file of weights is only ever read. Files of the user's in Keras' own download folder are kept safe from Keras,
    which deletes one whose checksum it does not expect.

    A pickle holds no weights, but where they come from: a file that is gone or changed when the network is needed again
    is an error. Networks are built on first use; where all features are found in `memory`, never.

    Examples
    --------
    >>> import numpy as np
    >>> from skpd.neural import BackboneFeatures
    >>> drawings = np.random.default_rng(0).integers(0, 256, size=(4, 32, 32, 3), dtype=np.uint8)
    >>> features = BackboneFeatures("MobileNet", weights=None, input_shape=(32, 32, 3), random_state=0)
    >>> features.fit_transform(drawings).shape
    (4, 1024)
    """

    _parameter_constraints: ClassVar[dict] = {
        "backbone": [str, os.PathLike, callable],
        "weights": [str, os.PathLike, None],
        "input_shape": ["array-like"],
        "pooling": [StrOptions({"avg", "max"}), None],
        "batch_size": [Interval(Integral, 1, None, closed="left")],
        "memory": [str, os.PathLike, HasMethods(["cache"]), None],
        "random_state": ["random_state"],
    }

    def __init__(
        self,
        backbone: Any = "DenseNet201",
        *,
        weights: Any = "imagenet",
        input_shape: tuple[int, int, int] = (100, 100, 3),
        pooling: str | None = "avg",
        batch_size: int = 32,
        memory: Any = None,
        random_state: Any = None,
    ) -> None:
        self.backbone = backbone
        self.weights = weights
        self.input_shape = input_shape
        self.pooling = pooling
        self.batch_size = batch_size
        self.memory = memory
        self.random_state = random_state

    @_fit_context(prefer_skip_nested_validation=True)
    def fit(self, X: Any, y: Any = None) -> BackboneFeatures:
        """Check the images and where the network comes from; nothing is learned.

        Parameters
        ----------
        X : array-like of shape (n, height, width, channels)
            Images, values 0 to 255.
        y : ignored
            For the signature of scikit-learn.

        Returns
        -------
        self : BackboneFeatures
            The transformer.
        """
        if len(self.input_shape) != 3 or min(self.input_shape) < 1:
            raise ValueError(f"expected input_shape of (height, width, channels), got {self.input_shape!r}.")
        check_images(self, X, tuple(self.input_shape), reset=True)
        seed = int(check_random_state(self.random_state).randint(2**31 - 1))
        self._backbone = Backbone(self.backbone, self.weights, self.input_shape, self.pooling, seed)
        self.fingerprint_ = self._backbone.fingerprint
        return self

    def transform(self, X: Any) -> np.ndarray:
        """Compute the features of images, or find them in `memory`.

        Parameters
        ----------
        X : array-like of shape (n, height, width, channels)
            Images, values 0 to 255.

        Returns
        -------
        features : ndarray of shape (n, n_features), float32
            One row an image.
        """
        check_is_fitted(self)
        X = check_images(self, X, self._backbone.input_shape, reset=False)
        store = FeatureStore(self.memory, self._backbone.fingerprint)
        keys = [image_key(image) for image in X]
        first = dict(zip(reversed(keys), range(len(X) - 1, -1, -1), strict=True))
        rows = {key: row for key in first if (row := store.get(key)) is not None}
        missing = [key for key in first if key not in rows]
        for start in range(0, len(missing), _CHUNK):
            chunk = missing[start : start + _CHUNK]
            for key, row in zip(chunk, self._compute(X[[first[key] for key in chunk]]), strict=True):
                rows[key] = row
                store.put(key, row)
        return np.stack([rows[key] for key in keys])

    def _compute(self, images: np.ndarray) -> np.ndarray:
        with quiet():
            pixels = self._backbone.preprocess(images)
            return self._backbone.model.predict(pixels, batch_size=self.batch_size, verbose=0)

    @property
    def _n_features_out(self) -> int:
        return self._backbone.model.output_shape[-1]

    def __sklearn_tags__(self) -> Any:
        tags = super().__sklearn_tags__()
        tags.input_tags.two_d_array = False
        tags.transformer_tags.preserves_dtype = []
        tags.requires_fit = True
        return tags
