#!/bin/sh
# Goal: `cat` of a container file: every codec, conditions, fields, ranges, tables; what it writes it reads again; wrong
# options are told by name, and a damaged file by its block after all that was before it.
# Method: the fuzzer's two small files of twenty records {a: long, s: null or string}.
set -u
bin=$MILLRACE_BUILD/millrace
plain=tests/fuzz/corpus/fuzz_avro_container/null
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
failed=0
passed=0

# expect LABEL CODE WANTED COMMAND...: WANTED is all of the output, its lines joined by spaces.
expect() {
    label=$1
    want_code=$2
    want=$3
    shift 3
    said=$("$@" 2>&1)
    code=$?
    said=$(printf '%s' "$said" | tr '\n' ' ')
    if [ "$code" = "$want_code" ] && [ "$said" = "$want" ]; then
        passed=$((passed + 1))
    else
        failed=$((failed + 1))
        printf '%s: exit code %s, not %s; wanted\n%s\ngot\n%s\n' "$label" "$code" "$want_code" "$want" "$said"
    fi
}

expect "lines of JSON" 0 '{"a":0,"s":"t0"} {"a":1,"s":null}' "$bin" cat $plain --limit 2
expect "deflate" 0 20 "$bin" cat tests/fuzz/corpus/fuzz_avro_container/deflate --count
expect "a condition" 0 '{"a":18,"s":"t18"}' "$bin" cat $plain --where 'a > 16 && s != null'
expect "what cannot be answered is told" 0 '{"a":19,"s":null} millrace: --where had no answer for 1 of 20 records' \
    "$bin" cat $plain --where 'a == 0 ? 1 / a == 0 : a == 19'
expect "fields" 0 '{"s":"t3","record.offset":3}' "$bin" cat $plain --fields s,record.offset --from 3 --to 4
expect "offsets" 0 '{"offset":3,"value":{"a":3,"s":"t3"}}' "$bin" cat $plain --offsets --from 3 --limit 1
expect "a table" 0 'a   s 0   t0 9   t9 18  t18' "$bin" cat $plain --table --where 'a % 9 == 0'
for codec in null deflate snappy; do
    expect "written with $codec" 0 'cat records=20 written=7 undecoded=0' \
        "$bin" cat $plain --where 's != null' --out "$work/$codec.avro" --codec $codec
    expect "and read again" 0 '{"a":18,"s":"t18"}' "$bin" cat "$work/$codec.avro" --from 6
done
head -c $(($(wc -c <$plain) - 5)) $plain >"$work/cut.avro" # its second block holds the last record
expect "damage ends it with an error, after all that came before" 70 \
    "{\"a\":17,\"s\":null} {\"a\":18,\"s\":\"t18\"} millrace: data cannot be read: $work/cut.avro: block 1: ends in the middle" \
    "$bin" cat "$work/cut.avro" --from 17
expect "a file has no times" 64 "millrace: command line is not usable: $plain is a file: it has no times and no partitions, and nobody writes to it" \
    "$bin" cat $plain --from 2026-01-01
expect "a place that is none" 64 'millrace: command line is not usable: --from: "yesterday" is neither beginning, end, an offset, -N (the last N), -15m (s, m, h, d ago) nor a time in UTC (2026-03-01T05:10:00Z)' \
    "$bin" cat $plain --from yesterday
expect "a day that is none" 64 'millrace: command line is not usable: --to: "2026-02-30" is neither beginning, end, an offset, -N (the last N), -15m (s, m, h, d ago) nor a time in UTC (2026-03-01T05:10:00Z)' \
    "$bin" cat $plain --to 2026-02-30
expect "a field that is none" 64 'millrace: command line is not usable: --fields: "b": there is no "b" in P' \
    "$bin" cat $plain --fields b
expect "a codec that is none" 64 'millrace: command line is not usable: --codec: "zip" is none of null, deflate, snappy' \
    "$bin" cat $plain --out "$work/x.avro" --codec zip
expect "no file and no cluster" 64 'millrace: command line is not usable: none: no such file; for a topic say --kafka HOST:PORT or --pipeline FILE' \
    "$bin" cat none

[ "$failed" = 0 ] || exit 1
echo "cat passed=$passed failed=$failed"
