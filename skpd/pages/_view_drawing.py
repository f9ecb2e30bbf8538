"""The pages of a drawing and of a pen file."""

from __future__ import annotations

import base64
import io
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from markupsafe import Markup, escape
from PIL import Image

from ..datasets._images import read_image, to_array
from ..datasets._pens import PEN_CHANNELS
from ..features import PenFeatures, pen_feature_catalogue
from ..models._loaded import LoadedModel, say_other_tasks, say_unlike
from ..models._pens import PenOptions, read_pens
from ..plotting import OKABE_ITO, PenDisplay, figure_style
from ..plotting._style import GRID, INK, format_unit
from ._blocks import Block, Cell, Figure, Note, Paragraph, Row, Section, Table, sentence
from ._figures import _closing
from ._svg import figure_svg

__all__ = ["SimplePage", "read_drawing_view", "read_pen"]

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


def read_drawing_view(file: Path, model: LoadedModel | None) -> SimplePage:
    """Show a drawing and, with a model, the probability of each class."""
    if model is not None:
        model.check_kind("drawings", file)
    image = read_image(file)
    facts = [f"{image.width} × {image.height} pixels"]
    sections = [Section("Drawing", [_picture(image, file.name)])]
    if model is not None:
        height, width = model.manifest["input"]["image_size"]
        facts += [*_name(model), f"seen at {width} × {height} pixels"]
        sections.insert(0, Section("In short", _prediction(model, model.predict_drawing(file), "drawing")))
    return SimplePage(facts, sections)


def _name(model: LoadedModel) -> list[str]:
    return [f"model: {model.manifest['recipe']['name'] or 'without a recipe'}"]


def _prediction(model: LoadedModel, rows: pd.DataFrame, unit: str) -> list[Block]:
    """Say what a model calls each row, and how far it is from the training data."""
    blocks: list[Block] = []
    said = say_unlike(model.manifest, rows["unlike_training"].astype("Float64").mean(), len(rows), unit)
    if said:
        blocks.append(Note(sentence(said), level="info" if model.distance is None else "warning"))
    if "test" in rows and (said := say_other_tasks(model.manifest, rows["test"])):
        blocks.append(Note(sentence(said)))
    for row in rows.to_dict("records"):
        proba = np.array([row[f"proba_{label}"] for label in model.classes])
        what = f"the {_title(row['test']).lower()}" if isinstance(row.get("test"), str) else "it"
        text = f"The model calls {what} {row['prediction']}, with a probability of {proba.max():.2f}."
        blocks += [Paragraph(text, lead=True), _bars(model.classes, proba, row.get("test"))]
    if model.manifest["limitations"]:
        blocks.append(Note("Limitations of the model:", model.manifest["limitations"]))
    return blocks


def _title(test: Any) -> str:
    """What a test of a pen file is called."""
    if not isinstance(test, str) or not test:
        return "Drawing"
    return {"circular": "Circular motion"}.get(test, f"{test.capitalize()} spiral")


def _bars(classes: Sequence[Any], proba: np.ndarray, test: Any) -> Figure:
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
            return Figure(figure_svg(figure, name=f"probabilities-{test}", alt=alt), alt, "Probability of each class.")


def _picture(image: Image.Image, name: str) -> Figure:
    shown = image if image.mode in ("L", "RGB", "RGBA") else Image.fromarray(to_array(image, None))
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


def read_pen(file: Path, options: PenOptions, model: LoadedModel | None) -> SimplePage:
    """Show each drawing of a pen file by speed and pressure, its most telling features, and what a model says."""
    if model is not None:
        model.check_kind("pens", file)
    traces = read_pens(file, options)
    sections = [Section(_title(t.test), _pen_blocks(_title(t.test), t.points, t.units)) for t in traces]
    n_points, total = sum(len(t.points) for t in traces), sum(float(t.points[-1, 2]) for t in traces)
    facts = [f"{n_points:,} points", f"{total:.3g} s"]
    if model is not None:
        facts += _name(model)
        sections.insert(0, Section("In short", _prediction(model, model.predict_pens(file, traces), "recording")))
    return SimplePage(facts, sections)


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
