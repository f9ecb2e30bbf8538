"""What the drawing study prints: the paper's tables, the paper's values in them, and what explains a difference."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import pandas as pd
from rich import box
from rich.console import Console
from rich.table import Table

from ..model_selection import PROTOCOLS
from ..plotting._style import as_printed
from ._baselines import ALL_BASELINES
from ._gap import print_gap
from ._print import _cell

__all__ = ["SpiralFacts", "print_spiral_scores"]

#: Columns of the printed tables: metric and heading, in the paper's order, and one that it lacks.
_PRINTED = {
    "accuracy": "accuracy",
    "precision_macro": "macro\nprecision",
    "balanced_accuracy": "macro\nrecall",
    "f1_macro": "macro\nF1",
    "precision": "weighted\nprecision",
    "sensitivity": "weighted\nrecall",
    "f1": "weighted\nF1",
    "auc": "AUC",
}
_NAME_WIDTH, _METRIC_WIDTH = 22, 12

#: A difference to the paper above this is explained.
_NOTABLE = 0.03

_ORDERS = {
    "as-published": "HWA-I: drawings are split at random. HWA-II and III: drawings are augmented, and the images split "
    "at random. LEAKS: images made of the test drawings are trained on (HWA-II and III), and so are other drawings by "
    "the people tested (all).",
    "as-written": "Drawings are split at random, the training part is augmented. LEAKS: other drawings by the people "
    "tested are trained on.",
    "subject-wise": "Drawings are split by drawer, the training part is augmented.",
    "leave-one-subject-out": "Each drawer is tested on a model of all the others, whose drawings are augmented.",
}


@dataclass(frozen=True)
class SpiralFacts:
    """What was studied, with what."""

    data: str
    kind: str
    subset: str
    n_drawings: int
    n_drawers: int
    backbone: str
    weights: str | None
    image_size: int
    head: int

    def headline(self) -> str:
        """Say it in one line."""
        weights = "random weights" if self.weights is None else "ImageNet weights"
        if self.weights not in (None, "imagenet"):
            weights = f"weights of {Path(str(self.weights)).name}"
        which = "" if self.subset == "all" else f" of the folder {self.subset}"
        return (
            f"{self.data} {self.kind}s{which}: {self.n_drawings} drawings by {self.n_drawers} drawers, "
            f"{self.image_size} x {self.image_size} pixels; frozen {self.backbone}, {weights}, Dense({self.head})"
        )

    def differences(self) -> list[str]:
        """List in what the study departs from the paper, whatever the protocol."""
        found = []
        if self.data != "real":
            found.append(f"{self.data} drawings")
        if self.kind != "spiral":
            found.append(f"{self.kind}s instead of spirals")
        if self.backbone != "DenseNet201":
            found.append(f"{self.backbone} instead of DenseNet201")
        if self.weights is None:
            found.append("random weights, which know no images, instead of those of ImageNet")
        if self.image_size != 100:
            found.append(f"{self.image_size} instead of 100 pixels")
        return found


def print_spiral_scores(console: Console, scores: pd.DataFrame, facts: SpiralFacts) -> None:
    """Print tables of each protocol and its order, the protocols side by side, and what explains a difference.

    Parameters
    ----------
    console : rich.console.Console
        Where to.
    scores : DataFrame
        As `StudyResults.scores`, with unit, architecture, experiment, epochs, batch_size and published.
    facts : SpiralFacts
        What was studied.
    """
    for protocol, of_protocol in scores.groupby("protocol", sort=False):
        for unit, block in of_protocol.groupby("unit", sort=False):
            # Chance guesses drawing by drawing; put together, its guesses vote for the majority.
            shown = block if unit == "drawing" else block[block["classifier"] != "chance"]
            title = f"[bold]{'drawings' if unit == 'drawing' else 'drawers'}, {protocol}[/]"
            at_once = max(1, (console.width - _NAME_WIDTH) // _METRIC_WIDTH)
            metrics = [metric for metric in _PRINTED if (shown["metric"] == metric).any()]
            for start in range(0, len(metrics), at_once):
                console.print()
                console.print(_table(shown, metrics[start : start + at_once], title, with_paper=unit == "drawing"))
        console.print(_caption(protocol, facts), style="dim", highlight=False)
    learners = scores[scores["architecture"].notna()].drop_duplicates("classifier").set_index("classifier")
    titles = {classifier: _name(row) for classifier, row in learners.iterrows()}
    print_gap(
        console,
        scores,
        unit="drawing",
        name=lambda _, classifier: titles.get(classifier, classifier),
        baselines=ALL_BASELINES,
    )
    for line in _comparisons(scores, facts):
        console.print(line, highlight=False)


def _table(scores: pd.DataFrame, metrics: list[str], title: str, *, with_paper: bool) -> Table:
    table = Table(
        title=title, title_justify="left", box=box.SIMPLE_HEAD, show_edge=False, pad_edge=False, padding=(0, 1, 0, 0)
    )
    table.add_column("architecture", no_wrap=True)
    for metric in metrics:
        table.add_column(_PRINTED[metric], justify="right", no_wrap=True)
    for name, row in scores.groupby("classifier", sort=False):
        first = row.iloc[0]
        learns = pd.notna(first["architecture"])
        head, values = str(name), row.set_index("metric")
        if learns:
            head = f"{_name(first)}\n{first['epochs']:.0f} epochs, batch {first['batch_size']:.0f}"
        head += f"\n{first['n']:,.0f} tested"
        cells = []
        for metric in metrics:
            if metric not in values.index:
                cells.append("")
                continue
            cell = _cell(values.loc[metric])
            published = values.loc[metric, "published"]
            if with_paper and pd.notna(published):
                cell += f"\n[dim]paper {published:.2f}[/]"
            cells.append(cell)
        table.add_row(head, *cells, style=None if learns else "dim")
    return table


def _name(row: pd.Series) -> str:
    return f"{_roman(row['architecture'])}, experiment {row['experiment']:.0f}"


def _roman(architecture: str) -> str:
    return {"hwa1": "HWA-I", "hwa2": "HWA-II", "hwa3": "HWA-III"}[architecture]


def _caption(protocol: str, facts: SpiralFacts) -> str:
    parts = [
        _ORDERS[protocol],
        "Ranges: 95 % interval over drawers.",
        "The paper's values are those of spirals under the protocol as-published"
        + (": its algorithms state that order for HWA-II and III." if PROTOCOLS[protocol].resample_first else "."),
    ]
    if facts.data != "real":
        parts.append("The drawings are simulated: compare the rows, not their height.")
    if facts.weights is None:
        parts.append("The backbone has random weights: nothing here says anything about the published system.")
    return " ".join(parts)


def _comparisons(scores: pd.DataFrame, facts: SpiralFacts) -> list[str]:
    """Compare the accuracies with the paper's, in words."""
    chosen = scores[(scores["metric"] == "accuracy") & (scores["unit"] == "drawing") & scores["published"].notna()]
    lines = ["", "[bold]Accuracy beside the paper's[/]"] if len(chosen) else []
    for _, row in chosen.iterrows():
        change = as_printed(row["value"]) - as_printed(row["published"])
        text = f"{_name(row)}, {row['protocol']}: {row['value']:.2f}, paper {row['published']:.2f} ({change:+.2f})"
        if abs(change) <= _NOTABLE:
            lines.append(f"{text}, close to it.")
            continue
        reasons = [*_reasons(row["architecture"], row["protocol"]), *facts.differences()]
        lines.append(f"{text}. What differs: {'; '.join(reasons) or 'nothing that is known'}.")
    if len(chosen[chosen["architecture"] == "hwa1"]):
        small = "the drawings of the folder training" if facts.subset == "training" else "--subset training"
        lines.append(
            "The published numbers of HWA-I are consistent with 14 of 15 test drawings right (interval 0.70 to 0.99), "
            "a fifth of the 72 in the folder training; no result on 21, a fifth of 102, fits them. That reading: "
            f"{small}."
        )
    return lines


def _reasons(architecture: str, protocol: str) -> list[str]:
    reasons = []
    leaky_before = architecture != "hwa1"
    if not PROTOCOLS[protocol].leaks:
        reasons.append("the drawers tested are unseen, where the paper trained on other drawings of theirs")
    if leaky_before and not PROTOCOLS[protocol].resample_first:
        reasons.append("no image made of a test drawing is trained on, where the paper trained on about 40 of each")
    if architecture == "hwa1":
        reasons.append("every drawing is tested once, where the paper tested about 15, each worth 0.07")
    return reasons
