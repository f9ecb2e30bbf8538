"""`skpd study spiral`."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from ._app import console, exit_codes, split_names, study


@study.command("spiral")
def study_spiral(
    data: Annotated[
        str,
        typer.Option(
            help="**real** (102 spirals or waves, looked for in the folder that SKPD_DATA names) or **simulated** "
            "(needs no files)."
        ),
    ] = "real",
    kind: Annotated[str, typer.Option(help="**spiral** or **wave**.")] = "spiral",
    subset: Annotated[
        str,
        typer.Option(
            help="**all** drawings, or **training**: those of the shipped folder training, a fifth of which the "
            "published numbers of HWA-I fit."
        ),
    ] = "all",
    out: Annotated[Path, typer.Option(help="Results folder. A study that was interrupted continues there.")] = Path(
        "skpd-spiral"
    ),
    experiments: Annotated[
        str, typer.Option(help="**one** of each architecture, that whose score the paper gives, or **all** 18.")
    ] = "one",
    protocols: Annotated[
        str,
        typer.Option(
            help="Names separated by commas: **subject-wise** and **leave-one-subject-out** are sound, **as-written** "
            "and **as-published** leak."
        ),
    ] = "as-published,subject-wise",
    backbone: Annotated[
        str, typer.Option(help="A name in keras.applications, such as **DenseNet201** (published) or **MobileNet**.")
    ] = "DenseNet201",
    weights: Annotated[
        str,
        typer.Option(
            help="**imagenet** (downloaded on first use), the path of a file of weights without top, or **none**: "
            "random weights, to try the command."
        ),
    ] = "imagenet",
    size: Annotated[int, typer.Option(min=32, help="Height and width of the drawings in pixels.")] = 100,
    head: Annotated[
        int, typer.Option(help="Dense units: **128** (algorithms of the paper) or **124** (its prose).")
    ] = 128,
    folds: Annotated[int, typer.Option(min=2, help="Number of folds.")] = 5,
    seed: Annotated[int, typer.Option(min=0, help="Seed of everything random.")] = 0,
    jobs: Annotated[int, typer.Option(help="Processes, of about 1 GB each. Results do not depend on it.")] = 2,
    progress: Annotated[bool, typer.Option("--progress/--no-progress", help="Show how far the study is.")] = True,
) -> None:
    """Parkinson's disease from spirals or waves: three published architectures, in their order and on unseen drawers.

    HWA-I, II and III: a frozen network and a dense head with online, offline or both kinds of augmentation. Prints
    macro and weighted precision, recall and F1 and accuracy with 95 % intervals over drawers beside what the paper
    reports, and writes tables and figures (training curves, confusion, protocols, augmented drawings) to the results
    folder. Features of images are kept in its folder `features`, which may be deleted afterwards.

    Exit codes: 0 done, 1 some cells failed (they are listed and tried again by the next run), 2 wrong usage or data.

    **Examples**

    `skpd study spiral`

    `skpd study spiral --backbone MobileNet --weights mobilenet_no_top.weights.h5 --kind wave --out wave`

    `skpd study spiral --data simulated --backbone ResNet50 --weights none --size 48`
    """
    from ..studies import run_spiral_study

    with exit_codes("study spiral", out):
        results = run_spiral_study(
            data,
            out=out,
            kind=kind,
            subset=subset,
            experiments=experiments,
            protocols=split_names(protocols),
            backbone=backbone,
            weights=None if weights == "none" else weights,
            image_size=size,
            head=head,
            n_splits=folds,
            seed=seed,
            n_jobs=jobs,
            console=console,
            progress=progress,
        )
    raise typer.Exit(1 if len(results.failures) else 0)
