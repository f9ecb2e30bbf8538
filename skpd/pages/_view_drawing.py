"""The pages of a drawing and of a pen file."""

from __future__ import annotations

import base64
import io
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from markupsafe import Markup, escape

from ..datasets import load_pen_csv, load_svc
from ..datasets._drawings import _read_image
from ..datasets._pens import PEN_CHANNELS, PenRecording, PenScale
from ..datasets._uci_spirals import _read_file as _read_uci
from ..exceptions import DataFileError
from ..features import PenFeatures, pen_feature_catalogue
from ..models import FeatureRanges
from ..models._drawings import describe_drawings, read_drawing
from ..models._store import open_model
from ..plotting import OKABE_ITO, PenDisplay, figure_style
from ..plotting._style import GRID, INK, format_unit
from ._blocks import Block, Cell, Figure, Note, Paragraph, Row, Section, Table
from ._figures import _closing
from ._svg import figure_svg

__all__ = ["PenOptions", "SimplePage", "read_drawing_view", "read_pen"]

#: Pixels of the longer side of a picture in the page.
_LARGEST = 1200

#: The features of a pen file that the page shows, and what they are called there.
_TELLING = {
    "duration": "duration",
    "air_share": "share of the time in the air",
    "n_strokes": "strokes",
    "path_length": "length of the path",
    "speed_mean": "mean speed",
    "speed_variation_coefficient": "variation of the speed (SD / mean)",
    "ncv_per_second": "changes of velocity",
    "log_dimensionless_jerk": "smoothness (log dimensionless jerk; nearer to 0 is smoother)",
    "pressure_mean": "mean pressure",
    "pressure_sd": "SD of the pressure",
    "tremor_frequency": "frequency of the largest peak from 3 to 12 Hz",
    "tremor_amplitude": "amplitude of that peak",
    "loop_count": "turns of the spiral",
    "loop_width": "distance between turns",
    "radial_residual_rms": "distance from the ideal spiral (RMS)",
    "spiral_tremor_frequency": "frequency of the tremor along the radius",
    "spiral_tremor_amplitude": "amplitude of the tremor along the radius",
}


@dataclass(frozen=True)
class SimplePage:
    """A page without a script: facts under the heading, and sections."""

    facts: Sequence[str]
    sections: Sequence[Section]


@dataclass(frozen=True)
class PenOptions:
    """How a pen file is read; None takes what the reader of its format takes.

    Attributes
    ----------
    columns : sequence or mapping, or None
        Of ``.svc`` files the names of the seven numbers in their order, of ``.csv`` files the column of each channel.
    resolution : float or None
        Metres in one unit of x and y.
    pressure_levels : int or None
        Number of values that pressure can take.
    time_unit, angle_unit : str or None
        Units of times and angles.
    disorder : str or None
        What to do with times that repeat or go back.
    """

    columns: Sequence[str] | Mapping[str, str] | None = None
    resolution: float | None = None
    pressure_levels: int | None = None
    time_unit: str | None = None
    angle_unit: str | None = None
    disorder: str | None = None

    @property
    def given(self) -> dict[str, Any]:
        """Those that are not None."""
        return {name: value for name, value in vars(self).items() if value is not None}


def read_drawing_view(file: Path, model: Path | None, *, trusted: Collection[str]) -> SimplePage:
    """Show a drawing and, with a model, the probability of each class."""
    estimator, manifest = (None, None) if model is None else open_model(model, trusted=trusted)
    if manifest is not None and manifest["input"]["kind"] != "drawings":
        raise ValueError(
            f"model: expected one of drawings for {file}, got one of {manifest['input']['kind']} ({model})."
        )
    image = _read_image(file)
    facts = [f"{image.width} × {image.height} pixels"]
    sections = [Section("Drawing", [_picture(image, file.name)])]
    if estimator is not None and manifest is not None:
        height, width = manifest["input"]["image_size"]
        pixels = read_drawing(file, (height, width))[None]
        proba = estimator.predict_proba(pixels)[0]
        facts += [f"model: {manifest['recipe']['name'] or 'without a recipe'}", f"seen at {width} × {height} pixels"]
        sections.insert(0, Section("In short", _prediction(manifest, proba, pixels)))
    return SimplePage(facts, sections)


def _prediction(manifest: dict[str, Any], proba: np.ndarray, pixels: np.ndarray) -> list[Block]:
    classes = manifest["classes"]
    blocks: list[Block] = []
    if manifest["ranges"] is not None:
        ranges = FeatureRanges.from_json(manifest["ranges"])
        if ranges.count_outside(describe_drawings(pixels))[0] > ranges.limit:
            blocks.append(
                Note(
                    "This drawing is unlike the training data of the model (its paper, contrast, ink or colour lies "
                    "outside of their range): its prediction is not to be trusted.",
                    level="warning",
                )
            )
    best = int(np.argmax(proba))
    blocks += [
        Paragraph(f"The model calls it {classes[best]}, with a probability of {proba[best]:.2f}.", lead=True),
        _bars(classes, proba),
    ]
    if manifest["limitations"]:
        blocks.append(Note("Limitations of the model:", manifest["limitations"]))
    return blocks


def _bars(classes: Sequence[Any], proba: np.ndarray) -> Figure:
    import matplotlib.pyplot as plt

    alt = "Probability of each class: " + ", ".join(f"{c} {p:.2f}" for c, p in zip(classes, proba, strict=True))
    with figure_style():
        figure, ax = plt.subplots(figsize=(6.4, 0.5 + 0.42 * len(classes)))
        with _closing(figure):
            rows = np.arange(len(classes))
            ax.barh(rows, proba, height=0.62, color=OKABE_ITO[0])
            for row, value in enumerate(proba.tolist()):
                ax.text(value + 0.01, row, f"{value:.2f}", va="center", color=INK)
            ax.set_yticks(rows, [str(label) for label in classes])
            ax.invert_yaxis()
            ax.set_xlim(0, 1.08)
            ax.set_xticks([0, 0.25, 0.5, 0.75, 1])
            ax.set_xlabel("probability")
            ax.tick_params(axis="y", length=0)
            ax.spines["left"].set_visible(False)
            ax.grid(axis="x", color=GRID, linewidth=0.6)
            ax.set_axisbelow(True)
            return Figure(figure_svg(figure, name="probabilities", alt=alt), alt, "Probability of each class.")


def _picture(image: Any, name: str) -> Figure:
    shown = image if image.mode in ("L", "RGB", "RGBA") else image.convert("RGB")
    if max(shown.size) > _LARGEST:
        shown = shown.copy()
        shown.thumbnail((_LARGEST, _LARGEST))
    buffer = io.BytesIO()
    shown.save(buffer, format="PNG", optimize=True)
    text = base64.b64encode(buffer.getvalue()).decode("ascii")
    alt = f"The drawing {name}"
    markup = Markup('<img class="drawing" alt="{}" width="{}" height="{}" src="data:image/png;base64,{}">').format(
        alt, *shown.size, text
    )
    return Figure(markup, alt, str(escape(name)))


def read_pen(file: Path, options: PenOptions) -> SimplePage:
    """Show each drawing of a pen file by speed and pressure, and its most telling features."""
    found = _read_pen(file, options)
    sections, total = [], 0.0
    for name, points, units in found:
        total += float(points[-1, 2])
        sections.append(Section(name, _pen_blocks(name, points, units)))
    facts = [f"{sum(len(points) for _, points, _ in found):,} points", f"{total:.3g} s"]
    return SimplePage(facts, sections)


def _read_pen(file: Path, options: PenOptions) -> list[tuple[str, np.ndarray, dict[str, str]]]:
    suffix = file.suffix.lower()
    given = options.given
    if suffix == ".txt":
        if not file.is_file():
            raise DataFileError(file, found="no such file", expected="a .txt file of the UCI spirals")
        given.pop("columns", None)
        scale = PenScale(
            given.get("resolution"), given.get("pressure_levels", 1024), given.get("time_unit", "ms"), "0.1deg"
        )
        found = []
        for test, pen, _, _ in _read_uci(file, scale, given.get("disorder", "shift"), partial=False):
            if not isinstance(pen, PenRecording):
                raise pen
            title = {"circular": "Circular motion"}.get(test, f"{test.capitalize()} spiral")
            found.append((title, pen.points, scale.units))
        return found
    if suffix == ".svc":
        bunch = load_svc(file, **given)
    else:
        if not isinstance(given.get("columns"), Mapping):
            raise ValueError(f"pen: expected the columns x, y and t of {file}, got {given.get('columns')!r}.")
        bunch = load_pen_csv(file, **{"resolution": None, "pressure_levels": None, **given})
    return [("Drawing", bunch.data[0], bunch.units)]


def _pen_blocks(name: str, points: np.ndarray, units: dict[str, str]) -> list[Block]:
    colors = ["speed"] if np.isnan(points[:, 3]).all() else ["speed", "pressure"]
    blocks: list[Block] = [_pen_figure(name, points, units, color) for color in colors]
    return [*blocks, _features(points, units)]


def _pen_figure(name: str, points: np.ndarray, units: dict[str, str], color: str) -> Figure:
    import matplotlib.pyplot as plt

    display = PenDisplay.from_trajectory(
        points, color=color, channel_names=PEN_CHANNELS, units=units, title=f"{name.lower()}, by {color}"
    )
    figure = display.figure_
    if color == "pressure":
        # Speed and jerk over time stand below the first drawing.
        height = figure.get_figheight() - 2.4
        plt.close(figure)
        with figure_style():
            figure, ax = plt.subplots(figsize=(figure.get_figwidth(), height))
            display._draw_trajectory(ax)
    with _closing(figure), figure_style():
        for lines in figure.axes[0].collections:
            # Thousands of short lines of many colours are smaller as pixels.
            lines.set_rasterized(True)
        alt = display.alt_text_
        key = f"{name}-{color}".lower().replace(" ", "-")
        return Figure(figure_svg(figure, name=key, alt=alt), alt, alt)


def _features(points: np.ndarray, units: dict[str, str]) -> Table:
    spiral = PenFeatures(features=list(_TELLING)).fit_transform([points])[0]
    catalogue = pen_feature_catalogue().set_index("name")["unit"]
    rows = []
    for (name, title), value in zip(_TELLING.items(), spiral, strict=True):
        if np.isnan(value):
            continue
        scaled, unit = _with_unit(value, catalogue[name], units)
        rows.append(Row(title, [Cell(scaled), Cell(unit), Cell(name)]))
    return Table(
        "Some of its features",
        ["feature", "value", "unit", "name in PenFeatures"],
        rows,
        note="Those of PenFeatures as it comes. Undefined ones are left out. The spiral's are without meaning for "
        "other drawings.",
    )


def _with_unit(value: float, unit: str, units: dict[str, str]) -> tuple[str, str]:
    """Write a feature with its unit: u is that of positions (metres as millimetres), w that of pressure."""
    if unit.startswith("u") and units["x"] == "m":
        value, unit = 1000 * value, unit.replace("u", "mm", 1)
    elif unit.startswith("u"):
        unit = unit.replace("u", "units", 1)
    elif unit.startswith("w"):
        unit = unit.replace("w", units["pressure"], 1)
    text = f"{value:,.0f}" if abs(value) >= 1000 or unit == "count" else f"{value:.3g}"
    return text, {"1": "", "count": ""}.get(unit, format_unit(unit))
