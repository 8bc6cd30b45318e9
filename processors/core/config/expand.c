#include "processors/core/config/node_internal.h"

#include <stdlib.h>

#define NAME_SIZE_MAX 128

/* ${name}, ${name:fallback} or ${name:?message} */
struct variable {
    char name[NAME_SIZE_MAX];
    bool has_fallback, has_message;
    struct mr_span rest; /* the fallback, or the message */
    size_t size;         /* of the whole, with its braces */
};

struct expansion {
    struct mr_place place;
    struct mr_report *report; /* NULL: reported already */
    struct mr_writer writer;
};

static bool is_name_byte(uint8_t byte, bool is_first)
{
    return byte == '_' || ((byte | 0x20) >= 'a' && (byte | 0x20) <= 'z') ||
           (!is_first && byte >= '0' && byte <= '9');
}

static bool read_name(struct variable *variable, struct mr_span inside, size_t *size)
{
    *size = 0;
    while (*size < inside.size && is_name_byte(inside.data[*size], *size == 0)) {
        (*size)++;
    }
    if (*size == 0 || *size >= sizeof(variable->name)) {
        return false;
    }
    memcpy(variable->name, inside.data, *size);
    variable->name[*size] = '\0';
    return *size == inside.size || inside.data[*size] == ':';
}

/* text begins with "${". NULL: read; else what is wrong with it. */
static const char *read_variable(struct mr_span text, struct variable *variable)
{
    const uint8_t *end = memchr(text.data, '}', text.size);
    struct mr_span inside;
    size_t size;

    if (end == NULL) {
        return "\"${\" without its \"}\" (a dollar is written $$)";
    }
    *variable = (struct variable){.size = (size_t)(end - text.data) + 1};
    inside = (struct mr_span){text.data + 2, variable->size - 3};
    if (!read_name(variable, inside, &size)) {
        return "\"${...}\" does not name a variable (a dollar is written $$)";
    }
    if (size < inside.size) {
        variable->rest = (struct mr_span){inside.data + size + 1, inside.size - size - 1};
        variable->has_message = variable->rest.size > 0 && variable->rest.data[0] == '?';
        variable->has_fallback = !variable->has_message;
    }
    if (variable->has_message) {
        variable->rest.data++;
        variable->rest.size--;
    }
    return NULL;
}

static bool refuse(const struct expansion *self, const char *name, const char *words)
{
    if (self->report != NULL) {
        mr_report_add(self->report, MR_SEVERITY_ERROR, self->place, NULL, NULL, "%s%s%s", name,
                      name[0] != '\0' ? " " : "", words);
    }
    return false;
}

static bool refuse_with_message(const struct expansion *self, const struct variable *variable)
{
    if (self->report != NULL) {
        mr_report_add(self->report, MR_SEVERITY_ERROR, self->place, NULL, NULL,
                      "environment variable %s is not set: %.*s", variable->name,
                      MR_SPAN_ARGS(variable->rest));
    }
    return false;
}

static bool put_variable(struct expansion *self, const struct variable *variable)
{
    const char *value = getenv(variable->name);
    const bool is_unset = value == NULL || value[0] == '\0';

    if (is_unset && variable->has_fallback) {
        mr_writer_put(&self->writer, (const char *)variable->rest.data, variable->rest.size);
        return true;
    }
    if (is_unset && variable->has_message) {
        return refuse_with_message(self, variable);
    }
    if (value == NULL) {
        return refuse(self, variable->name, "is not set in the environment");
    }
    if (!mr_utf8_is_valid(mr_span_text(value))) {
        return refuse(self, variable->name, "holds bytes that are not UTF-8");
    }
    mr_writer_put(&self->writer, value, strlen(value));
    return true;
}

/* What begins with a dollar; returns how many bytes of text it was, 0 after an error. */
static size_t put_dollar(struct expansion *self, struct mr_span text)
{
    struct variable variable;
    const char *fault;

    if (text.size < 2 || text.data[1] != '{') {
        mr_writer_put(&self->writer, "$", 1);
        return text.size > 1 && text.data[1] == '$' ? 2 : 1;
    }
    fault = read_variable(text, &variable);
    if (fault != NULL) {
        (void)refuse(self, "", fault);
        return 0;
    }
    return put_variable(self, &variable) ? variable.size : 0;
}

static bool put_all(struct expansion *self, struct mr_span raw)
{
    size_t at = 0;

    while (at < raw.size) {
        const struct mr_span left = {raw.data + at, raw.size - at};
        const uint8_t *dollar = memchr(left.data, '$', left.size);
        const size_t plain = dollar == NULL ? left.size : (size_t)(dollar - left.data);
        size_t taken = plain;

        mr_writer_put(&self->writer, (const char *)left.data, plain);
        if (plain == 0) {
            taken = put_dollar(self, left);
        }
        if (taken == 0) {
            return false;
        }
        at += taken;
    }
    return true;
}

enum mr_code mr_expand(struct mr_span raw, struct mr_place place, struct mr_arena *arena,
                       struct mr_report *report, const char **text)
{
    struct expansion self = {place, report, {NULL, 0}};
    char *room;

    if (!put_all(&self, raw)) {
        return MR_BAD_CONFIG;
    }
    room = (char *)mr_arena_bytes(arena, self.writer.size + 1);
    if (room == NULL) {
        return MR_NO_ROOM;
    }
    self = (struct expansion){place, NULL, {room, 0}};
    MR_ASSERT(put_all(&self, raw));
    room[self.writer.size] = '\0';
    *text = room;
    return MR_OK;
}
