"""Many small images on one sheet, to be looked at."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from ._style import LINK, figure_style, panels

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

#: Width of an image in inches, of the gaps between two, and height of a title's line in points.
_CELL, _GAP, _LINE = 1.1, 0.1, 13

#: Letters that fit over an image, a line.
_LETTERS = 17


class ContactSheetDisplay:
    """Images in rows and columns with a title over each: the data before and after a step, or where a model errs.

    Make it with `from_images`. All images are drawn by one scale from black to white, so that bright and dark ones
    compare.

    Parameters
    ----------
    images : ndarray of shape (n, height, width) or (n, height, width, 3)
        Values from 0 (black) to 1 (white), in drawing order: left to right, then down.
    titles : list of str or None, default=None
        One an image.
    n_columns : int, default=10
        Images in a row.

    Attributes
    ----------
    ax_ : Axes
        The axes, one for the whole sheet.
    figure_ : Figure
        The figure.
    alt_text_ : str
        What the figure shows, in words.

    See Also
    --------
    skpd.images.ImageAugmenter : Makes images that are worth a look.

    Examples
    --------
    >>> from skpd.datasets import make_spiral_drawings
    >>> from skpd.plotting import ContactSheetDisplay
    >>> spirals = make_spiral_drawings(n_drawers=4, drawings_per_drawer=2, random_state=0)
    >>> display = ContactSheetDisplay.from_images(spirals.data, spirals.groups, n_columns=4)
    >>> display.alt_text_
    'Contact sheet of 8 images of 100 x 100 pixels in 2 rows of up to 4: 2 of "healthy V01", ...
    """

    ax_: Axes
    figure_: Figure

    def __init__(self, images: np.ndarray, titles: Sequence[str] | None = None, *, n_columns: int = 10) -> None:
        self.images = images
        self.titles = titles
        self.n_columns = n_columns

    @classmethod
    def from_images(
        cls,
        X: Any,
        titles: Sequence[Any] | None = None,
        *,
        n_columns: int | None = None,
        ax: Any = None,
    ) -> ContactSheetDisplay:
        """Check the images and draw them.

        Parameters
        ----------
        X : array-like of shape (n, height, width), (n, height, width, 1) or (n, height, width, 3)
            uint8; or floating point from 0 to 255, or from 0 to 1 if nothing exceeds 1.
        titles : sequence, default=None
            One an image, such as its label, drawer or prediction.
        n_columns : int, default=None
            Images in a row; None takes ten, or what makes a near-square sheet if there are more than a hundred.
        ax : Axes, default=None
            None makes a figure.

        Returns
        -------
        display : ContactSheetDisplay
            The display, drawn.

        Raises
        ------
        ValueError
            If `X` is not a batch of at least one such image, or there is not one title an image.
        """
        images = np.asarray(X)
        if images.ndim == 4 and images.shape[3] == 1:
            images = images[..., 0]
        good = images.ndim == 3 or (images.ndim == 4 and images.shape[3] == 3)
        if not good or images.size == 0:
            raise ValueError(
                "`X` expected at least one image, (n, height, width), (n, height, width, 1) or (n, height, width, 3), "
                f"got an array of shape {np.shape(X)}."
            )
        if images.dtype != np.uint8 and images.dtype.kind != "f":
            raise ValueError(f"`X` expected uint8 or floating point, got {images.dtype}: convert it.")
        if images.dtype.kind == "f" and not (images.min() >= 0 and images.max() <= 255):
            raise ValueError(
                f"`X` expected values from 0 to 255, got {images.min():g} to {images.max():g}: draw images as they are "
                "before a network's preprocessing."
            )
        if titles is not None and len(titles) != len(images):
            raise ValueError(f"`titles` expected {len(images)}, one an image, got {len(titles)}.")
        if n_columns is None:
            n_columns = min(len(images), max(10, round(np.sqrt(len(images)))))
        if n_columns < 1:
            raise ValueError(f"`n_columns` expected 1 or more, got {n_columns}.")
        white = 1.0 if images.dtype.kind == "f" and images.max() <= 1 else 255.0
        names = None if titles is None else [str(title) for title in titles]
        return cls((images / white).astype(np.float32), names, n_columns=int(n_columns)).plot(ax=ax)

    @property
    def alt_text_(self) -> str:
        """What the figure shows, in words."""
        n, height, width = self.images.shape[:3]
        text = (
            f"Contact sheet of {n} image{'' if n == 1 else 's'} of {height} x {width} pixels in {self._n_rows} "
            f"row{'' if self._n_rows == 1 else 's'} of up to {self.n_columns}"
        )
        if self.titles is None:
            return f"{text}."
        counts = {title: list(self.titles).count(title) for title in dict.fromkeys(self.titles)}
        named = [f'{count} of "{title}"' if count > 1 else f'"{title}"' for title, count in counts.items()]
        rest = f" and {len(named) - 12} more titles" if len(named) > 12 else ""
        return f"{text}: {', '.join(named[:12])}{rest}."

    def plot(self, ax: Any = None) -> ContactSheetDisplay:
        """Draw the sheet.

        Parameters
        ----------
        ax : Axes, default=None
            None makes a figure that shows an image of 100 pixels at about its size.

        Returns
        -------
        self : ContactSheetDisplay
            The display itself.
        """
        n, height, width = self.images.shape[:3]
        titles = [] if self.titles is None else [_wrap(title) for title in self.titles]
        n_lines = max((title.count("\n") + 1 for title in titles), default=0)
        # In pixels of the images, the unit of the axes.
        gap = max(1, round(width * _GAP / _CELL))
        head = round(width * n_lines * _LINE / 72 / _CELL)
        step_y, step_x = height + gap + head, width + gap
        shape = (self._n_rows * step_y - gap, self.n_columns * step_x - gap)
        # White, so that paper needs an outline; transparent where there is no image.
        sheet = np.zeros((*shape, 4), dtype=np.float32)
        corners = [(head + k // self.n_columns * step_y, k % self.n_columns * step_x) for k in range(n)]
        for (top, left), image in zip(corners, self.images, strict=True):
            cell = sheet[top : top + height, left : left + width]
            cell[..., :3] = image if image.ndim == 3 else image[..., None]
            cell[..., 3] = 1
        inches = _CELL / width
        size = (max(shape[1] * inches, 1.0) + 0.2, max(shape[0] * inches, 0.5) + 0.2)
        with figure_style():
            from matplotlib.collections import PatchCollection
            from matplotlib.patches import Rectangle

            (panel,) = panels(ax, 1, lambda figure: figure.subplots(), size)
            panel.imshow(sheet, extent=(0, shape[1], shape[0], 0))
            frames = [Rectangle((left, top), width, height) for top, left in corners]
            panel.add_collection(PatchCollection(frames, facecolor="none", edgecolor=LINK, linewidth=0.6))
            for (top, left), title in zip(corners, titles, strict=False):
                panel.annotate(
                    title,
                    (left, top),
                    xytext=(0, 2),
                    textcoords="offset points",
                    va="bottom",
                    fontsize=8,
                    linespacing=1.1,
                    annotation_clip=False,
                )
            panel.set_axis_off()
            panel.set_xlim(-0.01 * shape[1], 1.01 * shape[1])
            panel.set_ylim(shape[0] + 1, -1)
        self.ax_ = panel
        self.figure_ = panel.figure
        return self

    @property
    def _n_rows(self) -> int:
        return -(-len(self.images) // self.n_columns)


def _wrap(title: str) -> str:
    """Break a title into lines that fit over an image, at spaces where there are any."""
    from textwrap import wrap

    return "\n".join(wrap(title, _LETTERS)) or " "
