/* bench_files - how fast feeds are read, and mapped to the subject.
 *
 * Writes a feed of ROWS items in each form, reads it through the connector `files`, and once more
 * through `ingest`; prints rows and megabytes of unpacked text a second of CPU,
 * the best of three.
 * Last line: bench_files name=krows_per_s ...
 */
#include "tests/support/files_bench.h"
#include "tests/support/ingest_bench.h"

#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>

#define ROWS 100000
#define ROUNDS 3

struct feed {
    const char *name;
    struct mr_span bytes;
    size_t text_size;
};

static const char item[] =
    "    <Item>\r\n      <PriceUpdateDate>2026-03-01 12:%02d:20</PriceUpdateDate>\r\n"
    "      <ItemCode>72900%08d</ItemCode>\r\n      <ItemType>1</ItemType>\r\n"
    "      <ItemName>שוקולד חלב עם אגוזים 100 גרם</ItemName>\r\n"
    "      <ManufacturerName>יצרן לדוגמה</ManufacturerName>\r\n"
    "      <ManufactureCountry>ישראל</ManufactureCountry>\r\n"
    "      <ManufacturerItemDescription>שוקולד חלב עם אגוזים</ManufacturerItemDescription>\r\n"
    "      <UnitQty>גרמים</UnitQty>\r\n      <Quantity>100.00</Quantity>\r\n"
    "      <UnitOfMeasure>100 גרם</UnitOfMeasure>\r\n      <bIsWeighted>0</bIsWeighted>\r\n"
    "      <QtyInPackage>לא ידוע</QtyInPackage>\r\n      <ItemPrice>%d.90</ItemPrice>\r\n"
    "      <UnitOfMeasurePrice>%d.9000</UnitOfMeasurePrice>\r\n"
    "      <AllowDiscount>1</AllowDiscount>\r\n      <ItemStatus>1</ItemStatus>\r\n"
    "      <ItemId>%d</ItemId>\r\n    </Item>\r\n";

static const char line[] =
    "\"רשת\",7290000000001,413,72900%08d,\"שוקולד \"\"חלב\"\" 100 גרם\",יצרן,IL,100.00,"
    "100 גרם,גרם,%d.90,%d.90,0,1,1,1,2026-03-01 12:%02d:20\n";

static char *make_xml(void)
{
    char *text = NULL;
    size_t size = 0;
    FILE *out = open_memstream(&text, &size);

    (void)fputs("<Root>\r\n  <ChainId>7290000000001</ChainId>\r\n  <SubChainId>1</SubChainId>\r\n"
                "  <StoreId>0037</StoreId>\r\n  <Items>\r\n",
                out);
    for (int i = 0; i < ROWS; i++) {
        (void)fprintf(out, item, i % 60, i, i % 90, i % 90, i);
    }
    (void)fputs("  </Items>\r\n</Root>\r\n", out);
    (void)fclose(out);
    return text;
}

static char *make_csv(void)
{
    char *text = NULL;
    size_t size = 0;
    FILE *out = open_memstream(&text, &size);

    (void)fputs("רשת,מזהה רשת,מזהה חנות,ברקוד,שם מוצר,יצרן,ארץ ייצור,כמות,יחידת מידה,יחידת "
                "כמות,מחיר (₪),מחיר ליחידה (₪),שקיל,כמות באריזה,מותר הנחה,סטטוס,עודכן\n",
                out);
    for (int i = 0; i < ROWS; i++) {
        (void)fprintf(out, line, i, i % 90, i % 90, i % 60);
    }
    (void)fclose(out);
    return text;
}

/* Of this process, not of the wall: what else runs on the machine is not the question. */
static double cpu_seconds(void)
{
    struct rusage used;

    assert_int_equal(0, getrusage(RUSAGE_SELF, &used));
    return (double)used.ru_utime.tv_sec + (double)used.ru_stime.tv_sec +
           (double)(used.ru_utime.tv_usec + used.ru_stime.tv_usec) / 1e6;
}

static double read_once(struct ingest_bench *bench, const char *path, bool is_mapped)
{
    char yaml[512];
    size_t rows = 0;
    double start;

    (void)snprintf(yaml, sizeof(yaml),
                   "{connector: files, format: price-transparency, path: %s, "
                   "key: 'subject.chain_id + \"/\" + subject.store_id + \"/\" + subject.item_code',"
                   " event_time: subject.feed_time}",
                   path);
    if (ingest_bench_open(bench, "schemas/grocery/price.avsc", yaml) != MR_OK) {
        fail_msg("%s", bench->err.text);
    }
    start = cpu_seconds();
    if (is_mapped) {
        while (ingest_bench_pull(bench)) {
            rows += bench->intake.count;
        }
    } else {
        do {
            mr_arena_reset(bench->arena);
            assert_int_equal(MR_OK,
                             bench->connector.ops->pull(&bench->connector, 1000, bench->arena,
                                                        &bench->intake, &bench->err));
            rows += bench->intake.count;
        } while (!bench->intake.is_done);
        bench->intake.is_done = false;
    }
    assert_int_equal(ROWS, rows);
    return cpu_seconds() - start;
}

static double best_of(struct ingest_bench *bench, const char *path, bool is_mapped)
{
    double best = 1e9;

    for (int i = 0; i < ROUNDS; i++) {
        const double seconds = read_once(bench, path, is_mapped);

        best = seconds < best ? seconds : best;
    }
    return best;
}

static void measure(void **state)
{
    struct files_bench *files = *state;
    struct ingest_bench ingest;
    char *xml = make_xml();
    char *csv = make_csv();
    const struct mr_span utf16 = files_bench_encode(files, "UTF-16", xml);
    const struct feed feeds[] = {
        {"xml", mr_span_text(xml), strlen(xml)},
        {"xml_gz", files_bench_gzip(files, mr_span_text(xml)), strlen(xml)},
        {"xml_utf16", utf16, utf16.size},
        {"csv", mr_span_text(csv), strlen(csv)},
        {"csv_gz", files_bench_gzip(files, mr_span_text(csv)), strlen(csv)},
    };
    char last[512] = "bench_files";

    ingest_bench_init(&ingest);
    for (size_t i = 0; i < MR_COUNT(feeds); i++) {
        char name[64];
        double read_s, map_s;

        (void)snprintf(name, sizeof(name), "PriceFull7290000000001-037-202603010510.%s",
                       feeds[i].name);
        files_bench_write(files, name, feeds[i].bytes);
        read_s = best_of(&ingest, files_bench_path(files, name), false);
        map_s = best_of(&ingest, files_bench_path(files, name), true);
        (void)printf("%-10s read %6.0f krows/s %6.0f MB/s   mapped %6.0f krows/s\n", feeds[i].name,
                     ROWS / read_s / 1e3, (double)feeds[i].text_size / read_s / 1e6,
                     ROWS / map_s / 1e3);
        (void)snprintf(last + strlen(last), sizeof(last) - strlen(last), " %s=%.0f %s_mapped=%.0f",
                       feeds[i].name, ROWS / read_s / 1e3, feeds[i].name, ROWS / map_s / 1e3);
    }
    (void)printf("%s\n", last);
    ingest_bench_free(&ingest);
    free(xml);
    free(csv);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(measure, files_bench_setup, files_bench_teardown),
    };

    return cmocka_run_group_tests_name("bench_files", tests, NULL, NULL);
}
