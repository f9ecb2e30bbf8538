"""Recordings to work on: a simulator and readers that all return the same kind of Bunch.

`data` holds one recording a row, `target` its label and `groups` its person, so that
``cross_validate(pipeline, bunch.data, bunch.target, groups=bunch.groups)`` scores people the model has not seen.
`sampling_rate` is in Hz and `units` are stated: m/s^2, converted by the reader, or "uncalibrated". `frame` says what
else is known of each recording, `DESCR` is the data card. NaN marks a gap in a signal.

`make_tremor_recordings` simulates people with tremor of severity 0 to 4, `make_spiral_drawings` scanned spirals and
waves, `make_pen_trajectories` the pen that draws them; they need no files. `load_unm_rest` and `load_cloudupdrs` read
published data, from a folder or from where the environment variable ``SKPD_DATA`` points; so do `load_levodopa`, with
severity scores, and `load_pads`, with diagnoses.
`load_geneactiv` reads the files of GENEActiv wrist devices, `iter_geneactiv` piece by piece; `load_csv_recordings` and
`load_parquet_recordings` read your own.

`load_spiral_drawings` reads published scans of drawings, `load_drawings` your own. Pen recordings are arrays of seven
channels in SI units, x, y, t, pressure, azimuth, altitude and pen_down: `load_uci_spirals` and `load_pahaw` read
published ones, `load_svc` and `load_pen_csv` your own. `load_mnist` reads handwritten digits, to train a network on
before it sees drawings. `list_datasets`, `dataset_info` and `check_dataset` say which datasets there are, how to get
them, and whether a folder holds one completely.
"""

from ._cloudupdrs import load_cloudupdrs
from ._drawing_files import load_drawings
from ._drawings import load_spiral_drawings
from ._geneactiv import load_geneactiv
from ._geneactiv_pages import iter_geneactiv
from ._levodopa import load_levodopa
from ._mnist import load_mnist
from ._pads import load_pads
from ._pahaw import load_pahaw
from ._pen_csv import load_pen_csv
from ._registry import check_dataset, dataset_info, list_datasets
from ._simulated import make_tremor_recordings
from ._simulated_drawings import make_spiral_drawings
from ._simulated_pens import make_pen_trajectories
from ._svc import load_svc
from ._tables import load_csv_recordings, load_parquet_recordings
from ._uci_spirals import load_uci_spirals
from ._unm import load_unm_rest

__all__ = [
    "check_dataset",
    "dataset_info",
    "iter_geneactiv",
    "list_datasets",
    "load_cloudupdrs",
    "load_csv_recordings",
    "load_drawings",
    "load_geneactiv",
    "load_levodopa",
    "load_mnist",
    "load_pads",
    "load_pahaw",
    "load_parquet_recordings",
    "load_pen_csv",
    "load_spiral_drawings",
    "load_svc",
    "load_uci_spirals",
    "load_unm_rest",
    "make_pen_trajectories",
    "make_spiral_drawings",
    "make_tremor_recordings",
]
