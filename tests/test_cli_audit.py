"""How `skpd audit` reads a table: names as they are written, and columns of folds; the rest is in test_audit_cli.py."""

import numpy as np
import pandas as pd
import pytest
from typer.testing import CliRunner

from skpd.cli import app
from skpd.cli._audit import _read_table

OPTIONS = ("--label", "label", "--subject", "person", "--classifier", "none")


@pytest.fixture
def frame():
    rng = np.random.default_rng(0)
    person = np.repeat(np.arange(12), 10)
    values = rng.normal(size=(12, 5))[person] + rng.normal(size=(120, 5))
    names = np.array(["anna", "NA", "null", "None", *(f"S{i}" for i in range(8))])
    labels = np.array(["Tremor", "None", "NA"])[person % 3]
    return pd.DataFrame(values, columns=list("abcde")).assign(person=names[person], label=labels, fold=person % 4)


@pytest.fixture
def run(tmp_path):
    def invoke(table, *options, suffix=".csv"):
        path = tmp_path / f"table{suffix}"
        table.to_csv(path, index=False) if suffix == ".csv" else table.to_parquet(path)
        result = CliRunner().invoke(app, ["audit", str(path), *OPTIONS, *options])
        return result.exit_code, " ".join(result.output.split())

    return invoke


@pytest.mark.parametrize("suffix", [".csv", ".parquet"])
def test_people_and_labels_called_none_are_not_missing(run, frame, suffix):
    code, output = run(frame, "--fold", "fold", suffix=suffix)
    assert code == 0, output
    assert "120 rows, 12 subjects, 4 folds" in output
    assert "missing" not in output
    # Such a person on both sides is a leak as any other.
    frame.loc[frame["person"] == "NA", "fold"] = np.arange(10) % 4
    code, output = run(frame, "--fold", "fold", suffix=suffix)
    assert code == 1
    assert "NA" in output


@pytest.mark.parametrize("suffix", [".csv", ".parquet"])
def test_blanks_around_names_make_no_other_person(run, frame, suffix):
    anna = frame.index[frame["person"] == "anna"]
    frame.loc[anna[:5], "person"] = "anna "
    frame.loc[anna[:5], "fold"] = 3
    code, output = run(frame, "--fold", "fold", suffix=suffix)
    assert code == 1
    assert "120 rows, 12 subjects, 4 folds" in output


@pytest.mark.filterwarnings("ignore::pandas.errors.DtypeWarning")
def test_a_person_has_one_name_from_the_first_row_to_the_last(tmp_path):
    # So wide and long that pandas reads it in several parts.
    header, row = ",".join(["person", *(f"c{k}" for k in range(129))]), "7" + 129 * ",0"
    (tmp_path / "t.csv").write_text("\n".join([header, *[row] * 9000, row.replace("7", "anna"), row]))
    assert set(_read_table(tmp_path / "t.csv", {"person"})["person"]) == {"7", "anna"}


def test_in_features_the_usual_words_are_missing_numbers(run, frame):
    table = frame.astype({"a": object})
    table.loc[3, "a"] = "NA"
    code, output = run(table, "--fold", "fold")
    assert code == 0, output
    assert "5 column(s) taken as features" in output


def test_numbers_stay_numbers(run, frame):
    table = frame.assign(person=np.repeat(np.arange(12), 10), label=np.repeat(np.arange(12), 10) % 3)
    code, output = run(table, "--fold", "fold")
    assert code == 0, output
    assert "120 rows, 12 subjects, 4 folds" in output


@pytest.mark.parametrize("names", [("train", "val"), ("Train", "Validation"), ("train ", " dev")])
def test_rows_that_chose_the_model_are_on_the_side_of_training(run, frame, names):
    split = np.select([frame["fold"] == 0, frame["fold"] == 1], ["test", names[1]], names[0])
    code, output = run(frame.assign(fold=split), "--fold", "fold")
    assert code == 0, output
    assert "1 fold " in output
    assert f"Rows whose fold is {names[1].strip().lower()} are taken as training" in output
    # A person in val and test is a leak; one in train and val is none.
    split[np.flatnonzero(split == names[1])[0]] = names[0]
    assert run(frame.assign(fold=split), "--fold", "fold")[0] == 0
    split[np.flatnonzero(split == names[1])[0]] = "test"
    assert run(frame.assign(fold=split), "--fold", "fold")[0] == 1


@pytest.mark.parametrize(
    ("names", "found"),
    [(("train", "test", "extra"), "extra, test, train"), (("train", "val"), "train, val"), (("1", "test"), "1, test")],
)
def test_a_column_that_is_neither_a_split_nor_folds_is_refused(run, frame, names, found):
    code, output = run(frame.assign(fold=np.take(names, frame["fold"] % len(names))), "--fold", "fold")
    assert code == 2
    assert "--fold: expected train and test, and besides them only dev, val, valid, validation" in output
    assert f"found {found} in column fold: rename or leave out the other rows" in output


def test_train_and_test_alone_are_said_nothing_of(run, frame):
    code, output = run(frame.assign(fold=np.where(frame["fold"] > 0, "TRAIN", "test")), "--fold", "fold")
    assert code == 0, output
    assert "1 fold " in output
    assert "note:" not in output
