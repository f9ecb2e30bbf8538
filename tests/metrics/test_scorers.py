"""Scorers as users meet them: pickled, cloned, in grids, in folds that lack a class."""

import copy
import pickle

import numpy as np
import pytest
from numpy.testing import assert_allclose
from sklearn import config_context
from sklearn.base import clone
from sklearn.datasets import make_classification
from sklearn.ensemble import RandomForestClassifier, VotingClassifier
from sklearn.linear_model import LogisticRegression, RidgeClassifier
from sklearn.metrics import roc_auc_score
from sklearn.model_selection import GridSearchCV, PredefinedSplit, cross_validate
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from sklearn.svm import SVC, LinearSVC

from skpd.metrics import (
    OneVsRestAUCScorer,
    classification_summary,
    geometric_mean_score,
    gmean_scorer,
    iba_scorer,
    index_balanced_accuracy_score,
    make_scorers,
)


@pytest.fixture(scope="module")
def severities():
    return make_classification(
        300, n_classes=4, n_informative=6, weights=[0.55, 0.25, 0.15], class_sep=1.5, random_state=0
    )


def test_gmean_and_iba_scorers(severities):
    X, y = severities
    model = LogisticRegression().fit(X, y)
    assert gmean_scorer(model, X, y) == geometric_mean_score(y, model.predict(X))
    assert iba_scorer(model, X, y) == index_balanced_accuracy_score(y, model.predict(X))


def test_every_scorer_agrees_with_the_summary(severities):
    X, y = severities
    model = LogisticRegression().fit(X, y)
    summary = classification_summary(y, model.predict(X), y_score=model.predict_proba(X))
    scorers = make_scorers()
    for name, scorer in scorers.items():
        value = -scorer(model, X, y) if name.startswith("neg_") else scorer(model, X, y)
        assert_allclose(value, summary[name.removeprefix("neg_")], err_msg=name)
    assert {"accuracy", "gmean", "iba", "auc", "f1_macro", "quadratic_kappa", "neg_mae"} <= set(scorers)


@pytest.mark.parametrize(
    "copied", [copy.deepcopy, lambda s: pickle.loads(pickle.dumps(s)), lambda s: clone(s, safe=False)]
)
def test_scorers_can_be_copied_and_pickled(severities, copied):
    X, y = severities
    model = LogisticRegression().fit(X, y)
    scorers = {"gmean_": gmean_scorer, "iba_": iba_scorer} | make_scorers([0, 1, 2, 3])
    for name, scorer in copied(scorers).items():
        assert scorer(model, X, y) == scorers[name](model, X, y)


def test_a_grid_stays_finite_when_folds_lack_classes(severities):
    X, y = severities
    # Class 3 is in one test fold only, so one training fold has never seen it; class 2 never meets a test fold 0.
    fold = np.where(y == 3, 0, np.where(y == 2, 1 + np.arange(len(y)) % 2, np.arange(len(y)) % 3))
    grid = GridSearchCV(
        make_pipeline(StandardScaler(), LogisticRegression()),
        {"logisticregression__C": [0.1, 1.0]},
        scoring=make_scorers(),
        refit="gmean",
        cv=PredefinedSplit(fold),
    ).fit(X, y)
    results = grid.cv_results_
    for name in make_scorers():
        assert np.isfinite(results[f"mean_test_{name}"]).all(), name
    assert [results[f"split{i}_test_n_classes_scored"][0] for i in range(3)] == [3, 3, 3]


def test_auc_aligns_classes_that_training_or_test_lacked():
    X = np.array([[0.0], [1.0], [2.0], [3.0], [4.0], [5.0]])
    y = np.array([0, 1, 1, 3, 3, 3])
    model = LogisticRegression().fit(X[y != 1], y[y != 1])
    proba = model.predict_proba(X)
    expected = np.mean([roc_auc_score(y == 0, proba[:, 0]), 0.5, roc_auc_score(y == 3, proba[:, 1])])
    assert_allclose(OneVsRestAUCScorer(labels=[0, 1, 2, 3])(model, X, y), expected)
    assert_allclose(OneVsRestAUCScorer()(model, X, y), expected)


@pytest.mark.parametrize("model", [RidgeClassifier(), LinearSVC(), SVC(decision_function_shape="ovr")])
@pytest.mark.parametrize("n_classes", [2, 3])
def test_auc_from_decision_function(severities, model, n_classes):
    X, y = severities
    X, y = X[y < n_classes], y[y < n_classes]
    names = np.array(["c", "a", "b"])
    scores = model.fit(X, y).decision_function(X)
    columns = scores if n_classes > 2 else np.column_stack([-scores, scores])
    expected = np.mean([roc_auc_score(y == k, columns[:, k]) for k in range(n_classes)])
    assert_allclose(OneVsRestAUCScorer()(model, X, y), expected)
    assert_allclose(OneVsRestAUCScorer()(model.fit(X, names[y]), X, names[y]), expected, atol=2e-3)


def test_auc_needs_scores():
    class Voter:
        classes_ = np.array([0, 1])

    with pytest.raises(ValueError, match="got Voter"):
        OneVsRestAUCScorer()(Voter(), [[0.0], [1.0]], [0, 1])


@pytest.mark.parametrize("model", [RidgeClassifier(), LinearSVC()], ids=["ridge", "svc"])
def test_a_dict_of_scorers_takes_decision_values(severities, model):
    results = cross_validate(model, *severities, scoring=make_scorers(), cv=2, error_score="raise")
    assert (results["test_auc"] > 0.5).all()


def test_a_dict_of_scorers_names_the_one_that_needs_probabilities(severities):
    model = VotingClassifier([("ridge", RidgeClassifier())], voting="hard")
    with pytest.raises(ValueError, match=r"auc: expected .* got VotingClassifier: leave the scorer 'auc' out"):
        cross_validate(model, *severities, scoring=make_scorers(), cv=2, error_score="raise")
    scorers = make_scorers()
    del scorers["auc"]
    assert cross_validate(model, *severities, scoring=scorers, cv=2, error_score="raise")["test_gmean"].all()


def test_text_labels_leave_ordinal_scores_out(severities):
    X, y = severities
    names = np.array(["none", "slight", "mild", "moderate"])
    scorers = make_scorers(names)
    assert "quadratic_kappa" not in scorers
    assert "neg_mae" not in scorers
    results = cross_validate(RandomForestClassifier(10, random_state=0), X, names[y], scoring=scorers, cv=3)
    assert all(np.isfinite(results[f"test_{name}"]).all() for name in scorers)
    with pytest.raises(ValueError, match="numbers with ordinal=True"):
        make_scorers(names, ordinal=True)
    assert "neg_mae" not in make_scorers(ordinal=False)
    model = RandomForestClassifier(5, random_state=0).fit(X, names[y])
    assert np.isnan(make_scorers()["neg_mae"](model, X, names[y]))


def test_a_fold_of_one_class_is_nan_only_where_it_must_be(severities):
    X, y = severities
    model = LogisticRegression().fit(X, y)
    values = {name: scorer(model, X[y == 2], y[y == 2]) for name, scorer in make_scorers().items()}
    undefined = {name for name, value in values.items() if np.isnan(value)}
    assert undefined == {"specificity", "gmean", "gmean_macro", "iba", "iba_macro", "auc"}


def test_decision_values_of_pairs_of_classes_are_refused():
    rng = np.random.default_rng(0)
    y = np.repeat([0, 1, 2], 20)
    X = rng.normal(size=(60, 2)) + y[:, None]
    with pytest.raises(ValueError, match='set decision_function_shape="ovr"'):
        OneVsRestAUCScorer()(make_pipeline(SVC(decision_function_shape="ovo")).fit(X, y), X, y)
    assert OneVsRestAUCScorer()(make_pipeline(SVC()).fit(X, y), X, y) > 0.8


def test_a_weighted_search_takes_all_scorers(severities):
    X, y = severities
    weight = np.where(y == 0, 1.0, 3.0)
    split = PredefinedSplit(np.arange(len(y)) % 3)
    search = GridSearchCV(LogisticRegression(), {"C": [0.1, 1.0]}, cv=split, scoring=make_scorers(), refit="gmean")
    search.fit(X, y, sample_weight=weight)
    areas = []
    for train, test in split.split():
        model = LogisticRegression(C=0.1).fit(X[train], y[train], sample_weight=weight[train])
        areas.append(OneVsRestAUCScorer()(model, X[test], y[test], sample_weight=weight[test]))
    assert_allclose(search.cv_results_["mean_test_auc"][0], np.mean(areas))
    assert abs(np.mean(areas) - OneVsRestAUCScorer()(model, X[test], y[test])) > 0


def test_weights_are_routed_to_the_auc_as_to_others(severities):
    X, y = severities
    with config_context(enable_metadata_routing=True):
        scorers = {name: scorer.set_score_request(sample_weight=True) for name, scorer in make_scorers().items()}
        model = LogisticRegression().set_fit_request(sample_weight=True)
        weight = np.where(y == 0, 1.0, 3.0)
        scores = cross_validate(model, X, y, scoring=scorers, params={"sample_weight": weight}, error_score="raise")
    assert not np.allclose(
        scores["test_auc"], cross_validate(LogisticRegression(), X, y, scoring=make_scorers())["test_auc"]
    )
