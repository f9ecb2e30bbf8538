"""Files in, parts out: what is kept, what is computed again, and what a kill leaves behind."""

import json
import os
import signal
import socket
import subprocess
import sys
from contextlib import ExitStack, suppress
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from typer.testing import CliRunner

from skpd.cli import app
from skpd.exceptions import SkippedDataWarning
from skpd.recipes import make_window_table
from skpd.studies import extract_features, run_extract

RATE = 50.0
OPTIONS = {"units": "m/s^2", "sampling_rate": RATE}


def make_recording(n_timesteps=3000, seed=0):
    t = np.arange(n_timesteps) / RATE
    tremor = np.sin(2 * np.pi * 5 * t)[:, None] * [0.6, 0.7, 0.3]
    return 5.6 + tremor + np.random.default_rng(seed).normal(scale=0.3, size=(n_timesteps, 3))


@pytest.fixture
def files(tmp_path):
    """Three recordings, two of which have one name."""
    paths = [tmp_path / "day1" / "left.npy", tmp_path / "day2" / "left.npy", tmp_path / "day1" / "right.npy"]
    for seed, path in enumerate(paths):
        path.parent.mkdir(exist_ok=True)
        np.save(path, make_recording(3000 + 500 * seed, seed))
    return paths


def read_all(out):
    return {path.name: path.read_bytes() for path in sorted((out / "parts").iterdir())}


def times(out):
    return {path.name: path.stat().st_mtime_ns for path in (out / "parts").iterdir()}


def statuses(report):
    return report.files["status"].tolist()


def test_parts_hold_the_table_of_each_recording(files, tmp_path):
    report = extract_features(files, tmp_path / "out", **OPTIONS)
    assert statuses(report) == ["computed"] * 3
    assert report.files["part"].is_unique
    for path, row in zip(files, report.files.itertuples(), strict=True):
        part = pd.read_parquet(report.out / "parts" / row.part)
        table = make_window_table(np.load(path)[None], [0], ["A"], sampling_rate=RATE)
        pd.testing.assert_frame_equal(
            part.drop(columns=["recording", "file", "subject", "start", "stop"]), table.X, rtol=1e-9
        )
        pd.testing.assert_frame_equal(part[["start", "stop"]], table.index[["start", "stop"]])
        assert set(part["file"]) == {path.name}
        assert row.rows == len(table.X)
    everything = pd.read_parquet(report.out / "parts")
    assert everything["recording"].nunique() == 3
    assert len(everything) == report.files["rows"].sum()


def test_the_manifest_says_what_was_done(files, tmp_path):
    gap = np.load(files[0])
    gap[1000:1100] = np.nan
    np.save(files[0], gap)
    with pytest.warns(SkippedDataWarning):
        n_skipped = len(make_window_table(gap[None], [0], ["A"], sampling_rate=RATE).skipped)
    report = extract_features([*files, tmp_path / "absent.npy"], tmp_path / "out", road="per-axis", **OPTIONS)
    manifest = json.loads((report.out / "manifest.json").read_text())
    assert manifest["parameters"]["road"] == "per-axis"
    assert manifest["parameters"]["sampling_rate"] == RATE
    assert {"skpd", "numpy", "scipy"} <= set(manifest["versions"])
    first, *_, absent = manifest["files"]
    assert first["source"] == str(files[0])
    assert first["skipped"] == n_skipped > 0
    assert first["size"] == files[0].stat().st_size
    assert first["mtime_ns"] == files[0].stat().st_mtime_ns
    assert first["rows"] + first["skipped"] == 29
    assert absent["status"] == "failed"
    assert "absent.npy" in absent["reason"]


def test_what_is_finished_is_not_computed_again(files, tmp_path):
    out = tmp_path / "out"
    extract_features(files, out, **OPTIONS)
    before = times(out)
    assert statuses(extract_features(files, out, **OPTIONS)) == ["unchanged"] * 3
    assert times(out) == before
    # The order of the files and the number of jobs are not part of the result.
    assert statuses(extract_features(files[::-1], out, n_jobs=2, **OPTIONS)) == ["unchanged"] * 3
    assert times(out) == before


def test_a_changed_file_is_computed_again(files, tmp_path):
    out = tmp_path / "out"
    extract_features(files, out, **OPTIONS)
    np.save(files[1], make_recording(4000, seed=9))
    report = extract_features(files, out, **OPTIONS)
    assert statuses(report) == ["unchanged", "computed", "unchanged"]
    assert report.files["rows"].tolist()[1] == 39


@pytest.mark.parametrize(
    "change", [{"duration": 2.0}, {"overlap": 0.0}, {"road": "per-axis"}, {"units": "g"}, {"bands": {"all": (3, 12)}}]
)
def test_a_folder_holds_features_of_one_set_of_parameters(files, tmp_path, change):
    out = tmp_path / "out"
    extract_features(files[:2], out, **OPTIONS)
    before, manifest = read_all(out), (out / "manifest.json").read_text()
    # Neither those that are there nor others are made with other parameters, and nothing is lost.
    for chosen in (files, files[2:]):
        with pytest.raises(ValueError, match=rf"other parameters \({next(iter(change))}\): name another folder"):
            extract_features(chosen, out, **OPTIONS | change)
    assert read_all(out) == before
    assert (out / "manifest.json").read_text() == manifest


def test_a_folder_of_a_study_and_a_file_are_no_place_for_features(files, tmp_path):
    study = tmp_path / "study"
    study.mkdir()
    (study / "study.json").write_text("{}")
    with pytest.raises(ValueError, match="holds the results of a study"):
        extract_features(files, study, **OPTIONS)
    assert [path.name for path in study.iterdir()] == ["study.json"]
    for out in (files[0], files[0] / "deeper"):
        with pytest.raises(ValueError, match=r"out: expected a folder, got .*left\.npy, which is a file"):
            extract_features(files, out, **OPTIONS)


def test_numbers_of_numpy_are_numbers(files, tmp_path):
    out, bands = tmp_path / "out", {"all": (3, 12)}
    extract_features(files, out, units="m/s^2", sampling_rate=50, bands=bands)
    bands = {"all": (np.float32(3), np.int64(12))}
    report = extract_features(
        files, out, units="m/s^2", sampling_rate=np.int64(50), bands=bands, duration=np.float32(4)
    )
    assert statuses(report) == ["unchanged"] * 3


@pytest.mark.parametrize("n_jobs", [1, 2])
def test_files_with_other_columns_fail(files, tmp_path, n_jobs):
    options = OPTIONS | {"road": "per-axis", "n_jobs": n_jobs}
    single = tmp_path / "single.npy"
    np.save(single, make_recording(9000)[:, 0])
    out = tmp_path / "out"
    for _ in range(2):
        report = extract_features([single, *files], out, **options)
        assert report.failures["source"].tolist() == [str(single)]
        (reason,) = report.failures["reason"]
        assert "found features in 107 columns, expected the 311 columns of the other parts" in reason
        assert not pd.read_parquet(out / "parts").drop(columns="subject").isna().any(axis=None)
    assert statuses(report) == ["failed", *["unchanged"] * 3]
    manifest = json.loads((out / "manifest.json").read_text())
    assert [file["status"] for file in manifest["files"]] == statuses(report)
    # What is there already decides, though it be in the minority.
    extract_features([single], tmp_path / "first", **options)
    report = extract_features([single, *files], tmp_path / "first", **options)
    assert statuses(report) == ["unchanged", *["failed"] * 3]


@pytest.mark.parametrize(
    "damage", [lambda data: data[: len(data) // 2], lambda data: b"", lambda data: b"x" * len(data)]
)
def test_a_half_written_part_is_computed_again(files, tmp_path, damage):
    out = tmp_path / "out"
    report = extract_features(files, out, **OPTIONS)
    whole = read_all(out)
    part = out / "parts" / report.files["part"][1]
    part.write_bytes(damage(part.read_bytes()))
    assert statuses(extract_features(files, out, **OPTIONS)) == ["unchanged", "computed", "unchanged"]
    assert read_all(out) == whole


def test_a_foreign_parquet_file_in_the_place_of_a_part_is_no_part(files, tmp_path):
    out = tmp_path / "out"
    report = extract_features(files[:1], out, **OPTIONS)
    pd.DataFrame({"a": [1]}).to_parquet(out / "parts" / report.files["part"][0])
    assert statuses(extract_features(files[:1], out, **OPTIONS)) == ["computed"]


KILLED = """
import os, signal, sys
import skpd.studies._parts as parts
from skpd.studies import extract_features

written = 0
in_row_groups = parts._in_row_groups

def die_behind_the_first_row_group(frames):
    global written
    written += 1
    for group in in_row_groups(frames):
        yield group
        if written == 2:
            os.kill(os.getpid(), signal.SIGKILL)

parts._in_row_groups = die_behind_the_first_row_group
extract_features(sys.argv[2:], sys.argv[1], units="m/s^2", sampling_rate=50.0)
"""


def test_a_killed_extraction_continues_where_it_stopped(files, tmp_path):
    whole, out = tmp_path / "whole", tmp_path / "out"
    extract_features(files, whole, **OPTIONS)
    died = subprocess.run([sys.executable, "-c", KILLED, out, *files], timeout=120)
    assert died.returncode == -signal.SIGKILL
    # Killed in the middle of the second part: one is whole, and of the other there is a file that nobody reads.
    parts = list((out / "parts").iterdir())
    (finished,) = [path for path in parts if not path.name.startswith(".")]
    assert len(parts) == 2
    assert len(pd.read_parquet(out / "parts")) == len(pd.read_parquet(finished))
    manifest = json.loads((out / "manifest.json").read_text())
    assert [file["status"] for file in manifest["files"]] == ["pending"] * 3
    before = finished.stat().st_mtime_ns
    report = extract_features(files, out, **OPTIONS)
    assert sorted(statuses(report)) == ["computed", "computed", "unchanged"]
    assert finished.stat().st_mtime_ns == before
    assert read_all(out) == read_all(whole)


def spoil(folder):
    """Make files that cannot be used, each with what its reason must say."""
    folder.mkdir()
    (folder / "text.npy").write_text("not an array")
    np.save(folder / "cut.npy", make_recording())
    (folder / "cut.npy").write_bytes((folder / "cut.npy").read_bytes()[:5000])
    (folder / "empty.npy").touch()
    np.save(folder / "short.npy", make_recording(100))
    np.save(folder / "batch.npy", np.zeros((2, 1000, 3)))
    np.save(folder / "words.npy", np.array(["a", "b"]))
    np.save(folder / "objects.npy", np.array([{}], dtype=object), allow_pickle=True)
    infinite = make_recording()
    infinite[77] = np.inf
    np.save(folder / "infinite.npy", infinite)
    (folder / "table.csv").write_text("timestamp,x,y\n0,1,2\n")
    (folder / "notes.txt").touch()
    (folder / "folder.npy").mkdir()
    (folder / "folder.csv").mkdir()
    np.save(folder / "transposed.npy", make_recording().T)
    return {
        "text.npy": "expected a whole .npy array",
        "cut.npy": "expected a whole .npy array",
        "empty.npy": "expected a whole .npy array",
        "short.npy": "at least one window, 200 samples",
        "batch.npy": r"got shape (2, 1000, 3)",
        "words.npy": "expected an array of real numbers",
        "objects.npy": "expected a whole .npy array",
        "infinite.npy": "infinite one at timestep 77",
        "table.csv": "'z'",
        "notes.txt": "expected one of .npy, .csv, .parquet",
        "folder.npy": "found a folder, expected a .npy file",
        "folder.csv": "found a folder",
        "transposed.npy": "Is it transposed?",
        "absent.npy": "absent.npy: found no such file, expected a file that can be read",
    }


@pytest.mark.parametrize("n_jobs", [1, 2])
def test_bad_files_stop_nothing_and_are_reported(files, tmp_path, n_jobs):
    expected = spoil(tmp_path / "bad")
    bad = [tmp_path / "bad" / name for name in expected]
    report = extract_features([files[0], *bad, *files[1:]], tmp_path / "out", n_jobs=n_jobs, **OPTIONS)
    assert report.files.loc[report.files["status"] == "computed", "source"].tolist() == list(map(str, files))
    reasons = {Path(row.source).name: row.reason for row in report.failures.itertuples()}
    assert reasons.keys() == expected.keys()
    for name, text in expected.items():
        assert text in reasons[name], name
    assert sorted(p.name for p in (report.out / "parts").iterdir()) == sorted(
        report.files.loc[report.files["status"] == "computed", "part"]
    )


def test_a_file_that_went_bad_leaves_no_part_of_its_past(files, tmp_path):
    out = tmp_path / "out"
    extract_features(files, out, **OPTIONS)
    files[0].write_text("no longer an array")
    report = extract_features(files, out, **OPTIONS)
    assert statuses(report) == ["failed", "unchanged", "unchanged"]
    assert len(list((out / "parts").iterdir())) == 2


def test_results_do_not_depend_on_jobs(files, tmp_path):
    extract_features(files, tmp_path / "one", **OPTIONS)
    extract_features(files, tmp_path / "two", n_jobs=2, **OPTIONS)
    assert read_all(tmp_path / "one") == read_all(tmp_path / "two")
    extract_features(files[:1], tmp_path / "threads", n_jobs=2, **OPTIONS)
    assert read_all(tmp_path / "threads").items() <= read_all(tmp_path / "one").items()


def test_units_types_and_order_of_an_array_file(tmp_path):
    recording = make_recording()
    np.save(tmp_path / "si.npy", recording)
    np.save(tmp_path / "g.npy", np.asfortranarray(recording / 9.80665))
    np.save(tmp_path / "mg.npy", np.round(recording).astype(np.int16))
    si = extract_features([tmp_path / "si.npy"], tmp_path / "a", **OPTIONS)
    g = extract_features([tmp_path / "g.npy"], tmp_path / "b", **OPTIONS | {"units": "g"})
    integers = extract_features([tmp_path / "mg.npy"], tmp_path / "c", **OPTIONS)
    features = [pd.read_parquet(report.out / "parts").iloc[:, 5:] for report in (si, g, integers)]
    pd.testing.assert_frame_equal(features[0], features[1], rtol=1e-6)
    assert features[2].shape == features[0].shape


def test_files_without_a_signal_are_noted(files, tmp_path):
    np.save(tmp_path / "still.npy", np.full((3000, 3), [0.1, 0.2, 9.8]))
    np.save(tmp_path / "nothing.npy", np.full((3000, 3), np.nan))
    chosen = [files[0], tmp_path / "still.npy", tmp_path / "nothing.npy"]
    for _ in range(2):
        report = extract_features(chosen, tmp_path / "out", **OPTIONS)
        first, still, nothing = report.files["note"]
        assert first == ""
        assert still == "no signal: the values never change"
        assert nothing == "no sample at all: every value is NaN"
    assert report.files["rows"].tolist() == [29, 29, 0]
    done = run_command(*chosen, "--out", tmp_path / "out", "--units", "m/s^2", "--sampling-rate", RATE)
    assert "still.npy: no signal" in done.output


def test_a_file_named_twice_is_one_and_parts_of_others_are_told(files, tmp_path):
    out = tmp_path / "out"
    first = extract_features(files[:1], out, **OPTIONS)
    report = extract_features([files[1], files[1].parent / ".." / "day2" / "left.npy"], out, **OPTIONS)
    assert statuses(report) == ["computed"]
    assert report.other_parts == first.files["part"].tolist()


@pytest.mark.parametrize("n_jobs", [1, 2])
def test_progress_counts_bytes_up_to_all(files, tmp_path, n_jobs):
    seen = []
    extract_features(files, tmp_path / "out", n_jobs=n_jobs, on_progress=lambda *step: seen.append(step), **OPTIONS)
    total = sum(path.stat().st_size for path in files)
    assert seen[0] == (0, total)
    assert seen[-1] == (total, total)
    assert seen == sorted(seen)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (
            {"sampling_rate": None},
            r"sampling_rate: expected a rate in Hz, which .*left.npy does not state, got None \(3 such files\)",
        ),
        ({"units": "m/s2"}, "units"),
        ({"time_unit": "minutes"}, "time_unit"),
        ({"channels": []}, "channels: expected one or more different columns"),
        ({"channels": ["x", "x", "y"]}, "channels: expected one or more different columns"),
        ({"disorder": "shift"}, "disorder"),
        ({"resample_to": 0}, "resample_to"),
        ({"road": "axis"}, "road: expected one of"),
        ({"duration": 0.001}, "window of at least one sample"),
        ({"overlap": 1.0}, "overlap"),
        ({"bands": {"all": (30, 40)}}, "Nyquist"),
    ],
)
def test_wrong_use_is_an_error_before_anything_is_written(files, tmp_path, change, message):
    with pytest.raises(ValueError, match=message):
        extract_features(files, tmp_path / "out", **OPTIONS | change)
    assert not (tmp_path / "out").exists()


def run_command(*arguments):
    return CliRunner().invoke(app, ["extract", *map(str, arguments)])


def test_command(files, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    options = ["--out", "out", "--units", "m/s^2", "--sampling-rate", RATE, "--jobs", 1]
    done = run_command(*files, *options)
    assert done.exit_code == 0, done.output
    assert "3 computed, 0 unchanged, 0 failed" in done.output
    (tmp_path / "bad.npy").touch()
    done = run_command(*files, "bad.npy", *options, "--no-progress")
    assert done.exit_code == 1
    assert "0 computed, 3 unchanged, 1 failed" in done.output
    assert "bad.npy" in done.output


@pytest.mark.parametrize(
    "arguments",
    [
        [],
        ["--units", "furlongs", "--sampling-rate", 50],
        ["--units", "g"],
        ["--units", "g", "--sampling-rate", 50, "--backend", "spark"],
        ["--units", "g", "--sampling-rate", 50, "--scheduler", "tcp://localhost:1"],
        ["--units", "g", "--sampling-rate", 50, "--jobs", 0],
        ["--units", "g", "--sampling-rate", 50, "--time-unit", "minutes"],
        ["--units", "g", "--sampling-rate", 50, "--channels", ""],
        ["--units", "g", "--sampling-rate", 50, "--channels", "x,x,y"],
    ],
)
def test_wrong_use_of_the_command(files, tmp_path, arguments):
    assert run_command(*files, "--out", tmp_path / "out", *arguments).exit_code == 2
    assert not (tmp_path / "out").exists()


@pytest.mark.slow
def test_two_worker_processes_of_a_dask_cluster(files, tmp_path):
    distributed = pytest.importorskip("distributed")
    extract_features(files, tmp_path / "here", **OPTIONS)
    bad = tmp_path / "bad.npy"
    bad.touch()
    with distributed.LocalCluster(n_workers=2, threads_per_worker=1, dashboard_address="127.0.0.1:0") as cluster:
        report = run_extract(
            [*files, bad],
            tmp_path / "there",
            backend="dask",
            scheduler=cluster.scheduler_address,
            progress=False,
            **OPTIONS,
        )
        with distributed.Client(cluster) as client:
            worked = client.run(lambda: (os.getpid(), "skpd.studies._parts" in sys.modules))
    assert statuses(report) == ["computed", "computed", "computed", "failed"]
    assert read_all(tmp_path / "here") == read_all(tmp_path / "there")
    pids = {pid for pid, has_worked in worked.values() if has_worked}
    assert len(pids - {os.getpid()}) == 2
    # Without an address, a cluster on this machine is started and stopped again, even beside one that has Dask's port.
    with ExitStack() as stack:
        with suppress(OSError):
            stack.enter_context(socket.create_server(("", 8787)))
        own = run_extract(files, tmp_path / "own", backend="dask", n_jobs=2, progress=False, **OPTIONS)
    assert statuses(own) == ["computed"] * 3
    assert read_all(tmp_path / "own") == read_all(tmp_path / "here")
