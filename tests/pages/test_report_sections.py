"""Agreement, probabilities, learning curve, the paper's tables and the audit in a report."""

import json
import re

import numpy as np
import pandas as pd
import pytest
from sklearn.linear_model import RidgeClassifier
from typer.testing import CliRunner

from skpd.cli import app
from skpd.metrics import agreement_table
from skpd.model_selection import audit_leakage
from skpd.pages import write_report
from skpd.pages._agreement import agreement_blocks
from skpd.pages._audit import _numbers, audit_blocks, audit_warning
from skpd.pages._paper_tables import _PAPER, _scores
from skpd.pages._study import StudyView
from skpd.studies import load_results

from .conftest import build, identity_table, make_study
from .test_report import Page, forest_like

SOUND = [("subject-wise", name, "random-forest") for name in ("none", "SMOTE")]
TREMOR = {"labels": (0, 1, 2), "dataset": "simulated", "recipe": "tremor, magnitude", "build": forest_like}


def written(results, folder, **options):
    file = write_report(results, folder / "report.html", **({"n_resamples": 20} | options))
    return file.read_text(encoding="utf-8")


def headings(html):
    return re.findall(r"<h2 id=.*?>(.*?)</h2>", html)[1:]


def curve(folder):
    """A learning curve whose means are known, where the study command stores it."""
    rows = [
        (repeat, fold, size, metric, 0.5 + size / 100 + fold / 10)
        for repeat in (0, 1)
        for fold in (0, 1)
        for size in (4, 8)
        for metric in ("balanced_accuracy", "quadratic_kappa")
    ]
    frame = pd.DataFrame(rows, columns=["repeat", "fold", "n_subjects", "metric", "score"])
    frame = pd.concat([frame, frame[frame["metric"] == "balanced_accuracy"].assign(metric="n_classes_scored", score=3)])
    frame.assign(resampler="none", classifier="random-forest").to_csv(folder / "learning_curve.csv", index=False)
    return frame


@pytest.fixture(scope="module")
def tremor(tmp_path_factory):
    """The folder of a study of severity with everything that a report can show, and an audit of its table."""
    folder = tmp_path_factory.mktemp("sections") / "study"
    leaky = [("as-published", "SMOTE", "random-forest")]
    make_study(folder, configurations=[*SOUND, *leaky, ("subject-wise", "none", "majority")], **TREMOR)
    curve(folder)
    table = identity_table((0, 1, 2))
    report = audit_leakage(
        None, table.X, table.y, table.groups, cv=[(np.arange(0, 96, 2), np.arange(1, 96, 2))], index=table.index
    )
    report.to_json(folder / "audit.json")
    return folder


@pytest.fixture(scope="module")
def html(tremor, tmp_path_factory):
    return written(tremor, tmp_path_factory.mktemp("html"), audit=tremor / "audit.json")


def test_every_section_is_there_and_in_order(html):
    assert headings(html) == [
        "In short",
        "Protocols compared",
        "Scores",
        "Pipelines compared",
        "Class by class",
        "Agreement",
        "Probabilities",
        "Resampling",
        "Learning curve",
        "Beside published numbers",
        "Data",
        "Audit",
        "Warnings and failures",
        "Method",
        "Run it again",
    ]


def test_the_same_folder_and_audit_give_the_same_file(tremor, html, tmp_path):
    assert written(tremor, tmp_path, audit=tremor / "audit.json") == html


class TestAgreement:
    def test_printed_values_are_those_of_the_predictions(self, tremor, html):
        results = load_results(tremor)
        frame = results.predictions
        frame = frame[(frame["protocol"] == "subject-wise") & (frame["classifier"] == "random-forest")]
        frame = frame[frame["resampler"] == "SMOTE"]
        expected = agreement_table(
            frame["y_true"], frame["y_pred"], y_score=frame[[f"proba_{k}" for k in range(3)]], labels=[0, 1, 2]
        )["estimate"]
        head, *rows = Page(html).tables["Agreement, random forest with SMOTE, subject-wise"]
        assert head == ["measure", "windows", "subjects", "majority, windows"]
        printed = {row[0]: row[1] for row in rows}
        assert printed["exactly right"] == f"{100 * expected['exact']:.0f}\u00a0%"
        for title, name in {"quadratic kappa": "quadratic_kappa", "expected: upper limit": "expected_loa_high"}.items():
            assert printed[title] == f"{expected[name]:.2f}".replace("-", "−")

    def test_classes_without_an_order_have_none(self, identity_study, tmp_path):
        assert "Agreement" not in headings(written(identity_study, tmp_path))

    def test_without_resamples_there_are_no_intervals(self, tremor):
        _, table, _ = agreement_blocks(StudyView(load_results(tremor), n_resamples=0))
        assert not any(cell.small for row in table.rows for cell in row.cells)
        assert not table.note


class TestProbabilities:
    def test_a_classifier_that_is_always_sure_is_called_too_sure(self, html):
        section = html.split('<section id="probabilities"')[1].split("</section>")[0]
        # One nearest neighbour: a probability of 1, whatever the answer.
        assert "a probability of 1.00 on average" in section
        assert "promise more than they keep" in section
        assert "Mean distance from the diagonal: random forest with SMOTE" in section

    def test_only_people_never_seen_count(self, tmp_path):
        results = make_study(tmp_path / "study", configurations=[("as-written", "none", "nearest")])
        assert "Probabilities" not in headings(written(results, tmp_path))

    def test_a_classifier_without_probabilities_has_no_plot(self, tmp_path):
        def ridge(resampler, classifier, *, random_state):
            pipeline = build(resampler, "nearest", random_state=random_state)
            return pipeline.set_params(classifier=RidgeClassifier())

        results = make_study(tmp_path / "study", configurations=[("subject-wise", "none", "ridge")], build=ridge)
        assert "Probabilities" not in headings(written(results, tmp_path))

    def test_of_two_classes_the_patients_are_spoken_of(self, identity_study, tmp_path):
        section = written(identity_study, tmp_path).split('<section id="probabilities"')[1].split("</section>")[0]
        assert "gives to class parkinson have a mean of" in section
        assert "probability of class parkinson" in section


class TestLearningCurve:
    def test_it_is_told_and_drawn_and_part_of_the_command(self, html):
        assert (
            "Trained on 4 people, random forest without resampling reaches a balanced accuracy of 0.59 on people it "
            "has not seen; on 8 people 0.63. The last step, from 4 to 8 people, brings +0.04."
        ) in html
        # Of the classes that the test folds hold.
        assert "accuracy of chance is 0.33" in html
        assert "--learning-curve" in html

    def test_no_file_no_section(self, tremor, tmp_path):
        html = written(load_results(tremor), tmp_path)
        assert "Learning curve" not in headings(html)
        assert "--learning-curve" not in html

    HEAD = "resampler,classifier,repeat,fold,n_subjects,metric,score\n"

    @pytest.mark.parametrize(
        "text",
        [
            "",
            "metric,score\na,1\n",
            "\x00\x01",
            HEAD,
            f"{HEAD}none,forest,0,0,4,balanced_accuracy,\n",
            f"{HEAD}none,forest,0,0,four,balanced_accuracy,0.4\n",
        ],
        ids=range(6),
    )
    def test_another_file_of_that_name_is_an_error(self, tmp_path, text):
        make_study(tmp_path / "study", configurations=[("subject-wise", "none", "nearest")])
        (tmp_path / "study" / "learning_curve.csv").write_text(text)
        with pytest.raises(ValueError, match=r"learning_curve\.csv: expected a learning curve"):
            write_report(tmp_path / "study", tmp_path / "report.html")
        assert not (tmp_path / "report.html").exists()


class TestPaperTables:
    def test_they_are_folded_and_hold_both_numbers(self, tremor, html):
        assert re.findall(r"<summary>(Table \d)", html) == ["Table 2", "Table 3", "Table 6", "Table 7"]
        page = Page(html)
        head, *rows = page.tables["Table 3, random forest, subject-wise"]
        assert head[:2] == ["resampling", "accuracy"]
        assert [row[0] for row in rows][:2] == ["none", "SMOTE"]
        scores = load_results(tremor).scores(n_resamples=0).set_index(["protocol", "resampler", "classifier", "metric"])
        value = scores.loc[("subject-wise", "none", "random-forest", "gmean"), "value"]
        assert rows[0][head.index("G-mean")] == f"{value:.2f}"
        assert re.search(rf"<td>{value:.2f}<small>paper 0\.32</small></td>", html)
        assert "Table 3, random forest, as-published" in page.tables
        systems = page.tables["Systems that rate tremor, how they were tested, what they report"]
        assert systems[1][0] == "this study (simulated)"
        assert [row[0] for row in systems if "Wagner" in row[0]] == ["Wagner 2017"]

    @pytest.mark.parametrize(("paper", "said"), [(0.95, True), (np.nan, False)])
    def test_the_paper_is_spoken_of_where_it_gives_a_value(self, paper, said):
        row = {"family": "over", "resampler": "SMOTE", "classifier": "random-forest", "gmean": 0.5}
        table = pd.DataFrame([row | {f"{_PAPER}gmean": paper, f"{_PAPER}remark": ""}])
        made = _scores(table, "Table 3", "subject-wise", chosen=False)
        assert ("The paper's values are of other recordings" in made.note) == said
        assert made.rows[0].cells[0].small == ("paper 0.95" if said else "")

    def test_two_classes_are_another_problem(self, tmp_path):
        results = make_study(tmp_path / "study", configurations=SOUND, **(TREMOR | {"labels": ("control", "pd")}))
        assert "<summary>Table" not in written(results, tmp_path)


class TestAudit:
    def test_every_check_answers_and_what_was_found_comes_first(self, tremor, html):
        stored = json.loads((tremor / "audit.json").read_text(encoding="utf-8"))
        section = html.split('<section id="audit"')[1].split("</section>")[0]
        answers = re.findall(r"<dt>(.*?) <b>(.*?)</b></dt><dd>(.*?)</dd>", section)
        unescaped = {(name.replace("_", " "), c["verdict"]) for c in stored["checks"] for name in [c["name"]]}
        assert {(name, answer) for name, answer, _ in answers} == unescaped
        order = [answer for _, answer, _ in answers]
        assert order == sorted(order, key=["found", "not found", "cannot be seen"].index)
        assert order[0] == "found"
        assert "subjects on both sides: 12" in section
        assert "not the table of the study" not in section
        assert html.index("The audit found leakage (") < html.index("never seen")

    def test_evidence_is_written_in_one_line(self):
        evidence = {
            "rows": 12520,
            "share": 0.12345,
            "exact": True,
            "pairs": [[1, 2000], [3, 4]],
            "none": None,
            "no": [],
        }
        assert _numbers(evidence) == "rows: 12,520; share: 0.123; exact: True; pairs: (1, 2,000), (3, 4)"
        assert _numbers({"test_rows": {"a": 1, "b": 0.5}}) == "test rows: a 1, b 0.5"

    def test_an_audit_of_another_table_says_so(self, tremor):
        audit = audit_leakage(None, [[0.1], [0.7], [0.3], [0.2]], [0, 1, 0, 1], list("aabb"), cv=[([0, 1], [2, 3])])
        blocks = audit_blocks(StudyView(load_results(tremor), n_resamples=0), audit)
        assert "This is not the table of the study, which has 96 windows of 12 subjects" in blocks[1].text
        assert audit_warning(audit) is None

    @pytest.mark.parametrize(
        "text",
        ["", "[]", "{}", '{"checks": [], "setting": {}}', '{"checks": [{"name": "rows"}], "setting": {}}', "\x80"],
        ids=range(6),
    )
    def test_another_file_is_an_error_before_anything_is_drawn(self, tremor, tmp_path, text):
        (tmp_path / "audit.json").write_text(text, encoding="latin-1")
        with pytest.raises(ValueError, match=r"audit: expected the JSON of a leakage audit"):
            write_report(tremor, tmp_path / "report.html", audit=tmp_path / "audit.json")
        assert not (tmp_path / "report.html").exists()

    def test_words_cannot_break_the_page(self, tremor, tmp_path):
        stored = json.loads((tremor / "audit.json").read_text(encoding="utf-8"))
        stored["checks"][0] |= {"words": "<script>alert(1)</script>", "evidence": {"<b>": ["<i>", 0.1, {"a": None}]}}
        (tmp_path / "audit.json").write_text(json.dumps(stored), encoding="utf-8")
        html = written(tremor, tmp_path, audit=tmp_path / "audit.json")
        assert "<script" not in html
        assert "&lt;script&gt;" in html

    def test_the_command_takes_the_file_and_misses_an_absent_one(self, tremor, tmp_path):
        run = CliRunner().invoke
        out = ["--out", str(tmp_path / "r.html")]
        done = run(app, ["report", str(tremor), *out, "--audit", str(tremor / "audit.json")])
        assert done.exit_code == 0, done.output
        assert "Audit" in headings((tmp_path / "r.html").read_text(encoding="utf-8"))
        failed = run(app, ["report", str(tremor), *out, "--audit", str(tmp_path / "none.json")])
        assert failed.exit_code == 2
        assert "skpd audit ... --json FILE" in " ".join(failed.output.split())


@pytest.mark.parametrize("width", [390, 1280])
def test_all_of_it_fits_a_browser(browser, html, tmp_path, width):
    (tmp_path / "report.html").write_text(html, encoding="utf-8")
    page = browser.new_page(viewport={"width": width, "height": 844})
    errors = []
    page.on("console", lambda message: errors.append(message.text))
    page.goto((tmp_path / "report.html").as_uri())
    assert not page.is_visible("text=Systems that rate tremor")
    page.click("summary:has-text('Table 7')")
    assert page.is_visible("text=Systems that rate tremor")
    assert page.evaluate("document.documentElement.scrollWidth") == width
    # What is folded is printed.
    page.set_viewport_size({"width": 688, "height": 1000})
    page.emulate_media(media="print")
    assert page.evaluate("document.documentElement.scrollWidth") == 688
    assert page.evaluate("[...document.querySelectorAll('details')].every(d => d.offsetHeight > 100)")
    assert errors == []
    page.close()
