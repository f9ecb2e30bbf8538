"""Agreement with the labels as two raters of one scale are compared, where the classes are grades."""

from __future__ import annotations

import numpy as np
import pandas as pd

from ..plotting._style import as_printed
from ._blocks import Block, Cell, Paragraph, Row, Table, Terms
from ._study import StudyView, configuration_name
from ._tables import heading, number

__all__ = ["agreement_blocks"]

_MEASURES = {
    "exact": "exactly right",
    "within_one": "at most 1 off",
    "mae": "mean abs. error",
    "linear_kappa": "linear kappa",
    "quadratic_kappa": "quadratic kappa",
    "kendall_tau_b": "Kendall's tau b",
    "spearman": "Spearman's rho",
    "icc_2_1": "ICC(2,1)",
    "expected_mae": "expected: error",
    "expected_bias": "expected: bias",
    "expected_loa_low": "expected: lower limit",
    "expected_loa_high": "expected: upper limit",
}
_SHARES = {"exact", "within_one"}
_TERMS = [
    (
        "Kappa",
        "Agreement beyond what two raters with these shares of grades reach by chance, errors weighted by their "
        "distance (linear) or its square (quadratic): 0 is chance, 1 is perfect.",
    ),
    ("Tau and rho", "Whether higher answers go with higher grades; undefined (–) for an answer that never changes."),
    ("ICC(2,1)", "Absolute agreement of answer and label, taken as two raters."),
    (
        "Expected",
        "The mean of the grades weighted by their probabilities. Error and bias are its mean distance from the label "
        "without and with the sign; the limits hold 95 % of the distances. It is drawn to the middle of the scale, so "
        "that low grades come out too high and high ones too low even in a good model.",
    ),
]


def agreement_blocks(study: StudyView) -> list[Block]:
    """Compare answers with labels, beside always giving the most common grade.

    Parameters
    ----------
    study : StudyView
        The study.

    Returns
    -------
    blocks : list of block
        Empty where the classes are no grades.
    """
    pair, protocol = study.headline, study.main_protocol
    if pair is None or study.label_name != "severity" or study.predicted(protocol, pair).empty:
        return []
    units = study.units if protocol in study.sound else [study.unit]
    columns = {f"{unit}s": study.agreement(protocol, pair, unit) for unit in units}
    majority = ("none", "majority")
    if not study.predicted(protocol, majority).empty:
        columns[f"majority, {study.unit}s"] = study.agreement(protocol, majority, study.unit)
    ours, *_ = columns.values()
    rows = [
        Row(title, [_cell(table.loc[name], name) if name in table.index else Cell("–") for table in columns.values()])
        for name, title in _MEASURES.items()
        if name in ours.index
    ]
    shares = [_percent(ours.loc[name, "value"]) for name in ("exact", "within_one")]
    text = (
        f"{heading(configuration_name(pair))} gives {shares[0]} of the {study.unit}s "
        f"their exact grade and {shares[1]} one that is at most 1 off"
    )
    if len(columns) > len(units):
        plain = columns[f"majority, {study.unit}s"]
        shares = [_percent(plain.loc[name, "value"]) for name in ("exact", "within_one")]
        text += f"; always giving the most common grade has {shares[0]} and {shares[1]}"
    return [
        Paragraph(f"{text}."),
        Table(
            caption=f"Agreement, {configuration_name(pair)}, {protocol}",
            head=["measure", *columns],
            rows=rows,
            tag="" if protocol in study.sound else "leaks",
            note="Small: 95 % interval over subjects." if study.n_resamples else "",
        ),
        Terms(_TERMS if "expected_mae" in ours.index else _TERMS[:-1]),
    ]


def _cell(line: pd.Series, name: str) -> Cell:
    write = _percent if name in _SHARES else number
    if np.isnan(line["value"]):
        return Cell("–")
    if not np.isfinite([line["low"], line["high"]]).all():
        return Cell(write(line["value"]))
    # A dash beside a minus sign would be hard to tell from it.
    between = " to " if as_printed(line["low"]) < 0 else "–"
    return Cell(write(line["value"]), f"{write(line['low'])}{between}{write(line['high'])}")


def _percent(share: float) -> str:
    return f"{100 * share:.0f}\u00a0%"
