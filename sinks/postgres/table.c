#include "sinks/postgres/table.h"

#include "sinks/postgres/sql.h"

#include <string.h>

static const char *const modes[] = {"append", "upsert", NULL};

const struct mr_option mr_pg_table_options[] = {
    MR_TEXT(struct mr_pg_table_settings, stage, "", "Whose records go into the table."),
    MR_TEXT(struct mr_pg_table_settings, table, "",
            "Its name, also with the schema: market.prices. Made when it is not there."),
    MR_CHOICE(struct mr_pg_table_settings, mode, "append", modes,
              "append: a row for each record. upsert: a row for each key, the last one."),
    MR_TEXTS(struct mr_pg_table_settings, key, "[]", 0, 32,
             "Upsert: the columns that say which row it is. A table of your own needs a unique "
             "index on them."),
    MR_TEXT(struct mr_pg_table_settings, newest, "",
            "Upsert: the column that tells the newer of two rows (event_time), where the order of "
            "the log does not: a row with a smaller value changes nothing."),
    MR_NODE(struct mr_pg_table_settings, columns, "",
            "Column to path: {price: subject.price, seen_at: record.timestamp}. Absent: a column "
            "for each field."),
    MR_TEXTS(struct mr_pg_table_settings, drop, "[]", 0, 0,
             "Without `columns`: fields that are left out, by path: [record]."),
    MR_OPTIONS_END,
};

/* Stages by the name that design and people have for their records, too. */
static const char *stage_of(const char *word)
{
    static const char *const names[][2] = {
        {"ingested", "ingest"}, {"validated", "validate"}, {"detected", "detect"},
        {"scored", "score"},    {"advisories", "advise"},
    };

    for (size_t i = 0; i < MR_COUNT(names); i++) {
        if (strcmp(names[i][0], word) == 0) {
            return names[i][1];
        }
    }
    return word;
}

/* The stage of an item in any of the forms; NULL: it has none. */
static const char *item_stage(const struct mr_node *tables, const struct mr_node *item)
{
    const struct mr_node *stage;

    if (tables->kind == MR_NODE_MAP) {
        return stage_of(item->name);
    }
    stage = item->kind == MR_NODE_MAP ? mr_node_get(item, "stage") : NULL;
    return stage != NULL && stage->text != NULL ? stage_of(stage->text) : NULL;
}

const char *const *mr_pg_table_stages(const struct mr_node *tables, struct mr_arena *arena)
{
    const size_t room = tables != NULL ? mr_node_count(tables) : 0;
    const char **names = mr_arena_take(arena, room + 1, sizeof(*names));
    size_t count = 0;

    if (names == NULL || tables == NULL || tables->kind == MR_NODE_SCALAR) {
        return names;
    }
    for (const struct mr_node *item = tables->child; item != NULL; item = item->next) {
        const char *stage = item_stage(tables, item);

        if (stage != NULL) {
            names[count++] = stage;
        }
    }
    return names;
}

#define COMPLAIN(tables, node, ...) \
    mr_report_add((tables)->report, MR_SEVERITY_ERROR, (node)->place, "tables", NULL, __VA_ARGS__)

/* "stage: table", or the long form with the stage before it or in it. */
static bool read_settings(const struct mr_pg_tables *tables, const struct mr_node *node,
                          const struct mr_node *item, struct mr_pg_table_settings *settings)
{
    const bool is_short = item->kind == MR_NODE_SCALAR;
    const char *stage = item_stage(node, item);

    if (stage == NULL) {
        COMPLAIN(tables, item, "an item has a stage and a table");
        return false;
    }
    if (!mr_options_read(mr_pg_table_options, is_short ? NULL : item, "tables", tables->arena,
                         tables->report, settings)) {
        return false;
    }
    if (is_short && item->text != NULL) {
        settings->table = item->text;
    }
    if (settings->table[0] == '\0') {
        COMPLAIN(tables, item, "%s: the table has no name", stage);
        return false;
    }
    settings->stage = stage;
    return true;
}

static const struct mr_sink_input *input_of(const struct mr_pg_tables *tables,
                                            const struct mr_sink_input *inputs, const char *stage)
{
    for (size_t i = 0; i < tables->count; i++) {
        if (strcmp(inputs[i].stage, stage) == 0) {
            return &inputs[i];
        }
    }
    return NULL;
}

static bool read_table(struct mr_pg_tables *tables, const struct mr_node *node,
                       const struct mr_node *item, struct mr_sink_input *inputs)
{
    struct mr_pg_table_settings settings = {0};
    const struct mr_sink_input *input;
    struct mr_pg_table *table;

    if (!read_settings(tables, node, item, &settings)) {
        return false;
    }
    input = input_of(tables, inputs, settings.stage);
    MR_ASSERT(input != NULL);
    table = &tables->items[input - inputs];
    if (table->input != NULL) {
        COMPLAIN(tables, item,
                 "stage %s has two tables: a sink of its own, by another `name`, for the second",
                 settings.stage);
        return false;
    }
    *table = (struct mr_pg_table){.settings = settings,
                                  .input = input,
                                  .where = item->place,
                                  .index = (size_t)(input - inputs)};
    return mr_pg_columns_find(tables, table) && mr_pg_sql_write(table, tables->arena);
}

enum mr_code mr_pg_tables_read(struct mr_pg_tables *tables, const struct mr_node *node,
                               struct mr_sink_input *inputs, size_t input_count,
                               struct mr_error *err)
{
    bool is_good = true;

    if (node == NULL || node->kind == MR_NODE_SCALAR || node->child == NULL) {
        return MR_FAIL(err, MR_BAD_CONFIG, "tables: a map from stage to table, or a list of maps");
    }
    tables->count = input_count;
    tables->items = mr_arena_take(tables->arena, input_count, sizeof(*tables->items));
    if (tables->items == NULL) {
        return MR_FAIL(err, MR_NO_ROOM, "no room for %zu tables", input_count);
    }
    for (const struct mr_node *item = node->child; item != NULL; item = item->next) {
        is_good &= read_table(tables, node, item, inputs);
    }
    if (!is_good) {
        char text[300];

        mr_report_first(tables->report, text, sizeof(text));
        return MR_FAIL(err, MR_BAD_CONFIG, "%s", text[0] != '\0' ? text : "tables are not usable");
    }
    return MR_OK;
}
