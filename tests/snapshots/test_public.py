"""What everything public takes, and what it is made with."""

import importlib
import inspect
import pkgutil

import pytest

import skpd
from skpd.recipes import (
    list_recipes,
    make_recipe,
    published_handwriting_scores,
    published_spiral_scores,
    published_tremor_scores,
)

from .conftest import settings

#: Where public names are defined.
PACKAGES = [module.name for module in pkgutil.iter_modules(skpd.__path__) if module.ispkg and module.name != "cli"]


def test_recipes(snapshot):
    given = {"tremor": {"sampling_rate": 50.0}, "naseer": {"source": "imagenet", "mode": "freeze"}}
    lines = [f"{row.name}: {row.summary}" for row in list_recipes().itertuples(index=False)]
    for name in list_recipes()["name"]:
        options = {"random_state": 3} if name != "pen-confound" else {}
        lines += ["", f"{name}: {settings(make_recipe(name, **given.get(name, {}), **options))}"]
    snapshot("\n".join(lines))


def takes(thing):
    """The parameters of something that is called, with their defaults."""
    known = inspect.signature(thing).parameters.values()
    given = [str(p.replace(annotation=p.empty, default=p.empty)) for p in known]
    texts = [g if p.default is p.empty else f"{g}={settings(p.default)}" for g, p in zip(given, known, strict=True)]
    return f"({', '.join(texts)})"


@pytest.mark.parametrize("package", PACKAGES)
def test_parameters(package, snapshot):
    """What everything public takes, and the defaults."""
    module = importlib.import_module(f"skpd.{package}")
    lines = []
    for name in sorted(module.__all__):
        thing = getattr(module, name)
        if not callable(thing):
            lines.append(f"{name} = {settings(thing)}")
            continue
        error = inspect.isclass(thing) and issubclass(thing, Exception)
        lines.append(name if error else f"{name}{takes(thing)}")
        for method in sorted(vars(thing)) if inspect.isclass(thing) else []:
            if callable(getattr(thing, method)) and not method.startswith("_"):
                lines.append(f"    .{method}{takes(getattr(thing, method))}")
    snapshot("\n".join(lines))


def test_published_scores(snapshot):
    tables = [published_tremor_scores(), published_spiral_scores(), published_handwriting_scores()]
    snapshot("\n".join(table.to_csv(index=False) for table in tables))
