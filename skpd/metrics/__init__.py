"""Metrics for imbalanced and ordinal classes, their scorers, and their confidence intervals over subjects.

Start with `classification_table` for one set of predictions class by class, `classification_summary` for the same as
one line of a results table, `make_scorers` for ``GridSearchCV(scoring=...)``, and `subject_bootstrap` for intervals.
`paired_permutation_test` and `corrected_t_test` compare two recipes, `agreement_table` compares predicted with rated
severity, `retest_reliability` two sessions of the same people.

Wherever classes are averaged the averaging is named: "support" (weighted by their number of samples, the convention
that published tremor results fit) or "macro". Averages run over the classes that occur in `y_true`; nothing else is
ever filled in.
"""

from ._agreement import agreement_table
from ._auc import one_vs_rest_auc_score
from ._bootstrap import subject_bootstrap
from ._comparison import FoldComparison, PairedComparison, adjust_p_values, corrected_t_test, paired_permutation_test
from ._reliability import intraclass_correlation, retest_reliability
from ._report import classification_summary, classification_table
from ._scorers import OneVsRestAUCScorer, gmean_scorer, iba_scorer, make_scorers
from ._scores import geometric_mean_score, index_balanced_accuracy_score, sensitivity_score, specificity_score

__all__ = [
    "FoldComparison",
    "OneVsRestAUCScorer",
    "PairedComparison",
    "adjust_p_values",
    "agreement_table",
    "classification_summary",
    "classification_table",
    "corrected_t_test",
    "geometric_mean_score",
    "gmean_scorer",
    "iba_scorer",
    "index_balanced_accuracy_score",
    "intraclass_correlation",
    "make_scorers",
    "one_vs_rest_auc_score",
    "paired_permutation_test",
    "retest_reliability",
    "sensitivity_score",
    "specificity_score",
    "subject_bootstrap",
]
