"""GENEActiv .bin: files that are not whole, whose headers lie, or that are something else."""

import tracemalloc
import warnings

import numpy as np
import pandas as pd
import pytest

from skpd.datasets import iter_geneactiv, load_geneactiv
from skpd.exceptions import DataFileError, DataFileWarning


class TestDamage:
    @pytest.mark.parametrize(
        ("old", "new", "message"),
        [
            ("Sequence Number:1", "Sequence Number:-1", "page -1"),
            ("Sequence Number:1", "Sequence Number:one", "a line that does not read"),
            ("Sequence Number:1\n", "", "no line 'Sequence Number'"),
            ("Temperature:21.5", "Temperature:inf", "inf degrees"),
            ("Battery voltage:4.1493", "Battery voltage:", "a line that does not read"),
            ("Frequency:100.0", "Frequency:1000000000", r"1e\+09 Hz, expected the header's 100 Hz"),
            ("Frequency:100.0", "Frequency:-5", "-5 Hz"),
            ("Frequency:100.0", "Frequency:nan", "nan Hz"),
            ("Page Time:2024-03-11 00:00:01:000", "Page Time:2024-13-45 00:00:01:000", "does not read"),
            ("Page Time:2024-03-11 00:00:01:000", "Page Time:NaT", "does not read|NaT"),
            ("Page Time:2024-03-11 00:00:01:000", "Page Time:\xff", "does not read"),
        ],
    )
    def test_bad_line_of_a_page(self, device, old, new, message):
        assert old in device.pages[1]
        device.pages[1] = device.pages[1].replace(old, new)
        device.write()
        with pytest.raises(DataFileError, match=rf"page at byte [\d,]+: found .*({message})") as info:
            load_geneactiv(device.path)
        assert info.value.path == device.path
        with pytest.warns(DataFileWarning, match="the page is left out"):
            bunch = load_geneactiv(device.path, errors="warn")
        assert [len(x) for x in bunch.data] == [300, 600]
        np.testing.assert_allclose(bunch.data[1], device.acceleration[600:], atol=1e-4)

    @pytest.mark.parametrize(
        ("change", "message"),
        [
            (lambda s: s[:100] + "G" + s[101:], "not hexadecimal"),
            (lambda s: s[:100] + s[101:], "3,599 hexadecimal digits, expected 3,600"),
            (lambda s: s[:-12], "3,588 hexadecimal digits"),
            (lambda s: s + "0" * 12, "3,612 hexadecimal digits, expected at most 3,600"),
            (lambda s: "", "no samples, expected 300"),
            (lambda s: s[:60] + "\n:" + s[60:], "a line that begins with"),
            (lambda s: s * 1000, "a page without an end"),
            (lambda s: "é" + s[1:], "not hexadecimal|hexadecimal digits"),
        ],
    )
    def test_bad_samples(self, device, change, message):
        device.pages[1] = device.make_page(1, 3.0, change(device.payload(1)))
        device.write()
        with pytest.raises(DataFileError, match=message):
            load_geneactiv(device.path)
        with pytest.warns(DataFileWarning, match="the page is left out"):
            bunch = load_geneactiv(device.path, errors="warn")
        assert [len(x) for x in bunch.data] == [300, 600]

    @pytest.mark.parametrize(
        ("old", "new", "message"),
        [
            ("x gain:25875", "x gain:0", "'x gain': found '0', expected a number from 1 to 1e"),
            ("x gain:25875", "x gain:-3", "'x gain'"),
            ("y offset:-662\n", "", "'y offset': found no such line"),
            ("z offset:-3056", "z offset:nan", "'z offset': found 'nan'"),
            ("Volts:300", "Volts:0", "'Volts'"),
            ("Frequency:100.0 Hz", "Frequency:1000000000 Hz", "'Measurement Frequency'.*1 to 1000"),
            ("Frequency:100.0 Hz", "Frequency:-100 Hz", "'Measurement Frequency'"),
            ("Units:g", "Units:mg", "'Accelerometer Units': found 'mg', expected 'g'"),
        ],
    )
    def test_header_without_meaning(self, device, old, new, message):
        device.write(header=device.header.replace(old, new))
        with pytest.raises(DataFileError, match=message):
            load_geneactiv(device.path)
        with pytest.warns(DataFileWarning, match="left out"), pytest.raises(DataFileError, match="not one intact"):
            load_geneactiv(device.path, errors="warn")

    @pytest.mark.parametrize("claim", ["-5", "", "many", "9" * 400, "10000000000"])
    def test_claims_are_not_believed(self, device, claim):
        device.write(header=device.make_header(claim=claim))
        with pytest.raises(DataFileError, match=r"'Number of Pages'|10,000,000,000 pages that the header claims"):
            load_geneactiv(device.path)
        with pytest.warns(DataFileWarning, match="is not whole"):
            bunch = load_geneactiv(device.path, errors="warn")
        np.testing.assert_allclose(bunch.data[0], device.acceleration, atol=1e-4)

    def test_unknown_zone(self, device):
        device.write(header=device.make_header(zone="Mars +99:00"))
        with pytest.raises(DataFileError, match="'Time Zone': found 'Mars"):
            load_geneactiv(device.path)
        with pytest.warns(DataFileWarning, match="Time Zone"):
            bunch = load_geneactiv(device.path, errors="warn")
        assert bunch.frame["start_time"].tolist() == [pd.Timestamp("2024-03-10 23:59:58")]

    def test_long_values_are_shown_in_part(self, device):
        long = "x" * 41
        for key, header in (
            ("Number of Pages", device.make_header(claim=long)),
            ("Time Zone", device.make_header(zone=long)),
            ("x gain", device.header.replace("x gain:25875", f"x gain:{long}")),
        ):
            device.write(header=header)
            with pytest.raises(DataFileError, match=f"'{key}': found '{'x' * 40}', expected"):
                load_geneactiv(device.path)

    @pytest.mark.parametrize(
        "content",
        [b"", b"\x00" * 5000, bytes(range(256)) * 400, "Recorded Data".encode("utf-16"), b"\nRecorded Data\n" * 9],
    )
    def test_garbage(self, device, content):
        device.path.write_bytes(content)
        for read in (load_geneactiv, lambda path: list(iter_geneactiv(path))):
            with pytest.raises(DataFileError) as info:
                read(device.path)
            assert info.value.path == device.path

    def test_header_without_pages(self, device):
        device.write([])
        with pytest.raises(DataFileError, match='the line "Recorded Data" within'):
            load_geneactiv(device.path)

    def test_missing_file_and_folder(self, tmp_path):
        with pytest.raises(DataFileError, match="no such file"):
            load_geneactiv(tmp_path / "nobody.bin")
        with pytest.raises(DataFileError, match=r"without \.bin or \.csv files"):
            load_geneactiv(tmp_path)
        with pytest.raises(DataFileError, match="no such file"):
            list(iter_geneactiv(tmp_path / "nobody.bin"))

    @pytest.mark.parametrize("keep", [0.1, 0.4, 0.77, 0.999])
    def test_cut_anywhere(self, device, keep):
        content = device.write().read_bytes()
        device.path.write_bytes(content[: int(keep * len(content))])
        with pytest.raises(DataFileError):
            load_geneactiv(device.path)
        if keep > 0.3:
            with pytest.warns(DataFileWarning, match="is not whole"):
                x = load_geneactiv(device.path, errors="warn").data[0]
            np.testing.assert_allclose(x, device.acceleration[: len(x)], atol=1e-4)
            assert len(x) >= int(keep * 1200) - 100

    def test_long_line_costs_no_memory(self, device):
        with device.path.open("wb") as file:
            file.write((device.header + device.pages[0]).encode())
            for _ in range(100):
                file.write(b"F" * 1_000_000)
            file.write(("\n" + device.pages[1]).encode())
        tracemalloc.start()
        with pytest.warns(DataFileWarning, match="hexadecimal digits|without an end"):
            sizes = [len(pages.light) for pages in iter_geneactiv(device.path, errors="warn")]
        peak = tracemalloc.get_traced_memory()[1]
        tracemalloc.stop()
        assert sizes == [300]
        assert peak < 30e6

    def test_endless_damage_ends(self, device):
        device.path.write_bytes(device.header.encode() + device.pages[0].encode() + b"Recorded Data\n" * 500_000)
        with pytest.raises(DataFileError, match="more than 1000 damaged places"):
            list(iter_geneactiv(device.path, errors="warn"))

    def test_one_bad_file_of_two(self, device, tmp_path):
        device.write()
        (tmp_path / "bad.bin").write_bytes(b"no")
        with pytest.warns(DataFileWarning, match=r"left out: .*bad\.bin"):
            bunch = load_geneactiv(tmp_path, errors="warn")
        assert bunch.skipped["file"].tolist() == ["bad.bin"]
        assert len(bunch.data) == 1

    def test_random_damage_raises_nothing_but_the_readers_error(self, device):
        good = device.write().read_bytes()
        rng = np.random.default_rng(3)
        n_refused = 0
        for _ in range(150):
            content = bytearray(good)
            for at in rng.integers(0, len(content), size=rng.integers(1, 6)):
                content[at : at + int(rng.integers(0, 40))] = rng.bytes(int(rng.integers(0, 40)))
            device.path.write_bytes(content)
            try:
                with warnings.catch_warnings():
                    warnings.simplefilter("ignore", DataFileWarning)
                    bunch = load_geneactiv(device.path, errors="warn")
            except DataFileError:
                n_refused += 1
            else:
                assert all(np.isfinite(x).all() for x in bunch.data)
            # What it accepts without a word is everything that there was.
            try:
                x = load_geneactiv(device.path).data[0]
            except DataFileError:
                continue
            np.testing.assert_allclose(x, device.acceleration, atol=1e-4)
        assert n_refused < 75
