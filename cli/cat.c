/* cat.c - `millrace cat`: what is in a topic or in a container file, decoded, for people. */
#include "cli/cat.h"
#include "processors/core/base/clock.h"

#include <stdlib.h>
#include <string.h>

#define RECORD_ROOM ((size_t)256 << 20) /* reserved, and touched only as far as a record needs */

enum {
    FLAG_PROPERTY, /* first: it may be repeated */
    FLAG_KAFKA,
    FLAG_PIPELINE,
    FLAG_SCHEMA,
    FLAG_REGISTRY,
    FLAG_WHERE,
    FLAG_FIELDS,
    FLAG_FROM,
    FLAG_TO,
    FLAG_PARTITION,
    FLAG_FOLLOW,
    FLAG_LIMIT,
    FLAG_COUNT,
    FLAG_KEY,
    FLAG_HEADERS,
    FLAG_OFFSETS,
    FLAG_TABLE,
    FLAG_OUT,
    FLAG_CODEC,
    FLAG_UNCOMMITTED,
    FLAG_HELP
};

static const struct flag table[] = {
    [FLAG_PROPERTY] = {"-X", "NAME=VALUE",
                       "A property of the Kafka client, with --kafka; may be repeated."},
    [FLAG_KAFKA] = {"--kafka", "HOST:PORT", "The cluster; default: the pipeline's."},
    [FLAG_PIPELINE] = {"--pipeline", "FILE",
                       "A pipeline file: its cluster and the schemas of its topics. A stage's name "
                       "stands for its topic, \"detect.dlq\" for its dead letters."},
    [FLAG_SCHEMA] = {"--schema", "FILE.avsc",
                     "The schema of every record of the topic, whatever its frame says."},
    [FLAG_REGISTRY] =
        {"--registry", "URL",
         "Where the schemas are that the pipeline does not know; default: the "
         "pipeline's. Or the settings of one: {url: ..., user: ..., password: \"${VAR}\"}."},
    [FLAG_WHERE] = {"--where", "CEL",
                    "Only records for which this holds: fields of the record by name, and "
                    "record.key, record.offset, record.partition, record.time."},
    [FLAG_FIELDS] = {"--fields", "A,B.C", "Only these fields, in this order; of record.* too."},
    [FLAG_FROM] = {"--from", "PLACE",
                   "Of each partition: beginning (default), end, an offset, -N (the last N), -15m "
                   "(s, m, h, d ago), or a time in UTC (2026-03-01T05:10:00Z). --follow alone "
                   "begins at the end."},
    [FLAG_TO] = {"--to", "PLACE", "The same; before that record. Default: the end as it is now."},
    [FLAG_PARTITION] = {"--partition", "N", "One partition; default all, one after the other."},
    [FLAG_FOLLOW] = {"--follow", NULL, "Goes on with what comes, until it is interrupted."},
    [FLAG_LIMIT] = {"--limit", "N", "Ends after N records."},
    [FLAG_COUNT] = {"--count", NULL, "Prints how many there are and nothing else."},
    [FLAG_KEY] = {"--key", NULL, "Tells the key beside the value."},
    [FLAG_HEADERS] = {"--headers", NULL,
                      "Tells the headers beside the value; of dead letters they are always told."},
    [FLAG_OFFSETS] = {"--offsets", NULL, "Tells partition, offset and time beside the value."},
    [FLAG_TABLE] = {"--table", NULL, "Rows of a table instead of lines of JSON."},
    [FLAG_OUT] = {"--out", "FILE.avro", "Writes an Avro container file instead of printing."},
    [FLAG_CODEC] = {"--codec", "NAME", "Of --out: deflate (default), snappy or null."},
    [FLAG_UNCOMMITTED] = {"--uncommitted", NULL,
                          "Also what open and aborted transactions have written."},
    [FLAG_HELP] = {"--help", NULL, "This text."},
    {NULL, NULL, NULL},
};

struct cat {
    struct flags flags;
    struct cat_form form;
    char *fields;              /* owned: the text that form.fields point into */
    long limit;                /* 0: none */
    struct cat_source *source; /* owned, as all that follows */
    struct cat_view *views;
    struct cat_out *out;
    struct mr_container_writer *writer; /* of --out; made with the first record */
    const struct mr_schema *written;    /* its schema; borrowed */
    struct mr_arena *arena;             /* of one record */
    struct mr_report *report;
    long seen, taken, undecoded, unanswered;
};

static bool is_given(const struct cat *cat, int flag)
{
    return cat->flags.values[flag] != NULL;
}

static enum mr_code read_fields(struct cat *cat, struct mr_error *err)
{
    char *rest = NULL;

    if (!is_given(cat, FLAG_FIELDS)) {
        return MR_OK;
    }
    cat->fields = strdup(cat->flags.values[FLAG_FIELDS]);
    if (cat->fields == NULL) {
        return MR_FAIL(err, MR_NO_ROOM, "no memory for the fields' names");
    }
    for (char *name = strtok_r(cat->fields, ", ", &rest); name != NULL;
         name = strtok_r(NULL, ", ", &rest)) {
        if (cat->form.field_count == CAT_COLUMNS_MAX) {
            return MR_FAIL(err, MR_USAGE, "--fields: more than %d", CAT_COLUMNS_MAX);
        }
        cat->form.fields[cat->form.field_count++] = name;
    }
    return cat->form.field_count > 0 ? MR_OK : MR_FAIL(err, MR_USAGE, "--fields: names none");
}

static enum mr_code read_partition(const struct cat *cat, int32_t *partition, struct mr_error *err)
{
    const char *text = cat->flags.values[FLAG_PARTITION];
    char *end;
    long number;

    *partition = -1;
    if (text == NULL) {
        return MR_OK;
    }
    number = strtol(text, &end, 10);
    if (end == text || *end != '\0' || number < 0 || number > INT32_MAX) {
        return MR_FAIL(err, MR_USAGE, "--partition: \"%s\" is no partition", text);
    }
    *partition = (int32_t)number;
    return MR_OK;
}

static enum mr_code read_browse(const struct cat *cat, struct mr_browse_spec *browse,
                                struct mr_error *err)
{
    const int64_t now_ms = mr_clock_wall(&mr_clock_system);
    const bool is_following = is_given(cat, FLAG_FOLLOW);
    enum mr_code code = read_partition(cat, &browse->partition, err);

    browse->is_following = is_following;
    browse->is_uncommitted = is_given(cat, FLAG_UNCOMMITTED);
    browse->from.kind = is_following ? MR_BROWSE_END : MR_BROWSE_BEGINNING;
    browse->to.kind = MR_BROWSE_END;
    if (code == MR_OK && is_given(cat, FLAG_FROM)) {
        code = cat_place_parse("--from", cat->flags.values[FLAG_FROM], now_ms, &browse->from, err);
    }
    if (code == MR_OK && is_given(cat, FLAG_TO)) {
        code = is_following
                   ? MR_FAIL(err, MR_USAGE, "--follow has no end: it does not go with --to")
                   : cat_place_parse("--to", cat->flags.values[FLAG_TO], now_ms, &browse->to, err);
    }
    return code;
}

static enum mr_code read_form(struct cat *cat, struct mr_error *err)
{
    enum mr_code code;

    cat->form.where = cat->flags.values[FLAG_WHERE];
    cat->form.has_key = is_given(cat, FLAG_KEY);
    cat->form.has_headers = is_given(cat, FLAG_HEADERS);
    cat->form.has_place = is_given(cat, FLAG_OFFSETS);
    cat->form.is_table = is_given(cat, FLAG_TABLE);
    if (is_given(cat, FLAG_OUT) && (cat->form.is_table || is_given(cat, FLAG_FIELDS) ||
                                    is_given(cat, FLAG_COUNT) || is_given(cat, FLAG_FOLLOW))) {
        return MR_FAIL(err, MR_USAGE,
                       "--out writes whole records to an end: it does not go with --table, "
                       "--fields, --count or --follow");
    }
    if (cat->form.is_table && cat->form.has_headers) {
        return MR_FAIL(err, MR_USAGE, "--headers: a row has no place for them; leave --table out");
    }
    code = flag_number(&cat->flags, FLAG_LIMIT, INT32_MAX, &cat->limit, err);
    return code != MR_OK ? code : read_fields(cat, err);
}

static enum mr_code open_cat(struct cat *cat, const struct mr_log *log, struct mr_error *err)
{
    struct cat_source_spec spec = {.name = cat->flags.operands[0],
                                   .pipeline = cat->flags.values[FLAG_PIPELINE],
                                   .bootstrap = cat->flags.values[FLAG_KAFKA],
                                   .properties = cat->flags.repeated,
                                   .property_count = cat->flags.repeated_count,
                                   .schema = cat->flags.values[FLAG_SCHEMA],
                                   .registry = cat->flags.values[FLAG_REGISTRY],
                                   .log = log,
                                   .report = cat->report};
    enum mr_code code = read_form(cat, err);

    if (code == MR_OK) {
        code = read_browse(cat, &spec.browse, err);
    }
    if (code == MR_OK) {
        code = cat_source_open(&spec, &cat->source, err);
    }
    if (code != MR_OK) {
        return code;
    }
    cat->form.has_headers =
        cat->form.has_headers || (cat_source_is_dead_letters(cat->source) && !cat->form.is_table);
    cat->arena = mr_arena_new(RECORD_ROOM);
    cat->out = cat_out_new(&cat->form);
    return cat->arena != NULL && cat->out != NULL ? MR_OK
                                                  : MR_FAIL(err, MR_NO_ROOM, "no memory to print");
}

static enum mr_code find_codec(const struct cat *cat, enum mr_container_codec *codec,
                               struct mr_error *err)
{
    const char *name = cat->flags.values[FLAG_CODEC];

    *codec = MR_CONTAINER_DEFLATE;
    return name == NULL || mr_container_codec_find(mr_span_text(name), codec)
               ? MR_OK
               : MR_FAIL(err, MR_USAGE, "--codec: \"%s\" is none of null, deflate, snappy", name);
}

/* A file has one schema: that of its first record. */
static enum mr_code write_item(struct cat *cat, const struct cat_item *item, struct mr_error *err)
{
    enum mr_container_codec codec;
    enum mr_code code = MR_OK;

    if (cat->writer == NULL) {
        code = find_codec(cat, &codec, err);
        code = code != MR_OK ? code
                             : mr_container_create(cat->flags.values[FLAG_OUT], item->schema, codec,
                                                   &cat->writer, err);
        cat->written = item->schema;
    }
    if (code == MR_OK && cat->written != item->schema) {
        return MR_FAIL(err, MR_BAD_DATA,
                       "--out: offset %lld of partition %d has another schema than the records "
                       "before: a file has one; choose by --from, --to or --where",
                       (long long)item->offset, (int)item->partition);
    }
    return code != MR_OK ? code : mr_container_append(cat->writer, item->datum, err);
}

static enum mr_code give(struct cat *cat, const struct cat_item *item, const struct cat_view *view,
                         struct mr_error *err)
{
    if (is_given(cat, FLAG_COUNT)) {
        return MR_OK;
    }
    if (!is_given(cat, FLAG_OUT)) {
        return cat_out_put(cat->out, item, view, cat->arena, err);
    }
    return view != NULL ? write_item(cat, item, err) : MR_OK;
}

/* What cannot be decoded is shown unless there is a condition, which it cannot meet. */
static enum mr_code take_bad(struct cat *cat, const struct cat_item *item, const char *fault,
                             struct mr_error *err)
{
    struct cat_item bad = *item;

    bad.fault = fault;
    cat->undecoded += fault != NULL;
    if (cat->form.where != NULL) {
        return MR_OK;
    }
    cat->taken++;
    return give(cat, &bad, NULL, err);
}

static enum mr_code take_item(struct cat *cat, const struct cat_item *item, struct mr_error *err)
{
    struct cat_view *view;
    const char *fault;
    enum mr_code code;
    int answer;

    cat->seen++;
    mr_arena_reset(cat->arena);
    if (item->schema == NULL) {
        return take_bad(cat, item, item->fault, err);
    }
    code = cat_view_of(&cat->views, &cat->form, item->schema, &view, err);
    if (code != MR_OK) {
        return code;
    }
    fault = cat_view_decode(view, item, cat->arena);
    if (fault != NULL) {
        return take_bad(cat, item, fault, err);
    }
    answer = cat_view_holds(view, cat->arena);
    cat->unanswered += answer < 0;
    if (answer <= 0) {
        return MR_OK;
    }
    cat->taken++;
    return give(cat, item, view, err);
}

static enum mr_code run(struct cat *cat, struct mr_error *err)
{
    const struct cat_item *item;
    bool is_done = false;
    enum mr_code code = MR_OK;

    while (code == MR_OK && (cat->limit == 0 || cat->taken < cat->limit)) {
        code = cat_source_next(cat->source, &item, &is_done, err);
        if (code != MR_OK || is_done) {
            break;
        }
        if (item != NULL) {
            code = take_item(cat, item, err);
        } else {
            cat_out_flush(cat->out);
        }
    }
    cat_out_flush(cat->out);
    return code;
}

/* Also what a container file still lacks to be whole. */
static enum mr_code finish(struct cat *cat, struct mr_error *err)
{
    struct mr_container_writer *writer = cat->writer;

    cat->writer = NULL;
    if (is_given(cat, FLAG_COUNT)) {
        (void)printf("%ld\n", cat->taken);
    }
    if (cat->undecoded > 0) {
        (void)fprintf(stderr, "millrace: %ld of %ld records could not be decoded\n", cat->undecoded,
                      cat->seen);
    }
    if (cat->unanswered > 0) {
        (void)fprintf(stderr, "millrace: --where had no answer for %ld of %ld records\n",
                      cat->unanswered, cat->seen);
    }
    if (!is_given(cat, FLAG_OUT)) {
        return MR_OK;
    }
    if (writer == NULL) {
        return MR_FAIL(err, MR_BAD_DATA, "--out: no record, so no schema: nothing was written");
    }
    (void)printf("cat records=%ld written=%ld undecoded=%ld\n", cat->seen,
                 cat->taken - cat->undecoded, cat->undecoded);
    return mr_container_finish(writer, err);
}

static void close_cat(struct cat *cat)
{
    struct mr_error ignored = {0};

    if (cat->writer != NULL) {
        (void)mr_container_finish(cat->writer, &ignored);
    }
    cat_out_free(cat->out);
    cat_views_free(cat->views);
    cat_source_close(cat->source);
    mr_arena_free(cat->arena);
    mr_report_free(cat->report);
    free(cat->fields);
}

int verb_cat(int count, char **arguments)
{
    const struct mr_log log = {stderr, "cat", MR_ERROR, MR_LOG_TEXT};
    struct cat cat = {.flags = {.table = table}};
    struct mr_error err = {0};
    enum mr_code code = flags_parse(&cat.flags, count, arguments, &err);

    if (code == MR_OK && is_given(&cat, FLAG_HELP)) {
        (void)puts("usage: millrace cat TOPIC|STAGE|FILE.avro [options]\n");
        flags_print(table, stdout);
        return 0;
    }
    if (code == MR_OK && cat.flags.operand_count != 1) {
        code = MR_FAIL(&err, MR_USAGE, "cat takes one topic, stage or file");
    }
    if (code == MR_OK) {
        cat.report = mr_report_new();
        code = cat.report == NULL ? MR_FAIL(&err, MR_NO_ROOM, "no memory for a report")
                                  : open_cat(&cat, &log, &err);
        if (cat.report != NULL) {
            mr_report_print(cat.report, stderr);
        }
    }
    if (code == MR_OK) {
        code = run(&cat, &err);
    }
    if (code == MR_OK) {
        code = finish(&cat, &err);
    }
    close_cat(&cat);
    return code == MR_OK ? 0 : fail_with(&err);
}
