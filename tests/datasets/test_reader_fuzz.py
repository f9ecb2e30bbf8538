"""Damaged files, by the hundred: a reader returns recordings or raises its own error, never anything else."""

import warnings

import numpy as np
import pandas as pd
import pytest

from skpd.datasets import load_csv_recordings, load_parquet_recordings, load_unm_rest
from skpd.exceptions import DataFileError, DataFileWarning

TOKENS = (b",", b"\n", b'"', b"e9", b"-", b"inf", b"nan", b"\x00", b"1e400", b"\xff")


def damage(content, rng):
    """Overwrite, cut, insert or remove bytes, one to five times."""
    b = bytearray(content)
    for _ in range(rng.integers(1, 6)):
        at = int(rng.integers(0, len(b) + 1))
        match rng.integers(0, 5):
            case 0:
                b[at : at + 1] = rng.bytes(1)
            case 1:
                b = b[: max(at, 1)]
            case 2:
                b[at:at] = rng.bytes(int(rng.integers(1, 9)))
            case 3:
                b[at : at + int(rng.integers(1, 30))] = b""
            case _:
                b[at:at] = TOKENS[rng.integers(0, len(TOKENS))]
    return bytes(b)


@pytest.fixture
def folder(tmp_path):
    rng = np.random.default_rng(0)
    table = pd.DataFrame({"timestamp": np.arange(60) / 50, "who": "a"})
    table[["x", "y", "z"]] = rng.normal(size=(60, 3))
    table.to_csv(tmp_path / "a.csv", index=False)
    table.to_parquet(tmp_path / "a.parquet")
    np.save(tmp_path / "1_1.npy", rng.normal(size=(50, 3)).astype(np.float32))
    (tmp_path / "index.csv").write_text("subject,session,group,file\n1,1,PD,1_1.npy\n")
    return tmp_path


@pytest.mark.parametrize(
    ("name", "load"),
    [
        ("a.csv", lambda path: load_csv_recordings(path, subject="who")),
        ("a.csv", lambda path: load_csv_recordings(path, resample_to=25, disorder="fix", recording="who")),
        ("a.parquet", lambda path: load_parquet_recordings(path, subject="who")),
        ("a.parquet", lambda path: load_parquet_recordings(path, resample_to=25, disorder="fix", recording="who")),
        ("1_1.npy", lambda path: load_unm_rest(path.parent)),
        ("index.csv", lambda path: load_unm_rest(path.parent)),
    ],
)
def test_damaged_files_raise_nothing_but_the_readers_error(folder, name, load):
    path = folder / name
    good = path.read_bytes()
    assert len(load(path).data) == 1
    rng = np.random.default_rng(1)
    n_refused = 0
    for _ in range(150):
        path.write_bytes(damage(good, rng))
        try:
            with warnings.catch_warnings():
                warnings.simplefilter("ignore", DataFileWarning)
                bunch = load(path)
        except DataFileError:
            n_refused += 1
        else:
            assert len(bunch.data) == len(bunch.frame) >= 1
            assert not np.isinf(bunch.data[0]).any()
    assert n_refused > 75
