/* Goal: a schema that the specification allows becomes a tree, any other is refused with the place
 * where it is wrong; canonical forms and fingerprints are everybody's.
 * Method: tables of texts; Apache's own vectors where the shared data is present. */
#include "processors/core/codec/schema.h"

#include <dirent.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

static struct mr_schema *parsed(const char *text)
{
    struct mr_error err = {0};
    struct mr_schema *schema;

    if (mr_schema_parse(mr_span_text(text), &schema, &err) != MR_OK) {
        fail_msg("%s: %s", text, err.text);
    }
    return schema;
}

/* NOLINTNEXTLINE(readability-function-size): a table of cases. */
static void what_the_specification_refuses_is_refused_by_place(void **state)
{
    static const struct {
        const char *label, *text, *said;
    } rows[] = {
        {"not JSON", "{", "line 1"},
        {"a number", "3", "schema: a type is a name"},
        {"no such type", "\"panther\"", "no type is called \"panther\""},
        {"duplicate key", "{\"type\":\"int\",\"type\":\"int\"}", "duplicate"},
        {"duplicate field",
         "{\"type\":\"record\",\"name\":\"R\",\"fields\":[{\"name\":\"a\",\"type\":\"int\"},"
         "{\"name\":\"a\",\"type\":\"int\"}]}",
         "fields[1]: a second field \"a\""},
        {"bad field name",
         "{\"type\":\"record\",\"name\":\"R\",\"fields\":[{\"name\":\"2a\",\"type\":\"int\"}]}",
         "fields[0]: a field without a good name"},
        {"bad name", "{\"type\":\"enum\",\"name\":\"2d2\",\"symbols\":[]}",
         "\"2d2\" is not a name"},
        {"bad namespace",
         "{\"type\":\"enum\",\"name\":\"d\",\"namespace\":\"a..b\",\"symbols\":[]}",
         "\"a..b\" is not a namespace"},
        {"a primitive's name", "{\"type\":\"enum\",\"name\":\"x.int\",\"symbols\":[]}",
         "name of a primitive"},
        {"nested union", "[\"null\",[\"int\"]]", "[1]: a union directly inside"},
        {"double branch", "[\"int\",{\"type\":\"int\",\"logicalType\":\"date\"}]",
         "[1]: int twice in one union"},
        {"double symbol", "{\"type\":\"enum\",\"name\":\"E\",\"symbols\":[\"A\",\"A\"]}",
         "symbols[1]: a second symbol"},
        {"enum default", "{\"type\":\"enum\",\"name\":\"E\",\"symbols\":[\"A\"],\"default\":\"B\"}",
         "default is not one of its symbols"},
        {"no size", "{\"type\":\"fixed\",\"name\":\"F\"}", "without a \"size\""},
        {"negative size", "{\"type\":\"fixed\",\"name\":\"F\",\"size\":-1}", "without a \"size\""},
        {"no items", "{\"type\":\"array\"}", "array without \"items\""},
        {"deep", "{\"type\":\"array\",\"items\":{\"type\":\"map\",\"values\":\"no\"}}",
         "items.values: no type is called \"no\""},
        {"defined twice",
         "{\"type\":\"record\",\"name\":\"R\",\"fields\":[{\"name\":\"a\",\"type\":"
         "{\"type\":\"fixed\",\"name\":\"R\",\"size\":1}}]}",
         "fields[0].type: R is defined twice"},
        {"default of another type",
         "{\"type\":\"record\",\"name\":\"x.R\",\"fields\":[{\"name\":\"a\",\"type\":\"int\","
         "\"default\":1.5}]}",
         "x.R.a: its default is not a value of type int"},
        {"default out of range",
         "{\"type\":\"record\",\"name\":\"R\",\"fields\":[{\"name\":\"a\",\"type\":\"int\","
         "\"default\":2147483648}]}",
         "R.a: its default"},
        {"default of a union",
         "{\"type\":\"record\",\"name\":\"R\",\"fields\":[{\"name\":\"a\",\"type\":[\"null\","
         "\"string\"],\"default\":1}]}",
         "R.a: its default"},
        {"default too long for a fixed",
         "{\"type\":\"record\",\"name\":\"R\",\"fields\":[{\"name\":\"a\",\"type\":"
         "{\"type\":\"fixed\",\"name\":\"F\",\"size\":1},\"default\":\"ab\"}]}",
         "R.a: its default"},
        {"order",
         "{\"type\":\"record\",\"name\":\"R\",\"fields\":[{\"name\":\"a\",\"type\":\"int\","
         "\"order\":\"up\"}]}",
         "order"},
    };

    (void)state;
    for (size_t i = 0; i < MR_COUNT(rows); i++) {
        struct mr_error err = {0};
        struct mr_schema *schema;

        print_message("  %s\n", rows[i].label);
        assert_int_equal(MR_BAD_CONFIG, mr_schema_parse(mr_span_text(rows[i].text), &schema, &err));
        assert_null(schema);
        if (strstr(err.text, rows[i].said) == NULL) {
            fail_msg("said \"%s\"", err.text);
        }
    }
}

static void what_a_schema_says_is_kept(void **state)
{
    struct mr_schema *schema = parsed(
        "{\"type\": \"record\", \"name\": \"Price\", \"namespace\": \"grocery\", \"aliases\": "
        "[\"Old\"],"
        " \"fields\": [\n"
        "  {\"name\": \"at\", \"type\": {\"type\": \"long\", \"logicalType\": "
        "\"timestamp-millis\"},"
        "   \"doc\": \"when\", \"aliases\": [\"when\"]},\n"
        "  {\"name\": \"sum\", \"type\": [\"null\", {\"type\": \"bytes\", \"logicalType\": "
        "\"decimal\","
        "   \"precision\": 9, \"scale\": 2}], \"default\": null},\n"
        "  {\"name\": \"odd\", \"type\": {\"type\": \"bytes\", \"logicalType\": \"decimal\"}},\n"
        "  {\"name\": \"unit\", \"type\": {\"type\": \"enum\", \"name\": \"Unit\", \"symbols\": "
        "[\"KG\"],"
        "   \"default\": \"KG\"}, \"default\": \"KG\"},\n"
        "  {\"name\": \"again\", \"type\": \"Unit\", \"doc\": \"a  b\"}\n]}");
    const struct mr_type *root = mr_schema_root(schema);
    char words[128];

    (void)state;
    assert_string_equal("grocery.Price", root->name);
    assert_string_equal("grocery.Old", root->aliases[0]);
    assert_int_equal(1, root->id);
    assert_int_equal(MR_LOGICAL_TIMESTAMP_MILLIS, root->fields[0].type->logical);
    assert_string_equal("when", root->fields[0].doc);
    assert_string_equal("when", root->fields[0].aliases[0]);
    assert_int_equal(0, root->fields[1].type->null_branch);
    assert_true(json_is_null(root->fields[1].fallback));
    assert_int_equal(2, root->fields[1].type->branches[1]->scale);
    assert_int_equal(MR_LOGICAL_NONE, root->fields[2].type->logical);
    assert_string_equal("grocery.Unit", root->fields[3].type->name);
    assert_string_equal("KG", root->fields[3].type->symbol_fallback);
    assert_ptr_equal(root->fields[3].type, root->fields[4].type);
    assert_ptr_equal(root->fields[4].type, mr_schema_type(schema, 2));
    assert_string_equal("null or bytes", mr_type_words(root->fields[1].type, words));
    assert_non_null(strstr(mr_schema_text(schema), "\"doc\":\"a  b\"}]}"));
    assert_true(mr_schema_id(schema) >= 0);
    mr_schema_free(schema);
}

static void parts_are_composed_and_named_types_written_once(void **state)
{
    struct mr_schema *subject = parsed(
        "{\"type\":\"record\",\"name\":\"Price\",\"namespace\":\"g\",\"pii\":true,\"fields\":["
        "{\"name\":\"unit\",\"type\":{\"type\":\"enum\",\"name\":\"Unit\",\"symbols\":[\"KG\"]}},"
        "{\"name\":\"next\",\"type\":[\"null\",\"Price\"]}]}");
    struct mr_schema *stamp = parsed(
        "{\"type\":\"record\",\"name\":\"Stamp\",\"fields\":["
        "{\"name\":\"u\",\"type\":{\"type\":\"enum\",\"name\":\"g.Unit\",\"symbols\":[\"KG\"]}},"
        "{\"name\":\"all\",\"type\":{\"type\":\"array\",\"items\":\"g.Unit\"},\"default\":[]}]}");
    struct mr_schema *other =
        parsed("{\"type\":\"enum\",\"name\":\"g.Unit\",\"symbols\":[\"KG\",\"L\"]}");
    const struct mr_schema_part parts[] = {{"subject", subject}, {"stamp", stamp}, {"bad", other}};
    struct mr_error err = {0};
    struct mr_schema *schema;

    (void)state;
    assert_int_equal(MR_OK, mr_schema_compose("Detected", "p", parts, 2, &schema, &err));
    assert_string_equal(
        "{\"name\":\"p.Detected\",\"type\":\"record\",\"fields\":[{\"name\":\"subject\",\"type\":"
        "{\"name\":\"g.Price\",\"type\":\"record\",\"fields\":[{\"name\":\"unit\",\"type\":"
        "{\"name\":\"g.Unit\",\"type\":\"enum\",\"symbols\":[\"KG\"]}},{\"name\":\"next\",\"type\":"
        "[\"null\",\"g.Price\"]}]}},{\"name\":\"stamp\",\"type\":{\"name\":\"Stamp\",\"type\":"
        "\"record\",\"fields\":[{\"name\":\"u\",\"type\":\"g.Unit\"},{\"name\":\"all\",\"type\":"
        "{\"type\":\"array\",\"items\":\"g.Unit\"}}]}}]}",
        mr_schema_canonical(schema));
    assert_non_null(strstr(mr_schema_text(schema), "\"pii\":true"));
    assert_non_null(strstr(mr_schema_text(schema), "\"default\":[]"));
    mr_schema_free(schema);
    assert_int_equal(MR_BAD_CONFIG, mr_schema_compose("D", "p", parts, 3, &schema, &err));
    assert_string_equal("bad: g.Unit is another type than in subject", err.text);
    mr_schema_free(subject);
    mr_schema_free(stamp);
    mr_schema_free(other);
}

static void shared_path(const char *name, char out[1024])
{
    const char *data = getenv("MILLRACE_DATA");

    (void)snprintf(out, 1024, "%s/%s", data == NULL ? "../shared/data" : data, name);
}

static FILE *shared_file(const char *name)
{
    char path[1024];

    shared_path(name, path);
    return fopen(path, "rb");
}

/* Loads every file of a shared folder; returns how many, or -1: the folder is not there. */
static int each_file(const char *folder, void (*check)(const char *path))
{
    char path[1024], file[1300];
    DIR *open_folder;
    int count = 0;

    shared_path(folder, path);
    open_folder = opendir(path);
    if (open_folder == NULL) {
        return -1;
    }
    for (const struct dirent *entry; (entry = readdir(open_folder)) != NULL;) {
        if (entry->d_name[0] != '.') {
            (void)snprintf(file, sizeof(file), "%s/%s", path, entry->d_name);
            check(file);
            count++;
        }
    }
    (void)closedir(open_folder);
    return count;
}

static void is_taken(const char *path)
{
    struct mr_error err = {0};
    struct mr_schema *schema;

    if (mr_schema_load(path, &schema, &err) != MR_OK) {
        fail_msg("%s", err.text);
    }
    mr_schema_free(schema);
}

static void is_refused(const char *path)
{
    struct mr_error err = {0};
    struct mr_schema *schema;

    if (mr_schema_load(path, &schema, &err) != MR_BAD_CONFIG) {
        fail_msg("%s: taken for a schema", path);
    }
    assert_null(schema);
    assert_true(err.text[0] != '\0');
}

static void what_apaches_c_takes_and_refuses_is_taken_and_refused(void **state)
{
    const int taken = each_file("avro/apache-avro/lang/c/tests/schema_tests/pass", is_taken);

    (void)state;
    if (taken < 0) {
        skip();
    }
    assert_int_equal(28, taken);
    assert_int_equal(12, each_file("avro/apache-avro/lang/c/tests/schema_tests/fail", is_refused));
}

#define VECTOR_SIZE 4096

/* Copies what follows "<<KEY" on line into out. */
static int take(const char *line, const char *key, char *out)
{
    const size_t size = strlen(key);

    if (strncmp(line, key, size) != 0) {
        return 0;
    }
    (void)snprintf(out, VECTOR_SIZE, "%s", line + size);
    out[strcspn(out, "\r\n")] = '\0';
    return 1;
}

/* One case of the file: its input, possibly over several lines, then canonical and fingerprint. */
struct vector {
    char input[VECTOR_SIZE], canonical[VECTOR_SIZE], fingerprint[VECTOR_SIZE];
};

static void check_vector(const struct vector *vector)
{
    struct mr_schema *schema = parsed(vector->input);

    assert_string_equal(vector->canonical, mr_schema_canonical(schema));
    if (vector->fingerprint[0] != '\0') {
        assert_int_equal((uint64_t)strtoll(vector->fingerprint, NULL, 10),
                         mr_schema_fingerprint(schema));
    }
    mr_schema_free(schema);
}

static void canonical_forms_and_fingerprints_are_apaches(void **state)
{
    FILE *file = shared_file("avro/apache-avro/share/test/data/schema-tests.txt");
    static struct vector vector;
    char line[VECTOR_SIZE], rest[VECTOR_SIZE];
    bool is_open = false;
    int count = 0;

    (void)state;
    if (file == NULL) {
        skip();
    }
    while (fgets(line, sizeof(line), file) != NULL) {
        if (take(line, "<<INPUT", rest)) {
            if (vector.canonical[0] != '\0') {
                check_vector(&vector);
                count++;
            }
            vector.canonical[0] = vector.fingerprint[0] = '\0';
            is_open = strspn(rest, " ") == strlen(rest);
            (void)snprintf(vector.input, sizeof(vector.input), "%s", rest);
        } else if (is_open && strncmp(line, "INPUT", 5) == 0) {
            is_open = false;
        } else if (is_open) {
            (void)snprintf(vector.input + strlen(vector.input),
                           sizeof(vector.input) - strlen(vector.input), "%s", line);
        } else if (!take(line, "<<canonical ", vector.canonical)) {
            (void)take(line, "<<fingerprint ", vector.fingerprint);
        }
    }
    check_vector(&vector);
    (void)fclose(file);
    assert_int_equal(34, count + 1);
}

static void hex_of(const uint8_t *bytes, size_t size, char *out)
{
    for (size_t i = 0; i < size; i++) {
        (void)snprintf(out + 2 * i, 3, "%02x", bytes[i]);
    }
}

/* Each text is its own canonical form; the sizes lie on both sides of where MD5 pads. */
static void digests_are_those_of_the_canonical_form(void **state)
{
    static const struct {
        const char *canonical, *md5, *sha256;
    } rows[] = {
        {"\"int\"", "ef524ea1b91e73173d938ade36c1db32",
         "3f2b87a9fe7cc9b13835598c3981cd45e3e355309e5090aa0933d7becb6fba45"},
        {"{\"name\":\"foo\",\"type\":\"record\",\"fields\":[{\"name\":\"f1\",\"type\":\"boolean\"},"
         "{\"name\":\"f2\",\"type\":\"int\"}]}",
         "10623f8e6c46ed14e854a9d5cab39d1a",
         "379b7b88c35030d89381969af4c6bf60fdc60ca316839126034e289bb537470e"},
        {"{\"name\":\"x.y.z.foo\",\"type\":\"enum\",\"symbols\":[\"A1\",\"A2\"]}",
         "e87771508a83ffe201068d4985fe3088",
         "09e54a6cbd9f7b971f8f827f6096c6bc0e56092bc055f9e227d7e3b7ea166228"},
        {"{\"name\":\"aaaaaaaaaaaaaaaaaaaa\",\"type\":\"fixed\",\"size\":1}",
         "4a29d375427dd6e9729180d42c636d9d",
         "36a8c3b7e7c54e473a58cd7c54c7aa6e3d6135a0b58a67f1cd1894b8142ef18d"},
        {"{\"name\":\"aaaaaaaaaaaaaaaaaaaaa\",\"type\":\"fixed\",\"size\":1}",
         "fc9da76f1d952f1ac87a5f0903300dcf",
         "2181711eb17e05b6927899f7046eaa1253fe92f597f04271e314a88ea760641b"},
        {"{\"name\":\"aaaaaaaaaaaaaaaaaaaaaa\",\"type\":\"fixed\",\"size\":1}",
         "000280e2cae44c5c330bca66dae04dfd",
         "4eac4fe6a3e9a5baa177545d6379246a1227e46747344c57f9f39fe80675df81"},
        {"{\"name\":\"aaaaaaaaaaaaaaaaaaaaaaaaaaaa\",\"type\":\"fixed\",\"size\":1}",
         "713d75704ea6d6ad2a975330cad4b2c7",
         "922bbf72a36c513846daeba088d679bf6d6238c7155673ad1e07bced140c854a"},
        {"{\"name\":\"aaaaaaaaaaaaaaaaaaaaaaaaaaaaa\",\"type\":\"fixed\",\"size\":1}",
         "cacbb010d26e11481d808469705a3fd6",
         "12631820c6350e1c123794ed8fc28e32d2bff91321bfda5d341faa6a728d4526"},
        {"{\"name\":\"aaaaaaaaaaaaaaaaaaaaaaaaaaaaaa\",\"type\":\"fixed\",\"size\":1}",
         "69e6cd4cae573add3cfe2ca605880bb4",
         "59808aa98768d56e5d267c47e9d9b005a72e27046f130fb95b75052af9e6e5d5"},
        {"{\"name\":"
         "\"aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa\","
         "\"type\":\"fixed\",\"size\":1}",
         "2d6315e22bd34d930854ef24b56d14b1",
         "deeca77c54f5457c89b704039455f139e5c18a8483de4427871c62a9e9894859"},
        {"{\"name\":"
         "\"aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa\""
         ",\"type\":\"fixed\",\"size\":1}",
         "a000127c259168aa76a90ede30020766",
         "5f70e2bd519cf11ba29765a7b4e8e32fe7404986e0560ec043f914e1272950cb"},
    };

    (void)state;
    for (size_t i = 0; i < MR_COUNT(rows); i++) {
        struct mr_schema *schema = parsed(rows[i].canonical);
        const struct mr_digest sha256 = mr_schema_sha256(schema);
        uint8_t md5[16];
        char hex[65];

        assert_string_equal(rows[i].canonical, mr_schema_canonical(schema));
        mr_schema_md5(schema, md5);
        hex_of(md5, sizeof(md5), hex);
        assert_string_equal(rows[i].md5, hex);
        hex_of(sha256.bytes, sizeof(sha256.bytes), hex);
        assert_string_equal(rows[i].sha256, hex);
        mr_schema_free(schema);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_the_specification_refuses_is_refused_by_place),
        cmocka_unit_test(what_a_schema_says_is_kept),
        cmocka_unit_test(parts_are_composed_and_named_types_written_once),
        cmocka_unit_test(canonical_forms_and_fingerprints_are_apaches),
        cmocka_unit_test(what_apaches_c_takes_and_refuses_is_taken_and_refused),
        cmocka_unit_test(digests_are_those_of_the_canonical_form),
    };
    return cmocka_run_group_tests_name("schema", tests, NULL, NULL);
}
