"""Audits of planted leaks: the whole text, and the numbers behind every check."""

import functools
import re

import numpy as np
import pandas as pd
import pytest
from sklearn.base import BaseEstimator, ClassifierMixin
from sklearn.model_selection import KFold

from skpd.model_selection import audit_leakage


class Nearest(ClassifierMixin, BaseEstimator):
    """The label of the nearest training row."""

    def __init__(self, extra=None):
        self.extra = extra

    def fit(self, X, y):
        self.rows_, self.labels_, self.classes_ = np.asarray(X, dtype=float), np.asarray(y), np.unique(y)
        return self

    def predict(self, X):
        gaps = np.abs(np.asarray(X, dtype=float)[:, None] - self.rows_[None]).reshape(len(X), len(self.rows_), -1)
        return self.labels_[gaps.sum(axis=2).argmin(axis=1)]


class Centre(BaseEstimator):
    """Takes its mean from whatever it is given."""

    def fit(self, X, extra=None, *more, **named):
        self.mean_ = np.mean(X)
        return self

    def partial_fit(self, X):
        return self.fit(X)

    def transform(self, X):
        return X - self.mean_


class Curious(Nearest):
    """A classifier whose steps get the rows that `extra` says, in the form that it says."""

    def fit(self, X, y):
        self.step_ = Centre().fit(X)
        if self.extra is not None:
            self.extra()
        return super().fit(self.step_.transform(X), y)

    def predict(self, X):
        return super().predict(self.step_.transform(X))


def describe(report):
    lines = [str(report), ""]
    for check in report.to_dict()["checks"]:
        lines.append(f"{check['name']}: {check['verdict']}")
        lines += [f"    {name}: {value}" for name, value in check["evidence"].items()]
    setting = {name: value for name, value in report.to_dict()["setting"].items() if name != "skpd"}
    # What an estimator holds is printed in another way by other versions of NumPy.
    return re.sub(r"\(extra=.*", "(extra=...", "\n".join([*lines, "", *(f"{k}: {v}" for k, v in setting.items())]))


def audit(X, y, groups=None, fold=None, *, estimator=None, n_permutations=0, **options):
    cv = options.pop("cv", None) or [(np.flatnonzero(fold != f), np.flatnonzero(fold == f)) for f in np.unique(fold)]
    return audit_leakage(
        estimator,
        X,
        y,
        groups,
        cv,
        n_permutations=n_permutations,
        random_state=options.pop("random_state", 0),
        **options,
    )


def people(n_people=12, n_rows=8, n_columns=5, seed=0):
    rng = np.random.default_rng(seed)
    person = np.repeat(np.arange(n_people), n_rows)
    X = 3 * rng.normal(size=(n_people, n_columns))[person] + rng.normal(size=(len(person), n_columns)) + 5
    return X, (person % 3 == 0).astype(int), np.array([f"S{i:02d}" for i in person]), person


def windows(n_recordings=8, n_windows=7, size=64, step=32, channels=2):
    walks = np.random.default_rng(1).normal(size=(n_recordings, step * (n_windows - 1) + size, channels)).cumsum(axis=1)
    X = np.array([walk[k * step : k * step + size] for walk in walks for k in range(n_windows)])
    recording = np.repeat(np.arange(n_recordings), n_windows)
    start = np.tile(np.arange(n_windows) * step, n_recordings)
    # Two recordings a person, numbered from 1.
    index = pd.DataFrame({"recording": recording % 2 + 1, "start": start, "stop": start + size})
    return X, (recording // 2) % 3, np.array([f"S{r // 2}" for r in recording]), index


def windows_dealt_out():
    X, y, groups, index = windows()
    return audit(X, y, groups, np.arange(len(y)) % 3, index=index, estimator=Nearest(), n_permutations=6)


def windows_of_halves():
    X, y, groups, index = windows()
    half = index["start"].to_numpy() // 128
    return audit(X, y, groups, half, index=index)


def windows_apart():
    X, y, groups, index = windows()
    return audit(X, y, groups, (np.arange(len(y)) // 14) % 2, index=index, estimator=Nearest())


def windows_without_index():
    X, y, _, _ = windows(channels=1, step=48)
    return audit(X[:, :, 0], y, None, np.arange(len(y)) % 2)


def recordings_without_places():
    X, y, groups, index = windows()
    index = index[["recording"]].astype(object)
    index.iloc[3] = None
    return audit(X, y, groups, (np.arange(len(y)) // 7) % 2, index=index)


def many_windows():
    rng = np.random.default_rng(0)
    noise = rng.normal(size=20_200 * 12 + 40)
    X = np.lib.stride_tricks.sliding_window_view(noise, 40)[::12][:20_200].copy()
    return audit(X, rng.choice(3, len(X), p=[0.5, 0.3, 0.2]), np.arange(len(X)) // 100, np.arange(len(X)) % 2)


def rows_on_both_sides():
    X, y, groups, _ = people()
    rows = np.arange(len(y))
    return audit(X, y, groups, cv=[(rows[:60], rows[50:]), (rows[40:], rows[:40]), (rows[:48], rows[46:])])


def copies():
    X, y, groups, person = people()
    X[90:94], X[40], X[41] = X[:4], X[42], 0.0
    return audit(X, y, groups, person % 4, estimator=Nearest())


def copies_without_people():
    X, y, _, person = people(n_columns=3)
    X[90:94], X[95] = X[:4], np.nan
    return audit(X, y, None, person % 4)


def coarse_values():
    rng = np.random.default_rng(0)
    return audit(rng.integers(0, 4, (90, 5)), np.arange(90) % 3, np.repeat(np.arange(18), 5), np.arange(90) // 5 % 3)


def near_copies():
    X, y, groups, person = people(n_rows=6)
    X[66:70] = X[:4] + 0.002
    X[70] = X[8] * 1.001
    return audit(X, y, groups, person % 4)


def near_copies_in_many_columns():
    X, y, groups, person = people(n_columns=150)
    X[90:94] = X[:4] + 0.01
    return audit(X, y, groups, person % 4)


def near_copies_without_people():
    X, y, _, person = people()
    X[::7, 1], X[3, 2] = np.nan, np.inf
    return audit(X, y, None, person % 4)


def drawings():
    rng = np.random.default_rng(2)
    y, x = np.indices((32, 32)) / 32 - 0.5
    images = np.ones((20, 32, 32))
    for image in images:
        for a, b in rng.uniform(-0.3, 0.3, (7, 2)):
            image -= 0.9 * np.exp(-((x - a) ** 2 + (y - b) ** 2) / (2 * 0.05**2))
    images = np.clip(images, 0, 1)
    images[1], images[5], images[9] = 0.3 + 0.7 * images[0, ::-1], 0.9 * np.rot90(images[4]), 0.5 + 0.5 * images[8]
    X = np.repeat(np.round(255 * images)[..., None], 3, axis=-1).astype(np.uint8)
    return audit(X, np.arange(20) // 2 % 3, np.arange(20) // 2, np.arange(20) % 2)


def oversampled():
    X, y, groups, _ = people()
    rows = np.concatenate([np.arange(len(y)), np.repeat(np.flatnonzero(y), 2)[:32]])
    return audit(X[rows], y[rows], groups[rows], np.arange(len(rows)) % 4, index=rows, estimator=Nearest())


def rows_of_nobody():
    X, y, groups, person = people()
    groups, source = groups.astype(object), np.arange(len(y)) // 2
    groups[90:], source[94:] = None, -1
    return audit(
        X, y, groups, person % 4, index=pd.DataFrame({"source": source}), estimator=Nearest(), n_permutations=5
    )


def interpolated():
    X, y, groups, person = people()
    rng = np.random.default_rng(0)
    for row in range(80, 90):
        a, b = X[:80][y[:80] == y[row]][[row % 7, row % 11]]
        X[row] = a + rng.random() * (b - a)
    return audit(X, y, groups, person % 4)


def scaled():
    X, y, groups, person = people(n_columns=9)
    X[:, 0] = (X[:, 0] - X[:, 0].mean()) / X[:, 0].std()
    X[:, 1] = (X[:, 1] - X[:, 1].mean()) / X[:, 1].std(ddof=1)
    for column in (2, 3, 4, 5):
        X[:, column] = (X[:, column] - X[:, column].min()) / np.ptp(X[:, column])
    X[::9, 6] = np.delete(X[:, 6], np.s_[::9]).mean()
    X[:, 7] = X[:, 7] - X[:, 7].mean()
    X[:, 8] = pd.Series(X[:, 8]).groupby(person).transform(lambda x: (x - x.mean()) / x.std(ddof=0))
    return audit(X, y, groups, person % 4)


def centred():
    X, y, groups, person = people()
    return audit(X - X.mean(axis=0), y, groups, person % 4, estimator=Nearest())


def balanced():
    X, _, groups, person = people()
    return audit(X, np.random.default_rng(0).permutation(np.arange(96) % 6), groups, person % 4)


def balanced_by_chance():
    X, _, _, _ = people()
    y = np.random.default_rng(0).permutation(np.arange(96) % 2)
    return audit(X, y, np.repeat(np.arange(12), 8)[::-1] // 3 + (np.arange(96) < 5), np.arange(96) // 8 % 4)


def balanced_by_design():
    X, _, groups, person = people()
    return audit(X, np.arange(96) % 4, groups, person % 4, estimator=Nearest(), n_permutations=5)


def continuous_labels():
    X, _, groups, person = people()
    y = np.random.default_rng(3).normal(size=12)[person] + np.arange(96) % 8 / 10
    return audit(X, y, groups, np.arange(96) % 4, estimator=Nearest(), n_permutations=6)


def share_right(estimator, X, y):
    return np.mean(estimator.predict(X) == y)


def scored(scoring, **options):
    X, _, groups, person = people()
    y = np.random.default_rng(4).integers(0, 3, 12)[person]
    y[::8] = 0
    return audit(X, y, groups, person % 4, estimator=Nearest(), scoring=scoring, n_permutations=6, **options)


def recognised():
    X, _, groups, person = people()
    y = np.random.default_rng(4).integers(0, 3, 12)[person]
    index = pd.DataFrame({"recording": np.arange(96) // 4 % 2})
    return audit(
        X, y, groups, estimator=Nearest(), n_permutations=6, index=index, cv=KFold(4, shuffle=True, random_state=1)
    )


class Picky(Nearest):
    """Fails where the first rows have several labels."""

    def fit(self, X, y):
        if np.ptp(y[:8]):
            raise ValueError("several labels")
        return super().fit(X, y)


def fails_on_dealt_labels():
    X, y, groups, person = people()
    return audit(X, y, groups, person % 4, estimator=Picky(), n_permutations=6)


def few_people():
    X, y, groups, person = people(n_people=3, n_rows=4)
    return audit(X, y, groups, person % 3, estimator=Nearest(), n_permutations=5)


def few_permutations():
    X, y, groups, person = people()
    return audit(X[:, :2], y, groups, person % 4, estimator=Nearest(), n_permutations=2)


def names_and_numbers():
    X, y, groups, person = people(n_columns=4)
    table = pd.DataFrame(X, columns=list("abcd")).assign(hand=np.where(person % 2, "left", "right"))
    table.iloc[80] = table.iloc[0]
    return audit(table, y, groups, person % 4)


def ragged():
    rng = np.random.default_rng(0)
    X = [rng.normal(size=(20 + i % 3, 2)) for i in range(24)]
    X[20] = X[0]
    return audit(X, np.arange(24) // 2 % 3, np.repeat(np.arange(12), 2), np.arange(24) // 2 % 3)


def prepared(prepare, groups=True, **options):
    X, y, names, person = people()
    fold = options.pop("fold", person % 4)
    return audit(X, y, names if groups else None, fold, prepare=prepare, **options)


def ranks_over_the_first(X, y):
    X = X.copy()
    X[:20] -= X.mean()
    return X, y


def fails_on_others(X, y):
    if X.max() > people()[0].max():
        raise ValueError(f"{X.max():.3f} is out of range")
    return X


def doubled(X, y):
    return np.vstack([X, X[:8] + 1]), np.concatenate([y, y[:8]]), ["S00"] * (len(y) + 8)


def shortened(X, y):
    return X[8:], y[8:]


def of_integers():
    X, y, groups, person = people()
    X = np.round(10 * X).astype(int)
    return audit(X, y, groups, person % 4, prepare=lambda X, y: X - X.sum())


def curious(extra, width=5):
    X, y, groups, person = people(n_columns=width)
    return audit(X, y, groups, person % 4, estimator=Curious(extra))


def rows_to_a_step():
    X, _, _, person = people()
    curious_rows = X[(person % 4 == 0) & (np.arange(96) % 2 == 0)]
    return curious(lambda: Centre().fit(np.vstack([curious_rows, X[person % 4 == 1]])))


def rows_as_they_become():
    X, _, _, person = people()
    moved = X[person % 4 == 0][:3] - X[person % 4 != 0].mean()
    return curious(lambda: Centre().partial_fit(moved))


def rows_in_a_pair():
    X, y, _, person = people()
    pair = [(X[person % 4 == 0], y[person % 4 == 0])]
    return curious(lambda: Centre().fit(X[person % 4 == 1], eval_set=pair))


def rows_of_few_columns():
    X, _, _, person = people(n_columns=2)
    return curious(lambda: Centre().fit(X[person % 4 == 0][:12]), width=2)


ROWS, LABELS = people()[:2]


def reads_a_global(X):
    return X - ROWS.mean()


def held_by_an_estimator():
    X, y, groups, person = people()

    def closes_over(Z, *, rows=X[5:]):
        return [closes_over, Z, y][0] and rows

    extra = {
        "function": closes_over,
        "partial": functools.partial(np.add, X.mean(axis=0), where=X.std(axis=0)),
        "global": reads_a_global,
        "method": Centre().fit(X).transform,
        "statistics": [np.median(X, axis=0), X.var(axis=0), X.std(axis=0, ddof=1), X.min(axis=0), X.max(axis=0)],
        "mean": list(X.mean(axis=0)),
        "one": X.mean(axis=0)[None],
        "table": pd.DataFrame(X),
        "labels": pd.Series(y),
        "other": [np.zeros(5), np.zeros((9, 5)), X[person % 4 == 1][:0], "S01", X[:, :3]],
        "rows": [list(row) for row in X[:6]],
        "steps": (("first", X[:3], 0), ("second", Nearest().fit(X, y))),
    }
    return audit(X, y, groups, person % 4, estimator=Nearest(extra))


def fitted_before():
    X, y, groups, person = people()
    steps = functools.partial(max, *(Centre().fit(np.zeros(3)) for _ in range(4)))
    return audit(X, y, groups, person % 4, estimator=Nearest(steps))


AUDITS = {
    "windows dealt out": windows_dealt_out,
    "windows of halves": windows_of_halves,
    "windows apart": windows_apart,
    "windows without index": windows_without_index,
    "recordings without places": recordings_without_places,
    "many windows": many_windows,
    "rows on both sides": rows_on_both_sides,
    "copies": copies,
    "copies without people": copies_without_people,
    "coarse values": coarse_values,
    "near copies": near_copies,
    "near copies in many columns": near_copies_in_many_columns,
    "near copies without people": near_copies_without_people,
    "drawings": drawings,
    "oversampled": oversampled,
    "rows of nobody": rows_of_nobody,
    "interpolated": interpolated,
    "scaled": scaled,
    "centred": centred,
    "balanced": balanced,
    "balanced by chance": balanced_by_chance,
    "balanced by design": balanced_by_design,
    "continuous labels": continuous_labels,
    "scored by name": lambda: scored("accuracy"),
    "scored by function": lambda: scored(share_right, random_state=3),
    "recognised": recognised,
    "fails on dealt labels": fails_on_dealt_labels,
    "few people": few_people,
    "few permutations": few_permutations,
    "names and numbers": names_and_numbers,
    "ragged": ragged,
    "prepared by people": lambda: prepared(lambda X, y: X * 2),
    "prepared by rows of some": lambda: prepared(ranks_over_the_first),
    "prepared without people": lambda: prepared(lambda X, y: X - X.mean(axis=0), groups=False),
    "prepared with failures": lambda: prepared(fails_on_others),
    "prepared with more rows": lambda: prepared(doubled, fold=np.arange(104) % 2),
    "prepared with fewer rows": lambda: prepared(shortened, fold=np.arange(88) % 2),
    "prepared integers": of_integers,
    "rows to a step": rows_to_a_step,
    "rows as they become": rows_as_they_become,
    "rows in a pair": rows_in_a_pair,
    "rows of few columns": rows_of_few_columns,
    "held by an estimator": held_by_an_estimator,
    "fitted before": fitted_before,
}


@pytest.mark.parametrize("name", AUDITS)
def test_audit(name, snapshot):
    snapshot(describe(AUDITS[name]()), rtol=1e-4)
