"""The tables of a report."""

from __future__ import annotations

import numpy as np
import pandas as pd

from ..model_selection import PROTOCOLS
from ..plotting._style import as_printed, format_change
from ..studies import ALL_BASELINES
from ..studies._gap import protocol_gaps
from ._blocks import Cell, Row, Table
from ._study import Score, StudyView, configuration_name, plural

__all__ = [
    "METRICS",
    "class_table",
    "comparison_table",
    "effect_tables",
    "gap_table",
    "heading",
    "number",
    "p_value",
    "score_tables",
    "signed",
    "split_pair",
    "time_table",
]

#: Columns of the score tables. The reading speaks of the first, then come the published ones, then those for grades.
METRICS = {
    "balanced_accuracy": "balanced accuracy",
    "accuracy": "accuracy",
    "gmean": "G-mean",
    "iba": "IBA",
    "auc": "AUC",
    "f1_macro": "macro F1",
    "quadratic_kappa": "quadratic kappa",
    "mae": "mean abs. error",
}
_CLASS_METRICS = {
    "sensitivity": "sensitivity",
    "specificity": "specificity",
    "precision": "precision",
    "f1": "F1",
    "gmean": "G-mean",
    "iba": "IBA",
}


def score_tables(study: StudyView, protocol: str) -> list[Table]:
    """One table a unit and classifier, all resamplers and the baselines in it.

    Parameters
    ----------
    study : StudyView
        The study.
    protocol : str
        One of its protocols.

    Returns
    -------
    tables : list of Table
        The unit of the rows first.
    """
    of_protocol = study.scores[study.scores["protocol"] == protocol]
    leaks = bool(PROTOCOLS[protocol].leaks)
    tables = []
    for unit in study.units:
        here = of_protocol[of_protocol["unit"] == unit]
        if unit != study.unit:
            # Guesses made row by row, put together, are no guess of the larger unit: they vote for the majority.
            here = here[here["classifier"] != "chance"]
        pairs = list(dict.fromkeys(zip(here["resampler"], here["classifier"], strict=True)))
        metrics = [metric for metric in METRICS if (here["metric"] == metric).any()]
        learners = list(dict.fromkeys(c for _, c in pairs if c not in ALL_BASELINES))
        blocks = [[classifier] for classifier in learners] if study.compares_resamplers else [learners]
        for classifiers in blocks:
            chosen = [pair for pair in pairs if pair[1] in (*classifiers, *ALL_BASELINES)]
            if not chosen:
                continue
            people = "" if unit == "subject" else f" of {plural(int(here['n_subjects'].max()), 'subject')}"
            sizes = sorted({int(n) for n in here["n"]})
            size = plural(sizes[-1], unit) if len(sizes) == 1 else f"{sizes[0]:,} to {plural(sizes[-1], unit)}"
            title = f"{heading(classifiers[0])}, {protocol}" if study.compares_resamplers else protocol.capitalize()
            tables.append(
                Table(
                    caption=f"{title}: {size}{people}",
                    head=["resampling" if study.compares_resamplers else "pipeline", *(METRICS[m] for m in metrics)],
                    rows=[_score_row(study, protocol, pair, unit, metrics) for pair in chosen],
                    tag="leaks" if leaks else "",
                )
            )
    return tables


def _score_row(study: StudyView, protocol: str, pair: tuple[str, str], unit: str, metrics: list[str]) -> Row:
    baseline = pair[1] in ALL_BASELINES
    cells = [_score_cell(study.score(protocol, pair, metric, unit)) for metric in metrics]
    if baseline:
        return Row(pair[1], cells, muted=True)
    return Row(pair[0] if study.compares_resamplers else configuration_name(pair), cells)


def _score_cell(score: Score | None) -> Cell:
    if score is None:
        return Cell("–")
    if np.isnan(score.value):
        return Cell("undefined")
    return Cell(number(score.value), f"{number(score.low)}–{number(score.high)}" if score.has_interval else "")


def gap_table(study: StudyView) -> Table | None:
    """Balanced accuracy of each pipeline under each protocol, and the difference between the two ends.

    Parameters
    ----------
    study : StudyView
        The study.

    Returns
    -------
    table : Table or None
        None where no pipeline was run under a protocol that leaks and under a sound one.
    """
    gaps = protocol_gaps(study.scores[study.scores["unit"] == study.unit])
    rows = []
    for pair in [*study.pairs, *(("none", name) for name in ALL_BASELINES)]:
        if pair in gaps.index:
            cells = [_score_cell(study.score(protocol, pair, "balanced_accuracy")) for protocol in study.protocols]
            cells.append(Cell(signed(gaps.loc[pair, "gap"])))
            rows.append(Row(configuration_name(pair), cells, muted=pair[1] in ALL_BASELINES))
    if all(row.muted for row in rows):
        return None
    return Table(
        caption=f"Balanced accuracy under each protocol, {study.unit} by {study.unit}",
        head=["pipeline", *study.protocols, "gap"],
        rows=rows,
        note=f"Gap: the first score minus that of {study.sound[0]}: what leaks, and noise. Small: 95 % interval over "
        "subjects.",
    )


def class_table(study: StudyView, protocol: str, pair: tuple[str, str], unit: str) -> Table:
    """Metrics of each class against the rest.

    Parameters
    ----------
    study : StudyView
        The study.
    protocol, pair, unit
        What is scored.

    Returns
    -------
    table : Table
        Classes, then their two averages.
    """
    table = study.by_class(protocol, pair, unit)
    people = study.people()
    # With several seeds every row was tested once a seed.
    repeats = len(study.seeds)
    rows = []
    for label, line in table.iterrows():
        average = label in ("support", "macro") and label not in study.labels
        cells = [Cell("–" if np.isnan(line[metric]) else number(line[metric])) for metric in _CLASS_METRICS]
        cells.append(Cell(f"{line['support'] / repeats:,.0f}"))
        if unit != "subject":
            cells.append(Cell("" if average else f"{people[label]:,}"))
        name = {"support": "mean by size", "macro": "plain mean"}[str(label)] if average else str(label)
        rows.append(Row(name, cells, muted=average))
    leaks = bool(PROTOCOLS[protocol].leaks)
    return Table(
        caption=f"{heading(configuration_name(pair))}, {protocol}, {unit} by {unit}",
        head=[study.label_name, *_CLASS_METRICS.values(), f"{unit}s", *(["people"] if unit != "subject" else [])],
        rows=rows,
        tag="leaks" if leaks else "",
    )


def effect_tables(study: StudyView) -> list[Table]:
    """What each resampler does to the recall of each class, beside no resampling.

    Parameters
    ----------
    study : StudyView
        The study.

    Returns
    -------
    tables : list of Table
        One a classifier that was run both with and without a resampler; recall under the main protocol.
    """
    tables = []
    for classifier in dict.fromkeys(c for _, c in study.pairs):
        pairs = [p for p in study.pairs if p[1] == classifier and not study.predicted(study.main_protocol, p).empty]
        if ("none", classifier) not in pairs or len(pairs) < 2:
            continue
        recalls = pd.DataFrame(
            {p[0]: study.by_class(study.main_protocol, p)["sensitivity"].reindex(study.labels) for p in pairs}
        ).astype(float)
        rows = []
        for name in recalls:
            change = recalls[name] - recalls["none"]
            cells = [
                Cell(number(value), "" if name == "none" else signed(change[label]))
                if not np.isnan(value)
                else Cell("–")
                for label, value in recalls[name].items()
            ]
            rows.append(Row(str(name), cells))
        tables.append(
            Table(
                caption=f"Sensitivity by {study.label_name}, {heading(classifier, lower=True)}, {study.main_protocol}",
                head=["resampling", *(f"{study.label_name} {label}" for label in study.labels)],
                rows=rows,
                tag="leaks" if PROTOCOLS[study.main_protocol].leaks else "",
                note=f"Small: change from no resampling. {heading(study.unit)} by {study.unit}, without intervals: "
                "small changes, and those of classes with few people, may be noise.",
            )
        )
    return tables


def comparison_table(study: StudyView) -> Table | None:
    """Differences of balanced accuracy between pipelines, with intervals and corrected p-values.

    Parameters
    ----------
    study : StudyView
        The study.

    Returns
    -------
    table : Table or None
        None where no comparison was possible.
    """
    comparisons = study.comparisons
    if comparisons is None:
        return None
    references = set(comparisons["second"])
    one = len(references) == 1
    rows = []
    for line in comparisons.itertuples():
        first, second = (configuration_name(split_pair(name)) for name in (line.first, line.second))
        cells = [
            Cell(number(line.value_first)),
            Cell(number(line.value_second)),
            Cell(signed(line.difference), f"{number(line.low)} to {number(line.high)}"),
            Cell(p_value(line.p_value)),
            Cell(p_value(line.p_adjusted)),
        ]
        rows.append(Row(first, cells, small="" if one else f"against {second}"))
    against = f" with {configuration_name(split_pair(references.pop()))}" if one else ""
    return Table(
        caption=f"Balanced accuracy compared{against}, {study.main_protocol}, {study.unit} by {study.unit}",
        head=["pipeline", "its score", "the other's", "difference", "p", "p, corrected"],
        rows=rows,
        note="Small: 95 % interval of the difference over subjects, for its own row only. p: two-sided permutation "
        "test that swaps the predictions of people, corrected after Holm for the number of rows.",
    )


def split_pair(name: str) -> tuple[str, str]:
    """Read the name that `StudyResults.compare` gives a pipeline: "SMOTE, random-forest"."""
    resampler, _, classifier = name.rpartition(", ")
    return resampler, classifier


def p_value(p: float) -> str:
    """Write a p-value."""
    return "–" if np.isnan(p) else "<0.001" if p < 0.001 else f"{p:.3f}" if p < 0.1 else f"{p:.2f}"


def time_table(study: StudyView) -> Table:
    """Folds and seconds of each configuration.

    Parameters
    ----------
    study : StudyView
        The study.

    Returns
    -------
    table : Table
        The slowest first.
    """
    cells = study.results.cells
    grouped = cells.groupby(["protocol", "resampler", "classifier"])
    sums = grouped[["fit_seconds", "score_seconds"]].sum().assign(folds=grouped.size())
    total = float(sums["fit_seconds"].sum() + sums["score_seconds"].sum())
    rows = []
    for (protocol, resampler, classifier), line in sums.sort_values("fit_seconds", ascending=False).iterrows():
        share = (line["fit_seconds"] + line["score_seconds"]) / total if total else 0.0
        texts = [f"{line['folds']:.0f}", seconds(line["fit_seconds"]), seconds(line["score_seconds"]), f"{share:.0%}"]
        if classifier not in ALL_BASELINES:
            name = configuration_name((resampler, classifier))
            rows.append(Row(name, [Cell(text) for text in texts], small=protocol))
    return Table(
        caption=f"Time by pipeline, {seconds(total)} of computing in all",
        head=["pipeline", "folds", "fit", "score", "share"],
        rows=rows,
        note="Summed over folds and processes. Not counted: resampling of the whole table (as-published).",
    )


def number(value: float) -> str:
    """Write a score with two decimals and a true minus sign."""
    return f"{value:.2f}".replace("-0.00", "0.00").replace("-", "−")


def signed(change: float) -> str:
    """Write a difference of two scores with its sign; none for no change."""
    return "±0.00" if as_printed(change) == 0 else format_change(change)


def seconds(value: float) -> str:
    """Write a time: seconds up to two minutes, then minutes, then hours."""
    if value < 120:
        return f"{value:.1f} s" if value < 10 else f"{value:.0f} s"
    return f"{value / 60:.0f} min" if value < 7200 else f"{value / 3600:.1f} h"


def heading(text: str, *, lower: bool = False) -> str:
    """Write a name as the start of a heading: "random-forest" becomes "Random forest"."""
    words = text.replace("-", " ") if text.islower() else text
    return words if lower else words[:1].upper() + words[1:]
