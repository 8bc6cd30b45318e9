/* Goal: for any schema and any datum of it, ours and avro-c agree: avro-c reads what we write and
 * writes the same bytes, we decode what avro-c does, and what a plan projects is what the whole
 * datum holds.
 * Method: seeded random schemas, a few data for each as JSON of the specification's form.
 * AVRO_PAIRS says how many pairs (20,000 if it does not), AVRO_SEED where to begin. What avro-c
 * gets wrong (logical types, defaults, aliases, hostile bytes) is not asked of it. Each truncation
 * of some data is decoded from a block of exactly its size, for the sanitizer to watch. */
#include "processors/core/codec/encode.h"
#include "processors/core/codec/json.h"
#include "processors/core/codec/plan.h"
#include "tests/processors/core/codec/random_avro.h"

#define ARENA_SIZE ((size_t)16 << 20)
#define PAIRS_DEFAULT 20000
#define PAIRS_PER_SCHEMA 5
#define TRUNCATED_EVERY 16
#define PATHS_MAX 8
#define LEAVES_MAX 1024

static void complain(const struct bench *bench, const char *what, const char *why)
{
    fail_msg("%s: %s\nschema %s\ndatum %s", what, why, bench->schema_text.data, bench->json.data);
}

static void same_text(const struct bench *bench, struct mr_span datum)
{
    struct mr_span text, again;
    struct mr_error err = {0};
    const char *fault = mr_json_print(bench->schema, datum, MR_JSON_AVRO, bench->arena, &text);

    if (fault != NULL) {
        complain(bench, "print", fault);
    }
    if (mr_json_read(bench->schema, text, bench->arena, &again, &err) != MR_OK) {
        complain(bench, "read again", err.text);
    }
    if (!mr_span_equal(datum, again)) {
        complain(bench, "printed and read again", "other bytes");
    }
}

static void same_value(const struct bench *bench, const struct mr_type *type, avro_value_t *theirs,
                       const struct mr_value *ours);

#define SAME(bench, truth) ((truth) ? (void)0 : complain((bench), "differs from avro-c", #truth))

static void same_bytes(const struct bench *bench, avro_value_t *theirs, const struct mr_value *ours)
{
    const void *bytes = NULL;
    size_t size = 0;

    SAME(bench, (avro_value_get_type(theirs) == AVRO_FIXED
                     ? avro_value_get_fixed(theirs, &bytes, &size)
                     : avro_value_get_bytes(theirs, &bytes, &size)) == 0);
    SAME(bench, ours->kind == MR_KIND_BYTES && size == ours->size);
    SAME(bench, size == 0 || memcmp(bytes, ours->data, size) == 0);
}

static void same_string(const struct bench *bench, avro_value_t *theirs,
                        const struct mr_value *ours)
{
    const char *text;
    size_t size;

    SAME(bench, avro_value_get_string(theirs, &text, &size) == 0);
    SAME(bench, ours->kind == MR_KIND_STRING && size == (size_t)ours->size + 1);
    SAME(bench, ours->size == 0 || memcmp(text, ours->data, ours->size) == 0);
}

static void same_real(const struct bench *bench, avro_value_t *theirs, const struct mr_value *ours)
{
    double real = 0;
    float half = 0;

    if (avro_value_get_type(theirs) == AVRO_FLOAT) {
        (void)avro_value_get_float(theirs, &half);
        real = (double)half;
    } else {
        (void)avro_value_get_double(theirs, &real);
    }
    SAME(bench, ours->kind == MR_KIND_DOUBLE && memcmp(&real, &ours->real, sizeof(real)) == 0);
}

/* A time in units of its type, as avro-c sees it. */
static int64_t units_of(const struct mr_type *type, const struct mr_value *ours)
{
    switch (type->logical) {
    case MR_LOGICAL_DATE:
        return ours->number / 86400;
    case MR_LOGICAL_TIME_MILLIS:
        return ours->number / 1000000;
    case MR_LOGICAL_TIMESTAMP_MILLIS: /* not seconds * 1000 + ...: that passes INT64_MIN by a bit */
        return (ours->number + (ours->size > 0)) * 1000 + ours->size / 1000000 -
               (ours->size > 0 ? 1000 : 0);
    case MR_LOGICAL_TIMESTAMP_MICROS:
        return (ours->number + (ours->size > 0)) * 1000000 + ours->size / 1000 -
               (ours->size > 0 ? 1000000 : 0);
    default:
        return ours->number;
    }
}

static void same_whole(const struct bench *bench, const struct mr_type *type, avro_value_t *theirs,
                       const struct mr_value *ours)
{
    int64_t number = 0;
    int32_t small = 0;

    if (type->kind == MR_AVRO_INT) {
        (void)avro_value_get_int(theirs, &small);
        number = small;
    } else {
        (void)avro_value_get_long(theirs, &number);
    }
    SAME(bench, number == units_of(type, ours));
}

static void same_scalar(const struct bench *bench, const struct mr_type *type, avro_value_t *theirs,
                        const struct mr_value *ours)
{
    int number = -1;

    switch (type->kind) {
    case MR_AVRO_NULL:
        SAME(bench, ours->kind == MR_KIND_NULL && avro_value_get_null(theirs) == 0);
        break;
    case MR_AVRO_BOOLEAN:
        (void)avro_value_get_boolean(theirs, &number);
        SAME(bench, ours->kind == MR_KIND_BOOL && number == ours->number);
        break;
    case MR_AVRO_ENUM:
        (void)avro_value_get_enum(theirs, &number);
        SAME(bench, ours->kind == MR_KIND_STRING &&
                        mr_span_is(mr_value_span(ours), type->symbols[number]));
        break;
    case MR_AVRO_INT:
    case MR_AVRO_LONG:
        same_whole(bench, type, theirs, ours);
        break;
    case MR_AVRO_FLOAT:
    case MR_AVRO_DOUBLE:
        same_real(bench, theirs, ours);
        break;
    case MR_AVRO_STRING:
        same_string(bench, theirs, ours);
        break;
    default:
        same_bytes(bench, theirs, ours);
    }
}

static void same_items(const struct bench *bench, const struct mr_type *type, avro_value_t *theirs,
                       const struct mr_value *ours)
{
    const bool is_map = type->kind == MR_AVRO_MAP;
    size_t count = 0;

    SAME(bench, avro_value_get_size(theirs, &count) == 0);
    SAME(bench, ours->kind == (is_map ? MR_KIND_MAP : MR_KIND_LIST) && count == ours->size);
    for (size_t i = 0; i < count; i++) {
        avro_value_t item;
        const char *key = NULL;

        SAME(bench, avro_value_get_by_index(theirs, i, &item, &key) == 0);
        SAME(bench, !is_map || mr_span_is(mr_value_span(&ours->items[2 * i]), key));
        same_value(bench, type->item, &item, &ours->items[is_map ? 2 * i + 1 : i]);
    }
}

static void same_value(const struct bench *bench, const struct mr_type *type, avro_value_t *theirs,
                       const struct mr_value *ours)
{
    avro_value_t inner;
    int index = -1;

    switch (type->kind) {
    case MR_AVRO_RECORD:
        SAME(bench, ours->kind == MR_KIND_RECORD && ours->size == type->field_count &&
                        ours->aux == type->id);
        for (size_t i = 0; i < type->field_count; i++) {
            SAME(bench, avro_value_get_by_index(theirs, i, &inner, NULL) == 0);
            same_value(bench, type->fields[i].type, &inner, &ours->items[i]);
        }
        break;
    case MR_AVRO_ARRAY:
    case MR_AVRO_MAP:
        same_items(bench, type, theirs, ours);
        break;
    case MR_AVRO_UNION:
        SAME(bench, avro_value_get_discriminant(theirs, &index) == 0);
        SAME(bench, avro_value_get_current_branch(theirs, &inner) == 0);
        same_value(bench, type->branches[index], &inner, ours);
        break;
    default:
        same_scalar(bench, type, theirs, ours);
    }
}

static struct mr_plan *plan_of(const struct bench *bench, const struct mr_layout *layout)
{
    struct mr_error err = {0};
    struct mr_plan *plan;

    if (mr_plan_new(bench->schema, layout, &plan, &err) != MR_OK) {
        complain(bench, "plan", err.text);
    }
    return plan;
}

/* avro-c reads our bytes, holds our values, and writes our bytes. */
static void agrees_with_avro_c(const struct bench *bench, struct mr_span datum,
                               const struct mr_value *whole)
{
    avro_reader_t reader = avro_reader_memory((const char *)datum.data, (int64_t)datum.size);
    char *out = (char *)mr_arena_bytes(bench->arena, datum.size * 2 + 1024);
    avro_writer_t writer = avro_writer_memory(out, (int64_t)datum.size * 2 + 1024);
    avro_value_t value;

    SAME(bench, avro_generic_value_new(bench->class, &value) == 0);
    if (avro_value_read(reader, &value) != 0) {
        complain(bench, "avro-c cannot read", avro_strerror());
    }
    same_value(bench, mr_schema_root(bench->schema), &value, whole);
    SAME(bench, avro_value_write(writer, &value) == 0);
    same_text(bench, (struct mr_span){(uint8_t *)out, (size_t)avro_writer_tell(writer)});
    if ((size_t)avro_writer_tell(writer) != datum.size ||
        memcmp(out, datum.data, datum.size) != 0) {
        /* avro-c writes the size of a block too; the values must be the same then. */
        struct mr_layout *layout = mr_layout_new(bench->schema);
        const struct mr_layout_path root = {0};
        struct mr_value again;
        struct mr_plan *plan;
        const char *fault;

        (void)mr_layout_slot(layout, &root);
        plan = plan_of(bench, layout);
        fault =
            mr_plan_decode(plan, (struct mr_span){(uint8_t *)out, (size_t)avro_writer_tell(writer)},
                           &again, bench->arena);
        if (fault != NULL) {
            complain(bench, "avro-c's bytes", fault);
        }
        same_value(bench, mr_schema_root(bench->schema), &value, &again);
        mr_plan_free(plan);
        mr_layout_free(layout);
    }
    avro_value_decref(&value);
    avro_writer_free(writer);
    avro_reader_free(reader);
}

static const struct mr_type *record_of(const struct mr_type *type)
{
    if (type->kind == MR_AVRO_UNION && type->null_branch >= 0) {
        type = type->branches[1 - type->null_branch];
    }
    return type->kind == MR_AVRO_RECORD ? type : NULL;
}

static struct mr_layout_path random_path(struct bench *bench)
{
    const struct mr_type *type = mr_schema_root(bench->schema);
    struct mr_layout_path path = {0};

    for (;;) {
        const struct mr_type *record = record_of(type);

        if (record == NULL || record->field_count == 0 || path.depth == 6 ||
            (path.depth > 0 && below(bench, 4) == 0)) {
            return path;
        }
        path.fields[path.depth] = below(bench, (unsigned)record->field_count);
        type = record->fields[path.fields[path.depth++]].type;
    }
}

/* What a path says of the whole; as text, so that it is compared as a value. */
static const char *part_text(const struct bench *bench, const struct mr_value *whole,
                             const struct mr_layout_path *path)
{
    static const struct mr_value nothing;

    for (uint32_t i = 0; i < path->depth; i++) {
        whole = whole->kind == MR_KIND_RECORD ? &whole->items[path->fields[i]] : &nothing;
    }
    return mr_json_value(whole, bench->arena);
}

static void projects_rightly(struct bench *bench, struct mr_span datum,
                             const struct mr_value *whole)
{
    struct mr_layout *layout = mr_layout_new(bench->schema);
    struct mr_layout_path paths[PATHS_MAX];
    struct mr_value slots[PATHS_MAX] = {0};
    const unsigned count = 1 + below(bench, PATHS_MAX);
    uint32_t slot[PATHS_MAX];
    struct mr_plan *plan;
    const char *fault;

    for (unsigned i = 0; i < count; i++) {
        paths[i] = random_path(bench);
        slot[i] = mr_layout_slot(layout, &paths[i]);
    }
    plan = plan_of(bench, layout);
    fault = mr_plan_decode(plan, datum, slots, bench->arena);
    if (fault != NULL) {
        complain(bench, "projection", fault);
    }
    for (unsigned i = 0; i < count; i++) {
        if (strcmp(part_text(bench, whole, &paths[i]),
                   mr_json_value(&slots[slot[i]], bench->arena)) != 0) {
            complain(bench, "projection", part_text(bench, whole, &paths[i]));
        }
    }
    mr_plan_free(plan);
    mr_layout_free(layout);
}

/* The leaf of that name in the whole; "" is the whole itself. */
static struct mr_value leaf_of(const struct bench *bench, const struct mr_value *whole,
                               const char *name)
{
    struct mr_layout_path path;
    const struct mr_type *type;
    size_t bad;

    if (name[0] == '\0') {
        return *whole;
    }
    SAME(bench, mr_layout_find(bench->schema, name, &path, &type, &bad));
    for (uint32_t i = 0; i < path.depth; i++) {
        whole = &whole->items[path.fields[i]];
    }
    return *whole;
}

/* All leaves to bytes; decoded again they are the same value. (The bytes may differ, where two
 * branches of a union fit.) */
static void encodes_again(const struct bench *bench, const struct mr_plan *plan,
                          const struct mr_value *whole)
{
    struct mr_value leaves[LEAVES_MAX], again;
    struct mr_encoder *encoder;
    struct mr_error err = {0};
    const char *fault;
    size_t leaf, size;
    uint8_t *out;

    if (mr_encoder_new(bench->schema, &encoder, &err) != MR_OK) {
        complain(bench, "encoder", err.text);
    }
    SAME(bench, mr_encoder_leaf_count(encoder) <= LEAVES_MAX);
    for (size_t i = 0; i < mr_encoder_leaf_count(encoder); i++) {
        leaves[i] = leaf_of(bench, whole, mr_encoder_leaf_name(encoder, i));
    }
    size = mr_encoder_size(encoder, leaves, &fault, &leaf);
    if (fault != NULL) {
        complain(bench, "encode", fault);
    }
    out = mr_arena_bytes(bench->arena, size);
    SAME(bench, mr_encoder_write(encoder, leaves, out) == out + size);
    fault = mr_plan_decode(plan, (struct mr_span){out, size}, &again, bench->arena);
    if (fault != NULL) {
        complain(bench, "decode what was encoded", fault);
    }
    SAME(bench,
         strcmp(mr_json_value(whole, bench->arena), mr_json_value(&again, bench->arena)) == 0);
    mr_encoder_free(encoder);
}

static void no_truncation_is_read_past(const struct bench *bench, const struct mr_plan *plan,
                                       struct mr_span datum)
{
    const size_t mark = mr_arena_mark(bench->arena);

    for (size_t size = 0; size < datum.size; size++) {
        uint8_t *exact = malloc(size == 0 ? 1 : size);
        const struct mr_span head = {exact, size};
        struct mr_value value;
        struct mr_span text;
        const char *fault;

        assert_non_null(exact);
        memcpy(exact, datum.data, size);
        if (mr_plan_decode(plan, head, &value, bench->arena) == NULL ||
            mr_plan_size(plan, head, &fault) != 0 ||
            mr_json_print(bench->schema, head, MR_JSON_PLAIN, bench->arena, &text) == NULL) {
            complain(bench, "truncated", "was read all the same");
        }
        free(exact);
        mr_arena_release(bench->arena, mark);
    }
}

static void check_pair(struct bench *bench, unsigned pair)
{
    struct mr_layout *layout = mr_layout_new(bench->schema);
    const struct mr_layout_path root = {0};
    struct mr_error err = {0};
    struct mr_value whole;
    struct mr_span datum;
    struct mr_plan *plan;
    const char *fault;

    bench->json.size = 0;
    make_value(bench, mr_schema_root(bench->schema), 0);
    if (mr_json_read(bench->schema, mr_span_text(bench->json.data), bench->arena, &datum, &err) !=
        MR_OK) {
        complain(bench, "read", err.text);
    }
    (void)mr_layout_slot(layout, &root);
    plan = plan_of(bench, layout);
    fault = mr_plan_decode(plan, datum, &whole, bench->arena);
    if (fault != NULL) {
        complain(bench, "decode", fault);
    }
    SAME(bench, mr_plan_size(plan, datum, &fault) == datum.size && fault == NULL);
    same_text(bench, datum);
    agrees_with_avro_c(bench, datum, &whole);
    projects_rightly(bench, datum, &whole);
    encodes_again(bench, plan, &whole);
    if (pair % TRUNCATED_EVERY == 0) {
        no_truncation_is_read_past(bench, plan, datum);
    }
    mr_plan_free(plan);
    mr_layout_free(layout);
    mr_arena_reset(bench->arena);
}

static void open_schema(struct bench *bench)
{
    struct mr_error err = {0};

    bench->schema_text.size = bench->names = bench->open = 0;
    if (below(bench, 4) == 0) {
        make_type(bench, 0, false);
    } else {
        make_record(bench, 0);
    }
    if (mr_schema_parse(mr_span_text(bench->schema_text.data), &bench->schema, &err) != MR_OK) {
        fail_msg("%s: %s", bench->schema_text.data, err.text);
    }
    if (avro_schema_from_json_length(bench->schema_text.data, bench->schema_text.size,
                                     &bench->avro) != 0) {
        fail_msg("avro-c: %s: %s", bench->schema_text.data, avro_strerror());
    }
    bench->class = avro_generic_class_from_schema(bench->avro);
    assert_non_null(bench->class);
}

static uint64_t setting(const char *name, uint64_t fallback)
{
    const char *text = getenv(name);

    return text == NULL ? fallback : strtoull(text, NULL, 10);
}

static void ours_and_avro_c_agree_on_random_schemas_and_data(void **state)
{
    struct bench bench = {.random = setting("AVRO_SEED", 1)};
    const uint64_t pairs = setting("AVRO_PAIRS", PAIRS_DEFAULT);

    (void)state;
    bench.schema_text.data = malloc(TEXT_SIZE);
    bench.json.data = malloc(TEXT_SIZE);
    bench.arena = mr_arena_new(ARENA_SIZE);
    assert_true(bench.schema_text.data != NULL && bench.json.data != NULL && bench.arena != NULL);
    for (uint64_t i = 0; i < pairs; i += PAIRS_PER_SCHEMA) {
        open_schema(&bench);
        for (unsigned j = 0; j < PAIRS_PER_SCHEMA; j++) {
            check_pair(&bench, (unsigned)i / PAIRS_PER_SCHEMA + j);
        }
        avro_value_iface_decref(bench.class);
        avro_schema_decref(bench.avro);
        mr_schema_free(bench.schema);
    }
    print_message("  %" PRIu64 " pairs\n", pairs);
    mr_arena_free(bench.arena);
    free(bench.json.data);
    free(bench.schema_text.data);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(ours_and_avro_c_agree_on_random_schemas_and_data),
    };
    return cmocka_run_group_tests_name("avro property", tests, NULL, NULL);
}
