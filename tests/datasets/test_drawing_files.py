"""Drawings of one's own: whose they are, scans and photographs in one form, and files that are none."""

import struct
import zlib

import numpy as np
import pytest
from PIL import Image

from skpd.datasets import load_drawings, load_spiral_drawings
from skpd.exceptions import DataFileError, DataFileWarning


def person(path):
    return path.stem.split("_")[0]


def label(path):
    return path.parent.name


def half_dark(size=(60, 40)):
    """A page of width x height `size` whose upper half is dark."""
    pixels = np.full(size[::-1], 230, dtype=np.uint8)
    pixels[: size[1] // 2] = 20
    return Image.fromarray(pixels).convert("RGB")


@pytest.fixture
def folder(tmp_path):
    """Three drawings by two people, in folders of their class, and one in another size."""
    for name, size in (("control/anna_1.png", (60, 40)), ("control/anna_2.png", (30, 30)), ("pd/ben_1.png", (60, 40))):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        half_dark(size).save(tmp_path / name)
    return tmp_path


def test_people_and_labels_come_from_the_path(folder):
    bunch = load_drawings(sorted(folder.glob("*/*.png")), subject=person, target=label, image_size=(20, 50))
    assert bunch.data.shape == (3, 20, 50, 3)
    assert bunch.data.dtype == np.uint8
    assert bunch.target.tolist() == ["control", "control", "pd"]
    assert bunch.target_names == ["control", "pd"]
    assert bunch.groups.tolist() == ["anna", "anna", "ben"]
    assert bunch.units == "uint8"
    assert bunch.skipped.empty
    assert bunch.frame.iloc[1].to_dict() == {
        "drawing": "anna_2",
        "subject": "anna",
        "target": "control",
        "file": str(folder / "control" / "anna_2.png"),
        "width": 30,
        "height": 30,
        "mode": "RGB",
    }
    assert "2 people, 3 drawing(s)" in bunch.DESCR
    assert "20 x 50 pixels (height x width)" in bunch.DESCR
    assert "Target      control, pd" in bunch.DESCR


def test_labels_may_be_numbers_or_not_stated(folder):
    files = sorted(folder.glob("*/*.png"))
    numbered = load_drawings(files, target=lambda path: int(label(path) == "pd"))
    assert numbered.target.tolist() == [0, 0, 1]
    assert numbered.target_names == [0, 1]
    bare = load_drawings(files)
    assert bare.target is bare.target_names is bare.groups is None
    assert "people not stated" in bare.DESCR
    assert "Target      none" in bare.DESCR


@pytest.mark.parametrize(("name", "unknown"), [("subject", None), ("target", np.nan)])
def test_a_file_that_nothing_is_known_of(folder, name, unknown):
    files = sorted(folder.glob("*/*.png"))
    asked = {name: lambda path: "Ben" if path.stem == "ben_1" else unknown}
    with pytest.raises(DataFileError, match=rf"anna_1.png: found {unknown} from {name}=..., expected a {name} for"):
        load_drawings(files, **asked)
    with pytest.warns(DataFileWarning, match="left out: .*anna"):
        assert load_drawings(files, **asked, errors="warn").frame["drawing"].tolist() == ["ben_1"]


def test_what_pipelines_take(folder):
    X, y = load_drawings(sorted(folder.glob("*/*.png")), target=label, return_X_y=True)
    assert X.shape == (3, 100, 100, 3)
    assert y.tolist() == ["control", "control", "pd"]


def test_a_folder_is_read_in_the_order_of_names(folder):
    half_dark().save(folder / "control" / "anna_0.JPG")
    (folder / "control" / "notes.txt").write_text("not a drawing")
    frame = load_drawings(folder / "control").frame
    assert frame["drawing"].tolist() == ["anna_0", "anna_1", "anna_2"]


def test_names_that_repeat_are_told_apart_by_their_folder(folder):
    half_dark().save(folder / "pd" / "anna_1.png")
    files = sorted(folder.glob("*/*.png"))
    assert load_drawings(files).frame["drawing"].tolist() == [str(file) for file in files]


def test_sizes_are_kept_on_request(folder):
    bunch = load_drawings(sorted(folder.glob("*/*.png")), image_size=None)
    assert [image.shape for image in bunch.data] == [(40, 60, 3), (30, 30, 3), (40, 60, 3)]
    np.testing.assert_array_equal(bunch.data[0], np.asarray(half_dark()))
    assert "sizes as in the files" in bunch.DESCR


def test_shapes_are_stretched_or_padded(folder):
    half_dark((80, 20)).save(folder / "wide.png")
    stretched = load_drawings(folder / "wide.png", image_size=(40, 40)).data[0]
    padded = load_drawings(folder / "wide.png", image_size=(40, 40), fit="pad").data[0]
    assert (stretched[5] == 20).all()
    assert (padded[5] == padded[35]).all()
    assert (padded[17] == 20).all()


def test_reads_what_the_reader_of_the_published_set_reads(data_dir):
    published = load_spiral_drawings(data_dir / "spiral_wave_drawings", kind="wave")
    files = [data_dir / "spiral_wave_drawings" / file for file in published.frame["file"]]
    own = load_drawings(files, target=label)
    np.testing.assert_array_equal(own.data, published.data)
    assert own.target.tolist() == published.target.tolist()


@pytest.mark.parametrize("suffix", ["jpg", "jpeg"])
def test_photographs_are_read_and_turned_upright(tmp_path, suffix):
    exif = Image.Exif()
    exif[0x0112] = 6  # held sideways: turn it by 90 degrees clockwise to see it
    half_dark().save(tmp_path / f"a.{suffix}", quality=95, exif=exif)
    bunch = load_drawings(tmp_path, image_size=None)
    assert bunch.data[0].shape == (60, 40, 3)
    assert bunch.frame.loc[0, ["width", "height"]].tolist() == [40, 60]
    # The upper half has become the right one.
    np.testing.assert_allclose(bunch.data[0][:, 22:], 20, atol=6)
    np.testing.assert_allclose(bunch.data[0][:, :18], 230, atol=6)


def test_grey_and_four_colour_photographs(tmp_path):
    half_dark().convert("L").save(tmp_path / "a.jpg", quality=95)
    half_dark().convert("CMYK").save(tmp_path / "b.jpg", quality=95)
    bunch = load_drawings(tmp_path, image_size=None)
    assert bunch.frame["mode"].tolist() == ["L", "CMYK"]
    for image in bunch.data:
        np.testing.assert_allclose(image, np.asarray(half_dark()), atol=12)


@pytest.mark.parametrize(
    ("name", "content", "message"),
    [
        ("a.png", b"", "no PNG image"),
        ("a.jpg", b"\xff\xd8\xff\xe0 a header and no more", "JPEG image"),
        ("a.heic", b"a telephone's own format", r"the suffix '.heic', expected a drawing, .png, .jpg, .jpeg"),
        ("a", b"", "the suffix ''"),
    ],
)
def test_files_that_are_no_drawings(folder, name, content, message):
    (folder / name).write_bytes(content)
    files = [folder / name, *sorted(folder.glob("*/*.png"))]
    with pytest.raises(DataFileError, match=message):
        load_drawings(files)
    with pytest.warns(DataFileWarning, match="left out"):
        bunch = load_drawings(files, subject=person, errors="warn")
    assert bunch.groups.tolist() == ["anna", "anna", "ben"]
    assert bunch.skipped["file"].tolist() == [name]


def test_a_suffix_that_lies(folder):
    half_dark().save(folder / "b.jpg")
    (folder / "b.jpg").rename(folder / "b.png")
    with pytest.raises(DataFileError, match="no PNG image"):
        load_drawings(folder / "b.png")


def test_half_a_photograph(folder):
    half_dark((400, 300)).save(folder / "a.jpg")
    (folder / "a.jpg").write_bytes((folder / "a.jpg").read_bytes()[:900])
    with pytest.raises(DataFileError, match=r"damage \(image file is truncated.*copy it again"):
        load_drawings(folder / "a.jpg")


def test_nothing_to_read(folder, tmp_path):
    with pytest.raises(DataFileError, match=r"a folder without .png or .jpg or .jpeg files"):
        load_drawings(tmp_path)
    with pytest.raises(DataFileError, match="no such file"):
        load_drawings(tmp_path / "none.png")
    with pytest.raises(ValueError, match="at least one file, got none"):
        load_drawings([])
    (tmp_path / "a.png").touch()
    with (
        pytest.warns(DataFileWarning, match="left out"),
        pytest.raises(DataFileError, match="not one intact drawing, expected at least one"),
    ):
        load_drawings(tmp_path / "a.png", errors="warn")


@pytest.mark.parametrize(
    ("parameters", "message"),
    [
        ({"subject": "name"}, "'subject' parameter"),
        ({"fit": "crop"}, "'fit' parameter"),
        ({"image_size": 100}, "'image_size' parameter"),
        ({"image_size": (100,)}, "image_size: expected"),
    ],
)
def test_parameters(folder, parameters, message):
    with pytest.raises(ValueError, match=message):
        load_drawings(folder / "pd", **parameters)


def write_png(path, depth, colour, row, transparent):
    """Write one row of two pixels as a PNG file of `depth` bits, grey (0) or RGB (2), with a transparent colour."""

    def chunk(kind, content):
        return struct.pack(">I", len(content)) + kind + content + struct.pack(">I", zlib.crc32(kind + content))

    header = struct.pack(">IIBBBBB", 2, 1, depth, colour, 0, 0, 0)
    chunks = [chunk(b"IHDR", header), chunk(b"tRNS", transparent), chunk(b"IDAT", zlib.compress(b"\0" + row))]
    path.write_bytes(b"\x89PNG\r\n\x1a\n" + b"".join(chunks) + chunk(b"IEND", b""))
    return path


@pytest.mark.parametrize(
    ("depth", "colour", "row", "transparent", "opaque"),
    [
        (16, 0, struct.pack(">2H", 1000, 30000), struct.pack(">H", 1000), 117),
        (16, 0, struct.pack(">2H", 1000, 1001), struct.pack(">H", 1000), 3),
        (16, 2, struct.pack(">6H", *[1000] * 3, *[30000] * 3), struct.pack(">3H", *[1000] * 3), 117),
        (8, 0, bytes([7, 90]), struct.pack(">H", 7), 90),
        (4, 0, bytes([0x35]), struct.pack(">H", 3), 85),
        (2, 0, bytes([0b01100000]), struct.pack(">H", 1), 170),
    ],
    ids=["grey 16", "grey 16 beside its neighbour", "RGB 16", "grey 8", "grey 4", "grey 2"],
)
def test_a_transparent_level_becomes_white(tmp_path, depth, colour, row, transparent, opaque):
    path = write_png(tmp_path / "a.png", depth, colour, row, transparent)
    assert load_drawings(path, image_size=None).data[0].tolist() == [[[255] * 3, [opaque] * 3]]
