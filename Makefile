# Every target does its own set-up: Python 3.11+ and make are enough.
PYTHON ?= python3
BIN := .venv/bin
STAMP := .venv/.ready
PEERS := tests/peers/node_modules/.ready
NODE := $(and $(shell command -v node 2>/dev/null),$(shell command -v npm 2>/dev/null))
# CI has Node, or fails; elsewhere the tests that need it may be left out.
WITHOUT_NODE := $(if $(NODE)$(CI),,--ignore=tests/peers/stories)

.PHONY: setup peers demo demo-local test clients clients-test helm-test cluster cluster-test bench scorecard flap soak resume-local mutate check gen gen-check lock image image-check jaeger-demo clean

setup: $(STAMP)

$(STAMP): requirements/dev.txt pyproject.toml clients/python/pyproject.toml
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || { echo "Remora needs Python 3.11 or newer; set PYTHON=…"; exit 1; }
	$(PYTHON) -m venv .venv
	$(BIN)/pip install -q --disable-pip-version-check --require-hashes -r requirements/dev.txt
	$(BIN)/pip install -q --disable-pip-version-check --no-build-isolation --no-deps -e clients/python -e .
	@touch $(STAMP)

peers: $(if $(NODE),$(PEERS))  ## the provider simulator of others that tests run against; needs Node 20
	@$(if $(NODE),,$(if $(CI),echo "peers: Node and npm are required in CI" >&2; exit 1,echo "peers: skipped, Node is not installed"))

$(PEERS): tests/peers/package-lock.json tests/peers/package.json tests/peers/.npmrc
	cd tests/peers && npm ci --loglevel=error
	@touch $@

demo: setup  ## watch calls survive dying providers
	@$(BIN)/remora demo

demo-local: setup  ## the same with a real small model; compiles it once (some minutes)
	@scripts/demo_local.sh

test: setup peers helm  ## every test, and every client's package; a language that is not here is one line
	$(BIN)/python -m pytest -q -n 2 tests/core --cov --cov-config=pyproject.toml
	$(BIN)/python -m pytest -q -n 2 --ignore=tests/core --ignore=tests/clients --ignore=tests/cluster --ignore=clients $(WITHOUT_NODE)
	scripts/clients.sh build test package
	$(BIN)/python -m pytest -q -n 2 tests/clients

# Without the Go toolchain it says so, and what needs helm is skipped; in CI that is a failure.
.PHONY: helm
helm:
	@scripts/helm.sh >/dev/null || [ $$? = 3 ]

helm-test: setup helm  ## the chart: lint, golden files, Kubernetes' own schemas, alerts; the injector
	$(BIN)/python -m pytest -q -n 2 tests/kubernetes tests/injector

cluster:
	@scripts/cluster.sh >/dev/null || [ $$? = 3 ]

cluster-test: setup helm cluster  ## the chart and the injector on a real API server; builds it once with Go (some minutes)
	REQUIRE_CLUSTER=1 $(BIN)/python -m pytest -q tests/cluster

OTHER_CLIENTS := go typescript java rust cpp

clients: setup  ## the package of every client
	scripts/clients.sh package

clients-test: setup  ## every client's own tests, then the one suite for all of them
	scripts/clients.sh build test
	$(BIN)/python -m pytest -q -n 2 tests/clients

bench: setup  ## cost per call, as ratios to a fixed floor; writes docs/benchmarks.md
	$(BIN)/python -m bench.run

scorecard: setup  ## what callers see while providers fail, five times each in real times; writes docs/scorecard.md
	$(BIN)/python -m bench.scorecard

mutate:  ## mutation testing of the core's rules: what no test notices; takes half an hour and more
	scripts/mutate.sh

FLAP_SECONDS ?= 120
flap: setup  ## 1,000 calls at once while providers come and go; nothing may be left over
	$(BIN)/python -m bench.flap --seconds $(FLAP_SECONDS)

soak: setup  ## twenty minutes of mixed faults at 50 streams: nothing left over, no more memory
	$(BIN)/python -m bench.flap --soak

resume-local: setup  ## answers cut at random and resumed by a real small model; writes docs/resume-local.md
	@scripts/demo_local.sh bench.real_model

check: setup gen-check  ## lint, types, layers, proto lint and breaking changes, generated code; the same of the clients
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports
	$(BIN)/buf lint
	$(BIN)/buf breaking --against proto/baseline.binpb
	CLIENTS="$(OTHER_CLIENTS)" scripts/clients.sh check gen-check

image:  ## the container image, remora
	docker build -t remora .

image-check:  ## the image built without an engine, its size, and its sidecar answering; needs root, buildah and debootstrap
	scripts/image_check.sh

# KEEP=1 leaves Jaeger running.
jaeger-demo: setup  ## the demo's stories in a real Jaeger, every span judged; builds Jaeger once with Go
	@program="$$(scripts/jaeger.sh)" && JAEGER="$$program" $(BIN)/python -m tests.jaeger $(if $(KEEP),--keep)

gen: setup  ## generate the code of the contract, in every language whose generated code is kept here
	scripts/generate.sh
	CLIENTS="$(OTHER_CLIENTS)" scripts/clients.sh gen

gen-check:  ## the generated code is what the contract gives
	scripts/check_generated.sh

lock: setup  ## pin every dependency anew
	scripts/lock.sh

clean:
	rm -rf .tools .venv .venv-gen .venv-mutate .mutate build dist *.egg-info clients/python/*.egg-info tests/peers/node_modules
	for language in clients/*/Makefile; do $(MAKE) -s -C "$$(dirname "$$language")" clean; done
