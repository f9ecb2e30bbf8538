"""scikit-learn's check suite on the networks; tests/test_common.py leaves them to this file."""

import pytest
from sklearn.base import BaseEstimator
from sklearn.utils.estimator_checks import parametrize_with_checks

import skpd.neural
from skpd.neural import BackboneFeatures, KerasMLPClassifier, KerasTransferClassifier

ESTIMATORS = [
    KerasMLPClassifier((16,), learning_rate=0.05, epochs=6, batch_size=16, random_state=0),
]

#: The suite cannot make images and warns that it skips all: test_backbone_features.py and test_keras_transfer.py check
#: cloning, pickling, seeds and errors on images instead.
OF_IMAGES = {BackboneFeatures, KerasTransferClassifier}

EXPECTED_FAILURES = {
    KerasMLPClassifier: {
        "check_sample_weight_equivalence_on_dense_data": "weighted mini-batches are not mini-batches of repeated rows",
    }
}


@pytest.mark.slow
@pytest.mark.filterwarnings("ignore::sklearn.exceptions.SkipTestWarning")
@parametrize_with_checks(ESTIMATORS, expected_failed_checks=lambda e: EXPECTED_FAILURES.get(type(e), {}))
def test_scikit_learn_checks(estimator, check):
    check(estimator)


def test_no_public_network_is_forgotten():
    things = [getattr(skpd.neural, name) for name in skpd.neural.__all__]
    networks = {t for t in things if isinstance(t, type) and issubclass(t, BaseEstimator)}
    assert networks == {type(e) for e in ESTIMATORS} | OF_IMAGES
