"""make_spiral_drawings: like the real ones, reproducible, and leaky where real ones are."""

import numpy as np
import pytest
from numpy.testing import assert_array_equal
from scipy.ndimage import gaussian_filter
from sklearn.model_selection import StratifiedGroupKFold, StratifiedKFold, cross_val_score
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from sklearn.svm import SVC

from skpd.datasets import load_spiral_drawings, make_spiral_drawings
from skpd.datasets._drawing_model import _ink
from skpd.images import ImageAugmenter


@pytest.fixture(scope="module")
def spirals():
    return make_spiral_drawings(random_state=0)


def darkness(image):
    """How much darker than paper each pixel is, without the grain."""
    grey = gaussian_filter(image.mean(axis=-1), 0.7)
    return np.median(grey) - grey


def edges(images):
    """Strengths of edges by place and direction."""
    grey = gaussian_filter(images.mean(axis=-1), (0, 1, 1))
    gy, gx = np.gradient(grey, axis=(1, 2))
    strength, angle = np.hypot(gx, gy), (np.arctan2(gy, gx) % np.pi / np.pi * 8).astype(int) % 8
    cells = [
        (strength * (angle == k)).reshape(len(images), 10, 10, 10, 10).sum(axis=(2, 4)).reshape(len(images), -1)
        for k in range(8)
    ]
    features = np.concatenate(cells, axis=1)
    return features / np.linalg.norm(features, axis=1, keepdims=True).clip(1e-9)


def test_shapes_and_entries_match_those_of_the_real_drawings(spirals):
    assert spirals.data.shape == (112, 100, 100, 3)
    assert spirals.data.dtype == np.uint8
    assert spirals.target_names == ["healthy", "parkinson"]
    assert np.bincount(spirals.target == "parkinson").tolist() == [56, 56]
    assert len(set(spirals.groups)) == 28
    for drawer in set(spirals.groups):
        assert len(set(spirals.target[spirals.groups == drawer])) == 1
    assert spirals.frame["drawing"].is_unique
    assert spirals.frame["split"].value_counts().to_dict() == {"training": 84, "testing": 28}
    assert "SIMULATED" in spirals.DESCR
    assert set(spirals) == {"data", "target", "target_names", "groups", "units", "frame", "DESCR"}


def test_reader_of_real_drawings_has_the_same_entries(data_dir, spirals):
    real = load_spiral_drawings(data_dir / "spiral_wave_drawings")
    assert set(spirals) <= set(real)
    assert {"drawing", "drawer", "number", "target", "split", "kind"} <= set(real.frame) & set(spirals.frame)
    assert set(real.frame["split"]) == set(spirals.frame["split"])
    for split in ("training", "testing"):
        ours = spirals.data[spirals.frame["split"] == split]
        theirs = real.data[real.frame["split"] == split]
        assert abs(np.median(ours) - np.median(theirs)) < 10
        assert 0.6 < ours.std() / theirs.std() < 1.7
        for share in (1, 5):
            assert abs(np.percentile(ours, share) - np.percentile(theirs, share)) < 35


@pytest.mark.parametrize("kind", ["spiral", "wave"])
def test_the_same_seed_draws_the_same_and_cohorts_are_nested(kind):
    few = make_spiral_drawings(4, drawings_per_drawer=2, kind=kind, random_state=3)
    again = make_spiral_drawings(4, drawings_per_drawer=2, kind=kind, random_state=3)
    assert_array_equal(few.data, again.data)
    more = make_spiral_drawings(6, drawings_per_drawer=3, kind=kind, random_state=3)
    same = more.frame["drawing"].isin(few.frame["drawing"]).to_numpy()
    assert_array_equal(more.data[same], few.data)
    other = make_spiral_drawings(4, drawings_per_drawer=2, kind=kind, random_state=4)
    assert (few.data != other.data).mean() > 0.5


@pytest.mark.parametrize("kind", ["spiral", "wave"])
@pytest.mark.parametrize("image_size", [(100, 100), (40, 90), (128, 64)])
def test_the_drawing_fills_its_sheet(kind, image_size):
    data, target = make_spiral_drawings(4, kind=kind, image_size=image_size, random_state=1, return_X_y=True)
    assert data.shape == (16, *image_size, 3)
    assert target.shape == (16,)
    # The bright scans, on which ink is easy to find.
    for image in data[::4]:
        ink = darkness(image) > 15
        rows, columns = np.flatnonzero(ink.any(axis=1)), np.flatnonzero(ink.any(axis=0))
        assert rows[0] < 0.08 * image_size[0]
        assert rows[-1] > 0.92 * image_size[0] - 1
        assert columns[0] < 0.08 * image_size[1]
        assert columns[-1] > 0.92 * image_size[1] - 1
        assert 0.02 < ink.mean() < 0.5


def test_tremor_is_larger_with_parkinsons_disease_and_the_classes_overlap(spirals):
    drawers = spirals.frame.drop_duplicates("drawer")
    tremor = drawers.groupby("target")["tremor_percent"]
    assert tremor.median()["parkinson"] > 1.5 * tremor.median()["healthy"]
    assert tremor.min()["parkinson"] < tremor.max()["healthy"]


@pytest.mark.parametrize("seed", [0, 1])
def test_leaky_splits_score_higher(seed):
    spirals = make_spiral_drawings(random_state=seed)
    classifier = make_pipeline(StandardScaler(), SVC(C=3))
    by_drawer = cross_val_score(
        classifier,
        edges(spirals.data),
        spirals.target,
        groups=spirals.groups,
        cv=StratifiedGroupKFold(5, shuffle=True, random_state=0),
    ).mean()
    augmenter = ImageAugmenter(n_per_image=4, rotation_range=40, horizontal_flip=True, random_state=0)
    X, y = augmenter.fit_resample(spirals.data, spirals.target)
    after_augmentation = cross_val_score(
        classifier, edges(X), y, cv=StratifiedKFold(5, shuffle=True, random_state=0)
    ).mean()
    assert 0.5 < by_drawer < 0.9
    assert after_augmentation > by_drawer + 0.08


@pytest.mark.parametrize("image_size", [(100,), (100, 8), (100, 5000), (50.5, 100), "ab"])
def test_sizes_that_are_none(image_size):
    with pytest.raises((ValueError, TypeError), match="image_size"):
        make_spiral_drawings(image_size=image_size)


def test_a_line_has_its_width_and_a_round_end():
    ink = _ink(np.linspace(20, 80, 100), np.full(100, 30.0), np.full(100, 10.0), (60, 100))
    assert ink.shape == (60, 100)
    np.testing.assert_allclose(ink[:, 50].sum(), 10, atol=0.5)
    assert ink[30, 83] > 0.9
    assert ink[30, 86] == 0
    # The corners of the end are rounded off.
    assert ink[26, 84] == 0
    assert ink[30, 17] == 0
