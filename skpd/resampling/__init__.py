"""Resamplers for imbalanced classes, for training folds that may hold next to nothing of a class.

`tremor_resamplers` are the published ones, ready as a parameter list for ``GridSearchCV`` over an imbalanced-learn
Pipeline, which resamples training folds only. Each is wrapped in `RareClassSampler`, which wraps any other sampler
too. `CondensedNearestNeighbour` selects what that of imbalanced-learn selects, in a fraction of the time.
"""

from ._condensed import CondensedNearestNeighbour
from ._published import RESAMPLER_FAMILIES, tremor_resamplers
from ._rare import RareClassSampler

__all__ = ["RESAMPLER_FAMILIES", "CondensedNearestNeighbour", "RareClassSampler", "tremor_resamplers"]
