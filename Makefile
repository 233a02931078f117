# make demo    set up, run both demonstration studies on simulated models
# make test    set up, lint, type-check, test
# make golden  write the golden rows of recipes and versions that are new
# make lock    renew constraints.txt from pyproject.toml

PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
STAMP := $(VENV)/.installed

.PHONY: demo test lint types tests servers processes studies commands others compiled golden lock clean

demo: $(STAMP)
	@$(BIN)/agora run studies/demo_discussion.yaml studies/demo_market.yaml

test: $(STAMP)
	@$(MAKE) --no-print-directory lint
	@$(MAKE) --no-print-directory --jobs=6 --keep-going types $(GROUPS)

lint: $(STAMP)
	@$(BIN)/ruff check .
	@$(BIN)/ruff format --check .

types: $(STAMP)
	@$(BIN)/mypy

# Groups of tests that run side by side. Those of servers and of other processes wait much of the
# time; each that runs flows starts a Prefect server of its own. What a group printed is shown when
# it has ended.
SERVERS := $(addprefix tests/flows/, test_deployments.py test_operations_page.py \
	test_server_restarts.py cli/test_server.py)
PROCESSES := $(addprefix tests/flows/, test_kills.py test_clusters.py test_archives_page.py \
	test_lake_page.py cli/test_interrupting.py)
APART := $(SERVERS:%=--ignore=%) $(PROCESSES:%=--ignore=%)
GROUPS := servers processes studies commands others
servers: TESTS := $(SERVERS)
processes: TESTS := $(PROCESSES)
studies: TESTS := $(APART) --ignore=tests/flows/cli tests/flows
commands: TESTS := $(APART) tests/flows/cli tests/warehouse flows warehouse
others: TESTS := --ignore=tests/flows --ignore=tests/warehouse tests schemas tasks

tests: $(STAMP)
	@$(MAKE) --no-print-directory --jobs=6 --keep-going $(GROUPS)

$(GROUPS): compiled
	@mkdir -p .pytest_cache; $(BIN)/pytest $(TESTS) > .pytest_cache/$@.log 2>&1; status=$$?; \
	  echo "$@:"; cat .pytest_cache/$@.log; exit $$status

# Tests start many processes, which would each compile what has changed since set-up.
compiled: $(STAMP)
	@$(BIN)/python -m compileall -q flows schemas tasks warehouse

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
