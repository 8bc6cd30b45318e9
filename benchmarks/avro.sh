#!/bin/sh
# Our Avro codec beside avro-c and C by hand, in one run: sh benchmarks/avro.sh [rounds]
# Last line: avro decode_vs_avroc=.. project_vs_avroc=.. encode_vs_avroc=.. decode_vs_hand=.. allocs=..
set -eu
cd "$(dirname "$0")/.."
cmake --preset release >/dev/null
cmake --build --preset release --target bench_avro >/dev/null
exec build/release/benchmarks/bench_avro "${1:-15}"
