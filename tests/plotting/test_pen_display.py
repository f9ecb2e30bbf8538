"""PenDisplay: right numbers on the axes, and what is refused."""

import matplotlib as mpl
import matplotlib.pyplot as plt
import numpy as np
import pytest

from skpd.datasets import load_svc, load_uci_spirals
from skpd.plotting import PenDisplay
from skpd.plotting._pen_motion import find_motion, fit_spiral

NAMES = ["x", "y", "t", "pressure", "pen_down"]


@pytest.fixture(autouse=True)
def close_figures():
    yield
    plt.close("all")


def spiral(turns=3, growth=0.005, centre=(0.1, 0.2), tremor=0.0, inwards=False, mirrored=False):
    """An Archimedean spiral in metres, at 200 points/s, with a tremor of the radius at 6 Hz."""
    t = np.arange(0, 4 * turns, 0.005)
    angle = 2 * np.pi * turns * np.sqrt(t / t[-1])
    radius = growth * angle + tremor * np.sin(2 * np.pi * 6 * t)
    xy = np.column_stack([radius * np.cos(angle), radius * np.sin(angle)])
    xy = (xy[::-1] if inwards else xy) * [1, -1 if mirrored else 1] + centre
    return np.column_stack([xy, t, np.linspace(0.2, 0.8, len(t)), np.ones(len(t))])


def draw(trajectory, **options):
    return PenDisplay.from_trajectory(trajectory, **{"channel_names": NAMES, "units": {"x": "m"}} | options)


def lifted():
    trajectory = spiral()
    trajectory[1000:1400, 4] = 0
    trajectory[1000:1400, 3] = 0
    return trajectory


@pytest.mark.parametrize("inwards", [False, True], ids=["outwards", "inwards"])
@pytest.mark.parametrize("mirrored", [False, True], ids=["left", "right"])
@pytest.mark.parametrize("tremor", [0.0, 0.002])
def test_the_ideal_spiral_is_found(inwards, mirrored, tremor):
    xy = spiral(inwards=inwards, mirrored=mirrored, tremor=tremor)[:, :2]
    found = fit_spiral(xy)
    assert found.turns == pytest.approx(3, abs=0.05)
    assert found.loop_width == pytest.approx(2 * np.pi * 0.005, rel=0.03)
    # Root mean square of a sine is its amplitude over the root of 2; slow parts count less, tremor being path too.
    assert found.residual == pytest.approx(tremor / np.sqrt(2), rel=0.35, abs=1e-5)
    assert found.explained > 0.98
    distance = np.min(np.linalg.norm(found.path[:, None] - xy[None, ::4], axis=2), axis=1)
    assert np.percentile(distance, 95) < 0.0008 + 1.5 * tremor


def test_what_is_no_spiral():
    line = np.linspace([0, 0], [1, 2], 50)
    assert fit_spiral(line) is None
    assert fit_spiral(np.ones((50, 2))) is None
    letters = np.column_stack([np.linspace(0, 1, 200), 0.1 * np.sin(np.linspace(0, 40, 200))])
    assert fit_spiral(letters) is None or fit_spiral(letters).explained < 0.65


def test_speed_and_jerk_of_a_circle():
    # Radius 0.05 m at 1 turn/s: speed r w, jerk r w^3.
    t = np.arange(0, 4, 0.005)
    circle = 0.05 * np.column_stack([np.cos(2 * np.pi * t), np.sin(2 * np.pi * t)])
    motion = find_motion(circle, t, cutoff=15, max_gap=0.1)
    inside = slice(100, -100)
    np.testing.assert_allclose(motion.speed[inside], 0.05 * 2 * np.pi, rtol=1e-3)
    np.testing.assert_allclose(motion.jerk[inside], 0.05 * (2 * np.pi) ** 3, rtol=5e-3)
    # A gap parts them.
    t[400:] += 1
    parted = find_motion(circle, t, cutoff=15, max_gap=0.1)
    assert np.isnan(parted.speed).sum() == 2
    assert parted.speed[~np.isnan(parted.speed)].max() < 0.05 * 2 * np.pi * 1.1


def test_axes_show_what_was_computed():
    display = draw(spiral(), title="V01")
    drawing, speed, jerk = display.axes_
    assert [ax.get_title(loc="left") for ax in display.axes_] == ["V01", "speed (mm/s)", "jerk (10³ mm/s³)"]
    assert (drawing.get_xlabel(), drawing.get_ylabel(), jerk.get_xlabel()) == ("x (mm)", "y (mm)", "time (s)")
    assert [text.get_text() for text in drawing.get_legend().get_texts()] == ["ideal spiral"]
    (colours,) = drawing.collections
    assert len(colours.get_array()) == len(spiral()) - 1
    np.testing.assert_array_equal(speed.lines[0].get_ydata(), display.motion.speed)
    np.testing.assert_allclose(jerk.lines[0].get_ydata() * 1000, display.motion.jerk)
    assert drawing.get_aspect() == 1
    low, high = drawing.get_xlim()
    assert low < 1000 * spiral()[:, 0].min() < 1000 * spiral()[:, 0].max() < high
    assert display.figure_ is drawing.figure


def test_strokes_in_the_air():
    display = draw(lifted())
    drawing, speed, jerk = display.axes_
    labels = [text.get_text() for text in drawing.get_legend().get_texts()]
    assert labels == ["ideal spiral", "in air"]
    air, surface = drawing.collections
    # From the last point on the surface to the next one.
    assert len(air.get_segments()) == 401
    assert len(surface.get_segments()) == len(lifted()) - 1 - 401
    for panel in (speed, jerk):
        (span,) = panel.patches
        assert span.get_x() == pytest.approx(999 * 0.005)
        assert span.get_x() + span.get_width() == pytest.approx(1400 * 0.005)
    assert "83% of the points on the surface" in display.alt_text_


def test_colour():
    pressure = draw(spiral(), color="pressure", units={"x": "m", "pressure": "share of full scale"})
    values = pressure.axes_[0].collections[0].get_array()
    assert values.min() == pytest.approx(0.2, abs=0.001)
    assert values.max() == pytest.approx(0.8, abs=0.001)
    assert pressure.figure_.axes[-1].get_ylabel() == "pressure (share of full scale)"
    assert "coloured by pressure" in pressure.alt_text_
    assert draw(spiral()).figure_.axes[-1].get_ylabel() == "speed (mm/s)"


def test_units_and_direction():
    display = draw(spiral(), units=None, y_up=False)
    assert display.axes_[0].get_xlabel() == "x (units)"
    assert display.axes_[0].yaxis.get_inverted()
    assert not draw(spiral()).axes_[0].yaxis.get_inverted()


def test_alt_text():
    text = draw(spiral(tremor=0.001)).alt_text_
    assert text.startswith("Pen drawing of 12 s and 2,400 points, coloured by speed; 100% of the points on the surface")
    assert text.endswith("3.0 turns 31.4 mm apart; the drawing departs from it by 0.69 mm (root mean square).")


def test_gaps_missing_and_repeated_points():
    trajectory = spiral()
    trajectory[500:520, 0] = np.nan
    trajectory[700, 2] = np.nan
    trajectory[900, 2] = trajectory[899, 2]
    trajectory[1200:, 2] += 1
    display = draw(trajectory)
    assert len(display.points) == len(trajectory) - 22
    # The missing stretch is a gap in time as long as max_gap, the second one another.
    assert np.isnan(display.motion.speed).sum() >= 2
    assert np.isfinite(display.motion.speed[~np.isnan(display.motion.speed)]).all()


def test_own_axes_and_untouched_settings():
    before = dict(mpl.rcParams)
    figure, axes = plt.subplots(3)
    display = draw(spiral(), spiral=False, ax=axes)
    assert display.figure_ is figure
    assert display.spiral is None
    assert display.axes_[0].get_legend() is None
    assert dict(mpl.rcParams) == before
    with pytest.raises(ValueError, match="expected 3 axes"):
        display.plot(ax=axes[:2])


@pytest.mark.parametrize(
    ("trajectory", "options", "message"),
    [
        (np.zeros((9, 4)), {}, r"expected one recording of shape \(n_points, 5\)"),
        (np.zeros((2, 9, 5)), {}, r"of a batch pass one row"),
        (spiral()[:1], {}, r"two points or more"),
        (spiral()[::-1], {}, r"times that never go back"),
        (spiral() * [1, 1, 0, 1, 1], {}, r"two points or more"),
        (spiral(), {"color": "tilt"}, r'`color` expected "speed" or "pressure"'),
        (spiral(), {"spiral": "yes"}, r"`spiral` expected"),
        (spiral(), {"cutoff": 0}, r"expected positive numbers"),
        (spiral() * [1, 1, 1000, 1, 1], {}, r"without a gap, got none: raise max_gap"),
        (spiral() * [1, 1, 1, np.nan, 1], {"color": "pressure"}, r'Pass color="speed"'),
        (spiral(), {"color": "pressure", "channel_names": ["x", "y", "t", "a", "b"]}, r"`channel_names` expected"),
        (spiral()[:200] * [1, 0, 1, 1, 1], {"spiral": True}, r"a drawing of a turn or more"),
    ],
    ids=["columns", "batch", "one", "back", "still", "color", "spiral", "cutoff", "ms", "nan", "names", "line"],
)
def test_what_cannot_be_drawn_is_refused(trajectory, options, message):
    with pytest.raises(ValueError, match=message):
        draw(trajectory, **options)


def test_real_recordings(data_dir):
    spirals = load_uci_spirals(data_dir / "uci_spiral", test="static")
    display = PenDisplay.from_trajectory(spirals.data[0], units=spirals.units)
    assert display.spiral.turns == pytest.approx(2.7, abs=0.3)
    svc = load_svc(data_dir / "svc")
    writing = PenDisplay.from_trajectory(svc.data[0], units=svc.units)
    assert writing.spiral is None
    assert "83% of the points on the surface" in writing.alt_text_
