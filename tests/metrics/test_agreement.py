"""Agreement of severities and of sessions: equal to other libraries and to published examples."""

import numpy as np
import pytest
from numpy.testing import assert_allclose
from scipy.stats import kendalltau, spearmanr
from sklearn.metrics import cohen_kappa_score

from skpd.metrics import agreement_table, intraclass_correlation, retest_reliability

#: Shrout & Fleiss 1979, table 2: six people rated by four judges.
SHROUT_FLEISS = np.array([[9, 2, 5, 8], [6, 1, 3, 2], [8, 4, 6, 8], [7, 1, 2, 6], [10, 5, 6, 9], [6, 2, 4, 7]])


def severities(seed=0, n=120, n_subjects=20):
    rng = np.random.default_rng(seed)
    groups = np.repeat(np.arange(n_subjects), n // n_subjects)
    y_true = rng.integers(0, 5, n_subjects)[groups]
    y_pred = np.clip(y_true + rng.integers(-1, 2, n), 0, 4)
    y_score = rng.dirichlet(np.ones(5), n) * 0.5 + 0.5 * np.eye(5)[y_pred]
    return y_true, y_pred, y_score, groups


def test_measures_are_those_of_scipy_and_scikit_learn():
    y_true, y_pred, _, _ = severities()
    estimate = agreement_table(y_true, y_pred, labels=range(5))["estimate"]
    assert_allclose(estimate["exact"], (y_true == y_pred).mean())
    assert_allclose(estimate["within_one"], (np.abs(y_true - y_pred) <= 1).mean())
    assert_allclose(estimate["mae"], np.abs(y_true - y_pred).mean())
    for weights in ("linear", "quadratic"):
        kappa = cohen_kappa_score(y_true, y_pred, weights=weights, labels=range(5))
        assert_allclose(estimate[f"{weights}_kappa"], kappa)
    assert_allclose(estimate["kendall_tau_b"], kendalltau(y_true, y_pred).statistic)
    assert_allclose(estimate["spearman"], spearmanr(y_true, y_pred).statistic)
    icc = intraclass_correlation(np.column_stack([y_true, y_pred])).loc["icc_2_1", "estimate"]
    assert_allclose(estimate["icc_2_1"], icc)


def test_distances_are_those_of_the_values():
    y_true, y_pred = [0, 0, 4, 4, 3, 3], [0, 3, 4, 3, 3, 3]
    table = agreement_table(y_true, y_pred)["estimate"]
    # A scale of 0, 3 and 4: 0 for 3 is three off, 4 for 3 is one off.
    assert_allclose(table[["mae", "within_one"]], [4 / 6, 5 / 6])
    shuffled = agreement_table(y_true, y_pred, labels=[4, 0, 3])["estimate"]
    assert_allclose(shuffled, table)


def test_expected_severity_is_compared_after_bland_and_altman():
    y_true, y_pred, y_score, _ = severities()
    table = agreement_table(y_true, y_pred, y_score=y_score, labels=range(5))["estimate"]
    errors = y_score @ np.arange(5) - y_true
    assert_allclose(table["expected_bias"], errors.mean())
    limits = errors.mean() + np.array([-1, 1]) * 1.959964 * errors.std(ddof=1)
    assert_allclose(table[["expected_loa_low", "expected_loa_high"]], limits, rtol=1e-6)
    columns = [3, 0, 4, 1, 2]
    mixed = agreement_table(y_true, y_pred, y_score=y_score[:, columns], labels=columns)["estimate"]
    assert_allclose(mixed, table)


def test_intervals_are_over_subjects():
    y_true, y_pred, y_score, groups = severities()
    options = {"y_score": y_score, "labels": range(5), "n_resamples": 200, "random_state": 0}
    table = agreement_table(y_true, y_pred, groups=groups, **options)
    assert ((table["low"] <= table["estimate"]) & (table["estimate"] <= table["high"])).all()
    assert agreement_table(y_true, y_pred, **options)[["low", "high"]].isna().all(axis=None)


def test_a_constant_prediction_has_no_correlation():
    table = agreement_table([0, 1, 2, 3], [1, 1, 1, 1], labels=range(5))["estimate"]
    assert table[["kendall_tau_b", "spearman"]].isna().all()
    assert_allclose(table[["linear_kappa", "quadratic_kappa"]], 0.0, atol=1e-12)


def test_perfect_agreement():
    table = agreement_table([0, 1, 2, 3], [0, 1, 2, 3])["estimate"]
    assert_allclose(table.drop("mae"), 1.0)
    # One severity only: right, and nothing to agree about.
    assert agreement_table([2, 2], [2, 2])["estimate"].isna().sum() == 5


def test_agreement_refuses_text_and_scores_that_are_no_probabilities():
    with pytest.raises(ValueError, match="severities that are numbers"):
        agreement_table(["mild", "none"], ["none", "none"])
    with pytest.raises(ValueError, match="rows that sum to 1, got row 1"):
        agreement_table([0, 1], [0, 1], y_score=[[0.2, 0.8], [0.7, 0.7]])
    # Of two labels the probability of the second is enough.
    table = agreement_table([0, 1], [0, 1], y_score=[0.25, 0.5])["estimate"]
    assert_allclose(table["expected_bias"], (0.25 - 0.5) / 2)
    with pytest.raises(ValueError, match="empty"):
        agreement_table([], [], labels=[0, 1])


def test_icc_of_shrout_and_fleiss():
    icc = intraclass_correlation(SHROUT_FLEISS)
    # Page 424 of the paper; the intervals as R's psych::ICC prints them.
    assert_allclose(icc["estimate"].round(2), [0.29, 0.71])
    assert_allclose(icc["low"].round(3), [0.019, 0.342])
    assert_allclose(icc["high"].round(2), [0.76, 0.95])


def test_a_shift_between_sessions_costs_agreement_and_not_consistency():
    rng = np.random.default_rng(0)
    first = rng.normal(0, 1, 30)
    table = np.column_stack([first, first + 2 + rng.normal(0, 0.1, 30)])
    icc = intraclass_correlation(table)["estimate"]
    assert icc["icc_3_1"] > 0.95
    assert icc["icc_2_1"] < 0.5


def test_icc_intervals_cover():
    rng = np.random.default_rng(0)
    covered = np.zeros(2)
    for _ in range(300):
        # Without an effect of the session both are 1 / (1 + 0.5).
        table = rng.normal(0, 1, (20, 1)) + rng.normal(0, np.sqrt(0.5), (20, 2))
        icc = intraclass_correlation(table)
        covered += ((icc["low"] <= 2 / 3) & (icc["high"] >= 2 / 3)).to_numpy()
    assert (np.abs(covered / 300 - 0.95) < 0.04).all()


def test_icc_of_sessions_that_agree_or_people_who_do_not_differ():
    assert_allclose(intraclass_correlation([[1, 1], [2, 2], [3, 3]]), 1.0)
    assert intraclass_correlation([[1, 1], [1, 1]]).isna().all(axis=None)
    with pytest.raises(ValueError, match="minimum of 2 is required"):
        intraclass_correlation([[1], [2], [3]])
    with pytest.raises(ValueError, match="NaN"):
        intraclass_correlation([[1, 2], [2, np.nan]])


def test_error_of_measurement_is_recovered():
    rng = np.random.default_rng(0)
    person = rng.normal(10, 3, 2000)
    values = np.concatenate([person + rng.normal(0, 0.5, 2000), person + 1 + rng.normal(0, 0.5, 2000)])
    table = retest_reliability(values, np.tile(np.arange(2000), 2), np.repeat([1, 2], 2000)).table["estimate"]
    assert_allclose(table["sem"], 0.5, rtol=0.05)
    assert_allclose(table["mdc"], 1.96 * np.sqrt(2) * 0.5, rtol=0.05)
    assert_allclose(table["bias"], 1, atol=0.05)
    # Between two sessions the limits are the minimal detectable change on both sides of the bias.
    assert_allclose(table["loa_high"] - table["bias"], table["mdc"], rtol=1e-3)


def test_values_of_a_session_are_averaged_and_people_without_one_named():
    values = [1.0, 3.0, 2.5, 4.0, 5.0, 4.5, 9.0]
    subjects, sessions = ["a", "a", "a", "b", "b", "b", "c"], ["I", "I", "II", "I", "II", "II", "II"]
    reliability = retest_reliability(values, subjects, sessions)
    assert reliability.by_session.to_numpy().tolist() == [[2.0, 2.5], [4.0, 4.75]]
    assert reliability.left_out == ["c"]


def test_three_sessions_have_no_single_difference():
    values, subjects, sessions = np.arange(9.0) ** 1.5, np.repeat(list("abc"), 3), np.tile([1, 2, 3], 3)
    assert list(retest_reliability(values, subjects, sessions).table.index) == ["icc_2_1", "icc_3_1", "sem", "mdc"]


@pytest.mark.parametrize(
    ("values", "subjects", "sessions", "message"),
    [
        ([1, 2, 3], list("abc"), [1, 1, 1], "no retest without a second session"),
        ([1, 2, 3], list("aab"), [1, 2, 1], "at least 2 people"),
        ([1, 2, np.nan, 4], list("aabb"), [1, 2, 1, 2], "NaN"),
        ([1, 2, 3, 4], ["a", "a", None, "b"], [1, 2, 1, 2], "subjects: expected one for every value"),
        ([1, 2, 3, 4], list("aabb"), [1, 2, 1], "inconsistent numbers of samples"),
    ],
)
def test_retest_refuses_what_has_no_second_session(values, subjects, sessions, message):
    with pytest.raises(ValueError, match=message):
        retest_reliability(values, subjects, sessions)


def test_sessions_of_the_people_with_parkinsons_disease_at_unm(data_dir):
    from skpd.datasets import load_unm_rest
    from skpd.signal import TremorBandFilter, VectorMagnitude

    unm = load_unm_rest(data_dir / "unm_rest")
    patients = np.flatnonzero(unm.target == "PD")
    bands = TremorBandFilter(unm.sampling_rate, {"tremor": (3, 9)})
    magnitude = VectorMagnitude()
    amplitude = []
    for row in patients:
        signal = bands.fit_transform(magnitude.fit_transform(unm.data[row][None]))
        amplitude.append(np.log10(signal.std()))
    reliability = retest_reliability(amplitude, unm.groups[patients], unm.frame["session"].to_numpy()[patients])
    assert len(reliability.by_session) == 28
    assert reliability.left_out == []
    estimate, low, high = reliability.table.loc["icc_2_1"]
    # People differ more than visits, although one visit is on and the other off medication.
    assert 0.1 < low < estimate < high < 0.95
