#!/usr/bin/env bash
# npm in web/, with a Node.js that is new enough and with the packages of the lock file.
#
#   scripts/web.sh build            `npm run build`, unless nothing has changed since the last time
#   scripts/web.sh run lint         any other npm command
set -euo pipefail
cd "$(dirname "$0")/.."

PATH="$(sh scripts/node.sh):$PATH"
export PATH

# What the packages come from; node_modules carries the fingerprint it was installed from.
install_packages() {
    local wanted stamp=web/node_modules/.oxcart-installed
    wanted="$(node --version) $({ cat web/package.json web/package-lock.json web/.npmrc 2>/dev/null || true; } | sha256sum)"
    [[ "$(cat "$stamp" 2>/dev/null)" == "$wanted" ]] && return
    mkdir -p target
    echo "Installing the front end's packages"
    (
        cd web
        # Where the registry does not have some other platform's binary, npm leaves it out of the
        # lock file and `npm ci` then refuses its own file (npm/cli issue 9846). `npm install` takes
        # the locked versions too; without --no-save it would rewrite the file.
        npm ci --no-audit --no-fund --loglevel=error >../target/npm-ci.log 2>&1 \
            || { grep -qE 'Missing: .*@ from lock file' ../target/npm-ci.log \
                && npm install --no-save --no-audit --no-fund --loglevel=error; } \
            || { cat ../target/npm-ci.log >&2; exit 1; }
    )
    echo "$wanted" >"$stamp"
}

# What the built pages come from: every source file that is not a test.
fingerprint() {
    local list
    if ! list=$(git ls-files --cached --others --exclude-standard web 2>/dev/null) || [[ -z "$list" ]]; then
        list=$(find web -type f -not -path '*/node_modules/*' -not -path 'web/build/*' \
            -not -path 'web/.svelte-kit/*')
    fi
    node --version
    grep -vE '^web/e2e/|\.(test|spec)\.' <<<"$list" | LC_ALL=C sort | tr '\n' '\0' \
        | xargs -0 sha256sum 2>/dev/null || true
}

build() {
    local stamp=web/build/.oxcart-built before
    before=$(fingerprint | sha256sum)
    [[ "$(cat "$stamp" 2>/dev/null)" == "$before" ]] && return
    install_packages
    echo "Building the front end (npm run build)"
    (cd web && npm run build)
    # Files that the build itself writes beside the sources belong to what was built.
    fingerprint | sha256sum >"$stamp"
}

case "${1:-}" in
    build) build ;;
    "") echo "usage: scripts/web.sh build | <npm command>" >&2; exit 2 ;;
    *)
        install_packages
        cd web
        exec npm "$@"
        ;;
esac
