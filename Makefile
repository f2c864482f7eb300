# Two commands for newcomers: `make run` and `make test`. Each installs all it needs.
SHELL := /bin/bash
export UV_COMPILE_BYTECODE := 1
export UV_PYTHON_PREFERENCE ?= system
UV := $(shell command -v uv 2>/dev/null || echo .tools/bin/uv)
BIN := .venv/bin
NODE := webchat/node_modules
.DEFAULT_GOAL := help

.PHONY: help
help: ## Show what there is
	@grep -hE '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | sed 's/:.*## /\t/' | expand -t 12

.tools/bin/uv:
	@echo "Installing uv in .tools ..."
	@python3 -m venv .tools && .tools/bin/python -m pip install --quiet --disable-pip-version-check uv

.PHONY: install
install: $(filter .tools/%,$(UV)) ## Install Python 3.10's packages as locked
	@$(UV) sync --frozen --quiet

.PHONY: run
run: install ## Start everything on embedded defaults
	@exec $(BIN)/nindy up

.PHONY: check
check: install ## Lint, format, types, imports
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports --no-cache
	@if [ -d $(NODE) ]; then cd webchat && npm run --silent check; \
	else echo "webchat: no types checked without Node's packages (make webchat)"; fi

$(NODE)/.package-lock.json: webchat/package-lock.json
	@cd webchat && npm ci --ignore-scripts --no-audit --no-fund --silent

.PHONY: webchat
webchat: $(NODE)/.package-lock.json ## Build the web chat's files again (needs Node 20)
	@cd webchat && npm run --silent check && npm run --silent build

JOBS ?= 2
.PHONY: test
test: install ## Run all tests, two files at a time (JOBS=…)
	$(BIN)/nindy train
	$(BIN)/pytest -n $(JOBS) --dist loadfile

.PHONY: quick
quick: install ## Run the tests that need no model, browser or server
	$(BIN)/pytest -q -m "not rasa and not browser and not postgres and not redis and not chaos"

.PHONY: chaos
chaos: install ## Kill, stop and starve processes, at ten times the volume of the tests
	NINDY_CHAOS=10 $(BIN)/pytest -q -s tests/chaos

.PHONY: security
security: install ## Forge, guess and attack, at ten times the volume of the tests
	NINDY_SECURITY=10 $(BIN)/pytest -q --timeout=3600 tests/security

MINUTES ?= 30
.PHONY: soak
soak: install ## Ten messages a second for half an hour (MINUTES=…): what grows meanwhile
	$(BIN)/python -m bench.soak --minutes $(MINUTES)

.PHONY: mutation
mutation: install ## Spoil the pure rules line by line, and see that a test notices (an hour)
	$(UV) run --frozen --with mutmut==3.8.1 mutmut run

.PHONY: fuzz
fuzz: install ## Read 100,000 WhatsApp bodies that nobody has thought of
	NINDY_FUZZ=100000 $(BIN)/pytest -q -s --timeout=3600 tests/unit/whatsapp/test_whatsapp_fuzz.py

.PHONY: audit
audit: install ## Ask what is known against the locked packages
	@PATH="$(dir $(abspath $(UV))):$$PATH" $(BIN)/python scripts/audit.py

.PHONY: sbom
sbom: install ## Write the bill of materials (CycloneDX) to sbom.json
	@$(UV) export --frozen --no-dev --quiet --preview-features sbom-export \
		--format cyclonedx1.5 --output-file sbom.json > /dev/null
	@echo "sbom.json: what the product is made of"

.PHONY: format
format: install ## Put code into shape
	$(BIN)/ruff check --fix --quiet .
	$(BIN)/ruff format --quiet .

.PHONY: bench
bench: install ## Print the benchmark tables
	$(BIN)/python -m bench
