"""`PenFeatures` as an estimator: forms of input, broken clocks, missing channels, the contract, real pens."""

import pickle

import numpy as np
import pandas as pd
import pytest
from sklearn.base import clone
from sklearn.impute import SimpleImputer
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import GridSearchCV
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from sklearn.utils import estimator_checks

from skpd.datasets import load_svc, load_uci_spirals
from skpd.datasets._pens import PEN_CHANNELS as CHANNELS_OF_READERS
from skpd.features import PenFeatures, pen_feature_catalogue
from skpd.features._pen_spiral import fit_spiral
from skpd.features._pen_trajectory import PEN_CHANNELS

NAMES = pen_feature_catalogue()["name"].tolist()
GROUPS = ("kinematic", "pressure", "air", "nonlinear", "tremor", "spiral")


def features_of(*trajectories, **options):
    """Return one row a trajectory."""
    return PenFeatures(**options).set_output(transform="pandas").fit_transform(list(trajectories))


# --- forms of input ---------------------------------------------------------------------------------------------------


def test_the_readers_channels_are_the_default():
    assert PEN_CHANNELS == CHANNELS_OF_READERS


def test_ragged_lists_object_arrays_and_equal_lengths_agree(handwriting):
    pens = [handwriting(seed) for seed in range(3)]
    expected = PenFeatures().fit_transform(np.stack(pens))
    assert expected.shape == (3, len(NAMES))
    packed = np.empty(3, dtype=object)
    packed[:] = pens
    for X in (pens, packed, pd.Series(pens), tuple(pens), [pen.tolist() for pen in pens]):
        np.testing.assert_array_equal(PenFeatures().fit_transform(X), expected)
    ragged = [*pens[:2], pens[2][:-100]]
    table = PenFeatures().fit_transform(ragged)
    np.testing.assert_array_equal(table[:2], expected[:2])
    assert not np.array_equal(table[2], expected[2], equal_nan=True)


def test_frames_name_their_channels(handwriting):
    pens = [handwriting(seed)[: 800 - 10 * seed] for seed in range(3)]
    expected = PenFeatures().fit_transform(pens)
    order = ["t", "pressure", "x", "y", "pen_down", "azimuth", "altitude"]
    frames = [pd.DataFrame(pen, columns=PEN_CHANNELS)[order] for pen in pens]
    transformer = PenFeatures().fit(frames)
    assert transformer.channel_names_ == tuple(order)
    np.testing.assert_array_equal(transformer.transform(frames), expected)
    with pytest.raises(ValueError, match="fitted on frames with the columns"):
        transformer.transform([frame[list(PEN_CHANNELS)] for frame in frames])
    with pytest.raises(ValueError, match="same columns in the same order"):
        PenFeatures().fit([frames[0], frames[1][list(PEN_CHANNELS)]])


@pytest.mark.parametrize(
    ("X", "message"),
    [
        (np.zeros((50, 3)), "pass a single trajectory as"),
        (pd.DataFrame(np.zeros((50, 3))), "pass a single trajectory as"),
        (np.zeros(50), "1-D array"),
        ([], "at least one, got list of 0"),
        ([1.0, 2.0, 3.0], "pass a single trajectory as"),
        ("spirals.csv", "got str"),
        (np.full((1, 20, 3), np.inf), "infinity"),
        ([np.zeros((20, 3)), np.zeros((30, 4))], "one number of channels"),
        (np.zeros((2, 20, 2)), "x, y, t and others"),
        (np.zeros((2, 20, 9)), "x, y, t and others"),
    ],
    ids=["array", "frame", "1-D", "empty", "numbers", "path", "infinite", "channels", "two-channels", "nine-channels"],
)
def test_what_is_no_batch_of_trajectories(X, message):
    with pytest.raises(ValueError, match=message):
        PenFeatures().fit_transform(X)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"features": ["kinematics"]}, "got 'kinematics'"),
        ({"features": "spirals"}, "features"),
        ({"features": []}, "at least one"),
        ({"features": ["ncv", "kinematic"]}, "each once"),
        ({"channel_names": ["x", "y", "time"]}, "got .'x', 'y', 'time'"),
        ({"channel_names": ["x", "y"]}, "one a column of the 3"),
        ({"channel_names": "xyt"}, "channel_names"),
        ({"pen": "up"}, "pen"),
        ({"resample_rate": 0}, "resample_rate"),
        ({"cutoff": -1.0}, "cutoff"),
        ({"max_gap": "0.1"}, "max_gap"),
        ({"undefined": "zero"}, "undefined"),
    ],
    ids=lambda value: None if isinstance(value, str) else "-".join(map(str, value)),
)
def test_parameters_that_do_not_fit(spiral, options, message):
    with pytest.raises(ValueError, match=message):
        PenFeatures(**options).fit([spiral()[0]])


def test_columns_can_be_chosen_by_group_and_name(handwriting):
    X = [handwriting()]
    whole = features_of(*X)
    assert whole.columns.tolist() == NAMES
    for group in GROUPS:
        part = features_of(*X, features=group)
        pd.testing.assert_frame_equal(part, whole[part.columns])
    chosen = features_of(*X, features=["nvv", "air", "tightness"])
    assert chosen.columns[0] == "nvv"
    assert chosen.columns[-1] == "tightness"
    pd.testing.assert_frame_equal(chosen, whole[chosen.columns])


# --- clocks and gaps --------------------------------------------------------------------------------------------------


def test_time_that_goes_back_is_an_error_with_advice(spiral):
    points = spiral()[0]
    points[100, 2] = points[98, 2]
    with pytest.raises(ValueError, match=r"trajectory 1 of X.*0\.49 s after 0\.495 s.*disorder"):
        PenFeatures().fit_transform([spiral()[0], points])


def test_time_that_stands_still_is_an_error(spiral):
    with pytest.raises(ValueError, match="2401 points of the same time"):
        PenFeatures().fit_transform([spiral()[0] * [1, 1, 0]])


def test_milliseconds_are_noticed(spiral):
    with pytest.raises(ValueError, match="divide milliseconds by 1000"):
        PenFeatures().fit_transform([spiral()[0] * [1, 1, 1000]])


def test_pressure_in_the_place_of_pen_down_is_noticed(handwriting):
    with pytest.raises(ValueError, match="check channel_names"):
        PenFeatures(channel_names=["x", "y", "t", "pen_down"]).fit_transform([handwriting()[:, :4]])


def test_duplicates_are_merged(spiral):
    points = spiral(tremor_frequency=5, tremor_amplitude=5e-4)[0]
    expected = features_of(points)
    doubled = np.repeat(points, 2, axis=0)
    # Two points of one time count as their mean.
    doubled[::2, :2] += 0.001
    doubled[1::2, :2] -= 0.001
    pd.testing.assert_frame_equal(features_of(doubled), expected, rtol=1e-6, atol=1e-9)


def test_nearly_equal_times_make_no_spikes(spiral):
    points = spiral()[0]
    # A point read twice, a microsecond later and a tenth of a millimetre beside.
    again = points[1000] + [1e-4, 0, 1e-6]
    row = features_of(np.insert(points, 1001, again, axis=0)).iloc[0]
    clean = features_of(points).iloc[0]
    assert row["speed_max"] < 1.5 * clean["speed_max"]
    assert row["speed_mean"] == pytest.approx(clean["speed_mean"], rel=0.01)


def test_lost_points_are_interpolated_or_left_out(spiral):
    points, _ = spiral(rate=142.0, tremor_frequency=6, tremor_amplitude=5e-4)
    lost = points.copy()
    for i, channel in ((300, 0), (301, 1), (700, 2), (1200, 0)):
        lost[i, channel] = np.nan
    table = features_of(points, lost)
    assert table.loc[1, "n_gaps"] == 0
    for name in ("speed_mean", "path_length", "spiral_tremor_amplitude", "loop_count", "ncv"):
        assert table.loc[1, name] == pytest.approx(table.loc[0, name], rel=0.01), name

    # Half a second without points: no speed is measured across it.
    gap = np.delete(points, slice(600, 671), axis=0)
    table = features_of(points, gap)
    assert table.loc[1, "n_gaps"] == 1
    assert table.loc[1, "gap_time"] == pytest.approx(72 / 142)
    assert table.loc[1, "duration"] == pytest.approx(12, abs=0.01)
    assert table.loc[1, "path_length"] < 0.99 * table.loc[0, "path_length"]
    assert table.loc[1, "speed_mean"] == pytest.approx(table.loc[0, "speed_mean"], rel=0.02)
    assert table.loc[1, "spiral_tremor_frequency"] == pytest.approx(6, abs=0.1)
    assert table.loc[1, "loop_width"] == pytest.approx(0.01, rel=0.01)


def test_a_jittered_clock_changes_little(spiral):
    rng = np.random.default_rng(0)
    points = spiral(rate=142.0, tremor_frequency=6, tremor_amplitude=5e-4)[0]
    jittered = points.copy()
    # As tablets write it: whole milliseconds.
    jittered[:, 2] = np.round(points[:, 2] + rng.uniform(-2e-4, 2e-4, len(points)), 3)
    table = features_of(points, jittered)
    for name in ("speed_mean", "path_length", "spiral_tremor_amplitude", "spiral_tremor_frequency", "loop_count"):
        assert table.loc[1, name] == pytest.approx(table.loc[0, name], rel=0.02), name


# --- trajectories with little in them ---------------------------------------------------------------------------------


@pytest.mark.parametrize("n_points", [1, 2, 3, 4, 5, 9])
def test_few_points(handwriting, n_points):
    points = handwriting()[:n_points]
    row = features_of(points).iloc[0]
    assert row["duration"] == pytest.approx((n_points - 1) / 133)
    assert row["n_strokes"] == 1
    assert np.isnan(row["speed_mean"]) == (n_points < 2)
    assert np.isnan(row["acceleration_mean"]) == (n_points < 3)
    assert np.isnan(row["jerk_mean"]) == (n_points < 4)
    assert np.isnan(row["loop_count"])
    assert np.isnan(row["tremor_frequency"])
    if n_points == 2:
        assert row["path_length"] == pytest.approx(np.hypot(*np.diff(points[:, :2], axis=0)[0]))


def test_no_point_at_all_and_no_stroke_at_all(handwriting):
    points = handwriting()
    nowhere, air = points.copy(), points.copy()
    nowhere[:, :2] = np.nan
    air[:, 6] = 0
    table = features_of(nowhere, air)
    assert table.loc[0].isna().all()
    assert table.loc[1, "n_strokes"] == 0
    assert table.loc[1, "air_share"] == 1
    assert np.isnan(table.loc[1, "air_surface_ratio"])
    assert np.isnan(table.loc[1, "speed_mean"])
    # Tremor does not end where the pen lifts; and with pen="any" neither does movement.
    assert np.isfinite(table.loc[1, "tremor_frequency"])
    anywhere = features_of(air, pen="any").iloc[0]
    assert anywhere["speed_mean"] > 0
    assert np.isnan(anywhere["pressure_mean"])


def test_a_resting_pen():
    t = np.arange(0, 5, 0.01)
    resting = np.column_stack([np.full_like(t, 0.1), np.full_like(t, 0.2), t, np.full_like(t, 0.5)])
    row = features_of(resting).iloc[0]
    assert row["speed_max"] == pytest.approx(0, abs=1e-12)
    assert row["path_length"] == pytest.approx(0, abs=1e-12)
    assert row["pressure_sd"] == 0
    assert row["pressure_mean"] == pytest.approx(0.5)
    assert np.isnan(row["loop_count"])
    assert not np.isinf(row).any()


@pytest.mark.parametrize("missing", ["pressure", "azimuth", "altitude", "pen_down"])
def test_a_missing_channel_is_nan_whether_a_column_or_not(handwriting, missing):
    points = handwriting()
    empty = points.copy()
    empty[:, PEN_CHANNELS.index(missing)] = np.nan
    fewer = np.delete(points, PEN_CHANNELS.index(missing), axis=1)
    names = [name for name in PEN_CHANNELS if name != missing]
    # Nothing of a spiral: these loops turn less than once about any centre.
    groups = GROUPS[:-1]
    table = features_of(empty, features=groups)
    pd.testing.assert_frame_equal(features_of(fewer, features=groups, channel_names=names), table)
    catalogue = pen_feature_catalogue().set_index("name")["channels"]
    expected = set(catalogue.index[catalogue == missing])
    # Pressure says what pen_down would have said; see the test of strokes for both missing.
    expected = set() if missing == "pen_down" else expected
    assert {name for name in table if np.isnan(table.loc[0, name])} == expected


def test_without_pressure_and_pen_down_all_is_surface(spiral):
    table = features_of(spiral()[0])
    catalogue = pen_feature_catalogue().set_index("name")["channels"]
    assert set(table.columns[table.loc[0].isna()]) == set(catalogue.index[catalogue != ""])


def test_a_circle_is_no_spiral():
    t = np.arange(0, 10, 0.01)
    row = features_of(np.column_stack([np.cos(3 * t), np.sin(3 * t), t])).iloc[0]
    assert row["loop_count"] == pytest.approx(30 / (2 * np.pi), rel=0.01)
    assert row["loop_width"] == pytest.approx(0, abs=1e-3)
    assert not np.isinf(row).any()


@pytest.mark.parametrize("size", [1e-150, 1e150])
def test_absurd_units_overflow_to_undefined_without_a_warning(handwriting, size):
    table = PenFeatures().fit_transform([handwriting() * [size, size, 1, 1, 1, 1, 1]])
    assert not np.isinf(table).any()
    assert np.isfinite(table).sum() > 30


def test_undefined_can_be_a_number(spiral):
    table = PenFeatures(undefined=-1.0).fit_transform([spiral()[0]])
    assert np.isfinite(table).all()
    assert (table == -1).sum() > 20


def test_a_slow_tablet_has_no_tremor_beyond_its_reach(spiral):
    row = features_of(spiral(rate=20.0)[0]).iloc[0]
    assert np.isfinite(row["tremor_6_9hz_power"])
    assert np.isnan(row["tremor_9_12hz_power"])
    assert np.isnan(row["tremor_frequency"])
    assert row["loop_count"] == pytest.approx(3, abs=0.05)


@pytest.mark.parametrize(("rate", "reached"), [(24.0, True), (23.5, False)])
def test_half_the_rate_has_to_reach_a_band(spiral, rate, reached):
    row = features_of(spiral(rate=rate, tremor_frequency=4, tremor_amplitude=1e-3)[0]).iloc[0]
    assert np.isfinite(row["tremor_9_12hz_power"]) == reached
    assert np.isfinite(row["tremor_frequency"]) == reached
    assert np.isfinite(row["tremor_spectral_entropy"]) == reached


@pytest.mark.parametrize(("seconds", "enough"), [(1.0, True), (0.95, False)])
def test_tremor_needs_a_second_of_velocity(handwriting, seconds, enough):
    row = features_of(handwriting(rate=100.0)[: round(100 * seconds) + 1]).iloc[0]
    assert np.isfinite(row["tremor_3_6hz_power"]) == enough


@pytest.mark.parametrize(("turns", "enough"), [(1.2, True), (0.9, False)])
def test_a_spiral_has_a_turn(spiral, turns, enough):
    assert np.isfinite(features_of(spiral(turns=turns)[0]).iloc[0]["loop_count"]) == enough


@pytest.mark.parametrize(("points", "enough"), [(8, True), (7, False)])
def test_a_spiral_is_fitted_to_eight_points(points, enough):
    angle = 2 * np.pi * (1 + np.arange(points) / 6)
    xy = 0.01 * angle[:, None] * np.column_stack([np.cos(angle), np.sin(angle)])
    assert (fit_spiral(xy, np.ones(points)) is not None) == enough


def test_steps_of_max_gap_are_interpolated_over(spiral):
    points = spiral(rate=8.0)[0]
    assert features_of(points, max_gap=0.125).iloc[0]["n_gaps"] == 0
    with pytest.raises(ValueError, match=r"max_gap=0\.124 s, got a median step of 0\.125"):
        features_of(points, max_gap=0.124)
    thinned = np.delete(points, 40, axis=0)
    assert features_of(thinned, max_gap=0.25).iloc[0]["n_gaps"] == 0
    row = features_of(thinned, max_gap=0.2).iloc[0]
    assert (row["n_gaps"], row["gap_time"]) == (1, pytest.approx(0.25))


# --- scikit-learn's contract ------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "check",
    [
        "check_estimator_cloneable",
        "check_estimator_repr",
        "check_no_attributes_set_in_init",
        "check_get_params_invariance",
        "check_set_params",
        "check_parameters_default_constructible",
        "check_valid_tag_types",
        "check_estimator_tags_renamed",
        "check_param_validation",
    ],
)
def test_scikit_learn_checks_that_need_no_trajectories(check):
    """The others make tables of numbers, and the suite skips an estimator whose tags refuse those."""
    getattr(estimator_checks, check)("PenFeatures", PenFeatures())


def test_rows_are_independent_and_inputs_untouched(handwriting):
    pens = [handwriting(seed)[: 900 - 50 * seed] for seed in range(4)]
    copies = [pen.copy() for pen in pens]
    for pen in pens:
        pen.flags.writeable = False
    transformer = PenFeatures()
    state = dict(vars(transformer))
    table = transformer.fit_transform(pens)
    assert {name: vars(transformer)[name] for name in state} == state
    for pen, copy in zip(pens, copies, strict=True):
        np.testing.assert_array_equal(pen, copy)
    np.testing.assert_array_equal(transformer.transform(pens[::-1]), table[::-1])
    np.testing.assert_array_equal(transformer.transform(pens[2:3]), table[2:3])
    np.testing.assert_array_equal(pickle.loads(pickle.dumps(transformer)).transform(pens), table)
    np.testing.assert_array_equal(clone(transformer).fit(pens[:1]).transform(pens), table)
    assert transformer.n_features_in_ == 7
    with pytest.raises(ValueError, match="6 channel"):
        transformer.transform([pen[:, :6] for pen in pens])


def test_frames_out_keep_the_index_of_a_series(handwriting):
    pens = pd.Series([handwriting(0), handwriting(1)[:-5]], index=["anna", "bob"])
    table = PenFeatures().set_output(transform="pandas").fit_transform(pens)
    assert table.columns.tolist() == NAMES
    assert table.index.tolist() == ["anna", "bob"]


def test_in_a_pipeline_under_a_grid(handwriting):
    pens = [handwriting(seed) for seed in range(12)]
    for pen in pens[6:]:
        pen[:, 2] *= 1.5
    y = np.repeat([0, 1], 6)
    model = make_pipeline(
        PenFeatures(), SimpleImputer(keep_empty_features=True), StandardScaler(), LogisticRegression()
    )
    search = GridSearchCV(model, {"penfeatures__features": [["kinematic"], ["kinematic", "air"]]}, cv=3).fit(pens, y)
    assert search.best_score_ > 0.9


# --- real tablets -----------------------------------------------------------------------------------------------------


@pytest.mark.slow
def test_the_uci_people(data_dir):
    spirals = load_uci_spirals(data_dir / "uci_spiral")
    assert len(set(spirals.groups)) == 77
    table = features_of(*spirals.data, pen="any")
    catalogue = pen_feature_catalogue().set_index("name")
    spiral_names = catalogue.index[catalogue["group"] == "spiral"].tolist()
    recorded = [name for name in table if catalogue.loc[name, "channels"] != "altitude"]
    drawn = (spirals.frame["test"] != "circular").to_numpy()
    assert np.isfinite(table.loc[drawn, recorded]).all(axis=None)
    # The circular test has no spiral, and where the pen was held in the air no pressure and no strokes.
    held = table["n_strokes"].to_numpy() == 0
    assert set(spirals.frame["test"][held]) == {"circular"}
    others = [name for name in recorded if name not in spiral_names]
    of_surface = {name for name in others if name.startswith(("pressure", "ncp", "stroke_", "air_surface"))}
    circles = table[~drawn & ~held]
    assert set(circles.columns[circles[others].isna().any().reindex(circles.columns, fill_value=False)]) <= {
        "pressure_sample_entropy"
    }
    assert np.isfinite(table.loc[held, [name for name in others if name not in of_surface]]).all(axis=None)

    static = table[(spirals.frame["test"] == "static").to_numpy()]
    # The template has three turns.
    assert static["loop_count"].between(2, 4).all()
    assert static["loop_count"].median() == pytest.approx(3, abs=0.1)
    assert (static["radial_residual_relative"] < 0.5).all()
    assert static["spiral_tremor_frequency"].between(3, 12).all()


def test_the_svc_sample(data_dir):
    pens = load_svc(data_dir / "svc")
    table = features_of(*pens.data)
    catalogue = pen_feature_catalogue().set_index("name")
    assert np.isfinite(table.loc[:, catalogue.loc[table.columns, "group"].to_numpy() != "spiral"]).all(axis=None)
    assert table.loc[0, "n_strokes"] > 1
    assert 0.001 < table.loc[0, "speed_mean"] < 1


def test_the_rate_alone_changes_features_little(data_dir):
    """The same people, on paper, with the tablet's clock slowed down from 142 to 111 points/s."""
    spirals = load_uci_spirals(data_dir / "uci_spiral", test="static")
    fast = [x for x, rate in zip(spirals.data, spirals.frame["measured_rate_hz"], strict=True) if rate > 140][:20]
    slowed = []
    for x in fast:
        grid = np.arange(0, x[-1, 2], 0.009)
        # Whole pixels, as the tablet writes them.
        xy = [np.round(np.interp(grid, x[:, 2], x[:, j])) for j in (0, 1)]
        slowed.append(np.column_stack([*xy, grid]))
    transformer = PenFeatures(["kinematic", "tremor", "spiral"], resample_rate=100.0).set_output(transform="pandas")
    before, after = transformer.fit_transform([x[:, :3] for x in fast]), transformer.transform(slowed)
    for name in ("speed_mean", "path_length", "loop_count", "radial_residual_rms", "angular_speed_mean"):
        np.testing.assert_allclose(after[name], before[name], rtol=0.1, err_msg=name)
    spread = before.quantile(0.75) - before.quantile(0.25)
    assert ((after - before).median().abs() / spread).max() < 0.25


def test_stated_names_do_not_contradict_those_of_frames(handwriting):
    frame = pd.DataFrame(handwriting(0)[:, :3], columns=["t", "x", "y"])
    with pytest.raises(ValueError, match=r"columns channel_names=\['x', 'y', 't'\], got \['t', 'x', 'y'\]"):
        PenFeatures(channel_names=["x", "y", "t"]).fit([frame])
    PenFeatures(channel_names=["x", "y", "t"]).fit([frame.set_axis(["X", "Y", "T"], axis=1)])


def test_a_clock_that_counts_from_1970_changes_nothing(handwriting):
    pens = [handwriting(seed) for seed in range(3)]
    shifted = [pen + np.where(np.arange(pen.shape[1]) == 2, 1.7e9, 0.0) for pen in pens]
    # Float64 seconds since 1970 are whole multiples of 2.4e-7 s.
    shifted, plain = (PenFeatures().fit_transform(X) for X in (shifted, pens))
    np.testing.assert_allclose(shifted, plain, rtol=5e-3, atol=1e-12)


@pytest.mark.parametrize(("channel", "degrees"), [("azimuth", 350.0), ("altitude", 60.0)])
def test_angles_are_radians(handwriting, channel, degrees):
    pen = handwriting(0)
    pen[5, PEN_CHANNELS.index(channel)] = degrees
    with pytest.raises(ValueError, match=rf"trajectory 0 of X: expected {channel} in radians.*, got {degrees:g}"):
        PenFeatures().fit_transform([pen])


def test_points_of_one_time_keep_what_is_known(handwriting):
    pen = handwriting(0)
    twice = np.insert(pen, 10, pen[10], axis=0)
    expected = PenFeatures().fit_transform([twice])
    twice[10, PEN_CHANNELS.index("pressure")] = np.nan
    np.testing.assert_allclose(PenFeatures().fit_transform([twice]), expected, rtol=1e-12)
