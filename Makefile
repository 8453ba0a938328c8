# A line or two each: the work is in scripts/, cargo and npm.
.PHONY: help run test check e2e screenshots bench bench-ui fuzz crash dev package

help: ## Show this list
	@grep -E '^[a-z0-9-]+:.*##' Makefile | sed -E 's/:.*## /\t/' | expand -t 10

run: ## Install what is missing, build, and open the window
	@scripts/run

test: ## Install what is missing, and run all tests, the real window's included
	@scripts/test

check: ## Format, lints, types, dead code, licences and advisories
	@scripts/check

e2e: ## Only the tests of the real window
	@scripts/e2e

screenshots: ## The pictures in docs/screens, of the real window
	@scripts/screenshots

bench: ## What confinement and the guard's decisions cost; fails where a promise is broken
	@scripts/bench

bench-ui: ## The window's speed and memory beside a bare one; ONLY="start idle" and BENCH_RUNS=5 narrow it
	@scripts/bench-ui $(ONLY)

fuzz: ## The guard's tests in their long form: commands in real shells, races, properties
	@scripts/fuzz

crash: ## The crash test in its long form: 2,000 kills, each taken up again
	@scripts/crash

dev: ## The window with hot reload of the page
	@scripts/dev

package: ## A .deb, and an AppImage where possible
	@scripts/package
