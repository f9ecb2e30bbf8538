"""The Euclidean norm of the channels."""

from __future__ import annotations

from typing import Any, ClassVar

import numpy as np
from sklearn.base import _fit_context

from .._recordings import RecordingTransformer, as_object_array, check_recordings, is_table

__all__ = ["VectorMagnitude"]


class VectorMagnitude(RecordingTransformer):
    r"""Join the channels of every recording into their Euclidean norm.

    The result does not depend on how the sensor was strapped to the wrist. It is computed sample by sample, so nothing
    is learned and `fit` is optional; `fit` records the number of channels, which `transform` then compares.

    Attributes
    ----------
    n_features_in_ : int
        Number of channels seen in `fit`; the number of timesteps for a 2-D `X`.
    feature_names_in_ : ndarray of shape (n_features,)
        Column names seen in `fit`, for a data frame with string columns only.

    See Also
    --------
    TremorBandFilter : Splits the magnitude, or every axis, into frequency bands; with
        ``combine="principal_axis"`` a linear alternative to the magnitude.

    Notes
    -----
    The magnitude is nonlinear. For gravity :math:`g` and a small tremor :math:`a \cos(2 \pi f t)` along it, the
    magnitude is :math:`g + a \cos(2 \pi f t)`. For a tremor orthogonal to gravity it is
    :math:`\sqrt{g^2 + a^2 \cos^2(2 \pi f t)} \approx g + \frac{a^2}{4 g} (1 + \cos(4 \pi f t))`: the tremor
    shows at twice its frequency, with :math:`a / 4g` times its amplitude.

    NaN, which marks a gap, stays NaN.

    Examples
    --------
    >>> import numpy as np
    >>> from skpd.signal import VectorMagnitude
    >>> X = np.array([[[3.0, 4.0, 0.0], [0.0, 0.0, 9.81]]])
    >>> VectorMagnitude().transform(X)
    array([[[5.  ],
            [9.81]]])
    """

    _parameter_constraints: ClassVar[dict] = {}

    @_fit_context(prefer_skip_nested_validation=True)
    def fit(self, X: Any, y: Any = None) -> VectorMagnitude:
        """Check the recordings and record their number of channels.

        Parameters
        ----------
        X : array-like of shape (n, n_timesteps) or (n, n_timesteps, n_channels), or ragged list
            The recordings, in any unit.
        y : None
            Ignored.

        Returns
        -------
        self : VectorMagnitude
            The transformer itself.
        """
        check_recordings(self, X, reset=True, allow_nan=True)
        return self

    def transform(self, X: Any) -> np.ndarray:
        """Compute the magnitude.

        Parameters
        ----------
        X : array-like of shape (n, n_timesteps) or (n, n_timesteps, n_channels), or ragged list
            The recordings.

        Returns
        -------
        magnitude : ndarray
            In the unit of `X`: shape (n, n_timesteps, 1); for a 2-D `X` its absolute value, 2-D; for ragged
            recordings an object array of (n_timesteps_i, 1) arrays.
        """
        recordings = check_recordings(self, X, reset=False, allow_nan=True)
        if isinstance(recordings, list):
            return as_object_array(map(_magnitude, recordings))
        magnitude = _magnitude(recordings)
        return magnitude[:, :, 0] if is_table(X) else magnitude

    def get_feature_names_out(self, input_features: Any = None) -> np.ndarray:
        """Name the output channel.

        Parameters
        ----------
        input_features : array-like of str or None, default=None
            Ignored.

        Returns
        -------
        names : ndarray of shape (1,)
            ``"magnitude"``.
        """
        return np.asarray(["magnitude"], dtype=object)

    def __sklearn_tags__(self):
        tags = super().__sklearn_tags__()
        tags.requires_fit = False
        tags.input_tags.three_d_array = True
        tags.input_tags.allow_nan = True
        return tags


def _magnitude(x: np.ndarray) -> np.ndarray:
    if x.shape[-1] == 1:
        return np.abs(x)
    return np.sqrt(np.einsum("...c,...c->...", x, x))[..., None]
