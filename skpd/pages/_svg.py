"""Matplotlib figures as SVG that can stand inside a page.

SVG rather than PNG: sharp at any zoom and in print, its text can be selected and searched, and it is smaller.
"""

from __future__ import annotations

import io
import re
import xml.etree.ElementTree as ET
from typing import Any

from markupsafe import Markup

__all__ = ["figure_svg"]

_SVG, _XLINK = "http://www.w3.org/2000/svg", "http://www.w3.org/1999/xlink"
#: A figure up to this width, in CSS pixels, is shown whole on a phone; a wider one scrolls in its box.
_PHONE = 480
_REFERENCE = re.compile(r"#([\w.-]+)")


def figure_svg(figure: Any, *, name: str, alt: str) -> Markup:
    """Draw a figure as an SVG element that scales with its column.

    Parameters
    ----------
    figure : matplotlib.figure.Figure
        The figure. Its text stays text and is set in the page's typeface.
    name : str
        Unique in the page: matplotlib names parts alike in every figure, and a page may use a name once.
    alt : str
        What the figure shows, for readers who cannot see it.

    Returns
    -------
    svg : Markup
        The element; the same figure gives the same text.
    """
    import matplotlib as mpl

    buffer = io.StringIO()
    with mpl.rc_context({"svg.fonttype": "none", "svg.hashsalt": name}):
        figure.savefig(buffer, format="svg", metadata={"Date": None})
    root = ET.fromstring(buffer.getvalue())
    for metadata in root.findall(f"{{{_SVG}}}metadata"):
        root.remove(metadata)
    _own_names(root, name)
    width = float(root.attrib.pop("width").removesuffix("pt"))
    root.attrib.pop("height")
    # Points are 4/3 of a CSS pixel; no wider than drawn, so that type is as large as that of the text.
    pixels = round(width * 4 / 3)
    root.attrib.update(role="img", style=f"max-width: {pixels}px" + ("; min-width: 0" if pixels <= _PHONE else ""))
    root.attrib["aria-label"] = alt
    ET.register_namespace("", _SVG)
    ET.register_namespace("xlink", _XLINK)
    return Markup(ET.tostring(root, encoding="unicode"))


def _own_names(root: ET.Element, name: str) -> None:
    """Prefix the names that are referred to and drop the others."""
    elements = list(root.iter())
    used = {found for e in elements for value in e.attrib.values() for found in _REFERENCE.findall(value)}
    for element in elements:
        for key, value in list(element.attrib.items()):
            if key == "id":
                if value in used:
                    element.attrib["id"] = f"{name}-{value}"
                else:
                    del element.attrib["id"]
            elif "url(#" in value or key.endswith("href"):
                element.attrib[key] = _REFERENCE.sub(
                    lambda match: f"#{name}-{match[1]}" if match[1] in used else match[0], value
                )
