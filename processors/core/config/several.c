/* Options that hold more than one value: lists of texts, of expressions, of maps. */
#include "processors/core/config/option_internal.h"

static const char *kind_words(const struct mr_node *node)
{
    if (node->kind == MR_NODE_SCALAR) {
        return "a single value";
    }
    return node->kind == MR_NODE_LIST ? "a list" : "a map";
}

/* "rules.price_positive" where the item says its name, else "rules[2]"; NULL: no room. */
static const char *item_key(const struct mr_reading *self, const struct mr_node *item, size_t index)
{
    const struct mr_node *name = mr_node_get(item, "name");
    const char *key;

    if (item->name != NULL) {
        key = mr_arena_print(self->arena, "%s.%s", self->key, item->name);
    } else if (name != NULL && name->text != NULL && name->text[0] != '\0') {
        key = mr_arena_print(self->arena, "%s.%s", self->key, name->text);
    } else {
        key = mr_arena_print(self->arena, "%s[%zu]", self->key, index);
    }
    if (key == NULL) {
        (void)mr_complain_of_room(self);
    }
    return key;
}

/* Both bounds 0: any number. */
static bool check_count(const struct mr_reading *self, size_t count)
{
    const struct mr_option *option = self->option;

    if (option->max == 0 || ((int64_t)count >= option->min && (int64_t)count <= option->max)) {
        return true;
    }
    return MR_COMPLAIN(self, NULL, "%zu item%s is outside %lld..%lld", count, count == 1 ? "" : "s",
                       (long long)option->min, (long long)option->max);
}

/* A scalar stands for a list of itself. */
static const struct mr_node *first_item(const struct mr_node *node, size_t *count)
{
    *count = node->kind == MR_NODE_SCALAR ? 1 : mr_node_count(node);
    return node->kind == MR_NODE_SCALAR ? node : node->child;
}

static bool check_scalar(const struct mr_reading *item)
{
    if (item->node->kind != MR_NODE_SCALAR) {
        return MR_COMPLAIN(item, NULL, "a single value is expected, not %s",
                           kind_words(item->node));
    }
    if (item->node->text == NULL) {
        return item->node->is_broken ? false : MR_COMPLAIN(item, NULL, "holds nothing");
    }
    return true;
}

/* Reads every item of the node by read into items, which are item_size apart. */
static bool read_items(const struct mr_reading *self, mr_reader *read, size_t item_size,
                       void *items)
{
    size_t count, index = 0;
    const struct mr_node *node = first_item(self->node, &count);
    bool is_good = true;

    for (; index < count; index++, node = node->next) {
        struct mr_reading item = *self;

        item.node = node;
        item.member = (char *)items + index * item_size;
        if (self->node->kind != MR_NODE_SCALAR) {
            item.key = item_key(self, node, index);
        }
        if (item.key == NULL) {
            return false;
        }
        is_good = read(&item) && is_good;
    }
    return is_good;
}

static bool read_text_item(const struct mr_reading *item)
{
    return check_scalar(item) && mr_read_text(item);
}

static bool read_expr_item(const struct mr_reading *item)
{
    if (!check_scalar(item) || !mr_read_expr(item)) {
        return false;
    }
    ((struct mr_source *)item->member)->name = item->node->name;
    return true;
}

static bool read_path_item(const struct mr_reading *item)
{
    return check_scalar(item) && mr_read_path(item);
}

static bool read_list_of(const struct mr_reading *self, mr_reader *read)
{
    struct mr_texts *texts = self->member;
    const char **items;
    size_t count;

    (void)first_item(self->node, &count);
    if (self->node->kind == MR_NODE_MAP) {
        return MR_COMPLAIN(self, NULL, "a list is expected, not a map");
    }
    if (!check_count(self, count)) {
        return false;
    }
    items = mr_arena_take(self->arena, count, sizeof(*items));
    if (items == NULL) {
        return mr_complain_of_room(self);
    }
    *texts = (struct mr_texts){items, count};
    return read_items(self, read, sizeof(*items), items);
}

bool mr_read_texts(const struct mr_reading *self)
{
    return read_list_of(self, read_text_item);
}

bool mr_read_paths(const struct mr_reading *self)
{
    return read_list_of(self, read_path_item);
}

bool mr_read_exprs(const struct mr_reading *self)
{
    struct mr_exprs *exprs = self->member;
    struct mr_source *items;
    size_t count;

    (void)first_item(self->node, &count);
    if (!check_count(self, count)) {
        return false;
    }
    items = mr_arena_take(self->arena, count, sizeof(*items));
    if (items == NULL) {
        return mr_complain_of_room(self);
    }
    *exprs = (struct mr_exprs){items, count};
    if (!read_items(self, read_expr_item, sizeof(*items), items)) {
        return false;
    }
    if (self->node->kind == MR_NODE_SCALAR) {
        items[0].name = NULL;
    }
    return true;
}

/* Settings of items may nest: as deep as the tables do. */
static bool read_map_item(const struct mr_reading *item)
{
    if (item->node->kind != MR_NODE_MAP) {
        return item->node->is_broken
                   ? false
                   : MR_COMPLAIN(item, NULL, "a map is expected, not %s", kind_words(item->node));
    }
    return mr_options_read(item->option->table, item->node, item->key, item->arena, item->report,
                           item->member);
}

/* A map where there can be but one. */
static bool read_only_map(const struct mr_reading *self)
{
    struct mr_items *list = self->member;
    struct mr_reading item = *self;

    item.member = mr_arena_take(self->arena, 1, self->option->item_size);
    if (item.member == NULL) {
        return mr_complain_of_room(self);
    }
    *list = (struct mr_items){item.member, 1};
    return read_map_item(&item);
}

bool mr_read_list(const struct mr_reading *self)
{
    struct mr_items *list = self->member;
    const size_t count = mr_node_count(self->node);

    if (self->option->max == 1 && self->node->kind == MR_NODE_MAP) {
        return read_only_map(self);
    }
    if (self->node->kind != MR_NODE_LIST) {
        return MR_COMPLAIN(self, NULL, "a list is expected, not %s", kind_words(self->node));
    }
    if (!check_count(self, count)) {
        return false;
    }
    list->items = mr_arena_take(self->arena, count, self->option->item_size);
    list->count = list->items != NULL ? count : 0;
    if (list->items == NULL) {
        return mr_complain_of_room(self);
    }
    return read_items(self, read_map_item, self->option->item_size, list->items);
}

bool mr_read_node(const struct mr_reading *self)
{
    *(const struct mr_node **)self->member = self->node;
    return true;
}
