#!/usr/bin/env bash
# Feeds everything that reads bytes from outside with bytes, guided by coverage (libFuzzer).
#
#   scripts/fuzz.sh                     every target for a minute
#   scripts/fuzz.sh 600                 every target for ten minutes
#   TARGETS="cursor order_body" scripts/fuzz.sh 600
#
# The targets are in crates/fuzzing, and their committed seeds in fuzz/corpus. What a run finds worth
# keeping for the next one goes to target/fuzz/corpus. An input that breaks a target is kept in
# fuzz/artifacts and printed: give it a name, put it beside the seeds, and the short run of
# `make test` tries it for ever.
#
# cargo-fuzz asks for the nightly compiler for the sake of the address sanitizer. This is safe Rust:
# the stable compiler does, without a sanitizer.
set -euo pipefail
cd "$(dirname "$0")/.."
# shellcheck source=scripts/lib.sh
source scripts/lib.sh
export SQLX_OFFLINE="${SQLX_OFFLINE:-true}" RUSTC_BOOTSTRAP=1

seconds=${1:-60}
SECONDS=0 # bash counts from here, whatever `make SECONDS=…` has put into the environment
read -ra targets <<<"${TARGETS:-$(sed -nE 's/^name = "([a-z_]+)"$/\1/p' fuzz/Cargo.toml | tr '\n' ' ')}"
target_dir="${CARGO_TARGET_DIR:-$PWD/target}/fuzz"
flags=(--fuzz-dir fuzz --target-dir "$target_dir" --sanitizer none --no-cfg-fuzzing)

scripts/setup-system.sh fuzz
PATH="$(scripts/tools.sh cargo-fuzz):$PATH"
export PATH
# The same versions of everything as in the shop.
cp Cargo.lock fuzz/Cargo.lock

fuzz() {
    local target=$1 found="$target_dir/corpus/$1"
    mkdir -p "$found"
    # What is slow or eats memory is a finding, too.
    cargo fuzz run "${flags[@]}" "$target" "$found" "fuzz/corpus/$target" -- \
        -max_total_time="$seconds" -timeout=10 -rss_limit_mb=2048 -print_final_stats=1 -verbosity=0
}

step "build" cargo fuzz build "${flags[@]}" || { summary "fuzz"; exit 1; }
for target in "${targets[@]}"; do
    step "$target" fuzz "$target" || true
done

summary "fuzz"
[[ $failed_steps -eq 0 ]]
