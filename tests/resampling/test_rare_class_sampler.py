"""RareClassSampler: the wrapped sampler where that works, and a reported way out where it does not."""

import numpy as np
import pandas as pd
import pytest
from imblearn.base import BaseSampler
from imblearn.combine import SMOTEENN, SMOTETomek
from imblearn.over_sampling import ADASYN, SMOTE, SVMSMOTE, BorderlineSMOTE
from imblearn.under_sampling import (
    AllKNN,
    EditedNearestNeighbours,
    InstanceHardnessThreshold,
    NearMiss,
    OneSidedSelection,
    RandomUnderSampler,
)
from numpy.testing import assert_allclose, assert_array_equal
from scipy import sparse
from sklearn.base import clone
from sklearn.ensemble import RandomForestClassifier
from sklearn.neighbors import NearestNeighbors
from sklearn.utils.validation import validate_data

from skpd.exceptions import SkippedDataWarning
from skpd.resampling import RareClassSampler, tremor_resamplers


def fold(*counts, seed=0, separation=1.0, n_features=4):
    """One class a count, overlapping."""
    y = np.repeat(np.arange(len(counts)), counts)
    X = np.random.default_rng(seed).normal(size=(len(y), n_features))
    X[:, 0] += separation * y
    return X, y


def published(**options):
    """The resamplers with a small forest, which is what takes the time."""
    resamplers = tremor_resamplers(0, **options)
    resamplers["InstanceHardnessThreshold"].set_params(sampler__estimator=RandomForestClassifier(5, random_state=0))
    return resamplers


def after(sampler):
    return sampler.class_counts_["after"].tolist()


@pytest.mark.parametrize("name", [name for name in tremor_resamplers() if name != "none"])
def test_where_no_class_is_rare_the_wrapped_sampler_decides(name):
    X, y = fold(120, 60, 30)
    wrapped = published()[name]
    X_ours, y_ours = wrapped.fit_resample(X, y)
    inner = clone(wrapped.sampler)
    X_inner, y_inner = inner.fit_resample(X, y)
    assert_array_equal(X_ours, X_inner)
    assert_array_equal(y_ours, y_inner)
    assert wrapped.adapted_ == wrapped.kept_classes_ == {}
    assert wrapped.class_counts_["before"].tolist() == [120, 60, 30]
    assert after(wrapped) == np.bincount(y_inner).tolist()
    if hasattr(inner, "sample_indices_"):
        assert_array_equal(wrapped.sample_indices_, inner.sample_indices_)


@pytest.mark.parametrize("name", [name for name in tremor_resamplers() if name != "none"])
@pytest.mark.parametrize("on_rare", ["adapt", "skip"])
@pytest.mark.parametrize("rarest", [4, 3, 2, 1])
@pytest.mark.filterwarnings("ignore::skpd.exceptions.SkippedDataWarning")
def test_no_published_resampler_fails_or_loses_a_rare_class(name, on_rare, rarest):
    X, y = fold(90, 30, rarest)
    sampler = published(on_rare=on_rare)[name]
    X_new, y_new = sampler.fit_resample(X, y)
    assert X_new.shape == (len(y_new), 4)
    assert np.bincount(y_new, minlength=3).tolist() == after(sampler)
    assert min(after(sampler)) > 0


@pytest.mark.parametrize(
    ("sampler", "adapted"),
    [
        (SMOTE(), {"k_neighbors": 3}),
        (SMOTE(k_neighbors=NearestNeighbors(n_neighbors=6)), {"k_neighbors__n_neighbors": 4}),
        (ADASYN(), {"n_neighbors": 3}),
        (BorderlineSMOTE(), {"k_neighbors": 3}),
        (SMOTETomek(), {"smote__k_neighbors": 3}),
        (SMOTEENN(smote=SMOTE(k_neighbors=4)), {"smote__k_neighbors": 3}),
        (NearMiss(n_neighbors=6), {"n_neighbors": 4}),
        (NearMiss(n_neighbors=3), {}),
        (OneSidedSelection(n_neighbors=9, random_state=0), {"n_neighbors": 5}),
        (InstanceHardnessThreshold(estimator=RandomForestClassifier(5)), {"cv": 4}),
    ],
    ids=str,
)
def test_counts_are_lowered_to_what_four_samples_allow(sampler, adapted):
    X, y = fold(60, 20, 4)
    wrapped = RareClassSampler(sampler)
    before = wrapped.get_params()
    wrapped.fit_resample(X, y)
    assert wrapped.adapted_ == adapted
    for name, value in adapted.items():
        assert wrapped.sampler_.get_params()[name] == value
    # The parameters are the user's: nothing in them has changed.
    assert {k: str(v) for k, v in wrapped.get_params().items()} == {k: str(v) for k, v in before.items()}


def test_neighbours_of_all_samples_are_limited_by_all_samples():
    X, y = fold(5, 3)
    wrapped = RareClassSampler(BorderlineSMOTE(random_state=0))
    wrapped.fit_resample(X, y)
    assert wrapped.adapted_ == {"k_neighbors": 2, "m_neighbors": 7}


def test_a_single_sample_is_set_aside_with_a_warning():
    X, y = fold(40, 20, 1)
    sampler = RareClassSampler(SMOTE(random_state=0))
    with pytest.warns(SkippedDataWarning, match="class 2 .* set aside, 1 sample"):
        X_new, y_new = sampler.fit_resample(X, y)
    assert after(sampler) == [40, 40, 1]
    assert list(sampler.kept_classes_) == [2]
    assert_array_equal(X_new[y_new == 2], X[y == 2])


def test_skip_leaves_counts_alone():
    X, y = fold(40, 20, 4)
    sampler = RareClassSampler(SMOTE(random_state=0), on_rare="skip")
    with pytest.warns(SkippedDataWarning, match="class 2 .* 4 sample.* at least 6"):
        sampler.fit_resample(X, y)
    assert after(sampler) == [40, 40, 4]
    assert sampler.adapted_ == {}


def test_raise_names_class_count_and_need():
    X, y = fold(40, 20, 4)
    with pytest.raises(ValueError, match=r"class 2 has 4 sample.* expected at least 6 for SMOTE"):
        RareClassSampler(SMOTE(), on_rare="raise").fit_resample(X, y)
    with pytest.raises(ValueError, match="class"):
        RareClassSampler(SMOTE(), on_rare="raise").fit_resample(X[:40], y[:40])


def test_a_class_that_the_sampler_deletes_is_put_back():
    # Class 1 lies among class 0, one by one: every neighbour is of the other class.
    rng = np.random.default_rng(0)
    X = rng.normal(size=(68, 2))
    y = np.repeat([0, 1, 2], [50, 10, 8])
    X[y == 2] += 20
    assert 1 not in EditedNearestNeighbours(n_neighbors=5).fit_resample(X, y)[1]
    sampler = RareClassSampler(EditedNearestNeighbours(n_neighbors=5))
    with pytest.warns(SkippedDataWarning, match="class 1 .* deleted by the sampler, 10 sample"):
        X_new, y_new = sampler.fit_resample(X, y)
    assert sampler.class_counts_.loc[1].tolist() == [10, 10]
    assert_array_equal(X_new[y_new == 1], X[y == 1])
    assert_array_equal(X_new, X[sampler.sample_indices_])
    assert_array_equal(y_new, y[sampler.sample_indices_])
    with pytest.raises(ValueError, match="deleted all 10 samples of class 1"):
        RareClassSampler(EditedNearestNeighbours(n_neighbors=5), on_rare="raise").fit_resample(X, y)


def test_a_fold_of_one_class_is_passed_on():
    X, y = fold(12)
    sampler = RareClassSampler(SMOTE())
    with pytest.warns(SkippedDataWarning, match="the only class"):
        X_new, y_new = sampler.fit_resample(X, y)
    assert_array_equal(X_new, X)
    assert_array_equal(y_new, y)
    assert sampler.n_features_in_ == 4


def test_when_only_one_class_is_common_everything_is_passed_on():
    X, y = fold(12, 1, 1)
    sampler = RareClassSampler(SMOTE())
    with pytest.warns(SkippedDataWarning):
        X_new, _ = sampler.fit_resample(X, y)
    assert_array_equal(X_new, X)
    assert list(sampler.kept_classes_) == [1, 2]


@pytest.mark.parametrize("sampler", [ADASYN(random_state=0), SVMSMOTE(random_state=0)], ids=str)
def test_a_class_with_nothing_to_interpolate_leaves_the_others_resampled(sampler):
    # Class 1 overlaps with class 0. Class 2 is far away, where ADASYN finds no neighbours of another class.
    X, y = fold(60, 20, 10, separation=0.3)
    X[y == 2] += 50
    wrapped = RareClassSampler(sampler)
    if isinstance(sampler, ADASYN):
        with pytest.raises(RuntimeError):
            clone(sampler).fit_resample(X, y)
        with pytest.warns(SkippedDataWarning, match="class 2 .* nothing to generate"):
            wrapped.fit_resample(X, y)
        assert after(wrapped)[2] == 10
    else:
        wrapped.fit_resample(X, y)
    assert after(wrapped)[1] > 40


def test_classes_far_apart_are_all_passed_on():
    X, y = fold(60, 20, separation=50)
    sampler = RareClassSampler(ADASYN())
    with pytest.warns(SkippedDataWarning, match="class 1 .* nothing to generate"):
        X_new, _ = sampler.fit_resample(X, y)
    assert_array_equal(X_new, X)
    with pytest.raises(RuntimeError):
        RareClassSampler(ADASYN(), on_rare="raise").fit_resample(X, y)


def test_errors_of_the_wrapped_sampler_stay_errors():
    X, y = fold(30, 12)
    with pytest.raises(ValueError, match="sampling_strategy"):
        RareClassSampler(SMOTE(sampling_strategy="nonsense")).fit_resample(X, y)
    X[0, 0] = np.nan
    with pytest.raises(ValueError, match="NaN"):
        RareClassSampler(SMOTE()).fit_resample(X, y)
    with pytest.raises(ValueError, match="on_rare"):
        RareClassSampler(SMOTE(), on_rare="ignore").fit_resample(*fold(30, 12))


SEVERITIES = np.array(["none", "slight", "mild", "moderate"])
WANTED = {"slight": 30, "mild": 5, "moderate": 12}


@pytest.mark.parametrize("strategy", [WANTED, lambda y: {k: n for k, n in WANTED.items() if k in y}])
def test_counts_that_name_classes_work_without_the_class_set_aside(strategy):
    X, y = fold(40, 20, 1, 9)
    sampler = RareClassSampler(SMOTE(sampling_strategy=strategy, random_state=0))
    with pytest.warns(SkippedDataWarning, match="'mild'"):
        _, y_new = sampler.fit_resample(X, SEVERITIES[y])
    assert pd.Series(y_new).value_counts().to_dict() == {"none": 40, "slight": 30, "mild": 1, "moderate": 12}
    assert sampler.sampling_strategy_ == {"slight": 10, "moderate": 3}


def test_lists_that_name_classes():
    X, y = fold(40, 20, 20)
    sampler = RareClassSampler(EditedNearestNeighbours(sampling_strategy=["none", "mild"]))
    sampler.fit_resample(X, SEVERITIES[y])
    counts = sampler.class_counts_
    assert set(sampler.sampling_strategy_) == {"none", "mild"}
    assert (counts["after"] < counts["before"]).to_dict() == {"mild": True, "none": True, "slight": False}


def test_names_of_classes_do_not_matter():
    # InstanceHardnessThreshold alone works only with classes called 0, 1, ...
    X, y = fold(40, 20, 10)
    names = np.array(["a", "b", "c"])
    sampler = RareClassSampler(
        InstanceHardnessThreshold(estimator=RandomForestClassifier(5, random_state=0), random_state=0)
    )
    X_numbers, y_numbers = clone(sampler).fit_resample(X, y)
    X_names, y_names = clone(sampler).fit_resample(X, names[y])
    assert_array_equal(X_names, X_numbers)
    assert_array_equal(y_names, names[y_numbers])


def test_data_frames_keep_their_columns():
    X, y = fold(30, 12, 1)
    frame = pd.DataFrame(X, columns=["a", "b", "c", "d"])
    sampler = RareClassSampler(SMOTE(random_state=0))
    with pytest.warns(SkippedDataWarning):
        X_new, y_new = sampler.fit_resample(frame, pd.Series(y, name="severity"))
    assert list(X_new.columns) == list(sampler.feature_names_in_) == ["a", "b", "c", "d"]
    assert y_new.name == "severity"
    assert_allclose(X_new.iloc[-1], X[-1])


def test_sparse_rows_stay_sparse():
    X, y = fold(30, 12, 1)
    sampler = RareClassSampler(SMOTE(random_state=0))
    with pytest.warns(SkippedDataWarning):
        X_new, y_new = sampler.fit_resample(sparse.csr_matrix(X), y)
    with pytest.warns(SkippedDataWarning):
        X_dense, y_dense = sampler.fit_resample(X, y)
    assert sparse.issparse(X_new)
    assert_allclose(X_new.toarray(), X_dense)
    assert_array_equal(y_new, y_dense)


def test_arrays_of_images_pass_to_samplers_that_take_them():
    class FirstOfEach(BaseSampler):
        _sampling_type = "bypass"

        def _check_X_y(self, X, y):
            X, y = validate_data(self, X, y, allow_nd=True, ensure_2d=False, dtype=None)
            return X, y, False

        def _fit_resample(self, X, y):
            first = np.unique(y, return_index=True)[1]
            return X[first], y[first]

    X, y = np.arange(6 * 12).reshape(6, 2, 2, 3), np.array([0, 0, 0, 1, 1, 1])
    X_new, y_new = RareClassSampler(FirstOfEach()).fit_resample(X, y)
    assert_array_equal(X_new, X[[0, 3]])
    assert_array_equal(y_new, [0, 1])


def test_passthrough_and_none_change_nothing():
    X, y = fold(30, 1)
    for nothing in ("passthrough", None):
        sampler = RareClassSampler(nothing)
        X_new, _ = sampler.fit_resample(X, y)
        assert_array_equal(X_new, X)
        assert_array_equal(sampler.sample_indices_, np.arange(31))
        assert after(sampler) == [30, 1]


def test_refitting_forgets_the_fold_before():
    sampler = RareClassSampler(AllKNN(), on_rare="adapt")
    with pytest.warns(SkippedDataWarning):
        sampler.fit_resample(*fold(12))
    sampler.fit_resample(*fold(40, 30, separation=5))
    assert sampler.kept_classes_ == {}
    assert len(sampler.class_counts_) == 2


def test_refitting_forgets_the_rows_that_another_sampler_selected():
    X, y = fold(30, 20)
    sampler = RareClassSampler(RandomUnderSampler(random_state=0))
    sampler.fit_resample(X, y)
    assert len(sampler.sample_indices_) == 40
    sampler.set_params(sampler=SMOTE(random_state=0)).fit_resample(X, y)
    assert not hasattr(sampler, "sample_indices_")


def test_a_seed_may_be_a_numpy_integer():
    assert repr(tremor_resamplers(np.int64(7))["SMOTE"]) == repr(tremor_resamplers(7)["SMOTE"])
