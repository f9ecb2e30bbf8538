"""BackboneFeatures: where weights come from, what is cached, what is refused."""

import pickle
from pathlib import Path

import numpy as np
import pytest
from sklearn.base import clone
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import GridSearchCV
from sklearn.pipeline import make_pipeline

from skpd.neural import BackboneFeatures, _backbones

SHAPE = (32, 32, 3)

#: TensorFlow's variables do not know NumPy 2's copy keyword, which Keras finds out when it saves.
KERAS_SAVES = pytest.mark.filterwarnings("ignore:__array__ implementation doesn't accept a copy:DeprecationWarning")


@pytest.fixture(scope="module")
def drawings():
    return np.random.default_rng(0).integers(0, 256, size=(8, *SHAPE), dtype=np.uint8)


@pytest.fixture
def no_network(monkeypatch, tmp_path):
    """Keras cannot download, and its folder is an empty one of the test's."""

    def refuse(*args, **kwargs):
        raise OSError("no network in this test")

    monkeypatch.setattr("socket.getaddrinfo", refuse)
    monkeypatch.setenv("KERAS_HOME", str(tmp_path))
    monkeypatch.setattr("keras.src.backend.config._KERAS_DIR", str(tmp_path))
    (tmp_path / "models").mkdir()
    return tmp_path / "models"


def small(backbone="MobileNet", **options):
    return BackboneFeatures(backbone, **{"weights": None, "input_shape": SHAPE, "random_state": 0} | options)


def build_net(input_shape):
    import keras

    layers = keras.layers
    return keras.Sequential([layers.Input(input_shape), layers.Rescaling(1 / 255), layers.Conv2D(4, 3)])


def count_builds(monkeypatch):
    built = []
    build = _backbones.Backbone.build
    monkeypatch.setattr(_backbones.Backbone, "build", lambda self: built.append(1) or build(self))
    monkeypatch.setattr(_backbones, "_shelf", {})
    return built


@pytest.mark.parametrize(
    ("name", "n_features", "module"),
    [
        ("MobileNet", 1024, "mobilenet"),
        ("ResNet50", 2048, "resnet"),
        ("EfficientNetB0", 1280, "efficientnet"),
        pytest.param("DenseNet121", 1024, "densenet", marks=pytest.mark.slow),
    ],
)
def test_features_are_those_of_keras_with_its_own_preprocessing(drawings, name, n_features, module):
    import keras

    features = small(name)
    values = features.fit_transform(drawings)
    assert values.shape == (8, n_features)
    assert values.dtype == np.float32
    body = getattr(keras.applications, name)(weights=None, include_top=False, input_shape=SHAPE, pooling="avg")
    body.set_weights(features._backbone.model.get_weights())
    pixels = getattr(keras.applications, module).preprocess_input(drawings.astype(np.float32))
    np.testing.assert_allclose(values, body.predict(pixels, verbose=0), rtol=1e-4, atol=1e-6 * np.abs(values).max())


@pytest.mark.parametrize(("pooling", "n_features"), [("avg", 4), ("max", 4), (None, 30 * 30 * 4)])
def test_callable_backbone_and_pooling(drawings, pooling, n_features):
    features = small(build_net, pooling=pooling).fit(drawings)
    values = features.transform(drawings)
    assert values.shape == (8, n_features)
    np.testing.assert_array_equal(pickle.loads(pickle.dumps(features)).transform(drawings), values)
    assert small(build_net, pooling=pooling).fit(drawings).fingerprint_ == features.fingerprint_
    assert small(build_net, random_state=1).fit(drawings).fingerprint_ != features.fingerprint_


@KERAS_SAVES
def test_model_file_and_weights_file(drawings, tmp_path):
    values = small(build_net).fit_transform(drawings)
    model = small(build_net).fit(drawings)._backbone.build()
    model.save(tmp_path / "net.keras")
    model.save_weights(tmp_path / "net.weights.h5")
    np.testing.assert_allclose(small(tmp_path / "net.keras").fit_transform(drawings), values, rtol=1e-6)

    plain = small(build_net, weights=tmp_path / "net.weights.h5", random_state=5)
    plain_net = build_net(SHAPE)
    plain_net.save_weights(tmp_path / "net.weights.h5")
    expected = plain_net.predict(drawings.astype(np.float32), verbose=0).mean(axis=(1, 2))
    np.testing.assert_allclose(plain.fit_transform(drawings), expected, rtol=1e-5)


def test_imagenet_weights_from_a_local_file(drawings, data_dir):
    path = data_dir / "weights" / "mobilenet_1_0_224_tf_no_top.weights.h5"
    if not path.is_file():
        pytest.skip(f"the MobileNet weights are absent: no file {path}")
    import keras

    before = path.stat()
    values = small(weights=path).fit_transform(drawings)
    body = keras.applications.MobileNet(weights=None, include_top=False, input_shape=SHAPE, pooling="avg")
    body.load_weights(path)
    pixels = drawings / np.float32(127.5) - 1
    np.testing.assert_allclose(values, body.predict(pixels, verbose=0), rtol=1e-4, atol=1e-5)
    assert path.stat().st_mtime_ns == before.st_mtime_ns
    # A file of another network fits in a few arrays by chance; Keras would leave the others random.
    with pytest.raises(ValueError, match=r"mobilenet.*does not fit backbone='ResNet50'"):
        small("ResNet50", weights=path).fit_transform(drawings)


def test_missing_download_says_which_file_and_which_argument(drawings, no_network, capsys):
    with pytest.raises(FileNotFoundError, match=r"mobilenet_1_0_224_tf_no_top.h5.*weights=") as error:
        small(weights="imagenet").fit_transform(drawings)
    assert str(no_network) in str(error.value)


@pytest.mark.slow
def test_a_file_of_the_users_survives_keras(drawings, no_network, capsys):
    mine = no_network / "densenet121_weights_tf_dim_ordering_tf_kernels_notop.h5"
    mine.write_bytes(b"weights of mine")
    with pytest.raises(FileNotFoundError):
        small("DenseNet121", weights="imagenet").fit_transform(drawings)
    assert mine.read_bytes() == b"weights of mine"


def test_same_seed_same_features(drawings):
    np.testing.assert_array_equal(small().fit_transform(drawings), small().fit_transform(drawings))
    assert small(random_state=1).fit(drawings).fingerprint_ != small().fit(drawings).fingerprint_


def test_cache_serves_folds_clones_and_other_dtypes(drawings, tmp_path, monkeypatch):
    values = small(memory=tmp_path).fit_transform(drawings)
    built = count_builds(monkeypatch)
    features = clone(small(memory=str(tmp_path))).fit(drawings[3:])
    np.testing.assert_array_equal(features.transform(drawings[[5, 2, 2]]), values[[5, 2, 2]])
    np.testing.assert_array_equal(features.transform(drawings.astype(float)), values)
    assert not built
    assert len(list(tmp_path.rglob("*.npy"))) == 8
    features.transform(255 - drawings[:1])
    assert len(built) == 1
    assert len(list(tmp_path.rglob("*.npy"))) == 9
    small(memory=tmp_path, random_state=1).fit_transform(drawings[:1])
    assert len(list(tmp_path.rglob("*.npy"))) == 10
    assert not list(tmp_path.rglob("*.part"))


def test_damaged_cache_file_is_made_again(drawings, tmp_path):
    values = small(memory=tmp_path).fit_transform(drawings)
    for file, damage in zip(sorted(tmp_path.rglob("*.npy")), [b"", b"rubbish", None], strict=False):
        file.write_bytes(file.read_bytes()[:200] if damage is None else damage)
    np.testing.assert_allclose(small(memory=tmp_path).fit_transform(drawings), values, rtol=1e-4, atol=1e-6)


def test_grid_search_builds_the_network_once(drawings, tmp_path, monkeypatch):
    y = np.tile([0, 1], 4)
    built = count_builds(monkeypatch)
    pipeline = make_pipeline(small(memory=tmp_path), LogisticRegression())
    GridSearchCV(pipeline, {"logisticregression__C": [0.1, 1]}, cv=2).fit(drawings, y)
    assert len(built) == 1


def test_pandas_output(drawings):
    frame = small().set_output(transform="pandas").fit_transform(drawings)
    assert frame.columns[0] == "backbonefeatures0"
    assert frame.shape == (8, 1024)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda X: X[0], r"X\[None\]"),
        (lambda X: X[:, :16], r"expected images of shape \(n, 32, 32, 3\), got \(8, 16, 32, 3\)"),
        (lambda X: X[..., 0], "grey"),
        (lambda X: [X[0], X[1][:9]], "2 shapes"),
        (lambda X: X / 255.0, "multiply by 255"),
        (lambda X: X - 128.0, "0 to 255"),
        (lambda X: np.where(X > 254, np.nan, X), "NaN"),
        (lambda X: X[:0], "0 sample"),
    ],
)
def test_what_is_no_batch_of_images_is_refused(drawings, change, message):
    with pytest.raises(ValueError, match=message):
        small().fit(change(drawings))


@pytest.mark.parametrize(
    ("options", "error", "message"),
    [
        ({"weights": "absent.h5"}, FileNotFoundError, "absent.h5"),
        ({"backbone": "absent.keras"}, FileNotFoundError, "absent.keras"),
        ({"backbone": "DenseNet200"}, ValueError, "DenseNet201"),
        ({"backbone": build_net, "weights": "imagenet"}, ValueError, "weights=None"),
        ({"backbone": lambda input_shape: 3}, TypeError, r"keras\.Model"),
        ({"input_shape": (32, 32)}, ValueError, "input_shape"),
    ],
)
def test_what_is_no_backbone_is_refused(drawings, options, error, message):
    with pytest.raises(error, match=message):
        small(**options).fit_transform(drawings)


@KERAS_SAVES
def test_a_file_that_changed_since_fit_is_noticed(drawings, tmp_path, monkeypatch):
    path = tmp_path / "net.keras"
    build_net(SHAPE).save(path)
    features = small(path).fit(drawings)
    Path(path).write_bytes(path.read_bytes() + b"\0")
    monkeypatch.setattr(_backbones, "_shelf", {})
    with pytest.raises(ValueError, match="not the one that was there at fit"):
        pickle.loads(pickle.dumps(features)).transform(drawings)


def test_a_sequential_callable_has_one_fingerprint():
    def network(input_shape):
        keras = pytest.importorskip("keras")
        keras.utils.set_random_seed(0)
        return keras.Sequential([keras.Input(input_shape), keras.layers.Flatten(), keras.layers.Dense(3)])

    images = np.random.default_rng(0).integers(0, 255, (2, 8, 8, 3)).astype(np.uint8)
    one, other = (
        BackboneFeatures(network, weights=None, input_shape=(8, 8, 3), pooling=None).fit(images) for _ in range(2)
    )
    assert one.fingerprint_ == other.fingerprint_
