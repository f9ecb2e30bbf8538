"""The leakage audit, one module a family of checks."""

from ._audit import audit_leakage
from ._report import AuditCheck, LeakageReport

__all__ = ["AuditCheck", "LeakageReport", "audit_leakage"]
