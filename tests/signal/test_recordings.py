import warnings

import numpy as np
import pandas as pd
import pytest
import sklearn
from sklearn.base import BaseEstimator, clone
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import FunctionTransformer

from skpd._recordings import RecordingTransformer, as_object_array, check_recordings, is_ragged
from skpd.signal import VectorMagnitude


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
