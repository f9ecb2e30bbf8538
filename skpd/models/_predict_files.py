"""Files in, tables of predictions out."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Collection, Iterator, Sequence
from dataclasses import dataclass
from os import PathLike
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq

from ..exceptions import DataFileError
from ..studies._store import _write_atomically
from ._drawings import describe_drawings, read_drawing
from ._predict import DaySummary, check_magnitude, highest_frequency, predict_recording
from ._ranges import FeatureRanges
from ._sources import ReadOptions, open_recording
from ._store import open_model

__all__ = ["FORMATS", "PredictReport", "predict_files"]

FORMATS = ("csv", "parquet")


@dataclass(frozen=True, eq=False)
class PredictReport:
    """What `predict_files` did.

    Attributes
    ----------
    out : Path
        The folder of the tables.
    summary : DataFrame
        Of recordings one row a recording and day, of drawings one row a drawing; also stored in `out`.
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
    **options: Any,
) -> PredictReport:
    """Predict files with a stored model and write tables.

    Parameters
    ----------
    model : path
        The folder of the model.
    files : sequence of path
        For a model of recordings ``.bin`` (GENEActiv), ``.npy``, ``.csv`` or ``.parquet``, of any length; for one of
        drawings ``.png``.
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
    **options
        What the files do not say of themselves: units, sampling_rate, channels, time, time_unit, subject, disorder,
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
    unknown = sorted(set(options) - set(ReadOptions.__dataclass_fields__))
    if unknown:
        raise ValueError(f"options: expected among {', '.join(ReadOptions.__dataclass_fields__)}, got {unknown[0]!r}.")
    folder = Path(out)
    if folder.exists() and not folder.is_dir():
        raise ValueError(f"out: expected a folder, {folder} is a file.")
    estimator, manifest = open_model(model, trusted=trusted)
    kind = manifest["input"]["kind"]
    if kind not in ("recordings", "drawings"):
        raise ValueError(f"model: expected one of recordings or drawings, got one of {kind}: load_model and predict.")
    ranges = None if manifest["ranges"] is None else FeatureRanges.from_json(manifest["ranges"])
    folder.mkdir(parents=True, exist_ok=True)
    # A file that is named twice is one file.
    paths = list(dict.fromkeys(map(Path, files)))
    report = on_progress or (lambda done, total: None)
    predict_one = _predict_recording if kind == "recordings" else _predict_drawing
    rows, summaries = [], []
    for i, (path, name) in enumerate(zip(paths, _names(paths), strict=True)):
        report(i, len(paths))
        row = {"file": str(path), "table": "", "notes": "", "reason": ""}
        try:
            summary, row["table"], notes = predict_one(
                estimator, manifest, path, name, folder, format, ranges, n_jobs, ReadOptions(**options)
            )
            summaries.append(summary)
            row["notes"] = "; ".join(notes)
        except (ValueError, OSError) as error:
            row["reason"] = str(error)
        rows.append(row)
    report(len(paths), len(paths))
    summary = pd.concat(summaries, ignore_index=True) if summaries else pd.DataFrame()
    if summaries:
        name = "summary" if kind == "recordings" else "predictions"
        _write(folder / f"{name}.{format}", iter([summary]))
    return PredictReport(folder, summary, pd.DataFrame(rows))


def _names(paths: list[Path]) -> list[str]:
    """Name each file; those that share a name are numbered."""
    counts = Counter(path.stem for path in paths)
    seen: Counter = Counter()
    names = []
    for path in paths:
        seen[path.stem] += 1
        names.append(path.stem if counts[path.stem] == 1 else f"{path.stem}-{seen[path.stem]}")
    return names


def _predict_recording(
    estimator: Any,
    manifest: dict,
    path: Path,
    name: str,
    folder: Path,
    format: str,
    ranges: FeatureRanges | None,
    n_jobs: int | None,
    options: ReadOptions,
) -> tuple[pd.DataFrame, str, tuple[str, ...]]:
    rate = float(manifest["input"]["sampling_rate_hz"])
    with open_recording(path, options, rate, highest_frequency(estimator)) as recording:
        magnitude = manifest["input"]["magnitude"]
        if magnitude is not None:
            check_magnitude(recording, magnitude)
        labels = {"recording": name, "file": str(path), "subject": recording.subject}
        summary = DaySummary(labels, manifest["classes"])

        def blocks() -> Iterator[pd.DataFrame]:
            for block in predict_recording(estimator, recording, ranges=ranges, n_jobs=n_jobs):
                summary.add(block)
                block.insert(0, "recording", name)
                yield block

        table = folder / "windows" / f"{name}.{format}"
        table.parent.mkdir(exist_ok=True)
        _write(table, blocks())
        return summary.rows(), str(table.relative_to(folder)), recording.notes


def _predict_drawing(
    estimator: Any,
    manifest: dict,
    path: Path,
    name: str,
    folder: Path,
    format: str,
    ranges: FeatureRanges | None,
    n_jobs: int | None,
    options: ReadOptions,
) -> tuple[pd.DataFrame, str, tuple[str, ...]]:
    if path.suffix.lower() != ".png":
        raise DataFileError(path, found=f"the suffix {path.suffix!r}", expected="a drawing, .png")
    height, width = manifest["input"]["image_size"]
    image = read_drawing(path, (height, width))[None]
    proba = estimator.predict_proba(image)[0]
    row = {"drawing": name, "file": str(path), "prediction": manifest["classes"][int(np.argmax(proba))]}
    row |= {f"proba_{label}": value for label, value in zip(manifest["classes"], proba.tolist(), strict=True)}
    outside = pd.NA if ranges is None else int(ranges.count_outside(describe_drawings(image))[0])
    frame = pd.DataFrame([row])
    frame["unlike_training"] = pd.array([pd.NA if ranges is None else outside > ranges.limit], dtype="boolean")
    frame["n_features_outside"] = pd.array([outside], dtype="Int64")
    return frame, f"predictions.{format}", ()


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
