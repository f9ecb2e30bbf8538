"""The command `skpd`, one module a command."""

# Importing a module registers its commands, in the order of the help.
from . import _data, _extract, _study_tremor  # noqa: F401
from ._app import app, main

__all__ = ["app", "main"]
