/* dialects.h - the five ways in which the chains write down the same row.
 *
 * A dialect is a table of columns, in order: the element's or the heading's name
 * and the function that writes its value. How values are framed (XML elements,
 * quoted fields) is the same for all of a kind, so it is written once.
 */
#ifndef MR_FEEDS_DIALECTS_H
#define MR_FEEDS_DIALECTS_H

#include "deploy/feeds/catalogue.h"
#include "deploy/feeds/faults.h"
#include "deploy/feeds/ink.h"

/* One row to be written. */
struct mr_row {
    const struct mr_dialect *dialect;
    const struct mr_chain *chain;
    const struct mr_listing *listing;
    const char *store_id; /* as the feed spells it */
    int64_t agorot;
    enum mr_flaw flaw;
};

/* What a file's head says. */
struct mr_head {
    const struct mr_chain *chain;
    const char *store_id; /* as the feed spells it */
    uint32_t row_count;
};

struct mr_column {
    const char *name;
    void (*put)(struct mr_ink *value, const struct mr_row *row); /* NULL: always empty */
};

struct mr_dialect {
    const char *name;
    const struct mr_column *columns; /* the last has no name */
    const char *row_tag;             /* NULL: CSV */
    const char *indent;              /* before the row's tag */
    const char *value_indent;        /* before its elements' */
    const char *tail;                /* the file's end */
    const char *empty;               /* a whole file that says nothing */
    const char *time_format;         /* of PriceUpdateDate */
    const char *unknown;             /* what stands for a missing value */
    const char *size_gap;            /* what may stand between name and size, in one row of 64 */
    void (*put_head)(struct mr_ink *out, const struct mr_head *head);
};

extern const struct mr_dialect mr_dialect_root;       /* Root/Items/Item */
extern const struct mr_dialect mr_dialect_root_short; /* the same with ItemNm, no attributes */
extern const struct mr_dialect mr_dialect_prices;     /* Prices/Products/Product */
extern const struct mr_dialect mr_dialect_order;      /* OrderXml/Envelope/Header/Details/Line */
extern const struct mr_dialect mr_dialect_csv;

/* The longest that a row or a head can come to. */
#define MR_ROW_SIZE_MAX 1280

/* scratch holds one value at a time. */
void mr_row_put(struct mr_ink *out, struct mr_ink *scratch, const struct mr_row *row);
/* The price as the row writes it, flaws and all. */
void mr_row_put_price(struct mr_ink *value, const struct mr_row *row);

#endif
