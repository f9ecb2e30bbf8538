"""Many recordings to the features of their windows: one Parquet part a recording, and a manifest."""

from __future__ import annotations

import json
import time as clock
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import partial
from numbers import Real
from os import PathLike
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from joblib import Parallel, cpu_count, delayed, effective_n_jobs
from sklearn.utils._param_validation import Interval, StrOptions, validate_params

from ..datasets._base import ACCELERATION_UNITS, unreadable
from ..datasets._layout import check_channels
from ..datasets._timestamps import TIME_UNITS
from ..exceptions import DataFileError
from ..recipes import make_signal_road
from ..signal import Windowizer, band_channel_names
from ._parts import ExtractSettings, Job, read_part, versions, write_part
from ._store import _write_atomically

__all__ = ["ExtractReport", "extract_features"]

_FORMAT = 1


@dataclass(frozen=True, eq=False)
class ExtractReport:
    """What `extract_features` did.

    Attributes
    ----------
    out : Path
        The folder with ``manifest.json`` and ``parts/``.
    files : DataFrame
        One row a file, in the order given: `source`, `part`, `status` ("computed", "unchanged" or "failed"), `rows`,
        `skipped` (windows left out because they touch a gap), a `note` on files that were read but hold no
        signal or repeat times, and the `reason` of a failure.
    other_parts : list of str
        Parts in the folder that belong to none of the files.
    """

    out: Path
    files: pd.DataFrame
    other_parts: list[str]

    @property
    def failures(self) -> pd.DataFrame:
        """The rows of `files` that have no part."""
        return self.files[self.files["status"] == "failed"]


@validate_params(
    {
        "files": ["array-like"],
        "out": [str, PathLike],
        "units": [StrOptions(set(ACCELERATION_UNITS))],
        "channels": ["array-like"],
        "time_unit": [StrOptions({*TIME_UNITS, "iso"}), None],
        "disorder": [StrOptions({"raise", "fix"})],
        "separator": [str],
        "decimal": [str],
        "encoding": [str],
        "resample_to": [Interval(Real, 0, None, closed="neither"), None],
        "sampling_rate": [Interval(Real, 0, None, closed="neither"), None],
        "duration": [Interval(Real, 0, None, closed="neither")],
        "overlap": [Interval(Real, 0, 1, closed="left")],
    },
    prefer_skip_nested_validation=True,
)
def extract_features(
    files: Sequence[str | PathLike],
    out: str | PathLike,
    *,
    units: str,
    sampling_rate: float | None = None,
    channels: Sequence[str] = ("x", "y", "z"),
    time: str | None = "timestamp",
    time_unit: str | None = "s",
    subject: str | None = None,
    resample_to: float | None = None,
    disorder: str = "raise",
    separator: str = ",",
    decimal: str = ".",
    encoding: str = "utf-8",
    road: str = "magnitude",
    bands: dict | None = None,
    duration: float = 4.0,
    overlap: float = 0.5,
    n_jobs: int | None = None,
    on_progress: Callable[[int, int], None] | None = None,
) -> ExtractReport:
    """Compute the tremor features of the windows of many recordings, one file each.

    Every file becomes one Parquet file in ``out/parts``, with the columns `recording`, `file`, `subject` (missing where
    it is not known), `start` and `stop` (samples), and the features; ``pandas.read_parquet(out / "parts")`` reads them
    all. A part that can be seen is whole. The same call continues after an interruption: a part is computed again only
    if its file or the version of skpd has changed. A folder holds features of one set of parameters. A file that cannot
    be used stops nothing and is reported.

    Parameters
    ----------
    files : sequence of path
        ``.npy`` arrays of shape (n_timesteps,) or (n_timesteps, n_channels), of any length, since they are never read
        whole; ``.csv`` and ``.parquet`` tables, read by `load_csv_recordings` and `load_parquet_recordings`. One file,
        one recording.
    out : path
        Folder of the results; made if need be. One run at a time may write to it, with the parameters of the runs
        before.
    units : {"m/s^2", "g"}
        What the files hold. Features are computed in m/s^2.
    sampling_rate : float or None, default=None
        Hz. Needed for .npy files and where `time` is None; compared with the measured rate of other files.
    channels, time, time_unit
        Columns of tables, as in `load_csv_recordings`.
    subject : str or None, default=None
        Column of tables that names the person, the same in all rows. Of .npy files no person is known.
    resample_to, disorder
        What to do with uneven and disordered times of tables, as in `load_csv_recordings`.
    separator, decimal, encoding : str, default=",", ".", "utf-8"
        How CSV files are written.
    road, bands, duration, overlap
        As in `make_window_table`.
    n_jobs : int or None, default=None
        Files at a time, through joblib: processes, or what an enclosing ``joblib.parallel_config`` says, such as a dask
        cluster. A single file is shared by as many threads of this process. Results do not depend on it.
    on_progress : callable or None, default=None
        Called with the bytes of input done and the bytes of all that is to be done.

    Returns
    -------
    report : ExtractReport
        What became of each file. ``out/manifest.json`` says the same, with parameters and versions.

    Raises
    ------
    ValueError
        If a parameter is out of range, `sampling_rate` is needed and missing, or `out` is a file, holds a study or
        holds features made with other parameters. Nothing is written then.

    See Also
    --------
    skpd.recipes.stream_window_features : The same for one recording, without files.
    skpd.recipes.make_window_table : The table of labelled recordings in memory.

    Notes
    -----
    A part is recognised by the resolved path of its file, so files of one name in different folders do not meet; a file
    counts as changed when its size or its time of modification does, and its part is removed before it is computed
    again. The part of a file that can no longer be found stays. Where columns differ, as those of ``road="per-axis"``
    do for files of one axis and of three, files that do not have the columns of the parts that were there already, or
    else of most files, fail.

    Examples
    --------
    >>> import pathlib, tempfile
    >>> import numpy as np, pandas as pd
    >>> from skpd.studies import extract_features
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     file = pathlib.Path(folder, "anna.npy")
    ...     np.save(file, np.random.default_rng(0).normal(9.81, 0.1, size=(6000, 3)))
    ...     report = extract_features([file], pathlib.Path(folder, "out"), units="m/s^2", sampling_rate=100.0)
    ...     table = pd.read_parquet(pathlib.Path(folder, "out", "parts"))
    >>> report.files[["status", "rows", "skipped"]].values.tolist()
    [['computed', 29, 0]]
    >>> table.columns[:4].tolist(), table.shape
    (['recording', 'file', 'subject', 'start'], (29, 107))
    """
    settings = ExtractSettings(
        units=units,
        sampling_rate=None if sampling_rate is None else float(sampling_rate),
        channels=tuple(channels),
        time=time,
        # One name in the folder of the results, so that either continues it.
        time_unit=None if time_unit == "iso" else time_unit,
        subject=subject,
        road=road,
        bands=bands,
        duration=float(duration),
        overlap=float(overlap),
        resample_to=None if resample_to is None else float(resample_to),
        disorder=disorder,
        separator=separator,
        decimal=decimal,
        encoding=encoding,
    )
    folder = Path(out) / "parts"
    # A file that is named twice is one file.
    jobs = list({job.name: job for job in (Job(Path(file), folder, settings) for file in files)}.values())
    _check(jobs, settings)
    _check_out(Path(out), settings)
    folder.mkdir(parents=True, exist_ok=True)
    started = clock.time()
    status, reasons, sizes = {}, {}, {}
    for job in jobs:
        try:
            status[job.name] = "unchanged" if job.is_finished() else "pending"
            sizes[job.name] = job.file.stat().st_size
        except OSError as error:
            status[job.name], reasons[job.name] = "failed", _describe(error)
    todo = [job for job in jobs if status[job.name] == "pending"]
    for job in todo:
        # What is out of date must not be read, whatever happens next.
        job.part.unlink(missing_ok=True)
    _write_manifest(out, jobs, status, reasons)
    try:
        for name, reason in _run(todo, sizes, n_jobs, on_progress or (lambda done, total: None)):
            status[name] = "failed" if reason else "computed"
            if reason:
                reasons[name] = reason
        for name, reason in _fail_odd_ones(folder, jobs, status):
            status[name], reasons[name] = "failed", reason
    finally:
        _write_manifest(out, jobs, status, reasons)
    for job in jobs:
        # Left by a run that was killed. One that is at work has touched its own since this one started.
        for leftover in folder.glob(f".{job.part.name}.*"):
            if leftover.stat().st_mtime < started:
                leftover.unlink(missing_ok=True)
    return ExtractReport(Path(out), pd.DataFrame(_rows(jobs, status, reasons)), _other_parts(folder, jobs))


def _check(jobs: list[Job], settings: ExtractSettings) -> None:
    """Raise now what would otherwise be the failure of every file."""
    if not jobs:
        raise ValueError("files: expected at least one file, got none.")
    check_channels(settings.channels)
    rate = settings.sampling_rate
    needy = [job.file for job in jobs if settings.time is None or job.file.suffix.lower() == ".npy"]
    if rate is None and needy:
        raise ValueError(
            f"sampling_rate: expected a rate in Hz, which {needy[0]} does not state, got None"
            f"{f' ({len(needy)} such files)' if len(needy) > 1 else ''}."
        )
    # Without a rate the names and edges can be checked all the same.
    signal_road = make_signal_road(rate or 1.0, road=settings.road, bands=settings.bands)
    band_channel_names(settings.bands)
    if rate is not None:
        signal_road.fit(np.zeros((1, 1, 1)))
        Windowizer(rate, settings.duration, settings.overlap).fit(np.zeros((1, 1)))


def _check_out(out: Path, settings: ExtractSettings) -> None:
    """Refuse a folder whose features would not go with the new ones."""
    there = next(path for path in (out, *out.absolute().parents) if path.exists())
    if not there.is_dir():
        raise ValueError(f"out: expected a folder, got {there}, which is a file: name another folder.")
    if (out / "study.json").exists():
        raise ValueError(f"{out} holds the results of a study: name another folder.")
    wanted = settings.as_json()
    for part in sorted((out / "parts").glob("[!.]*.parquet")):
        record = read_part(part)
        made_with = record["key"]["parameters"] if record else {}
        differing = [name for name in wanted if name in made_with and made_with[name] != wanted[name]]
        if differing:
            raise ValueError(
                f"{out} holds features made with other parameters ({', '.join(differing)}): name another folder or "
                "remove this one."
            )


def _fail_odd_ones(folder: Path, jobs: list[Job], status: dict[str, str]) -> Iterator[tuple[str, str]]:
    """Remove parts whose columns are not those of the others, and yield the name of each with the reason."""
    new = {job.name: read_part(job.part) for job in jobs if status[job.name] == "computed"}
    parts = {part.stem: read_part(part) for part in sorted(folder.glob("[!.]*.parquet")) if part.stem not in new}
    columns = {name: record["columns"] for name, record in (new | parts).items() if record}
    # What was there before decides; otherwise, and among equally many, the first file named.
    before = [columns[name] for name in parts if name in columns]
    common = Counter(before or [columns[name] for name in new if name in columns]).most_common(1)
    for job in jobs:
        if job.name in columns and columns[job.name] != common[0][0]:
            job.part.unlink()
            error = DataFileError(
                job.file,
                found=f"features in {len(columns[job.name])} columns",
                expected=f"the {len(common[0][0])} columns of the other parts in the folder",
                advice="With another number of channels, files need a folder of their own.",
            )
            yield job.name, str(error)


def _run(
    jobs: list[Job], sizes: dict[str, int], n_jobs: int | None, on_progress: Callable[[int, int], None]
) -> Iterator[tuple[str, str | None]]:
    """Write the parts and yield each name with the reason of its failure, in the order in which they finish."""
    # Long files first, so that none is left to a single worker at the end.
    jobs = sorted(jobs, key=lambda job: sizes[job.name], reverse=True)
    total, done = sum(sizes[job.name] for job in jobs), 0
    on_progress(0, total)
    n_workers = effective_n_jobs(n_jobs)
    if n_workers == 1 or len(jobs) == 1:
        for job in jobs:
            advance = partial(_advance, on_progress, done, sizes[job.name], total)
            yield _attempt(job, min(n_workers, cpu_count()), advance)
            done += sizes[job.name]
        return
    run = Parallel(n_jobs=n_jobs, return_as="generator_unordered", batch_size=1)
    for name, reason in run(delayed(_attempt)(job) for job in jobs):
        done += sizes[name]
        on_progress(done, total)
        yield name, reason


def _advance(on_progress: Callable[[int, int], None], done: int, size: int, total: int, share: float) -> None:
    on_progress(done + round(share * size), total)


def _attempt(
    job: Job, n_threads: int = 1, on_progress: Callable[[float], None] = lambda share: None
) -> tuple[str, str | None]:
    reason = None
    try:
        write_part(job, n_threads=n_threads, on_progress=on_progress)
    except Exception as error:
        # Deliberately broad: whatever is wrong with one file, the others go on, and the reason is reported.
        reason = _describe(error)
    on_progress(1.0)
    return job.name, reason


def _describe(error: Exception) -> str:
    if isinstance(error, OSError) and error.errno is not None and error.filename is not None:
        return str(unreadable(error.filename, error))
    expected = isinstance(error, (ValueError, OSError))
    return str(error) if expected and str(error) else f"{type(error).__name__}: {error}"


def _rows(jobs: list[Job], status: dict[str, str], reasons: dict[str, str]) -> list[dict[str, Any]]:
    rows = []
    for job in jobs:
        record = read_part(job.part) if status[job.name] in ("computed", "unchanged") else None
        rows.append(
            {
                "source": str(job.file),
                "part": job.part.name,
                "status": status[job.name],
                "rows": record["rows"] if record else 0,
                "skipped": record["skipped"] if record else 0,
                "note": record["note"] if record else "",
                "reason": reasons.get(job.name, ""),
            }
        )
    return rows


def _other_parts(folder: Path, jobs: list[Job]) -> list[str]:
    return sorted({file.name for file in folder.glob("[!.]*.parquet")} - {job.part.name for job in jobs})


def _write_manifest(out: str | PathLike, jobs: list[Job], status: dict[str, str], reasons: dict[str, str]) -> None:
    rows = _rows(jobs, status, reasons)
    for job, row in zip(jobs, rows, strict=True):
        record = read_part(job.part)
        if record and row["status"] != "failed":
            row |= {name: record["key"][name] for name in ("size", "mtime_ns")}
            row |= {name: record[name] for name in ("sampling_rate", "n_timesteps", "versions")}
    manifest = {
        "format": _FORMAT,
        "parameters": jobs[0].settings.as_json(),
        "versions": versions(),
        "files": rows,
        "other_parts": _other_parts(Path(out) / "parts", jobs),
    }
    text = json.dumps(manifest, indent=1)
    _write_atomically(Path(out) / "manifest.json", lambda file: Path(file).write_text(text, encoding="utf-8"))
