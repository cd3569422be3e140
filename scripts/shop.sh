# shellcheck shell=bash
# For the scripts beside it that try things on a whole shop: `oxcart up` with its own data, its own
# PostgreSQL, its own ports and a session of its own, of which nothing is left at the end.
#
#   build_shop                   the front end and the program, unless OXCART_BUILT says they are
#   open_shop NAME               starts it and waits; sets shop_url, OXCART_DATA, PORT, OXCART_ADMIN_…
#   close_shop                   stops it; false when something was left running
#   audit_shop                   proves what is left in its database
#
# The data goes when keep_shop=no, and else stays to be looked at. Node.js has to be in the PATH.

shop_binary="${CARGO_TARGET_DIR:-$PWD/target}/debug/oxcart"

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
    ps -eo pid=,sess=,stat=,args= | awk -v session="$shop_session" -v data="$OXCART_DATA" \
        '$3 !~ /^Z/ && ($2 == session || index($0, data)) && !/awk -v session/ { print }'
}

shop_is_ready() {
    node -e '
        const url = process.argv[1];
        fetch(url, { signal: AbortSignal.timeout(2000) })
            .then((answer) => process.exit(answer.ok ? 0 : 1), () => process.exit(1));
    ' "$shop_url/readyz"
}

await_shop() {
    local deadline=$((SECONDS + 120))
    until shop_is_ready; do
        if ! kill -0 "$shop_server" 2>/dev/null || [[ $SECONDS -ge $deadline ]]; then
            echo "oxcart did not become ready; its last words:" >&2
            tail -n 50 "$shop_log" >&2
            return 1
        fi
        sleep 0.2
    done
}

build_shop() {
    scripts/web.sh build
    if [[ -z "${OXCART_BUILT:-}" ]]; then
        SQLX_OFFLINE="${SQLX_OFFLINE:-true}" cargo build --locked --package oxcart
    fi
}

open_shop() {
    local name=$1
    # A short path: PostgreSQL's socket lies in it.
    OXCART_DATA=$(mktemp -d "/tmp/oxcart-$name-XXXXXX")
    # PostgreSQL never runs as root: whoever it runs as has to get to its folder.
    chmod 755 "$OXCART_DATA"
    PORT=$(free_port)
    shop_url="http://127.0.0.1:$PORT"
    shop_log=$PWD/target/$name/oxcart.log
    mkdir -p "$(dirname "$shop_log")"
    export OXCART_DATA PORT
    export OXCART_ADMIN_EMAIL=admin@oxcart.test OXCART_ADMIN_PASSWORD="$name-$RANDOM$RANDOM$RANDOM"
    # Everybody here comes from one address, and in a hurry: what limits do has tests of its own.
    export OXCART_RATE_LIMIT_EXEMPT="${OXCART_RATE_LIMIT_EXEMPT:-127.0.0.0/8, ::1/128}"
    # The browser comes back from the provider to where it came from.
    export OXCART_PUBLIC_URL=$shop_url
    unset DATABASE_URL DATABASE_REPLICA_URL

    trap clean_up_shop EXIT
    trap 'exit 130' INT TERM
    # A session of its own, so that Ctrl-C reaches us alone and everything it started can be found.
    # Bash lets background programs ignore Ctrl-C; this one must not.
    setsid env --default-signal=INT,QUIT "$shop_binary" up </dev/null >"$shop_log" 2>&1 &
    shop_server=$!
    shop_session=$shop_server
    await_shop
}

# Asks for a graceful stop, as Ctrl-C does; true when it came and nothing was left.
close_shop() {
    local deadline=$((SECONDS + 40)) left
    [[ -n "${shop_server:-}" ]] || return 0
    kill -INT "$shop_server" 2>/dev/null || true
    while kill -0 "$shop_server" 2>/dev/null && [[ $SECONDS -lt $deadline ]]; do
        sleep 0.1
    done
    left=$(ours)
    shop_server=
    [[ -n "$left" ]] || return 0
    echo "left running after the stop:" >&2
    echo "$left" >&2
    awk '{ print $1 }' <<<"$left" | xargs -r kill -KILL 2>/dev/null || true
    return 1
}

audit_shop() {
    local outcome=0 left
    echo "=== audit of what the tests left"
    setsid "$shop_binary" audit </dev/null || outcome=1
    left=$(ours)
    if [[ -n "$left" ]]; then
        echo "left running after the audit:" >&2
        echo "$left" >&2
        outcome=1
    fi
    return "$outcome"
}

clean_up_shop() {
    close_shop || true
    if [[ "${keep_shop:-yes}" == no ]]; then
        rm -rf "$OXCART_DATA"
    else
        echo "kept for you to look at: $shop_log and the data in $OXCART_DATA" >&2
    fi
}
