"""All features of simulated recordings and pens, and what the catalogues say of them."""

import numpy as np
import pandas as pd
import pytest

from skpd.datasets import make_pen_trajectories, make_tremor_recordings
from skpd.features import PenFeatures, TremorFeatures, pen_feature_catalogue, tremor_feature_catalogue


def describe_table(transformer, X):
    """One line a feature, its values in all rows."""
    values = transformer.fit_transform(X)
    return "\n".join(
        f"{name}: {' '.join(f'{value:.9g}' for value in column)}"
        for name, column in zip(transformer.get_feature_names_out(), values.T, strict=True)
    )


@pytest.fixture(scope="module")
def windows():
    tremor = make_tremor_recordings(4, recordings_per_subject=1, duration=6, random_state=0)
    # Without gravity and drift, which would hide the tremor.
    X = np.diff(tremor.data[:, :256, :2], axis=1)
    return X + 0.01 * np.random.default_rng(0).normal(size=X.shape)


@pytest.fixture(scope="module")
def pens():
    """Spirals and waves with lifts, gaps and tilt."""
    trajectories = []
    for seed, points in enumerate(make_pen_trajectories(2, tasks=("spiral", "wave"), random_state=0).data):
        rng = np.random.default_rng(seed)
        t = points[:, 2]
        points[:, 4] = 6.2 + 0.2 * np.sin(2 * np.pi * 0.3 * t) + 0.003 * rng.normal(size=len(t))
        points[:, 5] = 0.9 + 0.1 * np.cos(2 * np.pi * 0.2 * t)
        points[:, :2] += 1e-5 * rng.normal(size=(len(t), 2))
        lifted = (t % 3 > 2.6) & (seed > 0)
        points[lifted, 3], points[lifted, 6] = 0, 0
        trajectories.append(points[(t % 4 < 3.7) | (seed < 2)])
    return trajectories


def test_tremor_features(windows, snapshot):
    snapshot(describe_table(TremorFeatures(50.0), windows), rtol=1e-6, atol=1e-13)


def test_tremor_features_with_every_option(windows, snapshot):
    transformer = TremorFeatures(
        50.0,
        channel_names=["x", "y"],
        autocorrelation_lag=3,
        peak_support=2,
        cid_normalize=True,
        entropy_m=1,
        entropy_r=0.3,
        spectrum="two-sided",
        psd="welch",
        welch_duration=2.0,
        frequency_limits=[3.0, 12.0],
        dispersion_fraction=0.9,
        centroid="frequency",
        difference="absolute",
        pool=["mean", "std", "median", "max"],
    )
    snapshot(describe_table(transformer, [windows[:3], windows[1:]]), rtol=1e-6, atol=1e-13)


@pytest.mark.parametrize(
    "options",
    [
        {},
        {"pen": "any", "resample_rate": 80.0, "cutoff": 7.0, "max_gap": 0.5},
        {"resample_rate": 20.0, "features": ["kinematic", "tremor"]},
    ],
    ids=["default", "any", "slow"],
)
def test_pen_features(pens, snapshot, options):
    snapshot(describe_table(PenFeatures(**options), pens), rtol=1e-6, atol=1e-13)


@pytest.mark.parametrize("catalogue", [tremor_feature_catalogue, pen_feature_catalogue], ids=["tremor", "pen"])
def test_catalogues(snapshot, catalogue):
    table: pd.DataFrame = catalogue()
    snapshot("\n".join(" | ".join(map(str, row)) for row in [table.columns, *table.itertuples(index=False)]))
