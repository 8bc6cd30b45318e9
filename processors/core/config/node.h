/* node.h - a YAML file as a tree that remembers where everything stood.
 *
 * libyaml reads, this keeps: every scalar is text (the option table gives it a
 * type), every node has a place, so any later complaint can name file, line and
 * key. ${VAR}, ${VAR:default} and ${VAR:?message} in scalars are replaced from the environment
 * while loading (the forms with a colon also where the variable is empty, as in a shell); "$$" is a
 * dollar. Anchors and aliases work; tags, several documents and duplicate keys are errors.
 *
 * A tree lives in the arena it was loaded into.
 */
#ifndef MR_CONFIG_NODE_H
#define MR_CONFIG_NODE_H

#include "processors/core/base/arena.h"
#include "processors/core/base/error.h"
#include "processors/core/config/report.h"

enum mr_node_kind { MR_NODE_SCALAR, MR_NODE_LIST, MR_NODE_MAP };

struct mr_node {
    enum mr_node_kind kind;
    bool is_quoted;        /* SCALAR in quotes: "" is text, a bare ~ or nothing is absence */
    const char *name;      /* its key in a map; NULL in a list */
    bool is_broken;        /* reported already (an unset variable): readers say no more about it */
    const char *text;      /* SCALAR, after replacement; NULL: null */
    struct mr_place place; /* where the value begins; of a text in quotes, behind the first */
    struct mr_place name_place; /* where its key begins; in a list: place */
    struct mr_node *child;      /* first; children are linked in file order */
    struct mr_node *next;
};

/* All problems go to report; NULL when there was any that leaves no tree. */
struct mr_node *mr_node_load(const char *path, struct mr_arena *arena, struct mr_report *report);
struct mr_node *mr_node_parse(const char *name, struct mr_span yaml, struct mr_arena *arena,
                              struct mr_report *report);

const struct mr_node *mr_node_get(const struct mr_node *map, const char *name); /* NULL: absent */
size_t mr_node_count(const struct mr_node *node);
/* One line of JSON with map keys sorted, scalars as text: what a configuration's digest is of.
 * Secrets that stand in the file are in it. NULL: no room. */
const char *mr_node_canonical(const struct mr_node *node, struct mr_arena *arena);

#endif
