/* Goal: no source makes the parser, the checker or an evaluator crash, hang or disagree.
 * Method: the input is an expression over a fixed environment. What compiles is printed and
 * compiled again to the same text, then run by both evaluators over fixed rows; where no bound
 * was met, both must give an error or both the same value. The first byte chooses strict or
 * unchecked compilation. */
#include "processors/core/cel/dialect.h"

#include <math.h>
#include <string.h>

#define ROOM ((size_t)16 << 20)

static const struct mr_cel_type int_type = {.kind = MR_CEL_INT};
static const struct mr_cel_type string_type = {.kind = MR_CEL_STRING};
static const struct mr_cel_field fields[] = {{"n", {.kind = MR_CEL_INT}},
                                             {"s", {.kind = MR_CEL_STRING, .is_nullable = true}}};
static const struct mr_cel_record record = {"r.R", 2, fields};
static const struct mr_cel_variable variables[] = {
    {"i", {.kind = MR_CEL_INT}},
    {"j", {.kind = MR_CEL_INT, .is_nullable = true}},
    {"d", {.kind = MR_CEL_DOUBLE}},
    {"s", {.kind = MR_CEL_STRING}},
    {"t", {.kind = MR_CEL_STRING, .is_nullable = true}},
    {"b", {.kind = MR_CEL_BOOL}},
    {"u", {.kind = MR_CEL_UINT}},
    {"li", {.kind = MR_CEL_LIST, .item = &int_type}},
    {"ls", {.kind = MR_CEL_LIST, .item = &string_type}},
    {"m", {.kind = MR_CEL_MAP, .key = &string_type, .item = &int_type}},
    {"at", {.kind = MR_CEL_TIMESTAMP}},
    {"x", {.kind = MR_CEL_DYN}},
    {"r", {.kind = MR_CEL_RECORD, .record = &record}},
    {"q", {.kind = MR_CEL_RECORD, .record = &record, .is_nullable = true}},
    {"c", {.kind = MR_CEL_DECIMAL}},
};

#define VARIABLES MR_COUNT(variables)

/* Slot of a variable, or, for r's fields, behind them. */
static enum mr_code bind(void *context, const struct mr_cel_path *path, uint32_t *slot,
                         struct mr_error *err)
{
    (void)context, (void)err;
    *slot = path->depth == 0 ? path->variable : (uint32_t)VARIABLES + path->fields[0];
    return MR_OK;
}

static struct mr_value text_value(const char *text)
{
    return mr_value_string(mr_span_text(text));
}

static void fill(struct mr_value slots[VARIABLES + 2], struct mr_value items[10], int row)
{
    static const uint8_t unscaled[] = {0x04, 0xCE};

    memset(slots, 0, (VARIABLES + 2) * sizeof(*slots));
    for (int i = 0; i < 3; i++) {
        items[i] = mr_value_int(i + row);
        items[3 + i] = text_value(i == 0 ? "a" : i == 1 ? "b\xC3\xBC" : "");
    }
    items[6] = text_value("k");
    items[7] = mr_value_int(row);
    items[8] = mr_value_int(7);
    items[9] = row == 0 ? text_value("street") : (struct mr_value){0};
    slots[0] = mr_value_int(row == 0 ? 5 : INT64_MIN);
    slots[1] = row == 0 ? (struct mr_value){0} : mr_value_int(2);
    slots[2] = mr_value_double(row == 0 ? 2.5 : (double)NAN);
    slots[3] = text_value(row == 0 ? "abc" : "\xC3\xBC");
    slots[4] = row == 0 ? text_value("") : (struct mr_value){0};
    slots[5] = mr_value_bool(row == 0);
    slots[6] = (struct mr_value){.kind = MR_KIND_UINT, .positive = 3};
    slots[7] = (struct mr_value){.kind = MR_KIND_LIST, .size = 3, .items = items};
    slots[8] = (struct mr_value){.kind = MR_KIND_LIST, .size = 3, .items = items + 3};
    slots[9] = (struct mr_value){.kind = MR_KIND_MAP, .size = 1, .items = items + 6};
    slots[10] = mr_value_timestamp_ms(1700000000123);
    slots[11] = row == 0 ? slots[7] : slots[2];
    slots[12] = (struct mr_value){.kind = MR_KIND_RECORD, .size = 2, .items = items + 8};
    slots[13] = row == 0 ? slots[12] : (struct mr_value){0};
    slots[14] = (struct mr_value){.kind = MR_KIND_DECIMAL, .aux = 2, .size = 2, .data = unscaled};
    slots[15] = items[8];
    slots[16] = items[9];
}

static bool is_bound(const struct mr_value *value)
{
    return value->kind == MR_KIND_ERROR &&
           (value->number == MR_CEL_FAULT_FUEL || value->number == MR_CEL_FAULT_ITERATIONS ||
            value->number == MR_CEL_FAULT_NO_ROOM);
}

static bool is_same(const struct mr_value *a, const struct mr_value *b)
{
    if (is_bound(a) || is_bound(b)) {
        return true;
    }
    if (a->kind != b->kind) {
        return false;
    }
    switch (a->kind) {
    case MR_KIND_BOOL:
    case MR_KIND_INT:
    case MR_KIND_UINT:
    case MR_KIND_DURATION:
        return a->number == b->number;
    case MR_KIND_DOUBLE:
        return a->real == b->real || (isnan(a->real) && isnan(b->real));
    case MR_KIND_STRING:
    case MR_KIND_BYTES:
        return mr_span_equal(mr_value_span(a), mr_value_span(b));
    default:
        return a->kind == MR_KIND_ERROR || a->size == b->size;
    }
}

static void run(const struct mr_cel_program *program, struct mr_arena *scratch)
{
    struct mr_value slots[VARIABLES + 2], items[10];

    for (int row = 0; row < 2; row++) {
        struct mr_value wanted, got;
        size_t mark;

        fill(slots, items, row);
        mark = mr_arena_mark(scratch);
        wanted = mr_cel_eval_reference(program, slots, scratch);
        got = mr_cel_eval(program, slots, scratch);
        MR_ASSERT(is_same(&wanted, &got));
        (void)mr_cel_holds(program, slots, scratch);
        mr_arena_release(scratch, mark);
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static struct mr_arena *arena, *scratch; /* one process, one thread: kept between inputs */
    const struct mr_cel_env env = {variables, VARIABLES, bind, NULL};
    const struct mr_cel_dialect dialect = {.env = &env, .is_unchecked = size > 0 && data[0] == '?'};
    const struct mr_cel_program *program, *again;
    struct mr_span source = {data, size};

    if (arena == NULL) {
        arena = mr_arena_new(ROOM);
        scratch = mr_arena_new(ROOM);
    }
    if (dialect.is_unchecked) {
        source = (struct mr_span){data + 1, size - 1};
    }
    mr_arena_reset(arena);
    mr_arena_reset(scratch);
    if (mr_cel_compile_dialect(&dialect, source, arena, &program, NULL, NULL) != MR_OK) {
        return 0;
    }
    if (mr_cel_compile_dialect(&dialect, mr_span_text(mr_cel_program_text(program)), arena, &again,
                               NULL, NULL) == MR_OK) {
        MR_ASSERT(strcmp(mr_cel_program_text(program), mr_cel_program_text(again)) == 0);
    } else {
        MR_ASSERT(mr_arena_room(arena) < ROOM / 2 || strlen(mr_cel_program_text(program)) > 50000);
    }
    run(program, scratch);
    return 0;
}
