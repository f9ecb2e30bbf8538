"""Chunks of a filtered recording against the recording filtered whole."""

import warnings
from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest
from sklearn.pipeline import make_pipeline

from skpd.signal import TremorBandFilter, VectorMagnitude, Windowizer, iter_filtered

RATE = 50.0


def make_recording(n_timesteps=30_000, n_channels=3, seed=0):
    """Noise, tremor that comes and goes, and gravity that drifts."""
    rng = np.random.default_rng(seed)
    t = np.arange(n_timesteps) / RATE
    tremor = np.sin(2 * np.pi * 5 * t) * (np.sin(2 * np.pi * t / 60) > 0)
    gravity = 9.81 * np.cos(t[:, None] / 200 + np.arange(n_channels))
    return (
        gravity
        + 0.8 * tremor[:, None] * rng.normal(size=n_channels)
        + rng.normal(scale=0.1, size=(n_timesteps, n_channels))
    )


def join(chunks, overlap=0):
    """Put chunks together, checking that they follow each other."""
    parts, stop = [], 0
    for start, chunk in chunks:
        assert start == max(0, stop - overlap)
        parts.append(chunk[stop - start :])
        stop = start + len(chunk)
    return np.concatenate(parts)


def assert_same_signal(streamed, whole):
    assert streamed.shape == whole.shape
    np.testing.assert_array_equal(np.isnan(streamed), np.isnan(whole))
    np.testing.assert_allclose(streamed, whole, rtol=0, atol=1e-12 * np.nanmax(np.abs(whole)))


@pytest.mark.parametrize("chunk_size", [1700, 4096, 29_999, 30_000, 100_000])
@pytest.mark.parametrize("zero_phase", [True, False])
def test_magnitude_road_equals_the_whole_recording(chunk_size, zero_phase):
    recording = make_recording()
    road = make_pipeline(VectorMagnitude(), TremorBandFilter(RATE, zero_phase=zero_phase))
    whole = road.fit_transform(recording[None])[0]
    assert_same_signal(join(iter_filtered(recording, road, chunk_size=chunk_size)), whole)


@pytest.mark.parametrize("order", [1, 2, 4, 6])
@pytest.mark.parametrize("bands", [None, [(0.5, 1.0)], [(12, 12.5)], [(1, 25)]])
@pytest.mark.parametrize("zero_phase", [True, False])
def test_the_halo_fits_the_filter(order, bands, zero_phase):
    recording = make_recording(n_channels=1)
    recording[14_000:15_000] *= 100
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", message=".*become high-pass", category=UserWarning)
        bandpass = TremorBandFilter(RATE, bands, order=order, zero_phase=zero_phase)
        whole = bandpass.fit_transform(recording[None])[0]
        streamed = join(iter_filtered(recording, bandpass, chunk_size=3000))
    np.testing.assert_allclose(streamed, whole, rtol=0, atol=1e-9 * np.abs(whole).max())


def test_a_short_halo_would_be_noticed(monkeypatch):
    recording, bandpass = make_recording(), TremorBandFilter(RATE)
    whole = bandpass.fit_transform(recording[None])[0]
    monkeypatch.setattr("skpd.signal._streaming._SETTLED", 1e-4)
    assert np.abs(join(iter_filtered(recording, bandpass, chunk_size=3000)) - whole).max() > 1e-9


@pytest.mark.parametrize("road", [TremorBandFilter(RATE), make_pipeline(VectorMagnitude(), TremorBandFilter(RATE))])
def test_gaps_runs_across_borders_and_short_runs(road):
    recording = make_recording()
    size = 3000
    recording[2990:3010] = np.nan  # across a border
    recording[6000:6001] = np.nan  # the first of a chunk
    recording[8999:9000] = np.nan  # the last of a chunk
    recording[10_000:10_400:2] = np.nan  # runs of one sample
    recording[12_000 - 400 : 12_000 - 300, 1] = np.nan  # one channel, within the halo
    recording[15_000:21_500] = np.nan  # chunks with nothing
    recording[:7] = recording[-7:] = np.nan
    whole = road.fit_transform(recording[None])[0]
    assert_same_signal(join(iter_filtered(recording, road, chunk_size=size)), whole)


def test_principal_axis_takes_two_passes():
    recording = make_recording()
    recording[5000:5100, 2] = np.nan
    road = TremorBandFilter(RATE, combine="principal_axis")
    whole = road.fit_transform(recording[None])[0]
    for pieces in (recording, np.array_split(recording, 7)):
        assert_same_signal(join(iter_filtered(pieces, road, chunk_size=4000, overlap=100), overlap=100), whole)
    with pytest.raises(ValueError, match="only once"):
        iter_filtered(iter(np.array_split(recording, 7)), road)


@pytest.mark.parametrize("dtype", ["float32", "float64", "int16"])
def test_memory_map(tmp_path, dtype):
    recording = (make_recording() * 100).astype(dtype)
    np.save(tmp_path / "wrist.npy", recording)
    mapped = np.load(tmp_path / "wrist.npy", mmap_mode="r")
    road = make_pipeline(VectorMagnitude(), TremorBandFilter(RATE))
    whole = road.fit_transform(recording[None])[0]
    assert_same_signal(join(iter_filtered(mapped, road, chunk_size=7000)), whole)
    assert_same_signal(
        join(iter_filtered(mapped[5:, :], road, chunk_size=7000)), road.transform(recording[None, 5:])[0]
    )


def test_hdf5_dataset(tmp_path):
    h5py = pytest.importorskip("h5py")
    recording = make_recording()
    bandpass = TremorBandFilter(RATE)
    whole = bandpass.fit_transform(recording[None])[0]
    with h5py.File(tmp_path / "wrist.h5", "w") as file:
        dataset = file.create_dataset("wrist", data=recording)
        assert_same_signal(join(iter_filtered(dataset, bandpass, chunk_size=7000)), whole)


def test_a_private_map_keeps_what_was_written_to_it(tmp_path):
    np.save(tmp_path / "wrist.npy", make_recording())
    mapped = np.load(tmp_path / "wrist.npy", mmap_mode="c")
    mapped[:] = np.arange(len(mapped))[:, None]
    for _ in iter_filtered(mapped, TremorBandFilter(RATE), chunk_size=7000):
        pass
    np.testing.assert_array_equal(mapped[:, 0], np.arange(len(mapped)))


@pytest.mark.parametrize("cuts", [[], [1], [9000], [10, 11, 12, 20_000], list(range(500, 30_000, 500))])
def test_pieces_of_any_lengths(cuts):
    recording = make_recording()
    bandpass = TremorBandFilter(RATE)
    pieces = np.split(recording, cuts)
    whole = list(iter_filtered(recording, bandpass, chunk_size=4000))
    streamed = list(iter_filtered(iter(pieces), bandpass, chunk_size=4000))
    for (start, chunk), (want_start, want) in zip(streamed, whole, strict=True):
        assert start == want_start
        np.testing.assert_array_equal(chunk, want)


def test_one_channel_in_one_dimension():
    recording = make_recording(n_channels=1)
    bandpass = TremorBandFilter(RATE)
    whole = bandpass.fit_transform(recording[None])[0]
    assert_same_signal(join(iter_filtered(recording[:, 0], bandpass, chunk_size=9000)), whole)
    assert_same_signal(join(iter_filtered(np.split(recording[:, 0], 3), bandpass, chunk_size=9000)), whole)


@pytest.mark.parametrize("n_timesteps", [1, 2, 30, 1000, 1001, 1900, 1901])
@pytest.mark.parametrize("overlap", [0, 100, 999])
def test_every_window_is_whole_in_one_chunk(n_timesteps, overlap):
    recording = np.arange(float(n_timesteps))
    spans = [
        (start, start + len(x))
        for start, x in iter_filtered(recording, TremorBandFilter(RATE), chunk_size=1000, overlap=overlap)
    ]
    assert spans[0][0] == 0
    assert spans[-1][1] == n_timesteps
    assert all(b[0] == a[1] - overlap and b[1] > a[1] for a, b in pairwise(spans))


def test_threads_change_no_bit_and_keep_the_order():
    recording = make_recording()
    bandpass = TremorBandFilter(RATE)
    one = list(iter_filtered(recording, bandpass, chunk_size=2000, n_jobs=1))
    three = list(iter_filtered(recording, bandpass, chunk_size=2000, n_jobs=3))
    for (start, chunk), (want_start, want) in zip(three, one, strict=True):
        assert start == want_start
        np.testing.assert_array_equal(chunk, want)


@pytest.mark.parametrize("n_jobs", [1, 2])
def test_chunks_are_made_when_they_are_asked_for(n_jobs):
    n_read = 0

    def pieces():
        nonlocal n_read
        while True:  # an endless recording
            n_read += 1
            yield np.full((1000, 3), 9.81)

    chunks = iter_filtered(pieces(), TremorBandFilter(RATE), chunk_size=1000, n_jobs=n_jobs)
    for _ in range(5):
        next(chunks)
    chunks.close()
    assert n_read < 20


def test_apply_gets_start_and_chunk():
    recording = make_recording(10_000)
    sizes = list(
        iter_filtered(recording, TremorBandFilter(RATE), chunk_size=4000, apply=lambda start, x: (start, x.shape))
    )
    assert sizes == [(0, (4000, 9)), (4000, (4000, 9)), (8000, (2000, 9))]


def test_the_road_is_left_as_it_was():
    road = make_pipeline(VectorMagnitude(), TremorBandFilter(RATE, combine="principal_axis"))
    next(iter_filtered(make_recording(5000), road))
    assert road[-1].combine == "principal_axis"
    assert not hasattr(road[-1], "sos_")


def test_an_infinite_sample_is_named():
    recording = make_recording()
    recording[21_234, 1] = np.inf
    with pytest.raises(ValueError, match="infinite one at timestep 21234"):
        list(iter_filtered(recording, TremorBandFilter(RATE), chunk_size=4000))


@pytest.mark.parametrize(
    ("recording", "message"),
    [
        (np.zeros((2, 100, 3)), r"got shape \(2, 100, 3\)"),
        (np.zeros((0, 3)), r"got shape \(0, 3\)"),
        ([], "at least one piece"),
        ([np.zeros((5, 3)), np.zeros((5, 2))], "got 3 and 2"),
        ([np.zeros((5, 3, 1))], r"got shape \(5, 3, 1\)"),
        (np.zeros((50, 3)).tolist(), r"got a list of numbers: pass a recording of lists as np.asarray\(recording\)"),
        ([0.0] * 50, "expected pieces that are arrays|got shape"),
        (np.zeros((3, 100)), r"more channels than timesteps, shape \(3, 100\): it looks transposed, pass recording.T"),
    ],
)
def test_what_is_no_recording_is_an_error(recording, message):
    with pytest.raises(ValueError, match=message):
        list(iter_filtered(recording, TremorBandFilter(RATE)))


@pytest.mark.parametrize(
    ("recording", "message"),
    [
        ("long.npy", r"got the path 'long.npy': open it first, .* numpy.load\(path, mmap_mode=\"r\"\)"),
        (Path("long.npy"), "got the path 'long.npy'"),
        (5, "expected an array or an iterable of pieces, got int"),
    ],
    ids=["text", "path", "number"],
)
def test_a_path_is_no_recording(recording, message):
    with pytest.raises(TypeError, match=message):
        iter_filtered(recording, TremorBandFilter(RATE))


def test_wrong_parameters_are_errors_at_once():
    with pytest.raises(ValueError, match="overlap=5 and chunk_size=5"):
        iter_filtered(np.zeros(10), TremorBandFilter(RATE), chunk_size=5, overlap=5)
    for road in (Windowizer(RATE), make_pipeline(Windowizer(RATE), TremorBandFilter(RATE))):
        with pytest.raises(ValueError, match="road: expected a TremorBandFilter"):
            iter_filtered(np.zeros(10), road)
    with pytest.raises(
        ValueError, match=r"whole numbers 0 <= overlap < chunk_size, got overlap=0 and chunk_size=1000\.0"
    ):
        iter_filtered(np.zeros(10), TremorBandFilter(RATE), chunk_size=1e3)
