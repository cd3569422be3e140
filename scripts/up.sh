#!/usr/bin/env bash
# From a checkout to a running shop: what the system lacks, the front end, the binary, and off it goes.
set -euo pipefail
cd "$(dirname "$0")/.."

# The committed query data is what the build checks against, also when DATABASE_URL names a database.
export SQLX_OFFLINE="${SQLX_OFFLINE:-true}"

scripts/setup-system.sh up
PATH="$(sh scripts/node.sh):$PATH"
export PATH
scripts/web.sh build
cargo build --release --locked --package oxcart
exec "${CARGO_TARGET_DIR:-target}/release/oxcart" up
