/* An evaluation told step by step: the tree as it was checked, walked beside the tree as it was
 * written, which still has the names. */
#include "processors/core/cel/parse.h"
#include "processors/core/cel/print.h"
#include "processors/core/cel/program.h"
#include "processors/core/cel/reference.h"
#include "processors/core/cel/value_text.h"

struct teller {
    struct cel_run *run;
    mr_cel_visit visit;
    void *context;
};

static void tell(struct teller *self, const struct cel_node *node, const struct cel_node *written,
                 uint32_t depth);

/* The arguments; math.abs(x) was written as if math were its receiver. */
static void tell_args(struct teller *self, const struct cel_node *node,
                      const struct cel_node *written, uint32_t depth)
{
    const uint32_t moved = written->arg_count - node->arg_count;
    /* A loop's body has no value of its own: it has one for each item. */
    const uint32_t count =
        node->kind == CEL_NODE_LOOP || node->kind == CEL_NODE_OPT_MAP ? 1 : node->arg_count;

    for (uint32_t i = 0; i < count; i++) {
        tell(self, node->args[i], written->args[i + moved], depth);
        if (node->kind == CEL_NODE_BIND && i == 0) {
            self->run->locals[node->index] = cel_reference(self->run, node->args[0]);
        }
    }
}

static void tell_choice(struct teller *self, const struct cel_node *node,
                        const struct cel_node *written, uint32_t depth)
{
    const struct mr_value condition = cel_reference(self->run, node->args[0]);
    const uint32_t chosen = condition.number != 0 ? 1 : 2;

    tell(self, node->args[0], written->args[0], depth);
    if (condition.kind == MR_KIND_BOOL) {
        tell(self, node->args[chosen], written->args[chosen], depth);
    }
}

static void tell(struct teller *self, const struct cel_node *node, const struct cel_node *written,
                 uint32_t depth)
{
    const size_t mark = mr_arena_mark(self->run->arena);
    const char *text = cel_print(written, self->run->arena);

    if (node->kind == CEL_NODE_LITERAL || text == NULL) {
        return;
    }
    if (node->kind == CEL_NODE_IF) {
        tell_choice(self, node, written, depth + 1);
    } else if (node->arg_count <= written->arg_count) {
        tell_args(self, node, written, depth + 1);
    }
    self->run->fuel = MR_CEL_FUEL;
    self->run->iterations = MR_CEL_ITERATIONS_MAX;
    self->visit(self->context, depth, text, cel_reference(self->run, node));
    if (node->kind != CEL_NODE_BIND) { /* the value of a local must outlive its body */
        mr_arena_release(self->run->arena, mark);
    }
}

void mr_cel_explain(const struct mr_cel_program *program, const struct mr_value *slots,
                    struct mr_arena *scratch, mr_cel_visit visit, void *context)
{
    struct mr_cel_diagnosis why;
    struct cel_source source = {.text = mr_span_text(program->text), .arena = scratch, .why = &why};
    struct cel_run run = {
        .slots = slots, .arena = scratch, .fuel = MR_CEL_FUEL, .iterations = MR_CEL_ITERATIONS_MAX};
    struct teller self = {.run = &run, .visit = visit, .context = context};
    const struct cel_node *written =
        cel_parse(&source, program->has_macros ? CEL_MACROS_ON : CEL_MACROS_OFF);

    if (written != NULL) {
        tell(&self, program->root, written, 0);
    }
}

const char *mr_cel_value_text(struct mr_value value, struct mr_arena *arena)
{
    struct cel_run run = {.arena = arena, .fuel = MR_CEL_FUEL};
    struct mr_value text;

    if (value.kind == MR_KIND_ERROR) {
        return mr_cel_fault_text(value);
    }
    text = cel_value_text(&run, &value);
    return text.kind == MR_KIND_STRING ? mr_arena_text(arena, mr_value_span(&text))
                                       : cel_kind_name(&value);
}
