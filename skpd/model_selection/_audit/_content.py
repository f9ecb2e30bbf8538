"""What is on both sides of a split by its content: copies, near copies, shared samples."""

from __future__ import annotations

import numpy as np
from sklearn.metrics import pairwise_distances

from ._describe import describe
from ._report import AuditCheck, count
from ._table import Table

__all__ = ["check_duplicates", "check_near_copies", "check_shared_samples"]

#: A copy is told from a coincidence where fewer pairs of equal rows than this would be expected by chance.
_MAX_CHANCE_PAIRS = 1e-3
#: A near copy is at most this share of the distance to the nearest row of anybody else away,
_MAX_RATIO = 0.25
#: and among all rows looked at, fewer than this many so close would be expected.
_MAX_CHANCE_COPIES = 1e-3
#: Test rows looked at for near copies, over all folds, and the training rows of a fold that they are compared with.
_MAX_LOOKED_AT, _MAX_COMPARED = 1000, 50_000
#: Consecutive samples that two windows must share, of which so many must differ, since flat signals resemble another.
_RUN, _DISTINCT = 16, 8
#: Windows whose samples are compared, and columns from which a 2-D array may be windows.
_MAX_WINDOWS, _MIN_TIMESTEPS = 20_000, 32


def check_duplicates(table: Table) -> AuditCheck:
    """Rows of equal content on both sides."""
    _, first, sizes = np.unique(table.contents, return_index=True, return_counts=True)
    telling = _is_telling(table, first)
    copied, tested, between = 0, 0, 0
    example: list[int] = []
    for train, test in table.splits:
        tested += len(test)
        candidates = test[(sizes[table.contents[test]] > 1) & telling[table.contents[test]]]
        # A row that is itself on both sides is no copy; `check_rows` reports it.
        others = train[~np.isin(train, test)]
        copies = candidates[np.isin(table.contents[candidates], table.contents[others])]
        copied += len(copies)
        for row in copies[: None if table.groups is not None else 1]:
            twin = int(others[np.flatnonzero(table.contents[others] == table.contents[row])[0]])
            example = example or [int(row), twin]
            if table.groups is not None and len(copies) <= 2000:
                between += bool(table.groups[row] != table.groups[twin])
    chance = _chance_pairs(table, first)
    evidence = {
        "test_rows": tested,
        "test_rows_with_copy_in_training": copied,
        "of_these_under_another_subject": between,
        "example_test_and_training_row": example,
        "pairs_expected_by_chance": chance,
    }
    if chance > _MAX_CHANCE_PAIRS:
        words = (
            f"The values are too coarse: about {chance:.2g} pairs of equal rows are expected by chance, so that equal "
            "rows need not be copies."
        )
        return AuditCheck("duplicates", "cannot be seen", words, evidence)
    if copied:
        words = (
            f"{copied} of {count(tested, 'test row')} have an exact copy among the training rows, such as test row "
            f"{example[0]} and training row {example[1]}: remove copies, and oversample inside the training folds."
        )
        return AuditCheck("duplicates", "found", words, evidence)
    return AuditCheck("duplicates", "not found", "No test row has an exact copy among the training rows.", evidence)


def _is_telling(table: Table, rows: np.ndarray) -> np.ndarray:
    """Whether the content of each row could not be that of a flat signal: three values or more, or few columns."""
    if table.numbers is None:
        return np.ones(len(rows), dtype=bool)
    if table.numbers.shape[1] < 4:
        return ~np.isnan(table.numbers[rows].astype(float)).all(axis=1)
    ordered = np.sort(table.numbers[rows][:, :4096], axis=1)
    return (np.diff(ordered, axis=1) > 0).sum(axis=1) >= 2


def _chance_pairs(table: Table, rows: np.ndarray) -> float:
    """Equal pairs expected among different rows, if each column repeated its values on its own.

    Columns are not independent: the square root of the probability is taken, as if half of them told nothing new.
    """
    columns = table.column_sample(256)
    if columns is None:
        return 0.0
    n, log_probability = len(rows), 0.0
    for column in columns[rows].T:
        counts = np.unique(column, return_counts=True)[1]
        repeated = float(np.sum(counts * (counts - 1.0)) / (n * (n - 1))) if n > 1 else 0.0
        if repeated == 0:
            return 0.0
        log_probability += np.log(repeated)
    return float(n * (n - 1) / 2 * np.exp(log_probability / 2))


def check_near_copies(table: Table) -> AuditCheck:
    """Test rows far closer to a training row than rows of different people are to one another.

    Of each test row the distance to its nearest training row is divided by that to the nearest training row of a third
    person. Between unrelated rows this ratio r has the distribution r^d, d being the dimension of the data (Facco et
    al. 2017, who use it to find d); d is taken from the median ratio between other people.
    """
    described = describe(table)
    if described is None:
        words = "The rows have no common length: near copies are not looked for."
        return AuditCheck("near_copies", "cannot be seen", words, {})
    points, what, blind_spot = described
    people = np.arange(len(table)) if table.groups is None else _nobody_apart(table.groups)
    rng = np.random.default_rng(0)
    per_fold = max(1, _MAX_LOOKED_AT // max(1, len(table.splits)))
    nearest, unrelated, pairs = [], [], []
    for train, test in table.splits:
        train = train[~np.isin(train, test)]
        if len(train) > _MAX_COMPARED:
            train = np.sort(rng.choice(train, _MAX_COMPARED, replace=False))
        looked_at = np.sort(rng.choice(test, min(per_fold, len(test)), replace=False))
        for part in np.array_split(looked_at, -(-len(looked_at) * max(len(train), 1) // 4_000_000) or 1):
            ratios, others, twins = _ratios(points, table.contents, people, part, train)
            nearest += ratios.tolist()
            unrelated += others.tolist()
            pairs += list(zip(part.tolist(), twins.tolist(), strict=True))
    ratio, other = np.array(nearest), np.array(unrelated)
    other = other[np.isfinite(other) & (other > 0) & (other < 1)]
    if len(other) < 10:
        words = "Too few rows of different people to know how close unrelated rows are."
        return AuditCheck("near_copies", "cannot be seen", words, {"rows_looked_at": len(ratio)})
    dimension = float(np.log(0.5) / np.log(np.median(other)))
    chance = len(ratio) * np.nan_to_num(ratio, nan=1.0) ** dimension
    copies = np.flatnonzero((chance < _MAX_CHANCE_COPIES) & (ratio <= _MAX_RATIO))
    evidence = {
        "compared_by": what,
        "test_rows_looked_at": len(ratio),
        "near_copies": len(copies),
        "smallest_ratio": float(np.nanmin(ratio)),
        "median_ratio_between_other_people": float(np.median(other)),
        "dimension": dimension,
        "copies_expected_by_chance_at_smallest_ratio": float(np.min(chance)),
    }
    if len(copies):
        row, twin = pairs[copies[np.argmin(ratio[copies])]]
        evidence["example_test_and_training_row"] = [row, twin]
        words = (
            f"{len(copies)} of {count(len(ratio), 'test row')} looked at are nearly copies of a training row (closer "
            f"than {_MAX_RATIO:g} times the nearest row of anybody else, by {what}), such as test row {row} and "
            f"training row {twin}: keep what was made of one recording or drawing on one side."
        )
        return AuditCheck("near_copies", "found", words, evidence)
    if table.groups is None:
        words = "No pair stands out by its closeness; larger families of copies are seen with groups only."
        return AuditCheck("near_copies", "cannot be seen", words, evidence)
    return AuditCheck(
        "near_copies", "not found", f"No test row is nearly a training row, by {what}.{blind_spot}", evidence
    )


def _nobody_apart(groups: np.ndarray) -> np.ndarray:
    """Give every row of nobody a subject of its own."""
    people = groups.copy()
    nobody = np.flatnonzero(people < 0)
    people[nobody] = people.max(initial=-1) + 1 + np.arange(len(nobody))
    return people


def _ratios(
    points: np.ndarray, contents: np.ndarray, people: np.ndarray, test: np.ndarray, train: np.ndarray
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Return, for each test row, nearest over nearest of a third person; the same between others; the nearest row."""
    order = train[np.argsort(people[train], kind="stable")]
    names, begin = np.unique(people[order], return_index=True)
    if len(names) < 2:
        nothing = np.full(len(test), np.nan)
        return nothing, nothing, np.full(len(test), -1)
    distances = pairwise_distances(points[test], points[order])
    # Exact copies are the matter of another check.
    distances[contents[test][:, None] == contents[order][None, :]] = np.inf
    twins = order[np.argmin(distances, axis=1)]
    by_person = np.minimum.reduceat(distances, begin, axis=1)
    own = names[None, :] == people[test][:, None]
    others = np.sort(np.where(own, np.inf, by_person), axis=1)
    others = np.pad(others, ((0, 0), (0, max(0, 2 - others.shape[1]))), constant_values=np.inf)
    closest_own = np.min(np.where(own, by_person, np.inf), axis=1)
    with np.errstate(invalid="ignore", divide="ignore"):
        between = np.where(np.isfinite(others[:, 1]), others[:, 0] / others[:, 1], np.nan)
        ratio = np.where(closest_own < others[:, 0], closest_own / others[:, 0], between)
    return ratio, between, twins


def check_shared_samples(table: Table) -> AuditCheck:
    """Raw windows that have a run of samples in common at different places: windows that overlap."""
    X = table.X
    usable = isinstance(X, np.ndarray) and X.dtype.kind in "fiu" and X.ndim in (2, 3) and X.shape[1] >= _MIN_TIMESTEPS
    if not usable:
        words = "Overlap by content is visible in raw windows only, as an array (n, n_timesteps[, n_channels])."
        return AuditCheck("shared_samples", "cannot be seen", words, {})
    n = len(X)
    rng = np.random.default_rng(0)
    looked_at = np.arange(n) if n <= _MAX_WINDOWS else np.sort(rng.choice(n, _MAX_WINDOWS, replace=False))
    samples = _sample_codes(X[looked_at])
    # The runs of all windows at all places. A pair that shares a run at two places is an overlap; at the same place it
    # may be a copy, or channels that never change.
    hashes, rows, places = _runs(samples)
    order = np.argsort(hashes, kind="stable")
    hashes, rows, places = hashes[order], looked_at[rows[order]], places[order]
    neighbours = _linked(hashes, rows, places)
    overlapping, tested = 0, 0
    example: list[int] = []
    for train, test in table.splits:
        is_train, is_test = np.zeros(n, dtype=bool), np.zeros(n, dtype=bool)
        is_train[train], is_test[test] = True, True
        is_train &= ~is_test
        linked = np.concatenate(
            [
                neighbours[is_test[neighbours[:, 0]] & is_train[neighbours[:, 1]]],
                neighbours[is_test[neighbours[:, 1]] & is_train[neighbours[:, 0]]][:, ::-1],
            ]
        )
        tested += int(is_test[looked_at].sum())
        overlapping += len(np.unique(linked[:, 0]))
        if len(linked) and not example:
            example = linked[0].tolist()
    evidence = {
        "test_windows_looked_at": tested,
        "test_windows_sharing_samples": overlapping,
        "samples_in_a_run": _RUN,
        "example_test_and_training_row": example,
    }
    if overlapping:
        words = (
            f"{overlapping} of {count(tested, 'test window')} looked at share {_RUN} or more consecutive samples with "
            f"a training window, such as test row {example[0]} and training row {example[1]}: split whole recordings."
        )
        return AuditCheck("shared_samples", "found", words, evidence)
    words = (
        f"No test window shares {_RUN} consecutive samples with a training window. Overlap of windows that were "
        "filtered or scaled one by one would not be seen."
    )
    return AuditCheck("shared_samples", "not found", words, evidence)


def _sample_codes(X: np.ndarray) -> np.ndarray:
    """Return one 64-bit number a timestep, of all its channels."""
    X = X[:, :, None] if X.ndim == 2 else X
    codes = np.zeros(X.shape[:2], dtype=np.uint64)
    for channel in range(X.shape[2]):
        bits = np.ascontiguousarray(X[:, :, channel], dtype=np.float64).view(np.uint64)
        bits = (bits ^ (bits >> np.uint64(31))) * np.uint64(0xBF58476D1CE4E5B9)
        codes = codes * np.uint64(0x9E3779B97F4A7C15) + (bits ^ (bits >> np.uint64(29)))
    return codes


def _runs(codes: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Return hash, row and place of runs of samples, thinned by content so that two windows keep the same ones."""
    places = codes.shape[1] - _RUN + 1
    hashes = np.zeros((len(codes), places), dtype=np.uint64)
    for k in range(_RUN):
        hashes = hashes * np.uint64(0x94D049BB133111EB) + codes[:, k : k + places]
    # Of long tables every eighth run, chosen by its hash: an overlap of some dozens of samples still has several.
    kept = (hashes >> np.uint64(40)) % np.uint64(8) == 0 if codes.size > 500_000 else np.ones(hashes.shape, dtype=bool)
    rows, starts = np.nonzero(kept)
    _, inverse, sizes = np.unique(hashes[rows, starts], return_inverse=True, return_counts=True)
    repeated = sizes[inverse] > 1
    rows, starts = rows[repeated], starts[repeated]
    distinct = np.sort(codes[rows[:, None], starts[:, None] + np.arange(_RUN)], axis=1)
    telling = 1 + (np.diff(distinct, axis=1) > 0).sum(axis=1) >= _DISTINCT
    rows, starts = rows[telling], starts[telling]
    return hashes[rows, starts], rows, starts


def _linked(hashes: np.ndarray, rows: np.ndarray, places: np.ndarray) -> np.ndarray:
    """Return pairs of different rows that have a run at different places, from hashes in order."""
    pairs = [np.empty((0, 2), dtype=int)]
    # A run occurs in as many windows as overlap there: few, so that neighbours in the order reach all of them.
    for step in range(1, 9):
        same = hashes[step:] == hashes[:-step]
        same &= (rows[step:] != rows[:-step]) & (places[step:] != places[:-step])
        pairs.append(np.column_stack([rows[:-step][same], rows[step:][same]]))
        if not same.any():
            break
    return np.unique(np.concatenate(pairs), axis=0)
