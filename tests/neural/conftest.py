"""TensorFlow as skpd sets it up, also where a test imports Keras before skpd does."""

import os

from skpd.neural._runtime import ENVIRONMENT

for name, value in ENVIRONMENT.items():
    os.environ.setdefault(name, value)
