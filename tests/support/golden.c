#include "tests/support/golden.h"

#include <stdlib.h>
#include <string.h>

int golden_setup(void **state)
{
    struct golden *golden = calloc(1, sizeof(*golden));

    assert_non_null(golden);
    golden->event_time = "subject.feed_time";
    golden->ours = calloc(1, sizeof(*golden->ours));
    golden->theirs = calloc(1, sizeof(*golden->theirs));
    ingest_bench_init(&golden->ingest);
    assert_int_equal(0, files_bench_setup((void **)&golden->files));
    *state = golden;
    return 0;
}

const char *golden_data(struct golden *golden, const char *format, ...)
{
    char below[256];
    const char *path;
    va_list args;

    va_start(args, format);
    (void)vsnprintf(below, sizeof(below), format, args);
    va_end(args);
    path = files_bench_data(golden->files, below);
    if (path == NULL) {
        print_message("skipped: no %s\n", below);
        skip();
    }
    return path;
}

int golden_teardown(void **state)
{
    struct golden *golden = *state;

    ingest_bench_free(&golden->ingest);
    (void)files_bench_teardown((void **)&golden->files);
    free(golden->ours);
    free(golden->theirs);
    free(golden);
    return 0;
}

void golden_read_theirs(struct golden *golden, const char *path)
{
    struct mr_wanted wanted[GOLDEN_CELLS];
    const struct mr_wanted_rows rows = {wanted, golden->cells, {NULL, 0}, {NULL, 0}};
    struct files_bench *files = golden->files;

    golden->theirs->count = 0;
    for (size_t i = 0; i < golden->cells; i++) {
        wanted[i] = (struct mr_wanted){golden->columns[i], {&golden->columns[i], 1}};
    }
    files->wanted = &rows;
    assert_int_equal(MR_OK,
                     files_bench_open(files, mr_arena_print(files->texts, "path: %s", path)));
    do {
        assert_int_equal(MR_OK, files_bench_pull(files));
        for (size_t r = 0; r < files->intake.count; r++) {
            const char **cells = golden->theirs->cells[golden->theirs->count++];

            assert_true(golden->theirs->count < GOLDEN_ROWS_MAX);
            assert_non_null(files->intake.rows[r].texts);
            for (size_t c = 0; c < golden->cells; c++) {
                const struct mr_value *text = &files->intake.rows[r].texts[c];

                cells[c] = text->kind == MR_KIND_NULL
                               ? NULL
                               : mr_arena_text(files->texts, mr_value_span(text));
            }
        }
    } while (!files->intake.is_done);
}

static const char *print_value(struct mr_arena *arena, const struct mr_value *value)
{
    switch (value->kind) {
    case MR_KIND_NULL:
        return NULL;
    case MR_KIND_BOOL:
        return value->number ? "true" : "false";
    case MR_KIND_INT:
        return mr_arena_print(arena, "%lld", (long long)value->number);
    case MR_KIND_DOUBLE:
        return mr_arena_print(arena, "%.10g", value->real);
    default:
        return mr_arena_text(arena, mr_value_span(value));
    }
}

void golden_read_ours(struct golden *golden, const char *path)
{
    struct ingest_bench *ingest = &golden->ingest;
    struct files_bench *files = golden->files;
    const char *yaml = mr_arena_print(
        files->texts,
        "{connector: files, format: %s, path: %s, key: subject.chain_id, event_time: %s}",
        golden->format, path, golden->event_time);
    size_t at[GOLDEN_CELLS];

    golden->ours->count = 0;
    if (ingest_bench_open(ingest, golden->subject, yaml) != MR_OK) {
        fail_msg("%s\n%s", ingest->err.text, ingest->problems);
    }
    for (size_t c = 0; c < golden->cells; c++) {
        at[c] = ingest_bench_leaf(ingest, golden->leaves[c]);
    }
    while (ingest_bench_pull(ingest)) {
        for (size_t r = 0; r < ingest->intake.count; r++) {
            const struct mr_mapped *mapped = &ingest->mapped[r];

            if (mapped->verdict.kind != MR_VERDICT_PASS) {
                fail_msg("%s: %s", mapped->verdict.reason, mapped->verdict.detail);
            }
            for (size_t c = 0; c < golden->cells; c++) {
                golden->ours->cells[golden->ours->count][c] =
                    print_value(files->texts, &mapped->leaves[at[c]]);
            }
            golden->ours->count++;
            assert_true(golden->ours->count < GOLDEN_ROWS_MAX);
        }
    }
}

static bool is_number(const char *text, double *number)
{
    char *end;

    *number = strtod(text, &end);
    return end != text && *end == '\0';
}

bool golden_is_same(const char *a, const char *b)
{
    double x, y;

    if (a == NULL || b == NULL) {
        return a == b;
    }
    return strcmp(a, b) == 0 || (is_number(a, &x) && is_number(b, &y) && x == y);
}
