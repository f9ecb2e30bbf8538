"""What was done, in words: protocols, units, metrics, and how to do it again."""

from __future__ import annotations

from ..model_selection import PROTOCOLS
from ..studies import ALL_BASELINES
from ..studies._results import count_units
from ._blocks import Block, Cell, Code, Paragraph, Row, Table, Terms
from ._command import study_command
from ._study import StudyView, configuration_name, plural

__all__ = ["method_blocks", "parameters_of", "reproduce_blocks"]

_DEFINITIONS = {
    "balanced_accuracy": (
        "Balanced accuracy",
        "Mean of the sensitivities of all classes that occur. Guessing reaches one over their number, whatever the "
        "classes' sizes.",
    ),
    "accuracy": ("Accuracy", "Share of right answers. Always giving the most common answer can make it high."),
    "gmean": (
        "G-mean",
        "Square root of sensitivity times specificity of each class against the rest, averaged by the number of "
        'samples of a class (average="support" of skpd.metrics.geometric_mean_score). Four different numbers are '
        "called G-mean; this is the one that the published tremor results fit. It says little about rare classes.",
    ),
    "iba": (
        "IBA",
        "Index of balanced accuracy: the squared G-mean of each class times 1 + 0.1 (sensitivity − specificity), "
        "averaged in the same way.",
    ),
    "auc": (
        "AUC",
        "Area under the ROC curve of each class against the rest, plain mean over classes, comparing probabilities of "
        "one fold's model only.",
    ),
    "f1_macro": ("Macro F1", "Harmonic mean of precision and sensitivity, plain mean over classes."),
    "quadratic_kappa": (
        "Quadratic kappa",
        "Agreement beyond chance, errors weighted by the square of the distance between grades; 0 is chance, 1 is "
        "perfect.",
    ),
    "mae": ("Mean absolute error", "Mean distance between the true and the given grade; lower is better."),
}


def method_blocks(study: StudyView) -> list[Block]:
    """Describe the study for whoever has to judge it.

    Parameters
    ----------
    study : StudyView
        The study.

    Returns
    -------
    blocks : list of block
        Paragraphs and definitions.
    """
    manifest = study.results.manifest
    rows = study.rows
    n_features = len(manifest["feature_names"])
    features = f", {n_features} features each" if n_features else ""
    seeds = (
        f"seed {study.seeds[0]}" if len(study.seeds) == 1 else f"{len(study.seeds)} seeds, scores averaged over them"
    )
    n_recordings = count_units(rows, "recording")
    recordings = f"{plural(n_recordings, 'recording')} of " if n_recordings < len(rows) else ""
    what = (
        f"Dataset {manifest['dataset']}, recipe {manifest['recipe']}: {plural(len(rows), study.unit)}{features}, from "
        f"{recordings}{plural(rows['subject'].nunique(), 'subject')}. Each "
        f"pipeline is fitted and tested in {manifest['n_splits']} folds (one a subject with leave-one-subject-out; "
        f"{seeds}). Every score is computed from the predictions of rows held out, all folds together."
    )
    parts: list[Block | None] = [
        Paragraph(what),
        Paragraph(
            "Intervals are 95 % percentile intervals of a bootstrap that draws whole subjects, not single rows, since "
            "the rows of one person resemble each other. They cover the choice of the people tested, not that of the "
            "people trained on, and not the leaks of a protocol. Where resampling made test rows there is no interval: "
            "nobody stands behind such a row."
        ),
        Paragraph(
            "Pipelines are compared on the people tested: a permutation test swaps the predictions of two pipelines "
            "person by person. It holds for the models that were fitted, and says nothing of other training people."
        )
        if study.comparisons is not None
        else None,
        Table(
            caption="Protocols",
            head=["protocol", "what is done", "what of the test set is known in training"],
            rows=[
                Row(name, [Cell(PROTOCOLS[name].summary), Cell("; ".join(study.leaks(name)) or "nothing")])
                for name in study.protocols
            ],
            text_columns=True,
        ),
    ]
    blocks = [part for part in parts if part is not None]
    if study.units[1:]:
        blocks.append(Paragraph(_units(study)))
    present = set(study.scores["metric"])
    blocks.append(Terms([term for metric, term in _DEFINITIONS.items() if metric in present]))
    baselines = [name for name in ALL_BASELINES if (study.scores["classifier"] == name).any()]
    meaning = {
        "majority": "the most common class of the whole table, always",
        "chance": "a draw with the shares that the classes have in training, row by row",
        "subject-mode": "the label that the person has most often in training, or, of a person who is not there, the "
        "most common one of all",
    }
    if baselines:
        named = "; ".join(f"{name}: {meaning[name]}" for name in baselines)
        blocks.append(Paragraph(f"Baselines look at no feature: {named}."))
    return blocks


def _units(study: StudyView) -> str:
    larger = study.units[1:]
    return (
        f"Scores of different units are not comparable. A {study.unit} is one row of the table; for a "
        f"{' or a '.join(larger)} the probabilities of its {study.unit}s are averaged (of the votes, where a "
        f"classifier gives no probabilities). Larger units are scored under protocols that split by subject only: "
        f"elsewhere their {study.unit}s stand on both sides."
    )


def reproduce_blocks(study: StudyView, *, learning_curve: bool = False) -> list[Block]:
    """Say how to run the study again, with which libraries.

    Parameters
    ----------
    study : StudyView
        The study.
    learning_curve : bool, default=False
        Whether the study has one.

    Returns
    -------
    blocks : list of block
        Command, versions, parameters.
    """
    blocks: list[Block] = []
    command = study_command(study, learning_curve=learning_curve)
    if command:
        blocks.append(Code(command))
    else:
        runs = "; ".join(
            f"{protocol}: " + ", ".join(configuration_name(pair) for pair in study.pairs_of(protocol))
            for protocol in study.protocols
        )
        blocks.append(
            Paragraph(
                f"skpd.studies.run_study on dataset {study.results.manifest['dataset']}, n_splits "
                f"{study.results.manifest['n_splits']}, seeds {', '.join(map(str, study.seeds))}. Pipelines by "
                f"protocol: {runs}."
            )
        )
    versions = study.results.cells["versions"].map(lambda v: tuple(sorted(v.items()))).unique()
    for number, combination in enumerate(versions):
        which = (
            "Libraries"
            if len(versions) == 1
            else f"Libraries ({number + 1} of {len(versions)}: the study was continued)"
        )
        blocks.append(Paragraph(f"{which}: {', '.join(f'{name} {version}' for name, version in combination)}."))
    blocks.append(
        Paragraph(
            f"Fingerprint of the rows: {study.results.manifest['fingerprint']}. With the same data, seeds and versions "
            "the scores are the same, times aside."
        )
    )
    return blocks


def parameters_of(study: StudyView) -> str:
    """List the parameters of the pipeline that the reading follows, one a line."""
    pair = study.headline
    cells = study.results.cells
    if pair is None:
        return ""
    chosen = cells[(cells["resampler"] == pair[0]) & (cells["classifier"] == pair[1])]
    return "\n".join(f"{name} = {value}" for name, value in chosen["parameters"].iloc[-1].items())
