/* price_by_hand.h - what one would write in C to decode bench_avro's one schema, and only that,
 * with every bound checked: the yardstick of its decode_vs_hand. */
#ifndef MR_BENCHMARKS_PRICE_BY_HAND_H
#define MR_BENCHMARKS_PRICE_BY_HAND_H

#include "processors/core/base/span.h"

#include <string.h>

struct price {
    struct mr_span chain_id, store_id, item_code, name, maker;
    double price, unit_price, quantity;
    int64_t unit, line, update_time;
    bool is_weighted, has_quantity, has_maker;
};

struct hand {
    const uint8_t *at, *end;
    bool is_bad;
};

static inline int64_t hand_long(struct hand *hand)
{
    uint64_t bits = 0;

    for (unsigned shift = 0; shift < 70; shift += 7) {
        uint8_t byte;

        if (hand->at == hand->end) {
            break;
        }
        byte = *hand->at++;
        bits |= (uint64_t)(byte & 0x7f) << (shift < 63 ? shift : 63);
        if (byte < 0x80) {
            return (int64_t)(bits >> 1 ^ (0 - (bits & 1)));
        }
    }
    hand->is_bad = true;
    return 0;
}

static inline struct mr_span hand_text(struct hand *hand)
{
    const int64_t size = hand_long(hand);
    struct mr_span text = {hand->at, (size_t)size};

    if (size < 0 || size > hand->end - hand->at) {
        hand->is_bad = true;
        return (struct mr_span){0};
    }
    hand->at += size;
    hand->is_bad |= !mr_utf8_is_valid(text);
    return text;
}

static inline double hand_double(struct hand *hand)
{
    double real;

    if (hand->end - hand->at < 8) {
        hand->is_bad = true;
        return 0;
    }
    memcpy(&real, hand->at, 8);
    hand->at += 8;
    return real;
}

static inline bool hand_price(struct mr_span datum, struct price *price)
{
    struct hand hand = {datum.data, datum.data + datum.size, false};

    price->chain_id = hand_text(&hand);
    price->store_id = hand_text(&hand);
    price->item_code = hand_text(&hand);
    price->name = hand_text(&hand);
    price->unit = hand_long(&hand);
    price->price = hand_double(&hand);
    price->unit_price = hand_double(&hand);
    price->has_quantity = hand_long(&hand) == 1;
    price->quantity = price->has_quantity ? hand_double(&hand) : 0;
    price->is_weighted = hand_long(&hand) != 0;
    price->line = hand_long(&hand);
    price->update_time = hand_long(&hand);
    price->has_maker = hand_long(&hand) == 1;
    price->maker = price->has_maker ? hand_text(&hand) : (struct mr_span){0};
    return !hand.is_bad && price->unit >= 0 && price->unit < 3;
}

#endif
