"""Names given to a study, compared with those it knows."""

from __future__ import annotations

from collections.abc import Sequence

__all__ = ["check_names"]


def check_names(parameter: str, names: Sequence[str], known: dict) -> None:
    """Refuse an empty list and names that are not known."""
    if not names:
        raise ValueError(f"{parameter}: expected at least one of {', '.join(known)}; got none.")
    for name in names:
        if name not in known:
            raise ValueError(f"{parameter}: expected among {', '.join(known)}; got {name!r}.")
