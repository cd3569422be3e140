#!/usr/bin/env bash
# The end-to-end tests in Chromium.
#
#   scripts/e2e.sh mocked     every page, with the API played by a mock
#   scripts/e2e.sh real       the journeys, against the real program, its own PostgreSQL and the
#                             simulator of ECPay; then nothing may be left running, and the audit
#                             of the data must be clean
#
# Playwright's report goes to the file named by E2E_REPORT, for the sums of `make test`.
set -euo pipefail
cd "$(dirname "$0")/.."

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

# Two neighbouring free ports: the shop's, and the simulator's above it.
free_port() {
    node -e '
        const { createServer } = require("node:net");
        const listen = (port) => new Promise((resolve, reject) => {
            const server = createServer();
            server.once("error", reject).listen(port, "127.0.0.1", () => resolve(server));
        });
        (async () => {
            for (let attempt = 0; attempt < 50; attempt += 1) {
                const first = await listen(0);
                const { port } = first.address();
                const second = await listen(port + 1).catch(() => null);
                first.close();
                second?.close();
                if (second) return console.log(port);
            }
            process.exitCode = 1;
        })();'
}

# Everything that belongs to this run: by session, or by naming its data.
ours() {
    ps -eo pid=,sess=,stat=,args= | awk -v session="$session" -v data="$OXCART_DATA" \
        '$3 !~ /^Z/ && ($2 == session || index($0, data)) && !/awk -v session/ { print }'
}

ready() {
    node -e '
        const url = process.argv[1];
        fetch(url, { signal: AbortSignal.timeout(2000) })
            .then((answer) => process.exit(answer.ok ? 0 : 1), () => process.exit(1));
    ' "$E2E_BASE_URL/readyz"
}

await_ready() {
    local deadline=$((SECONDS + 120))
    until ready; do
        if ! kill -0 "$server" 2>/dev/null || [[ $SECONDS -ge $deadline ]]; then
            echo "oxcart did not become ready; its last words:" >&2
            tail -n 50 "$log" >&2
            return 1
        fi
        sleep 0.2
    done
}

# Asks for a graceful stop, as Ctrl-C does; true when it came and nothing was left.
stop_server() {
    local deadline=$((SECONDS + 40)) left
    [[ -n "${server:-}" ]] || return 0
    kill -INT "$server" 2>/dev/null || true
    while kill -0 "$server" 2>/dev/null && [[ $SECONDS -lt $deadline ]]; do
        sleep 0.1
    done
    left=$(ours)
    server=
    [[ -n "$left" ]] || return 0
    echo "left running after the stop:" >&2
    echo "$left" >&2
    awk '{ print $1 }' <<<"$left" | xargs -r kill -KILL 2>/dev/null || true
    return 1
}

clean_up() {
    stop_server || true
    if [[ "${keep:-yes}" == no ]]; then
        rm -rf "$OXCART_DATA"
    else
        echo "kept for you to look at: $log and the data in $OXCART_DATA" >&2
    fi
}

real() {
    local binary="${CARGO_TARGET_DIR:-$PWD/target}/debug/oxcart" outcome=0
    scripts/web.sh build
    if [[ -z "${OXCART_BUILT:-}" ]]; then
        SQLX_OFFLINE="${SQLX_OFFLINE:-true}" cargo build --locked --package oxcart
    fi
    # A short path: PostgreSQL's socket lies in it.
    OXCART_DATA=$(mktemp -d /tmp/oxcart-e2e-XXXXXX)
    # PostgreSQL never runs as root: whoever it runs as has to get to its folder.
    chmod 755 "$OXCART_DATA"
    PORT=$(free_port)
    log=$PWD/target/e2e/oxcart.log
    export OXCART_DATA PORT OXCART_DEV_CLOCK=true
    export OXCART_ADMIN_EMAIL=admin@oxcart.test OXCART_ADMIN_PASSWORD="e2e-$RANDOM$RANDOM$RANDOM"
    unset DATABASE_URL DATABASE_REPLICA_URL
    export E2E_BASE_URL="http://127.0.0.1:$PORT" E2E_SIMULATOR_URL="http://127.0.0.1:$((PORT + 1))"
    # The browser comes back from the provider to where it came from.
    export OXCART_PUBLIC_URL=$E2E_BASE_URL
    export E2E_MAIL_DIR="$OXCART_DATA/mail"
    export E2E_ADMIN_EMAIL=$OXCART_ADMIN_EMAIL E2E_ADMIN_PASSWORD=$OXCART_ADMIN_PASSWORD

    trap clean_up EXIT
    trap 'exit 130' INT TERM
    # A session of its own, so that Ctrl-C reaches us alone and everything it started can be found.
    # Bash lets background programs ignore Ctrl-C; this one must not.
    setsid env --default-signal=INT,QUIT "$binary" up </dev/null >"$log" 2>&1 &
    server=$!
    session=$server
    await_ready || return 1
    playwright real || outcome=1
    stop_server || outcome=1
    echo "=== audit of what the tests left"
    setsid "$binary" audit </dev/null || outcome=1
    left=$(ours)
    if [[ -n "$left" ]]; then
        echo "left running after the audit:" >&2
        echo "$left" >&2
        outcome=1
    fi
    if [[ $outcome -eq 0 ]]; then
        keep=no
    fi
    return "$outcome"
}

mocked() {
    scripts/web.sh build
    E2E_MOCK_PORT=$(free_port)
    export E2E_MOCK_PORT
    unset E2E_BASE_URL
    playwright mocked
}

case "${1:-}" in
    mocked) mocked ;;
    real) real ;;
    *) echo "usage: scripts/e2e.sh mocked | real" >&2; exit 2 ;;
esac
