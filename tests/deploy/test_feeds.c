/* Goal: the generator's feeds are what they claim to be, and its truth is true of them.
 * Method: the built program is run into a folder of its own; files are unpacked by libarchive and
 * gzip and decoded by iconv, none of which it was written with; counts are taken anew from the
 * text. Scores are checked against advisories whose outcome is known beforehand. */
#include "tests/support/feeds_bench.h"

#include "processors/core/base/digest.h"
#include "processors/core/base/error.h"

#include <archive.h>
#include <archive_entry.h>
#include <dirent.h>
#include <iconv.h>
#include <inttypes.h>
#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>

#define SMALL "--rows 5000"

/* Calls visit() for each file of a folder, in the order of their names. */
typedef void visitor(struct feeds_bench *bench, const char *folder, const char *name,
                     void *context);

static unsigned visit_files(struct feeds_bench *bench, const char *folder, visitor *visit,
                            void *context)
{
    struct dirent **entries;
    unsigned count = 0;
    char path[512];
    int found;

    (void)snprintf(path, sizeof(path), "%s/%s", bench->folder, folder);
    found = scandir(path, &entries, NULL, alphasort);
    assert_true(found > 2);
    for (int i = 0; i < found; i++) {
        const size_t mark = mr_arena_mark(bench->arena);

        if (entries[i]->d_name[0] != '.') {
            visit(bench, folder, entries[i]->d_name, context);
            count++;
        }
        mr_arena_release(bench->arena, mark);
        free(entries[i]);
    }
    free(entries);
    return count;
}

static void digest_file(struct feeds_bench *bench, const char *folder, const char *name,
                        void *context)
{
    mr_digester_add(context, mr_span_text(name));
    mr_digester_add(context, feeds_bench_read(bench, folder, name));
}

static void digest_folder(struct feeds_bench *bench, const char *folder,
                          char hex[MR_DIGEST_HEX_SIZE])
{
    struct mr_digester *digester = mr_digester_new();
    struct mr_digest digest;

    assert_non_null(digester);
    assert_true(visit_files(bench, folder, digest_file, digester) > 100);
    digest = mr_digester_end(digester);
    mr_digest_hex(&digest, hex);
    mr_digester_free(digester);
}

static void a_seed_decides_every_byte(void **state)
{
    struct feeds_bench *bench = *state;
    char first[MR_DIGEST_HEX_SIZE], again[MR_DIGEST_HEX_SIZE], other[MR_DIGEST_HEX_SIZE];

    feeds_bench_make(bench, "first", SMALL " --seed 3");
    feeds_bench_make(bench, "again", SMALL " --seed 3");
    feeds_bench_make(bench, "other", SMALL " --seed 4");
    digest_folder(bench, "first", first);
    digest_folder(bench, "again", again);
    digest_folder(bench, "other", other);
    assert_string_equal(first, again);
    assert_string_not_equal(first, other);
}

/* The bytes of a feed, unpacked by libarchive. *is_whole says whether it got to the end. */
static struct mr_span unpack(struct feeds_bench *bench, struct mr_span packed, bool *is_whole)
{
    uint8_t *bytes = mr_arena_bytes(bench->arena, FEEDS_FILE_SIZE_MAX);
    struct archive *archive = archive_read_new();
    struct archive_entry *entry;
    size_t size = 0;
    la_ssize_t taken = -1;

    assert_non_null(bytes);
    assert_int_equal(ARCHIVE_OK, archive_read_support_filter_gzip(archive));
    assert_int_equal(ARCHIVE_OK, archive_read_support_format_zip(archive));
    assert_int_equal(ARCHIVE_OK, archive_read_support_format_raw(archive));
    /* Both read ahead, and fail where a short file breaks off. */
    if (archive_read_open_memory(archive, packed.data, packed.size) == ARCHIVE_OK &&
        archive_read_next_header(archive, &entry) == ARCHIVE_OK) {
        do {
            taken = archive_read_data(archive, bytes + size, FEEDS_FILE_SIZE_MAX - size);
            size += taken > 0 ? (size_t)taken : 0;
        } while (taken > 0);
    }
    *is_whole = taken == 0;
    (void)archive_read_free(archive);
    return (struct mr_span){bytes, size};
}

/* The encoding that the bytes claim: by byte-order mark, else by declaration. "" for neither. */
static void claimed_encoding(struct mr_span bytes, char out[32])
{
    const struct mr_span head = {bytes.data, bytes.size < 80 ? bytes.size : 80};
    const size_t start = mr_span_find(head, mr_span_text("encoding=\""));

    out[0] = '\0';
    if (head.size > 3 && memcmp(head.data, "\xFF\xFE", 2) == 0) {
        (void)snprintf(out, 32, "UTF-16LE");
    } else if (head.size > 3 && memcmp(head.data, "\xEF\xBB\xBF", 3) == 0) {
        (void)snprintf(out, 32, "UTF-8");
    } else if (start < head.size) {
        size_t size = 0;

        for (size_t i = start + 10; i < head.size && head.data[i] != '"' && size < 31; i++) {
            out[size++] = (char)head.data[i];
        }
        out[size] = '\0';
    }
}

/* NUL-terminated UTF-8; data is NULL when the bytes are not in the encoding. */
static struct mr_span decode(struct feeds_bench *bench, struct mr_span bytes, const char *encoding)
{
    char *const room = (char *)mr_arena_bytes(bench->arena, 2 * bytes.size + 1);
    char *from = (char *)(uintptr_t)bytes.data, *to = room;
    size_t from_size = bytes.size, to_size = 2 * bytes.size;
    iconv_t converter = iconv_open("UTF-8", encoding);
    size_t result;

    assert_true(converter != (iconv_t)-1);
    assert_non_null(room);
    result = iconv(converter, &from, &from_size, &to, &to_size);
    (void)iconv_close(converter);
    *to = '\0';
    return (struct mr_span){result == (size_t)-1 ? NULL : (const uint8_t *)room,
                            (size_t)(to - room)};
}

static uint64_t count_text(const char *text, const char *wanted)
{
    uint64_t count = 0;

    for (text = strstr(text, wanted); text != NULL; text = strstr(text + 1, wanted)) {
        count++;
    }
    return count;
}

/* Line ends outside quotes, but for the heading's. */
static uint64_t count_csv_rows(const char *text)
{
    uint64_t count = 0;
    bool is_quoted = false;

    for (; *text != '\0'; text++) {
        is_quoted ^= *text == '"';
        count += *text == '\n' && !is_quoted;
    }
    return count - 1;
}

static uint64_t count_rows(const char *text, const char *name)
{
    return strstr(name, ".csv") ? count_csv_rows(text)
                                : count_text(text, "</Item>") + count_text(text, "</Product>") +
                                      count_text(text, "</Line>");
}

/* What the feeds of a folder come to, and what its truth says of single files. */
struct survey {
    const char *truth; /* text of truth.csv */
    uint64_t rows;
    unsigned feeds, utf_8, utf_16le, windows_1255, iso_8859_8;
    unsigned dashes; /* files with the sign that only Windows-1255 has */
    unsigned broken, cut, html, empty, planted;
};

/* The kind that truth gives to a file as a whole or to its one broken row, or "". */
static bool truth_says(const char *truth, const char *kind, const char *name)
{
    char wanted[256];

    (void)snprintf(wanted, sizeof(wanted), "\n%s,%s,", kind, name);
    return strstr(truth, wanted) != NULL;
}

static void survey_encoding(struct survey *survey, const char *encoding, struct mr_span bytes)
{
    survey->utf_8 += mr_span_is_nocase(mr_span_text(encoding), "UTF-8");
    survey->utf_16le += strcmp(encoding, "UTF-16LE") == 0;
    survey->iso_8859_8 += strcmp(encoding, "ISO-8859-8") == 0;
    if (strcmp(encoding, "windows-1255") == 0) {
        survey->windows_1255++;
        survey->dashes += memchr(bytes.data, 0x96, bytes.size) != NULL;
    }
}

/* The columns of a line of truth.csv from its file's on; each ends where the next begins. */
enum {
    COLUMN_FILE,
    COLUMN_CHAIN,
    COLUMN_STORE,
    COLUMN_ITEM,
    COLUMN_TIME,
    COLUMN_EXPECTED,
    COLUMN_OBSERVED,
    COLUMN_LABEL,
    COLUMN_COUNT
};

static void split_columns(const char *at, struct mr_span columns[COLUMN_COUNT])
{
    for (unsigned i = 0; i < COLUMN_COUNT; i++) {
        const size_t size = strcspn(at, ",\n");

        columns[i] = (struct mr_span){(const uint8_t *)at, size};
        at += size + 1;
    }
}

static void survey_price(const char *text, struct mr_span code, struct mr_span observed)
{
    char needle[64];
    const char *item, *price;

    (void)snprintf(needle, sizeof(needle), "<ItemCode>%.*s</ItemCode>", MR_SPAN_ARGS(code));
    item = strstr(text, needle);
    assert_non_null(item);
    price = strstr(item, "<ItemPrice>");
    assert_non_null(price);
    (void)snprintf(needle, sizeof(needle), "<ItemPrice>%.*s<", MR_SPAN_ARGS(observed));
    assert_int_equal(0, strncmp(price, needle, strlen(needle)));
}

/* Each planted price of this file, looked for in its text. */
static void survey_planted(struct survey *survey, const char *text, const char *name)
{
    char needle[256];

    if (strstr(name, ".csv")) {
        return;
    }
    (void)snprintf(needle, sizeof(needle), ",%s,", name);
    for (const char *at = strstr(survey->truth, needle); at; at = strstr(at + 1, needle)) {
        struct mr_span columns[COLUMN_COUNT];

        split_columns(at + 1, columns);
        if (mr_span_is(columns[COLUMN_LABEL], "anomaly")) {
            /* Six publications a day: the first two of any key are over by eight. */
            assert_true(mr_span_compare(columns[COLUMN_TIME], mr_span_text("2026-03-01T08:00:00")) >
                        0);
            survey_price(text, columns[COLUMN_ITEM], columns[COLUMN_OBSERVED]);
            survey->planted++;
        }
    }
}

/* libarchive gives back nothing of the last block that it could not fill, gzip all there is. */
static uint64_t count_rows_before_cut(struct feeds_bench *bench, const char *folder,
                                      const char *name)
{
    char *text = (char *)mr_arena_bytes(bench->arena, FEEDS_FILE_SIZE_MAX);
    char command[512];
    size_t size, kept = 0;
    FILE *pipe;

    assert_non_null(text);
    (void)snprintf(command, sizeof(command), "gzip -dc < %s/%s/%s 2>/dev/null", bench->folder,
                   folder, name);
    pipe = popen(command, "r");
    assert_non_null(pipe);
    size = fread(text, 1, FEEDS_FILE_SIZE_MAX - 1, pipe);
    for (size_t i = 0; i < size; i++) { /* of UTF-16, what is ASCII */
        text[kept] = text[i];
        kept += text[i] != '\0';
    }
    text[kept] = '\0';
    assert_int_not_equal(0, WEXITSTATUS(pclose(pipe)));
    assert_true(strstr(text, "</Prices>") == NULL && strstr(text, "</Root>") == NULL);
    return count_rows(text, name);
}

static void survey_cut(struct feeds_bench *bench, struct survey *survey, const char *folder,
                       const char *name)
{
    const uint64_t rows = count_rows_before_cut(bench, folder, name);
    char wanted[64], line[256];

    (void)snprintf(wanted, sizeof(wanted), ",%" PRIu64 ",file\n", rows);
    (void)snprintf(line, sizeof(line), "\ntruncated_gz,%s,", name);
    assert_true(rows > 0);
    assert_non_null(strstr(strstr(survey->truth, line), wanted));
    survey->rows += rows;
    survey->cut++;
}

static void survey_text(struct feeds_bench *bench, struct survey *survey, const char *name,
                        struct mr_span bytes)
{
    char encoding[32];
    struct mr_span text;

    claimed_encoding(bytes, encoding);
    assert_string_not_equal("", encoding);
    survey_encoding(survey, encoding, bytes);
    text = decode(bench, bytes, encoding);
    if (truth_says(survey->truth, "invalid_utf8", name)) {
        assert_null(text.data);
        text = decode(bench, bytes, "ISO-8859-1"); /* so that its rows can be counted */
        survey->broken++;
    }
    assert_non_null(text.data);
    survey->rows += count_rows((const char *)text.data, name);
    survey_planted(survey, (const char *)text.data, name);
    if (truth_says(survey->truth, "empty_feed", name)) {
        assert_true(text.size < 300);
        survey->empty++;
    }
}

static void survey_file(struct feeds_bench *bench, const char *folder, const char *name,
                        void *context)
{
    struct survey *survey = context;
    struct mr_span bytes;
    bool is_whole;

    if (strstr(name, "PriceFull") == NULL) {
        return;
    }
    survey->feeds++;
    bytes = unpack(bench, feeds_bench_read(bench, folder, name), &is_whole);
    assert_int_equal(is_whole, !truth_says(survey->truth, "truncated_gz", name));
    if (!is_whole) {
        survey_cut(bench, survey, folder, name);
    } else if (truth_says(survey->truth, "html_page", name)) {
        assert_true(mr_span_find(bytes, mr_span_text("<html")) < bytes.size);
        survey->html++;
    } else {
        survey_text(bench, survey, name, bytes);
    }
}

static struct survey survey_folder(struct feeds_bench *bench, const char *folder)
{
    struct survey survey = {
        .truth = (const char *)feeds_bench_read(bench, folder, "truth.csv").data,
    };

    (void)visit_files(bench, folder, survey_file, &survey);
    return survey;
}

static json_t *read_summary(struct feeds_bench *bench, const char *folder)
{
    json_t *summary =
        json_loads((const char *)feeds_bench_read(bench, folder, "summary.json").data, 0, NULL);

    assert_non_null(summary);
    return summary;
}

static int64_t number_in(const json_t *object, const char *name)
{
    const json_t *number = json_object_get(object, name);

    assert_true(json_is_integer(number));
    return json_integer_value(number);
}

static void every_file_is_what_it_claims(void **state)
{
    struct feeds_bench *bench = *state;
    struct survey survey;
    json_t *summary;

    feeds_bench_make(bench, "feeds", SMALL " --seed 11");
    survey = survey_folder(bench, "feeds");
    assert_true(survey.utf_8 > 0 && survey.utf_16le > 0);
    assert_true(survey.windows_1255 > 0 && survey.iso_8859_8 > 0 && survey.dashes > 0);
    assert_int_equal(3, survey.cut);
    assert_int_equal(2, survey.html);
    assert_int_equal(2, survey.empty);
    assert_int_equal(1, survey.broken);
    assert_true(survey.planted > 0);

    summary = read_summary(bench, "feeds");
    assert_int_equal(number_in(summary, "files"), survey.feeds);
    assert_int_equal(number_in(summary, "rows"), survey.rows);
    json_decref(summary);
}

/* One line of the truth and the files of its time: an item that is gone is in none of its store's,
 * and a store that is silent has none. */
struct outages {
    const char *kind;
    struct mr_span columns[COLUMN_COUNT]; /* of the line being checked */
    unsigned seen;                        /* files that say otherwise */
};

static void digits_of(struct mr_span time, char out[16])
{
    size_t size = 0;

    for (size_t i = 0; i < time.size && size < 12; i++) {
        if (time.data[i] >= '0' && time.data[i] <= '9') {
            out[size++] = (char)time.data[i];
        }
    }
    out[size] = '\0';
}

static void look_for_absent(struct feeds_bench *bench, const char *folder, const char *name,
                            void *context)
{
    struct outages *outages = context;
    const struct mr_span *columns =
        outages->columns; /* times there as digits, as in files' names */
    char from[16], until[16], head[64], needle[64], encoding[32];
    const char *time = strstr(name, "-2026");
    struct mr_span bytes;
    bool is_whole, is_same;

    digits_of(columns[COLUMN_TIME], from);
    digits_of(columns[COLUMN_OBSERVED], until);
    (void)snprintf(head, sizeof(head), "PriceFull%.*s-", MR_SPAN_ARGS(columns[COLUMN_CHAIN]));
    if (time == NULL || strstr(name, head) == NULL || strncmp(time + 1, from, 12) < 0 ||
        (until[0] != '\0' && strncmp(time + 1, until, 12) >= 0)) {
        return;
    }
    is_same = strtol(strstr(name, head) + strlen(head), NULL, 10) ==
              strtol((const char *)columns[COLUMN_STORE].data, NULL, 10);
    if (strcmp(outages->kind, "\nstore_silent,") == 0) {
        outages->seen += is_same;
        return;
    }
    bytes = unpack(bench, feeds_bench_read(bench, folder, name), &is_whole);
    claimed_encoding(bytes, encoding);
    bytes = decode(bench, bytes, encoding[0] != '\0' ? encoding : "UTF-8");
    (void)snprintf(needle, sizeof(needle), "<ItemCode>%.*s</ItemCode>",
                   MR_SPAN_ARGS(columns[COLUMN_ITEM]));
    if (bytes.data != NULL && is_same) {
        outages->seen += strstr((const char *)bytes.data, needle) != NULL;
    }
}

static void what_is_said_to_be_missing_is_missing(void **state)
{
    static const char *const kinds[] = {"\nstore_silent,", "\nitems_vanish,"};
    struct feeds_bench *bench = *state;
    const char *truth;

    feeds_bench_make(bench, "feeds", SMALL " --seed 14");
    truth = (const char *)feeds_bench_read(bench, "feeds", "truth.csv").data;
    for (size_t i = 0; i < MR_COUNT(kinds); i++) {
        unsigned count = 0;

        for (const char *at = strstr(truth, kinds[i]); at; at = strstr(at + 1, kinds[i])) {
            struct outages outages = {.kind = kinds[i]};

            split_columns(at + strlen(kinds[i]), outages.columns);
            (void)visit_files(bench, "feeds", look_for_absent, &outages);
            assert_int_equal(0, outages.seen);
            count++;
        }
        assert_true(count >= 3);
    }
}

/* Both maps of the summary count lines of truth.csv, by their first and their last column. */
static void the_summary_counts_what_the_truth_lists(void **state)
{
    struct feeds_bench *bench = *state;
    const char *name, *truth;
    int64_t lines = 0;
    json_t *summary, *number;
    char wanted[64];

    feeds_bench_make(bench, "feeds", SMALL " --seed 12 --faults 0.004");
    summary = read_summary(bench, "feeds");
    truth = (const char *)feeds_bench_read(bench, "feeds", "truth.csv").data;
    json_object_foreach(json_object_get(summary, "kinds"), name, number)
    {
        (void)snprintf(wanted, sizeof(wanted), "\n%s,", name);
        print_message("  %s\n", name);
        assert_int_equal(json_integer_value(number), count_text(truth, wanted));
        assert_true(json_integer_value(number) > 0);
        lines += json_integer_value(number);
    }
    assert_int_equal(lines + 1, count_text(truth, "\n"));
    json_object_foreach(json_object_get(summary, "labels"), name, number)
    {
        (void)snprintf(wanted, sizeof(wanted), ",%s\n", name);
        assert_int_equal(json_integer_value(number), count_text(truth, wanted));
        lines -= json_integer_value(number);
    }
    assert_int_equal(0, lines);
    json_decref(summary);
}

/* A price's digits without its point. */
static int64_t agorot_of(struct mr_span price)
{
    int64_t agorot = 0;

    for (size_t i = 0; i < price.size; i++) {
        agorot = price.data[i] == '.' ? agorot : agorot * 10 + (price.data[i] - '0');
    }
    return agorot;
}

/* The lower price is what the higher one comes to when divided, rounded half up. */
static bool is_off_by(int64_t expected, int64_t observed, int64_t factor)
{
    return observed == expected * factor || observed == (expected + factor / 2) / factor;
}

static void a_planted_price_is_off_by_its_power_of_ten(void **state)
{
    static const struct {
        const char *kind;
        int64_t factors[2];
    } rows[] = {
        {"\nprice_x10,", {10, 10}},
        {"\ndecimal_slip,", {10, 100}},
        {"\nunit_swapped,", {10, 10}},
    };
    struct feeds_bench *bench = *state;
    const char *truth;

    feeds_bench_make(bench, "feeds", SMALL " --seed 13 --faults 0.01");
    truth = (const char *)feeds_bench_read(bench, "feeds", "truth.csv").data;
    for (size_t i = 0; i < MR_COUNT(rows); i++) {
        unsigned count = 0;

        print_message("  %s\n", rows[i].kind + 1);
        for (const char *at = strstr(truth, rows[i].kind); at; at = strstr(at + 1, rows[i].kind)) {
            struct mr_span columns[COLUMN_COUNT];
            int64_t expected, observed;

            split_columns(at + strlen(rows[i].kind), columns);
            expected = agorot_of(columns[COLUMN_EXPECTED]);
            observed = agorot_of(columns[COLUMN_OBSERVED]);
            assert_true(is_off_by(expected, observed, rows[i].factors[0]) ||
                        is_off_by(expected, observed, rows[i].factors[1]));
            count++;
        }
        assert_true(count > 5);
    }
}

static void clean_feeds_have_nothing_planted(void **state)
{
    struct feeds_bench *bench = *state;
    struct survey survey;
    json_t *summary, *labels;

    feeds_bench_make(bench, "feeds", SMALL " --clean");
    survey = survey_folder(bench, "feeds");
    assert_int_equal(0, survey.cut + survey.html + survey.empty + survey.broken);
    summary = read_summary(bench, "feeds");
    labels = json_object_get(summary, "labels");
    assert_int_equal(0, number_in(labels, "anomaly") + number_in(labels, "reject") +
                            number_in(labels, "duplicate") + number_in(labels, "file"));
    assert_true(number_in(labels, "normal") > 0);
    assert_int_equal(number_in(summary, "rows"), survey.rows);
    json_decref(summary);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(a_seed_decides_every_byte, feeds_bench_open,
                                        feeds_bench_close),
        cmocka_unit_test_setup_teardown(every_file_is_what_it_claims, feeds_bench_open,
                                        feeds_bench_close),
        cmocka_unit_test_setup_teardown(what_is_said_to_be_missing_is_missing, feeds_bench_open,
                                        feeds_bench_close),
        cmocka_unit_test_setup_teardown(the_summary_counts_what_the_truth_lists, feeds_bench_open,
                                        feeds_bench_close),
        cmocka_unit_test_setup_teardown(a_planted_price_is_off_by_its_power_of_ten,
                                        feeds_bench_open, feeds_bench_close),
        cmocka_unit_test_setup_teardown(clean_feeds_have_nothing_planted, feeds_bench_open,
                                        feeds_bench_close),
    };
    return cmocka_run_group_tests_name("feeds", tests, NULL, NULL);
}
