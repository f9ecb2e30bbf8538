"""Published systems as compositions of skpd's parts, one module a paper.

`list_recipes` says what there is, `make_recipe` builds one as an estimator that takes recordings and returns one
prediction a recording.
"""

from ._published import published_tremor_scores
from ._registry import list_recipes, make_recipe
from ._tremor import TREMOR_CLASSIFIERS, WindowTable, make_signal_road, make_window_classifier, make_window_table

__all__ = [
    "TREMOR_CLASSIFIERS",
    "WindowTable",
    "list_recipes",
    "make_recipe",
    "make_signal_road",
    "make_window_classifier",
    "make_window_table",
    "published_tremor_scores",
]
