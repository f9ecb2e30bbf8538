"""Damaged and random files: a reader returns recordings or raises its own error, in bounded time and memory."""

import re
import shutil
import tempfile
import warnings
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st
from sklearn.dummy import DummyClassifier
from sklearn.linear_model import LogisticRegression

from skpd.exceptions import DataFileError
from skpd.models import ModelFolderError, load_manifest, load_model, save_model
from skpd.recipes import WindowTable
from skpd.studies import load_results, run_study

#: What turns up where a number, a name or a separator was.
TOKENS = (
    *(b",", b";", b"\t", b"\n", b"\r", b'"', b"'", b"-", b".", b" ", b"\x00", b"\xff", b"\x1a", b"\xef\xbb\xbf", b"//"),
    *(b"", b"nan", b"inf", b"-inf", b"1e400", b"-1e308", b"1e-320", b"0x10", b"1_000", b"1,5", b"-0", b"NULL", b"x"),
    *(b"-1", b"0", b"2147483648", b"99999999999999999999", b"9" * 400, b"9223372036854775807", b"true", b"[]", b"{}"),
    *("é٣½　".encode(), b"../../etc/passwd", b"/dev/zero", b"a" * 300),
)
LINE = re.compile(rb"(?<=\n)")
NUMBER = re.compile(rb"-?\d+(?:\.\d+)?(?:e-?\d+)?")

place = st.floats(0, 1)
token = st.sampled_from(TOKENS)


def at(place, n):
    return min(int(place * n), max(n - 1, 0))


def overwrite(b, p, new):
    i = at(p, len(b))
    return b[:i] + new + b[i + len(new) :]


def insert(b, p, new):
    i = at(p, len(b) + 1)
    return b[:i] + new + b[i:]


def remove(b, p, n):
    i = at(p, len(b))
    return b[:i] + b[i + n :]


def cut(b, p):
    return b[: at(p, len(b) + 1)]


def flip(b, p, bit):
    if not b:
        return b
    i = at(p, len(b))
    return b[:i] + bytes([b[i] ^ (1 << bit)]) + b[i + 1 :]


def replace_number(b, p, new):
    found = list(NUMBER.finditer(b))
    if not found:
        return b
    m = found[at(p, len(found))]
    return b[: m.start()] + new + b[m.end() :]


def move_line(b, p, q):
    """Take a line out and put it elsewhere: times go back, the header stands in the middle."""
    lines = LINE.split(b)
    line = lines.pop(at(p, len(lines)))
    lines.insert(at(q, len(lines) + 1), line)
    return b"".join(lines)


def repeat_line(b, p, n):
    lines = LINE.split(b)
    i = at(p, len(lines))
    lines[i:i] = [lines[i]] * n
    return b"".join(lines)


def swap_columns(b, p, q, everywhere):
    """Swap two columns, of all lines or of the first: a table that reads, and says something else."""
    separator = max((b",", b";", b"\t", b" "), key=b.count)
    lines = b.split(b"\n")
    for i, line in enumerate(lines[: None if everywhere else 1]):
        fields = line.split(separator)
        j, k = at(p, len(fields)), at(q, len(fields))
        fields[j], fields[k] = fields[k], fields[j]
        lines[i] = separator.join(fields)
    return b"\n".join(lines)


def recode(b, encoding):
    return b.decode("latin-1").encode(encoding, errors="replace")


damage = st.one_of(
    st.tuples(st.just(overwrite), place, st.binary(min_size=1, max_size=8)),
    st.tuples(st.just(insert), place, st.binary(min_size=1, max_size=8) | token),
    st.tuples(st.just(remove), place, st.integers(1, 40)),
    st.tuples(st.just(cut), place),
    st.tuples(st.just(flip), place, st.integers(0, 7)),
    st.tuples(st.just(replace_number), place, token),
    st.tuples(st.just(move_line), place, place),
    st.tuples(st.just(repeat_line), place, st.sampled_from([1, 2, 50])),
    st.tuples(st.just(swap_columns), place, place, st.booleans()),
    st.tuples(st.just(recode), st.sampled_from(["utf-16", "utf-8", "cp037", "utf-8-sig"])),
)


def apply(content, damages):
    for function, *arguments in damages:
        content = function(content, *arguments)
    return content


def test_whole_files_are_read(source):
    source.reset()
    assert source.read() is not None, source.refusal


@given(which=place, damages=st.lists(damage, min_size=1, max_size=5))
def test_damaged_files(source, which, damages):
    file = source.files[at(which, len(source.files))]
    source.put(file, apply(source.whole[file], damages))
    source.read()


@given(which=place, start=st.integers(0, 200), content=st.binary(max_size=400))
def test_random_bytes_behind_a_good_start(source, which, start, content):
    file = source.files[at(which, len(source.files))]
    source.put(file, source.whole[file][:start] + content)
    source.read()


@given(which=place, parts=st.lists(token | st.sampled_from([b"x,y,z\n", b"1,2,3\n", b"1 2 3 4 5 6 7\n"]), max_size=40))
def test_random_text(source, which, parts):
    file = source.files[at(which, len(source.files))]
    source.put(file, b"".join(parts))
    source.read()


@given(which=st.tuples(place, place))
def test_one_file_in_place_of_another(source, which):
    one, other = (source.files[at(w, len(source.files))] for w in which)
    source.put(one, source.whole[other])
    source.read()


@pytest.mark.parametrize("n_bytes", [0, 1, 2, 10])
def test_next_to_nothing(source, n_bytes):
    for file in source.files:
        source.put(file, source.whole[file][:n_bytes])
        source.read()


@pytest.fixture(scope="module")
def model_folder(tmp_path_factory):
    X = np.random.default_rng(0).normal(size=(20, 2))
    return save_model(LogisticRegression().fit(X, X[:, 0] > 0), tmp_path_factory.mktemp("models") / "model")


@pytest.fixture(scope="module")
def results_folder(tmp_path_factory):
    rng = np.random.default_rng(0)
    groups = np.repeat([f"S{i}" for i in range(6)], 2)
    index = pd.DataFrame({"recording": np.arange(12), "start": 0, "stop": 100})
    table = WindowTable(pd.DataFrame(rng.normal(size=(12, 2))), np.tile([0, 1], 6), groups, index, index.iloc[:0])
    folder = tmp_path_factory.mktemp("results") / "study"

    def build(resampler, classifier, *, random_state):
        return DummyClassifier()

    run_study(table, build, configurations=[("subject-wise", "none", "dummy")], n_splits=2, out=folder)
    return folder


def damaged(folder, which, damages):
    """Damage one file of a copy of a folder."""
    copy = Path(tempfile.mkdtemp(prefix="skpd-fuzz-")) / "copy"
    shutil.copytree(folder, copy)
    files = sorted(p for p in copy.rglob("*") if p.is_file())
    file = files[at(which, len(files))]
    file.write_bytes(apply(file.read_bytes(), damages))
    return copy


damages = st.lists(damage, min_size=1, max_size=3)


@given(which=place, damages=damages)
def test_damaged_models(model_folder, which, damages):
    copy = damaged(model_folder, which, damages)
    try:
        assert load_manifest(copy) == load_manifest(model_folder)
        assert load_model(copy).predict([[0.0, 0.0]]).shape == (1,)
    except ModelFolderError:
        return
    finally:
        shutil.rmtree(copy.parent)


@given(which=place, damages=damages)
def test_damaged_results(results_folder, which, damages):
    copy = damaged(results_folder, which, damages)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", UserWarning)
            results = load_results(copy)
            assert len(results.predictions) <= 12
    except DataFileError:
        return
    finally:
        shutil.rmtree(copy.parent)
