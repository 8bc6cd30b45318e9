#include "deploy/feeds/market.h"

#define LEARNING_PUBLICATIONS 2U /* shown so often before the first price fault */
#define REST_PUBLICATIONS 7U     /* from one price fault of a listing to its next */
#define STAY_PPM 140000U
#define MILLION 1000000U

static void set_price(struct mr_listing *listing, int64_t agorot, const struct mr_turn *turn)
{
    if (agorot != listing->agorot) {
        listing->agorot = agorot;
        listing->updated_s = turn->time_s - mr_dice_between(turn->dice, 60, turn->slot_s / 4 - 1);
    }
}

/* At least one step of the shop's grid up or down, if the price has room for it. */
static int64_t step_price(int64_t agorot, int64_t percent)
{
    const int64_t wanted = mr_price_round(agorot * (100 + percent) / 100);
    const int64_t grid = agorot >= 2000 ? 100 : agorot >= 500 ? 50 : 10;

    if (wanted != agorot) {
        return wanted;
    }
    return mr_price_round(percent > 0 ? agorot + grid : agorot - grid);
}

static void begin_promotion(struct mr_listing *listing, int64_t percent, const struct mr_turn *turn)
{
    listing->regular = listing->agorot;
    listing->promotion_left = (uint8_t)mr_dice_between(turn->dice, 2, 5);
    set_price(listing, step_price(listing->agorot, -percent), turn);
}

static void change_price(struct mr_listing *listing, const struct mr_turn *turn)
{
    const uint32_t kind = mr_dice_below(turn->dice, 100);

    if (kind < 66) {
        set_price(listing, step_price(listing->agorot, mr_dice_between(turn->dice, 2, 7)), turn);
    } else if (kind < 76) {
        set_price(listing, step_price(listing->agorot, -mr_dice_between(turn->dice, 2, 6)), turn);
    } else if (kind < 98) {
        begin_promotion(listing, mr_dice_between(turn->dice, 10, 35), turn);
    } else {
        begin_promotion(listing, 50, turn);
    }
}

static int64_t slip_decimal(int64_t agorot, struct mr_dice *dice)
{
    const uint32_t kind = mr_dice_below(dice, 3);

    if (kind == 0 && agorot >= 2000) {
        return (agorot + 50) / 100;
    }
    if ((kind == 1 && agorot >= 500) || agorot >= 10000) {
        return (agorot + 5) / 10;
    }
    return agorot * 100;
}

/* The price of a kilo where that of 100 grams belongs, or the other way round. */
static int64_t swap_unit(struct mr_listing *listing)
{
    const enum mr_measure measure = listing->product->measure;
    const bool is_large = measure == MR_MEASURE_KILO || measure == MR_MEASURE_LITRE;

    listing->is_swapped = true;
    return is_large ? (listing->agorot + 5) / 10 : listing->agorot * 10;
}

static enum mr_mark draw_fault(const struct mr_listing *listing, const struct mr_turn *turn)
{
    const bool has_unit = listing->product->measure != MR_MEASURE_PIECE;
    const uint32_t drawn = mr_dice_below(turn->dice, MILLION);

    if (drawn < turn->fault_ppm) {
        return MR_MARK_PRICE_X10;
    }
    if (drawn < 2 * turn->fault_ppm) {
        return MR_MARK_DECIMAL_SLIP;
    }
    if (drawn < 3 * turn->fault_ppm && has_unit && !listing->is_swapped) {
        return MR_MARK_UNIT_SWAPPED;
    }
    return MR_MARK_NONE;
}

static int64_t faulty_price(enum mr_mark mark, struct mr_listing *listing, struct mr_dice *dice)
{
    switch (mark) {
    case MR_MARK_PRICE_X10:
        return listing->agorot * 10;
    case MR_MARK_DECIMAL_SLIP:
        return slip_decimal(listing->agorot, dice);
    default:
        return swap_unit(listing);
    }
}

static enum mr_mark plant_fault(struct mr_listing *listing, const struct mr_turn *turn)
{
    const bool is_resting =
        listing->is_faulted && turn->publication - listing->faulted_at < REST_PUBLICATIONS;
    enum mr_mark mark;

    if (listing->shown < LEARNING_PUBLICATIONS || is_resting) {
        return MR_MARK_NONE;
    }
    mark = draw_fault(listing, turn);
    if (mark == MR_MARK_NONE) {
        return MR_MARK_NONE;
    }
    listing->before = listing->agorot;
    listing->is_faulted = true;
    listing->faulted_at = turn->publication;
    set_price(listing, faulty_price(mark, listing, turn->dice), turn);
    listing->is_faulty = !mr_dice_hits(turn->dice, STAY_PPM);
    if (!listing->is_faulty) {
        listing->promotion_left = 0; /* its end would put the price right */
    }
    return mark;
}

static enum mr_mark judge_change(int64_t before, int64_t after)
{
    const int64_t difference = after > before ? after - before : before - after;

    return difference * 5 >= before ? MR_MARK_NATURAL_CHANGE : MR_MARK_NONE;
}

struct mr_move mr_market_move(struct mr_listing *listing, const struct mr_turn *turn)
{
    struct mr_move move = {.before = listing->agorot};

    if (listing->is_faulty) {
        listing->is_faulty = false;
        listing->is_swapped = false;
        set_price(listing, listing->before, turn);
        move.mark = MR_MARK_FAULT_RETURN;
    } else if (listing->promotion_left > 0 && --listing->promotion_left == 0) {
        set_price(listing, listing->regular, turn);
        move.mark = judge_change(move.before, listing->agorot);
    } else if (listing->promotion_left == 0 && mr_dice_hits(turn->dice, turn->change_ppm)) {
        change_price(listing, turn);
        move.mark = judge_change(move.before, listing->agorot);
    } else if (turn->fault_ppm > 0) {
        move.mark = plant_fault(listing, turn);
    }
    move.is_changed = listing->agorot != move.before;
    return move;
}
