"""What a stored model may be made of: types by name, layers by name, and trees whose nodes point inside themselves.

Nothing here imports what a file names. The names are compared with fixed lists first.
"""

from __future__ import annotations

import io
import json
import zipfile
from collections.abc import Collection, Iterable
from types import FunctionType
from typing import Any

import numpy as np
from sklearn.ensemble._forest import BaseForest
from sklearn.ensemble._gb import BaseGradientBoosting
from sklearn.metrics._scorer import _BaseScorer
from sklearn.tree._tree import Tree

__all__ = ["check_scorer", "check_trees", "known_types", "untrusted_layers", "untrusted_types"]

# The functions among them build networks of ours from sizes and names, or count and rank numbers. Splitters and scorers
# are those of a stored search.
_OURS = {
    "skpd.features._compute": ("TremorParams",),
    "skpd.features._pen": ("PenFeatures",),
    "skpd.features._tremor": ("TremorFeatures",),
    "skpd.features._tsfresh": ("TsfreshFeatures",),
    "skpd.images._augmenter": ("ImageAugmenter",),
    "skpd.images._strokes": ("StrokeRenderer",),
    "skpd.metrics._scorers": ("OneVsRestAUCScorer",),
    "skpd.model_selection._splitters": ("LeaveOneSubjectOut", "SubjectWiseFolds"),
    "skpd.models._calibration": ("SubjectCalibratedClassifier",),
    "skpd.neural._backbones": ("Backbone",),
    "skpd.neural._base": ("Network",),
    "skpd.neural._features": ("BackboneFeatures",),
    "skpd.neural._mlp": ("KerasMLPClassifier", "build_mlp"),
    "skpd.neural._transfer": ("KerasTransferClassifier", "build_head", "build_whole"),
    "skpd.recipes._naseer": ("build_blank_network",),
    "skpd.recipes._pen": ("MarginSVC", "describe_setup", "score_ranks"),
    "skpd.recipes._spiral": ("FolderAugmenter",),
    "skpd.resampling._condensed": ("CondensedNearestNeighbour",),
    "skpd.resampling._rare": ("RareClassSampler",),
    "skpd.signal._bands": ("TremorBandFilter",),
    "skpd.signal._magnitude": ("VectorMagnitude",),
    "skpd.signal._windowed": ("WindowedClassifier",),
    "skpd.signal._windows": ("Windowizer",),
}

_OTHERS = {
    "imblearn.combine._smote_enn": ("SMOTEENN",),
    "imblearn.combine._smote_tomek": ("SMOTETomek",),
    "imblearn.over_sampling._adasyn": ("ADASYN",),
    "imblearn.over_sampling._random_over_sampler": ("RandomOverSampler",),
    "imblearn.over_sampling._smote.base": ("SMOTE", "SMOTEN", "SMOTENC"),
    "imblearn.over_sampling._smote.cluster": ("KMeansSMOTE",),
    "imblearn.over_sampling._smote.filter": ("BorderlineSMOTE", "SVMSMOTE"),
    "imblearn.pipeline": ("Pipeline",),
    "imblearn.under_sampling._prototype_generation._cluster_centroids": ("ClusterCentroids",),
    "imblearn.under_sampling._prototype_selection._condensed_nearest_neighbour": ("CondensedNearestNeighbour",),
    "imblearn.under_sampling._prototype_selection._edited_nearest_neighbours": (
        "AllKNN",
        "EditedNearestNeighbours",
        "RepeatedEditedNearestNeighbours",
    ),
    "imblearn.under_sampling._prototype_selection._instance_hardness_threshold": ("InstanceHardnessThreshold",),
    "imblearn.under_sampling._prototype_selection._nearmiss": ("NearMiss",),
    "imblearn.under_sampling._prototype_selection._neighbourhood_cleaning_rule": ("NeighbourhoodCleaningRule",),
    "imblearn.under_sampling._prototype_selection._one_sided_selection": ("OneSidedSelection",),
    "imblearn.under_sampling._prototype_selection._random_under_sampler": ("RandomUnderSampler",),
    "imblearn.under_sampling._prototype_selection._tomek_links": ("TomekLinks",),
    "numpy": ("dtype",),
    "sklearn.calibration": ("_CalibratedClassifier", "_SigmoidCalibration", "_TemperatureScaling"),
    # What they call is checked by `check_scorer`.
    "sklearn.metrics._scorer": ("_PassthroughScorer", "_Scorer"),
    "sklearn.model_selection._split": ("StratifiedGroupKFold", "StratifiedKFold"),
    # Their nodes are checked by `check_trees`, which is why skops leaves the choice to its user.
    "sklearn.tree._tree": ("Tree",),
}

#: What a scorer may compute, of its predictions alone, and the methods of an estimator that it may call.
_SCORES = frozenset(
    {
        "skpd.metrics._auc.one_vs_rest_auc_score",
        "skpd.metrics._scorers._summary_score",
        "skpd.metrics._scores.geometric_mean_score",
        "skpd.metrics._scores.index_balanced_accuracy_score",
    }
)
_RESPONSES = {"predict", "predict_proba", "decision_function"}

#: Beyond those that skops trusts by itself: scikit-learn's public estimators, plain values and arrays.
_TYPES = _SCORES | {f"{module}.{name}" for names in (_OURS, _OTHERS) for module in names for name in names[module]}

#: Layers of plain arithmetic, and what describes them; none reads a file or holds code.
_LAYERS = frozenset(
    f"keras.{room}{name}"
    for room, names in {
        "layers.": """
            Activation Add AveragePooling2D BatchNormalization Concatenate Conv2D Cropping2D Dense DepthwiseConv2D
            Dropout ELU Flatten GlobalAveragePooling2D GlobalMaxPooling2D InputLayer LayerNormalization LeakyReLU
            MaxPooling2D Multiply Normalization PReLU Permute ReLU Rescaling Reshape SeparableConv2D Softmax
            UpSampling2D ZeroPadding2D""",
        "initializers.": """
            Constant GlorotNormal GlorotUniform HeNormal HeUniform LecunNormal LecunUniform Ones RandomNormal
            RandomUniform TruncatedNormal VarianceScaling Zeros""",
        "regularizers.": "L1 L1L2 L2",
        "src.models.": "functional.Functional sequential.Sequential",
        "": "DTypePolicy Model Sequential",
    }.items()
    for name in names.split()
)

#: Written out in a configuration, these are values; Keras does not import anything for them.
_VALUES = {"__keras_tensor__", "__numpy__", "__tensor__", "__slice__", "__ellipsis__"}


def untrusted_types(pipeline: bytes, trusted: Iterable[str] = ()) -> list[str]:
    """Name the types in a skops file that are neither known nor among `trusted`; nothing of the file is run."""
    from skops.io import get_untrusted_types

    return sorted(set(get_untrusted_types(data=pipeline)) - _TYPES - set(trusted))


def known_types(trusted: Iterable[str] = ()) -> list[str]:
    """Return the names to pass to skops, those of a user included."""
    return sorted(_TYPES | set(trusted))


def untrusted_layers(network: bytes, trusted: Collection[str] = ()) -> list[str]:
    """Name the parts of a ``.keras`` file that are no known layers or not among `trusted`; Keras is not asked."""
    with zipfile.ZipFile(io.BytesIO(network)) as archive:
        config = json.loads(archive.read("config.json"))
    return sorted(set(_foreign(config)) - set(trusted))


def _foreign(config: Any) -> Iterable[str]:
    if isinstance(config, list):
        for part in config:
            yield from _foreign(part)
    elif isinstance(config, dict):
        if isinstance(config.get("class_name"), str) and "config" in config:
            name, module = config["class_name"], config.get("module")
            full = f"{module}.{name}" if module else name
            registered = config.get("registered_name")
            if name not in _VALUES and (full not in _LAYERS or registered not in (None, name)):
                yield full if registered in (None, name) else f"{full} ({registered})"
        for part in config.values():
            yield from _foreign(part)


def check_scorer(part: Any, trusted: Collection[str] = ()) -> None:
    """Refuse a scorer that calls anything but a known or trusted score of predictions, which scikit-learn would run.

    Parameters
    ----------
    part : object
        Any part of a model.
    trusted : collection of str, default=()
        As in `load_model`.
    """
    if not isinstance(part, _BaseScorer):
        return
    score, response = part._score_func, part._response_method
    # Of a function alone the name is not the file's to choose.
    name = f"{score.__module__}.{score.__name__}" if isinstance(score, FunctionType) else f"a {type(score).__name__}"
    if name not in _SCORES | set(trusted):
        raise ValueError(f"expected a scorer that computes {', '.join(sorted(_SCORES))}, got one with {name}.")
    if not {*([response] if isinstance(response, str) else response)} <= _RESPONSES:
        raise ValueError(f"expected a scorer that asks for {', '.join(sorted(_RESPONSES))}, got {response!r}.")


def check_trees(estimator: Any) -> None:
    """Refuse decision trees whose nodes point outside of them or of their input, which scikit-learn would follow.

    Parameters
    ----------
    estimator : object
        Any part of a model. A decision tree is checked itself; of a forest, that its trees have its features.
    """
    # One that a pipeline was made with is not fitted.
    if isinstance(estimator, (BaseForest, BaseGradientBoosting)) and hasattr(estimator, "estimators_"):
        counts = {tree.n_features_in_ for tree in np.ravel(estimator.estimators_)}
        if counts != {estimator.n_features_in_}:
            raise ValueError(f"expected trees on {estimator.n_features_in_} features, got {sorted(counts)}.")
    tree = getattr(estimator, "tree_", None)
    if not isinstance(tree, Tree):
        return
    if tree.node_count < 1 or tree.n_features != estimator.n_features_in_:
        raise ValueError(
            f"expected a tree of nodes on {estimator.n_features_in_} features, got {tree.node_count} nodes on "
            f"{tree.n_features}."
        )
    left, right, feature = tree.children_left, tree.children_right, tree.feature
    node = np.arange(tree.node_count)
    inner = left != -1
    # Children come after their parent in every tree that scikit-learn grows, so following them ends.
    in_order = (left > node) & (right > node) & (left < tree.node_count) & (right < tree.node_count)
    if not (in_order[inner].all() and (right[~inner] == -1).all()):
        raise ValueError("expected nodes whose children come after them in the same tree, got others.")
    if not ((feature >= 0) & (feature < tree.n_features))[inner].all():
        raise ValueError(f"expected nodes that ask for features 0 to {tree.n_features - 1}, got others.")
