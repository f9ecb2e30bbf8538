"""From study to use: train a model, store it, load it without running its code, predict files of any length.

`train_model` scores a recipe on people held out, fits it on everybody and writes a folder with a model card;
`predict_files` turns recordings, drawings and pen files into tables. `save_model` and `load_model` do the storing
alone, for any estimator; `load_manifest` says what is known of a stored one. `export_onnx` writes classifiers of
feature tables for programs without Python.
"""

from ._calibration import SubjectCalibratedClassifier
from ._distance import TrainingDistance
from ._manifest import ModelFolderError
from ._measure import measure_tremor
from ._onnx import export_onnx
from ._predict_files import PredictReport, predict_files
from ._store import load_manifest, load_model, save_model
from ._train import CALIBRATIONS, TrainReport, add_calibration, train_model

__all__ = [
    "CALIBRATIONS",
    "ModelFolderError",
    "PredictReport",
    "SubjectCalibratedClassifier",
    "TrainReport",
    "TrainingDistance",
    "add_calibration",
    "export_onnx",
    "load_manifest",
    "load_model",
    "measure_tremor",
    "predict_files",
    "save_model",
    "train_model",
]
