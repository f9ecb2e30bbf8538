"""The kernel of condensed nearest neighbours."""

from __future__ import annotations

import numpy as np

from .._compile import compiled

__all__ = ["condense"]

#: Features whose squared differences are summed before the sum is compared: long enough for vector instructions.
_BLOCK = 16


@compiled(fastmath={"reassoc"})
def squared_distance(a, b, limit):
    """Return the squared distance of two points, or a part of it that reaches `limit` already."""
    total = 0.0
    for start in range(0, len(a), _BLOCK):
        part = 0.0
        for k in range(start, min(start + _BLOCK, len(a))):
            part += (a[k] - b[k]) * (a[k] - b[k])
        total += part
        if total >= limit:
            break
    return total


@compiled()
def condense(X, members, rare, seeds):
    """Select the rows of a class that one nearest neighbour needs, in one pass over them.

    Parameters
    ----------
    X : ndarray of shape (n, n_features), float64
        All rows.
    members : ndarray of int
        The rows of the class.
    rare : ndarray of int
        The rows of the rarest class.
    seeds : ndarray of int
        Positions in `members` of the rows to start from.

    Returns
    -------
    selected : ndarray of int
        The seeds, then the rows added, in order.
    """
    selected = np.empty(len(seeds) + len(members), dtype=np.int64)
    # imbalanced-learn passes over the positions that equal the row of a selected sample; so does this.
    passed = np.zeros(len(X), dtype=np.bool_)
    n = 0
    for seed in seeds:
        selected[n] = members[seed]
        passed[members[seed]] = True
        n += 1
    for position in range(len(members)):
        if passed[position]:
            continue
        row = X[members[position]]
        to_rare = np.inf
        for i in rare:
            to_rare = min(to_rare, squared_distance(row, X[i], to_rare))
        known = False
        # The latest first: neighbours in time are neighbours in the table.
        for j in range(n - 1, -1, -1):
            if squared_distance(row, X[selected[j]], to_rare) < to_rare:
                known = True
                break
        if not known:
            selected[n] = members[position]
            passed[members[position]] = True
            n += 1
    return selected[:n]
