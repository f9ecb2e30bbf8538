"""The pages of recordings, drawings and pen files, without a browser."""

import base64
import io
import json
import re
import subprocess
import sys

import numpy as np
import pandas as pd
import pytest
from typer.testing import CliRunner

from skpd.cli import app
from skpd.datasets import make_tremor_recordings
from skpd.exceptions import DataFileError
from skpd.models import ModelFolderError, TrainingDistance, load_manifest, save_model
from skpd.models._recording import Recording
from skpd.models._sources import ReadOptions
from skpd.pages import write_view
from skpd.pages._view_layers import decibel_range, make_layer
from skpd.pages._view_open import read_recording
from skpd.pages._view_windows import find_bouts, measure_windows, strongest_windows, timeline_json
from skpd.recipes import make_recipe
from skpd.signal import PUBLISHED_BANDS, band_channel_names

RATE = 50.0
BANDS = band_channel_names()
READ = {"units": "m/s^2", "sampling_rate": RATE}


def tremor(seconds, *, frequency=4.8, begin=0.0, end=np.inf, rate=RATE, size=1.0):
    """One axis trembles from `begin` to `end`, gravity is on another."""
    rng = np.random.default_rng(0)
    t = np.arange(round(seconds * rate)) / rate
    x = rng.normal(0, 0.2, (len(t), 3)) + [0, 0, 9.81]
    x[:, 0] += size * np.sin(2 * np.pi * frequency * t) * ((t >= begin) & (t < end))
    return x


def page_data(page):
    text = page.read_text(encoding="utf-8")
    return json.loads(re.search(r'<script type="application/json" id="recording">(.*?)</script>', text, re.DOTALL)[1])


def numbers(text, dtype):
    return np.frombuffer(base64.b64decode(text), dtype=dtype)


def opened(samples, **options):
    return Recording("file.npy", samples, RATE, **options)


@pytest.mark.parametrize("n", [5_000, 250_000])
def test_a_layer_holds_every_extreme_of_the_signal(n):
    x = np.random.default_rng(0).normal(size=(n, 3))
    x[n // 3] = [50, -40, 30]
    x[100:300, 1] = np.nan
    layer = make_layer(opened(x))
    saved = layer.as_json((-60, 0))
    values = numbers(saved["values"], "<i2").reshape(3, saved["n"], -1).astype(float)
    assert saved["raw"] == (n == 5_000)
    assert saved["n"] <= 100_000
    assert saved["n"] * saved["step"] >= n / RATE
    low, high = np.array(saved["extent"]).T
    np.testing.assert_allclose([high[0], low[1], high[2]], [50, -40, 30])
    # The script's formula brings every value back to within a quantum.
    back = np.where(
        values == -32768, np.nan, low[:, None, None] + (values + 32767) * ((high - low) / 65534)[:, None, None]
    )
    flat = layer.values.reshape(saved["n"], 3, -1).transpose(1, 0, 2)
    np.testing.assert_allclose(back, flat, atol=1e-3)
    if n == 5_000:
        assert np.isnan(back[1, 100:300]).all()


def test_the_spectrogram_finds_a_tremor_where_and_when_it_is():
    x = tremor(600, frequency=4.75, begin=200, end=300)
    x[20_000:20_100] = np.nan
    layer = make_layer(opened(x))
    at = layer.spectrum_start + layer.spectrum_step * np.arange(len(layer.spectrum))
    during, before = layer.spectrum[(at > 203) & (at < 297)], layer.spectrum[at < 197]
    frequencies = layer.hertz * np.arange(layer.spectrum.shape[1])
    assert frequencies[-1] == pytest.approx(15.0)
    assert (frequencies[during.argmax(axis=1)] == 4.75).all()
    assert during[:, 19].min() > before[:, 19].max() + 10
    # Every segment of 4 s that touches the gap at 400 to 402 s, and no other.
    gap = np.isnan(layer.spectrum).all(axis=1)
    assert at[gap].min() == pytest.approx(398, abs=2 * layer.spectrum_step)
    assert at[gap].max() == pytest.approx(404, abs=2 * layer.spectrum_step)
    assert gap.sum() * layer.spectrum_step == pytest.approx(6, abs=2 * layer.spectrum_step)
    # White noise of standard deviation 0.2 on three axes: 3 * 0.2^2 / 25 Hz.
    level = 10 * np.log10(np.mean(10 ** (before[:, 30:] / 10)))
    assert level == pytest.approx(10 * np.log10(3 * 0.04 / 25), abs=0.5)
    low, high = decibel_range(layer)
    assert low < level < high
    assert high > during[:, 19].mean() - 3


def test_windows_without_a_model_are_those_of_measure_tremor():
    from skpd.models import measure_tremor

    x = tremor(4000)
    x[1000:1100] = np.nan
    windows = pd.concat(measure_windows(opened(x, clips_at=10.5), PUBLISHED_BANDS), ignore_index=True)
    assert len(windows) == 1999
    assert windows["start_s"].tolist() == list(range(0, 3998, 2))
    # The gap from 20 to 22 s.
    assert windows.loc[windows["gap"], "start_s"].tolist() == [18.0, 20.0]
    for k in (0, 950, 1998):
        expected = measure_tremor(x[None, 100 * k : 100 * k + 200], RATE, PUBLISHED_BANDS)
        pd.testing.assert_frame_equal(windows.loc[[k], expected.columns].reset_index(drop=True), expected)
    clipped = [(np.abs(x[100 * k : 100 * k + 200]) >= 10.5).any() for k in range(1999)]
    assert windows["clipping"].tolist() == clipped
    assert windows["nonwear"].notna().all()


def some_windows(prediction, **columns):
    n = len(prediction)
    frame = pd.DataFrame({"start_s": 2.0 * np.arange(n), "end_s": 2.0 * np.arange(n) + 4, "prediction": prediction})
    frame["prediction"] = frame["prediction"].astype("Int64")
    for name, size in zip(BANDS, (1.0, 3.0, 2.0), strict=True):
        frame[f"{name}_frequency_hz"] = np.linspace(size + 3, size + 4, n)
        frame[f"{name}_acceleration_m_s2"] = size
        frame[f"{name}_displacement_cm"] = size / 10
    defaults = {name: pd.array([pd.NA] * n, dtype="boolean") for name in ("nonwear", "clipping", "unlike_training")}
    return frame.assign(**{"gap": False, **defaults, **columns})


def test_bouts_are_runs_of_windows_with_tremor():
    gap = np.array([0, 0, 0, 0, 1, 0, 0, 0, 0], dtype=bool)
    unlike = pd.array([False] * 6 + [True] + [False] * 2, dtype="boolean")
    bouts = find_bouts(some_windows([0, 1, 2, 0, None, 3, 3, 0, 1], gap=gap, unlike_training=unlike), BANDS)
    assert bouts[["start_s", "end_s", "duration_s", "severity", "highest", "n_windows"]].values.tolist() == [
        [2, 8, 6, 1.5, 2, 2],
        [10, 16, 6, 3.0, 3, 2],
        [16, 20, 4, 1.0, 1, 1],
    ]
    assert set(bouts["band"]) == {"postural_6_9hz"}
    assert bouts["flags"].tolist() == ["", "unlike training data", ""]
    worn = pd.array([False] * 8 + [True], dtype="boolean")
    assert len(find_bouts(some_windows([0] * 8 + [4], nonwear=worn), BANDS)) == 0


def test_the_timeline_of_many_windows_keeps_shares_and_flags():
    prediction = np.zeros(10_000, dtype=int)
    prediction[5000:5003] = 4
    windows = some_windows(prediction, gap=np.arange(10_000) == 7000)
    windows["proba_0"], windows["proba_4"] = 1.0 - (prediction > 0), (prediction > 0).astype(float)
    saved = timeline_json(windows, BANDS, [0, 4])
    assert saved["n"] <= 4000
    assert saved["joined"] == 3
    assert saved["step"] == 6.0
    shares = numbers(saved["shares"], "<f4").reshape(2, -1)
    np.testing.assert_allclose(shares.sum(axis=0), 1)
    assert shares[1].sum() * 3 == pytest.approx(3)
    assert saved["flag_names"] == ["gap"]
    assert np.flatnonzero(numbers(saved["flags"], "<f4")).tolist() == [7000 // 3]


def test_strongest_windows_keep_their_distance():
    windows = some_windows([0] * 100)
    size = np.zeros(100)
    size[[10, 11, 50, 90]] = [5, 6, 4, 7]
    windows["kinetic_9_12hz_acceleration_m_s2"] = size
    windows["postural_6_9hz_acceleration_m_s2"] = windows["rest_3_6hz_acceleration_m_s2"] = np.where(size > 0, 0.1, 0)
    assert strongest_windows(windows, BANDS, 3, 60.0) == [22.0, 100.0, 180.0]


def test_the_page_of_a_model_says_what_predict_says(stored, tmp_path):
    np.save(tmp_path / "anna.npy", tremor(300, begin=100, end=200, size=5.0))
    page = write_view(tmp_path / "anna.npy", tmp_path / "anna.html", model=stored, **READ)
    from skpd.models import predict_files

    report = predict_files(stored, [tmp_path / "anna.npy"], tmp_path / "out", **READ)
    windows = pd.read_csv(tmp_path / "out" / "windows" / "anna.csv")
    data = page_data(page)
    assert [c["title"] for c in data["classes"]] == ["0", "1", "2", "3", "4"]
    assert data["timeline"]["n"] == len(windows)
    shares = numbers(data["timeline"]["shares"], "<f4").reshape(5, -1)
    assert shares.argmax(axis=0).tolist() == windows["prediction"].tolist()
    proba = numbers(data["timeline"]["probabilities"], "<f4").reshape(5, -1)
    np.testing.assert_allclose(proba, windows[[f"proba_{k}" for k in range(5)]].T, atol=1e-6)
    text = page.read_text(encoding="utf-8")
    share = report.summary["share_tremor"].iloc[0]
    assert f"tremor in {100 * share:.0f}% of {len(windows)} windows" in text
    assert "Whether the signal was clipped: state the range of the device" in text
    assert all(f"<th>{head}</th>" in re.sub(r"<th [^>]*>", "<th>", text) for head in ("mean severity", "severity 4"))
    known = write_view(tmp_path / "anna.npy", tmp_path / "known.html", model=stored, device_range=80.0, **READ)
    assert "Whether the signal was clipped" not in known.read_text(encoding="utf-8")
    # None is flagged: a recording of minutes is not looked through for non-wear.
    bouts = find_bouts(windows.drop(columns=["nonwear", "clipping", "unlike_training"]), BANDS)
    assert 0 < text.count('class="go"') == len(bouts)


def test_true_and_false_are_classes_and_no_degrees(tmp_path):
    wrist = make_tremor_recordings(n_subjects=4, duration=12.0, random_state=0)
    recipe = make_recipe("tremor", sampling_rate=wrist.sampling_rate, classifier="logistic-regression")
    recipe.fit(wrist.data, wrist.target > 0)
    save_model(recipe, tmp_path / "model", recipe="tremor", sampling_rate=wrist.sampling_rate, units="m/s^2")
    np.save(tmp_path / "anna.npy", tremor(60))
    page = write_view(tmp_path / "anna.npy", tmp_path / "anna.html", model=tmp_path / "model", **READ)
    assert [c["title"] for c in page_data(page)["classes"]] == ["False", "True"]
    assert "mean severity" not in page.read_text(encoding="utf-8")


def test_the_same_file_gives_the_same_page(stored, tmp_path):
    np.save(tmp_path / "anna.npy", tremor(60))
    pages = [write_view(tmp_path / "anna.npy", tmp_path / f"{n}.html", model=stored, n_jobs=n, **READ) for n in (1, 2)]
    assert pages[0].read_bytes() == pages[1].read_bytes()


def test_what_looks_like_markup_is_text(tmp_path):
    name = "<script>alert(1)<"
    np.save(tmp_path / "x.npy", tremor(20))
    file = (tmp_path / "x.npy").rename(tmp_path / f"{name}.npy")
    text = write_view(file, tmp_path / "x.html", **READ).read_text(encoding="utf-8")
    assert "alert(1)" in text
    assert "<script>alert" not in text


def test_other_rates_and_units_are_converted(stored, tmp_path):
    np.save(tmp_path / "anna.npy", tremor(60, rate=100) / 9.80665)
    page = write_view(tmp_path / "anna.npy", tmp_path / "anna.html", model=stored, units="g", sampling_rate=100)
    data = page_data(page)
    assert data["layers"][0]["step"] == pytest.approx(0.02)
    assert data["layers"][0]["extent"][2][1] > 9.8
    assert "Resampled from 100 to 50 Hz." in page.read_text(encoding="utf-8")


def make(tmp_path, name, content):
    file = tmp_path / name
    if isinstance(content, np.ndarray):
        np.save(file, content)
    else:
        file.write_text(content)
    return file


@pytest.mark.parametrize(
    ("name", "content", "options", "message"),
    [
        ("a.npy", np.zeros((500, 3)), {"sampling_rate": 50}, "units: expected one of"),
        ("a.npy", np.zeros((500, 3)), {"units": "mg", "sampling_rate": 50}, "units: expected one of"),
        ("a.npy", np.zeros((500, 3)), {"units": "g"}, "sampling_rate: expected a rate in Hz"),
        ("a.npy", np.zeros((3, 500)), READ, "transposed"),
        ("a.npy", np.zeros((100, 3)), READ, "found 2 s, expected at least one window, 4 s"),
        ("a.npy", np.zeros((500, 3)), {"units": "g", "sampling_rate": 20}, "expected more than 24 Hz"),
        ("a.npy", np.zeros((500, 12)), READ, "found 12 channels"),
        ("a.npy", "text", READ, "expected a whole .npy array"),
        ("a.npy", "", READ, "expected a whole .npy array"),
        ("a.csv", "", READ, "a.csv"),
        ("a.bin", "text", {}, "a.bin"),
        ("a.png", "text", {}, "a.png"),
        ("a.svc", "text", {}, "a.svc"),
        ("a.txt", "text", {}, "a.txt"),
        ("a.doc", "text", {}, "found the suffix '.doc', expected a recording"),
        ("a.npy", np.zeros((500, 3)), {**READ, "unit": "g"}, "options: expected among"),
    ],
    ids=lambda value: value if isinstance(value, str) and len(value) < 8 else "",
)
def test_wrong_calls_say_what_is_wrong(tmp_path, name, content, options, message):
    file = make(tmp_path, name, content)
    with pytest.raises((ValueError, OSError)) as error:
        write_view(file, tmp_path / "page.html", **options)
    assert message in str(error.value)
    assert not (tmp_path / "page.html").exists()


@pytest.mark.parametrize("name", ["a.npy", "a.csv", "a.bin", "a.png", "a.svc", "a.txt", "a.parquet"])
def test_a_missing_file_is_named(tmp_path, name):
    with pytest.raises((ValueError, OSError), match=re.escape(name)):
        write_view(tmp_path / name, tmp_path / "page.html", **READ)


def test_models_that_are_missing_or_of_another_kind_are_refused(stored, tmp_path):
    file = make(tmp_path, "a.npy", tremor(20))
    with pytest.raises(ModelFolderError, match="nowhere"):
        write_view(file, tmp_path / "page.html", model=tmp_path / "nowhere", **READ)
    (tmp_path / "a.svc").write_text("")
    with pytest.raises(ValueError, match="expected one of pens for"):
        write_view(tmp_path / "a.svc", tmp_path / "page.html", model=stored)
    with pytest.raises(ValueError, match="got the folder"):
        write_view(file, tmp_path, **READ)
    with pytest.raises(ValueError, match="another file than the one shown"):
        write_view(file, file, **READ)
    from PIL import Image

    Image.new("L", (20, 20)).save(tmp_path / "a.png")
    with pytest.raises(ValueError, match="expected one of drawings"):
        write_view(tmp_path / "a.png", tmp_path / "page.html", model=stored)


def test_a_drawing_and_its_class(tmp_path):
    from PIL import Image
    from sklearn.neighbors import KNeighborsClassifier
    from sklearn.pipeline import make_pipeline
    from sklearn.preprocessing import FunctionTransformer

    X = np.stack([np.full((40, 40, 3), grey, np.uint8) for grey in (10, 20, 200, 210)])
    model = make_pipeline(FunctionTransformer(np.mean, kw_args={"axis": (1, 2)}), KNeighborsClassifier(3))
    model.fit(X, ["dark", "dark", "light", "light"])
    save_model(model, tmp_path / "model", image_size=(40, 40))
    Image.new("L", (1500, 60), 15).save(tmp_path / "anna.png")
    page = write_view(tmp_path / "anna.png", tmp_path / "p.html", model=tmp_path / "model", trusted=["numpy.mean"])
    text = page.read_text(encoding="utf-8")
    assert "The model calls it dark, with a probability of 0.67." in text
    assert "Probability of each class: dark 0.67, light 0.33" in text
    assert 'width="1200" height="48" src="data:image/png;base64,' in text
    # What is not known is said without alarm.
    assert "whether it is unlike the training data is not known" in text.lower()
    assert "Read this first" not in text


def test_a_photograph_held_sideways_is_shown_upright(tmp_path):
    from PIL import Image

    exif = Image.Exif()
    exif[0x0112] = 6
    Image.new("L", (60, 40), 200).save(tmp_path / "a.jpg", exif=exif)
    text = write_view(tmp_path / "a.jpg", tmp_path / "p.html").read_text(encoding="utf-8")
    assert "40 × 60 pixels" in text
    assert 'width="40" height="60" src="data:image/png;base64,' in text


def test_sixteen_bits_of_grey_are_scaled_not_cut(tmp_path):
    from PIL import Image

    Image.fromarray(np.full((4, 4), 100 * 257, np.uint16)).save(tmp_path / "a.png")
    text = write_view(tmp_path / "a.png", tmp_path / "p.html").read_text(encoding="utf-8")
    shown = re.search(r"data:image/png;base64,([^\"]+)", text)[1]
    assert (np.asarray(Image.open(io.BytesIO(base64.b64decode(shown)))) == 100).all()


def spiral_csv(tmp_path):
    t = np.arange(0, 10, 0.0075)
    angle = 2 * t
    radius = 2 * angle + 0.8 * np.sin(2 * np.pi * 5 * t)
    table = {"ms": 1000 * t, "x_mm": radius * np.cos(angle), "y_mm": radius * np.sin(angle), "force": 500 + 0 * t}
    pd.DataFrame(table).to_csv(tmp_path / "spiral.csv", index=False)
    return tmp_path / "spiral.csv"


def test_a_pen_table_shows_its_spiral_and_its_tremor(tmp_path):
    arguments = [
        "view",
        spiral_csv(tmp_path),
        "--out",
        tmp_path / "s.html",
        "--time-unit",
        "ms",
        "--resolution",
        "1e-3",
    ]
    arguments += ["--pen-columns", "x=x_mm,y=y_mm,t=ms,pressure=force", "--pressure-levels", "1024"]
    result = CliRunner().invoke(app, list(map(str, arguments)))
    assert result.exit_code == 0, result.output
    text = (tmp_path / "s.html").read_text(encoding="utf-8")
    rows = dict(re.findall(r"<td>([\d.,-]+)</td><td>[^<]*</td><td>(\w+)</td>", text))
    rows = {name: float(value) for value, name in rows.items()}
    assert rows["spiral_tremor_frequency"] == pytest.approx(5, abs=0.1)
    assert rows["spiral_tremor_amplitude"] == pytest.approx(0.8, rel=0.1)
    assert rows["loop_count"] == pytest.approx(20 / (2 * np.pi), rel=0.05)
    assert text.count("<svg") == 2
    assert "The ideal spiral has 3.2 turns" in text
    assert len(text) < 1_000_000


@pytest.mark.parametrize("columns", ["x", "x=,y=b,t=c", "x=a,y=b"])
def test_columns_of_a_pen_table_that_are_wrong(tmp_path, columns):
    arguments = ["view", str(spiral_csv(tmp_path)), "--out", str(tmp_path / "s.html"), "--pen-columns", columns]
    result = CliRunner().invoke(app, arguments)
    assert result.exit_code == 2
    assert "columns: expected" in result.output


def test_the_command_says_where_the_page_is(stored, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    np.save("anna.npy", tremor(30))
    arguments = ["view", "anna.npy", "--model", str(stored), "--units", "m/s^2", "--sampling-rate", "50"]
    result = CliRunner().invoke(app, arguments)
    assert result.exit_code == 0, result.output
    assert result.output.startswith("anna.html (")
    assert (tmp_path / "anna.html").is_file()
    failed = CliRunner().invoke(app, ["view", "anna.npy"])
    assert failed.exit_code == 2
    assert "skpd view: units: expected" in failed.output


def test_the_real_geneactiv_file(stored, data_dir, tmp_path):
    file = data_dir / "geneactiv" / "GENEActiv_testfile.bin"
    page = write_view(file, tmp_path / "g.html", model=stored)
    text = page.read_text(encoding="utf-8")
    assert "from 2013-05-30 10:12:54" in text
    assert "pages that the header claims" in text
    # By the device's clock, whatever the zone of the reader.
    assert pd.Timestamp(page_data(page)["clock"], unit="ms").isoformat() == "2013-05-30T10:12:54.500000"
    plain = page_data(write_view(file, tmp_path / "plain.html"))
    assert plain["layers"][0]["step"] == pytest.approx(1 / 85.7, rel=1e-2)


def test_a_geneactiv_export(tmp_path):
    rows = tremor(20)
    header = ["Device Type,GENEActiv", "Device Unique Serial Code,1", "Measurement Frequency,50.0 Hz"] + [""] * 97
    times = pd.Timestamp("2024-03-01 09:00:00") + pd.to_timedelta(np.arange(len(rows)) * 20, unit="ms")
    lines = [
        f"{t:%Y-%m-%d %H:%M:%S}:{t.microsecond // 1000:03d},{x:.4f},{y:.4f},{z:.4f},0,0,21.0"
        for t, (x, y, z) in zip(times, rows / 9.80665, strict=True)
    ]
    (tmp_path / "wrist.csv").write_text("\n".join(header + lines) + "\n")
    page = write_view(tmp_path / "wrist.csv", tmp_path / "w.html")
    data = page_data(page)
    assert pd.Timestamp(data["clock"], unit="ms").isoformat() == "2024-03-01T09:00:00"
    assert data["layers"][0]["extent"][2][0] > 8.5


@pytest.mark.parametrize("hand", ["RIGHT", "LEFT"])
def test_the_rest_recordings_of_cloudupdrs_show_their_tremor(data_dir, hand):
    from scipy.signal import welch

    file = next((data_dir / "cloudupdrs" / "2458").glob(f"T_-_REST_TREMOR*{hand}_HAND*.csv"))
    names = ["t", "x", "y", "z", "marker"]
    options = ReadOptions(units="m/s^2", names=names, time="t", time_unit="ns", sampling_rate=100.0)
    view = read_recording(file, None, options, n_jobs=None)
    # By another way: Welch's method on the samples as they are in the file.
    raw = pd.read_csv(file, names=names)
    frequency, power = welch(raw[["x", "y", "z"]].to_numpy(), fs=100, nperseg=800, axis=0)
    inside = (frequency >= 3) & (frequency <= 12)
    peak = frequency[inside][power.sum(axis=1)[inside].argmax()]
    spectrum = view.data["layers"][0]["spectrum"]
    bytes_ = numbers(spectrum["values"], np.uint8).reshape(spectrum["n"], -1).astype(float)
    row = round(peak / spectrum["hertz"])
    level = bytes_.mean(axis=0)
    at = np.arange(len(level)) * spectrum["hertz"]
    assert abs(at[12:49][level[12:49].argmax()] - peak) <= 0.75
    # A third of the colour scale above what lies above the bands.
    assert level[row - 1 : row + 2].mean() > level[at > 12].mean() + 80


def test_pen_files_of_other_devices(data_dir, tmp_path):
    svc = next((data_dir / "svc").glob("*.svc"))
    assert "mean speed" in write_view(svc, tmp_path / "s.html").read_text(encoding="utf-8")
    uci = sorted((data_dir / "uci_spiral" / "parkinson").glob("*.txt"))[0]
    page = write_view(uci, tmp_path / "u.html")
    text = page.read_text(encoding="utf-8")
    assert "Static spiral" in text
    assert "The ideal spiral has" in text
    assert len(text) < 2_000_000


def test_unlike_input_is_said_first(tmp_path, stored, monkeypatch):
    from skpd.models._loaded import LoadedModel

    real = LoadedModel.predict_windows

    def unlike(*args, **kwargs):
        for block in real(*args, **kwargs):
            block["unlike_training"] = pd.array([True] * len(block), dtype="boolean")
            yield block

    monkeypatch.setattr(LoadedModel, "predict_windows", unlike)
    manifest = load_manifest(stored) | {"distance": TrainingDistance.from_table(np.eye(8, 102), range(8)).as_json()}
    monkeypatch.setattr("skpd.models._store.read_manifest", lambda path: manifest)
    np.save(tmp_path / "a.npy", tremor(30))
    text = write_view(tmp_path / "a.npy", tmp_path / "a.html", model=stored, **READ).read_text(encoding="utf-8")
    assert text.index("Read this first") < text.index("The model finds tremor")
    assert "100% of the windows are unlike the training data" in text
    assert page_data(tmp_path / "a.html")["timeline"]["flag_names"] == ["unlike training data"]


def test_uneven_times_ask_for_a_rate(tmp_path):
    t = np.arange(600) / 50 + np.random.default_rng(0).uniform(-0.005, 0.005, 600)
    frame = pd.DataFrame(tremor(12), columns=list("xyz")).assign(timestamp=t)
    frame.to_csv(tmp_path / "a.csv", index=False)
    with pytest.raises(DataFileError, match=r"State a sampling rate to interpolate at it \(--sampling-rate"):
        write_view(tmp_path / "a.csv", tmp_path / "a.html", units="m/s^2")
    page = write_view(tmp_path / "a.csv", tmp_path / "a.html", **READ)
    assert "Interpolated at 50 Hz, since its times are uneven." in page.read_text(encoding="utf-8")


CODE = """
import resource, sys
import numpy as np
from skpd.models import measure_tremor
from skpd.pages import write_view
write_view(sys.argv[1], sys.argv[2], units="m/s^2", sampling_rate=25.0)
before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
write_view(sys.argv[3], sys.argv[4], units="m/s^2", sampling_rate=25.0)
print((resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before) / 1024)
"""


@pytest.mark.slow
@pytest.mark.skipif(sys.platform != "linux", reason="the size of the process is read as Linux reports it")
def test_memory_hardly_grows_with_the_recording(four_days, tmp_path):
    np.save(tmp_path / "hour.npy", np.load(four_days, mmap_mode="r")[: 3600 * 25])
    arguments = [tmp_path / "hour.npy", tmp_path / "hour.html", four_days, tmp_path / "days.html"]
    done = subprocess.run(
        [sys.executable, "-c", CODE, *map(str, arguments)], capture_output=True, text=True, check=True
    )
    # The samples are 104 MB as they are stored, 207 MB as float64.
    assert float(done.stdout) < 80
    assert (tmp_path / "days.html").stat().st_size < 5e6
