#!/usr/bin/env bash
# The end-to-end tests in Chromium.
#
#   scripts/e2e.sh mocked     every page, with the API played by a mock
#   scripts/e2e.sh real       the journeys, against the real program, its own PostgreSQL and the
#                             simulator of ECPay; then nothing may be left running, and the audit
#                             of the data must be clean
#
#   scripts/e2e.sh lighthouse the pages that matter against their budgets of speed, accessibility and
#                             size, with the API played by the mock
#   scripts/e2e.sh size       only how much of scripts these pages fetch; without a browser
#
# The report, Playwright's or one like it, goes to the file named by E2E_REPORT, for the sums of `make test`.
set -euo pipefail
cd "$(dirname "$0")/.."
# shellcheck source=scripts/shop.sh
source scripts/shop.sh

PATH="$(sh scripts/node.sh):$PATH"
export PATH
export PLAYWRIGHT_JSON_OUTPUT_NAME="${E2E_REPORT:-$PWD/target/e2e/report.json}"
mkdir -p target/e2e "$(dirname "$PLAYWRIGHT_JSON_OUTPUT_NAME")"
rm -f "$PLAYWRIGHT_JSON_OUTPUT_NAME"

for name in chromium chromium-browser google-chrome; do
    if E2E_CHROMIUM=$(command -v "$name"); then
        export E2E_CHROMIUM
        break
    fi
done

playwright() {
    scripts/web.sh run "e2e:$1" -- --reporter=list,json
}

real() {
    local outcome=0
    export OXCART_DEV_CLOCK=true
    # The sizes of 88 pictures, made by a build for debugging, would slow every journey down.
    export OXCART_RENDITIONS=false
    build_shop
    open_shop e2e || return 1
    export E2E_BASE_URL=$shop_url E2E_SIMULATOR_URL="http://127.0.0.1:$((PORT + 1))"
    export E2E_MAIL_DIR="$OXCART_DATA/mail"
    export E2E_ADMIN_EMAIL=$OXCART_ADMIN_EMAIL E2E_ADMIN_PASSWORD=$OXCART_ADMIN_PASSWORD
    playwright real || outcome=1
    close_shop || outcome=1
    audit_shop || outcome=1
    if [[ $outcome -eq 0 ]]; then
        keep_shop=no
    fi
    return "$outcome"
}

mocked() {
    scripts/web.sh build
    E2E_MOCK_PORT=$(free_port)
    E2E_STILL_PORT=$(free_port)
    export E2E_MOCK_PORT E2E_STILL_PORT
    unset E2E_BASE_URL
    playwright mocked
}

# budgets lighthouse | size
budgets() {
    scripts/web.sh build
    E2E_MOCK_PORT=$(free_port)
    export E2E_MOCK_PORT E2E_REPORT=$PLAYWRIGHT_JSON_OUTPUT_NAME
    unset E2E_BASE_URL
    scripts/web.sh run "$1"
}

case "${1:-}" in
    lighthouse | size) budgets "$1" ;;
    mocked) mocked ;;
    real) real ;;
    *) echo "usage: scripts/e2e.sh mocked | real | lighthouse | size" >&2; exit 2 ;;
esac
