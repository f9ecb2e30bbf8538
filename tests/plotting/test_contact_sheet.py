"""ContactSheetDisplay: every image in its place, on the axes given, and matplotlib as it was."""

import matplotlib as mpl
import matplotlib.pyplot as plt
import numpy as np
import pytest

from skpd.plotting import ContactSheetDisplay


@pytest.fixture(autouse=True)
def close_figures():
    yield
    plt.close("all")


def grey(n, level=None, size=(20, 30)):
    levels = np.arange(n) * 10 if level is None else np.full(n, level)
    return np.broadcast_to(levels[:, None, None], (n, *size)).astype(np.uint8)


def drawn(display):
    return np.asarray(display.ax_.images[0].get_array())


def test_images_stand_left_to_right_then_down():
    display = ContactSheetDisplay.from_images(grey(7), n_columns=3)
    sheet = drawn(display)
    opaque = sheet[..., 3] == 1
    assert opaque.sum() == 7 * 20 * 30
    top, left = np.flatnonzero(opaque.any(axis=1)), np.flatnonzero(opaque.any(axis=0))
    steps = (np.diff(top).max() + 19, np.diff(left).max() + 29)
    for k in range(7):
        row, column = k // 3 * steps[0], k % 3 * steps[1]
        cell = sheet[row : row + 20, column : column + 30]
        np.testing.assert_allclose(cell[..., :3], k * 10 / 255, rtol=1e-6)
        assert (cell[..., 3] == 1).all()


def test_titles_wrap_and_are_all_there():
    titles = ["healthy V01", "parkinson V02 drawn twice", 3]
    display = ContactSheetDisplay.from_images(grey(3), titles)
    texts = [text.get_text() for text in display.ax_.texts]
    assert texts == ["healthy V01", "parkinson V02\ndrawn twice", "3"]


def test_alt_text_counts_and_names():
    display = ContactSheetDisplay.from_images(grey(5), ["a", "b", "a", "a", "b"], n_columns=4)
    assert display.alt_text_ == (
        'Contact sheet of 5 images of 20 x 30 pixels in 2 rows of up to 4: 3 of "a", 2 of "b".'
    )
    assert ContactSheetDisplay.from_images(grey(1)).alt_text_.startswith("Contact sheet of 1 image of")
    many = ContactSheetDisplay.from_images(grey(20), range(20))
    assert many.alt_text_.endswith('"11" and 8 more titles.')


@pytest.mark.parametrize(
    "X",
    [
        np.full((2, 8, 8, 3), 51, dtype=np.uint8),
        np.full((2, 8, 8, 1), 51, dtype=np.uint8),
        np.full((2, 8, 8), 51.0),
        np.array([np.full((8, 8), 0.2), np.ones((8, 8))], dtype=np.float32),
    ],
)
def test_every_kind_of_image_is_drawn_by_its_white(X):
    np.testing.assert_allclose(drawn(ContactSheetDisplay.from_images(X))[:8, :8, :3], 0.2, rtol=1e-6)


def test_columns_by_default():
    assert ContactSheetDisplay.from_images(grey(3)).n_columns == 3
    assert ContactSheetDisplay.from_images(grey(25)).n_columns == 10
    assert ContactSheetDisplay.from_images(grey(255, level=0, size=(4, 4))).n_columns == 16


def test_axes_of_the_caller_are_used_and_settings_kept():
    before = dict(mpl.rcParams)
    figure, ax = plt.subplots()
    display = ContactSheetDisplay.from_images(grey(4), ax=ax)
    assert display.ax_ is ax
    assert display.figure_ is figure
    again = display.plot()
    assert again is display
    assert display.ax_ is not ax
    assert dict(mpl.rcParams) == before


@pytest.mark.parametrize(
    ("X", "options", "message"),
    [
        (np.zeros((3, 4), np.uint8), {}, "at least one image"),
        (np.zeros((0, 4, 4), np.uint8), {}, "at least one image"),
        (np.zeros((2, 4, 4, 2), np.uint8), {}, "at least one image"),
        (np.zeros((2, 4, 4), int), {}, "uint8 or floating point, got int64"),
        (np.full((2, 4, 4), -1.0), {}, "from 0 to 255, got -1"),
        (np.full((2, 4, 4), np.nan), {}, "from 0 to 255, got nan"),
        (np.zeros((2, 4, 4), np.uint8), {"titles": ["a"]}, "`titles` expected 2"),
        (np.zeros((2, 4, 4), np.uint8), {"n_columns": 0}, "`n_columns` expected 1"),
    ],
)
def test_what_cannot_be_drawn_says_why(X, options, message):
    with pytest.raises(ValueError, match=message):
        ContactSheetDisplay.from_images(X, **options)
