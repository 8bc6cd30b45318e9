#include "processors/core/codec/node.h"

#include "processors/core/base/error.h"

/* A default is written as a datum and read back as any other, so that there is one way in which a
 * value comes to be; then it is copied to the plan. */
#define FALLBACK_ROOM ((size_t)16 << 20)

static const char *read_back(const struct mr_node *node, struct mr_span datum,
                             struct mr_arena *arena, struct mr_value *value)
{
    struct mr_input input = {.end = datum.data + datum.size, .arena = arena};

    return mr_node_read(node, datum.data, &input, value) == NULL ? input.fault : NULL;
}

static bool copy_value(struct mr_pool *pool, struct mr_value *value);

static bool copy_items(struct mr_pool *pool, struct mr_value *value)
{
    const size_t count = value->kind == MR_KIND_MAP ? (size_t)value->size * 2 : value->size;
    struct mr_value *items = mr_pool_take(pool, count, sizeof(*items));
    bool is_whole = items != NULL;

    for (size_t i = 0; i < count && is_whole; i++) {
        items[i] = value->items[i];
        is_whole = copy_value(pool, &items[i]);
    }
    value->items = items;
    return is_whole;
}

static bool copy_value(struct mr_pool *pool, struct mr_value *value)
{
    switch (value->kind) {
    case MR_KIND_LIST:
    case MR_KIND_MAP:
    case MR_KIND_RECORD:
        return copy_items(pool, value);
    case MR_KIND_STRING:
    case MR_KIND_BYTES:
    case MR_KIND_DECIMAL:
        value->data = (const uint8_t *)mr_pool_text(pool, mr_value_span(value));
        return value->data != NULL;
    default:
        return true;
    }
}

static enum mr_code make(struct mr_resolve *self, const struct mr_field *field,
                         const struct mr_place *place, struct mr_arena *arena,
                         struct mr_value *value)
{
    char where[MR_PLACE_WORDS_SIZE];
    struct mr_span datum = {0};
    const struct mr_node *node;
    const char *fault;
    enum mr_code code = mr_resolve_node(self, field->type, field->type, place, &node);

    code = code != MR_OK ? code
                         : mr_default_write(field->type, field->fallback, arena, &datum, self->err);
    if (code != MR_OK) {
        return code;
    }
    fault = read_back(node, datum, arena, value);
    if (fault != NULL) {
        return MR_FAIL(self->err, MR_BAD_CONFIG, "%s: its default: %s",
                       mr_place_words(place, where), fault);
    }
    return copy_value(self->pool, value) ? MR_OK : mr_resolve_no_room(self);
}

enum mr_code mr_resolve_fallback(struct mr_resolve *self, const struct mr_field *field,
                                 const struct mr_place *place, struct mr_value *value)
{
    struct mr_arena *arena = mr_arena_new(FALLBACK_ROOM);
    enum mr_code code;

    if (arena == NULL) {
        return mr_resolve_no_room(self);
    }
    code = make(self, field, place, arena, value);
    mr_arena_free(arena);
    return code;
}
