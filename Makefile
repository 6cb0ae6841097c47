# `make demo` runs heed from nothing; `make test` tests it from nothing. Both build .venv from the lock.

PYTHON ?= python3
HEED_HOME ?= .heed
VENV := .venv
BIN := $(VENV)/bin

export HEED_HOME
export BENTOML_DO_NOT_TRACK := True
export MLFLOW_DISABLE_TELEMETRY := true

.PHONY: demo test test-fast check audit artefacts notebook docs bench lock clean

demo: $(VENV)/.runtime
	$(BIN)/heed demo

# Bytecode is kept, so that workers do not compile what they import.
PYTEST := PYTHONDONTWRITEBYTECODE= $(BIN)/python -m pytest -q --numprocesses 2 --dist loadfile --no-loadscope-reorder

# All tests except those of the built artefacts; lists the slowest.
test: $(VENV)/.development
	$(PYTEST) --durations 20 tests --ignore=tests/artefacts

# All tests that are not marked slow: under two minutes.
test-fast: $(VENV)/.development
	$(PYTEST) -m "not slow" tests --ignore=tests/artefacts

check: $(VENV)/.development
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy
	$(BIN)/lint-imports

# Fails on a known vulnerability; with HEED_AUDIT=required also where no advisory service could be asked.
audit: $(VENV)/.development
	@$(BIN)/python .ci/audit.py requirements.lock

# What ships, tried as it ships: the Bento served elsewhere, and the notebook run from a fresh demo.
artefacts: $(VENV)/.development
	$(BIN)/python -m pytest -q tests/artefacts

# Runs the notebook on a home made for it and saves its outputs.
notebook: $(VENV)/.development
	$(BIN)/python -m notebooks.run

# Writes the pages that are generated from the code.
docs: $(VENV)/.development
	$(BIN)/python -m heed.cli.reference > docs/cli.md

bench: $(VENV)/.development
	$(BIN)/python -m benchmarks.online

$(BIN)/python:
	@$(PYTHON) -c 'import sys; sys.exit(not (3, 11) <= sys.version_info < (3, 14))' || \
		{ echo "heed needs Python 3.11, 3.12 or 3.13: run make PYTHON=python3.13"; exit 2; }
	$(PYTHON) -m venv $(VENV)

$(VENV)/.runtime: requirements.lock pyproject.toml | $(BIN)/python
	@echo "Installing the locked packages into $(VENV) (once)"
	$(BIN)/pip install --disable-pip-version-check --progress-bar on --require-hashes -r requirements.lock
	$(BIN)/pip install --disable-pip-version-check --quiet --no-deps --no-build-isolation --editable .
	@touch $@

$(VENV)/.development: requirements-dev.lock $(VENV)/.runtime
	@echo "Installing the locked development packages into $(VENV) (once)"
	$(BIN)/pip install --disable-pip-version-check --progress-bar on --require-hashes -r requirements-dev.lock
	@touch $@

# Needs uv: one lock for every supported Python and platform, with hashes and without naming an index.
lock:
	uv pip compile pyproject.toml --extra all --group build --universal --python-version 3.11 --generate-hashes \
		--no-emit-index-url --no-emit-find-links --no-header --quiet --output-file requirements.lock
	uv pip compile pyproject.toml --extra all --group build --group dev --universal --python-version 3.11 --generate-hashes \
		--no-emit-index-url --no-emit-find-links --no-header --quiet --constraints requirements.lock \
		--output-file requirements-dev.lock

clean:
	rm -rf $(VENV) build dist .mypy_cache .pytest_cache .ruff_cache .hypothesis
