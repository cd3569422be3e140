#!/usr/bin/env bash
# Makes sure that the system has what Oxcart needs, and is quiet when it has.
#
#   scripts/setup-system.sh up      PostgreSQL, a C compiler, something that brings Node.js
#   scripts/setup-system.sh test    the same, Redis, Python with venv, and Chromium with Chinese fonts
#   scripts/setup-system.sh fuzz    as for up, and a C++ compiler
#
# On Debian and Ubuntu, as root, it installs what is missing. Everywhere else it prints the line to
# type and stops. Rust is never installed behind your back.
set -euo pipefail

purpose=${1:-up}
rust_minor=95 # 1.95; keep it the same as rust-version in Cargo.toml
postgres_major=15

packages=() # Debian's names
reasons=()

need() {
    packages+=("$1")
    reasons+=("$2")
}

fail() {
    printf '%s\n' "$@" >&2
    exit 1
}

check_rust() {
    local version minor
    command -v cargo >/dev/null && command -v rustc >/dev/null || fail \
        "Rust is missing. Install it from https://rustup.rs with this line, then try again:" \
        "    curl --proto '=https' --tlsv1.2 -sSf https://sh.rustup.rs | sh"
    version=$(rustc --version | cut -d' ' -f2)
    minor=${version#1.}
    minor=${minor%%.*}
    [[ "$version" == 1.* && "$minor" -lt "$rust_minor" ]] || return 0
    fail "Rust $version is too old; Oxcart needs 1.$rust_minor. Type this, then try again:" \
        "    rustup update stable"
}

# The folder of PostgreSQL's server programs; Debian keeps them out of the PATH.
postgres_bin() {
    local initdb folder
    if initdb=$(command -v initdb); then
        dirname "$(readlink -f "$initdb")"
        return
    fi
    for folder in $(ls -d /usr/lib/postgresql/*/bin /usr/pgsql-*/bin 2>/dev/null | sort -Vr); do
        if [[ -x "$folder/initdb" ]]; then
            echo "$folder"
            return
        fi
    done
    return 1
}

check_postgres() {
    # With a database of your own the private server is not needed, but the tests use one.
    [[ "$purpose" == up && -n "${DATABASE_URL:-}" ]] && return
    local folder version
    if ! folder=$(postgres_bin); then
        need postgresql "PostgreSQL's server"
        return
    fi
    version=$("$folder/initdb" --version | sed -E 's/[^0-9]*([0-9]+).*/\1/')
    [[ "$version" -ge "$postgres_major" ]] || fail \
        "PostgreSQL $version in $folder is too old; Oxcart needs $postgres_major or newer." \
        "Install a newer one beside it, or set DATABASE_URL to one that runs elsewhere."
}

check_node() {
    # scripts/node.sh takes the system's Node.js, or fetches its own with npm or with pip.
    command -v npm >/dev/null && return
    command -v python3 >/dev/null && python3 -m pip --version >/dev/null 2>&1 && return
    need python3-pip "npm or pip, to fetch Node.js"
}

check_browser() {
    local name
    for name in chromium chromium-browser google-chrome; do
        if command -v "$name" >/dev/null; then
            break
        fi
        name=
    done
    [[ -n "$name" ]] || need chromium "Chromium, for the end-to-end tests"
    if command -v fc-list >/dev/null && [[ -n "$(fc-list :lang=zh-tw family 2>/dev/null)" ]]; then
        return
    fi
    need fonts-noto-cjk "Chinese fonts, for the screenshots"
}

check_redis() {
    # The shop needs none; the tests start their own, to try what several servers do with one.
    command -v redis-server >/dev/null || need redis-server "Redis, for the tests of shared limits"
}

# Debian's packages would make and start servers of their own, which nobody here uses.
start_nothing() {
    local cluster=/etc/postgresql-common/createcluster.d/oxcart-setup.conf
    local services=/usr/sbin/policy-rc.d
    left_behind=()
    trap 'rm -f "${left_behind[@]}"' EXIT
    if [[ " ${packages[*]} " == *" postgresql "* ]]; then
        mkdir -p "$(dirname "$cluster")"
        left_behind+=("$cluster")
        echo "create_main_cluster = false" >"$cluster"
    fi
    if [[ " ${packages[*]} " == *" redis-server "* && ! -e "$services" ]]; then
        left_behind+=("$services")
        # 101: not now.
        printf '#!/bin/sh\nexit 101\n' >"$services"
        chmod 755 "$services"
    fi
}

check_python() {
    # Debian keeps half of venv in a package of its own. Any Python that can make one will do.
    if command -v python3 >/dev/null && python3 -c 'import ensurepip, venv' 2>/dev/null; then
        return
    fi
    need python3-venv "Python 3 with venv, for the tester of the API"
}

install_on_debian() {
    start_nothing
    export DEBIAN_FRONTEND=noninteractive
    local options=(-y --no-install-recommends -o Dpkg::Use-Pty=0 -o Acquire::Retries=3)
    echo "Installing: ${packages[*]}"
    if apt-get install "${options[@]}" "${packages[@]}"; then
        return
    fi
    echo "Not to be had with the package lists at hand: updating them."
    apt-get update || apt-get update
    apt-get install "${options[@]}" "${packages[@]}"
}

# The one line to type where this script may not install, or does not know how.
line_to_type() {
    local names="${packages[*]}"
    if command -v apt-get >/dev/null; then
        echo "sudo apt-get update && sudo apt-get install -y $names"
        return
    fi
    local dnf=${names/postgresql/postgresql-server} pacman=${names/fonts-noto-cjk/noto-fonts-cjk}
    dnf=${dnf/redis-server/redis} pacman=${pacman/redis-server/redis}
    dnf=${dnf/python3-venv/python3} pacman=${pacman/python3-venv/python}
    dnf=${dnf/g++/gcc-c++} pacman=${pacman/g++/gcc}
    if command -v dnf >/dev/null; then
        echo "sudo dnf install -y ${dnf/fonts-noto-cjk/google-noto-sans-cjk-fonts}"
    elif command -v pacman >/dev/null; then
        echo "sudo pacman -S --needed ${pacman/python3-pip/python-pip}"
    elif command -v brew >/dev/null; then
        names=${names/fonts-noto-cjk/}
        names=${names/python3-pip/node}
        names=${names/redis-server/redis}
        names=${names/python3-venv/python}
        echo "brew install ${names/postgresql/postgresql@17}"
    else
        echo "(your system's way to install) $names"
    fi
}

check_rust
command -v cc >/dev/null || need gcc "a C compiler"
[[ -e /usr/include/stdio.h || "$(uname)" != Linux ]] || need libc6-dev "the C library's headers"
command -v git >/dev/null || need git "git"
check_postgres
check_node
if [[ "$purpose" == test ]]; then
    command -v ps >/dev/null || need procps "ps, to see that nothing is left running"
    check_redis
    check_browser
    check_python
fi
if [[ "$purpose" == fuzz ]]; then
    command -v c++ >/dev/null || need g++ "a C++ compiler, for libFuzzer"
fi

[[ ${#packages[@]} -gt 0 ]] || exit 0

if [[ "$(id -u)" -eq 0 ]] && command -v apt-get >/dev/null; then
    install_on_debian
else
    printf 'Missing: %s\n' "${reasons[@]}" >&2
    fail "Type this line, then try again:" "    $(line_to_type)"
fi
