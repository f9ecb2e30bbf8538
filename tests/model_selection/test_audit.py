"""Planted leaks must be found by the check that is meant for them; the sound versions must pass all checks."""

import json
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from imblearn.over_sampling import SMOTE, RandomOverSampler
from imblearn.pipeline import make_pipeline as make_sampling_pipeline
from sklearn.base import BaseEstimator, ClassifierMixin, TransformerMixin, clone
from sklearn.decomposition import PCA
from sklearn.feature_selection import SelectKBest
from sklearn.frozen import FrozenEstimator
from sklearn.impute import SimpleImputer
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import GridSearchCV, GroupKFold, KFold, LeaveOneGroupOut, PredefinedSplit, StratifiedKFold
from sklearn.naive_bayes import GaussianNB
from sklearn.neighbors import KNeighborsClassifier, NearestNeighbors
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import FunctionTransformer, MinMaxScaler, Normalizer, PolynomialFeatures, StandardScaler
from sklearn.random_projection import SparseRandomProjection

from skpd._recordings import as_object_array
from skpd.images import ImageAugmenter
from skpd.model_selection import audit_leakage, make_splitter
from skpd.model_selection._audit._identity import permute_labels
from skpd.signal import Windowizer

RANDOM = KFold(4, shuffle=True, random_state=0)


class EarlyStopping(ClassifierMixin, BaseEstimator):
    """A classifier that watches rows given to it as a parameter."""

    def __init__(self, X_watch=None, y_watch=None):
        self.X_watch = X_watch
        self.y_watch = y_watch

    def fit(self, X, y):
        self.model_ = GaussianNB().fit(X, y)
        if self.X_watch is not None:
            self.watched_ = self.model_.score(self.X_watch, self.y_watch)
        self.classes_ = self.model_.classes_
        return self

    def predict(self, X):
        return self.model_.predict(X)


class Injector(TransformerMixin, BaseEstimator):
    """A step that fits a scaler on rows from somewhere else: a file, in real life."""

    rows = None

    def fit(self, X, y=None):
        self.scaler_ = StandardScaler().fit(np.vstack([X, read_file()]))
        return self

    def transform(self, X):
        return self.scaler_.transform(X)


def read_file():
    return np.load(Injector.rows)


def people(n_subjects=16, n_rows=8, n_columns=6, seed=0, weight=0.3):
    """Return rows that resemble the others of their person, with labels that are weakly seen, of unequal shares."""
    rng = np.random.default_rng(seed)
    groups = np.repeat([f"S{i:02d}" for i in range(n_subjects)], n_rows)
    y = np.repeat((np.arange(n_subjects) % 3 == 0).astype(int), n_rows)
    person = rng.normal(size=(n_subjects, n_columns)).repeat(n_rows, axis=0)
    X = 3 * person + rng.normal(size=(len(y), n_columns)) + weight * y[:, None] + 5
    return X, y, groups


def audit(estimator, X, y, groups=None, cv=None, **options):
    cv = GroupKFold(4) if cv is None else cv
    return audit_leakage(estimator, X, y, groups, cv, **{"n_permutations": 0, "random_state": 0} | options)


def windows(seed=0, overlap=0.5, n_recordings=12):
    rng = np.random.default_rng(seed)
    recordings = rng.normal(size=(n_recordings, 320, 3)).cumsum(axis=1)
    groups = np.repeat([f"S{i}" for i in range(n_recordings // 2)], 2)
    y = (np.arange(n_recordings) // 2) % 2
    y[:2] = 2
    return Windowizer(16.0, duration=4.0, overlap=overlap).segment(recordings, y, groups)


def drawings(n=24, size=40, seed=0):
    """Return drawings of wobbly spirals, two a drawer."""
    rng = np.random.default_rng(seed)
    y, x = np.indices((size, size)) / size - 0.5
    images = []
    for _ in range(n):
        ink = np.zeros((size, size))
        for _ in range(6):
            a, b, s = rng.uniform(-0.3, 0.3, 2).tolist() + [rng.uniform(0.03, 0.08)]
            ink += np.exp(-((x - a) ** 2 + (y - b) ** 2) / (2 * s**2))
        images.append(255 * (1 - np.minimum(ink, 1)))
    X = np.repeat(np.array(images)[..., None], 3, axis=-1).astype(np.uint8)
    return X, np.repeat(np.arange(n // 2) % 3 == 0, 2).astype(int), np.repeat(np.arange(n // 2), 2)


# Each returns the leaky call, the sound one, and the checks that must find it.


def random_windows():
    w = windows()
    call = {"estimator": flat_knn(), "X": w.X, "y": w.y, "groups": w.groups, "index": w.index}
    return (
        call | {"cv": StratifiedKFold(3, shuffle=True, random_state=0)},
        call | {"cv": GroupKFold(3)},
        {
            "subjects",
            "windows",
            "shared_samples",
        },
    )


def flat_knn():
    return make_pipeline(FunctionTransformer(flatten), KNeighborsClassifier(1))


def flatten(X):
    return X.reshape(len(X), -1)


def overlap_without_index():
    w = windows(overlap=0.25)
    call = {"estimator": None, "X": w.X, "y": w.y}
    sound = GroupKFold(3).split(w.X, w.y, w.groups)
    return call | {"cv": KFold(3, shuffle=True, random_state=0)}, call | {"cv": list(sound)}, {"shared_samples"}


def overlap_of_2d_windows():
    w = windows(overlap=0.5)
    call = {"estimator": None, "X": w.X[:, :, 0], "y": w.y, "groups": w.groups}
    fold = np.arange(len(w.y)) % 2
    return call | {"cv": PredefinedSplit(fold)}, call | {"cv": GroupKFold(2)}, {"shared_samples", "subjects"}


def same_subject():
    X, y, groups = people()
    call = {"estimator": GaussianNB(), "X": X, "y": y, "groups": groups}
    # A splitter of groups that has been given other groups: sessions, say.
    sessions = [f"{g}-{i % 2}" for i, g in enumerate(groups)]
    return call | {"cv": list(GroupKFold(4).split(X, y, sessions))}, call | {"cv": GroupKFold(4)}, {"subjects"}


def row_on_both_sides():
    X, y, groups = people()
    call = {"estimator": GaussianNB(), "X": X, "y": y, "groups": groups}
    return call | {"cv": [(np.arange(128), np.arange(64, 128))]}, call | {"cv": GroupKFold(4)}, {"rows", "subjects"}


def copies_under_two_names():
    X, y, groups = people()
    leaky = X.copy()
    leaky[120:124] = X[:4]
    call = {"estimator": GaussianNB(), "y": y, "groups": groups, "cv": LeaveOneGroupOut()}
    return call | {"X": leaky}, call | {"X": X}, {"duplicates"}


def noisy_copies_under_two_names():
    X, y, groups = people()
    leaky = X.copy()
    leaky[120:124] = X[:4] + 0.002
    call = {"estimator": GaussianNB(), "y": y, "groups": groups, "cv": LeaveOneGroupOut()}
    return call | {"X": leaky}, call | {"X": X}, {"near_copies"}


def oversampled_before():
    X, y, groups = people()
    sampler = RandomOverSampler(random_state=0)
    X_new, y_new = sampler.fit_resample(X, y)
    rows = sampler.sample_indices_
    leaky = {
        "X": X_new,
        "y": y_new,
        "groups": groups[rows],
        "index": rows,
        "cv": RANDOM,
    }
    sound = {"X": X, "y": y, "groups": groups, "cv": GroupKFold(4)}
    estimator = make_sampling_pipeline(RandomOverSampler(random_state=0), GaussianNB())
    return leaky | {"estimator": GaussianNB()}, sound | {"estimator": estimator}, {"duplicates", "sources", "subjects"}


def augmented_before():
    X, y, groups = drawings()
    augmenter = ImageAugmenter(n_per_image=4, rotation_range=40, horizontal_flip=True, random_state=0)
    X_new, y_new = augmenter.fit_resample(X, y)
    rows = augmenter.sample_indices_
    split = RANDOM
    leaky = {"X": X_new, "y": y_new, "groups": groups[rows], "index": rows, "cv": split}
    sound = {"X": X_new, "y": y_new, "groups": groups[rows], "index": rows, "cv": GroupKFold(4)}
    return leaky | {"estimator": None}, sound | {"estimator": None}, {"sources", "near_copies", "subjects"}


def augmented_by_prepare():
    X, y, groups = drawings()
    call = {"estimator": None, "X": X, "y": y, "groups": groups}
    call["prepare"] = ImageAugmenter(n_per_image=4, rotation_range=40, random_state=0)
    # Augmenting treats drawings one by one: before a split by drawer it is sound.
    return call | {"cv": RANDOM}, call | {"cv": GroupKFold(4)}, {"sources", "subjects"}


def scaled_before():
    X, y, groups = people()
    call = {"y": y, "groups": groups, "cv": GroupKFold(4)}
    leaky = call | {"estimator": GaussianNB(), "X": StandardScaler().fit_transform(X)}
    return leaky, call | {"estimator": make_pipeline(StandardScaler(), GaussianNB()), "X": X}, {"scaling"}


def ranged_before():
    leaky, sound, _ = scaled_before()
    return leaky | {"X": MinMaxScaler().fit_transform(sound["X"])}, sound, {"scaling"}


def pca_before():
    leaky, sound, _ = scaled_before()
    return leaky | {"X": PCA(4).fit_transform(sound["X"])}, sound, {"scaling"}


def imputed_before():
    leaky, sound, _ = scaled_before()
    X = sound["X"].copy()
    X[::9, 2] = np.nan
    sound = sound | {"X": X, "estimator": make_pipeline(SimpleImputer(), StandardScaler(), GaussianNB())}
    return leaky | {"X": SimpleImputer().fit_transform(X)}, sound, {"scaling"}


def scaled_by_subject():
    leaky, sound, found = scaled_before()
    X, groups = sound["X"], sound["groups"]
    by_subject = pd.DataFrame(X).groupby(groups).transform(lambda c: (c - c.mean()) / c.std(ddof=0)).to_numpy()
    return leaky, sound | {"X": by_subject}, found


def smote_before():
    X, y, groups = people()
    X_new, y_new = SMOTE(random_state=0).fit_resample(X, y)
    made = np.concatenate([groups, [None] * (len(y_new) - len(y))])
    leaky = {
        "estimator": GaussianNB(),
        "X": X_new,
        "y": y_new,
        "groups": made,
        "cv": RANDOM,
    }
    sound = {"estimator": make_sampling_pipeline(SMOTE(random_state=0), GaussianNB()), "X": X, "y": y, "groups": groups}
    return leaky, sound | {"cv": GroupKFold(4)}, {"interpolation"}


def smote_by_prepare():
    X, y, groups = people()
    call = {"estimator": GaussianNB(), "X": X, "y": y, "groups": groups, "cv": RANDOM}
    sound = call | {"estimator": make_sampling_pipeline(SMOTE(random_state=0), GaussianNB()), "cv": GroupKFold(4)}
    return call | {"prepare": SMOTE(random_state=0)}, sound, {"preparation", "interpolation", "subjects"}


def balanced_before():
    rng = np.random.default_rng(0)
    groups = rng.integers(0, 12, 600)
    call = {"estimator": None, "X": rng.normal(size=(600, 5)), "groups": groups, "cv": GroupKFold(4)}
    y = rng.choice(5, 600, p=[0.4, 0.3, 0.1, 0.1, 0.1])
    return call | {"y": rng.permutation(np.repeat(np.arange(5), 120))}, call | {"y": y}, {"balance"}


def selected_before():
    X, y, groups = people(n_columns=40)
    call = {"X": X, "y": y, "groups": groups, "cv": GroupKFold(4)}
    leaky = call | {"estimator": GaussianNB(), "prepare": lambda X, y: SelectKBest(k=5).fit_transform(X, y)}
    sound = call | {"estimator": make_pipeline(SelectKBest(k=5), GaussianNB()), "prepare": lambda X, y: np.log(X**2)}
    return leaky, sound, {"preparation"}


def selected_before_as_a_step():
    leaky, sound, found = selected_before()
    return leaky | {"prepare": SelectKBest(k=5)}, sound, found


def imputed_by_prepare():
    X, y, groups = people()
    X[::9, 2] = np.nan
    frame = pd.DataFrame(X, columns=list("abcdef"))
    frame["hand"] = np.where(np.arange(len(y)) % 2, "left", "right")
    call = {"estimator": None, "X": frame, "y": y, "groups": groups, "cv": GroupKFold(4)}

    def fill(X, y):
        return X.fillna(X.median(numeric_only=True))

    def fill_by_person(X, y):
        return X.assign(c=X["c"].fillna(0.0))

    return call | {"prepare": fill}, call | {"prepare": fill_by_person}, {"preparation"}


def with_step(leaky, sound):
    X, y, groups = people()
    leaky, sound = (
        {"estimator": make_pipeline(step, GaussianNB()), "X": X, "y": y, "groups": groups} for step in (leaky, sound)
    )
    return leaky, sound, {"state"}


def function_that_closes_over_all_rows():
    X, _, _ = people()

    def centre(Z):
        return Z - X.mean(axis=0)

    return with_step(FunctionTransformer(centre), FunctionTransformer(np.cbrt))


def early_stopping_on_test_rows():
    X, y, groups = people()
    train, test = next(GroupKFold(4).split(X, y, groups))
    call = {"X": X, "y": y, "groups": groups, "cv": [(train, test)]}
    return call | {"estimator": EarlyStopping(X[test], y[test])}, call | {"estimator": EarlyStopping()}, {"state"}


def step_that_was_fitted_before():
    X, _, _ = people()
    return with_step(FrozenEstimator(StandardScaler().fit(X)), StandardScaler())


def subtract(X, mean):
    return X - mean


def mean_that_was_computed_before():
    X, _, _ = people()
    leaky = FunctionTransformer(subtract, kw_args={"mean": X.mean(axis=0)})
    return with_step(leaky, FunctionTransformer(subtract, kw_args={"mean": np.full(6, 5.0)}))


def identity():
    X, y, groups = people(n_subjects=12, weight=0.0)
    call = {"estimator": KNeighborsClassifier(1), "X": X, "y": y, "groups": groups, "n_permutations": 12}
    split = StratifiedKFold(3, shuffle=True, random_state=0)
    return call | {"cv": split}, call | {"cv": GroupKFold(3)}, {"identity", "subjects"}


def shuffled_labels():
    """The published order scores on labels that mean nothing."""
    leaky, sound, found = identity()
    rng = np.random.default_rng(1)
    dealt = rng.permutation(np.arange(12) % 2).repeat(8)
    return leaky | {"y": dealt}, sound | {"y": dealt}, found


def identity_with_labels_that_vary():
    X, _, groups = people(n_subjects=12, n_rows=12, weight=0.0)
    rng = np.random.default_rng(3)
    # Four recordings a person, each with a severity of its own around that of the person.
    recording = np.tile(np.repeat(np.arange(4), 3), 12)
    severity = np.clip(np.repeat(rng.integers(0, 3, 12), 4) + rng.integers(0, 2, 48), 0, 3).repeat(3)
    index = pd.DataFrame({"recording": recording, "start": np.tile([0, 10, 20], 48), "stop": np.tile([10, 20, 30], 48)})
    call = {"estimator": KNeighborsClassifier(1), "X": X, "y": severity, "groups": groups, "index": index}
    call["n_permutations"] = 12
    return call | {"cv": KFold(3, shuffle=True, random_state=0)}, call | {"cv": GroupKFold(3)}, {"identity", "windows"}


PLANTED = [
    random_windows,
    overlap_without_index,
    overlap_of_2d_windows,
    same_subject,
    row_on_both_sides,
    copies_under_two_names,
    noisy_copies_under_two_names,
    oversampled_before,
    augmented_before,
    augmented_by_prepare,
    scaled_before,
    ranged_before,
    pca_before,
    imputed_before,
    scaled_by_subject,
    smote_before,
    smote_by_prepare,
    balanced_before,
    selected_before,
    selected_before_as_a_step,
    imputed_by_prepare,
    function_that_closes_over_all_rows,
    early_stopping_on_test_rows,
    step_that_was_fitted_before,
    mean_that_was_computed_before,
    identity,
    shuffled_labels,
    identity_with_labels_that_vary,
]


@pytest.mark.parametrize("plant", PLANTED, ids=lambda plant: plant.__name__)
def test_a_planted_leak_is_found_and_its_sound_version_passes(plant):
    leaky, sound, expected = plant()
    report = audit(**leaky)
    assert report.found
    assert expected <= set(report.names("found")), str(report)
    report = audit(**sound)
    assert not report.found, str(report)


def test_a_step_that_reads_test_rows_from_elsewhere_is_seen_by_the_spy(tmp_path, monkeypatch):
    X, y, groups = people()
    monkeypatch.setattr(Injector, "rows", str(tmp_path / "rows.npy"))
    np.save(Injector.rows, X)
    estimator = make_pipeline(Injector(), GaussianNB())
    check = audit(estimator, X, y, groups)["fits"]
    assert check.verdict == "found"
    assert "StandardScaler.fit" in check.evidence["test_rows_met"]
    train, _ = next(GroupKFold(4).split(X, y, groups))
    np.save(Injector.rows, X[train])
    assert not audit(estimator, X, y, groups).found


def test_the_spy_sees_nested_fits_and_rows_as_earlier_steps_made_them(tmp_path, monkeypatch):
    X, y, groups = people()
    monkeypatch.setattr(Injector, "rows", str(tmp_path / "rows.npy"))
    halved = make_pipeline(FunctionTransformer(np.cbrt), Injector(), GaussianNB())
    grid = GridSearchCV(halved, {"gaussiannb__var_smoothing": [1e-9, 1e-3]}, cv=2, n_jobs=2)
    np.save(Injector.rows, np.cbrt(X))
    check = audit(grid, X, y, groups)["fits"]
    assert check.verdict == "found"
    assert {"GridSearchCV.fit", "Pipeline.fit", "GaussianNB.fit"} <= set(check.evidence["fits_watched"])
    assert "StandardScaler.fit" in check.evidence["test_rows_met"]
    assert "GaussianNB.fit" not in check.evidence["test_rows_met"]


class Refitted(TransformerMixin, BaseEstimator):
    """Fits a step on whatever it is to transform."""

    def __init__(self, step):
        self.step = step

    def fit(self, X, y=None):
        return self

    def transform(self, X):
        return clone(self.step).fit_transform(X)

    def __sklearn_is_fitted__(self):
        return True


@pytest.mark.parametrize("before", [FunctionTransformer(), StandardScaler()])
def test_a_step_that_learns_from_the_rows_it_predicts_is_seen_by_the_spy(before):
    X, y, groups = people()
    check = audit(make_pipeline(before, Refitted(StandardScaler()), GaussianNB()), X, y, groups)["fits"]
    assert check.verdict == "found"
    assert check.evidence["test_rows_met"]["StandardScaler.fit_transform in predict"] == 32
    assert "given 32 test rows of 32 and learns from them while the model of fold 0 predicts" in check.words


@pytest.mark.parametrize(
    "step",
    [
        PolynomialFeatures(2),
        Normalizer(),
        FunctionTransformer(np.cbrt),
        make_pipeline(FunctionTransformer(lambda X: X + 1), PolynomialFeatures(2)),
        SparseRandomProjection(3, random_state=0),
    ],
)
def test_a_step_without_a_state_may_be_fitted_on_the_rows_it_predicts(step):
    X, y, groups = people()
    assert not audit(make_pipeline(Refitted(step), GaussianNB()), X, y, groups).found


class Local(ClassifierMixin, BaseEstimator):
    """Fits a model on the training rows around each row that it predicts."""

    def fit(self, X, y):
        self.X_, self.y_, self.classes_ = X, y, np.unique(y)
        self.near_ = NearestNeighbors(n_neighbors=20).fit(X)
        return self

    def predict(self, X):
        around = self.near_.kneighbors(X, return_distance=False)
        models = (make_pipeline(StandardScaler(), GaussianNB()).fit(self.X_[rows], self.y_[rows]) for rows in around)
        return np.concatenate([model.predict(row[None]) for model, row in zip(models, X, strict=True)])


def test_fits_on_training_rows_in_predict_are_sound():
    X, y, groups = people()
    for model in (Local(), make_pipeline(StandardScaler(), Local())):
        assert not audit(model, X, y, groups).found


def test_the_report_is_json_text_and_a_mapping(tmp_path):
    X, y, groups = people()
    report = audit(GaussianNB(), X, y, groups, RANDOM, n_permutations=5)
    path = tmp_path / "audit.json"
    stored = json.loads(report.to_json(path))
    assert stored == json.loads(path.read_text(encoding="utf-8")) == report.to_dict()
    assert stored["found"] is True
    assert [check["name"] for check in stored["checks"]] == [check.name for check in report]
    text = str(report)
    assert text.index("FOUND") < text.index("not found") < text.index("cannot be seen")
    assert max(map(len, text.splitlines()[3:])) <= 100
    with pytest.raises(KeyError, match="subjects"):
        report["people"]


@pytest.mark.slow
def test_the_same_seed_gives_the_same_report_whatever_n_jobs():
    X, y, groups = people()
    reports = [audit(GaussianNB(), X, y, groups, n_permutations=6, n_jobs=n_jobs).to_json() for n_jobs in (1, 2)]
    assert reports[0] == reports[1]


def test_the_data_are_not_changed_and_the_estimator_not_fitted():
    X, y, groups = people()
    before = X.copy()
    estimator = make_pipeline(StandardScaler(), GaussianNB())
    audit(estimator, X, y, groups, prepare=lambda X, y: X * 2, n_permutations=5)
    np.testing.assert_array_equal(X, before)
    assert not hasattr(estimator[0], "mean_")


def test_by_default_there_are_five_folds_of_the_classes():
    X, y, groups = people()
    report = audit_leakage(None, X, y, groups)
    assert (report.setting["folds"], report.setting["splitter"]) == (5, "5")


def test_subjects_get_the_labels_of_others_at_the_same_share_of_their_rows():
    y, groups = np.arange(10), np.array(list("aaaabbbccd"))
    order = np.random.default_rng(5).permutation(4)
    permuted = permute_labels(y, groups, np.random.default_rng(5))
    places = {(4, 4): [0, 1, 2, 3], (4, 3): [0, 1, 1, 2], (4, 2): [0, 0, 1, 1], (4, 1): [0] * 4}
    places |= {(3, 4): [0, 2, 3], (3, 3): [0, 1, 2], (3, 2): [0, 1, 1], (3, 1): [0] * 3, (2, 4): [1, 3], (2, 3): [0, 2]}
    places |= {(2, 2): [0, 1], (2, 1): [0, 0], (1, 4): [2], (1, 3): [1], (1, 2): [1], (1, 1): [0]}
    rows = [np.arange(4), np.arange(4, 7), np.arange(7, 9), np.arange(9, 10)]
    for own, donor in zip(rows, order, strict=True):
        np.testing.assert_array_equal(permuted[own], rows[donor][places[len(own), len(rows[donor])]])


def test_coarse_values_are_no_copies():
    rng = np.random.default_rng(0)
    X, groups = rng.integers(0, 3, (200, 4)), np.repeat(np.arange(20), 10)
    check = audit(None, X, rng.integers(0, 2, 200), groups)["duplicates"]
    assert check.verdict == "cannot be seen"
    assert check.evidence["test_rows_with_copy_in_training"] > 0


def test_copies_in_a_table_of_few_columns():
    X, y, groups = np.random.default_rng(0).normal(size=(60, 3)), np.arange(60) % 2, np.repeat(np.arange(20), 3)
    empty = X.copy()
    empty[::4] = np.nan
    assert audit(None, empty, y, groups)["duplicates"].verdict == "not found"
    X[30:40] = X[:10]
    check = audit(None, X, y, groups)["duplicates"]
    assert check.verdict == "found"
    assert check.evidence["test_rows_with_copy_in_training"] > 5


def test_flat_signals_are_no_copies():
    w = windows(overlap=0.0)
    X = w.X.copy()
    X[::3] = 0.0
    report = audit(None, X, w.y, w.groups, GroupKFold(3))
    assert not report.found


def test_pretrained_steps_on_other_data_cannot_be_judged():
    X, y, groups = people()
    other, _, _ = people(seed=1)
    check = audit(make_pipeline(FrozenEstimator(StandardScaler().fit(other)), GaussianNB()), X, y, groups)["state"]
    assert check.verdict == "cannot be seen"
    assert "frozenestimator" in check.words


def test_an_unseeded_preparation_cannot_be_judged():
    X, y, groups = people()
    check = audit(None, X, y, groups, prepare=lambda X, y: X + np.random.default_rng().normal(size=X.shape))
    assert check["preparation"].verdict == "cannot be seen"
    assert "seed" in check["preparation"].words


def test_flags_are_not_scaled_to_a_range():
    rng = np.random.default_rng(0)
    flags = rng.integers(0, 2, (120, 6)).astype(float)
    y, groups = np.arange(120) % 2, np.repeat(np.arange(20), 6)
    assert audit(None, flags, y, groups)["scaling"].verdict == "not found"
    ranged = MinMaxScaler().fit_transform(rng.normal(size=(120, 6)))
    assert audit(None, ranged, y, groups)["scaling"].verdict == "found"


@pytest.mark.parametrize("form", [list, as_object_array])
def test_a_preparation_of_ragged_recordings(form):
    rng = np.random.default_rng(0)
    recordings = form([rng.normal(size=(20 + i, 2)) for i in range(24)])
    y, groups = np.arange(24) // 2 % 2, np.repeat(np.arange(12), 2)
    forms = set()

    def prepare(X, y):
        forms.add(type(X))
        return np.array([[len(x), x.mean()] for x in X])

    check = audit(None, recordings, y, groups, prepare=prepare)["preparation"]
    assert check.verdict == "not found"
    assert forms == {np.ndarray}

    def centre(X, y):
        means = np.array([[x.mean()] for x in X])
        return means - means.mean()

    assert audit(None, recordings, y, groups, prepare=centre)["preparation"].verdict == "found"


@pytest.mark.parametrize(
    ("source", "verdict"), [(range(60), "not found"), ([None, *range(59)], "cannot be seen"), ([7] * 60, "found")]
)
def test_sources_of_rows(source, verdict):
    X = np.random.default_rng(0).normal(size=(60, 3))
    index = pd.DataFrame({"source": pd.array([*source], dtype="Int64")})
    check = audit(None, X, np.arange(60) % 2, np.repeat(np.arange(20), 3), GroupKFold(4), index=index)["sources"]
    assert check.verdict == verdict
    assert check.evidence["rows_without_source"] == (verdict == "cannot be seen")


def test_a_preparation_whose_rounding_varies_is_judged():
    X, y, groups = people()
    rng = np.random.default_rng(0)
    check = audit(None, X, y, groups, prepare=lambda X, y: X * (1 + rng.normal(scale=1e-15, size=X.shape)))
    assert check["preparation"].verdict == "not found"


def test_a_preparation_is_given_columns_of_their_own_types():
    X, y, groups = people()
    table = (
        pd.DataFrame(X)
        .add_prefix("x")
        .assign(
            count=pd.array([None, *range(1, len(X))], dtype="Int64"),
            hand=pd.Categorical(np.resize(["left", "right"], len(X))),
            worn=np.resize([True, False, False], len(X)),
        )
    )
    types, values = [], []

    def prepare(X, y):
        types.append(X.dtypes.to_dict())
        values.append(X)
        return X

    assert audit(None, table, y, groups, prepare=prepare)["preparation"].verdict == "not found"
    assert all(given == table.dtypes.to_dict() for given in types)
    # What the check changes, it changes in every column.
    changed = pd.concat(values).reset_index(names="row").groupby("row").nunique(dropna=False).max()
    assert (changed > 1).all()


def test_ragged_recordings_and_params_of_fit():
    rng = np.random.default_rng(0)
    X = [rng.normal(size=(30 + i, 2)) for i in range(24)]
    y, groups = np.arange(24) // 2 % 3, np.repeat(np.arange(12), 2)
    mean = FunctionTransformer(lambda X: np.array([[x.mean(), x.std()] for x in X]))
    weights = {"logisticregression__sample_weight": np.ones(24)}
    report = audit(make_pipeline(mean, LogisticRegression()), X, y, groups, params=weights)
    assert not report.found
    assert audit(None, [*X[:-1], X[0]], y, groups)["duplicates"].verdict == "found"


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"groups": ["a"]}, "groups: expected one subject a row"),
        ({"groups": [("a", 1)] * 128}, "groups: expected a subject .* got tuple in row 0"),
        ({"index": pd.DataFrame({"begin": range(128)})}, "index: expected columns recording"),
        ({"index": pd.DataFrame({"recording": ["a"]})}, "index: expected one row"),
        ({"index": pd.DataFrame({"recording": range(128), "start": "x"})}, "index: expected numbers in column start"),
        ({"y": [0, 1]}, "X and y of one length"),
        ({"X": iter([])}, "of one length above 0, got -1"),
        ({"y": [np.nan] + [1.0] * 127}, "y: expected a label for every row"),
        ({"cv": []}, "cv: expected at least one split"),
        ({"cv": [([0], [])]}, "fold 0 has 1 and 0"),
        ({"cv": [([0], [500])]}, "row numbers below 128"),
        ({"cv": [([True, False], [2])]}, "masks of 128 rows"),
        ({"estimator": "forest"}, "estimator: expected an instance"),
        ({"n_permutations": -1}, "n_permutations: expected an integer"),
        ({"prepare": 3}, "prepare: expected a function"),
        ({"prepare": lambda X, y: X[:5]}, "prepare: expected as many labels as rows"),
    ],
    ids=lambda value: None if isinstance(value, dict) else value.replace(" ", "-"),
)
def test_wrong_usage_is_told(change, message):
    X, y, groups = people()
    with pytest.raises(ValueError, match=message):
        audit(**{"estimator": GaussianNB(), "X": X, "y": y, "groups": groups} | change)


@pytest.mark.parametrize("n_subjects", [1, 2])
def test_few_subjects_are_no_error(n_subjects):
    X, y, groups = people(n_subjects=n_subjects, n_rows=20)
    y = np.arange(len(y)) % 2
    report = audit(GaussianNB(), X, y, groups, KFold(2), n_permutations=5)
    assert report["identity"].verdict == "cannot be seen"


def test_one_class_is_no_error():
    X, _, groups = people()
    report = audit(KNeighborsClassifier(1), X, np.zeros(len(X)), groups, n_permutations=5)
    assert report["identity"].verdict == "cannot be seen"


@pytest.mark.slow
def test_the_published_order_on_real_spirals_is_found(data_dir):
    from skpd.datasets import load_spiral_drawings

    spirals = load_spiral_drawings(data_dir / "spiral_wave_drawings", image_size=(32, 32))
    augmenter = ImageAugmenter(
        n_per_image=10, rotation_range=40, horizontal_flip=True, brightness_range=(0.5, 1.5), random_state=0
    )
    model = make_pipeline(FunctionTransformer(grey_pixels), StandardScaler(), KNeighborsClassifier(1))
    data = (spirals.data, spirals.target, spirals.groups)
    split = make_splitter("random", n_splits=3, random_state=0)
    report = audit(model, *data, split, prepare=augmenter, n_permutations=8)
    assert {"subjects", "sources", "identity"} <= set(report.names("found")), str(report)
    sound = audit(model, *data, make_splitter("subject-wise", n_splits=3, random_state=0), n_permutations=5)
    assert not sound.found, str(sound)


def grey_pixels(X):
    """Return 16 x 16 grey means of images of 32 x 32."""
    return X.mean(axis=-1).reshape(len(X), 16, 2, 16, 2).mean(axis=(2, 4)).reshape(len(X), -1)


def test_the_documented_false_alarm_rate_is_the_measured_one():
    stored = Path(__file__).parents[2] / "docs" / "benchmarks" / "audit_false_alarms.json"
    measured = json.loads(stored.read_text(encoding="utf-8"))
    assert measured["false_alarms"] == 0
    text = " ".join(audit_leakage.__doc__.split())
    assert f"Of {measured['sound_pipelines']} sound pipelines" in text
    assert f"below {100 * measured['upper_95_percent']:.1f} %" in text


def test_rows_of_unknown_recording_are_neither_a_leak_nor_sound():
    recording = ["a", "a", None, "b", "b", None] * 4
    index = pd.DataFrame({"recording": recording})
    train = np.flatnonzero([r == "a" for r in recording] | (np.arange(24) % 6 == 2))
    splits = [(train, np.setdiff1d(np.arange(24), train))]
    X = np.random.default_rng(0).normal(size=(24, 3))
    report = audit_leakage(None, X, np.arange(24) % 2, index=index, cv=splits)
    assert report["windows"].verdict == "cannot be seen"
    assert "8 rows without a recording" in report["windows"].words


def test_subjects_of_mixed_types_and_rows_of_nobody_are_split():
    X, y, _ = people()
    person = np.arange(len(y)) // 8
    groups = [f"S{p}" if p % 2 else int(p) for p in person]
    for names, verdict in ((groups, "not found"), ([None] * 3 + groups[3:], "cannot be seen")):
        for form in (list, lambda names: np.array(names, dtype=object)):
            report = audit(None, X, y, form(names), GroupKFold(4))
            assert report["subjects"].verdict == verdict
            assert report.setting["subjects"] == 16
