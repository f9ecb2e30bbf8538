"""The augmenter and the network together, as the hybrid workflows use them."""

import numpy as np
import pytest
from imblearn.pipeline import make_pipeline

from skpd.datasets import make_spiral_drawings
from skpd.images import ImageAugmenter
from skpd.neural import KerasTransferClassifier


@pytest.mark.slow
@pytest.mark.parametrize("n_views", [2, None])
def test_offline_and_online_augmentation_in_one_pipeline(n_views):
    drawings = make_spiral_drawings(n_drawers=6, drawings_per_drawer=2, image_size=(32, 32), random_state=0)
    network = KerasTransferClassifier(
        "MobileNet",
        weights=None,
        input_shape=(32, 32, 3),
        augmenter=ImageAugmenter(mode="online", rotation_range=20, horizontal_flip=True),
        n_views=n_views,
        epochs=2,
        early_stopping=False,
        random_state=0,
    )
    pipeline = make_pipeline(ImageAugmenter(n_per_image=2, rotation_range=40, random_state=0), network)
    pipeline.fit(drawings.data, drawings.target)
    proba = pipeline.predict_proba(drawings.data)
    assert proba.shape == (12, 2)
    np.testing.assert_allclose(proba.sum(axis=1), 1, atol=1e-6)
    assert len(pipeline[-1].history_["loss"]) == 2
