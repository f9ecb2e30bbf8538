"""Known speed, tremor, pauses and shape come out; what must not matter does not."""

import numpy as np
import pandas as pd
import pytest

from skpd.features import PenFeatures, pen_feature_catalogue
from skpd.features._pen_kinematics import statistics

CATALOGUE = pen_feature_catalogue().set_index("name")


def features_of(*trajectories, **options):
    """Return one row a trajectory."""
    return PenFeatures(**options).set_output(transform="pandas").fit_transform(list(trajectories))


def test_statistics_of_a_channel():
    values = np.random.default_rng(0).permutation(np.arange(101.0))
    expected = {"mean": 50.0, "median": 50.0, "sd": np.sqrt(850), "p10": 10.0, "p90": 90.0, "max": 100.0}
    found = statistics("speed", values)
    assert found == {f"speed_{name}": pytest.approx(value) for name, value in expected.items()}
    assert all(np.isnan(value) for value in statistics("speed", np.append(values, np.nan)).values())


@pytest.mark.parametrize("uniform_speed", [False, True])
@pytest.mark.parametrize("rate", [100.0, 133.0, 250.0])
def test_speed_of_an_ideal_spiral(spiral, rate, uniform_speed):
    points, length = spiral(rate=rate, uniform_speed=uniform_speed)
    row = features_of(points).iloc[0]
    assert row["speed_mean"] == pytest.approx(length / 12, rel=0.005)
    assert row["path_length"] == pytest.approx(length, rel=0.005)
    assert row["duration"] == pytest.approx(12)
    if uniform_speed:
        assert row["speed_sd"] < 0.02 * row["speed_mean"]
        assert row["tangential_acceleration_median"] < 1e-3 * row["normal_acceleration_median"]


def test_circular_motion_has_the_accelerations_of_mechanics():
    t = np.arange(0, 10, 1 / 200)
    radius, omega = 0.02, 2 * np.pi * 0.8
    circle = np.column_stack([radius * np.cos(omega * t), radius * np.sin(omega * t), t])
    row = features_of(circle).iloc[0]
    for name, expected in (("speed", omega), ("acceleration", omega**2), ("jerk", omega**3)):
        # Ends of the low-pass aside, which the median does not see.
        assert row[f"{name}_median"] == pytest.approx(radius * expected, rel=1e-3)
    assert row["normal_acceleration_median"] == pytest.approx(radius * omega**2, rel=1e-3)
    # |a|^2 - v . j, both parts alike.
    assert row["teager_kaiser_mean"] == pytest.approx(2 * radius**2 * omega**4, rel=0.01)
    assert row["speed_x_mean"] == pytest.approx(radius * omega * 2 / np.pi, rel=0.01)


def test_changes_of_velocity_are_counted():
    # 20 periods of |sin|-like speed: along a line at 2 Hz the speed peaks twice a period.
    t = np.arange(0, 10, 1 / 200)
    line = np.column_stack([np.cos(2 * np.pi * 2 * t), 0 * t, t])
    row = features_of(line).iloc[0]
    assert row["ncv"] == pytest.approx(4 * 20, abs=3)
    assert row["ncv_per_second"] == pytest.approx(8, abs=0.3)
    assert row["nca"] == pytest.approx(4 * 20, abs=4)
    # |v| rises and falls by its peak twice a period, 8 times a second; its mean is 2 / pi of the peak. Samples miss
    # where the speed is 0.
    assert row["nvv"] == pytest.approx(8 * np.pi / 2, rel=0.05)


@pytest.mark.parametrize("rate", [111.0, 142.0, 200.0])
@pytest.mark.parametrize(("frequency", "amplitude"), [(4.0, 0.001), (6.3, 0.0005), (10.5, 0.0003)])
def test_spiral_tremor(spiral, frequency, amplitude, rate):
    points, _ = spiral(rate=rate, tremor_frequency=frequency, tremor_amplitude=amplitude)
    for options in ({}, {"resample_rate": 100.0}):
        row = features_of(points, **options).iloc[0]
        assert row["spiral_tremor_frequency"] == pytest.approx(frequency, abs=0.1)
        assert row["spiral_tremor_amplitude"] == pytest.approx(amplitude, rel=0.05)
        # The direction of a radial tremor turns with the spiral, 0.25 turns a second: its line splits.
        assert row["tremor_frequency"] == pytest.approx(frequency, abs=0.35)
        # The geometry is that of the low-passed path; the gain is Butterworth's, forwards and backwards.
        gain = 1 / (1 + (frequency / 12) ** 8)
        assert row["radial_residual_rms"] == pytest.approx(gain * amplitude / np.sqrt(2), rel=0.1)


@pytest.mark.parametrize(("frequency", "band"), [(4.5, "3_6hz"), (7.5, "6_9hz"), (10.5, "9_12hz")])
def test_tremor_is_found_in_its_band(frequency, band):
    t = np.arange(0, 20, 1 / 133)
    amplitude = 0.0008
    points = np.column_stack([0.01 * t + amplitude * np.sin(2 * np.pi * frequency * t), 0.002 * t, t])
    row = features_of(points).iloc[0]
    assert row["tremor_frequency"] == pytest.approx(frequency, abs=0.1)
    assert row["tremor_amplitude"] == pytest.approx(amplitude, rel=0.05)
    assert row[f"tremor_{band}_fundamental_frequency"] == pytest.approx(frequency, abs=0.1)
    assert row[f"tremor_{band}_median_frequency"] == pytest.approx(frequency, abs=0.1)
    assert row[f"tremor_{band}_power_share"] > 0.99
    # The power of a velocity with the peak 2 pi f A.
    assert row[f"tremor_{band}_power"] == pytest.approx((2 * np.pi * frequency * amplitude) ** 2 / 2, rel=0.05)
    assert row["tremor_spectral_entropy"] < 0.5


@pytest.mark.parametrize("inwards", [False, True])
@pytest.mark.parametrize("clockwise", [False, True])
def test_geometry_of_an_ideal_spiral(spiral, inwards, clockwise):
    points, _ = spiral(turns=4.0, width=0.008, inwards=inwards, clockwise=clockwise)
    row = features_of(points).iloc[0]
    assert row["loop_count"] == pytest.approx(4, abs=0.02)
    assert row["loop_width"] == pytest.approx(0.008, rel=1e-3)
    assert row["tightness"] == pytest.approx(125, rel=1e-3)
    assert row["radial_residual_rms"] < 1e-5
    assert row["radial_residual_relative"] < 1e-3
    assert row["width_variability"] < 2e-3
    assert row["angular_speed_mean"] == pytest.approx(2 * np.pi * 4 / 12, rel=0.01)
    assert row["radial_speed_mean"] == pytest.approx(0.032 / 12, rel=0.01)


@pytest.mark.parametrize("cycles", [2, 5])
def test_smoothness_and_crossings_of_a_wavy_spiral(cycles):
    """A wave of k cycles a turn has (A k)^2 / 2 as the mean square of its derivative, and 2 k crossings a turn."""
    theta = np.linspace(2 * np.pi, 8 * np.pi, 6000)
    b, wave = 0.002, 0.0004
    radius = b * theta + wave * np.sin(cycles * theta)
    points = np.column_stack([radius * np.cos(theta), radius * np.sin(theta), theta])
    row = features_of(points).iloc[0]
    assert row["first_order_smoothness"] == pytest.approx(np.log((wave * cycles / b) ** 2 / 2), abs=0.1)
    assert row["second_order_smoothness"] == pytest.approx(np.log((wave * cycles**2 / b) ** 2 / 2), abs=0.15)
    assert row["first_order_zero_crossings"] == pytest.approx(2 * cycles, rel=0.1)
    assert row["second_order_zero_crossings"] == pytest.approx(2 * cycles, rel=0.1)
    # A whole number of cycles a turn: all loops are equally wide.
    assert row["width_variability"] < 0.02


def test_width_variability_grows_with_uneven_loops():
    theta = np.linspace(2 * np.pi, 8 * np.pi, 6000)
    # The waves of neighbouring loops are opposed: widths 2 pi b + 2 wave sin(theta / 2).
    radius = 0.002 * theta + 0.001 * np.sin(theta / 2)
    points = np.column_stack([radius * np.cos(theta), radius * np.sin(theta), theta])
    widths = 2 * np.pi * 0.002 - 0.002 * np.sin(theta[theta < 6 * np.pi] / 2)
    row = features_of(points).iloc[0]
    assert row["width_variability"] == pytest.approx(widths.std() / widths.mean(), rel=0.1)


def test_times_and_strokes():
    t = np.arange(0, 6, 0.01)
    down = (t < 2) | ((t >= 3) & (t < 4)) | (t >= 5.5)
    points = np.column_stack([0.01 * t, 0 * t, t, np.where(down, 0.4, 0), down])
    names = ["x", "y", "t", "pressure", "pen_down"]
    row = features_of(points, channel_names=names).iloc[0]
    assert row["n_strokes"] == 3
    assert row["surface_time"] == pytest.approx(3.49, abs=0.02)
    assert row["air_time"] == pytest.approx(2.5, abs=0.02)
    assert row["air_surface_ratio"] == pytest.approx(2.5 / 3.49, rel=0.01)
    assert row["air_share"] == pytest.approx(2.5 / 5.99, rel=0.01)
    assert row["stroke_duration_mean"] == pytest.approx((1.99 + 0.99 + 0.49) / 3, abs=1e-9)
    assert row["stroke_length_mean"] == pytest.approx(0.01 * (1.99 + 0.99 + 0.49) / 3, rel=0.01)
    assert row["speed_mean"] == pytest.approx(0.01, rel=0.01)
    assert row["pressure_mean"] == pytest.approx(0.4)
    assert row["pressure_change_max"] == pytest.approx(0, abs=1e-9)
    # Pressure alone tells the same.
    alone = features_of(points[:, :4]).iloc[0]
    pd.testing.assert_series_equal(alone, row)


def test_entropies_order_regular_and_irregular_movement():
    t = np.arange(0, 20, 0.01)
    noise = np.random.default_rng(0).normal(size=len(t)).cumsum()
    regular = np.column_stack([np.sin(2 * np.pi * 0.7 * t), 0 * t, t])
    irregular = np.column_stack([noise, 0 * t, t])
    table = features_of(regular, irregular)
    for name in ("speed_sample_entropy", "acceleration_sample_entropy", "tremor_spectral_entropy"):
        assert table.loc[1, name] > 1.5 * table.loc[0, name], name
    steady = features_of(np.column_stack([t, 0 * t, t])).iloc[0]
    assert steady["speed_shannon_entropy"] == 0
    assert table["speed_shannon_entropy"].between(3, 5).all()


def test_places_do_not_matter(spiral, handwriting):
    for points in (spiral(tremor_frequency=5, tremor_amplitude=5e-4)[0], handwriting()):
        moved = points.copy()
        moved[:, :2] += [0.3, -0.2]
        # Times are relative too.
        moved[:, 2] += 1000.0
        table = features_of(points, moved)
        # The last bits decide on which side of a cell's edge a point falls, and with it of a crossing.
        counts = [name for name in table if name.endswith("zero_crossings")]
        np.testing.assert_allclose(table.loc[1, counts], table.loc[0, counts], rtol=0.05)
        table = table.drop(columns=counts)
        np.testing.assert_allclose(table.iloc[1], table.iloc[0], rtol=1e-5, atol=1e-7)


def test_directions_do_not_matter(spiral, handwriting):
    turn = np.deg2rad(37)
    matrix = np.array([[np.cos(turn), np.sin(turn)], [-np.sin(turn), np.cos(turn)]])
    for points in (spiral(tremor_frequency=5, tremor_amplitude=5e-4)[0], handwriting()):
        turned = points.copy()
        turned[:, :2] = points[:, :2] @ matrix
        table = features_of(points, turned)
        # Akima's interpolation works on x and y apart, and the cells of the angle begin elsewhere.
        isotropic = [name for name in table if not name.startswith(("speed_x", "speed_y"))]
        np.testing.assert_allclose(table.loc[1, isotropic], table.loc[0, isotropic], rtol=0.02, atol=1e-7)
        assert abs(table.loc[1, "speed_x_mean"] / table.loc[0, "speed_x_mean"] - 1) > 1e-4 or points.shape[1] == 3


#: How a feature grows with the drawing, by the exponent of u in its unit.
EXPONENTS = {
    unit: 2 * unit.startswith("u^2") + (unit == "u" or unit.startswith("u/")) - (unit == "1/u")
    for unit in CATALOGUE["unit"].unique()
}


def test_units_say_how_features_grow_with_the_drawing(spiral, handwriting):
    assert EXPONENTS["u^2/s^2/Hz"] == 2
    assert EXPONENTS["1/u"] == -1
    for points in (spiral(tremor_frequency=5, tremor_amplitude=5e-4)[0], handwriting()):
        grown = points.copy()
        grown[:, :2] *= 1000
        table = features_of(points, grown)
        # The last bits move crossings of an ideal spiral; see above.
        table = table.drop(columns=[name for name in table if name.endswith("zero_crossings")])
        expected = table.iloc[0] * [1000.0 ** EXPONENTS[unit] for unit in CATALOGUE.loc[table.columns, "unit"]]
        np.testing.assert_allclose(table.iloc[1], expected, rtol=1e-6)


def test_two_tablets_agree_on_one_drawing(spiral):
    options = {"tremor_frequency": 5.0, "tremor_amplitude": 5e-4}
    slow, fast = (spiral(rate=rate, **options)[0] for rate in (111.0, 142.0))
    table = features_of(slow, fast, resample_rate=100.0)
    # Bands without a tremor hold rounding and leakage, as does the deviation of an even turning.
    noise = ("tremor_6", "tremor_9", "tremor_3_6hz_frequency_d", "angular_speed_sd", "acceleration_sample_entropy")
    names = [name for name in table if table[name].notna().all() and not name.startswith(noise)]
    assert len(names) > 50
    np.testing.assert_allclose(table.loc[1, names], table.loc[0, names], rtol=0.02)
