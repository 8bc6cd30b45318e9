#include "processors/core/stage/scope.h"

#include "processors/core/stage/scope_internal.h"

#include <fcntl.h>
#include <stdarg.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define FILE_SIZE_MAX ((off_t)256 << 20)

const struct mr_cel_type mr_cel_bool = {.kind = MR_CEL_BOOL};
const struct mr_cel_type mr_cel_int = {.kind = MR_CEL_INT};
const struct mr_cel_type mr_cel_double = {.kind = MR_CEL_DOUBLE};
const struct mr_cel_type mr_cel_string = {.kind = MR_CEL_STRING};
const struct mr_cel_type mr_cel_timestamp = {.kind = MR_CEL_TIMESTAMP};

enum mr_code mr_scope_name(struct mr_scope *scope, struct mr_error *err)
{
    const struct mr_type *root = mr_schema_root(scope->input);
    struct mr_names *names = &scope->names;

    MR_ASSERT(root->kind == MR_AVRO_RECORD && root->field_count < MR_STAGES_MAX + 2);
    for (size_t i = 0; i < root->field_count; i++) {
        const enum mr_code code =
            mr_cel_type_of(root->fields[i].type, scope->arena, &names->variables[i].type, err);

        if (code != MR_OK) {
            return code;
        }
        names->variables[i].name = root->fields[i].name;
    }
    names->key_variable = root->field_count;
    names->variables[root->field_count] =
        (struct mr_cel_variable){.name = "record.key", .type = mr_cel_string};
    names->variable_count = root->field_count + 1;
    return MR_OK;
}

/* The place of a field among the leaves of a record: how many leaves stand before it, or -1 where
 * it is no leaf but a record. */
static size_t count_leaves(const struct mr_type *type)
{
    size_t count = 0;

    if (type->kind != MR_AVRO_RECORD) {
        return 1;
    }
    for (size_t i = 0; i < type->field_count; i++) {
        count += count_leaves(type->fields[i].type);
    }
    return count;
}

static int leaf_index(const struct mr_type *type, const uint32_t *fields, uint32_t depth)
{
    size_t before = 0;

    for (uint32_t level = 0; level < depth; level++) {
        if (type->kind != MR_AVRO_RECORD) {
            return -1;
        }
        for (uint32_t i = 0; i < fields[level]; i++) {
            before += count_leaves(type->fields[i].type);
        }
        type = type->fields[fields[level]].type;
    }
    return type->kind == MR_AVRO_RECORD ? -1 : (int)before;
}

/* A path that starts with field `variable` of the input's record, to a slot. */
static enum mr_code bind_field(struct mr_scope *scope, uint32_t variable, const uint32_t *fields,
                               uint32_t depth, uint32_t *slot, struct mr_error *err)
{
    const struct mr_stamp *stamp = variable > 0 ? &scope->stamps[variable - 1] : NULL;
    struct mr_layout_path path = {.depth = depth + 1, .fields = {variable}};

    if (stamp != NULL && stamp->is_made) {
        const int leaf = leaf_index(mr_schema_root(stamp->schema), fields, depth);

        if (leaf < 0) {
            return MR_FAIL(err, MR_BAD_CONFIG, "%s is a record: name one of its fields",
                           stamp->field);
        }
        *slot = stamp->first_slot + (uint32_t)leaf;
        return MR_OK;
    }
    if (path.depth > MR_LAYOUT_DEPTH_MAX) {
        return MR_FAIL(err, MR_BAD_CONFIG, "a path of more than %d fields", MR_LAYOUT_DEPTH_MAX);
    }
    for (uint32_t i = 0; i < depth; i++) {
        path.fields[i + 1] = fields[i];
    }
    *slot = mr_layout_slot(scope->layout, &path);
    return MR_OK;
}

static enum mr_code bind(void *context, const struct mr_cel_path *path, uint32_t *slot,
                         struct mr_error *err)
{
    struct mr_scope *scope = context;

    if (path->variable == scope->names.key_variable) {
        *slot = scope->key_slot;
        return MR_OK;
    }
    return bind_field(scope, path->variable, path->fields, path->depth, slot, err);
}

struct mr_cel_env mr_scope_env(struct mr_scope *scope)
{
    return (struct mr_cel_env){.variables = scope->names.variables,
                               .variable_count = scope->names.variable_count,
                               .bind = bind,
                               .context = scope};
}

enum mr_code mr_scope_share(struct mr_scope *scope, struct mr_error *err)
{
    const uint32_t count = mr_cel_group_find(scope->group);

    return count == 0
               ? MR_OK
               : mr_cel_group_share(scope->group, mr_layout_reserve(scope->layout, count), err);
}

/* Where in the file a column of an expression is: exact for one that starts on its key's line. */
static struct mr_place place_in(struct mr_place start, const struct mr_cel_diagnosis *why)
{
    if (why->line > 1) {
        start.line += why->line - 1;
        start.column = why->column;
    } else if (why->column > 0) {
        start.column += why->column - 1;
    }
    return start;
}

enum mr_code mr_scope_compile(struct mr_scope *scope, const struct mr_source *source,
                              const struct mr_cel_type *wanted,
                              const struct mr_cel_program **program, struct mr_error *err)
{
    struct mr_cel_diagnosis why = {0};
    struct mr_error inner = {0};
    const enum mr_code code = mr_cel_group_compile(scope->group, mr_span_text(source->text), wanted,
                                                   program, &why, &inner);

    if (code == MR_OK) {
        return MR_OK;
    }
    if (code == MR_BAD_CONFIG) {
        mr_report_add(scope->report, MR_SEVERITY_ERROR, place_in(source->place, &why), source->key,
                      why.hint[0] ? why.hint : NULL, "%s", why.text[0] ? why.text : inner.text);
    }
    return MR_FAIL(err, code, "%s: %s", source->key ? source->key : "expression",
                   why.text[0] ? why.text : inner.text);
}

static bool has_part(const char *const *parts, size_t count, const char *wanted)
{
    for (size_t i = 0; i < count; i++) {
        if (strcmp(parts[i], wanted) == 0) {
            return true;
        }
    }
    return false;
}

/* The first field of partition_by that the key does not contain, or NULL. */
static const char *missing_part(const struct mr_scope *scope, const struct mr_cel_program *program)
{
    const char *const *parts;
    const size_t count = mr_cel_program_parts(program, &parts);
    const bool has_key = has_part(parts, count, "record.key");

    for (size_t i = 0; i < scope->partition_part_count; i++) {
        const char *wanted = scope->partition_parts[i];

        if (!has_part(parts, count, wanted) &&
            !(has_key && has_part(scope->key_parts, scope->key_part_count, wanted))) {
            return wanted;
        }
    }
    return NULL;
}

enum mr_code mr_scope_compile_key(struct mr_scope *scope, const struct mr_source *source,
                                  const struct mr_cel_program **program, struct mr_error *err)
{
    enum mr_code code = mr_scope_compile(scope, source, &mr_cel_string, program, err);
    const char *missing;

    if (code != MR_OK) {
        return code;
    }
    missing = missing_part(scope, *program);
    if (missing == NULL) {
        return MR_OK;
    }
    mr_report_add(scope->report, MR_SEVERITY_ERROR, source->place, source->key,
                  "add it to the key, or put a `repartition` stage with this key before this one",
                  "the key does not determine the partition: it lacks %s, by which records are "
                  "partitioned, so one key's records would be seen by several workers",
                  missing);
    return MR_FAIL(err, MR_BAD_CONFIG, "%s: the key does not determine the partition", source->key);
}

enum mr_code mr_scope_slot(struct mr_scope *scope, const char *path, uint32_t *slot,
                           const struct mr_type **type, struct mr_error *err)
{
    struct mr_layout_path found;
    const struct mr_type *leaf;
    size_t bad = 0;

    if (!mr_layout_find(scope->input, path, &found, &leaf, &bad)) {
        return MR_FAIL(err, MR_BAD_CONFIG, "%s: there is no field \"%s\" here", path, path + bad);
    }
    if (type != NULL) {
        *type = leaf;
    }
    return bind_field(scope, found.fields[0], found.fields + 1, found.depth - 1, slot, err);
}

uint32_t mr_scope_key_slot(struct mr_scope *scope)
{
    return scope->key_slot;
}

static bool is_stamp(const struct mr_scope *scope, const char *field)
{
    for (size_t i = 0; i < scope->stamp_count; i++) {
        if (strcmp(scope->stamps[i].field, field) == 0) {
            return true;
        }
    }
    return strcmp(field, "subject") == 0;
}

/* The second stage of a processor stamps under its own name, as an identifier. */
static enum mr_code name_stamp(struct mr_scope *scope, const char **field, struct mr_error *err)
{
    const size_t size = strlen(scope->spec->name) + 1;
    char *own;

    if (!is_stamp(scope, *field)) {
        return MR_OK;
    }
    own = mr_arena_take(scope->arena, size, sizeof(*own));
    if (own == NULL) {
        return MR_FAIL(err, MR_NO_ROOM, "no room for the name of a stamp");
    }
    memcpy(own, scope->spec->name, size);
    for (char *at = own; *at != '\0'; at++) {
        *at = *at == '-' ? '_' : *at;
    }
    if (is_stamp(scope, own) || strcmp(own, "record") == 0 || (own[0] >= '0' && own[0] <= '9')) {
        mr_report_add(scope->report, MR_SEVERITY_ERROR, scope->spec->place, scope->spec->name,
                      "give the stage another name",
                      "a stage before it stamps \"%s\", and \"%s\" cannot be another stamp's name",
                      *field, own);
        return MR_FAIL(err, MR_BAD_CONFIG, "%s: its stamp can have no name", scope->spec->name);
    }
    *field = own;
    return MR_OK;
}

enum mr_code mr_scope_stamp(struct mr_scope *scope, const char *field, const char *json,
                            uint32_t *first, struct mr_error *err)
{
    struct mr_stamp *made = &scope->made;
    enum mr_code code;

    MR_ASSERT(made->field == NULL && scope->emits == NULL);
    code = name_stamp(scope, &field, err);
    if (code == MR_OK) {
        code = mr_schema_parse(mr_span_text(json), &made->schema, err);
    }
    if (code == MR_OK) {
        code = mr_encoder_new(made->schema, &made->encoder, err);
    }
    if (code != MR_OK) {
        return code;
    }
    made->field = field;
    made->is_made = true;
    made->first_slot =
        mr_layout_reserve(scope->layout, (uint32_t)mr_encoder_leaf_count(made->encoder));
    *first = made->first_slot;
    return MR_OK;
}

enum mr_code mr_scope_emits(struct mr_scope *scope, const char *json, struct mr_error *err)
{
    enum mr_code code;

    MR_ASSERT(scope->made.field == NULL && scope->emits == NULL);
    code = mr_schema_parse(mr_span_text(json), &scope->emits, err);
    return code == MR_OK ? mr_encoder_new(scope->emits, &scope->emits_encoder, err) : code;
}

enum mr_code mr_scope_store(struct mr_scope *scope, const struct mr_store_spec *spec,
                            struct mr_store **store, struct mr_error *err)
{
    if (scope->store_count == MR_STORES_MAX) {
        return MR_FAIL(err, MR_BAD_CONFIG, "%s: more than %d keyed states in one stage",
                       scope->spec->name, MR_STORES_MAX);
    }
    *store = mr_store_new(spec);
    if (*store == NULL) {
        return MR_FAIL(err, MR_NO_ROOM, "no memory for the state of %s", spec->name);
    }
    scope->stores[scope->store_count++] = *store;
    return MR_OK;
}

static enum mr_code read_whole(int file, const char *path, struct mr_arena *arena,
                               struct mr_span *bytes, struct mr_error *err)
{
    struct stat status;
    size_t got = 0;
    uint8_t *room;

    if (fstat(file, &status) != 0 || !S_ISREG(status.st_mode) || status.st_size > FILE_SIZE_MAX) {
        return MR_FAIL(err, MR_BAD_CONFIG, "%s: not a file of at most 256 MiB", path);
    }
    room = mr_arena_bytes(arena, (size_t)status.st_size + 1);
    if (room == NULL) {
        return MR_FAIL(err, MR_NO_ROOM, "no room for %s", path);
    }
    while (got < (size_t)status.st_size) {
        const ssize_t size = read(file, room + got, (size_t)status.st_size - got);

        if (size <= 0) {
            return MR_FAIL(err, MR_BAD_CONFIG, "%s: cannot be read to its end", path);
        }
        got += (size_t)size;
    }
    room[got] = '\0';
    *bytes = (struct mr_span){room, got};
    return MR_OK;
}

/* Relative to the folder of the pipeline file. */
static const char *beside_pipeline(const struct mr_scope *scope, const char *path)
{
    const char *slash = strrchr(scope->pipeline->path, '/');

    if (path[0] == '/' || slash == NULL) {
        return path;
    }
    return mr_arena_print(scope->arena, "%.*s/%s", (int)(slash - scope->pipeline->path),
                          scope->pipeline->path, path);
}

enum mr_code mr_scope_read(struct mr_scope *scope, const char *path, struct mr_span *bytes,
                           struct mr_error *err)
{
    const char *where = beside_pipeline(scope, path);
    enum mr_code code;
    int file;

    if (where == NULL) {
        return MR_FAIL(err, MR_NO_ROOM, "no room for a path");
    }
    file = open(where, O_RDONLY | O_CLOEXEC);
    if (file < 0) {
        return MR_FAIL(err, MR_BAD_CONFIG, "%s: cannot be opened", where);
    }
    code = read_whole(file, where, scope->arena, bytes, err);
    (void)close(file);
    if (code == MR_OK) {
        mr_digester_add(scope->digester, *bytes);
    }
    return code;
}

enum mr_code mr_scope_registered(struct mr_scope *scope, const char *subject, int32_t version,
                                 struct mr_span *bytes, struct mr_error *err)
{
    struct mr_registry *registry = scope->pipeline->registry;
    enum mr_code code;

    if (registry == NULL) {
        return MR_FAIL(err, MR_BAD_CONFIG,
                       "the pipeline names no registry to ask: see `registry:`");
    }
    code = mr_registry_document(registry, subject, version, bytes, err);
    if (code == MR_OK) {
        mr_digester_add(scope->digester, *bytes);
    }
    return code;
}

void mr_scope_complain(struct mr_scope *scope, enum mr_severity severity, struct mr_place place,
                       const char *key, const char *hint, const char *format, ...)
{
    char text[400];
    va_list args;

    va_start(args, format);
    (void)vsnprintf(text, sizeof(text), format, args);
    va_end(args);
    mr_report_add(scope->report, severity, place, key, hint, "%s", text);
}

struct mr_place mr_scope_place(const struct mr_scope *scope)
{
    return scope->spec->place;
}

const char *mr_scope_pipeline(const struct mr_scope *scope)
{
    return scope->pipeline->name;
}

const char *mr_scope_stage(const struct mr_scope *scope)
{
    return scope->spec->name;
}

const struct mr_schema *mr_scope_input_schema(const struct mr_scope *scope)
{
    return scope->input;
}

struct mr_arena *mr_scope_arena(struct mr_scope *scope)
{
    return scope->arena;
}

const struct mr_digest *mr_scope_digest(const struct mr_scope *scope)
{
    return &scope->digest;
}

size_t mr_scope_lineage(const struct mr_scope *scope, const char *const **stages,
                        const struct mr_digest **digests)
{
    *stages = scope->lineage_stages;
    *digests = scope->lineage_digests;
    return scope->lineage_count;
}

int32_t mr_scope_input_schema_id(const struct mr_scope *scope)
{
    return scope->input_schema_id;
}
