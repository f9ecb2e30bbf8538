"""The catalogue of pen features: complete, consistent with what is computed, and the page made from it."""

import importlib.util
from pathlib import Path

import numpy as np
import pytest

from skpd.features import PenFeatures, pen_feature_catalogue
from skpd.features._pen import _COMPUTE
from skpd.features._pen_catalogue import PEN_GROUPS
from skpd.features._pen_trajectory import PEN_CHANNELS, prepare

DOCS = Path(__file__).parents[2] / "docs"


def test_names_are_unique_and_cells_filled():
    catalogue = pen_feature_catalogue()
    assert catalogue["name"].is_unique
    assert catalogue["group"].drop_duplicates().tolist() == list(PEN_GROUPS)
    assert catalogue.drop(columns="channels").map(bool).all(axis=None)
    assert set(catalogue["channels"]) <= {"", *PEN_CHANNELS}
    assert PenFeatures().fit(np.zeros((1, 5, 3))).get_feature_names_out().tolist() == catalogue["name"].tolist()


@pytest.mark.parametrize("group", PEN_GROUPS)
@pytest.mark.parametrize("n_points", [0, 1, 2, 500])
def test_each_group_computes_what_the_catalogue_lists(handwriting, group, n_points):
    """Whatever there is to compute of: a name too few would be an error in transform, one too many work for nothing."""
    trajectory = prepare(
        handwriting()[:n_points],
        {name: j for j, name in enumerate(PEN_CHANNELS)},
        name="it",
        pen="down",
        resample_rate=None,
        cutoff=12.0,
        max_gap=0.1,
    )
    catalogue = pen_feature_catalogue()
    assert set(_COMPUTE[group](trajectory)) == set(catalogue["name"][catalogue["group"] == group])


def test_the_copy_can_be_changed_without_harm():
    catalogue = pen_feature_catalogue()
    catalogue.loc[0, "name"] = "broken"
    assert pen_feature_catalogue().loc[0, "name"] == "speed_mean"


def test_the_page_is_what_the_catalogue_gives():
    spec = importlib.util.spec_from_file_location("make_catalogue", DOCS / "make_catalogue.py")
    make_catalogue = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(make_catalogue)
    text = (DOCS / "pen_features.md").read_text(encoding="utf-8")
    assert text == make_catalogue.make_pen_page(), "run: python docs/make_catalogue.py"
    # Every row has its 6 cells, whatever the formulas hold.
    rows = [line.replace("\\|", "") for line in text.splitlines() if line.startswith("| `")]
    assert [row.count("|") for row in rows] == [7] * len(pen_feature_catalogue())
