"""Studies: a table of rows, candidate estimators and protocols, run cell by cell into a folder of results.

`extract_features` is the step before a study, for many long recordings: files in, features of their windows out.
"""

from ._baselines import ALL_BASELINES
from ._extract import ExtractReport, extract_features
from ._extract_run import run_extract
from ._handwriting import run_handwriting_study
from ._handwriting_data import HANDWRITING_DATASETS
from ._results import StudyResults, load_results
from ._run import run_study
from ._spiral import SPIRAL_DATASETS, run_spiral_study
from ._tremor import TREMOR_DATASETS, run_tremor_study

__all__ = [
    "ALL_BASELINES",
    "HANDWRITING_DATASETS",
    "SPIRAL_DATASETS",
    "TREMOR_DATASETS",
    "ExtractReport",
    "StudyResults",
    "extract_features",
    "load_results",
    "run_extract",
    "run_handwriting_study",
    "run_spiral_study",
    "run_study",
    "run_tremor_study",
]
