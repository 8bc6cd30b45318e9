/* libyaml's events become nodes. The stack of open lists and maps is an array, so a hostile file
 * can neither nest deeper nor grow larger (by aliases, which are copied) than is said here. */
#include "processors/core/config/node_internal.h"

#include <errno.h>
#include <yaml.h>

#define FILE_SIZE_MAX ((size_t)4 * 1024 * 1024)
#define DEPTH_MAX 64
#define NODE_COUNT_MAX 100000
#define ANCHOR_COUNT_MAX 256 /* each alias looks through all of them */

struct input {
    FILE *stream;        /* borrowed; NULL: bytes are in rest */
    struct mr_span rest; /* borrowed */
    size_t room;         /* what may still be read */
    bool is_too_large;
    int fault; /* errno of a failed read */
};

struct anchor {
    const char *name; /* arena */
    const struct mr_node *node;
};

struct frame {
    struct mr_node *node;
    struct mr_node **tail;
};

struct loader {
    yaml_parser_t parser;
    struct input input;
    const char *name; /* arena: the file, in places */
    struct mr_arena *arena;
    struct mr_report *report;
    struct mr_node *root;
    const char *key; /* of the value that comes next; NULL: none */
    struct mr_place key_place;
    size_t depth, node_count, anchor_count;
    bool is_done;
    struct frame frames[DEPTH_MAX];
    struct anchor anchors[ANCHOR_COUNT_MAX];
};

static struct mr_place place_of(const struct loader *self, yaml_mark_t mark)
{
    return (struct mr_place){self->name, (int)mark.line + 1, (int)mark.column + 1};
}

static bool fail(struct loader *self, struct mr_place place, const char *words)
{
    mr_report_add(self->report, MR_SEVERITY_ERROR, place, NULL, NULL, "%s", words);
    return false;
}

static bool fail_for_room(struct loader *self, struct mr_place place)
{
    return fail(self, place, "memory budget used up");
}

static bool is_in_map(const struct loader *self)
{
    return self->depth > 0 && self->frames[self->depth - 1].node->kind == MR_NODE_MAP;
}

static bool refuse_tag(struct loader *self, const yaml_char_t *tag, struct mr_place place)
{
    if (tag != NULL) {
        mr_report_add(self->report, MR_SEVERITY_ERROR, place, NULL, NULL,
                      "tags are not used here: %s", (const char *)tag);
    }
    return true; /* the rest can be read without it */
}

static struct mr_node *take_node(struct loader *self, struct mr_place place)
{
    struct mr_node *node;

    if (self->node_count == NODE_COUNT_MAX) {
        (void)fail(self, place, "more than 100000 values (aliases count as what they stand for)");
        return NULL;
    }
    self->node_count++;
    node = mr_arena_take(self->arena, 1, sizeof(*node));
    if (node == NULL) {
        (void)fail_for_room(self, place);
    }
    return node;
}

/* The node becomes the next child of what is open, under the key that is waiting. */
static void attach(struct loader *self, struct mr_node *node)
{
    node->name = self->key;
    node->name_place = self->key != NULL ? self->key_place : node->place;
    self->key = NULL;
    if (self->depth == 0) {
        self->root = node;
        return;
    }
    *self->frames[self->depth - 1].tail = node;
    self->frames[self->depth - 1].tail = &node->next;
}

static bool keep_anchor(struct loader *self, const yaml_char_t *name, const struct mr_node *node)
{
    size_t index = 0;
    const char *kept;

    if (name == NULL) {
        return true;
    }
    while (index < self->anchor_count &&
           strcmp(self->anchors[index].name, (const char *)name) != 0) {
        index++;
    }
    if (index == ANCHOR_COUNT_MAX) {
        return fail(self, node->place, "more than 256 anchors");
    }
    kept = mr_arena_text(self->arena, mr_span_text((const char *)name));
    if (kept == NULL) {
        return fail_for_room(self, node->place);
    }
    self->anchors[index] = (struct anchor){kept, node};
    self->anchor_count += index == self->anchor_count;
    return true;
}

static bool take_key(struct loader *self, const yaml_event_t *event)
{
    const struct mr_span text = {event->data.scalar.value, event->data.scalar.length};
    const struct mr_place place = place_of(self, event->start_mark);

    if (event->type != YAML_SCALAR_EVENT || text.size == 0) {
        return fail(self, place, "a key must be a text");
    }
    if (event->data.scalar.anchor != NULL || memchr(text.data, '\0', text.size) != NULL) {
        return fail(self, place, "a key can have no anchor and no zero byte");
    }
    if (event->data.scalar.plain_implicit && mr_span_is(text, "<<")) {
        return fail(self, place, "merge keys (<<) are not used here");
    }
    (void)refuse_tag(self, event->data.scalar.tag, place);
    self->key = mr_arena_text(self->arena, text);
    self->key_place = place;
    return self->key != NULL || fail_for_room(self, place);
}

static bool is_null(struct mr_span plain)
{
    return plain.size == 0 || mr_span_is(plain, "~") || mr_span_is(plain, "null");
}

/* The text of a scalar; after a problem that leaves the rest readable the node is broken. */
static bool take_text(struct loader *self, struct mr_span raw, struct mr_node *node)
{
    enum mr_code code;

    if (!node->is_quoted && is_null(raw)) {
        return true;
    }
    if (memchr(raw.data, '\0', raw.size) != NULL) {
        node->is_broken = true;
        (void)fail(self, node->place, "a text cannot hold a zero byte");
        return true;
    }
    code = mr_expand(raw, node->place, self->arena, self->report, &node->text);
    node->is_broken = code == MR_BAD_CONFIG;
    if (code == MR_OK && !node->is_quoted && node->text[0] == '\0') {
        node->text = NULL; /* nothing is left of it, so nothing was said */
    }
    return code != MR_NO_ROOM || fail_for_room(self, node->place);
}

/* Behind the quote, so that a column inside an expression can be added to it. */
static struct mr_place place_of_text(const struct loader *self, const yaml_event_t *event)
{
    struct mr_place place = place_of(self, event->start_mark);

    place.column += event->data.scalar.style == YAML_SINGLE_QUOTED_SCALAR_STYLE ||
                    event->data.scalar.style == YAML_DOUBLE_QUOTED_SCALAR_STYLE;
    return place;
}

static bool take_scalar(struct loader *self, const yaml_event_t *event)
{
    const struct mr_span raw = {event->data.scalar.value, event->data.scalar.length};
    const struct mr_place place = place_of_text(self, event);
    struct mr_node *node = take_node(self, place);

    if (node == NULL) {
        return false;
    }
    node->kind = MR_NODE_SCALAR;
    node->place = place;
    node->is_quoted = event->data.scalar.style != YAML_PLAIN_SCALAR_STYLE;
    attach(self, node);
    return refuse_tag(self, event->data.scalar.tag, place) && take_text(self, raw, node) &&
           keep_anchor(self, event->data.scalar.anchor, node);
}

static bool open_node(struct loader *self, enum mr_node_kind kind, const yaml_event_t *event,
                      const yaml_char_t *tag, const yaml_char_t *anchor)
{
    const struct mr_place place = place_of(self, event->start_mark);
    struct mr_node *node;

    if (self->depth == DEPTH_MAX) {
        return fail(self, place, "nested deeper than 64");
    }
    node = take_node(self, place);
    if (node == NULL) {
        return false;
    }
    node->kind = kind;
    node->place = place;
    attach(self, node);
    self->frames[self->depth++] = (struct frame){node, &node->child};
    return refuse_tag(self, tag, place) && keep_anchor(self, anchor, node);
}

/* Sorted, so that a map of very many keys costs no more than it should. */
static bool refuse_duplicates(struct loader *self, const struct mr_node *map)
{
    const size_t mark = mr_arena_mark(self->arena), count = mr_node_count(map);
    const struct mr_node **sorted = mr_node_sorted(map, self->arena);

    if (sorted == NULL) {
        return fail_for_room(self, map->place);
    }
    for (size_t i = 1; i < count; i++) {
        const struct mr_place first = sorted[i - 1]->name_place;

        if (strcmp(sorted[i - 1]->name, sorted[i]->name) == 0) {
            mr_report_add(self->report, MR_SEVERITY_ERROR, sorted[i]->name_place, sorted[i]->name,
                          NULL, "stands there twice, before at %s:%d:%d", first.file, first.line,
                          first.column);
        }
    }
    mr_arena_release(self->arena, mark);
    return true;
}

static bool close_node(struct loader *self)
{
    const struct mr_node *node = self->frames[--self->depth].node;

    return node->kind != MR_NODE_MAP || refuse_duplicates(self, node);
}

/* Calls itself at most DEPTH_MAX deep: depth is what is open around the copy. */
static struct mr_node *copy_node(struct loader *self, const struct mr_node *from, size_t depth,
                                 struct mr_place place)
{
    struct mr_node *node = take_node(self, place), **tail;

    if (node == NULL) {
        return NULL;
    }
    if (from->kind != MR_NODE_SCALAR && depth == DEPTH_MAX) {
        (void)fail(self, place, "nested deeper than 64");
        return NULL;
    }
    *node = *from;
    node->next = NULL;
    node->child = NULL;
    tail = &node->child;
    for (const struct mr_node *child = from->child; child != NULL; child = child->next) {
        *tail = copy_node(self, child, depth + 1, place);
        if (*tail == NULL) {
            return NULL;
        }
        tail = &(*tail)->next;
    }
    return node;
}

static bool is_open(const struct loader *self, const struct mr_node *node)
{
    for (size_t i = 0; i < self->depth; i++) {
        if (self->frames[i].node == node) {
            return true;
        }
    }
    return false;
}

static bool take_alias(struct loader *self, const yaml_event_t *event)
{
    const char *name = (const char *)event->data.alias.anchor;
    const struct mr_place place = place_of(self, event->start_mark);
    struct mr_node *node;
    size_t index = 0;

    while (index < self->anchor_count && strcmp(self->anchors[index].name, name) != 0) {
        index++;
    }
    if (index == self->anchor_count) {
        mr_report_add(self->report, MR_SEVERITY_ERROR, place, NULL, NULL,
                      "there is no anchor &%s before this", name);
        return false;
    }
    if (is_open(self, self->anchors[index].node)) {
        return fail(self, place, "an alias cannot stand inside its own anchor");
    }
    node = copy_node(self, self->anchors[index].node, self->depth, place);
    if (node == NULL) {
        return false;
    }
    attach(self, node);
    return true;
}

static bool take_value(struct loader *self, const yaml_event_t *event)
{
    switch (event->type) {
    case YAML_SCALAR_EVENT:
        return take_scalar(self, event);
    case YAML_ALIAS_EVENT:
        return take_alias(self, event);
    case YAML_SEQUENCE_START_EVENT:
        return open_node(self, MR_NODE_LIST, event, event->data.sequence_start.tag,
                         event->data.sequence_start.anchor);
    case YAML_MAPPING_START_EVENT:
        return open_node(self, MR_NODE_MAP, event, event->data.mapping_start.tag,
                         event->data.mapping_start.anchor);
    default:
        MR_UNREACHABLE("libyaml has no other events inside a document");
    }
}

static bool take_event(struct loader *self, const yaml_event_t *event)
{
    switch (event->type) {
    case YAML_STREAM_END_EVENT:
        self->is_done = true;
        return true;
    case YAML_NO_EVENT:
    case YAML_STREAM_START_EVENT:
    case YAML_DOCUMENT_END_EVENT:
        return true;
    case YAML_DOCUMENT_START_EVENT:
        return self->root == NULL ||
               fail(self, place_of(self, event->start_mark), "one document is enough");
    case YAML_SEQUENCE_END_EVENT:
    case YAML_MAPPING_END_EVENT:
        return close_node(self);
    default:
        break;
    }
    if (is_in_map(self) && self->key == NULL) {
        return take_key(self, event);
    }
    return take_value(self, event);
}

/* libyaml's read handler: 1 went well (*size 0: the end), 0 failed. */
static int read_input(void *context, unsigned char *buffer, size_t room, size_t *size)
{
    struct input *input = context;

    if (input->stream != NULL) {
        *size = fread(buffer, 1, room, input->stream);
        input->fault = ferror(input->stream) ? errno : 0;
    } else {
        *size = room < input->rest.size ? room : input->rest.size;
        if (*size > 0) {
            memcpy(buffer, input->rest.data, *size);
            input->rest.data += *size;
            input->rest.size -= *size;
        }
    }
    input->is_too_large = *size > input->room;
    input->room -= input->is_too_large ? 0 : *size;
    return input->fault == 0 && !input->is_too_large;
}

/* What libyaml, or the reading below it, has to say. */
static void report_fault(struct loader *self)
{
    const yaml_parser_t *parser = &self->parser;
    const struct mr_place nowhere = {self->name, 0, 0};

    if (self->input.is_too_large) {
        (void)fail(self, nowhere, "is larger than 4 MiB");
    } else if (self->input.fault != 0) {
        mr_report_add(self->report, MR_SEVERITY_ERROR, nowhere, NULL, NULL, "cannot be read: %s",
                      strerror(self->input.fault));
    } else if (parser->error == YAML_READER_ERROR) {
        mr_report_add(self->report, MR_SEVERITY_ERROR, nowhere, NULL, NULL, "byte %zu: %s",
                      parser->problem_offset, parser->problem);
    } else if (parser->error == YAML_MEMORY_ERROR) {
        (void)fail_for_room(self, nowhere);
    } else {
        mr_report_add(self->report, MR_SEVERITY_ERROR, place_of(self, parser->problem_mark), NULL,
                      NULL, "%s%s%s", parser->context ? parser->context : "",
                      parser->context ? ": " : "", parser->problem);
    }
}

static bool take_all(struct loader *self)
{
    while (!self->is_done) {
        yaml_event_t event;
        bool is_good;

        if (yaml_parser_parse(&self->parser, &event) == 0) {
            report_fault(self);
            return false;
        }
        is_good = take_event(self, &event);
        yaml_event_delete(&event);
        if (!is_good) {
            return false;
        }
    }
    if (self->root == NULL) {
        return fail(self, (struct mr_place){self->name, 0, 0}, "holds nothing");
    }
    return true;
}

static struct mr_node *load(const char *name, struct input input, struct mr_arena *arena,
                            struct mr_report *report)
{
    struct loader self = {.input = input, .arena = arena, .report = report};
    bool is_good;

    self.input.room = FILE_SIZE_MAX;
    self.name = mr_arena_text(arena, mr_span_text(name));
    if (self.name == NULL || yaml_parser_initialize(&self.parser) == 0) {
        (void)fail_for_room(&self, (struct mr_place){name, 0, 0});
        return NULL;
    }
    yaml_parser_set_input(&self.parser, read_input, &self.input);
    is_good = take_all(&self);
    yaml_parser_delete(&self.parser);
    return is_good ? self.root : NULL;
}

struct mr_node *mr_node_parse(const char *name, struct mr_span yaml, struct mr_arena *arena,
                              struct mr_report *report)
{
    return load(name, (struct input){.rest = yaml}, arena, report);
}

struct mr_node *mr_node_load(const char *path, struct mr_arena *arena, struct mr_report *report)
{
    FILE *stream = fopen(path, "rb");
    struct mr_node *root;

    if (stream == NULL) {
        mr_report_add(report, MR_SEVERITY_ERROR, (struct mr_place){path, 0, 0}, NULL, NULL,
                      "cannot be read: %s", strerror(errno));
        return NULL;
    }
    root = load(path, (struct input){.stream = stream}, arena, report);
    (void)fclose(stream);
    return root;
}
