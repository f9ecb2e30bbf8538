"""What samplers of images have in common."""

from __future__ import annotations

from typing import Any

import numpy as np
from imblearn.base import BaseSampler

from ._checks import check_images

__all__ = ["ImageSampler"]


class ImageSampler(BaseSampler):
    """Base of samplers whose rows are images."""

    # imbalanced-learn interprets a sampling_strategy by this; of images it is interpreted by the sampler, or not there.
    _sampling_type = "bypass"

    def fit_resample(self, X: Any, y: Any, **params: Any) -> tuple:
        """Make the images of the training set.

        Parameters
        ----------
        X : array-like of shape (n, height, width, n_channels) or (n, height, width)
            The images.
        y : array-like of shape (n,)
            Their labels.
        **params : dict
            As imbalanced-learn passes them on.

        Returns
        -------
        X_resampled : ndarray of shape (n_rows, height, width, n_channels) or (n_rows, height, width)
            The images, of the dtype of `X`; a list of them where `X` is a list.
        y_resampled : ndarray of shape (n_rows,)
            Their labels.
        """
        if isinstance(X, np.ndarray) and X.dtype != object:
            return super().fit_resample(X, y, **params)
        # imbalanced-learn would give the images of a list back as lists of numbers.
        made, y_made = super().fit_resample(check_images(X), y, **params)
        return (list(made) if isinstance(X, list) else made), y_made

    def __sklearn_tags__(self) -> Any:
        tags = super().__sklearn_tags__()
        tags.input_tags.two_d_array = False
        tags.input_tags.three_d_array = True
        tags.input_tags.sparse = False
        return tags
