/* cel.h - the one expression language: rules, keys, features, conditions, placeholders.
 *
 *     source --parse--> tree --check against types--> program --eval(slots)--> value
 *
 * CEL as the specification has it (github.com/google/cel-spec), strictly checked
 * against the types that the environment declares. The unit knows nothing of
 * Kafka or Avro: whoever uses it declares variables with their types and, when a
 * program reads subject.price, is asked ONCE, at compile time, for the slot that
 * will hold that field. At run time a program reads slots, 16 bytes each, and
 * nothing else: no names, no hashing, no allocation for scalar expressions.
 *
 * Errors at run time are values (MR_KIND_ERROR), as the specification has it;
 * mr_cel_fault_text() gives their words. Errors at compile time say line,
 * column and a hint.
 *
 * Ownership: an environment and its programs live in the arena they were made
 * in. A program is immutable: any number of threads may evaluate it, each with
 * its own scratch arena. Bounds: MR_CEL_..._MAX below.
 */
#ifndef MR_CEL_CEL_H
#define MR_CEL_CEL_H

#include "processors/core/base/arena.h"
#include "processors/core/base/error.h"
#include "processors/core/base/value.h"

/* Bounds of one program and of one evaluation; beyond them is an error, in bounded time. */
#define MR_CEL_SOURCE_SIZE_MAX 100000 /* code points */
#define MR_CEL_HEIGHT_MAX 250         /* nesting of the expression */
#define MR_CEL_LOCALS_MAX 24          /* variables of macros that are open at once */
#define MR_CEL_ITERATIONS_MAX 10000   /* of all loops of an evaluation together */
#define MR_CEL_FUEL 1000000           /* nodes, list items, and bytes of text / 16 */

/* What can fail at run time. Each of the words is also the label of a metric. */
#define MR_CEL_FAULTS(X) \
    X(MR_CEL_FAULT_NO_OVERLOAD, "no_such_overload") \
    X(MR_CEL_FAULT_OVERFLOW, "overflow") \
    X(MR_CEL_FAULT_DIVIDE, "division_by_zero") \
    X(MR_CEL_FAULT_NO_KEY, "no_such_key") \
    X(MR_CEL_FAULT_NO_FIELD, "no_such_field") \
    X(MR_CEL_FAULT_INDEX, "index_out_of_range") \
    X(MR_CEL_FAULT_RANGE, "out_of_range") \
    X(MR_CEL_FAULT_ARGUMENT, "invalid_argument") \
    X(MR_CEL_FAULT_CONVERSION, "not_convertible") \
    X(MR_CEL_FAULT_UTF8, "invalid_utf8") \
    X(MR_CEL_FAULT_REPEATED_KEY, "repeated_key") \
    X(MR_CEL_FAULT_KEY_TYPE, "unsupported_key_type") \
    X(MR_CEL_FAULT_NO_VALUE, "optional_is_none") \
    X(MR_CEL_FAULT_UNDECLARED, "undeclared_name") \
    X(MR_CEL_FAULT_FORMAT, "bad_format") \
    X(MR_CEL_FAULT_REGEX, "bad_regular_expression") \
    X(MR_CEL_FAULT_REGEX_LIMIT, "regular_expression_limit") \
    X(MR_CEL_FAULT_FUEL, "too_much_work") \
    X(MR_CEL_FAULT_ITERATIONS, "too_many_iterations") \
    X(MR_CEL_FAULT_NO_ROOM, "out_of_memory")

#define MR_CEL_FAULT_ENUM(name, words) name,
enum mr_cel_fault { MR_CEL_FAULTS(MR_CEL_FAULT_ENUM) MR_CEL_FAULT_COUNT };
#undef MR_CEL_FAULT_ENUM

enum mr_cel_kind {
    MR_CEL_DYN = 0, /* not known before run time */
    MR_CEL_NULL,
    MR_CEL_BOOL,
    MR_CEL_INT,
    MR_CEL_UINT,
    MR_CEL_DOUBLE,
    MR_CEL_STRING,
    MR_CEL_BYTES,
    MR_CEL_TIMESTAMP,
    MR_CEL_DURATION,
    MR_CEL_DECIMAL, /* opaque; compared exactly */
    MR_CEL_LIST,    /* item */
    MR_CEL_MAP,     /* key, item */
    MR_CEL_RECORD,  /* record */
    MR_CEL_OPTIONAL,
    MR_CEL_TYPE
};

struct mr_cel_record;

struct mr_cel_type {
    enum mr_cel_kind kind;
    bool is_nullable;                   /* also null: CEL's wrapper types, Avro's ["null", T] */
    const struct mr_cel_type *key;      /* MAP */
    const struct mr_cel_type *item;     /* LIST, MAP (value), OPTIONAL */
    const struct mr_cel_record *record; /* RECORD */
};

struct mr_cel_field {
    const char *name;
    struct mr_cel_type type;
};

struct mr_cel_record {
    const char *name; /* "grocery.Price" */
    size_t field_count;
    const struct mr_cel_field *fields; /* values of this type have items in this order */
};

#define MR_CEL_PATH_MAX 16

/* What a program reads: a variable, then field indices through records that are never null.
 * subject.price is {0, 1, {7}} when subject is variable 0 and price its field 7. */
struct mr_cel_path {
    uint32_t variable;
    uint32_t depth;
    uint32_t fields[MR_CEL_PATH_MAX];
};

struct mr_cel_variable {
    const char *name; /* may be dotted: "record.key" */
    struct mr_cel_type type;
};

struct mr_cel_env {
    const struct mr_cel_variable *variables; /* borrowed for as long as programs compile */
    size_t variable_count;
    /* Answers with the slot in which the value at path will be found. Called once for every path
     * that the program reads. */
    enum mr_code (*bind)(void *context, const struct mr_cel_path *path, uint32_t *slot,
                         struct mr_error *err);
    void *context;
};

/* Where and why a source was refused; line and column are 1-based, in code points. */
struct mr_cel_diagnosis {
    int line;
    int column;
    char text[240]; /* "no field 'prise' in grocery.Price" */
    char hint[120]; /* "did you mean 'price'?" or "" */
};

/* For people: "1:9: no field 'prise' in grocery.Price", the line with a caret below its column, and
 * the hint. NULL: no room. */
const char *mr_cel_diagnosis_text(const struct mr_cel_diagnosis *why, struct mr_span source,
                                  struct mr_arena *arena);

struct mr_cel_program;

/* Compiles source. wanted: the type that the result must have (NULL: any; a nullable result is
 * refused where wanted is not nullable; int is not double). On MR_BAD_CONFIG *why is filled; err
 * carries the same in one line. The program lies in arena. */
enum mr_code mr_cel_compile(const struct mr_cel_env *env, struct mr_span source,
                            const struct mr_cel_type *wanted, struct mr_arena *arena,
                            const struct mr_cel_program **program, struct mr_cel_diagnosis *why,
                            struct mr_error *err);

struct mr_cel_group;
struct cel_branch;
struct cel_run;

/* Programs that are evaluated over the same rows, and may share what they have in common: it is
 * computed once a row. The group and its programs lie in arena; env is copied. NULL: no room. */
struct mr_cel_group *mr_cel_group_new(const struct mr_cel_env *env, struct mr_arena *arena);
/* As mr_cel_compile. */
enum mr_code mr_cel_group_compile(struct mr_cel_group *group, struct mr_span source,
                                  const struct mr_cel_type *wanted,
                                  const struct mr_cel_program **program,
                                  struct mr_cel_diagnosis *why, struct mr_error *err);
/* Once, when all programs are compiled: in how many slots they keep what they share. */
uint32_t mr_cel_group_find(struct mr_cel_group *group);
/* Then, unless there is none: compiles them to use so many slots from first_slot on. From now on
 * rows are not constants: these slots are null when a row is new and the programs' own after that,
 * and a row is for one thread at a time. */
enum mr_code mr_cel_group_share(struct mr_cel_group *group, uint32_t first_slot,
                                struct mr_error *err);

struct mr_cel_type mr_cel_program_type(const struct mr_cel_program *program);
/* The source, normalised by the printer: what parse(print(x)) == x holds for. */
const char *mr_cel_program_text(const struct mr_cel_program *program);

/* The operands of a top-level chain of +, each normalised, in order: how `check` sees whether a
 * key contains the fields that place a record in its partition. One part: no chain. */
size_t mr_cel_program_parts(const struct mr_cel_program *program, const char *const **parts);

/* Compiled evaluation. Values that are made on the way (concatenations, lists) lie in scratch.
 * Never fails otherwise than by returning MR_KIND_ERROR. */
struct mr_value mr_cel_eval(const struct mr_cel_program *program, const struct mr_value *slots,
                            struct mr_arena *scratch);

/* The same by the boxed reference evaluator, which passes the conformance suite and is the oracle
 * for mr_cel_eval. */
struct mr_value mr_cel_eval_reference(const struct mr_cel_program *program,
                                      const struct mr_value *slots, struct mr_arena *scratch);

/* The head of a program, for mr_cel_holds() alone: going through a function of ours takes as long
 * as a test does. */
struct mr_cel_head {
    /* 1, 0, or 2: cannot say. NULL: the condition looks at more than slots, or is none. */
    int (*go)(const struct cel_branch *branch, const struct mr_value *slots, struct cel_run *run);
    const struct cel_branch *branch;
};
int mr_cel_holds_anyhow(const struct mr_cel_program *program, const struct mr_value *slots,
                        struct mr_arena *scratch);

/* Whether a condition holds: 1 true, 0 false, -1 anything else (an error, a non-bool). */
static inline int mr_cel_holds(const struct mr_cel_program *program, const struct mr_value *slots,
                               struct mr_arena *scratch)
{
    const struct mr_cel_head *head = (const struct mr_cel_head *)program;
    const int truth = head->go != NULL ? head->go(head->branch, slots, NULL) : 2;

    return truth < 2 ? truth : mr_cel_holds_anyhow(program, slots, scratch);
}

/* Tells an evaluation step by step, for people: visit gets every part of the expression that was
 * evaluated (of ?: the branch taken, of a loop its range), inner parts first, with its depth, its
 * text and its value, which live until visit returns. By the reference evaluator. */
typedef void (*mr_cel_visit)(void *context, uint32_t depth, const char *text,
                             struct mr_value value);
void mr_cel_explain(const struct mr_cel_program *program, const struct mr_value *slots,
                    struct mr_arena *scratch, mr_cel_visit visit, void *context);
/* Any value as text, an error as its word; NULL: no room. */
const char *mr_cel_value_text(struct mr_value value, struct mr_arena *arena);

/* Of an MR_KIND_ERROR: literal, few distinct values, fit for a metric label ("overflow"). */
const char *mr_cel_fault_text(struct mr_value error);
/* "int", "string", "list(grocery.Item)", "wrapper(double)": for messages. */
const char *mr_cel_type_text(const struct mr_cel_type *type, struct mr_arena *arena);

#endif
