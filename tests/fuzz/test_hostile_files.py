"""Files made to hurt: what they claim, their size, their depth, their names, and things that are no files."""

import io
import json
import os
import re
import struct
import zipfile
import zlib
from itertools import product

import numpy as np
import pytest
from hypothesis import settings
from PIL import Image

#: Columns, lines, bytes: fewer where time is short. "full" is the profile of tests/conftest.py.
MILLION = 1_000_000 if settings.default.max_examples > 100 else 100_000


def each(source, make):
    """Read the folder with each file in turn replaced by what `make` makes of its content."""
    for file in source.files:
        source.put(file, make(source.whole[file]))
        source.read()


@pytest.mark.parametrize("separator", [b",", b";", b"\t", b" "])
def test_a_line_of_a_million_columns(source, separator):
    line = separator.join([b"1"] * MILLION) + b"\n"
    each(source, lambda whole: line * 2)
    each(source, lambda whole: whole + line)


def test_a_line_without_an_end(source):
    each(source, lambda whole: b"7" * (4 * MILLION))
    each(source, lambda whole: whole[:-2] + b"x" * (4 * MILLION))


def test_an_open_quote(source):
    each(source, lambda whole: b'"' + whole)
    each(source, lambda whole: whole.replace(b"\n", b'\n"', 2) + b"a,b\n" * 100_000)


def test_a_million_blank_lines(source):
    each(source, lambda whole: b"\n" * MILLION)
    each(source, lambda whole: whole + b"\r\n" * MILLION)


@pytest.mark.parametrize("encoding", ["utf-16", "utf-32", "utf-8-sig", "cp037", "utf-7"])
def test_another_encoding(source, encoding):
    each(source, lambda whole: whole.decode("latin-1").encode(encoding, errors="replace"))


def test_another_kind_of_file(source):
    image, table, archive = io.BytesIO(), io.BytesIO(), io.BytesIO()
    Image.new("L", (9, 9)).save(image, "PNG")
    np.save(table, np.zeros((3, 3)))
    with zipfile.ZipFile(archive, "w") as file:
        file.writestr("../../x.npy", b"")
    for content in (image, table, archive, io.BytesIO(b"%PDF-1.4\n"), io.BytesIO(b"\x1f\x8b\x08\x00" + bytes(50))):
        each(source, lambda whole, content=content: content.getvalue())


@pytest.mark.parametrize(
    "place", ["folder", "pipe", "endless device", "empty device", "broken link", "link to itself", "unreadable"]
)
def test_what_is_no_file(source, place, tmp_path):
    for name in source.files:
        source.reset()
        file = source.folder / name
        if place == "unreadable":
            if os.getuid() == 0:
                pytest.skip("root may read everything")
            file.chmod(0)
        else:
            file.unlink()
        match place:
            case "folder":
                file.mkdir()
            case "pipe":
                os.mkfifo(file)
            case "endless device":
                file.symlink_to("/dev/zero")
            case "empty device":
                file.symlink_to("/dev/null")
            case "broken link":
                file.symlink_to(tmp_path / "nowhere")
            case "link to itself":
                file.symlink_to(file)
        source.read()


@pytest.mark.parametrize(
    "path",
    [
        "../../../../../../etc/passwd",
        "/etc/passwd",
        "/dev/zero",
        "a\x00b",
        "a" * 5000,
        "",
        ".",
        "..",
        "//",
        "\\\\host\\share",
        "\ud800",
        "~root",
        "nul:",
        "\n",
    ],
    ids=lambda path: path[:12].encode("ascii", "backslashreplace").decode().replace("\x00", "NUL").replace("\n", "LF"),
)
@pytest.mark.parametrize("name", ["unm", "unm-warn", "pads", "pads-warn"])
def test_paths_in_an_index_stay_in_the_folder(make_source, name, path):
    source = make_source(name)
    if name.startswith("unm"):
        file = source.files[-1]
        content = source.whole[file].replace(b"1_1.npy", f'"{path}"'.encode(errors="surrogatepass"))
    else:
        file = next(f for f in source.files if "observation" in f.name)
        observation = json.loads(source.whole[file])
        observation["session"][0]["records"][0]["file_name"] = path
        content = json.dumps(observation).encode()
    source.put(file, content)
    assert source.read() is None


@pytest.mark.parametrize(
    "text",
    [
        "[" * 100_000,
        '{"a":' * 100_000,
        "9" * 10_000,
        "1e999",
        "NaN",
        "null",
        "[]",
        '"x"',
        '{"session": null}',
        '{"session": [null], "subject_id": "001"}',
        '{"session": {"records": 3}, "subject_id": ["001"], "sampling_rate": "fast"}',
        '{"id": {"a": 1}, "condition": ["PD"]}',
        '{"id": "001", "condition": null, "age": 1e400}',
    ],
    ids=range(13),
)
@pytest.mark.parametrize("name", ["pads", "pads-warn"])
def test_json_of_another_form(make_source, name, text):
    source = make_source(name)
    for file in source.files:
        if file.suffix == ".json":
            source.put(file, text.encode())
            assert source.read() is None


@pytest.mark.parametrize(
    "header",
    [
        {"descr": "<f4", "fortran_order": False, "shape": (10**15, 3)},
        {"descr": "<f4", "fortran_order": False, "shape": (2**63 - 1, 3)},
        {"descr": "<f4", "fortran_order": False, "shape": (-1, 3)},
        {"descr": "<f4", "fortran_order": False, "shape": (10**30, 3)},
        {"descr": "|O", "fortran_order": False, "shape": (1, 3)},
        {"descr": "<U9999999", "fortran_order": False, "shape": (50, 3)},
        {"descr": "<f4", "fortran_order": False, "shape": (0, 3)},
        {"descr": "<f4", "fortran_order": False, "shape": ()},
        {"descr": "<c16", "fortran_order": False, "shape": (1, 3)},
        {"descr": "<M8[s]", "fortran_order": False, "shape": (1, 3)},
        {"descr": [("x", "<f4")], "fortran_order": False, "shape": (3, 3)},
        {"descr": "<f4", "fortran_order": "no", "shape": (3, 3)},
        {"descr": "<f4"},
        "import os",
        "(" * 500,
    ],
    ids=range(15),
)
@pytest.mark.parametrize("name", ["unm", "mnist"])
def test_claims_of_an_npy_header(make_source, name, header):
    text = repr(header).encode() + b"\n"
    array = b"\x93NUMPY\x01\x00" + struct.pack("<H", len(text)) + text + bytes(600)
    source = make_source(name)
    if name == "unm":
        source.put(source.files[0], array)
    else:
        archive = io.BytesIO()
        with zipfile.ZipFile(archive, "w", zipfile.ZIP_DEFLATED) as file:
            file.writestr("x.npy", array)
            file.writestr("y.npy", array)
        source.put(source.files[0], archive.getvalue())
    assert source.read() is None


def test_an_archive_that_unpacks_to_gigabytes(make_source):
    source = make_source("mnist")
    zeros = io.BytesIO()
    head = repr({"descr": "|u1", "fortran_order": False, "shape": (4_000_000, 28, 28)}).encode() + b"\n"
    with zipfile.ZipFile(zeros, "w", zipfile.ZIP_DEFLATED) as file:
        with file.open("x.npy", "w", force_zip64=True) as entry:
            entry.write(b"\x93NUMPY\x01\x00" + struct.pack("<H", len(head)) + head)
            for _ in range(3 << 8):
                entry.write(bytes(1 << 22))
        file.writestr("y.npy", b"")
    source.put(source.files[0], zeros.getvalue())
    assert source.read() is None


def png(width, height, *, data=b""):
    def chunk(kind, content):
        return struct.pack(">I", len(content)) + kind + content + struct.pack(">I", zlib.crc32(kind + content))

    head = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", head) + chunk(b"IDAT", zlib.compress(data)) + chunk(b"IEND", b"")


@pytest.mark.parametrize("size", [(1, 1), (0, 5), (60_000, 60_000), (2**31 - 1, 2**31 - 1), (30_000, 1), (1, 50_000)])
def test_claims_of_an_image(make_source, size):
    source = make_source("drawings")
    source.put(source.files[0], png(*size, data=bytes(10_000)))
    source.read()


@pytest.mark.parametrize("claim", ["-1", "0", "99999999999999999999", "1e9", "4294967296", "9" * 5000, "x"])
@pytest.mark.parametrize(
    ("name", "field"),
    [
        ("geneactiv-bin", "Number of Pages:2"),
        ("geneactiv-bin-warn", "Number of Pages:2"),
        ("geneactiv-bin", "Measurement Frequency:100.0"),
        ("geneactiv-bin-warn", "Measurement Frequency:100.0"),
        ("geneactiv-bin", "x gain:25875"),
        ("geneactiv-bin", "Volts:300"),
        ("geneactiv-bin-warn", "Sequence Number:1"),
        ("geneactiv-bin-warn", "Page Time:2024"),
        ("geneactiv-bin-warn", "GMT -05"),
        ("geneactiv-csv", "Measurement Frequency,100"),
        ("geneactiv-csv-warn", "2024-03-10 12:00:00:500"),
        ("svc", "40\n"),
    ],
)
def test_claims_of_a_header(make_source, name, field, claim):
    source = make_source(name)
    whole = source.whole[source.files[0]]
    value = field.replace("\n", "").rpartition(":" if ":" in field and "00:" not in field else ",")[2]
    changed = whole.replace(field.encode(), field.replace(value, claim).encode(), 1)
    assert changed != whole
    source.put(source.files[0], changed)
    source.read()


def test_times_far_apart(make_source):
    """Two samples centuries apart are no reason to make a signal of centuries."""
    for name in ("csv", "csv-fixed", "geneactiv-csv-warn", "cloudupdrs-warn", "pen-csv", "levodopa-warn", "pads-warn"):
        source = make_source(name)
        for file in source.files:
            lines = source.whole[file].split(b"\n")
            for old, new in ((b"2024", b"2290"), (b"1.", b"1000000000."), (b"125443", b"925443"), (b"13", b"9" * 15)):
                changed = [*lines[: len(lines) // 2], *(x.replace(old, new, 1) for x in lines[len(lines) // 2 :])]
                source.put(file, b"\n".join(changed))
                source.read()


@pytest.mark.parametrize("name", ["svc", "svc-shift", "pen-csv", "uci-warn", "pahaw", "csv", "csv-fixed"])
@pytest.mark.parametrize("time", [b"-1e308", b"1e308", b"1e17"])
def test_steps_that_vanish_beside_the_first_time(make_source, name, time):
    """Found: after a clock's jump all steps were lost to rounding, and there was no rate; lengths overflowed."""
    source = make_source(name)
    for file in source.files:
        separator = b";" if b";" in source.whole[file] else b"," if b"," in source.whole[file] else b" "
        lines = source.whole[file].split(b"\n")
        for row, column in product((1, 2, 10) if len(lines) > 10 else (), range(7)):
            fields = lines[row].split(separator)
            changed = separator.join([*fields[:column], time, *fields[column + 1 :]])
            source.put(file, b"\n".join([*lines[:row], changed, *lines[row + 1 :]]))
            source.read()


@pytest.mark.parametrize(
    "name", ["csv", "csv-fixed", "geneactiv-csv", "cloudupdrs", "levodopa", "pen-csv", "svc", "uci", "pads"]
)
@pytest.mark.parametrize("number", [b"9" * 400, b"-" + b"9" * 400, b"9" * 5000])
def test_a_whole_number_of_hundreds_of_digits(make_source, name, number):
    """Found: pandas' parser raised OverflowError."""
    source = make_source(name)
    for file in source.files:
        whole = source.whole[file]
        for match in list(re.finditer(rb"\d+", whole))[:: max(1, len(re.findall(rb"\d+", whole)) // 40)]:
            source.put(file, whole[: match.start()] + number + whole[match.end() :])
            source.read()


@pytest.mark.parametrize("name", ["geneactiv-csv", "geneactiv-csv-warn"])
@pytest.mark.parametrize("number", [b"-1e308", b"3e38", b"1e19"])
def test_numbers_beyond_single_precision(make_source, name, number):
    """Found: a number was cast to infinity, with a warning of NumPy's, or became it in other units."""
    source = make_source(name)
    file = source.files[0]
    lines = source.whole[file].split(b"\n")
    for row, column in product((-20, -2), range(1, 7)):
        fields = lines[row].split(b",")
        assert len(fields) == 7
        changed = b",".join([*fields[:column], number, *fields[column + 1 :]])
        source.put(file, b"\n".join([*lines[:row], changed, *lines[row + 1 :]]))
        read = source.read()
        assert (read is None) == (name == "geneactiv-csv")


def test_a_carriage_return_within_a_line(make_source):
    """Found: it stood before a damaged line, and what was kept was read by a stricter parser."""
    source = make_source("uci-warn")
    lines = source.whole[source.files[0]].split(b"\n")
    changed = [lines[0], lines[1].replace(b";", b";\r", 1), *lines[2:20], b"x", *lines[20:]]
    source.put(source.files[0], b"\n".join(changed))
    assert source.read() is not None


def test_copies_of_one_another_alone(make_source):
    """Found: with copies="drop" nothing was left, and a mean of nothing was returned."""
    source = make_source("uci-warn")
    source.put(source.files[0], source.whole[source.files[1]])
    assert source.read() is None
