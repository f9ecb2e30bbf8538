"""Which rows early stopping watches."""

from __future__ import annotations

import numpy as np

__all__ = ["hold_out"]


def hold_out(
    codes: np.ndarray, groups: np.ndarray | None, fraction: float, rng: np.random.Generator
) -> tuple[np.ndarray, np.ndarray]:
    """Split rows into those to train on and those to watch; every class keeps rows to train on.

    Parameters
    ----------
    codes : ndarray of shape (n,)
        The class of each row, coded from 0.
    groups : ndarray of shape (n,) or None
        The person of each row. A person is never on both sides.
    fraction : float
        The share to watch. Approximate by group, and for classes of few rows.
    rng : Generator
        Draws the rows or groups.

    Returns
    -------
    training, watched : ndarray of int
        Sorted positions.

    Raises
    ------
    ValueError
        If nothing can be watched without taking all rows of a class.
    """
    watched = _watch_rows(codes, fraction, rng) if groups is None else _watch_groups(codes, groups, fraction, rng)
    return np.flatnonzero(~watched), np.flatnonzero(watched)


def _watch_rows(codes: np.ndarray, fraction: float, rng: np.random.Generator) -> np.ndarray:
    """Draw the same share of each class, by largest remainder, and never the last row of one."""
    counts = np.bincount(codes)
    room = np.maximum(counts - 1, 0)
    if not room.any():
        raise ValueError(
            f"expected a class with two samples or more, to hold one out for early stopping, found "
            f"n_samples={len(codes)} and no such class: fit on more samples, or set early_stopping=False."
        )
    share = fraction * counts
    take = np.minimum(np.floor(share).astype(int), room)
    wanted = max(1, round(fraction * len(codes)))
    # Ties between classes of equal size are broken at random, lest the first class always pays.
    for code in np.lexsort((rng.random(len(counts)), take - share)):
        if take.sum() < wanted and take[code] < room[code]:
            take[code] += 1
    watched = np.zeros(len(codes), dtype=bool)
    for code, n in enumerate(take):
        watched[rng.permutation(np.flatnonzero(codes == code))[:n]] = True
    return watched


def _watch_groups(codes: np.ndarray, groups: np.ndarray, fraction: float, rng: np.random.Generator) -> np.ndarray:
    """Add groups while that brings the watched rows of each class closer to their share."""
    names, members = np.unique(groups, return_inverse=True)
    table = np.zeros((len(names), codes.max() + 1), dtype=int)
    np.add.at(table, (members, codes), 1)
    total = table.sum(axis=0)
    target = fraction * total
    watched, chosen = np.zeros_like(total), np.zeros(len(names), dtype=bool)
    order = rng.permutation(len(names))
    while True:
        # Candidates leave every class rows to train on; of equally good ones the first in the random order.
        candidates = [g for g in order if not chosen[g] and np.all((watched + table[g] < total) | (total == 0))]
        if not candidates:
            break
        # Relative to the size of a class, so that a rare class weighs as much as the common one.
        distance = [np.sum(((watched + table[g] - target) / np.maximum(total, 1)) ** 2) for g in candidates]
        best = int(np.argmin(distance))
        if chosen.any() and distance[best] >= np.sum(((watched - target) / np.maximum(total, 1)) ** 2):
            break
        chosen[candidates[best]] = True
        watched = watched + table[candidates[best]]
    if not chosen.any():
        raise ValueError(
            f"expected groups of which one can be held out for early stopping, found {len(names)} group(s), each with "
            "all samples of some class: fit on more people, or set early_stopping=False."
        )
    return chosen[members]
