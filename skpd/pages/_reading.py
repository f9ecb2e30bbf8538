"""What the numbers of a study say, in plain words, and never more than they say.

Values are compared as they are printed, with two decimals: a bound that reads like chance counts as chance.
"""

from __future__ import annotations

import numpy as np

from ..plotting._style import as_printed
from ._study import Score, StudyView, configuration_name, plural
from ._tables import p_value, signed, split_pair

__all__ = ["against_chance", "leakage_sentence", "read_study"]

#: Below this number of people in a class, one more or less moves its numbers visibly.
_FEW_PEOPLE = 10
_SIGNIFICANT = 0.05
#: Of the differences beyond chance, how many are spelt out.
_NAMED = 3


def read_study(study: StudyView) -> list[str]:
    """Put the main findings into sentences, the most important first.

    Parameters
    ----------
    study : StudyView
        The study.

    Returns
    -------
    paragraphs : list of str
        One finding each.
    """
    pair = study.headline
    if pair is None:
        return ["Only baselines were run: there is nothing to read yet."]
    found = [_sound(study, pair), *_gap(study, pair), _person_alone(study, pair), _larger_unit(study, pair)]
    found += [_accuracy(study, pair), _classes(study, pair), _few_people(study), _best_of_many(study)]
    found += [_differences(study), _remarks(study)]
    return [paragraph for paragraph in found if paragraph]


def against_chance(score: Score, chance: float, *, few_people: bool = False) -> str:
    """Compare a score with chance, by its interval.

    Parameters
    ----------
    score : Score
        A score for which higher is better.
    chance : float
        What guessing reaches.
    few_people : bool, default=False
        Whether some class rests on so few people that intervals are too narrow.

    Returns
    -------
    sentence : str
        What may be concluded.
    """
    if not score.has_interval:
        return "Without an interval nothing can be said of the difference."
    low, high, guess = map(as_printed, (score.low, score.high, chance))
    if low > guess:
        if few_people:
            return (
                "The whole interval lies above chance, but with so few people in some classes it is narrower than it "
                "should be."
            )
        return "The whole interval lies above chance."
    if high < guess:
        return "The whole interval lies below chance: worse than guessing, which asks for an explanation."
    return "The interval includes chance: these numbers do not show that it does better than guessing."


def leakage_sentence(protocol: str, leaky: Score, sound: Score) -> str:
    """Compare a score of a protocol that leaks with that of the same pipeline on unseen people.

    Parameters
    ----------
    protocol : str
        The protocol that leaks, a name of `skpd.model_selection.PROTOCOLS`.
    leaky, sound : Score
        The two scores.

    Returns
    -------
    sentence : str
        What of the score is leakage, if the numbers show any.
    """
    which = {
        "as-published": "The order that published numbers are consistent with (as-published)",
        "as-written": "A random split of the same rows, resampled in the training part only (as-written),",
    }.get(protocol, f"The protocol {protocol}, which leaks,")
    start = f"{which} gives the same pipeline {leaky.value:.2f}"
    difference = as_printed(leaky.value) - as_printed(sound.value)
    if difference <= 0:
        return f"{start}, which is not higher: no leakage shows in this score."
    if sound.has_interval and as_printed(leaky.value) <= as_printed(sound.high):
        return (
            f"{start}. That lies within the interval on unseen people: what leaks is worth no more than the noise here."
        )
    return f"{start}: {difference:.2f} of it is leakage."


def _sound(study: StudyView, pair: tuple[str, str]) -> str:
    name = configuration_name(pair)
    protocol = study.main_protocol
    score = study.score(protocol, pair, "balanced_accuracy")
    if not study.sound:
        return (
            f"No protocol of this study tests on people the model has never seen, so none of its numbers says how it "
            f"would do on a new person. Under {protocol}, {name} has a balanced accuracy of {score}; run the "
            "protocol subject-wise to learn what is left of it."
        )
    if score is None or np.isnan(score.value):
        return f"The balanced accuracy of {name} on people the model had never seen is undefined."
    chance = study.chance(protocol, pair)
    verdict = against_chance(score, chance, few_people=bool(_few(study)))
    return (
        f"On people the model had never seen, {name} has a balanced accuracy of {score}, {study.unit} by {study.unit} "
        f"({protocol}, {plural(score.n_subjects, 'subject')}); chance is {chance:.2f}. {verdict}"
    )


def _gap(study: StudyView, pair: tuple[str, str]) -> list[str]:
    sound = study.score(study.main_protocol, pair, "balanced_accuracy")
    if not study.sound or sound is None or np.isnan(sound.value):
        return []
    scores = [(protocol, study.score(protocol, pair, "balanced_accuracy")) for protocol in study.leaky]
    return [
        leakage_sentence(p, score, sound) for p, score in scores if score is not None and score.value == score.value
    ]


def _person_alone(study: StudyView, pair: tuple[str, str]) -> str:
    """What a protocol that leaks is worth without any signal."""
    found = []
    for protocol in study.leaky:
        score = study.score(protocol, ("none", "subject-mode"), "balanced_accuracy")
        if score is not None and not np.isnan(score.value):
            found.append(f"{score.value:.2f} ({protocol})")
    if not found:
        return ""
    return (
        f"Giving each person the label that they have most often in training, without looking at a single "
        f"{study.unit}, reaches {' and '.join(found)}: that much is to be had there by recognising the person."
    )


def _larger_unit(study: StudyView, pair: tuple[str, str]) -> str:
    larger = study.units[1:]
    if not larger or not study.sound:
        return ""
    unit = larger[-1]
    score = study.score(study.main_protocol, pair, "balanced_accuracy", unit)
    if score is None or np.isnan(score.value):
        return ""
    chance = study.chance(study.main_protocol, pair, unit)
    verdict = against_chance(score, chance, few_people=bool(_few(study)))
    return (
        f"With the {study.unit}s of each {unit} put together, the balanced accuracy is {score} over "
        f"{plural(score.n, unit)}. {verdict}"
    )


def _accuracy(study: StudyView, pair: tuple[str, str]) -> str:
    accuracy = study.score(study.main_protocol, pair, "accuracy")
    majority = study.score(study.main_protocol, ("none", "majority"), "accuracy")
    if accuracy is None or majority is None:
        return ""
    return (
        f"Its accuracy is {accuracy}; always giving the most common answer has {majority.value:.2f}. This page leads "
        "with the balanced accuracy, which such an answer does not raise."
    )


def _classes(study: StudyView, pair: tuple[str, str]) -> str:
    recall = study.by_class(study.main_protocol, pair)["sensitivity"].reindex(study.labels).astype(float).dropna()
    if len(recall) < 2:
        return ""
    best, worst = recall.idxmax(), recall.idxmin()
    if round(100 * recall[best]) == round(100 * recall[worst]):
        return f"Every {study.label_name} is recognised in {100 * recall[best]:.0f} % of its {study.unit}s."
    where = "" if study.sound else f" (under {study.main_protocol})"
    return (
        f"Best recognised is {study.label_name} {best}, in {100 * recall[best]:.0f} % of its {study.unit}s; worst is "
        f"{study.label_name} {worst}, in {100 * recall[worst]:.0f} %{where}."
    )


def _few(study: StudyView) -> dict:
    """Classes with few people, and how many they are."""
    return {label: n for label, n in study.people().items() if 0 < n < _FEW_PEOPLE}


def _few_people(study: StudyView) -> str:
    few = _few(study)
    if not few:
        return ""
    named = ", ".join(f"{label} ({n})" for label, n in few.items())
    return (
        f"Fewer than {_FEW_PEOPLE} people stand behind {study.label_name} {named}: one more person may move "
        "those numbers, and intervals over so few people are too narrow."
    )


def _best_of_many(study: StudyView) -> str:
    if not study.sound or len(study.pairs) < 2:
        return ""
    scores = {pair: study.score(study.main_protocol, pair, "balanced_accuracy") for pair in study.pairs}
    known = {pair: score for pair, score in scores.items() if score is not None and score.value == score.value}
    if len(known) < 2:
        return ""
    if len({as_printed(score.value) for score in known.values()}) == 1:
        return ""
    best = max(known, key=lambda pair: known[pair].value)
    return (
        f"Of {len(known)} pipelines tested on unseen people, {configuration_name(best)} has the highest balanced "
        f"accuracy, {known[best]}. The highest of several looks better than it is: what is chosen by these "
        "scores has to be tested on other people."
    )


def _differences(study: StudyView) -> str:
    """Which differences between pipelines the choice of people would not explain."""
    table = study.comparisons
    if table is None:
        return ""
    references = list(dict.fromkeys(table["second"]))
    reference = f" with {configuration_name(split_pair(references[0]))}" if len(references) == 1 else ""
    start = f"In {plural(len(table), 'comparison')} of pipelines{reference} on unseen people"
    how = "permutation tests over people, for the models fitted here"
    how += ", corrected for the number of comparisons" if len(table) > 1 else ""
    clear = table[table["p_adjusted"] < _SIGNIFICANT].sort_values("p_adjusted", kind="stable")
    if clear.empty:
        smallest = f"{'smallest ' if len(table) > 1 else ''}p {p_value(table['p_adjusted'].min())}"
        return (
            f"{start}, no difference in balanced accuracy is larger than chance explains ({how}; {smallest}). That "
            "does not make them equal: a study of this size cannot see small differences."
        )
    named = [
        f"{configuration_name(split_pair(line.first))} {signed(line.difference)}"
        + ("" if reference else f" against {configuration_name(split_pair(line.second))}")
        + f" (p {p_value(line.p_adjusted)})"
        for line in clear.head(_NAMED).itertuples()
    ]
    more = f" and {len(clear) - _NAMED} more" if len(clear) > _NAMED else ""
    differences = f"{len(clear)} difference{'' if len(clear) == 1 else 's'} in balanced accuracy"
    verb = "is" if len(clear) == 1 else "are"
    return f"{start}, {differences} {verb} larger than chance explains ({how}): {'; '.join(named)}{more}."


def _remarks(study: StudyView) -> str:
    if study.results.manifest["dataset"].startswith("simulated"):
        return "The data are simulated: compare scores with each other; their height says nothing of patients."
    return ""
