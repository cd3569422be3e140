#!/usr/bin/env bash
# Run by nextest before the tests (.config/nextest.toml): prepares the template database.
# `make test` names the program that its one build has made; otherwise cargo builds it.
set -euo pipefail
cd "$(dirname "$0")/.."

if [[ -n "${OXCART_TEST_DATABASE_BIN:-}" ]]; then
    exec "$OXCART_TEST_DATABASE_BIN"
fi
exec cargo run --quiet --package testkit --bin test-database
