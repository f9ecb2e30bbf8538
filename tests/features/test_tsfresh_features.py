"""TsfreshFeatures: the values and names are those of tsfresh.extract_features."""

import subprocess
import sys

import numpy as np
import pandas as pd
import pytest

from skpd.features import TremorFeatures, TsfreshFeatures, tremor_feature_catalogue

# tsfresh itself warns (flat windows, deprecated calls of its dependencies); ours must not.
in_tsfresh = pytest.mark.filterwarnings("ignore")


@pytest.fixture(scope="module")
def windows():
    return np.random.default_rng(0).normal(size=(2, 120, 2))


def extract_features(windows, **settings):
    """Return tsfresh's own table of windows with two channels, x and y."""
    import tsfresh

    n, n_timesteps, _ = windows.shape
    table = pd.DataFrame(
        {
            "window": np.repeat(np.arange(n), n_timesteps),
            "time": np.tile(np.arange(n_timesteps), n),
            "x": windows[:, :, 0].ravel(),
            "y": windows[:, :, 1].ravel(),
        }
    )
    features = tsfresh.extract_features(
        table, column_id="window", column_sort="time", n_jobs=0, disable_progressbar=True, **settings
    )
    return features.replace([np.inf, -np.inf], np.nan)


@in_tsfresh
@pytest.mark.parametrize("settings", ["minimal", "efficient"])
def test_equal_to_extract_features(windows, settings):
    from tsfresh.feature_extraction import EfficientFCParameters, MinimalFCParameters

    parameters = {"minimal": MinimalFCParameters, "efficient": EfficientFCParameters}[settings]()
    expected = extract_features(windows, default_fc_parameters=parameters)
    actual = TsfreshFeatures(settings, channel_names=["x", "y"]).set_output(transform="pandas").fit_transform(windows)
    assert len(expected.columns) > (700 if settings == "efficient" else 9) * 2
    assert set(actual.columns) == set(expected.columns)
    pd.testing.assert_frame_equal(actual, expected[actual.columns], check_dtype=False, check_index_type=False)


def test_no_warning_reaches_the_user(windows, capsys):
    flat = np.ones_like(windows)
    table = TsfreshFeatures("efficient").fit(windows[:, :, 0]).transform(flat[:, :, 0])
    assert np.isnan(table).any()
    assert not np.isinf(table).any()
    assert capsys.readouterr().out == ""


def test_comprehensive_adds_the_costly_calculators():
    windows = np.random.default_rng(0).normal(size=(1, 30))
    names = {size: TsfreshFeatures(size).fit(windows).feature_names_ for size in ("efficient", "comprehensive")}
    assert {"sample_entropy", "approximate_entropy__m_2__r_0.1"} <= set(names["comprehensive"])
    assert set(names["efficient"]) < set(names["comprehensive"])


def test_agrees_with_tremor_features(windows):
    catalogue = tremor_feature_catalogue()
    time_domain = catalogue[(catalogue["domain"] == "time") & catalogue["source"].str.startswith("tsfresh: ")]
    parameters = {"autocorrelation": [{"lag": 1}], "cid_ce": [{"normalize": False}], "number_peaks": [{"n": 1}]}
    calculators = time_domain["source"].str.removeprefix("tsfresh: ")
    tsfresh = TsfreshFeatures({name: parameters.get(name) for name in calculators})
    tremor = TremorFeatures(100.0, features=time_domain["name"].tolist())
    np.testing.assert_allclose(tremor.fit_transform(windows), tsfresh.fit_transform(windows), rtol=1e-10)


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"sample_entrpy": None}, "expected names of tsfresh's feature calculators, got 'sample_entrpy'"),
        ({"set_property": None}, "got 'set_property'"),
        ({"linear_trend_timewise": [{"attr": "slope"}]}, "linear_trend_timewise needs timestamps"),
        ({}, "at least one"),
        ("everything", "settings"),
    ],
)
def test_bad_settings(windows, settings, message):
    with pytest.raises(ValueError, match=message):
        TsfreshFeatures(settings).fit(windows)


def test_names_need_one_finite_window(windows):
    with pytest.raises(ValueError, match="at least one window without nan"):
        TsfreshFeatures("minimal", non_finite="nan").fit(np.full_like(windows, np.nan))


@pytest.mark.slow
def test_processes_give_the_same(windows):
    one, two = (TsfreshFeatures("minimal", n_jobs=n_jobs).fit_transform(windows) for n_jobs in (1, 2))
    np.testing.assert_array_equal(one, two)


def test_tsfresh_is_imported_on_use_only():
    code = (
        "import sys, skpd.features as f; f.TremorFeatures(100.0).fit([[1.0, 2.0]]); sys.exit('tsfresh' in sys.modules)"
    )
    subprocess.run([sys.executable, "-c", code], check=True)
