"""ImageAugmenter: Keras' geometry and brightness, and what a sampler owes."""

import numpy as np
import pandas as pd
import pytest
from imblearn.pipeline import Pipeline
from numpy.testing import assert_allclose, assert_array_equal
from PIL import Image
from scipy.ndimage import affine_transform
from sklearn.base import clone
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import GridSearchCV, GroupKFold
from sklearn.preprocessing import FunctionTransformer

from skpd.images import ImageAugmenter, jpeg_round_trip

ALL = {
    "rotation_range": 40,
    "shear_range": 20,
    "zoom_range": 0.3,
    "width_shift_range": 0.3,
    "height_shift_range": 0.4,
    "horizontal_flip": True,
    "vertical_flip": True,
    "brightness_range": (0.5, 1.5),
}
FILL_MODES = ["constant", "nearest", "reflect", "wrap"]


def images(n=12, size=(20, 20), channels=3, dtype=np.uint8, seed=0):
    shape = (n, *size, channels) if channels else (n, *size)
    return np.random.default_rng(seed).integers(0, 256, shape, dtype=np.uint8).astype(dtype)


def halves(n):
    return np.arange(n) % 2


@pytest.fixture(scope="module")
def generator():
    """Keras' ImageDataGenerator, the reference."""
    tf = pytest.importorskip("tensorflow")
    return tf.keras.preprocessing.image.ImageDataGenerator


@pytest.mark.slow
@pytest.mark.filterwarnings("ignore:Please import `affine_transform`:DeprecationWarning")
@pytest.mark.parametrize("fill_mode", FILL_MODES)
@pytest.mark.parametrize("channels", [1, 3])
def test_uint8_equals_keras(generator, fill_mode, channels):
    X = images(40, (50, 50), channels)
    augmenter = ImageAugmenter(fill_mode=fill_mode, **ALL)
    transforms = augmenter.draw_transforms(len(X), (50, 50), 1)
    keras = generator(fill_mode=fill_mode)
    theirs = np.stack([keras.apply_transform(x, t) for x, t in zip(X, transforms.to_dict("records"), strict=True)])
    difference = np.abs(augmenter.apply_transforms(X, transforms).astype(int) - theirs)
    # A sum that is a half up to rounding, or a place on the very edge, may go the other way on another machine.
    assert (difference > 0).mean() < 1e-4


@pytest.mark.slow
@pytest.mark.filterwarnings("ignore:Please import `affine_transform`:DeprecationWarning")
@pytest.mark.parametrize("fill_mode", FILL_MODES)
def test_float_equals_keras_up_to_its_eight_bits(generator, fill_mode):
    X = images(20, (50, 50), dtype=np.float32)
    augmenter = ImageAugmenter(fill_mode=fill_mode, **ALL)
    transforms = augmenter.draw_transforms(len(X), (50, 50), 1)
    keras = generator(fill_mode=fill_mode)
    for table, allowed in ((transforms.drop(columns="brightness"), 1e-3), (transforms, 2.5)):
        theirs = np.stack([keras.apply_transform(x, t) for x, t in zip(X, table.to_dict("records"), strict=True)])
        difference = np.abs(augmenter.apply_transforms(X, table) - theirs)
        assert (difference > allowed).mean() < 1e-4


@pytest.mark.slow
@pytest.mark.filterwarnings("ignore:Please import `affine_transform`:DeprecationWarning")
def test_ranges_are_those_that_keras_draws_from(generator):
    options = {**ALL, "width_shift_range": 6, "height_shift_range": 2.5}
    ours = ImageAugmenter(**options).draw_transforms(3000, (50, 50), 0)
    keras = generator(**options)
    draws = [keras.get_random_transform((50, 50, 3), seed=i) for i in range(3000)]
    # Keras draws its tx, which moves columns, from height_shift_range: see the Notes of ImageAugmenter.
    swapped = {"tx": "ty", "ty": "tx"}
    for name in ours:
        theirs = np.array([draw[swapped.get(name, name)] for draw in draws], dtype=float)
        mine = ours[name].to_numpy(float)
        scale = np.ptp(theirs)
        assert_allclose(
            [mine.min(), mine.max(), mine.mean(), mine.std()],
            [theirs.min(), theirs.max(), theirs.mean(), theirs.std()],
            atol=0.03 * scale,
        )
    assert set(ours["tx"]) == set(range(-5, 6))


@pytest.mark.parametrize("fill_mode", FILL_MODES)
@pytest.mark.parametrize("dtype", [np.uint8, np.float32, np.float64])
@pytest.mark.parametrize("size", [(17, 30), (30, 17), (1, 9), (9, 1)])
def test_interpolation_is_scipys_also_on_images_that_are_not_square(fill_mode, dtype, size):
    X = images(8, size, dtype=dtype)
    augmenter = ImageAugmenter(rotation_range=180, zoom_range=0.4, width_shift_range=0.6, fill_mode=fill_mode)
    transforms = augmenter.draw_transforms(8, size, 2)
    result = augmenter.apply_transforms(X, transforms)
    centre = (np.array(size) - 1) / 2
    for image, t, ours in zip(X, transforms.itertuples(), result, strict=True):
        c, s = np.cos(np.deg2rad(t.theta)), np.sin(np.deg2rad(t.theta))
        # (row, column) of the source for that of the result: rotated about the centre after shift and zoom.
        rotation = np.array([[c, s], [-s, c]])
        matrix = rotation @ np.diag([t.zy, t.zx])
        offset = centre + rotation @ [t.ty, t.tx] - matrix @ centre
        theirs = np.stack(
            [affine_transform(image[..., k], matrix, offset, order=1, mode=fill_mode) for k in range(3)], axis=-1
        )
        difference = np.abs(ours.astype(float) - theirs)
        # A place on the very edge may fall on either side of it: all of the image with one row or column does.
        if fill_mode == "constant" and 1 in size:
            continue
        assert (difference > 1e-3).mean() < (0.02 if fill_mode in ("constant", "wrap") else 1e-9)


@pytest.mark.parametrize("channels", [None, 1, 2, 3, 4])
@pytest.mark.parametrize("dtype", [np.uint8, np.float16, np.float32, np.float64])
def test_shape_and_dtype_stay(channels, dtype):
    X = images(channels=channels, size=(12, 18), dtype=dtype)
    online = ImageAugmenter("online", **ALL)
    batch = online.random_batch(X, 0)
    assert batch.shape == X.shape
    assert batch.dtype == dtype
    X_more, y_more = ImageAugmenter(n_per_image=2, **ALL).fit_resample(X, halves(len(X)))
    assert X_more.shape == (36, *X.shape[1:])
    assert X_more.dtype == dtype
    assert len(y_more) == 36


def test_channels_are_transformed_alike():
    X = images(6, channels=4)
    augmenter = ImageAugmenter(**{**ALL, "brightness_range": None})
    table = augmenter.draw_transforms(6, (20, 20), 0)
    together = augmenter.apply_transforms(X, table)
    for k in range(4):
        assert_array_equal(together[..., k], augmenter.apply_transforms(X[..., k], table))


@pytest.mark.parametrize(
    ("change", "expected"),
    [
        ({}, lambda x: x),
        ({"theta": 180.0}, lambda x: x[:, ::-1, ::-1]),
        ({"flip_horizontal": True}, lambda x: x[:, :, ::-1]),
        ({"flip_vertical": True}, lambda x: x[:, ::-1]),
        ({"tx": 3.0}, lambda x: np.concatenate([x[:, :, 3:], np.repeat(x[:, :, -1:], 3, axis=2)], axis=2)),
        ({"ty": -2.0}, lambda x: np.concatenate([np.repeat(x[:, :1], 2, axis=1), x[:, :-2]], axis=1)),
        ({"brightness": 1.0}, lambda x: x),
        ({"brightness": 0.0}, np.zeros_like),
        ({"brightness": 1.5}, lambda x: np.minimum(x * 1.5, 255).astype(np.uint8)),
    ],
)
def test_what_each_parameter_does(change, expected):
    X = images(3, (14, 22))
    table = pd.DataFrame([change] * 3, index=range(3))
    assert_array_equal(ImageAugmenter().apply_transforms(X, table), expected(X))


def test_brightness_of_floats_stops_at_their_white():
    unit = images(4, dtype=np.float32) / 255
    online = ImageAugmenter("online", brightness_range=(1.5, 1.5))
    assert_allclose(online.random_batch(unit, 0), np.minimum(unit * 1.5, 1), rtol=1e-6)
    assert_allclose(online.random_batch(unit * 255, 0), np.minimum(unit * 255 * 1.5, 255), rtol=1e-6)
    opaque = np.full((2, 5, 5, 4), 200, dtype=np.uint8)
    dimmed = ImageAugmenter("online", brightness_range=(0.5, 0.5)).random_batch(opaque, 0)
    assert (dimmed[..., :3] == 100).all()
    assert (dimmed[..., 3] == 200).all()


def test_rows_are_told_and_reproduced():
    X, y = images(10), np.repeat(["a", "b"], [7, 3])
    augmenter = ImageAugmenter(n_per_image=4, random_state=0, **ALL)
    X_more, y_more = augmenter.fit_resample(X, y)
    assert_array_equal(X_more[:10], X)
    assert_array_equal(augmenter.sample_indices_, [*range(10), *np.repeat(range(10), 4)])
    assert_array_equal(y_more, y[augmenter.sample_indices_])
    assert augmenter.sampling_strategy_ == {"a": 35, "b": 15}
    assert_array_equal(augmenter.apply_transforms(X[augmenter.sample_indices_], augmenter.transforms_), X_more)
    again, _ = clone(augmenter).fit_resample(X, y)
    assert_array_equal(again, X_more)
    other, _ = clone(augmenter).set_params(random_state=1).fit_resample(X, y)
    assert (other[10:] != X_more[10:]).mean() > 0.5
    without, _ = clone(augmenter).set_params(keep_originals=False).fit_resample(X, y)
    assert_array_equal(without, X_more[10:])


def test_the_checks_that_imbalanced_learn_runs_on_tables_hold_on_images():
    X, y = images(9), np.repeat([0, 1, 2], 3)
    augmenter = ImageAugmenter(n_per_image=2, random_state=0, **ALL)
    assert augmenter.fit(X, y) is augmenter
    X_more, y_more = augmenter.fit_resample(X, y)
    one_vs_all = np.eye(3, dtype=int)[y]
    X_again, y_again = augmenter.fit_resample(X, one_vs_all)
    assert_array_equal(X_again, X_more)
    assert_array_equal(y_again.argmax(axis=1), y_more)
    as_list, y_list = augmenter.fit_resample(X.astype(float).tolist(), y.tolist())
    assert isinstance(as_list, list)
    assert y_list == y_more.tolist()
    with pytest.raises(ValueError, match="more than 1 class"):
        augmenter.fit_resample(X, np.zeros(9, int))
    with pytest.raises(ValueError, match="inconsistent numbers of samples"):
        augmenter.fit_resample(X, y[:5])


def test_published_counts():
    X = images(102, (4, 4))
    for keep, expected in ((True, 5304), (False, 5202)):
        X_more, _ = ImageAugmenter(keep_originals=keep, rotation_range=40).fit_resample(X, halves(102))
        assert len(X_more) == expected


@pytest.mark.parametrize("keep", [True, False])
def test_classes_are_balanced_on_request(keep):
    X, y = images(13), np.repeat([0, 1, 2], [7, 4, 2])
    augmenter = ImageAugmenter(n_per_image=3, keep_originals=keep, sampling_strategy="auto", random_state=0)
    _, y_more = augmenter.fit_resample(X, y)
    assert np.bincount(y_more).tolist() == [7 * (3 + keep)] * 3
    used = np.bincount(augmenter.sample_indices_, minlength=13)
    for label in range(3):
        assert np.ptp(used[y == label]) <= 1
    augmenter.set_params(sampling_strategy={1: 30})
    _, y_more = augmenter.fit_resample(X, y)
    assert np.bincount(y_more).tolist() == [7 * (3 + keep), 30, 2 * (3 + keep)]


def test_a_draw_does_not_depend_on_what_else_is_switched_on():
    some = ImageAugmenter(rotation_range=20).draw_transforms(5, (20, 20), 3)
    more = ImageAugmenter(**{**ALL, "rotation_range": 20}).draw_transforms(9, (20, 20), 3)
    assert_array_equal(some["theta"], more["theta"][:5])
    assert "brightness" not in some


@pytest.mark.parametrize(
    ("shift", "expected"),
    [
        (0.25, {"least": -10, "most": 10}),
        (2.5, {"least": -2.5, "most": 2.5}),
        (3, {"values": {-2, -1, 0, 1, 2}}),
        ([4, 7], {"values": {-7, -4, 4, 7}}),
        ([0.1, 0.5], {"values": {-20, -4, 4, 20}}),
        (0, {"values": {0}}),
    ],
)
@pytest.mark.parametrize(("name", "column", "size"), [("width", "tx", (9, 40)), ("height", "ty", (40, 9))])
def test_shifts_along_each_side(name, column, size, shift, expected):
    table = ImageAugmenter(**{f"{name}_shift_range": shift}).draw_transforms(2000, size, 0)
    other = {"tx": "ty", "ty": "tx"}[column]
    assert (table[other] == 0).all()
    if "values" in expected:
        assert set(table[column]) == expected["values"]
    else:
        assert_allclose([table[column].min(), table[column].max()], [expected["least"], expected["most"]], rtol=0.02)


def test_online_is_fresh_each_time_and_reproducible():
    X = images(8)
    online = ImageAugmenter("online", **ALL)
    rng = np.random.default_rng(0)
    first, second = online.random_batch(X, rng), online.random_batch(X, rng)
    assert (first != second).mean() > 0.5
    assert_array_equal(online.random_batch(X, np.random.default_rng(0)), first)
    assert_array_equal(online.random_batch(X, 5), online.random_batch(X, np.random.RandomState(5)))


def test_each_mode_says_where_it_belongs():
    X, y = images(6), halves(6)
    with pytest.raises(ValueError, match="KerasTransferClassifier"):
        Pipeline([("augment", ImageAugmenter("online")), ("classify", LogisticRegression())]).fit(X, y)
    with pytest.raises(ValueError, match="Pipeline"):
        ImageAugmenter("offline").random_batch(X, 0)


@pytest.mark.parametrize("dtype", [np.uint8, np.float32])
def test_read_only_mapped_and_strided_images_are_read_where_they_are(tmp_path, dtype):
    X = images(6, dtype=dtype)
    online = ImageAugmenter("online", **ALL)
    expected = online.random_batch(X, 0)
    before = X.copy()
    X.flags.writeable = False
    assert_array_equal(online.random_batch(X, 0), expected)
    np.save(tmp_path / "images.npy", X)
    mapped = np.load(tmp_path / "images.npy", mmap_mode="r")
    assert_array_equal(online.random_batch(mapped, 0), expected)
    augmenter = ImageAugmenter(n_per_image=2, random_state=0, **ALL)
    assert_array_equal(augmenter.fit_resample(mapped, halves(6))[0], augmenter.fit_resample(before, halves(6))[0])
    strided = np.repeat(before, 2, axis=0)[::2]
    assert_array_equal(online.random_batch(strided, 0), expected)
    assert_array_equal(X, before)


def test_in_a_grid_search_only_training_folds_are_augmented():
    X, y, drawers = images(24, (8, 8)), halves(24), np.arange(24) // 2
    seen = []

    def flatten(batch):
        seen.append(len(batch))
        return batch.reshape(len(batch), -1)

    steps = [
        ("augment", ImageAugmenter(rotation_range=10, random_state=0)),
        ("flatten", FunctionTransformer(flatten)),
        ("classify", LogisticRegression(max_iter=5000)),
    ]
    grid = {"augment__n_per_image": [1, 3], "augment__keep_originals": [True, False]}
    search = GridSearchCV(Pipeline(steps), grid, cv=GroupKFold(3), refit=False).fit(X, y, groups=drawers)
    assert np.isfinite(search.cv_results_["mean_test_score"]).all()
    # Twelve fits, each followed by the eight images of a test fold as they are.
    assert seen[1::2] == [8] * 12
    assert sorted(set(seen[::2])) == [16, 32, 48, 64]


def test_files_show_the_rows(tmp_path):
    X, y = images(3, (16, 24)), [0, 1, 1]
    X = np.repeat(np.repeat(X, 8, axis=1), 8, axis=2)
    augmenter = ImageAugmenter(n_per_image=2, save_dir=tmp_path / "new", horizontal_flip=True, random_state=0)
    X_more, _ = augmenter.fit_resample(X, y)
    names = [f"0000{i}_original.jpeg" for i in range(3)] + [f"0000{i}_00{j}.jpeg" for i in range(3) for j in (1, 2)]
    assert sorted(names) == sorted(file.name for file in (tmp_path / "new").iterdir())
    for row, name in zip(X_more, names, strict=True):
        read = np.asarray(Image.open(tmp_path / "new" / name))
        assert_array_equal(read, jpeg_round_trip(row[None])[0])
    with pytest.raises(ValueError, match=r"save_dir: expected a folder without JPEG files"):
        augmenter.fit_resample(X, y)
    grey = ImageAugmenter(n_per_image=1, save_dir=tmp_path / "grey").fit_resample(X[..., 0] / 255.0, y)[0]
    read = np.asarray(Image.open(tmp_path / "grey" / "00002_001.jpeg"))
    assert np.abs(read - grey[5] * 255).mean() < 15


def test_round_trip_stretches_as_keras_does_when_it_saves():
    dim = np.linspace(50, 100, 64 * 64).reshape(1, 64, 64)
    assert 48 <= jpeg_round_trip(dim).min() <= jpeg_round_trip(dim).max() <= 102
    stretched = jpeg_round_trip(dim, stretch=True)
    assert stretched.min() <= 2
    assert stretched.max() >= 253
    flat = np.full((2, 16, 16, 3), 90, dtype=np.uint8)
    assert_array_equal(jpeg_round_trip(flat), flat)
    assert (jpeg_round_trip(flat, stretch=True) == 0).all()
    unit = np.full((1, 16, 16), 0.4)
    assert_array_equal(jpeg_round_trip(unit), 102)
    for X, message in ((np.zeros((8, 8)), "batch of images"), (np.zeros((2, 8, 8, 4)), r"1 \(grey\) or 3")):
        with pytest.raises(ValueError, match=message):
            jpeg_round_trip(X)


@pytest.mark.parametrize(
    ("X", "message"),
    [
        (np.zeros((6, 10)), r"batch of images.*shape \(6, 10\).*X\[None\]"),
        (np.zeros((6, 10, 3), np.uint8), r"A single image is passed as X\[None\]"),
        (np.zeros((6, 1, 2, 3, 4), np.uint8), "batch of images"),
        (np.zeros((6, 0, 5), np.uint8), "batch of images"),
        (np.zeros((0, 5, 5), np.uint8), r"batch of images.*shape \(0, 5, 5\)"),
        (np.zeros((6, 5, 5), int), "uint8 or floating point, got int64"),
        (np.full((6, 5, 5), np.nan), "NaN"),
        (np.full((6, 5, 5), -np.inf, np.float32), "infinity"),
    ],
)
def test_what_is_no_batch_of_images_says_so(X, message):
    with pytest.raises(ValueError, match=message):
        ImageAugmenter().fit_resample(X, halves(len(X)))
    with pytest.raises(ValueError, match=message):
        ImageAugmenter("online").random_batch(X, 0)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"rotation_range": -1}, "rotation_range"),
        ({"shear_range": 90}, "shear_range"),
        ({"zoom_range": 1.5}, "zoom_range"),
        ({"zoom_range": (0, 1)}, "zoom_range: expected .low, high., low above 0"),
        ({"zoom_range": (1.2, 0.8)}, "zoom_range"),
        ({"brightness_range": (0.5,)}, "brightness_range: expected .low, high., low 0 or more"),
        ({"brightness_range": (-1, 1)}, "brightness_range"),
        ({"brightness_range": 0.5}, "brightness_range"),
        ({"width_shift_range": []}, "width_shift_range"),
        ({"height_shift_range": [[1]]}, "height_shift_range"),
        ({"fill_mode": "mirror"}, "fill_mode"),
        ({"n_per_image": 0}, "n_per_image"),
        ({"mode": "both"}, "mode"),
        ({"sampling_strategy": {5: 9}}, r"sampling_strategy: expected classes of y, \[0, 1\], got \[5\]"),
        ({"sampling_strategy": {0: 2}}, "at least the 3 originals of class 0, got 2"),
        ({"sampling_strategy": "minority"}, "sampling_strategy"),
    ],
)
def test_parameters_out_of_range_are_named(options, message):
    with pytest.raises(ValueError, match=message):
        ImageAugmenter(**options).fit_resample(images(6), halves(6))


def test_brightness_refuses_preprocessed_images():
    with pytest.raises(ValueError, match="augment before preprocessing"):
        ImageAugmenter("online", brightness_range=(0.5, 1.5)).random_batch(images(4, dtype=np.float32) - 128, 0)


def test_files_of_images_that_jpeg_cannot_hold(tmp_path):
    with pytest.raises(ValueError, match=r"1 \(grey\) or 3 \(colour\) channels, got 4"):
        ImageAugmenter(save_dir=tmp_path).fit_resample(images(4, channels=4), halves(4))


def test_tables_that_do_not_fit():
    X = images(4)
    table = ImageAugmenter(**ALL).draw_transforms(4, (20, 20), 0)
    with pytest.raises(ValueError, match="expected 4 rows"):
        ImageAugmenter().apply_transforms(X, table[:3])
    with pytest.raises(ValueError, match=r"the columns \['angle'\]"):
        ImageAugmenter().apply_transforms(X, table.rename(columns={"theta": "angle"}))


@pytest.mark.parametrize("dtype", [np.uint8, np.float32])
def test_images_of_a_list_stay_images(dtype):
    X, y = (images(6) / (1 if dtype == np.uint8 else 255)).astype(dtype), np.repeat([0, 1], 3)
    augmenter = ImageAugmenter(n_per_image=2, rotation_range=20, random_state=0)
    expected, _ = augmenter.fit_resample(X, y)
    as_list, _ = augmenter.fit_resample(list(X), y)
    assert isinstance(as_list, list)
    assert as_list[0].dtype == dtype
    assert_array_equal(np.stack(as_list), expected)
    # As readers return images that keep their sizes.
    packed = np.empty(6, dtype=object)
    packed[:] = list(X)
    assert_array_equal(augmenter.fit_resample(packed, y)[0], expected)
    assert ImageAugmenter(mode="online", rotation_range=20).random_batch(as_list, 0).dtype == dtype


def test_images_of_several_sizes_are_refused():
    packed = np.empty(2, dtype=object)
    packed[:] = [np.zeros((4, 5, 3), np.uint8), np.zeros((6, 5, 3), np.uint8)]
    with pytest.raises(ValueError, match=r"of one size, got 2 sizes, such as \(4, 5, 3\) and \(6, 5, 3\): bring"):
        ImageAugmenter().fit_resample(packed, [0, 1])


def test_numbers_of_rows_are_whole():
    with pytest.raises(ValueError, match=r"sampling_strategy: expected a whole number of rows of class 0, got 6.0"):
        ImageAugmenter(sampling_strategy={0: 6.0}).fit_resample(images(4), [0, 0, 1, 1])
