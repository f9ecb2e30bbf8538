"""What every command shares: the application, its two consoles, exit codes, lists of names."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console
from rich.markup import escape

from .._version import __version__

__all__ = ["app", "console", "data", "err", "exit_codes", "main", "split_names", "study"]

app = typer.Typer(
    name="skpd",
    no_args_is_help=True,
    rich_markup_mode="markdown",
    pretty_exceptions_enable=False,
    help="""Parkinson's disease from wrist signals, drawings and handwriting, scored on people the model has never seen.

    Start with `skpd study tremor`: it needs no data and takes a few minutes.""",
)
study = typer.Typer(
    no_args_is_help=True,
    rich_markup_mode="markdown",
    help="Run a published system on a dataset and write scores and figures.",
)
app.add_typer(study, name="study")
data = typer.Typer(
    no_args_is_help=True,
    rich_markup_mode="markdown",
    help="Published datasets: what each is, how to get it, and whether a folder holds it completely.",
)
app.add_typer(data, name="data")

#: Where results and errors go.
console = Console(highlight=False)
err = Console(stderr=True, highlight=False)


@contextmanager
def exit_codes(command: str, folder: Path | None = None) -> Iterator[None]:
    """Turn wrong usage and data into a message and exit code 2, an interrupt into 130."""
    try:
        yield
    except (ValueError, OSError) as error:
        err.print(f"[bold red]skpd {command}:[/] {escape(str(error))}", soft_wrap=True)
        raise typer.Exit(2) from None
    except KeyboardInterrupt:
        kept = f" What is finished is kept: the same command continues in {escape(str(folder))}." if folder else ""
        err.print(f"Interrupted.{kept}", soft_wrap=True)
        raise typer.Exit(130) from None


def _print_version(wanted: bool) -> None:
    if wanted:
        console.print(f"skpd {__version__}")
        raise typer.Exit


@app.callback()
def _skpd(
    version: Annotated[
        bool, typer.Option("--version", callback=_print_version, is_eager=True, help="Print the version and exit.")
    ] = False,
) -> None:
    pass


def split_names(text: str) -> list[str]:
    """Split what is separated by commas."""
    return [name.strip() for name in text.split(",") if name.strip()]


def main() -> None:
    """Run the command line; the entry point of the `skpd` script."""
    app()
