/* Goal: no bytes, read as a configuration, crash, hang, leak or use more than their arena; what
 * could be loaded without a problem has a canonical form, which, where libyaml takes it (its keys
 * have a bound), is YAML of the same form. Method: libFuzzer; the bytes are loaded, read by a table
 * of every kind (save those that open files), and the canonical form is loaded again, where no
 * dollar asks for the environment. */
#include "processors/core/config/option.h"

#include <string.h>

#define ROOM ((size_t)1024 * 1024)

static const char *const colours[] = {"red", "green", NULL};

struct inner {
    const char *name;
    struct mr_source expr;
};

static const struct mr_option inner_options[] = {
    MR_TEXT(struct inner, name, "", ""),
    MR_EXPR(struct inner, expr, "true", ""),
    MR_OPTIONS_END,
};

struct settings {
    const char *text;
    int64_t count;
    double ratio;
    bool is_on;
    int64_t wait;
    int64_t room;
    int colour;
    struct mr_texts texts;
    struct mr_exprs exprs;
    struct mr_items items;
    const struct mr_node *rest;
};

static const struct mr_option options[] = {
    MR_TEXT(struct settings, text, "", ""),
    MR_INT(struct settings, count, "0", INT64_MIN, INT64_MAX, ""),
    MR_REAL(struct settings, ratio, "0", INT64_MIN, INT64_MAX, ""),
    MR_BOOL(struct settings, is_on, "true", ""),
    MR_DURATION(struct settings, wait, "1s", 0, INT64_MAX, ""),
    MR_SIZE(struct settings, room, "1B", 0, INT64_MAX, ""),
    MR_CHOICE(struct settings, colour, "red", colours, ""),
    MR_TEXTS(struct settings, texts, "", 0, 0, ""),
    MR_EXPRS(struct settings, exprs, "", 0, 0, ""),
    MR_LIST(struct settings, items, struct inner, inner_options, 0, 0, ""),
    MR_NODE(struct settings, rest, "", ""),
    MR_OPTIONS_END,
};

/* JSON is YAML. A delete byte is not: libyaml refuses it as it stands, and our JSON does not escape
 * it. */
static void check_canonical(const struct mr_node *root, struct mr_arena *arena)
{
    const char *form = mr_node_canonical(root, arena);
    struct mr_report *report = mr_report_new();
    const struct mr_node *again;

    if (form != NULL && report != NULL && strpbrk(form, "$\x7F") == NULL) {
        again = mr_node_parse("canonical", mr_span_text(form), arena, report);
        MR_ASSERT(again == NULL || mr_node_canonical(again, arena) == NULL ||
                  strcmp(form, mr_node_canonical(again, arena)) == 0);
    }
    mr_report_free(report);
}

static void run(struct mr_span yaml, struct mr_arena *arena, struct mr_report *report)
{
    const struct mr_node *root = mr_node_parse("fuzz", yaml, arena, report);
    struct settings settings;
    char first[64];
    size_t before;

    MR_ASSERT(root != NULL || mr_report_errors(report) > 0);
    mr_report_first(report, first, sizeof(first));
    if (root == NULL) {
        return;
    }
    if (mr_report_errors(report) == 0) {
        check_canonical(root, arena);
    }
    before = mr_report_errors(report);
    if (!mr_options_read(options, root, "x", arena, report, &settings)) {
        MR_ASSERT(mr_report_errors(report) > before || before > 0);
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct mr_arena *arena = mr_arena_new(ROOM);
    struct mr_report *report = mr_report_new();

    if (arena != NULL && report != NULL) {
        run((struct mr_span){data, size}, arena, report);
    }
    mr_report_free(report);
    mr_arena_free(arena);
    return 0;
}
