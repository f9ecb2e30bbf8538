"""The displays draw what they computed, on the axes they were given, and leave matplotlib as it was."""

import warnings
from itertools import pairwise

import matplotlib as mpl
import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
import pytest
from sklearn.metrics import recall_score, roc_auc_score

from skpd.plotting import (
    SEVERITY_COLORS,
    ClassDistributionDisplay,
    ConfusionPanelDisplay,
    OneVsRestRocDisplay,
    ProtocolGapDisplay,
    RecordingDisplay,
    ResamplerComparisonDisplay,
)

BANDS = ["rest_3_6hz", "postural_6_9hz", "kinetic_9_12hz"]


@pytest.fixture(autouse=True)
def close_figures():
    yield
    plt.close("all")


@pytest.fixture
def rng():
    return np.random.default_rng(0)


def recording(n=1500, seed=0):
    rng = np.random.default_rng(seed)
    return rng.normal(0, 1, (n, 3)) + [0, 0, 9.81], rng.normal(0, 0.2, (n, 3))


def window_frame(n, length=200, step=100):
    start = np.arange(0, n - length + 1, step)
    return pd.DataFrame({"start": start, "stop": start + length})


def severity_predictions(rng, n=600):
    y = rng.choice(4, n, p=[0.6, 0.2, 0.15, 0.05])
    scores = np.eye(5)[y] + rng.normal(0, 0.7, (n, 5))
    return y, scores


def resampler_table(classifiers=("RandomForest",)):
    rows = []
    families = {"none": "none", "SMOTE": "over", "ADASYN": "over", "AllKNN": "under", "SMOTEENN": "hybrid"}
    for i, (name, family) in enumerate(families.items()):
        for j, classifier in enumerate(classifiers):
            for metric in ("gmean", "iba"):
                value = 0.3 + 0.05 * i + 0.02 * j
                rows.append((name, family, classifier, metric, value, value - 0.1, value + 0.08))
    return pd.DataFrame(rows, columns=["resampler", "family", "classifier", "metric", "value", "low", "high"])


def protocol_table():
    rows = [
        ("tremor", "subject-wise", "gmean", 0.50, 0.42, 0.58),
        ("tremor", "as-written", "gmean", 0.78, 0.76, 0.80),
        ("tremor", "as-published", "gmean", 0.94, 0.93, 0.95),
    ]
    return pd.DataFrame(rows, columns=["recipe", "protocol", "metric", "value", "low", "high"])


def draw_recording(ax=None):
    raw, bands = recording()
    return RecordingDisplay.from_signals(
        raw, bands, sampling_rate=50, band_names=BANDS, windows=window_frame(len(raw)), ax=ax
    )


def draw_confusion(ax=None):
    y, scores = severity_predictions(np.random.default_rng(1))
    return ConfusionPanelDisplay.from_predictions({"none": (y, y), "SMOTE": (y, scores.argmax(1))}, range(5), ax=ax)


def draw_roc(ax=None):
    y, scores = severity_predictions(np.random.default_rng(1))
    return OneVsRestRocDisplay.from_predictions({"none": (y, scores), "SMOTE": (y, 2 * scores)}, range(5), ax=ax)


def draw_resamplers(ax=None):
    return ResamplerComparisonDisplay.from_table(resampler_table(), metrics=["gmean", "iba"], ax=ax)


def draw_distribution(ax=None):
    return ClassDistributionDisplay.from_labels([0] * 8 + [1] * 4, list("aabbccdd") + list("aaab"), ax=ax)


def draw_gap(ax=None):
    return ProtocolGapDisplay.from_table(protocol_table(), ax=ax)


DRAWERS = {
    draw_recording: 6,
    draw_confusion: 2,
    draw_roc: 2,
    draw_resamplers: 2,
    draw_distribution: 1,
    draw_gap: 1,
}


def axes_of(display):
    return [display.ax_] if hasattr(display, "ax_") else list(display.axes_)


def texts(ax):
    return [text.get_text() for text in ax.texts]


@pytest.mark.parametrize(("draw", "n_panels"), DRAWERS.items())
class TestEveryDisplay:
    def test_makes_a_figure_that_draws_without_warnings(self, draw, n_panels):
        with warnings.catch_warnings():
            warnings.simplefilter("error")
            display = draw()
            display.figure_.canvas.draw()
        assert len(axes_of(display)) == n_panels
        assert all(ax.figure is display.figure_ for ax in axes_of(display))

    def test_nothing_sticks_out_of_the_figure(self, draw, n_panels):
        display = draw()
        display.figure_.canvas.draw()
        width, height = display.figure_.canvas.get_width_height()
        box = display.figure_.get_tightbbox().extents * display.figure_.dpi
        assert box[0] >= -1
        assert box[1] >= -1
        assert box[2] <= width + 1
        assert box[3] <= height + 1

    @pytest.mark.parametrize("layout", [None, "constrained"])
    def test_uses_given_axes(self, draw, n_panels, layout):
        figure, axes = plt.subplots(n_panels, 1, squeeze=False, layout=layout)
        display = draw(ax=axes[0, 0] if n_panels == 1 else axes)
        assert axes_of(display) == list(axes[:, 0])
        assert display.figure_ is figure
        assert plt.get_fignums() == [figure.number]
        figure.canvas.draw()

    def test_refuses_the_wrong_number_of_axes(self, draw, n_panels):
        _, axes = plt.subplots(n_panels + 1)
        with pytest.raises(ValueError, match=rf"expected {n_panels} axes.* got {n_panels + 1}"):
            draw(ax=axes)

    def test_leaves_the_settings_alone(self, draw, n_panels):
        before = dict(mpl.rcParams)
        draw()
        assert dict(mpl.rcParams) == before

    def test_draws_again(self, draw, n_panels):
        display = draw()
        first = display.figure_
        assert display.plot() is display
        assert display.figure_ is not first

    def test_alt_text_is_sentences(self, draw, n_panels):
        text = draw().alt_text_
        assert text[0].isupper()
        assert text.endswith(".")
        assert any(character.isdigit() for character in text)
        assert "nan" not in text


class TestRecording:
    def test_panels_titles_units(self):
        display = draw_recording()
        titles = [ax.get_title(loc="left") for ax in display.axes_]
        assert titles == [
            "raw axes",
            "magnitude",
            "rest band, 3–6 Hz",
            "postural band, 6–9 Hz",
            "kinetic band, 9–12 Hz",
            "14 windows of 4 s, 50% overlap",
        ]
        assert {ax.get_ylabel() for ax in display.axes_[:-1]} == {"m/s²"}
        assert display.axes_[-1].get_xlabel() == "time (s)"

    def test_lines_hold_the_signals(self):
        raw, bands = recording()
        display = draw_recording()
        x_axis = display.axes_[0].lines[0]
        np.testing.assert_allclose(x_axis.get_xdata(), np.arange(1500) / 50)
        np.testing.assert_array_equal(x_axis.get_ydata(), raw[:, 0])
        np.testing.assert_allclose(display.axes_[1].lines[0].get_ydata(), np.sqrt((raw**2).sum(1)))
        rms = np.sqrt((bands[:, 0] ** 2).mean())
        assert display.axes_[2].get_title(loc="right") == f"RMS {rms:.2g} m/s²"

    def test_bands_share_one_scale(self):
        raw, bands = recording()
        display = RecordingDisplay.from_signals(raw, bands * [1, 5, 0.1], sampling_rate=50)
        assert len({ax.get_ylim() for ax in display.axes_[2:]}) == 1

    def test_overlapping_windows_alternate_between_two_rows(self):
        brackets = draw_recording().axes_[-1].collections[0].get_segments()
        assert len(brackets) == 14
        rows = [segment[:, 1].mean() for segment in brackets]
        assert rows == [0.0, -1.0] * 7
        in_first_row = sorted((s[0, 0], s[-1, 0]) for s in brackets[::2])
        assert all(a[1] < b[0] for a, b in pairwise(in_first_row))

    def test_predictions_colour_the_windows(self):
        raw, bands = recording()
        windows = window_frame(len(raw)).assign(prediction=[0, 1, 2, 3, 4, 0, 0, 0, 0, 0, 0, 0, 0, 4])
        display = RecordingDisplay.from_signals(raw, bands, sampling_rate=50, windows=windows, label_name="severity")
        drawn = [mpl.colors.to_hex(bar.get_facecolor()).upper() for bar in display.axes_[-1].patches]
        assert drawn == [SEVERITY_COLORS[p] for p in windows["prediction"]]
        assert "severity: 0: 9, 1: 1, 2: 1, 3: 1, 4: 2" in display.alt_text_

    def test_long_recording_keeps_its_peaks(self):
        raw, bands = recording(200_000)
        bands[123_456, 1] = 50.0
        windows = window_frame(len(raw))
        windows["prediction"] = np.where(windows["start"] < 100_000, 0, 2)
        display = RecordingDisplay.from_signals(raw, bands, sampling_rate=50, windows=windows, labels=[0, 1, 2])
        line = display.axes_[3].lines[0]
        assert len(line.get_xdata()) < 5000
        assert line.get_ydata().max() == 50.0
        assert line.get_xdata()[line.get_ydata().argmax()] * 60 == pytest.approx(123_456 / 50, abs=3)
        assert display.axes_[-1].get_xlabel() == "time (min)"
        assert len(display.axes_[-1].patches) == 3
        assert display.axes_[-1].get_title(loc="left").endswith("as shares of time")

    def test_time_range(self):
        raw, bands = recording(200_000)
        windows = window_frame(len(raw))
        display = RecordingDisplay.from_signals(raw, bands, sampling_rate=50, windows=windows, time_range=(100, 120))
        assert display.axes_[0].get_xlim() == (100, 120)
        np.testing.assert_array_equal(display.axes_[0].lines[2].get_ydata(), raw[5000:6000, 2])
        # Nine start inside, and one lies over either edge.
        assert len(display.axes_[-1].collections[0].get_segments()) == 11
        with pytest.raises(ValueError, match=r"time_range.*4000 s"):
            display.plot(time_range=(5000, 6000))

    def test_gaps_and_one_channel(self):
        raw, bands = recording(20_000)
        raw[5_000:9_000] = np.nan
        bands[5_000:9_000] = np.nan
        display = RecordingDisplay.from_signals(raw[:, 0], bands, sampling_rate=50)
        assert len(display.axes_) == 4
        drawn = display.axes_[0].lines[0].get_ydata()
        assert 0.15 < np.isnan(drawn).mean() < 0.25
        assert "nan" not in display.alt_text_

    def test_given_signals_replace_the_magnitude(self):
        raw, bands = recording()
        display = RecordingDisplay.from_signals(
            raw, bands, sampling_rate=50, signals=raw[:, :1], signal_names=["principal axis"], units="m/s^2"
        )
        assert display.axes_[1].get_title(loc="left") == "principal axis"
        assert display.axes_[1].get_ylabel() == "m/s²"

    @pytest.mark.parametrize(
        ("changes", "message"),
        [
            ({"sampling_rate": 0}, "sampling_rate.*positive"),
            ({"bands": np.zeros((3, 1))}, "bands.*1500 timesteps.*got 3"),
            ({"band_names": ["a"]}, r"band_names.*3 name\(s\)"),
            ({"recording": np.zeros((2, 1500, 3))}, r"recording.*X\[0\]"),
            ({"windows": pd.DataFrame({"begin": [0]})}, "columns start and stop"),
            ({"windows": pd.DataFrame({"start": [1400], "stop": [1600]})}, "stop <= 1500"),
        ],
    )
    def test_errors(self, changes, message):
        raw, bands = recording()
        arguments = {"recording": raw, "bands": bands, "sampling_rate": 50} | changes
        with pytest.raises(ValueError, match=message):
            RecordingDisplay.from_signals(**arguments)


class TestConfusion:
    def test_annotations_are_the_computed_recalls(self, rng):
        y, scores = severity_predictions(rng)
        predicted = scores[:, :4].argmax(1)
        display = ConfusionPanelDisplay.from_predictions({"none": (y, predicted)})
        recalls = recall_score(y, predicted, average=None)
        np.testing.assert_allclose(np.diag(display.shares["none"]), recalls)
        bold = [t.get_text() for t in display.axes_[0].texts if t.get_fontweight() == "bold"]
        assert bold == [f"{100 * r:.0f}%" for r in recalls]
        assert f"({(predicted[y == 3] == 3).sum()})" in texts(display.axes_[0])
        assert display.axes_[0].get_title(loc="right") == f"mean recall {100 * recalls.mean():.0f}%"

    def test_one_colour_scale(self):
        display = draw_confusion()
        assert {ax.images[0].get_clim() for ax in display.axes_} == {(0, 100)}

    def test_a_class_without_samples_is_absent(self):
        display = draw_confusion()
        assert np.isnan(display.shares["none"][4]).all()
        assert texts(display.axes_[0]).count("absent") == 1
        assert "4 absent" in display.alt_text_

    def test_rare_confusions_do_not_round_to_zero(self):
        y = [0] * 1000 + [1]
        display = ConfusionPanelDisplay.from_predictions({"none": (y, [1] + [0] * 999 + [1])})
        assert {"<1%", "(1)", "(999)"} <= set(texts(display.axes_[0]))

    def test_errors(self):
        with pytest.raises(ValueError, match="got none"):
            ConfusionPanelDisplay.from_predictions({})
        with pytest.raises(ValueError, match=r"without \[2\]"):
            ConfusionPanelDisplay.from_predictions({"none": ([0, 1], [0, 2])}, labels=[0, 1])


class TestRoc:
    def test_areas_equal_scikit_learn(self, rng):
        y, scores = severity_predictions(rng)
        display = OneVsRestRocDisplay.from_predictions({"none": (y, scores)}, range(5))
        expected = {c: roc_auc_score(y == c, scores[:, c]) for c in range(4)}
        legend = [text.get_text() for text in display.axes_[0].get_legend().get_texts()]
        assert legend == [f"{c}: {area:.2f}" for c, area in expected.items()] + ["4: absent"]
        mean = np.mean(list(expected.values()))
        assert display.axes_[0].get_title(loc="right") == f"mean AUC {mean:.2f}"

    def test_a_class_keeps_its_colour(self):
        first, second = draw_roc().axes_
        assert [line.get_color() for line in first.lines[1:]] == list(SEVERITY_COLORS)
        assert [line.get_color() for line in second.lines[1:]] == list(SEVERITY_COLORS)

    def test_binary_draws_the_second_class_once(self, rng):
        y = np.array(["control", "PD"])[rng.integers(0, 2, 50)]
        score = rng.random(50) + (y == "PD")
        labels = ["control", "PD"]
        display = OneVsRestRocDisplay.from_predictions({"none": (y, score)}, labels)
        both = OneVsRestRocDisplay.from_predictions({"none": (y, np.column_stack([1 - score, score]))}, labels)
        assert display.auc == both.auc == {"none": {"PD": roc_auc_score(y == "PD", score)}}

    def test_errors(self, rng):
        with pytest.raises(ValueError, match=r"shape \(4, 3\).*got \(4, 2\)"):
            OneVsRestRocDisplay.from_predictions({"none": ([0, 1, 0, 1], rng.random((4, 2)))}, [0, 1, 2])
        with pytest.raises(ValueError, match=r"without \[2\]"):
            OneVsRestRocDisplay.from_predictions({"none": ([0, 2], rng.random((2, 2)))}, [0, 1])
        with pytest.raises(ValueError, match=r"at least two classes in y_true, got \[1\]"):
            OneVsRestRocDisplay.from_predictions({"none": ([1, 1], rng.random((2, 2)))}, [0, 1])


class TestClassDistribution:
    def test_numbers_stand_beside_the_bars(self):
        display = draw_distribution()
        assert display.table["n_subjects"].tolist() == [4, 2]
        assert [bar.get_width() for bar in display.ax_.patches] == [8, 4]
        assert {"8", "66.7%", "4 of 4", "33.3%", "2 of 4"} <= set(texts(display.ax_))

    def test_rare_and_absent_classes_get_dots(self):
        display = ClassDistributionDisplay.from_labels([0] * 5000 + [3] * 2, labels=range(5))
        assert display.ax_.get_xscale() == "log"
        assert not display.ax_.patches
        assert "log scale" in display.ax_.get_xlabel()
        dots, hollow = display.ax_.collections[-2:]
        np.testing.assert_array_equal(dots.get_offsets(), [[5000, 0], [2, 3]])
        assert len(hollow.get_offsets()) == 3
        assert "<0.1%" in texts(display.ax_)

    def test_scale_can_be_chosen(self):
        display = ClassDistributionDisplay.from_labels([0] * 5000 + [1], scale="linear")
        assert display.ax_.get_xscale() == "linear"
        assert len(display.ax_.patches) == 2

    def test_errors(self):
        for arguments, message in [
            (([],), "at least one sample"),
            (([0, 1], ["a"]), "2 subjects"),
            (([0, 1], None, [0]), r"without \[1\]"),
        ]:
            y, groups, labels = (*arguments, None, None)[:3]
            with pytest.raises(ValueError, match=message):
                ClassDistributionDisplay.from_labels(y, groups, labels=labels)
        with pytest.raises(ValueError, match=r"scale.*'square'"):
            ClassDistributionDisplay.from_labels([0, 1], scale="square")


class TestResamplerComparison:
    def test_rows_are_grouped_by_family_and_sorted(self):
        display = draw_resamplers()
        assert display.rows_ == ["none", "ADASYN", "SMOTE", "AllKNN", "SMOTEENN"]
        assert [label.get_text() for label in display.axes_[0].get_yticklabels()] == display.rows_
        assert texts(display.axes_[0]) == ["over-sampling", "under-sampling", "hybrid"]
        assert [ax.get_title(loc="left") for ax in display.axes_] == ["G-mean", "IBA"]

    def test_dots_and_intervals(self):
        table = resampler_table(("RandomForest", "MLP"))
        display = ResamplerComparisonDisplay.from_table(table, metrics=["iba"])
        dots = display.axes_[0].lines
        assert [line.get_marker() for line in dots] == ["o", "s"]
        mlp = table[(table["metric"] == "iba") & (table["classifier"] == "MLP")]
        np.testing.assert_allclose(dots[1].get_xdata(), mlp["value"])
        ends = [segment[:, 0] for segment in display.axes_[0].collections[1].get_segments()]
        np.testing.assert_allclose(ends, mlp[["low", "high"]])

    def test_baselines_from_rows_and_argument(self):
        majority = pd.DataFrame(
            [("majority", "baseline", "-", "gmean", 0.05)],
            columns=["resampler", "family", "classifier", "metric", "value"],
        )
        table = pd.concat([resampler_table(), majority])
        display = ResamplerComparisonDisplay.from_table(
            table, metrics=["gmean", "iba"], baseline={"chance": {"iba": 0.2}}
        )
        assert display.baseline == {"chance": {"iba": 0.2}, "majority": {"gmean": 0.05}}
        assert "majority" not in display.rows_
        assert 0.05 in [line.get_xdata()[0] for line in display.axes_[0].lines]
        assert 0.2 in [line.get_xdata()[0] for line in display.axes_[1].lines]
        assert "against majority 0.05" in display.alt_text_
        legend = [text.get_text() for text in display.figure_.legends[0].get_texts()]
        assert legend == ["RandomForest", "chance baseline", "majority baseline"]

    def test_published_values_are_hollow_and_named(self):
        table = resampler_table().assign(published=np.nan)
        table.loc[table["resampler"] == "ADASYN", "published"] = 0.95
        display = ResamplerComparisonDisplay.from_table(table, metrics=["gmean"], published_protocol="as-published")
        hollow = display.axes_[0].lines[-1]
        assert hollow.get_markerfacecolor() == "white"
        assert np.nanmax(hollow.get_xdata()) == 0.95
        legend = [text.get_text() for text in display.figure_.legends[0].get_texts()]
        assert "published (as-published)" in legend

    def test_missing_values_are_written(self):
        table = resampler_table()
        table.loc[table["resampler"] == "AllKNN", ["value", "low", "high"]] = np.nan
        display = ResamplerComparisonDisplay.from_table(table, metrics=["gmean"])
        assert texts(display.axes_[0]).count("n/a") == 1

    def test_errors(self):
        table = resampler_table()
        with pytest.raises(ValueError, match="without family"):
            ResamplerComparisonDisplay.from_table(table.drop(columns="family"))
        with pytest.raises(ValueError, match=r"\['gmean', 'iba'\].*got \['auc'\]"):
            ResamplerComparisonDisplay.from_table(table, metrics=["auc"])
        with pytest.raises(ValueError, match="more than one"):
            ResamplerComparisonDisplay.from_table(pd.concat([table, table]), metrics=["iba"])
        with pytest.raises(ValueError, match="low <= value <= high"):
            ResamplerComparisonDisplay.from_table(table.assign(low=0.9), metrics=["iba"])
        with pytest.raises(ValueError, match="only baselines"):
            ResamplerComparisonDisplay.from_table(table.assign(family="baseline"), metrics=["iba"])


class TestProtocolGap:
    def test_protocols_run_from_leaky_to_honest(self):
        display = draw_gap()
        labels = [label.get_text() for label in display.axes_[0].get_yticklabels()]
        assert labels == ["as-published", "as-written", "subject-wise"]

    def test_the_drop_is_drawn_and_written(self):
        display = draw_gap()
        drop = display.drops.iloc[0]
        assert (drop["first"], drop["last"]) == ("as-published", "subject-wise")
        assert drop["change"] == pytest.approx(-0.44)
        assert {"0.94", "0.78", "0.50", "−0.44", "tremor"} <= set(texts(display.axes_[0]))
        (arrow,) = [t for t in display.axes_[0].texts if getattr(t, "arrow_patch", None) is not None]
        assert (arrow.xyann[0], arrow.xy[0]) == (0.94, 0.50)

    def test_the_drop_is_of_the_numbers_beside_it(self):
        table = protocol_table().assign(value=[0.686, 0.7, 0.7647], low=0.6, high=0.9)
        display = ProtocolGapDisplay.from_table(table)
        assert {"0.69", "−0.07"} <= set(texts(display.axes_[0]))
        assert "to 0.69 (subject-wise), a change of −0.07" in display.alt_text_

    def test_one_protocol_has_no_drop(self):
        table = protocol_table().iloc[:1]
        display = ProtocolGapDisplay.from_table(table)
        assert display.drops.empty
        legend = [text.get_text() for text in display.figure_.legends[0].get_texts()]
        assert legend == ["test people never seen"]

    def test_published_values_and_gaps(self):
        table = protocol_table().assign(published=[np.nan, np.nan, 0.95])
        table.loc[1, ["value", "low", "high"]] = np.nan
        display = ProtocolGapDisplay.from_table(table)
        assert "n/a" in texts(display.axes_[0])
        diamonds = [line for line in display.axes_[0].lines if line.get_marker() == "D"]
        assert np.nanmax(diamonds[0].get_xdata()) == 0.95
        assert display.drops["change"].tolist() == pytest.approx([-0.44])
