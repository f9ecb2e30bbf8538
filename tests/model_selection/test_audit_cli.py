"""`skpd audit` on files, with its exit codes."""

import json

import numpy as np
import pandas as pd
import pytest
from typer.testing import CliRunner

from skpd.cli import app


@pytest.fixture
def frame():
    rng = np.random.default_rng(0)
    person = np.repeat(np.arange(12), 10)
    values = rng.normal(size=(12, 5))[person] + rng.normal(size=(120, 5))
    return pd.DataFrame(values, columns=list("abcde")).assign(
        person=[f"S{i}" for i in person],
        severity=person % 3,
        rec=np.tile(np.repeat([0, 1], 5), 12),
        t0=np.tile(np.arange(5) * 2.0, 24),
        t1=np.tile(np.arange(5) * 2.0 + 4, 24),
        fold=person % 4,
        random_fold=np.arange(120) % 4,
    )


@pytest.fixture
def run(tmp_path, frame):
    def invoke(*options, change=None, suffix=".csv"):
        path = tmp_path / f"table{suffix}"
        table = frame if change is None else change(frame)
        table.to_csv(path, index=False) if suffix == ".csv" else table.to_parquet(path)
        return CliRunner().invoke(app, ["audit", str(path), "--classifier", "none", *options])

    return invoke


COLUMNS = ("--label", "severity", "--subject", "person", "--recording", "rec", "--start", "t0", "--stop", "t1")


@pytest.mark.parametrize("suffix", [".csv", ".parquet"])
def test_a_sound_fold_column_exits_with_0(run, suffix):
    result = run(*COLUMNS, "--fold", "fold", "--ignore", "random_fold", suffix=suffix)
    assert result.exit_code == 0, result.output
    assert "120 rows, 12 subjects, 4 folds" in result.output
    assert "No leakage found." in result.output


def test_a_leaky_fold_column_exits_with_1_and_writes_json(run, tmp_path):
    result = run(*COLUMNS, "--fold", "random_fold", "--ignore", "fold", "--json", str(tmp_path / "audit.json"))
    assert result.exit_code == 1
    stored = json.loads((tmp_path / "audit.json").read_text(encoding="utf-8"))
    assert {c["name"] for c in stored["checks"] if c["verdict"] == "found"} == {"subjects", "windows"}


@pytest.mark.parametrize(
    ("suffix", "content"),
    [
        (".csv", b""),
        (".csv", b'a,b\n1,"2'),
        (".csv", b"a\xff\xfe,b\n1,2"),
        (".parquet", b""),
        (".parquet", b"PAR1" * 9),
    ],
)
def test_a_damaged_table_is_named(tmp_path, suffix, content):
    path = tmp_path / f"table{suffix}"
    path.write_bytes(content)
    result = CliRunner().invoke(app, ["audit", str(path), "--label", "a"])
    assert result.exit_code == 2
    said = " ".join(result.output.split())
    assert f"table{suffix}: found what cannot be read" in said
    assert f"expected a table as {suffix[1:]}." in said


def test_rows_called_train_and_test(run):
    def halves(frame):
        return frame.assign(fold=np.where(frame["fold"] < 3, "Train", "Test"))

    result = run(*COLUMNS, "--fold", "fold", "--ignore", "random_fold", change=halves)
    assert result.exit_code == 0, result.output
    assert "1 fold\n" in result.output


def test_the_default_split_keeps_people_apart_and_fits_the_recipe(run):
    options = ("--features", "a,b,c,d,e", "--permutations", "0", "--classifier", "majority", "--jobs", "1")
    result = run(*COLUMNS, *options)
    assert result.exit_code == 0, result.output
    assert "DummyClassifier" in result.output


def test_standardised_columns_are_found(run):
    def standardise(frame):
        values = frame[list("abcde")]
        return frame.assign(**((values - values.mean()) / values.std()).to_dict("series"))

    result = run(*COLUMNS, "--features", "a,b,c,d,e", change=standardise)
    assert result.exit_code == 1
    assert "5 have mean 0 and standard deviation 1" in " ".join(result.output.split())


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (("--label", "sever"), "expected columns sever, found severity, "),
        (("--label", "severity", "--subject", "sub"), ", ... and 5 more: correct the name that you gave"),
        (("--label", "severity"), "needs subjects"),
        (("--label", "severity", "--subject", "person", "--split", "by-day"), "expected subject-wise"),
        (("--label", "severity", "--fold", "one"), "expected two folds or more"),
        (("--label", "severity", "--fold", "fold", "--features", "person"), "person"),
        (("--label", "severity", "--fold", "fold", "--start", "t0"), "index: expected columns recording"),
        (("--label", "severity", "--fold", "fold", "--json", "no/such/folder.json"), "--json: expected a file"),
        (("--label", "severity", "--fold", "fold", "--classifier", "oracle"), "oracle"),
    ],
    ids=["label", "subject", "no-subject", "split", "one-fold", "text-feature", "start-alone", "json", "classifier"],
)
def test_wrong_usage_exits_with_2(run, options, message):
    result = run(*options, change=lambda frame: frame.assign(one=1))
    assert result.exit_code == 2, result.output
    assert message in " ".join(result.output.split())
    assert "Traceback" not in result.output


def test_what_is_taken_as_features_is_said_and_doubted(run):
    def rename(frame):
        return frame.rename(columns={"t0": "start", "t1": "stop", "rec": "window_id"})

    options = ("--label", "severity", "--subject", "person", "--fold", "fold", "--ignore", "random_fold")
    output = " ".join(run(*options, change=rename).output.split())
    assert "8 column(s) taken as features: a, b, c, d, e, window_id, start, stop." in output
    assert "note: start is taken as a feature: give --start start" in output
    assert "note: window_id is taken as a feature: give --ignore window_id" in output
    assert output.count("note:") == 3
    named = " ".join(run(*options, "--features", "a,start", change=rename).output.split())
    assert "2 column(s) taken as features: a, start." in named
    assert "note:" not in named


def test_files_that_are_none_exit_with_2(tmp_path):
    (tmp_path / "table.txt").write_text("a\n")
    (tmp_path / "empty.csv").write_text("a,severity\n")
    for name in ("table.txt", "empty.csv", "absent.csv"):
        result = CliRunner().invoke(app, ["audit", str(tmp_path / name), "--label", "severity"])
        assert result.exit_code == 2, name
        assert name in result.output
