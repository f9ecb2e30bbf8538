"""The published resamplers in the place they are made for: a grid over an imbalanced-learn Pipeline."""

import copy
import pickle

import numpy as np
import pytest
from imblearn.over_sampling import SMOTE
from imblearn.pipeline import Pipeline
from numpy.testing import assert_array_equal
from sklearn.base import BaseEstimator, ClassifierMixin, clone
from sklearn.dummy import DummyClassifier
from sklearn.ensemble import RandomForestClassifier
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import GridSearchCV, StratifiedGroupKFold

from skpd.metrics import make_scorers
from skpd.resampling import RESAMPLER_FAMILIES, RareClassSampler, tremor_resamplers

ORDER = [
    "none",
    "SMOTE",
    "ADASYN",
    "BorderlineSMOTE",
    "CondensedNearestNeighbour",
    "TomekLinks",
    "AllKNN",
    "InstanceHardnessThreshold",
    "NearMiss",
    "SMOTETomek",
    "SMOTEENN",
]


def windows(seed=0, n_subjects=10, n_windows=12):
    """Windows of subjects; severities 0-3, the worst in one subject only."""
    rng = np.random.default_rng(seed)
    groups = np.repeat(np.arange(n_subjects), n_windows)
    y = rng.choice(3, len(groups), p=[0.7, 0.2, 0.1])
    y[groups == 0] = np.repeat([3, 2], n_windows // 2)
    X = rng.normal(size=(len(y), 6)) + y[:, None] * [1, 0.5, 0, 0, 0, 0]
    return X, y, groups


def test_names_order_and_families():
    resamplers = tremor_resamplers()
    assert list(resamplers) == list(RESAMPLER_FAMILIES) == ORDER
    assert resamplers.pop("none") == "passthrough"
    assert [type(r.sampler).__name__ for r in resamplers.values()] == ORDER[1:]
    assert set(RESAMPLER_FAMILIES.values()) == {"none", "over", "under", "hybrid"}


def test_published_settings():
    settings = {
        ("SMOTE", "k_neighbors"): 5,
        ("ADASYN", "n_neighbors"): 5,
        ("BorderlineSMOTE", "kind"): "borderline-1",
        ("TomekLinks", "sampling_strategy"): "majority",
        ("AllKNN", "n_neighbors"): 3,
        ("AllKNN", "kind_sel"): "all",
        ("NearMiss", "version"): 1,
        ("NearMiss", "n_neighbors"): 3,
        ("SMOTETomek", "smote__k_neighbors"): 5,
        ("SMOTEENN", "smote__k_neighbors"): 5,
        ("SMOTEENN", "enn__n_neighbors"): 3,
    }
    resamplers = tremor_resamplers(n_jobs=1, on_rare="skip")
    for (name, parameter), value in settings.items():
        assert resamplers[name].sampler.get_params()[parameter] == value
    assert all(r.on_rare == "skip" for name, r in resamplers.items() if name != "none")


@pytest.mark.parametrize("name", ORDER[1:])
@pytest.mark.parametrize("seed", [7, np.int64(7), np.random.RandomState(7)], ids=["int", "numpy", "RandomState"])
def test_the_same_seed_gives_the_same_bits(name, seed):
    X, y, _ = windows()
    sampler = tremor_resamplers(seed)[name]
    if "sampler__estimator" in sampler.get_params():
        # The seed of the sampler still draws its folds.
        sampler.set_params(sampler__estimator=RandomForestClassifier(5, random_state=0))
    X_one, y_one = clone(sampler).fit_resample(X, y)
    X_two, y_two = clone(sampler).fit_resample(X, y)
    assert_array_equal(X_one, X_two)
    assert_array_equal(y_one, y_two)


def test_seeds_matter():
    X, y, _ = windows()
    first, second = (tremor_resamplers(seed)["SMOTE"].fit_resample(X, y)[0] for seed in (0, 1))
    assert not np.array_equal(first, second)


def test_nested_parameters_clone_and_pickle():
    pipeline = Pipeline([("resampler", tremor_resamplers(0)["SMOTE"]), ("classifier", DummyClassifier())])
    assert pipeline.get_params()["resampler__sampler__k_neighbors"] == 5
    pipeline.set_params(resampler__sampler__k_neighbors=2, resampler__on_rare="skip")
    for copied in (clone(pipeline), copy.deepcopy(pipeline), pickle.loads(pickle.dumps(pipeline))):
        assert copied.get_params()["resampler__sampler__k_neighbors"] == 2
        assert copied.get_params()["resampler__on_rare"] == "skip"
    pipeline.set_params(resampler__sampler=SMOTE(k_neighbors=4))
    assert pipeline.get_params()["resampler__sampler__k_neighbors"] == 4


class Counting(ClassifierMixin, BaseEstimator):
    """Remembers how many rows it was fitted on and asked about."""

    def fit(self, X, y):
        self.classes_, self.counts_ = np.unique(y, return_counts=True)
        return self

    def predict(self, X):
        self.n_asked_ = len(X)
        return np.full(len(X), self.classes_[0])


def test_only_training_rows_are_resampled():
    X, y, groups = windows()
    train, test = groups < 7, groups >= 7
    pipeline = Pipeline([("resampler", tremor_resamplers(0)["SMOTE"]), ("classifier", Counting())])
    pipeline.fit(X[train], y[train])
    assert len(set(pipeline["classifier"].counts_)) == 1
    assert pipeline["classifier"].counts_.sum() > train.sum()
    assert len(pipeline.predict(X[test])) == pipeline["classifier"].n_asked_ == test.sum()
    assert pipeline["resampler"].class_counts_["before"].sum() == train.sum()


@pytest.mark.filterwarnings("ignore::skpd.exceptions.SkippedDataWarning")
def test_grid_of_resamplers_and_classifiers_over_subjects():
    X, y, groups = windows(n_subjects=6)
    pipeline = Pipeline([("resampler", "passthrough"), ("classifier", DummyClassifier())])
    resamplers = tremor_resamplers(0)
    resamplers["InstanceHardnessThreshold"].set_params(sampler__estimator=RandomForestClassifier(5))
    grid = GridSearchCV(
        pipeline,
        {
            "resampler": list(resamplers.values()),
            "classifier": [RandomForestClassifier(4, random_state=0), LogisticRegression(max_iter=500)],
        },
        scoring=make_scorers(labels=[0, 1, 2, 3]),
        refit="gmean",
        cv=StratifiedGroupKFold(2),
        error_score="raise",
    ).fit(X, y, groups=groups)
    results = grid.cv_results_
    assert len(results["params"]) == 22
    for name in ("accuracy", "gmean", "iba", "auc", "quadratic_kappa", "neg_mae"):
        assert np.isfinite(results[f"mean_test_{name}"]).all()
    # Severity 3 lives in one subject, so one of two test folds lacks it.
    assert results["mean_test_n_classes_scored"].max() < 4
    assert grid.best_index_ == np.argmax(results["mean_test_gmean"])
    assert isinstance(grid.best_estimator_["resampler"], (RareClassSampler, str))
