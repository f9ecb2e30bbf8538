"""A recipe and labelled data in, a model folder with honest scores out."""

from __future__ import annotations

import io
import tempfile
import warnings
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from os import PathLike
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from imblearn.pipeline import Pipeline as SamplerPipeline
from sklearn.base import clone
from sklearn.pipeline import Pipeline
from sklearn.utils import Bunch

from ..exceptions import SkippedDataWarning
from ..model_selection import PROTOCOLS
from ..plotting import ReliabilityDisplay
from ..recipes import make_recipe
from ..signal import WindowedClassifier, Windowizer
from ..studies._people import fit_parameters
from ._calibration import SubjectCalibratedClassifier
from ._card import card_sections, list_limitations
from ._distance import TrainingDistance
from ._drawings import describe_drawings
from ._evaluate import hold_out_predictions, score_predictions
from ._pens import describe_pens
from ._predict import check_recording_model, split_features
from ._predict_files import check_options
from ._store import check_target, load_manifest, save_model
from ._training_data import load_training_data, recipe_kind, takes_images

__all__ = ["CALIBRATIONS", "TrainReport", "add_calibration", "train_model"]

CALIBRATIONS = ("none", "sigmoid", "isotonic", "temperature")


@dataclass(frozen=True, eq=False)
class TrainReport:
    """What `train_model` did.

    Attributes
    ----------
    folder : Path
        The model, for `load_model` and `predict_files`.
    scores : DataFrame
        Of people held out: protocol, unit, metric, value, low, high, n, n_subjects.
    predictions : DataFrame
        What the scores are made of: protocol, unit, fold, row, subject, y_true, y_pred, proba_<class>.
    calibration_errors : dict of str to float
        Mean distance between predicted probability and what came true, in each unit of the first protocol.
    notes : list of str
        The warnings on the way, each once, and the types that loading the model asks to trust.
    """

    folder: Path
    scores: pd.DataFrame
    predictions: pd.DataFrame
    calibration_errors: dict[str, float]
    notes: list[str]


def train_model(
    recipe: str,
    data: str | PathLike,
    out: str | PathLike,
    *,
    parameters: Mapping[str, Any] | None = None,
    protocols: Sequence[str] = ("subject-wise",),
    n_splits: int = 5,
    calibrate: str = "none",
    image_size: int = 100,
    task: str | None = None,
    overwrite: bool = False,
    seed: int = 0,
    n_jobs: int | None = None,
    pen: Mapping[str, Any] | None = None,
    **options: Any,
) -> TrainReport:
    """Score a recipe on people held out, fit it on everybody, and store it with its card.

    Parameters
    ----------
    recipe : str
        A name of `skpd.recipes.list_recipes`.
    data : str or path
        A dataset by name ("simulated", "unm_rest" for recordings; "simulated", "real" for drawings; "simulated", "uci",
        "pahaw" for pen trajectories), or a CSV table with the columns file, label and subject, whose files are looked
        for beside it.
    out : path
        Folder of the model.
    parameters : mapping or None, default=None
        Of the recipe, as `make_recipe` takes them; sampling rate and seed are added.
    protocols : sequence of str, default=("subject-wise",)
        Those of `skpd.model_selection.PROTOCOLS` that do not leak.
    n_splits : int, default=5
        Folds.
    calibrate : {"none", "sigmoid", "isotonic", "temperature"}, default="none"
        How probabilities are calibrated, on subjects held out of the training part; see `SubjectCalibratedClassifier`.
    image_size : int, default=100
        Height and width of drawings, in pixels.
    task : str or None, default=None
        Of the dataset, such as "wave", or the test of UCI files, such as "dynamic"; None takes the (static) spiral. For
        what is no spiral give the pen recipes of features the parameter ``spiral=False``.
    overwrite : bool, default=False
        Replace a model that is there.
    seed : int, default=0
        Of everything random.
    n_jobs : int or None, default=None
        Processes, a fold each. Results do not depend on it.
    pen, **options
        How files of your own are read, as in `predict_files`.

    Returns
    -------
    report : TrainReport
        Scores and held-out predictions.

    Raises
    ------
    ValueError
        If a name is unknown, a protocol leaks, `out` exists or cannot be made, labels or files do not fit, or there
        are fewer subjects than folds.

    Examples
    --------
    >>> import pathlib, tempfile
    >>> from skpd.models import load_manifest, train_model
    >>> with tempfile.TemporaryDirectory() as scratch:
    ...     report = train_model("tremor", "simulated", pathlib.Path(scratch, "model"), n_splits=2)
    ...     load_manifest(report.folder)["input"]["sampling_rate_hz"]
    50.0
    >>> sorted(set(report.scores["unit"]))
    ['recording', 'window']
    """
    kind = recipe_kind(recipe)
    _check(protocols, calibrate)
    target = Path(out)
    check_target(target, overwrite)
    how, how_pens = check_options(options, pen)
    bunch = load_training_data(kind, str(data), image_size=image_size, task=task, options=how, pen=how_pens, seed=seed)
    y, groups = np.asarray(bunch.target), np.asarray(bunch.groups)
    classes = np.unique(y)
    if len(classes) < 2:
        raise ValueError(f"data: expected at least 2 classes to tell apart, found only {classes.tolist()}.")
    for protocol in protocols:
        PROTOCOLS[protocol].check_subjects(groups, n_splits)
    with tempfile.TemporaryDirectory(prefix="skpd-train-") as cache, warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        settings = _settings(kind, bunch, parameters or {}, image_size, seed)
        estimator = make_recipe(recipe, **settings)
        for step in estimator.named_steps.values():
            if takes_images(step) and step.memory is None:
                # Features of images, which every fold needs again.
                step.memory = cache
        if calibrate != "none":
            estimator = add_calibration(estimator, method=calibrate, random_state=seed)
        held_out = [
            hold_out_predictions(
                estimator, bunch.data, y, groups, protocol=protocol, n_splits=n_splits, seed=seed, n_jobs=n_jobs
            ).assign(protocol=protocol)
            for protocol in protocols
        ]
        model = clone(estimator).fit(bunch.data, y, **fit_parameters(estimator, groups))
        distance = _distance(kind, model, bunch.data, groups, seed)
        scores = pd.concat(
            [
                score_predictions(frame, classes, seed=seed).assign(protocol=name)
                for name, frame in zip(protocols, held_out, strict=True)
            ],
            ignore_index=True,
        )
        figure, errors = _reliability(held_out[0], classes)
        folder = save_model(
            model,
            target,
            recipe=recipe,
            parameters={**settings, "calibrate": calibrate},
            **_input(kind, bunch, image_size),
            card=card_sections(kind, bunch, protocols, n_splits, calibrate, errors),
            scores=scores,
            limitations=list_limitations(bunch, y, groups, calibrate),
            distance=distance,
            figures={"reliability.png": figure},
            overwrite=overwrite,
        )
    notes = list(dict.fromkeys(str(warning.message) for warning in caught))
    foreign = load_manifest(folder)["needs_trust"]
    if foreign:
        notes.append(f"The model loads only where these types are trusted by name: {', '.join(foreign)}.")
    predictions = pd.concat(held_out, ignore_index=True)
    return TrainReport(folder, scores, predictions, errors, notes)


def add_calibration(recipe: Any, *, method: str = "sigmoid", random_state: int | None = None) -> Any:
    """Put a `SubjectCalibratedClassifier` into a recipe, around everything that learns.

    Parameters
    ----------
    recipe : estimator
        Unfitted. In one of recordings the classifier of windows is calibrated, since windows are what it is fitted on.
    method : str, default="sigmoid"
        As in `SubjectCalibratedClassifier`.
    random_state : int or None, default=None
        Seed of the division of the subjects.

    Returns
    -------
    recipe : estimator
        A new one. Its `fit` takes the subjects: of the recipe "tremor" as ``windowedclassifier__calibrated__groups``,
        of others as ``groups``.

    Examples
    --------
    >>> from skpd.models import add_calibration
    >>> from skpd.recipes import make_recipe
    >>> recipe = add_calibration(make_recipe("tremor", sampling_rate=50.0))
    >>> list(recipe[-1].estimator.named_steps)
    ['features', 'calibrated']
    """
    last = recipe.steps[-1][1] if isinstance(recipe, Pipeline) else recipe
    if not isinstance(last, WindowedClassifier):
        return SubjectCalibratedClassifier(clone(recipe), method=method, random_state=random_state)
    recipe = clone(recipe)
    windowed = recipe.steps[-1][1]
    features, learner = windowed.estimator.steps[0], SamplerPipeline(windowed.estimator.steps[1:])
    calibrated = SubjectCalibratedClassifier(learner, method=method, random_state=random_state)
    windowed.estimator = SamplerPipeline([features, ("calibrated", calibrated)])
    return recipe


def _check(protocols: Sequence[str], calibrate: str) -> None:
    sound = [name for name, protocol in PROTOCOLS.items() if not protocol.leaks]
    for name in protocols:
        if name not in sound:
            raise ValueError(
                f"protocols: expected among {', '.join(map(repr, sound))}, got {name!r}: the scores of a model's card "
                "are those of people that it had not seen."
            )
    if not protocols:
        raise ValueError(f"protocols: expected at least one of {', '.join(map(repr, sound))}, got none.")
    if calibrate not in CALIBRATIONS:
        raise ValueError(f"calibrate: expected one of {', '.join(map(repr, CALIBRATIONS))}, got {calibrate!r}.")


def _settings(kind: str, bunch: Bunch, parameters: Mapping[str, Any], image_size: int, seed: int) -> dict[str, Any]:
    own: dict[str, Any] = {"random_state": seed}
    if kind == "recordings":
        own["sampling_rate"] = bunch.sampling_rate
    elif kind == "drawings":
        own["input_shape"] = (image_size, image_size, 3)
    clash = sorted(set(own) & set(parameters))
    if clash:
        raise ValueError(f"parameters: {clash[0]} comes from the data, the image size or the seed; leave it out.")
    return {**parameters, **own}


def _input(kind: str, bunch: Bunch, image_size: int) -> dict[str, Any]:
    """What `save_model` is to know of the input of a model."""
    if kind == "drawings":
        return {"image_size": (image_size, image_size), "task": bunch.task}
    if kind == "pens":
        return {"units": bunch.units, "channels": bunch.channel_names, "task": bunch.task}
    return {
        "sampling_rate": bunch.sampling_rate,
        "units": "m/s^2",
        "magnitude": _magnitude(bunch.data),
        "channels": bunch.channel_names,
    }


def _distance(kind: str, model: Any, X: Any, groups: np.ndarray, seed: int) -> TrainingDistance:
    if kind != "recordings":
        table = describe_drawings(X) if kind == "drawings" else describe_pens(X)
        return TrainingDistance.from_table(table, groups, random_state=seed)
    road, windowed = check_recording_model(model)
    windowizer: Windowizer = clone(windowed.windowizer)
    signals = road.transform(X)
    with warnings.catch_warnings():
        # What fitting the model has said already.
        warnings.simplefilter("ignore", SkippedDataWarning)
        windows = windowizer.fit(signals).segment(signals, groups=groups)
    features, _ = split_features(windowed.estimator_)
    table = pd.DataFrame(features.transform(windows.X), columns=features.get_feature_names_out())
    return TrainingDistance.from_table(table, windows.groups, random_state=seed)


def _magnitude(recordings: Any) -> float:
    lengths = [np.linalg.norm(recording, axis=1) for recording in recordings]
    return float(np.nanmedian(np.concatenate(lengths)))


def _reliability(predictions: pd.DataFrame, classes: np.ndarray) -> tuple[bytes, dict[str, float]]:
    from matplotlib import pyplot as plt

    columns = [f"proba_{label}" for label in classes.tolist()]
    units = {f"{unit}s": frame for unit, frame in predictions.groupby("unit", sort=False)}
    display = ReliabilityDisplay.from_predictions(
        {name: (frame["y_true"], frame[columns]) for name, frame in units.items()}, classes.tolist()
    )
    image = io.BytesIO()
    display.figure_.savefig(image, format="png", dpi=150)
    plt.close(display.figure_)
    return image.getvalue(), display.errors
