"""UNM and CloudUPDRS: the real files as documented, and broken copies with errors that say what is wrong."""

import re
import shutil

import numpy as np
import pandas as pd
import pytest

from skpd.datasets import load_cloudupdrs, load_unm_rest
from skpd.exceptions import DataFileError, DataFileWarning

COLUMNS = "subject,session,group,file"


@pytest.fixture
def unm(tmp_path):
    """A small folder in the layout of the UNM set."""
    rng = np.random.default_rng(0)
    rows = [("1", 1, "PD"), ("1", 2, "PD"), ("007", 1, "control")]
    for subject, session, _ in rows:
        np.save(tmp_path / f"{subject}_{session}.npy", rng.normal(size=(300 + session, 3)).astype(np.float32))
    lines = [f"{s},{n},{g},{s}_{n}.npy" for s, n, g in rows]
    (tmp_path / "index.csv").write_text("\n".join([COLUMNS, *lines]) + "\n")
    return tmp_path


@pytest.fixture
def phone(tmp_path, data_dir):
    """A copy of the CloudUPDRS folder that a test may damage."""
    shutil.copytree(data_dir / "cloudupdrs", tmp_path / "cloudupdrs")
    for path in (tmp_path / "cloudupdrs").rglob("*"):
        path.chmod(0o755 if path.is_dir() else 0o644)
    (tmp_path / "cloudupdrs").chmod(0o755)
    return tmp_path / "cloudupdrs"


def rest_file(folder):
    return next((folder / "2458").glob("T_-_REST*RIGHT_HAND*"))


class TestUNM:
    def test_one_visit_a_person(self, data_dir):
        first = load_unm_rest(data_dir / "unm_rest", sessions=(1,))
        assert len(first.data) == len(set(first.groups)) == 56
        assert set(first.frame["session"]) == {1}
        with pytest.raises(ValueError, match=r"sessions: expected among \[1, 2\], got \(3,\)"):
            load_unm_rest(data_dir / "unm_rest", sessions=(3,))

    def test_real_set_is_as_documented(self, data_dir):
        bunch = load_unm_rest(data_dir / "unm_rest")
        people = bunch.frame.drop_duplicates("subject")["group"].value_counts()
        assert len(bunch.data) == len(bunch.target) == len(bunch.groups) == 84
        assert people.to_dict() == {"PD": 28, "control": 28}
        assert bunch.frame["group"].value_counts().to_dict() == {"PD": 56, "control": 28}
        assert bunch.target_names == ["PD", "control"]
        assert (bunch.sampling_rate, bunch.units) == (100.0, "uncalibrated")
        lengths = [len(x) for x in bunch.data]
        assert sorted(lengths)[:3] == [7301, 8645, 12000]
        np.testing.assert_array_equal(bunch.frame["n_timesteps"], lengths)
        assert all(x.shape[1] == 3 and x.dtype == np.float64 and np.isfinite(x).all() for x in bunch.data)
        assert bunch.skipped.empty

    def test_rows_belong_together(self, data_dir):
        bunch = load_unm_rest(data_dir / "unm_rest")
        for i in (0, 41, 83):
            row = bunch.frame.iloc[i]
            np.testing.assert_array_equal(bunch.data[i], np.load(data_dir / "unm_rest" / row["file"]))
            assert row["file"] == f"{bunch.groups[i]}_{row['session']}.npy"
            assert row["group"] == bunch.target[i]

    def test_folder_from_the_environment(self, unm, monkeypatch):
        (unm.parent / "root").mkdir()
        shutil.copytree(unm, unm.parent / "root" / "unm_rest")
        monkeypatch.setenv("SKPD_DATA", str(unm.parent / "root"))
        X, y = load_unm_rest(return_X_y=True)
        assert X.dtype == object
        assert y.tolist() == ["PD", "PD", "control"]

    def test_ids_keep_their_zeros(self, unm):
        assert load_unm_rest(unm).groups.tolist() == ["1", "1", "007"]

    def test_no_folder_says_what_to_set(self, monkeypatch, tmp_path):
        monkeypatch.delenv("SKPD_DATA", raising=False)
        with pytest.raises(DataFileError, match="set SKPD_DATA"):
            load_unm_rest()
        monkeypatch.setenv("SKPD_DATA", str(tmp_path))
        with pytest.raises(DataFileError, match=r"no such folder.*SKPD_DATA"):
            load_unm_rest()
        (tmp_path / "file").touch()
        with pytest.raises(DataFileError, match=r"found a file, expected the folder with index\.csv"):
            load_unm_rest(tmp_path / "file")
        with pytest.raises(DataFileError, match=r"without index\.csv.*`folder`"):
            load_unm_rest(tmp_path)

    @pytest.mark.parametrize(
        ("damage", "message"),
        [
            (lambda p: p.unlink(), "no such file"),
            (lambda p: p.write_bytes(p.read_bytes()[:1000]), "no intact array"),
            (lambda p: p.write_bytes(p.read_bytes()[:40]), "no intact array"),
            (lambda p: p.write_bytes(b""), "no intact array"),
            (lambda p: p.write_bytes(bytes(range(256)) * 20), "no intact array"),
            (lambda p: np.save(p, np.zeros((10, 2), np.float32)), r"shape \(10, 2\)"),
            (lambda p: np.save(p, np.zeros((0, 3), np.float32)), "no intact array|of 0 timesteps"),
            (lambda p: np.save(p, np.zeros((10, 3), np.int16)), "int16"),
            (lambda p: np.save(p, np.full((10, 3), np.nan, np.float32)), "10 of 10 timesteps"),
            (lambda p: np.save(p, np.array([{}], dtype=object), allow_pickle=True), "no intact array"),
        ],
    )
    def test_damaged_recording(self, unm, damage, message):
        damage(unm / "1_2.npy")
        with pytest.raises(DataFileError, match=message) as info:
            load_unm_rest(unm)
        assert info.value.path == unm / "1_2.npy"
        with pytest.warns(DataFileWarning, match=r"left out: .*1_2\.npy"):
            bunch = load_unm_rest(unm, errors="warn")
        assert bunch.frame["recording"].tolist() == ["1_1", "007_1"]
        assert bunch.skipped["file"].tolist() == ["1_2.npy"]
        assert len(bunch.data) == len(bunch.target) == 2

    def test_header_that_claims_too_much_costs_no_memory(self, unm):
        path = unm / "1_2.npy"
        with path.open("wb") as file:
            np.lib.format.write_array_header_1_0(file, {"descr": "<f4", "fortran_order": False, "shape": (10**12, 3)})
            file.write(bytes(100))
        with pytest.raises(DataFileError, match="no intact array"):
            load_unm_rest(unm)

    def test_unnamed_file_is_reported(self, unm):
        np.save(unm / "9_1.npy", np.zeros((5, 3)))
        with pytest.warns(DataFileWarning, match=r"1 file\(s\) that index.csv does not name: 9_1\.npy"):
            assert len(load_unm_rest(unm).data) == 3

    def test_many_unnamed_files_are_counted(self, unm):
        for k in range(6):
            np.save(unm / f"9_{k}.npy", np.zeros((5, 3)))
        shown = ", ".join(f"9_{k}.npy" for k in range(5))
        with pytest.warns(DataFileWarning, match=rf"6 file\(s\) that index.csv does not name: {shown}, \.\.\.$"):
            load_unm_rest(unm)

    @pytest.mark.parametrize(
        ("text", "message"),
        [
            ("", "an empty file"),
            (COLUMNS + "\n", "no rows"),
            ("subject,session,file\n1,1,1_1.npy\n", r"expected the column\(s\) \['group'\]"),
            (COLUMNS + "\n1,1,PD,1_1.npy\n1,2,sick,1_2.npy\n", "line 3, column 'group': found 'sick'"),
            (COLUMNS + "\n1,one,PD,1_1.npy\n", "line 2, column 'session': found 'one'"),
            (COLUMNS + "\n1,1,PD,../1_1.npy\n", "line 2, column 'file'"),
            (COLUMNS + "\n1,1,PD,1_1.npy\n1,1,PD,1_2.npy\n", "line 3: found a second row of subject 1, session 1"),
            (COLUMNS + "\n1,1,PD,1_1.npy\n1,2,PD,1_1.npy\n", "line 3: found a second row of file 1_1.npy"),
        ],
    )
    def test_bad_index(self, unm, text, message):
        (unm / "index.csv").write_text(text)
        with pytest.raises(DataFileError, match=message):
            load_unm_rest(unm)


class TestCloudUPDRS:
    def test_real_patient_is_as_documented(self, data_dir):
        bunch = load_cloudupdrs(data_dir / "cloudupdrs", patient="2458")
        score = bunch.frame.set_index(["task", "limb"])["score"]
        assert len(bunch.data) == 12
        assert len(bunch.other_files) == 6
        assert bunch.other_files["kind"].value_counts().to_dict() == {
            "finger tapping": 4,
            "medication entry": 1,
            "wellbeing entry": 1,
        }
        assert score["rest"].to_dict() == {"right_hand": 2, "left_hand": 1, "right_leg": 0, "left_leg": 0}
        assert score["postural"].to_dict() == {"right_hand": 1, "left_hand": 1}
        assert score["kinetic"].to_dict() == {"right_hand": 1, "left_hand": 1}
        assert bunch.target.dtype.kind == "i"
        np.testing.assert_array_equal(bunch.target, bunch.frame["score"])
        assert set(bunch.groups) == {"2458"}
        assert set(bunch.frame["medication"]) == {"OFF"}
        assert (bunch.sampling_rate, bunch.units) == (100.0, "m/s^2")

    def test_signals_are_in_si_units_and_whole(self, data_dir):
        bunch = load_cloudupdrs(data_dir / "cloudupdrs")
        for x in bunch.data:
            assert np.isfinite(x).all()
            assert 9.0 < np.median(np.linalg.norm(x, axis=1)) < 11.0
        assert bunch.frame["duration_s"].between(31.9, 32.0).all()
        np.testing.assert_allclose(bunch.frame["measured_rate_hz"], 100.0, rtol=1e-4)
        assert (bunch.frame["largest_gap_s"] < 0.02).all()

    def test_the_phone_counts_nanoseconds(self, data_dir):
        # The ticks between the starts of two files agree with the clock times in the names only if a tick is 1 ns.
        starts = []
        for path in (data_dir / "cloudupdrs" / "2458").glob("T_*.csv"):
            clock = re.search(r"\d{4}-\d\d-\d\d_\d\d-\d\d-\d\d", path.name)[0]
            starts.append(
                (pd.to_datetime(clock, format="%Y-%m-%d_%H-%M-%S").timestamp(), path.read_text().split("\n", 1)[0])
            )
        starts.sort()
        clock = np.array([s for s, _ in starts])
        ticks = np.array([int(line.split(",")[0]) for _, line in starts])
        np.testing.assert_allclose((ticks - ticks[0]) * 1e-9, clock - clock[0], atol=1.5)

    def test_resampling_keeps_the_samples(self, data_dir):
        # On its own grid an interpolated signal passes within noise of the jittered samples.
        bunch = load_cloudupdrs(data_dir / "cloudupdrs", tasks=["rest"])
        i = bunch.frame["limb"].eq("right_leg").to_numpy().argmax()
        raw = np.loadtxt(data_dir / "cloudupdrs" / bunch.frame["file"][i], delimiter=",", usecols=(1, 2, 3))
        assert len(bunch.data[i]) == len(raw)
        assert np.abs(bunch.data[i] - raw).std() < 0.05 * raw.std()

    def test_task_filter_lists_the_rest(self, data_dir):
        bunch = load_cloudupdrs(data_dir / "cloudupdrs", tasks=["postural"])
        assert set(bunch.frame["task"]) == {"postural"}
        assert bunch.other_files["kind"].value_counts()["task not asked for"] == 10
        assert len(bunch.data) + len(bunch.other_files) == 18
        with pytest.raises(ValueError, match="tasks: expected some of"):
            load_cloudupdrs(data_dir / "cloudupdrs", tasks=["tapping"])

    def test_unknown_patient(self, data_dir):
        with pytest.raises(DataFileError, match="found the patients \\['2458'\\], expected a folder '1'"):
            load_cloudupdrs(data_dir / "cloudupdrs", patient="1")

    def test_unknown_file_is_reported(self, phone):
        (phone / "2458" / "notes.txt").write_text("?")
        with pytest.warns(DataFileWarning, match=r"1 file\(s\) of unknown kind were not read: 2458/notes\.txt"):
            bunch = load_cloudupdrs(phone)
        assert "2458/notes.txt" in set(bunch.other_files["file"])

    def test_two_rows_of_a_patient(self, phone):
        path = phone / "classification_clinical.csv"
        lines = path.read_text().splitlines()
        row = next(line for line in lines if line.startswith("2458,"))
        path.write_text("\n".join([*lines, row]))
        with pytest.raises(DataFileError, match="two rows of id 2458, expected one row a patient"):
            load_cloudupdrs(phone)

    def test_a_damaged_recording_costs_itself_alone(self, phone):
        path = min((phone / "2458").glob("T_*"))
        path.write_text("")
        with pytest.warns(DataFileWarning, match="left out"):
            bunch = load_cloudupdrs(phone, errors="warn")
        assert len(bunch.data) == 11
        assert bunch.skipped["file"].tolist() == [path.name]

    def test_many_unknown_files_are_counted(self, phone):
        for k in range(6):
            (phone / "2458" / f"notes_{k}.txt").write_text("?")
        shown = ", ".join(f"2458/notes_{k}.txt" for k in range(5))
        with pytest.warns(DataFileWarning, match=rf"6 file\(s\) of unknown kind were not read: {shown}, \.\.\."):
            load_cloudupdrs(phone)

    def test_gap_is_marked_and_reported(self, phone):
        path = rest_file(phone)
        lines = path.read_text().splitlines()
        path.write_text("\n".join(lines[:1000] + lines[1100:]))
        bunch = load_cloudupdrs(phone, tasks=["rest"])
        i = bunch.frame["limb"].eq("right_hand").to_numpy().argmax()
        assert bunch.frame["largest_gap_s"][i] == pytest.approx(1.01, abs=0.02)
        assert bunch.frame["n_missing"][i] == np.isnan(bunch.data[i][:, 0]).sum()
        assert bunch.frame["n_missing"][i] in (99, 100, 101)
        assert bunch.frame["n_timesteps"][i] == 3196

    @pytest.mark.parametrize(
        ("damage", "message"),
        [
            (lambda b: b"", "no rows"),
            (lambda b: bytes(range(128, 256)) * 50, "not utf-8"),
            (lambda b: b.replace(b",3\n", b"\n"), "column 'marker'.*no value at all"),
            (lambda b: b.replace(b",3\n", b",3,4,5\n"), "do not form a table"),
            (lambda b: b[: len(b) // 2].rsplit(b"\n", 1)[0] + b"\n1254", "spread|within|that go back"),
            (lambda b: b.replace(b"\n", b"\nx", 1), "line 2, column 'timestamp': found 'x"),
            (lambda b: b"\n".join(reversed(b.splitlines())), "timestamp.s. that go back"),
            (lambda b: b.splitlines()[0] + b"\n" + b, "1 that repeat"),
            (lambda b: b.splitlines()[0], r"1 complete sample"),
        ],
    )
    def test_damaged_recording(self, phone, damage, message):
        path = rest_file(phone)
        path.write_bytes(damage(path.read_bytes()))
        with pytest.raises(DataFileError, match=message) as info:
            load_cloudupdrs(phone)
        assert info.value.path == path
        with pytest.warns(DataFileWarning, match="left out"):
            bunch = load_cloudupdrs(phone, errors="warn")
        assert len(bunch.data) == 11
        assert bunch.skipped["file"].tolist() == [path.name]

    def test_missing_score_is_nan_and_a_wrong_one_an_error(self, phone):
        table = phone / "classification_clinical.csv"
        lines = table.read_text().splitlines()
        column = lines[0].split(",").index("RTA-RH")

        def put(value):
            cells = lines[1].split(",")
            cells[column] = value
            table.write_text("\n".join([lines[0], ",".join(cells), *lines[2:]]))

        put("x")
        bunch = load_cloudupdrs(phone)
        assert np.isnan(bunch.target).sum() == 1
        assert bunch.frame.loc[bunch.frame["score"].isna(), ["task", "limb"]].values.tolist() == [
            ["rest", "right_hand"]
        ]
        put("7")
        with pytest.raises(DataFileError, match="line 2, column 'RTA-RH': found '7', expected a score 0 to 4"):
            load_cloudupdrs(phone)

    def test_patient_without_clinical_row(self, phone):
        table = phone / "classification_clinical.csv"
        table.write_text("\n".join(line for line in table.read_text().splitlines() if not line.startswith("2458")))
        with pytest.warns(DataFileWarning, match="without a row"):
            bunch = load_cloudupdrs(phone)
        assert np.isnan(bunch.target).all()
