#include "tests/support/files_bench.h"

#include <archive.h>
#include <archive_entry.h>
#include <iconv.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define TEXTS_ROOM ((size_t)1 << 30)

static const char *const price_names[] = {"ItemPrice", "Price"};
static const char *const name_names[] = {"ItemName", "ItemNm"};
static const char *const code_names[] = {"ItemCode"};
static const char *const chain_names[] = {"ChainId"};
static const char *const store_names[] = {"StoreId"};
static const char *const row_names[] = {"Item", "Product", "Line"};
static const char *const missing_names[] = {"unknown", "לא ידוע"};
static const struct mr_wanted price_feed[] = {{"chain", {chain_names, 1}},
                                              {"store", {store_names, 1}},
                                              {"code", {code_names, 1}},
                                              {"name", {name_names, 2}},
                                              {"price", {price_names, 2}}};
static const struct mr_wanted_rows price_rows = {
    price_feed, MR_COUNT(price_feed), {row_names, 3}, {missing_names, 2}};

int files_bench_setup(void **state)
{
    struct files_bench *bench = calloc(1, sizeof(*bench));

    assert_non_null(bench);
    (void)snprintf(bench->folder, sizeof(bench->folder), "/tmp/mr_files_XXXXXX");
    assert_non_null(mkdtemp(bench->folder));
    bench->report = mr_report_new();
    bench->settings = mr_arena_new((size_t)1 << 20);
    bench->arena = mr_arena_new((size_t)64 << 20);
    bench->texts = mr_arena_new(TEXTS_ROOM);
    bench->log = (struct mr_log){stderr, "files", MR_ERROR, MR_LOG_TEXT};
    assert_non_null(bench->texts);
    *state = bench;
    return 0;
}

int files_bench_teardown(void **state)
{
    struct files_bench *bench = *state;
    char command[256];

    files_bench_close(bench);
    (void)snprintf(command, sizeof(command), "chmod -R u+rwx %s; rm -rf %s", bench->folder,
                   bench->folder);
    assert_int_equal(0, system(command));
    mr_report_free(bench->report);
    mr_arena_free(bench->settings);
    mr_arena_free(bench->arena);
    mr_arena_free(bench->texts);
    free(bench);
    return 0;
}

const char *files_bench_path(struct files_bench *bench, const char *name)
{
    return mr_arena_print(bench->texts, "%s/%s", bench->folder, name);
}

void files_bench_write(struct files_bench *bench, const char *name, struct mr_span bytes)
{
    const char *path = files_bench_path(bench, name);
    FILE *file;

    if (strchr(name, '/') != NULL) {
        const struct mr_span folder = {(const uint8_t *)path, (size_t)(strrchr(path, '/') - path)};

        (void)mkdir(mr_arena_text(bench->texts, folder), 0700);
    }
    file = fopen(path, "wb");
    assert_non_null(file);
    assert_int_equal(bytes.size, fwrite(bytes.data, 1, bytes.size, file));
    assert_int_equal(0, fclose(file));
}

void files_bench_text(struct files_bench *bench, const char *name, const char *text)
{
    files_bench_write(bench, name, mr_span_text(text));
}

struct mr_span files_bench_pack(struct files_bench *bench, const char *filter, const char *format,
                                const char *const *names, const struct mr_span *members,
                                size_t count)
{
    const size_t room = (size_t)64 << 20;
    uint8_t *out = malloc(room);
    struct archive *archive = archive_write_new();
    struct mr_span packed;
    size_t size = 0;

    assert_non_null(out);
    if (strcmp(filter, "none") != 0) {
        assert_int_equal(ARCHIVE_OK, archive_write_add_filter_by_name(archive, filter));
    }
    assert_int_equal(ARCHIVE_OK, archive_write_set_format_by_name(archive, format));
    (void)archive_write_set_bytes_in_last_block(archive, 1);
    assert_int_equal(ARCHIVE_OK, archive_write_open_memory(archive, out, room, &size));
    for (size_t i = 0; i < count; i++) {
        struct archive_entry *entry = archive_entry_new();

        archive_entry_set_pathname(entry, names[i]);
        archive_entry_set_filetype(entry, AE_IFREG);
        archive_entry_set_perm(entry, 0600);
        archive_entry_set_size(entry, (la_int64_t)members[i].size);
        assert_int_equal(ARCHIVE_OK, archive_write_header(archive, entry));
        assert_int_equal(members[i].size,
                         archive_write_data(archive, members[i].data, members[i].size));
        archive_entry_free(entry);
    }
    assert_int_equal(ARCHIVE_OK, archive_write_close(archive));
    assert_int_equal(ARCHIVE_OK, archive_write_free(archive));
    packed = mr_arena_copy(bench->texts, (struct mr_span){out, size});
    free(out);
    return packed;
}

struct mr_span files_bench_gzip(struct files_bench *bench, struct mr_span bytes)
{
    const char *name = "data";

    return files_bench_pack(bench, "gzip", "raw", &name, &bytes, 1);
}

struct mr_span files_bench_encode(struct files_bench *bench, const char *charset, const char *text)
{
    const size_t room = 2 * strlen(text) + 16;
    uint8_t *out = mr_arena_bytes(bench->texts, room);
    char *in = (char *)(uintptr_t)text;
    char *to = (char *)out;
    size_t in_left = strlen(text);
    size_t out_left = room;
    iconv_t conversion = iconv_open(charset, "UTF-8");

    assert_true(conversion != (iconv_t)-1);
    assert_true(iconv(conversion, &in, &in_left, &to, &out_left) != (size_t)-1);
    assert_true(iconv(conversion, NULL, NULL, &to, &out_left) != (size_t)-1);
    (void)iconv_close(conversion);
    return (struct mr_span){out, room - out_left};
}

struct mr_span files_bench_load(struct files_bench *bench, const char *path)
{
    FILE *file = fopen(path, "rb");
    struct stat seen;
    uint8_t *bytes;

    assert_non_null(file);
    assert_int_equal(0, fstat(fileno(file), &seen));
    bytes = mr_arena_bytes(bench->texts, (size_t)seen.st_size + 1);
    assert_non_null(bytes);
    assert_int_equal(seen.st_size, fread(bytes, 1, (size_t)seen.st_size, file));
    bytes[seen.st_size] = '\0';
    (void)fclose(file);
    return (struct mr_span){bytes, (size_t)seen.st_size};
}

static struct mr_span with_folder(struct files_bench *bench, const char *yaml)
{
    const struct mr_span text = mr_span_text(yaml);
    const size_t at = mr_span_find(text, (struct mr_span)MR_SPAN("${dir}"));

    if (at == text.size) {
        return text;
    }
    return mr_span_text(
        mr_arena_print(bench->texts, "%.*s%s%s", (int)at, yaml, bench->folder, yaml + at + 6));
}

enum mr_code files_bench_open(struct files_bench *bench, const char *yaml)
{
    const struct mr_node *node;
    void *settings;

    files_bench_close(bench);
    bench->err = (struct mr_error){0};
    bench->good = bench->bad = 0;
    node = mr_node_parse("test.yaml", with_folder(bench, yaml), bench->settings, bench->report);
    settings = mr_arena_take(bench->settings, 1, mr_files_ops.settings_size);
    if (node == NULL || !mr_options_read(mr_files_ops.options, node, "ingest", bench->settings,
                                         bench->report, settings)) {
        mr_report_print(bench->report, stderr);
        fail_msg("the options are not good: %s", yaml);
    }
    bench->connector = (struct mr_connector){&mr_files_ops, settings, &bench->log, NULL};
    return mr_files_ops.open(&bench->connector, bench->wanted ? bench->wanted : &price_rows,
                             &bench->err);
}

void files_bench_close(struct files_bench *bench)
{
    if (bench->connector.ops != NULL) {
        bench->connector.ops->close(&bench->connector);
        bench->connector.ops = NULL;
        mr_arena_reset(bench->settings);
    }
}

static void store(struct files_bench *bench, const struct mr_source_position *position)
{
    size_t at = 0;

    while (at < bench->stored_count && !mr_span_equal(bench->stored[at].key, position->key)) {
        at++;
    }
    assert_true(at < FILES_BENCH_POSITIONS);
    bench->stored[at].key = mr_arena_copy(bench->texts, position->key);
    bench->stored[at].value = mr_arena_copy(bench->texts, position->value);
    bench->stored_count += at == bench->stored_count;
}

enum mr_code files_bench_pull(struct files_bench *bench)
{
    const size_t room = bench->room == 0 ? 100 : bench->room;
    enum mr_code code;

    mr_arena_reset(bench->arena);
    code = mr_files_ops.pull(&bench->connector, room, bench->arena, &bench->intake, &bench->err);
    for (size_t i = 0; code == MR_OK && i < bench->intake.position_count; i++) {
        store(bench, &bench->intake.positions[i]);
    }
    for (size_t i = 0; code == MR_OK && i < bench->intake.count; i++) {
        bench->good += bench->intake.rows[i].reason == NULL;
        bench->bad += bench->intake.rows[i].reason != NULL;
    }
    return code;
}

void files_bench_resume(struct files_bench *bench)
{
    for (size_t i = 0; i < bench->stored_count; i++) {
        assert_int_equal(MR_OK,
                         mr_files_ops.resume(&bench->connector, &bench->stored[i], &bench->err));
    }
}

static void print_row(FILE *out, const struct files_bench *bench, const struct mr_row *row)
{
    const struct mr_wanted_rows *wanted = bench->wanted ? bench->wanted : &price_rows;
    const char *gap = "";

    assert_non_null(row->place.source);
    assert_non_null(row->place.digest);
    if (row->reason != NULL) {
        assert_null(row->texts);
        (void)fprintf(out, "!%s %d: %s\n", row->reason, (int)row->place.line,
                      row->detail ? row->detail : "");
        return;
    }
    for (size_t i = 0; i < wanted->count; i++) {
        if (row->texts[i].kind == MR_KIND_STRING) {
            (void)fprintf(out, "%s%s=%.*s", gap, wanted->names[i].name,
                          MR_SPAN_ARGS(mr_value_span(&row->texts[i])));
            gap = "|";
        }
    }
    (void)fputc('\n', out);
}

const char *files_bench_rows(struct files_bench *bench)
{
    char *text = NULL;
    size_t size = 0;
    FILE *out = open_memstream(&text, &size);
    const char *kept;

    for (size_t i = 0; i < bench->intake.count; i++) {
        print_row(out, bench, &bench->intake.rows[i]);
    }
    (void)fclose(out);
    kept = mr_arena_text(bench->texts, (struct mr_span){(const uint8_t *)text, size});
    free(text);
    return kept;
}

const char *files_bench_all(struct files_bench *bench)
{
    const char *all = "";

    do {
        if (files_bench_pull(bench) != MR_OK) {
            fail_msg("%s", bench->err.text);
        }
        all = mr_arena_print(bench->texts, "%s%s", all, files_bench_rows(bench));
        assert_non_null(all);
    } while (!bench->intake.is_done);
    return all;
}

const char *files_bench_data(struct files_bench *bench, const char *below)
{
    const char *root = getenv("MILLRACE_DATA");
    const char *path =
        mr_arena_print(bench->texts, "%s/%s", root != NULL ? root : "../shared/data", below);

    return access(path, R_OK) == 0 ? path : NULL;
}
