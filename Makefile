# Salver: `make demo` and `make test` do all their own set-up on a clean Debian machine with Rust and Python.
SHELL := /bin/bash
.SHELLFLAGS := -euo pipefail -c
.DEFAULT_GOAL := help

CARGO_TARGET_DIR ?= $(CURDIR)/target
export CARGO_TARGET_DIR
PYTHON ?= python3
VENV := $(CARGO_TARGET_DIR)/venv
BIN := $(VENV)/bin
CARGO := cargo
FUZZ_SECONDS ?= 60
export PIP_DISABLE_PIP_VERSION_CHECK := 1
export PYTHONDONTWRITEBYTECODE := 1

.PHONY: help demo demo-coadd test check lint rust-test python-test fuzz fuzz-short faults bench wheel setup

help:
	@echo 'make demo    a repository of real images, filled, asked and shown in a page'
	@echo 'make demo-coadd  a survey, its coadds, and the references between them, in a page'
	@echo 'make test    everything: format, lints, Rust and Python tests, interop, demo'
	@echo 'make check   the fast inner loop: lints and unit tests'
	@echo 'make fuzz    a minute of hostile bytes for each decoder (FUZZ_SECONDS=60)'
	@echo 'make faults  kills, failing system calls and damaged files, all of them (minutes)'
	@echo 'make bench   the table of docs/benchmarks.md'

# --- set-up ---------------------------------------------------------------------------------
# Each stamp names what it installed; change the file it depends on and it runs again.
setup: $(VENV)/.demo

$(VENV)/.made:
	./scripts/bootstrap.sh "$(PYTHON)" "$(VENV)"
	touch $@

$(VENV)/.demo: requirements/demo.txt $(VENV)/.made
	$(BIN)/pip install --quiet -r requirements/demo.txt
	touch $@

$(VENV)/.test: requirements/test.txt $(VENV)/.demo
	$(BIN)/pip install --quiet -r requirements/test.txt
	touch $@

# The Python package, built into the environment by the profile that the tests use.
wheel: $(VENV)/.demo
	cd crates/salver-python && VIRTUAL_ENV=$(VENV) PATH="$(BIN):$$PATH" \
	  $(BIN)/maturin develop --quiet --locked --profile dev

# --- the two commands -----------------------------------------------------------------------
demo: wheel
	$(CARGO) build --locked --package salver-cli
	PATH="$(CARGO_TARGET_DIR)/debug:$$PATH" PYTHON=$(BIN)/python examples/demo/run.sh "$(CARGO_TARGET_DIR)/demo"

demo-coadd: wheel
	rm -rf "$(CARGO_TARGET_DIR)/demo-coadd"
	$(BIN)/python examples/coadd/demo.py "$(CARGO_TARGET_DIR)/demo-coadd" --full

test: lint rust-test python-test fuzz-short
	SALVER_DEMO_NEEDS_LSST=1 $(MAKE) demo
	@echo 'make test: all passed'

lint:
	$(CARGO) xtask lint
	$(CARGO) xtask tidy

rust-test:
	$(CARGO) test --workspace --locked --exclude salver-python

python-test: $(VENV)/.test wheel
	$(CARGO) build --locked --package salver-cli --package salver-testkit
	$(BIN)/ruff check crates/salver-python tests examples scripts bench
	$(BIN)/ruff format --check crates/salver-python tests examples scripts bench
	$(BIN)/mypy
	PATH="$(BIN):$(CARGO_TARGET_DIR)/debug:$$PATH" $(BIN)/python -m pytest -q tests/python

# --- the inner loop and the long campaigns --------------------------------------------------
check: lint
	$(CARGO) test --workspace --locked --exclude salver-python --lib

fuzz:
	$(CARGO) run --locked --release --package salver-testkit --bin fuzz -- all --seconds $(FUZZ_SECONDS)

fuzz-short:
	$(CARGO) run --locked --package salver-testkit --bin fuzz -- all --seconds 4

faults: $(VENV)/.test wheel
	$(CARGO) build --locked --package salver-cli
	PATH="$(BIN):$(CARGO_TARGET_DIR)/debug:$$PATH" ./scripts/faults.sh "$(VENV)"

bench: $(VENV)/.test
	./scripts/bench.sh "$(VENV)"
