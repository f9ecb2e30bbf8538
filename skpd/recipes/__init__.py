"""Published systems as compositions of skpd's parts, one module a paper.

`list_recipes` says what there is, `make_recipe` builds one as an estimator that takes recordings and returns one
prediction a recording.
"""

from ._published import published_tremor_scores
from ._registry import list_recipes, make_recipe
from ._streaming import WindowBlock, stream_window_features
from ._tremor import ROADS, TREMOR_CLASSIFIERS, WindowTable, make_signal_road, make_window_classifier, make_window_table

__all__ = [
    "ROADS",
    "TREMOR_CLASSIFIERS",
    "WindowBlock",
    "WindowTable",
    "list_recipes",
    "make_recipe",
    "make_signal_road",
    "make_window_classifier",
    "make_window_table",
    "published_tremor_scores",
    "stream_window_features",
]
