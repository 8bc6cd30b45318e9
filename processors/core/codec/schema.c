#include "processors/core/codec/schema_internal.h"

#include "processors/core/base/json_text.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* The text without the white space between its tokens, every number as its author wrote it. */
static const char *compact(struct mr_pool *pool, struct mr_span json)
{
    char *text = mr_pool_take(pool, json.size + 1, 1);
    bool quoted = false;
    size_t size = 0;

    for (size_t i = 0; i < json.size && text != NULL; i++) {
        const char byte = (char)json.data[i];

        if (!quoted && (byte == ' ' || byte == '\t' || byte == '\n' || byte == '\r')) {
            continue;
        }
        text[size++] = byte;
        if (quoted && byte == '\\') {
            text[size++] = (char)json.data[++i];
        } else if (byte == '"') {
            quoted = !quoted;
        }
    }
    return text;
}

static int32_t id_of(const char *text)
{
    const struct mr_digest digest = mr_digest_of(mr_span_text(text));
    uint32_t head = 0;

    for (size_t i = 0; i < 4; i++) {
        head = head << 8 | digest.bytes[i];
    }
    return (int32_t)(head >> 1);
}

static enum mr_code parse_json(struct mr_span json, json_t **tree, struct mr_error *err)
{
    json_error_t fault;
    enum mr_code code;

    if (json.size > MR_SCHEMA_SIZE_MAX) {
        return MR_FAIL(err, MR_BAD_CONFIG, "schema: larger than %zu bytes", MR_SCHEMA_SIZE_MAX);
    }
    code = mr_json_load(json, JSON_REJECT_DUPLICATES | JSON_DECODE_ANY | JSON_ALLOW_NUL, tree,
                        &fault, err);
    if (code == MR_OK && *tree == NULL) {
        return MR_FAIL(err, MR_BAD_CONFIG, "schema: line %d, column %d: %s", fault.line,
                       fault.column, fault.text);
    }
    return code;
}

static enum mr_code fill(struct mr_schema *schema, struct mr_span json, struct mr_error *err)
{
    struct mr_parse parse = {.schema = schema, .names = {.pool = &schema->pool}, .err = err};
    const struct mr_scope scope = {NULL, ""};
    enum mr_code code = parse_json(json, &schema->json, err);

    if (code == MR_OK) {
        code = mr_parse_type(&parse, schema->json, &scope, &schema->root);
    }
    if (code == MR_OK) {
        code = mr_parse_defaults(&parse);
    }
    if (code != MR_OK) {
        return code;
    }
    schema->text = compact(&schema->pool, json);
    if (schema->text == NULL) {
        return mr_parse_no_room(&parse);
    }
    schema->id = id_of(schema->text);
    return mr_schema_canonize(schema, err);
}

enum mr_code mr_schema_parse(struct mr_span json, struct mr_schema **schema, struct mr_error *err)
{
    struct mr_schema *made = calloc(1, sizeof(*made));
    enum mr_code code;

    *schema = NULL;
    if (made == NULL) {
        return MR_FAIL(err, MR_NO_ROOM, "no memory for a schema");
    }
    code = fill(made, json, err);
    if (code != MR_OK) {
        mr_schema_free(made);
        return code;
    }
    *schema = made;
    return MR_OK;
}

static enum mr_code read_file(FILE *file, const char *path, struct mr_schema **schema,
                              struct mr_error *err)
{
    char *text = malloc(MR_SCHEMA_SIZE_MAX + 1);
    enum mr_code code;
    size_t size;

    if (text == NULL) {
        return MR_FAIL(err, MR_NO_ROOM, "no memory for a schema");
    }
    size = fread(text, 1, MR_SCHEMA_SIZE_MAX + 1, file);
    if (ferror(file)) {
        code = MR_FAIL(err, MR_IO, "%s: cannot be read", path);
    } else {
        struct mr_error inner = {0};

        code = mr_schema_parse((struct mr_span){(const uint8_t *)text, size}, schema, &inner);
        if (code != MR_OK) {
            code = MR_FAIL(err, code, "%s: %s", path, inner.text);
        }
    }
    free(text);
    return code;
}

enum mr_code mr_schema_load(const char *path, struct mr_schema **schema, struct mr_error *err)
{
    FILE *file = fopen(path, "rb");
    enum mr_code code;

    *schema = NULL;
    if (file == NULL) {
        return MR_FAIL(err, MR_BAD_CONFIG, "%s: cannot be opened", path);
    }
    code = read_file(file, path, schema, err);
    (void)fclose(file);
    return code;
}

void mr_schema_free(struct mr_schema *schema)
{
    if (schema == NULL) {
        return;
    }
    json_decref(schema->json);
    mr_pool_clear(&schema->pool);
    free(schema);
}

const struct mr_type *mr_schema_root(const struct mr_schema *schema)
{
    return schema->root;
}

const struct mr_type *mr_schema_type(const struct mr_schema *schema, uint16_t id)
{
    return id == 0 || id > schema->named_count ? NULL : schema->named[id - 1];
}

const char *mr_schema_text(const struct mr_schema *schema)
{
    return schema->text;
}

int32_t mr_schema_id(const struct mr_schema *schema)
{
    return schema->id;
}

const char *mr_schema_canonical(const struct mr_schema *schema)
{
    return schema->canonical;
}

uint64_t mr_schema_fingerprint(const struct mr_schema *schema)
{
    return schema->fingerprint;
}

static void add_words(const struct mr_type *type, char out[128], unsigned depth)
{
    const size_t used = strlen(out);
    char *at = out + used;
    const size_t room = 128 - used;

    if (type->kind == MR_AVRO_UNION && depth < 4) {
        for (size_t i = 0; i < type->branch_count; i++) {
            (void)snprintf(out + strlen(out), 128 - strlen(out), "%s", i == 0 ? "" : " or ");
            add_words(type->branches[i], out, depth + 1);
        }
    } else if (type->item != NULL && depth < 4) {
        (void)snprintf(at, room, "%s of ", mr_avro_word(type->kind));
        add_words(type->item, out, depth + 1);
    } else {
        (void)snprintf(at, room, "%s", type->name != NULL ? type->name : mr_avro_word(type->kind));
    }
}

const char *mr_type_words(const struct mr_type *type, char out[128])
{
    out[0] = '\0';
    add_words(type, out, 0);
    return out;
}

size_t mr_schema_named_count(const struct mr_schema *schema)
{
    return schema->named_count;
}
