# make demo    set up, run both demonstration studies on simulated models
# make test    set up, lint, type-check, test
# make golden  write the golden rows of recipes and versions that are new
# make lock    renew constraints.txt from pyproject.toml

PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
STAMP := $(VENV)/.installed

.PHONY: demo test lint types tests golden lock clean

demo: $(STAMP)
	@$(BIN)/agora run studies/demo_discussion.yaml studies/demo_market.yaml

test: $(STAMP)
	@$(MAKE) --no-print-directory lint
	@$(MAKE) --no-print-directory --jobs=2 types tests

lint: $(STAMP)
	@$(BIN)/ruff check .
	@$(BIN)/ruff format --check .

types: $(STAMP)
	@$(BIN)/mypy

# The tests of flows wait for servers and processes much of the time, so they run beside the others.
WAITING := tests/flows/test_deployments.py tests/flows/test_kills.py tests/flows/test_operations_page.py \
	tests/flows/test_archives_page.py
tests: $(STAMP)
	@mkdir -p .pytest_cache; \
	  $(BIN)/pytest $(WAITING) > .pytest_cache/waiting.log 2>&1 & waiting=$$!; \
	  $(BIN)/pytest $(WAITING:%=--ignore=%) tests/flows flows > .pytest_cache/flows.log 2>&1 & flows=$$!; \
	  $(BIN)/pytest --ignore=tests/flows tests schemas tasks warehouse; others=$$?; \
	  wait $$flows; flows=$$?; wait $$waiting; waiting=$$?; \
	  cat .pytest_cache/flows.log .pytest_cache/waiting.log; exit $$((flows | waiting | others))

golden: $(STAMP)
	@AGORA_WRITE_GOLDEN=1 $(BIN)/pytest tests/tasks/stages/test_recipes.py tests/tasks/stages/test_recipes_of_numbers.py

$(STAMP): pyproject.toml constraints.txt
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || { \
	  echo "Python 3.11 or newer is needed; name one with: make PYTHON=python3.12 $(MAKECMDGOALS)"; exit 1; }
	@echo "Setting up $(VENV); this takes a few minutes the first time."
	@$(PYTHON) -m venv $(VENV)
	@$(BIN)/python -m pip install --quiet --constraint constraints.txt --editable '.[test]'
	@$(BIN)/python -m compileall -q flows schemas tasks warehouse
	@rm -rf $(VENV)/prefect
	@PREFECT_HOME=$(CURDIR)/$(VENV)/prefect $(BIN)/prefect server database upgrade --yes > /dev/null
	@touch $(STAMP)

lock: pyproject.toml
	@rm -rf $(VENV)-lock && $(PYTHON) -m venv $(VENV)-lock
	@$(VENV)-lock/bin/python -m pip install --quiet '.[test,ray]'
	@$(VENV)-lock/bin/python -m pip freeze --exclude agora-lab > constraints.txt
	@rm -rf $(VENV)-lock

clean:
	@rm -rf $(VENV) build *.egg-info .pytest_cache .mypy_cache .ruff_cache .hypothesis
