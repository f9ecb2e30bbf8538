"""GENEActiv: the real .bin file to the sample, and raw .csv exports made from their description."""

import re
from datetime import datetime, timedelta

import numpy as np
import pandas as pd
import pytest

from skpd.datasets import load_geneactiv
from skpd.exceptions import DataFileError, DataFileWarning

G = 9.80665
GAIN, OFFSET = (25875.0, 25734.0, 25538.0), (439.0, -662.0, -3056.0)
START = datetime(2024, 3, 10, 23, 59, 58)


class TestRealFile:
    def test_every_sample_and_what_is_missing(self, data_dir):
        path = data_dir / "geneactiv" / "GENEActiv_testfile.bin"
        with pytest.raises(DataFileError, match=r'16 whole page\(s\) and 231 samples.*222,048.*errors="warn"'):
            load_geneactiv(path)
        with pytest.warns(DataFileWarning, match=r"222,031 page\(s\) and 69 samples of the last page are missing"):
            bunch = load_geneactiv(path, errors="warn", channels=["x", "y", "z", "light", "button"])
        assert bunch.data.shape == (1,)
        assert bunch.data[0].shape == (16 * 300 + 231, 5)
        first = bunch.data[0][:300, :3] / G
        assert np.linalg.norm(first, axis=1).mean() == pytest.approx(1.02, abs=0.003)
        assert bunch.sampling_rate == pytest.approx(300 / 3.5)
        row = bunch.frame.iloc[0]
        assert row["nominal_rate_hz"] == 85.7
        assert row["start_time"] == pd.Timestamp("2013-05-30 10:12:54.5+01:00")
        assert row["device"] == "012967"
        assert bunch.groups is None
        assert len(bunch.pages) == 17
        assert bunch.pages["temperature_c"].between(21, 24).all()
        assert bunch.problems["where"].tolist() == ["end of file"]

    def test_samples_equal_a_plain_decoding(self, data_dir):
        path = data_dir / "geneactiv" / "GENEActiv_testfile.bin"
        text = path.read_text(encoding="latin-1")
        lines = [line for line in text.splitlines() if re.fullmatch("[0-9A-F]{12,}", line)]
        samples = [line[i : i + 12] for line in lines for i in range(0, len(line) // 12 * 12, 12)]
        values = [[int(s[3 * k : 3 * k + 3], 16) for k in range(4)] for s in samples]
        raw = np.array(values)
        signed = np.where(raw[:, :3] > 2047, raw[:, :3] - 4096, raw[:, :3])
        with pytest.warns(DataFileWarning):
            bunch = load_geneactiv(path, errors="warn", channels=["x", "y", "z", "light", "button"])
        np.testing.assert_allclose(bunch.data[0][:, :3], (signed * 100 - OFFSET) / GAIN * G, atol=1e-5)
        np.testing.assert_allclose(bunch.data[0][:, 3], (raw[:, 3] >> 2) * 800 / 300, rtol=1e-6)
        np.testing.assert_array_equal(bunch.data[0][:, 4], raw[:, 3] >> 1 & 1)


class TestCSV:
    @pytest.fixture
    def table(self):
        rng = np.random.default_rng(1)
        return np.column_stack([rng.normal(size=(600, 3)).round(4), rng.integers(0, 2, (600, 2)), np.full(600, 21.5)])

    def write(self, path, table, seconds=None, header=None):
        seconds = np.arange(len(table)) / 50 if seconds is None else seconds
        lines = (
            "Device Type,GENEActiv\nMeasurement Frequency,50 Hz\nTime Zone,GMT +01:00\nSubject Code,007\n\n"
            "Sensor type,MEMS accelerometer x-axis\nUnits,g\n\nSensor type,Lux\nUnits,lux\n"
            if header is None
            else header
        )
        rows = []
        for s, row in zip(seconds, table, strict=True):
            moment = START + timedelta(seconds=float(s))
            stamp = moment.strftime("%Y-%m-%d %H:%M:%S:") + f"{round(moment.microsecond / 1000):03d}"
            rows.append(",".join([stamp, *(f"{v:g}" for v in row)]))
        path.write_text(lines + "\n" * (100 - lines.count("\n")) + "\n".join(rows) + "\n")
        return path

    def test_content(self, tmp_path, table):
        path = self.write(tmp_path / "a.csv", table)
        bunch = load_geneactiv(path, channels=["x", "y", "z", "light", "button", "temperature"])
        np.testing.assert_allclose(bunch.data[0], table * [G, G, G, 1, 1, 1], rtol=1e-5, atol=1e-6)
        assert bunch.sampling_rate == pytest.approx(50.0)
        assert bunch.groups.tolist() == ["007"]
        assert bunch.frame["start_time"][0] == pd.Timestamp("2024-03-10 23:59:58+01:00")
        assert bunch.pages.empty

    def test_blank_lines_at_the_end(self, tmp_path, table):
        path = self.write(tmp_path / "a.csv", table)
        path.write_text(path.read_text() + "\n\n")
        assert len(load_geneactiv(path).data[0]) == 600

    def test_gap_splits_or_leaves_nan(self, tmp_path, table):
        path = self.write(tmp_path / "a.csv", table, np.arange(600) / 50 + 7 * (np.arange(600) >= 200))
        bunch = load_geneactiv(path)
        assert [len(x) for x in bunch.data] == [200, 400]
        assert bunch.frame["gap_before_s"].tolist() == pytest.approx([0, 7.0])
        joined = load_geneactiv(path, split_gaps=False).data[0]
        assert np.isnan(joined[:, 0]).sum() == 350

    def test_a_single_sample_between_gaps_is_left_out(self, tmp_path, table):
        seconds = np.arange(600) / 50 + 7 * (np.arange(600) >= 200) + 7 * (np.arange(600) >= 201)
        path = self.write(tmp_path / "a.csv", table, seconds)
        with pytest.raises(DataFileError, match=r"11\.000 s: found a single sample between gaps, expected two or more"):
            load_geneactiv(path)
        with pytest.warns(DataFileWarning, match="a single sample"):
            bunch = load_geneactiv(path, errors="warn")
        assert [len(x) for x in bunch.data] == [200, 399]
        assert bunch.frame["gap_before_s"].tolist() == pytest.approx([0, 14.02])

    def test_bad_line_is_left_out(self, tmp_path, table):
        path = self.write(tmp_path / "a.csv", table)
        lines = path.read_text().splitlines()
        lines[150] = lines[150].replace(",", ",x", 1)
        path.write_text("\n".join(lines))
        with pytest.raises(DataFileError, match=r"line 151: found .*expected a time like"):
            load_geneactiv(path)
        with pytest.warns(DataFileWarning, match="line 151"):
            bunch = load_geneactiv(path, errors="warn")
        assert np.flatnonzero(np.isnan(bunch.data[0][:, 0])).tolist() == [50]

    def test_cut_in_the_last_line(self, tmp_path, table):
        path = self.write(tmp_path / "a.csv", table)
        path.write_bytes(path.read_bytes()[:-20])
        with pytest.raises(DataFileError, match="line 700"):
            load_geneactiv(path)
        with pytest.warns(DataFileWarning, match="line 700"):
            assert len(load_geneactiv(path, errors="warn").data[0]) == 599

    def test_disorder(self, tmp_path, table):
        seconds = np.arange(600) / 50
        seconds[[10, 11]] = seconds[[11, 10]]
        seconds[599] = seconds[598]
        path = self.write(tmp_path / "a.csv", table, seconds)
        with pytest.raises(DataFileError, match=r"1 time\(s\) that go back and 1 that repeat"):
            load_geneactiv(path)
        with pytest.warns(DataFileWarning, match="that go back"):
            x = load_geneactiv(path, errors="warn").data[0]
        np.testing.assert_allclose(x[:13], table[[*range(10), 11, 10, 12], :3] * G, atol=1e-4)
        assert len(x) == 599

    @pytest.mark.parametrize(
        ("damage", "message"),
        [
            (lambda b: b"", "an empty file"),
            (lambda b: bytes(range(256)) * 50, "a file that begins with"),
            (lambda b: b.decode().encode("utf-16"), "a file that begins with"),
            (lambda b: b.replace(b"\nUnits,g", b"\nUnits,mg"), "'Units': found 'mg'"),
            (lambda b: b.replace(b",21.5\n", b"\n"), "6 columns, expected 7"),
            (lambda b: b.replace(b",21.5\n", b",21.5,0,0,0,0,0\n"), "12 columns.*epoch compressed"),
            (lambda b: b.replace(b"50 Hz", b"75 Hz"), "stated sampling_rate of 75 Hz"),
            (lambda b: b + b"2024-03-11 00:00:10:000,1,2,3,4,5,6,7,8,9\n", "do not form a table"),
            (lambda b: b.rstrip() + b"\xff\xfe\n", "do not form a table"),
        ],
    )
    def test_broken(self, tmp_path, table, damage, message):
        path = self.write(tmp_path / "a.csv", table)
        path.write_bytes(damage(path.read_bytes()))
        with pytest.raises(DataFileError, match=message) as info:
            load_geneactiv(path)
        assert info.value.path == path
        with pytest.warns(DataFileWarning), pytest.raises(DataFileError, match="not one intact"):
            load_geneactiv(path, errors="warn")
