"""Renderer and augmenter: sizes, types, what nothing does, and the same for the same seed."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from skpd.images import ImageAugmenter, StrokeRenderer, jpeg_round_trip

NAMES = ["x", "y", "t"]
seeds = st.integers(0, 2**32 - 1)
sizes = st.tuples(st.integers(4, 40), st.integers(4, 40))
batches = st.tuples(
    st.integers(1, 4), sizes, st.sampled_from([(), (1,), (3,), (4,)]), st.sampled_from(["uint8", "float32", "float64"])
)
RANGES = st.fixed_dictionaries(
    {},
    optional={
        "rotation_range": st.floats(0, 180),
        "shear_range": st.floats(0, 45),
        "zoom_range": st.floats(0, 0.9),
        "width_shift_range": st.floats(0, 0.9),
        "height_shift_range": st.integers(0, 5),
        "horizontal_flip": st.booleans(),
        "vertical_flip": st.booleans(),
        "fill_mode": st.sampled_from(["constant", "nearest", "reflect", "wrap"]),
        "brightness_range": st.just((0.5, 1.5)),
    },
)


def images(batch, seed):
    n, size, channels, dtype = batch
    if not channels and size[1] in (1, 3, 4):
        size = (size[0], 5)
    pixels = np.random.default_rng(seed).integers(0, 256, size=(n, *size, *channels))
    return (pixels if dtype == "uint8" else pixels / 255).astype(dtype)


def trajectory(seed, n):
    rng = np.random.default_rng(seed)
    return np.column_stack([rng.normal(size=(n, 2)).cumsum(axis=0), np.arange(n) / 100])


@given(batches, seeds)
def test_zero_parameters_change_nothing(batch, seed):
    X = images(batch, seed)
    out = ImageAugmenter(mode="online").random_batch(X, seed)
    assert out.dtype == X.dtype
    np.testing.assert_array_equal(out, X)
    more, labels = ImageAugmenter(n_per_image=2).fit_resample(np.concatenate([X, X]), np.repeat(["a", "b"], len(X)))
    np.testing.assert_array_equal(more[: 2 * len(X)], np.concatenate([X, X]))
    np.testing.assert_array_equal(more[2 * len(X) :], np.repeat(np.concatenate([X, X]), 2, axis=0))
    assert (labels == np.concatenate([np.repeat(["a", "b"], len(X)), np.repeat(["a", "b"], 2 * len(X))])).all()


@given(batches, RANGES, seeds)
def test_shape_type_range_and_seed(batch, ranges, seed):
    X = images(batch, seed)
    augmenter = ImageAugmenter(mode="online", **ranges)
    out = augmenter.random_batch(X, seed)
    assert out.shape == X.shape
    assert out.dtype == X.dtype
    assert np.isfinite(out).all()
    assert out.min() >= 0
    assert out.max() <= (255 if X.dtype == np.uint8 else 1)
    np.testing.assert_array_equal(out, augmenter.random_batch(X, seed))
    rng = np.random.default_rng(seed)
    first = augmenter.random_batch(X, rng)
    np.testing.assert_array_equal(first, augmenter.random_batch(X, np.random.default_rng(seed)))


@given(batches, seeds, st.booleans(), st.booleans())
def test_flips_are_flips(batch, seed, horizontal, vertical):
    X = images(batch, seed)
    augmenter = ImageAugmenter(mode="online", horizontal_flip=horizontal, vertical_flip=vertical)
    for image, out in zip(X, augmenter.random_batch(X, seed), strict=True):
        expected = [image]
        if horizontal:
            expected += [x[:, ::-1] for x in expected]
        if vertical:
            expected += [x[::-1] for x in expected]
        assert any(np.array_equal(out, x) for x in expected)


@given(st.integers(1, 4), st.integers(1, 5), st.booleans(), seeds)
def test_offline_rows(n, n_per_image, keep, seed):
    X = images((2 * n, (6, 7), (3,), "uint8"), seed)
    y = np.arange(2 * n) % 2
    augmenter = ImageAugmenter(n_per_image=n_per_image, keep_originals=keep, rotation_range=20, random_state=seed)
    more, labels = augmenter.fit_resample(X, y)
    assert len(more) == len(labels) == 2 * n * (n_per_image + keep)
    np.testing.assert_array_equal(labels, y[augmenter.sample_indices_])
    assert len(augmenter.transforms_) == len(more)


@given(sizes, st.integers(1, 60), seeds, st.sampled_from([1, 3]), st.floats(0, 0.2))
def test_renderer(size, n, seed, channels, margin):
    size = (size[0] + 6, size[1] + 6)
    points = trajectory(seed, n)
    renderer = StrokeRenderer(size, channel_names=NAMES, channels=channels, margin=margin)
    out = renderer.fit_transform([points, points[::-1]])
    assert out.shape == (2, *size, channels)
    assert out.dtype == np.uint8
    assert out.min() < 255
    np.testing.assert_array_equal(out[0], renderer.transform([points])[0])
    assert (out == out[..., :1]).all()


@given(st.integers(2, 60), seeds, st.sampled_from([0.25, 2.0, 1024.0]), st.integers(-100, 100))
def test_a_drawing_fills_its_image_wherever_it_was(n, seed, factor, shift):
    points = np.round(trajectory(seed, n) * 64) / 64
    points[:, 2] = np.arange(n) / 100
    moved = points * [factor, factor, 1] + [shift, -shift, 0]
    one, other = StrokeRenderer((32, 32), channel_names=NAMES).fit_transform([points, moved])
    np.testing.assert_allclose(one.astype(int), other.astype(int), atol=1)


@given(seeds, st.integers(2, 40))
def test_flip_y_turns_the_image_over(seed, n):
    points = trajectory(seed, n)
    up = StrokeRenderer((30, 30), channel_names=NAMES).fit_transform([points])[0]
    down = StrokeRenderer((30, 30), channel_names=NAMES, flip_y=False).fit_transform([points])[0]
    np.testing.assert_allclose(up[::-1].astype(int), down.astype(int), atol=1)


@pytest.mark.parametrize("channels", [1, 3])
def test_jpeg_keeps_form_and_flat_images(channels):
    X = np.full((2, 16, 24, channels), 100, dtype=np.uint8)
    out = jpeg_round_trip(X)
    assert out.shape == X.shape
    assert out.dtype == X.dtype
    np.testing.assert_allclose(out.astype(int), 100, atol=1)
