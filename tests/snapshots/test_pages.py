"""What reports and views say: all of their text, with each picture as what it is said to show."""

import base64
import json
import re
from contextlib import contextmanager

import numpy as np
import pandas as pd
import pytest
from markupsafe import Markup, escape
from PIL import Image

from skpd import __version__
from skpd.model_selection import AuditCheck, LeakageReport
from skpd.models._recording import Recording
from skpd.pages import write_report, write_view
from skpd.pages._reading import read_study
from skpd.pages._study import StudyView
from skpd.pages._view_windows import measure_windows
from skpd.signal import PUBLISHED_BANDS, band_channel_names

from .conftest import summarise
from .made_up import made_up_drawings, made_up_rows, made_up_study

RATE = 50.0


def described(figure, *, name, alt):
    """Stand in for the picture: its size, and what is written at its axes."""
    width, height = figure.get_size_inches()
    axes = [f"{ax.get_title('left') or ax.get_title()}; {ax.get_xlabel()}; {ax.get_ylabel()}" for ax in figure.axes]
    looks = [bool(c.get_rasterized()) for ax in figure.axes for c in ax.collections]
    text = f"[picture {name}, {width:.3g} x {height:.3g}: {alt} | {' | '.join(axes)} | {sum(looks)} as pixels]"
    return Markup(f"<svg>{escape(text)}</svg>")


@pytest.fixture(autouse=True)
def pictures_in_words(monkeypatch):
    for module in ("_figures", "_view_drawing"):
        monkeypatch.setattr(f"skpd.pages.{module}.figure_svg", described)


def text_of(page):
    """The words of a page, a block a line; what only draws is left out, but for bars and where a button leads."""
    html = re.sub(r"base64,[^\"]*", "", page.read_text(encoding="utf-8").replace(f"skpd {__version__}", "skpd"))
    html = re.sub(r"<(style|script)\b.*?</\1>", "", html, flags=re.DOTALL)
    html = re.sub(r'<[^>]*(?:style=|class="go"|img ) ?"?([^>]*?)"?>', r"{\1} ", html)
    for pattern, text in {r"</t[hd]>": " | ", "<small>": " / ", "<h2[^>]*>": "\n## ", r"</tr>\s*": "\n"}.items():
        html = re.sub(pattern, text, html)
    html = re.sub(r'<div class="note (\w+)"[^>]*>\s*<p>', r"\1: ", html)
    lines = [" ".join(line.split()).removesuffix(" |") for line in re.sub(r"<[^>]+>", "", html).splitlines()]
    return "\n".join(line for line in lines if line)


def audit():
    checks = [
        AuditCheck("subjects", "found", "9 subjects are on both sides.", {"both_sides": 9, "share": 0.75}),
        AuditCheck("copies", "not found", "No two rows are the same.", {"pairs": []}),
        AuditCheck("scaling", "cannot be seen", "There is no pipeline.", {}),
    ]
    return LeakageReport(tuple(checks), {"rows": 90, "subjects": 12, "folds": 3, "estimator": "Forest()"})


def test_report_of_severities(tmp_path, snapshot):
    """Everything that a report can show, of a study in which something failed."""
    made_up_study(tmp_path / "study")
    curve = [
        (repeat, fold, size, metric, score + 0.02 * fold)
        for repeat in (0, 1)
        for fold in (0, 1)
        for size, metric, score in [
            (4, "balanced_accuracy", 0.4),
            (8, "balanced_accuracy", 0.5),
            (4, "quadratic_kappa", 0.1),
            (8, "quadratic_kappa", 0.2),
            (4, "n_classes_scored", 3),
        ]
    ]
    curve = pd.DataFrame(curve, columns=["repeat", "fold", "n_subjects", "metric", "score"])
    curve.assign(resampler="none", classifier="random-forest").to_csv(tmp_path / "study" / "learning_curve.csv")
    page = write_report(tmp_path / "study", tmp_path / "report.html", n_resamples=20, audit=audit())
    snapshot(text_of(page), rtol=1e-3)


def test_report_of_drawings(tmp_path, snapshot):
    """Two classes, no resampler, one published number, two seeds' worth of nothing wrong."""
    right = {
        ("as-published", "none", "hwa1-2"): 93,
        ("subject-wise", "none", "hwa1-2"): 71,
        ("subject-wise", "offline", "hwa2-2"): 78,
        ("leave-one-subject-out", "none", "hwa1-2"): 74,
        ("subject-wise", "none", "majority"): 0,
    }
    parameters = {"classifier__weights": "'imagenet'", "classifier__input_shape": "(64, 64, 3)"}
    study = made_up_study(
        tmp_path / "study",
        rows=made_up_drawings(),
        dataset="simulated spirals, all",
        recipe="hwa, MobileNet",
        unit="drawing",
        right=right,
        parameters=parameters | {"classifier__head": "(128,)"},
        trouble=False,
    )
    snapshot(text_of(write_report(study, tmp_path / "report.html", n_resamples=20)), rtol=1e-3)


def tremor(seconds):
    t = np.arange(round(seconds * RATE)) / RATE
    x = np.column_stack([0.2 * np.sin(2 * np.pi * 1.3 * t), 0.1 * np.cos(2 * np.pi * 7 * t), 9.81 + 0.05 * np.sin(t)])
    x[t > 4000, 1] *= 8
    x[t > 4000, 0] *= 5
    x[:, 0] += 3 * np.sin(2 * np.pi * 4.8 * t) * ((t % 300 > 100) & (t % 300 < 150))
    return x


class Model:
    """Calls a window of the wrist severe by the size of its movement; drawings are as they are told."""

    def __init__(self, classes, limitations=(), unlike=True, **manifest):
        self.classes, self.bands = classes, dict(PUBLISHED_BANDS)
        self.manifest = {"recipe": {"name": "made-up"}, "limitations": list(limitations), "distance": {"of": "rows"}}
        self.manifest |= {"input": {"channels": ["a", "b", "c"], "task": "static", "image_size": (30, 60)}} | manifest
        self.distance = self.manifest["distance"] and object()
        self.unlike = unlike

    def check_kind(self, kind, file):
        pass

    @contextmanager
    def open_recording(self, file, options):
        start = pd.Timestamp("2024-03-01 09:30:00+01:00") if options.time == "clock" else None
        x = np.load(file)
        x[3000:3100] = np.nan
        yield Recording(file, x, RATE, start_time=start, subject="anna", notes=["resampled from 100 to 50 Hz"])

    def predict_windows(self, recording, *, n_jobs):
        for block in measure_windows(recording, self.bands):
            size = block[f"{band_channel_names()[0]}_acceleration_m_s2"].fillna(0)
            code = np.digitize(size, [0.5, 2.0])
            block["prediction"] = pd.array([self.classes[k] for k in code])
            block["prediction"] = block["prediction"].mask(block["gap"])
            for k, label in enumerate(self.classes):
                block[f"proba_{label}"] = np.where(code == k, 0.8, 0.1)
            block["unlike_training"] = pd.array(block.index % 10 == 0, dtype="boolean") if self.unlike else pd.NA
            yield block

    def predict_drawing(self, file):
        return pd.DataFrame({"prediction": ["dark"], "proba_dark": [0.75], "proba_light": 0.25, "unlike_training": 1.0})

    def predict_pens(self, file, traces):
        n, tests = len(traces), ["dynamic" for _ in traces]
        rows = pd.DataFrame({"prediction": ["ill"] * n, "proba_well": 0.375, "proba_ill": 0.625, "test": tests})
        return rows.assign(unlike_training=pd.NA)


def view(tmp_path, monkeypatch, model, seconds, **options):
    np.save(tmp_path / "anna.npy", tremor(seconds))
    monkeypatch.setattr("skpd.pages._view.LoadedModel", lambda folder, trusted: model)
    options = {"units": "m/s^2", "sampling_rate": RATE} | options
    folder = None if model is None else tmp_path
    return text_of(write_view(tmp_path / "anna.npy", tmp_path / "p.html", model=folder, **options))


@pytest.mark.parametrize("clock", ["clock", "timestamp"])
def test_view_of_severities(tmp_path, monkeypatch, snapshot, clock):
    model = Model([0, 1, 2], ["Made for tests.", "Of nobody."])
    snapshot(view(tmp_path, monkeypatch, model, 1500, time=clock), rtol=1e-2)


def test_view_of_classes_that_are_no_grades(tmp_path, monkeypatch, snapshot):
    model = Model(["rest", "walk", "other"], distance=None, unlike=False)
    snapshot(view(tmp_path, monkeypatch, model, 400, device_range=0.5), rtol=1e-2)


def test_view_without_a_model(tmp_path, monkeypatch, snapshot):
    snapshot(view(tmp_path, monkeypatch, None, 7300), rtol=1e-2)


def test_view_of_a_drawing(tmp_path, monkeypatch, snapshot):
    Image.new("L", (50, 20), 15).save(tmp_path / "anna.png")
    model = Model(["dark", "light"], ["Made for tests."])
    monkeypatch.setattr("skpd.pages._view.LoadedModel", lambda folder, trusted: model)
    snapshot(text_of(write_view(tmp_path / "anna.png", tmp_path / "p.html", model=tmp_path)))


def pen_table(tmp_path):
    t = np.arange(0, 10, 0.0075)
    angle = 2 * t
    radius = 2 * angle + 0.8 * np.sin(2 * np.pi * 5 * t)
    force = np.where((t > 4) & (t < 4.5), 0, 500 + 50 * np.sin(t))
    table = {"ms": 1000 * t, "x_mm": radius * np.cos(angle), "y_mm": radius * np.sin(angle), "force": force.round()}
    pd.DataFrame(table).to_csv(tmp_path / "spiral.csv", index=False)
    return tmp_path / "spiral.csv"


@pytest.mark.parametrize("known", [True, False])
def test_view_of_a_pen_file(tmp_path, monkeypatch, snapshot, known):
    columns = {"x": "x_mm", "y": "y_mm", "t": "ms"} | ({"pressure": "force"} if known else {})
    pen = {"columns": columns, "time_unit": "ms"} | ({"resolution": 1e-3, "pressure_levels": 1024} if known else {})
    monkeypatch.setattr("skpd.pages._view.LoadedModel", lambda folder, trusted: Model(["well", "ill"]))
    page = write_view(pen_table(tmp_path), tmp_path / "p.html", pen=pen, model=tmp_path if known else None)
    snapshot(text_of(page), rtol=1e-2)


def decoded(saved, prefix=""):
    """What the script of a page draws, a line each; numbers that it holds as text are counted and averaged."""
    lines = []
    for name, value in saved.items():
        if isinstance(value, dict):
            lines += decoded(value, f"{prefix}{name}.")
        elif isinstance(value, list) and value and isinstance(value[0], dict) and len(value[0]) > 4:
            lines += [line for k, part in enumerate(value) for line in decoded(part, f"{prefix}{name}[{k}].")]
        elif isinstance(value, str) and len(value) > 30:
            kind = np.uint8 if "hertz" in saved else "<i2" if name == "values" else "<f4"
            array = np.frombuffer(base64.b64decode(value), dtype=kind).astype(float) + 32768 * (kind == "<i2")
            known = array[np.isfinite(array)]
            lines.append(f"{prefix}{name}: {array.size} {known.size} {known.mean():.5g} {known.std():.5g}")
        elif name == "scale":
            lines.append(f"{prefix}{name}: {summarise(value)}")
        else:
            lines.append(f"{prefix}{name}: {json.dumps(value, ensure_ascii=False)}")
    return lines


@pytest.mark.parametrize("graded", [True, False])
def test_what_the_script_of_a_view_draws(tmp_path, monkeypatch, snapshot, graded):
    model = Model([0, 1, 2]) if graded else None
    view(tmp_path, monkeypatch, model, 7300)
    html = (tmp_path / "p.html").read_text(encoding="utf-8")
    data = json.loads(re.search(r'id="recording">(.*?)</script>', html, re.DOTALL)[1])
    data["layers that begin at"] = [layer["start"] for layer in data["layers"]]
    data["layers"] = [data["layers"][k] for k in (0, 1, -1)]
    snapshot("\n".join(decoded(data)), rtol=1e-2)


READINGS = {
    "pipelines that differ": {
        ("subject-wise", "none", "random-forest"): 85,
        ("subject-wise", "SMOTE", "random-forest"): 45,
        ("subject-wise", "none", "mlp"): 15,
        ("subject-wise", "SMOTE", "mlp"): 86,
    },
    "several classifiers": {
        ("subject-wise", "none", name): n for name, n in {"a": 90, "b": 60, "c": 40, "d": 20}.items()
    },
    "leaks alone": {("as-written", "none", "mlp"): 80, ("as-published", "none", "mlp"): 97},
    "no gap": {("as-written", "none", "mlp"): 60, ("subject-wise", "none", "mlp"): 75},
    "within noise": {("as-written", "none", "mlp"): 64, ("leave-one-subject-out", "none", "mlp"): 62},
    "worse than chance": {("subject-wise", "none", "mlp"): 8, ("subject-wise", "none", "majority"): 0},
    "baselines": {("subject-wise", "none", "majority"): 0},
}


def test_what_is_read(tmp_path, snapshot):
    lines = []
    for name, right in READINGS.items():
        people = 40 if name == "several classifiers" else 12
        study = made_up_study(
            tmp_path / name, rows=made_up_rows(people, 6), dataset="people", right=right, trouble=False
        )
        lines += ["", f"## {name}", *read_study(StudyView(study, n_resamples=20))]
    snapshot("\n".join(lines), rtol=1e-3)
