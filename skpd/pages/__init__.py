"""Pages: one HTML file each, readable on a phone, on paper and without a network."""

from ._report import write_report
from ._view import write_view

__all__ = ["write_report", "write_view"]
