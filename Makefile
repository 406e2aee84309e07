# The environment is built once, in .venv, and again when a requirement changes.
PYTHON ?= python3
VENV ?= .venv
BIN = $(VENV)/bin
PORT ?= 8501

.PHONY: app test slow lint bench e2e soak clean

$(VENV)/.ready: requirements.txt requirements-serve.txt requirements-beets.txt requirements-map.txt requirements-cluster.txt requirements-dev.txt pyproject.toml
	test -x $(BIN)/python || $(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --disable-pip-version-check -r requirements-dev.txt
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps --editable .
	touch $@

app: $(VENV)/.ready  ## the dashboard; builds the demo library first if the workspace is empty
	$(BIN)/streamlit run app.py --server.port $(PORT)

test: $(VENV)/.ready  ## all quick tests
	$(BIN)/python -m pytest -n auto --dist worksteal

slow: $(VENV)/.ready  ## the tests that take many seconds each: trainings, clusters, the report
	$(BIN)/python -m pytest -m slow -n auto --dist worksteal

lint: $(VENV)/.ready
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy

bench: $(VENV)/.ready  ## ratios against what a reader can run
	$(BIN)/python -m benchmarks

e2e: $(VENV)/.ready  ## drives the dashboard in headless Chromium
	$(BIN)/python -m pytest -m e2e

soak: $(VENV)/.ready  ## faults and load, for an hour or two
	$(BIN)/python -m pytest -m soak -rP

clean:
	rm -rf $(VENV) .pytest_cache .mypy_cache .ruff_cache
