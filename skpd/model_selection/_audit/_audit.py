"""The leakage audit."""

from __future__ import annotations

import warnings
from numbers import Integral
from typing import Any

import numpy as np
import pandas as pd
from sklearn.base import is_classifier
from sklearn.model_selection import check_cv
from sklearn.utils import check_random_state, column_or_1d

from ..._version import __version__
from .._splitters import check_names
from ._content import check_duplicates, check_near_copies, check_shared_samples
from ._fingerprints import check_balance, check_interpolation, check_scaling
from ._identity import check_identity
from ._prepare import check_preparation, run_preparation
from ._report import LeakageReport
from ._splits import check_rows, check_sources, check_subjects, check_windows
from ._spy import check_fits
from ._state import check_state
from ._table import Table

__all__ = ["audit_leakage"]

_INDEX_COLUMNS = ("recording", "start", "stop", "source")


def audit_leakage(
    estimator: Any,
    X: Any,
    y: Any,
    groups: Any = None,
    cv: Any = 5,
    *,
    index: Any = None,
    prepare: Any = None,
    scoring: Any = None,
    params: dict[str, Any] | None = None,
    n_permutations: int = 50,
    random_state: int | np.random.RandomState | None = None,
    n_jobs: int | None = None,
) -> LeakageReport:
    """Look for what training knows of the test rows: in the split, the rows, the estimator and what was done before.

    Every check answers "found", "not found" or "cannot be seen", with its evidence:

    ================= ====================================================================================
    rows              rows that are trained on and tested in one fold
    subjects          subjects on both sides of a split, whatever the splitter calls itself
    windows           windows that overlap across a split, recordings on both sides (by `index`)
    sources           rows made of one source, such as augmented siblings, on both sides (by `index`)
    duplicates        rows of equal content on both sides
    near_copies       test rows far closer to a training row than to anybody else's
    shared_samples    raw windows with a run of samples in common at different places
    fits              test rows given to any `fit`, `fit_transform`, `fit_resample`, `partial_fit` inside the estimator
    state             rows, labels or statistics of the table within reach of the unfitted estimator; fitted steps
    scaling           columns standardised, centred, ranged or filled over all rows
    balance           classes of exactly equal size
    interpolation     rows exactly between two rows of their class, as SMOTE makes them
    preparation       rows of `prepare` that depend on people on both sides
    identity          a score above chance with labels dealt out to other people
    ================= ====================================================================================

    Parameters
    ----------
    estimator : estimator or None
        What is cross-validated. It is cloned, never fitted itself. None audits the split and the rows alone.
    X : array-like or data frame of n rows
        Table (2-D), recordings (3-D or ragged) or images (4-D), as they are split; with `prepare`, as they are before.
    y : array-like of shape (n,)
        Labels.
    groups : array-like of shape (n,) or None, default=None
        Subject of each row. None or NaN for rows of nobody, such as a resampler makes.
    cv : int, splitter or iterable of (train, test), default=5
        As in `cross_validate`. With `prepare` it splits the prepared rows.
    index : DataFrame, array-like of shape (n,) or None, default=None
        Columns recording, start and stop (in samples, half open), as `Windowizer.segment` gives them; or source, the
        row or name that each row was made of, such as `sample_indices_` of a sampler, also as an array; or all of them.
    prepare : callable, transformer, sampler or None, default=None
        What is done to all rows before the split: ``prepare(X, y)`` returns X, or (X, y), or (X, y, groups). It is run
        on the rows, and on copies with the rows of some people changed. Seed it.
    scoring : str, callable or None, default=None
        Score of the identity check, higher is better. None pools the folds and takes balanced accuracy, or the negative
        mean absolute error of continuous labels.
    params : dict or None, default=None
        Passed to `fit`; what is as long as X is split with it.
    n_permutations : int, default=50
        Permutations of the identity check, which fits ``2 * n_permutations + 1`` times the folds. 0 leaves it out.
    random_state : int, RandomState instance or None, default=None
        Seed of the permutations.
    n_jobs : int or None, default=None
        Processes of the identity check. The result does not depend on it.

    Returns
    -------
    report : LeakageReport
        ``report.found``, one `AuditCheck` a check, `to_dict`, `to_json`; printed, a text for people.

    Raises
    ------
    ValueError
        If lengths do not agree, a split is empty or out of range, or the index has none of its columns.

    See Also
    --------
    skpd.model_selection.make_splitter : Splits that keep people apart.

    Notes
    -----
    **Fits.** Fits are watched while one fold is fitted, and while the fitted model predicts the test rows of that fold.
    A fit in `predict` counts if it leaves another state than the same fit on training rows: a step without a state,
    such as `PolynomialFeatures`, may be fitted in passing.

    **What it costs.** One fold is fitted for the spy, which sees calls in this process and slows them down by a factor
    of about two. `prepare` is run seven times. Distances are computed for at most 1000 test rows.

    **Identity.** Labels are dealt out between subjects [1]_: each gets the sequence of labels of another, matched by
    recording and position where lengths differ, so that labels which vary within a subject still vary, and windows of a
    recording still agree. A split that keeps subjects apart then scores what labels dealt out between rows score. One
    that does not scores higher, since it has only to recognise the person. The check compares the two distributions
    (Welch's test, one-sided, at 0.001), and reports p = (b + 1) / (m + 1) of the true labels against the first, b of m
    permutations scoring at least as high: what is left beyond identity.

    **Near copies.** The distance of a test row to its nearest training row is divided by that to the nearest training
    row of a third person. A near copy has a ratio of at most 0.25 of which fewer than 0.001 would be expected among the
    rows, by the dimension of the data [2]_.

    **False alarms.** Of 110 sound pipelines (``benchmarks/audit_false_alarms.py``: tables, windows and drawings of ten
    kinds, people kept apart, every step fitted in the fold) no check found anything in any: with 95 % confidence the
    rate is below 2.7 %. Not among them are data sets collected in exactly equal classes, three or more, which
    `balance` takes for resampled ones.

    **What it cannot do.** "Not found" is not "sound": selection of columns before the split leaves no trace and is seen
    through `prepare` only. The code of a step may read files. Fits in other processes are not watched, nor are means
    that a step takes of the rows it predicts without any fit.

    References
    ----------
    .. [1] Chaibub Neto et al., "Detecting the impact of subject characteristics on machine learning-based diagnostic
       applications", npj Digital Medicine 2:99, 2019. doi:10.1038/s41746-019-0178-x.
    .. [2] Facco, d'Errico, Rodriguez & Laio, "Estimating the intrinsic dimension of datasets by a minimal neighborhood
       information", Scientific Reports 7:12140, 2017.

    Examples
    --------
    >>> import numpy as np
    >>> from sklearn.linear_model import LogisticRegression
    >>> from sklearn.model_selection import KFold, StratifiedGroupKFold
    >>> from sklearn.pipeline import make_pipeline
    >>> from sklearn.preprocessing import StandardScaler
    >>> from skpd.model_selection import audit_leakage
    >>> rng = np.random.default_rng(0)
    >>> groups = np.repeat(np.arange(20), 6)
    >>> X = rng.normal(size=(20, 5))[groups] + 0.3 * rng.normal(size=(120, 5))  # Each person is alike, and
    >>> y = (groups % 2 == 0).astype(int)  # the labels have nothing to do with it.
    >>> model = make_pipeline(StandardScaler(), LogisticRegression())
    >>> sound = audit_leakage(model, X, y, groups, cv=StratifiedGroupKFold(5), n_permutations=20, random_state=0)
    >>> sound.found
    False
    >>> leaky = audit_leakage(model, X, y, groups, cv=KFold(5, shuffle=True), n_permutations=20, random_state=0)
    >>> leaky.names("found")
    ['subjects', 'identity']
    """
    if not isinstance(n_permutations, Integral) or n_permutations < 0:
        raise ValueError(f"n_permutations: expected an integer of 0 or more, got {n_permutations!r}.")
    is_estimator = hasattr(estimator, "fit") and hasattr(estimator, "get_params") and not isinstance(estimator, type)
    if estimator is not None and not is_estimator:
        raise ValueError(
            f"estimator: expected an instance of an estimator with fit and get_params, or None, got {estimator!r}."
        )
    y = column_or_1d(y)
    if isinstance(X, (list, tuple)):
        X = _as_array_if_even(X)
    if len(y) == 0 or _length(X) != len(y):
        raise ValueError(f"expected X and y of one length above 0, got {_length(X)} and {len(y)} rows.")
    if pd.isna(y).any():
        raise ValueError(f"y: expected a label for every row, found none for {int(pd.isna(y).sum())}: leave these out.")
    groups = _check_groups(groups, len(y))
    index = _check_index(index, len(y))
    preparation = check_preparation(prepare, X, y, _units(groups, index, len(y)))
    if prepare is not None:
        X, y, groups, index = _prepared(prepare, X, y, groups, index)
    codes, subjects = (None, np.array([])) if groups is None else pd.factorize(groups, sort=False)
    splits = _make_splits(cv, estimator, X, y, groups, codes)
    table = Table(X, y, codes, np.asarray(subjects), index, splits)
    rng = np.random.default_rng(check_random_state(random_state).randint(2**31 - 1))
    checks = (
        check_rows(table),
        check_subjects(table),
        check_windows(table),
        check_sources(table),
        check_duplicates(table),
        check_near_copies(table),
        check_shared_samples(table),
        check_fits(table, estimator, params or {}),
        check_state(table, estimator),
        check_scaling(table),
        check_balance(table),
        check_interpolation(table),
        preparation,
        check_identity(
            table,
            estimator,
            scoring=scoring,
            params=params or {},
            n_permutations=int(n_permutations),
            rng=rng,
            n_jobs=n_jobs,
        ),
    )
    setting = {
        "rows": len(table),
        "subjects": None if codes is None else len(subjects),
        "folds": len(splits),
        "estimator": "none" if estimator is None else " ".join(repr(estimator).split()),
        "splitter": " ".join(repr(cv).split()) if hasattr(cv, "split") or isinstance(cv, Integral) else "given splits",
        "prepared": prepare is not None,
        "skpd": __version__,
    }
    return LeakageReport(checks, setting)


def _length(X: Any) -> int:
    return X.shape[0] if hasattr(X, "shape") and len(X.shape) else (len(X) if hasattr(X, "__len__") else -1)


def _as_array_if_even(X: list | tuple) -> Any:
    """Return rows of one shape as an array, others as an object array, which can be indexed by fold."""
    if len({np.shape(row) for row in X}) == 1:
        return np.asarray(X)
    packed = np.empty(len(X), dtype=object)
    for i, row in enumerate(X):
        packed[i] = np.asarray(row)
    return packed


def _check_groups(groups: Any, n: int) -> np.ndarray | None:
    if groups is None:
        return None
    groups = check_names("groups", groups, "a subject", gaps=True)
    if len(groups) != n:
        raise ValueError(f"groups: expected one subject a row, {n}, got {len(groups)}.")
    return groups


def _check_index(index: Any, n: int) -> pd.DataFrame | None:
    if index is None:
        return None
    if not isinstance(index, pd.DataFrame):
        index = pd.DataFrame({"source": column_or_1d(index)})
    if len(index) != n:
        raise ValueError(f"index: expected one row for each row of X, {n}, got {len(index)}.")
    known = [name for name in _INDEX_COLUMNS if name in index]
    if not {"recording", "source"} & set(known):
        raise ValueError(
            "index: expected columns recording, start and stop, or source, or all of them, found "
            f"{', '.join(map(repr, index.columns)) or 'none'}: rename them."
        )
    index = index[known].reset_index(drop=True)
    for name in set(known) & {"start", "stop"}:
        if not pd.api.types.is_numeric_dtype(index[name]) or index[name].isna().any():
            raise ValueError(f"index: expected numbers in column {name}, got {index[name].dtype} or gaps.")
    return index


def _units(groups: np.ndarray | None, index: pd.DataFrame | None, n: int) -> np.ndarray:
    """Return what a preparation may mix within itself: subjects, else recordings, else sources, else rows."""
    if groups is not None:
        codes = pd.factorize(groups)[0]
        return np.where(codes < 0, codes.max(initial=0) + 1 + np.arange(n), codes)
    for name in ("recording", "source"):
        if index is not None and name in index:
            return pd.factorize(index[name])[0]
    return np.arange(n)


def _prepared(prepare: Any, X: Any, y: np.ndarray, groups: np.ndarray | None, index: pd.DataFrame | None) -> tuple:
    """Return the prepared rows, and the subjects and index of the rows that they were made of."""
    prepared = run_preparation(prepare, X, y)
    source = prepared.source
    known = source >= 0
    new_groups = prepared.groups
    if new_groups is None and groups is not None:
        new_groups = groups[np.where(known, source, 0)]
        if not known.all():
            new_groups = new_groups.astype(object)
            new_groups[~known] = None
    frame = pd.DataFrame({"source": source}) if index is None else index.iloc[np.where(known, source, 0)]
    if index is not None:
        frame = frame.reset_index(drop=True)
        if "source" not in frame and len(prepared.y) != len(y):
            frame["source"] = source
        if not known.all():
            frame = frame[["source"]].assign(source=source)
    elif len(prepared.y) == len(y) and np.array_equal(source, np.arange(len(y))):
        frame = None
    return prepared.X, prepared.y, _check_groups(new_groups, len(prepared.y)), frame


def _make_splits(
    cv: Any, estimator: Any, X: Any, y: np.ndarray, groups: np.ndarray | None, codes: np.ndarray | None
) -> list[tuple[np.ndarray, np.ndarray]]:
    splitter = check_cv(cv, y, classifier=estimator is None or is_classifier(estimator))
    if codes is not None and (codes < 0).any():
        groups = np.where(codes < 0, codes.max(initial=-1) + 1 + np.arange(len(codes)), codes)
    with warnings.catch_warnings():
        # That a splitter ignores groups is what `check_subjects` reports by its consequences.
        warnings.filterwarnings("ignore", message="The groups parameter is ignored")
        splits = [
            (_row_numbers(train, len(y)), _row_numbers(test, len(y))) for train, test in splitter.split(X, y, groups)
        ]
    if not splits:
        raise ValueError("cv: expected at least one split, got none.")
    for fold, (train, test) in enumerate(splits):
        if not len(train) or not len(test):
            raise ValueError(f"cv: expected rows on both sides, fold {fold} has {len(train)} and {len(test)}.")
        if max(train.max(), test.max()) >= len(y) or min(train.min(), test.min()) < 0:
            raise ValueError(f"cv: expected row numbers below {len(y)}, fold {fold} has others.")
    return splits


def _row_numbers(rows: Any, n: int) -> np.ndarray:
    rows = np.asarray(rows)
    if rows.dtype == bool:
        if len(rows) != n:
            raise ValueError(f"cv: expected masks of {n} rows, got one of {len(rows)}.")
        return np.flatnonzero(rows)
    return np.unique(rows).astype(int)
