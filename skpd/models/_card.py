"""The model card: what a manifest says, as Markdown for people."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import jinja2
import numpy as np
import pandas as pd
from sklearn.utils import Bunch

from ..model_selection import PROTOCOLS

__all__ = ["card_sections", "list_limitations", "render_card"]

NOT_A_DEVICE = (
    "For research. This is not a medical device: it must not be used to diagnose, to treat, or to decide about "
    "treatment."
)

_INTENDED = {
    "recordings": (
        "Research on tremor in accelerations of the wrist or hand: an estimate for each window of some seconds and for "
        "each recording. The people, the device and the task should be like those of the training data."
    ),
    "drawings": (
        "Research on drawings, each classified as a whole. They should be drawn and scanned like those of the training "
        "data."
    ),
    "pens": (
        "Research on drawings and handwriting recorded by a pen tablet, each classified as a whole. The people, the "
        "tablet, its units and the task should be those of the training data."
    ),
}
#: Fewer subjects than this say little about the next one.
_FEW_SUBJECTS = 30

_SHOWN = ("balanced_accuracy", "f1_macro", "gmean", "iba", "quadratic_kappa", "mae", "auc")

_TEMPLATE = """\
# {{ title }}

**{{ warning }}**

{% for heading, text in card.items() -%}
## {{ heading }}

{{ text }}

{% endfor -%}
## Input and output

{% if input.kind == "recordings" -%}
Recordings at {{ "%g" % input.sampling_rate_hz }} Hz in {{ input.units }}\
{% if input.channels %}, channels {{ input.channels | join(", ") }}{% endif %}. `skpd predict` converts other \
rates and units.
{%- elif input.kind == "drawings" -%}
Drawings of {{ input.image_size[0] }} x {{ input.image_size[1] }} pixels (height x width), RGB. `skpd predict` scales \
others to this size.
{%- elif input.kind == "pens" -%}
Pen trajectories with x and y in {{ input.units.x }}, time in {{ input.units.t }}, pressure in \
{{ input.units.pressure }}. `skpd predict` refuses other units.
{%- else -%}
Rows of features.
{%- endif %}{% if input.task %} Task: {{ input.task }}.{% endif %} Classes: {{ classes | join(", ") }}.

## Scores on people that the model had not seen

{% if scores -%}
With 95 % intervals over subjects. The model stored here was then fitted on all of them.

| protocol | unit | metric | score | 95 % interval | n | subjects |
|---|---|---|---|---|---|---|
{% for row in scores if row.metric in shown -%}
| {{ row.protocol }} | {{ row.unit }} | {{ row.metric }} | {{ row.value | score }} \
| {{ row.low | score }} to {{ row.high | score }} | {{ row.n }} | {{ row.n_subjects }} |
{% endfor %}
{%- else -%}
None were given: nothing is known of how well this model does on people that it has not seen.
{% endif %}
## Limitations

{% for text in limitations -%}
- {{ text }}
{% endfor -%}
- A frequency band does not diagnose a type of tremor, and a class is an estimate, not a finding.
- Scores hold for people, devices and tasks like those of the training data. `skpd predict` flags input unlike it.

## How it was made

{% if recipe.name %}Recipe `{{ recipe.name }}`\
{% for name, value in recipe.parameters.items() %}, {{ name }} = {{ value }}{% endfor %}. {% endif %}\
Written {{ created }} with {% for name, number in versions.items() %}{{ name }} {{ number }}\
{{ ", " if not loop.last }}{% endfor %}. `manifest.json` says all of this for programs.
"""


def _score(value: float | None) -> str:
    return "n/a" if value is None else f"{value:.2f}"


def render_card(manifest: dict[str, Any]) -> str:
    """Write the model card."""
    environment = jinja2.Environment(undefined=jinja2.StrictUndefined, keep_trailing_newline=True, autoescape=False)
    environment.filters["score"] = _score
    name = manifest["recipe"]["name"]
    title = f"Model card: {name}" if name else "Model card"
    return environment.from_string(_TEMPLATE).render(**manifest, title=title, warning=NOT_A_DEVICE, shown=_SHOWN)


def card_sections(
    kind: str, bunch: Bunch, protocols: Sequence[str], n_splits: int, calibrate: str, errors: dict[str, float]
) -> dict[str, str]:
    """Write the sections of a card that `train_model` knows: intended use, data, subjects, protocol, calibration."""
    y, groups = pd.Series(bunch.target), pd.Series(bunch.groups)
    per_class = [
        f"| {label} | {(y == label).sum()} | {groups[y == label].nunique()} |" for label in np.unique(bunch.target)
    ]
    things = "pen recordings" if kind == "pens" else kind
    table = "\n".join([f"| class | {things} | subjects |", "|---|---|---|", *per_class])
    orders = "\n".join(
        f"- {name}: {PROTOCOLS[name].summary}" + (f" {n_splits} folds." if name == "subject-wise" else "")
        for name in protocols
    )
    distances = ", ".join(f"{name} {error:.3f}" for name, error in errors.items())
    calibration = (
        f"Probabilities {'are not calibrated' if calibrate == 'none' else f'are calibrated ({calibrate})'}"
        f"{'' if calibrate == 'none' else ' on subjects held out of the training of the classifier'}. "
        f"Mean distance between the predicted probability and what came true, on people held out: {distances}.\n\n"
        "![Predicted probability against what came true](reliability.png)"
    )
    return {
        "Intended use": _INTENDED[kind],
        "Data": f"```text\n{(bunch.DESCR or 'not described').strip()}\n```",
        "Subjects": f"{groups.nunique()} people, {len(y)} {things}.\n\n{table}",
        "Protocol": orders,
        "Calibration": calibration,
    }


def list_limitations(bunch: Bunch, y: np.ndarray, groups: np.ndarray, calibrate: str) -> list[str]:
    """Say where a model is weak, a sentence each."""
    found = []
    if bunch.simulated:
        found.append("Trained on simulated data: nothing is known of how it does on people.")
    found += bunch.limits
    n_people = len(np.unique(groups))
    if n_people < _FEW_SUBJECTS:
        found.append(f"Trained on {n_people} people: the next one may be unlike all of them.")
    for label in np.unique(y):
        of_class = len(np.unique(groups[y == label]))
        if of_class < 5:
            found.append(f"Class {label} was seen in {of_class} people only.")
    if calibrate == "none":
        found.append("Probabilities are not calibrated: read them as an order, not as chances.")
    return found
