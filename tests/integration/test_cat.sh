#!/bin/sh
# Goal: `cat` shows what is in topics: every record once, decoded by the pipeline's schemas; conditions, fields, places,
# counts, keys, headers; dead letters with their reasons; what is not committed only when asked; and writes a container
# file that holds the same.
# Method: a small run of the shipped pipeline on a real Kafka; its counters say what there must be. A topic of our own,
# filled by kcat, for bare data, tombstones, headers and times.
set -eu
[ -n "${KAFKA:-}" ] || {
    echo "skipped: KAFKA is not set"
    exit 77
}
bin=$MILLRACE_BUILD/millrace
work=$(mktemp -d /tmp/millrace-cat.XXXXXX)
name=cat$$
follower=
trap '[ -z "$follower" ] || kill "$follower" 2>/dev/null || true; rm -rf "$work"' EXIT
passed=0

fail() {
    echo "cat: $*"
    exit 1
}

# same LABEL WANTED GOT
same() {
    [ "$2" = "$3" ] || fail "$1: wanted \"$2\", got \"$3\""
    passed=$((passed + 1))
}

"$MILLRACE_BUILD/millrace-feeds" --out "$work/feeds" --rows 3000 >/dev/null
mkdir -p "$work/deploy"
cp -r deploy/pipelines "$work/deploy/"
cp -r schemas "$work/"
pipeline=$work/deploy/pipelines/$name.yaml
sed "s/^pipeline: grocery/pipeline: $name/" deploy/pipelines/grocery.yaml >"$pipeline"
unset PG_URL
export FEEDS="$work/feeds" OUT="$work/out"
"$bin" run "$pipeline" --once --log json --summary "$work/summary.json" 2>"$work/log" || {
    tail "$work/log"
    exit 1
}

figure() {
    "$bin" show "$work/summary.json" --figure "$1"
}

cat_of() {
    topic=$1
    shift
    "$bin" cat "$topic" --pipeline "$pipeline" "$@"
}

for stage in ingest validate detect score; do
    same "every record of $stage" "$(figure $stage.passed)" "$(cat_of $stage --count)"
done
same "a topic by its own name" "$(figure detect.passed)" "$(cat_of "$name.detect" --count)"
same "every advisory" "$(figure advise.emitted)" "$(cat_of advise --count)"
same "every dead letter" "$(figure ingest.rejected)" "$(cat_of ingest.dlq --count)"

cat_of detect >"$work/all"
same "a line for each" "$(figure detect.passed)" "$(wc -l <"$work/all" | tr -d ' ')"
python3 -c 'import json, sys
for line in sys.stdin: json.loads(line)["subject"]["price"]' <"$work/all" || fail "a line is no JSON"
dear=$(python3 -c 'import json, sys
print(sum(json.loads(l)["subject"]["price"] > 20 for l in sys.stdin))' <"$work/all")
same "a condition counts as Python does" "$dear" "$(cat_of detect --where 'subject.price > 20.0' --count)"
[ "$dear" -gt 0 ] || fail "no price above 20"
same "fields, in the order asked for" "subject.price,record.offset" \
    "$(cat_of detect --fields subject.price,record.offset --limit 1 | python3 -c 'import json, sys
print(",".join(json.load(sys.stdin)))')"
same "a table has its head" "subject.item_code" "$(cat_of detect --table --fields subject.item_code --limit 3 | head -n 1)"
same "and its rows" 4 "$(cat_of detect --table --fields subject.item_code --limit 3 | wc -l | tr -d ' ')"

cat_of ingest.dlq >"$work/dead"
grep -q '"fault":"' "$work/dead" || fail "a dead letter's value is shown for what it is"
grep -q '__connect.errors.exception.class.name' "$work/dead" || fail "a dead letter without its reason"

cat_of detect --out "$work/detect.avro" --where 'subject.price > 20.0' >"$work/out.line"
same "a container holds what matched" "$dear" "$("$bin" cat "$work/detect.avro" --count)"
cat_of detect --where 'subject.price > 20.0' >"$work/lines"
"$bin" cat "$work/detect.avro" | cmp - "$work/lines" || fail "a container's lines differ from the topic's"

# A topic that nobody has written to yet, of a pipeline without feeds, for bare data of "string" by
# kcat: offsets 0 to 3, of which 2 is a tombstone.
mkdir "$work/none"
sed "s/^pipeline: grocery/pipeline: $name-bare/" deploy/pipelines/grocery.yaml >"$work/deploy/pipelines/bare.yaml"
FEEDS="$work/none" "$bin" run "$work/deploy/pipelines/bare.yaml" --once --log json 2>"$work/log" || {
    tail "$work/log"
    exit 1
}
bare=$name-bare.detect
printf '"string"' >"$work/text.avsc"
bare() {
    printf '%b' "$1" | kcat -q -b "$KAFKA" -P -t "$bare" -p 0 -k "$2" -H reason=test -H reason=again
}
bare '\0006one' a
bare '\0006two' b
echo c: | kcat -q -b "$KAFKA" -P -t "$bare" -p 0 -K : -Z
bare '\0377\0376' d
own() {
    "$bin" cat "$bare" --kafka "$KAFKA" --schema "$work/text.avsc" "$@" 2>"$work/err" || {
        cat "$work/err"
        exit 1
    }
}
same "bare data by a schema file" '"one" "two" null' "$(own --limit 3 | tr '\n' ' ' | sed 's/ $//')"
same "keys and headers" \
    '{"key":"a","headers":[{"name":"reason","value":"test"},{"name":"reason","value":"again"}],"value":"one"}' \
    "$(own --key --headers --limit 1)"
same "an offset" '"two"' "$(own --from 1 --to 2)"
same "the last two" 2 "$(own --from -2 --count)"
same "nothing at the end" 0 "$(own --from end --count)"
same "all of the last hour" 4 "$(own --from -1h --count)"
same "nothing of an old day" 0 "$(own --from 2001-01-01 --to 2001-01-02T00:00:00Z --count)"
same "a key is a condition" '"two"' "$(own --where 'record.key == "b"')"
own --from 3 >"$work/bad"
grep -q '"offset":3,.*"key":"d",.*"fault":"no_datum_of_the_schema","value_base64":"//4="' "$work/bad" ||
    fail "what is no datum: $(cat "$work/bad")"
grep -q '1 of 1 records could not be decoded' "$work/err" || fail "undecoded records are not counted"

"$bin" cat "$bare" --kafka "$KAFKA" --schema "$work/text.avsc" --follow --limit 1 >"$work/followed" &
follower=$!
tries=0
while kill -0 "$follower" 2>/dev/null; do # until it has seen one; the deadline: 100 messages
    bare '\0006new' e
    tries=$((tries + 1))
    [ "$tries" -lt 100 ] || fail "--follow saw nothing"
done
wait "$follower"
follower=
same "what comes while it follows" '"new"' "$(cat "$work/followed")"

# exits LABEL CODE WORDS COMMAND...
exits() {
    label=$1
    want=$2
    words=$3
    shift 3
    code=0
    said=$("$@" 2>&1) || code=$?
    same "$label" "$want" "$code"
    case $said in *"$words"*) ;; *) fail "$label: not said: $words: $said" ;; esac
}
exits "a topic that is not there" 78 "is not there" "$bin" cat "$name.none" --kafka "$KAFKA"
exits "a partition that is not there" 78 "has partitions 0 to" "$bin" cat "$bare" --kafka "$KAFKA" --partition 999
exits "a cluster that is not there" 69 "" "$bin" cat "$bare" --kafka 127.0.0.1:1
exits "no cluster at all" 64 "--kafka HOST:PORT" "$bin" cat "$bare"
exits "a condition about no field" 64 "did you mean" "$bin" cat detect --pipeline "$pipeline" --where 'subject.prise > 1.0'
exits "a field that is none" 64 "prise" "$bin" cat detect --pipeline "$pipeline" --fields subject.prise
exits "a property that is none" 78 "no.such" "$bin" cat "$bare" --kafka "$KAFKA" -X no.such=1
echo "cat passed=$passed failed=0"
