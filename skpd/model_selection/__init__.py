"""Who is trained on and who is tested: subject-wise splitters and the named evaluation protocols."""

from ._protocols import PROTOCOLS, Protocol
from ._splitters import check_subjects_disjoint, make_splitter

__all__ = ["PROTOCOLS", "Protocol", "check_subjects_disjoint", "make_splitter"]
