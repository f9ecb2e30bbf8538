"""The recipes by name."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pandas as pd

from ._tremor import make_tremor_recipe

__all__ = ["list_recipes", "make_recipe"]

_RECIPES: dict[str, Callable[..., Any]] = {"tremor": make_tremor_recipe}


def list_recipes() -> pd.DataFrame:
    """List the published systems that can be built.

    Returns
    -------
    recipes : DataFrame
        One row a recipe: `name` and `summary`, the first sentence of its documentation.

    Examples
    --------
    >>> from skpd.recipes import list_recipes
    >>> list_recipes()["name"].tolist()
    ['tremor']
    """
    rows = [(name, (make.__doc__ or "").strip().splitlines()[0]) for name, make in _RECIPES.items()]
    return pd.DataFrame(rows, columns=["name", "summary"])


def make_recipe(name: str, **parameters: Any) -> Any:
    """Build a published system as one estimator.

    Parameters
    ----------
    name : str
        A name of `list_recipes`.
    **parameters
        Passed to the recipe; see the function that its page names.

    Returns
    -------
    estimator : estimator
        Unfitted; recordings or drawings in, one prediction each out.

    Raises
    ------
    ValueError
        If there is no recipe of that name.

    Examples
    --------
    >>> from skpd.recipes import make_recipe
    >>> list(make_recipe("tremor", sampling_rate=50.0).named_steps)
    ['vectormagnitude', 'tremorbandfilter', 'windowedclassifier']
    """
    if name not in _RECIPES:
        raise ValueError(f"name: expected one of {', '.join(map(repr, _RECIPES))}, got {name!r}.")
    return _RECIPES[name](**parameters)
