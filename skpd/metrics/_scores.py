"""Sensitivity, specificity, G-mean and index of balanced accuracy, with the averaging named."""

from __future__ import annotations

from typing import Any

import numpy as np

from ._confusion import average_classes, class_metrics, confusion_counts

__all__ = ["geometric_mean_score", "index_balanced_accuracy_score", "sensitivity_score", "specificity_score"]


def geometric_mean_score(
    y_true: Any,
    y_pred: Any,
    *,
    average: str | None = "support",
    labels: Any = None,
    sample_weight: Any = None,
) -> float | np.ndarray:
    r"""Geometric mean of sensitivity and specificity.

    Parameters
    ----------
    y_true : array-like of shape (n_samples,)
        The true classes.
    y_pred : array-like of shape (n_samples,)
        The predicted classes.
    average : {"support", "macro", "product"} or None, default="support"
        How the classes are brought together; see Notes.
    labels : array-like of shape (n_labels,), default=None
        The labels of the whole problem, in the order of the result of ``average=None``. By default those that occur
        in `y_true` or `y_pred`, sorted.
    sample_weight : array-like of shape (n_samples,), default=None
        Weights of the samples.

    Returns
    -------
    score : float, or ndarray of shape (n_labels,) with ``average=None``
        In [0, 1], higher is better. Averages run over the classes that occur in `y_true`; a class that does not is
        nan with ``average=None``. Where `y_true` holds a single class there is no specificity, and the score is nan
        but with ``average="product"``.

    Raises
    ------
    ValueError
        If `average` is unknown, lengths differ, or a value of `y_true` or `y_pred` is not among `labels`.

    See Also
    --------
    index_balanced_accuracy_score : The G-mean squared, corrected for dominance.
    classification_table : All metrics of each class.

    Notes
    -----
    Class :math:`c` against the rest has the sensitivity :math:`s_c`, the specificity :math:`p_c` and the number of
    samples :math:`n_c`; :math:`N` is the number of samples, :math:`K` the number of classes that occur. Four different
    numbers are called the G-mean of a multi-class problem:

    ==========================  ===================================================  ============================
    name                        formula                                              in imbalanced-learn
    ==========================  ===================================================  ============================
    ``average="support"``       :math:`\sum_c (n_c / N) \sqrt{s_c p_c}`              avg_geo of the report [2]_
    ``average="macro"``         :math:`\sum_c \sqrt{s_c p_c} / K`                    --
    ``average="product"``       :math:`(\prod_c s_c)^{1/K}`                          ``average="multiclass"``
    not offered                 :math:`\sqrt{\bar s \bar p}`, plain or weighted      ``"macro"``, ``"weighted"``
                                means first
    ==========================  ===================================================  ============================

    "support" is the averaging that published tremor results fit (inferred by arithmetic, not stated in [3]_). It says
    little about rare classes; "product" is 0 as soon as one class is never recognised.

    References
    ----------
    .. [1] Kubat & Matwin, "Addressing the curse of imbalanced training sets: one-sided selection", ICML 1997.
    .. [2] ``imblearn.metrics.classification_report_imbalanced``.
    .. [3] AlMahadin, Lotfi, McCarthy & Breedon, SN Computer Science, 2022, doi:10.1007/s42979-021-00953-6.

    Examples
    --------
    >>> from skpd.metrics import geometric_mean_score
    >>> y_true = [0, 0, 0, 0, 0, 0, 1, 1, 1, 2]
    >>> y_pred = [0, 0, 0, 0, 0, 1, 1, 1, 0, 0]
    >>> round(geometric_mean_score(y_true, y_pred), 3)
    0.614
    >>> geometric_mean_score(y_true, y_pred, average=None).round(3)
    array([0.645, 0.756, 0.   ])
    >>> geometric_mean_score(y_true, y_pred, average="product")
    0.0
    """
    classes = _classes(y_true, y_pred, labels, sample_weight)
    if average == "product":
        return float(average_classes(classes["sensitivity"], classes["support"], "product"))
    return _averaged(classes, "gmean", average, also=("product",))


def index_balanced_accuracy_score(
    y_true: Any,
    y_pred: Any,
    *,
    alpha: float = 0.1,
    average: str | None = "support",
    labels: Any = None,
    sample_weight: Any = None,
) -> float | np.ndarray:
    r"""Index of balanced accuracy: the squared G-mean, corrected for dominance.

    Parameters
    ----------
    y_true : array-like of shape (n_samples,)
        The true classes.
    y_pred : array-like of shape (n_samples,)
        The predicted classes.
    alpha : float, default=0.1
        Weight of the dominance, from 0 (the squared G-mean) to 1.
    average : {"support", "macro"} or None, default="support"
        Mean over classes weighted by their number of samples, plain mean, or one value a class.
    labels : array-like of shape (n_labels,), default=None
        The labels of the whole problem; see `geometric_mean_score`.
    sample_weight : array-like of shape (n_samples,), default=None
        Weights of the samples.

    Returns
    -------
    score : float, or ndarray of shape (n_labels,) with ``average=None``
        In [0, 1] for `alpha` in [0, 1], higher is better. nan as in `geometric_mean_score`.

    Raises
    ------
    ValueError
        If `average` is unknown, `alpha` is not in [0, 1], lengths differ, or a value is not among `labels`.

    See Also
    --------
    geometric_mean_score : Its square root with ``alpha=0``, class by class.

    Notes
    -----
    Of class :math:`c` against the rest, with sensitivity :math:`s_c` and specificity :math:`p_c`,

    .. math:: \mathrm{IBA}_c = (1 + \alpha (s_c - p_c)) \, s_c p_c

    (equation 4 of [1]_ with the squared G-mean). ``average="support"`` equals avg_iba of
    ``imblearn.metrics.classification_report_imbalanced``, and with `alpha` = 0.1 it is the convention that published
    tremor results fit (inferred by arithmetic).

    References
    ----------
    .. [1] García, Mollineda & Sánchez, "Index of balanced accuracy: a performance measure for skewed class
       distributions", IbPRIA 2009, LNCS 5524, 441-448.

    Examples
    --------
    >>> from skpd.metrics import index_balanced_accuracy_score
    >>> y_true = [0, 0, 0, 0, 0, 0, 1, 1, 1, 2]
    >>> y_pred = [0, 0, 0, 0, 0, 1, 1, 1, 0, 0]
    >>> round(index_balanced_accuracy_score(y_true, y_pred), 3)
    0.426
    """
    if not 0 <= alpha <= 1:
        raise ValueError(f"expected alpha in [0, 1], got alpha={alpha!r}.")
    return _averaged(_classes(y_true, y_pred, labels, sample_weight, alpha=alpha), "iba", average)


def sensitivity_score(
    y_true: Any,
    y_pred: Any,
    *,
    average: str | None = "support",
    labels: Any = None,
    sample_weight: Any = None,
) -> float | np.ndarray:
    """Share of the samples of a class that are recognised (recall).

    Parameters
    ----------
    y_true : array-like of shape (n_samples,)
        The true classes.
    y_pred : array-like of shape (n_samples,)
        The predicted classes.
    average : {"support", "macro"} or None, default="support"
        Mean over classes weighted by their number of samples (this is the accuracy), plain mean (this is the balanced
        accuracy), or one value a class.
    labels : array-like of shape (n_labels,), default=None
        The labels of the whole problem; see `geometric_mean_score`.
    sample_weight : array-like of shape (n_samples,), default=None
        Weights of the samples.

    Returns
    -------
    score : float, or ndarray of shape (n_labels,) with ``average=None``
        In [0, 1], higher is better. A class that does not occur in `y_true` is nan with ``average=None`` and left out
        of averages.

    See Also
    --------
    specificity_score : Share of the others that are not taken for the class.

    Examples
    --------
    >>> from skpd.metrics import sensitivity_score
    >>> sensitivity_score([0, 0, 0, 1, 1], [0, 0, 1, 1, 0], average=None, labels=[0, 1, 2]).round(2)
    array([0.67, 0.5 ,  nan])
    """
    return _averaged(_classes(y_true, y_pred, labels, sample_weight), "sensitivity", average)


def specificity_score(
    y_true: Any,
    y_pred: Any,
    *,
    average: str | None = "support",
    labels: Any = None,
    sample_weight: Any = None,
) -> float | np.ndarray:
    """Share of the samples of all other classes that are not taken for the class.

    Parameters
    ----------
    y_true : array-like of shape (n_samples,)
        The true classes.
    y_pred : array-like of shape (n_samples,)
        The predicted classes.
    average : {"support", "macro"} or None, default="support"
        Mean over classes weighted by their number of samples, plain mean, or one value a class.
    labels : array-like of shape (n_labels,), default=None
        The labels of the whole problem; see `geometric_mean_score`.
    sample_weight : array-like of shape (n_samples,), default=None
        Weights of the samples.

    Returns
    -------
    score : float, or ndarray of shape (n_labels,) with ``average=None``
        In [0, 1], higher is better. nan as in `geometric_mean_score`.

    See Also
    --------
    sensitivity_score : Share of the samples of the class that are recognised.

    Notes
    -----
    ``average="support"`` equals avg_spe of ``imblearn.metrics.classification_report_imbalanced``. It is not the
    specificity of "tremor or none": with many classes a rare class has a specificity near 1 whatever the classifier.

    With `sample_weight` it does not equal imbalanced-learn's, which (as of 0.14) counts true negatives without weights.

    Examples
    --------
    >>> from skpd.metrics import specificity_score
    >>> specificity_score([0, 0, 0, 1, 1], [0, 0, 1, 1, 0], average=None).round(2)
    array([0.5 , 0.67])
    """
    return _averaged(_classes(y_true, y_pred, labels, sample_weight), "specificity", average)


def _classes(y_true: Any, y_pred: Any, labels: Any, sample_weight: Any, alpha: float = 0.1) -> dict[str, np.ndarray]:
    counts, _ = confusion_counts(y_true, y_pred, labels, sample_weight)
    return class_metrics(counts, alpha=alpha)


def _averaged(
    classes: dict[str, np.ndarray], name: str, average: str | None, also: tuple[str, ...] = ()
) -> float | np.ndarray:
    if average is None:
        return classes[name]
    if average not in ("support", "macro"):
        choices = ("support", "macro", *also, None)
        raise ValueError(f"expected average to be one of {choices}, got average={average!r}.")
    return float(average_classes(classes[name], classes["support"], average))
