# Everything is installed into .venv from the hash-pinned locks in requirements/; `make` alone lists what can be done.

PYTHON ?= python3
VENV   := .venv
BIN    := $(VENV)/bin
# The reader's language for the notebooks: JIEBEI_LANG, else that of the system where it says one, else Chinese
JIEBEI_LANG ?= $(if $(filter-out C C.% POSIX zh%,$(or $(LC_ALL),$(LANG))),en,zh)
LOCKER := .venv-lock
PIP    := $(BIN)/python -m pip --disable-pip-version-check

.DEFAULT_GOAL := help
.NOTPARALLEL:
.PHONY: help report examples test quick check lab app docs lock audit-deps clean

help: ## List these targets
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "  make %-10s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

report: $(VENV)/.report-stamp ## Render the example reports (Chinese and English) into reports/
	$(BIN)/jiebei report --examples

examples: $(VENV)/.dev-stamp ## Renew the example reports that are kept in reports/examples (needs Chromium)
	$(BIN)/jiebei report --examples --refresh

test: check ## Check the style, then run all tests
	$(BIN)/python -m pytest -n auto --dist loadgroup $(PYTEST_ARGS)

quick: check ## Check, then run the tests that need no browser, notebook, server or fork (within a minute on two cores)
	$(BIN)/python -m pytest -m quick -n auto --dist loadgroup $(PYTEST_ARGS)

check: $(VENV)/.dev-stamp ## Check style and format of the code and the notebooks (ruff), and the types (mypy)
	$(BIN)/ruff check
	$(BIN)/ruff format --check
	$(BIN)/mypy

lab: $(VENV)/.dev-stamp ## Open the notebooks in JupyterLab, on this machine only
	JIEBEI_LANG=$(JIEBEI_LANG) $(BIN)/jiebei lab notebooks

app: $(VENV)/.dev-stamp ## Show the notebooks as a web app (Voila), on this machine only
	JIEBEI_LANG=$(JIEBEI_LANG) $(BIN)/jiebei app notebooks

docs: $(VENV)/.dev-stamp ## Build the documentation, Chinese and English, into docs/_build/html
	$(BIN)/python docs/build.py

# uv gives one file for all Pythons and systems, and keeps the index out of it. It asks the index that pip is set up for,
# unless UV_DEFAULT_INDEX says another.
lock: ## Renew requirements/*.lock with the newest versions that fit pyproject.toml
	$(require-python)
	@test -x $(LOCKER)/bin/python || $(PYTHON) -m venv --clear $(LOCKER)
	@$(LOCKER)/bin/python -m pip --disable-pip-version-check install --quiet --upgrade uv
	@index="$${UV_DEFAULT_INDEX:-$${PIP_INDEX_URL:-$$($(LOCKER)/bin/python -m pip config get global.index-url 2>/dev/null)}}"; \
	if [ -n "$$index" ]; then export UV_DEFAULT_INDEX="$$index"; else unset UV_DEFAULT_INDEX; fi; \
	compile="$(LOCKER)/bin/uv pip compile pyproject.toml --quiet --universal --python-version 3.11 --fork-strategy fewest \
	  --group build --group venv --generate-hashes --no-emit-index-url --no-emit-find-links --no-annotate --no-header"; \
	set -x; \
	$$compile --upgrade --all-extras --output-file requirements/dev.lock && \
	$$compile --upgrade --extra reports --constraints requirements/dev.lock --output-file requirements/report.lock && \
	$$compile --upgrade --extra reports --extra portfolio --extra office --extra lab --constraints requirements/dev.lock --output-file requirements/app.lock

audit-deps: $(VENV)/.dev-stamp ## List what is installed, with versions, dates, and what nobody looks after any more
	$(BIN)/python -m tests.attack.dependencies

clean: ## Remove .venv, caches and what was rendered (the examples stay)
	rm -rf $(VENV) $(LOCKER) dist build docs/_build .pytest_cache .ruff_cache .mypy_cache .hypothesis .benchmarks tests/artefacts
	find jiebei_lib tests notebooks -type d \( -name __pycache__ -o -name .ipynb_checkpoints \) -prune -exec rm -rf {} +
	find reports -mindepth 1 -maxdepth 1 ! -name examples ! -name README.md -exec rm -rf {} +

# One virtual environment, two stages: all that `make report` needs, and all there is. Neither calls pip again until a lock
# or pyproject.toml changes.
$(VENV)/.report-stamp: requirements/report.lock pyproject.toml
	$(make-venv)
	$(PIP) install --quiet --require-hashes -r requirements/report.lock
	$(PIP) install --quiet --no-deps --no-build-isolation -e .
	$(compiled)
	@touch $@

$(VENV)/.dev-stamp: requirements/dev.lock requirements/report.lock pyproject.toml
	$(make-venv)
	$(PIP) install --quiet --require-hashes -r requirements/dev.lock
	$(PIP) install --quiet --no-deps --no-build-isolation -e .
	$(compiled)
	@touch $(VENV)/.report-stamp $@

# pip compiles what it installs, but not what it only points to: where Python may not do it later (PYTHONDONTWRITEBYTECODE), each
# command would compile the library anew, in half of its time
compiled = $(BIN)/python -m compileall -q jiebei_lib

define require-python
@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null || { \
  echo 'Python 3.11 or newer is needed, but "$(PYTHON)" is not one: name one, for example make PYTHON=python3.13 $(MAKECMDGOALS)' >&2; \
  exit 1; }
@$(PYTHON) -c 'import ensurepip, venv' 2>/dev/null || { \
  echo '"$(PYTHON)" cannot make virtual environments: install its venv package (Debian, Ubuntu: apt-get install python3-venv), then try again.' >&2; \
  exit 1; }
endef

define make-venv
$(require-python)
@$(BIN)/python -c 'import pip' 2>/dev/null || { echo 'Installing into $(VENV) (once; takes a minute or two)'; $(PYTHON) -m venv --clear $(VENV); }
endef
