#include "deploy/feeds/columns.h"

#include "deploy/feeds/calendar.h"

#include <inttypes.h>

void mr_put_updated(struct mr_ink *value, const struct mr_row *row)
{
    mr_calendar_put(value, row->listing->updated_s, row->dialect->time_format);
}

void mr_put_code(struct mr_ink *value, const struct mr_row *row)
{
    if (row->flaw != MR_FLAW_NO_CODE) {
        mr_ink_text(value, row->listing->product->code);
    }
}

void mr_put_type(struct mr_ink *value, const struct mr_row *row)
{
    mr_ink_text(value, row->listing->product->is_weighted ? "0" : "1");
}

void mr_put_name(struct mr_ink *value, const struct mr_row *row)
{
    const struct mr_product *product = row->listing->product;

    mr_ink_text(value, product->stem);
    if (row->flaw == MR_FLAW_BYTE) {
        mr_ink_byte(value, 0xD7); /* the first half of any Hebrew letter */
    }
    if (product->size[0] != '\0') {
        mr_ink_text(value, product->id % 64 == 5 ? row->dialect->size_gap : " ");
        mr_ink_text(value, product->size);
    }
}

static void put_known(struct mr_ink *value, const char *text, const struct mr_row *row)
{
    mr_ink_text(value, text ? text : row->dialect->unknown);
}

void mr_put_maker(struct mr_ink *value, const struct mr_row *row)
{
    put_known(value, row->listing->product->maker, row);
}

void mr_put_country(struct mr_ink *value, const struct mr_row *row)
{
    const struct mr_country *country = row->listing->product->country;

    put_known(value, country ? country->name : NULL, row);
}

void mr_put_country_code(struct mr_ink *value, const struct mr_row *row)
{
    const struct mr_country *country = row->listing->product->country;

    put_known(value, country ? country->code : NULL, row);
}

/* The unit that the row claims. */
static enum mr_measure claimed_measure(const struct mr_listing *listing)
{
    static const enum mr_measure swapped[MR_MEASURE_COUNT] = {
        [MR_MEASURE_PIECE] = MR_MEASURE_PIECE,   [MR_MEASURE_100_GRAM] = MR_MEASURE_KILO,
        [MR_MEASURE_KILO] = MR_MEASURE_100_GRAM, [MR_MEASURE_100_ML] = MR_MEASURE_LITRE,
        [MR_MEASURE_LITRE] = MR_MEASURE_100_ML,
    };
    const enum mr_measure measure = listing->product->measure;

    return listing->is_swapped ? swapped[measure] : measure;
}

void mr_put_units(struct mr_ink *value, const struct mr_row *row)
{
    mr_ink_text(value, mr_measure_words[row->listing->product->measure].units);
}

void mr_put_unit(struct mr_ink *value, const struct mr_row *row)
{
    mr_ink_text(value, mr_measure_words[row->listing->product->measure].unit);
}

void mr_put_per(struct mr_ink *value, const struct mr_row *row)
{
    mr_ink_text(value, mr_measure_words[claimed_measure(row->listing)].per);
}

void mr_put_quantity(struct mr_ink *value, const struct mr_row *row)
{
    const struct mr_product *product = row->listing->product;
    const bool is_large =
        product->measure == MR_MEASURE_KILO || product->measure == MR_MEASURE_LITRE;

    mr_ink_price(value, is_large ? product->amount / 10 : product->amount * 100);
}

void mr_put_weighted(struct mr_ink *value, const struct mr_row *row)
{
    mr_ink_text(value, row->listing->product->is_weighted ? "1" : "0");
}

void mr_put_unknown(struct mr_ink *value, const struct mr_row *row)
{
    mr_ink_text(value, row->dialect->unknown);
}

/* In hundredths of an agora, rounded half up. */
static int64_t unit_price(const struct mr_row *row)
{
    static const int64_t amount_of[MR_MEASURE_COUNT] = {1, 100, 1000, 100, 1000};
    const int64_t amount = row->listing->product->amount;
    const int64_t price = row->agorot * 100 * amount_of[claimed_measure(row->listing)];

    return (price + amount / 2) / amount;
}

void mr_put_unit_price(struct mr_ink *value, const struct mr_row *row)
{
    const int64_t price = unit_price(row);

    mr_ink_print(value, "%" PRId64 ".%04" PRId64, price / 10000, price % 10000);
}

void mr_put_unit_price_short(struct mr_ink *value, const struct mr_row *row)
{
    mr_ink_price(value, (unit_price(row) + 50) / 100);
}

void mr_put_discountable(struct mr_ink *value, const struct mr_row *row)
{
    mr_ink_text(value, row->listing->product->is_discountable ? "1" : "0");
}

void mr_put_one(struct mr_ink *value, const struct mr_row *row)
{
    (void)row;
    mr_ink_text(value, "1");
}

void mr_put_item_id(struct mr_ink *value, const struct mr_row *row)
{
    mr_ink_print(value, "%" PRIu32, 150000 + 2 * row->listing->product->id);
}

void mr_put_chain_name(struct mr_ink *value, const struct mr_row *row)
{
    mr_ink_text(value, row->chain->name);
}

void mr_put_chain_id(struct mr_ink *value, const struct mr_row *row)
{
    mr_ink_text(value, row->chain->id);
}

void mr_put_store_id(struct mr_ink *value, const struct mr_row *row)
{
    mr_ink_text(value, row->store_id);
}
