#!/bin/sh
# kafka.sh - a private Apache Kafka, one KRaft node, in a folder of its own.
#
#   sh deploy/local/kafka.sh start DIR [PORT]   prints KAFKA=127.0.0.1:PORT, and writes it to DIR/env
#   sh deploy/local/kafka.sh stop DIR           by SIGTERM, waits for the end; the data stay
#   sh deploy/local/kafka.sh kill9 DIR          as a crash would
#   sh deploy/local/kafka.sh restart DIR        same data, same port
#   sh deploy/local/kafka.sh status DIR         exit 0 and the address when it runs, else 1
#   sh deploy/local/kafka.sh sums               SHA-256 of the jars that kafka/pom.xml gives now
#
# start returns when clients are served and is idempotent. The jars are fetched once, by Maven,
# into ${XDG_CACHE_HOME:-$HOME/.cache}/millrace, and checked against kafka/SHA256SUMS each time.
# The broker logs to DIR/kafka.log (WARN) and writes nothing outside DIR.
set -eu
. "$(dirname "$0")/common.sh"

version=4.2.0
jars=${XDG_CACHE_HOME:-${HOME:-/root}/.cache}/millrace/kafka-$version
sums=$here/kafka/SHA256SUMS

usage() {
    sed -n '4,9s/^# *//p' "$here/kafka.sh" >&2
    exit 64
}

# Fetches into $fetched, a new folder that is gone at the end, as all that Maven needs beside it: a
# repository of its own, so that the user's is not touched.
fetch_jars() {
    need mvn java
    fetched=$(mktemp -d "$1.XXXXXX")
    trap 'rm -rf "$fetched" "$fetched.repo"' EXIT
    trap 'exit 130' INT TERM
    export MAVEN_OPTS="${MAVEN_OPTS:-} -XX:-UsePerfData"
    mkdir "$fetched.repo"
    mvn -B -q -f "$here/kafka/pom.xml" -Dmaven.repo.local="$fetched.repo" \
        dependency:copy-dependencies -DincludeScope=runtime -DoutputDirectory="$fetched" \
        >"$fetched.repo/log" 2>&1 || {
        tail -n 20 "$fetched.repo/log" >&2
        fail "the jars of Kafka $version could not be fetched"
    }
}

are_jars_good() {
    [ -d "$jars" ] && (cd "$jars" && sha256sum --quiet --strict -c "$sums") >/dev/null 2>&1
}

# Complete or not there: fetched beside, checked, then moved. A cache that fails its check is
# fetched anew; jars that differ from the list are never run.
ensure_jars() {
    are_jars_good && return 0
    echo "kafka.sh: fetching Kafka $version (about 55 MB, once)" >&2
    mkdir -p "${jars%/*}"
    fetch_jars "$jars"
    (cd "$fetched" && sha256sum --quiet --strict -c "$sums" >&2) ||
        fail "what was fetched differs from $sums: nothing was started"
    chmod 755 "$fetched"
    rm -rf "$jars"
    mv -T "$fetched" "$jars" 2>/dev/null || true # another start was quicker
    are_jars_good || fail "$jars: does not match $sums"
}

print_sums() {
    fetch_jars "${TMPDIR:-/tmp}/kafka-$version"
    (cd "$fetched" && sha256sum -- *.jar)
}

class_path() {
    awk -v folder="$jars" '{ printf "%s%s/%s", (NR > 1 ? ":" : ""), folder, $2 }' "$sums"
}

# Becomes java, so that the pid of a job is the broker's. Nothing goes to /tmp: neither hsperfdata
# nor temporary files.
exec_java() {
    exec setsid java -Xms1g -Xmx1g -XX:+UseG1GC \
        -XX:MaxGCPauseMillis=20 -XX:-UsePerfData -Djava.awt.headless=true \
        -Djava.io.tmpdir="$home/tmp" -Dmillrace.log="$dir/kafka.log" \
        -Dlog4j2.configurationFile="$here/kafka/log4j2.yaml" -cp "$(class_path)" "$@"
}

# The settings that are not defaults, and why: one node can replicate nothing; few partitions of
# the internal topics so that they are made in a second; no wait for group members that will not
# come; a topic with a mistyped name is an error.
write_settings() {
    cat >"$home/server.properties" <<EOF
process.roles=broker,controller
node.id=1
controller.quorum.voters=1@127.0.0.1:$2
listeners=CLIENT://127.0.0.1:$1,CONTROLLER://127.0.0.1:$2
advertised.listeners=CLIENT://127.0.0.1:$1
listener.security.protocol.map=CLIENT:PLAINTEXT,CONTROLLER:PLAINTEXT
inter.broker.listener.name=CLIENT
controller.listener.names=CONTROLLER
log.dirs=$home/data
offsets.topic.replication.factor=1
offsets.topic.num.partitions=4
transaction.state.log.replication.factor=1
transaction.state.log.min.isr=1
transaction.state.log.num.partitions=4
share.coordinator.state.topic.replication.factor=1
share.coordinator.state.topic.min.isr=1
group.initial.rebalance.delay.ms=0
auto.create.topics.enable=false
EOF
}

# A data folder is formatted once; a format that was cut short is done again.
format_data() {
    [ ! -f "$home/formatted" ] || return 0
    rm -rf "$home/data"
    cluster=M$(head -c 16 /dev/urandom | base64 | tr '+/' '-_' | cut -c2-21)A
    (exec_java kafka.tools.StorageTool format -t "$cluster" -c "$home/server.properties") \
        </dev/null >"$home/out" 2>&1 9>&- || {
        tail -n 20 "$home/out" >&2
        fail "the data folder could not be formatted"
    }
    : >"$home/formatted"
}

# The pid is ours only if its command line names our settings: pids are used again.
is_alive() {
    pid=$(cat "$home/pid" 2>/dev/null) && [ -n "$pid" ] &&
        tr '\0' '\n' 2>/dev/null <"/proc/$pid/cmdline" | grep -qxF "$home/server.properties"
}

is_gone() {
    ! is_alive
}

is_ready_or_gone() {
    is_gone || perl "$here/kafka/ready.pl" "$port"
}

# launch PORT: true when the broker serves clients on it.
launch() {
    port=$1
    write_settings "$port" "$(free_port "$port")"
    format_data
    exec_java kafka.Kafka "$home/server.properties" </dev/null >"$home/out" 2>&1 9>&- &
    echo $! >"$home/pid"
    wait_until 5 is_alive || return 1 # the job has become java
    wait_until 90 is_ready_or_gone && is_alive
}

# Somebody else may take the port between the look and the bind: then another one is tried,
# unless the caller named it or clients know it already.
start() {
    wanted=${1:-$(cat "$home/port" 2>/dev/null || true)}
    if is_alive; then
        port=$(cat "$home/port")
        [ "$port" = "${1:-$port}" ] || fail "already runs on port $port"
        wait_until 90 is_ready_or_gone && is_alive || fail "runs on port $port, but does not answer"
        announce
        return 0
    fi
    need java
    ensure_jars
    mkdir -p "$home/tmp"
    for try in 1 2 3; do
        launch "${wanted:-$(free_port)}" && announce && return 0
        crash
        [ -z "$wanted" ] || break
    done
    tail -n 20 "$home/out" "$dir/kafka.log" >&2 2>/dev/null || true
    fail "the broker did not become ready (try $try)"
}

announce() {
    echo "$port" >"$home/port"
    put_env KAFKA "127.0.0.1:$port"
    echo "KAFKA=127.0.0.1:$port"
}

stop() {
    ! is_alive || kill -TERM "$pid" 2>/dev/null || true
    wait_until 40 is_gone || crash
    forget
}

crash() {
    ! is_alive || kill -KILL "$pid" 2>/dev/null || true
    wait_until 10 is_gone || fail "process $pid does not end"
    forget
}

forget() {
    rm -f "$home/pid"
    drop_env KAFKA
}

verb=${1:-}
[ "$verb" != sums ] || {
    print_sums
    exit
}
set_folder "${2:-}"
home=$dir/kafka
lock_folder
case "$verb" in
start) start "${3:-}" ;;
stop) stop ;;
kill9) crash ;;
restart)
    stop
    start
    ;;
status) is_alive && echo "KAFKA=127.0.0.1:$(cat "$home/port")" ;;
*) usage ;;
esac
