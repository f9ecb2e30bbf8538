"""The report: what stands in it, and that it stands alone."""

import re
from collections import Counter
from html.parser import HTMLParser

import numpy as np
import pytest
from imblearn.pipeline import Pipeline
from sklearn.neighbors import KNeighborsClassifier
from typer.testing import CliRunner

from skpd.cli import app
from skpd.pages import write_report
from skpd.pages._command import study_command
from skpd.pages._study import StudyView

from .conftest import build, identity_table, make_study


class Page(HTMLParser):
    """Elements with their attributes, and the cells of each table by its caption."""

    def __init__(self, html):
        super().__init__()
        self.elements, self.tables = [], {}
        self._row, self._caption, self._inside = [], "", []
        self.feed(html)

    def handle_starttag(self, tag, attrs):
        self.elements.append((tag, dict(attrs)))
        self._inside.append(tag)
        if tag == "caption":
            self._caption = ""
        elif tag == "tr":
            self._row = []
        elif tag in ("td", "th"):
            self._row.append("")

    def handle_startendtag(self, tag, attrs):
        self.elements.append((tag, dict(attrs)))

    def handle_endtag(self, tag):
        if tag == "tr":
            self.tables.setdefault(self._caption, []).append(self._row)
        if tag in self._inside:
            while self._inside.pop() != tag:
                pass

    def handle_data(self, data):
        if "caption" in self._inside and "b" not in self._inside:
            self._caption = (self._caption + data).strip()
        elif self._row and {"td", "th"} & set(self._inside) and "small" not in self._inside:
            self._row[-1] += data.strip()


@pytest.fixture(scope="module")
def html(identity_study, tmp_path_factory):
    file = write_report(identity_study, tmp_path_factory.mktemp("report") / "report.html", n_resamples=60)
    return file.read_text(encoding="utf-8")


@pytest.fixture(scope="module")
def page(html):
    return Page(html)


def test_nothing_is_loaded_from_anywhere(html, page):
    for tag, attributes in page.elements:
        assert tag not in ("script", "iframe", "object", "embed")
        for name in ("src", "href", "xlink:href", "action"):
            assert re.match("#|data:|$", attributes.get(name) or ""), f"<{tag} {name}={attributes.get(name)}>"
    assert "@import" not in html
    assert not re.search(r"url\((?!#)", html)


def test_contents_lead_to_every_section(page):
    ids = Counter(attributes["id"] for _, attributes in page.elements if "id" in attributes)
    assert max(ids.values()) == 1
    targets = [a["href"].removeprefix("#") for tag, a in page.elements if tag == "a"]
    assert set(targets) <= set(ids)
    sections = [a["id"] for tag, a in page.elements if tag == "section"]
    assert [target for target in targets if target != "main"] == sections
    used = {
        found for _, a in page.elements for value in a.values() for found in re.findall(r"url\(#(.+?)\)", value or "")
    }
    assert used
    assert used <= set(ids)


def test_every_figure_and_table_can_be_heard(page):
    figures = [a for tag, a in page.elements if tag == "svg"]
    assert len(figures) >= 5
    for attributes in figures:
        assert attributes["role"] == "img"
        assert len(attributes["aria-label"]) > 20
    count = Counter(tag for tag, _ in page.elements)
    assert count["table"] == count["caption"]
    assert count["figure"] == count["figcaption"] == len(figures)
    assert count["h1"] == 1
    assert all(a["scope"] in ("row", "col") for tag, a in page.elements if tag == "th")


def test_printed_scores_are_those_of_the_study(page, identity_study):
    scores = identity_study.scores(n_resamples=0).set_index(["protocol", "resampler", "classifier", "metric"])["value"]
    head, *rows = page.tables["Nearest, as-written: 96 windows of 12 subjects"]
    assert head[:3] == ["resampling", "balanced accuracy", "accuracy"]
    printed = {row[0]: row[1:3] for row in rows}
    for name, pair in {"SMOTE": ("SMOTE", "nearest"), "majority": ("none", "majority")}.items():
        expected = [f"{scores['as-written', *pair, metric]:.2f}" for metric in ("balanced_accuracy", "accuracy")]
        assert printed[name] == expected
    assert set(printed) == {"none", "SMOTE", "majority", "subject-mode"}


def test_the_gap_stands_at_the_top(page):
    caption = "Balanced accuracy of nearest with SMOTE, window by window"
    assert next(iter(page.tables)) == caption
    rows = {row[0]: row[1] for row in page.tables[caption][1:]}
    assert list(rows) == ["as-published", "as-written", "subject-wise"]
    assert rows["as-written"] == "1.00"


def test_every_pipeline_stands_under_every_protocol(page, identity_study):
    head, *rows = page.tables["Balanced accuracy under each protocol, window by window"]
    assert head == ["pipeline", "as-published", "as-written", "subject-wise", "gap"]
    scores = identity_study.scores(n_resamples=0).set_index(["protocol", "resampler", "classifier", "metric"])["value"]
    expected = [round(scores[name, "SMOTE", "nearest", "balanced_accuracy"], 2) for name in head[1:4]]
    printed = {row[0]: row[1:] for row in rows}
    assert printed["nearest with SMOTE"] == [
        *(f"{value:.2f}" for value in expected),
        f"{expected[0] - expected[2]:+.2f}",
    ]
    assert list(printed)[-2:] == ["majority", "subject-mode"]


def test_the_same_results_give_the_same_file(identity_study, html, tmp_path):
    again = write_report(identity_study, tmp_path / "again" / "report.html", n_resamples=60)
    assert again.read_text(encoding="utf-8") == html
    assert [file.name for file in again.parent.iterdir()] == ["report.html"]


def test_the_order_of_the_cells_on_disk_does_not_matter(tmp_path):
    configurations = [(protocol, "none", "nearest") for protocol in ("as-written", "subject-wise")]
    results = make_study(tmp_path / "study", configurations=configurations)
    first = write_report(results, tmp_path / "first.html", n_resamples=0)
    for cell in sorted((tmp_path / "study" / "cells").iterdir(), reverse=True):
        cell.touch()
    second = write_report(tmp_path / "study", tmp_path / "second.html", n_resamples=0)
    assert first.read_bytes() == second.read_bytes()


def test_names_cannot_break_the_page(tmp_path):
    results = make_study(
        tmp_path / "study",
        dataset='<script>alert("x")</script> & co',
        labels=("<b>", "&amp;"),
        configurations=[("subject-wise", "<i>", "nearest"), ("as-written", "<i>", "nearest")],
    )
    page = Page(write_report(results, tmp_path / "report.html", n_resamples=20).read_text(encoding="utf-8"))
    assert not {"script", "b"} & {tag for tag, attributes in page.elements if not attributes}
    assert '<script>alert("x")</script> & co' not in (tmp_path / "report.html").read_text(encoding="utf-8")
    rows = next(rows for caption, rows in page.tables.items() if caption.endswith("subject-wise, window by window"))
    assert {"<b>", "&amp;"} <= {row[0] for row in rows}


def test_labels_may_be_true_and_false(tmp_path):
    configurations = [(protocol, "none", "nearest") for protocol in ("subject-wise", "as-written")]
    pages = []
    for labels in ((False, True), ("False", "True")):
        results = make_study(tmp_path / str(type(labels[0])), labels=labels, configurations=configurations)
        html = write_report(results, tmp_path / "report.html", n_resamples=20).read_text(encoding="utf-8")
        pages.append(Page(html).tables)
    timed = {caption for caption in (*pages[0], *pages[1]) if caption.startswith("Time")}
    assert pages[0].keys() - timed == pages[1].keys() - timed
    for caption in pages[0].keys() - timed:
        # True and False are ordered, so that they have measures for grades besides.
        for row, of_words in zip(pages[0][caption], pages[1][caption], strict=True):
            assert row[: len(of_words)] == of_words


@pytest.mark.filterwarnings("ignore::skpd.exceptions.FailedFoldsWarning")
def test_what_failed_or_is_missing_comes_first(tmp_path):
    results = make_study(
        tmp_path / "study",
        configurations=[("subject-wise", "none", "nearest"), ("subject-wise", "none", "broken")],
    )
    next(iter((tmp_path / "study" / "cells").glob("*nearest*fold2*"))).unlink()
    assert len(results.failures) == 3
    html = write_report(tmp_path / "study", tmp_path / "report.html", n_resamples=20).read_text(encoding="utf-8")
    assert html.index("The study is not complete: 3 folds failed") < html.index("never seen")
    assert "subject-wise, nearest without resampling, seed 0: 2 of 3 folds" in html
    assert "InvalidParameterError" in html


def test_a_baseline_that_cannot_be_is_said_on_the_page(tmp_path):
    labels = ("healthy", "parkinson", "parkinson")
    results = make_study(tmp_path / "study", labels=labels, configurations=[("as-published", "SMOTE", "nearest")])
    html = write_report(results, tmp_path / "report.html", n_resamples=0).read_text(encoding="utf-8")
    assert "as-published: no subject-mode baseline, since every recipe resamples before the split" in html


def test_nothing_finished_is_an_error_and_writes_no_file(tmp_path):
    make_study(tmp_path / "study", configurations=[("subject-wise", "none", "nearest")])
    for cell in (tmp_path / "study" / "cells").iterdir():
        cell.unlink()
    with pytest.raises(ValueError, match="found none: run the study"):
        write_report(tmp_path / "study", tmp_path / "report.html")
    assert not (tmp_path / "report.html").exists()


def test_a_folder_is_no_file(identity_study, tmp_path):
    with pytest.raises(ValueError, match=r"expected the name of an HTML file, got the folder .*: add a name"):
        write_report(identity_study, tmp_path)


def forest_like(resampler, classifier, *, random_state):
    return build(resampler, "nearest", random_state=random_state)


def test_published_tremor_numbers_stand_beside_those_of_every_protocol(tmp_path):
    results = make_study(
        tmp_path / "study",
        labels=(0, 1, 2),
        dataset="simulated",
        recipe="tremor, magnitude",
        build=forest_like,
        configurations=[(protocol, "none", "random-forest") for protocol in ("as-published", "subject-wise")],
    )
    html = write_report(results, tmp_path / "report.html", n_resamples=20).read_text(encoding="utf-8")
    page = Page(html)
    head, *rows = page.tables["Published, and here under each protocol, window by window"]
    assert head == ["pipeline", "published", "as-published", "subject-wise"]
    scores = StudyView(results, n_resamples=0)
    ours = [scores.score(p, ("none", "random-forest"), "gmean").value for p in ("as-published", "subject-wise")]
    assert rows[0] == ["random forest without resampling", "0.32", *(f"{value:.2f}" for value in ours)]
    assert "consistent with" in html
    assert "skpd study tremor" in html


def test_published_numbers_of_another_problem_stay_out(html):
    assert "AlMahadin" not in html
    assert "skpd study" not in html


class NetworkLike(KNeighborsClassifier):
    """Has the settings of a network that the command takes, and no network."""

    def __init__(self, weights=None, input_shape=(48, 48, 3), head=(124,)):
        super().__init__(1)
        self.weights, self.input_shape, self.head = weights, input_shape, head


def network_like(resampler, classifier, *, random_state):
    return Pipeline([("classifier", NetworkLike())])


def test_a_study_of_drawings_has_its_own_names_units_and_published_numbers(tmp_path):
    pairs = [("none", "hwa1-2"), ("offline", "hwa2-2"), ("offline", "hwa3-6")]
    table = identity_table(n_rows=3)
    table.index["recording"] = np.arange(len(table.y))
    results = make_study(
        tmp_path / "study",
        table=table,
        build=network_like,
        unit="drawing",
        dataset="real waves, all",
        recipe="hwa, MobileNet",
        configurations=[(protocol, *pair) for protocol in ("as-published", "subject-wise") for pair in pairs],
    )
    html = write_report(results, tmp_path / "report.html", n_resamples=20).read_text(encoding="utf-8")
    page = Page(html)
    rows = page.tables["Published, and here under each protocol, drawing by drawing"][1:]
    assert ["HWA-I, experiment 2", "0.93"] in [row[:2] for row in rows]
    assert ["HWA-II, experiment 2", "0.98"] in [row[:2] for row in rows]
    # A recording is a drawing here, so that it is no unit of its own; the drawer is.
    assert "Subject-wise: 36 drawings of 12 subjects" in page.tables
    assert "Subject-wise: 12 subjects" in page.tables
    assert not any("recording" in caption for caption in page.tables)
    assert "windows that overlap" not in html
    assert "Here differ from the paper: other drawings (real waves, all); another network (MobileNet)" in html
    assert "random weights, with which nothing here says anything about the published system" in html
    command = html[html.index("skpd study spiral") :].split("</code>")[0].replace(" \\\n", "")
    assert " ".join(command.split()[3:]) == (
        "--data real --kind wave --subset all --experiments one --protocols as-published,subject-wise "
        "--backbone MobileNet --weights none --size 48 --head 124 --folds 3 --seed 0"
    )


def test_the_command_writes_into_the_results_folder(tmp_path):
    make_study(tmp_path / "study", configurations=[("subject-wise", "none", "nearest")])
    done = CliRunner().invoke(app, ["report", str(tmp_path / "study")])
    assert done.exit_code == 0, done.output
    assert (tmp_path / "study" / "report.html").read_text(encoding="utf-8").startswith("<!DOCTYPE html>")


def test_the_command_says_what_it_expected(tmp_path):
    failed = CliRunner().invoke(app, ["report", str(tmp_path / "absent")])
    assert failed.exit_code == 2
    assert "holds no study" in failed.output
    assert not (tmp_path / "absent").exists()


@pytest.mark.parametrize("protocols", [("subject-wise",), ("as-written", "subject-wise")], ids=len)
def test_the_command_that_is_printed_runs_the_same_configurations(tmp_path, protocols):
    pairs = [(name, "random-forest") for name in ("none", "SMOTE")]
    sound = [("subject-wise", *pair) for pair in pairs]
    others = [(protocol, "SMOTE", "random-forest") for protocol in protocols if protocol != "subject-wise"]
    results = make_study(
        tmp_path,
        labels=(0, 1, 2),
        dataset="simulated",
        recipe="tremor, per-axis",
        build=forest_like,
        seeds=[3],
        configurations=[*sound, *others],
    )
    name, *options = study_command(StudyView(results, n_resamples=0)).replace(" \\\n", "\n").split("\n")
    assert name == "skpd study tremor"
    assert dict(option.split() for option in options) == {
        "--data": "simulated",
        "--road": "per-axis",
        "--resamplers": "none,SMOTE",
        "--classifiers": "random-forest",
        "--protocols": "subject-wise",
        "--leaky": "SMOTE" if len(protocols) > 1 else "''",
        "--folds": "3",
        "--seed": "3",
    }
