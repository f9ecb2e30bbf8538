import joblib
import numpy as np
import pytest
from scipy.signal import butter, sosfilt, sosfilt_zi, sosfiltfilt
from sklearn.base import clone
from sklearn.pipeline import make_pipeline

from skpd._recordings import as_object_array
from skpd.signal import PUBLISHED_BANDS, TremorBandFilter, VectorMagnitude, band_channel_names

FS = 100.0


def sine(frequency, n=2000, fs=FS, phase=0.3):
    return np.sin(2 * np.pi * frequency * np.arange(n) / fs + phase)


def peak_frequency(x, fs=FS):
    return np.fft.rfftfreq(len(x), 1 / fs)[np.abs(np.fft.rfft(x - x.mean())).argmax()]


@pytest.fixture
def X():
    return 9.81 + np.random.default_rng(0).normal(size=(5, 400, 3))


@pytest.mark.parametrize("zero_phase", [True, False])
@pytest.mark.parametrize(("band", "frequency"), [(0, 4.2), (1, 7.35), (2, 10.4)])
def test_centre_of_a_band_passes_and_the_others_attenuate(band, frequency, zero_phase):
    x = 9.81 + sine(frequency)
    filtered = TremorBandFilter(FS, zero_phase=zero_phase).fit_transform(x[None])[0, 500:-500]
    amplitude = np.sqrt(2) * filtered.std(axis=0)
    assert amplitude[band] == pytest.approx(1, abs=0.05)
    assert np.delete(amplitude, band).max() < 0.5


@pytest.mark.parametrize("frequency", [0.5, 1.0, 25.0])
def test_far_out_of_band_vanishes(frequency):
    filtered = TremorBandFilter(FS).fit_transform(sine(frequency)[None])[0, 500:-500]
    assert np.abs(filtered).max() < 1e-3


@pytest.mark.parametrize(("zero_phase", "attenuation"), [(True, 1 / 2), (False, np.sqrt(1 / 2))])
def test_the_edges_are_attenuated_by_6_db_forwards_and_backwards_and_3_db_forwards(zero_phase, attenuation):
    filtered = TremorBandFilter(FS, [(3, 6)], zero_phase=zero_phase).fit_transform(sine(6.0, n=4000)[None])
    assert np.sqrt(2) * filtered[0, 1000:-1000].std() == pytest.approx(attenuation, rel=0.01)


def test_zero_phase_has_no_lag_and_causal_lags():
    x = sine(4.5) * np.exp(-(((np.arange(2000) - 1000) / 200) ** 2))

    def lag(zero_phase):
        filtered = TremorBandFilter(FS, [(3, 6)], zero_phase=zero_phase).fit_transform(x[None])[0, :, 0]
        return np.correlate(filtered, x, mode="full").argmax() - (len(x) - 1)

    assert lag(True) == 0
    envelope = np.abs(TremorBandFilter(FS, [(3, 6)], zero_phase=False).fit_transform(x[None])[0, :, 0])
    assert np.average(np.arange(2000), weights=envelope) > 1010


def test_causal_does_not_see_the_future(X):
    bands = TremorBandFilter(FS, zero_phase=False).fit(X)
    np.testing.assert_allclose(bands.transform(X[:, :150]), bands.transform(X)[:, :150], atol=1e-12)


def test_equals_scipy(X):
    filtered = {zero: TremorBandFilter(FS, zero_phase=zero).fit_transform(X) for zero in (True, False)}
    for b, band in enumerate(PUBLISHED_BANDS.values()):
        sos = butter(4, band, btype="bandpass", fs=FS, output="sos")
        for channel in range(3):
            x = X[..., channel]
            output = 3 * channel + b
            np.testing.assert_allclose(filtered[True][..., output], sosfiltfilt(sos, x), atol=1e-10)
            state = sosfilt_zi(sos)[:, None, :] * x[:, :1]
            np.testing.assert_allclose(filtered[False][..., output], sosfilt(sos, x, zi=state)[0], atol=1e-10)


def test_is_linear(X):
    bands = TremorBandFilter(FS).fit(X)
    np.testing.assert_allclose(
        bands.transform(2 * X[:1] - 3 * X[1:2]), 2 * bands.transform(X[:1]) - 3 * bands.transform(X[1:2]), atol=1e-10
    )


def test_one_channel_and_ragged_give_the_same_numbers(X):
    expected = TremorBandFilter(FS).fit_transform(X)
    assert expected.shape == (5, 400, 9)
    np.testing.assert_array_equal(TremorBandFilter(FS).fit_transform(X[..., 1]), expected[..., 3:6])
    ragged = TremorBandFilter(FS).fit_transform([X[0], X[1, :250]])
    assert ragged.dtype == object
    np.testing.assert_array_equal(ragged[0], expected[0])
    np.testing.assert_array_equal(ragged[1], TremorBandFilter(FS).fit_transform(X[1:2, :250])[0])
    assert TremorBandFilter(FS).fit_transform(as_object_array(X)).shape == (5,)


def test_many_blocks_equal_one_recording_at_a_time():
    X = np.random.default_rng(1).normal(size=(70, 5000, 1))
    bands = TremorBandFilter(FS, [(3, 6)]).fit(X)
    filtered = bands.transform(X)
    for i in (0, 26, 27, 69):
        np.testing.assert_array_equal(filtered[i], bands.transform(X[i : i + 1])[0])


@pytest.mark.parametrize("zero_phase", [True, False])
def test_a_gap_stays_and_runs_are_filtered_on_their_own(X, zero_phase):
    bands = TremorBandFilter(FS, zero_phase=zero_phase).fit(X)
    whole = bands.transform(X)
    X[2, :4, 1] = X[2, 100:140, 1] = X[2, 141:142, 1] = X[2, -1, 1] = np.nan
    filtered = bands.transform(X)
    channel, others = filtered[2][:, 3:6], [0, 1, 2, 6, 7, 8]
    np.testing.assert_array_equal(np.isnan(channel), np.repeat(np.isnan(X[2, :, 1])[:, None], 3, axis=1))
    for run in (slice(4, 100), slice(140, 141), slice(142, 399)):
        np.testing.assert_allclose(channel[run], bands.transform(X[2:3, run, [1, 1, 1]])[0][:, :3], atol=1e-12)
    np.testing.assert_array_equal(filtered[2][:, others], whole[2][:, others])
    np.testing.assert_array_equal(np.delete(filtered, 2, axis=0), np.delete(whole, 2, axis=0))


def test_a_recording_that_is_one_gap_stays_one(X):
    X[0] = np.nan
    for combine in (None, "principal_axis"):
        filtered = TremorBandFilter(FS, combine=combine).fit_transform(X)
        assert np.isnan(filtered[0]).all()
        assert np.isfinite(filtered[1:]).all()


def test_infinity_is_an_error(X):
    X[0, 0, 0] = np.inf
    with pytest.raises(ValueError, match="infinity"):
        TremorBandFilter(FS).fit(X)


@pytest.mark.parametrize("zero_phase", [True, False])
@pytest.mark.parametrize("n_timesteps", [*range(1, 21), 27, 28])
def test_any_length_gives_a_finite_result(n_timesteps, zero_phase):
    X = np.random.default_rng(n_timesteps).normal(size=(2, n_timesteps, 2))
    filtered = TremorBandFilter(FS, zero_phase=zero_phase).fit_transform(X)
    assert filtered.shape == (2, n_timesteps, 6)
    assert np.abs(filtered).max() < 10


@pytest.mark.parametrize("zero_phase", [True, False])
@pytest.mark.parametrize("combine", [None, "principal_axis"])
def test_a_flat_recording_gives_zeros(zero_phase, combine):
    X = np.full((1, 300, 3), [0.1, -9.81, 1e6])
    np.testing.assert_array_equal(TremorBandFilter(FS, zero_phase=zero_phase, combine=combine).fit_transform(X), 0)


@pytest.mark.parametrize("fs", [20.0, 24.0])
def test_bands_are_clamped_to_nyquist_with_a_warning(fs):
    bands = TremorBandFilter(fs)
    x = 9.81 + sine(9.7, fs=fs)
    with pytest.warns(UserWarning, match=rf"'kinetic' reach the Nyquist frequency {fs / 2:g} Hz"):
        filtered = bands.fit_transform(x[None])[0, 500:-500]
    assert bands.bands_ == {"rest": (3, 6), "postural": (6, 9), "kinetic": (9, fs / 2)}
    assert bands.channel_names_[2] == f"kinetic_9_{fs / 2:g}hz"
    assert np.sqrt(2) * filtered[:, 2].std() > 0.6
    assert np.sqrt(2) * filtered[:, 0].std() < 0.01
    np.testing.assert_array_equal(bands.transform(np.full((1, 2000), 9.81)), 0)


def test_a_band_above_nyquist_is_an_error():
    with pytest.raises(ValueError, match=r"'kinetic' starts at 9 Hz.*sampled above 18 Hz"):
        TremorBandFilter(18.0).fit(np.zeros((1, 10)))


@pytest.mark.parametrize(
    ("params", "message"),
    [
        ({"bands": [(6, 3)]}, "low < high"),
        ({"bands": [(0, 3)]}, "low < high"),
        ({"bands": {"slow": (np.nan, 3)}}, "'slow'"),
        ({"bands": {"slow": (1, 2, 3)}}, "'slow' as a pair"),
        ({"bands": [3, 6]}, "'band0' as a pair"),
        ({"bands": {}}, "at least one band"),
        ({"order": 0}, "order"),
        ({"sampling_rate": 0}, "sampling_rate"),
        ({"combine": "sum"}, "combine"),
        ({"zero_phase": "yes"}, "zero_phase"),
    ],
)
def test_wrong_parameters_are_named(params, message):
    with pytest.raises(ValueError, match=message):
        TremorBandFilter(FS).set_params(**params).fit(np.zeros((2, 50)))


def test_a_higher_order_is_steeper():
    x = sine(7.0)[None]
    outside = [
        TremorBandFilter(FS, [(3, 6)], order=order).fit_transform(x)[0, 500:-500].std() for order in (1, 2, 4, 6)
    ]
    assert outside == sorted(outside, reverse=True)
    assert [s.shape for s in TremorBandFilter(FS, [(3, 6)], order=6).fit(x).sos_] == [(6, 6)]


def test_names(X):
    assert band_channel_names() == ["rest_3_6hz", "postural_6_9hz", "kinetic_9_12hz"]
    bands = TremorBandFilter(FS, {"a": (1, 2.5), "b": (3, 4)}).fit(X)
    names = ["ch0_a_1_2.5hz", "ch0_b_3_4hz", "ch1_a_1_2.5hz", "ch1_b_3_4hz", "ch2_a_1_2.5hz", "ch2_b_3_4hz"]
    assert bands.channel_names_ == names
    assert list(bands.get_feature_names_out()) == names
    assert bands.get_feature_names_out(["x", "y", "z"])[-1] == "z_b_3_4hz"
    with pytest.raises(ValueError, match=r"3 channel.*got 2"):
        bands.get_feature_names_out(["x", "y"])
    assert bands.set_params(combine="principal_axis").fit(X).channel_names_ == ["a_1_2.5hz", "b_3_4hz"]
    pipeline = make_pipeline(VectorMagnitude(), TremorBandFilter(FS)).fit(X)
    assert list(pipeline.get_feature_names_out()) == band_channel_names()


def test_the_principal_axis_keeps_the_frequency_that_the_magnitude_doubles():
    gravity, across = np.array([0.0, 0.6, 0.8]), np.array([0.0, -0.8, 0.6])
    x = 9.81 * gravity + 0.5 * sine(5.0)[:, None] * across
    road = TremorBandFilter(FS, combine="principal_axis")
    filtered = road.fit_transform(x[None])[0]
    assert filtered.shape == (2000, 3)
    assert peak_frequency(filtered[:, 0]) == pytest.approx(5.0)
    assert np.sqrt(2) * filtered[500:-500, 0].std() == pytest.approx(0.5, rel=0.05)
    # The largest loading of the axis, -0.8 of y, is made positive: the tremor comes out turned.
    assert np.corrcoef(filtered[500:-500, 0], sine(5.0)[500:-500])[0, 1] == pytest.approx(-1, abs=1e-3)
    magnitude = VectorMagnitude().transform(x[None])
    assert peak_frequency(magnitude[0, :, 0]) == pytest.approx(10.0)
    power = TremorBandFilter(FS).fit_transform(magnitude)[0].std(axis=0)
    assert power.argmax() == 2


def test_the_principal_axis_of_equal_loadings_has_one_sign():
    rng = np.random.default_rng(0)
    tremor = rng.uniform(0.1, 2, size=50)[:, None] * sine(5.0, n=400)
    X = tremor[..., None] * np.array([1.0, -1.0]) + 1e-9 * rng.normal(size=(50, 400, 2))
    filtered = TremorBandFilter(FS, [(3, 6)], combine="principal_axis").fit_transform(X)[..., 0]
    assert ((filtered * tremor).sum(axis=1) > 0).all()


def test_the_principal_axis_skips_gaps(X):
    X[0, 50:60, 2] = np.nan
    filtered = TremorBandFilter(FS, combine="principal_axis").fit_transform(X)
    np.testing.assert_array_equal(np.isnan(filtered[0]).all(axis=1), np.isnan(X[0]).any(axis=1))
    assert np.isfinite(filtered[1:]).all()


def test_the_principal_axis_of_one_channel_is_the_channel(X):
    alone = TremorBandFilter(FS).fit_transform(X[..., 0])
    np.testing.assert_allclose(TremorBandFilter(FS, combine="principal_axis").fit_transform(X[..., 0]), alone)


def test_read_only_memory_mapped_and_untouched(X, tmp_path):
    X.setflags(write=False)
    before = X.copy()
    bands = TremorBandFilter(FS).fit(X)
    expected = bands.transform(X)
    np.testing.assert_array_equal(X, before)
    joblib.dump((bands, X), tmp_path / "bands")
    mapped, X_mapped = joblib.load(tmp_path / "bands", mmap_mode="r")
    np.testing.assert_array_equal(mapped.transform(X_mapped), expected)


def test_published_bands_survive_clone(X):
    bands = TremorBandFilter(FS, PUBLISHED_BANDS)
    np.testing.assert_array_equal(clone(bands).fit_transform(X), TremorBandFilter(FS).fit_transform(X))


def test_time_is_the_fastest_axis(X):
    assert TremorBandFilter(FS).fit_transform(X).strides[1] == X.itemsize


def test_names_of_bands_are_different():
    with pytest.raises(ValueError, match="different names, got '1' twice"):
        TremorBandFilter(FS, bands={1: (3, 6), "1": (6, 9)}).fit(np.zeros((1, 500)))
    assert band_channel_names(channels=np.int64(2)) == band_channel_names(channels=2)
