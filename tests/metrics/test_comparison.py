"""Tests of differences between recipes: against the definition, published examples and null data."""

import itertools

import numpy as np
import pytest
from numpy.testing import assert_allclose
from scipy.stats import ttest_rel

from skpd.metrics import (
    adjust_p_values,
    classification_summary,
    corrected_t_test,
    paired_permutation_test,
    subject_bootstrap,
)


def cohort(seed=0, n_subjects=20, n_windows=10, shares=(0.85, 0.65)):
    rng = np.random.default_rng(seed)
    groups = np.repeat(np.arange(n_subjects), n_windows)
    y_true = rng.integers(0, 3, n_subjects)[groups]
    y_true[:3] = [0, 1, 2]
    sets = [np.where(rng.random(len(groups)) < share, y_true, rng.integers(0, 3, len(groups))) for share in shares]
    return y_true, *sets, groups


@pytest.mark.parametrize("metric", ["balanced_accuracy", "gmean", "quadratic_kappa", "mae"])
def test_few_subjects_are_swapped_in_every_way(metric):
    y_true, first, second, groups = cohort(n_subjects=6)

    def difference(a, b):
        return classification_summary(y_true, a)[metric] - classification_summary(y_true, b)[metric]

    observed, extreme = abs(difference(first, second)), 0
    for swap in itertools.product([False, True], repeat=6):
        swapped = np.array(swap)[groups]
        value = difference(np.where(swapped, second, first), np.where(swapped, first, second))
        extreme += abs(value) >= observed - 1e-12
    result = paired_permutation_test(y_true, first, second, groups, metric=metric, n_resamples=0)
    # Who is swapped without effect is left out, which changes no share.
    assert result.n_permutations in (31, 63)
    assert_allclose(result.p_value, extreme / 64)
    assert_allclose(result.difference, difference(first, second))


def test_drawn_swaps_approach_all_swaps():
    y_true, first, second, groups = cohort(n_subjects=11, shares=(0.75, 0.65))
    exact = paired_permutation_test(y_true, first, second, groups)
    drawn = paired_permutation_test(y_true, first, second, groups, n_permutations=2000, random_state=0)
    assert exact.n_permutations == 2**11 - 1
    assert drawn.n_permutations == 2000
    assert 0.02 < exact.p_value < 0.98
    assert abs(exact.p_value - drawn.p_value) < 4 * np.sqrt(exact.p_value * (1 - exact.p_value) / 2000)


@pytest.mark.parametrize("metric", ["accuracy", "balanced_accuracy"])
def test_interval_is_that_of_the_same_subjects_drawn_for_both(metric):
    y_true, first, second, groups = cohort(n_subjects=10)
    # So few subjects are swapped in every way, and all random numbers go into the resamples.
    result = paired_permutation_test(y_true, first, second, groups, metric=metric, n_resamples=150, random_state=0)

    def difference(rows, _):
        scores = [classification_summary(y_true[rows], y[rows], labels=[0, 1, 2]) for y in (first, second)]
        complete = scores[0]["n_classes_scored"] == 3 or metric == "accuracy"
        return scores[0][metric] - scores[1][metric] if complete else np.nan

    rows = np.arange(len(groups))
    interval = subject_bootstrap(rows, rows, groups, statistic=difference, n_resamples=150, random_state=0).iloc[0]
    assert_allclose([result.difference, result.low, result.high], interval[["estimate", "low", "high"]].astype(float))


def test_repeats_are_averaged_and_a_person_is_swapped_in_all():
    y_true, first, second, groups = cohort(n_subjects=9)
    once = paired_permutation_test(y_true, first, second, groups, n_resamples=50, random_state=0)
    twice = paired_permutation_test(
        *(np.tile(a, 2) for a in (y_true, first, second, groups)),
        repeats=np.repeat(["seed 0", "seed 1"], len(groups)),
        n_resamples=50,
        random_state=0,
    )
    assert_allclose(once, twice)


def test_many_windows_of_few_people_are_no_evidence():
    rng = np.random.default_rng(0)
    groups = np.repeat(np.arange(4), 500)
    y_true = groups % 2
    first = np.where(rng.random(2000) < 0.9, y_true, 1 - y_true)
    result = paired_permutation_test(y_true, first, 1 - first, groups)
    assert result.difference > 0.7
    assert result.p_value == 2 / 2**4


def test_permutation_test_keeps_its_level_where_errors_depend_on_the_person():
    rng = np.random.default_rng(0)
    groups = np.repeat(np.arange(16), 10)
    y_true = groups % 2
    p_values = []
    for _ in range(200):
        skill = rng.normal(1, 1, (2, 16))
        first, second = (np.where(rng.random(160) < 1 / (1 + np.exp(-s[groups])), y_true, 1 - y_true) for s in skill)
        test = paired_permutation_test(
            y_true, first, second, groups, n_permutations=199, n_resamples=0, random_state=rng.integers(2**31)
        )
        p_values.append(test.p_value)
    # 200 draws of a rate of 5 %: 11 % or more once in a thousand.
    assert np.mean(np.array(p_values) <= 0.05) < 0.11
    assert 0.4 < np.mean(p_values) < 0.6


def test_real_differences_are_found_whichever_comes_first():
    y_true, first, second, groups = cohort()
    one = paired_permutation_test(y_true, first, second, groups, random_state=0)
    other = paired_permutation_test(y_true, second, first, groups, random_state=0)
    assert one.p_value < 0.01
    assert_allclose([one.difference, one.p_value], [-other.difference, other.p_value])


def test_permutation_test_refuses_what_it_cannot_test():
    y_true, first, second, groups = cohort()
    with pytest.raises(ValueError, match="swapped scores have two scales"):
        paired_permutation_test(y_true, first, second, groups, metric="auc")
    with pytest.raises(ValueError, match=r"metric: expected one of accuracy, .*got 'acc'"):
        paired_permutation_test(y_true, first, second, groups, metric="acc")
    with pytest.raises(ValueError, match="at least 2 subjects"):
        paired_permutation_test(y_true, first, second, np.zeros(len(groups)))
    with pytest.raises(ValueError, match="inconsistent numbers of samples"):
        paired_permutation_test(y_true, first, second[:-1], groups)
    with pytest.raises(ValueError, match="n_permutations"):
        paired_permutation_test(y_true, first, second, groups, n_permutations=0)


@pytest.mark.parametrize("form", [list, lambda names: np.array(names, dtype=object)])
@pytest.mark.parametrize("nobody", [None, np.nan])
def test_rows_of_nobody_are_no_person(form, nobody):
    y_true, first, second, _ = cohort()
    names = [f"S{i % 6}" if i % 7 else nobody for i in range(len(y_true))]
    for compare in (paired_permutation_test, lambda y, first, _, groups: subject_bootstrap(y, first, groups)):
        with pytest.raises(ValueError, match=r"groups: expected a subject for every row, got none for .* row 0"):
            compare(y_true, first, second, form(names))


def test_people_may_have_names_of_several_types():
    y_true, first, second, groups = cohort()
    names = np.array([f"S{g}" if g % 2 else int(g) for g in groups], dtype=object)
    result = paired_permutation_test(y_true, first, second, names, random_state=0)
    assert result.n_subjects == len(np.unique(groups))
    assert len(subject_bootstrap(y_true, first, names, n_resamples=10))


def test_one_class_has_no_specificity_and_no_p_value():
    groups = np.repeat(np.arange(5), 4)
    zeros = np.zeros(20, dtype=int)
    result = paired_permutation_test(zeros, zeros, np.tile([0, 1], 10), groups, metric="gmean", labels=[0, 1])
    assert np.isnan([result.difference, result.low, result.p_value]).all()


def test_corrected_t_is_the_plain_one_with_a_larger_variance():
    rng = np.random.default_rng(0)
    differences = rng.normal(0.02, 0.03, 10)
    plain = ttest_rel(differences, np.zeros(10))
    corrected = corrected_t_test(differences, test_share=0.1)
    # Nadeau & Bengio 2003, equation 9: 1 / J becomes 1 / J + n_2 / n_1 = 1 / 10 + 1 / 9.
    assert_allclose(corrected.statistic, plain.statistic * np.sqrt((1 / 10) / (1 / 10 + 1 / 9)))
    assert corrected.p_value > plain.pvalue
    assert_allclose((corrected.low + corrected.high) / 2, differences.mean())


@pytest.mark.parametrize(("differences", "p_value"), [([0.0, 0.0, 0.0], 1.0), ([0.1, 0.1, 0.1], 0.0)])
def test_folds_that_agree_exactly(differences, p_value):
    result = corrected_t_test(differences, test_share=1 / 3)
    assert result.p_value == p_value
    assert result.low == result.difference == result.high


@pytest.mark.parametrize("differences", [[0.1], [], [0.1, np.nan]])
def test_corrected_t_test_needs_two_finite_folds(differences):
    with pytest.raises(ValueError, match="at least 2 finite values"):
        corrected_t_test(differences, test_share=0.2)


def test_corrected_t_test_needs_a_share():
    with pytest.raises(ValueError, match="test_share between 0 and 1"):
        corrected_t_test([0.1, 0.2], test_share=5)


def test_holm_is_the_published_procedure():
    # By hand: sorted 0.005 x 4, 0.01 x 3, 0.03 x 2, then 0.04 may not fall below its predecessor.
    assert_allclose(adjust_p_values([0.01, 0.04, 0.03, 0.005]), [0.03, 0.06, 0.06, 0.02])
    assert_allclose(adjust_p_values([0.5, 0.9, 0.8]), [1.0, 1.0, 1.0])


def test_a_comparison_that_was_not_made_does_not_count():
    assert_allclose(adjust_p_values([0.02, np.nan, 0.01]), [0.02, np.nan, 0.02])
    assert_allclose(adjust_p_values([0.02, np.nan, 0.01], "benjamini-hochberg"), [0.02, np.nan, 0.02])
    assert_allclose(adjust_p_values([0.02, 0.01], None), [0.02, 0.01])
    assert len(adjust_p_values([])) == 0


def test_adjusting_refuses_what_is_no_p_value():
    with pytest.raises(ValueError, match=r"in \[0, 1\], got \[1.2\]"):
        adjust_p_values([0.1, 1.2])
    with pytest.raises(ValueError, match='expected "holm"'):
        adjust_p_values([0.1], "fdr")


def test_the_interval_has_one_degree_of_freedom_fewer_than_folds():
    result = corrected_t_test([0.02, 0.05, 0.01, 0.04, 0.03], test_share=1 / 5)
    error = np.sqrt((1 / 5 + 1 / 4) * 0.00025)  # Their variance is 0.00025.
    assert_allclose([result.low, result.high], [0.03 - 2.7764451052 * error, 0.03 + 2.7764451052 * error], rtol=1e-6)
