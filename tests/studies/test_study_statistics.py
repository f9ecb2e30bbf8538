"""Recipes compared, the baseline that knows the person, and agreement, from stored predictions."""

import dataclasses

import numpy as np
import pandas as pd
import pytest
from sklearn.dummy import DummyClassifier
from sklearn.linear_model import LogisticRegression
from sklearn.naive_bayes import GaussianNB
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from skpd.exceptions import FailedFoldsWarning
from skpd.metrics import corrected_t_test, paired_permutation_test
from skpd.recipes import WindowTable, make_window_classifier
from skpd.studies import run_study

GOOD, POOR = "none, bayes", "none, majority"


def make_table(n_subjects=12, labels=(0, 1, 2), mixed=True, seed=0):
    """Windows whose first feature tells the label and whose second tells the person."""
    rng = np.random.default_rng(seed)
    subject = np.repeat(np.arange(n_subjects), 12)
    recording = np.repeat(np.arange(n_subjects * 3), 4)
    code = (subject + recording * mixed) % len(labels)
    X = np.column_stack([code + rng.normal(0, 0.7, len(code)), subject + rng.normal(0, 0.1, len(code))])
    index = pd.DataFrame({"recording": recording, "start": 0, "stop": 1})
    groups = np.array([f"S{s:02d}" for s in subject])
    X = pd.DataFrame(X, columns=["signal", "identity"])
    return WindowTable(X, np.asarray(labels)[code], groups, index, index.iloc[:0])


def build(resampler, classifier, *, random_state):
    if classifier == "broken":
        return make_pipeline(StandardScaler(), LogisticRegression(C=-1.0))
    if classifier == "majority":
        return DummyClassifier()
    # A weak one smooths the likelihoods away.
    return make_pipeline(StandardScaler(), GaussianNB(var_smoothing=1e-9 if classifier == "bayes" else 1e3))


def run(table=None, classifiers=("bayes", "majority"), protocols=("subject-wise",), **options):
    grid = [(protocol, "none", classifier) for protocol in protocols for classifier in classifiers]
    return run_study(make_table() if table is None else table, build, configurations=grid, n_splits=4, **options)


def test_permutation_comparison_is_that_of_the_pooled_predictions():
    results = run(seeds=[0, 1])
    (line,) = results.compare(method="permutation", n_permutations=200).itertuples()
    frames = [
        results.predictions[results.predictions["classifier"] == c].sort_values(["seed", "fold", "row"])
        for c in ("bayes", "majority")
    ]
    expected = paired_permutation_test(
        frames[0]["y_true"],
        frames[0]["y_pred"],
        frames[1]["y_pred"],
        frames[0]["subject"],
        repeats=frames[0]["seed"],
        n_permutations=200,
        random_state=0,
    )
    assert (line.first, line.second) == (GOOD, POOR)
    assert (line.value_first, line.difference, line.p_value) == (
        expected.first, expected.difference, expected.p_value,
    )  # fmt: skip
    assert (line.low, line.high) == (expected.low, expected.high)
    scores = results.scores(n_resamples=0).query("metric == 'balanced_accuracy'").set_index("classifier")["value"]
    assert line.value_first == pytest.approx(scores["bayes"])


def test_t_test_comparison_is_that_of_the_fold_scores():
    results = run(seeds=[0, 1])
    (line,) = results.compare("accuracy").itertuples()
    right = results.predictions.assign(right=lambda f: f["y_true"] == f["y_pred"])
    folds = (
        right.groupby(["classifier", "seed", "fold"])["right"]
        .mean()
        .reset_index()
        .pivot_table(index=["seed", "fold"], columns="classifier", values="right")
    )
    expected = corrected_t_test(folds["bayes"] - folds["majority"], test_share=1 / 4)
    assert line.n_folds == 8
    np.testing.assert_allclose([line.difference, line.low, line.p_value], [expected[0], expected[1], expected.p_value])


def test_pairs_and_their_correction():
    results = run(classifiers=("bayes", "weak", "majority"))
    everyone = results.compare()
    assert len(everyone) == 3
    smallest = everyone["p_value"].idxmin()
    assert everyone.loc[smallest, "p_adjusted"] == pytest.approx(min(1, 3 * everyone.loc[smallest, "p_value"]))
    against = results.compare(baseline=POOR)
    assert against["first"].tolist() == [GOOD, "none, weak"]
    assert set(against["second"]) == {POOR}
    with pytest.raises(ValueError, match=r"baseline: expected one of 'none, bayes', .* got 'majority'"):
        results.compare(baseline="majority")


def test_auc_has_a_t_test_and_no_permutation_test():
    results = run()
    assert results.compare("auc").loc[0, "difference"] > 0.2
    with pytest.raises(ValueError, match="two scales"):
        results.compare("auc", method="permutation")


@pytest.mark.parametrize("unit", ["recording", "subject"])
@pytest.mark.parametrize("method", ["permutation", "t-test"])
def test_larger_units_are_compared(unit, method):
    results = run(make_table(mixed=False))
    assert results.compare("accuracy", unit=unit, method=method).loc[0, "n_subjects"] == 12


def test_recordings_that_each_person_numbers_from_1_are_paired_by_person():
    table = make_table(mixed=False)
    numbered = table.index.assign(recording=table.index["recording"] % 3)
    results = run(dataclasses.replace(table, index=numbered), classifiers=("bayes", "weak"))
    options = {"unit": "recording", "method": "permutation", "n_permutations": 50}
    expected = results.compare(**options)
    # The second recipe was tested on its people in another order.
    of_first = results.predictions["classifier"] == "bayes"
    backwards = results.predictions[~of_first].iloc[::-1]
    results.predictions = pd.concat([results.predictions[of_first], backwards], ignore_index=True)
    pd.testing.assert_frame_equal(results.compare(**options), expected)


def test_the_protocol_is_named_or_evident():
    results = run(protocols=("subject-wise", "as-written"))
    assert set(results.compare()["protocol"]) == {"subject-wise"}
    assert set(results.compare(protocol="as-written")["protocol"]) == {"as-written"}
    both = run(protocols=("subject-wise", "leave-one-subject-out"))
    with pytest.raises(ValueError, match="'subject-wise', 'leave-one-subject-out' to be named"):
        both.compare()
    with pytest.raises(ValueError, match="has predictions of unit 'recording', 'subject-wise', got 'as-written'"):
        results.compare(protocol="as-written", unit="recording")


def test_one_subject_a_fold_has_fold_scores_of_rows_only():
    results = run(make_table(mixed=False), protocols=("leave-one-subject-out",))
    assert results.compare("accuracy").loc[0, "n_folds"] == 12
    with pytest.raises(ValueError, match='at least 2 folds that test every class, found 0: use method="permutation"'):
        results.compare("balanced_accuracy")
    assert results.compare(method="permutation").loc[0, "p_value"] < 0.05


def test_rows_without_a_subject_and_rows_of_other_tests_are_refused():
    table = make_table(n_subjects=10, labels=(0, 0, 1))
    grid = [("as-published", "SMOTE", "majority"), ("as-published", "none", "majority")]
    results = run_study(table, make_window_classifier, configurations=grid, n_splits=2)
    with pytest.raises(ValueError, match="SMOTE, majority: expected a subject for every tested row"):
        results.compare(protocol="as-published")
    grid = [("as-published", "NearMiss", "majority"), ("as-published", "none", "majority")]
    results = run_study(table, make_window_classifier, configurations=grid, n_splits=2)
    with pytest.raises(ValueError, match="not tested on the same rows"):
        results.compare(protocol="as-published")


def test_failed_folds_are_left_out_aloud():
    with pytest.warns(FailedFoldsWarning):
        results = run(classifiers=("bayes", "majority", "broken"))
    assert len(results.compare()) == 1
    results.predictions = results.predictions.query("not (classifier == 'majority' and fold == 2)")
    with pytest.warns(FailedFoldsWarning, match=r"1 fold\(s\) that only one .* \(0, 2\)"):
        assert results.compare("accuracy").loc[0, "n_folds"] == 3


def test_comparison_needs_two_recipes_and_a_known_method():
    with pytest.raises(ValueError, match="at least 2 recipes"):
        run(classifiers=("bayes",)).compare()
    with pytest.raises(ValueError, match="method: expected one of"):
        run().compare(method="wilcoxon")
    with pytest.raises(ValueError, match="metric: expected one that both recipes have"):
        run().compare("accuracies")


def test_a_person_with_one_label_is_recognised_under_random_splits_only():
    results = run(make_table(mixed=False), protocols=("subject-wise", "as-written")).with_subject_baseline()
    scores = results.scores(n_resamples=20).query("classifier == 'subject-mode'")
    value = scores.set_index(["protocol", "metric"])["value"]
    assert value["as-written", "accuracy"] == 1.0
    assert value["as-written", "auc"] == 1.0
    assert value["subject-wise", "balanced_accuracy"] == pytest.approx(1 / 3, abs=0.05)
    assert (scores["n_subjects"] == 12).all()


def test_subject_baseline_is_the_majority_of_the_persons_other_rows():
    table = make_table(labels=(0, 1, 2, 2, 4))
    results = run(table, protocols=("as-written",))
    for name in ("subject-mode", "subject-mean"):
        results = results.with_subject_baseline(name)
    for (name, _), frame in results.predictions.groupby(["classifier", "fold"]):
        if not name.startswith("subject"):
            continue
        training = pd.DataFrame({"y": table.y, "subject": table.groups}).drop(index=frame["row"])
        for line in frame.itertuples():
            own = training.loc[training["subject"] == line.subject, "y"]
            if name == "subject-mode":
                assert line.y_pred == own.mode().iloc[0]
            else:
                distance = np.abs(np.array([0, 1, 2, 4]) - own.mean())
                assert line.y_pred == [0, 1, 2, 4][distance.argmin()]
    assert set(results.compare(baseline="none, subject-mode", protocol="as-written")["first"]) == {
        GOOD, POOR, "none, subject-mean",
    }  # fmt: skip


def test_subject_baseline_stands_once_and_for_every_seed():
    results = run(seeds=[0, 1])
    added = results.with_subject_baseline().with_subject_baseline()
    frame = added.predictions.query("classifier == 'subject-mode'")
    assert len(frame) == 2 * 144
    assert "subject-mode" not in set(results.predictions["classifier"])
    assert added.scores("recording", n_resamples=0)["classifier"].nunique() == 3


def test_subject_baseline_of_the_published_order_needs_a_recipe_without_resampling():
    table = make_table(n_subjects=10, labels=(0, 0, 1))
    grid = [("as-published", "SMOTE", "majority"), ("as-published", "NearMiss", "majority")]
    alone = run_study(table, make_window_classifier, configurations=grid, n_splits=2)
    with pytest.warns(UserWarning, match="as-published: no subject-mode baseline"):
        alone = alone.with_subject_baseline()
    assert "subject-mode" not in set(alone.predictions["classifier"])
    grid.append(("as-published", "none", "majority"))
    together = run_study(table, make_window_classifier, configurations=grid, n_splits=2).with_subject_baseline()
    assert (together.predictions["classifier"] == "subject-mode").sum() == len(table.y)


def test_labels_that_are_text_have_a_mode_and_no_mean():
    results = run(make_table(labels=("PD", "control"), mixed=False), protocols=("as-written",))
    scores = results.with_subject_baseline().scores(n_resamples=0)
    assert scores.query("classifier == 'subject-mode' and metric == 'accuracy'")["value"].item() == 1.0
    with pytest.raises(ValueError, match="have no mean"):
        results.with_subject_baseline("subject-mean")
    with pytest.raises(ValueError, match="name: expected one of 'subject-mode', 'subject-mean'"):
        results.with_subject_baseline("person")
    with pytest.raises(ValueError, match="severities that are numbers"):
        results.agreement()


def test_agreement_stands_beside_the_scores():
    results = run(seeds=[0, 1])
    agreement = results.agreement(n_resamples=50).set_index(["classifier", "measure"])
    scores = results.scores(n_resamples=0).set_index(["classifier", "metric"])["value"]
    for measure in ("quadratic_kappa", "mae"):
        assert agreement.loc[("bayes", measure), "value"] == pytest.approx(scores["bayes", measure])
    line = agreement.loc[("bayes", "linear_kappa")]
    assert line["low"] < line["value"] < line["high"]
