"""Fixtures shared by all tests."""

import os
from pathlib import Path

import matplotlib
import pytest
from hypothesis import HealthCheck, settings

matplotlib.use("Agg")

# "ci": few examples, the same ones every time. "full": many, new ones every time; what fails is kept in .hypothesis and
# tried first by the next run. HYPOTHESIS_PROFILE or --hypothesis-profile chooses, `make test-full` runs "full".
settings.register_profile(
    "ci", max_examples=15, deadline=None, derandomize=True, suppress_health_check=[HealthCheck.too_slow]
)
settings.register_profile(
    "full", max_examples=500, deadline=None, suppress_health_check=[HealthCheck.too_slow], print_blob=True
)
settings.load_profile(os.environ.get("HYPOTHESIS_PROFILE", "ci"))


@pytest.fixture(scope="session")
def data_dir():
    """Folder of the real data; a test that asks for it is skipped where there is none."""
    folder = Path(os.environ.get("SKPD_DATA", Path(__file__).parents[2] / "shared" / "data"))
    if not folder.is_dir():
        pytest.skip(f"the real data is absent: no folder {folder}; set SKPD_DATA to where it is")
    return folder
