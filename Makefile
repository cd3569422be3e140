# The menu. `make` alone prints it; the work is done in scripts/ and crates/xtask.

.DEFAULT_GOAL := menu
.PHONY: menu up test lint e2e bench proof fuzz update fmt clean

menu: ## (this menu)
	@echo "make …"
	@sed -nE 's/^([a-z0-9]+):.*## ([^(].*)/  \1|\2/p' $(MAKEFILE_LIST) \
		| while IFS='|' read -r name text; do printf '%-9s %s\n' "$$name" "$$text"; done

up: ## from a checkout to a running shop; Ctrl-C stops it. PORT, OXCART_DATA and DATABASE_URL are honoured
	@scripts/up.sh

test: ## every test: Rust, front end, and the journeys in a real browser
	@scripts/test.sh

lint: ## formatting, house rules, clippy, documentation, licences, types
	@scripts/lint.sh

e2e: ## only the tests in the browser: first against a mock, then against the real program
	@scripts/e2e.sh mocked
	@scripts/e2e.sh real

bench: ## what the shop can do on this machine, held against its limits. QUICK=1: the main rows, in three minutes
	@scripts/bench.sh

proof: ## tries to make the shop oversell or lose an order, for five minutes. SEEDS, SECONDS, KILLS and SEED are honoured
	@LENGTH="$(SECONDS)" scripts/proof.sh

fuzz: ## feeds everything that reads bytes from outside with bytes, guided by coverage. SECONDS (a target) and TARGETS are honoured
	@scripts/fuzz.sh $(SECONDS)

update: ## regenerate what is generated and committed: query data, OpenAPI, TypeScript client
	@scripts/update.sh

fmt: ## format everything
	@scripts/fmt.sh

clean: ## remove what was built and fetched, but never the shop's data
	@scripts/clean.sh
