# Every target does its own set-up: a machine needs only Python 3.11+ and make.
PYTHON ?= python3
BIN := .venv/bin
READY := .venv/.ready

.PHONY: docs coverage mutants demo demo-spiral demo-handwriting check test test-full test-lowest test-newest clean

demo: $(READY)  ## simulate recordings, run the tremor study on them, write figures to demo/
	rm -rf demo
	$(BIN)/skpd study tremor --out demo

demo-spiral: $(READY)  ## the drawing study on simulated spirals and random weights: shows how it works, not how well
	rm -rf demo-spiral
	$(BIN)/skpd study spiral --data simulated --backbone ResNet50 --weights none --size 48 --folds 2 --out demo-spiral

demo-handwriting: $(READY)  ## the handwriting study on simulated pens and untrained networks: shows how it works, not how well
	rm -rf demo-handwriting
	$(BIN)/skpd study handwriting --data simulated --sources none --out demo-handwriting

check: $(READY)  ## style and types
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy

test: check  ## style, types, tests and doctests; every warning is an error
	$(BIN)/pytest -n auto

test-full: $(READY)  ## property tests and fuzzed readers with many, new examples: takes a quarter of an hour, run it before a release
	$(BIN)/pytest -n auto --hypothesis-profile=full tests/properties tests/fuzz

docs: $(READY)  ## the documentation, examples executed; every warning is an error
	$(BIN)/sphinx-build -q -W --keep-going -b html docs docs/_build/html
	@echo "open docs/_build/html/index.html"

coverage: check  ## the same as test, with branch coverage, and which test runs which line
	$(BIN)/pytest -n auto --cov --cov-context=test --cov-report=term:skip-covered

mutants: $(READY)  ## after make coverage: change 50 lines at random, one at a time, and see how many changes the tests notice
	$(BIN)/python -m pip install --quiet --disable-pip-version-check -c constraints.txt -e '.[mutation]'
	$(BIN)/python benchmarks/mutants.py

test-lowest: ## the tests on the lowest versions that pyproject.toml allows; those warn of each other
	$(PYTHON) -m venv .venv-lowest
	.venv-lowest/bin/python -m pip install --quiet --disable-pip-version-check uv
	.venv-lowest/bin/uv pip install --quiet --python .venv-lowest --resolution lowest-direct -e '.[test]'
	.venv-lowest/bin/pytest -n auto -W default

test-newest: ## the tests on the newest versions that can be installed
	$(PYTHON) -m venv .venv-newest
	.venv-newest/bin/python -m pip install --quiet --disable-pip-version-check --upgrade -e '.[test]'
	.venv-newest/bin/pytest -n auto

$(READY): pyproject.toml constraints.txt
	$(PYTHON) -c 'import sys; sys.exit("skpd needs Python 3.11 or newer, found " + sys.version.split()[0]) if sys.version_info < (3, 11) else None'
	$(PYTHON) -m venv .venv
	$(BIN)/python -m pip install --quiet --disable-pip-version-check -c constraints.txt -e '.[test,docs]'
	touch $@

clean:
	rm -rf .venv .venv-lowest .venv-newest demo demo-spiral demo-handwriting build *.egg-info
