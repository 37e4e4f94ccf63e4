# The targets of the project. `make` alone lists those with a `## help` text.
# All of them work on a fresh machine with Python 3.11 or newer, make and git; they first build what they need.

SHELL := /bin/bash
.SHELLFLAGS := -euo pipefail -c
.DEFAULT_GOAL := help
.DELETE_ON_ERROR:
MAKEFLAGS += --no-builtin-rules
# Compiled modules are kept: where the environment says otherwise, each of the many interpreters compiles them again.
export PYTHONDONTWRITEBYTECODE :=

VENV := .venv
PY := $(VENV)/bin/python
READY := $(VENV)/.ready
# The interpreter to build the environment with; the first of the candidates that is new enough unless you name one.
PYTHON ?=
PYTHONS := python3.11 python3.12 python3.13 python3.14 python3 python
# The clients that are on PyPI have this project's import name, so they live in an environment of their own.
PUBLISHED := .published-clients
PUBLISHED_PINS := tests/mock/published_clients.txt
# The packages that adapters and recipes are for (Ray alone brings 500 MB) live in an environment of their own.
INTEGRATIONS := .integrations
INTEGRATED := tests/ray tests/langchain tests/llm tests/mcp tests/recipes
INTEGRATED_PINS := tests/ray/requirements.txt tests/recipes/requirements.txt
ADAPTERS := indoxrouter_langchain indoxrouter_llm indoxrouter_ray
# What the type checkers and linters look at.
TYPED := generated/indoxrouter indoxrouter_ext indoxrouter_bulk indoxrouter_ray indoxrouter_mock indoxrouter_cli generator bench indoxRouter.py hatch_build.py scripts
# Recorded releases, generated records, scripts for the environments of other clients, and a module of wrong calls whose errors a test compares.
NOT_TYPED := ^tests/(releases/|clients/tours/|generator/golden_record/|methods/typed_usage\.py|typing/literal_messages\.py)
# Options for pytest, as in `make test ARGS="-k stream -x"`.
ARGS ?=
# What `make test-quick` runs: 3,700 tests of the client in some 35 seconds on two cores.
QUICK := tests/methods tests/models tests/spec tests/house \
	tests/reliability/test_retries.py tests/reliability/test_errors.py tests/reliability/test_stream_endings.py
# The HTTP engines that the reliability suite has to pass under.
ENGINES ?= direct httpx
PORT ?= 8000

.PHONY: help
help: ## list the targets
	@echo "usage: make <verb>"
	@awk -F ':.*## ' '/^[a-z][a-z-]*:.*## / { printf "  %-17s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

# make ends with 2 whatever a command ended with. The code of the command is printed, and written into the file CODE=.
CODE ?=
told = @code=0; ( set -x; $(1) ) || code=$$?; $(if $(CODE),echo $$code > "$(CODE)";) \
	test $$code = 0 || echo "make $@: exit code $$code" >&2; exit $$code

# ── use ──────────────────────────────────────────────────────────────────────────────────────────────────────────────

.PHONY: demo
demo: $(READY) ## regenerate the client, start the mock server and call it
	$(PY) -m generator generate
	$(PY) examples/demo.py

.PHONY: mock
mock: $(READY) ## run the mock server (PORT=8000)
	$(PY) -m indoxrouter_mock --port $(PORT)

# ── change ───────────────────────────────────────────────────────────────────────────────────────────────────────────

.PHONY: generate
generate: $(READY) ## regenerate generated/ from openapi.yaml and templates/
	$(PY) -m generator generate

.PHONY: check
check: $(READY) ## verify that generated/ matches openapi.yaml and templates/, and that no public name broke
	$(PY) -m generator check
	$(PY) -m generator surface --check

.PHONY: diff
diff: $(READY) ## report what changed for users since OLD (a git ref or a file; ARGS="--format markdown")
	@test -n "$(OLD)" || { echo 'usage: make diff OLD=<git ref or file> [ARGS="--format markdown --fail-on never"]' >&2; exit 2; }
	$(call told,$(PY) -m generator diff "$(OLD)" $(ARGS))

.PHONY: upgrade
upgrade: $(READY) ## apply the description SPEC: lint, diff, generate, derived files, changelog, test, version (ARGS=--explain)
	@test -n "$(SPEC)$(ARGS)" || { echo 'usage: make upgrade SPEC=<file or patch> [ARGS=--explain], make upgrade ARGS=--back' >&2; exit 2; }
	$(call told,$(PY) -m generator upgrade $(if $(SPEC),"$(SPEC)") $(ARGS))

.PHONY: changes
changes: $(READY) ## adopt changes of the description in clones, test what comes of each (ARGS="--together", "--list", "a field")
	$(PY) -m tests.changes $(ARGS)

.PHONY: observe
observe: $(READY) ## report what recordings show that the description lacks (TAPES=folder; ARGS="--har FILE --propose FILE")
	@test -n "$(TAPES)$(ARGS)" || { echo 'usage: make observe TAPES=<folder> [ARGS="--propose observed.patch"]' >&2; exit 2; }
	$(call told,$(PY) -m generator observe $(TAPES) $(ARGS))

.PHONY: pr-report
pr-report: $(READY) ## write what changed for users since BASE into build/pr-report.md: API, names, size, start-up, speed
	@test -n "$(BASE)" || { echo 'usage: make pr-report BASE=<git ref> [ARGS="--output page.md --rounds 9"]' >&2; exit 2; }
	$(call told,$(PY) scripts/pr_report.py "$(BASE)" $(ARGS))

.PHONY: surface
surface: $(READY) ## record the public names, signatures and types of this version
	$(PY) -m generator surface

.PHONY: templates-status
templates-status: $(READY) ## show upstream's base, upstream's new and ours for each template that we override
	$(PY) -m generator templates-status $(ARGS)

.PHONY: foreign
foreign: $(READY) ## generate from eighteen descriptions of others (most fetched), count from outside, type-check (ARGS="github --no-types")
	$(PY) -m bench.foreign $(ARGS)

.PHONY: bench-generator
bench-generator: $(READY) ## time the generator for 36, 360 and 1,000 operations beside stock openapi-python-client
	$(PY) -m bench.generator

.PHONY: golden
golden: $(READY) ## regenerate the generator's golden record; then read the diff
	$(PY) -m tests.generator.golden

.PHONY: test
test: $(READY) $(PUBLISHED)/.ready ## run the tests (ARGS="-k name" selects some)
	@# Four processes for two cores: many tests wait for a server, a clock or an interpreter.
	$(PY) -m pytest -n 4 --dist loadgroup --durations 10 $(ARGS)

.PHONY: test-all
test-all: export TESTS := all
test-all: test ## run the tests with what they leave out: both engines, more examples, planted faults, stories, the site; 20 minutes

.PHONY: test-quick
test-quick: $(READY) ## run the tests that fail most often, under a minute: methods, models, spec, retries, errors, ends of streams
	$(PY) -m pytest -n 2 --dist loadgroup -q $(QUICK) $(ARGS)

.PHONY: test-engines
test-engines: $(READY) ## run the whole reliability suite with each HTTP engine (ENGINES="direct httpx"; ARGS as for test)
	@for engine in $(ENGINES); do \
		echo "test-engines: tests/reliability under $$engine"; \
		INDOX_ROUTER_ENGINE=$$engine $(PY) -m pytest tests/reliability -n 3 --dist loadgroup $(ARGS); \
	done

.PHONY: fuzz
fuzz: $(READY) ## fuzz the direct engine: poison, truncation, other parsers as judges; one minute (ARGS="--seed 7 --seconds 600")
	$(PY) -m tests.fuzz $(ARGS)

.PHONY: chaos
chaos: $(READY) ## random faults and cancellations at 50 connections, ten minutes (ARGS="--seconds 60 --seed 7")
	$(PY) -m tests.chaos $(ARGS)

.PHONY: servers
servers: $(READY) ## try the client with nginx, haproxy, uvicorn, hypercorn, granian, gunicorn, plain and TLS (ARGS="nginx --seconds 60")
	$(PY) -m tests.servers $(ARGS)

.PHONY: contract
contract: $(READY) ## hold mock, client and spec against one another: schemathesis over HTTP, planted faults, coverage (ARGS="--seed 7")
	$(PY) -m tests.contract $(ARGS)

.PHONY: planted
planted: $(READY) ## plant each fault and see its test fail, some 20 minutes (ARGS="tokens 14" for some subjects or rules)
	$(PY) -m tests.planted $(ARGS)

.PHONY: integrations
integrations: $(READY) $(INTEGRATIONS)/.ready ## run the tests of adapters and recipes with their packages (Ray, LangChain, llm, …), and check their types
	@if test -x $(INTEGRATIONS)/bin/python; then \
		$(INTEGRATIONS)/bin/python -m pytest -p indoxrouter_mock.pytest_plugin -p no:cacheprovider -W default --benchmark-disable $(INTEGRATED) $(ARGS) && \
		$(PY) -m mypy --python-executable $(INTEGRATIONS)/bin/python $(ADAPTERS); \
	else echo "integrations: skipped, the packages of $(INTEGRATED_PINS) cannot be installed here"; fi

.PHONY: clients
clients: $(READY) ## send published clients (openai, Vercel SDK, LangChain and more) through the mock, five minutes (ARGS="openai llm", --write)
	$(PY) -m tests.clients $(ARGS)

.PHONY: bench-bulk
bench-bulk: $(READY) ## measure bulk work: rows a second, CPU time, memory; Ray, Dask and Daft beside it after `make integrations`
	$(PY) -m bench.bulk $(ARGS)

.PHONY: lint
lint: $(READY) node_modules/.ready ## check the spec, the style and the types
	$(PY) -m generator lint
	$(VENV)/bin/openapi-spec-validator openapi.yaml
	@if test -d node_modules/@redocly; then set -x; node_modules/.bin/redocly lint openapi.yaml; fi
	$(PY) -m ruff check .
	$(PY) -m ruff format --check .
	$(VENV)/bin/lint-imports --no-logo
	@# Side by side: each takes a minute on one core. A failure of either fails the target.
	@$(PY) -m mypy $(TYPED) tests --exclude '$(NOT_TYPED)' & mypy=$$!; status=0; \
	if test -d node_modules/pyright; then node_modules/.bin/pyright --pythonpath $(PY) || status=1; fi; \
	wait $$mypy || status=1; exit $$status
	$(PY) scripts/typed_pages.py

.PHONY: type-report
type-report: $(READY) ## what ty and pyrefly say of the pages and examples; fails nothing (pip install ty pyrefly)
	$(PY) scripts/typed_pages.py --report

.PHONY: stories
stories: $(READY) ## run three first hours with the project: of a caller, a tester and a maintainer
	@for story in application tester maintainer; do echo "== $$story"; scripts/stories/$$story.sh; done

.PHONY: docs
docs: $(READY) ## build the documentation site into site/, strictly
	@$(PY) -m scripts.reference_pages
	$(PY) -m zensical build --clean --strict
	@echo "docs: site/index.html is ready; to read while you write: $(PY) -m zensical serve"

# ── measure ──────────────────────────────────────────────────────────────────────────────────────────────────────────

.PHONY: bench
bench: $(READY) ## compare the client with its peers, seven minutes, and renew the README's figures (ARGS=--help for more)
	$(PY) -m bench $(if $(ARGS),$(ARGS),--record)

.PHONY: bench-quick
bench-quick: $(READY) ## compare the client with httpx and aiohttp, one minute
	$(PY) -m bench --quick $(ARGS)

.PHONY: bench-scale
bench-scale: $(READY) ## measure cost and memory with 1 to 1,000 concurrent requests and over 100,000, both engines, two minutes
	$(PY) -m bench.scale $(if $(ARGS),$(ARGS),--markdown bench/SCALE.md)

.PHONY: bench-mock
bench-mock: $(READY) ## measure the mock server beside a bare uvicorn: answers a second, CPU time, start, memory; one minute
	$(PY) -m bench.mock $(if $(ARGS),$(ARGS),--markdown bench/MOCK.md)

# ── release ──────────────────────────────────────────────────────────────────────────────────────────────────────────

.PHONY: build
build: $(READY) ## build the distributions into dist/, wheels and sdists, and check them
	rm -rf dist
	@# A wheel that is made from the sdist is what gets published; a checkout gives a larger one, see hatch_build.py.
	for each in . distributions/*/; do $(PY) -m build --no-isolation --outdir dist $$each; done
	$(PY) -m twine check --strict dist/*
	$(VENV)/bin/check-wheel-contents dist/*.whl
	$(PY) scripts/wheels.py dist

.PHONY: release
release: $(READY) ## check, write the changelog, tag and build VERSION=1.2.3; uploads nothing (ARGS=--dry-run)
	@test -n "$(VERSION)" || { echo "usage: make release VERSION=1.2.3 [ARGS=--dry-run]" >&2; exit 2; }
	$(PY) scripts/release.py $(VERSION) --dry-run
	$(MAKE) test lint check build ARGS=
	$(PY) scripts/release.py $(VERSION) $(ARGS)
	$(MAKE) build

# ── environment ──────────────────────────────────────────────────────────────────────────────────────────────────────

.PHONY: venv
venv: $(READY) ## build the development environment in .venv (PYTHON=python3.12 to choose the interpreter)

$(READY): constraints.txt pyproject.toml hatch_build.py $(wildcard distributions/*/pyproject.toml)
	@found=""; for candidate in $(if $(PYTHON),$(PYTHON),$(PYTHONS)); do \
		if "$$candidate" -c 'import sys; sys.exit(sys.version_info < (3, 11))' >/dev/null 2>&1; then found="$$candidate"; break; fi; \
	done; \
	if test -z "$$found"; then \
		echo "error: no Python 3.11 or newer among: $(if $(PYTHON),$(PYTHON),$(PYTHONS))" >&2; \
		echo "       The SDK runs on 3.10; openapi-python-client and schemathesis, which build and test it, start at 3.11." >&2; \
		echo "       Install one, or name it: make venv PYTHON=/path/to/python3.11" >&2; exit 1; \
	fi; \
	if ! $(PY) -c 'import sys; sys.exit(sys.version_info < (3, 11))' >/dev/null 2>&1; then \
		echo "venv: creating $(VENV) with $$found ($$("$$found" -c 'import platform; print(platform.python_version())'))"; \
		"$$found" -m venv --clear $(VENV) || { echo "error: $$found cannot create environments; on Debian: apt install python3-venv" >&2; exit 1; }; \
	fi
	@echo "venv: installing the pinned packages of constraints.txt"
	@# uv installs in seconds what takes pip a minute. It asks PyPI only; where that is out of reach, pip follows its own configuration.
	@# It trusts whom the system trusts, as pip does: some networks have a certificate of their own.
	@if sed -n '/^uv==/,/[^\\]$$/p' constraints.txt > $(VENV)/uv.txt && \
		$(PY) -m pip install -qq --disable-pip-version-check --no-deps --require-hashes -r $(VENV)/uv.txt && \
		UV_SYSTEM_CERTS=1 $(VENV)/bin/uv pip install --quiet --python $(PY) --require-hashes -r constraints.txt; then true; else \
		echo "venv: uv did not get through, going on with pip"; \
		$(PY) -m pip install -qq --disable-pip-version-check --require-hashes -r constraints.txt; fi
	@echo "venv: installing this checkout in editable form"
	@$(PY) -m pip install -qq --disable-pip-version-check --no-deps --no-build-isolation --no-index -e .
	@touch $@
	@echo "venv: ready"

$(PUBLISHED)/.ready: $(READY) $(PUBLISHED_PINS)
	@echo "published clients: installing the pinned packages of $(PUBLISHED_PINS)"
	@$(VENV)/bin/uv venv --quiet --no-config --clear --python $(PY) $(PUBLISHED)
	@if UV_SYSTEM_CERTS=1 $(VENV)/bin/uv pip install --quiet --no-config --python $(PUBLISHED)/bin/python --require-hashes -r $(PUBLISHED_PINS) \
		|| $(PY) -m pip --python $(PUBLISHED)/bin/python install -qq --disable-pip-version-check --require-hashes -r $(PUBLISHED_PINS); then \
		touch $@; \
	else rm -rf $(PUBLISHED); echo "published clients: the package index is out of reach; their tests are skipped" >&2; fi

$(INTEGRATIONS)/.ready: $(READY) $(INTEGRATED_PINS)
	@echo "integrations: installing the packages of $(INTEGRATED_PINS)"
	@rm -rf $(INTEGRATIONS); $(PY) -m venv $(INTEGRATIONS)
	@if UV_SYSTEM_CERTS=1 $(VENV)/bin/uv pip install --quiet --no-config --python $(INTEGRATIONS)/bin/python $(INTEGRATED_PINS:%=-r %) \
		|| $(INTEGRATIONS)/bin/python -m pip install -qq --disable-pip-version-check $(INTEGRATED_PINS:%=-r %); then \
		printf '%s\n' "$(CURDIR)" "$(CURDIR)/generated" > "$$($(INTEGRATIONS)/bin/python -c 'import site; print(site.getsitepackages()[0])')/checkout.pth"; \
		touch $@; \
	else rm -rf $(INTEGRATIONS)/bin; touch $@; fi

# The checkers that live on npm: redocly for the spec, and pyright itself rather than its PyPI wrapper, which would
# download the same package behind the scenes. Without npm the rest of `make lint` still runs; CI insists on all of it.
node_modules/.ready: package.json
	@if command -v npm >/dev/null; then \
		echo "npm: installing redocly and pyright"; \
		npm install --no-package-lock --no-audit --no-fund --loglevel error; touch $@; \
	elif test -n "$${CI:-}"; then echo "error: npm is missing: redocly and pyright cannot run" >&2; exit 1; \
	else echo "npm is missing: going on without redocly and pyright (install Node.js 20 or newer to have them)" >&2; fi

.PHONY: constraints
constraints: $(READY) ## pin all packages with the hashes of their files (UPGRADE=--upgrade for newer versions)
	UV_SYSTEM_CERTS=1 UV_CUSTOM_COMPILE_COMMAND="make constraints" $(VENV)/bin/uv pip compile pyproject.toml --quiet --no-config \
		--universal --python-version 3.10 --all-extras --generate-hashes \
		--no-emit-index-url --no-emit-find-links --no-emit-package indoxrouter --no-annotate $(UPGRADE) -o constraints.txt
	UV_SYSTEM_CERTS=1 UV_CUSTOM_COMPILE_COMMAND="make constraints" $(VENV)/bin/uv pip compile $(PUBLISHED_PINS:.txt=.in) --quiet --no-config \
		--universal --python-version 3.11 --generate-hashes --no-emit-index-url --no-emit-find-links --no-annotate $(UPGRADE) -o $(PUBLISHED_PINS)

.PHONY: clean
clean: ## remove build results, including .venv and node_modules
	rm -rf $(VENV) $(PUBLISHED) $(INTEGRATIONS) .clients node_modules build dist site .pytest_cache .mypy_cache .ruff_cache .hypothesis
	find . -name __pycache__ -type d -prune -exec rm -rf {} +
