"""Pen recordings in files of the user's own: units of tablets, clocks, and files that are broken."""

import numpy as np
import pandas as pd
import pytest

from skpd.datasets import load_pen_csv, load_svc
from skpd.exceptions import DataFileError, DataFileWarning

X, Y, T, PRESSURE, AZIMUTH, ALTITUDE, DOWN = range(7)
CSV_COLUMNS = {"x": "x_mm", "y": "y_mm", "t": "ms"}


class TestSVC:
    def test_real_sample_is_as_documented(self, data_dir):
        bunch = load_svc(data_dir / "svc")
        row, points = bunch.frame.iloc[0], bunch.data[0]
        # The first line claims 606; the file holds one row more.
        assert (row["n_claimed"], row["n_points"], row["problem"]) == (606, 607, "")
        assert points.shape == (607, 7)
        assert bunch.sampling_rate == pytest.approx(133, rel=0.01)
        raw = np.loadtxt(data_dir / "svc" / f"{row['recording']}.svc", skiprows=1)
        np.testing.assert_allclose(points[:, [X, Y]], raw[:, :2] / 200e3, rtol=1e-12)
        np.testing.assert_allclose(points[:, T], (raw[:, 2] - raw[0, 2]) / 1000, rtol=1e-12)
        np.testing.assert_allclose(points[:, PRESSURE], raw[:, 6] / 32767, rtol=1e-12)
        np.testing.assert_allclose(np.rad2deg(points[:, AZIMUTH]), raw[:, 4] / 10, rtol=1e-12)
        np.testing.assert_allclose(np.rad2deg(points[:, ALTITUDE]), raw[:, 5] / 10, rtol=1e-12)
        np.testing.assert_array_equal(points[:, DOWN], raw[:, 3])
        # 15 cm of writing in 9 s, the pen steep, the pressure within its scale.
        assert 0.1 < np.ptp(points[:, X]) < 0.2
        assert np.rad2deg(points[:, ALTITUDE]).min() == pytest.approx(57)

    def test_order_of_columns_is_an_argument(self, trace, write_svc, tmp_path):
        rows = trace()
        path = write_svc(tmp_path / "a.svc", rows)
        swapped = load_svc(path, columns=("y", "x", "time", "pen_down", "azimuth", "altitude", "pressure"))
        np.testing.assert_array_equal(swapped.data[0][:, [Y, X]], load_svc(path).data[0][:, [X, Y]])
        for columns in (("x", "y"), ("altitude",) * 7, ("x", "y", "time", "time", "azimuth", "altitude", "pressure")):
            with pytest.raises(ValueError, match="columns: expected"):
                load_svc(path, columns=columns)

    def test_units_are_arguments(self, trace, write_svc, tmp_path):
        rows = trace(levels=1024)
        path = write_svc(tmp_path / "a.svc", rows)
        bunch = load_svc(path, resolution=1e-5, pressure_levels=1024, time_unit="us", angle_unit="0.1deg")
        np.testing.assert_allclose(bunch.data[0][:, X], rows[:, 0] * 1e-5)
        np.testing.assert_allclose(bunch.data[0][:, PRESSURE], rows[:, 6] / 1023)
        assert bunch.sampling_rate == pytest.approx(133_000, rel=0.1)
        raw = load_svc(path, resolution=None, pressure_levels=None)
        np.testing.assert_array_equal(raw.data[0][:, PRESSURE], rows[:, 6])
        assert raw.units["x"] == raw.units["pressure"] == "device units"
        assert bunch.units["x"] == "m"

    def test_people_and_labels_from_paths(self, trace, write_svc, tmp_path):
        for name in ("eva_1", "adam_0"):
            write_svc(tmp_path / f"{name}.svc", trace())
        (tmp_path / "notes.txt").write_text("?")
        bunch = load_svc(tmp_path, subject=lambda p: p.stem.split("_")[0], target=lambda p: int(p.stem[-1]))
        assert bunch.groups.tolist() == ["adam", "eva"]
        assert bunch.target.tolist() == [0, 1]
        assert bunch.data.dtype == object
        assert bunch.DESCR.splitlines()[2:6] == [
            "Who         2 people, 2 recording(s)",
            "Signals     x, y, t, pressure, azimuth, altitude, pen_down; points as the tablet sent them, not resampled",
            "Device      as the call states: 5e-06 m a unit, 32768 pressure levels, time in ms, angles in 0.1deg",
            "Target      0, 1",
        ]

    @pytest.mark.parametrize(("name", "unknown"), [("subject", None), ("target", np.nan)])
    def test_a_file_that_nothing_is_known_of(self, trace, write_svc, tmp_path, name, unknown):
        for person in ("adam", "eva"):
            write_svc(tmp_path / f"{person}.svc", trace())
        asked = {name: lambda path: "Eva" if path.stem == "eva" else unknown}
        with pytest.raises(DataFileError, match=rf"adam.svc: found {unknown} from {name}=..., expected a {name} for"):
            load_svc(tmp_path, **asked)
        with pytest.warns(DataFileWarning, match="left out: .*adam"):
            assert load_svc(tmp_path, **asked, errors="warn").frame["recording"].tolist() == ["eva"]

    def test_table_of_recordings(self, trace, write_svc, tmp_path):
        rows = trace()
        path = write_svc(tmp_path / "eva.svc", np.insert(np.delete(rows, [20, 21], axis=0), 30, rows[31], axis=0), 40)
        bunch = load_svc(path, disorder="fix")
        t = rows[:, 2] / 1000
        steps = np.diff(np.delete(t, [20, 21]))
        assert bunch.frame.iloc[0].to_dict() == {
            "recording": "eva",
            "subject": None,
            "target": None,
            "file": str(path),
            "n_claimed": 40,
            "problem": "",
            "duration_s": pytest.approx(t[-1] - t[0]),
            "n_points": 48,
            "measured_rate_hz": pytest.approx(1 / steps[steps < 0.01].mean()),
            "largest_gap_s": pytest.approx(t[22] - t[19]),
            "n_duplicates": 1,
            "n_out_of_order": 0,
        }
        assert bunch.target is None
        assert bunch.groups is None
        assert bunch.DESCR.splitlines()[2] == "Who         people not stated, 1 recording(s)"
        assert bunch.DESCR.splitlines()[5] == "Target      none"

    @pytest.mark.parametrize(
        ("damage", "message", "kept"),
        [
            (lambda b: b"", "an empty file", 0),
            (lambda b: b"50\n", "no rows, expected the 50", 0),
            (lambda b: bytes(range(128, 256)) * 30, "not utf-8", 0),
            (lambda b: bytes(range(1, 128)) * 30, "line 1: found", 0),
            (lambda b: b.decode().encode("utf-16"), "not utf-8", 0),
            (lambda b: b[3:], "line 1: found '4000 7000.*the number of rows", 0),
            (lambda b: b.replace(b"50\n", b"51\n", 1), "50 rows, expected the 51 that line 1 claims.*may be cut", 50),
            (lambda b: b[: b.index(b"4200 ") + 9], r"line 22: found 2 field\(s\).*7 numbers separated by white", 20),
            (lambda b: b.replace(b" 1 ", b" ", 1), r"line 2: found 6 field\(s\)", 0),
            (lambda b: b.replace(b"\n4200 ", b"\n42x0 ", 1), "line 22: found '42x0'", 20),
            (lambda b: b.replace(b"\n4200 ", b"\n1e999 ", 1), "line 22: found '1e999'", 20),
            (lambda b: b.replace(b"\n4200 ", b"\nnan ", 1), "line 22: found 'nan'", 20),
            (lambda b: b.replace(b"\n4200 ", b"\n\n4200 ", 1), r"line 22: found 0 field\(s\)", 20),
            (lambda b: b.replace(b" ", b",")[2:], "line 1: found", 0),
        ],
    )
    def test_damage(self, trace, write_svc, tmp_path, damage, message, kept):
        write_svc(tmp_path / "b.svc", trace())
        path = write_svc(tmp_path / "a.svc", trace())
        path.write_bytes(damage(path.read_bytes()))
        with pytest.raises(DataFileError, match=message) as info:
            load_svc(tmp_path)
        assert info.value.path == path
        with pytest.warns(DataFileWarning, match=message):
            bunch = load_svc(tmp_path, errors="warn")
        assert bunch.frame["recording"].tolist() == (["a", "b"] if kept else ["b"])
        assert bunch.frame["n_points"].tolist() == ([kept, 50] if kept else [50])
        assert bunch.skipped["file"].tolist() == ([] if kept else ["a.svc"])
        if kept:
            assert bunch.frame["problem"][0]
            np.testing.assert_allclose(bunch.data[0][:, X], trace()[:kept, 0] / 200e3)

    def test_claims_cost_nothing(self, trace, write_svc, tmp_path):
        path = write_svc(tmp_path / "a.svc", trace(), claimed="9" * 5000)
        with pytest.raises(DataFileError, match="50 rows, expected the 999999999999999999"):
            load_svc(path)

    @pytest.mark.parametrize(
        ("kwargs", "message"),
        [
            ({"pressure_levels": 2048}, r"column 'pressure'.*expected 0 to 2047 \(pressure_levels=2048\)"),
            ({"angle_unit": "deg"}, r"column 'azimuth'.*0 to 360 degrees \(angle_unit='deg'\)"),
            (
                {"columns": ("x", "y", "pen_down", "time", "azimuth", "altitude", "pressure")},
                r"line 2, column 'pen_down': found 3.54642e\+08 \(and 49 more such\)",
            ),
            (
                {"columns": ("x", "y", "time", "pen_down", "altitude", "azimuth", "pressure")},
                "column 'altitude'.*-90 to 90 degrees.*Check the order of the columns",
            ),
        ],
    )
    def test_wrong_units_and_columns_are_noticed(self, trace, write_svc, tmp_path, kwargs, message):
        with pytest.raises(DataFileError, match=message):
            load_svc(write_svc(tmp_path / "a.svc", trace()), **kwargs)

    def test_too_many_levels_are_noticed(self, trace, write_svc, tmp_path):
        path = write_svc(tmp_path / "a.svc", trace(levels=1024))
        with pytest.warns(DataFileWarning, match=r"the highest pressure is \d+ of 32767"):
            load_svc(path)

    def test_faint_pressure_is_below_a_sixteenth(self, trace, write_svc, tmp_path):
        rows = trace()
        rows[:, 6] = 64
        path = write_svc(tmp_path / "a.svc", rows)
        assert len(load_svc(path, pressure_levels=1025).data) == 1
        with pytest.warns(DataFileWarning, match="the highest pressure is 64 of 1025"):
            load_svc(path, pressure_levels=1026)

    @pytest.mark.parametrize(("column", "least", "most"), [(4, 0, 3600), (5, -900, 900), (6, 0, 32767)])
    def test_limits_of_what_a_tablet_sends(self, trace, write_svc, tmp_path, column, least, most):
        rows = trace()
        rows[:2, column] = least, most
        path = write_svc(tmp_path / "a.svc", rows)
        scale = np.array([np.deg2rad(0.1)] * 2 + [1 / 32767])[column - 4]
        channel = {4: AZIMUTH, 5: ALTITUDE, 6: PRESSURE}[column]
        np.testing.assert_allclose(load_svc(path).data[0][:2, channel], np.array([least, most]) * scale)
        for row, value in ((0, least - 1), (1, most + 1)):
            beyond = rows.copy()
            beyond[row, column] = value
            with pytest.raises(DataFileError, match=rf"line {row + 2}, column .*found {value}, expected"):
                load_svc(write_svc(tmp_path / "b.svc", beyond))

    @pytest.mark.parametrize("step", [0, -100])
    def test_clock_out_of_order(self, trace, write_svc, tmp_path, step):
        rows = trace()
        rows[30:, 2] += rows[29, 2] - rows[30, 2] + step
        path = write_svc(tmp_path / "a.svc", rows)
        with pytest.raises(DataFileError, match=r"line 32: found a timestamp .*the first of"):
            load_svc(path)
        shifted = load_svc(path, disorder="shift")
        steps = np.diff(shifted.data[0][:, T])
        assert (steps > 0).all()
        assert steps[29] == pytest.approx(np.median(steps))
        np.testing.assert_allclose(shifted.data[0][:, X], rows[:, 0] / 200e3)
        fixed = load_svc(path, disorder="fix")
        assert (np.diff(fixed.data[0][:, T]) > 0).all()
        assert len(fixed.data[0]) == len(np.unique(rows[:, 2]))
        column = "n_out_of_order" if step else "n_duplicates"
        assert shifted.frame[column][0] == fixed.frame[column][0] == 1

    def test_samples_stored_out_of_order_are_sorted(self, trace, write_svc, tmp_path):
        rows = trace()
        path = write_svc(tmp_path / "a.svc", rows[np.r_[:20, 21, 20, 22:50]])
        np.testing.assert_array_equal(
            load_svc(path, disorder="fix").data[0], load_svc(write_svc(tmp_path / "b.svc", rows)).data[0]
        )

    def test_any_damage_is_our_error(self, trace, write_svc, tmp_path):
        path = write_svc(tmp_path / "a.svc", trace())
        good = path.read_bytes()
        rng = np.random.default_rng(0)
        n_refused = 0
        for _ in range(200):
            bad = bytearray(good)
            for _ in range(rng.integers(1, 5)):
                at = rng.integers(len(bad))
                bad[at : at + rng.integers(0, 3)] = rng.bytes(rng.integers(0, 3))
            path.write_bytes(bytes(bad))
            try:
                assert np.isfinite(load_svc(path, disorder="shift").data[0]).all()
            except DataFileError:
                n_refused += 1
        assert n_refused > 100


class TestCSV:
    def write(self, path, **columns):
        table = pd.DataFrame({"x_mm": [1.0, 2.0, 4.0], "y_mm": [5, 5, 6], "ms": [100, 108, 116]}).assign(**columns)
        table.to_csv(path, index=False)
        return path

    def load(self, path, columns=(), **kwargs):
        units = {"resolution": 1e-3, "pressure_levels": 1024, "time_unit": "ms"}
        return load_pen_csv(path, columns=CSV_COLUMNS | dict(columns), **(units | kwargs))

    def test_mapping_and_units(self, tmp_path):
        path = self.write(tmp_path / "a.csv", force=[0, 341, 1023], tilt=[45, 60, 90])
        points = self.load(path, {"pressure": "force", "altitude": "tilt"}).data[0]
        np.testing.assert_allclose(points[:, [X, Y, T]], [[1e-3, 5e-3, 0], [2e-3, 5e-3, 8e-3], [4e-3, 6e-3, 16e-3]])
        np.testing.assert_allclose(points[:, PRESSURE], [0, 1 / 3, 1])
        np.testing.assert_allclose(points[:, ALTITUDE], np.deg2rad([45, 60, 90]))
        np.testing.assert_array_equal(points[:, DOWN], [0, 1, 1])
        assert np.isnan(points[:, AZIMUTH]).all()

    def test_other_units_than_stated(self, tmp_path):
        path = self.write(tmp_path / "a.csv", share=[0.1, 0.5, 1.0])
        with pytest.warns(DataFileWarning, match=r"positions are 8 s apart.*not in time_unit='s'"):
            self.load(path, time_unit="s")
        with pytest.warns(DataFileWarning, match="the highest pressure is 1 of 1023"):
            self.load(path, {"pressure": "share"})

    def test_ten_positions_a_second_are_enough(self, tmp_path):
        assert len(self.load(self.write(tmp_path / "a.csv", ms=[0, 100, 200])).data) == 1
        with pytest.warns(DataFileWarning, match=r"positions are 0\.101 s apart"):
            self.load(self.write(tmp_path / "a.csv", ms=[0, 101, 202]))

    def test_units_must_be_stated(self, tmp_path):
        with pytest.raises(TypeError, match="resolution"):
            load_pen_csv(self.write(tmp_path / "a.csv"), columns=CSV_COLUMNS)

    @pytest.mark.parametrize("columns", [{"x": "x_mm", "y": "y_mm"}, {"x": "a", "y": "b", "t": "c", "z": "d"}])
    def test_impossible_mapping(self, tmp_path, columns):
        with pytest.raises(ValueError, match="columns: expected x, y and t"):
            load_pen_csv(tmp_path / "a.csv", columns=columns, resolution=None, pressure_levels=None)

    def test_gap_is_nan(self, tmp_path):
        points = self.load(self.write(tmp_path / "a.csv", x_mm=[1.0, np.nan, 3.0])).data[0]
        assert np.isnan(points[:, X]).tolist() == [False, True, False]

    @pytest.mark.parametrize(
        ("channel", "column"),
        [("pressure", PRESSURE), ("azimuth", AZIMUTH), ("altitude", ALTITUDE), ("pen_down", DOWN)],
    )
    def test_a_channel_that_one_file_has_not(self, tmp_path, channel, column):
        self.write(tmp_path / "a.csv", more=[np.nan] * 3)
        self.write(tmp_path / "b.csv", more=[0, 1, 1])
        empty, full = self.load(tmp_path, {channel: "more"}, pressure_levels=2).data
        assert np.isnan(empty[:, column]).all()
        assert np.isfinite(full[:, column]).all()
        for needed in ("x_mm", "y_mm"):
            with pytest.raises(DataFileError, match=f"column '{needed}': found no value at all"):
                self.load(self.write(tmp_path / "a.csv", **{needed: [np.nan] * 3}))

    def test_faint_pressure_beside_a_file_without(self, tmp_path):
        self.write(tmp_path / "a.csv", force=[np.nan] * 3)
        self.write(tmp_path / "b.csv", force=[0, 1, 1])
        with pytest.warns(DataFileWarning, match="the highest pressure is 1 of 1023"):
            self.load(tmp_path, {"pressure": "force"})

    @pytest.mark.parametrize("start", [0.0, 1.7e9])
    def test_the_rate_does_not_depend_on_the_offset(self, tmp_path, start):
        table = pd.DataFrame({"x_mm": np.arange(500.0), "y_mm": 1.0, "ms": start + np.arange(500) / 133.3})
        for i, kept in enumerate((table, table.drop(index=range(100, 120)))):
            kept.to_csv(tmp_path / f"{i}.csv", index=False)
        bunch = self.load(tmp_path, time_unit="s")
        assert bunch.frame["measured_rate_hz"].tolist() == [133.3, 133.3]
        assert bunch.sampling_rate == 133.3

    @pytest.mark.parametrize(
        ("columns", "message"),
        [
            ({"y_mm": ["5", "up", "6"]}, "line 3, column 'y_mm': found 'up'"),
            ({"ms": [100, 90, 110]}, r"line 3: found a timestamp 0\.01 s before.*1 that go back and 0 that repeat"),
            ({"ms": [100, 100, 110]}, "0 that go back and 1 that repeat"),
            ({"ms": [100, np.nan, 110]}, "line 3, column 'ms'"),
            ({"force": [0, 5000, 1]}, r"line 3, column 'pressure': found 5000, expected 0 to 1023"),
            ({"down": [0, 2, 1]}, r"line 3, column 'pen_down': found 2, expected 0 \(in the air\)"),
        ],
    )
    def test_bad_values(self, tmp_path, columns, message):
        path = self.write(tmp_path / "a.csv", **columns)
        more = {"pressure": "force"} if "force" in columns else {"pen_down": "down"} if "down" in columns else {}
        with pytest.raises(DataFileError, match=message):
            self.load(path, more)

    def test_wrong_column_and_left_out_file(self, tmp_path):
        self.write(tmp_path / "a.csv")
        (tmp_path / "b.csv").write_text("x,y\n1,2\n")
        with pytest.raises(DataFileError, match=r"b\.csv: found the columns \['x', 'y'\]"):
            self.load(tmp_path)
        with pytest.warns(DataFileWarning, match="left out"):
            bunch = self.load(tmp_path, errors="warn")
        assert bunch.skipped["file"].tolist() == ["b.csv"]
        assert len(bunch.data) == 1
