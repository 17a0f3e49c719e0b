# make run: the demo, at the address it prints.   make test: everything that must hold.   Python: make run PYTHON=python3.12
PYTHON ?= python3
BIN := .venv/bin

.PHONY: run setup test packages bench fmt reference vendor lock

run: setup
	@exec $(BIN)/miaohui run

# Makes .venv from lock.txt; again only when lock.txt, pyproject.toml or the checkout's place has changed.
setup:
	@if [ .venv/made -nt lock.txt ] && [ .venv/made -nt pyproject.toml ] && [ "$$(cat .venv/made)" = "$(CURDIR)" ]; then exit 0; fi; \
	set -e; \
	command -v "$(PYTHON)" >/dev/null || { echo "Python 3.11 or newer is needed: install python3: apt-get install python3 python3-venv"; exit 1; }; \
	"$(PYTHON)" -c 'import sys; sys.exit(sys.version_info < (3, 11))' \
	  || { echo "Python 3.11 or newer is needed, $(PYTHON) is older: make run PYTHON=python3.11"; exit 1; }; \
	"$(PYTHON)" -c 'import venv, ensurepip' 2>/dev/null \
	  || { echo "Python's venv and pip are needed: install python3-venv: apt-get install python3-venv"; exit 1; }; \
	echo "Making .venv from lock.txt: a minute or two, once"; \
	rm -f .venv/made; \
	"$(PYTHON)" -m venv --clear .venv; \
	export PIP_DISABLE_PIP_VERSION_CHECK=1; \
	$(BIN)/python -m pip install -q --require-hashes --no-deps -r lock.txt; \
	$(BIN)/python -m pip install -q --no-compile --no-deps --no-build-isolation -e .; \
	echo "$(CURDIR)" > .venv/made

test: setup packages
	$(BIN)/ruff check src tests
	$(BIN)/ruff format --check src tests
	$(BIN)/mypy
	$(BIN)/lint-imports
	$(BIN)/pytest
	$(BIN)/pytest --debian-postgres

packages:
	@tests/debian_packages chromium fonts-noto-cjk postgresql

# Minutes, on servers and folders of their own; alone on the machine. The longest, by hand: miaohui bench history.
bench: setup
	$(BIN)/miaohui bench claims
	$(BIN)/miaohui bench mix

fmt: setup
	$(BIN)/ruff check --fix src tests
	$(BIN)/ruff format src tests

# The pages of docs/reference and miaohui.toml, made from the code.
reference: setup
	$(BIN)/miaohui reference

# The browser libraries under static/vendor, by npm.
vendor: setup
	$(BIN)/python -m miaohui.console.vendor

# lock.txt from lock.in, and the bench's peers: versions and hashes, no address.
lock:
	$(PYTHON) -m venv .uv && .uv/bin/pip install -q uv
	.uv/bin/uv pip compile --universal --python-version 3.11 --generate-hashes --no-emit-index-url --no-header --no-annotate \
	  --upgrade --override lock.over lock.in -o lock.txt
	.uv/bin/uv pip compile --universal --python-version 3.11 --generate-hashes --no-emit-index-url --no-header --no-annotate \
	  --upgrade benchmarks/peers.in -o benchmarks/peers.txt
	rm -r .uv
