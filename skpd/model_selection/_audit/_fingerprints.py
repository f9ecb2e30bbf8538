"""Traces that work done before the split leaves in the table itself."""

from __future__ import annotations

import numpy as np
from scipy.special import gammaln
from sklearn.neighbors import NearestNeighbors

from ._report import AuditCheck, count
from ._table import Table

__all__ = ["check_balance", "check_interpolation", "check_scaling"]

#: Mean and deviation are exact up to this, in units of the deviation: single precision and five decimals in files.
_EXACT = 1e-5
#: Columns count as continuous where more than this share of the different rows have values of their own.
_CONTINUOUS = 0.5
#: Equal classes less probable than this are no accident.
_ALPHA = 1e-3
#: Rows looked at for lying between others, and the neighbours that they may lie between.
_MAX_LOOKED_AT, _NEIGHBOURS = 400, 50
#: Cosine of the angle between two neighbours, seen from the row, from which it lies on the segment.
_ON_SEGMENT = -1 + 1e-9


def check_scaling(table: Table) -> AuditCheck:
    """Columns with mean 0 and deviation 1, or range 0 to 1, or gaps filled with the mean, over all rows."""
    columns = table.column_sample()
    if columns is None or len(columns) < 8:
        words = "Too few rows, or rows without a common length, to look for scaling over all of them."
        return AuditCheck("scaling", "cannot be seen", words, {})
    columns = columns[:, _is_finite(columns) & (np.ptp(columns, axis=0) > 0)]
    mean, deviation = columns.mean(axis=0), columns.std(axis=0)
    sample_deviation = columns.std(axis=0, ddof=1)
    centred = np.abs(mean) <= _EXACT * deviation
    unit = (np.abs(deviation - 1) <= _EXACT) | (np.abs(sample_deviation - 1) <= _EXACT)
    by_subject = _scaled_by_subject(columns, table.groups)
    continuous = _continuous(columns)
    # Shares and switches range from 0 to 1 by nature: the columns must be continuous, and most of them.
    ranged = continuous & (columns.min(axis=0) == 0) & (columns.max(axis=0) == 1)
    standardised = int(np.sum(centred & unit & ~by_subject))
    n_centred = int(np.sum(centred & ~by_subject))
    n_ranged = int(np.sum(ranged)) if table.ndim == 2 else 0
    n_filled = int(sum(_is_filled(column) for column in columns[:, ~centred].T))
    evidence = {
        "columns_looked_at": columns.shape[1],
        "standardised": standardised,
        "centred": n_centred,
        "range_0_to_1": n_ranged,
        "filled_with_mean": n_filled,
        "scaled_by_subject": int(by_subject.sum()),
    }
    findings = []
    if standardised:
        findings.append(f"{standardised} have mean 0 and standard deviation 1 over all rows")
    elif n_centred >= max(3, 0.9 * columns.shape[1]):
        findings.append(f"{n_centred} have mean 0 over all rows, as after a PCA")
    if n_ranged >= max(3, 0.5 * continuous.sum()):
        findings.append(f"{n_ranged} range from exactly 0 to exactly 1")
    if n_filled:
        findings.append(f"{n_filled} have gaps filled with the mean of all rows")
    if findings:
        words = f"Of {count(columns.shape[1], 'column')} {'; '.join(findings)}: fit this inside the training folds."
        return AuditCheck("scaling", "found", words, evidence)
    words = "No column is standardised, centred, ranged or filled over all rows."
    return AuditCheck("scaling", "not found", words, evidence)


def _is_finite(columns: np.ndarray) -> np.ndarray:
    return np.isfinite(columns).all(axis=0)


def _continuous(columns: np.ndarray) -> np.ndarray:
    n_rows = len(np.unique(columns, axis=0)) if columns.shape[1] else 0
    return np.array([len(np.unique(column)) > _CONTINUOUS * n_rows for column in columns.T], dtype=bool)


def _scaled_by_subject(columns: np.ndarray, groups: np.ndarray | None) -> np.ndarray:
    """Whether each column has mean 0 within every subject: it is then centred over all rows too, without a leak."""
    result = np.ones(columns.shape[1], dtype=bool)
    if groups is None or len(np.unique(groups)) < 2:
        return ~result
    for group in np.unique(groups):
        own = columns[groups == group]
        result &= np.abs(own.mean(axis=0)) <= 1e-4 * columns.std(axis=0)
    return result


def _is_filled(column: np.ndarray) -> bool:
    """Whether a column without repeats has one value that repeats, and it is the mean of the others."""
    values, counts = np.unique(column, return_counts=True)
    if (counts > 1).sum() != 1 or counts.max() < 3:
        return False
    others = values[counts == 1]
    return len(others) >= 8 and abs(others.mean() - values[counts > 1][0]) <= 1e-7 * others.std()


def check_balance(table: Table) -> AuditCheck:
    """Classes of exactly equal size, as a resampler leaves them."""
    classes, codes, sizes = np.unique(table.y, return_inverse=True, return_counts=True)
    if len(classes) > max(20, len(table) // 4):
        words = "The labels are not classes."
        return AuditCheck("balance", "cannot be seen", words, {"different_labels": len(classes)})
    n, k = int(sizes.sum()), len(sizes)
    chance = float(np.exp(gammaln(n + 1) - gammaln(sizes + 1).sum() - n * np.log(k)))
    equal = k > 1 and bool(np.ptp(sizes) == 0)
    evidence = {"class_sizes": dict(zip(map(str, classes), sizes.tolist(), strict=True)), "probability": chance}
    if not equal:
        words = "The classes differ in size: they were not balanced before the split."
        return AuditCheck("balance", "not found", words, evidence)
    by_design = _balanced_by_design(table.groups, codes, k)
    if chance < _ALPHA and not by_design:
        words = (
            f"All {k} classes have exactly {sizes[0]} rows, by chance with probability {chance:.1g}: if a resampler "
            "made them so before the split, the test rows are not those of the world. Resample inside the training "
            "folds. (A data set that was collected in equal shares is reported too.)"
        )
        return AuditCheck("balance", "found", words, evidence)
    why = "every subject has the same share" if by_design else f"that happens with probability {chance:.2g}"
    words = f"All {k} classes have exactly {sizes[0]} rows, but {why}: whether they were resampled cannot be told."
    return AuditCheck("balance", "cannot be seen", words, evidence)


def _balanced_by_design(groups: np.ndarray | None, codes: np.ndarray, n_classes: int) -> bool:
    """Whether subjects have equal numbers of rows, or each subject equal classes, as planned studies have."""
    if groups is None or (groups < 0).any():
        return False
    table = np.zeros((groups.max() + 1, n_classes), dtype=int)
    np.add.at(table, (groups, codes), 1)
    return bool(np.ptp(table.sum(axis=1)) == 0 or (np.ptp(table, axis=1) == 0).all())


def check_interpolation(table: Table) -> AuditCheck:
    """Rows exactly on the segment between two rows of their class, as SMOTE and its relatives make them."""
    columns = table.column_sample(128)
    if columns is None:
        words = "Rows without a common length cannot be interpolated."
        return AuditCheck("interpolation", "cannot be seen", words, {})
    columns = columns[:, _is_finite(columns)]
    columns = columns[:, _continuous(columns)]
    columns = (columns - columns.mean(axis=0)) / np.maximum(columns.std(axis=0), 1e-300)
    rank = int(np.linalg.matrix_rank(columns, tol=1e-6 * np.sqrt(len(columns)))) if columns.size else 0
    if rank < 3:
        words = "Fewer than three independent continuous columns without gaps: rows may lie in line by chance."
        return AuditCheck("interpolation", "cannot be seen", words, {"independent_continuous_columns": rank})
    rng = np.random.default_rng(0)
    chosen = np.sort(rng.choice(len(columns), min(_MAX_LOOKED_AT, len(columns)), replace=False))
    on_segment: list[int] = []
    looked_at = 0
    for label in np.unique(table.y):
        members = np.flatnonzero(table.y == label)
        rows = np.intersect1d(chosen, members)
        if len(members) < 4 or not len(rows):
            continue
        looked_at += len(rows)
        k = min(_NEIGHBOURS, len(members))
        near = NearestNeighbors(n_neighbors=k).fit(columns[members]).kneighbors(columns[rows], return_distance=False)
        on_segment += [
            int(row) for row, n in zip(rows, near, strict=True) if _lies_between(columns[row], columns[members[n]])
        ]
    evidence = {"rows_looked_at": looked_at, "rows_on_segments": len(on_segment), "examples": on_segment[:5]}
    if len(on_segment) >= max(3, 0.01 * looked_at):
        words = (
            f"{len(on_segment)} of {count(looked_at, 'row')} looked at lie exactly between two rows of their class, as "
            "SMOTE makes them, before the split: resample inside the training folds."
        )
        return AuditCheck("interpolation", "found", words, evidence)
    if not looked_at:
        words = "No class has rows enough to lie between others."
        return AuditCheck("interpolation", "cannot be seen", words, evidence)
    return AuditCheck("interpolation", "not found", "No rows lie exactly between two rows of their class.", evidence)


def _lies_between(row: np.ndarray, neighbours: np.ndarray) -> bool:
    away = neighbours - row
    length = np.linalg.norm(away, axis=1)
    # Copies, and rows so near that rounding decides the direction.
    away, length = away[length > 1e-6], length[length > 1e-6]
    if len(away) < 2:
        return False
    directions = away / length[:, None]
    return bool((directions @ directions.T).min() <= _ON_SEGMENT)
