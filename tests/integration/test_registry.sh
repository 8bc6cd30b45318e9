#!/bin/sh
# Goal: with a real registry between, stock clients read every topic that we write, and we read what they write
# as if it were ours: another version of the schema, and one that refers to others. A registry with a password
# and a certificate is no different, one that is not there is told.
# Method: Apicurio, confluent-kafka and Apicurio's Java serde, all of them others' code; for GUIDs, which Apicurio
# does not have, franz-go's registry in memory, where there is Go. The topic that ingest
# wrote is copied by each client into that of a pipeline of its own; what the two pipelines make of it is the
# same, record by record.
set -eu
[ -n "${KAFKA:-}" ] || {
    echo "skipped: KAFKA is not set"
    exit 77
}
bin=$MILLRACE_BUILD/millrace
work=$(mktemp -d /tmp/millrace-registry.XXXXXX)
name=reg$$
guids=
cache=${XDG_CACHE_HOME:-$HOME/.cache}/millrace
clients="$cache/registry-clients-2"
stages="ingest validate detect score advise"
inner="--stage validate --stage detect --stage score --stage advise"

finish() {
    [ -z "$guids" ] || kill "$guids" 2>/dev/null || true
    sh deploy/local/registry.sh stop "$work/open" >/dev/null 2>&1 || true
    sh deploy/local/registry.sh stop "$work/closed" >/dev/null 2>&1 || true
    rm -rf "$work"
}
trap finish EXIT
trap 'exit 130' INT TERM

skip() {
    echo "skipped: $*"
    exit 77
}

fail() {
    echo "registry: $*"
    exit 1
}

venv=$cache/registry-python
[ -x "$venv/bin/python" ] && "$venv/bin/python" -c 'import confluent_kafka, fastavro' 2>/dev/null || {
    python3 -m venv "$venv" && "$venv/bin/pip" install -q 'confluent-kafka[avro,schemaregistry]==2.16.0' \
        >"$work/pip.log" 2>&1 || skip "confluent-kafka cannot be had from PyPI"
}
[ -f "$clients/Clients.class" ] || {
    mvn -B -q -f tests/integration/registry/pom.xml -Dmaven.repo.local="$work/repository" \
        dependency:copy-dependencies -DincludeScope=runtime -DoutputDirectory="$work/jars" \
        >"$work/mvn.log" 2>&1 || skip "Apicurio's serde cannot be had from Maven Central"
    java -cp "$work/jars/*" org.eclipse.jdt.internal.compiler.batch.Main -17 -d "$work/jars" \
        tests/integration/registry/Clients.java || fail "Clients.java does not compile"
    rm -rf "$clients" "$work/repository"
    mv "$work/jars" "$clients"
}
# The fetch alone may fail for want of a network; a registry that was fetched has to start.
mkdir "$work/open" "$work/closed"
sh deploy/local/registry.sh start "$work/open" >"$work/registry.log" 2>&1 || {
    grep -q "could not be fetched\|cannot be had" "$work/registry.log" && skip "Apicurio cannot be had"
    cat "$work/registry.log"
    fail "Apicurio does not start"
}
. "$work/open/env"
export REGISTRY

python() {
    timeout 300 "$venv/bin/python" tests/integration/registry_clients.py "$@"
}

java_client() {
    timeout 300 java -XX:-UsePerfData -cp "$clients/*:$clients" Clients "$1" "$KAFKA" \
        "${REGISTRY%ccompat/v7}registry/v3" "$2" "$3" ${4:+"$4" "$5" "$6"} 2>"$work/java.err"
}

# pipeline NAME [more of registry:]: a pipeline file of that name; sets $pipeline.
pipeline() {
    pipeline=$work/deploy/pipelines/$1.yaml
    {
        sed "s/^pipeline: grocery/pipeline: $1/" deploy/pipelines/grocery.yaml
        printf 'registry:\n  url: "${REGISTRY}"\n  deadline: 60s\n  attempt_deadline: 20s\n'
        printf '%s' "${2:-}"
    } >"$pipeline"
}

# run NAME MORE FLAGS...: to its end; the counts are in $work/NAME.json.
run() {
    who=$1
    pipeline "$1" "$2"
    shift 2
    timeout 300 "$bin" run "$pipeline" --once --log json --summary "$work/$who.json" "$@" 2>"$work/$who.log"
}

figure() {
    "$bin" show "$work/$1.json" --figure "$2"
}

"$MILLRACE_BUILD/millrace-feeds" --out "$work/feeds" --rows 1000 >/dev/null
mkdir -p "$work/deploy"
cp -r deploy/pipelines "$work/deploy/"
cp -r schemas "$work/"
unset PG_URL
export FEEDS="$work/feeds" OUT="$work/out"

# --- ours, read by theirs
run "${name}a" '  compatibility: BACKWARD' || {
    tail "$work/${name}a.log"
    fail "the pipeline does not run"
}
set --
for stage in $stages; do
    set -- "$@" "${name}a.$stage"
done
python read "$KAFKA" "$REGISTRY" "$@" >"$work/python.read"
java_client read "$@" >"$work/java.read" || {
    cat "$work/java.err"
    fail "Apicurio's deserializer fails"
}
read=0
for stage in $stages; do
    figure=passed
    [ "$stage" = advise ] && figure=emitted
    want=$(figure "${name}a" "$stage.$figure")
    for client in python java; do
        got=$(awk -v t="${name}a.$stage" '$1 == t { print $2 }' "$work/$client.read")
        [ "$want" = "$got" ] || fail "$stage holds $want, $client read ${got:-none}"
    done
    # Ours, by the registry that the pipeline's file names.
    ours=$("$bin" cat "$stage" --pipeline "$pipeline" 2>"$work/cat.err" | wc -l)
    [ "$want" -eq "$ours" ] && [ ! -s "$work/cat.err" ] || {
        cat "$work/cat.err"
        fail "$stage holds $want, cat read $ours"
    }
    read=$((read + want))
done
[ "$read" -gt 1000 ] || fail "only $read records"

# --- theirs, read by us: what comes of it is what came of ours
python make "$KAFKA" "$REGISTRY" "${name}b.ingest" "${name}c.ingest"
python copy "$KAFKA" "$REGISTRY" "${name}a.ingest" "${name}b.ingest" >"$work/copied"
java_client copy "${name}a.ingest" "${name}c.ingest" >>"$work/copied" || {
    cat "$work/java.err"
    fail "Apicurio's serializer fails"
}
for other in b c; do
    # shellcheck disable=SC2086
    run "$name$other" '' $inner || {
        tail "$work/$name$other.log"
        fail "the pipeline of $other does not run"
    }
    copied=$(awk -v t="$name$other.ingest" '$1 == t { print $2 }' "$work/copied")
    [ "$copied" = "$(figure "$name$other" validate.in)" ] || fail "$copied copied, others read: $other"
    for stage in validate detect; do
        python dump "$KAFKA" "$REGISTRY" "$name$other.$stage" >"$work/$other.$stage"
    done
    theirs=$((${theirs:-0} + copied))
done
for stage in validate detect; do
    python dump "$KAFKA" "$REGISTRY" "${name}a.$stage" >"$work/a.$stage"
    cmp "$work/a.$stage" "$work/b.$stage" || fail "$stage makes something else of confluent-kafka's records"
done
[ "$(figure "${name}b" validate.rejected)" = 0 ] && [ "$(figure "${name}c" validate.rejected)" = 0 ] ||
    fail "records of others are rejected"
[ -s "$work/c.validate" ] && [ "$(comm -23 "$work/c.validate" "$work/a.validate" | wc -l)" = 0 ] ||
    fail "validate makes something else of Apicurio's records"
references=$(python references "$KAFKA" "$REGISTRY" "${name}c.ingest")
[ "$references" -gt 0 ] || fail "Apicurio's serializer is supposed to register with references"

# --- records that name their schema by a GUID in a header, by a registry that has such
named_by_guid=skipped
if command -v go >/dev/null && (cd tests/integration/registry/guids && go build -o "$work/guids" . >"$work/go.log" 2>&1); then
    "$work/guids" >"$work/guids.address" &
    guids=$!
    tries=0
    while [ ! -s "$work/guids.address" ]; do # the deadline: 10 s
        tries=$((tries + 1))
        [ "$tries" -lt 100 ] || fail "the registry with GUIDs does not start"
        perl -e 'select undef, undef, undef, 0.1'
    done
    REGISTRY=$(cat "$work/guids.address")
    run "${name}h" '' --stage ingest || fail "ingest does not run with the registry with GUIDs"
    python make "$KAFKA" "$REGISTRY" "${name}i.ingest"
    python copy "$KAFKA" "$REGISTRY" "${name}h.ingest" "${name}i.ingest" --guid >"$work/copied"
    run "${name}i" '' --stage validate || fail "records named by GUIDs are not read"
    named_by_guid=$(figure "${name}i" validate.passed)
    [ "$named_by_guid" = "$(figure "${name}a" validate.passed)" ] || fail "$named_by_guid passed, named by GUIDs"
    # And by cat, without the pipeline: the registry alone knows these schemas.
    ours=$("$bin" cat "${name}i.ingest" --kafka "$KAFKA" --registry "$REGISTRY" \
        --where 'subject.shelf == "the third from below"' 2>"$work/cat.err" | wc -l)
    copied=$(awk '{ print $2 }' "$work/copied")
    [ "$copied" -eq "$ours" ] && [ ! -s "$work/cat.err" ] || {
        cat "$work/cat.err"
        fail "$copied copied, named by GUIDs, cat read $ours"
    }
fi

# --- with a password and a certificate; and without what they want
openssl req -x509 -newkey rsa:2048 -nodes -days 2 -subj /CN=127.0.0.1 -addext subjectAltName=IP:127.0.0.1 \
    -keyout "$work/key.pem" -out "$work/cert.pem" 2>/dev/null
export REGISTRY_AUTH=alice:secret REGISTRY_TLS="$work/cert.pem:$work/key.pem"
sh deploy/local/registry.sh start "$work/closed" >"$work/registry.log" 2>&1 || {
    cat "$work/registry.log"
    fail "Apicurio does not start with TLS"
}
. "$work/closed/env"
echo secret >"$work/password"
echo wrong >"$work/wrong"
known="  ca_file: $work/cert.pem
  user: alice
"
run "${name}d" "$known  password_file: $work/password" --embedded || {
    tail "$work/${name}d.log"
    fail "with user, password and certificate the pipeline does not run"
}
away="https://127.0.0.1:1, $REGISTRY"
REGISTRY=$away run "${name}j" "$known  password_file: $work/password
  context: team
" --embedded || {
    tail "$work/${name}j.log"
    fail "with a second address and a context the pipeline does not run"
}
[ "$(figure "${name}d" detect.passed)" = "$(figure "${name}j" detect.passed)" ] || fail "an address, and what comes"
status=0
run "${name}e" "$known  password_file: $work/wrong" --embedded || status=$?
[ "$status" = 70 ] && grep -q "does not let us" "$work/${name}e.log" || fail "a wrong password: $status"
status=0
run "${name}f" "" --embedded || status=$?
[ "$status" = 78 ] && grep -qi certificate "$work/${name}f.log" || fail "a strange certificate: $status"

# --- away
sh deploy/local/registry.sh stop "$work/closed"
status=0
REGISTRY=http://127.0.0.1:1 run "${name}g" "" --embedded || status=$?
[ "$status" = 69 ] && grep -q "127.0.0.1:1/subjects" "$work/${name}g.log" || fail "no registry: $status"
echo "registry topics=5 read_by_others=$read read_from_others=$theirs references=$references named_by_guid=$named_by_guid"
