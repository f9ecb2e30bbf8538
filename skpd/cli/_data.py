"""`skpd data`: list, info and check."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Annotated

import typer
from rich import box
from rich.markup import escape
from rich.padding import Padding
from rich.table import Table
from rich.text import Text

from ._app import console, data, err, exit_codes

#: Entries of a list that are printed one by one.
_SHOWN = 20


@data.command("list")
def data_list() -> None:
    """List the published datasets that skpd reads, and which of them are in the folder that SKPD_DATA names."""
    from ..datasets import list_datasets

    root = os.environ.get("SKPD_DATA")
    table = Table(
        "dataset", "labels", "people", "licence", "here", box=box.SIMPLE, pad_edge=False, padding=(0, 2, 0, 0)
    )
    for row in list_datasets().itertuples():
        here = "yes" if row.folder is not None else ""
        table.add_row(f"[bold]{row.name}[/]\n{row.what}", row.labels, row.subjects, row.licence, here, end_section=True)
    console.print(table)
    console.print(
        f"here: in {escape(root)}." if root else "here: set SKPD_DATA to the folder that holds the datasets' folders."
    )
    console.print("More of one: skpd data info NAME. Your own files: load_csv_recordings and others, in skpd.datasets.")


@data.command("info")
def data_info(name: Annotated[str, typer.Argument(help="A name that `skpd data list` shows.")]) -> None:
    """Print a dataset's card: who, device, units, labels, limits, licence, reference, and how to get it.

    Exit codes: 0 done, 2 no dataset of this name.
    """
    from ..datasets import dataset_info

    with exit_codes("data info"):
        info = dataset_info(name)
    card = Table.grid(padding=(0, 2, 0, 0))
    card.add_column(style="bold", no_wrap=True)
    card.add_column()
    for heading, text in info.sections.items():
        card.add_row(heading, Text(text))
    console.print(f"[bold]{info.name}[/]: {info.what}\n")
    console.print(card)


@data.command("check")
def data_check(
    folder: Annotated[
        Path | None,
        typer.Argument(help="A dataset's folder, or one that holds several. By default the one SKPD_DATA names."),
    ] = None,
) -> None:
    """Check whether a folder holds its datasets completely, by reading all of it.

    Exit codes: 0 complete, 1 something is missing or broken, 2 no dataset recognised.
    """
    from ..datasets import check_dataset

    if folder is None:
        if not os.environ.get("SKPD_DATA"):
            err.print("[bold red]skpd data check:[/] name a folder, or set SKPD_DATA.", soft_wrap=True)
            raise typer.Exit(2)
        folder = Path(os.environ["SKPD_DATA"])
    checks = check_dataset(folder)
    if not checks:
        found = "no dataset that skpd knows" if folder.is_dir() else "no such folder"
        advice = "`skpd data info NAME` says what a dataset's folder holds."
        err.print(f"[bold red]skpd data check:[/] {escape(str(folder))}: {found}. {advice}", soft_wrap=True)
        raise typer.Exit(2)
    for check in checks:
        verdict = "[green]complete[/]" if check.complete else "[red]incomplete[/]"
        console.print(f"[bold]{check.name}[/]: {verdict}, {escape(str(check.folder))}", soft_wrap=True)
        counts = Table.grid(padding=(0, 2, 0, 0))
        counts.add_column(width=30)
        counts.add_column(justify="right")
        for count in check.counts:
            style = "" if count.found >= count.expected else "red"
            counts.add_row(f"  {count.what}", f"{count.found} of {count.expected}", style=style)
        console.print(counts)
        if check.missing:
            more = f" and {len(check.missing) - _SHOWN} more" if len(check.missing) > _SHOWN else ""
            console.print(Padding(Text(f"missing: {', '.join(check.missing[:_SHOWN])}{more}"), (0, 0, 0, 2)))
        for heading, entries in (("broken", check.broken), ("also", check.notes)):
            for entry in entries[:_SHOWN]:
                console.print(Text(f"  {heading}: {entry}"), soft_wrap=True)
            if len(entries) > _SHOWN:
                console.print(f"  {heading}: {len(entries) - _SHOWN} more")
    raise typer.Exit(0 if all(check.complete for check in checks) else 1)
