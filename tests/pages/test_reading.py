"""The reading must say what the numbers say, and stop there."""

import pytest

from skpd.pages._reading import against_chance, leakage_sentence, read_study
from skpd.pages._study import Score, StudyView, configuration_name

from .conftest import identity_table, make_study

NAN = float("nan")


@pytest.mark.parametrize(
    ("low", "high", "expected"),
    [
        (0.52, 0.64, "above chance"),
        (0.45, 0.64, "includes chance"),
        (0.30, 0.44, "below chance"),
        # Prints as 0.50, and the page must not contradict itself.
        (0.504, 0.64, "includes chance"),
        (0.30, 0.496, "includes chance"),
        (NAN, NAN, "nothing can be said"),
    ],
)
def test_a_score_is_compared_with_chance_by_its_interval(low, high, expected):
    assert expected in against_chance(Score(0.58, low, high, 100, 10), 0.5)


def test_an_interval_over_few_people_is_not_trusted():
    score = Score(0.56, 0.36, 0.81, 90, 9)
    assert "narrower than it should be" in against_chance(score, 0.33, few_people=True)
    assert "includes chance" in against_chance(score, 0.4, few_people=True)


@pytest.mark.parametrize(
    ("leaky", "expected"),
    [
        (0.97, "gives the same pipeline 0.97: 0.39 of it is leakage"),
        (0.58, "no leakage shows"),
        (0.50, "no leakage shows"),
        (0.63, "no more than the noise"),
    ],
)
def test_leakage_is_claimed_only_beyond_the_interval(leaky, expected):
    sentence = leakage_sentence("as-published", Score(leaky, NAN, NAN, 100, 10), Score(0.58, 0.50, 0.64, 100, 10))
    assert expected in sentence
    assert "as-published" in sentence
    assert ("is leakage" in sentence) == (leaky == 0.97)


def test_recognised_people_are_not_taken_for_signal(identity_study):
    study = StudyView(identity_study, n_resamples=100)
    first, *rest = read_study(study)
    assert study.score("as-written", study.headline, "balanced_accuracy").value == 1
    assert "never seen" in first
    assert "above chance" not in first
    text = " ".join(rest)
    sound = study.score("subject-wise", study.headline, "balanced_accuracy").value
    for protocol in ("as-published", "as-written"):
        assert f"({protocol})" in text
    assert f"{1 - round(sound, 2):.2f} of it is leakage" in text
    assert "recognising the person" in text


def test_the_pipeline_that_is_followed_is_not_chosen_by_its_score(tmp_path):
    # SMOTE is run under one protocol only, so it is not followed, whatever it scores.
    configurations = [("as-written", "none", "nearest"), ("subject-wise", "none", "nearest")]
    results = make_study(tmp_path, configurations=[*configurations, ("subject-wise", "SMOTE", "nearest")])
    assert StudyView(results, n_resamples=0).headline == ("none", "nearest")


def test_without_a_sound_protocol_the_reading_says_so_and_claims_nothing(tmp_path):
    results = make_study(tmp_path, configurations=[("as-written", "none", "nearest")])
    text = " ".join(read_study(StudyView(results, n_resamples=50)))
    assert "No protocol of this study tests on people the model has never seen" in text
    assert "above chance" not in text


def test_without_intervals_nothing_is_said_of_chance(identity_study):
    first = read_study(StudyView(identity_study, n_resamples=0))[0]
    assert "Without an interval nothing can be said" in first


def test_equal_pipelines_are_within_noise_but_not_called_equal(identity_study):
    # Over-sampling copies rows, which changes nothing for one nearest neighbour.
    study = StudyView(identity_study, n_resamples=0)
    (sentence,) = [p for p in read_study(study) if "comparison of pipelines" in p]
    assert "no difference" in sentence
    assert "does not make them equal" in sentence
    assert study.comparisons["p_adjusted"].tolist() == [1.0]


def test_a_real_difference_is_named_with_its_p_value(tmp_path):
    # The features hold the label, and one of the pipelines does not look.
    table = identity_table(n_subjects=16)
    table.X["feature 0"] = (table.y == "parkinson") * 100.0
    from sklearn.dummy import DummyClassifier

    from .conftest import build

    def blind_with_smote(resampler, classifier, *, random_state):
        if resampler == "SMOTE":
            return DummyClassifier(strategy="constant", constant="healthy")
        return build(resampler, classifier, random_state=random_state)

    configurations = [("subject-wise", name, "nearest") for name in ("none", "SMOTE")]
    results = make_study(tmp_path, table=table, build=blind_with_smote, configurations=configurations)
    paragraphs = read_study(StudyView(results, n_resamples=100))
    (sentence,) = [p for p in paragraphs if "comparison of pipelines" in p]
    assert "nearest with SMOTE −0.50 (p 0.00" in sentence


def test_only_baselines_leave_nothing_to_read(tmp_path):
    results = make_study(tmp_path, configurations=[("subject-wise", "none", "majority")])
    assert read_study(StudyView(results, n_resamples=0)) == ["Only baselines were run: there is nothing to read yet."]


def test_simulated_data_are_never_left_unsaid(tmp_path):
    results = make_study(tmp_path, dataset="simulated", configurations=[("subject-wise", "none", "nearest")])
    assert "says nothing of patients" in read_study(StudyView(results, n_resamples=0))[-1]


@pytest.mark.parametrize(
    ("pair", "name"),
    [
        (("none", "random-forest"), "random forest without resampling"),
        (("SMOTE", "mlp"), "mlp with SMOTE"),
        (("none", "majority"), "majority"),
        (("offline", "hwa3-6"), "HWA-III, experiment 6"),
    ],
    ids=lambda value: "-".join(value) if isinstance(value, tuple) else None,
)
def test_pipelines_have_names_in_words(pair, name):
    assert configuration_name(pair) == name
