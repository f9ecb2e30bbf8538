"""A small network of AlexNet's form."""

from __future__ import annotations

from typing import Any

from ._runtime import load_keras

__all__ = ["alexnet"]


def alexnet(input_shape: tuple[int, int, int] = (64, 64, 3), *, filters: int = 32, units: int = 256) -> Any:
    """Build a network of AlexNet's form without its last layer, for small images.

    Five convolutions, with pooling after the first, second and fifth, and two dense layers with dropout; the softmax
    that a classifier puts on top is the third dense layer. Weights are random: see `train_source_network` for trained
    ones.

    Parameters
    ----------
    input_shape : (height, width, channels), default=(64, 64, 3)
        Of the images, in pixels; each side at least 16. The dense layers see every place of the last maps, so a trained
        network takes images of this size only.
    filters : int, default=32
        Maps of the first convolution; the others have 2, 3, 3 and 2 times as many.
    units : int, default=256
        Units of each dense layer, and so the number of features.

    Returns
    -------
    model : keras.Model
        Images of 0 to 255, dark ink on white paper, to `units` features.

    See Also
    --------
    train_source_network : Trains it on images of something else first, such as digits.
    KerasTransferClassifier : Takes it as ``backbone=alexnet``.

    Notes
    -----
    "AlexNet-style", not AlexNet: the order of the layers, ReLU, overlapping pooling (3 x 3, step 2) and dropout of 0.5
    before each dense layer are those of [1]_. Changed for images of 32 to 128 pixels and training sets of thousands:

    - the first convolution is 5 x 5 with step 2, where 224 pixels have 11 x 11 with step 4;
    - 32, 64, 96, 96 and 64 maps in place of 96, 256, 384, 384 and 256: the published ratios, roughly, at a third or
      less, since a network of 60 million weights learns nothing from ten thousand digits that one of 0.6 million does
      not, and takes a hundred times as long;
    - 256 units in place of 4096, and one column in place of two;
    - no local response normalisation, which later work found useless [2]_.

    Pixels are turned into ink, 0 for white and 1 for black, so that paper is nothing and zero padding is more of it.

    Published systems of handwriting take AlexNet, trained on ImageNet or on MNIST, and replace its last layer [3]_.
    The ImageNet form needs weights that Keras does not have; named backbones of `KerasTransferClassifier` stand for it.

    References
    ----------
    .. [1] Krizhevsky A., Sutskever I., Hinton G. E., "ImageNet classification with deep convolutional neural networks",
       Advances in Neural Information Processing Systems 25 (2012).
    .. [2] Simonyan K., Zisserman A., "Very deep convolutional networks for large-scale image recognition", ICLR (2015),
       section 4.1.
    .. [3] Naseer A. et al., "Refining Parkinson's neurological disorder identification through deep transfer learning",
       Neural Computing and Applications 32 (2020) 839-854.

    Examples
    --------
    >>> from skpd.neural import alexnet
    >>> network = alexnet((64, 64, 3))
    >>> network.output_shape, network.count_params()
    ((None, 256), 575680)
    """
    height, width, channels = input_shape
    if min(height, width) < 16 or channels < 1:
        raise ValueError(
            f"alexnet: expected input_shape of (height, width, channels) with sides of 16 or more, got {input_shape}: "
            "its three poolings and first step leave nothing of smaller images."
        )
    keras = load_keras()
    layers = keras.layers

    def convolution(name: str, maps: int, size: int, step: int = 1) -> Any:
        start = {"kernel_initializer": "he_normal", "activation": "relu"}
        return layers.Conv2D(filters * maps, size, strides=step, padding="same", name=name, **start)

    def pooling(name: str) -> Any:
        return layers.MaxPooling2D(3, strides=2, padding="same", name=name)

    def dense(name: str) -> Any:
        return layers.Dense(units, activation="relu", kernel_initializer="he_normal", name=name)

    # The names are those by which the layers of AlexNet are known.
    return keras.Sequential(
        [
            layers.Input((height, width, channels), name="pixels"),
            layers.Rescaling(-1 / 255, offset=1.0, name="ink"),
            convolution("conv1", 1, 5, step=2),
            pooling("pool1"),
            convolution("conv2", 2, 5),
            pooling("pool2"),
            convolution("conv3", 3, 3),
            convolution("conv4", 3, 3),
            convolution("conv5", 2, 3),
            pooling("pool5"),
            layers.Flatten(name="flat"),
            layers.Dropout(0.5, name="drop6"),
            dense("fc6"),
            layers.Dropout(0.5, name="drop7"),
            dense("fc7"),
        ],
        name="alexnet",
    )
