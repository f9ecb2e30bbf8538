"""How often the leakage audit finds something where nothing leaks, and how often it finds a leak that was planted.

Sound pipelines on simulated data of ten kinds: tables, resampling, labels that vary within a person, heavy tails,
coarse values, few columns, nested search, raw windows, quantised windows with flat parts, drawings. People are kept
apart and every step is fitted in the fold. Each seed draws the data, the split and the permutations anew. Some of the
same data are also split by rows at random, which must be found.

    python benchmarks/audit_false_alarms.py --seeds 11 --out docs/benchmarks

writes audit_false_alarms.json to the folder.
"""

from __future__ import annotations

import argparse
import json
import platform
import time
import warnings
from collections import Counter
from importlib.metadata import version
from pathlib import Path

import numpy as np
import pandas as pd
from imblearn.over_sampling import SMOTE
from imblearn.pipeline import make_pipeline as make_sampling_pipeline
from joblib import Parallel, delayed
from scipy.stats import beta
from sklearn.feature_selection import SelectKBest
from sklearn.model_selection import GridSearchCV, LeaveOneGroupOut
from sklearn.naive_bayes import GaussianNB
from sklearn.neighbors import KNeighborsClassifier
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import FunctionTransformer, StandardScaler

from skpd.datasets import make_spiral_drawings
from skpd.model_selection import audit_leakage, make_splitter
from skpd.signal import Windowizer


def people(rng, n_subjects=15, n_rows=8, n_columns=8, draw=None):
    """Rows that resemble the others of their person, of unequal numbers; labels by person, weakly seen."""
    sizes = rng.integers(n_rows // 2, n_rows * 2, n_subjects)
    groups = np.repeat(np.arange(n_subjects), sizes)
    severity = rng.permutation(np.arange(n_subjects) % 3 == 0).astype(int)
    draw = draw or rng.normal
    person = 2 * draw(size=(n_subjects, n_columns))
    X = person[groups] + draw(size=(len(groups), n_columns)) + 0.5 * severity[groups, None] + 3
    return X, severity[groups], groups


def table(rng):
    X, y, groups = people(rng)
    return make_pipeline(StandardScaler(), SelectKBest(k=4), GaussianNB()), X, y, groups, {}


def resampled(rng):
    X, y, groups = people(rng)
    sampler = SMOTE(k_neighbors=2, random_state=0)
    return make_sampling_pipeline(StandardScaler(), sampler, KNeighborsClassifier(3)), X, y, groups, {}


def varying_labels(rng):
    X, y, groups = people(rng)
    y = np.clip(y + rng.integers(0, 2, len(y)), 0, 2)
    return KNeighborsClassifier(1), X, y, groups, {"cv": LeaveOneGroupOut()}


def heavy_tails(rng):
    X, y, groups = people(rng, draw=lambda size: rng.standard_t(2, size=size))
    return make_pipeline(StandardScaler(), KNeighborsClassifier(1)), X, y, groups, {"prepare": np_cbrt}


def np_cbrt(X, y):
    return np.cbrt(X)


def coarse(rng):
    X, y, groups = people(rng, n_columns=12)
    frame = pd.DataFrame(np.round(X)).assign(hand=rng.integers(0, 2, len(y)))
    frame.columns = [f"score_{i}" for i in range(frame.shape[1])]
    return GaussianNB(), frame, y, groups, {}


def few_columns(rng):
    X, y, groups = people(rng, n_subjects=24, n_columns=2)
    return GaussianNB(), X, y, groups, {}


def nested_search(rng):
    X, y, groups = people(rng)
    search = GridSearchCV(KNeighborsClassifier(), {"n_neighbors": [1, 5]}, cv=2)
    return make_pipeline(StandardScaler(), search), X, y, groups, {"n_permutations": 5}


def raw_windows(rng, quantum=0.0):
    recordings = rng.normal(size=(20, 200, 3)).cumsum(axis=1) * 0.1 + rng.normal(size=(20, 1, 3))
    if quantum:
        recordings = np.round(recordings / quantum) * quantum
        recordings[rng.integers(0, 20, 6), :80] = 0.0
    groups = np.repeat(np.arange(10), 2)
    y = rng.permutation(np.arange(10) % 3 == 0).astype(int)[groups]
    w = Windowizer(20.0, duration=3.2, overlap=0.5).segment(recordings, y, groups)
    model = make_pipeline(FunctionTransformer(describe), KNeighborsClassifier(3))
    return model, w.X, w.y, w.groups, {"index": w.index}


def describe(X):
    return np.concatenate([X.mean(axis=1), X.std(axis=1)], axis=1)


def quantised_windows(rng):
    return raw_windows(rng, quantum=0.05)


def drawings(rng):
    seed = int(rng.integers(2**31))
    spirals = make_spiral_drawings(n_drawers=12, drawings_per_drawer=4, image_size=(40, 40), random_state=seed)
    model = make_pipeline(FunctionTransformer(grey), StandardScaler(), KNeighborsClassifier(1))
    return model, spirals.data, spirals.target, spirals.groups, {}


def grey(X):
    return X.mean(axis=-1).reshape(len(X), 10, 4, 10, 4).mean(axis=(2, 4)).reshape(len(X), -1)


KINDS = (
    table,
    resampled,
    varying_labels,
    heavy_tails,
    coarse,
    few_columns,
    nested_search,
    raw_windows,
    quantised_windows,
    drawings,
)


def audit_kind(kind, arguments):
    """Return the counts of one kind of data, the alarms by check, and the words of each."""
    sound_found, leaky_found, identity_found = 0, 0, 0
    alarms: Counter = Counter()
    examples = []
    for seed in range(arguments.seeds):
        estimator, X, y, groups, options = kind(np.random.default_rng([seed, KINDS.index(kind)]))
        options = {"n_permutations": arguments.permutations, "random_state": seed} | options
        splitter = options.pop("cv", make_splitter("subject-wise", n_splits=4, random_state=seed))
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            sound = audit_leakage(estimator, X, y, groups, splitter, **options)
            if seed < arguments.leaky:
                random_split = make_splitter("random", n_splits=4, random_state=seed)
                leaky = audit_leakage(estimator, X, y, groups, random_split, **options)
                leaky_found += leaky.found
                identity_found += leaky["identity"].verdict == "found"
        alarms.update(sound.names("found"))
        sound_found += sound.found
        examples += [f"{kind.__name__} {seed}: {c.name}: {c.words}" for c in sound if c.verdict == "found"]
    counts = {
        "pipelines": arguments.seeds,
        "sound_found": sound_found,
        "split_at_random": min(arguments.leaky, arguments.seeds),
        "split_at_random_found": leaky_found,
        "split_at_random_identity_found": identity_found,
    }
    print(kind.__name__, counts, flush=True)
    return counts, alarms, examples


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seeds", type=int, default=11, help="data sets of each kind (default: %(default)s)")
    parser.add_argument("--leaky", type=int, default=2, help="of these, also split at random (default: %(default)s)")
    parser.add_argument("--permutations", type=int, default=8, help="of the identity check (default: %(default)s)")
    parser.add_argument("--jobs", type=int, default=2, help="kinds at a time (default: %(default)s)")
    parser.add_argument("--out", type=Path, required=True, help="folder for audit_false_alarms.json")
    arguments = parser.parse_args()
    begin = time.perf_counter()
    results = Parallel(n_jobs=arguments.jobs)(delayed(audit_kind)(kind, arguments) for kind in KINDS)
    n, k = len(KINDS) * arguments.seeds, sum(counts["sound_found"] for counts, _, _ in results)
    result = {
        "benchmark": "audit_false_alarms",
        "sound_pipelines": n,
        "false_alarms": k,
        "false_alarm_rate": k / n,
        "upper_95_percent": float(beta.ppf(0.95, k + 1, n - k)) if k < n else 1.0,
        "false_alarms_by_check": dict(sum((alarms for _, alarms, _ in results), Counter())),
        "permutations": arguments.permutations,
        "kinds": {kind.__name__: counts for kind, (counts, _, _) in zip(KINDS, results, strict=True)},
        "examples": [example for _, _, examples in results for example in examples],
        "seconds": round(time.perf_counter() - begin),
        "versions": {name: version(name) for name in ("skpd", "scikit-learn", "numpy")},
        "machine": {"processor": platform.machine()},
    }
    (arguments.out / "audit_false_alarms.json").write_text(json.dumps(result, indent=2) + "\n", encoding="utf-8")
    print(f"{k} of {n} sound pipelines raised an alarm; upper 95 % limit {result['upper_95_percent']:.3f}")
    print("\n".join(result["examples"]))


if __name__ == "__main__":
    main()
