#!/bin/sh
# The main job, from nothing: installs what it needs, builds, makes two days of price feeds with faults
# planted in them, runs the pipeline `grocery` over them and shows what came out.
#
#   sh deploy/demo.sh            on the broker in the process
#   sh deploy/demo.sh --local    on a real Kafka and Postgres of its own (deploy/local)
#
# Everything it makes is below $MILLRACE_DEMO (default: build/demo; with --local: /tmp/millrace-demo).
# MILLRACE_ROWS: about how many rows of feeds (default 224000).
set -eu
cd "$(dirname "$0")/.."

mode=embedded
[ "${1:-}" = --local ] && mode=local
if [ "$mode" = local ]; then
    out=${MILLRACE_DEMO:-/tmp/millrace-demo}
else
    out=${MILLRACE_DEMO:-build/demo}
fi
started=$(date +%s)

say() { printf '\n== %s\n' "$*"; }

# quietly NAME COMMAND...: its output goes to a log, and is shown when it fails.
mkdir -p "$out"
quietly() {
    log=$out/$1.log
    shift
    "$@" >"$log" 2>&1 || {
        tail -n 40 "$log"
        exit 69
    }
}

say "packages"
groups=build
[ "$mode" = embedded ] || groups="build servers"
# shellcheck disable=SC2086
quietly packages sh deploy/packages.sh install $groups

say "build (a minute or two)"
quietly configure cmake --preset release
quietly build cmake --build --preset release --target millrace millrace-feeds

say "feeds: two days, five dialects, faults planted (listed in $out/feeds/truth.csv)"
rm -rf "$out/feeds" "$out/output"
mkdir -p "$out/output"
out=$(cd "$out" && pwd)
build/release/millrace-feeds --out "$out/feeds" --rows "${MILLRACE_ROWS:-224000}"

say "run"
FEEDS=$out/feeds
OUT=$out/output
export FEEDS OUT
if [ "$mode" = local ]; then
    trap 'sh deploy/local/down.sh "$out/servers" >/dev/null 2>&1' EXIT
    rm -rf "$out/servers"
    sh deploy/local/up.sh "$out/servers"
    set -a
    . "$out/servers/env"
    set +a
    build/release/millrace run deploy/pipelines/grocery.yaml --once --log text \
        --summary "$out/summary.json"
else
    build/release/millrace run deploy/pipelines/grocery.yaml --embedded --once --log text \
        --summary "$out/summary.json"
fi

say "advisories (the first twenty of the gravest)"
build/release/millrace show "$OUT/grocery.advise.jsonl" --top 20

say "against the truth"
score=$(build/release/millrace-feeds --score "$FEEDS/truth.csv" "$OUT/grocery.advise.jsonl")
printf '%s\n' "$score"

say "where things are"
cat <<END
  advisories      $OUT/grocery.advise.jsonl
  counts          $out/summary.json
  feeds, truth    $FEEDS
END
[ "$mode" = local ] && cat <<END
  tables          grocery_advisories and grocery_prices in a Postgres that ends with this script
END
cat <<END

Try next:
  build/release/millrace check deploy/pipelines/grocery.yaml --explain
  MILLRACE_ROWS=1000000 sh deploy/demo.sh
  sh deploy/demo.sh --local
END

# figure STAGE NAME: from the summary.
figure() { build/release/millrace show "$out/summary.json" --figure "$1.$2"; }
field() { printf '%s\n' "$score" | sed -n "s/^score .*$1=\([^ ]*\).*/\1/p"; }

dead=$(($(figure ingest rejected) + $(figure validate rejected) + $(figure detect rejected) + \
    $(figure score rejected) + $(figure advise rejected)))
printf 'demo rows=%s valid=%s dead=%s anomalies=%s advisories=%s precision=%s recall=%s seconds=%s\n' \
    "$(figure ingest in)" "$(figure validate passed)" "$dead" "$(figure detect flagged)" \
    "$(figure advise emitted)" "$(field precision)" "$(field recall)" $(($(date +%s) - started))
