# The two commands to know: `make run` and `make test`. Both set up .venv first.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
REPORT ?= raw/report.txt

.PHONY: run test lint setup soak bench model clean

run: $(VENV)/.installed
	$(BIN)/winsextract run $(REPORT)

test: $(VENV)/.installed-dev
	$(BIN)/python -m pytest

lint: $(VENV)/.installed-dev
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy

setup: $(VENV)/.installed-dev

$(VENV)/bin/python:
	$(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --upgrade "pip>=25.1"

$(VENV)/.installed: $(VENV)/bin/python pyproject.toml
	$(BIN)/python -m pip install --quiet --editable .
	@touch $@

$(VENV)/.installed-dev: $(VENV)/.installed pyproject.toml
	$(BIN)/python -m pip install --quiet --editable . --group dev
	@touch $@

# Speed, memory and growth beside spaCy's own entity recogniser (10 minutes; needs an idle machine): benchmarks/results.json, docs/img/scaling.png
bench: $(VENV)/.installed-dev
	$(BIN)/python benchmarks/bench.py

# Rebuild the shipped model from the paragraphs and the open corpora (see pipelines/README.md).
model: $(VENV)/.installed-training
	$(BIN)/python -m pipelines.build

$(VENV)/.installed-training: $(VENV)/.installed pyproject.toml
	$(BIN)/python -m pip install --quiet --editable ".[training]"
	@touch $@

clean:
	rm -rf $(VENV) build dist .pytest_cache .mypy_cache .ruff_cache
