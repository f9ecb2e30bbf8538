"""MJFF Levodopa: files made from the description of the layout, the label rule, and broken files."""

import numpy as np
import pandas as pd
import pytest

from skpd.datasets import load_levodopa
from skpd.exceptions import DataFileError, DataFileWarning

#: Person -> the limb that wears the GENEActiv, as the table of sensors says.
POSITIONS = {"10_BOS": "RightUpperLimb", "6_NYC": "LeftUpperLimb", "4_BOS": "RightUpperLimb"}
DAY_START = {1: 1_400_000_000.0, 4: 1_400_259_200.0}
RATE = 50.0
TIMES = ["timestamp_start", "timestamp_end"]
COLUMNS = ["subject_id", "visit", "task_code", *TIMES, "phenotype", "body_segment", "score"]


def wrist(subject, day, n=3000):
    """Two minutes and times of a person's day."""
    rng = np.random.default_rng([*subject.encode(), day])
    t = DAY_START[day] + np.arange(n) / RATE
    x = [0.0, 0.0, 9.8] + np.sin(2 * np.pi * 3 * t)[:, None] * rng.normal(size=3)
    return t, x


def day_file(root, subject, day, device="GENEActiv"):
    number, site = subject.split("_")
    # Case differs between folders of the study.
    name = f"rawdata_day{day}.txt" if site == "BOS" else f"rawData_Day{day}.txt"
    return root / "LDOPA_DATA" / device / f"patient{number}{'_NY' if site == 'NYC' else ''}" / name


def write_day(path, t, x, prefix="GENEActiv"):
    path.parent.mkdir(parents=True, exist_ok=True)
    table = pd.DataFrame({"timestamp": t})
    for i, axis in enumerate("XYZ"):
        table[f"{prefix}_{axis}"] = x[:, i]
    table[f"{prefix}_Magnitude"] = np.linalg.norm(x, axis=1)
    table.to_csv(path, sep="\t", index=False, float_format="%.6f")


def score_rows():
    rows = []
    for subject in POSITIONS:
        for visit, day in ((1, 1), (2, 4)):
            for k, task in enumerate(("sittg", "drnkg", "ntblt")):
                for limb in ("LeftUpperLimb", "RightUpperLimb", "LeftLowerLimb"):
                    tremor = str((k + (limb == "LeftUpperLimb") + visit) % 5)
                    if (subject, visit, task) == ("10_BOS", 1, "ntblt"):
                        tremor = "NotApplicable"
                    start = DAY_START[day] + 5 + 15 * k
                    base = [subject, visit, task, start, start + 10.0]
                    rows.append([*base, "tremor", limb, tremor])
                    rows.append([*base, "dyskinesia", limb, "Yes" if k else "No"])
    return pd.DataFrame(rows, columns=COLUMNS)


@pytest.fixture
def study(tmp_path):
    for subject in POSITIONS:
        for day in DAY_START:
            write_day(day_file(tmp_path, subject, day), *wrist(subject, day))
    score_rows().to_csv(tmp_path / "TaskScoresPartI.csv", index=False)
    sensors = [[s, "GENEActiv", p] for s, p in POSITIONS.items()] + [[s, "Phone", "Waist"] for s in POSITIONS]
    pd.DataFrame(sensors, columns=["subject_id", "device", "device_position"]).to_csv(
        tmp_path / "syn_sensordatapartI_table.csv", index=False
    )
    return tmp_path


class TestContent:
    def test_one_recording_a_scored_task(self, study):
        bunch = load_levodopa(study)
        assert len(bunch.data) == 3 * 2 * 3 - 1
        assert (bunch.sampling_rate, bunch.units) == (50.0, "m/s^2")
        assert bunch.target_names == [0, 1, 2, 3, 4]
        assert set(bunch.groups) == set(POSITIONS)
        assert bunch.unscored.to_numpy().tolist() == [["10_BOS", 1, "ntblt", "NotApplicable"]]
        for x, row in zip(bunch.data, bunch.frame.itertuples(), strict=True):
            t, signal = wrist(row.subject, {1: 1, 2: 4}[row.visit])
            first = np.searchsorted(t, row.start_time.timestamp() - 1e-4)
            assert len(x) == 501
            np.testing.assert_allclose(x, signal[first : first + 501], atol=1e-3)
            assert row.medication == {1: "ON", 2: "OFF"}[row.visit]
            assert row.coverage == pytest.approx(1.0, abs=0.01)

    def test_label_rule(self, study):
        frame = load_levodopa(study).frame
        scores = score_rows().query("phenotype == 'tremor'")
        limb = POSITIONS | {"4_BOS": "LeftUpperLimb"}
        for row in frame.itertuples():
            of_task = scores.query("subject_id == @row.subject and visit == @row.visit and task_code == @row.task")
            expected = of_task.loc[of_task["body_segment"] == limb[row.subject], "score"].item()
            assert (row.limb, row.score) == (limb[row.subject], expected)

    def test_table_of_recordings(self, study):
        t, x = wrist("6_NYC", 4)
        # The sample at 6.5 s comes twice, and one second is lost.
        keep = np.r_[0:326, 325:400, 450:3000]
        write_day(day_file(study, "6_NYC", 4), t[keep], x[keep])
        row = load_levodopa(study).frame.query("subject == '6_NYC' and visit == 2").iloc[0].to_dict()
        assert row == {
            "recording": "6_NYC_2_sittg_1400259205.000",
            "subject": "6_NYC",
            "visit": 2,
            "medication": "OFF",
            "task": "sittg",
            "limb": "LeftUpperLimb",
            "score": "3",
            "start_time": pd.Timestamp(1_400_259_205, unit="s", tz="UTC"),
            "file": str(day_file(study, "6_NYC", 4).relative_to(study)),
            "duration_s": pytest.approx(10.02),
            "coverage": pytest.approx((501 - 50) / 500),
            "n_timesteps": 501,
            "measured_rate_hz": pytest.approx(50.0),
            "largest_gap_s": pytest.approx(1.02),
            "n_gaps": 1,
            "n_missing": 50,
            "n_duplicates": 1,
            "n_out_of_order": 0,
        }

    def test_choices(self, study):
        bunch = load_levodopa(study, visits=[2], tasks=["drnkg"], sampling_rate=25)
        assert set(bunch.frame["visit"]) == {2}
        assert bunch.data.dtype == object
        assert [len(x) for x in bunch.data] == [251] * 3
        X, y = load_levodopa(study, phenotype="dyskinesia", return_X_y=True)
        assert len(X) == 18
        assert sorted(set(y)) == ["No", "Yes"]
        with pytest.raises(ValueError, match="visits: expected some of"):
            load_levodopa(study, visits=[3])
        with pytest.raises(ValueError, match=r"tasks: expected some of .*'drnkg', 'ntblt', 'sittg'"):
            load_levodopa(study, tasks=["dancing"])

    def test_shimmer_tells_its_limb(self, study):
        for subject in POSITIONS:
            for day in DAY_START:
                write_day(day_file(study, subject, day, "Shimmer_LeftWrist"), *wrist(subject, day), prefix="leftWrist")
        score_rows().to_csv(study / "TaskScoresPartII.csv", index=False)
        bunch = load_levodopa(study, device="Shimmer_LeftWrist")
        assert set(bunch.frame["limb"]) == {"LeftUpperLimb"}

    def test_repeated_and_missing_samples(self, study):
        t, x = wrist("10_BOS", 1)
        keep = np.r_[0:300, 299:300, 420:3000]
        write_day(day_file(study, "10_BOS", 1), t[keep], x[keep])
        frame = load_levodopa(study).frame.query("subject == '10_BOS' and visit == 1 and task == 'sittg'").iloc[0]
        assert (frame["n_duplicates"], frame["n_gaps"]) == (1, 1)
        assert frame["n_missing"] == pytest.approx(120, abs=1)
        assert frame["coverage"] == pytest.approx(0.76, abs=0.01)


class TestBroken:
    @pytest.mark.parametrize(
        ("damage", "message"),
        [
            (lambda p: p.unlink(), "no entry 'rawdata_day1.txt'"),
            (lambda p: p.write_bytes(b""), "tab-separated columns"),
            (lambda p: p.write_bytes(bytes(range(256)) * 30), "tab-separated columns"),
            (lambda p: p.write_bytes(p.read_bytes() + b"\xff\xfe\xff"), "not utf-8"),
            (lambda p: p.write_text(p.read_text().replace("\t", ",")), "tab-separated columns"),
            (lambda p: p.write_text(p.read_text().replace("GENEActiv_Y", "GENEActiv_W")), "tab-separated columns"),
            (lambda p: p.write_text(p.read_text().splitlines()[0] + "\n"), "no rows"),
            (lambda p: p.write_text(p.read_text().replace("\t", "\tx", 9)), "a number"),
            (lambda p: write_day(p, *(v / s for v, s in zip(wrist("10_BOS", 1), (1, 9.8), strict=True))), "as gravity"),
        ],
    )
    def test_day_file(self, study, damage, message):
        damage(day_file(study, "10_BOS", 1))
        with pytest.raises(DataFileError, match=message):
            load_levodopa(study)
        with pytest.warns(DataFileWarning, match="left out"):
            bunch = load_levodopa(study, errors="warn")
        assert len(bunch.data) == 15
        assert len(bunch.skipped) == 1

    def test_cut_day_file_costs_the_later_tasks(self, study):
        path = day_file(study, "10_BOS", 4)
        path.write_text("\n".join(path.read_text().splitlines()[:1000]))
        with pytest.raises(DataFileError, match=r"task drnkg from .*: found 0 samples|task ntblt.*0 samples"):
            load_levodopa(study)
        with pytest.warns(DataFileWarning, match="left out"):
            bunch = load_levodopa(study, errors="warn")
        rest = bunch.frame.query("subject == '10_BOS' and visit == 2")
        assert rest["task"].tolist() == ["sittg"]

    def test_lost_samples_cost_their_task_alone(self, study):
        t, x = wrist("10_BOS", 4)
        write_day(day_file(study, "10_BOS", 4), t[800:], x[800:])
        with pytest.warns(DataFileWarning, match=r"left out: .*task sittg .*found 0 samples"):
            bunch = load_levodopa(study, errors="warn")
        rest = bunch.frame.query("subject == '10_BOS' and visit == 2")
        assert rest["task"].tolist() == ["drnkg", "ntblt"]

    def test_times_in_another_unit(self, study):
        t, x = wrist("10_BOS", 1)
        write_day(day_file(study, "10_BOS", 1), t * 1000, x)
        with pytest.raises(DataFileError, match=r"0 samples, expected a signal during the task.*clock"):
            load_levodopa(study)

    @pytest.mark.parametrize(
        ("change", "message"),
        [
            (lambda t: t.drop(columns="score"), r"expected the column\(s\) \['score'\]"),
            (lambda t: t.assign(score="7"), "line 2, column 'score': found \"'7'\"|column 'score'"),
            (lambda t: t.assign(visit=9), "line 2, column 'visit'"),
            (lambda t: t.assign(subject_id="../x"), "line 2, column 'subject_id'"),
            (lambda t: t.assign(timestamp_end=t["timestamp_start"]), "line 2, column 'timestamp_end'"),
            (lambda t: t.assign(timestamp_start="noon"), "'timestamp_start'"),
            (lambda t: pd.concat([t, t]), "a second score of the same task"),
            (lambda t: t.assign(body_segment="Nose"), "no score of tremor at the limb"),
            (lambda t: t.iloc[:0], "no rows"),
            (lambda t: t.assign(task_code=None), "line 2, column 'task_code': found an empty cell"),
        ],
    )
    def test_score_table(self, study, change, message):
        change(score_rows()).to_csv(study / "TaskScoresPartI.csv", index=False)
        for errors in ("raise", "warn"):
            with pytest.raises(DataFileError, match=message) as info:
                load_levodopa(study, errors=errors)
            assert info.value.path == study / "TaskScoresPartI.csv"

    @pytest.mark.parametrize("content", [b"", b"\x00\xff" * 500, "subject_id,device\n".encode("utf-16")])
    def test_garbage_tables(self, study, content):
        for name in ("TaskScoresPartI.csv", "syn_sensordatapartI_table.csv"):
            good = (study / name).read_bytes()
            (study / name).write_bytes(content)
            with pytest.raises(DataFileError) as info:
                load_levodopa(study)
            assert info.value.path == study / name
            (study / name).write_bytes(good)

    def test_missing_or_double_tables(self, study):
        (study / "copy of TaskScoresPartI.csv").write_text("")
        with pytest.raises(DataFileError, match=r"copy of TaskScoresPartI.*expected one \.csv file"):
            load_levodopa(study)
        (study / "copy of TaskScoresPartI.csv").unlink()
        (study / "TaskScoresPartI.csv").unlink()
        with pytest.raises(DataFileError, match="no table TaskScoresPartI"):
            load_levodopa(study)
        with pytest.raises(DataFileError, match="no table TaskScoresPartII"):
            load_levodopa(study, device="Shimmer_LeftWrist")

    def test_two_positions_of_one_person(self, study):
        path = study / "syn_sensordatapartI_table.csv"
        path.write_text(path.read_text() + "10_BOS,GENEActiv,LeftUpperLimb\n")
        with pytest.raises(DataFileError, match="one position a person"):
            load_levodopa(study)
