"""UCI spirals and PaHaW: real files as documented, written ones by the format, and broken copies."""

import numpy as np
import pandas as pd
import pytest

from skpd.datasets import load_pahaw, load_uci_spirals
from skpd.exceptions import DataFileError, DataFileWarning

X, Y, T, PRESSURE, AZIMUTH, ALTITUDE, DOWN = range(7)


class TestUCI:
    def test_real_set_is_as_documented(self, data_dir):
        bunch = load_uci_spirals(data_dir / "uci_spiral")
        frame = bunch.frame
        people = frame.drop_duplicates("subject")["target"].value_counts()
        assert people.to_dict() == {"parkinson": 62, "control": 15}
        assert frame["test"].value_counts().to_dict() == {"static": 76, "dynamic": 72, "circular": 54}
        assert len(bunch.data) == len(bunch.target) == len(bunch.groups) == len(bunch.heights) == 202
        assert sum(map(len, bunch.data)) == 524_743
        assert all(len(points) == len(height) for points, height in zip(bunch.data, bunch.heights, strict=True))
        assert bunch.skipped.empty
        assert (frame["problem"] == "").all()
        for points in bunch.data:
            assert (np.diff(points[:, T]) > 0).all()
            assert points[:, PRESSURE].min() >= 0
            assert points[:, PRESSURE].max() <= 1
            np.testing.assert_array_equal(points[:, DOWN], points[:, PRESSURE] > 0)

    def test_card_tells_the_truth(self, data_dir):
        # What the card warns of is measured here.
        bunch = load_uci_spirals(data_dir / "uci_spiral")
        frame = bunch.frame
        people = frame.drop_duplicates("subject")
        rates = pd.crosstab(people["target"], people["measured_rate_hz"].round())
        assert rates.to_dict() == {111.0: {"control": 1, "parkinson": 25}, 142.0: {"control": 14, "parkinson": 37}}
        assert np.isnan(bunch.sampling_rate)
        flat = np.array([not height.any() for height in bunch.heights])
        spirals = (frame["test"] != "circular").to_numpy()
        begins_with_h = frame["subject"].str.startswith("H").to_numpy()
        np.testing.assert_array_equal(flat[spirals], begins_with_h[spirals])
        assert frame.loc[begins_with_h, "subject"].nunique() == 37
        assert frame["n_out_of_order"].sum() == 24
        assert (frame["n_out_of_order"] > 0).sum() == 14

    def test_copies_are_marked_and_dropped(self, data_dir):
        bunch = load_uci_spirals(data_dir / "uci_spiral")
        copies = bunch.frame.set_index("recording")["same_as"].loc[lambda s: s != ""].to_dict()
        assert copies == {
            **{f"C_{n:04d}_circular": "C_0009_circular" for n in range(10, 16)},
            "H_P000-0025_dynamic": "H_P000-0024_dynamic",
            "P_09100005_circular": "P_09100003_circular",
        }
        dropped = load_uci_spirals(data_dir / "uci_spiral", copies="drop")
        assert len(dropped.data) == len(dropped.heights) == 202 - 11
        assert (dropped.frame["same_as"] == "").all()

    def test_one_test(self, data_dir):
        bunch = load_uci_spirals(data_dir / "uci_spiral", test="dynamic")
        assert set(bunch.frame["test"]) == {"dynamic"}
        assert len(bunch.data) == 72
        first = bunch.frame.iloc[0]
        raw = np.loadtxt(data_dir / "uci_spiral" / first["file"], delimiter=";")
        raw = raw[raw[:, 6] == 1]
        np.testing.assert_array_equal(bunch.data[0][:, [X, Y]], raw[:, :2])
        np.testing.assert_allclose(bunch.data[0][:, T], (raw[:, 5] - raw[0, 5]) / 1000)
        np.testing.assert_allclose(bunch.data[0][:, PRESSURE], raw[:, 3] / 1023)
        assert np.isnan(bunch.data[0][:, ALTITUDE]).all()

    @pytest.fixture
    def folder(self, trace, tmp_path):
        for i, name in enumerate(("hw_dataset/control/C_1", "hw_dataset/parkinson/P_1", "new_dataset/parkinson/H_1")):
            rows = trace(60, seed=i, levels=1024)
            table = rows[:, [0, 1, 3, 6, 4, 2]]
            lines = [";".join(map(str, [*row, int(k >= 40)])) for k, row in enumerate(table)]
            path = tmp_path / f"{name}.txt"
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text("\r\n".join(lines) + "\r\n")
        return tmp_path

    def test_table_of_recordings(self, trace, folder):
        bunch = load_uci_spirals(folder)
        rows = trace(60, seed=1, levels=1024)
        t = rows[40:, 2] / 1000
        assert bunch.frame.iloc[3].to_dict() == {
            "recording": "P_1_dynamic",
            "subject": "P_1",
            "target": "parkinson",
            "test": "dynamic",
            "file": "hw_dataset/parkinson/P_1.txt",
            "same_as": "",
            "problem": "",
            "duration_s": pytest.approx(t[-1] - t[0]),
            "n_points": 20,
            "measured_rate_hz": pytest.approx(19 / (t[-1] - t[0])),
            "largest_gap_s": pytest.approx(0.008),
            "n_duplicates": 0,
            "n_out_of_order": 0,
        }
        np.testing.assert_array_equal(bunch.heights[3], rows[40:, 3])

    def test_another_folder(self, folder):
        with pytest.raises(DataFileError, match=r"found a folder without a folder control of \.txt files, expected"):
            load_uci_spirals(folder / "new_dataset")

    def test_layout_of_the_archive(self, folder):
        bunch = load_uci_spirals(folder)
        assert bunch.groups.tolist() == ["C_1", "C_1", "P_1", "P_1", "H_1", "H_1"]
        assert bunch.frame["test"].tolist() == ["static", "dynamic"] * 3
        assert [len(points) for points in bunch.data] == [40, 20] * 3
        two = folder / "new_dataset" / "parkinson"
        (two / "P_1.txt").write_text((two / "H_1.txt").read_text())
        with pytest.raises(DataFileError, match=r"the same person as .*one copy of the dataset"):
            load_uci_spirals(folder)

    @pytest.mark.parametrize(
        ("damage", "message", "kept"),
        [
            (lambda b: b"", "an empty file", []),
            (lambda b: bytes(range(128, 256)), "not utf-8", []),
            (lambda b: b.replace(b";", b","), r"line 1: found 1 field\(s\)", []),
            (lambda b: b.replace(b";1\r\n", b"\r\n", 1), r"line 41: found 6 field\(s\)", [40]),
            (lambda b: b[: len(b) // 2], r"line 30: found 6 field\(s\)", [29]),
            (lambda b: b.replace(b";1\r\n", b";3\r\n"), "line 41, column 'TestID': found 3, expected 0", []),
            (lambda b: b.replace(b";0\r\n", b";1\r\n", 20), "line 41, column 'TestID': found 1 again", []),
        ],
    )
    def test_damage(self, folder, damage, message, kept):
        path = folder / "hw_dataset" / "control" / "C_1.txt"
        path.write_bytes(damage(path.read_bytes()))
        with pytest.raises(DataFileError, match=message):
            load_uci_spirals(folder)
        with pytest.warns(DataFileWarning, match=message):
            bunch = load_uci_spirals(folder, errors="warn")
        assert bunch.frame.loc[bunch.frame["subject"] == "C_1", "n_points"].tolist() == kept
        assert bunch.frame.loc[bunch.frame["subject"] == "C_1", "problem"].astype(bool).tolist() == [True] * len(kept)
        assert len(bunch.data) == 4 + len(kept)

    def test_one_bad_clock_costs_one_recording(self, folder):
        path = folder / "hw_dataset" / "control" / "C_1.txt"
        lines = path.read_text().splitlines()
        lines[50], lines[51] = lines[51], lines[50]
        path.write_text("\n".join(lines))
        assert load_uci_spirals(folder).frame["n_out_of_order"].tolist() == [0, 1, 0, 0, 0, 0]
        with pytest.raises(DataFileError, match="line 52: found a timestamp"):
            load_uci_spirals(folder, disorder="raise")
        with pytest.warns(DataFileWarning, match="left out"):
            bunch = load_uci_spirals(folder, disorder="raise", errors="warn")
        assert bunch.frame["recording"].tolist()[:2] == ["C_1_static", "P_1_static"]
        assert len(bunch.heights) == len(bunch.data) == 5
        lines[10], lines[11], lines[50], lines[51] = lines[11], lines[10], lines[51], lines[50]
        path.write_text("\n".join(lines))
        with pytest.warns(DataFileWarning, match="line 12: found a timestamp"):
            bunch = load_uci_spirals(folder, disorder="raise", errors="warn")
        assert bunch.frame["recording"].tolist()[:2] == ["C_1_dynamic", "P_1_static"]
        np.testing.assert_array_equal(bunch.heights[0], [int(line.split(";")[2]) for line in lines[40:]])


class TestPaHaW:
    """No real file: these are written from the format's description."""

    @pytest.fixture
    def folder(self, trace, write_svc, tmp_path):
        for i, subject in enumerate((1, 2, 98)):
            for task in range(1, 9):
                if (subject, task) != (2, 1):
                    rows = trace(seed=i * 10 + task, levels=2048)[:, [1, 0, 2, 3, 4, 5, 6]]
                    write_svc(tmp_path / f"PaHaW_public/{subject:05d}/{subject:05d}__{task}_1.svc", rows)
        (tmp_path / "PaHaW_files").mkdir()
        table = "ID;Disease;PD status;Age\n1;PD;ON;68\n2;H;;61\n98;H;;70\n"
        (tmp_path / "PaHaW_files" / "corpus_PaHaW.csv").write_text(table)
        return tmp_path

    def test_recordings_labels_and_what_is_missing(self, folder):
        bunch = load_pahaw(folder)
        assert len(bunch.data) == 23
        assert bunch.frame.drop_duplicates("subject")[["subject", "target"]].to_numpy().tolist() == [
            ["00001", "parkinson"],
            ["00002", "control"],
            ["00098", "control"],
        ]
        assert bunch.missing.to_numpy().tolist() == [["00002", "spiral"]]
        assert bunch.people.loc["00098", "Age"] == "70"
        assert bunch.target_names == ["control", "parkinson"]

    def test_table_of_recordings(self, trace, folder):
        t = trace(seed=4, levels=2048)[:, 2] / 1000
        assert load_pahaw(folder).frame.iloc[3].to_dict() == {
            "recording": "00001_les_1",
            "subject": "00001",
            "target": "parkinson",
            "task": "les",
            "trial": 1,
            "file": "PaHaW_public/00001/00001__4_1.svc",
            "n_claimed": 50,
            "problem": "",
            "duration_s": pytest.approx(t[-1] - t[0]),
            "n_points": 50,
            "measured_rate_hz": pytest.approx(49 / (t[-1] - t[0])),
            "largest_gap_s": pytest.approx(0.008),
            "n_duplicates": 0,
            "n_out_of_order": 0,
        }

    def test_y_stands_before_x(self, trace, folder):
        points = load_pahaw(folder, tasks=["spiral"]).data[0]
        rows = trace(levels=2048)
        np.testing.assert_allclose(points[:, X], rows[:, 0] / 200e3)
        np.testing.assert_allclose(points[:, Y], rows[:, 1] / 200e3)

    def test_tasks(self, folder):
        bunch = load_pahaw(folder, tasks=["spiral", "sentence"])
        assert bunch.frame["task"].tolist() == ["spiral", "sentence", "sentence", "spiral", "sentence"]
        assert bunch.missing.to_numpy().tolist() == [["00002", "spiral"]]
        with pytest.raises(ValueError, match="tasks: expected some of"):
            load_pahaw(folder, tasks=["wave"])

    def test_faint_pressure_says_that_the_levels_are_wrong(self, folder):
        with pytest.warns(DataFileWarning, match="the highest pressure is 20.. of 8191"):
            load_pahaw(folder, pressure_levels=8192)
        highest = max(points[:, PRESSURE].max() for points in load_pahaw(folder).data) * 2047
        # Half of the full scale is enough.
        assert len(load_pahaw(folder, pressure_levels=int(2 * highest) + 1).data) == 23
        with pytest.warns(DataFileWarning, match="the highest pressure"):
            load_pahaw(folder, pressure_levels=int(2 * highest) + 3)

    def test_unknown_names_are_reported(self, folder):
        (folder / "PaHaW_public" / "00001" / "00001_spiral.svc").touch()
        with pytest.warns(DataFileWarning, match=r"1 file\(s\) of unknown name: 00001/00001_spiral.svc"):
            assert len(load_pahaw(folder).data) == 23

    def test_many_unknown_names_are_counted(self, folder):
        for k in range(6):
            (folder / "PaHaW_public" / f"note_{k}.txt").touch()
        shown = ", ".join(f"note_{k}.txt" for k in range(5))
        with pytest.warns(DataFileWarning, match=rf"6 file\(s\) of unknown name: {shown}, \.\.\.$"):
            load_pahaw(folder)

    def test_damaged_recording(self, folder):
        path = folder / "PaHaW_public/00098/00098__3_1.svc"
        path.write_bytes(b"")
        with pytest.raises(DataFileError, match=r"00098__3_1\.svc: found an empty file"):
            load_pahaw(folder)
        with pytest.warns(DataFileWarning, match="left out"):
            bunch = load_pahaw(folder, errors="warn")
        assert len(bunch.data) == 22
        assert bunch.skipped["file"].tolist() == ["00098__3_1.svc"]
        # It is there and broken, which is not missing.
        assert len(bunch.missing) == 1

    @pytest.mark.parametrize(
        ("text", "message"),
        [
            ("", "an empty file"),
            ("ID,Group\n1,PD\n", r"expected the column\(s\) \['Disease'\]"),
            ("ID,Disease\n1,PD\n2,MS\n98,H\n", "row 3, column 'Disease': found 'MS', expected 'PD' or 'H'"),
            ("ID,Disease\n1,PD\n1,PD\n98,H\n", "row 3, column 'ID': found '00001'"),
            ("ID,Disease\n1,PD\n98,H\n", "found a person 00002 that the corpus table lacks"),
            ("ID,Disease\n1,PD,x\n98,H\n", "do not form a table"),
        ],
    )
    def test_bad_table(self, folder, text, message):
        (folder / "PaHaW_files" / "corpus_PaHaW.csv").write_text(text)
        with pytest.raises(DataFileError, match=message):
            load_pahaw(folder)

    def test_no_table(self, folder):
        (folder / "PaHaW_files" / "corpus_PaHaW.csv").unlink()
        with pytest.raises(DataFileError, match="no table of people"):
            load_pahaw(folder)

    def test_excel_without_openpyxl_says_what_to_do(self, folder, monkeypatch):
        files = folder / "PaHaW_files"
        (files / "corpus_PaHaW.csv").rename(files / "corpus_PaHaW.xlsx")
        monkeypatch.setattr("importlib.util.find_spec", lambda name: None)
        with pytest.raises(DataFileError, match=r"Install openpyxl, or save the table as corpus_PaHaW\.csv"):
            load_pahaw(folder)

    def test_excel_ids_become_five_digits(self, folder, monkeypatch):
        files = folder / "PaHaW_files"
        (files / "corpus_PaHaW.csv").rename(files / "corpus_PaHaW.xlsx")
        # What pandas makes of a sheet: numbers, some with a point, and an empty row at the end.
        table = pd.DataFrame({"ID ": ["1.0", "2", "98", None], "Disease": ["PD", "H", " H", None]}, dtype="string")
        monkeypatch.setattr("importlib.util.find_spec", lambda name: name)
        monkeypatch.setattr("pandas.read_excel", lambda path, **kwargs: table)
        people = load_pahaw(folder).people
        assert people["target"].to_dict() == {"00001": "parkinson", "00002": "control", "00098": "control"}

    def test_excel(self, folder):
        pytest.importorskip("openpyxl")
        files = folder / "PaHaW_files"
        table = pd.DataFrame({"ID": [1, 2, 98], "Disease": ["PD", "H", "H"]})
        (files / "corpus_PaHaW.csv").unlink()
        table.to_excel(files / "corpus_PaHaW.xlsx", index=False)
        assert load_pahaw(folder).people["target"].tolist() == ["parkinson", "control", "control"]
        (files / "corpus_PaHaW.xlsx").write_bytes(b"PK\x03\x04 cut")
        with pytest.raises(DataFileError, match="no intact Excel file"):
            load_pahaw(folder)
