#!/usr/bin/env bash
# Removes what was built and fetched. The shop's data stays: remove `data/` (or what OXCART_DATA
# names) yourself when you mean it.
set -euo pipefail
cd "$(dirname "$0")/.."
cargo clean
rm -rf .tools web/node_modules web/build web/.svelte-kit web/test-results web/playwright-report
