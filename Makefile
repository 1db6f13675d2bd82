# Every target is one line of a script; `make help` lists them.
.DEFAULT_GOAL := help
.PHONY: help up down test eval chaos sim lint tidy sanitize fuzz e2e docs clean

help: ## print this list
	@awk -F ':.*## ' '/^[a-z0-9-]+:.*## / {printf "  make %-10s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

up: ## install what is missing, build, start the mesh and ask it a question
	@scripts/up

down: ## stop the mesh that `make up` started
	@scripts/down

test: ## build and run every test on servers of its own
	@scripts/test

eval: ## measure every agent, write docs/evaluation.md; DATA=folder with public sets (../shared/data)
	@DATA="$(DATA)" scripts/eval

chaos: ## faults under load for MINUTES=n (10), then the audit; SEED=s repeats a run's faults
	@scripts/chaos

sim: ## simulated lives of the mesh, SEEDS=20000 of them, or one with its diary: SEED=4711
	@scripts/sim

lint: ## formatting, layers, scripts and house rules; what CI runs
	@scripts/lint

tidy: ## clang-tidy over the whole tree (slow)
	@scripts/tidy

sanitize: ## all C++ tests under AddressSanitizer with UBSan, then ThreadSanitizer (slow)
	@scripts/sanitize

fuzz: ## the fuzz targets under libFuzzer, SECONDS=60 each; TARGETS="http review" runs these
	@FUZZ_SECONDS=$(or $(SECONDS),60) scripts/fuzz $(TARGETS)

docs: ## write the generated pages: configuration and errors
	@scripts/docs

clean: ## remove what builds and runs have left
	@scripts/down && rm -rf build .run
