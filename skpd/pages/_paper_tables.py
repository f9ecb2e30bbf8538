"""The tables of the tremor paper, each folded, with this study's numbers."""

from __future__ import annotations

from collections.abc import Iterator

import pandas as pd

from ..model_selection import PROTOCOLS
from ..studies import ALL_BASELINES
from ..studies._published_tables import published_tables
from ._blocks import Cell, Folded, Row, Table
from ._study import StudyView
from ._tables import heading, number

__all__ = ["paper_tables"]

_TITLES = {
    "table_2_class_distribution": "Table 2: class distribution",
    "table_3_over_sampling": "Table 3: over-sampling",
    "table_4_under_sampling": "Table 4: under-sampling",
    "table_5_hybrid": "Table 5: hybrid resampling",
    "table_6_best": "Table 6: the best resampler of each family",
    "table_7_published_systems": "Table 7: published systems",
}
_PAPER = "paper: "
_KEYS = ["protocol", "classifier", "resampler", "unit", "family"]
_SOUND = {"yes": "people never seen", "no": "leaks", "": "people: not stated"}


def paper_tables(study: StudyView) -> list[Folded]:
    """Lay the scores out as the paper's Tables 2 to 7.

    Parameters
    ----------
    study : StudyView
        A study of tremor severity.

    Returns
    -------
    tables : list of Folded
        Those of the families that were run.
    """
    blocks = []
    for name, table in published_tables(study.results, study.scores).items():
        title = _TITLES[name]
        if name == "table_2_class_distribution":
            tables = [_class_distribution(study, table)]
        elif name == "table_7_published_systems":
            tables = [_systems(table)]
        else:
            tables = [
                _scores(
                    part,
                    f"{title.partition(':')[0]}, {heading(classifier, lower=True)}, {protocol}",
                    protocol,
                    chosen=name == "table_6_best",
                )
                for protocol, classifier, part in _parts(table)
            ]
        blocks.append(Folded(title, tables))
    return blocks


def _parts(table: pd.DataFrame) -> Iterator[tuple[str, str, pd.DataFrame]]:
    """Yield protocol, classifier and their rows, the baselines of the protocol last."""
    for protocol, of_protocol in table.groupby("protocol", sort=False):
        baseline = of_protocol["classifier"].isin(ALL_BASELINES)
        # Not those of which only the row without resampling was run.
        resampled = of_protocol[~baseline & (of_protocol["resampler"] != "none")]
        for classifier in dict.fromkeys(resampled["classifier"]):
            rows = of_protocol[of_protocol["classifier"] == classifier]
            yield str(protocol), str(classifier), pd.concat([rows, of_protocol[baseline]])


def _scores(table: pd.DataFrame, caption: str, protocol: str, *, chosen: bool) -> Table:
    metrics = [name for name in table if name not in _KEYS and not str(name).startswith(_PAPER)]
    rows, given = [], False
    for _, line in table.iterrows():
        baseline = line["classifier"] in ALL_BASELINES
        cells = []
        for metric in metrics:
            paper = line.get(f"{_PAPER}{metric}")
            known = paper is not None and not pd.isna(paper) and not baseline
            given |= known
            text = "–" if pd.isna(line[metric]) else number(line[metric])
            cells.append(Cell(text, f"paper {number(paper)}" if known else ""))
        name = line["classifier"] if baseline else line["resampler"]
        rows.append(Row(name, cells, small=line["family"] if chosen else "", muted=baseline))
    remarks = [f"{r}, {m}" for r, m in zip(table["resampler"], table[f"{_PAPER}remark"], strict=True) if m]
    notes = ["The best by G-mean of those that were run, which flatters it." if chosen else ""]
    notes += ["The paper's values are of other recordings and consistent with as-published." if given else ""]
    notes += [f"The paper says of {remark}." for remark in remarks]
    return Table(
        caption,
        ["resampling", *map(str, metrics)],
        rows,
        note=" ".join(note for note in notes if note),
        tag="leaks" if PROTOCOLS[protocol].leaks else "",
    )


def _class_distribution(study: StudyView, table: pd.DataFrame) -> Table:
    counts = [name for name in table if name not in ("class", "share", "paper")]
    rows = [
        Row(
            str(line["class"]),
            [*(Cell(f"{line[name]:,.0f}") for name in counts), Cell(f"{100 * line['share']:.1f} %")],
            muted=line["class"] == "all",
        )
        for _, line in table.iterrows()
    ]
    stated = dict(zip(table["class"].astype(str), table["paper"], strict=True))["all"]
    return Table(
        f"{study.unit.capitalize()}s and people of each {study.label_name}",
        [study.label_name, *map(str, counts), f"share of {study.unit}s"],
        rows,
        note=f"The paper: {stated}; its classes are not recoverable, and skewed towards the less severe.",
    )


def _systems(table: pd.DataFrame) -> Table:
    rows = [
        Row(
            line["system"],
            [
                Cell(line["method"], line["input"]),
                Cell(line["subjects"], f"unit: {line['unit']}"),
                Cell(line["protocol"], _SOUND[line["sound"]]),
                Cell(line["reported"]),
            ],
        )
        for _, line in table.iterrows()
    ]
    return Table(
        "Systems that rate tremor, how they were tested, what they report",
        ["system", "method", "people", "protocol", "reported"],
        rows,
        note="Units, classes and recordings differ: the numbers cannot be compared with each other.",
        text_columns=True,
    )
