"""`skpd report`."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from ._app import app, console, exit_codes


@app.command("report")
def report(
    results: Annotated[Path, typer.Argument(help="Results folder that `skpd study ... --out` wrote.")],
    out: Annotated[
        Path | None, typer.Option(help="File to write; report.html in the results folder if it is not given.")
    ] = None,
    audit: Annotated[
        Path | None, typer.Option(help="File that `skpd audit ... --json FILE` wrote, for a section on it.")
    ] = None,
) -> None:
    """One HTML file from a study: what the numbers say in plain words, tables, figures, method.

    The file needs no network and nothing beside it, and reads on a phone and on paper. An unfinished study can be
    reported; the page says what is missing.

    Exit codes: 0 done, 2 wrong usage or no finished fold.

    **Examples**

    `skpd report skpd-tremor`

    `skpd report skpd-tremor --out tremor.html --audit audit.json`
    """
    from ..pages import write_report

    with exit_codes("report"), console.status("reading the results, drawing intervals over subjects"):
        file = write_report(results, out or results / "report.html", audit=audit)
    console.print(f"{file} ({file.stat().st_size / 1e3:,.0f} kB): open it in any browser", soft_wrap=True)
