#include "processors/core/config/option_internal.h"

#define PATH_SIZE 256

/* A bar would end the cell, a line's end the row. */
static void print_cell(FILE *stream, const char *text)
{
    for (; *text != '\0'; text++) {
        if (*text == '|') {
            (void)fputc('\\', stream);
        }
        (void)fputc(*text == '\n' ? ' ' : *text, stream);
    }
}

static void print_fallback(FILE *stream, const struct mr_option *option)
{
    if (option->fallback == NULL) {
        (void)fputs("(required)", stream);
    } else if (option->fallback[0] != '\0') {
        (void)fputc('`', stream);
        print_cell(stream, option->kind == MR_OPTION_SECRET ? "***" : option->fallback);
        (void)fputc('`', stream);
    }
}

static bool has_bounds(const struct mr_option *option)
{
    switch (option->kind) {
    case MR_OPTION_INT:
    case MR_OPTION_REAL:
    case MR_OPTION_DURATION:
    case MR_OPTION_SIZE:
        return true;
    case MR_OPTION_TEXTS:
    case MR_OPTION_EXPRS:
    case MR_OPTION_LIST:
        return option->max != 0;
    default:
        return false;
    }
}

/* A list of at most one is written as that one map. */
static bool is_lone_map(const struct mr_option *option)
{
    return option->kind == MR_OPTION_LIST && option->max == 1;
}

static void print_range(FILE *stream, const struct mr_option *option)
{
    char min[MR_QUANTITY_SIZE], max[MR_QUANTITY_SIZE];

    if (option->kind == MR_OPTION_CHOICE) {
        for (size_t i = 0; option->choices[i] != NULL; i++) {
            (void)fprintf(stream, "%s`%s`", i > 0 ? ", " : "", option->choices[i]);
        }
        return;
    }
    if (is_lone_map(option)) {
        (void)fputs("map", stream);
        return;
    }
    (void)fputs(mr_kind_traits(option->kind)->words, stream);
    if (has_bounds(option)) {
        (void)fprintf(stream, ", %s..%s", mr_quantity_print(option->kind, option->min, min),
                      mr_quantity_print(option->kind, option->max, max));
    }
}

static void print_row(FILE *stream, const struct mr_option *option)
{
    (void)fprintf(stream, "| `%s`", option->name);
    if (option->kind == MR_OPTION_SECRET) {
        (void)fprintf(stream, ", `%s_file`", option->name);
    }
    (void)fputs(" | ", stream);
    print_fallback(stream, option);
    (void)fputs(" | ", stream);
    print_range(stream, option);
    (void)fputs(" | ", stream);
    print_cell(stream, option->help);
    (void)fputs(" |\n", stream);
}

/* Calls itself as deep as the tables nest. */
static void print_table(const struct mr_option *table, const char *path, FILE *stream)
{
    (void)fputs("| option | default | value | meaning |\n|---|---|---|---|\n", stream);
    for (const struct mr_option *option = table; option->kind != 0; option++) {
        print_row(stream, option);
    }
    for (const struct mr_option *option = table; option->kind != 0; option++) {
        const char *brackets = is_lone_map(option) ? "" : "[]";
        char inner[PATH_SIZE];

        if (option->kind != MR_OPTION_LIST) {
            continue;
        }
        (void)fprintf(stream, "\n%s `%s%s%s`:\n\n", is_lone_map(option) ? "In" : "Each item of",
                      path, option->name, brackets);
        (void)snprintf(inner, sizeof(inner), "%s%s%s.", path, option->name, brackets);
        print_table(option->table, inner, stream);
    }
}

void mr_options_print(const struct mr_option *table, FILE *stream)
{
    print_table(table, "", stream);
}
