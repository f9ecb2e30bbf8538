"""What papers report of Parkinson's disease from handwriting, and how they tested, to stand beside what is measured."""

from __future__ import annotations

import pandas as pd

__all__ = ["published_handwriting_scores"]

_COLUMNS = ("system", "data", "method", "source", "mode", "metric", "value", "protocol", "known_from")

_RANDOM = "not stated; the height fits a random split of augmented images (as-published)"

_SCORES = [
    ("Naseer 2020", "PaHaW", "AlexNet, transfer and augmentation", "imagenet", "finetune", "accuracy", 0.9828, _RANDOM,
     "abstract"),
    ("Drotár 2016", "PaHaW", "kinematics and pressure, support vector machine", "", "", "accuracy", 0.813,
     "cross-validation of people", "abstract"),
    ("Diaz 2019", "PaHaW", "enhanced images, pretrained network, ensemble", "", "", "accuracy", 0.8667,
     "folds of people", "secondary"),
    ("Gil-Martín 2019", "UCI", "spectra of x and y, convolutional network", "", "", "accuracy", 0.965,
     "folds; of people or of windows is not certain", "abstract"),
    ("Kamble 2021", "UCI", "kinematic and spatial features", "", "", "accuracy", 0.916, "one hold-out set", "abstract"),
]  # fmt: skip


def published_handwriting_scores() -> pd.DataFrame:
    """Scores that papers report for pen trajectories of patients and controls.

    Returns
    -------
    scores : DataFrame
        One row a score: system, data, method, source and mode (of transfer, "" elsewhere), metric, value, protocol (in
        words, with what is not stated) and known_from: "abstract", or "secondary" where the number is known from
        other papers only.

    See Also
    --------
    make_naseer : The first of them.

    Notes
    -----
    Of the UCI people 62 of 77 are patients: an accuracy of 0.81 is that of calling everybody a patient. PaHaW has 37
    patients and 38 controls.

    The text of Naseer et al. that could be read, the abstract, does not say how people were split. An accuracy of 0.98
    on PaHaW stands alone: studies that keep people apart report 0.75 to 0.90.

    References
    ----------
    .. [1] Naseer A. et al., Neural Computing and Applications 32 (2020) 839-854.
    .. [2] Drotar P. et al., Artificial Intelligence in Medicine 67 (2016) 39-46.
    .. [3] Diaz M. et al., Pattern Recognition Letters 128 (2019) 204-210.
    .. [4] Gil-Martin M., Montero J. M., San-Segundo R. (2019), on the UCI spirals.
    .. [5] Kamble M. et al. (2021), digitised spirals and machine learning.

    Examples
    --------
    >>> from skpd.recipes import published_handwriting_scores
    >>> scores = published_handwriting_scores().set_index("system")
    >>> print(scores.loc["Naseer 2020", "value"])
    0.9828
    """
    return pd.DataFrame(_SCORES, columns=list(_COLUMNS))
