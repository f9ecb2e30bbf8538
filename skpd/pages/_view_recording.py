"""The page of a recording: signal, spectrogram, windows over time, bouts, days."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd

from ..models._loaded import say_unlike
from ..models._predict import is_severity
from ..models._recording import Recording
from ..plotting._style import format_share
from ..signal import band_channel_names
from ._blocks import Block, Cell, Note, Paragraph, Row, Section, Table, Terms, sentence
from ._study import plural
from ._view_data import DETAIL, page_data
from ._view_layers import SEGMENT
from ._view_windows import FLAGS, find_bouts, measure_days

__all__ = ["RecordingView"]

#: Bouts that are listed, and what is shown beside one at least, s.
_LISTED, _MARGIN = 40, 5.0


class RecordingView:
    """What the page of a recording says.

    Attributes
    ----------
    facts : list of str
        Under the heading.
    before, after : list of Section
        What stands above and below the viewer.
    bouts : list of dict
        Rows of the table of bouts: start_s, end_s and the texts of the cells.
    data : dict
        What the script of the page draws.
    """

    def __init__(
        self,
        recording: Recording,
        windows: pd.DataFrame,
        bands: dict[str, tuple[float, float]],
        classes: list,
        summary: pd.DataFrame | None,
        manifest: dict[str, Any] | None,
    ) -> None:
        self.recording, self.windows, self.bands, self.classes = recording, windows, bands, classes
        self.summary, self.manifest = summary, manifest
        self.names = band_channel_names(bands)
        self.graded = bool(classes) and is_severity(classes)
        self.all_bouts = find_bouts(windows, self.names) if self.graded else None
        listed = self._listed_by_size()
        starts = [] if listed is None else listed["start_s"].tolist()
        channels = None if manifest is None else manifest["input"]["channels"]
        self.data = page_data(recording, windows, bands, classes, starts, channels)

    @property
    def duration(self) -> float:
        """In s."""
        return self.recording.samples.shape[0] / self.recording.sampling_rate

    @property
    def facts(self) -> list[str]:
        """What stands under the heading."""
        recording = self.recording
        facts = [
            _duration(self.duration),
            f"{recording.sampling_rate:.4g} Hz",
            plural(recording.samples.shape[1], "channel"),
        ]
        if recording.start_time is not None:
            facts.insert(0, f"from {recording.start_time:%Y-%m-%d %H:%M:%S}")
        if recording.subject:
            facts.append(f"subject {recording.subject}")
        if self.manifest is not None:
            facts.append(f"model: {self.manifest['recipe']['name'] or 'without a recipe'}")
        return facts

    @property
    def bouts(self) -> list[dict[str, Any]]:
        """Rows of the table of bouts."""
        listed = self._listed_by_size()
        return [] if listed is None else [self._bout(row) for row in listed.sort_index().to_dict("records")]

    @property
    def bouts_note(self) -> str:
        """What the table of bouts does not show."""
        assert self.all_bouts is not None
        text = (
            "A bout is a run of neighbouring windows with a severity above 0; those in gaps or not worn do not count. "
            "Severity is the mean of its windows. Frequency and amplitude are of the band that moves most: that of a "
            "sine wave along a line."
        )
        if len(self.all_bouts) > _LISTED:
            text = (
                f"The {_LISTED} of {len(self.all_bouts):,} bouts with the largest sum of severity over time; "
                f"skpd predict writes all windows. {text}"
            )
        return text

    @property
    def before(self) -> list[Section]:
        """What stands above the viewer."""
        return [Section("In short", [*self._warnings(), *(Paragraph(text) for text in self._reading())])]

    @property
    def after(self) -> list[Section]:
        """What stands below the viewer and the bouts."""
        return [Section("Days", [self._days()]), Section("How to read it", [self._terms()])]

    def _listed_by_size(self) -> pd.DataFrame | None:
        """The bouts of the table, the longest and most severe of all first."""
        if self.all_bouts is None:
            return None
        size = self.all_bouts["severity"] * self.all_bouts["n_windows"]
        return self.all_bouts.loc[size.sort_values(ascending=False, kind="stable").index[:_LISTED]]

    def _clock(self, seconds: float) -> str:
        if self.recording.start_time is not None:
            moment = self.recording.start_time + pd.to_timedelta(seconds, unit="s").round("s")
            return f"{moment:%a %d %b %H:%M:%S}" if self.duration > 86_400 else f"{moment:%H:%M:%S}"
        if self.duration < 600:
            return f"{seconds:.0f} s"
        days, rest = divmod(round(seconds), 86_400)
        text = f"{rest // 3600:d}:{rest // 60 % 60:02d}:{rest % 60:02d}"
        return f"day {days + 1}, {text}" if self.duration > 86_400 else text

    def _bout(self, bout: dict[str, Any]) -> dict[str, Any]:
        margin = max(_MARGIN, 0.15 * bout["duration_s"])
        return {
            "from": max(0.0, bout["start_s"] - margin),
            "to": min(self.duration, bout["end_s"] + margin),
            "start": self._clock(bout["start_s"]),
            "end": self._clock(bout["end_s"]),
            "cells": [
                _duration(bout["duration_s"]),
                f"{bout['severity']:.1f}",
                str(bout["highest"]),
                f"{bout['frequency_hz']:.1f} Hz",
                f"{bout['acceleration_m_s2']:.2g} m/s²",
                f"{10 * bout['displacement_cm']:.2g} mm",
                bout["flags"],
            ],
        }

    def _warnings(self) -> list[Block]:
        notes: list[Block] = []
        if self.manifest is not None and self.summary is not None:
            share, n_used = self.summary[["share_unlike_training", "n_used"]].iloc[-1]
            said = say_unlike(self.manifest, share, n_used, "window")
            if said:
                notes.append(Note(sentence(said), level="info" if self.manifest["distance"] is None else "warning"))
        unknown = []
        if self.windows["nonwear"].isna().all():
            unknown.append("Whether it was worn: this takes an hour of three axes or more.")
        if self.windows["clipping"].isna().all():
            unknown.append("Whether the signal was clipped: state the range of the device with --device-range.")
        items = [*map(sentence, self.recording.notes), *unknown]
        if items:
            notes.append(Note("Of this file, and not looked for:" if unknown else "Of this file:", items))
        return notes

    def _reading(self) -> list[str]:
        windows, texts = self.windows, []
        used = windows[~windows["gap"] & ~windows["nonwear"].fillna(False).astype(bool)]
        if used.empty:
            return ["Every window lies in a gap or was not worn: there is nothing to read."]
        if self.graded:
            assert self.all_bouts is not None
            share = (used["prediction"] > 0).mean()
            text = (
                f"The model finds tremor in {format_share(share)} of {plural(len(used), 'window')} of "
                f"{windows['end_s'].iloc[0] - windows['start_s'].iloc[0]:g} s, in {plural(len(self.all_bouts), 'bout')}"
            )
            if len(self.all_bouts):
                frequency = np.average(self.all_bouts["frequency_hz"], weights=self.all_bouts["n_windows"])
                text += f", with a mean frequency of {frequency:.1f} Hz"
            texts.append(f"{text}. Mean severity {used['prediction'].mean():.2f}.")
        elif self.classes:
            counts = used["prediction"].value_counts(normalize=True)
            shares = ", ".join(f"{label} {format_share(counts.get(label, 0.0))}" for label in self.classes)
            texts.append(
                f"The model calls {plural(len(used), 'window')}: {shares}. Its classes are no severities, so that no "
                "bouts are listed."
            )
        sizes = {name: used[f"{name}_acceleration_m_s2"].median() for name in self.names}
        band = max(sizes, key=lambda name: sizes[name])
        frequency = used[f"{band}_frequency_hz"].median()
        texts.append(
            f"Of the bands, {_band(self.bands, self.names, band)} moves most: amplitude {sizes[band]:.2g} m/s², median "
            f"of the windows, at {frequency:.1f} Hz. A band is a range of frequencies and does not diagnose a type of "
            "tremor; other movement lies in the same bands."
        )
        return texts

    def _days(self) -> Table:
        if self.summary is not None:
            return _model_days(self.summary, self.classes, self.graded)
        table = measure_days(self.windows, self.names, self.recording.start_time)
        heads = [f"{_band(self.bands, self.names, name)}, median" for name in self.names]
        heads += [f"{_band(self.bands, self.names, name)}, 95th percentile" for name in self.names]
        counts = [name for name in ("gap", "nonwear", "clipping") if table[f"n_{name}"].notna().any()]
        rows = [
            Row(
                str(row["day"]),
                [
                    *(Cell(f"{int(row[name]):,}") for name in ["n_windows", *(f"n_{c}" for c in counts)]),
                    *(Cell(_number(row[f"{name}_median"])) for name in self.names),
                    *(Cell(_number(row[f"{name}_p95"])) for name in self.names),
                ],
            )
            for _, row in table.iterrows()
        ]
        return Table(
            "Amplitude of the movement in each band, m/s²",
            ["day", "windows", *(FLAGS[name] for name in counts), *heads],
            rows,
            note="Windows of 4 s, 2 s apart; those in gaps or not worn are left out of the amplitudes.",
        )

    def _terms(self) -> Terms:
        terms = [
            (
                "Signal",
                "Acceleration of each channel, gravity included. Seen from afar each line is the range from the "
                "lowest to the highest sample.",
            ),
            (
                "Spectrogram",
                f"Power of the movement by frequency, in segments of {SEGMENT:g} s (Hann window), summed over the "
                "channels: it does not depend on how the device was turned.",
            ),
            (
                "Amplitude in each band",
                "That of a sine wave with the power that the band has in a window, over all channels.",
            ),
        ]
        if len(self.data["layers"]) > 1:
            terms.append(
                (
                    "Detail",
                    "Every sample is in the page "
                    + ("around the bouts listed" if self.graded else "around the strongest movement")
                    + f", {DETAIL:g} s each; elsewhere it holds one range each "
                    f"{_duration(self.data['layers'][0]['step'])}, and the spectrogram one column each "
                    f"{_duration(self.data['layers'][0]['spectrum']['step'])}.",
                )
            )
        if self.classes:
            terms.append(
                (
                    "Predicted class and probability",
                    "Of each window. Seen from afar: the share of the windows of each class, and their mean "
                    "probability.",
                )
            )
        if self.manifest is not None and self.manifest["limitations"]:
            terms.append(("Limitations of the model", " ".join(self.manifest["limitations"])))
        return Terms(terms)


def _model_days(summary: pd.DataFrame, classes: list, graded: bool) -> Table:
    counts = [name for name in FLAGS if summary[f"n_{name}"].notna().any()]
    head = ["day", "windows", *(FLAGS[name] for name in counts)]
    head += ["with tremor", "mean severity"] if graded else []
    head += [f"severity {label}" if graded else str(label) for label in classes]
    rows = []
    for _, row in summary.iterrows():
        cells = [Cell(f"{int(row[name]):,}") for name in ["n_windows", *(f"n_{name}" for name in counts)]]
        if graded:
            cells += [Cell(_share(row["share_tremor"])), Cell(_number(row["mean_severity"], "{:.2f}"))]
        cells += [Cell(_share(row[f"share_{label}"])) for label in classes]
        rows.append(Row(str(row["day"]), cells))
    note = "Shares are of the windows that are neither in a gap nor not worn."
    return Table("Windows of each day", head, rows, note=note)


def _share(value: Any) -> str:
    return "–" if pd.isna(value) else format_share(float(value))


def _number(value: Any, form: str = "{:.2g}") -> str:
    return "–" if pd.isna(value) else form.format(value)


def _band(bands: dict[str, tuple[float, float]], names: list[str], name: str) -> str:
    low, high = bands[list(bands)[names.index(name)]]
    return f"{low:g}–{high:g} Hz"


def _duration(seconds: float) -> str:
    if seconds < 120:
        return f"{seconds:.3g} s"
    if seconds < 7200:
        return f"{seconds / 60:.3g} min"
    return f"{seconds / 3600:.3g} h" if seconds < 2 * 86_400 else f"{seconds / 86_400:.3g} days"
