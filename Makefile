# Everything a developer or CI does, one target each. `make run` and `make test` need only
# Python 3.11+, make and git; the rest says what it needs.

PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
STAMP := $(VENV)/.installed
FUZZ_STAMP := $(VENV)/.fuzz-installed
MINUTES ?= 30

.PHONY: run test test-all rest durability full-disk lanes door overload mutants fuzz lint format docs bench soak corpus lock clean

run: $(STAMP) ## the whole gateway on this machine, with generated secrets and a receiver
	$(BIN)/gateway dev

test: $(STAMP) ## what must pass everywhere, in under three minutes
	$(BIN)/pytest -n auto

test-all: test rest ## and all that takes longer or needs more

rest: lint ## what test-all adds to test
	$(BIN)/pytest -m slow

durability: $(STAMP) ## nothing acknowledged is lost: traced, cut off, killed (needs strace and cc)
	DURABILITY_POINTS=200 DURABILITY_KILLS=100 $(BIN)/pytest -m 'slow or not slow' -s tests/durability

mutants: $(STAMP) ## planted mistakes of gateway/verify, each caught by its tests
	$(BIN)/python -m tests.mutants

door: $(STAMP) ## what strangers can do to the public listener, with what it cost
	$(BIN)/pytest -m 'slow or not slow' -s tests/door

fuzz: $(FUZZ_STAMP) ## MINUTES=30 of random and shaped inputs against every parser and rule
	$(BIN)/python -m tests.fuzz --minutes $(MINUTES)

overload: $(STAMP) ## more of everything than there is room for
	$(BIN)/pytest -m 'slow or not slow' -s tests/overload tests/delivery/test_isolation.py

lint: $(STAMP)
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy
	$(BIN)/lint-imports

format: $(STAMP)
	$(BIN)/ruff format .
	$(BIN)/ruff check --fix .

docs: $(STAMP) ## writes the generated pages of docs/ anew
	$(BIN)/python -m tests.docs

full-disk: $(STAMP) ## a full disk, a quota, a broken disk (mounts a tmpfs as root or in a user namespace; needs cc)
	$(BIN)/pytest -m slow -s tests/app/test_full_disk.py tests/store/sqlite/test_full.py

lanes: $(STAMP) ## 50,000 events over 100 keys: in order, with kills and replays too
	LANES=50000 $(BIN)/pytest -m slow -s tests/app/test_lanes.py

bench: $(STAMP) ## ratios against baselines measured in the same run
	$(BIN)/python -m bench

soak: $(STAMP) ## end to end at 70 % of the capacity for MINUTES=30: what grows, and whether all arrives
	$(BIN)/python -m bench soak --minutes $(or $(MINUTES),30)

corpus: $(STAMP) ## GitHub's published examples through a running gateway (needs npm)
	$(BIN)/python -m tests.corpus

lock: $(STAMP) ## writes requirements.lock anew from pyproject.toml
	$(BIN)/pip install --quiet uv
	$(BIN)/uv pip compile --quiet --generate-hashes --universal --python-version 3.11 \
		--all-extras --group dev --no-emit-index-url --no-header -o requirements.lock pyproject.toml
	$(BIN)/uv pip compile --quiet --generate-hashes --universal --python-version 3.11 \
		--group pyproject.toml:fuzz --no-emit-index-url --no-header -o requirements-fuzz.lock

$(STAMP): requirements.lock pyproject.toml
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' \
		|| { echo "Python 3.11 or newer is needed; $(PYTHON) is older. Try: make PYTHON=python3.12 $(MAKECMDGOALS)"; exit 1; }
	@$(PYTHON) -c 'import ensurepip, venv' 2>/dev/null \
		|| { echo "This Python cannot make virtual environments. On Debian and Ubuntu: apt install python3-venv"; exit 1; }
	$(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements.lock
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation -e .
	@touch $(STAMP)

$(FUZZ_STAMP): $(STAMP) requirements-fuzz.lock
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements-fuzz.lock
	@touch $(FUZZ_STAMP)

clean:
	rm -rf $(VENV) .dev .cache .pytest_cache .mypy_cache .ruff_cache .hypothesis dist build
