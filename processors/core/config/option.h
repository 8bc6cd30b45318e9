/* option.h - settings: type, default, bounds and help in ONE row.
 *
 * A table is the single source for parsing, for `check`, for --help and for
 * docs/reference.md (generated; a test fails when the file is stale). A default
 * is text and goes through the same parser as the user's text, so a default that
 * breaks its own bounds fails at start, not in production. Tables nest: a LIST
 * row names the table of its items.
 *
 * The row's name is the member's name, its type is checked when compiled.
 */
#ifndef MR_CONFIG_OPTION_H
#define MR_CONFIG_OPTION_H

#include "processors/core/config/node.h"

#include <stdint.h>

enum mr_option_kind {
    MR_OPTION_TEXT = 1, /* const char * */
    MR_OPTION_SECRET,   /* const char *; also as <name>_file; prints as *** */
    MR_OPTION_PATH,     /* const char *; relative to the file that says it; must exist */
    MR_OPTION_INT,      /* int64_t */
    MR_OPTION_REAL,     /* double; bounds are min, max as integers */
    MR_OPTION_BOOL,     /* bool */
    MR_OPTION_DURATION, /* int64_t ms: "100ms", "30s", "48h", "7d" */
    MR_OPTION_SIZE,     /* int64_t bytes: "64KiB", "16MiB" */
    MR_OPTION_CHOICE,   /* int: index into choices */
    MR_OPTION_EXPR,     /* struct mr_source: a CEL expression; absent: text NULL */
    MR_OPTION_TEXTS,    /* struct mr_texts: a list of scalars, or one scalar */
    MR_OPTION_PATHS,    /* struct mr_texts: as TEXTS, each as PATH */
    MR_OPTION_EXPRS, /* struct mr_exprs: a list of expressions (names NULL), or a map name: expr */
    MR_OPTION_LIST,  /* struct mr_items: a list of maps, each read by the row's own table; with a
                        maximum of 1, that one map alone */
    MR_OPTION_NODE   /* const struct mr_node *: left to the owner of the table; NULL: absent */
};

struct mr_source {
    const char *text; /* NULL: not set */
    const char *name; /* its key in a map of expressions; else NULL */
    struct mr_place place;
    const char *key; /* "validate.rules[2].expr": for the report */
};

struct mr_texts {
    const char *const *items;
    size_t count;
};

struct mr_exprs {
    const struct mr_source *items;
    size_t count;
};

struct mr_items {
    void *items; /* count structs of the row's item_size */
    size_t count;
};

struct mr_option {
    enum mr_option_kind kind; /* 0 ends the table */
    const char *name;         /* unit last, unless the value carries it (duration, size) */
    size_t offset;
    const char *fallback; /* NULL: the user must set it; "" : may be absent (TEXT, SECRET, PATH: "";
                             else 0, NULL, no items). Several values as YAML: "[a, b]" */
    int64_t min, max; /* INT, REAL, DURATION (ms), SIZE (bytes), both inclusive; LIST, TEXTS, PATHS,
                         EXPRS: how many; max 0: any number */
    const char *help;
    const char *const *choices;    /* CHOICE: NULL-terminated */
    const struct mr_option *table; /* LIST */
    size_t item_size;              /* LIST */
};

/* offsetof() that refuses to compile when the member has another type. A type and a member cannot
 * stand in parentheses there. NOLINTBEGIN(bugprone-macro-parentheses) */
#define MR_MEMBER(type, member, wanted) \
    _Generic(((type *)0)->member, wanted : offsetof(type, member))
/* NOLINTEND(bugprone-macro-parentheses) */

#define MR_TEXT(type, member, fallback, help) \
    { \
        MR_OPTION_TEXT, #member, MR_MEMBER(type, member, const char *), fallback, 0, 0, help, \
            NULL, NULL, 0 \
    }
#define MR_SECRET(type, member, fallback, help) \
    { \
        MR_OPTION_SECRET, #member, MR_MEMBER(type, member, const char *), fallback, 0, 0, help, \
            NULL, NULL, 0 \
    }
#define MR_PATH(type, member, fallback, help) \
    { \
        MR_OPTION_PATH, #member, MR_MEMBER(type, member, const char *), fallback, 0, 0, help, \
            NULL, NULL, 0 \
    }
#define MR_INT(type, member, fallback, min, max, help) \
    { \
        MR_OPTION_INT, #member, MR_MEMBER(type, member, int64_t), fallback, min, max, help, NULL, \
            NULL, 0 \
    }
#define MR_REAL(type, member, fallback, min, max, help) \
    { \
        MR_OPTION_REAL, #member, MR_MEMBER(type, member, double), fallback, min, max, help, NULL, \
            NULL, 0 \
    }
#define MR_BOOL(type, member, fallback, help) \
    { \
        MR_OPTION_BOOL, #member, MR_MEMBER(type, member, bool), fallback, 0, 0, help, NULL, NULL, \
            0 \
    }
#define MR_DURATION(type, member, fallback, min_ms, max_ms, help) \
    { \
        MR_OPTION_DURATION, #member, MR_MEMBER(type, member, int64_t), fallback, min_ms, max_ms, \
            help, NULL, NULL, 0 \
    }
#define MR_SIZE(type, member, fallback, min, max, help) \
    { \
        MR_OPTION_SIZE, #member, MR_MEMBER(type, member, int64_t), fallback, min, max, help, NULL, \
            NULL, 0 \
    }
#define MR_CHOICE(type, member, fallback, choices, help) \
    { \
        MR_OPTION_CHOICE, #member, MR_MEMBER(type, member, int), fallback, 0, 0, help, choices, \
            NULL, 0 \
    }
#define MR_EXPR(type, member, fallback, help) \
    { \
        MR_OPTION_EXPR, #member, MR_MEMBER(type, member, struct mr_source), fallback, 0, 0, help, \
            NULL, NULL, 0 \
    }
#define MR_TEXTS(type, member, fallback, min, max, help) \
    { \
        MR_OPTION_TEXTS, #member, MR_MEMBER(type, member, struct mr_texts), fallback, min, max, \
            help, NULL, NULL, 0 \
    }
#define MR_PATHS(type, member, fallback, min, max, help) \
    { \
        MR_OPTION_PATHS, #member, MR_MEMBER(type, member, struct mr_texts), fallback, min, max, \
            help, NULL, NULL, 0 \
    }
#define MR_EXPRS(type, member, fallback, min, max, help) \
    { \
        MR_OPTION_EXPRS, #member, MR_MEMBER(type, member, struct mr_exprs), fallback, min, max, \
            help, NULL, NULL, 0 \
    }
#define MR_LIST(type, member, item, rows, min, max, help) \
    { \
        MR_OPTION_LIST, #member, MR_MEMBER(type, member, struct mr_items), (min) > 0 ? NULL : "", \
            min, max, help, NULL, rows, sizeof(item) \
    }
#define MR_NODE(type, member, fallback, help) \
    { \
        MR_OPTION_NODE, #member, MR_MEMBER(type, member, const struct mr_node *), fallback, 0, 0, \
            help, NULL, NULL, 0 \
    }
#define MR_OPTIONS_END \
    { \
        (enum mr_option_kind)0, NULL, 0, NULL, 0, 0, NULL, NULL, NULL, 0 \
    }

/* Reads map by table into *settings (the members that it names are zeroed first); what the settings
 * point to lies in arena. prefix is the dotted path of map, for messages. Unknown keys are errors,
 * with the nearest known name. Goes on after a problem; false when there was one. map NULL: all
 * defaults. */
bool mr_options_read(const struct mr_option *table, const struct mr_node *map, const char *prefix,
                     struct mr_arena *arena, struct mr_report *report, void *settings);

/* The table as Markdown, nested tables after it. */
void mr_options_print(const struct mr_option *table, FILE *stream);

#endif
