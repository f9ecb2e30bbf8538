"""Augmented images a second: ImageAugmenter against Keras' ImageDataGenerator, same images, same parameters, one core.

    python benchmarks/augmentation.py --out results/

Two published settings (online: HWA-I, offline: HWA-II) and, for the online one, batches as a network asks for them.
Before anything is timed, both transform the same images by the same drawn parameters, and the results are compared.
The libraries take turns, so that what else the machine does meets both; the median of the runs counts. Writes
``augmentation.json``. Needs TensorFlow, which runs on one thread.
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
from importlib.metadata import version
from pathlib import Path

import numpy as np
from rich.console import Console
from rich.table import Table

from skpd.datasets import make_spiral_drawings
from skpd.images import ImageAugmenter

SETTINGS = {
    "online": {
        "rotation_range": 20,
        "shear_range": 0.1,
        "width_shift_range": 0.2,
        "height_shift_range": 0.3,
        "horizontal_flip": True,
        "vertical_flip": True,
    },
    "offline": {
        "rotation_range": 40,
        "shear_range": 0.1,
        "zoom_range": 0.1,
        "horizontal_flip": True,
        "brightness_range": (0.5, 1.5),
    },
}
N_PER_IMAGE, BATCH_SIZE = 51, 64


@dataclass
class Result:
    """One setting; images a second of the median run."""

    setting: str
    n_images: int
    skpd: float
    keras: float

    @property
    def ratio(self) -> float:
        """How many times as fast skpd is."""
        return self.skpd / self.keras


def import_generator() -> type:
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
    os.environ.setdefault("TF_ENABLE_ONEDNN_OPTS", "0")
    import tensorflow as tf

    tf.config.threading.set_intra_op_parallelism_threads(1)
    return tf.keras.preprocessing.image.ImageDataGenerator


def share_that_differs(generator: type, images: np.ndarray) -> float:
    """Return the share of values that differ for the same parameters, over both settings."""
    shares = []
    for options in SETTINGS.values():
        augmenter = ImageAugmenter(**options)
        transforms = augmenter.draw_transforms(len(images), images.shape[1:3], 0)
        keras = generator(**options)
        theirs = [keras.apply_transform(x, t) for x, t in zip(images, transforms.to_dict("records"), strict=True)]
        shares.append((augmenter.apply_transforms(images, transforms) != np.stack(theirs)).mean())
    return float(np.mean(shares))


def measure(generator: type, images: np.ndarray, repeats: int, console: Console) -> list[Result]:
    target = np.arange(len(images)) % 2
    n_keras = 8 * BATCH_SIZE
    rng = np.random.default_rng(0)
    results = []
    for setting, options in SETTINGS.items():
        console.print(f"{setting}, {repeats} runs of each")
        # Keras works image by image: a batch and an expanded set take it the same time an image.
        flow = generator(**options).flow(images, batch_size=BATCH_SIZE, seed=0)
        if setting == "online":
            online = ImageAugmenter("online", **options)
            n_ours = 8 * BATCH_SIZE
            batches = [images[rng.permutation(len(images))[:BATCH_SIZE]] for _ in range(8)]
            ours = lambda: [online.random_batch(batch, rng) for batch in batches]  # noqa: E731, B023
        else:
            offline = ImageAugmenter(n_per_image=N_PER_IMAGE, keep_originals=False, random_state=0, **options)
            n_ours = N_PER_IMAGE * len(images)
            ours = lambda: offline.fit_resample(images, target)  # noqa: E731, B023
        theirs = lambda: take(flow, n_keras)  # noqa: E731, B023
        seconds = take_turns([ours, theirs], repeats)
        results.append(Result(setting, n_ours, n_ours / seconds[0], n_keras / seconds[1]))
    return results


def take(flow: object, n_images: int) -> None:
    seen = 0
    while seen < n_images:
        seen += len(next(flow))


def take_turns(runs: list[Callable[[], object]], repeats: int) -> list[float]:
    """Return the median seconds of processor time of each, after one run that is not counted."""
    times: list[list[float]] = [[] for _ in runs]
    for turn in range(repeats + 1):
        for run, kept in zip(runs, times, strict=True):
            start = time.process_time()
            run()
            if turn:
                kept.append(time.process_time() - start)
    return [float(np.median(kept)) for kept in times]


def print_table(results: list[Result], shape: tuple[int, ...], console: Console) -> None:
    table = Table(title=f"Augmented images of {' x '.join(map(str, shape))}, one core")
    for heading in ("setting", "skpd, images/s", "ImageDataGenerator, images/s", "ratio"):
        table.add_column(heading, justify="left" if heading == "setting" else "right")
    for r in results:
        table.add_row(r.setting, f"{r.skpd:,.0f}", f"{r.keras:,.0f}", f"{r.ratio:.1f}")
    console.print(table)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--repeats", type=int, default=7, help="runs of each (default: %(default)s)")
    parser.add_argument("--size", type=int, default=100, help="height and width in pixels (default: %(default)s)")
    parser.add_argument("--out", type=Path, required=True, help="folder for augmentation.json")
    arguments = parser.parse_args()
    if arguments.repeats < 1:
        parser.error("--repeats: expected at least 1")
    arguments.out.mkdir(parents=True, exist_ok=True)
    console = Console()
    # Keras imports SciPy's interpolation from where it used to be.
    warnings.simplefilter("ignore")
    generator = import_generator()
    images = make_spiral_drawings(26, image_size=(arguments.size, arguments.size), random_state=0, return_X_y=True)[0][
        :102
    ]
    differs = share_that_differs(generator, images)
    if differs > 1e-4:
        raise SystemExit(f"skpd and Keras differ in {differs:.2%} of the values for the same parameters.")
    results = measure(generator, images, arguments.repeats, console)
    report = {
        "benchmark": "augmentation",
        "image_shape": images.shape[1:],
        "settings": SETTINGS,
        "share_of_values_that_differ": differs,
        "machine": {
            "processor": platform.processor() or platform.machine(),
            "cores": os.cpu_count(),
            "python": platform.python_version(),
            "versions": {name: version(name) for name in ("skpd", "numpy", "numba", "scipy", "keras", "tensorflow")},
        },
        "results": [{**asdict(r), "ratio": r.ratio} for r in results],
    }
    (arguments.out / "augmentation.json").write_text(json.dumps(report, indent=2) + "\n", encoding="utf-8")
    print_table(results, images.shape[1:], console)
    console.print(f"share of values that differ for the same parameters: {differs:.1e}; results in {arguments.out}")


if __name__ == "__main__":
    main()
