import pickle
import warnings

import numpy as np
import pandas as pd
import pytest
import sklearn
from imblearn.over_sampling import RandomOverSampler
from imblearn.pipeline import make_pipeline as make_resampling_pipeline
from sklearn.base import BaseEstimator, ClassifierMixin, clone
from sklearn.ensemble import RandomForestClassifier
from sklearn.linear_model import LogisticRegression, RidgeClassifier
from sklearn.metrics import get_scorer
from sklearn.model_selection import GridSearchCV, StratifiedGroupKFold, cross_val_score
from sklearn.pipeline import Pipeline, make_pipeline
from sklearn.preprocessing import FunctionTransformer

from skpd._recordings import as_object_array
from skpd.exceptions import SkippedDataWarning
from skpd.signal import TremorBandFilter, VectorMagnitude, WindowedClassifier, Windowizer

FS = 50.0


def spread(windows):
    """The standard deviation of each channel of each window."""
    return windows.std(axis=1)


def on_windows(classifier=None):
    return make_pipeline(FunctionTransformer(spread), LogisticRegression() if classifier is None else classifier)


def classifier(inner=None, vote="soft", **options):
    cutter = Windowizer(FS, **({"duration": 1.0} | options))
    return WindowedClassifier(on_windows() if inner is None else inner, cutter, vote=vote)


@pytest.fixture
def data():
    """24 recordings of 12 people; tremor doubles the noise."""
    rng = np.random.default_rng(0)
    y = np.tile(["none", "tremor"], 12)
    X = rng.normal(size=(24, 200, 3)) * np.where(y == "tremor", 2.0, 1.0)[:, None, None]
    return X, y, np.repeat(np.arange(12), 2)


class Recorder(ClassifierMixin, BaseEstimator):
    """Keeps what its fit was given."""

    def fit(self, X, y, sample_weight=None, groups=None, knob=None):
        self.X_, self.y_, self.sample_weight_, self.groups_, self.knob_ = X, y, sample_weight, groups, knob
        self.classes_ = np.unique(y)
        return self

    def predict(self, X):
        return np.full(len(X), self.classes_[0])

    def predict_proba(self, X):
        return np.full((len(X), len(self.classes_)), 1 / len(self.classes_))


def test_learns_and_predicts_one_row_a_recording(data):
    X, y, _ = data
    model = classifier().fit(X[:16], y[:16])
    assert model.classes_.tolist() == ["none", "tremor"]
    assert model.n_windows_ == 16 * 7
    assert model.n_features_in_ == 3
    assert model.predict(X[16:]).tolist() == y[16:].tolist()
    assert model.predict_proba(X[16:]).shape == (8, 2)
    np.testing.assert_allclose(model.predict_proba(X).sum(axis=1), 1)


@pytest.mark.parametrize("vote", ["soft", "hard"])
def test_votes_are_means_over_windows(data, vote):
    X, y, _ = data
    X = X * np.random.default_rng(1).uniform(0.5, 1.5, size=X.shape[:2])[..., None]
    model = classifier(vote=vote).fit(X, y)
    timeline = model.predict_windows(X)
    if vote == "soft":
        expected = timeline.groupby("recording")[["proba_none", "proba_tremor"]].mean()
    else:
        expected = pd.crosstab(timeline["recording"], timeline["prediction"], normalize="index")
    np.testing.assert_allclose(model.predict_proba(X), expected.to_numpy())
    assert model.predict(X).tolist() == model.classes_[model.predict_proba(X).argmax(axis=1)].tolist()


def test_the_table_and_the_classifier_agree(data):
    X, y, _ = data
    model = classifier().fit(X, y)
    windows = Windowizer(FS, 1.0).segment(X, y)
    by_hand = on_windows().fit(windows.X, windows.y)
    np.testing.assert_allclose(
        model.predict_windows(X)[["proba_none", "proba_tremor"]].to_numpy(), by_hand.predict_proba(windows.X)
    )


def test_timeline(data):
    X, y, _ = data
    timeline = classifier().fit(X, y).predict_windows(X[:2])
    assert list(timeline.columns) == ["recording", "start", "stop", "prediction", "proba_none", "proba_tremor"]
    assert timeline["start"].tolist() == [0, 25, 50, 75, 100, 125, 150] * 2
    without = classifier(on_windows(RidgeClassifier()), vote="hard").fit(X, y).predict_windows(X[:2])
    assert list(without.columns) == ["recording", "start", "stop", "prediction"]


def test_hard_vote_needs_no_probabilities(data):
    X, y, _ = data
    ridge = on_windows(RidgeClassifier())
    with pytest.raises(ValueError, match='Pipeline has none: use vote="hard"'):
        classifier(ridge).fit(X, y)
    assert not hasattr(classifier(ridge), "predict_proba")
    model = classifier(ridge, vote="hard").fit(X, y)
    assert model.score(X, y) == 1
    np.testing.assert_allclose(model.predict_proba(X) * 7, np.round(model.predict_proba(X) * 7), atol=1e-12)


@pytest.mark.parametrize("form", ["two", "three", "list", "object"])
def test_forms_of_recordings(data, form):
    X, y, _ = data
    forms = {
        "two": lambda X: X[..., 0],
        "three": lambda X: X,
        "list": lambda X: [x[: 100 + 10 * (i % 3)] for i, x in enumerate(X)],
        "object": lambda X: as_object_array(x[: 100 + 10 * (i % 3)] for i, x in enumerate(X)),
    }
    model = classifier().fit(forms[form](X[:16]), y[:16])
    assert model.score(forms[form](X[16:]), y[16:]) == 1


@pytest.mark.parametrize("labels", [[0, 4], [True, False], ["mild", "severe"], [-1.0, 1.0]])
def test_kinds_of_labels(data, labels):
    X, y, _ = data
    y = np.where(y == "tremor", labels[1], labels[0])
    model = classifier().fit(X, y)
    assert model.predict(X).tolist() == y.tolist()
    assert model.predict(X).dtype == y.dtype


def test_grid_search_over_recordings_with_the_window_duration_in_the_grid(data):
    X, y, groups = data
    road = Pipeline(
        [
            ("magnitude", VectorMagnitude()),
            ("bands", TremorBandFilter(FS)),
            (
                "windows",
                classifier(
                    make_resampling_pipeline(
                        FunctionTransformer(spread),
                        RandomOverSampler(random_state=0),
                        RandomForestClassifier(10, random_state=0),
                    )
                ),
            ),
        ]
    )
    y[[1, 3]] = "none"
    search = GridSearchCV(
        road,
        {"windows__windowizer__duration": [1.0, 2.0], "windows__vote": ["soft", "hard"]},
        cv=StratifiedGroupKFold(3),
        scoring=["balanced_accuracy", "roc_auc", "neg_log_loss"],
        refit="balanced_accuracy",
        error_score="raise",
    ).fit(X, y, groups=groups)
    assert np.isfinite(search.cv_results_["mean_test_roc_auc"]).all()
    assert np.isfinite(search.cv_results_["mean_test_neg_log_loss"]).all()
    assert search.predict(X).shape == (24,)
    durations = {clone(road).set_params(**p).fit(X, y)[-1].windowizer_.n_samples_ for p in search.cv_results_["params"]}
    assert durations == {50, 100}


def test_cross_validation_of_ragged_recordings(data):
    X, y, groups = data
    ragged = as_object_array(x[: 100 + 20 * (i % 4)] for i, x in enumerate(X))
    scores = cross_val_score(classifier(), ragged, y, groups=groups, cv=StratifiedGroupKFold(3), error_score="raise")
    assert scores.min() > 0.9


def test_clone_and_pickle(data):
    X, y, _ = data
    model = clone(classifier()).fit(X, y)
    np.testing.assert_array_equal(pickle.loads(pickle.dumps(model)).predict_proba(X), model.predict_proba(X))


def test_parameters_are_not_changed(data):
    X, y, _ = data
    model = classifier().fit(X, y)
    assert not hasattr(model.windowizer, "n_samples_")
    assert not hasattr(model.estimator[-1], "coef_")


def test_a_class_that_lost_its_windows_keeps_its_column(data):
    X, y, _ = data
    y = y.astype(object)
    y[5] = "severe"
    X[5] = np.nan
    with pytest.warns(
        SkippedDataWarning, match=r"gap: 7\); 1 of 24 recording\(s\) without a window are left out of fit: 5\.$"
    ):
        model = classifier().fit(X, y)
    assert model.classes_.tolist() == ["none", "severe", "tremor"]
    assert model.estimator_.classes_.tolist() == ["none", "tremor"]
    proba = model.predict_proba(X[:5])
    assert (proba[:, 1] == 0).all()
    assert model.predict(X[:2]).tolist() == ["none", "tremor"]
    assert list(model.predict_windows(X[:1]).columns[-3:]) == ["proba_none", "proba_severe", "proba_tremor"]


@pytest.mark.parametrize("vote", ["soft", "hard"])
def test_recordings_without_windows_are_named_and_get_the_shares_of_training(data, vote):
    X, y, _ = data
    ragged = [*X[:9], X[9, :120]]
    model = classifier(vote=vote, short="drop").fit(ragged, y[:10])
    np.testing.assert_allclose(model.class_prior_, [35 / 66, 31 / 66])
    gap = X[1].copy()
    gap[::10] = np.nan
    with pytest.warns(SkippedDataWarning, match=r"2 of 4 recording\(s\) without a window are predicted.*: 1, 2\.$"):
        proba = model.predict_proba([X[10], X[11, :20], gap, X[11]])
    np.testing.assert_array_equal(proba[1:3], [model.class_prior_] * 2)
    with pytest.warns(SkippedDataWarning):
        assert model.predict([X[10], X[11, :20], gap, X[11]]).tolist() == ["none", "none", "none", "tremor"]
    with pytest.warns(SkippedDataWarning):
        assert model.predict([X[11, :20]]).tolist() == ["none"]
    with pytest.warns(SkippedDataWarning, match="absent from the timeline: 0"):
        assert len(model.predict_windows([X[11, :20]])) == 0


def test_a_short_recording_in_fit_is_left_out_or_an_error(data):
    X, y, _ = data
    ragged = [*X[:9], X[9, :20]]
    with pytest.raises(ValueError, match="recording 9 has 20"):
        classifier().fit(ragged, y[:10])
    with pytest.warns(SkippedDataWarning, match="left out of fit: 9"):
        assert classifier(short="drop").fit(ragged, y[:10]).n_windows_ == 63


def test_no_window_at_all_is_an_error(data):
    X, y, _ = data
    with pytest.raises(ValueError, match="at least one window"):
        classifier(duration=10.0, short="drop").fit(X, y)


def test_a_flat_recording_is_fitted_and_predicted(data):
    X, y, _ = data
    X[0] = 9.81
    road = make_pipeline(VectorMagnitude(), TremorBandFilter(FS), classifier())
    assert road.fit(X, y).predict(np.full((1, 200, 3), 9.81)).tolist() == ["none"]


@pytest.mark.parametrize(
    ("y", "message"),
    [
        (None, "requires y"),
        (["none"] * 23, "one label for each of 24 recording"),
        ([0.0] * 23 + [np.nan], "NaN"),
        (np.linspace(0, 1, 24), "Unknown label type: continuous"),
        (np.zeros((24, 200)), "1d array"),
    ],
)
def test_labels_are_checked(data, y, message):
    with pytest.raises(ValueError, match=message):
        classifier().fit(data[0], y)


def test_metadata_is_repeated_for_windows(data):
    X, y, groups = data
    weight = np.linspace(1, 2, 24)
    model = classifier(Recorder()).fit(X, y, sample_weight=weight, groups=list(groups), knob="twenty-four characters!!")
    np.testing.assert_array_equal(model.estimator_.sample_weight_, np.repeat(weight, 7))
    np.testing.assert_array_equal(model.estimator_.groups_, np.repeat(groups, 7))
    np.testing.assert_array_equal(model.estimator_.y_, np.repeat(y, 7))
    assert model.estimator_.knob_ == "twenty-four characters!!"
    assert len(model.estimator_.knob_) == 24


def test_metadata_follows_windows_that_were_left_out(data):
    X, y, groups = data
    X[3, 60:] = np.nan
    with pytest.warns(SkippedDataWarning):
        model = classifier(Recorder()).fit(X, y, groups=pd.Series(groups, index=range(100, 124)))
    assert len(model.estimator_.groups_) == model.n_windows_ == 23 * 7 + 1
    assert model.estimator_.groups_.tolist()[20:23] == [1, 1, 2]


def test_metadata_of_a_pipeline_inside(data):
    X, y, _ = data
    weight = np.where(y == "tremor", 1e6, 1.0)
    model = classifier().fit(X, y, logisticregression__sample_weight=weight)
    assert model.predict_proba(X)[:, 1].mean() > classifier().fit(X, y).predict_proba(X)[:, 1].mean() + 0.1


@pytest.mark.parametrize("name", ["sample_weight", "groups", "clf__sample_weight"])
def test_metadata_of_another_length_raises(data, name):
    X, y, _ = data
    with pytest.raises(ValueError, match=rf"{name} with one entry for each of 24 recording\(s\), got 168"):
        classifier(Recorder()).fit(X, y, **{name: np.ones(168)})


def test_weighting_equals_repeating(data):
    X, y, _ = data
    y = y.copy()
    y[:8] = "tremor"
    weight = np.random.default_rng(0).integers(0, 3, size=24)
    weighted = classifier(on_windows(LogisticRegression(tol=1e-8))).fit(X, y, logisticregression__sample_weight=weight)
    repeated = classifier(on_windows(LogisticRegression(tol=1e-8))).fit(X.repeat(weight, axis=0), y.repeat(weight))
    np.testing.assert_allclose(weighted.predict_proba(X), repeated.predict_proba(X), atol=1e-5)


def test_metadata_routing(data):
    X, y, groups = data
    weight = np.linspace(1, 2, 24)
    with sklearn.config_context(enable_metadata_routing=True):
        inner = Recorder().set_fit_request(sample_weight=True, groups=True, knob=False)
        model = classifier(inner).fit(X, y, sample_weight=weight, groups=groups)
        np.testing.assert_array_equal(model.estimator_.sample_weight_, np.repeat(weight, 7))
        np.testing.assert_array_equal(model.estimator_.groups_, np.repeat(groups, 7))
        assert classifier(inner).fit(X, y).estimator_.groups_ is None
        with pytest.raises(TypeError, match="colour"):
            classifier(inner).fit(X, y, colour=weight)
        road = make_pipeline(VectorMagnitude(), classifier(inner))
        search = GridSearchCV(
            road,
            {"windowedclassifier__windowizer__duration": [1.0]},
            cv=StratifiedGroupKFold(3),
            scoring=get_scorer("accuracy").set_score_request(sample_weight=False),
        )
        search.fit(X, y, sample_weight=weight, groups=groups)
        recorder = search.best_estimator_[-1].estimator_
        np.testing.assert_array_equal(recorder.groups_, np.repeat(groups, 7))
        np.testing.assert_array_equal(recorder.sample_weight_, np.repeat(weight, 7))


def test_nested_group_cross_validation_inside_the_windows(data):
    X, y, groups = data
    with sklearn.config_context(enable_metadata_routing=True):
        inner = GridSearchCV(on_windows(), {"logisticregression__C": [0.1, 1.0]}, cv=StratifiedGroupKFold(3))
        assert classifier(inner).fit(X, y, groups=groups).score(X, y) == 1


def test_input_is_read_only_and_untouched(data):
    X, y, _ = data
    X.setflags(write=False)
    before = X.copy()
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        classifier().fit(X, y).predict(X)
    np.testing.assert_array_equal(X, before)


@pytest.mark.parametrize(
    ("params", "message"),
    [({"vote": "loud"}, "vote"), ({"windowizer": None}, "windowizer"), ({"estimator": None}, "estimator")],
)
def test_wrong_parameters_are_named(data, params, message):
    with pytest.raises(ValueError, match=message):
        classifier().set_params(**params).fit(*data[:2])
