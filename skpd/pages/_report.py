"""One HTML file from the results of a study."""

from __future__ import annotations

from pathlib import Path

import pandas as pd

from .._version import __version__
from ..model_selection import PROTOCOLS, LeakageReport
from ..studies import StudyResults, load_results
from ..studies._learning import LEARNING_CURVE, read_learning_curve
from ._agreement import agreement_blocks
from ._audit import audit_blocks, audit_warning, read_audit
from ._blocks import Bars, Block, Code, Items, Note, Paragraph, Section
from ._calibration import calibration_blocks
from ._figures import (
    class_distribution_figure,
    confusion_by_protocol,
    confusion_by_resampler,
    gap_figure,
    resampler_figures,
    roc_by_resampler,
)
from ._learning import learning_blocks
from ._method import method_blocks, parameters_of, reproduce_blocks
from ._published import published_blocks, published_scores
from ._reading import read_study
from ._render import page_file, render_page, write_page
from ._study import StudyView, configuration_name, plural, recipe_title
from ._tables import class_table, comparison_table, effect_tables, gap_table, score_tables, time_table

__all__ = ["write_report"]

#: Of a kind of warning or failure, how many are spelt out.
_LISTED = 12


def write_report(
    results: StudyResults | str | Path,
    file: str | Path,
    *,
    audit: LeakageReport | str | Path | None = None,
    n_resamples: int = 500,
) -> Path:
    """Write the report of a study: one HTML file that needs no network and nothing beside it.

    It opens with what the numbers say in plain words and the gap between protocols, then come the scores with
    intervals and baselines, class by class, agreement for grades, how far probabilities can be trusted, figures,
    published numbers, the method, and how to run it again.

    Parameters
    ----------
    results : StudyResults or path
        The study, or the folder that it is stored in, whose ``learning_curve.csv`` is shown as well where it holds
        one. The study may be unfinished; the report says so.
    file : path
        The file to write; one that is there is replaced.
    audit : LeakageReport, path or None, default=None
        What `skpd.model_selection.audit_leakage` found, or the JSON file that it or ``skpd audit --json`` wrote.
    n_resamples : int, default=500
        Resamples of the bootstrap over subjects; 0 for no intervals.

    Returns
    -------
    file : Path
        The file.

    Raises
    ------
    FileNotFoundError
        If there is no study in the folder, or no file `audit`.
    ValueError
        If no fold of the study is finished, `file` is a folder, or `audit` or the learning curve is something else.

    See Also
    --------
    skpd.studies.load_results : The numbers behind it.

    Notes
    -----
    Figures are SVG inside the page: sharp on any screen and in print, with text that can be selected. The same results
    give the same file, byte by byte.

    Examples
    --------
    >>> import pathlib, tempfile
    >>> from skpd.datasets import make_tremor_recordings
    >>> from skpd.pages import write_report
    >>> from skpd.recipes import make_window_classifier, make_window_table
    >>> from skpd.studies import run_study
    >>> recordings = make_tremor_recordings(n_subjects=8, random_state=0)
    >>> table = make_window_table(
    ...     recordings.data, recordings.target, recordings.groups, sampling_rate=recordings.sampling_rate
    ... )
    >>> results = run_study(
    ...     table, make_window_classifier, configurations=[("subject-wise", "none", "majority")], n_splits=2
    ... )
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     file = write_report(results, pathlib.Path(folder, "report.html"), n_resamples=0)
    ...     file.read_text(encoding="utf-8")[:15]
    '<!DOCTYPE html>'
    """
    file = page_file(file)
    found, curve = read_audit(audit), None
    if not isinstance(results, StudyResults):
        curve = read_learning_curve(Path(results) / LEARNING_CURVE)
        results = load_results(results)
    study = StudyView(results, n_resamples=n_resamples)
    sections = [section for section in _sections(study, curve, found) if section.blocks]
    manifest, rows = results.manifest, study.rows
    html = render_page(
        "report.html.j2",
        version=__version__,
        title=f"{recipe_title(manifest['recipe'])}, {manifest['dataset']}",
        heading=recipe_title(manifest["recipe"]),
        dataset=manifest["dataset"],
        facts=[
            plural(len(rows), study.unit),
            plural(rows["subject"].nunique(), "subject"),
            f"{len(study.labels)} classes ({', '.join(map(str, study.labels))})",
            plural(len(study.pairs), "pipeline"),
            plural(len(study.protocols), "protocol"),
        ],
        toc=[(section.id, section.title) for section in sections],
        sections=sections,
    )
    return write_page(html, file)


def _sections(study: StudyView, curve: pd.DataFrame | None, audit: LeakageReport | None) -> list[Section]:
    published = published_scores(study)
    pair, protocol = study.headline, study.main_protocol
    class_blocks: list[Block] = []
    if pair is not None:
        class_blocks += [class_table(study, protocol, pair, unit) for unit in _units_under(study, protocol)]
        class_blocks += [class_table(study, name, pair, study.unit) for name in _protocols_of(study, pair, protocol)]
    figures = [confusion_by_protocol(study), confusion_by_resampler(study), roc_by_resampler(study)]
    gap = [gap_figure(study, published.scores if published else None), gap_table(study)]
    compared = comparison_table(study)
    return [
        Section("In short", _in_short(study, audit)),
        Section("Protocols compared", [block for block in gap if block]),
        Section("Scores", _score_blocks(study)),
        Section("Pipelines compared", [compared] if compared else []),
        Section("Class by class", [*class_blocks, *(figure for figure in figures if figure)]),
        Section("Agreement", agreement_blocks(study)),
        Section("Probabilities", calibration_blocks(study)),
        Section("Resampling", [*resampler_figures(study), *effect_tables(study)]),
        Section("Learning curve", learning_blocks(study, curve)),
        Section("Beside published numbers", published_blocks(study, published)),
        Section("Data", [class_distribution_figure(study)]),
        Section("Audit", audit_blocks(study, audit)),
        Section("Warnings and failures", _trouble(study)),
        Section("Method", method_blocks(study)),
        Section("Run it again", _again(study, curve is not None)),
    ]


def _in_short(study: StudyView, audit: LeakageReport | None) -> list[Block]:
    first, *rest = read_study(study)
    blocks: list[Block] = []
    missing = study.missing_folds()
    if missing or len(study.results.failures):
        failed = len(study.results.failures)
        parts = [f"{plural(failed, 'fold')} failed"] if failed else []
        parts += (
            [f"{plural(len(missing), 'configuration')} {'lacks' if len(missing) == 1 else 'lack'} folds"]
            if missing
            else []
        )
        text = f"The study is not complete: {' and '.join(parts)}. The numbers rest on the folds that are there."
        blocks.append(Note(text, level="warning"))
    leaky = audit_warning(audit)
    if leaky:
        blocks.append(leaky)
    blocks.append(Paragraph(first, lead=True))
    bars = _bars(study)
    if bars:
        blocks.append(bars)
    if rest:
        blocks.append(Items(rest))
    return blocks


def _bars(study: StudyView) -> Bars | None:
    """The pipeline of the reading under each protocol, on one scale."""
    pair = study.headline
    if pair is None:
        return None
    rows = []
    for protocol in study.protocols:
        score = study.score(protocol, pair, "balanced_accuracy")
        if score is not None and score.value == score.value:
            leaks = bool(PROTOCOLS[protocol].leaks)
            meaning = "people known from training" if leaks else "people never seen"
            if leaks and PROTOCOLS[protocol].resample_first:
                meaning += ", test rows resampled"
            rows.append((protocol, meaning, score.value, score.low, score.high, leaks))
    if not rows:
        return None
    several = " It was run under most protocols; its scores had no say in the choice." if len(study.pairs) > 1 else ""
    return Bars(
        caption=f"Balanced accuracy of {configuration_name(pair)}, {study.unit} by {study.unit}",
        rows=rows,
        chance=study.chance(study.main_protocol, pair),
        note=f"Bars: 95 % interval over subjects; none where resampling made test rows.{several}",
    )


def _score_blocks(study: StudyView) -> list[Block]:
    order = [*study.sound, *study.leaky[::-1]]
    blocks: list[Block] = []
    for protocol in order:
        blocks += score_tables(study, protocol)
    return blocks


def _units_under(study: StudyView, protocol: str) -> list[str]:
    return study.units if protocol in study.sound else [study.unit]


def _protocols_of(study: StudyView, pair: tuple[str, str], but: str) -> list[str]:
    names = [name for name in study.protocols[::-1] if name != but]
    return [name for name in names if not study.predicted(name, pair).empty]


def _trouble(study: StudyView) -> list[Block]:
    cells, failures = study.results.cells, study.results.failures
    blocks: list[Block] = []
    if len(failures):
        lines = [
            f"{cell['protocol']}, {configuration_name((cell['resampler'], cell['classifier']))}, fold {cell['fold']}: "
            f"{cell['error'].strip().splitlines()[-1]}"
            for _, cell in failures.iterrows()
        ]
        blocks.append(Note(f"{plural(len(failures), 'fold')} failed.", _shortened(lines), level="info"))
    blocks += [Note(note) for note in study.notes]
    missing = study.missing_folds()
    if missing:
        blocks.append(Note("Configurations without all of their folds.", _shortened(missing)))
    told = cells[cells["warnings"].map(len) > 0]
    if len(told):
        kinds = told["warnings"].explode().str.replace(r"\d+", "N", regex=True).value_counts()
        lines = [f"{count} × {kind}" for kind, count in kinds.items()]
        blocks.append(Note(f"{len(told)} of {plural(len(cells), 'fold')} came with warnings.", _shortened(lines)))
    if "adapted" in cells:
        lowered = cells[cells["adapted"].notna() & cells["adapted"].map(bool)]
        if len(lowered):
            lines = [f"{name}: {plural(n, 'fold')}" for name, n in lowered["resampler"].value_counts().items()]
            blocks.append(
                Note(
                    f"In some folds a class had too few {study.unit}s for the published number of neighbours, which "
                    "was lowered there.",
                    lines,
                )
            )
    if "kept_classes" in cells:
        kept = cells[cells["kept_classes"].notna() & cells["kept_classes"].map(bool)]
        if len(kept):
            lines = [f"{name}: {plural(n, 'fold')}" for name, n in kept["resampler"].value_counts().items()]
            blocks.append(
                Note("In some folds a resampler could not be applied to a class, which stayed as it was.", lines)
            )
    if not blocks:
        blocks.append(Paragraph("Every fold finished, none with a warning, and no resampler had to be adapted."))
    return blocks


def _again(study: StudyView, has_curve: bool) -> list[Block]:
    blocks = [*reproduce_blocks(study, learning_curve=has_curve), time_table(study)]
    parameters = parameters_of(study)
    if parameters and study.headline:
        blocks += [
            Paragraph(f"Parameters of {configuration_name(study.headline)}; those of all folds are in cells.csv:"),
            Code(parameters),
        ]
    return blocks


def _shortened(lines: list[str]) -> list[str]:
    more = len(lines) - _LISTED
    return lines if more <= 0 else [*lines[:_LISTED], f"and {more} more"]
