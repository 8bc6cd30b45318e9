#!/bin/sh
# docs/reference.md is what `millrace reference` prints: the tables that the program itself uses.
#   gate_reference.sh ROOT BUILD        gate_reference.sh --canary ROOT BUILD
set -eu
canary=
[ "$1" != --canary ] || {
    canary=yes
    shift
}
fresh=$(mktemp)
trap 'rm -f "$fresh" "$fresh.old"' EXIT
"$2/millrace" reference >"$fresh"
if [ -n "$canary" ]; then
    sed '$d' "$1/docs/reference.md" >"$fresh.old"
    if cmp -s "$fresh" "$fresh.old"; then
        echo "a reference that lacks a line was taken for fresh"
        exit 1
    fi
    exit 0
fi
diff -u "$1/docs/reference.md" "$fresh" | head -n 20
cmp -s "$1/docs/reference.md" "$fresh" || {
    echo "docs/reference.md is stale: build/release/millrace reference >docs/reference.md"
    exit 1
}
