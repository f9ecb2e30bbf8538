"""
What leakage scores where there is nothing to learn
===================================================

The same windows, the same features, the same forest: only who is tested changes. This example runs one pipeline under
three protocols, first on simulated recordings with their labels, then with the labels dealt out to other people, so
that nothing can be learnt. A sound test must then fall to chance. The two orders found in publications do not.
"""

# %%
# Two tables of windows
# ---------------------
# The recordings are simulated, so the height of the scores says nothing about patients; the order of the protocols does
# not depend on that. Each person has a recording at rest, with arms held out and while reaching, on either side.
import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
from sklearn.ensemble import RandomForestClassifier

from skpd.datasets import make_tremor_recordings
from skpd.model_selection import PROTOCOLS
from skpd.plotting import ProtocolGapDisplay
from skpd.recipes import make_window_classifier, make_window_table
from skpd.studies import run_study

recordings = make_tremor_recordings(n_subjects=20, duration=16, random_state=0)


def deal_out(labels, people, rng):
    """Give every person the labels of another one, in random order: windows of a recording still share a label."""
    blocks = [rng.permutation(labels[people == person]) for person in rng.permutation(np.unique(people))]
    dealt = labels.copy()
    for person, block in zip(np.unique(people), blocks, strict=True):
        dealt[people == person] = block
    return dealt


labels = {
    "true labels": recordings.target,
    "dealt-out labels": deal_out(recordings.target, recordings.groups, np.random.default_rng(0)),
}
tables = {
    name: make_window_table(recordings.data, y, recordings.groups, sampling_rate=recordings.sampling_rate)
    for name, y in labels.items()
}
print(f"{len(recordings.data)} recordings of 20 people, {len(tables['true labels'].y)} windows")
print("windows by severity:", np.bincount(tables["true labels"].y).tolist())

# %%
# Three protocols
# ---------------
# Each says what of the test set it knows in training. SMOTE makes windows of the rare severities by interpolation:
# inside the training part in two of the protocols, in the whole table before the split in the published one.
protocols = ["as-published", "as-written", "subject-wise"]
for name in protocols:
    print(f"{name}: {PROTOCOLS[name].summary} Leaks: {'; '.join(PROTOCOLS[name].leaks) or 'nothing'}.")


def build(resampler, classifier, *, random_state):
    """Make the tremor classifier with a forest of 50 trees, to save time, or one that guesses."""
    if classifier == "forest":
        classifier = RandomForestClassifier(n_estimators=50, random_state=random_state)
    return make_window_classifier(resampler, classifier, random_state=random_state)


scores = []
for name, table in tables.items():
    results = run_study(
        table,
        build,
        configurations=[(protocol, "SMOTE", "forest") for protocol in protocols] + [("subject-wise", "none", "chance")],
        n_splits=3,
        dataset="simulated",
        recipe=name,
    )
    scores.append(results.scores())
scores = pd.concat(scores, ignore_index=True)
scores = scores[scores["metric"].isin(["gmean", "balanced_accuracy"])]
forest, guess = (scores[scores["classifier"] == name] for name in ("forest", "chance"))
for name in tables:
    values = forest[(forest["recipe"] == name) & (forest["metric"] == "balanced_accuracy")]
    by_protocol = ", ".join(f"{row.protocol} {row.value:.2f}" for row in values.itertuples())
    print(f"balanced accuracy, {name}: {by_protocol}")
chance = guess.groupby("metric")["value"].mean()
print("guessing by class shares:", ", ".join(f"{metric} {value:.2f}" for metric, value in chance.items()))

# %%
# The gap
# -------
# The intervals come from drawing people with replacement. The published order has none: most of its test rows were made
# by SMOTE, and nobody stands behind them. The dashed line is a classifier that guesses by the shares of the classes.
display = ProtocolGapDisplay.from_table(forest, metrics=["balanced_accuracy", "gmean"])
for ax, metric in zip(display.axes_, display.metrics, strict=True):
    ax.axvline(chance[metric], color="#626A73", linestyle=(0, (4, 3)), linewidth=1, zorder=0)
print(display.alt_text_)
plt.show()

# %%
# In our run the published order scored a balanced accuracy above 0.9 on labels that mean nothing. SMOTE puts windows
# between windows of one severity, often of one recording, so that a test row has its own neighbours in the training
# set, and the forest has only to remember them. To split at random before SMOTE keeps made rows out of the test, but a
# window still shares half of its samples with the next one, and its label with the whole recording: the score is lower,
# and still above guessing. Subject-wise, the dealt-out labels score no better than guessing, as they must.
#
# Balanced accuracy is the measure to read here: whatever guesses among five classes has 0.2. Of the G-mean there is no
# such floor. It depends on how the guesses are spread, and a forest trained on SMOTE's equal classes spreads them more
# evenly, and so scores lower, than a guess by the class shares.
#
# With the true labels the protocols come in the same order. A high score under a leaky protocol is therefore no
# evidence that the features tell anything about severity. The test is cheap: deal the labels out between people, and
# run the study again.
