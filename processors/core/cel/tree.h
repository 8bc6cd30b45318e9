/* tree.h - an expression as a tree: what the parser makes and the checker completes.
 *
 * Macros have nodes of their own (CEL_NODE_LOOP and so on) in place of the
 * specification's general fold: the printer gives them back as written, and both
 * evaluators know what a loop is for. Chains of && and of || are one node.
 *
 * The checker writes into the tree: a name or a path becomes a CEL_NODE_SLOT, a
 * name of a loop a CEL_NODE_LOCAL, a call gets its overloads. The printer
 * therefore runs before the checker.
 */
#ifndef MR_CEL_TREE_H
#define MR_CEL_TREE_H

#include "processors/core/base/value.h"

enum cel_node_kind {
    CEL_NODE_LITERAL, /* value */
    CEL_NODE_NAME,    /* name; is_absolute: .name */
    CEL_NODE_SELECT,  /* args[0].name; is_test: has(); is_optional: .?name */
    CEL_NODE_CALL,    /* name(args...) or, is_member, args[0].name(...) */
    CEL_NODE_AND,     /* args[0] && args[1] && ... */
    CEL_NODE_OR,
    CEL_NODE_IF,      /* args[0] ? args[1] : args[2] */
    CEL_NODE_LIST,    /* args; optional[i]: ?arg */
    CEL_NODE_MAP,     /* args: key, value, key, value; optional[i] of entry i */
    CEL_NODE_STRUCT,  /* name{...}: there are no messages, so the checker refuses it */
    CEL_NODE_LOOP,    /* args[0].loop(name, second, args[1], args[2]) */
    CEL_NODE_BIND,    /* cel.bind(name, args[0], args[1]) */
    CEL_NODE_OPT_MAP, /* args[0].optMap(name, args[1]); is_flat: optFlatMap */
    /* made by the checker: */
    CEL_NODE_SLOT,  /* index: of the slot */
    CEL_NODE_LOCAL, /* index: of the local */
    CEL_NODE_FAULT, /* index: an enum mr_cel_fault; what unchecked sources meet at run time */
    /* made for the compiler: */
    CEL_NODE_SHARED /* args[0], whose value share.h keeps */
};

enum cel_loop {
    CEL_LOOP_ALL,
    CEL_LOOP_EXISTS,
    CEL_LOOP_EXISTS_ONE,
    CEL_LOOP_MAP,     /* map(x, body) and map(x, filter, body); also transformList */
    CEL_LOOP_FILTER,  /* filter(x, predicate) */
    CEL_LOOP_SORT_BY, /* sortBy(x, key) */
    CEL_LOOP_TRANSFORM_MAP,
    CEL_LOOP_TRANSFORM_MAP_ENTRY
};

struct cel_type;
struct cel_overload;
struct mr_cel_path;

struct cel_node {
    uint8_t kind; /* enum cel_node_kind */
    uint8_t loop; /* enum cel_loop */
    bool is_absolute : 1;
    bool is_member : 1;
    bool is_test : 1;
    bool is_optional : 1;
    bool is_flat : 1;
    bool may_be_null : 1; /* SLOT: as declared, whatever has been compared with null before */
    bool is_quoted : 1;   /* SELECT: the name was written in `quotes` */
    bool is_covered : 1;  /* by share.h: part of what is shared */
    uint16_t height;      /* of the tree below, 1 for a leaf: bounds every recursion */
    uint32_t offset;      /* in the source, bytes */
    uint32_t arg_count;
    uint32_t index; /* slot, local (of a loop: its first variable), field of a record + 1 */
    uint32_t candidate_count;
    uint32_t share; /* by share.h: 1 + which of the shared parts; 0: none */
    struct mr_span name;
    struct mr_span second; /* a loop's second variable, or empty */
    struct cel_node **args;
    bool *optional; /* NULL: no ?entry */
    struct mr_value value;
    const void *prepared;                         /* CALL: see functions.h */
    const struct mr_cel_path *path;               /* SLOT: what it holds */
    const struct cel_type *type;                  /* by the checker */
    const struct cel_overload *const *candidates; /* by the checker */
};

#endif
