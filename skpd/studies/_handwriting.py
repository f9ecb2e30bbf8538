"""The handwriting study from one command: pen recordings in; printed tables, CSV files and figures out."""

from __future__ import annotations

import copy
import json
import os
import warnings
from collections.abc import Sequence
from itertools import product
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from imblearn.pipeline import Pipeline
from rich.console import Console
from sklearn.dummy import DummyClassifier

from ..exceptions import DataFileError, FailedFoldsWarning
from ..metrics import adjust_p_values
from ..model_selection import PROTOCOLS
from ..neural import BackboneFeatures
from ..recipes import PEN_CLASSIFIERS, TRANSFER_MODES, TRANSFER_SOURCES, make_naseer, make_recipe, train_digit_network
from ._handwriting_data import HANDWRITING_DATASETS, PATIENT, find_confounds, load_pens
from ._handwriting_figures import write_handwriting_figures
from ._handwriting_print import HandwritingFacts, print_handwriting_scores, print_transfer
from ._names import check_names
from ._print import print_notes, progress_bar
from ._results import StudyResults
from ._run import run_study

__all__ = ["run_handwriting_study"]

_ROADS = ("features", "images")

#: What learns nothing of the movement: the setup of the recording, and the commonest class.
BASELINES = ("pen-confound", "majority")


def run_handwriting_study(
    data: str = "uci",
    *,
    out: str | Path,
    task: str | None = None,
    roads: Sequence[str] = _ROADS,
    classifiers: Sequence[str] = tuple(PEN_CLASSIFIERS),
    sources: Sequence[str] = TRANSFER_SOURCES,
    modes: Sequence[str] = TRANSFER_MODES,
    backbone: str = "MobileNet",
    weights: str | None = "imagenet",
    source_network: str | Path | None = None,
    image_size: int | None = None,
    n_per_image: int = 5,
    epochs: int = 30,
    finetune_epochs: int = 8,
    protocols: Sequence[str] = ("subject-wise",),
    n_splits: int = 5,
    seed: int = 0,
    n_jobs: int | None = 1,
    console: Console | None = None,
    progress: bool = True,
) -> StudyResults:
    """Run both roads of handwriting, print the scores and write tables and figures.

    Parameters
    ----------
    data : {"uci", "pahaw", "simulated"}, default="uci"
        A name of `HANDWRITING_DATASETS`.
    out : path
        Results folder; an interrupted study continues there. Features of images are kept in its folder ``features``,
        which may be deleted afterwards.
    task : str or None, default=None
        One of the dataset's tasks, or "all"; None for its (static) spiral. With "all" every recording is a row, and
        people are scored by the mean of theirs.
    roads : sequence of {"features", "images"}, default=("features", "images")
        Features of the movement, and rendered images.
    classifiers : sequence of str, default=all
        Of the features: names of `skpd.recipes.PEN_CLASSIFIERS`.
    sources, modes : sequence of str, default=all
        Of the networks: as in `skpd.recipes.make_naseer`.
    backbone, weights : str, default="MobileNet" and "imagenet"
        The ImageNet network; `weights` may be a path, or None for random weights, to try the study.
    source_network : path or None, default=None
        A ``.keras`` file trained on digits, or the folder where one is kept, trained from the data folder's MNIST where
        there is none. None takes ``source_networks`` in the folder that the environment variable ``SKPD_CACHE`` names,
        or in `out`.
    image_size : int or None, default=None
        Side of the images in pixels; None as in `skpd.recipes.make_naseer`.
    n_per_image, epochs, finetune_epochs : int, default=5, 30 and 8
        As in `skpd.recipes.make_naseer`.
    protocols : sequence of str, default=("subject-wise",)
        Names of `skpd.model_selection.PROTOCOLS`.
    n_splits : int, default=5
        Folds.
    seed : int, default=0
        Seed of simulation, split, augmentation, classifiers and bootstrap.
    n_jobs : int or None, default=1
        Processes. One network uses several cores already.
    console : rich.console.Console or None, default=None
        Where to print.
    progress : bool, default=True
        Whether to show a progress bar.

    Returns
    -------
    results : StudyResults
        Also stored in `out`; its `failures` are printed.

    Raises
    ------
    ValueError
        If a name is unknown, `out` holds another study, or data are missing.
    FileNotFoundError
        If weights are missing; the message says which file and where it goes.
    """
    console = console or Console()
    check_names("data", [data], HANDWRITING_DATASETS)
    dataset = HANDWRITING_DATASETS[data]
    task = task or dataset.spirals[0]
    check_names("task", [task], dict.fromkeys((*dataset.tasks, "all")))
    check_names("roads", roads, dict.fromkeys(_ROADS))
    check_names("protocols", protocols, PROTOCOLS)
    learners: list[str] = []
    if "features" in roads:
        check_names("classifiers", classifiers, PEN_CLASSIFIERS)
        learners += [f"pen-{name}" for name in PEN_CLASSIFIERS if name in classifiers]
    networks = {}
    if "images" in roads:
        check_names("sources", sources, dict.fromkeys(TRANSFER_SOURCES))
        check_names("modes", modes, dict.fromkeys(TRANSFER_MODES))
        networks = {
            f"{source}-{mode}": (source, mode)
            for source, mode in product(TRANSFER_SOURCES, TRANSFER_MODES)
            if source in sources and mode in modes
        }
        learners += networks
    # Absolute: processes of their own, and later runs, may start elsewhere.
    out = Path(out).resolve()
    if out.exists() and not out.is_dir():
        raise ValueError(f"out: expected a folder, {out} is a file.")
    if weights not in (None, "imagenet"):
        weights = str(Path(weights).resolve())

    pens, left_out, copies = load_pens(data, task, seed)
    counts = pd.Series(pens.y).value_counts()
    if len(counts) < 2 or counts.min() < n_splits:
        raise ValueError(
            f"task {task!r}: expected at least {n_splits} recordings of each class, got {counts.to_dict()}: lower the "
            "number of folds or take another task."
        )
    for protocol in protocols:
        PROTOCOLS[protocol].check_subjects(pens.groups, n_splits)
    facts = HandwritingFacts(
        data=data,
        task=task,
        n_recordings=len(pens.y),
        n_people=len(set(pens.groups)),
        n_patients=len(set(pens.groups[pens.y == PATIENT])),
        majority=float(counts.max() / counts.sum()),
        n_left_out=len(left_out),
        backbone=backbone,
        weights=weights,
    )
    console.print(facts.headline(), highlight=False)
    for line in facts.warnings(find_confounds(pens, copies)):
        console.print(line, highlight=False)

    shared: dict[str, Any] = {
        "image_size": image_size,
        "n_per_image": n_per_image,
        "epochs": epochs,
        "finetune_epochs": finetune_epochs,
        "memory": str(out / "features"),
    }
    paths: dict[str, Any] = {"backbone": backbone, "weights": weights}
    if any(source == "mnist" for source, _ in networks.values()):
        paths["source_network"] = _find_source(source_network, out, image_size or 64, console, progress)
    # Here, so that missing or unfit weights are one message and not one a fold.
    for source in dict.fromkeys(source for source, _ in networks.values()):
        recipe = make_naseer(source, "freeze", **paths, **shared, random_state=seed)
        network = recipe["classifier"]
        images = recipe["renderer"].fit_transform(pens.X[:1])
        check = BackboneFeatures(
            network.backbone, weights=network.weights, input_shape=network.input_shape, random_state=seed
        )
        check.fit(images).transform(images)

    spiral = task in dataset.spirals
    # Of the whole problem, or folds with different majorities would add up to a classifier that nobody fitted.
    majority = counts.index[0]

    def build(resampler: str, classifier: str, *, random_state: int) -> Any:
        if classifier == "majority":
            return Pipeline([("classifier", DummyClassifier(strategy="constant", constant=majority))])
        if classifier in networks:
            source, mode = networks[classifier]
            return make_naseer(source, mode, **paths, **shared, random_state=random_state)
        given = {} if classifier == "pen-confound" else {"spiral": spiral}
        return make_recipe(classifier, **given, random_state=random_state)

    # From the most to the least optimistic.
    protocols = [name for name in PROTOCOLS if name in protocols]
    with progress_bar(console, progress) as report, warnings.catch_warnings():
        # They are printed below.
        warnings.simplefilter("ignore", FailedFoldsWarning)
        results = run_study(
            pens,
            build,
            configurations=[(p, "none", name) for p in protocols for name in (*learners, *BASELINES)],
            seeds=[seed],
            n_splits=n_splits,
            unit="recording",
            dataset=f"{data}, {task}",
            recipe="handwriting",
            out=out,
            n_jobs=n_jobs,
            on_progress=report,
        )
    if not len(results.cells):
        print_notes(console, results)
        return results
    # One recording a person: the same scores twice.
    units = results.units if pens.index["subject"].duplicated().any() else ["recording"]
    scores = pd.concat([results.scores(unit, random_state=seed) for unit in units], ignore_index=True)
    scores.to_csv(out / "scores.csv", index=False)
    results.cells.to_csv(out / "cells.csv", index=False)
    print_handwriting_scores(console, scores, facts, baselines=BASELINES)
    transfer = pd.concat([_compare_sources(results, protocol, seed) for protocol in protocols], ignore_index=True)
    if len(transfer):
        transfer.to_csv(out / "transfer.csv", index=False)
        print_transfer(console, transfer, backbone)
    print_notes(console, results)
    files = write_handwriting_figures(results, scores, pens, facts, baselines=BASELINES, folder=out / "figures")
    console.print(f"\n{len(files)} figures in {out / 'figures'}, tables in {out}", soft_wrap=True)
    return results


def _find_source(given: str | Path | None, out: Path, size: int, console: Console, progress: bool) -> str:
    """Return the network trained on digits, and say how good it is at them."""
    if given is not None and Path(given).suffix == ".keras":
        path = Path(given).resolve()
        if not path.is_file():
            raise ValueError(f"source_network: no file {path}: pass a folder to have one trained from MNIST there.")
    else:
        cache = os.environ.get("SKPD_CACHE")
        folder = Path(given or Path(cache or out) / "source_networks").resolve()
        if progress:
            console.print("[dim]MNIST source: looked for, or trained now, which takes minutes once[/]")
        try:
            path = train_digit_network(folder, image_size=size).path
        except DataFileError as error:
            raise ValueError(
                f"{error} The source 'mnist' needs it once; or pass source_network, or leave 'mnist' out of sources."
            ) from error
    card = path.with_suffix(".json")
    if card.is_file():
        facts = json.loads(card.read_text(encoding="utf-8"))
        held_out = facts["held_out"]
        console.print(
            f"MNIST source: {facts['network']}, {facts['data']['name']}; right on {held_out['accuracy']:.4f} of "
            f"{held_out['n_images']:,} held out",
            highlight=False,
        )
    return str(path)


def _compare_sources(results: StudyResults, protocol: str, seed: int) -> pd.DataFrame:
    """Compare the sources pair by pair, frozen with frozen and fine-tuned with fine-tuned, on the same folds."""
    tables = []
    for mode in TRANSFER_MODES:
        names = [f"{source}-{mode}" for source in TRANSFER_SOURCES]
        found = results.predictions["classifier"].isin(names) & (results.predictions["protocol"] == protocol)
        some = copy.copy(results)
        some.predictions = results.predictions[found]
        if some.predictions["classifier"].nunique() > 1 and not PROTOCOLS[protocol].resample_first:
            tables.append(
                some.compare(
                    "balanced_accuracy", protocol=protocol, method="permutation", correction=None, random_state=seed
                )
            )
    if not tables:
        return pd.DataFrame()
    table = pd.concat(tables, ignore_index=True)
    table["p_adjusted"] = adjust_p_values(np.asarray(table["p_value"]), "holm")
    for column in ("first", "second"):
        table[column] = table[column].str.removeprefix("none, ")
    return table
