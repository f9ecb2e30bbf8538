"""Files to tables: the same numbers as in memory, whatever the length, the rate and the unit."""

import subprocess
import sys
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from PIL import Image
from typer.testing import CliRunner

from skpd.cli import app
from skpd.models import load_manifest, measure_tremor, predict_files, save_model
from skpd.models._predict import DaySummary, _overlaps, find_unworn, predict_recording
from skpd.models._predict_files import _names
from skpd.models._recording import Recording
from skpd.models._sources import ReadOptions, _Resampled, open_recording
from skpd.recipes import make_recipe
from skpd.signal import find_nonwear

RATE = 50.0


def sine(frequency, amplitude, duration=60.0, rate=RATE):
    t = np.arange(round(duration * rate)) / rate
    return np.stack([amplitude * np.sin(2 * np.pi * frequency * t), 0 * t, 9.81 + 0 * t], axis=1)


@pytest.fixture
def recording(wrist, tmp_path):
    """A recording that is longer than a block of a small stream, with a gap."""
    samples = np.concatenate(wrist.data[:20])
    samples[3000:3010] = np.nan
    np.save(tmp_path / "anna.npy", samples)
    return samples


def predict_one(stored, file, out, **options):
    report = predict_files(stored, [file], out, **{"units": "m/s^2", "sampling_rate": RATE} | options)
    assert not len(report.failures), report.failures["reason"].tolist()
    return report, pd.read_csv(out / "windows" / f"{file.stem}.csv")


def test_a_recording_that_is_all_gap_is_predicted_nowhere(stored, tmp_path):
    np.save(tmp_path / "lost.npy", np.full((600, 3), np.nan))
    report, windows = predict_one(stored, tmp_path / "lost.npy", tmp_path / "out")
    assert windows["gap"].tolist() == [True] * 5
    assert windows[["prediction", "proba_0", "rest_3_6hz_frequency_hz", "unlike_training"]].isna().all(axis=None)
    assert report.summary.iloc[0][["n_windows", "n_gap", "n_used"]].tolist() == [5, 5, 0]
    assert report.summary[["share_tremor", "mean_severity"]].isna().all(axis=None)


def test_windows_are_those_of_the_model_in_memory(stored, tremor_model, recording, tmp_path):
    report, windows = predict_one(stored, tmp_path / "anna.npy", tmp_path / "out")
    with pytest.warns(UserWarning, match="left out"):
        timeline = tremor_model[-1].predict_windows(tremor_model[:-1].transform(recording[None]))
    used = windows[~windows["gap"]]
    np.testing.assert_array_equal(used["start_s"] * RATE, timeline["start"])
    np.testing.assert_array_equal(used["end_s"] * RATE, timeline["stop"])
    np.testing.assert_array_equal(used["prediction"], timeline["prediction"])
    columns = [f"proba_{label}" for label in range(5)]
    np.testing.assert_allclose(used[columns], timeline[columns], rtol=0, atol=1e-12)
    assert windows["gap"].sum() == len(windows) - len(timeline) > 0
    assert windows.loc[windows["gap"], [*columns, "prediction", "rest_3_6hz_frequency_hz"]].isna().all(axis=None)
    summary = report.summary.iloc[0]
    assert summary["n_windows"] == len(windows)
    assert summary["n_used"] == len(timeline)
    assert summary["share_tremor"] == pytest.approx((timeline["prediction"] > 0).mean())
    assert summary["mean_severity"] == pytest.approx(timeline["prediction"].mean())
    assert pd.isna(summary["n_clipping"])


def test_blocks_and_threads_change_nothing(tremor_model, recording, monkeypatch, tmp_path):
    def predict(n_jobs):
        blocks = list(predict_recording(tremor_model, Recording(tmp_path / "a", recording, RATE), n_jobs=n_jobs))
        return len(blocks), pd.concat(blocks, ignore_index=True)

    n_whole, whole = predict(None)
    monkeypatch.setattr("skpd.models._predict._BLOCK", 30.0)
    n_blocks, blocks = predict(2)
    assert n_whole == 1
    assert n_blocks == 8
    pd.testing.assert_frame_equal(blocks, whole, rtol=0, atol=1e-9)


def test_units_are_converted(stored, recording, tmp_path):
    np.save(tmp_path / "in_g.npy", recording / 9.80665)
    _, si = predict_one(stored, tmp_path / "anna.npy", tmp_path / "a")
    _, g = predict_one(stored, tmp_path / "in_g.npy", tmp_path / "b", units="g")
    np.testing.assert_allclose(g["proba_1"], si["proba_1"], atol=1e-12)


@pytest.mark.parametrize("rate", [100.0, 85.7, 31.25])
def test_another_rate_is_resampled_and_said(stored, rate, tmp_path):
    np.save(tmp_path / "x.npy", sine(5.0, 2.0, rate=rate))
    report, windows = predict_one(stored, tmp_path / "x.npy", tmp_path / "out", sampling_rate=rate)
    assert f"resampled from {rate:g} to 50 Hz" in report.files["notes"].iloc[0]
    inner = windows.iloc[1:-1]
    np.testing.assert_allclose(inner["rest_3_6hz_frequency_hz"], 5.0, atol=0.02)
    np.testing.assert_allclose(inner["rest_3_6hz_acceleration_m_s2"], 2.0, rtol=0.02)
    np.testing.assert_allclose(inner["rest_3_6hz_displacement_cm"], 200 / (2 * np.pi * 5) ** 2, rtol=0.02)
    assert windows["end_s"].iloc[-1] == pytest.approx(60.0, abs=2.1)


def test_a_rate_too_low_and_missing_units_are_refused(stored, tmp_path):
    np.save(tmp_path / "slow.npy", sine(5.0, 2.0, rate=20.0))
    report = predict_files(stored, [tmp_path / "slow.npy"], tmp_path / "out", units="g", sampling_rate=20.0)
    assert "expected more than 24 Hz" in report.failures["reason"].iloc[0]
    report = predict_files(stored, [tmp_path / "slow.npy"], tmp_path / "out", sampling_rate=50.0)
    assert "units: expected one of m/s^2, g" in report.failures["reason"].iloc[0]
    report = predict_files(stored, [tmp_path / "slow.npy"], tmp_path / "out", units="g")
    assert "sampling_rate: expected a rate in Hz" in report.failures["reason"].iloc[0]
    assert not (tmp_path / "out" / "windows" / "slow.csv").exists()


def test_slices_of_a_resampled_recording_are_those_of_the_whole():
    from fractions import Fraction

    x = sine(5.0, 2.0, duration=200.0, rate=100.0)
    x[7000:7005] = np.nan
    for ratio in (Fraction(1, 2), Fraction(7, 6), Fraction(500, 857), Fraction(5, 1)):
        resampled = _Resampled(x, ratio)
        n = resampled.shape[0]
        whole = resampled[0:n]
        assert whole.shape == (n, 3)
        pieces = [resampled[i : i + 777] for i in range(0, n, 777)]
        np.testing.assert_allclose(np.concatenate(pieces), whole, rtol=0, atol=1e-12)
        # Gravity holds to both ends, and a gap stays a gap.
        np.testing.assert_allclose(whole[[0, -1], 2], 9.81, atol=1e-2)
        assert np.isnan(whole[round(7002 * ratio)]).all()


def test_tables_with_uneven_times_are_interpolated_and_that_is_said(stored, tmp_path):
    rng = np.random.default_rng(0)
    samples = sine(5.0, 2.0, rate=100.0)
    times = np.arange(len(samples)) / 100 + rng.uniform(-0.003, 0.003, len(samples))
    table = pd.DataFrame(samples, columns=["x", "y", "z"]).assign(timestamp=times)
    table.to_csv(tmp_path / "t.csv", index=False)
    table.to_parquet(tmp_path / "u.parquet")
    report = predict_files(stored, [tmp_path / "t.csv", tmp_path / "u.parquet"], tmp_path / "out", units="m/s^2")
    assert report.files["notes"].str.contains("its times are uneven").all()
    np.testing.assert_allclose(report.summary["share_0"].iloc[0], report.summary["share_0"].iloc[1])


def test_clipping_nonwear_and_days_are_flagged(stored, tmp_path):
    rng = np.random.default_rng(0)
    hours = 26
    x = rng.normal([0, 0, 9.81], 0.5, size=(int(hours * 3600 * RATE), 3))
    x[: int(2 * 3600 * RATE)] = [0, 0, 9.81]
    x[int(10 * 3600 * RATE) + 5] = [80.0, 0, 0]
    np.save(tmp_path / "day.npy", x.astype(np.float32))
    report, windows = predict_one(stored, tmp_path / "day.npy", tmp_path / "out", device_range=8.0)
    assert windows.loc[windows["clipping"], "start_s"].between(35996, 36000).all()
    assert windows["clipping"].sum() == 2
    worn = windows.loc[~windows["nonwear"], "start_s"]
    assert worn.min() == pytest.approx(2 * 3600, abs=1800)
    assert report.summary["day"].tolist() == ["day 1", "day 2", "all"]
    days = report.summary.set_index("day")
    assert days.loc["all", "n_windows"] == len(windows)
    assert days.loc["day 1", "n_nonwear"] == windows["nonwear"].sum()
    assert days.loc["all", "n_used"] == (~windows["nonwear"]).sum()


def test_input_unlike_the_training_data_is_flagged(tremor_model, wrist, recording, tmp_path):
    from skpd.models._train import _distance

    distance = _distance("recordings", tremor_model, wrist.data, wrist.groups, seed=0)
    folder = save_model(tremor_model, tmp_path / "m", sampling_rate=RATE, units="m/s^2", distance=distance)
    _, alike = predict_one(folder, tmp_path / "anna.npy", tmp_path / "a")
    assert alike["unlike_training"].mean() < 0.05
    # A machine, not a hand.
    np.save(tmp_path / "drill.npy", np.random.default_rng(0).normal([0, 0, 9.81], 30.0, size=(3000, 3)))
    report, unlike = predict_one(folder, tmp_path / "drill.npy", tmp_path / "b")
    assert unlike["unlike_training"].mean() > 0.7
    assert report.summary["n_unlike_training"].iloc[0] == unlike["unlike_training"].sum()
    share = unlike["unlike_training"].mean()
    assert report.summary["share_unlike_training"].iloc[0] == pytest.approx(share)
    assert f"{100 * share:.0f}% of the windows are unlike the training data" in report.files["notes"].iloc[0]


@pytest.mark.parametrize("factor", [1 / 9.80665, 9.80665])
def test_a_unit_stated_wrongly_is_refused(tremor_model, recording, factor, tmp_path):
    folder = save_model(tremor_model, tmp_path / "m", sampling_rate=RATE, units="m/s^2", magnitude=9.81)
    np.save(tmp_path / "x.npy", recording * factor)
    report = predict_files(folder, [tmp_path / "x.npy"], tmp_path / "out", units="m/s^2", sampling_rate=RATE)
    assert "Check units" in report.failures["reason"].iloc[0]
    predict_one(folder, tmp_path / "anna.npy", tmp_path / "out")


@pytest.mark.parametrize("frequency", [3.3, 5.13, 7.8, 11.1])
@pytest.mark.parametrize("amplitude", [0.05, 3.0])
def test_frequency_and_amplitude_of_a_sine_along_any_axis(frequency, amplitude):
    t = np.arange(400) / 100
    direction = np.array([0.6, 0.0, 0.8])
    window = amplitude * np.sin(2 * np.pi * frequency * t + 1)[:, None] * direction + [0.1, 0.3, 9.7]
    measured = measure_tremor(window[None], 100.0).iloc[0]
    bands = {"rest_3_6hz": 6, "postural_6_9hz": 9, "kinetic_9_12hz": 12}
    band = next(name for name, high in bands.items() if frequency < high)
    assert measured[f"{band}_frequency_hz"] == pytest.approx(frequency, abs=0.02)
    assert measured[f"{band}_acceleration_m_s2"] == pytest.approx(amplitude, rel=0.03)
    expected = 100 * amplitude / (2 * np.pi * frequency) ** 2
    assert measured[f"{band}_displacement_cm"] == pytest.approx(expected, rel=0.04)


@pytest.mark.parametrize("rate", [5.0, 4.7])
def test_nonwear_in_pieces_is_that_of_the_whole(rate, tmp_path):
    rng = np.random.default_rng(0)
    n = round(9.4 * 3600 * rate)
    x = rng.normal([0, 0, 9.81], 0.5, size=(n, 3))
    for start, stop in [(0.5, 2.2), (4.1, 5.3), (7.9, 9.4)]:
        x[round(start * 3600 * rate) : round(stop * 3600 * rate)] = [0, 0, 9.81]
    masks = []
    for intervals in (find_unworn(Recording(tmp_path, x, rate)), find_nonwear(x, rate)[["start", "stop"]].to_numpy()):
        mask = np.zeros(n, dtype=bool)
        for start, stop in intervals:
            mask[start:stop] = True
        masks.append(mask)
    assert masks[1].any()
    # Blocks of pieces may begin a sample off, where the rate does not divide them.
    assert (masks[0] != masks[1]).sum() <= 20


def test_nothing_moves():
    measured = measure_tremor(np.full((1, 200, 3), 9.81), 50.0).iloc[0]
    assert measured["rest_3_6hz_acceleration_m_s2"] == pytest.approx(0, abs=1e-9)
    assert np.isnan(measured["rest_3_6hz_frequency_hz"])


def test_overlaps_with_intervals():
    intervals = np.array([[10, 20], [40, 50]])
    begin = np.array([0, 5, 10, 19, 20, 38, 50])
    assert _overlaps(begin, begin + 5, intervals).tolist() == [False, False, True, True, False, True, False]
    assert not _overlaps(begin, begin + 5, intervals[:0]).any()


def test_the_real_geneactiv_file(stored, data_dir, tmp_path):
    file = data_dir / "geneactiv" / "GENEActiv_testfile.bin"
    report = predict_files(stored, [file], tmp_path / "out", format="parquet")
    assert report.summary[["day", "n_windows", "n_gap", "n_clipping"]].values.tolist() == [["2013-05-30", 28, 0, 0]]
    assert "pages that the header claims" in report.files["notes"].iloc[0]
    assert "resampled from 85.7143 to 50 Hz" in report.files["notes"].iloc[0]
    windows = pd.read_parquet(tmp_path / "out" / "windows" / "GENEActiv_testfile.parquet")
    assert windows["start_time"].iloc[0].isoformat() == "2013-05-30T10:12:54.500000+01:00"
    assert windows["nonwear"].isna().all()


def test_a_geneactiv_file_in_pieces_is_the_one_read_whole(data_dir):
    from skpd.datasets import load_geneactiv

    file = data_dir / "geneactiv" / "GENEActiv_testfile.bin"
    with pytest.warns(UserWarning, match="is not whole"):
        whole = load_geneactiv(file, errors="warn")
    with open_recording(file, ReadOptions()) as opened:
        assert opened.samples.shape == whole.data[0].shape
        assert opened.sampling_rate == pytest.approx(whole.sampling_rate, rel=1e-6)
        pieces = [opened.samples[i : i + 501] for i in range(0, len(whole.data[0]), 501)]
    np.testing.assert_array_equal(np.concatenate(pieces), whole.data[0])


def write_export(file, samples, rate=50.0, missing=()):
    """As GENEActiv's software exports raw data."""
    header = ["Device Type,GENEActiv", f"Measurement Frequency,{rate} Hz", "Subject Code,anna"] + [""] * 97
    times = pd.Timestamp("2024-03-01 09:00:00") + pd.to_timedelta(np.arange(len(samples)) * 1000 / rate, unit="ms")
    lines = [
        f"{t:%Y-%m-%d %H:%M:%S}:{t.microsecond // 1000:03d},{x:.5f},{y:.5f},{z:.5f},0,0,21.0"
        for i, (t, (x, y, z)) in enumerate(zip(times, samples / 9.80665, strict=True))
        if i not in missing
    ]
    file.write_text("\n".join(header + lines) + "\n")


def test_a_geneactiv_export_is_predicted_without_stating_units(stored, recording, tmp_path):
    samples = recording[:3000]
    np.save(tmp_path / "anna.npy", samples)
    write_export(tmp_path / "export.csv", samples)
    _, expected = predict_one(stored, tmp_path / "anna.npy", tmp_path / "a")
    report, windows = predict_one(stored, tmp_path / "export.csv", tmp_path / "b", units=None, sampling_rate=None)
    np.testing.assert_allclose(
        windows["rest_3_6hz_acceleration_m_s2"], expected["rest_3_6hz_acceleration_m_s2"], rtol=0.01
    )
    assert (windows["prediction"] == expected["prediction"]).mean() > 0.9
    assert windows["start_time"].iloc[0].startswith("2024-03-01 09:00:00")
    assert windows["clipping"].notna().all()
    assert report.summary[["subject", "day"]].values.tolist() == [["anna", "2024-03-01"]]


def test_a_geneactiv_export_of_another_rate_and_with_a_gap(stored, tmp_path):
    write_export(tmp_path / "fast.csv", sine(5.0, 2.0, rate=100.0), rate=100.0, missing=range(3000, 3100))
    report, windows = predict_one(stored, tmp_path / "fast.csv", tmp_path / "o", units=None, sampling_rate=None)
    assert "resampled from 100 to 50 Hz" in report.files["notes"].iloc[0]
    assert windows.loc[windows["gap"], "start_s"].tolist() == [26.0, 28.0, 30.0]
    np.testing.assert_allclose(windows.loc[~windows["gap"], "rest_3_6hz_frequency_hz"], 5.0, atol=0.03)
    write_export(tmp_path / "slow.csv", sine(5.0, 2.0, rate=20.0), rate=20.0)
    assert (
        "expected more than 24 Hz"
        in predict_files(stored, [tmp_path / "slow.csv"], tmp_path / "o").failures["reason"].iloc[0]
    )


def test_what_cannot_be_said_of_a_model_without_a_distance_is_said(stored, recording, tmp_path):
    report, windows = predict_one(stored, tmp_path / "anna.npy", tmp_path / "o")
    assert "whether it is unlike the training data is not known" in report.files["notes"].iloc[0]
    assert windows[["unlike_training", "training_distance"]].isna().all(axis=None)
    assert pd.isna(report.summary["share_unlike_training"].iloc[0])


def test_cloudupdrs_recordings(stored, data_dir, tmp_path):
    files = sorted((data_dir / "cloudupdrs" / "2458").glob("T_-_*HAND*.csv"))
    out = tmp_path / "out"
    arguments = ["predict", stored, *files, "--out", out, "--units", "m/s^2", "--columns", "t,x,y,z,constant"]
    result = CliRunner().invoke(app, list(map(str, [*arguments, "--time", "t", "--time-unit", "ns"])))
    assert result.exit_code == 0, result.output
    assert "not a medical device" in result.output
    summary = pd.read_csv(out / "summary.csv")
    assert len(summary) == len(files)
    assert (summary["n_used"] >= 12).all()
    # Hands that turn move more than hands at rest.
    rest, turning = (
        pd.concat([pd.read_csv(f) for f in (out / "windows").glob(f"*{task}*.csv")])["rest_3_6hz_acceleration_m_s2"]
        for task in ("REST_TREMOR", "PRONATION")
    )
    assert turning.median() > 3 * rest.median()


def test_drawings(tmp_path):
    from sklearn.neighbors import KNeighborsClassifier
    from sklearn.pipeline import make_pipeline
    from sklearn.preprocessing import FunctionTransformer

    # No recipe of drawings without a network; a trusted type makes the test quick.
    X = np.stack([np.full((40, 40, 3), grey, np.uint8) for grey in (10, 20, 200, 210)])
    y = np.array(["dark", "dark", "light", "light"])
    flat = FunctionTransformer(np.mean, kw_args={"axis": (1, 2)}, check_inverse=False)
    model = make_pipeline(flat, KNeighborsClassifier(1)).fit(X, y)
    folder = save_model(model, tmp_path / "m", image_size=(40, 40))
    trusted = load_manifest(folder)["needs_trust"]
    Image.fromarray(np.full((80, 60, 3), 205, np.uint8)).save(tmp_path / "a.png")
    (tmp_path / "b.png").write_bytes(b"no image")
    report = predict_files(folder, [tmp_path / "a.png", tmp_path / "b.png"], tmp_path / "out", trusted=trusted)
    assert report.summary[["drawing", "prediction", "proba_light"]].values.tolist() == [["a", "light", 1.0]]
    assert "no PNG image" in report.failures["reason"].iloc[0]


def test_files_of_one_name_and_files_that_fail(stored, recording, tmp_path):
    (tmp_path / "b").mkdir()
    np.save(tmp_path / "b" / "anna.npy", recording)
    np.save(tmp_path / "wide.npy", np.zeros((3000, 2)))
    np.save(tmp_path / "short.npy", np.zeros((50, 3)))
    (tmp_path / "x.txt").write_text("")
    names = ["anna.npy", "b/anna.npy", "wide.npy", "short.npy", "x.txt", "none.npy", "anna.npy"]
    files = [tmp_path / name for name in names]
    report = predict_files(stored, files, tmp_path / "out", units="m/s^2", sampling_rate=RATE)
    assert report.summary["recording"].tolist() == ["anna-1", "anna-2"]
    reasons = report.failures["reason"].tolist()
    for reason, expected in zip(reasons, ["3 channels", "at least one window", "suffix", "no such file"], strict=True):
        assert expected in reason


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"files": []}, "at least one file"),
        ({"files": "a.npy"}, "expected a list of files"),
        ({"format": "xlsx"}, "expected one of 'csv', 'parquet'"),
        ({"unit": "g"}, "got 'unit'"),
    ],
)
def test_wrong_calls_say_what_is_wrong(stored, tmp_path, arguments, message):
    with pytest.raises(ValueError, match=message):
        predict_files(stored, **{"files": ["a.npy"], "out": tmp_path / "out"} | arguments)


def test_a_day_without_a_window_that_can_be_used():
    block = pd.DataFrame(
        {"start_s": [0.0], "end_s": [4.0], "prediction": pd.array([pd.NA], "Int64"), "gap": [True]}
    ).assign(**{name: pd.array([pd.NA], "boolean") for name in ("nonwear", "clipping", "unlike_training")})
    summary = DaySummary({"recording": "a"}, [0, 1])
    summary.add(block)
    row = summary.rows().iloc[0]
    assert row["n_used"] == 0
    assert pd.isna(row["share_tremor"])
    assert pd.isna(row["n_nonwear"])


@pytest.mark.parametrize("classes", [[False, True], [0.0, 1.0], [0, 1], ["no", "yes"]], ids=str)
def test_labels_of_any_type_are_predicted(classes, wrist, recording, tmp_path):
    model = make_recipe("tremor", sampling_rate=RATE, resampler="none", classifier="majority")
    model.fit(wrist.data, np.asarray(classes)[(np.asarray(wrist.target) == 0).astype(int)])
    folder = save_model(model, tmp_path / "m", sampling_rate=RATE, units="m/s^2")
    report, windows = predict_one(folder, tmp_path / "anna.npy", tmp_path / "out")
    assert set(windows.loc[~windows["gap"], "prediction"]) == {classes[1]}
    summary = report.summary.iloc[0]
    assert summary[[f"share_{label}" for label in classes]].tolist() == [0.0, 1.0]
    # Truth values and words are no degrees of tremor.
    graded = not isinstance(classes[0], (bool, str))
    assert ("share_tremor" in summary) == ("mean_severity" in summary) == graded
    if graded:
        assert summary[["share_tremor", "mean_severity"]].tolist() == [1.0, 1.0]


@pytest.mark.parametrize("name", ["used", "windows", "gap", "nonwear", "clipping", "used_unlike", "unlike_training"])
def test_classes_called_as_a_count(name):
    block = pd.DataFrame({"start_s": [0.0, 2.0, 4.0, 6.0], "end_s": [4.0, 6.0, 8.0, 10.0]})
    block["prediction"] = pd.array([name, name, "other", pd.NA], "string")
    block["gap"] = [False, False, False, True]
    block["unlike_training"] = pd.array([True, False, False, pd.NA], "boolean")
    block[["nonwear", "clipping"]] = False
    summary = DaySummary({}, [name, "other"])
    summary.add(block)
    row = summary.rows().iloc[0]
    assert row.index.is_unique
    counts = ["n_windows", "n_used", "n_gap", "n_nonwear", "n_clipping", "n_unlike_training"]
    assert row[counts].tolist() == [4, 3, 1, 0, 0, 1]
    assert row["share_unlike_training"] == pytest.approx(1 / 3)
    shares = row[["share_unlike_training_class" if name == "unlike_training" else f"share_{name}", "share_other"]]
    assert shares.tolist() == pytest.approx([2 / 3, 1 / 3])


@pytest.mark.parametrize(
    ("files", "names"),
    [
        (["2/a.npy", "3/a.npy", "3/a-1.npy"], ["a-2", "a-3", "a-1"]),
        (["3/a-1.npy", "a.npy", "2/a.csv"], ["a-1", "a-2", "a-3"]),
        (["a.npy", "2/a.npy", "a-1.npy", "2/a-1.npy"], ["a-2", "a-3", "a-1-1", "a-1-2"]),
        (["a.npy", "b.npy"], ["a", "b"]),
    ],
)
def test_no_two_files_get_one_name(files, names):
    assert _names(list(map(Path, files))) == names


def test_the_command_says_what_failed(stored, tmp_path):
    result = CliRunner().invoke(app, ["predict", str(stored), str(tmp_path / "none.npy"), "--out", str(tmp_path / "o")])
    assert result.exit_code == 1
    result = CliRunner().invoke(app, ["predict", str(tmp_path), "a.npy", "--out", str(tmp_path / "o")])
    assert result.exit_code == 2


@pytest.mark.slow
def test_memory_does_not_grow_with_the_recording(stored, tmp_path):
    code = (
        "import sys, resource, warnings; from skpd.models import predict_files;"
        "r = predict_files(sys.argv[1], [sys.argv[2]], sys.argv[3], units='m/s^2', sampling_rate=50.0);"
        "assert not len(r.failures), r.failures['reason'].tolist();"
        "print(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss)"
    )
    peaks = {}
    for hours in (1, 24):
        n = int(hours * 3600 * RATE)
        file = np.lib.format.open_memmap(tmp_path / f"{hours}.npy", "w+", np.float32, (n, 3))
        for start in range(0, n, 10**6):
            rng = np.random.default_rng(start)
            file[start : start + 10**6] = rng.normal([0, 0, 9.81], 0.5, size=(min(10**6, n - start), 3))
        del file
        command = [sys.executable, "-c", code, stored, tmp_path / f"{hours}.npy", tmp_path / "out"]
        done = subprocess.run(command, check=True, capture_output=True, text=True, timeout=600)
        peaks[hours] = int(done.stdout)
    assert peaks[24] < 1.15 * peaks[1]
