/* option_internal.h - what the files of this folder share about options.
 *
 * A reader turns one node into one member of the settings; it complains itself. It is given
 * the user's node or, all the same, one that is made of the row's default.
 */
#ifndef MR_CONFIG_OPTION_INTERNAL_H
#define MR_CONFIG_OPTION_INTERNAL_H

#include "processors/core/config/option.h"

#define MR_HINT_SIZE 128
#define MR_QUANTITY_SIZE 32

struct mr_reading {
    const struct mr_option *option;
    const struct mr_node *node;
    const char *key; /* dotted */
    struct mr_arena *arena;
    struct mr_report *report;
    void *member; /* of the settings, zeroed */
};

/* An error at the reading's place, and false. */
#define MR_COMPLAIN(self, hint, ...) \
    (mr_report_add((self)->report, MR_SEVERITY_ERROR, (self)->node->place, (self)->key, (hint), \
                   __VA_ARGS__), \
     false)

typedef bool mr_reader(const struct mr_reading *self);

/* Scalars; the node is one, and has text. */
mr_reader mr_read_text, mr_read_int, mr_read_real, mr_read_bool, mr_read_duration, mr_read_size,
    mr_read_choice, mr_read_expr;
/* Scalars that are about files; mr_read_secret_file is what <name>_file of a secret is read by. */
mr_reader mr_read_path, mr_read_secret_file;
/* Lists, maps and what is left to others; NODE takes any node. */
mr_reader mr_read_texts, mr_read_paths, mr_read_exprs, mr_read_list, mr_read_node;

bool mr_complain_of_room(const struct mr_reading *self);
/* "did you mean x?" in out, or NULL. */
const char *mr_suggest(const char *word, const char *const *candidates, size_t count,
                       char out[MR_HINT_SIZE]);
/* A bound as a person writes it: "48h", "64KiB". */
const char *mr_quantity_print(enum mr_option_kind kind, int64_t value, char out[MR_QUANTITY_SIZE]);

/* What a kind is to the engine and to a person. */
struct mr_kind_traits {
    const char *words; /* "whole number" */
    mr_reader *read;
    size_t size; /* of the member */
    bool is_scalar;
};
const struct mr_kind_traits *mr_kind_traits(enum mr_option_kind kind);

#endif
