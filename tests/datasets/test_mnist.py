"""load_mnist: digits as drawings, whole or refused."""

import numpy as np
import pytest

from skpd.datasets import check_dataset, load_mnist
from skpd.exceptions import DataFileError


@pytest.fixture
def folder(tmp_path):
    write(tmp_path)
    return tmp_path


def write(folder, **arrays):
    rng = np.random.default_rng(0)
    x = rng.integers(0, 256, size=(6, 28, 28), dtype=np.uint8)
    y = np.array([0, 0, 1, 4, 9, 9], dtype=np.uint8)
    np.savez_compressed(folder / "mnist_10k.npz", **{"x": x, "y": y} | arrays)
    return x


def test_digits_are_dark_on_white(tmp_path):
    x = write(tmp_path)
    digits = load_mnist(tmp_path)
    assert digits.data.dtype == np.uint8
    np.testing.assert_array_equal(digits.data, np.repeat(255 - x[..., None], 3, axis=3))
    assert digits.target.tolist() == digits.frame["target"].tolist() == [0, 0, 1, 4, 9, 9]
    assert digits.target_names == list(range(10))
    assert digits.groups is None
    X, y = load_mnist(tmp_path, return_X_y=True)
    np.testing.assert_array_equal(X, digits.data)
    np.testing.assert_array_equal(y, digits.target)


def test_size(tmp_path):
    x = np.zeros((6, 28, 28), dtype=np.uint8)
    x[:, :, 14:] = 200
    write(tmp_path, x=x)
    data = load_mnist(tmp_path, image_size=(32, 64)).data
    assert data.shape == (6, 32, 64, 3)
    assert (data[:, :, :28] == 255).all()
    assert (data[:, :, 36:] == 55).all()
    assert load_mnist(tmp_path, image_size=(7, 14)).data.shape == (6, 7, 14, 3)
    assert load_mnist(tmp_path, image_size=(1, 1000)).data.shape == (6, 1, 1000, 3)
    for size in ((28,), (0, 28), (28, 1001), (28, 1.5)):
        with pytest.raises(ValueError, match=r"image_size: expected \(height, width\)"):
            load_mnist(tmp_path, image_size=size)


@pytest.mark.parametrize(
    ("arrays", "message"),
    [
        ({"x": np.zeros((6, 28, 27), dtype=np.uint8)}, r"found x \(6, 28, 27\) of uint8 and y \(6,\)"),
        ({"x": np.zeros((5, 28, 28), dtype=np.uint8)}, r"found x \(5, 28, 28\)"),
        ({"x": np.zeros((6, 28, 28))}, r"of float64"),
        ({"y": np.full(6, 10, dtype=np.uint8)}, r"array 'y': found the label 10, expected digits"),
        ({"y": np.array([{}] * 6, dtype=object)}, r"found damage"),
        ({"x": np.zeros((0, 28, 28), dtype=np.uint8), "y": np.zeros(0, dtype=np.uint8)}, r"found x \(0, 28, 28\)"),
    ],
    ids=["shape", "length", "dtype", "label", "object", "empty"],
)
def test_wrong_arrays(tmp_path, arrays, message):
    write(tmp_path, **arrays)
    with pytest.raises(DataFileError, match=message):
        load_mnist(tmp_path)


def test_missing(tmp_path, monkeypatch):
    with pytest.raises(DataFileError, match=r"a folder without mnist_10k.npz"):
        load_mnist(tmp_path)
    np.savez(tmp_path / "mnist_10k.npz", x=np.zeros((1, 28, 28), dtype=np.uint8))
    with pytest.raises(DataFileError, match=r"found damage .*'y is not a file in the archive'"):
        load_mnist(tmp_path)
    monkeypatch.delenv("SKPD_DATA", raising=False)
    with pytest.raises(DataFileError, match=r"SKPD_DATA"):
        load_mnist()


def test_damaged_files_raise_nothing_but_the_readers_error(folder):
    path = folder / "mnist_10k.npz"
    good = path.read_bytes()
    rng = np.random.default_rng(1)
    n_refused = 0
    for _ in range(200):
        content = bytearray(good)
        if rng.random() < 0.3:
            content = content[: rng.integers(0, len(content))]
        for at in rng.integers(0, max(len(content), 1), size=3):
            content[at : at + 1] = rng.bytes(1)
        path.write_bytes(bytes(content))
        try:
            digits = load_mnist(folder)
        except DataFileError:
            n_refused += 1
        else:
            assert len(digits.data) == len(digits.target)
    assert n_refused > 100


def test_real_digits(data_dir):
    digits = load_mnist(data_dir / "mnist")
    assert digits.data.shape == (10_000, 28, 28, 3)
    assert np.bincount(digits.target).tolist() == [1001, 1127, 991, 1032, 980, 863, 1014, 1070, 944, 978]
    # Paper is white, and most of an image is paper.
    assert np.median(digits.data) == 255
    (check,) = check_dataset(data_dir / "mnist")
    assert check.name == "mnist"
    assert check.complete
