#!/bin/sh
# Goal: a run that is killed ten times at moments nobody chose ends with the same rows as one that was
# left alone: none lost, none doubled, in Kafka and in Postgres.
# Method: the same feeds twice through `grocery` on a real Kafka and Postgres, each under a name of its own;
# the second run is killed with -9 after seeded pauses and started again until it has ended by itself.
# Then the tables are compared row by row (all columns but the place in Kafka), and the topics' committed
# records counted.
set -eu
[ -n "${KAFKA:-}" ] && [ -n "${PG_URL:-}" ] || {
    echo "skipped: KAFKA and PG_URL are not set"
    exit 77
}
bin=$MILLRACE_BUILD/millrace
work=$(mktemp -d /tmp/millrace-kill9.XXXXXX)
trap 'rm -rf "$work"' EXIT
kills=${KILLS:-10}
seed=${SEED:-7}

"$MILLRACE_BUILD/millrace-feeds" --out "$work/feeds" --rows "${ROWS:-60000}" --seed "$seed"

# pipeline NAME: grocery.yaml under another name, with tables of its own, beside copies of its parts.
mkdir -p "$work/deploy"
cp -r deploy/pipelines "$work/deploy/"
cp -r schemas "$work/"
pipeline() {
    mkdir -p "$work/$1"
    sed -e "s/^pipeline: grocery/pipeline: $1/" \
        -e "s/grocery_advisories/$1_advisories/; s/grocery_prices/$1_prices/" \
        -e 's/^partitions: 8/partitions: 4\nsnapshot_interval: 500ms/' \
        deploy/pipelines/grocery.yaml >"$work/deploy/pipelines/$1.yaml"
}

run() {
    FEEDS=$work/feeds OUT=$work/$1/out "$bin" run "$work/deploy/pipelines/$1.yaml" --once --log json \
        --summary "$work/$1/summary.json" >>"$work/$1/log" 2>&1
}

rows() {
    psql -XAtq "$PG_URL" -c "$1"
}

calm=calm$$
killed=killed$$
pipeline $calm
pipeline $killed
run $calm || {
    tail -n 20 "$work/$calm/log"
    exit 1
}

# Kills are spread over about as long as the calm run took.
took=$(sed -n 's/.*"milliseconds":\([0-9]*\).*/\1/p' "$work/$calm/summary.json")
done_kills=0
while [ "$done_kills" -lt "$kills" ]; do
    run $killed &
    pid=$!
    seed=$(((seed * 1103515245 + 12345) % 2147483648))
    pause=$((took / kills / 2 + seed / 7 % (took / kills + 1) + 300))
    perl -e 'select undef, undef, undef, $ARGV[0] / 1000' "$pause" # the moment of the kill
    child=$(pgrep -P "$pid" -x millrace || true)
    if [ -z "$child" ]; then
        wait "$pid" && break # it ended by itself before it could be killed
        tail -n 20 "$work/$killed/log"
        exit 1
    fi
    kill -9 "$child" 2>/dev/null || true
    wait "$pid" 2>/dev/null || true
    done_kills=$((done_kills + 1))
done
run $killed || {
    tail -n 20 "$work/$killed/log"
    exit 1
}

for table in prices advisories; do
    columns=$(rows "select string_agg(quote_ident(column_name), ',' order by ordinal_position)
        from information_schema.columns where table_name = '${calm}_$table'
        and column_name not in ('topic', 'part', 'partition', 'offset', 'src_offset', 'kafka_topic',
        'kafka_partition', 'kafka_offset') and column_name not like '%config%'
        and column_name not in ('id', 'pipeline', 'lineage', 'lineage_configs', 'record',
        'record_schema_id')")
    for side in $calm $killed; do
        rows "copy (select $columns from ${side}_$table) to stdout" | LC_ALL=C sort \
            >"$work/$side.$table"
    done
    cmp "$work/$calm.$table" "$work/$killed.$table" || {
        diff "$work/$calm.$table" "$work/$killed.$table" | head -n 10
        echo "kill9: ${table} differ"
        exit 1
    }
done
count=$(wc -l <"$work/$calm.prices")
advisories=$(wc -l <"$work/$calm.advisories")
[ "$count" -gt 1000 ] || {
    echo "kill9: only $count rows: the comparison would prove nothing"
    exit 1
}
echo "kill9 kills=$done_kills rows=$count advisories=$advisories lost=0 doubled=0"
