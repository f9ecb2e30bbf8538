"""Studies in which the truth is known, and a real browser."""

import shutil

import numpy as np
import pandas as pd
import pytest
from imblearn.over_sampling import RandomOverSampler
from imblearn.pipeline import Pipeline
from sklearn.dummy import DummyClassifier
from sklearn.ensemble import RandomForestClassifier
from sklearn.neighbors import KNeighborsClassifier
from sklearn.utils import Bunch

from skpd.datasets import make_tremor_recordings
from skpd.models import save_model
from skpd.recipes import make_recipe
from skpd.studies import run_study


def identity_table(labels=("healthy", "parkinson"), n_subjects=12, n_rows=8):
    """Features that tell people apart and nothing else; the rows of a person resemble each other."""
    rng = np.random.default_rng(0)
    people = np.repeat(np.arange(n_subjects), n_rows)
    X = rng.normal(size=(n_subjects, 6))[people] + rng.normal(scale=0.01, size=(len(people), 6))
    y = np.asarray(labels)[people % len(labels)]
    names = np.array([f"person {i:02d}" for i in range(n_subjects)])
    index = pd.DataFrame({"recording": people})
    columns = [f"feature {i}" for i in range(6)]
    return Bunch(X=pd.DataFrame(X, columns=columns), y=y, groups=names[people], index=index)


def build(resampler, classifier, *, random_state):
    if classifier == "majority":
        return Pipeline([("classifier", DummyClassifier(strategy="most_frequent"))])
    steps = [("resampler", RandomOverSampler(random_state=random_state))] if resampler != "none" else []
    if classifier == "broken":
        return Pipeline([*steps, ("classifier", KNeighborsClassifier(n_neighbors=-1))])
    return Pipeline([*steps, ("classifier", KNeighborsClassifier(1))])


def make_study(folder, *, labels=("healthy", "parkinson"), resamplers=("none", "SMOTE"), **options):
    settings = {
        "configurations": [
            (protocol, *pair)
            for protocol in ("as-published", "as-written", "subject-wise")
            for pair in [*((name, "nearest") for name in resamplers), ("none", "majority")]
        ],
        "n_splits": 3,
        "dataset": "identities",
        "recipe": "planted leak",
        "out": folder,
    }
    table = options.pop("table", None) or identity_table(labels)
    return run_study(table, options.pop("build", build), **(settings | options))


@pytest.fixture(scope="session")
def identity_study(tmp_path_factory):
    """Nothing can be learned of unseen people; known ones are recognised."""
    return make_study(tmp_path_factory.mktemp("study") / "identity")


@pytest.fixture(scope="session")
def browser():
    """A real browser without a window; tests that ask for it are skipped where there is none."""
    playwright = pytest.importorskip("playwright.sync_api", reason="playwright is not installed")
    names = ("chromium", "chromium-browser", "google-chrome")
    found = next(filter(None, map(shutil.which, names)), None)
    if found is None:
        pytest.skip(f"no browser: none of {', '.join(names)} is on the path")
    quiet = ["--no-sandbox", "--disable-gpu", "--disable-background-networking", "--disable-dev-shm-usage"]
    with playwright.sync_playwright() as started:
        opened = started.chromium.launch(executable_path=found, args=quiet)
        yield opened
        opened.close()


@pytest.fixture(scope="session")
def stored(tmp_path_factory):
    """A small model of recordings, in a folder."""
    wrist = make_tremor_recordings(n_subjects=6, duration=12.0, random_state=0)
    forest = RandomForestClassifier(n_estimators=3, random_state=0)
    recipe = make_recipe("tremor", sampling_rate=wrist.sampling_rate, classifier=forest)
    folder = tmp_path_factory.mktemp("models") / "tremor"
    return save_model(
        recipe.fit(wrist.data, wrist.target),
        folder,
        recipe="tremor",
        sampling_rate=wrist.sampling_rate,
        units="m/s^2",
        channels=wrist.channel_names,
        limitations=["Made for tests."],
    )


@pytest.fixture(scope="session")
def four_days(tmp_path_factory):
    """Four days at 25 Hz, with tremor in one hour of seven."""
    file = tmp_path_factory.mktemp("long") / "days.npy"
    hour = 3600 * 25
    samples = np.lib.format.open_memmap(file, mode="w+", dtype=np.float32, shape=(96 * hour, 3))
    rng = np.random.default_rng(0)
    rest = rng.normal(0, 0.3, (hour, 3)) + [0, 0, 9.81]
    shaking = rest.copy()
    shaking[: hour // 2, 0] += 1.5 * np.sin(2 * np.pi * 4.8 * np.arange(hour // 2) / 25)
    for k in range(96):
        samples[k * hour : (k + 1) * hour] = shaking if k % 7 == 3 else rest
    samples.flush()
    return file
