"""Condensed nearest neighbours in the time that tens of thousands of windows allow."""

from __future__ import annotations

from collections import Counter
from typing import Any

import numpy as np
from imblearn.under_sampling import CondensedNearestNeighbour as _Condensed
from scipy import sparse
from sklearn.neighbors import KNeighborsClassifier
from sklearn.utils import _safe_indexing, check_random_state

__all__ = ["CondensedNearestNeighbour"]


class CondensedNearestNeighbour(_Condensed):
    """imbalanced-learn's condensed nearest neighbours, with the same rows selected in a fraction of the time.

    imbalanced-learn fits a nearest-neighbour classifier anew, and classifies every row with it, after each row that it
    adds. But rows of one class only are added, and each row is asked about once, in order: a row is well classified
    exactly where one of the rows added so far is closer to it than the rarest class is. That is what is computed here.

    Parameters
    ----------
    sampling_strategy : str, list or callable, default="auto"
        The classes to condense, as in imbalanced-learn; "auto" is all but the rarest.
    random_state : int, RandomState instance or None, default=None
        Seeds the choice of the first rows of each class.
    n_neighbors : int, KNeighborsClassifier or None, default=None
        None and 1 are the nearest neighbour. Anything else, and sparse data, are left to imbalanced-learn.
    n_seeds_S : int, default=1
        Rows of each class to start from.
    n_jobs : int or None, default=None
        As in imbalanced-learn; the nearest neighbour needs one core.

    Attributes
    ----------
    sampling_strategy_ : dict
        The classes condensed, and how many rows the rarest class has.
    estimators_ : list of KNeighborsClassifier
        One a condensed class, fitted on the rarest class and the rows selected.
    sample_indices_ : ndarray of shape (n_samples_new,)
        The rows selected.
    n_features_in_ : int
        Number of features seen in `fit_resample`.
    feature_names_in_ : ndarray of shape (n_features,)
        Names of features, where `X` has names that are all strings.

    See Also
    --------
    tremor_resamplers : The published resamplers, of which this is one.

    Notes
    -----
    Distances are summed from differences. scikit-learn expands the square where there are more than 15 features, which
    loses the last digits; a row whose distances to both sides agree to those digits may be decided differently. Equal
    distances go to the rarest class, and so the row is added.

    References
    ----------
    .. [1] Hart, "The condensed nearest neighbor rule", IEEE Transactions on Information Theory 14 (1968) 515.

    Examples
    --------
    >>> import numpy as np
    >>> from skpd.resampling import CondensedNearestNeighbour
    >>> rng = np.random.default_rng(0)
    >>> y = np.repeat([0, 1], [200, 20])
    >>> X = rng.normal(size=(220, 3)) + 3 * y[:, None]
    >>> _, y_resampled = CondensedNearestNeighbour(random_state=0).fit_resample(X, y)
    >>> np.bincount(y_resampled).tolist()
    [7, 20]
    """

    def _fit_resample(self, X: Any, y: np.ndarray) -> tuple:
        if self.n_neighbors not in (None, 1) or sparse.issparse(X):
            # Rows of a sparse array are one-dimensional, which imbalanced-learn does not expect.
            return super()._fit_resample(sparse.csr_matrix(X) if sparse.issparse(X) else X, y)
        # Compiled code is loaded by those who use it.
        from ._nearest import condense

        values = np.ascontiguousarray(X, dtype=np.float64)
        random_state = check_random_state(self.random_state)
        counts = Counter(y)
        rarest = min(counts, key=counts.__getitem__)
        rare = np.flatnonzero(y == rarest)
        self.estimators_ = []
        selected = []
        for label in np.unique(y):
            members = np.flatnonzero(y == label)
            if label in self.sampling_strategy_:
                # The same draw as in imbalanced-learn, so that the same seed starts from the same rows.
                seeds = random_state.randint(low=0, high=len(members), size=self.n_seeds_S)
                # A class as rare as the rarest can be asked for: to tell it from itself takes nothing but the seeds.
                members = members[seeds] if label == rarest else condense(values, members, rare, seeds)
                kept = np.append(rare, members)
                nearest = KNeighborsClassifier(n_neighbors=1, n_jobs=self.n_jobs)
                self.estimators_.append(nearest.fit(_safe_indexing(X, kept), y[kept]))
            selected.append(members)
        self.sample_indices_ = np.concatenate(selected)
        return _safe_indexing(X, self.sample_indices_), y[self.sample_indices_]
