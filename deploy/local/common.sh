# common.sh - what the local servers' scripts share. Sourced by them, not run.
#
# A server lives in DIR/<name>: its data, its settings, its pid, its port. DIR/env holds one
# line NAME=value per server that runs. Nothing is written anywhere else, except the jars of
# Kafka, which are kept in the user's cache.

here=$(cd "$(dirname "$0")" && pwd)

fail() {
    echo "${0##*/}: $*" >&2
    exit 69
}

# Every verb works on an absolute DIR, whatever the folder it was called from.
set_folder() {
    [ -n "${1:-}" ] || usage
    mkdir -p "$1"
    dir=$(cd "$1" && pwd)
    case "$dir" in
    *[!A-Za-z0-9/._+-]*) fail "$dir: a folder with only letters, digits and / . _ + - is needed" ;;
    esac
}

# One verb at a time in one DIR. The servers themselves are started with 9>&-.
lock_folder() {
    exec 9>"$dir/.lock"
    flock -w 120 9 || fail "$dir: another start or stop is still under way"
}

# need COMMAND...: is there, is installed (MR_INSTALL=1, as root), or is asked for by name.
need() {
    for command in "$@"; do
        command -v "$command" >/dev/null 2>&1 && continue
        [ "${MR_INSTALL:-}" = 1 ] ||
            fail "$command is missing. As root: sh deploy/packages.sh install servers (or MR_INSTALL=1)"
        sh "$here/../packages.sh" install servers >&2
        command -v "$command" >/dev/null 2>&1 || fail "$command is still missing"
    done
}

# A port nobody on this machine uses in any state, below the range that the kernel hands out
# to clients, so that a server can be started again on it. "$1": a port to leave alone.
free_port() {
    low=$(sed 's/[[:space:]].*//' /proc/sys/net/ipv4/ip_local_port_range 2>/dev/null || echo 32768)
    [ "$low" -gt 20000 ] || low=32768
    seed=$(od -An -N4 -tu4 /dev/urandom | tr -d ' ')
    cat /proc/net/tcp /proc/net/tcp6 2>/dev/null |
        awk -v low="$low" -v seed="$seed" -v other="${1:-0}" '
            { split($2, at, ":"); used[at[length(at)]] = 1 }
            END {
                span = low - 12000
                for (i = 0; i < span; i++) {
                    port = 12000 + (seed + i) % span
                    if (port != other && !(sprintf("%04X", port) in used)) { print port; exit }
                }
            }'
}

# put_env NAME VALUE, drop_env NAME: the line of one server in DIR/env. Values need no quoting.
# Only the user may read it: the Postgres URL holds a password.
drop_env() (
    [ -f "$dir/env" ] || exit 0
    umask 077
    grep -v "^$1=" "$dir/env" >"$dir/env.new" || true
    mv "$dir/env.new" "$dir/env"
)

put_env() {
    drop_env "$1"
    (umask 077 && echo "$1=$2" >>"$dir/env")
}

# wait_until SECONDS COMMAND...: true as soon as the command is.
wait_until() {
    tries=$(($1 * 5))
    shift
    while ! "$@"; do
        tries=$((tries - 1))
        [ "$tries" -gt 0 ] || return 1
        sleep 0.2
    done
}
