"""Networks, as scikit-learn estimators: the only rooms of skpd with Keras.

`KerasMLPClassifier` is the published perceptron for tables of features, with early stopping on held-out people.
`KerasTransferClassifier` classifies drawings with a pretrained backbone, frozen or fine-tuned; `BackboneFeatures` is
its frozen half as a transformer with a cache, for any other classifier. `alexnet` is a small network of AlexNet's
form, and `train_source_network` trains it, or another, on images that there are many of, such as digits.

Keras and TensorFlow are loaded when a network is built, not when this package is imported: constructing, cloning and
unpickling estimators does not need them.
"""

from __future__ import annotations

from ._alexnet import alexnet
from ._features import BackboneFeatures
from ._mlp import KerasMLPClassifier
from ._source import SourceNetwork, train_source_network
from ._transfer import KerasTransferClassifier

__all__ = [
    "BackboneFeatures",
    "KerasMLPClassifier",
    "KerasTransferClassifier",
    "SourceNetwork",
    "alexnet",
    "train_source_network",
]
