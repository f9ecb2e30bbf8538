"""What a model is trained on: datasets by name, or files of your own with a table of labels."""

from __future__ import annotations

import inspect
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pandas as pd
from sklearn.utils import Bunch

from .._recordings import as_object_array
from ..datasets._base import os_reason
from ..exceptions import DataFileError
from ..recipes import list_recipes
from ..recipes._registry import _RECIPES
from ..studies import SPIRAL_DATASETS, TREMOR_DATASETS
from ._drawings import read_drawing
from ._sources import ReadOptions, open_recording

__all__ = ["load_training_data", "recipe_kind"]

_COLUMNS = ("file", "label", "subject")

_CARD = """\
Files of the user's own
=======================
Who         {n_subjects} subject(s), {n} file(s), as the table of labels says
Labels      {labels}
Limits      nothing else is known of these data; licence and reference are those of their owner
"""


def recipe_kind(recipe: str) -> str:
    """Return what a recipe takes, "recordings" or "drawings"."""
    known = list_recipes()["name"].tolist()
    if recipe not in known:
        raise ValueError(f"recipe: expected one of {', '.join(map(repr, known))}, got {recipe!r}.")
    return "recordings" if "sampling_rate" in inspect.signature(_RECIPES[recipe]).parameters else "drawings"


def load_training_data(kind: str, data: str, *, image_size: int, options: ReadOptions, seed: int) -> Bunch:
    """Load recordings or drawings with labels and subjects.

    Parameters
    ----------
    kind : {"recordings", "drawings"}
        What the recipe takes.
    data : str
        A name of `TREMOR_DATASETS` or `SPIRAL_DATASETS`, or the path of a CSV table with the columns file, label and
        subject, whose files are looked for beside it.
    image_size : int
        Height and width of drawings, in pixels.
    options : ReadOptions
        How recordings of your own are to be read.
    seed : int
        Of simulated data.

    Returns
    -------
    bunch : Bunch
        data, target, groups, DESCR, simulated, and of recordings sampling_rate, units and channel_names.
    """
    datasets: dict[str, Callable[..., Bunch]] = dict(TREMOR_DATASETS if kind == "recordings" else SPIRAL_DATASETS)
    if data in datasets:
        loaded = datasets[data](seed) if kind == "recordings" else datasets[data]("spiral", image_size, seed)
        bunch = Bunch(**{name: loaded.get(name) for name in ("data", "target", "groups", "DESCR")})
        bunch.update({name: loaded.get(name) for name in ("sampling_rate", "units", "channel_names")})
        return Bunch(**bunch, simulated=data == "simulated")
    table = Path(data)
    if table.suffix.lower() != ".csv":
        raise ValueError(
            f"data: expected one of {', '.join(map(repr, datasets))}, or a .csv table with the columns "
            f"{', '.join(_COLUMNS)}, got {data!r}."
        )
    labels = _read_labels(table)
    files = [table.parent / name for name in labels["file"]]
    bunch = _load_recordings(files, options) if kind == "recordings" else _load_drawings(files, image_size)
    target, groups = labels["label"].to_numpy(), labels["subject"].to_numpy(dtype=str)
    counts = ", ".join(f"{label} ({n})" for label, n in labels["label"].value_counts(sort=False).sort_index().items())
    descr = _CARD.format(n_subjects=len(set(groups)), n=len(files), labels=counts)
    return Bunch(**bunch, target=target, groups=groups, DESCR=descr, simulated=False)


def _read_labels(table: Path) -> pd.DataFrame:
    try:
        labels = pd.read_csv(table, dtype={"file": str, "subject": str})
    except OSError as error:
        raise DataFileError(table, found=os_reason(error), expected="a table of labels") from error
    except ValueError as error:
        raise DataFileError(table, found=f"no table ({error})", expected="a table of labels") from error
    missing = [name for name in _COLUMNS if name not in labels]
    if missing:
        raise DataFileError(
            table,
            found=f"the columns {', '.join(map(str, labels.columns))}",
            expected=f"the columns {', '.join(_COLUMNS)}",
            advice="One row a file: its path beside the table, its label, and the person.",
        )
    empty = labels[list(_COLUMNS)].isna().any(axis=1)
    if empty.any() or not len(labels):
        found = f"nothing in line {int(np.flatnonzero(empty)[0]) + 2}" if len(labels) else "no rows"
        raise DataFileError(table, found=found, expected="a file, a label and a subject in every row")
    if labels["file"].duplicated().any():
        twice = labels["file"][labels["file"].duplicated()].iloc[0]
        raise DataFileError(table, found=f"{twice} twice", expected="each file once")
    return labels


def _load_recordings(files: list[Path], options: ReadOptions) -> Bunch:
    rate: float | None = None
    signals = []
    for file in files:
        with open_recording(file, options, rate) as recording:
            # The first file has the rate of the model, and the others are brought to it.
            rate = rate or recording.sampling_rate
            signals.append(np.asarray(recording.samples[:], dtype=np.float64))
    if len({signal.shape[1] for signal in signals}) > 1:
        raise ValueError("data: expected recordings with one number of channels, got several.")
    channels = options.channels if len(options.channels) == signals[0].shape[1] else None
    return Bunch(data=as_object_array(signals), sampling_rate=rate, units="m/s^2", channel_names=channels)


def _load_drawings(files: list[Path], image_size: int) -> Bunch:
    for file in files:
        if file.suffix.lower() != ".png":
            raise DataFileError(file, found=f"the suffix {file.suffix!r}", expected="a drawing, .png")
    return Bunch(data=np.stack([read_drawing(file, (image_size, image_size)) for file in files]))
