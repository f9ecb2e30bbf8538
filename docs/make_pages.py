"""Pages that the code knows best: the API reference, dataset cards and recipes, written before each build.

``python docs/make_pages.py`` writes them by hand; the build does so by itself. They are not kept in the repository.
"""

from __future__ import annotations

import importlib
import inspect
import pkgutil
from pathlib import Path

import skpd
from skpd.datasets import dataset_info, list_datasets

#: Folders in the order in which data go through them.
FOLDERS = (
    "datasets",
    "signal",
    "features",
    "images",
    "resampling",
    "neural",
    "model_selection",
    "metrics",
    "recipes",
    "studies",
    "plotting",
    "models",
    "pages",
)


def write(docs: Path) -> None:
    """Write every page below `docs`."""
    _write_reference(docs / "reference")
    _write_datasets(docs / "datasets.md")


def _write_reference(folder: Path) -> None:
    folder.mkdir(exist_ok=True)
    present = {m.name for m in pkgutil.iter_modules(skpd.__path__) if m.ispkg and m.name != "cli"}
    missing = present - set(FOLDERS)
    if missing:
        raise ValueError(f"FOLDERS of {Path(__file__).name} lacks {sorted(missing)}: name every folder once.")
    pages = [name for name in FOLDERS if name in present]
    for name in pages:
        module = importlib.import_module(f"skpd.{name}")
        summary = inspect.getdoc(module) or ""
        title = f"skpd.{name}"
        lines = [title, "=" * len(title), "", f".. currentmodule:: skpd.{name}", "", _as_rst(summary), ""]
        lines += [".. autosummary::", "   :toctree: generated/", "   :nosignatures:", ""]
        lines += [f"   {public}" for public in sorted(module.__all__, key=str.lower) if _is_documented(module, public)]
        (folder / f"{name}.rst").write_text("\n".join([*lines, ""]), encoding="utf-8")
    intro = [
        "API reference",
        "=============",
        "",
        "Every public name, folder by folder, in the order in which data go through them. Estimators follow",
        "scikit-learn's contract; what a parameter means, its unit and its default stand on each page.",
        "",
        ".. toctree::",
        "   :maxdepth: 1",
        "",
        *(f"   {name}" for name in pages),
        "",
    ]
    (folder / "index.rst").write_text("\n".join(intro), encoding="utf-8")


def _is_documented(module: object, name: str) -> bool:
    thing = getattr(module, name)
    return inspect.isclass(thing) or inspect.isroutine(thing)


def _as_rst(text: str) -> str:
    """Docstrings write code in single backticks, which is a reference elsewhere."""
    return text.replace("``", "`").replace("`", "``")


def _write_datasets(page: Path) -> None:
    listed = list_datasets()
    lines = [
        "# Datasets",
        "",
        "What skpd reads, who is in it, in which units, and what it cannot tell. No data come with skpd: a card says",
        "how to get them, `skpd data check` whether they are all there, and `skpd data info NAME` prints the card.",
        "",
        "| name | what | labels | people | licence |",
        "|---|---|---|---|---|",
        *(
            f"| [{r.name}](#{r.name.replace('_', '-')}) | {r.what} | {r.labels} | {r.subjects} | {r.licence} |"
            for r in listed.itertuples()
        ),
        "",
    ]
    for name in listed["name"]:
        info = dataset_info(name)
        lines += [f"({name.replace('_', '-')})=", f"## {name}", "", f"{info.what}.", ""]
        for heading, text in info.sections.items():
            if "\n" in text:
                lines += [f"**{heading}**", "", "```text", text, "```", ""]
            else:
                code = heading == "Reader"
                lines += [f"**{heading}:** " + (f"`{text}`" if code else text), ""]
    page.write_text("\n".join(lines), encoding="utf-8")


if __name__ == "__main__":
    write(Path(__file__).parent)
