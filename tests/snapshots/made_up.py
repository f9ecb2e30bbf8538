"""A study whose every prediction is written down, so that what is made of it depends on nothing that is trained."""

import numpy as np
import pandas as pd

from skpd.studies import load_results
from skpd.studies._store import ResultsFolder

#: Of a hundred windows, how many are right under each protocol, with each classifier.
RIGHT = {
    ("as-published", "SMOTE", "random-forest"): 96,
    ("as-written", "none", "random-forest"): 83,
    ("as-written", "SMOTE", "random-forest"): 88,
    ("subject-wise", "none", "random-forest"): 61,
    ("subject-wise", "SMOTE", "random-forest"): 67,
    ("subject-wise", "AllKNN", "random-forest"): 55,
    ("as-written", "none", "majority"): 0,
    ("subject-wise", "none", "majority"): 0,
}


def made_up_rows(n_subjects=12, n_windows=15):
    """Windows in three recordings a person, each recording of one grade."""
    subject = np.repeat(np.arange(n_subjects), n_windows)
    recording = np.repeat(np.arange(3 * n_subjects), n_windows // 3)
    grade = np.array([0, 0, 1, 0, 2, 1])[(recording + subject) % 6]
    return pd.DataFrame({"y": grade, "subject": [f"P{k:02d}" for k in subject], "recording": recording})


def made_up_drawings(n_subjects=12, n_drawings=4):
    """Drawings of people who are ill or not, each a recording of its own."""
    subject = np.repeat(np.arange(n_subjects), n_drawings)
    names = [f"P{k:02d}" for k in subject]
    return pd.DataFrame(
        {"y": np.where(subject % 4, "parkinson", "control"), "subject": names, "recording": range(len(names))}
    )


def predict(rows, classes, right, shift, common):
    """Give wrong answers at known places; a right one is surer than a wrong one."""
    k = (rows.index.to_numpy() * 37 + shift) % 100
    n, hit, y = len(classes), k < right, np.searchsorted(classes, rows["y"])
    answer = np.where(hit, y, (y + 1 + k % max(1, n - 1)) % n)
    sure = np.where(hit, 0.6 + k / 300, 0.5 + k / 500)
    if not right:
        answer, sure = np.full(len(rows), common), np.ones(len(rows))
    proba = np.tile((1 - sure)[:, None] / (n - 1), n)
    proba[np.arange(len(rows)), answer] = sure
    frame = pd.DataFrame({"row": rows.index, "y_true": rows["y"].to_numpy(), "y_pred": np.asarray(classes)[answer]})
    return frame.assign(**{f"proba_{label}": proba[:, code] for code, label in enumerate(classes)})


def made_up_study(
    path,
    *,
    rows=None,
    dataset="simulated",
    recipe="tremor, magnitude",
    unit="window",
    right=RIGHT,
    trouble=True,
    **facts,
):
    """Store a study of three folds; some of them failed, warned, or had a resampler adapted."""
    rows, folder = made_up_rows() if rows is None else rows, ResultsFolder(path)
    classes, person = np.unique(rows["y"]).tolist(), rows["subject"].str[1:].astype(int)
    common = classes.index(rows["y"].mode()[0])
    manifest = {"dataset": dataset, "recipe": recipe, "unit": unit, "n_splits": 3, "classes": classes}
    folder.open(manifest | {"feature_names": ["mean", "jerk", "peak"], "fingerprint": "0123abcd"}, rows)
    for number, ((protocol, resampler, classifier), n_right) in enumerate(right.items()):
        one_out = protocol == "leave-one-subject-out"
        for fold in range(person.nunique() if one_out else 3):
            parts = person if one_out else (person if protocol == "subject-wise" else rows.index.to_series()) % 3
            record = {"protocol": protocol, "resampler": resampler, "classifier": classifier, "seed": 0, "fold": fold}
            record |= {"parameters": {"classifier": "Made", "classifier__depth": "3"}, "versions": {"skpd": "1.0"}}
            record |= {"fit_seconds": 1.5 + fold % 3, "score_seconds": 0.25, "warnings": []}
            record |= {"n_train": [60, 40, 20], "n_test": [30, 20, 10], "n_subjects_train": 8, "n_subjects_test": 4}
            if classifier == "random-forest":
                record |= {"oob_score": 0.9 + fold / 100, "feature_importances": [0.2, 0.5, 0.3]}
            if resampler != "none":
                record |= {"n_resampled": [60, 60, 60], "resample_seconds": 0.5, "kept_classes": {}}
                record["adapted"] = {"k_neighbors": 3} if trouble and fold == 1 else {}
            if trouble and resampler == "AllKNN":
                record |= {"kept_classes": {"2": "too few"}, "warnings": [f"UserWarning: lost {fold + 4} rows"]}
            predictions = predict(rows[parts == fold], classes, n_right, 11 * number, common)
            if trouble and resampler == "AllKNN" and fold == 2:
                record |= {"error": "Traceback\n  somewhere\nValueError: too few rows"}
                predictions = pd.DataFrame()
            if protocol == "as-published" and resampler != "none":
                # What a resampler made is nobody's.
                predictions.loc[predictions.index[::4], "row"] = -1
            folder.write(f"{protocol}~{resampler}~{classifier}~{fold}~{number:03d}", record | facts, predictions)
    return load_results(path)
