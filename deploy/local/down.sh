#!/bin/sh
# down.sh DIR - stops the Kafka and the Postgres that up.sh started in DIR. Their data stay there.
set -eu
here=$(dirname "$0")
[ $# -eq 1 ] || {
    sed -n '2s/^# *//p' "$0" >&2
    exit 64
}
result=0
sh "$here/kafka.sh" stop "$1" || result=$?
sh "$here/postgres.sh" stop "$1" || result=$?
exit "$result"
