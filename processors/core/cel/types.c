#include "processors/core/cel/types.h"

#include <string.h>

#define TEXT_MAX 240

static const struct cel_type basics[] = {
    {.kind = MR_CEL_DYN},      {.kind = MR_CEL_NULL},    {.kind = MR_CEL_BOOL},
    {.kind = MR_CEL_INT},      {.kind = MR_CEL_UINT},    {.kind = MR_CEL_DOUBLE},
    {.kind = MR_CEL_STRING},   {.kind = MR_CEL_BYTES},   {.kind = MR_CEL_TIMESTAMP},
    {.kind = MR_CEL_DURATION}, {.kind = MR_CEL_DECIMAL},
};

const struct cel_type *cel_type_basic(int kind)
{
    MR_ASSERT(kind >= 0 && (size_t)kind < MR_COUNT(basics));
    return &basics[kind];
}

const struct cel_type *cel_type_new(struct cel_source *source, int kind, const struct cel_type *a,
                                    const struct cel_type *b)
{
    struct cel_type *type = cel_source_take(source, 1, sizeof(*type));

    if (type == NULL) {
        return NULL;
    }
    type->kind = (uint8_t)kind;
    type->items[0] = a;
    type->items[1] = b;
    type->item_count = (uint8_t)((a != NULL) + (b != NULL));
    return type;
}

const struct cel_type *cel_type_nullable(struct cel_source *source, const struct cel_type *type,
                                         bool is_nullable)
{
    struct cel_type *copy;

    if (type->is_nullable == is_nullable || type->kind == MR_CEL_DYN || type->kind == MR_CEL_NULL) {
        return type;
    }
    copy = cel_source_take(source, 1, sizeof(*copy));
    if (copy != NULL) {
        *copy = *type;
        copy->is_nullable = is_nullable;
    }
    return copy;
}

static const struct cel_type *import(struct cel_source *source, const struct mr_cel_type *type,
                                     int depth)
{
    static const struct mr_cel_type any = {.kind = MR_CEL_DYN};
    struct cel_type *made;

    if (depth > CEL_TYPE_DEPTH_MAX) {
        return &basics[MR_CEL_DYN];
    }
    made = cel_source_take(source, 1, sizeof(*made));
    if (made == NULL) {
        return NULL;
    }
    made->kind = (uint8_t)type->kind;
    made->is_nullable = type->is_nullable && type->kind != MR_CEL_DYN;
    made->record = type->record;
    if (type->kind == MR_CEL_MAP) {
        made->items[0] = import(source, type->key ? type->key : &any, depth + 1);
        made->items[1] = import(source, type->item ? type->item : &any, depth + 1);
        made->item_count = 2;
    } else if (type->kind == MR_CEL_LIST || type->kind == MR_CEL_OPTIONAL ||
               type->kind == MR_CEL_TYPE) {
        made->items[0] = import(source, type->item ? type->item : &any, depth + 1);
        made->item_count = 1;
    }
    return source->has_failed ? NULL : made;
}

const struct cel_type *cel_type_import(struct cel_source *source, const struct mr_cel_type *type)
{
    return import(source, type, 0);
}

static bool export(const struct cel_type *type, struct mr_arena *arena, struct mr_cel_type *out,
                   int depth)
{
    struct mr_cel_type *items = NULL;
    const bool is_known = type->kind <= MR_CEL_TYPE && depth <= CEL_TYPE_DEPTH_MAX;

    *out = (struct mr_cel_type){.kind = is_known ? type->kind : MR_CEL_DYN,
                                .is_nullable = is_known && type->is_nullable,
                                .record = type->record};
    if (!is_known || type->item_count == 0) {
        return true;
    }
    items = mr_arena_take(arena, type->item_count, sizeof(*items));
    if (items == NULL) {
        return false;
    }
    for (uint8_t i = 0; i < type->item_count; i++) {
        if (!export(type->items[i], arena, &items[i], depth + 1)) {
            return false;
        }
    }
    out->key = type->kind == MR_CEL_MAP ? &items[0] : NULL;
    out->item = type->kind == MR_CEL_MAP ? &items[1] : &items[0];
    return true;
}

bool cel_type_export(const struct cel_type *type, struct mr_arena *arena, struct mr_cel_type *out)
{
    return export(type, arena, out, 0);
}

struct text {
    char bytes[TEXT_MAX];
    size_t size;
};

static void put(struct text *out, const char *bytes, size_t size)
{
    const size_t room = sizeof(out->bytes) - 1 - out->size;
    const size_t taken = size < room ? size : room;

    memcpy(out->bytes + out->size, bytes, taken);
    out->size += taken;
}

static const char *kind_name(int kind)
{
    static const char *const names[] = {
        [MR_CEL_DYN] = "dyn",
        [MR_CEL_NULL] = "null",
        [MR_CEL_BOOL] = "bool",
        [MR_CEL_INT] = "int",
        [MR_CEL_UINT] = "uint",
        [MR_CEL_DOUBLE] = "double",
        [MR_CEL_STRING] = "string",
        [MR_CEL_BYTES] = "bytes",
        [MR_CEL_TIMESTAMP] = "timestamp",
        [MR_CEL_DURATION] = "duration",
        [MR_CEL_DECIMAL] = "decimal",
        [MR_CEL_LIST] = "list",
        [MR_CEL_MAP] = "map",
        [MR_CEL_RECORD] = "record",
        [MR_CEL_OPTIONAL] = "optional_type",
        [MR_CEL_TYPE] = "type",
        [CEL_KIND_VAR] = "dyn",
        [CEL_KIND_OPAQUE] = "opaque",
    };

    return names[kind];
}

static void put_type(struct text *out, const struct cel_type *type, int depth)
{
    const char *name = kind_name(type->kind);

    if (type->is_nullable) {
        put(out, "wrapper(", 8);
    }
    if (type->kind == MR_CEL_RECORD && type->record != NULL) {
        name = type->record->name;
    }
    if (type->kind == CEL_KIND_OPAQUE) {
        put(out, (const char *)type->name.data, type->name.size);
    } else {
        put(out, name, strlen(name));
    }
    if (type->item_count > 0) {
        put(out, "(", 1);
        for (uint8_t i = 0; i < type->item_count && depth < CEL_TYPE_DEPTH_MAX; i++) {
            put(out, ", ", i > 0 ? 2 : 0);
            put_type(out, type->items[i], depth + 1);
        }
        put(out, ")", 1);
    }
    put(out, ")", type->is_nullable ? 1 : 0);
}

const char *cel_type_print(const struct cel_type *type, struct mr_arena *arena)
{
    struct text out = {.size = 0};
    const char *text;

    put_type(&out, type, 0);
    text = mr_arena_text(arena, (struct mr_span){(const uint8_t *)out.bytes, out.size});
    return text == NULL ? kind_name(type->kind) : text;
}
