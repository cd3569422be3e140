#!/usr/bin/env bash
# Regenerates what is generated and committed; `cargo xtask update --help` knows the parts.
set -euo pipefail
cd "$(dirname "$0")/.."
scripts/setup-system.sh up
exec cargo xtask update "$@"
