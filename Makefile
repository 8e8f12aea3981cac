# Every target sets up what it needs in .venv; each can be run again.
PYTHON ?= python3
VENV := .venv
RUN := $(VENV)/bin
STAMP := $(VENV)/.installed

.DEFAULT_GOAL := help
.PHONY: help demo test test-long check lint format types contracts lock lock-check docs-check quality bench-poll bench-match bench-agree bench-dedupe render-check render-samples campaign bench-subscribers bench-search bench-scale storm soak clean

help: ## what can be made
	@grep -hE '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | sed -E 's/^([a-z-]+):.*## (.*)/  make \1\t\2/' | expand -t 22

$(STAMP): requirements-dev.lock pyproject.toml
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || { echo "Dadkhah needs Python 3.11 or newer; PYTHON=python3.12 make ... chooses one."; exit 1; }
	@test -x $(RUN)/python || $(PYTHON) -m venv $(VENV)
	@echo "Installing into $(VENV) (about a minute the first time) ..."
	@$(RUN)/python -m pip install --quiet --disable-pip-version-check --require-hashes --requirement requirements-dev.lock
	@$(RUN)/python -m pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation --editable .
	@touch $@

demo: $(STAMP) ## the main job on sample feeds: no token, no network
	@$(RUN)/dadkhah demo

test: $(STAMP) ## all tests
	PYTHONDONTWRITEBYTECODE= $(RUN)/python -m pytest

test-long: $(STAMP) ## all tests, and all of those of which make test tries a part: an hour
	PYTHONDONTWRITEBYTECODE= TESTS_LONG=1 $(RUN)/python -m pytest --hypothesis-profile=long --timeout=1800

check: lint types contracts lock-check docs-check ## lint, types, import contracts, lock, docs

lint: $(STAMP)
	$(RUN)/ruff check .
	$(RUN)/ruff format --check .

format: $(STAMP) ## mend what can be mended
	$(RUN)/ruff check --fix .
	$(RUN)/ruff format .

types: $(STAMP)
	$(RUN)/mypy

contracts: $(STAMP)
	$(RUN)/lint-imports

docs-check: $(STAMP)
	$(RUN)/python tools/check_docs.py

lock: $(STAMP) ## renew the pinned versions
	$(RUN)/python tools/lock.py renew

lock-check: $(STAMP)
	$(RUN)/python tools/lock.py check

quality: $(STAMP) ## how well labelled items are known and grouped, each error (SAMPLE=folder: on others)
	$(RUN)/python -m benchmarks.quality $(SAMPLE)

render-check: $(STAMP) ## does Telegram's library take 20,000 hostile stories as they are rendered? (STORIES=, SEED=)
	$(RUN)/python -m benchmarks.rendering $(STORIES) $(if $(SEED),--seed $(SEED))

render-samples: $(STAMP) ## write docs/rendered anew (chromium, if there is one, makes the pictures)
	$(RUN)/python tools/render_samples.py

bench-poll: $(STAMP) ## polls of generated feeds beside a peer (FEEDS="1000 5000" ROUNDS=1): 15 minutes
	$(RUN)/python -m benchmarks.poll $(FEEDS) --rounds $(or $(ROUNDS),1)

bench-match: $(STAMP) ## folding, matching and reasons beside a plain regex: two minutes
	$(RUN)/python -m benchmarks.match

bench-agree: $(STAMP) ## do feedparser's entries and ours agree on generated feeds?
	$(RUN)/python -m benchmarks.agreement

bench-dedupe: $(STAMP) ## copies in a year of generated articles, beside a peer (ARTICLES=50000): 20 minutes
	$(RUN)/python -m benchmarks.dedupe $(ARTICLES)

campaign: $(STAMP) ## delivery under seeded faults and kills (RUNS=500 SEED=1): 10 minutes
	$(RUN)/python -m tests.campaign --runs $(or $(RUNS),500) --seed $(or $(SEED),1)

bench-subscribers: $(STAMP) ## digests of thousands of subscribers while a channel is posted to (SUBSCRIBERS=10000: 7 minutes)
	$(RUN)/python -m benchmarks.subscribers $(SUBSCRIBERS)

bench-search: $(STAMP) ## the full search over generated articles on both databases (ARTICLES=200000): 10 minutes
	$(RUN)/python -m benchmarks.search $(ARTICLES)

bench-scale: $(STAMP) ## PostgreSQL, one worker against two, and one that is killed (FEEDS=20000): 8 minutes
	$(RUN)/python -m benchmarks.scale $(FEEDS)

storm: $(STAMP) ## two clocks and two workers killed at random on one PostgreSQL (MINUTES=10 SEED=1)
	$(RUN)/python -m tests.storm --minutes $(or $(MINUTES),10) --seed $(or $(SEED),1)

soak: $(STAMP) ## 200,000 polls in one process, and what of it grows (POLLS=50000: a quarter)
	$(RUN)/python -m benchmarks.soak $(POLLS)

clean: ## remove what was made here (not your data)
	rm -rf $(VENV) build *.egg-info .mypy_cache .ruff_cache .pytest_cache .import_linter_cache .hypothesis
