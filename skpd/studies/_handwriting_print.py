"""What the handwriting study prints: what may mislead, one table of all recipes, and what transfer brings."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import pandas as pd
from rich import box
from rich.console import Console
from rich.table import Table

from ..model_selection import PROTOCOLS
from ..recipes import published_handwriting_scores
from ._gap import print_gap
from ._print import _cell

__all__ = ["HandwritingFacts", "name_recipe", "print_handwriting_scores", "print_transfer"]

#: Columns of the printed tables: those that a rare class does not mislead first.
_PRINTED = {
    "balanced_accuracy": "balanced\naccuracy",
    "auc": "AUC",
    "gmean": "G-mean",
    "accuracy": "accuracy",
}
_NAME_WIDTH, _METRIC_WIDTH = 28, 11

_NAMES = {
    "pen-svm": "support vector machine",
    "pen-adaboost": "AdaBoost",
    "pen-knn": "nearest neighbours",
    "pen-forest": "random forest",
    "pen-confound": "setup alone: rate, shape",
    "majority": "always the majority",
}
_SOURCES = {"imagenet": "ImageNet", "mnist": "MNIST", "none": "random weights"}
_MODES = {"freeze": "frozen", "finetune": "fine-tuned"}


@dataclass(frozen=True)
class HandwritingFacts:
    """What was studied, with what."""

    data: str
    task: str
    n_recordings: int
    n_people: int
    n_patients: int
    majority: float
    n_left_out: int
    backbone: str
    weights: str | None

    def headline(self) -> str:
        """Say it in one line."""
        copies = f"; {self.n_left_out} left out, found under several names" if self.n_left_out else ""
        return (
            f"{self.data}, {self.task}: {self.n_recordings} recordings of {self.n_people} people, {self.n_patients} of "
            f"them patients{copies}"
        )

    def warnings(self, confounds: Sequence[str]) -> list[str]:
        """Say what misleads whoever reads the scores."""
        lines = []
        if self.majority > 0.6:
            lines.append(
                f"[yellow]accuracy misleads here:[/] who calls everybody a patient is right {self.majority:.2f} of the "
                "time and knows nothing; read balanced accuracy (0.50 for them) and AUC"
            )
        if confounds:
            lines.append("[yellow]the setup tells the classes apart:[/]")
            lines += [f"  - {line}" for line in confounds]
            lines.append('  The row "setup alone" is what rate and width/height are worth without the movement.')
        return lines


def name_recipe(classifier: str) -> str:
    """Name a recipe for readers.

    Parameters
    ----------
    classifier : str
        As in the results.

    Returns
    -------
    name : str
        Its name in tables and figures.
    """
    source, _, mode = classifier.partition("-")
    if source in _SOURCES and mode in _MODES:
        return f"{_SOURCES[source]}, {_MODES[mode]}"
    return _NAMES.get(classifier, classifier)


def print_handwriting_scores(
    console: Console, scores: pd.DataFrame, facts: HandwritingFacts, *, baselines: Sequence[str]
) -> None:
    """Print one table a protocol and unit, all protocols side by side, and what papers report.

    Parameters
    ----------
    console : rich.console.Console
        Where to.
    scores : DataFrame
        As `StudyResults.scores`, with a column `unit`.
    facts : HandwritingFacts
        What was studied.
    baselines : sequence of str
        Classifiers that close every table.
    """
    for protocol, of_protocol in scores.groupby("protocol", sort=False):
        for unit, block in of_protocol.groupby("unit", sort=False):
            title = f"[bold]{protocol}[/]: {block['n'].max():,.0f} {'people' if unit == 'subject' else 'recordings'}"
            at_once = max(1, (console.width - _NAME_WIDTH) // _METRIC_WIDTH)
            metrics = [metric for metric in _PRINTED if (block["metric"] == metric).any()]
            for start in range(0, len(metrics), at_once):
                console.print()
                console.print(_table(block, metrics[start : start + at_once], title, baselines))
        console.print(_caption(protocol, facts), style="dim", highlight=False)
    print_gap(
        console, scores, unit="recording", name=lambda _, classifier: name_recipe(classifier), baselines=baselines
    )
    console.print()
    for line in _published(scores, facts):
        console.print(line, highlight=False)


def _table(scores: pd.DataFrame, metrics: list[str], title: str, baselines: Sequence[str]) -> Table:
    table = Table(
        title=title, title_justify="left", box=box.SIMPLE_HEAD, show_edge=False, pad_edge=False, padding=(0, 1, 0, 0)
    )
    table.add_column("recipe", no_wrap=True)
    for metric in metrics:
        table.add_column(_PRINTED[metric], justify="right", no_wrap=True)
    road = None
    for name, row in scores.groupby("classifier", sort=False):
        here = "baseline" if name in baselines else "features" if str(name).startswith("pen-") else "images"
        if here != road and here != "baseline":
            table.add_row(f"[italic]{'features of the movement' if here == 'features' else 'images of the trace'}[/]")
        road = here
        values = row.set_index("metric")
        cells = [_cell(values.loc[metric]) for metric in metrics]
        table.add_row(
            name_recipe(str(name)) if here == "baseline" else f"  {name_recipe(str(name))}",
            *cells,
            style="dim" if here == "baseline" else None,
        )
    return table


def _caption(protocol: str, facts: HandwritingFacts) -> str:
    leaks = [leak for leak in PROTOCOLS[protocol].leaks if "windows" not in leak]
    parts = [
        PROTOCOLS[protocol].summary,
        f"LEAKS: {'; '.join(leaks)}." if leaks else "",
        "Ranges: 95 % interval over people.",
        "No recipe was chosen by these scores; sizes and epochs of the networks were set after a look at one fold.",
        f"ImageNet is {facts.backbone}",
        "with random weights: these rows say nothing about transfer."
        if facts.weights is None
        else f"({Path(str(facts.weights)).name})."
        if facts.weights != "imagenet"
        else "(Keras' weights).",
        "The recordings are simulated: compare the rows, not their height." if facts.data == "simulated" else "",
    ]
    return " ".join(part for part in parts if part)


def _published(scores: pd.DataFrame, facts: HandwritingFacts) -> list[str]:
    """Put the paper's accuracy beside ours, protocol named, and the numbers that others reach."""
    published = published_handwriting_scores()
    lines = []
    ours = scores[(scores["classifier"] == "imagenet-finetune") & (scores["metric"] == "accuracy")]
    ours = ours[ours["unit"] == "recording"]
    paper = published[published["system"] == "Naseer 2020"].iloc[0]
    if len(ours):
        lines.append("[bold]Accuracy of ImageNet, fine-tuned, beside the paper's[/]")
        for row in ours.itertuples():
            interval = f" ({row.low:.2f}-{row.high:.2f})" if pd.notna(row.low) else ""
            lines.append(
                f"  ours: {row.value:.4f}{interval}, {facts.data}, {facts.task}, {row.protocol}; always the majority: "
                f"{facts.majority:.4f}"
            )
        lines.append(f"  paper: {paper['value']:.4f}, {paper['data']}, AlexNet; split of people: {paper['protocol']}")
    others = published[(published["system"] != "Naseer 2020") & (published["data"].str.lower() == facts.data)]
    if len(others):
        lines.append("[bold]Accuracy that others report of these people[/]")
        lines += [f"  {row.value:.3f}  {row.system}: {row.method}; {row.protocol}" for row in others.itertuples()]
    return lines


def print_transfer(console: Console, transfer: pd.DataFrame, backbone: str) -> None:
    """Print the sources compared in pairs.

    Parameters
    ----------
    console : rich.console.Console
        Where to.
    transfer : DataFrame
        As `StudyResults.compare`, with names of recipes in `first` and `second`.
    backbone : str
        The ImageNet network.
    """
    for protocol, block in transfer.groupby("protocol", sort=False):
        table = Table(
            title=f"[bold]What the source brings[/], {protocol}: differences of balanced accuracy",
            title_justify="left",
            box=box.SIMPLE_HEAD,
            show_edge=False,
            pad_edge=False,
            padding=(0, 1, 0, 0),
        )
        table.add_column("", no_wrap=True)
        for heading in ("difference", "95 % interval", "p"):
            table.add_column(heading, justify="right", no_wrap=True)
        for row in block.itertuples():
            mode = _MODES[row.first.partition("-")[2]]
            first, second = (_SOURCES[name.partition("-")[0]] for name in (row.first, row.second))
            table.add_row(
                f"{first} - {second}, {mode}",
                f"{row.difference:+.2f}",
                f"{row.low:+.2f} to {row.high:+.2f}",
                "< 0.01" if row.p_adjusted < 0.01 else f"{row.p_adjusted:.2f}",
            )
        console.print()
        console.print(table)
        console.print(
            "The same folds and people; p by swapping the predictions of people, corrected for all pairs (Holm). MNIST "
            f"and random weights are one network; ImageNet is {backbone}, another one, at its own image size.",
            style="dim",
            highlight=False,
        )
