#include "deploy/feeds/faults.h"

enum { STREAM_PLAN = 300 };

#define FIRST_FAULTY_PUBLICATION 2U
#define NEVER UINT32_MAX

/* Chains by their place in the catalogue's table, one for each event: no two can meet in a file.
 * The one whose file is cut must always be gzip, and the one with the broken byte be UTF-8. */
static const struct {
    enum mr_mark mark;
    uint32_t chain;
} events[MR_EVENT_COUNT] = {
    {MR_MARK_HTML_PAGE, 0},
    {MR_MARK_EMPTY_FEED, 1},
    {MR_MARK_TRUNCATED_GZ, 2},
    {MR_MARK_INVALID_UTF8, 3},
};

static uint32_t pick_feed(const struct mr_world *world, uint32_t chain, struct mr_dice *dice)
{
    uint32_t first = 0;

    while (world->feeds[first].chain_index != chain) {
        first++;
    }
    return first + mr_dice_below(dice, world->chains[chain].store_count);
}

struct mr_fault_plan mr_fault_plan_of(const struct mr_world *world)
{
    struct mr_dice dice = mr_dice_of(world->config.seed, STREAM_PLAN);
    struct mr_fault_plan plan = {.row_ppm = world->config.fault_ppm};
    const bool has_events = plan.row_ppm > 0 && world->publication_count > FIRST_FAULTY_PUBLICATION;

    for (unsigned i = 0; i < MR_EVENT_COUNT; i++) {
        plan.events[i].mark = events[i].mark;
        plan.events[i].feed = pick_feed(world, events[i].chain, &dice);
        plan.events[i].publication =
            has_events ? (uint32_t)mr_dice_between(&dice, FIRST_FAULTY_PUBLICATION,
                                                   (int64_t)world->publication_count - 1)
                       : NEVER;
    }
    return plan;
}

static enum mr_mark event_at(const struct mr_fault_plan *plan, uint32_t feed, uint32_t publication)
{
    for (unsigned i = 0; i < MR_EVENT_COUNT; i++) {
        if (plan->events[i].feed == feed && plan->events[i].publication == publication) {
            return plan->events[i].mark;
        }
    }
    return MR_MARK_NONE;
}

enum mr_mark mr_fault_of_file(const struct mr_fault_plan *plan, uint32_t feed, uint32_t publication)
{
    const enum mr_mark mark = event_at(plan, feed, publication);

    return mark == MR_MARK_INVALID_UTF8 ? MR_MARK_NONE : mark;
}

bool mr_fault_breaks_byte(const struct mr_fault_plan *plan, uint32_t feed, uint32_t publication)
{
    return event_at(plan, feed, publication) == MR_MARK_INVALID_UTF8;
}

enum mr_flaw mr_fault_of_row(const struct mr_fault_plan *plan, struct mr_dice *dice)
{
    const uint32_t drawn = mr_dice_below(dice, 1000000);

    if (drawn < plan->row_ppm) {
        return (enum mr_flaw)mr_dice_between(dice, MR_FLAW_NO_CODE, MR_FLAW_ZERO);
    }
    if (drawn < 2 * plan->row_ppm) {
        return (enum mr_flaw)mr_dice_between(dice, MR_FLAW_REPEAT, MR_FLAW_CONFLICT);
    }
    return MR_FLAW_NONE;
}

enum mr_mark mr_flaw_mark(enum mr_flaw flaw)
{
    switch (flaw) {
    case MR_FLAW_NONE:
        return MR_MARK_NONE;
    case MR_FLAW_BYTE:
        return MR_MARK_INVALID_UTF8;
    case MR_FLAW_REPEAT:
    case MR_FLAW_CONFLICT:
        return MR_MARK_DUPLICATE_ROW;
    default:
        return MR_MARK_BAD_ROW;
    }
}
