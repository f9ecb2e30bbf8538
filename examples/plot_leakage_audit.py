"""
Is this score to be believed?
=============================

A score is as good as the split behind it. `audit_leakage` looks at the split, the rows, the steps of the pipeline and
the work done before it, and says for each whether it found a leak, found none, or cannot see. Here the same windows are
audited three times: with people kept apart, split at random, and resampled before the split.
"""

# %%
# A sound pipeline
# ----------------
# Simulated recordings become overlapping windows. The table keeps the place of each window, which lets the audit find
# windows that overlap.
import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
from sklearn.naive_bayes import GaussianNB

from skpd.datasets import make_tremor_recordings
from skpd.model_selection import audit_leakage, make_splitter
from skpd.plotting import OKABE_ITO, figure_style
from skpd.recipes import make_window_classifier, make_window_table

recordings = make_tremor_recordings(n_subjects=16, recordings_per_subject=3, duration=16, random_state=0)
table = make_window_table(recordings.data, recordings.target, recordings.groups, sampling_rate=recordings.sampling_rate)
model = make_window_classifier("SMOTE", GaussianNB(), random_state=0)
data = {"X": table.X, "y": table.y, "groups": table.groups, "index": table.index}

by_subject = make_splitter("subject-wise", n_splits=4, random_state=0)
sound = audit_leakage(model, **data, cv=by_subject, n_permutations=25, random_state=0)
print(sound)

# %%
# "Cannot be seen" is an answer too: nothing in the table tells what was done before it was made. That can be passed, as
# we do below.
#
# The same windows, split at random
# ---------------------------------
at_random = make_splitter("random", n_splits=4, random_state=0)
leaky = audit_leakage(model, **data, cv=at_random, n_permutations=25, random_state=0)
print(f"split at random: {leaky.summary()}")
for name in leaky.names("found"):
    print(f"{name}: {leaky[name].words}")

# %%
# What the identity check does
# ----------------------------
# It deals the labels out to other people, each of whom gets the sequence of somebody else. Now features and labels have
# nothing in common but the person. Where people are kept apart, such labels score like labels dealt out to single rows,
# which is chance. Where they are not, the classifier has only to recognise them.
with figure_style():
    figure, axes = plt.subplots(2, 1, figsize=(6.4, 3.6), sharex=True, layout="constrained")
    rng = np.random.default_rng(0)
    for ax, (title, report) in zip(axes, {"Split by subject": sound, "Split at random": leaky}.items(), strict=True):
        found = report["identity"].evidence
        rows = {
            "labels dealt to rows": found["scores_of_labels_dealt_to_rows"],
            "labels dealt to people": found["scores_of_labels_dealt_to_people"],
            "true labels": [found["observed"]],
        }
        for position, (values, color) in enumerate(zip(rows.values(), OKABE_ITO, strict=False)):
            heights = position + rng.uniform(-0.18, 0.18, len(values)) * (len(values) > 1)
            ax.scatter(values, heights, s=60 if len(values) == 1 else 16, color=color, alpha=0.8, linewidth=0)
        ax.set_yticks(range(3), rows)
        ax.set_ylim(-0.5, 2.5)
        ax.set_title(f"{title}: identity {report['identity'].verdict}", loc="left")
    axes[-1].set_xlabel("Balanced accuracy")
plt.show()


# %%
# Work done before the split
# --------------------------
# Passed as `prepare`, that work is run on the rows and again with the rows of some people changed. What depends on
# people on both sides of a split must not be done before it. Filling gaps with a fixed number treats each row by
# itself; choosing the columns that go with the labels does not, though it leaves no trace in the table.
def fill_gaps(X, y):
    """Fill the gaps of each row by itself."""
    return X.fillna(0.0)


def choose_columns(X, y):
    """Keep the ten columns that go best with the labels of all rows, those tested included."""
    return X.fillna(0.0)[X.corrwith(pd.Series(y)).abs().nlargest(10).index]


for prepare in (fill_gaps, choose_columns):
    report = audit_leakage(model, **data, cv=by_subject, prepare=prepare, n_permutations=0)
    print(f"{prepare.__name__}: preparation {report['preparation'].verdict}. {report['preparation'].words}")

# %%
# ``skpd audit table.parquet --label severity --subject person --fold fold`` does the same for a file, in continuous
# integration for example, and exits with 1 if anything was found.
