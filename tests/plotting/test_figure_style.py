"""Colours that survive greyscale and colour-blindness, and how units and bands are written."""

import subprocess
import sys

import matplotlib as mpl
import matplotlib.pyplot as plt
import numpy as np
import pytest

from skpd.plotting import OKABE_ITO, SEVERITY_COLORS, figure_style
from skpd.plotting._signals import decimate
from skpd.plotting._style import band_title, class_colors, format_share, format_unit, text_color_on

# Machado, Oliveira and Fernandes (2009), full severity, on linear RGB.
COLOUR_BLINDNESS = {
    "protanopia": [[0.152286, 1.052583, -0.204868], [0.114503, 0.786281, 0.099216], [-0.003882, -0.048116, 1.051998]],
    "deuteranopia": [[0.367322, 0.860646, -0.227968], [0.280085, 0.672501, 0.047413], [-0.011820, 0.042940, 0.968881]],
    "tritanopia": [[1.255528, -0.076749, -0.178779], [-0.078411, 0.930809, 0.147602], [0.004733, 0.691367, 0.303900]],
}


def linear(color):
    rgb = np.array(mpl.colors.to_rgb(color))
    return np.where(rgb <= 0.04045, rgb / 12.92, ((rgb + 0.055) / 1.055) ** 2.4)


def lightness(linear_rgb):
    return 116 * np.cbrt(np.clip(linear_rgb, 0, 1) @ [0.2126, 0.7152, 0.0722]) - 16


@pytest.mark.parametrize("vision", [None, *COLOUR_BLINDNESS])
def test_severity_ramp_darkens_evenly_for_every_kind_of_vision(vision):
    matrix = np.eye(3) if vision is None else np.array(COLOUR_BLINDNESS[vision])
    steps = np.diff([lightness(matrix @ linear(color)) for color in SEVERITY_COLORS])
    assert (steps < -7).all()


def test_every_text_colour_reads_on_its_background():
    for share in np.linspace(0, 1, 21):
        background = mpl.colormaps["Blues"](share)
        a, b = (linear(c) @ [0.2126, 0.7152, 0.0722] + 0.05 for c in (text_color_on(background), background))
        assert max(a, b) / min(a, b) >= 3.8


def test_severities_get_the_ramp_and_other_classes_do_not():
    assert class_colors([0, 1, 2, 3]) == dict(enumerate(SEVERITY_COLORS[:4]))
    assert class_colors([0.0, 1.0, 4.0])[4.0] == SEVERITY_COLORS[4]
    assert class_colors([0, 1]) == dict(enumerate(OKABE_ITO[:2]))
    assert class_colors(["PD", "control"])["control"] == OKABE_ITO[1]
    assert len(class_colors(range(12))) == 12


@pytest.mark.parametrize(
    ("name", "title"),
    [
        ("rest_3_6hz", "rest band, 3–6 Hz"),
        ("re_emergent_3.5_7.5hz", "re emergent band, 3.5–7.5 Hz"),
        ("band 0", "band 0"),
    ],
)
def test_band_title(name, title):
    assert band_title(name) == title


def test_units_and_shares():
    assert format_unit("m/s^2") == "m/s²"
    assert format_unit("m*s**-2") == "m*s⁻²"
    assert format_unit("g") == "g"
    assert [format_share(s) for s in (0, 0.004, 0.126, 1, np.nan)] == ["0%", "<1%", "13%", "100%", "n/a"]


def test_style_ends_with_its_block_even_after_an_error():
    def draw_and_fail():
        with figure_style({"font.size": 20}):
            assert mpl.rcParams["font.size"] == 20
            figure, ax = plt.subplots()
            plt.close(figure)
            assert not ax.spines["top"].get_visible()
            raise RuntimeError

    before = dict(mpl.rcParams)
    with pytest.raises(RuntimeError):
        draw_and_fail()
    assert dict(mpl.rcParams) == before


def test_decimation_keeps_extremes_and_gaps():
    signal = np.sin(np.arange(10_001.0))[:, None]
    signal[5000:6000] = np.nan
    positions, values = decimate(signal, 100)
    assert len(positions) == len(values) == 200
    assert (np.diff(positions) > 0).all()
    assert positions[-1] < len(signal)
    assert (np.nanmin(values), np.nanmax(values)) == (np.nanmin(signal), np.nanmax(signal))
    assert 16 <= np.isnan(values[:, 0]).sum() <= 20
    np.testing.assert_array_equal(decimate(signal[:150], 100)[1], signal[:150])


def test_importing_the_displays_does_not_import_matplotlib():
    code = "import sys, skpd.plotting; sys.exit('matplotlib' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
