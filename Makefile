# `make reproduce` and `make test` are all that a newcomer needs: both set up a virtual environment first.
PYTHON ?= python3
VENV ?= .venv
REPORT ?= renp-report
CONSTRAINTS ?= constraints.txt
BIN := $(VENV)/bin
READY := $(VENV)/.ready
READY_DOCS := $(VENV)/.ready-docs
PIP = $(BIN)/pip install --quiet --disable-pip-version-check --constraint $(CONSTRAINTS)

# The physics and its border, scenario files, and the explorer's server: what a new Python or old packages would break.
CORE ?= $(addprefix tests/test_, $(addsuffix .py, \
	models oracle_spinors reference_values letter_equations differential likelihood limits scenario explorer))

# Many processes import the same files: where a machine keeps nothing compiled, each would compile them anew.
suite test-changed test-core docs docs-fast: export PYTHONDONTWRITEBYTECODE =

.PHONY: setup reproduce test suite style types test-changed test-core test-all test-lowest checks lint hooks docs docs-fast errata real-atoms coverage fuzz stress mutation pictures bench price clean

reproduce: $(READY)
	$(BIN)/renp reproduce --output $(REPORT)

setup: $(READY)

# The type checker keeps one core busy for a minute: beside the tests, not before them.
test: $(READY) style
	$(MAKE) --no-print-directory --jobs=2 types suite

suite:
	$(BIN)/pytest -n auto

test-changed: $(READY)
	$(BIN)/pytest -n auto $$(tools/changed)

test-core: $(READY)
	$(BIN)/pytest -n auto $(CORE)

test-all: $(READY) lint
	$(BIN)/pytest -n auto -m "slow or not slow"
	tools/pythons | while read -r version python; do test -x $(BIN)/python$$version || \
		$(MAKE) test PYTHON=$$python VENV=.venv-$$version || exit 1; done

test-lowest:
	$(MAKE) test-core CORE= VENV=.venv-lowest CONSTRAINTS=constraints-lowest.txt

# What continuous integration runs before `make test`.
checks: lint docs-fast
	$(BIN)/pytest -m slow tests/test_reproduce.py
	$(MAKE) test-core PYTHON="$$(tools/pythons | tail -n 1 | cut -d ' ' -f 2-)" VENV=.venv-newest
	$(MAKE) test-core VENV=.venv-lowest CONSTRAINTS=constraints-lowest.txt

lint: style types

style: $(READY)
	$(BIN)/ruff check
	$(BIN)/ruff format --check

types: $(READY)
	$(BIN)/mypy

hooks: $(READY)
	$(PIP) pre-commit
	$(BIN)/pre-commit install

docs: $(READY_DOCS)
	$(BIN)/sphinx-build -M html docs docs/_build --jobs auto --fail-on-warning --keep-going --nitpicky
	@echo "The documentation is at docs/_build/html/index.html"

docs-fast: $(READY_DOCS)
	$(BIN)/sphinx-build -M html docs docs/_build/fast --jobs auto -D nb_execution_mode=off \
		-D suppress_warnings=myst.header,myst-nb.lexer --fail-on-warning --keep-going --nitpicky --quiet

errata: $(READY)
	cd tests && ../$(BIN)/python -c "import errata_reference; print(errata_reference.page(), end='')" > ../docs/errata.md

real-atoms: $(READY)
	$(BIN)/python benchmarks/real_atoms_page.py docs/real-atoms.md

coverage: $(READY)
	$(BIN)/python benchmarks/interval_coverage.py > coverage.md.part && mv coverage.md.part docs/coverage.md

fuzz: $(READY)
	cd tests && ../$(BIN)/python -m fuzz $(KIND) $(CASES)

stress: $(READY)
	cd tests && ../$(BIN)/python explorer_stress.py $(MINUTES)

mutation: $(READY)
	$(BIN)/python tests/mutation.py

pictures: $(READY)
	$(BIN)/python tests/explorer_pictures.py docs/images

bench: $(READY)
	$(PIP) --editable ".[bench]"
	$(BIN)/python benchmarks/run.py

price: $(READY)
	$(PIP) --editable ".[bench]"
	$(BIN)/python benchmarks/price.py

# The documentation needs less than the tests, and compiles of it what it imports, once.
$(READY): EXTRA = test
$(READY_DOCS): EXTRA = docs
$(READY_DOCS): PIP += --no-compile
$(READY) $(READY_DOCS): pyproject.toml $(CONSTRAINTS) | $(BIN)/pip
	@echo "Setting up $(VENV): a minute or two"
	$(PIP) --editable ".[$(EXTRA)]"
	touch $@

$(BIN)/pip:
	$(PYTHON) -m venv $(VENV)

clean:
	rm -rf $(VENV) .venv-* $(REPORT) docs/_build .mypy_cache .pytest_cache .ruff_cache .hypothesis
