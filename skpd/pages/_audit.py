"""The answers of a leakage audit as a section of a report."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from ..model_selection import AuditCheck, LeakageReport
from ._blocks import Block, Cell, Folded, Note, Paragraph, Row, Table, Verdicts
from ._study import StudyView, plural

__all__ = ["audit_blocks", "audit_warning", "read_audit"]

_VERDICTS = ("found", "not found", "cannot be seen")


def read_audit(audit: LeakageReport | str | Path | None) -> LeakageReport | None:
    """Read what ``skpd audit --json`` wrote.

    Parameters
    ----------
    audit : LeakageReport, path or None
        The audit, or the file.

    Returns
    -------
    audit : LeakageReport or None
        The same; None for None.

    Raises
    ------
    FileNotFoundError
        If there is no such file.
    ValueError
        If it is no audit.
    """
    if audit is None or isinstance(audit, LeakageReport):
        return audit
    file = Path(audit)
    if not file.is_file():
        raise FileNotFoundError(
            f"audit: expected a file that `skpd audit ... --json FILE` wrote, found no file {file}."
        )
    try:
        stored = json.loads(file.read_text(encoding="utf-8"))
        checks = tuple(AuditCheck(**check) for check in stored["checks"])
        report = LeakageReport(checks, stored["setting"])
        valid = all(
            c.verdict in _VERDICTS and isinstance(c.words, str) and isinstance(c.evidence, dict) for c in checks
        )
        valid = valid and len(checks) > 0 and {"rows", "subjects", "folds", "estimator"} <= set(report.setting)
    except (ValueError, TypeError, KeyError):
        valid = False
    if not valid:
        raise ValueError(
            f"audit: expected the JSON of a leakage audit, got something else in {file}: write it with "
            "`skpd audit ... --json FILE`."
        )
    return report


def audit_warning(audit: LeakageReport | None) -> Note | None:
    """Say at the top that an audit found something; None if it did not."""
    if audit is None or not audit.found:
        return None
    return Note(
        f"The audit found leakage ({', '.join(map(_name, audit.names('found')))}): see the section Audit before you "
        "trust a number of the table that it looked at.",
        level="warning",
    )


def audit_blocks(study: StudyView, audit: LeakageReport | None) -> list[Block]:
    """Show the answer of each check, and the numbers behind it.

    Parameters
    ----------
    study : StudyView
        The study.
    audit : LeakageReport or None
        The audit.

    Returns
    -------
    blocks : list of block
        Empty without an audit.
    """
    if audit is None:
        return []
    setting = audit.setting
    people = "" if setting["subjects"] is None else f" of {plural(setting['subjects'], 'subject')}"
    looked = f"It looked at {plural(setting['rows'], 'row')}{people} in {plural(setting['folds'], 'fold')}."
    blocks: list[Block] = [Paragraph(f"{audit.summary().replace('_', ' ')} {looked}")]
    if setting["rows"] != len(study.rows) or setting["subjects"] not in (None, study.rows["subject"].nunique()):
        blocks.append(
            Note(
                f"This is not the table of the study, which has {plural(len(study.rows), study.unit)} of "
                f"{plural(study.rows['subject'].nunique(), 'subject')}: what the audit says holds for its own table."
            )
        )
    checks = sorted(audit, key=lambda check: _VERDICTS.index(check.verdict))
    numbers = [Row(_name(c.name), [Cell(text)]) for c in checks if (text := _numbers(c.evidence))]
    blocks += [
        Verdicts([(_name(check.name), check.verdict, check.words) for check in checks]),
        Paragraph("Not found is not sound: what cannot be seen may be there."),
    ]
    if numbers:
        table = Table("Numbers of the audit", ["check", "evidence"], numbers, text_columns=True)
        blocks.append(
            Folded("The numbers behind the answers", [table, Paragraph(f"Estimator: {setting['estimator']}")])
        )
    return blocks


def _name(check: str) -> str:
    return check.replace("_", " ")


def _numbers(evidence: dict[str, Any]) -> str:
    """Write the evidence of a check in one line; what is empty is left out."""
    parts = []
    for name, value in evidence.items():
        if value is None or value in ([], {}):
            continue
        if isinstance(value, dict):
            text = ", ".join(f"{key} {_value(v)}" for key, v in value.items())
        else:
            text = ", ".join(map(_value, value)) if isinstance(value, list) else _value(value)
        parts.append(f"{_name(name)}: {text}")
    return "; ".join(parts)


def _value(value: Any) -> str:
    if isinstance(value, list):
        return f"({', '.join(map(_value, value))})"
    if isinstance(value, float):
        return f"{value:.3g}"
    return f"{value:,}" if isinstance(value, int) and not isinstance(value, bool) else str(value)
