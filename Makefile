# Two commands do everything: `make results` and `make test`. `make help` lists the rest.
SHELL := /bin/bash
VENV := .venv
BIN := $(VENV)/bin
PINS := envs/requirements.txt
ENV := $(VENV)/.installed
# Of exported runs, for `make test-long`; apart, since it needs an older rich.
VALIDATOR := .venv-validator
VALIDATOR_PINS := envs/validator.txt
COMPILE := uv pip compile --quiet --universal --python-version 3.11 --no-header --no-annotate --no-emit-index-url
SUPPORTED := import sys; sys.exit(not (3, 11) <= sys.version_info[:2] <= (3, 13))
# The first that runs: a version manager's shim may stand on the path for a Python that is not there.
PYTHON ?= $(shell for p in python3 python3.13 python3.12 python3.11; do $$p -c '$(SUPPORTED)' 2>/dev/null && echo $$p && break; done)
CONFIG ?= config.yaml

.PHONY: help results test test-long lint format pins clean
.DEFAULT_GOAL := help

help:  ## this list
	@grep -hE '^[a-z-]+:.*##' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | expand -t 14

results: $(ENV) $(CONFIG)  ## the default run, from images to results/tables.md
	$(BIN)/snakemake --cores all --configfile $(CONFIG) -- results/tables.md

test: $(ENV)  ## the tests that decide whether a change lands, minutes
	$(BIN)/python -m pytest -n 2 --dist loadfile -m "not long"

test-long: $(ENV) $(VALIDATOR)/.installed  ## the rest: kills, fuzzing, long runs
	$(BIN)/python -m pytest -m long --timeout 3600

lint: $(ENV)  ## ruff, snakefmt, snakemake --lint
	$(BIN)/ruff check . && $(BIN)/ruff format --check .
	$(BIN)/snakefmt --check Snakefile workflow
	$(BIN)/snakemake --lint

format: $(ENV)  ## brings code and rules into the house's form
	$(BIN)/ruff check --fix --exit-zero --quiet . && $(BIN)/ruff format .
	$(BIN)/snakefmt Snakefile workflow

pins: $(ENV)  ## resolves envs/*.txt anew
	$(BIN)/$(COMPILE) --group test --output-file $(PINS) pyproject.toml
	echo roc-validator | $(BIN)/$(COMPILE) --output-file $(VALIDATOR_PINS) -

clean:  ## removes the environment; results stay
	rm -rf $(VENV) $(VALIDATOR)

$(ENV): $(PINS) pyproject.toml
	@test -n "$(PYTHON)" && $(PYTHON) -c '$(SUPPORTED)' 2>/dev/null || \
	    { echo "make: needs Python 3.11, 3.12 or 3.13; install one or name it: make PYTHON=/path/to/python3.12 $(MAKECMDGOALS)" >&2; exit 1; }
	$(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --disable-pip-version-check $$(grep '^uv==' $(PINS))
	$(BIN)/uv pip install --quiet --compile-bytecode --python $(BIN)/python -r $(PINS)
	$(BIN)/uv pip install --quiet --python $(BIN)/python --no-deps --no-build-isolation -e .
	@touch $@

$(VALIDATOR)/.installed: $(VALIDATOR_PINS) $(ENV)
	$(BIN)/uv venv --quiet --clear --python $(BIN)/python $(VALIDATOR)
	$(BIN)/uv pip install --quiet --python $(VALIDATOR)/bin/python -r $(VALIDATOR_PINS)
	@touch $@
