# Two commands do all the set-up on a fresh machine: `make run` and `make test`.
PYTHON ?= python3
BIN := .venv/bin

.PHONY: run test check tests plugin app bench debian tools requirements clean

run: .venv/run.stamp  ## the whole road on embedded defaults; ONCE=1 ends after the table, MAPPINGS=folder uses yours
	@$(BIN)/python -m bridge.demo $(if $(ONCE),--once) $(if $(MAPPINGS),--mappings $(MAPPINGS))

test: .venv/test.stamp  ## everything that must be green; mypy fills the time in which tests wait
	@$(MAKE) --no-print-directory -j 2 --output-sync=target check tests

check: .venv/test.stamp
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports --no-cache

tests: .venv/test.stamp debian tools
	$(BIN)/pytest -n 3 --dist worksteal

plugin: .venv/test.stamp tools  ## both plugins alone: their format, lint and tests, the vendors' rules, a browser
	$(BIN)/pytest -n 2 tests/plugin

app:  ## the Zendesk app as a zip to be uploaded: make app HOST=bridge.example.com
	@$(PYTHON) plugins/zendesk/build.py "$(HOST)"

bench: .venv/run.stamp  ## what a message costs, in time and in API calls of both CRMs (15 minutes); fails where that is too much
	$(BIN)/python -m bench.decide
	$(BIN)/python -m bench.calls
	$(BIN)/python -m bench.storm

HAVE := command -v chromium > /dev/null && ls /usr/lib/postgresql/*/bin/initdb > /dev/null 2>&1
NO_CLUSTER := /etc/postgresql-common/createcluster.d/casebridge.conf

debian:  ## what the tests need besides Python: a browser, and PostgreSQL without a server of its own
	@{ $(HAVE); } || { \
	  sudo=$$([ "$$(id -u)" = 0 ] || echo sudo); \
	  $$sudo install -d $(dir $(NO_CLUSTER)); \
	  echo "create_main_cluster = false" | $$sudo tee $(NO_CLUSTER) > /dev/null; \
	  $$sudo apt-get update -qq && \
	  $$sudo env DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends chromium postgresql > /dev/null; \
	  $$sudo rm -f $(NO_CLUSTER); \
	  { $(HAVE); } || echo "chromium or postgresql could not be installed: the tests that need them will say so"; \
	}

TOOLED := plugins/salesforce plugins/zendesk tests/editor
NODE_20 := node -e 'process.exit(Number(parseInt(process.versions.node) < 20))' 2> /dev/null

tools:  ## what the checks of the plugins and of editors need besides Python: node's packages, where there is a node
	@if ! $(NODE_20); then \
	  echo "checks of plugins and editors skipped: they need node 20 or newer, and npm"; \
	else \
	  for folder in $(TOOLED); do \
	    if ! [ $$folder/node_modules/.stamp -nt $$folder/package-lock.json ]; then \
	      npm ci --prefix $$folder --ignore-scripts --no-audit --no-fund --loglevel=error \
	        && touch $$folder/node_modules/.stamp \
	        || echo "checks of $$folder skipped: npm could not install their packages"; \
	    fi; \
	  done; \
	fi

.venv/uv.stamp:
	$(PYTHON) -m venv .venv
	$(BIN)/pip install --quiet --disable-pip-version-check uv
	@touch $@

.venv/run.stamp: .venv/uv.stamp pyproject.toml requirements.txt
	$(BIN)/uv pip install --quiet --python $(BIN)/python --require-hashes -r requirements.txt
	$(BIN)/uv pip install --quiet --python $(BIN)/python --no-deps -e .
	@touch $@

.venv/test.stamp: .venv/run.stamp requirements-dev.txt
	$(BIN)/uv pip install --quiet --python $(BIN)/python --require-hashes -r requirements-dev.txt
	@touch $@

requirements: .venv/uv.stamp  ## pin what pyproject.toml asks for
	$(BIN)/uv pip compile --quiet --universal --generate-hashes --no-emit-index-url --no-header pyproject.toml -o requirements.txt
	$(BIN)/uv pip compile --quiet --universal --generate-hashes --no-emit-index-url --no-header --extra dev -c requirements.txt pyproject.toml -o requirements-dev.txt

clean:
	rm -rf .venv .run build dist *.egg-info $(TOOLED:%=%/node_modules) plugins/zendesk/build
