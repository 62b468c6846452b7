# The two commands to know: `make run` and `make test`. Both set up .venv first.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
REPORT ?= raw/report.txt

.PHONY: run test lint setup soak fuzz audit lock bench model clean

run: $(VENV)/.installed
	$(BIN)/winsextract run $(REPORT)

test: $(VENV)/.installed-dev
	$(BIN)/python -m pytest

lint: $(VENV)/.installed-dev
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy

setup: $(VENV)/.installed-dev

# What `make test` tries for a minute, for half an hour: kills, bad files, linear time, arbitrary text.
soak: $(VENV)/.installed-dev
	$(BIN)/python -m pytest -s tests/soak/soak_trust.py

# Coverage-guided fuzzing of reading and segmenting; findings and the corpus are in build/fuzz/.
FUZZ_SECONDS ?= 1800
fuzz: $(VENV)/.installed-dev
	$(BIN)/python -m pip install --quiet atheris
	mkdir -p build/fuzz
	$(BIN)/python fuzz/target.py -max_total_time=$(FUZZ_SECONDS)

# Known vulnerabilities of the versions in requirements-dev.lock. Fails where the index does not answer for one.
audit: build/tools/bin/python
	build/tools/bin/pip-audit --strict --disable-pip --require-hashes --requirement requirements-dev.lock

# Pin the newest versions with their hashes: pip install --require-hashes -r requirements-dev.lock && pip install --no-deps -e .
lock: build/tools/bin/python
	build/tools/bin/uv pip compile pyproject.toml --group dev --extra formats --extra export --extra dask --universal --python-version 3.11 --upgrade \
		--generate-hashes --no-annotate --no-emit-index-url --custom-compile-command "make lock" --output-file requirements-dev.lock

build/tools/bin/python:
	$(PYTHON) -m venv build/tools
	build/tools/bin/python -m pip install --quiet pip-audit uv

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
