"""Tables in, parts out: their times, forms and people."""

import numpy as np
import pandas as pd
import pyarrow.parquet as pq
import pytest
from typer.testing import CliRunner

from skpd.cli import app
from skpd.exceptions import DataFileWarning
from skpd.studies import extract_features

RATE = 50.0
OPTIONS = {"units": "m/s^2", "sampling_rate": RATE}


def make_recording(n_timesteps=3000, seed=0):
    t = np.arange(n_timesteps) / RATE
    tremor = np.sin(2 * np.pi * 5 * t)[:, None] * [0.6, 0.7, 0.3]
    return 5.6 + tremor + np.random.default_rng(seed).normal(scale=0.3, size=(n_timesteps, 3))


def statuses(report):
    return report.files["status"].tolist()


def run_command(*arguments):
    return CliRunner().invoke(app, ["extract", *map(str, arguments)])


def test_a_wrong_parameter_that_made_nothing_can_be_corrected(tmp_path):
    frame = pd.DataFrame(make_recording(), columns=["x", "y", "z"]).assign(timestamp=np.arange(3000) * 20)
    frame.to_csv(tmp_path / "wrist.csv", index=False)
    with pytest.warns(DataFileWarning, match="check time_unit"):
        report = extract_features([tmp_path / "wrist.csv"], tmp_path / "out", units="m/s^2")
    (reason,) = report.failures["reason"]
    assert "found a measured rate of 0.05 Hz" in reason
    assert "Correct time_unit" in reason
    report = extract_features([tmp_path / "wrist.csv"], tmp_path / "out", units="m/s^2", time_unit="ms")
    assert statuses(report) == ["computed"]


def test_tables_with_times_and_subjects(tmp_path):
    recording = make_recording()
    frame = pd.DataFrame(recording, columns=["ax", "ay", "az"]).assign(t=np.arange(3000) * 20, who="007")
    frame.to_csv(tmp_path / "wrist.csv", index=False)
    frame.to_parquet(tmp_path / "wrist.parquet")
    np.save(tmp_path / "wrist.npy", recording)
    report = extract_features(
        [tmp_path / f"wrist.{suffix}" for suffix in ("csv", "parquet")],
        tmp_path / "out",
        units="m/s^2",
        channels=["ax", "ay", "az"],
        time="t",
        time_unit="ms",
        subject="who",
    )
    assert statuses(report) == ["computed", "computed"]
    plain = extract_features([tmp_path / "wrist.npy"], tmp_path / "plain", **OPTIONS)
    expected = pd.read_parquet(plain.out / "parts").iloc[:, 5:]
    for part in report.files["part"]:
        table = pd.read_parquet(report.out / "parts" / part)
        assert set(table["subject"]) == {"007"}
        pd.testing.assert_frame_equal(table.iloc[:, 5:], expected, rtol=1e-9)


def test_subjects_are_read_together_whoever_is_known(tmp_path):
    np.save(tmp_path / "a.npy", make_recording())
    frame = pd.DataFrame(make_recording(), columns=["x", "y", "z"]).assign(timestamp=np.arange(3000) / RATE, who="007")
    frame.to_csv(tmp_path / "z.csv", index=False)
    report = extract_features([tmp_path / "a.npy", tmp_path / "z.csv"], tmp_path / "out", subject="who", **OPTIONS)
    table = pd.read_parquet(report.out / "parts")
    assert set(table.loc[table["file"] == "z.csv", "subject"]) == {"007"}
    assert table.loc[table["file"] != "z.csv", "subject"].isna().all()
    assert len({pq.read_schema(part).field("subject").type for part in (report.out / "parts").iterdir()}) == 1


def test_forms_of_tables(tmp_path):
    rng = np.random.default_rng(0)
    frame = pd.DataFrame(make_recording(), columns=["x", "y", "z"])
    frame.insert(0, "timestamp", np.arange(3000) / RATE + rng.uniform(0, 0.01, 3000))
    frame = frame.iloc[[*range(10), 11, 10, 10, *range(12, 3000)]]
    frame.assign(who="Zoë").to_csv(tmp_path / "a.csv", index=False, sep=";", decimal=",", encoding="latin-1")
    arguments = [tmp_path / "a.csv", "--out", tmp_path / "out", "--units", "m/s^2", "--subject", "who"]
    # Each reason tells the next option.
    for option, value in {
        "encoding": "latin-1",
        "separator": ";",
        "decimal": ",",
        "disorder": "fix",
        "resample-to": RATE,
    }.items():
        failed = run_command(*arguments)
        assert failed.exit_code == 1
        assert f"{option.replace('-', '_')}=" in "".join(failed.output.split())
        assert "name=... in a reason is an option" in failed.output
        arguments += [f"--{option}", value]
    done = run_command(*arguments)
    assert done.exit_code == 0, done.output
    assert "a.csv: 1 sample(s) dropped, whose times repeat" in done.output
    assert set(pd.read_parquet(tmp_path / "out" / "parts")["subject"]) == {"Zoë"}
