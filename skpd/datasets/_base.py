"""What every reader and simulator shares: where data lives, SI units, and the Bunch they return."""

from __future__ import annotations

import errno
import os
from collections.abc import Callable, Sequence
from numbers import Number
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from sklearn.utils import Bunch

from .._recordings import as_object_array
from ..exceptions import DataFileError

__all__ = [
    "ACCELERATION_UNITS",
    "STANDARD_GRAVITY",
    "as_text",
    "ask",
    "make_bunch",
    "people_and_labels",
    "refuse_special",
    "resolve_folder",
    "to_si",
    "unreadable",
]

#: m/s^2 in one g, by definition (CGPM 1901).
STANDARD_GRAVITY = 9.80665

#: Accepted names of acceleration units, with the factor that brings each to m/s^2.
ACCELERATION_UNITS = {"m/s^2": 1.0, "g": STANDARD_GRAVITY}


#: What an error of the operating system is, as the object of "found".
_OS_REASONS = {
    errno.ENOENT: "no such file",
    errno.ENOTDIR: "a file where a folder should be",
    errno.EISDIR: "a folder",
    errno.EACCES: "a file that you may not read",
}

#: What to do about it.
_OS_ADVICE = {
    errno.ENOENT: "Check the path.",
    errno.ENOTDIR: "Check the path.",
    errno.EISDIR: "Name a file in it.",
    errno.EACCES: "Ask for the right to read it.",
}


def unreadable(path: str | Path, error: OSError, expected: str = "a file that can be read") -> DataFileError:
    """Say in words why a file could not be opened, and what to do about it."""
    code = error.errno or 0
    found = _OS_REASONS.get(code, f"an error ({error.strerror or error})")
    return DataFileError(path, found=found, expected=expected, advice=_OS_ADVICE.get(code, ""))


def refuse_special(path: Path) -> None:
    """Refuse pipes and devices, which a reader would wait for, or read, without end.

    Raises
    ------
    DataFileError
        If the path is neither a file nor a folder. One that does not exist is left to whoever opens it.
    """
    # Of os.path, which says no to a name that cannot be one; pathlib raises what is the opener's to report.
    if os.path.exists(path) and not os.path.isfile(path) and not os.path.isdir(path):
        raise DataFileError(
            path,
            found="a pipe or a device",
            expected="a file that is stored",
            advice="Write what comes out of it to a file first.",
        )


def resolve_folder(folder: str | os.PathLike | None, name: str, *, holds: str, words: str = "") -> Path:
    """Return the folder of a dataset: `folder`, or ``$SKPD_DATA/name`` when it is None.

    Parameters
    ----------
    folder : str, path-like or None
        What the user passed.
    name : str
        The dataset's folder inside ``$SKPD_DATA``.
    holds : str
        A file or pattern that the folder must contain at least once.
    words : str, default=""
        How errors call it; by default as it is written.

    Returns
    -------
    folder : Path
        An existing folder that holds `holds`.

    Raises
    ------
    DataFileError
        If there is no such folder or it does not hold what it should.
    """
    if folder is not None:
        path = Path(folder).expanduser()
        source = "`folder`"
    elif root := os.environ.get("SKPD_DATA"):
        path = Path(root).expanduser() / name
        source = "the environment variable SKPD_DATA"
    else:
        raise DataFileError(
            name,
            found="neither `folder` nor the environment variable SKPD_DATA",
            expected=f"the folder of the dataset {name!r}",
            advice=f"Pass folder=..., or set SKPD_DATA to the folder that contains {name!r}.",
        )
    words = words or holds
    if not path.is_dir():
        found = "a file" if path.exists() else "no such folder"
        raise DataFileError(path, found=found, expected=f"the folder with {words}", advice=f"Check {source}.")
    if not any(path.glob(holds)):
        raise DataFileError(
            path,
            found=f"a folder without {words}",
            expected=f"the folder of the dataset {name!r}",
            advice=f"Check {source}.",
        )
    return path


def ask(path: Path, source: Callable[[Path], Any] | None, name: str) -> Any:
    """Return what a function of the user's says of a file, or None where there is no function.

    Parameters
    ----------
    path : Path
        The file.
    source : callable or None
        Gets the path.
    name : str
        The parameter that it is: "subject" or "target".

    Returns
    -------
    value : object
        A person or a label.

    Raises
    ------
    DataFileError
        If the function knows nothing of this file: such a label would become a class of its own, and such files those
        of one person.
    ValueError
        If the function returns something that is not one value.
    """
    if source is None:
        return None
    value = source(path)
    if not pd.api.types.is_scalar(value):
        raise ValueError(
            f"{name}: expected a function that returns one text or number for a file, got {repr(value)[:60]} for "
            f"{path}. Return str(...) of it, or one of its values."
        )
    if pd.isna(value):
        raise DataFileError(
            path,
            found=f"{value!r} from {name}=...",
            expected=f"a {name} for every file",
            advice="Name it there, or leave the file out.",
        )
    return value


def as_text(value: Any) -> str:
    """Write an id or a label; a whole number without a fraction, since 1 and 1.0 are one of them."""
    # Beyond 2 ** 53 a float does not tell which whole number it was.
    if isinstance(value, (float, np.floating)) and abs(float(value)) < 2**53 and float(value).is_integer():
        return str(int(value))
    return str(value)


def people_and_labels(
    frame: pd.DataFrame, *, subject: bool, target: bool
) -> tuple[np.ndarray | None, np.ndarray | None]:
    """Return the people and the labels in the columns "subject" and "target" of a frame, each where it is known.

    People are text. Labels of one kind stay numbers, truth values or text; of several kinds all become text, in the
    form that each also has without the others, and in `frame` too.
    """
    people = np.asarray([as_text(value) for value in frame["subject"]]) if subject else None
    if not target:
        return people, None
    labels = frame["target"].tolist()
    if len({_kind(label) for label in labels}) > 1:
        labels = [as_text(label) for label in labels]
        frame["target"] = labels
    return people, np.asarray(labels)


def _kind(label: Any) -> type:
    return next((kind for kind in (bool, Number, str) if isinstance(label, kind)), type(label))


def to_si(values: np.ndarray, units: str) -> np.ndarray:
    """Convert accelerations in `units`, a key of `ACCELERATION_UNITS`, to m/s^2."""
    if units not in ACCELERATION_UNITS:
        raise ValueError(
            f"units: expected one of {sorted(ACCELERATION_UNITS)}, got {units!r}. "
            "State what the file holds; it is never guessed."
        )
    return values * ACCELERATION_UNITS[units]


def make_bunch(
    recordings: Sequence[np.ndarray],
    *,
    target: np.ndarray | None,
    groups: np.ndarray | None,
    sampling_rate: float,
    units: str,
    channel_names: Sequence[str],
    frame: pd.DataFrame,
    descr: str,
    target_names: Sequence[Any] | None = None,
    ragged: bool | None = None,
    return_X_y: bool = False,
    **extra: Any,
) -> Bunch | tuple[np.ndarray, np.ndarray | None]:
    """Assemble what a reader returns.

    Parameters
    ----------
    recordings : sequence of ndarray of shape (n_timesteps_i, n_channels)
        The signals, in the order of `frame`.
    target, groups : ndarray of shape (n,) or None
        Label and subject of each recording.
    sampling_rate : float
        Hz.
    units : str
        Units of the signals.
    channel_names : sequence of str
        Names of the columns of each recording.
    frame : DataFrame of n rows
        What is known of each recording.
    descr : str
        The data card.
    target_names : sequence or None, default=None
        The classes in their order; by default the sorted values of `target`.
    ragged : bool or None, default=None
        Whether `data` is an object array of arrays; None makes it one only where lengths differ.
    return_X_y : bool, default=False
        Return ``(data, target)`` alone.
    **extra
        Further entries of the Bunch.

    Returns
    -------
    data : Bunch or (data, target)
        The Bunch has data, target, target_names, groups, sampling_rate, units, channel_names, frame and DESCR.
    """
    if ragged is None:
        ragged = len({r.shape for r in recordings}) != 1
    data = as_object_array(recordings) if ragged else np.stack(recordings)
    if return_X_y:
        return data, target
    if target_names is None and target is not None:
        target_names = pd.unique(pd.Series(target).dropna().sort_values()).tolist()
    return Bunch(
        data=data,
        target=target,
        target_names=None if target_names is None else list(target_names),
        groups=groups,
        sampling_rate=float(sampling_rate),
        units=units,
        channel_names=list(channel_names),
        frame=frame,
        DESCR=descr,
        **extra,
    )
