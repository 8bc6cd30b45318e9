#!/bin/sh
# Goal: the shipped pipeline finds what the generator planted, each kind of it, and tells little else.
# Method: feeds of two seeds through `grocery` as it is shipped, scored against their truth; of each kind of fault at
# least eight in ten are found, and of what is claimed at least eight in ten are right.
set -u
bin=$MILLRACE_BUILD
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
failed=0
kinds=0

for seed in 5 6; do
    FEEDS=$work/feeds$seed
    OUT=$work/out$seed
    export FEEDS OUT
    mkdir "$OUT"
    "$bin/millrace-feeds" --out "$FEEDS" --rows 40000 --seed "$seed" >"$work/log" 2>&1 &&
        "$bin/millrace" run deploy/pipelines/grocery.yaml --embedded --once >"$work/log" 2>&1 &&
        "$bin/millrace-feeds" --score "$FEEDS/truth.csv" "$OUT/grocery.advise.jsonl" >"$work/score" || {
        tail -n 20 "$work/log"
        exit 1
    }
    awk -v seed="$seed" '
        /recall=/ { sub(/.*recall=/, ""); if ($0 + 0 < 0.8) bad = 1 }
        END { exit bad }' "$work/score" || failed=1
    awk '/^score / { sub(/.*precision=/, ""); exit !($0 + 0 >= 0.8) }' "$work/score" || failed=1
    for kind in price_x10 decimal_slip unit_swapped truncated_gz feed_gone store_silent items_vanish; do
        if grep -q "^kind=$kind planted=[1-9]" "$work/score"; then
            kinds=$((kinds + 1))
        else
            echo "seed $seed: nothing of kind $kind was planted"
            failed=1
        fi
    done
    [ "$failed" = 0 ] || cat "$work/score"
done
echo "grocery seeds=2 kinds=$kinds failed=$failed"
exit "$failed"
