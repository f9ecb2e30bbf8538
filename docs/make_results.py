"""Turn the results folder of a study into a table of the documentation.

``python docs/make_results.py RESULTS NAME`` writes docs/results/NAME.md: every configuration under every protocol, with
intervals over subjects, the baselines, and the versions that made it. Recipe pages include these tables, so what they
quote is what a study measured.
"""

from __future__ import annotations

import argparse
from pathlib import Path

import pandas as pd

from skpd.studies import load_results

METRICS = {
    "accuracy": "accuracy",
    "balanced_accuracy": "balanced accuracy",
    "gmean": "G-mean",
    "iba": "IBA",
    "auc": "AUC",
    "f1_macro": "macro F1",
}


def cell(score: pd.Series) -> str:
    """Format a value with its interval."""
    if pd.isna(score["value"]):
        return "undefined"
    interval = "" if pd.isna(score["low"]) else f" ({score['low']:.2f} to {score['high']:.2f})"
    return f"{score['value']:.2f}{interval}"


def write_table(results: Path, name: str, folder: Path) -> Path:
    """Write the scores of a study as Markdown."""
    study = load_results(results)
    parts = []
    # Where every row is a recording of its own, the two units are one.
    units = [u for u in study.units if u != "recording" or len(study.rows) > study.rows["recording"].nunique()]
    for unit in units:
        scores = study.scores(unit)
        if scores.empty:
            continue
        parts += [f"**Scored by {unit}**, {scores['n_subjects'].max():.0f} people", ""]
        parts += [f"| protocol | resampler | classifier | {unit}s tested | " + " | ".join(METRICS.values()) + " |"]
        parts += ["|---|---|---" + "|---:" * (1 + len(METRICS)) + "|"]
        for key, block in scores.groupby(["protocol", "resampler", "classifier"], sort=False):
            values = block.set_index("metric")
            cells = [cell(values.loc[m]) if m in values.index else "" for m in METRICS]
            parts.append("| " + " | ".join([*key, f"{block['n'].max():,.0f}", *cells]) + " |")
        parts.append("")
    versions = study.cells["versions"].iloc[0]
    seconds = study.cells[["fit_seconds", "score_seconds"]].sum().sum()
    parts.append(
        f"Dataset {study.manifest['dataset']}, {study.manifest['n_splits']} folds, seed "
        f"{', '.join(str(s) for s in sorted(study.cells['seed'].unique()))}; 95 % intervals over subjects; "
        f"{len(study.cells)} cells, {seconds:,.0f} s of fitting and scoring; "
        + ", ".join(f"{library} {version}" for library, version in versions.items())
        + "."
    )
    folder.mkdir(exist_ok=True)
    file = folder / f"{name}.md"
    file.write_text("\n".join([*parts, ""]), encoding="utf-8")
    return file


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("results", type=Path, help="folder that `skpd study ... --out` wrote")
    parser.add_argument("name", help="name of the table")
    arguments = parser.parse_args()
    print(write_table(arguments.results, arguments.name, Path(__file__).with_name("results")))
