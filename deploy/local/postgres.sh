#!/bin/sh
# postgres.sh - a private Postgres 15 in a folder of its own; no cluster of Debian's is touched.
#
#   sh deploy/local/postgres.sh start DIR    prints PG_URL=postgresql://..., and writes it to DIR/env
#   sh deploy/local/postgres.sh stop DIR     fast shutdown, waits for the end; the data stay
#   sh deploy/local/postgres.sh kill9 DIR    as a crash would
#   sh deploy/local/postgres.sh restart DIR  same data, same port
#   sh deploy/local/postgres.sh status DIR   exit 0 and the URL when it runs, else 1
#
# The server listens on 127.0.0.1 only and asks for a password (drawn per DIR, in DIR/env, which
# only its owner can read). It refuses to run as root, so for root it runs as user postgres.
# Database and role are named millrace. Settings are Postgres' own, durable as in production.
set -eu
. "$(dirname "$0")/common.sh"

programs=/usr/lib/postgresql/15/bin

usage() {
    sed -n '4,8s/^# *//p' "$here/postgres.sh" >&2
    exit 64
}

# As the server's user, from a folder that it can read.
as_server() (
    cd /
    if [ "$(id -u)" -eq 0 ]; then
        exec runuser -u postgres -- "$@"
    fi
    exec "$@"
)

# Root's folders are often closed to others; the server must be able to walk to its data.
make_home() {
    mkdir -p "$home"
    [ "$(id -u)" -ne 0 ] || chown postgres: "$home"
    chmod 700 "$home"
    as_server test -w "$home" ||
        fail "$dir: user postgres cannot reach it; use another folder, for example in /tmp"
}

# A cluster that was cut short while it was made has no "made" and is made again.
make_cluster() {
    [ ! -f "$home/made" ] || return 0
    rm -rf "$home/data"
    (umask 077 && od -An -N16 -tx1 /dev/urandom | tr -d ' \n' >"$home/password")
    [ "$(id -u)" -ne 0 ] || chown postgres: "$home/password"
    as_server "$programs/initdb" -D "$home/data" -U millrace --pwfile="$home/password" \
        --auth=scram-sha-256 --encoding=UTF8 --locale=C.UTF-8 --no-sync >"$home/initdb.log" 2>&1 || {
        tail -n 20 "$home/initdb.log" >&2
        fail "the cluster could not be made"
    }
    # mmap: a crash leaves no segment in /dev/shm behind.
    as_server tee -a "$home/data/postgresql.conf" >/dev/null <<EOF
listen_addresses = '127.0.0.1'
unix_socket_directories = ''
dynamic_shared_memory_type = mmap
EOF
    echo "CREATE DATABASE millrace" |
        as_server "$programs/postgres" --single -D "$home/data" postgres >>"$home/initdb.log" 2>&1
    : >"$home/made"
}

# The first line of postmaster.pid is the pid; it is ours only if it works in our data folder.
is_alive() {
    pid=$(as_server head -n 1 "$home/data/postmaster.pid" 2>/dev/null) && [ -n "$pid" ] &&
        [ "$(readlink "/proc/$pid/cwd" 2>/dev/null)" = "$home/data" ]
}

# No server and none of its children: they all work in the data folder.
is_deserted() {
    for process in /proc/[0-9]*; do
        [ "$(readlink "$process/cwd" 2>/dev/null)" != "$home/data" ] || return 1
    done
}

# After a crash postmaster.pid and one small System V segment are left; the segment's id is the
# second number of line 7. A pid that an init has not collected yet would keep the next start out.
forget_crashed() {
    is_deserted || return 0
    segment=$(as_server sed -n '7s/^ *[0-9]* *//p' "$home/data/postmaster.pid" 2>/dev/null) || return 0
    [ -z "$segment" ] || ipcrm -m "$segment" 2>/dev/null || true
    rm -f "$home/data/postmaster.pid"
}

# launch PORT: true when the server takes connections.
launch() {
    port=$1
    forget_crashed
    as_server "$programs/pg_ctl" start -s -w -t 60 -D "$home/data" -l "$home/log" \
        -o "-p $port" </dev/null >"$home/out" 2>&1 9>&-
}

announce() {
    echo "$port" >"$home/port"
    url="postgresql://millrace:$(cat "$home/password")@127.0.0.1:$port/millrace"
    put_env PG_URL "$url"
    echo "PG_URL=$url"
}

start() {
    port=$(cat "$home/port" 2>/dev/null || true)
    if is_alive; then
        announce
        return 0
    fi
    need "$programs/initdb"
    make_home
    make_cluster
    # Somebody may take a port between the look and the bind: then another one, unless it is known.
    wanted=$port
    for try in 1 2 3; do
        launch "${wanted:-$(free_port)}" && announce && return 0
        [ -z "$wanted" ] || break
    done
    tail -n 20 "$home/log" "$home/out" >&2 2>/dev/null || true
    fail "the server did not become ready (try $try)"
}

stop() {
    if is_alive; then
        as_server "$programs/pg_ctl" stop -s -m fast -t 60 -D "$home/data" >"$home/out" 2>&1 || crash
    fi
    drop_env PG_URL
}

# The children end by themselves when they see that their parent is gone.
crash() {
    ! is_alive || kill -KILL "$pid" 2>/dev/null || true
    wait_until 10 is_deserted || fail "the server in $home does not end"
    forget_crashed
    drop_env PG_URL
}

verb=${1:-}
set_folder "${2:-}"
home=$dir/postgres
lock_folder
case "$verb" in
start) start ;;
stop) stop ;;
kill9) crash ;;
restart)
    stop
    start
    ;;
status) is_alive && echo "PG_URL=$(sed -n 's/^PG_URL=//p' "$dir/env")" ;;
*) usage ;;
esac
