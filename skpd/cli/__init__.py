"""The command `skpd`, one module a command."""

# Importing a module registers its commands, in the order of the help.
from . import (  # noqa: F401
    _audit,
    _data,
    _extract,
    _predict,
    _report,
    _study_handwriting,
    _study_spiral,
    _study_tremor,
    _train,
    _view,
)
from ._app import app, main

__all__ = ["app", "main"]
