"""Images drawn of pens and made of other images, by the mean of each sixteenth."""

import numpy as np
import pytest

from skpd.datasets import make_pen_trajectories
from skpd.images import ImageAugmenter, StrokeRenderer, jpeg_round_trip


def describe_images(images):
    """A line for each image and channel; the mean of the squares follows how ink is spread."""
    lines = []
    for i, image in enumerate(images):
        for k, channel in enumerate(np.moveaxis(image.astype(float), 2, 0)):
            blocks = channel[:40, :60].reshape(4, 10, 4, 15)
            means = " ".join(f"{value:.2f}" for value in blocks.mean(axis=(1, 3)).ravel())
            lines.append(f"{i} {k}: {means}, squares {(channel**2).mean():.1f}")
    return "\n".join(lines)


@pytest.fixture(scope="module")
def pens():
    """A spiral and a wave, lifted now and then and with a gap."""
    trajectories = make_pen_trajectories(2, tasks=("spiral", "wave"), random_state=0).data[:2]
    for points in trajectories:
        t = points[:, 2]
        points[t % 2 > 1.7, 6] = 0
    return [points[points[:, 2] % 3 < 2.8] for points in trajectories]


@pytest.mark.parametrize(
    "options",
    [
        {},
        {"ink": "pressure", "in_air": "colour", "width": 2.5, "margin": 0.1, "flip_y": False},
        {"in_air": "channel", "join": False, "width": 0.6},
        {"channels": 1, "max_gap": None, "width": 0.8},
    ],
    ids=["default", "pressure", "dots", "thin"],
)
def test_strokes(pens, snapshot, options):
    images = StrokeRenderer(image_size=(40, 60), **options).fit_transform(pens)
    snapshot(describe_images(images), rtol=1e-3)


@pytest.mark.parametrize("fill_mode", ["constant", "nearest", "reflect", "wrap"])
def test_augmented_images(pens, snapshot, fill_mode):
    images = StrokeRenderer(image_size=(40, 60), in_air="colour", width=4).fit_transform(pens)
    augmenter = ImageAugmenter(
        n_per_image=4,
        rotation_range=40,
        shear_range=20,
        zoom_range=0.3,
        width_shift_range=0.3,
        height_shift_range=[2, 8],
        horizontal_flip=True,
        vertical_flip=True,
        brightness_range=(0.5, 1.2),
        fill_mode=fill_mode,
        random_state=0,
    )
    made, _ = augmenter.fit_resample(images, np.array(["spiral", "wave"]))
    columns = [
        f"{name}: {' '.join(f'{value:.6f}' for value in column.astype(float))}"
        for name, column in augmenter.transforms_.items()
    ]
    snapshot("\n".join([describe_images(made), *columns]), rtol=1e-3)


@pytest.mark.parametrize("stretch", [False, True])
def test_jpeg_round_trip(pens, snapshot, stretch):
    images = StrokeRenderer(image_size=(40, 60), width=4).fit_transform(pens)
    # Compression is that of Pillow's libjpeg, which may differ by a level here and there.
    snapshot(describe_images(jpeg_round_trip(images / 2 + 60.0, stretch=stretch)), rtol=0.005)
