#!/bin/sh
# benchmarks/detect.sh - what a record and a key cost each method of detect, and how often each cries over nothing.
#   detect.sh [KEYS]     default a million keys in random order; two to three minutes on two slow cores
set -eu
cd "$(dirname "$0")/.."
build=${BUILD:-build/release}
[ -d "$build" ] || cmake --preset release >&2
cmake --build "$build" --target bench_detect bench_detect_store bench_false_alarms >&2
"$build/benchmarks/bench_false_alarms"
"$build/benchmarks/bench_detect_store" "${1:-1000000}"
exec "$build/benchmarks/bench_detect" "${1:-1000000}"
