# Every target sets itself up: .venv/ is made from requirements.lock when it is missing or older than the lock.
# uv installs it several times faster than pip, which brings uv along and takes over where uv knows no way to packages.
# Compiled modules are kept: without them, each of the many processes takes ten seconds more to import its libraries.
unexport PYTHONDONTWRITEBYTECODE
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
READY := $(VENV)/.ready
PIP := $(BIN)/python -m pip install --quiet --disable-pip-version-check
WORKERS ?= 2
SLOW ?= $(if $(CI),--slow --durations=40,)
# Tests run side by side: with several BLAS threads each they would wait for one another.
PYTEST := OPENBLAS_NUM_THREADS=1 $(BIN)/python -m pytest -q
# Tests in a browser have a process of their own: Playwright keeps an event loop running in its thread.

.DEFAULT_GOAL := help
.PHONY: help demo test test-slow test-in-processes test-browser lint format dev spark lock docs bench-pipeline bench-accuracy bench-serving clean

help:  ## this list
	@grep -E '^[a-z-]+:.*##' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | expand -t 18

$(READY): requirements.lock pyproject.toml
	@$(PYTHON) -c 'import sys; ok = (3, 11) <= sys.version_info[:2] < (3, 14); \
	  sys.exit(0 if ok else "Python 3.11 to 3.13 is needed, %s is %s; say make PYTHON=python3.11" % (sys.executable, sys.version.split()[0]))'
	@echo "Preparing $(VENV) from requirements.lock (a minute or some, once)"
	@test -x $(BIN)/python || $(PYTHON) -m venv $(VENV)
	@sed -n '/^uv==/,/[^\\]$$/p' requirements.lock >$(VENV)/uv.lock
	@$(PIP) --require-hashes -r $(VENV)/uv.lock
	@$(BIN)/uv pip install --quiet --python $(BIN)/python --require-hashes -r requirements.lock \
	  || { echo "uv cannot install them here, pip does"; $(PIP) --require-hashes -r requirements.lock; }
	@$(PIP) --no-deps --no-build-isolation -e .
	@touch $@

demo: $(READY)  ## the whole pipeline on the bundled data, then metrics and recommendations
	@$(BIN)/recsys run --data data/sample
	@echo
	@$(BIN)/recsys models
	@echo
	@$(BIN)/recsys recommend --user 1 -k 10 --explain

test: test-in-processes $(if $(CI),test-browser)  ## the tests, side by side

test-slow:  ## all tests, the ones that take minutes too
	@$(MAKE) --no-print-directory test-in-processes test-browser SLOW=--slow

test-in-processes: $(READY)
	@$(PYTEST) -n $(WORKERS) --dist loadgroup --ignore tests/browser $(SLOW)

test-browser: $(READY) $(if $(filter lint,$(MAKECMDGOALS)),lint)  # after it, where both are asked for at once
	@$(PYTEST) tests/browser --slow

lint: $(READY)  ## ruff, mypy (of notebooks, too), the import rules, the Docker files
	@$(BIN)/ruff check .
	@$(BIN)/ruff format --check .
	@$(BIN)/mypy
	@$(BIN)/python -m nbqa mypy notebooks
	@$(BIN)/lint-imports
	@$(BIN)/hadolint docker/Dockerfile
	@$(BIN)/check-jsonschema --quiet --builtin-schema vendor.compose-spec compose.yaml mlflow/compose.yaml

format: $(READY)  ## let ruff mend what it can, and take outputs out of notebooks
	@$(BIN)/python -m docgen.notebooks --strip
	@$(BIN)/ruff check --fix .
	@$(BIN)/ruff format .

dev: $(READY)  ## Dagster's and MLflow's pages, the daemon, the API and the web page, together
	@$(BIN)/recsys dev

docs: $(READY)  ## the pictures and tables of README and docs, from the running program
	@$(BIN)/python -m docgen.configuration
	@$(BIN)/python -m docgen.data_dictionary
	@$(BIN)/python -m docgen.python_api
	@$(BIN)/python -m bench.explanations
	@$(BIN)/python -m bench.ideas
	@$(BIN)/python -m bench.onboarding
	@$(BIN)/python -m bench.gate
	@$(BIN)/python -m docgen.notebooks
	@$(BIN)/python -m docgen.pictures
	@$(BIN)/python -m docgen.web_page

bench-pipeline: $(READY)  ## time and memory of the pipeline, from the bundled data to 25 million ratings
	@$(BIN)/python -m bench.pipeline --sizes 1000000 5000000 25000095 --factors 64 256

bench-serving: $(READY)  ## latency, throughput and memory of the API
	@$(BIN)/python -m bench.serving

bench-accuracy: $(READY)  ## accuracy on five folds, with controls and other libraries
	@$(BIN)/python -m bench.accuracy

spark: $(READY)  ## install PySpark, for the engine spark and its tests
	@$(PIP) --no-deps --no-build-isolation --require-hashes -r engines/spark/requirements.lock

lock: $(READY)  ## compile requirements.lock anew from pyproject.toml
	@$(BIN)/uv pip compile pyproject.toml --extra postgres --extra dev --universal --python-version 3.11 --generate-hashes \
	  --no-strip-extras --no-emit-index-url --quiet -o requirements.lock
	@$(BIN)/uv pip compile pyproject.toml docker/requirements.in --extra postgres --constraint requirements.lock --universal \
	  --python-version 3.11 --generate-hashes --no-strip-extras --no-emit-index-url --quiet -o docker/requirements.lock
	@$(BIN)/python -c 'import tomllib; print(*tomllib.load(open("pyproject.toml", "rb"))["project"]["optional-dependencies"]["spark"])' \
	  | $(BIN)/uv pip compile - --constraint requirements.lock --universal --python-version 3.11 --generate-hashes \
	  --no-strip-extras --no-emit-index-url --no-annotate --quiet -o engines/spark/requirements.lock

clean:  ## remove what runs have made (not the environment)
	rm -rf .recsys .pytest_cache .mypy_cache .ruff_cache .hypothesis
