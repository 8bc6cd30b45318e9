#!/bin/sh
# run.sh - everything that can be checked, from a fresh clone, in one command.
#
#   sh tests/run.sh [--label gate|unit|integration|faults]...     without a label: all of them
#
# As root on Debian it installs what is missing (deploy/packages.txt); else it says what to install.
# Then, in this order:
#   gate         the rules of the tree, each with its canary; the whole tree compiled by clang
#   unit         every test program twice: under ASan and UBSan, and as released
#   integration  against a private Kafka and Postgres, which deploy/local starts and stops
#   faults       the same, with servers and processes killed
# The servers live in a new folder in /tmp, gone at the end; tests find them by KAFKA and PG_URL,
# and their folder, for killing them, by MR_LOCAL. A test that skipped counts as skipped.
# Exit status: 0 when nothing failed, 1 when something did, 64 usage, 69 something to install.
set -eu
cd "$(dirname "$0")/.."

results=build/results
jobs=$(nproc)
started=$(date +%s)
servers=

usage() {
    sed -n '4s/^# *//p' tests/run.sh >&2
    exit 64
}

say() {
    printf '\n== %s\n' "$*"
}

read_labels() {
    labels=
    while [ $# -gt 0 ]; do
        [ "$1" = --label ] && [ $# -ge 2 ] || usage
        case "$2" in
        gate | unit | integration | faults) labels="$labels $2" ;;
        *) usage ;;
        esac
        shift 2
    done
    labels=${labels:- gate unit integration faults}
}

wants() {
    for label in "$@"; do
        case " $labels " in *" $label "*) return 0 ;; esac
    done
    return 1
}

# Without root only what the build needs is a must; an absent tool's gate is skipped, and counted.
install_packages() {
    groups="build test"
    ! wants integration faults || groups="$groups servers"
    # shellcheck disable=SC2086
    missing=$(sh deploy/packages.sh missing $groups)
    [ -n "$missing" ] || return 0
    if [ "$(id -u)" -eq 0 ]; then
        # shellcheck disable=SC2086
        say installing $missing
        # shellcheck disable=SC2086
        sh deploy/packages.sh install $groups >"$results/apt.log" 2>&1 || tail -n 20 "$results/apt.log"
    else
        # shellcheck disable=SC2086
        echo "not installed:" $missing
    fi
    missing=$(sh deploy/packages.sh missing build)
    if [ -n "$missing" ] || ! command -v python3 >/dev/null; then
        # shellcheck disable=SC2086
        echo "run.sh: as root: apt-get install python3" $missing >&2
        exit 69
    fi
}

# note LABEL PRESET passed|failed|skipped NAME: the outcome of what is not a test of ctest's.
note() {
    echo "$1 $2 $3 $4" >>"$results/notes"
}

# build PRESET: its log is shown only when it fails.
build() {
    say "building $1"
    if ! cmake --preset "$1" >"$results/build-$1.log" 2>&1 ||
        ! cmake --build --preset "$1" -j "$jobs" >>"$results/build-$1.log" 2>&1; then
        grep -E -A 12 'error|FAILED' "$results/build-$1.log" | head -n 60
        return 1
    fi
}

build_or_finish() {
    build "$1" || {
        note build "$1" failed "build_$1"
        finish
    }
}

# run LABEL PRESET JOBS: what ctest finds is kept as JUnit's XML for count.py.
run() {
    say "$1 ($2)"
    ctest --test-dir "build/$2" -L "^$1\$" -j "$3" --no-tests=ignore --output-on-failure \
        --test-output-size-passed 4000000 --test-output-size-failed 4000000 \
        --output-junit "$PWD/$results/$1-$2.xml" || true
}

run_gates() {
    run gate release "$jobs"
    if ! command -v clang >/dev/null; then
        note gate clang skipped clang_compiles_the_tree
    elif build clang; then
        note gate clang passed clang_compiles_the_tree
    else
        note gate clang failed clang_compiles_the_tree
    fi
}

has_tests() {
    ctest --test-dir build/release -N -L "^$1\$" | grep -q 'Test *#'
}

# What can be had is used: without the packages the tests skip; with them a server that does not
# start is a failure, not a reason to skip.
start_servers() {
    unset KAFKA PG_URL MR_LOCAL
    if [ -n "$(sh deploy/packages.sh missing servers)" ]; then
        echo "no servers: sh deploy/packages.sh install servers"
        return 0
    fi
    say "starting Kafka and Postgres"
    servers=$(mktemp -d /tmp/millrace.XXXXXX)
    chmod 755 "$servers" # root's Postgres runs as user postgres and has to get in
    if sh deploy/local/up.sh "$servers"; then
        . "$servers/env"
        MR_LOCAL=$servers
        export KAFKA PG_URL MR_LOCAL
        note integration local passed servers_start
    else
        note integration local failed servers_start
    fi
}

stop_servers() {
    [ -n "$servers" ] || return 0
    sh deploy/local/down.sh "$servers" || true
    rm -rf "$servers"
    servers=
}

run_with_servers() {
    for label in integration faults; do
        wants "$label" && has_tests "$label" || continue
        [ -n "$servers" ] || start_servers
        run "$label" release 1
    done
    stop_servers
}

finish() {
    stop_servers
    trap - EXIT
    say summary
    python3 tests/count.py "$results" $(($(date +%s) - started))
    exit $?
}

read_labels "$@"
rm -rf "$results"
mkdir -p "$results"
: >"$results/notes"
trap stop_servers EXIT
trap 'exit 130' INT TERM
install_packages
build_or_finish release
! wants gate || run_gates
if wants unit; then
    build_or_finish asan
    run unit asan "$jobs"
    run unit release "$jobs"
fi
! wants integration faults || run_with_servers
finish
