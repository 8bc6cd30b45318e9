/* Goal: what ingest makes of real feeds agrees, cell by cell, with what a third party made of the
 * same files; what differs is known, counted and explained in docs/golden-differences.md.
 * Method: both sides are read into a table by item code; every cell is compared, numbers as
 * numbers. The golden files are read by our own reader of CSV, which has tests of its own. */
#include "tests/support/golden.h"

#include <string.h>

#define CELLS 16

/* Cells in which the two sides may differ for a reason. */
enum { INTERNAL_CODE = 1, NAME = 2, MANUFACTURER = 3, COUNTRY = 4, DESCRIPTION = 5, UNIT_QTY = 6 };

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

/* NBSP as a blank, as the other side has it. */
static const char *with_blanks(struct mr_arena *arena, const char *text)
{
    const struct mr_span whole = mr_span_text(text);
    const size_t at = mr_span_find(whole, (struct mr_span)MR_SPAN("\xC2\xA0"));

    return at == whole.size
               ? text
               : with_blanks(arena, mr_arena_print(arena, "%.*s %s", (int)at, text, text + at + 2));
}

static bool is_country_code(const char *text)
{
    return text != NULL && strlen(text) == 2 && text[0] >= 'A' && text[0] <= 'Z';
}

/* The differences that docs/golden-differences.md explains; none other is let through. */
static bool is_explained(struct mr_arena *arena, size_t column, const char *ours,
                         const char *theirs)
{
    switch (column) {
    case INTERNAL_CODE: /* said the other way round */
        return ours != NULL && theirs != NULL &&
               strcmp(theirs, strcmp(ours, "0") == 0 ? "true" : "false") == 0;
    case COUNTRY: /* they look names up in a list */
        return ours != NULL && is_country_code(theirs);
    case MANUFACTURER: /* a comma and "general" are no makers to them */
        return ours != NULL && theirs == NULL &&
               (strcmp(ours, ",") == 0 || strcmp(ours, "כללי") == 0);
    case UNIT_QTY:
        return ours == NULL && theirs != NULL && strcmp(theirs, "Unknown") == 0;
    case NAME:
    case DESCRIPTION:
        return ours != NULL && theirs != NULL &&
               strcmp(with_blanks(arena, ours), with_blanks(arena, theirs)) == 0;
    default:
        return false;
    }
}

static const char *const *row_of(const struct golden_table *table, const char *code, size_t hint)
{
    for (size_t i = 0; i < table->count; i++) {
        const char *const *cells = table->cells[(hint + i) % table->count];

        if (golden_is_same(cells[0], code)) {
            return cells;
        }
    }
    return NULL;
}

/* Counts the differences by column, and fails on one that is not explained. */
static void compare(struct golden *golden, size_t differences[CELLS])
{
    struct mr_arena *arena = golden->files->texts;

    memset(differences, 0, CELLS * sizeof(*differences));
    for (size_t t = 0; t < golden->theirs->count; t++) {
        const char *const *theirs = golden->theirs->cells[t];
        const char *const *ours = row_of(golden->ours, theirs[0], t);

        if (ours == NULL) {
            fail_msg("we have no item %s", theirs[0]);
            return;
        }
        for (size_t c = 0; c < CELLS; c++) {
            const bool is_equal = golden_is_same(ours[c], theirs[c]);

            if (!is_equal && !is_explained(arena, c, ours[c], theirs[c])) {
                fail_msg("%s, %s: ours \"%s\", theirs \"%s\"", theirs[0], columns[c],
                         ours[c] ? ours[c] : "", theirs[c] ? theirs[c] : "");
            }
            differences[c] += !is_equal;
        }
    }
}

static void real_feeds_agree_with_the_golden_tables(void **state)
{
    static const struct {
        const char *feed, *golden;
        size_t rows;
        size_t names, makers, countries, descriptions, units; /* known differences */
    } rows[] = {
        {"PriceFull7290055700007-0037-202211020510.gz", "7290055700007_37.csv", 3805, 2, 0, 22, 2,
         0},
        {"PriceFull7290058159628-001-202211021214.gz", "7290058159628_1.csv", 1568, 0, 0, 0, 0, 0},
        {"PriceFull7290103152017-001-202211021400.gz", "7290103152017_1.csv", 4666, 0, 333, 4262, 0,
         673},
        {"PriceFull7290875100001-002-202211020354-001.gz", "7290875100001_2.csv", 4962, 0, 1, 0, 0,
         0},
    };
    struct golden *golden = *state;
    size_t differences[CELLS];

    golden->cells = CELLS;
    golden->columns = columns;
    golden->leaves = leaves;
    golden->subject = "schemas/grocery/price.avsc";
    golden->format = "price-transparency";
    for (size_t i = 0; i < MR_COUNT(rows); i++) {
        print_message("  %s\n", rows[i].feed);
        golden_read_ours(golden, golden_data(golden, "grocery/il-2022-11/%s", rows[i].feed));
        golden_read_theirs(
            golden, golden_data(golden, "grocery/il-2022-11/golden/prices/%s", rows[i].golden));
        assert_int_equal(rows[i].rows, golden->ours->count);
        assert_int_equal(rows[i].rows, golden->theirs->count);
        compare(golden, differences);
        assert_int_equal(rows[i].names, differences[NAME]);
        assert_int_equal(rows[i].makers, differences[MANUFACTURER]);
        assert_int_equal(rows[i].countries, differences[COUNTRY]);
        assert_int_equal(rows[i].descriptions, differences[DESCRIPTION]);
        assert_int_equal(rows[i].units, differences[UNIT_QTY]);
        assert_int_equal(rows[i].rows, differences[INTERNAL_CODE]);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(real_feeds_agree_with_the_golden_tables, golden_setup,
                                        golden_teardown),
    };

    return cmocka_run_group_tests_name("golden", tests, NULL, NULL);
}
