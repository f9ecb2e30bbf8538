import dataclasses
import io
import os
import signal
import subprocess
import sys
import time
import warnings
from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow.parquet as pq
import pytest
from imblearn.over_sampling import RandomOverSampler
from imblearn.pipeline import Pipeline as SamplerPipeline
from sklearn.base import clone
from sklearn.decomposition import PCA
from sklearn.dummy import DummyClassifier
from sklearn.ensemble import ExtraTreesClassifier, RandomForestClassifier
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import FunctionTransformer, StandardScaler

from skpd.exceptions import DataFileError, FailedFoldsWarning
from skpd.recipes import WindowTable
from skpd.resampling import RareClassSampler
from skpd.studies import load_results, run_study
from skpd.studies._identity import digest
from skpd.studies._run import _Cell
from skpd.studies._store import LONGEST_NAME


def make_table(n_subjects=12, n_recordings=2, n_windows=5, seed=0, one_label_a_subject=False):
    """A table in which the first feature tells the label and the second the subject."""
    rng = np.random.default_rng(seed)
    subject = np.repeat(np.arange(n_subjects), n_recordings * n_windows)
    recording = np.repeat(np.arange(n_subjects * n_recordings), n_windows)
    y = subject % 3 if one_label_a_subject else (subject + recording) % 3
    X = np.column_stack([y + rng.normal(0, 0.7, len(y)), subject + rng.normal(0, 0.1, len(y))])
    start = np.tile(np.arange(n_windows) * 100, n_subjects * n_recordings)
    index = pd.DataFrame({"recording": recording, "start": start, "stop": start + 200})
    groups = np.array([f"S{s:02d}" for s in subject])
    return WindowTable(pd.DataFrame(X, columns=["signal", "identity"]), y, groups, index, index.iloc[:0])


def build(resampler, classifier, *, random_state):
    if classifier == "broken":
        return make_pipeline(StandardScaler(), LogisticRegression(C=-1.0))
    if classifier == "majority":
        return DummyClassifier()
    return make_pipeline(StandardScaler(), LogisticRegression(C=1.0 + random_state))


GRID = [("subject-wise", "none", "logistic"), ("subject-wise", "none", "majority")]


def comparable(results):
    """Everything of a study but the time it took, in one order."""
    cells = results.cells.drop(columns=["fit_seconds", "score_seconds"])
    keys = ["protocol", "resampler", "classifier", "seed", "fold"]
    cells = cells.sort_values(keys).reset_index(drop=True).sort_index(axis=1)
    predictions = results.predictions.sort_values([*keys, "row"]).reset_index(drop=True)
    return cells, predictions


def assert_same_results(one, two):
    for a, b in zip(comparable(one), comparable(two), strict=True):
        pd.testing.assert_frame_equal(a, b)


def test_every_row_is_tested_once_by_a_model_that_has_not_seen_its_subject():
    table = make_table()
    results = run_study(table, build, configurations=GRID, n_splits=4)
    logistic = results.predictions[results.predictions["classifier"] == "logistic"]
    assert sorted(logistic["row"]) == list(range(len(table.y)))
    np.testing.assert_array_equal(logistic["subject"], table.groups[logistic["row"]])
    np.testing.assert_array_equal(logistic["y_true"], table.y[logistic["row"]])
    assert (logistic.groupby("subject")["fold"].nunique() == 1).all()
    assert results.cells["n_subjects_train"].add(results.cells["n_subjects_test"]).eq(12).all()


def test_scores_are_those_of_the_pooled_predictions():
    results = run_study(make_table(), build, configurations=GRID, n_splits=4, dataset="planted")
    scores = results.scores(n_resamples=100)
    assert set(scores["dataset"]) == {"planted"}
    assert set(scores["unit"]) == {"window"}
    accuracy = scores[scores["metric"] == "accuracy"].set_index("classifier")
    predicted = results.predictions[results.predictions["classifier"] == "logistic"]
    assert accuracy.loc["logistic", "value"] == (predicted["y_true"] == predicted["y_pred"]).mean()
    assert accuracy.loc["logistic", "low"] < accuracy.loc["logistic", "value"] < accuracy.loc["logistic", "high"]
    assert accuracy.loc["logistic", "value"] > accuracy.loc["majority", "value"]
    assert (scores["n_subjects"] == 12).all()


def test_recordings_and_subjects_are_scored_from_the_mean_of_their_windows():
    results = run_study(make_table(one_label_a_subject=True), build, configurations=GRID, n_splits=4)
    assert results.units == ["window", "recording", "subject"]
    columns = [f"proba_{c}" for c in (0, 1, 2)]
    windows = results.predicted("window").query("classifier == 'logistic'")
    people = results.predicted("subject").query("classifier == 'logistic'").set_index("subject")
    assert len(people) == 12
    np.testing.assert_allclose(
        people.loc["S05", columns].astype(float), windows[windows["subject"] == "S05"][columns].mean()
    )
    scores = results.scores("subject", n_resamples=0)
    assert scores["n"].eq(12).all()
    assert scores["low"].isna().all()


def test_a_subject_with_several_labels_is_no_unit():
    results = run_study(make_table(), build, configurations=GRID, n_splits=4)
    assert results.units == ["window", "recording"]
    with pytest.raises(ValueError, match="unit: expected one of 'window', 'recording', got 'subject'"):
        results.scores("subject")


def test_larger_units_exist_for_sound_protocols_only():
    results = run_study(make_table(), build, configurations=[*GRID, ("as-written", "none", "logistic")], n_splits=4)
    assert set(results.scores(n_resamples=0)["protocol"]) == {"subject-wise", "as-written"}
    assert set(results.scores("recording", n_resamples=0)["protocol"]) == {"subject-wise"}


def test_results_do_not_depend_on_n_jobs():
    one = run_study(make_table(), build, configurations=GRID, seeds=[0, 1], n_splits=3)
    two = run_study(make_table(), build, configurations=GRID, seeds=[0, 1], n_splits=3, n_jobs=2)
    assert_same_results(one, two)


def test_a_finished_cell_is_not_computed_again(tmp_path):
    run_study(make_table(), build, configurations=GRID[:1], n_splits=3, out=tmp_path)
    times = {f.name: f.stat().st_mtime_ns for f in (tmp_path / "cells").iterdir()}
    progress = []
    run_study(
        make_table(), build, configurations=GRID, n_splits=3, out=tmp_path, on_progress=lambda *n: progress.append(n)
    )
    assert progress == [(3, 6), (4, 6), (5, 6), (6, 6)]
    assert times.items() <= {f.name: f.stat().st_mtime_ns for f in (tmp_path / "cells").iterdir()}.items()


def test_other_data_in_the_same_folder_is_refused(tmp_path):
    run_study(make_table(), build, configurations=GRID, n_splits=3, out=tmp_path)
    with pytest.raises(ValueError, match=r"results of another study \(it differs in fingerprint\)"):
        run_study(make_table(seed=1), build, configurations=GRID, n_splits=3, out=tmp_path)
    with pytest.raises(ValueError, match=r"it differs in n_splits"):
        run_study(make_table(), build, configurations=GRID, n_splits=4, out=tmp_path)


def test_load_results_reads_what_run_study_wrote(tmp_path):
    results = run_study(make_table(), build, configurations=GRID, n_splits=3, out=tmp_path)
    assert_same_results(results, load_results(tmp_path))
    with pytest.raises(FileNotFoundError, match=r"expected a file study\.json"):
        load_results(tmp_path / "cells")


def test_a_failing_cell_is_kept_with_its_traceback_and_stops_nothing(tmp_path):
    configurations = [("subject-wise", "none", "broken"), GRID[0]]
    with pytest.warns(FailedFoldsWarning, match=r"3 of 6 folds failed, the first with .*'C' parameter"):
        results = run_study(make_table(), build, configurations=configurations, n_splits=3, out=tmp_path)
    assert len(results.failures) == 3
    assert results.failures["error"].str.contains("InvalidParameterError").all()
    assert len(results.cells) == 3
    progress = []
    with pytest.warns(FailedFoldsWarning):
        run_study(
            make_table(),
            build,
            configurations=configurations,
            n_splits=3,
            out=tmp_path,
            on_progress=lambda *n: progress.append(n),
        )
    assert progress[0] == (3, 6), "failed cells are tried again"


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"y": np.r_[np.nan, np.zeros(119)]}, "y: expected a label for every row, found none for 1, first row 0"),
        ({"groups": np.array([None] + ["a"] * 119, dtype=object)}, "groups: expected a subject for every row"),
        (
            {"groups": [("A", 1)] * 120},
            "groups: expected a subject .* as text or a number, got tuple in row 0: make one",
        ),
        ({"groups": np.zeros((120, 2))}, r"groups: expected a subject .* got ndarray of shape \(120, 2\): join"),
        ({"groups": ["1", 1] * 60}, "groups: .* all of one type, got numbers and text, of which some are one text"),
        ({"y": [(0, 1)] * 120}, "y: expected a label for every row, as text or a number, got tuple"),
        (
            {"index": make_table().index.assign(recording=[(0, 1)] * 120)},
            "recording: expected a recording .* got tuple in row 0",
        ),
        ({"groups": np.zeros(5)}, r"one length, got \[120, 120, 5, 120\]"),
        ({"y": np.linspace(0, 1, 120)}, "Unknown label type"),
        ({"index": make_table().index.assign(recording=None)}, "recording: expected a recording for every row"),
        ({"index": make_table().index[["start"]]}, r"index: expected a column recording, found \['start'\]"),
    ],
)
def test_bad_tables_are_refused_at_once(change, message):
    with pytest.raises(ValueError, match=message):
        run_study(dataclasses.replace(make_table(), **change), build, configurations=GRID)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"configurations": [("subject-wise", PCA(), "majority")]}, "configurations: expected names, got PCA: name it"),
        (
            {"build": build("none", "logistic", random_state=0)},
            "build: expected a function, .* got Pipeline: pass make_window",
        ),
        (
            {"build": lambda *_, random_state: None},
            "build: .* fit and get_params to be returned, got NoneType for resamp",
        ),
        (
            {"build": lambda *_, random_state: PCA},
            "build: expected an unfitted estimator .* got the class PCA for resamp",
        ),
        ({"table": {"X": [[0.0]], "y": [0]}}, "table: expected an object with X, y, .* got dict without X, y, groups"),
        ({"table": dataclasses.replace(make_table(), index=None)}, "index: expected a DataFrame .* got NoneType"),
    ],
    ids=["estimator", "pipeline", "nothing", "class", "dict", "no-index"],
)
def test_what_is_no_table_name_or_function_is_refused_at_once(change, message):
    with pytest.raises(TypeError, match=message):
        run_study(**({"table": make_table(), "build": build, "configurations": GRID} | change))


def test_other_bad_arguments_are_refused_at_once():
    with pytest.raises(ValueError, match=r"configurations: expected \(protocol, resampler, classifier\) triples"):
        run_study(make_table(), build, configurations=["subject-wise"])
    with pytest.raises(ValueError, match=r"seeds: expected whole numbers, at least one, got \[None\]"):
        run_study(make_table(), build, configurations=GRID, seeds=(None,))
    with pytest.raises(ValueError, match="n_splits == 1, must be >= 2"):
        run_study(make_table(), build, configurations=GRID, n_splits=1)


@pytest.mark.parametrize(
    ("one", "other"),
    [
        (RandomForestClassifier(bootstrap=False), ExtraTreesClassifier(bootstrap=False)),
        (make_pipeline(StandardScaler(), PCA()), make_pipeline(PCA(), StandardScaler())),
        (FunctionTransformer(lambda x: x * 2), FunctionTransformer(lambda x: x * 3)),
        (
            FunctionTransformer(kw_args={"a": np.zeros(3000)}),
            FunctionTransformer(kw_args={"a": np.r_[np.zeros(1500), 1, np.zeros(1499)]}),
        ),
    ],
)
def test_estimators_that_differ_have_different_cells(one, other):
    assert digest(one) != digest(other)
    assert digest(one) == digest(clone(one))


def test_functions_inside_functions_are_told_by_what_they_do():
    def make():
        def outer(x):
            return (lambda value: value * 2)(x)

        return FunctionTransformer(outer)

    assert digest(make()) == digest(make())
    code = make().func.__code__
    inner = next(c for c in code.co_consts if hasattr(c, "co_code"))
    moved = make()
    moved.func.__code__ = code.replace(
        co_consts=tuple(inner.replace(co_firstlineno=1) if c is inner else c for c in code.co_consts)
    )
    assert digest(moved) == digest(make())


def test_other_recordings_of_the_same_rows_are_another_study(tmp_path):
    table = make_table()
    run_study(table, build, configurations=GRID, n_splits=3, out=tmp_path)
    moved = dataclasses.replace(table, index=table.index.assign(recording=0))
    with pytest.raises(ValueError, match="another study"):
        run_study(moved, build, configurations=GRID, n_splits=3, out=tmp_path)


def test_recordings_of_several_labels_are_no_unit():
    table = make_table()
    mixed = dataclasses.replace(table, y=np.random.default_rng(0).integers(0, 3, len(table.y)))
    assert run_study(mixed, build, configurations=GRID, n_splits=3).units == ["window"]


def without_names(content):
    """Damage the metadata that pandas leaves in a file. Found by fuzzing: a KeyError."""
    table = pq.read_table(io.BytesIO(content))
    metadata = {key: value.replace(b'"name"', b'"nam/"') for key, value in table.schema.metadata.items()}
    pq.write_table(table.replace_schema_metadata(metadata), damaged := io.BytesIO())
    return damaged.getvalue()


def with_one_bit_changed(content):
    """Change the end of the first column; pages carry a checksum."""
    column = pq.ParquetFile(io.BytesIO(content)).metadata.row_group(0).column(0)
    begin = column.dictionary_page_offset or column.data_page_offset
    last = begin + column.total_compressed_size - 1
    return content[:last] + bytes([content[last] ^ 1]) + content[last + 1 :]


@pytest.mark.parametrize("damage", [lambda content: content[:100], with_one_bit_changed, without_names])
def test_a_damaged_cell_is_named_and_computed_again(tmp_path, damage):
    undisturbed = run_study(make_table(), build, configurations=GRID, n_splits=3, out=tmp_path)
    broken = sorted((tmp_path / "cells").iterdir())[0]
    broken.write_bytes(damage(broken.read_bytes()))
    with pytest.warns(UserWarning, match=f"{broken.name} is damaged and left out"):
        assert len(load_results(tmp_path).cells) == 5
    with pytest.warns(UserWarning, match="damaged"):
        again = run_study(make_table(), build, configurations=GRID, n_splits=3, out=tmp_path)
    assert_same_results(again, undisturbed)


@pytest.mark.parametrize(
    ("name", "damage"),
    [
        ("study.json", lambda content: content[:50]),
        ("study.json", lambda content: b"[1, 2]"),
        ("study.json", lambda content: content.replace(b"format", b"\xff\xfe")),
        ("rows.parquet", lambda content: content[:100]),
        ("rows.parquet", without_names),
    ],
)
def test_a_damaged_study_says_which_file_it_is(tmp_path, name, damage):
    run_study(make_table(), build, configurations=GRID[:1], n_splits=3, out=tmp_path)
    file = tmp_path / name
    whole = file.read_bytes()
    file.write_bytes(damage(whole))
    assert file.read_bytes() != whole
    with pytest.raises(DataFileError, match=f"{name}: found what cannot be read .* run the study anew"):
        load_results(tmp_path)


@pytest.mark.parametrize("protocol", ["subject-wise", "as-written"])
def test_a_model_that_knows_nothing_has_an_auc_of_one_half(protocol):
    """Fold by fold: pooled, the constant score of a fold would rank its rows against those of other folds."""
    results = run_study(
        make_table(one_label_a_subject=True), build, configurations=[(protocol, "none", "majority")], n_splits=4
    )
    scores = results.scores(n_resamples=50).set_index("metric")
    assert scores.loc["auc", ["value", "low", "high"]].tolist() == [0.5, 0.5, 0.5]


def test_one_class_and_unknown_protocol_are_errors():
    table = make_table()
    with pytest.raises(ValueError, match=r"at least 2 classes to tell apart, found only \[0\]"):
        run_study(
            WindowTable(table.X, np.zeros_like(table.y), table.groups, table.index, table.skipped),
            build,
            configurations=GRID,
        )
    with pytest.raises(ValueError, match="got 'random'"):
        run_study(table, build, configurations=[("random", "none", "logistic")])


SCRIPT = """
import sys, time
sys.path.insert(0, {tests!r})
import importlib.util
spec = importlib.util.spec_from_file_location("test_run_study", {file!r})
module = importlib.util.module_from_spec(spec); spec.loader.exec_module(module)
table = module.make_table()
module.run_study(table, module.build, configurations=module.GRID, seeds=range(12), n_splits=4, out={out!r})
"""


@pytest.mark.slow
def test_a_study_killed_at_ten_random_moments_comes_to_the_same_table(tmp_path):
    undisturbed = run_study(make_table(), build, configurations=GRID, seeds=range(12), n_splits=4)
    out = tmp_path / "killed"
    script = SCRIPT.format(tests=os.path.dirname(__file__), file=__file__, out=str(out))
    moments = np.random.default_rng(0)
    for _ in range(10):
        # Some cells later, or none, and then somewhere within a cell.
        wanted = len(list(out.glob("cells/*.parquet"))) + moments.integers(1, 8)
        process = subprocess.Popen([sys.executable, "-c", script])
        while process.poll() is None and len(list(out.glob("cells/*.parquet"))) < wanted:
            time.sleep(0.002)
        time.sleep(moments.uniform(0, 0.02))
        assert process.poll() is None, "the study ended before it could be killed"
        process.send_signal(signal.SIGKILL)
        process.wait()
    assert 0 < len(load_results(out).cells) < 96
    results = run_study(make_table(), build, configurations=GRID, seeds=range(12), n_splits=4, out=out)
    assert_same_results(results, undisturbed)


def test_recordings_numbered_from_one_for_each_person_are_different_recordings():
    table = make_table()
    numbered = dataclasses.replace(table, index=table.index.assign(recording=table.index["recording"] % 2))
    results = run_study(numbered, build, configurations=GRID, n_splits=4)
    assert results.units == ["window", "recording"]
    assert results.scores("recording", n_resamples=0)["n"].eq(24).all()


def test_seeds_and_folds_may_be_numpy_integers(tmp_path):
    plain = run_study(make_table(), build, configurations=GRID, seeds=[0, 1], n_splits=3)
    numpys = run_study(make_table(), build, configurations=GRID, seeds=np.arange(2), n_splits=np.int64(3), out=tmp_path)
    assert_same_results(plain, numpys)
    run_study(make_table(), build, configurations=GRID, seeds=[0, 1], n_splits=3, out=tmp_path)


def test_a_study_with_one_person_tested_so_far_can_be_scored(tmp_path):
    grid = [("leave-one-subject-out", "none", "logistic")]
    run_study(make_table(n_subjects=6), build, configurations=grid, out=tmp_path)
    for cell in sorted((tmp_path / "cells").iterdir())[1:]:
        cell.unlink()
    results = load_results(tmp_path)
    for scores in (results.scores(), results.agreement()):
        assert scores["value"].notna().any()
        assert scores["low"].isna().all()


def test_other_weights_in_the_same_file_are_another_estimator(tmp_path):
    file = tmp_path / "weights.h5"
    estimator = FunctionTransformer(kw_args={"weights": str(file)})
    file.write_bytes(b"one")
    before = digest(estimator)
    file.write_bytes(b"other")
    assert digest(estimator) != before


class Strange(DummyClassifier):
    """Says of itself what another library means by these names."""

    def fit(self, X, y, sample_weight=None):
        super().fit(X, y)
        self.n_epochs_ = 7
        self.feature_importances_ = np.zeros((3, 2))
        self.sampler_ = self
        self.adapted_ = {"k": np.int64(3)}
        self.kept_classes_ = ["a"]
        self.resample_time_ = {}
        return self

    @property
    def oob_score_(self):
        raise RuntimeError("only with oob=True")


def test_an_attribute_of_another_meaning_is_left_out_and_fails_no_fold():
    results = run_study(make_table(), lambda *_, random_state: Strange(), configurations=GRID[:1], n_splits=3)
    assert len(results.failures) == 0
    assert results.cells["n_epochs"].tolist() == [7, 7, 7]
    others = {"n_watched", "feature_importances", "oob_score", "n_resampled", "resample_seconds", "adapted"}
    assert not others & set(results.cells.columns)


def test_what_fitted_steps_tell_of_themselves_is_kept():
    def build(resampler, classifier, *, random_state):
        sampler = RareClassSampler(RandomOverSampler(random_state=0))
        forest = RandomForestClassifier(5, oob_score=True, random_state=0)
        return SamplerPipeline([("resampler", sampler), ("classifier", forest)])

    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        cells = run_study(make_table(), build, configurations=GRID[:1], n_splits=3).cells
    assert (cells["n_resampled"].map(len) == 2).all()
    assert (cells["feature_importances"].map(sum).round(4) == 1).all()
    assert {"resample_seconds", "adapted", "kept_classes", "oob_score"} <= set(cells.columns)


def test_subjects_of_mixed_types_and_paths_of_recordings_are_taken_as_text():
    table = make_table()
    subject = np.arange(120) // 10
    mixed = [f"S{s}" if s % 2 else int(s) for s in subject]
    paths = [Path("recordings") / f"{r}.csv" for r in table.index["recording"]]
    strange = dataclasses.replace(
        table, groups=np.array(mixed, dtype=object), index=table.index.assign(recording=paths)
    )
    plain = dataclasses.replace(
        table, groups=np.array(mixed).astype(str), index=table.index.assign(recording=list(map(str, paths)))
    )
    one, two = (run_study(t, build, configurations=GRID, n_splits=3) for t in (strange, plain))
    assert_same_results(one, two)
    assert set(one.predictions["subject"]) == set(map(str, mixed))


def test_a_long_name_is_stored_under_a_short_one_and_resumed(tmp_path):
    common = "帕金森病" * 10
    grid = [("subject-wise", "none", common + end) for end in "ab"]
    results = run_study(make_table(), lambda *_, random_state: DummyClassifier(), configurations=grid, n_splits=3)
    assert results.cells["classifier"].value_counts().to_dict() == {common + "a": 3, common + "b": 3}
    progress = []
    for _ in range(2):
        run_study(
            make_table(),
            lambda *_, random_state: DummyClassifier(),
            configurations=grid,
            n_splits=3,
            out=tmp_path,
            on_progress=lambda *n: progress.append(n),
        )
    assert progress[-1] == (6, 6)
    assert progress.count((6, 6)) == 2, "what is stored is not computed again"
    assert len(load_results(tmp_path).cells) == 6


def test_a_name_that_can_be_stored_stays_as_it_is():
    estimator = DummyClassifier()
    room = LONGEST_NAME - len(f"subject-wise~none~~seed0~fold0~{digest(estimator)}")
    for classifier in ("majority", "m" * room):
        name = _Cell("subject-wise", "none", classifier, 0, 0).name(estimator)
        assert name == f"subject-wise~none~{classifier}~seed0~fold0~{digest(estimator)}"
    longer = [_Cell("subject-wise", "none", "m" * (room + 1), 0, fold).name(estimator) for fold in range(2)]
    assert {len(name) for name in longer} == {LONGEST_NAME}
    assert len(set(longer)) == 2


class Undecided(DummyClassifier):
    """Predicts what cannot be stored."""

    def predict(self, X):
        column = np.empty(len(X), dtype=object)
        column[:] = [("a", 1) if i else "a" for i in range(len(X))]
        return column


def test_predictions_that_cannot_be_stored_fail_their_fold_only():
    grid = [("subject-wise", "none", "undecided"), GRID[1]]

    def build(resampler, classifier, *, random_state):
        return Undecided() if classifier == "undecided" else DummyClassifier()

    with pytest.warns(FailedFoldsWarning, match="3 of 6 folds failed"):
        results = run_study(make_table(), build, configurations=grid, n_splits=3)
    assert results.failures["error"].str.contains("y_pred").all()
    assert results.cells["classifier"].eq("majority").sum() == 3
