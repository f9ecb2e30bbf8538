"""What skpd draws and writes, compared with how it was.

A snapshot is a text under this folder. It fails when words or numbers change; where the change is meant, write it anew
with ``pytest tests/snapshots --regen-all`` and read the difference before committing it.
"""

import re

import numpy as np
import pytest

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
