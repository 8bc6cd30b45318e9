#!/bin/sh
# benchmarks/detect.sh - what a record and a key cost each method of detect, and how often each cries over nothing.
#   detect.sh [KEYS]     default a million keys in random order
set -eu
cd "$(dirname "$0")/.."
build=${BUILD:-build/release}
cmake --build "$build" --target bench_detect bench_false_alarms >/dev/null
"$build/benchmarks/bench_false_alarms"
exec "$build/benchmarks/bench_detect" "${1:-1000000}"
