#!/bin/sh
# Our Avro beside other people's: resolution and logical types beside fastavro and Apache's avro on random
# pairs of schemas, data beside avro-c.
#   sh tests/conformance/test_avro.sh [CASES [PAIRS [SEED]]]     1500 cases, 10000 pairs, seed 1
# Both packages come from PyPI by name; without them it is skipped (77). A case is right when ours is what one of the two
# makes of it; where they differ it is counted as disputed: Apache's Python knows no aliases, no default of an enum, and
# does not read bytes as string. Last line: avro cases=.. refused=.. disputed=.. pairs=.. differing=..
set -eu
cd "$(dirname "$0")/../.."
cases=${1:-1500}
pairs=${2:-10000}
seed=${3:-1}
build=${MILLRACE_BUILD:-build/release}
codec=$build/tests/test_processors_core_codec
work=$(mktemp -d /tmp/millrace-avro.XXXXXX)
trap 'rm -rf "$work"' EXIT

venv=${XDG_CACHE_HOME:-$HOME/.cache}/millrace/avro
[ -x "$venv/bin/python" ] && "$venv/bin/python" -c 'import avro.io, fastavro' 2>/dev/null || {
    python3 -m venv "$venv" && "$venv/bin/pip" install -q fastavro==1.13.1 avro==1.12.2 >"$work/pip.log" 2>&1 || {
        tail -n 3 "$work/pip.log"
        echo "skipped: fastavro and avro cannot be had from PyPI"
        exit 77
    }
}
if [ ! -x "${codec}_resolution" ] || [ ! -x "${codec}_property" ]; then
    cmake --preset release >/dev/null
    cmake --build --preset release --target test_processors_core_codec_resolution \
        test_processors_core_codec_property >/dev/null
    codec=build/release/tests/test_processors_core_codec
fi
"$venv/bin/python" tests/processors/core/codec/resolution_cases.py "$cases" "$seed" >"$work/cases"
differing=0
AVRO_CASES="$work/cases" "${codec}_resolution" >"$work/resolution" 2>&1 || differing=1
AVRO_PAIRS="$pairs" AVRO_SEED="$seed" "${codec}_property" >"$work/property" 2>&1 || differing=1
[ "$differing" = 0 ] || cat "$work/resolution" "$work/property"
figures=$(sed -n 's/^  \(cases=[0-9]* refused=[0-9]* disputed=[0-9]*\) differing=.*/\1/p' "$work/resolution")
echo "avro $figures pairs=$pairs differing=$differing"
exit "$differing"
