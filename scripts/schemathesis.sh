#!/usr/bin/env bash
# Tries the whole API against its own description: schemathesis makes up requests, good and bad ones,
# out of what /api/openapi.json promises, sends them to the real program, and holds every answer
# against the same promises. No 5xx, no status, content type, header or body that is not described,
# and nothing taken that the description rules out.
#
#   scripts/schemathesis.sh                     as a guest, as a customer, as an administrator
#   SEED=7 EXAMPLES=200 scripts/schemathesis.sh     other requests, and more of them
#
# The same seed makes the same requests. scripts/schemathesis.toml says what is left out, and why;
# the versions are in scripts/schemathesis-requirements.txt. Reports go to the folder named by
# SCHEMATHESIS_REPORTS, one for each actor, for the sums of `make test`.
set -euo pipefail
cd "$(dirname "$0")/.."
# shellcheck source=scripts/shop.sh
source scripts/shop.sh

PATH="$(sh scripts/node.sh):$PATH"
export PATH
reports="${SCHEMATHESIS_REPORTS:-$PWD/target/schemathesis}"
mkdir -p "$reports"
rm -f "$reports"/schemathesis-*.json

# Into .tools/, once for each list of versions.
install() {
    local list=scripts/schemathesis-requirements.txt
    tool=$PWD/.tools/schemathesis-$(sha256sum "$list" | cut -c1-12)
    [[ -e "$tool/installed" ]] && return
    rm -rf "$tool"
    echo "schemathesis.sh: installing schemathesis into .tools (once)" >&2
    python3 -m venv "$tool"
    "$tool/bin/python" -m pip install --quiet --disable-pip-version-check --no-deps \
        --require-hashes --requirement "$list" >&2
    touch "$tool/installed"
}

# post PATH BODY [EXPRESSION]: what the shop answers, or a part of it.
post() {
    node -e '
        const [url, body, part] = process.argv.slice(1);
        const headers = { "content-type": "application/json" };
        fetch(url, { method: "POST", headers, body, signal: AbortSignal.timeout(20_000) })
            .then(async (answer) => {
                const text = await answer.text();
                if (!answer.ok) throw new Error(`${answer.status} ${text}`);
                console.log(part ? JSON.parse(text)[part] : text);
            })
            .catch((error) => { console.error(`${url}: ${error.message}`); process.exit(1); });
    ' "$shop_url$1" "$2" "${3:-}"
}

# sign_in EMAIL PASSWORD: an access token, good for a quarter of an hour.
sign_in() {
    post /api/auth/login "{\"email\": \"$1\", \"password\": \"$2\"}" access_token
}

# try_as ACTOR EXAMPLES [OPTION…]
try_as() {
    local actor=$1 examples=$2
    shift 2
    printf '\n=== as %s\n' "$actor"
    "$tool/bin/st" --config-file scripts/schemathesis.toml run "$shop_url/api/openapi.json" \
        --suppress-health-check filter_too_much \
        --max-examples "${EXAMPLES:-$examples}" ${SEED:+--seed "$SEED"} --no-color \
        --report json --report-json-path "$reports/schemathesis-$actor.json" "$@"
}

install
build_shop
open_shop schemathesis

outcome=0
password="schemathesis-$RANDOM$RANDOM"
customer=customer@oxcart.test
post /api/auth/register \
    "{\"email\": \"$customer\", \"password\": \"$password\", \"name\": \"王小明\"}" >/dev/null

try_as guest 10 || outcome=1
token=$(sign_in "$customer" "$password")
try_as customer 10 --header "Authorization: Bearer $token" || outcome=1
token=$(sign_in "$OXCART_ADMIN_EMAIL" "$OXCART_ADMIN_PASSWORD")
try_as administrator 10 --header "Authorization: Bearer $token" || outcome=1

close_shop || outcome=1
audit_shop || outcome=1
if [[ $outcome -eq 0 ]]; then
    keep_shop=no
fi
exit "$outcome"
