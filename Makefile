.DEFAULT_GOAL := help
SHELL := /bin/bash
PYTHON ?= python3
BIN := .venv/bin
JOBS ?= 2
PIP := $(BIN)/python -m pip --disable-pip-version-check --quiet

.PHONY: help setup demo test test-long check bench strangers lock clean

help:  ## List the targets
	@grep -hE '^[a-z-]+:.*##' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | expand -t 14

setup: .venv/.ready  ## Make .venv with exactly the locked packages

.venv/.ready: requirements/dev.txt pyproject.toml
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' \
	  || { echo "duly needs Python 3.11 or later, and $(PYTHON) is not: make PYTHON=/path/to/python3.11 $(MAKECMDGOALS)" >&2; exit 1; }
	@$(PYTHON) -c 'import ensurepip, venv' 2>/dev/null \
	  || { echo "This Python cannot make an environment: install its venv package (Debian: apt-get install python3-venv), then repeat." >&2; exit 1; }
	@test -x $(BIN)/pip || $(PYTHON) -m venv .venv
	$(PIP) install --require-hashes -r requirements/dev.txt
	$(PIP) install --no-deps --no-build-isolation -e .
	@touch $@

demo: setup  ## Two virtual weeks of an invented lender, from book to evidence
	@$(BIN)/duly demo

test: setup  ## Run the tests, but for those marked long
	$(BIN)/python -m pytest -n $(JOBS) --dist loadfile

test-long: setup  ## Run the tests marked long
	$(BIN)/python -m pytest -m long

# The strangers may not be here yet when the checks run; `make test` insists on them.
check: setup  ## Format, lint, strict types, import contracts, docs, migrations
	$(BIN)/ruff format --check
	$(BIN)/ruff check
	$(BIN)/mypy
	$(BIN)/lint-imports
	CI= $(BIN)/python -m pytest -q tests/docs tests/repository
	@for file in src/duly/store/migrations/*.sql; do \
	  outside=$$(head -n 1 "$$file" | grep -qx -e '-- duly: no transaction' && echo --no-assume-in-transaction); \
	  said=$$($(BIN)/squawk $$outside "$$file") || { echo "$$said"; exit 1; }; \
	done && echo "Migrations: no complaint of squawk."

bench: setup  ## Measure, print a table, write build/bench.json (BIG=1 for what takes longer)
	$(BIN)/python benches/run.py $(if $(BIG),--big)

strangers: setup  ## Install the peers and tools the tests compare with, and list them
	@$(BIN)/python -m strangers.install

lock: setup  ## Write requirements/dev.txt anew from pyproject.toml
	@command -v uv >/dev/null || { echo "Locking needs uv on PATH: install it as its makers advise, then repeat. Nothing else needs it." >&2; exit 1; }
	uv pip compile --quiet --universal --python-version 3.11 --generate-hashes --no-emit-index-url --no-header \
	  pyproject.toml --group dev --output-file requirements/dev.txt

clean:  ## Remove everything that was made here
	rm -rf .venv .strangers .mypy_cache .ruff_cache .pytest_cache .hypothesis .import_linter_cache build dist demo/.duly
	find . -name __pycache__ -type d -prune -exec rm -rf {} +
