#!/bin/sh
# packages.sh - which Debian packages are missing, and installing them.
#
#   sh deploy/packages.sh missing GROUP...   one name a line; nothing when all are there
#   sh deploy/packages.sh install GROUP...   apt-get install of those (as root); quick when none is missing
#
# Groups and names are in packages.txt. Installing postgresql-15 for the first time would make
# and start a cluster that nobody asked for: it is told not to, and the setting is taken back.
set -eu

list=$(dirname "$0")/packages.txt
keep_down=/etc/postgresql-common/createcluster.d/millrace.conf

missing() {
    for group in "$@"; do
        grep -q "^$group " "$list" || {
            echo "packages.sh: no group \"$group\" in $list" >&2
            return 64
        }
        awk -v group="$group" '$1 == group { print $2 }' "$list"
    done | sort -u | while read -r package; do
        dpkg-query -W -f '${db:Status-Status}' "$package" 2>/dev/null | grep -qx installed ||
            echo "$package"
    done
}

forbid_default_cluster() {
    mkdir -p "${keep_down%/*}"
    echo "create_main_cluster = false" >"$keep_down"
    trap 'rm -f "$keep_down"' EXIT
}

install_missing() {
    packages=$(missing "$@")
    [ -n "$packages" ] || return 0
    if [ "$(id -u)" -ne 0 ]; then
        echo "packages.sh: as root: apt-get install --no-install-recommends" $packages >&2
        return 69
    fi
    case "$packages" in
    *postgresql-15*) forbid_default_cluster ;;
    esac
    export DEBIAN_FRONTEND=noninteractive
    apt-get -q -o Acquire::Retries=3 update
    # Names hold no blanks, so splitting them is what is wanted.
    # shellcheck disable=SC2086
    apt-get -q -y -o Acquire::Retries=3 install --no-install-recommends $packages
}

verb=${1:-}
[ $# -ge 2 ] || verb=
[ $# -eq 0 ] || shift
case "$verb" in
missing) missing "$@" ;;
install) install_missing "$@" ;;
*)
    sed -n '2,6p' "$0" >&2
    exit 64
    ;;
esac
