#!/bin/sh
# up.sh DIR - starts a private Kafka and a private Postgres in DIR; see kafka.sh and postgres.sh.
# Prints their addresses; DIR/env holds the same lines, for ". DIR/env". All or none.
set -eu
here=$(dirname "$0")
[ $# -eq 1 ] || {
    sed -n '2,3s/^# *//p' "$0" >&2
    exit 64
}
sh "$here/postgres.sh" start "$1"
sh "$here/kafka.sh" start "$1" || {
    sh "$here/postgres.sh" stop "$1"
    exit 69
}
