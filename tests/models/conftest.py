"""A small model of recordings, stored once."""

import pytest
from sklearn.ensemble import RandomForestClassifier

from skpd.datasets import make_tremor_recordings
from skpd.models import save_model
from skpd.recipes import make_recipe


@pytest.fixture(scope="session")
def wrist():
    return make_tremor_recordings(n_subjects=6, duration=12.0, random_state=0)


@pytest.fixture(scope="session")
def small_forest():
    return RandomForestClassifier(n_estimators=3, random_state=0)


@pytest.fixture(scope="session")
def tremor_model(wrist, small_forest):
    recipe = make_recipe("tremor", sampling_rate=wrist.sampling_rate, resampler="SMOTE", classifier=small_forest)
    return recipe.fit(wrist.data, wrist.target)


@pytest.fixture(scope="session")
def stored(tremor_model, wrist, tmp_path_factory):
    folder = tmp_path_factory.mktemp("models") / "tremor"
    return save_model(
        tremor_model,
        folder,
        recipe="tremor",
        parameters={"resampler": "SMOTE"},
        sampling_rate=wrist.sampling_rate,
        units="m/s^2",
        channels=wrist.channel_names,
        limitations=["Made for tests."],
    )
