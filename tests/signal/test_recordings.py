import warnings

import numpy as np
import pandas as pd
import pytest
import sklearn
from sklearn.base import BaseEstimator, clone
from sklearn.impute import SimpleImputer
from sklearn.model_selection import KFold, cross_val_score
from sklearn.naive_bayes import GaussianNB
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import FunctionTransformer

from skpd._recordings import RecordingTransformer, as_object_array, check_recordings, is_ragged
from skpd.features import TremorFeatures
from skpd.signal import TremorBandFilter, VectorMagnitude, WindowedClassifier, Windowizer


class Reader(BaseEstimator):
    """Does nothing but check recordings."""


def check(X, estimator=None, reset=True, **options):
    return check_recordings(Reader() if estimator is None else estimator, X, reset=reset, **options)


def test_two_dimensions_are_one_channel_each_row_a_recording():
    reader = Reader()
    X = np.arange(6.0).reshape(2, 3)
    recordings = check(X, reader)
    assert recordings.shape == (2, 3, 1)
    assert np.shares_memory(recordings, X)
    assert reader.n_features_in_ == 3


def test_three_dimensions_count_channels():
    reader = Reader()
    assert check(np.zeros((2, 5, 3), dtype=np.float32), reader).dtype == np.float64
    assert reader.n_features_in_ == 3


@pytest.mark.parametrize("form", [list, tuple, as_object_array, lambda items: pd.Series(list(items))])
def test_ragged_forms_become_a_list_of_two_dimensional_arrays(form):
    reader = Reader()
    recordings = check(form([np.zeros((4, 2)), np.zeros((6, 2))]), reader)
    assert isinstance(recordings, list)
    assert [r.shape for r in recordings] == [(4, 2), (6, 2)]
    assert reader.n_features_in_ == 2


def test_ragged_one_channel_recordings_and_nested_lists():
    assert [r.shape for r in check([np.zeros(4), np.zeros(6)])] == [(4, 1), (6, 1)]
    assert [r.shape for r in check([[1, 2, 3], [4, 5]])] == [(3, 1), (2, 1)]


def test_is_ragged():
    equal = [np.zeros((4, 2)), np.zeros((4, 2))]
    assert is_ragged(as_object_array(equal))
    assert is_ragged(pd.Series(list(equal)))
    assert not is_ragged(equal)
    assert not is_ragged(np.zeros((2, 4), dtype=object))
    assert not is_ragged([])
    assert not is_ragged(["a", "bc"])
    assert not is_ragged(np.array(["a", "bc"], dtype=object))


def test_object_array_keeps_equal_lengths_apart():
    packed = as_object_array(np.zeros((3, 4, 2)))
    assert packed.shape == (3,)
    assert packed[0].shape == (4, 2)


def test_list_of_equal_recordings_after_a_ragged_fit():
    reader = Reader()
    check([np.zeros(4), np.zeros(6)], reader)
    assert check([np.zeros(5)], reader, reset=False).shape == (1, 5, 1)
    assert check([np.zeros(5), np.ones(5)], reader, reset=False).shape == (2, 5, 1)


@pytest.mark.parametrize(
    ("X", "message"),
    [
        (np.zeros(5), r"X\[None\]"),
        (np.zeros((1, 1, 1, 1)), "4-D"),
        (np.zeros((0, 5, 3)), "0 sample"),
        (np.zeros((2, 0, 3)), r"\(2, 0, 3\)"),
        (np.zeros((2, 5, 0)), r"\(2, 5, 0\)"),
        ([np.zeros((3, 2)), np.zeros((0, 2))], "recording 1"),
        ([np.zeros((3, 2)), np.zeros((4, 0))], "recording 1"),
        ([np.zeros((3, 2)), np.zeros((4, 2, 1))], "recording 1"),
        ([np.zeros((3, 2)), np.zeros((4, 3))], r"\[2, 3\]"),
        ([np.zeros(3), np.array([1.0, np.inf])], "recording 1 of X contains infinity"),
        ([np.zeros(3), np.array([1.0, np.nan])], "recording 1 of X contains NaN"),
        (np.full((2, 4, 1), np.nan), "X contains NaN"),
    ],
)
def test_what_is_not_a_batch_is_refused(X, message):
    with pytest.raises(ValueError, match=message):
        check(X)


@pytest.mark.parametrize("X", [np.zeros((2, 4)), np.zeros((2, 4, 1)), [np.zeros(4), np.zeros(5)]])
def test_nan_is_a_gap_where_allowed_and_infinity_never(X):
    X[1][2] = np.nan
    assert np.isnan(check(X, allow_nan=True)[1][2, 0])
    X[1][2] = np.inf
    with pytest.raises(ValueError, match="infinity"):
        check(X, allow_nan=True)


@pytest.mark.parametrize("X", [np.zeros((2, 4)), np.zeros((2, 4, 1)), [np.zeros(4), np.zeros(7)]])
def test_shortest_recording(X):
    check(X, min_timesteps=4)
    with pytest.raises(ValueError, match="5"):
        check(X, min_timesteps=5)


def test_number_of_channels_is_compared_after_fit_only():
    reader = Reader()
    check(np.zeros((2, 5, 3)), reader, reset=False)
    check(np.zeros((2, 5, 3)), reader)
    check(np.zeros((2, 9, 3)), reader, reset=False)
    with pytest.raises(ValueError, match="X has 2 channel"):
        check(np.zeros((2, 5, 2)), reader, reset=False)
    with pytest.raises(ValueError, match="X has 2 channel"):
        check([np.zeros((4, 2)), np.zeros((5, 2))], reader, reset=False)


def test_feature_names_belong_to_frames():
    reader = Reader()
    check(pd.DataFrame(np.zeros((3, 2)), columns=["a", "b"]), reader)
    assert list(reader.feature_names_in_) == ["a", "b"]
    check(np.zeros((3, 2, 1)), reader)
    assert not hasattr(reader, "feature_names_in_")


def test_one_bare_recording_with_channels_as_columns_is_suspected():
    with pytest.warns(UserWarning, match=r"pass X\[None\]"):
        check(np.zeros((500, 6)))
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        check(np.zeros((499, 6)))
        check(np.zeros((500, 7)))
        check(np.zeros((500, 6, 1)))


def test_set_output_is_accepted_and_honoured_by_the_steps_that_can():
    transformer = VectorMagnitude().set_output(transform="pandas")
    assert isinstance(transformer, RecordingTransformer)
    assert transformer.fit_transform(np.ones((2, 5, 3))).shape == (2, 5, 1)
    mean = FunctionTransformer(lambda X: X.mean(axis=1), feature_names_out=lambda self, names: ["mean"])
    pipeline = make_pipeline(clone(transformer), mean).set_output(transform="pandas")
    assert isinstance(pipeline.fit_transform(np.ones((2, 5, 3))), pd.DataFrame)
    with sklearn.config_context(transform_output="pandas"):
        assert isinstance(VectorMagnitude().fit_transform(np.ones((2, 5, 3))), np.ndarray)


def test_frames_whose_columns_differ_are_refused():
    frame = pd.DataFrame(np.zeros((10, 3)), columns=list("xyz"))
    with pytest.raises(ValueError, match="same columns in the same order"):
        VectorMagnitude().fit([frame, frame.iloc[:5][list("zyx")]])
    assert len(VectorMagnitude().fit_transform([frame, frame.iloc[:5]])) == 2


def test_frames_of_one_length_are_checked_too():
    frame = pd.DataFrame(np.zeros((10, 3)), columns=list("xyz"))
    with pytest.raises(ValueError, match="same columns in the same order"):
        TremorBandFilter(50.0).fit([frame, frame[list("zyx")]])
    with pytest.raises(ValueError, match="or arrays alone"):
        TremorBandFilter(50.0).fit([frame, frame.to_numpy()])
    with pytest.raises(ValueError, match="TremorFeatures expected frames with the same columns"):
        TremorFeatures(50.0).fit([frame, frame[list("zyx")]])


def test_frames_keep_the_columns_of_fit():
    rng = np.random.default_rng(0)
    frames = [pd.DataFrame(rng.normal(size=(n, 3)), columns=list("xyz")) for n in (300, 200)]
    turned = [frame[list("zyx")] for frame in frames]
    for transformer in (TremorBandFilter(50.0), VectorMagnitude(), Windowizer(50.0)):
        transformer.fit(frames)
        with pytest.raises(ValueError, match=r"fitted on .* columns \['x', 'y', 'z'\], got \['z', 'y', 'x'\]"):
            transformer.transform(turned)
        # Arrays have no names to compare, and a new fit forgets the old ones.
        transformer.transform([frame.to_numpy() for frame in frames])
        transformer.fit([frame.to_numpy() for frame in frames])
        transformer.transform(turned)
    features = TremorFeatures(50.0).fit([frame.iloc[:200] for frame in frames])
    with pytest.raises(ValueError, match="TremorFeatures was fitted on frames"):
        features.transform([frame.iloc[:200] for frame in turned])


ONE_CHANNEL = {
    "table": lambda rows: np.array(rows),
    "array": lambda rows: np.array(rows)[:, :, None],
    "list": lambda rows: [np.array(row) for row in rows],
    "series": lambda rows: [pd.Series(row) for row in rows],
    "objects": lambda rows: as_object_array(np.array(row) for row in rows),
    "columns": lambda rows: [np.array(row)[:, None] for row in rows],
}


@pytest.mark.parametrize("fitted", ONE_CHANNEL)
@pytest.mark.parametrize("given", ONE_CHANNEL)
def test_one_channel_may_come_in_any_form(fitted, given):
    """Which form the recordings of a fold have can depend on their lengths."""
    rng = np.random.default_rng(0)
    train, test = rng.normal(size=(3, 300)), rng.normal(size=(2, 300))
    transformer = make_pipeline(VectorMagnitude(), TremorBandFilter(50.0)).fit(ONE_CHANNEL[fitted](train))
    expected = TremorBandFilter(50.0).fit_transform(np.abs(test))
    found = transformer.transform(ONE_CHANNEL[given](test))
    np.testing.assert_array_equal(np.stack(list(found)), expected)


@pytest.mark.parametrize("fitted", [form for form in ONE_CHANNEL if form != "table"])
def test_one_channel_of_any_length(fitted):
    rng = np.random.default_rng(0)
    transformer = TremorBandFilter(50.0).fit(ONE_CHANNEL[fitted](rng.normal(size=(3, 300))))
    assert transformer.n_features_in_ == 1
    for given, form in ONE_CHANNEL.items():
        assert transformer.transform(form(rng.normal(size=(2, 400))))[1].shape == (400, 3), given


def test_folds_of_recordings_of_several_lengths():
    rng = np.random.default_rng(0)
    X = [rng.normal(size=n) for n in [300] * 8 + [400] * 4]
    model = WindowedClassifier(make_pipeline(TremorFeatures(50.0), SimpleImputer(), GaussianNB()), Windowizer(50.0))
    y = np.tile([0, 1], 6)
    scores = cross_val_score(model, X, y, cv=KFold(3), error_score="raise")
    np.testing.assert_array_equal(
        scores, cross_val_score(model, as_object_array(X), y, cv=KFold(3), error_score="raise")
    )


def test_a_bare_recording_is_no_batch_after_fit():
    transformer = TremorBandFilter(50.0).fit(np.zeros((2, 300, 3)))
    with pytest.raises(ValueError, match=r"X has 1 channel\(s\).* expecting 3 features .*X\[None\]"):
        transformer.transform(np.zeros((300, 3)))


def test_names_pass_through_a_whole_road():
    X = np.random.default_rng(0).normal(size=(4, 600, 3))
    road = make_pipeline(
        VectorMagnitude(), TremorBandFilter(50.0), Windowizer(50.0), TremorFeatures(50.0, pool=("mean",))
    )
    road.fit(X)
    assert len(road.get_feature_names_out()) == 102
    windows = Windowizer(50.0).fit(X)
    assert windows.get_feature_names_out().tolist() == ["ch0", "ch1", "ch2"]
    assert windows.get_feature_names_out(["x", "y", "z"]).tolist() == ["x", "y", "z"]
    for names in (["x", "y"], ["x", "x", "z"]):
        with pytest.raises(ValueError, match="each by a name of its own"):
            windows.get_feature_names_out(names)
