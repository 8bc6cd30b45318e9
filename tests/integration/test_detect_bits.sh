#!/bin/sh
# Goal: a detector's state and stamp hold the same bits whatever compiled it.
# Method: processors/detect and its tests, which pin the digests of states and scores, compiled by each compiler at each
# level, with the tree's own flag; rcre's digests over the benchmark's series among them, where those are at hand. As a
# control the program is once compiled with contraction into fused operations, which must show.
set -u
scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT
checks='test_methods test_arith test_knobs test_merge test_properties test_rcre'
units="processors/core/base/arena.c processors/core/base/digest.c processors/core/base/error.c processors/core/base/span.c tests/support/series.c"
for file in processors/detect/*.c; do
    # What belongs to the stage needs the whole core.
    case $file in */absence.c | */detect.c | */detector.c | */stamp.c) ;; *) units="$units $file" ;; esac
done
command -v pkg-config >/dev/null && libraries=$(pkg-config --cflags --libs cmocka libcrypto) || {
    echo "skipped: cmocka or libcrypto is not to be had"
    exit 77
}
passed=0
failed=0
compilers=0

# build COMPILER FLAGS: the objects once, then each test.
build() {
    mkdir -p "$scratch/o"
    rm -f "$scratch"/o/*
    for file in $units; do
        # shellcheck disable=SC2086
        "$1" -std=c17 -D_POSIX_C_SOURCE=200809L -I. -I"$MILLRACE_BUILD/generated" $2 -c "$file" \
            -o "$scratch/o/$(echo "$file" | tr / _).o" || return 1
    done
    for check in $checks; do
        # shellcheck disable=SC2086
        "$1" -std=c17 -D_POSIX_C_SOURCE=200809L -I. -I"$MILLRACE_BUILD/generated" $2 \
            "tests/processors/detect/$check.c" "$scratch"/o/*.o -o "$scratch/$check" $libraries -lm || return 1
    done
}

for compiler in gcc clang; do
    command -v "$compiler" >/dev/null || continue
    compilers=$((compilers + 1))
    for level in -O0 -O2 '-O3 -march=native'; do
        build "$compiler" "-ffp-contract=off $level" || exit 1
        for check in $checks; do
            if "$scratch/$check" >"$scratch/log" 2>&1; then
                passed=$((passed + 1))
            else
                failed=$((failed + 1))
                echo "$check with $compiler $level:"
                grep -E 'ERROR|LINE' "$scratch/log"
            fi
        done
    done
done

control=none # no fused operations here: nothing to control with
if grep -qw fma /proc/cpuinfo && command -v gcc >/dev/null; then
    build gcc '-ffp-contract=fast -O3 -march=native' || exit 1
    if "$scratch/test_methods" >"$scratch/log" 2>&1; then
        failed=$((failed + 1))
        echo "contraction does not show: the digests say nothing"
    else
        control=shows
    fi
fi
echo "detect_bits compilers=$compilers passed=$passed failed=$failed contraction=$control"
[ "$failed" = 0 ] && [ "$compilers" -gt 0 ]
