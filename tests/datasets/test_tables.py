"""CSV and Parquet readers: one behaviour for both, units, clocks, gaps, and files that are not what they should be."""

import re

import numpy as np
import pandas as pd
import pytest

from skpd.datasets import load_csv_recordings, load_parquet_recordings
from skpd.exceptions import DataFileError, DataFileWarning

G = 9.80665


def make_table(n=100, rate=50.0, seed=0, **columns):
    """A table of one uniformly sampled recording in g."""
    rng = np.random.default_rng(seed)
    table = pd.DataFrame({"timestamp": np.arange(n) / rate})
    table[["x", "y", "z"]] = rng.normal(size=(n, 3))
    return table.assign(**columns)


@pytest.fixture(params=["csv", "parquet"])
def road(request, tmp_path):
    """Write a table and read it back, through either format."""
    read = {"csv": load_csv_recordings, "parquet": load_parquet_recordings}[request.param]

    class Road:
        folder = tmp_path
        kind = request.param

        def write(self, table, name="a"):
            path = tmp_path / f"{name}.{request.param}"
            if request.param == "csv":
                table.to_csv(path, index=False)
            else:
                table.to_parquet(path)
            return path

        def load(self, table_or_path, **kwargs):
            path = self.write(table_or_path) if isinstance(table_or_path, pd.DataFrame) else table_or_path
            return read(path, **kwargs)

    return Road()


class TestContent:
    def test_one_file_one_recording(self, road):
        table = make_table()
        bunch = road.load(table)
        np.testing.assert_allclose(bunch.data, table[["x", "y", "z"]].to_numpy()[None], rtol=1e-12)
        assert bunch.sampling_rate == pytest.approx(50.0)
        assert bunch.units == "m/s^2"
        assert bunch.channel_names == ["x", "y", "z"]
        assert bunch.target is None
        assert bunch.groups is None
        row = bunch.frame.iloc[0]
        assert (row["recording"], row["n_timesteps"], row["n_missing"]) == ("a", 100, 0)
        assert row["duration_s"] == pytest.approx(2.0)
        assert "the files hold m/s^2" in bunch.DESCR

    def test_table_of_recordings(self, road):
        table = make_table(200, subject="007", score=2)
        table["timestamp"] += 5.0
        table = pd.concat([table.drop(index=[20, 60, 61, 62, 63, 64, 65]), table.iloc[[100]]])
        path = road.write(table)
        row = road.load(path, subject="subject", target="score", disorder="fix").frame.iloc[0].to_dict()
        assert row == {
            "recording": "a",
            "subject": "007",
            "target": 2,
            "file": str(path),
            "start_s": pytest.approx(0.0),
            "duration_s": pytest.approx(4.0),
            "n_timesteps": 200,
            "measured_rate_hz": pytest.approx(50.0),
            "largest_gap_s": pytest.approx(0.14),
            "n_gaps": 1,
            "n_missing": 7,
            "n_duplicates": 1,
            "n_out_of_order": 1,
        }

    def test_card(self, road):
        table = pd.concat([make_table(60, who="eva", score=2, trial=1), make_table(80, who="adam", score=0, trial=2)])
        path = road.write(table)
        lines = road.load(path, recording="trial", subject="who", target="score", resample_to=25).DESCR.splitlines()
        assert lines[0] == f"Recordings from {road.kind.upper()} files"
        assert lines[2:5] == [
            "Who         2 subject(s), 2 recording(s) of 1 file(s)",
            "Signals     channels x, y, z in m/s^2 (the files hold m/s^2, as stated), 25 Hz (interpolated)",
            "Target      0, 2",
        ]
        lines = road.load(path, recording="trial", channels=["x"], units="g").DESCR.splitlines()
        assert lines[2:5] == [
            "Who         subjects not stated, 2 recording(s) of 1 file(s)",
            "Signals     channels x in m/s^2 (the files hold g, as stated), 50 Hz",
            "Target      none",
        ]

    def test_g_becomes_si(self, road):
        table = make_table()
        bunch = road.load(table, units="g", channels=["z", "x"])
        np.testing.assert_allclose(bunch.data[0], table[["z", "x"]].to_numpy() * G, rtol=1e-12)
        assert bunch.units == "m/s^2"

    @pytest.mark.parametrize(("held", "stated", "gravity"), [("g", "m/s^2", 1.0), ("m/s^2", "g", G)])
    def test_three_axes_in_another_unit_than_stated(self, road, held, stated, gravity):
        table = make_table()
        table[["x", "y", "z"]] = 0.01 * table[["x", "y", "z"]] + gravity * np.array([0.6, 0.0, 0.8])
        with pytest.warns(DataFileWarning, match=re.escape(f"as if they held {held}. Pass units='{held}'")):
            road.load(table, units=stated)
        assert np.linalg.norm(road.load(table, units=held).data[0], axis=1).mean() == pytest.approx(G, rel=0.02)

    @pytest.mark.parametrize("unit", ["mg", "G", "m/s2", ""])
    def test_unknown_unit_is_refused(self, road, unit):
        with pytest.raises(ValueError, match=r"'units' parameter .* must be a str among"):
            road.load(make_table(), units=unit)

    def test_columns_of_people_and_labels(self, road):
        table = pd.concat(
            [make_table(60, subject="007", score=2, trial=1), make_table(80, subject="7", score=0, trial=2)]
        )
        bunch = road.load(table, recording="trial", subject="subject", target="score")
        assert bunch.groups.tolist() == ["007", "7"]
        assert bunch.target.tolist() == [2, 0]
        assert bunch.target.dtype.kind == "i"
        assert bunch.target_names == [0, 2]
        assert [len(x) for x in bunch.data] == [60, 80]
        assert bunch.data.dtype == object
        assert bunch.frame["recording"].tolist() == ["1", "2"]

    def test_recordings_keep_the_order_of_the_file(self, road):
        table = pd.concat([make_table(50, trial=name) for name in ("b", "a", "c")])
        assert road.load(table, recording="trial").frame["recording"].tolist() == ["b", "a", "c"]

    def test_interleaved_recordings_are_told_apart(self, road):
        first, second = make_table(50, seed=1, trial="p"), make_table(50, seed=2, trial="q")
        mixed = pd.concat([first, second]).sort_values(["timestamp", "trial"])
        bunch = road.load(mixed, recording="trial")
        np.testing.assert_allclose(bunch.data[1], second[["x", "y", "z"]], rtol=1e-12)

    def test_folder_and_functions_of_the_path(self, road):
        for name in ("eva_2", "adam_0"):
            road.write(make_table(), name)
        (road.folder / "notes.txt").write_text("not a recording")
        X, y = road.load(road.folder, target=lambda p: int(p.stem[-1]), return_X_y=True)
        bunch = road.load(road.folder, subject=lambda p: p.stem.split("_")[0])
        assert X.shape == (2, 100, 3)
        assert y.tolist() == [0, 2]
        assert bunch.groups.tolist() == ["adam", "eva"]

    @pytest.mark.parametrize(("name", "unknown"), [("subject", None), ("target", np.nan)])
    def test_a_file_that_nothing_is_known_of(self, road, name, unknown):
        for person in ("adam", "eva"):
            road.write(make_table(), person)
        asked = {name: lambda path: "Eva" if path.stem == "eva" else unknown}
        with pytest.raises(
            DataFileError, match=rf"adam\S*: found {unknown} from {name}=..., expected a {name} for every"
        ):
            road.load(road.folder, **asked)
        with pytest.warns(DataFileWarning, match="left out: .*adam"):
            assert road.load(road.folder, **asked, errors="warn").frame["recording"].tolist() == ["eva"]

    def test_names_of_recordings_are_unique(self, road):
        paths = [road.write(make_table(trial=1), name) for name in ("eva", "adam")]
        frame = road.load(paths, recording="trial").frame
        assert frame["recording"].tolist() == [f"{path}:1" for path in paths]

    def test_without_times(self, road):
        table = make_table().drop(columns="timestamp")
        table.loc[10:12, "y"] = np.nan
        bunch = road.load(table, time=None, sampling_rate=25)
        assert bunch.sampling_rate == 25
        assert bunch.frame["n_missing"][0] == 3
        assert np.isnan(bunch.data[0, 10:13, 1]).all()
        assert bunch.frame["largest_gap_s"][0] == pytest.approx(4 / 25)
        with pytest.raises(ValueError, match="sampling_rate: expected a rate"):
            road.load(table, time=None)

    @pytest.mark.parametrize(("first", "then"), [(0, 1), (1, 0)])
    def test_label_that_changes_inside_a_recording(self, road, first, then):
        table = make_table(score=first)
        table.loc[40:, "score"] = then
        with pytest.raises(DataFileError, match=r"(line 42|row 40), column 'score'.*recording=") as info:
            road.load(table, target="score")
        assert "one value in all rows" in str(info.value)

    def test_label_that_is_missing(self, road):
        table = make_table(score=1.0)
        table.loc[3, "score"] = np.nan
        with pytest.raises(DataFileError, match=r"(line 5|row 3), column 'score'.*an empty cell"):
            road.load(table, target="score")


class TestClock:
    @pytest.mark.parametrize(("unit", "ticks"), [("s", 1), ("ms", 10**3), ("us", 10**6), ("ns", 10**9)])
    def test_units_of_time(self, road, unit, ticks):
        table = make_table()
        stamps = np.arange(100) * ticks / 50
        table["timestamp"] = stamps if unit == "s" else 1_700_000_000 * ticks + stamps.astype(np.int64)
        assert road.load(table, time_unit=unit).sampling_rate == pytest.approx(50.0)

    def test_dates(self, road):
        table = make_table()
        table["timestamp"] = pd.date_range("2024-03-31 00:59:59", periods=100, freq="20ms", tz="UTC")
        bunch = road.load(table, time_unit=None)
        assert bunch.sampling_rate == pytest.approx(50.0)
        assert bunch.frame["n_missing"][0] == 0

    def test_dates_as_text(self, road):
        table = make_table()
        table["timestamp"] = [f"2024-01-01T00:00:{i / 50:09.6f}+02:00" for i in range(100)]
        assert road.load(table, time_unit="iso").sampling_rate == pytest.approx(50.0)
        with pytest.raises(DataFileError, match="time_unit='iso' reads ISO 8601"):
            road.load(table)
        table.loc[7, "timestamp"] = "yesterday"
        with pytest.raises(DataFileError, match=r"(line 9|row 7).*'yesterday'.*ISO 8601"):
            road.load(table, time_unit=None)

    @pytest.mark.parametrize("unit", ["ms", "us", "ns"])
    @pytest.mark.parametrize("time_unit", ["s", "ms", None, "iso"])
    def test_durations(self, tmp_path, unit, time_unit):
        table = make_table()
        table["timestamp"] = pd.to_timedelta(3600 + table["timestamp"], unit="s").astype(f"timedelta64[{unit}]")
        table.to_parquet(tmp_path / "a.parquet")
        bunch = load_parquet_recordings(tmp_path, time_unit=time_unit)
        assert bunch.sampling_rate == 50.0
        assert bunch.frame["n_missing"].tolist() == [0]
        table.loc[3, "timestamp"] = pd.NaT
        table.to_parquet(tmp_path / "a.parquet")
        with pytest.raises(DataFileError, match="row 3, column 'timestamp': found 'NaT', expected a time"):
            load_parquet_recordings(tmp_path, time_unit=time_unit)

    def test_dates_are_no_channel(self, tmp_path):
        table = make_table()
        table.assign(y=pd.to_timedelta(table["timestamp"], unit="s")).to_parquet(tmp_path / "a.parquet")
        with pytest.raises(DataFileError, match=r"row 0, column 'y': .* expected a number"):
            load_parquet_recordings(tmp_path)

    @pytest.mark.parametrize("rate", [50, 30, 85.7, 128, 1 / 0.03])
    @pytest.mark.parametrize("start", [0.0, 5.3, 1.7e9])
    def test_the_rate_does_not_depend_on_the_offset(self, road, rate, start):
        table = make_table(1000, rate)
        table["timestamp"] += start
        for kept in (table, table.drop(index=range(300, 320))):
            bunch = road.load(kept)
            assert bunch.sampling_rate == rate
            assert bunch.frame["measured_rate_hz"].tolist() == [rate]

    def test_a_rate_that_the_clock_tells_from_a_round_one(self, road):
        table = make_table(1000, 50.00001)
        assert road.load(table).sampling_rate == pytest.approx(50.00001, rel=1e-12)
        table["timestamp"] += 1.7e9
        assert road.load(table).sampling_rate == pytest.approx(50.00001, rel=2e-8)

    def test_rounded_times_of_an_odd_rate(self, road):
        table = make_table(5000, rate=85.7)
        table["timestamp"] = np.round(table["timestamp"] * 1000).astype(int)
        bunch = road.load(table, time_unit="ms")
        assert bunch.sampling_rate == pytest.approx(85.7, rel=1e-5)
        assert bunch.data.shape == (1, 5000, 3)

    def test_missing_samples_become_nan(self, road):
        table = make_table(200)
        bunch = road.load(table.drop(index=[50, 120, 121, 122]))
        assert np.flatnonzero(np.isnan(bunch.data[0, :, 0])).tolist() == [50, 120, 121, 122]
        np.testing.assert_allclose(bunch.data[0, 123:], table[["x", "y", "z"]].to_numpy()[123:], rtol=1e-12)
        assert bunch.frame["n_missing"][0] == 4
        assert bunch.frame["largest_gap_s"][0] == pytest.approx(0.08)

    def test_jitter_is_refused_until_asked_for(self, road):
        rng = np.random.default_rng(0)
        t = np.arange(2000) / 100 + rng.uniform(-0.004, 0.004, 2000)
        table = pd.DataFrame({"timestamp": t, "x": np.sin(2 * np.pi * 5 * t)})
        with pytest.raises(DataFileError, match=r"uneven timestamps, with steps of 0\.00.* resample_to=100 "):
            road.load(table, channels=["x"])
        bunch = road.load(table, channels=["x"], resample_to=100)
        grid = t[0] + np.arange(bunch.data.shape[1]) / 100
        assert bunch.sampling_rate == 100.0
        # Linear interpolation of a sine at f errs by at most (pi f dt)^2 / 2, with steps of up to 18 ms here.
        assert np.abs(bunch.data[0, :, 0] - np.sin(2 * np.pi * 5 * grid)).max() < (np.pi * 5 * 0.018) ** 2 / 2

    def test_lowering_the_rate_does_not_alias(self, road):
        t = np.arange(4000) / 200
        slow, fast = np.sin(2 * np.pi * 5 * t), np.sin(2 * np.pi * 47 * t)
        table = pd.DataFrame({"timestamp": t, "slow": slow, "fast": fast})
        bunch = road.load(table, channels=["slow", "fast"], resample_to=50)
        inner = bunch.data[0, 50:-50]
        assert len(bunch.data[0]) == 1000
        assert inner[:, 0].std() == pytest.approx(np.sqrt(0.5), rel=0.01)
        # 47 Hz would show at 3 Hz with full power.
        assert inner[:, 1].std() < 0.01

    @pytest.mark.parametrize("rate", [50, 40, 25])
    def test_lowering_the_rate_keeps_a_ramp_to_its_ends(self, road, rate):
        t = np.arange(400) / 100
        bunch = road.load(pd.DataFrame({"timestamp": t, "x": 3 * t - 1}), channels=["x"], resample_to=rate)
        grid = np.arange(4 * rate) / rate
        np.testing.assert_allclose(bunch.data[0, :, 0], 3 * grid - 1, atol=1.5e-7)

    def test_lowering_the_rate_halves_what_is_at_0_4_of_it(self, road):
        """The gain is that of a Butterworth filter of order 8, forwards and backwards."""
        t = np.arange(8000) / 100
        table = pd.DataFrame({"timestamp": t} | {f"f{f}": np.sin(2 * np.pi * f * t) for f in (18, 20, 22)})
        bunch = road.load(table, channels=["f18", "f20", "f22"], resample_to=50)
        ratio = np.tan(np.pi * np.array([18, 20, 22]) / 100) / np.tan(np.pi * 20 / 100)
        found = np.sqrt(2) * bunch.data[0, 500:-500].std(axis=0)
        np.testing.assert_allclose(found, 1 / (1 + ratio**16), rtol=1e-3)

    def test_resampling_bridges_short_gaps_only(self, road):
        table = make_table(500).drop(index=[*range(100, 103), *range(300, 350)])
        bunch = road.load(table, resample_to=50, max_gap=0.1)
        missing = np.flatnonzero(np.isnan(bunch.data[0, :, 0]))
        assert missing.tolist() == list(range(300, 350))
        assert len(bunch.data[0]) == 500

    def test_gaps_split_recordings_on_request(self, road):
        table = make_table(500)
        cut = table.drop(index=[7, *range(100, 103), *range(300, 350)])
        assert road.load(cut).frame[["n_gaps", "n_missing"]].to_numpy().tolist() == [[1, 54]]
        bunch = road.load(cut, split_gaps=True, max_gap=0.1)
        assert bunch.frame["recording"].tolist() == ["a_0", "a_1"]
        assert bunch.frame["start_s"].tolist() == pytest.approx([0.0, 7.0])
        assert bunch.frame["n_missing"].tolist() == [4, 0]
        assert [len(x) for x in bunch.data] == [300, 150]
        np.testing.assert_allclose(bunch.data[1], table[["x", "y", "z"]].to_numpy()[350:], rtol=1e-12)
        assert len(road.load(cut, split_gaps=True, max_gap=0.05).data) == 3
        resampled = road.load(cut, split_gaps=True, resample_to=25)
        assert [len(x) for x in resampled.data] == [150, 75]
        assert not any(np.isnan(x).any() for x in resampled.data)

    @pytest.mark.parametrize("missing", [["x"], ["x", "y", "z"]])
    def test_a_sample_without_a_channel_is_none(self, road, missing):
        table = make_table(500)
        table.loc[[7, *range(300, 350)], missing] = np.nan
        whole = road.load(table).frame
        assert whole[["n_gaps", "n_missing"]].to_numpy().tolist() == [[1, 51]]
        assert whole["largest_gap_s"][0] == pytest.approx(1.02)
        bunch = road.load(table, split_gaps=True)
        assert len(bunch.data) == whole["n_gaps"][0] + 1
        assert bunch.frame["start_s"].tolist() == pytest.approx([0.0, 7.0])
        assert bunch.frame["n_gaps"].tolist() == [0, 0]
        # What there is of a sample that misses a channel within a stretch stays.
        expected = table[["x", "y", "z"]].to_numpy()
        np.testing.assert_allclose(bunch.data[0], expected[:300], rtol=1e-12)
        np.testing.assert_allclose(bunch.data[1], expected[350:], rtol=1e-12)

    @pytest.mark.parametrize("start", [0.0, 1_700_000_000.0])
    def test_a_step_of_just_max_gap_is_no_gap(self, road, start):
        table = pd.DataFrame({"timestamp": start + np.arange(300) / 10, "x": 1.0, "y": 2.0, "z": 3.0})
        for kwargs in ({}, {"resample_to": 20}, {"split_gaps": True}):
            frame = road.load(table, **kwargs).frame
            assert frame[["n_gaps", "n_missing"]].to_numpy().tolist() == [[0, 0]]
        assert road.load(table.drop(index=5)).frame["n_gaps"].tolist() == [1]

    def test_splitting_keeps_the_rest(self, road):
        # Disorder is still reported, labels and names belong to each part, and a clock that jumps costs no memory.
        table = make_table(200, trial="t", who="eva")
        table.loc[100:, "timestamp"] += 1e9
        broken = table.iloc[[*range(50), 51, 50, *range(52, 200)]]
        with pytest.raises(DataFileError, match=r"recording t, from 0\.000 s: found 1 timestamp.s. that go back"):
            road.load(broken, split_gaps=True, recording="trial")
        bunch = road.load(broken, split_gaps=True, recording="trial", subject="who", disorder="fix")
        assert bunch.frame["recording"].tolist() == ["t_0", "t_1"]
        assert bunch.frame["n_out_of_order"].tolist() == [1, 0]
        assert bunch.groups.tolist() == ["eva", "eva"]
        lone = table.drop(index=range(101, 200))
        with pytest.raises(DataFileError, match=r"from 1000000002\.000 s: found 1 complete"):
            road.load(lone, split_gaps=True)
        with pytest.warns(DataFileWarning, match="left out"):
            assert len(road.load(lone, split_gaps=True, errors="warn").data) == 1

    def test_disorder(self, road):
        table = make_table(100)
        order = np.arange(100)
        order[[20, 21]] = [21, 20]
        broken = pd.concat([table.iloc[order], table.iloc[[50]].assign(x=99.0)])
        with pytest.raises(DataFileError, match=r"2 timestamp\(s\) that go back and 1 that repeat.*disorder="):
            road.load(broken)
        bunch = road.load(broken, disorder="fix")
        np.testing.assert_allclose(bunch.data[0], table[["x", "y", "z"]], rtol=1e-12)
        assert bunch.frame.loc[0, ["n_duplicates", "n_out_of_order"]].tolist() == [1, 2]

    def test_five_percent_of_duplicates_are_dropped_in_silence(self, road):
        table = make_table(95)
        repeated = pd.concat([table, table.iloc[10:15]])
        assert road.load(repeated, disorder="fix").frame["n_duplicates"].tolist() == [5]
        with pytest.warns(DataFileWarning, match="6 of 101 samples dropped"):
            road.load(pd.concat([table, table.iloc[10:16]]), disorder="fix")

    def test_many_dropped_duplicates_are_told(self, road):
        # A clock of 40 ms that stamps samples of 20 ms: "fix" drops every other one.
        table = make_table(100)
        table["timestamp"] = np.arange(100) // 2 * 0.04
        with pytest.warns(DataFileWarning, match=r"50 of 100 samples dropped.*time=None and sampling_rate="):
            bunch = road.load(table, disorder="fix")
        assert bunch.data.shape == (1, 50, 3)

    @pytest.mark.parametrize(
        ("change", "message"),
        [
            ({"sampling_rate": 60}, "stated sampling_rate of 60 Hz"),
            ({"time_unit": "ms", "resample_to": 50}, None),
            ({"time_unit": "ns", "sampling_rate": 50}, "stated sampling_rate of 50 Hz"),
        ],
    )
    def test_wrong_rate_or_unit(self, road, change, message):
        if message is None:
            # Seconds read as ms claim 50,000 Hz: 100 samples shrink to one at 50 Hz, which nobody means.
            with pytest.warns(DataFileWarning, match=r"the measured rate is 5e\+04 Hz.*check time_unit"):
                bunch = road.load(make_table(), **change)
            assert bunch.frame["measured_rate_hz"][0] == pytest.approx(50_000)
            return
        with pytest.raises(DataFileError, match=message):
            road.load(make_table(), **change)

    def test_ticks_read_as_seconds(self, road):
        table = make_table()
        table["timestamp"] *= 1000
        with pytest.raises(DataFileError, match=r"0\.05 Hz.*at least a tenth of resample_to=50 Hz.*time_unit"):
            road.load(table, resample_to=50)
        with pytest.warns(DataFileWarning, match=r"the measured rate is 0\.05 Hz.*check time_unit"):
            assert road.load(table).sampling_rate == pytest.approx(0.05)
        with pytest.raises(DataFileError, match=r"1 complete sample\(s\).*Check time_unit, and max_gap"):
            road.load(table, split_gaps=True)
        # Who states the rate means it.
        assert road.load(table, sampling_rate=0.05).sampling_rate == 0.05

    def test_clock_jump_costs_no_memory(self, road):
        table = make_table()
        table.loc[50:, "timestamp"] += 1e9
        with pytest.raises(DataFileError, match="clock jumped"):
            road.load(table)
        with pytest.raises(DataFileError, match="clock jumped"):
            road.load(table, resample_to=50)

    @pytest.mark.parametrize(("stated", "agrees"), [(49.6, True), (50.4, True), (49.4, False), (50.6, False)])
    def test_a_stated_rate_agrees_to_one_percent(self, road, stated, agrees):
        if agrees:
            assert road.load(make_table(), sampling_rate=stated).sampling_rate == stated
            return
        with pytest.raises(DataFileError, match=f"the stated sampling_rate of {stated} Hz to 1 %"):
            road.load(make_table(), sampling_rate=stated)

    @pytest.mark.parametrize(("shift", "even"), [(0.0035, True), (0.0045, False)])
    def test_times_may_be_a_tenth_of_a_period_off(self, road, shift, even):
        # The grid runs through the middle between the earliest and the latest time.
        table = make_table()
        table.loc[50, "timestamp"] += shift
        if even:
            assert road.load(table).data.shape == (1, 100, 3)
            return
        with pytest.raises(DataFileError, match=r"uneven timestamps, with steps of 0\.0155 to 0\.0245 s at about 50"):
            road.load(table)

    def test_rates_of_accelerometers_are_1_to_10_000_hz(self, road):
        for rate in (1.01, 9900.0):
            assert road.load(make_table(rate=rate)).sampling_rate == pytest.approx(rate)
        for rate in (0.99, 10_100.0):
            with pytest.warns(DataFileWarning, match="which no accelerometer has"):
                road.load(make_table(rate=rate))

    def test_one_percent_of_a_recording_has_to_be_there(self, road):
        table = make_table(50, rate=1.0 / 0.02)
        for gap, enough in ((97.0, True), (103.0, False)):
            late = table.copy()
            late.loc[25:, "timestamp"] += gap
            if enough:
                assert road.load(late).data.shape[1] == 50 + 50 * gap
            else:
                with pytest.raises(DataFileError, match="at least 1 % is there"):
                    road.load(late)

    def test_rates_must_agree(self, road):
        road.write(make_table(rate=50.0), "a")
        road.write(make_table(rate=50.0), "b")
        road.write(make_table(rate=100.0), "c")
        with pytest.raises(DataFileError, match=r"c\.\w+: found 100 Hz, expected the 50 Hz of the other"):
            road.load(road.folder)
        assert road.load(road.folder, resample_to=50).sampling_rate == 50.0


class TestBrokenFiles:
    def test_missing_column_lists_what_is_there(self, road):
        with pytest.raises(DataFileError, match=r"found the columns \['timestamp', 'x', 'y', 'w'\].*\['z'\]"):
            road.load(make_table().rename(columns={"z": "w"}))

    def test_text_in_a_channel(self, road):
        table = make_table().astype({"y": object})
        table["y"] = table["y"].map(str)
        table.loc[41, "y"] = "n/k"
        with pytest.raises(DataFileError, match=r"(line 43|row 41), column 'y': found 'n/k', expected a number"):
            road.load(table)

    def test_infinity(self, road):
        table = make_table()
        table.loc[4, "z"] = -np.inf
        with pytest.raises(DataFileError, match=r"(line 6|row 4), column 'z'.*finite"):
            road.load(table)

    def test_time_that_is_missing(self, road):
        table = make_table()
        table.loc[30, "timestamp"] = np.nan
        with pytest.raises(DataFileError, match=r"(line 32|row 30), column 'timestamp'"):
            road.load(table)

    def test_no_rows(self, road):
        with pytest.raises(DataFileError, match="no rows"):
            road.load(make_table().iloc[:0])

    def test_one_sample(self, road):
        with pytest.raises(DataFileError, match=r"1 complete sample\(s\), expected at least two"):
            road.load(make_table(1))

    @pytest.mark.parametrize("content", [b"", b"\x00" * 500, bytes(range(256)) * 20, b"\xff\xfe" + b"x,y\n1,2\n" * 3])
    def test_garbage(self, road, content):
        path = road.folder / f"a.{road.kind}"
        path.write_bytes(content)
        with pytest.raises(DataFileError) as info:
            road.load(path)
        assert info.value.path == path

    def test_missing_file_and_empty_folder(self, road):
        with pytest.raises(DataFileError, match=r"found no such file, expected .* Check the path"):
            road.load(road.folder / f"nobody.{road.kind}")
        with pytest.raises(DataFileError, match=f"without .{road.kind} files"):
            road.load(road.folder)
        with pytest.raises(ValueError, match="at least one file"):
            road.load([])

    def test_warn_reads_the_rest(self, road):
        good, bad = road.write(make_table(), "good"), road.folder / f"bad.{road.kind}"
        bad.write_bytes(good.read_bytes()[:7])
        with pytest.warns(DataFileWarning, match=r"left out: .*bad\."):
            bunch = road.load(road.folder, errors="warn")
        assert bunch.frame["recording"].tolist() == ["good"]
        assert bunch.skipped["file"].tolist() == [bad.name]
        with pytest.warns(DataFileWarning), pytest.raises(DataFileError, match="not one intact recording"):
            road.load([bad], errors="warn")

    def test_warn_reads_the_other_recordings_of_a_file(self, road):
        parts = [make_table(50, trial="a"), make_table(1, trial="short"), make_table(50, trial="z")]
        with pytest.warns(DataFileWarning, match="recording short"):
            bunch = road.load(pd.concat(parts), recording="trial", errors="warn")
        assert bunch.frame["recording"].tolist() == ["a", "z"]

    def test_parameters_are_checked_before_any_file(self, road):
        with pytest.raises(ValueError, match="channels: expected one or more different"):
            road.load(road.folder / "nobody", channels=["x", "x"])
        with pytest.raises(ValueError, match="'errors' parameter"):
            road.load(road.folder / "nobody", errors="ignore")

    @pytest.mark.parametrize("keep", [0.1, 0.5, 0.99])
    def test_cut_parquet(self, tmp_path, keep):
        path = tmp_path / "a.parquet"
        make_table(1000).to_parquet(path)
        path.write_bytes(path.read_bytes()[: int(keep * path.stat().st_size)])
        with pytest.raises(DataFileError, match="no intact Parquet data"):
            load_parquet_recordings(path)

    def test_damaged_page_of_parquet(self, tmp_path):
        path = tmp_path / "a.parquet"
        make_table(20_000).to_parquet(path)
        content = bytearray(path.read_bytes())
        content[4:2000] = bytes(1996)
        path.write_bytes(content)
        with pytest.raises(DataFileError, match="no intact Parquet data"):
            load_parquet_recordings(path)
