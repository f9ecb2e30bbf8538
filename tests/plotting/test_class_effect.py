"""The effect of resampling on each class, and ROC curves within folds."""

import matplotlib.pyplot as plt
import numpy as np
import pytest

from skpd.metrics import classification_summary, classification_table
from skpd.plotting import ClassEffectDisplay, OneVsRestRocDisplay

LABELS = [0, 1, 2, 3]


@pytest.fixture(autouse=True)
def close():
    yield
    plt.close("all")


def predicted(seed=0, n=200):
    rng = np.random.default_rng(seed)
    y = rng.choice(3, n, p=[0.7, 0.2, 0.1])
    return y, {name: (y, np.where(rng.random(n) < share, y, 0)) for name, share in {"none": 0.3, "SMOTE": 0.6}.items()}


def test_each_class_is_compared_with_the_reference():
    _, predictions = predicted()
    display = ClassEffectDisplay.from_predictions(predictions, LABELS)
    assert len(display.axes_) == 3
    for name, column in {"none": "reference", "SMOTE": "value"}.items():
        expected = classification_table(*predictions[name], labels=LABELS)["gmean"].loc[LABELS]
        found = display.table.query("metric == 'gmean'")[column]
        np.testing.assert_allclose(found.to_numpy(dtype=float), expected.to_numpy(dtype=float))
    assert "3 absent" in display.alt_text_
    assert "SMOTE" in display.alt_text_
    assert [text.get_text() for text in display.axes_[0].texts].count("absent") == 1


@pytest.mark.parametrize(
    ("options", "message"),
    [({"reference": "nothing"}, "expected 'nothing' and at least one more"), ({"metrics": ["auc"]}, "got 'auc'")],
    ids=["reference", "metric"],
)
def test_what_cannot_be_compared_is_refused(options, message):
    with pytest.raises(ValueError, match=message):
        ClassEffectDisplay.from_predictions(predicted()[1], LABELS, **options)


@pytest.mark.parametrize("digits", [1, 6], ids=["ties", "no ties"])
def test_the_area_of_curves_within_folds_is_the_auc_of_the_tables(digits):
    rng = np.random.default_rng(1)
    y = rng.choice(4, 300, p=[0.6, 0.2, 0.15, 0.05])
    folds = rng.integers(0, 4, 300)
    # Each fold has a scale of its own, so that pooled rows would say something else.
    scores = np.round(rng.dirichlet(np.ones(4), 300) + 0.3 * np.eye(4)[y], digits) + 0.5 * folds[:, None]
    display = OneVsRestRocDisplay.from_predictions({"a": (y, scores)}, LABELS, folds={"a": folds})
    summary = classification_summary(y, scores.argmax(1), y_score=scores, labels=LABELS, folds=folds)
    assert np.mean(list(display.auc["a"].values())) == pytest.approx(summary["auc"], abs=1e-12)
    pooled = OneVsRestRocDisplay.from_predictions({"a": (y, scores)}, LABELS)
    assert np.mean(list(pooled.auc["a"].values())) != pytest.approx(summary["auc"], abs=0.01)
    for rate, value in display.curves["a"].values():
        assert rate[0] == value[0] == 0
        assert rate[-1] == value[-1] == 1
        assert (np.diff(rate) >= 0).all()
        assert (np.diff(value) >= -1e-12).all()


@pytest.mark.parametrize(
    ("folds", "message"), [({}, "expected an entry for every"), ({"a": [0]}, "one fold a row")], ids=["none", "short"]
)
def test_wrong_folds_are_refused(folds, message):
    with pytest.raises(ValueError, match=message):
        OneVsRestRocDisplay.from_predictions({"a": ([0, 1], [0.1, 0.9])}, [0, 1], folds=folds)
