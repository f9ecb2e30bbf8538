"""Docstrings of everything public, held against numpydoc's rules and the signatures."""

import dataclasses
import importlib
import inspect
import pkgutil
import re

import pytest
from numpydoc.validate import validate

import skpd

#: numpydoc's rules that hold here: a summary that is a sentence, every parameter documented once, in order and
#: described, what is returned or yielded, no section misspelt.
RULES = {"GL06", "GL08", "SS01", "SS03", "PR01", "PR02", "PR03", "PR07", "RT01", "RT03"}
#: What needs files or a terminal; tests run them.
NO_EXAMPLE = re.compile("load_|run_.+|StudyResults$")


def is_record(thing):
    """Whether it is a dataclass or named tuple, which functions return and whose attributes are documented."""
    return inspect.isclass(thing) and (dataclasses.is_dataclass(thing) or hasattr(thing, "_fields"))


def public_names():
    for folder in sorted(m.name for m in pkgutil.iter_modules(skpd.__path__) if m.ispkg and m.name != "cli"):
        module = importlib.import_module(f"skpd.{folder}")
        for name in module.__all__:
            thing = getattr(module, name)
            if inspect.isclass(thing) or inspect.isroutine(thing):
                yield f"skpd.{folder}.{name}"


def find(path):
    module, _, name = path.rpartition(".")
    return getattr(importlib.import_module(module), name)


def methods(path):
    thing = find(path)
    if not inspect.isclass(thing):
        return
    for attribute, value in vars(thing).items():
        written_here = getattr(value, "__module__", "").startswith("skpd.")
        if not attribute.startswith("_") and inspect.isroutine(value) and written_here:
            yield f"{path}.{attribute}"


@pytest.mark.parametrize("path", list(public_names()))
def test_docstring_and_signature_agree(path):
    problems = [
        f"{checked}: {code} {text}"
        for checked in (path, *methods(path))
        for code, text in validate(checked)["errors"]
        if code in RULES
        and not (checked == path and code == "PR01" and is_record(find(path)))
        and not (code == "RT01" and "Yields\n" in inspect.getdoc(find(path)))
    ]
    assert not problems, "\n".join(problems)


@pytest.mark.parametrize("path", list(public_names()))
def test_public_names_have_an_example(path):
    thing, name = find(path), path.rpartition(".")[2]
    is_error = inspect.isclass(thing) and issubclass(thing, Exception)
    if (NO_EXAMPLE.match(name) and name != "run_study") or is_record(thing) or is_error:
        pytest.skip("needs files or a terminal, or is a record that functions return")
    assert ">>>" in (inspect.getdoc(thing) or ""), f"{path} has no example that runs"
