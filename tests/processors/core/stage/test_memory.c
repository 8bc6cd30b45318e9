/* Goal: where there is no memory for a schema, the catalogue and the decoder say so; no record is
 * called unreadable for it, and the next call does what this one could not.
 * Method: each allocation of a catalogue's life and of decoding a stranger's record fails once,
 * with and without a registry to ask; the arena's own size does the same to the decoder's room. */
#include "processors/core/codec/frame.h"
#include "processors/core/stage/decoder.h"
#include "tests/support/memory.h"
#include "tests/support/registry_bench.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#define ALLOCATIONS_MAX 20000
#define ROOM_SIZE ((size_t)1 << 20)
#define SLOTS 20

/* More leaves than a layout has room for at first. */
static const char ours[] =
    "{\"type\":\"record\",\"name\":\"Price\",\"namespace\":\"shop\",\"fields\":["
    "{\"name\":\"amount\",\"type\":\"long\"},{\"name\":\"note\",\"type\":\"string\",\"default\":"
    "\"\"},"
    "{\"name\":\"f0\",\"type\":\"int\",\"default\":0},{\"name\":\"f1\",\"type\":\"int\","
    "\"default\":1},"
    "{\"name\":\"f2\",\"type\":\"int\",\"default\":0},{\"name\":\"f3\",\"type\":\"int\","
    "\"default\":1},"
    "{\"name\":\"f4\",\"type\":\"int\",\"default\":0},{\"name\":\"f5\",\"type\":\"int\","
    "\"default\":1},"
    "{\"name\":\"f6\",\"type\":\"int\",\"default\":0},{\"name\":\"f7\",\"type\":\"int\","
    "\"default\":1},"
    "{\"name\":\"f8\",\"type\":\"int\",\"default\":0},{\"name\":\"f9\",\"type\":\"int\","
    "\"default\":1},"
    "{\"name\":\"g0\",\"type\":\"int\",\"default\":0},{\"name\":\"g1\",\"type\":\"int\","
    "\"default\":1},"
    "{\"name\":\"g2\",\"type\":\"int\",\"default\":0},{\"name\":\"g3\",\"type\":\"int\","
    "\"default\":1}"
    "]}";
/* What another producer wrote: an int where we read a long, the note first. */
static const char older[] =
    "{\"type\":\"record\",\"name\":\"Price\",\"namespace\":\"shop\",\"fields\":["
    "{\"name\":\"note\",\"type\":\"string\"},{\"name\":\"amount\",\"type\":\"int\"}]}";
#define OLDER_DATUM "\4hi\6"

struct bench {
    struct registry_bench registry;
    struct mr_schema *ours, *older;
    struct mr_layout *layout;
    struct mr_arena *batch, *txn;
    struct mr_catalogue *catalogue;
    struct mr_decoder *decoder;
    bool has_registry;
    int32_t older_id, text_id;
};

static void open_bench(struct bench *bench, bool has_registry)
{
    *bench = (struct bench){.has_registry = has_registry};
    if (has_registry) {
        registry_bench_open(&bench->registry, FLAVOUR_CONFLUENT);
        bench->older_id = registry_fake_add(&bench->registry.fake, "x-value", older, NULL);
        bench->text_id = registry_fake_add(&bench->registry.fake, "x-key", "\"string\"", NULL);
    }
    assert_int_equal(MR_OK, mr_schema_parse(mr_span_text(ours), &bench->ours, NULL));
    assert_int_equal(MR_OK, mr_schema_parse(mr_span_text(older), &bench->older, NULL));
    bench->layout = mr_layout_new(bench->ours);
    bench->batch = mr_arena_new(ROOM_SIZE);
    bench->txn = mr_arena_new(ROOM_SIZE);
    for (uint32_t i = 0; i < 2; i++) {
        const struct mr_layout_path path = {1, {i}};

        assert_int_equal(i, mr_layout_slot(bench->layout, &path));
    }
}

static void close_bench(struct bench *bench)
{
    mr_decoder_free(bench->decoder);
    mr_catalogue_free(bench->catalogue);
    mr_arena_free(bench->batch);
    mr_arena_free(bench->txn);
    mr_layout_free(bench->layout);
    mr_schema_free(bench->ours);
    mr_schema_free(bench->older);
    if (bench->has_registry) {
        registry_bench_close(&bench->registry);
    }
}

/* --- a catalogue ------------------------------------------------------------------------------ */

static enum mr_code make_catalogue(struct bench *bench, struct mr_error *err)
{
    if (bench->catalogue == NULL) {
        bench->catalogue = mr_catalogue_new();
    }
    if (bench->catalogue == NULL) {
        return MR_FAIL(err, MR_NO_ROOM, "the caller's words");
    }
    if (bench->has_registry) {
        mr_catalogue_connect(bench->catalogue, bench->registry.registry);
    }
    return MR_OK;
}

static enum mr_code live(struct bench *bench, struct mr_error *err)
{
    struct mr_frame frame = {.schema_id = bench->older_id};
    struct mr_registry_found found = {0};
    int32_t id = 0;
    enum mr_code code = make_catalogue(bench, err);

    if (code == MR_OK) {
        code = mr_catalogue_id(bench->catalogue, "prices", bench->ours, &id, err);
    }
    if (code == MR_OK && !bench->has_registry) {
        code = mr_catalogue_add(bench->catalogue, bench->older, err);
        frame.schema_id = mr_schema_id(bench->older);
    }
    if (code == MR_OK) {
        code = mr_catalogue_find(bench->catalogue, &frame, &found, err);
        assert_true(code != MR_OK || found.schema != NULL);
        assert_null(found.reason);
    }
    if (code == MR_OK) {
        assert_string_equal(mr_schema_text(bench->older), mr_schema_text(found.schema));
        assert_string_equal(mr_schema_text(bench->ours),
                            mr_catalogue_text(bench->catalogue, mr_schema_id(bench->ours)));
    }
    return code;
}

/* --- a decoder -------------------------------------------------------------------------------- */

static enum mr_code make_decoder(struct bench *bench, struct mr_error *err)
{
    struct mr_decoder_spec spec = {.schema = bench->ours, .schema_id = 77, .layout = bench->layout};

    if (bench->decoder != NULL) {
        return MR_OK;
    }
    spec.catalogue = bench->catalogue;
    return mr_decoder_new(&spec, &bench->decoder, err);
}

static struct mr_record stranger(struct bench *bench, uint8_t value_name[MR_FRAME_SIZE],
                                 uint8_t key_name[MR_FRAME_SIZE])
{
    struct mr_record record = {.key = MR_SPAN("\2k"), .value = MR_SPAN(OLDER_DATUM)};

    mr_frame_write(value_name, bench->has_registry ? bench->older_id : mr_schema_id(bench->older));
    record.value_schema = (struct mr_span){value_name, MR_FRAME_SIZE};
    if (bench->has_registry) {
        mr_frame_write(key_name, bench->text_id);
        record.key_schema = (struct mr_span){key_name, MR_FRAME_SIZE};
    }
    return record;
}

static void check_row(const struct bench *bench, const struct mr_record *record,
                      const struct mr_value *row)
{
    struct mr_frame frame;

    assert_int_equal(3, row[0].number);
    assert_true(mr_span_is(mr_value_span(&row[1]), "hi"));
    assert_null(mr_frame_read(record->value, &frame));
    assert_int_equal(77, frame.schema_id);
    if (bench->has_registry) {
        assert_true(mr_span_is(record->key, "k"));
    }
}

static enum mr_code decode(struct bench *bench, struct mr_error *err)
{
    uint8_t value_name[MR_FRAME_SIZE], key_name[MR_FRAME_SIZE];
    const struct mr_room room = {bench->batch, bench->txn};
    struct mr_record record = stranger(bench, value_name, key_name);
    const struct mr_record came = record;
    struct mr_value row[SLOTS] = {{0}};
    const char *fault = NULL;
    enum mr_code code = mr_decoder_decode(bench->decoder, &record, &room, row, &fault, err);

    if (code == MR_OK) {
        assert_null(fault);
        check_row(bench, &record, row);
    } else {
        assert_memory_equal(&came, &record, sizeof(came));
    }
    return code;
}

static enum mr_code read_stranger(struct bench *bench, struct mr_error *err)
{
    enum mr_code code = live(bench, err);

    if (code == MR_OK) {
        code = make_decoder(bench, err);
    }
    return code == MR_OK ? decode(bench, err) : code;
}

/* --- both ------------------------------------------------------------------------------------- */

typedef enum mr_code work(struct bench *bench, struct mr_error *err);

static bool fail_once(work *act, bool has_registry, unsigned at)
{
    struct mr_error err = {0};
    struct bench bench;
    enum mr_code code;
    bool has_failed;

    open_bench(&bench, has_registry);
    memory_fail_at(at);
    code = act(&bench, &err);
    has_failed = memory_stop();
    if (code != MR_OK) {
        if (code != MR_NO_ROOM || err.text[0] == '\0') {
            fail_msg("allocation %u: %s: %s", at, mr_code_words(code), err.text);
        }
        assert_true(has_failed);
        assert_int_equal(MR_OK, act(&bench, NULL));
    }
    close_bench(&bench);
    return has_failed;
}

static void each_allocation_may_fail_once(void **state)
{
    static const struct {
        const char *label;
        work *act;
        bool has_registry;
    } rows[] = {
        {"a catalogue", live, false},
        {"a catalogue with a registry", live, true},
        {"a stranger's record", read_stranger, false},
        {"a stranger's record by a registry", read_stranger, true},
    };

    (void)state;
    for (size_t i = 0; i < MR_COUNT(rows); i++) {
        unsigned at = 1;

        while (fail_once(rows[i].act, rows[i].has_registry, at)) {
            at++;
            assert_true(at < ALLOCATIONS_MAX);
        }
        print_message("  %s: %u allocations failed once\n", rows[i].label, at - 1);
        assert_true(at > 10);
    }
}

static void every_shortage_of_room_is_reported(void **state)
{
    (void)state;
    for (int is_txn = 0; is_txn < 2; is_txn++) {
        enum mr_code code = MR_NO_ROOM;

        for (size_t size = 0; code != MR_OK; size += 16) {
            struct mr_error err = {0};
            struct bench bench;

            assert_true(size < 65536);
            open_bench(&bench, false);
            mr_arena_free(is_txn ? bench.txn : bench.batch);
            *(is_txn ? &bench.txn : &bench.batch) = mr_arena_new(size);
            code = read_stranger(&bench, &err);
            assert_true(code == MR_OK || (code == MR_NO_ROOM && err.text[0] != '\0'));
            assert_true(code != MR_OK || size > 0);
            close_bench(&bench);
        }
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(each_allocation_may_fail_once),
        cmocka_unit_test(every_shortage_of_room_is_reported),
    };

    memory_open();
    return cmocka_run_group_tests_name("stage memory", tests, NULL, NULL);
}
