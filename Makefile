# The one door of the workshop: `make help` lists what it does.

VENV  := .venv
BIN   := $(VENV)/bin
JOBS  ?= 2
ROWS  ?= 2000

# What the installed package depends on, beside the Python files it is linked to.
BUILD := pyproject.toml $(wildcard setup.py) $(shell find src -name '*.c' -o -name '*.h' -o -name '*.pyx')
CODE  := src tests benchmarks scripts examples

.DEFAULT_GOAL := help
.DELETE_ON_ERROR:
.PHONY: help install demo test check format lint types docs examples bench clean

help: ## Print this help
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "  make %-9s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

install: $(VENV)/.installed ## Make the virtual environment in .venv and install the package

demo: demo/run.txt ## Write sample customers, segment them, show the segments
	@cat demo/run.txt

test: $(VENV)/.dev ## Run all tests (JOBS=2 processes)
	$(BIN)/python -m pytest -q -n $(JOBS) --dist worksteal $(TESTS)

check: $(VENV)/.dev lint types ## Check format, lint, types, tests, doctests and docs
	@$(MAKE) --no-print-directory test

format: $(VENV)/.dev ## Format the code and mend what can be mended
	$(BIN)/ruff format $(CODE)
	$(BIN)/ruff check --fix $(CODE)

lint: $(VENV)/.dev ## Check format and lint
	$(BIN)/ruff format --check $(CODE)
	$(BIN)/ruff check $(CODE)

types: $(VENV)/.dev ## Check types
	$(BIN)/mypy

docs: $(VENV)/.installed ## Write the generated pages of docs/
	$(BIN)/python scripts/settings_page.py
	$(BIN)/python scripts/model_schema.py

examples: $(VENV)/.dev ## Run the stories of examples/ as notebooks, into examples/executed
	$(BIN)/python scripts/run_examples.py

bench: $(VENV)/.dev ## Measure time, memory and quality on named work
	@set -e; for script in benchmarks/[a-z]*.py; do echo "== $$script"; $(BIN)/python $$script; done

clean: ## Remove the virtual environment and everything built
	rm -rf $(VENV) build demo .mypy_cache .ruff_cache .pytest_cache .hypothesis src/*.egg-info
	find src \( -name '*.so' -o -name '*.pyd' \) -delete

$(BIN)/python:
	@sh scripts/make_venv.sh $(VENV) $(PYTHON)

$(VENV)/.installed: $(BIN)/python $(BUILD)
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --editable '.[excel]'
	@touch $@

$(VENV)/.dev: $(VENV)/.installed
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --upgrade 'pip>=25.1'
	$(BIN)/python -m pip install --quiet --editable '.[excel,postgres,notebook]' --group dev
	@touch $@

demo/customers.csv: | $(VENV)/.installed
	@mkdir -p demo
	$(BIN)/segmeans sample customers --rows $(ROWS) --seed 1 --out $@

demo/run.txt: demo/customers.csv $(VENV)/.installed
	$(BIN)/segmeans run demo/customers.csv --out demo/segments --overwrite > $@.part
	@mv $@.part $@
