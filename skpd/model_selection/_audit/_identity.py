"""Whether the split lets people be recognised: the score where their labels have been dealt out to others."""

from __future__ import annotations

import warnings
from typing import Any

import numpy as np
import pandas as pd
from scipy.stats import ttest_ind
from sklearn.base import clone
from sklearn.metrics import balanced_accuracy_score, get_scorer, mean_absolute_error
from sklearn.utils import _safe_indexing
from sklearn.utils.multiclass import type_of_target
from sklearn.utils.parallel import Parallel, delayed
from sklearn.utils.validation import _check_method_params

from ._report import AuditCheck
from ._table import Table

__all__ = ["check_identity", "permute_labels"]

#: Significance of the difference between labels dealt out to people and to rows.
_ALPHA = 1e-3
_MIN_PERMUTATIONS, _MIN_UNITS = 5, 4


def permute_labels(
    y: np.ndarray, groups: np.ndarray, rng: np.random.Generator, recording: np.ndarray | None = None
) -> np.ndarray:
    """Give every subject the labels of another one, drawn at random.

    Parameters
    ----------
    y : ndarray of shape (n,)
        Labels; they may differ within a subject.
    groups : ndarray of shape (n,)
        The subject of each row.
    rng : numpy.random.Generator
        Draws the permutation of subjects.
    recording : ndarray of shape (n,) or None, default=None
        The recording of each row. Rows of one recording then stay together.

    Returns
    -------
    permuted : ndarray of shape (n,)
        Subject s has the labels of subject p(s), p being a permutation, matched by position: its recording k of K that
        of p(s) at the same relative place, ``floor((k + 1/2) / K * K')``, and within the recording row j of m likewise.
        Where lengths agree this is the donor's sequence of labels as it is; a label that a subject has in all rows
        is handed on as it is, whatever the lengths.
    """
    blocks: dict[Any, list[np.ndarray]] = {}
    keys = [groups] if recording is None else [groups, recording]
    frame = pd.DataFrame({str(i): key for i, key in enumerate(keys)})
    for key, rows in frame.groupby(list(frame.columns), sort=False).indices.items():
        blocks.setdefault(key[0] if isinstance(key, tuple) else key, []).append(np.sort(rows))
    people = list(blocks)
    permuted = y.copy()
    for person, donor in zip(people, rng.permutation(len(people)), strict=True):
        theirs = blocks[people[donor]]
        for rows, k in zip(blocks[person], _match(len(blocks[person]), len(theirs)), strict=True):
            permuted[rows] = y[theirs[k][_match(len(rows), len(theirs[k]))]]
    return permuted


def _match(n: int, n_donor: int) -> np.ndarray:
    """Return, for each of n places, the place in a sequence of another length at the same share of it."""
    return ((np.arange(n) + 0.5) / n * n_donor).astype(int)


def check_identity(
    table: Table,
    estimator: Any,
    *,
    scoring: Any,
    params: dict[str, Any],
    n_permutations: int,
    rng: np.random.Generator,
    n_jobs: int | None,
) -> AuditCheck:
    """The score with labels dealt out between people, against labels dealt out between rows."""
    unseen = _why_unseen(table, estimator, n_permutations)
    if unseen is not None:
        return AuditCheck("identity", "cannot be seen", unseen, {})
    assert table.groups is not None
    recording = None
    if table.index is not None and "recording" in table.index:
        recording = pd.factorize(table.index["recording"])[0]
    by_person = [permute_labels(table.y, table.groups, rng, recording) for _ in range(n_permutations)]
    moved = float(np.mean([np.mean(labels != table.y) for labels in by_person]))
    if moved < 0.02:
        words = "All people have the same labels in the same order: to know who it is does not tell the label."
        return AuditCheck("identity", "not found", words, {"labels_moved": moved})
    by_row = [rng.permutation(table.y) for _ in range(n_permutations)]
    values = Parallel(n_jobs=n_jobs)(
        delayed(_score)(estimator, table.X, labels, table.splits, scoring, params, i == 0)
        for i, labels in enumerate([table.y, *by_person, *by_row])
    )
    observed, scores = values[0], np.array(values[1:])
    null, chance = scores[:n_permutations], scores[n_permutations:]
    failed = int(np.isnan(scores).sum())
    null, chance = null[~np.isnan(null)], chance[~np.isnan(chance)]
    if min(len(null), len(chance)) < _MIN_PERMUTATIONS:
        words = f"{failed} of {len(scores)} fits with permuted labels failed: too few are left."
        return AuditCheck("identity", "cannot be seen", words, {"failed": failed})
    p_observed = (np.sum(null >= observed) + 1) / (len(null) + 1)
    difference = float(null.mean() - chance.mean())
    if np.ptp(null) == 0 and np.ptp(chance) == 0:
        p_identity = 0.0 if difference > 0 else 1.0
    else:
        p_identity = float(ttest_ind(null, chance, equal_var=False, alternative="greater").pvalue)
    evidence = {
        "score": _scoring_name(scoring, table.y),
        "observed": float(observed),
        "labels_dealt_to_people_mean": float(null.mean()),
        "labels_dealt_to_people_95th_percentile": float(np.quantile(null, 0.95)),
        "labels_dealt_to_rows_mean": float(chance.mean()),
        "p_identity": p_identity,
        "p_beyond_identity": float(p_observed),
        "permutations": n_permutations,
        "failed": failed,
        "labels_moved": moved,
        "scores_of_labels_dealt_to_people": null.tolist(),
        "scores_of_labels_dealt_to_rows": chance.tolist(),
    }
    scores_words = (
        f"{null.mean():.2f} with labels dealt out to other people, {chance.mean():.2f} with labels dealt out to rows "
        f"(chance), {observed:.2f} with the true ones"
    )
    beyond = f"true labels against the first: p = {p_observed:.2g}"
    if p_identity < _ALPHA:
        words = f"People are recognised: {evidence['score']} {scores_words}; {beyond}. Split by subject."
        return AuditCheck("identity", "found", words, evidence)
    words = f"People are not recognised: {evidence['score']} {scores_words}; {beyond}."
    return AuditCheck("identity", "not found", words, evidence)


def _why_unseen(table: Table, estimator: Any, n_permutations: int) -> str | None:
    if estimator is None:
        return "No estimator was given."
    if table.groups is None:
        return "No subjects were given: pass groups, one subject a row."
    if (table.groups < 0).any():
        return "Rows without a subject: whose labels they would get is not known."
    if n_permutations == 0:
        return "Not run: n_permutations is 0."
    if n_permutations < _MIN_PERMUTATIONS:
        return f"At least {_MIN_PERMUTATIONS} permutations are needed, better 50: n_permutations is {n_permutations}."
    if len(table.subjects) < _MIN_UNITS:
        return f"{len(table.subjects)} subjects: at least {_MIN_UNITS} are needed to deal labels out."
    return "All rows have the same label." if len(np.unique(table.y)) < 2 else None


def _is_continuous(y: np.ndarray) -> bool:
    return str(type_of_target(y)).startswith("continuous")


def _scoring_name(scoring: Any, y: np.ndarray) -> str:
    if scoring is None:
        return "negative mean absolute error" if _is_continuous(y) else "balanced accuracy"
    return scoring if isinstance(scoring, str) else str(getattr(scoring, "__name__", scoring))


def _score(
    estimator: Any,
    X: Any,
    y: np.ndarray,
    splits: list[tuple[np.ndarray, np.ndarray]],
    scoring: Any,
    params: dict[str, Any],
    must_work: bool,
) -> float:
    """Score the folds together by default, since a fold of one person may have one class; else by the scorer's mean."""
    truth, predicted, by_fold = [], [], []
    scorer = get_scorer(scoring) if isinstance(scoring, str) else scoring
    with warnings.catch_warnings():
        # Labels that mean nothing bring warnings that mean nothing.
        warnings.simplefilter("ignore")
        try:
            for train, test in splits:
                model = clone(estimator).fit(
                    _safe_indexing(X, train), y[train], **_check_method_params(X, params, train)
                )
                if scorer is None:
                    truth.append(y[test])
                    predicted.append(model.predict(_safe_indexing(X, test)))
                else:
                    by_fold.append(float(scorer(model, _safe_indexing(X, test), y[test])))
        except ValueError:
            # A fold may be left with one class; of the true labels the user must know.
            if must_work:
                raise
            return float("nan")
        if scorer is not None:
            return float(np.mean(by_fold))
        measure = (lambda t, p: -mean_absolute_error(t, p)) if _is_continuous(y) else balanced_accuracy_score
        return float(measure(np.concatenate(truth), np.concatenate(predicted)))
