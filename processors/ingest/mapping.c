#include "processors/ingest/mapping.h"

#include "processors/ingest/dates.h"

#include <string.h>
#include <unistd.h>

static const char *const invalid_names[] = {"reject", "missing", NULL};

static const struct mr_option field_options[] = {
    MR_TEXT(struct mr_mapping_field, name, NULL, "The subject's field."),
    MR_TEXTS(struct mr_mapping_field, from, "", 0, 64,
             "What sources call it; the first that a row has is taken. An attribute, an element or "
             "a column; one that stands around the rows goes for all of them."),
    MR_EXPR(struct mr_mapping_field, expr, "",
            "CEL: its value from value, source.<name>, file.name, file.time. Not asked when it "
            "uses value and there is none. A text is converted as without an expression."),
    MR_CHOICE(struct mr_mapping_field, invalid, "reject", invalid_names,
              "What to do with a text that cannot be read. reject: the row is a dead letter; "
              "missing: as if there were none."),
    MR_OPTIONS_END,
};

static const struct mr_option text_options[] = {
    MR_TEXT(struct mr_mapping_text, name, NULL, "Its name in expressions: source.<name>."),
    MR_TEXTS(struct mr_mapping_text, from, NULL, 1, 64, "What sources call it."),
    MR_OPTIONS_END,
};

const struct mr_option mr_mapping_options[] = {
    MR_TEXTS(struct mr_mapping, rows, "", 0, 64, "XML: elements that are a row each."),
    MR_TEXTS(struct mr_mapping, missing, "", 0, 64, "Texts that stand for a missing value."),
    MR_TEXTS(struct mr_mapping, dates,
             "[\"yyyy-MM-dd HH:mm:ss\", \"yyyy-MM-dd HH:mm\", \"yyyy-MM-ddTHH:mm:ss\", "
             "\"yyyy-MM-ddTHH:mm:ssX\", \"yyyy-MM-ddTHH:mm:ss.S\", \"yyyy-MM-ddTHH:mm:ss.SX\", "
             "yyyy-MM-dd]",
             1, 64, "Patterns of dates; the first that fits a text is taken."),
    MR_TEXT(struct mr_mapping, utc_offset, "+00:00",
            "How far the sources' clocks are ahead of UTC, for times that do not say it."),
    MR_LIST(struct mr_mapping, fields, struct mr_mapping_field, field_options, 1, 500,
            "The subject's fields. One that is not named here is null or its schema's default."),
    MR_LIST(struct mr_mapping, texts, struct mr_mapping_text, text_options, 0, 500,
            "More texts of a row, for expressions only."),
    MR_OPTIONS_END,
};

/* The folder of the file that says the name, and that file's own name without its ending. */
static void split_place(struct mr_place place, struct mr_span *folder, struct mr_span *stem)
{
    const char *file = place.file ? place.file : "";
    const char *slash = strrchr(file, '/');
    const char *base = slash == NULL ? file : slash + 1;
    const char *dot = strrchr(base, '.');

    *folder = (struct mr_span){(const uint8_t *)file, (size_t)(base - file)};
    *stem = (struct mr_span){(const uint8_t *)base, dot ? (size_t)(dot - base) : strlen(base)};
}

static bool has_ending(const char *name)
{
    const char *dot = strrchr(name, '.');

    return dot != NULL && (strcmp(dot, ".yaml") == 0 || strcmp(dot, ".yml") == 0);
}

/* A name with an ending is a path beside the pipeline file. One without is a mapping that lies
 * there, or in the folder that belongs to it (grocery.yaml, grocery/). */
static const char *find_file(const char *name, struct mr_place place, struct mr_arena *arena)
{
    struct mr_span folder, stem;
    const char *path;

    split_place(place, &folder, &stem);
    if (has_ending(name)) {
        return name[0] == '/' ? name : mr_arena_print(arena, "%.*s%s", MR_SPAN_ARGS(folder), name);
    }
    path =
        mr_arena_print(arena, "%.*s%.*s/%s.yaml", MR_SPAN_ARGS(folder), MR_SPAN_ARGS(stem), name);
    if (path != NULL && access(path, R_OK) == 0) {
        return path;
    }
    return mr_arena_print(arena, "%.*s%s.yaml", MR_SPAN_ARGS(folder), name);
}

static void check(struct mr_mapping *mapping, const struct mr_node *node, struct mr_report *report)
{
    const struct mr_node *dates = mr_node_get(node, "dates");
    const struct mr_node *offset = mr_node_get(node, "utc_offset");

    for (size_t i = 0; i < mapping->dates.count; i++) {
        if (!mr_date_pattern_is_good(mapping->dates.items[i])) {
            mr_report_add(report, MR_SEVERITY_ERROR, dates ? dates->place : node->place, "dates",
                          NULL, "\"%s\" is not a pattern of a date", mapping->dates.items[i]);
        }
    }
    if (!mr_date_offset(mr_span_text(mapping->utc_offset), &mapping->utc_offset_ms)) {
        mr_report_add(report, MR_SEVERITY_ERROR, offset ? offset->place : node->place, "utc_offset",
                      NULL, "\"%s\" is not an offset such as +02:00", mapping->utc_offset);
    }
}

bool mr_mapping_load(const char *name, struct mr_place place, struct mr_arena *arena,
                     struct mr_report *report, struct mr_mapping *mapping)
{
    const char *path = find_file(name, place, arena);
    const size_t errors = mr_report_errors(report);
    const struct mr_node *node;

    if (path == NULL || access(path, R_OK) != 0) {
        mr_report_add(report, MR_SEVERITY_ERROR, place, "ingest.format",
                      "a mapping is named by its path, or lies beside the pipeline file",
                      "no mapping \"%s\": cannot read %s", name, path ? path : "it");
        return false;
    }
    node = mr_node_load(path, arena, report);
    if (node == NULL || !mr_options_read(mr_mapping_options, node, "", arena, report, mapping)) {
        return false;
    }
    mapping->canonical = mr_node_canonical(node, arena);
    check(mapping, node, report);
    return mapping->canonical != NULL && mr_report_errors(report) == errors;
}
