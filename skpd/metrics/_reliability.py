"""Intraclass correlation, and how far a measure moves between two sessions of the same person."""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
import pandas as pd
from scipy.stats import chi2, f, norm
from scipy.stats import t as student_t
from sklearn.utils import Bunch, check_array, check_consistent_length, column_or_1d

__all__ = ["icc_agreement", "intraclass_correlation", "mean_squares", "retest_reliability"]


class MeanSquares(NamedTuple):
    """The two-way analysis of variance of a table of subjects x sessions without replication."""

    subjects: float
    sessions: float
    error: float
    n: float
    """Subjects."""
    k: int
    """Sessions."""


def mean_squares(table: np.ndarray, weights: np.ndarray | None = None) -> MeanSquares:
    """Analyse the variance of `table` (n, k); with `weights` each row counts so many times."""
    weights = np.ones(len(table)) if weights is None else weights
    n, k = weights.sum(), table.shape[1]
    grand = (weights @ table).sum() / (n * k)
    rows, columns = table.mean(axis=1), weights @ table / n
    residual = table - rows[:, None] - columns + grand
    with np.errstate(invalid="ignore", divide="ignore"):
        return MeanSquares(
            subjects=float(k * (weights @ (rows - grand) ** 2) / (n - 1)),
            sessions=float(n * ((columns - grand) ** 2).sum() / (k - 1)),
            error=float((weights @ residual**2).sum() / ((n - 1) * (k - 1))),
            n=float(n),
            k=k,
        )


def icc_agreement(ms: MeanSquares) -> float:
    """ICC(2,1): two-way random, single measure, absolute agreement."""
    return _ratio(ms.subjects - ms.error, ms.subjects + (ms.k - 1) * ms.error + ms.k * (ms.sessions - ms.error) / ms.n)


def _icc_consistency(ms: MeanSquares) -> float:
    return _ratio(ms.subjects - ms.error, ms.subjects + (ms.k - 1) * ms.error)


def _ratio(a: float, b: float) -> float:
    return a / b if b != 0 else np.nan


def intraclass_correlation(ratings: Any, *, confidence_level: float = 0.95) -> pd.DataFrame:
    r"""Intraclass correlation of single measures, whether sessions, devices or raters agree on the same people.

    Parameters
    ----------
    ratings : array-like of shape (n_subjects, n_sessions)
        One row a subject, one column a session, device or rater. Everybody has all of them.
    confidence_level : float, default=0.95
        Of the intervals.

    Returns
    -------
    icc : DataFrame
        Rows "icc_2_1" (absolute agreement: a shift between sessions counts as error) and "icc_3_1" (consistency: it
        does not); columns estimate, low, high.

    Raises
    ------
    ValueError
        If there are fewer than two subjects or sessions, or a value is missing or not finite.

    See Also
    --------
    retest_reliability : With the error in the unit of the measure, from one row a measurement.

    Notes
    -----
    With the mean squares of subjects :math:`B`, sessions :math:`J` and error :math:`E` of a two-way analysis of
    variance of :math:`n` subjects and :math:`k` sessions (page 423 of [1]_),

    .. math::

        \mathrm{ICC}(2,1) = \frac{B - E}{B + (k - 1) E + k (J - E) / n}, \qquad
        \mathrm{ICC}(3,1) = \frac{B - E}{B + (k - 1) E}

    These are ICC(A,1) and ICC(C,1) of [2]_, whose table 7 has the intervals (Satterthwaite's degrees of freedom for
    agreement). Estimates below 0 are possible and mean none. The intervals assume normal values. An ICC depends on how
    different the people are: the same measure scores higher in a mixed cohort than in one of similar people.

    References
    ----------
    .. [1] Shrout & Fleiss, "Intraclass correlations: uses in assessing rater reliability", Psychological Bulletin 86,
       420-428, 1979.
    .. [2] McGraw & Wong, "Forming inferences about some intraclass correlation coefficients", Psychological Methods 1,
       30-46, 1996.

    Examples
    --------
    Table 2 of [1]_:

    >>> from skpd.metrics import intraclass_correlation
    >>> ratings = [[9, 2, 5, 8], [6, 1, 3, 2], [8, 4, 6, 8], [7, 1, 2, 6], [10, 5, 6, 9], [6, 2, 4, 7]]
    >>> intraclass_correlation(ratings).round(2)
             estimate   low  high
    measure
    icc_2_1      0.29  0.02  0.76
    icc_3_1      0.71  0.34  0.95
    """
    table = check_array(ratings, dtype=np.float64, ensure_min_samples=2, ensure_min_features=2, input_name="ratings")
    _check_level(confidence_level)
    ms = mean_squares(table)
    rows = {
        "icc_2_1": (icc_agreement(ms), *_agreement_interval(ms, confidence_level)),
        "icc_3_1": (_icc_consistency(ms), *_consistency_interval(ms, confidence_level)),
    }
    return _table(rows)


def _agreement_interval(ms: MeanSquares, level: float) -> tuple[float, float]:
    """McGraw & Wong 1996, table 7, ICC(A,1)."""
    icc, (_, _, _, n, k) = icc_agreement(ms), ms
    if np.isnan(icc) or icc == 1:
        return icc, icc
    a = k * icc / (n * (1 - icc))
    b = 1 + k * icc * (n - 1) / (n * (1 - icc))
    weighted = a * ms.sessions, b * ms.error
    df = sum(weighted) ** 2 / (weighted[0] ** 2 / (k - 1) + weighted[1] ** 2 / ((n - 1) * (k - 1)))
    upper_tail = 1 - (1 - level) / 2
    below, above = f.ppf(upper_tail, n - 1, df), f.ppf(upper_tail, df, n - 1)
    rest = k * ms.sessions + (k * n - k - n) * ms.error
    low = n * (ms.subjects - below * ms.error) / (below * rest + n * ms.subjects)
    high = n * (above * ms.subjects - ms.error) / (rest + n * above * ms.subjects)
    return float(low), float(high)


def _consistency_interval(ms: MeanSquares, level: float) -> tuple[float, float]:
    """McGraw & Wong 1996, table 7, ICC(C,1)."""
    if ms.error == 0:
        return (np.nan, np.nan) if ms.subjects == 0 else (1.0, 1.0)
    ratio, df = ms.subjects / ms.error, (ms.n - 1) * (ms.k - 1)
    upper_tail = 1 - (1 - level) / 2
    low, high = ratio / f.ppf(upper_tail, ms.n - 1, df), ratio * f.ppf(upper_tail, df, ms.n - 1)
    return float((low - 1) / (low + ms.k - 1)), float((high - 1) / (high + ms.k - 1))


def retest_reliability(values: Any, subjects: Any, sessions: Any, *, confidence_level: float = 0.95) -> Bunch:
    r"""Test-retest reliability of a measure, from people who came more than once.

    How much must a tremor measure change before the change is more than noise? The minimal detectable change answers in
    the unit of the measure; the intraclass correlation says how much of the spread between people is not noise.

    Parameters
    ----------
    values : array-like of shape (n_samples,)
        The measure: a predicted probability or severity, a feature. Several values of a subject in a session, such as
        those of windows, are averaged first.
    subjects : array-like of shape (n_samples,)
        The person of each value.
    sessions : array-like of shape (n_samples,)
        The session of each value; sessions are ordered as they sort. People who lack one are left out.
    confidence_level : float, default=0.95
        Of the intervals and of the minimal detectable change.

    Returns
    -------
    reliability : Bunch
        With the entries

        table : DataFrame
            Columns estimate, low, high; rows

            - icc_2_1, icc_3_1: see `intraclass_correlation`;
            - sem: standard error of measurement, in the unit of the measure;
            - mdc: minimal detectable change between two single measurements;
            - bias, loa_low, loa_high: mean difference, second session minus first, and the limits that hold 95 % of
              the differences (Bland and Altman). Only with two sessions.
        by_session : DataFrame of shape (n_subjects, n_sessions)
            The values that were compared.
        left_out : list
            People who lack a session.

    Raises
    ------
    ValueError
        If lengths differ, a value is missing, there is one session only, or fewer than two people have all sessions.

    See Also
    --------
    intraclass_correlation : From a table of subjects x sessions.

    Notes
    -----
    The standard error of measurement is the root of the error mean square [1]_, free of a shift between sessions,
    with an interval from the chi-squared distribution; the minimal detectable change is :math:`z \sqrt 2` times that.
    Intervals of the limits of agreement are those of [2]_ (variance :math:`s^2 (1/n + z^2 / (2 (n - 1)))`).

    The values of both sessions must come from models that have trained on neither, and what changed between the
    sessions (medication, device, place) is part of the error: ON against OFF is not a pure retest.

    References
    ----------
    .. [1] Weir, "Quantifying test-retest reliability using the intraclass correlation coefficient and the SEM",
       J. Strength Cond. Res. 19, 231-240, 2005.
    .. [2] Bland & Altman, "Measuring agreement in method comparison studies", Stat. Methods Med. Res. 8, 135-160,
       1999.

    Examples
    --------
    >>> from skpd.metrics import retest_reliability
    >>> values = [1.0, 1.2, 2.1, 2.0, 3.3, 3.0, 4.0, 4.4, 5.0]
    >>> subjects = ["a", "a", "b", "b", "c", "c", "d", "d", "e"]
    >>> reliability = retest_reliability(values, subjects, [1, 2, 1, 2, 1, 2, 1, 2, 1])
    >>> reliability.table.round(2)
              estimate   low  high
    measure
    icc_2_1       0.98  0.74  1.00
    icc_3_1       0.97  0.66  1.00
    sem           0.22  0.12  0.82
    mdc           0.61  0.35  2.27
    bias          0.05 -0.44  0.54
    loa_low      -0.56 -1.49  0.37
    loa_high      0.66 -0.27  1.59
    >>> reliability.left_out
    ['e']
    """
    check_consistent_length(values, subjects, sessions)
    _check_level(confidence_level)
    measured = check_array(values, ensure_2d=False, dtype=np.float64, input_name="values")
    frame = pd.DataFrame(
        {"value": column_or_1d(measured), "subject": column_or_1d(subjects), "session": column_or_1d(sessions)}
    )
    for column in ("subject", "session"):
        if frame[column].isna().any():
            raise ValueError(f"{column}s: expected one for every value, found none for {frame[column].isna().sum()}.")
    wide = frame.pivot_table(index="subject", columns="session", values="value", aggfunc="mean")
    complete = wide.dropna()
    if wide.shape[1] < 2 or len(complete) < 2:
        raise ValueError(
            f"expected at least 2 people with all of at least 2 sessions, got {len(complete)} with all of "
            f"{wide.columns.tolist()}: there is no retest without a second session."
        )
    table = complete.to_numpy()
    ms = mean_squares(table)
    df = (ms.n - 1) * (ms.k - 1)
    tail = (1 - confidence_level) / 2
    z = norm.ppf(1 - tail)
    sem = np.sqrt(ms.error) * np.array([1.0, *np.sqrt(df / chi2.ppf([1 - tail, tail], df))])
    rows = {"sem": tuple(sem), "mdc": tuple(z * np.sqrt(2) * sem)}
    if ms.k == 2:
        rows |= _limits_of_agreement(table[:, 1] - table[:, 0], confidence_level)
    return Bunch(
        table=pd.concat([intraclass_correlation(table, confidence_level=confidence_level), _table(rows)]),
        by_session=complete,
        left_out=wide.index[wide.isna().any(axis=1)].tolist(),
    )


def _limits_of_agreement(differences: np.ndarray, level: float) -> dict[str, tuple[float, float, float]]:
    """Return bias and 95 % limits with their intervals, after Bland & Altman 1999, section 2.3."""
    n, mean, sd = len(differences), differences.mean(), differences.std(ddof=1)
    z = norm.ppf(0.975)
    t = student_t.ppf((1 + level) / 2, n - 1)
    error = sd / np.sqrt(n), sd * np.sqrt(1 / n + z**2 / (2 * (n - 1)))
    return {
        name: (centre, centre - t * e, centre + t * e)
        for name, centre, e in (
            ("bias", mean, error[0]),
            ("loa_low", mean - z * sd, error[1]),
            ("loa_high", mean + z * sd, error[1]),
        )
    }


def _table(rows: dict[str, tuple]) -> pd.DataFrame:
    frame = pd.DataFrame.from_dict(rows, orient="index", columns=["estimate", "low", "high"], dtype=np.float64)
    return frame.rename_axis("measure")


def _check_level(confidence_level: float) -> None:
    if not 0 < confidence_level < 1:
        raise ValueError(f"expected confidence_level between 0 and 1, got confidence_level={confidence_level!r}.")
