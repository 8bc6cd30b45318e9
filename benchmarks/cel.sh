#!/bin/sh
# Rules on decoded records, in one run: CEL compiled and by the reference evaluator, C by hand, cel-go
# with a struct, libjq: sh benchmarks/cel.sh [rounds]. A peer that cannot be had is named and skipped.
# Exit code 1: compiled is more than 3 times C by hand or less than 5 times as fast as cel-go.
# Last line: cel compiled_vs_hand_max=.. cel_go_vs_compiled_min=.. jq_vs_compiled_min=.. allocs=..
set -eu
cd "$(dirname "$0")/.."
rounds=${1:-9}
out=build/release/benchmarks
files=$out/cel
mkdir -p "$files"
cmake --preset release >/dev/null
cmake --build --preset release --target bench_cel >/dev/null
$out/bench_cel "$files"

peers=
if cmake --build --preset release --target bench_cel_jq >"$files/jq.log" 2>&1; then
    peers="$out/bench_cel_jq"
else
    echo "skipped: libjq (Debian package libjq-dev; see $files/jq.log)" >&2
fi
if (cd benchmarks/cel_go && go build -o "../../$files/cel_go" .) >"$files/go.log" 2>&1; then
    peers="$peers $files/cel_go"
else
    echo "skipped: cel-go (needs Go and its module proxy; see $files/go.log)" >&2
fi

round=0
while [ "$round" -lt "$rounds" ]; do
    $out/bench_cel
    for peer in $peers; do
        "$peer" "$files"
    done
    round=$((round + 1))
done >"$files/rounds"
exec python3 benchmarks/cel_table.py <"$files/rounds"
