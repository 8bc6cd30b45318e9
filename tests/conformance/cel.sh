#!/bin/sh
# Runs CEL conformance cases (JSON lines, as ../shared/data/cel/cel-conformance.jsonl) through both
# evaluators: sh tests/conformance/cel.sh [FILE]. Last line: cel passed=.. failed=.. skipped=..
set -eu
cd "$(dirname "$0")/../.."
file=${1:-${MILLRACE_DATA:-../shared/data}/cel/cel-conformance.jsonl}
build=${MILLRACE_BUILD:-build/release}
program=$build/tests/test_conformance_cel
if [ ! -x "$program" ]; then
    cmake --preset release >/dev/null
    cmake --build --preset release --target test_conformance_cel >/dev/null
    program=build/release/tests/test_conformance_cel
fi
exec "$program" -v "$file"
