"""How the tables of results that figures are drawn from are checked."""

from __future__ import annotations

from collections.abc import Sequence

import pandas as pd

__all__ = ["check_table"]

_INTERVAL = ("low", "high")


def check_table(table: pd.DataFrame, keys: Sequence[str], metrics: Sequence[str] | None) -> pd.DataFrame:
    """Check a tidy table of scores and keep the rows of the metrics asked for.

    Parameters
    ----------
    table : DataFrame
        One score a row: the `keys`, ``metric``, ``value``, and optionally ``low`` and ``high``.
    keys : sequence of str
        Columns that, with the metric, name a score.
    metrics : sequence of str or None
        The metrics to keep, in order; None keeps all in order of appearance.

    Returns
    -------
    table : DataFrame
        The rows kept, with ``low`` and ``high`` always there (nan where unknown).

    Raises
    ------
    ValueError
        If a column or a metric is missing, a score is given twice, or an interval does not hold its value.
    """
    needed = [*keys, "metric", "value"]
    missing = [name for name in needed if name not in table.columns]
    if missing:
        raise ValueError(
            f"`table` expected the columns {', '.join(needed)}; got {list(table.columns)}, without "
            f"{', '.join(missing)}: pass a tidy table with one score a row."
        )
    known = list(dict.fromkeys(table["metric"]))
    wanted = known if metrics is None else list(metrics)
    unknown = [name for name in wanted if name not in known]
    if unknown or not wanted:
        raise ValueError(f"`metrics` expected some of {known}, which the table holds; got {wanted}.")
    kept = table[table["metric"].isin(wanted)].copy()
    for column in _INTERVAL:
        if column not in kept:
            kept[column] = float("nan")
    twice = kept.duplicated([*keys, "metric"])
    if twice.any():
        first = kept.loc[twice, [*keys, "metric"]].iloc[0].to_dict()
        raise ValueError(f"`table` expected one row for each score, got more than one for {first}: aggregate first.")
    outside = (kept["low"] > kept["value"]) | (kept["high"] < kept["value"])
    if outside.any():
        first = kept.loc[outside, [*needed, *_INTERVAL]].iloc[0].to_dict()
        raise ValueError(f"`table` expected low <= value <= high, got {first}: check how the interval was made.")
    return kept
