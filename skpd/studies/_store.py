"""The results folder: one file a finished cell, so that a study survives a kill at any moment.

A cell's predictions and its record are one Parquet file, written under a temporary name and then renamed: a file that
can be seen is complete. Two processes that compute the same cell write the same content, and the last rename wins.
"""

from __future__ import annotations

import json
import os
import uuid
import warnings
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq

from ..exceptions import DataFileError

__all__ = ["LONGEST_NAME", "ResultsFolder"]

_FORMAT = 1
#: Characters of a cell's name, with which the name of its temporary file is one that file systems take.
LONGEST_NAME = 255 - len(f"..parquet.{uuid.uuid4().hex}")
_RECORD = b"skpd.cell"
#: What reading a damaged file may raise; KeyError and TypeError come from metadata.
_DAMAGED = (OSError, pa.ArrowException, KeyError, TypeError, ValueError)
#: What a cell, a tested row and a row of the table must say of themselves.
_CELL = ("protocol", "resampler", "classifier", "seed", "fold")
_PREDICTION, _ROW = ("row", "y_true", "y_pred"), ("y", "subject", "recording")


class ResultsFolder:
    """Read and write the cells of one study.

    Parameters
    ----------
    path : str or Path
        The folder; made by `open`.
    """

    def __init__(self, path: str | Path) -> None:
        self.path = Path(path)
        self._cells = self.path / "cells"

    def open(self, manifest: dict[str, Any], rows: pd.DataFrame) -> None:
        """Start a study in this folder, or continue the one that is there if it is the same study.

        Parameters
        ----------
        manifest : dict
            What makes the study this study: data fingerprint, folds, names.
        rows : DataFrame
            One row a row of the table: label, subject, place.

        Raises
        ------
        ValueError
            If the folder holds results of another study.
        """
        self._cells.mkdir(parents=True, exist_ok=True)
        manifest = {"format": _FORMAT, **manifest}
        manifest_file = self.path / "study.json"
        if manifest_file.exists():
            differing = sorted(k for k, v in self.manifest().items() if manifest.get(k) != v)
            if differing:
                raise ValueError(
                    f"{self.path} holds the results of another study (it differs in {', '.join(differing)}): name "
                    "another folder, or remove this one to start anew."
                )
            return
        _write_atomically(self.path / "rows.parquet", lambda f: rows.to_parquet(f, write_page_checksum=True))
        text = json.dumps(manifest, indent=1, default=str)
        # Written last: a folder with a manifest has its rows.
        _write_atomically(manifest_file, lambda f: Path(f).write_text(text, encoding="utf-8"))

    def manifest(self) -> dict[str, Any]:
        """Read what the study is."""
        file = self.path / "study.json"
        if not file.is_file():
            raise FileNotFoundError(
                f"{self.path} holds no study: expected a file study.json in it. Name the folder that "
                "`skpd study ... --out` wrote."
            )
        try:
            return dict(json.loads(file.read_text(encoding="utf-8")))
        except _DAMAGED as error:
            raise _damaged(file, error) from error

    def rows(self) -> pd.DataFrame:
        """Read the rows of the table: label, subject, place."""
        file = self.path / "rows.parquet"
        try:
            frame = pd.read_parquet(file, page_checksum_verification=True)
            _expect(_ROW, frame.columns)
        except _DAMAGED as error:
            raise _damaged(file, error) from error
        return frame

    def finished(self) -> set[str]:
        """Names of the cells that need not be computed again; failed ones are tried again."""
        return {name for name, record, _ in self.cells() if "error" not in record}

    def write(self, name: str, record: dict[str, Any], predictions: pd.DataFrame) -> None:
        """Store a cell, whole or not at all."""
        table = pa.Table.from_pandas(predictions, preserve_index=False)
        table = table.replace_schema_metadata({**(table.schema.metadata or {}), _RECORD: json.dumps(record)})
        _write_atomically(self._cells / f"{name}.parquet", lambda f: pq.write_table(table, f, write_page_checksum=True))

    def cells(self) -> Iterator[tuple[str, dict[str, Any], pd.DataFrame]]:
        """Yield name, record and predictions of every stored cell that is whole, oldest first."""
        # Oldest first, so that of two versions of a cell the later one is met last.
        for file in sorted(self._cells.glob("*.parquet"), key=lambda f: (f.stat().st_mtime_ns, f.name)):
            try:
                record = json.loads(pq.read_schema(file).metadata[_RECORD])
                _expect(_CELL, record)
                frame = pd.read_parquet(file, page_checksum_verification=True)
                if "error" not in record:
                    _expect(_PREDICTION, frame.columns)
            except _DAMAGED:
                # Damaged from outside: not finished, so the next run computes it again.
                warnings.warn(f"{file} is damaged and left out; run the study again to replace it.", stacklevel=2)
                continue
            yield file.stem, record, frame


def _expect(names: Iterable[str], there: Iterable[Any]) -> None:
    if missing := sorted(set(names).difference(there)):
        raise KeyError(f"no {', '.join(missing)}")


def _damaged(file: Path, error: Exception) -> DataFileError:
    return DataFileError(
        file,
        found=f"what cannot be read ({type(error).__name__}: {str(error)[:80]})",
        expected="the file that the study wrote",
        advice="Restore it, or run the study anew into another folder.",
    )


def _write_atomically(file: Path, write: Any) -> None:
    temporary = file.with_name(f".{file.name}.{uuid.uuid4().hex}")
    try:
        write(temporary)
        os.replace(temporary, file)
    finally:
        temporary.unlink(missing_ok=True)
