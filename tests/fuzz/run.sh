#!/bin/sh
# run.sh - builds the fuzzers and runs them, two at a time at idle priority.
#
#   sh tests/fuzz/run.sh [--seconds N] [--jobs N] [TARGET...]
#
# TARGET is the head of a name, fuzz_ or not: "avro" is every fuzz_avro_*. Without one: all.
# Each runs N seconds of wall time (60; 0: only the corpus), from the inputs in
# tests/fuzz/corpus/TARGET and what earlier runs found in build/fuzz/found/TARGET, with the words
# of tests/fuzz/HEAD.dict. An input that makes it crash, leak, hang for five minutes (of
# wall time, of which idle priority may get little) or take 256 MiB in one piece is a finding; it
# ends the target's run and is kept in build/fuzz/findings.
# A line for each target, then the sum:
#   fuzz targets=.. findings=.. executions=.. cpu_seconds=..
# Exit status: 0 without findings, 1 with, 64 usage, 69 when clang or its runtime is missing.
set -eu
cd "$(dirname "$0")/../.."
root=$PWD
out=$root/build/fuzz
seconds=60
jobs=2
interrupted=72 # libFuzzer's exit code when it is told to end

usage() {
    sed -n '4s/^# *//p' tests/fuzz/run.sh >&2
    exit 64
}

is_count() {
    case "$1" in '' | *[!0-9]*) return 1 ;; esac
}

# The targets that begin with $1, one a line.
expand() {
    for file in tests/fuzz/fuzz_"${1#fuzz_}"*.c; do
        [ ! -f "$file" ] || basename "$file" .c
    done
}

build() {
    mkdir -p "$out"
    # shellcheck disable=SC2086
    if ! cmake --preset fuzz >"$out/build.log" 2>&1 ||
        ! cmake --build --preset fuzz --target $targets >>"$out/build.log" 2>&1; then
        grep -E -A 8 'error|FAILED' "$out/build.log" | head -n 40 >&2
        echo "run.sh: cannot build; clang and libclang-rt-14-dev are in deploy/packages.txt" >&2
        exit 69
    fi
}

# idle CMD...: what nobody else needs of the machine.
idle() {
    if command -v chrt >/dev/null; then
        chrt -i 0 "$@"
    else
        nice -n 19 "$@"
    fi
}

# fuzz TARGET: its log ends in libFuzzer's figures and the shell's `times`.
fuzz() {
    target=$1
    limit="-max_total_time=$seconds"
    [ "$seconds" -gt 0 ] || limit=-runs=0
    mkdir -p "$out/found/$target" "$out/findings" "$out/work/$target"
    set -- "$out/found/$target"
    [ ! -d "tests/fuzz/corpus/$target" ] || set -- "$@" "$root/tests/fuzz/corpus/$target"
    for words in tests/fuzz/*.dict; do
        case "$target" in "$(basename "$words" .dict)"*) set -- "$@" "-dict=$root/$words" ;; esac
    done
    (
        cd "$out/work/$target"
        idle "$out/fuzz/$target" "$limit" -timeout=300 -malloc_limit_mb=256 -print_final_stats=1 \
            -verbosity=1 -artifact_prefix="$out/findings/$target-" "$@" || [ $? -eq "$interrupted" ] ||
            echo "finding: $target"
        times
    ) >"$out/$target.log" 2>&1
}

# report TARGET: one line of what its log says; times' last line is of the children.
report() {
    awk -v target="$1" '
        function to_seconds(text, parts) {
            split(text, parts, "m")
            return parts[1] * 60 + parts[2]
        }
        /^finding: /                     { findings = 1 }
        /^stat::number_of_executed_units/ { executions = $2 }
        /^Done /                         { if (!executions) executions = $2; wall = $5 }
        / cov: /                         { for (i = 1; i < NF; i++) if ($i == "cov:") edges = $(i + 1) }
        /^[0-9]+m[0-9.]+s [0-9]+m/       { cpu = to_seconds($1) + to_seconds($2) }
        END {
            printf "%s findings=%d executions=%d wall_seconds=%d cpu_seconds=%.0f edges=%d\n",
                target, findings, executions, wall, cpu, edges
        }' "$out/$1.log"
}

while [ $# -gt 0 ]; do
    case "$1" in
    --seconds | --jobs)
        [ $# -ge 2 ] && is_count "$2" || usage
        case "$1" in
        --jobs) jobs=$2 ;;
        *) seconds=$2 ;;
        esac
        shift 2
        ;;
    -*) usage ;;
    *) break ;;
    esac
done
[ "$jobs" -gt 0 ] || usage
[ $# -gt 0 ] || set -- fuzz_
for head in "$@"; do
    [ -n "$(expand "$head")" ] || {
        echo "run.sh: no target in tests/fuzz begins with \"$head\"" >&2
        exit 64
    }
done
targets=$(for head in "$@"; do expand "$head"; done | sort -u)
build
trap 'kill 0' INT TERM
running=0
for target in $targets; do
    fuzz "$target" &
    running=$((running + 1))
    if [ "$running" -eq "$jobs" ]; then
        wait
        running=0
    fi
done
wait
for target in $targets; do
    report "$target"
done >"$out/report"
cat "$out/report"
awk '
    function value(key, i, pair) {
        for (i = 2; i <= NF; i++) {
            split($i, pair, "=")
            if (pair[1] == key) return pair[2]
        }
    }
    {
        findings += value("findings")
        executions += value("executions")
        cpu += value("cpu_seconds")
    }
    END {
        printf "fuzz targets=%d findings=%d executions=%.0f cpu_seconds=%.0f\n", NR, findings,
            executions, cpu
        exit findings > 0
    }' "$out/report"
