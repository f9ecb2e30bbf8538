"""Resampling that survives a fold in which a class is rare."""

from __future__ import annotations

import time
import warnings
from collections.abc import Mapping
from typing import Any, ClassVar

import numpy as np
import pandas as pd
from imblearn.base import BaseSampler
from imblearn.utils import check_sampling_strategy
from scipy import sparse
from sklearn.base import clone
from sklearn.utils import _safe_indexing, get_tags
from sklearn.utils._param_validation import HasMethods, StrOptions

from skpd.exceptions import SkippedDataWarning

from ._needs import Need, neighbour_needs, translate_strategies

__all__ = ["RareClassSampler"]

#: How imbalanced-learn says that a class offers nothing to interpolate: ADASYN, SVMSMOTE. Others raise RuntimeError.
_NOTHING_TO_MAKE = ("No samples will be generated", "support vectors are considered as noise")


class RareClassSampler(BaseSampler):
    """Wrap a resampler so that a class with few samples neither stops the fit nor vanishes.

    In subject-wise folds a severity may have a handful of windows, or one. There SMOTE and its relatives raise, and
    cleaning methods can delete the class altogether. This sampler lowers neighbour counts to what the fold allows,
    passes classes on untouched where no count would do, puts back a class that the resampler deleted, and reports each.
    Where nothing of this is needed the result is that of the wrapped sampler.

    Parameters
    ----------
    sampler : sampler, "passthrough" or None
        Any imbalanced-learn sampler; it is cloned. "passthrough" and None return the data as they are.
    on_rare : {"adapt", "skip", "raise"}, default="adapt"
        What to do where a class has fewer samples than `sampler` needs.

        - "adapt": lower the neighbour counts (the number of inner folds too) to fit the rarest class of two samples
          or more. A class of one sample has no neighbours and is set aside.
        - "skip": leave the counts; set the class aside. Its rows are passed on and the others are resampled.
        - "raise": raise an error, also where the sampler deletes a class.

    Attributes
    ----------
    sampler_ : sampler or None
        The wrapped sampler as it was fitted, on the classes coded 0, 1, ...; None if nothing was resampled.
    class_counts_ : DataFrame
        One row a class; columns before and after.
    adapted_ : dict of str to int
        The parameters of `sampler` that were lowered, and to what; empty if none were.
    kept_classes_ : dict
        Each class whose original rows were passed on, and why: set aside, nothing to generate, or deleted by the
        sampler and put back.
    resample_time_ : float
        Seconds that resampling took.
    sampling_strategy_ : dict or str
        That of the fitted sampler.
    sample_indices_ : ndarray of shape (n_samples_new,)
        The rows of `X` that were selected. Only where the wrapped sampler has it: over-samplers and hybrids do not.
    n_features_in_ : int
        Number of features seen in `fit_resample`.
    feature_names_in_ : ndarray of shape (n_features,)
        Names of features, where `X` has names that are all strings.

    Raises
    ------
    ValueError
        With ``on_rare="raise"``: naming the class, how many samples it has and how many are needed. Missing values
        are an error of the wrapped sampler: impute before it.

    Warns
    -----
    SkippedDataWarning
        Where a class is passed on untouched. Lowered counts are recorded in `adapted_` and not warned about.

    See Also
    --------
    tremor_resamplers : The published resamplers, each wrapped.

    Notes
    -----
    With "adapt" the neighbour count is one for all classes of a fold, as it is in the wrapped sampler. Rows that are
    passed on come after those of the wrapped sampler. A fold with a single class is passed on as it is.

    Under-samplers shrink every class to the size of the rarest: with a class of two, to two rows each. That is what
    they do, and is not prevented here; `class_counts_` shows it.

    Examples
    --------
    >>> import numpy as np
    >>> from imblearn.over_sampling import SMOTE
    >>> from skpd.resampling import RareClassSampler
    >>> rng = np.random.default_rng(0)
    >>> y = np.repeat([0, 1, 2], [30, 12, 4])
    >>> X = rng.normal(size=(46, 3)) + y[:, None]
    >>> sampler = RareClassSampler(SMOTE(random_state=0))
    >>> X_resampled, y_resampled = sampler.fit_resample(X, y)
    >>> sampler.class_counts_
           before  after
    class
    0          30     30
    1          12     30
    2           4     30
    >>> sampler.adapted_
    {'k_neighbors': 3}
    """

    # imbalanced-learn checks a strategy by this; the wrapped sampler has its own.
    _sampling_type = "bypass"
    sampling_strategy = "auto"
    sampling_strategy_: Any

    _parameter_constraints: ClassVar[dict] = {
        "sampler": [HasMethods("fit_resample"), StrOptions({"passthrough"}), None],
        "on_rare": [StrOptions({"adapt", "skip", "raise"})],
    }

    def __init__(self, sampler: Any, *, on_rare: str = "adapt") -> None:
        self.sampler = sampler
        self.on_rare = on_rare

    def fit_resample(self, X: Any, y: Any, **params: Any) -> tuple:
        """Resample the data.

        Parameters
        ----------
        X : {array-like, sparse matrix, dataframe} of shape (n_samples, n_features)
            What the wrapped sampler accepts.
        y : array-like of shape (n_samples,)
            The classes.
        **params : dict
            Unused; for the signature of imbalanced-learn.

        Returns
        -------
        X_resampled : {ndarray, sparse matrix, dataframe} of shape (n_samples_new, n_features)
            The resampled rows.
        y_resampled : array-like of shape (n_samples_new,)
            Their classes.
        """
        if self.on_rare != "raise" and np.ndim(y) == 1 and len(y) > 0 and len(pd.unique(np.asarray(y))) == 1:
            # The method inherited refuses a single class, which would end a grid search over folds by subject.
            self._validate_params()
            _, checked, _ = self._check_X_y(X, y)
            self._start(checked)
            self._keep(checked.tolist()[0], "the only class")
            self._finish(checked, np.arange(len(checked)))
            return X, y
        return super().fit_resample(X, y, **params)

    def _check_X_y(self, X: Any, y: Any, accept_sparse: Any = None) -> tuple:
        # The wrapped sampler knows what it accepts: text for random samplers, n-D arrays for image augmenters.
        if not hasattr(self.sampler, "_check_X_y"):
            return super()._check_X_y(X, y, accept_sparse)
        inner = clone(self.sampler)
        checked = inner._check_X_y(X, y)
        for name in ("n_features_in_", "feature_names_in_"):
            if hasattr(inner, name):
                setattr(self, name, getattr(inner, name))
            elif hasattr(self, name):
                delattr(self, name)
        return checked

    def _fit_resample(self, X: Any, y: np.ndarray) -> tuple:
        self._start(y)
        everything = np.arange(len(y))
        if self.sampler is None or isinstance(self.sampler, str):
            self._finish(y, everything)
            return X, y
        sampler = clone(self.sampler)
        chosen = self._set_rare_aside(sampler, y)
        classes, codes = np.unique(y[chosen], return_inverse=True)
        if len(classes) < 2:
            self._finish(y, everything)
            return X, y
        translate_strategies(sampler, {label: code for code, label in enumerate(classes)})
        X_new, codes_new = self._resample(sampler, _safe_indexing(X, chosen), codes, classes)
        y_new = classes[codes_new]

        self.sampler_ = sampler
        if isinstance(strategy := sampler.sampling_strategy_, Mapping):
            self.sampling_strategy_ = {classes.tolist()[code]: count for code, count in strategy.items()}
        else:
            self.sampling_strategy_ = strategy
        deleted = [label for label in classes.tolist() if not np.any(y_new == label)]
        for label in deleted:
            count = np.sum(y == label)
            if self.on_rare == "raise":
                raise ValueError(
                    f"{self.sampler!r} deleted all {count} samples of class {label!r}: "
                    "use a gentler sampler, or on_rare='adapt' to put the class back."
                )
            self._keep(label, f"deleted by the sampler, {count} sample(s) put back")
        back = np.setdiff1d(everything, chosen[~np.isin(y[chosen], deleted)])
        if len(back):
            X_new = _stack(X_new, _safe_indexing(X, back))
            y_new = np.concatenate([y_new, y[back]])
        indices = getattr(sampler, "sample_indices_", None)
        self._finish(y_new, None if indices is None else np.concatenate([chosen[indices], back]))
        return X_new, y_new

    def _set_rare_aside(self, sampler: Any, y: np.ndarray) -> np.ndarray:
        """Adapt `sampler` in place; return the rows that it can resample."""
        counts = self.class_counts_["before"]
        needs = neighbour_needs(sampler)
        if self.on_rare == "adapt":
            required = 2 if any(need.of_rarest for need in needs) else 1
        else:
            required = max((need.n_required for need in needs if need.of_rarest), default=1)
        rare = counts[counts < required]
        if self.on_rare == "raise" and len(rare):
            raise ValueError(
                f"class {rare.index.tolist()[0]!r} has {rare.iloc[0]} sample(s), expected at least {required} "
                f"for {self.sampler!r}: collect more, lower its neighbour count, or use on_rare='adapt'."
            )
        for label, count in zip(rare.index.tolist(), rare, strict=True):
            self._keep(label, f"set aside, {count} sample(s) of at least {required} needed")
        common = counts[counts >= required]
        if self.on_rare == "adapt" and len(common):
            self._adapt(sampler, needs, common)
        return np.flatnonzero(np.isin(y, common.index.to_numpy()))

    def _adapt(self, sampler: Any, needs: list[Need], counts: pd.Series) -> None:
        for need in needs:
            largest = need.largest(int(counts.min()), int(counts.sum()))
            if need.value > largest >= need.smallest:
                sampler.set_params(**{need.parameter: largest})
                self.adapted_[need.parameter] = largest

    def _resample(self, sampler: Any, X: Any, codes: np.ndarray, classes: np.ndarray) -> tuple:
        """Run `sampler`; where it finds nothing to interpolate for a class, run it for the others."""
        try:
            return sampler.fit_resample(X, codes)
        except (RuntimeError, ValueError) as error:
            nothing = isinstance(error, RuntimeError) or any(text in str(error) for text in _NOTHING_TO_MAKE)
            if self.on_rare == "raise" or not nothing or "sampling_strategy" not in sampler.get_params(deep=False):
                raise
        wanted = check_sampling_strategy(sampler.sampling_strategy, codes, sampler._sampling_type)
        possible: dict[int, int] = {}
        for code, count in wanted.items():
            target = {code: count + int(np.sum(codes == code))}
            try:
                clone(sampler).set_params(sampling_strategy=target).fit_resample(X, codes)
                possible |= target
            except (RuntimeError, ValueError):
                self._keep(classes.tolist()[code], "the sampler found nothing to generate for it")
        return sampler.set_params(sampling_strategy=possible).fit_resample(X, codes)

    def _start(self, y: np.ndarray) -> None:
        self._started = time.perf_counter()
        labels, counts = np.unique(y, return_counts=True)
        self.class_counts_ = pd.DataFrame({"before": counts}, index=pd.Index(labels, name="class"))
        self.adapted_: dict[str, int] = {}
        self.kept_classes_: dict[Any, str] = {}
        self.sampler_ = None
        self.sampling_strategy_ = {}
        # Of an earlier fit, perhaps with a sampler that selects rows.
        if hasattr(self, "sample_indices_"):
            del self.sample_indices_

    def _keep(self, label: Any, reason: str) -> None:
        self.kept_classes_[label] = reason
        warnings.warn(
            f"RareClassSampler passes class {label!r} on without resampling it: {reason}.",
            SkippedDataWarning,
            stacklevel=2,
        )

    def _finish(self, y: np.ndarray, indices: np.ndarray | None) -> None:
        self.resample_time_ = time.perf_counter() - self._started
        labels, counts = np.unique(y, return_counts=True)
        self.class_counts_["after"] = pd.Series(counts, labels).reindex(self.class_counts_.index, fill_value=0)
        if self._selects_rows():
            self.sample_indices_ = indices

    def _selects_rows(self) -> bool:
        if self.sampler is None or isinstance(self.sampler, str):
            return True
        tags = getattr(get_tags(self.sampler), "sampler_tags", None)
        return bool(tags is not None and tags.sample_indices)

    def __sklearn_tags__(self) -> Any:
        tags = super().__sklearn_tags__()
        if self.sampler is not None and not isinstance(self.sampler, str):
            tags.input_tags = get_tags(self.sampler).input_tags
        tags.sampler_tags.sample_indices = self._selects_rows()
        return tags


def _stack(upper: Any, lower: Any) -> Any:
    """Append rows, in the container of `upper`."""
    if sparse.issparse(upper):
        return sparse.vstack([upper, lower], format=upper.format)
    if isinstance(upper, pd.DataFrame):
        return pd.concat([upper, lower], ignore_index=True)
    return np.concatenate([upper, lower])
