"""How fast tremor features are computed, by skpd and by the libraries one could use instead.

One run, one set of windows: a simulated recording (tremor and noise, fixed seed) filtered to the three tremor bands and
cut into windows of 4 s at 100 Hz with half overlap. A window of the results is such a window in all three bands. skpd
computes all of them, the slower libraries a sample, the size of which the results state. Before anything is timed,
skpd's values are compared with tsfresh's. Times are the minimum of several runs.

    python benchmarks/features.py --windows 32414 --out docs/benchmarks

writes features.json, features.png and features.svg to the folder.
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import time
import warnings
from collections.abc import Callable
from dataclasses import asdict, dataclass
from importlib.metadata import PackageNotFoundError, version
from importlib.util import find_spec
from pathlib import Path

import matplotlib
import numpy as np
import pandas as pd
from rich.console import Console
from rich.table import Table
from scipy import fft, signal

from skpd.features import TremorFeatures
from skpd.features._catalogue import FEATURE_NAMES

SAMPLING_RATE, N_SAMPLES, STEP = 100.0, 400, 200
BANDS = {"rest": (3.0, 6.0), "postural": (6.0, 9.0), "kinetic": (9.0, 12.0)}

# Our names of tsfresh's calculators; all of them are taken of the window and of its amplitude spectrum, peaks only of
# the window.
CALCULATORS: dict[str, tuple[str, dict | None]] = {
    "count_above_mean": ("count_above_mean", None),
    "count_below_mean": ("count_below_mean", None),
    "autocorrelation": ("autocorrelation", {"lag": 1}),
    "complexity_invariant_distance": ("cid_ce", {"normalize": False}),
    "sample_entropy": ("sample_entropy", None),
    "kurtosis": ("kurtosis", None),
    "skewness": ("skewness", None),
    "standard_deviation": ("standard_deviation", None),
    "maximum": ("maximum", None),
    "mean": ("mean", None),
    "median": ("median", None),
    "sum_of_absolute_differences": ("absolute_sum_of_changes", None),
    "energy": ("abs_energy", None),
    "number_of_peaks": ("number_peaks", {"n": 1}),
}
TSFEL = {
    "statistical": ["Absolute energy", "Kurtosis", "Max", "Mean", "Median", "Skewness", "Standard deviation"],
    "temporal": ["Autocorrelation", "Positive turning points", "Sum absolute diff"],
    "spectral": ["Fundamental frequency", "Max power spectrum", "Median frequency", "Spectral centroid"],
}


@dataclass
class Result:
    """One bar of the plot."""

    name: str
    what: str
    n_features: int
    n_windows: int
    seconds: float
    windows_per_second: float = 0.0
    ratio_to_tsfresh: float = float("nan")

    def __post_init__(self) -> None:
        self.windows_per_second = self.n_windows / self.seconds


def simulate_windows(n_windows: int) -> np.ndarray:
    """Return (n_windows, 400, 3), a strided view of a recording of three bands in m/s^2."""
    rng = np.random.default_rng(0)
    n = STEP * (n_windows - 1) + N_SAMPLES
    t = np.arange(n) / SAMPLING_RATE
    waxing = 1 + np.sin(2 * np.pi * 0.03 * t)
    magnitude = 0.5 * waxing * np.sin(2 * np.pi * 5.1 * t + 0.7 * np.sin(2 * np.pi * 0.11 * t))
    magnitude += rng.normal(scale=0.3, size=n)
    recording = np.empty((n, len(BANDS)))
    for k, band in enumerate(BANDS.values()):
        recording[:, k] = signal.sosfiltfilt(
            signal.butter(4, band, "bandpass", fs=SAMPLING_RATE, output="sos"), magnitude
        )
    return np.lib.stride_tricks.sliding_window_view(recording, N_SAMPLES, axis=0)[::STEP].transpose(0, 2, 1)


def shortest(run: Callable[[], object], repeats: int) -> float:
    """Return the least of the times that `run` took, in seconds."""
    times = []
    for _ in range(repeats):
        start = time.perf_counter()
        run()
        times.append(time.perf_counter() - start)
    return min(times)


def make_ours(n_threads: int) -> TremorFeatures:
    return TremorFeatures(SAMPLING_RATE, channel_names=list(BANDS), n_jobs=n_threads)


def make_tsfresh(windows: np.ndarray) -> tuple[Callable[[], pd.DataFrame], int]:
    """Return a call of tsfresh that computes the features it shares with us, and how many these are."""
    from tsfresh import extract_features

    series, settings = {}, {}
    of_window = {calculator: options and [options] for calculator, options in CALCULATORS.values()}
    of_spectrum = {name: options for name, options in of_window.items() if name != "number_peaks"}
    for k, band in enumerate(BANDS):
        for domain, x, calculators in (
            ("window", windows[:, :, k], of_window),
            ("spectrum", np.abs(fft.rfft(windows[:, :, k], axis=1)), of_spectrum),
        ):
            ids = np.repeat(np.arange(len(x)), x.shape[1])
            series[f"{band} {domain}"] = pd.DataFrame({"id": ids, "value": x.ravel()})
            settings[f"{band} {domain}"] = calculators

    def run() -> pd.DataFrame:
        return extract_features(
            series,
            column_id="id",
            column_value="value",
            kind_to_fc_parameters=settings,
            n_jobs=0,
            disable_progressbar=True,
        )

    return run, len(BANDS) * (len(of_window) + len(of_spectrum))


def largest_difference(ours: pd.DataFrame, theirs: pd.DataFrame) -> float:
    """Return the largest difference from tsfresh over all shared features, relative to the feature's typical size."""
    columns = {}
    for band in BANDS:
        for domain, prefix in (("window", ""), ("spectrum", "spectrum_")):
            for name, (calculator, options) in CALCULATORS.items():
                if prefix + name in FEATURE_NAMES:
                    suffix = "".join(f"__{key}_{value}" for key, value in (options or {}).items())
                    columns[f"{band}__{prefix}{name}"] = f"{band} {domain}__{calculator}{suffix}"
    ours, theirs = ours[list(columns)], theirs[list(columns.values())].set_axis(list(columns), axis=1)
    return float(((ours - theirs).abs().max() / theirs.abs().max()).max())


def make_tsfel(windows: np.ndarray) -> tuple[Callable[[], object], int]:
    import tsfel

    settings = {
        domain: {name: tsfel.get_features_by_domain(domain)[domain][name] for name in names}
        for domain, names in TSFEL.items()
    }
    tables = [pd.DataFrame(window, columns=list(BANDS)) for window in windows]

    def run() -> object:
        return tsfel.time_series_features_extractor(settings, tables, fs=SAMPLING_RATE, n_jobs=None, verbose=0)

    return run, len(BANDS) * sum(map(len, TSFEL.values()))


def make_antropy(windows: np.ndarray) -> tuple[Callable[[], object], int]:
    import antropy

    rows = np.ascontiguousarray(windows.transpose(0, 2, 1)).reshape(-1, windows.shape[1])
    antropy.sample_entropy(rows[0])  # compiles
    return lambda: [antropy.sample_entropy(row, order=2, tolerance=0.2 * row.std()) for row in rows], len(BANDS)


def make_pycatch22(windows: np.ndarray) -> tuple[Callable[[], object], int]:
    import pycatch22

    rows = windows.transpose(0, 2, 1).reshape(-1, windows.shape[1]).tolist()
    return lambda: [pycatch22.catch22_all(row) for row in rows], 22 * len(BANDS)


PEERS: dict[str, tuple[str, Callable]] = {
    "tsfel": ("matching features, no entropy", make_tsfel),
    "antropy": ("sample entropy alone", make_antropy),
    "pycatch22": ("its 22 features", make_pycatch22),
}


def measure(windows: np.ndarray, n_sample: int, repeats: int, console: Console) -> tuple[list[Result], float]:
    """Compare skpd's values with tsfresh's, then time everything that is installed."""
    sample = windows[np.linspace(0, len(windows) - 1, min(n_sample, len(windows))).astype(int)]
    results = []
    ours = make_ours(1).set_output(transform="pandas").fit(sample)
    console.print(f"comparing with tsfresh on {len(sample)} windows")
    run, n_features = make_tsfresh(sample)
    difference = largest_difference(ours.transform(sample), run())
    if not difference < 1e-9:
        raise SystemExit(f"skpd's features differ from tsfresh's: expected < 1e-9, got {difference:.2g}.")
    for n_threads in (1, 2):
        console.print(f"skpd, {n_threads} thread(s), {len(windows)} windows")
        transformer = make_ours(n_threads).fit(windows[:1])
        seconds = shortest(lambda: transformer.transform(windows), repeats)  # noqa: B023 - called at once
        threads = "1 thread" if n_threads == 1 else f"{n_threads} threads"
        results.append(Result(f"skpd, {threads}", "all features", 34 * len(BANDS), len(windows), seconds))
    console.print(f"tsfresh, {len(sample)} windows")
    results.append(
        Result("tsfresh, n_jobs=0", "the features it has of ours", n_features, len(sample), shortest(run, 2))
    )
    for name, (what, make) in PEERS.items():
        if find_spec(name) is None:
            console.print(f"{name} is not installed: left out")
            continue
        console.print(f"{name}, {len(sample)} windows")
        run, n_features = make(sample)
        results.append(Result(name, what, n_features, len(sample), shortest(run, 2)))
    reference = next(result for result in results if result.name.startswith("tsfresh"))
    for result in results:
        result.ratio_to_tsfresh = result.windows_per_second / reference.windows_per_second
    return results, difference


def describe_machine() -> dict[str, object]:
    processor = platform.processor() or platform.machine()
    if Path("/proc/cpuinfo").exists():
        lines = Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines()
        fields = dict(line.split(":", 1) for line in lines if ":" in line)
        fields = {key.strip(): value.strip() for key, value in fields.items()}
        processor = fields.get("model name", processor)
        if "cpu family" in fields:
            processor += f" (family {fields['cpu family']}, model {fields.get('model', '?')})"
    versions: dict[str, str | None] = {}
    for package in ("skpd", "numpy", "scipy", "numba", "tsfresh", *PEERS):
        try:
            versions[package] = version(package)
        except PackageNotFoundError:
            versions[package] = None
    return {
        "processor": processor,
        "cores": os.cpu_count(),
        "system": f"{platform.system()} {platform.machine()}",
        "python": platform.python_version(),
        "versions": versions,
    }


def format_number(x: float) -> str:
    return f"{x:,.0f}" if x >= 10 else f"{x:.1f}"


def print_table(results: list[Result], console: Console) -> None:
    table = Table(title="Tremor features of 4 s windows (100 Hz, 3 bands)")
    table.add_column("library")
    for heading in ("features", "windows", "seconds", "windows/s", "× tsfresh"):
        table.add_column(heading, justify="right")
    for r in results:
        rate, ratio = format_number(r.windows_per_second), format_number(r.ratio_to_tsfresh)
        table.add_row(
            f"{r.name}\n[dim]{r.what}[/dim]", str(r.n_features), f"{r.n_windows:,}", f"{r.seconds:.2f}", rate, ratio
        )
    console.print(table)


def plot(results: list[Result], machine: dict[str, object], folder: Path) -> None:
    matplotlib.use("Agg")
    import matplotlib.pyplot as plt

    results = sorted(results, key=lambda r: r.windows_per_second)
    labels = [f"{r.name}\n{r.what} ({r.n_features})" for r in results]
    rates = [r.windows_per_second for r in results]
    figure, axes = plt.subplots(figsize=(9, 0.75 * len(results) + 1.6), layout="constrained")
    bars = axes.barh(labels, rates, color=["#1b6ca8" if r.name.startswith("skpd") else "#b9c2cb" for r in results])
    texts = [
        f" {format_number(r.windows_per_second)}"
        + ("" if r.name.startswith("tsfresh") else f"   ({format_number(r.ratio_to_tsfresh)}×)")
        for r in results
    ]
    axes.bar_label(bars, texts, fontsize=10)
    axes.set_xscale("log")
    axes.set_xlim(min(rates) / 3, max(rates) * 12)
    axes.xaxis.set_major_formatter("{x:,.0f}")
    axes.set_xlabel("windows of 400 samples × 3 bands per second (logarithmic scale; × = times tsfresh)")
    axes.set_title("Tremor features: throughput, number of features per window in brackets", loc="left", fontsize=11)
    axes.text(
        1,
        0.02,
        f"{machine['processor']}, {machine['cores']} cores",
        transform=axes.transAxes,
        ha="right",
        fontsize=8,
        color="#555555",
    )
    axes.spines[["top", "right"]].set_visible(False)
    axes.tick_params(axis="y", length=0)
    axes.grid(axis="x", color="#e3e6e9", linewidth=0.8)
    axes.set_axisbelow(True)
    for suffix in ("png", "svg"):
        figure.savefig(folder / f"features.{suffix}", dpi=150)
    plt.close(figure)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--windows", type=int, default=32_414, help="windows for skpd (default: %(default)s)")
    parser.add_argument("--sample", type=int, default=60, help="windows for the others (default: %(default)s)")
    parser.add_argument("--repeats", type=int, default=5, help="runs of skpd (default: %(default)s)")
    parser.add_argument("--out", type=Path, required=True, help="folder for features.json, .png and .svg")
    arguments = parser.parse_args()
    if min(arguments.windows, arguments.sample, arguments.repeats) < 1:
        parser.error("--windows, --sample and --repeats: expected at least 1")
    arguments.out.mkdir(parents=True, exist_ok=True)
    console = Console()
    # The libraries warn of features that are undefined for some windows.
    warnings.simplefilter("ignore")
    windows = simulate_windows(arguments.windows)
    results, difference = measure(windows, arguments.sample, arguments.repeats, console)
    machine = describe_machine()
    report = {
        "benchmark": "features",
        "n_timesteps": N_SAMPLES,
        "sampling_rate_hz": SAMPLING_RATE,
        "bands_hz": BANDS,
        "largest_relative_difference_from_tsfresh": difference,
        "machine": machine,
        "results": [asdict(result) for result in results],
    }
    (arguments.out / "features.json").write_text(json.dumps(report, indent=2) + "\n", encoding="utf-8")
    plot(results, machine, arguments.out)
    print_table(results, console)
    console.print(f"largest relative difference from tsfresh: {difference:.1e}; results in {arguments.out}")


if __name__ == "__main__":
    main()
