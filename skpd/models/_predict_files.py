"""Files in, tables of predictions out."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import count
from os import PathLike
from pathlib import Path
from typing import Any

import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq

from ..studies._store import _write_atomically
from ._loaded import LoadedModel, say_other_tasks, say_unlike
from ._pens import PenOptions, read_pens
from ._predict import DaySummary
from ._sources import ReadOptions

__all__ = ["FORMATS", "PredictReport", "check_options", "predict_files"]

FORMATS = ("csv", "parquet")


@dataclass(frozen=True, eq=False)
class PredictReport:
    """What `predict_files` did.

    Attributes
    ----------
    out : Path
        The folder of the tables.
    summary : DataFrame
        Of recordings one row a recording and day, of drawings and pen files one row a drawing; also stored in `out`.
    files : DataFrame
        One row a file: file, table (what was written for it), notes, and the reason of a failure.
    """

    out: Path
    summary: pd.DataFrame
    files: pd.DataFrame

    @property
    def failures(self) -> pd.DataFrame:
        """The rows of `files` of which nothing was predicted."""
        return self.files[self.files["reason"] != ""]


def predict_files(
    model: str | PathLike,
    files: Sequence[str | PathLike],
    out: str | PathLike,
    *,
    format: str = "csv",
    trusted: Collection[str] = (),
    n_jobs: int | None = None,
    on_progress: Callable[[int, int], None] | None = None,
    pen: Mapping[str, Any] | None = None,
    **options: Any,
) -> PredictReport:
    """Predict files with a stored model and write tables.

    Parameters
    ----------
    model : path
        The folder of the model.
    files : sequence of path
        For a model of recordings ``.bin`` or raw ``.csv`` of a GENEActiv device, ``.npy``, ``.csv`` or ``.parquet``, of
        any length; for one of drawings ``.png`` or ``.jpg``; for one of pen files ``.svc``, ``.txt`` files of the UCI
        spirals, or ``.csv`` with ``pen["columns"]``.
    out : path
        Folder of the tables; made if need be. Tables of files of the same name are replaced.
    format : {"csv", "parquet"}, default="csv"
        Of the tables.
    trusted : collection of str, default=()
        As in `load_model`.
    n_jobs : int or None, default=None
        Threads. Results do not depend on it.
    on_progress : callable or None, default=None
        Called with the number of files done and of all files.
    pen : mapping or None, default=None
        How pen files are read: columns, resolution, pressure_levels, time_unit, angle_unit, disorder, names, separator,
        decimal and encoding of `skpd.datasets.load_svc` or `skpd.datasets.load_pen_csv`.
    **options
        What recordings do not say of themselves: units, sampling_rate, channels, time, time_unit, subject, disorder,
        separator, decimal, encoding and names, as in `skpd.datasets.load_csv_recordings`, and device_range, the largest
        acceleration that the device can measure, in g, without which clipping is not looked for.

    Returns
    -------
    report : PredictReport
        The summary, and what became of each file. A file that cannot be used stops nothing.

    Raises
    ------
    ModelFolderError
        If the model cannot be loaded.
    ValueError
        If no file is given, or an option is unknown or missing.

    Notes
    -----
    For recordings, ``out/windows`` holds a table a recording and ``out/summary`` has a row a recording and day. A rate
    other than the model's is resampled, other units are converted, and both are noted. Memory does not grow with the
    length of ``.bin`` and ``.npy`` files; tables are read whole.

    For drawings and pen files, ``out/predictions`` has a row a drawing, of UCI files one a test. A pen file whose
    positions or pressures are in other units than those of the training data is refused.

    ``unlike_training`` says where input is further from the training data than one row in a hundred of people held
    out of it, by a `TrainingDistance`.

    Examples
    --------
    >>> import pathlib, tempfile
    >>> import numpy as np
    >>> from skpd.datasets import make_tremor_recordings
    >>> from skpd.models import predict_files, save_model
    >>> from skpd.recipes import make_recipe
    >>> wrist = make_tremor_recordings(n_subjects=6, random_state=0)
    >>> model = make_recipe("tremor", sampling_rate=wrist.sampling_rate, random_state=0).fit(wrist.data, wrist.target)
    >>> with tempfile.TemporaryDirectory() as scratch:
    ...     scratch = pathlib.Path(scratch)
    ...     _ = save_model(model, scratch / "model", sampling_rate=wrist.sampling_rate, units="m/s^2")
    ...     np.save(scratch / "anna.npy", wrist.data[0])
    ...     report = predict_files(
    ...         scratch / "model", [scratch / "anna.npy"], scratch / "out", units="m/s^2", sampling_rate=50.0
    ...     )
    >>> report.summary[["recording", "day", "n_windows", "n_gap"]].values.tolist()
    [['anna', 'day 1', 14, 0]]
    """
    if isinstance(files, (str, PathLike)):
        raise ValueError(f"files: expected a list of files, got {files!r}: pass [{str(files)!r}].")
    if not len(files):
        raise ValueError("files: expected at least one file, got none.")
    if format not in FORMATS:
        raise ValueError(f"format: expected one of {', '.join(map(repr, FORMATS))}, got {format!r}.")
    read = check_options(options, pen)
    folder = Path(out)
    if folder.exists() and not folder.is_dir():
        raise ValueError(f"out: expected a folder, {folder} is a file.")
    loaded = LoadedModel(model, trusted=trusted)
    if loaded.kind not in _PREDICT:
        raise ValueError(f"model: expected one of {', '.join(_PREDICT)}, got one of {loaded.kind}: use load_model.")
    folder.mkdir(parents=True, exist_ok=True)
    # A file that is named twice is one file.
    paths = list(dict.fromkeys(map(Path, files)))
    report = on_progress or (lambda done, total: None)
    rows, summaries = [], []
    for i, (path, name) in enumerate(zip(paths, _names(paths), strict=True)):
        report(i, len(paths))
        row = {"file": str(path), "table": "", "notes": "", "reason": ""}
        try:
            summary, row["table"], notes = _PREDICT[loaded.kind](
                loaded, _Job(path, name, folder, format, n_jobs, *read)
            )
            summaries.append(summary)
            row["notes"] = "; ".join(notes)
        except (ValueError, OSError) as error:
            row["reason"] = str(error)
        rows.append(row)
    report(len(paths), len(paths))
    summary = pd.concat(summaries, ignore_index=True) if summaries else pd.DataFrame()
    if summaries:
        name = "summary" if loaded.kind == "recordings" else "predictions"
        _write(folder / f"{name}.{format}", iter([summary]))
    return PredictReport(folder, summary, pd.DataFrame(rows))


def check_options(options: Mapping[str, Any], pen: Mapping[str, Any] | None) -> tuple[ReadOptions, PenOptions]:
    """Refuse options that no reader knows."""
    for name, given, known in (("options", options, ReadOptions), ("pen", pen or {}, PenOptions)):
        expected = known.__dataclass_fields__
        unknown = sorted(set(given) - set(expected))
        if unknown:
            raise ValueError(f"{name}: expected among {', '.join(expected)}, got {unknown[0]!r}.")
    return ReadOptions(**options), PenOptions(**(pen or {}))


def _names(paths: list[Path]) -> list[str]:
    """Name each file; those that share a name are numbered, past the numbers that other files have in their names."""
    counts = Counter(path.stem for path in paths)
    taken = set(counts)
    names = []
    for stem in (path.stem for path in paths):
        free = (f"{stem}-{number}" for number in count(1) if f"{stem}-{number}" not in taken)
        names.append(stem if counts[stem] == 1 else next(free))
        taken.add(names[-1])
    return names


@dataclass(frozen=True)
class _Job:
    """A file to predict, and where its table goes."""

    path: Path
    name: str
    folder: Path
    format: str
    n_jobs: int | None
    options: ReadOptions
    pen: PenOptions


#: A row a day or drawing, the table that was written, and notes.
_Done = tuple[pd.DataFrame, str, list[str]]


def _predict_recording(model: LoadedModel, job: _Job) -> _Done:
    with model.open_recording(job.path, job.options) as recording:
        labels = {"recording": job.name, "file": str(job.path), "subject": recording.subject}
        summary = DaySummary(labels, model.classes)

        def blocks() -> Iterator[pd.DataFrame]:
            for block in model.predict_windows(recording, n_jobs=job.n_jobs):
                summary.add(block)
                block.insert(0, "recording", job.name)
                yield block

        table = job.folder / "windows" / f"{job.name}.{job.format}"
        table.parent.mkdir(exist_ok=True)
        _write(table, blocks())
        rows = summary.rows()
        # The last row is that of all days.
        share, n_used = rows[["share_unlike_training", "n_used"]].iloc[-1]
        said = say_unlike(model.manifest, share, n_used, "window")
        notes = [*recording.notes, *filter(None, [said])]
        return rows, str(table.relative_to(job.folder)), notes


def _predict_drawing(model: LoadedModel, job: _Job) -> _Done:
    return _finish(model, job, "drawing", model.predict_drawing(job.path), [])


def _predict_pens(model: LoadedModel, job: _Job) -> _Done:
    rows = model.predict_pens(job.path, read_pens(job.path, job.pen))
    said = say_other_tasks(model.manifest, rows["test"])
    return _finish(model, job, "recording", rows, [*filter(None, [said])])


_PREDICT: dict[str, Callable[[LoadedModel, _Job], _Done]] = {
    "recordings": _predict_recording,
    "drawings": _predict_drawing,
    "pens": _predict_pens,
}


def _finish(model: LoadedModel, job: _Job, unit: str, rows: pd.DataFrame, notes: list[str]) -> _Done:
    rows.insert(0, unit, job.name)
    rows.insert(1, "file", str(job.path))
    said = say_unlike(model.manifest, rows["unlike_training"].astype("Float64").mean(), len(rows), unit)
    return rows, f"predictions.{job.format}", [*notes, *filter(None, [said])]


def _write(file: Path, frames: Iterator[pd.DataFrame]) -> None:
    """Write frames of the same columns one after the other into a file that appears whole."""
    write = _write_csv if file.suffix == ".csv" else _write_parquet
    _write_atomically(file, lambda temporary: write(temporary, frames))


def _write_csv(file: Path, frames: Iterator[pd.DataFrame]) -> None:
    with open(file, "w", encoding="utf-8", newline="") as text:
        for i, frame in enumerate(frames):
            frame.to_csv(text, index=False, header=i == 0)


def _write_parquet(file: Path, frames: Iterator[pd.DataFrame]) -> None:
    writer = None
    try:
        for frame in frames:
            table = pa.Table.from_pandas(frame, preserve_index=False)
            if writer is None:
                writer = pq.ParquetWriter(file, table.schema)
            writer.write_table(table.cast(writer.schema))
    finally:
        if writer is not None:
            writer.close()
