"""The table of protocols: one pipeline a row, one protocol a column, and what the leaks are worth."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np
import pandas as pd
from rich import box
from rich.console import Console
from rich.table import Table

from ..model_selection import PROTOCOLS
from ..plotting._style import as_printed
from ._print import _cell

__all__ = ["print_gap", "protocol_gaps"]


def protocol_gaps(scores: pd.DataFrame) -> pd.DataFrame:
    """Compare the balanced accuracy of every pipeline under protocols that leak with that on people never seen.

    Parameters
    ----------
    scores : DataFrame
        As `StudyResults.scores` returns; of one unit.

    Returns
    -------
    gaps : DataFrame
        Indexed by resampler and classifier; a row for every pipeline that was run under both kinds of protocol. One
        column a protocol, from the most to the least optimistic, nan where the pipeline was not run; and ``gap``, the
        leftmost score minus the first on people never seen, of the numbers as they are printed, or a row would not add
        up.
    """
    chosen = scores[scores["metric"] == "balanced_accuracy"]
    wide = chosen.pivot_table(
        "value", index=["resampler", "classifier"], columns="protocol", aggfunc="first", sort=False
    )
    wide = wide[[protocol for protocol in PROTOCOLS if protocol in wide]]
    leaks = np.array([bool(PROTOCOLS[protocol].leaks) for protocol in wide], dtype=bool)
    wide = wide[wide.loc[:, leaks].notna().any(axis=1) & wide.loc[:, ~leaks].notna().any(axis=1)]
    first, last = (
        [as_printed(row[row.notna()].iloc[0]) for _, row in wide.loc[:, kind].iterrows()] for kind in (leaks, ~leaks)
    )
    return wide.assign(gap=np.subtract(first, last))


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
    here = scores[scores["unit"] == unit]
    gaps = protocol_gaps(here)
    is_baseline = gaps.index.get_level_values("classifier").isin(baselines)
    if is_baseline.all():
        return
    *protocols, _ = gaps.columns
    sound = [protocol for protocol in protocols if not PROTOCOLS[protocol].leaks]
    cells = {
        tuple(line[key] for key in (*gaps.index.names, "protocol")): _cell(line)
        for _, line in here[here["metric"] == "balanced_accuracy"].iterrows()
    }
    table = Table(
        title=f"[bold]Protocols compared[/]: balanced accuracy, {unit} by {unit}",
        title_justify="left",
        box=box.SIMPLE_HEAD,
        show_edge=False,
        pad_edge=False,
        padding=(0, 2, 0, 0),
    )
    table.add_column("")
    for protocol in protocols:
        table.add_column(
            f"{protocol}\n[dim]{'people never seen' if protocol in sound else 'leaks'}[/]", justify="right"
        )
    table.add_column("gap", justify="right", style="bold")
    for last in (False, True):
        for (resampler, classifier), gap in gaps.loc[is_baseline == last, "gap"].items():
            table.add_row(
                name(resampler, classifier),
                *(cells.get((resampler, classifier, protocol), "") for protocol in protocols),
                f"{gap:+.2f}",
                style="dim" if last else None,
            )
    console.print()
    console.print(table)
    console.print(
        f"Gap: the leftmost score minus {sound[0]}: what leaks, and noise. Ranges: 95 % interval over subjects.",
        style="dim",
        highlight=False,
    )
