#!/bin/sh
# draw.sh [DIR] - the pictures of docs/detectors.md, made by `millrace detect --plot` of series made here by formula.
# DIR: where they go (default: beside this script). MILLRACE: the command (default build/release/millrace).
set -eu
out=${1:-$(dirname "$0")}
millrace=${MILLRACE:-build/release/millrace}
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

# series NAME ROWS STEP_S EXPRESSION: rows from 2026-03-01 on. In EXPRESSION, an awk statement that sets v: i is the row, day
# the day with its fraction, wave a daily one between -1 and 1, noise() about a standard deviation, in [-2, 2].
series() {
    awk -v rows="$2" -v step="$3" 'BEGIN {
        seed = 42
        print "timestamp,value"
        for (i = 0; i < rows; i++) {
            day = i * step / 86400
            wave = sin((day - 0.3) * 6.283185307)
            '"$4"'
            printf "%d,%.3f\n", 1772323200 + i * step, v
        }
    }
    function uniform() { seed = (seed * 16807) % 2147483647; return seed / 2147483647 }
    function noise() { return uniform() + uniform() + uniform() + uniform() - 2 }' >"$work/$1.csv"
}

# draw PICTURE SERIES OPTIONS...
draw() {
    picture=$1 name=$2
    shift 2
    "$millrace" detect "$work/$name.csv" --plot "$out/$picture.svg" "$@" >/dev/null
}

series traffic 5760 300 'v = 200 + 80 * wave + 9 * noise()
    if (i == 2700) v += 260
    if (day >= 13 && day < 15) v += 45
    if (day >= 17.3 && day < 18.1) v = 205 + 9 * noise()'
series noon 720 3600 'v = 100 + 40 * wave + 5 * noise(); if (i == 565) v = 62'
series price 90 86400 'v = i < 40 ? 12.9 : 13.9; if (i % 17 == 5) v -= 1.5; if (i == 63) v = 139; if (i == 75) v = 1.39'
series drift 900 600 'v = 50 + 3 * noise(); if (i >= 600) v += 3'
series tail 1500 600 'x = uniform(); v = 20 - 8 * log(x > 0 ? x : 1e-9); if (i == 1200) v = 160'
series sensor 600 600 'v = 21 + 1.5 * wave + 0.3 * noise(); if (i >= 400 && i < 460) v = 21.4'

draw rcre traffic
draw zscore noon --method zscore --sensitivity high
draw seasonal noon --method seasonal --sensitivity high
draw robust_z price --method robust_z
draw rate_of_change price --method rate_of_change
draw change_point drift --method change_point
draw evt tail --method evt
draw range tail --method range
draw stuck sensor --method stuck
