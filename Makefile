# The two commands of a newcomer are `make demo` and `make test`; both set up what they need.
SHELL := /bin/bash
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
STAMP := $(VENV)/.farthing-setup
# A worker for each core, eight at the most; each takes one file of tests after the other, the long ones first.
PARALLEL := -n auto --maxprocesses 8 --dist loadfile --no-loadscope-reorder

.PHONY: setup demo test test-clients lint check bench format prices system clients clean

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

# Tests start many processes: what is compiled before them is not compiled in each.
test: setup system clients
	@$(BIN)/python -m compileall -q src
	@$(BIN)/python -m pytest $(PARALLEL) --durations 10 --durations-min 10 $(TESTS)

# Installs every client of docs/reference/client-matrix.md by name, runs them all, and writes that page again.
test-clients: setup
	@$(BIN)/python tools/test_clients.py $(CLIENTS)

lint: setup
	@$(BIN)/ruff format --check --quiet .
	@$(BIN)/ruff check --quiet .
	@$(BIN)/mypy --no-error-summary
	@report=$$($(BIN)/lint-imports) || { echo "$$report"; exit 1; }

check: lint
	@$(BIN)/python -m pytest $(PARALLEL) -m "not slow" $(TESTS)

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

# One generation of each client, for the tests that run them. Installed only in CI or when asked; else those are skipped.
clients: setup
	@if [ -n "$$CI$$FARTHING_INSTALL" ]; then $(BIN)/python tools/test_clients.py --install short; fi

clean:
	rm -rf $(VENV) .clients .mypy_cache .pytest_cache .ruff_cache .import_linter_cache .hypothesis dist build
