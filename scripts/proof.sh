#!/usr/bin/env bash
# The proof that nothing is lost and nothing sold twice, in three parts: simulated, with mutants, and
# live under faults. What it says is explained in docs/proof.md.
#
#   scripts/proof.sh                      about five minutes after the build
#   SEEDS=10000 scripts/proof.sh          more simulated scenarios
#   LENGTH=60 KILLS=15 scripts/proof.sh   a shorter live run (make proof SECONDS=60 KILLS=15)
#   SEED=42 scripts/proof.sh              the same plan of faults again; it is printed every time
#
# The last line is `proof: PASS …` or `proof: FAIL …`; target/proof/latest.json holds the same.
set -euo pipefail
cd "$(dirname "$0")/.."
export SQLX_OFFLINE="${SQLX_OFFLINE:-true}"
# Of the developer's own database, the proof knows nothing.
unset DATABASE_URL DATABASE_REPLICA_URL

scripts/setup-system.sh up
target="${CARGO_TARGET_DIR:-$PWD/target}"
out=$target/proof
mkdir -p "$out"

# The mutants are a build of their own. Its binary is moved away, so that nobody takes it for the
# real one; and the real one is what is proved.
cargo build --locked --package oxcart --features oxcart/mutants
cp -f "$target/debug/oxcart" "$out/oxcart-mutants"
cargo build --locked --package oxcart --package proof
cargo build --locked --release --package oxcart

outcome=0
failed=()
"$target/debug/proof" simulate ${SEEDS:+--seeds "$SEEDS"} || failed=(--failed-before simulation)
"$target/debug/proof" live --oxcart "$target/release/oxcart" --mutants "$out/oxcart-mutants" \
    --out "$out" ${SEED:+--seed "$SEED"} ${LENGTH:+--seconds "$LENGTH"} \
    ${KILLS:+--kills "$KILLS"} "${failed[@]}" "$@" || outcome=$?
exit "$outcome"
