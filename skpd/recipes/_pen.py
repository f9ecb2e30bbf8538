"""Parkinson's disease from pen trajectories by features of the movement and a small classifier.

The road of the kinematic literature. One more recipe looks at neither movement nor trace but at the recording's setup,
to show what a dataset gives away.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
from imblearn.over_sampling import RandomOverSampler
from imblearn.pipeline import Pipeline
from scipy.special import expit
from scipy.stats import rankdata
from sklearn.ensemble import AdaBoostClassifier, RandomForestClassifier
from sklearn.feature_selection import SelectKBest, VarianceThreshold, f_classif
from sklearn.impute import SimpleImputer
from sklearn.linear_model import LogisticRegression
from sklearn.neighbors import KNeighborsClassifier
from sklearn.preprocessing import FunctionTransformer, StandardScaler
from sklearn.svm import SVC

from ..features import PenFeatures

__all__ = [
    "PEN_CLASSIFIERS",
    "make_pen_adaboost",
    "make_pen_confound",
    "make_pen_forest",
    "make_pen_knn",
    "make_pen_recipe",
    "make_pen_svm",
]

#: The groups of `PenFeatures` that mean something of any handwriting; the group "spiral" is added for spirals.
WRITING_GROUPS = ("kinematic", "pressure", "air", "nonlinear", "tremor")


class MarginSVC(SVC):
    """A support vector machine whose probabilities are the logistic function of its margins.

    They rank people as the margins do and are not calibrated: calibration needs folds of its own, for which a training
    fold with a dozen controls has no room.
    """

    def predict_proba(self, X: Any) -> np.ndarray:
        """Return (n, 2), the columns in the order of `classes_`."""
        margin = self.decision_function(X)
        if margin.ndim > 1:
            raise ValueError(f"MarginSVC expected two classes, was fitted on {len(self.classes_)}.")
        return np.column_stack([expit(-margin), expit(margin)])


def score_ranks(X: np.ndarray, y: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """F statistics of ranks: of two classes they sort features as the Mann-Whitney test does, whatever outliers do."""
    return f_classif(rankdata(X, axis=0), y)


PEN_CLASSIFIERS: dict[str, Callable[[int | None], Any]] = {
    "svm": lambda seed: MarginSVC(),
    "adaboost": lambda seed: AdaBoostClassifier(n_estimators=50, random_state=seed),
    # The table is small, and a tree of it could not be stored without code.
    "knn": lambda seed: KNeighborsClassifier(n_neighbors=5, algorithm="brute"),
    "forest": lambda seed: RandomForestClassifier(n_estimators=200, random_state=seed),
}


def make_pen_recipe(
    classifier: str = "svm",
    *,
    spiral: bool = True,
    n_features: int = 20,
    resample_rate: float | None = 100.0,
    channel_names: Sequence[str] | None = None,
    memory: Any = None,
    random_state: int | None = 0,
) -> Pipeline:
    """Parkinson's disease from a pen trajectory by features of the movement and a small classifier.

    Parameters
    ----------
    classifier : {"svm", "adaboost", "knn", "forest"}, default="svm"
        RBF support vector machine, AdaBoost of stumps, 5 nearest neighbours or random forest, with the settings of
        scikit-learn (200 trees): a few dozen people are too few to choose settings on.
    spiral : bool, default=True
        Whether the drawings are spirals, whose geometry is then measured too.
    n_features : int, default=20
        Features that are kept: those that tell the classes of the training people apart best, by ranks.
    resample_rate : float or None, default=100.0
        As in `skpd.features.PenFeatures`: one even clock for all recordings, below the rates of the tablets.
    channel_names : sequence of str or None, default=None
        As in `skpd.features.PenFeatures`.
    memory : str, joblib.Memory or None, default=None
        As in imbalanced-learn's Pipeline.
    random_state : int or None, default=0
        Seed of over-sampling and classifier.

    Returns
    -------
    pipeline : imblearn.pipeline.Pipeline
        Unfitted; steps "features", "imputer" (median), "varied" (drops constant features), "scaler", "selector",
        "resampler" and "classifier". Trajectories in, one prediction each out.

    Raises
    ------
    ValueError
        If the classifier is unknown.

    Notes
    -----
    Everything that is learned, the choice of features included, is learned of the training rows: features chosen on all
    people before the split are known to score far above chance on noise.

    Rows of the smaller classes are repeated until all classes are equally frequent (`RandomOverSampler`), in training
    only, because the datasets of the field have up to four patients a control.

    References
    ----------
    .. [1] Drotar P. et al., "Evaluation of handwriting kinematics and pressure for differential diagnosis of
       Parkinson's disease", Artificial Intelligence in Medicine 67 (2016) 39-46: the support vector machine, AdaBoost
       and nearest neighbours on such features.

    Examples
    --------
    >>> from skpd.datasets import make_pen_trajectories
    >>> from skpd.recipes import make_recipe
    >>> pens = make_pen_trajectories(n_subjects=12, random_state=0)
    >>> recipe = make_recipe("pen-forest", random_state=0).fit(pens.data, pens.target)
    >>> recipe.predict(pens.data).shape
    (12,)
    >>> recipe[:5].get_feature_names_out().shape
    (20,)
    """
    if classifier not in PEN_CLASSIFIERS:
        raise ValueError(f"classifier: expected one of {', '.join(map(repr, PEN_CLASSIFIERS))}, got {classifier!r}.")
    features = PenFeatures(
        [*WRITING_GROUPS, *(["spiral"] if spiral else [])], channel_names=channel_names, resample_rate=resample_rate
    )
    return Pipeline(
        [
            ("features", features),
            # A channel that no device recorded is kept as a constant, and dropped by the next step.
            ("imputer", SimpleImputer(strategy="median", keep_empty_features=True)),
            ("varied", VarianceThreshold()),
            ("scaler", StandardScaler()),
            ("selector", SelectKBest(score_ranks, k=n_features)),
            ("resampler", RandomOverSampler(random_state=random_state)),
            ("classifier", PEN_CLASSIFIERS[classifier](random_state)),
        ],
        memory=memory,
    )


def make_pen_svm(**parameters: Any) -> Pipeline:
    """Parkinson's disease from a pen trajectory by features and a support vector machine."""
    return make_pen_recipe("svm", **parameters)


def make_pen_adaboost(**parameters: Any) -> Pipeline:
    """Parkinson's disease from a pen trajectory by features and AdaBoost."""
    return make_pen_recipe("adaboost", **parameters)


def make_pen_knn(**parameters: Any) -> Pipeline:
    """Parkinson's disease from a pen trajectory by features and nearest neighbours."""
    return make_pen_recipe("knn", **parameters)


def make_pen_forest(**parameters: Any) -> Pipeline:
    """Parkinson's disease from a pen trajectory by features and a random forest."""
    return make_pen_recipe("forest", **parameters)


def describe_setup(X: Any) -> np.ndarray:
    """Describe recordings by what no disease decides: points a second (Hz), and the logarithm of width to height.

    Parameters
    ----------
    X : sequence of ndarray of shape (n_points_i, n_channels)
        Trajectories whose first three columns are x, y and t (s).

    Returns
    -------
    setup : ndarray of shape (n, 2)
        The rate is rounded to whole Hz, so that it says which device it was and not how its clock trembles. NaN where
        there are no two points in time, or no width or height.
    """
    table = np.full((len(X), 2), np.nan)
    for i, points in enumerate(X):
        known = np.asarray(points)[~np.isnan(np.asarray(points)[:, :3]).any(axis=1)]
        steps = np.diff(known[:, 2])
        if not (steps > 0).any():
            continue
        table[i, 0] = np.rint(1 / np.median(steps[steps > 0]))
        width, height = np.ptp(known[:, :2], axis=0)
        if width > 0 and height > 0:
            table[i, 1] = np.log(width / height)
    return table


def make_pen_confound(*, random_state: int | None = 0) -> Pipeline:
    """Parkinson's disease from the recording rate and the width to height of a drawing alone: a check, not a system.

    What it scores above chance is what a dataset gives away without a look at the movement. A score says something
    about the disease only by what it has above this one.

    Parameters
    ----------
    random_state : int or None, default=0
        Seed of over-sampling.

    Returns
    -------
    pipeline : imblearn.pipeline.Pipeline
        Unfitted; trajectories with the columns x, y, t in, one prediction each out.

    Examples
    --------
    Of simulated people, whose tablets are all alike, the setup tells nothing:

    >>> from skpd.datasets import make_pen_trajectories
    >>> from skpd.recipes import make_recipe
    >>> pens = make_pen_trajectories(n_subjects=12, random_state=0)
    >>> setup = make_recipe("pen-confound")["features"].fit_transform(pens.data)
    >>> set(setup[:, 0].tolist())
    {133.0}
    """
    return Pipeline(
        [
            ("features", FunctionTransformer(describe_setup)),
            ("imputer", SimpleImputer(strategy="median", keep_empty_features=True)),
            ("scaler", StandardScaler()),
            ("resampler", RandomOverSampler(random_state=random_state)),
            ("classifier", LogisticRegression()),
        ]
    )
