"""TrainingCurvesDisplay: every curve where it belongs, named as what it is."""

import matplotlib as mpl
import matplotlib.pyplot as plt
import numpy as np
import pytest

from skpd.plotting import TrainingCurvesDisplay


@pytest.fixture(autouse=True)
def close_figures():
    yield
    plt.close("all")


def history(n=5, watched=True):
    curves = {"accuracy": np.linspace(0.5, 1, n).tolist(), "loss": np.linspace(0.7, 0.1, n).tolist()}
    if watched:
        curves |= {"val_accuracy": [0.6] * n, "val_loss": np.linspace(0.7, 1.4, n).tolist()}
    return curves


def test_accuracy_stands_above_loss_and_each_network_in_its_column():
    histories = {"HWA-I": history(5), "HWA-II": history(8, watched=False)}
    display = TrainingCurvesDisplay.from_histories(histories, watched="test set")
    assert len(display.axes_) == 4
    for k, (name, curves) in enumerate(histories.items()):
        for row, curve in enumerate(("accuracy", "loss")):
            ax = display.axes_[2 * row + k]
            lines = ax.get_lines()
            assert len(lines) == (2 if name == "HWA-I" else 1)
            np.testing.assert_array_equal(lines[0].get_ydata(), curves[curve])
            np.testing.assert_array_equal(lines[0].get_xdata(), np.arange(1, len(curves[curve]) + 1))
        assert display.axes_[k].get_title("left") == name
        assert display.axes_[2 + k].get_xlabel() == "epoch"
    np.testing.assert_array_equal(display.axes_[2].get_lines()[1].get_ydata(), histories["HWA-I"]["val_loss"])
    legend = [text.get_text() for text in display.figure_.legends[0].get_texts()]
    assert legend == ["training images", "test set"]
    assert display.alt_text_ == (
        "Training curves. HWA-I after 5 epochs: accuracy 1.00 in training, 0.60 on the test set; "
        "HWA-II after 8 epochs: accuracy 1.00 in training."
    )


def test_no_curve_is_cut_off():
    calm, wild = history(), history() | {"val_loss": [0.7, 3.0, 5.0, 6.0, 8.0], "val_accuracy": [0.1] * 5}
    for histories in ({"calm": calm, "wild": wild}, {"wild": wild, "calm": calm}):
        for ax in TrainingCurvesDisplay.from_histories(histories).axes_:
            low, high = ax.get_ylim()
            for line in ax.get_lines():
                assert low <= min(line.get_ydata())
                assert max(line.get_ydata()) <= high


def test_nothing_watched_is_not_in_the_legend():
    display = TrainingCurvesDisplay.from_histories({"network": history(1, watched=False)})
    assert [text.get_text() for text in display.figure_.legends[0].get_texts()] == ["training images"]


def test_from_a_fitted_network_and_on_given_axes():
    class Fitted:
        history_ = history()

    _, axes = plt.subplots(2)
    before = mpl.rcParams.copy()
    display = TrainingCurvesDisplay.from_estimator(Fitted(), name="mine", ax=axes)
    assert mpl.rcParams == before
    assert list(display.axes_) == list(axes)
    assert axes[0].get_title("left") == "mine"


@pytest.mark.parametrize(
    ("histories", "message"),
    [
        ({}, "expected at least one"),
        ({"a": {"loss": [1.0]}}, r"expected accuracy and loss of 'a', got \['loss'\]"),
        (history(), "expected accuracy and loss of 'accuracy', got list"),
        ({"a": {"accuracy": [], "loss": []}}, "one length for 'a'"),
        ({"a": history(4) | {"val_loss": [1.0]}}, "one length for 'a'"),
    ],
    ids=["none", "no-accuracy", "bare-history", "empty", "unequal"],
)
def test_what_is_no_history_is_refused(histories, message):
    with pytest.raises(ValueError, match=message):
        TrainingCurvesDisplay.from_histories(histories)


def test_a_network_that_is_not_fitted_is_refused():
    with pytest.raises(ValueError, match="expected a fitted network with history_, got object"):
        TrainingCurvesDisplay.from_estimator(object())
