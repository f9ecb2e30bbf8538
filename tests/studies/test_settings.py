"""Settings of a pipeline: what tells one from another, that they are never mixed, and searches on training people."""

import functools

import numpy as np
import pandas as pd
import pytest
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import accuracy_score, make_scorer
from sklearn.model_selection import GridSearchCV
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import FunctionTransformer, StandardScaler

from skpd.model_selection import make_splitter
from skpd.recipes import WindowTable
from skpd.studies import load_results, run_study
from skpd.studies._identity import digest

GRID = [("subject-wise", "none", "logistic")]


@pytest.fixture(scope="module")
def table():
    rng = np.random.default_rng(0)
    subject = np.repeat(np.arange(12), 5)
    y = subject % 2
    X = pd.DataFrame({"signal": y + rng.normal(0, 1, len(y)), "noise": rng.normal(size=len(y))})
    index = pd.DataFrame({"recording": np.arange(len(y)), "start": 0, "stop": 1})
    return WindowTable(X, y, np.array([f"S{s}" for s in subject]), index, index.iloc[:0])


def logistic(C):
    return lambda resampler, classifier, random_state: make_pipeline(StandardScaler(), LogisticRegression(C=C))


class Stop(Exception):
    pass


def run_first_folds(table, C, n_folds, out):
    def stop(done, total):
        if done == n_folds:
            raise Stop

    with pytest.raises(Stop):
        run_study(table, logistic(C), configurations=GRID, n_splits=4, out=out, on_progress=stop)


def settings_of(results):
    return [cell["logisticregression__C"] for cell in results.cells["parameters"]]


def test_an_unfinished_change_of_settings_is_not_mixed_with_what_was_there(table, tmp_path):
    whole = run_study(table, logistic(1.0), configurations=GRID, n_splits=4, out=tmp_path)
    run_first_folds(table, 1e-4, 2, tmp_path)
    with pytest.warns(
        UserWarning, match="none, logistic, seed 0: 2 folds with the latest settings are left out, and 4"
    ):
        results = load_results(tmp_path)
    assert settings_of(results) == ["1.0"] * 4
    pd.testing.assert_frame_equal(results.scores(n_resamples=0), whole.scores(n_resamples=0))


def test_of_several_finished_settings_the_latest_are_taken(table, tmp_path, recwarn):
    run_first_folds(table, 1.0, 3, tmp_path)
    run_study(table, logistic(1e-4), configurations=GRID, n_splits=4, out=tmp_path)
    assert settings_of(load_results(tmp_path)) == ["0.0001"] * 4
    # Finishing the first ones makes them the latest, although their first folds are older.
    run_study(table, logistic(1.0), configurations=GRID, n_splits=4, out=tmp_path)
    assert settings_of(load_results(tmp_path)) == ["1.0"] * 4
    assert not [warning for warning in recwarn if "settings" in str(warning.message)]


def scaled(X, *, factor=1.0):
    return X * factor


def test_keyword_defaults_of_a_function_tell_it_from_another(monkeypatch):
    before = digest(FunctionTransformer(scaled))
    assert digest(FunctionTransformer(scaled)) == before
    monkeypatch.setitem(scaled.__kwdefaults__, "factor", 0.0)
    assert digest(FunctionTransformer(scaled)) != before


def test_what_cannot_be_pickled_has_an_identity():
    def partial(factor, sign=1):
        return FunctionTransformer(functools.partial(lambda X, f: sign * X * f, f=factor))

    def search(weight):
        scorer = make_scorer(lambda y, y_pred: weight * accuracy_score(y, y_pred))
        return GridSearchCV(LogisticRegression(), {"C": [1.0]}, scoring=scorer)

    for make in (partial, search):
        assert digest(make(1)) == digest(make(1))
        assert digest(make(1)) != digest(make(2))
    assert digest(partial(1)) != digest(partial(1, sign=-1))


def test_an_optimizer_is_known_by_its_settings():
    keras = pytest.importorskip("keras")
    from skpd.neural import KerasMLPClassifier

    def make(rate):
        return KerasMLPClassifier(optimizer=keras.optimizers.Adam(rate))

    assert digest(make(1e-3)) == digest(make(1e-3))
    assert digest(make(1e-3)) != digest(make(1e-2))


@pytest.mark.parametrize("last", [False, True])
def test_a_search_tunes_on_training_people(table, last):
    """The inner folds keep people whole, as the outer ones do."""
    seen = []

    class Spied(LogisticRegression):
        def fit(self, X, y):
            seen.append(set(people_of(X)))
            return super().fit(X, y)

    people = dict(zip(table.X["noise"].round(12), table.groups, strict=True))

    def people_of(X):
        return [people[value] for value in np.asarray(X)[:, 1].round(12)]

    def build(resampler, classifier, random_state):
        cv = make_splitter("subject-wise", n_splits=2, random_state=0)
        search = GridSearchCV(Spied(), {"C": [0.1, 1.0]}, cv=cv)
        return make_pipeline(FunctionTransformer(), search) if last else search

    results = run_study(table, build, configurations=GRID, n_splits=3)
    assert not len(results.failures)
    assert len(seen) == 3 * 5
    for fold in range(3):
        *inner, refit = seen[5 * fold : 5 * fold + 5]
        for first, second in (inner[:2], inner[2:]):
            # Of each candidate the two inner folds train on different people, and together on those of the refit.
            assert not first & second
            assert first | second == refit
        assert len(refit) == 8
