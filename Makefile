# The two commands of a newcomer are `make demo` and `make test`; both set up what they need.
SHELL := /bin/bash
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
STAMP := $(VENV)/.farthing-setup

.PHONY: setup demo test lint check bench format prices system clean

setup: $(STAMP)

$(STAMP): pyproject.toml requirements-dev.txt
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || { echo "Farthing needs Python 3.11 or newer; $(PYTHON) is $$($(PYTHON) --version)"; exit 1; }
	@test -x $(BIN)/python || $(PYTHON) -m venv $(VENV) || { echo "Python cannot make virtual environments here; on Debian: apt-get install python3-venv"; exit 1; }
	@echo "setting up $(VENV) (once; a minute or so)"
	@$(BIN)/python -m pip install -qq --disable-pip-version-check --upgrade "pip>=25.1"
	@$(BIN)/python -m pip install -qq --disable-pip-version-check -e '.[all]' -r requirements-dev.txt
	@touch $(STAMP)

demo: setup
	@$(BIN)/farthing demo $(DEMO)

test: setup system
	@$(BIN)/python -m pytest $(TESTS)

lint: setup
	@$(BIN)/ruff format --check --quiet .
	@$(BIN)/ruff check --quiet .
	@$(BIN)/mypy --no-error-summary
	@report=$$($(BIN)/lint-imports) || { echo "$$report"; exit 1; }

check: lint
	@$(BIN)/python -m pytest -m "not slow" $(TESTS)

bench: setup system
	@$(BIN)/python benchmarks/gateway.py $(BENCH)

format: setup
	@$(BIN)/ruff format --quiet .
	@$(BIN)/ruff check --quiet --fix .

prices: setup
	@$(BIN)/python tools/compile_prices.py

# Debian packages that some tests and the benchmark want. Installed only in CI, as root, or when asked.
system:
	@PYTHON=$(PYTHON) bash tools/system_packages.sh

clean:
	rm -rf $(VENV) .mypy_cache .pytest_cache .ruff_cache .import_linter_cache .hypothesis dist build
