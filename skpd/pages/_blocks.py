"""What a page is made of: sections of paragraphs, lists, tables, figures and notes.

The templates know how each block looks; the modules that fill them know nothing of HTML.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import ClassVar

from markupsafe import Markup

__all__ = [
    "Bars",
    "Cell",
    "Code",
    "Figure",
    "Folded",
    "Items",
    "Note",
    "Paragraph",
    "Row",
    "Section",
    "Table",
    "Terms",
    "Verdicts",
    "sentence",
]


@dataclass(frozen=True)
class Paragraph:
    """Running text; `lead` is set larger."""

    kind: ClassVar[str] = "paragraph"
    text: str
    lead: bool = False


@dataclass(frozen=True)
class Items:
    """A list."""

    kind: ClassVar[str] = "items"
    items: Sequence[str]


@dataclass(frozen=True)
class Terms:
    """Terms and what they mean."""

    kind: ClassVar[str] = "terms"
    terms: Sequence[tuple[str, str]]


@dataclass(frozen=True)
class Note:
    """What a reader must not miss: `level` is "info" or "warning"."""

    kind: ClassVar[str] = "note"
    text: str
    items: Sequence[str] = ()
    level: str = "info"


@dataclass(frozen=True)
class Code:
    """Lines to be copied."""

    kind: ClassVar[str] = "code"
    text: str


@dataclass(frozen=True)
class Figure:
    """A picture that is part of the page: `svg` is trusted markup, `alt` says what it shows."""

    kind: ClassVar[str] = "figure"
    svg: Markup
    alt: str
    caption: str


@dataclass(frozen=True)
class Cell:
    """One value, and below it in small type what belongs to it, such as its interval."""

    text: str
    small: str = ""


@dataclass(frozen=True)
class Row:
    """The name of a row and its cells; a `muted` row is there for comparison."""

    name: str
    cells: Sequence[Cell]
    small: str = ""
    muted: bool = False


@dataclass(frozen=True)
class Table:
    """A table of numbers; `tag` is a word of warning beside its caption, `text_columns` stand to the left."""

    kind: ClassVar[str] = "table"
    caption: str
    head: Sequence[str]
    rows: Sequence[Row]
    note: str = ""
    tag: str = ""
    text_columns: bool = False


@dataclass(frozen=True)
class Bars:
    """Values between 0 and 1 with intervals on one scale, one a row, and a line for chance.

    `rows` are (name, what it means, value, low, high, whether it leaks); low and high may be nan.
    """

    kind: ClassVar[str] = "bars"
    caption: str
    rows: Sequence[tuple[str, str, float, float, float, bool]]
    chance: float
    note: str = ""


@dataclass(frozen=True)
class Verdicts:
    """Answers of checks: (name, answer, finding in words); answers are "found", "not found" and "cannot be seen"."""

    kind: ClassVar[str] = "verdicts"
    rows: Sequence[tuple[str, str, str]]


@dataclass(frozen=True)
class Folded:
    """Blocks that open on request; all of them are printed."""

    kind: ClassVar[str] = "folded"
    summary: str
    blocks: Sequence[Block]


Block = Paragraph | Items | Terms | Note | Code | Figure | Table | Bars | Verdicts | Folded


@dataclass(frozen=True)
class Section:
    """A heading and what stands below it."""

    title: str
    blocks: Sequence[Block] = field(default_factory=list)

    @property
    def id(self) -> str:
        """The anchor that the table of contents points to."""
        return re.sub(r"[^a-z0-9]+", "-", self.title.lower()).strip("-")


def sentence(text: str) -> str:
    """Write a note as a sentence."""
    return f"{text[:1].upper()}{text[1:]}."
