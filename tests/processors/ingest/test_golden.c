/* Goal: what ingest makes of real feeds agrees, cell by cell, with what a third party made of the
 * same files; what differs is known, counted and explained in docs/golden-differences.md.
 * Method: both sides are read into a table by item code; every cell is compared, numbers as
 * numbers. The golden files are read by our own reader of CSV, which has tests of its own. */
#include "tests/support/files_bench.h"
#include "tests/support/ingest_bench.h"

#include <stdlib.h>
#include <string.h>

#define CELLS 16
#define ROWS_MAX 8192

static const char *const columns[CELLS] = {"code",
                                           "internal_code",
                                           "name",
                                           "manufacturer_name",
                                           "manufacture_country",
                                           "manufacturer_item_description",
                                           "unit_qty",
                                           "quantity",
                                           "unit_of_measure",
                                           "weighted",
                                           "qty_in_package",
                                           "price",
                                           "unit_of_measure_price",
                                           "allow_discount",
                                           "status",
                                           "item_id"};
static const char *const leaves[CELLS] = {
    "item_code",       "item_type",      "name",           "manufacturer",
    "country",         "description",    "unit_qty",       "quantity",
    "unit_of_measure", "is_weighted",    "qty_in_package", "price",
    "unit_price",      "allow_discount", "status",         "item_id"};

struct table {
    const char *cells[ROWS_MAX][CELLS]; /* NULL: missing */
    size_t count;
};

struct golden {
    struct files_bench *files;
    struct ingest_bench ingest;
    struct table *ours, *theirs;
    size_t differences[CELLS];
    size_t unmatched;
};

static int setup(void **state)
{
    struct golden *golden = calloc(1, sizeof(*golden));

    assert_non_null(golden);
    golden->ours = calloc(1, sizeof(*golden->ours));
    golden->theirs = calloc(1, sizeof(*golden->theirs));
    ingest_bench_init(&golden->ingest);
    assert_int_equal(0, files_bench_setup((void **)&golden->files));
    *state = golden;
    return 0;
}

static int teardown(void **state)
{
    struct golden *golden = *state;

    ingest_bench_free(&golden->ingest);
    (void)files_bench_teardown((void **)&golden->files);
    free(golden->ours);
    free(golden->theirs);
    free(golden);
    return 0;
}

static void read_theirs(struct golden *golden, const char *path)
{
    struct mr_wanted wanted[CELLS];
    const struct mr_wanted_rows rows = {wanted, CELLS, {NULL, 0}, {NULL, 0}};
    struct files_bench *files = golden->files;

    golden->theirs->count = 0;
    for (size_t i = 0; i < CELLS; i++) {
        wanted[i] = (struct mr_wanted){columns[i], {&columns[i], 1}};
    }
    files->wanted = &rows;
    assert_int_equal(MR_OK,
                     files_bench_open(files, mr_arena_print(files->texts, "path: %s", path)));
    do {
        assert_int_equal(MR_OK, files_bench_pull(files));
        for (size_t r = 0; r < files->intake.count; r++) {
            const char **cells = golden->theirs->cells[golden->theirs->count++];

            assert_true(golden->theirs->count < ROWS_MAX);
            assert_non_null(files->intake.rows[r].texts);
            for (size_t c = 0; c < CELLS; c++) {
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

static void read_ours(struct golden *golden, const char *path)
{
    struct ingest_bench *ingest = &golden->ingest;
    struct files_bench *files = golden->files;
    const char *yaml = mr_arena_print(
        files->texts,
        "{connector: files, format: price-transparency, path: %s, "
        "key: 'subject.chain_id + \"/\" + subject.store_id + \"/\" + subject.item_code', "
        "event_time: subject.feed_time}",
        path);
    size_t at[CELLS];

    golden->ours->count = 0;
    if (ingest_bench_open(ingest, "schemas/grocery/price.avsc", yaml) != MR_OK) {
        fail_msg("%s\n%s", ingest->err.text, ingest->problems);
    }
    for (size_t c = 0; c < CELLS; c++) {
        at[c] = ingest_bench_leaf(ingest, leaves[c]);
    }
    while (ingest_bench_pull(ingest)) {
        for (size_t r = 0; r < ingest->intake.count; r++) {
            const struct mr_mapped *mapped = &ingest->mapped[r];

            if (mapped->verdict.kind != MR_VERDICT_PASS) {
                fail_msg("%s: %s", mapped->verdict.reason, mapped->verdict.detail);
            }
            for (size_t c = 0; c < CELLS; c++) {
                golden->ours->cells[golden->ours->count][c] =
                    print_value(files->texts, &mapped->leaves[at[c]]);
            }
            golden->ours->count++;
            assert_true(golden->ours->count < ROWS_MAX);
        }
    }
}

static bool is_number(const char *text, double *number)
{
    char *end;

    *number = strtod(text, &end);
    return end != text && *end == '\0';
}

static bool is_same(const char *a, const char *b)
{
    double x, y;

    if (a == NULL || b == NULL) {
        return a == b;
    }
    return strcmp(a, b) == 0 || (is_number(a, &x) && is_number(b, &y) && x == y);
}

static void compare(struct golden *golden)
{
    memset(golden->differences, 0, sizeof(golden->differences));
    golden->unmatched = 0;
    for (size_t t = 0; t < golden->theirs->count; t++) {
        const char *const *theirs = golden->theirs->cells[t];
        const char *const *ours = NULL;

        for (size_t o = 0; o < golden->ours->count && ours == NULL; o++) {
            if (is_same(golden->ours->cells[o][0], theirs[0])) {
                ours = golden->ours->cells[o];
            }
        }
        if (ours == NULL) {
            golden->unmatched++;
            print_message("  unmatched %s\n", theirs[0]);
            continue;
        }
        for (size_t c = 0; c < CELLS; c++) {
            if (!is_same(ours[c], theirs[c])) {
                if (golden->differences[c]++ < 3) {
                    print_message("  %s %s: ours %s, theirs %s\n", theirs[0], columns[c],
                                  ours[c] ? ours[c] : "-", theirs[c] ? theirs[c] : "-");
                }
            }
        }
    }
}

static void real_feeds_agree_with_the_golden_tables(void **state)
{
    static const struct {
        const char *feed, *golden;
    } rows[] = {
        {"PriceFull7290055700007-0037-202211020510.gz", "7290055700007_37.csv"},
        {"PriceFull7290058159628-001-202211021214.gz", "7290058159628_1.csv"},
        {"PriceFull7290103152017-001-202211021400.gz", "7290103152017_1.csv"},
        {"PriceFull7290875100001-002-202211020354-001.gz", "7290875100001_2.csv"},
    };
    struct golden *golden = *state;
    struct mr_arena *texts = golden->files->texts;

    for (size_t i = 0; i < MR_COUNT(rows); i++) {
        const char *feed = files_bench_data(
            golden->files, mr_arena_print(texts, "grocery/il-2022-11/%s", rows[i].feed));
        const char *table = files_bench_data(
            golden->files,
            mr_arena_print(texts, "grocery/il-2022-11/golden/prices/%s", rows[i].golden));

        if (feed == NULL || table == NULL) {
            print_message("skipped: the shared data are not there\n");
            skip();
        }
        print_message("  %s\n", rows[i].feed);
        read_ours(golden, feed);
        read_theirs(golden, table);
        print_message("  rows: ours %zu, theirs %zu\n", golden->ours->count, golden->theirs->count);
        compare(golden);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(real_feeds_agree_with_the_golden_tables, setup, teardown),
    };

    return cmocka_run_group_tests_name("golden", tests, NULL, NULL);
}
