"""Write docs/tremor_features.md and docs/pen_features.md, the pages of the features, from the catalogues in the code.

Run it after a change of a catalogue: ``python docs/make_catalogue.py``. Tests compare the pages with what it makes.
"""

from pathlib import Path

from skpd.features import pen_feature_catalogue, tremor_feature_catalogue

PAGE = Path(__file__).with_name("tremor_features.md")
PEN_PAGE = Path(__file__).with_name("pen_features.md")

_HEAD = """\
# The 34 tremor features

<!-- Made by docs/make_catalogue.py from skpd.features.tremor_feature_catalogue(): do not edit this page. -->

`TremorFeatures` computes these numbers of every channel of every window; three band-passed channels give the 102 of the
published system. Thirteen statistics are taken of the window and, with the prefix `spectrum_`, of its amplitude
spectrum; one more of the window; seven of the power spectral density (PSD).

Symbols: x is the window of N samples; F its discrete Fourier transform, not normalised, with the bins 0 to half the
sampling rate unless `spectrum="two-sided"`; P_k the PSD at the frequency f_k; s the standard deviation; S(f) the power
at frequencies below f; u the unit of the signal. Where a parameter governs a feature, the formula shows the default.

Source of the list: AlMahadin, Lotfi, McCarthy and Breedon (2022), SN Computer Science 3, Table 8
(doi:10.1007/s42979-021-00953-6), recovered from Table 2 of the authors' paper of 2021 (Journal of Healthcare
Engineering 9624386, since retracted), which names the same features and their domains. The list does not name tsfresh,
but 27 of its features are tsfresh's calculators one for one, so where tsfresh defines a feature its definition rules. A
feature that is undefined (the docstring of `TremorFeatures` says when) is nan unless `undefined` says otherwise.

| # | name | domain | formula | unit | definition | parameters |
|--:|------|--------|---------|------|------------|------------|
"""


_PEN_HEAD = """\
# The features of pen trajectories

<!-- Made by docs/make_catalogue.py from skpd.features.pen_feature_catalogue(): do not edit this page. -->

`PenFeatures` computes these numbers of every drawing or piece of handwriting. Its docstring says how points of the same
time, gaps and missing channels are treated, and what the sampling rate does to the features.

Symbols: p = (x, y) is the position, u its unit; w the pressure and its unit; v = dp/dt; T the time that the runs of the
trajectory take together; P_k the power spectral density at the frequency f_k, df the width of its bins, S the power
below a frequency. For spirals r and theta are the radius and the angle, in the direction of drawing, about the fitted
centre, r = a + b theta is the fit by least squares and e = r - (a + b theta); means over e are weighted by the length
of the path, and derivatives by theta are differences of the mean radius in cells of 5 degrees. Speeds and the like are
of positions low-passed at `cutoff`; tremor is of the positions themselves, sampled evenly.

A feature is nan where a channel that it needs, besides x, y and t, is missing.

Sources. Drotar et al. (2016), Artificial Intelligence in Medicine 67, doi:10.1016/j.artmed.2016.01.004.
Kotsavasiloglou et al. (2017), Biomedical Signal Processing and Control 31, doi:10.1016/j.bspc.2016.08.003. San Luciano
et al. (2016), PLoS ONE 11(10), doi:10.1371/journal.pone.0162799: its indices are known to us by name and by
descriptions of the laboratory's manual, not as formulas of the paper; ours are divided by b and counted a turn, so that
they depend neither on the size of the drawing nor on the sampling rate. Balasubramanian et al. (2012), IEEE
Transactions on Biomedical Engineering 59(8). Kaiser (1990), ICASSP.

| name | group | formula | unit | needs | definition |
|------|-------|---------|------|-------|------------|
"""


def make_pen_page() -> str:
    """Return the text of the page of pen features."""
    rows = []
    for row in pen_feature_catalogue().itertuples(index=False):
        formula = row.formula.replace("|", "\\|")
        rows.append(f"| `{row.name}` | {row.group} | `{formula}` | {row.unit} | {row.channels} | {row.source} |\n")
    return _PEN_HEAD + "".join(rows)


def make_page() -> str:
    """Return the text of the page of tremor features."""
    rows = []
    for row in tremor_feature_catalogue().itertuples(index=False):
        formula = row.formula.replace("|", "\\|")
        parameters = ", ".join(f"`{name}`" for name in row.parameters.split(", ") if name)
        rows.append(
            f"| {row.number} | `{row.name}` | {row.domain} | `{formula}` | {row.unit} | {row.source} | {parameters} |\n"
        )
    return _HEAD + "".join(rows)


if __name__ == "__main__":
    for page, text in ((PAGE, make_page()), (PEN_PAGE, make_pen_page())):
        page.write_text(text, encoding="utf-8")
        print(f"wrote {page}")
