"""`skpd extract`: where the work runs, the progress bar, and the table of what became of the files."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any

from joblib import cpu_count, parallel_config
from rich.console import Console
from rich.markup import escape
from rich.progress import BarColumn, Progress, TaskProgressColumn, TextColumn, TimeElapsedColumn, TimeRemainingColumn
from rich.table import Table

from ._extract import ExtractReport, extract_features

__all__ = ["BACKENDS", "run_extract"]

BACKENDS = ("loky", "threading", "dask")


def run_extract(
    files: Sequence[Path],
    out: Path,
    *,
    backend: str = "loky",
    scheduler: str | None = None,
    n_jobs: int = -1,
    console: Console | None = None,
    progress: bool = True,
    **parameters: Any,
) -> ExtractReport:
    """Extract features of files on a backend of joblib, show how far it is and print what became of them.

    Parameters
    ----------
    files, out
        As in `extract_features`.
    backend : {"loky", "threading", "dask"}, default="loky"
        Processes of this machine, threads, or the workers of a dask cluster.
    scheduler : str or None, default=None
        Address of a running dask scheduler; None starts a cluster of `n_jobs` processes on this machine.
    n_jobs : int, default=-1
        Files at a time; -1 for one a core. With a `scheduler`, all of its workers are used.
    console : rich.console.Console or None, default=None
        Where to print.
    progress : bool, default=True
        Whether to show a progress bar.
    **parameters
        Of `extract_features`.

    Returns
    -------
    report : ExtractReport
        What became of each file.

    Raises
    ------
    ValueError
        If the backend is unknown, or `scheduler` is given without "dask".
    OSError
        If the scheduler does not answer.
    """
    if backend not in BACKENDS:
        raise ValueError(f"backend: expected one of {', '.join(map(repr, BACKENDS))}, got {backend!r}.")
    if scheduler is not None and backend != "dask":
        raise ValueError(f"scheduler: expected with backend='dask' only, got {scheduler!r} with {backend!r}.")
    if n_jobs == 0:
        raise ValueError("n_jobs: expected 1 or more, or -1 for one a core, got 0.")
    console = console or Console()
    with _backend(backend, n_jobs, scheduler), _progress_bar(console, progress) as report_progress:
        report = extract_features(files, out, on_progress=report_progress, **parameters)
    _print(console, report)
    return report


@contextmanager
def _backend(name: str, n_jobs: int, scheduler: str | None) -> Iterator[None]:
    with ExitStack() as stack:
        if name == "dask":
            stack.enter_context(_dask_client(n_jobs, scheduler))
            # The cluster says how many there are.
            n_jobs = -1
        stack.enter_context(parallel_config(backend=name, n_jobs=n_jobs))
        yield


@contextmanager
def _dask_client(n_jobs: int, scheduler: str | None) -> Iterator[Any]:
    try:
        from distributed import Client, LocalCluster
    except ImportError as error:
        raise ValueError("backend: 'dask' needs the package distributed: install 'skpd[dask]'.") from error
    with ExitStack() as stack:
        if scheduler is None:
            n_workers = n_jobs if n_jobs > 0 else cpu_count()
            cluster = LocalCluster(n_workers=n_workers, threads_per_worker=1, dashboard_address="127.0.0.1:0")
            stack.enter_context(cluster)
        yield stack.enter_context(Client(cluster if scheduler is None else scheduler))


@contextmanager
def _progress_bar(console: Console, wanted: bool) -> Iterator[Callable[[int, int], None] | None]:
    if not wanted:
        yield None
        return
    columns = (TextColumn("recordings"), BarColumn(), TaskProgressColumn(), TimeElapsedColumn(), TextColumn("left"))
    with Progress(*columns, TimeRemainingColumn(), console=console, transient=True) as bar:
        task = bar.add_task("recordings", total=None)
        yield lambda done, total: bar.update(task, completed=done, total=total)


def _print(console: Console, report: ExtractReport) -> None:
    files, counts = report.files, report.files["status"].value_counts()
    console.print(
        f"{len(files)} file(s): {counts.get('computed', 0)} computed, {counts.get('unchanged', 0)} unchanged, "
        f"{counts.get('failed', 0)} failed; {files['rows'].sum()} windows in {report.out / 'parts'}",
        soft_wrap=True,
    )
    if files["skipped"].any():
        n_skipped, n_touched = files["skipped"].sum(), (files["skipped"] > 0).sum()
        console.print(f"[yellow]note:[/] {n_skipped} windows of {n_touched} file(s) left out because they touch a gap")
    for row in files[files["note"] != ""].itertuples():
        console.print(f"[yellow]note:[/] {escape(row.source)}: {row.note}", soft_wrap=True)
    if report.other_parts:
        console.print(f"[yellow]note:[/] {len(report.other_parts)} other part(s) in the folder, of files not named now")
    if len(report.failures):
        table = Table("file", "reason", title="failed", title_justify="left", title_style="bold red")
        for row in report.failures.itertuples():
            table.add_row(escape(row.source), escape(row.reason))
        console.print(table)
        if report.failures["reason"].str.contains("=").any():
            console.print(
                "name=... in a reason is an option --name of this command, where `skpd extract --help` lists it, and "
                "otherwise a parameter of skpd.datasets.load_csv_recordings: load such files with it in Python.",
                soft_wrap=True,
            )
