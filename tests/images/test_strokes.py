"""StrokeRenderer: where ink goes, how much of it, and what is refused."""

import pickle

import numpy as np
import pandas as pd
import pytest
from sklearn.base import clone
from sklearn.pipeline import make_pipeline

from skpd.datasets import load_svc, load_uci_spirals
from skpd.exceptions import SkippedDataWarning
from skpd.images import ImageAugmenter, StrokeRenderer

NAMES = ["x", "y", "t", "pressure", "pen_down"]


def pen(xy, pressure=0.5, down=1, rate=100):
    xy = np.asarray(xy, dtype=float)
    t = np.arange(len(xy)) / rate
    full = [np.broadcast_to(np.asarray(v, dtype=float), len(xy)) for v in (pressure, down)]
    return np.column_stack([xy, t, *full])


def draw(*trajectories, **options):
    """Return ink, 0 to 1, of shape (n, height, width, channels)."""
    options = {"image_size": (40, 40), "channel_names": NAMES} | options
    packed = np.empty(len(trajectories), dtype=object)
    for i, trajectory in enumerate(trajectories):
        packed[i] = trajectory
    images = StrokeRenderer(**options).fit_transform(packed)
    assert images.dtype == np.uint8
    return 1 - images / 255


LINE = pen(np.column_stack([np.linspace(0, 1, 50), np.zeros(50)]))
SPIRAL = pen([[a * np.cos(a), a * np.sin(a)] for a in np.linspace(0, 12, 400)])
#: On the surface along y = 0, then in the air up to y = 1.
LIFTED = pen(
    np.concatenate([LINE[:, :2], np.column_stack([np.ones(50), np.linspace(0, 1, 50)])]),
    pressure=np.repeat([0.5, 0.0], 50),
    down=np.repeat([1, 0], 50),
)


@pytest.mark.parametrize("size", [(40, 40), (30, 64), (224, 100)])
@pytest.mark.parametrize(
    ("in_air", "channels", "expected"), [("omit", None, 3), ("omit", 1, 1), ("channel", None, 2), ("colour", 3, 3)]
)
def test_shape(size, in_air, channels, expected):
    ink = draw(LIFTED, SPIRAL, image_size=size, in_air=in_air, channels=channels)
    assert ink.shape == (2, *size, expected)
    assert ink.min() == 0
    assert ink.max() > 0.9


@pytest.mark.parametrize("width", [0.5, 1.0, 1.5, 3.0, 8.0])
def test_a_line_has_its_width_and_place(width):
    ink = draw(LINE, image_size=(41, 101), width=width, margin=0.05)[0, :, :, 0]
    rows = ink[:, 50]
    assert rows.sum() == pytest.approx(max(width, 1) * min(width, 1), abs=0.02)
    assert (np.arange(41) * rows).sum() / rows.sum() == pytest.approx(20, abs=0.05)
    columns = np.flatnonzero(ink[20] > 0.25 * ink[20].max())
    # Margin of 0.05 of the shorter side on both sides.
    assert abs(columns[0] - 2.05) < 1.1
    assert abs(100 - columns[-1] - 2.05) < 1.1


def test_ink_depends_neither_on_density_nor_on_order():
    coarse = pen([[0, 0], [1, 0.3]])
    dense = pen(np.linspace([0, 0], [1, 0.3], 300))
    np.testing.assert_allclose(draw(coarse), draw(dense), atol=1 / 255 + 1e-9)
    backwards = SPIRAL.copy()
    backwards[:, [0, 1]] = SPIRAL[::-1, :2]
    np.testing.assert_array_equal(draw(SPIRAL), draw(backwards))


def test_shape_of_the_drawing_is_kept():
    half = SPIRAL * [1, 0.5, 1, 1, 1]
    extents = []
    for trajectory in (SPIRAL, half):
        ink = draw(trajectory, image_size=(100, 100))[0, :, :, 0] > 0.5
        rows, columns = np.flatnonzero(ink.any(1)), np.flatnonzero(ink.any(0))
        extents.append(np.ptp(rows) / np.ptp(columns))
        assert abs(rows.mean() - 49.5) < 1.5
    data = np.ptp(SPIRAL[:, 1]) / np.ptp(SPIRAL[:, 0])
    assert extents == pytest.approx([data, data / 2], rel=0.05)
    # Nor does size, place or unit matter.
    moved = SPIRAL * [1e-4, 1e-4, 1, 1, 1] + [7, -3, 0, 0, 0]
    assert np.abs(draw(SPIRAL) - draw(moved)).max() <= 1 / 255 + 1e-9


def test_y_grows_upwards_unless_told():
    rising = pen(np.linspace([0, 0], [1, 1], 20))
    up, down = (draw(rising, flip_y=flip)[0, :, :, 0] for flip in (True, False))
    assert up[5, 34:].max() > 0.5
    assert up[5, :6].max() == 0
    np.testing.assert_allclose(up, down[::-1], atol=1 / 255 + 1e-9)


def test_pressure_is_ink():
    for pressure in (0.25, 1.0):
        trajectory = LINE.copy()
        trajectory[:, 3] = pressure
        assert draw(trajectory, ink="pressure", width=3).max() == pytest.approx(pressure, abs=0.005)
    rising = LINE.copy()
    rising[:, 3] = np.linspace(0.1, 0.9, 50)
    row = draw(rising, ink="pressure", width=3, image_size=(41, 101))[0, 20, :, 0]
    assert row[10] < row[50] < row[90]
    assert row[50] == pytest.approx(0.5, abs=0.03)


def test_strokes_in_the_air():
    omitted = draw(LIFTED)[0]
    np.testing.assert_array_equal(omitted, draw(LIFTED[:50])[0])
    surface, air = np.moveaxis(draw(LIFTED, in_air="channel")[0], 2, 0)
    assert surface[-4:].sum() > 20
    assert surface[:30].sum() == 0
    assert air[5:30, -6:].sum() > 20
    assert air[:, :30].sum() == 0
    # Air is drawn whatever the pressure, which is 0 there.
    np.testing.assert_array_equal(draw(LIFTED, in_air="channel", ink="pressure")[0, :, :, 1], air)
    coloured = 255 * (1 - draw(LIFTED, in_air="colour", width=3)[0])
    np.testing.assert_allclose(coloured[20].reshape(-1, 3).min(axis=0), [213, 94, 0], atol=0.5)
    assert coloured[:, 10].min() == pytest.approx(0, abs=0.5)


def test_what_is_in_the_air_without_pen_down():
    by_pressure = draw(LIFTED[:, :4], channel_names=NAMES[:4], in_air="channel")
    np.testing.assert_array_equal(by_pressure, draw(LIFTED, in_air="channel"))
    # A device that records neither is always on the surface.
    unknown = LIFTED.copy()
    unknown[:, 3:] = np.nan
    assert draw(unknown)[0, 5:30, -6:].sum() > 20
    with pytest.raises(ValueError, match=r"trajectory 1 without any value of pen_down and pressure: pass in_air"):
        draw(LIFTED, unknown, in_air="colour")


def test_points_that_are_not_joined_show_speed():
    # The same line: slow on the left, five times as fast on the right.
    x = np.concatenate([np.linspace(0, 0.5, 250), np.linspace(0.5, 1, 50)[1:]])
    trajectory = pen(np.column_stack([x, np.zeros(len(x))]))
    row = draw(trajectory, join=False, width=0.5, image_size=(41, 101))[0, 20, :, 0]
    assert row[15:45].mean() > 1.5 * row[55:85].mean()
    joined = draw(trajectory, image_size=(41, 101))[0, 20, :, 0]
    assert joined[15:45].mean() == pytest.approx(joined[55:85].mean())


def test_gaps():
    gap = LINE.copy()
    gap[25:, 2] += 1.0
    gap[25:, 0] += 1.0
    middle = (0, slice(None), slice(18, 22), 0)
    assert draw(gap)[middle].sum() == 0
    assert draw(gap, max_gap=None)[middle].sum() > 3
    assert draw(gap, max_gap=2)[middle].sum() > 3
    no_time = np.delete(gap, 2, axis=1)
    assert draw(no_time, channel_names=["x", "y", "pressure", "pen_down"])[middle].sum() > 3
    for column in (0, 1, 4):
        hole = LINE.copy()
        hole[20:30, column] = np.nan
        assert draw(hole)[middle].sum() == 0, NAMES[column]
        assert draw(hole)[0].sum() > 10
    hole = LINE.copy()
    hole[20:30, 3] = np.nan
    assert draw(hole)[middle].sum() > 3
    assert draw(hole, ink="pressure")[middle].sum() == 0


def test_one_point_is_a_dot_in_the_middle():
    ink = draw(pen([[3, 4]]), width=4)[0, :, :, 0]
    assert ink.sum() == pytest.approx(np.pi * 4, rel=0.05)
    assert ink[19:21, 19:21].min() == 1
    assert ink[:15].sum() == 0
    # A point that is joined to no other, beside a line.
    alone = np.concatenate([LINE[:20], pen([[0.2, 0.5]]) + [0, 0, 9, 0, 0]])
    assert draw(alone)[0, :20].sum() > 1


def test_nothing_to_draw_is_blank_and_said():
    in_air = LIFTED[60:]
    with pytest.warns(SkippedDataWarning, match=r"nothing to draw in 2 of 3 trajectories \(rows 0, 2\)"):
        ink = draw(in_air, LINE, np.full((5, 5), np.nan))
    assert ink[[0, 2]].sum() == 0
    assert ink[1].sum() > 0
    assert draw(in_air, in_air="channel").sum() > 0


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"channels": 2}, r"channels: expected 1 or 3 with in_air='omit', got 2"),
        ({"channels": 1, "in_air": "colour"}, r"channels: expected 3"),
        ({"image_size": (40,)}, r"image_size: expected \(height, width\)"),
        ({"image_size": (40, 0.5)}, r"image_size"),
        ({"image_size": (4, 4), "width": 5}, r"expected room for a drawing"),
        ({"channel_names": ["a", "b", "c", "d", "e"]}, r'channel_names: expected "x", "y"'),
        ({"channel_names": ["x", "y", "t"]}, r"5 column\(s\) a trajectory, expected the 3 of"),
        (
            {"channel_names": ["x", "y", "t", "azimuth", "pen_down"], "ink": "pressure"},
            r'expected a channel "pressure"',
        ),
        ({"channel_names": ["x", "y", "a", "b", "c"], "in_air": "channel"}, r"to tell what is in the air"),
        ({"ink": "red"}, r"'ink' parameter"),
        ({"width": 0}, r"'width' parameter"),
    ],
    ids=lambda value: "-".join(value) if isinstance(value, dict) else "",
)
def test_parameters_are_checked(options, message):
    with pytest.raises(ValueError, match=message):
        draw(LINE, **options)


def test_pressures_are_checked():
    for pressure in (700, -0.1):
        trajectory = LINE.copy()
        trajectory[:, 3] = pressure
        with pytest.raises(ValueError, match=r"from 0 to 1 of full scale, got .* in trajectory 1: divide"):
            draw(LINE, trajectory, ink="pressure")
    trajectory[:, 3] = np.nan
    with pytest.raises(ValueError, match=r"got trajectory 0 with NaN throughout.*Pass ink=\"constant\""):
        draw(trajectory, ink="pressure")


@pytest.mark.parametrize(
    "X",
    [np.zeros((3, 5)), [], [np.zeros((0, 5)), LINE], [np.full((4, 5), np.inf), LINE], LINE],
    ids=["table", "none", "empty", "infinite", "bare"],
)
def test_what_is_no_batch_is_refused(X):
    with pytest.raises(ValueError, match=r"expected|Expected|infinity|column"):
        StrokeRenderer(channel_names=NAMES).fit_transform(X)


def test_it_is_a_transformer():
    renderer = StrokeRenderer((32, 32), ink="pressure", channel_names=NAMES)
    batch = np.stack([LINE, LINE[::-1]])
    batch[1, :, 2] = LINE[:, 2]
    images = clone(renderer).fit_transform(batch)
    assert images.shape == (2, 32, 32, 3)
    fitted = pickle.loads(pickle.dumps(renderer.fit(batch)))
    np.testing.assert_array_equal(fitted.set_output(transform="pandas").transform(list(batch)), images)
    np.testing.assert_array_equal(fitted.transform(batch[1:]), images[1:])
    assert fitted.n_features_in_ == 5
    assert renderer.get_params()["image_size"] == (32, 32)
    with pytest.raises(ValueError, match="4 channel"):
        fitted.transform([LINE[:, :4], LINE[:20, :4]])
    with pytest.raises(AttributeError, match="not fitted"):
        clone(renderer).transform(batch)
    before = batch.copy()
    fitted.transform(batch)
    np.testing.assert_array_equal(batch, before)


def test_images_can_be_augmented():
    images = make_pipeline(StrokeRenderer((24, 24), channel_names=NAMES)).fit_transform([LINE, SPIRAL])
    more, labels = ImageAugmenter(n_per_image=3, rotation_range=20, random_state=0).fit_resample(images, ["a", "b"])
    assert more.shape[1:] == (24, 24, 3)
    assert len(more) == len(labels)


def test_real_recordings(data_dir):
    spirals = load_uci_spirals(data_dir / "uci_spiral", test="static")
    images = StrokeRenderer(channel_names=spirals.channel_names).fit_transform(spirals.data)
    assert images.shape == (76, 100, 100, 3)
    share = (images < 128).mean(axis=(1, 2, 3))
    assert share.min() > 0.04
    assert share.max() < 0.3
    svc = load_svc(data_dir / "svc")
    surface, air = np.moveaxis(StrokeRenderer(in_air="channel").fit_transform(svc.data)[0], 2, 0)
    assert (surface < 128).sum() > (air < 128).sum() > 20


def test_frames_with_their_channels_in_another_order_are_refused():
    frame = pd.DataFrame({"x": [0.0, 1.0, 2.0], "y": [0.0, 1.0, 0.0], "t": [0.0, 0.01, 0.02]})
    renderer = StrokeRenderer(channel_names=["x", "y", "t"])
    images = renderer.fit_transform([frame])
    for call in (renderer.fit, renderer.transform):
        with pytest.raises(ValueError, match=r"columns .*'x', 'y', 't'\], got \['t', 'x', 'y'\]: reorder"):
            call([frame[["t", "x", "y"]]])
    # Other names go by position.
    named = frame.rename(columns={"x": "X mm", "y": "Y mm", "t": "ms"})
    np.testing.assert_array_equal(StrokeRenderer(channel_names=["x", "y", "t"]).fit_transform([named]), images)
