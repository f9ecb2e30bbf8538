"""Published systems as compositions of skpd's parts, one module a paper.

`list_recipes` says what there is, `make_recipe` builds one as an estimator that takes recordings and returns one
prediction a recording.
"""

from ._naseer import TRANSFER_MODES, TRANSFER_SOURCES, make_naseer, train_digit_network
from ._pen import (
    PEN_CLASSIFIERS,
    make_pen_recipe,
)
from ._published import published_tremor_scores
from ._published_handwriting import published_handwriting_scores
from ._published_spiral import published_spiral_scores
from ._registry import list_recipes, make_recipe
from ._spiral import make_hwa_recipe, spiral_experiments
from ._streaming import WindowBlock, stream_window_features
from ._tremor import (
    BASELINES,
    ROADS,
    TREMOR_CLASSIFIERS,
    WindowTable,
    make_signal_road,
    make_tremor_recipe,
    make_window_classifier,
    make_window_table,
)

__all__ = [
    "BASELINES",
    "PEN_CLASSIFIERS",
    "ROADS",
    "TRANSFER_MODES",
    "TRANSFER_SOURCES",
    "TREMOR_CLASSIFIERS",
    "WindowBlock",
    "WindowTable",
    "list_recipes",
    "make_hwa_recipe",
    "make_naseer",
    "make_pen_recipe",
    "make_recipe",
    "make_signal_road",
    "make_tremor_recipe",
    "make_window_classifier",
    "make_window_table",
    "published_handwriting_scores",
    "published_spiral_scores",
    "published_tremor_scores",
    "spiral_experiments",
    "stream_window_features",
    "train_digit_network",
]
