"""What a study prints: score tables with intervals, what a forest says of itself, failures and notes."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager

import pandas as pd
from rich import box
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn, TimeRemainingColumn
from rich.table import Table

from ..model_selection import PROTOCOLS
from ._results import StudyResults

__all__ = ["print_notes", "print_scores", "progress_bar"]

#: Columns of the printed tables: metric and heading. The published ones first, then those for an ordinal scale.
_PRINTED = {
    "accuracy": "accuracy",
    "balanced_accuracy": "balanced\naccuracy",
    "gmean": "G-mean",
    "iba": "IBA",
    "auc": "AUC",
    "f1_macro": "macro F1",
    "quadratic_kappa": "quadratic\nkappa",
    "mae": "mean abs.\nerror",
}
#: Width of the names of resamplers, and of a metric with its interval.
_NAME_WIDTH, _METRIC_WIDTH = 25, 11


def print_scores(
    console: Console,
    scores: pd.DataFrame,
    *,
    baselines: tuple[str, ...] = (),
    published: pd.DataFrame | None = None,
    remark: str = "",
) -> None:
    """Print one table a unit, protocol and classifier.

    Parameters
    ----------
    console : rich.console.Console
        Where to.
    scores : DataFrame
        As `StudyResults.scores` returns; several units may be stacked.
    baselines : tuple of str, default=()
        Classifiers that learn nothing; they close every table.
    published : DataFrame or None, default=None
        Tidy scores of the paper (classifier, resampler, metric, value), for a column beside those of single windows.
    remark : str, default=""
        Closes every caption.
    """
    for protocol, of_protocol in scores.groupby("protocol", sort=False):
        for unit, block in of_protocol.groupby("unit", sort=False):
            is_baseline = block["classifier"].isin(baselines)
            for classifier in list(dict.fromkeys(block.loc[~is_baseline, "classifier"])) or [""]:
                chosen = block[is_baseline | (block["classifier"] == classifier)]
                paper = None
                if published is not None and unit == "window":
                    given = published[published["classifier"] == classifier]
                    paper = given.pivot_table(index="resampler", columns="metric", values="value")
                few, many = chosen["n"].min(), chosen["n"].max()
                rows = f"{many:,.0f}" if few == many else f"{few:,.0f} to {many:,.0f}"
                people = "" if unit == "subject" else f" of {chosen['n_subjects'].max():.0f} subjects"
                title = f"[bold]{classifier or 'baselines'}, {protocol}[/]: {rows} {unit}s{people}"
                metrics = [metric for metric in _PRINTED if (chosen["metric"] == metric).any()]
                at_once = max(1, (console.width - _NAME_WIDTH) // _METRIC_WIDTH)
                for start in range(0, len(metrics), at_once):
                    console.print()
                    console.print(_table(chosen, metrics[start : start + at_once], title, baselines, paper))
        console.print(_explanation(protocol, published is not None, remark), style="dim", highlight=False)


def _table(
    scores: pd.DataFrame, metrics: list[str], title: str, baselines: tuple[str, ...], paper: pd.DataFrame | None
) -> Table:
    """Lay out some metrics of the resamplers, each with its interval below, and the baselines last."""
    table = Table(
        title=title, title_justify="left", box=box.SIMPLE_HEAD, show_edge=False, pad_edge=False, padding=(0, 1, 0, 0)
    )
    has_paper = paper is not None and {"gmean", "iba"} <= set(metrics)
    table.add_column("resampler" + ("\n[dim]paper: G-mean, IBA[/]" if has_paper else ""), no_wrap=True)
    for metric in metrics:
        table.add_column(_PRINTED[metric], justify="right", no_wrap=True)
    is_baseline = scores["classifier"].isin(baselines)
    rows = scores.assign(name=scores["resampler"].mask(is_baseline, scores["classifier"]), last=is_baseline)
    for (last, name), row in rows.sort_values("last", kind="stable").groupby(["last", "name"], sort=False):
        values = row.set_index("metric")[["value", "low", "high"]]
        head = name
        if has_paper and paper is not None and not last and name in paper.index:
            head += "\n[dim]paper: {gmean:.2f}, {iba:.2f}[/]".format(**paper.loc[name])
        table.add_row(
            head,
            *(_cell(values.loc[metric]) if metric in values.index else "" for metric in metrics),
            style="dim" if last else None,
        )
    return table


def _explanation(protocol: str, has_paper: bool, remark: str) -> str:
    leaks = PROTOCOLS[protocol].leaks
    parts = [
        PROTOCOLS[protocol].summary,
        f"LEAKS: {'; '.join(leaks)}." if leaks else "",
        "Ranges: 95 % interval over subjects.",
        "No interval where resampling made test rows, which belong to no subject."
        if PROTOCOLS[protocol].resample_first
        else "",
        "G-mean and IBA: one-vs-rest, averaged by support, as the published numbers fit; their chance level depends on "
        "the classes, so read them beside the chance row.",
        "The paper's numbers: other recordings, consistent with the protocol as-published." if has_paper else "",
        remark,
    ]
    return " ".join(part for part in parts if part)


def _cell(score: pd.Series) -> str:
    value, low, high = score[["value", "low", "high"]]
    if pd.isna(value):
        return "undefined"
    return f"{value:.2f}" if pd.isna(low) else f"{value:.2f}\n{low:.2f}-{high:.2f}"


def print_notes(console: Console, results: StudyResults) -> None:
    """Print what forests say of themselves, which folds came with warnings, and which failed.

    Parameters
    ----------
    console : rich.console.Console
        Where to.
    results : StudyResults
        The study.
    """
    cells = results.cells
    sound = cells[[not PROTOCOLS[name].leaks for name in cells["protocol"]]] if len(cells) else cells
    if "oob_score" in sound and sound["oob_score"].notna().any():
        forests = sound[sound["oob_score"].notna()]
        plain = forests[forests["resampler"] == forests["resampler"].iloc[0]]
        importances = pd.DataFrame(plain["feature_importances"].tolist(), columns=results.manifest["feature_names"])
        top = importances.mean().sort_values(ascending=False).head(5)
        console.print(
            f"\nOut of bag the forest reaches an accuracy of {plain['oob_score'].mean():.2f} "
            f"(resampler: {plain['resampler'].iloc[0]}): windows whose neighbours and people it was trained on. "
            f"It leans most on {', '.join(top.index)}."
        )
    told = cells[cells["warnings"].map(len) > 0] if len(cells) else cells
    if len(told):
        kinds = told["warnings"].explode().str.replace(r"\d+", "N", regex=True).value_counts()
        console.print(f"\n[yellow]note:[/] {len(told)} of {len(cells)} folds came with warnings, listed in cells.csv:")
        for kind, count in kinds.head(5).items():
            console.print(f"  {count} x {kind}", markup=False)
    if "adapted" in cells:
        lowered = cells[cells["adapted"].map(bool) & cells["adapted"].notna()]
        if len(lowered):
            names = ", ".join(dict.fromkeys(lowered["resampler"]))
            console.print(
                f"\n[yellow]note:[/] in {len(lowered)} of {len(cells)} folds a class had too few windows for the "
                f"published number of neighbours, which was lowered ({names}; column adapted of cells.csv)."
            )
    if len(results.failures):
        console.print(f"\n[bold red]{len(results.failures)} folds failed[/] and are tried again by the next run:")
        for _, cell in results.failures.iterrows():
            last = cell["error"].strip().splitlines()[-1]
            place = f"{cell['protocol']}, {cell['resampler']}, {cell['classifier']}, fold {cell['fold']}"
            console.print(f"  {place}: {last}", markup=False)


@contextmanager
def progress_bar(console: Console, wanted: bool) -> Iterator[Callable[[int, int], None] | None]:
    """Show how many folds are done and the time left.

    Parameters
    ----------
    console : rich.console.Console
        Where to.
    wanted : bool
        False shows nothing.

    Yields
    ------
    report : callable or None
        To be called with the number done and the number of all.
    """
    if not wanted:
        yield None
        return
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn())
    with Progress(*columns, TextColumn("left"), TimeRemainingColumn(), console=console, transient=True) as bar:
        task = bar.add_task("folds", total=None)
        yield lambda done, total: bar.update(task, completed=done, total=total)
