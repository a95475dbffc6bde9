# Two commands do everything on a bare machine: `make demo` and `make test`.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
STAMP := $(VENV)/.installed

# Compiled once and not in every process: tests start hundreds of them.
unexport PYTHONDONTWRITEBYTECODE

.PHONY: demo test format check unit faults operations soak install bench clean constraints

install: $(STAMP)

$(STAMP): pyproject.toml constraints.txt
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11) and "Holdfast needs Python 3.11 or newer; set PYTHON=/path/to/python3.11")'
	test -x $(BIN)/python || $(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --disable-pip-version-check -c constraints.txt --editable '.[dev]'
	@touch $@

demo: $(STAMP)
	$(BIN)/python examples/demo.py

test: check unit

check: $(STAMP)
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy
	$(BIN)/lint-imports

# Files side by side, one more than cores, because most tests wait for processes of their own. One
# thread each for the models: more would wait for each other, and burn a core by waiting.
WORKERS ?= $(shell $(PYTHON) -c 'import os; print(min(4, (os.cpu_count() or 1) + 1))')
unit: $(STAMP)
	OMP_NUM_THREADS=1 $(BIN)/python -m pytest -n $(WORKERS) --dist loadfile --no-loadscope-reorder $(ARGS)

# All of the fault suite, and whatever else takes too long for `make test`.
faults: $(STAMP)
	$(BIN)/python -m pytest tests -m thorough $(ARGS)

# A real Prefect server and worker, deployed runs, the input form, kills; takes minutes.
operations: $(STAMP)
	$(BIN)/python -m pytest tests/flows tests/project -m thorough $(ARGS)

# Deeds and faults in a seeded mixture: make soak MINUTES=60 SEED=7
MINUTES ?= 10
SEED ?= 1
soak: $(STAMP)
	$(BIN)/python -m benchmarks.soak --minutes $(MINUTES) --seed $(SEED)

format: $(STAMP)
	$(BIN)/ruff format .
	$(BIN)/ruff check --fix .

bench: $(STAMP)
	$(BIN)/python -m benchmarks

# Writes the versions that are installed now; run after a deliberate upgrade.
constraints: $(STAMP)
	$(BIN)/python -m pip freeze --exclude-editable | grep -v '^torch==' > constraints.txt
	echo 'torch==2.13.0' >> constraints.txt

clean:
	rm -rf $(VENV) .mypy_cache .ruff_cache .pytest_cache .import_linter_cache build *.egg-info
