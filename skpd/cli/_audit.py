"""`skpd audit`."""

from __future__ import annotations

import shlex
from difflib import SequenceMatcher
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.markup import escape

from ..exceptions import DataFileError
from ._app import app, console, exit_codes, split_names

#: Columns that are named in a message; the others are counted.
_SHOWN = 8
#: What rows are called that are not tested, besides train: they chose the model, and so belong to its training.
_CHOOSING = {"val", "valid", "validation", "dev"}


@app.command("audit")
def audit(
    table: Annotated[Path, typer.Argument(help="**.parquet** or **.csv**, one row a window, recording or drawing.")],
    label: Annotated[str, typer.Option(help="Column of labels.")],
    subject: Annotated[str | None, typer.Option(help="Column that names the person.")] = None,
    fold: Annotated[
        str | None,
        typer.Option(help="Column of your own split: the fold in which a row is tested, or **train** and **test**."),
    ] = None,
    split: Annotated[
        str, typer.Option(help="Without --fold: **subject-wise**, **leave-one-subject-out** or **random**.")
    ] = "subject-wise",
    folds: Annotated[int, typer.Option(min=2, help="Number of folds of --split.")] = 5,
    features: Annotated[
        str | None,
        typer.Option(help="Columns separated by commas.", show_default="every numeric column not named otherwise"),
    ] = None,
    ignore: Annotated[str, typer.Option(help="Columns that are no features, separated by commas.")] = "",
    recording: Annotated[str | None, typer.Option(help="Column that names the recording of a window.")] = None,
    start: Annotated[str | None, typer.Option(help="Column of the first sample or time of a window.")] = None,
    stop: Annotated[str | None, typer.Option(help="Column of the end of a window.")] = None,
    source: Annotated[
        str | None, typer.Option(help="Column of what a row was made of, such as the drawing of an augmented image.")
    ] = None,
    classifier: Annotated[
        str,
        typer.Option(help="**random-forest** or another of the tremor recipe; **none**: split and rows only."),
    ] = "random-forest",
    resampler: Annotated[str, typer.Option(help="A resampler by its published name, such as **SMOTE**.")] = "none",
    permutations: Annotated[int, typer.Option(min=0, help="Permutations of the identity check; 0 leaves it out.")] = 20,
    seed: Annotated[int, typer.Option(min=0, help="Seed of everything random.")] = 0,
    jobs: Annotated[int, typer.Option(help="Processes; -1 for one a core. Results do not depend on it.")] = -1,
    json: Annotated[Path | None, typer.Option(help="File for the report as JSON.")] = None,
) -> None:
    """Look for leakage in a table of features and its split.

    Subjects, overlapping windows, copies and augmented siblings on both sides; steps that see test rows; traces of
    scaling or resampling before the split; identity confounding. Every check answers found, not found or cannot be
    seen, with its evidence.

    Exit codes: 0 nothing found, 1 leakage found, 2 wrong usage or data.

    **Examples**

    `skpd audit windows.parquet --label severity --subject person --fold fold`

    `skpd audit windows.csv --label severity --subject person --recording rec --start t0 --stop t1 --json audit.json`
    """
    with exit_codes("audit"):
        if json is not None and not json.parent.is_dir():
            raise ValueError(f"--json: expected a file in a folder that exists, got {json}.")
        report, taken, notes = _audit(
            table,
            label,
            subject,
            fold,
            split=split,
            folds=folds,
            features=None if features is None else split_names(features),
            ignore=split_names(ignore),
            places={"recording": recording, "start": start, "stop": stop, "source": source},
            classifier=classifier,
            resampler=resampler,
            permutations=permutations,
            seed=seed,
            jobs=jobs,
        )
        if json is not None:
            report.to_json(json)
    console.print(f"{len(taken)} column(s) taken as features: {_some(taken)}.", markup=False, soft_wrap=True)
    for note in notes:
        console.print(f"[yellow]note:[/] {escape(note)}", soft_wrap=True)
    for line in str(report).splitlines():
        style = "bold red" if line.startswith(("FOUND", "Leakage found")) else ""
        console.print(line, style=style, markup=False, soft_wrap=True)
    raise typer.Exit(1 if report.found else 0)


def _audit(
    path: Path,
    label: str,
    subject: str | None,
    fold: str | None,
    *,
    split: str,
    folds: int,
    features: list[str] | None,
    ignore: list[str],
    places: dict[str, str | None],
    classifier: str,
    resampler: str,
    permutations: int,
    seed: int,
    jobs: int,
) -> tuple[Any, list[str], list[str]]:
    """Read the table and audit it; return the report, the columns of features, and notes on what is in doubt."""
    from ..model_selection import PROTOCOLS, audit_leakage
    from ..recipes import make_window_classifier

    texts = {label, subject, fold, places["recording"], places["source"]} - {None}
    frame = _read_table(path, texts)
    named = {column: known for known, column in places.items() if column is not None}
    wanted = [label, *(c for c in (subject, fold) if c is not None), *named, *ignore, *(features or [])]
    absent = [column for column in wanted if column not in frame]
    if absent:
        columns = sorted(map(str, frame.columns), key=lambda column: -max(_likeness(name, column) for name in absent))
        raise ValueError(
            f"{path}: expected columns {', '.join(absent)}, found {_some(columns)}: correct the name that you gave."
        )
    notes = []
    if features is None:
        others = frame.drop(columns=list({label, subject, fold, *named, *ignore} - {None}))
        features = list(others.select_dtypes(["number", "bool"]).columns)
        notes = [note for column in features if (note := _doubt(str(column)))]
    if not features:
        raise ValueError(f"{path}: expected at least one numeric column besides those named: name --features.")
    wrong = frame[features].select_dtypes(exclude=["number", "bool"]).columns
    if len(wrong):
        raise ValueError(f"{path}: expected numbers in the columns of --features, found text in {', '.join(wrong)}.")
    X = frame[features].astype(float)
    groups = None if subject is None else frame[subject].to_numpy()
    if fold is not None:
        cv, note = _splits_of_column(fold, frame[fold])
        notes += [note] if note else []
    elif split not in {protocol.scheme for protocol in PROTOCOLS.values()}:
        raise ValueError(f"--split: expected subject-wise, leave-one-subject-out or random, got {split!r}.")
    elif subject is None and split != "random":
        raise ValueError(f"--split {split} needs subjects: name their column with --subject, or your split by --fold.")
    else:
        from ..model_selection import make_splitter

        cv = make_splitter(split, n_splits=folds, random_state=seed)
    estimator = None if classifier == "none" else make_window_classifier(resampler, classifier, random_state=seed)
    report = audit_leakage(
        estimator,
        X,
        frame[label].to_numpy(),
        groups,
        cv,
        index=frame[list(named)].rename(columns=named) if named else None,
        n_permutations=permutations,
        random_state=seed,
        n_jobs=jobs,
    )
    return report, [str(column) for column in features], notes


def _some(columns: list[str]) -> str:
    """Name the first columns and count the others."""
    more = f", ... and {len(columns) - _SHOWN} more" if len(columns) > _SHOWN else ""
    return ", ".join(columns[:_SHOWN]) + more


def _likeness(wanted: str, column: str) -> float:
    return SequenceMatcher(None, wanted.lower(), column.lower()).ratio()


def _doubt(column: str) -> str:
    """Say what a column that nobody named as a feature may be instead; empty where nothing tells."""
    if column.lower() in ("recording", "start", "stop", "source"):
        option = f"--{column.lower()} {column} if it is what it is called, --ignore {column} otherwise"
    elif column.lower() in ("id", "subject", "fold") or column.lower().endswith("_id") or column.startswith("Unnamed:"):
        option = f"--ignore {shlex.quote(column)} if it only tells rows, recordings or people apart"
    else:
        return ""
    return f"{column} is taken as a feature: give {option}."


def _read_table(path: Path, texts: set) -> Any:
    """Read a table; in the columns `texts` only an empty field is missing, and blanks around texts mean nothing."""
    import pandas as pd
    import pyarrow as pa

    from ..models._training_data import strip_blanks

    if path.suffix not in (".parquet", ".csv"):
        raise ValueError(f"{path}: expected a .parquet or .csv file, got {path.suffix or 'no ending'}.")
    try:
        frame = pd.read_parquet(path) if path.suffix == ".parquet" else pd.read_csv(path)
        texts = texts & set(frame)
        if path.suffix == ".csv" and texts:
            # A person may be called "NA" and a label "None", which among features are numbers that are missing.
            # Of one type from the first row to the last: 7 and "7" would be two people.
            written = pd.read_csv(path, usecols=texts, keep_default_na=False, na_values=[""], low_memory=False)
            frame = frame.assign(**{name: written[name] for name in texts})
    except FileNotFoundError:
        raise
    # Damaged metadata of a Parquet file is a KeyError or a TypeError, a damaged page an OSError.
    except (OSError, pa.ArrowException, KeyError, TypeError, ValueError) as error:
        found = f"what cannot be read ({type(error).__name__}: {str(error)[:80]})"
        raise DataFileError(path, found=found, expected=f"a table as {path.suffix[1:]}") from error
    if frame.empty:
        raise ValueError(f"{path}: expected rows, found none.")
    return frame.assign(**{name: strip_blanks(frame[name]) for name in texts})


def _splits_of_column(name: str, column: Any) -> tuple[list[tuple[Any, Any]], str]:
    """Return one split a fold, or the one of rows called train and test, and what is to be said of it.

    Rows without a fold are trained on in every fold; beside train and test they are left out.
    """
    import numpy as np

    values = column.astype(object).where(column.notna(), None).to_numpy()
    found = sorted({value for value in values if value is not None}, key=str)
    words = np.array([str(value).lower() for value in values])
    named = {str(value).lower() for value in found}
    if named & {"train", "test"}:
        choosing = sorted(named & _CHOOSING)
        if named != {"train", "test", *choosing}:
            raise ValueError(
                f"--fold: expected train and test, and besides them only {', '.join(sorted(_CHOOSING))}, or the names "
                f"of folds, found {_some(list(map(str, found)))} in column {name}: rename or leave out the other rows."
            )
        note = f"Rows whose {name} is {' or '.join(choosing)} are taken as training: they are not tested here."
        split = np.flatnonzero(np.isin(words, ["train", *choosing])), np.flatnonzero(words == "test")
        return [split], note if choosing else ""
    if len(found) < 2:
        raise ValueError(f"--fold: expected two folds or more in column {name}, or train and test, found {len(found)}.")
    return [(np.flatnonzero(values != value), np.flatnonzero(values == value)) for value in found], ""
