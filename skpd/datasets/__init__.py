"""Recordings to work on: a simulator and readers that all return the same kind of Bunch.

`data` holds one recording a row, `target` its label and `groups` its person, so that
``cross_validate(pipeline, bunch.data, bunch.target, groups=bunch.groups)`` scores people the model has not seen.
`sampling_rate` is in Hz and `units` are stated: m/s^2, converted by the reader, or "uncalibrated". `frame` says what
else is known of each recording, `DESCR` is the data card. NaN marks a gap in a signal.

`make_tremor_recordings` simulates people with tremor of severity 0 to 4 and needs no files. `load_unm_rest` and
`load_cloudupdrs` read published data, from a folder or from where the environment variable ``SKPD_DATA`` points.
`load_csv_recordings` and `load_parquet_recordings` read your own.
"""

from ._cloudupdrs import load_cloudupdrs
from ._simulated import make_tremor_recordings
from ._tables import load_csv_recordings, load_parquet_recordings
from ._unm import load_unm_rest

__all__ = [
    "load_cloudupdrs",
    "load_csv_recordings",
    "load_parquet_recordings",
    "load_unm_rest",
    "make_tremor_recordings",
]
