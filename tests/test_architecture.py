"""Who may import whom, what is loaded when, and what a public name owes its reader."""

import ast
import importlib
import inspect
import pkgutil
import subprocess
import sys
from pathlib import Path

import pytest

import skpd

ROOT = Path(skpd.__file__).parent
GROUND_FLOOR = {
    "signal",
    "features",
    "resampling",
    "images",
    "neural",
    "metrics",
    "model_selection",
    "datasets",
    "plotting",
}
#: What a folder may import besides the private modules of the package's root.
MAY_IMPORT = {folder: {folder} for folder in GROUND_FLOOR}
MAY_IMPORT["plotting"] |= {"metrics"}
MAY_IMPORT["recipes"] = GROUND_FLOOR | {"recipes"}
MAY_IMPORT["studies"] = MAY_IMPORT["recipes"] | {"studies"}
MAY_IMPORT["models"] = MAY_IMPORT["studies"] | {"models"}
MAY_IMPORT["pages"] = MAY_IMPORT["models"] | {"pages"}
MAY_IMPORT["cli"] = MAY_IMPORT["pages"] | {"cli"}
ROOT_MODULES = {"_compile", "_recordings", "_version", "exceptions"}
HEAVY = {"keras", "scikeras", "tensorflow", "tsfresh"}
MODULES = sorted(ROOT.rglob("*.py"))


def imports(file):
    """Yield (module, whether it is imported when the file is) for every import of a file."""
    tree = ast.parse(file.read_text(encoding="utf-8"))
    eager = {id(node) for node in tree.body}
    package = ["skpd", *file.relative_to(ROOT).parts[:-1]]
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            names = [alias.name for alias in node.names]
        elif isinstance(node, ast.ImportFrom):
            base = package[: len(package) - node.level + 1] if node.level else []
            module = ".".join([*base, *([node.module] if node.module else [])])
            names = [f"{module}.{alias.name}" if node.module is None else module for alias in node.names]
        else:
            continue
        for name in names:
            yield name, id(node) in eager


@pytest.mark.parametrize("file", MODULES, ids=lambda f: str(f.relative_to(ROOT)))
def test_nothing_imports_upwards(file):
    home = file.relative_to(ROOT).parts[0].removesuffix(".py")
    if home in ("__init__", *ROOT_MODULES):
        pytest.skip("the root offers names lazily; test_import_is_quick watches it")
    for name, _ in imports(file):
        if name.startswith("skpd."):
            target = name.split(".")[1]
            assert target in MAY_IMPORT[home] | ROOT_MODULES, f"{home} must not import {target}"


@pytest.mark.parametrize("file", MODULES, ids=lambda f: str(f.relative_to(ROOT)))
def test_heavy_packages_stay_in_their_rooms_and_lazy(file):
    place = str(file.relative_to(ROOT))
    for name, eager in imports(file):
        package = name.split(".")[0]
        if package in HEAVY:
            assert place == "features/_tsfresh.py" if package == "tsfresh" else place.startswith("neural/")
            assert not eager, f"{place} imports {name} before it is used"


def test_import_is_quick_and_loads_no_network():
    code = (
        "import sys, time; start = time.perf_counter(); import skpd; took = time.perf_counter() - start;"
        "assert took < 2, f'import skpd took {took:.1f} s';"
        "from skpd import TremorBandFilter, TremorFeatures, Windowizer, WindowedClassifier, VectorMagnitude;"
        f"assert not {HEAVY!r} & set(sys.modules), sorted({HEAVY!r} & set(sys.modules))"
    )
    subprocess.run([sys.executable, "-c", code], check=True, timeout=120)


def public_modules():
    return [f"skpd.{m.name}" for m in pkgutil.iter_modules([str(ROOT)]) if m.ispkg]


@pytest.mark.parametrize("name", ["skpd", *public_modules()])
def test_every_public_name_exists_and_is_documented(name):
    module = importlib.import_module(name)
    assert module.__doc__
    for public in module.__all__:
        thing = getattr(module, public)
        if inspect.isclass(thing) or inspect.isfunction(thing):
            assert (thing.__doc__ or "").strip(), f"{name}.{public} has no docstring"


def test_unknown_name_is_an_attribute_error():
    with pytest.raises(AttributeError, match="TremorFilter"):
        skpd.TremorFilter  # noqa: B018
    assert "TremorBandFilter" in dir(skpd)
