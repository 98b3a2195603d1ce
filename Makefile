# Every target sets up .venv by itself. Any python3 of 3.11 or later will do; PYTHON=… picks one.
SHELL := /bin/sh
MAKEFLAGS += --no-print-directory
.DEFAULT_GOAL := help

export PYTHONUTF8 := 1
export PYTHONPATH :=
export PYTHONSAFEPATH :=

PYTHON ?= $(shell for p in python3 python3.14 python3.13 python3.12 python3.11; do \
	"$$p" -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null && { command -v "$$p"; break; }; done)
RUN := .venv/bin/python

FILES ?=
KILLS ?= 200
EXAMPLES ?= 20000
SECONDS ?= 600
SEEDS ?= 10000
BENCH ?=

.PHONY: help demo test lint bench fuzz faults soak simulate mutants verifier lock clean python run-venv test-venv bench-venv

help: ## list the targets
	@awk -F ':.*## ' '/^[a-z]+:.*## / { printf "  make %-9s %s\n", $$1, $$2 }' Makefile

demo: run-venv ## start a centre, register files, prove it, break it: make demo [FILES="a.pdf b.png"]
	@$(RUN) -m tools.demo $(FILES)

test: test-venv ## lint, types, all tests, and the coverage gate
	@$(MAKE) lint
	@into=$$(mktemp -d) && trap 'rm -rf "$$into"' EXIT && export COVERAGE_FILE="$$into/data" && \
		$(RUN) -m pytest -n auto --dist worksteal --cov --cov-branch --cov-report="json:$$into/report.json" && \
		$(RUN) tests/coverage_gate.py "$$into/report.json"

lint: test-venv ## ruff and mypy
	@$(RUN) -m ruff check --quiet .
	@$(RUN) -m mypy

bench: bench-venv ## measure every operation: make bench [BENCH="append proofs"]
	@$(RUN) -m benchmarks $(BENCH)

fuzz: test-venv ## the property tests, randomly and long: make fuzz [EXAMPLES=20000]
	@$(RUN) -m pytest -n auto --dist worksteal --quiet --timeout 0 -m hypothesis --examples $(EXAMPLES)

faults: test-venv ## kill a node at random moments under load: make faults [KILLS=200]
	@$(RUN) -m pytest --quiet --timeout 0 -m faults --kills $(KILLS)

soak: test-venv ## a node under load for long: make soak [SECONDS=600]
	@$(RUN) -m pytest --quiet --timeout 0 -m soak --soak $(SECONDS)

simulate: test-venv ## all parties under one seed, with everything that goes wrong: make simulate [SEEDS=10000]
	@$(RUN) -m pytest -n auto --dist worksteal --quiet --timeout 0 tests/test_simulator.py --seeds $(SEEDS)

mutants: test-venv ## plant bugs in the node, and see that the simulator finds each
	@$(RUN) -m tests.mutants

verifier: run-venv ## dist/yuanzheng-verify.pyz and dist/verify.html: verification alone, for any Python or browser
	@$(RUN) -m tools.build_verifier

lock: python ## write requirements/*.txt anew from requirements/*.in: make lock [UPGRADE=--upgrade]
	@$(PYTHON) requirements/install.py lock
	@for set in lock build run test bench; do \
		case $$set in test|bench) pinned="--constraint requirements/run.txt --constraint requirements/build.txt";; *) pinned=;; esac; \
		.venv/bin/uv pip compile --quiet --universal --python-version 3.11 --generate-hashes --no-header $(UPGRADE) \
			$$pinned --output-file requirements/$$set.txt requirements/$$set.in || exit 1; done

clean: ## remove .venv and everything that was built
	@rm -rf .venv .venv.lock build dist *.egg-info .coverage* \
		.hypothesis .mypy_cache .pytest_cache .ruff_cache
	@find . -name __pycache__ -type d -prune -exec rm -rf {} +

python:
	@test -n "$(PYTHON)" || { echo "Yuanzheng needs Python 3.11 or later, and no python3 here is: install one (on Debian:" \
		"apt-get install python3 python3-venv) or name it: make PYTHON=/path/to/python3 …" >&2; exit 1; }

run-venv: python
	@$(PYTHON) requirements/install.py run

test-venv: python
	@$(PYTHON) requirements/install.py test --program "pdftotext@poppler-utils=what Poppler reads in a PDF" \
		--program "zbarimg@zbar-tools=what ZBar reads in a printed QR code" \
		--program "chromium=what a browser shows and judges" \
		--program "firefox-esr=the main flows in another browser"

bench-venv: python
	@$(PYTHON) requirements/install.py bench --program "strace=the count of fsyncs"
