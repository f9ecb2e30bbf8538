"""What commands take, pass on and print."""

import inspect
import io
import re
import typing
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pandas as pd
import pytest
from rich.console import Console
from typer.models import OptionInfo
from typer.testing import CliRunner

from skpd.cli import app
from skpd.datasets._checks import Count, DatasetCheck
from skpd.models._predict_files import PredictReport
from skpd.models._train import TrainReport
from skpd.studies._extract import ExtractReport
from skpd.studies._extract_run import _print as print_extract


def commands(group, prefix=""):
    """Every command with its function and its parameters: name, type, default, and what typer is told of it."""
    for command in group.registered_commands:
        hints = typing.get_type_hints(command.callback, include_extras=True)
        known = inspect.signature(command.callback).parameters.items()
        yield prefix + command.name, command.callback, [(name, hints[name], p.default) for name, p in known]
    for part in group.registered_groups:
        yield from commands(part.typer_instance, f"{part.name} ")


def describe(name, hint, default):
    kind, info = typing.get_args(hint)
    names = " ".join(info.param_decls or [name])
    default = "required" if default is inspect.Parameter.empty else repr(default)
    shown = f", shown as {info.show_default}" if isinstance(info.show_default, str) else ""
    limits = f" from {info.min}" if info.min is not None else ""
    kind = getattr(kind, "__name__", None) or re.sub(r"pathlib\.(_local\.)?", "", str(kind))
    return (
        f"  {type(info).__name__} {names}: {kind}{limits} = {default}{shown}. {info.help} {info.metavar or ''}".rstrip()
    )


def test_commands(snapshot):
    lines = [app.info.help, app.info.name]
    for name, function, parameters in commands(app):
        lines += ["", f"{name}: {inspect.getdoc(function)}", "", *(describe(*parameter) for parameter in parameters)]
    snapshot("\n".join(lines))


@pytest.fixture
def skpd(monkeypatch):
    """Run a command on a wide terminal, and say how it ended."""
    monkeypatch.setattr("skpd.cli._app.console.width", 120)
    monkeypatch.setattr("skpd.cli._app.err.width", 40)

    def run(*arguments):
        result = CliRunner().invoke(app, [str(argument) for argument in arguments])
        return f"{result.output}exit code {result.exit_code}"

    return run


@pytest.mark.parametrize(("n_failed", "code"), [(0, 0), (1, 1), (3, 1)])
@pytest.mark.parametrize("name", ["handwriting", "spiral", "tremor"])
def test_a_study_with_failed_folds_exits_with_1(monkeypatch, name, n_failed, code):
    results = SimpleNamespace(failures=[None] * n_failed)
    monkeypatch.setattr(f"skpd.studies.run_{name}_study", lambda *given, **options: results)
    assert CliRunner().invoke(app, ["study", name]).exit_code == code


CALLS = {
    "audit": "skpd.cli._audit._audit",
    "extract": "skpd.studies.run_extract",
    "predict": "skpd.models.predict_files",
    "report": "skpd.pages.write_report",
    "study handwriting": "skpd.studies.run_handwriting_study",
    "study spiral": "skpd.studies.run_spiral_study",
    "study tremor": "skpd.studies.run_tremor_study",
    "train": "skpd.models.train_model",
    "view": "skpd.pages.write_view",
}
REQUIRED = {
    "audit": ["t.csv", "--label", "y"],
    "extract": ["a.npy", "b.csv", "--out", "o", "--units", "g"],
    "predict": ["m", "a.npy", "b.txt"],
    "report": ["o"],
    "train": ["tremor", "--data", "simulated", "--out", "o"],
    "view": ["a.npy"],
}
GIVEN = {
    "--pen-columns": "x=a,y=b,t=ms",
    "--columns": "a, b,c",
    "--set": "depth=3",
    "--json": "audit.json",
    "--image-size": "64",
    "--size": "64",
    "--head": "124",
    "--weights": "none",
    "--features": "a,b",
}


@pytest.mark.parametrize("every", [False, True], ids=["defaults", "every option"])
def test_what_commands_pass_on(monkeypatch, tmp_path, snapshot, skpd, every):
    lines = []
    for name, target in CALLS.items():

        def note(*given, **options):
            options.pop("console", None)
            options.pop("on_progress", None)
            lines.append(", ".join([*map(str, given), *(f"{k}={v}" for k, v in options.items())]))
            raise ValueError("far enough")

        with monkeypatch.context() as patch:
            patch.chdir(tmp_path)
            patch.setattr(target, note)
            arguments = [*name.split(), *REQUIRED.get(name, [])]
            parameters = next(parameters for found, _, parameters in commands(app) if found == name)
            for parameter, hint, _ in parameters if every else []:
                kind, info = typing.get_args(hint)
                option = next(iter(info.param_decls or []), f"--{parameter.strip('_').replace('_', '-')}").split("/")[0]
                if isinstance(info, OptionInfo) and option not in arguments:
                    number = any(part in (int, float) for part in (kind, *typing.get_args(kind)))
                    value = GIVEN.get(option, "7" if number else option[2:])
                    arguments += [option] if kind is bool else [option, value]
            lines.append(f"\n{' '.join(arguments)}")
            lines.append(skpd(*arguments))
    snapshot("\n".join(lines).replace(str(tmp_path), "OUT"))


def scores():
    rows = [
        (protocol, unit, metric, 0.5 + k / 20, 0.4 + k / 20, 0.61 + k / 20, n, 12)
        for protocol in ("subject-wise", "leave-one-subject-out")
        for unit, n in (("window", 1234), ("recording", 24))
        for k, metric in enumerate(("balanced_accuracy", "f1_macro", "gmean", "quadratic_kappa", "auc", "accuracy"))
    ]
    return pd.DataFrame(rows, columns=["protocol", "unit", "metric", "value", "low", "high", "n", "n_subjects"])


def test_train(monkeypatch, snapshot, skpd):
    report = TrainReport(Path("models/tremor"), scores(), pd.DataFrame(), {}, ["[odd] folds were small"])
    seen = {}
    monkeypatch.setattr("skpd.models.train_model", lambda *given, **options: seen.update(options) or report)
    sets = ["--set", "depth=3", "--set", "weights=None", "--set", "name=SMOTE", "--set", "flag=true"]
    lines = [skpd("train", "tremor", "--data", "simulated", "--out", "o", *sets), str(seen["parameters"])]
    lines += [skpd("train", "tremor", "--data", "simulated", "--out", "o", "--set", wrong) for wrong in ("a", "1a=2")]
    snapshot("\n".join(lines))


def summary(n, **columns):
    frame = pd.DataFrame({"recording": [f"[{k}]" for k in range(n)], "day": "day 1", "n_windows": 100, "n_used": 90})
    frame = frame.assign(n_gap=10, n_nonwear=0, n_clipping=pd.NA, n_unlike_training=3, share_unlike_training=0.03)
    return frame.assign(**columns)


@pytest.mark.parametrize(
    "table",
    [
        summary(25, share_tremor=0.256, mean_severity=np.r_[np.nan, np.linspace(0, 2, 24)]),
        summary(2, n_clipping=4, share_rest=0.25, share_walk=0.75),
        pd.DataFrame({"file": ["a.png"], "prediction": ["dark"], "proba_dark": [0.75], "proba_light": [0.25]}),
        pd.DataFrame(),
    ],
    ids=["severities", "classes", "drawings", "nothing"],
)
def test_predict(monkeypatch, snapshot, skpd, table):
    files = pd.DataFrame({"file": ["a.npy", "[b].npy"], "notes": ["", "resampled"], "reason": ["b: [cut] short", ""]})
    files = files if len(table) != 2 else files.assign(reason="")
    report = PredictReport(Path("out [1]"), table, files)
    monkeypatch.setattr("skpd.models.predict_files", lambda *given, **options: report)
    # Rich has set the column of files wider by a blank.
    snapshot(re.sub(" {2,}", "  ", skpd("predict", "model", "a.npy")))


def test_data_check(monkeypatch, tmp_path, snapshot, skpd):
    counts = [Count("recordings", 62, 62), Count("people with a task", 7, 15)]
    checks = [
        DatasetCheck("uci_spiral", Path("folder [1]"), counts[:1], [], [], []),
        DatasetCheck("pahaw", Path("b"), counts, [f"{k}.svc" for k in range(23)], ["[x].svc: cut"] * 22, ["odd clock"]),
    ]
    monkeypatch.setattr("skpd.datasets.check_dataset", lambda folder: checks)
    lines = [skpd("data", "check", tmp_path)]
    monkeypatch.setattr("skpd.datasets.check_dataset", lambda folder: checks[:1])
    lines.append(skpd("data", "check", tmp_path))
    monkeypatch.setattr("skpd.datasets.check_dataset", lambda folder: [])
    lines += [skpd("data", "check", folder) for folder in (tmp_path, tmp_path / "none")]
    monkeypatch.delenv("SKPD_DATA", raising=False)
    lines += [skpd("data", "check"), skpd("data", "list"), *(skpd("data", "info", name) for name in ("pahaw", "none"))]
    snapshot("\n".join(lines).replace(str(tmp_path), "OUT"))


def test_extract(snapshot):
    files = pd.DataFrame({"source": ["a.npy", "[b].csv", "c.csv", "d.csv"], "rows": [10, 20, 0, 0]})
    files["status"] = ["computed", "unchanged", "failed", "failed"]
    files["skipped"], files["note"] = [3, 4, 0, 0], ["", "2 sample(s) dropped", "", ""]
    files["reason"] = ["", "", "[odd] times: state resample_to=...", "no file"]
    text = io.StringIO()
    console = Console(file=text, width=100)
    print_extract(console, ExtractReport(Path("out"), files, ["x.parquet"]))
    print_extract(console, ExtractReport(Path("out"), files[:1].assign(skipped=0), []))
    print_extract(console, ExtractReport(Path("out"), files[3:], []))
    snapshot(text.getvalue())
