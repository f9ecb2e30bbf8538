"""Pen trajectories as images."""

from __future__ import annotations

import warnings
from collections.abc import Sequence
from numbers import Integral, Real
from typing import Any, ClassVar

import numpy as np
from sklearn.base import _fit_context
from sklearn.utils._param_validation import Interval, Options, StrOptions
from sklearn.utils.validation import check_is_fitted

from .._recordings import RecordingTransformer, check_column_names, check_recordings, frame_columns
from ..exceptions import SkippedDataWarning

__all__ = ["StrokeRenderer"]

#: Channels of each form of image: the first is the default.
_CHANNELS = {"omit": (3, 1), "channel": (2,), "colour": (3,)}

#: Okabe and Ito's vermilion, which people of any colour vision tell from black.
_AIR_COLOUR = (213, 94, 0)


class StrokeRenderer(RecordingTransformer):
    """Draw pen trajectories as images, dark ink on white paper.

    Every drawing is scaled to the image by its longer side and put in the middle; its shape is kept and its size is
    lost. Nothing is learned from the data, and nothing is random.

    Parameters
    ----------
    image_size : (height, width), default=(100, 100)
        Of the images, in pixels.
    width : float, default=1.5
        Of the line, in pixels. Below 1 the line is drawn one pixel wide and as much fainter.
    margin : float, default=0.05
        Free space around the drawing, as a share of the shorter side of the image.
    ink : {"constant", "pressure"}, default="constant"
        "pressure" draws with the pressure of the pen, as a share of the device's full scale: at 0.5 the line is half
        as dark. Strokes in the air are always drawn with full ink.
    in_air : {"omit", "channel", "colour"}, default="omit"
        What becomes of strokes above the surface: left out, drawn as a second channel, or drawn in vermilion under the
        black strokes on the surface.
    join : bool, default=True
        Join points by straight lines. Without it every point is a dot and dots darken each other, so that speed shows:
        where the pen was fast the trace is thin or broken [1]_. With the usual 100 to 200 points/s and small images,
        take a width below 1.
    max_gap : float or None, default=0.1
        Points further apart in time, in seconds, are not joined: the pen was out of reach of the tablet. None joins
        them. Without a channel "t" there is nothing to compare, and all are joined.
    flip_y : bool, default=True
        Whether y of the data grows upwards, as it does on most tablets; rows of an image grow downwards.
    channels : int or None, default=None
        1 (grey) or 3 (grey three times) with ``in_air="omit"``, 2 with "channel", 3 with "colour". None takes 3, or 2
        with "channel".
    channel_names : sequence of str, \
default=("x", "y", "t", "pressure", "azimuth", "altitude", "pen_down")
        What the columns of the trajectories are. "x" and "y" are needed; "t" (s), "pressure" (0 to 1) and "pen_down"
        (0 in the air, 1 on the surface) are used; others are ignored. The default is that of the readers in
        `skpd.datasets`.

    Attributes
    ----------
    n_features_in_ : int
        Number of columns of the trajectories.

    Warns
    -----
    SkippedDataWarning
        If nothing of a trajectory is to be drawn, as where the pen never touched the surface: its image is blank paper.

    See Also
    --------
    ImageAugmenter : More of these images, for training.

    Notes
    -----
    Where there is no "pen_down" the pen is on the surface while its pressure is above 0; where there is no pressure
    either, or the device recorded none of them, it always is. A point whose position is NaN is a gap, as is one
    whose pressure is with ``ink="pressure"``. A stroke on the surface has both ends there. A point that is joined to
    no other is a dot.

    A pixel has the darkest ink that any joined stroke leaves there, so that the image does not depend on the order of
    the points or on their density.

    The size of a drawing in the hand is lost, and small letters of Parkinson's disease with it: `skpd.features` keeps
    lengths.

    References
    ----------
    .. [1] Diaz M., Ferrer M. A., Impedovo D., Pirlo G., Vessio G., "Dynamically enhanced static handwriting
       representation for Parkinson's disease detection", Pattern Recognition Letters 128 (2019) 204-210.

    Examples
    --------
    >>> import numpy as np
    >>> from skpd.images import StrokeRenderer
    >>> angle = np.linspace(0, 6 * np.pi, 600)
    >>> spiral = np.column_stack([angle * np.cos(angle), angle * np.sin(angle), angle / 2])
    >>> letter = spiral[:200] * [0.2, 1.0, 1.0]
    >>> renderer = StrokeRenderer(image_size=(64, 64), channel_names=["x", "y", "t"])
    >>> images = renderer.fit_transform([spiral, letter])
    >>> images.shape, images.dtype
    ((2, 64, 64, 3), dtype('uint8'))
    >>> images[0].min(), images[0].max()
    (np.uint8(0), np.uint8(255))
    """

    _parameter_constraints: ClassVar[dict] = {
        "image_size": [tuple, list],
        "width": [Interval(Real, 0, None, closed="neither")],
        "margin": [Interval(Real, 0, 0.5, closed="left")],
        "ink": [StrOptions({"constant", "pressure"})],
        "in_air": [StrOptions(set(_CHANNELS))],
        "join": ["boolean"],
        "max_gap": [Interval(Real, 0, None, closed="neither"), None],
        "flip_y": ["boolean"],
        "channels": [Options(Integral, {1, 2, 3}), None],
        "channel_names": ["array-like"],
    }

    def __init__(
        self,
        image_size: tuple[int, int] = (100, 100),
        *,
        width: float = 1.5,
        margin: float = 0.05,
        ink: str = "constant",
        in_air: str = "omit",
        join: bool = True,
        max_gap: float | None = 0.1,
        flip_y: bool = True,
        channels: int | None = None,
        channel_names: Sequence[str] = ("x", "y", "t", "pressure", "azimuth", "altitude", "pen_down"),
    ) -> None:
        self.image_size = image_size
        self.width = width
        self.margin = margin
        self.ink = ink
        self.in_air = in_air
        self.join = join
        self.max_gap = max_gap
        self.flip_y = flip_y
        self.channels = channels
        self.channel_names = channel_names

    @_fit_context(prefer_skip_nested_validation=True)
    def fit(self, X: Any, y: Any = None) -> StrokeRenderer:
        """Check the trajectories and the parameters; nothing is learned.

        Parameters
        ----------
        X : ragged list or object array of ndarray of shape (n_points_i, n_columns), or 3-D array
            The trajectories.
        y : None
            Ignored.

        Returns
        -------
        self : StrokeRenderer
            The transformer itself.

        Raises
        ------
        ValueError
            If the columns are not those of `channel_names`, one that is needed is missing, or parameters do not fit
            together.
        """
        self._check_parameters()
        self._check_trajectories(X, reset=True)
        return self

    def transform(self, X: Any) -> np.ndarray:
        """Draw the trajectories.

        Parameters
        ----------
        X : ragged list or object array of ndarray of shape (n_points_i, n_columns), or 3-D array
            The trajectories.

        Returns
        -------
        images : ndarray of shape (n, height, width, channels), uint8
            0 is ink, 255 is paper.

        Raises
        ------
        ValueError
            If a trajectory lacks what is to be drawn, or its pressures are not from 0 to 1.
        """
        check_is_fitted(self)
        trajectories = self._check_trajectories(X, reset=False)
        images = np.empty((len(trajectories), *self.image_size, self._n_channels), dtype=np.uint8)
        blank = []
        for i, points in enumerate(trajectories):
            surface, air = self._draw(points, i)
            images[i] = self._compose(surface, air)
            if not surface.any() and not (self.in_air != "omit" and air.any()):
                blank.append(i)
        if blank:
            shown = ", ".join(map(str, blank[:8])) + (", ..." if len(blank) > 8 else "")
            warnings.warn(
                f"StrokeRenderer found nothing to draw in {len(blank)} of {len(images)} trajectories (rows {shown}), "
                f"and left their images blank: with in_air={self.in_air!r} a trajectory needs points with a position "
                f"{'on the surface' if self.in_air == 'omit' else 'and ink'}.",
                SkippedDataWarning,
                stacklevel=2,
            )
        return images

    def _check_parameters(self) -> None:
        size = self.image_size
        if len(size) != 2 or not all(isinstance(n, Integral) and 1 <= n <= 10_000 for n in size):
            raise ValueError(f"image_size: expected (height, width), each 1 to 10000 pixels, got {size!r}.")
        if self.channels not in (None, *_CHANNELS[self.in_air]):
            expected = " or ".join(map(str, sorted(_CHANNELS[self.in_air])))
            raise ValueError(f"channels: expected {expected} with in_air={self.in_air!r}, got {self.channels}.")
        names = list(self.channel_names)
        if not {"x", "y"} <= set(names) or len(set(names)) < len(names):
            raise ValueError(f'channel_names: expected "x", "y" and others, each once, got {names}.')
        if self.ink == "pressure" and "pressure" not in names:
            raise ValueError(f'ink="pressure" expected a channel "pressure", got channel_names={names}.')
        if self.in_air != "omit" and not {"pen_down", "pressure"} & set(names):
            raise ValueError(
                f'in_air={self.in_air!r} expected a channel "pen_down" or "pressure", to tell what is in the air, '
                f'got channel_names={names}: pass in_air="omit".'
            )
        room = min(size) * (1 - 2 * self.margin) - max(self.width, 1)
        if room <= 0:
            raise ValueError(
                f"expected room for a drawing, got image_size={tuple(size)} with margin={self.margin} and "
                f"width={self.width}: make the image larger."
            )

    def _check_trajectories(self, X: Any, *, reset: bool) -> Any:
        trajectories = check_recordings(self, X, reset=reset, allow_nan=True)
        n_columns = trajectories[0].shape[1]
        if n_columns != len(self.channel_names):
            raise ValueError(
                f"X has {n_columns} column(s) a trajectory, expected the {len(self.channel_names)} of "
                f"channel_names={list(self.channel_names)}: name the columns that your data has. Trajectories are "
                "passed as a list of (n_points, n_columns) arrays."
            )
        check_column_names(frame_columns(X, type(self).__name__), self.channel_names, type(self).__name__)
        return trajectories

    @property
    def _n_channels(self) -> int:
        return self.channels or _CHANNELS[self.in_air][0]

    def _column(self, points: np.ndarray, name: str) -> np.ndarray | None:
        """Return a channel, or None where the device did not record it."""
        names = list(self.channel_names)
        if name not in names:
            return None
        values = points[:, names.index(name)]
        return None if np.isnan(values).all() else values

    def _draw(self, points: np.ndarray, i: int) -> tuple[np.ndarray, np.ndarray]:
        """Return the ink, 0 to 1, that trajectory `i` leaves on the surface and in the air."""
        from ._rasterise import draw_strokes

        x, y = self._column(points, "x"), self._column(points, "y")
        blank = np.zeros(self.image_size, dtype=np.float32)
        if x is None or y is None:
            return blank, blank
        down, known = self._touches(points, i)
        ink = np.ones(len(points))
        if self.ink == "pressure":
            pressure = self._pressure(points, i)
            ink[down] = pressure[down]
            known &= ~np.isnan(ink)
        known &= ~np.isnan(x + y)
        shown = known & (down | (self.in_air != "omit"))
        if not shown.any():
            return blank, blank
        places = self._place(np.column_stack([x, y]), shown)
        joined = known[1:] & known[:-1]
        t = self._column(points, "t")
        if self.max_gap is not None and t is not None:
            # An unknown time is no gap; a clock that goes back is one only if it goes back that far.
            joined &= ~(np.abs(np.diff(t)) > self.max_gap)
        joined &= self.join
        layers = []
        for mine, lines in ((down & known, down[1:] & down[:-1]), (~down & known, ~(down[1:] & down[:-1]))):
            a = np.flatnonzero(joined & lines)
            # What no line of this layer touches is a dot.
            dots = np.setdiff1d(np.flatnonzero(mine), np.concatenate([a, a + 1]))
            start, stop = np.concatenate([a, dots]), np.concatenate([a + 1, dots])
            segments = np.hstack([places[start], places[stop]])
            inks = np.column_stack([ink[start], ink[stop]])
            layers.append(draw_strokes(segments, inks, tuple(self.image_size), self.width, overlay=not self.join))
        return layers[0], layers[1]

    def _touches(self, points: np.ndarray, i: int) -> tuple[np.ndarray, np.ndarray]:
        """Return where the pen is on the surface, and of which points that is known."""
        values = self._column(points, "pen_down")
        if values is None:
            values = self._column(points, "pressure")
        if values is None:
            if self.in_air != "omit":
                raise ValueError(
                    f"in_air={self.in_air!r} expected to know what is in the air, got trajectory {i} without any "
                    'value of pen_down and pressure: pass in_air="omit".'
                )
            return np.ones(len(points), dtype=bool), np.ones(len(points), dtype=bool)
        return values > 0, ~np.isnan(values)

    def _pressure(self, points: np.ndarray, i: int) -> np.ndarray:
        pressure = self._column(points, "pressure")
        if pressure is None:
            raise ValueError(
                f'ink="pressure" expected a pressure at some point, got trajectory {i} with NaN throughout: its device '
                'records none. Pass ink="constant", or leave these trajectories out.'
            )
        low, high = np.nanmin(pressure), np.nanmax(pressure)
        if low < 0 or high > 1:
            raise ValueError(
                f'ink="pressure" expected pressures from 0 to 1 of full scale, got {low:g} to {high:g} in trajectory '
                f"{i}: divide by the highest value of the device, or state pressure_levels to the reader."
            )
        return pressure

    def _place(self, xy: np.ndarray, shown: np.ndarray) -> np.ndarray:
        """Map positions to (column, row) in pixels: what is shown fills the image up to margin and width."""
        low, high = xy[shown].min(axis=0), xy[shown].max(axis=0)
        size = np.array([self.image_size[1], self.image_size[0]], dtype=float)
        room = size - 2 * self.margin * size.min() - max(self.width, 1)
        extent = high - low
        with np.errstate(divide="ignore"):
            scale = np.min(room / extent)
        # A single point has no extent, and is put in the middle.
        offset = (xy - (low + extent / 2)) * (scale if np.isfinite(scale) else 0.0)
        if self.flip_y:
            offset[:, 1] *= -1
        return size / 2 + offset

    def _compose(self, surface: np.ndarray, air: np.ndarray) -> np.ndarray:
        if self.in_air == "omit":
            layers = np.repeat((1 - surface)[..., None], self._n_channels, axis=2)
        elif self.in_air == "channel":
            layers = 1 - np.stack([surface, air], axis=2)
        else:
            coloured = 1 - air[..., None] * (1 - np.array(_AIR_COLOUR, dtype=np.float32) / 255)
            layers = coloured * (1 - surface[..., None])
        return np.rint(255 * layers).astype(np.uint8)

    def __sklearn_tags__(self) -> Any:
        tags = super().__sklearn_tags__()
        tags.input_tags.two_d_array = False
        tags.input_tags.three_d_array = True
        tags.input_tags.allow_nan = True
        tags.transformer_tags.preserves_dtype = []
        tags.requires_fit = True
        return tags
