"""A stored model at work: what it takes, and what it says of a recording, a drawing or a pen file."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from contextlib import contextmanager
from os import PathLike
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from .._recordings import as_object_array
from ..datasets._images import read_image, to_array
from ..plotting._style import format_share
from ._distance import TrainingDistance
from ._drawings import describe_drawings
from ._manifest import MANIFEST, attempt
from ._pens import PenTrace, describe_pens
from ._predict import check_magnitude, check_recording_model, predict_recording
from ._recording import Recording
from ._sources import ReadOptions, open_recording
from ._store import open_model

__all__ = ["LoadedModel", "say_other_tasks", "say_unlike"]

#: Share of a file unlike the training data from which on it is said in words.
_UNUSUAL = 0.05


def say_unlike(manifest: dict[str, Any], share: Any, n: int, unit: str) -> str:
    """Say in words how much of a file is unlike the training data; "" if that is as much as can be expected.

    Parameters
    ----------
    manifest : dict
        Of the model.
    share : float or NA
        Of the file.
    n : int
        Of how many.
    unit : str
        What the share is of: "window", "drawing" or "recording".
    """
    if manifest["distance"] is None:
        return "whether it is unlike the training data is not known: the model was stored without their distance"
    if pd.isna(share) or share <= _UNUSUAL:
        return ""
    found = f"the {unit} is" if n == 1 else f"{format_share(float(share))} of the {unit}s are"
    return (
        f"{found} unlike the training data of the model (of people held out of it 1% of the {unit}s are): its "
        "predictions are not to be trusted there"
    )


def say_other_tasks(manifest: dict[str, Any], tests: pd.Series) -> str:
    """Say which tests of a pen file are not what the model was trained on; "" if there is none."""
    task = manifest["input"]["task"]
    others = [] if task is None else [test for test in tests.dropna() if test != task]
    return f"the model was trained on the task {task}, not on {' or '.join(others)}" if others else ""


class LoadedModel:
    """A model with its manifest, as `predict_files` and the pages use it.

    Parameters
    ----------
    folder : path
        Of the model.
    trusted : collection of str, default=()
        As in `load_model`.

    Attributes
    ----------
    estimator : estimator
        The fitted estimator.
    manifest : dict
        What is known of it.
    kind : {"recordings", "drawings", "pens", "table"}
        What it takes.
    distance : TrainingDistance or None
        From its training data.
    """

    def __init__(self, folder: str | PathLike, *, trusted: Collection[str] = ()) -> None:
        self.folder = Path(folder)
        self.estimator, self.manifest = open_model(folder, trusted=trusted)
        self.kind: str = self.manifest["input"]["kind"]
        stored = self.manifest["distance"]
        self.distance: TrainingDistance | None = None
        if stored is not None:
            self.distance = attempt(self.folder / MANIFEST, TrainingDistance.from_json, stored)

    @property
    def classes(self) -> list:
        """The classes, in the order of probabilities."""
        return self.manifest["classes"]

    @property
    def bands(self) -> dict[str, tuple[float, float]]:
        """Of a model of recordings, the frequency bands that it looks at, Hz."""
        return dict(check_recording_model(self.estimator)[0][-1].bands_)

    def check_kind(self, kind: str, file: Path) -> None:
        """Refuse a file that the model does not take."""
        if self.kind != kind:
            raise ValueError(f"model: expected one of {kind} for {file}, got one of {self.kind} ({self.folder}).")

    @contextmanager
    def open_recording(self, file: Path, options: ReadOptions) -> Iterator[Recording]:
        """Open a recording at the rate of the model, and refuse it if its acceleration is of another size."""
        rate, magnitude = float(self.manifest["input"]["sampling_rate_hz"]), self.manifest["input"]["magnitude"]
        highest = max(float(high) for _, high in self.bands.values())
        with open_recording(file, options, rate, highest) as recording:
            if magnitude is not None:
                check_magnitude(recording, magnitude)
            yield recording

    def predict_windows(self, recording: Recording, *, n_jobs: int | None = None) -> Iterator[pd.DataFrame]:
        """Predict the windows of a recording, block by block, as `predict_recording` does."""
        return predict_recording(self.estimator, recording, distance=self.distance, n_jobs=n_jobs)

    def predict_drawing(self, file: Path) -> pd.DataFrame:
        """Predict a drawing; one row as `predict_rows` returns it."""
        return self.predict_rows(to_array(read_image(file), tuple(self.manifest["input"]["image_size"]))[None])

    def predict_pens(self, file: Path, traces: Sequence[PenTrace]) -> pd.DataFrame:
        """Predict what `read_pens` read of a file; a column ``test`` and those of `predict_rows`."""
        for trace in traces:
            self._check_units(file, trace)
        rows = self.predict_rows(as_object_array(trace.points for trace in traces))
        rows.insert(0, "test", pd.array([trace.test or pd.NA for trace in traces], dtype="string"))
        return rows

    def predict_rows(self, X: Any) -> pd.DataFrame:
        """Predict drawings or pen trajectories.

        Parameters
        ----------
        X : array-like of shape (n, ...)
            Images of the model's size, or trajectories in its units.

        Returns
        -------
        rows : DataFrame of n rows
            prediction, proba_<class>, unlike_training and training_distance, both missing where nobody knows.
        """
        proba = self.estimator.predict_proba(X)
        rows = pd.DataFrame({"prediction": [self.classes[k] for k in np.argmax(proba, axis=1)]})
        rows[[f"proba_{label}" for label in self.classes]] = proba
        far = np.full(len(rows), np.nan)
        if self.distance is not None:
            far = self.distance.measure(describe_drawings(X) if self.kind == "drawings" else describe_pens(X))
        rows["unlike_training"] = pd.array([pd.NA if np.isnan(d) else d > 1 for d in far], dtype="boolean")
        rows["training_distance"] = far
        return rows

    def _check_units(self, file: Path, trace: PenTrace) -> None:
        for channel, expected in self.manifest["input"]["units"].items():
            if trace.units[channel] != expected:
                setting = "pressure_levels" if channel == "pressure" else "resolution"
                known = trace.units[channel] != "device units"
                raise ValueError(
                    f"{file}: expected {channel} in {expected}, as in the training data, got it in "
                    f"{trace.units[channel]}: "
                    + (
                        f"train the model on files whose {setting} is stated."
                        if known
                        else f"state the {setting} of the device."
                    )
                )
