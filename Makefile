# Every target does its own set-up: a machine needs only Python 3.11+ and make.
PYTHON ?= python3
BIN := .venv/bin
READY := .venv/.ready

.PHONY: demo test lint clean

demo: $(READY)  ## simulate recordings, run the tremor study on them, write figures to demo/
	rm -rf demo
	$(BIN)/skpd study tremor --out demo

test: $(READY)  ## style, types, tests and doctests; every warning is an error
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/pytest -n auto

$(READY): pyproject.toml constraints.txt
	$(PYTHON) -c 'import sys; sys.exit("skpd needs Python 3.11 or newer, found " + sys.version.split()[0]) if sys.version_info < (3, 11) else None'
	$(PYTHON) -m venv .venv
	$(BIN)/python -m pip install --quiet --disable-pip-version-check -c constraints.txt -e '.[test]'
	touch $@

clean:
	rm -rf .venv demo build *.egg-info
