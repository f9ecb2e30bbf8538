"""The table of protocols: one pipeline a row, one protocol a column, and what the leaks are worth."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import pandas as pd
from rich import box
from rich.console import Console
from rich.table import Table

from ..model_selection import PROTOCOLS
from ._print import _cell, as_printed

__all__ = ["print_gap"]


def print_gap(
    console: Console,
    scores: pd.DataFrame,
    *,
    unit: str,
    name: Callable[[str, str], str],
    baselines: Sequence[str] = (),
) -> None:
    """Print the balanced accuracy of every pipeline that was run under a protocol that leaks and under a sound one.

    Parameters
    ----------
    console : rich.console.Console
        Where to.
    scores : DataFrame
        As `StudyResults.scores` returns; several units may be stacked.
    unit : str
        The unit whose scores are compared.
    name : callable
        ``name(resampler, classifier)`` returns what a row is called.
    baselines : sequence of str, default=()
        Classifiers that learn nothing; they close the table.
    """
    chosen = scores[(scores["unit"] == unit) & (scores["metric"] == "balanced_accuracy")]
    present = set(chosen["protocol"])
    # From the most to the least optimistic.
    leaky = [protocol for protocol in PROTOCOLS if protocol in present and PROTOCOLS[protocol].leaks]
    sound = [protocol for protocol in PROTOCOLS if protocol in present and not PROTOCOLS[protocol].leaks]
    lines = []
    for (classifier, resampler), rows in chosen.groupby(["classifier", "resampler"], sort=False):
        values = rows.drop_duplicates("protocol").set_index("protocol")
        if set(leaky) & set(values.index) and set(sound) & set(values.index):
            lines.append((classifier in baselines, name(str(resampler), str(classifier)), values))
    if all(is_baseline for is_baseline, _, _ in lines):
        return
    table = Table(
        title=f"[bold]Protocols compared[/]: balanced accuracy, {unit} by {unit}",
        title_justify="left",
        box=box.SIMPLE_HEAD,
        show_edge=False,
        pad_edge=False,
        padding=(0, 2, 0, 0),
    )
    table.add_column("")
    for protocol in (*leaky, *sound):
        table.add_column(
            f"{protocol}\n[dim]{'leaks' if protocol in leaky else 'people never seen'}[/]", justify="right"
        )
    table.add_column("gap", justify="right", style="bold")
    for is_baseline, title, values in sorted(lines, key=lambda line: line[0]):
        ends = [next(values.loc[p, "value"] for p in order if p in values.index) for order in (leaky, sound)]
        # Of the numbers as they are printed, or the row would not add up.
        table.add_row(
            title,
            *(_cell(values.loc[p]) if p in values.index else "" for p in (*leaky, *sound)),
            f"{as_printed(ends[0]) - as_printed(ends[1]):+.2f}",
            style="dim" if is_baseline else None,
        )
    console.print()
    console.print(table)
    console.print(
        f"Gap: the leftmost score minus {sound[0]}: what leaks, and noise. Ranges: 95 % interval over subjects.",
        style="dim",
        highlight=False,
    )
