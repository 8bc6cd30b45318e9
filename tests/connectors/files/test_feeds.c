/* Goal: whatever a feed is written in, packed as and broken by, each row that is whole is read and
 * everything else is one bad row with a reason.
 * Method: one row per trap: a text, and the lines that the bench prints of what was read. */
#include "tests/support/files_bench.h"

#include <string.h>

#define HEAD "<Root><ChainId>7290</ChainId><StoreId>0037</StoreId><Items>"
#define TAIL "</Items></Root>"
#define ITEM(code, price) \
    "<Item><ItemCode>" code "</ItemCode><ItemPrice>" price "</ItemPrice></Item>"
#define ROW(code, price) "chain=7290|store=0037|code=" code "|price=" price "\n"

struct trap {
    const char *label, *text, *rows;
};

static void read_trap(struct files_bench *bench, const struct trap *trap, const char *options)
{
    const char *rows;

    print_message("  %s\n", trap->label);
    files_bench_text(bench, "feed", trap->text);
    assert_int_equal(MR_OK, files_bench_open(bench, options));
    rows = files_bench_all(bench);
    assert_string_equal(trap->rows, rows);
}

static void every_trap_of_xml_gives_its_rows(void **state)
{
    static const struct trap traps[] = {
        {"a plain feed", HEAD ITEM("1", "2.50") ITEM("2", "3") TAIL,
         ROW("1", "2.50") ROW("2", "3")},
        {"names in other case and in name spaces",
         "<x:root xmlns:x='u'><x:CHAINID>7290</x:CHAINID><x:STOREID>0037</x:STOREID><x:ITEM>"
         "<x:ITEMCODE>1</x:ITEMCODE><Price>2</Price></x:ITEM></x:root>",
         ROW("1", "2")},
        {"a prefix that nobody declared", "<a:b><a:Item><a:ItemCode>1</a:ItemCode></a:Item></a:b>",
         "code=1\n"},
        {"attributes are fields",
         "<Root ChainId='7290' StoreId='0037'><Item ItemCode='1' Price='2'/></Root>",
         ROW("1", "2")},
        {"two chains in one file",
         "<R><F><ChainId>1</ChainId>" ITEM("1", "1") "</F><F><ChainId>2</ChainId>" ITEM(
             "2", "2") "</F>" ITEM("3", "3") "</R>",
         "chain=1|code=1|price=1\nchain=2|code=2|price=2\ncode=3|price=3\n"},
        {"a chain that changes on the way",
         "<R><ChainId>1</ChainId>" ITEM("1", "1") "<ChainId>2</ChainId>" ITEM("2", "2") "</R>",
         "chain=1|code=1|price=1\nchain=2|code=2|price=2\n"},
        {"a row has its own chain", "<R><ChainId>1</ChainId><Item><ChainId>9</ChainId></Item></R>",
         "chain=9\n"},
        {"a row's name around rows",
         "<Item ChainId='5'><StoreId>6</StoreId><x>" ITEM("1", "2") "</x></Item>",
         "chain=5|store=6|code=1|price=2\n"},
        {"alternates by rank, not by place",
         "<R><Item><ItemNm>b</ItemNm><ItemName>a</ItemName></Item>"
         "<Item><ItemNm>b</ItemNm><ItemName/></Item></R>",
         "name=a\nname=b\n"},
        {"of a repeated field the first that is not missing",
         "<R><Item><ItemCode/><ItemCode>1</ItemCode><ItemCode>2</ItemCode></Item></R>", "code=1\n"},
        {"missing texts",
         "<R><Item><ItemCode>1</ItemCode><ItemName> לא ידוע </ItemName>"
         "<ItemPrice>unknown</ItemPrice></Item></R>",
         "code=1\n"},
        {"entities of XML, numbers, sections",
         "<R><Item><ItemName>a&amp;b &#1488;&#x5D1;<![CDATA[<c>]]></ItemName></Item></R>",
         "name=a&b אב<c>\n"},
        {"an element in a field makes it none",
         "<R><Item><ItemName>a<b/>c</ItemName><ItemCode>1</ItemCode></Item></R>", "code=1\n"},
        {"a self-closed row", "<R><ChainId>1</ChainId><Item/></R>", "chain=1\n"},
        {"blanks before the declaration",
         "\n\n <?xml version='1.0'?><R><Item><ItemCode>1</ItemCode></Item></R>", "code=1\n"},
        {"an ampersand costs its row",
         HEAD ITEM("1", "1") "<Item><ItemCode>2</ItemCode><ItemName>M&M</ItemName></Item>" ITEM(
             "3", "3") TAIL,
         ROW("1", "1") "!row_malformed 1: EntityRef: expecting ';'\n" ROW("3", "3")},
        {"a missing end tag costs its row",
         HEAD "<Item><ItemCode>1</ItemCode><ItemName>x</Item>\n" ITEM("2", "2") TAIL,
         "!row_malformed 1: Opening and ending tag mismatch: ItemName line 1 and Item\n" ROW("2",
                                                                                             "2")},
        {"the last row is the broken one",
         HEAD ITEM("1", "1") "\n<Item><ItemName>&nbsp;</ItemName></Item>" TAIL,
         ROW("1", "1") "!row_malformed 2: Entity 'nbsp' not defined\n"},
        {"a broken row does not lend its store to others",
         "<R><S><StoreId>1</StoreId><I><Item><ItemName>&</ItemName></Item></I></S>"
         "<S><StoreId>2</StoreId><I>" ITEM("1", "1") "</I></S></R>",
         "!row_malformed 1: xmlParseEntityRef: no name\nstore=2|code=1|price=1\n"},
        {"rubbish between rows", HEAD ITEM("1", "1") "\n a & b \n" ITEM("2", "2") TAIL,
         ROW("1", "1") "!source_malformed 1: xmlParseEntityRef: no name\n" ROW("2", "2")},
        {"a fault before the rows ends it", "<R><ChainId>&</ChainId>" ITEM("1", "1") "</R>",
         "!source_malformed 1: xmlParseEntityRef: no name\n"},
        {"no end", HEAD ITEM("1", "1") "<Item><ItemCode>2</Ite",
         ROW("1", "1") "!source_truncated 1: the document ends early\n"},
        {"no end between rows", HEAD ITEM("1", "1"),
         ROW("1", "1") "!source_truncated 1: the document ends early\n"},
        {"something behind the end", HEAD ITEM("1", "1") TAIL "x",
         ROW("1", "1") "!source_malformed 1: Extra content at the end of the document\n"},
        {"a billion laughs",
         "<!DOCTYPE r [<!ENTITY a 'ha'><!ENTITY b '&a;&a;&a;&a;'>]>"
         "<R><Item><ItemCode>1</ItemCode><ItemName>&b;</ItemName></Item></R>",
         "!row_malformed 1: Entity 'b' not defined\n"},
        {"a file from outside",
         "<!DOCTYPE r [<!ENTITY a SYSTEM 'file:///etc/passwd'>]>"
         "<R><Item><ItemName>&a;</ItemName></Item></R>",
         "!row_malformed 1: Entity 'a' not defined\n"},
        {"an entity that a DTD outside may define",
         "<!DOCTYPE r SYSTEM "
         "'http://127.0.0.1/r.dtd'><R><Item><ItemName>&a;</ItemName></Item>" ITEM("1", "1") "</R>",
         "!row_malformed 1: it refers to an entity, and those of a DTD are not read\n"
         "code=1|price=1\n"},
        {"a control character", "<R><Item><ItemName>a\x01z</ItemName></Item></R>",
         "name=a\xEF\xBF\xBDz\n"},
        {"an empty feed", "<Root><ChainId>1</ChainId><Items Count='0'/></Root>",
         "!source_empty 1: it holds no row\n"},
        {"a self-closed root", "<Root/>", "!source_empty 1: it holds no row\n"},
        {"nothing", "", "!source_empty 1: it holds no row\n"},
        {"blanks", "  \n ", "!source_empty 1: it holds no row\n"},
        {"a page", "<!DOCTYPE HTML><html><body>Link expired</body></html>",
         "!source_is_html 1: a page of HTML stands where a feed should\n"},
        {"a page without its type", "\n<HTML><body>gone</body></HTML>",
         "!source_is_html 1: a page of HTML stands where a feed should\n"},
    };

    for (size_t i = 0; i < MR_COUNT(traps); i++) {
        read_trap(*state, &traps[i], "path: ${dir}/feed");
    }
}

static void every_trap_of_csv_gives_its_rows(void **state)
{
    static const struct trap traps[] = {
        {"a table", "ItemCode,Price,x\n1,2.5,y\n2,3,z\n", "code=1|price=2.5\ncode=2|price=3\n"},
        {"no line end at the end", "ItemCode,Price\n1,2", "code=1|price=2\n"},
        {"CRLF and CR", "ItemCode,Price\r\n1,2\r3,4\r\n", "code=1|price=2\ncode=3|price=4\n"},
        {"quotes, delimiters and line ends in quotes",
         "ItemCode,ItemName\n1,\"a,b\nc \"\"d\"\"\"\n2,\"\"\n3,a\"b\n",
         "code=1|name=a,b\nc \"d\"\ncode=2\ncode=3|name=a\"b\n"},
        {"quoted names", "\"ItemCode\",\" PRICE \"\n1,2\n", "code=1|price=2\n"},
        {"semicolons", "ItemCode;Price\n1;2,5\n", "code=1|price=2,5\n"},
        {"tabs", "ItemCode\tPrice\n1\t2\n", "code=1|price=2\n"},
        {"too few and too many fields", "ItemCode,Price\n1\n1,2,3\n4,5\n",
         "!row_malformed 2: 1 fields where there are 2 columns\n"
         "!row_malformed 3: 3 fields where there are 2 columns\ncode=4|price=5\n"},
        {"blank lines", "ItemCode,Price\n\n1,2\n \n", "code=1|price=2\n"},
        {"text behind a closing quote", "ItemCode,Price\n\"1\"x,2\n3,4\n",
         "!row_malformed 2: a field goes on behind its closing quote\ncode=3|price=4\n"},
        {"a quote that is closed too late costs its own line only",
         "ItemCode,Price\n1,\"2\n3,\"4\"\n5,6\n",
         "!row_malformed 2: a field goes on behind its closing "
         "quote\ncode=3|price=4\ncode=5|price=6\n"},
        {"a quote that is never closed", "ItemCode,Price\n1,\"2\n3,4\n",
         "!row_malformed 2: a quote is not closed\ncode=3|price=4\n"},
        {"no column that is known", "a,b\n1,2\n",
         "!source_unrecognised 1: no column has a name that the mapping knows\n"},
        {"rubbish", "\x89PNG\r\n\x1a\n",
         "!source_unrecognised 1: no column has a name that the mapping knows\n"},
        {"a header alone", "ItemCode,Price\n", "!source_empty 1: it holds no row\n"},
    };

    for (size_t i = 0; i < MR_COUNT(traps); i++) {
        read_trap(*state, &traps[i], "path: ${dir}/feed");
    }
}

static void columns_may_be_named_and_delimiters_chosen(void **state)
{
    static const struct trap trap = {"", "1^2\n3^4\n", "code=1|price=2\ncode=3|price=4\n"};

    read_trap(*state, &trap,
              "{path: \"${dir}/feed\", delimiter: \"^\", columns: [ItemCode, Price]}");
}

static void a_row_that_is_too_large_costs_itself_only(void **state)
{
    struct files_bench *bench = *state;
    char large[5000];
    struct trap trap = {.label = "element"};

    memset(large, 'x', sizeof(large) - 1);
    large[sizeof(large) - 1] = '\0';
    trap.text =
        mr_arena_print(bench->texts, HEAD "<Item><ItemName>%s%s%s%s</ItemName></Item>%s" TAIL,
                       large, large, large, large, ITEM("2", "2"));
    trap.rows = "!row_too_large 1: it is larger than row_size_max\n" ROW("2", "2");
    read_trap(bench, &trap, "{path: \"${dir}/feed\", row_size_max: 2KiB}");
    trap.label = "line";
    trap.text = mr_arena_print(bench->texts, "ItemCode,Price\n1,%s%s%s%s\n2,2\n", large, large,
                               large, large);
    trap.rows = "!row_too_large 2: it is larger than row_size_max\ncode=2|price=2\n";
    read_trap(bench, &trap, "{path: \"${dir}/feed\", row_size_max: 2KiB}");
    trap.label = "a comment without end";
    trap.text =
        mr_arena_print(bench->texts, HEAD "\n<Item><!-- %s%s%s%s</Item>\n" ITEM("2", "2") TAIL,
                       large, large, large, large);
    trap.rows =
        "!row_malformed 2: a tag, comment or section has no end within 2048 bytes\n" ROW("2", "2");
    read_trap(bench, &trap, "{path: \"${dir}/feed\", row_size_max: 2KiB}");
    trap.label = "a file";
    trap.text = mr_arena_print(bench->texts, "ItemCode,Price\n1,%s%s\n", large, large);
    trap.rows = "!source_too_large 1: it is larger than source_size_max\n";
    read_trap(bench, &trap, "{path: \"${dir}/feed\", source_size_max: 2KiB}");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(every_trap_of_xml_gives_its_rows, files_bench_setup,
                                        files_bench_teardown),
        cmocka_unit_test_setup_teardown(every_trap_of_csv_gives_its_rows, files_bench_setup,
                                        files_bench_teardown),
        cmocka_unit_test_setup_teardown(columns_may_be_named_and_delimiters_chosen,
                                        files_bench_setup, files_bench_teardown),
        cmocka_unit_test_setup_teardown(a_row_that_is_too_large_costs_itself_only,
                                        files_bench_setup, files_bench_teardown),
    };

    return cmocka_run_group_tests_name("files", tests, NULL, NULL);
}
