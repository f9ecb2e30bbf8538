"""What a model is trained on: datasets by name, or files of your own with a table of labels."""

from __future__ import annotations

import inspect
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from sklearn.pipeline import Pipeline
from sklearn.utils import Bunch

from .._recordings import as_object_array
from ..datasets import load_drawings
from ..datasets._base import unreadable
from ..datasets._pens import PEN_CHANNELS
from ..exceptions import DataFileError
from ..recipes import list_recipes, make_recipe
from ..recipes._registry import _RECIPES
from ..signal import WindowedClassifier
from ..studies import HANDWRITING_DATASETS, SPIRAL_DATASETS, TREMOR_DATASETS
from ..studies._handwriting_data import find_confounds, load_pens
from ._pens import PenOptions, PenTrace, read_pens
from ._sources import ReadOptions, open_recording

__all__ = ["KINDS", "load_training_data", "recipe_kind", "strip_blanks", "takes_images"]

#: What recipes take, and the datasets of each by name.
KINDS: dict[str, Mapping[str, Any]] = {
    "recordings": TREMOR_DATASETS,
    "drawings": SPIRAL_DATASETS,
    "pens": HANDWRITING_DATASETS,
}

_COLUMNS = ("file", "label", "subject")
#: Kinds of drawings, and the test of UCI files, that are learnt if no task is stated.
_DRAWN, _FIRST_TEST = ("spiral", "wave"), "static"

_CARD = """\
Files of the user's own
=======================
Who         {n_subjects} subject(s), {n} file(s), as the table of labels says
Labels      {labels}
Limits      nothing else is known of these data; licence and reference are those of their owner
"""


def recipe_kind(recipe: str) -> str:
    """Return what a recipe takes, "recordings", "drawings" or "pens": as its estimator is made, so it takes its input.

    A recipe of recordings asks for their rate. Of the others one whose input meets a network takes images, and any
    other takes the points of a pen.
    """
    known = list_recipes()["name"].tolist()
    if recipe not in known:
        raise ValueError(f"recipe: expected one of {', '.join(map(repr, known))}, got {recipe!r}.")
    asks_for_rate = "sampling_rate" in inspect.signature(_RECIPES[recipe]).parameters
    # Any rate that the bands fit into: nothing is fitted.
    estimator = make_recipe(recipe, **({"sampling_rate": 100.0} if asks_for_rate else {}))
    steps = [step for _, step in estimator.steps] if isinstance(estimator, Pipeline) else [estimator]
    if isinstance(steps[-1], WindowedClassifier):
        return "recordings"
    # Samplers act in training alone.
    first = next(step for step in steps if not hasattr(step, "fit_resample"))
    return "drawings" if takes_images(first) else "pens"


def takes_images(step: Any) -> bool:
    """Whether a step of a recipe is a network for images."""
    return hasattr(step, "input_shape")


def load_training_data(
    kind: str, data: str, *, image_size: int, task: str | None, options: ReadOptions, pen: PenOptions, seed: int
) -> Bunch:
    """Load recordings, drawings or pen trajectories with labels and subjects.

    Parameters
    ----------
    kind : {"recordings", "drawings", "pens"}
        What the recipe takes.
    data : str
        A name of `KINDS`, or the path of a CSV table with the columns file, label and subject, whose files are looked
        for beside it.
    image_size : int
        Height and width of drawings, in pixels.
    task : str or None
        Of datasets with several, and of files that hold several tests; None takes the first, which is a spiral.
    options, pen : ReadOptions, PenOptions
        How recordings and pen files of your own are to be read.
    seed : int
        Of simulated data.

    Returns
    -------
    bunch : Bunch
        data, target, groups, DESCR, simulated, task, limits (a sentence each), and of recordings sampling_rate, units
        and channel_names, of pens units and channel_names.
    """
    if kind == "recordings":
        _check_task(task, ())
    if data in KINDS[kind]:
        bunch = _load_dataset(kind, data, image_size, task, seed)
        return Bunch(**bunch, simulated=data == "simulated")
    table = Path(data)
    if table.suffix.lower() != ".csv":
        raise ValueError(
            f"data: expected one of {', '.join(map(repr, KINDS[kind]))}, or a .csv table with the columns "
            f"{', '.join(_COLUMNS)}, got {data!r}."
        )
    labels = _read_labels(table)
    files = [table.parent / name for name in labels["file"]]
    if kind == "recordings":
        bunch = _load_recordings(files, options)
    elif kind == "drawings":
        bunch = Bunch(data=load_drawings(files, image_size=(image_size, image_size)).data, task=task)
    else:
        bunch = _load_pens(files, task, pen)
    target, groups = labels["label"].to_numpy(), labels["subject"].to_numpy(dtype=str)
    counts = ", ".join(f"{label} ({n})" for label, n in labels["label"].value_counts(sort=False).sort_index().items())
    descr = _CARD.format(n_subjects=len(set(groups)), n=len(files), labels=counts)
    return Bunch(**bunch, target=target, groups=groups, DESCR=descr, limits=[], simulated=False)


def _load_dataset(kind: str, data: str, image_size: int, task: str | None, seed: int) -> Bunch:
    if kind == "pens":
        dataset = HANDWRITING_DATASETS[data]
        task = _check_task(task, dataset.tasks)
        pens, left_out, _ = load_pens(data, task, seed)
        limits = [f"Of the data is known: {line}." for line in find_confounds(pens, left_out)]
        return Bunch(
            data=pens.X, target=pens.y, groups=pens.groups, DESCR=pens.DESCR, units=pens.units,
            channel_names=pens.channel_names, task=task, limits=limits,
        )  # fmt: skip
    if kind == "drawings":
        task = _check_task(task, _DRAWN)
        loaded = SPIRAL_DATASETS[data](task, image_size, seed)
    else:
        loaded = TREMOR_DATASETS[data](seed)
    names = ("data", "target", "groups", "DESCR", "sampling_rate", "units", "channel_names")
    return Bunch(**{name: loaded.get(name) for name in names}, task=task, limits=[])


def _check_task(task: str | None, known: Sequence[str]) -> Any:
    if task is not None and task not in known:
        expected = f"one of {', '.join(map(repr, known))}" if known else "none, since these data have no tasks"
        raise ValueError(f"task: expected {expected}, got {task!r}.")
    return task or next(iter(known), None)


def strip_blanks(column: pd.Series) -> pd.Series:
    """Take the blanks around texts away, so that "anna " is "anna"; what is blank altogether is missing."""
    return column.map(lambda value: value.strip() or None if isinstance(value, str) else value)


def _read_labels(table: Path) -> pd.DataFrame:
    try:
        # "None" and "NA" are labels and people as good as others: only an empty field is none.
        labels = pd.read_csv(table, dtype={"file": str, "subject": str}, keep_default_na=False, na_values=[""])
    except OSError as error:
        raise unreadable(table, error, "a table of labels") from error
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
    labels = labels.assign(**{name: strip_blanks(labels[name]) for name in _COLUMNS})
    empty = labels[list(_COLUMNS)].isna().any(axis=1)
    if empty.any() or not len(labels):
        found = f"nothing in line {int(np.flatnonzero(empty)[0]) + 2}" if len(labels) else "no rows"
        raise DataFileError(table, found=found, expected="a file, a label and a subject in every row")
    if pd.api.types.is_float_dtype(labels["label"]):
        # Infinity is no whole number either.
        broken = np.flatnonzero(labels["label"] % 1 != 0)
        if len(broken):
            raise DataFileError(
                table,
                found=f"the label {labels['label'].iloc[broken[0]]:g}",
                expected="classes: texts or whole numbers",
                advice="Number the grades 0, 1, 2, ..., or name them in words.",
                where=f"line {broken[0] + 2}",
            )
    if labels["file"].duplicated().any():
        twice = labels["file"][labels["file"].duplicated()].iloc[0]
        raise DataFileError(table, found=f"{twice} twice", expected="each file once")
    return labels


def _load_recordings(files: list[Path], options: ReadOptions) -> Bunch:
    rate = options.sampling_rate
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


def _load_pens(files: list[Path], task: str | None, options: PenOptions) -> Bunch:
    traces = [_choose(file, read_pens(file, options), task) for file in files]
    for file, trace in zip(files, traces, strict=True):
        if trace.units != traces[0].units:
            raise ValueError(
                f"data: expected all files in the units of {files[0]}, {traces[0].units}, got {trace.units} of {file}: "
                "state resolution and pressure levels."
            )
    return Bunch(
        data=as_object_array(trace.points for trace in traces),
        units=traces[0].units,
        channel_names=list(PEN_CHANNELS),
        task=task or traces[0].test or None,
    )


def _choose(file: Path, traces: list[PenTrace], task: str | None) -> PenTrace:
    """Return the test of a file that the model is to learn, the first if there is nothing to choose."""
    if len(traces) == 1 and not traces[0].test:
        return traces[0]
    tests = {trace.test: trace for trace in traces}
    wanted = task or _FIRST_TEST
    if wanted not in tests:
        raise DataFileError(file, found=f"the tests {', '.join(tests)}", expected=f"the test {wanted!r}")
    return tests[wanted]
