"""What the papers report, to stand beside what is measured here."""

from __future__ import annotations

import pandas as pd

__all__ = ["published_tremor_scores"]

# classifier, resampler, accuracy, G-mean, IBA, AUC: every number that the text of the paper gives.
_TREMOR = [
    ("mlp", "none", None, 0.50, 0.26, None),
    ("random-forest", "none", None, 0.32, 0.11, None),
    ("mlp", "BorderlineSMOTE", 0.9381, 0.96, 0.91, 0.99),
    ("random-forest", "ADASYN", 0.9258, 0.95, 0.91, 0.99),
    ("random-forest", "BorderlineSMOTE", 0.9154, 0.94, 0.89, 0.99),
    ("random-forest", "SMOTEENN", 0.9261, 0.95, 0.91, 0.99),
    ("random-forest", "InstanceHardnessThreshold", 0.8611, 0.91, 0.82, 0.96),
    ("mlp", "AllKNN", 0.8566, 0.34, 0.13, None),
    ("random-forest", "AllKNN", None, 0.09, 0.01, None),
]


def published_tremor_scores() -> pd.DataFrame:
    """Scores that AlMahadin et al. (2022) report, window by window.

    Returns
    -------
    scores : DataFrame
        Tidy: classifier, resampler, metric, value. The metrics are averaged by support. The paper's text resamples the
        training part of a random split of windows; its numbers are consistent with resampling before the split
        (protocol "as-published"). For the multilayer perceptron with BorderlineSMOTE the paper gives two accuracies,
        0.9381 (abstract and comparison, listed here) and 0.9504 (section on over-sampling).

    References
    ----------
    .. [1] AlMahadin, Lotfi, McCarthy & Breedon, "Enhanced Parkinson's disease tremor severity classification
       by combining signal processing with resampling techniques", SN Computer Science 3, 2022.
       doi:10.1007/s42979-021-00953-6. Tables 3 to 6.

    Examples
    --------
    >>> from skpd.recipes import published_tremor_scores
    >>> scores = published_tremor_scores()
    >>> scores[(scores["resampler"] == "none") & (scores["classifier"] == "random-forest")]["value"].tolist()
    [0.32, 0.11]
    """
    wide = pd.DataFrame(_TREMOR, columns=["classifier", "resampler", "accuracy", "gmean", "iba", "auc"])
    return wide.melt(["classifier", "resampler"], var_name="metric").dropna().reset_index(drop=True)
