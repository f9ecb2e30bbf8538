"""What is on both sides of a split by its names: rows, subjects, windows, sources."""

from __future__ import annotations

import numpy as np
import pandas as pd

from ._report import AuditCheck, count
from ._table import Table

__all__ = ["check_rows", "check_sources", "check_subjects", "check_windows"]


def _worst_fold(counts: list[int]) -> int:
    return int(np.argmax(counts)) if counts else 0


def check_rows(table: Table) -> AuditCheck:
    """Rows that are trained on and tested in one fold."""
    counts = [len(np.intersect1d(train, test)) for train, test in table.splits]
    evidence = {"rows_on_both_sides": sum(counts), "folds": len(counts), "worst_fold": _worst_fold(counts)}
    if any(counts):
        folds = sum(c > 0 for c in counts)
        words = (
            f"{count(max(counts), 'row')} of fold {_worst_fold(counts)} in both its training and its test rows "
            f"({folds} of {count(len(counts), 'fold')} affected): a row may be on one side only."
        )
        return AuditCheck("rows", "found", words, evidence)
    return AuditCheck("rows", "not found", "No row is on both sides of a split.", evidence)


def check_subjects(table: Table) -> AuditCheck:
    """Subjects that are trained on and tested in one fold, whatever the splitter calls itself."""
    if table.groups is None:
        words = "No subjects were given: pass groups, one subject a row."
        return AuditCheck("subjects", "cannot be seen", words, {})
    counts, shared = [], np.array([], dtype=int)
    for train, test in table.splits:
        both = np.intersect1d(table.groups[train], table.groups[test])
        both = both[both >= 0]
        counts.append(len(both))
        shared = np.union1d(shared, both)
    nobody = int(np.sum(table.groups < 0))
    evidence = {
        "subjects": len(table.subjects),
        "subjects_on_both_sides": len(shared),
        "folds_affected": sum(c > 0 for c in counts),
        "folds": len(counts),
        "examples": [str(s) for s in table.subjects[shared[:5]]],
        "rows_of_nobody": nobody,
    }
    if len(shared):
        some = ", ".join(repr(str(s)) for s in table.subjects[shared[:5]])
        words = (
            f"{len(shared)} of {count(len(table.subjects), 'subject')} are in both training and test rows of a fold, "
            f"among them {some}: split by subject."
        )
        return AuditCheck("subjects", "found", words, evidence)
    if nobody:
        words = (
            f"{count(nobody, 'row')} without a subject, such as a resampler makes: whose they are, and whether that "
            "person is on the other side, is not known. Resample inside the training folds."
        )
        return AuditCheck("subjects", "cannot be seen", words, evidence)
    return AuditCheck("subjects", "not found", "Every subject is on one side of each split only.", evidence)


def check_windows(table: Table) -> AuditCheck:
    """Windows that overlap across a split, by the index of recording, start and stop."""
    index = table.index
    if index is None or "recording" not in index:
        words = "No index with recording, start and stop of each row was given (index=...)."
        return AuditCheck("windows", "cannot be seen", words, {})
    # Many data sets number the recordings of each person from 1.
    keys = index["recording"] if table.groups is None else [table.groups, index["recording"]]
    recording = index.groupby(keys, sort=False, dropna=False).ngroup().to_numpy()
    unknown = index["recording"].isna().to_numpy()
    has_place = {"start", "stop"} <= set(index.columns)
    if has_place:
        start, stop = (index[name].to_numpy(dtype=float) for name in ("start", "stop"))
        # One axis for all recordings: they cannot overlap when each is moved by more than the longest.
        shift = recording * (np.nanmax(stop) - np.nanmin(start) + 1)
        start, stop = start + shift, stop + shift
    overlapping, tested, shared = 0, 0, set()
    for train, test in table.splits:
        train, test = train[~unknown[train]], test[~unknown[test]]
        tested += len(test)
        shared |= set(recording[train]) & set(recording[test])
        if has_place:
            train_start, train_stop = np.sort(start[train]), np.sort(stop[train])
            begun = np.searchsorted(train_start, stop[test], side="left")
            over = np.searchsorted(train_stop, start[test], side="right")
            overlapping += int(np.sum(begun > over))
    evidence = {
        "test_windows": tested,
        "test_windows_overlapping_training": overlapping if has_place else None,
        "recordings": len(np.unique(recording[~unknown])),
        "recordings_on_both_sides": len(shared),
    }
    if overlapping or shared:
        parts = []
        if overlapping:
            parts.append(f"{overlapping} of {count(tested, 'test window')} overlap in time with a training window")
        parts.append(f"{len(shared)} of {count(evidence['recordings'] or 0, 'recording')} are on both sides")
        return AuditCheck("windows", "found", f"{'; '.join(parts)}: split whole recordings, by subject.", evidence)
    if unknown.any():
        words = f"{count(int(unknown.sum()), 'row')} without a recording: these may overlap rows on the other side."
        return AuditCheck("windows", "cannot be seen", words, evidence)
    words = "No recording, and so no two overlapping windows, is on both sides of a split."
    return AuditCheck("windows", "not found", words, evidence)


def check_sources(table: Table) -> AuditCheck:
    """Rows made of one source, such as augmented siblings, on both sides."""
    if table.index is None or "source" not in table.index:
        words = "The rows' sources were not given: pass the sampler's sample_indices_ as index, or a column source."
        return AuditCheck("sources", "cannot be seen", words, {})
    source = table.index["source"].to_numpy()
    unknown = pd.isna(source) | (source == -1)
    codes = np.where(unknown, -1, pd.factorize(source)[0])
    siblings, tested = 0, 0
    for train, test in table.splits:
        known = codes[test][codes[test] >= 0]
        tested += len(known)
        siblings += int(np.isin(known, codes[train]).sum())
    evidence = {
        "test_rows_with_source": tested,
        "test_rows_with_sibling_in_training": siblings,
        "sources": len(np.unique(codes[codes >= 0])),
        "rows_without_source": int(unknown.sum()),
    }
    if siblings:
        words = (
            f"{siblings} of {count(tested, 'test row')} have a sibling, made of the same source, among the training "
            "rows: split first, then augment the training part."
        )
        return AuditCheck("sources", "found", words, evidence)
    if unknown.any():
        words = f"{count(int(unknown.sum()), 'row')} without a source: these may have siblings on the other side."
        return AuditCheck("sources", "cannot be seen", words, evidence)
    return AuditCheck("sources", "not found", "No source has rows on both sides of a split.", evidence)
