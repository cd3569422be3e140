# The menu. `make` alone prints it; the work is done in scripts/ and crates/xtask.

.DEFAULT_GOAL := menu
.PHONY: menu up test lint e2e update fmt clean

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

update: ## regenerate what is generated and committed: query data, OpenAPI, TypeScript client
	@scripts/update.sh

fmt: ## format everything
	@scripts/fmt.sh

clean: ## remove what was built and fetched, but never the shop's data
	@scripts/clean.sh
