"""Figures inside a page."""

import xml.etree.ElementTree as ET

import matplotlib.pyplot as plt
import pytest

from skpd.pages._svg import figure_svg


@pytest.fixture
def figure():
    made, ax = plt.subplots(figsize=(6, 2))
    ax.plot([0, 1], [0, 1], label="up")
    ax.imshow([[0, 1], [1, 0]])
    ax.set_title("selectable")
    yield made
    plt.close(made)


def names(svg):
    return [e.attrib["id"] for e in ET.fromstring(svg).iter() if "id" in e.attrib]


def test_two_figures_share_no_name_and_every_reference_is_met(figure):
    first, second = (figure_svg(figure, name=name, alt="a line") for name in ("first", "second"))
    assert names(first)
    assert not set(names(first)) & set(names(second))
    for svg in (first, second):
        assert len(names(svg)) == len(set(names(svg)))
        used = [part.split(")")[0] for part in svg.split("url(#")[1:]]
        assert used
        assert set(used) <= set(names(svg))


def test_text_stays_text_and_the_figure_is_named(figure):
    root = ET.fromstring(figure_svg(figure, name="f", alt='a "line" & more'))
    assert root.attrib["aria-label"] == 'a "line" & more'
    assert root.attrib["style"] == "max-width: 576px"
    assert "selectable" in "".join(root.itertext())
    assert not {"width", "height"} & set(root.attrib)
    assert "matplotlib" not in "".join(root.itertext())


def test_the_same_figure_gives_the_same_text(figure):
    assert figure_svg(figure, name="f", alt="") == figure_svg(figure, name="f", alt="")
