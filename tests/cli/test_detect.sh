#!/bin/sh
# Goal: `millrace detect` finds what was planted in a series however the file says it, draws it, and tells what is wrong
# with a file or an option; `millrace nab` needs a directory that is one, and ranks what is in it.
# Method: a series of our own with one fault, written in several ways; words that must be in the output; the picture is
# read as XML and its size is bounded.
set -u
bin=$MILLRACE_BUILD/millrace
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
failed=0
passed=0

# says LABEL CODE WORDS COMMAND...: exit code and words in the output.
says() {
    label=$1 want=$2 words=$3
    shift 3
    said=$("$@" 2>&1)
    code=$?
    case $code-$said in
    "$want"-*"$words"*) passed=$((passed + 1)) ;;
    *)
        failed=$((failed + 1))
        printf '%s: exit code %s, wanted %s and "%s"\n' "$label" "$code" "$want" "$words"
        printf '%s\n' "$said" | head -n 20
        ;;
    esac
}

# series FORMAT: 20 days of hours, a daily wave; hour 400 is ten times what it should be.
series() {
    awk -v format="$1" 'BEGIN {
        print format ~ /;/ ? "when;what" : "timestamp,value"
        for (i = 0; i < 480; i++) {
            v = 100 + 20 * sin(i % 24 / 24 * 6.2831853) + (i * 7919 % 11) / 10
            if (i == 400) v *= 10
            s = 1767225600 + i * 3600
            if (format == "iso") printf "2026-01-%02dT%02d:00:00Z,%.3f\n", 1 + i / 24, i % 24, v
            if (format == "plain") printf "2026-01-%02d %02d:00:00,%.3f\n", 1 + i / 24, i % 24, v
            if (format == "seconds") printf "%d,%.3f\n", s, v
            if (format == "ms") printf "%d000,%.3f\n", s, v
            if (format == "names;") printf "%d;%.3f\n", s, v
        }
    }'
}

for form in iso plain seconds ms 'names;'; do
    series "$form" >"$work/$form.csv"
done
found='2026-01-17 16:00:00'
for form in iso plain seconds ms; do
    says "times as $form" 0 "$found" "$bin" detect "$work/$form.csv" --sensitivity high
done
says "columns by name" 0 "$found" "$bin" detect "$work/names;.csv" --time when --value what --sensitivity=high
says "the sum" 0 'method=zscore threshold=4 rows=480 values=480 alarms=1' "$bin" detect "$work/iso.csv" --method zscore
says "a knob" 0 'alarms=0' "$bin" detect "$work/iso.csv" --method zscore direction=down
says "all rows" 0 '2026-01-17 16:00:00,833.795,' "$bin" detect "$work/iso.csv" --csv
says "standard input" 0 "$found" sh -c "\"$bin\" detect - --sensitivity high <\"$work/iso.csv\""
says "standard input from a pipe, packed" 0 "$found" sh -c "gzip -c \"$work/iso.csv\" | \"$bin\" detect - --method zscore"

says "no such method" 64 'did you mean zscore' "$bin" detect "$work/iso.csv" --method zscor
says "no such option" 64 'did you mean warmup' "$bin" detect "$work/iso.csv" warmpu=3
says "an option that is not the method's" 64 'span: zscore does not use it' "$bin" detect "$work/iso.csv" --method zscore span=3
says "bins beyond the method's" 64 'bins: rcre has at most 24' "$bin" detect "$work/iso.csv" bins=99
says "a number out of bounds" 64 'is outside' "$bin" detect "$work/iso.csv" --threshold=-1
says "a word without =" 64 'is not name=value' "$bin" detect "$work/iso.csv" high
says "no file" 64 'takes a file' "$bin" detect
says "a file that is not there" 64 'cannot be opened' "$bin" detect "$work/none.csv"
printf 'timestamp,value\n2026-01-01,1\n2026-01-02,many\n' >"$work/bad.csv"
says "no number" 70 'bad.csv:3: "many" is not a number' "$bin" detect "$work/bad.csv"
printf 'timestamp,value\nyesterday,1\n' >"$work/bad.csv"
says "no time" 70 'bad.csv:2: "yesterday" is not a time' "$bin" detect "$work/bad.csv"
printf 'timestamp,value\n2026-01-01,1,7\n' >"$work/bad.csv"
says "a field too many" 70 'bad.csv:2: row_malformed' "$bin" detect "$work/bad.csv"
printf 'timestamp,price\n2026-01-01,1\n' >"$work/bad.csv"
says "no such column" 70 'is there a column value' "$bin" detect "$work/bad.csv"
: >"$work/bad.csv"
says "an empty file" 70 'source_empty' "$bin" detect "$work/bad.csv"
printf 'timestamp,value\n2026-01-01,1\n2026-01-02,\n2026-01-03,nan\n2026-01-02,inf\n1969-12-31,-1e-310\n' >"$work/odd.csv"
says "missing, not finite, backwards" 0 'rows=5 values=2 alarms=0' "$bin" detect "$work/odd.csv" --plot "$work/odd.svg"
says "no place for the picture" 70 'cannot be written' "$bin" detect "$work/iso.csv" --plot "$work/none/x.svg"
says "nab without a directory" 64 'takes a directory' "$bin" nab
mkdir -p "$work/nab/data/a" "$work/nab/labels" "$work/nab/results/told"
awk 'BEGIN { print "timestamp,value"; for (i = 0; i < 400; i++) printf "2026-01-%02d %02d:00:00,%d\n", 1 + i / 24, i % 24, i == 300 ? 999 : i * 7919 % 101 }' >"$work/nab/data/a/x.csv"
echo '{"a/x.csv": [["2026-01-13 00:00:00.000000", "2026-01-13 20:00:00.000000"]]}' >"$work/nab/labels/combined_windows.json"
echo 'not a detector' >"$work/nab/results/README.md"
for profile in standard reward_low_FP_rate reward_low_FN_rate; do
    printf 'Detector,Profile,File,Threshold,Score\ntold,%s,a/x.csv,0.5,-0.5\n' "$profile" >"$work/nab/results/told/told_${profile}_scores.csv"
done
says "a leaderboard, best first" 0 ' 1 *zscore  ' "$bin" nab "$work/nab" --method zscore
says "and who was told of" 0 ' 2  told  ' "$bin" nab "$work/nab" --method zscore
says "what is no detector is not in it" 0 'files=1' sh -c '"$1" nab "$2" --method zscore | { ! grep README; } && "$1" nab "$2" --method zscore' sh "$bin" "$work/nab"
says "nab of something else" 64 'combined_windows.json' "$bin" nab "$work"

# Two hundred thousand rows: the picture stays small, and the one spike is in it.
awk 'BEGIN { print "t,v"; for (i = 0; i < 200000; i++) print i * 60 "," (i == 123456 ? 9999 : i * 7919 % 101) }' >"$work/long.csv"
says "a long series" 0 'rows=200000' "$bin" detect "$work/long.csv" --method zscore --plot "$work/long.svg"
says "a picture" 0 'alarms=1' "$bin" detect "$work/iso.csv" --method zscore --plot "$work/iso.svg"
says "the pictures are SVG" 0 'good' python3 - "$work" <<'EOF'
import os, sys, xml.etree.ElementTree as tree
for name in ("odd", "iso", "long"):
    path = f"{sys.argv[1]}/{name}.svg"
    size = os.path.getsize(path)
    assert size < 300000, (name, size)
    root = tree.parse(path).getroot()
    ns = "{http://www.w3.org/2000/svg}"
    words = [t.text for t in root.iter(ns + "text")]
    assert {"value", "expected", "alarm", "0.5"} <= set(words), words
    dots = root.findall(ns + "circle")
    assert len(dots) == {"odd": 0, "iso": 1, "long": 1}[name], (name, len(dots))
    for line in root.iter(ns + "polyline"):
        for point in line.get("points").split():
            x, y = map(float, point.split(","))
            assert 69 <= x <= 981 and 55 <= y <= 421, (name, point)
print("good")
EOF

echo "detect passed=$passed failed=$failed"
[ "$failed" = 0 ]
