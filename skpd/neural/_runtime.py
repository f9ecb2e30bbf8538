"""How Keras is loaded, seeded and kept quiet: whatever touches the process, in one place."""

from __future__ import annotations

import logging
import os
import random
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import numpy as np

__all__ = ["ENVIRONMENT", "load_keras", "quiet", "seeded"]

#: Set before the first import of TensorFlow, unless the user has set them. oneDNN off costs nothing measurable here
#: (MobileNet and the published network, 2 cores), and its sums depend on the machine and announce themselves.
ENVIRONMENT = {"TF_CPP_MIN_LOG_LEVEL": "3", "TF_ENABLE_ONEDNN_OPTS": "0"}

_GENERATORS = threading.RLock()


def load_keras() -> Any:
    """Import Keras, which takes seconds and hundreds of megabytes, and return the module."""
    for name, value in ENVIRONMENT.items():
        os.environ.setdefault(name, value)
    import keras

    return keras


@contextmanager
def seeded(seed: int) -> Iterator[None]:
    """Seed what Keras draws initial weights and dropout seeds from; put the user's generators back afterwards.

    Keras takes the seeds of initialisers and layers from Python's global generator. The order of the rows comes from a
    generator of our own, so TensorFlow's global seed and op determinism, which are settings of the process, stay as
    they are.
    """
    # The generators belong to the process: two threads that build networks take turns.
    with _GENERATORS:
        python, legacy_numpy = random.getstate(), np.random.get_state()  # noqa: NPY002
        try:
            random.seed(seed)
            np.random.seed(seed % 2**32)  # noqa: NPY002
            yield
        finally:
            random.setstate(python)
            np.random.set_state(legacy_numpy)  # noqa: NPY002


class _NoRetracing(logging.Filter):
    def filter(self, record: logging.LogRecord) -> bool:
        return "retracing" not in record.getMessage()


@contextmanager
def quiet() -> Iterator[None]:
    """Hold back TensorFlow's advice on retracing, which takes the networks of a grid search for one in a loop."""
    logger, no_retracing = logging.getLogger("tensorflow"), _NoRetracing()
    logger.addFilter(no_retracing)
    try:
        yield
    finally:
        logger.removeFilter(no_retracing)
