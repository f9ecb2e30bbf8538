"""Learning curves and retests as figures."""

import matplotlib as mpl
import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
import pytest

from skpd.plotting import LearningCurveDisplay, RetestDisplay


@pytest.fixture(autouse=True)
def close_figures():
    yield
    plt.close("all")


def make_curve(recipes=("logistic", "forest")):
    rng = np.random.default_rng(0)
    rows = [
        (recipe, size, metric, 0.5 + 0.05 * i + 0.03 * j + rng.normal(0, 0.05))
        for i, recipe in enumerate(recipes)
        for j, size in enumerate((2, 6, 18))
        for metric in ("balanced_accuracy", "gmean")
        for _ in range(10)
    ]
    return pd.DataFrame(rows, columns=["recipe", "n_subjects", "metric", "score"])


def test_lines_are_means_and_bars_the_middle_of_the_folds():
    curve = make_curve()
    display = LearningCurveDisplay.from_curve(curve, baseline={"majority": {"gmean": 0.0}})
    scores = curve.query("recipe == 'forest' and metric == 'gmean' and n_subjects == 6")["score"]
    panel = display.axes_[1]
    line = next(one for one in panel.lines if len(one.get_xdata()) == 3 and one.get_marker() == "s")
    assert line.get_ydata()[1] == pytest.approx(scores.mean())
    bar = panel.collections[1].get_segments()[1][:, 1]
    np.testing.assert_allclose(bar, scores.quantile([0.1, 0.9]))
    assert [text.get_text() for text in panel.get_xticklabels()] == ["2", "6", "18"]
    assert [text.get_text() for text in panel.texts] == ["majority"]
    assert not display.axes_[0].texts


def test_the_words_say_what_the_lines_show():
    text = LearningCurveDisplay.from_curve(make_curve(("logistic",)), metrics=["gmean"]).alt_text_
    assert "G-mean of logistic goes from" in text
    assert "with 2 to" in text
    assert "balanced" not in text


def test_a_curve_of_one_recipe_needs_no_name_and_undefined_scores_are_left_out():
    curve = make_curve(("logistic",)).drop(columns="recipe")
    curve.loc[0, "score"] = np.nan
    display = LearningCurveDisplay.from_curve(curve)
    assert display.table["n_folds"].min() == 9
    labels = [text.get_text() for text in display.figure_.legends[0].get_texts()]
    assert labels == ["mean", "middle 80% of test folds"]


def test_curves_are_checked():
    with pytest.raises(ValueError, match="without score"):
        LearningCurveDisplay.from_curve(make_curve().drop(columns="score"))
    with pytest.raises(ValueError, match="`metrics` expected some of"):
        LearningCurveDisplay.from_curve(make_curve(), metrics=["auc"])
    with pytest.raises(ValueError, match="got none that is a number"):
        LearningCurveDisplay.from_curve(make_curve().assign(score=np.nan))
    with pytest.raises(ValueError, match="expected 2 axes"):
        LearningCurveDisplay.from_curve(make_curve(), ax=plt.figure().subplots())


def make_sessions():
    rng = np.random.default_rng(0)
    person = rng.normal(3, 1, 20)
    values = np.concatenate([person, person - 0.4 + rng.normal(0, 0.3, 20)])
    return values, np.tile(np.arange(20), 2), np.repeat([1, 2], 20)


def test_retest_draws_one_point_a_person():
    values, people, sessions = make_sessions()
    display = RetestDisplay.from_values(values, people, sessions, measure="amplitude", units="m/s^2")
    points = display.ax_.collections[-1].get_offsets()
    first, second = values[:20], values[20:]
    np.testing.assert_allclose(points, np.column_stack([(first + second) / 2, second - first]))
    assert display.ax_.get_xlabel() == "mean of both sessions (m/s²)"
    assert "lower on average" in display.alt_text_
    written = " ".join(text.get_text() for text in display.ax_.texts)
    assert f"mean  −{abs((second - first).mean()):.2f}" in written


def test_retest_needs_two_sessions():
    values, people, sessions = make_sessions()
    with pytest.raises(ValueError, match="`sessions` expected two"):
        RetestDisplay.from_values(np.tile(values, 2), np.tile(people, 2), np.concatenate([sessions, sessions + 2]))


def test_settings_of_matplotlib_stay_and_axes_can_be_given():
    before = dict(mpl.rcParams)
    ax = plt.figure().subplots()
    assert RetestDisplay.from_values(*make_sessions(), ax=ax).ax_ is ax
    LearningCurveDisplay.from_curve(make_curve())
    assert dict(mpl.rcParams) == before
