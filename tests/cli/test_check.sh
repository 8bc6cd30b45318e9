#!/bin/sh
# Goal: what can be known before the start is an error of `check`, with file, line, key and a hint; exit 78.
# Method: the shipped pipeline with one thing broken at a time; the message must have the line of the thing and the
# words that tell what to do. The unbroken one must pass.
set -u
bin=$MILLRACE_BUILD/millrace
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
mkdir -p "$work/deploy"
cp -r deploy/pipelines "$work/deploy/"
cp -r schemas "$work/"
good=deploy/pipelines/grocery.yaml
bad=$work/deploy/pipelines/bad.yaml
failed=0
passed=0

# broken LABEL SED-EXPRESSION WORDS...: each of WORDS must be in the output, beside file:line of the change.
broken() {
    label=$1
    sed "$2" "$good" >"$bad"
    shift 2
    line=$(diff "$good" "$bad" | sed -n '1s/.*[acd]\([0-9]*\).*/\1/p')
    said=$("$bin" check "$bad" 2>&1)
    code=$?
    fault=
    [ "$code" = 78 ] || fault="exit code $code"
    # A title's own place is not kept: its rule's stands for it.
    case $label-$said in *title* | *"bad.yaml:$line:"*) ;; *) fault="$fault; no place bad.yaml:$line" ;; esac
    for words in "$@"; do
        case $said in *"$words"*) ;; *) fault="$fault; not said: $words" ;; esac
    done
    if [ -n "$fault" ]; then
        failed=$((failed + 1))
        printf '%s: %s\n%s\n' "$label" "$fault" "$said"
    else
        passed=$((passed + 1))
    fi
}

# exits LABEL CODE COMMAND...
exits() {
    label=$1
    want=$2
    shift 2
    said=$("$@" 2>&1)
    code=$?
    if [ "$code" = "$want" ]; then
        passed=$((passed + 1))
    else
        failed=$((failed + 1))
        printf '%s: exit code %s, not %s\n%s\n' "$label" "$code" "$want" "$said"
    fi
}

exits "the shipped pipeline is usable" 0 "$bin" check "$good"
exits "and explains itself" 0 "$bin" check "$good" --explain
broken "a key that nobody knows" 's/threshold: 15/thresold: 15/' thresold 'did you mean' threshold
broken "a number out of its bounds" 's/values: 16/values: 0/' values 'outside 1..'
broken "a word that is no choice" 's/scale: log/scale: logg/' logg 'did you mean'
broken "a processor that is none" 's/^  - detect:/  - detct:/' detct 'did you mean' detect
broken "a field that the subject lacks" 's/expr: "subject.price > 0.0"/expr: "subject.prise > 0.0"/' \
    prise 'did you mean'
broken "a rule that is no condition" 's/expr: "subject.price > 0.0"/expr: "subject.price"/' bool
broken "an expression that does not parse" 's/expr: "subject.price > 0.0"/expr: "subject.price > "/' price_positive
broken "a key that does not determine the partition" 's/method: robust_z, key: record.key/method: robust_z, key: subject.item_code/' \
    'determine the partition' repartition
broken "a title that could have a gap" 's/subject.name | \\"item without a name\\"}}: {{detection.price.change_percent | +.0f | \\"?\\"}} %"/subject.name}} %"/' \
    'gap'
broken "a feature that the model does not know" 's/^        ratio: /        ration: /' ration
broken "a subject that is not there" 's#price.avsc#prices.avsc#' 'cannot be read'
broken "a sink that reads no stage" 's/stages: \[advise\]/stages: [advice]/' advice 'did you mean' advise
broken "a property that is ours to set" 's/kafka: {/kafka: { enable.auto.commit: "true",/' enable.auto.commit
broken "a variable that is not set" 's/\${KAFKA:localhost:9092}/${MILLRACE_NOT_SET}/' MILLRACE_NOT_SET
broken "a name that no topic can have" 's/^pipeline: grocery/pipeline: gro_cery/' gro_cery

exits "no verb of that name" 64 "$bin" chekc "$good"
exits "no option of that name" 64 "$bin" run "$good" --onse
exits "a pipeline file that is not there" 78 "$bin" check "$work/none.yaml"
exits "no broker there" 69 env KAFKA=127.0.0.1:1 OUT="$work/out" "$bin" run "$good" --once

[ "$failed" = 0 ] || exit 1
echo "check passed=$passed failed=$failed"
