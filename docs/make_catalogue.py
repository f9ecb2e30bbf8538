"""Write docs/tremor_features.md, the page of the 34 features, from the catalogue in the code.

Run it after a change of the catalogue: ``python docs/make_catalogue.py``. A test compares the page with what it makes.
"""

from pathlib import Path

from skpd.features import tremor_feature_catalogue

PAGE = Path(__file__).with_name("tremor_features.md")

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


def make_page() -> str:
    """Return the text of the page."""
    rows = []
    for row in tremor_feature_catalogue().itertuples(index=False):
        formula = row.formula.replace("|", "\\|")
        parameters = ", ".join(f"`{name}`" for name in row.parameters.split(", ") if name)
        rows.append(
            f"| {row.number} | `{row.name}` | {row.domain} | `{formula}` | {row.unit} | {row.source} | {parameters} |\n"
        )
    return _HEAD + "".join(rows)


if __name__ == "__main__":
    PAGE.write_text(make_page(), encoding="utf-8")
    print(f"wrote {PAGE}")
