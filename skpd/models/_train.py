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

from ..model_selection import PROTOCOLS
from ..plotting import ReliabilityDisplay
from ..recipes import make_recipe
from ..signal import WindowedClassifier, Windowizer
from ._calibration import SubjectCalibratedClassifier
from ._drawings import describe_drawings
from ._evaluate import fit_parameters, hold_out_predictions, score_predictions
from ._predict import check_recording_model, split_features
from ._ranges import FeatureRanges
from ._sources import ReadOptions
from ._store import _check_target, save_model
from ._training_data import load_training_data, recipe_kind

__all__ = ["CALIBRATIONS", "TrainReport", "add_calibration", "train_model"]

CALIBRATIONS = ("none", "sigmoid", "isotonic", "temperature")

_INTENDED = {
    "recordings": (
        "Research on tremor in accelerations of the wrist or hand: an estimate for each window of some seconds and for "
        "each recording. The people, the device and the task should be like those of the training data."
    ),
    "drawings": (
        "Research on drawings, each classified as a whole. They should be drawn and scanned like those of the training "
        "data."
    ),
}
#: Fewer subjects than this say little about the next one.
_FEW_SUBJECTS = 30


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
        The warnings on the way, each once.
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
    overwrite: bool = False,
    seed: int = 0,
    n_jobs: int | None = None,
    **options: Any,
) -> TrainReport:
    """Score a recipe on people held out, fit it on everybody, and store it with its card.

    Parameters
    ----------
    recipe : str
        A name of `skpd.recipes.list_recipes`.
    data : str or path
        A dataset by name ("simulated", "unm_rest" for recordings; "simulated", "real" for drawings), or a CSV table
        with the columns file, label and subject, whose files are looked for beside it.
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
    overwrite : bool, default=False
        Replace a model that is there.
    seed : int, default=0
        Of everything random.
    n_jobs : int or None, default=None
        Processes, a fold each. Results do not depend on it.
    **options
        How files of your own are read, as in `predict_files`.

    Returns
    -------
    report : TrainReport
        Scores and held-out predictions.

    Raises
    ------
    ValueError
        If a name is unknown, a protocol leaks, `out` exists, labels or files do not fit, or there are fewer subjects
        than folds.

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
    _check_target(target, overwrite)
    unknown = sorted(set(options) - set(ReadOptions.__dataclass_fields__))
    if unknown:
        raise ValueError(f"options: expected among {', '.join(ReadOptions.__dataclass_fields__)}, got {unknown[0]!r}.")
    bunch = load_training_data(kind, str(data), image_size=image_size, options=ReadOptions(**options), seed=seed)
    y, groups = np.asarray(bunch.target), np.asarray(bunch.groups)
    classes = np.unique(y)
    if len(classes) < 2:
        raise ValueError(f"data: expected at least 2 classes to tell apart, found only {classes.tolist()}.")
    for protocol in protocols:
        PROTOCOLS[protocol].check_subjects(groups, n_splits)
    with tempfile.TemporaryDirectory(prefix="skpd-train-") as cache, warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        settings = _settings(kind, bunch, parameters or {}, image_size, seed)
        # Features of images, which every fold needs again.
        estimator = make_recipe(recipe, **settings, **({"memory": cache} if kind == "drawings" else {}))
        if calibrate != "none":
            estimator = add_calibration(estimator, method=calibrate, random_state=seed)
        held_out = [
            hold_out_predictions(
                estimator, bunch.data, y, groups, protocol=protocol, n_splits=n_splits, seed=seed, n_jobs=n_jobs
            ).assign(protocol=protocol)
            for protocol in protocols
        ]
        model = clone(estimator).fit(bunch.data, y, **fit_parameters(estimator, groups))
        ranges = _ranges(kind, model, bunch.data, groups, seed)
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
            sampling_rate=bunch.sampling_rate if kind == "recordings" else None,
            units="m/s^2" if kind == "recordings" else None,
            magnitude=_magnitude(bunch.data) if kind == "recordings" else None,
            channels=bunch.channel_names if kind == "recordings" else None,
            image_size=(image_size, image_size) if kind == "drawings" else None,
            card=_card(kind, bunch, protocols, n_splits, calibrate, errors),
            scores=scores,
            limitations=_limitations(bunch, y, groups, calibrate),
            ranges=ranges,
            figures={"reliability.png": figure},
            overwrite=overwrite,
        )
    notes = list(dict.fromkeys(str(warning.message) for warning in caught))
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
    own |= {"sampling_rate": bunch.sampling_rate} if kind == "recordings" else {"input_shape": (image_size,) * 2 + (3,)}
    clash = sorted(set(own) & set(parameters))
    if clash:
        raise ValueError(f"parameters: {clash[0]} comes from the data, the image size or the seed; leave it out.")
    return {**parameters, **own}


def _ranges(kind: str, model: Any, X: Any, groups: np.ndarray, seed: int) -> FeatureRanges:
    if kind == "drawings":
        return FeatureRanges.from_table(describe_drawings(X), groups, random_state=seed)
    road, windowed = check_recording_model(model)
    windowizer: Windowizer = clone(windowed.windowizer)
    signals = road.transform(X)
    windows = windowizer.fit(signals).segment(signals, groups=groups)
    features, _ = split_features(windowed.estimator_)
    table = pd.DataFrame(features.transform(windows.X), columns=features.get_feature_names_out())
    return FeatureRanges.from_table(table, windows.groups, random_state=seed)


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


def _card(
    kind: str, bunch: Bunch, protocols: Sequence[str], n_splits: int, calibrate: str, errors: dict[str, float]
) -> dict[str, str]:
    y, groups = pd.Series(bunch.target), pd.Series(bunch.groups)
    per_class = [
        f"| {label} | {(y == label).sum()} | {groups[y == label].nunique()} |" for label in np.unique(bunch.target)
    ]
    table = "\n".join([f"| class | {kind} | subjects |", "|---|---|---|", *per_class])
    orders = "\n".join(
        f"- {name}: {PROTOCOLS[name].summary}" + (f" {n_splits} folds." if name == "subject-wise" else "")
        for name in protocols
    )
    distances = ", ".join(f"{name} {error:.3f}" for name, error in errors.items())
    calibration = (
        f"Probabilities {'are not calibrated' if calibrate == 'none' else f'are calibrated ({calibrate})'}"
        f"{'' if calibrate == 'none' else ' on subjects held out of the training of the classifier'}. "
        f"Mean distance between the predicted probability and what came true, on people held out: {distances}.\n\n"
        "![Predicted probability against what came true](reliability.png)"
    )
    return {
        "Intended use": _INTENDED[kind],
        "Data": f"```text\n{(bunch.DESCR or 'not described').strip()}\n```",
        "Subjects": f"{groups.nunique()} people, {len(y)} {kind}.\n\n{table}",
        "Protocol": orders,
        "Calibration": calibration,
    }


def _limitations(bunch: Bunch, y: np.ndarray, groups: np.ndarray, calibrate: str) -> list[str]:
    found = []
    if bunch.simulated:
        found.append("Trained on simulated data: nothing is known of how it does on people.")
    n_people = len(np.unique(groups))
    if n_people < _FEW_SUBJECTS:
        found.append(f"Trained on {n_people} people: the next one may be unlike all of them.")
    for label in np.unique(y):
        of_class = len(np.unique(groups[y == label]))
        if of_class < 5:
            found.append(f"Class {label} was seen in {of_class} people only.")
    if calibrate == "none":
        found.append("Probabilities are not calibrated: read them as an order, not as chances.")
    return found
