"""The resamplers that published tremor studies compare, with their settings."""

from __future__ import annotations

from numbers import Integral
from types import MappingProxyType
from typing import Any

from imblearn.combine import SMOTEENN, SMOTETomek
from imblearn.over_sampling import ADASYN, SMOTE, BorderlineSMOTE
from imblearn.under_sampling import (
    AllKNN,
    EditedNearestNeighbours,
    InstanceHardnessThreshold,
    NearMiss,
    TomekLinks,
)
from sklearn.utils import check_random_state

from ._condensed import CondensedNearestNeighbour
from ._rare import RareClassSampler

__all__ = ["RESAMPLER_FAMILIES", "tremor_resamplers"]

#: What each of `tremor_resamplers` does: makes samples ("over"), removes them ("under"), or both ("hybrid").
RESAMPLER_FAMILIES = MappingProxyType(
    {
        "none": "none",
        "SMOTE": "over",
        "ADASYN": "over",
        "BorderlineSMOTE": "over",
        "CondensedNearestNeighbour": "under",
        "TomekLinks": "under",
        "AllKNN": "under",
        "InstanceHardnessThreshold": "under",
        "NearMiss": "under",
        "SMOTETomek": "hybrid",
        "SMOTEENN": "hybrid",
    }
)


def tremor_resamplers(
    random_state: Any = None, *, on_rare: str = "adapt", n_jobs: int | None = None
) -> dict[str, RareClassSampler | str]:
    """Return the ten published resamplers and none, ready for a parameter grid.

    Parameters
    ----------
    random_state : int, RandomState instance or None, default=None
        Seed of every resampler that has one; a RandomState gives all the same number, drawn once.
    on_rare : {"adapt", "skip", "raise"}, default="adapt"
        What to do where a class has too few samples; see `RareClassSampler`.
    n_jobs : int or None, default=None
        Threads or processes of the resamplers that have the parameter. The SMOTE family has none.

    Returns
    -------
    resamplers : dict of str to RareClassSampler or "passthrough"
        In published order; `RESAMPLER_FAMILIES` groups the same names.

    See Also
    --------
    RareClassSampler : What each is wrapped in.

    Notes
    -----
    The settings are those of [1]_, section by section; where it is silent, imbalanced-learn's defaults. It names no
    library, but names and values match imbalanced-learn.

    =========================  ================================================================================
    name                       settings
    =========================  ================================================================================
    none                       "passthrough": the baseline
    SMOTE                      5 neighbours
    ADASYN                     5 neighbours
    BorderlineSMOTE            borderline-1, 5 neighbours; 10 to tell who is in danger (default; not published)
    CondensedNearestNeighbour  1 neighbour, 1 seed (defaults; not published)
    TomekLinks                 removes from the majority class only; imbalanced-learn's default cleans every
                               class but the rarest
    AllKNN                     1, 2, then 3 neighbours; a sample goes if any neighbour is of another class
                               (``kind_sel="all"``, the default)
    InstanceHardnessThreshold  hardness from a random forest of 100 trees by 5-fold cross-validation (defaults)
    NearMiss                   version 1, 3 nearest samples of the rarest class (the defaults)
    SMOTETomek                 SMOTE with 5 neighbours, then Tomek links removed from all classes (default)
    SMOTEENN                   SMOTE with 5 neighbours, then edited nearest neighbours with 3, all classes
    =========================  ================================================================================

    InstanceHardnessThreshold's inner folds are drawn by window, not by subject; they only choose training rows.

    Costs differ: of 26,208 simulated windows of 102 features and five classes, 82 % of them of one, a busy core took
    206 s for InstanceHardnessThreshold (its forests), 169 s for SMOTETomek and 224 s for SMOTEENN (neighbours among
    107,030 rows), 5 s for AllKNN and 3 s or less for each of the others.

    References
    ----------
    .. [1] AlMahadin, Lotfi, McCarthy & Breedon, SN Computer Science, 2022, doi:10.1007/s42979-021-00953-6.

    Examples
    --------
    >>> from imblearn.pipeline import Pipeline
    >>> from sklearn.ensemble import RandomForestClassifier
    >>> from skpd.resampling import tremor_resamplers
    >>> resamplers = tremor_resamplers(0)
    >>> resamplers["SMOTE"]
    RareClassSampler(sampler=SMOTE(random_state=0))
    >>> pipeline = Pipeline([("resampler", "passthrough"), ("classifier", RandomForestClassifier())])
    >>> param_grid = {"resampler": list(resamplers.values())}
    """
    seed = random_state
    if seed is not None:
        seed = int(seed) if isinstance(seed, Integral) else int(check_random_state(seed).randint(2**31))
    samplers = {
        "SMOTE": SMOTE(k_neighbors=5, random_state=seed),
        "ADASYN": ADASYN(n_neighbors=5, random_state=seed),
        "BorderlineSMOTE": BorderlineSMOTE(kind="borderline-1", k_neighbors=5, m_neighbors=10, random_state=seed),
        "CondensedNearestNeighbour": CondensedNearestNeighbour(random_state=seed, n_jobs=n_jobs),
        "TomekLinks": TomekLinks(sampling_strategy="majority", n_jobs=n_jobs),
        "AllKNN": AllKNN(n_neighbors=3, kind_sel="all", n_jobs=n_jobs),
        "InstanceHardnessThreshold": InstanceHardnessThreshold(random_state=seed, n_jobs=n_jobs),
        "NearMiss": NearMiss(version=1, n_neighbors=3, n_jobs=n_jobs),
        "SMOTETomek": SMOTETomek(
            smote=SMOTE(k_neighbors=5, random_state=seed),
            tomek=TomekLinks(sampling_strategy="all", n_jobs=n_jobs),
            random_state=seed,
        ),
        "SMOTEENN": SMOTEENN(
            smote=SMOTE(k_neighbors=5, random_state=seed),
            enn=EditedNearestNeighbours(sampling_strategy="all", n_neighbors=3, n_jobs=n_jobs),
            random_state=seed,
        ),
    }
    return {"none": "passthrough"} | {name: RareClassSampler(s, on_rare=on_rare) for name, s in samplers.items()}
