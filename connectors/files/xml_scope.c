#include "connectors/files/xml_scope.h"

#include <stdlib.h>
#include <string.h>

#define KEPT_MAX 256

/* A stack in the order of depth; its text is a stack too. */
struct kept {
    uint32_t field;
    uint32_t rank;
    uint32_t depth;
    uint32_t offset, size;
};

struct mr_xml_scope {
    char path[MR_XML_PATH_MAX];
    uint32_t ends[MR_XML_DEPTH_MAX]; /* in path, of each element's name */
    uint32_t depth;
    struct kept kept[KEPT_MAX];
    size_t kept_count;
    uint8_t text[MR_SHELF_INHERIT_MAX];
    size_t text_size;
    uint32_t lost_depth; /* something that belonged here did not fit; 0: nothing */
};

struct mr_xml_scope *mr_xml_scope_new(void)
{
    return calloc(1, sizeof(struct mr_xml_scope));
}

void mr_xml_scope_free(struct mr_xml_scope *scope)
{
    free(scope);
}

void mr_xml_scope_clear(struct mr_xml_scope *scope)
{
    scope->depth = 0;
    scope->kept_count = 0;
    scope->text_size = 0;
    scope->lost_depth = 0;
}

uint32_t mr_xml_scope_depth(const struct mr_xml_scope *scope)
{
    return scope->depth;
}

static uint32_t path_size(const struct mr_xml_scope *scope)
{
    return scope->depth == 0 ? 0 : scope->ends[scope->depth - 1];
}

static bool add_path(struct mr_xml_scope *scope, uint32_t *at, const char *text)
{
    const size_t size = strlen(text);

    if (size > sizeof(scope->path) - *at) {
        return false;
    }
    memcpy(scope->path + *at, text, size);
    *at += (uint32_t)size;
    return true;
}

bool mr_xml_scope_enter(struct mr_xml_scope *scope, const char *prefix, const char *name)
{
    uint32_t at = path_size(scope);

    if (scope->depth == MR_XML_DEPTH_MAX ||
        (prefix != NULL && (!add_path(scope, &at, prefix) || !add_path(scope, &at, ":"))) ||
        !add_path(scope, &at, name)) {
        return false;
    }
    scope->ends[scope->depth++] = at;
    return true;
}

void mr_xml_scope_leave(struct mr_xml_scope *scope)
{
    MR_ASSERT(scope->depth > 0);
    while (scope->kept_count > 0 && scope->kept[scope->kept_count - 1].depth >= scope->depth) {
        scope->kept_count--;
        scope->text_size = scope->kept[scope->kept_count].offset;
    }
    if (scope->lost_depth >= scope->depth) {
        scope->lost_depth = 0;
    }
    scope->depth--;
}

struct mr_span mr_xml_scope_element(const struct mr_xml_scope *scope)
{
    const uint32_t from = scope->depth < 2 ? 0 : scope->ends[scope->depth - 2];

    return (struct mr_span){(const uint8_t *)scope->path + from, path_size(scope) - from};
}

size_t mr_xml_scope_tags(const struct mr_xml_scope *scope, uint8_t *out)
{
    uint32_t from = 0;
    size_t size = 0;

    for (uint32_t i = 0; i < scope->depth; i++) {
        out[size++] = '<';
        memcpy(out + size, scope->path + from, scope->ends[i] - from);
        size += scope->ends[i] - from;
        out[size++] = '>';
        from = scope->ends[i];
    }
    return size;
}

/* Takes out an entry of the same element, so that a document that says the same thing a million
 * times needs no more room than one that says it once. */
static void forget(struct mr_xml_scope *scope, size_t index)
{
    const struct kept gone = scope->kept[index];

    memmove(scope->text + gone.offset, scope->text + gone.offset + gone.size,
            scope->text_size - gone.offset - gone.size);
    scope->text_size -= gone.size;
    scope->kept_count--;
    for (size_t i = index; i < scope->kept_count; i++) {
        scope->kept[i] = scope->kept[i + 1];
        scope->kept[i].offset -= gone.size;
    }
}

/* Whether text may replace what the element has for the field. */
static bool make_way(struct mr_xml_scope *scope, uint32_t depth,
                     const struct mr_term_target *target)
{
    for (size_t i = scope->kept_count; i > 0 && scope->kept[i - 1].depth == depth; i--) {
        if (scope->kept[i - 1].field == target->field) {
            if (scope->kept[i - 1].rank < target->rank) {
                return false;
            }
            forget(scope, i - 1);
            return true;
        }
    }
    return true;
}

void mr_xml_scope_keep_field(struct mr_xml_scope *scope, uint32_t depth,
                             struct mr_term_target target, struct mr_span text)
{
    if (!make_way(scope, depth, &target)) {
        return;
    }
    if (scope->kept_count == KEPT_MAX || text.size > sizeof(scope->text) - scope->text_size) {
        scope->lost_depth = depth;
        return;
    }
    scope->kept[scope->kept_count++] = (struct kept){
        target.field, target.rank, depth, (uint32_t)scope->text_size, (uint32_t)text.size};
    memcpy(scope->text + scope->text_size, text.data, text.size);
    scope->text_size += text.size;
}

void mr_xml_scope_keep(struct mr_xml_scope *scope, uint32_t depth, const struct mr_term *name,
                       struct mr_span text)
{
    for (const struct mr_term_target *target = name->targets; target; target = target->next) {
        mr_xml_scope_keep_field(scope, depth, *target, text);
    }
}

bool mr_xml_scope_inherit(const struct mr_xml_scope *scope, struct mr_shelf *shelf)
{
    for (size_t i = scope->kept_count; i > 0; i--) {
        const struct kept *kept = &scope->kept[i - 1];

        mr_shelf_inherit(shelf, kept->field,
                         (struct mr_span){scope->text + kept->offset, kept->size});
    }
    return scope->lost_depth == 0;
}
