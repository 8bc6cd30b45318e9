/* Goal: what others collected to break readers breaks nothing here: csv-spectrum, real Hebrew pages
 * in Windows-1255, and the conformance suite of XML. Method: csv-spectrum is compared with its
 * JSON, cell by cell. Of XML every document that is not well-formed must give a bad row, and one
 * that is valid must not, unless it uses entities of a DTD, which we do not read: those are
 * counted. */
#include "connectors/files/charset.h"
#include "tests/support/files_bench.h"

#include <dirent.h>
#include <jansson.h>
#include <stdlib.h>
#include <string.h>

#define COLUMNS_MAX 16

static const char *need_data(struct files_bench *bench, const char *below)
{
    const char *path = files_bench_data(bench, below);

    if (path == NULL) {
        print_message("skipped: no %s\n", below);
        skip();
    }
    return path;
}

/* The wanted names are those of the first object. */
static size_t names_of(const json_t *table, struct mr_wanted *wanted, const char **names)
{
    size_t count = 0;

    for (void *at = json_object_iter(json_array_get(table, 0)); at != NULL;
         at = json_object_iter_next(json_array_get(table, 0), at)) {
        assert_true(count < COLUMNS_MAX);
        names[count] = json_object_iter_key(at);
        wanted[count] = (struct mr_wanted){names[count], {&names[count], 1}};
        count++;
    }
    return count;
}

static void check_spectrum(struct files_bench *bench, const char *name)
{
    const char *names[COLUMNS_MAX];
    struct mr_wanted wanted[COLUMNS_MAX];
    struct mr_wanted_rows rows = {.names = wanted};
    json_t *table = json_load_file(
        need_data(bench, mr_arena_print(bench->texts, "hostile/csv-spectrum/json/%s.json", name)),
        0, NULL);

    print_message("  %s\n", name);
    assert_non_null(table);
    rows.count = names_of(table, wanted, names);
    bench->wanted = &rows;
    bench->room = 1000;
    assert_int_equal(
        MR_OK, files_bench_open(
                   bench, mr_arena_print(
                              bench->texts, "path: %s",
                              need_data(bench, mr_arena_print(bench->texts,
                                                              "hostile/csv-spectrum/csvs/%s.csv",
                                                              name)))));
    assert_int_equal(MR_OK, files_bench_pull(bench));
    assert_int_equal(json_array_size(table), bench->intake.count);
    for (size_t r = 0; r < bench->intake.count; r++) {
        assert_non_null(bench->intake.rows[r].texts);
        for (size_t c = 0; c < rows.count; c++) {
            const struct mr_value *text = &bench->intake.rows[r].texts[c];
            const char *cell =
                json_string_value(json_object_get(json_array_get(table, r), names[c]));

            if (!mr_span_is(text->kind == MR_KIND_NULL ? (struct mr_span){NULL, 0}
                                                       : mr_value_span(text),
                            cell)) {
                fail_msg("row %zu, %s: wanted \"%s\"", r, names[c], cell);
            }
        }
    }
    files_bench_close(bench);
    json_decref(table);
}

/* Not location_coordinates, whose JSON is that of another row than its CSV has; nor newlines_crlf,
 * whose copy has lost its CRs. */
static void csv_spectrum_is_read_cell_by_cell(void **state)
{
    static const char *const names[] = {"comma_in_quotes",
                                        "empty",
                                        "empty_crlf",
                                        "escaped_quotes",
                                        "json",
                                        "newlines",
                                        "quotes_and_newlines",
                                        "simple",
                                        "simple_crlf",
                                        "utf8"};

    for (size_t i = 0; i < MR_COUNT(names); i++) {
        check_spectrum(*state, names[i]);
    }
}

static bool check_page(struct files_bench *bench, const char *path)
{
    const struct mr_span bytes = files_bench_load(bench, path);
    uint8_t *out = mr_arena_bytes(bench->texts, mr_decoder_room(bytes.size));
    struct mr_decoder decoder = {0};
    const size_t mark = mr_decoder_begin(&decoder, bytes, MR_CHARSET_AUTO);
    size_t size =
        mr_decoder_run(&decoder, (struct mr_span){bytes.data + mark, bytes.size - mark}, out);

    size += mr_decoder_end(&decoder, out + size);
    print_message("  %s: %s, %d replaced\n", path, mr_charset_names[decoder.charset],
                  (int)decoder.replaced);
    assert_true(decoder.charset == MR_CHARSET_WINDOWS_1255 ||
                decoder.charset == MR_CHARSET_ISO_8859_8);
    assert_true(mr_utf8_is_valid((struct mr_span){out, size}));
    assert_int_equal(0, decoder.replaced);
    return true;
}

/* For how many files of a folder the check holds. */
static size_t each_file(struct files_bench *bench, const char *below, const char *ending,
                        bool (*check)(struct files_bench *bench, const char *path))
{
    const char *path = need_data(bench, below);
    DIR *folder = opendir(path);
    struct dirent *entry;
    size_t count = 0;

    assert_non_null(folder);
    while ((entry = readdir(folder)) != NULL) {
        const size_t size = strlen(entry->d_name);

        if (entry->d_name[0] != '.' && size > strlen(ending) &&
            strcmp(entry->d_name + size - strlen(ending), ending) == 0) {
            count += check(bench, mr_arena_print(bench->texts, "%s/%s", path, entry->d_name));
        }
    }
    (void)closedir(folder);
    return count;
}

static void real_pages_in_windows_1255_are_known_by_their_content(void **state)
{
    assert_int_equal(12,
                     each_file(*state, "hostile/encodings/windows-1255-hebrew", "", check_page));
}

/* What reading a document of the suite gives: its bad rows, of which some for entities. */
static const char *read_document(struct files_bench *bench, const char *path)
{
    static const char *const doc[] = {"doc", "root", "foo"};
    static const char *const nothing[] = {"nothing"};
    static const struct mr_wanted none = {"nothing", {nothing, 1}};
    static const struct mr_wanted_rows rows = {&none, 1, {doc, 3}, {NULL, 0}};

    bench->wanted = &rows;
    bench->stored_count = 0;
    assert_int_equal(MR_OK,
                     files_bench_open(bench, mr_arena_print(bench->texts, "path: %s", path)));
    return files_bench_all(bench);
}

/* What we forgive: characters that XML forbids are replaced and counted, and blanks before the
 * declaration are skipped. 050 is empty, and called that. */
static bool is_forgiven(const char *path)
{
    static const char *const names[] = {
        "/030.xml", "/031.xml", "/032.xml", "/033.xml", "/147.xml",    "/166.xml", "/167.xml",
        "/168.xml", "/169.xml", "/170.xml", "/171.xml", "/172.xml",    "/173.xml", "/174.xml",
        "/175.xml", "/177.xml", "/034.xml", "/050.xml", "/170.fmt.xml"};

    for (size_t i = 0; i < MR_COUNT(names); i++) {
        if (strstr(path, names[i]) != NULL) {
            return true;
        }
    }
    return false;
}

static bool is_refused(struct files_bench *bench, const char *path)
{
    const char *rows = read_document(bench, path);

    const bool is_silent = bench->bad == 0 || strstr(rows, "source_empty") != NULL;

    if (is_silent && !is_forgiven(path)) {
        fail_msg("%s is not well-formed, and gave %s", path, rows);
    }
    return !is_silent;
}

static bool is_read(struct files_bench *bench, const char *path)
{
    const char *rows = read_document(bench, path);

    const bool has_entities =
        strstr(rows, "Entity '") != NULL || strstr(rows, "PEReference") != NULL;

    /* A root of another name is no row, and that is all there is to say of it. */
    if (bench->bad > 0 && !has_entities && strstr(rows, "source_empty") == NULL) {
        fail_msg("%s is valid, and gave %s", path, rows);
    }
    return !has_entities;
}

static void xml_that_is_not_well_formed_is_refused(void **state)
{
    assert_int_equal(187 - 19, each_file(*state, "hostile/xmlconf/xmlconf/xmltest/not-wf/sa",
                                         ".xml", is_refused));
}

static void xml_that_is_valid_is_read(void **state)
{
    assert_int_equal(
        120 - 18, each_file(*state, "hostile/xmlconf/xmlconf/xmltest/valid/sa", ".xml", is_read));
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, files_bench_setup, files_bench_teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(csv_spectrum_is_read_cell_by_cell),
        TEST(real_pages_in_windows_1255_are_known_by_their_content),
        TEST(xml_that_is_not_well_formed_is_refused),
        TEST(xml_that_is_valid_is_read),
    };

    return cmocka_run_group_tests_name("hostile", tests, NULL, NULL);
}
