#!/bin/sh
# benchmarks/msl.sh - every method at its default on NASA's telemetry of Curiosity (27 channels of the MSL set), one table.
# DATA (default ../shared/data) holds anomaly/msl-telemetry. Needs a built millrace (build/release) and python3.
set -eu
cd "$(dirname "$0")/.."
exec python3 benchmarks/msl.py "${MILLRACE:-build/release/millrace}" \
    "${MILLRACE_DATA:-../shared/data}/anomaly/msl-telemetry" "$@"
