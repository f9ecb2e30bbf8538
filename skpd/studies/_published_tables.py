"""The tables of the tremor paper, with the study's numbers beside what the paper reports."""

from __future__ import annotations

from pathlib import Path

import pandas as pd

from ..model_selection import PROTOCOLS
from ..recipes import published_tremor_scores
from ..recipes._published_systems import published_tremor_systems
from ..resampling import RESAMPLER_FAMILIES
from ._baselines import ALL_BASELINES
from ._results import StudyResults, count_units

__all__ = ["best_of_each_family", "published_tables", "write_tables"]

#: The paper's columns: metric and heading. Averages over classes are by support, one class against the rest.
_METRICS = {
    "accuracy": "accuracy",
    "precision": "precision",
    "sensitivity": "sensitivity",
    "specificity": "specificity",
    "f1": "F1",
    "balanced_accuracy": "balanced accuracy",
    "gmean": "G-mean",
    "iba": "IBA",
    "auc": "AUC",
}
_FAMILY_TABLES = {
    "over": "table_3_over_sampling",
    "under": "table_4_under_sampling",
    "hybrid": "table_5_hybrid",
}
_KEYS = ["protocol", "classifier", "resampler"]
#: What the paper says a second time and differently.
_REMARKS = {("mlp", "BorderlineSMOTE"): "its section on over-sampling: accuracy 0.9504, IBA 0.93"}
#: The only protocol that the paper's numbers are consistent with.
_PAPERS_PROTOCOL = "as-published"


def published_tables(results: StudyResults, scores: pd.DataFrame) -> dict[str, pd.DataFrame]:
    """Lay the scores of a tremor study out as the paper's Tables 2 to 7.

    Parameters
    ----------
    results : StudyResults
        A study of `skpd.recipes.make_window_classifier`, which may be unfinished.
    scores : DataFrame
        As `StudyResults.scores` returns; units other than the row of the table are left out.

    Returns
    -------
    tables : dict of str to DataFrame
        "table_2_class_distribution"; "table_3_over_sampling", "table_4_under_sampling" and "table_5_hybrid", the
        scores of each protocol, classifier and resampler of the family with those of no resampling; "table_6_best",
        the best resampler of each family by G-mean; "table_7_published_systems", this study's best sound result and
        those of other systems. Tables of families that were not run are left out.

        Columns that begin with "paper:" hold what the paper's text reports for the same configuration. Its recordings
        are not these; by arithmetic its numbers are consistent with the protocol "as-published", which the column
        "paper: protocol" repeats in every row.

    See Also
    --------
    skpd.recipes.published_tremor_scores : The paper's numbers alone.
    """
    unit = results.manifest["unit"]
    wide = _spread(scores[scores["unit"] == unit])
    tables = {"table_2_class_distribution": _class_distribution(results)}
    for family, name in _FAMILY_TABLES.items():
        of_family = wide["resampler"].map(RESAMPLER_FAMILIES)
        if (of_family == family).any():
            tables[name] = wide[of_family.isin(["none", family])].reset_index(drop=True)
    if len(wide):
        best = best_of_each_family(wide)
        best = best[best["family"] != "none"]
        if len(best):
            tables["table_6_best"] = best.reset_index(drop=True)
    tables["table_7_published_systems"] = _systems(results, wide)
    return tables


def best_of_each_family(wide: pd.DataFrame) -> pd.DataFrame:
    """Keep the resampler with the highest G-mean of each protocol, classifier and family, families in order.

    Parameters
    ----------
    wide : DataFrame
        One row a protocol, classifier and resampler, with a column "G-mean".

    Returns
    -------
    best : DataFrame
        The same columns and "family".
    """
    # The rows come in the order of the resamplers, which is that of the families.
    frame = wide.assign(family=wide["resampler"].map(RESAMPLER_FAMILIES)).dropna(subset=["G-mean"])
    best = frame.groupby(["protocol", "classifier", "family"], sort=False)["G-mean"].idxmax()
    return frame.loc[sorted(best)]


def write_tables(tables: dict[str, pd.DataFrame], folder: Path) -> list[Path]:
    """Write each table as CSV and all of them as text.

    Parameters
    ----------
    tables : dict of str to DataFrame
        By name.
    folder : Path
        Made if it is absent.

    Returns
    -------
    files : list of Path
        One CSV a table, and tables.txt.
    """
    folder.mkdir(parents=True, exist_ok=True)
    files = [folder / f"{name}.csv" for name in tables]
    for file, table in zip(files, tables.values(), strict=True):
        table.to_csv(file, index=False, float_format="%.4g")
    text = "\n\n".join(
        f"{name.replace('_', ' ')}\n\n{table.to_string(index=False, na_rep='', float_format='{:.3g}'.format)}"
        for name, table in tables.items()
    )
    files.append(folder / "tables.txt")
    files[-1].write_text(text + "\n", encoding="utf-8")
    return files


def _spread(scores: pd.DataFrame) -> pd.DataFrame:
    """One row a configuration, the metrics as columns, the paper's beside them."""
    known = scores[scores["metric"].isin(_METRICS) & scores["resampler"].isin(list(RESAMPLER_FAMILIES))]
    names = {key: dict.fromkeys(known[key]) for key in _KEYS} | {"resampler": RESAMPLER_FAMILIES}
    order = {key: {name: i for i, name in enumerate(values)} for key, values in names.items()}
    wide = known.pivot_table(index=[*_KEYS, "unit"], columns="metric", values="value", sort=False, dropna=False)
    wide = wide.reindex(columns=[m for m in _METRICS if m in wide.columns]).dropna(how="all").rename(columns=_METRICS)
    wide = wide.reset_index().rename_axis(columns=None)
    wide = wide.sort_values(_KEYS, key=lambda column: column.map(order[column.name]), kind="stable")
    paper = published_tremor_scores().pivot_table(index=["classifier", "resampler"], columns="metric", values="value")
    paper = paper[["accuracy", "gmean", "iba", "auc"]].rename(columns=lambda m: f"paper: {_METRICS[m]}").reset_index()
    wide = wide.merge(paper, on=["classifier", "resampler"], how="left")
    remarks = [_REMARKS.get(pair, "") for pair in zip(wide["classifier"], wide["resampler"], strict=True)]
    given = wide[[c for c in wide if c.startswith("paper: ")]].notna().any(axis=1)
    protocol = given.map({True: f"consistent with {_PAPERS_PROTOCOL}", False: ""})
    return wide.assign(**{"paper: protocol": protocol, "paper: remark": remarks})


def _class_distribution(results: StudyResults) -> pd.DataFrame:
    """Rows, share, recordings and subjects of each class; the paper gives a total only."""
    rows = results.rows
    units = {"recordings": "recording", "subjects": "subject"}
    counts = pd.DataFrame(
        [
            {"rows": len(of_class), **{name: count_units(of_class, unit) for name, unit in units.items()}}
            for of_class in (rows[rows["y"] == label] for label in results.classes)
        ],
        index=results.classes,
    )
    counts.insert(1, "share", counts["rows"] / counts["rows"].sum())
    everything = {"rows": len(rows), "share": 1.0, **{name: count_units(rows, unit) for name, unit in units.items()}}
    table = pd.concat([counts, pd.DataFrame(everything, index=["all"])]).rename_axis("class").reset_index()
    table = table.rename(columns={"rows": f"{results.manifest['unit']}s"})
    stated = ["not recoverable; skewed towards the less severe"] * len(counts) + ["32,414 windows of 30 subjects"]
    return table.assign(**{"paper": stated})


def _systems(results: StudyResults, wide: pd.DataFrame) -> pd.DataFrame:
    """The best sound result of this study, then the published systems."""
    systems = published_tremor_systems()
    learners = wide[~wide["classifier"].isin(ALL_BASELINES)]
    sound = learners[~learners["protocol"].map(lambda name: bool(PROTOCOLS[name].leaks)).astype(bool)]
    if not len(sound) or sound["G-mean"].isna().all():
        return systems
    best = sound.loc[sound["G-mean"].idxmax()]
    reported = ", ".join(
        f"{name} {best[name]:.3f}" for name in ("accuracy", "balanced accuracy", "G-mean", "IBA", "AUC") if name in best
    )
    ours = {
        "system": f"this study ({results.manifest['dataset']})",
        "input": results.manifest["recipe"],
        "subjects": f"{results.rows['subject'].nunique()}",
        "method": f"{len(results.manifest['feature_names'])} features, {best['resampler']}; {best['classifier']}",
        "unit": best["unit"],
        "protocol": best["protocol"],
        "sound": "yes",
        "reported": f"{reported} (the best of {len(sound)} by G-mean, which flatters it)",
    }
    return pd.concat([pd.DataFrame([ours]), systems], ignore_index=True)
