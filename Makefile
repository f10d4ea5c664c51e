# Two commands do all: `make reproduce` and `make test`. Each sets up what it needs.
PYTHON ?= python3
VENV   ?= .venv
BIN    := $(VENV)/bin
UV     := 0.13.9

export PATH := $(abspath $(BIN)):$(PATH)
export MPLBACKEND := Agg
export OPENBLAS_NUM_THREADS := 1
export HF_HUB_OFFLINE := 1
export DVC_NO_ANALYTICS := 1
export MLFLOW_DISABLE_TELEMETRY := true
export UV_SYSTEM_CERTS := 1
export UV_PYTHON_DOWNLOADS := never
export PIP_DISABLE_PIP_VERSION_CHECK := 1

.PHONY: help setup reproduce test check lab mlflow serve embeddings spark lock clean
.DEFAULT_GOAL := help

help:            ## this list
	@grep -hE '^[a-z]+:.*## ' $(MAKEFILE_LIST) | sed -E 's/^([a-z]+):.*## /  make \1\t/' | expand -t 22

setup: $(VENV)/.ready   ## make .venv and install the lock

$(VENV)/.ready: requirements.lock pyproject.toml
	@$(PYTHON) -c 'import sys; v = sys.version_info[:2]; sys.exit(not (3, 11) <= v < (3, 14))' || \
	  { echo "whychurn needs Python 3.11, 3.12 or 3.13; name one: make PYTHON=python3.12 ..."; exit 1; }
	@test -x $(BIN)/python || $(PYTHON) -m venv $(VENV) || \
	  { echo "python cannot make a virtual environment; on Debian or Ubuntu: apt-get install python3-venv"; exit 1; }
	@echo "installing the locked libraries (about 400 MB to download the first time) ..."
	@$(BIN)/python -m pip install --quiet "uv==$(UV)" && \
	  $(BIN)/python -m uv pip install --quiet --compile-bytecode --no-deps --require-hashes --python $(BIN)/python -r requirements.lock || \
	  $(BIN)/python -m pip install --quiet --no-deps --require-hashes -r requirements.lock
	@$(BIN)/python -m pip install --quiet --no-deps --no-build-isolation --editable .
	@touch $@

# numba compiles a part of umap once on each machine, and MLflow makes its tables: meanwhile the first stages run, which use one processor.
reproduce: setup ## run the whole pipeline on the demo world
	@(python -c "import umap; from whychurn.contract.paths import StudyPaths; from whychurn.delivery.mlflow_store import connect; \
	  connect(StudyPaths.at()).search_experiments()" >/dev/null 2>&1 &)
	@whychurn run
	@whychurn experiment promote --model risk --model survival --if-none --reason "first model of this checkout"

test: setup      ## run the tests
	@python -m pytest -n 2 --dist loadgroup

STRICT = src/whychurn/__init__.py src/whychurn/api src/whychurn/contract   # what others build on

check: setup     ## lint, format, types, layers of the import graph
	@ruff check . && ruff format --check . && mypy && mypy benchmarks && mypy --strict $(STRICT) && lint-imports

lab: setup       ## JupyterLab; notebooks open as notebooks, the first leads to the others
	@JUPYTER_CONFIG_DIR="$(CURDIR)/.jupyter" jupyter lab --notebook-dir="$(CURDIR)" \
	  --LabApp.default_url=/lab/tree/notebooks/50_causes.py

mlflow: setup    ## MLflow's pages over all runs
	@whychurn mlflow

serve: setup     ## the champion model over HTTP, port 5001
	@whychurn serve

# The overrides that keep torch out of the lock would empty the extra too; so it goes on top of the locked libraries.
EXTRA = $(BIN)/python -c 'import sys, tomllib; print(*tomllib.load(open("pyproject.toml", "rb"))["project"]["optional-dependencies"][sys.argv[1]], sep="\n")'

embeddings: setup ## the extra [embeddings]: sentence embeddings for topics (brings torch, some GB)
spark: setup     ## the extra [spark]: blocks of members on a cluster (needs Java 17)
embeddings spark:
	@$(EXTRA) $@ | $(BIN)/python -m uv pip install --no-config --python $(BIN)/python --constraint requirements.lock -r -

lock: setup      ## resolve the libraries anew and write the lock and environment.yml
	@$(BIN)/python -m uv pip compile --quiet --universal --generate-hashes --no-annotate --no-header \
	  --group dev pyproject.toml --output-file requirements.lock
	@$(BIN)/python .ci/write_environment.py

clean:           ## remove what runs have made (not .venv, not the champion's registry)
	@rm -rf data/raw data/truth data/interim data/processed data/results reports/en reports/zh reports/index.html
