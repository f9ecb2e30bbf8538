"""Reliability curves: bins, errors, and what is refused."""

import numpy as np
import pytest
from matplotlib import pyplot as plt

from skpd.plotting import ReliabilityDisplay


@pytest.fixture(autouse=True)
def _close_figures():
    yield
    plt.close("all")


def test_bins_and_error_of_two_classes():
    proba = np.array([0.05, 0.15, 0.15, 0.95])
    display = ReliabilityDisplay.from_predictions(
        {"a": ([0, 0, 1, 1], np.column_stack([1 - proba, proba]))}, labels=[0, 1]
    )
    curve = display.reliabilities["a"]
    np.testing.assert_allclose(curve.predicted, [0.05, 0.15, 0.95])
    np.testing.assert_allclose(curve.observed, [0, 0.5, 1])
    assert curve.counts.tolist() == [1, 2, 1]
    assert display.errors["a"] == pytest.approx((0.05 + 2 * 0.35 + 0.05) / 4)
    assert "class 1" in display.alt_text_


def test_of_more_classes_the_one_predicted_counts():
    proba = [[0.5, 0.3, 0.2], [0.1, 0.1, 0.8]]
    display = ReliabilityDisplay.from_predictions({"a": (["x", "x"], proba)}, labels=["x", "y", "z"], n_bins=2)
    np.testing.assert_allclose(display.reliabilities["a"].observed, [1, 0])
    assert display.edges[0] == pytest.approx(1 / 3)


def test_it_draws_on_axes_of_the_caller():
    axes = plt.figure().subplots(2)
    display = ReliabilityDisplay.from_predictions({"a": ([0, 1], np.eye(2))}, labels=[0, 1], ax=axes)
    assert list(display.axes_) == list(axes)


@pytest.mark.parametrize(
    ("predictions", "labels", "message"),
    [
        ({}, [0, 1], "at least one"),
        ({"a": ([0], [[1.0]])}, [0], "at least 2 `labels`"),
        ({"a": ([], np.zeros((0, 2)))}, [0, 1], "at least one row"),
        ({"a": ([0, 1], [[1.0, 0.0]])}, [0, 1], "expected probabilities of shape"),
        ({"a": ([0], [[0.5, 0.9]])}, [0, 1], "sum to 1"),
        ({"a": ([0], [[np.nan, 1.0]])}, [0, 1], "sum to 1"),
        ({"a": ([2], [[0.5, 0.5]])}, [0, 1], "without"),
    ],
)
def test_what_is_no_prediction_is_refused(predictions, labels, message):
    with pytest.raises(ValueError, match=message):
        ReliabilityDisplay.from_predictions(predictions, labels)
