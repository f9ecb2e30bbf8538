"""GENEActiv wrist accelerometers: whole recordings of `.bin` files and raw `.csv` exports."""

from __future__ import annotations

import os
import re
from collections.abc import Callable, Iterator, Sequence
from numbers import Real
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from sklearn.utils import Bunch
from sklearn.utils._param_validation import Interval, StrOptions, validate_params

from ..exceptions import DataFileError
from ._base import ask, make_bunch, people_and_labels
from ._geneactiv_files import CHANNELS, DeviceFile, leading_number, read_device_file
from ._geneactiv_header import parse_zone
from ._layout import Paths, common_rate, find_files
from ._parse import Losses, Skipped
from ._timestamps import check_succession, join_stretches, to_uniform

__all__ = ["load_geneactiv"]

_PAGE_COLUMNS = ["file", "recording", "sequence", "time", "n_samples", "temperature_c", "battery_v"]

_CARD = """\
GENEActiv recordings
====================
Who         {n_files} file(s), {n_recordings} recording(s); {subjects}
Device      GENEActiv wrist accelerometer, 12 bits over -8 to 8 g
Sampling    {sampling_rate:.6g} Hz{resampled}, by the times of the pages; a nominal 85.7 Hz is 85.714 Hz
Units       x, y, z in m/s^2, gravity included (g0 = 9.80665 m/s^2), by the calibration in the file's header; light in
            lux, button 0 or 1, temperature in degrees Celsius
Time        start_time is of the device's clock in the zone that the file states; summer time is not known to it.
            A drift that the extraction notes state is reported as clock_drift_s and not corrected
Target      {target}
Limits      this card knows only what the files said; licence and reference are those of your data
"""


@validate_params(
    {
        "paths": [str, os.PathLike, "array-like"],
        "channels": ["array-like"],
        "split_gaps": ["boolean"],
        "max_gap": [Interval(Real, 0, None, closed="neither")],
        "resample_to": [Interval(Real, 0, None, closed="neither"), None],
        "subject": [callable, None],
        "target": [callable, None],
        "errors": [StrOptions({"raise", "warn"})],
        "return_X_y": ["boolean"],
    },
    prefer_skip_nested_validation=True,
)
def load_geneactiv(
    paths: Paths,
    *,
    channels: Sequence[str] = ("x", "y", "z"),
    split_gaps: bool = True,
    max_gap: float = 0.1,
    resample_to: float | None = None,
    subject: Callable[[Path], Any] | None = None,
    target: Callable[[Path], Any] | None = None,
    errors: str = "raise",
    return_X_y: bool = False,
) -> Bunch | tuple[np.ndarray, np.ndarray | None]:
    """Load recordings of GENEActiv wrist accelerometers.

    Parameters
    ----------
    paths : str, path-like or sequence of them
        Files, ``.bin`` or raw ``.csv`` exports, each once, or a folder of which all such files are read, without those
        that begin with a dot.
    channels : sequence of str, default=("x", "y", "z")
        Of "x", "y", "z" (m/s^2), "light" (lux), "button" (0 or 1) and "temperature" (degrees Celsius, which a
        ``.bin`` file states once a page).
    split_gaps : bool, default=True
        Make a recording of each stretch without a gap. False makes one recording a file, with NaN in the gaps, for
        which the stretches are moved by at most one sample.
    max_gap : float, default=0.1
        A gap is a time longer than this, s, by which a page (a sample, in ``.csv``) comes later than it should; or a
        clock that goes back by as much.
    resample_to : float or None, default=None
        Interpolate all channels on a uniform grid of this rate, Hz, with an anti-aliasing filter where that lowers
        the rate. None returns the samples as they are, at the rate that the times in the files give.
    subject, target : callable or None, default=None
        Function of a file's path that returns the person or the label. Without it, persons are the header's
        "Subject Code", if all files state one.
    errors : {"raise", "warn"}, default="raise"
        What to do about damage. "warn" returns what is intact, in order, and says what is missing in a warning and
        in ``problems``; a file of which nothing can be read is left out and listed in ``skipped``.
    return_X_y : bool, default=False
        Return ``(data, target)`` instead of a Bunch.

    Returns
    -------
    data : :class:`~sklearn.utils.Bunch`
        With the entries

        data : object ndarray of shape (n,)
            Arrays of shape (n_timesteps_i, n_channels), float32.
        target, groups : ndarray of shape (n,) or None
            Label and person.
        target_names : list or None
            The distinct labels, sorted.
        sampling_rate : float
            Hz: `resample_to`, or the median of the measured rates, which agree to 1 %.
        units : str
            "m/s^2", of x, y and z.
        channel_names : list of str
            `channels`.
        frame : DataFrame
            One row a recording: recording, subject, target, file, device (serial number), location, start_time (by
            the device's clock, with its zone), gap_before_s (since the previous recording of the file), duration_s,
            n_timesteps, n_missing (NaN rows), measured_rate_hz, nominal_rate_hz, clock_drift_s (by the extraction
            notes; NaN where they say nothing).
        pages : DataFrame
            One row a page of ``.bin`` files: file, recording, sequence, time (by the device's clock), n_samples,
            temperature_c, battery_v.
        problems : DataFrame
            Damage inside files that were read: file, where, found, expected.
        skipped : DataFrame
            Files left out: file, reason.
        DESCR : str
            What is known of the data.

        With ``return_X_y=True`` the tuple ``(data, target)``.

    Raises
    ------
    DataFileError
        If a file is not what its name says; with ``errors="raise"`` also if any page is damaged, missing, repeated or
        out of order, if the header claims pages that are not there, or if a clock goes back.
    ValueError
        If `paths` names a file twice, or `subject` or `target` returns something that is not one text or number.

    Warns
    -----
    DataFileWarning
        With ``errors="warn"``, once for each file that is not whole or cannot be read.

    See Also
    --------
    iter_geneactiv : A file piece by piece, in bounded memory.
    load_csv_recordings : Exports of other devices.

    Notes
    -----
    Acceleration in g is (100 * reading - offset) / gain, light is reading * lux / volts [1]_. Each page of 300 samples
    states when its first was taken. Pages are put in the order of their numbers. The rate is that of the page times,
    not the nominal one, which is rounded: over a week at "85.7 Hz" the two are 100 s apart. Samples inside a page are
    spread evenly up to the next one. Memory is what the samples need, 4 bytes a value, and is bounded by the size of
    the file, whatever its header claims.

    The ``.bin`` reader was checked on a real file; no real ``.csv`` export was at hand, so that part was checked only
    on files made from the description in [1]_.

    References
    ----------
    .. [1] Activinsights, "GENEActiv Instructions", sections "Understanding .bin files" and "Understanding .csv files".

    Examples
    --------
    >>> from skpd.datasets import load_geneactiv
    >>> wrist = load_geneactiv("wrist.bin", errors="warn")  # doctest: +SKIP
    >>> wrist.frame[["recording", "start_time", "duration_s"]]  # doctest: +SKIP
    """
    channels = list(channels)
    if not channels or len(set(channels)) < len(channels) or not set(channels) <= set(CHANNELS):
        raise ValueError(f"channels: expected some of {list(CHANNELS)}, each once, got {channels}.")
    files = find_files(paths, ".bin", ".csv")
    skipped = Skipped(errors)
    signals: list[np.ndarray] = []
    rows: list[dict[str, Any]] = []
    pages, problems = [], []
    for path in files:
        losses = Losses(path, errors)
        try:
            content = read_device_file(path, channels, max_gap, losses)
            recordings = list(_make_recordings(path, content, split_gaps, max_gap, resample_to))
            described = _describe(path, content, recordings, resample_to, subject, target)
        except DataFileError as error:
            skipped.add(error)
            continue
        losses.warn(stacklevel=3)
        problems += [
            {"file": str(path), "where": e.where, "found": e.found, "expected": e.expected} for e in losses.found
        ]
        signals += [values for _, values, _ in recordings]
        rows += described
        names = np.array([row["recording"] for row in described])
        part = np.where(split_gaps, content.pages["stretch"], 0)
        pages.append(content.pages.assign(file=str(path), recording=names[part]))
    if not rows:
        raise DataFileError(
            files[0], found="not one intact recording", expected="at least one", advice="See the warnings."
        )
    frame, page_table = pd.DataFrame(rows), pd.concat(pages, ignore_index=True)[_PAGE_COLUMNS]
    if not frame["recording"].is_unique:
        for table in (frame, page_table):
            table["recording"] = table["file"] + ":" + table["recording"]
    origins = [(Path(row["file"]), row["recording"]) for row in rows]
    rate = resample_to or common_rate(frame["measured_rate_hz"].tolist(), origins)
    named = not (frame["subject"] == "").any()
    groups, labels = people_and_labels(frame, subject=named, target=target is not None)
    return make_bunch(
        signals,
        target=labels,
        groups=groups,
        sampling_rate=rate,
        units="m/s^2",
        channel_names=channels,
        frame=frame,
        descr=_CARD.format(
            n_files=frame["file"].nunique(),
            n_recordings=len(frame),
            subjects="subjects not stated" if groups is None else f"{len(set(groups))} subject(s)",
            sampling_rate=rate,
            resampled=" (interpolated)" if resample_to else "",
            target="none" if labels is None else ", ".join(map(str, np.unique(labels)[:20])),
        ),
        ragged=True,
        return_X_y=return_X_y,
        pages=page_table,
        problems=pd.DataFrame(problems, columns=["file", "where", "found", "expected"]),
        skipped=skipped.frame,
    )


def _make_recordings(
    path: Path, content: DeviceFile, split_gaps: bool, max_gap: float, resample_to: float | None
) -> Iterator[tuple[float, np.ndarray, float]]:
    """Yield (start in s, signal, measured rate) of each recording of a file."""
    stretches = content.stretches
    rate = float(np.median([stretch.rate for stretch in stretches]))
    if resample_to is None:
        if split_gaps:
            yield from ((stretch.start, stretch.values, stretch.rate) for stretch in stretches)
        else:
            starts = np.array([stretch.start for stretch in stretches])
            yield starts[0], join_stretches(starts, [s.values for s in stretches], rate, path=path), rate
        return
    if not split_gaps:
        starts = np.array([stretch.start for stretch in stretches])
        stops = starts + [(len(stretch.values) - 1) / stretch.rate for stretch in stretches]
        check_succession(starts, stops, path=path)
    parts = [[stretch] for stretch in stretches] if split_gaps else [stretches]
    for part in parts:
        signal = to_uniform(
            np.concatenate([stretch.seconds() for stretch in part]),
            np.concatenate([stretch.values for stretch in part]),
            path=path,
            where=f"from {part[0].start:.3f} s",
            resample_to=resample_to,
            max_gap=max_gap + 1 / rate,
        )
        yield part[0].start, signal.values.astype(np.float32), rate


def _describe(
    path: Path,
    content: DeviceFile,
    recordings: list[tuple[float, np.ndarray, float]],
    resample_to: float | None,
    subject: Callable[[Path], Any] | None,
    target: Callable[[Path], Any] | None,
) -> list[dict[str, Any]]:
    fields = content.fields
    drift = re.search(r"clock drift\D{0,10}?([-+]?\d+(?:\.\d+)?)\s*s", fields.get("Extract Notes", ""), re.IGNORECASE)
    rows, end = [], recordings[0][0]
    for i, (start, values, rate) in enumerate(recordings):
        duration = len(values) / (resample_to or rate)
        rows.append(
            {
                "recording": path.stem if len(recordings) == 1 else f"{path.stem}_{i}",
                "subject": fields.get("Subject Code", "") if subject is None else ask(path, subject, "subject"),
                "target": ask(path, target, "target"),
                "file": str(path),
                "device": fields.get("Device Unique Serial Code", ""),
                "location": fields.get("Device Location Code", ""),
                "start_time": _moment(content.start_ms + round(start * 1000), fields),
                "gap_before_s": start - end,
                "duration_s": duration,
                "n_timesteps": len(values),
                "n_missing": int(np.isnan(values[:, 0]).sum()),
                "measured_rate_hz": rate,
                "nominal_rate_hz": leading_number(fields.get("Measurement Frequency", "")),
                "clock_drift_s": float(drift[1]) if drift else np.nan,
            }
        )
        end = start + duration
    return rows


def _moment(milliseconds: int, fields: dict[str, str]) -> pd.Timestamp:
    moment = pd.Timestamp(milliseconds, unit="ms")
    return moment.tz_localize(parse_zone(fields.get("Time Zone", "")))
