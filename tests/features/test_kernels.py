"""The fast kernels against the plain NumPy computation, on every kind of window that could tell them apart."""

import os
import shutil
import subprocess
import sys
import textwrap
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import scipy
from numpy.testing import assert_allclose, assert_array_equal

import skpd
from skpd.features._catalogue import FEATURE_NAMES
from skpd.features._compute import TremorParams, compute_tremor34
from skpd.features._kernels import tremor34, tremor34_channels

FS = 100.0
LENGTHS = [*range(1, 21), 63, 64, 65, 127, 128, 200, 400, 447, 448, 449, 510, 511, 512, 513, 1000, 1023, 1024]

#: Sums that the kernels order otherwise than NumPy; all other features are equal to the bit.
ROUNDED = {
    "autocorrelation",
    "complexity_invariant_distance",
    "sample_entropy",
    "kurtosis",
    "skewness",
    "sum_of_absolute_differences",
    "energy",
}
ROUNDED |= {f"spectrum_{name}" for name in ROUNDED} | {
    "frequency_dispersion",
    "spectral_centroid_amplitude",
}
SPECTRAL = {name for name in FEATURE_NAMES if name.startswith("spectrum_")} | {
    *FEATURE_NAMES[FEATURE_NAMES.index("psd_peak") :]
}
#: From SciPy 1.18 on, transforms of some lengths are rounded otherwise in a batch than one by one, and what is left of
#: an outlier, an offset or a denormal number in the other bins is that rounding.
SAME_TRANSFORMS = tuple(map(int, scipy.__version__.split(".")[:2])) < (1, 18)
DELICATE = {"outlier", "far from zero", "denormal"}


def oracle(windows, params):
    with np.errstate(over="ignore"):
        return compute_tremor34(windows, sampling_rate=FS, params=params)


def assert_equals_oracle(windows, params=TremorParams()):  # noqa: B008 - frozen
    got = tremor34(windows, sampling_rate=FS, params=params)
    want = oracle(windows, params)
    for column, name in enumerate(FEATURE_NAMES):
        if name in ROUNDED:
            rtol = 1e-12 if "entropy" in name else 1e-9
            # Of a sum that cancels, the terms set the scale.
            atol = 1e-12 if name.split("_")[-1] in {"autocorrelation", "kurtosis", "skewness"} else 0
            assert_allclose(got[:, column], want[:, column], rtol=rtol, atol=atol, err_msg=name)
        elif name in SPECTRAL and not SAME_TRANSFORMS:
            assert_allclose(got[:, column], want[:, column], rtol=1e-9, atol=1e-12, err_msg=name)
        else:
            assert_array_equal(got[:, column], want[:, column], err_msg=name)


def tremor_windows(n_windows, n_samples, seed=0):
    rng = np.random.default_rng(seed)
    t = np.arange(n_samples) / FS
    phase = rng.uniform(0, 2 * np.pi, (n_windows, 1))
    return np.sin(2 * np.pi * 5 * t + phase) + rng.normal(scale=0.3, size=(n_windows, n_samples))


def make_windows(kind, n_samples, n_windows=5):
    rng = np.random.default_rng(n_samples)
    noise = rng.normal(size=(n_windows, n_samples))
    match kind:
        case "noise":
            return noise
        case "tremor":
            return tremor_windows(n_windows, n_samples)
        case "walk":
            return noise.cumsum(axis=1)
        case "integers":
            return rng.integers(0, 5, noise.shape).astype(float)
        case "clipped":
            return np.clip(noise, -0.5, 0.8)
        case "outlier":
            noise[:, n_samples // 3] = 1e12
            return noise
        case "far from zero":
            return 9.81 + 1e-6 * noise
        case "denormal":
            return noise * 1e-310


KINDS = ["noise", "tremor", "walk", "integers", "clipped", "outlier", "far from zero", "denormal"]


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("n_samples", LENGTHS)
def test_equals_the_plain_computation(n_samples, kind):
    if n_samples == 447 and kind in DELICATE and not SAME_TRANSFORMS:
        pytest.skip("SciPy's transforms of this length are rounded otherwise in a batch")
    assert_equals_oracle(make_windows(kind, n_samples))


@pytest.mark.slow
@pytest.mark.parametrize("n_samples", [4096, 8192])
def test_long_windows(n_samples):
    assert_equals_oracle(np.concatenate([make_windows(kind, n_samples, 1) for kind in ("tremor", "integers")]))


@pytest.mark.parametrize("n_samples", [1, 2, 3, 4, 8, 64, 400])
def test_flat_and_nearly_flat_windows(n_samples):
    flat = np.full((6, n_samples), 9.81)
    flat[1] = 0
    flat[2, 0] = np.nextafter(9.81, 10)
    flat[3] = -1e-300
    flat[4] = 1e150
    flat[5, -1] = -1e150
    assert_equals_oracle(flat)


def test_impulse():
    # The spectrum is flat but for rounding, on which its counts and orders then depend.
    impulse = np.zeros((1, 400))
    impulse[0, 200] = 3.0
    got = tremor34(impulse, sampling_rate=FS, params=TremorParams())
    want = oracle(impulse, TremorParams())
    time_domain = [k for k, name in enumerate(FEATURE_NAMES) if k < 27 and not name.startswith("spectrum")]
    assert_allclose(got[:, time_domain], want[:, time_domain], rtol=1e-12)


@pytest.mark.parametrize("scale", [1e150, 1e100, 1e-80, 1e-150, 1e-300])
def test_huge_and_tiny_samples(scale):
    assert_equals_oracle(tremor_windows(4, 200) * scale)


@pytest.mark.parametrize("m", [1, 2, 3, 5, 63, 64, 65, 100])
@pytest.mark.parametrize("r", [0.0, 0.2, 1.0, 3.0, 1e6])
@pytest.mark.parametrize("n_samples", [2, 64, 101, 530])
def test_entropy_parameters(n_samples, r, m):
    windows = np.concatenate([make_windows(kind, n_samples, 1) for kind in ("integers", "clipped", "noise")])
    assert_equals_oracle(windows, TremorParams(entropy_m=m, entropy_r=r))


@pytest.mark.parametrize("level", [0.1, 1 / 3, 1e-3, 1e8])
def test_differences_that_tie_with_the_tolerance(level):
    # Half of the samples at 0 and half at 2 k: the standard deviation is k but for rounding, and differences of
    # 0, k and 2 k meet tolerances of 1 k and 2 k exactly or miss them by one rounding, offset by offset.
    rng = np.random.default_rng(0)
    for offset in (0.0, level / 7, 9.81, -level):
        windows = offset + level * rng.permuted(np.tile([0.0, 2.0], (8, 60)), axis=1)
        for r in (1.0, 2.0, np.nextafter(2, 0)):
            assert_equals_oracle(windows, TremorParams(entropy_r=r))


@pytest.mark.parametrize(
    "changes",
    [
        {"lag": 0},
        {"lag": 7},
        {"lag": 200},
        {"peak_support": 3},
        {"peak_support": 120},
        {"cid_normalize": True},
        {"two_sided": True},
        {"psd": "welch"},
        {"psd": "welch", "welch_length": 51, "two_sided": True},
        {"limits": (3.0, 6.0)},
        {"limits": (0.1, 0.2)},
        {"limits": (40.0, 80.0), "dispersion_fraction": 0.999},
        {"dispersion_fraction": 0.01},
        {"centroid": "frequency"},
        {"difference": "absolute"},
        {"difference": "fundamental-minus-median"},
    ],
    ids=str,
)
@pytest.mark.parametrize("n_samples", [7, 200, 201])
def test_parameters(n_samples, changes):
    windows = np.concatenate([make_windows(kind, n_samples, 3) for kind in ("tremor", "integers", "noise")])
    assert_equals_oracle(windows, replace(TremorParams(), **changes))


@pytest.fixture(scope="module")
def channels():
    # Steps of 37 of a (T, 3) recording: strided in both axes.
    recording = tremor_windows(3, 9_000).T.copy()
    return np.lib.stride_tricks.sliding_window_view(recording, 400, axis=0)[::37].transpose(0, 2, 1)


def test_no_bit_depends_on_threads_chunks_or_strides(channels, monkeypatch):
    params = [replace(TremorParams(), limits=limits) for limits in (None, (3.0, 6.0), (6.0, 9.0))]
    want = tremor34_channels(channels, sampling_rate=FS, params=params)
    for n_threads in (2, 3, 1000):
        got = tremor34_channels(channels, sampling_rate=FS, params=params, n_threads=n_threads)
        assert_array_equal(got.view(np.uint64), want.view(np.uint64))
    for channel in range(3):
        columns = want[:, 34 * channel : 34 * channel + 34]
        strided = channels[:, :, channel]
        for windows in (strided, strided.copy(), np.asfortranarray(strided)):
            got = tremor34(windows, sampling_rate=FS, params=params[channel])
            assert_array_equal(got, columns)
        one_by_one = [tremor34(window[None], sampling_rate=FS, params=params[channel]) for window in strided]
        assert_array_equal(np.concatenate(one_by_one), columns)
    for max_rows in (1, 5, 17, 64):
        monkeypatch.setattr("skpd.features._kernels._MAX_ROWS", max_rows)
        assert_array_equal(tremor34_channels(channels, sampling_rate=FS, params=params), want)


@pytest.mark.parametrize("n_samples", [3, 8, 9, 130, 1000])
def test_no_bit_depends_on_the_neighbours(n_samples):
    windows = np.concatenate([make_windows(kind, n_samples) for kind in KINDS])
    for params in (TremorParams(), TremorParams(psd="welch", two_sided=True)):
        want = tremor34(windows, sampling_rate=FS, params=params)
        for k in range(len(windows)):
            assert_array_equal(tremor34(windows[k : k + 1], sampling_rate=FS, params=params)[0], want[k])


def test_writes_to_out(channels):
    params = TremorParams()
    table = np.zeros((len(channels), 70))
    out = table[:, 20:54]
    assert tremor34(channels[:, :, 0], sampling_rate=FS, params=params, out=out) is out
    assert_array_equal(out, tremor34(channels[:, :, 0], sampling_rate=FS, params=params))
    assert not table[:, :20].any()
    assert not table[:, 54:].any()


def test_reads_float32_and_leaves_windows_alone(channels):
    windows = channels[:20, :, 0].astype(np.float32)
    windows.flags.writeable = False
    got = tremor34(windows, sampling_rate=FS, params=TremorParams())
    assert_array_equal(got, tremor34(windows.astype(np.float64), sampling_rate=FS, params=TremorParams()))


def test_no_windows():
    assert tremor34(np.empty((0, 400)), sampling_rate=FS, params=TremorParams()).shape == (0, 34)


@pytest.mark.parametrize("bad", [np.nan, np.inf, -np.inf])
def test_a_sample_that_is_not_finite_makes_a_row_of_nan(bad):
    windows = tremor_windows(9, 128)
    want = tremor34(windows, sampling_rate=FS, params=TremorParams())
    windows[4, 77] = bad
    got = tremor34(windows, sampling_rate=FS, params=TremorParams())
    assert np.isnan(got[4]).all()
    others = np.arange(9) != 4
    assert_array_equal(got[others], want[others])


def test_samples_near_the_largest_number_do_no_harm():
    windows = tremor_windows(4, 128) * 1e308
    got = tremor34(windows, sampling_rate=FS, params=TremorParams())
    assert_array_equal(got[:, FEATURE_NAMES.index("median")], np.median(windows, axis=1))


def test_features_are_imported_without_compiling():
    code = "import sys, skpd.features; print([m for m in ('numba', 'skpd.features._kernels') if m in sys.modules])"
    assert run_python(code) == "[]"


@pytest.mark.skipif(sys.platform == "win32", reason="cache folders are found otherwise")
def test_works_where_no_machine_code_can_be_kept(tmp_path):
    # As a read-only installation for a user without a home. A file in the folder's place keeps out even root.
    package = Path(skpd.__file__).parent
    shutil.copytree(package, tmp_path / "skpd", ignore=shutil.ignore_patterns("__pycache__"))
    (tmp_path / "skpd" / "features" / "__pycache__").touch()
    code = """
    import numpy as np
    import skpd
    from skpd.features._compute import TremorParams
    from skpd.features._kernels import tremor34
    print(tremor34(np.arange(8.0)[None], sampling_rate=1.0, params=TremorParams())[0, 18], *skpd.__path__)
    """
    printed = run_python(code, PYTHONPATH=str(tmp_path), XDG_CACHE_HOME="/dev/null", HOME="/dev/null")
    assert printed == f"3.5 {tmp_path / 'skpd'}"


def run_python(code, **environment):
    environment = {**os.environ, "PYTHONPATH": str(Path(skpd.__file__).parents[1]), **environment}
    environment.pop("NUMBA_CACHE_DIR", None)
    command = [sys.executable, "-P", "-c", textwrap.dedent(code)]
    result = subprocess.run(command, capture_output=True, text=True, env=environment, timeout=120)
    assert result.returncode == 0, result.stderr
    return result.stdout.strip()
