"""One HTML file from a recording, a drawing or a pen file."""

from __future__ import annotations

import os
from collections.abc import Collection, Mapping
from pathlib import Path
from typing import Any

from .._version import __version__
from ..datasets._images import IMAGE_SUFFIXES
from ..exceptions import DataFileError
from ..models._loaded import LoadedModel
from ..models._predict_files import check_options
from ..models._sources import RECORDING_SUFFIXES
from ._blocks import Section
from ._render import page_file, render_page, write_page
from ._view_drawing import read_drawing_view, read_pen
from ._view_open import read_recording

__all__ = ["write_view"]

_PEN_SUFFIXES = (".svc", ".txt")


def write_view(
    file: str | os.PathLike,
    out: str | os.PathLike,
    *,
    model: str | os.PathLike | None = None,
    trusted: Collection[str] = (),
    n_jobs: int | None = None,
    pen: Mapping[str, Any] | None = None,
    **options: Any,
) -> Path:
    """Write a page that shows a recording, a drawing or a pen file: one HTML file that needs no network.

    Parameters
    ----------
    file : path
        A recording (GENEActiv ``.bin`` or raw ``.csv``, ``.npy``, ``.csv``, ``.parquet``), a drawing (``.png`` or
        ``.jpg``), or a pen file (``.svc``, a ``.txt`` file of the UCI spirals, or ``.csv`` with `pen`).
    out : path
        The page; one that is there is replaced.
    model : path or None, default=None
        Folder of a model, as `skpd.models.train_model` writes it: then the page shows what it predicts.
    trusted : collection of str, default=()
        As in `skpd.models.load_model`.
    n_jobs : int or None, default=None
        Threads. The page does not depend on it.
    pen : mapping or None, default=None
        How a pen file is read: columns, resolution, pressure_levels, time_unit, angle_unit, disorder, names, separator,
        decimal and encoding of `skpd.datasets.load_svc` or `skpd.datasets.load_pen_csv`. A ``.csv`` file with
        `pen` is a pen file.
    **options
        How a recording is read, as in `skpd.models.predict_files`: units, sampling_rate and others.

    Returns
    -------
    out : Path
        The page.

    Raises
    ------
    DataFileError
        If the file cannot be read, or is too short or of too low a rate.
    ModelFolderError
        If the model cannot be loaded.
    ValueError
        If an option is missing or unknown, the model is of another kind of input, or `out` is a folder.

    See Also
    --------
    skpd.models.predict_files : The same numbers as tables.

    Notes
    -----
    A recording of days becomes an envelope and a spectrogram of bounded size, and every sample around the bouts of
    tremor (without a model: around the strongest movement). Memory does not grow with the length of ``.bin`` and
    ``.npy`` files but for the table of windows.

    Examples
    --------
    >>> import pathlib, tempfile
    >>> import numpy as np
    >>> from skpd.datasets import make_tremor_recordings
    >>> from skpd.pages import write_view
    >>> wrist = make_tremor_recordings(n_subjects=2, random_state=0)
    >>> with tempfile.TemporaryDirectory() as scratch:
    ...     np.save(pathlib.Path(scratch, "anna.npy"), wrist.data[0])
    ...     file = pathlib.Path(scratch, "anna.npy")
    ...     page = write_view(file, file.with_suffix(".html"), units="m/s^2", sampling_rate=wrist.sampling_rate)
    ...     page.read_text(encoding="utf-8")[:15]
    '<!DOCTYPE html>'
    """
    file, out = Path(file), page_file(Path(out))
    how, how_pens = check_options(options, pen)
    if out.exists() and out.samefile(file):
        raise ValueError(f"out: expected another file than the one shown, got {out}: name a page, as in view.html.")
    loaded = None if model is None else LoadedModel(model, trusted=trusted)
    suffix = file.suffix.lower()
    context: dict[str, Any] = {"bouts": None, "bouts_note": "", "data": None}
    if suffix in IMAGE_SUFFIXES:
        kind, page = "Drawing", read_drawing_view(file, loaded)
        context |= {"facts": page.facts, "before": page.sections, "after": []}
    elif suffix in _PEN_SUFFIXES or (suffix == ".csv" and pen is not None):
        kind, page = "Pen file", read_pen(file, how_pens, loaded)
        context |= {"facts": page.facts, "before": page.sections, "after": []}
    elif suffix in RECORDING_SUFFIXES:
        view = read_recording(file, loaded, how, n_jobs=n_jobs)
        kind = "Recording"
        context |= {"facts": view.facts, "before": view.before, "after": view.after, "data": view.data}
        if view.all_bouts is not None:
            context |= {"bouts": view.bouts, "bouts_note": view.bouts_note}
    else:
        raise DataFileError(
            file,
            found=f"the suffix {file.suffix!r}",
            expected=f"a recording ({', '.join(RECORDING_SUFFIXES)}), a drawing ({', '.join(IMAGE_SUFFIXES)}) or a "
            f"pen file ({', '.join(_PEN_SUFFIXES)}; .csv with its columns)",
        )
    html = render_page(
        "view.html.j2", version=__version__, kind=kind, name=file.name, toc=_contents(context), **context
    )
    return write_page(html, out)


def _contents(context: dict[str, Any]) -> list[tuple[str, str]]:
    sections: list[Section] = context["before"]
    found = [(section.id, section.title) for section in sections]
    if context["data"] is not None:
        found.append(("signal", "Signal"))
    if context["bouts"] is not None:
        found.append(("bouts", "Bouts of tremor"))
    return found + [(section.id, section.title) for section in context["after"]]
