"""`skpd study handwriting`."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from ._app import console, exit_codes, split_names, study


@study.command("handwriting")
def study_handwriting(
    data: Annotated[
        str,
        typer.Option(
            help="**uci** (77 people on a tablet) or **pahaw**, looked for in the folder that SKPD_DATA names, or "
            "**simulated** (needs no files)."
        ),
    ] = "uci",
    task: Annotated[
        str,
        typer.Option(
            help="A task of the dataset (uci: **static**, **dynamic**, **circular**; pahaw: **spiral**, **l**, ..., "
            "**sentence**; simulated: **spiral**, **wave**) or **all**; the spiral by default."
        ),
    ] = "",
    out: Annotated[Path, typer.Option(help="Results folder. A study that was interrupted continues there.")] = Path(
        "skpd-handwriting"
    ),
    roads: Annotated[
        str, typer.Option(help="**features** of the movement and rendered **images**, separated by a comma.")
    ] = "features,images",
    classifiers: Annotated[str, typer.Option(help="Of the features, separated by commas.")] = "svm,adaboost,knn,forest",
    sources: Annotated[
        str, typer.Option(help="What networks know before: **imagenet**, **mnist** or **none** (random weights).")
    ] = "imagenet,mnist,none",
    modes: Annotated[str, typer.Option(help="Networks **freeze** or **finetune**.")] = "freeze,finetune",
    backbone: Annotated[str, typer.Option(help="The ImageNet network: a name in keras.applications.")] = "MobileNet",
    weights: Annotated[
        str,
        typer.Option(
            help="Of the ImageNet network: **imagenet** (downloaded on first use), the path of a file of weights "
            "without top, or **none**: random weights, to try the command."
        ),
    ] = "imagenet",
    source_network: Annotated[
        Path | None,
        typer.Option(
            help="A .keras file trained on digits, or the folder where one is kept; trained from the data folder's "
            "MNIST where there is none. By default in SKPD_CACHE, or in the results folder."
        ),
    ] = None,
    size: Annotated[
        int, typer.Option(min=0, help="Side of the images in pixels; 0: 64 for AlexNet's form, 96 for ImageNet.")
    ] = 0,
    augmented: Annotated[int, typer.Option(min=1, help="Augmented images of each training image.")] = 5,
    epochs: Annotated[int, typer.Option(min=1, help="Epochs of the last layer.")] = 30,
    finetune_epochs: Annotated[int, typer.Option(min=1, help="Epochs of fine-tuning.")] = 8,
    protocols: Annotated[
        str,
        typer.Option(
            help="Names separated by commas: **subject-wise** and **leave-one-subject-out** are sound, **as-written** "
            "and **as-published** leak."
        ),
    ] = "subject-wise",
    folds: Annotated[int, typer.Option(min=2, help="Number of folds.")] = 5,
    seed: Annotated[int, typer.Option(min=0, help="Seed of everything random.")] = 0,
    jobs: Annotated[int, typer.Option(help="Processes. One network uses several cores already.")] = 1,
    progress: Annotated[bool, typer.Option("--progress/--no-progress", help="Show how far the study is.")] = True,
) -> None:
    """Parkinson's disease from pen recordings: features of the movement, and transfer from ImageNet and from MNIST.

    Four classifiers on kinematic features; networks from two sources and from none on rendered images, frozen and
    fine-tuned. Prints balanced accuracy and AUC with 95 % intervals over people, what the recording's setup alone is
    worth, and the sources compared on the same folds, and writes tables and figures to the results folder. Features of
    images are kept in its folder `features`, which may be deleted afterwards.

    Exit codes: 0 done, 1 some cells failed (they are listed and tried again by the next run), 2 wrong usage or data.

    **Examples**

    `skpd study handwriting`

    `skpd study handwriting --roads features --task all --out features`

    `skpd study handwriting --weights mobilenet_no_top.weights.h5 --source-network networks`

    `skpd study handwriting --data simulated --sources none`
    """
    from ..studies import run_handwriting_study

    with exit_codes("study handwriting", out):
        results = run_handwriting_study(
            data,
            out=out,
            task=task or None,
            roads=split_names(roads),
            classifiers=split_names(classifiers),
            sources=split_names(sources),
            modes=split_names(modes),
            backbone=backbone,
            weights=None if weights == "none" else weights,
            source_network=source_network,
            image_size=size or None,
            n_per_image=augmented,
            epochs=epochs,
            finetune_epochs=finetune_epochs,
            protocols=split_names(protocols),
            n_splits=folds,
            seed=seed,
            n_jobs=jobs,
            console=console,
            progress=progress,
        )
    raise typer.Exit(1 if len(results.failures) else 0)
