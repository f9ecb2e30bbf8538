"""TremorFeatures as an estimator: forms of X, names, pooling, undefined and non-finite values, errors."""

import pickle

import numpy as np
import pandas as pd
import pytest
from numpy.testing import assert_allclose, assert_array_equal
from sklearn.base import clone
from sklearn.pipeline import make_pipeline

from skpd.features import TremorFeatures, TsfreshFeatures, tremor_feature_catalogue
from skpd.signal import TremorBandFilter, VectorMagnitude, Windowizer

NAMES = tremor_feature_catalogue()["name"].tolist()


@pytest.fixture
def windows():
    return np.random.default_rng(0).normal(size=(6, 200, 3)) * [1, 5, 0.1]


@pytest.fixture(params=["tremor", "tsfresh"])
def transformer(request):
    """Both transformers of windows share the forms of X, the names and the pooling."""
    return TremorFeatures(100.0) if request.param == "tremor" else TsfreshFeatures("minimal")


def test_three_band_passed_channels_give_102_features(windows):
    bands = ["rest_3_6hz", "postural_6_9hz", "kinetic_9_12hz"]
    tremor = TremorFeatures(100.0, channel_names=bands)
    table = tremor.fit_transform(windows)
    assert table.shape == (6, 102)
    assert table.dtype == np.float64
    names = tremor.get_feature_names_out()
    assert names.tolist() == [f"{band}__{name}" for band in bands for name in NAMES]
    assert {"rest_3_6hz__sample_entropy", "rest_3_6hz__spectrum_sample_entropy"} <= set(names)
    assert tremor.n_features_in_ == 200
    assert tremor.n_channels_ == 3


def test_channels_stand_side_by_side(windows, transformer):
    table = transformer.fit_transform(windows)
    n = len(transformer.feature_names_)
    assert transformer.get_feature_names_out()[[0, n]].tolist() == [
        f"{channel}__{transformer.feature_names_[0]}" for channel in ("ch0", "ch1")
    ]
    for channel in range(3):
        one = clone(transformer).fit_transform(windows[:, :, channel])
        assert_array_equal(table[:, channel * n : (channel + 1) * n], one)
    permuted = clone(transformer).fit_transform(windows[:, :, [2, 0, 1]])
    assert_array_equal(permuted, np.hstack([table[:, 2 * n :], table[:, : 2 * n]]))


def test_rows_are_independent(windows, transformer):
    table = transformer.fit_transform(windows)
    assert_array_equal(transformer.transform(windows[::-1]), table[::-1])
    assert_array_equal(transformer.transform(windows[2:3]), table[2:3])


def test_n_jobs_and_the_size_of_tasks_change_no_bit(windows, transformer, monkeypatch):
    many = np.tile(windows, (5, 1, 1))
    table = transformer.fit_transform(many)
    monkeypatch.setattr(type(transformer), "_task_windows", 7)
    monkeypatch.setattr(type(transformer), "_prefer", "threads")
    assert_array_equal(clone(transformer).set_params(n_jobs=2).fit_transform(many), table)


def test_input_is_not_written_to(windows, transformer):
    before = windows.copy()
    windows.flags.writeable = False
    transformer.fit_transform(windows)
    assert_array_equal(windows, before)


def test_forms_of_a_batch(windows, transformer):
    table = transformer.fit_transform(windows)
    objects = np.empty(len(windows), dtype=object)
    for i, window in enumerate(windows):
        objects[i] = window
    for X in (list(windows), windows.tolist(), objects, windows.astype(object)):
        assert_allclose(clone(transformer).fit_transform(X), table)
    single = windows.astype(np.float32)
    assert_array_equal(transformer.transform(single), transformer.transform(single.astype(float)))


def test_one_window_and_one_channel_keep_their_axes(windows, transformer):
    n = len(transformer.fit(windows[:1, :, :1]).feature_names_)
    assert transformer.transform(windows[:1, :, :1]).shape == (1, n)


def test_pandas_output(windows, transformer):
    frame = transformer.set_output(transform="pandas").fit_transform(windows)
    assert isinstance(frame, pd.DataFrame)
    assert frame.columns.tolist() == transformer.get_feature_names_out().tolist()
    table = pd.DataFrame(windows[:, :, 0], index=list("abcdef"), columns=[f"t{i}" for i in range(200)])
    frame = transformer.fit_transform(table)
    assert frame.index.tolist() == list("abcdef")
    assert transformer.feature_names_in_.tolist() == table.columns.tolist()
    transformer.fit(windows)
    assert not hasattr(transformer, "feature_names_in_")


def test_feature_names_through_a_pipeline(windows):
    pipeline = make_pipeline(VectorMagnitude(), TremorBandFilter(100.0), TremorFeatures(100.0))
    frame = pipeline.set_output(transform="pandas").fit_transform(windows)
    assert frame.shape == (6, 102)
    assert frame.columns[0] == "ch0__above_mean"


def test_subset_in_the_given_order(windows):
    wanted = ["energy", "above_mean", "psd_peak"]
    everything = TremorFeatures(100.0).set_output(transform="pandas").fit_transform(windows)
    some = TremorFeatures(100.0, features=wanted).set_output(transform="pandas").fit_transform(windows)
    assert some.columns.tolist() == [f"ch{channel}__{name}" for channel in range(3) for name in wanted]
    pd.testing.assert_frame_equal(some, everything[some.columns])


def test_clone_and_pickle(windows, transformer):
    table = transformer.fit_transform(windows)
    assert_array_equal(pickle.loads(pickle.dumps(transformer)).transform(windows), table)
    assert_array_equal(clone(transformer).fit_transform(windows), table)


def test_limits_of_each_channel(windows):
    limits = [(3, 6), (6, 9), (9, 12)]
    table = TremorFeatures(100.0, frequency_limits=limits).fit_transform(windows)
    for channel, pair in enumerate(limits):
        one = TremorFeatures(100.0, frequency_limits=pair).fit_transform(windows[:, :, channel])
        assert_array_equal(table[:, 34 * channel : 34 * (channel + 1)], one)
        fundamental = one[:, NAMES.index("fundamental_frequency")]
        assert ((pair[0] <= fundamental) & (fundamental <= pair[1])).all()


# Recordings cut into windows, and pooling


def test_pool_makes_one_row_a_recording(windows, transformer):
    recordings = np.stack([windows, 2 * windows])
    pooled = transformer.set_params(pool=("mean", "std", "min", "max", "median", "p90")).fit_transform(recordings)
    names = transformer.get_feature_names_out()
    assert pooled.shape == (2, len(names))
    assert [name.rsplit("__", 1)[1] for name in names[:7]] == ["mean", "std", "min", "max", "median", "p90", "mean"]
    table = clone(transformer).set_params(pool=None).fit_transform(windows)
    expected = np.stack(
        [f(table, axis=0) for f in (np.mean, np.std, np.min, np.max, np.median)] + [np.percentile(table, 90, axis=0)],
        axis=1,
    )
    assert_allclose(pooled[0], expected.ravel(), rtol=1e-12)


def test_pool_of_recordings_with_different_numbers_of_windows(windows, transformer):
    transformer.set_params(pool=["mean"])
    ragged = np.empty(3, dtype=object)
    ragged[:] = [windows[:4], windows[4:], windows[:0]]
    pooled = transformer.fit_transform(ragged)
    assert_array_equal(pooled[0], transformer.transform(windows[None, :4])[0])
    assert_array_equal(pooled[1], transformer.transform(windows[None, 4:])[0])
    # A recording without windows is missing, not undefined.
    assert np.isnan(pooled[2]).all()
    assert np.isnan(transformer.set_params(undefined=0.0).fit(ragged).transform(ragged)[2]).all()


def test_pool_takes_what_windowizer_makes():
    recordings = [np.random.default_rng(n).normal(size=(n, 2)) for n in (900, 700)]
    windowizer = Windowizer(100.0, duration=2.0)
    tremor = TremorFeatures(100.0, pool=["mean"])
    pooled = make_pipeline(windowizer, tremor).fit_transform(recordings)
    segments = windowizer.segment(recordings)
    table = TremorFeatures(100.0).fit_transform(segments.X)
    by_recording = pd.DataFrame(table).groupby(segments.index["recording"].to_numpy()).mean()
    assert_allclose(pooled, by_recording, rtol=1e-12)
    equal = make_pipeline(windowizer, tremor).fit_transform(np.stack([r[:700] for r in recordings]))
    assert_allclose(equal[1], pooled[1], rtol=1e-12)


@pytest.mark.parametrize("n_names", [34, 3])
def test_values_follow_the_order_of_the_names(windows, n_names):
    names = [str(name) for name in TremorFeatures(100.0).fit(windows).feature_names_][::-1][:n_names]
    everything = TremorFeatures(100.0).set_output(transform="pandas").fit_transform(windows)
    chosen = TremorFeatures(100.0, features=names).set_output(transform="pandas").fit_transform(windows)
    assert list(chosen)[:n_names] == [f"ch0__{name}" for name in names]
    pd.testing.assert_frame_equal(chosen, everything[list(chosen)])


def test_pool_ignores_undefined_values(windows):
    windows[0] = 1.0
    tremor = TremorFeatures(100.0, features=["skewness"], pool=["mean", "p50"]).fit(windows[None])
    assert_array_equal(tremor.transform(windows[None]), tremor.transform(windows[None, 1:]))
    # Undefined in every window, and no warning about an empty mean.
    assert np.isnan(tremor.transform(np.ones((1, 4, 200, 3)))).all()


def test_windows_of_recordings_need_pool(windows, transformer):
    with pytest.raises(ValueError, match=r'set pool, e\.g\. pool=\("mean", "p90"\).*Windowizer\.segment'):
        transformer.fit(windows[None])
    with pytest.raises(ValueError, match="got 3-D input and pool"):
        transformer.set_params(pool=["mean"]).fit(windows)


@pytest.mark.parametrize("pool", [["average"], ["p101"], ["mean", "p"], ["P50"], [], ["mean", "mean"]])
def test_unknown_statistic(windows, pool):
    with pytest.raises(ValueError, match="pool: expected different names out of mean, std, min, max, median and perc"):
        TremorFeatures(100.0, pool=pool).fit(windows[None])


# Undefined and non-finite


def test_undefined_features_are_nan_or_filled(windows):
    windows[1] = 3.0
    table = TremorFeatures(100.0).fit_transform(windows)
    undefined = np.isnan(table)
    assert undefined[1].any()
    assert not undefined[0].any()
    filled = TremorFeatures(100.0, undefined=-1.0).fit_transform(windows)
    assert (filled[undefined] == -1).all()
    assert_array_equal(filled[~undefined], table[~undefined])
    assert_array_equal(TremorFeatures(100.0, undefined=np.nan).fit_transform(windows), table)


@pytest.mark.parametrize("bad", [np.nan, np.inf, -np.inf])
def test_non_finite_samples(windows, transformer, bad):
    table = transformer.fit_transform(windows)
    broken = windows.copy()
    broken[2, 7, 1] = bad
    with pytest.raises(ValueError, match=r"NaN|infinity"):
        transformer.transform(broken)
    lenient = clone(transformer).set_params(non_finite="nan", undefined=0.0)
    assert lenient.__sklearn_tags__().input_tags.allow_nan
    rows = lenient.fit_transform(broken)
    assert np.isnan(rows[2]).all()
    assert_array_equal(np.delete(rows, 2, axis=0), np.delete(table, 2, axis=0))
    one_channel = lenient.fit_transform(broken[:, :, 1])
    assert_array_equal(np.isnan(one_channel).all(axis=1), np.arange(6) == 2)


def test_pool_leaves_non_finite_windows_out(windows):
    broken = windows.copy()
    broken[0, 0] = np.nan
    tremor = TremorFeatures(100.0, pool=["mean"], non_finite="nan").fit(broken[None])
    assert_array_equal(tremor.transform(broken[None]), tremor.transform(windows[None, 1:]))


# Errors


def test_recordings_of_different_lengths(windows, transformer):
    with pytest.raises(ValueError, match=r"equal length.*skpd\.signal\.Windowizer.*WindowedClassifier"):
        transformer.fit([windows[0], windows[1][:50]])
    with pytest.raises(ValueError, match="equal length"):
        transformer.fit([[1.0, 2.0, 3.0], [1.0, 2.0]])


def test_a_bare_window(windows, transformer):
    with pytest.raises(ValueError, match=r"a single window is passed as X\[None\]"):
        transformer.fit(windows[0, :, 0])


@pytest.mark.parametrize("shape", [(6, 0, 3), (6, 80, 0), (0, 80, 3)])
def test_empty(transformer, shape):
    with pytest.raises(ValueError, match=r"expected at least one window|minimum of 1"):
        transformer.fit(np.empty(shape))


def test_transform_compares_with_fit(windows, transformer):
    transformer.fit(windows)
    with pytest.raises(ValueError, match=r"199 timestep\(s\), but .* is expecting 200"):
        transformer.transform(windows[:, 1:])
    with pytest.raises(ValueError, match=r"2 channel\(s\), but .* was fitted with 3"):
        transformer.transform(windows[:, :, 1:])


@pytest.mark.parametrize("names", [["a", "b"], ["a", "b", "b"], "abc"])
def test_channel_names(windows, transformer, names):
    with pytest.raises(ValueError, match="channel_names"):
        transformer.set_params(channel_names=names).fit(windows)


@pytest.mark.parametrize(
    ("parameters", "message"),
    [
        ({"features": ["energy", "enrgy"]}, r"\['enrgy'\] are unknown"),
        ({"features": ["energy", "energy"]}, "different names"),
        ({"features": []}, "different names"),
        ({"frequency_limits": (6, 3)}, "0 <= low < high"),
        ({"frequency_limits": (-1, 3)}, "0 <= low < high"),
        ({"frequency_limits": (50, 60)}, "low < 50 Hz"),
        ({"frequency_limits": (np.nan, 3)}, "frequency_limits"),
        ({"frequency_limits": [(3, 6), (6, 9)]}, r"each of the 3 channel\(s\)"),
        ({"frequency_limits": "alpha"}, "frequency_limits"),
        ({"sampling_rate": 0}, "sampling_rate"),
        ({"peak_support": 0}, "peak_support"),
        ({"undefined": "zero"}, "undefined"),
        ({"spectrum": "both"}, "spectrum"),
        ({"dispersion_fraction": 1.0}, "dispersion_fraction"),
    ],
)
def test_bad_parameters(windows, parameters, message):
    with pytest.raises(ValueError, match=message):
        TremorFeatures(100.0).set_params(**parameters).fit(windows)


def test_what_overflows_is_undefined():
    windows = np.random.default_rng(0).normal(size=(3, 100)) * 1e160
    table = TremorFeatures(50.0).fit_transform(windows)
    assert not np.isinf(table).any()
    assert np.isfinite(table[:, NAMES.index("maximum")]).all()


def test_parameters_changed_after_fit_wait_for_the_next_fit():
    windows = np.random.default_rng(0).normal(size=(2, 4, 50, 1))
    tremor = TremorFeatures(50.0, pool=("mean",)).fit(windows)
    tremor.set_params(pool=("mean", "std"))
    assert tremor.transform(windows).shape[1] == len(tremor.get_feature_names_out()) == 34
