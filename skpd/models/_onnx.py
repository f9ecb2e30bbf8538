"""Classifiers of feature tables for programs without Python, checked to predict the same."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import numpy as np
from sklearn.pipeline import Pipeline
from sklearn.utils.validation import check_is_fitted

from ..signal import WindowedClassifier

__all__ = ["export_onnx"]

#: Rows of made-up features that both sides predict.
_CHECKED = 500
_TOLERANCE = 1e-5


def export_onnx(model: Any, path: str | os.PathLike, *, X: Any = None, random_state: int = 0) -> Path:
    """Write the classifier of a model as ONNX: a table of features in, classes and probabilities out.

    Parameters
    ----------
    model : estimator
        A fitted pipeline on features, or a recipe of recordings, of which the part behind the features is exported:
        filters, windows and features are for the program that uses it.
    path : path
        Of the ``.onnx`` file. One that is there is replaced.
    X : array-like of shape (n, n_features) or None, default=None
        Rows on which the exported model must predict the same; besides them 500 are drawn.
    random_state : int, default=0
        Seed of these rows.

    Returns
    -------
    path : Path
        The file, with one input "features" (n, n_features), float32, and two outputs "label" (n,) and
        "probabilities" (n, n_classes), columns in the order of `classes_`.

    Raises
    ------
    ImportError
        If the extra ``skpd[onnx]`` is not installed.
    ValueError
        If a step has no ONNX form, such as a network, or if the exported model predicts otherwise; no file is left.

    Notes
    -----
    Features are rounded to float32; both sides of the check get the rounded ones.
    Samplers act in training only and are left out.

    Examples
    --------
    >>> import pathlib, tempfile
    >>> import numpy as np, onnxruntime
    >>> from sklearn.linear_model import LogisticRegression
    >>> from skpd.models import export_onnx
    >>> X = np.random.default_rng(0).normal(size=(100, 3)).astype(np.float32)
    >>> model = LogisticRegression().fit(X, X[:, 0] > 0)
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     file = export_onnx(model, pathlib.Path(folder, "model.onnx"))
    ...     session = onnxruntime.InferenceSession(file)
    >>> label, proba = session.run(None, {"features": X})
    >>> bool(np.allclose(proba, model.predict_proba(X), atol=1e-5))
    True
    """
    check_is_fitted(model)
    try:
        import onnxruntime
        from skl2onnx import to_onnx
        from skl2onnx.common.data_types import FloatTensorType
    except ImportError as error:
        raise ImportError("export_onnx needs skl2onnx and onnxruntime: pip install 'skpd[onnx]'.") from error
    classifier = _plain(_classifier(model))
    n_features = int(classifier.n_features_in_)
    try:
        converted = to_onnx(
            classifier,
            initial_types=[("features", FloatTensorType([None, n_features]))],
            options={id(classifier): {"zipmap": False}},
        )
    except Exception as error:
        raise ValueError(f"model: a step has no ONNX form ({type(error).__name__}: {str(error)[:300]}).") from error
    for output, name in zip(converted.graph.output, ("label", "probabilities"), strict=True):
        _rename(converted.graph, output.name, name)
    content = converted.SerializeToString()
    session = onnxruntime.InferenceSession(content, providers=["CPUExecutionProvider"])
    _check(classifier, session, _rows(classifier, X, random_state))
    target = Path(path)
    temporary = target.with_name(f".{target.name}.part")
    try:
        temporary.write_bytes(content)
        os.replace(temporary, target)
    finally:
        temporary.unlink(missing_ok=True)
    return target


def _classifier(model: Any) -> Any:
    """Return what classifies features."""
    last = model.steps[-1][1] if isinstance(model, Pipeline) else model
    if isinstance(last, WindowedClassifier):
        # Behind the first step, which makes the features.
        return last.estimator_[1:]
    return model


def _plain(classifier: Any) -> Any:
    """Return it without samplers, as scikit-learn's pipeline, and calibrated ones as what they are made of."""
    from ._calibration import SubjectCalibratedClassifier

    if isinstance(classifier, SubjectCalibratedClassifier):
        raise ValueError(
            "model: a calibrated classifier has no ONNX form here: export the model without calibration, or apply "
            "the calibration in the program that uses it."
        )
    if not isinstance(classifier, Pipeline):
        return classifier
    steps = [
        (name, _plain(step))
        for name, step in classifier.steps
        if step is not None and step != "passthrough" and not hasattr(step, "fit_resample")
    ]
    return steps[0][1] if len(steps) == 1 else Pipeline(steps)


def _rename(graph: Any, old: str, new: str) -> None:
    for node in graph.node:
        for names in (node.input, node.output):
            for i, name in enumerate(names):
                if name == old:
                    names[i] = new
    for output in graph.output:
        if output.name == old:
            output.name = new


def _rows(classifier: Any, X: Any, seed: int) -> np.ndarray:
    """Return rows around what the first scaler saw, of many sizes, and those of the user."""
    rng = np.random.default_rng(seed)
    steps = [step for _, step in classifier.steps] if isinstance(classifier, Pipeline) else []
    scaler = next((step for step in steps if hasattr(step, "mean_") and hasattr(step, "scale_")), None)
    drawn = rng.normal(size=(_CHECKED, int(classifier.n_features_in_)))
    if scaler is not None:
        drawn = scaler.mean_ + drawn * scaler.scale_
    rows = drawn if X is None else np.concatenate([np.asarray(X, dtype=np.float64), drawn])
    return rows.astype(np.float32)


def _check(classifier: Any, session: Any, rows: np.ndarray) -> None:
    label, proba = session.run(["label", "probabilities"], {"features": rows})
    expected = classifier.predict_proba(rows)
    off = np.abs(proba - expected).max(axis=1)
    # Of equal probabilities either class may come first.
    top = np.sort(expected, axis=1)[:, -2:]
    differ = (label != classifier.predict(rows)) & (top[:, 1] - top[:, 0] > _TOLERANCE)
    if off.max() > _TOLERANCE or differ.any():
        raise ValueError(
            f"model: the exported model predicts otherwise: {int((off > _TOLERANCE).sum())} of {len(rows)} rows have "
            f"probabilities up to {off.max():.2g} off, {int(differ.sum())} another class. Nothing was written."
        )
