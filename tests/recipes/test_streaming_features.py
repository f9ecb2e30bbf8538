"""Blocks of windows of one recording against the table made in memory."""

import warnings
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from skpd.exceptions import SkippedDataWarning
from skpd.recipes import make_window_table, stream_window_features

RATE = 50.0


def make_recording(n_timesteps=20_000, seed=0):
    rng = np.random.default_rng(seed)
    t = np.arange(n_timesteps) / RATE
    tremor = np.sin(2 * np.pi * 5 * t)[:, None] * [0.6, 0.7, 0.3]
    return 9.81 / np.sqrt(3) + tremor + rng.normal(scale=0.3, size=(n_timesteps, 3))


def in_memory(recording, **options):
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", SkippedDataWarning)
        return make_window_table(recording[None], [0], ["A"], sampling_rate=RATE, **options)


def joined(blocks):
    blocks = list(blocks)
    return [pd.concat([getattr(b, name) for b in blocks], ignore_index=True) for name in ("X", "index", "skipped")]


def assert_same_table(blocks, table):
    X, index, skipped = joined(blocks)
    pd.testing.assert_frame_equal(index, table.index[["start", "stop"]])
    pd.testing.assert_frame_equal(X, table.X, rtol=1e-9, atol=1e-12)
    np.testing.assert_array_equal(skipped, table.skipped[["start", "stop"]])


@pytest.mark.parametrize("road", ["magnitude", "principal-axis", "per-axis"])
def test_equals_the_table_in_memory(road):
    recording = make_recording()
    blocks = stream_window_features(recording, sampling_rate=RATE, road=road, chunk_duration=90)
    assert_same_table(blocks, in_memory(recording, road=road))


@pytest.mark.parametrize(("duration", "overlap"), [(4.0, 0.0), (4.0, 0.5), (2.0, 0.9), (3.3, 0.35)])
@pytest.mark.parametrize("chunk_duration", [0.1, 60, 1e6])
def test_any_windows_and_chunks(duration, overlap, chunk_duration):
    recording = make_recording(3000 if chunk_duration == 0.1 else 9000)
    options = {"duration": duration, "overlap": overlap}
    blocks = stream_window_features(recording, sampling_rate=RATE, chunk_duration=chunk_duration, **options)
    assert_same_table(blocks, in_memory(recording, **options))


def test_bands_name_the_columns():
    recording, bands = make_recording(5000), {"low": (1, 3), "high": (4.5, 8)}
    blocks = list(stream_window_features(recording, sampling_rate=RATE, road="per-axis", bands=bands))
    assert_same_table(blocks, in_memory(recording, road="per-axis", bands=bands))
    assert blocks[0].X.columns[0].startswith("ch0_low_1_3hz__")


@pytest.mark.parametrize("n_jobs", [1, 2])
def test_windows_that_touch_a_gap_are_left_out_and_counted(n_jobs):
    recording = make_recording()
    recording[2990:3010] = np.nan
    recording[7000, 1] = np.nan
    recording[9000:16_000] = np.nan
    table = in_memory(recording)
    assert len(table.skipped) > 70
    stream = stream_window_features(recording, sampling_rate=RATE, chunk_duration=60, n_jobs=n_jobs)
    with pytest.warns(SkippedDataWarning, match=f"{len(table.skipped)} of 199 windows left out"):
        assert_same_table(stream, table)
    quiet = stream_window_features(recording, sampling_rate=RATE, chunk_duration=60, gaps="ignore")
    assert_same_table(quiet, table)


def test_threads_chunks_and_form_of_the_input_change_nothing_that_matters(tmp_path):
    recording = make_recording().astype(np.float32)
    np.save(tmp_path / "wrist.npy", recording)
    options = {"sampling_rate": RATE, "chunk_duration": 50}
    X, index, _ = joined(stream_window_features(recording, **options))
    for form in (np.load(tmp_path / "wrist.npy", mmap_mode="r"), np.array_split(recording, 11)):
        got, got_index, _ = joined(stream_window_features(form, n_jobs=2, **options))
        pd.testing.assert_frame_equal(got, X, check_exact=True)
        pd.testing.assert_frame_equal(got_index, index)


def test_one_channel():
    recording = make_recording(5000)[:, :1]
    assert_same_table(stream_window_features(recording[:, 0], sampling_rate=RATE), in_memory(recording))


def test_a_recording_of_gaps_has_columns_and_no_rows():
    with pytest.warns(SkippedDataWarning, match="19 of 19"):
        (block,) = stream_window_features(np.full((2000, 3), np.nan), sampling_rate=RATE)
    assert block.X.shape == (0, 102)
    assert len(block.skipped) == 19


def test_a_recording_without_a_window_is_an_error():
    with pytest.raises(ValueError, match=r"at least one window, 200 samples .* got 150 sample"):
        list(stream_window_features(make_recording(150), sampling_rate=RATE))


@pytest.mark.parametrize("length", [150, 2000], ids=["short", "gap"])
def test_a_table_without_a_window_is_an_error_that_names_the_recordings(length):
    X = np.full((2, length, 3), np.nan)
    with (
        pytest.warns(SkippedDataWarning, match="the attribute skipped of the result lists them"),
        pytest.raises(ValueError, match=r"X: expected at least one whole window, got none in recording\(s\) 0, 1"),
    ):
        make_window_table(X, [0, 1], ["a", "b"], sampling_rate=RATE)


@pytest.mark.parametrize("path", ["wrist.csv", Path("wrist.csv"), ["wrist.csv", "other.csv"]])
def test_a_path_is_no_recording(path):
    with pytest.raises(TypeError, match=r"got the path 'wrist\.csv': read it first, .*load_csv_recordings"):
        make_window_table(path, [0], ["a"], sampling_rate=RATE)
    if not isinstance(path, list):
        with pytest.raises(TypeError, match=r"got the path 'wrist\.csv': open it first"):
            stream_window_features(path, sampling_rate=RATE)


def test_a_recording_on_its_side_is_an_error():
    with pytest.raises(ValueError, match="transposed"):
        stream_window_features(make_recording(1000).T, sampling_rate=RATE)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"road": "axis"}, "road: expected one of"),
        ({"duration": 0.0}, "duration"),
        ({"overlap": 1.0}, "overlap"),
        ({"chunk_duration": 0.0}, "chunk_duration: expected seconds above 0"),
        ({"gaps": "drop"}, "gaps: expected 'warn' or 'ignore'"),
        ({"bands": {"all": (3, 2)}}, "0 < low < high"),
    ],
)
def test_wrong_parameters_are_errors_at_once(options, message):
    with pytest.raises(ValueError, match=message):
        stream_window_features(make_recording(1000), sampling_rate=RATE, **options)
