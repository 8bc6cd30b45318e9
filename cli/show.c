/* show.c - `millrace show`: a file of advisories (JSON lines) as a table, or one figure of a
 * summary. */
#include "cli/verb.h"

#include <jansson.h>
#include <stdlib.h>
#include <string.h>

#define ADVISORIES_MAX 1000000

enum { FLAG_TOP, FLAG_FIGURE, FLAG_HELP };

static const struct flag table[] = {
    [FLAG_TOP] = {"--top", "N", "How many advisories, the gravest first; default 20."},
    [FLAG_FIGURE] = {"--figure", "STAGE.NAME", "One figure of a summary that `run` wrote."},
    [FLAG_HELP] = {"--help", NULL, "This text."},
    {NULL, NULL, NULL},
};

struct advisory {
    int rank;      /* of its severity; 0 is the gravest */
    long place;    /* in the file: ties stay in its order */
    json_t *value; /* owned */
};

static int severity_rank(const json_t *advisory)
{
    static const char *const order[] = {"critical", "high", "medium", "low", "info"};
    const char *severity = json_string_value(json_object_get(advisory, "severity"));

    for (int i = 0; severity != NULL && i < (int)MR_COUNT(order); i++) {
        if (strcmp(order[i], severity) == 0) {
            return i;
        }
    }
    return (int)MR_COUNT(order);
}

static int compare(const void *a, const void *b)
{
    const struct advisory *x = a, *y = b;

    if (x->rank != y->rank) {
        return x->rank < y->rank ? -1 : 1;
    }
    return (x->place > y->place) - (x->place < y->place);
}

static const char *text_of(const json_t *advisory, const char *member)
{
    const char *text = json_string_value(json_object_get(advisory, member));

    return text != NULL ? text : "";
}

static void print_advisory(const json_t *advisory)
{
    (void)printf("%-8.8s  %-19.19s  %-16.16s  %s\n", text_of(advisory, "severity"),
                 text_of(advisory, "event_time"), text_of(advisory, "rule"),
                 text_of(advisory, "title"));
}

struct list {
    struct advisory *items; /* owned, as are their values */
    size_t count, room;
};

static bool has_room(struct list *list)
{
    const size_t room = list->room == 0 ? 256 : 2 * list->room;
    struct advisory *grown;

    if (list->count < list->room) {
        return true;
    }
    grown = room <= ADVISORIES_MAX ? realloc(list->items, room * sizeof(*grown)) : NULL;
    if (grown == NULL) {
        return false;
    }
    list->items = grown;
    list->room = room;
    return true;
}

static enum mr_code add_line(struct list *list, const char *line, struct mr_error *err)
{
    json_error_t why;
    json_t *value;

    if (!has_room(list)) {
        return MR_FAIL(err, MR_NO_ROOM, "more than %zu advisories", list->count);
    }
    value = json_loads(line, 0, &why);
    if (value == NULL) {
        return MR_FAIL(err, MR_BAD_DATA, "line %zu: %s", list->count + 1, why.text);
    }
    list->items[list->count] = (struct advisory){severity_rank(value), (long)list->count, value};
    list->count++;
    return MR_OK;
}

static void print_list(struct list *list, long top)
{
    if (list->count > 0) {
        qsort(list->items, list->count, sizeof(*list->items), compare);
        (void)printf("%-8s  %-19s  %-16s  %s\n", "severity", "event time", "rule", "title");
    }
    for (size_t i = 0; i < list->count && (long)i < top; i++) {
        print_advisory(list->items[i].value);
    }
    (void)printf("%zu advisories\n", list->count);
}

static enum mr_code show_table(FILE *file, long top, struct mr_error *err)
{
    struct list list = {0};
    size_t size = 0;
    char *line = NULL;
    enum mr_code code = MR_OK;

    while (code == MR_OK && getline(&line, &size, file) > 0) {
        code = add_line(&list, line, err);
    }
    if (code == MR_OK) {
        print_list(&list, top);
    }
    for (size_t i = 0; i < list.count; i++) {
        json_decref(list.items[i].value);
    }
    free(list.items);
    free(line);
    return code;
}

static enum mr_code show_figure(FILE *file, const char *path, struct mr_error *err)
{
    const char *dot = strrchr(path, '.');
    json_error_t why;
    json_t *summary = json_loadf(file, 0, &why);
    const json_t *figure = NULL;
    char stage[128];

    if (summary == NULL) {
        return MR_FAIL(err, MR_BAD_DATA, "%s", why.text);
    }
    if (dot != NULL && (size_t)(dot - path) < sizeof(stage)) {
        memcpy(stage, path, (size_t)(dot - path));
        stage[dot - path] = '\0';
        figure =
            json_object_get(json_object_get(json_object_get(summary, "stages"), stage), dot + 1);
    }
    if (json_is_integer(figure)) {
        (void)printf("%lld\n", (long long)json_integer_value(figure));
    }
    json_decref(summary);
    return figure != NULL ? MR_OK
                          : MR_FAIL(err, MR_USAGE, "--figure: there is no \"%s\" in it", path);
}

static enum mr_code show(const struct flags *flags, struct mr_error *err)
{
    const char *path = flags->operands[0];
    long top = 20;
    enum mr_code code = flag_number(flags, FLAG_TOP, ADVISORIES_MAX, &top, err);
    FILE *file;

    if (code != MR_OK) {
        return code;
    }
    file = fopen(path, "r");
    if (file == NULL) {
        return MR_FAIL(err, MR_USAGE, "%s cannot be opened", path);
    }
    code = flags->values[FLAG_FIGURE] != NULL ? show_figure(file, flags->values[FLAG_FIGURE], err)
                                              : show_table(file, top, err);
    (void)fclose(file);
    return code;
}

int verb_show(int count, char **arguments)
{
    struct flags flags = {.table = table};
    struct mr_error err = {0};
    enum mr_code code = flags_parse(&flags, count, arguments, &err);

    if (code == MR_OK && flags.values[FLAG_HELP] != NULL) {
        (void)puts("usage: millrace show FILE [options]\n");
        flags_print(table, stdout);
        return 0;
    }
    if (code == MR_OK && flags.operand_count != 1) {
        code = MR_FAIL(&err, MR_USAGE, "show takes one file");
    }
    if (code == MR_OK) {
        code = show(&flags, &err);
    }
    return code == MR_OK ? 0 : fail_with(&err);
}
