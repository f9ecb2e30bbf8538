"""How kernels are compiled; imported by the modules of kernels alone, since it loads numba."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from numba import njit

__all__ = ["compiled"]


def compiled(signature: str | None = None, **options: Any) -> Callable:
    """Compile a kernel without the interpreter lock, and keep the machine code for later processes.

    An installation that nobody can write to, for a user who has no cache folder either, compiles in every process.

    Parameters
    ----------
    signature : str or None, default=None
        Compiled for these types when the module is imported; None compiles for the types of the first call.
    **options
        Further options of `numba.njit`.

    Returns
    -------
    decorate : callable
        The decorator.
    """
    options = {"signature_or_function": signature, "nogil": True, "error_model": "numpy", **options}

    def decorate(function: Callable) -> Callable:
        try:
            return njit(cache=True, **options)(function)
        except RuntimeError as error:
            if "no locator available" not in str(error):
                raise
            return njit(**options)(function)

    return decorate
