"""Takes the subjects to the step of a pipeline that asks for them."""

from __future__ import annotations

from typing import Any

import numpy as np
from imblearn.pipeline import Pipeline as SamplerPipeline
from sklearn.model_selection._search import BaseSearchCV
from sklearn.model_selection._split import GroupsConsumerMixin
from sklearn.pipeline import Pipeline
from sklearn.utils.validation import has_fit_parameter

from ..signal import WindowedClassifier

__all__ = ["fit_parameters"]


def fit_parameters(estimator: Any, groups: np.ndarray) -> dict[str, np.ndarray]:
    """Return what `fit` must be given for the subjects to reach the step that asks for them, if one does.

    A classifier behind a sampler cannot be told: of the rows that a sampler makes nobody knows the person.
    """
    path: list[str] = []
    while True:
        if isinstance(estimator, Pipeline):
            if isinstance(estimator, SamplerPipeline) and any(
                hasattr(step, "fit_resample") for _, step in estimator.steps
            ):
                return {}
            name, estimator = estimator.steps[-1]
            path.append(name)
        elif isinstance(estimator, WindowedClassifier):
            # It repeats the subjects for the windows of their recordings.
            estimator = estimator.estimator
        else:
            asks = has_fit_parameter(estimator, "groups") or (
                isinstance(estimator, BaseSearchCV) and isinstance(estimator.cv, GroupsConsumerMixin)
            )
            return {"__".join([*path, "groups"]): groups} if asks else {}
