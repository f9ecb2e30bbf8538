"""Published numbers beside those of a study."""

from __future__ import annotations

from typing import NamedTuple

import pandas as pd

from ..recipes import published_spiral_scores, published_tremor_scores
from ._blocks import Block, Cell, Paragraph, Row, Table
from ._paper_tables import paper_tables
from ._study import Score, StudyView, configuration_name
from ._tables import number

__all__ = ["Published", "published_blocks", "published_scores"]

_NAMES = {
    "accuracy": "accuracy",
    "auc": "AUC",
    "balanced_accuracy": "macro recall (balanced accuracy)",
    "f1": "weighted F1",
    "f1_macro": "macro F1",
    "gmean": "G-mean",
    "iba": "IBA",
    "precision": "weighted precision",
    "precision_macro": "macro precision",
    "sensitivity": "weighted recall",
}


class Published(NamedTuple):
    """What a paper reports on the problem of a study."""

    scores: pd.DataFrame
    """Tidy: resampler, classifier, metric, value."""
    about: str
    """Source, unit and protocol of the numbers."""
    tables: bool
    """Whether the paper's own tables are laid out below."""


def published_scores(study: StudyView) -> Published | None:
    """Find the paper whose problem a study repeats.

    Parameters
    ----------
    study : StudyView
        The study.

    Returns
    -------
    published : Published or None
        None for a study of another problem.
    """
    manifest = study.results.manifest
    if manifest["recipe"].startswith("tremor") and study.unit == "window" and study.label_name == "severity":
        return Published(
            published_tremor_scores(),
            "AlMahadin et al. (SN Computer Science 3, 2022, doi:10.1007/s42979-021-00953-6) scored single windows of "
            "other recordings. The paper's text resamples the training part of a random split; its numbers are "
            "consistent with resampling before the split (as-published), which is inferred and not stated there.",
            tables=True,
        )
    if manifest["recipe"].startswith("hwa") and study.unit == "drawing":
        scores = published_spiral_scores()
        scores = scores.assign(
            classifier=scores["architecture"] + "-" + scores["experiment"].astype(str),
            resampler=["none" if architecture == "hwa1" else "offline" for architecture in scores["architecture"]],
        )
        return Published(
            scores[["resampler", "classifier", "metric", "value"]],
            "The paper on HWA-I, II and III (Journal of Intelligent & Fuzzy Systems, doi:10.3233/JIFS-231202) scored "
            "single images. Its algorithms augment before they split for HWA-II and III (as-published), so the images "
            "tested have siblings of the same drawing in training; for HWA-I they split drawings at random. People "
            "are on both sides in all of them. The numbers of HWA-I are consistent with a test set of 14 or 15 "
            f"drawings with one error.{_departures(study)}",
            tables=False,
        )
    return None


def published_blocks(study: StudyView, published: Published | None) -> list[Block]:
    """Put the published numbers beside those of each protocol.

    Parameters
    ----------
    study : StudyView
        The study.
    published : Published or None
        As `published_scores` returns.

    Returns
    -------
    blocks : list of block
        Empty for a study of another problem.
    """
    if published is None:
        return []
    tables = paper_tables(study) if published.tables else []
    rows = []
    for pair in study.pairs:
        of_pair = published.scores[
            (published.scores["resampler"] == pair[0]) & (published.scores["classifier"] == pair[1])
        ]
        for line in of_pair.itertuples():
            ours = [_cell(study.score(protocol, pair, str(line.metric))) for protocol in study.protocols]
            rows.append(
                Row(configuration_name(pair), [Cell(number(line.value)), *ours], small=_NAMES[str(line.metric)])
            )
    if not rows:
        return [Paragraph(published.about), *tables] if tables else []
    return [
        Paragraph(published.about),
        Table(
            caption=f"Published, and here under each protocol, {study.unit} by {study.unit}",
            head=["pipeline", "published", *study.protocols],
            rows=rows,
            note="–: not run here.",
        ),
        *tables,
    ]


def _departures(study: StudyView) -> str:
    """Say where a study of drawings departs from the paper, whatever the protocol."""
    found = []
    if not study.results.manifest["dataset"].startswith("real spirals"):
        found.append(f"other drawings ({study.results.manifest['dataset']})")
    if not study.results.manifest["recipe"].endswith("DenseNet201"):
        found.append(f"another network ({study.results.manifest['recipe'].removeprefix('hwa, ')})")
    parameters = study.results.cells["parameters"]
    if any(cell.get("classifier__weights") == "None" for cell in parameters):
        found.append("random weights, with which nothing here says anything about the published system")
    return f" Here differ from the paper: {'; '.join(found)}." if found else ""


def _cell(score: Score | None) -> Cell:
    if score is None:
        return Cell("–")
    return Cell(number(score.value), f"{number(score.low)}–{number(score.high)}" if score.has_interval else "")
