"""Windows of any rate, length and overlap: how many, where, and what they never hold."""

import warnings

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from skpd.exceptions import SkippedDataWarning
from skpd.signal import Windowizer


@st.composite
def cuts(draw):
    """A windowizer and the number of samples of a recording that is at least one window long."""
    rate = draw(st.sampled_from([1.0, 12.5, 50.0, 85.7, 100.0, 128.0]) | st.floats(1, 500))
    duration = draw(st.floats(1 / rate, 300 / rate))
    windowizer = Windowizer(rate, duration, draw(st.floats(0, 1, exclude_max=True)))
    n_samples = round(duration * rate)
    return windowizer, n_samples, n_samples + draw(st.integers(0, 700))


@given(cuts())
def test_count_and_places(cut):
    windowizer, n_samples, n = cut
    X = np.arange(float(n))[None]
    step = max(1, round(n_samples * (1 - windowizer.overlap)))
    windows = windowizer.segment(X)
    assert len(windows.X) == (n - n_samples) // step + 1
    assert (windows.index["start"] == np.arange(len(windows.X)) * step).all()
    assert (windows.index["stop"] - windows.index["start"] == n_samples).all()
    for x, start in zip(windows.X[:, :, 0], windows.index["start"], strict=True):
        np.testing.assert_array_equal(x, np.arange(start, start + n_samples))
    np.testing.assert_array_equal(windowizer.fit_transform(X)[0], windows.X)


@given(cuts())
def test_coverage(cut):
    """Every sample is in a window but for fewer than a step at the end, and in no more than the overlap allows."""
    windowizer, n_samples, n = cut
    windows = windowizer.fit(np.zeros((1, n))).segment(np.zeros((1, n)))
    covered = np.zeros(n, dtype=int)
    for start, stop in zip(windows.index["start"], windows.index["stop"], strict=True):
        covered[start:stop] += 1
    last = windows.index["stop"].iloc[-1]
    assert (covered[:last] >= 1).all()
    assert (covered[last:] == 0).all()
    assert n - last < windowizer.step_
    assert covered.max() <= -(-n_samples // windowizer.step_)


@given(cuts(), st.data())
def test_no_window_touches_a_gap(cut, data):
    windowizer, _, n = cut
    X = np.arange(3.0 * n).reshape(1, n, 3)
    gaps = data.draw(st.lists(st.tuples(st.integers(0, n - 1), st.integers(0, 2)), min_size=1, max_size=5))
    for t, channel in gaps:
        X[0, t, channel] = np.nan
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", SkippedDataWarning)
        windows = windowizer.segment(X)
    assert np.isfinite(windows.X).all()
    touched = [any(a <= t < b for t, _ in gaps) for a, b in windows.skipped[["start", "stop"]].to_numpy()]
    assert all(touched)
    assert (windows.skipped["reason"] == "gap").all()
    whole = windowizer.fit_transform(X)[0]
    assert len(whole) == len(windows.X) + len(windows.skipped)


@given(cuts(), st.integers(1, 4), st.booleans())
def test_labels_and_groups_follow_their_recording(cut, n_recordings, by_sample):
    windowizer, _, n = cut
    X = [np.full((n + i, 2), float(i)) for i in range(n_recordings)]
    y = [np.full(n + i, i) for i in range(n_recordings)] if by_sample else list(range(n_recordings))
    windows = windowizer.segment(X, y, groups=[f"S{i}" for i in range(n_recordings)])
    recording = windows.index["recording"].to_numpy()
    np.testing.assert_array_equal(windows.y, recording)
    np.testing.assert_array_equal(windows.X[:, 0, 0], recording)
    assert windows.groups.tolist() == [f"S{i}" for i in recording]
    assert set(recording) == set(range(n_recordings))


@given(cuts(), st.data())
def test_the_label_of_a_window(cut, data):
    """Held against counting, for labels that change within a recording."""
    windowizer, n_samples, n = cut
    y = np.asarray(data.draw(st.lists(st.integers(0, 2), min_size=n, max_size=n)))
    X = np.zeros((1, n))
    windows = windowizer.segment(X, y[None])
    majority = [np.bincount(y[a : a + n_samples]).argmax() for a in windows.index["start"]]
    assert windows.y.tolist() == majority
    centre = windowizer.set_params(label="center").segment(X, y[None])
    assert centre.y.tolist() == [y[a + n_samples // 2] for a in centre.index["start"]]
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", SkippedDataWarning)
        pure = windowizer.set_params(label="all").segment(X, y[None])
    assert all(set(y[a : a + n_samples]) == {label} for a, label in zip(pure.index["start"], pure.y, strict=True))
    assert len(pure.X) + len(pure.skipped) == len(windows.X)


@given(cuts(), st.integers(1, 50))
def test_short_recordings_are_refused_or_named(cut, missing):
    windowizer, n_samples, n = cut
    X = [np.zeros((n, 1)), np.zeros((max(n_samples - missing, 1), 1))]
    if len(X[1]) >= n_samples:
        return
    with pytest.raises(ValueError, match="recording 1 has"):
        windowizer.segment(X)
    with pytest.warns(SkippedDataWarning, match="shorter than a window: 1"):
        windows = windowizer.set_params(short="drop").segment(X)
    assert set(windows.index["recording"]) == {0}
