import numpy as np
import pandas as pd
import pytest
from sklearn.base import clone

from skpd._recordings import as_object_array
from skpd.exceptions import SkippedDataWarning
from skpd.signal import Windowizer

NAN = np.nan


def numbered(n=3, n_timesteps=100, n_channels=2):
    """Recordings whose every sample says where it stands."""
    return np.arange(n * n_timesteps * n_channels, dtype=float).reshape(n, n_timesteps, n_channels)


def windowizer(duration=1.0, overlap=0.5, **options):
    return Windowizer(10.0, duration, overlap, **options)


@pytest.mark.parametrize(("overlap", "step"), [(0, 10), (0.5, 5), (0.75, 2), (0.99, 1)])
@pytest.mark.parametrize("n_timesteps", [10, 11, 19, 20, 97, 100])
def test_count_starts_and_the_last_window_inside(overlap, step, n_timesteps):
    X = numbered(n_timesteps=n_timesteps)
    cutter = windowizer(overlap=overlap).fit(X)
    assert (cutter.n_samples_, cutter.step_) == (10, step)
    n_windows = (n_timesteps - 10) // step + 1
    windows = cutter.transform(X)
    assert windows.shape == (3, n_windows, 10, 2)
    for k in range(n_windows):
        np.testing.assert_array_equal(windows[:, k], X[:, k * step : k * step + 10])
    table = cutter.segment(X)
    assert list(table.index.columns) == ["recording", "start", "stop"]
    assert table.index["recording"].tolist() == np.repeat([0, 1, 2], n_windows).tolist()
    assert table.index["start"].tolist() == [k * step for k in range(n_windows)] * 3
    assert n_timesteps - step < table.index["stop"].max() <= n_timesteps
    for window, (recording, start, stop) in zip(table.X, table.index.to_numpy(), strict=True):
        np.testing.assert_array_equal(window, X[recording, start:stop])
    assert table.y is None
    assert table.groups is None
    assert table.skipped.empty


def test_published_windows():
    cutter = Windowizer(50).fit(np.zeros((1, 400)))
    assert (cutter.n_samples_, cutter.step_) == (200, 100)


def test_one_channel_and_one_window_keep_their_axes():
    assert windowizer().fit_transform(np.zeros((2, 10))).shape == (2, 1, 10, 1)
    assert windowizer().fit_transform(np.zeros((1, 10, 1))).shape == (1, 1, 10, 1)
    assert windowizer().segment(np.zeros((1, 10))).X.shape == (1, 10, 1)


def test_transform_is_a_read_only_view():
    X = numbered()
    windows = windowizer().fit_transform(X)
    assert np.shares_memory(windows, X)
    assert not windows.flags.writeable
    assert not np.shares_memory(windowizer().segment(X).X, X)


def test_ragged_recordings():
    X = numbered()
    ragged = [X[0], X[1, :37], X[2, :10]]
    windows = windowizer().fit_transform(ragged)
    assert [w.shape for w in windows] == [(19, 10, 2), (6, 10, 2), (1, 10, 2)]
    table = windowizer().segment(ragged, y=["a", "b", "c"], groups=[7, 8, 9])
    np.testing.assert_array_equal(table.X, np.concatenate(list(windows)))
    assert table.y.tolist() == ["a"] * 19 + ["b"] * 6 + ["c"]
    assert table.groups.tolist() == [7] * 19 + [8] * 6 + [9]
    np.testing.assert_array_equal(windowizer().segment(as_object_array(X)).X, windowizer().segment(X).X)


def test_segment_needs_no_fit_and_changes_nothing():
    cutter = windowizer()
    cutter.segment(numbered())
    assert not hasattr(cutter, "n_samples_")
    cutter.fit(numbered(n_channels=3))
    assert cutter.segment(numbered(n_channels=1)).X.shape == (57, 10, 1)
    assert cutter.n_features_in_ == 3
    with pytest.raises(ValueError, match="overlap"):
        windowizer(overlap=1.0).segment(numbered())


def test_no_window_across_a_gap():
    X = numbered()
    X[1, 42, 0] = NAN
    X[2] = NAN
    with pytest.warns(SkippedDataWarning, match=r"^21 of 57 windows left out \(gap: 21\)"):
        table = windowizer(overlap=0.5).segment(X, y=[0, 1, 2])
    with pytest.warns(SkippedDataWarning):
        assert windowizer(overlap=0).segment(X).skipped["start"].tolist() == [40, *range(0, 100, 10)]
    assert np.isfinite(table.X).all()
    skipped = table.skipped[table.skipped["recording"] == 1]
    assert skipped["start"].tolist() == [35, 40]
    assert skipped["stop"].tolist() == [45, 50]
    assert set(table.skipped["reason"]) == {"gap"}
    assert 2 not in table.y
    windows = windowizer().fit_transform(X)
    assert windows.shape == (3, 19, 10, 2)
    assert np.isnan(windows[1]).any(axis=(1, 2)).nonzero()[0].tolist() == [7, 8]


def segment_labels(y, label="majority", expect_warning=True, overlap=0):
    y = np.asarray(y)
    cutter = Windowizer(1, 4, overlap, label=label)
    X = np.zeros((1, len(y)))
    if not expect_warning:
        return cutter.segment(X, y[None])
    with pytest.warns(SkippedDataWarning):
        return cutter.segment(X, y[None])


def test_majority_label_with_ties_to_the_smallest():
    y = [int(label) for label in "2220100121215105"]
    assert segment_labels(y, expect_warning=False).y.tolist() == [2, 0, 1, 5]
    assert segment_labels(["b", "b", "a", "a"], expect_warning=False).y.tolist() == ["a"]


def test_majority_of_unlabelled_samples_leaves_the_window_out():
    y = [1, 1, NAN, NAN] + [1, NAN, NAN, NAN] + [NAN] * 4 + [1, 0, 0, NAN]
    table = segment_labels(y)
    assert table.y.tolist() == [1, 0]
    assert table.index["start"].tolist() == [0, 12]
    assert table.skipped.to_numpy().tolist() == [[0, 4, 8, "unlabelled"], [0, 8, 12, "unlabelled"]]


def test_centre_label():
    y = np.r_[[0, 0, 1, 0], [1, 1, NAN, 1], [3, 3, 2, 3]]
    table = segment_labels(y, "center")
    assert table.y.tolist() == [1, 2]
    assert table.skipped.to_numpy().tolist() == [[0, 4, 8, "unlabelled"]]


def test_only_windows_of_a_single_label():
    y = [1, 1, 1, 1] + [1, 1, 1, 0] + [2, NAN, 2, 2] + [NAN] * 4 + [0] * 4
    table = segment_labels(y, "all")
    assert table.y.tolist() == [1, 0]
    assert table.skipped["reason"].tolist() == ["mixed labels", "mixed labels", "unlabelled"]


def one_label(samples, label):
    """The label of a window by the words of the documentation; "" for unlabelled, None for mixed."""
    if label == "center":
        return samples[len(samples) // 2]
    if label == "all":
        return samples[0] if len(set(samples)) == 1 else None
    counts = {name: samples.count(name) for name in samples}
    return min((name for name in counts if counts[name] == max(counts.values())), key=lambda name: name or "~")


@pytest.mark.filterwarnings("ignore::skpd.exceptions.SkippedDataWarning")
@pytest.mark.parametrize("label", ["majority", "center", "all"])
@pytest.mark.parametrize("seed", range(5))
def test_gaps_and_labels_window_by_window(label, seed):
    rng = np.random.default_rng(seed)
    lengths = rng.integers(1, 80, size=8)
    X = [np.where(rng.random((n, 2)) < 0.02, NAN, rng.normal(size=(n, 2))) for n in lengths]
    y = [np.repeat(rng.choice(["a", "b", "c", ""], size=n // 4 + 1), 4)[:n].tolist() for n in lengths]
    table = Windowizer(1, 6, 0.5, label=label, short="drop").segment(X, [[v or None for v in labels] for labels in y])
    expected, skipped = [], []
    for i, x in enumerate(X):
        if len(x) < 6:
            skipped.append([i, 0, len(x), "short"])
        for start in range(0, len(x) - 5, 3):
            name = one_label(y[i][start : start + 6], label)
            if np.isnan(x[start : start + 6]).any():
                skipped.append([i, start, start + 6, "gap"])
            elif name:
                expected.append((i, start, name))
            else:
                skipped.append([i, start, start + 6, "mixed labels" if name is None else "unlabelled"])
    assert list(zip(table.index["recording"], table.index["start"], table.y, strict=True)) == expected
    assert table.skipped.to_numpy().tolist() == skipped
    for window, (i, start, _) in zip(table.X, expected, strict=True):
        np.testing.assert_array_equal(window, X[i][start : start + 6])


def test_sample_labels_of_ragged_recordings_follow_overlapping_windows():
    X = [np.zeros((6, 2)), np.zeros((4, 2))]
    y = [list("aaaabb"), list("bbbb")]
    assert Windowizer(1, 4, 0.5).segment(X, y).y.tolist() == ["a", "a", "b"]
    assert Windowizer(1, 4, 0.75).segment(X, as_object_array(map(np.array, y))).y.tolist() == ["a", "a", "a", "b"]
    assert Windowizer(1, 4, 0.5).segment(X, pd.Series(y)).y.tolist() == ["a", "a", "b"]


def test_sample_labels_as_a_frame():
    y = pd.DataFrame([[0, 0, 0, 1], [1, 1, 1, 0]], index=["Ann", "Bea"])
    assert Windowizer(1, 4).segment(np.zeros((2, 4)), y).y.tolist() == [0, 1]


@pytest.mark.parametrize("missing", [None, NAN])
@pytest.mark.parametrize("form", [list, as_object_array, pd.Series])
def test_an_unlabelled_recording_is_left_out(missing, form):
    with pytest.warns(SkippedDataWarning, match="unlabelled: 5"):
        table = windowizer(overlap=0).segment(numbered(2, 50), form(["yes", missing]))
    assert table.y.tolist() == ["yes"] * 5
    assert table.index["recording"].unique().tolist() == [0]


def test_labels_keep_their_type():
    X = numbered(2, 10)
    assert windowizer().segment(X, [3, 4]).y.dtype.kind == "i"
    assert windowizer().segment(X, np.array([True, False])).y.dtype == bool
    with pytest.raises(TypeError, match="not supported between"):
        windowizer().segment(X, [3, "a"])
    assert windowizer().segment(X, pd.Series(["a", "b"], index=[5, 6])).y.tolist() == ["a", "b"]


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"y": [0, 1]}, r"y with one entry for each of 3 recording\(s\), got shape \(2,\)"),
        ({"groups": [0, 1, 2, 3]}, r"groups with one entry for each of 3 recording\(s\), got shape \(4,\)"),
        ({"y": np.zeros((3, 99))}, r"y of recording 0 with 100 labels.*\(99,\)"),
        ({"y": np.zeros((2, 100))}, r"y for 3 recording\(s\), got 2"),
        ({"y": [np.zeros(100), np.zeros(100), np.zeros(7)]}, r"y of recording 2 with 100 labels.*\(7,\)"),
    ],
)
def test_lengths_that_do_not_match_raise_with_the_numbers(arguments, message):
    with pytest.raises(ValueError, match=message):
        windowizer().segment(numbered(), **arguments)


@pytest.mark.parametrize("method", ["transform", "segment"])
def test_a_short_recording_raises_by_default(method):
    X = numbered()
    cutter = windowizer().fit(X)
    with pytest.raises(ValueError, match=r"10 samples.*recording 1 has 9 timestep.*1 more"):
        getattr(cutter, method)([X[0], X[1, :9], X[2, :1]])


def test_a_short_recording_is_dropped_on_request():
    X = numbered()
    ragged = [X[0], X[1, :9], X[2]]
    cutter = windowizer(short="drop").fit(X)
    with pytest.warns(SkippedDataWarning, match=r"1 of 3 recording\(s\).*1\."):
        windows = cutter.transform(ragged)
    assert [w.shape for w in windows] == [(19, 10, 2), (0, 10, 2), (19, 10, 2)]
    with pytest.warns(SkippedDataWarning, match=r"^1 recording\(s\) shorter than a window: 1; the attribute skipped"):
        table = cutter.segment(ragged, y=[0, 1, 2], groups=list("abc"))
    assert table.skipped.to_numpy().tolist() == [[1, 0, 9, "short"]]
    assert sorted(set(table.y)) == [0, 2]
    assert sorted(set(table.groups)) == ["a", "c"]


def test_only_short_recordings():
    cutter = windowizer(short="drop").fit(numbered())
    with pytest.warns(SkippedDataWarning):
        assert cutter.transform(numbered(n_timesteps=9)).shape == (3, 0, 10, 2)
    with pytest.warns(SkippedDataWarning):
        table = cutter.segment(numbered(n_timesteps=9), [4, 5, 6], list("abc"))
    assert table.X.shape == (0, 10, 2)
    assert (len(table.y), len(table.groups), len(table.index), len(table.skipped)) == (0, 0, 0, 3)


@pytest.mark.parametrize(
    ("params", "message"),
    [
        ({"overlap": 1.0}, "overlap"),
        ({"overlap": -0.1}, "overlap"),
        ({"duration": 0.0}, "duration"),
        ({"duration": 0.01}, r"at least one sample, got duration=0.01 s at sampling_rate=10 Hz.*0.1 s"),
        ({"sampling_rate": 0}, "sampling_rate"),
        ({"sampling_rate": -0.5}, "sampling_rate"),
        ({"label": "mode"}, "label"),
        ({"short": "pad"}, "short"),
    ],
)
@pytest.mark.parametrize("method", ["fit", "segment"])
def test_wrong_parameters_are_named(params, message, method):
    with pytest.raises(ValueError, match=message):
        getattr(windowizer().set_params(**params), method)(numbered())


def test_windows_are_a_frozen_record():
    table = windowizer().segment(numbered())
    with pytest.raises(AttributeError):
        table.X = None


def test_input_is_read_only_and_untouched():
    X = numbered()
    X[0, 0] = NAN
    X.setflags(write=False)
    before = X.copy()
    cutter = clone(windowizer())
    with pytest.warns(SkippedDataWarning):
        table = cutter.segment(X)
    table.X[:] = 0
    cutter.fit_transform(X)
    np.testing.assert_array_equal(X, before)
