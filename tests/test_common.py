"""The check suites of scikit-learn and imbalanced-learn, run on every public estimator."""

import importlib
import inspect
import pkgutil
from pathlib import Path

import numpy as np
import pytest
from imblearn.combine import SMOTEENN
from imblearn.over_sampling import SMOTE, RandomOverSampler
from imblearn.under_sampling import AllKNN, RandomUnderSampler
from imblearn.utils.estimator_checks import estimator_checks_generator as sampler_checks
from sklearn.base import BaseEstimator, TransformerMixin
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline
from sklearn.utils.estimator_checks import parametrize_with_checks

import skpd
from skpd.features import PenFeatures, TremorFeatures, TsfreshFeatures
from skpd.images import ImageAugmenter, StrokeRenderer
from skpd.models import SubjectCalibratedClassifier
from skpd.resampling import CondensedNearestNeighbour, RareClassSampler
from skpd.signal import TremorBandFilter, VectorMagnitude, WindowedClassifier, Windowizer

#: The checks know no people.
pytestmark = pytest.mark.filterwarnings("ignore:groups. got none")


class Flatten(TransformerMixin, BaseEstimator):
    """Windows as rows; a class of its own because the name of a test must not hold a function's address."""

    def fit(self, X, y=None):
        return self

    def transform(self, X):
        return np.reshape(X, (len(X), -1))

    def __sklearn_is_fitted__(self):
        return True


def windowed(**options):
    """A classifier of windows of two samples, so that the suites' tiny tables are recordings of several windows."""
    on_windows = make_pipeline(Flatten(), LogisticRegression())
    return WindowedClassifier(on_windows, Windowizer(1.0, 2.0, 0.0), **options)


ESTIMATORS = [
    VectorMagnitude(),
    TremorBandFilter(100.0),
    TremorBandFilter(100.0, combine="principal_axis", zero_phase=False),
    Windowizer(1.0, 1.0, 0.0),
    windowed(),
    windowed(vote="hard"),
    TremorFeatures(100.0),
    TsfreshFeatures("minimal"),
    SubjectCalibratedClassifier(LogisticRegression(), n_splits=2, random_state=0),
]
SAMPLERS = [
    CondensedNearestNeighbour(random_state=0),
    RareClassSampler(SMOTE(random_state=0)),
    RareClassSampler(SMOTE(random_state=0), on_rare="raise"),
    RareClassSampler(SMOTEENN(random_state=0), on_rare="skip"),
    RareClassSampler(RandomOverSampler(random_state=0)),
    RareClassSampler(RandomUnderSampler(random_state=0)),
    RareClassSampler(AllKNN()),
    RareClassSampler("passthrough"),
    ImageAugmenter(n_per_image=2, rotation_range=20, random_state=0),
]

#: The suite can make neither trajectories nor images, and warns that it skips all: the tests of these check cloning,
#: pickling, statelessness and errors on trajectories instead.
OF_TRAJECTORIES = {PenFeatures, StrokeRenderer}

#: Checks that cannot hold: estimator, check, reason. A function says for which settings.
EXPECTED_FAILURES = [
    (
        lambda e: isinstance(e, RareClassSampler) and (e.on_rare != "raise" or e.sampler == "passthrough"),
        "check_samplers_one_label",
        "a training fold of one class is passed on with a warning: it must not end a grid search",
    ),
    *(
        (
            lambda e: isinstance(e, ImageAugmenter),
            check,
            "the check feeds a 2-D table, which is no batch of images; tests/images checks the same on images",
        )
        for check in (
            "check_samplers_one_label",
            "check_samplers_fit",
            "check_samplers_fit_resample",
            "check_samplers_list",
            "check_samplers_multiclass_ova",
            "check_samplers_preserve_dtype",
            "check_samplers_sample_indices",
            "check_samplers_2d_target",
        )
    ),
]


def expected_failures(estimator):
    return {check: reason for applies, check, reason in EXPECTED_FAILURES if applies(estimator)}


# A check that the environment cannot run (the array API needs a switch set before scipy is imported) skips itself.
@pytest.mark.filterwarnings("ignore::sklearn.exceptions.SkipTestWarning")
@parametrize_with_checks(ESTIMATORS)
def test_scikit_learn_checks(estimator, check):
    check(estimator)


# A list: imbalanced-learn's own decorator hands pytest a generator, which pytest warns about.
@pytest.mark.filterwarnings("ignore::skpd.exceptions.SkippedDataWarning")
@pytest.mark.parametrize(
    ("estimator", "check"),
    [
        case
        for sampler in SAMPLERS
        for case in sampler_checks(sampler, expected_failed_checks=expected_failures(sampler), mark="xfail")
    ],
    ids=lambda value: getattr(getattr(value, "func", None), "__name__", repr(value)),
)
def test_imbalanced_learn_checks(estimator, check):
    check(estimator)


#: Folders whose estimators have a suite of their own, which is held to all of them there.
CHECKED_ELSEWHERE = {"skpd.neural": "tests/neural/test_neural_checks.py"}


def public_estimators():
    for module in pkgutil.iter_modules(skpd.__path__, "skpd."):
        if module.ispkg and module.name not in CHECKED_ELSEWHERE:
            package = importlib.import_module(module.name)
            for name in package.__all__:
                thing = getattr(package, name)
                if inspect.isclass(thing) and issubclass(thing, BaseEstimator):
                    yield thing


@pytest.mark.parametrize("estimator", sorted(set(public_estimators()), key=lambda c: c.__name__))
def test_no_public_estimator_is_forgotten(estimator):
    assert estimator in {type(e) for e in ESTIMATORS + SAMPLERS} | OF_TRAJECTORIES


@pytest.mark.parametrize("package", CHECKED_ELSEWHERE)
def test_suites_elsewhere_are_complete(package):
    suite = (Path(__file__).parents[1] / CHECKED_ELSEWHERE[package]).read_text(encoding="utf-8")
    assert "def test_no_public_network_is_forgotten" in suite
    assert package in suite


def test_every_expected_failure_is_one():
    for applies, check, reason in EXPECTED_FAILURES:
        assert any(applies(e) for e in ESTIMATORS + SAMPLERS), check
        assert reason
