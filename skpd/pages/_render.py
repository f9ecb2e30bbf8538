"""From the parts of a page to one HTML file that needs nothing else."""

from __future__ import annotations

import os
import uuid
from pathlib import Path
from typing import Any

from jinja2 import Environment, PackageLoader, StrictUndefined

__all__ = ["page_file", "render_page", "write_page"]


def render_page(template: str, **context: Any) -> str:
    """Fill a template of this folder.

    Parameters
    ----------
    template : str
        Name of a file in ``templates``.
    **context
        What the template asks for; a name that it asks for and does not get is an error. Text is escaped.

    Returns
    -------
    html : str
        The page.
    """
    environment = Environment(
        loader=PackageLoader("skpd.pages"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    return environment.get_template(template).render(**context)


def page_file(file: str | Path) -> Path:
    """Check the name of a page before anything is computed for it.

    Parameters
    ----------
    file : path
        The file to write.

    Returns
    -------
    file : Path
        The same.

    Raises
    ------
    ValueError
        If it is a folder.
    """
    file = Path(file)
    if file.is_dir():
        raise ValueError(
            f"out: expected the name of an HTML file, got the folder {file}: add a name, as in report.html."
        )
    return file


def write_page(html: str, file: Path) -> Path:
    """Write a page, whole or not at all.

    Parameters
    ----------
    html : str
        The page.
    file : Path
        Where to, as `page_file` checked it; its folder is made if need be.

    Returns
    -------
    file : Path
        The file.
    """
    file.parent.mkdir(parents=True, exist_ok=True)
    temporary = file.with_name(f".{file.name}.{uuid.uuid4().hex}")
    try:
        temporary.write_text(html, encoding="utf-8")
        os.replace(temporary, file)
    finally:
        temporary.unlink(missing_ok=True)
    return file
