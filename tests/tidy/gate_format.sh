#!/bin/sh
# gate_format.sh [--canary] ROOT BUILD - every .c and .h is as clang-format 14 lays it out.
set -eu

command -v clang-format >/dev/null 2>&1 || {
    echo "clang-format is not installed"
    exit 77
}
# Another major version lays out differently; Debian 12 has 14.
clang-format --version | grep -q 'version 14\.' || {
    clang-format --version
    echo "version 14 is needed"
    exit 77
}

sources() {
    for folder in cli connectors processors sinks deploy tests benchmarks; do
        [ ! -d "$1/$folder" ] || find "$1/$folder" -name '*.[ch]'
    done | sort
}

check() {
    list=$(sources "$1")
    [ -n "$list" ] || {
        echo "$1: no sources: nothing was checked"
        return 1
    }
    # Paths of the tree hold no blanks, so splitting them is what is wanted.
    # shellcheck disable=SC2086
    clang-format --dry-run -Werror $list
}

canary() {
    scratch=$(mktemp -d)
    trap 'rm -rf "$scratch"' EXIT
    mkdir "$scratch/cli"
    cp "$1/.clang-format" "$scratch"
    printf 'int main(void)\n{\n    return 0;\n}\n' >"$scratch/cli/main.c"
    check "$scratch" || {
        echo "a well laid out file was refused"
        return 1
    }
    printf 'int main(void) {\n  return 0; }\n' >"$scratch/cli/main.c"
    ! check "$scratch" 2>/dev/null || {
        echo "a badly laid out file was accepted"
        return 1
    }
}

if [ "$1" = --canary ]; then
    canary "$2"
else
    check "$1"
fi
