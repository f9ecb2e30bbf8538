"""What skpd draws and writes, compared with how it was.

A snapshot is a text under this folder. It fails when words or numbers change; where the change is meant, write it anew
with ``pytest tests/snapshots --regen-all`` and read the difference before committing it.
"""

import inspect
import re

import numpy as np
import pytest
from sklearn.base import BaseEstimator

_NUMBER = re.compile(r"(?<![\w.])[-+−]?\d+(?:\.\d+)?(?:e[-+]?\d+)?(?![\w])")


def compare_texts(obtained, expected, *, rtol, atol):
    """Fail unless two texts agree: words exactly, numbers within a tolerance."""
    obtained, expected = (file.read_text(encoding="utf-8").splitlines() for file in (obtained, expected))
    for number, (new, old) in enumerate(zip(obtained, expected, strict=False), start=1):
        values = [np.array([float(n.replace("−", "-")) for n in _NUMBER.findall(line)]) for line in (new, old)]
        alike = _NUMBER.sub("#", new) == _NUMBER.sub("#", old) and np.allclose(*values, rtol=rtol, atol=atol)
        assert alike, f"line {number} was\n    {old}\nand is now\n    {new}"
    assert len(obtained) == len(expected), f"there were {len(expected)} lines, there are {len(obtained)}"


@pytest.fixture
def snapshot(file_regression):
    """Compare a text with the one stored under the test's name."""

    def check(text, *, rtol=1e-5, atol=1e-9):
        def compare(obtained, expected):
            compare_texts(obtained, expected, rtol=rtol, atol=atol)

        file_regression.check(text.rstrip() + "\n", extension=".txt", encoding="utf-8", check_fn=compare)

    return check


def summarise(values):
    """Describe an array in a line: its shape, its kind, where it begins and ends, and how large it is."""
    array = np.ma.filled(np.ma.asarray(values, dtype=float), np.nan)
    if array.size <= 8:
        return " ".join(f"{value:.6g}" for value in array.ravel()) or "nothing"
    finite = array[np.isfinite(array)]
    known = [finite.min(), finite.max(), finite.mean(), finite.std()] if finite.size else []
    ends = [array.ravel()[0], array.ravel()[array.size // 3], array.ravel()[-1]]
    return f"{array.shape} {' '.join(f'{value:.6g}' for value in [*ends, *known])} missing {array.size - finite.size}"


def settings(value):
    """An estimator as its class and what is not the default of its class; other values as text."""
    if isinstance(value, BaseEstimator):
        defaults = {name: p.default for name, p in inspect.signature(type(value)).parameters.items()}
        given = {name: v for name, v in value.get_params(deep=False).items() if settings(v) != settings(defaults[name])}
        return f"{type(value).__name__}({', '.join(f'{name}={settings(v)}' for name, v in sorted(given.items()))})"
    if isinstance(value, (list, tuple)):
        return f"[{', '.join(map(settings, value))}]"
    if isinstance(value, dict):
        return f"{{{', '.join(f'{name}: {settings(v)}' for name, v in value.items())}}}"
    return getattr(value, "__name__", None) or re.sub(r" at 0x\w+", "", str(value))
