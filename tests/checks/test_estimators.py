"""Our own checks of every public estimator: forms of input that scikit-learn's suite does not know."""

import importlib
import inspect
import pickle
import pkgutil
import warnings
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
import pytest
from imblearn.over_sampling import SMOTE
from joblib import parallel_config
from sklearn.base import BaseEstimator, clone, is_classifier
from sklearn.exceptions import NotFittedError
from sklearn.linear_model import LogisticRegression
from sklearn.naive_bayes import GaussianNB
from sklearn.utils import get_tags

import skpd
from skpd.features import PenFeatures, TremorFeatures, TsfreshFeatures
from skpd.images import ImageAugmenter, StrokeRenderer
from skpd.models import SubjectCalibratedClassifier
from skpd.neural import BackboneFeatures, KerasMLPClassifier, KerasTransferClassifier
from skpd.resampling import CondensedNearestNeighbour, RareClassSampler
from skpd.signal import TremorBandFilter, VectorMagnitude, WindowedClassifier, Windowizer

RATE = 50.0


def numbers(*shape):
    """Return noise around the label of the row, far enough from 0 that integers keep most of it."""
    n = shape[0]
    noise = np.random.default_rng(0).normal(scale=20, size=shape)
    return (noise + 40 * (np.arange(n) % 2).reshape(-1, *[1] * (len(shape) - 1))).round()


def trajectories(*shape):
    n, n_points = shape[:2]
    angle = np.linspace(0, 8 * np.pi, n_points)
    rows = [np.column_stack([(i + 9) * angle * np.cos(angle), 9 * angle * np.sin(angle)]).round() for i in range(n)]
    return np.stack([np.column_stack([xy, np.arange(n_points)]) for xy in rows])


def images(*shape):
    return np.random.default_rng(0).integers(0, 256, size=shape, dtype=np.uint8).astype(float)


def tiny_backbone(input_shape):
    from skpd.neural._runtime import load_keras

    keras = load_keras()
    return keras.Sequential([keras.layers.Input(input_shape), keras.layers.Conv2D(2, 3), keras.layers.ReLU()])


@dataclass(frozen=True)
class Case:
    """How to make a small instance, and which forms of input it takes, by name."""

    make: Any
    #: The form to test everything else on.
    main: str
    #: All forms that it takes; the others have to give a ValueError.
    takes: frozenset
    data: Any = numbers
    #: Whether a batch of one row can be fitted.
    one_row: bool = True
    #: Whether results differ between seeds.
    random: bool = False
    integers: bool = True


SHAPES = {"2-D": (12, 60), "3-D": (12, 60, 3), "one channel": (12, 60, 1), "4-D": (12, 8, 8, 3)}
RECORDINGS = frozenset({"2-D", "3-D", "one channel", "ragged"})
WINDOWS = frozenset({"2-D", "3-D", "one channel"})
PICTURES = frozenset({"4-D"})
TABLE = frozenset({"2-D"})
NETWORK = {"head": (2,), "epochs": 1, "early_stopping": False, "random_state": 0}

CASES = {
    VectorMagnitude: Case(VectorMagnitude, "3-D", RECORDINGS),
    TremorBandFilter: Case(lambda: TremorBandFilter(RATE), "3-D", RECORDINGS),
    Windowizer: Case(lambda: Windowizer(RATE, 0.4), "3-D", RECORDINGS),
    WindowedClassifier: Case(
        lambda: WindowedClassifier(MeanClassifier(), Windowizer(RATE, 0.4)), "3-D", RECORDINGS, one_row=False
    ),
    TremorFeatures: Case(lambda: TremorFeatures(RATE), "3-D", WINDOWS),
    TsfreshFeatures: Case(lambda: TsfreshFeatures("minimal"), "3-D", WINDOWS),
    PenFeatures: Case(
        lambda: PenFeatures(channel_names=["x", "y", "t"], max_gap=10.0), "3-D", frozenset({"3-D"}), trajectories
    ),
    StrokeRenderer: Case(
        lambda: StrokeRenderer((12, 14), channel_names=["x", "y", "t"], max_gap=None),
        "3-D",
        frozenset({"3-D", "ragged"}),
        trajectories,
    ),
    SubjectCalibratedClassifier: Case(
        lambda: SubjectCalibratedClassifier(GaussianNB(), n_splits=3, random_state=0),
        "2-D",
        TABLE,
        one_row=False,
        random=False,
    ),
    CondensedNearestNeighbour: Case(
        lambda: CondensedNearestNeighbour(random_state=0), "2-D", TABLE, one_row=False, random=True
    ),
    RareClassSampler: Case(
        lambda: RareClassSampler(SMOTE(random_state=0), on_rare="raise"), "2-D", TABLE, one_row=False
    ),
    ImageAugmenter: Case(
        lambda: ImageAugmenter(n_per_image=2, rotation_range=30, random_state=0),
        "4-D",
        PICTURES,
        images,
        one_row=False,
        random=True,
        integers=False,
    ),
    KerasMLPClassifier: Case(
        lambda: KerasMLPClassifier((2,), epochs=1, early_stopping=False, random_state=0),
        "2-D",
        TABLE,
        one_row=False,
        random=True,
    ),
    KerasTransferClassifier: Case(
        lambda: KerasTransferClassifier(tiny_backbone, weights=None, input_shape=(8, 8, 3), **NETWORK),
        "4-D",
        PICTURES,
        images,
        one_row=False,
        random=True,
        integers=False,
    ),
    BackboneFeatures: Case(
        lambda: BackboneFeatures(tiny_backbone, weights=None, input_shape=(8, 8, 3), random_state=0),
        "4-D",
        PICTURES,
        images,
        random=True,
        integers=False,
    ),
}


class MeanClassifier(LogisticRegression):
    """Classify windows by the mean of each channel; a class with a name, so that it can be pickled."""

    def fit(self, X, y):
        return super().fit(X.mean(axis=1), y)

    def predict_proba(self, X):
        return super().predict_proba(X.mean(axis=1))


def public_estimators():
    for module in pkgutil.iter_modules(skpd.__path__, "skpd."):
        if module.ispkg:
            package = importlib.import_module(module.name)
            for name in package.__all__:
                thing = getattr(package, name)
                if inspect.isclass(thing) and issubclass(thing, BaseEstimator):
                    yield thing


ESTIMATORS = sorted(set(public_estimators()), key=lambda c: c.__name__)
pytestmark = [
    pytest.mark.filterwarnings("ignore::skpd.exceptions.SkippedDataWarning"),
    # The checks know no people.
    pytest.mark.filterwarnings("ignore:groups. got none"),
]


@pytest.mark.parametrize("estimator", ESTIMATORS)
def test_every_public_estimator_has_a_case(estimator):
    assert estimator in CASES


@pytest.fixture(params=[e for e in ESTIMATORS if e in CASES], ids=lambda c: c.__name__)
def case(request):
    return CASES[request.param]


@pytest.fixture
def X(case):
    return case.data(*SHAPES[case.main])


def target(X):
    return np.array(["no", "yes"])[np.arange(len(X)) % 2]


def output(estimator, X, y=None, *, fit=True):
    """Fit, and return what the estimator makes of X."""
    y = target(X) if y is None else y
    if hasattr(estimator, "fit_resample"):
        return estimator.fit_resample(X, y)[0]
    if fit:
        estimator.fit(X, y)
    return estimator.predict_proba(X) if is_classifier(estimator) else estimator.transform(X)


def same(one, other, rtol=0.0):
    if isinstance(one, np.ndarray) and one.dtype == object:
        return len(one) == len(other) and all(same(a, b, rtol) for a, b in zip(one, other, strict=True))
    return np.shape(one) == np.shape(other) and np.allclose(one, other, rtol=rtol, atol=rtol, equal_nan=True)


def make_form(case, form):
    if form == "ragged":
        rows = list(case.data(*SHAPES["3-D"]))
        return [rows[0], *(row[: 50 + i % 3] for i, row in enumerate(rows[1:]))]
    if form == "a list of equal arrays":
        return list(case.data(*SHAPES["3-D"]))
    data = case.data if case.data is not trajectories or form == "3-D" else numbers
    return data(*SHAPES[form])


@pytest.mark.parametrize("form", [*SHAPES, "ragged"])
def test_forms_of_input(case, form):
    """A form is taken, with one row out for each in, or refused with a ValueError that says what is wrong."""
    X, estimator = make_form(case, form), case.make()
    if form in case.takes or (form == "ragged" and case.data is trajectories):
        out = output(estimator, X)
        assert len(out) == len(X) or hasattr(estimator, "fit_resample")
        assert len(out)
    else:
        with pytest.raises(ValueError, match=r"\w+ \w+ \w+"):
            output(estimator, X)


@pytest.mark.parametrize(
    "bad",
    [
        None,
        "text",
        3.0,
        [],
        [[]],
        np.empty((0, 5, 3)),
        np.array(5.0),
        {"a": 1},
        np.empty((2, 2, 2, 2, 2)),
        [None, None],
    ],
    ids=["None", "text", "number", "empty", "empty row", "no rows", "0-D", "dict", "5-D", "Nones"],
)
def test_what_is_no_batch(case, bad):
    y = ["no", "yes"]
    with pytest.raises((ValueError, TypeError), match=r"\w+ \w+ \w+"):
        output(case.make(), bad, y)


@pytest.mark.parametrize("bad", [np.inf, -np.inf])
def test_infinity_is_refused(case, X, bad):
    X.reshape(-1)[7] = bad
    with pytest.raises(ValueError, match=r"inf|finite"):
        output(case.make(), X)


@pytest.mark.parametrize("dtype", [np.float32, np.int64, np.int16, ">f8"])
def test_numbers_of_other_types(case, X, dtype):
    if case.data is images and dtype == ">f8":
        pytest.skip("images are of the machine's byte order, and an error says so")
    if not case.integers and np.dtype(dtype).kind == "i":
        X = X.astype(np.uint8)
        expected, got = output(case.make(), X), output(case.make(), X.copy(order="F"))
    else:
        expected, got = output(case.make(), X), output(case.make(), X.astype(dtype))
    assert same(np.asarray(got, dtype=float) if np.asarray(got).dtype != object else got, expected, rtol=1e-4)


def test_read_only_and_mapped_arrays(case, X, tmp_path):
    expected = output(case.make(), X.copy())
    X.flags.writeable = False
    assert same(output(case.make(), X), expected)
    np.save(tmp_path / "x.npy", X)
    assert same(output(case.make(), np.load(tmp_path / "x.npy", mmap_mode="r")), expected)
    assert same(output(case.make(), np.asfortranarray(X)), expected, rtol=1e-9)


def test_input_is_not_changed(case, X):
    y, before = target(X), X.copy()
    output(case.make(), X, y)
    np.testing.assert_array_equal(X, before)
    np.testing.assert_array_equal(y, target(X))


def test_fit_twice_is_fit_once(case, X):
    estimator = case.make()
    first = output(estimator, X)
    assert same(output(estimator, X), first)
    other = X[:, ::-1].copy() if case.data is numbers else X
    output(estimator, other)
    assert same(output(estimator, X), first)


def test_fit_leaves_parameters_alone(case, X):
    estimator = case.make()
    before = {name: repr(value) for name, value in estimator.get_params().items()}
    output(estimator, X)
    assert {name: repr(value) for name, value in estimator.get_params().items()} == before


def test_clone_and_parameters(case, X):
    estimator = case.make()
    expected = output(estimator, X)
    copy = clone(estimator)
    with pytest.raises(AttributeError):
        _ = copy.n_features_in_
    assert same(output(copy, X), expected)
    again = type(estimator)(**estimator.get_params(deep=False))
    assert {k: repr(v) for k, v in again.get_params().items()} == {
        k: repr(v) for k, v in estimator.get_params().items()
    }
    assert estimator.set_params(**estimator.get_params(deep=False)) is estimator
    with pytest.raises(ValueError, match="Invalid parameter"):
        estimator.set_params(no_such_parameter=1)


def test_pickle(case, X):
    estimator = case.make()
    expected = output(estimator, X)
    back = pickle.loads(pickle.dumps(estimator))
    assert same(output(back, X, fit=False), expected, rtol=1e-6)
    assert same(output(pickle.loads(pickle.dumps(case.make())), X), expected)


def test_not_fitted(case, X):
    estimator = case.make()
    if hasattr(estimator, "fit_resample") or not get_tags(estimator).requires_fit:
        pytest.skip("needs no fit")
    with pytest.raises(NotFittedError, match="not fitted"):
        output(estimator, X, fit=False)


def test_one_row(case, X):
    estimator = case.make()
    if case.one_row:
        assert len(output(estimator, X[:1])) >= 1
    if not hasattr(estimator, "fit_resample"):
        estimator.fit(X, target(X))
        assert len(output(estimator, X[:1], fit=False)) == 1


def test_rows_do_not_see_each_other(case, X):
    estimator = case.make()
    if hasattr(estimator, "fit_resample"):
        pytest.skip("a sampler looks at all rows")
    estimator.fit(X, target(X))
    whole = output(estimator, X, fit=False)
    order = np.random.default_rng(1).permutation(len(X))
    assert same(output(estimator, X[order], fit=False), whole[order], rtol=1e-6)
    assert same(output(estimator, X[4:7], fit=False), whole[4:7], rtol=1e-6)


def test_one_class(case, X):
    estimator = case.make()
    y = np.full(len(X), "no")
    if not is_classifier(estimator) and not hasattr(estimator, "fit_resample"):
        assert same(output(estimator, X, y), output(case.make(), X))
        return
    try:
        out = output(estimator, X, y)
    except ValueError as error:
        assert "class" in str(error)  # noqa: PT017
    else:
        assert len(out)


@pytest.mark.parametrize("y", [["no"] * 3, [["no"]] * 12 + [["yes"]], [np.nan] * 12], ids=["short", "long", "nan"])
def test_labels_that_do_not_fit(case, X, y):
    estimator = case.make()
    if not is_classifier(estimator) and not hasattr(estimator, "fit_resample"):
        pytest.skip("ignores labels")
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        with pytest.raises(ValueError, match=r"\w+ \w+ \w+"):
            output(estimator, X, y)


def test_seeds(case, X):
    estimator = case.make()
    if "random_state" not in estimator.get_params():
        assert not case.random
        return
    expected = output(estimator, X)
    np.random.seed(7)  # noqa: NPY002
    state = np.random.get_state()[1].copy()  # noqa: NPY002
    assert same(output(case.make(), X), expected)
    np.testing.assert_array_equal(np.random.get_state()[1], state)  # noqa: NPY002
    if case.random:
        assert not all(same(output(case.make().set_params(random_state=s), X), expected) for s in (1, 2, 3))


def test_n_jobs_changes_nothing(case, X):
    estimator = case.make()
    if "n_jobs" not in estimator.get_params():
        pytest.skip("has no n_jobs")
    with parallel_config(backend="threading"):
        assert same(output(case.make().set_params(n_jobs=2), X), output(estimator, X))


def test_names_out(case, X):
    estimator = case.make()
    if not hasattr(estimator, "get_feature_names_out") or hasattr(estimator, "fit_resample"):
        pytest.skip("names nothing")
    out = output(estimator, X)
    names = estimator.get_feature_names_out()
    assert len(names) == out.shape[-1] == len(set(names))
    assert all(isinstance(name, str) for name in names)


def test_pandas(case):
    """A frame in gives what its array gives; names that differ from those of fit are refused."""
    if "2-D" not in case.takes:
        pytest.skip("takes no table")
    X = case.data(*SHAPES["2-D"])
    frame = pd.DataFrame(X, columns=[f"t{i}" for i in range(X.shape[1])], index=range(100, 100 + len(X)))
    estimator = case.make()
    out = output(estimator, frame)
    assert same(np.asarray(out), np.asarray(output(case.make(), X)))
    if hasattr(estimator, "fit_resample"):
        assert list(out.columns) == list(frame.columns)
        return
    assert list(estimator.feature_names_in_) == list(frame.columns)
    with pytest.raises(ValueError, match="feature names"):
        output(estimator, frame.rename(columns={"t0": "other"}), fit=False)
    estimator.fit(X, target(X))
    assert not hasattr(estimator, "feature_names_in_")


def test_pandas_out(case, X):
    estimator = case.make()
    if not hasattr(estimator, "set_output"):
        pytest.skip("has no set_output")
    expected = output(case.make(), X)
    estimator.set_output(transform="pandas")
    out = output(estimator, X)
    assert same(np.asarray(out), expected)
    if isinstance(out, pd.DataFrame):
        assert list(out.columns) == list(estimator.get_feature_names_out())


def test_other_widths_than_in_fit(case, X):
    estimator = case.make()
    if hasattr(estimator, "fit_resample"):
        pytest.skip("a sampler fits and resamples in one")
    estimator.fit(X, target(X))
    for narrow in (X[..., :-1], X[..., None]):
        with pytest.raises(ValueError, match=r"\w+ \w+ \w+"):
            output(estimator, narrow, fit=False)
