"""Time and peak memory from the file of a long recording to the 102 features of its windows.

    python benchmarks/long_recording.py --out long_recording.json

Simulates triaxial recordings at 100 Hz of 4 and 8 days as .npy files of float32 (0.4 and 0.8 GB, removed afterwards),
and reads each from its file, with one thread and two, in a process of its own. Blocks of features are counted and let
go, so the peak, the largest resident set of that process sampled every 10 ms, is the memory beyond the output; the part
of it that the libraries take before the file is opened is shown beside it.
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import subprocess
import sys
import tempfile
import threading
import time
from pathlib import Path

import numpy as np
import pandas as pd
import psutil
from numpy.lib.format import open_memmap
from rich.console import Console
from rich.progress import track
from rich.table import Table

from skpd.recipes import stream_window_features

RATE = 100.0
DAY = round(24 * 3600 * RATE)
MB = 1e6


def simulate(file: Path, n_timesteps: int, seed: int = 0) -> None:
    """Write gravity, noise, and a tremor that changes its frequency and amplitude every quarter of an hour."""
    rng = np.random.default_rng(seed)
    samples = open_memmap(file, mode="w+", dtype=np.float32, shape=(n_timesteps, 3))
    block = round(900 * RATE)
    t = np.arange(block) / RATE
    for start in range(0, n_timesteps, block):
        n = min(block, n_timesteps - start)
        tremor = rng.uniform(0, 1.5) * np.sin(2 * np.pi * rng.uniform(3, 12) * t[:n])
        noise = rng.standard_normal((n, 3), dtype=np.float32) * np.float32(0.15)
        samples[start : start + n] = noise + [1.0, 2.0, 9.5] + tremor[:, None] * [0.6, 0.7, 0.4]
    samples.flush()


def measure(file: Path, n_threads: int) -> dict[str, float]:
    """Read a file once in this process and say what it took."""
    # Compiled kernels and imports are there before the clock starts.
    warm_up = np.random.default_rng(0).normal(9.81, 0.1, size=(2000, 3))
    list(stream_window_features(warm_up, sampling_rate=RATE))
    process, stop = psutil.Process(), threading.Event()
    before = peak = process.memory_info().rss

    def watch() -> None:
        nonlocal peak
        while not stop.wait(0.01):
            peak = max(peak, process.memory_info().rss)

    watcher = threading.Thread(target=watch)
    watcher.start()
    started, cpu_started = time.perf_counter(), time.process_time()
    recording = np.load(file, mmap_mode="r")
    n_windows = output = 0
    for block in stream_window_features(recording, sampling_rate=RATE, n_jobs=n_threads):
        n_windows += len(block.X)
        output += block.X.to_numpy().nbytes
    seconds, cpu_seconds = time.perf_counter() - started, time.process_time() - cpu_started
    stop.set()
    watcher.join()
    return {
        "seconds": seconds,
        "cpu_seconds": cpu_seconds,
        "windows": n_windows,
        "windows_per_second": n_windows / seconds,
        "output_mb": output / MB,
        "peak_mb": peak / MB,
        "libraries_mb": before / MB,
    }


def run(days: list[float], threads: list[int], repeats: int, folder: Path) -> list[dict]:
    """Measure every combination, each time in a fresh process, and keep the fastest of the repeats."""
    results = []
    for n_days in track(days, "recordings", console=Console(stderr=True)):
        file = folder / "recording.npy"
        simulate(file, round(n_days * DAY))
        for n_threads in threads:
            command = [sys.executable, __file__, "--measure", str(file), "--threads", str(n_threads)]
            runs = [json.loads(subprocess.check_output(command)) for _ in range(repeats)]
            results.append({"days": n_days, "threads": n_threads, **min(runs, key=lambda r: r["seconds"])})
        file.unlink()
    return results


def show(results: list[dict]) -> None:
    frame = pd.DataFrame(results)
    frame["speed-up"] = frame.groupby("days")["seconds"].transform("first") / frame["seconds"]
    columns = {
        "days": "{:g}",
        "threads": "{}",
        "seconds": "{:.1f}",
        "speed-up": "{:.2f}",
        "windows_per_second": "{:,.0f}",
        "output_mb": "{:.0f}",
        "peak_mb": "{:.0f}",
        "libraries_mb": "{:.0f}",
    }
    headings = ["days", "threads", "s", "ratio", "windows/s", "output MB", "peak MB", "libraries MB"]
    table = Table(*headings, title="Long recordings, from the .npy file to 102 features a window")
    for row in frame.to_dict("records"):
        table.add_row(*(form.format(row[name]) for name, form in columns.items()))
    Console().print(table)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--days", type=float, nargs="+", default=[4, 8])
    parser.add_argument("--threads", type=int, nargs="+", default=[1, 2])
    parser.add_argument("--repeats", type=int, default=2, help="the fastest run counts")
    parser.add_argument("--folder", type=Path, default=Path(tempfile.gettempdir()), help="where the recordings lie")
    parser.add_argument("--out", type=Path, help="JSON file of the results")
    parser.add_argument("--measure", type=Path, help=argparse.SUPPRESS)
    arguments = parser.parse_args()
    if arguments.measure:
        print(json.dumps(measure(arguments.measure, arguments.threads[0])))
        return
    with tempfile.TemporaryDirectory(dir=arguments.folder) as folder:
        results = run(arguments.days, arguments.threads, arguments.repeats, Path(folder))
    show(results)
    if arguments.out:
        machine = {"cpu": platform.processor() or platform.machine(), "cores": os.cpu_count()}
        libraries = {"python": platform.python_version(), "numpy": np.__version__}
        text = json.dumps({"machine": machine, "versions": libraries, "results": results}, indent=1)
        arguments.out.write_text(text, encoding="utf-8")


if __name__ == "__main__":
    main()
