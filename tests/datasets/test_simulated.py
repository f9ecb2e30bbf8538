"""The simulator: what it promises about shapes, seeds, labels and physics."""

import time

import numpy as np
import pytest
from scipy.signal import periodogram
from sklearn.ensemble import RandomForestClassifier
from sklearn.metrics import balanced_accuracy_score
from sklearn.model_selection import StratifiedGroupKFold, StratifiedKFold, cross_val_predict
from sklearn.utils import Bunch

from skpd.datasets import make_tremor_recordings
from skpd.datasets._base import STANDARD_GRAVITY

STEP = 16 * STANDARD_GRAVITY / 2**12


@pytest.fixture(scope="module")
def cohort():
    return make_tremor_recordings(random_state=0)


def band_power(bunch, low=3.5, high=8.0):
    """Power of the acceleration in a band, summed over the axes, one value a recording."""
    frequencies, power = periodogram(bunch.data, fs=bunch.sampling_rate, axis=1, detrend="constant")
    inside = (frequencies >= low) & (frequencies <= high)
    return power[:, inside].sum(axis=(1, 2)) * frequencies[1]


def test_bunch_has_everything_and_agrees_with_itself(cohort):
    assert isinstance(cohort, Bunch)
    assert cohort.data.shape == (180, 1500, 3)
    assert cohort.data.dtype == np.float64
    assert np.isfinite(cohort.data).all()
    assert (cohort.sampling_rate, cohort.units, cohort.channel_names) == (50.0, "m/s^2", ["x", "y", "z"])
    assert cohort.target_names == [0, 1, 2, 3, 4]
    assert cohort.target.dtype.kind == "i"
    np.testing.assert_array_equal(cohort.target, cohort.frame["severity"])
    np.testing.assert_array_equal(cohort.groups, cohort.frame["subject"])
    assert cohort.frame["recording"].is_unique
    assert set(np.bincount(np.unique(cohort.groups, return_inverse=True)[1])) == {6}
    assert cohort.groups[0] == "S01"
    assert "SIMULATED" in cohort.DESCR


def test_return_X_y_is_the_same_data(cohort):
    X, y = make_tremor_recordings(random_state=0, return_X_y=True)
    np.testing.assert_array_equal(X, cohort.data)
    np.testing.assert_array_equal(y, cohort.target)


def test_seed_decides_and_nothing_else_does():
    first = make_tremor_recordings(4, duration=5, random_state=3)
    again = make_tremor_recordings(4, duration=5, random_state=3)
    other = make_tremor_recordings(4, duration=5, random_state=4)
    np.testing.assert_array_equal(first.data, again.data)
    assert not np.array_equal(first.data, other.data)
    instance = make_tremor_recordings(4, duration=5, random_state=np.random.RandomState(3))
    np.testing.assert_array_equal(first.data, instance.data)


def test_a_person_does_not_depend_on_the_size_of_the_cohort():
    small = make_tremor_recordings(3, recordings_per_subject=2, duration=5, random_state=1)
    large = make_tremor_recordings(7, recordings_per_subject=8, duration=5, random_state=1)
    place = large.frame.set_index("recording").index.get_indexer(small.frame["recording"])
    np.testing.assert_array_equal(small.data, large.data[place])
    np.testing.assert_array_equal(small.target, large.target[place])


def test_tasks_sides_and_sessions_go_round():
    frame = make_tremor_recordings(1, recordings_per_subject=13, duration=1, random_state=0).frame
    assert frame["session"].tolist() == [1] * 6 + [2] * 6 + [3]
    assert frame.groupby("session")["task"].nunique().tolist() == [3, 3, 1]
    assert not frame.duplicated(["session", "task", "side"]).any()


def test_gravity_is_there():
    calm = make_tremor_recordings(8, weights=(1, 0, 0, 0, 0), random_state=0)
    magnitude = np.linalg.norm(calm.data[calm.frame["task"] == "rest"], axis=2)
    np.testing.assert_allclose(np.median(magnitude, axis=1), STANDARD_GRAVITY, rtol=0.1)


def test_sensor_has_twelve_bits_over_eight_g(cohort):
    counts = cohort.data / STEP
    np.testing.assert_allclose(counts, np.round(counts), atol=1e-6)
    assert np.abs(cohort.data).max() <= 8 * STANDARD_GRAVITY


def test_strong_tremor_is_clipped_at_the_range():
    strong = make_tremor_recordings(20, weights=(0, 0, 0, 0, 1), random_state=0)
    assert strong.data.max() <= 8 * STANDARD_GRAVITY - STEP + 1e-9
    assert strong.data.min() >= -8 * STANDARD_GRAVITY


def test_severities_are_imbalanced_as_the_weights_say():
    weights = np.array([0.58, 0.20, 0.12, 0.06, 0.04])
    y = make_tremor_recordings(300, duration=0.1, random_state=0).target
    np.testing.assert_allclose(np.bincount(y, minlength=5) / len(y), weights, atol=0.02)


@pytest.mark.parametrize("seed", [0, 1, 42])
def test_default_has_all_classes_and_more_than_one_severe_person(seed):
    frame = make_tremor_recordings(duration=0.1, random_state=seed).frame
    assert set(frame["severity"]) == {0, 1, 2, 3, 4}
    assert frame.loc[frame["severity"] == 4, "subject"].nunique() >= 2


def test_a_severity_of_weight_zero_never_occurs():
    y = make_tremor_recordings(50, duration=0.1, weights=(1, 0, 1, 0, 0), random_state=0).target
    assert set(y) == {0, 2}


def test_severity_follows_the_rating_scale():
    frame = make_tremor_recordings(200, duration=0.1, rater_reliability=1, random_state=0).frame
    expected = np.digitize(frame["displacement_cm"], [0.1, 1.0, 3.0, 10.0])
    np.testing.assert_array_equal(frame["severity"], expected)
    np.testing.assert_array_equal(frame["severity"], np.floor(frame["latent_severity"]))


def test_the_rater_errs_but_not_much():
    frame = make_tremor_recordings(200, duration=0.1, random_state=0).frame
    wrong = frame["severity"] != np.floor(frame["latent_severity"])
    assert 0.05 < wrong.mean() < 0.4
    assert (frame["severity"] - frame["latent_severity"]).corr(frame["latent_severity"]) < 0.2


def test_recordings_of_a_person_are_alike():
    frame = make_tremor_recordings(100, duration=0.1, random_state=0).frame
    within = frame.groupby("subject")["latent_severity"].std().mean()
    assert within < 0.8 * frame["latent_severity"].std()


def test_tremor_power_grows_with_severity():
    cohorts = [make_tremor_recordings(15, duration=10, weights=row, random_state=0) for row in np.eye(5)]
    for task in ("rest", "postural", "kinetic"):
        medians = [np.median(band_power(c)[c.frame["task"] == task]) for c in cohorts]
        assert np.all(np.diff(medians) > 0), task


def test_tremor_is_at_its_frequency():
    strong = make_tremor_recordings(10, weights=(0, 0, 0, 0, 1), random_state=0)
    frequencies, power = periodogram(strong.data, fs=50.0, axis=1, detrend="constant")
    band = frequencies > 3
    peak = frequencies[band][power[:, band].sum(axis=2).argmax(axis=1)]
    np.testing.assert_allclose(peak, strong.frame["tremor_frequency_hz"], atol=0.6)


def test_frequencies_stay_in_the_stated_range():
    frequency = make_tremor_recordings(200, duration=0.1, random_state=0).frame["tremor_frequency_hz"]
    assert frequency.between(3.5, 12.7).all()


def test_nothing_aliases_at_a_low_rate():
    # At 8 Hz a tremor of 5 Hz would show at 3 Hz: it has to be left out instead.
    low = make_tremor_recordings(10, sampling_rate=8, weights=(0, 0, 0, 0, 1), random_state=0)
    high = make_tremor_recordings(10, sampling_rate=100, weights=(0, 0, 0, 0, 1), random_state=0)
    fast = (low.frame["tremor_frequency_hz"] > 4.5).to_numpy()
    assert fast.any()
    assert np.median(band_power(low, 2.0, 4.0)[fast]) < 0.05 * np.median(band_power(high, 3.5, 12.0)[fast])


def test_unseen_people_are_harder_than_unseen_windows():
    # The contract of the simulator: something can be learnt about unseen people, and windows tell on their person.
    bunch = make_tremor_recordings(duration=20, random_state=0)
    magnitude = np.linalg.norm(bunch.data, axis=2).reshape(len(bunch.data), 5, 200)
    frequencies, power = periodogram(magnitude, fs=50.0, axis=2, detrend="constant")
    bands = [(0.5, 3), (3, 4.5), (4.5, 6), (6, 9), (9, 12), (12, 25)]
    X = np.stack([np.log(power[:, :, (frequencies >= a) & (frequencies < b)].sum(axis=2)) for a, b in bands], axis=-1)
    X, y, groups = X.reshape(-1, len(bands)), np.repeat(bunch.target, 5), np.repeat(bunch.groups, 5)
    forest = RandomForestClassifier(100, random_state=0)

    def score(folds, **kwargs):
        return balanced_accuracy_score(y, cross_val_predict(forest, X, y, cv=folds, **kwargs))

    by_person = score(StratifiedGroupKFold(5, shuffle=True, random_state=0), groups=groups)
    by_window = score(StratifiedKFold(5, shuffle=True, random_state=0))
    assert 0.3 < by_person < 0.6
    assert by_window > by_person + 0.05


@pytest.mark.parametrize(
    ("bad", "message"),
    [
        ({"weights": (1, 2, 3)}, "five shares"),
        ({"weights": (0, 0, 0, 0, 0)}, "five shares"),
        ({"weights": (1, -1, 1, 1, 1)}, "five shares"),
        ({"weights": (1, np.nan, 1, 1, 1)}, "five shares"),
        ({"duration": 0.001}, "at least one sample"),
        ({"n_subjects": 0}, "n_subjects"),
        ({"rater_reliability": 1.5}, "rater_reliability"),
        ({"sampling_rate": -1}, "sampling_rate"),
    ],
)
def test_bad_parameters_are_named(bad, message):
    with pytest.raises(ValueError, match=message):
        make_tremor_recordings(**{"n_subjects": 2, **bad})


def test_one_sample_is_a_recording():
    assert make_tremor_recordings(1, duration=0.02, random_state=0).data.shape == (6, 1, 3)


def test_default_is_quick():
    start = time.perf_counter()
    make_tremor_recordings(random_state=0)
    assert time.perf_counter() - start < 10  # under 1 s alone; other work may share the machine
