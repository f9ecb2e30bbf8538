"""Fixtures shared by all tests."""

import os
from pathlib import Path

import matplotlib
import pytest

matplotlib.use("Agg")


@pytest.fixture(scope="session")
def data_dir():
    """Folder of the real data; a test that asks for it is skipped where there is none."""
    folder = Path(os.environ.get("SKPD_DATA", Path(__file__).parents[2] / "shared" / "data"))
    if not folder.is_dir():
        pytest.skip(f"the real data is absent: no folder {folder}; set SKPD_DATA to where it is")
    return folder
