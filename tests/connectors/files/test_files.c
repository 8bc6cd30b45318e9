/* Goal: any file that can be unpacked is, in whatever encoding; files come in the order of their
 * publication; and however often reading is broken off, each row is given exactly once.
 * Method: the test writes the files; the bench's rows are compared with what was written. */
#include "tests/support/files_bench.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define HEAD "<Root><ChainId>7290</ChainId><Items>"
#define TAIL "</Items></Root>"
#define ITEM(code) "<Item><ItemCode>" code "</ItemCode></Item>"
#define ROW(code) "chain=7290|code=" code "\n"
#define FEED HEAD ITEM("1") ITEM("2") TAIL
#define FEED_ROWS ROW("1") ROW("2")

static const char *read_all(struct files_bench *bench, const char *options)
{
    if (files_bench_open(bench, options) != MR_OK) {
        fail_msg("%s", bench->err.text);
    }
    return files_bench_all(bench);
}

static void every_packing_is_opened(void **state)
{
    static const struct {
        const char *filter, *format;
    } rows[] = {{"gzip", "raw"}, {"xz", "raw"},   {"zstd", "raw"}, {"bzip2", "raw"},
                {"lz4", "raw"},  {"none", "zip"}, {"gzip", "pax"}, {"none", "7zip"}};
    static const char *const name = "inner";
    struct files_bench *bench = *state;
    const struct mr_span feed = mr_span_text(FEED);

    for (size_t i = 0; i < MR_COUNT(rows); i++) {
        print_message("  %s %s\n", rows[i].filter, rows[i].format);
        files_bench_write(bench, "feed.xml",
                          files_bench_pack(bench, rows[i].filter, rows[i].format, &name, &feed, 1));
        assert_string_equal(FEED_ROWS, read_all(bench, "path: ${dir}/feed.xml"));
    }
    files_bench_write(bench, "feed.xml", files_bench_gzip(bench, files_bench_gzip(bench, feed)));
    assert_string_equal(FEED_ROWS, read_all(bench, "path: ${dir}/feed.xml"));
}

static void every_member_of_an_archive_is_a_source(void **state)
{
    static const char *const names[] = {"a/x.xml", "b.html", "c.csv"};
    const struct mr_span members[] = {mr_span_text(FEED), mr_span_text("<html></html>"),
                                      mr_span_text("ItemCode\n7\n")};
    struct files_bench *bench = *state;

    files_bench_write(bench, "feed.zip", files_bench_pack(bench, "none", "zip", names, members, 3));
    assert_string_equal(FEED_ROWS
                        "!source_is_html 1: a page of HTML stands where a feed should\ncode=7\n",
                        read_all(bench, "path: ${dir}/feed.zip"));
    assert_string_equal("feed.zip/a/x.xml", bench->intake.rows[0].place.source);
    assert_string_equal("feed.zip/c.csv", bench->intake.rows[3].place.source);
    assert_int_equal(3, bench->intake.rows[3].place.index);
}

/* What each row of what was read says of its source's end, joined; "-" where it says nothing. */
static const char *ends_of(const struct files_bench *bench)
{
    static char text[512];
    size_t size = 0;

    for (size_t i = 0; i < bench->intake.count; i++) {
        const char *end = bench->intake.rows[i].place.end;

        size += (size_t)snprintf(text + size, sizeof(text) - size, "%s ", end ? end : "-");
        assert_true(size < sizeof(text));
    }
    return text;
}

static void the_last_good_row_says_how_its_source_ends(void **state)
{
    static const struct {
        const char *label, *text, *ends;
    } rows[] = {
        {"whole", FEED, "- complete "},
        {"one row", HEAD ITEM("1") TAIL, "complete "},
        {"broken off between rows", HEAD ITEM("1") ITEM("2"), "- source_truncated - "},
        {"broken off within a row", HEAD ITEM("1") ITEM("2") "<Item><ItemCo",
         "- source_truncated - "},
        {"no row", HEAD TAIL, "- "},
        {"a bad row last", "ItemCode,ItemPrice\n1,2\n3\n", "- - "},
        {"a bad row in between", "ItemCode,ItemPrice\n1,2\n3\n4,5\n", "- - complete "},
    };
    static const char *const names[] = {"a.csv", "b.csv"};
    const struct mr_span members[] = {mr_span_text("ItemCode\n1\n2\n"),
                                      mr_span_text("ItemCode\n3\n")};
    struct files_bench *bench = *state;

    for (size_t i = 0; i < MR_COUNT(rows); i++) {
        print_message("  %s\n", rows[i].label);
        files_bench_write(bench, "feed", mr_span_text(rows[i].text));
        (void)read_all(bench, "path: ${dir}/feed");
        assert_string_equal(rows[i].ends, ends_of(bench));
    }
    files_bench_write(bench, "feed", files_bench_pack(bench, "none", "zip", names, members, 2));
    (void)read_all(bench, "path: ${dir}/feed");
    assert_string_equal("- complete complete ", ends_of(bench));
}

static void every_encoding_is_known_by_mark_declaration_or_content(void **state)
{
    static const struct {
        const char *label, *charset, *mark, *declaration, *name, *wanted;
    } rows[] = {
        {"UTF-8", "UTF-8", "", "", "שלום €", "שלום €"},
        {"UTF-8 with a mark", "UTF-8", "\xEF\xBB\xBF", "", "שלום", "שלום"},
        {"UTF-16LE with a mark", "UTF-16LE", "\xFF\xFE", "", "שלום 𝄞", "שלום 𝄞"},
        {"UTF-16BE with a mark", "UTF-16BE", "\xFE\xFF", "", "שלום 𝄞", "שלום 𝄞"},
        {"UTF-16LE without a mark", "UTF-16LE", "", "", "שלום", "שלום"},
        {"UTF-16BE without a mark", "UTF-16BE", "", "", "שלום", "שלום"},
        {"UTF-16LE, declared as UTF-8", "UTF-16LE", "\xFF\xFE",
         "<?xml version='1.0' encoding='utf-8'?>", "שלום", "שלום"},
        {"Windows-1255, declared", "CP1255", "", "<?xml version='1.0' encoding='windows-1255'?>",
         "שלום ₪", "שלום ₪"},
        {"Windows-1255, not declared", "CP1255", "", "", "שלום ₪", "שלום ₪"},
        {"ISO-8859-8, declared", "ISO-8859-8", "", "<?xml version='1.0' encoding=\"ISO-8859-8\" ?>",
         "שלום", "שלום"},
        {"ISO-8859-8, declared, of Windows-1255", "CP1255", "",
         "<?xml version='1.0' encoding='ISO-8859-8'?>", "של–ום ₪", "של–ום ¤"},
        {"ISO-8859-8, declared, of UTF-8", "UTF-8", "",
         "<?xml version='1.0' encoding='ISO-8859-8'?>", "שלום", "שלום"},
        {"UTF-16, declared, of UTF-8", "UTF-8", "", "<?xml version='1.0' encoding='UTF-16'?>",
         "שלום", "שלום"},
        {"Latin-1, declared", "CP1252", "", "<?xml version='1.0' encoding='iso-8859-1'?>",
         "café – €", "café – €"},
        {"one that we do not know, of UTF-8", "UTF-8", "",
         "<?xml version='1.0' encoding='koi8-r'?>", "שלום", "שלום"},
    };
    struct files_bench *bench = *state;

    for (size_t i = 0; i < MR_COUNT(rows); i++) {
        struct mr_arena *texts = bench->texts;
        const char *text = mr_arena_print(texts, "%s<R><Item><ItemName>%s</ItemName></Item></R>",
                                          rows[i].declaration, rows[i].name);
        const struct mr_span body = files_bench_encode(bench, rows[i].charset, text);
        const struct mr_span mark = mr_span_text(rows[i].mark);
        uint8_t *bytes = mr_arena_bytes(texts, mark.size + body.size);

        print_message("  %s\n", rows[i].label);
        memcpy(bytes, mark.data, mark.size);
        memcpy(bytes + mark.size, body.data, body.size);
        files_bench_write(bench, "feed", (struct mr_span){bytes, mark.size + body.size});
        assert_string_equal(mr_arena_print(texts, "name=%s\n", rows[i].wanted),
                            read_all(bench, "path: ${dir}/feed"));
    }
}

static void bytes_that_are_no_characters_are_replaced_or_rejected(void **state)
{
    struct files_bench *bench = *state;

    files_bench_text(bench, "feed",
                     "<R><Item><ItemName>שלום \xD7 \xFF!</ItemName></Item>"
                     "<Item><ItemCode>1</ItemCode></Item></R>");
    assert_string_equal("name=שלום \xEF\xBF\xBD \xEF\xBF\xBD!\ncode=1\n",
                        read_all(bench, "path: ${dir}/feed"));
    assert_string_equal("!row_encoding 1: it has bytes that are no characters\ncode=1\n",
                        read_all(bench, "{path: \"${dir}/feed\", invalid: reject}"));
    files_bench_text(bench, "feed", "<?xml version='1.0' encoding='koi8-r'?><R>\xD7\xD8\xD9</R>");
    assert_string_equal("!source_encoding_unknown 1: koi8-r\n",
                        read_all(bench, "path: ${dir}/feed"));
    files_bench_write(bench, "feed", files_bench_encode(bench, "CP1255", "ItemName\nשלום\n"));
    assert_string_equal("name=שלום\n",
                        read_all(bench, "{path: \"${dir}/feed\", encoding: windows-1255}"));
}

/* Each row of HEAD ITEM... as text that says how many whole items precede an offset. */
static size_t items_before(const char *text, size_t size)
{
    size_t count = 0;

    for (const char *at = text; (at = strstr(at, "</Item>")) != NULL; at += 7) {
        count += (size_t)(at - text) + 7 <= size;
    }
    return count;
}

static void wherever_a_feed_is_cut_all_whole_rows_are_read(void **state)
{
    static const char feed[] = HEAD ITEM("1") "\r\n" ITEM(
        "2") "<Item><ItemName>a&amp;b</ItemName><ItemCode>3</ItemCode></Item>" TAIL;
    struct files_bench *bench = *state;

    for (size_t size = strlen(HEAD); size < sizeof(feed) - 1; size++) {
        files_bench_write(bench, "feed", (struct mr_span){(const uint8_t *)feed, size});
        if (strstr(read_all(bench, "path: ${dir}/feed"), "!source_truncated") == NULL ||
            bench->bad != 1) {
            fail_msg("cut at %zu: %s", size, files_bench_rows(bench));
        }
        assert_int_equal(items_before(feed, size), bench->good);
    }
}

static const char *many_items(struct files_bench *bench, size_t count)
{
    char *text = NULL;
    size_t size = 0;
    FILE *out = open_memstream(&text, &size);
    const char *kept;

    (void)fputs(HEAD, out);
    for (size_t i = 0; i < count; i++) {
        (void)fprintf(out, "<Item><ItemCode>%zu</ItemCode><ItemName>%x</ItemName></Item>\n", i,
                      (unsigned)(i * 2654435761U));
    }
    (void)fputs(TAIL, out);
    (void)fclose(out);
    kept = mr_arena_text(bench->texts, (struct mr_span){(const uint8_t *)text, size});
    free(text);
    return kept;
}

/* How many bytes a gzip that is cut still holds, by gzip(1). */
static size_t unpacked_size(struct files_bench *bench, const char *path)
{
    char line[64] = "";
    FILE *pipe =
        popen(mr_arena_print(bench->texts, "gzip -dc < %s 2>/dev/null | wc -c", path), "r");

    assert_non_null(pipe);
    assert_non_null(fgets(line, sizeof(line), pipe));
    (void)pclose(pipe);
    return strtoul(line, NULL, 10);
}

static void a_cut_gzip_gives_all_that_it_holds_and_one_dead_letter(void **state)
{
    struct files_bench *bench = *state;
    const char *text = many_items(bench, 3000);
    const struct mr_span packed = files_bench_gzip(bench, mr_span_text(text));

    for (size_t part = 1; part < 8; part++) {
        const struct mr_span cut = {packed.data, packed.size * part / 8};
        size_t size;

        files_bench_write(bench, "feed.gz", cut);
        size = unpacked_size(bench, files_bench_path(bench, "feed.gz"));
        (void)read_all(bench, "path: ${dir}/feed.gz");
        assert_in_range(bench->good, items_before(text, size), 2999);
        assert_int_equal(1, bench->bad);
    }
    files_bench_write(bench, "feed.gz", (struct mr_span){packed.data, 5});
    assert_string_equal("!source_truncated 1: the gzip file ends early\n",
                        read_all(bench, "path: ${dir}/feed.gz"));
}

static void a_damaged_archive_is_a_dead_letter(void **state)
{
    static const char *const name = "inner";
    struct files_bench *bench = *state;
    const struct mr_span text = mr_span_text(many_items(bench, 3000));
    struct mr_span packed = files_bench_pack(bench, "none", "zip", &name, &text, 1);
    uint8_t *bytes = mr_arena_bytes(bench->texts, packed.size);

    memcpy(bytes, packed.data, packed.size);
    memset(bytes + packed.size / 2, 0xFF, 200);
    files_bench_write(bench, "feed", (struct mr_span){bytes, packed.size});
    (void)read_all(bench, "path: ${dir}/feed"); /* what is unpacked behind it is rubbish */
    assert_true(bench->bad > 0);
    assert_true(bench->good > 100);
    files_bench_write(bench, "feed", (struct mr_span){packed.data, packed.size / 2});
    (void)read_all(bench, "path: ${dir}/feed");
    assert_int_equal(1, bench->bad);
    assert_true(bench->good > 100);
}

static void files_come_in_the_order_of_their_publication(void **state)
{
    static const char *const names[] = {"PriceFull72900-001-202603011400",
                                        "Price7290000000001-9-202603010900",
                                        "NULLPrice7290-002-202603010900",
                                        "x-2026-02-28.csv",
                                        "b10",
                                        "b9",
                                        "sub/PriceFull1-20260301-0905.gz",
                                        "skip.tmp",
                                        ".hidden"};
    struct files_bench *bench = *state;

    for (size_t i = 0; i < MR_COUNT(names); i++) {
        files_bench_text(bench, names[i], mr_arena_print(bench->texts, "ItemName\n%s\n", names[i]));
    }
    assert_string_equal("name=b9\nname=b10\nname=x-2026-02-28.csv\n"
                        "name=NULLPrice7290-002-202603010900\n"
                        "name=Price7290000000001-9-202603010900\n"
                        "name=sub/PriceFull1-20260301-0905.gz\n"
                        "name=PriceFull72900-001-202603011400\n",
                        read_all(bench, "{path: \"${dir}\", recursive: true}"));
    assert_string_equal("name=b9\nname=b10\n", read_all(bench, "path: ${dir}/b*"));
    assert_string_equal("b9", bench->intake.rows[0].place.source);
    assert_string_equal("", read_all(bench, "path: ${dir}/nothing*"));
    assert_int_equal(MR_BAD_CONFIG, files_bench_open(bench, "path: ${dir}/nothing"));
}

static void a_file_that_may_not_be_read_is_a_dead_letter(void **state)
{
    struct files_bench *bench = *state;

    if (geteuid() == 0) {
        print_message("skipped: root may read everything\n");
        skip();
    }
    files_bench_text(bench, "feed1", FEED);
    files_bench_text(bench, "feed2", FEED);
    assert_int_equal(0, chmod(files_bench_path(bench, "feed1"), 0));
    assert_string_equal("!source_unreadable 0: Permission denied\n" FEED_ROWS,
                        read_all(bench, "path: ${dir}/feed*"));
}

/* Reads in pulls of `room` rows and starts anew after each `life` of them, from what was committed;
 * every second life one more pull is taken and not committed. */
static const char *read_in_lives(struct files_bench *bench, size_t room, size_t life)
{
    const char *all = "";
    bool is_done = false;

    bench->room = room;
    bench->stored_count = 0;
    for (size_t lives = 0; !is_done; lives++) {
        assert_true(lives < 1000);
        assert_int_equal(MR_OK, files_bench_open(bench, "path: ${dir}/feed*"));
        files_bench_resume(bench);
        for (size_t i = 0; i < life && !is_done; i++) {
            assert_int_equal(MR_OK, files_bench_pull(bench));
            all = mr_arena_print(bench->texts, "%s%s", all, files_bench_rows(bench));
            is_done = bench->intake.is_done;
        }
        if (lives % 2 == 1 && !is_done) { /* aborted */
            struct mr_error err = {0};

            mr_arena_reset(bench->arena);
            assert_int_equal(MR_OK, mr_files_ops.pull(&bench->connector, room, bench->arena,
                                                      &bench->intake, &err));
        }
    }
    bench->room = 0;
    return all;
}

static void however_often_it_is_broken_off_each_row_comes_once(void **state)
{
    struct files_bench *bench = *state;
    const char *whole;

    files_bench_text(bench, "feed1", FEED);
    files_bench_text(bench, "feed2", "ItemCode,Price\n1,2\nbad\n3,4\n");
    files_bench_text(bench, "feed3", "<Root/>");
    files_bench_write(bench, "feed4", files_bench_gzip(bench, mr_span_text(many_items(bench, 50))));
    files_bench_text(bench, "feed5", HEAD "<Item>&</Item>" ITEM("9") TAIL);
    whole = read_all(bench, "path: ${dir}/feed*");
    for (size_t room = 1; room < 12; room++) {
        for (size_t life = 1; life < 4; life++) {
            assert_string_equal(whole, read_in_lives(bench, room, life));
        }
    }
    assert_int_equal(MR_OK, files_bench_open(bench, "path: ${dir}/feed*"));
    files_bench_resume(bench);
    assert_string_equal("", files_bench_all(bench));
}

static void after_rewind_reading_goes_on_from_what_was_committed(void **state)
{
    struct files_bench *bench = *state;
    struct mr_error err = {0};
    const char *first, *rest;

    files_bench_text(bench, "feed1", FEED);
    files_bench_text(bench, "feed2", FEED);
    bench->room = 3;
    assert_int_equal(MR_OK, files_bench_open(bench, "path: ${dir}/feed*"));
    assert_int_equal(MR_OK, files_bench_pull(bench));
    first = files_bench_rows(bench);
    mr_arena_reset(bench->arena);
    assert_int_equal(MR_OK,
                     mr_files_ops.pull(&bench->connector, 3, bench->arena, &bench->intake, &err));
    assert_int_equal(MR_OK, mr_files_ops.rewind(&bench->connector, &err));
    files_bench_resume(bench);
    rest = files_bench_all(bench);
    assert_string_equal(FEED_ROWS ROW("1"), first);
    assert_string_equal(ROW("2"), rest);
}

static void a_changed_file_is_a_new_source(void **state)
{
    struct files_bench *bench = *state;

    files_bench_text(bench, "feed", FEED);
    assert_string_equal(FEED_ROWS, read_all(bench, "path: ${dir}/feed"));
    files_bench_text(bench, "feed", HEAD ITEM("3") TAIL);
    assert_int_equal(MR_OK, files_bench_open(bench, "path: ${dir}/feed"));
    files_bench_resume(bench);
    assert_string_equal(ROW("3"), files_bench_all(bench));
}

static void a_folder_that_is_followed_gives_files_that_stand_still(void **state)
{
    struct files_bench *bench = *state;

    files_bench_text(bench, "feed1", FEED);
    assert_int_equal(MR_OK, files_bench_open(bench, "{path: \"${dir}\", follow: true}"));
    for (int i = 0; i < 3 && bench->good == 0; i++) {
        assert_int_equal(MR_OK, files_bench_pull(bench));
        assert_false(bench->intake.is_done);
    }
    assert_int_equal(2, bench->good);
    files_bench_text(bench, "feed2", HEAD ITEM("3"));
    assert_int_equal(MR_OK, files_bench_pull(bench));
    files_bench_text(bench, "feed2", HEAD ITEM("3") TAIL); /* it was still being written */
    assert_int_equal(MR_OK, files_bench_pull(bench));
    assert_int_equal(2, bench->good);
    assert_int_equal(MR_OK, files_bench_pull(bench));
    assert_string_equal(ROW("3"), files_bench_rows(bench));
    assert_int_equal(MR_OK, files_bench_pull(bench));
    assert_int_equal(0, bench->intake.count);
    assert_int_equal(0, bench->bad);
}

static void progress_counts_the_bytes_of_the_files(void **state)
{
    struct files_bench *bench = *state;

    files_bench_text(bench, "feed1", FEED);
    files_bench_text(bench, "feed2", FEED);
    (void)read_all(bench, "path: ${dir}/feed*");
    assert_int_equal(2 * strlen(FEED), bench->intake.source_bytes_total);
    assert_int_equal(2 * strlen(FEED), bench->intake.source_bytes);
}

static void a_bad_row_keeps_its_text_and_its_place(void **state)
{
    static const char bad[] = "<Item><ItemName>M&M</ItemName></Item>";
    struct files_bench *bench = *state;
    const struct mr_row *row;

    files_bench_text(
        bench, "feed",
        mr_arena_print(bench->texts, HEAD "\n" ITEM("1") "\n\n%s" ITEM("2") TAIL, bad));
    (void)read_all(bench, "path: ${dir}/feed");
    row = &bench->intake.rows[1];
    assert_string_equal("row_malformed", row->reason);
    assert_int_equal(4, row->place.line);
    assert_int_equal(1, row->place.index);
    assert_true(mr_span_is(row->raw, bad));
    assert_true(mr_span_is(bench->intake.rows[0].raw, ITEM("1")));
    assert_true(mr_span_is(bench->intake.rows[2].raw, ITEM("2")));
}

/* Too little room is an error that says so, or a smaller batch; never a row that is lost. */
static void a_small_arena_gives_the_same_rows_in_smaller_batches(void **state)
{
    struct files_bench *bench = *state;
    struct mr_arena *large = bench->arena;
    const char *whole;

    files_bench_text(bench, "feed", many_items(bench, 100));
    whole = read_all(bench, "path: ${dir}/feed");
    bench->arena = mr_arena_new(24000);
    bench->room = 50;
    assert_string_equal(whole, read_all(bench, "path: ${dir}/feed"));
    mr_arena_free(bench->arena);
    for (size_t room = 0; room < 20000; room += 500) {
        bench->arena = mr_arena_new(room);
        assert_int_equal(MR_OK, files_bench_open(bench, "path: ${dir}/feed"));
        if (files_bench_pull(bench) == MR_OK) {
            assert_true(bench->good > 0 || bench->intake.count == 0);
        } else {
            assert_int_equal(MR_NO_ROOM, bench->err.code);
        }
        mr_arena_free(bench->arena);
    }
    bench->arena = large;
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, files_bench_setup, files_bench_teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(every_packing_is_opened),
        TEST(every_member_of_an_archive_is_a_source),
        TEST(the_last_good_row_says_how_its_source_ends),
        TEST(every_encoding_is_known_by_mark_declaration_or_content),
        TEST(bytes_that_are_no_characters_are_replaced_or_rejected),
        TEST(wherever_a_feed_is_cut_all_whole_rows_are_read),
        TEST(a_cut_gzip_gives_all_that_it_holds_and_one_dead_letter),
        TEST(a_damaged_archive_is_a_dead_letter),
        TEST(files_come_in_the_order_of_their_publication),
        TEST(a_file_that_may_not_be_read_is_a_dead_letter),
        TEST(however_often_it_is_broken_off_each_row_comes_once),
        TEST(after_rewind_reading_goes_on_from_what_was_committed),
        TEST(a_changed_file_is_a_new_source),
        TEST(a_folder_that_is_followed_gives_files_that_stand_still),
        TEST(progress_counts_the_bytes_of_the_files),
        TEST(a_bad_row_keeps_its_text_and_its_place),
        TEST(a_small_arena_gives_the_same_rows_in_smaller_batches),
    };

    return cmocka_run_group_tests_name("files", tests, NULL, NULL);
}
