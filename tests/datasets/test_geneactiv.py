"""GENEActiv .bin: made files bit by bit, and their clocks."""

from datetime import timedelta

import numpy as np
import pandas as pd
import pytest

from skpd.datasets import iter_geneactiv, load_geneactiv
from skpd.exceptions import DataFileError, DataFileWarning

G = 9.80665
GAIN, OFFSET = (25875.0, 25734.0, 25538.0), (439.0, -662.0, -3056.0)


class TestContent:
    @pytest.mark.parametrize("newline", ["\n", "\r\n"])
    def test_bits_to_units(self, device, newline):
        device.write(newline=newline)
        bunch = load_geneactiv(device.path, channels=["light", "z", "x", "y", "button", "temperature"])
        x = bunch.data[0]
        assert x.dtype == np.float32
        np.testing.assert_allclose(x[:, [2, 3, 1]], device.acceleration, atol=1e-4)
        np.testing.assert_allclose(x[:, 0], device.light * 800 / 300, rtol=1e-6)
        np.testing.assert_array_equal(x[:, 4], device.button)
        np.testing.assert_array_equal(x[:, 5], np.float32(21.5))
        assert bunch.sampling_rate == pytest.approx(100.0)
        assert (bunch.units, bunch.groups.tolist()) == ("m/s^2", ["P7"])
        assert bunch.problems.empty
        assert bunch.skipped.empty

    def test_table_of_recordings_and_of_pages(self, device):
        device.write([device.make_page(k, 3.0 * k + 60.25 * (k > 1), device.payload(k)) for k in range(4)])
        bunch = load_geneactiv(device.path)
        assert bunch.frame.iloc[1].to_dict() == {
            "recording": "wrist_1",
            "subject": "P7",
            "target": None,
            "file": str(device.path),
            "device": "012345",
            "location": "left wrist",
            "start_time": pd.Timestamp("2024-03-11 00:01:04.250-05:00"),
            "gap_before_s": pytest.approx(60.25),
            "duration_s": pytest.approx(6.0),
            "n_timesteps": 600,
            "n_missing": 0,
            "measured_rate_hz": pytest.approx(100.0),
            "nominal_rate_hz": 100.0,
            "clock_drift_s": pytest.approx(np.nan, nan_ok=True),
        }
        assert bunch.pages.iloc[3].to_dict() == {
            "file": str(device.path),
            "recording": "wrist_1",
            "sequence": 3,
            "time": pd.Timestamp("2024-03-11 00:01:07.250"),
            "n_samples": 300,
            "temperature_c": 21.5,
            "battery_v": pytest.approx(4.1493),
        }

    def test_chunks_do_not_matter(self, device):
        device.write()
        for n in (1, 3, 4, 100):
            chunks = list(iter_geneactiv(device.path, chunk_pages=n))
            assert len(chunks) == -(-4 // n)
            np.testing.assert_allclose(np.concatenate([c.acceleration for c in chunks]), device.acceleration, atol=1e-4)
            assert np.concatenate([c.sequence for c in chunks]).tolist() == [0, 1, 2, 3]

    def test_blocks_do_not_matter(self, device, monkeypatch):
        # A mark that straddles two reads is still one.
        device.write()
        for size in (5, 997, 4001):
            monkeypatch.setattr("skpd.datasets._geneactiv_pages._BLOCK", size)
            got = np.concatenate([c.acceleration for c in iter_geneactiv(device.path)])
            np.testing.assert_allclose(got, device.acceleration, atol=1e-4)

    def test_keys_not_lines_count(self, device):
        header = device.header.replace("Calibration Data\n", "\n\nNew Section:1\nCalibration Data\n\n")
        pages = [p.replace("Unassigned:\n", "Firmware Says:hello\n\nUnassigned:\n") for p in device.pages]
        device.write(pages, header)
        np.testing.assert_allclose(load_geneactiv(device.path).data[0], device.acceleration, atol=1e-4)

    def test_time_zone_and_midnight(self, device):
        device.write()
        row = load_geneactiv(device.path).frame.iloc[0]
        assert row["start_time"] == pd.Timestamp("2024-03-11 04:59:58", tz="UTC")
        assert row["start_time"].utcoffset() == timedelta(hours=-5)
        assert row["duration_s"] == pytest.approx(12.0)

    @pytest.mark.parametrize("encoding", ["utf-8", "cp1252"])
    def test_names_in_either_encoding(self, device, encoding):
        text = device.make_header(subject="Zoë") + "".join(device.pages)
        device.path.write_bytes(text.encode(encoding))
        assert load_geneactiv(device.path).groups.tolist() == ["Zoë"]

    def test_clock_drift_in_the_notes_is_reported(self, device):
        device.write(header=device.make_header(notes="(device clock drift -12.5s)"))
        assert load_geneactiv(device.path).frame["clock_drift_s"].tolist() == [-12.5]

    def test_folder_subjects_and_targets(self, device, tmp_path):
        for name in ("eva", "adam"):
            device.path = tmp_path / f"{name}.bin"
            device.write()
        bunch = load_geneactiv(tmp_path, subject=lambda p: p.stem, target=lambda p: len(p.stem))
        assert bunch.groups.tolist() == ["adam", "eva"]
        assert bunch.target.tolist() == [4, 3]
        assert bunch.pages["recording"].value_counts().to_dict() == {"adam": 4, "eva": 4}
        card = bunch.DESCR.splitlines()
        assert card[2] == "Who         2 file(s), 2 recording(s); 2 subject(s)"
        assert card[4].startswith("Sampling    100 Hz, by the times of the pages;")
        assert card[9] == "Target      3, 4"
        card = load_geneactiv(tmp_path, resample_to=40).DESCR.splitlines()
        assert card[4].startswith("Sampling    40 Hz (interpolated), by the times of the pages;")
        assert card[9] == "Target      none"
        X, y = load_geneactiv(tmp_path / "eva.bin", return_X_y=True)
        assert (X.shape, y) == ((1,), None)

    @pytest.mark.parametrize(("name", "unknown"), [("subject", None), ("target", np.nan)])
    def test_a_file_that_nothing_is_known_of(self, device, tmp_path, name, unknown):
        for person in ("adam", "eva"):
            device.path = tmp_path / f"{person}.bin"
            device.write()
        asked = {name: lambda path: "Eva" if path.stem == "eva" else unknown}
        with pytest.raises(DataFileError, match=rf"adam.bin: found {unknown} from {name}=..., expected a {name} for"):
            load_geneactiv(tmp_path, **asked)
        with pytest.warns(DataFileWarning, match="left out: .*adam"):
            bunch = load_geneactiv(tmp_path, **asked, errors="warn")
        assert bunch.frame["recording"].tolist() == ["eva"]
        assert set(bunch.pages["recording"]) == {"eva"}

    def test_both_kinds_and_equal_names(self, device, tmp_path):
        (tmp_path / "other").mkdir()
        paths = [device.path, tmp_path / "other" / "wrist.bin", tmp_path / "wrist.csv"]
        content = device.write().read_bytes()
        paths[1].write_bytes(content)
        stamps = [device.start + timedelta(seconds=i / 100) for i in range(500)]
        rows = [f"{t:%Y-%m-%d %H:%M:%S}:{t.microsecond // 1000:03d},0.5,0,1,2,0,21.5" for t in stamps]
        paths[2].write_text("Measurement Frequency,100 Hz\nTime Zone,GMT +02:00\n" + "\n".join(rows) + "\n")
        bunch = load_geneactiv(paths)
        assert [len(x) for x in bunch.data] == [1200, 1200, 500]
        assert bunch.frame["recording"].is_unique
        assert bunch.pages["recording"].value_counts().to_dict() == dict.fromkeys(bunch.frame["recording"][:2], 4)
        assert [t.utcoffset() / timedelta(hours=1) for t in bunch.frame["start_time"]] == [-5, -5, 2]
        assert bunch.groups is None

    def test_short_last_page_is_whole_if_the_header_counts_it(self, device):
        device.write([*device.pages[:3], device.make_page(3, 9.0, device.payload(3)[: 40 * 12])])
        np.testing.assert_allclose(load_geneactiv(device.path).data[0], device.acceleration[:940], atol=1e-4)

    def test_parameters(self, device):
        with pytest.raises(ValueError, match="channels: expected some of"):
            load_geneactiv(device.path, channels=["x", "gyro"])
        with pytest.raises(ValueError, match="'chunk_pages' parameter"):
            list(iter_geneactiv(device.path, chunk_pages=0))


class TestTime:
    def test_true_rate_is_that_of_the_page_times(self, device):
        # A clock 0.5 % fast: 300 samples in 3.015 s instead of 3.
        device.write([device.make_page(k, 3.015 * k, device.payload(k)) for k in range(4)])
        bunch = load_geneactiv(device.path)
        assert bunch.sampling_rate == pytest.approx(300 / 3.015)
        assert bunch.frame["nominal_rate_hz"].tolist() == [100.0]

    def test_drift_is_corrected_by_resampling(self, device):
        # A 5 Hz sine by the true clock stays one, although the samples come at 99.5 Hz.
        seconds = np.arange(1200) * 3.015 / 300
        device.readings = np.rint(1000 * np.sin(2 * np.pi * 5 * seconds)[:, None] * [1, 1, 1]).astype(int)
        device.write([device.make_page(k, 3.015 * k, device.payload(k)) for k in range(4)])
        bunch = load_geneactiv(device.path, resample_to=100)
        expected = 1000 * np.sin(2 * np.pi * 5 * np.arange(len(bunch.data[0])) / 100)
        got = (bunch.data[0][:, 0] / G * GAIN[0] + OFFSET[0]) / 100
        assert len(got) == 1205
        assert np.abs(got - expected).max() < 20

    def test_lowering_the_rate_does_not_alias(self, device):
        # 47 Hz at 100 Hz would show at 3 Hz with full power after resampling to 50 Hz without a filter.
        tone = np.rint(1000 * np.sin(2 * np.pi * 47 * np.arange(1200) / 100)).astype(int)
        device.readings = tone[:, None] * [1, 1, 1]
        device.write([device.make_page(k, 3.0 * k, device.payload(k)) for k in range(4)])
        got = load_geneactiv(device.path, resample_to=50).data[0][50:-50, 0]
        assert got.std() < 0.02 * np.sqrt(0.5) * 100_000 / GAIN[0] * G

    def test_clock_jump_splits(self, device):
        device.write([device.make_page(k, 3.0 * k + 60.25 * (k > 1), device.payload(k)) for k in range(4)])
        bunch = load_geneactiv(device.path)
        assert bunch.frame["recording"].tolist() == ["wrist_0", "wrist_1"]
        assert bunch.frame["gap_before_s"].tolist() == pytest.approx([0.0, 60.25])
        resampled = load_geneactiv(device.path, resample_to=50).frame
        assert resampled["gap_before_s"].tolist() == pytest.approx([0.0, 60.25])
        assert resampled["duration_s"].tolist() == pytest.approx([6.0, 6.0])
        assert (bunch.frame["start_time"].diff()[1]).total_seconds() == pytest.approx(66.25)
        assert bunch.pages["recording"].tolist() == ["wrist_0"] * 2 + ["wrist_1"] * 2
        np.testing.assert_allclose(bunch.data[1], device.acceleration[600:], atol=1e-4)

    @pytest.mark.parametrize(("rate", "n"), [(None, 7225), (50, 3612)])
    def test_or_leaves_nan(self, device, rate, n):
        device.write([device.make_page(k, 3.0 * k + 60.25 * (k > 1), device.payload(k)) for k in range(4)])
        bunch = load_geneactiv(device.path, split_gaps=False, resample_to=rate)
        x = bunch.data[0]
        assert abs(len(x) - n) <= 1
        missing = np.isnan(x[:, 0])
        assert missing.sum() == pytest.approx(60.25 * bunch.sampling_rate, abs=2)
        assert np.diff(np.flatnonzero(missing)).max() == 1
        assert bunch.frame["n_missing"].tolist() == [missing.sum()]
        if rate is None:
            np.testing.assert_allclose(x[~missing], device.acceleration, atol=1e-4)

    def test_jump_of_years_costs_no_memory(self, device):
        device.write([device.make_page(k, 3.0 * k + 3e8 * (k > 1), device.payload(k)) for k in range(4)])
        assert len(load_geneactiv(device.path).data) == 2
        for kwargs in ({}, {"resample_to": 50}):
            with pytest.raises(DataFileError, match=r"at least 1 %.*split_gaps=True"):
                load_geneactiv(device.path, split_gaps=False, **kwargs)

    def test_missing_page_is_reported_and_a_gap(self, device):
        del device.pages[1]
        device.write()
        with pytest.raises(DataFileError, match=r"found page 2 after page 0, expected page 1\."):
            load_geneactiv(device.path)
        with pytest.warns(DataFileWarning, match=r"page 2 after page 0.*1 page\(s\) are missing"):
            bunch = load_geneactiv(device.path, errors="warn")
        assert [len(x) for x in bunch.data] == [300, 600]
        assert bunch.frame["gap_before_s"].tolist() == pytest.approx([0.0, 3.0])
        with pytest.warns(DataFileWarning):
            whole = load_geneactiv(device.path, errors="warn", split_gaps=False).data[0]
        np.testing.assert_allclose(whole[600:], device.acceleration[600:], atol=1e-4)
        assert np.isnan(whole[300:600]).all()

    def test_disorder_and_repetition(self, device):
        p = device.pages
        device.write([p[0], p[2], p[1], p[1], p[3]])
        with pytest.raises(DataFileError, match="found page 2 after page 0"):
            load_geneactiv(device.path)
        with pytest.warns(DataFileWarning, match="page 1 after page 2.*page 1 after page 1"):
            bunch = load_geneactiv(device.path, errors="warn")
        np.testing.assert_allclose(bunch.data[0], device.acceleration, atol=1e-4)
        assert bunch.pages["sequence"].tolist() == [0, 1, 2, 3]

    def test_clock_that_goes_back(self, device):
        device.write([device.make_page(k, 3.0 * k - 100 * (k > 1), device.payload(k)) for k in range(4)])
        with pytest.raises(DataFileError, match=r"page 2: found a clock 97\.000 s before that of page 1"):
            load_geneactiv(device.path)
        with pytest.warns(DataFileWarning, match="expected a later time"):
            bunch = load_geneactiv(device.path, errors="warn")
        assert [len(x) for x in bunch.data] == [600, 600]
        for kwargs in ({}, {"resample_to": 50}):
            with pytest.warns(DataFileWarning), pytest.raises(DataFileError, match="not one intact"):
                load_geneactiv(device.path, errors="warn", split_gaps=False, **kwargs)

    def test_page_times_that_contradict_the_frequency(self, device):
        device.write([device.make_page(k, 6.0 * k, device.payload(k)) for k in range(4)])
        with pytest.raises(DataFileError, match=r"a page every 6 s, expected one every 3 s.*100 Hz"):
            load_geneactiv(device.path)

    def test_three_pages_do_not_make_a_frequency(self, device):
        device.write([device.make_page(k, 6.0 * k, device.payload(k)) for k in range(3)], device.make_header(claim=3))
        bunch = load_geneactiv(device.path)
        assert [len(x) for x in bunch.data] == [300] * 3
        assert bunch.frame["gap_before_s"].tolist() == pytest.approx([0, 3, 3])

    def test_rates_must_agree(self, device, tmp_path):
        device.write()
        device.path = tmp_path / "slow.bin"
        device.write(
            [device.make_page(k, 6.0 * k, device.payload(k), "50.0") for k in range(4)], device.make_header("50.0")
        )
        device.path = tmp_path / "also.bin"
        device.write()
        with pytest.raises(DataFileError, match=r"slow.*found 50 Hz, expected the 100 Hz"):
            load_geneactiv(tmp_path)
        assert load_geneactiv(tmp_path, resample_to=40).sampling_rate == 40.0
