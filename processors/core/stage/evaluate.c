#include "processors/core/stage/evaluate.h"

#include "processors/core/codec/json.h"

#include <string.h>

#define READS_MAX 64
#define PATH_SIZE_MAX 256

enum mr_code mr_evaluate(const struct mr_cel_program *program, const struct mr_value *row,
                         struct mr_arena *scratch, struct mr_value *value, struct mr_error *err)
{
    *value = mr_cel_eval(program, row, scratch);
    if (value->kind == MR_KIND_ERROR && value->number == MR_CEL_FAULT_NO_ROOM) {
        return MR_FAIL(err, MR_NO_ROOM, "no room to evaluate %s", mr_cel_program_text(program));
    }
    return MR_OK;
}

enum mr_code mr_evaluate_condition(const struct mr_cel_program *program, const struct mr_value *row,
                                   struct mr_arena *scratch, struct mr_value *value,
                                   struct mr_error *err)
{
    const enum mr_code code = mr_evaluate(program, row, scratch, value, err);

    if (value->kind != MR_KIND_BOOL && value->kind != MR_KIND_ERROR) {
        *value = (struct mr_value){.kind = MR_KIND_ERROR, .number = MR_CEL_FAULT_NO_OVERLOAD};
    }
    return code;
}

static bool is_name_head(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_';
}

static bool is_name_part(char c)
{
    return is_name_head(c) || (c >= '0' && c <= '9');
}

static const char *skip_blanks(const char *at)
{
    return at + strspn(at, " \t\r\n");
}

/* Whether the quote at `at` stands behind an r or R, as in r'..' and rb'..'. */
static bool is_raw(const char *source, const char *at)
{
    const char *head = at;

    while (head > source && is_name_part(head[-1])) {
        head--;
    }
    return at - head <= 2 && strcspn(head, "rR") < (size_t)(at - head);
}

const char *mr_skip_text(const char *source, const char *at)
{
    const bool has_escapes = !is_raw(source, at);
    const char quotes[4] = {*at, *at, *at, '\0'};
    const size_t size = strncmp(at, quotes, 3) == 0 ? 3 : 1;

    for (at += size; *at != '\0'; at++) {
        if (has_escapes && *at == '\\' && at[1] != '\0') {
            at++;
        } else if (strncmp(at, quotes, size) == 0) {
            return at + size;
        }
    }
    return at;
}

/* Reads "a . b . c" at `at` into path, leaving out a last name that is called: a.b.size() reads
 * a.b. Returns the end of it. */
static const char *take_path(const char *at, char path[PATH_SIZE_MAX])
{
    size_t size = 0;

    path[0] = '\0';
    for (;;) {
        const char *end = at;
        const char *next;

        while (is_name_part(*end)) {
            end++;
        }
        next = skip_blanks(end);
        if (*next == '(' || size + (size_t)(end - at) + 2 > PATH_SIZE_MAX) {
            return end;
        }
        size += size > 0;
        if (size > 0) {
            path[size - 1] = '.';
        }
        memcpy(path + size, at, (size_t)(end - at));
        size += (size_t)(end - at);
        path[size] = '\0';
        if (*next != '.' || !is_name_head(*skip_blanks(next + 1))) {
            return end;
        }
        at = skip_blanks(next + 1);
    }
}

struct finder {
    struct mr_scope *scope;
    struct mr_read *items; /* READS_MAX */
    size_t count;
};

static bool is_known(const struct finder *self, const char *path)
{
    for (size_t i = 0; i < self->count; i++) {
        if (strcmp(self->items[i].path, path) == 0) {
            return true;
        }
    }
    return false;
}

/* false: no room. A path that leads to no field, or to a whole record, is left out. */
static bool add_path(struct finder *self, const char *path)
{
    const struct mr_type *type = NULL;
    struct mr_error ignored = {0};
    uint32_t slot = 0;

    if (path[0] == '\0' || self->count == READS_MAX || is_known(self, path)) {
        return true;
    }
    if (strcmp(path, "record.key") == 0) {
        slot = mr_scope_key_slot(self->scope);
    } else if (strchr(path, '.') == NULL ||
               mr_scope_slot(self->scope, path, &slot, &type, &ignored) != MR_OK ||
               type->kind == MR_AVRO_RECORD) {
        return true;
    }
    self->items[self->count].path = mr_arena_text(mr_scope_arena(self->scope), mr_span_text(path));
    self->items[self->count].slot = slot;
    return self->items[self->count++].path != NULL;
}

enum mr_code mr_reads_find(struct mr_scope *scope, const char *source, struct mr_reads *reads,
                           struct mr_error *err)
{
    struct finder finder = {
        scope, mr_arena_take(mr_scope_arena(scope), READS_MAX, sizeof(*finder.items)), 0};
    bool has_room = finder.items != NULL;
    const char *at = source;

    while (has_room && *at != '\0') {
        char path[PATH_SIZE_MAX];

        if (*at == '"' || *at == '\'') {
            at = mr_skip_text(source, at);
        } else if (is_name_head(*at)) {
            at = take_path(at, path);
            has_room = add_path(&finder, path);
        } else if (*at >= '0' && *at <= '9') { /* 0x1F, 2e3, 1u: no names in them */
            while (is_name_part(*at)) {
                at++;
            }
        } else {
            at++;
        }
    }
    if (!has_room) {
        return MR_FAIL(err, MR_NO_ROOM, "no room for the fields of an expression");
    }
    *reads = (struct mr_reads){finder.items, finder.count};
    return MR_OK;
}

const char *mr_value_print(const struct mr_value *value, struct mr_arena *arena)
{
    if (value->kind == MR_KIND_ERROR) {
        return mr_arena_print(arena, "\"error: %s\"", mr_cel_fault_text(*value));
    }
    return mr_json_value(value, arena);
}

const char *mr_value_cut(const char *text, size_t size_max, struct mr_arena *arena)
{
    size_t size = strlen(text);

    if (size <= size_max) {
        return text;
    }
    for (size = size_max; size > 0 && ((unsigned char)text[size] & 0xc0) == 0x80; size--) {
    }
    return mr_arena_print(arena, "%.*s...", (int)size, text);
}

const char *mr_hex_print(struct mr_span bytes, struct mr_arena *arena)
{
    static const char digits[] = "0123456789abcdef";
    char *text = (char *)mr_arena_bytes(arena, 2 * bytes.size + 1);

    if (text == NULL) {
        return NULL;
    }
    for (size_t i = 0; i < bytes.size; i++) {
        text[2 * i] = digits[bytes.data[i] >> 4];
        text[2 * i + 1] = digits[bytes.data[i] & 0xf];
    }
    text[2 * bytes.size] = '\0';
    return text;
}
