# Each target sets up what it needs. Needs: a Linux machine with Python >= 3.11 (python3-venv) and make.
PYTHON ?= python3
VENV   := .venv
BIN    := $(VENV)/bin
PIP    := $(BIN)/pip --quiet --disable-pip-version-check
# Tests at the same time; those of tests/faults load the machine by themselves and run one after the other.
JOBS   ?= 2
# Some containers and CI systems set it; each start of the node would then compile its modules again, which takes longer than the start.
export PYTHONDONTWRITEBYTECODE :=

.PHONY: run demo test soak bench lint clean

# Two marks: the node's own needs, and those of its tests and workshop (TensorFlow among them: 2.7 GB).
$(VENV)/node.installed: pyproject.toml deploy/constraints.txt
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || { echo "baa_node needs Python 3.11 or newer; $(PYTHON) is older (make PYTHON=/path/to/python3.11 ...)"; exit 1; }
	@echo "setting up $(VENV): 0.8 GB are fetched and unpacked, which takes some minutes ..."
	@test -x $(BIN)/python || $(PYTHON) -m venv $(VENV)
	@$(PIP) install --constraint deploy/constraints.txt --editable .
	@touch $@

$(VENV)/test.installed: $(VENV)/node.installed
	@echo "adding the tools of the tests, the training and the export ..."
	@$(PIP) install --constraint deploy/constraints.txt --editable '.[test,train,export]'
	@touch $@

demo: $(VENV)/node.installed
	@$(BIN)/baa-node demo --samples sample_dicom --out demo_out

run: $(VENV)/node.installed
	@$(BIN)/baa-node --data-dir var serve

lint: $(VENV)/test.installed
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy
	$(BIN)/lint-imports

test: lint
	$(BIN)/python -m pytest --numprocesses $(JOBS) --dist worksteal --ignore tests/faults
	$(BIN)/python -m pytest tests/faults

soak: $(VENV)/test.installed
	STORM_KILLS=200 STORM_STUDIES=1000 STORM_REPORT=bench_out FUZZ_CASES=50000 ATTACK_REPORT=bench_out $(BIN)/python -m pytest tests/faults
	ALL_NETWORKS=1 $(BIN)/python -m pytest tests/export tests/train/test_backends.py

bench: $(VENV)/test.installed
	$(BIN)/python -m tests.bench

clean:
	rm -rf $(VENV) demo_out bench_out
