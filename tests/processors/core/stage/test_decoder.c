/* Goal: whichever schema wrote a record, and however the record names it, what comes out is what
 * our own record would have given, byte for byte; a schema that cannot be had is the record's
 * fault, and a registry that is away is nobody's: the record waits.
 * Method: the rig's chain over the log in memory, once with ingest's records and once with the same
 * data as another producer writes them; a registry in memory that misbehaves on demand. */
#include "tests/support/registry_fake.h"
#include "tests/support/steps.h"

#include "processors/core/codec/frame.h"
#include "processors/core/codec/json.h"

#include <stdlib.h>
#include <string.h>

/* The subject as another producer has it: in another order, an int where we read a long, a field
 * more. What it has not is in no row: see with_gap. */
static const char older[] =
    "{\"type\":\"record\",\"name\":\"Item\",\"namespace\":\"rig\",\"fields\":["
    "{\"name\":\"shelf\",\"type\":[\"null\",\"string\"]},{\"name\":\"team\",\"type\":\"string\"},"
    "{\"name\":\"value\",\"type\":\"int\"},{\"name\":\"id\",\"type\":\"string\"}]}";
static const char with_gap[] =
    "{\"type\":\"record\",\"name\":\"Item\",\"namespace\":\"rig\",\"fields\":["
    "{\"name\":\"id\",\"type\":\"string\"}]}";
static const char *const topics[] = {"rig.sieve", "rig.sieve.dlq", "rig.count",
                                     "rig.emit",  "rig.count.dlq", NULL};
#define CHAIN "partitions: 3\ncommit_records: 40\n" RIG_CHAIN

/* How a record names its schema. */
enum naming {
    BY_ID,
    BY_GUID,
    BY_HEADER_ID,
    BY_HEADER_GUID,
    BY_KEY_HEADER /* and the key is Avro too */
};

struct fixture {
    struct rig rig;
    struct registry_fake fake;
    struct mr_registry *registry;
    struct mr_registry_settings settings;
    const char *url;
    struct mr_arena *arena;
};

/* options: more of the pipeline file. The registry, if wanted, is there and connected. */
static void open_fixture(struct fixture *fixture, const char *options, bool has_registry)
{
    char yaml[512];

    memset(fixture, 0, sizeof(*fixture));
    fixture->arena = mr_arena_new((size_t)16 << 20);
    rig_init(&fixture->rig);
    fixture->rig.older = older;
    (void)snprintf(yaml, sizeof(yaml), "%s%s", options, CHAIN);
    rig_open(&fixture->rig, yaml);
    if (!has_registry) {
        return;
    }
    registry_fake_open(&fixture->fake);
    fixture->url = registry_fake_url(&fixture->fake);
    fixture->settings = (struct mr_registry_settings){.url = {&fixture->url, 1},
                                                      .context = "",
                                                      .auto_register = true,
                                                      .deadline = 1000,
                                                      .attempt_deadline = 1000,
                                                      .attempts = 2,
                                                      .absent_for = 1000};
    assert_int_equal(MR_OK, mr_registry_new(&fixture->settings, sim_world_clock(fixture->rig.world),
                                            &fixture->registry, NULL));
    mr_catalogue_connect(fixture->rig.pipeline->catalogue, fixture->registry);
}

static void close_fixture(struct fixture *fixture)
{
    rig_close(&fixture->rig);
    mr_registry_free(fixture->registry);
    if (fixture->fake.stub != NULL) {
        registry_fake_close(&fixture->fake);
    }
    mr_arena_free(fixture->arena);
}

static void work(struct rig *rig)
{
    if (rig_work(rig, 1, 3) != MR_OK) {
        fail_msg("%s", rig->error.text);
    }
}

/* The schema of rig.ingest over another subject. */
static struct mr_schema *over(const char *subject)
{
    struct mr_schema *schema = NULL;
    struct mr_segment *segment;
    struct rig rig;
    json_t *json;
    char *text;

    rig_init(&rig);
    rig_open(&rig, CHAIN);
    assert_int_equal(MR_OK, rig_segment(&rig, 1, 3, &segment));
    json = json_loads(mr_schema_text(mr_segment_schema(segment, 0)), 0, NULL);
    if (subject != NULL) {
        json_t *fields = json_object_get(json, "fields");

        assert_int_equal(0, json_object_set_new(json_array_get(fields, 0), "type",
                                                json_loads(subject, 0, NULL)));
    }
    text = json_dumps(json, JSON_COMPACT);
    assert_int_equal(MR_OK, mr_schema_parse(mr_span_text(text), &schema, NULL));
    free(text);
    json_decref(json);
    mr_segment_free(segment);
    rig_close(&rig);
    return schema;
}

/* One record of rig.ingest on its way from one log to another. */
struct passage {
    struct fixture *to;
    const struct mr_schema *from_schema, *schema;
    int32_t partition, id;
    enum naming naming;
    struct mr_header headers[2];
    size_t header_count;
    uint8_t name[17];
};

static struct mr_span prefix(struct passage *passage)
{
    if (passage->naming == BY_GUID || passage->naming == BY_HEADER_GUID) {
        passage->name[0] = 1;
        registry_fake_guid(passage->id, passage->name + 1);
        return (struct mr_span){passage->name, 17};
    }
    mr_frame_write(passage->name, passage->id);
    return (struct mr_span){passage->name, MR_FRAME_SIZE};
}

static struct mr_span join(struct mr_arena *arena, struct mr_span a, struct mr_span b)
{
    uint8_t *bytes = mr_arena_bytes(arena, a.size + b.size + 1);

    assert_non_null(bytes);
    memcpy(bytes, a.data, a.size);
    memcpy(bytes + a.size, b.data, b.size);
    return (struct mr_span){bytes, a.size + b.size};
}

/* The datum in the passage's schema. */
static struct mr_span rewrite(struct passage *passage, struct mr_span datum)
{
    struct mr_arena *arena = passage->to->arena;
    struct mr_span text, out = {NULL, 0};
    struct mr_error err = {0};
    json_t *json;
    char *dump;

    assert_null(mr_json_print(passage->from_schema, datum, MR_JSON_AVRO, arena, &text));
    json = json_loadb((const char *)text.data, text.size, JSON_ALLOW_NUL, NULL);
    (void)json_object_set_new(json_object_get(json, "subject"), "shelf", json_null());
    dump = json_dumps(json, JSON_COMPACT);
    if (mr_json_read(passage->schema, mr_span_text(dump), arena, &out, &err) != MR_OK) {
        /* a schema without shelf */
        (void)json_object_del(json_object_get(json, "subject"), "shelf");
        free(dump);
        dump = json_dumps(json, JSON_COMPACT);
        if (mr_json_read(passage->schema, mr_span_text(dump), arena, &out, &err) != MR_OK) {
            fail_msg("%s: %s", dump, err.text);
        }
    }
    free(dump);
    json_decref(json);
    return out;
}

static void pass_on(void *context, const struct sim_record *record)
{
    struct passage *passage = context;
    struct mr_arena *arena = passage->to->arena;
    struct mr_output output = {.key = record->key, .timestamp_ms = record->timestamp_ms};
    struct mr_header header = {"__value_schema_id", {NULL, 0}};
    struct mr_frame frame;
    struct mr_span datum;

    assert_null(mr_frame_read(record->value, &frame));
    datum = rewrite(passage, frame.datum);
    if (passage->naming == BY_ID || passage->naming == BY_GUID) {
        output.value = join(arena, prefix(passage), datum);
    } else {
        header.value = prefix(passage);
        output.value = datum;
        output.headers = &header;
        output.header_count = 1;
    }
    if (passage->naming == BY_KEY_HEADER) {
        const uint8_t size = (uint8_t)(record->key.size * 2);

        assert_true(record->key.size < 64);
        output.key = join(arena, (struct mr_span){&size, 1}, record->key);
        output.value = join(arena, prefix(passage), datum);
        header = (struct mr_header){"__key_schema_id", MR_SPAN("\0\0\0\0\x63")};
    }
    sim_log_put(passage->to->rig.log, "rig.ingest", passage->partition, &output);
}

/* What ingest wrote into `from`, as another producer writes it into `to`. */
static void copy_as(struct fixture *to, struct fixture *from, const struct mr_schema *schema,
                    int32_t id, enum naming naming)
{
    struct mr_schema *own = over(NULL);
    struct passage passage = {
        .to = to, .from_schema = own, .schema = schema, .id = id, .naming = naming};

    for (; passage.partition < 3; passage.partition++) {
        sim_log_each(from->rig.log, "rig.ingest", passage.partition, pass_on, &passage);
    }
    mr_schema_free(own);
}

static const char *add_key_schema(struct registry_fake *fake)
{
    static const char text[] = "\"string\"";

    for (int i = (int)json_array_size(fake->schemas); i < 0x62; i++) {
        (void)json_array_append_new(fake->schemas, json_pack("{s:s}", "schema", ""));
    }
    assert_int_equal(0x63, registry_fake_add(fake, "key", text, NULL));
    return text;
}

static void compare(struct fixture *expected, struct fixture *actual, const char *label)
{
    struct steps_picture wanted, got;

    steps_take(&wanted, &expected->rig, topics, true);
    steps_take(&got, &actual->rig, topics, true);
    steps_compare(&wanted, &got, label);
    steps_drop(&wanted);
    steps_drop(&got);
}

static void open_reference(struct fixture *fixture, bool has_registry)
{
    open_fixture(fixture, "", has_registry);
    assert_int_equal(MR_OK, rig_ingest(&fixture->rig));
    work(&fixture->rig);
    assert_true(fixture->rig.sums[3].emitted > 0);
}

static void a_record_of_an_older_subject_is_read_as_ours(void **state)
{
    struct mr_schema *schema = over(older);
    struct fixture reference, actual;

    (void)state;
    open_reference(&reference, false);
    open_fixture(&actual, "older_subjects: [older.avsc]\n", false);
    copy_as(&actual, &reference, schema, mr_schema_id(schema), BY_ID);
    work(&actual.rig);
    compare(&reference, &actual, "older subject");
    close_fixture(&actual);

    open_fixture(&actual, "", false); /* and not where it is not listed */
    copy_as(&actual, &reference, schema, mr_schema_id(schema), BY_ID);
    atomic_store(&actual.rig.phase.is_stopping, false);
    actual.rig.pipeline->settings->reject_ratio_max = 1.0;
    work(&actual.rig);
    assert_int_equal(0, actual.rig.sums[1].passed);
    assert_int_equal(sim_log_count(actual.rig.log, "rig.ingest"), actual.rig.sums[1].rejected);
    close_fixture(&actual);
    close_fixture(&reference);
    mr_schema_free(schema);
}

static void a_record_is_read_by_whatever_names_its_schema(void **state)
{
    static const struct {
        const char *label;
        enum naming naming;
        bool is_own_text;
    } rows[] = {
        {"id", BY_ID, false},
        {"GUID", BY_GUID, false},
        {"id in a header", BY_HEADER_ID, false},
        {"GUID in a header", BY_HEADER_GUID, false},
        {"our schema by its GUID", BY_GUID, true},
        {"our schema in a header", BY_HEADER_ID, true},
        {"an Avro key", BY_KEY_HEADER, false},
    };
    struct fixture reference;

    (void)state;
    open_reference(&reference, true);
    for (size_t i = 0; i < MR_COUNT(rows); i++) {
        struct mr_schema *schema = over(rows[i].is_own_text ? NULL : older);
        struct mr_segment *segment;
        struct fixture actual;
        int id;

        print_message("  %s\n", rows[i].label);
        open_fixture(&actual, "", true);
        assert_int_equal(MR_OK,
                         rig_segment(&actual.rig, 1, 3, &segment)); /* registers ours first */
        mr_segment_free(segment);
        id = registry_fake_add(&actual.fake, "x-value", mr_schema_text(schema), NULL);
        (void)add_key_schema(&actual.fake);
        copy_as(&actual, &reference, schema, id, rows[i].naming);
        work(&actual.rig);
        compare(&reference, &actual, rows[i].label);
        close_fixture(&actual);
        mr_schema_free(schema);
    }
    close_fixture(&reference);
}

static void a_pipeline_can_move_to_a_registry_with_its_topics(void **state)
{
    struct fixture local, moved;
    struct mr_schema *own = over(NULL);

    (void)state;
    open_reference(&local, false);
    open_fixture(&moved, "", true);
    copy_as(&moved, &local, own, mr_schema_id(own), BY_ID);
    work(&moved.rig);
    assert_int_equal(local.rig.sums[1].passed, moved.rig.sums[1].passed);
    assert_int_equal(local.rig.sums[3].emitted, moved.rig.sums[3].emitted);
    close_fixture(&moved);
    close_fixture(&local);
    mr_schema_free(own);
}

static struct mr_span header_of(const struct sim_record *record, const char *name)
{
    for (size_t i = 0; i < record->header_count; i++) {
        if (strcmp(record->headers[i].name, name) == 0) {
            return record->headers[i].value;
        }
    }
    return (struct mr_span){NULL, 0};
}

static void check_letter(void *context, const struct sim_record *record)
{
    const struct mr_header *wanted = context;
    const struct mr_span reason = header_of(record, "__connect.errors.exception.class.name");
    const struct mr_span carried = header_of(record, "__value_schema_id");

    if (!mr_span_is(reason, wanted->name)) {
        fail_msg("%s: %.*s", wanted->name, MR_SPAN_ARGS(reason));
    }
    assert_true(mr_span_equal(wanted->value, carried));
}

static void what_cannot_be_read_is_a_dead_letter_with_its_reason(void **state)
{
    struct mr_schema *gap = over(with_gap);
    const struct {
        const char *label, *reason;
        struct mr_span key, value, value_schema, key_schema;
    } rows[] = {
        {"an id that is nowhere", "schema_unknown", MR_SPAN("k"), MR_SPAN("\0\0\0\7\7x"),
         MR_SPAN(""), MR_SPAN("")},
        {"a GUID that is nowhere", "schema_unknown", MR_SPAN("k"),
         MR_SPAN("\1GGGGGGGGGGGGGGG\377x"), MR_SPAN(""), MR_SPAN("")},
        {"a GUID that is none", "frame_too_short", MR_SPAN("k"), MR_SPAN("\1GGGG"), MR_SPAN(""),
         MR_SPAN("")},
        {"a field that the writer lacks", "schema_incompatible", MR_SPAN("k"),
         MR_SPAN("\0\0\0\0\x50x"), MR_SPAN(""), MR_SPAN("")},
        {"no Avro", "schema_not_avro", MR_SPAN("k"), MR_SPAN("\0\0\0\0\x51x"), MR_SPAN(""),
         MR_SPAN("")},
        {"a header that names nothing", "frame_header_unreadable", MR_SPAN("k"), MR_SPAN("x"),
         MR_SPAN("17"), MR_SPAN("")},
        {"a header with more behind", "frame_header_unreadable", MR_SPAN("k"), MR_SPAN("x"),
         MR_SPAN("\0\0\0\0\1x"), MR_SPAN("")},
        {"a datum cut short", "datum_truncated", MR_SPAN("k"), MR_SPAN("\6ab"),
         MR_SPAN("\0\0\0\0\1"), MR_SPAN("")},
        {"a tombstone with a header",
         "datum_truncated",
         MR_SPAN("k"),
         {NULL, 0},
         MR_SPAN("\0\0\0\0\1"),
         MR_SPAN("")},
    };
    struct mr_segment *segment;
    struct fixture fixture;

    (void)state;
    for (size_t i = 0; i < MR_COUNT(rows); i++) {
        const struct mr_header headers[] = {{"__value_schema_id", rows[i].value_schema},
                                            {"__key_schema_id", rows[i].key_schema}};
        struct mr_header wanted = {rows[i].reason, rows[i].value_schema};
        const struct mr_output output = {.key = rows[i].key,
                                         .value = rows[i].value,
                                         .timestamp_ms = 5,
                                         .headers = headers,
                                         .header_count = rows[i].value_schema.size > 0};

        print_message("  %s\n", rows[i].label);
        open_fixture(&fixture, "", true);
        assert_int_equal(MR_OK, rig_segment(&fixture.rig, 1, 3, &segment));
        mr_segment_free(segment);
        for (int id = (int)json_array_size(fixture.fake.schemas); id < 0x4f; id++) {
            (void)json_array_append_new(fixture.fake.schemas, json_pack("{s:s}", "schema", ""));
        }
        assert_int_equal(0x50, registry_fake_add(&fixture.fake, "gap", mr_schema_text(gap), NULL));
        assert_int_equal(0x51, registry_fake_add(&fixture.fake, "json", "{}",
                                                 json_pack("{s:s}", "schemaType", "JSON")));
        sim_log_put(fixture.rig.log, "rig.ingest", 1, &output);
        work(&fixture.rig);
        assert_int_equal(1, sim_log_count(fixture.rig.log, "rig.sieve.dlq"));
        sim_log_each(fixture.rig.log, "rig.sieve.dlq", 1, check_letter, &wanted);
        close_fixture(&fixture);
    }
    mr_schema_free(gap);
}

static void a_key_that_is_no_text_is_a_dead_letter(void **state)
{
    static const struct {
        const char *label;
        struct mr_span key;
        const char *reason;
    } rows[] = {
        {"cut short", MR_SPAN("\6ab"), "key_not_text"},
        {"with more behind", MR_SPAN("\2ab"), "key_not_text"},
        {"nothing", MR_SPAN(""), "key_not_text"},
        {"negative", MR_SPAN("\1ab"), "key_not_text"},
    };
    const struct mr_header header = {"__key_schema_id", MR_SPAN("\0\0\0\0\x63")};
    struct fixture fixture;

    (void)state;
    for (size_t i = 0; i < MR_COUNT(rows); i++) {
        struct mr_header wanted = {rows[i].reason, {NULL, 0}};
        struct mr_output output = {
            .key = rows[i].key, .timestamp_ms = 5, .headers = &header, .header_count = 1};
        struct mr_segment *segment;

        print_message("  %s\n", rows[i].label);
        open_fixture(&fixture, "", true);
        assert_int_equal(MR_OK, rig_segment(&fixture.rig, 1, 3, &segment));
        mr_segment_free(segment);
        (void)add_key_schema(&fixture.fake);
        output.value = (struct mr_span)MR_SPAN("\0\0\0\0\1whatever");
        sim_log_put(fixture.rig.log, "rig.ingest", 0, &output);
        work(&fixture.rig);
        assert_int_equal(1, sim_log_count(fixture.rig.log, "rig.sieve.dlq"));
        sim_log_each(fixture.rig.log, "rig.sieve.dlq", 0, check_letter, &wanted);
        close_fixture(&fixture);
    }
}

/* Half of the records are ours and half another's, whose schema nobody has told us when the
 * registry goes away. */
static void open_halved(struct fixture *actual, struct fixture *reference,
                        const struct mr_schema *schema)
{
    struct mr_schema *own = over(NULL);
    struct mr_segment *segment;
    int id;

    open_fixture(actual, "", true);
    assert_int_equal(MR_OK, rig_segment(&actual->rig, 1, 3, &segment));
    mr_segment_free(segment);
    id = registry_fake_add(&actual->fake, "x-value", mr_schema_text(schema), NULL);
    copy_as(actual, reference, own, 1, BY_ID);
    copy_as(actual, reference, schema, id, BY_ID);
    actual->fake.fail_at = actual->fake.requests + 1;
    actual->fake.status = 503;
    mr_schema_free(own);
}

static void a_registry_that_is_away_is_waited_for(void **state)
{
    struct mr_schema *schema = over(older);
    struct fixture reference, actual;

    (void)state;
    open_reference(&reference, true);
    open_halved(&actual, &reference, schema);
    actual.fake.fail_until = actual.fake.fail_at + 200; /* far more than a batch may be replayed */
    work(&actual.rig);
    assert_true(actual.rig.sums[1].aborts > 20);
    assert_int_equal(2 * reference.rig.sums[1].in, actual.rig.sums[1].in);
    assert_int_equal(2 * reference.rig.sums[1].passed, actual.rig.sums[1].passed);
    assert_int_equal(2 * reference.rig.sums[1].rejected, actual.rig.sums[1].rejected);
    close_fixture(&actual);
    close_fixture(&reference);
    mr_schema_free(schema);
}

/* Told to stop after so many aborts. */
struct patience {
    struct fixture *fixture;
    size_t left;
};

static struct sim_fault lose_patience(void *context, const struct sim_call *call)
{
    struct patience *patience = context;

    if (call->op == SIM_ABORT && call->when == SIM_BEFORE && --patience->left == 0) {
        atomic_store(&patience->fixture->rig.phase.is_stopping, true);
    }
    return (struct sim_fault){0};
}

static void what_came_before_does_not_wait_for_the_registry(void **state)
{
    struct mr_schema *schema = over(older);
    struct fixture reference, actual;
    struct patience patience = {&actual, 30};

    (void)state;
    open_reference(&reference, true);
    open_halved(&actual, &reference, schema);
    actual.fake.fail_until = UINT32_MAX;
    sim_log_on_call(actual.rig.log, lose_patience, &patience);
    work(&actual.rig);
    assert_int_equal(0, patience.left);
    assert_true(actual.rig.sums[1].in > 0 && actual.rig.sums[1].in <= reference.rig.sums[1].in);
    assert_int_equal(actual.rig.sums[1].rejected, sim_log_count(actual.rig.log, "rig.sieve.dlq"));
    sim_log_on_call(actual.rig.log, NULL, NULL);
    atomic_store(&actual.rig.phase.is_stopping, false);
    actual.fake.fail_at = 0; /* it is back: the rest goes through */
    work(&actual.rig);
    assert_int_equal(2 * reference.rig.sums[1].in, actual.rig.sums[1].in);
    assert_int_equal(2 * reference.rig.sums[1].passed, actual.rig.sums[1].passed);
    close_fixture(&actual);
    close_fixture(&reference);
    mr_schema_free(schema);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_record_of_an_older_subject_is_read_as_ours),
        cmocka_unit_test(a_record_is_read_by_whatever_names_its_schema),
        cmocka_unit_test(a_pipeline_can_move_to_a_registry_with_its_topics),
        cmocka_unit_test(what_cannot_be_read_is_a_dead_letter_with_its_reason),
        cmocka_unit_test(a_key_that_is_no_text_is_a_dead_letter),
        cmocka_unit_test(a_registry_that_is_away_is_waited_for),
        cmocka_unit_test(what_came_before_does_not_wait_for_the_registry),
    };

    return cmocka_run_group_tests_name("decoder", tests, NULL, NULL);
}
