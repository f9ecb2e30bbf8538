"""The command line behind the results of a study."""

from __future__ import annotations

import re
import shlex
from ast import literal_eval

from ..studies import SPIRAL_DATASETS, TREMOR_DATASETS
from ._study import StudyView

__all__ = ["study_command"]

#: Settings of a network that the command takes, as the record of a fold names them.
_NETWORK = ("weights", "input_shape", "head")


def study_command(study: StudyView, *, learning_curve: bool = False) -> str:
    """Return the command that runs the same configurations.

    Parameters
    ----------
    study : StudyView
        The study.
    learning_curve : bool, default=False
        Whether the study has one.

    Returns
    -------
    command : str
        One option a line; empty for a study that no command of skpd makes.
    """
    if len(study.seeds) > 1 or not study.pairs:
        return ""
    options = _tremor(study) or _spiral(study)
    if not options:
        return ""
    name = options.pop("")
    options |= {"--folds": str(study.results.manifest["n_splits"]), "--seed": str(study.seeds[0])}
    lines = [f"skpd study {name}", *(f"  {key} {shlex.quote(value)}" for key, value in options.items())]
    return " \\\n".join([*lines, "  --learning-curve"] if learning_curve and name == "tremor" else lines)


def _tremor(study: StudyView) -> dict[str, str]:
    dataset, recipe = study.results.manifest["dataset"], study.results.manifest["recipe"]
    road = re.fullmatch(r"tremor, (.+)", recipe)
    if road is None or dataset not in TREMOR_DATASETS:
        return {}
    protocols = [p for p in study.protocols if p in study.sound or study.pairs_of(p) == study.pairs]
    leaky = [r for p in study.leaky if p not in protocols for r, _ in study.pairs_of(p)]
    return {
        "": "tremor",
        "--data": dataset,
        "--road": road[1],
        "--resamplers": ",".join(dict.fromkeys(resampler for resampler, _ in study.pairs)),
        "--classifiers": ",".join(dict.fromkeys(classifier for _, classifier in study.pairs)),
        "--protocols": ",".join(protocols),
        "--leaky": ",".join(dict.fromkeys(leaky)),
    }


def _spiral(study: StudyView) -> dict[str, str]:
    dataset = re.fullmatch(r"(.+) (spiral|wave)s, (.+)", study.results.manifest["dataset"])
    recipe = re.fullmatch(r"hwa, (.+)", study.results.manifest["recipe"])
    if dataset is None or recipe is None or dataset[1] not in SPIRAL_DATASETS:
        return {}
    cells = study.results.cells
    learned = cells[cells["classifier"] == study.pairs[0][1]]
    recorded = learned["parameters"].iloc[0]
    if not all(f"classifier__{key}" in recorded for key in _NETWORK):
        return {}
    parameters = {key: literal_eval(recorded[f"classifier__{key}"]) for key in _NETWORK}
    return {
        "": "spiral",
        "--data": dataset[1],
        "--kind": dataset[2],
        "--subset": dataset[3],
        # Three architectures with one experiment each, or all six of them.
        "--experiments": "one" if len(study.pairs) <= 3 else "all",
        "--protocols": ",".join(study.protocols),
        "--backbone": recipe[1],
        "--weights": str(parameters["weights"] or "none"),
        "--size": str(parameters["input_shape"][0]),
        "--head": str(parameters["head"][0]),
    }
