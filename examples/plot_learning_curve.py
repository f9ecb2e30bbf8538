"""
More windows or more people?
============================

A wrist recording gives hundreds of windows, so a table of windows looks large. How large it is for a question about
people is shown by two learning curves: one adds windows of the same people, the other adds people.
"""

# %%
# A table of windows
# ------------------
import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
from sklearn.ensemble import RandomForestClassifier
from sklearn.impute import SimpleImputer
from sklearn.metrics import balanced_accuracy_score
from sklearn.pipeline import make_pipeline

from skpd.datasets import make_tremor_recordings
from skpd.model_selection import make_splitter, subject_learning_curve
from skpd.plotting import LearningCurveDisplay
from skpd.recipes import make_window_table

recordings = make_tremor_recordings(n_subjects=30, duration=20, random_state=0)
table = make_window_table(recordings.data, recordings.target, recordings.groups, sampling_rate=recordings.sampling_rate)
X, y, people = table.X.to_numpy(), (table.y > 0).astype(int), table.groups
print(f"{len(y)} windows of {len(set(people))} people; tremor or none")
forest = make_pipeline(SimpleImputer(), RandomForestClassifier(n_estimators=30, random_state=0))

# %%
# More people
# -----------
# Trained on few people, then on more of them, and tested on the same other people each time.
by_people = subject_learning_curve(
    forest, X, y, people, n_subjects=(4, 8, 16, 24), n_repeats=2, n_splits=5, random_state=0
)
print(by_people.groupby("n_subjects")["score"].mean().round(2).to_string())

# %%
# More windows
# ------------
# All people of the training folds, but only a share of their windows.
rng = np.random.default_rng(0)
rows = []
for fold, (train, test) in enumerate(make_splitter(n_splits=5, random_state=0).split(X, y, people)):
    shuffled = rng.permutation(train)
    for share in (0.125, 0.25, 0.5, 1.0):
        chosen = shuffled[: int(share * len(train))]
        fitted = forest.fit(X[chosen], y[chosen])
        rows.append((fold, share, len(chosen), balanced_accuracy_score(y[test], fitted.predict(X[test]))))
by_windows = pd.DataFrame(rows, columns=["fold", "share", "n_windows", "score"])
means = by_windows.groupby("share")[["n_windows", "score"]].mean()
print(means.round(2).to_string())
gain_people = by_people.groupby("n_subjects")["score"].mean()
print(f"eight times the windows: {means['score'].iloc[-1] - means['score'].iloc[0]:+.2f}")
print(f"six times the people: {gain_people.iloc[-1] - gain_people.iloc[0]:+.2f}")

# %%
# The curve over people
# ---------------------
display = LearningCurveDisplay.from_curve(by_people, baseline={"chance": {"balanced_accuracy": 0.5}})
display.figure_.set_size_inches(6.4, 3.8)
plt.show()

# %%
# What to take from it
# --------------------
# Windows of a person repeat what the person's other windows say: eight times as many add little. Six times as many
# people add more. The number that decides is that of people, which is why every table of skpd names it, and why its
# intervals are drawn over people. The bars are wide, too: with six people in a test fold a score moves with who they
# are.
