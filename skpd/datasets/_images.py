"""Scans and photographs of drawings, from files to arrays."""

from __future__ import annotations

import struct
import warnings
import zlib
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image, ImageOps

from ..exceptions import DataFileError
from ._base import refuse_special, unreadable

__all__ = ["IMAGE_SUFFIXES", "check_image_size", "read_image", "to_array"]

#: Files that are read, and the format that each must have.
IMAGE_SUFFIXES = {".png": "PNG", ".jpg": "JPEG", ".jpeg": "JPEG"}

#: Larger images than an A4 page at 600 dots an inch are refused before they are decoded.
_MAX_PIXELS = 36_000_000

#: What Pillow raises for damaged files.
_DAMAGE = (
    OSError,
    SyntaxError,
    ValueError,
    EOFError,
    OverflowError,
    struct.error,
    zlib.error,
)


def check_image_size(image_size: Any) -> tuple[int, int] | None:
    """Return (height, width), or None for the sizes that images have."""
    if image_size is None:
        return None
    if len(image_size) != 2 or not all(isinstance(n, (int, np.integer)) and 1 <= n <= 10_000 for n in image_size):
        raise ValueError(f"image_size: expected (height, width), each 1 to 10000 pixels, or None, got {image_size!r}.")
    return int(image_size[0]), int(image_size[1])


def read_image(path: Path) -> Image.Image:
    """Decode a PNG or JPEG file; a photograph is turned upright as its camera says."""
    kind = IMAGE_SUFFIXES.get(path.suffix.lower())
    if kind is None:
        raise DataFileError(
            path, found=f"the suffix {path.suffix!r}", expected=f"a drawing, {', '.join(IMAGE_SUFFIXES)}"
        )
    refuse_special(path)
    expected = f"a whole {kind} image"
    try:
        with warnings.catch_warnings():
            # Pillow warns of large images; ours is the limit here.
            warnings.simplefilter("ignore", Image.DecompressionBombWarning)
            with Image.open(path, formats=[kind]) as image:
                if image.width * image.height > _MAX_PIXELS:
                    raise DataFileError(
                        path,
                        found=f"an image that claims {image.width} x {image.height} pixels",
                        expected=f"at most {_MAX_PIXELS} pixels",
                        advice="Save it smaller.",
                    )
                raw_mode = image.tile[0][3] if image.tile else ""
                image.load()
                _scale_transparency(image, raw_mode)
                return ImageOps.exif_transpose(image)
    except DataFileError:
        raise
    except Image.DecompressionBombError as error:
        raise DataFileError(path, found=str(error), expected=f"at most {_MAX_PIXELS} pixels") from error
    except _DAMAGE as error:
        if isinstance(error, OSError) and error.errno is not None:
            raise unreadable(path, error, expected) from error
        # Pillow's "cannot identify" repeats the path.
        found = f"no {kind} image" if isinstance(error, Image.UnidentifiedImageError) else f"damage ({error})"
        raise DataFileError(path, found=found, expected=expected, advice="It may be cut: copy it again.") from error


def _scale_transparency(image: Image.Image, raw_mode: Any) -> None:
    """Bring the transparent level or colour to 8 bits where Pillow did so with the pixels alone."""
    level = image.info.get("transparency")
    if raw_mode in ("L;2", "L;4") and isinstance(level, int):
        image.info["transparency"] = level * {"L;2": 85, "L;4": 17}[raw_mode]
    elif raw_mode == "RGB;16B" and isinstance(level, tuple):
        image.info["transparency"] = tuple(channel >> 8 for channel in level)


def to_array(image: Image.Image, size: tuple[int, int] | None, fit: str = "stretch") -> np.ndarray:
    """Return an image as RGB of (height, width), 0 to 255; `fit` as in `load_drawings`."""
    return np.asarray(_resize(_to_rgb(image), size, fit))


def _to_rgb(image: Image.Image) -> Image.Image:
    """Bring an image of any mode to 8-bit RGB; what is transparent becomes white."""
    if image.mode.startswith("I"):
        # 16-bit grey: Pillow would clip, not scale. One level may stand for what is transparent.
        levels = np.asarray(image).astype(np.uint16)
        grey = (levels >> 8).astype(np.uint8)
        grey[levels == image.info.get("transparency", -1)] = 255
        return Image.fromarray(grey).convert("RGB")
    if image.has_transparency_data:
        paper = Image.new("RGBA", image.size, "white")
        image = Image.alpha_composite(paper, image.convert("RGBA"))
    return image.convert("RGB")


def _resize(image: Image.Image, size: tuple[int, int] | None, fit: str) -> Image.Image:
    if size is None or (image.height, image.width) == size:
        return image
    filtered = Image.Resampling.BILINEAR
    if fit == "pad":
        pixels = np.asarray(image)
        edge = np.concatenate([pixels[0], pixels[-1], pixels[:, 0], pixels[:, -1]])
        paper = tuple(int(level) for level in np.median(edge, axis=0))
        return ImageOps.pad(image, size[::-1], method=filtered, color=paper)
    return image.resize(size[::-1], resample=filtered)
