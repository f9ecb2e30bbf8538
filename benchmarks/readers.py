"""How fast a GENEActiv file is read, and in how much memory.

Writes a file of the size asked for to a temporary folder (pages of random samples, 85.7 Hz, no damage), streams it to a
float32 array on disk with `iter_geneactiv`, loads it whole with `load_geneactiv`, and deletes both. Each measurement
runs in a process of its own, so that its peak memory is its own. Everything is checked to have come out.

    python benchmarks/readers.py --gigabytes 1 --out docs/benchmarks

writes readers.json to the folder.
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import resource
import tempfile
import time
from concurrent.futures import ProcessPoolExecutor
from dataclasses import asdict, dataclass
from datetime import datetime, timedelta
from multiprocessing import get_context
from pathlib import Path

import numpy as np

from skpd.datasets import iter_geneactiv, load_geneactiv

SAMPLES_PER_PAGE, PAGE_MS = 300, 3500
START = datetime(2024, 1, 1, 12)
HEADER = """\
Device Identity
Device Unique Serial Code:000001
Configuration Info
Measurement Frequency:85.7 Hz
Time Zone:GMT +00:00
Calibration Data
x gain:25875
x offset:439
y gain:25734
y offset:-662
z gain:25538
z offset:-3056
Volts:300
Lux:800
Memory Status
Number of Pages:{n_pages}

"""
PAGE = """\
Recorded Data
Device Unique Serial Code:000001
Sequence Number:{k}
Page Time:{moment}
Unassigned:
Temperature:21.5
Battery voltage:4.1493
Device Status:Recording
Measurement Frequency:85.7
{digits}
"""


@dataclass(frozen=True)
class Result:
    """One measurement."""

    what: str
    seconds: float
    megabytes_per_second: float
    peak_memory_mb: float
    n_samples: int


def write_file(path: Path, n_bytes: int) -> int:
    """Write a file of about `n_bytes` and return its number of samples."""
    rng = np.random.default_rng(0)
    # A few different pages in turn: what is in them does not change the work.
    payloads = [rng.bytes(6 * SAMPLES_PER_PAGE).hex().upper() for _ in range(64)]
    n_pages = n_bytes // len(PAGE.format(k=0, moment=" " * 23, digits=payloads[0]).replace("\n", "\r\n"))
    with path.open("w", newline="\r\n") as file:
        file.write(HEADER.format(n_pages=n_pages))
        for k in range(n_pages):
            moment = START + timedelta(milliseconds=PAGE_MS * k)
            stamp = f"{moment:%Y-%m-%d %H:%M:%S}:{moment.microsecond // 1000:03d}"
            file.write(PAGE.format(k=k, moment=stamp, digits=payloads[k % 64]))
    return n_pages * SAMPLES_PER_PAGE


def stream(path: Path) -> int:
    n_samples = 0
    with path.with_suffix(".f4").open("wb") as out:
        for pages in iter_geneactiv(path):
            pages.acceleration.tofile(out)
            n_samples += len(pages.acceleration)
    return n_samples


def decode(path: Path) -> int:
    return sum(len(pages.acceleration) for pages in iter_geneactiv(path))


def load(path: Path) -> int:
    return len(load_geneactiv(path).data[0])


def measure(function, path: Path) -> Result:
    begin = time.perf_counter()
    n_samples = function(path)
    seconds = time.perf_counter() - begin
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    return Result(function.__name__, seconds, path.stat().st_size / 1e6 / seconds, peak, n_samples)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--gigabytes", type=float, default=1.0, help="size of the file (default: %(default)s)")
    parser.add_argument("--out", type=Path, required=True, help="folder for readers.json")
    arguments = parser.parse_args()
    if not 0 < arguments.gigabytes <= 100:
        parser.error("--gigabytes: expected more than 0 and at most 100")
    arguments.out.mkdir(parents=True, exist_ok=True)
    results = []
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder, "week.bin")
        n_samples = write_file(path, int(arguments.gigabytes * 1e9))
        size = path.stat().st_size
        for function in (decode, stream, load):
            with ProcessPoolExecutor(1, mp_context=get_context("spawn")) as pool:
                result = pool.submit(measure, function, path).result()
            if result.n_samples != n_samples:
                raise SystemExit(f"{function.__name__} returned {result.n_samples} of {n_samples} samples")
            results.append(result)
            print(
                f"{result.what:8} {result.megabytes_per_second:7.1f} MB/s {result.seconds:7.2f} s, "
                f"peak memory {result.peak_memory_mb:.0f} MB"
            )
    report = {
        "benchmark": "readers",
        "file_bytes": size,
        "n_samples": n_samples,
        "machine": {"processor": platform.processor() or platform.machine(), "cores": os.cpu_count()},
        "results": [asdict(result) for result in results],
    }
    (arguments.out / "readers.json").write_text(json.dumps(report, indent=2) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
