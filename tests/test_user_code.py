"""What a user of scikit-learn would type, on simulated recordings, and what goes wrong for real."""

import numpy as np
import pandas as pd
import pytest
from imblearn.pipeline import Pipeline as SamplerPipeline
from sklearn.ensemble import RandomForestClassifier
from sklearn.impute import SimpleImputer
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import GridSearchCV, StratifiedGroupKFold, cross_val_score
from sklearn.pipeline import Pipeline
from sklearn.preprocessing import StandardScaler

from skpd import TremorBandFilter, TremorFeatures, VectorMagnitude, WindowedClassifier, Windowizer
from skpd.datasets import make_tremor_recordings
from skpd.exceptions import SkippedDataWarning
from skpd.metrics import gmean_scorer, make_scorers
from skpd.recipes import make_recipe, make_window_table
from skpd.resampling import tremor_resamplers

SEED = 6
CV = StratifiedGroupKFold(3, shuffle=True, random_state=0)


@pytest.fixture(scope="module")
def recordings():
    return make_tremor_recordings(
        n_subjects=12, recordings_per_subject=3, duration=12.0, weights=(0.4, 0.2, 0.15, 0.15, 0.1), random_state=SEED
    )


@pytest.fixture(scope="module")
def table(recordings):
    return make_window_table(
        recordings.data, recordings.target, recordings.groups, sampling_rate=recordings.sampling_rate
    )


def fast_forest():
    return RandomForestClassifier(n_estimators=10, random_state=0)


def test_search_resamplers_and_classifiers_over_windows(table):
    steps = [
        ("imputer", SimpleImputer(keep_empty_features=True)),
        ("scaler", StandardScaler()),
        ("resampler", "passthrough"),
        ("classifier", fast_forest()),
    ]
    grid = {
        "resampler": list(tremor_resamplers(0).values()),
        "classifier": [fast_forest(), LogisticRegression(max_iter=2000)],
    }
    search = GridSearchCV(SamplerPipeline(steps), grid, cv=CV, scoring=make_scorers(), refit="gmean")
    search.fit(table.X, table.y, groups=table.groups)
    results = pd.DataFrame(search.cv_results_)
    assert len(results) == 22
    for metric in ("accuracy", "gmean", "iba", "auc", "quadratic_kappa"):
        assert results[f"mean_test_{metric}"].notna().all(), metric
    assert search.best_score_ == results["mean_test_gmean"].max()
    assert search.predict(table.X.iloc[:5]).shape == (5,)


def test_search_window_length_over_recordings(recordings):
    rate = recordings.sampling_rate
    on_windows = SamplerPipeline(
        [
            ("features", TremorFeatures(rate)),
            ("imputer", SimpleImputer(keep_empty_features=True)),
            ("resampler", "passthrough"),
            ("classifier", fast_forest()),
        ]
    )
    road = Pipeline(
        [
            ("magnitude", VectorMagnitude()),
            ("bands", TremorBandFilter(rate)),
            ("windowed", WindowedClassifier(on_windows, Windowizer(rate))),
        ]
    )
    grid = {
        "windowed__windowizer__duration": [2.0, 4.0],
        "windowed__estimator__resampler": ["passthrough", tremor_resamplers(0)["SMOTE"]],
    }
    search = GridSearchCV(road, grid, cv=CV, scoring=make_scorers(), refit="gmean")
    search.fit(recordings.data, recordings.target, groups=recordings.groups)
    scores = pd.DataFrame(search.cv_results_)
    assert scores["mean_test_gmean"].notna().all()
    assert scores["mean_test_gmean"].nunique() > 1
    probabilities = search.predict_proba(recordings.data[:4])
    np.testing.assert_allclose(probabilities.sum(axis=1), 1)
    windows = search.best_estimator_[:-1].transform(recordings.data[:1])
    timeline = search.best_estimator_[-1].predict_windows(windows)
    assert {"recording", "start", "stop", "prediction"} <= set(timeline.columns)


def test_pandas_output_does_not_break_the_road(recordings):
    rate = recordings.sampling_rate
    road = make_recipe("tremor", sampling_rate=rate, classifier=fast_forest()).set_output(transform="pandas")
    assert road.fit(recordings.data, recordings.target).predict(recordings.data).shape == recordings.target.shape


def test_a_fold_without_severity_4_is_scored(recordings):
    rate = recordings.sampling_rate
    recipe = make_recipe("tremor", sampling_rate=rate, classifier=fast_forest(), random_state=0)
    people_with_4 = set(recordings.groups[recordings.target == 4])
    assert people_with_4
    lacks_4 = ~np.isin(recordings.groups, list(people_with_4))
    fitted = recipe.fit(recordings.data[lacks_4], recordings.target[lacks_4])
    for name, scorer in make_scorers(labels=[0, 1, 2, 3, 4]).items():
        assert np.isfinite(scorer(fitted, recordings.data, recordings.target)), name
    scores = cross_val_score(
        recipe, recordings.data, recordings.target, groups=recordings.groups, cv=CV, scoring=gmean_scorer
    )
    assert np.isfinite(scores).all()


def test_a_flat_recording_is_no_obstacle(recordings):
    data = recordings.data.copy()
    data[0] = [0.0, 0.0, 9.81]
    rate = recordings.sampling_rate
    recipe = make_recipe("tremor", sampling_rate=rate, classifier=fast_forest())
    assert np.isfinite(recipe.fit(data, recordings.target).predict_proba(data)).all()


def test_a_recording_shorter_than_a_window(recordings):
    rate = recordings.sampling_rate
    ragged = [*recordings.data[:-1], recordings.data[-1][:150]]
    last = len(ragged) - 1
    recipe = make_recipe("tremor", sampling_rate=rate, classifier=fast_forest())
    with pytest.raises(ValueError, match=rf"200 samples .* recording {last} has 150"):
        recipe.fit(ragged, recordings.target)
    recipe.set_params(windowedclassifier__windowizer__short="drop")
    with pytest.warns(SkippedDataWarning, match=str(last)):
        recipe.fit(ragged, recordings.target)
    with pytest.warns(SkippedDataWarning, match=str(last)):
        predicted = recipe.predict(ragged)
    assert len(predicted) == len(ragged)


def test_recordings_that_were_dropped_are_told(recordings):
    ragged = [*recordings.data[:-1], recordings.data[-1][:150]]
    with pytest.warns(SkippedDataWarning):
        table = make_window_table(ragged, recordings.target, recordings.groups, sampling_rate=recordings.sampling_rate)
    assert table.skipped["recording"].tolist() == [len(ragged) - 1]


def test_one_recording_passed_bare_is_told_how(recordings):
    recipe = make_recipe("tremor", sampling_rate=recordings.sampling_rate)
    with pytest.raises(ValueError, match=r"X\[None\]"):
        recipe.fit(recordings.data[0, :, 0], recordings.target)


@pytest.mark.parametrize("bad", ["a.csv", None, 3.0, {"x": [1]}])
def test_nonsense_instead_of_recordings_is_an_error(recordings, bad):
    with pytest.raises((ValueError, TypeError)):
        make_recipe("tremor", sampling_rate=50.0).fit(bad, recordings.target)


def test_unknown_recipe_and_parts_are_errors_that_list_the_known():
    with pytest.raises(ValueError, match=r"expected one of 'tremor', 'hwa1'.* got 'hwa9'"):
        make_recipe("hwa9")
    with pytest.raises(ValueError, match=r"resampler: expected one of 'none', 'SMOTE'.* got 'smote'"):
        make_recipe("tremor", sampling_rate=50.0, resampler="smote")
    with pytest.raises(ValueError, match=r"road: expected one of .* got 'axis'"):
        make_recipe("tremor", sampling_rate=50.0, road="axis")
