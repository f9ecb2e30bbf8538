"""Probabilities that mean what they say, fitted on people held out of the training of the classifier."""

from __future__ import annotations

import warnings
from numbers import Integral
from typing import Any, ClassVar

import numpy as np
from sklearn.base import BaseEstimator, ClassifierMixin, MetaEstimatorMixin, _fit_context, clone
from sklearn.calibration import CalibratedClassifierCV
from sklearn.utils import assert_all_finite, check_consistent_length, column_or_1d, get_tags
from sklearn.utils._param_validation import HasMethods, Interval, StrOptions
from sklearn.utils.metadata_routing import MetadataRouter, MethodMapping
from sklearn.utils.multiclass import check_classification_targets
from sklearn.utils.validation import check_is_fitted

from ..model_selection import make_splitter
from ..model_selection._splitters import check_groups, check_subjects_disjoint

__all__ = ["SubjectCalibratedClassifier"]


class SubjectCalibratedClassifier(ClassifierMixin, MetaEstimatorMixin, BaseEstimator):
    """Calibrate the probabilities of a classifier on people that it was not fitted on.

    The classifier is fitted on all but a part of the people and predicts that part, in turn; a calibrator is fitted on
    these predictions, and the classifier at last on everybody.

    Parameters
    ----------
    estimator : classifier
        With `predict_proba` or `decision_function`. Samplers in it see its training part only.
    method : {"sigmoid", "isotonic", "temperature"}, default="sigmoid"
        "sigmoid" (Platt) has two parameters a class, "isotonic" is free and needs many people, "temperature" has one
        parameter in all and keeps the order of the classes.
    n_splits : int, default=5
        Parts of the people.
    random_state : int or None, default=None
        Seed of the division into parts. The estimator has its own.

    Attributes
    ----------
    classes_ : ndarray of shape (n_classes,)
        The classes.
    calibrated_ : CalibratedClassifierCV
        The fitted classifier with its calibrator.
    n_features_in_ : int
        Number of features, where the estimator knows it.
    feature_names_in_ : ndarray of str
        Names of the features, where `X` had names and the estimator keeps them.

    See Also
    --------
    skpd.plotting.ReliabilityDisplay : Whether it worked, on people held out once more.

    Notes
    -----
    `sklearn.calibration.CalibratedClassifierCV` with splits over subjects, given to it as indices, so that no routing
    of metadata has to be switched on. Without `groups` every row counts as a person of its own, which is right only if
    it is one; a warning says so.

    References
    ----------
    .. [1] Platt J., "Probabilistic outputs for support vector machines", Advances in Large Margin Classifiers, 1999.
    .. [2] Zadrozny B. & Elkan C., "Transforming classifier scores into accurate multiclass probability estimates",
       KDD 2002.

    Examples
    --------
    >>> import numpy as np
    >>> from sklearn.naive_bayes import GaussianNB
    >>> from skpd.models import SubjectCalibratedClassifier
    >>> rng = np.random.default_rng(0)
    >>> groups = np.repeat(np.arange(40), 5)
    >>> y = (groups % 2).astype(int)
    >>> X = np.repeat(rng.normal(size=(200, 1)) + y[:, None], 6, axis=1)  # six copies: naive Bayes is far too sure
    >>> sure = GaussianNB().fit(X, y).predict_proba(X).max(axis=1).mean()
    >>> model = SubjectCalibratedClassifier(GaussianNB(), random_state=0).fit(X, y, groups=groups)
    >>> bool(model.predict_proba(X).max(axis=1).mean() < sure)
    True
    """

    _parameter_constraints: ClassVar[dict] = {
        "estimator": [HasMethods(["fit", "predict_proba"]), HasMethods(["fit", "decision_function"])],
        "method": [StrOptions({"sigmoid", "isotonic", "temperature"})],
        "n_splits": [Interval(Integral, 2, None, closed="left")],
        "random_state": [Interval(Integral, 0, None, closed="left"), None],
    }

    def __init__(
        self, estimator: Any, *, method: str = "sigmoid", n_splits: int = 5, random_state: int | None = None
    ) -> None:
        self.estimator = estimator
        self.method = method
        self.n_splits = n_splits
        self.random_state = random_state

    # The parameters of the estimator inside are checked by its own fit.
    @_fit_context(prefer_skip_nested_validation=False)
    def fit(self, X: Any, y: Any, groups: Any = None) -> SubjectCalibratedClassifier:
        """Fit classifier and calibrator.

        Parameters
        ----------
        X : array-like of shape (n, ...)
            The rows: features, windows, drawings.
        y : array-like of shape (n,)
            Their labels.
        groups : array-like of shape (n,) or None, default=None
            Their subjects.

        Returns
        -------
        self : SubjectCalibratedClassifier
            The fitted classifier.

        Raises
        ------
        ValueError
            If there are fewer subjects than parts, or a class that fewer than two subjects have: of it nothing would be
            left to train on where it is predicted.
        """
        if y is None:
            raise ValueError(f"{type(self).__name__} requires y to be passed, but the target y is None.")
        y = column_or_1d(y, warn=True)
        assert_all_finite(y, input_name="y", estimator_name=type(self).__name__)
        check_classification_targets(y)
        if len(np.unique(y)) < 2:
            raise ValueError("y: expected at least 2 classes to tell apart, got 1 class.")
        if groups is None:
            warnings.warn(
                "groups: got none, so every row is taken as a person of its own, and rows of one person calibrate a "
                "classifier that was fitted on others of theirs. Pass the person of each row, or np.arange(len(y)) "
                "where each row is one; a cross-validation passes groups on where params={'groups': ...} names them.",
                stacklevel=2,
            )
        groups = np.arange(len(y)) if groups is None else check_groups(groups)
        check_consistent_length(X, y, groups)
        for label in np.unique(y):
            n_people = len(np.unique(groups[y == label]))
            if n_people < 2:
                raise ValueError(
                    f"y: expected each class in at least 2 subjects, found class {label} in {n_people}: calibrate "
                    "without this class, or add people."
                )
        n_splits = min(self.n_splits, len(np.unique(groups)))
        splitter = make_splitter("subject-wise", n_splits=n_splits, random_state=self.random_state)
        splits = list(check_subjects_disjoint(splitter.split(np.empty((len(y), 1)), y, groups), groups))
        calibrated = CalibratedClassifierCV(clone(self.estimator), method=self.method, cv=splits, ensemble=False)
        self.calibrated_ = calibrated.fit(X, y)
        # They held everybody's rows, and are of no use any more.
        self.calibrated_.cv = None
        self.classes_ = self.calibrated_.classes_
        for name in ("n_features_in_", "feature_names_in_"):
            # Those of an earlier fit must not outlive it.
            self.__dict__.pop(name, None)
            if hasattr(self.calibrated_, name):
                setattr(self, name, getattr(self.calibrated_, name))
        return self

    def predict_proba(self, X: Any) -> np.ndarray:
        """Predict calibrated probabilities.

        Parameters
        ----------
        X : array-like of shape (n, ...)
            As in `fit`.

        Returns
        -------
        proba : ndarray of shape (n, n_classes)
            Columns in the order of `classes_`.
        """
        check_is_fitted(self)
        return self.calibrated_.predict_proba(X)

    def predict(self, X: Any) -> np.ndarray:
        """Predict the class of largest calibrated probability.

        Parameters
        ----------
        X : array-like of shape (n, ...)
            As in `fit`.

        Returns
        -------
        labels : ndarray of shape (n,)
            One a row.
        """
        proba = self.predict_proba(X)
        return self.classes_[proba.argmax(axis=1)]

    def get_metadata_routing(self) -> MetadataRouter:
        """Tell where metadata goes: `groups` stays here, nothing is passed on.

        Returns
        -------
        routing : MetadataRouter
            Of `fit`.
        """
        return (
            MetadataRouter(owner=self)
            .add_self_request(self)
            .add(estimator=self.estimator, method_mapping=MethodMapping().add(caller="fit", callee="fit"))
        )

    def __sklearn_tags__(self) -> Any:
        tags = super().__sklearn_tags__()
        tags.input_tags = get_tags(self.estimator).input_tags
        return tags
