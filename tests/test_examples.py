"""Every example of the gallery runs as a script, draws its figures and prints what its prose talks about."""

import re
import runpy
from pathlib import Path

import matplotlib.pyplot as plt
import pytest

EXAMPLES = Path(__file__).parents[1] / "examples"

#: What an example must print on simulated data, and with the real data; the number of figures it then shows.
SIMULATED = {
    "plot_leakage_audit": (
        1,
        [
            r"Leakage audit: 336 rows, 16 subjects, 4 folds",
            r"No leakage found\. 3 checks of 14 could not see",
            r"split at random: Leakage found by 3 checks: subjects, windows, identity",
            r"fill_gaps: preparation not found",
            r"choose_columns: preparation found",
        ],
    ),
    "plot_resampler_grid": (
        1,
        [
            r"resampled first: (\d+) rows, but subjects for (?!\1)\d+ of them",
            r"sklearn\.pipeline\.Pipeline: .*intermediate steps",
            r"19 candidates x 4 folds",
            r"best: \w+, [\w ]+, G-mean 0\.\d{3}",
            r"the same classifier without resampling: 0\.\d{3}",
        ],
    ),
    "plot_augmentation": (
        2,
        [
            r"3 drawings became 24 images",
            r"contrast at factors above 1\.4: 0\.\d\d, of the drawings: 0\.\d\d",
        ],
    ),
    "plot_learning_curve": (
        1,
        [
            r"\d+ windows of 30 people; tremor or none",
            r"eight times the windows: [+-]0\.\d\d",
            r"six times the people: \+0\.\d\d",
        ],
    ),
    "plot_pen_spiral": (
        2,
        [
            r"tremor_frequency_hz +\d",
            r"\d+ people with a tremor above 0\.2 mm; median error of its frequency 0\.\d\d Hz",
        ],
    ),
    "plot_leakage_gap": (
        1,
        [
            r"balanced accuracy, true labels: as-published 0\.\d\d, as-written 0\.\d\d, subject-wise 0\.\d\d",
            r"balanced accuracy, dealt-out labels: as-published 0\.\d\d, as-written 0\.\d\d, subject-wise 0\.\d\d",
            r"guessing by class shares: balanced_accuracy 0\.\d\d",
        ],
    ),
}
REAL = {
    "plot_magnitude_or_axes": (
        3,
        [
            r"expected of the magnitude: a²/\(4g\) = 0\.229 m/s² at 10 Hz",
            r"rest right hand +7\.75 +3\.75 +3\.75 ",
            r"power that the magnitude keeps in the 8 tremor recordings: \d+% to \d+%",
            r"56 people, 95% intervals over people",
            r"differences whose interval excludes zero: ",
        ],
    ),
    "plot_cloudupdrs_limbs": (
        1,
        [
            r"rest right hand +2 ",
            r"rest, 3-12 Hz: orders \d of 5 pairs",
            r"orders all 5 pairs with probability 0\.083",
            r"rest, right hand: scored 2, .* the phone travelled 0\.\d+ cm",
        ],
    ),
}


@pytest.fixture
def run_example(monkeypatch, capsys):
    """Run an example as a script; return what it printed and the figures that it showed."""
    shown = []

    def show():
        assert plt.get_fignums(), "plt.show() without a figure"
        for number in plt.get_fignums():
            figure = plt.figure(number)
            # Drawing finds what building does not: missing glyphs, layouts that collapse.
            figure.canvas.draw()
            shown.append(figure)
        plt.close("all")

    def run(name):
        runpy.run_path(str(EXAMPLES / f"{name}.py"), run_name="__main__")
        assert not plt.get_fignums(), "a figure was made and not shown"
        return capsys.readouterr().out, shown

    monkeypatch.setattr(plt, "show", show)
    yield run
    plt.close("all")


def check(run_example, name, expected):
    n_figures, lines = expected
    printed, figures = run_example(name)
    for line in lines:
        assert re.search(line, printed), f"{name}: nothing printed matches {line!r}"
    assert len(figures) == n_figures
    for figure in figures:
        assert any(ax.has_data() for ax in figure.axes)
        # At 6.4 inches the type is still readable on a phone.
        assert figure.get_size_inches()[0] <= 6.5
    return printed


def test_every_example_is_tested():
    assert {file.stem for file in EXAMPLES.glob("*.py")} == set(SIMULATED) | set(REAL)


@pytest.mark.parametrize("file", sorted(EXAMPLES.glob("plot_*.py")), ids=lambda file: file.stem)
def test_an_example_is_a_page_of_the_gallery(file):
    text = file.read_text(encoding="utf-8")
    title, line = re.match(r'"""\n(.+)\n(=+)\n', text).groups()
    assert len(title) == len(line)
    assert text.count("\n# %%\n") >= 3
    for heading, under in re.findall(r"\n# (.+)\n# (-{4,})\n", text):
        assert len(heading) == len(under), heading


@pytest.mark.slow
@pytest.mark.parametrize("name", sorted(set(SIMULATED) - {"plot_leakage_gap"}))
def test_simulated(run_example, name):
    check(run_example, name, SIMULATED[name])


@pytest.mark.slow
def test_leakage_gap(run_example):
    printed = check(run_example, "plot_leakage_gap", SIMULATED["plot_leakage_gap"])
    numbers = re.search(r"dealt-out labels: as-published (\S+), as-written (\S+), subject-wise (\S+)", printed)
    published, written, sound = map(float, numbers.groups())
    chance = float(re.search(r"guessing by class shares: balanced_accuracy ([\d.]+)", printed)[1])
    assert published > 0.8
    assert written > chance + 0.1
    assert abs(sound - chance) < 0.1


@pytest.mark.slow
@pytest.mark.parametrize("name", REAL)
def test_real_recordings(run_example, data_dir, monkeypatch, name):
    monkeypatch.setenv("SKPD_DATA", str(data_dir))
    check(run_example, name, REAL[name])


@pytest.mark.parametrize("folder", [None, "empty"])
@pytest.mark.parametrize("name", REAL)
def test_absent_recordings_are_told(run_example, monkeypatch, tmp_path, name, folder):
    if folder is None:
        monkeypatch.delenv("SKPD_DATA", raising=False)
    else:
        monkeypatch.setenv("SKPD_DATA", str(tmp_path))
    printed, figures = run_example(name)
    assert "Real recordings are absent: set SKPD_DATA" in printed
    assert len(figures) == (1 if name == "plot_magnitude_or_axes" else 0)
