/* run.h - one evaluation while it runs, and what every function of the language shares.
 *
 * An error is a value. Functions get no error as an argument (the evaluators see
 * to that) and return one by cel_fault(). Whatever takes time in proportion to
 * data asks cel_spend() first, so that no expression runs for long.
 */
#ifndef MR_CEL_RUN_H
#define MR_CEL_RUN_H

#include "processors/core/cel/cel.h"

struct cel_op;

struct cel_run {
    const struct mr_value *slots; /* borrowed */
    struct mr_arena *arena;       /* borrowed; values made on the way */
    int64_t fuel;
    int64_t iterations;      /* left */
    const struct cel_op *op; /* compiled evaluation of a condition: the whole */
    const void *prepared;    /* by the row of the function that is being called, or NULL */
    uint8_t fault;           /* compiled evaluation: 1 + the enum mr_cel_fault of a failed scalar */
    struct mr_value locals[MR_CEL_LOCALS_MAX];
};

typedef struct mr_value (*cel_call)(struct cel_run *run, const struct mr_value *args,
                                    uint32_t count);

static inline struct mr_value cel_fault(enum mr_cel_fault fault)
{
    return (struct mr_value){.kind = MR_KIND_ERROR, .number = fault};
}

/* False: the evaluation has used up its fuel; answer with MR_CEL_FAULT_FUEL. */
static inline bool cel_spend(struct cel_run *run, size_t units)
{
    if (run->fuel < 0 || units > MR_CEL_FUEL) {
        run->fuel = -1;
        return false;
    }
    run->fuel -= (int64_t)units;
    return run->fuel >= 0;
}

static inline struct mr_value cel_value_uint(uint64_t number)
{
    return (struct mr_value){.kind = MR_KIND_UINT, .positive = number};
}

static inline struct mr_value cel_value_duration(int64_t ns)
{
    return (struct mr_value){.kind = MR_KIND_DURATION, .number = ns};
}

static inline struct mr_value cel_value_type(const char *name)
{
    struct mr_value value = mr_value_string(mr_span_text(name));

    value.kind = MR_KIND_TYPE;
    return value;
}

/* MR_KIND_BOOL or an error made of the answer of cel_equal. */
struct mr_value cel_truth(int answer);

enum cel_order { CEL_LESS = -1, CEL_SAME = 0, CEL_MORE = 1, CEL_UNORDERED = 2, CEL_NO_ORDER = 3 };

/* Exact, also across int, uint and double; UNORDERED with NaN, NO_ORDER of kinds that have none. */
enum cel_order cel_compare(const struct mr_value *a, const struct mr_value *b);
/* 1 equal, 0 not (also when kinds differ), -1 out of fuel. */
int cel_equal(struct cel_run *run, const struct mr_value *a, const struct mr_value *b);
/* The value under key in a MAP, or NULL. Numbers of all kinds are found by value. */
const struct mr_value *cel_map_find(struct cel_run *run, const struct mr_value *map,
                                    const struct mr_value *key);
bool cel_is_key(const struct mr_value *value);

/* Room for items of a list, or NULL; spends fuel for them. */
struct mr_value *cel_take_items(struct cel_run *run, size_t count);
struct mr_value cel_list_of(const struct mr_value *items, size_t count);
/* Sorts rows of width values by the first of each, equal ones as they came; the list of the last of
 * each. rows is of the arena and used up. */
struct mr_value cel_sort_rows(struct cel_run *run, struct mr_value *rows, size_t count,
                              size_t width);
struct mr_value cel_optional_of(struct cel_run *run, struct mr_value value);
struct mr_value cel_optional_none(void);
/* Bytes for new text; spends fuel for them. */
uint8_t *cel_take_bytes(struct cel_run *run, size_t size);
/* A string of a copy of text. */
struct mr_value cel_string_of(struct cel_run *run, struct mr_span text);
/* The name of the type of a value, as type() gives it. */
const char *cel_kind_name(const struct mr_value *value);

#endif
