"""The commands skpd data list, info and check: what they print and how they exit."""

import pytest
from typer.testing import CliRunner

from skpd.cli import app


@pytest.fixture
def skpd(monkeypatch):
    """Run a command on a terminal of 80 columns, without SKPD_DATA."""
    monkeypatch.setenv("COLUMNS", "80")
    monkeypatch.delenv("SKPD_DATA", raising=False)
    # The consoles of the module took the width of the terminal when it was imported.
    monkeypatch.setattr("skpd.cli._app.console.width", 80)
    return lambda *args: CliRunner().invoke(app, ["data", *map(str, args)])


def test_list(skpd, monkeypatch, data_dir):
    result = skpd("list")
    assert result.exit_code == 0
    assert "set SKPD_DATA" in result.output
    assert "yes" not in result.output
    monkeypatch.setenv("SKPD_DATA", str(data_dir))
    result = skpd("list")
    row = next(line for line in result.output.splitlines() if line.strip().startswith("uci_spiral"))
    assert row.split() == ["uci_spiral", "PD,", "control", "77", "not", "stated", "yes"]
    assert all(len(line) <= 80 for line in result.output.splitlines() if str(data_dir) not in line)


def test_info(skpd):
    result = skpd("info", "pahaw")
    assert result.exit_code == 0
    for text in ("Who ", "37 with Parkinson's disease", "Licence ", "How to get ", "00001__1_1.svc", "load_pahaw()"):
        assert text in result.output
    assert all(len(line) <= 80 for line in result.output.splitlines())


def test_info_of_an_unknown_name(skpd):
    result = skpd("info", "handpd")
    assert result.exit_code == 2
    assert "expected one of" in result.output
    assert "pahaw" in result.output


def test_check_complete(skpd, monkeypatch, data_dir):
    result = skpd("check", data_dir / "uci_spiral")
    assert result.exit_code == 0
    assert "uci_spiral: complete" in result.output
    assert "62 of 62" in result.output
    monkeypatch.setenv("SKPD_DATA", str(data_dir))
    result = skpd("check")
    assert result.exit_code == 0
    assert result.output.count(": complete") == 5


def test_check_incomplete(skpd, tmp_path):
    folder = tmp_path / "odd [red] name" / "spiral" / "training" / "healthy"
    folder.mkdir(parents=True)
    (folder / "V01HE02.png").write_bytes(b"cut")
    result = skpd("check", tmp_path / "odd [red] name")
    assert result.exit_code == 1
    assert "spiral_wave_drawings: incomplete" in result.output
    assert "odd [red] name" in result.output
    assert "0 of 36" in result.output
    words = " ".join(result.output.split())
    assert "missing: spiral 1 of healthy V01, spiral 3 of healthy V01, spiral 1 of healthy V02" in words
    assert "and 183 more" in words
    assert "V01HE02.png: found no PNG image" in result.output
    assert "without wave and its images" in result.output


@pytest.mark.parametrize(("name", "message"), [("", "no dataset that skpd knows"), ("none", "no such folder")])
def test_check_of_something_else(skpd, tmp_path, name, message):
    result = skpd("check", tmp_path / name)
    assert result.exit_code == 2
    assert message in result.output


def test_check_of_nothing(skpd):
    result = skpd("check")
    assert result.exit_code == 2
    assert "set SKPD_DATA" in result.output
