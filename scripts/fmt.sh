#!/usr/bin/env bash
# Formats everything, in place.
set -euo pipefail
cd "$(dirname "$0")/.."
cargo fmt --all
scripts/web.sh run format
