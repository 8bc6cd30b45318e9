#!/bin/sh
# Goal: `millrace cel` checks, evaluates and explains what it is given, and its exit status says how it went.
# Method: a row for each way to call it: arguments, standard input, the output wanted and the status.
set -u
bin=$MILLRACE_BUILD/millrace
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
failed=0
passed=0

cat >"$work/price.avsc" <<'END'
{"type": "record", "name": "Price", "namespace": "shop", "fields": [
  {"name": "name", "type": ["null", "string"], "default": null},
  {"name": "price", "type": "double"},
  {"name": "count", "type": "int", "default": 1},
  {"name": "at", "type": {"type": "long", "logicalType": "timestamp-millis"}, "default": 0},
  {"name": "tags", "type": {"type": "array", "items": "string"}, "default": []}]}
END
printf '{\n  "name": "milk",\n  "price": 5.5,\n  "tags": ["new"]\n}\n' >"$work/one.json"
{
    printf '{"name": {"string": "milk"}, "price": 5.5}\n'
    printf '{"price": "dear"}\n'
    printf '{"name": null, "price": 0, "count": 0}\n'
} >"$work/three.jsonl"

# gives LABEL STATUS WANTED ARGUMENTS...: both outputs, standard error last; input comes from $work/input.
gives() {
    label=$1
    status=$2
    wanted=$3
    shift 3
    said=$(cd "$work" && "$bin" cel "$@" <"$work/input" 2>"$work/errors")
    got=$?
    said=$said$(sed '1s/^/\n/' "$work/errors")
    if [ "$got" = "$status" ] && [ "$said" = "$wanted" ]; then
        passed=$((passed + 1))
    else
        failed=$((failed + 1))
        printf '%s: status %s, not %s; said:\n%s\nnot:\n%s\n' "$label" "$got" "$status" "$said" "$wanted"
    fi
    : >"$work/input"
}

: >"$work/input"
gives "a constant" 0 '3' '1 + 2'
gives "one that begins with a minus" 0 '1' -- '-1 + 2'
gives "several, in columns" 0 '1	true	"a"' 1 '2 > 1' '"a"'
gives "an error is a value, and status 1" 1 'error: division_by_zero' '1 / 0'
gives "false is no error" 0 'false' '1 > 2'
gives "but fails a test" 1 'false' --test '1 > 2'
echo '{"a": {"b": [1, 2.5]}}' >"$work/input"
gives "a record from standard input" 0 'true	{"b":[1,2.5]}' --record - 'x.a.b[1] > 2' 'x.a' --name x
gives "a record laid out over lines" 0 '"milk!"' 'subject.name + "!"' --schema price.avsc --record one.json
gives "many; one of them unreadable" 70 'true
error: no_such_overload
three.jsonl:2: price: not a number' 'subject.name.startsWith("m")' --schema price.avsc --record three.jsonl
gives "the key" 0 '"k-1"' record.key --key k-1
gives "a check tells type and fields" 0 'expression  subject.price > 0.0 && size(subject.name) > 0
type        bool
reads       subject.price  double
reads       subject.name  wrapper(string)' 'subject.price>0.0&&size(subject.name)>0' --schema price.avsc
gives "a mistake has its place" 78 '
1:15: no field '"'prise'"' in shop.Price
  1.0 + subject.prise
                ^ did you mean '"'price'"'?' '1.0 + subject.prise' --schema price.avsc
gives "no record, no name for it" 78 '
1:1: there is no variable '"'subject'"'
  subject.price
  ^ give --record or --schema' subject.price
gives "step by step" 0 '    subject.price = 5.5
  subject.price > 1.0 = true
      subject.count = 1
    subject.count + 1 = 2
  subject.count + 1 > 5 = false
subject.price > 1.0 && subject.count + 1 > 5 = false' --explain --schema price.avsc --record one.json \
    'subject.price > 1.0 && subject.count + 1 > 5'
printf '// rules\n1 + 1\n\nsize("ab")\n1 +\n' >"$work/input"
gives "expressions from standard input" 78 '2
2
1:4: the expression ends too early
  1 +
     ^'
printf 'subject.price\nsubject.at\n' >"$work/input"
gives "expressions over a record" 0 '5.5
"1970-01-01T00:00:00Z"' --schema price.avsc --record one.json
gives "a schema that is not there" 78 '
millrace: configuration is not usable: none.avsc: cannot be opened' true --schema none.avsc
gives "both from standard input" 64 '
millrace: command line is not usable: standard input can be the expressions or the records' --record -

[ "$failed" = 0 ] || exit 1
echo "cel passed=$passed failed=$failed"
