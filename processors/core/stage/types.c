#include "processors/core/stage/scope_internal.h"

#include <string.h>

/* Records met on the way down: a recursive schema names one of them again. */
struct seen {
    const struct mr_type *type;
    const struct mr_cel_record *record;
    const struct seen *outer;
};

static enum mr_code convert(const struct mr_type *type, const struct seen *seen,
                            struct mr_arena *arena, struct mr_cel_type *out, struct mr_error *err);

static enum mr_code convert_record(const struct mr_type *type, const struct seen *seen,
                                   struct mr_arena *arena, struct mr_cel_type *out,
                                   struct mr_error *err)
{
    struct mr_cel_record *record = mr_arena_take(arena, 1, sizeof(*record));
    struct mr_cel_field *fields = mr_arena_take(arena, type->field_count + 1, sizeof(*fields));
    const struct seen here = {type, record, seen};

    out->kind = MR_CEL_RECORD;
    for (; seen != NULL; seen = seen->outer) {
        if (seen->type == type) {
            out->record = seen->record;
            return MR_OK;
        }
    }
    if (record == NULL || fields == NULL) {
        return MR_FAIL(err, MR_NO_ROOM, "no room for the types of %s", type->name);
    }
    *record = (struct mr_cel_record){type->name, type->field_count, fields};
    out->record = record;
    for (size_t i = 0; i < type->field_count; i++) {
        enum mr_code code;

        fields[i].name = type->fields[i].name;
        code = convert(type->fields[i].type, &here, arena, &fields[i].type, err);
        if (code != MR_OK) {
            return code;
        }
    }
    return MR_OK;
}

static enum mr_code convert_items(const struct mr_type *type, const struct seen *seen,
                                  struct mr_arena *arena, struct mr_cel_type *out,
                                  struct mr_error *err)
{
    static const struct mr_cel_type string = {.kind = MR_CEL_STRING};
    struct mr_cel_type *item = mr_arena_take(arena, 1, sizeof(*item));

    if (item == NULL) {
        return MR_FAIL(err, MR_NO_ROOM, "no room for a type of items");
    }
    out->kind = type->kind == MR_AVRO_ARRAY ? MR_CEL_LIST : MR_CEL_MAP;
    out->key = type->kind == MR_AVRO_MAP ? &string : NULL;
    out->item = item;
    return convert(type->item, seen, arena, item, err);
}

static enum mr_cel_kind logical_kind(enum mr_logical logical, enum mr_cel_kind plain)
{
    switch (logical) {
    case MR_LOGICAL_DECIMAL:
        return MR_CEL_DECIMAL;
    case MR_LOGICAL_DATE:
    case MR_LOGICAL_TIMESTAMP_MILLIS:
    case MR_LOGICAL_TIMESTAMP_MICROS:
    case MR_LOGICAL_TIMESTAMP_NANOS:
    case MR_LOGICAL_LOCAL_TIMESTAMP_MILLIS:
    case MR_LOGICAL_LOCAL_TIMESTAMP_MICROS:
    case MR_LOGICAL_LOCAL_TIMESTAMP_NANOS:
        return MR_CEL_TIMESTAMP;
    case MR_LOGICAL_TIME_MILLIS:
    case MR_LOGICAL_TIME_MICROS:
        return MR_CEL_DURATION;
    case MR_LOGICAL_NONE:
    case MR_LOGICAL_UUID:
    case MR_LOGICAL_DURATION:
        break;
    }
    return plain;
}

static enum mr_code convert(const struct mr_type *type, const struct seen *seen,
                            struct mr_arena *arena, struct mr_cel_type *out, struct mr_error *err)
{
    static const enum mr_cel_kind kinds[] = {
        [MR_AVRO_NULL] = MR_CEL_NULL,    [MR_AVRO_BOOLEAN] = MR_CEL_BOOL,
        [MR_AVRO_INT] = MR_CEL_INT,      [MR_AVRO_LONG] = MR_CEL_INT,
        [MR_AVRO_FLOAT] = MR_CEL_DOUBLE, [MR_AVRO_DOUBLE] = MR_CEL_DOUBLE,
        [MR_AVRO_BYTES] = MR_CEL_BYTES,  [MR_AVRO_STRING] = MR_CEL_STRING,
        [MR_AVRO_ENUM] = MR_CEL_STRING,  [MR_AVRO_FIXED] = MR_CEL_BYTES,
    };

    *out = (struct mr_cel_type){.kind = MR_CEL_DYN};
    switch (type->kind) {
    case MR_AVRO_RECORD:
        return convert_record(type, seen, arena, out, err);
    case MR_AVRO_ARRAY:
    case MR_AVRO_MAP:
        return convert_items(type, seen, arena, out, err);
    case MR_AVRO_UNION:
        if (type->null_branch >= 0) {
            const enum mr_code code =
                convert(type->branches[1 - type->null_branch], seen, arena, out, err);

            out->is_nullable = true;
            return code;
        }
        return MR_OK; /* other unions: dyn */
    default:
        out->kind = logical_kind(type->logical, kinds[type->kind]);
        return MR_OK;
    }
}

enum mr_code mr_cel_type_of(const struct mr_type *type, struct mr_arena *arena,
                            struct mr_cel_type *out, struct mr_error *err)
{
    return convert(type, NULL, arena, out, err);
}
