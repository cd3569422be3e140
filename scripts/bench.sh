#!/usr/bin/env bash
# The benchmark: a table, and target/bench/latest.json.
#
#   scripts/bench.sh              every row three times (with 10 million orders stored: an hour)
#   QUICK=1 scripts/bench.sh      the main rows, in less than three minutes after the build
#   scripts/bench.sh --rows orders_hot,limit_additive --rounds 1      what `bench --help` says
#
# It wants the machine for itself: everything it compares shares the processors.
set -euo pipefail
cd "$(dirname "$0")/.."

export SQLX_OFFLINE="${SQLX_OFFLINE:-true}"

scripts/setup-system.sh up
PATH="$(sh scripts/node.sh):$PATH"
export PATH
# Without pages their row says that it could not be measured; everything else can be.
scripts/web.sh build || echo "The storefront could not be built: its pages are left out." >&2
cargo build --release --locked --package oxcart --package bench
mkdir -p target/bench
exec "${CARGO_TARGET_DIR:-target}/release/bench" ${QUICK:+--quick} "$@"
