"""How far input lies from the training data, and whom that calls unlike it."""

import json

import numpy as np
import pandas as pd
import pytest

from skpd.datasets import load_unm_rest, make_tremor_recordings
from skpd.model_selection import make_splitter
from skpd.models import TrainingDistance
from skpd.models._predict import split_features
from skpd.recipes import make_recipe


def people(n_people=40, n_rows=25, seed=0):
    """Ten features that say three things, one of them with a long tail and one often undefined."""
    rng = np.random.default_rng(seed)
    groups = np.repeat(np.arange(n_people), n_rows)
    causes = rng.normal(size=(len(groups), 3)) + 0.3 * rng.normal(size=(n_people, 3))[groups]
    X = causes @ np.random.default_rng(99).normal(size=(3, 10)) + 0.1 * rng.normal(size=(len(groups), 10))
    X[:, 0] = np.exp(2 * X[:, 0])
    X[rng.uniform(size=len(X)) < 0.3, 1] = np.nan
    return pd.DataFrame(X, columns=[f"f{i}" for i in range(10)]), groups


def test_one_row_in_a_hundred_of_new_people_is_beyond_the_limit():
    X, groups = people()
    new, _ = people(n_people=400, seed=1)
    share = (TrainingDistance.from_table(X, groups).measure(new) > 1).mean()
    assert 0.003 < share < 0.03


def test_a_combination_that_never_occurs_is_found_within_all_ranges():
    X, groups = people()
    distance = TrainingDistance.from_table(X, groups)
    # Each column shuffled by itself: every value has been seen, no row has.
    rng = np.random.default_rng(0)
    mixed = X.apply(lambda column: rng.permutation(column.to_numpy()))
    assert (distance.measure(mixed) > 1).mean() > 0.9


def test_units_of_features_and_order_of_people_do_not_matter():
    X, groups = people()
    distances = TrainingDistance.from_table(X, groups).measure(X)
    other = X * 1000.0 - 5.0
    np.testing.assert_allclose(TrainingDistance.from_table(other, groups).measure(other), distances, rtol=1e-6)


@pytest.mark.parametrize("value", [1e308, -1e308, np.inf])
def test_no_value_is_too_large(value):
    X, groups = people()
    row = X.iloc[[0]].to_numpy(copy=True)
    row[0, 3] = value
    found = TrainingDistance.from_table(X, groups).measure(row)
    assert np.isfinite(found).all()
    assert found[0] > 1


def test_features_that_are_constant_or_nowhere_defined():
    X, groups = people()
    X = X.assign(constant=7.0, nothing=np.nan)
    distance = TrainingDistance.from_table(X, groups)
    assert np.isfinite(distance.measure(X)).all()
    # What was undefined in training cannot tell anything later.
    np.testing.assert_array_equal(distance.measure(X.assign(nothing=1.0)), distance.measure(X))


def test_rows_that_are_all_the_same_and_one_person():
    same = TrainingDistance.from_table(np.ones((6, 2)), np.arange(6))
    np.testing.assert_array_equal(same.measure([[1.0, 1.0], [1.0, 2.0]]) > 1, [False, True])
    X, _ = people(n_people=1, n_rows=200)
    assert (TrainingDistance.from_table(X, np.zeros(200)).measure(X) > 1).mean() <= 0.01


def test_it_comes_back_from_json():
    X, groups = people()
    distance = TrainingDistance.from_table(X, groups)
    again = TrainingDistance.from_json(json.loads(json.dumps(distance.as_json())))
    np.testing.assert_array_equal(again.measure(X), distance.measure(X))
    assert list(again.names) == list(X.columns)
    for damage in ({"mean": ""}, {"scale": "x"}, {"names": ["a"]}):
        with pytest.raises(ValueError, match=r"reshape|base64|padding|buffer"):
            TrainingDistance.from_json(distance.as_json() | damage)


def window_features(bunch):
    """Features of windows as a model of recordings makes them, and whose they are."""
    recipe = make_recipe("tremor", sampling_rate=bunch.sampling_rate, classifier="majority")
    recipe.fit(bunch.data, bunch.target)
    windowed = recipe[-1]
    windows = windowed.windowizer_.segment(recipe[:-1].transform(bunch.data), groups=bunch.groups)
    return split_features(windowed.estimator_)[0].transform(windows.X), np.asarray(windows.groups)


def false_alarms(X, groups):
    flagged = np.zeros(len(X), dtype=bool)
    for train, test in make_splitter("subject-wise", n_splits=3, random_state=100).split(X, np.zeros(len(X)), groups):
        flagged[test] = TrainingDistance.from_table(X[train], groups[train]).measure(X[test]) > 1
    return flagged.mean()


def test_windows_of_simulated_people_held_out():
    assert false_alarms(*window_features(make_tremor_recordings(n_subjects=20, random_state=0))) < 0.04


@pytest.mark.slow
def test_windows_of_real_people_held_out_and_of_another_world(data_dir):
    X, groups = window_features(load_unm_rest(data_dir / "unm_rest", sessions=(1,)))
    assert false_alarms(X, groups) < 0.03
    simulated, _ = window_features(make_tremor_recordings(n_subjects=4, random_state=0))
    assert (TrainingDistance.from_table(X, groups).measure(simulated) > 1).mean() > 0.95
