"""Simulated pen trajectories: the form of the readers, and people who differ as stated."""

import numpy as np
import pytest

from skpd.datasets import load_svc, make_pen_trajectories
from skpd.datasets._simulated_pens import _spread
from skpd.features import PenFeatures


@pytest.fixture(scope="module")
def pens():
    return make_pen_trajectories(20, tasks=("spiral", "wave"), random_state=0)


def test_the_form_is_that_of_the_readers(pens, data_dir):
    real = load_svc(data_dir / "svc")
    assert pens.channel_names == real.channel_names
    assert pens.units == real.units
    assert set(real.frame) - set(pens.frame) <= {"file", "n_claimed", "problem"}
    assert pens.data.dtype == object
    assert len(pens.data) == len(pens.target) == len(pens.groups) == len(pens.frame) == 40
    assert pens.sampling_rate == pytest.approx(133.0)
    assert pens.target_names == ["control", "parkinson"]
    assert "SIMULATED" in pens.DESCR
    points = pens.data[0]
    assert points.shape[1] == 7
    np.testing.assert_allclose(np.diff(points[:, 2]), 1 / 133)
    assert ((points[:, 3] > 0) & (points[:, 3] <= 1)).all()
    assert (points[:, 6] == 1).all()
    assert np.isnan(points[:, 4:6]).all()
    # Centimetres, on a grid of 200 points a millimetre.
    assert 0.05 < np.ptp(points[:, 0]) < 0.2
    np.testing.assert_allclose(points[:, 0] / 5e-6, np.rint(points[:, 0] / 5e-6), atol=1e-6)


def test_people_stay_the_same_whatever_else_is_asked_for(pens):
    fewer = make_pen_trajectories(6, tasks=["wave"], random_state=0)
    waves = np.flatnonzero(pens.frame["task"] == "wave")
    for k in range(6):
        np.testing.assert_array_equal(fewer.data[k], pens.data[waves[k]])
    other = make_pen_trajectories(6, tasks=["wave"], random_state=1)
    assert not np.array_equal(other.data[0], fewer.data[0])


@pytest.mark.parametrize("share", [0.1, 0.5, 0.8])
def test_share_of_patients(share):
    pens = make_pen_trajectories(10, patients=share, random_state=0)
    assert (pens.target == "parkinson").sum() == round(10 * share)


def test_who_is_a_patient_where_the_share_leaves_nobody():
    assert _spread(5, 0.01).tolist() == [False, False, False, False, True]
    assert _spread(3, 1.0).tolist() == [False, True, True]
    assert _spread(6, 0.5).tolist() == [False, True] * 3


def test_both_classes_are_always_there():
    for share in (0.01, 0.99):
        assert set(make_pen_trajectories(3, patients=share, random_state=0).target) == {"control", "parkinson"}


def test_the_stated_tremor_is_in_the_trajectory(pens):
    spirals = pens.frame["task"].to_numpy() == "spiral"
    frame = pens.frame[spirals]
    features = PenFeatures(["tremor_amplitude", "tremor_frequency"]).fit_transform(pens.data[spirals])
    strong = frame["tremor_amplitude_m"].to_numpy() > 0.001
    assert strong.sum() >= 3
    np.testing.assert_allclose(features[strong, 1], frame["tremor_frequency_hz"][strong], atol=1.5)
    assert np.corrcoef(features[:, 0], frame["tremor_amplitude_m"])[0, 1] > 0.7


@pytest.mark.parametrize("tasks", [(), ("circle",), ("wave", "wave")])
def test_tasks_are_checked(tasks):
    with pytest.raises(ValueError, match="tasks: expected each of 'spiral', 'wave' once"):
        make_pen_trajectories(4, tasks=tasks)


def test_return_X_y():
    X, y = make_pen_trajectories(4, random_state=0, return_X_y=True)
    assert len(X) == len(y) == 4
