# make run     start the workbench with its demonstration library
# make test    check and test everything
# Both prepare what they need on the first call, and only what has changed on the next.
#
#   make run ARGS="--port 8001 --home /data/ecg"    further options of `einthoven serve`
#   make run PYTHON=/path/to/python3.13             another Python (3.11 to 3.14) for .venv
#   make run TORCH=pypi                             torch as PyPI has it: on Linux with CUDA (auto | cpu | pypi)

PYTHON ?= python3
TORCH ?= auto
ARGS ?=
PYTEST_ARGS ?=
DATA ?= ../shared/data/ptbxl_z

VENV := .venv
BIN := $(VENV)/bin
PINNED := constraints.txt pyproject.toml

# pip takes the pins of what it builds with from the environment (since 25.3 from a variable of its own).
PIP := PIP_CONSTRAINT=constraints.txt PIP_BUILD_CONSTRAINT=constraints.txt PIP_DISABLE_PIP_VERSION_CHECK=1 \
       EINTHOVEN_SKIP_WEB=1 $(BIN)/python -m pip install

.PHONY: help run test lint types test-web test-python test-slow bench web clean
.NOTPARALLEL:
.DELETE_ON_ERROR:

help:
	@sed -n '/^#/!q;s/^# \{0,1\}//p' Makefile

run: $(VENV)/.run-installed web
	$(BIN)/einthoven serve --demo $(ARGS)

test: lint types test-web test-python

lint: $(VENV)/.test-installed
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .

types: $(VENV)/.test-installed
	$(BIN)/mypy
	$(BIN)/mypy hatch_build.py tools

test-web: $(VENV)/.test-installed
	$(BIN)/python tools/build_web.py --run typecheck test

test-python: $(VENV)/.test-installed web
	$(BIN)/pytest --junitxml=test-results/pytest.xml $(PYTEST_ARGS)

test-slow: $(VENV)/.test-installed web
	$(BIN)/pytest -m slow $(PYTEST_ARGS)

bench: $(VENV)/.test-installed
	$(BIN)/python benchmarks/ptbxl.py $(DATA)

web: $(VENV)/.created
	@$(BIN)/python tools/build_web.py

# What `make` made, except the ECGs and models in EINTHOVEN_HOME.
clean:
	rm -rf $(VENV) src/einthoven/web src/einthoven/web.new web/dist web/node_modules build dist test-results
	rm -rf .mypy_cache .ruff_cache .pytest_cache .hypothesis

# An environment holds absolute paths: after the folder was moved, or its Python removed, it is made again.
ifneq ($(shell (cat $(VENV)/.created && $(BIN)/python -c pass || echo broken) 2>/dev/null),$(CURDIR))
.PHONY: $(VENV)/.created
endif
$(VENV)/.created:
	@command -v $(PYTHON) >/dev/null || { echo "There is no $(PYTHON) here: install Python 3.11 to 3.14."; exit 1; }
	@$(PYTHON) tools/create_venv.py $(VENV) "$(CURDIR)"

$(VENV)/.run-installed: $(VENV)/.created $(PINNED)
	options=$$($(BIN)/python tools/torch_index.py $(TORCH)) && $(PIP) $$options -e '.[train,beats]'
	@touch $@

$(VENV)/.test-installed: $(VENV)/.created $(PINNED)
	options=$$($(BIN)/python tools/torch_index.py $(TORCH)) && $(PIP) $$options -e '.[train,beats,test]'
	@touch $@
