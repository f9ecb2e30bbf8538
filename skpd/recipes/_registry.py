"""The recipes by name."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pandas as pd

from ._naseer import make_naseer
from ._pen import (
    make_pen_adaboost,
    make_pen_confound,
    make_pen_forest,
    make_pen_knn,
    make_pen_svm,
)
from ._spiral import make_hwa1, make_hwa2, make_hwa3
from ._tremor import make_tremor_recipe

__all__ = ["list_recipes", "make_recipe"]

_RECIPES: dict[str, Callable[..., Any]] = {
    "tremor": make_tremor_recipe,
    "hwa1": make_hwa1,
    "hwa2": make_hwa2,
    "hwa3": make_hwa3,
    "pen-svm": make_pen_svm,
    "pen-adaboost": make_pen_adaboost,
    "pen-knn": make_pen_knn,
    "pen-forest": make_pen_forest,
    "pen-confound": make_pen_confound,
    "naseer": make_naseer,
}


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
    ['tremor', 'hwa1', 'hwa2', 'hwa3', 'pen-svm', 'pen-adaboost', 'pen-knn', 'pen-forest', 'pen-confound', 'naseer']
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
        Unfitted; recordings, drawings or pen trajectories in, one prediction each out.

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
