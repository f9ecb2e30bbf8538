"""The paper's tables with the study's numbers beside it, and the multilayer perceptron in a study."""

import dataclasses

import numpy as np
import pandas as pd
import pytest
from sklearn.neural_network import MLPClassifier

from skpd.datasets import make_tremor_recordings
from skpd.model_selection import PROTOCOLS
from skpd.neural import KerasMLPClassifier
from skpd.pages._method import method_blocks
from skpd.pages._study import StudyView
from skpd.recipes import make_window_classifier, make_window_table
from skpd.studies import run_study
from skpd.studies._published_tables import published_tables, write_tables


@pytest.fixture(scope="module")
def table():
    data = make_tremor_recordings(
        n_subjects=10, recordings_per_subject=2, duration=10.0, weights=(0.5, 0.3, 0.2, 0, 0), random_state=0
    )
    return make_window_table(data.data, data.target, data.groups, sampling_rate=data.sampling_rate)


def test_layout_and_the_paper_beside_it(table, tmp_path):
    resamplers = ("none", "SMOTE", "ADASYN", "AllKNN")
    configurations = [("subject-wise", name, "logistic-regression") for name in resamplers]
    configurations += [("subject-wise", "none", "majority")]
    results = run_study(table, make_window_classifier, configurations=configurations, n_splits=2)
    scores = results.scores(n_resamples=0)
    # The paper has no such classifier: its numbers are looked up by name.
    tables = published_tables(results, scores.replace({"classifier": {"logistic-regression": "random-forest"}}))
    assert list(tables) == [
        "table_2_class_distribution",
        "table_3_over_sampling",
        "table_4_under_sampling",
        "table_6_best",
        "table_7_published_systems",
    ]
    classes = tables["table_2_class_distribution"]
    assert classes["windows"].tolist() == [*np.bincount(table.y), len(table.y)]
    assert classes["share"].iloc[:-1].sum() == pytest.approx(1)
    over = tables["table_3_over_sampling"]
    assert over["resampler"].tolist() == ["none", "SMOTE", "ADASYN", "none"]
    adasyn = over[over["resampler"] == "ADASYN"].iloc[0]
    assert adasyn[["paper: accuracy", "paper: G-mean", "paper: IBA", "paper: AUC"]].tolist() == [
        0.9258,
        0.95,
        0.91,
        0.99,
    ]
    assert adasyn["paper: protocol"] == "consistent with as-published"
    value = scores.query("resampler == 'ADASYN' and metric == 'gmean'")["value"].iloc[0]
    assert adasyn["G-mean"] == pytest.approx(value)
    assert over[over["resampler"] == "SMOTE"]["paper: protocol"].tolist() == [""]
    best = tables["table_6_best"]
    assert best["family"].tolist() == ["over", "under"]
    assert best["G-mean"].iloc[0] == over["G-mean"].iloc[1:3].max()
    systems = tables["table_7_published_systems"]
    assert systems["sound"].iloc[0] == "yes"
    assert "majority" not in systems["method"].iloc[0]
    assert len(systems) > 10
    files = write_tables(tables, tmp_path / "tables")
    assert all(file.is_file() for file in files)
    read = pd.read_csv(tmp_path / "tables" / "table_3_over_sampling.csv")
    np.testing.assert_allclose(read["G-mean"], over["G-mean"], rtol=1e-3)


def test_recordings_that_each_person_numbers_from_1_are_counted_by_person(table):
    numbered = dataclasses.replace(table, index=table.index.assign(recording=table.index["recording"] % 2))
    classes = []
    for one in (table, numbered):
        results = run_study(
            one, make_window_classifier, configurations=[("subject-wise", "none", "majority")], n_splits=2
        )
        tables = published_tables(results, results.scores(n_resamples=0))
        classes.append(tables["table_2_class_distribution"])
        view = StudyView(results, n_resamples=0)
        assert "from 20 recordings of 10 subjects" in method_blocks(view)[0].text
    pd.testing.assert_frame_equal(*classes)
    assert classes[0]["recordings"].iloc[-1] == 20


def test_a_network_takes_the_resampler_in():
    pipeline = make_window_classifier("SMOTE", "mlp", random_state=3)
    assert list(pipeline.named_steps) == ["imputer", "scaler", "classifier"]
    assert pipeline["classifier"].sampler.sampler.random_state == 3
    assert make_window_classifier("none", "mlp")["classifier"].sampler is None
    with pytest.raises(ValueError, match="give one of them"):
        make_window_classifier("SMOTE", KerasMLPClassifier(sampler=pipeline["classifier"].sampler))
    assert "resampler" in make_window_classifier("SMOTE", MLPClassifier()).named_steps


def test_a_network_s_resampler_comes_first_where_the_protocol_says_so(table):
    pipeline = make_window_classifier("SMOTE", "mlp", random_state=0)
    fold = next(PROTOCOLS["as-published"].folds(pipeline, table.X, table.y, table.groups, n_splits=2, random_state=0))
    assert fold.estimator["classifier"].sampler is None
    assert (fold.train_rows == -1).all()
    counts = np.unique(np.concatenate([fold.y_train, fold.y_test]), return_counts=True)[1]
    assert len(set(counts)) == 1
    fold = next(PROTOCOLS["subject-wise"].folds(pipeline, table.X, table.y, table.groups, n_splits=2, random_state=0))
    assert fold.estimator["classifier"].sampler is not None
    assert (fold.train_rows >= 0).all()


def test_a_network_watches_people_it_is_not_trained_on(table):
    seen = []

    class Remembering(KerasMLPClassifier):
        def fit(self, X, y, sample_weight=None, groups=None):
            seen.append(groups)
            return super().fit(X, y, sample_weight, groups)

    def build(resampler, classifier, *, random_state):
        network = Remembering((8,), epochs=2, random_state=random_state)
        return make_window_classifier(resampler, network, random_state=random_state)

    configurations = [(protocol, "SMOTE", "mlp") for protocol in ("as-published", "as-written", "subject-wise")]
    results = run_study(table, build, configurations=configurations, n_splits=2)
    assert not len(results.failures)
    given = [None if groups is None else set(groups) for groups in seen]
    assert given[:4] == [None] * 4
    assert given[4].isdisjoint(given[5])
    assert given[4] | given[5] == set(table.groups)
    cells = results.cells.set_index("protocol")
    assert (cells["n_epochs"] == 2).all()
    assert (cells["n_watched"] > 0).all()
    assert all(len(set(n)) == 1 for n in cells.loc["subject-wise", "n_resampled"])
    assert (cells.loc["subject-wise", "resample_seconds"] > 0).all()
