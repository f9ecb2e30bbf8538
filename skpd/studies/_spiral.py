"""The drawing study from one command: drawings in; printed tables, CSV files and figures out."""

from __future__ import annotations

import warnings
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pandas as pd
from imblearn.pipeline import Pipeline
from rich.console import Console
from sklearn.base import clone
from sklearn.dummy import DummyClassifier
from sklearn.utils import Bunch

from ..datasets import load_spiral_drawings, make_spiral_drawings
from ..exceptions import DataFileError, FailedFoldsWarning
from ..model_selection import PROTOCOLS
from ..neural import BackboneFeatures
from ..recipes import BASELINES, make_hwa_recipe, published_spiral_scores, spiral_experiments
from ._identity import digest
from ._names import check_names
from ._print import print_notes, progress_bar
from ._results import StudyResults
from ._run import run_study
from ._spiral_figures import write_spiral_figures
from ._spiral_print import SpiralFacts, print_spiral_scores
from ._store import _write_atomically

__all__ = ["SPIRAL_DATASETS", "run_spiral_study"]

#: Drawings by name; each is called with the kind ("spiral" or "wave"), the size in pixels and the seed.
SPIRAL_DATASETS: dict[str, Callable[[str, int, int], Bunch]] = {
    "real": lambda kind, size, seed: load_spiral_drawings(kind=kind, image_size=(size, size)),
    "simulated": lambda kind, size, seed: make_spiral_drawings(kind=kind, image_size=(size, size), random_state=seed),
}

#: Of each architecture the experiment whose score the paper gives; of HWA-II, all six being equal, the second.
_ONE = {"hwa1": 2, "hwa2": 2, "hwa3": 6}


def run_spiral_study(
    data: str = "real",
    *,
    out: str | Path,
    kind: str = "spiral",
    subset: str = "all",
    experiments: str = "one",
    protocols: Sequence[str] = ("as-published", "subject-wise"),
    backbone: str = "DenseNet201",
    weights: str | None = "imagenet",
    image_size: int = 100,
    head: int = 128,
    n_splits: int = 5,
    seed: int = 0,
    n_jobs: int | None = 1,
    console: Console | None = None,
    progress: bool = True,
) -> StudyResults:
    """Run the hybrid workflow architectures on drawings, print the scores and write tables and figures.

    Parameters
    ----------
    data : str, default="real"
        A name of `SPIRAL_DATASETS`.
    out : path
        Results folder; an interrupted study continues there. Features of images are kept in its folder ``features``,
        which may be deleted afterwards.
    kind : {"spiral", "wave"}, default="spiral"
        Which drawings.
    subset : {"all", "training"}, default="all"
        All drawings, or those of the folder "training" only: of the 72 real ones a fold tests 15 or 14, as the
        published numbers of HWA-I fit.
    experiments : {"one", "all"}, default="one"
        Of each architecture the experiment whose score the paper gives, or all six.
    protocols : sequence of str, default=("as-published", "subject-wise")
        Names of `skpd.model_selection.PROTOCOLS`.
    backbone, weights : str, default="DenseNet201" and "imagenet"
        As in `skpd.neural.BackboneFeatures`; `weights` may be None.
    image_size : int, default=100
        Height and width of the drawings in pixels.
    head : {128, 124}, default=128
        Dense units, after the algorithms of the paper or after its prose.
    n_splits : int, default=5
        Folds; each tests a fifth, the share that the paper tests once.
    seed : int, default=0
        Seed of simulation, split, augmentation, networks and bootstrap.
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
        If a name is unknown, `out` holds another study, or drawings are missing.
    FileNotFoundError
        If weights are missing; the message says which file and where it goes.
    """
    console = console or Console()
    check_names("data", [data], SPIRAL_DATASETS)
    check_names("kind", [kind], dict.fromkeys(("spiral", "wave")))
    check_names("subset", [subset], dict.fromkeys(("all", "training")))
    check_names("experiments", [experiments], dict.fromkeys(("one", "all")))
    check_names("protocols", protocols, PROTOCOLS)
    if head not in (128, 124):
        raise ValueError(f"head: expected 128 (algorithms of the paper) or 124 (its prose), got {head!r}.")
    # Absolute: processes of their own, and later runs, may start elsewhere.
    out = Path(out).resolve()
    if out.exists() and not out.is_dir():
        raise ValueError(f"out: expected a folder, {out} is a file.")
    if weights not in (None, "imagenet"):
        weights = str(Path(weights).resolve())
    shape = (image_size, image_size, 3)
    table = _make_table(data, kind, subset, image_size, seed)
    network: dict[str, Any] = {
        "backbone": backbone,
        "weights": weights,
        "input_shape": shape,
        "head": (head,),
        "memory": str(out / "features"),
    }
    chosen = spiral_experiments()
    if experiments == "one":
        chosen = chosen[chosen["experiment"] == chosen["architecture"].map(_ONE)]
    chosen = chosen.assign(name=[f"{row.architecture}-{row.experiment}" for row in chosen.itertuples()])
    settings = chosen.set_index("name")
    learners = [("none" if row.architecture == "hwa1" else "offline", str(row.Index)) for row in settings.itertuples()]
    # From the most to the least optimistic.
    protocols = [name for name in PROTOCOLS if name in protocols]
    configurations = [
        (protocol, *pair) for protocol in protocols for pair in [*learners, *(("none", name) for name in BASELINES)]
    ]
    # Of the whole problem, or folds with different majorities would add up to a classifier that nobody fitted.
    majority = pd.Series(table.y).mode()[0]

    def build(resampler: str, classifier: str, *, random_state: int) -> Any:
        if classifier == "majority":
            return Pipeline([("classifier", DummyClassifier(strategy="constant", constant=majority))])
        if classifier == "chance":
            return Pipeline([("classifier", DummyClassifier(strategy="stratified", random_state=random_state))])
        row = settings.loc[classifier]
        return make_hwa_recipe(
            row["architecture"],
            epochs=int(row["epochs"]),
            batch_size=int(row["batch_size"]),
            **network,
            random_state=random_state,
        )

    for protocol in protocols:
        PROTOCOLS[protocol].check_subjects(table.groups, n_splits)
    facts = SpiralFacts(data, kind, subset, len(table.y), len(set(table.groups)), backbone, weights, image_size, head)
    console.print(facts.headline())
    # Here, so that missing or unfit weights are one message and not one a fold.
    features = BackboneFeatures(
        backbone, weights=weights, input_shape=shape, memory=network["memory"], random_state=seed
    )
    features.fit(table.X).transform(table.X[:1])

    with progress_bar(console, progress) as report, warnings.catch_warnings():
        # They are printed below.
        warnings.simplefilter("ignore", FailedFoldsWarning)
        results = run_study(
            table,
            build,
            configurations=configurations,
            seeds=[seed],
            n_splits=n_splits,
            unit="drawing",
            dataset=f"{data} {kind}s, {subset}",
            recipe=f"hwa, {backbone}",
            out=out,
            n_jobs=n_jobs,
            on_progress=report,
        )
    if not len(results.cells):
        print_notes(console, results)
        return results
    units = [unit for unit in results.units if unit != "recording"]
    beside = results.with_subject_baseline()
    scores = pd.concat([beside.scores(unit, random_state=seed) for unit in units], ignore_index=True)
    scores = scores.merge(chosen.drop(columns="source"), how="left", left_on="classifier", right_on="name")
    scores = scores.drop(columns="name").merge(
        published_spiral_scores().rename(columns={"value": "published"}),
        how="left",
        on=["architecture", "experiment", "metric"],
    )
    scores.to_csv(out / "scores.csv", index=False)
    results.cells.to_csv(out / "cells.csv", index=False)
    print_spiral_scores(console, scores, facts)
    print_notes(console, results)
    drawn = [c for c in configurations if c[2] in {f"{name}-{number}" for name, number in _ONE.items()}]
    with _status(console, progress, "training curves: one fold of each architecture again, its test set watched"):
        curves = _training_curves(table, build, drawn, seed=seed, n_splits=n_splits, file=out / "curves.csv")
    files = write_spiral_figures(results, scores, curves, table, facts, seed=seed, folder=out / "figures")
    console.print(
        "\nIn curves-*.png the dashed curve is that of the test set, which the paper calls validation. Nothing is "
        "chosen by it here, and no score above comes from that fit. augmented.png shows what the networks see."
    )
    console.print(f"\n{len(files)} figures in {out / 'figures'}, tables in {out}", soft_wrap=True)
    return results


def _make_table(data: str, kind: str, subset: str, size: int, seed: int) -> Bunch:
    try:
        drawings = SPIRAL_DATASETS[data](kind, size, seed)
    except DataFileError as error:
        raise ValueError(f"{error} Or run it on simulated drawings, data 'simulated'.") from error
    kept = (drawings.frame["split"] == subset).to_numpy() if subset != "all" else slice(None)
    frame = drawings.frame[kept].reset_index(drop=True)
    return Bunch(
        X=drawings.data[kept],
        y=drawings.target[kept],
        groups=drawings.groups[kept],
        index=frame.rename(columns={"drawing": "recording"}),
    )


def _training_curves(
    table: Bunch,
    build: Callable[..., Any],
    configurations: Sequence[tuple[str, str, str]],
    *,
    seed: int,
    n_splits: int,
    file: Path,
) -> pd.DataFrame:
    """Fit the first fold of each configuration once more with its test set watched.

    The networks are those of the study: what is only watched changes no weight.

    Returns
    -------
    curves : DataFrame
        protocol, classifier, fit (a digest of all settings), epoch, and the curves: loss, accuracy, val_loss,
        val_accuracy.
    """
    known = pd.read_csv(file) if file.is_file() else pd.DataFrame({"fit": []})
    curves = []
    for protocol, resampler, classifier in configurations:
        estimator = build(resampler, classifier, random_state=seed)
        fit = f"{protocol} {seed} {n_splits} {digest(estimator)}"
        found = known[known["fit"] == fit]
        if found.empty:
            folds = PROTOCOLS[protocol].folds(
                estimator, table.X, table.y, table.groups, n_splits=n_splits, random_state=seed
            )
            fold = next(iter(folds))
            model = clone(fold.estimator)
            model.fit(fold.X_train, fold.y_train, classifier__X_val=fold.X_test, classifier__y_val=fold.y_test)
            found = pd.DataFrame(model["classifier"].history_)
            found.insert(0, "epoch", range(1, len(found) + 1))
            for name, value in (("fit", fit), ("classifier", classifier), ("protocol", protocol)):
                found.insert(0, name, value)
        curves.append(found)
        _write_atomically(file, lambda f: pd.concat(curves, ignore_index=True).to_csv(f, index=False))
    return pd.concat(curves, ignore_index=True)


@contextmanager
def _status(console: Console, wanted: bool, text: str) -> Iterator[None]:
    if not wanted:
        yield
        return
    with console.status(text):
        yield
