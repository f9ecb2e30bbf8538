"""What an audit found: one verdict a check, in words, numbers and JSON."""

from __future__ import annotations

import json
import textwrap
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from os import PathLike
from pathlib import Path
from typing import Any, Literal

import numpy as np

__all__ = ["AuditCheck", "LeakageReport", "Verdict", "count"]

Verdict = Literal["found", "not found", "cannot be seen"]

#: Width of the printed report, in characters.
_WIDTH = 100


def count(n: int, thing: str) -> str:
    """Return '1 row' or '3 rows'."""
    return f"{n} {thing}" if n == 1 else f"{n} {thing}s"


@dataclass(frozen=True)
class AuditCheck:
    """The answer of one check.

    Attributes
    ----------
    name : str
        What was looked for.
    verdict : {"found", "not found", "cannot be seen"}
        "cannot be seen" where the audit was not given what the check needs, or where nothing can be decided from it.
    words : str
        The finding as a sentence, and what to do about it.
    evidence : dict
        The numbers behind it: int, float, str, bool, None, and lists of these.
    """

    name: str
    verdict: Verdict
    words: str
    evidence: dict[str, Any]


@dataclass(frozen=True, eq=False)
class LeakageReport:
    """What `audit_leakage` found.

    Attributes
    ----------
    checks : tuple of AuditCheck
        One a check, in the order of the report. ``report["subjects"]`` gives one by its name.
    setting : dict
        What was audited: rows, subjects, folds, the estimator, versions.

    Examples
    --------
    >>> from skpd.model_selection import audit_leakage
    >>> report = audit_leakage(None, [[0.1], [0.7], [0.3], [0.2]], [0, 1, 0, 1], list("aabb"), cv=[([0, 2], [1, 3])])
    >>> report.found
    True
    >>> print(report["subjects"].words)
    2 of 2 subjects are in both training and test rows of a fold, among them 'a', 'b': split by subject.
    """

    checks: tuple[AuditCheck, ...]
    setting: dict[str, Any]

    @property
    def found(self) -> bool:
        """Whether any check found a leak."""
        return any(check.verdict == "found" for check in self.checks)

    def __getitem__(self, name: str) -> AuditCheck:
        for check in self.checks:
            if check.name == name:
                return check
        raise KeyError(f"expected one of {', '.join(repr(c.name) for c in self.checks)}, got {name!r}.")

    def __iter__(self) -> Iterator[AuditCheck]:
        return iter(self.checks)

    def __len__(self) -> int:
        return len(self.checks)

    def names(self, verdict: Verdict) -> list[str]:
        """Return the names of the checks with a verdict.

        Parameters
        ----------
        verdict : {"found", "not found", "cannot be seen"}
            The verdict.

        Returns
        -------
        names : list of str
            In the order of the report.
        """
        return [check.name for check in self.checks if check.verdict == verdict]

    def to_dict(self) -> dict[str, Any]:
        """Return the report as plain Python objects that JSON knows.

        Returns
        -------
        report : dict
            With `found`, `setting` and `checks`.
        """
        return _plain({"found": self.found, "setting": self.setting, "checks": [asdict(c) for c in self.checks]})

    def to_json(self, path: str | PathLike | None = None) -> str:
        """Return the report as JSON, and write it if a path is given.

        Parameters
        ----------
        path : str, path-like or None, default=None
            File to write.

        Returns
        -------
        text : str
            The JSON.
        """
        # Not a number is no JSON: `_plain` has made it null.
        text = json.dumps(self.to_dict(), indent=2, ensure_ascii=False, allow_nan=False)
        if path is not None:
            Path(path).write_text(text + "\n", encoding="utf-8")
        return text

    def summary(self) -> str:
        """Return the finding in one sentence.

        Returns
        -------
        text : str
            Which checks found something, and how many could not see.
        """
        found, unseen = self.names("found"), self.names("cannot be seen")
        head = f"Leakage found by {count(len(found), 'check')}: {', '.join(found)}." if found else "No leakage found."
        return f"{head} {count(len(unseen), 'check')} of {len(self.checks)} could not see." if unseen else head

    def __str__(self) -> str:
        setting = self.setting
        people = "unknown subjects" if setting["subjects"] is None else count(setting["subjects"], "subject")
        lines = [
            f"Leakage audit: {count(setting['rows'], 'row')}, {people}, {count(setting['folds'], 'fold')}",
            f"Estimator: {setting['estimator']}",
            "",
        ]
        order = ("found", "not found", "cannot be seen")
        name_width = max(len(check.name) for check in self.checks)
        for check in sorted(self.checks, key=lambda check: order.index(check.verdict)):
            verdict = check.verdict.upper() if check.verdict == "found" else check.verdict
            head = f"{verdict:<14}  {check.name:<{name_width}}  "
            lines += textwrap.wrap(
                check.words,
                _WIDTH,
                initial_indent=head,
                subsequent_indent=" " * len(head),
                break_on_hyphens=False,
            )
        return "\n".join([*lines, "", *textwrap.wrap(self.summary(), _WIDTH)])


def _plain(value: Any) -> Any:
    """Return `value` with the numbers of NumPy as those of Python, and NaN and infinity as None."""
    if isinstance(value, dict):
        return {str(k): _plain(v) for k, v in value.items()}
    if isinstance(value, (list, tuple)):
        return [_plain(v) for v in value]
    if isinstance(value, np.generic):
        return _plain(value.item())
    if isinstance(value, float) and not np.isfinite(value):
        return None
    if value is None or isinstance(value, (bool, int, float, str)):
        return value
    return str(value)
