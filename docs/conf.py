"""Configuration of the documentation, built offline: `make docs`."""

import os
import sys
from pathlib import Path

import matplotlib

matplotlib.use("Agg")
HERE = Path(__file__).parent
sys.path.insert(0, str(HERE))

import make_pages  # noqa: E402

import skpd  # noqa: E402

project = "skpd"
author = "The skpd developers"
copyright = "The skpd developers"
release = version = skpd.__version__

extensions = [
    "sphinx.ext.autodoc",
    "sphinx.ext.autosummary",
    "sphinx.ext.mathjax",
    "numpydoc",
    "myst_parser",
    "sphinx_copybutton",
    "sphinx_gallery.gen_gallery",
]
exclude_patterns = ["_build", "benchmarks/*.json", "README.txt"]
source_suffix = {".rst": "restructuredtext", ".md": "markdown"}
myst_enable_extensions = ["colon_fence", "deflist", "dollarmath"]
myst_heading_anchors = 3
autosummary_generate = True
autodoc_typehints = "none"
# Docstrings name parameters and classes in single backticks: a link where there is a page, code elsewhere.
default_role = "py:obj"
# Members are listed by autosummary's template; numpydoc would list them a second time.
numpydoc_show_class_members = False
templates_path = ["_templates"]
suppress_warnings = ["config.cache"]

html_theme = "pydata_sphinx_theme"
html_title = "skpd"
html_static_path = ["_static"]
html_css_files = ["skpd.css"]
html_show_sourcelink = False
html_theme_options = {
    "navbar_align": "left",
    "show_toc_level": 2,
    "navigation_with_keys": False,
    "footer_start": ["copyright"],
    "footer_end": [],
    "secondary_sidebar_items": ["page-toc"],
}
html_sidebars = {"index": [], "install": [], "glossary": []}

has_data = bool(os.environ.get("SKPD_DATA"))
sphinx_gallery_conf = {
    "examples_dirs": str(HERE.parent / "examples"),
    "gallery_dirs": "examples",
    "filename_pattern": r"plot_",
    "within_subsection_order": "FileNameSortKey",
    "download_all_examples": False,
    "remove_config_comments": True,
    "show_memory": False,
    "show_signature": False,
    "min_reported_time": 60,
    "backreferences_dir": None,
    "abort_on_example_error": True,
    "plot_gallery": "True",
}


#: Labels of scikit-learn's documentation, in docstrings that estimators inherit; the build needs no network.
_ELSEWHERE = {"df_output_transform", "accuracy_score", "sphx_glr_auto_examples_miscellaneous_plot_set_output.py"}


def keep_text(app, env, node, text):
    """Leave a reference into another project's documentation as its text."""
    return text if node.get("reftarget") in _ELSEWHERE else None


def setup(app):
    """Write the pages that the code knows best before Sphinx looks for pages."""
    make_pages.write(HERE)
    app.connect("missing-reference", keep_text)
