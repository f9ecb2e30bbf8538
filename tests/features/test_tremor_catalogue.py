"""The catalogue: complete, in the published order, consistent with the estimator, and the page made from it."""

import importlib.util
import inspect
from pathlib import Path

from skpd.features import TremorFeatures, tremor_feature_catalogue

DOCS = Path(__file__).parents[2] / "docs"


def test_exactly_34_in_the_published_order():
    catalogue = tremor_feature_catalogue()
    assert catalogue["number"].tolist() == list(range(1, 35))
    assert catalogue["name"].is_unique
    names = catalogue["name"].tolist()
    # Of the window and of its spectrum in turn, then the peaks, then the PSD.
    assert names[1:26:2] == [f"spectrum_{name}" for name in names[0:26:2]]
    assert names[26:] == [
        "peaks",
        "psd_peak",
        "median_frequency",
        "frequency_dispersion",
        "fundamental_frequency",
        "frequency_difference",
        "spectral_centroid_amplitude",
        "max_weighted_psd",
    ]
    assert catalogue["domain"].value_counts().to_dict() == {"frequency": 20, "time": 14}
    assert catalogue.drop(columns="parameters").map(bool).all(axis=None)


def test_parameters_exist_and_all_that_matter_are_named():
    named = {name for cell in tremor_feature_catalogue()["parameters"] for name in cell.split(", ") if name}
    parameters = set(inspect.signature(TremorFeatures).parameters)
    form = {"sampling_rate", "features", "channel_names", "undefined", "pool", "n_jobs", "non_finite"}
    assert named == parameters - form


def test_the_copy_can_be_changed_without_harm():
    catalogue = tremor_feature_catalogue()
    catalogue.loc[0, "name"] = "broken"
    assert tremor_feature_catalogue().loc[0, "name"] == "above_mean"


def test_the_page_is_what_the_catalogue_gives():
    spec = importlib.util.spec_from_file_location("make_catalogue", DOCS / "make_catalogue.py")
    make_catalogue = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(make_catalogue)
    text = (DOCS / "tremor_features.md").read_text(encoding="utf-8")
    assert text == make_catalogue.make_page(), "run: python docs/make_catalogue.py"
    # Every row has its 7 cells, whatever the formulas hold.
    rows = [line.replace("\\|", "") for line in text.splitlines() if line.startswith("| ") and "`" in line]
    assert [row.count("|") for row in rows] == [8] * 34
