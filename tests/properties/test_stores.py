"""What is stored is what comes back: cells of a study, whole or not at all."""

import tempfile
import warnings
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from skpd.studies._store import ResultsFolder

text = st.text(st.characters(codec="utf-8", exclude_characters="\x00"), max_size=20)
value = st.none() | st.booleans() | st.integers(-(2**53), 2**53) | st.floats(allow_nan=False) | text
record = st.dictionaries(text.filter(bool), value | st.lists(value, max_size=3), max_size=6)
column = st.sampled_from(["float64", "int64", "U5"])


def frame(columns, n, seed):
    rng = np.random.default_rng(seed)
    made = {"float64": rng.normal(size=n), "int64": rng.integers(-9, 9, n), "U5": rng.integers(0, 9, n).astype(str)}
    return pd.DataFrame({f"c{i}": made[kind] for i, kind in enumerate(columns)})


CELL = {"protocol": "subject-wise", "resampler": "none", "classifier": "mlp", "seed": 0, "fold": 0}


def predictions(kinds, n, seed):
    return frame(kinds, n, seed).assign(row=np.arange(n), y_true=np.arange(n) % 2, y_pred=0)


@given(st.lists(record, min_size=1, max_size=4), st.lists(column, min_size=1, max_size=4), st.integers(0, 20))
def test_cells_come_back(records, columns, n):
    with tempfile.TemporaryDirectory() as root:
        folder = ResultsFolder(Path(root) / "study")
        folder.open({"classes": [0, 1]}, frame(columns, 5, 0))
        for i, content in enumerate(records):
            folder.write(f"cell{i}", CELL | content, predictions(columns, n, i))
        back = {name: (content, table) for name, content, table in ResultsFolder(folder.path).cells()}
        assert set(back) == {f"cell{i}" for i in range(len(records))}
        for i, content in enumerate(records):
            assert back[f"cell{i}"][0] == CELL | content
            pd.testing.assert_frame_equal(back[f"cell{i}"][1], predictions(columns, n, i), check_dtype=n > 0)
        assert folder.finished() == {f"cell{i}" for i, content in enumerate(records) if "error" not in content}
        assert not list(folder.path.rglob(".*"))


@given(st.data())
def test_a_damaged_cell_is_not_finished(data):
    """Whatever happens to a file of a cell, the others are read and it is computed again."""
    with tempfile.TemporaryDirectory() as root:
        folder = ResultsFolder(root)
        folder.open({"classes": [0, 1]}, frame(["int64"], 5, 0))
        for i in range(2):
            folder.write(f"cell{i}", CELL | {"fold": i}, predictions(["float64"], 9, i))
        file = folder.path / "cells" / "cell0.parquet"
        content = bytearray(file.read_bytes())
        cut = data.draw(st.integers(0, len(content)))
        at = data.draw(st.integers(0, len(content) - 1))
        content[at] ^= data.draw(st.integers(0, 255))
        file.write_bytes(bytes(content[:cut]))
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", UserWarning)
            names = [name for name, *_ in folder.cells()]
            assert "cell1" in names
            assert "cell1" in folder.finished()


def test_another_study_is_refused(tmp_path):
    rows = frame(["int64"], 3, 0)
    ResultsFolder(tmp_path).open({"classes": [0, 1], "seed": 1}, rows)
    ResultsFolder(tmp_path).open({"classes": [0, 1], "seed": 1}, rows)
    with pytest.raises(ValueError, match=r"another study .*seed"):
        ResultsFolder(tmp_path).open({"classes": [0, 1], "seed": 2}, rows)
