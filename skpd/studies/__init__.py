"""Studies: a table of rows, candidate estimators and protocols, run cell by cell into a folder of results."""

from ._results import StudyResults, load_results
from ._run import run_study
from ._tremor import TREMOR_DATASETS, run_tremor_study

__all__ = ["TREMOR_DATASETS", "StudyResults", "load_results", "run_study", "run_tremor_study"]
