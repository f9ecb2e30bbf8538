"""CSV files as they come: separators, decimals, encodings, headers, and lines that are not whole."""

import numpy as np
import pandas as pd
import pytest

from skpd.datasets import load_csv_recordings
from skpd.exceptions import DataFileError


def make_table(n=100, rate=50.0, seed=0, **columns):
    """A table of one uniformly sampled recording in g."""
    rng = np.random.default_rng(seed)
    table = pd.DataFrame({"timestamp": np.arange(n) / rate})
    table[["x", "y", "z"]] = rng.normal(size=(n, 3))
    return table.assign(**columns)


def test_separator_decimal_encoding_and_header(tmp_path):
    path = tmp_path / "a.csv"
    rows = [f"{i / 50:.2f}".replace(".", ",") + ";0,5;1,5" for i in range(100)]
    path.write_text("\n".join(["Zeit;Höhe;Länge", *rows]), encoding="latin-1")
    kwargs = {"time": "Zeit", "channels": ["Höhe", "Länge"], "separator": ";", "decimal": ","}
    bunch = load_csv_recordings(path, encoding="latin-1", **kwargs)
    np.testing.assert_array_equal(bunch.data, np.tile([0.5, 1.5], (1, 100, 1)))
    with pytest.raises(DataFileError, match=r"bytes that are not utf-8.*encoding="):
        load_csv_recordings(path, **kwargs)


@pytest.mark.parametrize(("separator", "decimal"), [(";", "."), (";", ","), ("\t", "."), ("|", ",")])
def test_another_form_is_recognised(tmp_path, separator, decimal):
    path = tmp_path / "a.csv"
    make_table().to_csv(path, index=False, sep=separator, decimal=decimal)
    with pytest.raises(DataFileError) as info:
        load_csv_recordings(path)
    expected = f"It looks separated by {separator!r}: pass separator={separator!r}"
    assert info.value.advice == expected + (", decimal=','." if decimal == "," else ".")
    assert load_csv_recordings(path, separator=separator, decimal=decimal).data.shape == (1, 100, 3)


def test_decimal_commas_are_recognised(tmp_path):
    path = tmp_path / "a.csv"
    make_table().to_csv(path, index=False, sep=";", decimal=",")
    with pytest.raises(DataFileError, match=r"line 2, column '\w+': found '-?\d+,\d+'.* Pass decimal=','\."):
        load_csv_recordings(path, separator=";")


def test_no_header(tmp_path):
    path = tmp_path / "a.csv"
    make_table().to_csv(path, index=False, header=False)
    names = ["timestamp", "x", "y", "z"]
    assert load_csv_recordings(path, names=names).data.shape == (1, 100, 3)
    with pytest.raises(DataFileError, match="names="):
        load_csv_recordings(path)


def test_byte_order_mark_blank_end_and_spaces(tmp_path):
    path = tmp_path / "a.csv"
    text = make_table().to_csv(index=False).replace(",", ", ")
    path.write_bytes(b"\xef\xbb\xbf" + text.encode() + b"\n\n")
    assert load_csv_recordings(path).data.shape == (1, 100, 3)


def test_blank_line_is_a_missing_sample_where_there_are_no_times(tmp_path):
    path = tmp_path / "a.csv"
    path.write_text("x,y\n1,2\n1,2\n,\n1,2\n")
    bunch = load_csv_recordings(path, channels=["x", "y"], time=None, sampling_rate=10)
    assert np.isnan(bunch.data[0, :, 0]).tolist() == [False, False, True, False]


def test_cut_in_the_last_line(tmp_path):
    path = tmp_path / "a.csv"
    lines = make_table().to_csv(index=False).splitlines()
    path.write_text("\n".join([*lines[:-1], lines[-1].rsplit(",", 1)[0]]))
    bunch = load_csv_recordings(path)
    assert bunch.frame["n_missing"][0] == 1
    assert np.isnan(bunch.data[0, -1, 2])


@pytest.mark.parametrize("row", [5, 0])
def test_line_with_too_many_fields(tmp_path, row):
    path = tmp_path / "a.csv"
    lines = make_table().to_csv(index=False).splitlines()
    lines[1 + row] += ",7"
    path.write_text("\n".join(lines))
    with pytest.raises(DataFileError, match="do not form a table"):
        load_csv_recordings(path)
