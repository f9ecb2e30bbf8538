"""Drawings: the real folder as documented, every mode and size brought to one form, and images that are broken."""

import struct
import zlib

import numpy as np
import pytest
from PIL import Image

from skpd.datasets import load_spiral_drawings
from skpd.exceptions import DataFileError, DataFileWarning

NAMES = ("training/healthy/V01HE02", "training/parkinson/V01PE02", "testing/healthy/V01HE01")


def ink(size=(40, 30), mode="L"):
    """Bright paper with one dark stroke, of width x height `size`."""
    pixels = np.full(size[::-1], 230, dtype=np.uint8)
    pixels[size[1] // 2] = 20
    return Image.fromarray(pixels).convert(mode)


@pytest.fixture
def folder(tmp_path):
    """Three spirals in the layout of the published folder."""
    for name in NAMES:
        path = tmp_path / "spiral" / f"{name}.png"
        path.parent.mkdir(parents=True, exist_ok=True)
        ink().save(path)
    return tmp_path


def first(folder):
    return folder / "spiral" / f"{NAMES[0]}.png"


class TestRealFolder:
    @pytest.mark.parametrize("kind", ["spiral", "wave"])
    def test_is_as_documented(self, data_dir, kind):
        bunch = load_spiral_drawings(data_dir / "spiral_wave_drawings", kind=kind)
        frame = bunch.frame
        assert bunch.data.shape == (102, 100, 100, 3)
        assert bunch.data.dtype == np.uint8
        assert bunch.target_names == ["healthy", "parkinson"]
        assert frame.groupby(["split", "target"]).size().to_dict() == {
            ("testing", "healthy"): 15,
            ("testing", "parkinson"): 15,
            ("training", "healthy"): 36,
            ("training", "parkinson"): 36,
        }
        assert len(set(bunch.groups)) == 28
        assert frame.drop_duplicates("drawer")["target"].value_counts().to_dict() == {"parkinson": 15, "healthy": 13}
        assert frame["irregular_name"].sum() == (3 if kind == "spiral" else 0)
        assert set(frame["mode"]) == ({"L", "RGB"} if kind == "spiral" else {"L", "RGB", "RGBA"})
        assert bunch.skipped.empty

    def test_shipped_split_shares_drawers(self, data_dir):
        frame = load_spiral_drawings(data_dir / "spiral_wave_drawings").frame
        drawers = frame.groupby("split")["drawer"].agg(set)
        assert len(drawers["training"] & drawers["testing"]) == len(drawers["testing"]) == 25

    def test_shipped_splits_are_two_kinds_of_images(self, data_dir):
        bunch = load_spiral_drawings(data_dir / "spiral_wave_drawings", image_size=None)
        paper = np.array([np.median(image) for image in bunch.data])
        training = (bunch.frame["split"] == "training").to_numpy()
        assert paper[training].max() <= 148
        assert paper[~training].min() >= 231
        assert set(bunch.frame.loc[training, "mode"]) == {"L"}

    def test_rows_belong_together(self, data_dir):
        root = data_dir / "spiral_wave_drawings"
        bunch = load_spiral_drawings(root, kind="wave", image_size=None)
        for i in (0, 40, 101):
            row = bunch.frame.iloc[i]
            with Image.open(root / row["file"]) as image:
                assert bunch.data[i].shape == (image.height, image.width, 3) == (row["height"], row["width"], 3)
            assert f"/{bunch.target[i]}/" in row["file"]
            assert row["split"] in row["file"]
            assert bunch.groups[i] == f"{bunch.target[i]} V{row['drawing'][1:3]}"


class TestForm:
    def test_same_number_in_two_classes_is_two_drawers(self, folder):
        bunch = load_spiral_drawings(folder)
        assert bunch.groups.tolist() == ["healthy V01", "parkinson V01", "healthy V01"]
        assert bunch.frame["number"].tolist() == [2, 2, 1]
        assert bunch.frame["split"].tolist() == ["training", "training", "testing"]

    @pytest.mark.parametrize("mode", ["L", "RGB", "RGBA", "LA", "P", "I;16"])
    def test_every_mode_becomes_the_same_rgb(self, folder, mode):
        if mode == "I;16":
            Image.fromarray(np.asarray(ink()).astype(np.uint16) * 257).save(first(folder))
        else:
            ink(mode=mode).save(first(folder))
        bunch = load_spiral_drawings(folder, image_size=None)
        assert bunch.frame["mode"][0] == mode
        np.testing.assert_array_equal(bunch.data[0], np.asarray(ink().convert("RGB")))

    def test_black_and_white(self, folder):
        ink().point(lambda level: 255 * (level > 128)).convert("1").save(first(folder))
        image = load_spiral_drawings(folder, image_size=None).data[0]
        assert (image[0] == 255).all()
        assert (image[15] == 0).all()

    @pytest.mark.parametrize("mode", ["RGBA", "P"])
    def test_transparency_becomes_white(self, folder, mode):
        image = Image.new("RGBA", (2, 1), (200, 0, 0, 255))
        image.putpixel((1, 0), (200, 0, 0, 0))
        if mode == "P":
            image = Image.new("P", (2, 1))
            image.putpalette([200, 0, 0, 0, 0, 0])
            image.putpixel((1, 0), 1)
            image.save(first(folder), transparency=1)
        else:
            image.save(first(folder))
        np.testing.assert_array_equal(
            load_spiral_drawings(folder, image_size=None).data[0], [[[200, 0, 0], [255, 255, 255]]]
        )

    def test_size_is_height_and_width(self, folder):
        X, y = load_spiral_drawings(folder, image_size=(20, 50), return_X_y=True)
        assert X.shape == (3, 20, 50, 3)
        assert y.tolist() == ["healthy", "parkinson", "healthy"]

    def test_making_smaller_averages(self, folder):
        stripes = np.zeros((60, 60), dtype=np.uint8)
        stripes[::2] = 200
        Image.fromarray(stripes).save(first(folder))
        small = load_spiral_drawings(folder, image_size=(6, 6)).data[0]
        assert np.abs(small[1:-1].astype(int) - 100).max() <= 5

    def test_pad_keeps_the_shape_and_adds_paper(self, folder):
        ink((80, 20)).save(first(folder))
        padded = load_spiral_drawings(folder, image_size=(40, 40), fit="pad").data[0]
        stretched = load_spiral_drawings(folder, image_size=(40, 40)).data[0]
        assert (padded[:15] == 230).all()
        assert (padded[25:] == 230).all()
        assert padded[15:25].min() < 160
        assert stretched[15:25].min() < 100

    def test_irregular_names(self, folder):
        first(folder).rename(first(folder).with_name("V01HE2.png"))
        frame = load_spiral_drawings(folder).frame
        assert frame["irregular_name"].tolist() == [True, False, False]
        assert frame["number"][0] == 2

    def test_thin_images_can_be_long(self, folder):
        assert load_spiral_drawings(folder, image_size=(1, 10_000)).data.shape == (3, 1, 10_000, 3)
        assert load_spiral_drawings(folder, image_size=(10_000, 1)).data.shape == (3, 10_000, 1, 3)

    def test_table_of_drawings(self, folder):
        assert load_spiral_drawings(folder).frame.iloc[1].to_dict() == {
            "drawing": "V01PE02",
            "drawer": "parkinson V01",
            "number": 2,
            "target": "parkinson",
            "split": "training",
            "kind": "spiral",
            "file": "spiral/training/parkinson/V01PE02.png",
            "width": 40,
            "height": 30,
            "mode": "L",
            "irregular_name": False,
        }

    @pytest.mark.parametrize("size", [(100,), (0, 100), (100, 0), (1.5, 2), (10**6, 10**6), (1, 10_001), (10_001, 1)])
    def test_impossible_size(self, folder, size):
        with pytest.raises(ValueError, match="image_size: expected"):
            load_spiral_drawings(folder, image_size=size)


def png(width, height):
    """A PNG that claims a size and holds no more than a header."""
    header = b"IHDR" + struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    chunk = struct.pack(">I", 13) + header + struct.pack(">I", zlib.crc32(header))
    return b"\x89PNG\r\n\x1a\n" + chunk + b"\0\0\0\0IEND\xaeB`\x82"


def jpeg(path):
    Image.open(path).save(path.with_suffix(".jpg"))
    path.with_suffix(".jpg").rename(path)


class TestDamage:
    @pytest.mark.parametrize(
        ("harm", "message"),
        [
            (lambda p: p.write_bytes(b""), "no PNG image"),
            (lambda p: p.write_bytes(p.read_bytes()[:60]), "damage"),
            (lambda p: p.write_bytes(p.read_bytes()[:20]), "damage"),
            (lambda p: p.write_bytes(bytes(range(256)) * 9), "no PNG image"),
            (lambda p: p.write_text("drawer,image\n1,a"), "no PNG image"),
            (jpeg, "no PNG image"),
            (lambda p: p.write_bytes(png(7_000, 6_000)), "claims 7000 x 6000 pixels, expected at most 36000000"),
            (lambda p: p.write_bytes(png(60_000, 60_000)), "3600000000 pixels.*at most 36000000"),
            (lambda p: p.write_bytes(png(2**31 - 1, 2**31 - 1)), "pixels"),
            (lambda p: p.write_bytes(png(500, 500)), "damage"),
            (lambda p: p.rename(p.with_name("V01PE02.png")), "the name 'V01PE02.png'.*wrong label"),
            (lambda p: p.rename(p.with_name("V01HO02.png")), "the name 'V01HO02.png', expected a name such as V01HE02"),
            (lambda p: p.rename(p.with_name("scan 1.png")), "the name 'scan 1.png'"),
        ],
    )
    def test_is_named(self, folder, harm, message):
        harm(first(folder))
        with pytest.raises(DataFileError, match=message) as info:
            load_spiral_drawings(folder)
        assert info.value.path.parent == first(folder).parent
        with pytest.warns(DataFileWarning, match="left out"):
            bunch = load_spiral_drawings(folder, errors="warn")
        assert bunch.groups.tolist() == ["parkinson V01", "healthy V01"]
        assert bunch.skipped["file"].tolist() == [info.value.path.name]

    def test_any_damage_is_our_error(self, folder):
        good = first(folder).read_bytes()
        rng = np.random.default_rng(0)
        n_refused = 0
        for _ in range(150):
            bad = bytearray(good)
            for _ in range(rng.integers(1, 4)):
                bad[rng.integers(8, len(bad))] = rng.integers(256)
            first(folder).write_bytes(bytes(bad))
            try:
                assert load_spiral_drawings(folder).data.shape == (3, 100, 100, 3)
            except DataFileError:
                n_refused += 1
        assert n_refused > 50

    def test_other_files_are_reported(self, folder):
        (first(folder).parent / "V01HE02.jpg").touch()
        (first(folder).parent / ".DS_Store").touch()
        with pytest.warns(DataFileWarning, match=r"1 file\(s\) that are no PNG: spiral/training/healthy/V01HE02\.jpg"):
            assert len(load_spiral_drawings(folder).data) == 3

    def test_many_other_files_are_counted(self, folder):
        for k in range(6):
            (first(folder).parent / f"{k}.txt").touch()
        shown = ", ".join(f"spiral/training/healthy/{k}.txt" for k in range(5))
        with pytest.warns(DataFileWarning, match=rf"6 file\(s\) that are no PNG: {shown}, \.\.\.$"):
            load_spiral_drawings(folder)

    def test_folder(self, folder, tmp_path, monkeypatch):
        with pytest.raises(DataFileError, match="without wave"):
            load_spiral_drawings(folder, kind="wave")
        monkeypatch.setenv("SKPD_DATA", str(tmp_path / "none"))
        with pytest.raises(DataFileError, match="SKPD_DATA"):
            load_spiral_drawings()
