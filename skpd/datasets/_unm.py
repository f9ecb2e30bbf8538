"""The UNM recordings at rest: Parkinson's disease against control."""

from __future__ import annotations

import os
import warnings
from collections.abc import Sequence
from pathlib import Path
from tokenize import TokenError

import numpy as np
import pandas as pd
from sklearn.utils import Bunch
from sklearn.utils._param_validation import StrOptions, validate_params

from ..exceptions import DataFileError, DataFileWarning
from ._base import make_bunch, refuse_special, resolve_folder
from ._parse import Skipped, read_csv_columns

__all__ = ["load_unm_rest"]

_COLUMNS = ["subject", "session", "group", "file"]
_CLASSES = ("PD", "control")
_SAMPLING_RATE = 100.0

_CARD = """\
UNM rest: hand acceleration at rest
===================================
Who         56 people, 28 with Parkinson's disease (PD) and 28 controls; 84 recordings
Device      triaxial accelerometer taped to the hand; 500 Hz, decimated to 100 Hz with a zero-phase FIR filter; the
            first 120 s (two recordings are shorter)
Units       UNCALIBRATED amplifier units with a large offset and drift: neither gravity nor m/s^2 can be had from
            them. Band-pass before use, and do not compare amplitudes with other datasets
Tasks       rest
Target      "PD" or "control"; no severity scores
Groups      people with PD came twice, once ON and once OFF medication; which session is which is not known
Limits      one site and device; whether tremor was visible is not known, and many people with PD have none at rest,
            so that a perfect score is not to be expected. Two recordings a person with PD and one a control: weight
            or aggregate by person before comparing groups
Licence     described as public domain by its source
Reference   Cavanagh J. F., PRED+CT repository, dataset d002 "PD Rest"
"""


@validate_params(
    {
        "folder": [str, os.PathLike, None],
        "sessions": ["array-like", None],
        "errors": [StrOptions({"raise", "warn"})],
        "return_X_y": ["boolean"],
    },
    prefer_skip_nested_validation=True,
)
def load_unm_rest(
    folder: str | os.PathLike | None = None,
    *,
    sessions: Sequence[int] | None = None,
    errors: str = "raise",
    return_X_y: bool = False,
) -> Bunch | tuple[np.ndarray, np.ndarray]:
    """Load hand accelerations at rest of people with Parkinson's disease and of controls.

    Parameters
    ----------
    folder : str, path-like or None, default=None
        The folder with ``index.csv`` (columns subject, session, group, file) and one ``.npy`` file a recording. None
        takes ``unm_rest`` inside the folder that the environment variable ``SKPD_DATA`` names.
    sessions : sequence of int, default=None
        Which visits to read. People with Parkinson's disease came twice (one visit ON medication, one OFF, which is
        which is not known), controls once: ``(1,)`` makes every person count once, None reads all.
    errors : {"raise", "warn"}, default="raise"
        What to do with a recording that is missing or damaged. "warn" leaves it out and lists it in ``skipped``.
    return_X_y : bool, default=False
        Return ``(data, target)`` instead of a Bunch.

    Returns
    -------
    data : :class:`~sklearn.utils.Bunch`
        With the entries

        data : object ndarray of shape (84,)
            Arrays of shape (n_timesteps_i, 3), float64, in uncalibrated units.
        target : ndarray of shape (84,), str
            "PD" or "control".
        target_names : list of str
            ``["PD", "control"]``.
        groups : ndarray of shape (84,), str
            Person.
        sampling_rate : float
            100.0 Hz.
        units : str
            "uncalibrated".
        channel_names : list of str
            ``["x", "y", "z"]``.
        frame : DataFrame
            One row a recording: recording, subject, session, task, group, file, duration_s, n_timesteps.
        skipped : DataFrame
            Recordings left out: file, reason. Empty with ``errors="raise"``.
        DESCR : str
            The data card.

        With ``return_X_y=True`` the tuple ``(data, target)``.

    Raises
    ------
    DataFileError
        If the folder, its index or a recording is not what it should be.

    Warns
    -----
    DataFileWarning
        If the folder holds ``.npy`` files that the index does not name, and for each recording left out.

    See Also
    --------
    load_cloudupdrs : Recordings in m/s^2 with clinical scores.
    make_tremor_recordings : Simulated recordings with severities.

    References
    ----------
    .. [1] Cavanagh J. F. et al., PRED+CT (Patient Repository for EEG Data + Computational Tools), dataset d002.

    Examples
    --------
    >>> from skpd.datasets import load_unm_rest
    >>> unm = load_unm_rest()  # doctest: +SKIP
    >>> len(unm.data), len(set(unm.groups)), unm.sampling_rate  # doctest: +SKIP
    (84, 56, 100.0)
    """
    path = resolve_folder(folder, "unm_rest", holds="index.csv")
    index = _read_index(path / "index.csv")
    wanted = index["session"].astype(int).isin(index["session"].astype(int) if sessions is None else list(sessions))
    if not wanted.any():
        raise ValueError(f"sessions: expected among {sorted(set(index['session'].astype(int)))}, got {sessions!r}.")
    skipped = Skipped(errors)
    recordings, rows = [], []
    for row in index[wanted].itertuples(index=False):
        try:
            recordings.append(_read_recording(path / row.file))
        except DataFileError as error:
            skipped.add(error)
            continue
        n_timesteps = len(recordings[-1])
        rows.append(
            {
                "recording": f"{row.subject}_{row.session}",
                "subject": row.subject,
                "session": int(row.session),
                "task": "rest",
                "group": row.group,
                "file": row.file,
                "duration_s": n_timesteps / _SAMPLING_RATE,
                "n_timesteps": n_timesteps,
            }
        )
    if not rows:
        raise DataFileError(path, found="not one intact recording", expected="the files that index.csv names")
    unnamed = sorted({p.name for p in path.glob("*.npy")} - set(index["file"]))
    if unnamed:
        warnings.warn(
            f"{path}: left out {len(unnamed)} file(s) that index.csv does not name: {', '.join(unnamed[:5])}"
            f"{', ...' if len(unnamed) > 5 else ''}",
            DataFileWarning,
            stacklevel=2,
        )
    frame = pd.DataFrame(rows)
    return make_bunch(
        recordings,
        target=frame["group"].to_numpy(dtype=str),
        target_names=_CLASSES,
        groups=frame["subject"].to_numpy(dtype=str),
        sampling_rate=_SAMPLING_RATE,
        units="uncalibrated",
        channel_names=("x", "y", "z"),
        frame=frame,
        descr=_CARD,
        ragged=True,
        return_X_y=return_X_y,
        skipped=skipped.frame,
    )


def _read_index(path: Path) -> pd.DataFrame:
    """Read and check index.csv: all columns as text."""
    text, place = read_csv_columns(path, _COLUMNS, text=_COLUMNS)
    checks = {
        "subject": (text["subject"].notna(), "a person's id"),
        "session": (text["session"].str.fullmatch(r"\d+").fillna(False), "a whole number"),
        "group": (text["group"].isin(_CLASSES), "'PD' or 'control'"),
        "file": (text["file"].str.fullmatch(r"[\w-]+\.npy").fillna(False), "the name of an .npy file in this folder"),
    }
    for column, (good, expected) in checks.items():
        for row in text.index[~good.to_numpy(dtype=bool)]:
            raise DataFileError(
                path, where=f"{place(row)}, column {column!r}", found=repr(text.loc[row, column]), expected=expected
            )
    for columns in (["file"], ["subject", "session"]):
        for row in text.index[text.duplicated(columns)]:
            found = "a second row of " + ", ".join(f"{c} {text.loc[row, c]}" for c in columns)
            raise DataFileError(path, where=place(row), found=found, expected="one row a recording")
    return text.astype(object)


def _read_recording(path: Path) -> np.ndarray:
    """Read and check one recording."""
    expected = "an array of floats of shape (n_timesteps, 3) in NumPy's format"
    refuse_special(path)
    try:
        with warnings.catch_warnings():
            # NumPy's advice on the speed of headers that Python 2 wrote.
            warnings.simplefilter("ignore", UserWarning)
            # The overflow of a shape that no file holds.
            warnings.simplefilter("error", RuntimeWarning)
            # Mapped, a file that is shorter than its header claims is an error before any memory is asked for.
            values = np.lib.format.open_memmap(path, mode="r")
    except FileNotFoundError as error:
        raise DataFileError(
            path, found="no such file", expected="the file that index.csv names", advice='errors="warn" leaves it out.'
        ) from error
    except (ValueError, TypeError, EOFError, OSError, OverflowError, SyntaxError, TokenError, RuntimeWarning) as error:
        raise DataFileError(
            path,
            found=f"no intact array ({str(error).splitlines()[0][:120]})",
            expected=expected,
            advice="The file may be cut: copy it again.",
        ) from error
    if values.dtype.kind != "f" or values.ndim != 2 or values.shape[1] != 3:
        raise DataFileError(path, found=f"{values.dtype} of shape {values.shape}", expected=expected)
    if not len(values) or not np.isfinite(values).all():
        found = f"{int((~np.isfinite(values)).any(axis=1).sum())} of {len(values)} timesteps that are not finite"
        raise DataFileError(path, found=found, expected="finite values, at least one timestep")
    return np.array(values, dtype=np.float64)
