"""Persons and labels: one person or class is one, whatever file, type or form it is written in."""

from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from PIL import Image

from skpd.datasets import load_csv_recordings, load_drawings, load_parquet_recordings, load_pen_csv, load_svc
from skpd.datasets._parse import parse_label
from skpd.exceptions import DataFileError

LOADERS = {".csv": load_csv_recordings, ".parquet": load_parquet_recordings}


@pytest.fixture(params=LOADERS)
def write(request, tmp_path):
    """Write one file for each value of a column; `write.load` loads those that it is given."""

    def write_files(column, values):
        paths = []
        for i, value in enumerate(values):
            path = tmp_path / f"{i}{request.param}"
            table = pd.DataFrame({"timestamp": np.arange(50) / 50, "x": 1.0, column: value})
            table.to_csv(path, index=False) if request.param == ".csv" else table.to_parquet(path)
            paths.append(path)
        return paths

    write_files.load = lambda paths, **kwargs: LOADERS[request.param](paths, channels=["x"], **kwargs)
    return write_files


@pytest.mark.parametrize(
    "values",
    [["1", "1.0", "2+"], [1, 1.0, "2+"], [2, "2.00", 1.5], [1.0, 3.0, 2.0], [True, False, "maybe"], ["1", "true", 0.5]],
)
def test_a_label_does_not_depend_on_the_other_files(write, values):
    paths = write("score", values)
    labels = write.load(paths, target="score")
    assert labels.frame["target"].tolist() == labels.target.tolist()
    for chosen in ([0, 1], [0, 2], [1, 2], [0], [2]):
        part = write.load([paths[i] for i in chosen], target="score").target
        assert [parse_label(str(label)) for label in part] == [parse_label(str(labels.target[i])) for i in chosen]


@pytest.mark.parametrize(
    ("values", "labels"),
    [
        (["1", "1.0", "2+"], ["1", "1", "2+"]),
        ([1, 1.0, "2+"], ["1", "1", "2+"]),
        ([1, "1.0", 2.5], [1.0, 1.0, 2.5]),
        (["0", 3, "-2"], [0, 3, -2]),
        (["true", True, "FALSE"], [True, True, False]),
        (["True", 1, 0], ["True", "1", "0"]),
        (["1e400", "1_000", "9" * 30], ["1e400", "1_000", "9" * 30]),
    ],
)
def test_labels_are_numbers_where_all_are(write, values, labels):
    target = write.load(write("score", values), target="score").target
    assert target.tolist() == labels
    assert target.dtype == np.asarray(labels).dtype


def test_one_number_in_two_forms_is_one_label_in_a_recording(tmp_path):
    path = tmp_path / "a.csv"
    path.write_text("timestamp,x,score\n0,1,2\n0.02,1,2.0\n0.04,1,2\n")
    assert load_csv_recordings(path, channels=["x"], target="score").target.tolist() == [2]


def test_decimal_commas_in_labels(tmp_path):
    path = tmp_path / "a.csv"
    path.write_text("timestamp;x;score\n0;1;1,5\n0,02;1;1,5\n")
    form = {"separator": ";", "decimal": ","}
    assert load_csv_recordings(path, channels=["x"], target="score", **form).target.tolist() == [1.5]


@pytest.mark.parametrize("column", ["subject", "target", "recording"])
@pytest.mark.parametrize("word", ["None", "NA", "null", "nan", "N/A"])
def test_words_that_pandas_takes_for_missing(write, column, word):
    bunch = write.load(write("who", [word, "Mild"]), **{column: "who"})
    assert bunch.frame[column].tolist() == [word, "Mild"]


@pytest.mark.parametrize("empty", ["", "  "])
def test_an_empty_cell_is_missing(write, empty):
    with pytest.raises(DataFileError, match=r"(line 2|row 0), column 'who': found an empty cell"):
        write.load(write("who", [empty]), subject="who")


def test_a_missing_word_in_a_channel_is_still_missing(tmp_path):
    path = tmp_path / "a.csv"
    path.write_text("timestamp,x,who\n0,1,NA\n0.02,NA,NA\n0.04,1,NA\n")
    assert load_csv_recordings(path, channels=["x"], subject="who").frame["n_missing"].tolist() == [1]


@pytest.mark.parametrize("column", ["subject", "target", "recording"])
def test_spaces_around_a_word_do_not_count(write, column):
    bunch = write.load(write("who", ["anna ", " anna", "anna"]), **{column: "who"})
    names = bunch.frame[column].str.rsplit(":").str[-1]
    assert set(names) == {"anna"}


def test_spaces_behind_the_name_of_a_column(tmp_path):
    path = tmp_path / "a.csv"
    path.write_text("timestamp,x, who \n0,1,007 \n0.02,1, 007\n")
    assert load_csv_recordings(path, channels=["x"], subject="who").groups.tolist() == ["007"]


def test_persons_are_text_of_any_type(tmp_path):
    paths = []
    for i, person in enumerate([7, 7.0, "7", "007", np.float32(7), pd.Timestamp("2024-01-02")]):
        paths.append(tmp_path / f"{i}.parquet")
        pd.DataFrame({"x": [1.0, 2.0, 3.0], "who": [person] * 3}).to_parquet(paths[-1])
    known = {"channels": ["x"], "time": None, "sampling_rate": 50, "subject": "who"}
    groups = load_parquet_recordings(paths, **known).groups.tolist()
    assert groups == ["7", "7", "7", "007", "7", "2024-01-02 00:00:00"]
    pd.DataFrame({"x": [1.0, 2.0], "who": [[1], [1]]}).to_parquet(paths[0])
    with pytest.raises(DataFileError, match="column 'who': found lists or tables in its cells"):
        load_parquet_recordings(paths[0], **known)


@pytest.fixture
def loaders(tmp_path, trace, write_svc):
    """Two files for each loader that asks functions for persons and labels, and the loader."""
    for name in ("a", "b"):
        (tmp_path / f"{name}.csv").write_text("timestamp,x,y,z\n0,1,2,3\n0.02,1,2,3\n0.04,1,2,3\n")
        Image.new("L", (8, 8), "white").save(tmp_path / f"{name}.png")
        write_svc(tmp_path / f"{name}.svc", trace())
    pens = {"resolution": None, "pressure_levels": None, "columns": {"x": "x", "y": "y", "t": "timestamp"}}
    order = ("x", "y", "time", "pen_down", "azimuth", "altitude", "pressure")
    svc = {"columns": order, "resolution": None, "pressure_levels": None, "time_unit": "ms", "angle_unit": "0.1deg"}
    return [
        lambda **kwargs: load_csv_recordings(sorted(tmp_path.glob("*.csv")), **kwargs),
        lambda **kwargs: load_pen_csv(sorted(tmp_path.glob("*.csv")), **pens, **kwargs),
        lambda **kwargs: load_drawings(sorted(tmp_path.glob("*.png")), **kwargs),
        lambda **kwargs: load_svc(sorted(tmp_path.glob("*.svc")), **svc, **kwargs),
    ]


def test_functions_give_one_value(loaders):
    for load in loaders:
        for name in ("subject", "target"):
            for value in (("a", 1), ["a"], {"a"}, np.arange(2), Path("a")):
                with pytest.raises(ValueError, match=rf"{name}: expected a function that returns one text or number"):
                    load(**{name: lambda path, value=value: value}, errors="warn")


def test_functions_may_give_numbers_and_text(loaders):
    for load in loaders:
        bunch = load(
            subject=lambda path: 7 if path.stem == "a" else 7.5, target=lambda path: 1.0 if path.stem == "a" else "2+"
        )
        assert bunch.groups.tolist() == ["7", "7.5"]
        assert bunch.target.tolist() == bunch.frame["target"].tolist() == ["1", "2+"]
