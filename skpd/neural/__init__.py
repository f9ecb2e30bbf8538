"""Networks, as scikit-learn estimators: the only rooms of skpd with Keras.

`KerasMLPClassifier` is the published perceptron for tables of features, with early stopping on held-out people.
`KerasTransferClassifier` classifies drawings with a pretrained backbone, frozen or fine-tuned; `BackboneFeatures` is
its frozen half as a transformer with a cache, for any other classifier. Keras and TensorFlow are loaded when a network
is built, not when this package is imported: constructing, cloning and unpickling estimators does not need them.
"""

from __future__ import annotations

from ._features import BackboneFeatures
from ._mlp import KerasMLPClassifier
from ._transfer import KerasTransferClassifier

__all__ = ["BackboneFeatures", "KerasMLPClassifier", "KerasTransferClassifier"]
