# Every step that a fresh machine needs; the README names the few that people use.
SHELL := /bin/bash
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
COMPONENTS := hasher linker publisher
DEMO := .demo
PIP_INSTALL := -m pip install --quiet --disable-pip-version-check

.DEFAULT_GOAL := help
.PHONY: help check-tools install wheels wheelhouse demo demo-once demo-environments check test \
        test-long test-long-model test-long-rest assurance test-browser contact-sheet coverage deploy-check sbom bench-hasher bench-link bench-protection bench-publisher spark-demo pages lock clean

help: ## This list
	@grep -hE '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | expand -t 20

check-tools:
	@$(PYTHON) deploy/check_machine.py

# --- development environment ---------------------------------------------------------------

install: $(VENV)/.installed ## The development environment in .venv

$(VENV)/.installed: deploy/development.lock pyproject.toml | check-tools
	$(PYTHON) -m venv $(VENV)
	$(BIN)/python $(PIP_INSTALL) --require-hashes -r deploy/development.lock
	$(BIN)/python $(PIP_INSTALL) --no-deps --no-build-isolation -e .
	touch $@

# --- quality -------------------------------------------------------------------------------

check: install ## Style, types, import contracts, wheel contents, documents
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports
	$(BIN)/python -m pytest -q -rs tests/architecture

# The model of a whole round has a process of its own. Hypothesis draws from the constants of every
# module that is loaded: alone, the model draws the same lives wherever it runs.
ROUND_MODEL := tests/property/test_round_machine.py

test: check ## All checks, then all tests
	$(BIN)/python -m pytest -q -rs $(ROUND_MODEL)
	$(BIN)/python -m pytest -q -rs -n auto --dist loadscope --ignore=tests/architecture \
	    --ignore=$(ROUND_MODEL)

# A part of it: make test-long-rest TESTS=tests/faults, then make assurance.
TESTS ?= tests/faults tests
LONG := MOJ_LONG=1 MOJ_ASSURANCE=$(CURDIR)/.assurance

test-long: check ## The same with the long figures; writes docs/assurance.md
	rm -rf .assurance
	failed=0; $(MAKE) --keep-going -j2 test-long-model test-long-rest || failed=1; \
	    $(MAKE) assurance && exit $$failed

test-long-model: install
	$(LONG) $(BIN)/python -m pytest -q -rs $(ROUND_MODEL)

test-long-rest: install
	$(LONG) $(BIN)/python -m pytest -q -rs -n auto --dist loadscope --no-loadscope-reorder \
	    --ignore=tests/architecture --ignore=$(ROUND_MODEL) $(TESTS)

assurance: install ## What the long tests have counted, written down
	$(BIN)/python -m deploy.make_assurance

test-browser: install ## Every page in a real browser: accessible, quiet, in every look and language
	MOJ_LONG=1 $(BIN)/python -m pytest -q -rs tests/e2e/test_browser_pages.py \
	    tests/e2e/test_browser_operator.py

contact-sheet: install ## A picture of every page: docs/figures/dashboard.jpg
	MOJ_CONTACT_SHEET=$(CURDIR)/docs/figures/dashboard.jpg \
	    $(BIN)/python -m pytest -q tests/e2e/test_browser_contact_sheet.py

coverage: install ## Branch coverage of the tests
	$(BIN)/python -m pytest -q -rs -n auto --dist loadscope --cov --cov-report=term

# --- components ----------------------------------------------------------------------------

wheels: $(COMPONENTS:%=dist/%/.built) ## One wheel per component, by allow-list

SOURCES := $(shell find shared linker publisher -type f -not -name '*.pyc')

dist/%/.built: deploy/%/pyproject.toml $(SOURCES) | $(DEMO)/venvs/demo/.installed
	rm -rf dist/$* && mkdir -p dist/$*
	cd deploy/$* && ../../$(DEMO)/venvs/demo/bin/python -m hatchling build -t wheel \
	    -d ../../dist/$* >/dev/null
	touch $@

wheelhouse: dist/hasher/.built $(DEMO)/venvs/sbom/.installed ## Offline installation of the hasher: one zip for Windows, one for Linux
	$(DEMO)/venvs/demo/bin/python -m deploy.make_wheelhouse --wheels dist/hasher \
	    --out dist/wheelhouse --cyclonedx $(DEMO)/venvs/sbom/bin/cyclonedx-py

deploy-check: install ## Containers, networks, units, alert rules and publiccode.yml
	$(BIN)/python -m deploy.check

sbom: $(COMPONENTS:%=dist/%/sbom.json) ## Per component a list of all that it installs (CycloneDX)

dist/%/sbom.json: $(DEMO)/venvs/%/.installed $(DEMO)/venvs/sbom/.installed
	PYTHONWARNINGS=ignore $(DEMO)/venvs/sbom/bin/cyclonedx-py environment \
	    --pyproject deploy/$*/pyproject.toml --output-reproducible --output-format JSON \
	    --output-file $@ $(DEMO)/venvs/$*

$(DEMO)/venvs/sbom/.installed: deploy/hasher/sbom.lock | check-tools
	$(PYTHON) -m venv $(DEMO)/venvs/sbom
	$(DEMO)/venvs/sbom/bin/python $(PIP_INSTALL) --require-hashes -r deploy/hasher/sbom.lock
	touch $@

# --- demonstration -------------------------------------------------------------------------

demo-environments: $(COMPONENTS:%=$(DEMO)/venvs/%/.installed) $(DEMO)/venvs/demo/.installed

$(DEMO)/venvs/%/.installed: deploy/%/requirements.lock dist/%/.built
	$(PYTHON) -m venv $(DEMO)/venvs/$*
	$(DEMO)/venvs/$*/bin/python $(PIP_INSTALL) --require-hashes -r deploy/$*/requirements.lock
	$(DEMO)/venvs/$*/bin/python $(PIP_INSTALL) --no-deps --force-reinstall dist/$*/*.whl
	touch $@

$(DEMO)/venvs/demo/.installed: deploy/demo/requirements.lock | check-tools
	$(PYTHON) -m venv $(DEMO)/venvs/demo
	$(DEMO)/venvs/demo/bin/python $(PIP_INSTALL) --require-hashes -r deploy/demo/requirements.lock
	touch $@

demo: demo-environments ## A whole synthetic region on this machine; leaves the dashboard up
	$(DEMO)/venvs/demo/bin/python -m deploy.demo --folder $(DEMO)/region --venvs $(DEMO)/venvs

demo-once: demo-environments ## The same, and stops when it is done
	$(DEMO)/venvs/demo/bin/python -m deploy.demo --folder $(DEMO)/region --venvs $(DEMO)/venvs --once

# --- measurement ---------------------------------------------------------------------------

bench-hasher: install $(DEMO)/venvs/hasher/.installed ## One million rows to sealed envelopes, beside three peers
	$(BIN)/python -m benchmarks.hasher --hasher $(DEMO)/venvs/hasher/bin/hasher --work .bench \
	    --docs docs/benchmarks.md

bench-link: install ## The tally of a region and of the nation, beside pandas and polars
	$(BIN)/python -m benchmarks.linkage --work .bench --docs docs $(BENCH_LINK)

spark-demo: install ## The same linkage on a Spark cluster of this machine: a master, two workers
	$(BIN)/python -m deploy.spark_demo

bench-protection: install ## Secondary suppression beside τ-ARGUS, with one attack on both results
	$(BIN)/python -m benchmarks.protection --work .bench --docs docs/protection.md

bench-publisher: install ## Readers of pages and the API, and a large export, of one core
	$(BIN)/python -m benchmarks.publisher --work .bench --docs docs/benchmarks.md

# --- maintenance ---------------------------------------------------------------------------

pages: install ## The pages of docs/ that are made from the code
	$(BIN)/python -m deploy.make_pages
	$(BIN)/python -m deploy.make_vectors
	$(BIN)/python -m deploy.make_guide

lock: install ## Pin every dependency by hash, without the address of any index
	$(BIN)/python deploy/make_locks.py

clean: ## Remove everything that was built
	rm -rf $(VENV) $(DEMO) .bench .assurance dist .mypy_cache .ruff_cache .pytest_cache .hypothesis .coverage*
