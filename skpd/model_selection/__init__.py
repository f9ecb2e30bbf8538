"""Who is trained on and who is tested: subject-wise splitters, named evaluation protocols, the leakage audit."""

from ._audit import AuditCheck, LeakageReport, audit_leakage
from ._learning import subject_learning_curve
from ._protocols import PROTOCOLS, Protocol
from ._splitters import check_subjects_disjoint, make_splitter

__all__ = [
    "PROTOCOLS",
    "AuditCheck",
    "LeakageReport",
    "Protocol",
    "audit_leakage",
    "check_subjects_disjoint",
    "make_splitter",
    "subject_learning_curve",
]
