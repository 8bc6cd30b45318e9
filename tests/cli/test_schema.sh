#!/bin/sh
# Goal: `schema check` tells every break with its path, reason and direction, exits 1 for a break and 0 without, and is
# asked about the versions that the mode says; fingerprints are the specification's.
# Method: four versions of one record, of which each breaks in one way; vectors of Apache's for the names of "int".
set -u
bin=$MILLRACE_BUILD/millrace
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
failed=0
passed=0

# expect LABEL CODE WORDS COMMAND...: WORDS must be in the output; none where they are empty.
expect() {
    label=$1
    want=$2
    words=$3
    shift 3
    said=$("$@" 2>&1)
    code=$?
    fault=
    [ "$code" = "$want" ] || fault="exit code $code, not $want"
    case $said in *"$words"*) ;; *) fault="$fault; not said: $words" ;; esac
    if [ -n "$fault" ]; then
        failed=$((failed + 1))
        printf '%s: %s\n%s\n' "$label" "$fault" "$said"
    else
        passed=$((passed + 1))
    fi
}

record() {
    printf '{"type":"record","name":"shop.Price","fields":[{"name":"code","type":"string"}%s]}' "$2" >"$work/$1.avsc"
}

cd "$work" || exit 1
record v1 ''
record v2 ',{"name":"price","type":"double","default":0}'
record v3 ',{"name":"price","type":"double"}'
record v4 ',{"name":"price","type":"double","default":0},{"name":"at","type":{"type":"record","name":"Place","fields":[{"name":"street","type":"string"}]}}'
echo '"int"' >int.avsc
echo '{"type":"record","name":"R"}' >bad.avsc

expect "a field more, with a default" 0 "schema mode=BACKWARD versions=2 breaks=0" "$bin" schema check v1.avsc v2.avsc
expect "also forwards" 0 "breaks=0" "$bin" schema check --mode FULL v1.avsc v2.avsc
expect "a field without a default, by path" 1 "v3.avsc: cannot read what v1.avsc wrote: price: not written, and has no default" \
    "$bin" schema check v1.avsc v3.avsc
expect "it is only backwards that it breaks" 0 "mode=FORWARD versions=2 breaks=0" \
    "$bin" schema check v1.avsc v3.avsc --mode FORWARD
expect "the version before is asked" 0 "breaks=0" "$bin" schema check v1.avsc v2.avsc v3.avsc
expect "transitive: every version is" 1 "v3.avsc: cannot read what v1.avsc wrote" \
    "$bin" schema check v1.avsc v2.avsc v3.avsc --mode BACKWARD_TRANSITIVE
expect "forwards, a reader is the older" 1 "v4.avsc: cannot read what v3.avsc writes: at: not written" \
    "$bin" schema check v4.avsc v3.avsc --mode FORWARD
expect "every break is counted" 1 "versions=3 breaks=2" \
    "$bin" schema check v1.avsc v3.avsc v4.avsc --mode FULL_TRANSITIVE
expect "NONE asks nothing" 0 "breaks=0" "$bin" schema check v1.avsc v3.avsc --mode NONE
expect "the canonical form" 0 '{"name":"shop.Price","type":"record","fields":[{"name":"code","type":"string"}]}' \
    "$bin" schema canonical v1.avsc
expect "fingerprints of int" 0 "crc-64-avro=7275d51a3f395c8f md5=ef524ea1b91e73173d938ade36c1db32 sha-256=3f2b87a9fe7cc9b13835598c3981cd45e3e355309e5090aa0933d7becb6fba45" \
    "$bin" schema fingerprint int.avsc
expect "a schema that is none, by file" 78 "bad.avsc" "$bin" schema check v1.avsc bad.avsc
expect "a file that is not there" 78 "none.avsc" "$bin" schema check v1.avsc none.avsc
expect "one version is no history" 64 "two versions or more" "$bin" schema check v1.avsc
expect "a mode that is none" 64 "BACKWARDS" "$bin" schema check v1.avsc v2.avsc --mode BACKWARDS
expect "a verb that is none" 64 "fingerprint" "$bin" schema print v1.avsc

[ "$failed" = 0 ] || exit 1
echo "schema passed=$passed failed=$failed"
