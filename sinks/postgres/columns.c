#include "sinks/postgres/table.h"

#include <string.h>

#define COMPLAIN(tables, table, ...) \
    mr_report_add((tables)->report, MR_SEVERITY_ERROR, (table)->where, "tables", NULL, __VA_ARGS__)

/* What is not a field of the record. */
static const struct mr_type key_type = {.kind = MR_AVRO_STRING, .null_branch = -1};
static const struct mr_type stamp_type = {
    .kind = MR_AVRO_LONG, .logical = MR_LOGICAL_TIMESTAMP_MILLIS, .null_branch = -1};
static const struct mr_type partition_type = {.kind = MR_AVRO_INT, .null_branch = -1};
static const struct mr_type offset_type = {.kind = MR_AVRO_LONG, .null_branch = -1};

static const struct {
    const char *path;
    enum mr_pg_place place;
    const struct mr_type *type;
} specials[] = {
    {"record.key", MR_PG_KEY, &key_type},
    {"record.timestamp", MR_PG_STAMP, &stamp_type},
    {"record.partition", MR_PG_PARTITION, &partition_type},
    {"record.offset", MR_PG_OFFSET, &offset_type},
};

struct walk {
    const struct mr_pg_tables *tables;
    struct mr_pg_table *table;
    struct mr_layout_path path;
    const struct mr_type *above[MR_LAYOUT_DEPTH_MAX]; /* the records that lead here */
    bool is_good;
};

static void add_column(struct walk *walk, struct mr_pg_column column)
{
    struct mr_pg_table *table = walk->table;

    if (column.name == NULL || column.path == NULL || table->column_count == MR_PG_COLUMNS_MAX) {
        COMPLAIN(walk->tables, table, "table \"%s\" has more than %d columns",
                 table->settings.table, MR_PG_COLUMNS_MAX);
        walk->is_good = false;
        return;
    }
    if (strlen(column.name) > MR_PG_NAME_MAX) {
        COMPLAIN(walk->tables, table,
                 "column \"%s\" has a name of more than %d bytes: name it by `columns`",
                 column.name, MR_PG_NAME_MAX);
        walk->is_good = false;
    }
    for (size_t i = 0; i < table->column_count; i++) {
        if (strcmp(table->columns[i].name, column.name) == 0) {
            COMPLAIN(walk->tables, table,
                     "%s and %s would both be column \"%s\": name them by `columns`",
                     table->columns[i].path, column.path, column.name);
            walk->is_good = false;
            return;
        }
    }
    table->columns[table->column_count++] = column;
}

static bool is_dropped(const struct mr_pg_table *table, const char *path)
{
    for (size_t i = 0; i < table->settings.drop.count; i++) {
        if (strcmp(table->settings.drop.items[i], path) == 0) {
            return true;
        }
    }
    return false;
}

/* A record within itself would never end: from there on it is jsonb. */
static bool is_walked(const struct walk *walk, const struct mr_type *type)
{
    if (type->kind != MR_AVRO_RECORD || walk->path.depth >= MR_LAYOUT_DEPTH_MAX) {
        return false;
    }
    for (uint32_t i = 0; i < walk->path.depth; i++) {
        if (walk->above[i] == type) {
            return false;
        }
    }
    return true;
}

static void walk_record(struct walk *walk, const struct mr_type *record, const char *prefix,
                        const char *path);

static const char *joined(struct mr_arena *arena, const char *head, char between, const char *tail)
{
    return head[0] == '\0' ? tail : mr_arena_print(arena, "%s%c%s", head, between, tail);
}

static void walk_field(struct walk *walk, const struct mr_field *field, const char *prefix,
                       const char *above)
{
    struct mr_arena *arena = walk->tables->arena;
    const struct mr_type *base = mr_pg_base(field->type);
    const char *path = joined(arena, above, '.', field->name);
    const char *name = joined(arena, prefix, '_', field->name);
    const bool is_subject = above[0] == '\0' && strcmp(field->name, "subject") == 0;

    if (path == NULL || name == NULL) {
        walk->is_good = false;
    } else if (is_dropped(walk->table, path) || base->kind == MR_AVRO_NULL) {
        return;
    } else if (is_walked(walk, base)) {
        walk_record(walk, base, is_subject ? "" : name, path);
    } else {
        add_column(walk, (struct mr_pg_column){
                             .name = name,
                             .path = path,
                             .slot = mr_layout_slot(walk->table->input->layout, &walk->path),
                             .type = field->type,
                         });
    }
}

static void walk_record(struct walk *walk, const struct mr_type *record, const char *prefix,
                        const char *path)
{
    const uint32_t depth = walk->path.depth++;

    walk->above[depth] = record;
    for (size_t i = 0; i < record->field_count; i++) {
        walk->path.fields[depth] = (uint32_t)i;
        walk_field(walk, &record->fields[i], prefix, path);
    }
    walk->path.depth = depth;
}

static bool is_special(const char *path, struct mr_pg_column *column)
{
    for (size_t i = 0; i < MR_COUNT(specials); i++) {
        if (strcmp(specials[i].path, path) == 0) {
            column->place = specials[i].place;
            column->type = specials[i].type;
            return true;
        }
    }
    return false;
}

static void name_column(struct walk *walk, const struct mr_node *node)
{
    struct mr_pg_column column = {.name = node->name, .path = node->text};
    struct mr_layout_path path;
    size_t bad;

    if (node->kind != MR_NODE_SCALAR || node->text == NULL) {
        mr_report_add(walk->tables->report, MR_SEVERITY_ERROR, node->place, "tables.columns", NULL,
                      "a column is a name and the path of its field");
        walk->is_good = false;
        return;
    }
    if (!is_special(node->text, &column)) {
        if (!mr_layout_find(walk->table->input->schema, node->text, &path, &column.type, &bad)) {
            mr_report_add(walk->tables->report, MR_SEVERITY_ERROR, node->place, "tables.columns",
                          NULL, "there is no field \"%s\" in the records of %s (from \"%s\" on)",
                          node->text, walk->table->input->stage, node->text + bad);
            walk->is_good = false;
            return;
        }
        column.slot = mr_layout_slot(walk->table->input->layout, &path);
    }
    add_column(walk, column);
}

static struct mr_pg_column *find_column(struct mr_pg_table *table, const char *name)
{
    for (size_t i = 0; i < table->column_count; i++) {
        if (strcmp(table->columns[i].name, name) == 0) {
            return &table->columns[i];
        }
    }
    return NULL;
}

/* A column that the settings name; NULL: reported. */
static struct mr_pg_column *wanted_column(const struct mr_pg_tables *tables,
                                          struct mr_pg_table *table, const char *key,
                                          const char *name)
{
    const char *names[MR_PG_COLUMNS_MAX];
    struct mr_pg_column *column = find_column(table, name);
    const char *nearest;

    if (column == NULL) {
        for (size_t i = 0; i < table->column_count; i++) {
            names[i] = table->columns[i].name;
        }
        nearest = mr_nearest(name, names, table->column_count);
        COMPLAIN(tables, table, "%s: table \"%s\" has no column \"%s\"%s%s", key,
                 table->settings.table, name, nearest ? "; did you mean " : "",
                 nearest ? nearest : "");
    }
    return column;
}

static bool find_key(const struct mr_pg_tables *tables, struct mr_pg_table *table)
{
    const struct mr_pg_table_settings *settings = &table->settings;
    bool is_good = true;

    if ((settings->mode == MR_PG_UPSERT) != (settings->key.count > 0)) {
        COMPLAIN(tables, table, "table \"%s\": mode upsert and a key go together", settings->table);
        is_good = false;
    }
    for (size_t i = 0; i < settings->key.count; i++) {
        struct mr_pg_column *column = wanted_column(tables, table, "key", settings->key.items[i]);

        if (column == NULL) {
            is_good = false;
        } else {
            column->is_key = true;
        }
    }
    if (settings->newest[0] != '\0') {
        table->newest = wanted_column(tables, table, "newest", settings->newest);
        is_good &= table->newest != NULL;
    }
    return is_good;
}

static bool check_drop(const struct mr_pg_tables *tables, const struct mr_pg_table *table)
{
    struct mr_layout_path path;
    const struct mr_type *type;
    bool is_good = true;
    size_t bad;

    for (size_t i = 0; i < table->settings.drop.count; i++) {
        const char *text = table->settings.drop.items[i];

        if (!mr_layout_find(table->input->schema, text, &path, &type, &bad)) {
            COMPLAIN(tables, table, "drop: there is no field \"%s\" in the records of %s", text,
                     table->input->stage);
            is_good = false;
        }
    }
    return is_good;
}

bool mr_pg_columns_find(const struct mr_pg_tables *tables, struct mr_pg_table *table)
{
    struct walk walk = {.tables = tables, .table = table, .is_good = true};
    const struct mr_node *columns = table->settings.columns;

    table->columns = mr_arena_take(tables->arena, MR_PG_COLUMNS_MAX, sizeof(*table->columns));
    if (table->columns == NULL || !check_drop(tables, table)) {
        return false;
    }
    if (columns == NULL) {
        walk_record(&walk, mr_schema_root(table->input->schema), "", "");
    } else if (columns->kind != MR_NODE_MAP || columns->child == NULL) {
        COMPLAIN(tables, table, "columns: a map from column to path");
        return false;
    } else {
        for (const struct mr_node *node = columns->child; node != NULL; node = node->next) {
            name_column(&walk, node);
        }
    }
    return walk.is_good && find_key(tables, table);
}
