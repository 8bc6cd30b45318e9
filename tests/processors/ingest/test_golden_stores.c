/* Goal: the stores of twelve real files, in four dialects and in the encodings in which they came
 * over the wire, agree cell by cell with what a third party made of them.
 * Method: as in test_golden.c, by sub-chain and store; the known differences are counted. */
#include "tests/support/golden.h"

#include <string.h>

enum { SUB_CHAIN = 0, STORE = 1, CHECK = 2, ADDRESS = 5 };

static const char *const columns[] = {"sub_chain",  "store_id",   "verification_num",
                                      "store_type", "store_name", "address",
                                      "city",       "zip_code"};
static const char *const leaves[] = {"sub_chain_id", "store_id", "check_number", "store_type",
                                     "name",         "address",  "city",         "zip_code"};
#define CELLS MR_COUNT(leaves)

struct feed {
    const char *name, *chain;
    const char *sub_chains[12];
    size_t ours, theirs; /* stores */
    size_t checks;       /* they write 0 where there is none */
};

static const struct feed feeds[] = {
    {"Stores0000072906390-202211021530.xml", "72906390", {"1"}, 10, 10, 0},
    {"Stores7290027600007-000-202211020201",
     "7290027600007",
     {"1", "2", "3", "4", "5", "6", "7", "8", "18", "50"},
     405,
     405,
     3},
    {"Stores7290055700007-202211020001.xml", "7290055700007", {"1"}, 86, 86, 0},
    {"Stores7290058140886-202211012005.xml", "7290058140886", {NULL}, 58, 0, 0},
    {"Stores7290103152017-202211020805.xml", "7290103152017", {"1"}, 19, 19, 0},
    {"Stores7290492000005-202211020200.xml", "7290492000005", {"0", "1", "2"}, 185, 185, 0},
    {"StoresFull7290058159628-000-202211021214", "7290058159628", {"1"}, 36, 36, 0},
    {"StoresFull7290172900007--202211020200", "7290172900007", {"100"}, 281, 281, 0},
    {"StoresFull7290661400001-000-202211020600-000.xml",
     "7290661400001",
     {"1", "3", "4"},
     17,
     17,
     17},
    {"StoresFull7290696200003-000-202211020600-000.xml", "7290696200003", {"1"}, 65, 65, 65},
    {"StoresFull7290875100001-000-202211020507-000.xml", "7290875100001", {"1"}, 13, 13, 13},
    {"storesfull7290058140886-000-202211020606", "7290058140886", {"1"}, 1, 1, 0},
};

static const char *const on_wire[] = {
    "Stores7290058140886-202211012005.xml", "Stores7290103152017-202211020805.xml",
    "Stores7290492000005-202211020200.xml", "StoresFull7290172900007--202211020200"};

static const char *const *store_of(const struct golden_table *table, const char *sub_chain,
                                   const char *store)
{
    for (size_t i = 0; i < table->count; i++) {
        const char *const *cells = table->cells[i];

        if (golden_is_same(cells[SUB_CHAIN], sub_chain) && golden_is_same(cells[STORE], store)) {
            return cells;
        }
    }
    return NULL;
}

/* Their files had been through a conversion that knows no dash in ISO-8859-8: it left U+0096, a
 * control character, where ours is the dash of Windows-1255. */
static bool is_dash_of_the_wire(struct mr_arena *arena, size_t column, const char *ours,
                                const char *theirs)
{
    const char *dash = ours == NULL ? NULL : strstr(ours, "\xE2\x80\x93");

    return column == ADDRESS && dash != NULL &&
           golden_is_same(
               mr_arena_print(arena, "%.*s\xC2\x96%s", (int)(dash - ours), ours, dash + 3), theirs);
}

struct counts {
    size_t stores, checks, dashes;
};

static void compare_store(struct golden *golden, const char *const *ours, const char *const *theirs,
                          struct counts *counts)
{
    for (size_t c = STORE; c < CELLS; c++) {
        if (golden_is_same(ours[c], theirs[c])) {
            continue;
        }
        if (c == CHECK && ours[c] == NULL && golden_is_same(theirs[c], "0")) {
            counts->checks++;
        } else if (is_dash_of_the_wire(golden->files->texts, c, ours[c], theirs[c])) {
            counts->dashes++;
        } else {
            fail_msg("%s, %s: ours \"%s\", theirs \"%s\"", theirs[STORE], columns[c],
                     ours[c] ? ours[c] : "", theirs[c] ? theirs[c] : "");
        }
    }
    counts->stores++;
}

static void compare(struct golden *golden, const char *sub_chain, struct counts *counts)
{
    for (size_t t = 0; t < golden->theirs->count; t++) {
        const char *const *theirs = golden->theirs->cells[t];
        const char *const *ours = store_of(golden->ours, sub_chain, theirs[STORE]);

        if (ours == NULL) {
            fail_msg("we have no store %s/%s", sub_chain, theirs[STORE]);
            return;
        }
        compare_store(golden, ours, theirs, counts);
    }
}

static void use_stores(struct golden *golden)
{
    golden->cells = CELLS;
    golden->columns = columns;
    golden->leaves = leaves;
    golden->subject = "schemas/grocery/store.avsc";
    golden->format = "stores-transparency";
}

static size_t check_feed(struct golden *golden, const struct feed *feed, const char *folder)
{
    struct counts counts = {0};

    print_message("  %s%s\n", folder, feed->name);
    golden_read_ours(golden, golden_data(golden, "grocery/il-2022-11/%s%s", folder, feed->name));
    for (size_t i = 0; feed->sub_chains[i] != NULL; i++) {
        golden_read_theirs(golden, golden_data(golden, "grocery/il-2022-11/golden/stores/%s_%s.csv",
                                               feed->chain, feed->sub_chains[i]));
        compare(golden, feed->sub_chains[i], &counts);
    }
    assert_int_equal(feed->ours, golden->ours->count);
    assert_int_equal(feed->theirs, counts.stores);
    assert_int_equal(feed->checks, counts.checks);
    return counts.dashes;
}

static void real_stores_agree_with_the_golden_tables(void **state)
{
    struct golden *golden = *state;

    use_stores(golden);
    for (size_t i = 0; i < MR_COUNT(feeds); i++) {
        assert_int_equal(0, check_feed(golden, &feeds[i], ""));
    }
}

static void so_do_the_encodings_of_the_wire(void **state)
{
    struct golden *golden = *state;
    size_t dashes = 0;

    use_stores(golden);
    for (size_t i = 0; i < MR_COUNT(feeds); i++) {
        for (size_t w = 0; w < MR_COUNT(on_wire); w++) {
            if (strcmp(feeds[i].name, on_wire[w]) == 0) {
                dashes += check_feed(golden, &feeds[i], "on-wire-encoding/");
            }
        }
    }
    assert_int_equal(1, dashes);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(real_stores_agree_with_the_golden_tables, golden_setup,
                                        golden_teardown),
        cmocka_unit_test_setup_teardown(so_do_the_encodings_of_the_wire, golden_setup,
                                        golden_teardown),
    };

    return cmocka_run_group_tests_name("golden stores", tests, NULL, NULL);
}
