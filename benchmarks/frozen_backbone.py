"""Seconds an epoch: a head on cached features of a frozen backbone, against the backbone in the loop.

Both train the same network on the same images with Keras, batch by batch: `KerasTransferClassifier` passes each image
through the backbone once, before the first epoch; the naive loop passes every image in every epoch. The time of that
one pass is stated too, loading and tracing included, with the number of epochs after which the frozen way is ahead,
counting it. Epochs are the median of several after a first one that traces the graph. Before the result is believed,
the predictions of both are compared.

    python benchmarks/frozen_backbone.py --out docs/benchmarks

writes frozen_backbone.json to the folder. The weights are random: they cost what trained ones do.
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import time
from importlib.metadata import version
from pathlib import Path
from typing import Any

import numpy as np
from rich.console import Console
from rich.table import Table

from skpd.neural import KerasTransferClassifier
from skpd.neural._runtime import load_keras
from skpd.neural._transfer import build_whole

SIDE, BATCH_SIZE, HEAD = 100, 64, (128,)


def make_epoch_clock() -> Any:
    """Make a callback that takes the time of every epoch."""
    keras = load_keras()

    class EpochClock(keras.callbacks.Callback):
        def __init__(self) -> None:
            super().__init__()
            self.seconds: list[float] = []

        def on_epoch_begin(self, epoch: int, logs: dict | None = None) -> None:
            self.start = time.perf_counter()

        def on_epoch_end(self, epoch: int, logs: dict | None = None) -> None:
            self.seconds.append(time.perf_counter() - self.start)

    return EpochClock()


def measure(backbone: str, n_images: int, epochs: int) -> dict[str, Any]:
    """Train both ways and compare their predictions."""
    shape = (SIDE, SIDE, 3)
    X = np.random.default_rng(0).integers(0, 256, size=(n_images, *shape), dtype=np.uint8)
    y = np.arange(n_images) % 2
    model = KerasTransferClassifier(
        backbone,
        weights=None,
        input_shape=shape,
        head=HEAD,
        batch_size=BATCH_SIZE,
        early_stopping=False,
        random_state=0,
    )
    frozen_clock, naive_clock = make_epoch_clock(), make_epoch_clock()
    start = time.perf_counter()
    # Enough epochs for a median: they take milliseconds.
    model.set_params(epochs=30, callbacks=[frozen_clock]).fit(X, y)
    one_pass = time.perf_counter() - start - sum(frozen_clock.seconds)

    frozen = model.features_._backbone
    whole = build_whole(frozen, 2, HEAD, 0, optimizer="adam", learning_rate=None, loss=None)
    pixels = frozen.preprocess(X)
    whole.fit(pixels, y, batch_size=BATCH_SIZE, epochs=epochs + 1, verbose=0, callbacks=[naive_clock])
    whole.layers[-1].set_weights(model.model_.get_weights())
    naive = whole.predict(pixels, batch_size=BATCH_SIZE, verbose=0)
    difference = float(np.abs(model.predict_proba(X) - naive).max())
    if difference > 1e-4:
        raise RuntimeError(f"{backbone}: predictions differ by {difference:.1e}, so the two are not the same network.")

    head, loop = float(np.median(frozen_clock.seconds[1:])), float(np.median(naive_clock.seconds[1:]))
    return {
        "backbone": backbone,
        "n_images": n_images,
        "seconds_an_epoch_frozen": head,
        "seconds_an_epoch_naive": loop,
        "ratio": loop / head,
        "seconds_before_the_first_epoch": one_pass,
        "ahead_after_epochs": int(np.ceil(one_pass / (loop - head))),
        "largest_difference_of_predictions": difference,
    }


def describe_machine() -> dict[str, Any]:
    """State what the numbers depend on."""
    packages = ("tensorflow", "keras", "scikeras", "numpy")
    return {
        "processor": platform.processor() or platform.machine(),
        "cores": len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count(),
        "python": platform.python_version(),
        **{package: version(package) for package in packages},
    }


def print_table(results: list[dict[str, Any]], console: Console) -> None:
    table = Table(title=f"A frozen backbone at {SIDE}x{SIDE} pixels, batches of {BATCH_SIZE}, head {HEAD}")
    table.add_column("backbone")
    for heading in ("images", "naive, s an epoch", "frozen, s an epoch", "ratio", "one pass, s", "ahead after"):
        table.add_column(heading, justify="right")
    for r in results:
        table.add_row(
            r["backbone"],
            str(r["n_images"]),
            f"{r['seconds_an_epoch_naive']:.2f}",
            f"{r['seconds_an_epoch_frozen']:.4f}",
            f"{r['ratio']:.0f}x",
            f"{r['seconds_before_the_first_epoch']:.1f}",
            f"{r['ahead_after_epochs']} epochs",
        )
    console.print(table)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--backbones", nargs="+", default=["MobileNet", "DenseNet201"])
    parser.add_argument("--images", type=int, default=102, help="default: %(default)s, the spirals of the paper")
    parser.add_argument("--epochs", type=int, default=3, help="epochs of the naive loop (default: %(default)s)")
    parser.add_argument("--out", type=Path, required=True, help="folder for frozen_backbone.json")
    arguments = parser.parse_args()
    if arguments.images < 2 or arguments.epochs < 1:
        parser.error("expected --images of at least 2 and --epochs of at least 1")
    results = [measure(name, arguments.images, arguments.epochs) for name in arguments.backbones]
    report = {
        "benchmark": "frozen_backbone",
        "input_shape": (SIDE, SIDE, 3),
        "batch_size": BATCH_SIZE,
        "head": HEAD,
        "machine": describe_machine(),
        "results": results,
    }
    arguments.out.mkdir(parents=True, exist_ok=True)
    (arguments.out / "frozen_backbone.json").write_text(json.dumps(report, indent=2) + "\n", encoding="utf-8")
    print_table(results, Console())


if __name__ == "__main__":
    main()
