#!/bin/sh
# Goal: stock clients read every topic by its schema, without a line of ours: kcat (Debian's has no Avro, so
# fastavro decodes what it prints) and confluent-kafka's deserializer, both with the schemas that --http serves; and so
# does our own cat when it is told no more than they are.
# Method: a small run on a real Kafka that stays up; both clients read each topic to its end and must find
# what the counters say.
set -eu
[ -n "${KAFKA:-}" ] || {
    echo "skipped: KAFKA is not set"
    exit 77
}
bin=$MILLRACE_BUILD/millrace
work=$(mktemp -d /tmp/millrace-readers.XXXXXX)
name=readers$$
pid=
trap '[ -z "$pid" ] || kill "$pid" 2>/dev/null || true; rm -rf "$work"' EXIT

venv=${XDG_CACHE_HOME:-$HOME/.cache}/millrace/readers
[ -x "$venv/bin/python" ] && "$venv/bin/python" -c 'import confluent_kafka, fastavro' 2>/dev/null || {
    python3 -m venv "$venv" && "$venv/bin/pip" install -q 'confluent-kafka[avro,schemaregistry]==2.6.1' \
        >"$work/pip.log" 2>&1 || {
        tail -n 3 "$work/pip.log"
        echo "skipped: confluent-kafka cannot be had from PyPI"
        exit 77
    }
}

"$MILLRACE_BUILD/millrace-feeds" --out "$work/feeds" --rows 4000 >/dev/null
mkdir -p "$work/deploy"
cp -r deploy/pipelines "$work/deploy/"
cp -r schemas "$work/"
pipeline=$work/deploy/pipelines/$name.yaml
sed "s/^pipeline: grocery/pipeline: $name/" deploy/pipelines/grocery.yaml >"$pipeline"
unset PG_URL
export FEEDS="$work/feeds" OUT="$work/out"
"$bin" run "$pipeline" --once --log json --summary "$work/summary.json" 2>"$work/once.log" || {
    tail "$work/once.log"
    exit 1
}
"$bin" run "$pipeline" --http 127.0.0.1:0 --log text 2>"$work/log" &
pid=$!
port=
tries=0
while [ -z "$port" ]; do # the deadline: 30 s
    port=$(sed -n 's/.*http_port=\([0-9][0-9]*\).*/\1/p' "$work/log")
    tries=$((tries + 1))
    [ "$tries" -lt 300 ] && kill -0 "$pid" || {
        cat "$work/log"
        exit 1
    }
    perl -e 'select undef, undef, undef, 0.1'
done

topics="$name.ingest $name.validate $name.detect $name.score $name.advise"
"$venv/bin/python" tests/integration/readers.py "$KAFKA" "http://127.0.0.1:$port" $topics >"$work/python"
read=0
for topic in $topics; do
    stage=${topic#"$name."}
    figure=passed
    [ "$stage" = advise ] && figure=emitted
    want=$("$bin" show "$work/summary.json" --figure "$stage.$figure")
    python=$(awk -v t="$topic" '$1 == t { print $2 }' "$work/python")
    kcat=$(kcat -b "$KAFKA" -C -e -q -t "$topic" -X isolation.level=read_committed -f '%S\n%s' \
        2>"$work/kcat.err" | "$venv/bin/python" tests/integration/readers.py kcat \
        "http://127.0.0.1:$port")
    [ "$want" = "$python" ] && [ "$want" = "$kcat" ] || {
        echo "readers: $topic holds $want, Python read ${python:-none}, kcat $kcat"
        cat "$work/kcat.err"
        exit 1
    }
    # Ours, by the same registry and without the pipeline's file.
    ours=$("$bin" cat "$topic" --kafka "$KAFKA" --registry "http://127.0.0.1:$port" 2>"$work/cat.err" | wc -l)
    [ "$want" -eq "$ours" ] && [ ! -s "$work/cat.err" ] || {
        echo "readers: $topic holds $want, cat read $ours"
        cat "$work/cat.err"
        exit 1
    }
    read=$((read + want))
done
kill -TERM "$pid"
wait "$pid" # SIGTERM drains and exits 0
pid=
[ "$read" -gt 1000 ]
echo "readers topics=5 records=$read"
