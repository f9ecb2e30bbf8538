"""The model card: what a manifest says, as Markdown for people."""

from __future__ import annotations

from typing import Any

import jinja2

__all__ = ["render_card"]

NOT_A_DEVICE = (
    "For research. This is not a medical device: it must not be used to diagnose, to treat, or to decide about "
    "treatment."
)

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
{%- else -%}
Rows of features.
{%- endif %} Classes: {{ classes | join(", ") }}.

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
