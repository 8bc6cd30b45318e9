/* The public face: from source to a program, and its evaluation. */
#include "processors/core/cel/program.h"

#include "processors/core/cel/check.h"
#include "processors/core/cel/parse.h"
#include "processors/core/cel/print.h"
#include "processors/core/cel/reference.h"
#include "processors/core/cel/share.h"

#include <string.h>

static size_t count_parts(const struct cel_node *node)
{
    const bool is_sum = node->kind == CEL_NODE_CALL && mr_span_is(node->name, "_+_");

    return is_sum ? count_parts(node->args[0]) + count_parts(node->args[1]) : 1;
}

static bool print_parts(const struct cel_node *node, struct mr_arena *arena, const char ***next)
{
    if (count_parts(node) > 1) {
        return print_parts(node->args[0], arena, next) && print_parts(node->args[1], arena, next);
    }
    **next = cel_print(node, arena);
    return *(*next)++ != NULL;
}

/* Before the checker writes into the tree. */
static bool print_all(struct mr_cel_program *program, const struct cel_node *root,
                      struct mr_arena *arena)
{
    const char **next;

    program->part_count = count_parts(root);
    program->parts = mr_arena_take(arena, program->part_count, sizeof(*program->parts));
    program->text = cel_print(root, arena);
    next = program->parts;
    return program->text != NULL && next != NULL && print_parts(root, arena, &next);
}

static bool has_wanted_type(struct cel_source *source, const struct cel_type *type,
                            const struct mr_cel_type *wanted, struct cel_infer *infer)
{
    const struct cel_type *to;

    if (wanted == NULL || wanted->kind == MR_CEL_DYN) {
        return true;
    }
    to = cel_type_import(source, wanted);
    if (to == NULL) {
        return false;
    }
    if (type->kind != MR_CEL_DYN && cel_infer_assign(infer, to, type) &&
        (to->is_nullable || (!type->is_nullable && type->kind != MR_CEL_NULL))) {
        return true;
    }
    cel_source_report(source, 0, "the result must be %s, not %s", cel_type_print(to, source->arena),
                      cel_type_print(type, source->arena));
    if (type->is_nullable) {
        cel_source_hint(source, "it can be null: compare with null first, x != null ? x : ...");
    } else if (to->kind == MR_CEL_DOUBLE && type->kind == MR_CEL_INT) {
        cel_source_hint(source, "int is not double: write 1.0 for 1, or double(x)");
    } else if (type->kind == MR_CEL_DYN || to->kind == MR_CEL_STRING) {
        cel_source_hint(source, "convert it: %s(x)", cel_type_print(to, source->arena));
    }
    return false;
}

static enum mr_code refuse(const struct cel_source *source, struct mr_error *err)
{
    const struct mr_cel_diagnosis *why = source->why;
    const enum mr_code code = source->has_no_room ? MR_NO_ROOM : MR_BAD_CONFIG;

    if (why->hint[0] != '\0') {
        return MR_FAIL(err, code, "%d:%d: %s (%s)", why->line, why->column, why->text, why->hint);
    }
    return MR_FAIL(err, code, "%d:%d: %s", why->line, why->column, why->text);
}

bool cel_program_compile(struct mr_cel_program *program, struct cel_source *source,
                         uint32_t first_share)
{
    const struct cel_op *op = cel_compile_tree(source, program->root, first_share);
    bool is_plain = false;

    program->is_condition = program->type->kind == MR_CEL_BOOL && !program->type->is_nullable;
    if (op != NULL) {
        program->op = op;
        program->branch = cel_branch_grow(source, op, program->is_condition, &is_plain);
    }
    if (is_plain) {
        program->head = (struct mr_cel_head){program->branch->go, program->branch};
    }
    return op != NULL && !source->has_failed;
}

static bool build(struct mr_cel_program *program, struct cel_check *check)
{
    struct cel_source *source = check->source;
    struct cel_node *root =
        cel_parse(source, check->dialect->has_no_macros ? CEL_MACROS_OFF : CEL_MACROS_ON);

    if (root == NULL) {
        return false;
    }
    if (!print_all(program, root, source->arena)) {
        (void)cel_source_take(source, SIZE_MAX, 1);
        return false;
    }
    program->root = root;
    program->has_macros = !check->dialect->has_no_macros;
    program->type = cel_check_tree(check, root);
    if (program->type == NULL ||
        !has_wanted_type(source, program->type, check->dialect->wanted, &check->infer) ||
        !cel_type_export(program->type, source->arena, &program->public_type)) {
        return false;
    }
    return cel_program_compile(program, source, 0);
}

enum mr_code mr_cel_compile_dialect(const struct mr_cel_dialect *dialect, struct mr_span text,
                                    struct mr_arena *arena, const struct mr_cel_program **program,
                                    struct mr_cel_diagnosis *why, struct mr_error *err)
{
    struct mr_cel_diagnosis unasked;
    struct cel_source source = {.arena = arena, .why = why == NULL ? &unasked : why};
    struct cel_check *check = mr_arena_take(arena, 1, sizeof(*check));
    struct mr_cel_program *made = mr_arena_take(arena, 1, sizeof(*made));

    memset(source.why, 0, sizeof(*source.why));
    source.text = mr_arena_copy(arena, text);
    if (check == NULL || made == NULL || (text.size > 0 && source.text.data == NULL)) {
        return MR_FAIL(err, MR_NO_ROOM, "no room left to compile the expression");
    }
    *check = (struct cel_check){.source = &source,
                                .env = dialect->env,
                                .dialect = dialect,
                                .infer.source = &source,
                                .err = err};
    if (!build(made, check)) {
        return check->bind_code != MR_OK ? check->bind_code : refuse(&source, err);
    }
    if (dialect->group != NULL) {
        cel_group_add(dialect->group, made);
    }
    *program = made;
    return MR_OK;
}

/* NOLINTNEXTLINE(readability-function-size): the contract's own arguments, one more than usual. */
enum mr_code mr_cel_compile(const struct mr_cel_env *env, struct mr_span source,
                            const struct mr_cel_type *wanted, struct mr_arena *arena,
                            const struct mr_cel_program **program, struct mr_cel_diagnosis *why,
                            struct mr_error *err)
{
    const struct mr_cel_dialect strict = {.env = env, .wanted = wanted};

    return mr_cel_compile_dialect(&strict, source, arena, program, why, err);
}

enum mr_code mr_cel_group_compile(struct mr_cel_group *group, struct mr_span source,
                                  const struct mr_cel_type *wanted,
                                  const struct mr_cel_program **program,
                                  struct mr_cel_diagnosis *why, struct mr_error *err)
{
    const struct mr_cel_dialect strict = {.env = &group->env, .wanted = wanted, .group = group};

    return mr_cel_compile_dialect(&strict, source, group->arena, program, why, err);
}

struct mr_cel_type mr_cel_program_type(const struct mr_cel_program *program)
{
    return program->public_type;
}

const char *mr_cel_program_type_text(const struct mr_cel_program *program, struct mr_arena *arena)
{
    return cel_type_print(program->type, arena);
}

const char *mr_cel_program_text(const struct mr_cel_program *program)
{
    return program->text;
}

size_t mr_cel_program_parts(const struct mr_cel_program *program, const char *const **parts)
{
    *parts = program->parts;
    return program->part_count;
}

/* Locals are written before they are read, so they are not cleared. */
static void start(struct cel_run *run, const struct mr_value *slots, struct mr_arena *scratch)
{
    run->slots = slots;
    run->arena = scratch;
    run->fuel = MR_CEL_FUEL;
    run->iterations = MR_CEL_ITERATIONS_MAX;
    run->prepared = NULL;
    run->fault = 0;
}

struct mr_value mr_cel_eval_reference(const struct mr_cel_program *program,
                                      const struct mr_value *slots, struct mr_arena *scratch)
{
    struct cel_run run;

    start(&run, slots, scratch);
    return cel_reference(&run, program->root);
}

/* Walks the graph of a condition; where that is not sure, asks the ops: 1, 0, or CEL_TRUTH_FAULT
 * with the fault in the run. Nothing is kept over the walk, which is most of the work. */
static inline int decide(const struct mr_cel_program *program, struct cel_run *run,
                         const struct mr_value *slots, struct mr_arena *scratch)
{
    int truth;

    start(run, slots, scratch);
    run->op = program->op;
    truth = program->branch->go(program->branch, slots, run);
    if (truth == CEL_UNSURE) {
        start(run, run->slots, run->arena);
        truth = run->op->truth(run->op, run);
    }
    return truth;
}

struct mr_value mr_cel_eval(const struct mr_cel_program *program, const struct mr_value *slots,
                            struct mr_arena *scratch)
{
    struct cel_run run;
    int truth;

    if (!program->is_condition) {
        start(&run, slots, scratch);
        return program->op->value(program->op, &run);
    }
    truth = decide(program, &run, slots, scratch);
    return truth == CEL_TRUTH_FAULT ? cel_op_take_fault(&run) : mr_value_bool(truth == 1);
}

int mr_cel_holds_anyhow(const struct mr_cel_program *program, const struct mr_value *slots,
                        struct mr_arena *scratch)
{
    struct cel_run run;
    const int truth = decide(program, &run, slots, scratch);

    return truth == CEL_TRUTH_FAULT ? -1 : truth;
}

const char *mr_cel_fault_text(struct mr_value error)
{
    static const char *const words[] = {
#define FAULT_WORDS(name, words) [name] = (words),
        MR_CEL_FAULTS(FAULT_WORDS)
#undef FAULT_WORDS
    };

    return error.kind == MR_KIND_ERROR && error.positive < MR_CEL_FAULT_COUNT
               ? words[error.positive]
               : "not_an_error";
}

const char *mr_cel_type_text(const struct mr_cel_type *type, struct mr_arena *arena)
{
    struct mr_cel_diagnosis why;
    struct cel_source source = {.arena = arena, .why = &why};
    const struct cel_type *imported = cel_type_import(&source, type);

    return imported == NULL ? "dyn" : cel_type_print(imported, arena);
}
