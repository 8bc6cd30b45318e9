#!/bin/sh
# The benchmarks of the main job: builds the release preset, starts a Kafka of its own, prints tables.
#
#   sh benchmarks/run.sh [--quick] [--only files|chain]
#
#   files   feeds to advisories, embedded and on Kafka: rows/s, CPU, memory, time to the first record
#   chain   five stages beside librdkafka alone doing the same hops, in one segment and separate
#   --quick one run over 200,000 rows and records, instead of three over 1,000,000
#
# CPU is user and system time of the measured process alone, as the kernel accounts it to its parent
# (wait4); the broker's is not in it, except where it is embedded. Last line: benchmarks name=value ...
# Everything it makes is in a folder below ${TMPDIR:-/tmp} that is gone at the end.
set -eu
cd "$(dirname "$0")/.."

work=$(mktemp -d "${TMPDIR:-/tmp}/millrace-bench.XXXXXX")
stop() {
    sh deploy/local/kafka.sh stop "$work/servers" >/dev/null 2>&1 || true
    rm -rf "$work"
}
trap stop EXIT
trap 'exit 130' INT TERM

cmake --preset release >/dev/null
cmake --build --preset release --target millrace millrace-feeds bench_raw_chain >&2
sh deploy/local/kafka.sh start "$work/servers" >&2
. "$work/servers/env"
export KAFKA
python3 benchmarks/measure.py --work "$work" "$@"
