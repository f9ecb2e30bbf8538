"""The UCI spirals: people with Parkinson's disease and controls on a graphics tablet."""

from __future__ import annotations

import os
from collections import defaultdict
from collections.abc import Iterator
from numbers import Integral, Real
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from sklearn.utils import Bunch
from sklearn.utils._param_validation import Interval, StrOptions, validate_params

from .._recordings import as_object_array
from ..exceptions import DataFileError
from ._base import resolve_folder
from ._parse import Skipped
from ._pens import PenRecording, PenScale, collect, pen_bunch, to_pen
from ._rows import parse_rows, read_lines

__all__ = ["CARD", "load_uci_spirals"]

_TESTS = ("static", "dynamic", "circular")
_CLASSES = ("control", "parkinson")

CARD = """\
UCI spirals: spiral tests on a graphics tablet
==============================================
Who         77 people, 62 with Parkinson's disease and 15 controls; 202 recordings
Device      Wacom Cintiq 12WX, a tablet that is a screen, with 1024 pressure levels
Tasks       static: an Archimedean spiral is traced (76 people); dynamic: the same while it blinks (72); circular
            (54): some people draw circles on the surface, others hold the pen still in the air. The source calls it
            circular motion in one place and a stability test over a point in another
Sampling    the tablet's clock in ms: 142 points/s of 51 people, 111 points/s of 26; no points while the pen was out
            of reach
Units       x and y in units of the recording software, which the source does not state (they fit pixels of its
            window); time s, pressure as a share of 1023. The source's "grip angle", 0 to 3580 in steps of 10, is
            taken as the azimuth in tenths of a degree, which its range fits and its source does not say
Target      "control" or "parkinson"
Limits      THE SETUP TELLS THE CLASSES APART: 25 of the 26 people recorded at 111 points/s have Parkinson's disease,
            and the 37 whose files begin with H have height 0 throughout their spirals, which nobody else has: keep
            sampling rate, height and steps of time from a classifier. 14 of the 76 static spirals are 1.4 to 2.2 times
            as wide as high, all by patients, and no other is beyond 1.3: images and lengths along x show it. Without a
            look at the pen, the recording rate alone tells the classes apart with an area under the curve of 0.67,
            width/height alone with 0.80. Copies: seven controls (C_0009 to C_0015) have one and the same circular
            recording, H_P000-0024 and -0025 the same dynamic and P_09100003 and -05 the same circular one; `same_as`
            marks them. Four in five people have Parkinson's disease: quote balanced accuracy. The clock goes back 24
            times, in 14 recordings; the points are in the order of drawing
Licence     not stated by the usual copies; cite the reference
Reference   Isenkul M., Sakar B., Kursun O., "Improved spiral test using digitized graphics tablet for monitoring
            Parkinson's disease", ICEHTM (2014) 171-175; UCI Machine Learning Repository, datasets 395 and 358
"""


@validate_params(
    {
        "folder": [str, os.PathLike, None],
        "test": [StrOptions(set(_TESTS)), None],
        "copies": [StrOptions({"keep", "drop"})],
        "resolution": [Interval(Real, 0, None, closed="neither"), None],
        "pressure_levels": [Interval(Integral, 2, None, closed="left"), None],
        "disorder": [StrOptions({"raise", "fix", "shift"})],
        "errors": [StrOptions({"raise", "warn"})],
        "return_X_y": ["boolean"],
    },
    prefer_skip_nested_validation=True,
)
def load_uci_spirals(
    folder: str | os.PathLike | None = None,
    *,
    test: str | None = None,
    copies: str = "keep",
    resolution: float | None = None,
    pressure_levels: int | None = 1024,
    disorder: str = "shift",
    errors: str = "raise",
    return_X_y: bool = False,
) -> Bunch | tuple[np.ndarray, np.ndarray]:
    """Load pen recordings of spirals by people with Parkinson's disease and by controls.

    Parameters
    ----------
    folder : str, path-like or None, default=None
        A folder that holds, at any depth, folders ``control`` and ``parkinson`` with one ``.txt`` file a person. None
        takes ``uci_spiral`` inside the folder that the environment variable ``SKPD_DATA`` names.
    test : {"static", "dynamic", "circular"} or None, default=None
        The test to return; None returns all. Not everybody did all three.
    copies : {"keep", "drop"}, default="keep"
        What to do with recordings that are found under several people, who then tell folds about each other. "drop"
        leaves all of them out, since nobody knows whose they are.
    resolution : float or None, default=None
        Metres in one unit of x and y. The source states none, so that None keeps its units.
    pressure_levels : int or None, default=1024
        Number of values that pressure can take; None keeps device units.
    disorder : {"raise", "fix", "shift"}, default="shift"
        What to do where the clock goes back: refuse, sort the points, or keep their order and set the clock forward
        by a median step. On either side of these jumps the pen is at the same place, so that the points are in order.
    errors : {"raise", "warn"}, default="raise"
        What to do with a damaged file. "warn" keeps the rows before the damage, says in ``frame["problem"]`` what is
        missing, and lists in ``skipped`` files of which nothing can be read.
    return_X_y : bool, default=False
        Return ``(data, target)`` instead of a Bunch.

    Returns
    -------
    data : :class:`~sklearn.utils.Bunch`
        With the entries

        data : object ndarray of shape (n,)
            Arrays of shape (n_points_i, 7): x, y (source's units, or m), t (s), pressure (0 to 1), azimuth (rad; the
            source's grip angle), altitude (NaN, not recorded) and pen_down (pressure above 0).
        target : ndarray of shape (n,), str
            "control" or "parkinson".
        target_names : list of str
            ``["control", "parkinson"]``.
        groups : ndarray of shape (n,), str
            Person: the name of the file.
        heights : object ndarray of shape (n,)
            Arrays of shape (n_points_i,): the source's Z, height of the pen in device units.
        sampling_rate : float
            NaN: two rates occur, ``frame["measured_rate_hz"]`` has that of each recording.
        units : dict
            Unit of each channel.
        channel_names : list of str
            ``["x", "y", "t", "pressure", "azimuth", "altitude", "pen_down"]``.
        frame : DataFrame
            One row a recording: recording, subject, target, test, file, same_as (an earlier recording with the same
            points, or ""), problem ("" where the file is whole), duration_s, n_points, measured_rate_hz,
            largest_gap_s, n_duplicates, n_out_of_order.
        skipped : DataFrame
            What was left out: file, reason. Empty with ``errors="raise"``.
        DESCR : str
            The data card.

        With ``return_X_y=True`` the tuple ``(data, target)``.

    Raises
    ------
    DataFileError
        If the folder or a file is not what it should be.

    Warns
    -----
    DataFileWarning
        For each damaged file with ``errors="warn"``.

    See Also
    --------
    load_pahaw : Handwriting with pressure, azimuth and altitude, on request from its authors.
    load_spiral_drawings : Scanned drawings.

    References
    ----------
    .. [1] Isenkul M., Sakar B., Kursun O., "Improved spiral test using digitized graphics tablet for monitoring
       Parkinson's disease", Proceedings of ICEHTM (2014) 171-175.

    Examples
    --------
    >>> from skpd.datasets import load_uci_spirals
    >>> spirals = load_uci_spirals(test="static")  # doctest: +SKIP
    >>> len(spirals.data), spirals.data[0].shape  # doctest: +SKIP
    (76, (2578, 7))
    """
    root = resolve_folder(folder, "uci_spiral", holds="**/control/*.txt", words="a folder control of .txt files")
    scale = PenScale(resolution, pressure_levels, "ms", "0.1deg")
    skipped = Skipped(errors)
    heights: list[np.ndarray] = []

    def read(path: Path) -> Iterator[tuple[dict[str, Any], PenRecording | DataFileError]]:
        for name, pen, height, problem in _read_file(path, scale, disorder, partial=errors == "warn"):
            if test in (None, name):
                if isinstance(pen, PenRecording):
                    heights.append(height[pen.rows])
                yield (
                    {
                        "recording": f"{path.stem}_{name}",
                        "subject": path.stem,
                        "target": path.parent.name,
                        "test": name,
                        "file": path.relative_to(root).as_posix(),
                        "problem": problem,
                    },
                    pen,
                )

    pens, rows = collect(_find_people(root), read, skipped)
    if not pens:
        raise DataFileError(root, found="not one intact recording", expected=f"recordings of {test or 'any test'}")
    frame = pd.DataFrame(rows)
    same_as, copied = _find_copies(pens, frame)
    frame.insert(5, "same_as", same_as)
    if copies == "drop":
        kept = np.flatnonzero(~copied)
        if not len(kept):
            raise DataFileError(
                root,
                found="copies of one another only",
                expected="a recording that is of one person",
                advice='Pass copies="keep" to see them.',
            )
        pens, heights = [pens[i] for i in kept], [heights[i] for i in kept]
        frame = frame.iloc[kept].reset_index(drop=True)
    return pen_bunch(
        pens,
        target=frame["target"].to_numpy(dtype=str),
        target_names=_CLASSES,
        groups=frame["subject"].to_numpy(dtype=str),
        heights=as_object_array(heights),
        scale=scale,
        frame=frame,
        descr=CARD,
        return_X_y=return_X_y,
        skipped=skipped.frame,
    )


def _find_people(root: Path) -> list[Path]:
    """Return the files of all people, one each."""
    files = sorted(path for name in _CLASSES for path in root.glob(f"**/{name}/*.txt"))
    stems: dict[str, Path] = {}
    for path in files:
        if path.stem in stems:
            raise DataFileError(
                path,
                found=f"the same person as {stems[path.stem]}",
                expected="one file a person",
                advice="Point `folder` at one copy of the dataset.",
            )
        stems[path.stem] = path
    return files


def _read_file(
    path: Path, scale: PenScale, disorder: str, *, partial: bool
) -> Iterator[tuple[str, PenRecording | DataFileError, np.ndarray, str]]:
    """Yield (test, recording, heights, problem) of each test in a person's file."""
    lines = read_lines(path)
    values, problem = parse_rows(path, lines, 7, separator=";", first_line=1, partial=partial)
    ids = values[:, 6]
    starts = np.concatenate([[0], np.flatnonzero(np.diff(ids)) + 1])
    for i, start in enumerate(starts):
        if ids[start] not in range(len(_TESTS)) or ids[start] in ids[starts[:i]]:
            again = " again" if ids[start] in ids[starts[:i]] else ""
            raise DataFileError(
                path,
                where=f"line {start + 1}, column 'TestID'",
                found=f"{ids[start]:g}{again}",
                expected="0 (static), 1 (dynamic) or 2 (circular), each in one stretch",
            )
    for start, part in zip(starts, np.split(values, starts[1:]), strict=True):
        names = {"x": 0, "y": 1, "t": 5, "pressure": 3, "azimuth": 4}

        def place(row: int, start: int = start) -> str:
            return f"line {start + row + 1}"

        pen: PenRecording | DataFileError
        try:
            pen = to_pen(
                {channel: part[:, j] for channel, j in names.items()},
                scale,
                path=path,
                place=place,
                disorder=disorder,
            )
        except DataFileError as error:
            pen = error
        last = start + len(part) == len(values)
        yield _TESTS[int(part[0, 6])], pen, part[:, 2], problem if last else ""


def _find_copies(pens: list[PenRecording], frame: pd.DataFrame) -> tuple[list[str], np.ndarray]:
    """Return the earlier recording that each is a copy of ("" for none), and which have a copy at all."""
    alike = defaultdict(list)
    for i, pen in enumerate(pens):
        # Clocks differ between copies in some sets; x, y, pressure and azimuth do not.
        alike[np.ascontiguousarray(pen.points[:, [0, 1, 3, 4]]).tobytes()].append(i)
    same_as, copied = [""] * len(pens), np.zeros(len(pens), dtype=bool)
    for first, *others in alike.values():
        for i in others:
            same_as[i] = str(frame["recording"].iloc[first])
            copied[[first, i]] = True
    return same_as, copied
