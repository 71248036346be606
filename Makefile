# Every target is a plain command and may be run by hand; `make` only sees to .venv first.
# PYTHON=... names another interpreter; PORT and KONTORA_HOME steer `make run`.
.DEFAULT_GOAL := help
SHELL := /bin/sh
PYTHON ?= python3
PORT ?= 8000
WORKERS ?= auto
SIZE ?= 1000
BIN := .venv/bin
# Modules are compiled when they are first imported: most never are, and it halves the wait.
PIP_FLAGS := --quiet --disable-pip-version-check --no-compile

members := core sdk $(patsubst %/pyproject.toml,%,$(wildcard plugins/*/pyproject.toml contrib/*/pyproject.toml)) .
projects := pyproject.toml core/pyproject.toml sdk/pyproject.toml $(wildcard plugins/*/pyproject.toml contrib/*/pyproject.toml)

.PHONY: help run test check format texts bench e2e docs nightly nightly-a nightly-b lock clean

help:
	@echo "make run      start Kontora at http://127.0.0.1:$(PORT)/ with a sample company"
	@echo "make test     unit and integration tests (PostgreSQL too when KONTORA_TEST_DATABASE_URL is set)"
	@echo "make check    format, lint, types, spelling, architecture"
	@echo "make e2e      browser tests (need Chromium)        make bench    measurements (SIZE=1000000)"
	@echo "make docs     the documentation in docs/_build     make nightly  the long tests (nightly-a, nightly-b)"
	@echo "make texts    the Russian and Ukrainian catalogues, after texts in the code have changed"

# Third parties come first and with hashes; then the members, which pip cannot hash, without looking further.
.venv/.run: requirements/run.txt $(projects)
	$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11) and "Kontora needs Python 3.11 or newer: make PYTHON=python3.12 ...")'
	test -x $(BIN)/python || $(PYTHON) -m venv .venv
	$(BIN)/python -m pip install $(PIP_FLAGS) --only-binary :all: --require-hashes -r requirements/run.txt
	$(BIN)/python -m pip install $(PIP_FLAGS) --no-deps --no-build-isolation $(members:%=-e ./%)
	@touch $@

.venv/.dev: requirements/dev.txt .venv/.run
	$(BIN)/python -m pip install $(PIP_FLAGS) --only-binary :all: --require-hashes -r requirements/dev.txt
	@touch $@

# `exec`: the signal that ends make ends the server, not a shell between the two.
run: .venv/.run
	@exec env PORT="$(PORT)" $(BIN)/python -m kontora.lifecycle.demo

test: .venv/.dev
	$(BIN)/python -m pytest -n $(WORKERS) --dist loadgroup

check: .venv/.dev
	$(BIN)/ruff format --check . && $(BIN)/ruff check . && $(BIN)/mypy && $(BIN)/codespell
	$(BIN)/python -m pytest -q tests/architecture

format: .venv/.dev
	$(BIN)/ruff format . && $(BIN)/ruff check --fix .

texts: .venv/.dev
	$(BIN)/python -m kontora_sdk.texts core $(wildcard plugins/* contrib/*)

e2e: .venv/.dev
	$(BIN)/python -m pytest -m browser tests/e2e

bench: .venv/.dev
	$(BIN)/python -m tests.bench --size $(SIZE)

docs: .venv/.dev
	$(BIN)/python -m sphinx -W --keep-going -b html docs docs/_build/html

# Two halves of about an hour on two cores; -k: the second runs also when something failed in the first.
nightly:
	@$(MAKE) -k nightly-a nightly-b

# Security: the API in all phases, more tables and damaged files, then every seeded bug.
nightly-a: .venv/.dev
	$(BIN)/python -m pytest -n $(WORKERS) --dist loadgroup -m "nightly and security"
	KONTORA_TEST_EXAMPLES=2500 KONTORA_TEST_DAMAGES=20000 $(BIN)/python -m pytest -n $(WORKERS) \
	  core/tests/transfer/test_round_trip.py core/tests/transfer/test_fuzz.py
	$(BIN)/python -m tests.seeded

# Faults: kills, servers that go away, restarts, with their full counts.
nightly-b: .venv/.dev
	$(BIN)/python -m pytest -n $(WORKERS) --dist loadgroup -m "nightly and not security"
	KONTORA_TEST_KILLS=20 $(BIN)/python -m pytest -n $(WORKERS) core/tests/db/test_upgrade_path.py
	env -u KONTORA_TEST_DATABASE_URL $(BIN)/python -m pytest -m browser tests/e2e

# Maintainers only: needs uv. The lock itself names a registry and stays out of git; the hashed files do not.
lock:
	uv lock $(LOCK_FLAGS)
	uv export -q --all-packages --all-extras --no-default-groups --group build --no-emit-workspace --no-header --no-annotate -o requirements/run.txt
	uv export -q --all-packages --all-extras --group dev --no-emit-workspace --no-header --no-annotate -o requirements/dev.txt

clean:
	rm -rf .venv docs/_build .pytest_cache .mypy_cache .ruff_cache .hypothesis
