/* columns.h - the values of a row, one function each, as the dialects' tables name them.
 * Only the dialects include it. */
#ifndef MR_FEEDS_COLUMNS_H
#define MR_FEEDS_COLUMNS_H

#include "deploy/feeds/dialects.h"

void mr_put_updated(struct mr_ink *value, const struct mr_row *row);
void mr_put_code(struct mr_ink *value, const struct mr_row *row);
void mr_put_type(struct mr_ink *value, const struct mr_row *row);
void mr_put_name(struct mr_ink *value, const struct mr_row *row);
void mr_put_maker(struct mr_ink *value, const struct mr_row *row);
void mr_put_country(struct mr_ink *value, const struct mr_row *row);
void mr_put_country_code(struct mr_ink *value, const struct mr_row *row);
void mr_put_units(struct mr_ink *value, const struct mr_row *row);
void mr_put_unit(struct mr_ink *value, const struct mr_row *row);
void mr_put_quantity(struct mr_ink *value, const struct mr_row *row);
void mr_put_per(struct mr_ink *value, const struct mr_row *row);
void mr_put_weighted(struct mr_ink *value, const struct mr_row *row);
void mr_put_unknown(struct mr_ink *value, const struct mr_row *row);
void mr_put_unit_price(struct mr_ink *value, const struct mr_row *row);       /* "2.9700" */
void mr_put_unit_price_short(struct mr_ink *value, const struct mr_row *row); /* "2.97" */
void mr_put_discountable(struct mr_ink *value, const struct mr_row *row);
void mr_put_one(struct mr_ink *value, const struct mr_row *row);
void mr_put_item_id(struct mr_ink *value, const struct mr_row *row);
void mr_put_chain_name(struct mr_ink *value, const struct mr_row *row);
void mr_put_chain_id(struct mr_ink *value, const struct mr_row *row);
void mr_put_store_id(struct mr_ink *value, const struct mr_row *row);

#endif
