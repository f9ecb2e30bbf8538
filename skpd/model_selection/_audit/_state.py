"""What an estimator brings along before it is fitted: rows, labels, statistics of the whole table, fitted steps."""

from __future__ import annotations

import functools
import sys
import types
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from sklearn.base import clone

from ._report import AuditCheck
from ._spy import MIN_WIDTH
from ._table import Table, fingerprint_rows, numbers_of

__all__ = ["check_state"]

#: Objects visited at most; estimators have some hundreds.
_MAX_OBJECTS = 20_000
_LEAVES = (str, bytes, int, float, complex, bool, type(None), type, types.ModuleType, np.dtype, np.generic, Path)
_ROOT = Path(__file__).parents[2]


def check_state(table: Table, estimator: Any) -> AuditCheck:
    """Test rows, labels or statistics within reach of an estimator that has not been fitted yet."""
    if estimator is None:
        return AuditCheck("state", "cannot be seen", "No estimator was given.", {})
    tested = np.unique(np.concatenate([test for _, test in table.splits]))
    rows = np.unique(fingerprint_rows(table.X, single=True)[tested])
    width = table.numbers.shape[1] if table.numbers is not None else MIN_WIDTH
    enough = 1 if width >= MIN_WIDTH else max(2, len(rows) // 2)
    statistics = _statistics(table)
    held: dict[str, str] = {}
    fitted: list[str] = []
    for path, value in _reachable(clone(estimator)):
        if hasattr(value, "fit") and _is_fitted(value):
            fitted.append(path)
            continue
        if (what := _what_is_held(value, table, rows, enough, statistics)) is not None:
            held[path] = what
    evidence = {"held": held, "fitted_before": fitted}
    if held:
        path, what = next(iter(held.items()))
        words = (
            f"Before it is fitted, {path} {what}: it must not know the table that it is tested on. (A function that "
            "only takes column names from the table is reported too: pass the names.)"
        )
        return AuditCheck("state", "found", words, evidence)
    if fitted:
        words = (
            f"{', '.join(fitted[:3])}: fitted before and not fitted anew in a fold. Whether on test rows cannot be "
            "seen here; a network trained on other data is no leak."
        )
        return AuditCheck("state", "cannot be seen", words, evidence)
    words = "Unfitted, the estimator holds no row, labels or statistics of the table."
    return AuditCheck("state", "not found", words, evidence)


def _statistics(table: Table) -> dict[str, np.ndarray]:
    """Return the statistics of all rows by name, where they differ from those of the training rows of a fold."""
    if table.numbers is None or table.numbers.size > 50_000_000:
        return {}
    values = table.numbers.astype(np.float64)
    if np.isnan(values).all(axis=0).any():
        return {}
    functions: dict[str, Callable[..., Any]] = {
        "mean": np.nanmean,
        "median": np.nanmedian,
        "variance": np.nanvar,
        "standard deviation": np.nanstd,
        "standard deviation (n - 1)": functools.partial(np.nanstd, ddof=1),
        "minimum": np.nanmin,
        "maximum": np.nanmax,
    }
    train = values[table.splits[0][0]]
    if len(train) < 2 or np.isnan(train).all(axis=0).any():
        return {}
    every = {name: function(values, axis=0) for name, function in functions.items()}
    return {name: value for name, value in every.items() if not np.allclose(value, functions[name](train, axis=0))}


def _is_fitted(value: Any) -> bool:
    if isinstance(value, type) or not hasattr(value, "__dict__"):
        return False
    return any(name.endswith("_") and not name.startswith("_") for name in vars(value))


def _what_is_held(
    value: Any, table: Table, rows: np.ndarray, enough: int, statistics: dict[str, np.ndarray]
) -> str | None:
    """Say what of the table a value is, None if nothing."""
    array = value.to_numpy() if isinstance(value, (pd.Series, pd.Index)) else value
    if isinstance(array, (list, tuple)):
        if not array or not all(isinstance(x, (float, int, np.generic, np.ndarray, list)) for x in array):
            return None
        if all(np.ndim(x) > 0 for x in array):
            array = pd.Series(list(array), dtype=object).to_numpy() if numbers_of(array) is None else np.asarray(array)
        else:
            try:
                array = np.asarray(array)
            except ValueError:
                return None
    if isinstance(array, np.ndarray) and array.ndim == 1 and array.dtype != object:
        if len(array) == len(table) > 8 and len(np.unique(table.y)) > 1 and np.array_equal(array, table.y):
            return "holds the labels of all rows"
        for name, statistic in statistics.items():
            if array.shape == statistic.shape and array.dtype.kind == "f" and np.allclose(array, statistic, rtol=1e-7):
                return f"holds the {name} of all rows"
        return None
    if isinstance(array, (np.ndarray, pd.DataFrame)) or hasattr(array, "toarray"):
        numbers = numbers_of(array)
        same_width = table.numbers is None or (numbers is not None and numbers.shape[1] == table.numbers.shape[1])
        if not np.size(array) or not same_width:
            return None
        met = int(np.isin(rows, fingerprint_rows(array, single=True)).sum())
        if met >= enough:
            return f"holds {met} of the {len(rows)} rows that are tested"
        if numbers is not None and numbers.ndim == 2 and len(numbers) == 1:
            return _what_is_held(numbers[0], table, rows, enough, statistics)
    return None


def _reachable(root: Any) -> Iterator[tuple[str, Any]]:
    """Yield everything that an estimator can read, with how it is reached: attributes, closures, defaults, globals."""
    queue: list[tuple[str, Any]] = [(type(root).__name__, root)]
    visited: set[int] = set()
    keep = []
    while queue and len(visited) < _MAX_OBJECTS:
        path, value = queue.pop(0)
        if isinstance(value, _LEAVES) or id(value) in visited:
            continue
        visited.add(id(value))
        # Without it, another object may get the id of one that was made here.
        keep.append(value)
        yield path, value
        queue += _children(path, value)


def _children(path: str, value: Any) -> list[tuple[str, Any]]:
    if isinstance(value, (pd.DataFrame, pd.Series, pd.Index)) or hasattr(value, "toarray"):
        return []
    if isinstance(value, np.ndarray):
        return []
    if isinstance(value, dict):
        return [(f"{path}[{key!r}]", item) for key, item in value.items()]
    if isinstance(value, (list, tuple, set, frozenset)):
        if len(value) > 1000:
            return []
        named = [x for x in value if isinstance(x, tuple) and len(x) >= 2 and isinstance(x[0], str)]
        if named and len(named) == len(value):
            return [(f"{path.removesuffix('.steps')}[{x[0]!r}]", part) for x in named for part in x[1:]]
        return [(f"{path}[{i}]", item) for i, item in enumerate(value)]
    if isinstance(value, types.MethodType):
        return [(f"{path}.{value.__name__}", value.__self__), (path, value.__func__)]
    if isinstance(value, functools.partial):
        return [(path, value.func), (f"{path} arguments", value.args), (f"{path} arguments", value.keywords)]
    if isinstance(value, types.FunctionType):
        return _within_reach_of_function(path, value)
    children = [(f"{path}.{name}", item) for name, item in vars(value).items()] if hasattr(value, "__dict__") else []
    if _is_users(type(value).__module__):
        for cls in type(value).__mro__:
            if _is_users(cls.__module__):
                children += [
                    (f"{path}.{name}", member)
                    for name, member in vars(cls).items()
                    if isinstance(member, (types.FunctionType, np.ndarray, pd.DataFrame))
                ]
    return children


def _within_reach_of_function(path: str, function: types.FunctionType) -> list[tuple[str, Any]]:
    if not _is_users(function.__module__):
        return []
    reach = []
    for name, cell in zip(function.__code__.co_freevars, function.__closure__ or (), strict=True):
        try:
            reach.append((f"{path} (variable {name})", cell.cell_contents))
        except ValueError:
            continue  # Not assigned yet.
    for default in (*(function.__defaults__ or ()), *(function.__kwdefaults__ or {}).values()):
        reach.append((f"{path} (default)", default))
    for name in _global_names(function.__code__):
        if name in function.__globals__:
            reach.append((f"{path} (global {name})", function.__globals__[name]))
    return reach


def _global_names(code: types.CodeType) -> set[str]:
    names = set(code.co_names)
    for constant in code.co_consts:
        if isinstance(constant, types.CodeType):
            names |= _global_names(constant)
    return names


@functools.cache
def _is_users(module: str | None) -> bool:
    """Whether a module is the user's own: not of the standard library, an installed package or skpd."""
    if module is None:
        return True
    if module.partition(".")[0] in sys.stdlib_module_names and module != "__main__":
        return False
    file = getattr(sys.modules.get(module), "__file__", None)
    if file is None:
        return module not in sys.builtin_module_names
    path = Path(file)
    return not {"site-packages", "dist-packages"} & set(path.parts) and _ROOT not in path.parents
