# Every target does its own set-up: Python 3.11+ and make are enough.
PYTHON ?= python3
BIN := .venv/bin
STAMP := .venv/.ready

.PHONY: setup demo demo-local test bench check gen gen-check lock clean

setup: $(STAMP)

$(STAMP): requirements/dev.txt pyproject.toml clients/python/pyproject.toml
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || { echo "Remora needs Python 3.11 or newer; set PYTHON=…"; exit 1; }
	$(PYTHON) -m venv .venv
	$(BIN)/pip install -q --disable-pip-version-check --require-hashes -r requirements/dev.txt
	$(BIN)/pip install -q --disable-pip-version-check --no-build-isolation --no-deps -e clients/python -e .
	@touch $(STAMP)

demo: setup  ## watch calls survive dying providers
	@$(BIN)/remora demo

demo-local: setup  ## the same with a real small model; compiles it once (some minutes)
	@scripts/demo_local.sh

test: setup  ## every test
	$(BIN)/python -m pytest -q -n 2 tests/core --cov --cov-config=pyproject.toml
	$(BIN)/python -m pytest -q -n 2 --ignore=tests/core

bench: setup  ## cost per call, as ratios to a fixed floor; writes docs/benchmarks.md
	$(BIN)/python -m bench.run

check: setup gen-check  ## lint, types, layers, proto lint and breaking changes, generated code
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports
	$(BIN)/buf lint
	$(BIN)/buf breaking --against proto/baseline.binpb

gen:  ## generate the Python code of the contract
	scripts/generate.sh

gen-check:  ## the generated code is what the contract gives
	scripts/check_generated.sh

lock: setup  ## pin every dependency anew
	scripts/lock.sh

clean:
	rm -rf .venv .venv-gen build dist *.egg-info clients/python/*.egg-info
