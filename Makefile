# leadtime: `make report` and `make test` need only Python >= 3.11 and make; the first run sets everything up in .venv.
# Another Python: `make test PYTHON=python3.12`.

PYTHON ?= python3
# Further arguments for pytest, as in `make test ARGS="-k survival"`, or `make test ARGS=--cov` for coverage.
ARGS ?=
WORKERS ?= 2
SIZES ?= 1e5,1e6
RUNS ?= 5
MINUTES ?= 5
MUTANTS ?= 100

SAMPLE := data_samples/mark_svenljunga
BIN := .venv/bin
# Compiled after it, on all cores at once: a machine that keeps no bytecode would otherwise compile at every run. Not what nothing imports.
COMPILED := -m compileall -q -j 0 -x '[/\\](tests|mypyc?)[/\\]'
INSTALL := -m pip install --quiet --disable-pip-version-check --no-compile
# The project itself: what it needs is there already, from the pinned lists.
PROJECT := --no-deps --no-build-isolation --editable .
PYTEST = -m pytest --dist worksteal $(ARGS)
WITH_ATHERIS = $(BIN)/python -c 'import atheris' 2>/dev/null || $(BIN)/python $(INSTALL) atheris || echo "without atheris: fuzzing by mutation"

.DEFAULT_GOAL := help
.DELETE_ON_ERROR:
.PHONY: bench docs fuzz guard help report reports sbom test test-all torture lint format test-oldest test-newest lock clean check-python

help:  ## lists the verbs
	@awk -F ':[^#]*## ' '/^[a-z-]+:[^#]*## / { printf "make %-12s %s\n", $$1, $$2 }' Makefile

report: .venv/core.stamp  ## runs the main job on the sample: the headline here, the workbook and the page in reports/mark_svenljunga
	@$(BIN)/python -m leadtime report $(SAMPLE)/events_messy.xlsx --pathway $(SAMPLE)/pathway.toml --before before --after after --out reports/mark_svenljunga

reports: .venv/core.stamp  ## makes the example reports in reports/examples anew, in English and Swedish; the same bytes each time
	@set -e; for language in en sv; do \
		out=reports/examples/mark_svenljunga_$$language; \
		$(BIN)/python -m leadtime report $(SAMPLE)/events.csv --pathway $(SAMPLE)/pathway.toml --language $$language --out $$out >/dev/null; \
		$(BIN)/python -m leadtime valuestream $(SAMPLE)/events.csv --pathway $(SAMPLE)/pathway.toml --language $$language --out $$out >/dev/null; \
		echo "written: $$out"; \
	done

test: lint  ## runs lint, types, rooms, tests and doctests: under ten minutes, set-up included; ARGS=--cov measures coverage
	$(BIN)/python $(PYTEST) --numprocesses $(WORKERS) -m "not slow"

# Another time zone and locale than the machine's, the slow tests, more examples a property, Spark, and a program that is missing is a failure.
test-all: .venv/extra.stamp  ## runs all tests: the slow ones and those that need another program too
	LEADTIME_REQUIRE_PROGRAMS=1 HYPOTHESIS_PROFILE=thorough TZ=Asia/Kathmandu LC_ALL=C $(BIN)/python $(PYTEST) --numprocesses $(WORKERS)

lint: .venv/dev.stamp  ## checks style, format, types and the walls between the rooms
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports --no-logo

format: .venv/dev.stamp  ## writes the code as `make lint` wants it
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

test-oldest: .venv-oldest/done.stamp  ## runs the tests with the oldest versions that pyproject.toml allows
	.venv-oldest/bin/python $(PYTEST) --numprocesses $(WORKERS) -W default::DeprecationWarning -W default::PendingDeprecationWarning -W default::FutureWarning

test-newest: check-python  ## runs the tests with the newest versions that pyproject.toml allows, new each time
	$(PYTHON) -m venv --clear .venv-newest
	.venv-newest/bin/python $(INSTALL) --upgrade --editable '.[dev,frames,fast-excel,sql,xes,adjust]'
	.venv-newest/bin/python $(PYTEST) --numprocesses $(WORKERS)

# pm4py, lifelines and scikit-survival go into environments of their own, .venv-bench-*.
bench: .venv/dev.stamp  ## compares speed and memory with peers, answers first, and writes docs/benchmarks.md; SIZES=1e5,1e6 and RUNS=5
	$(BIN)/python benchmarks/run.py --sizes $(SIZES) --runs $(RUNS)
	$(BIN)/python benchmarks/reading.py --runs $(RUNS)
	$(BIN)/python benchmarks/survival.py --runs $(RUNS)
	$(BIN)/python benchmarks/starting.py

guard: .venv/dev.stamp  ## fails where leadtime costs more than 1.5 times the SQL written by hand
	$(BIN)/python benchmarks/guard.py

# atheris leads the fuzzing where it can be had; without it mutation does.
fuzz: .venv/dev.stamp  ## feeds broken and odd content to the readers of files, dates and amounts, MINUTES=5 in all; ends with 1 on a crash or a lost row
	@$(WITH_ATHERIS)
	$(BIN)/python benchmarks/torture/run.py --only fuzz --minutes $(MINUTES)

torture: .venv/dev.stamp  ## kills, faults, broken files, fuzzing, soak, attacks, mutants: hours; MINUTES=5 of fuzzing, MUTANTS=100 a room
	@$(WITH_ATHERIS)
	$(BIN)/python benchmarks/torture/run.py --minutes $(MINUTES) --mutants $(MUTANTS)

sbom: .venv/dev.stamp  ## lists what is installed with its licences, and writes it to build/sbom.json; KNOWN=file of advisories to look in
	$(BIN)/python benchmarks/sbom.py $(if $(KNOWN),--known $(KNOWN))

docs: .venv/extra.stamp  ## builds the documentation site in build/site
	$(BIN)/python docs/api.py
	$(BIN)/python docs/glossary.py
	NO_MKDOCS_2_WARNING=1 $(BIN)/mkdocs build --quiet

lock: check-python  ## writes the three lists of pinned versions anew, with the newest
	$(PYTHON) -m venv .venv-lock
	.venv-lock/bin/python $(INSTALL) pip-tools
	$(COMPILE) --extra fast-excel --output-file requirements.txt pyproject.toml requirements.in
	$(COMPILE) $(IN_TESTS) --output-file requirements-dev.txt pyproject.toml requirements.in requirements-dev.in
	$(COMPILE) --extra spark --extra docs --output-file requirements-extra.txt pyproject.toml requirements-extra.in

# The extras that the tests take part in.
IN_TESTS := --extra dev --extra frames --extra fast-excel --extra sql --extra xes --extra adjust
# Without this machine's own settings, so that no address, path or hash of its own gets in.
COMPILE := env -u PIP_FIND_LINKS -u PIP_INDEX_URL -u PIP_EXTRA_INDEX_URL PIP_CONFIG_FILE=/dev/null .venv-lock/bin/pip-compile --quiet --upgrade \
	--no-header --generate-hashes --allow-unsafe --strip-extras --no-emit-index-url --no-emit-trusted-host --no-emit-find-links

clean:  ## removes what the other verbs made
	rm -rf .venv .venv-oldest .venv-newest .venv-lock .venv-bench-* build *.egg-info .coverage .coverage.* .hypothesis .mypy_cache .ruff_cache .import_linter_cache reports/mark_svenljunga

check-python:
	@command -v $(PYTHON) >/dev/null || { echo "make: there is no '$(PYTHON)'; leadtime needs Python >= 3.11: make $(MAKECMDGOALS) PYTHON=/path/to/python3" >&2; exit 1; }
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' \
		|| { echo "make: $(PYTHON) is $$($(PYTHON) --version 2>&1), leadtime needs Python >= 3.11; name another: make $(MAKECMDGOALS) PYTHON=python3.12" >&2; exit 1; }
	@$(PYTHON) -c 'import ensurepip, venv' 2>/dev/null \
		|| { echo "make: $(PYTHON) can't make environments; on Debian and Ubuntu: apt-get install python3-venv" >&2; exit 1; }

# Set up once: an environment is made anew when its list of versions changes, the project installed anew when pyproject.toml does.
.venv/base.stamp: requirements.txt | check-python
	@echo "setting up .venv (once, about a minute) ..."
	@$(PYTHON) -m venv --clear .venv
	@$(BIN)/python $(INSTALL) --require-hashes --requirement requirements.txt
	@-$(BIN)/python $(COMPILED) .venv/lib* >/dev/null
	@touch $@

.venv/core.stamp: .venv/base.stamp pyproject.toml
	@$(BIN)/python $(INSTALL) $(PROJECT)
	@-$(BIN)/python $(COMPILED) leadtime
	@touch $@

.venv/dev.stamp: .venv/core.stamp requirements-dev.txt
	@echo "setting up the tools of the checks (once, about a minute) ..."
	@$(BIN)/python $(INSTALL) --require-hashes --requirement requirements-dev.txt
	@-$(BIN)/python $(COMPILED) .venv/lib* >/dev/null
	@touch $@

.venv/extra.stamp: .venv/dev.stamp requirements-extra.txt
	@echo "setting up Spark and the documentation's tools (once, some minutes) ..."
	@$(BIN)/python $(INSTALL) --require-hashes --requirement requirements-extra.txt
	@touch $@

.venv-oldest/done.stamp: constraints-oldest.txt pyproject.toml | check-python
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info >= (3, 13))' \
		|| { echo "make: the oldest versions have no builds for $$($(PYTHON) --version); make test-oldest PYTHON=python3.11" >&2; exit 1; }
	$(PYTHON) -m venv --clear .venv-oldest
	.venv-oldest/bin/python $(INSTALL) --constraint constraints-oldest.txt --editable '.[frames,fast-excel,sql,xes,adjust]' pytest pytest-cov pytest-xdist hypothesis nbclient nbformat ipykernel packaging
	@touch $@
