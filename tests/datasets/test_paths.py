"""Which files a loader reads: those of a folder, those that are named, each once."""

import re

import pytest

from skpd.datasets import load_csv_recordings
from skpd.datasets._layout import find_files
from skpd.exceptions import DataFileError


def write(path):
    path.write_text("timestamp,x\n0,1\n0.02,1\n0.04,1\n")
    return path


def test_hidden_files_of_a_folder_are_left_aside(tmp_path):
    write(tmp_path / "eva.csv")
    (tmp_path / "._eva.csv").write_bytes(b"\x00\x05\x16\x07Mac OS X")
    assert load_csv_recordings(tmp_path, channels=["x"]).frame["recording"].tolist() == ["eva"]
    (tmp_path / "eva.csv").unlink()
    with pytest.raises(DataFileError, match=r"found a folder without \.csv files"):
        load_csv_recordings(tmp_path, channels=["x"])


def test_the_home_folder(tmp_path, monkeypatch):
    monkeypatch.setenv("HOME", str(tmp_path))
    path = write(tmp_path / "eva.csv")
    assert find_files("~/eva.csv", ".csv") == find_files(["~/eva.csv"], ".csv") == [path]
    assert load_csv_recordings(["~/eva.csv"], channels=["x"]).frame["file"].tolist() == [str(path)]
    # A name that begins with "~" and is no one's home.
    assert [p.name for p in find_files(["~$eva.csv"], ".csv")] == ["~$eva.csv"]


def test_a_file_named_twice(tmp_path):
    path = write(tmp_path / "eva.csv")
    with pytest.raises(ValueError, match=re.escape(f"expected each file once, got {path} twice. Leave")):
        load_csv_recordings([path, str(path)], channels=["x"])
    other = tmp_path / "folder" / ".." / "eva.csv"
    (tmp_path / "folder").mkdir()
    with pytest.raises(ValueError, match=re.escape(f"got {other} twice, also as {path}. Leave")):
        load_csv_recordings([path, other], channels=["x"])
    (tmp_path / "latest.csv").symlink_to(path)
    with pytest.raises(ValueError, match="expected each file once"):
        load_csv_recordings(tmp_path, channels=["x"])
