import numpy as np
import pytest
from sklearn.utils.validation import check_is_fitted

from skpd._recordings import as_object_array
from skpd.signal import VectorMagnitude


@pytest.fixture
def X():
    return np.random.default_rng(0).normal(size=(4, 30, 3))


def test_is_the_euclidean_norm(X):
    magnitude = VectorMagnitude().fit_transform(X)
    assert magnitude.shape == (4, 30, 1)
    np.testing.assert_allclose(magnitude[..., 0], np.linalg.norm(X, axis=2))


def test_fit_is_optional_but_compares_channels_once_done(X):
    np.testing.assert_array_equal(VectorMagnitude().transform(X), VectorMagnitude().fit_transform(X))
    fitted = VectorMagnitude().fit(X)
    assert fitted.transform(X[:, :7]).shape == (4, 7, 1)
    with pytest.raises(ValueError, match="X has 2 channel"):
        fitted.transform(X[..., :2])


def test_one_channel_is_the_absolute_value(X):
    np.testing.assert_array_equal(VectorMagnitude().fit_transform(X[..., 0]), np.abs(X[..., 0]))
    np.testing.assert_array_equal(VectorMagnitude().fit_transform(X[..., :1]), np.abs(X[..., :1]))


def test_ragged_recordings(X):
    magnitude = VectorMagnitude().fit_transform([X[0], X[1, :20]])
    assert magnitude.dtype == object
    expected = VectorMagnitude().fit_transform(X)
    np.testing.assert_array_equal(magnitude[0], expected[0])
    np.testing.assert_array_equal(magnitude[1], expected[1, :20])
    assert VectorMagnitude().fit_transform(as_object_array(X)).shape == (4,)


def test_does_not_depend_on_orientation(X):
    turn, _ = np.linalg.qr(np.random.default_rng(1).normal(size=(3, 3)))
    np.testing.assert_allclose(VectorMagnitude().transform(X @ turn), VectorMagnitude().transform(X))


def test_gaps_stay_gaps_and_the_input_is_untouched(X):
    X[1, 5, 2] = np.nan
    X.setflags(write=False)
    before = X.copy()
    magnitude = VectorMagnitude().fit_transform(X)
    np.testing.assert_array_equal(np.argwhere(np.isnan(magnitude)), [[1, 5, 0]])
    np.testing.assert_array_equal(X, before)
    with pytest.raises(ValueError, match="infinity"):
        VectorMagnitude().transform(np.where(np.isnan(X), np.inf, X))


def test_counts_as_fitted():
    check_is_fitted(VectorMagnitude())


def test_feature_name():
    assert list(VectorMagnitude().get_feature_names_out()) == ["magnitude"]


def test_a_tremor_across_gravity_shows_at_twice_its_frequency_and_small():
    t, g, a = np.arange(1000) / 100, 9.81, 0.5
    tremor = a * np.cos(2 * np.pi * 5 * t)
    along = VectorMagnitude().transform(np.stack([0 * t, 0 * t, g + tremor], axis=1)[None])[0, :, 0]
    across = VectorMagnitude().transform(np.stack([tremor, 0 * t, 0 * t + g], axis=1)[None])[0, :, 0]
    for magnitude, frequency, amplitude in [(along, 5, a), (across, 10, a**2 / (4 * g))]:
        spectrum = 2 * np.abs(np.fft.rfft(magnitude - magnitude.mean())) / len(t)
        assert np.fft.rfftfreq(len(t), 0.01)[spectrum.argmax()] == pytest.approx(frequency)
        assert spectrum.max() == pytest.approx(amplitude, rel=1e-3)
