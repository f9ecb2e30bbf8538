"""PADS: files made from the description of the layout, whole and broken."""

import json

import numpy as np
import pytest

from skpd.datasets import load_pads
from skpd.exceptions import DataFileError, DataFileWarning

G = 9.80665
CHANNELS = ["Time", *(f"{s}_{a}" for s in ("Accelerometer", "Gyroscope") for a in "XYZ")]
UNITS = ["s", "g", "g", "g", "rad/s", "rad/s", "rad/s"]
TASKS = {"Relaxed": 2048, "StretchHold": 1024}
CONDITIONS = {"001": "Healthy", "002": "Parkinson's", "020": "Essential Tremor"}


def signal(subject, task, wrist):
    seed = [int(subject), len(task), len(wrist)]
    return np.random.default_rng(seed).normal(size=(TASKS[task], 6)).round(6)


@pytest.fixture
def pads(tmp_path):
    (tmp_path / "movement" / "timeseries").mkdir(parents=True)
    (tmp_path / "patients").mkdir()
    for subject, condition in CONDITIONS.items():
        sessions = []
        for task, rows in TASKS.items():
            records = []
            for wrist in ("LeftWrist", "RightWrist"):
                name = f"timeseries/{subject}_{task}_{wrist}.txt"
                table = np.column_stack([np.arange(rows) / 100, signal(subject, task, wrist)])
                np.savetxt(tmp_path / "movement" / name, table, delimiter=",", fmt="%.6f")
                records.append({"device_location": wrist, "channels": CHANNELS, "units": UNITS, "file_name": name})
            sessions.append({"record_name": task, "rows": rows, "records": records})
        observation = {"subject_id": subject, "device_id": "Watch", "sampling_rate": 100, "session": sessions}
        (tmp_path / "movement" / f"observation_{subject}.json").write_text(json.dumps(observation))
        patient = {"id": subject, "condition": condition, "age": 60, "gender": "female", "handedness": "left"}
        (tmp_path / "patients" / f"patient_{subject}.json").write_text(json.dumps(patient))
    return tmp_path


def test_everything(pads):
    bunch = load_pads(pads)
    assert len(bunch.data) == 12
    assert (bunch.sampling_rate, bunch.units) == (100.0, "m/s^2")
    assert bunch.target_names == sorted(CONDITIONS.values())
    for x, row in zip(bunch.data, bunch.frame.itertuples(), strict=True):
        np.testing.assert_allclose(x, signal(row.subject, row.task, row.wrist)[:, :3] * G, atol=1e-5)
        assert row.condition == CONDITIONS[row.subject]
    assert bunch.groups.tolist() == bunch.frame["subject"].tolist()
    assert bunch.target.tolist() == bunch.frame["condition"].tolist()
    assert bunch.skipped.empty
    assert set(bunch.frame["age"]) == {60}


def test_table_of_recordings(pads):
    assert load_pads(pads).frame.iloc[3].to_dict() == {
        "recording": "001_StretchHold_RightWrist",
        "subject": "001",
        "condition": "Healthy",
        "task": "StretchHold",
        "wrist": "RightWrist",
        "device": "Watch",
        "age": 60,
        "gender": "female",
        "handedness": "left",
        "file": "timeseries/001_StretchHold_RightWrist.txt",
        "duration_s": 10.24,
        "n_timesteps": 1024,
        "measured_rate_hz": pytest.approx(100.0),
        "largest_gap_s": pytest.approx(0.01),
        "n_gaps": 0,
        "n_missing": 0,
    }


def test_choices(pads, monkeypatch):
    bunch = load_pads(pads, signal="rotation", tasks=["Relaxed"], wrists=["RightWrist"])
    assert bunch.units == "rad/s"
    assert bunch.data.dtype == object
    assert bunch.frame[["task", "wrist"]].drop_duplicates().to_numpy().tolist() == [["Relaxed", "RightWrist"]]
    np.testing.assert_allclose(bunch.data[1], signal("002", "Relaxed", "RightWrist")[:, 3:], atol=1e-5)
    with pytest.raises(ValueError, match=r"tasks: expected some of .*'Relaxed', 'StretchHold'"):
        load_pads(pads, tasks=["Running"])
    with pytest.raises(ValueError, match="wrists: expected some of"):
        load_pads(pads, wrists=["Ankle"])
    (pads / "root").mkdir()
    (pads / "root" / "pads").symlink_to(pads)
    monkeypatch.setenv("SKPD_DATA", str(pads / "root"))
    X, y = load_pads(return_X_y=True)
    assert len(X) == len(y) == 12


def test_gap_and_jitter(pads):
    path = pads / "movement" / "timeseries" / "001_Relaxed_LeftWrist.txt"
    rng = np.random.default_rng(0)
    t = np.arange(2048) / 100 + rng.uniform(-0.003, 0.003, 2048) + (np.arange(2048) > 1000)
    tone = np.sin(2 * np.pi * 3 * t)
    np.savetxt(path, np.column_stack([t, *[tone] * 6]), delimiter=",", fmt="%.6f")
    bunch = load_pads(pads, wrists=["LeftWrist"], tasks=["Relaxed"])
    x, row = bunch.data[0], bunch.frame.iloc[0]
    assert row["n_gaps"] == 1
    assert row["n_missing"] == np.isnan(x[:, 0]).sum() == pytest.approx(100, abs=2)
    grid = t[0] + np.arange(len(x)) / 100
    there = ~np.isnan(x[:, 0])
    assert np.abs(x[there, 0] / G - np.sin(2 * np.pi * 3 * grid[there])).max() < 0.02


def edit(path, change):
    content = json.loads(path.read_text())
    change(content)
    path.write_text(json.dumps(content))


@pytest.mark.parametrize(
    ("damage", "message"),
    [
        (lambda p: p.write_bytes(b""), "no rows|an empty file"),
        (lambda p: p.write_bytes(bytes(range(128, 256)) * 30), "not utf-8"),
        (lambda p: p.write_bytes(p.read_bytes()[:20_000]), "rows, expected the 2048|numbers|no value"),
        (lambda p: p.write_text("\n".join(p.read_text().splitlines()[:500])), "500 rows, expected the 2048"),
        (lambda p: p.write_text("\n".join(r.rsplit(",", 6)[0] for r in p.read_text().splitlines())), "no value at all"),
        (lambda p: p.write_text("\n".join(r + ",1" for r in p.read_text().splitlines())), "do not form a table"),
        (lambda p: p.write_text("\n".join(reversed(p.read_text().splitlines()))), "that go back"),
        (lambda p: p.write_text(p.read_text().replace(",", ";")), "no value at all|column"),
        (lambda p: p.unlink(), "no such file"),
    ],
)
def test_broken_recording(pads, damage, message):
    path = pads / "movement" / "timeseries" / "002_Relaxed_LeftWrist.txt"
    damage(path)
    with pytest.raises(DataFileError, match=message) as info:
        load_pads(pads)
    assert info.value.path == path
    with pytest.warns(DataFileWarning, match="left out"):
        bunch = load_pads(pads, errors="warn")
    assert len(bunch.data) == 11
    assert bunch.skipped["file"].tolist() == [path.name]


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda o: o.pop("subject_id"), "entry 'subject_id': found none"),
        (lambda o: o.update(subject_id="../1"), "letters and digits"),
        (lambda o: o.update(session=[]), "entry 'session'"),
        (lambda o: o.update(session=[3]), "entry 'records'"),
        (lambda o: o["session"][0].update(rows="many"), "entry 'rows'"),
        (lambda o: o["session"][0].update(rows=10**12), "2048 rows, expected the 1000000000000"),
        (lambda o: o["session"][0]["records"][0].update(device_location="Hat"), "'Hat'"),
        (lambda o: o["session"][0]["records"][0].update(units=["s"]), "7 channels and 1 units"),
        (lambda o: o["session"][0]["records"][0].update(units=["s", *["mg"] * 3, *UNITS[4:]]), "the units .*'mg'"),
        (lambda o: o["session"][0]["records"][0].update(units=["ms", *UNITS[1:]]), "the units .'ms'"),
        (lambda o: o["session"][0]["records"][0].update(channels=["t", *CHANNELS[1:]]), r"the channels \['Time'\] too"),
        (lambda o: o["session"][0]["records"][0].update(file_name="../../x"), "a file inside the folder"),
    ],
)
def test_broken_description(pads, change, message):
    edit(pads / "movement" / "observation_002.json", change)
    with pytest.raises(DataFileError, match=message):
        load_pads(pads)
    with pytest.warns(DataFileWarning, match="left out"):
        bunch = load_pads(pads, errors="warn")
    # A description that does not read costs its person; a recording that is not as described costs itself.
    assert len(bunch.data) == (8 if bunch.skipped["file"][0].endswith(".json") else 12 - len(bunch.skipped))
    assert set(bunch.groups) >= {"001", "020"}


@pytest.mark.parametrize("content", [b"", b"\xff\xfe\x00", b"[" * 100_000, b"[]", b'{"condition": 3}', b"{}"])
@pytest.mark.parametrize("name", ["movement/observation_002.json", "patients/patient_002.json"])
def test_garbage_json(pads, name, content):
    (pads / name).write_bytes(content)
    with pytest.raises(DataFileError) as info:
        load_pads(pads)
    assert info.value.path == pads / name
    with pytest.warns(DataFileWarning):
        assert set(load_pads(pads, errors="warn").groups) == {"001", "020"}


def test_no_folder(tmp_path):
    with pytest.raises(DataFileError, match=r"without movement/observation_"):
        load_pads(tmp_path)
