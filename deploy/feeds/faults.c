#include "deploy/feeds/faults.h"

enum { STREAM_PLAN = 300, STREAM_VANISH = 301 };

#define FIRST_FAULTY_PUBLICATION 3U /* what is usual can be learnt before */
#define OUTAGE_PUBLICATIONS 3U
#define PUBLICATIONS_MIN (FIRST_FAULTY_PUBLICATION + OUTAGE_PUBLICATIONS + 2)
#define NEVER UINT32_MAX

/* A store by its chain's place in the catalogue's table and its own, counted from one that is
 * drawn. */
struct spot {
    uint32_t chain, store;
};

/* No two in one feed. One whose file is cut must always be gzip, and the one with the broken byte
 * be UTF-8. */
static const struct {
    enum mr_mark mark;
    struct spot spot;
} events[MR_EVENT_COUNT] = {
    {MR_MARK_HTML_PAGE, {0, 0}},    {MR_MARK_TRUNCATED_GZ, {0, 1}}, {MR_MARK_EMPTY_FEED, {1, 0}},
    {MR_MARK_HTML_PAGE, {1, 1}},    {MR_MARK_TRUNCATED_GZ, {2, 0}}, {MR_MARK_TRUNCATED_GZ, {2, 1}},
    {MR_MARK_INVALID_UTF8, {3, 0}}, {MR_MARK_EMPTY_FEED, {4, 1}},
};
static const struct spot silences[MR_SILENCE_COUNT] = {{0, 2}, {3, 1}, {4, 0}};
/* Of the last chain, whose stores share a feed, one. */
static const struct spot vanishings[] = {{1, 2}, {2, 2}, {5, 0}};

/* The first store of a chain as far as faults are concerned. */
static uint32_t base_of(const struct mr_world *world, uint32_t chain)
{
    struct mr_dice dice = mr_dice_of(world->config.seed, STREAM_PLAN + 10 + chain);

    return mr_dice_below(&dice, world->chains[chain].store_count);
}

static uint32_t store_of(const struct mr_world *world, struct spot spot)
{
    return (base_of(world, spot.chain) + spot.store) % world->chains[spot.chain].store_count;
}

static uint32_t feed_of(const struct mr_world *world, struct spot spot)
{
    uint32_t first = 0;

    while (world->feeds[first].chain_index != spot.chain) {
        first++;
    }
    return first + store_of(world, spot);
}

static bool has_outages(const struct mr_world *world)
{
    return world->config.fault_ppm > 0 && world->publication_count >= PUBLICATIONS_MIN;
}

/* So that two publications follow that show it. */
static uint32_t draw_outage(const struct mr_world *world, struct mr_dice *dice)
{
    return (uint32_t)mr_dice_between(dice, FIRST_FAULTY_PUBLICATION,
                                     (int64_t)world->publication_count -
                                         (int64_t)OUTAGE_PUBLICATIONS - 1);
}

struct mr_fault_plan mr_fault_plan_of(const struct mr_world *world)
{
    struct mr_dice dice = mr_dice_of(world->config.seed, STREAM_PLAN);
    struct mr_fault_plan plan = {.row_ppm = world->config.fault_ppm};
    const uint32_t last = world->publication_count - 2; /* another one tells that it was missed */
    const bool has_events =
        plan.row_ppm > 0 && world->publication_count >= 2 && last >= FIRST_FAULTY_PUBLICATION;

    for (unsigned i = 0; i < MR_EVENT_COUNT; i++) {
        plan.events[i].mark = events[i].mark;
        plan.events[i].feed = feed_of(world, events[i].spot);
        plan.events[i].publication =
            has_events ? (uint32_t)mr_dice_between(&dice, FIRST_FAULTY_PUBLICATION, last) : NEVER;
    }
    for (unsigned i = 0; i < MR_SILENCE_COUNT; i++) {
        const uint32_t from = has_outages(world) ? draw_outage(world, &dice) : NEVER;

        plan.silences[i].feed = feed_of(world, silences[i]);
        plan.silences[i].from = from;
        plan.silences[i].until = from == NEVER ? NEVER : from + OUTAGE_PUBLICATIONS;
    }
    return plan;
}

static void hide_some(const struct mr_world *world, struct mr_store *store, struct mr_dice *dice)
{
    const uint32_t from = draw_outage(world, dice);
    const bool is_for_good = mr_dice_hits(dice, 300000);
    const uint32_t most = store->listing_count / 3;
    const uint32_t drawn = (uint32_t)mr_dice_between(dice, 6, 14);
    const uint32_t count = drawn < most ? drawn : most;

    for (uint32_t i = 0; i < count; i++) {
        struct mr_listing *listing = &store->listings[mr_dice_below(dice, store->listing_count)];

        listing->gone_from = from; /* one that is drawn twice is gone once */
        listing->gone_until = is_for_good ? world->publication_count : from + OUTAGE_PUBLICATIONS;
    }
}

void mr_fault_vanish(struct mr_world *world)
{
    struct mr_dice dice = mr_dice_of(world->config.seed, STREAM_VANISH);

    for (unsigned i = 0; has_outages(world) && i < MR_COUNT(vanishings); i++) {
        struct mr_chain *chain = &world->chains[vanishings[i].chain];

        hide_some(world, &chain->stores[store_of(world, vanishings[i])], &dice);
    }
}

bool mr_fault_is_silent(const struct mr_fault_plan *plan, uint32_t feed, uint32_t publication,
                        uint32_t *until)
{
    for (unsigned i = 0; i < MR_SILENCE_COUNT; i++) {
        if (plan->silences[i].feed == feed && publication >= plan->silences[i].from &&
            publication < plan->silences[i].until) {
            *until = plan->silences[i].until;
            return true;
        }
    }
    return false;
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
