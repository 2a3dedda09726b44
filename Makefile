# `make reproduce` and `make test` are all that a newcomer needs: both set up a virtual environment first.
PYTHON ?= python3
VENV ?= .venv
REPORT ?= renp-report
BIN := $(VENV)/bin
READY := $(VENV)/.ready

.PHONY: reproduce test test-all test-lowest lint docs errata real-atoms coverage mutation pictures bench clean

reproduce: $(READY)
	$(BIN)/renp reproduce --output $(REPORT)

test: $(READY) lint
	$(BIN)/pytest -n auto

test-all: $(READY) lint
	$(BIN)/pytest -n auto -m "slow or not slow"
	@if python3.13 -c "" 2>/dev/null; then $(MAKE) test PYTHON=python3.13 VENV=.venv-3.13; \
	else echo "python3.13 is not on this machine: its run is left out"; fi

test-lowest:
	$(PYTHON) -m venv .venv-lowest
	.venv-lowest/bin/pip install --quiet --disable-pip-version-check --constraint constraints-lowest.txt --editable ".[test]"
	.venv-lowest/bin/pytest -n auto

lint: $(READY)
	$(BIN)/ruff check
	$(BIN)/ruff format --check
	$(BIN)/mypy

docs: $(READY)
	$(BIN)/pip install --quiet --disable-pip-version-check --constraint constraints.txt --editable ".[docs]"
	$(BIN)/sphinx-build -M html docs docs/_build --fail-on-warning --keep-going --nitpicky
	@echo "The documentation is at docs/_build/html/index.html"

errata: $(READY)
	cd tests && ../$(BIN)/python -c "import errata_reference; print(errata_reference.page(), end='')" > ../docs/errata.md

real-atoms: $(READY)
	$(BIN)/python benchmarks/real_atoms_page.py docs/real-atoms.md

coverage: $(READY)
	$(BIN)/python benchmarks/interval_coverage.py > coverage.md.part && mv coverage.md.part docs/coverage.md

mutation: $(READY)
	$(BIN)/python tests/mutation.py

pictures: $(READY)
	$(BIN)/python tests/explorer_pictures.py docs/images

bench: $(READY)
	$(BIN)/pip install --quiet --disable-pip-version-check --constraint constraints.txt --editable ".[bench]"
	$(BIN)/python benchmarks/run.py

$(READY): pyproject.toml constraints.txt
	$(PYTHON) -m venv $(VENV)
	$(BIN)/pip install --quiet --disable-pip-version-check --constraint constraints.txt --editable ".[test]"
	touch $@

clean:
	rm -rf $(VENV) .venv-3.13 .venv-lowest $(REPORT) docs/_build .mypy_cache .pytest_cache .ruff_cache .hypothesis
