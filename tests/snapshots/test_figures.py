"""Everything that a figure shows: lines, areas, images, words, colours and scales."""

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
import pytest
from matplotlib.collections import Collection
from matplotlib.colors import to_hex
from matplotlib.legend import Legend
from matplotlib.lines import Line2D
from matplotlib.patches import Patch
from matplotlib.text import Text
from matplotlib.ticker import FixedLocator

from skpd import plotting

from .conftest import summarise


def describe_artist(artist):
    """One line for a line, a patch, a collection, an image or a text."""
    if isinstance(artist, Text):
        x, y = artist.get_position()
        look = f"{artist.get_fontsize():.4g} {artist.get_fontweight()} {to_hex(artist.get_color())}"
        place = f"{artist.get_ha()} {artist.get_va()} {artist.get_rotation():g}"
        return f"text {artist.get_text()!r} at {summarise([x, y])}, {place}, {look}"
    if isinstance(artist, Line2D):
        look = (
            f"{to_hex(artist.get_color())} {artist.get_linestyle()} {artist.get_linewidth():.4g} {artist.get_marker()}"
        )
        face = to_hex(artist.get_markerfacecolor()) if artist.get_marker() != "None" else ""
        data = f"x {summarise(artist.get_xdata())} y {summarise(artist.get_ydata())}"
        label = "" if artist.get_label().startswith("_") else repr(artist.get_label())
        return f"line {label} {look} {face} {data}"
    if isinstance(artist, Patch):
        look = f"{to_hex(artist.get_facecolor(), True)} {to_hex(artist.get_edgecolor(), True)} {artist.get_hatch()}"
        extent = artist.get_patch_transform().transform_path(artist.get_path()).get_extents().bounds
        return f"{type(artist).__name__} {look} {artist.get_linewidth():.4g} {summarise(extent)}"
    if isinstance(artist, Collection):
        points = np.concatenate([path.vertices for path in artist.get_paths()] or [np.zeros((0, 2))])
        values = artist.get_array()
        mapped = "" if values is None else f" values {summarise(values)} limits {summarise(artist.get_clim())}"
        faces = {to_hex(color, True) for color in artist.get_facecolor()} if values is None else set()
        edges = {to_hex(color, True) for color in artist.get_edgecolor()} if values is None else set()
        widths = summarise(sorted(set(artist.get_linewidth())))
        return (
            f"{type(artist).__name__} {sorted(faces)} {sorted(edges)} {widths} {len(artist.get_paths())} paths "
            f"{summarise(points)} at {summarise(artist.get_offsets())}{mapped}"
        )
    data = artist.get_array()
    # Matplotlib's name for the default was another before 3.10.
    smoothing = artist.get_interpolation().replace("antialiased", "auto")
    mapped = f" limits {summarise(artist.get_clim())} {artist.get_cmap().name}" if data.ndim == 2 else ""
    return f"image {summarise(data)} extent {summarise(artist.get_extent())} {smoothing}{mapped}"


def describe_legend(legend):
    handles = [f"{text.get_text()!r}" for text in legend.get_texts()]
    looks = [
        describe_artist(handle).split(" x ")[0] if isinstance(handle, Line2D) else to_hex(handle.get_facecolor())
        for handle in legend.legend_handles
        if isinstance(handle, Line2D | Patch)
    ]
    return [f"legend {legend.get_title().get_text()!r}: {', '.join(handles)}", *(f"  {look}" for look in looks)]


def describe_axes(ax):
    lines = []
    for loc in ("left", "center", "right"):
        if ax.get_title(loc=loc):
            lines.append(f"title {loc}: {ax.get_title(loc=loc)!r}")
    for name, axis, limits in (("x", ax.xaxis, ax.get_xlim()), ("y", ax.yaxis, ax.get_ylim())):
        lines.append(f"{name} {axis.get_label_text()!r} {axis.get_scale()} {summarise(limits)}")
        if isinstance(axis.get_major_locator(), FixedLocator):
            ticks = [text.get_text() for text in axis.get_ticklabels()]
            lines.append(f"{name} ticks {summarise(axis.get_ticklocs())} {ticks}")
    if ax.get_label() == "<colorbar>":
        return lines
    lines.append(f"spines {[name for name, spine in ax.spines.items() if spine.get_visible()]}")
    drawn = [*ax.lines, *ax.patches, *ax.collections, *ax.images, *ax.texts]
    lines += [describe_artist(artist) for artist in drawn if artist.get_visible()]
    for legend in [child for child in ax.get_children() if isinstance(child, Legend)]:
        lines += describe_legend(legend)
    return lines


def describe_figure(figure):
    """All that a figure shows, in lines of text."""
    lines = [f"figure {summarise(figure.get_size_inches())}"]
    for k, ax in enumerate(figure.axes):
        lines += ["", f"axes {k}", *describe_axes(ax)]
    for legend in figure.legends:
        lines += ["", *describe_legend(legend)]
    lines += [describe_artist(text) for text in figure.texts]
    return "\n".join(lines)


def signals(n=1500, rate=50.0):
    """A tremor at 4.5 Hz that comes in the middle, and its bands."""
    t = np.arange(n) / rate
    there = (t > t[-1] / 3) & (t < t[-1] / 2)
    tremor = there * np.sin(2 * np.pi * 4.5 * t)
    raw = np.column_stack([tremor, 0.3 * np.cos(t), 9.81 + 0.1 * np.sin(t)])
    return raw, np.column_stack([tremor, 0.1 * np.sin(2 * np.pi * 7 * t), 0.05 * np.cos(2 * np.pi * 10 * t)])


def windows(n, length=200, step=100):
    start = np.arange(0, n - length + 1, step)
    return pd.DataFrame({"start": start, "stop": start + length})


def draw_recording(n=1500, predicted=False, **options):
    raw, bands = signals(n)
    table = windows(n)
    if predicted:
        table["prediction"] = (np.arange(len(table)) // 5) % 4
    names = ["rest_3_6hz", "postural_6_9hz", "kinetic_9_12hz"]
    return plotting.RecordingDisplay.from_signals(
        raw, bands, sampling_rate=50, band_names=names, windows=table, **options
    )


def severities(n=400):
    k = np.arange(n)
    y = np.select([k % 20 < 12, k % 20 < 16, k % 20 < 19], [0, 1, 2], 3)
    scores = np.eye(5)[y] + 0.8 * np.sin(np.outer(k + 1, [1.0, 2.0, 3.0, 5.0, 7.0]))
    return y, scores


def predictions():
    y, scores = severities()
    return y, {"none": scores, "SMOTE": scores + np.eye(5)[y] * [0, 0.2, 0.3, 0.5, 0]}


def draw_confusion():
    y, scores = predictions()
    return plotting.ConfusionPanelDisplay.from_predictions({k: (y, s.argmax(1)) for k, s in scores.items()}, range(5))


def draw_roc(**options):
    y, scores = predictions()
    return plotting.OneVsRestRocDisplay.from_predictions({k: (y, s) for k, s in scores.items()}, range(5), **options)


def draw_roc_of_two():
    y, scores = severities()
    labels = np.where(y > 0, "PD", "control")
    return plotting.OneVsRestRocDisplay.from_predictions({"forest": (labels, -scores[:, 0])}, ["control", "PD"])


def draw_effect():
    y, scores = predictions()
    return plotting.ClassEffectDisplay.from_predictions({k: (y, s.argmax(1)) for k, s in scores.items()}, range(5))


def draw_reliability(n_classes=2):
    y, scores = severities()
    proba = np.exp(scores[:, :n_classes])
    proba /= proba.sum(axis=1, keepdims=True)
    kept = y < n_classes
    two = {"raw": proba[kept], "calibrated": 0.5 * proba[kept] + 0.5 / n_classes}
    return plotting.ReliabilityDisplay.from_predictions(
        {name: (y[kept], p) for name, p in two.items()}, range(n_classes), n_bins=8
    )


def draw_classes(scale="auto", rare=4):
    y = np.repeat([0, 1, 2, 4], [400, 60, 20, rare])
    people = np.arange(len(y)) // 10
    return plotting.ClassDistributionDisplay.from_labels(y, people, labels=range(5), scale=scale)


def draw_classes_of_nobody():
    return plotting.ClassDistributionDisplay.from_labels(
        ["PD"] * 7 + ["control"] * 12, label_name="group", unit="drawings"
    )


def resampler_table(protocols=("subject-wise",)):
    families = {"none": "none", "SMOTE": "over", "ADASYN": "over", "AllKNN": "under", "SMOTEENN": "hybrid"}
    rows = [
        (resampler, family, classifier, protocol, metric, value, value - 0.1, value + 0.08)
        for i, (resampler, family) in enumerate(families.items())
        for j, classifier in enumerate(("random-forest", "mlp"))
        for p, protocol in enumerate(protocols)
        for k, metric in enumerate(("gmean", "iba"))
        for value in [0.3 + 0.05 * i + 0.02 * j + 0.15 * p - 0.1 * k]
    ]
    columns = ["resampler", "family", "classifier", "protocol", "metric", "value", "low", "high"]
    return pd.DataFrame(rows, columns=columns)


def draw_resamplers(**options):
    return plotting.ResamplerComparisonDisplay.from_table(
        resampler_table(), metrics=["gmean", "iba"], baseline={"chance": {"gmean": 0.2}}, **options
    )


def draw_resamplers_beside_the_paper():
    table = resampler_table().drop(columns=["low", "high"]).query("classifier == 'mlp'")
    table["published"] = np.where(table["metric"] == "gmean", table["value"] + 0.3, np.nan)
    return plotting.ResamplerComparisonDisplay.from_table(table, metrics=["gmean"], published_protocol="as-published")


def draw_gap(published=False):
    rows = [
        (recipe, protocol, metric, value + shift, value + shift - 0.08, value + shift + 0.06)
        for recipe, shift in (("tremor", 0.0), ("spiral", 0.04))
        for protocol, value in (("subject-wise", 0.5), ("as-written", 0.7), ("as-published", 0.88))
        for metric in ("gmean", "balanced_accuracy")
    ]
    table = pd.DataFrame(rows, columns=["recipe", "protocol", "metric", "value", "low", "high"])
    if published:
        table["published"] = np.where(table["protocol"] == "as-published", 0.95, np.nan)
        table = table.drop(columns=["low", "high"]).query("metric == 'gmean'")
    return plotting.ProtocolGapDisplay.from_table(table)


def draw_curve(names=("logistic", "forest"), **options):
    rows = [
        (recipe, size, metric, 0.502 + 0.1 * i + 0.02 * size + 0.03 * fold)
        for i, recipe in enumerate(names)
        for size in (2, 6, 18)
        for metric in ("balanced_accuracy", "gmean")
        for fold in range(4)
    ]
    curve = pd.DataFrame(rows, columns=["recipe", "n_subjects", "metric", "score"])
    return plotting.LearningCurveDisplay.from_curve(curve, **options)


def draw_retest():
    person = np.linspace(1, 4, 12)
    values = np.concatenate([person, person - 0.4 + 0.3 * np.sin(np.arange(12))])
    return plotting.RetestDisplay.from_values(
        values, np.tile(np.arange(12), 2), np.repeat(["first", "second"], 12), measure="amplitude", units="m/s^2"
    )


def draw_training(watched=True):
    calm = {"accuracy": [0.5, 0.7, 0.9], "loss": [0.7, 0.5, 0.2]}
    if watched:
        calm |= {"val_accuracy": [0.5, 0.6, 0.55], "val_loss": [0.8, 0.7, 1.4]}
    wild = {"accuracy": [0.4, 0.5, 0.6, 0.65], "loss": [4.0, 3.0, 2.0, 1.5]}
    return plotting.TrainingCurvesDisplay.from_histories({"HWA-I": calm, "HWA-II": wild}, watched="test set")


def draw_sheet(**options):
    levels = np.linspace(0, 1, 7)[:, None, None, None]
    images = levels * np.ones((7, 12, 16, 3)) * [1.0, 0.5, 0.2]
    titles = [f"{'healthy' if k % 2 else 'parkinson'} V{k:02d} drawn twice" for k in range(7)]
    return plotting.ContactSheetDisplay.from_images(images, titles, **options)


def pen(turns=3, lifted=True, tremor=0.0005):
    t = np.arange(0, 4 * turns, 0.01)
    angle = 2 * np.pi * turns * np.sqrt(t / t[-1])
    radius = 0.005 * angle + tremor * np.sin(2 * np.pi * 6 * t)
    down = np.ones(len(t))
    if lifted:
        down[400:480] = 0
    pressure = np.where(down == 1, np.linspace(0.2, 0.8, len(t)), 0)
    return np.column_stack([radius * np.cos(angle) + 0.1, radius * np.sin(angle) + 0.1, t, pressure, down])


def draw_pen(trajectory=None, **options):
    names = ["x", "y", "t", "pressure", "pen_down"]
    trajectory = pen() if trajectory is None else trajectory
    return plotting.PenDisplay.from_trajectory(trajectory, **{"channel_names": names, "units": {"x": "m"}} | options)


def draw_line():
    t = np.arange(0, 4, 0.01)
    stroke = np.column_stack([0.02 * t, 0.01 * np.sin(3 * t), t, np.full(len(t), 0.5), np.ones(len(t))])
    stroke[150:220, :2] = np.nan
    return draw_pen(stroke, title="a line", y_up=False)


FIGURES = {
    "recording": draw_recording,
    "recording with predictions": lambda: draw_recording(predicted=True, label_name="severity"),
    "long recording": lambda: draw_recording(60_000, predicted=True, labels=range(5)),
    "part of a recording": lambda: draw_recording(6_000).plot(time_range=(10, 30)),
    "confusion": draw_confusion,
    "roc": draw_roc,
    "roc within folds": lambda: draw_roc(folds=dict.fromkeys(("none", "SMOTE"), np.arange(400) % 3)),
    "roc of two classes": draw_roc_of_two,
    "class effect": draw_effect,
    "reliability": draw_reliability,
    "reliability of four classes": lambda: draw_reliability(4),
    "classes": draw_classes,
    "classes as bars": lambda: draw_classes("linear"),
    "classes of which one is rare": lambda: draw_classes(rare=1),
    "classes without people": draw_classes_of_nobody,
    "resamplers": draw_resamplers,
    "resamplers beside the paper": draw_resamplers_beside_the_paper,
    "gap": draw_gap,
    "gap beside the paper": lambda: draw_gap(published=True),
    "learning curve": lambda: draw_curve(baseline={"majority": {"gmean": 0.0}}),
    "learning curve of one recipe": lambda: draw_curve(("forest",), metrics=["gmean"]),
    "retest": draw_retest,
    "training curves": draw_training,
    "contact sheet": draw_sheet,
    "contact sheet of two columns": lambda: draw_sheet(n_columns=2),
    "pen": draw_pen,
    "pen by pressure": lambda: draw_pen(color="pressure", spiral=False),
    "pen that never lifts": lambda: draw_pen(pen(lifted=False, tremor=0.0), cutoff=10.0),
    "pen without a spiral": draw_line,
}


@pytest.mark.parametrize("name", FIGURES)
def test_figure(name, snapshot):
    display = FIGURES[name]()
    snapshot(f"{display.alt_text_}\n\n{describe_figure(display.figure_)}", rtol=1e-4, atol=1e-6)
    plt.close("all")
